/* cost.c -- the cost tree: leaves are added, everything else is a sum over them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Totals are never kept beside the leaves while these are made; they are summed from them at the
 * end, so that no cost can be counted in one and not the other.
 */
#include "estimator/cost.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(sizeof(struct spn_cost) == 4 * sizeof(uint64_t), "a cost is four doubles");

const char *const spn_phase_names[] = {"forward", "error", "gradient", "update", "index", NULL};
const char *const spn_category_names[] = {"array",        "adc",     "accumulate", "buffer",
                                          "interconnect", "digital", "index",      "write",
                                          "dram",         "leakage", NULL};

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

static bool is_finite(const struct spn_cost *c)
{
    return isfinite(c->energy_J) && isfinite(c->latency_s) && isfinite(c->area_m2) &&
           isfinite(c->leakage_W);
}

enum spn_status spn_cost_tree_sum(const struct spn_cost_tree *tree, struct spn_cost_sums *sums,
                                  struct spn_err *err)
{
    if (tree->overflow)
        return spn_err_set(err, SPN_EINTERNAL, "the cost tree has more than %d leaves",
                           tree->capacity);
    memset(sums, 0, sizeof *sums);
    uint64_t bits = 0;
    for (int i = 0; i < tree->n; i++) {
        const struct spn_leaf *leaf = &tree->leaf[i];
        struct spn_cost *sum = &sums->of[leaf->inference][leaf->phase][leaf->category];
        uint64_t part[4];
        memcpy(part, &leaf->cost, sizeof part);
        bits |= part[0] | part[1] | part[2] | part[3];
        sum->energy_J += leaf->cost.energy_J;
        sum->latency_s += leaf->cost.latency_s;
        sum->area_m2 += leaf->cost.area_m2;
        sum->leakage_W += leaf->cost.leakage_W;
    }
    /* What is not finite shows in the sum, what is negative in its sign; the slow check finds it
     * and words the message. */
    const struct spn_cost all = spn_cost_sums_get(sums, -1, -1, -1);
    if (is_finite(&all) && !(bits >> 63))
        return SPN_OK;
    for (int i = 0; i < tree->n; i++) {
        enum spn_status status = spn_cost_check(&tree->leaf[i].cost, tree->leaf[i].component, err);
        if (status)
            return status;
    }
    return SPN_OK;
}

struct spn_cost spn_cost_sums_get(const struct spn_cost_sums *sums, int inference, int phase,
                                  int category)
{
    const int first_phase = phase < 0 ? 0 : phase, first_category = category < 0 ? 0 : category;
    const int last_phase = phase < 0 ? SPN_N_PHASES - 1 : phase;
    const int last_category = category < 0 ? SPN_N_CATEGORIES - 1 : category;
    struct spn_cost sum = {0};

    for (int i = inference < 0 ? 0 : inference; i <= (inference < 0 ? 1 : inference); i++)
        for (int p = first_phase; p <= last_phase; p++)
            for (int c = first_category; c <= last_category; c++) {
                const struct spn_cost *one = &sums->of[i][p][c];
                sum.energy_J += one->energy_J;
                sum.latency_s += one->latency_s;
                sum.area_m2 += one->area_m2;
                sum.leakage_W += one->leakage_W;
            }
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
