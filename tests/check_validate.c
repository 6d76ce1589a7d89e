/* check_validate.c -- reference cases: their statistics, the shipped macros and what we claim of
 * both.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "explorer/validate.h"
#include "explorer/validate_bridge.h"
#include "explorer/validate_macro.h"
#include "models/adc.h"
#include "models/array.h"
#include "tech/data.h"
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

static void load(struct spn_macro *macro, const char *name)
{
    struct spn_err err = {0};
    char path[SPN_DATA_PATH];
    ck_assert_ok(spn_data_find(path, sizeof path, "experiments/silicon", "macro", name, &err));
    ck_assert_ok(spn_macro_load(macro, path, &err));
}

static void visit(void *ctx, const char *name, const char *path)
{
    struct spn_err err = {0};
    struct spn_macro macro;
    double factor[SPN_MACRO_MAX_FACTORS], out[SPN_MACRO_N_QUANTITIES];
    ck_assert_ok(spn_macro_load(&macro, path, &err));
    spn_macro_no_factors(&macro, factor);
    ck_assert_str_eq(macro.name, name);
    ck_assert(macro.boundary[0] && macro.title[0]);
    for (int i = 0; i < macro.n_points; i++) {
        ck_assert_ok(spn_macro_estimate(&macro, &macro.point[i], factor, out, &err));
        for (int q = 0; q < SPN_MACRO_N_QUANTITIES; q++)
            ck_assert(isfinite(out[q]) && out[q] > 0);
    }
    ++*(int *)ctx;
}

START_TEST(every_macro_loads_and_is_estimated)
{
    struct spn_err err = {0};
    int n = 0;
    ck_assert_ok(spn_data_list("experiments/silicon", visit, &n, &err));
    ck_assert_int_ge(n, 18);
}
END_TEST

/* What docs/VALIDATION.md says, as a bound: energy, throughput at the published timing, and area
 * where it is published, blind and within a factor of 2 of these macros. */
START_TEST(claims_of_published_macros)
{
    static const struct {
        const char *name;
        bool area;
    } macros[] = {{"rram-130nm-neurram", true},   {"rram-22nm-isscc2020", false},
                  {"rram-22nm-isscc2021", false}, {"rram-28nm-esserc2024", false},
                  {"rram-40nm-jssc2021", false},  {"rram-55nm-jssc2019", false},
                  {"rram-65nm-vlsi2022", true},   {"pcm-14nm-hermes", false}};
    const double bound = 2;
    for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
        struct spn_err err = {0};
        struct spn_macro macro;
        double factor[SPN_MACRO_MAX_FACTORS], out[SPN_MACRO_N_QUANTITIES];
        load(&macro, macros[i].name);
        spn_macro_no_factors(&macro, factor);
        for (int k = 0; k < macro.n_points; k++) {
            const struct spn_macro_point *point = &macro.point[k];
            ck_assert_ok(spn_macro_estimate(&macro, point, factor, out, &err));
            for (int q = 0; q < SPN_MACRO_N_QUANTITIES; q++) {
                double measured = spn_macro_measured(point, (enum spn_macro_quantity)q);
                bool own_pace = q == SPN_MACRO_RATE && !point->timed;
                if (!(measured > 0) || (own_pace && macro.point[0].timed) ||
                    (q == SPN_MACRO_AREA && !macros[i].area))
                    continue;
                double ratio = out[q] / measured;
                ck_assert_msg(ratio < bound && ratio > 1 / bound,
                              "%s, %s: %s is %.3g times the measured", macros[i].name, point->name,
                              spn_macro_quantity_names[q], ratio);
            }
        }
    }
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
    ck_assert_int_ge(n, 3 * 7);
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

/* Calibrated: the mean error over energy, throughput and area, each the mean over the numbers that
 * chose no factor (over all where there are no others), is at most 5 %. */
