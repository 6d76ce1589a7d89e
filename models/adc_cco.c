/* adc_cco.c -- current-controlled oscillator and counter.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A copy of the column's current feeds a ring of three inverters, whose frequency is that current
 * over the charge of a period; a ripple counter counts periods for a fixed time, that of 2^bits
 * periods at full scale [khaddamaljameh2022]. Where inputs are pulses the ring runs while they do.
 * Equations A41, A43-A44 of docs/MODELS.md. Deviation: the circuit that makes the ring linear
 * is not counted; published rings are several times slower than the ring could be: cycle_s is for
 * that.
 */
#include <math.h>

#include "models/adc.h"

#define STAGES 3 /* fewest that oscillate */

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_adc *adc = params;
    enum spn_status status = spn_logic_check(&spn_component_adc_cco, params, env, err);
    if (!status)
        status = spn_adc_check(&spn_component_adc_cco, params, true, false, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    const double codes = ldexp(1, adc->bits);
    const struct spn_adc_latch k = spn_adc_latch(adc, env);
    /* [M:A43] both edges pass all stages in a period, which moves the charge of all their nodes */
    const double period_s = 2 * STAGES * logic.inverter.delay_s;
    const double period_J = 2 * STAGES * logic.inverter.toggle_J;
    const double code_s = fmax(adc->cycle_s, period_s);
    const double mirror_s = spn_adc_mirror_s(&k, adc, env, 1);
    const double counted = adc->mean_frac * codes;
    /* [M:A44] */
    const double after_s = fmax(codes * code_s - adc->pulses_s, 0);
    const double flip_flops = 2 * adc->bits;
    *out = (struct spn_component_cost){
        .area_m2 =
            adc->area_scale * (k.input.area_m2 + k.copy.area_m2 + STAGES * logic.inverter.area_m2 +
                               flip_flops * logic.flip_flop.area_m2),
        .leakage_W = STAGES * logic.inverter.leakage_W + flip_flops * logic.flip_flop.leakage_W};
    out->action[SPN_ADC_CONVERT] = (struct spn_cost){
        .energy_J = adc->energy_scale *
                    (counted * (period_J + spn_adc_count_J(&logic)) +
                     spn_logic_register(&logic, adc->bits, SPN_TOGGLE_RANDOM_FRAC).energy_J),
        .latency_s = adc->latency_scale * (mirror_s + after_s + logic.flip_flop.delay_s)};
    return SPN_OK;
}

const struct spn_component_type spn_component_adc_cco = {
    .name = "adc-cco",
    .role = "adc",
    .doc = "the column current sets a ring's frequency, whose periods are counted",
    .size = sizeof(struct spn_adc),
    .fields = spn_adc_fields,
    .actions = spn_adc_actions,
    .model = "A23, A41, A43-A44",
    .example = spn_adc_example,
    .eval = eval};
