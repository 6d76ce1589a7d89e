/* irdrop_near.h -- what the tests of arrays with resistive wires share: products, and comparing
 * currents.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TESTS_IRDROP_NEAR_H
#define SPN_TESTS_IRDROP_NEAR_H

#include "check.h"

static inline double largest(const double *x, int n)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

static inline void assert_near(const double *got, const double *want, int n, double tolerance,
                               const char *name)
{
    double scale = largest(want, n);
    for (int i = 0; i < n; i++)
        ck_assert_msg(fabs(got[i] - want[i]) <= tolerance * scale,
                      "%s: [%d] = %.17g, expected %.17g (largest %g)", name, i, got[i], want[i],
                      scale);
}

static inline void product(const double *T_S, const double *volts, int rows, int columns,
                           double *amperes)
{
    for (int j = 0; j < columns; j++) {
        amperes[j] = 0;
        for (int i = 0; i < rows; i++)
            amperes[j] += volts[i] * T_S[i * columns + j];
    }
}

#endif
