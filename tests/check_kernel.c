/* check_kernel.c -- tests of the analog core's inner loops: every kernel against plain C, to the
 * bit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "simulator/kernel.h"

#include <stdalign.h>

#include "base/rng.h"
#include "check.h"

enum { MAX_QUADS = 80, STRIDE = 4 * MAX_QUADS + 64, TILE = SPN_KERNEL_READS * SPN_KERNEL_COLUMNS };

static struct spn_rng random_stream(uint32_t stream)
{
    return spn_rng_init(20250108, stream, 0);
}

static void assert_sums(const struct spn_kernel_dot *d, const int8_t *cells, const int32_t *sums)
{
    for (int r = 0; r < d->n_reads; r++)
        for (int c = 0; c < SPN_KERNEL_COLUMNS; c++) {
            int want = 0;
            for (int i = 0; i < 4 * d->n_quads; i++)
                want += d->x[(size_t)r * d->x_stride + (size_t)i] *
                        cells[i / 4 * SPN_KERNEL_QUAD_BYTES + 4 * c + i % 4];
            ck_assert_int_eq(sums[r * SPN_KERNEL_COLUMNS + c], want);
        }
}

/* Sums against a double loop, for inputs of one bit to eight and ragged sizes. */
START_TEST(dot_equals_plain_sum)
{
    static alignas(64) uint8_t x[SPN_KERNEL_READS * STRIDE];
    static alignas(64) int8_t cells[MAX_QUADS * SPN_KERNEL_QUAD_BYTES];
    static alignas(64) int8_t low_cells[sizeof cells];
    static alignas(64) int32_t sums[TILE], low[TILE];
    static const int x_max[] = {1, 3, 15, 127, 128, 255}, quads[] = {1, 2, 7, 16, 33, 64, 80};
    const struct spn_kernel *kernel = spn_kernels[_i];
    struct spn_rng rng = random_stream(1);
    if (!kernel->supported())
        return;
    for (size_t m = 0; m < sizeof x_max / sizeof *x_max; m++)
        for (size_t n = 0; n < sizeof quads / sizeof *quads; n++) {
            int n_reads = 1 + (int)spn_rng_below(&rng, SPN_KERNEL_READS);
            bool extreme = n % 2 == 0; /* all at the end of their range: nothing may saturate */
            for (size_t i = 0; i < sizeof x; i++)
                x[i] = (uint8_t)(extreme ? (uint32_t)x_max[m]
                                         : spn_rng_below(&rng, (uint32_t)x_max[m] + 1));
            for (size_t i = 0; i < sizeof cells; i++)
                cells[i] = (int8_t)(extreme ? (i & 4) != 0 ? -128 : 127
                                            : (int)spn_rng_below(&rng, 256) - 128);
            for (size_t i = 0; i < sizeof cells; i++)
                low_cells[i] = (int8_t)~cells[sizeof cells - 1 - i];
            struct spn_kernel_dot d = {.x = x,
                                       .x_stride = STRIDE,
                                       .cells = cells,
                                       .low_cells = n % 3 == 0 ? low_cells : NULL,
                                       .n_reads = n_reads,
                                       .n_quads = quads[n],
                                       .x_max = x_max[m],
                                       .sums = sums,
                                       .low = low};
            if (kernel->begin)
                kernel->begin();
            kernel->dot(&d);
            if (kernel->end)
                kernel->end();
            assert_sums(&d, cells, sums);
            if (d.low_cells != NULL)
                assert_sums(&d, low_cells, low);
        }
}
END_TEST

/* 0b10110101 in slices of 1, 3, 4 and 8 bits, in every position of 100 bytes; what lies behind
 * them counts for nothing. */
