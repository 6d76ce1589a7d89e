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
#include "simulator/effective.h"

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
    double **cells;                /* [thread]: of one phase, and their effective conductances */
};

static void solve_block(void *ctx, size_t block, int thread)
{
    const struct stripe *s = ctx;
    const struct spn_program_wires *w = s->w;
    struct spn_irdrop_array array = s->array;
    size_t columns = (size_t)array.columns, rows = (size_t)array.rows;
    double *cells_S = s->cells[thread], *T_S = cells_S + rows * columns;
    for (int phase = 0; phase < w->n_phases; phase++) {
        array.wires.source_ohm[SPN_IRDROP_NEAR] =
            s->array.wires.source_ohm[SPN_IRDROP_NEAR] + phase * w->wires.row_ohm;
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++) {
                int at = (int)c * w->n_phases + phase;
                cells_S[r * columns + c] =
                    at < w->width ? w->cell_S * *spn_program_wires_cell(w, (int)block, (int)r, at)
                                  : 0;
            }
        if (w->estimated) {
            spn_effective_estimate(&array, cells_S, T_S);
        } else {
            spn_effective_set_wires(s->work[thread], &array.wires);
            spn_effective_compute(s->work[thread], cells_S, T_S);
        }
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++) {
                int at = (int)c * w->n_phases + phase;
                if (at < w->width)
                    *spn_program_wires_cell(w, (int)block, (int)r, at) =
                        T_S[r * columns + c] / w->cell_S;
            }
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

enum spn_status spn_program_wires_solve(const struct spn_program_wires *w, int first, int n,
                                        struct spn_err *err)
{
    int threads = spn_parallel_threads(w->n_threads),
        below = w->array_rows - first % w->array_rows - n;
    if (threads > w->n_blocks)
        threads = w->n_blocks;
    struct stripe s = {.w = w,
                       .array = {.rows = n,
                                 .columns = (w->width + w->n_phases - 1) / w->n_phases,
                                 .wires = w->wires},
                       .work = calloc((size_t)threads, sizeof(struct spn_effective *)),
                       .cells = calloc((size_t)threads, sizeof(double *))};
    enum spn_status status = SPN_OK;
    s.array.wires.row_ohm *= w->n_phases;
    s.array.wires.sense_ohm[SPN_IRDROP_NEAR] += below * w->wires.column_ohm;
    if (s.work == NULL || s.cells == NULL)
        status = spn_err_memory(err, "wires of a core");
    for (int t = 0; t < threads && status == SPN_OK; t++) {
        s.cells[t] = malloc(2 * (size_t)n * (size_t)s.array.columns * sizeof(double));
        if (s.cells[t] == NULL)
            status = spn_err_memory(err, "wires of a core");
        else if (!w->estimated)
            status = spn_effective_create(&s.work[t], &s.array, err);
    }
    if (status == SPN_OK)
        spn_parallel_for(threads, (size_t)w->n_blocks, solve_block, &s);
    stripe_clear(&s, threads);
    return status;
}
