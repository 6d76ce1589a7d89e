/* check_core_errors.c -- tests of what cells and reads do wrong: against closed forms and
 * distributions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "simulator/program.h"

#include "check.h"
#include "core_problem.h"
#include "simulator/kernel.h"

/* Outputs of one input vector over many reads: mean and standard deviation per column, within 5
 * standard errors. */
static void check_spread(struct problem *p, double mean, double sd)
{
    enum { N_READS = 4000 };
    struct spn_err err = {0};
    struct spn_core *core = NULL;
    struct spn_core_scratch *scratch = NULL;
    double sum[MAX_COLUMNS] = {0}, sum2[MAX_COLUMNS] = {0};
    int columns = p->config.n_columns;
    ck_assert_ok(
        spn_core_create(&core, &p->config, p->weights, p->config.scheme ? p->mask : NULL, &err));
    ck_assert_ok(spn_core_scratch_create(&scratch, core, 1, &err));
    for (int i = 0; i < N_READS; i++) {
        spn_core_multiply(core, p->x, 1, p->y, scratch, (uint64_t)i);
        for (int c = 0; c < columns; c++) {
            sum[c] += (double)p->y[c] - mean;
            sum2[c] += ((double)p->y[c] - mean) * ((double)p->y[c] - mean);
        }
    }
    for (int c = 0; c < columns; c++) {
        ck_assert_double_le(fabs(sum[c] / N_READS), 5 * sd / sqrt(N_READS) + 1e-9);
        ck_assert_double_le(fabs(sum2[c] / N_READS / (sd * sd) - 1),
                            5 * sqrt(2.0 / N_READS) + 0.01);
    }
    spn_core_scratch_destroy(scratch);
    spn_core_destroy(core);
}

/* 40 rows of input 5 = 101b and weight 0, ideal ADC: each slice adds 2^s sigma L sqrt(cells x rows
 * on), so sd = 0.02 x 7 x sqrt(2 x 40 x (1 + 16)) = 5.163 for a pair of 3-bit cells (weights of 4
 * bits). */
START_TEST(read_noise_has_its_variance)
{
    static struct problem p;
    p.chip = base_chip(SPN_ENCODING_DIFFERENTIAL, 4, 3);
    p.chip.device.read_noise_frac = 0.02;
    fill(&p, 40, 20, 1, 1);
    memset(p.weights, 0, sizeof p.weights);
    memset(p.x, 5, sizeof p.x);
    p.config.errors = SPN_ERROR_FLUCTUATION;
    check_spread(&p, 0, 5.163);
    p.chip.weight.encoding =
        SPN_ENCODING_OFFSET; /* 4 bits: digits of 3 and 1 bit, L = 7 and 1 (counted 8 times) */
    check_spread(&p, 0, 0.02 * sqrt(49 + 64) * sqrt(2.0 * 40 * 17)); /* column and reference */
    p.chip.weight.encoding = SPN_ENCODING_TWOS_COMPLEMENT;
    check_spread(&p, 0, 0.02 * sqrt(49 + 64) * sqrt(1.0 * 40 * 17));
    p.chip.weight.encoding = SPN_ENCODING_DIFFERENTIAL;
    p.chip.input.dac_bits = 4; /* one level of 5 for the low slice: sqrt(2 x 40 x 25) */
    check_spread(&p, 0, 0.02 * 7 * sqrt(2.0 * 40 * 25));
    /* Through an ADC with steps of one unit the sd of each conversion grows by 1/12, Sheppard's
     * correction: low slices read 40 ones: 0.02 x 7 x sqrt(80) = 1.252 units. Silent slices convert
     * 0 to 0. */
    p.chip.input.dac_bits = 1;
    p.config.errors = SPN_ERROR_FLUCTUATION | SPN_ERROR_QUANTIZATION;
    check_spread(&p, 0, sqrt(17 * (1.252 * 1.252 + 1.0 / 12)));
}
END_TEST

/* Index-free: only kept cells are heard. Half of 40 rows kept, pruned ones shut off: variance
 * halves. */
