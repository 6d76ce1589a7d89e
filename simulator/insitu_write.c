/* insitu_write.c -- from weights to cells: the transfer to the chip, and every update after it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The optimiser's weights stay off the chip; their codes are what cells are written to. A vector
 * update takes each array of each polarity on its own: the change of the held magnitude where the
 * mask is on, fitted by row and column parts, as whole pulses [M:V1, M:V9]. Then verification
 * brings what is outside the tolerance to its target.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/insitu_state.h"
#include "simulator/quantize.h"
#include "simulator/vau.h"

static int max_code(const struct spn_insitu_options *o)
{
    return (1 << (o->weight_bits - 1)) - 1;
}

/* Codes of the optimiser's weights; those beyond the largest code are held there. */
static void set_targets(const struct spn_insitu_state *s, struct spn_insitu_matrix *x)
{
    const struct spn_insitu_options *o = &s->job->options;
    struct spn_param *p = &s->net->layer[x->layer].weight;
    const float top = (float)max_code(o), limit = (float)(max_code(o) * x->scale);
    for (size_t k = 0; k < x->n; k++) {
        float *value = &p->value[x->place[k]];
        *value = fminf(fmaxf(*value, -limit), limit);
        const float code = *value / (float)x->scale;
        x->target[k] = fminf(fmaxf(o->round_targets ? nearbyintf(code) : code, -top), top);
    }
}

void spn_insitu_apply_masks(struct spn_insitu_state *s)
{
    for (int m = 0; m < s->n_matrices && s->on_chip; m++) {
        struct spn_insitu_matrix *x = &s->matrix[m];
        const struct spn_param *p = spn_insitu_param(s, m);
        for (size_t k = 0; k < x->n; k++) {
            const bool kept = p->mask[x->place[k]] != 0;
            if (kept == spn_pairs_kept(x->pairs, k))
                continue;
            spn_pairs_keep(x->pairs, k, kept);
            x->target[k] = 0;
        }
    }
}

enum spn_status spn_insitu_transfer(struct spn_insitu_state *s, struct spn_err *err)
{
    const struct spn_insitu_options *o = &s->job->options;
    enum spn_status status = SPN_OK;
    for (int m = 0; m < s->n_matrices && !status; m++) {
        struct spn_insitu_matrix *x = &s->matrix[m];
        const struct spn_param *p = spn_insitu_param(s, m);
        const struct spn_pairs_config config = {.device = s->job->device,
                                                .write = o->write,
                                                .n = x->n,
                                                .rows = o->array_rows,
                                                .columns = o->array_columns,
                                                .states = max_code(o) + 1,
                                                .seed = o->seed,
                                                .layer = (uint32_t)m};
        float top = 0;
        for (size_t k = 0; k < p->n; k++)
            top = fmaxf(top, fabsf(p->value[k]));
        x->scale = top > 0 ? (double)top * o->scale_headroom / max_code(o) : 1;
        status = spn_pairs_create(&x->pairs, &config, err);
        if (!status)
            set_targets(s, x);
    }
    if (status)
        return status;
    s->on_chip = true;
    spn_insitu_apply_masks(s);
    for (int m = 0; m < s->n_matrices; m++) {
        struct spn_insitu_matrix *x = &s->matrix[m];
        set_targets(s, x);
        spn_pairs_verify(x->pairs, x->target);
    }
    return SPN_OK;
}

void spn_insitu_view(struct spn_insitu_state *s, int bits)
{
    for (int m = 0; m < s->n_matrices; m++) {
        struct spn_insitu_matrix *x = &s->matrix[m];
        struct spn_param *p = spn_insitu_param(s, m);
        if (s->on_chip) {
            spn_pairs_read(x->pairs, false, x->code);
            for (size_t k = 0; k < x->n; k++)
                p->seen[x->place[k]] = x->code[k] * (float)x->scale;
            continue;
        }
        float top = 0;
        for (size_t k = 0; k < p->n; k++)
            top = fmaxf(top, fabsf(p->value[k]));
        const float scale = bits > 0 ? top / (float)spn_quantize_weight_max(bits) : 0;
        for (size_t k = 0; k < p->n; k++)
            p->seen[k] = scale > 0 ? scale * rintf(p->value[k] / scale) : p->value[k];
    }
}

/* ---- vector updates ---- */

/* Array `a` of a layer, as delta[] and mask[] of its cells; false if nothing is kept there. */
static bool fill_array(const struct spn_insitu_state *s, const struct spn_insitu_matrix *x, int a)
{
    const size_t size = (size_t)s->job->options.array_rows * (size_t)s->job->options.array_columns;
    const size_t first = (size_t)a * size;
    const size_t n = x->n - first < size ? x->n - first : size;
    bool any = false;
    memset(s->array_mask, 0, size);
    memset(s->array_delta, 0, size * sizeof *s->array_delta);
    memcpy(s->array_mask, x->mask + first, n);
    for (size_t k = 0; k < n; k++) {
        s->array_delta[k] = x->mask[first + k] ? x->delta[first + k] : 0;
        any = any || x->mask[first + k];
    }
    return any;
}

