/* program_wires.h -- what a core's programmed cells show through the wires of their arrays.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows that conduct together form a stripe across all arrays that hold a matrix side by side. Its
 * cells are put in, solved array by array, and read back as effective conductances.
 */
#ifndef SPN_SIMULATOR_PROGRAM_WIRES_H
#define SPN_SIMULATOR_PROGRAM_WIRES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "simulator/compensate.h"
#include "simulator/core.h"
#include "simulator/irdrop.h"

struct spn_program_wires {
    bool estimated;                /* to first order in closed form instead of exactly */
    int n_blocks, width, n_phases; /* arrays side by side; their columns; columns that share an ADC
                                      conduct in turn */
    int most_rows;                 /* of a stripe */
    int array_rows, rows_at_once;
    double cell_S;                 /* of a normalised conductance of 1 */
    const struct spn_device *bent; /* whose I-V curve counts; NULL: cells are linear */
    struct spn_irdrop_wires wires; /* with the array's last row on */
    int n_threads;
    double *cells; /* [n_blocks][row][width], normalised */
};

/* masked: cells with their mask transistor. Cells that an access transistor can switch off load the
 * wires only in rows that are read; those of a crossbar always do. */
struct spn_program_wires spn_program_wires(const struct spn_core_config *config, bool masked);

/* Rows of the stripe that begins with row `first` of a matrix with n_rows. */
int spn_program_wires_stripe(const struct spn_program_wires *w, int first, int n_rows);

/* The cell of row `row` of a stripe. */
static inline double *spn_program_wires_cell(const struct spn_program_wires *w, int block, int row,
                                             int column)
{
    return w->cells + ((size_t)block * (size_t)w->most_rows + (size_t)row) * (size_t)w->width +
           column;
}

/* Replace the targets of a stripe by what cells must hold to show gain x target through the wires,
 * within [low, high]; 0 is a cell that cannot be written. Adds up what is needed for the residual.
 */
struct spn_program_correction {
    int kind;            /* enum spn_correction */
    bool subtracted;     /* columns are pairs, or stand beside a reference: differences count */
    double low, high;    /* normalised */
    double gain;         /* aimed at; 0: find it, and leave the stripe as it is */
    double largest_gain; /* that all stripes so far can have; starts at 1 */
    double wanted_square, cross, square, plain_cross, plain_square, n_clipped;
};
enum spn_status spn_program_wires_correct(const struct spn_program_wires *w, int first, int n,
                                          struct spn_program_correction *correction,
                                          struct spn_err *err);

/* Replace the cells of a stripe of n rows that begins with row `first` of the matrix. */
enum spn_status spn_program_wires_solve(const struct spn_program_wires *w, int first, int n,
                                        struct spn_err *err);

#endif
