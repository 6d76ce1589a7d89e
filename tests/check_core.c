/* check_core.c -- tests of the analog core: integer-exact against plain sums, errors against their
 * distributions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "simulator/core.h"

#include "base/rng.h"
#include "check.h"
#include "simulator/kernel.h"
#include "simulator/program.h"

enum { MAX_ROWS = 300, MAX_COLUMNS = 80, MAX_VECTORS = 40 };

/* A chip with an ADC that covers every sum: 14 bits. */
static struct spn_chip base_chip(int encoding, int bits, int cell_bits)
{
    struct spn_chip chip = {
        .array = {64, 64, 0},
        .weight = {bits, cell_bits, encoding},
        .input = {8, 1},
        .adc = {.bits = 14, .range = SPN_RANGE_FULL, .range_frac = 0.5, .clip_percentile = 99}};
    memcpy(chip.device.name, "test", sizeof "test");
    chip.device.on_conductance_S = 6.4e-6;
    chip.device.off_conductance_S = 4e-7;
    return chip;
}

struct problem { /* one random product */
    struct spn_chip chip;
    struct spn_core_config config;
    int8_t weights[MAX_ROWS * MAX_COLUMNS];
    uint8_t mask[MAX_ROWS * MAX_COLUMNS];
    uint8_t x[MAX_VECTORS * MAX_ROWS];
    float y[MAX_VECTORS * MAX_COLUMNS], y2[MAX_VECTORS * MAX_COLUMNS];
    int n;
};

static void fill(struct problem *p, int n_rows, int n_columns, int n, uint32_t stream)
{
    struct spn_rng rng = spn_rng_init(42, stream, 0);
    int limit = (1 << (p->chip.weight.bits - 1)) - 1;
    p->config = (struct spn_core_config){.n_rows = n_rows,
                                         .n_columns = n_columns,
                                         .chip = &p->chip,
                                         .errors = SPN_ERROR_QUANTIZATION,
                                         .seed = 20250108,
                                         .layer = 3};
    p->n = n;
    for (int i = 0; i < n_rows * n_columns; i++) {
        p->weights[i] = (int8_t)((int)spn_rng_below(&rng, (uint32_t)(2 * limit + 1)) - limit);
        p->mask[i] = spn_rng_below(&rng, 4) == 0;
    }
    for (int i = 0; i < n * n_rows; i++)
        p->x[i] = (uint8_t)spn_rng_below(&rng, 1u << p->chip.input.bits);
}

static void multiply(const struct problem *p, const char *kernel, float *y)
{
    struct spn_err err = {0};
    struct spn_core *core = NULL;
    struct spn_core_scratch *scratch = NULL;
    ck_assert_ok(spn_core_create(&core, &p->config, p->weights,
                                 p->config.scheme != SPN_SCHEME_DENSE ? p->mask : NULL, &err));
    if (kernel != NULL)
        ck_assert_ok(spn_core_select_kernel(core, kernel, &err));
    ck_assert_ok(spn_core_calibrate(core, p->x, p->n, &err));
    ck_assert_ok(spn_core_scratch_create(&scratch, core, p->n, &err));
    spn_core_multiply(core, p->x, p->n, y, scratch, 0);
    spn_core_scratch_destroy(scratch);
    spn_core_destroy(core);
}

static double plain_sum(const struct problem *p, int v, int column)
{
    double sum = 0;
    for (int r = 0; r < p->config.n_rows; r++)
        sum += p->x[v * p->config.n_rows + r] * p->weights[r * p->config.n_columns + column];
    return sum;
}

static void assert_exact(const struct problem *p, const float *y)
{
    for (int v = 0; v < p->n; v++)
        for (int c = 0; c < p->config.n_columns; c++)
            ck_assert_double_eq((double)y[v * p->config.n_columns + c], plain_sum(p, v, c));
}

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

/* Two cells on one wire: R = 2 rows, 1 column, all at the same g. Segments: the column wire below
 * row 1 carries 1 cell, below row 2 both: drops 1 + 2 and 2 units; the row wire 1 unit. u = g r. */
START_TEST(ir_drop_loses_voltage)
{
    static struct problem p;
    p.chip = base_chip(SPN_ENCODING_TWOS_COMPLEMENT, 5, 4);
    p.chip.array = (struct spn_chip_array){2, 2, 0};
    p.chip.device.cell_width_F = p.chip.device.cell_height_F = 10;
    p.chip.node.feature_size_m = 1e-7;
    p.chip.node.wire_ohm_per_m = 1e10; /* 10 kohm a segment */
    fill(&p, 2, 1, 1, 7);
    memset(p.weights, 15, sizeof p.weights);
    p.config.errors = SPN_ERROR_IR_DROP;
    struct spn_program *made = program(&p);
    double u = 6e-6 / 2 * 1e4; /* mean of the full digit and the empty sign digit */
    ck_assert_rel(spn_program_level(made, 0, 0, 0), 15 / (1 + u * (3 + 2)),
                  1e-3); /* row wire: 2 cells a row */
    ck_assert_rel(spn_program_level(made, 0, 1, 0), 15 / (1 + u * (2 + 2)), 1e-3);
    spn_program_destroy(made);
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
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, exact_where_the_adc_covers, 0, 3);
    tcase_add_loop_test(tests, coarse_adc_equals_the_definition, 0, n_kernels);
    tcase_add_test(tests, all_errors_same_bits);
    tcase_add_test(tests, read_noise_has_its_variance);
    tcase_add_test(tests, pruned_cells_are_silent);
    tcase_add_test(tests, reference_noise_is_shared);
    tcase_add_test(tests, programming_error_has_its_spread);
    tcase_add_test(tests, off_current_cancels_or_leaks);
    tcase_add_test(tests, mask_stands_in_series);
    tcase_add_test(tests, defects_are_stuck);
    tcase_add_test(tests, nonlinearity_bends_levels_only);
    tcase_add_test(tests, ir_drop_loses_voltage);
    tcase_add_test(tests, ranges_are_set_as_asked);
    tcase_add_test(tests, info_counts_arrays);
    tcase_add_test(tests, wrong_calls_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
