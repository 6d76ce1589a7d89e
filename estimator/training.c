/* training.c -- what training adds to inference: weight gradient and weight update (the error pass
 * is pass.c's).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gradient: as many MACs as the forward pass, on a square array of digital MACs next to a buffer
 * that holds, per layer, the smaller of its accumulators and a batch of its inputs and errors, so
 * that each comes from memory once [M:E23]. Update, once per batch [ning2025, Methods: delta-weight
 * transfer + pruning-index transfer + array operation]: the deltas of the weights that are kept
 * travel from the gradient unit to the arrays, one layer after the other; then all tiles write at
 * the same time, and the slowest sets the time. A copy of a layer inside its tiles is written like
 * the layer itself.
 */
#include "estimator/training.h"

#include <math.h>

#include "models/adc.h"
#include "models/array.h"
#include "models/decoder.h"
#include "models/digital.h"
#include "models/dram.h"
#include "models/htree.h"
#include "models/level_shifter.h"
#include "models/mux.h"
#include "models/sram.h"

struct spn_update_counts spn_update_count(int method, double rows, double columns, double kept,
                                          const struct spn_chip_write *write)
{
    struct spn_update_counts c = {0};

    switch (method) {
    case SPN_UPDATE_CELL: /* kept rows columns [M:E24] */
        c.cycles = kept * rows * columns;
        c.pulse_times = c.cycles * write->pulses_per_update;
        break;
    case SPN_UPDATE_ROW: /* rows that hold a kept weight [M:E25] */
        c.cycles = rows * (1 - pow(1 - kept, columns));
        c.pulse_times = c.cycles * write->row_pulses_per_update;
        break;
    default: /* columns one by one, then all rows at once: N + 1 [ning2025; M:E26] */
        c.cycles = columns + 1;
        c.pulse_times = columns * write->pulses_per_update + write->row_pulses_per_update;
        break;
    }
    return c;
}

double spn_training_gradient_bit(const struct spn_layer *layer, double n_in,
                                 const struct spn_chip *chip, bool *by_weight)
{
    double sum_bits =
        chip->input.bits + chip->training.error_bits + SPN_BLOCKS_ACCUMULATOR_MARGIN_BITS;
    double sums = (double)layer->n_weights * sum_bits;
    double operands = n_in * chip->input.bits + (double)layer->n_out * chip->training.error_bits;

    *by_weight = sums <= chip->training.batch * operands;
    return *by_weight ? sums + operands : chip->training.batch * operands;
}

static void add(struct spn_frame *f, const struct spn_frame_item *common, enum spn_block_id id,
                int action, double n)
{
    struct spn_frame_item item = *common;

    item.block = spn_frame_block(f, id);
    item.n = n;
    item.unit_J = spn_frame_action(f, id, action).energy_J;
    spn_frame_add(f, &item);
}

double spn_training_gradient(struct spn_frame *f, int matrix)
{
    int index = f->plan->matrix[matrix].layer;
    const struct spn_layer *layer = &f->plan->net->layer[index];
    const struct spn_chip_training *t = &f->chip->training;
    double n_in = f->plan->layer[index].n_in, macs = (double)layer->n_macs,
           word = f->chip->global.bus_bit;
    double in_bit = n_in * f->chip->input.bits, error_bit = (double)layer->n_out * t->error_bits;
    double sum_bits = f->chip->input.bits + t->error_bits + SPN_BLOCKS_ACCUMULATOR_MARGIN_BITS;
    bool by_weight, dram = t->activations_in_dram;
    struct spn_frame_item item = {
        .layer = index, .phase = SPN_PHASE_GRADIENT, .category = SPN_CATEGORY_DRAM};

    (void)spn_training_gradient_bit(layer, n_in, f->chip, &by_weight);
    double work_s = macs / t->mac_units * spn_frame_action(f, SPN_BLOCK_MAC, SPN_MAC_MAC).latency_s;
    /* Stored in the forward pass, fetched now. */
    double dram_bit = dram ? 2 * in_bit : 0;
    double dram_s = dram
                        ? 2 * spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_ACCESS).latency_s +
                              dram_bit * spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_BIT).latency_s
                        : 0;
    double read_bit = (dram ? 0 : in_bit) + error_bit;
    double buffer_s =
        read_bit / word * spn_buffer_word_s(f, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ);
    double longest = fmax(work_s, fmax(dram_s, buffer_s));
    item.latency_s = longest <= dram_s ? dram_s : 0;
    add(f, &item, SPN_BLOCK_DRAM, SPN_DRAM_BIT, dram_bit);
    item.category = SPN_CATEGORY_BUFFER;
    item.latency_s = longest <= buffer_s && longest > dram_s ? buffer_s : 0;
    add(f, &item, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ, read_bit / word);
    item.latency_s = 0;
    /* A square of MACs uses each operand it reads once per row or column: 2 MACs / sqrt(units)
     * words. [M:E23] */
    double operand_bit = macs / sqrt(t->mac_units) * (f->chip->input.bits + t->error_bits);
    double sums_bit = by_weight ? (double)layer->n_weights * sum_bits : 0;
    add(f, &item, SPN_BLOCK_GRADIENT_BUFFER, SPN_SRAM_READ, (operand_bit + sums_bit) / word);
    add(f, &item, SPN_BLOCK_GRADIENT_BUFFER, SPN_SRAM_WRITE,
        (in_bit + error_bit + sums_bit) / word);
    item.category = SPN_CATEGORY_DIGITAL;
    item.latency_s = longest > dram_s && longest > buffer_s ? work_s : 0;
    add(f, &item, SPN_BLOCK_MAC, SPN_MAC_MAC, macs);
    return longest;
}

