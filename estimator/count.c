/* count.c -- how often each part of the chip acts for one image through one weight layer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reads = vectors x slices x row groups [M:E4], twice for signed inputs [M:E80]; a conversion per
 * used column and read [M:E5]; sums over the arrays that share a column in the adder trees of PE,
 * tile and chip [M:E6]; bits moved [M:E7]. With kernel-position mapping the PEs of a tile hand
 * input vectors on to their neighbours, so that 1/K of them comes from the tile's buffer
 * [peng2019nm].
 */
#include "estimator/count.h"

#include <math.h>

#include "models/logic.h"

static double at_least_0(double x)
{
    return x > 0 ? x : 0;
}

static int bits_for(double n)
{
    return (int)spn_logic_log2_ceil(n);
}

int spn_count_adcs(const struct spn_map_rules *rules, const struct spn_chip *chip)
{
    int columns = (rules->array_columns + chip->array.spare_columns) / rules->cells_per_weight *
                  rules->conversions_per_weight;
    return (columns + chip->adc.columns_per_adc - 1) / chip->adc.columns_per_adc;
}

int spn_count_result_bits(const struct spn_map_rules *rules, const struct spn_chip *chip)
{
    if (chip->array.kind != SPN_ARRAY_DIGITAL)
        return chip->adc.bits;
    return rules->cells_per_weight * chip->weight.cell_bits + chip->input.dac_bits +
           bits_for(rules->rows_read);
}

struct spn_sum_bits spn_count_sum_bits(const struct spn_layer_map *map,
                                       const struct spn_map_rules *rules,
                                       const struct spn_chip *chip)
{
    struct spn_sum_bits bits;
    int row_arrays = map->row_arrays < rules->pe_side ? map->row_arrays : rules->pe_side;

    bits.shift_add = spn_count_result_bits(rules, chip) + chip->input.bits -
                     (chip->array.kind == SPN_ARRAY_DIGITAL ? chip->input.dac_bits : 0) +
                     (rules->conversions_per_weight - 1) * chip->weight.cell_bits +
                     bits_for(map->row_groups_max);
    bits.pe = bits.shift_add + bits_for(row_arrays);
    bits.tile = bits.pe + bits_for(map->kernel_position ? map->positions
                                                        : (double)map->row_pes / map->row_tiles);
    bits.chip = bits.tile + bits_for(map->row_tiles);
    return bits;
}

/* Input vectors that come from the tile's buffer, as a share: 1/K where neighbours hand them on.
 * [M:E8] */
static double fetched_frac(const struct spn_layer_map *map)
{
    return map->kernel_position ? 1.0 / sqrt(map->positions) : 1.0;
}

static void set_rounds(struct spn_layer_counts *c, const struct spn_layer_map *map)
{
    c->vectors = (double)map->vectors;
    c->rounds = ceil(c->vectors / map->copies);
}

/* Bits of the forward pass, or of the error pass with rows and columns exchanged. */
struct flow {
    double words_in,
        bits_in;      /* per vector: lines driven of all blocks and positions, bits of each */
    double words_out; /* results per vector and position: columns of all blocks */
    double in_arrays, in_pes, in_tiles;    /* things across that each input word must reach */
    double out_arrays, out_pes, out_tiles; /* things along whose results are summed */
    struct spn_sum_bits bits;
    double in_frac, out_frac; /* of the words that pass the tile's port */
    double in_ports;          /* tiles that share the inputs */
    double positions;
};

static void set_flow(struct spn_layer_counts *c, const struct flow *f,
                     const struct spn_layer_map *map)
{
    double v = c->vectors, in = v * f->words_in * f->bits_in, out = v * f->words_out * f->positions;

    c->global_in_bit = in * f->in_frac;
    c->global_fan = f->in_tiles;
    c->tile_in_bit = c->tile_store_bit = c->global_in_bit * f->in_tiles;
    c->tile_fan = f->in_pes / f->in_tiles;
    c->neighbour_bit = in * (1.0 - f->in_frac) * f->in_pes;
    c->pe_in_bit = in * f->in_pes;
    c->pe_fan = f->in_arrays / f->in_pes;
    c->pe_out_bit = out * f->out_arrays * f->bits.shift_add;
    c->tile_out_bit = out * f->out_pes * f->bits.pe;
    /* After the tile's tree one word is left for all positions (forward), or for 1/K of them
     * (error). */
    c->global_out_bit = out * f->out_frac * f->out_tiles * f->bits.tile;
    c->busiest_tile_bit = c->global_in_bit / f->in_ports + c->global_out_bit / map->n_tiles;
    c->n_out = v * f->words_out;
    c->chip_adds = out * f->out_frac * at_least_0(f->out_tiles - 1);
}

