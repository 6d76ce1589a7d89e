/* check_dataset.c -- tests of networks/dataset.h: IDX and CIFAR-10 files, whole and broken, and
 * opening by name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "networks/dataset.h"
#include "networks/idx.h"
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

/* An IDX file: item k of n has all bytes k. Returns its length. */
static size_t make_idx(unsigned char *bytes, int n_dims, const int *dim)
{
    size_t n_item = 1, at = 0;
    const unsigned char prefix[4] = {0, 0, 8, (unsigned char)n_dims};
    memcpy(bytes, prefix, 4);
    at = 4;
    for (int i = 0; i < n_dims; i++) {
        bytes[at++] = 0;
        bytes[at++] = 0;
        bytes[at++] = (unsigned char)(dim[i] >> 8);
        bytes[at++] = (unsigned char)(dim[i] & 0xff);
        n_item *= i ? (size_t)dim[i] : 1;
    }
    for (int k = 0; k < dim[0]; k++, at += n_item)
        memset(bytes + at, k, n_item);
    return at;
}

static void put_idx(const char *path, bool gzip, int n_dims, const int *dim)
{
    unsigned char bytes[MAX_FILE_BYTES];
    size_t n = make_idx(bytes, n_dims, dim);
    if (gzip)
        put_gzip(path, bytes, n);
    else
        put_file(path, bytes, n);
}

START_TEST(test_idx)
{
    struct spn_err err;
    for (int gzip = 0; gzip < 2; gzip++)
        for (int n_dims = 3; n_dims <= 4; n_dims++) {
            struct spn_dataset d = {0};
            const int grey[3] = {7, 4, 5}, colour[4] = {7, 3, 4, 5}, n_labels[1] = {7};
            put_idx(images, gzip, n_dims, n_dims == 3 ? grey : colour);
            put_idx(labels, gzip, 1, n_labels);
            for (int keep = 0; keep <= 9; keep += 3) { /* all, 3, 6, more than there are */
                ck_assert_ok(spn_dataset_load_idx(&d, images, labels, keep, &err));
                ck_assert_int_eq(d.n_images, keep == 0 || keep > 7 ? 7 : keep);
                ck_assert_int_eq(d.channels, n_dims == 3 ? 1 : 3);
                ck_assert(d.height == 4 && d.width == 5 && d.n_classes == 7);
                for (int i = 0; i < d.n_images; i++) {
                    ck_assert_int_eq(d.label[i], i);
                    for (int k = 0; k < 20 * d.channels; k++)
                        ck_assert_int_eq(d.image[20 * d.channels * i + k], i);
                }
                spn_dataset_clear(&d);
            }
        }
}
END_TEST

static void expect_bad(const char *words)
{
    struct spn_err err = {0};
    struct spn_dataset d = {.n_images = 77};
    ck_assert_fails(spn_dataset_load_idx(&d, images, labels, 0, &err), SPN_EINPUT, words);
    ck_assert_int_eq(d.n_images, 77);
    ck_assert_msg(strstr(err.msg, files.dir) != NULL, "message \"%s\" lacks the file", err.msg);
}

START_TEST(test_idx_truncated)
{
    unsigned char bytes[MAX_FILE_BYTES];
    const int dim[3] = {3, 4, 5}, three[1] = {3};
    put_idx(labels, false, 1, three);
    for (int gzip = 0; gzip < 2; gzip++) {
        put_idx(images, gzip, 3, dim);
        size_t n = get_file(images, bytes);
        for (size_t cut = 0; cut < n; cut++) {
            put_file(images, bytes, cut);
            expect_bad("");
        }
        bytes[n] = 0;
        put_file(images, bytes, n + 1);
        expect_bad(gzip ? "gzip data" : "ask for 76 bytes, the file has 77");
    }
    size_t n = make_idx(bytes, 3, dim);
    put_gzip(images, bytes, n - 1);
    expect_bad("truncated: the IDX data needs 60 bytes");
    put_gzip(images, bytes, n + 1);
    expect_bad("trailing bytes after its end at byte 76");
}
END_TEST

static const struct {
    size_t at; /* byte changed */
    unsigned char to;
    const char *words;
} bad_idx[] = {
    {0, 1, "not an IDX file"},
    {1, 1, "not an IDX file"},
    {2, 0x0d, "IDX type 0x0d"},
    {3, 0, "0 dimensions outside [1, 4]"},
    {3, 5, "5 dimensions outside [1, 4]"},
    {3, 2, ""},
    {7, 0, "dimension 1 is 0"},
    {11, 0, "dimension 2 is 0"},
    {7, 4, "ask for 96 bytes, the file has 76"},
    {7, 2, "ask for 56 bytes, the file has 76"},
    {4, 0xff, "give more than 4294967296 bytes"},
    {8, 0xff, "give more than 4294967296 bytes"},
};

START_TEST(test_idx_bad)
{
    unsigned char bytes[MAX_FILE_BYTES];
    const int dim[3] = {3, 4, 5}, three[1] = {3};
    size_t n = make_idx(bytes, 3, dim);
    put_idx(labels, false, 1, three);
    bytes[bad_idx[_i].at] = bad_idx[_i].to;
    put_file(images, bytes, n);
    expect_bad(bad_idx[_i].words);
}
END_TEST