/* Deltas of kept weights from the gradient unit to the arrays; returns the time. [M:E28] */
static double add_transfer(struct spn_frame *f, int matrix)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    int index = f->plan->matrix[matrix].layer;
    const struct spn_layer *layer = &f->plan->net->layer[index];
    double bits =
        (double)layer->n_weights * f->scheme->kept(w->sparsity) * f->chip->training.gradient_bits;
    double time_s = spn_global_bus_s(f, bits), tile_word = f->chip->tile.bus_bit;
    bool mesh = f->chip->global.interconnect == SPN_INTERCONNECT_MESH;
    struct spn_frame_item item = {
        .layer = index,
        .phase = SPN_PHASE_UPDATE,
        .category = SPN_CATEGORY_INTERCONNECT,
        .block = spn_frame_block(f, mesh ? SPN_BLOCK_ROUTER : SPN_BLOCK_GLOBAL_HTREE),
        .n = bits,
        .unit_J = spn_global_bit(f, 1).energy_J,
        .latency_s = time_s};

    spn_frame_add(f, &item);
    item.latency_s = 0;
    add(f, &item, w->map.kernel_position ? SPN_BLOCK_KERNEL_HTREE : SPN_BLOCK_TILE_HTREE,
        SPN_HTREE_UNICAST, bits);
    add(f, &item, SPN_BLOCK_PE_HTREE, SPN_HTREE_UNICAST, bits * w->map.copies);
    item.category = SPN_CATEGORY_BUFFER;
    add(f, &item, SPN_BLOCK_GRADIENT_BUFFER, SPN_SRAM_READ, bits / f->chip->global.bus_bit);
    add(f, &item, SPN_BLOCK_TILE_INPUT, SPN_SRAM_WRITE, bits / tile_word);
    add(f, &item, SPN_BLOCK_TILE_INPUT, SPN_SRAM_READ, bits / tile_word);
    return time_s;
}

/* One layer's writing: what all its arrays take, and how long its busiest tile. */
struct writing {
    int method;
    double rows, columns; /* cells of the fullest array in use */
    double all_rows, all_columns,
        all_cells; /* over all arrays and copies; cells: that hold weights, pruned ones too */
    double kept;
    struct spn_update_counts counts; /* of the fullest array */
    double serial;                   /* arrays of a tile one after the other */
    double tile_s;
};

/* Reading back what was written: a row and its conversions. */
static double verify_s(const struct spn_frame *f, const struct spn_matrix_work *w,
                       double conversions)
{
    return spn_frame_action(f, SPN_BLOCK_ARRAY, SPN_ARRAY_READ_ROW).latency_s +
           conversions * (spn_frame_action(f, SPN_BLOCK_MUX, SPN_MUX_SELECT).latency_s +
                          w->forward_block[1].cost.action[SPN_ADC_CONVERT].latency_s);
}

static struct writing writing_of(const struct spn_frame *f, int matrix)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    const struct spn_layer_map *m = &w->map;
    const struct spn_map_rules *r = &f->work->rules;
    const struct spn_chip_write *write = &f->chip->write;
    double things = (double)m->positions * m->blocks * m->copies;
    struct writing x = {.method = f->scheme->update_method(f->chip, w->sparsity),
                        .rows = fmin(m->rows, r->array_rows),
                        .columns = fmin(m->columns, r->weights_per_row) * r->cells_per_weight,
                        .all_rows = things * m->rows * m->column_arrays,
                        .all_columns = things * m->columns * r->cells_per_weight * m->row_arrays,
                        .all_cells = m->cells * m->copies,
                        .kept = f->scheme->kept(w->sparsity)};

    /* Cells beside packed groups must stay where they are; only masks can see to that. */
    if (x.method == SPN_UPDATE_VECTOR && m->groups_per_block > 1 && !f->scheme->masked)
        x.method = SPN_UPDATE_CELL;
    double written = x.kept / m->groups_per_block;
    x.counts = spn_update_count(x.method, x.rows, x.columns, written, write);
    double per_tile = ceil((double)m->n_arrays / m->n_tiles);
    x.serial =
        write->arrays_per_tile_parallel > 0 ? ceil(per_tile / write->arrays_per_tile_parallel) : 1;
    static const int action[] = {[SPN_UPDATE_CELL] = SPN_ARRAY_WRITE_CELL,
                                 [SPN_UPDATE_ROW] = SPN_ARRAY_WRITE_ROW,
                                 [SPN_UPDATE_VECTOR] = SPN_ARRAY_WRITE_VECTOR};
    double array_s =
        x.counts.pulse_times * w->forward_block[0].cost.action[action[x.method]].latency_s;
    if (write->verify && x.method == SPN_UPDATE_VECTOR)
        array_s += x.rows * verify_s(f, w, w->forward.columns_per_pass);
    else if (write->verify)
        array_s += x.counts.pulse_times *
                   verify_s(f, w, x.method == SPN_UPDATE_CELL ? 1 : w->forward.columns_per_pass);
    x.tile_s = x.serial * array_s;
    return x;
}

