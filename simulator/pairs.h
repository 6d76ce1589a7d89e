/* pairs.h -- weights in differential pairs of index-free cells: pulses, verification, masks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_pairs_create(&pairs, &config, err);
 *     spn_pairs_keep(pairs, k, true);                     // mask transistor on, weight from zero
 *     spn_pairs_pulse(pairs, polarity, array, row, column); // a vector update of one array
 *     spn_pairs_verify(pairs, target);                    // then cell by cell, until all are right
 *     spn_pairs_read(pairs, code);                        // what a product sees now
 *
 * A weight of code w, |w| <= states - 1, is the difference of two cells' states; one of them, by
 * its sign, holds |w|, and the other one is masked off. The plus cells make arrays of their own and
 * so do the minus cells, in the same order: weight k sits in line k / columns, at place k % columns
 * of it, and `rows` lines make an array. Everything is counted in states. [M:V5-M:V8]
 */
#ifndef SPN_SIMULATOR_PAIRS_H
#define SPN_SIMULATOR_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "models/pulse.h"
#include "tech/device.h"

enum spn_polarity { SPN_PLUS, SPN_MINUS, SPN_N_POLARITIES };

/* How cells are written; what a device file does not say. */
struct spn_pairs_write {
    double pulses_per_state; /* identical pulses from one state to the next */
    double tolerance_states; /* verified when within */
    int max_tries;           /* of one cell in one verification */
    double disturb_frac;   /* of a pulse that cells on the same line feel which are not selected */
    double window_sd_frac; /* sd of the cells' conductance window */
    double leaky_frac, leaky_on_off; /* cells with a smaller on/off ratio, and that ratio */
};

struct spn_pairs_config {
    const struct spn_device *device; /* pulse, noise and mask numbers; borrowed for creation */
    struct spn_pairs_write write;
    size_t n;          /* weights */
    int rows, columns; /* of an array */
    int states;        /* of a cell */
    uint64_t seed;
    uint32_t layer; /* a random stream of its own */
};

/* Since creation or spn_pairs_count_reset. */
struct spn_pairs_count {
    double vector_cycles, vector_pulses;              /* cycles; pulses that reach cells */
    double verify_pulses, verify_reads, verify_tries; /* cell by cell */
    double n_corrected, n_failed; /* cells that needed a try; that stayed outside the tolerance */
    double mask_writes;
    double residual_square; /* of the kept weights after the last verification, summed */
    double n_residual;
};

struct spn_cell_state {
    float state;              /* conductance above the lowest, in states */
    float floor, top;         /* its window */
    bool on, mask_fails;      /* mask transistor; its off state fails */
    struct spn_pulse_law law; /* in states */
};

struct spn_pairs {
    struct spn_pairs_config config;
    int n_arrays;
    double step_S, mask_off_states; /* conductance of one state; of a mask that is off */
    double drift_nu, drift_t0_s;
    double write_sd, read_sd, cycle_sd; /* in states: of a verified try, a read, a pulse */
    struct spn_cell_state *cell[SPN_N_POLARITIES]; /* [n] */
    float *line[SPN_N_POLARITIES]; /* pulses that unselected cells of each line have felt */
    struct spn_rng write_rng, read_rng;
    struct spn_pairs_count count;
};

/* All masks off, all cells at their lowest state. SPN_EINPUT for a device without mask or pulse
 * response, and for a configuration out of range. */
enum spn_status spn_pairs_create(struct spn_pairs **pairs, const struct spn_pairs_config *config,
                                 struct spn_err *err);
void spn_pairs_destroy(struct spn_pairs *pairs);
void spn_pairs_count_reset(struct spn_pairs *pairs);

/* Regrow: the plus cell's mask on, at zero. Prune: whatever the pair holds is first written to
 * zero, then both masks go off. [ning2025, Methods; M:V8] */
void spn_pairs_keep(struct spn_pairs *pairs, size_t k, bool kept);
bool spn_pairs_kept(const struct spn_pairs *pairs, size_t k);

/* Cells of one polarity that take part: 1 where the mask is on. [n] */
void spn_pairs_mask(const struct spn_pairs *pairs, int polarity, uint8_t *mask);

/* One array's vector update: column pulses line by line, then all rows at once. Numbers of pulses,
 * signed; masked cells do not move. [M:V4, M:V6] */
void spn_pairs_pulse(struct spn_pairs *pairs, int polarity, int array, const int *row,
                     const int *column);

/* Where a target has the other sign than what the pair holds, its cell is written to zero and
 * masked off, and the other one takes over, from what it was left at. */
void spn_pairs_turn(struct spn_pairs *pairs, const float *target);

/* Bring every kept weight within the tolerance of its target code, which may move it from one cell
 * of its pair to the other; cells are read between tries. [M:V7] */
void spn_pairs_verify(struct spn_pairs *pairs, const float *target);

/* What rest of `time_s` leaves: conductance times (time/t0)^-nu, the device's. [M:V5] */
void spn_pairs_rest(struct spn_pairs *pairs, double time_s);

/* Codes as read, with read noise; `exact` leaves the noise out. */
void spn_pairs_read(struct spn_pairs *pairs, bool exact, float *code);

#endif
