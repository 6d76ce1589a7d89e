/* check_base.c -- errors, text, units, random streams, threads.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/check.h"

#include "base/parallel.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/units.h"

START_TEST(messages_are_one_line)
{
    struct spn_err err;
    ck_assert_int_eq(spn_err_set(&err, SPN_EINPUT, "a\nb\x1b%d", 3), SPN_EINPUT);
    ck_assert_str_eq(err.msg, "a?b?3");
    spn_err_prefix(&err, "file %s: ", "x");
    ck_assert_str_eq(err.msg, "file x: a?b?3");
    spn_err_set(&err, SPN_EINPUT, "%s again", err.msg); /* its own message as argument */
    ck_assert_str_eq(err.msg, "file x: a?b?3 again");
    ck_assert_int_eq(spn_err_set(NULL, SPN_EUSAGE, "x"), SPN_EUSAGE);
}
END_TEST

/* A long path loses its middle, not the file's name nor what is said about it; a long line without
 * one its end, by whole characters. */
START_TEST(long_paths_keep_their_end)
{
    struct spn_err err;
    static const char want[] = "/chip.json: why";
    char path[SPN_MAX_PATH];
    memset(path, 'f', sizeof path);
    memcpy(path, "folder/deeper/", 14);
    for (size_t i = 64; i < sizeof path; i += 50)
        path[i] = '/';
    memcpy(path + sizeof path - 12, "/chip.json", 11);
    spn_err_set(&err, SPN_EINPUT, "%s: adc.bits: %d is outside [1, 14]", path, 99);
    ck_assert_int_eq(strncmp(err.msg, "folder/deeper/ff...", 19), 0);
    ck_assert_uint_lt(strlen(err.msg), sizeof err.msg);
    ck_assert_ptr_nonnull(strstr(err.msg, "/chip.json: adc.bits: 99 is outside [1, 14]"));
    spn_err_set(&err, SPN_EINPUT, "why");
    spn_err_prefix(&err, "%s and %s: ", path, path + 1);
    ck_assert_ptr_nonnull(strstr(err.msg, "/chip.json and older/deeper/f"));
    ck_assert_str_eq(err.msg + strlen(err.msg) - strlen(want), want);
    for (size_t i = 0; i < sizeof path - 1; i++)
        path[i] = i % 2 ? '\xa4' : '\xc3'; /* "ä" */
    path[sizeof path - 1] = '\0';
    spn_err_set(&err, SPN_EINPUT, "x%s", path);
    ck_assert_uint_eq(strlen(err.msg), sizeof err.msg - 1);
    spn_err_set(&err, SPN_EINPUT, "%s", path);
    ck_assert_uint_eq(strlen(err.msg), sizeof err.msg - 2);
    path[2] = path[3] = '/';
    spn_err_set(&err, SPN_EINPUT, "%s", path);
    for (size_t i = 0; err.msg[i]; i++) /* no half of a character: no lone second byte */
        ck_assert((err.msg[i] & 0xc0) != 0x80 || (i > 0 && err.msg[i - 1] == '\xc3'));
}
END_TEST

/* Known-answer vectors of Philox4x32-10 published with Random123 (kat_vectors). */
START_TEST(philox_matches_published_vectors)
{
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } vector[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof vector / sizeof *vector; i++) {
        uint32_t out[4];
        spn_rng_philox(vector[i].counter, vector[i].key, out);
        ck_assert_mem_eq(out, vector[i].want, sizeof out);
    }
}
END_TEST

START_TEST(streams_are_reproducible_and_distinct)
{
    struct spn_rng a = spn_rng_init(7, 1, 2), b = spn_rng_init(7, 1, 2), c = spn_rng_init(7, 1, 3);
    for (int i = 0; i < 9; i++) {
        uint32_t word = spn_rng_u32(&a);
        ck_assert_uint_eq(word, spn_rng_u32(&b));
        ck_assert_uint_ne(word, spn_rng_u32(&c));
    }
    spn_rng_at(&a, 2); /* third block: words 8 .. 11 */
    uint32_t again = spn_rng_u32(&a);
    spn_rng_at(&b, 0);
    for (int i = 0; i < 8; i++)
        spn_rng_u32(&b);
    ck_assert_uint_eq(again, spn_rng_u32(&b));
}
END_TEST

/* Moments of 1e6 draws: the mean of a standard normal has sd 1e-3, its variance sd sqrt(2)e-3; five
 * sigma each. */
START_TEST(normals_have_the_right_moments)
{
    enum { N = 1000000 };
    float *x = malloc(N * sizeof *x);
    ck_assert_ptr_nonnull(x);
    struct spn_rng rng = spn_rng_init(42, 0, 0);
    spn_rng_normals(&rng, x, N);
    double mean = 0, square = 0, fourth = 0;
    for (int i = 0; i < N; i++) {
        double v = x[i];
        mean += v / N;
        square += v * v / N;
        fourth += v * v * v * v / N;
    }
    free(x);
    ck_assert_double_lt(fabs(mean), 5e-3);
    ck_assert_double_lt(fabs(square - 1), 5 * 1.42e-3);
    ck_assert_double_lt(fabs(fourth - 3), 5 * 9.8e-3); /* sd of the fourth moment: sqrt(96/N) */
}
END_TEST

