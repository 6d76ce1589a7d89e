/* pulsed.h -- outer products added to an array of cells by coincident pulses on its rows and
 * columns.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_pulsed_create(&pulsed, &config, err);
 *     spn_pulsed_set(pulsed, state);
 *     spn_pulsed_update(pulsed, &trains, u, v, n);      // += rate u v^T, vector after vector
 *     spn_pulsed_get(pulsed, state);
 *
 * All pulses that one vector sends to a cell are one jump with their mean and variance. [M:U1-M:U5]
 */
#ifndef SPN_SIMULATOR_PULSED_H
#define SPN_SIMULATOR_PULSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tech/device.h"

enum { SPN_PULSED_MAX_LENGTH = 31, SPN_PULSED_MAX_CURVE = 4096 };

/* Conductances before the first and after each pulse: rising ones in up_S, falling ones in down_S;
 * in any unit, both over the same window. */
struct spn_pulsed_curve {
    const double *up_S, *down_S;
    int n_up, n_down; /* points, 3 .. SPN_PULSED_MAX_CURVE */
};

struct spn_pulsed_config {
    const struct spn_device *device;      /* law and spread of its pulses; borrowed for creation */
    const struct spn_pulsed_curve *curve; /* measured, instead of the device's; or NULL */
    int rows, columns;
    double step_noise_frac;              /* sd of a pulse's step over the step, besides the device's
                                            cycle_to_cycle_sd, which counts in windows */
    double step_sd_frac, window_sd_frac; /* between cells */
    int max_vectors;                     /* of one update */
    int n_threads;                       /* 0 = 1, < 0: all CPUs */
    uint64_t seed;
    uint32_t layer; /* substream */
};

struct spn_pulsed_trains {
    int length; /* slots, at most SPN_PULSED_MAX_LENGTH */
    bool deterministic;
    double rate; /* pulses wanted for u v = 1 */
};

struct spn_pulsed;

/* All cells at state 0. SPN_EINPUT for a configuration out of range or a curve that does not rise
 * (fall). */
enum spn_status spn_pulsed_create(struct spn_pulsed **pulsed,
                                  const struct spn_pulsed_config *config, struct spn_err *err);
void spn_pulsed_destroy(struct spn_pulsed *pulsed);

/* state [rows][columns]: place in the cell's own window, clipped to 0 .. 1. */
void spn_pulsed_set(struct spn_pulsed *pulsed, const float *state);
void spn_pulsed_get(const struct spn_pulsed *pulsed, float *state);
/* The same in windows of the mean cell. */
void spn_pulsed_read(const struct spn_pulsed *pulsed, float *window_frac);

/* u [n][rows], v [n][columns], n <= max_vectors. The same bytes for any number of threads.
 * SPN_EUSAGE for trains or n out of range. */
enum spn_status spn_pulsed_update(struct spn_pulsed *pulsed, const struct spn_pulsed_trains *trains,
                                  const float *u, const float *v, int n, struct spn_err *err);
/* So many pulses to each cell by itself, n_pulses [rows][columns] in -SPN_PULSED_MAX_LENGTH ..
 * SPN_PULSED_MAX_LENGTH (clipped), falling ones below 0. The same bytes for any number of threads.
 */
void spn_pulsed_write(struct spn_pulsed *pulsed, const int8_t *n_pulses);
/* Pulses that met on a cell or were written to it since creation, over all cells. */
double spn_pulsed_coincidences(const struct spn_pulsed *pulsed);

/* As spn_core_select_kernel. For tests. */
enum spn_status spn_pulsed_select_kernel(struct spn_pulsed *pulsed, const char *name,
                                         struct spn_err *err);

#endif