START_TEST(slices_take_the_bits)
{
    enum { N = 100, PADDED = 128 };
    const struct spn_kernel *kernel = spn_kernels[_i];
    static uint8_t x[PADDED], out[8 * PADDED];
    static const int bits[] = {1, 3, 4, 8};
    struct spn_rng rng = random_stream(5);
    if (!kernel->supported())
        return;
    for (int i = 0; i < PADDED; i++)
        x[i] = (uint8_t)spn_rng_below(&rng, 256);
    x[0] = 0xb5;
    for (size_t b = 0; b < sizeof bits / sizeof *bits; b++) {
        uint32_t n_odd[8];
        struct spn_kernel_slice s = {x, N, (7 + bits[b]) / bits[b], bits[b], out, PADDED, n_odd};
        kernel->slice(&s);
        for (int k = 0; k < s.n_slices; k++) {
            uint32_t odd = 0;
            for (int i = 0; i < PADDED; i++) {
                int want = i < N ? x[i] >> (k * bits[b]) & ((1 << bits[b]) - 1) : 0;
                ck_assert_int_eq(out[k * PADDED + i], want);
                odd += (uint32_t)(want & 1);
            }
            ck_assert_uint_eq(n_odd[k], odd);
        }
        if (bits[b] == 3) /* by hand: 101, 110, 10 */
            ck_assert(out[0] == 5 && out[PADDED] == 6 && out[2 * PADDED] == 2);
    }
}
END_TEST

/* Totals add scaled codes exactly, and only the columns asked for are written. */
START_TEST(finish_adds_and_writes)
{
    static alignas(64) int32_t codes[TILE];
    static alignas(64) double total[TILE];
    float y[3 * 20];
    const struct spn_kernel *kernel = spn_kernels[_i];
    if (!kernel->supported())
        return;
    for (int n_columns = 5; n_columns <= 16; n_columns += 11) {
        for (int i = 0; i < 3 * 20; i++)
            y[i] = -1;
        for (int i = 0; i < TILE; i++)
            codes[i] = i;
        struct spn_kernel_finish f = {codes, total, 0.5, true, false, 3, n_columns, y, 20};
        kernel->finish(&f);
        f.first = false;
        f.last = true;
        f.scale = -2;
        kernel->finish(&f);
        for (int v = 0; v < 3; v++)
            for (int c = 0; c < 20; c++)
                ck_assert_float_eq(y[v * 20 + c], c < n_columns
                                                      ? -1.5f * (float)(v * SPN_KERNEL_COLUMNS + c)
                                                      : -1);
    }
}
END_TEST

/* Hand-worked: 5/2 = 2.5 rounds to 2, 7/2 = 3.5 to 4, 100/2 clips at 7, -100/2 at -8; slice 1
 * counts double. */
START_TEST(convert_rounds_half_to_even_and_clips)
{
    static alignas(64) int32_t sums[TILE], codes[TILE];
    const struct spn_kernel *kernel = spn_kernels[_i];
    if (!kernel->supported())
        return;
    const int sum[2][4] = {{5, 7, 100, -100}, {-5, 0, 2, 3}};
    const int want[4] = {2 - 2 * 2, 4, 7 + 2 * 1, -8 + 2 * 2};
    memset(codes, 0, sizeof codes);
    memset(sums, 0, sizeof sums);
    for (int s = 0; s < 2; s++)
        for (int c = 0; c < 4; c++)
            sums[s * SPN_KERNEL_COLUMNS + c] = sum[s][c];
    struct spn_kernel_convert c = {.sums = sums,
                                   .n_vectors = 1,
                                   .n_slices = 2,
                                   .slice_bits = 1,
                                   .inverse_step = 0.5f,
                                   .low_code = -8,
                                   .high_code = 7,
                                   .codes = codes};
    kernel->convert(&c);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(codes[i], want[i]);
    c.ideal = true;
    memset(codes, 0, sizeof codes);
    kernel->convert(&c);
    ck_assert_int_eq(codes[3], -100 + 2 * 3);
}
END_TEST

