/* pass.c -- one image through one weight layer: its leaves and its time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Time [M:E15]: a read has two steps, (a) drive, settle and sample, (b) convert columns_per_pass
 * columns one after the other, each with its mux step; without sample-and-holds the array is read
 * until the last column is converted, n reads taking n (a + b); with them (b) of one read runs
 * beside (a) of the next: n max(a, b) + min(a, b). Transfers over the global bus and through the
 * busiest tile's port run beside the reads of other vectors; the layer takes the longest of the
 * three, which gets the time, plus the way of the first vector in and of the last result out. Sums
 * in trees are pipelined and add their delay once.
 */
#include <string.h>

#include "estimator/frame.h"
#include "estimator/schedule.h"
#include "models/adc.h"
#include "models/adder_tree.h"
#include "models/dac.h"
#include "models/decoder.h"
#include "models/driver.h"
#include "models/htree.h"
#include "models/mesh.h"
#include "models/mux.h"
#include "models/register.h"
#include "models/sample_hold.h"
#include "models/shift_add.h"
#include "models/sram.h"

void spn_frame_add_action(struct spn_frame *f, const struct spn_frame_item *common,
                          enum spn_block_id id, int action, double n)
{
    struct spn_frame_item item = *common;

    item.block = spn_frame_block(f, id);
    item.n = n;
    item.unit_J = spn_frame_action(f, id, action)->energy_J;
    spn_frame_add(f, &item);
}

double spn_buffer_word_s(const struct spn_frame *f, enum spn_block_id id, int action)
{
    double clock_s = 1 / f->chip->clock_Hz, access_s = spn_frame_action(f, id, action)->latency_s;
    double banks = id == SPN_BLOCK_GLOBAL_BUFFER || id == SPN_BLOCK_GRADIENT_BUFFER
                       ? SPN_BLOCKS_GLOBAL_BANKS
                       : 1;
    return access_s / banks > clock_s ? access_s / banks : clock_s;
}

double spn_global_bus_s(const struct spn_frame *f, double bits)
{
    return bits / f->chip->global.bus_bit / f->chip->clock_Hz;
}

/* The path to the first leaf, and one pitch of the grid for each further one; at most all of the
 * tree. The path is known in pitches from the tree's shape. */
double spn_tree_bit_J(const struct spn_frame *f, enum spn_block_id id, double n)
{
    const struct spn_block *block = spn_frame_block(f, id);
    double path_J = spn_frame_action(f, id, SPN_HTREE_UNICAST)->energy_J, all_J, J;

    if (block->n <= 0 || n <= 1)
        return path_J;
    const struct spn_tree_shape *shape = &f->work->blocks.tree[id];
    all_J = block->cost.action[SPN_HTREE_BROADCAST].energy_J;
    J = path_J * (1 + (n - 1) * shape->leaf_width_m / shape->path_m);
    return J < all_J ? J : all_J;
}

double spn_global_bit_J(const struct spn_frame *f, double hops, double n, double more)
{
    double further = n > 1 ? n - 1 : 0, flit = f->chip->global.bus_bit;
    double hop_J = spn_frame_data_J(f, SPN_BLOCK_ROUTER, SPN_MESH_ROUTER_FLIT, more) +
                   spn_frame_data_J(f, SPN_BLOCK_LINK, SPN_MESH_LINK_FLIT, more);

    /* On a mesh, too, each further tile is one hop from the one before. */
    return (1 + more) * spn_tree_bit_J(f, SPN_BLOCK_GLOBAL_HTREE, n) +
           (hops + further) * hop_J / flit;
}

struct spn_cost spn_global_bit(const struct spn_frame *f, double hops, double n)
{
    struct spn_cost tree = *spn_frame_action(f, SPN_BLOCK_GLOBAL_HTREE, SPN_HTREE_UNICAST);
    struct spn_cost router = *spn_frame_action(f, SPN_BLOCK_ROUTER, SPN_MESH_ROUTER_FLIT);
    struct spn_cost link = *spn_frame_action(f, SPN_BLOCK_LINK, SPN_MESH_LINK_FLIT);

    return (struct spn_cost){.energy_J = spn_global_bit_J(f, hops, n, 0),
                             .latency_s =
                                 tree.latency_s + hops * (router.latency_s + link.latency_s)};
}

/* What a leaf of a pass is: a block's action, so many times. */
struct entry {
    enum spn_category category;
    enum spn_block_id id;
    int action;
    double n, per_action; /* what is counted, and how many of it one action does */
    double latency_s;
    double more; /* how much more often its data change than random ones; of the first actions */
};

static void add_entries(struct spn_frame *f, const struct spn_pass *pass, const struct entry *entry,
                        int n)
{
    for (int i = 0; i < n; i++) {
        const struct entry *e = &entry[i];
        if (e->n <= 0 && e->latency_s <= 0)
            continue;
        struct spn_frame_item item = {.layer = f->plan->matrix[pass->matrix].layer,
                                      .phase = pass->phase,
                                      .category = e->category,
                                      .inference = pass->phase == SPN_PHASE_FORWARD,
                                      .block = spn_frame_block(f, e->id),
                                      .n = e->n / e->per_action,
                                      .unit_J = spn_frame_data_J(f, e->id, e->action, e->more),
                                      .latency_s = e->latency_s};
        spn_frame_add(f, &item);
    }
}

