/* index_cost.c -- what an external index, and the polarity of differential pairs, cost: storage,
 * fetch, distribution, decoding.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The index is needed when weights are updated, to know which cells the kept deltas belong to; in
 * inference the pruned weights are zeros in the arrays and no index is read. Each update fetches it
 * from where it lives, sends it over the global interconnect to the tiles' index buffers, and
 * decodes it there; fetching of one layer runs beside decoding of others, so that the whole takes
 * the longer of all fetches and the slowest tile [M:E27]. When the network is pruned or regrown it
 * is written back. Likewise one bit per kept weight says which cell of a differential pair holds
 * its value, and so which one is written; masks say so themselves [M:E72].
 */
#include <math.h>

#include "estimator/training.h"
#include "models/dram.h"
#include "models/index.h"
#include "models/sram.h"

/* Calls of the format for all the parts that a block's matrix falls into. */
static void add_blocks(const struct spn_index_format *format, const struct spn_layer_map *m,
                       const struct spn_map_rules *r, struct spn_matrix_work *w)
{
    struct spn_cut rows = spn_map_cut(m->rows / m->groups_per_block, r->array_rows);
    struct spn_cut columns = spn_map_cut(m->columns / m->groups_per_block, r->weights_per_row);
    double copies = (double)m->positions * m->blocks * m->groups_per_block;
    const struct {
        int rows, columns;
        double n;
    } part[] = {{rows.step, columns.step, (double)rows.n_full * columns.n_full},
                {rows.last, columns.step, columns.n_full},
                {rows.step, columns.last, rows.n_full},
                {rows.last, columns.last, 1}};

    for (int i = 0; i < 4; i++) {
        if (part[i].rows == 0 || part[i].columns == 0 || part[i].n <= 0)
            continue;
        struct spn_index_block block = {part[i].rows, part[i].columns, w->sparsity};
        w->index_bit += copies * part[i].n * format->expected_bits(&block);
        w->index_entries += copies * part[i].n * format->expected_entries(&block);
    }
}

bool spn_index_polarity(const struct spn_frame *f, int matrix)
{
    return (f->options->training || f->copies) && f->work->n_loads <= 1 &&
           f->chip->weight.encoding == SPN_ENCODING_DIFFERENTIAL && !f->scheme->masked &&
           f->chip->sparsity.polarity_place != SPN_POLARITY_NONE &&
           f->scheme->update_method(f->chip, f->work->matrix[matrix].sparsity) != SPN_UPDATE_VECTOR;
}

double spn_index_written_frac(const struct spn_frame *f, int matrix)
{
    return spn_index_polarity(f, matrix) ? 0.5 : 1;
}

/* One bit per kept weight, in a memory beside the tiles; and there, unless all of it lives there,
 * those of one PE, like the index. [M:E72] */
static void set_polarity(struct spn_frame *f, struct spn_index_result *out)
{
    const struct spn_map_rules *r = &f->work->rules;
    double largest = 0,
           pe_bit = (double)r->array_rows * r->weights_per_row * r->pe_side * r->pe_side;

    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct spn_matrix_work *w = &f->work->matrix[i];
        double weights = (double)f->plan->net->layer[f->plan->matrix[i].layer].n_weights;
        w->polarity_bit = spn_index_polarity(f, i) ? weights * f->scheme->kept(w->sparsity) : 0;
        out->polarity_bit += w->polarity_bit;
        largest = fmax(largest, w->polarity_bit / w->map.n_tiles);
    }
    f->work->need.polarity_tile_bit = f->chip->sparsity.polarity_place == SPN_POLARITY_TILE_BUFFER
                                          ? largest
                                          : fmin(pe_bit, largest);
}

void spn_index_sizes(struct spn_frame *f, struct spn_index_result *out, double *tile_bit)
{
    const struct spn_map_rules *r = &f->work->rules;
    double largest = 0;

    set_polarity(f, out);
    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct spn_matrix_work *w = &f->work->matrix[i];
        w->index_bit = w->index_entries = 0;
        if (!f->format)
            continue;
        add_blocks(f->format, &w->map, r, w);
        out->storage_bit += w->index_bit;
        largest = fmax(largest, w->index_bit / w->map.n_tiles); /* one copy so far */
    }
    *tile_bit = 0;
    if (!f->format || !f->options->training)
        return;
    /* Beside the tile: all of it where the index lives in the tiles; else that of one PE's arrays
     * [ning2025, Methods]. */
    struct spn_index_block array = {r->array_rows, r->weights_per_row, 0};
    double pe_bit = f->format->expected_bits(&array) * r->pe_side * r->pe_side;
    *tile_bit =
        f->chip->sparsity.index_place == SPN_INDEX_TILE_BUFFER ? largest : fmin(pe_bit, largest);
}

