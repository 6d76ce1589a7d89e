/* adc.c -- what column converters share: parameters, the transistor that takes the column current,
 * mirrors and latches.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/adc.h"

#include <math.h>

#include "models/gate.h"

#define LN2 0.69314718055994530942

/* [M:A23] Square law: at the share d of saturation current, Vov = sqrt(d) (Vdd - Vth); gm = 2
 * I/Vov. The mirror settles at half of full current. */
#define HALF_FULL_OVERDRIVE 0.35355339059327376 /* sqrt(SPN_ADC_INPUT_DRIVE_FRAC/2) */

#define A struct spn_adc
const struct spn_field spn_adc_fields[] = {
    SPN_F_INT(A, bits, "bit", 1, 14, "resolution"),
    SPN_F_INT(A, voltage, "", 0, 1, "0: the column gives a current; 1: a voltage"),
    SPN_F_DOUBLE(A, mean_frac, "", 0, 1, "mean of the column, share of full scale"),
    SPN_F_DOUBLE(A, column_mean_A, "A", 0, 1, "mean column current while converting"),
    SPN_F_DOUBLE(A, column_full_A, "A", 0, 1, "largest column current; 0: a voltage"),
    SPN_F_DOUBLE(A, read_voltage_V, "V", 1e-3, 20, "voltage that drives the column"),
    SPN_F_DOUBLE(A, column_F, "F", 0, 1e-9, "capacitance of the column and its mux"),
    SPN_F_DOUBLE(A, cycle_s, "s", 0, 1e-3, "of one decision; 0 = as fast as the kind is"),
    SPN_F_DOUBLE(A, branch_frac, "", 0, 1, "share of it that column current flows; 0 = all"),
    SPN_F_DOUBLE(A, pulses_s, "s", 0, 1, "time that inputs are pulses"),
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
    adc.mean_frac = 8.0 / 190;
    adc.read_voltage_V = 0.5;
    adc.column_F = 10e-15;
    *(struct spn_adc *)params = adc;
}

double spn_adc_input_width_m(const struct spn_adc *adc, const struct spn_env *env)
{
    const double channel_m =
        adc->column_full_A / (SPN_ADC_INPUT_DRIVE_FRAC * spn_gate_on_A_per_m(env, SPN_CHANNEL_N));
    return fmax(spn_gate_drawn_m(env, channel_m), spn_gate_min_width_m(env));
}

double spn_adc_input_F(const struct spn_adc *adc, const struct spn_env *env)
{
    const double width_m = spn_adc_input_width_m(adc, env);
    return 2 * spn_gate_input_F(env, width_m) + spn_gate_drain_F(env, SPN_CHANNEL_N, width_m);
}

struct spn_adc_latch spn_adc_latch(const struct spn_adc *adc, const struct spn_env *env)
{
    const double input_m = spn_adc_input_width_m(adc, env), w = spn_gate_min_width_m(env);
    struct spn_adc_latch c = {.inverter = spn_gate_min_inverter(env),
                              .input = spn_gate_inverter(env, input_m, 0),
                              .copy = spn_gate_inverter(env, w, 0)};
    c.copy_frac = w / input_m; /* copies are of minimum width: a latch needs no more */
    /* each latch node: an inverter's input and output, the next stage's input, the mirror's drain
     */
    c.node_F = 2 * c.inverter.input_F + c.inverter.output_F + c.copy.output_F;
    /* velocity-saturated: gm = Ion W/(Vdd - Vth), of both transistors of an inverter */
    const double drive_A =
        spn_gate_on_A_per_m(env, SPN_CHANNEL_N) * spn_gate_channel_m(env, w) +
        spn_gate_on_A_per_m(env, SPN_CHANNEL_P) * spn_gate_channel_m(env, spn_gate_min_pmos_m(env));
    c.gm_S = drive_A / (env->node->vdd_V - env->node->vth_V);
    return c;
}

double spn_adc_latch_s(const struct spn_adc_latch *k, const struct spn_adc *adc,
                       const struct spn_env *env)
{
    const double vdd_V = env->node->vdd_V, steps = ldexp(1, adc->bits);
    const double tau_s = k->node_F / k->gm_S;
    if (adc->voltage) /* [M:A39] half a step of voltage on the latch's nodes */
        return tau_s * log(fmax(vdd_V * 2 * steps / adc->read_voltage_V, 1));
    /* [M:A24] latch driven by half a step of current: V = dI/gm (e^(t/tau) - 1) reaches Vdd */
    const double step_A = k->copy_frac * adc->column_full_A / steps / 2;
    return tau_s * log1p(vdd_V * k->gm_S / step_A);
}

double spn_adc_mirror_s(const struct spn_adc_latch *k, const struct spn_adc *adc,
                        const struct spn_env *env, double n_copies)
{
    if (adc->voltage)
        return 0;
    /* [M:A23] one diode, the gates of all copies on it */
    const double half_A = adc->column_full_A / 2;
    const double mirror_S =
        2 * half_A / (HALF_FULL_OVERDRIVE * (env->node->vdd_V - env->node->vth_V));
    const double mirror_F =
        adc->column_F + k->input.input_F + k->input.output_F + n_copies * k->copy.input_F;
    return (adc->bits + 1) * LN2 * mirror_F / mirror_S;
}

enum spn_status spn_adc_check(const struct spn_component_type *type, const struct spn_adc *adc,
                              bool takes_current, bool takes_voltage, struct spn_err *err)
{
    const enum spn_status status = spn_component_check(type, adc, err);
    if (status)
        return status;
    if (adc->voltage ? !takes_voltage : !takes_current)
        return spn_err_set(err, SPN_EINPUT, "%s takes a %s, the array gives a %s", type->name,
                           adc->voltage ? "current" : "voltage",
                           adc->voltage ? "voltage" : "current");
    if (!adc->voltage && !(adc->column_full_A > 0))
        return spn_err_set(err, SPN_EINPUT, "%s.column_full_A = %g A: a current is needed",
                           type->name, adc->column_full_A);
    return SPN_OK;
}

double spn_adc_count_J(const struct spn_logic *logic)
{
    return 2 * (logic->flip_flop_clock_J + logic->flip_flop.toggle_J);
}
