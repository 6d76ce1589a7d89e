/* blocks_chip.c -- adder trees, registers, buffers, interconnect and digital units, sized for one
 * chip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * PE: an input register of one vector, an adder lane per ADC and array column, an H-tree over its
 * arrays. Tile: double-buffered input and output buffers, adder lanes, an H-tree over its PEs.
 * Chip: one buffer that holds the activations, an H-tree or mesh over the tiles, and digital units
 * with as many lanes as the bus brings activations per clock. [M:E12-E14] Pitches follow from the
 * areas below; wires run over the blocks, so that trees add repeaters only.
 */
#include <math.h>
#include <string.h>

#include "estimator/blocks.h"
#include "estimator/cost.h"
#include "models/adder_tree.h"
#include "models/chip_link.h"
#include "models/digital.h"
#include "models/dram.h"
#include "models/htree.h"
#include "models/index.h"
#include "models/mesh.h"
#include "models/mux.h"
#include "models/register.h"
#include "models/sram.h"

#define DOUBLE_BUFFER 2        /* one vector is filled while the other is used */
#define MAX_TABLE_BITS 8       /* activation tables: 256 segments at most; assumption */
#define MESH_PORTS 5           /* four neighbours and the tile */
#define MESH_BUFFER_FLITS 4    /* assumption */
#define MESH_PIPELINE_CYCLES 2 /* route and arbitrate, traverse; assumption */

struct build {
    struct spn_blocks *b;
    const struct spn_blocks_input *in;
    struct spn_err *err;
    enum spn_status status;
};

/* One block; later ones are left alone after a failure. */
static void put(struct build *w, enum spn_block_id id, const struct spn_block_request *request)
{
    struct spn_block *block = &w->b->block[id];
    const bool of_chip = id >= SPN_BLOCK_GLOBAL_BUFFER && id < SPN_BLOCK_CHIP_LINK;

    if (w->status)
        return;
    if (request->n > 0) {
        w->status = spn_block_set(block, &w->b->memory[id], request, w->in->around, w->err);
        block->n *= of_chip ? w->in->need->n_chips : 1;
        return;
    }
    spn_block_none(block);
}

static void put_tree(struct build *w, enum spn_block_id id, int n_inputs, int bits, double n)
{
    struct spn_adder_tree p;

    memset(&p, 0, sizeof p);
    p.n_inputs = n_inputs;
    p.input_bits = bits;
    p.toggle_frac = SPN_BLOCKS_RANDOM_FRAC;
    const struct spn_block_request request = {&spn_component_adder_tree, &p, "chip.pe, chip.tile",
                                              n_inputs > 1 ? n : 0};
    put(w, id, &request);
}

/* A buffer of at least one word. */
static void put_sram(struct build *w, enum spn_block_id id, double bits, int word_bit, double n)
{
    struct spn_sram p,
        wanted = spn_sram_default((int64_t)ceil(bits > word_bit ? bits : word_bit), word_bit);
    const struct spn_component_type *type =
        id == SPN_BLOCK_INDEX_MEMORY || id == SPN_BLOCK_POLARITY_MEMORY
            ? &spn_component_index_memory
            : &spn_component_sram;

    memset(&p, 0, sizeof p);
    p.capacity_bit = wanted.capacity_bit;
    p.word_bit = wanted.word_bit;
    p.banks = id == SPN_BLOCK_GLOBAL_BUFFER || id == SPN_BLOCK_GRADIENT_BUFFER
                  ? SPN_BLOCKS_GLOBAL_BANKS
                  : wanted.banks;
    p.one_frac = wanted.one_frac;
    p.read_swing_frac = wanted.read_swing_frac;
    const struct spn_block_request request = {type, &p, "chip buffers", bits > 0 ? n : 0};
    put(w, id, &request);
}

