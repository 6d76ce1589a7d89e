/* ops.c -- shape inference, weight and operation counts of every op.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Window arithmetic [dumoulin2016, relationship 6 and sec. 5.1]; counts of each op as defined in
 * docs/MODELS.md, N1-N4. A multiply-accumulate on a padded zero counts, as arrays compute it. Adds,
 * activations, norms and pools count none.
 */
#include "networks/ops.h"

#include <string.h>

/* ---- sizes ---- */

/* Product of n factors >= 0 into *out; false if it passes `limit`. */
static bool product(int64_t *out, const int64_t *factor, int n, int64_t limit)
{
    int64_t p = 1;
    for (int i = 0; i < n; i++)
        if (__builtin_mul_overflow(p, factor[i], &p) || p > limit)
            return false;
    *out = p;
    return true;
}

static enum spn_status too_large(const char *what, int64_t limit, struct spn_err *err)
{
    return spn_err_set(err, SPN_EINPUT, "%s above %lld", what, (long long)limit);
}

static enum spn_status count(int64_t *out, const int64_t *factor, int n, const char *what,
                             struct spn_err *err)
{
    return product(out, factor, n, SPN_MAX_ELEMENTS) ? SPN_OK
                                                     : too_large(what, SPN_MAX_ELEMENTS, err);
}

static enum spn_status count_macs(struct spn_layer *layer, const int64_t *factor, int n,
                                  struct spn_err *err)
{
    return product(&layer->n_macs, factor, n, SPN_MAX_MACS)
               ? SPN_OK
               : too_large("multiply-accumulates", SPN_MAX_MACS, err);
}

static enum spn_status want_dims(const struct spn_shape *in, int n, const char *form,
                                 struct spn_err *err)
{
    if (in->n == n)
        return SPN_OK;
    return spn_err_set(err, SPN_EINPUT, "needs an input %s, not one of %d dimension%s", form, in->n,
                       in->n == 1 ? "" : "s");
}

static int last_dim(const struct spn_shape *shape)
{
    return shape->dim[shape->n - 1];
}

static bool same_shape(const struct spn_shape *a, const struct spn_shape *b)
{
    return a->n == b->n && memcmp(a->dim, b->dim, (size_t)a->n * sizeof a->dim[0]) == 0;
}

/* ---- windows: convolution and pooling ---- */

/* Positions of a window along one axis: floor((size + padding - dilation (kernel - 1) - 1)/stride)
 * + 1. [M:N1] */
static enum spn_status window(const struct spn_layer *layer, const struct spn_shape *in, int axis,
                              int *out, struct spn_err *err)
{
    int64_t padded = (int64_t)in->dim[1 + axis] + layer->padding[axis] + layer->padding_end[axis];
    int64_t span = (int64_t)layer->dilation[axis] * (layer->kernel[axis] - 1) + 1;
    if (span > padded)
        return spn_err_set(err, SPN_EINPUT, "kernel spans %lld of a padded input of %lld (%s)",
                           (long long)span, (long long)padded, axis ? "width" : "height");
    int64_t n = (padded - span) / layer->stride[axis] + 1;
    if (n > SPN_MAX_DIM)
        return too_large("output size", SPN_MAX_DIM, err);
    *out = (int)n;
    return SPN_OK;
}

static enum spn_status windows(struct spn_layer *layer, const struct spn_shape *in, int channels,
                               struct spn_err *err)
{
    enum spn_status status = want_dims(in, 3, "[channels, height, width]", err);
    layer->out_shape = (struct spn_shape){3, {channels, 0, 0, 0}};
    for (int axis = 0; axis < 2 && !status; axis++)
        status = window(layer, in, axis, &layer->out_shape.dim[1 + axis], err);
    return status;
}

static enum spn_status infer_conv2d(struct spn_layer *layer, const struct spn_shape *in,
                                    struct spn_err *err)
{
    if (layer->groups == 0 && in->n == 3) /* depthwise */
        layer->groups = in->dim[0];
    if (layer->channels == 0)
        layer->channels = layer->groups;
    enum spn_status status = windows(layer, in, layer->channels, err);
    if (status)
        return status;
    if (in->dim[0] % layer->groups || layer->channels % layer->groups)
        return spn_err_set(err, SPN_EINPUT,
                           "%d input and %d output channels do not divide into %d groups",
                           in->dim[0], layer->channels, layer->groups);
    int64_t factor[] = {layer->kernel[0], layer->kernel[1],        in->dim[0] / layer->groups,
                        layer->channels,  layer->out_shape.dim[1], layer->out_shape.dim[2]};
    int64_t rows;
    if (!product(&rows, factor, 3, SPN_MAX_DIM))
        return too_large("kernel elements", SPN_MAX_DIM, err);
    status = count(&layer->n_weights, factor, 4, "weights", err);
    layer->n_other = layer->bias ? layer->channels : 0;
    return status ? status : count_macs(layer, factor, 6, err);
}

