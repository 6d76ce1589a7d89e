/* program_cells.c -- what the cells of a matrix hold, and the levels they show.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The level of a digit is L g of its column, minus that of its pair or reference column, with g
 * from cell.c; with resistive wires g is what program_wires.c makes of the cells of an array
 * [M:R9]. Errors are frozen: drawn from the counter (column, row, digit and side, layer) under the
 * chip's seed, whatever is cut where.
 */
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "simulator/program_maker.h"

const int8_t *spn_program_cells(const struct spn_program *p, int digit, int column_group, int limb)
{
    size_t block = (size_t)p->n_groups * (size_t)p->group_quads * SPN_KERNEL_QUAD_BYTES;
    size_t at =
        (size_t)(digit * p->n_column_groups + column_group) * (size_t)p->n_limbs + (size_t)limb;
    return p->cells + at * block;
}

const int8_t *spn_program_variance(const struct spn_program *p, int digit, int column_group)
{
    size_t block = (size_t)p->n_groups * (size_t)p->group_quads * SPN_KERNEL_QUAD_BYTES;
    return p->variance + (size_t)(digit * p->n_column_groups + column_group) * block;
}

/* Byte of (group, row within it, column) in a packed column group. */
static size_t packed_at(const struct spn_program *p, int group, int row, int column)
{
    size_t quad = (size_t)group * (size_t)p->group_quads + (size_t)(row / 4);
    return quad * SPN_KERNEL_QUAD_BYTES + (size_t)(column % SPN_KERNEL_COLUMNS * 4 + row % 4);
}

static int group_of(const struct spn_program *p, int row)
{
    int group = 0;
    while (row >= p->groups[group].first + p->groups[group].n_rows)
        group++;
    return group;
}

double spn_program_level(const struct spn_program *p, int digit, int row, int column)
{
    int group = group_of(p, row);
    size_t at = packed_at(p, group, row - p->groups[group].first, column);
    int code = 0;
    for (int limb = 0; limb < p->n_limbs; limb++)
        code = code * 256 + spn_program_cells(p, digit, column / SPN_KERNEL_COLUMNS, limb)[at];
    return code / p->digit[digit].codes_per_level;
}

static int digit_level(const struct spn_program_digit *d, int value)
{
    return (value >> d->shift) & d->levels;
}

/* Target levels of a weight's digit in its own column and in its pair column. */
static void target_levels(const struct spn_program_maker *m, const struct spn_program_digit *d,
                          int w, int level[2])
{
    int bits = m->chip->weight.bits;
    level[1] = 0;
    switch (m->chip->weight.encoding) {
    case SPN_ENCODING_DIFFERENTIAL:
        level[w < 0] = digit_level(d, abs(w));
        level[w >= 0] = 0;
        break;
    case SPN_ENCODING_OFFSET:
        level[0] = digit_level(d, w + (1 << (bits - 1)));
        break;
    default:
        level[0] = digit_level(d, w & ((1 << bits) - 1));
        break;
    }
}

static void draw_row(const struct spn_program_maker *m, int digit, int row, int side, int n_cells)
{
    uint32_t lanes[SPN_KERNEL_COLUMNS];
    for (uint32_t c = 0; c < SPN_KERNEL_COLUMNS; c++)
        lanes[c] = (uint32_t)(2 * digit + side) * SPN_KERNEL_COLUMNS + c;
    struct spn_kernel_seed seed = {.key = {m->key[0], m->key[1]},
                                   .tag = (uint32_t)SPN_CORE_STREAM_PROGRAM << 24 | m->layer,
                                   .first = (uint64_t)row,
                                   .lane = lanes,
                                   .n_streams = 1};
    struct spn_kernel_stream stream;
    if (!(m->cell.sd > 0))
        return;
    m->request->kernel->seed(&seed, &stream);
    m->request->kernel->normals(&stream, 1, (n_cells - 1) / SPN_KERNEL_COLUMNS + 1, false,
                                m->normal[side]);
}

/* Where a level goes: both its code and, if kept, the variance of its read noise. */
struct place {
    int digit, group, row, column;
};

/* Byte of a place in the packed cells of one limb of all digits and column groups. */
static size_t byte_at(const struct spn_program *p, const struct place *at, int n_limbs)
{
    int column_group = at->column / SPN_KERNEL_COLUMNS;
    size_t block = (size_t)p->n_groups * (size_t)p->group_quads * SPN_KERNEL_QUAD_BYTES;
    size_t index = (size_t)(at->digit * p->n_column_groups + column_group) * (size_t)n_limbs;
    return index * block + packed_at(p, at->group, at->row, at->column);
}

static void put_level(struct spn_program *p, const struct place *at, double level)
{
    size_t block = (size_t)p->n_groups * (size_t)p->group_quads * SPN_KERNEL_QUAD_BYTES;
    double scaled = level * p->digit[at->digit].codes_per_level;
    int code = (int)lrint(fmax(-SPN_PROGRAM_CODE_MAX, fmin(SPN_PROGRAM_CODE_MAX, scaled)));
    int8_t *out = p->cells + byte_at(p, at, p->n_limbs);
    if (p->n_limbs == 2) { /* code = 256 high + low, low in -128 .. 127 */
        int high = (code + 128) >> 8;
        out[0] = (int8_t)high;
        out[block] = (int8_t)(code - 256 * high);
    } else {
        out[0] = (int8_t)code;
    }
}

