/* check_adc_errors.c -- converters with offset, gain, bow and capacitor mismatch; input curves.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "core_problem.h"
#include "models/iv.h"
#include "simulator/core_state.h"

/* One column of 64 rows in a pair, weights of 4 bits in one cell, inputs of one bit at a time. */
static struct problem p;

static void setup(void)
{
    memset(&p, 0, sizeof p);
    p.chip = base_chip(SPN_ENCODING_DIFFERENTIAL, 5, 4);
    p.chip.adc.bits = 6;
    p.chip.adc.columns_per_adc = 4;
    fill(&p, 150, 40, 5, 7);
    p.config.errors = SPN_ERROR_QUANTIZATION | SPN_ERROR_NONLINEARITY;
}

static struct spn_core *create(void)
{
    struct spn_core *core = NULL;
    struct spn_err err = {0};
    ck_assert_ok(spn_core_create(&core, &p.config, p.weights, NULL, &err));
    return core;
}

/* The definition, in doubles: what bits weigh, then successive approximation from the top. */
static int direct_code(const struct spn_adc_error *e, int bits, double inl_lsb, double steps)
{
    double weight[16], sum = 0, span = ldexp(1, bits) - 1, low = -ldexp(1, bits - 1);
    for (int b = 0; b < bits; b++)
        sum += weight[b] = ldexp(1, b) * (1 + (double)e->bit_frac[b]);
    double t = steps * (1 + (double)e->gain_frac) + (double)e->offset_lsb - low;
    double u = fmax(0, fmin(1, t / span)), kept = 0;
    t += inl_lsb * 4 * u * (1 - u) + 0.5;
    int code = 0;
    for (int b = bits - 1; b >= 0; b--)
        if (kept + weight[b] * span / sum <= t) {
            kept += weight[b] * span / sum;
            code += 1 << b;
        }
    return code + (int)low;
}

START_TEST(codes_follow_the_definition)
{
    p.chip.adc.offset_sd_lsb = 0.7;
    p.chip.adc.gain_sd_frac = 0.02;
    p.chip.adc.inl_lsb = 1.5;
    p.chip.adc.unit_sd_frac = 0.1;
    struct spn_core *core = create();
    for (int converter = 0; converter < 12; converter++) {
        const struct spn_adc_error e = spn_adc_errors_at(core->adc_errors, converter);
        for (int i = -4000; i <= 4000; i++) {
            const double steps = i / 100.0 + 0.00317, near = 1e-5; /* single precision */
            const int code = spn_adc_errors_code(core->adc_errors, 0, converter, (float)steps);
            ck_assert(code == direct_code(&e, 6, 1.5, steps - near) ||
                      code == direct_code(&e, 6, 1.5, steps + near));
        }
    }
    spn_core_destroy(core);
    p.chip.adc.unit_sd_frac = 0; /* the search is then a rounding */
    core = create();
    const struct spn_adc_error e = spn_adc_errors_at(core->adc_errors, 5);
    for (int i = -4000; i <= 4000; i++) {
        const double steps = i / 100.0 + 0.00317, near = 1e-5;
        const int code = spn_adc_errors_code(core->adc_errors, 0, 5, (float)steps);
        ck_assert(code == direct_code(&e, 6, 1.5, steps - near) ||
                  code == direct_code(&e, 6, 1.5, steps + near));
    }
    spn_core_destroy(core);
}
END_TEST

/* A bow of 2 steps alone, 6 bits: in the middle of the range (u = 1/2) 2 steps more, at u = 1/4 2 x
 * 3/4 = 1.5 more, at both ends none. Range -32 .. 31, span 63. */
