/* cost.c -- the cost tree: leaves are added, everything else is a sum over them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Totals are never kept beside the leaves while these are made; they are summed from them at the end, so that no cost can be
 * counted in one and not the other.
 */
#include "estimator/cost.h"

#include <stddef.h>

const char *const spn_phase_names[] = {"forward", "error", "gradient", "update", "index", NULL};
const char *const spn_category_names[] = {"array",        "adc",     "accumulate", "buffer", "interconnect",
                                          "digital",      "index",   "write",      "dram",   "leakage",
                                          NULL};

void spn_cost_tree_add(struct spn_cost_tree *tree, const struct spn_leaf *leaf)
{
    const struct spn_cost *c = &leaf->cost;

    /* Written so that a NaN is kept, for the check to find. */
    if (c->energy_J == 0 && c->latency_s == 0 && c->area_m2 == 0 && c->leakage_W == 0)
        return;
    if (tree->n == tree->capacity) {
        tree->overflow = true;
        return;
    }
    tree->leaf[tree->n++] = *leaf;
}

enum spn_status spn_cost_tree_check(const struct spn_cost_tree *tree, struct spn_err *err)
{
    enum spn_status status = SPN_OK;

    if (tree->overflow)
        return spn_err_set(err, SPN_EINTERNAL, "the cost tree has more than %d leaves", tree->capacity);
    for (int i = 0; i < tree->n && !status; i++)
        status = spn_cost_check(&tree->leaf[i].cost, tree->leaf[i].component, err);
    return status;
}

static bool matches(const struct spn_leaf *leaf, const struct spn_leaf_filter *filter)
{
    return (filter->layer == -2 || filter->layer == leaf->layer) &&
           (filter->phase == -1 || filter->phase == (int)leaf->phase) &&
           (filter->category == -1 || filter->category == (int)leaf->category) &&
           (filter->inference == -1 || filter->inference == (int)leaf->inference);
}

struct spn_cost spn_result_sum(const struct spn_result *result, struct spn_leaf_filter filter)
{
    struct spn_cost sum = {0};

    for (int i = 0; i < result->n_leaves; i++)
        if (matches(&result->leaf[i], &filter))
            sum = spn_cost_serial(sum, result->leaf[i].cost);
    return sum;
}
