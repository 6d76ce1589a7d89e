/* pulsed.c -- an array of cells that pulses move: laws of its cells, measured curves, states.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What pulses do to it is in pulsed_update.c.
 */
#include "simulator/pulsed_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "base/rng.h"
#include "models/pulse.h"

enum { MAX_AT_ONCE = 8 }; /* pulses by one piece of a curve */
enum { MAX_SIDE = 1 << 16, MAX_VECTORS = 1 << 16, MAX_LAYERS = 1 << 24, ALIGNMENT = 64 };

/* ---- the law ---- */

/* Curvatures of labels around a mean, by interpolation: a solution for each cell would take
 * seconds. */
enum { N_INTERVALS = 1024 };
struct curvature {
    double low, width, inverse[N_INTERVALS + 1]; /* 1 / a */
};

static void curvature_init(struct curvature *c, double label, double sd)
{
    static const double reach_sd = 6; /* |z| of spn_rng_normals stays below */
    c->low = label - reach_sd * sd;
    c->width = 2 * reach_sd * sd / N_INTERVALS;
    for (int i = 0; i <= N_INTERVALS; i++) {
        double at = c->low + i * c->width;
        c->inverse[i] =
            1 / spn_pulse_curvature(fmax(-SPN_PULSE_MAX_LABEL, fmin(SPN_PULSE_MAX_LABEL, at)));
        if (!(c->width > 0))
            break;
    }
}

static double curvature_at(const struct curvature *c, double label)
{
    if (!(c->width > 0))
        return c->inverse[0];
    double place = fmax(0, fmin((label - c->low) / c->width, N_INTERVALS - 1e-9));
    int i = (int)place;
    return c->inverse[i] + (place - i) * (c->inverse[i + 1] - c->inverse[i]);
}

/* Steps up are a + b x: a = (1 - e^(-1/A)) B, b = -(1 - e^(-1/A)), A = n_levels / inverse. [M:U2]
 */
static void affine(double inverse, double n_levels, double *a, double *b)
{
    static const double straight = 1e-9; /* of 1/a: a line to all digits of a float */
    if (fabs(inverse) < straight) {
        *a = 1 / n_levels;
        *b = 0;
        return;
    }
    *b = expm1(-inverse / n_levels);
    *a = *b / expm1(-inverse);
}

static enum spn_status draw_cells(struct spn_pulsed *p, struct spn_err *err)
{
    const struct spn_device_pulse *pulse = &p->config.device->pulse;
    const double sd = pulse->device_to_device_sd;
    struct spn_rng rng = spn_rng_init(p->config.seed, SPN_PULSED_CELLS, p->config.layer);
    struct curvature *c = malloc(2 * sizeof *c);
    if (c == NULL)
        return spn_err_memory(err, "labels of cells");
    curvature_init(&c[0], pulse->potentiation_nonlinearity, sd);
    curvature_init(&c[1], -pulse->depression_nonlinearity, sd);
    for (size_t k = 0; k < (size_t)p->config.rows * p->stride; k++) {
        double z[5], a[2] = {1, 1}, b[2] = {0, 0};
        for (int i = 0; i < 5; i++)
            z[i] = spn_rng_normal(&rng);
        if (!p->curved)
            for (int i = 0; i < 2; i++) {
                double label =
                    i == 0 ? pulse->potentiation_nonlinearity : pulse->depression_nonlinearity;
                double sign = i == 0 ? 1 : -1; /* of a label: D7 */
                affine(curvature_at(&c[i], sign * (label + sd * z[i])), pulse->n_levels, &a[i],
                       &b[i]);
            }
        double up = fmax(0, 1 + p->config.step_sd_frac * z[2]);
        double down = fmax(0, 1 + p->config.step_sd_frac * z[3]);
        p->top[k] = (float)fmax(0, 1 + p->config.window_sd_frac * z[4]);
        p->law[UP_CONSTANT][k] = (float)(up * a[0]);
        p->law[DOWN_CONSTANT][k] = (float)(p->curved ? down : -down * (a[1] + b[1]));
        if (!p->curved) {
            p->law[UP_SLOPE][k] = (float)(up * b[0]);
            p->law[DOWN_SLOPE][k] = (float)(down * b[1]);
        }
    }
    free(c);
    return SPN_OK;
}

/* ---- measured curves ---- */

static enum spn_status check_curve(const char *name, const double *at, int n, double sign,
                                   struct spn_err *err)
{
    if (n < 3 || n > SPN_PULSED_MAX_CURVE)
        return spn_err_set(err, SPN_EINPUT, "%s curve has %d points: outside [3, %d]", name, n,
                           SPN_PULSED_MAX_CURVE);
    for (int i = 0; i < n; i++)
        if (!isfinite(at[i]) || (i > 0 && !(sign * (at[i] - at[i - 1]) > 0)))
            return spn_err_set(err, SPN_EINPUT, "%s curve: point %d, %g, does not %s", name, i,
                               at[i], sign > 0 ? "rise" : "fall");
    return SPN_OK;
}

