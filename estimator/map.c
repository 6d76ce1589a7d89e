/* map.c -- weight matrices cut into arrays, arrays grouped into PEs and tiles.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Conventional tiles span sqrt(tile.pes) PEs on a side; a kernel-position tile has one PE per
 * kernel position. A layer takes the second kind iff its K K is the network's most frequent kernel
 * area and its matrix has at least as many rows as an array [peng2019nm; M:E1]. Tile counts are
 * ceilings per dimension [M:E2]; conventional matrices may be unrolled in two other ways [M:E47];
 * whatever room a layer leaves in its tiles can hold copies of it, PEs first, then arrays [M:E3].
 */
#include "estimator/map.h"

#include <math.h>
#include <string.h>

static int64_t ceil_div(int64_t a, int64_t b)
{
    return a <= b ? a > 0 : (a + b - 1) / b;
}

static int int_min(int a, int b)
{
    return a < b ? a : b;
}

/* Root of a square number, or 0. */
static int square_root(int n)
{
    int root = (int)lround(sqrt((double)n));
    return n > 0 && root * root == n ? root : 0;
}

struct spn_cut spn_map_cut(int length, int step)
{
    struct spn_cut cut = {.n_full = length / step, .step = step, .last = length % step};
    return cut;
}

static bool is_split_kernel(const struct spn_layer *layer)
{
    return layer->op == SPN_OP_CONV2D && (int64_t)layer->kernel[0] * layer->kernel[1] != 1;
}

int spn_map_kernel_area(const struct spn_network *net)
{
    int best = 0, best_count = 0;

    for (int i = 0; i < net->n_layers; i++) {
        const struct spn_layer *layer = &net->layer[i];
        if (!is_split_kernel(layer))
            continue;
        int area = layer->kernel[0] * layer->kernel[1], count = 0;
        if (area == best)
            continue;
        for (int j = i; j < net->n_layers; j++)
            count += is_split_kernel(&net->layer[j]) &&
                     net->layer[j].kernel[0] * net->layer[j].kernel[1] == area;
        if (count > best_count) {
            best = area;
            best_count = count;
        }
    }
    return best;
}

enum spn_status spn_map_rules(struct spn_map_rules *rules, const struct spn_chip *chip,
                              int kernel_area, struct spn_err *err)
{
    int cells = spn_chip_cells_per_weight(chip);
    bool pairs = chip->weight.encoding == SPN_ENCODING_DIFFERENTIAL;
    bool digital = chip->array.kind == SPN_ARRAY_DIGITAL; /* its adders take all digits at once */
    struct spn_map_rules r = {
        .array_rows = chip->array.rows,
        .array_columns = chip->array.columns,
        .cells_per_weight = cells,
        .conversions_per_weight = digital ? 1
                                  : pairs ? cells / 2
                                          : cells,
        .pe_side = square_root(chip->pe.arrays),
        .tile_side = square_root(chip->tile.pes),
        .mapping = chip->mapping,
        .kernel_area = chip->mapping == SPN_MAPPING_KERNEL_POSITION ? kernel_area : 0,
        .duplicate = chip->duplicate,
    };

    if (!r.pe_side)
        return spn_err_set(err, SPN_EINPUT,
                           "chip.pe.arrays = %d is not a square number (1, 4, 9, 16, ...)",
                           chip->pe.arrays);
    if (!r.tile_side)
        return spn_err_set(err, SPN_EINPUT,
                           "chip.tile.pes = %d is not a square number (1, 4, 9, 16, ...)",
                           chip->tile.pes);
    r.weights_per_row = r.array_columns / cells;
    if (r.weights_per_row < 1)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "chip.array.columns = %d: one weight takes %d cells side by side",
                           chip->array.columns, cells);
    r.rows_read =
        chip->array.rows_read > 0 ? int_min(chip->array.rows_read, r.array_rows) : r.array_rows;
    *rules = r;
    return SPN_OK;
}

