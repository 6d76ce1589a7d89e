/* pairs.c -- weights in differential pairs of index-free cells: pulses, verification, masks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pulse response, its spread over devices and over pulses: models/pulse.h [M:D6, M:D7; M:V5].
 * Programming is a sequence of tries: the number of pulses that the mean device needs, the error of
 * one try, a read; until the read lies within the tolerance [M:V7]. Lines shared with cells that
 * are being written disturb those that are not, if asked [M:V6]. A mask that is off leaves what its
 * own conductance in series lets through [M:D3]. [ning2025]
 */
#include "simulator/pairs.h"

#include <math.h>
#include <stdlib.h>

#include "models/conductance.h"

enum { STREAM_DEVICE = 0xD1, STREAM_WRITE = 0xD2, STREAM_READ = 0xD3 };
enum { MAX_SIDE = 65536, MAX_STATES = 4096, MAX_TRIES = 10000 };

static enum spn_status check(const struct spn_pairs_config *c, struct spn_err *err)
{
    const struct spn_device *d = c->device;
    if (!d->mask.present)
        return spn_err_set(err, SPN_EINPUT, "device %s has no mask transistor (mask.present)",
                           d->name);
    if (!(d->on_conductance_S > d->off_conductance_S))
        return spn_err_set(err, SPN_EINPUT,
                           "device %s: on_conductance_S = %g is not above off_conductance_S = %g",
                           d->name, d->on_conductance_S, d->off_conductance_S);
    if (c->n < 1 || c->rows < 1 || c->columns < 1 || c->rows > MAX_SIDE || c->columns > MAX_SIDE)
        return spn_err_set(err, SPN_EINPUT, "%zu weights on arrays of %d x %d: outside [1, %d]",
                           c->n, c->rows, c->columns, MAX_SIDE);
    if (c->states < 2 || c->states > MAX_STATES)
        return spn_err_set(err, SPN_EINPUT, "%d states of a cell: outside [2, %d]", c->states,
                           MAX_STATES);
    if (!(c->write.pulses_per_state > 0) || !(c->write.tolerance_states > 0) ||
        c->write.max_tries < 1 || c->write.max_tries > MAX_TRIES)
        return spn_err_set(err, SPN_EINPUT,
                           "pulses_per_state = %g, tolerance_states = %g and max_tries = %d must "
                           "be above 0 (tries: at most %d)",
                           c->write.pulses_per_state, c->write.tolerance_states, c->write.max_tries,
                           MAX_TRIES);
    return SPN_OK;
}

/* Labels are spread over devices, the window over cells; some cells do not go fully off. [M:V5] */
static void draw_cell(const struct spn_pairs *pairs, struct spn_rng *rng,
                      struct spn_cell_state *cell)
{
    const struct spn_device *d = pairs->config.device;
    const struct spn_pairs_write *w = &pairs->config.write;
    const double top = pairs->config.states - 1;
    const double up = d->pulse.device_to_device_sd * spn_rng_normal(rng);
    const double down = d->pulse.device_to_device_sd * spn_rng_normal(rng);
    const double window = 1 + w->window_sd_frac * spn_rng_normal(rng);
    const bool leaky = spn_rng_uniform(rng) < w->leaky_frac;
    cell->mask_fails = spn_rng_uniform(rng) < d->mask.failure_frac;
    cell->floor = leaky ? (float)(top / w->leaky_on_off) : 0.0f;
    cell->top = (float)fmax(top * window, 1);
    cell->law = spn_pulse_law_labels(0, (double)cell->top, top * w->pulses_per_state,
                                     d->pulse.potentiation_nonlinearity + up,
                                     d->pulse.depression_nonlinearity + down);
    cell->state = cell->floor;
    cell->on = false;
}

enum spn_status spn_pairs_create(struct spn_pairs **out, const struct spn_pairs_config *config,
                                 struct spn_err *err)
{
    enum spn_status status = check(config, err);
    if (status)
        return status;
    const struct spn_device *d = config->device;
    const size_t lines = (config->n + (size_t)config->columns - 1) / (size_t)config->columns;
    const double top = config->states - 1;
    struct spn_pairs *pairs = calloc(1, sizeof *pairs);
    if (!pairs)
        return spn_err_memory(err, "pairs of cells");
    pairs->config = *config;
    pairs->n_arrays = (int)((lines + (size_t)config->rows - 1) / (size_t)config->rows);
    pairs->step_S = (d->on_conductance_S - d->off_conductance_S) / top;
    pairs->mask_off_states = d->mask.off_conductance_S / pairs->step_S;
    pairs->write_sd = d->programming_sd_frac * top;
    pairs->read_sd = d->read_noise_frac * top;
    pairs->drift_nu = d->drift_nu;
    pairs->drift_t0_s = d->drift_t0_s;
    pairs->cycle_sd = d->pulse.cycle_to_cycle_sd * top;
    pairs->write_rng = spn_rng_init(config->seed, STREAM_WRITE, config->layer);
    pairs->read_rng = spn_rng_init(config->seed, STREAM_READ, config->layer);
    struct spn_rng rng = spn_rng_init(config->seed, STREAM_DEVICE, config->layer);
    for (int s = 0; s < SPN_N_POLARITIES && !status; s++) {
        pairs->cell[s] = calloc(config->n, sizeof *pairs->cell[s]);
        pairs->line[s] = calloc(lines, sizeof *pairs->line[s]);
        if (!pairs->cell[s] || !pairs->line[s])
            status = spn_err_memory(err, "pairs of cells");
        for (size_t k = 0; k < config->n && !status; k++)
            draw_cell(pairs, &rng, &pairs->cell[s][k]);
    }
    pairs->config.device = NULL;
    if (status)
        spn_pairs_destroy(pairs);
    else
        *out = pairs;
    return status;
}