void spn_index_need(struct spn_frame *f, const struct spn_index_result *index)
{
    struct spn_blocks_need *need = &f->work->need;
    const struct spn_chip_sparsity *s = &f->chip->sparsity;
    bool polarity = index->polarity_bit > 0;

    if (!need->training)
        return;
    if (f->format && s->index_place == SPN_INDEX_GLOBAL_BUFFER)
        need->activation_bit += index->storage_bit;
    if (polarity && s->polarity_place == SPN_POLARITY_GLOBAL_BUFFER)
        need->activation_bit += index->polarity_bit;
    need->dram = need->dram || f->chip->training.activations_in_dram ||
                 (f->format && s->index_place == SPN_INDEX_DRAM) ||
                 (polarity && s->polarity_place == SPN_POLARITY_DRAM);
}

/* Bits of one layer that an update moves. The index is read; a polarity is read and written back,
 * as some sign of every word may have changed. */
struct index_bits {
    double dram, buffer_read, buffer_write, bus; /* from and to where they live */
    double tile_index, tile_polarity;            /* into the tiles' own buffers before that */
};

static struct index_bits bits_of(const struct spn_frame *f, const struct spn_matrix_work *w)
{
    const struct spn_chip_sparsity *s = &f->chip->sparsity;
    const double polarity = w->polarity_bit;
    struct index_bits b = {0};

    if (s->index_place != SPN_INDEX_TILE_BUFFER)
        b.bus = b.tile_index = w->index_bit;
    if (s->index_place == SPN_INDEX_DRAM)
        b.dram = w->index_bit;
    if (s->index_place == SPN_INDEX_GLOBAL_BUFFER)
        b.buffer_read = w->index_bit;
    if (s->polarity_place != SPN_POLARITY_TILE_BUFFER) {
        b.bus += 2 * polarity;
        b.tile_polarity = polarity;
    }
    if (s->polarity_place == SPN_POLARITY_DRAM)
        b.dram += 2 * polarity;
    if (s->polarity_place == SPN_POLARITY_GLOBAL_BUFFER) {
        b.buffer_read += polarity;
        b.buffer_write += polarity;
    }
    return b;
}

struct index_times {
    double dram_s, bus_s, decode_s, polarity_s;
};

static struct index_times times_of(const struct spn_frame *f, const struct spn_matrix_work *w)
{
    const struct spn_chip_sparsity *s = &f->chip->sparsity;
    const struct index_bits b = bits_of(f, w);
    struct index_times t = {.bus_s = spn_global_bus_s(f, b.bus)};
    double tiles = (double)w->map.n_tiles / w->map.tile_copies; /* of each copy */
    double tile_bit = w->index_bit / tiles, tile_entries = w->index_entries / tiles,
           word = s->index_bus_bit;
    double word_s = spn_buffer_word_s(f, SPN_BLOCK_INDEX_MEMORY, SPN_SRAM_READ);

    if (b.dram > 0)
        t.dram_s = spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_ACCESS)->latency_s +
                   b.dram * spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_BIT)->latency_s;
    t.decode_s = fmax(
        fmax(tile_bit *
                 spn_frame_action(f, SPN_BLOCK_INDEX_DECODER, SPN_INDEX_DECODER_BIT)->latency_s,
             tile_entries *
                 spn_frame_action(f, SPN_BLOCK_INDEX_DECODER, SPN_INDEX_DECODER_EMIT)->latency_s),
        tile_bit / word * word_s);
    t.polarity_s = w->polarity_bit / tiles / word *
                   (spn_buffer_word_s(f, SPN_BLOCK_POLARITY_MEMORY, SPN_SRAM_READ) +
                    spn_buffer_word_s(f, SPN_BLOCK_POLARITY_MEMORY, SPN_SRAM_WRITE));
    return t;
}

