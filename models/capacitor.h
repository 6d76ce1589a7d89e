/* capacitor.h -- metal capacitors that charge is sampled or shared on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_CAPACITOR_H
#define SPN_MODELS_CAPACITOR_H

#include "models/component.h"

#define SPN_CAPACITOR_LEAST_F 1e-15 /* of one that is drawn, not parasitic; assumed */

/* What keeps thermal noise at half of the quantisation noise's amplitude when full_scale_V is cut
 * into 2^bits steps. [M:A27] */
double spn_capacitor_noise_F(const struct spn_env *env, double full_scale_V, int bits);
/* 2.3 fF/um2 at 22 nm, as 1/F at other nodes. [M:A27] */
double spn_capacitor_area_m2(const struct spn_env *env, double capacitance_F);

#endif
