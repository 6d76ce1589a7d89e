/* train_update.c -- SGD with momentum, Adam, magnitude pruning, straight-through rounding.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SGD: v = mu v + (g + lambda w + l1 sign w), w -= eta v. Adam: [kingma2015adam, alg. 1] with
 * decoupled decay [loshchilov2019adamw, alg. 2]. Rounding passes gradients straight through
 * [bengio2013ste]. [M:S27]
 */
#include "simulator/train_update.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "base/rng.h"
#include "simulator/quantize.h"

enum { BLOCK = 1 << 16 }; /* weights of one work item */

double spn_train_rate(const struct spn_train_options *o, double done, double epoch)
{
    const double pi = acos(-1.0);
    const struct spn_train_schedule *s = &o->rate;
    if (done < s->warmup_frac) {
        return o->learning_rate * done / s->warmup_frac;
    }
    double factor = 1.0;
    if (s->kind == SPN_RATE_COSINE) {
        const double along =
            s->warmup_frac < 1.0 ? (done - s->warmup_frac) / (1.0 - s->warmup_frac) : 1.0;
        factor = s->final_frac + (1.0 - s->final_frac) * 0.5 * (1.0 + cos(pi * fmin(along, 1.0)));
    } else if (s->kind == SPN_RATE_STEPS) {
        for (int i = 0; i < s->n_step_epochs; i++) {
            factor *= epoch >= s->step_epochs[i] ? s->step_factor : 1.0;
        }
    }
    return o->learning_rate * factor;
}

/* ---- optimiser ---- */

struct update {
    struct spn_param *p;
    const struct spn_train_options *options;
    double rate;
    bool decays;                      /* matrices: weight decay and L1 */
    double first_share, second_share; /* Adam's bias corrections */
};

SPN_VECTORIZE static void sgd(const struct update *u, size_t first, size_t end)
{
    const float rate = (float)u->rate, momentum = (float)u->options->momentum;
    const float decay = u->decays ? (float)u->options->weight_decay : 0.0f,
                l1 = u->decays ? (float)u->options->l1 : 0.0f;
    float *w = u->p->value, *v = u->p->first;
    const float *g = u->p->grad;
    for (size_t i = first; i < end; i++) {
        const float side = w[i] > 0.0f ? l1 : w[i] < 0.0f ? -l1 : 0.0f;
        v[i] = momentum * v[i] + (g[i] + decay * w[i] + side);
        w[i] -= rate * v[i];
    }
}

SPN_VECTORIZE static void adam(const struct update *u, size_t first, size_t end)
{
    const struct spn_train_options *o = u->options;
    const float b1 = (float)o->momentum, b2 = (float)o->beta2, epsilon = (float)o->adam_epsilon,
                rate = (float)u->rate;
    const float decay = u->decays ? (float)o->weight_decay : 0.0f,
                l1 = u->decays ? (float)o->l1 : 0.0f;
    const float c1 = (float)u->first_share, c2 = (float)u->second_share;
    float *w = u->p->value, *m = u->p->first, *v = u->p->second;
    const float *g = u->p->grad;
    for (size_t i = first; i < end; i++) {
        const float side = w[i] > 0.0f ? l1 : w[i] < 0.0f ? -l1 : 0.0f;
        m[i] = b1 * m[i] + (1.0f - b1) * g[i];
        v[i] = b2 * v[i] + (1.0f - b2) * g[i] * g[i];
        w[i] -= rate * (m[i] * c1 / (sqrtf(v[i] * c2) + epsilon) + decay * w[i] + side);
    }
}

SPN_VECTORIZE static void update_body(void *ctx, size_t block, int thread)
{
    const struct update *u = ctx;
    const size_t first = block * BLOCK, end = first + BLOCK < u->p->n ? first + BLOCK : u->p->n;
    (void)thread;
    if (u->options->optimiser == SPN_OPTIMISER_ADAM) {
        adam(u, first, end);
    } else {
        sgd(u, first, end);
    }
    for (size_t i = first; u->p->mask && i < end; i++) {
        u->p->value[i] = u->p->mask[i] ? u->p->value[i] : 0.0f;
    }
}

static size_t blocks_of(const struct spn_param *p)
{
    return (p->n + BLOCK - 1) / BLOCK;
}

void spn_train_update(struct spn_train_net *net, const struct spn_train_options *options,
                      double rate, long count)
{
    struct update u = {.options = options,
                       .rate = rate,
                       .first_share = 1.0 / (1.0 - pow(options->momentum, (double)count)),
                       .second_share = 1.0 / (1.0 - pow(options->beta2, (double)count))};
    for (int i = net->first_trained; i < net->n_layers; i++) {
        struct spn_param *const params[] = {&net->layer[i].weight, &net->layer[i].bias};
        for (int k = 0; k < 2; k++) {
            u.p = params[k];
            u.decays = params[k]->mask != NULL;
            if (u.decays && options->update.rule != SPN_TRAIN_IDEAL) {
                continue; /* in cells, which pulses move */
            }
            spn_parallel_for(net->n_threads, blocks_of(u.p), update_body, &u);
        }
    }
}

/* ---- the weights that the forward pass sees ---- */

struct view {
    struct spn_param *p;
    float scale, max, noise; /* of one code, largest code (0: not rounded), sd of the noise */
    struct spn_rng rng;
};

