/* pulsed_state.h -- what a pulsed array holds.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Private to pulsed.c and pulsed_update.c.
 */
#ifndef SPN_SIMULATOR_PULSED_STATE_H
#define SPN_SIMULATOR_PULSED_STATE_H

#include "simulator/kernel.h"
#include "simulator/pulsed.h"

/* Random streams beside the seed: cells, trains, noise of pulses. */
enum { SPN_PULSED_CELLS = 0xE1, SPN_PULSED_TRAINS = 0xE2, SPN_PULSED_NOISE = 0xE3 };
enum { UP_CONSTANT, UP_SLOPE, DOWN_CONSTANT, DOWN_SLOPE, N_LAW };
enum { TRAIN_BLOCKS = 16, BLOCK_WORDS = 4 * SPN_KERNEL_COLUMNS };

struct spn_pulsed {
    struct spn_pulsed_config config;
    const struct spn_kernel *kernel;
    size_t stride; /* columns, padded */
    bool curved;
    float *state, *top; /* [rows][stride] */
    float *law[N_LAW];  /* likewise; of a curve the constants alone, as factors */
    float table[N_LAW][SPN_PULSE_NODES];
    int pulses_at_once;
    double pulse_sd;                              /* windows */
    struct spn_kernel_stream train[TRAIN_BLOCKS]; /* random words not yet used */
    int n_train_words;
    uint64_t n_train_blocks, n_updates;
    uint32_t *row, *column;           /* [rows][max_vectors], [max_vectors][stride] */
    uint32_t *counted;                /* [threads][stride]: pulses sent cell by cell, as slots */
    struct spn_kernel_stream *stream; /* [threads] */
    int n_vectors;                    /* of the update in hand */
    const int8_t *n_pulses;           /* of cells, likewise */
    double coincidences;
};

#endif
