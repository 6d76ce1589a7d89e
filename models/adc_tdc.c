/* adc_tdc.c -- time-domain converter: the column becomes a time, a ring of gates measures it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The column's voltage stands on a capacitor (a current is integrated there first) and is
 * discharged by a constant current; until a comparator sees the end, an edge runs round a ring, one
 * gate per code; a counter counts its laps, flip-flops sample where it is [li2020timely]. Equations
 * A41, A45-A47 of docs/MODELS.md. Deviation: jitter and mismatch of the ring are not sized for.
 */
#include <math.h>

#include "models/adc.h"
#include "models/capacitor.h"

#define RING_BITS 4       /* stages of the ring: 16, or 2^bits if that is less; assumed */
#define LEAST_RING_BITS 2 /* that still oscillates, with one gate more */
#define OVERDRIVE_V 0.2   /* gm = 2 I/Vov of the comparator; usual choice */

struct conversion {
    double stage_s, stage_J; /* one code */
    double ring;             /* stages */
    double hold_F;
    double comparator_A;
};

static struct conversion conversion_of(const struct spn_adc *adc, const struct spn_env *env,
                                       const struct spn_logic *logic)
{
    const int ring_bits = adc->bits < LEAST_RING_BITS ? LEAST_RING_BITS
                          : adc->bits < RING_BITS     ? adc->bits
                                                      : RING_BITS;
    struct conversion c = {.ring = ldexp(1, ring_bits)};
    /* [M:A45] a gate, and the flip-flop that samples it */
    const double load =
        1 + logic->flip_flop.input_F / (logic->inverter.input_F + logic->inverter.output_F);
    c.stage_s = fmax(logic->inverter.delay_s * load, adc->cycle_s);
    c.stage_J = logic->inverter.toggle_J * load;
    /* [M:A46] */
    c.hold_F =
        fmax(spn_capacitor_noise_F(env, adc->read_voltage_V, adc->bits), SPN_CAPACITOR_LEAST_F);
    /* [M:A47] settles to 1/e in one code */
    const struct spn_gate latch = spn_gate_min_inverter(env);
    c.comparator_A = (latch.input_F + latch.output_F) / c.stage_s * OVERDRIVE_V / 2;
    return c;
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_adc *adc = params;
    enum spn_status status = spn_logic_check(&spn_component_adc_tdc, params, env, err);
    if (!status)
        status = spn_adc_check(&spn_component_adc_tdc, params, true, true, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    const double vdd_V = env->node->vdd_V, codes = ldexp(1, adc->bits);
    const struct conversion c = conversion_of(adc, env, &logic);
    const struct spn_adc_latch k = spn_adc_latch(adc, env);
    const double counted = adc->mean_frac * codes, full_s = codes * c.stage_s;
    const double integrate_s =
        adc->voltage ? 0 : spn_adc_mirror_s(&k, adc, env, 1) + fmax(full_s - adc->pulses_s, 0);
    const double laps = fmax(adc->bits - log2(c.ring), 0); /* bits of their counter */
    const double flip_flops = c.ring + 2 * laps;
    const double sample_J = spn_logic_register(&logic, flip_flops, SPN_TOGGLE_RANDOM_FRAC).energy_J;
    const struct spn_cost encoder =
        spn_logic_priority_encoder(&logic, c.ring, SPN_TOGGLE_RANDOM_FRAC);
    *out = (struct spn_component_cost){
        .area_m2 = adc->area_scale *
                   (c.ring * logic.inverter.area_m2 + flip_flops * logic.flip_flop.area_m2 +
                    encoder.area_m2 + spn_capacitor_area_m2(env, c.hold_F) +
                    (adc->voltage ? 0 : k.input.area_m2 + k.copy.area_m2)),
        .leakage_W = c.ring * logic.inverter.leakage_W + flip_flops * logic.flip_flop.leakage_W +
                     encoder.leakage_W};
    const double analog_J = c.hold_F * adc->read_voltage_V * adc->mean_frac * vdd_V +
                            c.comparator_A * vdd_V * counted * c.stage_s;
    out->action[SPN_ADC_CONVERT] = (struct spn_cost){
        .energy_J = adc->energy_scale *
                    (analog_J + counted * (c.stage_J + spn_adc_count_J(&logic) / c.ring) +
                     sample_J + encoder.energy_J),
        .latency_s = adc->latency_scale *
                     (integrate_s + full_s + logic.flip_flop.delay_s + encoder.latency_s)};
    return SPN_OK;
}

const struct spn_component_type spn_component_adc_tdc = {
    .name = "adc-tdc",
    .role = "adc",
    .doc = "time domain: a discharge time, measured by an edge that runs round a ring",
    .size = sizeof(struct spn_adc),
    .fields = spn_adc_fields,
    .actions = spn_adc_actions,
    .model = "A23, A41, A45-A47",
    .example = spn_adc_example,
    .eval = eval};