START_TEST(test_idx_mismatch)
{
    struct spn_err err;
    struct spn_idx idx = {0};
    const int dim[3] = {3, 4, 5}, wide[3] = {1, 1, 5000}, three[1] = {3}, four[1] = {4};
    const unsigned char bomb[16] = {0, 0, 8, 3, 0, 0, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 4};
    put_idx(images, false, 3, dim);
    put_idx(labels, false, 1, four);
    expect_bad("4 labels in 1 dimension for 3 images");
    put_idx(labels, false, 3, dim);
    expect_bad("3 labels in 3 dimensions for 3 images");
    unlink(labels);
    expect_bad("labels: cannot be opened");
    put_idx(images, false, 1, three);
    expect_bad("1 dimensions, images have 3");
    put_idx(images, false, 3, wide);
    expect_bad("dimension 3 is 5000, outside [1, 4096]");
    put_gzip(images, bomb, sizeof bomb); /* asks for 4 GiB */
    expect_bad("too many for gzip");
    unlink(images);
    ck_assert_int_eq(mkdir(images, 0700), 0);
    expect_bad("not a regular file");
    ck_assert_int_eq(rmdir(images), 0);
    expect_bad("images: cannot be opened");
    ck_assert_fails(spn_idx_load(&idx, "", 0, &err), SPN_EINPUT, "cannot be opened");
    spn_idx_clear(&idx);
}
END_TEST

#define RECORD 3073

/* Record k: label k, pixels k + 1. */
static size_t make_cifar10(unsigned char *bytes, int n)
{
    for (int k = 0; k < n; k++) {
        memset(bytes + (size_t)k * RECORD, k + 1, RECORD);
        bytes[(size_t)k * RECORD] = (unsigned char)k;
    }
    return (size_t)n * RECORD;
}

START_TEST(test_cifar10)
{
    struct spn_err err;
    unsigned char bytes[MAX_FILE_BYTES];
    size_t n = make_cifar10(bytes, 5);
    for (int gzip = 0; gzip < 2; gzip++)
        for (int keep = 0; keep <= 8; keep += 4) {
            struct spn_dataset d = {0};
            if (gzip)
                put_gzip(images, bytes, n);
            else
                put_file(images, bytes, n);
            ck_assert_ok(spn_dataset_load_cifar10(&d, images, keep, &err));
            ck_assert_int_eq(d.n_images, keep == 4 ? 4 : 5);
            ck_assert(d.channels == 3 && d.height == 32 && d.width == 32 && d.n_classes == 10);
            for (int i = 0; i < d.n_images; i++)
                ck_assert(d.label[i] == i && d.image[3072 * i] == i + 1 &&
                          d.image[3072 * i + 3071] == i + 1);
            spn_dataset_clear(&d);
        }
}
END_TEST

START_TEST(test_cifar10_bad)
{
    struct spn_err err;
    struct spn_dataset d = {.n_images = 77};
    unsigned char bytes[MAX_FILE_BYTES];
    size_t n = make_cifar10(bytes, 2);
    put_file(images, bytes, n - 1);
    ck_assert_fails(spn_dataset_load_cifar10(&d, images, 0, &err), SPN_EINPUT,
                    "6145 bytes are not a whole number");
    put_gzip(images, bytes, n - 1);
    ck_assert_fails(spn_dataset_load_cifar10(&d, images, 0, &err), SPN_EINPUT,
                    "truncated: a record's pixels");
    put_gzip(images, bytes, 0);
    ck_assert_fails(spn_dataset_load_cifar10(&d, images, 0, &err), SPN_EINPUT, "holds no record");
    put_file(images, bytes, 0);
    ck_assert_fails(spn_dataset_load_cifar10(&d, images, 0, &err), SPN_EINPUT, "holds no record");
    bytes[RECORD] = 10;
    put_file(images, bytes, n);
    ck_assert_fails(spn_dataset_load_cifar10(&d, images, 0, &err), SPN_EINPUT,
                    "record 1: label 10 outside [0, 9]");
    unlink(images);
    ck_assert_fails(spn_dataset_load_cifar10(&d, images, 0, &err), SPN_EINPUT, "cannot be opened");
    ck_assert_int_eq(d.n_images, 77);
}
END_TEST

/* The original's five training batches are joined in order, from <dir>/ or a sub-folder, up to
 * max_images. */