/* All kernels convert random sums, with every kind of noise, to the bits of the portable one. */
START_TEST(convert_is_the_same_everywhere)
{
    static alignas(64) int32_t sums[TILE], low[TILE], variance[TILE], codes[2][TILE];
    static alignas(64) float normals[TILE];
    static float deviation[SPN_KERNEL_READS], shared[SPN_KERNEL_READS];
    const struct spn_kernel *kernel = spn_kernels[_i], *portable = spn_kernel_find("portable");
    struct spn_rng rng = random_stream(2);
    if (!kernel->supported())
        return;
    for (int trial = 0; trial < 400; trial++) {
        spn_rng_normals(&rng, normals, TILE);
        for (int i = 0; i < TILE; i++) {
            sums[i] = (int)spn_rng_below(&rng, 200001) - 100000;
            low[i] = (int)spn_rng_below(&rng, 20001) - 10000;
            variance[i] = (int)spn_rng_below(&rng, 32512);
        }
        for (int i = 0; i < SPN_KERNEL_READS; i++)
            deviation[i] = (float)spn_rng_uniform(&rng) * 10,
            shared[i] = (float)spn_rng_normal(&rng);
        int n_slices = 1 + trial % 8;
        bool noisy = trial % 3 != 0, ideal = trial % 5 == 0;
        struct spn_kernel_convert c = {.sums = sums,
                                       .low = trial % 2 ? low : NULL,
                                       .normals = noisy ? normals : NULL,
                                       .normal_stride = (size_t)(n_slices * SPN_KERNEL_COLUMNS),
                                       .shared = trial % 7 == 0 ? shared : NULL,
                                       .deviation = deviation,
                                       .deviation_stride = (size_t)n_slices,
                                       .variance = trial % 3 == 2 ? variance : NULL,
                                       .noise_scale =
                                           (float)spn_rng_uniform(&rng) * (ideal ? 1000 : 3),
                                       .n_vectors = SPN_KERNEL_READS / n_slices,
                                       .n_slices = n_slices,
                                       .slice_bits = 1 + trial % 2,
                                       .ideal = ideal,
                                       .inverse_step = (float)spn_rng_uniform(&rng) * 0.01f,
                                       .low_code = -512,
                                       .high_code = 511};
        for (int k = 0; k < 2; k++) {
            memset(codes[k], 0, sizeof codes[k]);
            c.codes = codes[k];
            (k ? kernel : portable)->convert(&c);
        }
        ck_assert_mem_eq(codes[0], codes[1], sizeof codes[0]);
    }
}
END_TEST

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

/* xoshiro128++ as published [blackman2021]. */
static uint32_t next_word(uint32_t s[4])
{
    uint32_t word = rotate(s[0] + s[3], 7) + s[0], t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11);
    return word;
}

/* Within 1e-6 of Phi^-1 of the words, by Phi(z) = erfc(-z / sqrt 2) / 2 and one Newton step; the
 * words are those of xoshiro128++ started from Philox; the same bits on every kernel. */
START_TEST(normals_invert_the_distribution)
{
    enum { N_STREAMS = 3, N_ROWS = 500 };
    static alignas(64) float out[N_STREAMS * N_ROWS * SPN_KERNEL_COLUMNS],
        want[sizeof out / sizeof *out];
    static struct spn_kernel_stream streams[N_STREAMS];
    uint32_t lane[SPN_KERNEL_COLUMNS], known[4] = {1, 2, 3, 4};
    const struct spn_kernel *kernel = spn_kernels[_i];
    if (!kernel->supported())
        return;
    ck_assert_uint_eq(next_word(known), 641); /* published first words for the state 1, 2, 3, 4 */
    ck_assert_uint_eq(next_word(known), 1573767);
    for (uint32_t c = 0; c < SPN_KERNEL_COLUMNS; c++)
        lane[c] = 3 * c;
    uint64_t first = (uint64_t)7 << 32 | 0xffffffff;
    struct spn_kernel_seed seed = {{7, 9}, 4, first, lane, N_STREAMS};
    kernel->seed(&seed, streams);
    kernel->normals(streams, N_STREAMS, N_ROWS, false, out);
    double worst = 0;
    for (uint32_t k = 0; k < N_STREAMS; k++)
        for (uint32_t c = 0; c < SPN_KERNEL_COLUMNS; c++) {
            uint64_t number = first + k;
            uint32_t counter[4] = {lane[c], (uint32_t)number, (uint32_t)(number >> 32), 4}, s[4];
            spn_rng_philox(counter, seed.key, s);
            for (uint32_t r = 0; r < N_ROWS; r++) {
                uint32_t word = next_word(s);
                double z = (double)out[(k * N_ROWS + r) * SPN_KERNEL_COLUMNS + c], size = fabs(z);
                double p = ((word & 0x7fffffff) + 0.5) * 0x1p-32; /* beyond size */
                double density = exp(-z * z / 2) / sqrt(2 * 3.14159265358979323846);
                worst = fmax(worst, fabs(0.5 * erfc(size / sqrt(2)) - p) / density);
                ck_assert(signbit(z) == (word >> 31 != 0) || size < 1e-6);
            }
        }
    ck_assert_double_lt(worst, 1e-6);
    spn_kernel_find("portable")->seed(&seed, streams);
    spn_kernel_find("portable")->normals(streams, N_STREAMS, N_ROWS, false, want);
    ck_assert_mem_eq(out, want, sizeof out);
    kernel->seed(&seed, streams);
    kernel->normals(streams, N_STREAMS, N_ROWS, true, out);
    for (size_t i = 0; i < sizeof out / sizeof *out; i++)
        ck_assert_float_eq(out[i], 2 * want[i]);
}
END_TEST

