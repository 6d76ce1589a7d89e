/* programming.c -- closed-loop programming of a cell: pulses, reads and the error that is left.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * State s = (G - Gmin)/(Gmax - Gmin). A try: read s + read_noise N; done if within the tolerance;
 * else n = whole number of pulses that the mean device needs from the read to the target, at least
 * one; s <- law(s, n) + sqrt(n) cycle_to_cycle N + programming_sd N, the law with labels of this
 * device [M:D7, M:D20]. With fine pulses and exact reads a try hits with erf(tol/(sd sqrt 2)), D11.
 */
#include "models/programming.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "models/pulse.h"

enum {
    N_DEVICES = 32, /* labels: quantiles of their distribution */
    N_CELLS = 1024, /* per level, from the erased state */
    N_STEPS = 256,  /* per level and direction, to a neighbour */
    N_HALVINGS = 60,
    STREAM = 0xD4
};
static const uint64_t seed = 1; /* of all tables: a table is a property of its device */

struct loop {
    const struct spn_device *device;
    struct spn_programming_config config;
    struct spn_pulse_law mean, law[N_DEVICES];
    bool spread;
    struct spn_rng rng;
};

/* Phi^-1 by bisection; used N_DEVICES times. */
static double normal_quantile(double share)
{
    double low = -8, high = 8;
    for (int i = 0; i < N_HALVINGS; i++) {
        const double middle = (low + high) / 2;
        if (0.5 * erfc(-middle / sqrt(2.0)) < share)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

static void loop_open(struct loop *l)
{
    const struct spn_device_pulse *pulse = &l->device->pulse;
    const double n = pulse->n_levels > 0 ? pulse->n_levels : 1;
    l->mean = spn_pulse_law_labels(0, 1, n, pulse->potentiation_nonlinearity,
                                   pulse->depression_nonlinearity);
    l->spread = pulse->device_to_device_sd > 0;
    for (int k = 0; k < N_DEVICES && l->spread; k++) {
        const double z = pulse->device_to_device_sd * normal_quantile((k + 0.5) / N_DEVICES);
        l->law[k] = spn_pulse_law_labels(0, 1, n, pulse->potentiation_nonlinearity + z,
                                         pulse->depression_nonlinearity + z);
    }
}

/* The two labels of a device are independent. */
static struct spn_pulse_law draw_law(struct loop *l)
{
    if (!l->spread)
        return l->mean;
    struct spn_pulse_law law = l->law[spn_rng_below(&l->rng, N_DEVICES)];
    const struct spn_pulse_law *down = &l->law[spn_rng_below(&l->rng, N_DEVICES)];
    law.down_A = down->down_A;
    law.down_B = down->down_B;
    return law;
}

static double normal(struct loop *l, double sd)
{
    return sd > 0 ? sd * spn_rng_normal(&l->rng) : 0;
}

static double train_length(const struct loop *l, double from, double to)
{
    double n = nearbyint(spn_pulse_needed(&l->mean, from, to));
    if (n == 0)
        n = to >= from ? 1 : -1;
    if (l->config.pulses_per_read > 0 && fabs(n) > l->config.pulses_per_read)
        n = copysign(l->config.pulses_per_read, n);
    return n;
}

/* One cell from s to the target; adds to the counts (sums, not means) and returns its state. */
static double program(struct loop *l, double s, double target, struct spn_programming_count *sum)
{
    const struct spn_device *d = l->device;
    const struct spn_pulse_law law = draw_law(l);
    for (int tries = 0;; tries++) {
        const double read = s + normal(l, d->read_noise_frac);
        sum->mean_reads++;
        if (fabs(read - target) <= l->config.tolerance_frac)
            return s;
        if (tries == l->config.max_tries)
            break;
        const double n = train_length(l, read, target);
        s = spn_pulse_apply(&law, s, n) + normal(l, d->pulse.cycle_to_cycle_sd * sqrt(fabs(n))) +
            normal(l, d->programming_sd_frac);
        sum->mean_pulses += fabs(n);
        sum->mean_tries++;
    }
    sum->failed_frac++;
    return s;
}

static void mean_of(struct spn_programming_count *sum, double n)
{
    sum->mean_pulses /= n;
    sum->mean_reads /= n;
    sum->mean_tries /= n;
    sum->failed_frac /= n;
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void fill_point(struct loop *l, struct spn_programming_point *p)
{
    float error[N_CELLS];
    double sum = 0, square = 0;
    for (int i = 0; i < N_CELLS; i++) {
        const double e = program(l, 0, p->level_frac, &p->count) - p->level_frac;
        error[i] = (float)e;
        sum += e;
        square += e * e;
    }
    mean_of(&p->count, N_CELLS);
    p->error_mean_frac = sum / N_CELLS;
    p->error_sd_frac = sqrt(fmax(square / N_CELLS - p->error_mean_frac * p->error_mean_frac, 0));
    qsort(error, N_CELLS, sizeof *error, compare);
    for (int q = 0; q < SPN_PROGRAMMING_QUANTILES; q++)
        p->error_frac[q] = error[q * (N_CELLS - 1) / (SPN_PROGRAMMING_QUANTILES - 1)];
}

/* From a level, with the error it was left with, to the next one up or down. */
static void fill_step(struct loop *l, struct spn_programming *p)
{
    const double step = 1.0 / (l->config.n_levels - 1);
    double n = 0;
    for (int k = 0; k < p->n_points; k++)
        for (int side = -1; side <= 1; side += 2) {
            const double from = p->point[k].level_frac, to = from + side * step;
            for (int i = 0; i < N_STEPS && to > -step / 2 && to < 1 + step / 2; i++, n++) {
                const double z = spn_rng_normal(&l->rng);
                (void)program(l, from + spn_programming_error(p, from, z), to, &p->step);
            }
        }
    mean_of(&p->step, n);
}

/* A digital cell: one pulse, one read. */
static void fill_digital(struct spn_programming *p)
{
    const struct spn_programming_count one = {.mean_pulses = 1, .mean_reads = 1, .mean_tries = 1};
    for (int k = 0; k < p->n_points; k++)
        p->point[k].count = one;
    p->step = one;
}

void spn_programming_compute(struct spn_programming *p, const struct spn_device *device,
                             const struct spn_programming_config *config)
{
    struct loop l = {.device = device, .config = *config, .rng = spn_rng_init(seed, STREAM, 0)};
    memset(p, 0, sizeof *p);
    if (l.config.n_levels < 2)
        l.config.n_levels = 2;
    p->n_points = l.config.n_levels < SPN_PROGRAMMING_MAX_POINTS ? l.config.n_levels
                                                                 : SPN_PROGRAMMING_MAX_POINTS;
    for (int k = 0; k < p->n_points; k++)
        p->point[k].level_frac = (double)k / (p->n_points - 1);
    if (device->cell == SPN_CELL_SRAM || !(device->on_conductance_S > device->off_conductance_S)) {
        fill_digital(p);
        return;
    }
    loop_open(&l);
    for (int k = 0; k < p->n_points; k++) {
        struct spn_programming_point *point = &p->point[k];
        fill_point(&l, point);
        p->max_error_frac = fmax(p->max_error_frac, fabs((double)point->error_frac[0]));
        p->max_error_frac =
            fmax(p->max_error_frac, fabs((double)point->error_frac[SPN_PROGRAMMING_QUANTILES - 1]));
    }
    fill_step(&l, p);
}

bool spn_programming_closed_loop(struct spn_programming *p, const struct spn_chip *chip)
{
    const struct spn_programming_config config = {.tolerance_frac = chip->write.tolerance_frac,
                                                  .max_tries = chip->write.max_tries,
                                                  .pulses_per_read = chip->write.pulses_per_read,
                                                  .n_levels = 1 << chip->weight.cell_bits};
    const bool closed = chip->write.verify && chip->write.tolerance_frac > 0;
    if (closed)
        spn_programming_compute(p, &chip->device, &config);
    return closed;
}

void spn_programming_chip(struct spn_programming *p, const struct spn_chip *chip)
{
    const struct spn_device *d = &chip->device;
    if (spn_programming_closed_loop(p, chip))
        return;
    struct loop l = {.device = d};
    loop_open(&l);
    memset(p, 0, sizeof *p);
    p->n_points = 1 << chip->weight.cell_bits;
    if (p->n_points > SPN_PROGRAMMING_MAX_POINTS)
        p->n_points = SPN_PROGRAMMING_MAX_POINTS;
    for (int k = 0; k < p->n_points; k++) {
        struct spn_programming_point *point = &p->point[k];
        point->level_frac = (double)k / (p->n_points - 1);
        if (k > 0)
            point->count.mean_pulses = train_length(&l, 0, point->level_frac);
        point->count.mean_tries = k > 0;
        point->count.mean_reads = chip->write.verify ? point->count.mean_pulses : 0;
        point->error_sd_frac = d->programming_sd_frac;
    }
    p->step.mean_pulses = chip->write.pulses_per_update;
    p->step.mean_reads = chip->write.verify ? chip->write.pulses_per_update : 0;
}

/* ---- between the points ---- */

/* The point below and the share of the one above. */
static const struct spn_programming_point *locate(const struct spn_programming *p,
                                                  double level_frac, double *share)
{
    const double at = fmin(fmax(level_frac, 0), 1) * (p->n_points - 1);
    const int below = (int)fmin(floor(at), p->n_points - 2);
    *share = at - below;
    return &p->point[below];
}

static double error_of(const struct spn_programming_point *p, double at)
{
    const int below = (int)fmin(floor(at), SPN_PROGRAMMING_QUANTILES - 2);
    const double share = at - below;
    return (1 - share) * (double)p->error_frac[below] + share * (double)p->error_frac[below + 1];
}

double spn_programming_error(const struct spn_programming *p, double level_frac, double z)
{
    double share;
    const struct spn_programming_point *point = locate(p, level_frac, &share);
    const double at = 0.5 * erfc(-z / sqrt(2.0)) * (SPN_PROGRAMMING_QUANTILES - 1);
    return (1 - share) * error_of(&point[0], at) + share * error_of(&point[1], at);
}

struct spn_programming_count spn_programming_pulses(const struct spn_programming *p,
                                                    double level_frac)
{
    double b;
    const struct spn_programming_point *point = locate(p, level_frac, &b);
    const struct spn_programming_count *low = &point[0].count, *high = &point[1].count;
    return (struct spn_programming_count){
        .mean_pulses = (1 - b) * low->mean_pulses + b * high->mean_pulses,
        .mean_reads = (1 - b) * low->mean_reads + b * high->mean_reads,
        .mean_tries = (1 - b) * low->mean_tries + b * high->mean_tries,
        .failed_frac = (1 - b) * low->failed_frac + b * high->failed_frac};
}

double spn_programming_rms(const struct spn_programming *p)
{
    double square = 0;
    for (int k = 0; k < p->n_points; k++)
        square += p->point[k].error_sd_frac * p->point[k].error_sd_frac +
                  p->point[k].error_mean_frac * p->point[k].error_mean_frac;
    return sqrt(square / p->n_points);
}