/* Array, drivers and converters. */
static void add_reads(struct spn_frame *f, const struct spn_pass *pass,
                      const struct spn_stage *stage)
{
    const struct spn_layer_counts *c = pass->counts;
    bool forward = !pass->transposed;
    const struct spn_input_moments *x = pass->input;
    const struct spn_blocks *b = &f->work->blocks;
    double active = x->mean_square > 0 ? x->mean * x->mean / x->mean_square : 0;
    /* Cells at the supply are read without their gate; a static line moves where successive bits
     * differ. */
    double gates = forward && !b->at_supply ? c->driven_lines * active : 0;
    double drives = !b->at_supply ? c->driven_lines
                    : b->digital ? c->driven_lines * f->chip->input.dac_bits * active * (1 - active)
                                 : c->driven_lines * (b->array.xnor ? 1 : active);
    double muxes = b->digital ? f->work->rules.rows_read : 1;
    /* [M:A31] converters stand ready on all rows that are read, whether the layer fills them or
     * not; switches only move where an input is. */
    if (forward && !b->at_supply &&
        spn_frame_block(f, SPN_BLOCK_INPUT_DRIVER)->type == &spn_component_dac)
        drives = c->array_reads * f->work->rules.rows_read * (b->array.xnor ? 2 : 1);
    bool partial = f->work->matrix[pass->matrix].map.row_groups_max > 1;
    struct spn_frame_item item = {.layer = f->plan->matrix[pass->matrix].layer,
                                  .phase = pass->phase,
                                  .inference = pass->phase == SPN_PHASE_FORWARD};
    const struct entry entry[] = {
        {SPN_CATEGORY_ARRAY, forward ? SPN_BLOCK_INPUT_DRIVER : SPN_BLOCK_COLUMN_DRIVER,
         SPN_SWITCH_MATRIX_SWITCH, drives, 1, 0, x->serial / SPN_BLOCKS_RANDOM_FRAC - 1},
        {SPN_CATEGORY_ARRAY, SPN_BLOCK_GATE_DRIVER, SPN_DRIVER_DRIVE, gates, 1, 0, 0},
        {SPN_CATEGORY_ARRAY, SPN_BLOCK_ROW_DECODER, SPN_DECODER_DECODE,
         partial ? c->array_reads : 0, 1, 0, 0},
        {SPN_CATEGORY_ADC, forward ? SPN_BLOCK_MUX : SPN_BLOCK_ROW_MUX, SPN_MUX_SELECT,
         c->selects * muxes, 1, 0, 0},
        {SPN_CATEGORY_ADC, SPN_BLOCK_MUX_DECODER, SPN_DECODER_DECODE, c->selects, 1, 0, 0},
        {SPN_CATEGORY_ADC, SPN_BLOCK_SAMPLE_HOLD, SPN_SAMPLE_HOLD_SAMPLE, c->samples, 1, 0, 0},
        {SPN_CATEGORY_ACCUMULATE, SPN_BLOCK_SHIFT_ADD, SPN_SHIFT_ADD_ADD, c->conversions, 1,
         stage->accumulate_s, 0},
    };

    item.category = SPN_CATEGORY_ARRAY;
    item.block = pass->array;
    item.n = c->array_reads;
    item.unit_J = f->chip->array.energy_scale * pass->array->cost.action[SPN_ARRAY_READ].energy_J;
    item.latency_s = stage->read_s;
    spn_frame_add(f, &item);
    item.category = b->digital ? SPN_CATEGORY_ACCUMULATE : SPN_CATEGORY_ADC;
    item.block = pass->adc;
    item.n = c->conversions;
    item.unit_J = pass->adc->cost.action[SPN_ADC_CONVERT].energy_J;
    item.latency_s = stage->convert_s;
    spn_frame_add(f, &item);
    add_entries(f, pass, entry, sizeof entry / sizeof entry[0]);
}

