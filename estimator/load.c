/* load.c -- a network larger than the chip, loaded part by part.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each load brings the weights of its layers from DRAM over the global bus and writes them; the
 * three run side by side, the longest counts [M:E43]. A load serves a batch of images, so that an
 * image's energy has its share. Activations of a batch that wait for a later load do so in DRAM;
 * those of one image stay in the global buffer.
 */
#include <math.h>

#include "estimator/fit.h"
#include "estimator/writing.h"
#include "models/array.h"
#include "models/dram.h"
#include "models/htree.h"
#include "models/sram.h"

enum { DRAM, BUS, WRITE, N_WAYS };

/* Mean pulses that bring a cell from one of its L states to another, one per state passed, both
 * random: (L^2 - 1)/(3 L); a binary cell takes one. */
static double pulses_per_program(const struct spn_chip *chip)
{
    double states = fmin(ldexp(1, chip->weight.cell_bits), chip->device.n_states);

    if (chip->system.pulses_per_program > 0)
        return chip->system.pulses_per_program;
    return fmax(1, (states * states - 1) / (3 * states));
}

/* The chip's write, repeated for so many pulses; whole arrays, as nothing is there to update. */
static struct spn_chip_write write_of(const struct spn_chip *chip)
{
    struct spn_chip_write write = chip->write;
    double updates = pulses_per_program(chip) / write.pulses_per_update;

    write.pulses_per_update *= updates;
    write.row_pulses_per_update *= updates;
    if (write.method == SPN_UPDATE_VECTOR)
        write.method = SPN_UPDATE_ROW;
    return write;
}

/* Bits of a layer in DRAM: kept weights, and what says where they are. */
static double stored_bit(const struct spn_frame *f, int matrix)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    double weights = (double)f->plan->net->layer[f->plan->matrix[matrix].layer].n_weights;
    double mask = f->scheme->masked ? weights : w->index_bit;

    return weights * f->scheme->kept(w->sparsity) * f->chip->weight.bits + mask;
}

static double mask_s(const struct spn_frame *f, int matrix, const struct spn_writing *x)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    double bit_s = w->forward_blocks.block[0].cost.action[SPN_ARRAY_WRITE_MASK].latency_s;

    return f->scheme->masked ? x->serial * x->rows * x->columns * bit_s : 0;
}

/* What one layer adds to a load that it is part of. */
static void ways_of(const struct spn_frame *f, int matrix, const struct spn_writing_request *how,
                    double way_s[N_WAYS])
{
    double bits = stored_bit(f, matrix) / f->work->matrix[matrix].parts;
    struct spn_writing x = spn_writing_of(f, matrix, how);

    way_s[DRAM] = bits * spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_BIT).latency_s;
    way_s[BUS] = spn_global_bus_s(f, bits);
    way_s[WRITE] = x.tile_s + mask_s(f, matrix, &x);
}

/* One load: sums over its layers of what shares DRAM and bus, the slowest of what writes at once.
 * Gives the time to the layers that it comes from; returns it. */
static double add_load(struct spn_frame *f, int load, int first,
                       const struct spn_writing_request *how)
{
    double sum[N_WAYS] = {spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_ACCESS).latency_s, 0, 0};
    double access_s = sum[DRAM];
    int slowest = first, last = first;

    for (int i = first; i < f->plan->n_matrix && f->work->matrix[i].first <= load; i++) {
        double way_s[N_WAYS];
        ways_of(f, i, how, way_s);
        sum[DRAM] += way_s[DRAM];
        sum[BUS] += way_s[BUS];
        slowest = way_s[WRITE] > sum[WRITE] ? i : slowest;
        sum[WRITE] = fmax(sum[WRITE], way_s[WRITE]);
        last = i;
    }
    double longest = fmax(sum[DRAM], fmax(sum[BUS], sum[WRITE]));
    for (int i = first; i <= last; i++) {
        double way_s[N_WAYS], *to = f->work->matrix[i].load_s;
        ways_of(f, i, how, way_s);
        if (longest <= sum[WRITE])
            to[WRITE] += i == slowest ? way_s[WRITE] : 0;
        else if (longest <= sum[DRAM])
            to[DRAM] += way_s[DRAM] + (i == first ? access_s : 0);
        else
            to[BUS] += way_s[BUS];
    }
    return longest;
}