static void put_variance(struct spn_program *p, const struct place *at, double variance)
{
    double units = fmin(variance / p->variance_unit, SPN_VARIANCE_MAX);
    p->variance[byte_at(p, at, 1)] = (int8_t)lrint(units);
}

/* The cell on one side of one weight's digit, or of its reference column. */
static struct spn_cell_state make_cell(const struct spn_program *p,
                                       const struct spn_program_maker *m, const struct place *at,
                                       int side, int level, bool kept)
{
    const struct spn_row_group *group = &p->groups[at->group];
    bool is_reference = side == 1 && p->reference != NULL;
    int column = is_reference ? (int)p->reference[at->column] : at->column;
    uint32_t words[4] = {0};
    if (m->cell.defects) {
        uint32_t counter[4] = {(uint32_t)column, (uint32_t)(group->first + at->row),
                               (uint32_t)(2 * at->digit + side),
                               (uint32_t)SPN_CORE_STREAM_DEFECT << 24 | m->layer};
        spn_rng_philox(counter, m->key, words);
    }
    return spn_cell_program(&m->cell, (double)level / p->digit[at->digit].levels,
                            (double)m->normal[side][column], words, kept);
}

/* The cells of one digit of one row of weights, to m->g. */
static void make_row(struct spn_program *p, const struct spn_program_maker *m, int digit, int group,
                     int row)
{
    const struct spn_program_digit *d = &p->digit[digit];
    size_t first = (size_t)(p->groups[group].first + row) * (size_t)p->n_columns;
    const uint8_t *mask = m->request->config->scheme != SPN_SCHEME_DENSE ? m->request->mask : NULL;
    bool pair = p->noisy_cells == 2;
    int middle = digit_level(d, 1 << (m->chip->weight.bits - 1));
    draw_row(m, digit, p->groups[group].first + row, 0, p->n_columns);
    if (pair || p->reference != NULL)
        draw_row(m, digit, p->groups[group].first + row, 1, pair ? p->n_columns : p->n_references);
    for (int c = 0; c < p->n_columns; c++) {
        struct place at = {digit, group, row, c};
        bool pruned = mask != NULL && mask[first + (size_t)c] == 0;
        bool kept = !(pruned && m->index_free);
        int level[2];
        target_levels(m, d, pruned ? 0 : m->request->weights[first + (size_t)c], level);
        struct spn_cell_state cell = make_cell(p, m, &at, 0, level[0], kept), other = {0, 0};
        if (pair)
            other = make_cell(p, m, &at, 1, level[1], kept);
        else if (p->reference != NULL)
            other.g = make_cell(p, m, &at, 1, middle, true).g;
        m->g[0][c] = cell.g;
        m->g[1][c] = other.g;
        if (p->variance != NULL)
            put_variance(p, &at, pair ? (cell.variance + other.variance) / 2 : cell.variance);
    }
}

/* m->g to levels. */
static void put_row(struct spn_program *p, const struct spn_program_maker *m, int digit, int group,
                    int row)
{
    for (int c = 0; c < p->n_columns; c++)
        put_level(p, &(struct place){digit, group, row, c},
                  (m->g[0][c] - m->g[1][c]) * p->digit[digit].levels);
}

static void fill_plain(struct spn_program *p, const struct spn_program_maker *m)
{
    for (int d = 0; d < p->n_digits; d++)
        for (int g = 0; g < p->n_groups; g++)
            for (int r = 0; r < p->groups[g].n_rows; r++) {
                make_row(p, m, d, g, r);
                put_row(p, m, d, g, r);
            }
}

/* ---- resistive wires ---- */

/* Between m->g and a stripe: weights digit by digit, then the array's reference columns. */
static void move_row(const struct spn_program *p, const struct spn_program_maker *m, int digit,
                     int row, bool put)
{
    int n_sides = p->noisy_cells == 2 || p->reference != NULL ? 2 : 1;
    for (int side = 0; side < n_sides; side++)
        for (int c = 0; c < p->n_columns; c++) {
            int column =
                c % m->weights_per_array * p->cells_per_weight + digit * p->noisy_cells + side;
            if (side == 1 && p->reference != NULL)
                column = m->weights_per_array * p->cells_per_weight + digit;
            double *cell = spn_program_wires_cell(&m->wires, c / m->weights_per_array, row, column);
            if (put)
                *cell = m->g[side][c];
            else
                m->g[side][c] = *cell;
        }
}

/* Put the cells of n rows into a stripe, or take them from there to levels. */
static void move_stripe(struct spn_program *p, const struct spn_program_maker *m, int first, int n,
                        bool put)
{
    for (int r = 0; r < n; r++)
        for (int d = 0; d < p->n_digits; d++) {
            int group = group_of(p, first + r), row = first + r - p->groups[group].first;
            if (put)
                make_row(p, m, d, group, row);
            move_row(p, m, d, r, put);
            if (!put)
                put_row(p, m, d, group, row);
        }
}

static enum spn_status fill_wired(struct spn_program *p, const struct spn_program_maker *m,
                                  struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    for (int first = 0, n; first < p->n_rows && status == SPN_OK; first += n) {
        n = spn_program_wires_stripe(&m->wires, first, p->n_rows);
        move_stripe(p, m, first, n, true);
        status = spn_program_wires_solve(&m->wires, first, n, err);
        move_stripe(p, m, first, n, false);
    }
    return status;
}

enum spn_status spn_program_fill(struct spn_program *p, const struct spn_program_maker *m,
                                 struct spn_err *err)
{
    if (m->wired)
        return fill_wired(p, m, err);
    fill_plain(p, m);
    return SPN_OK;
}
