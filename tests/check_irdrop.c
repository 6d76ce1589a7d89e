/* check_irdrop.c -- arrays with resistive wires: against dense solutions, identities and limits.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "irdrop_near.h"

#include <gsl/gsl_linalg.h>

#include "base/rng.h"
#include "simulator/effective.h"
#include "simulator/irdrop.h"

/* ---- arrays to test on ---- */

static void draw_cells(double *cells_S, int n, uint32_t stream)
{
    struct spn_rng rng = spn_rng_init(4711, stream, 0);
    for (int i = 0; i < n; i++)
        cells_S[i] = 1e-6 + 99e-6 * spn_rng_uniform(&rng);
}

static void draw_volts(double *volts, int n)
{
    struct spn_rng rng = spn_rng_init(4712, 1, 0);
    for (int i = 0; i < n; i++)
        volts[i] = 0.4 * spn_rng_uniform(&rng) - 0.2;
}

/* ---- small networks of every shape ---- */

struct shape {
    const char *name;
    int rows, columns;
    struct spn_irdrop_wires wires;
    bool paired;
    int floating; /* this row, or -1 */
    int absent;   /* every absent-th cell; 0: none */
};
static const struct shape shapes[] = {
    {"one cell", 1, 1, {1, 1, {100, INFINITY}, {50, INFINITY}}, false, -1, 0},
    {"one row", 1, 7, {10, 10, {100, INFINITY}, {50, INFINITY}}, false, -1, 0},
    {"one column", 7, 1, {10, 10, {100, INFINITY}, {50, INFINITY}}, false, -1, 0},
    {"left and bottom", 5, 7, {10, 20, {100, INFINITY}, {50, INFINITY}}, false, -1, 0},
    {"right and top", 5, 7, {10, 20, {INFINITY, 100}, {INFINITY, 50}}, false, -1, 0},
    {"two-sided drive", 6, 5, {10, 20, {100, 30}, {50, INFINITY}}, false, -1, 0},
    {"two-sided sense", 6, 5, {10, 20, {100, INFINITY}, {50, 70}}, false, -1, 0},
    {"all sides", 9, 11, {10, 20, {100, 30}, {50, 70}}, false, -1, 0},
    {"shorted drive", 6, 5, {10, 20, {0, INFINITY}, {50, 70}}, false, -1, 0},
    {"shorted terminals", 6, 5, {10, 20, {0, 0}, {0, 0}}, false, -1, 0},
    {"row wires of 0 ohm", 6, 5, {0, 20, {3, INFINITY}, {5, INFINITY}}, false, -1, 0},
    {"column wires of 0 ohm", 6, 5, {10, 0, {3, INFINITY}, {5, INFINITY}}, false, -1, 0},
    {"interleaved pairs", 6, 5, {10, 20, {3, INFINITY}, {5, INFINITY}}, true, -1, 0},
    {"floating row", 6, 5, {10, 20, {3, 4}, {5, INFINITY}}, false, 2, 0},
    {"absent cells", 6, 7, {10, 20, {3, INFINITY}, {5, INFINITY}}, false, -1, 2},
    {"a row of nothing", 4, 3, {10, 20, {INFINITY, INFINITY}, {5, INFINITY}}, false, -1, 0},
    {"large front", 40, 37, {10, 20, {3, 4}, {5, 6}}, true, 11, 3},
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes, SMALL = 40 };

struct small {
    struct spn_irdrop_array array;
    uint8_t floating[SMALL];
    double cells_S[SMALL * SMALL], T_S[SMALL * SMALL], volts[SMALL];
};

static void make_small(const struct shape *shape, struct small *s)
{
    memset(s, 0, sizeof *s);
    s->array = (struct spn_irdrop_array){.rows = shape->rows,
                                         .columns = shape->columns,
                                         .wires = shape->wires,
                                         .paired_rows = shape->paired,
                                         .floating = s->floating};
    if (shape->floating >= 0)
        s->floating[shape->floating] = 1;
    draw_cells(s->cells_S, shape->rows * shape->columns, 1);
    for (int i = 0; shape->absent > 0 && i < shape->rows * shape->columns; i += shape->absent)
        s->cells_S[i] = 0;
    draw_volts(s->volts, shape->rows);
}

