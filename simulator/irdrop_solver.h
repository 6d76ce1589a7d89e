/* irdrop_solver.h -- what the files of the nodal solver share: the network and its linear systems.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_SIMULATOR_IRDROP_SOLVER_H
#define SPN_SIMULATOR_IRDROP_SOLVER_H

#include <stddef.h>

#include "simulator/irdrop.h"

/* Between two nodes. Nodes 0 .. n_unknowns - 1 are free, from there on terminals: sources, then
 * sense nodes. */
struct spn_branch {
    int from, to;
    double conductance_S; /* at 0 V */
};

struct spn_network_matrix; /* the matrix of a network, and its factor if it is up to date */

/* The pattern of branches 0 .. n-1 is analysed once; branches between terminals count for nothing.
 */
enum spn_status spn_network_matrix_create(struct spn_network_matrix **matrix,
                                          const struct spn_branch *branches, size_t n,
                                          int n_unknowns, struct spn_err *err);
void spn_network_matrix_destroy(struct spn_network_matrix *matrix);
/* Factorise for slopes [n] of the branches; ground_S [n_unknowns] is added to the diagonal. */
enum spn_status spn_network_matrix_factor(struct spn_network_matrix *matrix, const double *slopes_S,
                                          const double *ground_S, struct spn_err *err);
/* x = matrix^-1 x */
enum spn_status spn_network_matrix_solve(struct spn_network_matrix *matrix, double *x,
                                         struct spn_err *err);

struct spn_irdrop {
    struct spn_irdrop_array array;
    uint8_t *floating;
    int n_nodes, n_sources, n_unknowns, n_terminals;
    int *number; /* [n_nodes]: row nodes, column nodes, sources, sense nodes -> place in voltage */
    struct spn_branch *branches; /* cells [rows][columns] first, then wires */
    size_t n_cells, n_branches;
    struct spn_network_matrix *matrix;
    bool factored;
    double *slopes, *ground; /* [n_branches], [n_unknowns] */
    long double *voltage, *trial,
        *excess;  /* [n_unknowns + n_terminals]; excess: current out of a node */
    double *step; /* [n_unknowns] */
    int *parent;  /* [n_nodes], scratch for joining nodes */
    struct spn_irdrop_info info;
};

/* Current and slope of branch b at u volts. */
long double spn_irdrop_current(const struct spn_irdrop *s, size_t b, long double u);
double spn_irdrop_slope(const struct spn_irdrop *s, size_t b, double u);

/* irdrop_newton.c: voltages of unknown nodes, from those in s->voltage. */
enum spn_status spn_irdrop_iterate(struct spn_irdrop *s, struct spn_err *err);

#endif
