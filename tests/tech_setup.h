/* tech_setup.h -- the repository's data, a folder for files of one's own, and sources counted.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TESTS_TECH_SETUP_H
#define SPN_TESTS_TECH_SETUP_H

#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "tests/check.h"

/* The repository's data, whatever folder the test runs in. */
static void use_repository(void)
{
    const char *srcdir = getenv("srcdir");
    setenv("SPINDLE_DATA", srcdir ? srcdir : ".", 0);
}

static char scratch[64];

static void make_scratch(void)
{
    use_repository();
    snprintf(scratch, sizeof scratch, "/tmp/spindle-tech-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static void remove_scratch(void)
{
    const char *files[] = {"a.json", "b.json", "c.json", "d.json"};
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", scratch, files[i]);
        unlink(path);
    }
    rmdir(scratch);
}

static inline const char *write_file(char path[128], const char *name, const char *text)
{
    snprintf(path, 128, "%s/%s", scratch, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
    return path;
}

struct count {
    int files, numbers, assumed;
};

static void count_source(void *ctx, const struct spn_json_source *s)
{
    struct count *n = ctx;
    n->numbers++;
    n->assumed += s->assumed;
    ck_assert_msg(s->source[0] != '\0', "%s = %g has no source", s->path, s->value);
}

static void check_sources(struct count *n, const char *path)
{
    struct spn_err err = {0};
    struct spn_json *doc = NULL;
    ck_assert_ok(spn_json_load(&doc, path, &err));
    spn_json_sources(doc, count_source, n);
    spn_json_destroy(doc);
    n->files++;
}

#endif
