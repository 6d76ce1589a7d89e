/* adc_flash.c -- flash converter: 2^bits - 1 latched comparators on copies of the column current.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The column current is mirrored into every comparator and held against a reference current of its
 * own; the difference starts a pair of cross-coupled inverters. A thermometer code follows, which
 * gates turn into binary. Everything from transistors of the node, nothing fitted. Deviation:
 * mismatch, which asks for larger transistors at high resolution, is not sized for. Equations A19,
 * A23-A26 of docs/MODELS.md.
 */
#include "models/adc.h"

#include <math.h>

#include "models/gate.h"

double spn_adc_encoder(const struct spn_adc *adc, const struct spn_env *env,
                       struct spn_component_cost *out, double *switched_F)
{
    const struct spn_gate nand = spn_gate_min_nand2(env), inverter = spn_gate_min_inverter(env);
    const double n = ldexp(1, adc->bits) - 1;
    /* [M:A26] one AND per level finds the edge, bits OR trees of 2^(bits-1) inputs encode it */
    const double n_or = adc->bits * (n - 1) / 2, n_gates = n + n_or;
    const double stage_s =
        spn_gate_horowitz_s(nand.pull_down_ohm * (nand.output_F + inverter.input_F), SPN_GATE_STEP,
                            NULL) +
        spn_gate_horowitz_s(inverter.pull_up_ohm * (inverter.output_F + nand.input_F),
                            SPN_GATE_STEP, NULL);
    out->area_m2 += n_gates * (nand.area_m2 + inverter.area_m2);
    out->leakage_W += n_gates * (nand.leakage_W + inverter.leakage_W);
    /* an edge's AND rises and another falls, as do the paths of half the bits through their trees
     */
    const double n_changed = 1 + adc->bits * (adc->bits - 1) / 4.0;
    *switched_F +=
        n_changed * (nand.input_F + nand.output_F + inverter.input_F + inverter.output_F);
    return adc->bits * stage_s;
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_adc *adc = params;
    const enum spn_status status =
        spn_adc_check(&spn_component_adc_flash, params, true, false, err);
    if (status)
        return status;
    const double vdd_V = env->node->vdd_V;
    const double n = ldexp(1, adc->bits) - 1; /* comparators */
    const struct spn_adc_latch k = spn_adc_latch(adc, env);
    double switched_F = n * 4 * k.node_F;
    *out = (struct spn_component_cost){
        .area_m2 = n * (2 * k.copy.area_m2 + 4 * k.inverter.area_m2) + k.input.area_m2,
        .leakage_W = n * 4 * k.inverter.leakage_W};
    const double mirror_s = spn_adc_mirror_s(&k, adc, env, n);
    const double latch_s = spn_adc_latch_s(&k, adc, env);
    /* [M:A25] from the supply while mirrors and latches settle: the copies and the references,
     * which are spread evenly up to full scale */
    const double static_A = n * k.copy_frac * (adc->column_mean_A + adc->column_full_A / 2);
    const double encode_s = spn_adc_encoder(adc, env, out, &switched_F);
    const double analog_s = mirror_s + 2 * latch_s; /* regeneration, and as long to reset */
    out->area_m2 *= adc->area_scale;
    out->action[SPN_ADC_CONVERT] = (struct spn_cost){
        .energy_J =
            adc->energy_scale * (static_A * vdd_V * analog_s + spn_gate_cycle_J(switched_F, vdd_V)),
        .latency_s = adc->latency_scale * fmax(analog_s + encode_s, adc->cycle_s)};
    return SPN_OK;
}

const struct spn_component_type spn_component_adc_flash = {
    .name = "adc-flash",
    .role = "adc",
    .doc = "a latched comparator per level, on copies of the column current",
    .size = sizeof(struct spn_adc),
    .fields = spn_adc_fields,
    .actions = spn_adc_actions,
    .model = "A19, A23-A26",
    .example = spn_adc_example,
    .eval = eval};
