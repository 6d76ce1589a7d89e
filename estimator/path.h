/* path.h -- the time of one image through a pipeline: the longest way through the graph. Private to
 * the estimator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_PATH_H
#define SPN_ESTIMATOR_PATH_H

#include "estimator/frame.h"

/* Of a layer's input: what must be there before its first result; and the share of its results that
 * wait for the input's last line. [M:E77] */
struct spn_lines {
    double first_frac, last_frac;
};
struct spn_lines spn_path_lines(const struct spn_layer *layer);

/* Turn the latencies of the forward leaves from `first_leaf` on, which are whole layers' times so
 * far, into what each adds to an image's way; at least least_s, what all layers share. Nothing
 * layer by layer, or with loads. [M:E16, E77] */
void spn_path_apply(struct spn_frame *f, int first_leaf, double least_s);

#endif
