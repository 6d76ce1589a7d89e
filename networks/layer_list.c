/* layer_list.c -- the "layers" list of a network file: ordinary layers, repeated blocks, attention.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All ops share one field table; which of its keys an op may have stands in its row of ops.c.
 */
#include "networks/layer_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "networks/attention.h"
#include "networks/ops.h"

enum { MAX_OPTION = 1 << 24, MAX_WINDOW = 1 << 16, MAX_REPEATS = SPN_MAX_LAYERS };

/* One element of the list as it stands in the file. */
struct entry {
    char name[64], tensor[96];
    int op;
    int channels, features, groups, heads, kv_heads, vocabulary, index;
    int kernel[2], stride[2], padding[4], dilation[2];
    int n_kernel, n_stride, n_padding, n_dilation;
    bool depthwise, bias, causal, transpose_b, fixed, rotary;
    double scale, epsilon, theta;
};

struct block {
    char as[64];
    int repeat, from;
};

struct part_tensors {
    char q[96], k[96], v[96], out[96];
};

/* The turn of a repeated block that is being read, inside the turns around it. */
struct scope {
    const struct scope *outer;
    char prefix[64];
    int block_in; /* what enters the turn */
};

struct reader {
    const struct spn_layer_list_context *context;
    const struct scope *scope; /* NULL outside all blocks */
};

static const char *const op_names[] = {
#define X(id, name, doc) name,
    SPN_OPS(X)
#undef X
        NULL};

#define COUNT(key, doc) SPN_F_INT(struct entry, key, "", 1, MAX_OPTION, doc)
#define PER_AXIS(key, least, doc) SPN_F_INTS(struct entry, key, n_##key, "", least, MAX_WINDOW, doc)

const struct spn_field spn_layer_fields[] = {
    SPN_F_STRING(struct entry, name, "unique; letters, digits and _ . - /"),
    SPN_F_ENUM(struct entry, op, op_names, "what it computes"),
    SPN_F_ANY("in", "earlier layer, or list of them, or \"input\"; default: the layer before"),
    SPN_F_STRING(struct entry, tensor, "its name in the weight file; default: its name"),
    COUNT(channels, "output channels"),
    COUNT(features, "output features"),
    PER_AXIS(kernel, 1, "window: one number, or height and width"),
    PER_AXIS(stride, 1, "step: one number, or height and width; pooling: default the kernel"),
    PER_AXIS(padding, 0, "zeros around: all sides; height, width; or top, left, bottom, right"),
    PER_AXIS(dilation, 1, "distance of the window's points: one number, or height and width"),
    COUNT(groups, "independent groups of channels"),
    SPN_F_BOOL(struct entry, depthwise, "one group per input channel"),
    SPN_F_BOOL(struct entry, bias, "adds an offset; default true"),
    SPN_F_BOOL(struct entry, causal, "tokens do not see later ones"),
    SPN_F_BOOL(struct entry, transpose_b, "product with the transpose of the second input"),
    SPN_F_BOOL(struct entry, fixed, "sinusoids instead of learned positions"),
    SPN_F_BOOL(struct entry, rotary, "rotary positions on queries and keys"),
    COUNT(heads, "heads of the queries"),
    COUNT(kv_heads, "heads of keys and values; default: heads"),
    COUNT(vocabulary, "number of tokens known"),
    SPN_F_INT(struct entry, index, "", -MAX_OPTION, MAX_OPTION,
              "which token; negative counts from the end"),
    SPN_F_DOUBLE(struct entry, scale, "", 1e-12, 1e12, "factor on the result"),
    SPN_F_DOUBLE(struct entry, epsilon, "", 0, 1, "added to the variance"),
    SPN_F_DOUBLE(struct entry, theta, "", 1, 1e12, "base of the rotary angles"),
    SPN_F_ANY("shape", "list of sizes; one -1 is inferred; \"sequence\" is the sequence length"),
    SPN_F_ANY("tensors", "attention: {\"q\": ..., \"k\": ..., \"v\": ..., \"out\": ...}"),
    SPN_F_END};

static const struct spn_field block_fields[] = {
    SPN_F_INT(struct block, repeat, "", 1, MAX_REPEATS, "how often the block comes"),
    SPN_F_INT(struct block, from, "", 0, MAX_OPTION, "number of the first turn"),
    SPN_F_STRING(struct block, as, "name of the block: layers are called <as>.<turn>.<name>"),
    SPN_F_ANY("layers", "list of layers"), SPN_F_END};

static const struct spn_field part_fields[] = {
    SPN_F_STRING(struct part_tensors, q, "query projection"),
    SPN_F_STRING(struct part_tensors, k, "key projection"),
    SPN_F_STRING(struct part_tensors, v, "value projection"),
    SPN_F_STRING(struct part_tensors, out, "output projection"), SPN_F_END};

