/* scheme.c -- the three ways to hold a pruned network: every weight, kept weights with an index,
 * masks in the cells.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * dense: the unpruned network. external-index: the pruned network in plain cells; pruned weights
 * are cells that hold zero, so they are read and converted like any other [ning2025: element-wise
 * sparsity does not speed up feed-forward], and only rows and columns of an array that are zero
 * throughout are left out. index-free: the mask sits in the cell; pruned cells conduct through an
 * off transistor and do not move under write pulses, which is what makes vector-wise updates
 * possible.
 */
#include "estimator/scheme.h"

#include <math.h>
#include <stddef.h>

static double all_kept(double sparsity)
{
    (void)sparsity;
    return 1.0;
}

static double unpruned_kept(double sparsity)
{
    return 1.0 - sparsity;
}

static double none_skipped(double sparsity, double length)
{
    (void)sparsity;
    (void)length;
    return 0.0;
}

/* s^n  [M:E10] */
static double all_zero(double sparsity, double length)
{
    return sparsity > 0.0 ? pow(sparsity, length) : 0.0;
}

static int plain_method(const struct spn_chip *chip, double sparsity)
{
    (void)sparsity;
    return chip->write.method;
}

/* Vector-wise from a sparsity on, cell by cell below [ning2025, Methods: a threshold per layer]. */
static int masked_method(const struct spn_chip *chip, double sparsity)
{
    if (chip->write.index_free_method != SPN_UPDATE_VECTOR)
        return chip->write.index_free_method;
    return sparsity >= chip->sparsity.vector_threshold_frac ? SPN_UPDATE_VECTOR : SPN_UPDATE_CELL;
}

const struct spn_scheme_type spn_schemes[SPN_N_SCHEMES] = {
    [SPN_SCHEME_DENSE] = {.name = "dense",
                          .doc = "every weight in a cell, nothing pruned",
                          .model = "E10",
                          .kept = all_kept,
                          .skipped_rows = none_skipped,
                          .skipped_columns = none_skipped,
                          .update_method = plain_method},
    [SPN_SCHEME_EXTERNAL_INDEX] =
        {.name = "external-index",
         .doc = "pruned weights are zeros in plain cells; an index says which are kept",
         .model = "E10",
         .indexed = true,
         .kept = unpruned_kept,
         .skipped_rows = all_zero,
         .skipped_columns = all_zero,
         .update_method = plain_method},
    [SPN_SCHEME_INDEX_FREE] = {.name = "index-free",
                               .doc = "a mask transistor in each cell takes pruned weights out",
                               .model = "E10",
                               .masked = true,
                               .kept = unpruned_kept,
                               .skipped_rows = all_zero,
                               .skipped_columns = none_skipped,
                               .update_method = masked_method},
};

enum spn_status spn_scheme_get(const struct spn_scheme_type **type, int scheme,
                               const struct spn_chip *chip, struct spn_err *err)
{
    if (scheme < 0 || scheme >= SPN_N_SCHEMES)
        return spn_err_set(err, SPN_EINPUT, "scheme = %d outside [0, %d]", scheme,
                           SPN_N_SCHEMES - 1);
    if (spn_schemes[scheme].masked && !chip->device.mask.present)
        return spn_err_set(
            err, SPN_EINFEASIBLE,
            "scheme index-free: device %s has no mask transistor (device.mask.present), as "
            "mos2-2fefet has",
            chip->device.name);
    if (spn_schemes[scheme].indexed && chip->write.method == SPN_UPDATE_VECTOR)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "chip.write.method = vector with scheme %s: pulses on whole columns "
                           "would move pruned weights, "
                           "which plain cells cannot keep out (cell, row)",
                           spn_schemes[scheme].name);
    *type = &spn_schemes[scheme];
    return SPN_OK;
}
