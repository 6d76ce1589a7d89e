/* axis.c -- one axis of a design space: where its values go, and which they are.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explorer/space_state.h"

#define INTEGER_SLACK 1e-9 /* relative; a step of 0.1 reaches 0.3 */

/* ---- where values go ---- */

static const struct {
    const char *name;
    const struct spn_field *fields;
    size_t offset;
} roots[] = {
    {"chip", spn_chip_fields, 0},
    {"node", spn_node_fields, offsetof(struct spn_chip, node)},
    {"device", spn_device_fields, offsetof(struct spn_chip, device)},
    {"dram", spn_dram_fields, offsetof(struct spn_chip, dram)},
};
enum { N_ROOTS = sizeof roots / sizeof *roots };

static const char *const whole[] = {"network", "chip", "node", "device", "dram", "scheme", NULL};

static const char *next_root(const void *ctx, size_t i)
{
    (void)ctx;
    return whole[i];
}

static size_t field_bytes(const struct spn_field *field)
{
    switch (field->type) {
    case SPN_FIELD_DOUBLE:
        return sizeof(double);
    case SPN_FIELD_INT:
    case SPN_FIELD_ENUM:
        return sizeof(int);
    case SPN_FIELD_INT64:
        return sizeof(int64_t);
    case SPN_FIELD_BOOL:
        return sizeof(bool);
    case SPN_FIELD_STRING:
        return field->capacity;
    default:
        return 0;
    }
}

static enum spn_status find_field_place(struct spn_place *place, struct spn_err *err)
{
    size_t n = strcspn(place->path, ".");
    for (int i = 0; i < N_ROOTS; i++) {
        if (strncmp(roots[i].name, place->path, n) != 0 || roots[i].name[n])
            continue;
        place->kind = SPN_PLACE_FIELD;
        place->fields = roots[i].fields;
        place->root = roots[i].offset;
        place->rest = place->path + n + 1;
        enum spn_status status = spn_field_find(place->fields, place->rest, &place->ref, err);
        if (status) {
            spn_err_prefix(err, "%s.", roots[i].name);
            return SPN_EINPUT;
        }
        place->n_bytes = field_bytes(place->ref.field);
        if (!place->n_bytes)
            return spn_err_set(err, SPN_EINPUT, "%s: a list cannot be an axis", place->path);
        return SPN_OK;
    }
    char word[SPN_SPACE_NAME];
    snprintf(word, sizeof word, "%.*s", (int)n, place->path);
    const char *near = spn_text_nearest(word, next_root, NULL);
    return spn_err_set(err, SPN_EINPUT,
                       "\"%s\": no root \"%s\"%s%s%s (network, chip, node, device, dram or scheme)",
                       place->path, word, near ? ": did you mean \"" : "", near ? near : "",
                       near ? "\"?" : "");
}

enum spn_status spn_place_find(struct spn_place *place, const char *path, struct spn_err *err)
{
    static const struct {
        const char *name;
        size_t n_bytes;
    } part[] = {{"node", sizeof(struct spn_node)},
                {"device", sizeof(struct spn_device)},
                {"dram", sizeof(struct spn_dram)}};
    memset(place, 0, sizeof *place);
    if (strcmp(path, "scheme") == 0)
        path = "chip.sparsity.scheme";
    if (!spn_text_copy(place->path, sizeof place->path, path))
        return spn_err_set(err, SPN_EINPUT, "\"%.60s...\": too long for a path", path);
    if (strcmp(path, "network") == 0) {
        place->kind = SPN_PLACE_NETWORK;
        return SPN_OK;
    }
    if (strncmp(path, "network.", 8) == 0) { /* the network itself checks the rest */
        place->kind = SPN_PLACE_SETTING;
        place->rest = place->path + 8;
        return SPN_OK;
    }
    if (strcmp(path, "chip") == 0) {
        place->kind = SPN_PLACE_CHIP;
        return SPN_OK;
    }
    for (int i = 0; i < 3; i++) {
        const char *word = strncmp(path, "chip.", 5) == 0 ? path + 5 : path;
        if (strcmp(word, part[i].name) != 0)
            continue;
        place->kind = SPN_PLACE_PART;
        place->part = i;
        place->n_bytes = part[i].n_bytes + SPN_PART_NAME;
        return SPN_OK;
    }
    if (!strchr(path, '.')) {
        const char *near = spn_text_nearest(path, next_root, NULL);
        return spn_err_set(err, SPN_EINPUT,
                           "\"%s\": %s%s%snot a path (network, chip, node, device, dram, scheme or "
                           "a field such as "
                           "chip.adc.bits), and no \"set\" says where its values go",
                           path, near ? "did you mean \"" : "", near ? near : "",
                           near ? "\"? " : "");
    }
    return find_field_place(place, err);
}