/* ---- names ---- */

/* Put the place in the file before a message about the network. */
static enum spn_status place(const struct spn_json_at *at, enum spn_status status,
                             struct spn_err *err)
{
    if (status != SPN_EINPUT || !err)
        return status;
    struct spn_err found = *err;
    return spn_json_fail(at, err, "%.360s", found.msg);
}

static enum spn_status join(char *out, size_t size, const char *const part[3],
                            const struct spn_json_at *at, struct spn_err *err)
{
    int n = snprintf(out, size, "%s%s%s", part[0], part[1], part[2]);
    if (n < 0 || (size_t)n >= size)
        return spn_json_fail(at, err, "name \"%.80s%.80s%.80s\" is longer than %zu characters",
                             part[0], part[1], part[2], size - 1);
    return SPN_OK;
}

static const char *prefix_of(const struct reader *reader)
{
    return reader->scope ? reader->scope->prefix : "";
}

struct candidates {
    const struct spn_network *net;
    size_t skip; /* length of the prefix that may be left out */
    const char *prefix;
};

static const char *candidate(const void *ctx, size_t i)
{
    const struct candidates *c = ctx;
    if (i == 0)
        return SPN_NAME_INPUT;
    if (i > (size_t)c->net->n_layers)
        return NULL;
    const char *name = c->net->layer[i - 1].name;
    return strncmp(name, c->prefix, c->skip) == 0 ? name + c->skip : name;
}

