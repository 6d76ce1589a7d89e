/* check_json.c -- strict JSON, field tables, base files, sources, output.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tests/check.h"

#include <stdio.h>
#include <unistd.h>

#include "base/json.h"

struct part {
    double width_m;
    int bits;
};

struct thing {
    char name[8];
    double voltage_V;
    int rows, kind;
    int64_t big;
    bool verify;
    struct part part;
    double level_S[3];
    int n_levels;
    int kernel[2], n_kernel;
};

static const char *const kind_names[] = {"dense", "index-free", NULL};
static const struct spn_field part_fields[] = {
    SPN_F_DOUBLE(struct part, width_m, "m", 0, 1, "width"),
    SPN_F_INT(struct part, bits, "bit", 1, 14, "resolution"),
    SPN_F_END,
};
static const struct spn_field thing_fields[] = {
    SPN_F_STRING(struct thing, name, "name"),
    SPN_F_DOUBLE(struct thing, voltage_V, "V", 0.1, 5, "read voltage"),
    SPN_F_INT(struct thing, rows, "", 1, 4096, "rows"),
    SPN_F_ENUM(struct thing, kind, kind_names, "scheme"),
    SPN_F_INT64(struct thing, big, "", 0, 9007199254740992.0, "big"),
    SPN_F_BOOL(struct thing, verify, "verify"),
    SPN_F_OBJECT(struct thing, part, part_fields, "part"),
    SPN_F_DOUBLES(struct thing, level_S, n_levels, "S", 0, 1, "levels"),
    SPN_F_INTS(struct thing, kernel, n_kernel, "", 1, 100, "kernel"),
    {.key = "extra", .type = SPN_FIELD_ANY, .unit = "", .doc = "taken by the reader"},
    SPN_F_END,
};

static enum spn_status read_text(const char *text, struct thing *out, struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_parse(&doc, text, strlen(text), "t.json", err);
    if (!status)
        status = spn_json_read(spn_json_root(doc), thing_fields, out, err);
    spn_json_destroy(doc);
    return status;
}

START_TEST(all_types_are_read)
{
    struct spn_err err;
    struct thing t = {.rows = 9};
    ck_assert_ok(
        read_text("{\"name\": \"ab\", \"voltage_V\": {\"value\": 0.25, \"source\": \"s\"}, "
                  "\"kind\": \"index-free\","
                  "\"big\": 12973440, \"verify\": true, \"part\": {\"bits\": 5, \"notes\": \"n\"},"
                  "\"level_S\": [1e-6, 2.385e-6], \"kernel\": 3, \"extra\": {\"any\": [1]}, "
                  "\"source\": \"x\"}",
                  &t, &err));
    ck_assert_str_eq(t.name, "ab");
    ck_assert_double_eq(t.voltage_V, 0.25);
    ck_assert_int_eq(t.rows, 9); /* absent: left alone */
    ck_assert_int_eq(t.kind, 1);
    ck_assert_int_eq(t.big, 12973440);
    ck_assert(t.verify);
    ck_assert_int_eq(t.part.bits, 5);
    ck_assert_int_eq(t.n_levels, 2);
    ck_assert_double_eq(t.level_S[1], 2.385e-6);
    ck_assert_int_eq(t.n_kernel, 1);
    ck_assert_int_eq(t.kernel[0], 3);
}
END_TEST

