/* bound.c -- bind a network to its weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Kernels are permuted from [out][in][kh][kw] to [out][kh][kw][in], so that a patch of a
 * channels-last image is their row order: rows of one kernel position are neighbours. Batch
 * normalisation becomes y = a x + b with a = gain/sqrt(var + eps), b = offset - a mean
 * [ioffe2015batchnorm] [M:S21].
 */
#include "simulator/bound.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/tensor.h"

/* Base of the sinusoidal positions [vaswani2017attention, sec. 3.5]. */
#define POSITION_BASE 10000.0

/* Read tensor "<prefix><suffix>" of n elements into new memory. */
static enum spn_status take(float **out, const struct spn_weights *weights, const char *name,
                            size_t n, struct spn_err *err)
{
    if (!weights) {
        return spn_err_set(err, SPN_EINPUT, "tensor '%s' is needed but no weights were given",
                           name);
    }
    float *values = spn_tensor_floats(n);
    if (!values) {
        return spn_err_memory(err, name);
    }
    const enum spn_status status = spn_weights_floats(weights, name, (int64_t)n, values, err);
    if (status) {
        free(values);
        return status;
    }
    *out = values;
    return SPN_OK;
}

static enum spn_status take_part(float **out, const struct spn_weights *weights,
                                 const struct spn_layer *layer, const char *part,
                                 struct spn_err *err)
{
    char name[128];
    const bool table = strcmp(part, ".weight") == 0 &&
                       (spn_layer_is_matrix(layer) || layer->op == SPN_OP_EMBEDDING);
    const struct spn_shape *in = &layer->in_shape[0];
    size_t n = layer->op == SPN_OP_BATCHNORM ? (size_t)in->dim[0] : (size_t)in->dim[in->n - 1];
    if (table) {
        n = (size_t)layer->n_weights;
    } else if (spn_layer_is_matrix(layer)) {
        n = (size_t)layer->channels;
    }
    snprintf(name, sizeof name, "%s%s", layer->tensor, part);
    return take(out, weights, name, n, err);
}

/* [out][in][kh][kw] to [out][kh][kw][in]. */
static enum spn_status permute_kernels(struct spn_bound_layer *b, struct spn_err *err)
{
    const int positions = b->window.kernel[0] * b->window.kernel[1],
              depth = b->window.channels / b->window.groups;
    const size_t one = (size_t)positions * (size_t)depth;
    if (positions == 1 || depth == 1) {
        return SPN_OK;
    }
    float *row = malloc(one * sizeof *row);
    if (!row) {
        return spn_err_memory(err, "kernel");
    }
    for (int k = 0; k < b->window.out_channels; k++) {
        float *kernel = b->weight + (size_t)k * one;
        spn_layers_from_planes(kernel, depth, positions, row);
        memcpy(kernel, row, one * sizeof *row);
    }
    free(row);
    return SPN_OK;
}

static enum spn_status bind_matrix(struct spn_bound_layer *b, const struct spn_layer *layer,
                                   const struct spn_weights *weights, struct spn_err *err)
{
    enum spn_status status = take_part(&b->weight, weights, layer, ".weight", err);
    b->n_weight = (size_t)layer->n_weights;
    if (!status && layer->op == SPN_OP_CONV2D) {
        status = permute_kernels(b, err);
    }
    if (!status && layer->bias) {
        status = take_part(&b->bias, weights, layer, ".bias", err);
    }
    return status;
}

static enum spn_status bind_batchnorm(struct spn_bound_layer *b, const struct spn_layer *layer,
                                      const struct spn_weights *weights, struct spn_err *err)
{
    float *mean = NULL, *variance = NULL;
    enum spn_status status = take_part(&b->scale, weights, layer, ".weight", err);
    if (!status) {
        status = take_part(&b->offset, weights, layer, ".bias", err);
    }
    if (!status) {
        status = take_part(&mean, weights, layer, ".running_mean", err);
    }
    if (!status) {
        status = take_part(&variance, weights, layer, ".running_var", err);
    }
    const size_t channels = (size_t)layer->in_shape[0].dim[0];
    b->gain = spn_tensor_floats(channels);
    b->shift = spn_tensor_floats(channels);
    if (!status && (!b->gain || !b->shift)) {
        status = spn_err_memory(err, "batchnorm");
    }
    for (int c = 0; !status && c < (int)channels; c++) {
        b->gain[c] = b->scale[c];
        b->shift[c] = b->offset[c];
        const double a = (double)b->scale[c] / sqrt((double)variance[c] + layer->epsilon);
        b->scale[c] = (float)a;
        b->offset[c] = (float)((double)b->offset[c] - a * (double)mean[c]);
        if (!isfinite(b->scale[c]) || !isfinite(b->offset[c])) {
            status = spn_err_set(err, SPN_EINPUT, "channel %d: variance %g gives no finite scale",
                                 c, (double)variance[c]);
        }
    }
    free(mean);
    free(variance);
    return status;
}

