/* train_create.c -- allocate and initialise a network to be trained.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Weights start from a normal distribution of variance 2/fan-in [he2015rectifiers, eq. 10], biases
 * and offsets at 0, gains at 1; or from a weight file.
 */
#include "simulator/train_net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "base/rng.h"
#include "simulator/bound.h"
#include "simulator/tensor.h"
#include "simulator/train_hardware.h"

static float *zeros(size_t n)
{
    float *values = spn_tensor_floats(n);
    if (values) {
        memset(values, 0, n * sizeof *values);
    }
    return values;
}

static bool param_init(struct spn_param *p, size_t n, const struct spn_train_net *net, bool view)
{
    p->n = n;
    p->value = zeros(n);
    p->grad = zeros(n);
    p->first = zeros(n);
    p->second = net->adam ? zeros(n) : NULL;
    p->seen = view ? zeros(n) : p->value;
    return p->value && p->grad && p->first && p->seen && (p->second || !net->adam);
}

static void param_clear(struct spn_param *p)
{
    if (p->seen != p->value) {
        free(p->seen);
    }
    free(p->value);
    free(p->grad);
    free(p->first);
    free(p->second);
    free(p->mask);
    free(p->written);
    free(p->writes);
}

/* ---- values ---- */

static enum spn_status read_part(float *out, const struct spn_layer *layer, const char *part,
                                 size_t n, const struct spn_weights *start, struct spn_err *err)
{
    char name[128];
    snprintf(name, sizeof name, "%s%s", layer->tensor, part);
    return spn_weights_floats(start, name, (int64_t)n, out, err);
}

/* [out][in][kh][kw] of a file to [out][kh][kw][in]. */
static enum spn_status read_kernels(struct spn_train_layer *l, const struct spn_layer *layer,
                                    const struct spn_weights *start, struct spn_err *err)
{
    const int positions = l->window.kernel[0] * l->window.kernel[1],
              depth = l->window.channels / l->window.groups;
    const size_t one = (size_t)positions * (size_t)depth;
    const enum spn_status status =
        read_part(l->weight.grad, layer, ".weight", l->weight.n, start, err);
    for (size_t k = 0; !status && k < l->weight.n / one; k++) {
        spn_layers_from_planes(l->weight.grad + k * one, depth, positions,
                               l->weight.value + k * one);
    }
    return status;
}

static enum spn_status read_start(struct spn_train_layer *l, const struct spn_layer *layer,
                                  const struct spn_weights *start, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    if (spn_layer_is_matrix(layer)) {
        status = read_kernels(l, layer, start, err);
        if (!status && layer->bias) {
            status = read_part(l->bias.value, layer, ".bias", l->bias.n, start, err);
        }
    } else if (layer->op == SPN_OP_BATCHNORM) {
        const char *const parts[] = {".weight", ".bias", ".running_mean", ".running_var"};
        float *const to[] = {l->weight.value, l->bias.value, l->running_mean, l->running_var};
        for (int k = 0; k < 4 && !status; k++) {
            status = read_part(to[k], layer, parts[k], l->weight.n, start, err);
        }
    }
    return status;
}

static void random_start(struct spn_train_layer *l, const struct spn_layer *layer, uint64_t seed,
                         int i)
{
    if (spn_layer_is_matrix(layer)) {
        struct spn_rng rng = spn_rng_init(seed, SPN_TRAIN_STREAM_INIT, (uint32_t)i);
        const float sd = (float)sqrt(2.0 / spn_window_rows(&l->window));
        spn_rng_normals(&rng, l->weight.value, l->weight.n);
        for (size_t k = 0; k < l->weight.n; k++) {
            l->weight.value[k] *= sd;
        }
    } else if (layer->op == SPN_OP_BATCHNORM) {
        for (int c = 0; c < l->channels; c++) {
            l->weight.value[c] = l->running_var[c] = 1.0f;
        }
    }
}

/* ---- layers ---- */

static enum spn_status check_layer(const struct spn_layer *layer, struct spn_err *err)
{
    if (!spn_train_can(layer->op)) {
        return spn_err_set(err, SPN_EINPUT, "%s cannot be trained", spn_op_name(layer->op));
    }
    if (layer->op == SPN_OP_LINEAR && layer->in_shape[0].n != 1) {
        return spn_err_set(err, SPN_EINPUT, "linear over tokens cannot be trained");
    }
    if (layer->shares >= 0) {
        return spn_err_set(err, SPN_EINPUT, "shared tensors cannot be trained");
    }
    return SPN_OK;
}