/* Sums and buffers of PE, tile and chip. */
static void add_moves(struct spn_frame *f, const struct spn_pass *pass,
                      const struct spn_stage *stage)
{
    const struct spn_layer_counts *c = pass->counts;
    const struct spn_map_rules *r = &f->work->rules;
    bool kernel = f->work->matrix[pass->matrix].map.kernel_position;
    bool direct = f->direct && f->plan->matrix[pass->matrix].from >= 0;
    enum spn_block_id tree = kernel ? SPN_BLOCK_KERNEL_TREE : SPN_BLOCK_TILE_TREE;
    double tile_inputs = kernel ? r->kernel_area : r->tile_side,
           chip_inputs = f->work->need.max_row_tiles;
    double tile_word = f->chip->tile.bus_bit, global_word = f->chip->global.bus_bit;
    double more = pass->input->toggle / SPN_BLOCKS_RANDOM_FRAC - 1; /* of inputs [M:N11] */
    const struct entry entry[] = {
        {SPN_CATEGORY_ACCUMULATE, SPN_BLOCK_PE_TREE, SPN_ADDER_TREE_SUM, c->pe_adds, r->pe_side - 1,
         0, 0},
        {SPN_CATEGORY_ACCUMULATE, tree, SPN_ADDER_TREE_SUM, c->tile_adds, tile_inputs - 1, 0, 0},
        {SPN_CATEGORY_ACCUMULATE, SPN_BLOCK_CHIP_TREE, SPN_ADDER_TREE_SUM, c->chip_adds,
         chip_inputs - 1, 0, 0},
        {SPN_CATEGORY_BUFFER, SPN_BLOCK_INPUT_REGISTER, SPN_REGISTER_WRITE, c->line_loads,
         r->pe_side * (double)r->array_rows, 0, more},
        {SPN_CATEGORY_BUFFER, SPN_BLOCK_TILE_INPUT, SPN_SRAM_WRITE, c->tile_store_bit, tile_word, 0,
         more},
        {SPN_CATEGORY_BUFFER, SPN_BLOCK_TILE_INPUT, SPN_SRAM_READ, c->tile_in_bit, tile_word,
         stage->tile_s, more},
        {SPN_CATEGORY_BUFFER, SPN_BLOCK_TILE_OUTPUT, SPN_SRAM_WRITE,
         c->global_out_bit + c->scatter_bit, tile_word, 0, 0},
        {SPN_CATEGORY_BUFFER, SPN_BLOCK_TILE_OUTPUT, SPN_SRAM_READ,
         c->global_out_bit + c->scatter_bit, tile_word, 0, 0},
        {SPN_CATEGORY_BUFFER, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ, direct ? 0 : c->global_in_bit,
         global_word, stage->buffer_s, more},
        {SPN_CATEGORY_BUFFER, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_WRITE, c->spill_bit, global_word, 0,
         0},
        {SPN_CATEGORY_BUFFER, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ, c->spill_bit, global_word, 0,
         0},
        {SPN_CATEGORY_ACCUMULATE, SPN_BLOCK_ELEMENTWISE, 0, c->scatter_adds, 1, 0, 0},
    };

    add_entries(f, pass, entry, sizeof entry / sizeof entry[0]);
}

/* One level of wires: bits in to several receivers each, bits out to the root. Lines of inputs
 * toggle as often as their bits differ, sums at random. [M:N11] */
static void add_wires(struct spn_frame *f, const struct spn_pass *pass,
                      const struct spn_stage *stage)
{
    const struct spn_layer_counts *c = pass->counts;
    const struct spn_matrix_work *w = &f->work->matrix[pass->matrix];
    bool kernel = w->map.kernel_position;
    bool mesh = f->chip->global.interconnect == SPN_INTERCONNECT_MESH;
    enum spn_block_id tile = kernel ? SPN_BLOCK_KERNEL_HTREE : SPN_BLOCK_TILE_HTREE;
    double toggle = pass->input->toggle / SPN_BLOCKS_RANDOM_FRAC;
    const struct {
        enum spn_block_id id;
        double in_bit, in_J, out_bit, out_J, latency_s;
    } level[] = {
        {SPN_BLOCK_PE_HTREE, c->pe_in_bit,
         toggle * spn_tree_bit_J(f, SPN_BLOCK_PE_HTREE, c->pe_fan),
         c->pe_out_bit + toggle * c->neighbour_bit, spn_tree_bit_J(f, SPN_BLOCK_PE_HTREE, 1), 0},
        {tile, c->tile_in_bit, toggle * spn_tree_bit_J(f, tile, c->tile_fan), c->tile_out_bit,
         spn_tree_bit_J(f, tile, 1), 0},
        {mesh ? SPN_BLOCK_ROUTER : SPN_BLOCK_GLOBAL_HTREE, c->global_in_bit,
         spn_global_bit_J(f, w->hops_in, c->global_fan, toggle - 1), c->global_out_bit,
         spn_global_bit_J(f, w->hops_out, 1, 0), stage->global_s},
    };

    for (int i = 0; i < 3; i++) {
        double n = level[i].in_bit + level[i].out_bit;
        if (n <= 0)
            continue;
        struct spn_frame_item item = {
            .layer = f->plan->matrix[pass->matrix].layer,
            .phase = pass->phase,
            .category = SPN_CATEGORY_INTERCONNECT,
            .inference = pass->phase == SPN_PHASE_FORWARD,
            .block = spn_frame_block(f, level[i].id),
            .n = n,
            .unit_J = (level[i].in_bit * level[i].in_J + level[i].out_bit * level[i].out_J) / n,
            .latency_s = level[i].latency_s};
        spn_frame_add(f, &item);
    }
}

double spn_pass_add(struct spn_frame *f, const struct spn_pass *pass)
{
    struct spn_stage stage = spn_schedule_stage(f, pass);

    f->busy_s[SPN_BLOCK_GLOBAL_BUFFER] += stage.buffer_busy_s;
    add_reads(f, pass, &stage);
    add_moves(f, pass, &stage);
    add_wires(f, pass, &stage);
    return stage.total_s;
}
