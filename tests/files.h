/* files.h -- temporary files for tests of file readers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TESTS_FILES_H
#define SPN_TESTS_FILES_H

#include "check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#define MAX_FILE_BYTES 16384

/* A folder of one test. */
struct test_files {
    char dir[32];
};

static inline void files_begin(struct test_files *files)
{
    memcpy(files->dir, "/tmp/spn_test_XXXXXX", sizeof "/tmp/spn_test_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(files->dir));
}

/* Fails if anything is left in the folder, such as a temporary file. */
static inline void files_end(const struct test_files *files)
{
    ck_assert_int_eq(rmdir(files->dir), 0);
}

static inline void put_file(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

static inline size_t get_file(const char *path, unsigned char *bytes)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t n = fread(bytes, 1, MAX_FILE_BYTES, file);
    ck_assert_uint_lt(n, MAX_FILE_BYTES);
    fclose(file);
    return n;
}

static inline void put_gzip(const char *path, const void *bytes, size_t n)
{
    gzFile gz = gzopen(path, "wb9");
    ck_assert_ptr_nonnull(gz);
    ck_assert_int_eq(gzwrite(gz, bytes, (unsigned)n), (int)n);
    ck_assert_int_eq(gzclose(gz), Z_OK);
}

#endif
