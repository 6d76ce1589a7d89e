/* training.h -- what training adds to inference: error pass, weight gradient, weight update.
 * Private to the estimator, but for the counts of an update, which tests check by hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_TRAINING_H
#define SPN_ESTIMATOR_TRAINING_H

#include "estimator/frame.h"
#include "estimator/schedule.h"

/* Writing one array, or the part of it that is used. */
struct spn_update_counts {
    double cycles;      /* steps one after the other: cells, rows, or columns + 1 */
    double pulse_times; /* pulse widths that they take */
};
/* method: enum spn_update; rows and columns in cells; weights of a row, whose cells are written
 * together or not at all; kept: share of the cells that is written. [M:E24-E26] */
struct spn_update_counts spn_update_count(int method, double rows, double columns, double weights,
                                          double kept, const struct spn_chip_write *write);

/* On-chip memory of the gradient unit for one layer, bits; *by_weight: it holds the layer's
 * accumulators, and not a batch of its inputs and errors. [M:E23] */
double spn_training_gradient_bit(const struct spn_layer *layer, double n_in,
                                 const struct spn_chip *chip, bool *by_weight);

/* Leaves of the gradient of one layer and image; returns its time. */
double spn_training_gradient(struct spn_frame *f, int matrix);

/* Leaves of the weight update, index included, of all layers; fills update and mask figures. */
void spn_training_update(struct spn_frame *f, struct spn_training_result *out);

/* index_cost.c: whether updates of a layer write one cell of each differential pair and so must
 * know which. */
bool spn_index_polarity(const struct spn_frame *f, int matrix);
/* Of the cells of a kept weight those that an update writes: one of a pair of known polarity. */
double spn_index_written_frac(const struct spn_frame *f, int matrix);
/* Bits of each layer's index and polarities (into the work), their sums, and the size of a tile's
 * buffers. */
void spn_index_sizes(struct spn_frame *f, struct spn_index_result *out, double *tile_bit);
/* DRAM, and room in the global buffer, for what training keeps there of both. */
void spn_index_need(struct spn_frame *f, const struct spn_index_result *index);
/* Leaves of fetching and decoding index and polarities once; returns the time, and adds each
 * layer's own to result[].update_*. */
double spn_index_fetch(struct spn_frame *f);

#endif
