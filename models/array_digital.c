/* array_digital.c -- SRAM cells whose bits go to multipliers and adders beside them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nothing is read over long bit lines: a cell's bit stands at its multiplier, or, if several rows
 * share one, comes over a local line of that many cells. Inputs stand on static row lines.
 * Multipliers and adders are a component of their own, models/cim_adder.h. Equations A37-A38 of
 * docs/MODELS.md.
 */
#include <math.h>

#include "models/array.h"
#include "models/gate.h"

#define READ_STACK 2 /* transistors in series that pull a local line down */

/* [M:A37] Line that the cells in front of one multiplier share; 0 F where each has its own. */
static struct spn_wire local_line(const struct spn_array *a, const struct spn_env *env)
{
    const double height_m = a->device.cell_height_F * env->node->feature_size_m;
    const double shared = a->rows_read > 0 ? ceil((double)a->rows / a->rows_read) : 1;
    if (shared <= 1)
        return (struct spn_wire){0};
    struct spn_wire line = spn_wire_local(env, shared * height_m);
    line.F += shared * spn_gate_drain_F(env, SPN_CHANNEL_N, spn_gate_min_width_m(env)) +
              spn_gate_min_inverter(env).input_F;
    return line;
}

/* [M:A38] Row lines toggle as successive bits differ, 2x(1 - x), half a cycle each; local lines
 * are precharged and fall for a 1. */
static double read_J(const struct spn_array *a, const struct spn_env *env, double n_rows, double x)
{
    const double v = env->node->vdd_V, cells = a->columns * a->used_columns_frac;
    const double lines = a->input_lines > 1 ? a->input_lines : 1;
    return n_rows * lines * x * (1 - x) * spn_gate_cycle_J(spn_array_lines(a, env).data.F, v) +
           n_rows * cells * spn_array_cell_value(a).mean *
               spn_gate_cycle_J(local_line(a, env).F, v);
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_array *a = params;
    const enum spn_status status = spn_array_check(&spn_component_array_digital, a, err);
    if (status)
        return status;
    const struct spn_array_lines lines = spn_array_lines(a, env);
    const double read_ohm =
        READ_STACK * spn_gate_on_ohm(env, SPN_CHANNEL_N, spn_gate_min_width_m(env));
    const double time_s =
        fmax(spn_wire_delay_s(0, lines.data, 0), spn_wire_delay_s(read_ohm, local_line(a, env), 0));
    spn_array_set_cells(a, env, &lines, out);
    out->action[SPN_ARRAY_READ] = (struct spn_cost){
        .energy_J = read_J(a, env, spn_array_active_rows(a), a->input_mean), .latency_s = time_s};
    out->action[SPN_ARRAY_READ_ROW] =
        (struct spn_cost){.energy_J = read_J(a, env, 1, a->input_mean), .latency_s = time_s};
    return SPN_OK;
}

const struct spn_component_type spn_component_array_digital = {
    .name = "array-digital",
    .role = "array",
    .doc = "SRAM cells with multipliers and adders (cim-adder) beside them",
    .size = sizeof(struct spn_array),
    .fields = spn_array_fields,
    .actions = spn_array_actions,
    .model = "A1-A3, A8, A37-A38",
    .example = spn_array_example_sram,
    .eval = eval};
