/* check_weights.c -- tests of networks/weights.h: round trips, conversions, scales, real files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <fcntl.h>
#include <float.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/newfile.h"
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

/* int8 2x3 with a scale per row, a float matrix, a scalar, an empty tensor, metadata. */
static struct spn_weights *small(void)
{
    struct spn_err err;
    struct spn_weights *w = NULL;
    const signed char codes[6] = {-128, -1, 0, 1, 2, 127};
    const float scale[2] = {0.5f, 0.25f}, matrix[4] = {2.385f, -0.0f, 1e-38f, FLT_MAX};
    const double scalar = -1.5;
    const int64_t rows_columns[2] = {2, 3}, two[1] = {2}, square[2] = {2, 2}, none[3] = {4, 0, 2};
    ck_assert_ok(spn_weights_create(&w, &err));
    ck_assert_ok(spn_weights_add(w, "fc.weight", SPN_DTYPE_I8, 2, rows_columns, codes, &err));
    ck_assert_ok(spn_weights_add(w, "fc.weight_scale", SPN_DTYPE_F32, 1, two, scale, &err));
    ck_assert_ok(spn_weights_add(w, "conv \"1\"\\", SPN_DTYPE_F32, 2, square, matrix, &err));
    ck_assert_ok(spn_weights_add(w, "scalar", SPN_DTYPE_F64, 0, NULL, &scalar, &err));
    ck_assert_ok(spn_weights_add(w, "empty", SPN_DTYPE_U8, 3, none, NULL, &err));
    ck_assert_ok(spn_weights_set_metadata(w, "note", "old", &err));
    ck_assert_ok(spn_weights_set_metadata(w, "command", "a\n\"b\"", &err));
    ck_assert_ok(spn_weights_set_metadata(w, "note", "new", &err));
    return w;
}

static void check_small(const struct spn_weights *w)
{
    struct spn_err err;
    float row[6], square[4], one;
    /* code times its row's scale, by hand */
    const float want[6] = {-64, -0.5f, 0, 0.25f, 0.5f, 31.75f};
    ck_assert_int_eq(spn_weights_count(w), 5);
    for (int i = 1; i < 5; i++)
        ck_assert_int_lt(strcmp(spn_weights_at(w, i - 1).name, spn_weights_at(w, i).name), 0);
    ck_assert_ok(spn_weights_floats(w, "fc.weight", 6, row, &err));
    ck_assert_mem_eq(row, want, sizeof want);
    ck_assert_ok(spn_weights_floats(w, "conv \"1\"\\", 4, square, &err));
    ck_assert(square[0] == 2.385f && square[3] == FLT_MAX && square[2] == 1e-38f && square[1] == 0);
    ck_assert_ok(spn_weights_floats(w, "scalar", 1, &one, &err));
    ck_assert(one == -1.5f);
    ck_assert_ok(spn_weights_floats(w, "empty", 0, NULL, &err));
    const struct spn_tensor_info *t = spn_weights_find(w, "empty");
    ck_assert(t && t->n_dims == 3 && t->dim[0] == 4 && t->dim[1] == 0 && t->n == 0);
    ck_assert_ptr_null(spn_weights_find(w, "Scalar"));
    ck_assert_str_eq(spn_weights_metadata(w, "note"), "new");
    ck_assert_str_eq(spn_weights_metadata(w, "command"), "a\n\"b\"");
    ck_assert_ptr_null(spn_weights_metadata(w, "Note"));
}

START_TEST(test_round_trip)
{
    struct spn_err err;
    const char *const paths[] = {plain_path, gz_path};
    struct spn_weights *w = small(), *back = NULL;
    check_small(w);
    for (int i = 0; i < 2; i++) {
        unsigned char first[MAX_FILE_BYTES], second[MAX_FILE_BYTES];
        ck_assert_ok(spn_weights_save(w, paths[i], &err));
        size_t n = get_file(paths[i], first);
        ck_assert_ok(spn_weights_load(&back, paths[i], &err));
        ck_assert_str_eq(spn_weights_path(back), paths[i]);
        check_small(back);
        ck_assert_ok(spn_weights_save(back, paths[i], &err)); /* over the old one: equal bytes */
        ck_assert_uint_eq(get_file(paths[i], second), n);
        ck_assert_mem_eq(first, second, n);
        spn_weights_destroy(back);
        back = NULL;
        if (i) /* gzip header: no flags, time 0 [rfc1952, 2.3] */
            ck_assert_mem_eq(first, "\x1f\x8b\x08\0\0\0\0\0", 8);
        else
            ck_assert_uint_eq(first[0] % 8, 0);
    }
    spn_weights_destroy(w);
}
END_TEST

