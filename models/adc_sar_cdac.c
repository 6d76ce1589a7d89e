/* adc_sar_cdac.c -- successive-approximation converter with a capacitor DAC, from the node's own
 * transistors.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Binary-weighted unit capacitors sample the column and are switched to the reference bit by bit; a
 * latch decides; a ring of flip-flops says whose turn it is and a register holds the code
 * [mccreary1975]. Capacitors and latch are as large as noise and matching ask for. Nothing is
 * fitted: "adc-sar" has published coefficients instead. Equations A51-A54 of docs/MODELS.md.
 * Deviation: reference buffer, switch drivers and calibration are not counted.
 */
#include <math.h>

#include "models/adc.h"
#include "models/capacitor.h"

#define UNIT_SD_1FF 0.01 /* mismatch of a capacitor of 1 fF, falls with its root; assumed */
#define STEP_SDS 6       /* three standard deviations of the middle step are half a step */
#define BORDER_M2 1e-12  /* around each unit at 22 nm, as F at other nodes [cimloop] */
#define BORDER_AT_M 22e-9
#define LATCH_SHARES 4 /* of a cycle, in latch times: decide, reset, capacitors as long again */

struct parts {
    double unit_F, units, reference_V;
    double latch_F, latch_s; /* a node of the latch, and its decision on half a step */
    double cycle_s;
};

/* [M:A51, A53] */
static struct parts parts_of(const struct spn_adc *adc, const struct spn_env *env,
                             const struct spn_adc_latch *k, const struct spn_logic *logic)
{
    struct parts p = {.units = ldexp(1, adc->bits),
                      .reference_V = adc->voltage ? adc->read_voltage_V : env->node->vdd_V};
    struct spn_adc seen = *adc;
    /* a chip at another supply keeps its sizes */
    const double sized_frac =
        env->node->tabulated_V > 0 ? env->node->tabulated_V / env->node->vdd_V : 1;
    const double noise_F = spn_capacitor_noise_F(env, p.reference_V * sized_frac, adc->bits);
    const double matched_F =
        SPN_CAPACITOR_LEAST_F * STEP_SDS * STEP_SDS * UNIT_SD_1FF * UNIT_SD_1FF * p.units;
    seen.voltage = 1;
    seen.read_voltage_V = p.reference_V;
    p.unit_F = fmax(SPN_CAPACITOR_LEAST_F, fmax(matched_F, noise_F / p.units));
    p.latch_F = fmax(k->node_F, noise_F);
    p.latch_s = spn_adc_latch_s(k, &seen, env);
    p.cycle_s =
        adc->cycle_s > 0 ? adc->cycle_s : logic->flip_flop.delay_s + LATCH_SHARES * p.latch_s;
    return p;
}

/* [M:A52] over C V^2: bit i tries its capacitor and takes it back in half of all cases. */
static double switching_units(int bits)
{
    double sum = 0;
    for (int i = 1; i <= bits; i++)
        sum += ldexp(ldexp(1, i) - 1, bits - 2 * i);
    return sum;
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_adc *adc = params;
    enum spn_status status = spn_logic_check(&spn_component_adc_sar_cdac, params, env, err);
    if (!status)
        status = spn_adc_check(&spn_component_adc_sar_cdac, params, true, true, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    const double vdd_V = env->node->vdd_V, cycles = adc->bits + 1, flip_flops = 2 * cycles;
    const struct spn_adc_latch k = spn_adc_latch(adc, env);
    const struct parts p = parts_of(adc, env, &k, &logic);
    const double from_V = p.reference_V * vdd_V; /* the reference is regulated from the supply */
    const double capacitors_J =
        p.unit_F * from_V * (switching_units(adc->bits) + adc->mean_frac * p.units);
    const double latch_J = adc->bits * spn_gate_cycle_J(4 * p.latch_F, vdd_V);
    /* [M:A54] all are clocked; the token moves on, a bit is set to try it, every other taken back
     */
    const double logic_J =
        cycles * (flip_flops * logic.flip_flop_clock_J + 3.5 * logic.flip_flop.toggle_J);
    const double border_m2 = BORDER_M2 * env->node->feature_size_m / BORDER_AT_M;
    const double inverters = 4 * p.latch_F / k.node_F;
    *out = (struct spn_component_cost){
        .area_m2 = adc->area_scale *
                   (p.units * (spn_capacitor_area_m2(env, p.unit_F) + border_m2) +
                    flip_flops * logic.flip_flop.area_m2 + inverters * k.inverter.area_m2 +
                    (adc->voltage ? 0 : k.input.area_m2 + k.copy.area_m2)),
        .leakage_W = flip_flops * logic.flip_flop.leakage_W + inverters * k.inverter.leakage_W};
    out->action[SPN_ADC_CONVERT] =
        (struct spn_cost){.energy_J = adc->energy_scale * (capacitors_J + latch_J + logic_J),
                          .latency_s = adc->latency_scale * cycles * p.cycle_s};
    return SPN_OK;
}

const struct spn_component_type spn_component_adc_sar_cdac = {
    .name = "adc-sar-cdac",
    .role = "adc",
    .doc = "successive approximation with a capacitor DAC, from the node's transistors",
    .size = sizeof(struct spn_adc),
    .fields = spn_adc_fields,
    .actions = spn_adc_actions,
    .model = "A24, A27, A51-A54",
    .example = spn_adc_example,
    .eval = eval};