static void put_htree(struct build *w, enum spn_block_id id, double n_leaves, double leaf_area_m2,
                      double n)
{
    struct spn_htree p;
    bool global = id == SPN_BLOCK_GLOBAL_HTREE;
    bool straight = global && w->in->chip->global.interconnect == SPN_INTERCONNECT_XY_BUS;

    memset(&p, 0, sizeof p);
    p.rows = (int)ceil(sqrt(n_leaves));
    p.columns = (int)ceil(n_leaves / p.rows);
    p.leaf_height_m = p.leaf_width_m = sqrt(leaf_area_m2);
    p.bus_bit = global ? w->in->chip->global.bus_bit : w->in->chip->tile.bus_bit;
    p.toggle_frac = SPN_BLOCKS_RANDOM_FRAC;
    p.straight = straight;
    const struct spn_block_request request = {straight ? &spn_component_xy_bus
                                                       : &spn_component_htree,
                                              &p, global ? "chip.global" : "chip.tile", n};
    put(w, id, &request);
    if (n > 0 && !w->status)
        w->b->tree[id] = (struct spn_tree_shape){p.leaf_width_m, spn_htree_path_m(&p)};
}

/* Area of `count` instances of a block. */
static double area_of(const struct build *w, enum spn_block_id id, double count)
{
    const struct spn_block *block = &w->b->block[id];
    return block->n > 0 ? block->cost.area_m2 * count : 0;
}

/* Everything that stands with one array. */
static double array_area(const struct build *w)
{
    double area = 0;

    for (int id = SPN_BLOCK_ARRAY; id <= SPN_BLOCK_ROW_MUX; id++)
        area += area_of(w, (enum spn_block_id)id, w->b->block[id].n / w->b->n_arrays);
    return area;
}

static double set_pe(struct build *w)
{
    const struct spn_map_rules *r = w->in->rules;
    struct spn_blocks *b = w->b;
    struct spn_register p;
    double arrays = (double)r->pe_side * r->pe_side, lanes = (double)r->pe_side * b->n_adc,
           area = array_area(w);

    memset(&p, 0, sizeof p);
    p.bits = r->pe_side * r->array_rows * w->in->chip->input.bits;
    p.toggle_frac = SPN_BLOCKS_RANDOM_FRAC;
    const struct spn_block_request reg = {&spn_component_register, &p, "chip.pe", b->n_pes};
    put(w, SPN_BLOCK_INPUT_REGISTER, &reg);
    put_tree(w, SPN_BLOCK_PE_TREE, r->pe_side, b->bits.shift_add, b->n_pes * lanes);
    put_htree(w, SPN_BLOCK_PE_HTREE, arrays, area, b->n_pes);
    return arrays * area + area_of(w, SPN_BLOCK_INPUT_REGISTER, 1) +
           area_of(w, SPN_BLOCK_PE_TREE, lanes) + area_of(w, SPN_BLOCK_PE_HTREE, 1);
}

static void set_index(struct build *w)
{
    const struct spn_blocks_need *need = w->in->need;
    const struct spn_chip_sparsity *sparsity = &w->in->chip->sparsity;
    const struct spn_map_rules *r = w->in->rules;
    struct spn_index_decoder p;
    struct spn_index_block block = {r->array_rows, r->weights_per_row, 0};
    double n = need->index_tile_bit > 0 ? w->b->n_tiles : 0;

    put_sram(w, SPN_BLOCK_POLARITY_MEMORY, need->polarity_tile_bit, sparsity->index_bus_bit,
             w->b->n_tiles);
    put_sram(w, SPN_BLOCK_INDEX_MEMORY, need->index_tile_bit, sparsity->index_bus_bit, n);
    memset(&p, 0, sizeof p);
    if (n > 0) {
        p.walk = need->format->walk;
        p.bits_per_cycle = sparsity->decode_bit_per_cycle;
        p.emits_per_cycle = 1;
        p.entry_bits = need->format->entry_bits(&block);
        p.position_bits = (int)ceil(log2((double)r->array_rows * r->weights_per_row + 1));
        p.toggle_frac = SPN_BLOCKS_RANDOM_FRAC;
    }
    const struct spn_block_request request = {&spn_component_index_decoder, &p, "chip.sparsity", n};
    put(w, SPN_BLOCK_INDEX_DECODER, &request);
}

