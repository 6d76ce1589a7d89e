/* vau.c -- vector-wise additive update: row and column parts by regularised least squares.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Minimise sum_ij m_ij (r_i + c_j - w_ij)^2 + lambda (|r|^2 + |c|^2) [ning2025, Methods; M:V1]. The
 * normal equations are a graph's: n_i, k_j kept cells of row i and column j, R_i, C_j their sums,
 *     (n_i + lambda) r_i + sum_j m_ij c_j = R_i,   (k_j + lambda) c_j + sum_i m_ij r_i = C_j.
 * All cells: solved by hand [M:V2]. Masked: rows are eliminated, and the Schur complement in the
 * columns is solved by conjugate gradients with a diagonal preconditioner [M:V3], whose spread of
 * eigenvalues for a random mask of n kept cells a line is about 1/n, so that a handful of steps
 * reach rounding [golub2013matrix, sec. 11.5]. Products with the mask look up the sums of eight
 * neighbours by the byte of their mask bits: a 4096 x 4096 mask is 2 MB each way and takes two
 * million look-ups, whatever its density; where fewer than 1 in 32 cells are kept, lists
 * of them are shorter. Sums have a fixed order: the same bytes on every CPU.
 */
#include "simulator/vau.h"

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 8, PATTERNS = 256 }; /* neighbours in a byte of mask bits */
enum { LIST_FROM = 32 };            /* cells per kept one from which lists are shorter than looks */
#define TOLERANCE 1e-13             /* of the right side: some roundings */

#define VECTOR(type) type __attribute__((vector_size(sizeof(type) * BLOCK)))
#if defined(__x86_64__) && defined(__GNUC__)
#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#endif

/* One problem: its sums, its mask as bits, and the vectors of the solver, padded to BLOCK. */
struct work {
    const struct spn_vau_problem *p;
    size_t height, width;           /* rows and columns, padded */
    double *row_sum, *column_sum;   /* R, C */
    double *row_kept, *column_kept; /* n, k */
    double *row, *residual, *direction, *image;
    uint8_t *across; /* [width/BLOCK][height]: bit l is the cell of column BLOCK j + l */
    uint8_t *down;   /* [height/BLOCK][width]: bit k is the cell of row BLOCK i + k */
    uint8_t *block_mask, *block_bits; /* of the eight rows in hand */
    float *block_delta;               /* BLOCK rows where the problem's own are not padded */
    uint32_t select[PATTERNS][BLOCK]; /* all ones where the bit is set */
    uint32_t *list;                   /* of few kept cells: their columns, row by row; or NULL */
    size_t *list_end;                 /* [rows] */
};

static enum spn_status work_create(struct work *w, const struct spn_vau_problem *p,
                                   struct spn_err *err)
{
    const size_t height = ((size_t)p->rows + BLOCK - 1) / BLOCK * BLOCK;
    const size_t width = ((size_t)p->columns + BLOCK - 1) / BLOCK * BLOCK;
    double *numbers = calloc(3 * height + 5 * width, sizeof *numbers);
    w->p = p;
    w->height = height;
    w->width = width;
    w->row_sum = numbers;
    w->across = calloc(height, width / BLOCK);
    w->down = calloc(height / BLOCK, width);
    w->block_mask = calloc(BLOCK, width);
    w->block_bits = calloc(BLOCK, width / BLOCK);
    w->block_delta = calloc(BLOCK, width * sizeof *w->block_delta);
    if (!numbers || !w->across || !w->down || !w->block_mask || !w->block_bits || !w->block_delta)
        return spn_err_memory(err, "a vector update");
    w->row_kept = numbers + height;
    w->row = w->row_kept + height;
    w->column_sum = w->row + height;
    w->column_kept = w->column_sum + width;
    w->residual = w->column_kept + width;
    w->direction = w->residual + width;
    w->image = w->direction + width;
    for (int i = 0; i < PATTERNS; i++)
        for (int k = 0; k < BLOCK; k++)
            w->select[i][k] = i >> k & 1 ? UINT32_MAX : 0;
    return SPN_OK;
}

static void work_clear(struct work *w)
{
    free(w->row_sum);
    free(w->across);
    free(w->down);
    free(w->block_mask);
    free(w->block_bits);
    free(w->block_delta);
    free(w->list);
    free(w->list_end);
}

/* ---- the mask as bits, and the sums of the changes ---- */

/* Bits of eight rows of mask bytes, from row `first` on. A product with 1 + 2^-7 + 2^-14 + ...
 * brings the lowest bits of eight bytes side by side. */
