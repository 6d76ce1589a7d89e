/* check_texts.c -- tests of networks/dataset.h and tokenizer.h: texts as tokens, and words into
 * them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "networks/dataset.h"
#include "networks/tokenizer.h"
#include "networks/transform.h"

static struct test_files files;
static char images[96], labels[96];

static void setup(void)
{
    files_begin(&files);
    snprintf(images, sizeof images, "%s/images", files.dir);
    snprintf(labels, sizeof labels, "%s/labels", files.dir);
}

static void teardown(void)
{
    unlink(images);
    unlink(labels);
    files_end(&files);
}

/* Two texts of three tokens, 16-bit and big-endian; then one token that is none. */
START_TEST(test_texts)
{
    unsigned char bytes[] = {0, 0, 11, 2, 0, 0, 0, 2, 0, 0, 0,    3,
                             0, 1, 0,  5, 0, 7, 1, 0, 1, 1, 0xff, 0xff};
    const int16_t want[] = {1, 5, 7, 256, 257, SPN_TOKEN_NONE};
    struct spn_dataset d = {0};
    struct spn_err err;
    put_file(images, bytes, sizeof bytes);
    ck_assert_ok(spn_dataset_load_tokens(&d, images, 0, &err));
    ck_assert(d.n_images == 2 && d.n_tokens == 3 && d.n_classes == 258 && d.channels == 0);
    ck_assert_mem_eq(d.token, want, sizeof want);
    spn_dataset_keep_last(&d, 1);
    ck_assert_int_eq(d.n_images, 1);
    ck_assert_mem_eq(d.token, want + 3, 3 * sizeof *want);
    spn_dataset_clear(&d);
    ck_assert_int_eq(spn_dataset_load_idx(&d, images, images, 0, &err), SPN_EINPUT);
    bytes[sizeof bytes - 1] = 0xfe; /* -2 */
    put_file(images, bytes, sizeof bytes);
    ck_assert_int_eq(spn_dataset_load_tokens(&d, images, 0, &err), SPN_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.msg, "token -2 at 2 of text 1"));
    ck_assert_ptr_null(d.token);
    bytes[2] = 8; /* bytes, not words */
    put_file(images, bytes, sizeof bytes);
    ck_assert_int_eq(spn_dataset_load_tokens(&d, images, 0, &err), SPN_EINPUT);
}
END_TEST

/* A vocabulary of the bytes' names and six words more; "ab" before "bc", as its score is higher. */
static size_t make_vocabulary(unsigned char *bytes)
{
    static const struct {
        const char *word;
        float score;
    } more[] = {{" ", -10}, {"a", -11}, {"b", -12},  {"c", -13},
                {"ab", -1}, {"bc", -2}, {"abab", -3}};
    unsigned char *at = bytes;
    const int longest = 6;
    memcpy(at, &longest, 4); /* little-endian, as all machines here */
    at += 4;
    for (int i = 0; i < 259 + 7; i++) {
        const float score = i < 259 ? 0.0f : more[i - 259].score;
        char name[8];
        snprintf(name, sizeof name, i < 3 ? "<%d>" : "<0x%02X>", i < 3 ? i : i - 3);
        const char *word = i < 259 ? name : more[i - 259].word;
        const int n = (int)strlen(word);
        memcpy(at, &score, 4);
        memcpy(at + 4, &n, 4);
        memcpy(at + 8, word, (size_t)n);
        at += 8 + n;
    }
    return (size_t)(at - bytes);
}