/* Mean area of a tile. */
static double set_tile(struct build *w, double pe_area)
{
    const struct spn_blocks_need *need = w->in->need;
    const struct spn_map_rules *r = w->in->rules;
    const struct spn_chip *chip = w->in->chip;
    struct spn_blocks *b = w->b;
    const struct spn_blocks_tiles tiles = spn_blocks_tiles(need, r);
    double kernel_side = tiles.kernel > 0 ? ceil(sqrt(need->kernel_area)) : 0;
    double side = r->tile_side > kernel_side ? r->tile_side : kernel_side,
           pes = (double)r->tile_side * r->tile_side;
    double lanes = (double)r->pe_side * b->n_adc;
    double in_bit = DOUBLE_BUFFER * side * r->pe_side * r->array_rows * chip->input.bits;
    double out_bit =
        DOUBLE_BUFFER * (double)r->tile_side * r->pe_side * r->weights_per_row * b->bits.tile;
    int word = chip->tile.bus_bit;

    out_bit = fmax(out_bit, need->pending * b->bits.tile);
    in_bit = fmax(in_bit, need->line_bit);
    if (!w->status && chip->tile.input_buffer_bit > 0 &&
        chip->tile.input_buffer_bit < need->line_bit)
        w->status = spn_err_set(w->err, SPN_EINFEASIBLE,
                                "chip.tile.input_buffer_bit = %d: the lines that windows span take "
                                "%.0f bit (0 = as large as needed)",
                                chip->tile.input_buffer_bit, need->line_bit);
    put_tree(w, SPN_BLOCK_TILE_TREE, r->tile_side, b->bits.pe,
             tiles.conventional * lanes * r->tile_side);
    put_tree(w, SPN_BLOCK_KERNEL_TREE, need->kernel_area, b->bits.pe, tiles.kernel * lanes);
    put_htree(w, SPN_BLOCK_TILE_HTREE, pes, pe_area, tiles.conventional);
    put_htree(w, SPN_BLOCK_KERNEL_HTREE, need->kernel_area > 1 ? need->kernel_area : 1, pe_area,
              tiles.kernel);
    put_sram(w, SPN_BLOCK_TILE_INPUT,
             chip->tile.input_buffer_bit > 0 ? chip->tile.input_buffer_bit : in_bit, word,
             b->n_tiles);
    put_sram(w, SPN_BLOCK_TILE_OUTPUT,
             chip->tile.output_buffer_bit > 0 ? chip->tile.output_buffer_bit : out_bit, word,
             b->n_tiles);
    set_index(w);
    double total = b->n_pes * pe_area;
    for (int id = SPN_BLOCK_TILE_TREE; id <= SPN_BLOCK_INDEX_DECODER; id++)
        total += area_of(w, (enum spn_block_id)id, b->block[id].n);
    return b->n_tiles > 0 ? total / b->n_tiles : 0;
}

static void set_mesh(struct build *w, double tile_area, double n_tiles)
{
    const struct spn_chip *chip = w->in->chip;
    double columns = ceil(sqrt(n_tiles)), rows = columns > 0 ? ceil(n_tiles / columns) : 0;
    struct spn_mesh_router router;
    struct spn_mesh_link link;

    memset(&router, 0, sizeof router);
    memset(&link, 0, sizeof link);
    router.flit_bit = link.flit_bit = chip->global.bus_bit;
    router.ports = MESH_PORTS;
    router.buffer_flits = MESH_BUFFER_FLITS;
    router.pipeline_cycles = MESH_PIPELINE_CYCLES;
    router.toggle_frac = link.toggle_frac = SPN_BLOCKS_RANDOM_FRAC;
    link.length_m = sqrt(tile_area);
    const struct spn_block_request routers = {&spn_component_mesh_router, &router, "chip.global",
                                              n_tiles};
    /* Both directions of each edge of the grid, and the buffer's own. */
    const struct spn_block_request links = {
        &spn_component_mesh_link, &link, "chip.global",
        n_tiles > 0 ? 2 * (rows * (columns - 1) + columns * (rows - 1) + 1) : 0};
    put(w, SPN_BLOCK_ROUTER, &routers);
    put(w, SPN_BLOCK_LINK, &links);
}

