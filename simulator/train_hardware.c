/* train_hardware.c -- a chip in the training loop: errors of cells, converters.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A weight code is a difference of two cells for each digit [M:S1]. The errors of its cells add up
 * to a normal error of sd cell_sd sqrt(2 sum (2^shift L)^2) codes, exactly in distribution; stuck
 * cells are found by geometric gaps among all cells, and take their digit to L or 0 [M:S43]. A sum
 * over adc_rows rows is rounded to 2^bits - 1 codes up to the running largest sum and clipped
 * there; gradients pass straight through both [bengio2013ste].
 */
#include "simulator/train_hardware.h"

#include <math.h>
#include <stdlib.h>

#include <cblas.h>

#include "base/parallel.h"
#include "base/rng.h"
#include "simulator/quantize.h"

enum {
    BLOCK = 1 << 16, /* weights of one work item */
    POSITIONS = 256, /* outputs computed at a time */
    MAX_DIGITS = 8,
    STUCK_BLOCKS = 1 << 20 /* of random numbers between two work items: more than cells need */
};
static const float range_share = 0.1f; /* of a new batch in the running range, as in batchnorm */

bool spn_train_hardware_cells(const struct spn_train_hardware *h)
{
    return h->cell_sd_frac > 0 || h->stuck_on_frac + h->stuck_off_frac > 0;
}

bool spn_train_hardware_adc(const struct spn_train_net *net, int i)
{
    int before = 0;
    for (int k = 0; k < i; k++)
        before += spn_layer_is_matrix(&net->net->layer[k]);
    return net->hardware && net->hardware->adc_bits > 0 && before < net->n_active;
}

int spn_train_hardware_active(const struct spn_train_hardware *h, int n, double epoch)
{
    if (epoch < h->start_epoch)
        return 0;
    const double span = h->full_epoch - h->start_epoch;
    const double along = span > 0 ? (epoch - h->start_epoch) / span : 1;
    const int active = 1 + (int)floor(along * n);
    return active < n ? active : n;
}

int spn_train_hardware_first(const struct spn_train_hardware *h, const struct spn_network *net,
                             int n_layers)
{
    int left = h ? h->tuned_layers : 0, first = 0;
    for (int i = n_layers - 1; i >= 0 && left > 0; i--)
        if (spn_layer_is_matrix(&net->layer[i])) {
            left--;
            first = i;
        }
    return left > 0 ? 0 : first;
}

double spn_train_hardware_writes(const struct spn_train_net *net)
{
    double sum = 0, n = 0;
    for (int i = 0; i < net->n_layers; i++) {
        const struct spn_param *p = &net->layer[i].weight;
        for (size_t k = 0; p->writes && k < p->n; k++)
            sum += p->writes[k];
        n += p->writes ? (double)p->n : 0;
    }
    return n > 0 ? sum / n : 0;
}

/* ---- cells ---- */

struct digits {
    int n, shift[MAX_DIGITS], levels[MAX_DIGITS];
    double unit; /* sqrt(2 sum (2^shift levels)^2) */
};

static struct digits cut(int weight_bits, int cell_bits)
{
    struct digits d = {0};
    double square = 0;
    for (int shift = 0; shift < weight_bits - 1; shift += cell_bits) {
        const int left = weight_bits - 1 - shift, bits = left < cell_bits ? left : cell_bits;
        d.shift[d.n] = shift;
        d.levels[d.n] = (1 << bits) - 1;
        square += pow(ldexp(d.levels[d.n], shift), 2);
        d.n++;
    }
    d.unit = sqrt(2 * square);
    return d;
}

struct errors { /* of one layer's cells */
    struct spn_param *p;
    const struct spn_train_hardware *h;
    struct digits digits;
    float scale; /* of one code */
    float threshold;
    struct spn_rng noise, stuck;
};

static void add_noise(const struct errors *e, size_t first, size_t end)
{
    const float sd = (float)(e->h->cell_sd_frac * e->digits.unit) * e->scale;
    struct spn_rng rng = e->noise;
    for (size_t i = first; i < end; i += 4) { /* four normals a block of the stream */
        float normal[4];
        spn_rng_at(&rng, i / 4);
        spn_rng_normals(&rng, normal, 4);
        for (size_t k = 0; k < 4 && i + k < end; k++)
            e->p->seen[i + k] += e->p->mask[i + k] ? sd * normal[k] : 0.0f;
    }
}

