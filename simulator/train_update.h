/* train_update.h -- what happens to weights between passes: the optimiser, pruning, and the view
 * that the network computes with.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Private to the trainer.
 */
#ifndef SPN_SIMULATOR_TRAIN_UPDATE_H
#define SPN_SIMULATOR_TRAIN_UPDATE_H

#include "simulator/train.h"
#include "simulator/train_net.h"

/* Learning rate after a share `done` (0..1) of all updates, `epoch` epochs. */
double spn_train_rate(const struct spn_train_options *options, double done, double epoch);

/* One step of the optimiser on all parameters that are numbers (update.rule); `count` is the number
 * of this update, from 1. */
void spn_train_update(struct spn_train_net *net, const struct spn_train_options *options,
                      double rate, long count);

/* Set what the forward pass sees: weights rounded to weight_bits and with noise (training only). */
void spn_train_view(struct spn_train_net *net, const struct spn_train_options *options, bool noise,
                    long count);

/* Share of each layer's final sparsity that is due at `epoch`, in steps; 0 before the first.
 * [zhu2017prune, eq. 1] */
double spn_train_prune_share(const struct spn_train_prune *prune, double epoch);
/* Take out the smallest weights of every layer until a `share` of its sparsity is reached. Weights
 * once out stay out. */
enum spn_status spn_train_prune(struct spn_train_net *net, double share, struct spn_err *err);
/* Zeros among all matrix weights, as the network computes with them. */
double spn_train_sparsity(const struct spn_train_net *net);

#endif
