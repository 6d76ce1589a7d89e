/* supply.h -- a node at a supply or a temperature other than those it is tabulated for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_SUPPLY_H
#define SPN_MODELS_SUPPLY_H

#include <stdbool.h>

#include "tech/node.h"

/* What the law of [M:G13] takes from a node at one temperature. */
struct spn_supply_fit {
    double slope;       /* n: subthreshold swing over ln(10) kT/q, >= 1 */
    double threshold_V; /* that meets both tabulated currents at the node's supply */
    double dibl;        /* threshold lost per volt of drain voltage */
    double thermal_V;   /* kT/q */
};
/* on, off: A/m at the node's supply and temperature_K. */
struct spn_supply_fit spn_supply_fit(const struct spn_node *node, double temperature_K, double on,
                                     double off);
/* On- and off-current at vdd_V over those at the node's own supply. [M:G13, G14] */
double spn_supply_on_frac(const struct spn_supply_fit *fit, double nominal_V, double vdd_V);
double spn_supply_off_frac(const struct spn_supply_fit *fit, double nominal_V, double vdd_V);

/* Whether a node is to be scaled: other supply, or a temperature beyond a table of one point. */
bool spn_supply_differs(const struct spn_node *node, double temperature_K, double vdd_V);
/* Currents of one polarity at a temperature and the node's own supply. */
struct spn_supply_currents {
    double on, off;
};
/* What scaling takes from a node at one temperature, whatever the supply; by enum spn_channel. */
struct spn_supply {
    double temperature_K;
    struct spn_supply_currents at[2];
    struct spn_supply_fit fit[2];
};
/* `node` must be checked. A table of one point is followed to temperature_K. [M:T8] */
void spn_supply_prepare(struct spn_supply *supply, const struct spn_node *node,
                        double temperature_K);
/* *out = *node at vdd_V and the temperature of `supply`, which is of this node: supply, currents (a
 * table of that one temperature), supply_slowdown and supply_off_frac. vdd_V > 0. */
void spn_supply_apply(struct spn_node *out, const struct spn_node *node,
                      const struct spn_supply *supply, double vdd_V);
/* Both at once. */
void spn_supply_scale(struct spn_node *out, const struct spn_node *node, double temperature_K,
                      double vdd_V);

#endif