SPN_VECTORIZE static void view_body(void *ctx, size_t block, int thread)
{
    const struct view *v = ctx;
    const size_t first = block * BLOCK, end = first + BLOCK < v->p->n ? first + BLOCK : v->p->n;
    float *seen = v->p->seen;
    (void)thread;
    for (size_t i = first; i < end; i++) {
        seen[i] = v->max > 0.0f ? v->scale * rintf(v->p->value[i] / v->scale) : v->p->value[i];
    }
    if (v->noise > 0.0f) {
        struct spn_rng rng = v->rng;
        for (size_t i = first; i < end; i += 4) { /* four normals a block of the stream */
            float normal[4];
            spn_rng_at(&rng, i / 4);
            spn_rng_normals(&rng, normal, 4);
            for (size_t k = 0; k < 4 && i + k < end; k++) {
                seen[i + k] += v->p->mask[i + k] ? v->noise * normal[k] : 0.0f;
            }
        }
    }
}

static float largest(const struct spn_param *p)
{
    float top = 0.0f;
    for (size_t i = 0; i < p->n; i++) {
        top = fabsf(p->value[i]) > top ? fabsf(p->value[i]) : top;
    }
    return top;
}

void spn_train_view(struct spn_train_net *net, const struct spn_train_options *options, bool noise,
                    long count)
{
    for (int i = 0; i < net->n_layers; i++) {
        struct spn_param *p = &net->layer[i].weight;
        if (p->seen == p->value) {
            continue;
        }
        struct view v = {.p = p,
                         .rng = spn_rng_init(options->seed + (uint64_t)count,
                                             SPN_TRAIN_STREAM_NOISE, (uint32_t)i)};
        const float top = largest(p);
        if (options->weight_bits > 0 && top > 0.0f) {
            v.max = (float)spn_quantize_weight_max(options->weight_bits);
            v.scale = top / v.max;
        }
        v.noise = noise ? (float)options->weight_noise_frac * top : 0.0f;
        spn_parallel_for(net->n_threads, blocks_of(p), view_body, &v);
    }
}

/* ---- pruning ---- */

double spn_train_prune_share(const struct spn_train_prune *prune, double epoch)
{
    if (prune->end_epoch <= 0.0 || epoch < prune->start_epoch) {
        return 0.0;
    }
    const double span = prune->end_epoch - prune->start_epoch;
    const double along = span > 0.0 ? fmin((epoch - prune->start_epoch) / span, 1.0) : 1.0;
    const double step = floor(along * prune->steps + 1e-9) / prune->steps;
    return 1.0 - pow(1.0 - step, prune->exponent);
}

static uint32_t magnitude(float value)
{
    uint32_t pattern;
    memcpy(&pattern, &value, sizeof pattern);
    return pattern & 0x7fffffffu;
}

/* The k-th smallest magnitude (k from 0) by two counts of 16 bits; *before gets how many are
 * smaller. */
static uint32_t select_magnitude(const struct spn_param *p, size_t k, size_t *count, size_t *before)
{
    enum { HALF = 1 << 16 };
    uint32_t high = 0, low = 0;
    size_t seen = 0;
    memset(count, 0, HALF * sizeof *count);
    for (size_t i = 0; i < p->n; i++) {
        count[magnitude(p->value[i]) >> 16]++;
    }
    while (high < HALF - 1 && seen + count[high] <= k) {
        seen += count[high++];
    }
    memset(count, 0, HALF * sizeof *count);
    for (size_t i = 0; i < p->n; i++) {
        const uint32_t m = magnitude(p->value[i]);
        if (m >> 16 == high) {
            count[m & (HALF - 1)]++;
        }
    }
    while (low < HALF - 1 && seen + count[low] <= k) {
        seen += count[low++];
    }
    *before = seen;
    return high << 16 | low;
}

enum spn_status spn_train_prune(struct spn_train_net *net, double share, struct spn_err *err)
{
    size_t *count = malloc(((size_t)1 << 16) * sizeof *count);
    if (!count) {
        return spn_err_memory(err, "pruning");
    }
    for (int i = 0; i < net->n_layers; i++) {
        struct spn_param *p = &net->layer[i].weight;
        const size_t n_out =
            p->mask ? (size_t)llround(share * net->net->layer[i].sparsity * (double)p->n) : 0;
        if (n_out == 0) {
            continue;
        }
        size_t before;
        const uint32_t edge = select_magnitude(p, n_out - 1, count, &before);
        size_t ties = n_out - before; /* of the edge value, the first ones go */
        for (size_t k = 0; k < p->n; k++) {
            const uint32_t m = magnitude(p->value[k]);
            const bool out = m < edge || (m == edge && ties > 0);
            ties -= m == edge && ties > 0;
            if (out) {
                p->mask[k] = 0;
                p->value[k] = p->first[k] = 0.0f;
            }
        }
    }
    free(count);
    return SPN_OK;
}

double spn_train_sparsity(const struct spn_train_net *net)
{
    size_t n = 0, zeros = 0;
    for (int i = 0; i < net->n_layers; i++) {
        const struct spn_param *p = &net->layer[i].weight;
        for (size_t k = 0; p->mask && k < p->n; k++) {
            zeros += p->seen[k] == 0.0f;
        }
        n += p->mask ? p->n : 0;
    }
    return n > 0 ? (double)zeros / (double)n : 0.0;
}