/* Plain nodal analysis, dense, with short_ohm for 0 ohm: an independent statement of the circuit.
 */
enum { DENSE_SIDE = 11 };
static const double short_ohm = 1e-7;

static void stamp(gsl_matrix *m, int x, int y, double ohm)
{
    double g = 1 / fmax(ohm, short_ohm);
    size_t i = (size_t)x, j = (size_t)y;
    *gsl_matrix_ptr(m, i, i) += g;
    *gsl_matrix_ptr(m, j, j) += g;
    *gsl_matrix_ptr(m, i, j) -= g;
    *gsl_matrix_ptr(m, j, i) -= g;
}

static void tie(gsl_matrix *m, gsl_vector *right, int x, double ohm, double volts)
{
    if (isinf(ohm))
        return;
    double g = 1 / fmax(ohm, short_ohm);
    *gsl_matrix_ptr(m, (size_t)x, (size_t)x) += g;
    *gsl_vector_ptr(right, (size_t)x) += g * volts;
}

static void dense_currents(const struct small *s, double *sense_A)
{
    const struct spn_irdrop_array *a = &s->array;
    const struct spn_irdrop_wires *w = &a->wires;
    int cells = a->rows * a->columns;
    gsl_matrix *m = gsl_matrix_calloc((size_t)(2 * cells), (size_t)(2 * cells));
    gsl_vector *right = gsl_vector_calloc((size_t)(2 * cells)),
               *v = gsl_vector_calloc((size_t)(2 * cells));
    for (int r = 0; r < a->rows; r++)
        for (int c = 0; c < a->columns; c++) {
            int n = r * a->columns + c;
            if (s->cells_S[n] > 0)
                stamp(m, n, cells + n, 1 / s->cells_S[n]);
            if (c > 0)
                stamp(m, n - 1, n, w->row_ohm);
            if (r > 0)
                stamp(m, cells + n - a->columns, cells + n,
                      a->paired_rows && r % 2 ? 0 : w->column_ohm);
            if (c == 0 && !s->floating[r])
                tie(m, right, n, w->source_ohm[0], s->volts[r]);
            if (c == a->columns - 1 && !s->floating[r])
                tie(m, right, n, w->source_ohm[1], s->volts[r]);
            if (r == a->rows - 1)
                tie(m, right, cells + n, w->sense_ohm[0], 0);
            if (r == 0)
                tie(m, right, cells + n, w->sense_ohm[1], 0);
        }
    gsl_linalg_cholesky_decomp1(m);
    gsl_linalg_cholesky_solve(m, right, v);
    for (int c = 0; c < a->columns; c++) { /* what the cells bring in leaves at the ends */
        sense_A[c] = 0;
        for (int r = 0; r < a->rows; r++) {
            int n = r * a->columns + c;
            sense_A[c] += s->cells_S[n] *
                          (gsl_vector_get(v, (size_t)n) - gsl_vector_get(v, (size_t)(cells + n)));
        }
    }
    gsl_matrix_free(m);
    gsl_vector_free(right);
    gsl_vector_free(v);
}

static void nodal_currents(const struct small *s, double *sense_A)
{
    struct spn_err err;
    struct spn_irdrop *solver;
    ck_assert_ok(spn_irdrop_create(&solver, &s->array, &err));
    ck_assert_ok(spn_irdrop_set_cells(solver, s->cells_S, NULL, &err));
    ck_assert_ok(spn_irdrop_solve(solver, s->volts, NULL, &err));
    spn_irdrop_currents(solver, NULL, sense_A);
    spn_irdrop_destroy(solver);
}

static void effective(struct small *s)
{
    struct spn_err err;
    struct spn_effective *work;
    ck_assert_ok(spn_effective_create(&work, &s->array, &err));
    spn_effective_compute(work, s->cells_S, s->T_S);
    spn_effective_destroy(work);
}

