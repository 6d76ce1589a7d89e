/* layers.h -- float kernels of every network op on channels-last images and token rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Images are held channels-last, [H][W][C], so that a patch is a few contiguous runs, a matrix
 * product gives the next image without a transpose, and per-channel work runs along memory.
 * Sequences are [T][D]. Weights of a convolution are [out][kh][kw][in/groups]. Kernels neither
 * allocate nor fail: shapes are checked where a network is bound. All sums have a fixed order, so
 * results do not depend on threads.
 */
#ifndef SPN_SIMULATOR_LAYERS_H
#define SPN_SIMULATOR_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* GCC vectorises loops of unknown length at -O3 only; these kernels are worth it at any level. Sums
 * keep their order. */
#if defined(__GNUC__) && !defined(__clang__)
#define SPN_VECTORIZE __attribute__((optimize("tree-vectorize", "vect-cost-model=dynamic")))
#else
#define SPN_VECTORIZE
#endif

/* A window sliding over an image: convolution or pooling. */
struct spn_window {
    int channels, height, width; /* input */
    int out_channels, out_height, out_width;
    int kernel[2], stride[2], padding[2], dilation[2], groups;
};

/* Which patches to lay out: rows first .. first+n-1 of [image][out_height][out_width], and which
 * channel group. */
struct spn_patches {
    int64_t first;
    int n, group;
    size_t size; /* bytes of an element: 4 for float, 1 for codes */
};

/* Elements of one patch: kernel positions x channels of the group. */
int spn_window_rows(const struct spn_window *w);

/* columns [n][kh][kw][channels/groups] of images x; what lies outside is zero bytes. */
void spn_layers_patches(const struct spn_window *w, const void *x, const struct spn_patches *which,
                        void *columns);
/* The adjoint: add patches back into image gradients (float only). */
void spn_layers_add_patches(const struct spn_window *w, const float *columns,
                            const struct spn_patches *which, float *x);

/* Floats of scratch that spn_layers_conv2d needs. */
size_t spn_layers_conv2d_scratch(const struct spn_window *w);
/* y [n_images][oh][ow][out] = conv(x, weight); no bias. */
void spn_layers_conv2d(const struct spn_window *w, const float *x, int n_images,
                       const float *weight, float *y, float *scratch);

/* y [n][out] = x [n][in] weight^T, weight [out][in]. */
struct spn_linear {
    int n, n_in, n_out;
};
void spn_layers_linear(const struct spn_linear *l, const float *x, const float *weight, float *y);

/* In place, per channel (last dimension) over n rows. */
void spn_layers_add_bias(float *y, size_t n, int channels, const float *bias);
void spn_layers_scale_offset(float *y, size_t n, int channels, const float *scale,
                             const float *offset);

/* In place, element by element. */
void spn_layers_relu(float *y, size_t n);
void spn_layers_gelu(float *y, size_t n);
void spn_layers_silu(float *y, size_t n);
void spn_layers_sigmoid(float *y, size_t n);
void spn_layers_tanh(float *y, size_t n);

/* In place over rows of `columns`. queries > 0: causal, row r is query r % queries and sees columns
 * <= its index. */
void spn_layers_softmax(float *y, size_t rows, int columns, int queries);
/* In place; offset may be NULL. gain may be NULL (ones). */
struct spn_norm {
    const float *gain, *offset;
    double epsilon;
    int features;
};
void spn_layers_layernorm(const struct spn_norm *norm, float *y, size_t rows);
void spn_layers_rmsnorm(const struct spn_norm *norm, float *y, size_t rows);

/* One image. Padding never wins a maximum; a mean divides by the whole kernel, padding included. */
void spn_layers_maxpool(const struct spn_window *w, const float *x, float *y);
void spn_layers_avgpool(const struct spn_window *w, const float *x, float *y);
void spn_layers_global_avgpool(const float *x, int positions, int channels, float *y);
void spn_layers_global_maxpool(const float *x, int positions, int channels, float *y);

void spn_layers_add(float *y, const float *x, size_t n); /* y += x */
void spn_layers_mul(float *y, const float *x, size_t n); /* y *= x */

/* Channels-last to [C][H][W] and back. */
void spn_layers_to_planes(const float *x, int channels, int positions, float *y);
void spn_layers_from_planes(const float *x, int channels, int positions, float *y);

/* Every stride-th pixel of [H][W][C]; channels zero-padded by (out - in)/2 before and the rest
 * after. */
void spn_layers_pad_shortcut(const struct spn_window *w, const float *x, float *y);

/* Adjacent pairs (2j, 2j+1) of each head of token t turned by t theta^(-2j/d). In place.
 * [su2021roformer] */
struct spn_rotary {
    int tokens, heads, features; /* features of one head */
    double theta;
};
void spn_layers_rotary(const struct spn_rotary *r, float *y);

/* Product of two activations per head; key/value heads may serve several query heads (head h uses
 * h*kv_heads/heads). transpose_b: a [tokens][heads*depth], b [others][kv_heads*depth] -> y
 * [heads][tokens][others] = scale a b^T. else:        a [heads][tokens][others], b
 * [others][kv_heads*depth] -> y [tokens][heads*depth] = scale a b. */
struct spn_product {
    int heads, kv_heads, tokens, others, depth;
    bool transpose_b;
    float scale;
};
void spn_layers_matmul(const struct spn_product *p, const float *a, const float *b, float *y);

#endif
