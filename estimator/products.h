/* products.h -- products of two activations on SRAM arrays. Private to the estimator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_PRODUCTS_H
#define SPN_ESTIMATOR_PRODUCTS_H

#include "estimator/frame.h"

/* Whether the chip has arrays for products that the network has. */
bool spn_products_wanted(const struct spn_frame *f);

/* Arrays of all products, mapped and evaluated. SPN_EINFEASIBLE for training. [M:E49] */
enum spn_status spn_products_set(struct spn_frame *f, struct spn_err *err);
double spn_products_area_m2(const struct spn_frame *f); /* 0 without */
void spn_products_add_area(struct spn_frame *f);

/* Leaves of one product: writing the new keys or values, and reading with the queries or scores;
 * returns the time. */
double spn_products_add(struct spn_frame *f, int layer);

#endif
