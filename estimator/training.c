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

#include "estimator/fit.h"
#include "estimator/transposed.h"
#include "estimator/writing.h"
#include "models/array.h"
#include "models/digital.h"
#include "models/dram.h"
#include "models/htree.h"
#include "models/sram.h"

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
    double work_s =
        macs / t->mac_units * spn_frame_action(f, SPN_BLOCK_MAC, SPN_MAC_MAC)->latency_s;
    /* Stored in the forward pass, fetched now. */
    double dram_bit = dram ? 2 * in_bit : 0;
    double dram_s =
        dram ? 2 * spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_ACCESS)->latency_s +
                   dram_bit * spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_BIT)->latency_s
             : 0;
    double read_bit = (dram ? 0 : in_bit) + error_bit;
    double buffer_s =
        read_bit / word * spn_buffer_word_s(f, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ);
    double longest = fmax(work_s, fmax(dram_s, buffer_s));
    item.latency_s = longest <= dram_s ? dram_s : 0;
    spn_frame_add_action(f, &item, SPN_BLOCK_DRAM, SPN_DRAM_BIT, dram_bit);
    item.category = SPN_CATEGORY_BUFFER;
    item.latency_s = longest <= buffer_s && longest > dram_s ? buffer_s : 0;
    spn_frame_add_action(f, &item, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ, read_bit / word);
    item.latency_s = 0;
    /* A square of MACs uses each operand it reads once per row or column: 2 MACs / sqrt(units)
     * words. [M:E23] */
    double operand_bit = macs / sqrt(t->mac_units) * (f->chip->input.bits + t->error_bits);
    double sums_bit = by_weight ? (double)layer->n_weights * sum_bits : 0;
    spn_frame_add_action(f, &item, SPN_BLOCK_GRADIENT_BUFFER, SPN_SRAM_READ,
                         (operand_bit + sums_bit) / word);
    spn_frame_add_action(f, &item, SPN_BLOCK_GRADIENT_BUFFER, SPN_SRAM_WRITE,
                         (in_bit + error_bit + sums_bit) / word);
    item.category = SPN_CATEGORY_DIGITAL;
    item.latency_s = longest > dram_s && longest > buffer_s ? work_s : 0;
    spn_frame_add_action(f, &item, SPN_BLOCK_MAC, SPN_MAC_MAC, macs);
    return longest;
}

/* Bits of a kept weight that an update moves: its delta; or, as SRAM cells cannot be moved by
 * steps, its old value to the unit that adds and its new one back, and that to the copy. [M:E76] */
static double moved_bit(const struct spn_chip *chip, bool copy)
{
    if (chip->device.cell != SPN_CELL_SRAM)
        return chip->training.gradient_bits;
    return copy ? chip->weight.bits : 2 * chip->weight.bits;
}

/* Deltas of kept weights from the gradient unit to the arrays; returns the time. [M:E28] */
static double add_transfer(struct spn_frame *f, int matrix, bool copy)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    int index = f->plan->matrix[matrix].layer;
    const struct spn_layer *layer = &f->plan->net->layer[index];
    double kept = (double)layer->n_weights * f->scheme->kept(w->sparsity);
    double bits = kept * moved_bit(f->chip, copy);
    double time_s = spn_global_bus_s(f, bits), tile_word = f->chip->tile.bus_bit;
    bool mesh = f->chip->global.interconnect == SPN_INTERCONNECT_MESH;
    struct spn_frame_item item = {
        .layer = index,
        .phase = SPN_PHASE_UPDATE,
        .category = SPN_CATEGORY_INTERCONNECT,
        .block = spn_frame_block(f, mesh ? SPN_BLOCK_ROUTER : SPN_BLOCK_GLOBAL_HTREE),
        .n = bits,
        .unit_J = spn_global_bit(f, w->hops_port, 1).energy_J,
        .latency_s = time_s};

    spn_frame_add(f, &item);
    item.latency_s = 0;
    spn_frame_add_action(f, &item,
                         w->map.kernel_position ? SPN_BLOCK_KERNEL_HTREE : SPN_BLOCK_TILE_HTREE,
                         SPN_HTREE_UNICAST, bits);
    spn_frame_add_action(f, &item, SPN_BLOCK_PE_HTREE, SPN_HTREE_UNICAST, bits * w->map.copies);
    item.category = SPN_CATEGORY_BUFFER;
    spn_frame_add_action(f, &item, SPN_BLOCK_GRADIENT_BUFFER, SPN_SRAM_READ,
                         kept * f->chip->training.gradient_bits / f->chip->global.bus_bit);
    spn_frame_add_action(f, &item, SPN_BLOCK_TILE_INPUT, SPN_SRAM_WRITE, bits / tile_word);
    spn_frame_add_action(f, &item, SPN_BLOCK_TILE_INPUT, SPN_SRAM_READ, bits / tile_word);
    if (f->chip->device.cell == SPN_CELL_SRAM && !copy) { /* beside the bus, lane by lane */
        item.category = SPN_CATEGORY_DIGITAL;
        spn_frame_add_action(f, &item, SPN_BLOCK_ELEMENTWISE, SPN_ELEMENTWISE_ADD, kept);
    }
    return time_s;
}

