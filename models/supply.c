/* supply.c -- a node at a supply or a temperature other than those it is tabulated for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One current law from weak inversion to velocity saturation: the EKV interpolation [enz1995] with
 * the exponent of the alpha-power law [sakurai1990] in place of 2. Its slope and threshold are
 * those that meet the node's tabulated on- and off-current, so that nothing is fitted to circuits.
 * Equations G13-G15 of docs/MODELS.md. Deviation: junction capacitances stay those of the tabulated
 * supply (5 % between 0.8 and 1.0 V), gate capacitance is taken as that of strong inversion.
 */
#include "models/supply.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "models/gate.h"

#define ALPHA 1.3                /* velocity saturation [sakurai1990] */
#define DIBL_PLANAR 0.1          /* V/V [weste2011, ch. 2] */
#define DIBL_FIN 0.05            /* V/V, gates on several sides; assumed */
#define FIN_SLOPE 1.15           /* 68 mV per decade at 300 K; assumed where the table gives none */
#define THRESHOLD_V_PER_K 0.7e-3 /* its fall; 0.5 to 1 mV/K are usual [weste2011, ch. 2] */
#define MOBILITY_EXPONENT -1.5   /* of lattice scattering [sze2007] */
#define STEPS 45                 /* of a bisection: 1e-13 of a few volts */

/* ln(1 + e^x) without overflow. */
static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* [M:G13] (I/I0)^(1/alpha) at gate overdrive `over_V`. */
static double root(const struct spn_supply_fit *f, double over_V)
{
    return softplus(over_V / (ALPHA * f->slope * f->thermal_V));
}

/* I/I0 at one overdrive over that at another. */
static double law_ratio(const struct spn_supply_fit *f, double over_V, double other_V)
{
    return pow(root(f, over_V) / root(f, other_V), ALPHA);
}

/* Off- over on-current of a fit at the supply it was made for, to the power 1/alpha. */
static double off_root(const struct spn_supply_fit *f, double nominal_V)
{
    return root(f, -f->threshold_V) / root(f, nominal_V - f->threshold_V);
}

/* [M:G14] n such that the node's own threshold meets its currents at the table's first point. */
static double slope_of(const struct spn_node *node, double dibl)
{
    struct spn_supply_fit f = {.threshold_V = node->vth_V,
                               .dibl = dibl,
                               .thermal_V = SPN_BOLTZMANN_J_PER_K * node->temperature_K[0] /
                                            SPN_ELECTRON_CHARGE_C};
    const double wanted = pow(node->nmos_off_A_per_m[0] / node->nmos_on_A_per_m[0], 1 / ALPHA);
    double low = 1, high = 10;
    f.slope = low;
    if (off_root(&f, node->vdd_V) > wanted) /* below 60 mV per decade: not this kind of threshold */
        return FIN_SLOPE;
    for (int i = 0; i < STEPS; i++) {
        f.slope = (low + high) / 2;
        *(off_root(&f, node->vdd_V) < wanted ? &low : &high) = f.slope;
    }
    return f.slope;
}

struct spn_supply_fit spn_supply_fit(const struct spn_node *node, double temperature_K, double on,
                                     double off)
{
    const double dibl = node->transistor == SPN_TRANSISTOR_PLANAR ? DIBL_PLANAR : DIBL_FIN;
    struct spn_supply_fit f = {.slope = slope_of(node, dibl),
                               .dibl = dibl,
                               .thermal_V =
                                   SPN_BOLTZMANN_J_PER_K * temperature_K / SPN_ELECTRON_CHARGE_C};
    const double wanted = pow(off / on, 1 / ALPHA);
    double low = -node->vdd_V, high = node->vdd_V;
    for (int i = 0; i < STEPS; i++) {
        f.threshold_V = (low + high) / 2;
        *(off_root(&f, node->vdd_V) > wanted ? &low : &high) = f.threshold_V;
    }
    return f;
}

double spn_supply_on_frac(const struct spn_supply_fit *f, double nominal_V, double vdd_V)
{
    const double threshold_V = f->threshold_V + f->dibl * (nominal_V - vdd_V);
    return law_ratio(f, vdd_V - threshold_V, nominal_V - f->threshold_V);
}

