/* evaluate.h -- one design point: its inputs set, its cost estimated, its constraints checked.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_EXPLORER_EVALUATE_H
#define SPN_EXPLORER_EVALUATE_H

#include "estimator/estimate.h"
#include "explorer/accuracy.h"
#include "explorer/space.h"

enum spn_point_state {
    SPN_POINT_GOOD,
    SPN_POINT_EXCLUDED,   /* a constraint does not hold; values are there */
    SPN_POINT_INFEASIBLE, /* cannot be built, values are NaN */
    SPN_POINT_PENDING /* its accuracy has not been simulated: that, and what is derived from it, is
                         NaN */
};

#define SPN_POINT_PENDING_REASON "accuracy not simulated"

struct spn_point {
    int64_t number;
    enum spn_point_state state;
    double value[SPN_SPACE_MAX_COLUMNS]; /* by spn_space_column */
    char reason[160];                    /* "" if good */
};

struct spn_evaluator; /* one per thread */

enum spn_status spn_evaluator_create(struct spn_evaluator **evaluator,
                                     const struct spn_space *space, struct spn_err *err);
void spn_evaluator_destroy(struct spn_evaluator *evaluator);

/* Take accuracies from this lab, and simulate what it does not know or leave such points pending.
 * Without a lab all are pending. The lab must outlive the evaluator. */
void spn_evaluator_use(struct spn_evaluator *evaluator, struct spn_lab *lab, bool simulate);

/* A design that cannot be built is an answer, not a failure: SPN_OK, with state and reason.
 * Allocates only when a network is met for the first time. SPN_EINTERNAL if memory runs out or a
 * result is not a number. */
enum spn_status spn_evaluate(struct spn_evaluator *evaluator, int64_t number,
                             struct spn_point *point, struct spn_err *err);

/* The point with these digits, and with its uncertain inputs at quantiles u[] in (0, 1) (NULL: none
 * scatters). */
enum spn_status spn_evaluate_at(struct spn_evaluator *evaluator,
                                const int digit[SPN_SPACE_MAX_AXES], const double *u,
                                struct spn_point *point, struct spn_err *err);

/* The chip, and network (its number in the space, and itself) of the point evaluated last. */
int spn_evaluator_plan(const struct spn_evaluator *evaluator);
const struct spn_chip *spn_evaluator_chip(const struct spn_evaluator *evaluator);
const struct spn_network *spn_evaluator_network(const struct spn_evaluator *evaluator);

#endif
