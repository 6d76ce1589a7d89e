/* check_irdrop_golden.c -- arrays with resistive wires, against circuits that ngspice and a refined
 * direct solution solved.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "irdrop_near.h"

#include <stdio.h>

#include "base/json.h"
#include "simulator/effective.h"
#include "simulator/irdrop.h"

enum { MAX_SIDE = 128 };
static const double golden_tolerance = 1e-10; /* of the largest current */

struct golden {
    struct spn_irdrop_array array;
    double *cells_S, *volts, *want_A;
    uint8_t *gate;
    struct spn_json *doc;
};

static double golden_number(const struct golden *g, const char *key, double otherwise)
{
    struct spn_json_at root = spn_json_root(g->doc), at = spn_json_get(&root, key);
    double value;
    return spn_json_number(&at, &value) ? value : otherwise;
}

static void golden_list(const struct spn_json_at *at, double *out, int n)
{
    ck_assert_uint_eq(spn_json_size(at), (size_t)n);
    for (int i = 0; i < n; i++) {
        struct spn_json_at item = spn_json_item(at, (size_t)i);
        ck_assert(spn_json_number(&item, &out[i]));
    }
}

static struct golden golden_load(const char *dir, const char *name)
{
    struct golden g = {.doc = NULL};
    struct spn_err err;
    char path[SPN_MAX_PATH];
    snprintf(path, sizeof path, "%s/golden/irdrop/%s.json", dir, name);
    ck_assert_ok(spn_json_load(&g.doc, path, &err));
    int rows = (int)golden_number(&g, "n_in", 0), columns = (int)golden_number(&g, "n_out", 0);
    g.cells_S = malloc((size_t)(rows * columns) * sizeof(double));
    g.volts = malloc((size_t)rows * sizeof(double));
    g.want_A = malloc((size_t)columns * sizeof(double));
    g.gate = malloc((size_t)rows);
    struct spn_json_at root = spn_json_root(g.doc), cells = spn_json_get(&root, "G"),
                       volts = spn_json_get(&root, "V");
    struct spn_json_at currents = spn_json_get(&root, "I_direct");
    for (int r = 0; r < rows; r++) {
        struct spn_json_at row = spn_json_item(&cells, (size_t)r);
        golden_list(&row, g.cells_S + r * columns, columns);
    }
    golden_list(&volts, g.volts, rows);
    golden_list(&currents, g.want_A, columns);
    bool supply = golden_number(&g, "v_read", 0) > 0;
    double k = golden_number(&g, "k_per_V", 0);
    g.array = (struct spn_irdrop_array){
        .rows = rows,
        .columns = columns,
        .topology = supply ? SPN_IRDROP_SUPPLY_LINES : SPN_IRDROP_ROW_DRIVEN,
        .law = k > 0 ? SPN_IRDROP_SINH : SPN_IRDROP_LINEAR,
        .law_coefficient = k,
        .wires = {golden_number(&g, "r_row", -1),
                  golden_number(&g, "r_col", -1),
                  {golden_number(&g, supply ? "r_src_top" : "r_src_left", INFINITY),
                   golden_number(&g, "r_src_right", INFINITY)},
                  {golden_number(&g, "r_snk_bottom", INFINITY),
                   golden_number(&g, "r_snk_top", INFINITY)}}};
    for (int r = 0; r < rows; r++)
        g.gate[r] = !supply || g.volts[r] > 0;
    return g;
}

static void golden_free(struct golden *g)
{
    spn_json_destroy(g->doc);
    free(g->cells_S);
    free(g->volts);
    free(g->want_A);
    free(g->gate);
}

static const char *const golden_names[] = {
    "c01_16x16_uniform",         "c02_32x32_uniform",           "c03_64x64_uniform",
    "c04_128x128_uniform",       "c05_64x64_log_binary",        "c06_48x80_aniso_terminals",
    "c07_64x64_bipolar_5ohm",    "c08_128x128_worstcase_10ohm", "c12_64x64_sparse90",
    "c14_64x32_separate_source", "c18_32x32_sinh_nonlinear"};
enum { N_GOLDEN = sizeof golden_names / sizeof *golden_names };

/* ngspice's node voltages of c01: relative 1e-9, as printed. */
static void check_voltages(const struct golden *g, const struct spn_irdrop *solver)
{
    struct spn_json_at root = spn_json_root(g->doc), nodes = spn_json_get(&root, "node_voltages");
    for (int r = 0; r < g->array.rows && nodes.item != NULL; r++)
        for (int c = 0; c < g->array.columns; c++) {
            char name[32];
            double want;
            snprintf(name, sizeof name, "a%d_%d", r, c);
            struct spn_json_at at = spn_json_get(&nodes, name);
            ck_assert(spn_json_number(&at, &want));
            ck_assert_rel(spn_irdrop_row_V(solver, r, c), want, 1e-12);
            snprintf(name, sizeof name, "b%d_%d", r, c);
            at = spn_json_get(&nodes, name);
            ck_assert(spn_json_number(&at, &want));
            ck_assert_rel(spn_irdrop_column_V(solver, r, c), want, 1e-11);
        }
}

START_TEST(nodal_golden)
{
    const char *dir = spn_test_data();
    if (!dir)
        return;
    struct spn_err err;
    struct golden g = golden_load(dir, golden_names[_i]);
    struct spn_irdrop *solver;
    double got_A[MAX_SIDE], source_V[MAX_SIDE];
    bool supply = g.array.topology == SPN_IRDROP_SUPPLY_LINES;
    for (int i = 0; i < spn_irdrop_n_sources(&g.array); i++)
        source_V[i] = supply ? golden_number(&g, "v_read", 0) : g.volts[i];
    ck_assert_ok(spn_irdrop_create(&solver, &g.array, &err));
    ck_assert_ok(spn_irdrop_set_cells(solver, g.cells_S, g.gate, &err));
    ck_assert_ok(spn_irdrop_solve(solver, source_V, NULL, &err));
    spn_irdrop_currents(solver, NULL, got_A);
    assert_near(got_A, g.want_A, g.array.columns, golden_tolerance, golden_names[_i]);
    check_voltages(&g, solver);
    spn_irdrop_destroy(solver);
    golden_free(&g);
}
END_TEST

START_TEST(effective_golden)
{
    const char *dir = spn_test_data();
    if (!dir)
        return;
    struct spn_err err;
    struct golden g = golden_load(dir, golden_names[_i]);
    struct spn_effective *work;
    double got_A[MAX_SIDE];
    if (g.array.topology == SPN_IRDROP_ROW_DRIVEN && g.array.law == SPN_IRDROP_LINEAR) {
        ck_assert_ok(spn_effective_create(&work, &g.array, &err));
        spn_effective_compute(work, g.cells_S, g.cells_S);
        product(g.cells_S, g.volts, g.array.rows, g.array.columns, got_A);
        assert_near(got_A, g.want_A, g.array.columns, golden_tolerance, golden_names[_i]);
        spn_effective_destroy(work);
    }
    golden_free(&g);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("irdrop golden");
    TCase *tests = tcase_create("solved circuits");
    tcase_add_loop_test(tests, effective_golden, 0, N_GOLDEN);
    if (spn_irdrop_supported())
        tcase_add_loop_test(tests, nodal_golden, 0, N_GOLDEN);
    suite_add_tcase(suite, tests);
    return suite;
}
