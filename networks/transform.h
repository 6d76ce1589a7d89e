/* transform.h -- images made to fit a network: smaller, black and white, a balanced choice.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_NETWORKS_TRANSFORM_H
#define SPN_NETWORKS_TRANSFORM_H

#include "networks/dataset.h"

/* size x size pixels, each the mean of the area that it covers; size at most the images' sides.
 * In place. [M:V13] */
enum spn_status spn_dataset_shrink(struct spn_dataset *data, int size, struct spn_err *err);

/* Only the last n images or texts stay. */
void spn_dataset_keep_last(struct spn_dataset *data, int n);

/* 255 where a pixel is at least threshold (1..255), else 0. */
void spn_dataset_binarise(struct spn_dataset *data, int threshold);

/* The images of `second` after those of `first`, into *out. SPN_EINPUT if their sizes differ. */
enum spn_status spn_dataset_join(struct spn_dataset *out, const struct spn_dataset *first,
                                 const struct spn_dataset *second, struct spn_err *err);

/* A random choice without repetition of n_train + n_test images, as many of each class, in an order
 * of their own. SPN_EINPUT if a class has too few, or the numbers are no multiples of the number of
 * classes. */
struct spn_dataset_split {
    int n_train, n_test;
    uint64_t seed;
};
enum spn_status spn_dataset_choose(const struct spn_dataset *from,
                                   const struct spn_dataset_split *how, struct spn_dataset *train,
                                   struct spn_dataset *test, struct spn_err *err);

#endif
