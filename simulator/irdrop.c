/* irdrop.c -- the network of an array: nodes, branches, terminals; currents of a solution.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Kirchhoff's current law at every node, sum_b I_b(v_from - v_to) = 0, with source and sense
 * voltages given [M:R1]. Nodes joined by 0 ohm are one node. Nodes that no branch connects to a
 * terminal are held at 0 V.
 */
#include "simulator/irdrop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/irdrop_solver.h"

struct spn_irdrop_wires spn_irdrop_wires_uniform(double segment_ohm)
{
    return (struct spn_irdrop_wires){.row_ohm = segment_ohm,
                                     .column_ohm = segment_ohm,
                                     .source_ohm = {segment_ohm, INFINITY},
                                     .sense_ohm = {segment_ohm, INFINITY}};
}

enum spn_status spn_irdrop_check(const struct spn_irdrop_array *array, struct spn_err *err)
{
    const struct spn_irdrop_wires *w = &array->wires;
    const struct {
        const char *name;
        double value;
        bool may_be_open;
    } ohms[] = {
        {"row_ohm", w->row_ohm, false},         {"column_ohm", w->column_ohm, false},
        {"source_ohm", w->source_ohm[0], true}, {"far source_ohm", w->source_ohm[1], true},
        {"sense_ohm", w->sense_ohm[0], true},   {"far sense_ohm", w->sense_ohm[1], true},
    };
    enum { MAX_LINES = 1 << 14 };
    if (array->rows < 1 || array->rows > MAX_LINES || array->columns < 1 ||
        array->columns > MAX_LINES)
        return spn_err_set(err, SPN_EUSAGE, "array of %d x %d cells outside [1, %d]", array->rows,
                           array->columns, MAX_LINES);
    for (size_t i = 0; i < sizeof ohms / sizeof *ohms; i++)
        if (!(ohms[i].value >= 0) || (isinf(ohms[i].value) && !ohms[i].may_be_open))
            return spn_err_set(err, SPN_EUSAGE, "wires.%s = %g ohm outside [0, %s", ohms[i].name,
                               ohms[i].value, ohms[i].may_be_open ? "inf]" : "inf)");
    if (array->law < 0 || array->law >= SPN_N_IRDROP_LAWS)
        return spn_err_set(err, SPN_EUSAGE, "cell law %d outside [0, %d]", array->law,
                           SPN_N_IRDROP_LAWS - 1);
    if (!(array->law_coefficient >= 0) || isinf(array->law_coefficient))
        return spn_err_set(err, SPN_EUSAGE, "law_coefficient = %g outside [0, inf)",
                           array->law_coefficient);
    if (array->topology != SPN_IRDROP_ROW_DRIVEN && array->topology != SPN_IRDROP_SUPPLY_LINES)
        return spn_err_set(err, SPN_EUSAGE, "array topology %d outside [0, 1]", array->topology);
    if (array->topology == SPN_IRDROP_SUPPLY_LINES && array->floating != NULL)
        return spn_err_set(err, SPN_EUSAGE,
                           "rows cannot float in an array with supply lines: they are not driven");
    return SPN_OK;
}

int spn_irdrop_n_sources(const struct spn_irdrop_array *array)
{
    return array->topology == SPN_IRDROP_ROW_DRIVEN ? array->rows : array->columns;
}

double spn_irdrop_column_ohm(const struct spn_irdrop_array *array, int row)
{
    return array->paired_rows && row % 2 == 1 ? 0 : array->wires.column_ohm;
}

/* ---- joining nodes ---- */

static int root(int *parent, int node)
{
    while (parent[node] != node)
        node = parent[node] = parent[parent[node]];
    return node;
}

/* The higher number wins, so that a group with a terminal is named after it. */
static void unite(int *parent, int x, int y)
{
    x = root(parent, x);
    y = root(parent, y);
    if (x < y)
        parent[x] = y;
    else
        parent[y] = x;
}

/* ---- building ---- */

struct builder {
    struct spn_irdrop *s;
    bool shorts; /* first pass: join nodes; second: list branches */
    enum spn_status status;
    struct spn_err *err;
};

