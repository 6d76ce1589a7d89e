/* forward.c -- run a bound network: one function per op, found through the table of ops.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A row added to SPN_OPS without its run_ function here does not compile. Each function takes n
 * images from its inputs' places to its own; a matrix layer first asks the run's hook, which is how
 * arrays take part.
 */
#include "simulator/bound.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/tensor.h"

#define PIXEL_MAX 255.0f

static float *node(const struct spn_run *run, int i)
{
    const size_t at = i == SPN_NETWORK_INPUT ? run->bound->input_at : run->bound->layer[i].at;
    return run->arena + at * (size_t)run->batch;
}

static const float *input(const struct spn_run *run, int i, int k)
{
    return node(run, run->bound->net->layer[i].in[k]);
}

/* The output's place, holding the first input. */
static float *replace(const struct spn_run *run, int i, int n)
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    float *y = node(run, i);
    if (!b->in_place) {
        memcpy(y, input(run, i, 0), (size_t)n * b->n_in * sizeof *y);
    }
    return y;
}

static int last_dim(const struct spn_shape *shape)
{
    return shape->dim[shape->n - 1];
}

/* ---- matrices ---- */

static void finish_matrix(const struct spn_run *run, int i, int n)
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    const int channels = run->bound->net->layer[i].channels;
    if (b->bias) {
        spn_layers_add_bias(node(run, i), (size_t)n * b->n_out / (size_t)channels, channels,
                            b->bias);
    }
}

static void run_CONV2D(struct spn_run *run, int i, int n)
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    if (!run->matrix || !run->matrix(run->ctx, i, input(run, i, 0), n, node(run, i))) {
        spn_layers_conv2d(&b->window, input(run, i, 0), n, b->weight, node(run, i), run->scratch);
    }
    finish_matrix(run, i, n);
}

static void run_LINEAR(struct spn_run *run, int i, int n)
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    const struct spn_layer *layer = &run->bound->net->layer[i];
    if (!run->matrix || !run->matrix(run->ctx, i, input(run, i, 0), n, node(run, i))) {
        const int n_in = last_dim(&layer->in_shape[0]);
        const struct spn_linear l = {
            .n = (int)((size_t)n * b->n_in / (size_t)n_in), .n_in = n_in, .n_out = layer->channels};
        spn_layers_linear(&l, input(run, i, 0), b->weight, node(run, i));
    }
    finish_matrix(run, i, n);
}

static void run_MATMUL(struct spn_run *run, int i, int n)
{
    const struct spn_layer *layer = &run->bound->net->layer[i];
    const struct spn_shape *a = &layer->in_shape[0], *b = &layer->in_shape[1];
    const struct spn_product p = {.heads = layer->heads,
                                  .kv_heads = layer->kv_heads,
                                  .tokens = layer->transpose_b ? a->dim[0] : a->dim[a->n - 2],
                                  .others = b->dim[0],
                                  .depth = b->dim[1] / layer->kv_heads,
                                  .transpose_b = layer->transpose_b,
                                  .scale = (float)layer->scale};
    const size_t n_a = (size_t)spn_shape_size(a), n_b = (size_t)spn_shape_size(b);
    for (int k = 0; k < n; k++) {
        spn_layers_matmul(&p, input(run, i, 0) + (size_t)k * n_a,
                          input(run, i, 1) + (size_t)k * n_b,
                          node(run, i) + (size_t)k * run->bound->layer[i].n_out);
    }
}

/* ---- element by element ---- */

static void run_RELU(struct spn_run *run, int i, int n)
{
    spn_layers_relu(replace(run, i, n), (size_t)n * run->bound->layer[i].n_out);
}

static void run_GELU(struct spn_run *run, int i, int n)
{
    spn_layers_gelu(replace(run, i, n), (size_t)n * run->bound->layer[i].n_out);
}

static void run_SILU(struct spn_run *run, int i, int n)
{
    spn_layers_silu(replace(run, i, n), (size_t)n * run->bound->layer[i].n_out);
}

static void run_SIGMOID(struct spn_run *run, int i, int n)
{
    spn_layers_sigmoid(replace(run, i, n), (size_t)n * run->bound->layer[i].n_out);
}

static void run_TANH(struct spn_run *run, int i, int n)
{
    spn_layers_tanh(replace(run, i, n), (size_t)n * run->bound->layer[i].n_out);
}

