/* capacitor.c -- metal capacitors that charge is sampled or shared on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/capacitor.h"

#include <math.h>

#include "base/units.h"

#define NOISE_FACTOR 12.0   /* q^2/12 is the quantisation noise */
#define MOM_F_PER_M2 2.3e-3 /* metal capacitor at 22 nm, grows as 1/F [cimloop] */
#define MOM_FEATURE_M 22e-9

double spn_capacitor_noise_F(const struct spn_env *env, double full_scale_V, int bits)
{
    /* kT/C <= (V/2^b)^2/12 / 4 */
    const double step_V = full_scale_V / ldexp(1, bits);
    return 4 * NOISE_FACTOR * SPN_BOLTZMANN_J_PER_K * env->temperature_K / (step_V * step_V);
}

double spn_capacitor_area_m2(const struct spn_env *env, double capacitance_F)
{
    const double density = MOM_F_PER_M2 * MOM_FEATURE_M / env->node->feature_size_m;
    return capacitance_F / density;
}
