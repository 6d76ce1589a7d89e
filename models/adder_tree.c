/* adder_tree.c -- sum of several numbers by a binary tree of ripple adders.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Level k adds pairs of (b + k)-bit numbers; an odd number out passes to the next level, so n
 * inputs always take n - 1 adders. A level's carries start as soon as the level before has its low
 * bits, so each level after the first adds the delay of two bits. [weste2011, ch. 11; M:B9]
 */
#include "models/adder_tree.h"

#include "models/logic.h"

static const struct spn_field fields[] = {
    SPN_F_INT(struct spn_adder_tree, n_inputs, "", 1, 65536, "numbers added"),
    SPN_F_INT(struct spn_adder_tree, input_bits, "bit", 1, 64, "bits of each"),
    SPN_F_DOUBLE(struct spn_adder_tree, toggle_frac, "", 0, 1, "data lines that change per sum"),
    SPN_F_END};
static const char *const actions[] = {"sum", NULL};

static void example(void *params)
{
    *(struct spn_adder_tree *)params =
        (struct spn_adder_tree){.n_inputs = 16, .input_bits = 12, .toggle_frac = 0.5};
}

int spn_adder_tree_result_bits(const struct spn_adder_tree *tree)
{
    return tree->input_bits + (int)spn_logic_log2_ceil(tree->n_inputs);
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_adder_tree *p = params;
    enum spn_status status = spn_logic_check(&spn_component_adder_tree, params, env, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    double full_adders = 0;
    int n = p->n_inputs, bits = p->input_bits, levels = 0;
    for (; n > 1; n = (n + 1) / 2, bits++, levels++)
        full_adders += (double)(n / 2) * bits;
    struct spn_cost sum = {0};
    if (levels) {
        double activity = p->toggle_frac / SPN_TOGGLE_RANDOM_FRAC;
        sum = spn_logic_cells(&logic.full_adder, full_adders, 0, activity);
        double first_s = spn_logic_adder(&logic, p->input_bits, 0).latency_s;
        double next_s = spn_logic_adder(&logic, 2, 0).latency_s;
        sum.latency_s = first_s + (levels - 1) * next_s;
    }
    *out = spn_logic_component(sum);
    out->action[SPN_ADDER_TREE_SUM] = spn_logic_action(&logic, sum, levels ? 1 : 0);
    return SPN_OK;
}

const struct spn_component_type spn_component_adder_tree = {
    .name = "adder-tree",
    .role = "accumulate",
    .doc = "adds n numbers at once",
    .size = sizeof(struct spn_adder_tree),
    .fields = fields,
    .actions = actions,
    .model = "B1, B2, B4, B9",
    .example = example,
    .eval = eval,
};
