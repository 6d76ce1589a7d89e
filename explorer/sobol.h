/* sobol.h -- which input explains how much of a result's variance; and how a result scatters.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * First-order index S_i: share of the variance that input i explains alone; total index T_i: share
 * that is gone when all inputs but i are known. Inputs are independent and given as quantiles in
 * (0, 1), taken from a Sobol sequence. [M:X3, M:X4]
 */
#ifndef SPN_EXPLORER_SOBOL_H
#define SPN_EXPLORER_SOBOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/progress.h"

enum { SPN_SOBOL_MAX_INPUTS = 20 }; /* half of the dimensions of GSL's Sobol sequence */

struct spn_model {
    int n_inputs, n_results;
    /* y[n_results] at quantiles u[n_inputs]; *good false: no such design. Called from several
     * threads, each with its number. */
    enum spn_status (*eval)(void *ctx, int thread, const double *u, double *y, bool *good,
                            struct spn_err *err);
    void *ctx;
};

struct spn_share {
    double value, low, high; /* with its 95 % interval, by bootstrap */
};
struct spn_sobol_index {
    struct spn_share first, total;
};

struct spn_sampling {
    int n_samples, n_threads;
    uint64_t seed; /* of the bootstrap */
    const struct spn_progress *progress;
};

struct spn_sobol_summary {
    int64_t n_evaluated;
    double good_frac; /* of the samples; a sample counts if all its evaluations are good */
};

/* index[result * n_inputs + input]. A result that does not vary has shares of 0. SPN_EINFEASIBLE if
 * fewer than 16 samples are good; SPN_EUSAGE if stopped. */
enum spn_status spn_sobol_indices(const struct spn_model *model,
                                  const struct spn_sampling *sampling,
                                  struct spn_sobol_index *index, struct spn_sobol_summary *summary,
                                  struct spn_err *err);

/* How results scatter. */
struct spn_spread {
    double mean, sd, low, median, high; /* low, high: 2.5 % and 97.5 % */
};
enum spn_status spn_spread(const struct spn_model *model, const struct spn_sampling *sampling,
                           struct spn_spread *spread, struct spn_sobol_summary *summary,
                           struct spn_err *err);

#endif
