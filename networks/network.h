/* network.h -- a network as a graph of layers with inferred shapes. Data: networks/<name>.json.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     struct spn_network *net;
 *     enum spn_status s = spn_network_load(&net, "networks/vgg8.json", NULL, 0, err);
 *     for (int i = 0; i < net->n_layers; i++) printf("%s %s\n", net->layer[i].name,
 * spn_op_name(net->layer[i].op)); spn_network_destroy(net);
 *
 * Layers are in topological order: inputs of layer i are the network's input (SPN_NETWORK_INPUT) or
 * layers < i.
 *
 * Tensors in the weight file: conv2d, linear, norms and embedding have "<tensor>.weight" and, with
 * bias, "<tensor>.bias" (batchnorm also "<tensor>.running_mean" and "<tensor>.running_var");
 * prepend and position have "<tensor>" itself. Layers may name the same tensors (a tied embedding);
 * spn_network_totals counts those once.
 *
 * Shapes of a matmul with `heads` H (query side) and `kv_heads` K (key/value side; head h uses h K
 * / H): transpose_b: [T, H d] x [S, K d] -> [H, T, S]; otherwise [H, T, S] (or [T, S], H = 1) x [S,
 * K d] -> [T, H d]. With a cache of L tokens, S counts them, too, though the second input has the
 * new ones alone.
 *
 * Zeros pad all four sides by padding[] unless padding_end[] says otherwise for bottom and right;
 * windows that would run over the padded edge are dropped. An average pool divides by the whole
 * window, padding included.
 */
#ifndef SPN_NETWORKS_NETWORK_H
#define SPN_NETWORKS_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SPN_NETWORK_INPUT (-1)
#define SPN_MAX_DIMS 4
#define SPN_MAX_INPUTS 8
#define SPN_MAX_LAYERS 20000

/* Name of the op in JSON, and its one-line meaning. The order is the enum. */
#define SPN_OPS(X)                                                                                 \
    X(CONV2D, "conv2d", "2-D convolution: channels, kernel, stride, padding, dilation, groups")    \
    X(LINEAR, "linear", "matrix product over the last dimension: features")                        \
    X(MATMUL, "matmul", "product of two activations, per head: transpose_b, heads, scale")         \
    X(RELU, "relu", "max(x, 0)")                                                                   \
    X(GELU, "gelu", "Gaussian error linear unit (erf)")                                            \
    X(SILU, "silu", "x sigmoid(x)")                                                                \
    X(SIGMOID, "sigmoid", "logistic function")                                                     \
    X(TANH, "tanh", "hyperbolic tangent")                                                          \
    X(SOFTMAX, "softmax", "over the last dimension; causal: true masks the future")                \
    X(LAYERNORM, "layernorm", "over the last dimension")                                           \
    X(RMSNORM, "rmsnorm", "over the last dimension")                                               \
    X(BATCHNORM, "batchnorm", "per channel, folded into the layer before it")                      \
    X(MAXPOOL2D, "maxpool2d", "kernel, stride, padding")                                           \
    X(AVGPOOL2D, "avgpool2d", "kernel, stride, padding")                                           \
    X(GLOBAL_AVGPOOL, "global_avgpool", "mean over height and width")                              \
    X(GLOBAL_MAXPOOL, "global_maxpool", "maximum over height and width")                           \
    X(ADD, "add", "element-wise sum of its inputs")                                                \
    X(MUL, "mul", "element-wise (gated) product of its inputs")                                    \
    X(CONCAT, "concat", "along the first dimension")                                               \
    X(RESHAPE, "reshape", "shape; one -1 is inferred")                                             \
    X(FLATTEN, "flatten", "to one dimension")                                                      \
    X(TOKENS, "tokens", "[C, H, W] to [H W, C], e.g. after a patch convolution")                   \
    X(PREPEND, "prepend", "a learned token before the sequence")                                   \
    X(POSITION, "position", "adds learned positions")                                              \
    X(ROTARY, "rotary", "rotary positions on each head: heads, theta")                             \
    X(SELECT, "select", "one token of the sequence: index (-1 = last)")                            \
    X(EMBEDDING, "embedding", "token number to vector: vocabulary, features")                      \
    X(PAD_SHORTCUT, "pad_shortcut",                                                                \
      "CIFAR ResNet option A: every stride-th pixel, channels zero-padded on both sides")          \
    X(ATTENTION, "attention",                                                                      \
      "macro: expands to its q, k, v, matmul, softmax, matmul, out layers: heads, causal, rotary")

enum spn_op {
#define X(id, name, doc) SPN_OP_##id,
    SPN_OPS(X)
#undef X
        SPN_N_OPS
};

struct spn_shape { /* [C,H,W], [T,D], [N]; without batch */
    int n, dim[SPN_MAX_DIMS];
};