static void set_global(struct build *w, double tile_area)
{
    const struct spn_blocks_need *need = w->in->need;
    const struct spn_chip *chip = w->in->chip;
    struct spn_blocks *b = w->b;
    bool mesh = chip->global.interconnect == SPN_INTERCONNECT_MESH;
    double capacity = chip->global.buffer_bit > 0 ? chip->global.buffer_bit : need->activation_bit;

    if (!w->status && capacity < need->activation_bit)
        w->status = spn_err_set(w->err, SPN_EINFEASIBLE,
                                "chip.global.buffer_bit = %d: the network's activations take %.0f "
                                "bit (0 = as large as needed)",
                                chip->global.buffer_bit, need->activation_bit);
    put_sram(w, SPN_BLOCK_GLOBAL_BUFFER, capacity, chip->global.bus_bit, 1);
    put_sram(w, SPN_BLOCK_GRADIENT_BUFFER, need->gradient_bit, chip->global.bus_bit,
             need->training ? 1 : 0);
    const double n_tiles = b->n_tiles / need->n_chips; /* of a chip */
    set_mesh(w, tile_area, mesh ? n_tiles : 0);
    put_htree(w, SPN_BLOCK_GLOBAL_HTREE, n_tiles > 1 ? n_tiles : 1, tile_area,
              mesh || n_tiles < 1 ? 0 : 1);
    b->lanes =
        chip->global.bus_bit / chip->input.bits > 1 ? chip->global.bus_bit / chip->input.bits : 1;
    put_tree(w, SPN_BLOCK_CHIP_TREE, need->max_row_tiles, b->bits.tile, b->lanes);
    struct spn_chip_link link;
    memset(&link, 0, sizeof link);
    link.energy_J_per_bit = chip->system.link_energy_J_per_bit;
    link.bandwidth_bit_per_s = chip->system.link_bandwidth_bit_per_s;
    link.latency_s = chip->system.link_latency_s;
    const struct spn_block_request links = {&spn_component_chip_link, &link, "chip.system",
                                            need->n_chips - 1};
    put(w, SPN_BLOCK_CHIP_LINK, &links);
    /* Parameters are the file's DRAM, taken as they are. */
    const struct spn_block_request dram = {&spn_component_dram, &chip->dram, "dram",
                                           need->dram ? 1 : 0};
    put(w, SPN_BLOCK_DRAM, &dram);
}

/* Activations: tables only where the network needs some. */
static void set_activation(struct build *w)
{
    const struct spn_blocks_need *need = w->in->need;
    int bits = w->in->chip->input.bits;
    struct spn_activation table;
    struct spn_relu relu;

    memset(&table, 0, sizeof table);
    memset(&relu, 0, sizeof relu);
    table.bits = relu.bits = bits;
    table.table_bits = bits < MAX_TABLE_BITS ? bits : MAX_TABLE_BITS;
    table.toggle_frac = relu.toggle_frac = SPN_BLOCKS_RANDOM_FRAC;
    const struct spn_block_request request = {
        .type = need->table ? &spn_component_activation : &spn_component_relu,
        .params = need->table ? (const void *)&table : (const void *)&relu,
        .field = "chip.input",
        .n = need->relu || need->table ? w->b->lanes : 0};
    put(w, SPN_BLOCK_ACTIVATION, &request);
}

static void set_macs(struct build *w)
{
    const struct spn_blocks_need *need = w->in->need;
    const struct spn_chip *chip = w->in->chip;
    int bits = chip->input.bits, error_bits = chip->training.error_bits;
    struct spn_mac mac;

    memset(&mac, 0, sizeof mac);
    mac.a_bits = bits;
    mac.b_bits = need->training && error_bits > bits ? error_bits : bits;
    mac.sum_bits = mac.a_bits + mac.b_bits + SPN_BLOCKS_ACCUMULATOR_MARGIN_BITS;
    mac.toggle_frac = SPN_BLOCKS_RANDOM_FRAC;
    const struct spn_block_request request = {
        .type = &spn_component_mac,
        .params = &mac,
        .field = "chip.training",
        .n = need->training || need->dynamic_mac ? chip->training.mac_units : 0};
    put(w, SPN_BLOCK_MAC, &request);
}