START_TEST(small_networks)
{
    struct small s;
    double nodal_A[SMALL], dense_A[SMALL], product_A[SMALL];
    make_small(&shapes[_i], &s);
    nodal_currents(&s, nodal_A);
    effective(&s);
    product(s.T_S, s.volts, s.array.rows, s.array.columns, product_A);
    assert_near(product_A, nodal_A, s.array.columns, 1e-13, shapes[_i].name);
    if (s.array.columns <= DENSE_SIDE &&
        isfinite(fmin(s.array.wires.source_ohm[0], s.array.wires.source_ohm[1]))) {
        dense_currents(&s, dense_A); /* short_ohm and its rounding errors: 1e-7 */
        assert_near(nodal_A, dense_A, s.array.columns, 1e-6, shapes[_i].name);
    }
}
END_TEST

/* What flows into sense node j for 1 V at source i flows into source i for 1 V at sense node j. */
START_TEST(reciprocity)
{
    struct small s;
    struct spn_err err;
    struct spn_irdrop *solver;
    make_small(&shapes[_i], &s);
    effective(&s);
    double scale = largest(s.T_S, s.array.rows * s.array.columns), sense_V[SMALL] = {0},
           source_A[SMALL];
    ck_assert_ok(spn_irdrop_create(&solver, &s.array, &err));
    ck_assert_ok(spn_irdrop_set_cells(solver, s.cells_S, NULL, &err));
    memset(s.volts, 0, sizeof s.volts);
    for (int j = 0; j < s.array.columns; j++) {
        sense_V[j] = 1;
        ck_assert_ok(spn_irdrop_solve(solver, s.volts, sense_V, &err));
        spn_irdrop_currents(solver, source_A, NULL);
        for (int i = 0; i < s.array.rows; i++)
            ck_assert_double_le(fabs(source_A[i] + s.T_S[i * s.array.columns + j]), 1e-13 * scale);
        sense_V[j] = 0;
    }
    spn_irdrop_destroy(solver);
}
END_TEST

/* Without resistance T is the cells, to rounding; with little, it tends to them linearly. */
START_TEST(no_wires)
{
    struct small s;
    struct shape shape = {"no wires", 30, 23, {0, 0, {0, INFINITY}, {0, INFINITY}}, false, -1, 3};
    make_small(&shape, &s);
    effective(&s);
    for (int i = 0; i < 30 * 23; i++)
        ck_assert_double_le(fabs(s.T_S[i] - s.cells_S[i]), 1e-17 * 0.01 + 1e-13 * s.cells_S[i]);
    s.array.wires = spn_irdrop_wires_uniform(1e-9);
    effective(&s);
    for (int i = 0; i < 30 * 23; i++)
        if (s.cells_S[i] > 0)
            ck_assert_rel(s.T_S[i], s.cells_S[i],
                          2e-10); /* 53 segments x 53 cells x 1e-9 ohm x 50 uS / 1 */
}
END_TEST

/* Relative accuracy of each element, down to those that wires all but hide: T of a 1 x 2 array is
 * known by hand. V -(r)- a1 -(r)- a2, cells g1, g2 to ground (columns shorted): T_2 = g2 h2, h2 =
 * a2 / V. */
START_TEST(by_hand)
{
    struct spn_err err;
    struct spn_effective *work;
    const double r = 1000, g1 = 1e-3, g2 = 2e-3;
    double cells_S[2] = {g1, g2}, T_S[2];
    struct spn_irdrop_array array = {
        .rows = 1, .columns = 2, .wires = {r, r, {r, INFINITY}, {0, INFINITY}}};
    /* right of a1: r + 1/g2 = 1500 ohm; with g1: 1/(1/1000 + 1/1500) = 600; a1 = 600/1600 V = 0.375
     * V; a2 = a1 500/1500 = 0.125 V */
    ck_assert_ok(spn_effective_create(&work, &array, &err));
    spn_effective_compute(work, cells_S, T_S);
    ck_assert_rel(T_S[0], 0.375e-3, 1e-15);
    ck_assert_rel(T_S[1], 0.25e-3, 1e-15);
    cells_S[0] = cells_S[1] = 0;
    spn_effective_compute(work, cells_S, T_S);
    ck_assert(T_S[0] == 0 && T_S[1] == 0);
    spn_effective_destroy(work);
}
END_TEST

