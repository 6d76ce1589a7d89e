/* mux.c -- the column multiplexer: one transmission gate per column.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A switch is so wide that it drops at most drop_frac of the read voltage at the column's largest
 * conductance. Leakage through switches that are off disturbs the result but draws nothing from the
 * supply. Equations A15-A16 of docs/MODELS.md.
 */
#include "models/mux.h"

#include <math.h>

#include "models/gate.h"

#define LN_100 4.605170185988092 /* settling to 1 % */

/* [M:A15] R <= drop_frac/G. */
static struct spn_gate column_switch(const struct spn_mux *mux, const struct spn_env *env)
{
    const double wn_m = spn_gate_min_width_m(env), wp_m = spn_gate_min_pmos_m(env);
    const double unit_S = 1 / spn_gate_pass_ohm(env, SPN_CHANNEL_N, wn_m) +
                          1 / spn_gate_pass_ohm(env, SPN_CHANNEL_P, wp_m);
    const double times = fmax(1, mux->column_S / (mux->drop_frac * unit_S));
    return spn_gate_transmission(env, times * wn_m, times * wp_m);
}

static double n_outputs(const struct spn_mux *mux)
{
    return ceil((double)mux->columns / mux->columns_per_output);
}

double spn_mux_select_F(const struct spn_mux *mux, const struct spn_env *env)
{
    return n_outputs(mux) * column_switch(mux, env).input_F;
}

double spn_mux_column_F(const struct spn_mux *mux, const struct spn_env *env)
{
    return (1 + mux->columns_per_output) * column_switch(mux, env).output_F;
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_mux *mux = params;
    enum spn_status status = spn_component_check(&spn_component_mux, params, err);
    if (status)
        return status;
    if (mux->columns_per_output > mux->columns)
        return spn_err_set(err, SPN_EINPUT, "mux.columns_per_output = %d is above mux.columns = %d",
                           mux->columns_per_output, mux->columns);
    const struct spn_gate pass = column_switch(mux, env);
    *out = (struct spn_component_cost){.area_m2 = mux->columns * pass.area_m2};
    if (mux->columns_per_output == 1)
        *out = (struct spn_component_cost){0}; /* a wire */
    else
        /* one switch per output opens and one closes: together one cycle of a switch's gates
         * [M:A16] */
        out->action[SPN_MUX_SELECT] = (struct spn_cost){
            .energy_J = n_outputs(mux) * spn_gate_cycle_J(pass.input_F, env->node->vdd_V),
            .latency_s = LN_100 * pass.pull_up_ohm *
                         (mux->columns_per_output * pass.output_F + mux->output_F)};
    return SPN_OK;
}

#define M struct spn_mux
static const struct spn_field fields[] = {
    SPN_F_INT(M, columns, "", 1, 65536, "inputs"),
    SPN_F_INT(M, columns_per_output, "", 1, 65536, "that share an output"),
    SPN_F_DOUBLE(M, column_S, "S", 0, 10, "largest conductance of a column"),
    SPN_F_DOUBLE(M, drop_frac, "", 1e-4, 1, "of the read voltage, that a switch may drop at it"),
    SPN_F_DOUBLE(M, output_F, "F", 0, 1e-9, "input capacitance of what follows"),
    SPN_F_END};
#undef M

static const char *const actions[] = {"select", NULL};

static void example(void *params)
{
    *(struct spn_mux *)params = (struct spn_mux){.columns = 64,
                                                 .columns_per_output = 8,
                                                 .column_S = 1e-4,
                                                 .drop_frac = 0.05,
                                                 .output_F = 2e-15};
}

const struct spn_component_type spn_component_mux = {
    .name = "mux",
    .role = "mux",
    .doc = "transmission gates that connect one of several columns to a converter",
    .size = sizeof(struct spn_mux),
    .fields = fields,
    .actions = actions,
    .model = "A15-A16",
    .example = example,
    .eval = eval};
