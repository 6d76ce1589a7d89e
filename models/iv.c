/* iv.c -- current of a memory cell against its voltage.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * [M:D13] sinh(k V)/k, V + a V^2 + b V^3, or a measured curve. The curve is the same for all states
 * of a cell; what differs between states is its conductance.
 */
#include "models/iv.h"

#include <math.h>

static double interpolate(const struct spn_device_iv *iv, double voltage_V)
{
    double v = 0, i = 0; /* where the segment begins */
    int k = 0;
    while (k < iv->n_current - 1 && iv->voltage_V[k] < voltage_V) {
        v = iv->voltage_V[k];
        i = iv->current_A[k++];
    }
    return i + (iv->current_A[k] - i) * (voltage_V - v) / (iv->voltage_V[k] - v);
}

double spn_iv_current(const struct spn_device *device, double voltage_V)
{
    const double k = device->nonlinearity_per_V, v = voltage_V;
    if (device->iv.n_current > 0)
        return interpolate(&device->iv, v);
    if (k > 0)
        return sinh(k * v) / k;
    return v + device->quadratic_per_V * v * v + device->cubic_per_V2 * v * v * v;
}

bool spn_iv_is_bent(const struct spn_device *device)
{
    return device->nonlinearity_per_V > 0 || device->quadratic_per_V != 0 ||
           device->cubic_per_V2 != 0 || device->iv.n_current > 0;
}
