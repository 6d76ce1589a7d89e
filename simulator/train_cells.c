/* train_cells.c -- training by pulses: coincident trains, or counted pulses from a digital
 * accumulator; references at mid-window or at the cells' symmetry points.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of an array are outputs, columns the inputs of a patch, as weights lie in memory. A weight
 * is w = scale (X - reference), X in windows of the mean cell. [M:U6-M:U8]
 */
#include "simulator/train_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "simulator/pulsed.h"

enum { CHUNK = 64 }; /* vectors of one update */
static const double middle = 0.5;

struct matrix {
    struct spn_train_layer *layer;
    int i; /* of the network */
    struct spn_pulsed *array;
    float *reference; /* [weights], windows */
    float *rest;      /* mixed precision: change that is not yet written, in weights */
    double scale;     /* weight of a window */
    double settling;  /* pulses that looked for symmetry points */
};

struct spn_train_cells {
    struct spn_train_net *net;
    struct spn_train_options options;
    double n_levels; /* pulses of a window */
    int n_matrices;
    struct matrix *matrix;
    float *u, *v;     /* [CHUNK][most outputs], [CHUNK][most inputs] */
    float *place;     /* [most weights] */
    int8_t *n_pulses; /* likewise */
};

/* ---- cells ---- */

/* Weights as the cells read. */
static void read_weights(const struct spn_train_cells *c, const struct matrix *m)
{
    struct spn_param *p = &m->layer->weight;
    spn_pulsed_read(m->array, c->place);
    for (size_t k = 0; k < p->n; k++)
        p->value[k] = (float)m->scale * (c->place[k] - m->reference[k]);
}

/* The first weights, as near as windows allow. */
static void write_weights(const struct spn_train_cells *c, const struct matrix *m)
{
    struct spn_param *p = &m->layer->weight;
    for (size_t k = 0; k < p->n; k++)
        c->place[k] = 1;
    spn_pulsed_set(m->array, c->place);
    spn_pulsed_read(m->array, c->place); /* the cells' own windows */
    for (size_t k = 0; k < p->n; k++) {
        const float top = c->place[k], x = p->value[k] / (float)m->scale + m->reference[k];
        c->place[k] = top > 0 ? x / top : 0;
    }
    spn_pulsed_set(m->array, c->place);
    read_weights(c, m);
}

/* Every cell from the middle by pairs of one pulse up and one down, which end where both are as
 * large. [kim2019; M:U8] */
static void settle(const struct spn_train_cells *c, struct matrix *m)
{
    struct spn_param *p = &m->layer->weight;
    for (size_t k = 0; k < p->n; k++)
        c->place[k] = (float)middle;
    spn_pulsed_set(m->array, c->place);
    for (int pair = 0; pair < c->options.update.zero_shift_pairs; pair++)
        for (int side = 1; side >= -1; side -= 2) {
            memset(c->n_pulses, side, p->n);
            spn_pulsed_write(m->array, c->n_pulses);
        }
    m->settling = spn_pulsed_coincidences(m->array);
    spn_pulsed_read(m->array, m->reference);
}

/* Reference cells: at mid-window or where the cells settle, written with the device's error. */
static void make_references(const struct spn_train_cells *c, struct matrix *m,
                            const struct spn_device *device)
{
    const size_t n = m->layer->weight.n;
    struct spn_rng rng = spn_rng_init(c->options.seed, SPN_TRAIN_STREAM_REFERENCE, (uint32_t)m->i);
    for (size_t k = 0; k < n; k++)
        m->reference[k] = (float)middle;
    if (c->options.update.zero_shift_pairs > 0)
        settle(c, m);
    for (size_t k = 0; k < n && device->programming_sd_frac > 0; k++)
        m->reference[k] += (float)(device->programming_sd_frac * spn_rng_normal(&rng));
}

static enum spn_status matrix_init(struct spn_train_cells *c, struct matrix *m,
                                   const struct spn_device *device, struct spn_err *err)
{
    const struct spn_window *w = &m->layer->window;
    const struct spn_train_update *u = &c->options.update;
    if (w->groups != 1)
        return spn_err_set(err, SPN_EINPUT,
                           "layer '%s': %d groups: pulses train one matrix a layer",
                           c->net->net->layer[m->i].name, w->groups);
    const struct spn_pulsed_config config = {.device = device,
                                             .rows = w->out_channels,
                                             .columns = spn_window_rows(w),
                                             .step_noise_frac = u->step_noise_frac,
                                             .step_sd_frac = u->step_sd_frac,
                                             .window_sd_frac = u->window_sd_frac,
                                             .max_vectors = CHUNK,
                                             .n_threads = c->net->n_threads,
                                             .seed = c->options.seed,
                                             .layer = (uint32_t)m->i};
    enum spn_status status = spn_pulsed_create(&m->array, &config, err);
    if (status)
        return status;
    m->reference = malloc(m->layer->weight.n * sizeof *m->reference);
    m->rest = calloc(m->layer->weight.n, sizeof *m->rest);
    if (!m->reference || !m->rest)
        return spn_err_memory(err, "cells in training");
    /* the largest weight is range_sd deviations of He's first ones, from the middle */
    m->scale = u->range_sd * sqrt(2.0 / spn_window_rows(w)) / middle;
    make_references(c, m, device);
    write_weights(c, m);
    return SPN_OK;
}

