/* adc_sar.c -- successive-approximation converter, power from published per-node coefficients.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * P = (a bits + b) + c R^(-d / ln 10), R = 0.5 V / I: control and comparator, and the branch that
 * carries the column current. One cycle of 1 ns a bit and one more [neurosim14]. Valid for 4 to 8
 * bits, where it was fitted, and at the node's own supply; others scale it. Deviation: published
 * silicon spreads by a factor of 4 to 6 either way about any such law [murmann]. Equations A20-A22
 * of docs/MODELS.md.
 */
#include "models/adc.h"

#include <math.h>
#include <stdbool.h>

#include "models/gate.h"

#define LN10 2.302585092994045684
#define CYCLE_S 1e-9       /* of one bit, at every node */
#define REFERENCE_V 0.5    /* at which R stands for the column current */
#define LARGEST_M 180e-9   /* up to which the first two rows are extrapolated */
#define POWER_PER_K 1.3e-3 /* relative, above 300 K */
#define REFERENCE_K 300.0
/* Area in smallest inverter cells: 478 + 182 (bits - 1); N and P cells, 269 + 209 and 109 + 73. */
#define AREA_CELLS 478
#define AREA_CELLS_PER_BIT 182
/* Off-currents of low-power processes lie at 1e-4 A/m, of high-performance ones at 1e-1 A/m. */
#define LOW_POWER_OFF_A_PER_M 1e-2

/* Coefficients of [neurosim14]: node, W per bit, W, W ohm^(d/ln 10), exponent; and the supply that
 * its roadmap gives the node, at which they hold. */
struct coefficients {
    double feature_size_m, a_W, b_W, c, d, vdd_V;
};
static const struct coefficients high_performance[] = {
    {130e-9, 6.4806e-6, 49.047e-6, 0.207452, 2.367, 1.3},
    {90e-9, 4.3474e-6, 31.782e-6, 0.1649, 2.345, 1.2},
    {65e-9, 2.9503e-6, 22.047e-6, 0.128483, 2.321, 1.1},
    {45e-9, 2.1843e-6, 11.931e-6, 0.097754, 2.296, 1.0},
    {32e-9, 1.0157e-6, 7.6286e-6, 0.083709, 2.313, 0.9},
    {22e-9, 0.7213e-6, 3.3041e-6, 0.084273, 2.311, 0.85},
    {14e-9, 0.471e-6, 1.9529e-6, 0.060584, 2.311, 0.8},
    {10e-9, 0.3076e-6, 1.1543e-6, 0.049418, 2.311, 0.75},
    {7e-9, 0.2008e-6, 0.6823e-6, 0.04031, 2.311, 0.7},
};
static const struct coefficients low_power[] = {
    {130e-9, 8.4483e-6, 65.243e-6, 0.16938, 2.303, 1.3},
    {90e-9, 5.9869e-6, 37.462e-6, 0.144323, 2.303, 1.2},
    {65e-9, 3.7506e-6, 25.844e-6, 0.121272, 2.303, 1.1},
    {45e-9, 2.1691e-6, 16.693e-6, 0.100225, 2.303, 1.0},
    {32e-9, 1.1294e-6, 8.8998e-6, 0.079449, 2.297, 0.9},
    {22e-9, 0.538e-6, 4.3753e-6, 0.072341, 2.303, 0.85},
    {14e-9, 0.3132e-6, 2.5681e-6, 0.061085, 2.303, 0.8},
    {10e-9, 0.1823e-6, 1.5073e-6, 0.05158, 2.303, 0.75},
    {7e-9, 0.1061e-6, 0.8847e-6, 0.043555, 2.303, 0.7},
    {5e-9, 0.0645e-6, 0.5511e-6, 0.0388, 2.303, 0.7},
    {3e-9, 0.0333e-6, 0.2849e-6, 0.0388, 2.303, 0.7},
    {2e-9, 0.0207e-6, 0.1764e-6, 0.0313, 2.303, 0.65},
    {1e-9, 0.0101e-6, 0.0843e-6, 0.0288, 2.303, 0.6},
};

