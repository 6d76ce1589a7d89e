/* train_net.c -- forward and backward pass of a network in training.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ops that can be trained are the rows of `ops` below; a network with another op is refused. Every
 * op is one call for the whole batch, cut into parts inside. Batch normalisation adds up its
 * statistics per part in double precision and the parts in order.
 */
#include "simulator/train_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "base/rng.h"
#include "simulator/bound.h"
#include "simulator/tensor.h"
#include "simulator/train_layers.h"

/* Share of a new batch in the running statistics; the usual value, as in [ioffe2015batchnorm]'s
 * implementations. */
#define RUNNING_SHARE 0.1

const float *spn_train_input(const struct spn_train_net *net, int i, int k)
{
    const int from = net->net->layer[i].in[k];
    return from == SPN_NETWORK_INPUT ? net->x : net->layer[from].y;
}

float *spn_train_input_gradient(const struct spn_train_net *net, int i, int k)
{
    const int from = net->net->layer[i].in[k];
    return from == SPN_NETWORK_INPUT ? NULL : net->layer[from].dy;
}

/* ---- one part of an op ---- */

struct part {
    struct spn_train_net *net;
    int i, n;       /* layer, images */
    int input;      /* which of an add's inputs */
    const float *x; /* of that input */
    float *dx;      /* NULL for the network's input */
    size_t rows, rows_per_part;
    struct spn_batchnorm bn;
};

static void relu_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    if (!l->in_place) {
        memcpy(l->y + image * l->n_out, p->x + image * l->n_in, l->n_in * sizeof(float));
    }
    spn_layers_relu(l->y + image * l->n_out, l->n_out);
}

static void relu_back_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    spn_train_relu_back(l->y + image * l->n_out, l->n_out, l->dy + image * l->n_out);
    if (!l->in_place) {
        spn_layers_add(p->dx + image * l->n_in, l->dy + image * l->n_out, l->n_in);
    }
}

static void maxpool_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    spn_layers_maxpool(&l->window, p->x + image * l->n_in, l->y + image * l->n_out);
}

static void maxpool_back_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    spn_train_maxpool_back(&l->window, p->x + image * l->n_in, l->y + image * l->n_out,
                           l->dy + image * l->n_out, p->dx + image * l->n_in);
}

static void avgpool_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    spn_layers_avgpool(&l->window, p->x + image * l->n_in, l->y + image * l->n_out);
}

static void avgpool_back_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    spn_train_avgpool_back(&l->window, l->dy + image * l->n_out, p->dx + image * l->n_in);
}

static void global_avgpool_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    spn_layers_global_avgpool(p->x + image * l->n_in, (int)(l->n_in / l->n_out), (int)l->n_out,
                              l->y + image * l->n_out);
}

static void global_avgpool_back_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    spn_train_global_avgpool_back(l->dy + image * l->n_out, (int)(l->n_in / l->n_out),
                                  (int)l->n_out, p->dx + image * l->n_in);
}

static void pad_shortcut_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    spn_layers_pad_shortcut(&l->window, p->x + image * l->n_in, l->y + image * l->n_out);
}

static void pad_shortcut_back_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    spn_train_pad_shortcut_back(&l->window, l->dy + image * l->n_out, p->dx + image * l->n_in);
}

/* Channels of a layer's input image; a vector is an image of one pixel. */
static int input_channels(const struct part *p)
{
    return p->net->net->layer[p->i].in_shape[0].dim[0];
}

static void flatten_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    const int channels = input_channels(p);
    (void)thread;
    spn_layers_to_planes(p->x + image * l->n_in, channels, (int)l->n_in / channels,
                         l->y + image * l->n_out);
}

static void flatten_back_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    const int channels = input_channels(p);
    (void)thread;
    spn_train_flatten_back(l->dy + image * l->n_out, channels, (int)l->n_in / channels,
                           p->dx + image * l->n_in);
}

static void add_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    memcpy(l->y + image * l->n_out, p->x + image * l->n_in, l->n_in * sizeof(float));
    for (int k = 1; k < p->net->net->layer[p->i].n_in; k++) {
        spn_layers_add(l->y + image * l->n_out, spn_train_input(p->net, p->i, k) + image * l->n_in,
                       l->n_in);
    }
}

static void add_back_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    for (int k = 0; k < p->net->net->layer[p->i].n_in; k++) {
        float *dx = spn_train_input_gradient(p->net, p->i, k);
        if (dx) {
            spn_layers_add(dx + image * l->n_in, l->dy + image * l->n_out, l->n_in);
        }
    }
}