/* ---- values ---- */

static void number_text(double value, char out[SPN_AXIS_LABEL])
{
    snprintf(out, SPN_AXIS_LABEL, "%.15g", value);
    double back = 0;
    if (!spn_text_to_double(out, &back) || back != value)
        snprintf(out, SPN_AXIS_LABEL, "%.17g", value);
}

enum spn_status spn_axis_value_text(const struct spn_json_at *at, char out[SPN_AXIS_LABEL],
                                    struct spn_err *err)
{
    double number;
    bool flag;
    const char *text = spn_json_string(at);
    if (text) {
        if (!*text || !spn_text_copy(out, SPN_AXIS_LABEL, text))
            return spn_json_fail(at, err, "a value is 1 to %d characters", SPN_AXIS_LABEL - 1);
        for (const char *c = out; *c; c++)
            if ((unsigned char)*c < ' ' || *c == 127)
                return spn_json_fail(at, err, "holds a control character");
    } else if (spn_json_number(at, &number)) {
        number_text(number, out);
    } else if (spn_json_bool(at, &flag)) {
        snprintf(out, SPN_AXIS_LABEL, "%s", flag ? "true" : "false");
    } else {
        return spn_json_fail(at, err, "must be a number, a text, true or false");
    }
    return SPN_OK;
}

static enum spn_status reserve(struct spn_axis *axis, const struct spn_json_at *at, size_t n,
                               struct spn_err *err)
{
    if (n == 0)
        return spn_json_fail(at, err, "an axis needs at least one value");
    if (n > SPN_AXIS_MAX_VALUES)
        return spn_json_fail(at, err, "%zu values, at most %d are allowed", n, SPN_AXIS_MAX_VALUES);
    axis->label = calloc(n, sizeof *axis->label);
    axis->text = calloc(n, sizeof *axis->text);
    axis->number = calloc(n, sizeof *axis->number);
    return axis->label && axis->text && axis->number ? SPN_OK : spn_err_memory(err, "an axis");
}

/* The last value got its texts: add label and number, unless it is there already. */
static enum spn_status finish_value(struct spn_axis *axis, bool same, const struct spn_json_at *at,
                                    struct spn_err *err)
{
    int i = axis->n_values;
    char *label = axis->label[i];
    size_t length = 0;
    for (int p = 0; p < (same ? 1 : axis->n_places); p++) {
        int more = snprintf(label + length, SPN_AXIS_LABEL - length, "%s%s", p ? "/" : "",
                            axis->text[i][p]);
        if (more < 0 || length + (size_t)more >= SPN_AXIS_LABEL)
            return spn_json_fail(at, err,
                                 "values of linked fields are longer than %d characters together",
                                 SPN_AXIS_LABEL - 1);
        length += (size_t)more;
    }
    if (!same || !spn_text_to_double(axis->text[i][0], &axis->number[i])) {
        axis->number[i] = NAN;
        axis->numeric = false;
    }
    axis->n_values++;
    return SPN_OK;
}

static enum spn_status read_list(struct spn_axis *axis, const struct spn_json_at *at,
                                 struct spn_err *err)
{
    size_t n = spn_json_size(at);
    enum spn_status status = reserve(axis, at, n, err);
    for (size_t i = 0; i < n && !status; i++) {
        struct spn_json_at item = spn_json_item(at, i);
        bool same = !spn_json_is_list(&item);
        if (!same && spn_json_size(&item) != (size_t)axis->n_places)
            return spn_json_fail(&item, err, "%zu values for %d linked fields",
                                 spn_json_size(&item), axis->n_places);
        for (int p = 0; p < axis->n_places && !status; p++) {
            struct spn_json_at one = same ? item : spn_json_item(&item, (size_t)p);
            status = spn_axis_value_text(&one, axis->text[i][p], err);
        }
        if (!status)
            status = finish_value(axis, same, &item, err);
        for (size_t j = 0; j < i && !status; j++)
            if (strcmp(axis->label[j], axis->label[i]) == 0)
                return spn_json_fail(&item, err, "the value %s is there twice", axis->label[i]);
    }
    return status;
}

struct range {
    double from, to, step, count;
    bool log;
};

static const struct spn_field range_fields[] = {
    {.key = "from",
     .type = SPN_FIELD_DOUBLE,
     .required = true,
     .offset = offsetof(struct range, from),
     .unit = "",
     .min = -1e300,
     .max = 1e300,
     .doc = "first value"},
    {.key = "to",
     .type = SPN_FIELD_DOUBLE,
     .required = true,
     .offset = offsetof(struct range, to),
     .unit = "",
     .min = -1e300,
     .max = 1e300,
     .doc = "last value"},
    SPN_F_DOUBLE(struct range, step, "", 1e-300, 1e300, "distance"),
    SPN_F_DOUBLE(struct range, count, "", 2, SPN_AXIS_MAX_VALUES, "number of values"),
    SPN_F_BOOL(struct range, log, "equal ratios instead of equal distances"),
    SPN_F_ANY("set", "where the values go"),
    SPN_F_ANY("when", "condition"),
    SPN_F_END};