/* [vaswani2017attention, sec. 3.5]: sin on even features, cos on odd ones. */
static void fill_sinusoids(float *table, int tokens, int features)
{
    for (int t = 0; t < tokens; t++) {
        for (int j = 0; j < features; j++) {
            const double angle = t * pow(POSITION_BASE, -(double)(j / 2 * 2) / features);
            table[(size_t)t * (size_t)features + (size_t)j] =
                (float)(j % 2 ? cos(angle) : sin(angle));
        }
    }
}

static enum spn_status bind_table(struct spn_bound_layer *b, const struct spn_layer *layer,
                                  const struct spn_weights *weights, struct spn_err *err)
{
    const struct spn_shape *in = &layer->in_shape[0];
    b->n_weight = layer->op == SPN_OP_PREPEND ? (size_t)in->dim[in->n - 1] : b->n_out;
    if (layer->op == SPN_OP_POSITION && layer->fixed) {
        b->weight = spn_tensor_floats(b->n_weight);
        if (!b->weight) {
            return spn_err_memory(err, "positions");
        }
        fill_sinusoids(b->weight, in->dim[0], in->dim[1]);
        return SPN_OK;
    }
    return take(&b->weight, weights, layer->tensor, b->n_weight, err);
}

static enum spn_status bind_parameters(struct spn_bound_layer *b, const struct spn_layer *layer,
                                       const struct spn_weights *weights, struct spn_err *err)
{
    enum spn_status status;
    switch (layer->op) {
    case SPN_OP_CONV2D:
    case SPN_OP_LINEAR:
        return bind_matrix(b, layer, weights, err);
    case SPN_OP_BATCHNORM:
        return bind_batchnorm(b, layer, weights, err);
    case SPN_OP_LAYERNORM:
    case SPN_OP_RMSNORM:
        status = take_part(&b->scale, weights, layer, ".weight", err);
        if (!status && layer->op == SPN_OP_LAYERNORM && layer->bias) {
            status = take_part(&b->offset, weights, layer, ".bias", err);
        }
        return status;
    case SPN_OP_PREPEND:
    case SPN_OP_POSITION:
        return bind_table(b, layer, weights, err);
    case SPN_OP_EMBEDDING:
        b->n_weight = (size_t)layer->n_weights;
        return take_part(&b->weight, weights, layer, ".weight", err);
    default:
        return SPN_OK;
    }
}

struct spn_window spn_bound_window(const struct spn_layer *layer)
{
    const int *in = layer->in_shape[0].dim, *out = layer->out_shape.dim;
    if (layer->op == SPN_OP_LINEAR) {
        return (struct spn_window){.channels = layer->in_shape[0].dim[layer->in_shape[0].n - 1],
                                   .height = 1,
                                   .width = 1,
                                   .out_channels = layer->channels,
                                   .out_height = 1,
                                   .out_width = 1,
                                   .kernel = {1, 1},
                                   .stride = {1, 1},
                                   .dilation = {1, 1},
                                   .groups = 1};
    }
    struct spn_window w = {.channels = in[0],
                           .height = in[1],
                           .width = in[2],
                           .out_channels = out[0],
                           .out_height = out[1],
                           .out_width = out[2],
                           .groups = layer->groups > 0 ? layer->groups : 1};
    memcpy(w.kernel, layer->kernel, sizeof w.kernel);
    memcpy(w.stride, layer->stride, sizeof w.stride);
    memcpy(w.padding, layer->padding, sizeof w.padding);
    for (int axis = 0; axis < 2; axis++) {
        w.dilation[axis] = layer->dilation[axis] > 0 ? layer->dilation[axis] : 1;
    }
    return w;
}

static bool is_image(const struct spn_bound_network *p, int node)
{
    return node == SPN_NETWORK_INPUT ? p->image_input : p->layer[node].image;
}

