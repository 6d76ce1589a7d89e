/* adc.c -- what all column converters share: parameters, and the transistor that takes the column
 * current.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/adc.h"

#include <math.h>

#include "models/gate.h"

#define A struct spn_adc
const struct spn_field spn_adc_fields[] = {
    SPN_F_INT(A, bits, "bit", 1, 14, "resolution"),
    SPN_F_DOUBLE(A, column_mean_A, "A", 0, 1, "mean column current while converting"),
    SPN_F_DOUBLE(A, column_full_A, "A", 0, 1, "largest column current; 0: a voltage"),
    SPN_F_DOUBLE(A, read_voltage_V, "V", 1e-3, 20, "voltage that drives the column"),
    SPN_F_DOUBLE(A, column_F, "F", 0, 1e-9, "capacitance of the column and its mux"),
    SPN_F_DOUBLE(A, cycle_s, "s", 0, 1e-3, "of one decision; 0 = as fast as the kind is"),
    SPN_F_DOUBLE(A, branch_frac, "", 0, 1, "share of it that column current flows; 0 = all"),
    SPN_F_DOUBLE(A, energy_scale, "", 1e-3, 1e3, "fit factor of the energy"),
    SPN_F_DOUBLE(A, area_scale, "", 1e-3, 1e3, "fit factor of the area"),
    SPN_F_DOUBLE(A, latency_scale, "", 1e-3, 1e3, "fit factor of the latency"),
    SPN_F_END};
#undef A

const char *const spn_adc_actions[] = {"convert", NULL};

struct spn_adc spn_adc_default(void)
{
    return (struct spn_adc){.bits = 5, .energy_scale = 1, .area_scale = 1, .latency_scale = 1};
}

void spn_adc_example(void *params)
{
    struct spn_adc adc = spn_adc_default();
    adc.column_mean_A = 8e-6;
    adc.column_full_A = 190e-6;
    adc.read_voltage_V = 0.5;
    adc.column_F = 10e-15;
    *(struct spn_adc *)params = adc;
}

double spn_adc_input_width_m(const struct spn_adc *adc, const struct spn_env *env)
{
    const double needed_m =
        adc->column_full_A / (SPN_ADC_INPUT_DRIVE_FRAC * spn_gate_on_A_per_m(env, SPN_CHANNEL_N));
    return fmax(needed_m, spn_gate_min_width_m(env));
}

double spn_adc_input_F(const struct spn_adc *adc, const struct spn_env *env)
{
    const double width_m = spn_adc_input_width_m(adc, env);
    return 2 * spn_gate_input_F(env, width_m) + spn_gate_drain_F(env, SPN_CHANNEL_N, width_m);
}