START_TEST(pruned_cells_are_silent)
{
    static struct problem p;
    p.chip = base_chip(SPN_ENCODING_DIFFERENTIAL, 4, 3);
    p.chip.write.verify = true;
    p.chip.device.read_noise_frac = 0.02;
    p.chip.device.mask = (struct spn_device_mask){
        .present = true, .on_conductance_S = 1e-4, .off_conductance_S = 1e-12};
    fill(&p, 40, 20, 1, 1);
    memset(p.weights, 0, sizeof p.weights);
    memset(p.x, 5, sizeof p.x);
    for (int i = 0; i < 40 * 20; i++)
        p.mask[i] = (uint8_t)(i / 20 % 2);
    p.config.scheme = SPN_SCHEME_INDEX_FREE;
    p.config.errors = SPN_ERROR_FLUCTUATION | SPN_ERROR_ON_OFF;
    check_spread(&p, 0, 5.163 / sqrt(2));
    p.chip.input.dac_bits = 4;
    check_spread(&p, 0, 0.02 * 7 * sqrt(2.0 * 20 * 25));
}
END_TEST

/* Columns of one array share their reference column, so their noise is correlated by one half; of
 * two arrays, not. */
START_TEST(reference_noise_is_shared)
{
    enum { N_READS = 4000 };
    static struct problem p;
    struct spn_err err = {0};
    struct spn_core *core = NULL;
    struct spn_core_scratch *scratch = NULL;
    double near = 0, far = 0, own = 0;
    p.chip = base_chip(SPN_ENCODING_OFFSET, 4, 4);
    p.chip.array.columns = 8;
    p.chip.device.read_noise_frac = 0.02;
    fill(&p, 40, 20, 1, 1);
    memset(p.weights, 0, sizeof p.weights);
    p.config.errors = SPN_ERROR_FLUCTUATION;
    ck_assert_ok(spn_core_create(&core, &p.config, p.weights, NULL, &err));
    ck_assert_ok(spn_core_scratch_create(&scratch, core, 1, &err));
    for (int i = 0; i < N_READS; i++) {
        spn_core_multiply(core, p.x, 1, p.y, scratch, (uint64_t)i);
        own += (double)p.y[0] * (double)p.y[0];
        near += (double)p.y[0] * (double)p.y[7];
        far += (double)p.y[0] * (double)p.y[8];
    }
    ck_assert_double_le(fabs(near / own - 0.5), 0.08);
    ck_assert_double_le(fabs(far / own), 0.08);
    spn_core_scratch_destroy(scratch);
    spn_core_destroy(core);
}
END_TEST

static struct spn_program *program(const struct problem *p)
{
    struct spn_err err = {0};
    struct spn_program *made = NULL;
    struct spn_program_request request = {.config = &p->config,
                                          .weights = p->weights,
                                          .mask = p->config.scheme ? p->mask : NULL,
                                          .kernel = spn_kernel_find(NULL),
                                          .sum_limit = 1,
                                          .fixed_point = true};
    ck_assert_ok(spn_program_create(&made, &request, &err));
    return made;
}

/* Level of a weight whose errors are normal: mean and sd over the matrix. Aimed at w = 8 of 15 in a
 * pair: the cell at 8 has g = 0.0667 + 8/15 and never meets 0; its partner at g0 = 0.0667 with sd
 * 0.01 neither (6.7 sd). */
START_TEST(programming_error_has_its_spread)
{
    static struct problem p;
    double sum = 0, sum2 = 0, n = 200 * 80;
    p.chip = base_chip(SPN_ENCODING_DIFFERENTIAL, 5, 4);
    p.chip.device.programming_sd_frac = 0.01;
    fill(&p, 200, 80, 1, 1);
    memset(p.weights, 8, sizeof p.weights);
    p.config.errors = SPN_ERROR_FLUCTUATION | SPN_ERROR_ON_OFF;
    struct spn_program *a = program(&p), *b = program(&p);
    for (int r = 0; r < 200; r++)
        for (int c = 0; c < 80; c++) {
            double level = spn_program_level(a, 0, r, c);
            ck_assert_double_eq(level, spn_program_level(b, 0, r, c)); /* the same chip */
            sum += level;
            sum2 += (level - 8) * (level - 8);
        }
    double sd = 0.01 * 15 * sqrt(2); /* two cells of 15 levels */
    ck_assert_double_le(fabs(sum / n - 8), 5 * sd / sqrt(n));
    ck_assert_double_le(fabs(sum2 / n / (sd * sd) - 1), 5 * sqrt(2 / n));
    double first = spn_program_level(a, 0, 0, 0), there = spn_program_level(a, 0, 130, 40);
    spn_program_destroy(b);
    p.config.seed++;
    b = program(&p);
    ck_assert_double_ne(first, spn_program_level(b, 0, 0, 0));
    spn_program_destroy(b);
    p.config.seed--;
    p.chip.array.rows = 128; /* the same cell has the same error whatever the arrays */
    b = program(&p);
    ck_assert_double_eq_tol(there, spn_program_level(b, 0, 130, 40), 1e-9);
    spn_program_destroy(a);
    spn_program_destroy(b);
}
END_TEST

