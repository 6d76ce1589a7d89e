/* core_problem.h -- random products on small chips, for the tests of the analog core.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TESTS_CORE_PROBLEM_H
#define SPN_TESTS_CORE_PROBLEM_H

#include "base/rng.h"
#include "check.h"
#include "simulator/core.h"

enum { MAX_ROWS = 300, MAX_COLUMNS = 80, MAX_VECTORS = 40 };

/* A chip with an ADC that covers every sum: 14 bits. */
static inline struct spn_chip base_chip(int encoding, int bits, int cell_bits)
{
    struct spn_chip chip = {
        .array = {.rows = 64, .columns = 64},
        .weight = {.bits = bits, .cell_bits = cell_bits, .encoding = encoding},
        .input = {.bits = 8, .dac_bits = 1},
        .adc = {.bits = 14, .range = SPN_RANGE_FULL, .range_frac = 0.5, .clip_percentile = 99}};
    memcpy(chip.device.name, "test", sizeof "test");
    chip.device.on_conductance_S = 6.4e-6;
    chip.device.off_conductance_S = 4e-7;
    return chip;
}

struct problem { /* one random product */
    struct spn_chip chip;
    struct spn_core_config config;
    int8_t weights[MAX_ROWS * MAX_COLUMNS];
    uint8_t mask[MAX_ROWS * MAX_COLUMNS];
    uint8_t x[MAX_VECTORS * MAX_ROWS];
    float y[MAX_VECTORS * MAX_COLUMNS], y2[MAX_VECTORS * MAX_COLUMNS];
    int n;
};

static inline void fill(struct problem *p, int n_rows, int n_columns, int n, uint32_t stream)
{
    struct spn_rng rng = spn_rng_init(42, stream, 0);
    int limit = (1 << (p->chip.weight.bits - 1)) - 1;
    p->config = (struct spn_core_config){.n_rows = n_rows,
                                         .n_columns = n_columns,
                                         .chip = &p->chip,
                                         .errors = SPN_ERROR_QUANTIZATION,
                                         .seed = 20250108,
                                         .layer = 3};
    p->n = n;
    for (int i = 0; i < n_rows * n_columns; i++) {
        p->weights[i] = (int8_t)((int)spn_rng_below(&rng, (uint32_t)(2 * limit + 1)) - limit);
        p->mask[i] = spn_rng_below(&rng, 4) == 0;
    }
    for (int i = 0; i < n * n_rows; i++)
        p->x[i] = (uint8_t)spn_rng_below(&rng, 1u << p->chip.input.bits);
}

static inline void multiply(const struct problem *p, const char *kernel, float *y)
{
    struct spn_err err = {0};
    struct spn_core *core = NULL;
    struct spn_core_scratch *scratch = NULL;
    ck_assert_ok(spn_core_create(&core, &p->config, p->weights,
                                 p->config.scheme != SPN_SCHEME_DENSE ? p->mask : NULL, &err));
    if (kernel != NULL)
        ck_assert_ok(spn_core_select_kernel(core, kernel, &err));
    ck_assert_ok(spn_core_calibrate(core, p->x, p->n, &err));
    ck_assert_ok(spn_core_scratch_create(&scratch, core, p->n, &err));
    spn_core_multiply(core, p->x, p->n, y, scratch, 0);
    spn_core_scratch_destroy(scratch);
    spn_core_destroy(core);
}

static inline double plain_sum(const struct problem *p, int v, int column)
{
    double sum = 0;
    for (int r = 0; r < p->config.n_rows; r++)
        sum += p->x[v * p->config.n_rows + r] * p->weights[r * p->config.n_columns + column];
    return sum;
}

static inline void assert_exact(const struct problem *p, const float *y)
{
    for (int v = 0; v < p->n; v++)
        for (int c = 0; c < p->config.n_columns; c++)
            ck_assert_double_eq((double)y[v * p->config.n_columns + c], plain_sum(p, v, c));
}

#endif