void spn_count_forward(struct spn_layer_counts *counts, const struct spn_count_input *in)
{
    const struct spn_layer_map *m = in->map;
    const struct spn_map_rules *r = in->rules;
    struct spn_layer_counts c = {0};
    double blocks = (double)m->positions * m->blocks;
    double used = m->columns < r->weights_per_row ? m->columns : r->weights_per_row;
    double columns = (double)m->columns * r->conversions_per_weight;
    double driven = 1.0 - in->skipped_rows_frac, converted = 1.0 - in->skipped_columns_frac;
    double n_out = (double)m->columns * m->blocks, sides = in->is_signed ? 2 : 1;

    set_rounds(&c, m);
    c.slices = ceil((double)in->chip->input.bits / in->chip->input.dac_bits);
    c.passes = c.slices * sides * m->row_groups_max;
    c.columns_per_pass = ceil(used * r->conversions_per_weight / in->n_adc);
    double reads = c.vectors * c.slices * sides * blocks;
    c.array_reads = reads * (double)m->row_groups_sum * m->column_arrays;
    c.driven_lines = reads * m->rows * m->column_arrays * driven * m->inside_frac;
    c.line_loads = c.vectors * blocks * m->rows * m->column_pes * m->inside_frac;
    c.samples = reads * (double)m->row_groups_sum * columns * converted;
    /* [M:W9] weighted by an integrator, all slices are converted together */
    c.conversions = in->chip->input.integrate_s > 0 ? c.samples / c.slices : c.samples;
    c.selects = c.array_reads * c.columns_per_pass;
    c.pe_adds = c.vectors * n_out * m->positions * (m->row_arrays - m->row_pes);
    c.tile_adds = c.vectors * n_out * at_least_0((double)m->positions * m->row_pes - m->row_tiles);
    c.scatter_adds = m->scatter_adds;
    struct flow f = {.words_in =
                         (double)m->rows * blocks * m->inside_frac, /* padding is not moved */
                     .bits_in = in->chip->input.bits,
                     .words_out = n_out,
                     .in_arrays = m->column_arrays,
                     .in_pes = m->column_pes,
                     .in_tiles = m->column_tiles,
                     .in_ports = (double)m->n_tiles / m->column_tiles,
                     .out_arrays = m->row_arrays,
                     .out_pes = m->row_pes,
                     .out_tiles = m->row_tiles,
                     .bits = spn_count_sum_bits(m, r, in->chip),
                     .in_frac = fetched_frac(m),
                     .out_frac = m->results_frac / m->positions,
                     .positions = m->positions};
    set_flow(&c, &f, m);
    c.n_out *= m->results_frac;
    c.scatter_bit = c.scatter_adds * f.bits.tile;
    c.busiest_tile_bit += 2 * c.scatter_bit / m->n_tiles; /* read and written again */
    *counts = c;
}

/* Each digit is read by itself, as its columns count differently; both cells of a pair at once.
 * Every row is converted. The results of overlapping kernel positions are added up in the tile's
 * output buffer. [M:E9] */
