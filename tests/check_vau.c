/* check_vau.c -- vector-wise additive updates against dense least squares and published shares.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <gsl/gsl_linalg.h>

#include "base/rng.h"
#include "simulator/vau.h"

enum { MAX_CELLS = 4096, MAX_SIDE = 64 };

struct example {
    float delta[MAX_CELLS];
    uint8_t mask[MAX_CELLS];
    double row[MAX_SIDE], column[MAX_SIDE];
    struct spn_vau_problem p;
};

static void draw(struct example *e, int rows, int columns, double sparsity, uint64_t seed)
{
    struct spn_rng rng = spn_rng_init(seed, 77, 0);
    for (int i = 0; i < rows * columns; i++) {
        e->delta[i] = (float)spn_rng_normal(&rng);
        e->mask[i] = spn_rng_uniform(&rng) >= sparsity;
    }
    e->p = (struct spn_vau_problem){
        .rows = rows, .columns = columns, .delta = e->delta, .mask = e->mask, .masked_fit = true};
}

/* QR of A with sqrt(lambda) I below it. */
static void solve_dense(const struct spn_vau_problem *p, double *row, double *column)
{
    const size_t rows = (size_t)p->rows, columns = (size_t)p->columns, n = rows + columns;
    const size_t n_cells = rows * columns;
    gsl_matrix *a = gsl_matrix_calloc(n_cells + n, n);
    gsl_vector *b = gsl_vector_calloc(n_cells + n), *x = gsl_vector_calloc(n);
    gsl_vector *residual = gsl_vector_calloc(n_cells + n), *tau = gsl_vector_calloc(n);
    for (size_t k = 0; k < n_cells; k++) {
        const bool kept = !p->mask || p->mask[k];
        if (!kept && p->masked_fit)
            continue;
        gsl_matrix_set(a, k, k / columns, 1);
        gsl_matrix_set(a, k, rows + k % columns, 1);
        gsl_vector_set(b, k, kept ? (double)p->delta[k] : 0);
    }
    for (size_t k = 0; k < n; k++)
        gsl_matrix_set(a, n_cells + k, k, sqrt(p->lambda));
    ck_assert_int_eq(gsl_linalg_QR_decomp(a, tau), 0);
    ck_assert_int_eq(gsl_linalg_QR_lssolve(a, tau, b, x, residual), 0);
    for (size_t k = 0; k < n; k++)
        *(k < rows ? &row[k] : &column[k - rows]) = gsl_vector_get(x, k);
    gsl_matrix_free(a);
    gsl_vector_free(b);
    gsl_vector_free(x);
    gsl_vector_free(residual);
    gsl_vector_free(tau);
}

static void compare(const struct example *e)
{
    double row[MAX_SIDE], column[MAX_SIDE];
    solve_dense(&e->p, row, column);
    for (int i = 0; i < e->p.rows; i++)
        ck_assert_msg(fabs(row[i] - e->row[i]) < 2e-12, "row %d of %d: %.17g, dense %.17g", i,
                      e->p.rows, e->row[i], row[i]);
    for (int j = 0; j < e->p.columns; j++)
        ck_assert_msg(fabs(column[j] - e->column[j]) < 2e-12, "column %d: %.17g, dense %.17g", j,
                      e->column[j], column[j]);
}

/* One cell: 1.5 r + c = 3 and r + 1.5 c = 3 give r = c = 3/2.5. */
START_TEST(one_cell)
{
    struct spn_err err;
    const float delta = 3;
    const uint8_t kept = 1;
    for (int masked = 0; masked < 2; masked++) {
        struct spn_vau_problem p = {.rows = 1,
                                    .columns = 1,
                                    .delta = &delta,
                                    .mask = &kept,
                                    .masked_fit = masked,
                                    .lambda = 0.5};
        double row, column;
        ck_assert_ok(spn_vau_fit(&p, &row, &column, NULL, &err));
        ck_assert_rel(row, 1.2, 1e-14);
        ck_assert_rel(column, 1.2, 1e-14);
    }
}
END_TEST

static const struct {
    int rows, columns;
    double sparsity, lambda;
} cases[] = {{3, 5, 0, 0.37},      {8, 8, 0.5, 0.01},     {17, 9, 0.8, 1},
             {18, 25, 0.523, 0.1}, {18, 25, 0.885, 0.02}, {25, 18, 0.742, 0.1},
             {1, 40, 0.3, 0.25},   {40, 1, 0.3, 0.25},    {16, 24, 0.97, 0.05},
             {9, 16, 1, 0.5},      {40, 37, 0.985, 0.05}}; /* few enough for lists of kept cells */

START_TEST(dense_least_squares)
{
    struct spn_err err;
    struct example e;
    for (int masked = 0; masked < 2; masked++) {
        draw(&e, cases[_i].rows, cases[_i].columns, cases[_i].sparsity, (uint64_t)_i);
        e.p.masked_fit = masked;
        e.p.lambda = cases[_i].lambda;
        ck_assert_ok(spn_vau_fit(&e.p, e.row, e.column, NULL, &err));
        compare(&e);
    }
    e.p.mask = NULL;
    ck_assert_ok(spn_vau_fit(&e.p, e.row, e.column, NULL, &err));
    compare(&e);
}
END_TEST

