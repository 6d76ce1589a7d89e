/* train_layers.h -- backward kernels and batch statistics; the forward ones are in layers.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gradients are added to what dx holds. Layouts as in layers.h. Kernels work on a part of a batch,
 * in a fixed order, so that callers decide what runs in parallel without changing any sum.
 */
#ifndef SPN_SIMULATOR_TRAIN_LAYERS_H
#define SPN_SIMULATOR_TRAIN_LAYERS_H

#include <stddef.h>
#include <stdint.h>

#include "simulator/layers.h"

/* dy = 0 where y = 0; y is what the forward pass left. */
void spn_train_relu_back(const float *y, size_t n, float *dy);
/* One image. The first of equal maxima takes the gradient. */
void spn_train_maxpool_back(const struct spn_window *w, const float *x, const float *y,
                            const float *dy, float *dx);
void spn_train_avgpool_back(const struct spn_window *w, const float *dy, float *dx);
void spn_train_global_avgpool_back(const float *dy, int positions, int channels, float *dx);
void spn_train_pad_shortcut_back(const struct spn_window *w, const float *dy, float *dx);
void spn_train_flatten_back(const float *dy, int channels, int positions, float *dx);

/* Sums over rows of channels: a[c] += x, b[c] += x z (z = x: sum of squares). */
void spn_train_sums(const float *x, const float *z, size_t rows, int channels, double *a,
                    double *b);

/* Batch normalisation of rows: y = gain (x - mean) inv_sd + offset, and its gradient with respect
 * to x from the sums over the whole batch: dx += gain inv_sd (dy - mean_dy - (x - mean) inv_sd
 * mean_dy_xhat). [ioffe2015batchnorm] */
struct spn_batchnorm {
    int channels;
    const float *gain, *offset, *mean, *inv_sd;
    const float *mean_dy, *mean_dy_xhat; /* backward only */
};
void spn_train_batchnorm(const struct spn_batchnorm *bn, const float *x, size_t rows, float *y);
void spn_train_batchnorm_back(const struct spn_batchnorm *bn, const float *x, const float *dy,
                              size_t rows, float *dx);

/* Cross-entropy of one row of logits against (1 - smoothing) at the label, the rest spread evenly;
 * dlogits = share (softmax - target). Returns the loss; *best gets the largest logit's place. */
struct spn_target {
    int n_classes, label;
    double smoothing, share;
};
double spn_train_cross_entropy(const struct spn_target *target, const float *logits, float *dlogits,
                               int *best);

/* Weight gradient from patches: dw [rows_of_block of out][depth] += dy^T columns, for outputs
 * first_out .. + n_out - 1 and patch elements first_in .. + n_in - 1, all in one sum over `rows`.
 */
struct spn_weight_block {
    int rows, out_stride, depth; /* dy rows are out_stride apart, columns rows depth apart */
    int first_out, n_out, first_in, n_in;
    float keep; /* 0: overwrite dw, 1: add to it */
};
void spn_train_weight_block(const struct spn_weight_block *b, const float *dy, const float *columns,
                            float *dw);

#endif
