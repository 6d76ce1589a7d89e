/* bound.h -- a network bound to its weights: parameters in kernel order, places of activations, and
 * the float run.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_bound_create(&bound, net, weights, err);
 *     spn_run_init(&run, bound, batch, err);
 *     spn_run_set_bytes(&run, pixels, n); spn_run_forward(&run, n);
 *     const float *logits = spn_run_output(&run);
 *
 * Tensor "<layer>.out_scale_zp" [scale, zero point] says that a layer's output is held in 8-bit
 * codes, as integer inference does it. A softmax at the very end is left off: outputs are logits.
 * Batch normalisation acts as one scale and offset per channel.
 */
#ifndef SPN_SIMULATOR_BOUND_H
#define SPN_SIMULATOR_BOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "networks/dataset.h"
#include "networks/network.h"
#include "networks/weights.h"
#include "simulator/layers.h"

/* One layer, ready to run. */
struct spn_bound_layer {
    struct spn_window window; /* conv2d, pools, pad_shortcut */
    bool image;               /* the output lies channels-last */
    bool in_place;            /* the output takes the place of the first input */
    float *weight; /* matrices [out][kh][kw][in/groups] or [out][in]; embedding, position, prepend:
                      the table */
    float *bias;   /* [channels] or NULL */
    float *scale, *offset;        /* batchnorm; gain and offset of other norms */
    float *gain, *shift;          /* batchnorm, of the file: what scale and offset are made of */
    float code_scale, code_zero;  /* > 0: the output is held in 8-bit codes [M:S31] */
    size_t n_weight, n_in, n_out; /* elements: of weight, of the first input, of the output */
    size_t at;                    /* of the output, per image of the batch */
    int matrix;                   /* number among the layers that sit in arrays, or -1 */
};

struct spn_bound_network {
    const struct spn_network *net;
    int n_layers; /* without a last softmax */
    struct spn_bound_layer *layer;
    bool image_input;
    size_t input_at, n_input, n_output, arena, scratch; /* floats; arena per image */
    int n_matrices;
};

/* weights may be NULL if no layer has tensors. Both are borrowed. SPN_EINPUT names a missing tensor
 * or a wrong size. */
enum spn_status spn_bound_create(struct spn_bound_network **bound, const struct spn_network *net,
                                 const struct spn_weights *weights, struct spn_err *err);
void spn_bound_destroy(struct spn_bound_network *bound);

/* The window of conv2d, pools and pad_shortcut; a linear layer is a 1 x 1 convolution of a 1 x 1
 * image. */
struct spn_window spn_bound_window(const struct spn_layer *layer);

/* The matrix layers' own way: x [n images] to y [n images] without bias. False: do it in float. */
typedef bool spn_matrix_body(void *ctx, int layer, const float *x, int n, float *y);

/* Sees the input of batchnorm layers, rows of channels, before they act; may set their scale and
 * offset. */
typedef void spn_norm_body(void *ctx, int layer, const float *x, size_t rows);

/* One thread's workspace. */
struct spn_run {
    const struct spn_bound_network *bound;
    int batch; /* most images at a time */
    float *arena, *scratch;
    spn_matrix_body *matrix; /* or NULL */
    void *ctx;
    spn_norm_body *norm; /* or NULL */
    void *norm_ctx;
};
enum spn_status spn_run_init(struct spn_run *run, const struct spn_bound_network *bound, int batch,
                             struct spn_err *err);
void spn_run_clear(struct spn_run *run);

/* n images of bytes [C][H][W] or [N]: (x/255 - mean)/std per channel; without a given mean and std,
 * x/255. */
void spn_run_set_bytes(struct spn_run *run, const uint8_t *pixels, int n);
/* n texts, `stride` tokens apart; the network takes the first n_input of each. None counts as 0. */
void spn_run_set_tokens(struct spn_run *run, const int16_t *tokens, int stride, int n);
/* Images or texts first .. first + n - 1 of a data set. */
void spn_run_set_data(struct spn_run *run, const struct spn_dataset *data, int first, int n);
/* n inputs in the network's own order and units. */
void spn_run_set_floats(struct spn_run *run, const float *values, int n);
void spn_run_forward(struct spn_run *run, int n);
const float *spn_run_output(const struct spn_run *run); /* [n][n_output] */

#endif
