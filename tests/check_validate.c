/* check_validate.c -- reference cases: their statistics, and what we claim of other models.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "explorer/validate.h"
#include "models/adc.h"
#include "models/array.h"
#include "tests/check.h"

static void add(struct spn_validation *v, const char *quantity, double reference, double ours,
                const char *difference)
{
    struct spn_validation_row row = {.suite = "s", .reference = reference, .ours = ours};
    row.difference = difference;
    snprintf(row.group, sizeof row.group, "g");
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    spn_validation_add(v, &row);
}

START_TEST(statistics_by_hand)
{
    struct spn_validation v = {0};
    struct spn_validation_summary s;
    add(&v, "area", 2, 2.2, NULL);  /* +10 % */
    add(&v, "area", 4, 3.2, NULL);  /* -20 % */
    add(&v, "area", 8, 10.4, NULL); /* +30 % */
    add(&v, "area", 1, 5, "other meaning");
    add(&v, "time", 1, 1, NULL);
    add(&v, "time", 0, 1, NULL); /* nothing to compare with */
    ck_assert_uint_eq(v.n_rows, 5);
    ck_assert(spn_validation_summarize(&v, true, 0, &s));
    ck_assert_uint_eq(s.n, 3);
    ck_assert_rel(s.median_ratio, 1.1, 1e-12);
    ck_assert_rel(s.median_frac, 0.2, 1e-12);
    ck_assert_rel(s.mean_frac, 0.2, 1e-12);
    ck_assert_rel(s.p95_frac, 0.2 + 0.9 * 0.1, 1e-12); /* rank 1.9 of 0.1, 0.2, 0.3 */
    ck_assert(spn_validation_summarize(&v, true, 1, &s));
    ck_assert_str_eq(s.difference, "other meaning");
    ck_assert_rel(s.median_ratio, 5, 1e-12);
    ck_assert(spn_validation_summarize(&v, true, 2, &s));
    ck_assert_str_eq(s.quantity, "time");
    ck_assert(!spn_validation_summarize(&v, true, 3, &s));
    ck_assert(spn_validation_summarize(&v, false, 0, &s)); /* quantities together */
    ck_assert_uint_eq(s.n, 4);
    spn_validation_clear(&v);
}
END_TEST

/* Whole chips, the listed differences taken out: area within 10 %, energy and interval within 20 %.
 */
START_TEST(claims_of_whole_chips)
{
    const char *data = spn_test_data();
    struct spn_err err = {0};
    struct spn_validation v = {0};
    int n = 0;
    if (!data)
        return;
    for (const struct spn_validation_suite *suite = spn_validation_suites; suite->name; suite++)
        if (strcmp(suite->name, "chips") == 0)
            ck_assert_ok(suite->run(&v, data, &err));
    for (size_t i = 0; i < v.n_rows; i++) {
        const struct spn_validation_row *row = &v.row[i];
        if (strcmp(row->suite, "chips") != 0 || row->difference)
            continue;
        double bound = strncmp(row->quantity, "area", 4) == 0 ? 0.10 : 0.20;
        ck_assert_msg(fabs(spn_validation_error(row)) < bound, "%s: %s %+.3g", row->name,
                      row->quantity, spn_validation_error(row));
        n++;
    }
    ck_assert_int_ge(n, 3 * 8);
    spn_validation_clear(&v);
}
END_TEST

/* Steps of the bridge end where the compared row begins. */
START_TEST(bridges_add_up)
{
    const char *data = spn_test_data();
    struct spn_err err = {0};
    struct spn_validation v = {0};
    double last = 0;
    if (!data)
        return;
    for (const struct spn_validation_suite *suite = spn_validation_suites; suite->name; suite++)
        if (strcmp(suite->name, "chips") == 0)
            ck_assert_ok(suite->run(&v, data, &err));
    for (size_t i = 0; i < v.n_rows; i++) {
        const struct spn_validation_row *row = &v.row[i];
        if (strcmp(row->suite, SPN_VALIDATION_BRIDGE) == 0)
            last = row->ours;
        else if (!row->difference)
            ck_assert_rel(row->ours, last, 1e-12);
    }
    spn_validation_clear(&v);
}
END_TEST

/* 100 rows x 10 columns of 1 uS, half of the 1-bit inputs on, 0.2 V for 1 us: 500 cells draw 0.2 uA
 * each: from 1 V 100 x 10 x 0.5 x 0.2e-6 A x 1 V x 1e-6 s = 100 pJ, from 0.2 V a fifth. */
