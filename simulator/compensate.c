/* compensate.c -- weight mapping that anticipates the drop on the wires.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The idea, solving G / (1 + mean(G) s) = c W for G, is CoMN's weight-mapping correction
 * [han2025comn], whose iteration this replaces by its fixed point in closed form: mean(G) = c
 * mean(W) / (1 - c mean(W s)) [M:R7]. The iteration that follows works on the exact effective
 * conductances instead of the estimate [M:R8]. Where columns are subtracted from each other only
 * differences count: cells then show base + gain (W - base), which even the lowest state can, and a
 * common offset is left out of the residual [M:R10].
 */
#include "simulator/compensate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_BISECTIONS = 60, PATIENCE = 4 };

struct problem {
    const struct spn_irdrop_array *array;
    struct spn_compensate_window window;
    const double *wanted_S;
    size_t n;
    double *drop_ohm, *T_S, *best_S;
    struct spn_effective *work;
};

static enum spn_status open_problem(struct problem *p, struct spn_err *err)
{
    if (!(p->window.low_S >= 0 && p->window.high_S > p->window.low_S))
        return spn_err_set(err, SPN_EUSAGE, "window [%g, %g] S of the cells is empty",
                           p->window.low_S, p->window.high_S);
    enum spn_status status = spn_effective_create(&p->work, p->array, err);
    if (status != SPN_OK)
        return status;
    p->n = (size_t)p->array->rows * (size_t)p->array->columns;
    for (size_t i = 0; i < p->n; i++)
        if (p->wanted_S[i] != 0 &&
            !(p->wanted_S[i] >= p->window.low_S && p->wanted_S[i] <= p->window.high_S))
            return spn_err_set(err, SPN_EUSAGE,
                               "wanted conductance %g S of cell %zu outside the window [%g, %g] S",
                               p->wanted_S[i], i, p->window.low_S, p->window.high_S);
    p->drop_ohm = malloc(p->n * sizeof *p->drop_ohm);
    p->T_S = malloc(p->n * sizeof *p->T_S);
    p->best_S = malloc(p->n * sizeof *p->best_S);
    if (p->drop_ohm == NULL || p->T_S == NULL || p->best_S == NULL)
        return spn_err_memory(err, "compensation of an array");
    return SPN_OK;
}

static void close_problem(struct problem *p)
{
    spn_effective_destroy(p->work);
    free(p->drop_ohm);
    free(p->T_S);
    free(p->best_S);
}

static double clip(const struct problem *p, double g, int *n_clipped)
{
    if (!(g > 0))
        return 0;
    *n_clipped += g < p->window.low_S || g > p->window.high_S * (1 + 1e-12);
    return fmin(fmax(g, p->window.low_S), p->window.high_S);
}

/* What is to be seen of a cell at gain c. */
static double target(const struct problem *p, size_t i, double c)
{
    const double base = p->window.base_S;
    return p->wanted_S[i] > 0 ? base + c * (p->wanted_S[i] - base) : 0;
}

/* Means over the cells that are there, taken off where only differences count. */
static void means(const struct problem *p, double *T_mean_S, double *wanted_mean_S)
{
    double n = 0;
    *T_mean_S = *wanted_mean_S = 0;
    if (!(p->window.base_S > 0))
        return;
    for (size_t i = 0; i < p->n; i++)
        if (p->wanted_S[i] > 0) {
            *T_mean_S += p->T_S[i];
            *wanted_mean_S += p->wanted_S[i];
            n++;
        }
    *T_mean_S /= n > 0 ? n : 1;
    *wanted_mean_S /= n > 0 ? n : 1;
}

/* How well T(cells) is gain times what is wanted. */
static struct spn_compensation judge(struct problem *p, const double *cells_S)
{
    double T_mean_S, wanted_mean_S, error = 0, worst = 0, largest = 0;
    if (p->window.estimated)
        spn_effective_estimate(p->array, cells_S, p->T_S);
    else
        spn_effective_compute(p->work, cells_S, p->T_S);
    means(p, &T_mean_S, &wanted_mean_S);
    struct spn_compensation c = {0};
    for (size_t i = 0; i < p->n; i++) {
        const bool there = p->wanted_S[i] > 0;
        const double w = there ? p->wanted_S[i] - wanted_mean_S : 0;
        const double t = there ? p->T_S[i] - T_mean_S : p->T_S[i];
        c.cross += t * w;
        c.wanted_square += w * w;
        c.square += t * t;
    }
    c.gain = c.wanted_square > 0 ? c.cross / c.wanted_square : 1;
    for (size_t i = 0; i < p->n; i++) {
        const bool there = p->wanted_S[i] > 0;
        const double w = there ? p->wanted_S[i] - wanted_mean_S : 0;
        const double e = fabs((there ? p->T_S[i] - T_mean_S : p->T_S[i]) - c.gain * w);
        error += e * e;
        worst = fmax(worst, e);
        largest = fmax(largest, c.gain * (p->wanted_S[i] - p->window.base_S));
    }
    if (c.gain > 0 && c.wanted_square > 0) {
        c.rms_frac = sqrt(error / c.wanted_square) / c.gain;
        c.worst_frac = worst / largest;
    }
    return c;
}