static enum spn_status allocate(struct spn_train_cells *c, struct spn_err *err)
{
    size_t rows = 1, columns = 1, weights = 1;
    c->matrix = calloc((size_t)c->net->n_layers, sizeof *c->matrix);
    for (int i = 0; c->matrix && i < c->net->n_layers; i++)
        if (spn_layer_is_matrix(&c->net->net->layer[i])) {
            struct spn_train_layer *l = &c->net->layer[i];
            const size_t n_out = (size_t)l->window.out_channels,
                         n_in = (size_t)spn_window_rows(&l->window);
            rows = n_out > rows ? n_out : rows;
            columns = n_in > columns ? n_in : columns;
            weights = l->weight.n > weights ? l->weight.n : weights;
            c->matrix[c->n_matrices++] = (struct matrix){.layer = l, .i = i};
        }
    c->u = malloc(CHUNK * rows * sizeof *c->u);
    c->v = malloc(CHUNK * columns * sizeof *c->v);
    c->place = malloc(weights * sizeof *c->place);
    c->n_pulses = malloc(weights);
    return c->matrix && c->u && c->v && c->place && c->n_pulses
               ? SPN_OK
               : spn_err_memory(err, "cells in training");
}

enum spn_status spn_train_cells_create(struct spn_train_cells **cells, struct spn_train_net *net,
                                       const struct spn_train_options *options,
                                       const struct spn_device *device, struct spn_err *err)
{
    if (device->pulse.n_levels < 2)
        return spn_err_set(err, SPN_EINPUT,
                           "device '%s': pulse.n_levels = %d: training by pulses needs at least 2",
                           device->name, device->pulse.n_levels);
    struct spn_train_cells *c = calloc(1, sizeof *c);
    if (!c)
        return spn_err_memory(err, "cells in training");
    c->net = net;
    c->options = *options;
    c->n_levels = device->pulse.n_levels;
    enum spn_status status = allocate(c, err);
    for (int k = 0; k < c->n_matrices && !status; k++)
        status = matrix_init(c, &c->matrix[k], device, err);
    if (status) {
        spn_train_cells_destroy(c);
        return status;
    }
    *cells = c;
    return SPN_OK;
}

void spn_train_cells_destroy(struct spn_train_cells *c)
{
    if (!c)
        return;
    for (int k = 0; k < c->n_matrices; k++) {
        spn_pulsed_destroy(c->matrix[k].array);
        free(c->matrix[k].reference);
        free(c->matrix[k].rest);
    }
    free(c->matrix);
    free(c->u);
    free(c->v);
    free(c->place);
    free(c->n_pulses);
    free(c);
}

double spn_train_cells_pulses(const struct spn_train_cells *c)
{
    double pulses = 0, n = 0;
    for (int k = 0; k < c->n_matrices; k++) {
        pulses += spn_pulsed_coincidences(c->matrix[k].array) - c->matrix[k].settling;
        n += (double)c->matrix[k].layer->weight.n;
    }
    return n > 0 ? pulses / n : 0;
}

/* ---- updates ---- */

/* One outer product of gradient and patch for each output position. [M:U6] */
static enum spn_status pulse(struct spn_train_cells *c, struct matrix *m, int n, double rate,
                             struct spn_err *err)
{
    const struct spn_train_layer *l = m->layer;
    const struct spn_window *w = &l->window;
    const struct spn_train_update *u = &c->options.update;
    const int64_t vectors = (int64_t)n * w->out_height * w->out_width;
    const size_t n_out = (size_t)w->out_channels;
    const float *x = l->coded ? l->coded : spn_train_input(c->net, m->i, 0);
    const struct spn_pulsed_trains trains = {u->slots, u->deterministic,
                                             rate * c->n_levels / m->scale};
    enum spn_status status = SPN_OK;
    for (int64_t first = 0; first < vectors && !status; first += CHUNK) {
        const int some = vectors - first < CHUNK ? (int)(vectors - first) : CHUNK;
        const struct spn_patches which = {.first = first, .n = some, .size = sizeof *x};
        const float *dy = l->dy + (size_t)first * n_out;
        for (size_t k = 0; k < (size_t)some * n_out; k++)
            c->u[k] = -dy[k];
        spn_layers_patches(w, x, &which, c->v);
        status = spn_pulsed_update(m->array, &trains, c->u, c->v, some, err);
    }
    return status;
}

/* Changes add up digitally; whole pulses of what has reached the threshold are written, blindly.
 * [M:U7] */
static void write_pulses(const struct spn_train_cells *c, struct matrix *m, double rate)
{
    struct spn_param *p = &m->layer->weight;
    const float step = (float)(m->scale / c->n_levels), momentum = (float)c->options.momentum;
    const float threshold = (float)c->options.update.threshold_pulses;
    for (size_t k = 0; k < p->n; k++) {
        p->first[k] = momentum * p->first[k] + p->grad[k];
        m->rest[k] -= (float)rate * p->first[k];
        float n = truncf(m->rest[k] / step);
        n = fabsf(n) < threshold ? 0
                                 : fmaxf(fminf(n, SPN_PULSED_MAX_LENGTH), -SPN_PULSED_MAX_LENGTH);
        m->rest[k] -= n * step;
        c->n_pulses[k] = (int8_t)n;
    }
    spn_pulsed_write(m->array, c->n_pulses);
}

enum spn_status spn_train_cells_update(struct spn_train_cells *c, int n, double rate,
                                       struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    for (int k = 0; k < c->n_matrices && !status; k++) {
        struct matrix *m = &c->matrix[k];
        if (c->options.update.rule == SPN_TRAIN_PULSED)
            status = pulse(c, m, n, rate, err);
        else
            write_pulses(c, m, rate);
        read_weights(c, m);
    }
    return status;
}