static enum spn_status infer_pool(struct spn_layer *layer, const struct spn_shape *in,
                                  struct spn_err *err)
{
    for (int axis = 0; axis < 2; axis++)
        if (layer->padding[axis] >= layer->kernel[axis] ||
            layer->padding_end[axis] >= layer->kernel[axis])
            return spn_err_set(err, SPN_EINPUT, "padding %d is not below the kernel's size %d",
                               layer->padding[axis] > layer->padding_end[axis]
                                   ? layer->padding[axis]
                                   : layer->padding_end[axis],
                               layer->kernel[axis]);
    return windows(layer, in, in->n == 3 ? in->dim[0] : 1, err);
}

static enum spn_status infer_global_pool(struct spn_layer *layer, const struct spn_shape *in,
                                         struct spn_err *err)
{
    layer->out_shape = (struct spn_shape){1, {in->dim[0], 0, 0, 0}};
    return want_dims(in, 3, "[channels, height, width]", err);
}

static enum spn_status infer_pad_shortcut(struct spn_layer *layer, const struct spn_shape *in,
                                          struct spn_err *err)
{
    enum spn_status status = want_dims(in, 3, "[channels, height, width]", err);
    if (status)
        return status;
    if (layer->channels < in->dim[0] || (layer->channels - in->dim[0]) % 2)
        return spn_err_set(err, SPN_EINPUT,
                           "%d channels cannot be %d with the same number of zeros on both sides",
                           layer->channels, in->dim[0]);
    layer->out_shape = (struct spn_shape){3, {layer->channels, 0, 0, 0}};
    for (int axis = 0; axis < 2; axis++)
        layer->out_shape.dim[1 + axis] = (in->dim[1 + axis] - 1) / layer->stride[axis] + 1;
    return SPN_OK;
}

/* ---- matrix products ---- */

static enum spn_status infer_linear(struct spn_layer *layer, const struct spn_shape *in,
                                    struct spn_err *err)
{
    if (in->n > 2)
        return spn_err_set(
            err, SPN_EINPUT,
            "needs an input [features] or [tokens, features], not one of %d dimensions "
            "(flatten it before)",
            in->n);
    layer->out_shape = *in;
    layer->out_shape.dim[in->n - 1] = layer->channels;
    int64_t factor[] = {last_dim(in), layer->channels, in->n == 2 ? in->dim[0] : 1};
    enum spn_status status = count(&layer->n_weights, factor, 2, "weights", err);
    layer->n_other = layer->bias ? layer->channels : 0;
    return status ? status : count_macs(layer, factor, 3, err);
}

/* A query side [T, H d] and a key side [S, K d] agree on d, and K divides H. */
static enum spn_status check_heads(const struct spn_layer *layer, int query, int key,
                                   struct spn_err *err)
{
    if (layer->heads % layer->kv_heads)
        return spn_err_set(err, SPN_EINPUT, "%d heads do not share %d kv_heads evenly",
                           layer->heads, layer->kv_heads);
    if (query % layer->heads || key % layer->kv_heads)
        return spn_err_set(err, SPN_EINPUT, "%d and %d features do not divide into %d and %d heads",
                           query, key, layer->heads, layer->kv_heads);
    if (query / layer->heads != key / layer->kv_heads)
        return spn_err_set(err, SPN_EINPUT, "%d features a head times %d a head",
                           query / layer->heads, key / layer->kv_heads);
    return SPN_OK;
}

static enum spn_status infer_scores(struct spn_layer *layer, const struct spn_shape *in,
                                    struct spn_err *err)
{
    enum spn_status status = want_dims(&in[0], 2, "[tokens, features]", err);
    if (!status)
        status = check_heads(layer, in[0].dim[1], in[1].dim[1], err);
    if (status)
        return status;
    const int keys = in[1].dim[0] + layer->cache;
    layer->out_shape = (struct spn_shape){3, {layer->heads, in[0].dim[0], keys, 0}};
    int64_t factor[] = {in[0].dim[0], keys, in[0].dim[1]};
    return count_macs(layer, factor, 3, err);
}

