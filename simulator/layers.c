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

/* The first and the last `size` of n bytes, size <= n <= 2 size: without a loop or a call. */
#define COPY_ENDS(out, in, n, size)                                                                \
    do {                                                                                           \
        char first[size], last[size];                                                              \
        memcpy(first, in, size);                                                                   \
        memcpy(last, (in) + (n) - (size), size);                                                   \
        memcpy(out, first, size);                                                                  \
        memcpy((out) + (n) - (size), last, size);                                                  \
    } while (0)

/* memcpy() whose short copies are not calls: rows of small kernels are a few dozen bytes. */
static inline void copy_bytes(char *restrict out, const char *restrict in, size_t n)
{
    if (n > 64) {
        memcpy(out, in, n);
    } else if (n > 32) {
        COPY_ENDS(out, in, n, 32);
    } else if (n > 16) {
        COPY_ENDS(out, in, n, 16);
    } else if (n >= 8) {
        COPY_ENDS(out, in, n, 8);
    } else if (n >= 4) {
        COPY_ENDS(out, in, n, 4);
    } else {
        memcpy(out, in, n);
    }
}

/* Pixels lo to hi - 1 of a kernel row at x0 lie inside the image (dilation 1). */
static inline void inside(const struct spn_window *w, int x0, int *lo, int *hi)
{
    *lo = x0 < 0 ? -x0 : 0;
    *hi = w->width - x0 < w->kernel[1] ? w->width - x0 : w->kernel[1];
    if (*hi < *lo) {
        *hi = *lo = w->kernel[1];
    }
}

/* One patch of one group, without dilation across: a kernel row is one piece. */
static inline void copy_whole_rows(const struct spn_window *w, const char *image, int y0, int x0,
                                   size_t run, char *out)
{
    const size_t row_bytes = (size_t)w->width * run;
    const int n_rows = w->kernel[0], step = w->dilation[0], height = w->height;
    const size_t bytes = (size_t)w->kernel[1] * run;
    int lo, hi;
    inside(w, x0, &lo, &hi);
    const size_t before = (size_t)lo * run, n = (size_t)(hi - lo) * run;
    const char *from = image + (n > 0 ? (size_t)(x0 + lo) * run : 0);
    for (int k = 0; k < n_rows; k++, out += bytes) {
        const int y = y0 + k * step;
        if (y < 0 || y >= height) {
            memset(out, 0, bytes);
            continue;
        }
        if (before > 0) {
            memset(out, 0, before);
        }
        copy_bytes(out + before, from + (size_t)y * row_bytes, n);
        if (before + n < bytes) {
            memset(out + before + n, 0, bytes - before - n);
        }
    }
}

/* Any patch: pixel by pixel; what lies outside the image is cleared. */
static void copy_pixels(const struct spn_window *w, const char *image, int y0, int x0, size_t run,
                        char *out)
{
    const size_t pixel = run * (size_t)w->groups, row_bytes = (size_t)w->width * pixel;
    for (int k = 0; k < w->kernel[0] * w->kernel[1]; k++, out += run) {
        const int y = y0 + k / w->kernel[1] * w->dilation[0];
        const int x = x0 + k % w->kernel[1] * w->dilation[1];
        if (y < 0 || y >= w->height || x < 0 || x >= w->width) {
            memset(out, 0, run);
        } else {
            memcpy(out, image + (size_t)y * row_bytes + (size_t)x * pixel, run);
        }
    }
}

void spn_layers_patches(const struct spn_window *w, const void *x, const struct spn_patches *which,
                        void *columns)
{
    const struct spn_window win = *w; /* bytes may alias *w, not a copy */
    const size_t run = (size_t)(win.channels / win.groups) * which->size;
    const size_t image_bytes =
        (size_t)win.height * (size_t)win.width * (size_t)win.channels * which->size;
    const size_t patch_bytes = (size_t)(win.kernel[0] * win.kernel[1]) * run;
    const int positions = win.out_height * win.out_width, n = which->n;
    const bool whole = win.dilation[1] == 1 && win.groups == 1;
    const char *image = (const char *)x + (size_t)(which->first / positions) * image_bytes +
                        (size_t)which->group * run;
    const int first = (int)(which->first % positions);
    int row = first / win.out_width, column = first % win.out_width;
    char *out = columns;
    for (int i = 0; i < n; i++, column++, out += patch_bytes) {
        if (column == win.out_width) {
            column = 0;
            row++;
        }
        if (row == win.out_height) {
            row = 0;
            image += image_bytes;
        }
        const int y0 = row * win.stride[0] - win.padding[0];
        const int x0 = column * win.stride[1] - win.padding[1];
        if (whole) {
            copy_whole_rows(&win, image, y0, x0, run, out);
        } else {
            copy_pixels(&win, image, y0, x0, run, out);
        }
    }
}

/* One patch onto `image`; neighbours of a kernel row lie side by side in both where they can. */
SPN_VECTORIZE static void add_patch(const struct spn_window *w, const float *columns, int y0,
                                    int x0, float *image)
{
    const int depth = w->channels / w->groups;
    const size_t row_floats = (size_t)w->width * (size_t)w->channels;
    const bool joined = w->dilation[1] == 1 && w->groups == 1;
    const int pieces = joined ? 1 : w->kernel[1], piece = joined ? w->kernel[1] : 1;
    for (int k = 0; k < w->kernel[0] * pieces; k++, columns += piece * depth) {
        const int row = y0 + k / pieces * w->dilation[0];
        const int column = x0 + k % pieces * w->dilation[1];
        int lo = 0, hi = column >= 0 && column < w->width;
        if (joined) {
            inside(w, column, &lo, &hi);
        }
        if (row < 0 || row >= w->height || hi <= lo) {
            continue;
        }
        float *pixel =
            image + (size_t)row * row_floats + (size_t)(column + lo) * (size_t)w->channels;
        for (int c = 0; c < (hi - lo) * depth; c++) {
            pixel[c] += columns[lo * depth + c];
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
        add_patch(w, columns, y0, x0, image);
        columns += w->kernel[0] * w->kernel[1] * depth;
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
