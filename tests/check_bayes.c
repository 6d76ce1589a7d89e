/* check_bayes.c -- Gaussian processes by hand, gains in hypervolume, and Bayesian optimisation
 * against the exhaustive front.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "base/rng.h"
#include "explorer/gp.h"
#include "explorer/optimize.h"
#include "explorer/sweep.h"

static struct spn_err err;

/* ---- Gaussian processes ---- */

static double matern(double r)
{
    double s = sqrt(5) * r;
    return (1 + s + s * s / 3) * exp(-s);
}

/* Two points at 0 and 1, y = 1 and 3, before any climb: length 1/2, amplitude 1, noise 0.02, all
 * of standardised y (mean 2, sd sqrt 2). K = [d c; c d] has the modes (1, 1) and (1, -1). */
START_TEST(two_points_by_hand)
{
    const double x[] = {0, 1}, y[] = {1, 3}, c = matern(2), d = 1 + 0.02 * 0.02 + 1e-8,
                 h = matern(1), middle = 0.5, start = 0;
    double scratch[2], mean, sd;
    struct spn_gp *gp = NULL;
    ck_assert_ok(spn_gp_create(&gp, 1, NULL, &err));
    ck_assert_ok(spn_gp_fit(gp, x, y, 2, 0, &err));
    ck_assert_rel(spn_gp_length(gp, 0), 0.5, 1e-12);
    spn_gp_predict(gp, &middle, scratch, &mean, &sd);
    ck_assert_rel(mean, 2.0, 1e-12); /* by symmetry */
    ck_assert_rel(sd, sqrt(2 * (1 - 2 * h * h / (d + c))), 1e-9);
    spn_gp_predict(gp, &start, scratch, &mean, &sd);
    ck_assert_rel(mean, 2 - (1 - c) / (d - c), 1e-9);
    ck_assert_rel(spn_gp_log_likelihood(gp),
                  -0.5 * (1 / (d - c) + log((d - c) * (d + c)) + 2 * log(2 * M_PI)), 1e-9);
    spn_gp_destroy(gp);
}
END_TEST

enum { N = 40 };

static double wave(const double *x)
{
    return sin(6 * x[0]) + (x[2] == 1 ? 0.5 : 0);
}

/* Input 1 does nothing, input 2 is a choice of three. */
static void draw(double *x, double *y, int n, double noise, uint64_t seed)
{
    struct spn_rng rng = spn_rng_init(seed, 1, 0);
    for (int i = 0; i < n; i++) {
        x[3 * i] = spn_rng_uniform(&rng);
        x[3 * i + 1] = spn_rng_uniform(&rng);
        x[3 * i + 2] = spn_rng_below(&rng, 3);
        y[i] = wave(x + 3 * i) + noise * spn_rng_normal(&rng);
    }
}

static const bool third_is_discrete[] = {false, false, true};

START_TEST(gradient_is_the_slope)
{
    double x[3 * N], y[N], gradient[5], unused[5];
    struct spn_gp *gp = NULL;
    draw(x, y, N, 0.1, 3);
    ck_assert_ok(spn_gp_create(&gp, 3, third_is_discrete, &err));
    ck_assert_ok(spn_gp_fit(gp, x, y, N, 0, &err));
    const double at[] = {log(0.4), log(1.3), log(0.8), log(1.2), log(0.15)}, step = 1e-5;
    (void)spn_gp_objective(gp, at, gradient);
    for (int p = 0; p < 5; p++) {
        double up[5], down[5];
        memcpy(up, at, sizeof up);
        memcpy(down, at, sizeof down);
        up[p] += step;
        down[p] -= step;
        double slope =
            (spn_gp_objective(gp, up, unused) - spn_gp_objective(gp, down, unused)) / (2 * step);
        ck_assert_double_eq_tol(gradient[p], slope, 1e-5 * (1 + fabs(slope)));
    }
    spn_gp_destroy(gp);
}
END_TEST

