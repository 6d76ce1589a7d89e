/* check_optimize.c -- NSGA-II against the exhaustive front by hypervolume; sensitivity against
 * functions with known answers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <gsl/gsl_cdf.h>

#include "explorer/optimize.h"
#include "explorer/sensitivity.h"
#include "explorer/sweep.h"

static struct spn_err err;

/* 20736 lenet5 designs, some of which cannot be built, some excluded. */
static const char text[] =
    "{\"name\": \"test\", \"network\": \"lenet5\", \"chip\": \"ning2025\", \"scheme\": [\"dense\", "
    "\"external-index\", \"index-free\"],"
    "\"axes\": {\"array\": {\"set\": [\"chip.array.rows\", \"chip.array.columns\"], \"values\": "
    "[32, 64, 128, 256]},"
    "\"chip.adc.bits\": [3, 4, 5, 6, 7, 8], \"chip.adc.columns_per_adc\": [2, 4, 7, 8],"
    "\"chip.clock_Hz\": {\"from\": 1e8, \"to\": 1e9, \"count\": 12, \"log\": true}, "
    "\"chip.tile.bus_bit\": [8, 16, 32, 64, 128, 256]},"
    "\"constraints\": [\"area_m2 < 1e-5\"], \"objectives\": [\"min energy_J\", \"min latency_s\", "
    "\"min area_m2\"]}";

static struct spn_space *space;

static void setup(void)
{
    space = NULL;
    ck_assert_ok(spn_space_parse(&space, text, strlen(text), "test.json", &err));
}

static void teardown(void)
{
    spn_space_destroy(space);
}

static struct spn_front_item *items_of(const struct spn_front *front)
{
    struct spn_front_item *items = calloc(spn_front_size(front) + 1, sizeof *items);
    spn_front_items(front, items);
    return items;
}

/* Share of the exhaustive front's hypervolume, over the box from its best to its worst corner,
 * widened by a tenth. */
static double quality(const struct spn_front *all, const struct spn_front *some)
{
    struct spn_front_item *a = items_of(all), *b = items_of(some);
    double best[3], reference[3], whole, part;
    for (int k = 0; k < 3; k++) {
        best[k] = INFINITY;
        reference[k] = -INFINITY;
        for (size_t i = 0; i < spn_front_size(all); i++) {
            best[k] = fmin(best[k], a[i].value[k]);
            reference[k] = fmax(reference[k], a[i].value[k]);
        }
        reference[k] += 0.1 * (reference[k] - best[k]);
    }
    ck_assert_ok(spn_hypervolume(&whole, a, spn_front_size(all), 3, reference, &err));
    ck_assert_ok(spn_hypervolume(&part, b, spn_front_size(some), 3, reference, &err));
    free(a);
    free(b);
    return part / whole;
}

static struct spn_front *search(int64_t n, uint64_t seed, int n_threads,
                                struct spn_optimize_counts *counts)
{
    struct spn_front *front = NULL;
    struct spn_optimize_options how = spn_optimize_options_default();
    how.n_evaluations = n;
    how.seed = seed;
    how.n_threads = n_threads;
    ck_assert_ok(spn_front_create(&front, 3, &err));
    ck_assert_ok(spn_optimize_nsga2(space, &how, front, counts, &err));
    return front;
}

START_TEST(nsga2_nears_the_exhaustive_front)
{
    struct spn_front *all = NULL;
    struct spn_sweep_options sweep = {.n_threads = 2, .shard = {0, 1}};
    struct spn_sweep_counts swept;
    struct spn_optimize_counts counts;
    ck_assert_ok(spn_front_create(&all, 3, &err));
    ck_assert_ok(spn_sweep_run(space, NULL, &sweep, all, &swept, &err));
    ck_assert_int_gt(swept.n_excluded, 0);
    ck_assert_int_gt(swept.n_infeasible, 0);
    for (uint64_t seed = 1; seed <= 3; seed++) { /* a tenth of the space */
        struct spn_front *front = search(2000, seed, 2, &counts);
        ck_assert_int_eq(counts.n_evaluated, 2000);
        ck_assert_int_eq(counts.n_rounds, 20);
        ck_assert_msg(quality(all, front) > 0.99, "seed %d: %.4f", (int)seed, quality(all, front));
        ck_assert(quality(all, front) <= 1 + 1e-12);
        spn_front_destroy(front);
    }
    spn_front_destroy(all);
}
END_TEST

