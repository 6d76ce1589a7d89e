/* check_macro.c -- published macros: their files, what we claim of them, and physics that must
 * hold.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "explorer/validate_macro.h"
#include "tech/data.h"
#include "tests/check.h"

static void load(struct spn_macro *macro, const char *name)
{
    struct spn_err err = {0};
    char path[SPN_MAX_PATH];
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
    ck_assert_int_ge(n, 30);
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
                  {"rram-65nm-vlsi2022", true},   {"pcm-14nm-hermes", false},
                  {"rram-40nm-vlsi2023", true},   {"sram-16nm-isscc2021", true},
                  {"sram-65nm-jia", true},        {"sram-65nm-vlsi2018", false}};
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

static void estimate_at(const char *name, const struct spn_macro_point *change,
                        double out[SPN_MACRO_N_QUANTITIES])
{
    struct spn_err err = {0};
    struct spn_macro macro;
    double factor[SPN_MACRO_MAX_FACTORS];
    load(&macro, name);
    spn_macro_no_factors(&macro, factor);
    ck_assert_ok(spn_macro_estimate(&macro, change, factor, out, &err));
}

/* As many cells, lines and gates again for as many rows again: energy of a whole read grows in
 * equal steps with driven rows, of amplitudes as of pulses; throughput with them, since a read
 * takes as long. */
START_TEST(energy_is_linear_in_driven_rows)
{
    double energy_J[3], rate[3], out[SPN_MACRO_N_QUANTITIES];
    for (int i = 0; i < 3; i++) {
        struct spn_macro_point point = {.rows = 64 * (i + 1)};
        estimate_at("pcm-14nm-hermes", &point, out);
        energy_J[i] = out[SPN_MACRO_ENERGY] * point.rows; /* x operations per row: the same */
        rate[i] = out[SPN_MACRO_RATE];
    }
    ck_assert(energy_J[1] > energy_J[0]);
    ck_assert_rel(energy_J[2] - energy_J[1], energy_J[1] - energy_J[0], 1e-3);
    ck_assert_rel(rate[1], 2 * rate[0], 1e-9);
    ck_assert_rel(rate[2], 3 * rate[0], 1e-9);
}
END_TEST

/* More bits of a converter or of an input never cost less, never go faster, and never get smaller.
 */
START_TEST(bits_cost)
{
    static const char *const paths[] = {"chip.adc.bits", "chip.input.bits"};
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        double before[SPN_MACRO_N_QUANTITIES] = {0}, out[SPN_MACRO_N_QUANTITIES];
        for (int bits = 2; bits <= 8; bits++) {
            struct spn_macro_point point = {.n_set = 1};
            snprintf(point.set_path[0], sizeof point.set_path[0], "%s", paths[p]);
            snprintf(point.set_value[0], sizeof point.set_value[0], "%d", bits);
            estimate_at("rram-130nm-neurram", &point, out);
            if (bits > 2) {
                ck_assert(out[SPN_MACRO_ENERGY] > before[SPN_MACRO_ENERGY]);
                ck_assert(out[SPN_MACRO_RATE] < before[SPN_MACRO_RATE]);
                ck_assert(out[SPN_MACRO_AREA] >= before[SPN_MACRO_AREA]);
            }
            memcpy(before, out, sizeof before);
        }
    }
}
END_TEST

/* Twice the rows read at once in a digital array: twice the products, and sums of one bit more. */
START_TEST(wider_sums_of_digital_arrays)
{
    double one[SPN_MACRO_N_QUANTITIES], two[SPN_MACRO_N_QUANTITIES];
    struct spn_macro_point point = {.rows = 64, .n_set = 1, .set_path = {"chip.array.rows"}};
    snprintf(point.set_value[0], sizeof point.set_value[0], "64");
    estimate_at("sram-65nm-colonnade", &point, one);
    point.rows = 128;
    snprintf(point.set_value[0], sizeof point.set_value[0], "128");
    estimate_at("sram-65nm-colonnade", &point, two);
    ck_assert(two[SPN_MACRO_ENERGY] > one[SPN_MACRO_ENERGY]);
    ck_assert(two[SPN_MACRO_ENERGY] < 1.2 * one[SPN_MACRO_ENERGY]);
    ck_assert(two[SPN_MACRO_AREA] > 2 * one[SPN_MACRO_AREA] * 0.9);
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

static enum spn_status load_text(const char *text, struct spn_err *err)
{
    struct spn_macro macro;
    char bad_macro[64]; /* of this process alone */
    snprintf(bad_macro, sizeof bad_macro, "/tmp/spindle-check-macro-%ld.json", (long)getpid());
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

Suite *spn_suite(void)
{
    Suite *suite = suite_create("macro");
    TCase *cases = tcase_create("cases");
    tcase_add_test(cases, every_macro_loads_and_is_estimated);
    tcase_add_test(cases, claims_of_published_macros);
    tcase_add_test(cases, claims_of_calibration);
    tcase_add_test(cases, calibration_fits_its_points);
    tcase_add_test(cases, energy_is_linear_in_the_pulse);
    tcase_add_test(cases, reads_longer_by_the_converters_cycle);
    tcase_add_test(cases, integrated_slices_are_converted_once);
    tcase_add_test(cases, energy_is_linear_in_driven_rows);
    tcase_add_test(cases, bits_cost);
    tcase_add_test(cases, wider_sums_of_digital_arrays);
    tcase_add_test(cases, energy_is_linear_in_the_supply);
    tcase_add_test(cases, bad_macros_are_refused);
    suite_add_tcase(suite, cases);
    return suite;
}
