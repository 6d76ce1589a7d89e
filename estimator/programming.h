/* programming.h -- writing a whole network once: pulses and reads of its cells, time and energy.
 * Private to the estimator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_PROGRAMMING_H
#define SPN_ESTIMATOR_PROGRAMMING_H

#include "estimator/writing.h"

/* Pulses and reads of the cells of every layer, to the workspace; after the conductances, which
 * share its key. Nothing is computed anew while device, loop and coding stay. */
void spn_programming_set(struct spn_frame *f);

/* Of one cell that is written by itself: in a weight update (by one level), or in a load (from
 * erased). Without a closed loop the chip's pulses_per_update. */
struct spn_cell_writes spn_programming_writes(const struct spn_frame *f, int matrix,
                                              enum spn_phase phase,
                                              const struct spn_chip_write *write);

/* Cell by cell, all tiles at once, arrays of a tile as in an update. [M:E70] */
void spn_programming_report(const struct spn_frame *f, struct spn_programming_result *out);

#endif
