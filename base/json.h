/* json.h -- strict JSON input through field tables, and deterministic JSON output.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One `struct spn_field` table per struct gives parsing, range checks, unknown-key errors with "did
 * you mean", `spindle help`, `--set` and sweep axes, the resolved dump and the JSON Schema. The
 * structs are plain data (no pointers), so that a design point is a copy.
 *
 *     static const struct spn_field adc_fields[] = {
 *         SPN_F_INT(struct spn_adc, bits, "bit", 1, 14, "resolution"),
 *         SPN_F_DOUBLE(struct spn_adc, rate_Hz, "Hz", 1e3, 1e11, "conversions per second"),
 *         SPN_F_END};
 *     enum spn_status s = spn_json_load(&doc, "tech/adcs/x.json", err);
 *     if (!s) s = spn_json_read(spn_json_root(doc), adc_fields, &adc, err);
 *
 * Rejected with file, path, value and range: unknown and duplicate keys, wrong types, numbers out
 * of range, NaN, infinities and overflows (1e999), trailing text, nesting deeper than
 * SPN_JSON_MAX_DEPTH, files larger than SPN_JSON_MAX_BYTES, strings that do not fit, control
 * characters in names.
 *
 * Sources: wherever a number stands, {"value": 0.5, "source": "[ning2025, Methods]", "assumed":
 * true} may stand instead. A "source" (and "assumed") key beside numbers holds for all numbers of
 * that object and below that have none of their own. "notes" is allowed in every object and
 * ignored. "source" and "notes" may be a string or a list of strings.
 *
 * A file may start from another: {"base": "other.json", ...}: the other file (relative to this one)
 * is loaded first, and this one's keys replace its, object by object.
 */
#ifndef SPN_BASE_JSON_H
#define SPN_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SPN_JSON_MAX_DEPTH 64
#define SPN_JSON_MAX_BYTES (64u << 20)

enum spn_field_type {
    SPN_FIELD_DOUBLE,  /* double */
    SPN_FIELD_INT,     /* int */
    SPN_FIELD_INT64,   /* int64_t; at most 2^53 in JSON */
    SPN_FIELD_BOOL,    /* bool */
    SPN_FIELD_STRING,  /* char[capacity] */
    SPN_FIELD_ENUM,    /* int, index into names */
    SPN_FIELD_OBJECT,  /* a nested struct with its own table */
    SPN_FIELD_DOUBLES, /* double[capacity], count in an int at count_offset; a single number is a
                          list of one */
    SPN_FIELD_INTS,    /* int[capacity], likewise */
    SPN_FIELD_ANY      /* allowed and skipped: the reader takes it itself through spn_json_get */
};

struct spn_field {
    const char *key;
    enum spn_field_type type;
    bool required;
    size_t offset, capacity, count_offset;
    const char *unit; /* "V", "bit", "" */
    double min, max;  /* numbers and list elements, inclusive */
    const char *doc;
    const char *const *names;    /* SPN_FIELD_ENUM: NULL-terminated */
    const struct spn_field *sub; /* SPN_FIELD_OBJECT */
};

#define SPN_F_DOUBLE(s, m, u, lo, hi, d)                                                           \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_DOUBLE, .offset = offsetof(s, m), .unit = u, .min = lo,       \
        .max = hi, .doc = d                                                                        \
    }
#define SPN_F_INT(s, m, u, lo, hi, d)                                                              \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_INT, .offset = offsetof(s, m), .unit = u, .min = lo,          \
        .max = hi, .doc = d                                                                        \
    }
#define SPN_F_INT64(s, m, u, lo, hi, d)                                                            \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_INT64, .offset = offsetof(s, m), .unit = u, .min = lo,        \
        .max = hi, .doc = d                                                                        \
    }
#define SPN_F_BOOL(s, m, d)                                                                        \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_BOOL, .offset = offsetof(s, m), .unit = "", .doc = d          \
    }
#define SPN_F_STRING(s, m, d)                                                                      \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_STRING, .offset = offsetof(s, m),                             \
        .capacity = sizeof(((s *)0)->m), .unit = "", .doc = d                                      \
    }
#define SPN_F_ENUM(s, m, n, d)                                                                     \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_ENUM, .offset = offsetof(s, m), .unit = "", .names = n,       \
        .doc = d                                                                                   \
    }
#define SPN_F_OBJECT(s, m, f, d)                                                                   \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_OBJECT, .offset = offsetof(s, m), .unit = "", .sub = f,       \
        .doc = d                                                                                   \
    }
#define SPN_F_DOUBLES(s, m, n, u, lo, hi, d)                                                       \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_DOUBLES, .offset = offsetof(s, m),                            \
        .capacity = sizeof(((s *)0)->m) / sizeof(double), .count_offset = offsetof(s, n),          \
        .unit = u, .min = lo, .max = hi, .doc = d                                                  \
    }