#define N(table) (sizeof(table) / sizeof((table)[0]))

static double between(double low, double high, double t)
{
    return exp(log(low) + t * (log(high) - log(low)));
}

/* The node's row, or between two rows in proportion on logarithmic scales. [M:A20] */
static enum spn_status coefficients_of(const struct spn_node *node, struct coefficients *out,
                                       struct spn_err *err)
{
    const bool low = node->nmos_off_A_per_m[0] < LOW_POWER_OFF_A_PER_M;
    const struct coefficients *table = low ? low_power : high_performance;
    const size_t n = low ? N(low_power) : N(high_performance);
    const double f = node->feature_size_m, same = 1e-3;
    for (size_t i = 0; i < n; i++)
        if (fabs(f / table[i].feature_size_m - 1) < same) {
            *out = table[i];
            return SPN_OK;
        }
    if (!(f <= LARGEST_M * (1 + same) && f > table[n - 1].feature_size_m))
        return spn_err_set(err, SPN_EINPUT,
                           "adc-sar: no coefficients for node %s (F = %g m outside [%g, %g])",
                           node->name, f, table[n - 1].feature_size_m, LARGEST_M);
    size_t i = 1; /* above the first row its slope is followed */
    while (f < table[i].feature_size_m)
        i++;
    const struct coefficients *above = &table[i - 1], *below = &table[i];
    const double t =
        log(f / below->feature_size_m) / log(above->feature_size_m / below->feature_size_m);
    *out = (struct coefficients){.feature_size_m = f,
                                 .a_W = between(below->a_W, above->a_W, t),
                                 .b_W = between(below->b_W, above->b_W, t),
                                 .c = between(below->c, above->c, t),
                                 .d = below->d + t * (above->d - below->d),
                                 .vdd_V = between(below->vdd_V, above->vdd_V, t)};
    return SPN_OK;
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_adc *adc = params;
    enum spn_status status = spn_component_check(&spn_component_adc_sar, params, err);
    if (status)
        return status;
    struct coefficients k = {0};
    status = coefficients_of(env->node, &k, err);
    if (status)
        return status;
    const double current_W =
        adc->column_mean_A > 0 ? k.c * exp(k.d / LN10 * log(adc->column_mean_A / REFERENCE_V)) : 0;
    /* [M:W4] at another supply: control and comparator charge C V^2, the branch draws I from V */
    const double v = env->node->vdd_V / k.vdd_V;
    const double warmer = 1 + POWER_PER_K * (env->temperature_K - REFERENCE_K); /* [M:A21] */
    const double slower = env->node->supply_slowdown > 0 ? env->node->supply_slowdown : 1;
    const double convert_s = (adc->bits + 1) * (adc->cycle_s > 0 ? adc->cycle_s : CYCLE_S * slower);
    const double branch_s = convert_s * (adc->branch_frac > 0 ? adc->branch_frac : 1);
    /* [M:G15, W8] a slower cycle moves the same charge, and draws the branch's current for longer
     */
    const double switching_J = (k.a_W * adc->bits + k.b_W) * v * v * (adc->bits + 1) * CYCLE_S;
    const double energy_J = (switching_J + current_W * v * branch_s) * warmer;
    const double cells = AREA_CELLS + AREA_CELLS_PER_BIT * (adc->bits - 1); /* [M:A22] */
    *out = (struct spn_component_cost){.area_m2 = adc->area_scale * cells *
                                                  spn_gate_min_inverter(env).area_m2};
    out->action[SPN_ADC_CONVERT] = (struct spn_cost){.energy_J = adc->energy_scale * energy_J,
                                                     .latency_s = adc->latency_scale * convert_s};
    return SPN_OK;
}

const struct spn_component_type spn_component_adc_sar = {
    .name = "adc-sar",
    .role = "adc",
    .doc = "successive approximation, one bit a nanosecond; published coefficients per node",
    .size = sizeof(struct spn_adc),
    .fields = spn_adc_fields,
    .actions = spn_adc_actions,
    .model = "A20-A22",
    .example = spn_adc_example,
    .eval = eval};
