/* writing.c -- what writing a layer's arrays takes: weight updates, and loading weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cell by cell, row by row, or as vectors [M:E24-E26]; all tiles at once, in a tile so many arrays
 * at a time [M:E28].
 */
#include "estimator/writing.h"

#include <math.h>

#include "estimator/programming.h"
#include "models/adc.h"
#include "models/array.h"
#include "models/decoder.h"
#include "models/level_shifter.h"
#include "models/mux.h"

struct spn_update_counts spn_update_count(int method, double rows, double columns, double weights,
                                          double kept, const struct spn_chip_write *write)
{
    struct spn_update_counts c = {0};

    switch (method) {
    case SPN_UPDATE_CELL: /* kept rows columns [M:E24] */
        c.cycles = kept * rows * columns;
        c.pulse_times = c.cycles * write->pulses_per_update;
        break;
    case SPN_UPDATE_ROW: /* rows that hold a kept weight [M:E25] */
        c.cycles = rows * (1 - pow(1 - kept, weights));
        c.pulse_times = c.cycles * write->row_pulses_per_update;
        break;
    default: /* columns one by one, then all rows at once: N + 1 [ning2025; M:E26] */
        c.cycles = columns + 1;
        c.pulse_times = columns * write->pulses_per_update + write->row_pulses_per_update;
        break;
    }
    return c;
}

/* Reading back what was written: a row and its conversions. */
double spn_writing_verify_s(const struct spn_frame *f, const struct spn_matrix_work *w,
                            double conversions)
{
    return spn_frame_action(f, SPN_BLOCK_ARRAY, SPN_ARRAY_READ_ROW)->latency_s +
           conversions * (spn_frame_action(f, SPN_BLOCK_MUX, SPN_MUX_SELECT)->latency_s +
                          w->forward_blocks.block[1].cost.action[SPN_ADC_CONVERT].latency_s);
}

struct spn_writing spn_writing_of(const struct spn_frame *f, int matrix,
                                  const struct spn_writing_request *how)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    const struct spn_layer_map *m = &w->map;
    const struct spn_map_rules *r = &f->work->rules;
    const struct spn_chip_write *write = how->write;
    double things = (double)m->positions * m->blocks * m->copies;
    struct spn_writing x = {
        .method = how->phase == SPN_PHASE_UPDATE ? f->scheme->update_method(f->chip, w->sparsity)
                                                 : write->method,
        .rows = fmin(m->rows, r->array_rows),
        .columns = fmin(m->columns, r->weights_per_row) * r->cells_per_weight,
        .all_rows = things * m->rows * m->column_arrays,
        .all_columns = things * m->columns * r->cells_per_weight * m->row_arrays,
        .all_cells = m->cells * m->copies,
        .kept = f->scheme->kept(w->sparsity),
        /* of a pair the cell that holds the value [M:E72] */
        .cells_frac = how->phase == SPN_PHASE_UPDATE ? spn_index_written_frac(f, matrix) : 1};

    /* Cells beside packed groups must stay where they are; only masks can see to that. */
    if (x.method == SPN_UPDATE_VECTOR && m->groups_per_block > 1 && !f->scheme->masked)
        x.method = SPN_UPDATE_CELL;
    double written = x.kept / m->groups_per_block;
    x.writes = spn_programming_writes(f, matrix, how->phase, write);
    x.counts = spn_update_count(x.method, x.rows, x.columns, x.columns / r->cells_per_weight,
                                written, write);
    if (x.method == SPN_UPDATE_CELL) {
        x.counts.cycles *= x.cells_frac;
        x.counts.pulse_times = x.counts.cycles * x.writes.pulses;
    }
    double per_tile = ceil((double)m->n_arrays / m->n_tiles);
    x.serial =
        write->arrays_per_tile_parallel > 0 ? ceil(per_tile / write->arrays_per_tile_parallel) : 1;
    static const int action[] = {[SPN_UPDATE_CELL] = SPN_ARRAY_WRITE_CELL,
                                 [SPN_UPDATE_ROW] = SPN_ARRAY_WRITE_ROW,
                                 [SPN_UPDATE_VECTOR] = SPN_ARRAY_WRITE_VECTOR};
    double array_s =
        x.counts.pulse_times * w->forward_blocks.block[0].cost.action[action[x.method]].latency_s;
    if (write->verify && x.method == SPN_UPDATE_VECTOR)
        array_s += x.rows * spn_writing_verify_s(f, w, w->forward.columns_per_pass);
    else if (write->verify && x.method == SPN_UPDATE_CELL)
        array_s += x.counts.cycles * x.writes.reads * spn_writing_verify_s(f, w, 1);
    else if (write->verify)
        array_s += x.counts.pulse_times * spn_writing_verify_s(f, w, w->forward.columns_per_pass);
    if (how->read_first)
        array_s += x.rows * spn_writing_verify_s(f, w, 0);
    x.tile_s = x.serial * array_s;
    return x;
}