START_TEST(mistakes_are_named)
{
    static const struct {
        const char *text, *words;
    } row[] = {
        {"", "t.json: line 1, column 1: empty file"},
        {"{\"rows\": 4", "t.json: line 1, column"},
        {"{\"rows\": 4} x", "column 13: unexpected text after the end"},
        {"{\n\"rows\": }", "line 2, column"},
        {"[1]", "t.json: must be an object"},
        {"{\"row\": 4}", "row: unknown key: did you mean \"rows\"?"},
        {"{\"Rows\": 4}", "Rows: unknown key: did you mean \"rows\"?"},
        {"{\"elephant\": 4}", "elephant: unknown key"},
        {"{\"rows\": 4, \"rows\": 5}", "key \"rows\" is given twice"},
        {"{\"rows\": 4.5}", "rows: 4.5 is not a whole number"},
        {"{\"rows\": 0}", "rows: 0 is outside [1, 4096]"},
        {"{\"rows\": \"4\"}", "rows: must be a number, without quotes and unit"},
        {"{\"voltage_V\": 7}", "voltage_V: 7 V is outside [0.1, 5]"},
        {"{\"voltage_V\": 1e999}", "voltage_V: number too large"},
        {"{\"voltage_V\": NaN}", "not valid JSON"},
        {"{\"voltage_V\": null}", "voltage_V: must be a number in V"},
        {"{\"kind\": \"index-fre\"}", "did you mean \"index-free\"?"},
        {"{\"kind\": \"x\"}", "is not one of dense or index-free"},
        {"{\"kind\": 1}", "kind: must be a string"},
        {"{\"verify\": 1}", "verify: must be true or false"},
        {"{\"name\": \"12345678\"}", "name: longer than 7 characters"},
        {"{\"name\": \"a\\u0007\"}", "name: holds a control character"},
        {"{\"part\": {\"bits\": 15}}", "part.bits: 15 bit is outside [1, 14]"},
        {"{\"part\": 3}", "part: must be an object"},
        {"{\"level_S\": [0, 0, 0, 0]}", "level_S: has 4 elements, at most 3"},
        {"{\"level_S\": [0, \"x\"]}", "level_S[1]: must be a number"},
        {"{\"level_S\": [0, 3]}", "level_S[1]: 3 S is outside [0, 1]"},
        {"{\"level_S\": {}}", "level_S: must be a list"},
    };
    struct spn_err err;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct thing t = {.rows = 77, .part.bits = 3}, before = t;
        ck_assert_fails(read_text(row[i].text, &t, &err), SPN_EINPUT, row[i].words);
        ck_assert_mem_eq(&t, &before, sizeof t); /* outputs untouched */
    }
    struct spn_json *doc = NULL;
    ck_assert_fails(spn_json_parse(&doc, "{} \0", 4, "t.json", &err), SPN_EINPUT,
                    "column 4: unexpected text"); /* a zero byte */
}
END_TEST

START_TEST(required_fields)
{
    struct spn_field fields[] = {{.key = "bits",
                                  .type = SPN_FIELD_INT,
                                  .required = true,
                                  .offset = offsetof(struct part, bits),
                                  .unit = "",
                                  .min = 0,
                                  .max = 9,
                                  .doc = ""},
                                 SPN_F_END};
    struct spn_json *doc;
    struct spn_err err;
    struct part part;
    ck_assert_ok(spn_json_parse(&doc, "{}", 2, "t.json", &err));
    ck_assert_fails(spn_json_read(spn_json_root(doc), fields, &part, &err), SPN_EINPUT,
                    "\"bits\" is missing");
    spn_json_destroy(doc);
}
END_TEST

START_TEST(deep_and_huge_are_refused)
{
    struct spn_err err;
    struct spn_json *doc = NULL;
    enum { N = 10000 };
    char *deep = malloc(2 * N + 1);
    memset(deep, '[', N);
    memset(deep + N, ']', N);
    deep[2 * N] = '\0';
    ck_assert_fails(spn_json_parse(&doc, deep, 2 * N, "t.json", &err), SPN_EINPUT,
                    "nested deeper than 64");
    free(deep);
    ck_assert_fails(spn_json_load(&doc, "no/such.json", &err), SPN_EINPUT,
                    "no/such.json: cannot open");
    ck_assert_fails(spn_json_load(&doc, ".", &err), SPN_EINPUT, ".: cannot read");
    ck_assert_ptr_null(doc);
}
END_TEST

struct seen {
    int n;
    struct {
        char path[SPN_MAX_PATH], source[64];
        double value;
        bool assumed;
    } row[16];
};

static void remember(void *ctx, const struct spn_json_source *s)
{
    struct seen *seen = ctx;
    ck_assert_int_lt(seen->n, 16);
    snprintf(seen->row[seen->n].path, 64, "%s", s->path);
    snprintf(seen->row[seen->n].source, 64, "%s", s->source);
    seen->row[seen->n].value = s->value;
    seen->row[seen->n++].assumed = s->assumed;
}

