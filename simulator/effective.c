/* effective.c -- exact effective conductances by nested star-mesh elimination.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A rectangle of cells is a network of conductances between its ports, the ends of the wires that
 * it cuts. Two neighbours are joined by giving cut wires one node each and eliminating these: C_xy
 * += C_xp C_py / sum_z C_pz, the star-mesh transform [rosen1924; M:R2]. Halving the rectangle down
 * to cells makes it nested dissection [george1973; M:R3]: about 30 n^3 multiplications for n x n
 * cells. What is left between sources and sense nodes is T. No number is ever subtracted
 * (diagonals, the sums of rows, are formed anew, as in [alfa2002]): every T_ij has a small relative
 * error whatever the ratio of wire and cell conductances, so a short may be a tiny resistance.
 */
#include "simulator/effective.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

enum { LEFT, RIGHT, TOP, BOTTOM, N_SIDES };
enum {
    MAX_NEST = 64,
    BLAS_PORTS = 16 /* fronts that eliminate fewer nodes go faster without BLAS calls (measured) */
};
static const double short_share = 1e-18; /* what shorts may take from any current: below rounding */

struct spn_effective {
    struct spn_irdrop_array array;
    const double *cells;
    double row_S, source_S[2], sense_S[2]; /* conductances of wires, for the cells in hand */
    double *column_S;                      /* [rows], to the row above; [0] unused */
    uint8_t *floating;
    double *arena, *top;
    bool right, above; /* rows have a source at their right end, columns a sense node at the top */
};

struct block {
    int row, column, rows, columns;
};
/* Ports of a block in order of sides; n[side] may be 0. */
struct ports {
    int n[N_SIDES], at[N_SIDES], total;
};

static struct ports block_ports(const struct spn_effective *e, struct block b)
{
    struct ports p = {.n = {b.rows, 0, 0, b.columns}};
    if (e->right || b.column + b.columns < e->array.columns)
        p.n[RIGHT] = b.rows;
    if (e->above || b.row > 0)
        p.n[TOP] = b.columns;
    for (int side = 0; side < N_SIDES; side++) {
        p.at[side] = p.total;
        p.total += p.n[side];
    }
    return p;
}

/* ---- one front: m nodes to eliminate between k ports ----
 * inner [m][m]: conductances between the nodes, lower triangle without diagonal; cut [m][k]: from
 * nodes to ports; out [k][k]: between ports, lower triangle; the diagonals mean nothing. */
struct front {
    int m, k;
    double *inner, *cut, *out;
    double *sum; /* [m] */
};

/* Eliminate node by node among the nodes alone: inner becomes the multipliers, sum the pivots. */
static void factor(struct front *f)
{
    int m = f->m;
    for (int p = 0; p < m; p++) {
        double sum = 0;
        for (int x = 0; x < f->k; x++)
            sum += f->cut[(size_t)p * (size_t)f->k + (size_t)x];
        f->sum[p] = sum;
    }
    for (int p = 0; p < m; p++) {
        double pivot = f->sum[p];
        for (int q = p + 1; q < m; q++)
            pivot += f->inner[(size_t)q * (size_t)m + (size_t)p];
        double inverse = pivot > 0 ? 1 / pivot : 0; /* 0: a node that is joined to nothing */
        for (int q = p + 1; q < m; q++) {
            double *row = f->inner + (size_t)q * (size_t)m, share = row[p] * inverse;
            if (!(share > 0))
                continue;
            for (int r = p + 1; r < q; r++)
                row[r] += share * f->inner[(size_t)r * (size_t)m + (size_t)p];
            f->sum[q] += share * f->sum[p];
        }
        for (int q = p + 1; q < m; q++)
            f->inner[(size_t)q * (size_t)m + (size_t)p] *= inverse;
        f->sum[p] = inverse;
    }
}

