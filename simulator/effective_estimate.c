/* effective_estimate.c -- effective conductances to first order in the wires' resistance, in closed
 * form.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The voltage at node j of a line that is held at its ends falls by sum_k Z_jk I_k for currents I_k
 * drawn at its nodes, Z_jk = x_< y_> / (x + y): x and y are the resistances to its two ends, at the
 * nearer and the farther node; x_< or y_> alone if the other end is open [M:R4]. With the currents
 * of a row taken as G V_i, and reciprocity for the column, T_ij = G_ij (1 - s_ij), s_ij = sum_k
 * Zrow_jk G_ik + sum_k Zcol_ik G_kj, which is exact to first order; 1/(1 + s) is taken instead of 1
 * - s, as for one cell in series with its wire [M:R5]. Other than forms that put the mean
 * conductance in the place of the neighbours' (CoMN's [han2025comn]), it sees sparsity and
 * outliers.
 */
#include "simulator/effective.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* A line: nodes at cell first + k stride, k = 0 .. n - 1. */
struct line {
    const struct spn_irdrop_array *array;
    size_t first, stride;
    int n;
    bool is_row;
    double first_ohm, last_ohm; /* from the terminals to the first and to the last node */
};

static double segment_ohm(const struct line *l, int k)
{
    return l->is_row ? l->array->wires.row_ohm : spn_irdrop_column_ohm(l->array, k);
}

/* Z_jk = before_< after_>: the factors of a node when it is the first and the last of two. */
struct factors {
    double before, after;
};

static struct factors node_factors(const struct line *l, double wire_before_ohm, double wire_ohm)
{
    bool first_open = isinf(l->first_ohm), last_open = isinf(l->last_ohm);
    double whole = l->first_ohm + wire_ohm + l->last_ohm;
    double x = l->first_ohm + wire_before_ohm, y = l->last_ohm + wire_ohm - wire_before_ohm;
    if ((first_open && last_open) || !(whole > 0))
        return (struct factors){0, 0};
    if (first_open)
        return (struct factors){1, y};
    if (last_open)
        return (struct factors){x, 1};
    return (struct factors){x, y / whole};
}

/* drop[cell] += sum_k Z_jk G_k over the line; cells_S NULL: all 1 S. */
static void add_drops(const struct line *l, const double *cells_S, double *drop)
{
    double wire_ohm = 0, position = 0, sum = 0;
    for (int k = 1; k < l->n; k++)
        wire_ohm += segment_ohm(l, k);
    for (int k = 0; k < l->n; k++) {
        size_t at = l->first + (size_t)k * l->stride;
        position += k > 0 ? segment_ohm(l, k) : 0;
        struct factors f = node_factors(l, position, wire_ohm);
        sum += f.before * (cells_S == NULL ? 1 : cells_S[at]);
        drop[at] += f.after * sum;
    }
    sum = 0;
    for (int k = l->n - 1; k >= 0; k--) {
        size_t at = l->first + (size_t)k * l->stride;
        struct factors f = node_factors(l, position, wire_ohm);
        drop[at] += f.before * sum;
        sum += f.after * (cells_S == NULL ? 1 : cells_S[at]);
        position -= k > 0 ? segment_ohm(l, k) : 0;
    }
}

void spn_effective_drops(const struct spn_irdrop_array *a, const double *cells_S, double *drop)
{
    size_t rows = (size_t)a->rows, columns = (size_t)a->columns;
    memset(drop, 0, rows * columns * sizeof *drop);
    for (size_t r = 0; r < rows; r++)
        if (a->floating == NULL || !a->floating[r])
            add_drops(&(struct line){a, r * columns, 1, a->columns, true,
                                     a->wires.source_ohm[SPN_IRDROP_NEAR],
                                     a->wires.source_ohm[SPN_IRDROP_FAR]},
                      cells_S, drop);
    for (size_t c = 0; c < columns; c++)
        add_drops(&(struct line){a, c, columns, a->rows, false, a->wires.sense_ohm[SPN_IRDROP_FAR],
                                 a->wires.sense_ohm[SPN_IRDROP_NEAR]},
                  cells_S, drop);
}

void spn_effective_estimate(const struct spn_irdrop_array *a, const double *cells_S, double *T_S)
{
    spn_effective_drops(a, cells_S, T_S);
    for (size_t r = 0, i = 0; r < (size_t)a->rows; r++) {
        bool floats = a->floating != NULL && a->floating[r];
        for (int c = 0; c < a->columns; c++, i++)
            T_S[i] = floats ? 0 : cells_S[i] / (1 + T_S[i]);
    }
}