static enum spn_status infer_context(struct spn_layer *layer, const struct spn_shape *in,
                                     struct spn_err *err)
{
    int heads = in[0].n == 3 ? in[0].dim[0] : 1;
    int tokens = in[0].n > 1 ? in[0].dim[in[0].n - 2] : 0;
    if (in[0].n < 2 || heads != layer->heads)
        return spn_err_set(err, SPN_EINPUT, "needs a first input [%d heads, tokens, keys]",
                           layer->heads);
    const int keys = in[1].dim[0] + layer->cache;
    if (last_dim(&in[0]) != keys)
        return spn_err_set(err, SPN_EINPUT, "inner sizes %d and %d differ", last_dim(&in[0]), keys);
    if (layer->heads % layer->kv_heads || in[1].dim[1] % layer->kv_heads)
        return spn_err_set(err, SPN_EINPUT,
                           "%d heads and %d features do not divide into %d kv_heads", layer->heads,
                           in[1].dim[1], layer->kv_heads);
    int64_t head_size = in[1].dim[1] / layer->kv_heads, features = head_size * layer->heads;
    if (features > SPN_MAX_DIM)
        return too_large("features", SPN_MAX_DIM, err);
    layer->out_shape = (struct spn_shape){2, {tokens, (int)features, 0, 0}};
    int64_t factor[] = {tokens, keys, features};
    return count_macs(layer, factor, 3, err);
}

static enum spn_status infer_matmul(struct spn_layer *layer, const struct spn_shape *in,
                                    struct spn_err *err)
{
    enum spn_status status = want_dims(&in[1], 2, "[tokens, features] as second", err);
    if (!status)
        status = layer->transpose_b ? infer_scores(layer, in, err) : infer_context(layer, in, err);
    layer->n_dynamic_macs = layer->n_macs;
    return status;
}

/* ---- element by element ---- */

static enum spn_status infer_same(struct spn_layer *layer, const struct spn_shape *in,
                                  struct spn_err *err)
{
    layer->out_shape = in[0];
    for (int i = 1; i < layer->n_in; i++)
        if (!same_shape(&in[0], &in[i]))
            return spn_err_set(err, SPN_EINPUT, "input %d has another shape than the first", i + 1);
    return SPN_OK;
}

static enum spn_status infer_softmax(struct spn_layer *layer, const struct spn_shape *in,
                                     struct spn_err *err)
{
    layer->out_shape = in[0];
    if (layer->causal && (in->n < 2 || in->dim[in->n - 1] - layer->cache != in->dim[in->n - 2]))
        return spn_err_set(err, SPN_EINPUT, "a causal mask needs as many keys as queries");
    return SPN_OK;
}

static enum spn_status infer_layernorm(struct spn_layer *layer, const struct spn_shape *in,
                                       struct spn_err *err)
{
    (void)err;
    layer->out_shape = in[0];
    layer->n_other = (int64_t)last_dim(in) * (layer->bias ? 2 : 1);
    return SPN_OK;
}

static enum spn_status infer_rmsnorm(struct spn_layer *layer, const struct spn_shape *in,
                                     struct spn_err *err)
{
    (void)err;
    layer->out_shape = in[0];
    layer->n_other = last_dim(in);
    return SPN_OK;
}

static enum spn_status infer_batchnorm(struct spn_layer *layer, const struct spn_shape *in,
                                       struct spn_err *err)
{
    layer->out_shape = in[0];
    layer->n_other = 2 * (int64_t)in->dim[0];
    if (in->n == 2)
        return spn_err_set(err, SPN_EINPUT,
                           "needs an input [channels, height, width] or [features]");
    return SPN_OK;
}

static enum spn_status infer_rotary(struct spn_layer *layer, const struct spn_shape *in,
                                    struct spn_err *err)
{
    layer->out_shape = in[0];
    enum spn_status status = want_dims(in, 2, "[tokens, features]", err);
    if (!status && (in->dim[1] % layer->heads || in->dim[1] / layer->heads % 2))
        return spn_err_set(err, SPN_EINPUT, "%d features do not divide into %d heads of even size",
                           in->dim[1], layer->heads);
    return status;
}

/* ---- arrangement and tables ---- */

static enum spn_status infer_concat(struct spn_layer *layer, const struct spn_shape *in,
                                    struct spn_err *err)
{
    int64_t n = in[0].dim[0];
    layer->out_shape = in[0];
    for (int i = 1; i < layer->n_in; i++) {
        struct spn_shape other = in[i];
        n += other.dim[0];
        other.dim[0] = in[0].dim[0];
        if (!same_shape(&in[0], &other))
            return spn_err_set(err, SPN_EINPUT,
                               "input %d differs from the first beyond the first dimension", i + 1);
    }
    if (n > SPN_MAX_DIM)
        return too_large("output size", SPN_MAX_DIM, err);
    layer->out_shape.dim[0] = (int)n;
    return SPN_OK;
}

