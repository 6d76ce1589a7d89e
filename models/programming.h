/* programming.h -- closed-loop programming of a cell: pulses, reads and the error that is left.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One simulation of the device's pulses gives what accuracy needs (the distribution of the error)
 * and what cost needs (how many pulses and reads it took), so that the two cannot disagree.
 *
 *     struct spn_programming_config how = {.tolerance_frac = 0.02, .max_tries = 20, .n_levels =
 * 16}; spn_programming_compute(&p, &device, &how); error_frac = spn_programming_error(&p,
 * level_frac, z);        // z standard normal pulses = spn_programming_pulses(&p,
 * level_frac).mean_pulses;
 */
#ifndef SPN_MODELS_PROGRAMMING_H
#define SPN_MODELS_PROGRAMMING_H

#include <stdbool.h>

#include "tech/chip.h"

enum { SPN_PROGRAMMING_MAX_POINTS = 17, SPN_PROGRAMMING_QUANTILES = 129 };

/* All in fractions of the device's window Gmax - Gmin. */
struct spn_programming_config {
    double tolerance_frac; /* a cell is done when a read lies within this of its target */
    int max_tries;         /* trains of pulses, then it is left as it is */
    int pulses_per_read;   /* longest train; 0 = as many as the mean device needs */
    int n_levels;          /* of a cell, evenly over the window */
};

struct spn_programming_count { /* of one cell, means */
    double mean_pulses, mean_reads, mean_tries;
    double failed_frac; /* cells still outside the tolerance after max_tries */
};

/* Programming from the erased state (Gmin) to a level. */
struct spn_programming_point {
    double level_frac;
    struct spn_programming_count count;
    double error_mean_frac, error_sd_frac;       /* true conductance minus target */
    float error_frac[SPN_PROGRAMMING_QUANTILES]; /* at shares 0, 1/128 ... 1 of the cells */
};

struct spn_programming {
    int n_points; /* levels, or SPN_PROGRAMMING_MAX_POINTS spread over more */
    struct spn_programming_point point[SPN_PROGRAMMING_MAX_POINTS];
    struct spn_programming_count step; /* from one level to a neighbour, all levels alike */
    double max_error_frac;
};

/* A Monte Carlo run of fixed size and seed, so the same for the same device: read, with
 * read_noise_frac; if outside the tolerance the whole number of pulses that the mean device needs,
 * at least one; pulse law with the labels' spread over devices, cycle-to-cycle error per pulse, and
 * programming_sd_frac as the error of a train. [M:D20] No allocation. */
void spn_programming_compute(struct spn_programming *p, const struct spn_device *device,
                             const struct spn_programming_config *config);

/* The chip's own loop (write.tolerance_frac, cells of weight.cell_bits); false, and nothing
 * computed, for a chip without one. */
bool spn_programming_closed_loop(struct spn_programming *p, const struct spn_chip *chip);

/* The same table for any chip: with an open loop the pulses that the mean device needs from the
 * erased state (at least one for a level above), a read after each where the chip verifies, and
 * the error that the device states. */
void spn_programming_chip(struct spn_programming *p, const struct spn_chip *chip);

/* Between the points linearly. */
double spn_programming_error(const struct spn_programming *p, double level_frac, double z);
struct spn_programming_count spn_programming_pulses(const struct spn_programming *p,
                                                    double level_frac);
/* Root mean square error over all points. */
double spn_programming_rms(const struct spn_programming *p);

#endif