static void wire(struct builder *b, int from, int to, double ohm)
{
    struct spn_irdrop *s = b->s;
    if (isinf(ohm))
        return;
    if (!b->shorts && ohm > 0) {
        s->branches[s->n_branches++] = (struct spn_branch){s->number[from], s->number[to], 1 / ohm};
    } else if (b->shorts && !(ohm > 0)) {
        int first_terminal = s->n_nodes - s->n_terminals;
        int x = root(s->parent, from), y = root(s->parent, to);
        if (x != y && x >= first_terminal && y >= first_terminal && b->status == SPN_OK)
            b->status = spn_err_set(b->err, SPN_EINFEASIBLE,
                                    "wires of 0 ohm join two sources or sense nodes of the array");
        unite(s->parent, x, y);
    }
}

static void lines(struct builder *b)
{
    const struct spn_irdrop_array *a = &b->s->array;
    const struct spn_irdrop_wires *w = &a->wires;
    int cells = a->rows * a->columns, sources = 2 * cells, senses = sources + b->s->n_sources;
    for (int c = 0; c < a->columns; c++) {
        for (int r = 0; r < a->rows; r++) {
            int node = r * a->columns + c;
            if (r > 0) {
                wire(b, cells + node - a->columns, cells + node, spn_irdrop_column_ohm(a, r));
                if (a->topology == SPN_IRDROP_SUPPLY_LINES)
                    wire(b, node - a->columns, node, w->row_ohm);
            }
            if (c > 0 && a->topology == SPN_IRDROP_ROW_DRIVEN)
                wire(b, node - 1, node, w->row_ohm);
        }
        int last = (a->rows - 1) * a->columns + c;
        wire(b, cells + last, senses + c, w->sense_ohm[SPN_IRDROP_NEAR]);
        wire(b, cells + c, senses + c, w->sense_ohm[SPN_IRDROP_FAR]);
        if (a->topology == SPN_IRDROP_SUPPLY_LINES) {
            wire(b, c, sources + c, w->source_ohm[SPN_IRDROP_NEAR]);
            wire(b, last, sources + c, w->source_ohm[SPN_IRDROP_FAR]);
        }
    }
    for (int r = 0; r < a->rows && a->topology == SPN_IRDROP_ROW_DRIVEN; r++)
        if (a->floating == NULL || !a->floating[r]) {
            wire(b, r * a->columns, sources + r, w->source_ohm[SPN_IRDROP_NEAR]);
            wire(b, (r + 1) * a->columns - 1, sources + r, w->source_ohm[SPN_IRDROP_FAR]);
        }
}

/* Places in the vector of voltages: unknowns in order of their nodes, then terminals. */
static void number_nodes(struct spn_irdrop *s)
{
    int first_terminal = s->n_nodes - s->n_terminals;
    s->n_unknowns = 0;
    for (int node = 0; node < first_terminal; node++)
        if (root(s->parent, node) == node)
            s->number[node] = s->n_unknowns++;
    for (int t = 0; t < s->n_terminals; t++)
        s->number[first_terminal + t] = s->n_unknowns + t;
    for (int node = 0; node < first_terminal; node++)
        s->number[node] = s->number[root(s->parent, node)];
}

/* One node of every group without a terminal is tied to 0 V. */
static void ground_islands(struct spn_irdrop *s)
{
    int n = s->n_unknowns + s->n_terminals;
    for (int i = 0; i < n; i++)
        s->parent[i] = i;
    for (size_t b = 0; b < s->n_branches; b++)
        if (s->branches[b].conductance_S > 0)
            unite(s->parent, s->branches[b].from, s->branches[b].to);
    for (int i = 0; i < s->n_unknowns; i++)
        s->ground[i] = root(s->parent, i) == i ? 1 : 0;
}

static enum spn_status build(struct spn_irdrop *s, struct spn_err *err)
{
    struct builder b = {.s = s, .shorts = true, .err = err};
    for (int node = 0; node < s->n_nodes; node++)
        s->parent[node] = node;
    lines(&b);
    if (b.status != SPN_OK)
        return b.status;
    number_nodes(s);
    for (size_t i = 0; i < s->n_cells; i++)
        s->branches[i] = (struct spn_branch){s->number[i], s->number[s->n_cells + i], 0};
    s->n_branches = s->n_cells;
    b.shorts = false;
    lines(&b);
    ground_islands(s);
    return spn_network_matrix_create(&s->matrix, s->branches, s->n_branches, s->n_unknowns, err);
}

