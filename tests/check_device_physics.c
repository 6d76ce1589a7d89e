/* check_device_physics.c -- digits, conductances and their moments; pulse responses; write
 * energies.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/conductance.h"
#include "models/pulse.h"
#include "tests/check.h"

static const int encodings[] = {SPN_ENCODING_DIFFERENTIAL, SPN_ENCODING_OFFSET,
                                SPN_ENCODING_TWOS_COMPLEMENT};

static struct spn_device device(void)
{
    return (struct spn_device){
        .cell = SPN_CELL_FEFET,
        .on_conductance_S = 6e-6,
        .off_conductance_S = 6e-9,
        .n_states = 16,
        .write_voltage_V = 4,
        .write_pulse_s = 50e-9,
        .write_charge_C_per_m2 = 0.34,
        .gate_area_F2 = 2,
        .pulse = {.potentiation_nonlinearity = 0.523,
                  .depression_nonlinearity = -0.145,
                  .n_levels = 15},
        .mask = {.present = true, .on_conductance_S = 6e-5, .off_conductance_S = 6e-10}};
}

/* Every code is the sum of its digits. */
START_TEST(digits_add_up)
{
    for (size_t e = 0; e < sizeof encodings / sizeof encodings[0]; e++)
        for (int bits = 2; bits <= 10; bits++)
            for (int cell_bits = 1; cell_bits <= bits; cell_bits++) {
                const struct spn_chip_weight w = {bits, cell_bits, encodings[e]};
                const int max_code = (1 << (bits - 1)) - 1;
                const int n_polarities = encodings[e] == SPN_ENCODING_DIFFERENTIAL ? 2 : 1;
                ck_assert_int_eq(spn_weight_n_cells(&w), spn_weight_n_digits(&w) * n_polarities);
                for (int code = -max_code; code <= max_code; code++) {
                    double sum = -spn_weight_offset(&w);
                    for (int d = 0; d < spn_weight_n_digits(&w); d++) {
                        const int plus = spn_weight_digit(&w, code, d, 0);
                        const int minus = n_polarities == 2 ? spn_weight_digit(&w, code, d, 1) : 0;
                        ck_assert_int_ge(plus, 0);
                        ck_assert_int_le(plus, spn_weight_max_digit(&w, d));
                        ck_assert_int_le(minus, spn_weight_max_digit(&w, d));
                        ck_assert(plus == 0 || minus == 0);
                        sum += spn_weight_digit_scale(&w, d) * (plus - minus);
                    }
                    ck_assert_msg(sum == code, "encoding %d, %d bits, %d a cell: %d gives %g",
                                  encodings[e], bits, cell_bits, code, sum);
                }
            }
}
END_TEST

/* The chip file's own count of cells agrees. */
START_TEST(cells_per_weight_agree)
{
    for (size_t e = 0; e < sizeof encodings / sizeof encodings[0]; e++)
        for (int cell_bits = 1; cell_bits <= 8; cell_bits++) {
            const struct spn_chip chip = {.weight = {8, cell_bits, encodings[e]}};
            ck_assert_int_eq(spn_chip_cells_per_weight(&chip), spn_weight_n_cells(&chip.weight));
        }
}
END_TEST

START_TEST(conductances)
{
    const struct spn_device d = device();
    ck_assert_rel(spn_conductance_digit(&d, 4, 0), 6e-9, 1e-12);
    ck_assert_rel(spn_conductance_digit(&d, 4, 15), 6e-6, 1e-12);
    ck_assert_rel(spn_conductance_digit(&d, 1, 1), 6e-6, 1e-12);
    ck_assert_rel(spn_conductance_digit(&d, 4, 5), 6e-9 + 5.994e-6 / 3, 1e-12);
    ck_assert_rel(spn_conductance_series(6e-6, 6e-5), 6e-6 / 1.1, 1e-12);
    ck_assert(spn_conductance_series(0, 0) == 0);
    /* off: no more than the mask transistor leaks, whatever the weight */
    ck_assert(spn_conductance_masked(&d, 6e-6, false) < 6e-10);
    ck_assert_rel(spn_conductance_masked(&d, 6e-6, false), 6e-10, 2e-4);
}
END_TEST