static enum spn_status resolve(const struct reader *reader, const struct spn_json_at *at, int *out,
                               struct spn_err *err)
{
    const char *word = spn_json_string(at);
    const struct spn_builder *builder = reader->context->builder;
    char full[160];
    int found = -2;
    if (!word)
        return spn_json_fail(at, err, "must be a layer's name");
    if (strcmp(word, SPN_NAME_INPUT) == 0)
        found = SPN_NETWORK_INPUT;
    else if (strcmp(word, SPN_NAME_BLOCK) == 0 && !reader->scope)
        return spn_json_fail(at, err,
                             "\"" SPN_NAME_BLOCK "\" has a meaning inside a repeated block only");
    else if (strcmp(word, SPN_NAME_BLOCK) == 0)
        found = reader->scope->block_in;
    for (const struct scope *scope = reader->scope; found == -2 && scope; scope = scope->outer) {
        snprintf(full, sizeof full, "%s%.95s", scope->prefix, word);
        found = spn_builder_find(builder, full);
    }
    if (found == -2)
        found = spn_builder_find(builder, word);
    if (found == -2) {
        const char *prefix = prefix_of(reader);
        struct candidates all = {builder->net, strlen(prefix), prefix};
        const char *near = spn_text_nearest(word, candidate, &all);
        return spn_json_fail(at, err, "no earlier layer \"%.64s\"%s%s%s", word,
                             near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    *out = found;
    return SPN_OK;
}

static enum spn_status read_inputs(const struct reader *reader, const struct spn_json_at *at,
                                   struct spn_layer *layer, struct spn_err *err)
{
    struct spn_json_at in = spn_json_get(at, "in");
    layer->n_in = 1;
    if (!in.item) {
        layer->in[0] = reader->context->builder->net->n_layers - 1;
        return SPN_OK;
    }
    if (!spn_json_is_list(&in))
        return resolve(reader, &in, &layer->in[0], err);
    size_t n = spn_json_size(&in);
    if (n < 1 || n > SPN_MAX_INPUTS)
        return spn_json_fail(&in, err, "has %zu layers, 1 to %d are allowed", n, SPN_MAX_INPUTS);
    layer->n_in = (int)n;
    for (size_t i = 0; i < n; i++) {
        struct spn_json_at item = spn_json_item(&in, i);
        enum spn_status status = resolve(reader, &item, &layer->in[i], err);
        if (status)
            return status;
    }
    return SPN_OK;
}

/* ---- options ---- */

enum spn_status spn_shape_read(const struct spn_json_at *at, int least, int sequence,
                               struct spn_shape *shape, struct spn_err *err)
{
    size_t n = spn_json_size(at);
    struct spn_shape read = {0};
    if (!spn_json_is_list(at) || n < 1 || n > SPN_MAX_DIMS)
        return spn_json_fail(at, err, "must be a list of 1 to %d sizes", SPN_MAX_DIMS);
    for (size_t i = 0; i < n; i++) {
        struct spn_json_at item = spn_json_item(at, i);
        const char *word = spn_json_string(&item);
        double value = sequence;
        if (word && (strcmp(word, "sequence") != 0 || !sequence))
            return spn_json_fail(&item, err, "must be a number%s",
                                 sequence ? " or \"sequence\""
                                          : "; the network states no \"sequence\" length");
        if (!word && !spn_json_number(&item, &value))
            return spn_json_fail(&item, err, "must be a number");
        if (!(value >= least && value <= SPN_MAX_DIM) || value != floor(value) || value == 0)
            return spn_json_fail(&item, err, "%.9g is not a size within [1, %d]%s", value,
                                 SPN_MAX_DIM, least < 0 ? " or -1" : "");
        read.dim[read.n++] = (int)value;
    }
    if (spn_shape_size(&read) > SPN_MAX_ELEMENTS)
        return spn_json_fail(at, err, "has more than %lld elements", (long long)SPN_MAX_ELEMENTS);
    *shape = read;
    return SPN_OK;
}

/* Every key of the element is one that its op uses, and none that it needs is missing. */
static enum spn_status check_keys(const struct spn_json_at *at, int op, struct spn_err *err)
{
    const struct spn_op_rules *rules = spn_op_rules(op);
    for (const struct spn_field *field = spn_layer_fields; field->key; field++) {
        bool given = spn_json_get(at, field->key).item != NULL;
        if (given && !spn_op_takes("name op in", field->key) &&
            !spn_op_takes(rules->keys, field->key))
            return spn_json_fail(at, err, "%s does not use \"%s\" (it takes %s)", spn_op_name(op),
                                 field->key, *rules->keys ? rules->keys : "no options");
        if (!given && spn_op_takes(rules->required, field->key))
            return spn_json_fail(at, err, "%s needs \"%s\"", spn_op_name(op), field->key);
    }
    return SPN_OK;
}

/* One number holds for both axes. */
static void spread(int out[2], const int *value, int n)
{
    if (n > 0) {
        out[0] = value[0];
        out[1] = value[n > 1];
    }
}

static enum spn_status check_windows(const struct spn_json_at *at, const struct entry *e,
                                     struct spn_err *err)
{
    if (e->n_padding == 3)
        return spn_json_fail(
            at, err,
            "padding has 3 elements, must be 1, 2 (height, width) or 4 (top, left, bottom, "
            "right)");
    if (e->depthwise && e->groups)
        return spn_json_fail(at, err,
                             "\"depthwise\" sets the groups: \"groups\" cannot be given too");
    if (e->op == SPN_OP_CONV2D && !e->depthwise && !e->channels)
        return spn_json_fail(at, err, "conv2d needs \"channels\"");
    return SPN_OK;
}

static void fill_layer(struct spn_layer *layer, const struct entry *e)
{
    const bool pool = e->op == SPN_OP_MAXPOOL2D || e->op == SPN_OP_AVGPOOL2D;
    layer->channels = e->channels ? e->channels : e->features;
    layer->groups = e->depthwise ? 0 : e->groups ? e->groups : 1; /* 0: as many as input channels */
    layer->heads = e->heads ? e->heads : 1;
    layer->kv_heads = e->kv_heads ? e->kv_heads : layer->heads;
    layer->vocabulary = e->vocabulary;
    layer->index = e->index;
    layer->bias =
        e->bias && (spn_op_takes(spn_op_rules(e->op)->keys, "bias") || e->op == SPN_OP_BATCHNORM);
    layer->causal = e->causal;
    layer->transpose_b = e->transpose_b;
    layer->fixed = e->fixed;
    layer->scale = e->scale;
    layer->epsilon = e->epsilon;
    layer->theta = e->theta;
    spread(layer->kernel, e->kernel, e->n_kernel);
    spread(layer->stride, pool && !e->n_stride ? e->kernel : e->stride,
           pool && !e->n_stride ? e->n_kernel : e->n_stride);
    spread(layer->padding, e->padding, e->n_padding);
    spread(layer->dilation, e->dilation, e->n_dilation);
    memcpy(layer->padding_end, e->n_padding == 4 ? &e->padding[2] : layer->padding,
           sizeof layer->padding_end);
}

/* ---- layers ---- */

static enum spn_status read_attention(const struct reader *reader, const struct spn_json_at *at,
                                      const struct entry *e, const struct spn_layer *layer,
                                      struct spn_err *err)
{
    struct part_tensors tensors = {0};
    struct spn_json_at given = spn_json_get(at, "tensors");
    snprintf(tensors.q, sizeof tensors.q, "%s.q", e->name);
    snprintf(tensors.k, sizeof tensors.k, "%s.k", e->name);
    snprintf(tensors.v, sizeof tensors.v, "%s.v", e->name);
    snprintf(tensors.out, sizeof tensors.out, "%s.out", e->name);
    enum spn_status status = given.item ? spn_json_read(given, part_fields, &tensors, err) : SPN_OK;
    if (layer->n_in > 2)
        return spn_json_fail(at, err,
                             "attention takes one input, or a query source and a key/value source");
    struct spn_attention a = {.query_in = layer->in[0],
                              .key_in = layer->in[layer->n_in - 1],
                              .features = e->features,
                              .heads = e->heads,
                              .kv_heads = e->kv_heads,
                              .causal = e->causal,
                              .rotary = e->rotary,
                              .bias = e->bias,
                              .theta = e->theta};
    memcpy(a.name, layer->name, sizeof a.name);
    const char *from[] = {tensors.q, tensors.k, tensors.v, tensors.out};
    char *to[] = {a.q_tensor, a.k_tensor, a.v_tensor, a.out_tensor};
    for (int i = 0; i < 4 && !status; i++)
        status = join(to[i], sizeof a.q_tensor,
                      (const char *[]){reader->context->tensor_prefix, prefix_of(reader), from[i]},
                      at, err);
    return status ? status : place(at, spn_attention_add(reader->context->builder, &a, err), err);
}

static enum spn_status read_layer(const struct reader *reader, const struct spn_json_at *at,
                                  struct spn_err *err)
{
    struct spn_layer layer = spn_layer_default(0);
    struct entry e = {.op = SPN_N_OPS,
                      .bias = true,
                      .scale = layer.scale,
                      .epsilon = layer.epsilon,
                      .theta = layer.theta};
    enum spn_status status = spn_json_read(*at, spn_layer_fields, &e, err);
    if (status)
        return status;
    if (e.op == SPN_N_OPS || !*e.name)
        return spn_json_fail(at, err, "\"%s\" is missing", *e.name ? "op" : "name");
    layer.op = e.op;
    status = check_keys(at, e.op, err);
    if (!status)
        status = check_windows(at, &e, err);
    if (!status)
        status = join(layer.name, sizeof layer.name,
                      (const char *[]){prefix_of(reader), e.name, ""}, at, err);
    if (!status)
        status = read_inputs(reader, at, &layer, err);
    if (status)
        return status;
    if (e.op == SPN_OP_ATTENTION)
        return read_attention(reader, at, &e, &layer, err);
    fill_layer(&layer, &e);
    struct spn_json_at shape = spn_json_get(at, "shape");
    if (shape.item)
        status = spn_shape_read(&shape, -1, reader->context->sequence, &layer.out_shape, err);
    if (!status)
        status = join(layer.tensor, sizeof layer.tensor,
                      (const char *[]){reader->context->tensor_prefix, prefix_of(reader),
                                       *e.tensor ? e.tensor : e.name},
                      at, err);
    return status ? status : place(at, spn_builder_add(reader->context->builder, &layer, err), err);
}

static enum spn_status read_list(const struct reader *reader, const struct spn_json_at *at,
                                 struct spn_err *err);

static enum spn_status read_block(const struct reader *reader, const struct spn_json_at *at,
                                  struct spn_err *err)
{
    struct block block = {0};
    struct scope scope = {.outer = reader->scope};
    enum spn_status status = spn_json_read(*at, block_fields, &block, err);
    struct spn_json_at layers = spn_json_get(at, "layers");
    if (status)
        return status;
    if (!*block.as || !layers.item)
        return spn_json_fail(at, err, "\"%s\" is missing", *block.as ? "layers" : "as");
    for (int i = 0; i < block.repeat && !status; i++) {
        char turn[24];
        snprintf(turn, sizeof turn, ".%d.", block.from + i);
        scope.block_in = reader->context->builder->net->n_layers - 1;
        struct reader inner = {reader->context, &scope};
        status = join(scope.prefix, sizeof scope.prefix,
                      (const char *[]){prefix_of(reader), block.as, turn}, at, err);
        if (!status)
            status = read_list(&inner, &layers, err);
    }
    return status;
}

/* Recursion is bounded by the depth that base/json.h allows. */
static enum spn_status read_list(const struct reader *reader, const struct spn_json_at *at,
                                 struct spn_err *err)
{
    size_t n = spn_json_size(at);
    enum spn_status status = SPN_OK;
    if (!spn_json_is_list(at) || n == 0)
        return spn_json_fail(at, err, "must be a list of layers");
    for (size_t i = 0; i < n && !status; i++) {
        struct spn_json_at item = spn_json_item(at, i);
        status = spn_json_get(&item, "repeat").item ? read_block(reader, &item, err)
                                                    : read_layer(reader, &item, err);
    }
    return status;
}

enum spn_status spn_layer_list_read(const struct spn_layer_list_context *context,
                                    const struct spn_json_at *at, struct spn_err *err)
{
    struct reader reader = {context, NULL};
    return read_list(&reader, at, err);
}
