/* bayes_state.h -- what a Bayesian search holds. Private to the explorer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_EXPLORER_BAYES_STATE_H
#define SPN_EXPLORER_BAYES_STATE_H

#include "base/rng.h"
#include "explorer/gp.h"
#include "explorer/optimize.h"

enum { SPN_BAYES_NODES = 32 /* samples of an expectation */ };

struct spn_trial { /* an evaluated design */
    double x[SPN_GP_MAX_INPUTS];
    double value[SPN_FRONT_MAX_OBJECTIVES]; /* as the front takes them; NaN if it is no good */
    bool good;
};

struct spn_candidate {
    int64_t number;
    double x[SPN_GP_MAX_INPUTS];
    double mean[SPN_FRONT_MAX_OBJECTIVES], sd[SPN_FRONT_MAX_OBJECTIVES]; /* transformed */
    double p_good, score, doubt;
};

struct spn_bayes_scratch { /* of one thread */
    double *row;
    struct spn_gain *gain;
};

struct spn_bayes {
    const struct spn_space *space;
    const struct spn_optimize_options *options;
    struct spn_front *front;
    struct spn_optimize_counts counts;
    int n_threads, n_axes, n_inputs, n_objectives;
    bool priced;                  /* only objectives that need the accuracy are expensive */
    int input[SPN_GP_MAX_INPUTS]; /* axes */
    bool modelled[SPN_FRONT_MAX_OBJECTIVES], logged[SPN_FRONT_MAX_OBJECTIVES];
    struct spn_evaluator *pricer,
        *evaluator; /* without a lab: leaves accuracies pending; simulates */
    struct spn_gp *gp[SPN_FRONT_MAX_OBJECTIVES], *goodness;
    struct spn_trial *trial;
    int n_trials, n_good;
    struct spn_number_set seen, tried, pool; /* points that need no look; classes; candidates */
    struct spn_rng rng;
    double *x, *y; /* [n][n_inputs], [n]: what a process is fitted to */
    double *node;  /* [N_NODES][n_objectives], standard normal */
    struct spn_candidate *candidate;
    int n_candidates;
    struct spn_bayes_scratch *scratch; /* [n_threads] */
    struct spn_front_item *item;
    double reference[SPN_FRONT_MAX_OBJECTIVES];
};

/* bayes_model.c */
double spn_bayes_transform(const struct spn_bayes *b, int objective, double value);
/* Fit all processes to the trials. */
enum spn_status spn_bayes_fit(struct spn_bayes *b, struct spn_err *err);
/* Sort the candidates, the most promising first. There must be a good trial. */
enum spn_status spn_bayes_rank(struct spn_bayes *b, struct spn_err *err);

#endif