/* ---- nonlinear cells ---- */

static void solve_law(int law, double coefficient, double *sense_A, struct spn_irdrop_info *info)
{
    struct small s;
    struct spn_err err;
    struct spn_irdrop *solver;
    make_small(&shapes[3], &s);
    s.array.law = law;
    s.array.law_coefficient = coefficient;
    ck_assert_ok(spn_irdrop_create(&solver, &s.array, &err));
    ck_assert_ok(spn_irdrop_set_cells(solver, s.cells_S, NULL, &err));
    ck_assert_ok(spn_irdrop_solve(solver, s.volts, NULL, &err));
    spn_irdrop_currents(solver, NULL, sense_A);
    *info = spn_irdrop_info(solver);
    spn_irdrop_destroy(solver);
}

START_TEST(law_limits)
{
    double linear_A[SMALL], bent_A[SMALL];
    struct spn_irdrop_info info;
    solve_law(SPN_IRDROP_LINEAR, 0, linear_A, &info);
    ck_assert_int_eq(info.n_factorisations, 1);
    for (int law = SPN_IRDROP_SINH; law < SPN_N_IRDROP_LAWS; law++) {
        solve_law(law, 0, bent_A, &info);
        assert_near(bent_A, linear_A, shapes[3].columns, 1e-14, "law with coefficient 0");
        solve_law(law, 1e-5, bent_A, &info); /* u^2 < 0.04: 4e-7 of the current at most */
        assert_near(bent_A, linear_A, shapes[3].columns, 1e-6, "law that is nearly linear");
    }
}
END_TEST

/* One cell in series with source and sense resistances: V = u + R G f(u), with u chosen and V
 * computed. */
START_TEST(law_by_hand)
{
    static const double u = 0.7, coefficient = 30, G = 5e-5, R = 3000;
    struct spn_err err;
    for (int law = 0; law < SPN_N_IRDROP_LAWS; law++) {
        double f = law == SPN_IRDROP_SINH    ? sinh(coefficient * u) / coefficient
                   : law == SPN_IRDROP_CUBIC ? u + coefficient * u * u * u
                                             : u;
        double volts = u + R * G * f, amperes; /* sinh: 3.3 MV, far out on the exponential */
        struct spn_irdrop *solver;
        struct spn_irdrop_array array = {.rows = 1,
                                         .columns = 1,
                                         .law = law,
                                         .law_coefficient = coefficient,
                                         .wires = {0, 0, {1000, INFINITY}, {2000, INFINITY}}};
        ck_assert_ok(spn_irdrop_create(&solver, &array, &err));
        ck_assert_ok(spn_irdrop_set_cells(solver, &G, NULL, &err));
        ck_assert_ok(spn_irdrop_solve(solver, &volts, NULL, &err));
        spn_irdrop_currents(solver, NULL, &amperes);
        ck_assert_rel(amperes, G * f, 1e-12);
        spn_irdrop_destroy(solver);
    }
}
END_TEST

/* Lines through the mean operating point against Newton's solution, random rows on: rms error of
 * all currents, with lines through the read voltage for comparison. */
