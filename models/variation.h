/* variation.h -- how cells of one kind differ, and what time and temperature do to them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Levels are shares of the window Gmax - Gmin, 0 .. 1; what the device gives by state is
 * interpolated between its levels and held beyond them.
 */
#ifndef SPN_MODELS_VARIATION_H
#define SPN_MODELS_VARIATION_H

#include "tech/device.h"

/* Error of one write, in shares of the window: normal with this mean and sd. [M:D14] */
double spn_variation_write_mean(const struct spn_device *device, double level_frac);
double spn_variation_write_sd(const struct spn_device *device, double level_frac);

/* Exponent of drift: normal over cells. [M:D15] */
struct spn_variation_drift {
    double nu, nu_sd;
};
struct spn_variation_drift spn_variation_drift(const struct spn_device *device, double level_frac);
/* Age in units of t0, at the temperature that the device is described at, that `time_s` at
 * temperature_K is worth; 1 before t0. */
double spn_variation_age(const struct spn_device *device, double time_s, double temperature_K);
/* What age leaves of a conductance. */
double spn_variation_drift_factor(double age, double nu);

/* Conductance at temperature_K beside that at 300 K; never below 0. [M:D16] */
double spn_variation_temperature_factor(const struct spn_device *device, double level_frac,
                                        double temperature_K);

#endif