static bool takes_whole_numbers(const struct spn_axis *axis)
{
    for (int p = 0; p < axis->n_places; p++) {
        const struct spn_place *place = &axis->place[p];
        if (place->kind == SPN_PLACE_SETTING &&
            (strcmp(place->rest, "sequence") == 0 || strcmp(place->rest, "cache") == 0))
            return true;
        if (place->kind == SPN_PLACE_FIELD &&
            (place->ref.field->type == SPN_FIELD_INT || place->ref.field->type == SPN_FIELD_INT64))
            return true;
    }
    return false;
}

static double range_value(const struct range *range, size_t i, size_t n)
{
    double t = n > 1 ? (double)i / (double)(n - 1) : 0;
    if (range->step > 0)
        return range->from + (double)i * range->step;
    if (i == n - 1)
        return range->to;
    return range->log ? range->from * pow(range->to / range->from, t)
                      : range->from + (range->to - range->from) * t;
}

static enum spn_status read_range(struct spn_axis *axis, const struct spn_json_at *at,
                                  struct spn_err *err)
{
    struct range range = {0};
    enum spn_status status = spn_json_read(*at, range_fields, &range, err);
    if (status)
        return status;
    if ((range.step > 0) == (range.count > 0))
        return spn_json_fail(at, err, "a range has either \"step\" or \"count\"");
    if (range.log && !(range.count > 0 && range.from > 0 && range.to > 0))
        return spn_json_fail(at, err, "\"log\" needs \"count\" and a range above 0");
    if (range.to < range.from || range.count != floor(range.count))
        return spn_json_fail(at, err,
                             "from %g to %g, count %g: must go upwards in a whole number of values",
                             range.from, range.to, range.count);
    double n = range.count > 0
                   ? range.count
                   : floor((range.to - range.from) / range.step * (1 + INTEGER_SLACK)) + 1;
    status = reserve(axis, at, n < 1e9 ? (size_t)n : (size_t)1000000000, err);
    bool whole_numbers = takes_whole_numbers(axis);
    double last = NAN;
    for (size_t i = 0; i < (size_t)n && !status; i++) {
        double value = range_value(&range, i, (size_t)n);
        if (fabs(value) < INTEGER_SLACK * range.step) /* -0.3 + 3 * 0.1 */
            value = 0;
        if (whole_numbers)
            value = round(value);
        if (value == last) /* 1, 1.26, 1.59, 2, ... as whole numbers */
            continue;
        last = value;
        for (int p = 0; p < axis->n_places; p++)
            snprintf(axis->text[axis->n_values][p], SPN_AXIS_LABEL, "%.12g", value);
        status = finish_value(axis, true, at, err);
    }
    return status;
}

/* ---- bytes ---- */

static enum spn_status encode(struct spn_axis *axis, const struct spn_json_at *at,
                              struct spn_err *err)
{
    for (int p = 0; p < axis->n_places; p++)
        axis->stride += axis->place[p].n_bytes;
    if (!axis->stride)
        return SPN_OK;
    axis->bytes = calloc((size_t)axis->n_values, axis->stride);
    struct spn_chip *scratch = calloc(1, sizeof *scratch);
    enum spn_status status = axis->bytes && scratch ? SPN_OK : spn_err_memory(err, "an axis");
    for (int i = 0; i < axis->n_values && !status; i++) {
        unsigned char *to = axis->bytes + (size_t)i * axis->stride;
        for (int p = 0; p < axis->n_places && !status; p++) {
            const struct spn_place *place = &axis->place[p];
            to += place->n_bytes;
            if (place->kind != SPN_PLACE_FIELD)
                continue;
            char *object = (char *)scratch + place->root;
            memset(scratch, 0, sizeof *scratch);
            struct spn_err why;
            if (spn_field_set(place->fields, object, place->rest, axis->text[i][p], &why))
                status = spn_json_fail(at, err, "%s", why.msg);
            else
                memcpy(to - place->n_bytes, object + place->ref.offset, place->n_bytes);
        }
    }
    free(scratch);
    return status;
}