/* ---- batch normalisation ---- */

static size_t part_rows(const struct part *p, size_t part)
{
    const size_t first = part * p->rows_per_part;
    if (first >= p->rows) {
        return 0;
    }
    return p->rows - first < p->rows_per_part ? p->rows - first : p->rows_per_part;
}

static void split_rows(struct part *p)
{
    const struct spn_train_layer *l = &p->net->layer[p->i];
    p->rows = (size_t)p->n * l->n_out / (size_t)l->channels;
    p->rows_per_part = (p->rows + SPN_TRAIN_SUM_PARTS - 1) / SPN_TRAIN_SUM_PARTS;
}

static double *part_sums(const struct part *p, size_t part)
{
    return p->net->sums + part * 2 * (size_t)p->net->layer[p->i].channels;
}

static void statistics_body(void *ctx, size_t part, int thread)
{
    const struct part *p = ctx;
    const int channels = p->net->layer[p->i].channels;
    double *sums = part_sums(p, part);
    const float *x = p->x + part * p->rows_per_part * (size_t)channels;
    (void)thread;
    memset(sums, 0, 2 * (size_t)channels * sizeof *sums);
    spn_train_sums(x, x, part_rows(p, part), channels, sums, sums + channels);
}

static void normalise_body(void *ctx, size_t part, int thread)
{
    const struct part *p = ctx;
    struct spn_train_layer *l = &p->net->layer[p->i];
    const size_t at = part * p->rows_per_part * (size_t)l->channels;
    (void)thread;
    spn_train_batchnorm(&p->bn, p->x + at, part_rows(p, part), l->y + at);
}

/* Sums over all parts of channel c: first and second. */
static void total(const struct part *p, int c, double *a, double *b)
{
    *a = *b = 0.0;
    for (size_t part = 0; part < SPN_TRAIN_SUM_PARTS; part++) {
        *a += part_sums(p, part)[c];
        *b += part_sums(p, part)[p->net->layer[p->i].channels + c];
    }
}

static void batchnorm_forward(struct part *p, bool training)
{
    struct spn_train_layer *l = &p->net->layer[p->i];
    const double epsilon = p->net->net->layer[p->i].epsilon;
    split_rows(p);
    if (training) {
        spn_parallel_for(p->net->n_threads, SPN_TRAIN_SUM_PARTS, statistics_body, p);
    }
    for (int c = 0; c < l->channels; c++) {
        double mean = (double)l->running_mean[c], variance = (double)l->running_var[c];
        if (training) {
            double sum, square;
            total(p, c, &sum, &square);
            mean = sum / (double)p->rows;
            variance = fmax(square / (double)p->rows - mean * mean, 0.0);
            const double unbiased =
                p->rows > 1 ? variance * (double)p->rows / (double)(p->rows - 1) : variance;
            l->running_mean[c] += (float)(RUNNING_SHARE * (mean - (double)l->running_mean[c]));
            l->running_var[c] += (float)(RUNNING_SHARE * (unbiased - (double)l->running_var[c]));
        }
        l->mean[c] = (float)mean;
        l->inv_sd[c] = (float)(1.0 / sqrt(variance + epsilon));
    }
    p->bn = (struct spn_batchnorm){.channels = l->channels,
                                   .gain = l->weight.value,
                                   .offset = l->bias.value,
                                   .mean = l->mean,
                                   .inv_sd = l->inv_sd};
    spn_parallel_for(p->net->n_threads, SPN_TRAIN_SUM_PARTS, normalise_body, p);
}

static void gradient_sums_body(void *ctx, size_t part, int thread)
{
    const struct part *p = ctx;
    const struct spn_train_layer *l = &p->net->layer[p->i];
    const size_t at = part * p->rows_per_part * (size_t)l->channels;
    double *sums = part_sums(p, part);
    (void)thread;
    memset(sums, 0, 2 * (size_t)l->channels * sizeof *sums);
    spn_train_sums(l->dy + at, p->x + at, part_rows(p, part), l->channels, sums,
                   sums + l->channels);
}

static void batchnorm_back_body(void *ctx, size_t part, int thread)
{
    const struct part *p = ctx;
    const struct spn_train_layer *l = &p->net->layer[p->i];
    const size_t at = part * p->rows_per_part * (size_t)l->channels;
    (void)thread;
    spn_train_batchnorm_back(&p->bn, p->x + at, l->dy + at, part_rows(p, part), p->dx + at);
}