static void pack(struct work *w, const uint8_t *mask, size_t first)
{
    const uint64_t gather_bits = UINT64_C(0x0102040810204080);
    uint8_t *down = w->down + first / BLOCK * w->width;
    for (size_t j = 0; j < w->width; j += BLOCK) {
        uint8_t column[BLOCK];
        uint64_t together = 0;
        for (size_t k = 0; k < BLOCK; k++) {
            uint64_t eight;
            memcpy(&eight, mask + k * w->width + j, sizeof eight);
            together |= eight << k;
            const uint8_t bits = (uint8_t)(eight * gather_bits >> 56);
            w->block_bits[k * w->width / BLOCK + j / BLOCK] = column[k] = bits;
        }
        memcpy(w->across + j / BLOCK * w->height + first, column, sizeof column);
        memcpy(down + j, &together, sizeof together);
    }
}

/* Changes of the kept cells of eight rows: row_sum += over columns, column_sum += over rows. Every
 * addition is written out, so that wider instructions give the same numbers. */
static inline __attribute__((always_inline)) void gather(struct work *w, const float *delta,
                                                         size_t first)
{
    for (size_t k = 0; k < BLOCK; k++, delta += w->width) {
        const uint8_t *bits_of_row = w->block_bits + k * w->width / BLOCK;
        VECTOR(double) lane = {0}, sum;
        for (size_t j = 0; j < w->width; j += BLOCK) {
            VECTOR(uint32_t) bits, select;
            VECTOR(float) x;
            memcpy(&bits, delta + j, sizeof bits);
            memcpy(&select, w->select[bits_of_row[j / BLOCK]], sizeof select);
            bits &= select;
            memcpy(&x, &bits, sizeof x);
            memcpy(&sum, w->column_sum + j, sizeof sum);
            const VECTOR(double) wide = __builtin_convertvector(x, VECTOR(double));
            lane += wide;
            sum += wide;
            memcpy(w->column_sum + j, &sum, sizeof sum);
        }
        for (int l = 0; l < BLOCK; l++)
            w->row_sum[first + k] += lane[l];
    }
}

static void gather_portable(struct work *w, const float *delta, size_t first)
{
    gather(w, delta, first);
}

#ifdef WIDE
WIDE static void gather_wide(struct work *w, const float *delta, size_t first)
{
    gather(w, delta, first);
}

static bool is_wide(void)
{
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
}
#endif

static void add_up(struct work *w)
{
    const struct spn_vau_problem *p = w->p;
    const size_t columns = (size_t)p->columns, rows = (size_t)p->rows;
    void (*gather_rows)(struct work *, const float *, size_t) = gather_portable;
#ifdef WIDE
    if (is_wide())
        gather_rows = gather_wide;
#endif
    for (size_t i = 0; i < rows; i += BLOCK) {
        const size_t n = rows - i < BLOCK ? rows - i : BLOCK;
        const bool whole = n == BLOCK && w->width == columns;
        for (size_t k = 0; k < BLOCK && !(whole && p->mask); k++) {
            uint8_t *mask = w->block_mask + k * w->width;
            memset(mask, k < n, columns);
            if (k < n && p->mask)
                memcpy(mask, p->mask + (i + k) * columns, columns);
        }
        for (size_t k = 0; k < n && !whole; k++)
            memcpy(w->block_delta + k * w->width, p->delta + (i + k) * columns,
                   columns * sizeof(float));
        pack(w, whole && p->mask ? p->mask + i * columns : w->block_mask, i);
        gather_rows(w, whole ? p->delta + i * columns : w->block_delta, i);
    }
}

/* ---- products with the mask ---- */

/* sum[byte] = sum of x[k] over the set bits k. */
static void tabulate(const double x[BLOCK], double sum[PATTERNS])
{
    sum[0] = 0;
    for (int k = 0; k < BLOCK; k++)
        for (int i = 0; i < 1 << k; i++)
            sum[(1 << k) + i] = sum[i] + x[k];
}

/* y_i += sum_l bit_l(pattern[block][i]) x[BLOCK block + l] over all blocks; [n] outputs. */
static void look_up(const uint8_t *pattern, const double *x, size_t n_x, double *y, size_t n)
{
    double first[PATTERNS], second[PATTERNS];
    for (size_t b = 0; b < n_x; b += 2 * BLOCK) {
        const bool pair = b + BLOCK < n_x;
        const uint8_t *one = pattern + b / BLOCK * n, *other = pair ? one + n : one;
        tabulate(x + b, first);
        if (pair)
            tabulate(x + b + BLOCK, second);
        else
            memset(second, 0, sizeof second);
        for (size_t i = 0; i < n; i++)
            y[i] += first[one[i]] + second[other[i]];
    }
}