START_TEST(fit_finds_what_matters)
{
    double x[3 * N], y[N], x_new[3 * N], y_new[N], scratch[N], mean, sd, squares = 0;
    int n_outside = 0;
    struct spn_gp *gp = NULL;
    draw(x, y, N, 0, 5);
    draw(x_new, y_new, N, 0, 6);
    ck_assert_ok(spn_gp_create(&gp, 3, third_is_discrete, &err));
    ck_assert_ok(spn_gp_fit(gp, x, y, N, 0, &err));
    double before = spn_gp_log_likelihood(gp);
    ck_assert_ok(spn_gp_fit(gp, x, y, N, 100, &err));
    ck_assert(spn_gp_log_likelihood(gp) > before + 10);
    ck_assert(spn_gp_length(gp, 1) > 5 * spn_gp_length(gp, 0));
    for (int i = 0; i < N; i++) {
        spn_gp_predict(gp, x_new + 3 * i, scratch, &mean, &sd);
        squares += (mean - y_new[i]) * (mean - y_new[i]);
        n_outside += fabs(mean - y_new[i]) > 3 * sd + 0.01;
    }
    ck_assert(sqrt(squares / N) < 0.05); /* of a wave with sd 0.7 */
    ck_assert_int_le(n_outside, 3);
    draw(x, y, N, 0.2, 7);
    ck_assert_ok(spn_gp_fit(gp, x, y, N, 100, &err));
    ck_assert(spn_gp_noise(gp) > 0.1 && spn_gp_noise(gp) < 0.35);
    spn_gp_destroy(gp);
}
END_TEST

START_TEST(processes_refuse_nonsense)
{
    double x[2] = {0, 0}, y[2] = {1, 1}, scratch[2], mean, sd;
    struct spn_gp *gp = NULL;
    ck_assert_fails(spn_gp_create(&gp, 25, NULL, &err), SPN_EUSAGE, "25 inputs");
    ck_assert_ok(spn_gp_create(&gp, 1, NULL, &err));
    ck_assert_fails(spn_gp_fit(gp, x, y, 0, 0, &err), SPN_EUSAGE, "0 points");
    ck_assert_ok(spn_gp_fit(gp, x, y, 2, 20, &err)); /* the same point twice, nothing varies */
    spn_gp_predict(gp, x, scratch, &mean, &sd);
    ck_assert_rel(mean, 1, 1e-9);
    spn_gp_destroy(gp);
}
END_TEST

/* ---- hypervolume ---- */

START_TEST(gains_are_differences)
{
    struct spn_rng rng = spn_rng_init(11, 2, 0);
    const double reference[] = {1, 1, 1, 1};
    for (int m = 1; m <= 4; m++) {
        struct spn_front *front = NULL;
        ck_assert_ok(spn_front_create(&front, m, &err));
        for (int i = 0; i < 30; i++) {
            struct spn_front_item items[64], more[64], item = {.number = i};
            size_t n = spn_front_size(front);
            struct spn_gain *gain = NULL;
            double before, after;
            for (int k = 0; k < m; k++)
                item.value[k] = 1.05 * spn_rng_uniform(&rng);
            spn_front_items(front, items);
            memcpy(more, items, n * sizeof *more);
            more[n] = item;
            ck_assert_ok(spn_hypervolume(&before, items, n, m, reference, &err));
            ck_assert_ok(spn_hypervolume(&after, more, n + 1, m, reference, &err));
            ck_assert_ok(spn_gain_create(&gain, items, n, m, reference, &err));
            ck_assert_double_eq_tol(spn_gain_of(gain, item.value), after - before, 1e-12);
            ck_assert_double_eq_tol(spn_gain_of(gain, item.value), after - before, 1e-12);
            spn_gain_destroy(gain);
            ck_assert_ok(spn_front_add(front, &item, NULL, &err));
        }
        spn_front_destroy(front);
    }
}
END_TEST

/* (0, 2) and (1, 0): in units of the box 1 x 2 two strips of 1.1 x 0.1 that overlap in 0.1 x 0.1.
 */
START_TEST(share_by_hand)
{
    struct spn_front *all = NULL, *some = NULL, *other = NULL, *single = NULL, *near = NULL;
    const struct spn_front_item a = {1, {0, 2}}, b = {2, {1, 0}}, best = {3, {2e-11}},
                                almost = {4, {2.06e-11}};
    double share;
    ck_assert_ok(spn_front_create(&all, 2, &err));
    ck_assert_ok(spn_front_create(&some, 2, &err));
    ck_assert_ok(spn_front_create(&other, 3, &err));
    ck_assert_fails(spn_hypervolume_share(&share, all, some, &err), SPN_EUSAGE, "0 and 0 designs");
    ck_assert_ok(spn_front_add(all, &a, NULL, &err));
    ck_assert_ok(spn_hypervolume_share(&share, all, all, &err)); /* no side at all */
    ck_assert_rel(share, 1, 1e-12);
    ck_assert_ok(spn_front_create(&single, 1, &err));
    ck_assert_ok(spn_front_create(&near, 1, &err));
    ck_assert_ok(spn_front_add(single, &best, NULL, &err));
    ck_assert_ok(spn_front_add(near, &almost, NULL, &err));
    ck_assert_ok(spn_hypervolume_share(&share, single, near, &err)); /* 3 % above the optimum */
    ck_assert_rel(share, 0.7, 1e-9);
    spn_front_destroy(single);
    spn_front_destroy(near);
    ck_assert_ok(spn_front_add(all, &b, NULL, &err));
    ck_assert_ok(spn_hypervolume_share(&share, all, some, &err));
    ck_assert(share == 0);
    ck_assert_ok(spn_front_add(some, &a, NULL, &err));
    ck_assert_ok(spn_hypervolume_share(&share, all, some, &err));
    ck_assert_rel(share, 0.11 / 0.21, 1e-12);
    ck_assert_fails(spn_hypervolume_share(&share, all, other, &err), SPN_EUSAGE,
                    "2 and 3 objectives");
    spn_front_destroy(all);
    spn_front_destroy(some);
    spn_front_destroy(other);
}
END_TEST

