/* optimize.h -- search a space that is too large or too slow to enumerate: NSGA-II [deb2002nsga2],
 * and Bayesian optimisation for expensive objectives [M:X10].
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * No point is evaluated twice; the answer depends on the seed, not on the number of threads; every
 * good point that is evaluated goes into the front. Of a space that asks for accuracy, that is
 * simulated by options.lab.
 */
#ifndef SPN_EXPLORER_OPTIMIZE_H
#define SPN_EXPLORER_OPTIMIZE_H

#include "base/progress.h"
#include "explorer/evaluate.h"
#include "explorer/pareto.h"

struct spn_optimize_options {
    int64_t n_evaluations; /* at most */
    int population;        /* NSGA-II: even, 4 to 2000 */
    int n_initial;         /* Bayesian: designs spread over the space first; 0 = chosen */
    int n_candidates;      /* Bayesian: designs that each step looks at */
    uint64_t seed;
    int n_threads;
    const struct spn_progress *progress;
    struct spn_lab *lab; /* if the space asks for accuracy */
    /* Called with every evaluated point, in order; may be NULL. */
    enum spn_status (*done)(void *ctx, const struct spn_point *point, struct spn_err *err);
    void *ctx;
};
struct spn_optimize_options spn_optimize_options_default(void);

struct spn_optimize_counts {
    int64_t n_evaluated, n_good;
    int64_t n_simulated; /* accuracies that were not known before */
    int n_rounds;        /* generations, or steps */
    bool stopped;
};

/* The front must have as many objectives as the space. SPN_EUSAGE without objectives or with
 * options out of range. */
enum spn_status spn_optimize_nsga2(const struct spn_space *space,
                                   const struct spn_optimize_options *options,
                                   struct spn_front *front, struct spn_optimize_counts *counts,
                                   struct spn_err *err);

/* At most SPN_GP_MAX_POINTS evaluations. With simulated accuracy among the objectives all others
 * are taken as cheap: they are computed for every candidate, only what needs the accuracy is
 * modelled, and n_evaluations counts simulations; else every objective is modelled. */
enum spn_status spn_optimize_bayes(const struct spn_space *space,
                                   const struct spn_optimize_options *options,
                                   struct spn_front *front, struct spn_optimize_counts *counts,
                                   struct spn_err *err);

/* Both searches: SPN_EUSAGE if the space has no objectives or needs a lab. */
enum spn_status spn_optimize_check(const struct spn_space *space,
                                   const struct spn_optimize_options *options, struct spn_err *err);

/* Numbers of points, each at most once. */
struct spn_number_set {
    int64_t *slot; /* -1: empty */
    size_t n, capacity;
};
enum spn_status spn_number_set_add(struct spn_number_set *set, int64_t number, bool *added,
                                   struct spn_err *err);
bool spn_number_set_has(const struct spn_number_set *set, int64_t number);
void spn_number_set_clear(struct spn_number_set *set);

#endif
