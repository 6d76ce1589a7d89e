/* train_hardware.h -- a chip in the training loop: errors of cells, converters.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Private to the trainer.
 */
#ifndef SPN_SIMULATOR_TRAIN_HARDWARE_H
#define SPN_SIMULATOR_TRAIN_HARDWARE_H

#include <stdbool.h>

#include "simulator/train.h"
#include "simulator/train_net.h"

/* Whether cells have errors; whether sums are converted. */
bool spn_train_hardware_cells(const struct spn_train_hardware *h);
bool spn_train_hardware_adc(const struct spn_train_net *net, int i);

/* How many of n matrix layers sit on the chip at `epoch`. */
int spn_train_hardware_active(const struct spn_train_hardware *h, int n, double epoch);

/* The first layer that is trained: 0, or with tuned_layers the first of those. h may be NULL. */
int spn_train_hardware_first(const struct spn_train_hardware *h, const struct spn_network *net,
                             int n_layers);
/* Mean writes of a tuned weight so far. */
double spn_train_hardware_writes(const struct spn_train_net *net);

/* Errors of the cells of the chip of update `count`, onto the rounded weights that the forward pass
 * sees; every cell has its own. With tuned_layers it is one chip, and weights of those layers take
 * a new error whenever they are written. */
void spn_train_hardware_errors(struct spn_train_net *net, const struct spn_train_options *options,
                               long count);

/* Matrix product of layer i with a converter behind every adc_rows rows; x [n images]. learn: the
 * range follows the sums. */
void spn_train_hardware_product(struct spn_train_net *net, int i, const float *x, int n,
                                bool learn);
size_t spn_train_hardware_scratch(const struct spn_window *w); /* floats of a thread */

#endif