START_TEST(bow_by_hand)
{
    p.chip.adc.inl_lsb = 2;
    struct spn_core *core = create();
    const struct {
        float steps;
        int code;
    } want[] = {{-32.0f, -32},  /* u = 0 */
                {-16.25f, -15}, /* u = 1/4: -16.25 + 1.5 = -14.75 */
                {-0.5f, 2},     /* u = 1/2: 1.5, half way goes up */
                {15.25f, 17},   /* u = 3/4: 16.75 */
                {31.0f, 31},    /* u = 1 */
                {900.0f, 31},   {-900.0f, -32}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        ck_assert_int_eq(spn_adc_errors_code(core->adc_errors, 0, 0, want[i].steps), want[i].code);
    spn_core_destroy(core);
}
END_TEST

/* A whole product against codes of sums worked out one by one: 3 row groups, own converters each.
 */
START_TEST(products_add_up_codes)
{
    p.chip.adc.offset_sd_lsb = 0.7;
    p.chip.adc.gain_sd_frac = 0.02;
    p.chip.adc.inl_lsb = -1;
    p.chip.adc.unit_sd_frac = 0.05;
    struct spn_core *core = create();
    multiply(&p, NULL, p.y);
    const double step = core->adc[0].step;
    ck_assert_rel(step, 64 * 15 / 31.0, 1e-12); /* full range: 64 rows x 15 levels in 31 codes */
    for (int v = 0; v < p.n; v++)
        for (int c = 0; c < p.config.n_columns; c++) {
            double y = 0;
            for (int first = 0; first < 150; first += 64)
                for (int s = 0; s < 8; s++) {
                    int sum = 0;
                    for (int r = first; r < first + 64 && r < 150; r++)
                        sum += (p.x[v * 150 + r] >> s & 1) * p.weights[r * 40 + c];
                    int converter = spn_adc_errors_converter(core->adc_errors, 0, c, first);
                    y += ldexp(step, s) *
                         spn_adc_errors_code(core->adc_errors, 0, converter, (float)(sum / step));
                }
            ck_assert_double_eq_tol((double)p.y[v * 40 + c], y, 1e-6 * fabs(y) + 1e-6);
        }
    /* 64 columns of cells, 4 to a converter: 2 weights of a pair each; the 33rd is in the next
     * array, and row 64 in the one below */
    ck_assert_int_eq(spn_adc_errors_converter(core->adc_errors, 0, 1, 0), 0);
    ck_assert_int_eq(spn_adc_errors_converter(core->adc_errors, 0, 2, 0), 1);
    ck_assert_int_eq(spn_adc_errors_converter(core->adc_errors, 0, 32, 0), 16);
    ck_assert_int_eq(spn_adc_errors_converter(core->adc_errors, 0, 0, 64), 32);
    spn_core_destroy(core);
}
END_TEST

/* Without quantization the same errors act on a converter of 16 bits: an offset of one of the
 * chip's steps is worth one step of 64 x 15 / 31, whatever the converter resolves. */
START_TEST(errors_act_without_quantization)
{
    p.chip.adc.offset_sd_lsb = 2;
    p.config.errors = SPN_ERROR_NONLINEARITY;
    struct spn_core *core = create();
    multiply(&p, NULL, p.y);
    for (int c = 0; c < p.config.n_columns; c++) {
        double want = plain_sum(&p, 0, c);
        for (int first = 0; first < 150; first += 64) {
            int converter = spn_adc_errors_converter(core->adc_errors, 0, c, first);
            want += 255 * 64 * 15 / 31.0 *
                    (double)spn_adc_errors_at(core->adc_errors, converter).offset_lsb;
        }
        ck_assert_double_le(fabs((double)p.y[c] - want), 255 * 3 * 0.5 + 1); /* steps of one unit */
    }
    spn_core_destroy(core);
}
END_TEST

/* Spreads are as asked, the chip is its seed, and every kernel gives the same bytes. */
START_TEST(converters_are_frozen)
{
    p.chip.adc.offset_sd_lsb = 0.7;
    p.chip.adc.unit_sd_frac = 0.1;
    p.chip.adc.columns_per_adc = 1;
    p.chip.device.read_noise_frac = 0.02;
    p.config.errors |= SPN_ERROR_FLUCTUATION;
    struct spn_core *core = create(), *other;
    const int n = 3 * 2 * 64;
    double square = 0, bit_square = 0;
    for (int i = 0; i < n; i++) {
        const struct spn_adc_error e = spn_adc_errors_at(core->adc_errors, i);
        square += pow((double)e.offset_lsb, 2);
        bit_square += pow((double)e.bit_frac[4], 2); /* 0.1 / 4 */
    }
    ck_assert_double_le(fabs(square / n / 0.49 - 1), 5 * sqrt(2.0 / n));
    ck_assert_double_le(fabs(bit_square / n / (0.025 * 0.025) - 1), 5 * sqrt(2.0 / n));
    p.config.seed++;
    other = create();
    ck_assert(spn_adc_errors_at(core->adc_errors, 3).offset_lsb !=
              spn_adc_errors_at(other->adc_errors, 3).offset_lsb);
    multiply(&p, "portable", p.y);
    multiply(&p, NULL, p.y2);
    ck_assert_mem_eq(p.y, p.y2, (size_t)(p.n * p.config.n_columns) * sizeof *p.y);
    spn_core_destroy(core);
    spn_core_destroy(other);
}
END_TEST

/* ---- input curves ---- */

/* What level 5 (or `level`) of 15 answers, as a share of full scale. */
static double answer(int level)
{
    p.config.errors = SPN_ERROR_NONLINEARITY;
    memset(p.x, level, sizeof p.x);
    memset(p.weights, 15, sizeof p.weights);
    multiply(&p, NULL, p.y);
    return (double)p.y[0] / (150 * 15 * 15);
}

START_TEST(input_curves_by_hand)
{
    const double exact = 0.5 / 255; /* inputs are held in 1/255 */
    p.chip.input.bits = p.chip.input.dac_bits = 4;
    p.chip.device.read_voltage_V = 0.5;
    ck_assert_double_eq_tol(answer(5), 1 / 3.0, 1e-6);
    p.chip.device.quadratic_per_V = 0.8; /* (1/6 + 0.8/36) / (0.5 + 0.8/4) */
    ck_assert_double_eq_tol(answer(5), (1 / 6.0 + 0.8 / 36) / 0.7, exact);
    p.chip.device.cubic_per_V2 = 2;
    ck_assert_double_eq_tol(answer(5), (1 / 6.0 + 0.8 / 36 + 2 / 216.0) / 0.95, exact);
    p.chip.device.quadratic_per_V = p.chip.device.cubic_per_V2 = 0;
    p.chip.device.iv = (struct spn_device_iv){2, 2, {0.25, 0.5}, {1e-6, 4e-6}};
    ck_assert_double_eq_tol(answer(5), 1 / 6.0, exact);  /* (1/6) / 0.25 uA of 4 */
    ck_assert_double_eq_tol(answer(12), 2.8 / 4, exact); /* 0.4 V: 1 + 3 x 0.6 */
    p.chip.input.pulse_s = 1e-9;                         /* pulses of one height see no curve */
    ck_assert_double_eq_tol(answer(5), 1 / 3.0, 1e-6);
    p.chip.input.saturation_frac =
        0.5; /* but a driver that does not get there: 0.25 V, 1 of 4 uA */
    ck_assert_double_eq_tol(answer(15), 0.25, exact);
    p.chip.input.pulse_s = 0;
    p.chip.device.iv.n_current = p.chip.device.iv.n_voltage = 0;
    ck_assert_double_eq_tol(answer(12), 0.5, exact);
    ck_assert_double_eq_tol(answer(5), 1 / 3.0, exact);
    p.chip.input.saturation_frac = 0;
    p.chip.input.inl_lsb = 1; /* 1/15 x 4 x 1/3 x 2/3 more */
    ck_assert_double_eq_tol(answer(5), 1 / 3.0 + 8 / 135.0, exact);
    p.config.errors = SPN_ERROR_DEFECTS; /* another class alone: straight */
    multiply(&p, NULL, p.y);
    ck_assert_double_eq_tol((double)p.y[0] / (150 * 15 * 15), 1 / 3.0, 1e-6);
}
END_TEST

START_TEST(curves_are_continuous)
{
    struct spn_device d = {.iv = {2, 2, {0.25, 0.5}, {1e-6, 4e-6}}};
    ck_assert_rel(spn_iv_current(&d, 0.125), 0.5e-6, 1e-12);
    ck_assert_rel(spn_iv_current(&d, 0.25), 1e-6, 1e-12);
    ck_assert_rel(spn_iv_current(&d, 0.6), 5.2e-6, 1e-12);
    ck_assert(spn_iv_is_bent(&d));
    d = (struct spn_device){.nonlinearity_per_V = 2};
    ck_assert_rel(spn_iv_current(&d, 0.5), sinh(1) / 2, 1e-12);
    d.nonlinearity_per_V = 0;
    ck_assert(!spn_iv_is_bent(&d) && spn_iv_current(&d, 0.3) == 0.3);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("converter errors");
    TCase *tests = tcase_create("converter errors");
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, codes_follow_the_definition);
    tcase_add_test(tests, bow_by_hand);
    tcase_add_test(tests, products_add_up_codes);
    tcase_add_test(tests, errors_act_without_quantization);
    tcase_add_test(tests, converters_are_frozen);
    tcase_add_test(tests, input_curves_by_hand);
    tcase_add_test(tests, curves_are_continuous);
    suite_add_tcase(suite, tests);
    return suite;
}