/* Ops that take or give images by their nature; all others hand on what they get. */
static bool wants_image(int op)
{
    return op == SPN_OP_CONV2D || op == SPN_OP_MAXPOOL2D || op == SPN_OP_AVGPOOL2D ||
           op == SPN_OP_GLOBAL_AVGPOOL || op == SPN_OP_GLOBAL_MAXPOOL ||
           op == SPN_OP_PAD_SHORTCUT || op == SPN_OP_TOKENS;
}

/* Ops along the last dimension, which in a channels-last image is not the last in memory. */
static bool refuses_image(int op)
{
    return op == SPN_OP_SOFTMAX || op == SPN_OP_LAYERNORM || op == SPN_OP_RMSNORM ||
           op == SPN_OP_SELECT || op == SPN_OP_MATMUL;
}

static enum spn_status bind_layout(struct spn_bound_network *p, int i, struct spn_err *err)
{
    const struct spn_layer *layer = &p->net->layer[i];
    const bool from = is_image(p, layer->in[0]);
    if (refuses_image(layer->op) && from) {
        return spn_err_set(err, SPN_EINPUT, "%s over an image; put tokens or flatten before it",
                           spn_op_name(layer->op));
    }
    if (wants_image(layer->op) && !from) {
        return spn_err_set(err, SPN_EINPUT, "%s needs an image, not the product of an attention",
                           spn_op_name(layer->op));
    }
    for (int k = 1; k < layer->n_in; k++) {
        if (is_image(p, layer->in[k]) != from) {
            return spn_err_set(err, SPN_EINPUT,
                               "inputs mix an image and the product of an attention");
        }
    }
    p->layer[i].image =
        layer->op == SPN_OP_RESHAPE ? layer->out_shape.n == 3 : from && layer->out_shape.n == 3;
    return SPN_OK;
}

/* Ops that may overwrite their first input. */
static bool can_replace(const struct spn_bound_network *p, int i)
{
    const struct spn_layer *layer = &p->net->layer[i];
    switch (layer->op) {
    case SPN_OP_FLATTEN:
    case SPN_OP_RESHAPE:
        return !is_image(p, layer->in[0]) && !p->layer[i].image;
    case SPN_OP_RELU:
    case SPN_OP_GELU:
    case SPN_OP_SILU:
    case SPN_OP_SIGMOID:
    case SPN_OP_TANH:
    case SPN_OP_SOFTMAX:
    case SPN_OP_LAYERNORM:
    case SPN_OP_RMSNORM:
    case SPN_OP_BATCHNORM:
    case SPN_OP_ADD:
    case SPN_OP_MUL:
    case SPN_OP_TOKENS:
    case SPN_OP_POSITION:
    case SPN_OP_ROTARY:
        return true;
    default:
        return false;
    }
}

/* Lifetimes, in-place chains, and places. Node 0 is the input, node i + 1 layer i. */
static enum spn_status place_activations(struct spn_bound_network *p, struct spn_err *err)
{
    const int n = p->n_layers + 1;
    enum spn_status status = SPN_OK;
    struct spn_span *spans = calloc((size_t)n, sizeof *spans);
    int *last = calloc((size_t)n, sizeof *last), *span = calloc((size_t)n, sizeof *span),
        n_spans = 1;
    if (!spans || !last || !span) {
        status = spn_err_memory(err, "activation plan");
        goto out;
    }
    for (int i = 0; i < p->n_layers; i++) {
        for (int k = 0; k < p->net->layer[i].n_in; k++) {
            last[p->net->layer[i].in[k] + 1] = i + 1;
        }
        last[i + 1] = i + 1;
    }
    last[p->n_layers] = n;
    spans[0] = (struct spn_span){.first = 0, .last = last[0], .size = p->n_input};
    for (int i = 0; i < p->n_layers; i++) {
        const int from = p->net->layer[i].in[0] + 1;
        p->layer[i].in_place = can_replace(p, i) && last[from] == i + 1;
        span[i + 1] = p->layer[i].in_place ? span[from] : n_spans++;
        struct spn_span *s = &spans[span[i + 1]];
        if (!p->layer[i].in_place) {
            *s = (struct spn_span){.first = i + 1, .size = p->layer[i].n_out};
        }
        s->last = last[i + 1];
    }
    status = spn_tensor_plan(spans, n_spans, &p->arena, err);
    for (int i = 0; i < p->n_layers && !status; i++) {
        p->layer[i].at = spans[span[i + 1]].at;
    }
    p->input_at = spans[0].at;
out:
    free(spans);
    free(last);
    free(span);
    return status;
}

