/* check_weights_errors.c -- tests of networks/weights.h: every malformed file is refused in one
 * line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "networks/weights.h"

static struct test_files files;
static char plain_path[64], gz_path[64];

static void setup(void)
{
    files_begin(&files);
    snprintf(plain_path, sizeof plain_path, "%s/w.safetensors", files.dir);
    snprintf(gz_path, sizeof gz_path, "%s/w.safetensors.gz", files.dir);
}

static void teardown(void)
{
    unlink(plain_path);
    unlink(gz_path);
    files_end(&files);
}

/* A file of this header and `n_data` zero bytes. */
static void put_header(const char *header, size_t n_data)
{
    unsigned char bytes[MAX_FILE_BYTES] = {0};
    size_t n = strlen(header);
    ck_assert_uint_lt(8 + n + n_data, sizeof bytes);
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)n >> (8 * i) & 0xff);
    memcpy(bytes + 8, header, n);
    put_file(plain_path, bytes, 8 + n + n_data);
}

static void expect_bad(const char *path, const char *words)
{
    struct spn_err err = {0};
    struct spn_weights *weights = NULL;
    ck_assert_fails(spn_weights_load(&weights, path, &err), SPN_EINPUT, words);
    ck_assert_ptr_null(weights);
    ck_assert_msg(strstr(err.msg, "w.safetensors") != NULL, "message \"%s\" lacks the file",
                  err.msg);
}

/* Two tensors of 20 bytes and a line of metadata. */
static struct spn_weights *small(void)
{
    struct spn_err err;
    struct spn_weights *w = NULL;
    const signed char codes[12] = {-128, -1, 0, 1, 2, 127, 5, 5, 5, 5, 5, 5};
    const float scale[2] = {0.5f, 0.25f};
    const int64_t rows_columns[2] = {2, 6}, two[1] = {2};
    ck_assert_ok(spn_weights_create(&w, &err));
    ck_assert_ok(spn_weights_add(w, "fc.weight", SPN_DTYPE_I8, 2, rows_columns, codes, &err));
    ck_assert_ok(spn_weights_add(w, "fc.weight_scale", SPN_DTYPE_F32, 1, two, scale, &err));
    ck_assert_ok(spn_weights_set_metadata(w, "command", "a", &err));
    return w;
}

/* A file cut anywhere, or with a byte more, is refused; in gzip form too. */
START_TEST(test_truncated)
{
    struct spn_err err;
    unsigned char bytes[MAX_FILE_BYTES];
    const char *const paths[] = {plain_path, gz_path};
    struct spn_weights *w = small();
    for (int i = 0; i < 2; i++) {
        ck_assert_ok(spn_weights_save(w, paths[i], &err));
        size_t n = get_file(paths[i], bytes);
        for (size_t cut = 0; cut < n; cut++) {
            put_file(paths[i], bytes, cut);
            expect_bad(paths[i], i && cut > 2 ? "truncated" : "");
        }
        bytes[n] = 'x';
        put_file(paths[i], bytes, n + 1);
        expect_bad(paths[i], i ? "gzip data" : "trailing bytes");
    }
    spn_weights_destroy(w);
}
END_TEST

START_TEST(test_gzip_content)
{
    struct spn_err err;
    unsigned char bytes[MAX_FILE_BYTES] = {0};
    struct spn_weights *w = small();
    ck_assert_ok(spn_weights_save(w, plain_path, &err));
    size_t n = get_file(plain_path, bytes);
    put_gzip(gz_path, bytes, n - 1);
    expect_bad(gz_path, "truncated");
    put_gzip(gz_path, bytes, n + 1);
    expect_bad(gz_path, "trailing bytes");
    put_gzip(gz_path, bytes, n);
    size_t n_gz = get_file(gz_path, bytes);
    bytes[n_gz - 6] ^= 1; /* the check sum */
    put_file(gz_path, bytes, n_gz);
    expect_bad(gz_path, "incorrect data check");
    spn_weights_destroy(w);
}
END_TEST