/* ---- the search ---- */

/* 864 lenet5 designs: a text axis with one that takes part at times, a constraint, and designs that
 * cannot be built (7 columns per ADC). */
static const char text[] =
    "{\"name\": \"test\", \"network\": \"lenet5\", \"chip\": \"ning2025\", \"scheme\": [\"dense\", "
    "\"external-index\"],"
    "\"axes\": {\"chip.sparsity.index_format\": {\"values\": [\"bitmap\", \"csr\"], \"when\": "
    "{\"scheme\": \"external-index\"}}, \"array\": {\"set\": [\"chip.array.rows\", "
    "\"chip.array.columns\"], \"values\": [32, 64, 128, 256]},"
    "\"chip.adc.bits\": [3, 4, 5, 6, 7, 8], \"chip.adc.columns_per_adc\": [2, 4, 7, 8],"
    "\"chip.tile.bus_bit\": [16, 64, 256]},"
    "\"constraints\": [\"area_m2 < 1e-5\"], \"objectives\": [\"min energy_J\", \"min latency_s\", "
    "\"min area_m2\"]}";

static struct spn_space *load(const char *json)
{
    struct spn_space *space = NULL;
    ck_assert_ok(spn_space_parse(&space, json, strlen(json), "test.json", &err));
    return space;
}

static struct spn_front *search(const struct spn_space *space, int64_t n, uint64_t seed,
                                int n_threads, struct spn_optimize_counts *counts)
{
    struct spn_front *front = NULL;
    struct spn_optimize_options how = spn_optimize_options_default();
    how.n_evaluations = n;
    how.n_candidates = 300;
    how.seed = seed;
    how.n_threads = n_threads;
    ck_assert_ok(spn_front_create(&front, spn_space_n_objectives(space), &err));
    ck_assert_ok(spn_optimize_bayes(space, &how, front, counts, &err));
    return front;
}

START_TEST(bayes_nears_the_exhaustive_front)
{
    struct spn_space *space = load(text);
    struct spn_front *all = NULL;
    struct spn_sweep_options sweep = {.n_threads = 2, .shard = {0, 1}};
    struct spn_sweep_counts swept;
    struct spn_optimize_counts counts;
    double share, least = 1;
    ck_assert_int_eq(spn_space_size(space), 864);
    ck_assert_ok(spn_front_create(&all, 3, &err));
    ck_assert_ok(spn_sweep_run(space, NULL, &sweep, all, &swept, &err));
    ck_assert_int_gt(swept.n_excluded, 0);
    ck_assert_int_gt(swept.n_infeasible, 0);
    for (uint64_t seed = 1; seed <= 3; seed++) { /* a twelfth of the space */
        struct spn_front *front = search(space, 72, seed, 2, &counts);
        ck_assert_int_eq(counts.n_evaluated, 72);
        ck_assert_ok(spn_hypervolume_share(&share, all, front, &err));
        ck_assert(share <= 1 + 1e-12);
        least = fmin(least, share);
        spn_front_destroy(front);
    }
    ck_assert_msg(least > 0.97, "%.4f", least);
    spn_front_destroy(all);
    spn_space_destroy(space);
}
END_TEST

