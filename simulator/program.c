/* program.c -- how a matrix is cut into digits, arrays and reads, and how its levels are coded.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the cells hold is program_cells.c's.
 */
#include "simulator/program.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/program_maker.h"
#include "simulator/repair.h"
enum { ALIGNMENT = 64 };
static const double normal_bound = 7; /* |z| of the generator stays below 6.4 */
static const double int32_limit =
    2147483000.0; /* 2^31 with room for the rounding of float products */

static bool has(const struct spn_core_config *config, unsigned error)
{
    return (config->errors & error) != 0;
}

/* How a weight is cut [M:S1]. Differential: magnitude in digits. Offset: w + 2^(b-1) in digits.
 * Two's complement: the sign bit is a digit of its own, the lower b - 1 bits are cut. Least
 * significant first. */
static void cut_digits(struct spn_program *p, const struct spn_chip_weight *weight)
{
    int encoding = weight->encoding;
    int n_bits = encoding == SPN_ENCODING_OFFSET ? weight->bits : weight->bits - 1;
    p->n_digits = 0;
    for (int shift = 0; shift < n_bits; shift += weight->cell_bits) {
        int bits = n_bits - shift < weight->cell_bits ? n_bits - shift : weight->cell_bits;
        struct spn_program_digit d = {
            .shift = shift, .bits = bits, .levels = (1 << bits) - 1, .weight = ldexp(1, shift)};
        d.high_level = d.levels;
        d.low_level = encoding == SPN_ENCODING_DIFFERENTIAL ? -d.levels : 0;
        if (encoding == SPN_ENCODING_OFFSET &&
            shift + bits == n_bits) { /* the middle code is all here */
            d.low_level = -(1 << (bits - 1));
            d.high_level = (1 << (bits - 1)) - 1;
        }
        p->digit[p->n_digits++] = d;
    }
    if (encoding == SPN_ENCODING_TWOS_COMPLEMENT) {
        p->digit[p->n_digits++] = (struct spn_program_digit){
            .shift = n_bits, .bits = 1, .levels = 1, .weight = -ldexp(1, n_bits), .high_level = 1};
    }
    p->cells_per_weight = encoding == SPN_ENCODING_DIFFERENTIAL ? 2 * p->n_digits : p->n_digits;
}

/* Rows are cut into arrays, and within an array into what is read at once. */
static enum spn_status cut_rows(struct spn_program *p, const struct spn_chip_array *array,
                                int limit, struct spn_err *err)
{
    int at_once =
        array->rows_read > 0 && array->rows_read < array->rows ? array->rows_read : array->rows;
    if (limit > 0 && at_once > limit)
        at_once = limit;
    for (int pass = 0; pass < 2; pass++) {
        int n = 0;
        for (int first = 0; first < p->n_rows; n++) {
            int position = first % array->rows;
            int end = position + at_once < array->rows ? position + at_once : array->rows;
            int n_rows = end - position < p->n_rows - first ? end - position : p->n_rows - first;
            if (pass == 1)
                p->groups[n] = (struct spn_row_group){first, n_rows, position};
            if (n_rows > p->max_group_rows)
                p->max_group_rows = n_rows;
            first += n_rows;
        }
        p->n_groups = n;
        if (pass == 0 && (p->groups = calloc((size_t)n, sizeof *p->groups)) == NULL)
            return spn_err_memory(err, "row groups of a core");
    }
    p->group_quads = (p->max_group_rows + 3) / 4;
    return SPN_OK;
}

/* Fixed point: the largest codes that keep a sum inside 31 bits and a level inside 16. */
void spn_program_choose_codes(struct spn_program *p, const struct spn_program_maker *m, double gain)
{
    double g_max = m->cell.g_max / gain;
    if (has(m->request->config, SPN_ERROR_NONLINEARITY))
        g_max *= 1 + normal_bound * m->chip->input.gain_sd_frac;
    if (m->cell.mask_on > 0)
        g_max = g_max / m->cell.gain; /* an unmasked bound is enough: series only lowers it */
    double limit = int32_limit / (m->request->sum_limit * p->max_group_rows);
    for (int d = 0; d < p->n_digits; d++)
        if (p->n_limbs == 1)
            p->digit[d].codes_per_level = 1;
        else
            p->digit[d].codes_per_level =
                fmin(SPN_PROGRAM_CODE_MAX, limit) / (p->digit[d].levels * g_max);
}

