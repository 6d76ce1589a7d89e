/* cost.c -- the cost tree: leaves are added, everything else is a sum over them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Totals are never kept beside the leaves while these are made; they are summed from them at the
 * end, so that no cost can be counted in one and not the other.
 */
#include "estimator/cost.h"

#include <float.h>
#include <stddef.h>
#include <string.h>

const char *const spn_phase_names[] = {"forward", "error", "gradient", "update", "index", NULL};
const char *const spn_category_names[] = {"array",        "adc",     "accumulate", "buffer",
                                          "interconnect", "digital", "index",      "write",
                                          "dram",         "leakage", NULL};

struct spn_leaf *spn_cost_tree_next(struct spn_cost_tree *tree)
{
    if (tree->n < tree->capacity)
        return &tree->leaf[tree->n++];
    tree->overflow = true;
    return NULL;
}

void spn_cost_tree_add(struct spn_cost_tree *tree, const struct spn_leaf *leaf)
{
    const struct spn_cost *c = &leaf->cost;
    struct spn_leaf *slot;

    /* Written so that a NaN is kept, for the check to find. */
    if (c->energy_J == 0 && c->latency_s == 0 && c->area_m2 == 0 && c->leakage_W == 0)
        return;
    slot = spn_cost_tree_next(tree);
    if (slot)
        *slot = *leaf;
}

enum spn_status spn_cost_tree_sum(const struct spn_cost_tree *tree, struct spn_cost_sums *sums,
                                  struct spn_err *err)
{
    if (tree->overflow)
        return spn_err_set(err, SPN_EINTERNAL, "the cost tree has more than %d leaves",
                           tree->capacity);
    memset(sums, 0, sizeof *sums);
    for (int i = 0; i < tree->n; i++) {
        const struct spn_leaf *leaf = &tree->leaf[i];
        const struct spn_cost *c = &leaf->cost;
        struct spn_cost *sum = &sums->of[leaf->inference][leaf->phase][leaf->category];
        /* False for NaN, too; the slow check words the message. */
        bool good = c->energy_J >= 0 && c->energy_J <= DBL_MAX && c->latency_s >= 0 &&
                    c->latency_s <= DBL_MAX && c->area_m2 >= 0 && c->area_m2 <= DBL_MAX &&
                    c->leakage_W >= 0 && c->leakage_W <= DBL_MAX;
        if (!good)
            return spn_cost_check(c, leaf->component, err);
        sum->energy_J += c->energy_J;
        sum->latency_s += c->latency_s;
        sum->area_m2 += c->area_m2;
        sum->leakage_W += c->leakage_W;
    }
    return SPN_OK;
}

struct spn_cost spn_cost_sums_get(const struct spn_cost_sums *sums, int inference, int phase,
                                  int category)
{
    struct spn_cost sum = {0};

    for (int i = 0; i < 2; i++)
        for (int p = 0; p < SPN_N_PHASES; p++)
            for (int c = 0; c < SPN_N_CATEGORIES; c++)
                if ((inference < 0 || inference == i) && (phase < 0 || phase == p) &&
                    (category < 0 || category == c))
                    sum = spn_cost_serial(sum, sums->of[i][p][c]);
    return sum;
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
