/* check_variation.c -- what writing, time, temperature and defects do to cells.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "core_problem.h"
#include "files.h"
#include "models/variation.h"
#include "simulator/core_state.h"
#include "simulator/defects.h"

START_TEST(writes_by_hand)
{
    struct spn_device d = {.on_conductance_S = 11e-6,
                           .off_conductance_S = 1e-6,
                           .programming_sd_frac = 0.02,
                           .states = {.n_level = 3,
                                      .level_frac = {0.1, 0.5, 1},
                                      .programming_mean_frac = {0, 0.01, -0.01},
                                      .programming_sd_frac = {0.01, 0.03, 0.02}}};
    ck_assert(spn_variation_write_sd(&d, 0.7) == 0.02 && spn_variation_write_mean(&d, 0.7) == 0);
    d.programming_sd_rel = 0.05; /* g = 0.1 + 0.3 of the window */
    ck_assert_rel(spn_variation_write_sd(&d, 0.3), hypot(0.02, 0.05 * 0.4), 1e-12);
    d.programming_sd_rel = 0;
    d.states.n_programming_sd = d.states.n_programming_mean = 3;
    ck_assert_rel(spn_variation_write_sd(&d, 0.3), 0.02, 1e-12); /* half way 0.01 to 0.03 */
    ck_assert_rel(spn_variation_write_sd(&d, 0.9), 0.022, 1e-12);
    ck_assert_double_eq_tol(spn_variation_write_mean(&d, 0.75), 0, 1e-15);
    ck_assert(spn_variation_write_sd(&d, 0) == 0.01 && spn_variation_write_sd(&d, 1.2) == 0.02);
}
END_TEST

/* 0.5 eV at 350 K: exp(0.5 / 8.617333e-5 (1/300 - 1/350)) = exp(2.762986) = 15.8471. */
START_TEST(time_and_temperature_by_hand)
{
    struct spn_device d = {.drift_nu = 0.05,
                           .drift_nu_sd = 0.01,
                           .drift_t0_s = 20,
                           .on_temperature_per_K = -0.001,
                           .off_temperature_per_K = 0.004};
    ck_assert_rel(spn_variation_age(&d, 100, 350), 5, 1e-12); /* not activated */
    ck_assert_rel(spn_variation_age(&d, 7, 300), 1, 1e-12);   /* before t0 */
    d.drift_activation_eV = 0.5;
    ck_assert_rel(spn_variation_age(&d, 100, 350), 5 * 15.8471, 1e-5);
    ck_assert_rel(spn_variation_drift_factor(5, 0.05), 0.92269, 1e-5); /* exp(-0.05 ln 5) */
    ck_assert_rel(spn_variation_drift(&d, 0.3).nu, 0.05, 1e-12);
    d.states = (struct spn_device_states){
        .n_level = 2, .n_drift_nu = 2, .level_frac = {0, 1}, .drift_nu = {0.1, 0.04}};
    ck_assert_rel(spn_variation_drift(&d, 0.25).nu, 0.085, 1e-12);
    ck_assert_rel(spn_variation_drift(&d, 0.25).nu_sd, 0.01, 1e-12);
    ck_assert_rel(spn_variation_temperature_factor(&d, 0.5, 340), 1 + 0.0015 * 40, 1e-12);
    ck_assert_rel(spn_variation_temperature_factor(&d, 1, 340), 0.96, 1e-12);
    ck_assert(spn_variation_temperature_factor(&d, 1, 3000) == 0);
}
END_TEST

/* ---- cells of a core ---- */

enum { ROWS = 200, COLUMNS = 80 };
static struct problem p;

static void setup(void)
{
    memset(&p, 0, sizeof p);
    p.chip = base_chip(SPN_ENCODING_TWOS_COMPLEMENT, 5, 4); /* weight 15: the one cell at Gmax */
    p.chip.temperature_K = 300;
    fill(&p, ROWS, COLUMNS, 1, 1);
    memset(p.weights, 15, sizeof p.weights);
    p.config.errors = SPN_ERROR_FLUCTUATION | SPN_ERROR_DEFECTS;
}

static struct spn_program *program(void)
{
    struct spn_err err = {0};
    struct spn_program *made = NULL;
    struct spn_program_request request = {.config = &p.config,
                                          .weights = p.weights,
                                          .kernel = spn_kernel_find(NULL),
                                          .sum_limit = 1,
                                          .fixed_point = true};
    ck_assert_ok(spn_program_create(&made, &request, &err));
    return made;
}

struct moments {
    double mean, sd;
};

