/* network.c -- network files: preprocessing, weights, sparsity and overrides around the list of
 * layers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The layers themselves: layer_list.c (JSON), attention.c (the macro), builder.c (the graph), ops.c
 * (shapes and counts).
 */
#include "networks/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "networks/builder.h"
#include "networks/layer_list.h"

enum { MAX_SEQUENCE = 1 << 20, MAX_CHANNELS = 4 };

/* The file without its layers. */
struct head {
    char name[64], dataset[64], tensor_prefix[64];
    char weights[SPN_MAX_PATH], dense_weights[SPN_MAX_PATH];
    int sequence, cache;
    double mean[MAX_CHANNELS], std[MAX_CHANNELS];
    int n_mean, n_std;
};

static const struct spn_field preprocess_fields[] = {
    SPN_F_DOUBLES(struct head, mean, n_mean, "", -1e6, 1e6, "subtracted from x/255, per channel"),
    SPN_F_DOUBLES(struct head, std, n_std, "", 1e-6, 1e6, "then divided by, per channel"),
    SPN_F_END};

static const struct spn_field input_fields[] = {
    SPN_F_ANY("shape", "[C, H, W], [T, D] or [N]; \"sequence\" stands for the sequence length"),
    SPN_F_END};

static const struct spn_field head_fields[] = {
    SPN_F_STRING(struct head, name, "what reports call it"),
    SPN_F_STRING(struct head, dataset, "data set that its accuracy is stated on"),
    SPN_F_STRING(struct head, weights, "weight file, relative to this file"),
    SPN_F_STRING(struct head, dense_weights,
                 "weight file of the unpruned network, relative to this file"),
    SPN_F_STRING(struct head, tensor_prefix, "before every tensor name"),
    SPN_F_INT(struct head, sequence, "", 1, MAX_SEQUENCE, "default sequence length"),
    SPN_F_INT(struct head, cache, "", 0, MAX_SEQUENCE,
              "earlier tokens whose keys and values causal attention keeps"),
    SPN_F_ANY("input", "{\"shape\": [...]}"),
    SPN_F_ANY("preprocess", "{\"mean\": [...], \"std\": [...]}"),
    SPN_F_ANY("sparsity",
              "share of zero weights: a number, or {\"default\": ..., \"<layer>\": ...}"),
    SPN_F_ANY("layers", "list of layers"),
    SPN_F_END};

/* Everything that reading a file takes. */
struct source {
    const struct spn_json *doc;
    const char *name; /* of the file */
    const struct spn_network_override *overrides;
    size_t n_overrides;
};

/* ---- queries ---- */

int64_t spn_shape_size(const struct spn_shape *shape)
{
    int64_t n = 1;
    for (int i = 0; i < shape->n; i++)
        if (__builtin_mul_overflow(n, (int64_t)shape->dim[i], &n))
            return INT64_MAX;
    return n;
}

int spn_network_find(const struct spn_network *net, const char *layer_name)
{
    for (int i = 0; i < net->n_layers; i++)
        if (strcmp(net->layer[i].name, layer_name) == 0)
            return i;
    return -2;
}

bool spn_layer_is_matrix(const struct spn_layer *layer)
{
    return layer->op == SPN_OP_CONV2D || layer->op == SPN_OP_LINEAR;
}

static int64_t ceil_div(int64_t a, int64_t b) /* b > 0 */
{
    return b == 1 ? a : a >= 0 ? (a + b - 1) / b : -(-a / b);
}

