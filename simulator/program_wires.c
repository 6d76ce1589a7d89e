/* program_wires.c -- what a core's programmed cells show through the wires of their arrays.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows are driven before the first column and columns sensed past the last row, each through one
 * segment of wire and the terminal's resistance [M:R9]. A segment is wire_ohm_per_m times the
 * cell's pitch. Columns that take turns (ADC with selected_only) form narrower arrays whose
 * segments are as long as all columns of one ADC.
 */
#include "simulator/program_wires.h"

#include <math.h>
#include <stdlib.h>

#include "base/parallel.h"
#include "models/iv.h"
#include "simulator/effective.h"

enum { CORRECTION_STEPS = 20 };
static const double CORRECTION_TOLERANCE = 1e-4; /* below what cells can be programmed to */

struct spn_program_wires spn_program_wires(const struct spn_core_config *config, bool masked)
{
    const struct spn_chip *chip = config->chip;
    const struct spn_device *device = &chip->device;
    const struct spn_chip_array *array = &chip->array;
    double ohm_per_F = chip->node.wire_ohm_per_m * chip->node.feature_size_m;
    double row_ohm = ohm_per_F * (masked ? device->mask.cell_width_F : device->cell_width_F);
    double column_ohm = ohm_per_F * (masked ? device->mask.cell_height_F : device->cell_height_F);
    bool gated = device->cell != SPN_CELL_CROSSBAR;
    bool some = array->rows_read > 0 && array->rows_read < array->rows;
    return (struct spn_program_wires){
        .n_phases = chip->adc.selected_only && chip->adc.columns_per_adc > 1
                        ? chip->adc.columns_per_adc
                        : 1,
        .array_rows = array->rows,
        .rows_at_once = gated && some ? array->rows_read : array->rows,
        .wires = {.row_ohm = row_ohm,
                  .column_ohm = column_ohm,
                  .source_ohm = {array->source_ohm + row_ohm, INFINITY},
                  .sense_ohm = {array->sense_ohm + column_ohm, INFINITY}},
        .estimated = config->estimate_ir_drop,
        .bent = (config->errors & SPN_ERROR_NONLINEARITY) != 0 && device->read_voltage_V > 0 &&
                        spn_iv_is_bent(device)
                    ? device
                    : NULL,
        .n_threads = config->n_threads == 0 ? 1 : config->n_threads};
}

int spn_program_wires_stripe(const struct spn_program_wires *w, int first, int n_rows)
{
    int position = first % w->array_rows, end = position + w->rows_at_once;
    int n = (end < w->array_rows ? end : w->array_rows) - position;
    return n < n_rows - first ? n : n_rows - first;
}

/* ---- one stripe, array by array ---- */

struct stripe {
    const struct spn_program_wires *w;
    struct spn_irdrop_array array; /* of the first phase, which has the most columns */
    struct spn_effective **work;   /* [thread]; unused where estimated */
    double **cells; /* [thread]: of one phase, what becomes of them, scratch for bent ones */
    const struct spn_program_correction *correction; /* or NULL: solve */
    struct spn_compensation *result;                 /* [block][phase] */
    enum spn_status *status;                         /* [block] */
    struct spn_err *err;
};

/* Columns of one phase between the stripe and an array of its own. */
static void move_phase(const struct stripe *s, size_t block, int phase, double *cells_S, bool take)
{
    const struct spn_program_wires *w = s->w;
    const size_t columns = (size_t)s->array.columns;
    for (size_t r = 0; r < (size_t)s->array.rows; r++)
        for (size_t c = 0; c < columns; c++) {
            int at = (int)c * w->n_phases + phase;
            double *cell_S = &cells_S[r * columns + c];
            if (at >= w->width)
                *cell_S = 0;
            else if (take)
                *cell_S = w->cell_S * *spn_program_wires_cell(w, (int)block, (int)r, at);
            else
                *spn_program_wires_cell(w, (int)block, (int)r, at) = *cell_S / w->cell_S;
        }
}

static struct spn_irdrop_array phase_array(const struct stripe *s, int phase)
{
    struct spn_irdrop_array array = s->array;
    array.wires.source_ohm[SPN_IRDROP_NEAR] += phase * s->w->wires.row_ohm;
    return array;
}

static void solve_block(void *ctx, size_t block, int thread)
{
    const struct stripe *s = ctx;
    double *cells_S = s->cells[thread];
    double *T_S = cells_S + (size_t)s->array.rows * (size_t)s->array.columns;
    for (int phase = 0; phase < s->w->n_phases; phase++) {
        const struct spn_irdrop_array array = phase_array(s, phase);
        move_phase(s, block, phase, cells_S, true);
        if (s->w->bent != NULL)
            spn_effective_bend(&array, s->w->bent, cells_S,
                               cells_S + 2 * (size_t)array.rows * (size_t)array.columns);
        if (s->w->estimated) {
            spn_effective_estimate(&array, cells_S, T_S);
        } else {
            spn_effective_set_wires(s->work[thread], &array.wires);
            spn_effective_compute(s->work[thread], cells_S, T_S);
        }
        move_phase(s, block, phase, T_S, false);
    }
}