static int consumers(const struct spn_train_net *net, int node)
{
    int n = 0;
    for (int i = 0; i < net->n_layers; i++) {
        for (int k = 0; k < net->net->layer[i].n_in; k++) {
            n += net->net->layer[i].in[k] == node;
        }
    }
    return n;
}

/* A ReLU may overwrite what nobody else reads, except a maximum, which is looked up again on the
 * way back. */
static bool may_replace(const struct spn_train_net *net, int i)
{
    const struct spn_layer *layer = &net->net->layer[i];
    const int from = layer->in[0];
    return layer->op == SPN_OP_RELU && from != SPN_NETWORK_INPUT &&
           net->net->layer[from].op != SPN_OP_MAXPOOL2D && consumers(net, from) == 1;
}

static bool allocate_parameters(struct spn_train_net *net, struct spn_train_layer *l,
                                const struct spn_layer *layer, bool view)
{
    bool ok = true;
    if (spn_layer_is_matrix(layer)) {
        ok = param_init(&l->weight, (size_t)layer->n_weights, net, view);
        l->weight.mask = malloc(l->weight.n + 1);
        ok = ok && l->weight.mask &&
             (!layer->bias || param_init(&l->bias, (size_t)layer->channels, net, false));
        if (ok && net->hardware && net->hardware->tuned_layers > 0 &&
            l - net->layer >= net->first_trained) {
            l->weight.written = calloc(l->weight.n, sizeof(float));
            l->weight.writes = calloc(l->weight.n, sizeof(uint32_t));
            ok = l->weight.written && l->weight.writes;
        }
        if (ok) {
            memset(l->weight.mask, 1, l->weight.n);
        }
        if (net->activation_bits > 0) {
            l->coded = spn_tensor_floats(l->n_in * (size_t)net->batch);
            ok = ok && l->coded;
        }
    } else if (layer->op == SPN_OP_BATCHNORM) {
        const size_t n = (size_t)l->channels;
        ok = param_init(&l->weight, n, net, false) && param_init(&l->bias, n, net, false);
        l->running_mean = zeros(n);
        l->running_var = zeros(n);
        l->mean = zeros(n);
        l->inv_sd = zeros(n);
        ok = ok && l->running_mean && l->running_var && l->mean && l->inv_sd;
    }
    return ok;
}

static enum spn_status layer_init(struct spn_train_net *net, int i,
                                  const struct spn_train_net_config *config, struct spn_err *err)
{
    const struct spn_layer *layer = &net->net->layer[i];
    struct spn_train_layer *l = &net->layer[i];
    enum spn_status status = check_layer(layer, err);
    if (status) {
        return status;
    }
    l->n_in = (size_t)spn_shape_size(&layer->in_shape[0]);
    l->n_out = (size_t)spn_shape_size(&layer->out_shape);
    l->channels = layer->out_shape.dim[0];
    if (layer->in_shape[0].n == 3 || layer->op == SPN_OP_LINEAR) {
        l->window = spn_bound_window(layer);
    }
    l->in_place = may_replace(net, i);
    l->y =
        l->in_place ? net->layer[layer->in[0]].y : spn_tensor_floats(l->n_out * (size_t)net->batch);
    l->dy = l->in_place ? net->layer[layer->in[0]].dy
                        : spn_tensor_floats(l->n_out * (size_t)net->batch);
    if (!l->y || !l->dy || !allocate_parameters(net, l, layer, config->separate_view)) {
        return spn_err_memory(err, "training");
    }
    if (config->start) {
        return read_start(l, layer, config->start, err);
    }
    random_start(l, layer, config->seed, i);
    return SPN_OK;
}