static int64_t clip(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

struct spn_window_count spn_layer_windows(const struct spn_layer *layer, int axis)
{
    struct spn_window_count count = {1, 1};
    if (layer->op != SPN_OP_CONV2D)
        return count;
    const int64_t n_in = layer->in_shape[0].dim[1 + axis], n_out = layer->out_shape.dim[1 + axis];
    const int64_t k = layer->kernel[axis], s = layer->stride[axis], d = layer->dilation[axis],
                  p = layer->padding[axis];
    count.taps = 0;
    for (int64_t j = 0; j < k; j++) { /* 0 <= o s + j d - p < n_in */
        int64_t low = clip(ceil_div(p - j * d, s), 0, n_out),
                high = clip(ceil_div(n_in + p - j * d, s), 0, n_out);
        count.taps += high > low ? high - low : 0;
    }
    /* Windows that overlap or touch leave no gaps; apart, each input belongs to one. */
    if (d == 1 && s <= k)
        count.used = clip((n_out - 1) * s + k - p, 0, n_in);
    else if (d == 1)
        count.used = count.taps;
    else
        count.used = count.taps < n_in ? count.taps : n_in; /* at most */
    return count;
}

struct spn_matrix_shape spn_layer_matrix(const struct spn_layer *layer)
{
    const struct spn_shape *in = &layer->in_shape[0], *out = &layer->out_shape;
    struct spn_matrix_shape m = {0};
    if (!spn_layer_is_matrix(layer))
        return m;
    bool conv = layer->op == SPN_OP_CONV2D;
    m.groups = conv ? layer->groups : 1;
    m.kernel_positions = conv ? layer->kernel[0] * layer->kernel[1] : 1;
    m.rows = conv ? m.kernel_positions * (in->dim[0] / m.groups) : in->dim[in->n - 1];
    m.columns = layer->channels / m.groups;
    m.vectors = conv ? (int64_t)out->dim[1] * out->dim[2] : in->n == 2 ? in->dim[0] : 1;
    return m;
}

struct spn_network_totals spn_network_totals(const struct spn_network *net)
{
    struct spn_network_totals sum = {0};
    for (int i = 0; i < net->n_layers; i++) {
        const struct spn_layer *layer = &net->layer[i];
        sum.n_weights += layer->shares < 0 ? layer->n_weights : 0;
        sum.n_other += layer->shares < 0 ? layer->n_other : 0;
        sum.n_macs += layer->n_macs;
        sum.n_dynamic_macs += layer->n_dynamic_macs;
    }
    return sum;
}

/* ---- overrides ---- */

static const char *const settings[] = {"sparsity", "sequence", "cache", NULL};

static const char *setting_name(const void *ctx, size_t i)
{
    return ((const char *const *)ctx)[i];
}

static const char *layer_name(const void *ctx, size_t i)
{
    const struct spn_network *net = ctx;
    return i < (size_t)net->n_layers ? net->layer[i].name : NULL;
}

static bool is_sequence(const struct spn_network_override *o)
{
    return strcmp(o->path, "sequence") == 0 || strcmp(o->path, "cache") == 0;
}

/* Before the layers are read: paths, and the sequence length. */
static enum spn_status apply_sequence(const struct source *src, struct head *head,
                                      struct spn_err *err)
{
    for (size_t i = 0; i < src->n_overrides; i++) {
        const struct spn_network_override *o = &src->overrides[i];
        int64_t value;
        if (strcmp(o->path, "sparsity") == 0 || strncmp(o->path, "sparsity.", 9) == 0)
            continue;
        if (!is_sequence(o)) {
            const char *near = spn_text_nearest(o->path, setting_name, settings);
            return spn_err_set(
                err, SPN_EUSAGE,
                "no network setting \"%.64s\"%s%s%s (sparsity, sparsity.<layer>, sequence, cache)",
                o->path, near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        }
        if (!head->sequence)
            return spn_err_set(err, SPN_EUSAGE, "network %s has no sequence length to set",
                               head->name);
        bool cache = o->path[0] == 'c';
        if (!spn_text_to_int64(o->value, &value) || value < !cache || value > MAX_SEQUENCE)
            return spn_err_set(err, SPN_EUSAGE,
                               "%.8s = \"%.40s\" is not a whole number within [%d, %d]", o->path,
                               o->value, !cache, MAX_SEQUENCE);
        *(cache ? &head->cache : &head->sequence) = (int)value;
    }
    return SPN_OK;
}

static void set_all_sparsities(struct spn_network *net, double value)
{
    for (int i = 0; i < net->n_layers; i++)
        if (spn_layer_is_matrix(&net->layer[i]))
            net->layer[i].sparsity = value;
}

static enum spn_status apply_sparsity(const struct source *src, struct spn_network *net,
                                      const struct spn_builder *builder, struct spn_err *err)
{
    for (size_t i = 0; i < src->n_overrides; i++) {
        const struct spn_network_override *o = &src->overrides[i];
        double value;
        if (is_sequence(o))
            continue;
        if (!spn_text_to_double(o->value, &value) || !(value >= 0 && value < 1))
            return spn_err_set(err, SPN_EUSAGE, "%.80s = \"%.40s\" is not a number within [0, 1)",
                               o->path, o->value);
        if (strcmp(o->path, "sparsity") == 0) {
            set_all_sparsities(net, value);
            continue;
        }
        const char *name = o->path + strlen("sparsity.");
        int layer = spn_builder_find(builder, name);
        if (layer < 0) {
            const char *near = spn_text_nearest(name, layer_name, net);
            return spn_err_set(
                err, SPN_EUSAGE, "sparsity.%.64s: network %s has no such layer%s%s%s", name,
                net->name, near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        }
        if (!spn_layer_is_matrix(&net->layer[layer]))
            return spn_err_set(err, SPN_EUSAGE, "sparsity.%.64s: a %s has no weights in arrays",
                               name, spn_op_name(net->layer[layer].op));
        net->layer[layer].sparsity = value;
    }
    return SPN_OK;
}

/* ---- reading ---- */

static enum spn_status read_share(const struct spn_json_at *at, double *out, struct spn_err *err)
{
    double value;
    if (!spn_json_number(at, &value))
        return spn_json_fail(at, err, "must be a number");
    if (!(value >= 0 && value < 1))
        return spn_json_fail(at, err, "%.9g is outside [0, 1)", value);
    *out = value;
    return SPN_OK;
}

static enum spn_status read_sparsity(const struct spn_json_at *at, struct spn_network *net,
                                     const struct spn_builder *builder, struct spn_err *err)
{
    double value;
    struct spn_json_at all = spn_json_get(at, SPN_NAME_DEFAULT);
    bool object = spn_json_is_object(at) && !spn_json_get(at, "value").item;
    enum spn_status status = SPN_OK;
    if (!object || all.item)
        status = read_share(object ? &all : at, &value, err);
    if (!status && (!object || all.item))
        set_all_sparsities(net, value);
    for (size_t i = 0; object && !status && i < spn_json_size(at); i++) {
        struct spn_json_at item = spn_json_item(at, i);
        const char *key = spn_json_key(&item);
        if (strcmp(key, SPN_NAME_DEFAULT) == 0 || strcmp(key, "source") == 0 ||
            strcmp(key, "notes") == 0 || strcmp(key, "assumed") == 0)
            continue;
        int layer = spn_builder_find(builder, key);
        if (layer < 0) {
            const char *near = spn_text_nearest(key, layer_name, net);
            return spn_json_fail(&item, err, "no such layer%s%s%s", near ? ": did you mean \"" : "",
                                 near ? near : "", near ? "\"?" : "");
        }
        if (!spn_layer_is_matrix(&net->layer[layer]))
            return spn_json_fail(&item, err, "a %s has no weights in arrays",
                                 spn_op_name(net->layer[layer].op));
        status = read_share(&item, &net->layer[layer].sparsity, err);
    }
    return status;
}

static enum spn_status read_head(const struct spn_json_at *root, struct head *head,
                                 struct spn_err *err)
{
    enum spn_status status = spn_json_read(*root, head_fields, head, err);
    if (status)
        return status;
    static const char *const needed[] = {"name", "input", "layers"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!spn_json_get(root, needed[i]).item)
            return spn_json_fail(root, err, "\"%s\" is missing", needed[i]);
    struct spn_json_at preprocess = spn_json_get(root, "preprocess");
    return preprocess.item ? spn_json_read(preprocess, preprocess_fields, head, err) : SPN_OK;
}

static enum spn_status read_input(const struct spn_json_at *root, const struct head *head,
                                  struct spn_network *net, struct spn_err *err)
{
    struct spn_json_at input = spn_json_get(root, "input");
    enum spn_status status = spn_json_read(input, input_fields, net, err);
    if (status)
        return status;
    struct spn_json_at shape = spn_json_get(&input, "shape");
    if (!shape.item)
        return spn_json_fail(&input, err, "\"shape\" is missing");
    return spn_shape_read(&shape, 1, head->sequence, &net->input, err);
}

/* One value holds for all channels of an image. */
static enum spn_status set_preprocess(const struct spn_json_at *root, const struct head *head,
                                      struct spn_network *net, struct spn_err *err)
{
    struct spn_json_at at = spn_json_get(root, "preprocess");
    int channels = net->input.dim[0];
    bool image = net->input.n == 3 && channels <= MAX_CHANNELS;
    if (!image && (head->n_mean || head->n_std))
        return spn_json_fail(&at, err,
                             "is for an input [channels, height, width] of at most %d channels",
                             MAX_CHANNELS);
    if (!image)
        return SPN_OK;
    if (head->n_mean > 1 && head->n_mean != channels)
        return spn_json_fail(&at, err, "mean has %d values for an input of %d channels",
                             head->n_mean, channels);
    if (head->n_std > 1 && head->n_std != channels)
        return spn_json_fail(&at, err, "std has %d values for an input of %d channels", head->n_std,
                             channels);
    net->n_mean = net->n_std = channels;
    for (int i = 0; i < channels; i++) {
        net->input_mean[i] = head->mean[head->n_mean > 1 ? i : 0];
        net->input_std[i] = head->std[head->n_std > 1 ? i : 0];
    }
    return SPN_OK;
}

bool spn_network_input_is_signed(const struct spn_network *net)
{
    for (int i = 0; i < net->n_mean; i++)
        if (net->input_mean[i] > 0) /* pixels start at 0 */
            return true;
    return false;
}

/* `name` relative to the folder of `file`. */
static enum spn_status resolve_path(char *out, size_t size, const char *file, const char *name,
                                    struct spn_err *err)
{
    const char *slash = strrchr(file, '/');
    bool relative = *name && *name != '/' && slash;
    int n = snprintf(out, size, "%.*s%s", relative ? (int)(slash - file + 1) : 0, file, name);
    if (n < 0 || (size_t)n >= size)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: path of weight file longer than %zu characters: %.60s...", file,
                           size - 1, name);
    return SPN_OK;
}

static bool keeps_cache(const struct spn_network *net)
{
    for (int i = 0; i < net->n_layers; i++)
        if (net->layer[i].cache > 0)
            return true;
    return false;
}

static enum spn_status fill(const struct source *src, struct spn_network *net,
                            struct spn_builder *builder, struct spn_err *err)
{
    struct head head = {.std = {1.0}};
    struct spn_json_at root = spn_json_root(src->doc);
    enum spn_status status = read_head(&root, &head, err);
    if (!status)
        status = apply_sequence(src, &head, err);
    if (!status)
        status = read_input(&root, &head, net, err);
    if (!status)
        status = set_preprocess(&root, &head, net, err);
    if (!status)
        status = resolve_path(net->weights, sizeof net->weights, src->name, head.weights, err);
    if (!status)
        status = resolve_path(net->dense_weights, sizeof net->dense_weights, src->name,
                              head.dense_weights, err);
    if (status)
        return status;
    memcpy(net->name, head.name, sizeof net->name);
    memcpy(net->dataset, head.dataset, sizeof net->dataset);
    net->sequence = head.sequence;
    net->cache = head.cache;
    struct spn_layer_list_context context = {builder, head.tensor_prefix, head.sequence};
    struct spn_json_at layers = spn_json_get(&root, "layers"),
                       sparsity = spn_json_get(&root, "sparsity");
    status = spn_layer_list_read(&context, &layers, err);
    if (!status && net->cache > 0 && !keeps_cache(net))
        status =
            spn_err_set(err, SPN_EUSAGE,
                        "network %s has no causal attention that could keep a cache", net->name);
    if (!status && sparsity.item)
        status = read_sparsity(&sparsity, net, builder, err);
    if (!status)
        status = apply_sparsity(src, net, builder, err);
    if (status)
        return status;
    const struct spn_shape *out = &net->layer[net->n_layers - 1].out_shape;
    net->n_classes = out->dim[out->n - 1];
    return SPN_OK;
}

static enum spn_status build(struct spn_network **net, const struct source *src,
                             struct spn_err *err)
{
    struct spn_network *made = calloc(1, sizeof *made);
    if (!made)
        return spn_err_memory(err, "network");
    struct spn_builder builder = spn_builder_init(made);
    enum spn_status status = fill(src, made, &builder, err);
    spn_builder_clear(&builder);
    if (status)
        spn_network_destroy(made);
    else
        *net = made;
    return status;
}

enum spn_status spn_network_load(struct spn_network **net, const char *path,
                                 const struct spn_network_override *overrides, size_t n_overrides,
                                 struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_load(&doc, path, err);
    if (status)
        return status;
    struct source src = {doc, path, overrides, n_overrides};
    status = build(net, &src, err);
    spn_json_destroy(doc);
    return status;
}

enum spn_status spn_network_parse(struct spn_network **net, const char *text, size_t n,
                                  const char *name, struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_parse(&doc, text, n, name, err);
    if (status)
        return status;
    struct source src = {doc, name, NULL, 0};
    status = build(net, &src, err);
    spn_json_destroy(doc);
    return status;
}

void spn_network_destroy(struct spn_network *net)
{
    if (!net)
        return;
    free(net->layer);
    free(net);
}