/* What integer inference says of a layer's output; most files say nothing. */
static enum spn_status bind_codes(struct spn_bound_layer *b, const struct spn_layer *layer,
                                  const struct spn_weights *weights, struct spn_err *err)
{
    char name[128];
    float code[2];
    snprintf(name, sizeof name, "%s.out_scale_zp", layer->tensor);
    if (!weights || !spn_weights_find(weights, name)) {
        return SPN_OK;
    }
    const enum spn_status status = spn_weights_floats(weights, name, 2, code, err);
    if (status) {
        return status;
    }
    if (!(code[0] > 0.0f) || !(fabsf(code[1]) <= -(float)INT8_MIN)) {
        return spn_err_set(err, SPN_EINPUT, "tensor '%s': scale %g, zero point %g: not > 0, +-128",
                           name, (double)code[0], (double)code[1]);
    }
    b->code_scale = code[0];
    b->code_zero = code[1];
    return SPN_OK;
}

static enum spn_status bind_layer(struct spn_bound_network *p, int i,
                                  const struct spn_weights *weights, struct spn_err *err)
{
    const struct spn_layer *layer = &p->net->layer[i];
    struct spn_bound_layer *b = &p->layer[i];
    b->n_in = (size_t)spn_shape_size(&layer->in_shape[0]);
    b->n_out = (size_t)spn_shape_size(&layer->out_shape);
    b->matrix = spn_layer_is_matrix(layer) ? p->n_matrices++ : -1;
    enum spn_status status = bind_layout(p, i, err);
    if (!status && wants_image(layer->op)) {
        b->window = spn_bound_window(layer);
        const size_t scratch =
            layer->op == SPN_OP_CONV2D ? spn_layers_conv2d_scratch(&b->window) : 0;
        p->scratch = scratch > p->scratch ? scratch : p->scratch;
    }
    if (!status) {
        status = bind_parameters(b, layer, weights, err);
    }
    return status ? status : bind_codes(b, layer, weights, err);
}

enum spn_status spn_bound_create(struct spn_bound_network **bound, const struct spn_network *net,
                                 const struct spn_weights *weights, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    if (net->cache > 0)
        return spn_err_set(err, SPN_EINPUT,
                           "network '%s' has a cache of %d tokens; whole sequences are simulated",
                           net->name, net->cache);
    struct spn_bound_network *p = calloc(1, sizeof *p);
    if (!p) {
        return spn_err_memory(err, "bound");
    }
    p->net = net;
    p->n_layers = net->n_layers;
    if (p->n_layers > 1 && net->layer[p->n_layers - 1].op == SPN_OP_SOFTMAX &&
        net->layer[p->n_layers - 1].in[0] == p->n_layers - 2) {
        p->n_layers--;
    }
    p->image_input = net->input.n == 3;
    p->n_input = (size_t)spn_shape_size(&net->input);
    p->layer = calloc((size_t)(p->n_layers > 0 ? p->n_layers : 1), sizeof *p->layer);
    if (!p->layer || p->n_layers == 0) {
        status = p->layer ? spn_err_set(err, SPN_EINPUT, "network '%s' has no layers", net->name)
                          : spn_err_memory(err, "bound");
    }
    for (int i = 0; i < p->n_layers && !status; i++) {
        status = bind_layer(p, i, weights, err);
        if (status) {
            spn_err_prefix(err, "layer '%s': ", net->layer[i].name);
        }
    }
    if (!status) {
        p->n_output = p->layer[p->n_layers - 1].n_out;
        status = place_activations(p, err);
    }
    if (status) {
        spn_bound_destroy(p);
        return status;
    }
    *bound = p;
    return SPN_OK;
}

void spn_bound_destroy(struct spn_bound_network *bound)
{
    if (!bound) {
        return;
    }
    for (int i = 0; bound->layer && i < bound->n_layers; i++) {
        free(bound->layer[i].weight);
        free(bound->layer[i].bias);
        free(bound->layer[i].scale);
        free(bound->layer[i].offset);
        free(bound->layer[i].gain);
        free(bound->layer[i].shift);
    }
    free(bound->layer);
    free(bound);
}