/* Every mask bit written once, cell by cell, the arrays as in an update. [M:E29] */
static void count_masks(const struct spn_frame *f, int matrix, const struct spn_writing *x,
                        struct spn_training_result *out)
{
    struct spn_cost bit =
        f->work->matrix[matrix].forward_blocks.block[0].cost.action[SPN_ARRAY_WRITE_MASK];
    double tile_s = x->serial * x->rows * x->columns * bit.latency_s;

    out->mask_write_s = fmax(out->mask_write_s, tile_s);
    out->mask_write_J += x->all_cells * bit.energy_J;
}

/* The layer whose tiles take longest to be written, of the arrays or of their transposed copy. */
struct slowest {
    int matrix;
    bool copy;
};

static void transfer_all(struct spn_frame *f, const struct spn_writing_request *how, bool copy,
                         struct slowest *slowest, struct spn_training_result *out)
{
    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct spn_writing x = spn_writing_of(f, i, how);
        struct spn_layer_result *result = &f->work->result[f->plan->matrix[i].layer];
        double transfer_s = add_transfer(f, i, copy);
        out->update_transfer_s += transfer_s;
        result->update_latency_s += transfer_s + (copy ? 0 : x.tile_s);
        if (x.tile_s > out->update_write_s) {
            out->update_write_s = x.tile_s;
            *slowest = (struct slowest){i, copy};
        }
        if (f->scheme->masked)
            count_masks(f, i, &x, out);
    }
}

static void write_all(struct spn_frame *f, const struct spn_writing_request *how, bool copy,
                      const struct slowest *slowest)
{
    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct spn_writing x = spn_writing_of(f, i, how);
        bool last = i == slowest->matrix && copy == slowest->copy;
        spn_writing_add(f, i, &x, how, last ? x.tile_s : 0);
    }
}

void spn_training_update(struct spn_frame *f, struct spn_training_result *out)
{
    const bool copies = spn_transposed_wanted(f);
    const struct spn_writing_request how = {.write = &f->chip->write,
                                            .phase = SPN_PHASE_UPDATE,
                                            .share = 1,
                                            .read_first = f->chip->device.cell == SPN_CELL_SRAM};
    struct spn_writing_request again = how;
    struct slowest slowest = {0, false};
    struct spn_frame own;

    again.read_first = false;   /* what the first arrays held is known */
    if (f->work->n_loads > 1) { /* the next loads bring the new weights to the cells */
        out->update_transfer_s = spn_load_update(f);
        return;
    }
    transfer_all(f, &how, false, &slowest, out);
    if (copies) {
        own = spn_transposed_begin(f);
        transfer_all(&own, &again, true, &slowest, out);
        spn_transposed_end(f, &own);
    }
    if (f->format || f->work->need.polarity_tile_bit > 0)
        out->update_index_s = spn_index_fetch(f);
    write_all(f, &how, false, &slowest);
    if (copies) {
        own = spn_transposed_begin(f);
        write_all(&own, &again, true, &slowest);
        spn_transposed_end(f, &own);
    }
}