/* The curve joined by straight lines, at a real number of pulses; beyond its end as its last step.
 */
static double curve_at(const double *at, int n, double pulses)
{
    int i = (int)pulses;
    i = i > n - 2 ? n - 2 : i;
    return at[i] + (pulses - i) * (at[i + 1] - at[i]);
}

/* Step of one pulse at even places of the window, as pieces a + b x. Returns the largest. [M:U3] */
static double tabulate(const double *at, int n, double low, double window, float *a, float *b)
{
    const double sign = at[n - 1] > at[0] ? 1 : -1;
    double step[SPN_PULSE_NODES], most = 0;
    for (int k = 0, i = 0; k < SPN_PULSE_NODES; k++) {
        int place = sign > 0 ? k : SPN_PULSE_NODES - 1 - k; /* along the curve */
        double G = low + window * place / (SPN_PULSE_NODES - 1);
        while (i < n - 2 && sign * (G - at[i + 1]) >= 0)
            i++;
        double pulses = i + (G - at[i]) / (at[i + 1] - at[i]);
        step[place] =
            (curve_at(at, n, fmax(pulses, 0) + 1) - curve_at(at, n, fmax(pulses, 0))) / window;
        most = fmax(most, fabs(step[place]));
    }
    for (int k = 0; k < SPN_PULSE_NODES - 1; k++) {
        double slope = (step[k + 1] - step[k]) * (SPN_PULSE_NODES - 1);
        b[k] = (float)slope;
        a[k] = (float)(step[k] - slope * k / (SPN_PULSE_NODES - 1));
    }
    return most;
}

static enum spn_status set_curve(struct spn_pulsed *p, const struct spn_pulsed_curve *c,
                                 struct spn_err *err)
{
    enum spn_status status = check_curve("potentiation", c->up_S, c->n_up, 1, err);
    if (!status)
        status = check_curve("depression", c->down_S, c->n_down, -1, err);
    if (status)
        return status;
    double low = fmin(c->up_S[0], c->down_S[c->n_down - 1]);
    double window = fmax(c->up_S[c->n_up - 1], c->down_S[0]) - low;
    double up = tabulate(c->up_S, c->n_up, low, window, p->table[UP_CONSTANT], p->table[UP_SLOPE]);
    double down =
        tabulate(c->down_S, c->n_down, low, window, p->table[DOWN_CONSTANT], p->table[DOWN_SLOPE]);
    double pieces = fmax(up, down) * (SPN_PULSE_NODES - 1); /* that a pulse passes at most */
    p->pulses_at_once = 1 + (int)fmin(1 / pieces, MAX_AT_ONCE - 1);
    return SPN_OK;
}

/* A device's response after each of its pulses, straight between the points of its file. */
static int follow(const double *frac, int n, int n_pulses, double *at)
{
    for (int i = 0; i <= n_pulses; i++)
        at[i] = curve_at(frac, n, (double)i * (n - 1) / n_pulses);
    return n_pulses + 1;
}

static enum spn_status set_device_curve(struct spn_pulsed *p, const struct spn_device_pulse *d,
                                        struct spn_err *err)
{
    double *at = malloc(2 * SPN_PULSED_MAX_CURVE * sizeof *at);
    if (at == NULL)
        return spn_err_memory(err, "responses of a device");
    double *down = at + SPN_PULSED_MAX_CURVE;
    const struct spn_pulsed_curve curve = {
        .up_S = at,
        .down_S = down,
        .n_up = follow(d->rise_frac, d->n_rise, d->rise_pulses, at),
        .n_down = follow(d->fall_frac, d->n_fall, d->fall_pulses, down)};
    enum spn_status status = set_curve(p, &curve, err);
    free(at);
    return status;
}

/* ---- creation ---- */

