/* cost.h -- the cost tree: leaves are added, everything else is a sum over them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_COST_H
#define SPN_ESTIMATOR_COST_H

#include "base/err.h"
#include "estimator/estimate.h"

struct spn_cost_tree { /* leaves in storage of the caller's */
    struct spn_leaf *leaf;
    int n, capacity;
    bool overflow; /* a leaf did not fit; asked once, at the end */
};

/* Append a leaf; one that costs nothing and has no instances is left out. */
void spn_cost_tree_add(struct spn_cost_tree *tree, const struct spn_leaf *leaf);

/* SPN_EINTERNAL if a leaf did not fit or one is negative or not finite. */
enum spn_status spn_cost_tree_check(const struct spn_cost_tree *tree, struct spn_err *err);

#endif
