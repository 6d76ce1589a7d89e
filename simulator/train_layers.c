/* train_layers.c -- gradients of every op that can be trained.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each is the chain rule for the forward kernel of the same name in layers.c [M:S26]; tests compare
 * them with differences of the forward pass.
 */
#include "simulator/train_layers.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <cblas.h>

SPN_VECTORIZE void spn_train_relu_back(const float *y, size_t n, float *dy)
{
    for (size_t i = 0; i < n; i++) {
        dy[i] = y[i] > 0.0f ? dy[i] : 0.0f;
    }
}

/* Offset of the pixel under kernel position k of output p, or -1 outside. */
static ptrdiff_t pixel_at(const struct spn_window *w, int p, int k)
{
    const int row = p / w->out_width * w->stride[0] - w->padding[0] + k / w->kernel[1];
    const int column = p % w->out_width * w->stride[1] - w->padding[1] + k % w->kernel[1];
    if (row < 0 || row >= w->height || column < 0 || column >= w->width) {
        return -1;
    }
    return ((ptrdiff_t)row * w->width + column) * w->channels;
}

void spn_train_maxpool_back(const struct spn_window *w, const float *x, const float *y,
                            const float *dy, float *dx)
{
    const int n_k = w->kernel[0] * w->kernel[1];
    for (int p = 0; p < w->out_height * w->out_width; p++) {
        const size_t out = (size_t)p * (size_t)w->channels;
        for (int c = 0; c < w->channels; c++) {
            bool given = false;
            for (int k = 0; k < n_k && !given; k++) {
                const ptrdiff_t at = pixel_at(w, p, k);
                given = at >= 0 && x[at + c] >= y[out + (size_t)c];
                if (given) {
                    dx[at + c] += dy[out + (size_t)c];
                }
            }
        }
    }
}

void spn_train_avgpool_back(const struct spn_window *w, const float *dy, float *dx)
{
    const int n_k = w->kernel[0] * w->kernel[1];
    const float share = 1.0f / (float)n_k;
    for (int p = 0; p < w->out_height * w->out_width; p++, dy += w->channels) {
        for (int k = 0; k < n_k; k++) {
            const ptrdiff_t at = pixel_at(w, p, k);
            for (int c = 0; at >= 0 && c < w->channels; c++) {
                dx[at + c] += share * dy[c];
            }
        }
    }
}

void spn_train_global_avgpool_back(const float *dy, int positions, int channels, float *dx)
{
    const float share = 1.0f / (float)positions;
    for (int p = 0; p < positions; p++, dx += channels) {
        for (int c = 0; c < channels; c++) {
            dx[c] += share * dy[c];
        }
    }
}

void spn_train_pad_shortcut_back(const struct spn_window *w, const float *dy, float *dx)
{
    const int before = (w->out_channels - w->channels) / 2;
    for (int p = 0; p < w->out_height * w->out_width; p++) {
        const int row = p / w->out_width * w->stride[0], column = p % w->out_width * w->stride[1];
        spn_layers_add(dx + ((size_t)row * (size_t)w->width + (size_t)column) * (size_t)w->channels,
                       dy + (size_t)p * (size_t)w->out_channels + before, (size_t)w->channels);
    }
}

void spn_train_flatten_back(const float *dy, int channels, int positions, float *dx)
{
    for (int p = 0; p < positions; p++) {
        for (int c = 0; c < channels; c++) {
            dx[(size_t)p * (size_t)channels + (size_t)c] +=
                dy[(size_t)c * (size_t)positions + (size_t)p];
        }
    }
}

SPN_VECTORIZE void spn_train_sums(const float *x, const float *z, size_t rows, int channels,
                                  double *a, double *b)
{
    for (size_t r = 0; r < rows; r++, x += channels, z += channels) {
        for (int c = 0; c < channels; c++) {
            a[c] += (double)x[c];
            b[c] += (double)x[c] * (double)z[c];
        }
    }
}

SPN_VECTORIZE void spn_train_batchnorm(const struct spn_batchnorm *bn, const float *x, size_t rows,
                                       float *y)
{
    for (size_t r = 0; r < rows; r++, x += bn->channels, y += bn->channels) {
        for (int c = 0; c < bn->channels; c++) {
            y[c] = bn->gain[c] * ((x[c] - bn->mean[c]) * bn->inv_sd[c]) + bn->offset[c];
        }
    }
}

SPN_VECTORIZE void spn_train_batchnorm_back(const struct spn_batchnorm *bn, const float *x,
                                            const float *dy, size_t rows, float *dx)
{
    for (size_t r = 0; r < rows; r++, x += bn->channels, dy += bn->channels, dx += bn->channels) {
        for (int c = 0; c < bn->channels; c++) {
            const float xhat = (x[c] - bn->mean[c]) * bn->inv_sd[c];
            dx[c] +=
                bn->gain[c] * bn->inv_sd[c] * (dy[c] - bn->mean_dy[c] - xhat * bn->mean_dy_xhat[c]);
        }
    }
}

double spn_train_cross_entropy(const struct spn_target *target, const float *logits, float *dlogits,
                               int *best)
{
    const int n = target->n_classes;
    const double even = target->smoothing / n;
    double sum = 0.0, loss = 0.0;
    *best = 0;
    for (int c = 1; c < n; c++) {
        *best = logits[c] > logits[*best] ? c : *best;
    }
    for (int c = 0; c < n; c++) {
        sum += exp((double)logits[c] - (double)logits[*best]);
    }
    const double level = log(sum) + (double)logits[*best];
    for (int c = 0; c < n; c++) {
        const double wanted = even + (c == target->label ? 1.0 - target->smoothing : 0.0);
        loss += wanted * (level - (double)logits[c]);
        dlogits[c] = (float)(target->share * (exp((double)logits[c] - level) - wanted));
    }
    return loss;
}

void spn_train_weight_block(const struct spn_weight_block *b, const float *dy, const float *columns,
                            float *dw)
{
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, b->n_out, b->n_in, b->rows, 1.0f,
                dy + b->first_out, b->out_stride, columns + b->first_in, b->depth, b->keep,
                dw + (size_t)b->first_out * (size_t)b->depth + b->first_in, b->depth);
}