START_TEST(claims_of_calibration)
{
    static const char *const names[] = {"rram-130nm-neurram", "pcm-14nm-hermes", "sram-65nm-jia",
                                        "sram-65nm-colonnade"};
    const double bound = 0.05;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct spn_err err = {0};
        struct spn_macro macro;
        double factor[SPN_MACRO_MAX_FACTORS], out[SPN_MACRO_N_QUANTITIES];
        double sum[SPN_MACRO_N_QUANTITIES][2] = {{0}}, mean = 0; /* tested, fitted */
        int n[SPN_MACRO_N_QUANTITIES][2] = {{0}};
        load(&macro, names[i]);
        ck_assert_ok(spn_macro_fit(&macro, factor, &err));
        for (int k = 0; k < macro.n_points; k++) {
            const struct spn_macro_point *point = &macro.point[k];
            ck_assert_ok(spn_macro_estimate(&macro, point, factor, out, &err));
            for (int q = 0; q < SPN_MACRO_N_QUANTITIES && !point->blind; q++) {
                double measured = spn_macro_measured(point, (enum spn_macro_quantity)q);
                if (!(measured > 0))
                    continue;
                sum[q][point->fit] += fabs(out[q] / measured - 1);
                n[q][point->fit]++;
            }
        }
        for (int q = 0; q < SPN_MACRO_N_QUANTITIES; q++) {
            int which = n[q][0] == 0;
            ck_assert_int_gt(n[q][which], 0);
            mean += sum[q][which] / n[q][which] / SPN_MACRO_N_QUANTITIES;
        }
        ck_assert_msg(mean < bound, "%s: mean error %.3g", names[i], mean);
    }
}
END_TEST

/* One factor and two numbers: the least squares of their logarithms make the product of the ratios
 * 1. A voltage starts at 0, a scale at 1. */
START_TEST(calibration_fits_its_points)
{
    struct spn_err err = {0};
    struct spn_macro macro;
    double factor[SPN_MACRO_MAX_FACTORS], out[SPN_MACRO_N_QUANTITIES], sum = 0;
    load(&macro, "rram-28nm-esserc2024");
    for (int i = 0; i < macro.n_points; i++)
        macro.point[i].energy_J_per_op = 0; /* throughput and its factor are left */
    ck_assert_ok(spn_macro_fit(&macro, factor, &err));
    ck_assert_rel(factor[0], 1, 1e-6); /* no number depends on chip.adc.energy_scale */
    for (int i = 0; i < macro.n_points; i++) {
        if (!macro.point[i].fit)
            continue;
        ck_assert_ok(spn_macro_estimate(&macro, &macro.point[i], factor, out, &err));
        sum += log(out[SPN_MACRO_RATE] / macro.point[i].ops_per_s);
    }
    ck_assert(fabs(sum) < 1e-4);
    load(&macro, "sram-65nm-colonnade");
    spn_macro_no_factors(&macro, factor);
    ck_assert(factor[0] == 1 && factor[1] == 0 && factor[2] == 1);
}
END_TEST

static double energy_at(const char *path, const char *value)
{
    struct spn_err err = {0};
    struct spn_macro macro;
    double factor[SPN_MACRO_MAX_FACTORS] = {1, 1, 1}, out[SPN_MACRO_N_QUANTITIES];
    load(&macro, "pcm-14nm-hermes");
    struct spn_macro_point *point = &macro.point[0];
    snprintf(point->set_path[0], sizeof point->set_path[0], "%s", path);
    snprintf(point->set_value[0], sizeof point->set_value[0], "%s", value);
    point->n_set = 1;
    ck_assert_ok(spn_macro_estimate(&macro, point, factor, out, &err));
    return out[SPN_MACRO_ENERGY];
}

/* Pulses twice as long: their part of the energy doubles, three times: triples; so differences are
 * equal. */
START_TEST(energy_is_linear_in_the_pulse)
{
    double one = energy_at("chip.input.pulse_s", "1e-9"),
           two = energy_at("chip.input.pulse_s", "2e-9"),
           three = energy_at("chip.input.pulse_s", "3e-9");
    ck_assert(two > one);
    ck_assert_rel(three - two, two - one, 1e-6);
}
END_TEST

static double rate_at(const char *name, int i_point, const char *path, const char *value)
{
    struct spn_err err = {0};
    struct spn_macro macro;
    double factor[SPN_MACRO_MAX_FACTORS] = {1, 1, 1}, out[SPN_MACRO_N_QUANTITIES];
    load(&macro, name);
    struct spn_macro_point point = macro.point[i_point];
    bool found = false;
    for (int i = 0; i < point.n_set; i++)
        if (strcmp(point.set_path[i], path) == 0) {
            snprintf(point.set_value[i], sizeof point.set_value[i], "%s", value);
            found = true;
        }
    if (!found) {
        snprintf(point.set_path[point.n_set], sizeof point.set_path[0], "%s", path);
        snprintf(point.set_value[point.n_set++], sizeof point.set_value[0], "%s", value);
    }
    ck_assert_ok(spn_macro_estimate(&macro, &point, factor, out, &err));
    return out[SPN_MACRO_RATE] / macro.copies;
}

