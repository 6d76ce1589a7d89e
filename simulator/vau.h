/* vau.h -- vector-wise additive update: one number per row and per column that stand for a whole
 * matrix of weight changes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     struct spn_vau_problem p = {.rows = 64, .columns = 64, .delta = d, .mask = m,
 *                                 .masked_fit = true, .lambda = 1e-3};
 *     spn_vau_fit(&p, row, column, NULL, err);
 *     spn_vau_pulses(row, 64, 8, pulses);      // 8 pulses a state
 *     spn_vau_quality(&p, row, column, &q);    // what it explains of the kept cells' changes
 *
 * Pulses on whole row and column lines reach every cell that is not masked off, so that a matrix of
 * changes is written in columns + 1 cycles. [ning2025, Methods; M:V1-M:V4]
 */
#ifndef SPN_SIMULATOR_VAU_H
#define SPN_SIMULATOR_VAU_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define SPN_VAU_MAX_SIDE 65536 /* rows or columns */

struct spn_vau_problem {
    int rows, columns;
    const float *delta;  /* [rows][columns] wanted changes, in states */
    const uint8_t *mask; /* [rows][columns], 1 = kept, 0 = masked off, no other value; NULL: all
                            kept. What stands in delta where it is 0 does not matter. */
    bool masked_fit;     /* fit the kept cells alone; false: pruned cells enter as changes of 0, as
                            in the article, whose A has a row for every cell */
    double lambda; /* > 0: of the ridge that makes A^T A, of rank rows + columns - 1, regular */
};

/* Row and column parts [rows], [columns] that minimise the squared error plus lambda times their
 * squares; exact to rounding. n_steps (or NULL): of the iterative solver. SPN_EINPUT for sizes,
 * lambda or changes that are not finite. */
enum spn_status spn_vau_fit(const struct spn_vau_problem *p, double *row, double *column,
                            int *n_steps, struct spn_err *err);

/* round(part x pulses_per_state), within 16 bits. */
void spn_vau_pulses(const double *part, int n, double pulses_per_state, int *pulses);

/* Of the kept cells, which alone move. */
struct spn_vau_quality {
    double n_kept;
    double square;       /* sum of squares of the wanted changes */
    double error_square; /* of what is missing after row + column */
    double mse; /* error_square over ALL cells of the matrix, as the article counts, states^2 */
    double explained_frac; /* 1 - error_square/square; 0 for no change at all */
};
void spn_vau_quality(const struct spn_vau_problem *p, const double *row, const double *column,
                     struct spn_vau_quality *out);

/* Cycles of a write: columns one by one, then all rows at once; cell by cell: one per kept cell.
 * [ning2025, Methods; M:V4] */
int spn_vau_cycles(int columns);

#endif