static void set_units(struct build *w)
{
    const struct spn_blocks_need *need = w->in->need;
    int bits = w->in->chip->input.bits, lanes = w->b->lanes;
    struct spn_pool pool;
    struct spn_elementwise sum;
    struct spn_softmax softmax;
    struct spn_norm norm;

    memset(&pool, 0, sizeof pool);
    memset(&sum, 0, sizeof sum);
    memset(&softmax, 0, sizeof softmax);
    memset(&norm, 0, sizeof norm);
    pool.bits = sum.bits = softmax.bits = norm.bits = bits;
    softmax.table_bits = norm.table_bits = bits < MAX_TABLE_BITS ? bits : MAX_TABLE_BITS;
    pool.window = need->max_window;
    softmax.row_elements = need->max_softmax;
    norm.row_elements = need->max_norm;
    pool.toggle_frac = sum.toggle_frac = softmax.toggle_frac = norm.toggle_frac =
        SPN_BLOCKS_RANDOM_FRAC;
    const struct spn_block_request pools = {&spn_component_pool, &pool, "chip.input",
                                            need->max_window > 0 ? lanes : 0};
    const struct spn_block_request sums = {&spn_component_elementwise, &sum, "chip.input",
                                           need->elementwise || need->training ? lanes : 0};
    const struct spn_block_request softmaxes = {&spn_component_softmax, &softmax, "chip.input",
                                                need->max_softmax > 0 ? lanes : 0};
    const struct spn_block_request norms = {&spn_component_norm, &norm, "chip.input",
                                            need->max_norm > 0 ? lanes : 0};
    set_activation(w);
    put(w, SPN_BLOCK_POOL, &pools);
    put(w, SPN_BLOCK_ELEMENTWISE, &sums);
    put(w, SPN_BLOCK_SOFTMAX, &softmaxes);
    put(w, SPN_BLOCK_NORM, &norms);
    set_macs(w);
}

enum spn_status spn_blocks_set_chip(struct spn_blocks *blocks, const struct spn_blocks_input *in,
                                    struct spn_err *err)
{
    struct build w = {.b = blocks, .in = in, .err = err};

    set_global(&w, set_tile(&w, set_pe(&w)));
    set_units(&w);
    return w.status;
}