START_TEST(below_is_uniform)
{
    struct spn_rng rng = spn_rng_init(3, 0, 0);
    int count[6] = {0};
    for (int i = 0; i < 60000; i++)
        count[spn_rng_below(&rng, 6)]++;
    for (int k = 0; k < 6; k++) /* sd of a count: sqrt(60000 * 5/36) = 91 */
        ck_assert_int_lt(abs(count[k] - 10000), 5 * 91);
    ck_assert_uint_eq(spn_rng_below(&rng, 1), 0);
}
END_TEST

static const char *word_at(const void *ctx, size_t i)
{
    return ((const char *const *)ctx)[i];
}

START_TEST(nearest_word)
{
    const char *const words[] = {"rows", "columns", "bits", NULL};
    ck_assert_str_eq(spn_text_nearest("colums", word_at, words), "columns");
    ck_assert_str_eq(spn_text_nearest("Bits", word_at, words), "bits");
    ck_assert_ptr_null(spn_text_nearest("voltage", word_at, words));
}
END_TEST

START_TEST(numbers_are_whole_strings)
{
    double d = 7;
    int64_t i = 7;
    ck_assert(spn_text_to_double("2.385e-3", &d) && d == 2.385e-3);
    ck_assert(spn_text_to_int64("-12", &i) && i == -12);
    const char *const bad[] = {"", " 1", "1 ", "1x", "nan", "inf", "0x10", "1e999", "1,5"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        ck_assert_msg(!spn_text_to_double(bad[k], &d), "%s", bad[k]);
        ck_assert_msg(!spn_text_to_int64(bad[k], &i), "%s", bad[k]);
    }
    ck_assert(!spn_text_to_int64("99999999999999999999", &i));
    ck_assert(d == 2.385e-3 && i == -12);
}
END_TEST

START_TEST(units_choose_a_prefix)
{
    static const struct {
        double value;
        const char *unit, *want;
        int digits;
    } row[] = {{3.214e-6, "J", "3.21 uJ", 3},
               {0.5, "s", "500 ms", 3},
               {1234, "Hz", "1.23 kHz", 3},
               {0, "W", "0 W", 3},
               {2.5e-6, "m2", "2.50 mm2", 3},
               {7e-13, "m2", "0.700 um2", 3},
               {12.25, "", "12.2", 3},
               {999.9e-9, "J", "1.00 uJ", 3},
               {-2e-3, "V", "-2.00 mV", 3},
               {99.96e-6, "m2", "100 mm2", 3},
               {0.949e-6, "m2", "0.949 mm2", 3},
               {9.99e-9, "m2", "9990 um2", 3},
               {1384, "s", "1380 s", 3},
               {1.6e10, "OPS/W", "16.0 GOPS/W", 3},
               {3544, "", "3544", 3}};
    char text[40];
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        spn_units_format(text, sizeof text, row[i].value, row[i].unit, row[i].digits);
        ck_assert_str_eq(text, row[i].want);
    }
}
END_TEST

static void square(void *ctx, size_t i, int thread)
{
    (void)thread;
    ((double *)ctx)[i] += (double)(i * i);
}

START_TEST(every_index_runs_once)
{
    for (int threads = 0; threads <= 5; threads++) {
        double out[1000] = {0};
        spn_parallel_for(threads, 1000, square, out);
        for (size_t i = 0; i < 1000; i++)
            ck_assert_double_eq(out[i], (double)(i * i));
    }
    spn_parallel_for(3, 0, square, NULL);
    ck_assert_int_ge(spn_parallel_threads(0), 1);
    ck_assert_int_eq(spn_parallel_threads(3), 3);
}
END_TEST

static bool stop_at_three(void *ctx, const char *what, size_t done, size_t total)
{
    (void)what;
    (void)total;
    *(size_t *)ctx = done;
    return done < 3;
}

START_TEST(progress_can_stop)
{
    size_t seen = 0;
    struct spn_progress progress = {stop_at_three, &seen};
    ck_assert(spn_progress_step(&progress, "x", 2, 9));
    ck_assert(!spn_progress_step(&progress, "x", 3, 9));
    ck_assert_uint_eq(seen, 3);
    ck_assert(spn_progress_step(NULL, "x", 1, 1));
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("base");
    TCase *tcase = tcase_create("base");
    tcase_add_test(tcase, messages_are_one_line);
    tcase_add_test(tcase, long_paths_keep_their_end);
    tcase_add_test(tcase, philox_matches_published_vectors);
    tcase_add_test(tcase, streams_are_reproducible_and_distinct);
    tcase_add_test(tcase, normals_have_the_right_moments);
    tcase_add_test(tcase, below_is_uniform);
    tcase_add_test(tcase, nearest_word);
    tcase_add_test(tcase, numbers_are_whole_strings);
    tcase_add_test(tcase, units_choose_a_prefix);
    tcase_add_test(tcase, every_index_runs_once);
    tcase_add_test(tcase, progress_can_stop);
    suite_add_tcase(suite, tcase);
    return suite;
}