/* Leaves of one layer's way from DRAM into the cells. */
static void add_leaves(struct spn_frame *f, int matrix, const struct spn_writing_request *how)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    double bits = stored_bit(f, matrix) * how->share, tile_word = f->chip->tile.bus_bit;
    bool mesh = f->chip->global.interconnect == SPN_INTERCONNECT_MESH;
    struct spn_writing x = spn_writing_of(f, matrix, how);
    struct spn_frame_item item = {.layer = f->plan->matrix[matrix].layer,
                                  .phase = SPN_PHASE_FORWARD,
                                  .category = SPN_CATEGORY_DRAM,
                                  .inference = true,
                                  .latency_s = w->load_s[DRAM]};

    spn_frame_add_action(f, &item, SPN_BLOCK_DRAM, SPN_DRAM_BIT, bits);
    item.category = SPN_CATEGORY_INTERCONNECT;
    item.block = spn_frame_block(f, mesh ? SPN_BLOCK_ROUTER : SPN_BLOCK_GLOBAL_HTREE);
    item.n = bits;
    item.unit_J = spn_global_bit(f, w->hops_port, 1).energy_J;
    item.latency_s = w->load_s[BUS];
    spn_frame_add(f, &item);
    item.latency_s = 0;
    spn_frame_add_action(f, &item,
                         w->map.kernel_position ? SPN_BLOCK_KERNEL_HTREE : SPN_BLOCK_TILE_HTREE,
                         SPN_HTREE_UNICAST, bits);
    spn_frame_add_action(f, &item, SPN_BLOCK_PE_HTREE, SPN_HTREE_UNICAST, bits * w->map.copies);
    item.category = SPN_CATEGORY_BUFFER;
    spn_frame_add_action(f, &item, SPN_BLOCK_TILE_INPUT, SPN_SRAM_WRITE, bits / tile_word);
    spn_frame_add_action(f, &item, SPN_BLOCK_TILE_INPUT, SPN_SRAM_READ, bits / tile_word);
    spn_writing_add(f, matrix, &x, how, w->load_s[WRITE]);
    if (!f->scheme->masked)
        return;
    item.category = SPN_CATEGORY_WRITE;
    item.block = &w->forward_blocks.block[0];
    item.n = x.all_cells * how->share;
    item.unit_J = w->forward_blocks.block[0].cost.action[SPN_ARRAY_WRITE_MASK].energy_J;
    spn_frame_add(f, &item);
}

/* Results that a later load needs, of more than one image: to DRAM and back. */
static void add_waiting(struct spn_frame *f, struct spn_system_result *out)
{
    const struct spn_network *net = f->plan->net;
    struct spn_cost bit = spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_BIT);

    spn_fit_places(f);
    for (int i = 0; i < net->n_layers; i++) {
        double bits =
            spn_fit_later(f, i) > 0 ? (double)net->layer[i].n_out * f->chip->input.bits : 0;
        struct spn_frame_item item = {.layer = i,
                                      .phase = SPN_PHASE_FORWARD,
                                      .category = SPN_CATEGORY_DRAM,
                                      .inference = true,
                                      .block = spn_frame_block(f, SPN_BLOCK_DRAM),
                                      .n = 2 * bits,
                                      .unit_J = bit.energy_J,
                                      .latency_s = 2 * bits * bit.latency_s};
        spn_frame_add(f, &item);
        out->waiting_bit += item.n;
        out->waiting_s += item.latency_s;
    }
}

double spn_load_add(struct spn_frame *f, struct spn_system_result *out)
{
    const struct spn_chip_write write = write_of(f->chip);
    const struct spn_writing_request how = {
        .write = &write, .phase = SPN_PHASE_FORWARD, .share = 1.0 / f->chip->system.batch};
    const int before = f->tree.n;
    int first = 0;

    if (f->work->n_loads <= 1)
        return 0;
    for (int i = 0; i < f->plan->n_matrix; i++)
        for (int k = 0; k < N_WAYS; k++)
            f->work->matrix[i].load_s[k] = 0;
    for (int load = 0; load < f->work->n_loads; load++) {
        while (f->work->matrix[first].first + f->work->matrix[first].parts <= load)
            first++;
        out->load_s += add_load(f, load, first, &how);
    }
    for (int i = 0; i < f->plan->n_matrix; i++) {
        out->load_bit += stored_bit(f, i);
        add_leaves(f, i, &how);
    }
    for (int i = before; i < f->tree.n; i++)
        out->load_J += f->tree.leaf[i].cost.energy_J / how.share;
    if (f->chip->system.batch > 1)
        add_waiting(f, out);
    return out->load_s;
}
