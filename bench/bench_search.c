/* bench_search.c -- searches against the exhaustive front by hypervolume, on shipped spaces; CoMN's
 * seven-variable search; accuracies that need not be simulated.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <gsl/gsl_errno.h>

#include "explorer/lazy.h"
#include "explorer/optimize.h"
#include "explorer/sweep.h"

enum { N_SEEDS = 3, POPULATION = 20 };
/* CoMN's specification search tries 10 random and 100 guided points [comn]; the time to beat. */
enum { COMN_POINTS = 110 };
#define COMN_S 131.0

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* All of the space, its accuracies lazily; the time that took. */
static enum spn_status exhaust(const struct spn_space *space, struct spn_lab *lab,
                               struct spn_front *front, double *seconds, struct spn_err *err)
{
    struct spn_sweep_options how = {.shard = {0, 1}};
    struct spn_sweep_counts counts;
    struct spn_lazy_counts lazy = {0};
    struct spn_store *store = NULL;
    struct spn_evaluator *evaluator = NULL;
    struct spn_point point;
    double start = now_s();
    enum spn_status status = SPN_OK;
    if (lab)
        status = spn_store_open(&store, ":memory:", space, how.shard, err);
    if (!status)
        status = spn_sweep_run(space, store, &how, lab ? NULL : front, &counts, err);
    if (!status && lab)
        status = spn_lazy_run(space, store, lab, 0, NULL, &lazy, err);
    *seconds = now_s() - start;
    if (!status && lab)
        status = spn_evaluator_create(&evaluator, space, err);
    if (!status && lab)
        spn_evaluator_use(evaluator, lab, false);
    for (int64_t i = 0; lab && i < spn_space_size(space) && !status; i++) {
        status = spn_evaluate(evaluator, i, &point, err);
        if (!status && point.state == SPN_POINT_GOOD) {
            struct spn_front_item item = spn_sweep_item(space, &point);
            status = spn_front_add(front, &item, NULL, err);
        }
    }
    spn_evaluator_destroy(evaluator);
    spn_store_close(store);
    if (!status)
        printf("%-16s exhaustive  %8lld designs  %8.2f s  front of %zu\n", spn_space_name(space),
               (long long)spn_space_size(space), *seconds, spn_front_size(front));
    if (!status && lab)
        printf("%-16s             %8lld of %lld accuracies simulated\n", spn_space_name(space),
               (long long)lazy.n_simulated, (long long)lazy.n_classes);
    return status;
}

struct method {
    const char *name;
    enum spn_status (*search)(const struct spn_space *space,
                              const struct spn_optimize_options *options, struct spn_front *front,
                              struct spn_optimize_counts *counts, struct spn_err *err);
};
static const struct method nsga2 = {"NSGA-II", spn_optimize_nsga2},
                           bayes = {"Bayesian", spn_optimize_bayes};

static double least_of(const struct spn_front *front)
{
    struct spn_front_item *items = calloc(spn_front_size(front) + 1, sizeof *items);
    double least = INFINITY;
    if (items)
        spn_front_items(front, items);
    for (size_t i = 0; items && i < spn_front_size(front); i++)
        least = fmin(least, items[i].value[0]);
    free(items);
    return least;
}

/* Shares over the seeds. What is known of accuracies is forgotten for each. */
static enum spn_status compare(const struct spn_space *space, const struct spn_front *all,
                               const struct method *method, int64_t n, struct spn_err *err)
{
    double low = INFINITY, sum = 0, worst = 0, start = now_s();
    int64_t n_simulated = 0;
    enum spn_status status = SPN_OK;
    for (uint64_t seed = 1; seed <= N_SEEDS && !status; seed++) {
        struct spn_front *front = NULL;
        struct spn_lab *lab = NULL;
        struct spn_lab_options simulate = {.n_threads = method == &bayes ? 0 : 1};
        struct spn_optimize_options how = spn_optimize_options_default();
        struct spn_optimize_counts counts;
        double share = 0;
        how.n_evaluations = n;
        how.seed = seed;
        how.population = POPULATION;
        status = spn_front_create(&front, spn_space_n_objectives(space), err);
        if (!status && spn_space_simulated(space))
            status = spn_lab_create(&lab, space, &simulate, err);
        how.lab = lab;
        if (!status)
            status = method->search(space, &how, front, &counts, err);
        if (!status)
            status = spn_hypervolume_share(&share, all, front, err);
        if (!status) {
            low = fmin(low, share);
            sum += share;
            worst = fmax(worst, least_of(front) / least_of(all) - 1);
            n_simulated += counts.n_simulated;
        }
        spn_front_destroy(front);
        spn_lab_destroy(lab);
    }
    if (status)
        return status;
    printf("%-16s %-11s %8lld designs  %8.2f s", spn_space_name(space), method->name, (long long)n,
           (now_s() - start) / N_SEEDS);
    if (spn_space_n_objectives(space) == 1)
        printf("  worst of %d seeds %.2f %% above the optimum\n", N_SEEDS, 100 * worst);
    else
        printf("  hypervolume: least %.4f, mean %.4f of %d seeds\n", low, sum / N_SEEDS, N_SEEDS);
    if (spn_space_simulated(space))
        printf("%-16s             %8lld accuracies simulated on average\n", spn_space_name(space),
               (long long)(n_simulated / N_SEEDS));
    return SPN_OK;
}

/* Both searches with n and more designs. */
static enum spn_status run(const char *name, int64_t n, int64_t more, double *seconds,
                           struct spn_err *err)
{
    struct spn_space *space = NULL;
    struct spn_front *all = NULL;
    struct spn_lab *lab = NULL;
    struct spn_lab_options simulate = {.n_threads = 1};
    enum spn_status status = spn_space_load(&space, name, err);
    if (!status)
        status = spn_front_create(&all, spn_space_n_objectives(space), err);
    if (!status && spn_space_simulated(space))
        status = spn_lab_create(&lab, space, &simulate, err);
    if (!status)
        status = exhaust(space, lab, all, seconds, err);
    if (!status)
        status = compare(space, all, &bayes, n, err);
    if (!status)
        status = compare(space, all, &nsga2, n, err);
    if (!status)
        status = compare(space, all, &nsga2, more, err);
    spn_front_destroy(all);
    spn_lab_destroy(lab);
    spn_space_destroy(space);
    return status;
}

int main(void)
{
    static const struct {
        const char *name;
        int64_t n, more;
    } spaces[] = {{"vgg8-space", 60, 200},           {"sparsity-scheme", 30, 60},
                  {"node-device", 60, 120},          {"sequence", 60, 120},
                  {"comn-space", COMN_POINTS, 2000}, {"msnet-accuracy", 60, 300}};
    struct spn_err err;
    double seconds = 0;
    gsl_set_error_handler_off();
    setvbuf(stdout, NULL, _IOLBF, 0); /* it takes a minute */
    enum spn_status status = SPN_OK;
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces && !status; i++)
        status = run(spaces[i].name, spaces[i].n, spaces[i].more, &seconds, &err);
    if (!status)
        status = run("comn-search", COMN_POINTS, 2000, &seconds, &err);
    if (!status)
        printf("CoMN's search of %d points: %.0f s; exhaustive here: %.2f s (asked for: less)\n",
               COMN_POINTS, COMN_S, seconds);
    if (status)
        fprintf(stderr, "bench_search: %s\n", err.msg);
    return status ? 1 : 0;
}
