/* json.c -- strict JSON documents over cJSON: parsing, "base" files, sources, cursors.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cJSON is lenient in ways that hide mistakes (duplicate keys, trailing text, 1e999,
 * case-insensitive look-up); this file is the only one that sees it, and rejects all of them.
 */
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/file.h"

enum { MAX_BASE_FILES = 8 };

struct spn_json {
    cJSON *tree;
    char *name;
};

/* ---- checks on the text and the tree ---- */

static void line_and_column(const char *text, size_t at, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at; i++) {
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        } else {
            ++*column;
        }
    }
}

static enum spn_status check_depth(const char *text, size_t n, const char *name,
                                   struct spn_err *err)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        if (quoted) {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                quoted = false;
        } else if (text[i] == '"') {
            quoted = true;
        } else if (text[i] == '{' || text[i] == '[') {
            if (++depth > SPN_JSON_MAX_DEPTH)
                return spn_err_set(err, SPN_EINPUT, "%s: nested deeper than %d levels", name,
                                   SPN_JSON_MAX_DEPTH);
        } else if (text[i] == '}' || text[i] == ']') {
            depth--;
        }
    }
    return SPN_OK;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum spn_status check_duplicates(const cJSON *object, const char *name, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    size_t n = 0, i = 0;
    for (const cJSON *c = object->child; c; c = c->next)
        n++;
    if (n < 2)
        return SPN_OK;
    const char **key = malloc(n * sizeof *key);
    if (!key)
        return spn_err_memory(err, "JSON keys");
    for (const cJSON *c = object->child; c; c = c->next)
        key[i++] = c->string;
    qsort(key, n, sizeof *key, compare_keys);
    for (i = 1; i < n && !status; i++)
        if (strcmp(key[i - 1], key[i]) == 0)
            status = spn_err_set(err, SPN_EINPUT, "%s: key \"%.64s\" is given twice in one object",
                                 name, key[i]);
    free(key);
    return status;
}

/* `path` leads to the item. */
static enum spn_status check_tree(const cJSON *item, const char *name, const char *path,
                                  struct spn_err *err)
{
    if (cJSON_IsNumber(item) && !isfinite(item->valuedouble))
        return spn_err_set(err, SPN_EINPUT, "%s: %s: number too large for double precision", name,
                           *path ? path : "the document");
    if (cJSON_IsObject(item)) {
        enum spn_status status = check_duplicates(item, name, err);
        if (status)
            return status;
    }
    size_t i = 0;
    for (const cJSON *c = item->child; c; c = c->next) {
        char to[160];
        if (c->string)
            snprintf(to, sizeof to, "%.90s%s%.56s", path, *path ? "." : "", c->string);
        else
            snprintf(to, sizeof to, "%.130s[%zu]", path, i++);
        enum spn_status status = check_tree(c, name, to, err);
        if (status)
            return status;
    }
    return SPN_OK;
}

static enum spn_status parse_tree(cJSON **tree, const char *text, size_t n, const char *name,
                                  struct spn_err *err)
{
    if (n > SPN_JSON_MAX_BYTES)
        return spn_err_set(err, SPN_EINPUT, "%s: larger than %u bytes", name, SPN_JSON_MAX_BYTES);
    enum spn_status status = check_depth(text, n, name, err);
    if (status)
        return status;
    const char *end = text;
    cJSON *parsed = n ? cJSON_ParseWithLengthOpts(text, n, &end, 0) : NULL;
    size_t at = end ? (size_t)(end - text) : 0, line, column;
    while (parsed && at < n && text[at] && strchr(" \t\r\n", text[at]))
        at++;
    if (!parsed || at < n) {
        line_and_column(text, at < n ? at : n, &line, &column);
        cJSON_Delete(parsed);
        return spn_err_set(err, SPN_EINPUT, "%s: line %zu, column %zu: %s", name, line, column,
                           n == 0    ? "empty file"
                           : parsed  ? "unexpected text after the end of the JSON value"
                           : at >= n ? "JSON ends too early"
                                     : "not valid JSON here");
    }
    status = check_tree(parsed, name, "", err);
    if (status)
        cJSON_Delete(parsed);
    else
        *tree = parsed;
    return status;
}

/* ---- sources ---- */

static const cJSON *member(const cJSON *object, const char *key)
{
    if (!cJSON_IsObject(object))
        return NULL;
    for (const cJSON *c = object->child; c; c = c->next)
        if (strcmp(c->string, key) == 0)
            return c;
    return NULL;
}

static const cJSON *number_of(const cJSON *item)
{
    if (cJSON_IsNumber(item))
        return item;
    const cJSON *value = member(item, "value");
    return cJSON_IsNumber(value) ? value : NULL;
}

struct origin {
    const char *source;
    bool assumed;
};

static struct origin origin_below(const cJSON *object, struct origin origin)
{
    const cJSON *source = member(object, "source"), *assumed = member(object, "assumed");
    if (cJSON_IsArray(source))
        source = source->child;
    if (cJSON_IsString(source))
        origin = (struct origin){source->valuestring, false};
    if (cJSON_IsBool(assumed))
        origin.assumed = cJSON_IsTrue(assumed);
    return origin;
}

