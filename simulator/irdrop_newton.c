/* irdrop_newton.c -- voltages of a network: Newton's iteration, or refinement where cells are
 * linear.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * F(v) = currents out of every unknown node; v -= t J^-1 F with J the network of the branches'
 * slopes [M:R6]. t is halved until the largest |F| falls; a monotone law makes J positive definite,
 * so that it does for some t. Voltages and F are kept in extended precision: for linear cells,
 * whose factor stays, the same loop is iterative refinement.
 */
#include "simulator/irdrop_solver.h"

#include <math.h>
#include <string.h>

enum { MAX_STEPS = 100, MAX_HALVINGS = 60 };
static const double good_enough = 1e-16; /* |F| beside the largest branch current */
static const double acceptable = 1e-11;  /* where rounding stops the iteration */

long double spn_irdrop_current(const struct spn_irdrop *s, size_t b, long double u)
{
    long double g = s->branches[b].conductance_S, c = s->array.law_coefficient;
    if (b >= s->n_cells || !(c > 0))
        return g * u;
    switch (s->array.law) {
    case SPN_IRDROP_SINH:
        return g * sinhl(c * u) / c;
    case SPN_IRDROP_CUBIC:
        return g * (u + c * u * u * u);
    default:
        return g * u;
    }
}

double spn_irdrop_slope(const struct spn_irdrop *s, size_t b, double u)
{
    double g = s->branches[b].conductance_S, c = s->array.law_coefficient;
    if (b >= s->n_cells)
        return g;
    switch (s->array.law) {
    case SPN_IRDROP_SINH:
        return g * cosh(c * u);
    case SPN_IRDROP_CUBIC:
        return g * (1 + 3 * c * u * u);
    default:
        return g;
    }
}

struct residual {
    long double worst, largest; /* |F| of unknown nodes; current of a branch */
};

static struct residual find_excess(struct spn_irdrop *s, const long double *voltage)
{
    struct residual r = {0, 0};
    memset(s->excess, 0, (size_t)(s->n_unknowns + s->n_terminals) * sizeof *s->excess);
    for (size_t b = 0; b < s->n_branches; b++) {
        const struct spn_branch *branch = &s->branches[b];
        long double current = spn_irdrop_current(s, b, voltage[branch->from] - voltage[branch->to]);
        s->excess[branch->from] += current;
        s->excess[branch->to] -= current;
        r.largest = fmaxl(r.largest, fabsl(current));
    }
    for (int i = 0; i < s->n_unknowns; i++)
        r.worst = s->excess[i] == s->excess[i] ? fmaxl(r.worst, fabsl(s->excess[i])) : INFINITY;
    return r;
}

static enum spn_status factor(struct spn_irdrop *s, struct spn_err *err)
{
    for (size_t b = 0; b < s->n_branches; b++) {
        const struct spn_branch *branch = &s->branches[b];
        s->slopes[b] =
            spn_irdrop_slope(s, b, (double)(s->voltage[branch->from] - s->voltage[branch->to]));
    }
    enum spn_status status = spn_network_matrix_factor(s->matrix, s->slopes, s->ground, err);
    s->info.n_factorisations += status == SPN_OK;
    s->factored = status == SPN_OK && s->array.law == SPN_IRDROP_LINEAR;
    return status;
}

/* Along s->step, half as far each time until |F| falls. False if it never does. */
static bool search_line(struct spn_irdrop *s, struct residual *r)
{
    size_t n = (size_t)(s->n_unknowns + s->n_terminals);
    long double length = 1;
    memcpy(s->trial, s->voltage, n * sizeof *s->trial);
    for (int halving = 0; halving < MAX_HALVINGS; halving++, length /= 2) {
        for (int i = 0; i < s->n_unknowns; i++)
            s->trial[i] = s->voltage[i] - length * s->step[i];
        struct residual t = find_excess(s, s->trial);
        if (t.worst < r->worst) {
            memcpy(s->voltage, s->trial, n * sizeof *s->trial);
            *r = t;
            return true;
        }
    }
    return false;
}

enum spn_status spn_irdrop_iterate(struct spn_irdrop *s, struct spn_err *err)
{
    struct residual r = find_excess(s, s->voltage);
    s->info = (struct spn_irdrop_info){.n_unknowns = s->n_unknowns};
    while (s->info.n_steps < MAX_STEPS && r.worst > good_enough * r.largest) {
        enum spn_status status = SPN_OK;
        if (!s->factored && (status = factor(s, err)) != SPN_OK)
            return status;
        for (int i = 0; i < s->n_unknowns; i++)
            s->step[i] = (double)s->excess[i];
        if ((status = spn_network_matrix_solve(s->matrix, s->step, err)) != SPN_OK)
            return status;
        long double before = r.worst;
        if (!search_line(s, &r))
            break;
        s->info.n_steps++;
        if (r.worst > before / 2 && r.worst < acceptable * r.largest)
            break;
    }
    r = find_excess(s, s->voltage);
    s->info.residual_A = (double)r.worst;
    if (r.worst > acceptable * r.largest)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "currents of the array do not balance after %d steps: %g A left over, "
                           "largest current %g A",
                           s->info.n_steps, (double)r.worst, (double)r.largest);
    return SPN_OK;
}
