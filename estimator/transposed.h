/* transposed.h -- a second copy of the weights, transposed, for errors on their way back. Private
 * to the estimator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_TRANSPOSED_H
#define SPN_ESTIMATOR_TRANSPOSED_H

#include "estimator/frame.h"

/* Whether errors pass further arrays; else they read the arrays from the other side. */
bool spn_transposed_wanted(const struct spn_frame *f);

/* Arrays of all layers that errors pass, mapped and evaluated. [M:E76] */
enum spn_status spn_transposed_set(struct spn_frame *f, struct spn_err *err);
double spn_transposed_area_m2(const struct spn_frame *f); /* 0 without */
void spn_transposed_add_area(struct spn_frame *f);
double spn_transposed_arrays(const struct spn_frame *f);

/* Leaves of the errors of one image through a layer's copy; returns the time. */
double spn_transposed_pass(struct spn_frame *f, int matrix);
/* Bits of an image over the root of the copies' H-tree. */
double spn_transposed_bit(const struct spn_frame *f);

/* The copies' own frame, whose leaves go to the same tree; it must be handed back before the next
 * leaf is added to `f`. */
struct spn_frame spn_transposed_begin(struct spn_frame *f);
void spn_transposed_end(struct spn_frame *f, const struct spn_frame *own);

#endif