/* Goff / (Gon - Goff) = 0.4/6 = 1/15: one level of 15. It cancels in pairs and against a reference;
 * in two's complement every cell leaks it: y = sum x (w + leak (sum of digit weights)). */
START_TEST(off_current_cancels_or_leaks)
{
    static struct problem p;
    for (int encoding = 0; encoding < 3; encoding++) {
        p.chip = base_chip(encoding, 5, 4);
        fill(&p, 100, 20, 3, 7);
        p.config.errors = SPN_ERROR_ON_OFF;
        multiply(&p, NULL, p.y);
        for (int v = 0; v < p.n; v++)
            for (int c = 0; c < p.config.n_columns; c++) {
                double inputs = 0, want = plain_sum(&p, v, c);
                for (int r = 0; r < 100; r++)
                    inputs += p.x[v * 100 + r];
                if (encoding == SPN_ENCODING_TWOS_COMPLEMENT) /* 4-bit digit: 1 level; sign digit:
                                                                 1/15 of 1, weight -16 */
                    want += inputs * (1 - 16.0 / 15);
                /* fixed point: half a code of 2^-14 of a window of 15 levels (and the sign digit's
                 * 16) a row */
                ck_assert_double_eq_tol((double)p.y[v * p.config.n_columns + c], want,
                                        1e-3 * inputs);
            }
    }
}
END_TEST

/* Series: a pruned cell at g0 = 1/15 behind off = 6 nS, 1/1000 of the window, shows
 * (1/15)(1/1000)/(1/15 + 1/1000). */
START_TEST(mask_stands_in_series)
{
    static struct problem p;
    struct spn_device_mask *mask = &p.chip.device.mask;
    p.chip = base_chip(SPN_ENCODING_TWOS_COMPLEMENT, 5, 4);
    *mask = (struct spn_device_mask){
        .present = true, .on_conductance_S = 6e-5, .off_conductance_S = 6e-9};
    fill(&p, 8, 2, 1, 7);
    memset(p.weights, 15, sizeof p.weights);
    for (int i = 0; i < 16; i++)
        p.mask[i] = i >= 2;
    p.config.scheme = SPN_SCHEME_INDEX_FREE;
    p.config.errors = SPN_ERROR_ON_OFF;
    struct spn_program *made = program(&p);
    /* without verify: kept cells are seen through 10 windows; the window shrinks to that of the
     * series */
    double on = 16.0 / 15 * 10 / (16.0 / 15 + 10), off = 1.0 / 15 * 10 / (1.0 / 15 + 10),
           leak = 1e-3 / 15 / (1.0 / 15 + 1e-3);
    ck_assert_double_eq_tol(spn_program_level(made, 0, 1, 0), 15 * on / (on - off), 1e-3);
    ck_assert_double_eq_tol(spn_program_level(made, 0, 0, 0), 15 * leak / (on - off), 1e-3);
    spn_program_destroy(made);
    p.chip.write.verify = true;
    made = program(&p);
    ck_assert_double_eq_tol(spn_program_level(made, 0, 1, 0), 16, 1e-3);
    ck_assert_double_eq_tol(spn_program_level(made, 0, 0, 0), 15 * leak, 1e-3);
    spn_program_destroy(made);
    mask->failure_frac =
        1; /* and a mask that cannot switch off leaves the cell's own off-current */
    p.config.errors |= SPN_ERROR_DEFECTS;
    made = program(&p);
    ck_assert_double_eq_tol(spn_program_level(made, 0, 0, 0), 1, 1e-3);
    spn_program_destroy(made);
    p.config.scheme = SPN_SCHEME_EXTERNAL_INDEX; /* plain cells: pruned weights are zeros */
    p.config.errors = SPN_ERROR_ON_OFF;
    made = program(&p);
    ck_assert_double_eq_tol(spn_program_level(made, 0, 0, 0), 1, 1e-3);
    ck_assert_double_eq_tol(spn_program_level(made, 0, 1, 0), 16, 1e-3);
    spn_program_destroy(made);
}
END_TEST

/* All stuck on: pairs cancel, two's complement reads every digit full. And the share of stuck cells
 * is as asked. */
