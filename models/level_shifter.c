/* level_shifter.c -- from logic levels to write voltages.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Per line: two cross-coupled PMOS over two NMOS driven at logic levels, and an output inverter.
 * Thick-oxide transistors follow constant-field scaling [dennard1974]: at k times the voltage, k
 * times the oxide and the gate length; current and capacitance per width stay. Contention while the
 * pair flips is not counted. Equations A17-A18 of docs/MODELS.md.
 */
#include "models/level_shifter.h"

#include <math.h>

#include "models/gate.h"

#define RISE_10_90 2.2 /* of R C */
#define PRE_STAGE                                                                                  \
    4.0 /* output inverter to cross-coupled pair: the usual fan-out [sutherland1999] */

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_level_shifter *s = params;
    const enum spn_status status = spn_component_check(&spn_component_level_shifter, params, err);
    if (status)
        return status;
    *out = (struct spn_component_cost){0};
    const double vdd_V = env->node->vdd_V;
    if (s->high_V <= vdd_V)
        return SPN_OK;
    const double k = s->high_V / vdd_V; /* of voltage, oxide and gate length */
    /* [M:A17] output inverter: R = high_V/(Ion W) <= rise/(2.2 C) */
    const double unit_ohm = spn_gate_on_ohm(env, SPN_CHANNEL_N, spn_gate_min_width_m(env)) * k;
    const double times = fmax(1, RISE_10_90 * unit_ohm * s->line_F / s->rise_s);
    const double wn_m = times * spn_gate_min_width_m(env), wp_m = wn_m * env->node->pn_ratio;
    const struct spn_gate output = spn_gate_inverter(env, wn_m, wp_m);
    /* the pair's NMOS see logic levels only, so they are k times wider than their PMOS' equals */
    const double pair_n_m = fmax(wn_m / PRE_STAGE, spn_gate_min_width_m(env)) * k;
    const double pair_p_m = fmax(wp_m / PRE_STAGE, spn_gate_min_pmos_m(env));
    const struct spn_gate half = spn_gate_inverter(env, pair_n_m, pair_p_m);
    const struct spn_gate logic = spn_gate_min_inverter(env); /* makes the complement */
    *out = (struct spn_component_cost){
        .area_m2 = s->n_lines * (k * (output.area_m2 + 2 * half.area_m2) + logic.area_m2),
        .leakage_W = s->n_lines * (k * (output.leakage_W + half.leakage_W) + logic.leakage_W)};
    /* [M:A18] at high_V: both halves' drains and PMOS gates, the inverter; at vdd_V: the NMOS gates
     */
    const double high_F =
        2 * half.output_F + 2 * spn_gate_input_F(env, pair_p_m) + output.input_F + output.output_F;
    const double low_F = 2 * spn_gate_input_F(env, pair_n_m) + logic.input_F + logic.output_F;
    out->action[SPN_LEVEL_SHIFTER_SHIFT] = (struct spn_cost){
        .energy_J = spn_gate_cycle_J(high_F, s->high_V) + spn_gate_cycle_J(low_F, vdd_V),
        .latency_s = RISE_10_90 * unit_ohm / times * (s->line_F + output.output_F)};
    return SPN_OK;
}

#define L struct spn_level_shifter
static const struct spn_field fields[] = {
    SPN_F_INT(L, n_lines, "", 1, 1 << 20, "lines, each with a shifter"),
    SPN_F_DOUBLE(L, high_V, "V", 0, 50, "output level; at most the supply: nothing is needed"),
    SPN_F_DOUBLE(L, line_F, "F", 0, 1e-9, "capacitance of a line with its cells"),
    SPN_F_DOUBLE(L, rise_s, "s", 1e-13, 1, "in which a line must rise"), SPN_F_END};
#undef L

static const char *const actions[] = {"shift", NULL};

static void example(void *params)
{
    *(struct spn_level_shifter *)params =
        (struct spn_level_shifter){.n_lines = 64, .high_V = 4, .line_F = 10e-15, .rise_s = 5e-9};
}

const struct spn_component_type spn_component_level_shifter = {
    .name = "level-shifter",
    .role = "driver",
    .doc = "raises a line from logic levels to the write voltage",
    .size = sizeof(struct spn_level_shifter),
    .fields = fields,
    .actions = actions,
    .model = "A17-A18",
    .example = example,
    .eval = eval};