static void rows_of(const struct work *w, const double *column, double *row)
{
    memset(row, 0, w->height * sizeof *row);
    if (!w->list) {
        look_up(w->across, column, w->width, row, w->height);
        return;
    }
    for (size_t i = 0, k = 0; i < (size_t)w->p->rows; i++) {
        double even = 0, odd = 0;
        const size_t end = w->list_end[i];
        for (; k + 1 < end; k += 2) {
            even += column[w->list[k]];
            odd += column[w->list[k + 1]];
        }
        row[i] = even + (k < end ? column[w->list[k++]] : 0) + odd;
    }
}

static void add_columns_of(const struct work *w, const double *row, double *column)
{
    if (!w->list) {
        look_up(w->down, row, w->height, column, w->width);
        return;
    }
    const uint32_t *list = w->list;
    for (size_t i = 0, k = 0; i < (size_t)w->p->rows; i++) {
        const double mine = row[i];
        for (const size_t end = w->list_end[i]; k < end; k++)
            column[list[k]] += mine;
    }
}

static void count_kept(struct work *w)
{
    for (size_t i = 0; i < w->height; i++)
        w->row[i] = 1;
    for (size_t j = 0; j < w->width; j++)
        w->direction[j] = 1;
    add_columns_of(w, w->row, w->column_kept);
    rows_of(w, w->direction, w->row_kept);
}

/* Kept cells as lists where they are few: a product then costs as many additions as there are. */
static enum spn_status make_lists(struct work *w, struct spn_err *err)
{
    const size_t rows = (size_t)w->p->rows;
    size_t n = 0;
    for (size_t i = 0; i < rows; i++)
        n += (size_t)w->row_kept[i];
    if (n == 0 || n * LIST_FROM > w->height * w->width)
        return SPN_OK;
    uint32_t *list = malloc(n * sizeof *list);
    w->list = list;
    w->list_end = malloc(rows * sizeof *w->list_end);
    if (!list || !w->list_end)
        return spn_err_memory(err, "a vector update");
    w->list_end[0] = 0; /* where each row begins; filling moves it to where the next one does */
    for (size_t i = 1; i < rows; i++)
        w->list_end[i] = w->list_end[i - 1] + (size_t)w->row_kept[i - 1];
    for (size_t j = 0; j < w->width; j += BLOCK) {
        const uint8_t *pattern = w->across + j / BLOCK * w->height;
        for (size_t i = 0; i < rows; i++)
            for (unsigned bits = pattern[i], l = 0; bits; bits >>= 1, l++)
                if (bits & 1)
                    list[w->list_end[i]++] = (uint32_t)(j + l);
    }
    return SPN_OK;
}

/* ---- the two solutions ---- */

static double inner(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t j = 0; j < n; j++)
        sum += a[j] * b[j];
    return sum;
}

/* image = S x, S = K + lambda - M^T (N + lambda)^-1 M  [M:V3] */
static void apply_schur(struct work *w, const double *x)
{
    const double lambda = w->p->lambda;
    rows_of(w, x, w->row);
    for (size_t i = 0; i < w->height; i++)
        w->row[i] /= -(w->row_kept[i] + lambda);
    for (size_t j = 0; j < w->width; j++)
        w->image[j] = (w->column_kept[j] + lambda) * x[j];
    add_columns_of(w, w->row, w->image);
}

/* residual = C - M^T (N + lambda)^-1 R: what is left at c = 0. */
static void right_side(struct work *w)
{
    for (size_t i = 0; i < w->height; i++)
        w->row[i] = -w->row_sum[i] / (w->row_kept[i] + w->p->lambda);
    memcpy(w->residual, w->column_sum, w->width * sizeof *w->residual);
    add_columns_of(w, w->row, w->residual);
}

/* Conjugate gradients on S c = residual, preconditioned by K + lambda; returns the steps taken. */
static int solve_columns(struct work *w, double *column)
{
    const size_t n = (size_t)w->p->columns;
    const double lambda = w->p->lambda;
    double size = 0, rho = 0;
    int step = 0;
    right_side(w);
    memset(w->direction, 0, w->width * sizeof *w->direction);
    for (size_t j = 0; j < n; j++) {
        const double scale = w->column_kept[j] + lambda;
        column[j] = 0;
        w->direction[j] = w->residual[j] / scale;
        rho += w->residual[j] * w->direction[j];
        size += w->column_sum[j] * w->column_sum[j] / scale;
    }
    const double enough = TOLERANCE * TOLERANCE * fmax(size, rho);
    while (rho > enough && step < 2 * w->p->columns + BLOCK) {
        apply_schur(w, w->direction);
        const double curvature = inner(w->direction, w->image, n);
        if (!(curvature > 0))
            break;
        const double length = rho / curvature;
        double next = 0;
        for (size_t j = 0; j < n; j++) {
            column[j] += length * w->direction[j];
            w->residual[j] -= length * w->image[j];
            next += w->residual[j] * w->residual[j] / (w->column_kept[j] + lambda);
        }
        for (size_t j = 0; j < n; j++)
            w->direction[j] =
                w->residual[j] / (w->column_kept[j] + lambda) + next / rho * w->direction[j];
        rho = next;
        step++;
    }
    return step;
}

