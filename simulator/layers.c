/* layers.c -- float kernels on images: patches, convolution, pooling, per-channel and element-wise
 * work.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A convolution is a matrix product of patches with the unrolled kernels [M:S20]; patches are laid
 * out for a block of output positions at a time, so that the block stays in the cache.
 */
#include "simulator/layers.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <cblas.h>

/* Floats of one block of patches: half of a 2 MiB second-level cache. */
enum { BLOCK_FLOATS = 1 << 18, BLOCK_MIN_ROWS = 64 };

int spn_window_rows(const struct spn_window *w)
{
    return w->kernel[0] * w->kernel[1] * (w->channels / w->groups);
}

/* A call costs more than the few bytes that most patches copy at a time. */
static inline void copy_run(char *out, const char *in, size_t n)
{
    enum { CHUNK = 16 };
    if (n % CHUNK != 0) {
        memcpy(out, in, n);
        return;
    }
    for (size_t k = 0; k < n; k += CHUNK) {
        memcpy(out + k, in + k, CHUNK);
    }
}

/* One kernel row of one patch: the part inside the image is copied, the rest cleared. */
static void copy_kernel_row(const struct spn_window *w, const char *row, int x0, size_t run,
                            char *out)
{
    const int step = w->dilation[1];
    const size_t pixel = run * (size_t)w->groups;
    if (step == 1 && w->groups == 1) {
        if (x0 >= 0 && x0 + w->kernel[1] <= w->width) {
            copy_run(out, row + (size_t)x0 * run, (size_t)w->kernel[1] * run);
            return;
        }
        int lo = x0 < 0 ? -x0 : 0;
        int hi = w->width - x0 < w->kernel[1] ? w->width - x0 : w->kernel[1];
        if (hi < lo) {
            hi = lo = w->kernel[1];
        }
        memset(out, 0, (size_t)lo * run);
        if (hi > lo) {
            memcpy(out + (size_t)lo * run, row + (size_t)(x0 + lo) * run, (size_t)(hi - lo) * run);
        }
        memset(out + (size_t)hi * run, 0, (size_t)(w->kernel[1] - hi) * run);
        return;
    }
    for (int k = 0; k < w->kernel[1]; k++) {
        const int x = x0 + k * step;
        if (x < 0 || x >= w->width) {
            memset(out + (size_t)k * run, 0, run);
        } else {
            memcpy(out + (size_t)k * run, row + (size_t)x * pixel, run);
        }
    }
}

void spn_layers_patches(const struct spn_window *w, const void *x, const struct spn_patches *which,
                        void *columns)
{
    const size_t run = (size_t)(w->channels / w->groups) * which->size;
    const size_t row_bytes = (size_t)w->width * (size_t)w->channels * which->size;
    const size_t image_bytes = (size_t)w->height * row_bytes;
    const int positions = w->out_height * w->out_width;
    char *out = columns;
    for (int i = 0; i < which->n; i++) {
        const int64_t at = which->first + i;
        const int position = (int)(at % positions);
        const char *image =
            (const char *)x + (size_t)(at / positions) * image_bytes + (size_t)which->group * run;
        const int y0 = position / w->out_width * w->stride[0] - w->padding[0];
        const int x0 = position % w->out_width * w->stride[1] - w->padding[1];
        for (int k = 0; k < w->kernel[0]; k++) {
            const int y = y0 + k * w->dilation[0];
            if (y < 0 || y >= w->height) {
                memset(out, 0, (size_t)w->kernel[1] * run);
            } else {
                copy_kernel_row(w, image + (size_t)y * row_bytes, x0, run, out);
            }
            out += (size_t)w->kernel[1] * run;
        }
    }
}

SPN_VECTORIZE void spn_layers_add_patches(const struct spn_window *w, const float *columns,
                                          const struct spn_patches *which, float *x)
{
    const int depth = w->channels / w->groups;
    const size_t row_floats = (size_t)w->width * (size_t)w->channels;
    const int positions = w->out_height * w->out_width;
    for (int i = 0; i < which->n; i++) {
        const int64_t at = which->first + i;
        const int position = (int)(at % positions);
        float *image = x + (size_t)(at / positions) * (size_t)w->height * row_floats +
                       (size_t)which->group * (size_t)depth;
        const int y0 = position / w->out_width * w->stride[0] - w->padding[0];
        const int x0 = position % w->out_width * w->stride[1] - w->padding[1];
        for (int k = 0; k < w->kernel[0] * w->kernel[1]; k++, columns += depth) {
            const int row = y0 + k / w->kernel[1] * w->dilation[0];
            const int column = x0 + k % w->kernel[1] * w->dilation[1];
            if (row < 0 || row >= w->height || column < 0 || column >= w->width) {
                continue;
            }
            float *pixel = image + (size_t)row * row_floats + (size_t)column * (size_t)w->channels;
            for (int c = 0; c < depth; c++) {
                pixel[c] += columns[c];
            }
        }
    }
}

