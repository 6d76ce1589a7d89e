/* train_cells.h -- matrices of a network in training that live in cells and are moved by pulses.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Private to the trainer.
 *
 *     spn_train_cells_create(&cells, net, &options, &device, err);   // writes net's first weights
 *     ... forward, backward ...
 *     spn_train_cells_update(cells, n, rate, err);                   // weights are as cells read
 *     spn_train_cells_destroy(cells);
 */
#ifndef SPN_SIMULATOR_TRAIN_CELLS_H
#define SPN_SIMULATOR_TRAIN_CELLS_H

#include "simulator/train.h"
#include "simulator/train_net.h"
#include "tech/device.h"

struct spn_train_cells;

/* One array for every matrix of net, which keeps its weights in windows of the device; its values
 * become what the cells read. net is borrowed. SPN_EINPUT for grouped convolutions and devices that
 * pulses cannot move. */
enum spn_status spn_train_cells_create(struct spn_train_cells **cells, struct spn_train_net *net,
                                       const struct spn_train_options *options,
                                       const struct spn_device *device, struct spn_err *err);
void spn_train_cells_destroy(struct spn_train_cells *cells);

/* Move all matrices by one batch of n images, whose inputs and gradients are in net, at a learning
 * rate. [M:U6-M:U8] */
enum spn_status spn_train_cells_update(struct spn_train_cells *cells, int n, double rate,
                                       struct spn_err *err);

/* Pulses so far, of a cell, mean; without those that look for symmetry points. */
double spn_train_cells_pulses(const struct spn_train_cells *cells);

#endif