/* Cell `cell` of weight i is stuck. */
static void stick(const struct errors *e, size_t i, int cell, bool on)
{
    const int d = cell / 2, side = cell % 2;
    const float held = e->p->written ? e->p->written[i] : e->p->value[i];
    const int code = (int)lrintf(held / e->scale);
    const int level =
        (code < 0) == side ? (abs(code) >> e->digits.shift[d]) & e->digits.levels[d] : 0;
    const int change = (on ? e->digits.levels[d] : 0) - level;
    if (e->p->mask[i])
        e->p->seen[i] += e->scale * (float)ldexp(side == 0 ? change : -change, e->digits.shift[d]);
}

static void add_stuck(const struct errors *e, size_t block, size_t first, size_t end)
{
    const double on = e->h->stuck_on_frac, share = on + e->h->stuck_off_frac;
    const size_t per = 2 * (size_t)e->digits.n, n = (end - first) * per;
    struct spn_rng rng = e->stuck;
    spn_rng_at(&rng, (uint64_t)block * STUCK_BLOCKS);
    for (double at = -1;;) {
        at += 1 + floor(log(spn_rng_uniform(&rng)) / log1p(-share));
        if (!(at < (double)n))
            return;
        const size_t k = (size_t)at;
        stick(e, first + k / per, (int)(k % per), spn_rng_uniform(&rng) * share < on);
    }
}

/* What has changed by the threshold is written, and errs anew. */
static void write_tuned(const struct errors *e, size_t first, size_t end)
{
    const float sd = (float)(e->h->cell_sd_frac * e->digits.unit) * e->scale;
    struct spn_param *p = e->p;
    for (size_t i = first; i < end; i++) {
        const float change = fabsf(p->value[i] - p->written[i]);
        if (p->writes[i] == 0 || (change > 0.0f && change >= e->threshold)) {
            p->written[i] = p->value[i];
            p->writes[i]++;
        }
        struct spn_rng rng = e->noise;
        spn_rng_at(&rng, ((uint64_t)i << 32) + p->writes[i]);
        p->seen[i] = e->scale * rintf(p->written[i] / e->scale);
        p->seen[i] += p->mask[i] && sd > 0.0f ? sd * (float)spn_rng_normal(&rng) : 0.0f;
    }
}

static void errors_body(void *ctx, size_t block, int thread)
{
    const struct errors *e = ctx;
    const size_t first = block * BLOCK, end = first + BLOCK < e->p->n ? first + BLOCK : e->p->n;
    (void)thread;
    if (e->p->writes)
        write_tuned(e, first, end);
    if (e->h->stuck_on_frac + e->h->stuck_off_frac > 0)
        add_stuck(e, block, first, end);
    if (e->h->cell_sd_frac > 0 && !e->p->writes)
        add_noise(e, first, end);
}

void spn_train_hardware_errors(struct spn_train_net *net, const struct spn_train_options *options,
                               long count)
{
    const struct spn_train_hardware *h = &options->hardware;
    const uint64_t chip =
        options->seed + (h->tuned_layers > 0 ? 0 : (uint64_t)(count / h->chip_updates));
    int matrix = 0;
    if (!spn_train_hardware_cells(h) && h->tuned_layers == 0)
        return;
    for (int i = 0; i < net->n_layers && matrix < net->n_active; i++) {
        struct errors e = {.p = &net->layer[i].weight,
                           .h = h,
                           .digits = cut(options->weight_bits, h->cell_bits),
                           .noise = spn_rng_init(chip, SPN_TRAIN_STREAM_CELLS, (uint32_t)i),
                           .stuck = spn_rng_init(chip, SPN_TRAIN_STREAM_STUCK, (uint32_t)i)};
        float top = 0.0f;
        if (!spn_layer_is_matrix(&net->net->layer[i]))
            continue;
        matrix++;
        for (size_t k = 0; k < e.p->n; k++)
            top = fmaxf(top, fabsf(e.p->value[k]));
        e.scale = top / (float)spn_quantize_weight_max(options->weight_bits);
        e.threshold = (float)h->write_threshold_frac * top;
        if (top > 0.0f)
            spn_parallel_for(net->n_threads, (e.p->n + BLOCK - 1) / BLOCK, errors_body, &e);
    }
}

/* ---- converters ---- */

