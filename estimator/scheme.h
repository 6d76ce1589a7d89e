/* scheme.h -- the three ways to hold a pruned network: every weight, kept weights with an index,
 * masks in the cells.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One row of spn_schemes per kind, with the same hooks. "sparsity" is the share of pruned weights
 * of the layer.
 */
#ifndef SPN_ESTIMATOR_SCHEME_H
#define SPN_ESTIMATOR_SCHEME_H

#include <stdbool.h>

#include "base/err.h"
#include "tech/chip.h"

struct spn_scheme_type {
    const char *name, *doc, *model;
    bool masked;  /* cells have the mask transistor */
    bool indexed; /* an index beside the arrays says where the kept weights are */
    double (*kept)(
        double sparsity); /* share of the weights that have a value: read as such, and updated */
    /* Share of an array's rows (columns) that hold no kept weight and so need not be driven
     * (converted), zeros being independent: sparsity^columns, sparsity^rows. [M:E10] */
    double (*skipped_rows)(double sparsity, double columns);
    double (*skipped_columns)(double sparsity, double rows);
    int (*update_method)(const struct spn_chip *chip, double sparsity); /* enum spn_update */
};

extern const struct spn_scheme_type spn_schemes[SPN_N_SCHEMES]; /* by enum spn_scheme */

/* SPN_EINPUT for an unknown scheme; SPN_EINFEASIBLE for a masked scheme on a device without mask,
 * and for a vector-wise update that would move pruned weights. */
enum spn_status spn_scheme_get(const struct spn_scheme_type **type, int scheme,
                               const struct spn_chip *chip, struct spn_err *err);

#endif