/* Where the area of each block is booked. */
static const enum spn_category area_category[SPN_N_BLOCKS] = {
    [SPN_BLOCK_ARRAY] = SPN_CATEGORY_ARRAY,
    [SPN_BLOCK_INPUT_DRIVER] = SPN_CATEGORY_ARRAY,
    [SPN_BLOCK_GATE_DRIVER] = SPN_CATEGORY_ARRAY,
    [SPN_BLOCK_ROW_DECODER] = SPN_CATEGORY_ARRAY,
    [SPN_BLOCK_ROW_SHIFTER] = SPN_CATEGORY_WRITE,
    [SPN_BLOCK_COLUMN_SHIFTER] = SPN_CATEGORY_WRITE,
    [SPN_BLOCK_MUX] = SPN_CATEGORY_ADC,
    [SPN_BLOCK_MUX_DECODER] = SPN_CATEGORY_ADC,
    [SPN_BLOCK_SAMPLE_HOLD] = SPN_CATEGORY_ADC,
    [SPN_BLOCK_ADC] = SPN_CATEGORY_ADC,
    [SPN_BLOCK_SHIFT_ADD] = SPN_CATEGORY_ACCUMULATE,
    [SPN_BLOCK_COLUMN_DRIVER] = SPN_CATEGORY_ARRAY,
    [SPN_BLOCK_ROW_MUX] = SPN_CATEGORY_ADC,
    [SPN_BLOCK_INPUT_REGISTER] = SPN_CATEGORY_BUFFER,
    [SPN_BLOCK_PE_TREE] = SPN_CATEGORY_ACCUMULATE,
    [SPN_BLOCK_PE_HTREE] = SPN_CATEGORY_INTERCONNECT,
    [SPN_BLOCK_TILE_TREE] = SPN_CATEGORY_ACCUMULATE,
    [SPN_BLOCK_KERNEL_TREE] = SPN_CATEGORY_ACCUMULATE,
    [SPN_BLOCK_TILE_HTREE] = SPN_CATEGORY_INTERCONNECT,
    [SPN_BLOCK_KERNEL_HTREE] = SPN_CATEGORY_INTERCONNECT,
    [SPN_BLOCK_TILE_INPUT] = SPN_CATEGORY_BUFFER,
    [SPN_BLOCK_TILE_OUTPUT] = SPN_CATEGORY_BUFFER,
    [SPN_BLOCK_POLARITY_MEMORY] = SPN_CATEGORY_INDEX,
    [SPN_BLOCK_INDEX_MEMORY] = SPN_CATEGORY_INDEX,
    [SPN_BLOCK_INDEX_DECODER] = SPN_CATEGORY_INDEX,
    [SPN_BLOCK_GLOBAL_BUFFER] = SPN_CATEGORY_BUFFER,
    [SPN_BLOCK_GLOBAL_HTREE] = SPN_CATEGORY_INTERCONNECT,
    [SPN_BLOCK_ROUTER] = SPN_CATEGORY_INTERCONNECT,
    [SPN_BLOCK_LINK] = SPN_CATEGORY_INTERCONNECT,
    [SPN_BLOCK_CHIP_TREE] = SPN_CATEGORY_ACCUMULATE,
    [SPN_BLOCK_ACTIVATION] = SPN_CATEGORY_DIGITAL,
    [SPN_BLOCK_POOL] = SPN_CATEGORY_DIGITAL,
    [SPN_BLOCK_ELEMENTWISE] = SPN_CATEGORY_DIGITAL,
    [SPN_BLOCK_SOFTMAX] = SPN_CATEGORY_DIGITAL,
    [SPN_BLOCK_NORM] = SPN_CATEGORY_DIGITAL,
    [SPN_BLOCK_MAC] = SPN_CATEGORY_DIGITAL,
    [SPN_BLOCK_GRADIENT_BUFFER] = SPN_CATEGORY_BUFFER,
    [SPN_BLOCK_CHIP_LINK] = SPN_CATEGORY_INTERCONNECT,
    [SPN_BLOCK_DRAM] = SPN_CATEGORY_DRAM,
};

double spn_blocks_area_m2(const struct spn_blocks *blocks)
{
    double sum = 0;

    for (int id = 0; id < SPN_N_BLOCKS; id++)
        if (blocks->block[id].type && blocks->block[id].n > 0)
            sum += blocks->block[id].cost.area_m2 * blocks->block[id].n;
    return sum;
}

void spn_blocks_area(const struct spn_blocks *blocks, struct spn_cost_tree *tree)
{
    for (int id = 0; id < SPN_N_BLOCKS; id++) {
        const struct spn_block *block = &blocks->block[id];
        if (!block->type || block->n <= 0)
            continue;
        const struct spn_cost cost = {.area_m2 = block->cost.area_m2 * block->n,
                                      .leakage_W = block->cost.leakage_W * block->n};
        struct spn_leaf *leaf =
            cost.area_m2 == 0 && cost.leakage_W == 0 ? NULL : spn_cost_tree_next(tree);
        if (!leaf)
            continue;
        leaf->layer = -1;
        leaf->component = block->type->name;
        leaf->phase = SPN_PHASE_FORWARD;
        leaf->category =
            id == SPN_BLOCK_ADC && blocks->digital ? SPN_CATEGORY_ACCUMULATE : area_category[id];
        leaf->inference = true;
        leaf->n_actions = 0;
        leaf->n_instances = block->n;
        leaf->cost = cost;
        leaf->model = block->type->model;
    }
}
