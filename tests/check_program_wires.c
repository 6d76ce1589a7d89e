/* check_program_wires.c -- cores whose arrays have resistive wires, against nodal solutions of each
 * array.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "simulator/program.h"

#include "check.h"
#include "core_problem.h"
#include "simulator/irdrop.h"
#include "simulator/kernel.h"

enum { ROWS = 50, COLUMNS = 9, ARRAY_ROWS = 32, MAX_CELLS = 64 };

static struct spn_program *program(const struct problem *p)
{
    struct spn_err err = {0};
    struct spn_program *made = NULL;
    struct spn_program_request request = {.config = &p->config,
                                          .weights = p->weights,
                                          .kernel = spn_kernel_find("portable"),
                                          .sum_limit = 1};
    ck_assert_ok(spn_program_create(&made, &request, &err));
    return made;
}

struct setting {
    int encoding, cell, rows_read, columns_per_adc;
    bool selected_only;
};
static const struct setting settings[] = {
    {SPN_ENCODING_DIFFERENTIAL, SPN_CELL_1T1R, 0, 4, false},
    {SPN_ENCODING_DIFFERENTIAL, SPN_CELL_1T1R, 12, 4, false}, /* 12 + 12 + 8 rows at once */
    {SPN_ENCODING_DIFFERENTIAL, SPN_CELL_CROSSBAR, 12, 4, false},
    {SPN_ENCODING_DIFFERENTIAL, SPN_CELL_1T1R, 12, 4, true},
    {SPN_ENCODING_TWOS_COMPLEMENT, SPN_CELL_FEFET, 0, 4, false},
    {SPN_ENCODING_OFFSET, SPN_CELL_1T1R, 0, 4, false},
};

/* Digits of 2 bits of a weight of 5: differential magnitudes in 2 digits, two's complement 2 and a
 * sign, offset 3. */
static int digit_of(int value, int digit)
{
    return value >> 2 * digit & 3;
}

/* The target of a cell in its array, normalised: weights side by side, digit by digit, positive
 * before negative. */
static double target(const struct problem *p, int row, int weight, int digit, int side)
{
    int w = p->weights[row * COLUMNS + weight];
    switch (p->chip.weight.encoding) {
    case SPN_ENCODING_DIFFERENTIAL:
        return (w < 0) == side ? digit_of(abs(w), digit) / 3.0 : 0;
    case SPN_ENCODING_TWOS_COMPLEMENT:
        return digit == 2 ? w < 0 : digit_of(w & 15, digit) / 3.0;
    default: /* side 1: the reference, 16 */
        return (side == 1 ? digit == 2 : digit == 2 ? w + 16 >= 16 : digit_of(w + 16, digit) / 3.0);
    }
}

/* One array of the core: what conducts while `row` is read. */
struct read {
    struct spn_irdrop_array array;
    double cells_S[ARRAY_ROWS * MAX_CELLS];
    int first_row, first_weight, n_weights, phase, n_phases;
};

static int sides(const struct problem *p)
{
    return p->chip.weight.encoding == SPN_ENCODING_DIFFERENTIAL ? 2 : 1;
}

static int digits(const struct problem *p)
{
    return p->chip.weight.encoding == SPN_ENCODING_DIFFERENTIAL ? 2 : 3;
}

/* Column of a cell in its array; the reference columns (side 1 of offset codes) are its last. */
static int cell_column(const struct problem *p, const struct read *r, int weight, int digit,
                       int side)
{
    int per_weight = digits(p) * sides(p), whole = p->chip.array.columns / per_weight;
    if (sides(p) == 1 && side == 1)
        return (whole < COLUMNS ? whole : COLUMNS) * per_weight + digit;
    return (weight - r->first_weight) * per_weight + digit * sides(p) + side;
}

