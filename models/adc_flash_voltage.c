/* adc_flash_voltage.c -- flash converter that senses the column's voltage.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * 2^bits - 1 clocked latches against the taps of a resistor ladder. A current first discharges the
 * column, to half of the read voltage at full scale (voltage sensing); a shared charge is there
 * already. Equations A39-A40, A24, A26 of docs/MODELS.md. Deviation: no sizing for mismatch, which
 * at more than 4 to 5 bits asks for larger latches; each converter has a ladder of its own.
 */
#include <math.h>

#include "models/adc.h"

#define LN2 0.69314718055994530942
#define SHEET_OHM 1000.0      /* high-resistance polysilicon, as in dac.c */
#define RESISTOR_WIDTH_F 10.0 /* likewise */

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_adc *adc = params;
    const enum spn_status status =
        spn_adc_check(&spn_component_adc_flash_voltage, params, true, true, err);
    if (status)
        return status;
    const double vdd_V = env->node->vdd_V, n = ldexp(1, adc->bits) - 1;
    struct spn_adc seen = *adc;
    double develop_s = 0, develop_J = 0;
    if (!adc->voltage) { /* [M:A39] ln 2 R C at full scale; what the column lost is given back */
        const double half_V = adc->read_voltage_V / 2;
        develop_s = LN2 * adc->column_F * adc->read_voltage_V / adc->column_full_A;
        develop_J = adc->column_F * half_V * adc->mean_frac * vdd_V;
        seen.read_voltage_V = half_V;
        seen.voltage = 1;
    }
    const struct spn_adc_latch k = spn_adc_latch(&seen, env);
    const double latch_s = spn_adc_latch_s(&k, &seen, env);
    double switched_F = n * 4 * k.node_F;
    *out = (struct spn_component_cost){.area_m2 = n * (2 * k.copy.area_m2 + 4 * k.inverter.area_m2),
                                       .leakage_W = n * 4 * k.inverter.leakage_W};
    const double encode_s = spn_adc_encoder(adc, env, out, &switched_F);
    /* [M:A40] the ladder's middle, a quarter of its resistance away, follows the latches' inputs
     * while they are reset */
    const double ladder_ohm = latch_s / ((adc->bits + 1) * LN2 * n * k.copy.input_F / 4);
    const double ladder_W = seen.read_voltage_V * vdd_V / ladder_ohm;
    const double width_m = RESISTOR_WIDTH_F * env->node->feature_size_m;
    out->area_m2 = adc->area_scale * (out->area_m2 + ladder_ohm / SHEET_OHM * width_m * width_m);
    out->action[SPN_ADC_CONVERT] = (struct spn_cost){
        .energy_J = adc->energy_scale *
                    (develop_J + ladder_W * 2 * latch_s + spn_gate_cycle_J(switched_F, vdd_V)),
        .latency_s = adc->latency_scale * (develop_s + fmax(2 * latch_s + encode_s, adc->cycle_s))};
    return SPN_OK;
}

const struct spn_component_type spn_component_adc_flash_voltage = {
    .name = "adc-flash-voltage",
    .role = "adc",
    .doc = "a latched comparator per level on the column's voltage, against a resistor ladder",
    .size = sizeof(struct spn_adc),
    .fields = spn_adc_fields,
    .actions = spn_adc_actions,
    .model = "A24, A26, A39-A40",
    .example = spn_adc_example,
    .eval = eval};
