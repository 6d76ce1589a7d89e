/* adc_bound.c -- what few published converters do better than.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Regressions over the survey of published converters [murmann], lowered by one standard deviation
 * of their residuals, so that one published converter in six is better. A bound, not an estimate:
 * the survey spreads by a factor of 5 either way about its mean. Energy: 232 Nyquist converters of
 * 10 bits and less, 180 nm and less; area: 48 SAR converters. Equations A48-A49 of docs/MODELS.md.
 */
#include <math.h>

#include "models/adc.h"

#define NANO 1e-9
#define LEAST_BITS 2 /* the survey has none below */
#define MOST_BITS 10 /* nor is the fit of more */
#define MOST_NODE_M 180e-9

/* log10 y = a + b bits + c log10(node/nm) + d log10(rate/Hz), residual sd in decades. */
struct fit {
    double a, b, c, d, sd;
};
static const struct fit energy_pJ = {-7.013, 0.299, 1.966, 0.317, 0.68};
static const struct fit area_um2 = {2.473, 0.157, 0.721, -0.085, 0.39};

static double bound(const struct fit *f, int bits, double node_m, double rate_Hz)
{
    return pow(10,
               f->a + f->b * bits + f->c * log10(node_m / NANO) + f->d * log10(rate_Hz) - f->sd);
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_adc *adc = params;
    const double node_m = env->node->feature_size_m;
    enum spn_status status = spn_logic_check(&spn_component_adc_bound, params, env, err);
    if (status)
        return status;
    if (adc->bits < LEAST_BITS || adc->bits > MOST_BITS || node_m > MOST_NODE_M * (1 + NANO))
        return spn_err_set(err, SPN_EINPUT,
                           "adc-bound.bits = %d at %g nm: the survey's fit holds for %d to %d bits "
                           "and nodes up to %g nm",
                           adc->bits, node_m / NANO, LEAST_BITS, MOST_BITS, MOST_NODE_M / NANO);
    const double cycle_s = adc->cycle_s > 0 ? adc->cycle_s : 1 / env->clock_Hz;
    const double convert_s = (adc->bits + 1) * cycle_s; /* [M:A49] */
    const double square_um_m2 = 1e-12, pico = 1e-12;
    *out =
        (struct spn_component_cost){.area_m2 = adc->area_scale * square_um_m2 *
                                               bound(&area_um2, adc->bits, node_m, 1 / convert_s)};
    out->action[SPN_ADC_CONVERT] = (struct spn_cost){
        .energy_J = adc->energy_scale * pico * bound(&energy_pJ, adc->bits, node_m, 1 / convert_s),
        .latency_s = adc->latency_scale * convert_s};
    return SPN_OK;
}

const struct spn_component_type spn_component_adc_bound = {
    .name = "adc-bound",
    .role = "adc",
    .doc = "lower bound from the survey of published converters; not an estimate",
    .bound = "energy and area of one published converter in six are lower",
    .size = sizeof(struct spn_adc),
    .fields = spn_adc_fields,
    .actions = spn_adc_actions,
    .model = "A48-A49",
    .example = spn_adc_example,
    .eval = eval};
