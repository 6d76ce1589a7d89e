/* pulse.c -- programming pulses: how far they move a conductance, how many are needed, what they
 * cost.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Equations D6-D11 of docs/MODELS.md: the exponential pulse response with a nonlinearity label
 * [chen2018neurosim], charge of a switched ferroelectric, Joule heat of a resistive write.
 */
#include "models/pulse.h"

#include <math.h>

#define LABEL_UNIT 0.07 /* distance from the diagonal per unit of label [chen2018neurosim] */

/* Largest bulge of the curve with curvature a above the diagonal: at p* = -a ln(a (1 - e^(-1/a))).
 */
static double bulge(double a)
{
    const double span = -expm1(-1 / a); /* 1 - e^(-1/a) */
    const double p = -a * log(a * span);
    return -expm1(-p / a) / span - p;
}

/* [M:D6] bulge(a) falls from 1 (a -> 0) to 0 (a -> inf), where it is 1/(8 a): bisection in log a
 * between bounds that hold for every label in use. */
double spn_pulse_curvature(double label)
{
    const double want = LABEL_UNIT * sqrt(2.0) * fmin(fabs(label), SPN_PULSE_MAX_LABEL);
    const double linear = 1e-9; /* less than this is a straight line */
    if (want < linear)
        return INFINITY;
    double low = 1e-3,
           high = 1 / want;    /* bulge(low) = 0.99.. > want; bulge(1/want) ~ want/8 < want */
    const int n_halvings = 60; /* down to a double's resolution */
    for (int i = 0; i < n_halvings; i++) {
        const double middle = sqrt(low * high);
        if (bulge(middle) > want)
            low = middle;
        else
            high = middle;
    }
    return copysign(sqrt(low * high), label);
}

/* B = (Gmax - Gmin)/(1 - e^(-n_max/A)); meaningless (and unused) for a straight line. */
static double response_B(double range_S, double n_levels, double A)
{
    return isinf(A) ? range_S : range_S / -expm1(-n_levels / A);
}

struct spn_pulse_law spn_pulse_law_labels(double min_S, double max_S, double n_levels,
                                          double up_label, double down_label)
{
    const double up_A = n_levels * spn_pulse_curvature(up_label);
    const double down_A = n_levels * spn_pulse_curvature(-down_label); /* D7: against its sign */
    return (struct spn_pulse_law){.min_S = min_S,
                                  .max_S = max_S,
                                  .up_A = up_A,
                                  .down_A = down_A,
                                  .up_B = response_B(max_S - min_S, n_levels, up_A),
                                  .down_B = response_B(max_S - min_S, n_levels, down_A),
                                  .n_levels = n_levels};
}

struct spn_pulse_law spn_pulse_law(const struct spn_device *device)
{
    return spn_pulse_law_labels(device->off_conductance_S, device->on_conductance_S,
                                device->pulse.n_levels, device->pulse.potentiation_nonlinearity,
                                device->pulse.depression_nonlinearity);
}

/* Distance moved from the start of the curve after n pulses, and its inverse. [M:D7] */
static double distance(const struct spn_pulse_law *law, double A, double B, double n)
{
    if (isinf(A))
        return n / law->n_levels * (law->max_S - law->min_S);
    return B * -expm1(-n / A);
}

static double pulses(const struct spn_pulse_law *law, double A, double B, double distance_S)
{
    if (isinf(A))
        return distance_S / (law->max_S - law->min_S) * law->n_levels;
    return -A * log1p(-distance_S / B);
}

static double clip(const struct spn_pulse_law *law, double conductance_S)
{
    return fmin(fmax(conductance_S, law->min_S), law->max_S);
}

double spn_pulse_apply(const struct spn_pulse_law *law, double conductance_S, double n_pulses)
{
    const double g_S = clip(law, conductance_S);
    if (n_pulses >= 0) {
        const double n = pulses(law, law->up_A, law->up_B, g_S - law->min_S) + n_pulses;
        return clip(law, law->min_S + distance(law, law->up_A, law->up_B, fmin(n, law->n_levels)));
    }
    const double n = pulses(law, law->down_A, law->down_B, law->max_S - g_S) - n_pulses;
    return clip(law, law->max_S - distance(law, law->down_A, law->down_B, fmin(n, law->n_levels)));
}

double spn_pulse_needed(const struct spn_pulse_law *law, double from_S, double to_S)
{
    const double from = clip(law, from_S), to = clip(law, to_S);
    if (to >= from)
        return pulses(law, law->up_A, law->up_B, to - law->min_S) -
               pulses(law, law->up_A, law->up_B, from - law->min_S);
    return pulses(law, law->down_A, law->down_B, law->max_S - from) -
           pulses(law, law->down_A, law->down_B, law->max_S - to);
}

double spn_pulse_switched_frac(const struct spn_device *device)
{
    return device->pulse.n_levels > 1 ? 1.0 / device->pulse.n_levels : 1.0;
}

/* RESET is taken as SET where it is not given. */
static double reset_V(const struct spn_device *device)
{
    return device->reset_voltage_V > 0 ? device->reset_voltage_V : device->write_voltage_V;
}

static double reset_s(const struct spn_device *device)
{
    return device->reset_pulse_s > 0 ? device->reset_pulse_s : device->write_pulse_s;
}

double spn_pulse_write_s(const struct spn_device *device)
{
    return (device->write_pulse_s + reset_s(device)) / 2;
}

double spn_pulse_write_V2(const struct spn_device *device)
{
    const double set_V = device->write_voltage_V;
    return (set_V * set_V + reset_V(device) * reset_V(device)) / 2;
}

double spn_pulse_write_A(const struct spn_device *device, double mean_S)
{
    if (device->cell == SPN_CELL_SRAM || device->write_charge_C_per_m2 > 0)
        return 0;
    if (device->write_current_A > 0)
        return device->write_current_A;
    return (device->write_voltage_V + reset_V(device)) / 2 * mean_S;
}

double spn_pulse_cell_J(const struct spn_device *device, double feature_size_m, double mean_S,
                        double switched_frac)
{
    if (device->cell == SPN_CELL_SRAM)
        return 0; /* the flipping nodes' charge: see spn_array_lines, they are small beside the bit
                     lines */
    const double mean_V = (device->write_voltage_V + reset_V(device)) / 2;
    if (device->write_charge_C_per_m2 > 0) { /* [M:D8] */
        const double area_m2 = device->gate_area_F2 * feature_size_m * feature_size_m;
        return device->write_charge_C_per_m2 * area_m2 * mean_V * switched_frac;
    }
    const double set_s = device->write_pulse_s, set_V = device->write_voltage_V;
    if (device->write_current_A > 0) /* [M:D9] */
        return device->write_current_A * (set_V * set_s + reset_V(device) * reset_s(device)) / 2;
    return mean_S * (set_V * set_V * set_s + reset_V(device) * reset_V(device) * reset_s(device)) /
           2;
}

/* [M:D11] */
double spn_pulse_verify_tries(double sd_frac, double tolerance_frac)
{
    if (!(sd_frac > 0))
        return 1;
    return 1 / erf(tolerance_frac / (sd_frac * sqrt(2.0)));
}