static void batchnorm_backward(struct part *p)
{
    struct spn_train_layer *l = &p->net->layer[p->i];
    /* held where the gradients go: those are the same sums, not divided by the rows */
    float *mean_dy = l->bias.grad, *mean_dy_xhat = l->weight.grad;
    split_rows(p);
    spn_parallel_for(p->net->n_threads, SPN_TRAIN_SUM_PARTS, gradient_sums_body, p);
    for (int c = 0; c < l->channels; c++) {
        double sum, product;
        total(p, c, &sum, &product);
        mean_dy[c] = (float)(sum / (double)p->rows);
        mean_dy_xhat[c] =
            (float)((product - (double)l->mean[c] * sum) * (double)l->inv_sd[c] / (double)p->rows);
    }
    p->bn = (struct spn_batchnorm){.channels = l->channels,
                                   .gain = l->weight.value,
                                   .offset = l->bias.value,
                                   .mean = l->mean,
                                   .inv_sd = l->inv_sd,
                                   .mean_dy = mean_dy,
                                   .mean_dy_xhat = mean_dy_xhat};
    if (p->dx) {
        spn_parallel_for(p->net->n_threads, SPN_TRAIN_SUM_PARTS, batchnorm_back_body, p);
    }
    for (int c = 0; c < l->channels;
         c++) { /* from means to sums: the gradients of offset and gain */
        mean_dy[c] *= (float)p->rows;
        mean_dy_xhat[c] *= (float)p->rows;
    }
}

/* ---- the ops that can be trained ---- */

struct op {
    spn_parallel_body *forward, *backward; /* image by image */
    bool matrix, batchnorm;
};

static const struct op ops[SPN_N_OPS] = {
    [SPN_OP_CONV2D] = {.matrix = true},
    [SPN_OP_LINEAR] = {.matrix = true},
    [SPN_OP_BATCHNORM] = {.batchnorm = true},
    [SPN_OP_RELU] = {relu_body, relu_back_body, false, false},
    [SPN_OP_MAXPOOL2D] = {maxpool_body, maxpool_back_body, false, false},
    [SPN_OP_AVGPOOL2D] = {avgpool_body, avgpool_back_body, false, false},
    [SPN_OP_GLOBAL_AVGPOOL] = {global_avgpool_body, global_avgpool_back_body, false, false},
    [SPN_OP_PAD_SHORTCUT] = {pad_shortcut_body, pad_shortcut_back_body, false, false},
    [SPN_OP_FLATTEN] = {flatten_body, flatten_back_body, false, false},
    [SPN_OP_ADD] = {add_body, add_back_body, false, false},
};

bool spn_train_can(int op)
{
    return ops[op].matrix || ops[op].batchnorm || ops[op].forward;
}

void spn_train_forward(struct spn_train_net *net, int n, bool training)
{
    for (int i = 0; i < net->n_layers; i++) {
        const struct op *op = &ops[net->net->layer[i].op];
        struct part p = {.net = net, .i = i, .n = n, .x = spn_train_input(net, i, 0)};
        if (op->matrix) {
            spn_train_matrix_forward(net, i, n, training);
        } else if (op->batchnorm) {
            batchnorm_forward(&p, training && i >= net->first_trained);
        } else {
            spn_parallel_for(net->n_threads, (size_t)n, op->forward, &p);
        }
    }
}

static void clear_body(void *ctx, size_t image, int thread)
{
    const struct part *p = ctx;
    const struct spn_train_layer *l = &p->net->layer[p->i];
    (void)thread;
    memset(l->dy + image * l->n_out, 0, l->n_out * sizeof(float));
}

void spn_train_backward(struct spn_train_net *net, int n)
{
    for (int i = 0; i + 1 < net->n_layers; i++) {
        struct part p = {.net = net, .i = i};
        if (net->layer[i].dy != net->layer[net->n_layers - 1].dy && !net->layer[i].in_place) {
            spn_parallel_for(net->n_threads, (size_t)n, clear_body, &p);
        }
    }
    for (int i = net->n_layers - 1; i >= 0; i--) {
        const struct op *op = &ops[net->net->layer[i].op];
        struct part p = {.net = net,
                         .i = i,
                         .n = n,
                         .x = spn_train_input(net, i, 0),
                         .dx = spn_train_input_gradient(net, i, 0)};
        if (op->matrix) {
            spn_train_matrix_backward(net, i, n);
        } else if (op->batchnorm) {
            batchnorm_backward(&p);
        } else if (p.dx || net->net->layer[i].n_in > 1) {
            spn_parallel_for(net->n_threads, (size_t)n, op->backward, &p);
        }
    }
}
