/* driver.c -- word-line and bit-line drivers, and the switch matrix.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A driver is a chain of inverters whose last stage holds the line against its direct current. The
 * switch matrix passes a voltage through transmission gates that a flip-flop per line selects
 * [neurosim14]. Equations A10-A12 of docs/MODELS.md.
 */
#include "models/driver.h"

#include <math.h>

#include "models/gate.h"
#include "models/wire.h"

/* A flip-flop as gates of minimum size [neurosim14]: area of 12 inverters, leakage of 8; every
 * clock charges 4 inverters and the gates of 4 transmission gates; a new value moves 4 inverters
 * more. */
#define FLIP_FLOP_AREA_INVERTERS 12
#define FLIP_FLOP_LEAK_INVERTERS 8
#define FLIP_FLOP_CLOCK_NODES 4
#define FLIP_FLOP_DATA_NODES 4

/* Resistance that drops drop_frac of voltage_V at current_A. */
static double allowed_ohm(double voltage_V, double drop_frac, double current_A)
{
    return current_A > 0 ? drop_frac * voltage_V / current_A : INFINITY;
}

/* [M:A10] */
static enum spn_status eval_driver(const struct spn_component_type *type, const void *params,
                                   const struct spn_env *env, struct spn_component_cost *out,
                                   struct spn_err *err)
{
    const struct spn_driver *d = params;
    const enum spn_status status = spn_component_check(type, params, err);
    if (status)
        return status;
    const double vdd_V = env->node->vdd_V;
    const struct spn_chain chain = spn_gate_chain_strong(
        env, spn_gate_min_width_m(env), d->line_F, allowed_ohm(vdd_V, d->drop_frac, d->current_A));
    const struct spn_wire line = {0, d->line_ohm, d->line_F};
    *out = (struct spn_component_cost){.area_m2 = d->n_lines * chain.area_m2,
                                       .leakage_W = d->n_lines * chain.leakage_W};
    out->action[SPN_DRIVER_DRIVE] =
        (struct spn_cost){.energy_J = spn_gate_cycle_J(chain.internal_F + chain.input_F, vdd_V),
                          .latency_s = chain.delay_s + spn_wire_delay_s(0, line, 0)};
    return SPN_OK;
}

static enum spn_status eval_wordline(const void *params, const struct spn_env *env,
                                     struct spn_component_cost *out, struct spn_err *err)
{
    return eval_driver(&spn_component_driver_wordline, params, env, out, err);
}

static enum spn_status eval_bitline(const void *params, const struct spn_env *env,
                                    struct spn_component_cost *out, struct spn_err *err)
{
    return eval_driver(&spn_component_driver_bitline, params, env, out, err);
}

/* Transmission gate of at most max_ohm, PMOS and NMOS of equal drive, at least of minimum width. */
static struct spn_gate sized_switch(const struct spn_env *env, double max_ohm)
{
    const double wn_m = spn_gate_min_width_m(env), wp_m = spn_gate_min_pmos_m(env);
    const double unit_S = 1 / spn_gate_pass_ohm(env, SPN_CHANNEL_N, wn_m) +
                          1 / spn_gate_pass_ohm(env, SPN_CHANNEL_P, wp_m);
    const double times = fmax(1, 1 / (unit_S * max_ohm));
    return spn_gate_transmission(env, times * wn_m, times * wp_m);
}

/* [M:A11-A12] */
static enum spn_status eval_switch_matrix(const void *params, const struct spn_env *env,
                                          struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_switch_matrix *m = params;
    const enum spn_status status = spn_component_check(&spn_component_switch_matrix, params, err);
    if (status)
        return status;
    const double vdd_V = env->node->vdd_V;
    if (m->voltage_V > vdd_V)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "switch-matrix.voltage_V = %g V is above the supply, %g V of node %s",
                           m->voltage_V, vdd_V, env->node->name);
    const struct spn_gate inverter = spn_gate_min_inverter(env);
    const struct spn_gate pass =
        sized_switch(env, allowed_ohm(m->voltage_V, m->drop_frac, m->current_A));
    const double node_F = inverter.input_F + inverter.output_F;
    const struct spn_chain select =
        spn_gate_chain(env, spn_gate_min_width_m(env), 2 * pass.input_F);
    const double clock_F = FLIP_FLOP_CLOCK_NODES * (node_F + inverter.input_F);
    const double data_F =
        FLIP_FLOP_DATA_NODES * node_F + select.internal_F + select.input_F + 2 * pass.input_F;
    const struct spn_wire line = {0, m->line_ohm, m->line_F};
    *out = (struct spn_component_cost){
        .area_m2 = m->n_lines * (FLIP_FLOP_AREA_INVERTERS * inverter.area_m2 + select.area_m2 +
                                 2 * pass.area_m2),
        .leakage_W =
            m->n_lines * (FLIP_FLOP_LEAK_INVERTERS * inverter.leakage_W + select.leakage_W)};
    /* the clock rises and falls once; a changed bit moves its nodes one way only, hence half a
     * cycle */
    const double toggled_J = m->toggle_frac * spn_gate_cycle_J(data_F, vdd_V) / 2;
    out->toggled_J[SPN_SWITCH_MATRIX_SWITCH] = toggled_J;
    out->action[SPN_SWITCH_MATRIX_SWITCH] = (struct spn_cost){
        .energy_J = spn_gate_cycle_J(clock_F, vdd_V) + toggled_J,
        .latency_s = select.delay_s + spn_wire_delay_s(pass.pull_up_ohm, line, 2 * pass.output_F)};
    return SPN_OK;
}