START_TEST(moments)
{
    const struct spn_device d = device();
    double weights[SPN_PROFILE_BINS] = {0};
    weights[128 + 3] = 0.5; /* +3 and -5 of 127, half each */
    weights[128 - 5] = 0.5;
    struct spn_digit_pmf pmf;
    const struct spn_chip_weight pair = {8, 4, SPN_ENCODING_DIFFERENTIAL};
    spn_conductance_pmf(&pair, weights, 0, &pmf);
    ck_assert_rel(pmf.p[3], 0.25, 1e-12); /* plus cell of +3 */
    ck_assert_rel(pmf.p[5], 0.25, 1e-12);
    ck_assert_rel(pmf.p[0], 0.5, 1e-12);
    ck_assert_rel(pmf.zero[0], 1.0, 1e-12);
    const struct spn_conductance dense = spn_conductance_moments(&d, &pmf, 1, SPN_SCHEME_DENSE);
    const double g0 = 6e-9, g3 = 6e-9 + 3 * 5.994e-6 / 15, g5 = 6e-9 + 5 * 5.994e-6 / 15;
    ck_assert_rel(dense.mean_S, 0.5 * g0 + 0.25 * (g3 + g5), 1e-12);
    ck_assert_rel(dense.mean_square_S2, 0.5 * g0 * g0 + 0.25 * (g3 * g3 + g5 * g5), 1e-12);
    /* pruned plain cells hold zeros, which conduct Gmin */
    ck_assert_rel(spn_conductance_moments(&d, &pmf, 0, SPN_SCHEME_EXTERNAL_INDEX).mean_S, 6e-9,
                  1e-12);
    /* pruned masked cells conduct less than the mask leaks */
    const struct spn_conductance off = spn_conductance_moments(&d, &pmf, 0, SPN_SCHEME_INDEX_FREE);
    ck_assert(off.mean_S < 6e-10);
    ck_assert_rel(off.mean_S, 6e-9 * 6e-10 / 6.6e-9, 1e-12);
    /* half kept lies half way */
    const struct spn_conductance all = spn_conductance_moments(&d, &pmf, 1, SPN_SCHEME_INDEX_FREE);
    ck_assert_rel(spn_conductance_moments(&d, &pmf, 0.5, SPN_SCHEME_INDEX_FREE).mean_S,
                  0.5 * (all.mean_S + off.mean_S), 1e-12);
    /* offset encoding: a pruned weight of 0 holds the middle code, so that its top cell is on */
    const struct spn_chip_weight offset = {8, 1, SPN_ENCODING_OFFSET};
    spn_conductance_pmf(&offset, weights, 7, &pmf);
    ck_assert_rel(pmf.zero[1], 1.0, 1e-12);
    ck_assert_rel(spn_conductance_moments(&d, &pmf, 0, SPN_SCHEME_DENSE).mean_S, 6e-6, 1e-12);
}
END_TEST

/* Probabilities sum to 1 for every encoding, cell and weight width. */
START_TEST(pmf_sums)
{
    double weights[SPN_PROFILE_BINS];
    for (int i = 0; i < SPN_PROFILE_BINS; i++)
        weights[i] = 1.0 / SPN_PROFILE_BINS;
    for (size_t e = 0; e < sizeof encodings / sizeof encodings[0]; e++)
        for (int bits = 2; bits <= 16; bits++)
            for (int cell_bits = 1; cell_bits <= bits; cell_bits++) {
                const struct spn_chip_weight w = {bits, cell_bits, encodings[e]};
                struct spn_digit_pmf pmf;
                spn_conductance_pmf(&w, weights, -1, &pmf);
                double p = 0, zero = 0;
                for (int v = 0; v < pmf.n_values; v++) {
                    p += pmf.p[v];
                    zero += pmf.zero[v];
                }
                ck_assert_rel(p, 1.0, 1e-12);
                ck_assert_rel(zero, 1.0, 1e-12);
            }
}
END_TEST