/* A mask of ones and no mask are the same problem solved in two ways. */
START_TEST(closed_form)
{
    struct spn_err err;
    struct example e, f;
    draw(&e, 50, 61, 0, 5);
    e.p.lambda = 2.385;
    f = e;
    f.p.mask = NULL;
    int steps = -1;
    f.p.delta = f.delta;
    ck_assert_ok(spn_vau_fit(&e.p, e.row, e.column, &steps, &err));
    ck_assert_int_ge(steps, 1);
    ck_assert_ok(spn_vau_fit(&f.p, f.row, f.column, &steps, &err));
    ck_assert_int_eq(steps, 0);
    for (int i = 0; i < 50; i++)
        ck_assert_double_eq_tol(e.row[i], f.row[i], 1e-12);
    for (int j = 0; j < 61; j++)
        ck_assert_double_eq_tol(e.column[j], f.column[j], 1e-12);
}
END_TEST

/* What is a sum of row and column parts is found whole; junk behind the mask changes nothing. */
START_TEST(additive_changes)
{
    struct spn_err err;
    struct example e;
    struct spn_vau_quality q;
    draw(&e, 30, 44, 0.7, 3);
    e.p.lambda = 1e-9;
    for (int k = 0; k < 30 * 44; k++) /* multiples of 1/8: exact in a float */
        e.delta[k] = e.mask[k] ? (float)(k / 44) / 8 - (float)(k % 44) / 4 : NAN;
    ck_assert_ok(spn_vau_fit(&e.p, e.row, e.column, NULL, &err));
    spn_vau_quality(&e.p, e.row, e.column, &q);
    ck_assert_double_eq_tol(q.explained_frac, 1, 1e-12);
    ck_assert_double_lt(q.mse, 1e-12);
    double n_kept = 0;
    for (int k = 0; k < 30 * 44; k++)
        n_kept += e.mask[k];
    ck_assert_double_eq(q.n_kept, n_kept);
}
END_TEST

/* Mean share of the kept cells' squared change that an update of independent normal changes
 * explains. */
static double mean_explained(int rows, int columns, double sparsity, bool masked_fit)
{
    enum { N = 400 };
    struct spn_err err;
    struct example e;
    double sum = 0;
    for (int i = 0; i < N; i++) {
        struct spn_vau_quality q;
        draw(&e, rows, columns, sparsity, 1000 + (uint64_t)i);
        e.p.masked_fit = masked_fit;
        e.p.lambda = 1e-6;
        ck_assert_ok(spn_vau_fit(&e.p, e.row, e.column, NULL, &err));
        spn_vau_quality(&e.p, e.row, e.column, &q);
        sum += q.explained_frac;
    }
    return sum / N;
}

/* Dense: rank/cells = (M + N - 1)/(M N) exactly; sparse: masked (rank of the mask)/kept. Expected
 * values at sparsity 0.885 as derived for independent changes: 74 and 27 % masked, 18 and 6 %
 * unmasked (both on the kept cells); dense 11 and 3 %, of which 18 x 25 is 9.3 % in closed form. */
START_TEST(explained_shares)
{
    ck_assert_double_eq_tol(mean_explained(18, 25, 0, true), 42.0 / 450, 0.003);
    ck_assert_double_eq_tol(mean_explained(64, 64, 0, true), 127.0 / 4096, 0.001);
    ck_assert_double_eq_tol(mean_explained(18, 25, 0.885, true), 0.74, 0.02);
    ck_assert_double_eq_tol(mean_explained(64, 64, 0.885, true), 0.27, 0.01);
    ck_assert_double_eq_tol(mean_explained(18, 25, 0.885, false), 0.18, 0.02);
    ck_assert_double_eq_tol(mean_explained(64, 64, 0.885, false), 0.06, 0.005);
}
END_TEST

START_TEST(pulses_and_cycles)
{
    const double part[] = {0.06, -0.07, 1.3, -1e9};
    int pulses[4];
    spn_vau_pulses(part, 4, 8, pulses);
    ck_assert_int_eq(pulses[0], 0);  /* 0.48 */
    ck_assert_int_eq(pulses[1], -1); /* -0.56 */
    ck_assert_int_eq(pulses[2], 10); /* 10.4 */
    ck_assert_int_eq(pulses[3], -32768);
    ck_assert_int_eq(spn_vau_cycles(64), 65);
}
END_TEST

START_TEST(bad_input)
{
    struct spn_err err;
    struct example e;
    draw(&e, 4, 4, 0.5, 1);
    e.row[0] = 42;
    ck_assert_fails(spn_vau_fit(&e.p, e.row, e.column, NULL, &err), SPN_EINPUT, "lambda = 0");
    e.p.lambda = NAN;
    ck_assert_fails(spn_vau_fit(&e.p, e.row, e.column, NULL, &err), SPN_EINPUT, "lambda");
    e.p.lambda = 1;
    e.p.rows = 0;
    ck_assert_fails(spn_vau_fit(&e.p, e.row, e.column, NULL, &err), SPN_EINPUT, "0 x 4");
    e.p.rows = 4;
    e.mask[5] = 1;
    e.delta[5] = INFINITY;
    ck_assert_fails(spn_vau_fit(&e.p, e.row, e.column, NULL, &err), SPN_EINPUT, "not finite");
    ck_assert_double_eq(e.row[0], 42);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("vau");
    TCase *tcase = tcase_create("vau");
    tcase_add_test(tcase, one_cell);
    tcase_add_loop_test(tcase, dense_least_squares, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(tcase, closed_form);
    tcase_add_test(tcase, additive_changes);
    tcase_add_test(tcase, explained_shares);
    tcase_add_test(tcase, pulses_and_cycles);
    tcase_add_test(tcase, bad_input);
    suite_add_tcase(suite, tcase);
    return suite;
}
