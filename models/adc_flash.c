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

#define LN2 0.69314718055994530942

/* [M:A23] Square law: at the share d of saturation current, Vov = sqrt(d) (Vdd - Vth); gm = 2
 * I/Vov. The mirror settles at half of full current. */
#define HALF_FULL_OVERDRIVE 0.35355339059327376 /* sqrt(SPN_ADC_INPUT_DRIVE_FRAC/2) */

struct comparator {
    double latch_F,
        latch_S;      /* node capacitance and transconductance of one inverter of the latch */
    double copy_frac; /* current of a copy, relative to the column's */
    struct spn_gate inverter, input, copy;
};

static struct comparator comparator_of(const struct spn_adc *adc, const struct spn_env *env)
{
    const double input_m = spn_adc_input_width_m(adc, env), w = spn_gate_min_width_m(env);
    struct comparator c = {.inverter = spn_gate_min_inverter(env),
                           .input = spn_gate_inverter(env, input_m, 0),
                           .copy = spn_gate_inverter(env, w, 0)};
    c.copy_frac = w / input_m; /* copies are of minimum width: a latch needs no more */
    /* each latch node: an inverter's input and output, the next stage's input, the mirror's drain
     */
    c.latch_F = 2 * c.inverter.input_F + c.inverter.output_F + c.copy.output_F;
    /* velocity-saturated: gm = Ion W/(Vdd - Vth), of both transistors of an inverter */
    const double drive_A = spn_gate_on_A_per_m(env, SPN_CHANNEL_N) * w +
                           spn_gate_on_A_per_m(env, SPN_CHANNEL_P) * spn_gate_min_pmos_m(env);
    c.latch_S = drive_A / (env->node->vdd_V - env->node->vth_V);
    return c;
}

struct conversion {
    double mirror_s, latch_s, encode_s;
    double static_A; /* from the supply while mirrors and latches settle */
    double switched_F;
};

static void encoder(const struct spn_adc *adc, const struct spn_env *env, double n,
                    struct conversion *c, struct spn_component_cost *out)
{
    const struct spn_gate nand = spn_gate_min_nand2(env), inverter = spn_gate_min_inverter(env);
    /* [M:A26] one AND per level finds the edge, bits OR trees of 2^(bits-1) inputs encode it */
    const double n_or = adc->bits * (n - 1) / 2, n_gates = n + n_or;
    const double stage_s =
        spn_gate_horowitz_s(nand.pull_down_ohm * (nand.output_F + inverter.input_F), SPN_GATE_STEP,
                            NULL) +
        spn_gate_horowitz_s(inverter.pull_up_ohm * (inverter.output_F + nand.input_F),
                            SPN_GATE_STEP, NULL);
    c->encode_s = adc->bits * stage_s;
    out->area_m2 += n_gates * (nand.area_m2 + inverter.area_m2);
    out->leakage_W += n_gates * (nand.leakage_W + inverter.leakage_W);
    /* an edge's AND rises and another falls, as do the paths of half the bits through their trees
     */
    const double n_changed = 1 + adc->bits * (adc->bits - 1) / 4.0;
    c->switched_F +=
        n_changed * (nand.input_F + nand.output_F + inverter.input_F + inverter.output_F);
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_adc *adc = params;
    const enum spn_status status = spn_component_check(&spn_component_adc_flash, params, err);
    if (status)
        return status;
    const double vdd_V = env->node->vdd_V;
    const double n = ldexp(1, adc->bits) - 1; /* comparators */
    const struct comparator k = comparator_of(adc, env);
    struct conversion c = {.switched_F = n * 4 * k.latch_F};
    *out = (struct spn_component_cost){
        .area_m2 = n * (2 * k.copy.area_m2 + 4 * k.inverter.area_m2) + k.input.area_m2,
        .leakage_W = n * 4 * k.inverter.leakage_W};
    /* [M:A23] one diode, the gates of all copies on it */
    const double half_A = adc->column_full_A / 2;
    const double mirror_S = 2 * half_A / (HALF_FULL_OVERDRIVE * (vdd_V - env->node->vth_V));
    const double mirror_F = adc->column_F + k.input.input_F + k.input.output_F + n * k.copy.input_F;
    c.mirror_s = (adc->bits + 1) * LN2 * mirror_F / mirror_S;
    /* [M:A24] latch driven by half a step of current: V = dI/gm (e^(t/tau) - 1) reaches Vdd */
    const double step_A = k.copy_frac * adc->column_full_A / (n + 1) / 2;
    c.latch_s = k.latch_F / k.latch_S * log1p(vdd_V * k.latch_S / step_A);
    /* [M:A25] the copies and the references, which are spread evenly up to full scale */
    c.static_A = n * k.copy_frac * (adc->column_mean_A + half_A);
    encoder(adc, env, n, &c, out);
    const double analog_s = c.mirror_s + 2 * c.latch_s; /* regeneration, and as long to reset */
    out->area_m2 *= adc->area_scale;
    out->action[SPN_ADC_CONVERT] = (struct spn_cost){
        .energy_J = adc->energy_scale *
                    (c.static_A * vdd_V * analog_s + spn_gate_cycle_J(c.switched_F, vdd_V)),
        .latency_s = adc->latency_scale * fmax(analog_s + c.encode_s, adc->cycle_s)};
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
