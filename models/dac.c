/* dac.c -- multi-bit input converters: an R-2R ladder and a follower per line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The ladder's resistance is the largest that settles the follower's input in time; the follower
 * charges the line. Equations A29-A31 of docs/MODELS.md.
 */
#include "models/dac.h"

#include <math.h>

#include "models/gate.h"

#define LN2 0.69314718055994530942
#define OVERDRIVE_V 0.2       /* gm = 2 I/Vov of the follower; usual choice */
#define SHEET_OHM 1000.0      /* high-resistance polysilicon; usual value */
#define MOST_OHM 20e3         /* more would save nothing beside the follower; usual choice */
#define RESISTOR_WIDTH_F 10.0 /* wide enough to match 8 bits; assumed */

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_dac *d = params;
    const enum spn_status status = spn_component_check(&spn_component_dac, params, err);
    if (status)
        return status;
    const double vdd_V = env->node->vdd_V, n_tau = (d->bits + 1) * LN2;
    /* [M:A29] half the time for the follower, half for the ladder */
    const double follower_S = 2 * n_tau * d->line_F / d->settle_s;
    /* [M:A29] a follower's current source must take what the line does not */
    const double follower_A = fmax(follower_S * OVERDRIVE_V / 2, d->load_A);
    const double channel_m = 2 * follower_A / spn_gate_on_A_per_m(env, SPN_CHANNEL_N);
    const double follower_m = fmax(spn_gate_min_width_m(env), spn_gate_drawn_m(env, channel_m));
    const struct spn_gate follower = spn_gate_inverter(env, follower_m, 0);
    const struct spn_gate inverter = spn_gate_min_inverter(env);
    const double node_F = follower.input_F + inverter.output_F;
    const double ladder_ohm = fmin(MOST_OHM, d->settle_s / 2 / (n_tau * node_F));
    /* [M:A30] a code of mean square x2 draws V^2 x2/(2 R) at most, each leg 2 R to ground or
     * reference */
    const double ladder_W = d->full_scale_V * d->full_scale_V * d->mean_square / (2 * ladder_ohm);
    const double width_m = RESISTOR_WIDTH_F * env->node->feature_size_m;
    const double squares = 3 * d->bits * ladder_ohm / SHEET_OHM; /* R and 2R a bit */
    *out =
        (struct spn_component_cost){.area_m2 = squares * width_m * width_m + 2 * follower.area_m2 +
                                               2 * d->bits * inverter.area_m2,
                                    .leakage_W = 2 * d->bits * inverter.leakage_W};
    const double on_s = d->settle_s + d->hold_s;
    out->action[SPN_DAC_CONVERT] = (struct spn_cost){
        .energy_J = ladder_W * on_s + follower_A * vdd_V * on_s +
                    spn_gate_cycle_J(d->bits * (inverter.input_F + inverter.output_F), vdd_V) / 2,
        .latency_s = d->settle_s}; /* [M:A31] */
    return SPN_OK;
}

#define D struct spn_dac
static const struct spn_field fields[] = {
    SPN_F_INT(D, bits, "bit", 1, 10, "resolution"),
    SPN_F_DOUBLE(D, full_scale_V, "V", 1e-3, 20, "largest output"),
    SPN_F_DOUBLE(D, line_F, "F", 1e-18, 1e-9, "what is driven"),
    SPN_F_DOUBLE(D, load_A, "A", 0, 1, "largest current that the line takes"),
    SPN_F_DOUBLE(D, settle_s, "s", 1e-12, 1, "in which the output settles to half a step"),
    SPN_F_DOUBLE(D, hold_s, "s", 0, 1, "how long the output then stays"),
    SPN_F_DOUBLE(D, mean_square, "", 0, 1, "mean square of the output, fraction of full scale"),
    SPN_F_END};
#undef D

static const char *const actions[] = {"convert", NULL};

static void example(void *params)
{
    *(struct spn_dac *)params = (struct spn_dac){.bits = 4,
                                                 .full_scale_V = 0.5,
                                                 .line_F = 10e-15,
                                                 .settle_s = 2e-9,
                                                 .hold_s = 10e-9,
                                                 .mean_square = 0.2};
}

const struct spn_component_type spn_component_dac = {
    .name = "dac-r2r",
    .role = "dac",
    .doc = "R-2R ladder and follower per line, for inputs of several bits at a time",
    .size = sizeof(struct spn_dac),
    .fields = fields,
    .actions = actions,
    .model = "A29-A31",
    .example = example,
    .eval = eval};