enum spn_status spn_irdrop_create(struct spn_irdrop **solver, const struct spn_irdrop_array *array,
                                  struct spn_err *err)
{
    enum spn_status status = spn_irdrop_check(array, err);
    if (status != SPN_OK)
        return status;
    struct spn_irdrop *s = calloc(1, sizeof *s);
    if (s == NULL)
        return spn_err_memory(err, "nodal solver");
    size_t rows = (size_t)array->rows, columns = (size_t)array->columns;
    s->array = *array;
    s->n_cells = rows * columns;
    s->n_sources = spn_irdrop_n_sources(array);
    s->n_terminals = s->n_sources + array->columns;
    s->n_nodes = 2 * (int)s->n_cells + s->n_terminals;
    size_t nodes = (size_t)s->n_nodes, most = 3 * s->n_cells + 2 * (size_t)s->n_terminals;
    s->number = calloc(nodes, sizeof *s->number);
    s->parent = calloc(nodes, sizeof *s->parent);
    s->branches = calloc(most, sizeof *s->branches);
    s->slopes = calloc(most, sizeof *s->slopes);
    s->ground = calloc(nodes, sizeof *s->ground);
    s->voltage = calloc(nodes, sizeof *s->voltage);
    s->trial = calloc(nodes, sizeof *s->trial);
    s->excess = calloc(nodes, sizeof *s->excess);
    s->step = calloc(nodes, sizeof *s->step);
    s->floating = calloc(rows, 1);
    if (!s->number || !s->parent || !s->branches || !s->slopes || !s->ground || !s->voltage ||
        !s->trial || !s->excess || !s->step || !s->floating) {
        status = spn_err_memory(err, "nodal solver");
        goto out;
    }
    if (array->floating != NULL)
        memcpy(s->floating, array->floating, rows);
    s->array.floating = s->floating;
    status = build(s, err);
out:
    if (status != SPN_OK)
        spn_irdrop_destroy(s);
    else
        *solver = s;
    return status;
}

void spn_irdrop_destroy(struct spn_irdrop *s)
{
    if (s == NULL)
        return;
    spn_network_matrix_destroy(s->matrix);
    free(s->number);
    free(s->parent);
    free(s->branches);
    free(s->slopes);
    free(s->ground);
    free(s->voltage);
    free(s->trial);
    free(s->excess);
    free(s->step);
    free(s->floating);
    free(s);
}

/* ---- cells ---- */

enum spn_status spn_irdrop_set_cells(struct spn_irdrop *s, const double *cells_S,
                                     const uint8_t *gate, struct spn_err *err)
{
    size_t columns = (size_t)s->array.columns;
    for (size_t i = 0; i < s->n_cells; i++)
        if (!(cells_S[i] >= 0) || isinf(cells_S[i]))
            return spn_err_set(
                err, SPN_EUSAGE,
                "conductance %g S of the cell at row %zu, column %zu outside [0, inf)", cells_S[i],
                i / columns, i % columns);
    for (size_t i = 0; i < s->n_cells; i++)
        s->branches[i].conductance_S = gate == NULL || gate[i / columns] ? cells_S[i] : 0;
    ground_islands(s);
    s->factored = false;
    return SPN_OK;
}

enum spn_status spn_irdrop_solve(struct spn_irdrop *s, const double *source_V,
                                 const double *sense_V, struct spn_err *err)
{
    for (int t = 0; t < s->n_terminals; t++) {
        double V = t < s->n_sources ? source_V[t] : sense_V == NULL ? 0 : sense_V[t - s->n_sources];
        if (!isfinite(V))
            return spn_err_set(err, SPN_EUSAGE,
                               "voltage %g V of terminal %d of the array is not finite", V, t);
        s->voltage[s->n_unknowns + t] = V;
    }
    for (int i = 0; i < s->n_unknowns; i++)
        s->voltage[i] = 0;
    return spn_irdrop_iterate(s, err);
}

void spn_irdrop_currents(const struct spn_irdrop *s, double *source_A, double *sense_A)
{
    const long double *excess = s->excess + s->n_unknowns;
    for (int i = 0; source_A != NULL && i < s->n_sources; i++)
        source_A[i] = (double)excess[i];
    for (int j = 0; sense_A != NULL && j < s->array.columns; j++)
        sense_A[j] = -(double)excess[s->n_sources + j];
}

double spn_irdrop_row_V(const struct spn_irdrop *s, int row, int column)
{
    return (double)s->voltage[s->number[row * s->array.columns + column]];
}

double spn_irdrop_column_V(const struct spn_irdrop *s, int row, int column)
{
    return (double)s->voltage[s->number[(int)s->n_cells + row * s->array.columns + column]];
}

struct spn_irdrop_info spn_irdrop_info(const struct spn_irdrop *s)
{
    return s->info;
}
