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
#include "simulator/defects.h"
#include "simulator/program_maker.h"
#include "simulator/repair.h"

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

int spn_program_group(const struct spn_program *p, int row)
{
    int group = 0;
    while (row >= p->groups[group].first + p->groups[group].n_rows)
        group++;
    return group;
}

double spn_program_level(const struct spn_program *p, int digit, int row, int column)
{
    int group = spn_program_group(p, row);
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

/* Normal numbers of n cells on one side of a digit of a row, from a stream of the chip. */
static void draw_normals(const struct spn_program_maker *m, uint32_t lane, uint64_t row,
                         uint32_t tag, int n, float *out)
{
    uint32_t lanes[SPN_KERNEL_COLUMNS];
    for (uint32_t c = 0; c < SPN_KERNEL_COLUMNS; c++)
        lanes[c] = lane * SPN_KERNEL_COLUMNS + c;
    struct spn_kernel_seed seed = {.key = {m->key[0], m->key[1]},
                                   .tag = tag << 24 | m->layer,
                                   .first = row,
                                   .lane = lanes,
                                   .n_streams = 1};
    struct spn_kernel_stream stream;
    m->request->kernel->seed(&seed, &stream);
    m->request->kernel->normals(&stream, 1, (n - 1) / SPN_KERNEL_COLUMNS + 1, false, out);
}

/* What a write adds is drawn anew in every write; what cells differ by is the chip's. */
static void draw_row(const struct spn_program_maker *m, int digit, int row, int side, int n_cells)
{
    const uint32_t lane = (uint32_t)(2 * digit + side);
    const uint64_t write = (uint64_t)m->request->config->write << 32;
    if (m->cell.sd > 0 || m->cell.by_state)
        draw_normals(m, lane, write | (uint64_t)row, SPN_CORE_STREAM_PROGRAM, n_cells,
                     m->normal[side]);
    if (m->device_normal[side] != NULL)
        draw_normals(m, lane, (uint64_t)row, SPN_CORE_STREAM_DEVICE, n_cells,
                     m->device_normal[side]);
    if (m->drift_normal[side] != NULL)
        draw_normals(m, lane, (uint64_t)row, SPN_CORE_STREAM_DRIFT, n_cells, m->drift_normal[side]);
    if (m->mask_normal[side] != NULL)
        draw_normals(m, lane, (uint64_t)row, SPN_CORE_STREAM_MASK, n_cells, m->mask_normal[side]);
}

/* Byte of a place in the packed cells of one limb of all digits and column groups. */
static size_t byte_at(const struct spn_program *p, const struct spn_program_place *at, int n_limbs)
{
    int column_group = at->column / SPN_KERNEL_COLUMNS;
    size_t block = (size_t)p->n_groups * (size_t)p->group_quads * SPN_KERNEL_QUAD_BYTES;
    size_t index = (size_t)(at->digit * p->n_column_groups + column_group) * (size_t)n_limbs;
    return index * block + packed_at(p, at->group, at->row, at->column);
}

static void put_level(struct spn_program *p, const struct spn_program_place *at, double level)
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

static void put_variance(struct spn_program *p, const struct spn_program_place *at, double variance)
{
    double units = fmin(variance / p->variance_unit, SPN_VARIANCE_MAX);
    p->variance[byte_at(p, at, 1)] = (int8_t)lrint(units);
}

/* ---- one row ---- */

int spn_program_sides(const struct spn_program *p)
{
    return p->noisy_cells == 2 || p->reference != NULL ? 2 : 1;
}

struct spn_program_column spn_program_column(const struct spn_program *p,
                                             const struct spn_program_maker *m,
                                             const struct spn_program_place *at, int side)
{
    const int per = m->weights_per_array;
    struct spn_program_column c = {at->column / per, at->column % per * p->cells_per_weight +
                                                         at->digit * p->noisy_cells + side};
    if (side == 1 && p->reference != NULL)
        c.column = per * p->cells_per_weight + at->digit;
    return c;
}

uint32_t spn_program_defect(const struct spn_program *p, const struct spn_program_maker *m,
                            struct spn_program_column column, int row, bool is_spare)
{
    const struct spn_core_config *config = m->request->config;
    const struct spn_defect_place place = {.down = row / m->chip->array.rows,
                                           .across = column.block,
                                           .n_across =
                                               (p->n_columns - 1) / m->weights_per_array + 1,
                                           .row = row % m->chip->array.rows,
                                           .column = column.column};
    return spn_defect_at(config, &place, is_spare);
}

void spn_program_defect_words(const struct spn_program *p, const struct spn_program_maker *m,
                              const struct spn_program_place *at, int side, uint32_t words[4])
{
    const int row = p->groups[at->group].first + at->row;
    const bool is_reference = side == 1 && p->reference != NULL;
    const uint32_t column = is_reference ? p->reference[at->column] : (uint32_t)at->column;
    uint32_t counter[4] = {column, (uint32_t)row, (uint32_t)(2 * at->digit + side),
                           (uint32_t)SPN_CORE_STREAM_DEFECT << 24 | m->layer};
    const struct spn_program_column place = spn_program_column(p, m, at, side);
    const bool spare = m->repair != NULL && spn_repair_words(m->repair, place, row, words);
    if (!spare)
        spn_rng_philox(counter, m->key, words);
    words[3] = spn_program_defect(p, m, place, row, spare);
}

/* The cell on one side of one weight's digit, or of its reference column. */
static struct spn_cell_state make_cell(const struct spn_program *p,
                                       const struct spn_program_maker *m,
                                       const struct spn_program_place *at, int side)
{
    bool is_reference = side == 1 && p->reference != NULL;
    int column = is_reference ? (int)p->reference[at->column] : at->column;
    uint32_t words[4] = {0};
    struct spn_cell_draw draw = {.write = (double)m->normal[side][column]};
    if (m->device_normal[side] != NULL)
        draw.device = (double)m->device_normal[side][column];
    if (m->drift_normal[side] != NULL)
        draw.drift = (double)m->drift_normal[side][column];
    if (m->mask_normal[side] != NULL)
        draw.mask = (double)m->mask_normal[side][column];
    if (m->cell.defects)
        spn_program_defect_words(p, m, at, side, words);
    return spn_cell_draw(&m->cell, m->aim[side][at->column], &draw, words,
                         is_reference || m->kept[at->column]);
}

void spn_program_aim_row(const struct spn_program *p, const struct spn_program_maker *m,
                         const struct spn_program_place *at)
{
    const struct spn_program_digit *d = &p->digit[at->digit];
    size_t first = (size_t)(p->groups[at->group].first + at->row) * (size_t)p->n_columns;
    const uint8_t *mask = m->request->config->scheme != SPN_SCHEME_DENSE ? m->request->mask : NULL;
    int middle = digit_level(d, 1 << (m->chip->weight.bits - 1));
    for (int c = 0; c < p->n_columns; c++) {
        bool pruned = mask != NULL && mask[first + (size_t)c] == 0;
        int level[2];
        target_levels(m, d, pruned ? 0 : m->request->weights[first + (size_t)c], level);
        if (p->reference != NULL)
            level[1] = middle;
        m->kept[c] = !(pruned && m->index_free);
        for (int side = 0; side < 2; side++)
            m->aim[side][c] = (double)level[side] / d->levels;
    }
}

void spn_program_make_row(struct spn_program *p, const struct spn_program_maker *m,
                          const struct spn_program_place *row)
{
    bool pair = p->noisy_cells == 2;
    draw_row(m, row->digit, p->groups[row->group].first + row->row, 0, p->n_columns);
    if (spn_program_sides(p) == 2)
        draw_row(m, row->digit, p->groups[row->group].first + row->row, 1,
                 pair ? p->n_columns : p->n_references);
    for (int c = 0; c < p->n_columns; c++) {
        struct spn_program_place at = {row->digit, row->group, row->row, c};
        struct spn_cell_state cell = make_cell(p, m, &at, 0), other = {0, 0};
        if (spn_program_sides(p) == 2)
            other = make_cell(p, m, &at, 1);
        m->g[0][c] = cell.g;
        m->g[1][c] = other.g;
        if (p->variance != NULL)
            put_variance(p, &at, pair ? (cell.variance + other.variance) / 2 : cell.variance);
    }
}

/* What the driver of a row of an array gives beside what it should: cells are linear, so it scales
 * all of the row's currents. [M:S4c] */
static double row_gain(const struct spn_program *p, const struct spn_program_maker *m,
                       const struct spn_program_place *at, int block)
{
    const double sd = m->chip->input.gain_sd_frac;
    const int row = p->groups[at->group].first + at->row;
    const int n_blocks = (p->n_columns - 1) / m->weights_per_array + 1;
    if (!(sd > 0) || (m->request->config->errors & SPN_ERROR_NONLINEARITY) == 0)
        return 1;
    struct spn_rng rng =
        spn_rng_init(m->request->config->seed, (uint32_t)SPN_CORE_STREAM_GAIN << 24 | m->layer,
                     (uint32_t)(row * n_blocks + block));
    return fmax(0, 1 + sd * spn_rng_normal(&rng));
}

void spn_program_put_row(struct spn_program *p, const struct spn_program_maker *m,
                         const struct spn_program_place *at)
{
    double gain = 1;
    for (int c = 0; c < p->n_columns; c++) {
        if (c % m->weights_per_array == 0)
            gain = row_gain(p, m, at, c / m->weights_per_array);
        put_level(p, &(struct spn_program_place){at->digit, at->group, at->row, c},
                  gain * (m->g[0][c] - m->g[1][c]) * p->digit[at->digit].levels);
    }
}

static void fill_plain(struct spn_program *p, const struct spn_program_maker *m)
{
    struct spn_program_place at = {0};
    for (at.digit = 0; at.digit < p->n_digits; at.digit++)
        for (at.group = 0; at.group < p->n_groups; at.group++)
            for (at.row = 0; at.row < p->groups[at.group].n_rows; at.row++) {
                spn_program_aim_row(p, m, &at);
                spn_program_make_row(p, m, &at);
                spn_program_put_row(p, m, &at);
            }
}

/* ---- resistive wires ---- */

void spn_program_move_row(const struct spn_program *p, const struct spn_program_maker *m,
                          const struct spn_program_place *at, int row, bool put)
{
    for (int side = 0; side < spn_program_sides(p); side++)
        for (int c = 0; c < p->n_columns; c++) {
            const struct spn_program_place cell = {at->digit, at->group, at->row, c};
            const struct spn_program_column to = spn_program_column(p, m, &cell, side);
            double *g = spn_program_wires_cell(&m->wires, to.block, row, to.column);
            if (put)
                *g = m->g[side][c];
            else
                m->g[side][c] = *g;
        }
}

/* Put the cells of n rows into a stripe, or take them from there to levels. */
static void move_stripe(struct spn_program *p, const struct spn_program_maker *m, int first, int n,
                        bool put)
{
    for (int r = 0; r < n; r++)
        for (int d = 0; d < p->n_digits; d++) {
            const int group = spn_program_group(p, first + r);
            const struct spn_program_place at = {d, group, first + r - p->groups[group].first, 0};
            if (put) {
                spn_program_aim_row(p, m, &at);
                spn_program_make_row(p, m, &at);
            }
            spn_program_move_row(p, m, &at, r, put);
            if (!put)
                spn_program_put_row(p, m, &at);
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

enum spn_status spn_program_fill(struct spn_program *p, struct spn_program_maker *m,
                                 struct spn_err *err)
{
    if (m->wired && m->request->config->correction != SPN_CORRECTION_NONE)
        return spn_program_correct(p, m, err);
    if (m->wired)
        return fill_wired(p, m, err);
    fill_plain(p, m);
    return SPN_OK;
}
