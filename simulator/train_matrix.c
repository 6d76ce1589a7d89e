/* train_matrix.c -- convolutions and linear layers in training: product, input gradient, weight
 * gradient.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A linear layer is a 1 x 1 convolution. The weight gradient is one long sum over all output
 * positions of the batch: it is cut by blocks of weights, never by images, so that its order is the
 * same for any number of threads; patches are laid out for a chunk of images, used for the weight
 * gradient, and overwritten by the input gradient's patches.
 */
#include "simulator/train_net.h"

#include <math.h>
#include <string.h>

#include <cblas.h>

#include "base/parallel.h"
#include "simulator/train_hardware.h"
#include "simulator/train_layers.h"

enum {
    ITEM_ROWS = 256,        /* output positions of one work item: enough for an efficient product */
    CHUNK_FLOATS = 1 << 23, /* of patches held at a time: 32 MiB */
    BLOCK_OUT = 128,
    BLOCK_IN = 576 /* weights of one gradient block */
};

struct step {
    struct spn_train_net *net;
    struct spn_train_layer *layer;
    const float *x;
    float *dx;
    int n_images, first, n_chunk, item; /* of the batch, of the chunk; images of one item */
    int group, n_in_blocks;
};

static int positions_of(const struct spn_window *w)
{
    return w->out_height * w->out_width;
}

static int item_images(const struct spn_window *w)
{
    return (ITEM_ROWS + positions_of(w) - 1) / positions_of(w);
}

/* Images whose patches fit a chunk, in whole items. */
static int chunk_images(const struct spn_window *w)
{
    const int64_t one = (int64_t)positions_of(w) * spn_window_rows(w);
    const int item = item_images(w), n = (int)(CHUNK_FLOATS / one) / item * item;
    return n < item ? item : n;
}

size_t spn_train_matrix_columns(const struct spn_window *w, int batch)
{
    const int chunk = chunk_images(w);
    return (size_t)(chunk < batch ? chunk : batch) * (size_t)positions_of(w) *
           (size_t)spn_window_rows(w);
}

/* ---- forward ---- */

static void code_body(void *ctx, size_t i, int thread)
{
    const struct step *s = ctx;
    const float steps = (float)((1 << s->net->activation_bits) - 1);
    const float scale = s->layer->range > 0.0f ? s->layer->range / steps : 1.0f;
    const float *x = s->x + i * s->layer->n_in;
    float *out = s->layer->coded + i * s->layer->n_in;
    (void)thread;
    for (size_t e = 0; e < s->layer->n_in; e++) {
        const float code = rintf(x[e] / scale);
        out[e] = scale * (code > steps ? steps : code < -steps ? -steps : code);
    }
}

/* The inputs that the product sees: x, or x rounded to the codes of its largest magnitude so far.
 */
static const float *coded_input(const struct spn_train_net *net, const struct step *s)
{
    if (!s->layer->coded) {
        return s->x;
    }
    for (size_t e = 0; e < (size_t)s->n_images * s->layer->n_in; e++) {
        s->layer->range = fabsf(s->x[e]) > s->layer->range ? fabsf(s->x[e]) : s->layer->range;
    }
    spn_parallel_for(net->n_threads, (size_t)s->n_images, code_body, (void *)s);
    return s->layer->coded;
}

static void product_body(void *ctx, size_t i, int thread)
{
    const struct step *s = ctx;
    const struct spn_train_layer *l = s->layer;
    const int first = (int)i * s->item,
              n = s->n_images - first < s->item ? s->n_images - first : s->item;
    float *y = l->y + (size_t)first * l->n_out;
    spn_layers_conv2d(&l->window, s->x + (size_t)first * l->n_in, n, l->weight.seen, y,
                      s->net->scratch[thread]);
    if (l->bias.n > 0) {
        spn_layers_add_bias(y, (size_t)n * (size_t)positions_of(&l->window), l->window.out_channels,
                            l->bias.value);
    }
}

void spn_train_matrix_forward(struct spn_train_net *net, int i, int n, bool training)
{
    struct step s = {
        .net = net, .layer = &net->layer[i], .x = spn_train_input(net, i, 0), .n_images = n};
    s.item = item_images(&s.layer->window);
    s.x = coded_input(net, &s);
    if (spn_train_hardware_adc(net, i)) {
        spn_train_hardware_product(net, i, s.x, n, training);
        if (s.layer->bias.n > 0) {
            spn_layers_add_bias(s.layer->y, (size_t)n * (size_t)positions_of(&s.layer->window),
                                s.layer->window.out_channels, s.layer->bias.value);
        }
        return;
    }
    spn_parallel_for(net->n_threads, (size_t)((n + s.item - 1) / s.item), product_body, &s);
}

/* ---- backward ---- */