/* Pulses of each action over all arrays, and what verifying reads. */
void spn_writing_add(struct spn_frame *f, int matrix, const struct spn_writing *x,
                     const struct spn_writing_request *how, double latency_s)
{
    const struct spn_chip_write *write = how->write;
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    struct spn_frame_item item = {.layer = f->plan->matrix[matrix].layer,
                                  .phase = how->phase,
                                  .category = SPN_CATEGORY_WRITE,
                                  .inference = how->phase == SPN_PHASE_FORWARD,
                                  .block = &w->forward_blocks.block[0],
                                  .latency_s = latency_s};
    double row_share = 1 - pow(1 - x->kept, x->columns / f->work->rules.cells_per_weight),
           written = x->all_cells * x->kept * x->cells_frac,
           digits = f->work->rules.conversions_per_weight;
    double cells_per_weight = f->work->rules.cells_per_weight, row_lines, column_lines, reads,
           conversions;
    int action;

    if (x->method == SPN_UPDATE_CELL) {
        action = SPN_ARRAY_WRITE_CELL;
        item.n = row_lines = column_lines = written * x->writes.pulses;
        reads = conversions = written * x->writes.reads;
    } else if (x->method == SPN_UPDATE_ROW) {
        action = SPN_ARRAY_WRITE_ROW;
        item.n = row_lines = reads = x->all_rows * row_share * write->row_pulses_per_update;
        column_lines = written * write->pulses_per_update;
        conversions = reads * x->columns * digits / cells_per_weight;
    } else {
        /* Every kept cell moves with its column, and again with its row. */
        action = SPN_ARRAY_WRITE_VECTOR;
        item.n = 2 * x->all_columns * write->pulses_per_update;
        column_lines = item.n;
        row_lines = item.n * x->rows;
        reads = x->all_rows;
        conversions = reads * x->columns * digits / cells_per_weight;
    }
    item.n *= how->share;
    item.unit_J = w->forward_blocks.block[0].cost.action[action].energy_J;
    spn_frame_add(f, &item);
    item.latency_s = 0;
    spn_frame_add_action(f, &item, SPN_BLOCK_ROW_SHIFTER, SPN_LEVEL_SHIFTER_SHIFT,
                         how->share * row_lines);
    spn_frame_add_action(f, &item, SPN_BLOCK_COLUMN_SHIFTER, SPN_LEVEL_SHIFTER_SHIFT,
                         how->share * column_lines);
    spn_frame_add_action(f, &item, SPN_BLOCK_ROW_DECODER, SPN_DECODER_DECODE,
                         x->method == SPN_UPDATE_VECTOR ? 0 : how->share * row_lines);
    if (how->read_first) {
        item.category = SPN_CATEGORY_ARRAY;
        item.block = &w->forward_blocks.block[0];
        item.n = how->share * x->all_rows;
        item.unit_J = w->forward_blocks.block[0].cost.action[SPN_ARRAY_READ_ROW].energy_J;
        spn_frame_add(f, &item);
    }
    if (!write->verify)
        return;
    item.category = SPN_CATEGORY_ARRAY;
    item.block = &w->forward_blocks.block[0];
    item.n = how->share * reads;
    item.unit_J = w->forward_blocks.block[0].cost.action[SPN_ARRAY_READ_ROW].energy_J;
    spn_frame_add(f, &item);
    item.category = SPN_CATEGORY_ADC;
    item.block = &w->forward_blocks.block[1];
    item.n = how->share * conversions;
    item.unit_J = w->forward_blocks.block[1].cost.action[SPN_ADC_CONVERT].energy_J;
    spn_frame_add(f, &item);
}