/* Published values of a: labels 0.01, 1, 2, 3, 9 and, for 15 levels, what [ning2025]'s labels give.
 */
START_TEST(curvature)
{
    ck_assert_rel(spn_pulse_curvature(0.01), 126.27, 1e-4);
    ck_assert_rel(spn_pulse_curvature(1), 1.2517, 1e-4);
    ck_assert_rel(spn_pulse_curvature(2), 0.6090, 1e-4);
    ck_assert_rel(spn_pulse_curvature(3), 0.3868, 2e-4);
    ck_assert_rel(spn_pulse_curvature(9), 0.0228, 3e-3);
    ck_assert_rel(spn_pulse_curvature(-1), -1.2517, 1e-4);
    ck_assert(isinf(spn_pulse_curvature(0)));
    ck_assert_rel(spn_pulse_curvature(50), spn_pulse_curvature(9), 1e-12);
    /* the defining equation, at p where the slope is 1 */
    for (double label = 0.013; label < 9; label *= 1.37) {
        const double a = spn_pulse_curvature(label), span = -expm1(-1 / a);
        const double p = -a * log(a * span);
        ck_assert_rel(-expm1(-p / a) / span - p, 0.07 * sqrt(2) * label, 1e-9);
    }
}
END_TEST

START_TEST(pulse_response)
{
    static const double labels[][2] = {{0, 0}, {1.75, 1.46}, {0.523, -0.145}, {-2, 5}};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        const struct spn_pulse_law law =
            spn_pulse_law_labels(1e-6, 6e-6, 60, labels[i][0], labels[i][1]);
        /* n_levels pulses cross the whole range, either way */
        ck_assert_rel(spn_pulse_apply(&law, 1e-6, 60), 6e-6, 1e-9);
        ck_assert_rel(spn_pulse_apply(&law, 6e-6, -60), 1e-6, 1e-9);
        ck_assert_rel(spn_pulse_needed(&law, 1e-6, 6e-6), 60, 1e-9);
        ck_assert_rel(spn_pulse_needed(&law, 6e-6, 1e-6), -60, 1e-9);
        double last = 1e-6;
        for (int n = 1; n <= 60; n++) { /* monotone, and there and back */
            const double g = spn_pulse_apply(&law, 1e-6, n);
            ck_assert(g > last);
            last = g;
            ck_assert_rel(spn_pulse_needed(&law, 1e-6, g), n, 1e-9);
            const double down = spn_pulse_needed(&law, g, 2e-6);
            if (down < 0)
                ck_assert_rel(spn_pulse_apply(&law, g, down), 2e-6, 1e-9);
        }
        ck_assert_rel(spn_pulse_apply(&law, 5e-6, 1e6), 6e-6, 1e-12);
        ck_assert_rel(spn_pulse_apply(&law, 5e-6, -1e6), 1e-6, 1e-12);
    }
    /* linear: a third of the pulses, a third of the range */
    const struct spn_pulse_law line = spn_pulse_law_labels(1e-6, 6e-6, 60, 0, 0);
    ck_assert_rel(spn_pulse_apply(&line, 1e-6, 20), 1e-6 + 5e-6 / 3, 1e-12);
    /* down by NeuroSim's one form for both, walked backwards: p from 60 to 50, A = 60 a(1.46) or
     * -60 a(4.88) [chen2018neurosim] */
    static const double down_labels[] = {1.46, -4.88};
    for (int i = 0; i < 2; i++) {
        const struct spn_pulse_law law = spn_pulse_law_labels(1e-6, 6e-6, 60, 0, down_labels[i]);
        const double A = 60 * spn_pulse_curvature(down_labels[i]), B = 5e-6 / -expm1(-60 / A);
        ck_assert_rel(spn_pulse_apply(&law, 6e-6, -10), 1e-6 + B * -expm1(-50 / A), 1e-9);
    }
    /* a positive label rises steeply first: 20 pulses go farther than a third */
    const struct spn_pulse_law bent = spn_pulse_law_labels(1e-6, 6e-6, 60, 3, 3);
    ck_assert(spn_pulse_apply(&bent, 1e-6, 20) > 1e-6 + 5e-6 / 2);
    /* [ning2025]: A = a n_max with a = 2.4226 and -9.0177; the law counts down from the top */
    const struct spn_device d = device();
    const struct spn_pulse_law law = spn_pulse_law(&d);
    ck_assert_rel(law.up_A / 15, 2.4226, 0.02);
    ck_assert_rel(-law.down_A / 15, -9.0177, 0.08);
}
END_TEST