static struct read make_read(const struct problem *p, int row, int weight, int column)
{
    const struct spn_chip *chip = &p->chip;
    double segment = chip->node.wire_ohm_per_m * chip->node.feature_size_m;
    int per_array = chip->array.columns / (digits(p) * sides(p)), position = row % ARRAY_ROWS;
    bool gated = chip->device.cell != SPN_CELL_CROSSBAR && chip->array.rows_read > 0;
    int at_once = gated ? chip->array.rows_read : ARRAY_ROWS, begin = position / at_once * at_once;
    int end = begin + at_once < ARRAY_ROWS ? begin + at_once : ARRAY_ROWS;
    struct read r = {.first_row = row - position + begin,
                     .first_weight = weight / per_array * per_array,
                     .n_phases = 1};
    if (end > ROWS - (row - position))
        end = ROWS - (row - position);
    r.n_weights = COLUMNS - r.first_weight < per_array ? COLUMNS - r.first_weight : per_array;
    if (chip->adc.selected_only)
        r.n_phases = chip->adc.columns_per_adc;
    int at = column < 0 ? 0 : column;
    r.phase = at % r.n_phases;
    r.array = (struct spn_irdrop_array){
        .rows = end - begin,
        .columns = MAX_CELLS,
        .wires = {
            segment * chip->device.cell_width_F,
            segment * chip->device.cell_height_F,
            {chip->array.source_ohm + segment * chip->device.cell_width_F, INFINITY},
            {chip->array.sense_ohm + segment * chip->device.cell_height_F * (1 + ARRAY_ROWS - end),
             INFINITY}}};
    for (int i = 0; i < end - begin; i++)
        for (int w = r.first_weight; w < r.first_weight + r.n_weights; w++)
            for (int d = 0; d < digits(p); d++)
                for (int s = 0; s < (chip->weight.encoding == SPN_ENCODING_TWOS_COMPLEMENT ? 1 : 2);
                     s++) {
                    int c = cell_column(p, &r, w, d, s);
                    if (c % r.n_phases == r.phase)
                        r.cells_S[i * MAX_CELLS + c] = 6e-6 * target(p, r.first_row + i, w, d, s);
                }
    return r;
}

/* Effective conductance of the cell in a matrix row and an array column, normalised: 1 V at its row
 * alone. */
static double solved(const struct problem *p, int row, int weight, int digit, int side)
{
    struct spn_err err;
    struct spn_irdrop *solver;
    struct read r = make_read(p, row, weight, -1);
    int column = cell_column(p, &r, weight, digit, side);
    r = make_read(p, row, weight, column);
    double volts[ARRAY_ROWS] = {0}, amperes[MAX_CELLS];
    volts[row - r.first_row] = 1;
    ck_assert_ok(spn_irdrop_create(&solver, &r.array, &err));
    ck_assert_ok(spn_irdrop_set_cells(solver, r.cells_S, NULL, &err));
    ck_assert_ok(spn_irdrop_solve(solver, volts, NULL, &err));
    spn_irdrop_currents(solver, NULL, amperes);
    spn_irdrop_destroy(solver);
    return amperes[column] / 6e-6;
}

static void set_up(struct problem *p, const struct setting *s)
{
    p->chip = base_chip(s->encoding, 5, 2);
    p->chip.array = (struct spn_chip_array){.rows = ARRAY_ROWS,
                                            .columns = 24,
                                            .rows_read = s->rows_read,
                                            .source_ohm = 300,
                                            .sense_ohm = 200};
    p->chip.device.cell = s->cell;
    p->chip.device.cell_width_F = 10;
    p->chip.device.cell_height_F = 15;
    p->chip.node.feature_size_m = 1e-7;
    p->chip.node.wire_ohm_per_m = 1e8; /* 100 and 150 ohm a segment */
    p->chip.adc.columns_per_adc = s->columns_per_adc;
    p->chip.adc.selected_only = s->selected_only;
    fill(p, ROWS, COLUMNS, 1, 7);
    p->config.errors = SPN_ERROR_IR_DROP;
}

START_TEST(levels_are_solved)
{
    static const int rows[] = {0, 11, 12, 31, 32, 49}, columns[] = {0, 3, 5, 6, 8};
    static struct problem p;
    set_up(&p, &settings[_i]);
    bool subtracts = p.chip.weight.encoding != SPN_ENCODING_TWOS_COMPLEMENT;
    struct spn_program *made = program(&p);
    double lost = 0;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
            for (int d = 0; d < digits(&p); d++) {
                int levels = digits(&p) == 3 && d == 2 ? 1 : 3;
                double want = solved(&p, rows[r], columns[c], d, 0);
                if (subtracts)
                    want -= solved(&p, rows[r], columns[c], d, 1);
                double plain = target(&p, rows[r], columns[c], d, 0) -
                               (subtracts ? target(&p, rows[r], columns[c], d, 1) : 0);
                double got = spn_program_level(made, d, rows[r], columns[c]);
                ck_assert_double_le(fabs(got - levels * want),
                                    2e-4); /* 16-bit codes of up to 3 levels */
                lost += fabs(plain - want);
            }
    ck_assert_double_ge(lost, 0.1); /* the wires matter */
    spn_program_destroy(made);
}
END_TEST

