/* pulse.h -- programming pulses: how far they move a conductance, how many are needed, what they
 * cost.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     struct spn_pulse_law law = spn_pulse_law(&device);
 *     double n = spn_pulse_needed(&law, g_from_S, g_to_S);   // signed, not whole
 *     double g_S = spn_pulse_apply(&law, g_from_S, round(n));
 */
#ifndef SPN_MODELS_PULSE_H
#define SPN_MODELS_PULSE_H

#include "tech/device.h"

/* The curvature constant a = A/n_max of a nonlinearity label: max_p [(1 - e^(-p/a))/(1 - e^(-1/a))
 * - p] = 0.07 sqrt2 |label| for p in [0, 1]; negative for a negative label, infinite for 0. |label|
 * <= SPN_PULSE_MAX_LABEL is used. [M:D6] */
#define SPN_PULSE_MAX_LABEL 9.0
double spn_pulse_curvature(double label);

/* G(n) = Gmin + B(1 - e^(-n/A)) upwards, Gmax - B(1 - e^(-n/A)) downwards, where the A of
 * depression has the sign opposite to its label's. [chen2018neurosim; M:D7] */
struct spn_pulse_law {
    double min_S, max_S;
    double up_A, down_A; /* in pulses; infinite = linear */
    double up_B, down_B; /* S */
    double n_levels;     /* pulses from min to max */
};
struct spn_pulse_law spn_pulse_law(const struct spn_device *device);
struct spn_pulse_law spn_pulse_law_labels(double min_S, double max_S, double n_levels,
                                          double up_label, double down_label);
/* n > 0 potentiates, n < 0 depresses; stays within [min_S, max_S]. */
double spn_pulse_apply(const struct spn_pulse_law *law, double conductance_S, double n_pulses);
/* Pulses (signed, real) from one conductance to another; targets are clipped to the range. */
double spn_pulse_needed(const struct spn_pulse_law *law, double from_S, double to_S);

/* Energy that one pulse takes in the cell itself (lines apart), as many pulses up as down:
 * ferroelectric: 2Pr A V times the fraction of the polarisation switched; resistive: V I t or V^2 G
 * t; SRAM: charge of the two internal nodes, switched_frac of the writes flipping the bit. mean_S:
 * of the cells written. [M:D8-D10] */
double spn_pulse_cell_J(const struct spn_device *device, double feature_size_m, double mean_S,
                        double switched_frac);
/* What one pulse of a linear device switches: 1/n_levels. */
double spn_pulse_switched_frac(const struct spn_device *device);
double spn_pulse_write_s(const struct spn_device *device); /* mean of SET and RESET pulse */
double
spn_pulse_write_V2(const struct spn_device *device); /* mean square of SET and RESET voltage, V^2 */
double spn_pulse_write_A(const struct spn_device *device,
                         double mean_S); /* current in a resistive pulse; else 0 */
/* Mean number of tries of a write that is verified to +-tolerance, each try's error normal with sd:
 * 1/erf(tol/(sd sqrt2)). 1 for sd = 0. [M:D11] */
double spn_pulse_verify_tries(double sd_frac, double tolerance_frac);

#endif
