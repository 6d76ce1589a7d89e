/* validate_fit.c -- at most three named factors of a macro, from part of what was measured of it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Least squares of ln(ours/measured) over all numbers of the fit points, by Gauss-Newton with a
 * Jacobian from differences. [M:W6] Scales are fitted as logarithms, voltages as they are.
 */
#include <math.h>
#include <string.h>

#include "explorer/validate_macro.h"

enum {
    N = SPN_MACRO_MAX_FACTORS,
    MAX_RESIDUALS = SPN_MACRO_MAX_POINTS * SPN_MACRO_N_QUANTITIES,
    ROUNDS = 20
};
#define DIFFERENCE 1e-2 /* of a logarithm, or of a volt: more than what whole clocks round */
#define DAMPING 1e-9    /* keeps what no number depends on where it is */
#define LEAST_SCALE 1e-3
#define MOST_SCALE 1e3
#define LONGEST_STEP 1.0 /* of a logarithm */
#define LONGEST_VOLT 0.1

static bool is_voltage(const char *factor)
{
    size_t n = strlen(factor);
    return n > 2 && strcmp(factor + n - 2, "_V") == 0;
}

static void to_factors(const struct spn_macro *macro, const double x[N], double factor[N])
{
    for (int k = 0; k < N; k++)
        factor[k] = k < macro->n_factors && is_voltage(macro->factor[k]) ? x[k] : exp(x[k]);
}

/* ln(ours/measured); rates as times. */
static enum spn_status residuals(const struct spn_macro *macro, const double x[N],
                                 double out[MAX_RESIDUALS], int *n, struct spn_err *err)
{
    double factor[N];
    to_factors(macro, x, factor);
    *n = 0;
    for (int i = 0; i < macro->n_points; i++) {
        const struct spn_macro_point *point = &macro->point[i];
        double ours[SPN_MACRO_N_QUANTITIES];
        if (!point->fit)
            continue;
        enum spn_status status = spn_macro_estimate(macro, point, factor, ours, err);
        if (status)
            return status;
        for (int q = 0; q < SPN_MACRO_N_QUANTITIES; q++) {
            double measured = spn_macro_measured(point, (enum spn_macro_quantity)q);
            if (measured > 0)
                out[(*n)++] = log(ours[q] / measured) * (q == SPN_MACRO_RATE ? -1 : 1);
        }
    }
    return SPN_OK;
}

/* Gaussian elimination of a positive definite system: a is overwritten, b becomes the solution. */
static void solve(double a[N][N], double b[N])
{
    for (int k = 0; k < N; k++)
        for (int i = k + 1; i < N; i++) {
            double times = a[i][k] / a[k][k];
            for (int j = k; j < N; j++)
                a[i][j] -= times * a[k][j];
            b[i] -= times * b[k];
        }
    for (int k = N - 1; k >= 0; k--) {
        for (int j = k + 1; j < N; j++)
            b[k] -= a[k][j] * b[j];
        b[k] /= a[k][k];
    }
}

static double bounded(double x, double least, double most)
{
    return fmin(fmax(x, least), most);
}

/* One step from x; *change: its largest component. */
static enum spn_status step(const struct spn_macro *macro, double x[N], double *change,
                            struct spn_err *err)
{
    double here[MAX_RESIDUALS], there[N][MAX_RESIDUALS] = {{0}}, a[N][N] = {{0}}, b[N] = {0};
    int n = 0;
    enum spn_status status = residuals(macro, x, here, &n, err);
    for (int k = 0; k < macro->n_factors && !status; k++) {
        double moved[N];
        memcpy(moved, x, sizeof moved);
        moved[k] += DIFFERENCE;
        status = residuals(macro, moved, there[k], &n, err);
        for (int i = 0; i < n; i++)
            there[k][i] = (there[k][i] - here[i]) / DIFFERENCE;
    }
    for (int k = 0; k < N; k++) {
        for (int j = 0; j < N; j++)
            for (int i = 0; i < n && k < macro->n_factors && j < macro->n_factors; i++)
                a[k][j] += there[k][i] * there[j][i];
        for (int i = 0; i < n && k < macro->n_factors; i++)
            b[k] -= there[k][i] * here[i];
        a[k][k] += DAMPING;
    }
    solve(a, b);
    *change = 0;
    for (int k = 0; k < macro->n_factors; k++) {
        bool volt = is_voltage(macro->factor[k]);
        double longest = volt ? LONGEST_VOLT : LONGEST_STEP;
        double to = x[k] + bounded(b[k], -longest, longest);
        to = volt ? fmax(to, 0) : bounded(to, log(LEAST_SCALE), log(MOST_SCALE));
        *change = fmax(*change, fabs(to - x[k]));
        x[k] = to;
    }
    return status;
}

void spn_macro_no_factors(const struct spn_macro *macro, double factor[SPN_MACRO_MAX_FACTORS])
{
    const double none[N] = {0};
    to_factors(macro, none, factor);
}

enum spn_status spn_macro_fit(const struct spn_macro *macro, double factor[SPN_MACRO_MAX_FACTORS],
                              struct spn_err *err)
{
    const double enough = 1e-7;
    double x[N] = {0}, change = 1;
    for (int round = 0; round < ROUNDS && change > enough; round++) {
        enum spn_status status = step(macro, x, &change, err);
        if (status)
            return status;
    }
    to_factors(macro, x, factor);
    return SPN_OK;
}
