/* balance.h -- how many copies each layer gets, so that a budget buys most speed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The caller says what a layer with so many copies takes (never more with more copies) and whether
 * so many copies of all layers fit (if they do, fewer do too); every layer starts with one copy.
 */
#ifndef SPN_ESTIMATOR_BALANCE_H
#define SPN_ESTIMATOR_BALANCE_H

#include <stdbool.h>

struct spn_balance {
    int n;                                              /* layers */
    double (*time_s)(void *ctx, int layer, int copies); /* not increasing with copies */
    bool (*fits)(void *ctx, const int *copies);
    double (*cost)(void *ctx, int layer); /* of a copy, > 0; for the sum only: ratios count */
    void *ctx;
    const int *most; /* [n]: copies beyond which nothing gets faster, >= 1 */
};

/* Minimise the slowest layer's time. Exact: no copies that fit have a faster slowest layer, and
 * each layer has as few as that time allows. `copies` and `trial` are [n]. [M:E40] */
void spn_balance_slowest(const struct spn_balance *b, int *copies, int *trial);

/* Make the sum of the times small, by one price for the budget that all layers pay; what is left of
 * it buys single steps. Not exact: a test compares it with all combinations. [M:E41] */
void spn_balance_sum(const struct spn_balance *b, int *copies, int *trial);

#endif