/* What all layers share: input, patches, scratch of each thread, sums. */
static enum spn_status shared_init(struct spn_train_net *net, struct spn_err *err)
{
    size_t scratch = 1, channels = 1, converter = 1;
    for (int i = 0; i < net->n_layers; i++) {
        const struct spn_train_layer *l = &net->layer[i];
        channels = (size_t)l->channels > channels ? (size_t)l->channels : channels;
        if (!spn_layer_is_matrix(&net->net->layer[i])) {
            continue;
        }
        const size_t conv = spn_layers_conv2d_scratch(&l->window),
                     columns = spn_train_matrix_columns(&l->window, net->batch);
        const size_t adc = spn_train_hardware_scratch(&l->window);
        converter = adc > converter ? adc : converter;
        scratch = conv > scratch ? conv : scratch;
        net->n_columns = columns > net->n_columns ? columns : net->n_columns;
    }
    net->x = spn_tensor_floats(net->n_input * (size_t)net->batch);
    net->columns = spn_tensor_floats(net->n_columns);
    net->sums = malloc(channels * 2 * SPN_TRAIN_SUM_PARTS * sizeof(*net->sums));
    net->scratch = calloc((size_t)net->n_threads, sizeof(*net->scratch));
    bool ok = net->x && net->columns && net->sums && net->scratch;
    for (int t = 0; t < net->n_threads && ok; t++) {
        net->scratch[t] = spn_tensor_floats(scratch);
        ok = net->scratch[t] != NULL;
    }
    if (ok && net->hardware && net->hardware->adc_bits > 0) {
        net->item_top = malloc((size_t)net->batch * sizeof(*net->item_top));
        net->adc_scratch = calloc((size_t)net->n_threads, sizeof(*net->adc_scratch));
        ok = net->item_top && net->adc_scratch;
        for (int t = 0; t < net->n_threads && ok; t++) {
            net->adc_scratch[t] = spn_tensor_floats(converter);
            ok = net->adc_scratch[t] != NULL;
        }
    }
    return ok ? SPN_OK : spn_err_memory(err, "training");
}

enum spn_status spn_train_net_create(struct spn_train_net **out,
                                     const struct spn_train_net_config *config, struct spn_err *err)
{
    const struct spn_network *source = config->net;
    struct spn_train_net *net = calloc(1, sizeof *net);
    if (!net) {
        return spn_err_memory(err, "training");
    }
    *net = (struct spn_train_net){.net = source,
                                  .n_layers = source->n_layers,
                                  .batch = config->batch,
                                  .n_threads = spn_parallel_threads(config->n_threads),
                                  .adam = config->adam,
                                  .activation_bits = config->activation_bits,
                                  .hardware = config->hardware,
                                  .n_input = (size_t)spn_shape_size(&source->input)};
    if (net->n_layers > 1 && source->layer[net->n_layers - 1].op == SPN_OP_SOFTMAX) {
        net->n_layers--;
    }
    net->first_trained = spn_train_hardware_first(config->hardware, source, net->n_layers);
    net->layer = calloc((size_t)(net->n_layers > 0 ? net->n_layers : 1), sizeof(*net->layer));
    enum spn_status status = net->layer ? SPN_OK : spn_err_memory(err, "training");
    for (int i = 0; i < net->n_layers && !status; i++) {
        status = layer_init(net, i, config, err);
        if (status) {
            spn_err_prefix(err, "layer '%s': ", source->layer[i].name);
        }
    }
    if (!status) {
        status = shared_init(net, err);
    }
    if (status) {
        spn_train_net_destroy(net);
        return status;
    }
    *out = net;
    return SPN_OK;
}

void spn_train_net_destroy(struct spn_train_net *net)
{
    if (!net) {
        return;
    }
    for (int i = 0; net->layer && i < net->n_layers; i++) {
        struct spn_train_layer *l = &net->layer[i];
        param_clear(&l->weight);
        param_clear(&l->bias);
        if (!l->in_place) {
            free(l->y);
            free(l->dy);
        }
        free(l->coded);
        free(l->running_mean);
        free(l->running_var);
        free(l->mean);
        free(l->inv_sd);
    }
    for (int t = 0; net->scratch && t < net->n_threads; t++) {
        free(net->scratch[t]);
    }
    for (int t = 0; net->adc_scratch && t < net->n_threads; t++) {
        free(net->adc_scratch[t]);
    }
    free(net->adc_scratch);
    free(net->item_top);
    free(net->scratch);
    free(net->layer);
    free(net->x);
    free(net->columns);
    free(net->sums);
    free(net);
}