/* Of the low digit's levels (or of their logarithms) over the matrix. */
static struct moments measure(const struct spn_program *made, bool logarithm)
{
    double sum = 0, square = 0, n = ROWS * COLUMNS;
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) {
            double level = spn_program_level(made, 0, r, c);
            level = logarithm ? log(level) : level;
            sum += level;
            square += level * level;
        }
    return (struct moments){sum / n, sqrt(square / n - sum / n * sum / n)};
}

static void check_spread(double got, double want)
{
    ck_assert_msg(fabs(got / want - 1) < 5 / sqrt(2.0 * ROWS * COLUMNS), "%g, expected %g", got,
                  want);
}

/* A year after t0 = 20 s: every level times (t/t0)^-0.05; with a spread of the exponent the
 * logarithm's sd is nu_sd ln(t/t0), and a cell keeps its exponent. */
START_TEST(cells_drift)
{
    p.chip.device.drift_nu = 0.05;
    p.chip.device.drift_t0_s = 20;
    p.config.time_s = 3.15e7;
    struct spn_program *made = program(), *later;
    const double age = log(3.15e7 / 20);
    ck_assert_double_eq_tol(spn_program_level(made, 0, 7, 7), 15 * exp(-0.05 * age), 1e-3);
    spn_program_destroy(made);
    p.chip.device.drift_nu_sd = 0.01;
    made = program();
    struct moments m = measure(made, true);
    ck_assert_double_le(fabs(m.mean - log(15) + 0.05 * age), 5 * 0.01 * age / sqrt(ROWS * COLUMNS));
    check_spread(m.sd, 0.01 * age);
    p.config.time_s = 2e3;
    later = program();
    for (int c = 0; c < COLUMNS; c++)
        ck_assert_double_eq_tol(log(spn_program_level(later, 0, 3, c) / 15) / log(100),
                                log(spn_program_level(made, 0, 3, c) / 15) / age, 1e-4);
    spn_program_destroy(later);
    spn_program_destroy(made);
    p.config.time_s = 0; /* as written */
    made = program();
    ck_assert_double_eq_tol(spn_program_level(made, 0, 7, 7), 15, 1e-3);
    spn_program_destroy(made);
    p.config.time_s = 2e3;
    p.config.errors = SPN_ERROR_DEFECTS; /* another class alone */
    made = program();
    ck_assert_double_eq_tol(spn_program_level(made, 0, 7, 7), 15, 1e-3);
    spn_program_destroy(made);
}
END_TEST

START_TEST(cells_feel_temperature)
{
    p.chip.device.on_temperature_per_K = -0.002;
    p.chip.temperature_K = 350;
    struct spn_program *made = program();
    ck_assert_double_eq_tol(spn_program_level(made, 0, 7, 7), 15 * 0.9, 1e-3);
    spn_program_destroy(made);
}
END_TEST

/* Device to device is the chip's, whatever is written when; an error of writing comes anew. */
START_TEST(writes_differ_chips_stay)
{
    p.chip.device.device_to_device_sd_frac = 0.03;
    memset(p.weights, 8, sizeof p.weights);
    struct spn_program *first = program(), *again;
    check_spread(measure(first, false).sd, 0.03 * 15);
    p.config.write = 1;
    again = program();
    for (int c = 0; c < COLUMNS; c++)
        ck_assert_double_eq(spn_program_level(first, 0, 5, c), spn_program_level(again, 0, 5, c));
    spn_program_destroy(first);
    spn_program_destroy(again);
    p.chip.device.programming_sd_frac = 0.03;
    p.config.write = 0;
    first = program();
    p.config.write = 1;
    again = program();
    double product = 0, difference = 0, n = ROWS * COLUMNS;
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) {
            double a = spn_program_level(first, 0, r, c), b = spn_program_level(again, 0, r, c);
            product += (a - 8) * (b - 8);
            difference += (a - b) * (a - b);
        }
    check_spread(measure(first, false).sd, 0.03 * 15 * sqrt(2));
    check_spread(sqrt(difference / n), 0.03 * 15 * sqrt(2));
    ck_assert_double_le(fabs(product / n / pow(0.03 * 15, 2) - 1), 8 / sqrt(n));
    spn_program_destroy(first);
    spn_program_destroy(again);
}
END_TEST