double spn_supply_off_frac(const struct spn_supply_fit *f, double nominal_V, double vdd_V)
{
    const double threshold_V = f->threshold_V + f->dibl * (nominal_V - vdd_V);
    return law_ratio(f, -threshold_V, -f->threshold_V);
}

bool spn_supply_differs(const struct spn_node *node, double temperature_K, double vdd_V)
{
    return vdd_V != node->vdd_V ||
           (node->n_temperatures == 1 && temperature_K != node->temperature_K[0]);
}

/* [M:T8] Drive as lattice mobility, T^-3/2; leakage by the law of G13 with a threshold that falls
 * by 0.7 mV/K. */
static struct spn_supply_currents follow(const struct spn_node *node, struct spn_supply_currents at,
                                         double temperature_K)
{
    const double from_K = node->temperature_K[0];
    struct spn_supply_fit f = spn_supply_fit(node, from_K, at.on, at.off);
    const double cold = root(&f, -f.threshold_V);
    f.threshold_V -= THRESHOLD_V_PER_K * (temperature_K - from_K);
    f.thermal_V *= temperature_K / from_K;
    return (struct spn_supply_currents){at.on * pow(temperature_K / from_K, MOBILITY_EXPONENT),
                                        at.off * pow(root(&f, -f.threshold_V) / cold, ALPHA)};
}

static struct spn_supply_currents currents_at(const struct spn_node *node, enum spn_channel channel,
                                              double temperature_K)
{
    const struct spn_env env = {.node = node, .temperature_K = temperature_K};
    const struct spn_supply_currents at = {spn_gate_on_A_per_m(&env, channel),
                                           spn_gate_off_A_per_m(&env, channel)};
    if (node->n_temperatures > 1 || temperature_K == node->temperature_K[0])
        return at;
    return follow(node, at, temperature_K);
}

void spn_supply_prepare(struct spn_supply *supply, const struct spn_node *node,
                        double temperature_K)
{
    supply->temperature_K = temperature_K;
    for (int channel = SPN_CHANNEL_N; channel <= SPN_CHANNEL_P; channel++) {
        const struct spn_supply_currents at =
            currents_at(node, (enum spn_channel)channel, temperature_K);
        supply->at[channel] = at;
        supply->fit[channel] = spn_supply_fit(node, temperature_K, at.on, at.off);
    }
}

void spn_supply_apply(struct spn_node *out, const struct spn_node *node,
                      const struct spn_supply *supply, double vdd_V)
{
    const double nominal_V = node->vdd_V;
    memcpy(out, node, sizeof *out);
    double *const on_A[] = {out->nmos_on_A_per_m, out->pmos_on_A_per_m};
    double *const off_A[] = {out->nmos_off_A_per_m, out->pmos_off_A_per_m};
    for (int channel = SPN_CHANNEL_N; channel <= SPN_CHANNEL_P; channel++) {
        const struct spn_supply_currents at = supply->at[channel];
        const struct spn_supply_fit *f = &supply->fit[channel];
        const double on_frac = spn_supply_on_frac(f, nominal_V, vdd_V);
        *on_A[channel] = at.on * on_frac;
        *off_A[channel] = at.off * spn_supply_off_frac(f, nominal_V, vdd_V);
        if (channel == SPN_CHANNEL_N) /* [M:G15] of V/I */
            out->supply_slowdown = vdd_V / nominal_V / on_frac;
    }
    const struct spn_env room = {.node = node, .temperature_K = SPN_ROOM_K};
    out->supply_off_frac = out->nmos_off_A_per_m[0] / spn_gate_off_A_per_m(&room, SPN_CHANNEL_N);
    out->tabulated_V = nominal_V;
    out->vdd_V = vdd_V;
    out->temperature_K[0] = supply->temperature_K;
    out->n_temperatures = out->n_nmos_on = out->n_pmos_on = out->n_nmos_off = out->n_pmos_off = 1;
}

void spn_supply_scale(struct spn_node *out, const struct spn_node *node, double temperature_K,
                      double vdd_V)
{
    struct spn_supply supply;
    spn_supply_prepare(&supply, node, temperature_K);
    spn_supply_apply(out, node, &supply, vdd_V);
}
