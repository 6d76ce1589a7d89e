/* adc_ramp.c -- single-slope converter: a comparator, a ramp, a counter.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The ramp climbs one step per clock (or per cycle_s); the clocked latch compares it with the
 * column, or with a copy of the column's current, until it is passed; a ripple counter counts the
 * steps [baker2010]. Conversion takes as long as full scale needs, energy what the column's value
 * needs. Equations A41-A42 of docs/MODELS.md. Deviation: each converter has a ramp of its own, of
 * one branch; the ramp's own noise and linearity are taken for granted.
 */
#include <math.h>

#include "models/adc.h"

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_adc *adc = params;
    enum spn_status status = spn_logic_check(&spn_component_adc_ramp, params, env, err);
    if (!status)
        status = spn_adc_check(&spn_component_adc_ramp, params, true, true, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    const double vdd_V = env->node->vdd_V, steps = ldexp(1, adc->bits);
    const struct spn_adc_latch k = spn_adc_latch(adc, env);
    const double mirror_s = spn_adc_mirror_s(&k, adc, env, 1);
    /* [M:A42] a step leaves the latch time to decide and to be reset */
    const double wanted_s = adc->cycle_s > 0 ? adc->cycle_s : 1 / env->clock_Hz;
    const double step_s = fmax(wanted_s, 2 * spn_adc_latch_s(&k, adc, env));
    const double taken = adc->mean_frac * (steps - 1) + 1; /* of the steps, on average */
    /* copy of the column and ramp: half of full scale if it runs to the end, here to the column */
    const double static_A =
        adc->voltage ? 0 : k.copy_frac * (adc->column_mean_A + adc->column_mean_A / 2);
    const double step_J = spn_gate_cycle_J(4 * k.node_F, vdd_V) + spn_adc_count_J(&logic);
    const double flip_flops = 2 * adc->bits; /* counter, and what holds the last result */
    *out = (struct spn_component_cost){
        .area_m2 = adc->area_scale *
                   (2 * k.copy.area_m2 + 4 * k.inverter.area_m2 +
                    (adc->voltage ? 0 : k.input.area_m2) + flip_flops * logic.flip_flop.area_m2),
        .leakage_W = 4 * k.inverter.leakage_W + flip_flops * logic.flip_flop.leakage_W};
    out->action[SPN_ADC_CONVERT] = (struct spn_cost){
        .energy_J = adc->energy_scale *
                    (taken * step_J + static_A * vdd_V * (mirror_s + taken * step_s) +
                     spn_logic_register(&logic, adc->bits, SPN_TOGGLE_RANDOM_FRAC).energy_J),
        .latency_s = adc->latency_scale * (mirror_s + steps * step_s)};
    return SPN_OK;
}

const struct spn_component_type spn_component_adc_ramp = {
    .name = "adc-ramp",
    .role = "adc",
    .doc = "single slope: a comparator against a ramp, and a counter; a step per clock",
    .size = sizeof(struct spn_adc),
    .fields = spn_adc_fields,
    .actions = spn_adc_actions,
    .model = "A23-A24, A39, A41-A42",
    .example = spn_adc_example,
    .eval = eval};