void spn_pairs_destroy(struct spn_pairs *pairs)
{
    if (!pairs)
        return;
    for (int s = 0; s < SPN_N_POLARITIES; s++) {
        free(pairs->cell[s]);
        free(pairs->line[s]);
    }
    free(pairs);
}

void spn_pairs_count_reset(struct spn_pairs *pairs)
{
    pairs->count = (struct spn_pairs_count){0};
}

static bool moves(const struct spn_cell_state *cell)
{
    return cell->on || cell->mask_fails;
}

static void set_state(struct spn_cell_state *cell, double state)
{
    cell->state = (float)fmin(fmax(state, (double)cell->floor), (double)cell->top);
}

/* n pulses, each with its own spread. */
static void pulse_cell(struct spn_pairs *pairs, struct spn_cell_state *cell, double n)
{
    double spread = 0;
    if (pairs->cycle_sd > 0)
        spread = pairs->cycle_sd * sqrt(fabs(n)) * spn_rng_normal(&pairs->write_rng);
    set_state(cell, spn_pulse_apply(&cell->law, (double)cell->state, n) + spread);
}

static double read_cell(struct spn_pairs *pairs, const struct spn_cell_state *cell, bool exact)
{
    double state = (double)cell->state;
    if (!moves(cell))
        state = spn_conductance_series(state, pairs->mask_off_states);
    if (!exact && pairs->read_sd > 0 && moves(cell))
        state += pairs->read_sd * spn_rng_normal(&pairs->read_rng);
    return state;
}

/* ---- masks ---- */

static void set_mask(struct spn_pairs *pairs, struct spn_cell_state *cell, bool on)
{
    if (cell->on != on)
        pairs->count.mask_writes++;
    cell->on = on;
}

static size_t line_of(const struct spn_pairs *pairs, size_t k)
{
    return k / (size_t)pairs->config.columns;
}

/* One try: the pulses that the mean device needs, as a whole number and at least one, and the
 * error of a try. Returns false when nothing needs doing. [M:V7] */
static bool try_cell(struct spn_pairs *pairs, int polarity, size_t k, double target)
{
    struct spn_cell_state *cell = &pairs->cell[polarity][k];
    const double wanted = fmin(fmax(target, (double)cell->floor), (double)cell->top);
    const double missing = wanted - read_cell(pairs, cell, false);
    pairs->count.verify_reads++;
    if (fabs(missing) <= pairs->config.write.tolerance_states)
        return false;
    double n = nearbyint(missing * pairs->config.write.pulses_per_state);
    n = n == 0 ? copysign(1, missing) : n;
    pulse_cell(pairs, cell, n);
    set_state(cell, (double)cell->state + pairs->write_sd * spn_rng_normal(&pairs->write_rng));
    pairs->line[polarity][line_of(pairs, k)] += (float)n;
    pairs->count.verify_pulses += fabs(n);
    pairs->count.verify_tries++;
    return true;
}

static bool write_cell(struct spn_pairs *pairs, int polarity, size_t k, double target)
{
    int tries = 0;
    while (try_cell(pairs, polarity, k, target))
        if (++tries == pairs->config.write.max_tries)
            break;
    pairs->count.n_corrected += tries > 0;
    return tries < pairs->config.write.max_tries;
}

bool spn_pairs_kept(const struct spn_pairs *pairs, size_t k)
{
    return pairs->cell[SPN_PLUS][k].on || pairs->cell[SPN_MINUS][k].on;
}

void spn_pairs_keep(struct spn_pairs *pairs, size_t k, bool kept)
{
    if (kept) {
        if (!spn_pairs_kept(pairs, k))
            set_mask(pairs, &pairs->cell[SPN_PLUS][k], true);
        return;
    }
    for (int s = 0; s < SPN_N_POLARITIES; s++) {
        if (!pairs->cell[s][k].on)
            continue;
        write_cell(pairs, s, k, 0);
        set_mask(pairs, &pairs->cell[s][k], false);
    }
}