void spn_count_error(struct spn_layer_counts *counts, const struct spn_count_input *in)
{
    const struct spn_layer_map *m = in->map;
    const struct spn_map_rules *r = in->rules;
    struct spn_layer_counts c = {0};
    double blocks = (double)m->positions * m->blocks;
    double used = m->rows < r->array_rows ? m->rows : r->array_rows;
    double driven = 1.0 - in->skipped_columns_frac, converted = 1.0 - in->skipped_rows_frac;
    double n_in = (double)m->rows * m->blocks;

    set_rounds(&c, m);
    c.slices = ceil((double)in->chip->training.error_bits / in->chip->input.dac_bits);
    double per_vector = c.slices * r->conversions_per_weight * m->column_groups_max;
    c.passes = per_vector;
    c.columns_per_pass = ceil(used / in->n_adc);
    double reads = c.vectors * per_vector * blocks;
    c.array_reads = reads * m->row_arrays * m->column_arrays;
    c.driven_lines = c.vectors * c.slices * blocks * m->columns * (double)r->cells_per_weight *
                     m->row_arrays * driven;
    c.line_loads = c.vectors * blocks * m->columns * m->row_pes;
    c.samples = c.conversions = reads * m->rows * m->column_arrays * converted;
    c.selects = c.array_reads * c.columns_per_pass;
    c.pe_adds = c.vectors * n_in * m->positions * (m->column_arrays - m->column_pes);
    c.tile_adds = c.vectors * n_in * m->positions * at_least_0(m->column_pes - m->column_tiles);
    /* Every kernel position gives a contribution; the first to arrive at an element is stored, not
     * added. */
    c.scatter_adds = c.vectors * n_in * (m->positions - 1.0);
    struct flow f = {.words_in = (double)m->columns * m->blocks,
                     .bits_in = in->chip->training.error_bits,
                     .words_out = n_in,
                     .in_arrays = (double)m->positions * m->row_arrays,
                     .in_pes = (double)m->positions * m->row_pes,
                     .in_tiles = m->row_tiles,
                     .in_ports = (double)m->n_tiles / m->row_tiles,
                     .out_arrays = m->column_arrays,
                     .out_pes = m->column_pes,
                     .out_tiles = m->column_tiles,
                     .bits = spn_count_sum_bits(m, r, in->chip),
                     .in_frac = 1.0,
                     .out_frac = fetched_frac(m),
                     .positions = m->positions};
    set_flow(&c, &f, m);
    *counts = c;
}

void spn_count_once(struct spn_layer_counts *c, double input_bit)
{
    if (!(input_bit < c->global_in_bit))
        return;
    c->tile_store_bit *= input_bit / c->global_in_bit;
    c->global_in_bit = input_bit;
}

void spn_count_copies(struct spn_layer_counts *c, const struct spn_layer_map *map, int copies)
{
    c->rounds = ceil(c->vectors / ((double)map->copies * copies));
    c->busiest_tile_bit /= copies;
}

/* In `parts` times as many rounds; inputs are brought `again` times. */
static void count_again(struct spn_layer_counts *c, double parts, double again)
{
    c->rounds *= parts;
    c->global_in_bit *= again;
    c->global_fan = fmax(1, c->global_fan / again);
    c->busiest_tile_bit *= parts;
}

/* Parts take whole columns of tiles first, as these share nothing but inputs, which each part reads
 * anew. What is left of a column of tiles that is too long leaves partial sums, written and read
 * once. */
void spn_count_parts(struct spn_layer_counts *c, const struct spn_layer_map *map, int tiles)
{
    double parts = ceil((double)map->n_tiles / tiles),
           strips = (double)map->n_tiles / map->row_tiles;
    double again = fmin(parts, strips), cuts = ceil((double)map->row_tiles / tiles) - 1;

    if (parts <= 1)
        return;
    count_again(c, parts, again);
    c->spill_bit = cuts * c->global_out_bit / map->row_tiles;
}

/* Results are along the rows now: each part that has a column of tiles of its own gives a share of
 * all of them, which wait for the others'; parts of one column need its errors once each. */
void spn_count_error_parts(struct spn_layer_counts *c, const struct spn_layer_map *map, int tiles)
{
    double parts = ceil((double)map->n_tiles / tiles),
           strips = (double)map->n_tiles / map->row_tiles;
    double again = ceil((double)map->row_tiles / tiles), shares = fmin(parts, strips);

    if (parts <= 1)
        return;
    count_again(c, parts, again);
    c->spill_bit = (shares - 1) * c->global_out_bit / map->column_tiles;
}