/* Whatever single byte is changed: loaded or refused, never worse. */
START_TEST(test_mutated)
{
    struct spn_err err;
    unsigned char bytes[MAX_FILE_BYTES];
    const char *const paths[] = {plain_path, gz_path};
    const unsigned char flips[] = {0x01, 0x20, 0x80, 0xff};
    struct spn_weights *w = small();
    for (size_t i = 0; i < 2; i++) {
        ck_assert_ok(spn_weights_save(w, paths[i], &err));
        size_t n = get_file(paths[i], bytes);
        for (size_t k = 0; k < n * sizeof flips; k++) {
            struct spn_weights *back = NULL;
            bytes[k / sizeof flips] ^= flips[k % sizeof flips];
            put_file(paths[i], bytes, n);
            enum spn_status status = spn_weights_load(&back, paths[i], &err);
            ck_assert(status == SPN_OK || status == SPN_EINPUT);
            ck_assert((status == SPN_OK) == (back != NULL));
            spn_weights_destroy(back);
            bytes[k / sizeof flips] ^= flips[k % sizeof flips];
        }
    }
    spn_weights_destroy(w);
}
END_TEST

#define T(name, type, shape, offsets)                                                              \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}"

static const struct {
    const char *header;
    size_t n_data;
    const char *words;
} bad_headers[] = {
    {"{" T("a", "F32", "2", "0,8") "," T("b", "F32", "1", "4,8") "}", 8,
     "tensor b: data begins at 4, inside"},
    {"{" T("a", "F32", "1", "0,4") "," T("b", "F32", "1", "8,12") "}", 12,
     "leaving a hole after what ends at 4"},
    {"{" T("a", "F32", "1", "4,8") "}", 8, "tensor a: data begins at 4, leaving a hole"},
    {"{" T("a", "F32", "2", "0,4") "}", 8, "[0, 4] for a shape and type of 8 bytes"},
    {"{" T("a", "F32", "1", "8,4") "}", 8, "data_offsets [8, 4]"},
    {"{" T("a", "F32", "1", "0,9223372036854775808") "}", 4, "no whole number"},
    {"{" T("a", "F32", "1", "0,1e999") "}", 4, ""},
    {"{" T("a", "F32", "1", "-4,0") "}", 4, "no whole number"},
    {"{" T("a", "F32", "1", "0,4.5") "}", 4, "no whole number"},
    {"{" T("a", "F32", "1", "0") "}", 4, "two numbers"},
    {"{" T("a", "F32", "1", "0,4,4") "}", 4, "two numbers"},
    {"{" T("a", "F32", "4294967296,4294967296,4294967296", "0,4") "}", 4,
     "its shape gives more than"},
    {"{" T("a", "U8", "9007199254740992", "0,9007199254740992") "}", 4,
     "its shape gives more than"},
    {"{" T("a", "F32", "1,1,1,1,1,1,1", "0,4") "}", 4, "7 dimensions outside [0, 6]"},
    {"{" T("a", "F32", "-1", "0,4") "}", 4, "dimension 1"},
    {"{" T("a", "F32", "1.5", "0,4") "}", 4, "dimension 1"},
    {"{" T("a", "F32", "\"1\"", "0,4") "}", 4, "dimension 1"},
    {"{" T("a", "F32", "{\"value\":1}", "0,4") "}", 4, "dimension 1"},
    {"{" T("a", "F31", "1", "0,4") "}", 4, "type \"F31\" is none of F32"},
    {"{\"a\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "is none of F32"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4, "shape is not a list"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":4}}", 4,
     "data_offsets is not a list"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "needs dtype, shape and data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4,
     "and nothing else"},
    {"{\"a\":[1]}", 4, "needs dtype"},
    {"{\"a\":4}", 4, "needs dtype"},
    {"{" T("a", "F32", "1", "0,4") "," T("a", "F32", "1", "4,8") "}", 8, "a"},
    {"{" T("", "F32", "1", "0,4") "}", 4, ""},
    {"{" T("a", "F32", "1", "0,4") "}", 3, "truncated: the header asks for"},
    {"{" T("a", "F32", "1", "0,4") "}", 5, "trailing bytes: the header asks for"},
    {"{" T("a", "U8", "4294967296", "0,4294967296") "}", 5, "truncated: the header asks for"},
    {"{" T("a", "U8", "4294967296", "0,4294967296") "," T("b", "U8", "1",
                                                          "4294967296,4294967297") "}",
     5, "at most 4294967296 are read"},
    {"{\"__metadata__\":{\"x\":1}}", 0, "metadata is not a string"},
    {"{\"__metadata__\":\"x\"}", 0, "__metadata__ is not an object"},
    {"[]", 0, "not with '{'"},
    {" {}", 0, "not with '{'"},
    {"{} x", 0, ""},
    {"{\"a\":", 0, ""},
    {"{", 8, "outside [2"},
};

