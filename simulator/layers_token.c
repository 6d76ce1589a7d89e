/* layers_token.c -- float kernels on token rows: softmax, normalisation, rotary positions,
 * attention products.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attention as in [vaswani2017attention], rotary positions [su2021roformer, eq. 34], layer
 * normalisation [ba2016layernorm], root-mean-square normalisation [zhang2019rmsnorm]. Sums that a
 * normalisation divides by are kept in double precision.
 */
#include "simulator/layers.h"

#include <math.h>
#include <string.h>

#include <cblas.h>

void spn_layers_softmax(float *y, size_t rows, int columns, int queries)
{
    for (size_t r = 0; r < rows; r++, y += columns) {
        const int seen = queries > 0 && (int)(r % (size_t)queries) + 1 < columns
                             ? (int)(r % (size_t)queries) + 1
                             : columns;
        float top = y[0];
        for (int c = 1; c < seen; c++) {
            top = y[c] > top ? y[c] : top;
        }
        double sum = 0.0;
        for (int c = 0; c < seen; c++) {
            y[c] = expf(y[c] - top);
            sum += (double)y[c];
        }
        const float share = (float)(1.0 / sum);
        for (int c = 0; c < seen; c++) {
            y[c] *= share;
        }
        memset(y + seen, 0, (size_t)(columns - seen) * sizeof *y);
    }
}

void spn_layers_layernorm(const struct spn_norm *norm, float *y, size_t rows)
{
    const int d = norm->features;
    for (size_t r = 0; r < rows; r++, y += d) {
        double mean = 0.0, square = 0.0;
        for (int c = 0; c < d; c++) {
            mean += (double)y[c];
        }
        mean /= d;
        for (int c = 0; c < d; c++) {
            const double off = (double)y[c] - mean;
            square += off * off;
        }
        const double scale = 1.0 / sqrt(square / d + norm->epsilon);
        for (int c = 0; c < d; c++) {
            const float unit = (float)(((double)y[c] - mean) * scale);
            y[c] = unit * (norm->gain ? norm->gain[c] : 1.0f) +
                   (norm->offset ? norm->offset[c] : 0.0f);
        }
    }
}

void spn_layers_rmsnorm(const struct spn_norm *norm, float *y, size_t rows)
{
    const int d = norm->features;
    for (size_t r = 0; r < rows; r++, y += d) {
        double square = 0.0;
        for (int c = 0; c < d; c++) {
            square += (double)y[c] * (double)y[c];
        }
        const float scale = (float)(1.0 / sqrt(square / d + norm->epsilon));
        for (int c = 0; c < d; c++) {
            y[c] = y[c] * scale * (norm->gain ? norm->gain[c] : 1.0f) +
                   (norm->offset ? norm->offset[c] : 0.0f);
        }
    }
}

void spn_layers_rotary(const struct spn_rotary *r, float *y)
{
    for (int t = 0; t < r->tokens; t++) {
        for (int j = 0; j + 1 < r->features; j += 2) {
            const double angle = t * pow(r->theta, -(double)j / r->features);
            const double cosine = cos(angle), sine = sin(angle);
            for (int h = 0; h < r->heads; h++) {
                float *pair =
                    y + ((size_t)t * (size_t)r->heads + (size_t)h) * (size_t)r->features + j;
                const double a = (double)pair[0], b = (double)pair[1];
                pair[0] = (float)(a * cosine - b * sine);
                pair[1] = (float)(a * sine + b * cosine);
            }
        }
    }
}

void spn_layers_matmul(const struct spn_product *p, const float *a, const float *b, float *y)
{
    const int wide = p->heads * p->depth, narrow = p->kv_heads * p->depth;
    const size_t plane = (size_t)p->tokens * (size_t)p->others;
    for (int h = 0; h < p->heads; h++) {
        const float *keys = b + (size_t)(h * p->kv_heads / p->heads) * (size_t)p->depth;
        const size_t across = (size_t)h * (size_t)p->depth;
        if (p->transpose_b) {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, p->tokens, p->others, p->depth,
                        p->scale, a + across, wide, keys, narrow, 0.0f, y + (size_t)h * plane,
                        p->others);
        } else {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, p->tokens, p->depth, p->others,
                        p->scale, a + (size_t)h * plane, p->others, keys, narrow, 0.0f, y + across,
                        wide);
        }
    }
}
