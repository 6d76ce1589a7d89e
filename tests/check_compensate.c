/* check_compensate.c -- estimates of effective conductances, and mappings that anticipate the
 * wires.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "simulator/compensate.h"

#include "base/rng.h"
#include "check.h"

enum { SIDE = 48, N = SIDE * SIDE };
static const struct spn_compensate_window window = {.low_S = 1e-8, .high_S = 1e-5};

static void draw(double *cells_S, double share_absent)
{
    struct spn_rng rng = spn_rng_init(5, 6, 7);
    for (int i = 0; i < N; i++) {
        cells_S[i] = 1e-7 + 9.8e-6 * spn_rng_uniform(&rng);
        if (spn_rng_uniform(&rng) < share_absent)
            cells_S[i] = 0;
    }
}

static struct spn_irdrop_array array(double segment_ohm)
{
    return (struct spn_irdrop_array){
        .rows = SIDE, .columns = SIDE, .wires = spn_irdrop_wires_uniform(segment_ohm)};
}

static void effective(const struct spn_irdrop_array *a, const double *cells_S, double *T_S)
{
    struct spn_err err;
    struct spn_effective *work;
    ck_assert_ok(spn_effective_create(&work, a, &err));
    spn_effective_compute(work, cells_S, T_S);
    spn_effective_destroy(work);
}

static double rms_difference(const double *x, const double *y)
{
    double error = 0, square = 0;
    for (int i = 0; i < N; i++) {
        error += (x[i] - y[i]) * (x[i] - y[i]);
        square += y[i] * y[i];
    }
    return sqrt(error / square);
}

/* The estimate is exact to first order: a tenth of the resistance, a hundredth of the error. For
 * all kinds of terminals. */
START_TEST(estimate_is_first_order)
{
    static const double ends[][4] = {{1, INFINITY, 1, INFINITY},
                                     {INFINITY, 3, INFINITY, 2},
                                     {1, 4, 3, INFINITY},
                                     {2, INFINITY, 5, 1},
                                     {0, 1, 1, 0},
                                     {1, 1, 1, 1}};
    static double cells_S[N], T_S[N], estimate_S[N];
    double error[2];
    draw(cells_S, 0.3);
    for (int step = 0; step < 2; step++) {
        double ohm = step == 0 ? 0.3 : 0.03;
        struct spn_irdrop_array a = array(ohm);
        for (int end = 0; end < 2; end++) {
            a.wires.source_ohm[end] = ohm * ends[_i][end];
            a.wires.sense_ohm[end] = ohm * ends[_i][2 + end];
        }
        a.paired_rows = _i % 2 == 1;
        effective(&a, cells_S, T_S);
        spn_effective_estimate(&a, cells_S, estimate_S);
        error[step] = rms_difference(estimate_S, T_S);
    }
    ck_assert_double_le(error[0], 3e-5);
    ck_assert_rel(error[1], error[0] / 100, 0.1);
}
END_TEST

/* One cell: 1/(G + ...) is exact. 20 uS behind 1 + 2 kohm: 20 / 1.06 uS. */
START_TEST(estimate_by_hand)
{
    const double cell_S = 2e-5;
    double T_S;
    struct spn_irdrop_array a = {
        .rows = 1, .columns = 1, .wires = {0, 0, {1000, INFINITY}, {2000, INFINITY}}};
    spn_effective_estimate(&a, &cell_S, &T_S);
    ck_assert_rel(T_S, 2e-5 / 1.06, 1e-15);
    a.floating = (const uint8_t[]){1};
    spn_effective_estimate(&a, &cell_S, &T_S);
    ck_assert(T_S == 0);
}
END_TEST