/* A link stays and what it leads to is replaced; a pipe is written to, not replaced. */
START_TEST(test_save_through)
{
    struct spn_err err;
    struct stat st;
    struct spn_weights *w = small();
    char path[SPN_MAX_PATH], other[SPN_MAX_PATH], bytes[8];
    snprintf(path, sizeof path, "%s/w.safetensors", files.dir);
    snprintf(other, sizeof other, "%s/link.safetensors", files.dir);
    ck_assert_ok(spn_weights_save(w, path, &err));
    ck_assert_int_eq(truncate(path, 3), 0);
    ck_assert_int_eq(symlink(path, other), 0);
    ck_assert_ok(spn_weights_save(w, other, &err));
    ck_assert(lstat(other, &st) == 0 && S_ISLNK(st.st_mode));
    ck_assert(stat(path, &st) == 0 && st.st_size > 100);
    ck_assert_int_eq(unlink(other), 0);
    ck_assert_int_eq(mkfifo(other, 0600), 0);
    int pipe = open(other, O_RDONLY | O_NONBLOCK);
    ck_assert_ok(spn_newfile_check(other, &err));
    ck_assert_ok(spn_weights_save(w, other, &err));
    ck_assert_int_eq(read(pipe, bytes, sizeof bytes), sizeof bytes); /* length of the header */
    ck_assert(bytes[0] > 0 && bytes[7] == 0);
    ck_assert(lstat(other, &st) == 0 && S_ISFIFO(st.st_mode));
    close(pipe);
    ck_assert_int_eq(unlink(other), 0);
    ck_assert_int_eq(unlink(path), 0);
    spn_weights_destroy(w);
}
END_TEST

START_TEST(test_save_fails)
{
    struct spn_err err;
    struct spn_weights *w = small();
    char path[SPN_MAX_PATH];
    snprintf(path, sizeof path, "%s/none/w.safetensors", files.dir);
    ck_assert_fails(spn_weights_save(w, path, &err), SPN_EINTERNAL, "cannot write: No such file");
    ck_assert_fails(spn_weights_save(w, "/dev/full/x", &err), SPN_EINTERNAL, "/dev/full/x");
    snprintf(path, sizeof path, "%s/w.safetensors", files.dir);
    ck_assert_int_eq(mkdir(path, 0700), 0); /* a folder in the way */
    ck_assert_fails(spn_weights_save(w, path, &err), SPN_EINTERNAL, "cannot write: Is a dir");
    ck_assert_fails(spn_weights_load(&w, path, &err), SPN_EINPUT, "not a regular file");
    ck_assert_int_eq(rmdir(path), 0);
    spn_weights_destroy(w);
}
END_TEST

static float as_float(int dtype, const void *bytes)
{
    struct spn_err err;
    struct spn_weights *w = NULL;
    float value = 0;
    ck_assert_ok(spn_weights_create(&w, &err));
    ck_assert_ok(spn_weights_add(w, "t", dtype, 0, NULL, bytes, &err));
    ck_assert_ok(spn_weights_floats(w, "t", 1, &value, &err));
    spn_weights_destroy(w);
    return value;
}

/* Values worked by hand from the formats' definitions [ieee754, 3.4]. */
START_TEST(test_conversions)
{
    ck_assert(as_float(SPN_DTYPE_F16, "\x00\x3c") == 1.0f);
    ck_assert(as_float(SPN_DTYPE_F16, "\x00\xc1") == -2.5f);    /* -1.25 * 2^1 */
    ck_assert(as_float(SPN_DTYPE_F16, "\xff\x7b") == 65504.0f); /* (2 - 2^-10) 2^15 */
    ck_assert(as_float(SPN_DTYPE_F16, "\x01\x00") == 0x1p-24f); /* least subnormal */
    ck_assert(as_float(SPN_DTYPE_F16, "\xff\x03") == 1023.0f / 1024.0f * 0x1p-14f);
    ck_assert(as_float(SPN_DTYPE_F16, "\x00\x04") == 0x1p-14f);    /* least normal */
    ck_assert(as_float(SPN_DTYPE_F16, "\x55\x35") == 0x1.554p-2f); /* nearest to 1/3 */
    ck_assert(as_float(SPN_DTYPE_F16, "\x00\x80") == 0.0f);
    ck_assert(as_float(SPN_DTYPE_BF16, "\x80\x3f") == 1.0f);
    ck_assert(as_float(SPN_DTYPE_BF16, "\x49\x40") == 3.140625f);  /* pi to 8 bits */
    ck_assert(as_float(SPN_DTYPE_BF16, "\x01\x80") == -0x1p-133f); /* least subnormal */
    ck_assert(as_float(SPN_DTYPE_I8, "\x80") == -128.0f);
    ck_assert(as_float(SPN_DTYPE_U8, "\x80") == 128.0f);
    ck_assert(as_float(SPN_DTYPE_I16, "\xfe\xff") == -2.0f);
    ck_assert(as_float(SPN_DTYPE_I32, "\x00\x00\x00\x80") == -2147483648.0f);
    ck_assert(as_float(SPN_DTYPE_I64, "\xff\xff\xff\xff\xff\xff\xff\xff") == -1.0f);
    ck_assert(as_float(SPN_DTYPE_BOOL, "\x01") == 1.0f);
    ck_assert(as_float(SPN_DTYPE_F64, "\0\0\0\0\0\0\xf8\xbf") == -1.5f);
}
END_TEST