static void run_ADD(struct spn_run *run, int i, int n)
{
    float *y = replace(run, i, n);
    for (int k = 1; k < run->bound->net->layer[i].n_in; k++) {
        spn_layers_add(y, input(run, i, k), (size_t)n * run->bound->layer[i].n_out);
    }
}

static void run_MUL(struct spn_run *run, int i, int n)
{
    float *y = replace(run, i, n);
    for (int k = 1; k < run->bound->net->layer[i].n_in; k++) {
        spn_layers_mul(y, input(run, i, k), (size_t)n * run->bound->layer[i].n_out);
    }
}

/* ---- normalisation ---- */

static void run_SOFTMAX(struct spn_run *run, int i, int n)
{
    const struct spn_layer *layer = &run->bound->net->layer[i];
    const int columns = last_dim(&layer->out_shape);
    const int queries = layer->causal ? layer->out_shape.dim[layer->out_shape.n - 2] : 0;
    spn_layers_softmax(replace(run, i, n), (size_t)n * run->bound->layer[i].n_out / (size_t)columns,
                       columns, queries);
}

static struct spn_norm norm_of(const struct spn_run *run, int i)
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    const struct spn_layer *layer = &run->bound->net->layer[i];
    return (struct spn_norm){.gain = b->scale,
                             .offset = b->offset,
                             .epsilon = layer->epsilon,
                             .features = last_dim(&layer->out_shape)};
}

static void run_LAYERNORM(struct spn_run *run, int i, int n)
{
    const struct spn_norm norm = norm_of(run, i);
    spn_layers_layernorm(&norm, replace(run, i, n),
                         (size_t)n * run->bound->layer[i].n_out / (size_t)norm.features);
}

static void run_RMSNORM(struct spn_run *run, int i, int n)
{
    const struct spn_norm norm = norm_of(run, i);
    spn_layers_rmsnorm(&norm, replace(run, i, n),
                       (size_t)n * run->bound->layer[i].n_out / (size_t)norm.features);
}

static void run_BATCHNORM(struct spn_run *run, int i, int n)
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    const int channels = run->bound->net->layer[i].in_shape[0].dim[0];
    if (run->norm) {
        run->norm(run->norm_ctx, i, input(run, i, 0), (size_t)n * b->n_out / (size_t)channels);
    }
    spn_layers_scale_offset(replace(run, i, n), (size_t)n * b->n_out / (size_t)channels, channels,
                            b->scale, b->offset);
}

/* ---- pools ---- */

static void pool(struct spn_run *run, int i, int n,
                 void (*body)(const struct spn_window *, const float *, float *))
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    for (int k = 0; k < n; k++) {
        body(&b->window, input(run, i, 0) + (size_t)k * b->n_in,
             node(run, i) + (size_t)k * b->n_out);
    }
}

static void run_MAXPOOL2D(struct spn_run *run, int i, int n)
{
    pool(run, i, n, spn_layers_maxpool);
}

static void run_AVGPOOL2D(struct spn_run *run, int i, int n)
{
    pool(run, i, n, spn_layers_avgpool);
}

static void run_PAD_SHORTCUT(struct spn_run *run, int i, int n)
{
    pool(run, i, n, spn_layers_pad_shortcut);
}

static void run_GLOBAL_AVGPOOL(struct spn_run *run, int i, int n)
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    const int positions = (int)(b->n_in / b->n_out);
    for (int k = 0; k < n; k++) {
        spn_layers_global_avgpool(input(run, i, 0) + (size_t)k * b->n_in, positions, (int)b->n_out,
                                  node(run, i) + (size_t)k * b->n_out);
    }
}

static void run_GLOBAL_MAXPOOL(struct spn_run *run, int i, int n)
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    const int positions = (int)(b->n_in / b->n_out);
    for (int k = 0; k < n; k++) {
        spn_layers_global_maxpool(input(run, i, 0) + (size_t)k * b->n_in, positions, (int)b->n_out,
                                  node(run, i) + (size_t)k * b->n_out);
    }
}

/* ---- arrangement ---- */