/* Write what holds for a whole object onto each of its numbers, so that a file based on this one
 * can replace numbers without passing its own source on to the rest. */
static bool push_sources_down(cJSON *item, struct origin origin)
{
    origin = origin_below(item, origin);
    for (cJSON *c = item->child, *next; c; c = next) {
        next = c->next;
        if (!cJSON_IsNumber(c)) {
            if (!member(c, "value") && !push_sources_down(c, origin))
                return false;
            continue;
        }
        if (!origin.source && !origin.assumed)
            continue;
        cJSON *wrapped = cJSON_CreateObject();
        if (!wrapped || !cJSON_AddNumberToObject(wrapped, "value", c->valuedouble) ||
            (origin.source && !cJSON_AddStringToObject(wrapped, "source", origin.source)) ||
            (origin.assumed && !cJSON_AddTrueToObject(wrapped, "assumed"))) {
            cJSON_Delete(wrapped);
            return false;
        }
        if (c->string && !(wrapped->string = strdup(c->string))) {
            cJSON_Delete(wrapped);
            return false;
        }
        cJSON_ReplaceItemViaPointer(item, c, wrapped);
    }
    if (cJSON_IsObject(item)) {
        cJSON_DeleteItemFromObjectCaseSensitive(item, "source");
        cJSON_DeleteItemFromObjectCaseSensitive(item, "assumed");
    }
    return true;
}

/* Put overlay's members over base's, object by object; takes them out of overlay. */
static bool merge(cJSON *base, cJSON *overlay)
{
    while (overlay->child) {
        cJSON *from = cJSON_DetachItemViaPointer(overlay, overlay->child);
        cJSON *to = cJSON_GetObjectItemCaseSensitive(base, from->string);
        bool both =
            to && cJSON_IsObject(to) && cJSON_IsObject(from) && !number_of(to) && !number_of(from);
        bool done = both ? merge(to, from)
                    : to ? cJSON_ReplaceItemViaPointer(base, to, from)
                         : cJSON_AddItemToObject(base, from->string, from);
        if (both || !done)
            cJSON_Delete(from);
        if (!done)
            return false;
    }
    return true;
}

/* ---- files ---- */

static enum spn_status load_tree(cJSON **tree, const char *path, int n_files, struct spn_err *err);

/* *tree, read from `path`, asks to start from `base_name`. */
static enum spn_status apply_base(cJSON **tree, const char *path, int n_files, struct spn_err *err)
{
    const cJSON *key = member(*tree, "base");
    if (!key)
        return SPN_OK;
    if (!cJSON_IsString(key))
        return spn_err_set(err, SPN_EINPUT, "%s: base: must be the name of a file", path);
    const char *slash = key->valuestring[0] == '/' ? NULL : strrchr(path, '/');
    char base_path[SPN_MAX_PATH];
    int n = snprintf(base_path, sizeof base_path, "%.*s%s", slash ? (int)(slash - path + 1) : 0,
                     path, key->valuestring);
    if (n < 0 || (size_t)n >= sizeof base_path)
        return spn_err_set(err, SPN_EINPUT, "%s: base: path too long", path);
    if (n_files >= MAX_BASE_FILES)
        return spn_err_set(err, SPN_EINPUT, "%s: base: more than %d files start from one another",
                           path, MAX_BASE_FILES);
    FILE *there = fopen(base_path, "rb");
    if (!there)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: base: cannot open %s: %s (a path from this file's folder)", path,
                           base_path, strerror(errno));
    fclose(there);
    cJSON *base = NULL;
    enum spn_status status = load_tree(&base, base_path, n_files + 1, err);
    if (status)
        return status;
    cJSON_DeleteItemFromObjectCaseSensitive(*tree, "base");
    if (!cJSON_IsObject(base)) {
        status =
            spn_err_set(err, SPN_EINPUT, "%s: base: %s does not hold an object", path, base_path);
    } else if (!push_sources_down(base, (struct origin){0}) ||
               !push_sources_down(*tree, (struct origin){0}) || !merge(base, *tree)) {
        status = spn_err_memory(err, path);
    }
    if (status) {
        cJSON_Delete(base);
        return status;
    }
    cJSON_Delete(*tree);
    *tree = base;
    return SPN_OK;
}

static enum spn_status load_tree(cJSON **tree, const char *path, int n_files, struct spn_err *err)
{
    struct spn_text text = {0};
    cJSON *loaded = NULL;
    enum spn_status status = spn_file_read(path, SPN_JSON_MAX_BYTES, &text, err);
    if (!status)
        status = parse_tree(&loaded, text.data ? text.data : "", text.length, path, err);
    if (!status)
        status = apply_base(&loaded, path, n_files, err);
    if (status)
        cJSON_Delete(loaded);
    else
        *tree = loaded;
    spn_text_clear(&text);
    return status;
}

