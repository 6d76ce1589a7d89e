/* columns.h -- the results of a design point by name: what spaces, stores and figures call them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_EXPLORER_COLUMNS_H
#define SPN_EXPLORER_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "estimator/estimate.h"

enum spn_column_source {
    SPN_COLUMN_DOUBLE,   /* a double of struct spn_result */
    SPN_COLUMN_INT,      /* an int of it */
    SPN_COLUMN_SUM,      /* a sum over the leaves of one category */
    SPN_COLUMN_SIMULATED /* the simulated accuracy: explorer/accuracy.h */
};

enum spn_column_quantity {
    SPN_QUANTITY_ENERGY,
    SPN_QUANTITY_LATENCY,
    SPN_QUANTITY_AREA,
    SPN_N_QUANTITIES
};

struct spn_column {
    const char *name, *unit, *doc;
    enum spn_column_source source;
    size_t offset; /* in struct spn_result; SUM: enum spn_category */
    int quantity;  /* SUM: enum spn_column_quantity */
    bool training; /* needs the training phases */
    bool usual;    /* stored unless the space says otherwise */
};

extern const struct spn_column spn_columns[]; /* name NULL ends it */

/* Number in spn_columns, or -1. */
int spn_column_find(const char *name);

/* The sums over the leaves of every category: energy and latency of one inference, and area. One
 * pass. */
struct spn_column_sums {
    double sum[SPN_N_QUANTITIES][SPN_N_CATEGORIES];
};
void spn_column_sum(const struct spn_result *result, struct spn_column_sums *sums);

/* The value of one column; sums may be NULL for one that is not SUM; NaN for one that is
 * SIMULATED. */
double spn_column_value(const struct spn_column *column, const struct spn_result *result,
                        const struct spn_column_sums *sums);

#endif