START_TEST(test_bad_header)
{
    put_header(bad_headers[_i].header, bad_headers[_i].n_data);
    expect_bad(plain_path, bad_headers[_i].words);
}
END_TEST

START_TEST(test_bad_prefix)
{
    unsigned char bytes[300] = {0};
    memset(bytes, 0xff, 8); /* 2^64 - 1 */
    put_file(plain_path, bytes, sizeof bytes);
    expect_bad(plain_path, "header length 18446744073709551615 outside");
    memcpy(bytes, "\0\0\0\4\0\0\0\0", 8); /* 64 MiB */
    put_file(plain_path, bytes, sizeof bytes);
    expect_bad(plain_path, "truncated: a header of 67108864 bytes in a file of 300");
    memset(bytes + 8, 'x', 200);
    memcpy(bytes, "\x20\0\0\0\0\0\0\0{}\0", 11);
    put_file(plain_path, bytes, 40);
    expect_bad(plain_path, "zero byte");
    unlink(plain_path);
    expect_bad(plain_path, "cannot be opened");
}
END_TEST

/* 10,000 levels of nesting are refused without running out of stack. */
START_TEST(test_nested)
{
    enum { DEPTH = 10000 };
    static unsigned char bytes[8 + 6 * DEPTH];
    uint64_t n = 6 * DEPTH;
    memcpy(bytes, (const unsigned char[]){n & 0xff, n >> 8 & 0xff, 0, 0, 0, 0, 0, 0}, 8);
    for (size_t i = 0; i < DEPTH; i++) {
        memcpy(bytes + 8 + 5 * i, "{\"a\":", 5);
        bytes[8 + 5 * DEPTH + i] = '}';
    }
    put_file(plain_path, bytes, sizeof bytes);
    expect_bad(plain_path, "");
}
END_TEST

START_TEST(test_accepted_headers)
{
    struct spn_err err;
    /* names that mean something in other JSON files of the program, and other order than by offset
     */
    static const char *const headers[] = {
        "{" T("notes", "F32", "1", "4,8") "," T("base", "F32", "1", "0,4") "}",
        "{" T("source", "F32", "2,1", "0,8") "}    ",
        "{\"__metadata__\":{\"base\":\"x\"}," T("value", "I64", "", "0,8") "}",
        "{" T("d\xc3\xa9", "BOOL", "8", "0,8") "," T("e", "I16", "0", "8,8") "}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct spn_weights *w = NULL;
        put_header(headers[i], 8);
        ck_assert_ok(spn_weights_load(&w, plain_path, &err));
        ck_assert_int_ge(spn_weights_count(w), 1);
        spn_weights_destroy(w);
    }
}
END_TEST

/* A short gzip file cannot claim gigabytes: deflate expands at most 1032 times. */
START_TEST(test_gzip_bomb)
{
    unsigned char bytes[200] = {0};
    const char header[] = "{" T("a", "U8", "4000000000", "0,4000000000") "}";
    bytes[0] = (unsigned char)strlen(header);
    memcpy(bytes + 8, header, strlen(header));
    put_gzip(gz_path, bytes, 8 + strlen(header));
    expect_bad(gz_path, "truncated: the header asks for");
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("weights_errors");
    TCase *tcase = tcase_create("weights_errors");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_truncated);
    tcase_add_test(tcase, test_gzip_content);
    tcase_add_test(tcase, test_mutated);
    tcase_add_loop_test(tcase, test_bad_header, 0, sizeof bad_headers / sizeof bad_headers[0]);
    tcase_add_test(tcase, test_bad_prefix);
    tcase_add_test(tcase, test_nested);
    tcase_add_test(tcase, test_accepted_headers);
    tcase_add_test(tcase, test_gzip_bomb);
    suite_add_tcase(suite, tcase);
    return suite;
}