/* out += cut' inner^-1 cut, node by node. */
static void update_small(const struct front *f)
{
    size_t k = (size_t)f->k;
    for (int p = 0; p < f->m; p++) {
        const double *from = f->cut + (size_t)p * k;
        for (int q = p + 1; q < f->m; q++) {
            double share = f->inner[(size_t)q * (size_t)f->m + (size_t)p],
                   *to = f->cut + (size_t)q * k;
            for (size_t x = 0; x < k; x++)
                to[x] += share * from[x];
        }
        for (size_t x = 1; x < k; x++) {
            double share = from[x] * f->sum[p], *row = f->out + x * k;
            for (size_t y = 0; y < x; y++)
                row[y] += share * from[y];
        }
    }
}

/* The same by blocks; of out only rows first_row .. and columns .. n_columns - 1. */
static void update_large(const struct front *f, int first_row, int n_columns)
{
    size_t m = (size_t)f->m, k = (size_t)f->k;
    for (size_t p = 0; p < m * m; p++)
        f->inner[p] = -f->inner[p];
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasUnit, f->m, f->k, 1,
                f->inner, f->m, f->cut, f->k);
    for (size_t p = 0; p < m; p++) {
        double root = sqrt(f->sum[p]);
        for (size_t x = 0; x < k; x++)
            f->cut[p * k + x] *= root;
    }
    if (first_row < n_columns)
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, f->k, f->m, 1, f->cut, f->k, 1, f->out,
                    f->k);
    else
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, f->k - first_row, n_columns, f->m, 1,
                    f->cut + first_row, f->k, f->cut, f->k, 1, f->out + (size_t)first_row * k,
                    f->k);
}

/* ---- cells and blocks ---- */

static void join(double *matrix, int size, int x, int y, double conductance_S)
{
    int high = x > y ? x : y, low = x > y ? y : x;
    matrix[(size_t)high * (size_t)size + (size_t)low] += conductance_S;
}

/* One cell: its row node is its right port, and its column node its bottom port, unless a terminal
 * follows there. */
static void cell_block(const struct spn_effective *e, struct block b, double *out)
{
    struct ports p = block_ports(e, b);
    bool last_column = b.column == e->array.columns - 1, last_row = b.row == e->array.rows - 1;
    double inner[4] = {0}, cut[8] = {0}, sum[2], full[36] = {0};
    int k = p.total, row_node = last_column ? k : p.at[RIGHT];
    int column_node = last_row ? k + last_column : p.at[BOTTOM], n = k + last_column + last_row;
    bool floats = e->floating != NULL && e->floating[b.row];
    double left_S = e->row_S;
    if (b.column == 0)
        left_S = floats ? 0 : e->source_S[SPN_IRDROP_NEAR];
    join(full, n, p.at[LEFT], row_node, left_S);
    if (last_column && p.n[RIGHT] > 0)
        join(full, n, p.at[RIGHT], row_node, floats ? 0 : e->source_S[SPN_IRDROP_FAR]);
    if (p.n[TOP] > 0)
        join(full, n, p.at[TOP], column_node,
             b.row > 0 ? e->column_S[b.row] : e->sense_S[SPN_IRDROP_FAR]);
    if (last_row)
        join(full, n, p.at[BOTTOM], column_node, e->sense_S[SPN_IRDROP_NEAR]);
    join(full, n, row_node, column_node,
         e->cells[(size_t)b.row * (size_t)e->array.columns + (size_t)b.column]);
    struct front f = {.m = n - k, .k = k, .inner = inner, .cut = cut, .out = out, .sum = sum};
    for (int x = 0; x < n; x++)
        for (int y = 0; y < x; y++) {
            double conductance_S = full[x * n + y];
            if (x < k)
                out[x * k + y] = conductance_S;
            else if (y < k)
                cut[(x - k) * k + y] = conductance_S;
            else
                inner[(x - k) * f.m + y - k] = conductance_S;
        }
    factor(&f);
    update_small(&f);
}

/* Put a child's conductances into the front. Its ports on side `seam` are the front's nodes;
 * to[side] is where those of the others begin among the front's ports. */