START_TEST(sources_are_inherited)
{
    const char *text = "{\"source\": \"all\", \"a\": 1, \"b\": {\"value\": 2, \"source\": \"own\"},"
                       "\"c\": {\"assumed\": true, \"d\": [3, 4]}}";
    struct spn_json *doc;
    struct spn_err err;
    struct seen seen = {0};
    ck_assert_ok(spn_json_parse(&doc, text, strlen(text), "t.json", &err));
    spn_json_sources(doc, remember, &seen);
    spn_json_destroy(doc);
    ck_assert_int_eq(seen.n, 4);
    ck_assert_str_eq(seen.row[0].source, "all");
    ck_assert_str_eq(seen.row[1].source, "own");
    ck_assert(!seen.row[1].assumed);
    ck_assert_str_eq(seen.row[3].path, "c.d[1]");
    ck_assert_str_eq(seen.row[3].source, "all");
    ck_assert(seen.row[3].assumed);
}
END_TEST

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(a_file_starts_from_another)
{
    char dir[] = "/tmp/spindle-json-XXXXXX", base[64], over[64], loop[64];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(base, sizeof base, "%s/base.json", dir);
    snprintf(over, sizeof over, "%s/over.json", dir);
    snprintf(loop, sizeof loop, "%s/loop.json", dir);
    write_file(base,
               "{\"source\": \"old\", \"rows\": 64, \"part\": {\"bits\": 5, \"width_m\": 0.5}}");
    write_file(
        over,
        "{\"base\": \"base.json\", \"source\": \"new\", \"part\": {\"bits\": 6}, \"big\": 8}");
    write_file(loop, "{\"base\": \"loop.json\"}");
    struct spn_json *doc;
    struct spn_err err;
    struct thing t = {0};
    struct seen seen = {0};
    ck_assert_ok(spn_json_load(&doc, over, &err));
    ck_assert_ok(spn_json_read(spn_json_root(doc), thing_fields, &t, &err));
    ck_assert_int_eq(t.rows, 64);
    ck_assert_int_eq(t.part.bits, 6);
    ck_assert_double_eq(t.part.width_m, 0.5);
    spn_json_sources(doc, remember, &seen);
    spn_json_destroy(doc);
    for (int i = 0; i < seen.n;
         i++) { /* a replaced number has the new source, the others keep theirs */
        bool replaced =
            strcmp(seen.row[i].path, "part.bits") == 0 || strcmp(seen.row[i].path, "big") == 0;
        ck_assert_str_eq(seen.row[i].source, replaced ? "new" : "old");
    }
    ck_assert_int_eq(seen.n, 4);
    ck_assert_fails(spn_json_load(&doc, loop, &err), SPN_EINPUT, "more than 8 files");
    unlink(base);
    ck_assert_fails(spn_json_load(&doc, over, &err), SPN_EINPUT, "over.json: base: cannot open");
    unlink(over);
    unlink(loop);
    rmdir(dir);
}
END_TEST