static void run_CONCAT(struct spn_run *run, int i, int n)
{
    const struct spn_bound_network *p = run->bound;
    const struct spn_layer *layer = &p->net->layer[i];
    const bool image = p->layer[i].image;
    const size_t positions =
        image ? (size_t)layer->out_shape.dim[1] * (size_t)layer->out_shape.dim[2] : 1;
    const size_t stride = p->layer[i].n_out / positions;
    size_t before = 0;
    for (int k = 0; k < layer->n_in; k++) {
        const int from = layer->in[k];
        const size_t run_length =
            (from == SPN_NETWORK_INPUT ? p->n_input : p->layer[from].n_out) / positions;
        for (size_t r = 0; r < (size_t)n * positions; r++) {
            memcpy(node(run, i) + r * stride + before, input(run, i, k) + r * run_length,
                   run_length * sizeof(float));
        }
        before += run_length;
    }
}

/* Element e of [C][H][W] order, in an image's memory. */
static size_t element_at(const struct spn_shape *shape, bool image, size_t e)
{
    if (!image) {
        return e;
    }
    const size_t positions = (size_t)shape->dim[1] * (size_t)shape->dim[2];
    return e % positions * (size_t)shape->dim[0] + e / positions;
}

static void run_RESHAPE(struct spn_run *run, int i, int n)
{
    const struct spn_bound_network *p = run->bound;
    const struct spn_layer *layer = &p->net->layer[i];
    const bool from =
        layer->in[0] == SPN_NETWORK_INPUT ? p->image_input : p->layer[layer->in[0]].image;
    if (!from && !p->layer[i].image) {
        replace(run, i, n);
        return;
    }
    const size_t size = p->layer[i].n_out;
    for (int k = 0; k < n; k++) {
        const float *x = input(run, i, 0) + (size_t)k * size;
        float *y = node(run, i) + (size_t)k * size;
        for (size_t e = 0; e < size; e++) {
            y[element_at(&layer->out_shape, p->layer[i].image, e)] =
                x[element_at(&layer->in_shape[0], from, e)];
        }
    }
}

static void run_FLATTEN(struct spn_run *run, int i, int n)
{
    run_RESHAPE(run, i, n);
}

static void run_TOKENS(struct spn_run *run, int i, int n)
{
    replace(run, i, n); /* a channels-last image is its tokens */
}

static void run_PREPEND(struct spn_run *run, int i, int n)
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    for (int k = 0; k < n; k++) {
        float *y = node(run, i) + (size_t)k * b->n_out;
        memcpy(y, b->weight, b->n_weight * sizeof *y);
        memcpy(y + b->n_weight, input(run, i, 0) + (size_t)k * b->n_in, b->n_in * sizeof *y);
    }
}

static void run_POSITION(struct spn_run *run, int i, int n)
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    float *y = replace(run, i, n);
    for (int k = 0; k < n; k++) {
        spn_layers_add(y + (size_t)k * b->n_out, b->weight, b->n_out);
    }
}

static void run_ROTARY(struct spn_run *run, int i, int n)
{
    const struct spn_layer *layer = &run->bound->net->layer[i];
    const struct spn_rotary r = {.tokens = layer->out_shape.dim[0],
                                 .heads = layer->heads,
                                 .features = layer->out_shape.dim[1] / layer->heads,
                                 .theta = layer->theta};
    float *y = replace(run, i, n);
    for (int k = 0; k < n; k++) {
        spn_layers_rotary(&r, y + (size_t)k * run->bound->layer[i].n_out);
    }
}

static void run_SELECT(struct spn_run *run, int i, int n)
{
    const struct spn_bound_layer *b = &run->bound->layer[i];
    const size_t at = (size_t)run->bound->net->layer[i].index * b->n_out;
    for (int k = 0; k < n; k++) {
        memcpy(node(run, i) + (size_t)k * b->n_out, input(run, i, 0) + (size_t)k * b->n_in + at,
               b->n_out * sizeof(float));
    }
}

static void run_EMBEDDING(struct spn_run *run, int i, int n)
{
    const struct spn_layer *layer = &run->bound->net->layer[i];
    const float *token = input(run, i, 0), scale = (float)layer->scale;
    float *y = node(run, i);
    for (size_t t = 0; t < (size_t)n * run->bound->layer[i].n_in; t++) {
        const float clipped = token[t] > 0.0f ? token[t] : 0.0f;
        const int row = clipped < (float)layer->vocabulary ? (int)clipped : layer->vocabulary - 1;
        const float *vector = run->bound->layer[i].weight + (size_t)row * (size_t)layer->channels;
        for (int c = 0; c < layer->channels; c++) {
            *y++ = scale * vector[c];
        }
    }
}