/* Mean, variance and fourth moment over 2^20 numbers, within 5 standard errors: 1/sqrt(n),
 * sqrt(2/n), sqrt(96/n); and the share beyond 3 sd, 0.0026998 within 5 sqrt(p/n). */
START_TEST(normals_have_the_moments)
{
    enum { N_STREAMS = 64, N_ROWS = 64, N_CALLS = 16 };
    static alignas(64) float out[N_STREAMS * N_ROWS * SPN_KERNEL_COLUMNS];
    static struct spn_kernel_stream streams[N_STREAMS];
    uint32_t lane[SPN_KERNEL_COLUMNS];
    double n = 0, sum = 0, sum2 = 0, sum4 = 0, far = 0;
    for (uint32_t c = 0; c < SPN_KERNEL_COLUMNS; c++)
        lane[c] = c;
    for (uint64_t call = 0; call < N_CALLS; call++) {
        struct spn_kernel_seed seed = {{1, 2}, 0, call * N_STREAMS, lane, N_STREAMS};
        spn_kernel_find(NULL)->seed(&seed, streams);
        spn_kernel_find(NULL)->normals(streams, N_STREAMS, N_ROWS, false, out);
        for (size_t i = 0; i < sizeof out / sizeof *out; i++, n++) {
            double z = (double)out[i];
            sum += z;
            sum2 += z * z;
            sum4 += z * z * z * z;
            far += fabs(z) > 3;
        }
    }
    ck_assert_double_lt(fabs(sum / n), 5 / sqrt(n));
    ck_assert_double_lt(fabs(sum2 / n - 1), 5 * sqrt(2 / n));
    ck_assert_double_lt(fabs(sum4 / n - 3), 5 * sqrt(96 / n));
    ck_assert_double_lt(fabs(far / n - 0.0026998), 5 * sqrt(0.0026998 / n));
}
END_TEST

START_TEST(kernels_are_found_by_name)
{
    ck_assert_ptr_nonnull(spn_kernel_find(NULL));
    ck_assert_ptr_nonnull(spn_kernel_find("portable"));
    ck_assert_ptr_null(spn_kernel_find("abacus"));
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("kernel");
    TCase *tests = tcase_create("kernel");
    int n = 0;
    while (spn_kernels[n] != NULL)
        n++;
    tcase_add_loop_test(tests, dot_equals_plain_sum, 0, n);
    tcase_add_loop_test(tests, slices_take_the_bits, 0, n);
    tcase_add_loop_test(tests, finish_adds_and_writes, 0, n);
    tcase_add_loop_test(tests, convert_rounds_half_to_even_and_clips, 0, n);
    tcase_add_loop_test(tests, convert_is_the_same_everywhere, 0, n);
    tcase_add_loop_test(tests, normals_invert_the_distribution, 0, n);
    tcase_add_test(tests, normals_have_the_moments);
    tcase_add_test(tests, kernels_are_found_by_name);
    suite_add_tcase(suite, tests);
    return suite;
}