void spn_pairs_mask(const struct spn_pairs *pairs, int polarity, uint8_t *mask)
{
    for (size_t k = 0; k < pairs->config.n; k++)
        mask[k] = pairs->cell[polarity][k].on;
}

/* ---- writing ---- */

void spn_pairs_pulse(struct spn_pairs *pairs, int polarity, int array, const int *row,
                     const int *column)
{
    const size_t columns = (size_t)pairs->config.columns, rows = (size_t)pairs->config.rows;
    const size_t first = (size_t)array * rows * columns;
    double all_columns = 0;
    for (size_t j = 0; j < columns; j++)
        all_columns += column[j];
    pairs->count.vector_cycles += (double)columns + 1;
    for (size_t at = 0; at < rows * columns && first + at < pairs->config.n; at++) {
        struct spn_cell_state *cell = &pairs->cell[polarity][first + at];
        const double by_column = column[at % columns], by_row = row[at / columns];
        if (!moves(cell))
            continue;
        /* what the other columns' cycles leave here */
        const double felt = pairs->config.write.disturb_frac * (all_columns - by_column);
        if (by_column + felt < 0 || by_column + felt > 0)
            pulse_cell(pairs, cell, by_column + felt);
        if (by_row < 0 || by_row > 0)
            pulse_cell(pairs, cell, by_row);
        pairs->count.vector_pulses += fabs(by_column) + fabs(by_row);
    }
}

/* Pulses meant for one cell of a line reach the others as a share of a pulse. [M:V6] */
static void disturb(struct spn_pairs *pairs, int polarity)
{
    const double share = pairs->config.write.disturb_frac;
    const size_t columns = (size_t)pairs->config.columns;
    float *line = pairs->line[polarity];
    for (size_t k = 0; k < pairs->config.n && share > 0; k++) {
        struct spn_cell_state *cell = &pairs->cell[polarity][k];
        const double felt = share * (double)line[k / columns];
        if (moves(cell) && (felt < 0 || felt > 0))
            pulse_cell(pairs, cell, felt);
    }
    for (size_t l = 0; l * columns < pairs->config.n; l++)
        line[l] = 0;
}

/* The cell of the pair that is to hold the target; the other one is emptied and masked off. */
static int turn(struct spn_pairs *pairs, size_t k, double target)
{
    const int now = pairs->cell[SPN_MINUS][k].on ? SPN_MINUS : SPN_PLUS;
    const int wanted = target < 0 ? SPN_MINUS : target > 0 ? SPN_PLUS : now;
    if (wanted != now) {
        write_cell(pairs, now, k, 0);
        set_mask(pairs, &pairs->cell[now][k], false);
        set_mask(pairs, &pairs->cell[wanted][k], true);
    }
    return wanted;
}

void spn_pairs_turn(struct spn_pairs *pairs, const float *target)
{
    for (size_t k = 0; k < pairs->config.n; k++)
        if (spn_pairs_kept(pairs, k))
            turn(pairs, k, (double)target[k]);
}

void spn_pairs_verify(struct spn_pairs *pairs, const float *target)
{
    const int max_rounds = pairs->config.write.disturb_frac > 0 ? 3 : 1;
    for (int round = 0; round < max_rounds; round++) {
        double failed = 0;
        for (size_t k = 0; k < pairs->config.n; k++) {
            if (!spn_pairs_kept(pairs, k))
                continue;
            const int polarity = turn(pairs, k, (double)target[k]);
            failed += !write_cell(pairs, polarity, k, fabs((double)target[k]));
        }
        pairs->count.n_failed += round + 1 == max_rounds ? failed : 0;
        for (int s = 0; s < SPN_N_POLARITIES; s++)
            disturb(pairs, s);
    }
    for (size_t k = 0; k < pairs->config.n; k++) {
        if (!spn_pairs_kept(pairs, k))
            continue;
        const double code =
            (double)pairs->cell[SPN_PLUS][k].state - (double)pairs->cell[SPN_MINUS][k].state;
        pairs->count.residual_square += (code - (double)target[k]) * (code - (double)target[k]);
        pairs->count.n_residual++;
    }
}

void spn_pairs_rest(struct spn_pairs *pairs, double time_s)
{
    const bool drifts = pairs->drift_nu > 0 && time_s > pairs->drift_t0_s;
    const double left = drifts ? pow(time_s / pairs->drift_t0_s, -pairs->drift_nu) : 1;
    for (int s = 0; s < SPN_N_POLARITIES; s++)
        for (size_t k = 0; k < pairs->config.n; k++)
            pairs->cell[s][k].state *= (float)left;
}

void spn_pairs_read(struct spn_pairs *pairs, bool exact, float *code)
{
    for (size_t k = 0; k < pairs->config.n; k++)
        code[k] = (float)(read_cell(pairs, &pairs->cell[SPN_PLUS][k], exact) -
                          read_cell(pairs, &pairs->cell[SPN_MINUS][k], exact));
}