static enum spn_status read_places(struct spn_axis *axis, const struct spn_json_at *at,
                                   struct spn_err *err)
{
    struct spn_json_at set = {NULL, NULL, ""};
    struct spn_err why;
    if (spn_json_is_object(at))
        set = spn_json_get(at, "set");
    if (!set.item) {
        axis->n_places = 1;
        return spn_place_find(&axis->place[0], axis->name, &why)
                   ? spn_json_fail(at, err, "%s", why.msg)
                   : SPN_OK;
    }
    size_t n = spn_json_is_list(&set) ? spn_json_size(&set) : 1;
    if (n < 1 || n > SPN_AXIS_MAX_PLACES)
        return spn_json_fail(&set, err, "%zu fields, must be 1 to %d", n, SPN_AXIS_MAX_PLACES);
    for (size_t i = 0; i < n; i++) {
        struct spn_json_at item = spn_json_is_list(&set) ? spn_json_item(&set, i) : set;
        const char *path = spn_json_string(&item);
        if (!path)
            return spn_json_fail(&item, err, "must be the path of a field");
        if (spn_place_find(&axis->place[axis->n_places++], path, &why))
            return spn_json_fail(&item, err, "%s", why.msg);
    }
    return SPN_OK;
}

enum spn_status spn_axis_read(struct spn_axis *axis, const char *name, const struct spn_json_at *at,
                              struct spn_err *err)
{
    static const char name_letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    static const struct spn_field list_fields[] = {SPN_F_ANY("values", "list of values"),
                                                   SPN_F_ANY("set", "where"),
                                                   SPN_F_ANY("when", "condition"), SPN_F_END};
    memset(axis, 0, sizeof *axis);
    axis->numeric = true;
    if (!*name || strspn(name, name_letters) != strlen(name) ||
        !spn_text_copy(axis->name, sizeof axis->name, name))
        return spn_json_fail(at, err,
                             "the name of an axis is made of letters, digits, '_' and '.'");
    enum spn_status status = read_places(axis, at, err);
    if (status)
        return status;
    struct spn_json_at values = *at;
    if (spn_json_is_object(at)) {
        values = spn_json_get(at, "values");
        if (values.item)
            status = spn_json_read(*at, list_fields, NULL, err);
        else
            status = read_range(axis, at, err);
    }
    if (status)
        return status;
    if (spn_json_is_list(&values))
        status = read_list(axis, &values, err);
    else if (!axis->n_values)
        return spn_json_fail(
            &values, err, "must be a list of values or {\"from\", \"to\", \"step\" or \"count\"}");
    return status ? status : encode(axis, at, err);
}

void spn_axis_clear(struct spn_axis *axis)
{
    for (int i = 0; i < axis->n_when; i++)
        free(axis->when[i].allowed);
    free(axis->label);
    free(axis->text);
    free(axis->number);
    free(axis->bytes);
    memset(axis, 0, sizeof *axis);
}

/* ---- conditions ---- */

static enum spn_status allow(const struct spn_axis *other, bool *allowed,
                             const struct spn_json_at *at, struct spn_err *err)
{
    char text[SPN_AXIS_LABEL];
    enum spn_status status = spn_axis_value_text(at, text, err);
    for (int i = 0; i < other->n_values && !status; i++)
        if (strcmp(other->label[i], text) == 0) {
            allowed[i] = true;
            return SPN_OK;
        }
    return status ? status
                  : spn_json_fail(at, err, "the axis %s has no value %s", other->name, text);
}

enum spn_status spn_axis_read_when(struct spn_space *space, int number,
                                   const struct spn_json_at *at, struct spn_err *err)
{
    struct spn_axis *axis = &space->axis[number];
    if (!spn_json_is_object(at) || spn_json_size(at) < 1 || spn_json_size(at) > SPN_AXIS_MAX_WHEN)
        return spn_json_fail(at, err, "must be an object of 1 to %d axes", SPN_AXIS_MAX_WHEN);
    for (size_t k = 0; k < spn_json_size(at); k++) {
        struct spn_json_at item = spn_json_item(at, k);
        const char *name = spn_json_key(&item);
        int other = 0;
        while (other < number && strcmp(space->axis[other].name, name) != 0)
            other++;
        if (other == number)
            return spn_json_fail(&item, err, "no axis \"%.60s\" stands before this one", name);
        struct spn_when *when = &axis->when[axis->n_when];
        when->axis = other;
        when->allowed = calloc((size_t)space->axis[other].n_values, sizeof *when->allowed);
        if (!when->allowed)
            return spn_err_memory(err, "an axis");
        axis->n_when++;
        space->axis[other].controls = true;
        size_t n = spn_json_is_list(&item) ? spn_json_size(&item) : 1;
        for (size_t i = 0; i < n; i++) {
            struct spn_json_at one = spn_json_is_list(&item) ? spn_json_item(&item, i) : item;
            enum spn_status status = allow(&space->axis[other], when->allowed, &one, err);
            if (status)
                return status;
        }
    }
    return SPN_OK;
}