/* Levels are exact integers unless something in the cells is not. */
static bool is_exact(const struct spn_program_maker *m)
{
    const struct spn_core_config *config = m->request->config;
    bool leaks = has(config, SPN_ERROR_ON_OFF) &&
                 (m->chip->weight.encoding == SPN_ENCODING_TWOS_COMPLEMENT || m->index_free);
    bool drivers = has(config, SPN_ERROR_NONLINEARITY) && m->chip->input.gain_sd_frac > 0;
    return !m->request->fixed_point && spn_cell_is_exact(&m->cell) && !drivers && !leaks &&
           !m->wired;
}

/* Arrays side by side, and what their wires are made of. Cells without conductances are digital. */
static enum spn_status set_wires(struct spn_program_maker *m, const struct spn_program *p,
                                 struct spn_err *err)
{
    const struct spn_core_config *config = m->request->config;
    int used = p->n_columns, weights = m->chip->array.columns / p->cells_per_weight;
    double window_S = m->chip->device.on_conductance_S - m->chip->device.off_conductance_S;
    m->weights_per_array = weights < 1 ? 1 : weights < used ? weights : used;
    m->wired = has(config, SPN_ERROR_IR_DROP) && window_S > 0;
    if (!m->wired)
        return SPN_OK;
    struct spn_program_wires *w = &m->wires;
    *w = spn_program_wires(config, m->index_free);
    w->n_blocks = (used - 1) / m->weights_per_array + 1;
    w->width = m->weights_per_array * p->cells_per_weight;
    w->width += p->reference != NULL ? p->n_digits : 0;
    w->most_rows = w->rows_at_once < p->n_rows ? w->rows_at_once : p->n_rows;
    w->cell_S = window_S * m->cell.gain;
    w->cells =
        calloc((size_t)w->n_blocks * (size_t)w->most_rows, (size_t)w->width * sizeof(double));
    return w->cells != NULL ? SPN_OK : spn_err_memory(err, "wires of a core");
}

static enum spn_status check_weights(const struct spn_program_maker *m, struct spn_err *err)
{
    const struct spn_core_config *config = m->request->config;
    const struct spn_device *device = &m->chip->device;
    int limit = (1 << (m->chip->weight.bits - 1)) - 1;
    for (int r = 0; r < config->n_rows; r++)
        for (int c = 0; c < config->n_columns; c++) {
            int w = m->request->weights[(size_t)r * (size_t)config->n_columns + (size_t)c];
            if (w < -limit || w > limit)
                return spn_err_set(err, SPN_EUSAGE,
                                   "weight code %d at row %d, column %d outside [%d, %d]", w, r, c,
                                   -limit, limit);
        }
    if (m->index_free && !device->mask.present)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "index-free cells need a mask transistor, and device '%s' has none",
                           device->name);
    if (m->index_free && m->chip->weight.encoding == SPN_ENCODING_OFFSET)
        return spn_err_set(
            err, SPN_EINFEASIBLE,
            "index-free cells cannot be offset encoded: a pruned cell drops its offset, "
            "which the reference column keeps; use differential");
    bool analog = (config->errors & ~(unsigned)SPN_ERROR_QUANTIZATION) != 0;
    if (analog && !(device->on_conductance_S > device->off_conductance_S) &&
        device->cell != SPN_CELL_SRAM)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "device '%s': on_conductance_S = %g is not above off_conductance_S = %g",
                           device->name, device->on_conductance_S, device->off_conductance_S);
    return SPN_OK;
}

/* Offset encoding: the weights of one array share one reference column per digit. */
static enum spn_status set_references(struct spn_program *p, const struct spn_chip *chip,
                                      struct spn_err *err)
{
    if (chip->weight.encoding != SPN_ENCODING_OFFSET)
        return SPN_OK;
    int n_lanes = p->n_column_groups * SPN_KERNEL_COLUMNS,
        per_array = chip->array.columns / p->n_digits;
    if (per_array < 1)
        per_array = 1;
    p->reference = calloc((size_t)n_lanes, sizeof *p->reference);
    if (p->reference == NULL)
        return spn_err_memory(err, "reference columns of a core");
    for (int c = 0; c < p->n_columns; c++)
        p->reference[c] = (uint32_t)(c / per_array);
    p->n_references = (p->n_columns - 1) / per_array + 1;
    return SPN_OK;
}

/* Normal numbers of a row for what differs between cells of this device. */
static bool allocate_normals(struct spn_program_maker *m)
{
    const size_t bytes = (size_t)m->n_lanes * sizeof(float);
    bool made = true;
    for (int side = 0; side < 2; side++) {
        if (m->cell.device_sd > 0)
            made = (m->device_normal[side] = aligned_alloc(ALIGNMENT, bytes)) != NULL && made;
        if (m->cell.age > 1)
            made = (m->drift_normal[side] = aligned_alloc(ALIGNMENT, bytes)) != NULL && made;
        if (m->cell.mask_sd > 0)
            made = (m->mask_normal[side] = aligned_alloc(ALIGNMENT, bytes)) != NULL && made;
    }
    return made;
}