static void correct_block(void *ctx, size_t block, int thread)
{
    const struct stripe *s = ctx;
    const struct spn_program_correction *c = s->correction;
    double *cells_S = s->cells[thread];
    double *new_S = cells_S + (size_t)s->array.rows * (size_t)s->array.columns;
    const bool exact = c->kind == SPN_CORRECTION_EXACT;
    const struct spn_compensate_window window = {
        .low_S = c->low * s->w->cell_S,
        .high_S = c->high * s->w->cell_S,
        .gain = c->gain,
        .base_S = c->subtracted ? c->low * s->w->cell_S : 0,
        .estimated = s->w->estimated || (c->kind == SPN_CORRECTION_CLOSED_FORM && !(c->gain > 0))};
    for (int phase = 0; phase < s->w->n_phases && !s->status[block]; phase++) {
        const struct spn_irdrop_array array = phase_array(s, phase);
        struct spn_compensation *result = &s->result[(int)block * s->w->n_phases + phase];
        move_phase(s, block, phase, cells_S, true);
        s->status[block] =
            spn_compensate_exact(&array, window, cells_S, exact ? CORRECTION_STEPS : 0,
                                 CORRECTION_TOLERANCE, new_S, result, &s->err[block]);
        if (!s->status[block] && c->gain > 0)
            move_phase(s, block, phase, new_S, false);
    }
}

static void stripe_clear(struct stripe *s, int n_threads)
{
    for (int t = 0; t < n_threads && s->work != NULL && s->cells != NULL; t++) {
        spn_effective_destroy(s->work[t]);
        free(s->cells[t]);
    }
    free(s->work);
    free(s->cells);
}

/* Run `body` on all blocks of the stripe. */
static enum spn_status run_stripe(struct stripe *s, int first, int n, spn_parallel_body *body,
                                  struct spn_err *err)
{
    const struct spn_program_wires *w = s->w;
    int threads = spn_parallel_threads(w->n_threads),
        below = w->array_rows - first % w->array_rows - n;
    enum spn_status status = SPN_OK;
    if (threads > w->n_blocks)
        threads = w->n_blocks;
    s->array = (struct spn_irdrop_array){
        .rows = n, .columns = (w->width + w->n_phases - 1) / w->n_phases, .wires = w->wires};
    s->array.wires.row_ohm *= w->n_phases;
    s->array.wires.sense_ohm[SPN_IRDROP_NEAR] += below * w->wires.column_ohm;
    s->work = calloc((size_t)threads, sizeof(*s->work));
    s->cells = calloc((size_t)threads, sizeof(*s->cells));
    if (s->work == NULL || s->cells == NULL)
        status = spn_err_memory(err, "wires of a core");
    for (int t = 0; t < threads && status == SPN_OK; t++) {
        s->cells[t] = malloc((w->bent != NULL ? 5 : 2) * (size_t)n * (size_t)s->array.columns *
                             sizeof(double));
        if (s->cells[t] == NULL)
            status = spn_err_memory(err, "wires of a core");
        else if (!w->estimated && s->correction == NULL)
            status = spn_effective_create(&s->work[t], &s->array, err);
    }
    if (status == SPN_OK)
        spn_parallel_for(threads, (size_t)w->n_blocks, body, s);
    stripe_clear(s, threads);
    return status;
}

enum spn_status spn_program_wires_solve(const struct spn_program_wires *w, int first, int n,
                                        struct spn_err *err)
{
    struct stripe s = {.w = w};
    return run_stripe(&s, first, n, solve_block, err);
}

static void add_result(struct spn_program_correction *sum, const struct spn_compensation *r)
{
    const bool exact = sum->kind == SPN_CORRECTION_EXACT;
    sum->largest_gain = fmin(sum->largest_gain, exact ? r->gain : r->mapped_gain);
    sum->wanted_square += r->wanted_square;
    sum->cross += r->cross;
    sum->square += r->square;
    sum->plain_cross += r->plain_cross;
    sum->plain_square += r->plain_square;
    sum->n_clipped += r->n_clipped;
    if (sum->kind == SPN_CORRECTION_GAIN) { /* cells stay as they are */
        sum->cross = sum->plain_cross;
        sum->square = sum->plain_square;
        sum->n_clipped = 0;
    }
}

enum spn_status spn_program_wires_correct(const struct spn_program_wires *w, int first, int n,
                                          struct spn_program_correction *correction,
                                          struct spn_err *err)
{
    const size_t blocks = (size_t)w->n_blocks, n_results = blocks * (size_t)w->n_phases;
    struct stripe s = {.w = w,
                       .correction = correction,
                       .result = calloc(n_results, sizeof(*s.result)),
                       .status = calloc(blocks, sizeof(*s.status)),
                       .err = calloc(blocks, sizeof(*s.err))};
    enum spn_status status = SPN_OK;
    if (s.result == NULL || s.status == NULL || s.err == NULL)
        status = spn_err_memory(err, "correction of a core");
    if (status == SPN_OK)
        status = run_stripe(&s, first, n, correct_block, err);
    for (size_t b = 0; b < blocks && status == SPN_OK; b++)
        if (s.status[b])
            status = spn_err_set(err, s.status[b], "%s", s.err[b].msg);
    for (size_t i = 0; i < n_results && status == SPN_OK; i++)
        add_result(correction, &s.result[i]);
    free(s.result);
    free(s.status);
    free(s.err);
    return status;
}
