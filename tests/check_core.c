/* check_core.c -- tests of the analog core: integer-exact against plain sums, errors against their
 * distributions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "simulator/core.h"

#include "check.h"
#include "core_problem.h"
#include "simulator/kernel.h"

/* Encodings x cell bits x DAC bits x shapes x rows read: the integer product, with a covering ADC
 * and with none. */
START_TEST(exact_where_the_adc_covers)
{
    static struct problem p;
    static const int shapes[][3] = {{1, 1, 1},    {5, 3, 2},     {64, 16, 3},
                                    {65, 17, 16}, {130, 33, 17}, {300, 80, 5}};
    static const int reads[] = {0, 7, 16, 64};
    static const int widths[][2] = {{8, 1}, {8, 2}, {8, 3}, {8, 8}, {5, 4}, {2, 1}, {7, 4}};
    int kernel = 0, n_kernels = 0, trial = 0;
    while (spn_kernels[n_kernels] != NULL)
        n_kernels++;
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++, trial++) {
            p.chip = base_chip(_i, widths[w][0], widths[w][1]);
            p.chip.array.rows_read = reads[trial % 4];
            p.chip.input.dac_bits = trial % 3 == 0 ? 1 : trial % 3 == 1 ? 2 : 3;
            fill(&p, shapes[s][0], shapes[s][1], shapes[s][2], (uint32_t)trial);
            while (!spn_kernels[kernel = (kernel + 1) % n_kernels]->supported())
                ;
            multiply(&p, spn_kernels[kernel]->name, p.y);
            if (p.chip.weight.cell_bits * p.chip.input.dac_bits <
                8) /* 64 x 2^7 fits 14 bits with sign */
                assert_exact(&p, p.y);
            p.config.errors = 0;
            multiply(&p, spn_kernels[kernel]->name, p.y);
            assert_exact(&p, p.y);
        }
}
END_TEST

/* The definition, written plainly: digits by hand for differential pairs, one ADC code per group,
 * digit and slice. */
static double plain_quantized(const struct problem *p, int v, int column)
{
    const struct spn_chip *chip = &p->chip;
    int n = p->config.n_rows, columns = p->config.n_columns, cell_bits = chip->weight.cell_bits;
    int at_once = chip->array.rows_read > 0 ? chip->array.rows_read : chip->array.rows;
    int used = at_once < n ? at_once : n; /* arrays of 64 rows and groups that divide them */
    double y = 0, high = ldexp(1, chip->adc.bits - 1) - 1, low = -high - 1;
    for (int shift = 0; shift < chip->weight.bits - 1; shift += cell_bits) {
        int left = chip->weight.bits - 1 - shift, bits = left < cell_bits ? left : cell_bits;
        int levels = (1 << bits) - 1, inputs = (1 << chip->input.dac_bits) - 1;
        double step = fmax(1, levels * inputs * used / high);
        for (int first = 0; first < n; first += at_once)
            for (int s = 0; s < chip->input.bits; s += chip->input.dac_bits) {
                int sum = 0;
                for (int r = first; r < first + at_once && r < n; r++) {
                    int w = p->weights[r * columns + column], digit = (abs(w) >> shift) & levels;
                    sum += (p->x[v * n + r] >> s & inputs) * (w < 0 ? -digit : digit);
                }
                double code = rintf((float)sum * (float)(1 / step));
                y += fmin(fmax(code, low), high) * step * ldexp(1, s + shift);
            }
    }
    return y;
}

START_TEST(coarse_adc_equals_the_definition)
{
    static struct problem p;
    const struct spn_kernel *kernel = spn_kernels[_i];
    if (!kernel->supported())
        return;
    for (int trial = 0; trial < 24; trial++) {
        p.chip = base_chip(SPN_ENCODING_DIFFERENTIAL, 8, trial % 2 ? 8 : 1 + trial % 5);
        p.chip.adc.bits = 3 + trial % 6;
        p.chip.array.rows_read = trial % 3 == 0 ? 16 : 0;
        p.chip.input.dac_bits = 1 + trial % 4 % 3;
        fill(&p, 1 + 29 * trial % MAX_ROWS, 1 + 7 * trial % MAX_COLUMNS, 1 + trial % 19,
             (uint32_t)trial);
        multiply(&p, kernel->name, p.y);
        for (int v = 0; v < p.n; v++)
            for (int c = 0; c < p.config.n_columns; c++) {
                double want = plain_quantized(&p, v, c); /* differs by the order of rounding */
                ck_assert_double_eq_tol((double)p.y[v * p.config.n_columns + c], want,
                                        1e-6 * fabs(want) + 1e-6);
            }
    }
}
END_TEST