static void place_child(const struct front *f, const struct ports *p, const double *child, int seam,
                        const int to[N_SIDES])
{
    size_t n = (size_t)p->total, k = (size_t)f->k, m = (size_t)f->m;
    for (int s = 0; s < N_SIDES; s++)
        for (int t = 0; t <= s; t++)
            for (int i = 0; i < p->n[s]; i++) {
                const double *from = child + (size_t)(p->at[s] + i) * n + p->at[t];
                size_t n_from = (size_t)(s == t ? i : p->n[t]);
                if (s != seam && t != seam) {
                    memcpy(f->out + (size_t)(to[s] + i) * k + to[t], from, n_from * sizeof *from);
                } else if (s == seam && t != seam) {
                    memcpy(f->cut + (size_t)i * k + to[t], from, n_from * sizeof *from);
                } else if (s != seam) {
                    for (size_t j = 0; j < n_from; j++)
                        f->cut[j * k + (size_t)(to[s] + i)] = from[j];
                } else {
                    for (size_t j = 0; j < n_from; j++)
                        f->inner[(size_t)i * m + j] += from[j];
                }
            }
}

static double *take(struct spn_effective *e, size_t n)
{
    double *memory = e->top;
    e->top += n;
    return memory;
}

static void halve(struct block b, struct block half[2])
{
    half[0] = half[1] = b;
    if (b.columns >= b.rows) {
        half[0].columns = b.columns / 2;
        half[1].columns = b.columns - half[0].columns;
        half[1].column += half[0].columns;
    } else {
        half[0].rows = b.rows / 2;
        half[1].rows = b.rows - half[0].rows;
        half[1].row += half[0].rows;
    }
}

/* Where the ports of the halves go: beside each other along the seam's direction, else straight
 * through. */
static void port_places(const struct ports *whole, const struct ports half[2], bool across,
                        int to[2][N_SIDES])
{
    for (int side = 0; side < N_SIDES; side++) {
        bool along = across == (side == TOP || side == BOTTOM);
        to[0][side] = whole->at[side];
        to[1][side] = whole->at[side] + (along ? half[0].n[side] : 0);
    }
}

/* Conductances between the ports of a block; of the whole array only those from sense nodes to
 * sources. */
static void reduce(struct spn_effective *e, struct block b, double *out)
{
    if (b.rows == 1 && b.columns == 1) {
        cell_block(e, b, out);
        return;
    }
    double *top = e->top;
    bool across = b.columns >= b.rows;
    bool whole = b.rows == e->array.rows && b.columns == e->array.columns;
    struct block half[2];
    struct ports p = block_ports(e, b), half_ports[2];
    double *child[2];
    int to[2][N_SIDES];
    halve(b, half);
    for (int i = 0; i < 2; i++) {
        half_ports[i] = block_ports(e, half[i]);
        child[i] = take(e, (size_t)half_ports[i].total * (size_t)half_ports[i].total);
    }
    for (int i = 0; i < 2; i++)
        reduce(e, half[i], child[i]);
    size_t k = (size_t)p.total, m = (size_t)(across ? b.rows : b.columns);
    struct front f = {.m = (int)m, .k = (int)k, .out = out};
    f.inner = take(e, m * m);
    f.cut = take(e, m * k);
    f.sum = take(e, m);
    memset(f.inner, 0, m * m * sizeof *f.inner);
    memset(out, 0, k * k * sizeof *out);
    port_places(&p, half_ports, across, to);
    place_child(&f, &half_ports[0], child[0], across ? RIGHT : BOTTOM, to[0]);
    place_child(&f, &half_ports[1], child[1], across ? LEFT : TOP, to[1]);
    factor(&f);
    if (f.m < BLAS_PORTS)
        update_small(&f);
    else
        update_large(&f, whole ? p.n[LEFT] + p.n[RIGHT] : 0, p.n[LEFT] + p.n[RIGHT]);
    e->top = top;
}

/* Doubles that reduce takes for a block of at most this size, with ports on all sides, without its
 * result. */
static size_t arena_need(size_t rows, size_t columns)
{
    if (rows == 1 && columns == 1)
        return 0;
    bool across = columns >= rows;
    size_t half_rows = across ? rows : (rows + 1) / 2,
           half_columns = across ? (columns + 1) / 2 : columns;
    size_t half = 2 * (half_rows + half_columns), k = 2 * (rows + columns),
           m = across ? rows : columns;
    size_t below = arena_need(half_rows, half_columns), front = m * m + m * k + m;
    return 2 * half * half + (below > front ? below : front);
}