static enum spn_status wrap(struct spn_json **doc, cJSON *tree, const char *name,
                            struct spn_err *err)
{
    struct spn_json *made = calloc(1, sizeof *made);
    if (made)
        made->name = strdup(name);
    if (!made || !made->name) {
        free(made);
        cJSON_Delete(tree);
        return spn_err_memory(err, name);
    }
    made->tree = tree;
    *doc = made;
    return SPN_OK;
}

enum spn_status spn_json_load(struct spn_json **doc, const char *path, struct spn_err *err)
{
    cJSON *tree;
    enum spn_status status = load_tree(&tree, path, 1, err);
    return status ? status : wrap(doc, tree, path, err);
}

enum spn_status spn_json_parse(struct spn_json **doc, const char *text, size_t n, const char *name,
                               struct spn_err *err)
{
    cJSON *tree;
    enum spn_status status = parse_tree(&tree, text, n, name, err);
    return status ? status : wrap(doc, tree, name, err);
}

void spn_json_destroy(struct spn_json *doc)
{
    if (!doc)
        return;
    cJSON_Delete(doc->tree);
    free(doc->name);
    free(doc);
}

const char *spn_json_name(const struct spn_json *doc)
{
    return doc->name;
}

/* ---- cursors ---- */

struct spn_json_at spn_json_root(const struct spn_json *doc)
{
    return (struct spn_json_at){.doc = doc, .item = doc->tree};
}

static struct spn_json_at below(const struct spn_json_at *at, const cJSON *item, const char *key,
                                size_t i)
{
    struct spn_json_at to = {.doc = at->doc, .item = item};
    if (key)
        snprintf(to.path, sizeof to.path, "%.100s%s%.56s", at->path, *at->path ? "." : "", key);
    else
        snprintf(to.path, sizeof to.path, "%.130s[%zu]", at->path, i);
    return to;
}

struct spn_json_at spn_json_get(const struct spn_json_at *at, const char *key)
{
    return below(at, member(at->item, key), key, 0);
}

struct spn_json_at spn_json_item(const struct spn_json_at *at, size_t i)
{
    const cJSON *item = at->item;
    const cJSON *child = cJSON_IsObject(item) || cJSON_IsArray(item) ? item->child : NULL;
    for (size_t k = 0; child && k < i; k++)
        child = child->next;
    return below(at, child, child && cJSON_IsObject(item) ? child->string : NULL, i);
}

size_t spn_json_size(const struct spn_json_at *at)
{
    const cJSON *item = at->item;
    size_t n = 0;
    if (cJSON_IsObject(item) || cJSON_IsArray(item))
        for (const cJSON *c = item->child; c; c = c->next)
            n++;
    return n;
}

const char *spn_json_key(const struct spn_json_at *at)
{
    const cJSON *item = at->item;
    return item && item->string ? item->string : "";
}

bool spn_json_is_object(const struct spn_json_at *at)
{
    return cJSON_IsObject((const cJSON *)at->item);
}

bool spn_json_is_list(const struct spn_json_at *at)
{
    return cJSON_IsArray((const cJSON *)at->item);
}

const char *spn_json_string(const struct spn_json_at *at)
{
    return cJSON_GetStringValue((const cJSON *)at->item);
}

bool spn_json_number(const struct spn_json_at *at, double *out)
{
    const cJSON *number = number_of(at->item);
    if (number)
        *out = number->valuedouble;
    return number != NULL;
}

bool spn_json_bool(const struct spn_json_at *at, bool *out)
{
    const cJSON *item = at->item;
    if (!cJSON_IsBool(item))
        return false;
    *out = cJSON_IsTrue(item);
    return true;
}

enum spn_status spn_json_fail(const struct spn_json_at *at, struct spn_err *err, const char *format,
                              ...)
{
    char msg[384];
    va_list args;
    va_start(args, format);
    vsnprintf(msg, sizeof msg, format, args);
    va_end(args);
    return spn_err_set(err, SPN_EINPUT, "%s: %s%s%s", at->doc->name, at->path,
                       *at->path ? ": " : "", msg);
}

/* ---- walking all numbers ---- */

struct walk {
    void (*visit)(void *ctx, const struct spn_json_source *s);
    void *ctx;
};

static void walk_numbers(const struct walk *walk, const struct spn_json_at *at,
                         struct origin origin)
{
    const cJSON *item = at->item, *number = number_of(item);
    origin = origin_below(item, origin);
    if (number) {
        struct spn_json_source s = {at->path, origin.source ? origin.source : "",
                                    number->valuedouble, origin.assumed};
        walk->visit(walk->ctx, &s);
        return;
    }
    size_t i = 0;
    for (const cJSON *c = item->child; c; c = c->next) {
        struct spn_json_at to = below(at, c, cJSON_IsObject(item) ? c->string : NULL, i++);
        walk_numbers(walk, &to, origin);
    }
}

void spn_json_sources(const struct spn_json *doc,
                      void (*visit)(void *ctx, const struct spn_json_source *s), void *ctx)
{
    struct spn_json_at root = spn_json_root(doc);
    walk_numbers(&(struct walk){visit, ctx}, &root, (struct origin){0});
}