/* The estimate is near, threads change nothing, and without resistance the product is exact. */
START_TEST(estimate_threads_and_no_wires)
{
    static struct problem p;
    set_up(&p, &settings[1]);
    struct spn_program *exact = program(&p);
    p.config.n_threads = 3;
    struct spn_program *threaded = program(&p);
    p.config.estimate_ir_drop = true;
    struct spn_program *estimated = program(&p);
    for (int d = 0; d < 2; d++)
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < COLUMNS; c++) {
                double level = spn_program_level(exact, d, r, c);
                ck_assert(spn_program_level(threaded, d, r, c) == level);
                ck_assert_double_le(fabs(spn_program_level(estimated, d, r, c) - level), 0.02);
            }
    spn_program_destroy(exact);
    spn_program_destroy(threaded);
    spn_program_destroy(estimated);
    p.config.estimate_ir_drop = false;
    p.chip.node.wire_ohm_per_m = p.chip.array.source_ohm = p.chip.array.sense_ohm = 0;
    p.config.errors |= SPN_ERROR_QUANTIZATION;
    multiply(&p, NULL, p.y);
    for (int c = 0; c < COLUMNS; c++)
        ck_assert_double_le(fabs((double)p.y[c] - plain_sum(&p, 0, c)), 1e-3 * 255 * 15 * ROWS);
}
END_TEST

/* Bent cells conduct less at the voltage that wires leave them: levels fall below those of linear
 * ones, which is what they are where nonlinearity does not count. */
START_TEST(bent_cells_lose_more)
{
    static struct problem p;
    set_up(&p, &settings[3]);
    double sum[3] = {0};
    p.chip.device.read_voltage_V = 0.5;
    struct spn_program *made[3];
    for (int k = 0; k < 3; k++) { /* linear; bent, not counted; bent */
        p.chip.device.nonlinearity_per_V = k > 0 ? 4 : 0;
        p.config.errors &= ~(unsigned)SPN_ERROR_NONLINEARITY;
        p.config.errors |= k != 1 ? SPN_ERROR_NONLINEARITY : 0;
        p.config.n_threads = 1 + k;
        made[k] = program(&p);
        for (int r = 0; r < ROWS; r++)
            sum[k] += fabs(spn_program_level(made[k], 0, r, 2));
        spn_program_destroy(made[k]);
    }
    ck_assert_double_gt(sum[0], 0);
    ck_assert_double_eq(sum[1], sum[0]);
    ck_assert_double_lt(sum[2], 0.999 * sum[0]);
}
END_TEST

/* Cells of SRAM have no conductances: wires take nothing. */
START_TEST(digital_cells)
{
    static struct problem p;
    set_up(&p, &settings[0]);
    p.chip.device.cell = SPN_CELL_SRAM;
    p.chip.device.on_conductance_S = p.chip.device.off_conductance_S = 0;
    struct spn_program *made = program(&p);
    for (int r = 0; r < ROWS; r++)
        ck_assert_double_eq(spn_program_level(made, 0, r, 0),
                            3 * (target(&p, r, 0, 0, 0) - target(&p, r, 0, 0, 1)));
    spn_program_destroy(made);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("program_wires");
    TCase *tests = tcase_create("program_wires");
    if (spn_irdrop_supported())
        tcase_add_loop_test(tests, levels_are_solved, 0, sizeof settings / sizeof *settings);
    tcase_add_test(tests, estimate_threads_and_no_wires);
    tcase_add_test(tests, bent_cells_lose_more);
    tcase_add_test(tests, digital_cells);
    suite_add_tcase(suite, tests);
    return suite;
}