START_TEST(test_tokenizer)
{
    static unsigned char bytes[MAX_FILE_BYTES];
    struct spn_tokenizer *t = NULL;
    struct spn_err err;
    int16_t token[16];
    struct spn_tokens tokens = {.token = token, .max_tokens = 16};
    const size_t size = make_vocabulary(bytes);
    put_gzip(images, bytes, size);
    ck_assert_ok(spn_tokenizer_load(&t, images, &err));
    ck_assert_int_eq(spn_tokenizer_size(t), 266);
    /* abcabd with an accented e: begin, " ", ab, c, ab, d as byte 100 + 3, 0xC3 + 3, 0xA9 + 3 */
    ck_assert_ok(spn_tokenizer_encode(t, "abcabd\xC3\xA9", 8, &tokens, &err));
    const int16_t want[] = {1, 259, 263, 262, 263, 103, 198, 172};
    ck_assert_int_eq(tokens.n_tokens, 8);
    ck_assert_mem_eq(token, want, sizeof want);
    ck_assert_ok(
        spn_tokenizer_encode(t, "ababab", 6, &tokens, &err)); /* the first pair of equals */
    ck_assert(tokens.n_tokens == 4 && token[2] == 265 && token[3] == 263);
    tokens.max_tokens = 2;
    ck_assert_ok(spn_tokenizer_encode(t, "ababab", 6, &tokens, &err));
    ck_assert_int_eq(tokens.n_tokens, 2);
    spn_tokenizer_destroy(t);
    for (size_t cut = 1; cut < size; cut += cut < 40 ? 1 : 97) { /* truncated anywhere */
        put_file(images, bytes, cut);
        const enum spn_status status = spn_tokenizer_load(&t, images, &err);
        if (status == SPN_OK)
            spn_tokenizer_destroy(t); /* between two of the last tokens */
        else
            ck_assert_int_eq(status, SPN_EINPUT);
    }
}
END_TEST

START_TEST(test_text_to_texts)
{
    static unsigned char bytes[MAX_FILE_BYTES];
    static const char text[] = "b a\n\nab c\n\nc\n\nab\nab b \n\n\nab";
    struct spn_dataset d = {0};
    struct spn_err err;
    put_file(labels, bytes, make_vocabulary(bytes));
    put_file(images, text, sizeof text - 1);
    const struct spn_dataset_text how = {
        .text_path = images, .tokenizer_path = labels, .opening = "ab", .n_tokens = 6};
    ck_assert_ok(spn_dataset_load_text(&d, &how, &err));
    /* "ab c\n\nc", "ab\nab b" and "ab": three paragraphs begin so, one only on a new line */
    const int16_t want[3][6] = {
        {1, 259, 263, 259, 262, 13}, {1, 259, 263, 13, 263, 259}, {1, 259, 263, -1, -1, -1}};
    ck_assert(d.n_images == 3 && d.n_tokens == 6 && d.n_classes == 266);
    ck_assert_mem_eq(d.token, want, sizeof want);
    spn_dataset_clear(&d);
    put_file(images, "b", 1);
    ck_assert_int_eq(spn_dataset_load_text(&d, &how, &err), SPN_EINPUT);
    ck_assert_ptr_nonnull(strstr(err.msg, "no paragraph begins with \"ab\""));
}
END_TEST

/* The text that a set of tokens was made of gives the same tokens. */
START_TEST(test_real_text)
{
    const char *data = spn_test_data();
    struct spn_dataset d = {0}, made = {0};
    struct spn_err err;
    char folder[SPN_MAX_PATH], text[SPN_MAX_PATH + 64], vocabulary[SPN_MAX_PATH + 64];
    if (!data)
        return;
    snprintf(folder, sizeof folder, "%s/data", data);
    const struct spn_dataset_request request = {
        .name = "tinystories", .split = "test", .dir = folder};
    ck_assert(spn_dataset_is_there(&request));
    ck_assert_ok(spn_dataset_open(&d, &request, &err));
    snprintf(text, sizeof text, "%s/text/tinystories_val.txt.gz", folder);
    snprintf(vocabulary, sizeof vocabulary, "%s/text/tok512.bin", folder);
    const struct spn_dataset_text how = {.text_path = text,
                                         .tokenizer_path = vocabulary,
                                         .opening = "Once upon a time",
                                         .n_tokens = 257,
                                         .max_texts = 512};
    ck_assert_ok(spn_dataset_load_text(&made, &how, &err));
    ck_assert(made.n_images == d.n_images && made.n_tokens == d.n_tokens);
    ck_assert_mem_eq(made.token, d.token, 512 * 257 * sizeof *d.token);
    spn_dataset_clear(&d);
    spn_dataset_clear(&made);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("texts");
    TCase *tcase = tcase_create("texts");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_texts);
    tcase_add_test(tcase, test_tokenizer);
    tcase_add_test(tcase, test_text_to_texts);
    tcase_add_test(tcase, test_real_text);
    suite_add_tcase(suite, tcase);
    return suite;
}