static void run_ATTENTION(struct spn_run *run, int i, int n)
{
    replace(run, i, n); /* a macro: never in a loaded network */
}

static void (*const run_op[SPN_N_OPS])(struct spn_run *run, int i, int n) = {
#define X(id, name, doc) run_##id,
    SPN_OPS(X)
#undef X
};

/* ---- workspace ---- */

enum spn_status spn_run_init(struct spn_run *run, const struct spn_bound_network *bound, int batch,
                             struct spn_err *err)
{
    float *arena = spn_tensor_floats(bound->arena * (size_t)batch),
          *scratch = spn_tensor_floats(bound->scratch);
    if (!arena || !scratch) {
        free(arena);
        free(scratch);
        return spn_err_memory(err, "activations");
    }
    *run = (struct spn_run){.bound = bound, .batch = batch, .arena = arena, .scratch = scratch};
    return SPN_OK;
}

void spn_run_clear(struct spn_run *run)
{
    free(run->arena);
    free(run->scratch);
    *run = (struct spn_run){0};
}

void spn_run_set_bytes(struct spn_run *run, const uint8_t *pixels, int n)
{
    const struct spn_bound_network *p = run->bound;
    const int channels = p->image_input ? p->net->input.dim[0] : 1;
    const size_t positions = p->n_input / (size_t)channels;
    float *x = node(run, SPN_NETWORK_INPUT);
    for (int k = 0; k < n; k++, x += p->n_input) {
        for (int c = 0; c < channels; c++) {
            const float mean = c < p->net->n_mean ? (float)p->net->input_mean[c] : 0.0f;
            const float share = c < p->net->n_std ? 1.0f / (float)p->net->input_std[c] : 1.0f;
            for (size_t e = 0; e < positions; e++) {
                x[e * (size_t)channels + (size_t)c] = ((float)*pixels++ / PIXEL_MAX - mean) * share;
            }
        }
    }
}

void spn_run_set_tokens(struct spn_run *run, const int16_t *tokens, int stride, int n)
{
    const size_t n_input = run->bound->n_input;
    float *x = node(run, SPN_NETWORK_INPUT);
    for (int k = 0; k < n; k++) {
        for (size_t t = 0; t < n_input; t++) {
            const int token = tokens[(size_t)k * (size_t)stride + t];
            x[(size_t)k * n_input + t] = (float)(token > 0 ? token : 0);
        }
    }
}

void spn_run_set_data(struct spn_run *run, const struct spn_dataset *data, int first, int n)
{
    if (data->n_tokens > 0) {
        spn_run_set_tokens(run, data->token + (size_t)first * (size_t)data->n_tokens,
                           data->n_tokens, n);
    } else {
        spn_run_set_bytes(run, data->image + (size_t)first * run->bound->n_input, n);
    }
}

void spn_run_set_floats(struct spn_run *run, const float *values, int n)
{
    const struct spn_bound_network *p = run->bound;
    float *x = node(run, SPN_NETWORK_INPUT);
    for (int k = 0; k < n; k++, x += p->n_input, values += p->n_input) {
        for (size_t e = 0; e < p->n_input; e++) {
            x[element_at(&p->net->input, p->image_input, e)] = values[e];
        }
    }
}

/* y = s (q - z), q = clamp(floor(y / s + 1/2) + z, -128, 127). [M:S31] */
static void hold_codes(const struct spn_bound_layer *b, float *y, size_t n)
{
    const float low = (float)INT8_MIN - b->code_zero, high = (float)INT8_MAX - b->code_zero;
    for (size_t i = 0; i < n; i++) {
        const float code = floorf(y[i] / b->code_scale + 0.5f);
        y[i] = b->code_scale * (code < low ? low : code > high ? high : code);
    }
}

void spn_run_forward(struct spn_run *run, int n)
{
    for (int i = 0; i < run->bound->n_layers; i++) {
        const struct spn_bound_layer *b = &run->bound->layer[i];
        run_op[run->bound->net->layer[i].op](run, i, n);
        if (b->code_scale > 0.0f) {
            hold_codes(b, node(run, i), (size_t)n * b->n_out);
        }
    }
}

const float *spn_run_output(const struct spn_run *run)
{
    return node(run, run->bound->n_layers - 1);
}
