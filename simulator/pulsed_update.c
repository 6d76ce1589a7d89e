/* pulsed_update.c -- pulses on an array of cells: coincident trains of whole vectors, or counted
 * pulses cell by cell.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Trains are words of one bit a slot; the kernels count common bits and move the cells [M:U4]. A
 * row of cells stays in the first-level cache while all vectors pass.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "simulator/pulsed_state.h"

#define SIGN (~SPN_PULSE_SLOTS)

double spn_pulsed_coincidences(const struct spn_pulsed *p)
{
    return p->coincidences;
}

/* ---- trains ---- */

/* Blocks of the generator that seeds streams, taken as they are. */
static void seed_streams(const struct spn_pulsed *p, int stream, uint64_t first, int n,
                         struct spn_kernel_stream *streams)
{
    uint32_t lane[SPN_KERNEL_COLUMNS];
    for (uint32_t c = 0; c < SPN_KERNEL_COLUMNS; c++)
        lane[c] = c;
    const struct spn_kernel_seed seed = {
        .key = {(uint32_t)p->config.seed, (uint32_t)(p->config.seed >> 32)},
        .tag = (uint32_t)stream << 24 | p->config.layer,
        .first = first,
        .lane = lane,
        .n_streams = n};
    p->kernel->seed(&seed, streams);
}

static uint32_t train_word(struct spn_pulsed *p)
{
    if (p->n_train_words == 0) {
        seed_streams(p, SPN_PULSED_TRAINS, p->n_train_blocks, TRAIN_BLOCKS, p->train);
        p->n_train_blocks += TRAIN_BLOCKS;
        p->n_train_words = TRAIN_BLOCKS * BLOCK_WORDS;
    }
    int i = --p->n_train_words;
    return (uint32_t)p->train[i / BLOCK_WORDS]
        .state[i / SPN_KERNEL_COLUMNS % 4][i % SPN_KERNEL_COLUMNS];
}

/* `length` slots, each pulsing with `probability`: binary digits of a uniform number beside those
 * of the probability, for all slots at once, until every slot has differed. */
static uint32_t draw_train(struct spn_pulsed *p, double probability, int length)
{
    const uint32_t all = SPN_PULSE_SLOTS >> (SPN_PULSED_MAX_LENGTH - length);
    if (!(probability > 0))
        return 0;
    if (probability >= 1)
        return all;
    uint32_t digits = (uint32_t)(probability * 0x1p32), open = all, train = 0;
    for (uint32_t digit = 1u << 31; digit != 0 && open != 0; digit >>= 1) {
        uint32_t random = train_word(p), one = (digits & digit) != 0 ? UINT32_MAX : 0;
        train |= open & ~random & one; /* less than the probability: pulses */
        open &= random ^ ~one;
    }
    return train;
}

/* rint(length probability) slots: the first ones of a row, evenly spread ones of a column. */
static uint32_t even_train(double probability, int length, bool spread)
{
    int n = (int)lrint(probability * length);
    uint32_t train = 0;
    for (int t = 0; t < length; t++)
        if (spread ? (t + 1) * n / length > t * n / length : t < n)
            train |= 1u << t;
    return train;
}

struct line {
    const struct spn_pulsed_trains *trains;
    double gain; /* probability of a slot for 1 */
    bool spread;
};

static uint32_t train_of(struct spn_pulsed *p, const struct line *line, float value)
{
    double probability = fmin(1, fabs((double)value) * line->gain);
    uint32_t train = line->trains->deterministic
                         ? even_train(probability, line->trains->length, line->spread)
                         : draw_train(p, probability, line->trains->length);
    return train | (value < 0 ? SIGN : 0);
}

static double largest(const float *x, int n)
{
    float most = 0;
    for (int i = 0; i < n; i++)
        most = fmaxf(most, fabsf(x[i]));
    return (double)most;
}

/* Pulses of every slot, as binary numbers of one bit a plane: a word is added to all at once. */
enum { COUNT_PLANES = 17 }; /* up to MAX_SIDE lines */
static void count_slots(uint32_t word, uint32_t plane[COUNT_PLANES])
{
    uint32_t carry = word & SPN_PULSE_SLOTS;
    for (int k = 0; carry != 0; k++) {
        uint32_t sum = plane[k] ^ carry;
        carry &= plane[k];
        plane[k] = sum;
    }
}

static double slot_count(const uint32_t plane[COUNT_PLANES], int slot)
{
    double n = 0;
    for (int k = COUNT_PLANES - 1; k >= 0; k--)
        n = 2 * n + (plane[k] >> slot & 1);
    return n;
}