START_TEST(test_open_batches)
{
    struct spn_err err;
    unsigned char bytes[MAX_FILE_BYTES];
    char folder[64], path[96];
    snprintf(folder, sizeof folder, "%s/cifar-10-batches-bin", files.dir);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    for (int b = 1; b <= 3; b++) {
        snprintf(path, sizeof path, "%s/data_batch_%d.bin", folder, b);
        put_file(path, bytes, make_cifar10(bytes, b));
    }
    for (int i = 0; i < 2; i++) {
        struct spn_dataset d = {0};
        struct spn_dataset_request request = {
            .name = "cifar10", .split = "train", .dir = i ? folder : files.dir};
        ck_assert_ok(spn_dataset_open(&d, &request, &err));
        ck_assert_int_eq(d.n_images, 1 + 2 + 3);
        ck_assert_str_eq(d.name, "cifar10");
        ck_assert_mem_eq(d.label, "\0\0\1\0\1\2", 6);
        ck_assert_int_eq(d.image[3072 * 5], 3);
        spn_dataset_clear(&d);
        request.max_images = 2;
        ck_assert_ok(spn_dataset_open(&d, &request, &err));
        ck_assert_int_eq(d.n_images, 2);
        spn_dataset_clear(&d);
        request.split = "test";
        ck_assert_fails(spn_dataset_open(&d, &request, &err), SPN_EINPUT,
                        "test-images-idx*-ubyte[.gz] is neither in");
    }
    for (int b = 1; b <= 3; b++) {
        snprintf(path, sizeof path, "%s/data_batch_%d.bin", folder, b);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(test_open_bad)
{
    static const struct {
        struct spn_dataset_request request;
        enum spn_status status;
        const char *words;
    } bad[] = {
        {{.name = "mnist", .split = "test"}, SPN_EINPUT, "needs the folder"},
        {{.name = "mnist", .split = "test", .dir = ""}, SPN_EINPUT, "needs the folder"},
        {{.name = "mnist", .split = "test", .dir = "/nowhere"},
         SPN_EINPUT,
         "t10k-images-idx*-ubyte[.gz] is neither in"},
        {{.name = "mnist", .split = "trian", .dir = "/"},
         SPN_EINPUT,
         "\"trian\" is none of train, test"},
        {{.name = "letters", .split = "trian"},
         SPN_EINPUT,
         "\"trian\" is none of train, test, calibration"},
        {{.name = "letter", .split = "train"}, SPN_EINPUT, "did you mean letters?"},
        {{.name = "cifar100", .split = "train"},
         SPN_EINPUT,
         "is none of letters, letters-neat, letters-rough, mnist"},
        {{.name = "letters", .split = "train", .max_images = -1}, SPN_EINPUT, "max_images = -1"},
        {{.name = NULL, .split = "train"}, SPN_EUSAGE, "needs a name"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct spn_err err = {0};
        struct spn_dataset d = {.n_images = 77};
        ck_assert_fails(spn_dataset_open(&d, &bad[i].request, &err), bad[i].status, bad[i].words);
        ck_assert_int_eq(d.n_images, 77);
    }
}
END_TEST

/* Images per class: 1,000 each in CIFAR-10's and Fashion-MNIST's test sets by design; MNIST's as
 * counted in the official label files. */
START_TEST(test_real_sets)
{
    static const struct {
        const char *name, *split;
        int n_images, channels, side, n_classes, n_zeros, n_fives;
    } real[] = {{"mnist", "test", 10000, 1, 28, 10, 980, 892},
                {"mnist", "train", 60000, 1, 28, 10, 5923, 5421},
                {"fashion", "test", 10000, 1, 28, 10, 1000, 1000},
                {"cifar10", "test", 10000, 3, 32, 10, 1000, 1000},
                {"emnist-letters", "test", 10000, 1, 28, 26, 800, 800},
                {"emnist-letters", "train", 5934, 1, 28, 26, 178, 117},
                {"emnist-balanced", "test", 2000, 1, 28, 47, 37, 39},
                {"emnist-spare", "train", 900, 1, 28, 5, 180, 0},
                {"emnist-spare", "test", 250, 1, 28, 5, 50, 0}};
    const char *data = spn_test_data();
    if (!data)
        return;
    for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
        struct spn_err err;
        struct spn_dataset d = {0};
        char folder[SPN_MAX_PATH];
        snprintf(folder, sizeof folder, "%s/data", data);
        struct spn_dataset_request request = {
            .name = real[i].name, .split = real[i].split, .dir = folder};
        int count[256] = {0};
        ck_assert_ok(spn_dataset_open(&d, &request, &err));
        ck_assert_int_eq(d.n_images, real[i].n_images);
        ck_assert(d.channels == real[i].channels && d.height == real[i].side &&
                  d.width == real[i].side);
        ck_assert_int_eq(d.n_classes, real[i].n_classes);
        for (int k = 0; k < d.n_images; k++)
            count[d.label[k]]++;
        ck_assert_int_eq(count[0], real[i].n_zeros);
        ck_assert_int_eq(count[5], real[i].n_fives);
        spn_dataset_clear(&d);
    }
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("dataset");
    TCase *tcase = tcase_create("dataset");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_idx);
    tcase_add_test(tcase, test_idx_truncated);
    tcase_add_loop_test(tcase, test_idx_bad, 0, sizeof bad_idx / sizeof bad_idx[0]);
    tcase_add_test(tcase, test_idx_mismatch);
    tcase_add_test(tcase, test_cifar10);
    tcase_add_test(tcase, test_cifar10_bad);
    tcase_add_test(tcase, test_open_batches);
    tcase_add_test(tcase, test_open_bad);
    tcase_add_test(tcase, test_real_sets);
    suite_add_tcase(suite, tcase);
    return suite;
}