START_TEST(test_not_finite)
{
    static const struct {
        int dtype;
        const char *bytes;
    } bad[] = {{SPN_DTYPE_F32, "\0\0\x80\x7f"},
               {SPN_DTYPE_F32, "\0\0\xc0\x7f"},
               {SPN_DTYPE_F16, "\0\xfc"},
               {SPN_DTYPE_F16, "\1\x7c"},
               {SPN_DTYPE_BF16, "\x80\xff"},
               {SPN_DTYPE_F64, "\0\0\0\0\0\0\xf0\x7e"}, /* 2^1008: no float */
               {SPN_DTYPE_F64, "\0\0\0\0\0\0\xf8\x7f"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct spn_err err;
        struct spn_weights *w = NULL;
        float out = 7;
        ck_assert_ok(spn_weights_create(&w, &err));
        ck_assert_ok(spn_weights_add(w, "t", bad[i].dtype, 0, NULL, bad[i].bytes, &err));
        ck_assert_fails(spn_weights_floats(w, "t", 1, &out, &err), SPN_EINPUT,
                        "tensor t: element 0");
        ck_assert(out == 7);
        spn_weights_destroy(w);
    }
}
END_TEST

START_TEST(test_scales)
{
    struct spn_err err;
    struct spn_weights *w = NULL;
    const int codes[4] = {10, 20, 30, 40};
    const float half = 0.5f, three[3] = {1, 2, 3};
    const int64_t four[1] = {4}, n_three[1] = {3}, one[1] = {1};
    float out[4];
    ck_assert_ok(spn_weights_create(&w, &err));
    ck_assert_ok(spn_weights_add(w, "a", SPN_DTYPE_I32, 1, four, codes, &err));
    ck_assert_ok(spn_weights_floats(w, "a", 4, out, &err)); /* without a scale: the codes */
    ck_assert(out[0] == 10 && out[3] == 40);
    ck_assert_ok(spn_weights_add(w, "a_scale", SPN_DTYPE_F32, 1, one, &half, &err));
    ck_assert_ok(spn_weights_floats(w, "a", 4, out, &err));
    ck_assert(out[0] == 5 && out[3] == 20);
    ck_assert_ok(spn_weights_add(w, "b", SPN_DTYPE_I32, 1, four, codes, &err));
    ck_assert_ok(spn_weights_add(w, "b_scale", SPN_DTYPE_F32, 1, n_three, three, &err));
    ck_assert_fails(spn_weights_floats(w, "b", 4, out, &err), SPN_EINPUT,
                    "3 scales for a first dimension of 4");
    ck_assert_ok(spn_weights_add(w, "c", SPN_DTYPE_I32, 1, four, codes, &err));
    ck_assert_ok(spn_weights_add(w, "c_scale", SPN_DTYPE_I32, 1, one, codes, &err));
    ck_assert_fails(spn_weights_floats(w, "c", 4, out, &err), SPN_EINPUT,
                    "type I32 is not floating point");
    ck_assert_fails(spn_weights_floats(w, "a", 5, out, &err), SPN_EINPUT,
                    "tensor a: 4 elements, 5 wanted");
    ck_assert_fails(spn_weights_floats(w, "x", 5, out, &err), SPN_EINPUT, "has no tensor x");
    spn_weights_destroy(w);
}
END_TEST

START_TEST(test_bad_add)
{
    struct spn_err err;
    struct spn_weights *w = small();
    char long_name[300];
    const int64_t negative[1] = {-1}, huge[2] = {INT64_MAX, 2}, one[1] = {1};
    const float x = 1;
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    ck_assert_fails(spn_weights_add(w, "scalar", SPN_DTYPE_F32, 1, one, &x, &err), SPN_EINPUT,
                    "scalar is taken");
    ck_assert_fails(spn_weights_add(w, "__metadata__", SPN_DTYPE_F32, 1, one, &x, &err), SPN_EINPUT,
                    "taken");
    ck_assert_fails(spn_weights_add(w, "", SPN_DTYPE_F32, 1, one, &x, &err), SPN_EINPUT, "0 bytes");
    ck_assert_fails(spn_weights_add(w, long_name, SPN_DTYPE_F32, 1, one, &x, &err), SPN_EINPUT,
                    "299 bytes");
    ck_assert_fails(spn_weights_add(w, "a\nb", SPN_DTYPE_F32, 1, one, &x, &err), SPN_EINPUT,
                    "control character");
    ck_assert_fails(spn_weights_add(w, "y", 99, 1, one, &x, &err), SPN_EINPUT, "type 99 outside");
    ck_assert_fails(spn_weights_add(w, "y", SPN_DTYPE_F32, 7, one, &x, &err), SPN_EINPUT,
                    "7 dimensions");
    ck_assert_fails(spn_weights_add(w, "y", SPN_DTYPE_F32, 1, negative, &x, &err), SPN_EINPUT,
                    "is -1");
    ck_assert_fails(spn_weights_add(w, "y", SPN_DTYPE_F32, 2, huge, &x, &err), SPN_EINPUT,
                    "more than");
    check_small(w);
    spn_weights_destroy(w);
    spn_weights_destroy(NULL);
}
END_TEST

/* Trained networks as others wrote them; shapes and counts from their descriptions. */
START_TEST(test_real_files)
{
    static const struct {
        const char *file, *tensor;
        int count, n_dims;
        int64_t dim[4];
    } real[] = {{"lenet5_mnist", "conv2.weight", 10, 4, {16, 6, 5, 5}},
                {"resnet20_cifar10_akamaster", "module.conv1.weight", 97, 4, {16, 3, 3, 3}},
                {"resnet56_cifar10_akamaster", "module.linear.weight", 277, 2, {10, 64, 0, 0}},
                {"resnet8_cifar10_mlperftiny_int8", "conv0.weight", 71, 4, {16, 3, 3, 3}},
                {"stories260K", "tok_embeddings.weight", 47, 2, {512, 64, 0, 0}},
                {"tinyvit_fashion", "pos", 40, 3, {1, 17, 48, 0}},
                {"vgg8quarter_cifar10", "conv0.weight", 40, 4, {32, 3, 3, 3}}};
    const char *data = spn_test_data();
    if (!data)
        return;
    for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
        struct spn_err err;
        struct spn_weights *w = NULL;
        char path[SPN_MAX_PATH];
        snprintf(path, sizeof path, "%s/data/weights/%s.safetensors", data, real[i].file);
        ck_assert_ok(spn_weights_load(&w, path, &err));
        ck_assert_int_eq(spn_weights_count(w), real[i].count);
        const struct spn_tensor_info *t = spn_weights_find(w, real[i].tensor);
        ck_assert_ptr_nonnull(t);
        ck_assert_int_eq(t->n_dims, real[i].n_dims);
        for (int k = 0; k < t->n_dims; k++)
            ck_assert_int_eq(t->dim[k], real[i].dim[k]);
        for (int k = 0; k < spn_weights_count(w); k++) {
            struct spn_tensor_info info = spn_weights_at(w, k);
            float *out = calloc((size_t)info.n + 1, sizeof *out);
            ck_assert_ok(spn_weights_floats(w, info.name, info.n, out, &err));
            free(out);
        }
        spn_weights_destroy(w);
    }
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("weights");
    TCase *tcase = tcase_create("weights");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_round_trip);
    tcase_add_test(tcase, test_save_through);
    tcase_add_test(tcase, test_save_fails);
    tcase_add_test(tcase, test_conversions);
    tcase_add_test(tcase, test_not_finite);
    tcase_add_test(tcase, test_scales);
    tcase_add_test(tcase, test_bad_add);
    tcase_add_test(tcase, test_real_files);
    suite_add_tcase(suite, tcase);
    return suite;
}