START_TEST(cells_draw_from_the_supply)
{
    struct spn_err err = {0};
    struct spn_node node;
    struct spn_component_cost from_supply, from_source;
    ck_assert_ok(spn_node_load(&node, "22nm-lstp", &err));
    const struct spn_env env = {&node, 300, 1e9};
    struct spn_array array = {.rows = 100,
                              .columns = 10,
                              .used_rows_frac = 1,
                              .used_columns_frac = 1,
                              .input_mean = 0.5,
                              .input_mean_square = 0.5,
                              .cell_mean_S = 1e-6,
                              .cell_mean_square_S2 = 1e-12,
                              .read_voltage_V = 0.2,
                              .read_time_s = 1e-6,
                              .device = {.cell = SPN_CELL_CROSSBAR,
                                         .on_conductance_S = 1e-6,
                                         .cell_height_F = 4,
                                         .cell_width_F = 4}};
    ck_assert_ok(spn_component_array.eval(&array, &env, &from_source, &err));
    array.read_supply_V = 1;
    ck_assert_ok(spn_component_array.eval(&array, &env, &from_supply, &err));
    double more_J =
        from_supply.action[SPN_ARRAY_READ].energy_J - from_source.action[SPN_ARRAY_READ].energy_J;
    ck_assert_rel(more_J, 100e-12 * (1 - 0.2), 1e-9);
}
END_TEST

/* A converter without column current at twice the supply: four times the energy. */
START_TEST(converters_scale_with_the_square_of_the_supply)
{
    struct spn_err err = {0};
    struct spn_node node;
    struct spn_component_cost nominal, twice;
    struct spn_adc adc = spn_adc_default();
    ck_assert_ok(spn_node_load(&node, "65nm-lstp", &err));
    const struct spn_env env = {&node, 300, 1e9};
    adc.column_full_A = 1e-6;
    adc.read_voltage_V = 0.5;
    ck_assert_ok(spn_component_adc_sar.eval(&adc, &env, &nominal, &err));
    node.vdd_V *= 2;
    ck_assert_ok(spn_component_adc_sar.eval(&adc, &env, &twice, &err));
    ck_assert_rel(twice.action[SPN_ADC_CONVERT].energy_J,
                  4 * nominal.action[SPN_ADC_CONVERT].energy_J, 1e-12);
}
END_TEST

/* Where both mean the same: median error under 5 %, 95th percentile under 15 %, per suite and
 * block. */
START_TEST(claims_of_other_models)
{
    static const char *const close[] = {"gates", "blocks", "converters", "arrays"};
    const char *data = spn_test_data();
    struct spn_err err = {0};
    struct spn_validation v = {0};
    struct spn_validation_summary s;
    if (!data)
        return;
    for (const struct spn_validation_suite *suite = spn_validation_suites; suite->name; suite++)
        if (suite->needs_data)
            ck_assert_ok(suite->run(&v, data, &err));
    ck_assert_uint_gt(v.n_rows, 2000);
    for (size_t i = 0; spn_validation_summarize(&v, false, i, &s); i++)
        for (size_t k = 0; k < sizeof close / sizeof *close && !s.difference; k++)
            if (strcmp(s.suite, close[k]) == 0)
                ck_assert_msg(s.median_frac < 0.05 && s.p95_frac < 0.15,
                              "%s, %s: median %.3g, 95th percentile %.3g", s.suite, s.group,
                              s.median_frac, s.p95_frac);
    spn_validation_clear(&v);
}
END_TEST

START_TEST(missing_reference_files_are_named)
{
    struct spn_err err = {0};
    struct spn_validation v = {0};
    for (const struct spn_validation_suite *suite = spn_validation_suites; suite->name; suite++)
        if (suite->needs_data)
            ck_assert_fails(suite->run(&v, "/nonexistent", &err), SPN_EINPUT,
                            "/nonexistent/golden/neurosim/");
    spn_validation_clear(&v);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("validate");
    TCase *cases = tcase_create("cases");
    tcase_add_test(cases, statistics_by_hand);
    tcase_add_test(cases, claims_of_whole_chips);
    tcase_add_test(cases, bridges_add_up);
    tcase_add_test(cases, cells_draw_from_the_supply);
    tcase_add_test(cases, converters_scale_with_the_square_of_the_supply);
    tcase_add_test(cases, claims_of_other_models);
    tcase_add_test(cases, missing_reference_files_are_named);
    suite_add_tcase(suite, cases);
    return suite;
}