/* Pulses of each action over all arrays, and what verifying reads. */
static void add_writing(struct spn_frame *f, int matrix, const struct writing *x, double latency_s)
{
    const struct spn_chip_write *write = &f->chip->write;
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    struct spn_frame_item item = {.layer = f->plan->matrix[matrix].layer,
                                  .phase = SPN_PHASE_UPDATE,
                                  .category = SPN_CATEGORY_WRITE,
                                  .block = &w->forward_block[0],
                                  .latency_s = latency_s};
    double row_share = 1 - pow(1 - x->kept, x->columns),
           digits = f->work->rules.conversions_per_weight;
    double cells_per_weight = f->work->rules.cells_per_weight, row_lines, column_lines, reads,
           conversions;
    int action;

    if (x->method == SPN_UPDATE_CELL) {
        action = SPN_ARRAY_WRITE_CELL;
        item.n = row_lines = column_lines = reads = conversions =
            x->all_cells * x->kept * write->pulses_per_update;
    } else if (x->method == SPN_UPDATE_ROW) {
        action = SPN_ARRAY_WRITE_ROW;
        item.n = row_lines = reads = x->all_rows * row_share * write->row_pulses_per_update;
        column_lines = x->all_cells * x->kept * write->pulses_per_update;
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
    item.unit_J = w->forward_block[0].cost.action[action].energy_J;
    spn_frame_add(f, &item);
    item.latency_s = 0;
    add(f, &item, SPN_BLOCK_ROW_SHIFTER, SPN_LEVEL_SHIFTER_SHIFT, row_lines);
    add(f, &item, SPN_BLOCK_COLUMN_SHIFTER, SPN_LEVEL_SHIFTER_SHIFT, column_lines);
    add(f, &item, SPN_BLOCK_ROW_DECODER, SPN_DECODER_DECODE,
        x->method == SPN_UPDATE_VECTOR ? 0 : row_lines);
    if (!write->verify)
        return;
    item.category = SPN_CATEGORY_ARRAY;
    item.block = &w->forward_block[0];
    item.n = reads;
    item.unit_J = w->forward_block[0].cost.action[SPN_ARRAY_READ_ROW].energy_J;
    spn_frame_add(f, &item);
    item.category = SPN_CATEGORY_ADC;
    item.block = &w->forward_block[1];
    item.n = conversions;
    item.unit_J = w->forward_block[1].cost.action[SPN_ADC_CONVERT].energy_J;
    spn_frame_add(f, &item);
}

/* Every mask bit written once, cell by cell, the arrays as in an update. [M:E29] */
static void count_masks(const struct spn_frame *f, int matrix, const struct writing *x,
                        struct spn_training_result *out)
{
    struct spn_cost bit =
        f->work->matrix[matrix].forward_block[0].cost.action[SPN_ARRAY_WRITE_MASK];
    double tile_s = x->serial * x->rows * x->columns * bit.latency_s;

    out->mask_write_s = fmax(out->mask_write_s, tile_s);
    out->mask_write_J += x->all_cells * bit.energy_J;
}

void spn_training_update(struct spn_frame *f, struct spn_training_result *out)
{
    int slowest = 0;

    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct writing x = writing_of(f, i);
        struct spn_layer_result *result = &f->work->result[f->plan->matrix[i].layer];
        double transfer_s = add_transfer(f, i);
        out->update_transfer_s += transfer_s;
        result->update_latency_s += transfer_s + x.tile_s;
        if (x.tile_s > out->update_write_s) {
            out->update_write_s = x.tile_s;
            slowest = i;
        }
        if (f->scheme->masked)
            count_masks(f, i, &x, out);
    }
    if (f->format)
        out->update_index_s = spn_index_fetch(f);
    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct writing x = writing_of(f, i);
        add_writing(f, i, &x, i == slowest ? x.tile_s : 0);
    }
}
