/* builder.c -- adds checked layers to a network, one by one, in topological order.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inputs can only be earlier layers, so the graph has no cycles by construction. Names are found by
 * hashing (FNV-1a, [fnv2019]), because networks may have SPN_MAX_LAYERS of them.
 */
#include "networks/builder.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "networks/ops.h"

enum { FIRST_SLOTS = 64, FIRST_LAYERS = 32 };

/* ---- names ---- */

static const char *name_at(const struct spn_network *net, const struct spn_name_index *index,
                           int layer)
{
    return (const char *)&net->layer[layer] + index->offset;
}

static size_t hash(const char *text)
{
    const uint64_t basis = 14695981039346656037u,
                   prime = 1099511628211u; /* FNV-1a, 64 bit [fnv2019] */
    uint64_t h = basis;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * prime;
    return (size_t)(h ^ h >> 32);
}

/* The slot that holds `key`, or the free one where it belongs. The table is never full. */
static int *slot_of(const struct spn_network *net, const struct spn_name_index *index,
                    const char *key)
{
    size_t i = hash(key) & (index->n_slots - 1);
    while (index->slot[i] && strcmp(name_at(net, index, index->slot[i] - 1), key) != 0)
        i = (i + 1) & (index->n_slots - 1);
    return &index->slot[i];
}

static int find(const struct spn_network *net, const struct spn_name_index *index, const char *key)
{
    return index->n_slots && *slot_of(net, index, key) ? *slot_of(net, index, key) - 1 : -2;
}

/* Room for one more name at a load of at most one half. */
static enum spn_status reserve(const struct spn_network *net, struct spn_name_index *index,
                               struct spn_err *err)
{
    if (2 * (index->n_used + 1) <= index->n_slots)
        return SPN_OK;
    struct spn_name_index larger = *index;
    larger.n_slots = index->n_slots ? 2 * index->n_slots : FIRST_SLOTS;
    larger.slot = calloc(larger.n_slots, sizeof *larger.slot);
    if (!larger.slot)
        return spn_err_memory(err, "index of layer names");
    for (size_t i = 0; i < index->n_slots; i++)
        if (index->slot[i])
            *slot_of(net, &larger, name_at(net, index, index->slot[i] - 1)) = index->slot[i];
    free(index->slot);
    *index = larger;
    return SPN_OK;
}

static void insert(const struct spn_network *net, struct spn_name_index *index, int layer)
{
    int *slot = slot_of(net, index, name_at(net, index, layer));
    if (*slot)
        return; /* the first owner of a tensor stays its owner */
    *slot = layer + 1;
    index->n_used++;
}

static enum spn_status check_name(const struct spn_builder *b, const char *name,
                                  struct spn_err *err)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/";
    if (!*name || name[strspn(name, allowed)])
        return spn_err_set(err, SPN_EINPUT,
                           "name \"%.64s\" must be letters, digits and _ . - / only", name);
    if (strcmp(name, SPN_NAME_INPUT) == 0 || strcmp(name, SPN_NAME_BLOCK) == 0 ||
        strcmp(name, SPN_NAME_DEFAULT) == 0)
        return spn_err_set(err, SPN_EINPUT, "name \"%s\" is reserved", name);
    if (find(b->net, &b->by_name, name) >= 0)
        return spn_err_set(err, SPN_EINPUT, "name \"%s\" is taken by an earlier layer", name);
    return SPN_OK;
}

/* ---- layers ---- */

static enum spn_status room_for_layer(struct spn_builder *b, struct spn_err *err)
{
    struct spn_network *net = b->net;
    if (net->n_layers >= SPN_MAX_LAYERS)
        return spn_err_set(err, SPN_EINPUT, "more than %d layers", SPN_MAX_LAYERS);
    if (net->n_layers == b->capacity) {
        int capacity = b->capacity ? 2 * b->capacity : FIRST_LAYERS;
        struct spn_layer *larger = realloc(net->layer, (size_t)capacity * sizeof *larger);
        if (!larger)
            return spn_err_memory(err, "layers");
        net->layer = larger;
        b->capacity = capacity;
    }
    enum spn_status status = reserve(net, &b->by_name, err);
    return status ? status : reserve(net, &b->by_tensor, err);
}

static const struct spn_shape *shape_of(const struct spn_network *net, int layer)
{
    return layer == SPN_NETWORK_INPUT ? &net->input : &net->layer[layer].out_shape;
}