static int block_rows(const struct spn_window *w)
{
    const int rows = BLOCK_FLOATS / spn_window_rows(w);
    return rows < BLOCK_MIN_ROWS ? BLOCK_MIN_ROWS : rows;
}

size_t spn_layers_conv2d_scratch(const struct spn_window *w)
{
    return (size_t)block_rows(w) * (size_t)spn_window_rows(w);
}

/* One kernel per channel: no matrix product worth the name, so a direct sum, vector over channels.
 */
SPN_VECTORIZE static void depthwise(const struct spn_window *w, const float *x, const float *weight,
                                    float *y)
{
    const int n_k = w->kernel[0] * w->kernel[1];
    for (int p = 0; p < w->out_height * w->out_width; p++, y += w->channels) {
        const int y0 = p / w->out_width * w->stride[0] - w->padding[0];
        const int x0 = p % w->out_width * w->stride[1] - w->padding[1];
        memset(y, 0, (size_t)w->channels * sizeof *y);
        for (int k = 0; k < n_k; k++) {
            const int row = y0 + k / w->kernel[1] * w->dilation[0];
            const int column = x0 + k % w->kernel[1] * w->dilation[1];
            if (row < 0 || row >= w->height || column < 0 || column >= w->width) {
                continue;
            }
            const float *pixel =
                x + ((size_t)row * (size_t)w->width + (size_t)column) * (size_t)w->channels;
            for (int c = 0; c < w->channels; c++) {
                y[c] += pixel[c] * weight[(size_t)c * (size_t)n_k + (size_t)k];
            }
        }
    }
}

void spn_layers_conv2d(const struct spn_window *w, const float *x, int n_images,
                       const float *weight, float *y, float *scratch)
{
    const int positions = w->out_height * w->out_width, depth = spn_window_rows(w);
    const int n_out = w->out_channels / w->groups;
    if (w->groups == w->channels && w->out_channels == w->channels) {
        for (int i = 0; i < n_images; i++) {
            depthwise(w, x + (size_t)i * (size_t)w->height * (size_t)w->width * (size_t)w->channels,
                      weight, y + (size_t)i * (size_t)positions * (size_t)w->channels);
        }
        return;
    }
    const int64_t total = (int64_t)n_images * positions;
    const int block = block_rows(w);
    for (int64_t first = 0; first < total; first += block) {
        const int n = total - first < block ? (int)(total - first) : block;
        for (int g = 0; g < w->groups; g++) {
            const struct spn_patches which = {
                .first = first, .n = n, .group = g, .size = sizeof *x};
            spn_layers_patches(w, x, &which, scratch);
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n_out, depth, 1.0f, scratch,
                        depth, weight + (size_t)g * (size_t)n_out * (size_t)depth, depth, 0.0f,
                        y + (size_t)first * (size_t)w->out_channels + (size_t)g * (size_t)n_out,
                        w->out_channels);
        }
    }
}

void spn_layers_linear(const struct spn_linear *l, const float *x, const float *weight, float *y)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, l->n, l->n_out, l->n_in, 1.0f, x, l->n_in,
                weight, l->n_in, 0.0f, y, l->n_out);
}

SPN_VECTORIZE void spn_layers_add_bias(float *y, size_t n, int channels, const float *bias)
{
    for (size_t i = 0; i < n; i++, y += channels) {
        for (int c = 0; c < channels; c++) {
            y[c] += bias[c];
        }
    }
}

SPN_VECTORIZE void spn_layers_scale_offset(float *y, size_t n, int channels, const float *scale,
                                           const float *offset)
{
    for (size_t i = 0; i < n; i++, y += channels) {
        for (int c = 0; c < channels; c++) {
            y[c] = y[c] * scale[c] + offset[c];
        }
    }
}

SPN_VECTORIZE void spn_layers_relu(float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = y[i] > 0.0f ? y[i] : 0.0f;
    }
}

