/* field.c -- structs from JSON and from the command line by field tables; help and schema of the
 * tables.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

/* Keys that every object may have besides its table's. */
static bool is_common_key(const char *key)
{
    return strcmp(key, "source") == 0 || strcmp(key, "notes") == 0 || strcmp(key, "assumed") == 0;
}

static const char *field_key(const void *ctx, size_t i)
{
    return ((const struct spn_field *)ctx)[i].key;
}

static const char *enum_name(const void *ctx, size_t i)
{
    return ((const char *const *)ctx)[i];
}

static const struct spn_field *find_field(const struct spn_field *fields, const char *key, size_t n)
{
    for (; fields->key; fields++)
        if (strlen(fields->key) == n && memcmp(fields->key, key, n) == 0)
            return fields;
    return NULL;
}

/* "one, two or three" into out. */
static void list_names(char *out, size_t size, const char *const *names)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; names[i] && n < size; i++) {
        int wrote = snprintf(out + n, size - n, "%s%s",
                             i == 0         ? ""
                             : names[i + 1] ? ", "
                                            : " or ",
                             names[i]);
        n += wrote > 0 ? (size_t)wrote : 0;
    }
}

static bool check_number(const struct spn_field *field, double value, char *why, size_t size)
{
    bool whole = field->type == SPN_FIELD_INT || field->type == SPN_FIELD_INT64 ||
                 field->type == SPN_FIELD_INTS;
    const char *space = *field->unit ? " " : "";
    if (whole && value != floor(value))
        snprintf(why, size, "%.9g is not a whole number", value);
    else if (!(value >= field->min && value <= field->max))
        snprintf(why, size, "%.9g%s%s is outside [%.9g, %.9g]", value, space, field->unit,
                 field->min, field->max);
    else
        return true;
    return false;
}

static void store_number(const struct spn_field *field, void *place, size_t i, double value)
{
    switch (field->type) {
    case SPN_FIELD_DOUBLE:
    case SPN_FIELD_DOUBLES:
        memcpy((double *)place + i, &value, sizeof value);
        break;
    case SPN_FIELD_INT64:
        *(int64_t *)place = (int64_t)value;
        break;
    default:
        ((int *)place)[i] = (int)value;
    }
}

static bool find_name(const char *const *names, const char *word, int *out)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], word) == 0) {
            *out = i;
            return true;
        }
    return false;
}

static void explain_name(const struct spn_field *field, const char *word, char *why, size_t size)
{
    char all[256];
    list_names(all, sizeof all, field->names);
    const char *near = spn_text_nearest(word, enum_name, field->names);
    if (near)
        snprintf(why, size, "\"%.40s\" is unknown: did you mean \"%s\"? (%s)", word, near, all);
    else
        snprintf(why, size, "\"%.40s\" is not one of %s", word, all);
}

static enum spn_status read_object(const struct spn_json_at *at, const struct spn_field *fields,
                                   char *out, struct spn_err *err);

static const char *value_key(const void *ctx, size_t i)
{
    static const char *const keys[] = {"value", "source", "assumed", "notes", NULL};
    (void)ctx;
    return i < sizeof keys / sizeof *keys ? keys[i] : NULL;
}

/* A number, or {"value": a number, "source": ..., "assumed": ...}. */
static enum spn_status read_number(const struct spn_json_at *at, const char *unit, double *value,
                                   struct spn_err *err)
{
    bool flag;
    size_t n = spn_json_is_object(at) ? spn_json_size(at) : 0;
    for (size_t i = 0; i < n; i++) {
        struct spn_json_at item = spn_json_item(at, i);
        const char *key = spn_json_key(&item), *near = spn_text_nearest(key, value_key, NULL);
        if (strcmp(key, "value") != 0 && !is_common_key(key))
            return near ? spn_json_fail(&item, err, "unknown key: did you mean \"%s\"?", near)
                        : spn_json_fail(&item, err,
                                        "unknown key: a number has value, source, assumed, notes");
        if (strcmp(key, "assumed") == 0 && !spn_json_bool(&item, &flag))
            return spn_json_fail(&item, err, "must be true or false");
    }
    if (spn_json_number(at, value))
        return SPN_OK;
    struct spn_json_at inner = spn_json_get(at, "value");
    bool text = spn_json_string(at) || (inner.item && spn_json_string(&inner));
    return spn_json_fail(at, err, "must be a number%s%s%s", *unit ? " in " : "", unit,
                         text ? ", without quotes and unit" : "");
}