struct spn_layer {
    char name[64];
    char tensor[96]; /* prefix of its tensors in the weight file, default `name` */
    int op;          /* enum spn_op; ATTENTION never appears after loading */
    int n_in, in[SPN_MAX_INPUTS];
    struct spn_shape in_shape[2], out_shape; /* of the first two inputs */
    int channels;                            /* conv2d output channels, linear/embedding features */
    int kernel[2], stride[2], dilation[2];   /* [0] height, [1] width */
    int padding[2];                          /* of top and left */
    int padding_end[2]; /* of bottom and right; equals padding unless the file gives four numbers */
    int groups;
    bool bias, causal, transpose_b;
    bool fixed; /* position: sinusoids, no learned table [vaswani2017attention, sec. 3.5] */
    int cache;  /* matmul, softmax: earlier tokens whose keys and values are kept, before the new
                   ones */
    int heads, kv_heads; /* matmul, rotary: heads of the query side and of the key/value side */
    int vocabulary, index;
    double scale; /* matmul, embedding: factor on the result, default 1 */
    double epsilon, theta;
    double sparsity;   /* share of zero weights, 0 = dense */
    int64_t n_weights; /* matrix elements of conv2d/linear (no bias); embeddings, positions: their
                          table */
    int64_t n_other;   /* biases, norm gains and offsets, prepended tokens (running statistics not
                          counted) */
    int shares;        /* earlier layer that names the same tensors, or -1 */
    int64_t n_macs;    /* multiply-accumulates of one inference, padded positions as computed */
    int64_t n_dynamic_macs;     /* of those, products of two activations */
    int64_t n_out;              /* output elements */
    bool signed_in, signed_out; /* the first input, the results can be below zero [M:N12] */
};

struct spn_network {
    char name[64];
    char dataset[64];           /* "letters", "cifar10", ... or "" */
    char weights[SPN_MAX_PATH]; /* weight file, resolved relative to the network file; "" if none */
    char dense_weights[SPN_MAX_PATH]; /* of the unpruned network where both are shipped; "" if none
                                       */
    struct spn_shape input;
    double input_mean[4], input_std[4]; /* preprocessing per channel: (x/255 - mean)/std */
    int n_mean,
        n_std; /* = channels for an input [C, H, W] with C <= 4 (0 and 1 where not given); else 0 */
    int cache; /* earlier tokens kept by causal attention: 0 = the sequence is all there is */
    int sequence; /* length that the input's shape was built with; 0 if the network has none */
    int n_layers;
    struct spn_layer *layer;
    int n_classes; /* last dimension of the last layer's output */
};

/* One override: "sparsity" = "0.9" (of every matrix layer), "sparsity.conv1" = "0.3", "sequence" =
 * "128", "cache" = "1000": one step of a decoder is sequence 1 with a cache. Applied in order;
 * SPN_EUSAGE if the network has no such setting or the value is outside its range. */
struct spn_network_override {
    const char *path, *value;
};

enum spn_status spn_network_load(struct spn_network **net, const char *path,
                                 const struct spn_network_override *overrides, size_t n_overrides,
                                 struct spn_err *err);
/* From text; `name` is what messages call it, and what weight paths are relative to. */
enum spn_status spn_network_parse(struct spn_network **net, const char *text, size_t n,
                                  const char *name, struct spn_err *err);
void spn_network_destroy(struct spn_network *net);

const char *spn_op_name(int op);
const char *spn_op_doc(int op);
int spn_network_find(const struct spn_network *net, const char *layer_name); /* or -2 */
int64_t spn_shape_size(const struct spn_shape *shape);
/* Whether preprocessing takes inputs below zero. [M:N12] */
bool spn_network_input_is_signed(const struct spn_network *net);

/* A layer whose weights sit in arrays: conv2d or linear. */
bool spn_layer_is_matrix(const struct spn_layer *layer);
/* Along axis 0 (height) or 1 (width) of a conv2d: taps of all its windows that lie inside the
 * input, and not on padding; and the input's rows (columns) that some window takes. [M:N1] */
struct spn_window_count {
    int64_t taps, used;
};
struct spn_window_count spn_layer_windows(const struct spn_layer *layer, int axis);
/* Its unrolled matrix: rows = K K C/groups, columns = output channels/groups, `groups` of them;
 * vectors = output positions. */
struct spn_matrix_shape {
    int rows, columns, groups, kernel_positions;
    int64_t vectors;
};
struct spn_matrix_shape spn_layer_matrix(const struct spn_layer *layer);

/* Sums over layers; tensors that several layers share are counted once. */
struct spn_network_totals {
    int64_t n_weights, n_other, n_macs, n_dynamic_macs;
};
struct spn_network_totals spn_network_totals(const struct spn_network *net);

#ifdef __cplusplus
}
#endif

#endif
