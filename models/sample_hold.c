/* sample_hold.c -- a switch, a capacitor and a follower.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The capacitor is as large as thermal noise asks for, the follower's current as large as settling
 * in a tenth of the hold time asks for. Equations A27-A28 of docs/MODELS.md. Deviation: matching,
 * charge injection and the amplifier's overhead are not counted; published circuits take ten to a
 * hundred times the energy [yao2020].
 */
#include "models/sample_hold.h"

#include <math.h>

#include "models/capacitor.h"
#include "models/gate.h"

#define LN2 0.69314718055994530942
#define FOLLOWER_SHARE 0.1 /* of the hold time, to settle */
#define OVERDRIVE_V 0.2    /* gm = 2 I/Vov of the follower; usual choice */

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_sample_hold *s = params;
    const enum spn_status status = spn_component_check(&spn_component_sample_hold, params, err);
    if (status)
        return status;
    const double hold_F =
        fmax(spn_capacitor_noise_F(env, s->full_scale_V, s->bits), SPN_CAPACITOR_LEAST_F);
    /* [M:A28] gm = (b + 1) ln 2 C/t, I = gm Vov/2, from the supply for the hold time */
    const double settle_s = FOLLOWER_SHARE * s->hold_s;
    const double follower_A = (s->bits + 1) * LN2 * hold_F / settle_s * OVERDRIVE_V / 2;
    const struct spn_gate pass =
        spn_gate_transmission(env, spn_gate_min_width_m(env), spn_gate_min_pmos_m(env));
    const double channel_m = 2 * follower_A / spn_gate_on_A_per_m(env, SPN_CHANNEL_N);
    const double follower_m = fmax(spn_gate_min_width_m(env), spn_gate_drawn_m(env, channel_m));
    *out = (struct spn_component_cost){
        .area_m2 = s->area_scale * (spn_capacitor_area_m2(env, hold_F) + pass.area_m2 +
                                    2 * spn_gate_inverter(env, follower_m, 0).area_m2)};
    out->action[SPN_SAMPLE_HOLD_SAMPLE] = (struct spn_cost){
        .energy_J = s->energy_scale * (spn_gate_cycle_J(hold_F, s->full_scale_V) +
                                       spn_gate_cycle_J(pass.input_F, env->node->vdd_V) +
                                       follower_A * env->node->vdd_V * s->hold_s),
        .latency_s = (s->bits + 1) * LN2 * pass.pull_up_ohm * (hold_F + pass.output_F)};
    return SPN_OK;
}

#define S struct spn_sample_hold
static const struct spn_field fields[] = {
    SPN_F_INT(S, bits, "bit", 1, 14, "resolution"),
    SPN_F_DOUBLE(S, full_scale_V, "V", 1e-3, 20, "largest voltage held"),
    SPN_F_DOUBLE(S, hold_s, "s", 1e-12, 1, "from sampling to the last conversion"),
    SPN_F_DOUBLE(S, energy_scale, "", 1e-3, 1e3, "fit factor of the energy"),
    SPN_F_DOUBLE(S, area_scale, "", 1e-3, 1e3, "fit factor of the area"),
    SPN_F_END};
#undef S

static const char *const actions[] = {"sample", NULL};

static void example(void *params)
{
    *(struct spn_sample_hold *)params = (struct spn_sample_hold){
        .bits = 8, .full_scale_V = 0.5, .hold_s = 20e-9, .energy_scale = 1, .area_scale = 1};
}

const struct spn_component_type spn_component_sample_hold = {
    .name = "sample-hold",
    .role = "sample-hold",
    .doc = "holds a column's voltage for a converter that serves several columns",
    .size = sizeof(struct spn_sample_hold),
    .fields = fields,
    .actions = actions,
    .model = "A27-A28",
    .example = example,
    .eval = eval};