static enum spn_status read_list(const struct spn_json_at *at, const struct spn_field *field,
                                 char *out, struct spn_err *err)
{
    char why[160];
    double value;
    bool single = spn_json_number(at, &value);
    if (!single && !spn_json_is_list(at))
        return spn_json_fail(at, err, "must be a list of numbers");
    size_t n = single ? 1 : spn_json_size(at);
    if (n > field->capacity)
        return spn_json_fail(at, err, "has %zu elements, at most %zu are allowed", n,
                             field->capacity);
    for (size_t i = 0; i < n; i++) {
        struct spn_json_at item = single ? *at : spn_json_item(at, i);
        enum spn_status status = read_number(&item, field->unit, &value, err);
        if (status)
            return status;
        if (!check_number(field, value, why, sizeof why))
            return spn_json_fail(&item, err, "%s", why);
        if (out)
            store_number(field, out + field->offset, i, value);
    }
    if (out)
        *(int *)(void *)(out + field->count_offset) = (int)n;
    return SPN_OK;
}

static enum spn_status read_string(const struct spn_json_at *at, const struct spn_field *field,
                                   char *out, struct spn_err *err)
{
    char why[512];
    int index;
    const char *text = spn_json_string(at);
    if (!text)
        return spn_json_fail(at, err, "must be a string");
    if (field->type == SPN_FIELD_ENUM) {
        if (!find_name(field->names, text, &index)) {
            explain_name(field, text, why, sizeof why);
            return spn_json_fail(at, err, "%s", why);
        }
        if (out)
            *(int *)(void *)(out + field->offset) = index;
        return SPN_OK;
    }
    if (strlen(text) >= field->capacity)
        return spn_json_fail(at, err, "longer than %zu characters", field->capacity - 1);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            return spn_json_fail(at, err, "holds a control character");
    if (out)
        memcpy(out + field->offset, text, strlen(text) + 1);
    return SPN_OK;
}

static enum spn_status read_value(const struct spn_json_at *at, const struct spn_field *field,
                                  char *out, struct spn_err *err)
{
    char why[160];
    double value;
    bool flag;
    enum spn_status status;
    switch (field->type) {
    case SPN_FIELD_DOUBLE:
    case SPN_FIELD_INT:
    case SPN_FIELD_INT64:
        if ((status = read_number(at, field->unit, &value, err)) != SPN_OK)
            return status;
        if (!check_number(field, value, why, sizeof why))
            return spn_json_fail(at, err, "%s", why);
        if (out)
            store_number(field, out + field->offset, 0, value);
        return SPN_OK;
    case SPN_FIELD_BOOL:
        if (!spn_json_bool(at, &flag))
            return spn_json_fail(at, err, "must be true or false");
        if (out)
            *(bool *)(out + field->offset) = flag;
        return SPN_OK;
    case SPN_FIELD_STRING:
    case SPN_FIELD_ENUM:
        return read_string(at, field, out, err);
    case SPN_FIELD_OBJECT:
        return read_object(at, field->sub, out ? out + field->offset : NULL, err);
    case SPN_FIELD_DOUBLES:
    case SPN_FIELD_INTS:
        return read_list(at, field, out, err);
    case SPN_FIELD_ANY:
        return SPN_OK;
    }
    return SPN_OK;
}

/* Check only if out is NULL. */
static enum spn_status read_object(const struct spn_json_at *at, const struct spn_field *fields,
                                   char *out, struct spn_err *err)
{
    if (!spn_json_is_object(at))
        return spn_json_fail(at, err, "must be an object {...}");
    size_t n = spn_json_size(at);
    for (size_t i = 0; i < n; i++) {
        struct spn_json_at item = spn_json_item(at, i);
        const char *key = spn_json_key(&item);
        if (is_common_key(key) || find_field(fields, key, strlen(key)))
            continue;
        const char *near = spn_text_nearest(key, field_key, fields);
        return near ? spn_json_fail(&item, err, "unknown key: did you mean \"%s\"?", near)
                    : spn_json_fail(&item, err, "unknown key");
    }
    for (const struct spn_field *field = fields; field->key; field++) {
        struct spn_json_at item = spn_json_get(at, field->key);
        if (!item.item) {
            if (field->required)
                return spn_json_fail(at, err, "\"%s\" is missing", field->key);
            continue;
        }
        enum spn_status status = read_value(&item, field, out, err);
        if (status)
            return status;
    }
    return SPN_OK;
}

enum spn_status spn_json_read(struct spn_json_at at, const struct spn_field *fields, void *out,
                              struct spn_err *err)
{
    enum spn_status status = read_object(&at, fields, NULL, err);
    return status ? status : read_object(&at, fields, out, err);
}

/* ---- by dotted path ---- */