START_TEST(write_costs)
{
    struct spn_device d = device();
    /* 0.34 C/m2 * 2 * (32 nm)^2 * 4 V = 2.785 fJ a full switch */
    ck_assert_rel(spn_pulse_cell_J(&d, 32e-9, 1e-6, 1), 0.34 * 2 * 1.024e-15 * 4, 1e-12);
    ck_assert_rel(spn_pulse_switched_frac(&d), 1.0 / 15, 1e-12);
    ck_assert(spn_pulse_write_A(&d, 1e-6) == 0);
    d.write_charge_C_per_m2 = 0;
    ck_assert_rel(spn_pulse_cell_J(&d, 32e-9, 1e-6, 1), 16 * 1e-6 * 50e-9, 1e-12);
    ck_assert_rel(spn_pulse_write_A(&d, 1e-6), 4e-6, 1e-12);
    d.reset_voltage_V = 2;
    d.reset_pulse_s = 100e-9;
    ck_assert_rel(spn_pulse_cell_J(&d, 32e-9, 1e-6, 1), (16 * 50e-9 + 4 * 100e-9) * 1e-6 / 2,
                  1e-12);
    ck_assert_rel(spn_pulse_write_s(&d), 75e-9, 1e-12);
    ck_assert_rel(spn_pulse_write_V2(&d), 10, 1e-12);
    d.write_current_A = 1e-4;
    ck_assert_rel(spn_pulse_cell_J(&d, 32e-9, 1e-6, 1), 1e-4 * (4 * 50e-9 + 2 * 100e-9) / 2, 1e-12);
    ck_assert_rel(spn_pulse_write_A(&d, 1e-6), 1e-4, 1e-12);
    d.cell = SPN_CELL_SRAM;
    ck_assert(spn_pulse_cell_J(&d, 32e-9, 1e-6, 1) == 0);
}
END_TEST

START_TEST(write_verify)
{
    ck_assert_rel(spn_pulse_verify_tries(0, 0.1), 1, 1e-12);
    /* within one sd: 68.27 % of the tries succeed */
    ck_assert_rel(spn_pulse_verify_tries(0.05, 0.05), 1 / 0.682689492137, 1e-9);
    ck_assert(spn_pulse_verify_tries(0.05, 0.01) > spn_pulse_verify_tries(0.05, 0.02));
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("device_physics");
    TCase *tcase = tcase_create("device_physics");
    tcase_add_test(tcase, digits_add_up);
    tcase_add_test(tcase, cells_per_weight_agree);
    tcase_add_test(tcase, conductances);
    tcase_add_test(tcase, moments);
    tcase_add_test(tcase, pmf_sums);
    tcase_add_test(tcase, curvature);
    tcase_add_test(tcase, pulse_response);
    tcase_add_test(tcase, write_costs);
    tcase_add_test(tcase, write_verify);
    suite_add_tcase(suite, tcase);
    return suite;
}