/* Both searches on shipped spaces: a tenth to a third of the designs. */
START_TEST(searches_near_the_fronts_of_shipped_spaces)
{
    static const struct {
        const char *name;
        int64_t n_bayes, n_nsga2;
    } shipped[] = {{"vgg8-space", 60, 200}, {"node-device", 60, 160}, {"sparsity-scheme", 30, 160}};
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        struct spn_space *space = NULL;
        struct spn_front *all = NULL, *front = NULL;
        struct spn_sweep_options sweep = {.n_threads = 2, .shard = {0, 1}};
        struct spn_sweep_counts swept;
        struct spn_optimize_counts counts;
        struct spn_optimize_options how = spn_optimize_options_default();
        double share;
        ck_assert_ok(spn_space_load(&space, shipped[i].name, &err));
        ck_assert_ok(spn_front_create(&all, spn_space_n_objectives(space), &err));
        ck_assert_ok(spn_sweep_run(space, NULL, &sweep, all, &swept, &err));
        struct spn_front *found = search(space, shipped[i].n_bayes, 1, 2, &counts);
        ck_assert_ok(spn_hypervolume_share(&share, all, found, &err));
        ck_assert_msg(share > 0.95, "Bayesian, %s: %.4f", shipped[i].name, share);
        ck_assert_ok(spn_front_create(&front, spn_space_n_objectives(space), &err));
        how.n_evaluations = shipped[i].n_nsga2;
        how.population = 20;
        ck_assert_ok(spn_optimize_nsga2(space, &how, front, &counts, &err));
        ck_assert_ok(spn_hypervolume_share(&share, all, front, &err));
        ck_assert_msg(share > 0.9, "NSGA-II, %s: %.4f", shipped[i].name, share);
        spn_front_destroy(found);
        spn_front_destroy(front);
        spn_front_destroy(all);
        spn_space_destroy(space);
    }
}
END_TEST

START_TEST(bayes_repeats_itself)
{
    struct spn_space *space = load(text);
    struct spn_optimize_counts counts;
    struct spn_front *one = search(space, 40, 9, 1, &counts),
                     *two = search(space, 40, 9, 3, &counts);
    struct spn_front_item a[64], b[64];
    spn_front_items(one, a);
    spn_front_items(two, b);
    ck_assert_uint_eq(spn_front_size(one), spn_front_size(two));
    ck_assert_mem_eq(a, b, spn_front_size(one) * sizeof *a);
    spn_front_destroy(one);
    spn_front_destroy(two);
    spn_space_destroy(space);
}
END_TEST

START_TEST(bayes_ends_when_all_is_known)
{
    struct spn_space *space =
        load("{\"network\": \"lenet5\", \"axes\": {\"chip.adc.bits\": [3, 4, 5, 6], "
             "\"chip.clock_Hz\": [1e8, 2e8, 5e8]}, \"objectives\": [\"min energy_J\"]}");
    struct spn_optimize_counts counts;
    struct spn_front *front = search(space, 1000, 1, 1, &counts);
    ck_assert_int_eq(counts.n_evaluated, 12);
    ck_assert_uint_eq(spn_front_size(front), 1);
    spn_front_destroy(front);
    spn_space_destroy(space);
}
END_TEST

START_TEST(bayes_refuses_nonsense)
{
    struct spn_space *space = load(text);
    struct spn_optimize_options how = spn_optimize_options_default();
    struct spn_optimize_counts counts;
    struct spn_front *front = NULL;
    ck_assert_ok(spn_front_create(&front, 3, &err));
    ck_assert_fails(spn_optimize_bayes(space, &how, front, &counts, &err), SPN_EUSAGE,
                    "10000 evaluations, Bayesian optimisation takes 1 to 2000");
    spn_space_destroy(space);
    space = load("{\"network\": \"lenet5\", \"axes\": {\"chip.adc.bits\": [3, 4]}}");
    ck_assert_fails(spn_optimize_bayes(space, &how, front, &counts, &err), SPN_EUSAGE,
                    "no objectives");
    spn_space_destroy(space);
    spn_front_destroy(front);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("bayes");
    TCase *tests = tcase_create("bayes");
    tcase_add_test(tests, two_points_by_hand);
    tcase_add_test(tests, gradient_is_the_slope);
    tcase_add_test(tests, fit_finds_what_matters);
    tcase_add_test(tests, processes_refuse_nonsense);
    tcase_add_test(tests, gains_are_differences);
    tcase_add_test(tests, share_by_hand);
    tcase_add_test(tests, bayes_nears_the_exhaustive_front);
    tcase_add_test(tests, searches_near_the_fronts_of_shipped_spaces);
    tcase_add_test(tests, bayes_repeats_itself);
    tcase_add_test(tests, bayes_ends_when_all_is_known);
    tcase_add_test(tests, bayes_refuses_nonsense);
    suite_add_tcase(suite, tests);
    return suite;
}