struct product {
    struct spn_train_net *net;
    struct spn_train_layer *layer;
    const float *x;
    int n, item; /* images; of one work item */
    float step;  /* of a code; 0: none yet */
};

size_t spn_train_hardware_scratch(const struct spn_window *w)
{
    return POSITIONS * ((size_t)spn_window_rows(w) + (size_t)w->out_channels);
}

/* Sums of one group of rows, through the converter, onto y. */
static float convert(const struct product *p, const float *sums, int n, float *y)
{
    const struct spn_window *w = &p->layer->window;
    const int n_out = w->out_channels / w->groups;
    const float max = (float)((1 << (p->net->hardware->adc_bits - 1)) - 1);
    float top = 0.0f;
    for (int r = 0; r < n; r++)
        for (int c = 0; c < n_out; c++) {
            float sum = sums[(size_t)r * (size_t)n_out + (size_t)c];
            top = fmaxf(top, fabsf(sum));
            if (p->step > 0.0f)
                sum = p->step * fminf(fmaxf(rintf(sum / p->step), -max), max);
            y[(size_t)r * (size_t)w->out_channels + (size_t)c] += sum;
        }
    return top;
}

/* Positions first .. first + n - 1 of the batch; returns the largest sum. */
static float block_product(const struct product *p, int64_t first, int n, float *scratch)
{
    const struct spn_window *w = &p->layer->window;
    const int depth = spn_window_rows(w), n_out = w->out_channels / w->groups;
    const int rows = p->net->hardware->adc_rows > 0 ? p->net->hardware->adc_rows : depth;
    float *sums = scratch + (size_t)POSITIONS * (size_t)depth, top = 0.0f;
    float *out = p->layer->y + (size_t)first * (size_t)w->out_channels;
    for (size_t k = 0; k < (size_t)n * (size_t)w->out_channels; k++)
        out[k] = 0.0f;
    for (int g = 0; g < w->groups; g++) {
        const struct spn_patches which = {.first = first, .n = n, .group = g, .size = sizeof *sums};
        const float *weight = p->layer->weight.seen + (size_t)g * (size_t)n_out * (size_t)depth;
        spn_layers_patches(w, p->x, &which, scratch);
        for (int r = 0; r < depth; r += rows) {
            const int n_rows = depth - r < rows ? depth - r : rows;
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n_out, n_rows, 1.0f,
                        scratch + r, depth, weight + r, depth, 0.0f, sums, n_out);
            top = fmaxf(top, convert(p, sums, n, out + (size_t)g * (size_t)n_out));
        }
    }
    return top;
}

static void product_body(void *ctx, size_t i, int thread)
{
    const struct product *p = ctx;
    const struct spn_window *w = &p->layer->window;
    const int64_t positions = (int64_t)w->out_height * w->out_width;
    const int64_t begin = (int64_t)i * p->item * positions;
    const int64_t all = p->n * positions, left = all - begin;
    const int64_t end = begin + (left < p->item * positions ? left : p->item * positions);
    float top = 0.0f;
    for (int64_t first = begin; first < end; first += POSITIONS) {
        const int n = end - first < POSITIONS ? (int)(end - first) : POSITIONS;
        top = fmaxf(top, block_product(p, first, n, p->net->adc_scratch[thread]));
    }
    p->net->item_top[i] = top;
}

void spn_train_hardware_product(struct spn_train_net *net, int i, const float *x, int n, bool learn)
{
    struct spn_train_layer *l = &net->layer[i];
    const struct spn_train_hardware *h = net->hardware;
    const int64_t positions = (int64_t)l->window.out_height * l->window.out_width;
    const float codes = (float)((1 << (h->adc_bits - 1)) - 1);
    struct product p = {.net = net, .layer = l, .x = x, .n = n};
    p.item = positions < POSITIONS ? (int)(POSITIONS / positions) : 1;
    p.step = codes > 0.0f ? l->sum_range * (float)h->adc_range_frac / codes : 0.0f;
    const int n_items = (n + p.item - 1) / p.item;
    spn_parallel_for(net->n_threads, (size_t)n_items, product_body, &p);
    float top = 0.0f;
    for (int k = 0; k < n_items; k++)
        top = fmaxf(top, net->item_top[k]);
    if (learn)
        l->sum_range =
            l->sum_range > 0.0f ? l->sum_range + range_share * (top - l->sum_range) : top;
}