#define SPN_F_INTS(s, m, n, u, lo, hi, d)                                                          \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_INTS, .offset = offsetof(s, m),                               \
        .capacity = sizeof(((s *)0)->m) / sizeof(int), .count_offset = offsetof(s, n), .unit = u,  \
        .min = lo, .max = hi, .doc = d                                                             \
    }
#define SPN_F_ANY(k, d)                                                                            \
    {                                                                                              \
        .key = k, .type = SPN_FIELD_ANY, .unit = "", .doc = d                                      \
    }
#define SPN_F_END                                                                                  \
    {                                                                                              \
        .key = NULL                                                                                \
    }

struct spn_json; /* a parsed document; owned by the caller */

/* A place in a document. Valid as long as the document. `item` is NULL for "nothing there". */
struct spn_json_at {
    const struct spn_json *doc;
    const void *item;
    char path[160]; /* "layers[3].kernel" for messages */
};

/* Read a file (following "base") or a text. `name` is what messages call it. */
enum spn_status spn_json_load(struct spn_json **doc, const char *path, struct spn_err *err);
enum spn_status spn_json_parse(struct spn_json **doc, const char *text, size_t n, const char *name,
                               struct spn_err *err);
void spn_json_destroy(struct spn_json *doc);
const char *spn_json_name(const struct spn_json *doc);

struct spn_json_at spn_json_root(const struct spn_json *doc);
struct spn_json_at spn_json_get(const struct spn_json_at *at,
                                const char *key); /* exact case; item NULL if absent */
struct spn_json_at spn_json_item(const struct spn_json_at *at,
                                 size_t i);             /* i-th element or member */
size_t spn_json_size(const struct spn_json_at *at);     /* of a list or object; else 0 */
const char *spn_json_key(const struct spn_json_at *at); /* member name, or "" */
bool spn_json_is_object(const struct spn_json_at *at);
bool spn_json_is_list(const struct spn_json_at *at);
const char *spn_json_string(const struct spn_json_at *at); /* NULL if not a string; borrowed */
bool spn_json_number(const struct spn_json_at *at,
                     double *out); /* plain or {"value":...}; false if neither */
bool spn_json_bool(const struct spn_json_at *at, bool *out);

/* SPN_EINPUT with "file: path: message". */
enum spn_status spn_json_fail(const struct spn_json_at *at, struct spn_err *err, const char *format,
                              ...) __attribute__((format(printf, 3, 4)));

/* Read an object into *out by its table. Keys that are absent leave *out as it is (put defaults
 * there first). */
enum spn_status spn_json_read(struct spn_json_at at, const struct spn_field *fields, void *out,
                              struct spn_err *err);

/* Every number of the document with what its source says; source is "" where none is given. */
struct spn_json_source {
    const char *path, *source;
    double value;
    bool assumed;
};
void spn_json_sources(const struct spn_json *doc,
                      void (*visit)(void *ctx, const struct spn_json_source *s), void *ctx);

/* Fields by dotted path, for --set and sweeps: "adc.bits". The message of a failure names the
 * nearest key. */
struct spn_field_ref {
    const struct spn_field *field;
    size_t offset; /* from the start of the outermost struct */
};
enum spn_status spn_field_find(const struct spn_field *fields, const char *path,
                               struct spn_field_ref *ref, struct spn_err *err);
enum spn_status spn_field_set(const struct spn_field *fields, void *object, const char *path,
                              const char *value, struct spn_err *err);
enum spn_status spn_field_set_number(const struct spn_field_ref *ref, void *object, double value,
                                     struct spn_err *err);

/* One line per leaf field: path, unit, range, meaning. */
void spn_field_help(const struct spn_field *fields, const char *prefix, struct spn_text *out);
/* JSON Schema (draft 2020-12) of the table. */
void spn_field_schema(const struct spn_field *fields, const char *title, struct spn_text *out);

/* Deterministic JSON output: keys in the order written, numbers as %.17g (shortest that reads
 * back), two-space indent. key is NULL inside lists. A non-finite number sets `failed` on the text.
 */
struct spn_json_writer {
    struct spn_text *out;
    int depth;
    bool first;
};
void spn_json_open(struct spn_json_writer *w, const char *key, char bracket); /* '{' or '[' */
void spn_json_close(struct spn_json_writer *w, char bracket);                 /* '}' or ']' */
void spn_json_put_number(struct spn_json_writer *w, const char *key, double value);
void spn_json_put_string(struct spn_json_writer *w, const char *key, const char *value);
void spn_json_put_bool(struct spn_json_writer *w, const char *key, bool value);
void spn_json_put_null(struct spn_json_writer *w, const char *key);
/* The members of *object by its table, as loaded ("resolved dump"). */
void spn_json_put_fields(struct spn_json_writer *w, const struct spn_field *fields,
                         const void *object);

#ifdef __cplusplus
}
#endif

#endif