static enum spn_status infer_reshape(struct spn_layer *layer, const struct spn_shape *in,
                                     struct spn_err *err)
{
    int64_t known = 1, have = spn_shape_size(in);
    int open = -1;
    struct spn_shape *out = &layer->out_shape;
    for (int i = 0; i < out->n; i++) {
        if (out->dim[i] == -1 && open >= 0)
            return spn_err_set(err, SPN_EINPUT, "more than one -1 in shape");
        if (out->dim[i] == -1)
            open = i;
        else if (!product(&known, (int64_t[]){known, out->dim[i]}, 2, SPN_MAX_ELEMENTS))
            return too_large("output elements", SPN_MAX_ELEMENTS, err);
    }
    if (open < 0 ? known != have : have % known != 0 || have / known > SPN_MAX_DIM)
        return spn_err_set(err, SPN_EINPUT, "%lld input elements do not fill the shape (%lld%s)",
                           (long long)have, (long long)known,
                           open < 0 ? "" : " and one open dimension");
    if (open >= 0)
        out->dim[open] = (int)(have / known);
    return SPN_OK;
}

static enum spn_status infer_flatten(struct spn_layer *layer, const struct spn_shape *in,
                                     struct spn_err *err)
{
    int64_t n = spn_shape_size(in);
    if (n > SPN_MAX_DIM)
        return too_large("output size", SPN_MAX_DIM, err);
    layer->out_shape = (struct spn_shape){1, {(int)n, 0, 0, 0}};
    return SPN_OK;
}

static enum spn_status infer_tokens(struct spn_layer *layer, const struct spn_shape *in,
                                    struct spn_err *err)
{
    enum spn_status status = want_dims(in, 3, "[channels, height, width]", err);
    if (status)
        return status;
    int64_t n;
    if (!product(&n, (int64_t[]){in->dim[1], in->dim[2]}, 2, SPN_MAX_DIM))
        return too_large("tokens", SPN_MAX_DIM, err);
    layer->out_shape = (struct spn_shape){2, {(int)n, in->dim[0], 0, 0}};
    return SPN_OK;
}

static enum spn_status infer_prepend(struct spn_layer *layer, const struct spn_shape *in,
                                     struct spn_err *err)
{
    enum spn_status status = want_dims(in, 2, "[tokens, features]", err);
    if (!status && in->dim[0] == SPN_MAX_DIM)
        return too_large("tokens", SPN_MAX_DIM, err);
    layer->out_shape = in[0];
    layer->out_shape.dim[0]++;
    layer->n_other = in->dim[1];
    return status;
}

static enum spn_status infer_position(struct spn_layer *layer, const struct spn_shape *in,
                                      struct spn_err *err)
{
    enum spn_status status = want_dims(in, 2, "[tokens, features]", err);
    layer->out_shape = in[0];
    if (!status && !layer->fixed)
        status = count(&layer->n_weights, (int64_t[]){in->dim[0], in->dim[1]}, 2, "weights", err);
    return status;
}

static enum spn_status infer_select(struct spn_layer *layer, const struct spn_shape *in,
                                    struct spn_err *err)
{
    if (in->n < 2)
        return spn_err_set(err, SPN_EINPUT, "needs an input of at least 2 dimensions");
    if (layer->index < 0)
        layer->index += in->dim[0];
    if (layer->index < 0 || layer->index >= in->dim[0])
        return spn_err_set(err, SPN_EINPUT, "index outside [%d, %d]", -in->dim[0], in->dim[0] - 1);
    layer->out_shape.n = in->n - 1;
    for (int i = 1; i < in->n; i++)
        layer->out_shape.dim[i - 1] = in->dim[i];
    return SPN_OK;
}

static enum spn_status infer_embedding(struct spn_layer *layer, const struct spn_shape *in,
                                       struct spn_err *err)
{
    enum spn_status status = want_dims(in, 1, "[tokens]", err);
    layer->out_shape = (struct spn_shape){2, {in->dim[0], layer->channels, 0, 0}};
    if (!status)
        status = count(&layer->n_weights, (int64_t[]){layer->vocabulary, layer->channels}, 2,
                       "weights", err);
    return status;
}

/* ---- the table ---- */

enum { NEVER = SPN_SIGN_NEVER, PASSED = SPN_SIGN_PASSED, ALWAYS = SPN_SIGN_ALWAYS };

