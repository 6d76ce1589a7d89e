/* check_index.c -- sizes of sparsity indices against brute force on random masks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "base/rng.h"
#include "estimator/index_format.h"

static const struct spn_index_format *format(const char *name)
{
    struct spn_err err;
    const struct spn_index_format *f = NULL;

    ck_assert_ok(spn_index_format_find(&f, name, &err));
    return f;
}

/* 64 x 64 at 75 %: 1024 kept. bitmap 4096; csr 1024 x 6 + 65 x 13 = 6989 bits; rle between 4 x 1024
 * and a little more. */
START_TEST(sizes_worked_by_hand)
{
    struct spn_index_block block = {64, 64, 0.75}, odd = {5, 5, 0.5};

    ck_assert_rel(format("bitmap")->expected_bits(&block), 4096.0, 0);
    ck_assert_rel(format("bitmap")->expected_bits(&odd), 32.0, 0);
    ck_assert_int_eq(format("csr")->entry_bits(&block), 6);
    ck_assert_rel(format("csr")->expected_bits(&block), 6989.0, 1e-15);
    /* Overflows: a run of 15 zeros has probability 0.75^15 = 0.01336; about 1024 q/(1 - q) = 13.87,
     * less at the end. */
    double rle = format("rle")->expected_bits(&block);
    ck_assert(rle > 4 * (1024 + 13.5) && rle < 4 * (1024 + 13.9));
}
END_TEST

START_TEST(limits_of_the_run_length)
{
    struct spn_index_block all = {8, 8, 0.0}, none = {8, 8, 1.0};
    uint8_t mask[64] = {0};

    ck_assert_rel(format("rle")->expected_bits(&all), 256.0, 1e-15);
    /* 64 zeros: four runs of 15, four left over. */
    ck_assert_rel(format("rle")->expected_bits(&none), 16.0, 1e-15);
    ck_assert_int_eq((int)format("rle")->count(&none, mask), 16);
    memset(mask, 1, sizeof mask);
    ck_assert_int_eq((int)format("rle")->count(&all, mask), 256);
}
END_TEST

/* The mean of the exact size over random masks is the closed form, within 5 standard errors. */
START_TEST(closed_forms_match_random_masks)
{
    static const double sparsities[] = {0.0, 0.3, 0.523, 0.75, 0.885, 0.97, 1.0};
    static uint8_t mask[40 * 24];
    double s = sparsities[_i % 7];
    struct spn_index_block block = {40, 24, s};
    struct spn_rng rng = spn_rng_init(20250108, 1, (uint32_t)_i);
    enum { N = 4000 };

    for (const struct spn_index_format *f = spn_index_formats; f->name; f++) {
        double sum = 0, sum2 = 0;
        for (int n = 0; n < N; n++) {
            for (size_t i = 0; i < sizeof mask; i++)
                mask[i] = spn_rng_uniform(&rng) >= s;
            double bits = (double)f->count(&block, mask);
            sum += bits;
            sum2 += bits * bits;
        }
        double mean = sum / N, error = sqrt(fmax(sum2 / N - mean * mean, 0) / N);
        double want = f->expected_bits(&block);
        ck_assert_msg(fabs(mean - want) <= 5 * error + 1e-9 * want,
                      "%s at %g: %g +- %g, closed form %g", f->name, s, mean, error, want);
    }
}
END_TEST

START_TEST(unknown_format_names_the_nearest)
{
    struct spn_err err;
    const struct spn_index_format *f = NULL;

    ck_assert_fails(spn_index_format_find(&f, "bitmpa", &err), SPN_EINPUT,
                    "did you mean \"bitmap\"");
    ck_assert_fails(spn_index_format_find(&f, "huffman", &err), SPN_EINPUT,
                    "chip.sparsity.index_format");
    ck_assert_ptr_null(f);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("index");
    TCase *tc = tcase_create("index");

    tcase_add_test(tc, sizes_worked_by_hand);
    tcase_add_test(tc, limits_of_the_run_length);
    tcase_add_loop_test(tc, closed_forms_match_random_masks, 0, 7);
    tcase_add_test(tc, unknown_format_names_the_nearest);
    suite_add_tcase(suite, tc);
    return suite;
}