/* [M:N12] */
static void set_signs(const struct spn_network *net, struct spn_layer *layer)
{
    const int rule = spn_op_rules(layer->op)->sign;
    bool any = false;
    for (int i = layer->n_in - 1; i >= 0; i--) {
        layer->signed_in = layer->in[i] == SPN_NETWORK_INPUT ? spn_network_input_is_signed(net)
                                                             : net->layer[layer->in[i]].signed_out;
        any = any || layer->signed_in;
    }
    layer->signed_out = rule == SPN_SIGN_ALWAYS || (rule == SPN_SIGN_PASSED && any);
}

static enum spn_status infer(const struct spn_network *net, struct spn_layer *layer,
                             struct spn_err *err)
{
    const struct spn_op_rules *rules = spn_op_rules(layer->op);
    struct spn_shape in[SPN_MAX_INPUTS];
    if (layer->n_in < rules->min_in || layer->n_in > rules->max_in)
        return spn_err_set(err, SPN_EINPUT, "has %d input%s, needs %d%s", layer->n_in,
                           layer->n_in == 1 ? "" : "s", rules->min_in,
                           rules->max_in > rules->min_in ? " or more" : "");
    for (int i = 0; i < layer->n_in; i++)
        in[i] = *shape_of(net, layer->in[i]);
    layer->n_weights = layer->n_other = layer->n_macs = layer->n_dynamic_macs = 0;
    enum spn_status status = rules->infer(layer, in, err);
    if (status)
        return status;
    layer->n_out = spn_shape_size(&layer->out_shape);
    if (layer->n_out > SPN_MAX_ELEMENTS)
        return spn_err_set(err, SPN_EINPUT, "more than %lld output elements",
                           (long long)SPN_MAX_ELEMENTS);
    for (int i = 0; i < 2 && i < layer->n_in; i++)
        layer->in_shape[i] = in[i];
    set_signs(net, layer);
    return SPN_OK;
}

/* Which earlier layer has the same tensors; they must have the same size. */
static enum spn_status check_shared(const struct spn_builder *b, struct spn_layer *layer,
                                    struct spn_err *err)
{
    layer->shares = -1;
    if (layer->n_weights + layer->n_other == 0)
        return SPN_OK;
    int owner = find(b->net, &b->by_tensor, layer->tensor);
    if (owner < 0)
        return SPN_OK;
    const struct spn_layer *first = &b->net->layer[owner];
    if (first->n_weights != layer->n_weights || first->n_other != layer->n_other)
        return spn_err_set(err, SPN_EINPUT,
                           "tensor \"%s\" is that of layer '%s' but has another size",
                           layer->tensor, first->name);
    layer->shares = owner;
    return SPN_OK;
}

struct spn_builder spn_builder_init(struct spn_network *net)
{
    return (struct spn_builder){.net = net,
                                .by_name = {.offset = offsetof(struct spn_layer, name)},
                                .by_tensor = {.offset = offsetof(struct spn_layer, tensor)}};
}

void spn_builder_clear(struct spn_builder *b)
{
    free(b->by_name.slot);
    free(b->by_tensor.slot);
    *b = (struct spn_builder){0};
}

struct spn_layer spn_layer_default(int op)
{
    const double epsilon = 1e-5;  /* of norms, as in common frameworks' layers */
    const double theta = 10000.0; /* rotary base [su2021roformer, sec. 3.2.2] */
    return (struct spn_layer){.op = op,
                              .kernel = {1, 1},
                              .stride = {1, 1},
                              .dilation = {1, 1},
                              .groups = 1,
                              .bias = true,
                              .heads = 1,
                              .kv_heads = 1,
                              .scale = 1.0,
                              .epsilon = epsilon,
                              .theta = theta,
                              .shares = -1};
}

enum spn_status spn_builder_add(struct spn_builder *b, const struct spn_layer *layer,
                                struct spn_err *err)
{
    struct spn_layer added = *layer;
    enum spn_status status = room_for_layer(b, err);
    if (!status)
        status = check_name(b, layer->name, err);
    if (status)
        return status;
    status = infer(b->net, &added, err);
    if (!status)
        status = check_shared(b, &added, err);
    if (status) {
        spn_err_prefix(err, "%s '%s': ", spn_op_name(layer->op), layer->name);
        return status;
    }
    int number = b->net->n_layers++;
    b->net->layer[number] = added;
    insert(b->net, &b->by_name, number);
    if (added.n_weights + added.n_other > 0)
        insert(b->net, &b->by_tensor, number);
    return SPN_OK;
}

int spn_builder_find(const struct spn_builder *b, const char *name)
{
    return find(b->net, &b->by_name, name);
}