START_TEST(fields_are_set_by_path)
{
    struct spn_err err;
    struct thing t = {.rows = 5};
    struct spn_field_ref ref;
    ck_assert_ok(spn_field_set(thing_fields, &t, "part.bits", "6", &err));
    ck_assert_ok(spn_field_set(thing_fields, &t, "kind", "index-free", &err));
    ck_assert_ok(spn_field_set(thing_fields, &t, "verify", "true", &err));
    ck_assert_ok(spn_field_set(thing_fields, &t, "level_S", "0.5,0.25", &err));
    ck_assert_ok(spn_field_set(thing_fields, &t, "name", "abc", &err));
    ck_assert_int_eq(t.part.bits, 6);
    ck_assert_int_eq(t.kind, 1);
    ck_assert(t.verify);
    ck_assert_int_eq(t.n_levels, 2);
    ck_assert_double_eq(t.level_S[1], 0.25);
    ck_assert_str_eq(t.name, "abc");
    ck_assert_fails(spn_field_set(thing_fields, &t, "part.bit", "6", &err), SPN_EUSAGE,
                    "did you mean \"bits\"?");
    ck_assert_fails(spn_field_set(thing_fields, &t, "part", "6", &err), SPN_EUSAGE,
                    "group of fields");
    ck_assert_fails(spn_field_set(thing_fields, &t, "rows.x", "6", &err), SPN_EUSAGE,
                    "no fields below");
    ck_assert_fails(spn_field_set(thing_fields, &t, "rows", "6.5", &err), SPN_EUSAGE,
                    "not a whole number");
    ck_assert_fails(spn_field_set(thing_fields, &t, "rows", "6 rows", &err), SPN_EUSAGE,
                    "is not a number");
    ck_assert_fails(spn_field_set(thing_fields, &t, "voltage_V", "nan", &err), SPN_EUSAGE,
                    "is not a number in V");
    ck_assert_fails(spn_field_set(thing_fields, &t, "verify", "yes", &err), SPN_EUSAGE,
                    "neither true nor false");
    ck_assert_fails(spn_field_set(thing_fields, &t, "level_S", "0,2", &err), SPN_EUSAGE, "outside");
    ck_assert_ok(spn_field_find(thing_fields, "part.width_m", &ref, &err));
    ck_assert_ok(spn_field_set_number(&ref, &t, 0.125, &err));
    ck_assert_double_eq(t.part.width_m, 0.125);
    ck_assert_fails(spn_field_set_number(&ref, &t, 2, &err), SPN_EUSAGE, "outside [0, 1]");
}
END_TEST

START_TEST(what_is_written_reads_back)
{
    struct spn_err err;
    struct thing t = {.name = "q\"x",
                      .voltage_V = 0.1 + 0.2,
                      .rows = 3,
                      .kind = 1,
                      .big = 1 << 30,
                      .verify = true,
                      .part = {1.0 / 3, 4},
                      .level_S = {1e-7, 0.3},
                      .n_levels = 2,
                      .kernel = {3, 5},
                      .n_kernel = 2},
                 back = {0};
    struct spn_text out = {0};
    struct spn_json_writer w = {.out = &out, .first = true};
    spn_json_open(&w, NULL, '{');
    spn_json_put_fields(&w, thing_fields, &t);
    spn_json_close(&w, '}');
    ck_assert(!out.failed);
    ck_assert_ok(read_text(out.data, &back, &err));
    ck_assert_mem_eq(&t, &back, sizeof t);
    spn_text_clear(&out);
    spn_json_put_number(&w, "x", 1.0 / 0.0);
    ck_assert(out.failed);
    spn_text_clear(&out);
}
END_TEST

START_TEST(help_and_schema_list_every_field)
{
    struct spn_text help = {0}, schema = {0};
    struct spn_json *doc;
    struct spn_err err;
    spn_field_help(thing_fields, "thing", &help);
    ck_assert_ptr_nonnull(strstr(help.data, "thing.part.bits\tbit\t1 .. 14\tresolution\n"));
    ck_assert_ptr_nonnull(strstr(help.data, "dense or index-free"));
    spn_field_schema(thing_fields, "thing", &schema);
    ck_assert_ok(spn_json_parse(&doc, schema.data, schema.length, "schema", &err));
    struct spn_json_at root = spn_json_root(doc), properties = spn_json_get(&root, "properties");
    for (const struct spn_field *f = thing_fields; f->key; f++)
        ck_assert_ptr_nonnull(spn_json_get(&properties, f->key).item);
    spn_json_destroy(doc);
    spn_text_clear(&help);
    spn_text_clear(&schema);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("json");
    tcase_add_test(tcase, all_types_are_read);
    tcase_add_test(tcase, mistakes_are_named);
    tcase_add_test(tcase, required_fields);
    tcase_add_test(tcase, deep_and_huge_are_refused);
    tcase_add_test(tcase, sources_are_inherited);
    tcase_add_test(tcase, a_file_starts_from_another);
    tcase_add_test(tcase, fields_are_set_by_path);
    tcase_add_test(tcase, what_is_written_reads_back);
    tcase_add_test(tcase, help_and_schema_list_every_field);
    suite_add_tcase(suite, tcase);
    return suite;
}
