/* sensitivity.h -- which input of a design matters: one at a time, by shares of variance, and what
 * uncertain inputs leave open.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inputs are the axes of a space with more than one value, and its uncertain inputs.
 */
#ifndef SPN_EXPLORER_SENSITIVITY_H
#define SPN_EXPLORER_SENSITIVITY_H

#include "explorer/evaluate.h"
#include "explorer/sobol.h"

struct spn_sensitivity_inputs {
    int n, n_axes;                  /* axes come first */
    int axis[SPN_SOBOL_MAX_INPUTS]; /* of those, its number */
    int uncertain[SPN_SOBOL_MAX_INPUTS];
};
/* axes, uncertain: which to take. SPN_EUSAGE if nothing varies, or more than SPN_SOBOL_MAX_INPUTS
 * do. */
enum spn_status spn_sensitivity_inputs(const struct spn_space *space, bool axes, bool uncertain,
                                       struct spn_sensitivity_inputs *inputs, struct spn_err *err);
const char *spn_sensitivity_name(const struct spn_space *space,
                                 const struct spn_sensitivity_inputs *inputs, int i);

/* The point in the middle of every axis. */
int64_t spn_sensitivity_middle(const struct spn_space *space);

/* One input from its first to its last value, the others as in the base point; uncertain inputs
 * from their 2.5 % to their 97.5 % quantile. */
struct spn_swing {
    double first, last, low,
        high; /* of the result: at both ends, and over all values; NaN where it cannot be built */
    char first_label[64], last_label[64];
};
/* base[n_results], swing[result * inputs->n + input]. results: columns of the space.
 * SPN_EINFEASIBLE with the reason if the base cannot be built. */
enum spn_status spn_sensitivity_swings(const struct spn_space *space, int64_t base_point,
                                       const struct spn_sensitivity_inputs *inputs,
                                       const int *results, int n_results, double *base,
                                       struct spn_swing *swing, struct spn_err *err);

/* A model for spn_sobol_indices and spn_spread: axes take each value equally often; what is not
 * among the inputs stays as in the base point. */
struct spn_sensitivity_model {
    struct spn_model model;
    const struct spn_space *space;
    struct spn_sensitivity_inputs inputs;
    const int *results;
    int base[SPN_SPACE_MAX_AXES];
    int n_threads;
    struct spn_evaluator **evaluator; /* [n_threads] */
};
enum spn_status spn_sensitivity_model_init(struct spn_sensitivity_model *model,
                                           const struct spn_space *space, int64_t base_point,
                                           const struct spn_sensitivity_inputs *inputs,
                                           const int *results, int n_results, int n_threads,
                                           struct spn_err *err);
void spn_sensitivity_model_clear(struct spn_sensitivity_model *model);

#endif
