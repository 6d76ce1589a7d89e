/* irdrop_linear.c -- the linear systems of a network, by SuiteSparse's CHOLMOD [chen2008cholmod].
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The matrix is the weighted Laplacian of the unknown nodes; symmetric, and positive definite once
 * every node has a path to a terminal or to ground. Its pattern is ordered and analysed once.
 */
#include "simulator/irdrop_solver.h"

#include <stdlib.h>
#include <string.h>

#ifdef SPN_HAVE_CHOLMOD

#include <suitesparse/cholmod.h>

bool spn_irdrop_supported(void)
{
    return true;
}

struct spn_network_matrix {
    const struct spn_branch *branches;
    size_t n_branches;
    int n_unknowns;
    cholmod_common common;
    cholmod_triplet *triplet; /* diagonal first, then one entry for each branch between unknowns */
    cholmod_factor *factor;
    cholmod_dense *right, *solution, *y, *e;
};

static enum spn_status failed(const struct spn_network_matrix *m, const char *what,
                              struct spn_err *err)
{
    if (m->common.status == CHOLMOD_OUT_OF_MEMORY)
        return spn_err_memory(err, "matrix of an array");
    return spn_err_set(err, SPN_EINTERNAL,
                       "CHOLMOD cannot %s the array's matrix of %d unknowns (status %d)", what,
                       m->n_unknowns, m->common.status);
}

static bool is_free(const struct spn_network_matrix *m, int node)
{
    return node < m->n_unknowns;
}

/* Conductances [n_branches] and ground [n_unknowns] into the entries. */
static void fill(struct spn_network_matrix *m, const double *slopes_S, const double *ground_S)
{
    double *value = m->triplet->x;
    size_t next = (size_t)m->n_unknowns;
    for (int i = 0; i < m->n_unknowns; i++)
        value[i] = ground_S == NULL ? 1 : ground_S[i];
    for (size_t b = 0; b < m->n_branches; b++) {
        const struct spn_branch *branch = &m->branches[b];
        double slope_S = slopes_S == NULL ? 0 : slopes_S[b];
        if (branch->from == branch->to)
            continue;
        if (is_free(m, branch->from))
            value[branch->from] += slope_S;
        if (is_free(m, branch->to))
            value[branch->to] += slope_S;
        if (is_free(m, branch->from) && is_free(m, branch->to))
            value[next++] = -slope_S;
    }
}

static void place(struct spn_network_matrix *m)
{
    int *row = m->triplet->i, *column = m->triplet->j;
    size_t next = (size_t)m->n_unknowns;
    for (int i = 0; i < m->n_unknowns; i++)
        row[i] = column[i] = i;
    for (size_t b = 0; b < m->n_branches; b++) {
        const struct spn_branch *branch = &m->branches[b];
        if (branch->from == branch->to || !is_free(m, branch->from) || !is_free(m, branch->to))
            continue;
        row[next] = branch->from > branch->to ? branch->from : branch->to;
        column[next++] = branch->from > branch->to ? branch->to : branch->from;
    }
    m->triplet->nnz = next;
}

enum spn_status spn_network_matrix_create(struct spn_network_matrix **matrix,
                                          const struct spn_branch *branches, size_t n,
                                          int n_unknowns, struct spn_err *err)
{
    struct spn_network_matrix *m = calloc(1, sizeof *m);
    cholmod_sparse *pattern = NULL;
    enum spn_status status = SPN_OK;
    if (m == NULL)
        return spn_err_memory(err, "matrix of an array");
    cholmod_start(&m->common);
    m->common.print = 0;
    m->common.try_catch = 1;
    m->branches = branches;
    m->n_branches = n;
    m->n_unknowns = n_unknowns;
    size_t size = (size_t)n_unknowns;
    if (n_unknowns == 0)
        goto out; /* shorts have left nothing to solve */
    m->triplet = cholmod_allocate_triplet(size, size, size + n, -1, CHOLMOD_REAL, &m->common);
    m->right = cholmod_zeros(size, 1, CHOLMOD_REAL, &m->common);
    if (m->triplet == NULL || m->right == NULL) {
        status = failed(m, "store", err);
        goto out;
    }
    place(m);
    fill(m, NULL, NULL);
    pattern = cholmod_triplet_to_sparse(m->triplet, 0, &m->common);
    if (pattern == NULL || (m->factor = cholmod_analyze(pattern, &m->common)) == NULL)
        status = failed(m, "analyse", err);
out:
    cholmod_free_sparse(&pattern, &m->common);
    if (status != SPN_OK)
        spn_network_matrix_destroy(m);
    else
        *matrix = m;
    return status;
}

void spn_network_matrix_destroy(struct spn_network_matrix *m)
{
    if (m == NULL)
        return;
    cholmod_free_triplet(&m->triplet, &m->common);
    cholmod_free_factor(&m->factor, &m->common);
    cholmod_free_dense(&m->right, &m->common);
    cholmod_free_dense(&m->solution, &m->common);
    cholmod_free_dense(&m->y, &m->common);
    cholmod_free_dense(&m->e, &m->common);
    cholmod_finish(&m->common);
    free(m);
}

enum spn_status spn_network_matrix_factor(struct spn_network_matrix *m, const double *slopes_S,
                                          const double *ground_S, struct spn_err *err)
{
    if (m->n_unknowns == 0)
        return SPN_OK;
    fill(m, slopes_S, ground_S);
    cholmod_sparse *sparse = cholmod_triplet_to_sparse(m->triplet, 0, &m->common);
    if (sparse == NULL)
        return failed(m, "store", err);
    cholmod_factorize(sparse, m->factor, &m->common);
    cholmod_free_sparse(&sparse, &m->common);
    return m->common.status == CHOLMOD_OK ? SPN_OK : failed(m, "factorise", err);
}

enum spn_status spn_network_matrix_solve(struct spn_network_matrix *m, double *x,
                                         struct spn_err *err)
{
    size_t bytes = (size_t)m->n_unknowns * sizeof *x;
    if (m->n_unknowns == 0)
        return SPN_OK;
    memcpy(m->right->x, x, bytes);
    if (!cholmod_solve2(CHOLMOD_A, m->factor, m->right, NULL, &m->solution, NULL, &m->y, &m->e,
                        &m->common))
        return failed(m, "solve", err);
    memcpy(x, m->solution->x, bytes);
    return SPN_OK;
}

#else

bool spn_irdrop_supported(void)
{
    return false;
}

enum spn_status spn_network_matrix_create(struct spn_network_matrix **matrix,
                                          const struct spn_branch *branches, size_t n,
                                          int n_unknowns, struct spn_err *err)
{
    (void)matrix;
    (void)branches;
    (void)n;
    (void)n_unknowns;
    return spn_err_set(err, SPN_EINFEASIBLE,
                       "node voltages of an array need SuiteSparse, and Spindle was built without "
                       "it (libsuitesparse-dev)");
}

void spn_network_matrix_destroy(struct spn_network_matrix *matrix)
{
    (void)matrix;
}

enum spn_status spn_network_matrix_factor(struct spn_network_matrix *matrix, const double *slopes_S,
                                          const double *ground_S, struct spn_err *err)
{
    (void)matrix;
    (void)slopes_S;
    (void)ground_S;
    return spn_err_set(err, SPN_EINTERNAL, "no matrix of an array without SuiteSparse");
}

enum spn_status spn_network_matrix_solve(struct spn_network_matrix *matrix, double *x,
                                         struct spn_err *err)
{
    (void)matrix;
    (void)x;
    return spn_err_set(err, SPN_EINTERNAL, "no matrix of an array without SuiteSparse");
}

#endif
