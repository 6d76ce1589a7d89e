/* effective_bent.c -- cells with a bent I-V curve behind wires: straight lines through their mean
 * operating points.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * With its own row on and a share of all others, cell (i, j) has the voltage u V, u = 1 - drop, the
 * drops of R4 from the currents G phi(u) of the row's cells and that share of the column's, phi(u)
 * = I(u V)/I(V). The line from the origin through that point, G phi(u)/u, takes the cell's place.
 * [M:R11]
 */
#include "simulator/effective.h"

#include <math.h>
#include <stddef.h>

#include "models/iv.h"

static const double on_frac = 0.3; /* of the rows; assumed: bits of rectified inputs */
enum { MAX_STEPS = 50 };
static const double tolerance = 1e-7; /* of a voltage */

void spn_effective_bend(const struct spn_irdrop_array *array, const struct spn_device *device,
                        double *cells_S, double *scratch)
{
    const size_t n = (size_t)array->rows * (size_t)array->columns;
    const double full = spn_iv_current(device, device->read_voltage_V);
    struct spn_irdrop_array mean = *array; /* columns carry the share's current */
    double *u = scratch, *current = scratch + n, *drop = scratch + 2 * n, most = 1;
    mean.wires.column_ohm *= on_frac;
    for (int end = 0; end < 2; end++)
        mean.wires.sense_ohm[end] *= on_frac;
    for (size_t k = 0; k < n; k++)
        u[k] = 1;
    for (int step = 0; step < MAX_STEPS && most > tolerance; step++) {
        for (size_t k = 0; k < n; k++)
            current[k] = cells_S[k] * spn_iv_current(device, u[k] * device->read_voltage_V) / full;
        spn_effective_drops(&mean, current, drop);
        most = 0;
        for (size_t k = 0; k < n; k++) { /* as for one cell in series with its wire */
            const double next = 1 / (1 + drop[k] / u[k]);
            most = fmax(most, fabs(next - u[k]));
            u[k] = next;
        }
    }
    for (size_t k = 0; k < n; k++)
        cells_S[k] *= spn_iv_current(device, u[k] * device->read_voltage_V) / (full * u[k]);
}