/* Lines of an array that hold weights are its rows. */
static struct spn_vau_problem problem_of(const struct spn_insitu_state *s,
                                         const struct spn_insitu_matrix *x, int a, bool masked)
{
    const struct spn_insitu_options *o = &s->job->options;
    const size_t columns = (size_t)o->array_columns, size = (size_t)o->array_rows * columns;
    const size_t left = x->n - (size_t)a * size, n = left < size ? left : size;
    return (struct spn_vau_problem){.rows = (int)((n + columns - 1) / columns),
                                    .columns = o->array_columns,
                                    .delta = s->array_delta,
                                    .mask = s->array_mask,
                                    .masked_fit = masked,
                                    .lambda = o->update.lambda};
}

/* What either fit would make of a layer's signed changes (whole arrays of kept weights). */
static enum spn_status measure(struct spn_insitu_state *s, struct spn_insitu_matrix *x,
                               double error_square[2], double *square, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    const struct spn_param *p = &s->net->layer[x->layer].weight;
    for (size_t k = 0; k < x->n; k++)
        x->mask[k] = p->mask[x->place[k]] != 0;
    for (int a = 0; a < x->pairs->n_arrays && !status; a++) {
        struct spn_vau_quality q;
        if (!fill_array(s, x, a))
            continue;
        for (int masked = 0; masked < 2 && !status; masked++) {
            const struct spn_vau_problem problem = problem_of(s, x, a, masked);
            status = spn_vau_fit(&problem, s->row, s->column, NULL, err);
            if (status)
                break;
            spn_vau_quality(&problem, s->row, s->column, &q);
            error_square[masked] += q.error_square;
        }
        *square += q.square;
    }
    return status;
}

static enum spn_status pulse_arrays(struct spn_insitu_state *s, struct spn_insitu_matrix *x,
                                    int polarity, struct spn_err *err)
{
    const struct spn_insitu_options *o = &s->job->options;
    enum spn_status status = SPN_OK;
    for (int a = 0; a < x->pairs->n_arrays && !status; a++) {
        if (!fill_array(s, x, a))
            continue;
        const struct spn_vau_problem problem = problem_of(s, x, a, o->update.masked_fit);
        status = spn_vau_fit(&problem, s->row, s->column, NULL, err);
        if (status)
            break;
        spn_vau_pulses(s->row, problem.rows, o->write.pulses_per_state, s->row_pulses);
        spn_vau_pulses(s->column, o->array_columns, o->write.pulses_per_state, s->column_pulses);
        spn_pairs_pulse(x->pairs, polarity, a, s->row_pulses, s->column_pulses);
    }
    return status;
}

/* One layer's vector update: `old` are the codes that changes count from. */
static enum spn_status write_vectors(struct spn_insitu_state *s, struct spn_insitu_matrix *x,
                                     const float *old, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    for (int polarity = 0; polarity < SPN_N_POLARITIES && !status; polarity++) {
        const float sign = polarity == SPN_PLUS ? 1 : -1;
        spn_pairs_mask(x->pairs, polarity, x->mask);
        for (size_t k = 0; k < x->n; k++)
            x->delta[k] = sign * x->target[k] - fmaxf(sign * old[k], 0);
        status = pulse_arrays(s, x, polarity, err);
    }
    return status;
}

static double zeros_of(const struct spn_insitu_state *s, const struct spn_insitu_matrix *x)
{
    const struct spn_param *p = &s->net->layer[x->layer].weight;
    double n = 0;
    for (size_t k = 0; k < p->n; k++)
        n += !p->mask[k];
    return n / (double)p->n;
}

/* The log's squares, from sums over all layers' arrays. */
static void log_errors(const struct spn_insitu_state *s, const double error_square[2],
                       double square, struct spn_insitu_epoch *log)
{
    const double n = (double)s->n_weights;
    log->delta_square = square / n;
    log->mse_all = error_square[0] / n;
    log->mse_masked = error_square[1] / n;
    log->explained_all = square > 0 ? 1 - error_square[0] / square : 0;
    log->explained_masked = square > 0 ? 1 - error_square[1] / square : 0;
}

enum spn_status spn_insitu_write(struct spn_insitu_state *s, bool measured,
                                 struct spn_insitu_epoch *log, struct spn_err *err)
{
    const struct spn_insitu_update *u = &s->job->options.update;
    double error_square[2] = {0}, square = 0;
    enum spn_status status = SPN_OK;
    for (int m = 0; m < s->n_matrices && !status; m++) {
        struct spn_insitu_matrix *x = &s->matrix[m];
        memcpy(x->code, x->target, x->n * sizeof *x->code);
        set_targets(s, x);
        for (size_t k = 0; k < x->n; k++)
            x->delta[k] = x->target[k] - x->code[k];
        if (measured)
            status = measure(s, x, error_square, &square, err);
        if (u->feedback)
            spn_pairs_read(x->pairs, false, x->code);
        spn_pairs_turn(x->pairs, x->target);
        if (!status && u->vector && zeros_of(s, x) >= u->threshold_frac)
            status = write_vectors(s, x, x->code, err);
        if (!status && (u->verify || !u->vector))
            spn_pairs_verify(x->pairs, x->target);
        log->cell_cycles += (1 - zeros_of(s, x)) * (double)x->n;
    }
    if (measured)
        log_errors(s, error_square, square, log);
    return status;
}