static float *columns_of(const struct step *s, int image)
{
    const struct spn_window *w = &s->layer->window;
    return s->net->columns + (size_t)image * (size_t)positions_of(w) * (size_t)spn_window_rows(w);
}

static struct spn_patches patches_of(const struct step *s, int first, int n)
{
    const int positions = positions_of(&s->layer->window);
    return (struct spn_patches){.first = (int64_t)(s->first + first) * positions,
                                .n = n * positions,
                                .group = s->group,
                                .size = sizeof(float)};
}

static void columns_body(void *ctx, size_t i, int thread)
{
    const struct step *s = ctx;
    const int first = (int)i * s->item,
              n = s->n_chunk - first < s->item ? s->n_chunk - first : s->item;
    const struct spn_patches which = patches_of(s, first, n);
    (void)thread;
    spn_layers_patches(&s->layer->window, s->x, &which, columns_of(s, first));
}

static void weight_body(void *ctx, size_t i, int thread)
{
    const struct step *s = ctx;
    const struct spn_window *w = &s->layer->window;
    const int depth = spn_window_rows(w), n_out = w->out_channels / w->groups,
              positions = positions_of(w);
    const int out = (int)i / s->n_in_blocks * BLOCK_OUT, in = (int)i % s->n_in_blocks * BLOCK_IN;
    const struct spn_weight_block b = {.rows = s->n_chunk * positions,
                                       .out_stride = w->out_channels,
                                       .depth = depth,
                                       .first_out = out,
                                       .n_out = n_out - out < BLOCK_OUT ? n_out - out : BLOCK_OUT,
                                       .first_in = in,
                                       .n_in = depth - in < BLOCK_IN ? depth - in : BLOCK_IN,
                                       .keep = s->first > 0 ? 1.0f : 0.0f};
    const size_t group = (size_t)s->group * (size_t)n_out;
    (void)thread;
    spn_train_weight_block(&b, s->layer->dy + (size_t)s->first * s->layer->n_out + group,
                           s->net->columns, s->layer->weight.grad + group * (size_t)depth);
}

static void input_body(void *ctx, size_t i, int thread)
{
    const struct step *s = ctx;
    const struct spn_window *w = &s->layer->window;
    const int depth = spn_window_rows(w), n_out = w->out_channels / w->groups;
    const int first = (int)i * s->item,
              n = s->n_chunk - first < s->item ? s->n_chunk - first : s->item;
    const size_t group = (size_t)s->group * (size_t)n_out;
    const struct spn_patches which = patches_of(s, first, n);
    (void)thread;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, which.n, depth, n_out, 1.0f,
                s->layer->dy + (size_t)(s->first + first) * s->layer->n_out + group,
                w->out_channels, s->layer->weight.seen + group * (size_t)depth, depth, 0.0f,
                columns_of(s, first), depth);
    spn_layers_add_patches(w, columns_of(s, first), &which, s->dx);
}

static void bias_gradient(const struct spn_train_layer *l, int n)
{
    const int channels = l->window.out_channels;
    const size_t rows = (size_t)n * (size_t)positions_of(&l->window);
    memset(l->bias.grad, 0, l->bias.n * sizeof(float));
    for (size_t r = 0; r < rows; r++) {
        spn_layers_add(l->bias.grad, l->dy + r * (size_t)channels, (size_t)channels);
    }
}

void spn_train_matrix_backward(struct spn_train_net *net, int i, int n)
{
    struct step s = {.net = net,
                     .layer = &net->layer[i],
                     .n_images = n,
                     .dx = spn_train_input_gradient(net, i, 0)};
    const struct spn_window *w = &s.layer->window;
    const int n_out = w->out_channels / w->groups, chunk = chunk_images(w);
    s.x = s.layer->coded ? s.layer->coded : spn_train_input(net, i, 0);
    s.item = item_images(w);
    s.n_in_blocks = (spn_window_rows(w) + BLOCK_IN - 1) / BLOCK_IN;
    for (s.first = 0; s.first < n; s.first += chunk) {
        s.n_chunk = n - s.first < chunk ? n - s.first : chunk;
        const size_t n_items = (size_t)((s.n_chunk + s.item - 1) / s.item);
        for (s.group = 0; s.group < w->groups; s.group++) {
            spn_parallel_for(net->n_threads, n_items, columns_body, &s);
            spn_parallel_for(net->n_threads,
                             (size_t)((n_out + BLOCK_OUT - 1) / BLOCK_OUT * s.n_in_blocks),
                             weight_body, &s);
            if (s.dx) {
                spn_parallel_for(net->n_threads, n_items, input_body, &s);
            }
        }
    }
    if (s.layer->bias.n > 0) {
        bias_gradient(s.layer, n);
    }
}
