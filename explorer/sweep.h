/* sweep.h -- evaluate all points of a space on all cores, into a store or not, with the front kept
 * along the way.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory does not grow with the number of points (the front grows with what lies on it). Results do
 * not depend on the number of threads.
 */
#ifndef SPN_EXPLORER_SWEEP_H
#define SPN_EXPLORER_SWEEP_H

#include "base/progress.h"
#include "explorer/evaluate.h"
#include "explorer/pareto.h"
#include "explorer/store.h"

struct spn_sweep_options {
    int n_threads;          /* < 1: all CPUs */
    struct spn_shard shard; /* {0, 1}: all; with a store it must be the store's */
    const struct spn_progress
        *progress; /* may be NULL; stops the sweep after the batches in work */
};

struct spn_sweep_counts {
    int64_t n_points;                         /* of the space */
    int64_t n_before;                         /* stored already */
    int64_t n_evaluated;                      /* now */
    int64_t n_good, n_excluded, n_infeasible; /* of those */
    int64_t n_pending;                        /* good but for their accuracy: explorer/lazy.h */
    bool stopped;
    struct spn_infeasible {
        int64_t number;   /* of the first design that cannot be built, if n_infeasible */
        char reason[160]; /* why */
    } infeasible;
};

/* store and front may be NULL. The front (minimised: signs of objectives to be maximised are
 * turned) gets all good points that were evaluated now. On failure what is stored stays. */
enum spn_status spn_sweep_run(const struct spn_space *space, struct spn_store *store,
                              const struct spn_sweep_options *options, struct spn_front *front,
                              struct spn_sweep_counts *counts, struct spn_err *err);

/* The objectives of a point as a front takes them. */
struct spn_front_item spn_sweep_item(const struct spn_space *space, const struct spn_point *point);

#endif