/* How many things of `need` arrays fit along a tile whose `pes` PEs have `side` arrays each; a
 * thing larger than a PE takes whole PEs, so that it never shares a PE's adder tree. At least 1 (a
 * larger one spans tiles). */
static int64_t fits(int64_t need, int side, int pes)
{
    int64_t n = need <= side ? (int64_t)(side / need) * pes : pes / ceil_div(need, side);
    return n > 1 ? n : 1;
}

/* Blocks of a grouped convolution: as many whole groups as fit on the diagonal of an array share
 * it. */
static void pack_groups(struct spn_layer_map *m, const struct spn_matrix_shape *shape,
                        const struct spn_map_rules *rules)
{
    int packed = int_min(rules->array_rows / shape->rows, rules->weights_per_row / shape->columns);

    packed = int_min(packed > 1 ? packed : 1, shape->groups);
    m->groups_per_block = packed;
    m->blocks = (int)ceil_div(shape->groups, packed);
    m->rows = packed * shape->rows;
    m->columns = packed * shape->columns;
}

static void set_reads(struct spn_layer_map *m, const struct spn_map_rules *rules)
{
    struct spn_cut cut = spn_map_cut(m->rows, rules->array_rows);
    int per_full = (int)ceil_div(rules->array_rows, rules->rows_read);
    int last = (int)ceil_div(cut.last, rules->rows_read);
    int64_t used_columns =
        int_min(m->columns, rules->weights_per_row) * (int64_t)rules->cells_per_weight;

    m->row_groups_sum = (int64_t)cut.n_full * per_full + last;
    m->row_groups_max = cut.n_full > 0 ? per_full : last;
    /* A transposed read drives the columns; as many at once as rows in a forward read, for the same
     * current limit. */
    m->column_groups_max =
        rules->rows_read == rules->array_rows ? 1 : (int)ceil_div(used_columns, rules->rows_read);
}

/* Tiles, PEs and copies of m, whose blocks are set. [M:E2, M:E3] */
static void set_tiles(struct spn_layer_map *m, const struct spn_map_rules *rules)
{
    int side = rules->pe_side, tile_pes = m->kernel_position ? 1 : rules->tile_side;
    int64_t room = fits(m->row_arrays, side, tile_pes) * fits(m->column_arrays, side, tile_pes);
    int64_t copies = rules->duplicate ? room / m->blocks : 1;
    int64_t per_pe =
        (int64_t)(side / int_min(m->row_arrays, side)) * (side / int_min(m->column_arrays, side));

    m->row_pes = (int)ceil_div(m->row_arrays, side);
    m->column_pes = (int)ceil_div(m->column_arrays, side);
    m->row_tiles = (int)ceil_div(m->row_pes, tile_pes);
    m->column_tiles = (int)ceil_div(m->column_pes, tile_pes);
    m->n_tiles = (int)(m->row_tiles * (int64_t)m->column_tiles * ceil_div(m->blocks, room));
    m->pes_per_tile = m->kernel_position ? m->positions : rules->tile_side * rules->tile_side;
    /* A copy beyond one per vector would never be read. */
    copies = copies > m->vectors ? m->vectors : copies;
    m->copies = copies > 1 ? (int)copies : 1;
    int64_t things = (int64_t)m->blocks * m->copies;
    bool in_pe = m->row_pes == 1 && m->column_pes == 1;
    m->n_pes = (int)(m->positions *
                     (in_pe ? ceil_div(things, per_pe) : things * m->row_pes * m->column_pes));
    m->n_arrays = m->arrays_one_copy * m->copies;
}

/* Which of the three unrollings: the chip's; or by shape, as CoMN does: conventional if it fits in
 * the rows of an array, row if there are more than twice as many inputs as outputs, else matrix
 * [comn; M:E47]. */
