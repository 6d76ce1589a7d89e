/* irdrop.h -- the exact voltages and currents of a cell array with resistive wires.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every cell joins a node of its row wire to a node of its column wire. Row wires are driven by
 * ideal sources, column wires end in ideal sense nodes; both through the resistances below.
 * Resistances may be 0 (a short) or INFINITY (open), conductances 0 (no cell).
 *
 *     spn_irdrop_create(&solver, &array, err);
 *     spn_irdrop_set_cells(solver, cells_S, NULL);
 *     spn_irdrop_solve(solver, source_V, NULL, err);       // as often as wanted; factors are kept
 *     spn_irdrop_currents(solver, NULL, sense_A);
 */
#ifndef SPN_SIMULATOR_IRDROP_H
#define SPN_SIMULATOR_IRDROP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum spn_irdrop_topology {
    SPN_IRDROP_ROW_DRIVEN,  /* sources at the rows: one per row */
    SPN_IRDROP_SUPPLY_LINES /* 1T1R with source lines along the columns: one source per column,
                               which enters at the top; the rows only switch cells on and off */
};
/* Current of a cell at u volts: G u; G sinh(c u)/c, c in 1/V; G (u + c u^3), c in 1/V^2. */
enum spn_irdrop_law { SPN_IRDROP_LINEAR, SPN_IRDROP_SINH, SPN_IRDROP_CUBIC, SPN_N_IRDROP_LAWS };

enum {
    SPN_IRDROP_NEAR,
    SPN_IRDROP_FAR
}; /* ends of a line: of a row, left and right; of a column,
      bottom (sense) or top (supply), and the other end */
struct spn_irdrop_wires {
    double row_ohm, column_ohm; /* of one segment; supply lines have row_ohm */
    double source_ohm[2]; /* from the source to the first and to the last node of its line, all in
                             all */
    double sense_ohm[2];  /* from 0 V to the last and to the first node of a column */
};
/* Driven at the left and sensed at the bottom, each through one more segment. */
struct spn_irdrop_wires spn_irdrop_wires_uniform(double segment_ohm);

struct spn_irdrop_array {
    int rows, columns;
    int topology, law;
    double law_coefficient;
    struct spn_irdrop_wires wires;
    bool paired_rows;        /* interleaved pairs: rows 2i and 2i + 1 share their column nodes */
    const uint8_t *floating; /* [rows], 1: not driven; or NULL. Row-driven arrays only */
};
enum spn_status spn_irdrop_check(const struct spn_irdrop_array *array, struct spn_err *err);
/* Sources: rows of a row-driven array, columns of one with supply lines. */
int spn_irdrop_n_sources(const struct spn_irdrop_array *array);
/* Column-wire resistance between row - 1 and row. */
double spn_irdrop_column_ohm(const struct spn_irdrop_array *array, int row);

struct spn_irdrop;

/* Whether the solver was built: it needs SuiteSparse. */
bool spn_irdrop_supported(void);

/* `array` is copied, and so is what it points to. SPN_EINFEASIBLE if built without SuiteSparse. */
enum spn_status spn_irdrop_create(struct spn_irdrop **solver, const struct spn_irdrop_array *array,
                                  struct spn_err *err);
void spn_irdrop_destroy(struct spn_irdrop *solver);

/* cells_S [rows][columns]; gate [rows], 0: the cells of this row are off; NULL: all on. Until then
 * there are no cells. */
enum spn_status spn_irdrop_set_cells(struct spn_irdrop *solver, const double *cells_S,
                                     const uint8_t *gate, struct spn_err *err);

/* source_V per source, sense_V [columns] or NULL for 0 V. SPN_EINFEASIBLE if shorts join two of
 * them, or if Newton's iteration does not converge. */
enum spn_status spn_irdrop_solve(struct spn_irdrop *solver, const double *source_V,
                                 const double *sense_V, struct spn_err *err);

/* Of the last solution. Currents flow out of sources and into sense nodes; either may be NULL.
 * Nodes without a path to any source or sense node read 0 V. */
void spn_irdrop_currents(const struct spn_irdrop *solver, double *source_A, double *sense_A);
double spn_irdrop_row_V(const struct spn_irdrop *solver, int row, int column);
double spn_irdrop_column_V(const struct spn_irdrop *solver, int row, int column);

struct spn_irdrop_info {
    int n_unknowns, n_steps,
        n_factorisations; /* steps: of Newton's iteration, or refinements if linear */
    double residual_A;    /* the largest sum of currents at a node */
};
struct spn_irdrop_info spn_irdrop_info(const struct spn_irdrop *solver);

#endif