enum spn_status spn_field_find(const struct spn_field *fields, const char *path,
                               struct spn_field_ref *ref, struct spn_err *err)
{
    size_t offset = 0;
    for (const char *key = path;;) {
        size_t n = strcspn(key, ".");
        const struct spn_field *field = find_field(fields, key, n);
        if (!field) {
            char word[64];
            snprintf(word, sizeof word, "%.*s", (int)n, key);
            const char *near = spn_text_nearest(word, field_key, fields);
            return near ? spn_err_set(err, SPN_EUSAGE, "%s: no field \"%s\": did you mean \"%s\"?",
                                      path, word, near)
                        : spn_err_set(err, SPN_EUSAGE, "%s: no field \"%s\"", path, word);
        }
        offset += field->offset;
        if (!key[n]) {
            if (field->type == SPN_FIELD_OBJECT)
                return spn_err_set(err, SPN_EUSAGE, "%s: is a group of fields, not a field", path);
            *ref = (struct spn_field_ref){field, offset};
            return SPN_OK;
        }
        if (field->type != SPN_FIELD_OBJECT)
            return spn_err_set(err, SPN_EUSAGE, "%s: \"%s\" has no fields below it", path,
                               field->key);
        fields = field->sub;
        key += n + 1;
    }
}

enum spn_status spn_field_set_number(const struct spn_field_ref *ref, void *object, double value,
                                     struct spn_err *err)
{
    char why[160];
    const struct spn_field *field = ref->field;
    if (field->type != SPN_FIELD_DOUBLE && field->type != SPN_FIELD_INT &&
        field->type != SPN_FIELD_INT64)
        return spn_err_set(err, SPN_EUSAGE, "%s: is not a number", field->key);
    if (!check_number(field, value, why, sizeof why))
        return spn_err_set(err, SPN_EUSAGE, "%s: %s", field->key, why);
    store_number(field, (char *)object + ref->offset, 0, value);
    return SPN_OK;
}

static enum spn_status set_list(const struct spn_field_ref *ref, char *object, const char *path,
                                const char *value, struct spn_err *err)
{
    const struct spn_field *field = ref->field;
    char why[160], word[64];
    double numbers[64];
    size_t n = 0;
    for (const char *at = value; at; n++) {
        size_t length = strcspn(at, ",");
        if (n == field->capacity || n == sizeof numbers / sizeof *numbers)
            return spn_err_set(err, SPN_EUSAGE, "%s: at most %zu elements are allowed", path,
                               field->capacity);
        snprintf(word, sizeof word, "%.*s", (int)(length < 60 ? length : 60), at);
        if (!spn_text_to_double(word, &numbers[n]))
            return spn_err_set(err, SPN_EUSAGE, "%s: \"%s\" is not a number", path, word);
        if (!check_number(field, numbers[n], why, sizeof why))
            return spn_err_set(err, SPN_EUSAGE, "%s: %s", path, why);
        at = at[length] ? at + length + 1 : NULL;
    }
    for (size_t i = 0; i < n; i++)
        store_number(field, object + ref->offset, i, numbers[i]);
    *(int *)(void *)(object + ref->offset - field->offset + field->count_offset) = (int)n;
    return SPN_OK;
}

enum spn_status spn_field_set(const struct spn_field *fields, void *object, const char *path,
                              const char *value, struct spn_err *err)
{
    struct spn_field_ref ref;
    char why[512];
    double number;
    int index;
    enum spn_status status = spn_field_find(fields, path, &ref, err);
    if (status)
        return status;
    char *place = (char *)object + ref.offset;
    switch (ref.field->type) {
    case SPN_FIELD_DOUBLE:
    case SPN_FIELD_INT:
    case SPN_FIELD_INT64:
        if (!spn_text_to_double(value, &number))
            return spn_err_set(err, SPN_EUSAGE, "%s: \"%.60s\" is not a number%s%s", path, value,
                               *ref.field->unit ? " in " : "", ref.field->unit);
        if (!check_number(ref.field, number, why, sizeof why))
            return spn_err_set(err, SPN_EUSAGE, "%s: %s", path, why);
        store_number(ref.field, place, 0, number);
        return SPN_OK;
    case SPN_FIELD_BOOL:
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
            return spn_err_set(err, SPN_EUSAGE, "%s: \"%.60s\" is neither true nor false", path,
                               value);
        *(bool *)place = *value == 't';
        return SPN_OK;
    case SPN_FIELD_ENUM:
        if (!find_name(ref.field->names, value, &index)) {
            explain_name(ref.field, value, why, sizeof why);
            return spn_err_set(err, SPN_EUSAGE, "%s: %s", path, why);
        }
        *(int *)(void *)place = index;
        return SPN_OK;
    case SPN_FIELD_STRING:
        if (strlen(value) >= ref.field->capacity)
            return spn_err_set(err, SPN_EUSAGE, "%s: longer than %zu characters", path,
                               ref.field->capacity - 1);
        memcpy(place, value, strlen(value) + 1);
        return SPN_OK;
    case SPN_FIELD_DOUBLES:
    case SPN_FIELD_INTS:
        return set_list(&ref, object, path, value, err);
    default:
        return spn_err_set(err, SPN_EUSAGE, "%s: cannot be set", path);
    }
}