static int transformation(const struct spn_layer *layer, const struct spn_matrix_shape *shape,
                          const struct spn_map_rules *rules)
{
    if (layer->op != SPN_OP_CONV2D || shape->kernel_positions == 1)
        return SPN_MAPPING_CONVENTIONAL;
    if (rules->mapping == SPN_MAPPING_MATRIX || rules->mapping == SPN_MAPPING_ROW)
        return rules->mapping;
    if (rules->mapping != SPN_MAPPING_SHAPE || shape->rows < rules->array_rows)
        return SPN_MAPPING_CONVENTIONAL;
    return shape->rows / shape->kernel_positions > 2 * shape->columns ? SPN_MAPPING_ROW
                                                                      : SPN_MAPPING_MATRIX;
}

/* Rows, columns and vectors of the matrix; of a convolution by m->mapping. [M:E47] */
static void unroll(struct spn_layer_map *m, struct spn_matrix_shape *shape,
                   const struct spn_layer *layer)
{
    const struct spn_window_count down = spn_layer_windows(layer, 0),
                                  right = spn_layer_windows(layer, 1);
    const int kernel[2] = {layer->kernel[0], layer->kernel[1]};
    const double outputs = (double)shape->vectors,
                 channels = (double)shape->columns * shape->groups;
    double sums = outputs; /* of one channel, over vectors */
    double waiting = 0;    /* results of one channel */

    m->inside_frac = m->results_frac = 1;
    m->vectors = shape->vectors;
    if (layer->op != SPN_OP_CONV2D)
        return;
    const double height = layer->out_shape.dim[1], width = layer->out_shape.dim[2];
    m->inside_frac =
        (double)down.taps * (double)right.taps / (height * width * kernel[0] * kernel[1]);
    if (m->mapping == SPN_MAPPING_MATRIX) {
        shape->rows /= kernel[1];
        shape->columns *= kernel[1];
        m->vectors = (int64_t)height * right.used;
        m->inside_frac = (double)down.taps / (height * kernel[0]);
        sums = height * (double)right.taps;
        waiting = kernel[1];
    } else if (m->mapping == SPN_MAPPING_ROW) {
        shape->rows /= shape->kernel_positions;
        shape->columns *= shape->kernel_positions;
        m->vectors = down.used * right.used;
        m->inside_frac = 1;
        sums = (double)down.taps * (double)right.taps;
        waiting = (kernel[0] - 1) * width + kernel[1];
    }
    m->vectors = m->vectors > 1 ? m->vectors : 1;
    m->scatter_adds = channels * (sums - outputs);
    m->pending = waiting;
    m->results_frac = channels * outputs / ((double)m->vectors * shape->columns * shape->groups);
}

static enum spn_status map_shape(struct spn_layer_map *map, const struct spn_layer *layer,
                                 struct spn_matrix_shape shape, const struct spn_map_rules *rules,
                                 struct spn_err *err)
{
    const int64_t outputs = shape.vectors;
    struct spn_layer_map m = {.positions = 1, .blocks = 1, .groups_per_block = 1, .tile_copies = 1};

    m.kernel_position = rules->kernel_area > 1 && shape.groups == 1 &&
                        shape.kernel_positions == rules->kernel_area &&
                        shape.rows >= rules->array_rows;
    m.mapping =
        m.kernel_position ? SPN_MAPPING_KERNEL_POSITION : transformation(layer, &shape, rules);
    unroll(&m, &shape, layer);
    if (m.kernel_position) {
        m.positions = shape.kernel_positions;
        m.rows = shape.rows / shape.kernel_positions;
        m.columns = shape.columns;
    } else {
        pack_groups(&m, &shape, rules);
    }
    m.row_arrays = (int)ceil_div(m.rows, rules->array_rows);
    m.column_arrays = (int)ceil_div(m.columns, rules->weights_per_row);
    double arrays = (double)m.positions * m.blocks * m.row_arrays * m.column_arrays;
    double side = (double)rules->pe_side *
                  rules->tile_side; /* a tile may be mostly empty, or hold as many copies */
    if (arrays * side * side > SPN_MAP_MAX_ARRAYS)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "layer %s needs %.0f arrays of %d x %d: more than %.0f with their tiles",
                           layer->name, arrays, rules->array_rows, rules->array_columns,
                           SPN_MAP_MAX_ARRAYS);
    /* So far of one channel; a tile has those of its columns. */
    m.pending *=
        fmin(m.columns, (double)rules->pe_side * rules->tile_side * rules->weights_per_row) *
        m.results_frac * (double)m.vectors / (double)outputs;
    m.arrays_one_copy = (int)arrays;
    set_reads(&m, rules);
    set_tiles(&m, rules);
    m.cells = (double)shape.rows * shape.columns * shape.groups * rules->cells_per_weight;
    double tile_arrays = (double)m.pes_per_tile * rules->pe_side * rules->pe_side;
    m.utilization_frac =
        m.cells / (m.n_tiles * tile_arrays * rules->array_rows * rules->array_columns);
    *map = m;
    return SPN_OK;
}