START_TEST(mappings)
{
    static double wanted_S[N], cells_S[N], T_S[N];
    struct spn_err err;
    struct spn_compensation closed, exact;
    struct spn_irdrop_array a = array(2);
    draw(wanted_S, 0);
    ck_assert_ok(spn_compensate(&a, window, wanted_S, cells_S, &closed, &err));
    ck_assert_double_lt(closed.rms_frac, closed.plain_rms_frac / 3);
    ck_assert_double_lt(closed.gain, 1);
    ck_assert_ok(spn_compensate_exact(&a, window, wanted_S, 20, 1e-9, cells_S, &exact, &err));
    ck_assert_double_lt(exact.rms_frac, 1e-9);
    ck_assert_int_eq(exact.n_clipped, 0);
    effective(&a, cells_S, T_S);
    for (int i = 0; i < N; i++) { /* what it says is so, inside the window */
        ck_assert_double_le(fabs(T_S[i] - exact.gain * wanted_S[i]), 1e-13);
        ck_assert_double_le(cells_S[i], window.high_S);
    }
    draw(wanted_S, 0.1); /* absent cells stay so; but sneak paths around them are seen, and cannot
                            be mapped away */
    ck_assert_ok(spn_compensate_exact(&a, window, wanted_S, 20, 1e-9, cells_S, &exact, &err));
    effective(&a, cells_S, T_S);
    double sneak = 0, square = 0;
    for (int i = 0; i < N; i++) {
        ck_assert((cells_S[i] == 0) == (wanted_S[i] == 0));
        sneak += wanted_S[i] == 0 ? T_S[i] * T_S[i] : 0;
        square += wanted_S[i] * wanted_S[i];
    }
    ck_assert_rel(exact.rms_frac, sqrt(sneak / square) / exact.gain, 1e-3);
}
END_TEST

/* Without resistance there is nothing to do; with a great deal, the window holds and the result
 * says what is left. */
START_TEST(extremes)
{
    static double wanted_S[N], cells_S[N];
    struct spn_err err;
    struct spn_compensation result;
    struct spn_irdrop_array a = array(0);
    draw(wanted_S, 0);
    ck_assert_ok(spn_compensate_exact(&a, window, wanted_S, 5, 1e-12, cells_S, &result, &err));
    ck_assert_int_eq(result.n_steps, 0);
    ck_assert_rel(result.gain, 1, 1e-13);
    for (int i = 0; i < N; i++)
        ck_assert_rel(cells_S[i], wanted_S[i], 1e-13);
    a = array(3000);
    ck_assert_ok(spn_compensate_exact(&a, window, wanted_S, 5, 1e-12, cells_S, &result, &err));
    ck_assert_double_gt(result.rms_frac, 0.01);
    for (int i = 0; i < N; i++)
        ck_assert(cells_S[i] >= window.low_S && cells_S[i] <= window.high_S);
    memset(wanted_S, 0, sizeof wanted_S);
    ck_assert_ok(spn_compensate_exact(&a, window, wanted_S, 5, 1e-12, cells_S, &result, &err));
    ck_assert(result.rms_frac == 0 && cells_S[0] == 0);
}
END_TEST

START_TEST(errors)
{
    static double wanted_S[N], cells_S[N];
    struct spn_err err;
    struct spn_compensation result;
    struct spn_irdrop_array a = array(1);
    draw(wanted_S, 0);
    wanted_S[5] = 2e-5;
    ck_assert_fails(spn_compensate(&a, window, wanted_S, cells_S, &result, &err), SPN_EUSAGE,
                    "cell 5 outside");
    ck_assert_fails(spn_compensate(&a,
                                   (struct spn_compensate_window){.low_S = 1e-5, .high_S = 1e-6},
                                   wanted_S, cells_S, &result, &err),
                    SPN_EUSAGE, "is empty");
    a.wires.row_ohm = -1;
    ck_assert_fails(spn_compensate(&a, window, wanted_S, cells_S, &result, &err), SPN_EUSAGE,
                    "wires.row_ohm");
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("compensate");
    TCase *tests = tcase_create("compensate");
    tcase_add_loop_test(tests, estimate_is_first_order, 0, 6);
    tcase_add_test(tests, estimate_by_hand);
    tcase_add_test(tests, mappings);
    tcase_add_test(tests, extremes);
    tcase_add_test(tests, errors);
    suite_add_tcase(suite, tests);
    return suite;
}
