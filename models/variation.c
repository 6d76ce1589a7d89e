/* variation.c -- how cells of one kind differ, and what time and temperature do to them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Equations D14 to D16 of docs/MODELS.md.
 */
#include "models/variation.h"

#include <math.h>

#include "base/units.h"

/* Joule to electron volt, exact, SI 2019. */
#define BOLTZMANN_EV_PER_K (SPN_BOLTZMANN_J_PER_K / SPN_ELECTRON_CHARGE_C)

/* value[] at level_frac; `otherwise` where the device has no such list. */
static double by_state(const struct spn_device_states *s, int n, const double *value,
                       double level_frac, double otherwise)
{
    int i = 1;
    if (n == 0)
        return otherwise;
    if (n == 1 || level_frac <= s->level_frac[0])
        return value[0];
    while (i < n - 1 && s->level_frac[i] < level_frac)
        i++;
    double from = s->level_frac[i - 1], share = (level_frac - from) / (s->level_frac[i] - from);
    return value[i - 1] + fmin(share, 1) * (value[i] - value[i - 1]);
}

double spn_variation_write_mean(const struct spn_device *device, double level_frac)
{
    const struct spn_device_states *s = &device->states;
    return by_state(s, s->n_programming_mean, s->programming_mean_frac, level_frac, 0);
}

double spn_variation_write_sd(const struct spn_device *device, double level_frac)
{
    const struct spn_device_states *s = &device->states;
    double window = device->on_conductance_S - device->off_conductance_S;
    double conductance = device->off_conductance_S / window + level_frac;
    double sd = by_state(s, s->n_programming_sd, s->programming_sd_frac, level_frac,
                         device->programming_sd_frac);
    return device->programming_sd_rel > 0 ? hypot(sd, device->programming_sd_rel * conductance)
                                          : sd;
}

struct spn_variation_drift spn_variation_drift(const struct spn_device *device, double level_frac)
{
    const struct spn_device_states *s = &device->states;
    return (struct spn_variation_drift){
        by_state(s, s->n_drift_nu, s->drift_nu, level_frac, device->drift_nu),
        by_state(s, s->n_drift_nu_sd, s->drift_nu_sd, level_frac, device->drift_nu_sd)};
}

double spn_variation_age(const struct spn_device *device, double time_s, double temperature_K)
{
    double faster =
        device->drift_activation_eV / BOLTZMANN_EV_PER_K * (1 / SPN_ROOM_K - 1 / temperature_K);
    double age = device->drift_t0_s > 0 ? time_s * exp(faster) / device->drift_t0_s : 1;
    return age > 1 ? age : 1;
}

double spn_variation_drift_factor(double age, double nu)
{
    return pow(age, -nu);
}

double spn_variation_temperature_factor(const struct spn_device *device, double level_frac,
                                        double temperature_K)
{
    double on = device->on_temperature_per_K, off = device->off_temperature_per_K;
    double per_K = off + fmin(fmax(level_frac, 0), 1) * (on - off);
    return fmax(0, 1 + per_K * (temperature_K - SPN_ROOM_K));
}
