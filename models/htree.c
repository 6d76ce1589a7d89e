/* htree.c -- repeated wires from one root to a grid of leaves: an H-tree, or an X-Y bus.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The trunk runs from the middle of an edge to the centre; then branches alternate across and
 * along, each half as long as the one before in its direction, until every leaf has one [M:B15].
 * X-Y bus: from a corner up a spine and along the row's bus [M:B29].
 * Branches off the path are gated. Wires run above the leaves: only repeaters take area. Energy 1/2
 * C V^2 per toggle, delay and leakage of optimally repeated wires [bakoglu1990; M:G12].
 */
#include "models/htree.h"

#include <math.h>

#include "models/logic.h"
#include "models/wire.h"

static const struct spn_field fields[] = {
    SPN_F_INT(struct spn_htree, rows, "", 1, 4096, "leaves along"),
    SPN_F_INT(struct spn_htree, columns, "", 1, 4096, "leaves across"),
    SPN_F_DOUBLE(struct spn_htree, leaf_height_m, "m", 1e-7, 0.1, "pitch of leaves along"),
    SPN_F_DOUBLE(struct spn_htree, leaf_width_m, "m", 1e-7, 0.1, "pitch of leaves across"),
    SPN_F_INT(struct spn_htree, bus_bit, "bit", 1, 65536, "wires side by side"),
    SPN_F_INT(struct spn_htree, straight, "", 0, 1, "0: H-tree; 1: X-Y bus"),
    SPN_F_DOUBLE(struct spn_htree, toggle_frac, "", 0, 1, "a wire's changes per bit sent"),
    SPN_F_END};
static const char *const actions[] = {"unicast", "broadcast", NULL};

static void example(void *params)
{
    *(struct spn_htree *)params = (struct spn_htree){.rows = 4,
                                                     .columns = 4,
                                                     .leaf_height_m = 500e-6,
                                                     .leaf_width_m = 500e-6,
                                                     .bus_bit = 256,
                                                     .toggle_frac = 0.5};
}

/* 2^-n, exact; a tree has at most 2 x 12 levels. */
static double halved(int n)
{
    return 1.0 / (double)(1 << n);
}

double spn_htree_path_m(const struct spn_htree *tree)
{
    double height_m = tree->rows * tree->leaf_height_m;
    double width_m = tree->columns * tree->leaf_width_m;
    if (tree->straight) /* [M:B29] to the middle of the grid, on average */
        return (height_m + width_m) / 2;
    int along = (int)spn_logic_log2_ceil(tree->rows);
    int across = (int)spn_logic_log2_ceil(tree->columns);
    return height_m / 2 + height_m / 2 * (1 - halved(along)) + width_m / 2 * (1 - halved(across));
}

double spn_htree_total_m(const struct spn_htree *tree)
{
    double height_m = tree->rows * tree->leaf_height_m;
    double width_m = tree->columns * tree->leaf_width_m;
    if (tree->straight)
        return height_m + tree->rows * width_m;
    int along = (int)spn_logic_log2_ceil(tree->rows);
    int across = (int)spn_logic_log2_ceil(tree->columns);
    double slots = 1 / halved(along + across);
    double filled_frac = (double)tree->rows * tree->columns / slots;
    double total_m = 0, nodes = 1;
    for (int i = 1; i <= along || i <= across; i++) {
        if (i <= across) {
            total_m += nodes * (width_m * halved(i));
            nodes *= 2;
        }
        if (i <= along) {
            total_m += nodes * (height_m * halved(i));
            nodes *= 2;
        }
    }
    return height_m / 2 + filled_frac * total_m;
}

static enum spn_status eval(const struct spn_component_type *type, const struct spn_htree *p,
                            const struct spn_env *env, struct spn_component_cost *out,
                            struct spn_err *err)
{
    enum spn_status status = spn_logic_check(type, p, env, err);
    if (status)
        return status;
    struct spn_logic logic = {.env = env};
    double path_m = spn_htree_path_m(p), total_m = spn_htree_total_m(p);
    /* The longest unbranched run is the trunk, or half the first bar; or a row's bus. */
    double run_m = fmax(p->rows * p->leaf_height_m / 2, p->columns * p->leaf_width_m / 4);
    if (p->straight)
        run_m = fmax(p->rows * p->leaf_height_m, p->columns * p->leaf_width_m);
    struct spn_repeated_wire wire =
        spn_wire_repeated(env, spn_wire_multiple(env, run_m), SPN_HTREE_TOLERANCE_FRAC);
    double latency_s = spn_logic_clocked_s(&logic, path_m * wire.delay_s_per_m, 1);
    double toggle_J_per_m = p->toggle_frac * wire.energy_J_per_m;
    *out = (struct spn_component_cost){.area_m2 = p->bus_bit * total_m * wire.area_m2_per_m,
                                       .leakage_W = p->bus_bit * total_m * wire.leakage_W_per_m};
    out->action[SPN_HTREE_UNICAST] =
        (struct spn_cost){.energy_J = path_m * toggle_J_per_m, .latency_s = latency_s};
    out->action[SPN_HTREE_BROADCAST] =
        (struct spn_cost){.energy_J = total_m * toggle_J_per_m, .latency_s = latency_s};
    return SPN_OK;
}

static enum spn_status eval_htree(const void *params, const struct spn_env *env,
                                  struct spn_component_cost *out, struct spn_err *err)
{
    return eval(&spn_component_htree, params, env, out, err);
}

static enum spn_status eval_xy_bus(const void *params, const struct spn_env *env,
                                   struct spn_component_cost *out, struct spn_err *err)
{
    return eval(&spn_component_xy_bus, params, env, out, err);
}

static void example_xy_bus(void *params)
{
    example(params);
    ((struct spn_htree *)params)->straight = 1;
}

const struct spn_component_type spn_component_xy_bus = {
    .name = "xy-bus",
    .role = "interconnect",
    .doc = "spine and one bus per row, of repeated wires",
    .size = sizeof(struct spn_htree),
    .fields = fields,
    .actions = actions,
    .model = "B29, G12",
    .example = example_xy_bus,
    .eval = eval_xy_bus,
};

const struct spn_component_type spn_component_htree = {
    .name = "htree",
    .role = "interconnect",
    .doc = "H-tree of repeated wires",
    .size = sizeof(struct spn_htree),
    .fields = fields,
    .actions = actions,
    .model = "B15, G12",
    .example = example,
    .eval = eval_htree,
};