START_TEST(bent_cells_are_lines_through_their_mean)
{
    enum { SIDE = 32, N = SIDE * SIDE, N_READS = 6 };
    static double G[N], line[N], scratch[3 * N], T[2][N];
    static const double per_V[] = {2, 4}, most_frac[] = {0.006, 0.02};
    for (int k = 0; k < 2; k++) {
        struct spn_err err;
        struct spn_device device = {.read_voltage_V = 0.5, .nonlinearity_per_V = per_V[k]};
        struct spn_irdrop_array array = {.rows = SIDE,
                                         .columns = SIDE,
                                         .law = SPN_IRDROP_SINH,
                                         .law_coefficient = per_V[k],
                                         .wires = spn_irdrop_wires_uniform(3)};
        const double at_read = sinh(per_V[k] * 0.5) / (per_V[k] * 0.5); /* over G */
        double volts[SIDE], sense_A[SIDE], square[2] = {0}, whole = 0;
        struct spn_effective *work = NULL;
        struct spn_irdrop *solver = NULL;
        struct spn_rng rng = spn_rng_init(3, 1, (uint32_t)k);
        for (int i = 0; i < N; i++)
            line[i] = at_read * (G[i] = 1e-4 * (0.05 + 0.95 * spn_rng_uniform(&rng)));
        array.law = SPN_IRDROP_LINEAR;
        ck_assert_ok(spn_effective_create(&work, &array, &err));
        spn_effective_compute(work, line, T[0]);
        spn_effective_bend(&array, &device, line, scratch);
        spn_effective_compute(work, line, T[1]);
        array.law = SPN_IRDROP_SINH;
        ck_assert_ok(spn_irdrop_create(&solver, &array, &err));
        ck_assert_ok(spn_irdrop_set_cells(solver, G, NULL, &err));
        for (int r = 0; r < N_READS; r++) {
            for (int i = 0; i < SIDE; i++)
                volts[i] = 0.5 * (spn_rng_u32(&rng) & 1);
            ck_assert_ok(spn_irdrop_solve(solver, volts, NULL, &err));
            spn_irdrop_currents(solver, NULL, sense_A);
            for (int j = 0; j < SIDE; j++) {
                double sum[2] = {0};
                for (int i = 0; i < SIDE; i++)
                    for (int t = 0; t < 2; t++)
                        sum[t] += T[t][i * SIDE + j] * volts[i];
                for (int t = 0; t < 2; t++)
                    square[t] += pow(sum[t] - sense_A[j], 2);
                whole += sense_A[j] * sense_A[j];
            }
        }
        const double plain = sqrt(square[0] / whole), mean = sqrt(square[1] / whole);
        ck_assert_msg(mean < most_frac[k] && mean < plain / 4,
                      "%g per V: %g, at the read voltage %g", per_V[k], mean, plain);
        spn_effective_destroy(work);
        spn_irdrop_destroy(solver);
    }
}
END_TEST

/* ---- gates, reuse, errors ---- */

START_TEST(gates)
{
    struct small s;
    struct spn_err err;
    struct spn_irdrop *solver;
    double gated_A[SMALL], want_A[SMALL];
    uint8_t gate[SMALL] = {1, 0, 1, 1, 0};
    make_small(&shapes[3], &s);
    ck_assert_ok(spn_irdrop_create(&solver, &s.array, &err));
    ck_assert_ok(spn_irdrop_set_cells(solver, s.cells_S, NULL, &err));
    ck_assert_ok(spn_irdrop_solve(solver, s.volts, NULL, &err));
    ck_assert_ok(spn_irdrop_set_cells(solver, s.cells_S, gate,
                                      &err)); /* the analysis stays, the factor goes */
    ck_assert_ok(spn_irdrop_solve(solver, s.volts, NULL, &err));
    spn_irdrop_currents(solver, NULL, gated_A);
    spn_irdrop_destroy(solver);
    for (int i = 0; i < s.array.rows * s.array.columns; i++)
        s.cells_S[i] *= gate[i / s.array.columns];
    nodal_currents(&s, want_A);
    assert_near(gated_A, want_A, s.array.columns, 1e-13, "gated rows");
}
END_TEST