START_TEST(nsga2_repeats_itself)
{
    struct spn_optimize_counts counts;
    struct spn_front *one = search(500, 9, 1, &counts), *two = search(500, 9, 3, &counts);
    struct spn_front_item *a = items_of(one), *b = items_of(two);
    ck_assert_uint_eq(spn_front_size(one), spn_front_size(two));
    ck_assert_mem_eq(a, b, spn_front_size(one) * sizeof *a);
    free(a);
    free(b);
    spn_front_destroy(one);
    spn_front_destroy(two);
}
END_TEST

/* A space smaller than the budget is searched to its end: then the front is exact. */
START_TEST(nsga2_ends_when_all_is_known)
{
    static const char small[] =
        "{\"network\": \"lenet5\", \"axes\": {\"chip.adc.bits\": [3, 4, 5, 6], \"chip.clock_Hz\": "
        "[1e8, 2e8, 5e8]},"
        "\"objectives\": [\"min energy_J\", \"min latency_s\", \"min area_m2\"]}";
    struct spn_optimize_counts counts;
    spn_space_destroy(space);
    space = NULL;
    ck_assert_ok(spn_space_parse(&space, small, strlen(small), "small.json", &err));
    struct spn_front *front = search(100000, 1, 1, &counts);
    ck_assert_int_eq(counts.n_evaluated, 12);
    spn_front_destroy(front);
}
END_TEST

START_TEST(nsga2_refuses_nonsense)
{
    static const char aimless[] =
        "{\"network\": \"lenet5\", \"axes\": {\"chip.adc.bits\": [3, 4]}}";
    struct spn_optimize_options how = spn_optimize_options_default();
    struct spn_optimize_counts counts;
    struct spn_front *front = NULL;
    ck_assert_ok(spn_front_create(&front, 3, &err));
    how.population = 5;
    ck_assert_fails(spn_optimize_nsga2(space, &how, front, &counts, &err), SPN_EUSAGE,
                    "population of 5");
    how = spn_optimize_options_default();
    how.n_evaluations = 0;
    ck_assert_fails(spn_optimize_nsga2(space, &how, front, &counts, &err), SPN_EUSAGE,
                    "0 evaluations");
    spn_space_destroy(space);
    space = NULL;
    ck_assert_ok(spn_space_parse(&space, aimless, strlen(aimless), "aimless.json", &err));
    how = spn_optimize_options_default();
    ck_assert_fails(spn_optimize_nsga2(space, &how, front, &counts, &err), SPN_EUSAGE,
                    "no objectives");
    spn_front_destroy(front);
}
END_TEST

START_TEST(number_sets)
{
    struct spn_number_set set = {NULL, 0, 0};
    bool added = false;
    for (int64_t i = 0; i < 5000; i++) {
        ck_assert_ok(spn_number_set_add(&set, i * i, &added, &err));
        ck_assert(added);
    }
    for (int64_t i = 0; i < 5000; i++) {
        ck_assert_ok(spn_number_set_add(&set, i * i, &added, &err));
        ck_assert(!added);
    }
    ck_assert_uint_eq(set.n, 5000);
    spn_number_set_clear(&set);
}
END_TEST

/* ---- sensitivity ---- */

/* sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1 on [-pi, pi]^3: variance and indices are known in closed
 * form [ishigami1990]. */
static enum spn_status ishigami(void *ctx, int thread, const double *u, double *y, bool *good,
                                struct spn_err *e)
{
    double x[3];
    (void)ctx;
    (void)thread;
    (void)e;
    for (int i = 0; i < 3; i++)
        x[i] = M_PI * (2 * u[i] - 1);
    y[0] = sin(x[0]) + 7 * sin(x[1]) * sin(x[1]) + 0.1 * pow(x[2], 4) * sin(x[0]);
    y[1] = 42;
    *good = true;
    return SPN_OK;
}