static enum spn_status check(const struct spn_pulsed_config *c, struct spn_err *err)
{
    const struct spn_device_pulse *pulse = &c->device->pulse;
    const struct limit {
        const char *name;
        double value, low, high;
    } limits[] = {
        {"rows of a pulsed array", c->rows, 1, MAX_SIDE},
        {"columns of a pulsed array", c->columns, 1, MAX_SIDE},
        {"vectors of an update", c->max_vectors, 1, MAX_VECTORS},
        {"layer of a pulsed array", c->layer, 0, MAX_LAYERS - 1},
        {"step_noise_frac", c->step_noise_frac, 0, 10},
        {"step_sd_frac", c->step_sd_frac, 0, 10},
        {"window_sd_frac", c->window_sd_frac, 0, 1},
        {"pulse.n_levels", pulse->n_levels, 1, 1e9},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (!(limits[i].value >= limits[i].low && limits[i].value <= limits[i].high))
            return spn_err_set(err, SPN_EINPUT, "%s = %g outside [%g, %g]", limits[i].name,
                               limits[i].value, limits[i].low, limits[i].high);
    return SPN_OK;
}

static void *aligned(size_t n, size_t size)
{
    size_t bytes = (n * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *p = aligned_alloc(ALIGNMENT, bytes);
    if (p != NULL)
        memset(p, 0, bytes);
    return p;
}

static bool allocate(struct spn_pulsed *p)
{
    const struct spn_pulsed_config *c = &p->config;
    size_t n = (size_t)c->rows * p->stride, vectors = (size_t)c->max_vectors;
    bool whole = true;
    p->state = aligned(n, sizeof *p->state);
    p->top = aligned(n, sizeof *p->top);
    for (int i = 0; i < N_LAW; i++) {
        p->law[i] = p->curved && i % 2 != 0 ? NULL : aligned(n, sizeof **p->law);
        whole = whole && (p->law[i] != NULL || p->curved);
    }
    p->row = aligned((size_t)c->rows * vectors, sizeof *p->row);
    p->column = aligned(vectors * p->stride, sizeof *p->column);
    p->counted = aligned((size_t)c->n_threads * p->stride, sizeof *p->counted);
    p->stream = aligned((size_t)c->n_threads, sizeof *p->stream);
    return whole && p->counted && p->law[UP_CONSTANT] && p->law[DOWN_CONSTANT] && p->state &&
           p->top && p->row && p->column && p->stream;
}

enum spn_status spn_pulsed_create(struct spn_pulsed **pulsed,
                                  const struct spn_pulsed_config *config, struct spn_err *err)
{
    enum spn_status status = check(config, err);
    if (status)
        return status;
    struct spn_pulsed *p = aligned(1, sizeof *p);
    if (p == NULL)
        return spn_err_memory(err, "pulsed array");
    p->config = *config;
    p->config.n_threads = config->n_threads == 0 ? 1 : spn_parallel_threads(config->n_threads);
    p->kernel = spn_kernel_find(NULL);
    p->stride = ((size_t)config->columns + SPN_KERNEL_COLUMNS - 1) / SPN_KERNEL_COLUMNS *
                SPN_KERNEL_COLUMNS;
    p->curved = config->curve != NULL || config->device->pulse.n_rise > 0;
    p->pulses_at_once = 2; /* of a law that is the same everywhere: fewer branches that go wrong */
    p->pulse_sd = config->device->pulse.cycle_to_cycle_sd;
    if (p->curved)
        status = config->curve != NULL ? set_curve(p, config->curve, err)
                                       : set_device_curve(p, &config->device->pulse, err);
    if (!status && !allocate(p))
        status = spn_err_memory(err, "pulsed array");
    if (!status)
        status = draw_cells(p, err);
    p->config.device = NULL;
    p->config.curve = NULL;
    if (status)
        spn_pulsed_destroy(p);
    else
        *pulsed = p;
    return status;
}

void spn_pulsed_destroy(struct spn_pulsed *p)
{
    if (p == NULL)
        return;
    free(p->state);
    free(p->top);
    for (int i = 0; i < N_LAW; i++)
        free(p->law[i]);
    free(p->row);
    free(p->column);
    free(p->counted);
    free(p->stream);
    free(p);
}

enum spn_status spn_pulsed_select_kernel(struct spn_pulsed *p, const char *name,
                                         struct spn_err *err)
{
    const struct spn_kernel *kernel = spn_kernel_find(name);
    if (kernel == NULL)
        return spn_err_set(err, SPN_EUSAGE, "no kernel '%s' on this CPU", name);
    p->kernel = kernel;
    return SPN_OK;
}

void spn_pulsed_set(struct spn_pulsed *p, const float *state)
{
    const size_t columns = (size_t)p->config.columns;
    for (size_t i = 0; i < (size_t)p->config.rows; i++)
        for (size_t j = 0; j < columns; j++)
            p->state[i * p->stride + j] = fminf(fmaxf(state[i * columns + j], 0), 1);
}

void spn_pulsed_get(const struct spn_pulsed *p, float *state)
{
    const size_t columns = (size_t)p->config.columns;
    for (size_t i = 0; i < (size_t)p->config.rows; i++)
        memcpy(state + i * columns, p->state + i * p->stride, columns * sizeof *state);
}

void spn_pulsed_read(const struct spn_pulsed *p, float *window_frac)
{
    const size_t columns = (size_t)p->config.columns;
    for (size_t i = 0; i < (size_t)p->config.rows; i++)
        for (size_t j = 0; j < columns; j++)
            window_frac[i * columns + j] = p->state[i * p->stride + j] * p->top[i * p->stride + j];
}
