/* cim_adder.c -- multipliers and adders of a digital compute-in-memory array: one weight's column.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A product per row (AND gates for one-bit inputs [M:B6]), then a tree of ripple adders [M:B9] or,
 * as in [kim2021], a chain: every cell adds its product to the sum that comes from the cell before
 * it. How often the bits of a sum toggle follows from how many products are in it. Equations
 * B26-B28 of docs/MODELS.md. Deviation: glitches are not counted; the top bits of a sum that
 * spreads over few codes toggle less than its lowest bit, which is taken for all.
 */
#include "models/cim_adder.h"

#include "models/logic.h"

struct sums {
    double full_adders, active; /* all of them; weighted by toggling over that of random data */
    double latency_s;
};

/* [M:B27] The lowest bit of a sum of k products, each odd with probability p, differs from the sum
 * before with (1 - (1 - 2p)^2k)/2; over the 1/2 of random data 1 - squared^k. */
static struct sums tree(const struct spn_logic *logic, int n, int bits, double squared)
{
    struct sums s = {0};
    int levels = 0;
    for (; n > 1; n = (n + 1) / 2, bits++, levels++, squared *= squared) {
        const double adders = (double)(n / 2) * bits;
        s.full_adders += adders;
        s.active += adders * (1 - squared);
    }
    if (levels > 0)
        s.latency_s = spn_logic_adder(logic, bits - levels, 0).latency_s +
                      (levels - 1) * spn_logic_adder(logic, 2, 0).latency_s;
    return s;
}

/* [M:B28] Sum k has ceil(log2(k + 1)) bits more than a product; a carry starts as soon as the sum
 * before it has its lowest bits. */
static struct sums chain(const struct spn_logic *logic, int n, int bits, double squared)
{
    struct sums s = {0};
    double left = squared; /* (1 - 2p)^2k */
    for (int k = 1; k < n; k++, left *= squared) {
        const double adders = bits + spn_logic_log2_ceil(k + 1.0);
        s.full_adders += adders;
        s.active += adders * (1 - left);
    }
    if (n > 1)
        s.latency_s = spn_logic_adder(logic, bits + spn_logic_log2_ceil(n), 0).latency_s +
                      (n - 2) * logic->full_adder_sum_s;
    return s;
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_cim_adder *p = params;
    enum spn_status status = spn_logic_check(&spn_component_cim_adder, params, env, err);
    if (status)
        return status;
    const double vdd_V = env->node->vdd_V;
    if (!(p->swing_loss_V < vdd_V))
        return spn_err_set(err, SPN_EINPUT,
                           "cim-adder.swing_loss_V = %g is not below the supply of %g V",
                           p->swing_loss_V, vdd_V);
    struct spn_logic logic;
    if (p->compact)
        spn_logic_init_compact(&logic, env);
    else
        spn_logic_init(&logic, env);
    const double one = p->input_one * p->weight_one; /* of a product's bit */
    const double squared = (1 - 2 * one) * (1 - 2 * one);
    const double toggle = 2 * one * (1 - one);
    const struct spn_cost product =
        spn_logic_multiplier(&logic, p->input_bits, p->weight_bits, toggle);
    const int narrow = p->input_bits < 2 || p->weight_bits < 2;
    const int bits = p->input_bits + p->weight_bits - narrow; /* [M:B26] */
    const struct sums s = p->chain ? chain(&logic, p->n_inputs, bits, squared)
                                   : tree(&logic, p->n_inputs, bits, squared);
    struct spn_cost all = spn_logic_cells(&logic.full_adder, s.full_adders, 0, 0);
    all.energy_J = s.active * logic.full_adder.toggle_J;
    all = spn_cost_serial(all, spn_cost_scale(product, p->n_inputs));
    /* [M:B31] C V (V - loss): a node that rises by less still takes its charge from the supply */
    all.energy_J *= 1 - p->swing_loss_V / vdd_V;
    *out = spn_logic_component(all);
    out->area_m2 *= p->area_scale;
    out->action[SPN_CIM_ADDER_SUM] =
        (struct spn_cost){.energy_J = p->energy_scale * all.energy_J,
                          .latency_s = p->latency_scale * (product.latency_s + s.latency_s)};
    return SPN_OK;
}

#define C struct spn_cim_adder
static const struct spn_field fields[] = {
    SPN_F_INT(C, n_inputs, "", 1, 65536, "products added"),
    SPN_F_INT(C, input_bits, "bit", 1, 16, "bits of an input that arrive together"),
    SPN_F_INT(C, weight_bits, "bit", 1, 16, "bits of a weight"),
    SPN_F_INT(C, compact, "", 0, 1, "0: standard cells; 1: cells of least size"),
    SPN_F_INT(C, chain, "", 0, 1, "0: a tree of adders; 1: a chain from cell to cell"),
    SPN_F_DOUBLE(C, input_one, "", 0, 1, "probability of a 1 among the inputs' bits"),
    SPN_F_DOUBLE(C, weight_one, "", 0, 1, "probability of a 1 among the weights' bits"),
    SPN_F_DOUBLE(C, swing_loss_V, "V", 0, 5, "nodes rise to the supply less this"),
    SPN_F_DOUBLE(C, energy_scale, "", 1e-3, 1e3, "fit factor of the energy"),
    SPN_F_DOUBLE(C, area_scale, "", 1e-3, 1e3, "fit factor of the area"),
    SPN_F_DOUBLE(C, latency_scale, "", 1e-3, 1e3, "fit factor of the latency"),
    SPN_F_END};
#undef C

static const char *const actions[] = {"sum", NULL};

static void example(void *params)
{
    *(struct spn_cim_adder *)params = (struct spn_cim_adder){.n_inputs = 64,
                                                             .input_bits = 1,
                                                             .weight_bits = 8,
                                                             .input_one = 0.5,
                                                             .weight_one = 0.5,
                                                             .energy_scale = 1,
                                                             .area_scale = 1,
                                                             .latency_scale = 1};
}

const struct spn_component_type spn_component_cim_adder = {
    .name = "cim-adder",
    .role = "cim-adder",
    .doc = "products of a digital array's rows and their sum, by a tree or a chain of adders",
    .size = sizeof(struct spn_cim_adder),
    .fields = fields,
    .actions = actions,
    .model = "B1, B2, B4, B6, B26-B28, B30-B31",
    .example = example,
    .eval = eval,
};
