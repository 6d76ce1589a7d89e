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

/* Append a leaf; one that costs nothing is left out. */
void spn_cost_tree_add(struct spn_cost_tree *tree, const struct spn_leaf *leaf);
/* Room for the next leaf, which the caller fills; NULL (and overflow) if there is none. */
static inline struct spn_leaf *spn_cost_tree_next(struct spn_cost_tree *tree)
{
    if (tree->n < tree->capacity)
        return &tree->leaf[tree->n++];
    tree->overflow = true;
    return NULL;
}

/* Sums of all leaves by phase and category, of those that are part of an inference (1) and those
 * that are not (0). */
struct spn_cost_sums {
    struct spn_cost of[2][SPN_N_PHASES][SPN_N_CATEGORIES];
};
/* SPN_EINTERNAL if a leaf did not fit or one is negative or not finite. */
enum spn_status spn_cost_tree_sum(const struct spn_cost_tree *tree, struct spn_cost_sums *sums,
                                  struct spn_err *err);
/* Over phases and categories; -1 = all. */
struct spn_cost spn_cost_sums_get(const struct spn_cost_sums *sums, int inference, int phase,
                                  int category);

#endif