/* Leaves of one layer; those in front are on the critical path. */
static void add_layer(struct spn_frame *f, int matrix, const struct index_times *front)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    const struct index_bits b = bits_of(f, w);
    double word = f->chip->sparsity.index_bus_bit, global = f->chip->global.bus_bit;
    bool mesh = f->chip->global.interconnect == SPN_INTERCONNECT_MESH;
    const struct {
        enum spn_category category;
        enum spn_block_id id;
        int action;
        double n, unit_J, latency_s;
    } list[] = {
        {SPN_CATEGORY_DRAM, SPN_BLOCK_DRAM, SPN_DRAM_BIT, b.dram, -1, front->dram_s},
        {SPN_CATEGORY_INDEX, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ, b.buffer_read / global, -1, 0},
        {SPN_CATEGORY_INDEX, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_WRITE, b.buffer_write / global, -1,
         0},
        {SPN_CATEGORY_INTERCONNECT, mesh ? SPN_BLOCK_ROUTER : SPN_BLOCK_GLOBAL_HTREE, 0, b.bus,
         spn_global_bit(f, w->hops_port, 1).energy_J, front->bus_s},
        {SPN_CATEGORY_INDEX, SPN_BLOCK_INDEX_MEMORY, SPN_SRAM_WRITE, b.tile_index / word, -1, 0},
        {SPN_CATEGORY_INDEX, SPN_BLOCK_INDEX_MEMORY, SPN_SRAM_READ, w->index_bit / word, -1, 0},
        {SPN_CATEGORY_INDEX, SPN_BLOCK_INDEX_DECODER, SPN_INDEX_DECODER_BIT, w->index_bit, -1,
         front->decode_s},
        {SPN_CATEGORY_INDEX, SPN_BLOCK_INDEX_DECODER, SPN_INDEX_DECODER_EMIT, w->index_entries, -1,
         0},
        {SPN_CATEGORY_INDEX, SPN_BLOCK_POLARITY_MEMORY, SPN_SRAM_READ,
         (w->polarity_bit + b.tile_polarity) / word, -1, front->polarity_s},
        {SPN_CATEGORY_INDEX, SPN_BLOCK_POLARITY_MEMORY, SPN_SRAM_WRITE,
         (w->polarity_bit + b.tile_polarity) / word, -1, 0},
    };

    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct spn_frame_item item = {.layer = f->plan->matrix[matrix].layer,
                                      .phase = SPN_PHASE_INDEX,
                                      .category = list[i].category,
                                      .block = spn_frame_block(f, list[i].id),
                                      .n = list[i].n,
                                      .unit_J = list[i].unit_J,
                                      .latency_s = list[i].latency_s};
        if (item.unit_J < 0)
            item.unit_J = spn_frame_action(f, list[i].id, list[i].action)->energy_J;
        spn_frame_add(f, &item);
    }
}

/* The slowest tile's: decoder and polarities work side by side. */
static double tile_s(const struct index_times *t)
{
    return fmax(t->decode_s, t->polarity_s);
}

double spn_index_fetch(struct spn_frame *f)
{
    double dram_s = 0, bus_s = 0, slowest_s = 0;
    int slowest = 0;

    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct index_times t = times_of(f, &f->work->matrix[i]);
        struct spn_layer_result *result = &f->work->result[f->plan->matrix[i].layer];
        dram_s += t.dram_s;
        bus_s += t.bus_s;
        slowest = tile_s(&t) > slowest_s ? i : slowest;
        slowest_s = fmax(slowest_s, tile_s(&t));
        result->update_latency_s += fmax(fmax(t.dram_s, t.bus_s), tile_s(&t));
    }
    double longest = fmax(fmax(dram_s, bus_s), slowest_s);
    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct index_times t = times_of(f, &f->work->matrix[i]), front = {0};
        if (longest <= slowest_s) {
            front.decode_s = i == slowest && t.decode_s >= t.polarity_s ? t.decode_s : 0;
            front.polarity_s = i == slowest && t.decode_s < t.polarity_s ? t.polarity_s : 0;
        } else if (longest <= dram_s) {
            front.dram_s = t.dram_s;
        } else {
            front.bus_s = t.bus_s;
        }
        add_layer(f, i, &front);
    }
    return longest;
}