static const struct spn_op_rules spn_op_CONV2D = {
    1,        1,
    ALWAYS,   "tensor channels kernel stride padding dilation groups depthwise bias",
    "kernel", infer_conv2d};
static const struct spn_op_rules spn_op_LINEAR = {
    1, 1, ALWAYS, "tensor features bias", "features", infer_linear};
static const struct spn_op_rules spn_op_MATMUL = {
    2, 2, PASSED, "transpose_b heads kv_heads scale", "", infer_matmul};
static const struct spn_op_rules spn_op_RELU = {1, 1, NEVER, "", "", infer_same};
static const struct spn_op_rules spn_op_GELU = {1, 1, ALWAYS, "", "", infer_same};
static const struct spn_op_rules spn_op_SILU = {1, 1, ALWAYS, "", "", infer_same};
static const struct spn_op_rules spn_op_SIGMOID = {1, 1, NEVER, "", "", infer_same};
static const struct spn_op_rules spn_op_TANH = {1, 1, ALWAYS, "", "", infer_same};
static const struct spn_op_rules spn_op_SOFTMAX = {1, 1, NEVER, "causal", "", infer_softmax};
static const struct spn_op_rules spn_op_LAYERNORM = {
    1, 1, ALWAYS, "tensor epsilon bias", "", infer_layernorm};
static const struct spn_op_rules spn_op_RMSNORM = {
    1, 1, ALWAYS, "tensor epsilon", "", infer_rmsnorm};
static const struct spn_op_rules spn_op_BATCHNORM = {
    1, 1, ALWAYS, "tensor epsilon", "", infer_batchnorm};
static const struct spn_op_rules spn_op_MAXPOOL2D = {
    1, 1, PASSED, "kernel stride padding", "kernel", infer_pool};
static const struct spn_op_rules spn_op_AVGPOOL2D = {
    1, 1, PASSED, "kernel stride padding", "kernel", infer_pool};
static const struct spn_op_rules spn_op_GLOBAL_AVGPOOL = {1, 1, PASSED, "", "", infer_global_pool};
static const struct spn_op_rules spn_op_GLOBAL_MAXPOOL = {1, 1, PASSED, "", "", infer_global_pool};
static const struct spn_op_rules spn_op_ADD = {2, SPN_MAX_INPUTS, PASSED, "", "", infer_same};
static const struct spn_op_rules spn_op_MUL = {2, SPN_MAX_INPUTS, PASSED, "", "", infer_same};
static const struct spn_op_rules spn_op_CONCAT = {2, SPN_MAX_INPUTS, PASSED, "", "", infer_concat};
static const struct spn_op_rules spn_op_RESHAPE = {1, 1, PASSED, "shape", "shape", infer_reshape};
static const struct spn_op_rules spn_op_FLATTEN = {1, 1, PASSED, "", "", infer_flatten};
static const struct spn_op_rules spn_op_TOKENS = {1, 1, PASSED, "", "", infer_tokens};
static const struct spn_op_rules spn_op_PREPEND = {1, 1, ALWAYS, "tensor", "", infer_prepend};
static const struct spn_op_rules spn_op_POSITION = {
    1, 1, ALWAYS, "tensor fixed", "", infer_position};
static const struct spn_op_rules spn_op_ROTARY = {1,       1,           ALWAYS, "heads theta",
                                                  "heads", infer_rotary};
static const struct spn_op_rules spn_op_SELECT = {1, 1, PASSED, "index", "index", infer_select};
static const struct spn_op_rules spn_op_EMBEDDING = {
    1, 1, ALWAYS, "tensor vocabulary features scale", "vocabulary features", infer_embedding};
static const struct spn_op_rules spn_op_PAD_SHORTCUT = {
    1, 1, PASSED, "channels stride", "channels", infer_pad_shortcut};
static const struct spn_op_rules spn_op_ATTENTION = {
    1, 2, ALWAYS, "tensors features heads kv_heads causal rotary theta bias", "heads", NULL};

static const struct {
    const char *name, *doc;
    const struct spn_op_rules *rules;
} ops[] = {
#define X(id, name, doc) {name, doc, &spn_op_##id},
    SPN_OPS(X)
#undef X
};

const struct spn_op_rules *spn_op_rules(int op)
{
    return op >= 0 && op < SPN_N_OPS ? ops[op].rules : NULL;
}

const char *spn_op_name(int op)
{
    return op >= 0 && op < SPN_N_OPS ? ops[op].name : "";
}

const char *spn_op_doc(int op)
{
    return op >= 0 && op < SPN_N_OPS ? ops[op].doc : "";
}

bool spn_op_takes(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; n && (at = strstr(at, word)); at += n)
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}