START_TEST(sobol_indices_of_ishigami)
{
    struct spn_model model = {3, 2, ishigami, NULL};
    struct spn_sampling sampling = {8192, 2, 1, NULL};
    struct spn_sobol_index index[6], again[6];
    struct spn_sobol_summary summary;
    double pi4 = pow(M_PI, 4), v1 = 0.5 * pow(1 + 0.1 * pi4 / 5, 2), v2 = 49.0 / 8,
           v13 = 0.01 * pi4 * pi4 * 8 / 225, v = v1 + v2 + v13;
    const double first[3] = {v1 / v, v2 / v, 0}, total[3] = {(v1 + v13) / v, v2 / v, v13 / v};
    ck_assert_ok(spn_sobol_indices(&model, &sampling, index, &summary, &err));
    ck_assert_int_eq(summary.n_evaluated, 8192 * 5);
    ck_assert(summary.good_frac == 1);
    for (int i = 0; i < 3; i++) {
        ck_assert_double_eq_tol(index[i].first.value, first[i], 0.01);
        ck_assert_double_eq_tol(index[i].total.value, total[i], 0.01);
        ck_assert(index[i].first.low <= first[i] + 0.005 &&
                  first[i] <= index[i].first.high + 0.005);
        ck_assert(index[i].total.low <= total[i] + 0.005 &&
                  total[i] <= index[i].total.high + 0.005);
        ck_assert(index[i].total.high - index[i].total.low < 0.1);
        ck_assert(index[3 + i].first.value == 0 &&
                  index[3 + i].total.value == 0); /* the constant */
    }
    sampling.n_threads = 1;
    ck_assert_ok(spn_sobol_indices(&model, &sampling, again, &summary, &err));
    ck_assert_mem_eq(index, again, sizeof index);
    model.n_inputs = 21;
    ck_assert_fails(spn_sobol_indices(&model, &sampling, index, &summary, &err), SPN_EUSAGE,
                    "21 inputs");
    model.n_inputs = 3;
    sampling.n_samples = 3;
    ck_assert_fails(spn_sobol_indices(&model, &sampling, index, &summary, &err), SPN_EUSAGE,
                    "3 samples");
}
END_TEST

/* Sum of two normal variables with sd 3 and 4 about 10: sd 5. Half of the samples of the second
 * result cannot be had. */
static enum spn_status normal_sum(void *ctx, int thread, const double *u, double *y, bool *good,
                                  struct spn_err *e)
{
    (void)thread;
    (void)e;
    y[0] = 10 + 3 * gsl_cdf_ugaussian_Pinv(u[0]) + 4 * gsl_cdf_ugaussian_Pinv(u[1]);
    *good = ctx == NULL || u[0] < *(double *)ctx;
    return SPN_OK;
}

START_TEST(spread_of_a_normal_sum)
{
    struct spn_model model = {2, 1, normal_sum, NULL};
    struct spn_sampling sampling = {16384, 2, 1, NULL};
    struct spn_spread spread;
    struct spn_sobol_summary summary;
    double share = 0.25;
    ck_assert_ok(spn_spread(&model, &sampling, &spread, &summary, &err));
    ck_assert_rel(spread.mean, 10.0, 1e-3);
    ck_assert_rel(spread.median, 10.0, 2e-3);
    ck_assert_rel(spread.sd, 5.0, 2e-3);
    ck_assert_rel(spread.high, 10 + 1.959964 * 5, 2e-3);
    ck_assert_double_eq_tol(spread.low, 10 - 1.959964 * 5, 0.06);
    model.ctx = &share;
    ck_assert_ok(spn_spread(&model, &sampling, &spread, &summary, &err));
    ck_assert_rel(summary.good_frac, 0.25, 1e-2);
    share = 0;
    ck_assert_fails(spn_spread(&model, &sampling, &spread, &summary, &err), SPN_EINFEASIBLE,
                    "only 0 of 16384");
}
END_TEST