#define D struct spn_driver
static const struct spn_field driver_fields[] = {
    SPN_F_INT(D, n_lines, "", 1, 1 << 20, "lines, each with a driver"),
    SPN_F_DOUBLE(D, line_F, "F", 0, 1e-9, "capacitance of a line with its cells"),
    SPN_F_DOUBLE(D, line_ohm, "ohm", 0, 1e9, "resistance of a line"),
    SPN_F_DOUBLE(D, current_A, "A", 0, 1, "largest direct current of a line"),
    SPN_F_DOUBLE(D, drop_frac, "", 1e-4, 1, "of the supply, that the driver may drop at it"),
    SPN_F_END};
#undef D

#define M struct spn_switch_matrix
static const struct spn_field switch_matrix_fields[] = {
    SPN_F_INT(M, n_lines, "", 1, 1 << 20, "lines, each with a flip-flop and two switches"),
    SPN_F_DOUBLE(M, line_F, "F", 0, 1e-9, "capacitance of a line with its cells"),
    SPN_F_DOUBLE(M, line_ohm, "ohm", 0, 1e9, "resistance of a line"),
    SPN_F_DOUBLE(M, current_A, "A", 0, 1, "largest direct current of a line"),
    SPN_F_DOUBLE(M, voltage_V, "V", 1e-3, 20, "that is passed on; at most the supply"),
    SPN_F_DOUBLE(M, drop_frac, "", 1e-4, 1, "of that voltage, that the switch may drop"),
    SPN_F_DOUBLE(M, toggle_frac, "", 0, 1, "how often a line's bit differs from the last one"),
    SPN_F_END};
#undef M

static const char *const driver_actions[] = {"drive", NULL};
static const char *const switch_matrix_actions[] = {"switch", NULL};

static void example_driver(void *params)
{
    *(struct spn_driver *)params = (struct spn_driver){
        .n_lines = 64, .line_F = 10e-15, .line_ohm = 100, .current_A = 20e-6, .drop_frac = 0.05};
}

static void example_switch_matrix(void *params)
{
    *(struct spn_switch_matrix *)params = (struct spn_switch_matrix){.n_lines = 64,
                                                                     .line_F = 10e-15,
                                                                     .line_ohm = 100,
                                                                     .current_A = 20e-6,
                                                                     .voltage_V = 0.5,
                                                                     .drop_frac = 0.05,
                                                                     .toggle_frac = 0.5};
}

const struct spn_component_type spn_component_driver_wordline = {
    .name = "driver-wordline",
    .role = "driver",
    .doc = "inverter chains that drive word lines between ground and supply",
    .size = sizeof(struct spn_driver),
    .fields = driver_fields,
    .actions = driver_actions,
    .model = "A10",
    .example = example_driver,
    .eval = eval_wordline};

const struct spn_component_type spn_component_driver_bitline = {
    .name = "driver-bitline",
    .role = "driver",
    .doc = "inverter chains that drive bit lines between ground and supply",
    .size = sizeof(struct spn_driver),
    .fields = driver_fields,
    .actions = driver_actions,
    .model = "A10",
    .example = example_driver,
    .eval = eval_bitline};

const struct spn_component_type spn_component_switch_matrix = {
    .name = "switch-matrix",
    .role = "driver",
    .doc = "flip-flop and transmission gates per line: passes the read voltage or ground",
    .size = sizeof(struct spn_switch_matrix),
    .fields = switch_matrix_fields,
    .actions = switch_matrix_actions,
    .model = "A11-A12",
    .example = example_switch_matrix,
    .eval = eval_switch_matrix};