static enum spn_status allocate_cells(struct spn_program *p, struct spn_program_maker *m,
                                      struct spn_err *err)
{
    size_t block = (size_t)p->n_groups * (size_t)p->group_quads * SPN_KERNEL_QUAD_BYTES;
    size_t bytes = (size_t)p->n_digits * (size_t)p->n_column_groups * block;
    bool varies = m->index_free && has(m->request->config, SPN_ERROR_FLUCTUATION) &&
                  m->chip->device.read_noise_frac > 0;
    m->n_lanes = p->n_column_groups * SPN_KERNEL_COLUMNS;
    p->cells = aligned_alloc(ALIGNMENT, bytes * (size_t)p->n_limbs);
    p->variance = varies ? aligned_alloc(ALIGNMENT, bytes) : NULL;
    for (int side = 0; side < 2; side++) {
        m->normal[side] = aligned_alloc(ALIGNMENT, (size_t)m->n_lanes * sizeof **m->normal);
        m->g[side] = calloc((size_t)p->n_columns, sizeof **m->g);
        m->aim[side] = calloc((size_t)p->n_columns, sizeof **m->aim);
    }
    m->kept = calloc((size_t)p->n_columns, 1);
    if (m->kept == NULL || m->aim[0] == NULL || m->aim[1] == NULL || p->cells == NULL ||
        (varies && p->variance == NULL) || m->normal[0] == NULL || m->normal[1] == NULL ||
        m->g[0] == NULL || m->g[1] == NULL || !allocate_normals(m))
        return spn_err_memory(err, "cells of a core");
    memset(p->cells, 0, bytes * (size_t)p->n_limbs);
    if (varies)
        memset(p->variance, 0, bytes);
    for (int side = 0; side < 2; side++)
        memset(m->normal[side], 0, (size_t)m->n_lanes * sizeof **m->normal);
    return SPN_OK;
}

enum spn_status spn_program_create(struct spn_program **program,
                                   const struct spn_program_request *request, struct spn_err *err)
{
    const struct spn_core_config *config = request->config;
    struct spn_program_maker m = {.request = request, .chip = config->chip, .layer = config->layer};
    m.key[0] = (uint32_t)config->seed;
    m.key[1] = (uint32_t)(config->seed >> 32);
    m.index_free = request->mask != NULL && config->scheme == SPN_SCHEME_INDEX_FREE;
    enum spn_status status = check_weights(&m, err);
    if (status != SPN_OK)
        return status;
    struct spn_program *p = calloc(1, sizeof *p);
    if (p == NULL)
        return spn_err_memory(err, "core");
    p->n_rows = config->n_rows;
    p->n_columns = config->n_columns;
    p->n_column_groups = (p->n_columns + SPN_KERNEL_COLUMNS - 1) / SPN_KERNEL_COLUMNS;
    p->noisy_cells = config->chip->weight.encoding == SPN_ENCODING_DIFFERENTIAL ? 2 : 1;
    cut_digits(p, &config->chip->weight);
    if ((status = cut_rows(p, &config->chip->array, request->max_group_rows, err)) != SPN_OK ||
        (status = set_references(p, config->chip, err)) != SPN_OK)
        goto out;
    m.cell = spn_cell_model(config, m.index_free);
    if ((status = set_wires(&m, p, err)) != SPN_OK)
        goto out;
    p->variance_unit = 1 / (m.cell.gain * m.cell.gain) / SPN_VARIANCE_MAX;
    p->n_limbs = is_exact(&m) ? 1 : 2;
    spn_program_choose_codes(p, &m, 1);
    if ((status = allocate_cells(p, &m, err)) != SPN_OK)
        goto out;
    if ((status = spn_repair_create(&m.repair, p, &m, err)) != SPN_OK)
        goto out;
    p->n_columns_repaired = spn_repair_count(m.repair);
    status = spn_program_fill(p, &m, err);
out:
    for (int side = 0; side < 2; side++) {
        free(m.normal[side]);
        free(m.device_normal[side]);
        free(m.drift_normal[side]);
        free(m.mask_normal[side]);
        free(m.g[side]);
        free(m.aim[side]);
    }
    free(m.kept);
    spn_repair_destroy(m.repair);
    free(m.wires.cells);
    if (status != SPN_OK)
        spn_program_destroy(p);
    else
        *program = p;
    return status;
}

void spn_program_destroy(struct spn_program *p)
{
    if (p == NULL)
        return;
    free(p->groups);
    free(p->cells);
    free(p->variance);
    free(p->reference);
    free(p);
}