/* r_i = (R_i - sum_j m_ij c_j)/(n_i + lambda) */
static void rows_from_columns(struct work *w, const double *column, double *row)
{
    memset(w->direction, 0, w->width * sizeof *w->direction);
    memcpy(w->direction, column, (size_t)w->p->columns * sizeof *column);
    rows_of(w, w->direction, w->row);
    for (int i = 0; i < w->p->rows; i++)
        row[i] = (w->row_sum[i] - w->row[i]) / (w->row_kept[i] + w->p->lambda);
}

/* All cells: with T the sum of all, each part adds up to T/(M + N + lambda), and
 * r_i = (R_i - that)/(N + lambda), c_j = (C_j - that)/(M + lambda). [M:V2] */
static void solve_all(const struct work *w, double *row, double *column)
{
    const struct spn_vau_problem *p = w->p;
    const double rows = p->rows, columns = p->columns;
    double total = 0;
    for (int i = 0; i < p->rows; i++)
        total += w->row_sum[i];
    const double part = total / (rows + columns + p->lambda);
    for (int i = 0; i < p->rows; i++)
        row[i] = (w->row_sum[i] - part) / (columns + p->lambda);
    for (int j = 0; j < p->columns; j++)
        column[j] = (w->column_sum[j] - part) / (rows + p->lambda);
}

static enum spn_status check(const struct spn_vau_problem *p, struct spn_err *err)
{
    if (p->rows < 1 || p->columns < 1 || p->rows > SPN_VAU_MAX_SIDE ||
        p->columns > SPN_VAU_MAX_SIDE)
        return spn_err_set(err, SPN_EINPUT, "vector update of %d x %d cells: sides outside [1, %d]",
                           p->rows, p->columns, SPN_VAU_MAX_SIDE);
    if (!(p->lambda > 0 && isfinite(p->lambda)))
        return spn_err_set(err, SPN_EINPUT, "vector update: lambda = %g must be above 0",
                           p->lambda);
    return SPN_OK;
}

enum spn_status spn_vau_fit(const struct spn_vau_problem *p, double *row, double *column,
                            int *n_steps, struct spn_err *err)
{
    struct work w = {0};
    double total = 0;
    int steps = 0;
    enum spn_status status = check(p, err);
    if (!status)
        status = work_create(&w, p, err);
    if (status)
        goto out;
    add_up(&w);
    for (int i = 0; i < p->rows; i++)
        total += w.row_sum[i];
    if (!isfinite(total)) {
        status =
            spn_err_set(err, SPN_EINPUT,
                        "vector update: a wanted change is not finite (their sum is %g)", total);
        goto out;
    }
    if (p->mask && p->masked_fit) {
        count_kept(&w);
        status = make_lists(&w, err);
        if (status)
            goto out;
        steps = solve_columns(&w, column);
        rows_from_columns(&w, column, row);
    } else {
        solve_all(&w, row, column);
    }
    if (n_steps)
        *n_steps = steps;
out:
    work_clear(&w);
    return status;
}

/* ---- what comes of it ---- */

void spn_vau_pulses(const double *part, int n, double pulses_per_state, int *pulses)
{
    for (int i = 0; i < n; i++)
        pulses[i] = (int)fmin(fmax(nearbyint(part[i] * pulses_per_state), SHRT_MIN), SHRT_MAX);
}

void spn_vau_quality(const struct spn_vau_problem *p, const double *row, const double *column,
                     struct spn_vau_quality *out)
{
    struct spn_vau_quality q = {0};
    for (int i = 0; i < p->rows; i++) {
        const size_t at = (size_t)i * (size_t)p->columns;
        double square = 0, error = 0, kept = 0;
        for (int j = 0; j < p->columns; j++) {
            const double keep = !p->mask || p->mask[at + (size_t)j];
            const double wanted = keep > 0 ? (double)p->delta[at + (size_t)j] : 0;
            const double missing = keep * (row[i] + column[j]) - wanted;
            kept += keep;
            square += wanted * wanted;
            error += missing * missing;
        }
        q.n_kept += kept;
        q.square += square;
        q.error_square += error;
    }
    q.mse = q.error_square / ((double)p->rows * p->columns);
    q.explained_frac = q.square > 0 ? 1 - q.error_square / q.square : 0;
    *out = q;
}

int spn_vau_cycles(int columns)
{
    return columns + 1;
}
