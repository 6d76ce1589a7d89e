/* attention.c -- the attention macro: which ordinary layers it expands to.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * softmax(Q K^T / sqrt(d)) V per head, d = features / heads [vaswani2017attention, eq. 1 and
 * sec. 3.2.2; M:N3]; key/value heads shared by groups of query heads [ainslie2023, sec. 2.2].
 */
#include "networks/attention.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One part; `tensor` is NULL for parts without. Returns its number through *out. */
struct part {
    const char *suffix, *tensor;
    int in[2], n_in;
};

static enum spn_status add_part(struct spn_builder *b, const struct spn_attention *a,
                                struct spn_layer layer, struct part part, int *out,
                                struct spn_err *err)
{
    int n = snprintf(layer.name, sizeof layer.name, "%s.%s", a->name, part.suffix);
    if (n < 0 || (size_t)n >= sizeof layer.name)
        return spn_err_set(err, SPN_EINPUT, "name \"%s.%s\" is longer than %zu characters", a->name,
                           part.suffix, sizeof layer.name - 1);
    snprintf(layer.tensor, sizeof layer.tensor, "%s", part.tensor ? part.tensor : layer.name);
    layer.n_in = part.n_in;
    memcpy(layer.in, part.in, sizeof part.in);
    enum spn_status status = spn_builder_add(b, &layer, err);
    if (!status)
        *out = b->net->n_layers - 1;
    return status;
}

static struct spn_layer linear(const struct spn_attention *a, int features)
{
    struct spn_layer layer = spn_layer_default(SPN_OP_LINEAR);
    layer.channels = features;
    layer.bias = a->bias;
    return layer;
}

static struct spn_layer headed(int op, int heads, int kv_heads)
{
    struct spn_layer layer = spn_layer_default(op);
    layer.heads = heads;
    layer.kv_heads = kv_heads;
    return layer;
}

static enum spn_status rotate(struct spn_builder *b, const struct spn_attention *a, int *q, int *k,
                              struct spn_err *err)
{
    struct spn_layer rotary = headed(SPN_OP_ROTARY, a->heads, a->heads);
    rotary.theta = a->theta;
    enum spn_status status =
        add_part(b, a, rotary, (struct part){"rotary_q", NULL, {*q}, 1}, q, err);
    rotary.heads = rotary.kv_heads = a->kv_heads;
    return status ? status
                  : add_part(b, a, rotary, (struct part){"rotary_k", NULL, {*k}, 1}, k, err);
}

static enum spn_status expand(struct spn_builder *b, const struct spn_attention *a,
                              struct spn_err *err)
{
    int q = 0, k = 0, v = 0, last = 0, head_size = a->features / a->heads;
    struct spn_layer softmax = spn_layer_default(SPN_OP_SOFTMAX);
    struct spn_layer scores = headed(SPN_OP_MATMUL, a->heads, a->kv_heads), context = scores;
    scores.transpose_b = true;
    scores.scale = 1.0 / sqrt(head_size);
    softmax.causal = a->causal;
    softmax.cache = scores.cache = context.cache = a->causal ? b->net->cache : 0;
    struct spn_layer query = linear(a, a->features), key = linear(a, head_size * a->kv_heads);
    enum spn_status status =
        add_part(b, a, query, (struct part){"q", a->q_tensor, {a->query_in}, 1}, &q, err);
    if (!status)
        status = add_part(b, a, key, (struct part){"k", a->k_tensor, {a->key_in}, 1}, &k, err);
    if (!status)
        status = add_part(b, a, key, (struct part){"v", a->v_tensor, {a->key_in}, 1}, &v, err);
    if (!status && a->rotary)
        status = rotate(b, a, &q, &k, err);
    if (!status)
        status = add_part(b, a, scores, (struct part){"scores", NULL, {q, k}, 2}, &last, err);
    if (!status)
        status = add_part(b, a, softmax, (struct part){"softmax", NULL, {last}, 1}, &last, err);
    if (!status)
        status = add_part(b, a, context, (struct part){"context", NULL, {last, v}, 2}, &last, err);
    if (!status)
        status = add_part(b, a, query, (struct part){"out", a->out_tensor, {last}, 1}, &last, err);
    return status;
}

enum spn_status spn_attention_add(struct spn_builder *b, const struct spn_attention *attention,
                                  struct spn_err *err)
{
    struct spn_attention a = *attention;
    const struct spn_network *net = b->net;
    const struct spn_shape *in =
        a.query_in == SPN_NETWORK_INPUT ? &net->input : &net->layer[a.query_in].out_shape;
    if (in->n != 2)
        return spn_err_set(err, SPN_EINPUT, "attention '%s': needs an input [tokens, features]",
                           a.name);
    if (a.features == 0)
        a.features = in->dim[1];
    if (a.kv_heads == 0)
        a.kv_heads = a.heads;
    if (b->net->cache > 0 && !a.causal)
        return spn_err_set(err, SPN_EINPUT,
                           "attention '%s' is not causal: with a cache of %d tokens its other "
                           "results would change",
                           a.name, b->net->cache);
    if (a.features % a.heads)
        return spn_err_set(err, SPN_EINPUT,
                           "attention '%s': %d features do not divide into %d heads", a.name,
                           a.features, a.heads);
    if (a.heads % a.kv_heads)
        return spn_err_set(err, SPN_EINPUT,
                           "attention '%s': %d heads do not share %d kv_heads evenly", a.name,
                           a.heads, a.kv_heads);
    return expand(b, &a, err);
}