/* x Phi(x), the exact form with erf [hendrycks2016gelu]. */
void spn_layers_gelu(float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = (float)(0.5 * (double)y[i] * (1.0 + erf((double)y[i] * M_SQRT1_2)));
    }
}

void spn_layers_silu(float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = y[i] / (1.0f + expf(-y[i]));
    }
}

void spn_layers_sigmoid(float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = 1.0f / (1.0f + expf(-y[i]));
    }
}

void spn_layers_tanh(float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = tanhf(y[i]);
    }
}

/* Visit the pixels under output position p of a pooling window; `start` begins an output, `step`
 * takes a pixel. */
SPN_VECTORIZE static void pool_position(const struct spn_window *w, const float *x, int p, float *y,
                                        bool maximum)
{
    const int y0 = p / w->out_width * w->stride[0] - w->padding[0];
    const int x0 = p % w->out_width * w->stride[1] - w->padding[1];
    for (int c = 0; c < w->channels; c++) {
        y[c] = maximum ? -FLT_MAX : 0.0f;
    }
    for (int k = 0; k < w->kernel[0] * w->kernel[1]; k++) {
        const int row = y0 + k / w->kernel[1], column = x0 + k % w->kernel[1];
        if (row < 0 || row >= w->height || column < 0 || column >= w->width) {
            continue;
        }
        const float *pixel =
            x + ((size_t)row * (size_t)w->width + (size_t)column) * (size_t)w->channels;
        if (maximum) {
            for (int c = 0; c < w->channels; c++) {
                y[c] = pixel[c] > y[c] ? pixel[c] : y[c];
            }
        } else {
            spn_layers_add(y, pixel, (size_t)w->channels);
        }
    }
}

void spn_layers_maxpool(const struct spn_window *w, const float *x, float *y)
{
    for (int p = 0; p < w->out_height * w->out_width; p++, y += w->channels) {
        pool_position(w, x, p, y, true);
    }
}

void spn_layers_avgpool(const struct spn_window *w, const float *x, float *y)
{
    const float share = 1.0f / (float)(w->kernel[0] * w->kernel[1]);
    for (int p = 0; p < w->out_height * w->out_width; p++, y += w->channels) {
        pool_position(w, x, p, y, false);
        for (int c = 0; c < w->channels; c++) {
            y[c] *= share;
        }
    }
}

void spn_layers_global_avgpool(const float *x, int positions, int channels, float *y)
{
    memset(y, 0, (size_t)channels * sizeof *y);
    for (int p = 0; p < positions; p++) {
        spn_layers_add(y, x + (size_t)p * (size_t)channels, (size_t)channels);
    }
    for (int c = 0; c < channels; c++) {
        y[c] /= (float)positions;
    }
}

SPN_VECTORIZE void spn_layers_global_maxpool(const float *x, int positions, int channels, float *y)
{
    memcpy(y, x, (size_t)channels * sizeof *y);
    for (int p = 1; p < positions; p++) {
        const float *pixel = x + (size_t)p * (size_t)channels;
        for (int c = 0; c < channels; c++) {
            y[c] = pixel[c] > y[c] ? pixel[c] : y[c];
        }
    }
}

SPN_VECTORIZE void spn_layers_add(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] += x[i];
    }
}

SPN_VECTORIZE void spn_layers_mul(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] *= x[i];
    }
}

void spn_layers_to_planes(const float *x, int channels, int positions, float *y)
{
    for (int p = 0; p < positions; p++) {
        for (int c = 0; c < channels; c++) {
            y[(size_t)c * (size_t)positions + (size_t)p] =
                x[(size_t)p * (size_t)channels + (size_t)c];
        }
    }
}

void spn_layers_from_planes(const float *x, int channels, int positions, float *y)
{
    spn_layers_to_planes(x, positions, channels, y);
}

void spn_layers_pad_shortcut(const struct spn_window *w, const float *x, float *y)
{
    const int before = (w->out_channels - w->channels) / 2;
    memset(y, 0,
           (size_t)w->out_height * (size_t)w->out_width * (size_t)w->out_channels * sizeof *y);
    for (int p = 0; p < w->out_height * w->out_width; p++) {
        const int row = p / w->out_width * w->stride[0], column = p % w->out_width * w->stride[1];
        memcpy(y + (size_t)p * (size_t)w->out_channels + before,
               x + ((size_t)row * (size_t)w->width + (size_t)column) * (size_t)w->channels,
               (size_t)w->channels * sizeof *y);
    }
}