START_TEST(errors)
{
    struct spn_err err;
    struct spn_irdrop *solver = NULL;
    struct spn_effective *work = NULL;
    const struct spn_irdrop_array good = {
        .rows = 2, .columns = 2, .wires = spn_irdrop_wires_uniform(1)};
    struct spn_irdrop_array bad = good;
    bad.rows = 0;
    ck_assert_fails(spn_irdrop_create(&solver, &bad, &err), SPN_EUSAGE, "array of 0 x 2");
    bad = good;
    bad.wires.row_ohm = INFINITY;
    ck_assert_fails(spn_irdrop_create(&solver, &bad, &err), SPN_EUSAGE, "wires.row_ohm = inf");
    bad.wires.row_ohm = -1;
    ck_assert_fails(spn_effective_create(&work, &bad, &err), SPN_EUSAGE, "wires.row_ohm = -1");
    bad = good;
    bad.wires.sense_ohm[0] = NAN;
    ck_assert_fails(spn_irdrop_create(&solver, &bad, &err), SPN_EUSAGE, "wires.sense_ohm");
    bad = good;
    bad.law = SPN_N_IRDROP_LAWS;
    ck_assert_fails(spn_irdrop_create(&solver, &bad, &err), SPN_EUSAGE, "cell law");
    bad = good;
    bad.law = SPN_IRDROP_SINH;
    ck_assert_fails(spn_effective_create(&work, &bad, &err), SPN_EUSAGE, "linear cells");
    bad.law_coefficient = -1;
    ck_assert_fails(spn_irdrop_create(&solver, &bad, &err), SPN_EUSAGE, "law_coefficient = -1");
    bad = good;
    bad.topology = 2;
    ck_assert_fails(spn_irdrop_create(&solver, &bad, &err), SPN_EUSAGE, "topology 2");
    bad.topology = SPN_IRDROP_SUPPLY_LINES;
    ck_assert_fails(spn_effective_create(&work, &bad, &err), SPN_EUSAGE, "row-driven");
    bad.floating = (const uint8_t[]){0, 1};
    ck_assert_fails(spn_irdrop_create(&solver, &bad, &err), SPN_EUSAGE, "cannot float");
    bad = good;
    bad.wires = spn_irdrop_wires_uniform(0);
    bad.wires.row_ohm = 1;
    bad.topology = SPN_IRDROP_SUPPLY_LINES;
    ck_assert_ok(spn_irdrop_create(&solver, &bad, &err)); /* every terminal has its own node */
    spn_irdrop_destroy(solver);
    ck_assert_ok(spn_irdrop_create(&solver, &good, &err));
    double cells_S[4] = {1e-5, 1e-5, -1e-9, 1e-5}, volts[2] = {0.1, INFINITY};
    ck_assert_fails(spn_irdrop_set_cells(solver, cells_S, NULL, &err), SPN_EUSAGE,
                    "row 1, column 0");
    cells_S[2] = NAN;
    ck_assert_fails(spn_irdrop_set_cells(solver, cells_S, NULL, &err), SPN_EUSAGE,
                    "row 1, column 0");
    ck_assert_fails(spn_irdrop_solve(solver, volts, NULL, &err), SPN_EUSAGE, "terminal 1");
    spn_irdrop_destroy(solver);
    spn_irdrop_destroy(NULL);
    spn_effective_destroy(NULL);
}
END_TEST

START_TEST(unsupported)
{
    struct spn_err err;
    struct spn_irdrop *solver = NULL;
    const struct spn_irdrop_array array = {
        .rows = 2, .columns = 2, .wires = spn_irdrop_wires_uniform(1)};
    ck_assert_fails(spn_irdrop_create(&solver, &array, &err), SPN_EINFEASIBLE,
                    "libsuitesparse-dev");
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("irdrop");
    TCase *rest = tcase_create("networks");
    tcase_add_test(rest, no_wires);
    tcase_add_test(rest, by_hand);
    if (spn_irdrop_supported()) {
        tcase_add_loop_test(rest, small_networks, 0, N_SHAPES);
        tcase_add_loop_test(rest, reciprocity, 0, N_SHAPES);
        tcase_add_test(rest, law_limits);
        tcase_add_test(rest, law_by_hand);
        tcase_add_test(rest, bent_cells_are_lines_through_their_mean);
        tcase_add_test(rest, gates);
        tcase_add_test(rest, errors);
    } else {
        tcase_add_test(rest, unsupported);
    }
    suite_add_tcase(suite, rest);
    return suite;
}