enum spn_status spn_map_layer(struct spn_layer_map *map, const struct spn_layer *layer,
                              const struct spn_map_rules *rules, struct spn_err *err)
{
    return map_shape(map, layer, spn_layer_matrix(layer), rules, err);
}

enum spn_status spn_map_layer_again(struct spn_layer_map *map, struct spn_map_memory *memory,
                                    const struct spn_layer *layer,
                                    const struct spn_map_rules *rules, struct spn_err *err)
{
    /* All rules but the padding behind the last. */
    const size_t n_rules = offsetof(struct spn_map_rules, duplicate) + sizeof rules->duplicate;
    const unsigned char *from = (const unsigned char *)layer + offsetof(struct spn_layer, op);

    if (!memory->known || memcmp(&memory->rules, rules, n_rules) != 0 ||
        memcmp(memory->layer, from, sizeof memory->layer) != 0) {
        enum spn_status status = spn_map_layer(&memory->map, layer, rules, err);
        memory->known = status == SPN_OK;
        if (status)
            return status;
        memory->rules = *rules;
        memcpy(memory->layer, from, sizeof memory->layer);
    }
    *map = memory->map;
    return SPN_OK;
}

enum spn_status spn_map_product(struct spn_layer_map *map, const struct spn_layer *layer,
                                const struct spn_map_rules *rules, struct spn_err *err)
{
    const struct spn_shape *second = &layer->in_shape[1], *first = &layer->in_shape[0];
    const int keys = second->dim[0] + layer->cache, size = second->dim[1] / layer->kv_heads;
    const int64_t queries = layer->transpose_b ? first->dim[0] : first->dim[first->n - 2];
    struct spn_matrix_shape shape = {.rows = layer->transpose_b ? size : keys,
                                     .columns = layer->transpose_b ? keys : size,
                                     .groups = layer->kv_heads,
                                     .kernel_positions = 1,
                                     .vectors = queries * (layer->heads / layer->kv_heads)};
    return map_shape(map, layer, shape, rules, err);
}

enum spn_status spn_map_transposed(struct spn_layer_map *map, const struct spn_layer *layer,
                                   const struct spn_map_rules *rules, struct spn_err *err)
{
    const struct spn_matrix_shape shape = spn_layer_matrix(layer);
    const struct spn_shape *in = &layer->in_shape[0];
    const bool conv = layer->op == SPN_OP_CONV2D;
    struct spn_matrix_shape back = shape;
    double taps = 1;

    back.rows = shape.columns * shape.kernel_positions;
    back.columns = shape.rows / shape.kernel_positions;
    if (conv) {
        back.vectors = (int64_t)in->dim[1] * in->dim[2];
        taps = (double)spn_layer_windows(layer, 0).taps * (double)spn_layer_windows(layer, 1).taps;
    }
    enum spn_status status = map_shape(map, layer, back, rules, err);
    if (!status && conv) /* each tap of the forward pass is one of the way back */
        map->inside_frac = taps / ((double)back.vectors * shape.kernel_positions);
    return status;
}