/* States: level 8 of 15 is 0.5333 of the window, a third of the way from 0.5 to 0.6. */
START_TEST(errors_depend_on_the_state)
{
    p.chip.device.states = (struct spn_device_states){.n_level = 3,
                                                      .n_programming_sd = 3,
                                                      .n_programming_mean = 3,
                                                      .level_frac = {0.5, 0.6, 1},
                                                      .programming_sd_frac = {0.01, 0.04, 0.08},
                                                      .programming_mean_frac = {0, 0.03, 0.05}};
    memset(p.weights, 8, sizeof p.weights);
    struct spn_program *made = program();
    struct moments m = measure(made, false);
    check_spread(m.sd, 0.02 * 15);
    ck_assert_double_le(fabs(m.mean - 8 - 0.01 * 15), 5 * 0.02 * 15 / sqrt(ROWS * COLUMNS));
    spn_program_destroy(made);
}
END_TEST

/* Pruned cells (their own g0 is 1/15 of the window) behind mask transistors that are off at 60 nS,
 * 1/100 of it, and spread: the conductance of both in series gives the transistor's. */
START_TEST(masks_spread)
{
    p.chip.device.mask = (struct spn_device_mask){.present = true,
                                                  .on_conductance_S = 1e-3,
                                                  .off_conductance_S = 6e-8,
                                                  .conductance_sd_ln = 0.5};
    p.chip.write.verify = true;
    p.config.scheme = SPN_SCHEME_INDEX_FREE;
    p.config.errors = SPN_ERROR_ON_OFF | SPN_ERROR_FLUCTUATION;
    struct spn_err err = {0};
    struct spn_program *made = NULL;
    struct spn_program_request request = {.config = &p.config,
                                          .weights = p.weights,
                                          .mask = p.mask,
                                          .kernel = spn_kernel_find(NULL),
                                          .sum_limit = 1,
                                          .fixed_point = true};
    memset(p.mask, 0, sizeof p.mask);
    ck_assert_ok(spn_program_create(&made, &request, &err));
    double sum = 0, square = 0, n = ROWS * COLUMNS;
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) {
            double g = spn_program_level(made, 0, r, c) / 15;
            double ln = log(g / (1 - 15 * g) * 100); /* 1/g = 15 + 100 exp(-z sd) */
            sum += ln;
            square += ln * ln;
        }
    ck_assert_double_le(fabs(sum / n), 5 * 0.5 / sqrt(n));
    check_spread(sqrt(square / n), 0.5);
    spn_program_destroy(made);
}
END_TEST

/* ---- defects ---- */

/* Two maps of 64 x 64. Weights take two columns of cells, digits of 4 and 1 bits: 32 weights to an
 * array. 200 rows are 4 arrays down, 80 columns 3 across; array 0 takes map 0, 1 map 1, 2 map 0 ...
 */
START_TEST(maps_are_followed)
{
    static uint8_t state[2 * 64 * 64];
    const struct spn_defect_map map = {2, 64, 64, state};
    struct spn_err err;
    state[3 * 64 + 10] = SPN_DEFECT_OFF; /* map 0: row 3, low digit of weight 5 */
    state[4 * 64 + 10] = SPN_DEFECT_OPEN;
    state[64 * 64 + 3 * 64 + 11] = SPN_DEFECT_ON; /* map 1: row 3, sign digit of weight 5 */
    p.config.defects = &map;
    p.config.errors = SPN_ERROR_DEFECTS | SPN_ERROR_ON_OFF; /* g0 = 1/15: one level */
    struct spn_program *made = program();
    ck_assert_double_eq_tol(spn_program_level(made, 0, 3, 5), 1, 2e-3);
    ck_assert_double_eq_tol(spn_program_level(made, 0, 4, 5), 0, 2e-3);
    ck_assert_double_eq_tol(spn_program_level(made, 0, 5, 5), 16, 2e-3);
    ck_assert_double_eq_tol(spn_program_level(made, 1, 3, 5), 1 / 15.0,
                            2e-3); /* weight 15: sign 0 */
    ck_assert_double_eq_tol(spn_program_level(made, 1, 3, 37), 16 / 15.0, 2e-3); /* array 1 */
    ck_assert_double_eq_tol(spn_program_level(made, 0, 3, 37), 16, 2e-3);
    ck_assert_double_eq_tol(spn_program_level(made, 0, 3, 69), 1, 2e-3);  /* array 2: map 0 */
    ck_assert_double_eq_tol(spn_program_level(made, 0, 67, 5), 16, 2e-3); /* array 3: map 1 */
    ck_assert_double_eq_tol(spn_program_level(made, 0, 131, 5), 1, 2e-3); /* array 6: map 0 */
    spn_program_destroy(made);
    p.config.first_array = 1; /* another layer before */
    made = program();
    ck_assert_double_eq_tol(spn_program_level(made, 0, 3, 5), 16, 2e-3);
    ck_assert_double_eq_tol(spn_program_level(made, 1, 3, 5), 16 / 15.0, 2e-3);
    spn_program_destroy(made);
    ck_assert_ok(spn_defect_map_check(&map, &p.chip, &err));
    p.chip.array.rows = 128;
    ck_assert_int_eq(spn_defect_map_check(&map, &p.chip, &err), SPN_EINPUT);
}
END_TEST

