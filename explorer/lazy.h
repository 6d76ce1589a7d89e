/* lazy.h -- accuracies of swept designs, simulated only where they can matter.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sweep leaves designs of a space that asks for accuracy pending. This goes through their classes
 * (explorer/accuracy.h), cheapest first, and simulates a class unless each of its designs is beaten
 * whatever its accuracy is: some design that costs no more has been simulated, holds all
 * constraints, and is as accurate as the bound allows, less the space's resolution [M:X9].
 *
 *     spn_lab_create(&lab, space, &options, err);            // saves into the store
 *     spn_lazy_run(store, lab, n_threads, &progress, &counts, err);
 *
 * Each accuracy is stored when it is known: stopped or killed, a rerun goes on from there. Results
 * do not depend on the number of threads.
 */
#ifndef SPN_EXPLORER_LAZY_H
#define SPN_EXPLORER_LAZY_H

#include "base/progress.h"
#include "explorer/accuracy.h"
#include "explorer/store.h"

struct spn_lazy_counts {
    int64_t n_classes;   /* that hold a design which is good as far as its cost goes */
    int64_t n_before;    /* of those: known from the store */
    int64_t n_simulated; /* now */
    int64_t n_spared;    /* need not be known */
    bool stopped;
};

/* The store must be open for the space of the lab. On failure what is stored stays. */
enum spn_status spn_lazy_run(const struct spn_space *space, struct spn_store *store,
                             struct spn_lab *lab, int n_threads,
                             const struct spn_progress *progress, struct spn_lazy_counts *counts,
                             struct spn_err *err);

/* For spn_lab_options.save with ctx = the store. */
enum spn_status spn_lazy_save(void *store, int64_t class_number, double accuracy,
                              struct spn_err *err);

#endif
