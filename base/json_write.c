/* json_write.c -- deterministic JSON output.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void put_quoted(struct spn_text *out, const char *text)
{
    spn_text_add_n(out, "\"", 1);
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            spn_text_add(out, "\\%c", *c);
        else if ((unsigned char)*c < ' ')
            spn_text_add(out, "\\u%04x", (unsigned)(unsigned char)*c);
        else
            spn_text_add_n(out, c, 1);
    }
    spn_text_add_n(out, "\"", 1);
}

static void start_value(struct spn_json_writer *w, const char *key)
{
    if (w->depth > 0)
        spn_text_add(w->out, "%s\n%*s", w->first ? "" : ",", 2 * w->depth, "");
    w->first = false;
    if (key) {
        put_quoted(w->out, key);
        spn_text_add(w->out, ": ");
    }
}

void spn_json_open(struct spn_json_writer *w, const char *key, char bracket)
{
    start_value(w, key);
    spn_text_add_n(w->out, &bracket, 1);
    w->depth++;
    w->first = true;
}

void spn_json_close(struct spn_json_writer *w, char bracket)
{
    w->depth--;
    if (!w->first)
        spn_text_add(w->out, "\n%*s", 2 * w->depth, "");
    spn_text_add_n(w->out, &bracket, 1);
    w->first = false;
}

/* The shortest of %.15g, %.16g, %.17g that reads back to the same value. */
static void put_double(struct spn_text *out, double value)
{
    char text[40];
    if (!isfinite(value)) {
        out->failed = true;
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    spn_text_add(out, "%s", text);
}

void spn_json_put_number(struct spn_json_writer *w, const char *key, double value)
{
    start_value(w, key);
    put_double(w->out, value);
}

void spn_json_put_string(struct spn_json_writer *w, const char *key, const char *value)
{
    start_value(w, key);
    put_quoted(w->out, value);
}

void spn_json_put_bool(struct spn_json_writer *w, const char *key, bool value)
{
    start_value(w, key);
    spn_text_add(w->out, "%s", value ? "true" : "false");
}

void spn_json_put_null(struct spn_json_writer *w, const char *key)
{
    start_value(w, key);
    spn_text_add(w->out, "null");
}

static void put_list(struct spn_json_writer *w, const struct spn_field *field, const char *object)
{
    int n = *(const int *)(const void *)(object + field->count_offset);
    const void *list = object + field->offset;
    start_value(w, field->key);
    spn_text_add(w->out, "[");
    for (int i = 0; i < n; i++) {
        spn_text_add(w->out, "%s", i ? ", " : "");
        put_double(w->out, field->type == SPN_FIELD_DOUBLES ? ((const double *)list)[i]
                                                            : ((const int *)list)[i]);
    }
    spn_text_add(w->out, "]");
}

void spn_json_put_fields(struct spn_json_writer *w, const struct spn_field *fields,
                         const void *object)
{
    for (; fields->key; fields++) {
        const void *place = (const char *)object + fields->offset;
        switch (fields->type) {
        case SPN_FIELD_DOUBLE:
            spn_json_put_number(w, fields->key, *(const double *)place);
            break;
        case SPN_FIELD_INT:
            spn_json_put_number(w, fields->key, *(const int *)place);
            break;
        case SPN_FIELD_INT64:
            spn_json_put_number(w, fields->key, (double)*(const int64_t *)place);
            break;
        case SPN_FIELD_BOOL:
            spn_json_put_bool(w, fields->key, *(const bool *)place);
            break;
        case SPN_FIELD_STRING:
            spn_json_put_string(w, fields->key, place);
            break;
        case SPN_FIELD_ENUM:
            spn_json_put_string(w, fields->key, fields->names[*(const int *)place]);
            break;
        case SPN_FIELD_OBJECT:
            spn_json_open(w, fields->key, '{');
            spn_json_put_fields(w, fields->sub, place);
            spn_json_close(w, '}');
            break;
        case SPN_FIELD_DOUBLES:
        case SPN_FIELD_INTS:
            put_list(w, fields, object);
            break;
        case SPN_FIELD_ANY:
            break;
        }
    }
}