/* [M:W7] 512 rows one by one, 32 columns behind each of 16 converters of 6 bits: 7 cycles a column
 * once the cycle is longer than settling, so that 1 ns more a cycle takes 512 x 32 x 7 ns more. */
START_TEST(reads_longer_by_the_converters_cycle)
{
    const double ops = 2.0 * 512 * 512 * 16; /* of 1 bit: 4-bit inputs and cells */
    double slow_s = ops / rate_at("rram-22nm-isscc2020", 0, "chip.adc.cycle_s", "2e-8"),
           slower_s = ops / rate_at("rram-22nm-isscc2020", 0, "chip.adc.cycle_s", "2.1e-8");
    ck_assert_rel(slower_s - slow_s, 512 * 32 * 7 * 1e-9, 1e-6);
}
END_TEST

/* [M:W9] 3 slices are 1 + 2 + 4 integrations: 1 us more for each is 7 us more. */
START_TEST(integrated_slices_are_converted_once)
{
    const double ops = 2.0 * 128 * 256;
    const int three_slices = 3;
    double one_s =
               ops / rate_at("rram-130nm-neurram", three_slices, "chip.input.integrate_s", "1e-6"),
           two_s =
               ops / rate_at("rram-130nm-neurram", three_slices, "chip.input.integrate_s", "2e-6");
    ck_assert_rel(two_s - one_s, 7e-6, 1e-6);
}
END_TEST

/* Current from a supply: linear in its voltage. */
START_TEST(energy_is_linear_in_the_supply)
{
    double one = energy_at("chip.array.read_supply_V", "1"),
           two = energy_at("chip.array.read_supply_V", "2"),
           three = energy_at("chip.array.read_supply_V", "3");
    ck_assert(two > one);
    ck_assert_rel(three - two, two - one, 1e-9);
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

static const char bad_macro[] = "/tmp/spindle-check-validate.json";

static enum spn_status load_text(const char *text, struct spn_err *err)
{
    struct spn_macro macro;
    FILE *file = fopen(bad_macro, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    enum spn_status status = spn_macro_load(&macro, bad_macro, err);
    remove(bad_macro);
    return status;
}

START_TEST(bad_macros_are_refused)
{
    struct spn_err err = {0};
    ck_assert_fails(load_text("{}", &err), SPN_EINPUT, "0 points");
    ck_assert_fails(load_text("{\"points\": [{\"energy_J_per_op\": -1}]}", &err), SPN_EINPUT,
                    "energy_J_per_op");
    ck_assert_fails(load_text("{\"points\": [{\"set\": {\"chip.adc.bits\": 4}}]}", &err),
                    SPN_EINPUT, "must be a string");
    ck_assert_fails(
        load_text("{\"points\": [{}], \"factors\": [\"a\", \"b\", \"c\", \"d\"]}", &err),
        SPN_EINPUT, "4 factors");
    ck_assert_fails(load_text("{\"collumns\": 4, \"points\": [{}]}", &err), SPN_EINPUT, "columns");
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
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, statistics_by_hand);
    tcase_add_test(cases, every_macro_loads_and_is_estimated);
    tcase_add_test(cases, claims_of_published_macros);
    tcase_add_test(cases, claims_of_whole_chips);
    tcase_add_test(cases, bridges_add_up);
    tcase_add_test(cases, reads_longer_by_the_converters_cycle);
    tcase_add_test(cases, integrated_slices_are_converted_once);
    tcase_add_test(cases, claims_of_calibration);
    tcase_add_test(cases, calibration_fits_its_points);
    tcase_add_test(cases, energy_is_linear_in_the_pulse);
    tcase_add_test(cases, energy_is_linear_in_the_supply);
    tcase_add_test(cases, cells_draw_from_the_supply);
    tcase_add_test(cases, converters_scale_with_the_square_of_the_supply);
    tcase_add_test(cases, bad_macros_are_refused);
    tcase_add_test(cases, claims_of_other_models);
    tcase_add_test(cases, missing_reference_files_are_named);
    suite_add_tcase(suite, cases);
    return suite;
}