/* Trains of one pair of vectors, balanced so that both sides' largest values pulse alike. [M:U1] */
static void make_trains(struct spn_pulsed *p, const struct spn_pulsed_trains *trains,
                        const float *u, const float *v, int k)
{
    const int rows = p->config.rows, columns = p->config.columns;
    uint32_t on_rows[COUNT_PLANES] = {0}, on_columns[COUNT_PLANES] = {0};
    double u_max = largest(u, rows), v_max = largest(v, columns);
    bool any = u_max > 0 && v_max > 0;
    double both = any ? sqrt(trains->rate / trains->length) : 0;
    struct line row = {trains, any ? both * sqrt(v_max / u_max) : 0, false};
    struct line column = {trains, any ? both * sqrt(u_max / v_max) : 0, true};
    uint32_t *words = p->column + (size_t)k * p->stride;
    for (int i = 0; i < rows; i++) {
        uint32_t word = train_of(p, &row, u[i]);
        p->row[(size_t)i * (size_t)p->config.max_vectors + (size_t)k] = word;
        count_slots(word, on_rows);
    }
    for (int j = 0; j < columns; j++) {
        words[j] = train_of(p, &column, v[j]);
        count_slots(words[j], on_columns);
    }
    for (int t = 0; t < trains->length; t++)
        p->coincidences += slot_count(on_rows, t) * slot_count(on_columns, t);
}

/* ---- updates ---- */

/* Pulses of a row of cells from the given words of it and its columns. */
static void pulse_row(struct spn_pulsed *p, size_t i, int thread, const uint32_t *row,
                      const uint32_t *column)
{
    const size_t at = i * p->stride;
    seed_streams(p, SPN_PULSED_NOISE, p->n_updates * (uint64_t)p->config.rows + i, 1,
                 &p->stream[thread]);
    const double step_sd = p->config.step_noise_frac;
    struct spn_kernel_pulse pulse = {.state = p->state + at,
                                     .table = p->curved ? (const float(*)[SPN_PULSE_NODES])p->table
                                                        : NULL,
                                     .pulses_at_once = p->pulses_at_once,
                                     .row = row,
                                     .column = column,
                                     .column_stride = p->stride,
                                     .n_columns = (int)p->stride,
                                     .n_vectors = p->n_vectors,
                                     .step_variance = (float)(step_sd * step_sd),
                                     .pulse_variance = (float)(p->pulse_sd * p->pulse_sd),
                                     .stream = &p->stream[thread]};
    for (int k = 0; k < N_LAW; k++)
        pulse.law[k] = p->law[p->curved ? k - k % 2 : k] + at;
    p->kernel->pulse(&pulse);
}

static void update_row(void *ctx, size_t i, int thread)
{
    struct spn_pulsed *p = ctx;
    pulse_row(p, i, thread, p->row + i * (size_t)p->config.max_vectors, p->column);
}

enum spn_status spn_pulsed_update(struct spn_pulsed *p, const struct spn_pulsed_trains *trains,
                                  const float *u, const float *v, int n, struct spn_err *err)
{
    if (trains->length < 1 || trains->length > SPN_PULSED_MAX_LENGTH)
        return spn_err_set(err, SPN_EUSAGE, "trains of %d slots: outside [1, %d]", trains->length,
                           SPN_PULSED_MAX_LENGTH);
    if (!(trains->rate >= 0) || !isfinite(trains->rate))
        return spn_err_set(err, SPN_EUSAGE, "rate = %g pulses: below 0 or not finite",
                           trains->rate);
    if (n < 0 || n > p->config.max_vectors)
        return spn_err_set(err, SPN_EUSAGE, "%d vectors: outside [0, %d]", n,
                           p->config.max_vectors);
    for (int k = 0; k < n; k++)
        make_trains(p, trains, u + (size_t)k * (size_t)p->config.rows,
                    v + (size_t)k * (size_t)p->config.columns, k);
    p->n_vectors = n;
    spn_parallel_for(p->config.n_threads, (size_t)p->config.rows, update_row, p);
    p->n_updates++;
    return SPN_OK;
}

/* ---- cell by cell ---- */

static int clipped(int8_t n_pulses)
{
    const int n = n_pulses;
    return n > SPN_PULSED_MAX_LENGTH ? SPN_PULSED_MAX_LENGTH
                                     : (n < -SPN_PULSED_MAX_LENGTH ? -SPN_PULSED_MAX_LENGTH : n);
}

/* A row that pulses in all slots, columns in as many as they have pulses. */
static void write_row(void *ctx, size_t i, int thread)
{
    struct spn_pulsed *p = ctx;
    const uint32_t row = SPN_PULSE_SLOTS;
    const size_t columns = (size_t)p->config.columns;
    uint32_t *column = p->counted + (size_t)thread * p->stride, any = 0;
    for (size_t j = 0; j < columns; j++) {
        const int n = clipped(p->n_pulses[i * columns + j]);
        column[j] =
            n == 0 ? 0 : SPN_PULSE_SLOTS >> (SPN_PULSED_MAX_LENGTH - abs(n)) | (n < 0 ? SIGN : 0);
        any |= column[j];
    }
    if (any != 0)
        pulse_row(p, i, thread, &row, column);
}

void spn_pulsed_write(struct spn_pulsed *p, const int8_t *n_pulses)
{
    const size_t n = (size_t)p->config.rows * (size_t)p->config.columns;
    p->n_vectors = 1;
    p->n_pulses = n_pulses;
    spn_parallel_for(p->config.n_threads, (size_t)p->config.rows, write_row, p);
    p->n_pulses = NULL;
    p->n_updates++;
    for (size_t k = 0; k < n; k++)
        p->coincidences += abs(clipped(n_pulses[k]));
}