/* ---- the array ---- */

enum spn_status spn_effective_create(struct spn_effective **work,
                                     const struct spn_irdrop_array *array, struct spn_err *err)
{
    enum spn_status status = spn_irdrop_check(array, err);
    if (status != SPN_OK)
        return status;
    if (array->topology != SPN_IRDROP_ROW_DRIVEN || array->law != SPN_IRDROP_LINEAR)
        return spn_err_set(err, SPN_EUSAGE,
                           "only a row-driven array of linear cells has effective conductances");
    struct spn_effective *e = calloc(1, sizeof *e);
    if (e == NULL)
        return spn_err_memory(err, "effective conductances");
    e->array = *array;
    e->right = isfinite(array->wires.source_ohm[SPN_IRDROP_FAR]);
    e->above = isfinite(array->wires.sense_ohm[SPN_IRDROP_FAR]);
    size_t ports = 2 * ((size_t)array->rows + (size_t)array->columns);
    size_t need = ports * ports + arena_need((size_t)array->rows, (size_t)array->columns);
    e->arena = malloc(need * sizeof *e->arena);
    e->column_S = calloc((size_t)array->rows, sizeof *e->column_S);
    if (array->floating != NULL && (e->floating = malloc((size_t)array->rows)) != NULL)
        memcpy(e->floating, array->floating, (size_t)array->rows);
    if (e->arena == NULL || e->column_S == NULL ||
        (array->floating != NULL && e->floating == NULL)) {
        spn_effective_destroy(e);
        return spn_err_memory(err, "effective conductances");
    }
    e->array.floating = e->floating;
    *work = e;
    return SPN_OK;
}

void spn_effective_destroy(struct spn_effective *e)
{
    if (e == NULL)
        return;
    free(e->arena);
    free(e->column_S);
    free(e->floating);
    free(e);
}

void spn_effective_set_wires(struct spn_effective *e, const struct spn_irdrop_wires *wires)
{
    e->array.wires = *wires;
}

static double wire_S(double ohm, double short_ohm)
{
    return 1 / fmax(ohm, short_ohm);
}

/* Conductances of the wires; a short becomes a resistance too small to be seen beside the cells. */
static void set_wires(struct spn_effective *e, double largest_S)
{
    const struct spn_irdrop_wires *w = &e->array.wires;
    double lines = e->array.rows + e->array.columns;
    double short_ohm = short_share / (largest_S * lines * lines);
    e->row_S = wire_S(w->row_ohm, short_ohm);
    for (int end = 0; end < 2; end++) {
        e->source_S[end] = wire_S(w->source_ohm[end], short_ohm);
        e->sense_S[end] = wire_S(w->sense_ohm[end], short_ohm);
    }
    for (int r = 0; r < e->array.rows; r++)
        e->column_S[r] = wire_S(spn_irdrop_column_ohm(&e->array, r), short_ohm);
}

void spn_effective_compute(struct spn_effective *e, const double *cells_S, double *T_S)
{
    size_t rows = (size_t)e->array.rows, columns = (size_t)e->array.columns;
    double largest_S = 0;
    for (size_t i = 0; i < rows * columns; i++)
        largest_S = fmax(largest_S, cells_S[i]);
    if (!(largest_S > 0)) {
        memset(T_S, 0, rows * columns * sizeof *T_S);
        return;
    }
    struct block all = {0, 0, e->array.rows, e->array.columns};
    struct ports p = block_ports(e, all);
    size_t k = (size_t)p.total;
    e->cells = cells_S;
    e->top = e->arena;
    double *ports = take(e, k * k);
    set_wires(e, largest_S);
    reduce(e, all, ports);
    const double *sense[2] = {ports + (size_t)p.at[BOTTOM] * k, ports + (size_t)p.at[TOP] * k};
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            double sum = 0;
            for (int end = 0; end < (e->above ? 2 : 1); end++) {
                const double *row = sense[end] + j * k;
                sum += row[(size_t)p.at[LEFT] + i] + (e->right ? row[(size_t)p.at[RIGHT] + i] : 0);
            }
            T_S[i * columns + j] = sum;
        }
}