/* The largest cell if the gain is c; INFINITY if there is no such solution. */
static double largest_cell(const struct problem *p, double c, double *mean_S)
{
    double mean = 0, weighted = 0, most = 0;
    for (size_t i = 0; i < p->n; i++) {
        mean += target(p, i, c) / (double)p->n;
        weighted += target(p, i, c) * p->drop_ohm[i] / (double)p->n;
    }
    *mean_S = mean / (1 - weighted);
    if (!(weighted < 1))
        return INFINITY;
    for (size_t i = 0; i < p->n; i++)
        most = fmax(most, target(p, i, c) * (1 + *mean_S * p->drop_ohm[i]));
    return most;
}

static int closed_form(struct problem *p, double *cells_S, double *c)
{
    const double most = p->window.gain > 0 ? p->window.gain : 1;
    double low = 0, high = most, mean_S;
    int n_clipped = 0;
    spn_effective_drops(p->array, NULL, p->drop_ohm);
    if (largest_cell(p, most, &mean_S) <= p->window.high_S)
        low = most;
    for (int i = 0; i < N_BISECTIONS && low < most; i++) {
        double middle = (low + high) / 2;
        if (largest_cell(p, middle, &mean_S) <= p->window.high_S)
            low = middle;
        else
            high = middle;
    }
    largest_cell(p, low, &mean_S);
    *c = low;
    for (size_t i = 0; i < p->n; i++)
        cells_S[i] = clip(p, target(p, i, low) * (1 + mean_S * p->drop_ohm[i]), &n_clipped);
    return n_clipped;
}

/* One step towards T = target(gain); the gain is lowered so that no cell has to leave the window
 * upwards. */
static int step(const struct problem *p, double gain, double *cells_S)
{
    const double base = p->window.base_S;
    int n_clipped = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->T_S[i] > 0 && p->wanted_S[i] > base)
            gain = fmin(gain, (p->window.high_S * p->T_S[i] / cells_S[i] - base) /
                                  (p->wanted_S[i] - base));
    for (size_t i = 0; i < p->n; i++)
        if (p->T_S[i] > 0)
            cells_S[i] = clip(p, cells_S[i] * (target(p, i, gain) / p->T_S[i]), &n_clipped);
    return n_clipped;
}

static enum spn_status compensate(struct problem *p, int max_steps, double tolerance_frac,
                                  double *cells_S, struct spn_compensation *result,
                                  struct spn_err *err)
{
    enum spn_status status = open_problem(p, err);
    if (status != SPN_OK) {
        close_problem(p);
        return status;
    }
    const struct spn_compensation plain = judge(p, p->wanted_S);
    double mapped_gain;
    int n_worse = 0, n_clipped = closed_form(p, p->best_S, &mapped_gain);
    struct spn_compensation best = judge(p, p->best_S), now = best;
    best.n_clipped = n_clipped;
    memcpy(cells_S, p->best_S, p->n * sizeof *cells_S);
    for (int i = 1; i <= max_steps && best.rms_frac > tolerance_frac; i++) {
        n_clipped = step(p, p->window.gain > 0 ? p->window.gain : now.gain, cells_S);
        now = judge(p, cells_S);
        if (!(now.rms_frac < best.rms_frac)) { /* a lowered gain can cost a step or two */
            if (++n_worse == PATIENCE)
                break;
            continue;
        }
        n_worse = 0;
        best = now;
        best.n_steps = i;
        best.n_clipped = n_clipped;
        memcpy(p->best_S, cells_S, p->n * sizeof *cells_S);
    }
    memcpy(cells_S, p->best_S, p->n * sizeof *cells_S);
    best.plain_rms_frac = plain.rms_frac;
    best.plain_cross = plain.cross;
    best.plain_square = plain.square;
    best.mapped_gain = mapped_gain;
    *result = best;
    close_problem(p);
    return SPN_OK;
}

enum spn_status spn_compensate(const struct spn_irdrop_array *array,
                               struct spn_compensate_window window, const double *wanted_S,
                               double *cells_S, struct spn_compensation *result,
                               struct spn_err *err)
{
    struct problem p = {.array = array, .window = window, .wanted_S = wanted_S};
    return compensate(&p, 0, 0, cells_S, result, err);
}

enum spn_status spn_compensate_exact(const struct spn_irdrop_array *array,
                                     struct spn_compensate_window window, const double *wanted_S,
                                     int max_steps, double tolerance_frac, double *cells_S,
                                     struct spn_compensation *result, struct spn_err *err)
{
    struct problem p = {.array = array, .window = window, .wanted_S = wanted_S};
    return compensate(&p, max_steps, tolerance_frac, cells_S, result, err);
}