/* Everything on: kernels agree to the bit, and one vector at a time gives what the batch gives. */
START_TEST(all_errors_same_bits)
{
    static struct problem p;
    static const int schemes[] = {SPN_SCHEME_DENSE, SPN_SCHEME_EXTERNAL_INDEX,
                                  SPN_SCHEME_INDEX_FREE};
    struct spn_err err = {0};
    for (int trial = 0; trial < 18; trial++) {
        int encoding = trial % 3 == 1 && trial / 3 % 3 != 2 ? SPN_ENCODING_OFFSET
                       : trial % 3 == 2                     ? SPN_ENCODING_TWOS_COMPLEMENT
                                                            : SPN_ENCODING_DIFFERENTIAL;
        p.chip = base_chip(encoding, 8, 1 + trial % 4);
        p.chip.adc.bits = 6;
        p.chip.input.dac_bits = trial % 4 == 3 ? 4 : 1;
        p.chip.adc.range = trial % 3;
        struct spn_device *d = &p.chip.device;
        d->programming_sd_frac = 0.05;
        d->read_noise_frac = 0.02;
        d->stuck_on_frac = d->stuck_off_frac = 0.02;
        d->nonlinearity_per_V = 2;
        d->read_voltage_V = 0.5;
        d->mask = (struct spn_device_mask){.present = true,
                                           .on_conductance_S = 1e-4,
                                           .off_conductance_S = 1e-9,
                                           .failure_frac = .01};
        d->cell_width_F = d->cell_height_F = 4;
        p.chip.node.feature_size_m = 32e-9;
        p.chip.node.wire_ohm_per_m = 1e7;
        fill(&p, 90, 37, 19, (uint32_t)trial);
        p.config.scheme = schemes[trial / 3 % 3];
        p.config.errors = trial % 2 ? 63 : 63 & ~(unsigned)SPN_ERROR_QUANTIZATION;
        multiply(&p, "portable", p.y);
        for (size_t k = 0; spn_kernels[k] != NULL; k++)
            if (spn_kernels[k]->supported()) {
                multiply(&p, spn_kernels[k]->name, p.y2);
                ck_assert_mem_eq(p.y, p.y2, (size_t)(p.n * p.config.n_columns) * sizeof *p.y);
            }
        struct spn_core *core = NULL;
        struct spn_core_scratch *scratch = NULL;
        ck_assert_ok(
            spn_core_create(&core, &p.config, p.weights, p.config.scheme ? p.mask : NULL, &err));
        ck_assert_ok(spn_core_calibrate(core, p.x, p.n, &err));
        ck_assert_ok(spn_core_scratch_create(&scratch, core, 1, &err));
        for (int v = 0; v < p.n; v++)
            spn_core_multiply(core, p.x + v * p.config.n_rows, 1, p.y2 + v * p.config.n_columns,
                              scratch, (uint64_t)v);
        ck_assert_mem_eq(p.y, p.y2, (size_t)(p.n * p.config.n_columns) * sizeof *p.y);
        spn_core_scratch_destroy(scratch);
        spn_core_destroy(core);
    }
}
END_TEST

/* Percentile 99 of sums of which 2 % are large clips them; 100 covers all. fixed is a share of
 * full. */
START_TEST(ranges_are_set_as_asked)
{
    static struct problem p;
    struct spn_err err = {0};
    struct spn_core *core = NULL;
    p.chip = base_chip(SPN_ENCODING_DIFFERENTIAL, 8, 8);
    p.chip.adc.bits = 5;
    fill(&p, 64, 1, 1, 7);
    ck_assert_ok(spn_core_create(&core, &p.config, p.weights, NULL, &err));
    ck_assert_rel(spn_core_info(core).adc_step, 64 * 127 / 15.0, 1e-12);
    spn_core_destroy(core);
    p.chip.adc.range = SPN_RANGE_FIXED;
    ck_assert_ok(spn_core_create(&core, &p.config, p.weights, NULL, &err));
    ck_assert_rel(spn_core_info(core).adc_step, 64 * 127 / 15.0 / 2, 1e-12);
    spn_core_destroy(core);
    p.chip.adc.range = SPN_RANGE_CALIBRATED;
    p.chip.input.bits = 1;
    memset(p.weights, 100, sizeof p.weights);
    memset(p.x, 0, sizeof p.x);
    ck_assert_ok(spn_core_create(&core, &p.config, p.weights, NULL, &err));
    for (int i = 0; i < 3;
         i++) { /* 97 sums of 300, 3 of 6400, one of which is above the 98th percentile */
        memset(p.x, 1, 64);
        ck_assert_ok(spn_core_calibrate(core, p.x, 1, &err));
    }
    ck_assert_rel(spn_core_info(core).adc_step, 6400 / 15.0, 1e-3);
    for (int i = 0; i < 297; i++) {
        memset(p.x, 0, 64);
        memset(p.x, 1, 3);
        ck_assert_ok(spn_core_calibrate(core, p.x, 1, &err));
    }
    ck_assert_rel(spn_core_info(core).adc_step, 300 / 15.0, 5e-3); /* bins of 1.5 of 12192 */
    spn_core_destroy(core);
}
END_TEST