START_TEST(swings_are_the_evaluations_they_say)
{
    struct spn_sensitivity_inputs inputs;
    const int results[] = {spn_space_find_column(space, "energy_J"),
                           spn_space_find_column(space, "area_m2")};
    double base[2];
    struct spn_swing swing[2 * 6];
    struct spn_evaluator *evaluator = NULL;
    struct spn_point point;
    int digit[SPN_SPACE_MAX_AXES];
    int64_t middle = spn_sensitivity_middle(space);
    ck_assert_ok(spn_sensitivity_inputs(space, true, true, &inputs, &err));
    ck_assert_int_eq(inputs.n, 6);
    ck_assert_str_eq(spn_sensitivity_name(space, &inputs, 2), "chip.adc.bits");
    ck_assert_ok(spn_sensitivity_swings(space, middle, &inputs, results, 2, base, swing, &err));
    ck_assert_ok(spn_evaluator_create(&evaluator, space, &err));
    ck_assert_ok(spn_evaluate(evaluator, middle, &point, &err));
    ck_assert(base[0] == point.value[results[0]] && base[1] == point.value[results[1]]);
    spn_space_digits(space, middle, digit);
    digit[2] = 5; /* 8 bit */
    ck_assert_ok(spn_evaluate(evaluator, spn_space_point(space, digit), &point, &err));
    ck_assert(swing[2].last == point.value[results[0]]);
    ck_assert(swing[6 + 2].last == point.value[results[1]]);
    ck_assert_str_eq(swing[2].first_label, "3");
    ck_assert_str_eq(swing[2].last_label, "8");
    for (int i = 0; i < 12; i++) {
        ck_assert(swing[i].low <= swing[i].first && swing[i].first <= swing[i].high);
        ck_assert(swing[i].low <= swing[i].last && swing[i].last <= swing[i].high);
    }
    ck_assert_fails(spn_sensitivity_inputs(space, false, true, &inputs, &err), SPN_EUSAGE,
                    "0 inputs");
    spn_evaluator_destroy(evaluator);
}
END_TEST

/* Dynamic energy of drivers and cells grows with the square of the read voltage: a wide voltage
 * explains most of the scatter, an input that inference does not know explains none. */
START_TEST(uncertain_inputs_of_a_space)
{
    static const char scatter[] =
        "{\"network\": \"lenet5\", \"chip\": \"ning2025\", \"objectives\": [\"min energy_J\"], "
        "\"uncertain\": {"
        "\"device.read_voltage_V\": {\"distribution\": \"normal\", \"relative_sd\": 0.05},"
        "\"node.vdd_V\": {\"distribution\": \"uniform\", \"relative_from\": 0.95, \"relative_to\": "
        "1.05},"
        "\"device.write_pulse_s\": {\"distribution\": \"lognormal\", \"factor\": 2}}}";
    struct spn_sensitivity_inputs inputs;
    struct spn_sensitivity_model model;
    struct spn_sampling sampling = {512, 2, 1, NULL};
    struct spn_sobol_index index[3];
    struct spn_spread spread;
    struct spn_sobol_summary summary;
    const int result = 0;
    spn_space_destroy(space);
    space = NULL;
    ck_assert_ok(spn_space_parse(&space, scatter, strlen(scatter), "scatter.json", &err));
    ck_assert_ok(spn_sensitivity_inputs(space, false, true, &inputs, &err));
    ck_assert_ok(spn_sensitivity_model_init(&model, space, 0, &inputs, &result, 1, 2, &err));
    ck_assert_ok(spn_sobol_indices(&model.model, &sampling, index, &summary, &err));
    ck_assert_ok(spn_spread(&model.model, &sampling, &spread, &summary, &err));
    ck_assert(summary.good_frac == 1);
    ck_assert(index[2].first.value == 0 && index[2].total.value == 0);
    ck_assert(index[1].total.value > 0.3);
    ck_assert_double_eq_tol(index[0].total.value + index[1].total.value, 1.0, 0.1);
    ck_assert(spread.low < spread.mean && spread.mean < spread.high && spread.sd > 0);
    spn_sensitivity_model_clear(&model);
    ck_assert_fails(spn_sensitivity_model_init(&model, space, 5, &inputs, &result, 1, 2, &err),
                    SPN_EUSAGE, "point 5");
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("optimize");
    TCase *tests = tcase_create("optimize");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, nsga2_nears_the_exhaustive_front);
    tcase_add_test(tests, nsga2_repeats_itself);
    tcase_add_test(tests, nsga2_ends_when_all_is_known);
    tcase_add_test(tests, nsga2_refuses_nonsense);
    tcase_add_test(tests, number_sets);
    tcase_add_test(tests, sobol_indices_of_ishigami);
    tcase_add_test(tests, spread_of_a_normal_sum);
    tcase_add_test(tests, swings_are_the_evaluations_they_say);
    tcase_add_test(tests, uncertain_inputs_of_a_space);
    suite_add_tcase(suite, tests);
    return suite;
}