START_TEST(defects_are_stuck)
{
    static struct problem p;
    p.chip = base_chip(SPN_ENCODING_DIFFERENTIAL, 5, 4);
    p.chip.device.stuck_on_frac = 1;
    fill(&p, 200, 80, 1, 7);
    p.config.errors = SPN_ERROR_DEFECTS;
    multiply(&p, NULL, p.y);
    ck_assert_double_eq((double)p.y[0], 0);
    p.chip.weight.encoding = SPN_ENCODING_TWOS_COMPLEMENT;
    p.chip.device.stuck_on_frac = 0.1;
    p.chip.device.stuck_off_frac = 0.05;
    memset(p.weights, 8, sizeof p.weights);
    struct spn_program *made = program(&p);
    double on = 0, off = 0, n = 200 * 80;
    for (int r = 0; r < 200; r++)
        for (int c = 0; c < 80; c++) {
            on += spn_program_level(made, 0, r, c) > 12;
            off += spn_program_level(made, 0, r, c) < 4;
        }
    ck_assert_double_le(fabs(on / n - 0.1), 5 * sqrt(0.1 * 0.9 / n));
    ck_assert_double_le(fabs(off / n - 0.05), 5 * sqrt(0.05 * 0.95 / n));
    spn_program_destroy(made);
}
END_TEST

/* sinh: one bit at a time nothing changes; with a 4-bit DAC input 5 of 15 answers 15
 * sinh(b/3)/sinh(b), b = 2 x 0.5. */
START_TEST(nonlinearity_bends_levels_only)
{
    static struct problem p;
    p.chip = base_chip(SPN_ENCODING_DIFFERENTIAL, 5, 4);
    p.chip.device.nonlinearity_per_V = 2;
    p.chip.device.read_voltage_V = 0.5;
    p.chip.input.bits = 4;
    fill(&p, 64, 8, 2, 7);
    p.config.errors = SPN_ERROR_QUANTIZATION | SPN_ERROR_NONLINEARITY;
    multiply(&p, NULL, p.y);
    assert_exact(&p, p.y);
    p.chip.input.dac_bits = 4;
    memset(p.x, 5, sizeof p.x);
    memset(p.weights, 15, sizeof p.weights);
    p.config.errors = SPN_ERROR_NONLINEARITY;
    multiply(&p, NULL, p.y);
    ck_assert_rel((double)p.y[0], 64 * 15 * 15 * sinh(1.0 / 3) / sinh(1),
                  0.5 / 60); /* inputs in 1/255 */
}
END_TEST

/* Two cells of r on one column, each behind one segment s of its row wire: with b = s of column
 * wire, R = r + s, (R + 2 b) I1 + b I2 = V1 and b I1 + (R + b) I2 = V2, so I1 + I2 = (R V1 + (R +
 * b) V2) / D, D = (R + 2 b)(R + b) - b^2. */
START_TEST(ir_drop_loses_voltage)
{
    static struct problem p;
    p.chip = base_chip(SPN_ENCODING_TWOS_COMPLEMENT, 5, 4);
    p.chip.array = (struct spn_chip_array){.rows = 2, .columns = 2};
    p.chip.device.cell_width_F = p.chip.device.cell_height_F = 10;
    p.chip.node.feature_size_m = 1e-7;
    p.chip.node.wire_ohm_per_m = 1e10; /* 10 kohm a segment */
    fill(&p, 2, 1, 1, 7);
    memset(p.weights, 15, sizeof p.weights);
    p.config.errors = SPN_ERROR_IR_DROP;
    struct spn_program *made = program(&p);
    double r = 1 / 6e-6, b = 1e4, R = r + b, D = (R + 2 * b) * (R + b) - b * b;
    ck_assert_rel(spn_program_level(made, 0, 0, 0), 15 * r * R / D, 1e-4);
    ck_assert_rel(spn_program_level(made, 0, 1, 0), 15 * r * (R + b) / D, 1e-4);
    spn_program_destroy(made);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("core errors");
    TCase *tests = tcase_create("core errors");
    tcase_add_test(tests, read_noise_has_its_variance);
    tcase_add_test(tests, pruned_cells_are_silent);
    tcase_add_test(tests, reference_noise_is_shared);
    tcase_add_test(tests, programming_error_has_its_spread);
    tcase_add_test(tests, off_current_cancels_or_leaks);
    tcase_add_test(tests, mask_stands_in_series);
    tcase_add_test(tests, defects_are_stuck);
    tcase_add_test(tests, nonlinearity_bends_levels_only);
    tcase_add_test(tests, ir_drop_loses_voltage);
    suite_add_tcase(suite, tests);
    return suite;
}
