/* optimize.h -- search a space that is too large to enumerate: NSGA-II [deb2002nsga2].
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * No point is evaluated twice; the answer depends on the seed, not on the number of threads; every
 * good point that is evaluated goes into the front.
 */
#ifndef SPN_EXPLORER_OPTIMIZE_H
#define SPN_EXPLORER_OPTIMIZE_H

#include "base/progress.h"
#include "explorer/evaluate.h"
#include "explorer/pareto.h"

struct spn_optimize_options {
    int64_t n_evaluations; /* at most */
    int population;        /* even, 4 to 2000 */
    uint64_t seed;
    int n_threads;
    const struct spn_progress *progress;
};
struct spn_optimize_options spn_optimize_options_default(void);

struct spn_optimize_counts {
    int64_t n_evaluated, n_good;
    int n_rounds; /* generations */
    bool stopped;
};

/* The front must have as many objectives as the space. SPN_EUSAGE without objectives or with
 * options out of range. */
enum spn_status spn_optimize_nsga2(const struct spn_space *space,
                                   const struct spn_optimize_options *options,
                                   struct spn_front *front, struct spn_optimize_counts *counts,
                                   struct spn_err *err);

/* Numbers of points, each at most once. */
struct spn_number_set {
    int64_t *slot; /* -1: empty */
    size_t n, capacity;
};
enum spn_status spn_number_set_add(struct spn_number_set *set, int64_t number, bool *added,
                                   struct spn_err *err);
void spn_number_set_clear(struct spn_number_set *set);

#endif