START_TEST(info_counts_arrays)
{
    static struct problem p;
    struct spn_err err = {0};
    struct spn_core *core = NULL;
    p.chip = base_chip(SPN_ENCODING_DIFFERENTIAL, 5, 2);
    p.chip.array.rows_read = 16;
    fill(&p, 130, 40, 1, 7); /* 3 arrays down; 4 cells a weight, 16 weights across: 3 */
    ck_assert_ok(spn_core_create(&core, &p.config, p.weights, NULL, &err));
    struct spn_core_info info = spn_core_info(core);
    ck_assert_int_eq(info.n_arrays, 9);
    ck_assert_int_eq(info.n_digits, 2);
    ck_assert_int_eq(info.rows_per_read, 16);
    ck_assert_str_eq(spn_core_kernel(core), spn_kernel_find(NULL)->name);
    ck_assert_fails(spn_core_select_kernel(core, "abacus", &err), SPN_EUSAGE, "abacus");
    spn_core_destroy(core);
    spn_core_destroy(NULL);
    spn_core_scratch_destroy(NULL);
}
END_TEST

START_TEST(wrong_calls_are_refused)
{
    static struct problem p;
    struct spn_err err = {0};
    struct spn_core *core = NULL;
    p.chip = base_chip(SPN_ENCODING_DIFFERENTIAL, 5, 4);
    fill(&p, 10, 10, 1, 7);
    p.weights[57] = 16;
    ck_assert_fails(spn_core_create(&core, &p.config, p.weights, NULL, &err), SPN_EUSAGE,
                    "row 5, column 7");
    p.weights[57] = 0;
    p.config.scheme = SPN_SCHEME_INDEX_FREE;
    ck_assert_fails(spn_core_create(&core, &p.config, p.weights, p.mask, &err), SPN_EINFEASIBLE,
                    "mask transistor");
    p.chip.device.mask.present = true;
    p.chip.weight.encoding = SPN_ENCODING_OFFSET;
    ck_assert_fails(spn_core_create(&core, &p.config, p.weights, p.mask, &err), SPN_EINFEASIBLE,
                    "use differential");
    p.chip.device.off_conductance_S = 1;
    p.config.errors = SPN_ERROR_ON_OFF;
    ck_assert_fails(spn_core_create(&core, &p.config, p.weights, NULL, &err), SPN_EINFEASIBLE,
                    "on_conductance_S");
    p.chip.input.dac_bits = 9;
    ck_assert_fails(spn_core_create(&core, &p.config, p.weights, NULL, &err), SPN_EUSAGE,
                    "chip.input.dac_bits = 9");
    p.chip.input.dac_bits = 3;
    p.chip.input.bits = 2;
    ck_assert_fails(spn_core_create(&core, &p.config, p.weights, NULL, &err), SPN_EUSAGE,
                    "above chip.input.bits");
    p.chip.adc.bits = 0;
    ck_assert_fails(spn_core_create(&core, &p.config, p.weights, NULL, &err), SPN_EUSAGE,
                    "chip.adc.bits = 0");
    p.config.n_rows = 0;
    ck_assert_fails(spn_core_create(&core, &p.config, p.weights, NULL, &err), SPN_EUSAGE,
                    "rows of a core");
    ck_assert_ptr_null(core);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("core");
    TCase *tests = tcase_create("core");
    int n_kernels = 0;
    while (spn_kernels[n_kernels] != NULL)
        n_kernels++;
    tcase_add_loop_test(tests, exact_where_the_adc_covers, 0, 3);
    tcase_add_loop_test(tests, coarse_adc_equals_the_definition, 0, n_kernels);
    tcase_add_test(tests, all_errors_same_bits);
    tcase_add_test(tests, ranges_are_set_as_asked);
    tcase_add_test(tests, info_counts_arrays);
    tcase_add_test(tests, wrong_calls_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