/* ---- help and schema ---- */

void spn_field_help(const struct spn_field *fields, const char *prefix, struct spn_text *out)
{
    char path[128], all[256];
    for (; fields->key; fields++) {
        snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", fields->key);
        switch (fields->type) {
        case SPN_FIELD_OBJECT:
            spn_field_help(fields->sub, path, out);
            break;
        case SPN_FIELD_ENUM:
            list_names(all, sizeof all, fields->names);
            spn_text_add(out, "%s\t\t%s\t%s\n", path, all, fields->doc);
            break;
        case SPN_FIELD_BOOL:
            spn_text_add(out, "%s\t\ttrue or false\t%s\n", path, fields->doc);
            break;
        case SPN_FIELD_STRING:
        case SPN_FIELD_ANY:
            spn_text_add(out, "%s\t\t%s\t%s\n", path, fields->type == SPN_FIELD_ANY ? "" : "text",
                         fields->doc);
            break;
        default:
            spn_text_add(out, "%s\t%s\t%.6g .. %.6g\t%s\n", path, fields->unit, fields->min,
                         fields->max, fields->doc);
        }
    }
}

static void schema_number(struct spn_json_writer *w, const struct spn_field *field, const char *key)
{
    bool whole = field->type != SPN_FIELD_DOUBLE && field->type != SPN_FIELD_DOUBLES;
    spn_json_open(w, key, '{');
    spn_json_put_string(w, "type", whole ? "integer" : "number");
    spn_json_put_number(w, "minimum", field->min);
    spn_json_put_number(w, "maximum", field->max);
    spn_json_close(w, '}');
}

static void schema_object(struct spn_json_writer *w, const struct spn_field *fields);

static void schema_value(struct spn_json_writer *w, const struct spn_field *field)
{
    char doc[320];
    snprintf(doc, sizeof doc, "%s%s%s", field->doc, *field->unit ? ", in " : "", field->unit);
    spn_json_open(w, field->key, '{');
    spn_json_put_string(w, "description", doc);
    switch (field->type) {
    case SPN_FIELD_BOOL:
    case SPN_FIELD_STRING:
        spn_json_put_string(w, "type", field->type == SPN_FIELD_BOOL ? "boolean" : "string");
        break;
    case SPN_FIELD_ENUM:
        spn_json_open(w, "enum", '[');
        for (int i = 0; field->names[i]; i++)
            spn_json_put_string(w, NULL, field->names[i]);
        spn_json_close(w, ']');
        break;
    case SPN_FIELD_OBJECT:
        schema_object(w, field->sub);
        break;
    case SPN_FIELD_ANY:
        break;
    case SPN_FIELD_DOUBLES:
    case SPN_FIELD_INTS:
        spn_json_put_string(w, "type", "array");
        schema_number(w, field, "items");
        spn_json_put_number(w, "maxItems", (double)field->capacity);
        break;
    default:
        spn_json_open(w, "anyOf", '[');
        schema_number(w, field, NULL);
        spn_json_open(w, NULL, '{');
        spn_json_put_string(w, "type", "object");
        spn_json_open(w, "properties", '{');
        schema_number(w, field, "value");
        spn_json_close(w, '}');
        spn_json_open(w, "required", '[');
        spn_json_put_string(w, NULL, "value");
        spn_json_close(w, ']');
        spn_json_close(w, '}');
        spn_json_close(w, ']');
    }
    spn_json_close(w, '}');
}

static void schema_object(struct spn_json_writer *w, const struct spn_field *fields)
{
    spn_json_put_string(w, "type", "object");
    spn_json_put_bool(w, "additionalProperties", false);
    spn_json_open(w, "properties", '{');
    for (const char *const *key = (const char *const[]){"source", "notes", "assumed", NULL}; *key;
         key++) {
        spn_json_open(w, *key, '{');
        spn_json_close(w, '}');
    }
    for (; fields->key; fields++)
        schema_value(w, fields);
    spn_json_close(w, '}');
}

void spn_field_schema(const struct spn_field *fields, const char *title, struct spn_text *out)
{
    struct spn_json_writer w = {.out = out, .first = true};
    spn_json_open(&w, NULL, '{');
    spn_json_put_string(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    spn_json_put_string(&w, "title", title);
    schema_object(&w, fields);
    spn_json_close(&w, '}');
    spn_text_add(out, "\n");
}