/* Whole lines of single arrays go dead, as many as asked. */
START_TEST(lines_break)
{
    p.chip.array.dead_row_frac = 0.1;
    struct spn_program *made = program();
    int dead = 0;
    for (int r = 0; r < ROWS; r++)
        for (int block = 0; block < 3; block++) {
            int n = 0, width = block == 2 ? 16 : 32;
            for (int c = block * 32; c < block * 32 + width; c++)
                n += spn_program_level(made, 0, r, c) < 1;
            ck_assert(n == 0 || n == width);
            dead += n == width;
        }
    ck_assert_double_le(fabs(dead / 600.0 - 0.1), 5 * sqrt(0.09 / 600));
    spn_program_destroy(made);
    p.chip.array.dead_row_frac = 0;
    p.chip.array.dead_column_frac = 0.1;
    made = program();
    dead = 0;
    for (int c = 0; c < COLUMNS; c++)
        for (int down = 0; down < 4; down++) {
            int n = 0, first = 64 * down, rows = down == 3 ? 8 : 64;
            for (int r = first; r < first + rows; r++)
                n += spn_program_level(made, 0, r, c) < 1;
            ck_assert(n == 0 || n == rows);
            dead += n == rows;
        }
    ck_assert_double_le(fabs(dead / 320.0 - 0.1), 5 * sqrt(0.09 / 320));
    spn_program_destroy(made);
    p.chip.array.dead_row_frac = 1;
    made = program();
    ck_assert_double_eq(measure(made, false).mean, 0);
    spn_program_destroy(made);
}
END_TEST

START_TEST(maps_are_read)
{
    unsigned char bytes[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 2, 3, 0, 0};
    struct test_files files;
    struct spn_defect_map map = {0};
    struct spn_err err;
    char path[SPN_MAX_PATH];
    files_begin(&files);
    snprintf(path, sizeof path, "%s/map", files.dir);
    put_gzip(path, bytes, sizeof bytes);
    ck_assert_ok(spn_defect_map_load(&map, path, &err));
    ck_assert(map.n == 1 && map.rows == 2 && map.columns == 3 && map.state[3] == SPN_DEFECT_OPEN);
    spn_defect_map_clear(&map);
    bytes[16] = 4;
    put_file(path, bytes, sizeof bytes);
    ck_assert_int_eq(spn_defect_map_load(&map, path, &err), SPN_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.msg, "4 at array 0, row 1, column 1 outside [0, 3]"));
    bytes[3] = 1; /* a row alone */
    bytes[7] = 10;
    put_file(path, bytes, sizeof bytes);
    ck_assert_int_eq(spn_defect_map_load(&map, path, &err), SPN_EINPUT);
    unlink(path);
    files_end(&files);
}
END_TEST

/* Drivers of rows, one for each array: spread as asked, shared by the array's columns. */
START_TEST(drivers_differ)
{
    p.chip.input.gain_sd_frac = 0.05;
    p.config.errors = SPN_ERROR_NONLINEARITY;
    struct spn_program *made = program();
    double square = 0;
    for (int r = 0; r < ROWS; r++)
        for (int block = 0; block < 3; block++) {
            double level = spn_program_level(made, 0, r, 32 * block);
            ck_assert_double_eq(level, spn_program_level(made, 0, r, 32 * block + 15));
            square += pow(level / 15 - 1, 2);
        }
    ck_assert_double_le(fabs(square / 600 / 0.0025 - 1), 5 * sqrt(2.0 / 600));
    ck_assert(spn_program_level(made, 0, 0, 0) != spn_program_level(made, 0, 0, 32));
    spn_program_destroy(made);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("variation");
    TCase *tests = tcase_create("variation");
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, writes_by_hand);
    tcase_add_test(tests, time_and_temperature_by_hand);
    tcase_add_test(tests, cells_drift);
    tcase_add_test(tests, cells_feel_temperature);
    tcase_add_test(tests, writes_differ_chips_stay);
    tcase_add_test(tests, errors_depend_on_the_state);
    tcase_add_test(tests, masks_spread);
    tcase_add_test(tests, maps_are_followed);
    tcase_add_test(tests, lines_break);
    tcase_add_test(tests, maps_are_read);
    tcase_add_test(tests, drivers_differ);
    suite_add_tcase(suite, tests);
    return suite;
}
