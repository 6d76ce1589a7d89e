/* space_ask.c -- what a space asks of each design: columns, derived results, constraints,
 * objectives; and which inputs scatter.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "explorer/space_state.h"

size_t spn_space_names(const struct spn_space *space, int n_derived,
                       struct spn_space_values *values,
                       struct spn_expr_name names[SPN_SPACE_MAX_NAMES])
{
    size_t n = 0;
    for (int i = 0; spn_columns[i].name; i++)
        names[n++] = (struct spn_expr_name){spn_columns[i].name, &values->column[i]};
    for (int i = 0; i < n_derived; i++)
        names[n++] = (struct spn_expr_name){space->derived_name[i], &values->derived[i]};
    for (int i = 0; i < space->n_axes; i++)
        if (space->axis[i].numeric)
            names[n++] = (struct spn_expr_name){space->axis[i].name, &values->axis[i]};
    return n;
}

/* ---- expressions ---- */

static void use(struct spn_space *space, int column)
{
    for (int i = 0; i < space->n_used; i++)
        if (space->used[i] == column)
            return;
    space->used[space->n_used++] = column;
    space->training = space->training || spn_columns[column].training;
    space->sums = space->sums || spn_columns[column].source == SPN_COLUMN_SUM;
    space->simulated = space->simulated || spn_columns[column].source == SPN_COLUMN_SIMULATED;
}

/* *simulated: it needs the accuracy. */
static enum spn_status check_expression(struct spn_space *space, const struct spn_json_at *at,
                                        int n_derived, char out[SPN_SPACE_EXPR], bool *simulated,
                                        struct spn_err *err)
{
    struct spn_space_values values;
    struct spn_expr_name names[SPN_SPACE_MAX_NAMES];
    struct spn_expr *expr = NULL;
    struct spn_err why;
    const char *text = spn_json_string(at);
    memset(&values, 0, sizeof values);
    if (!text || !*text || !spn_text_copy(out, SPN_SPACE_EXPR, text))
        return spn_json_fail(at, err, "must be an expression of at most %d characters",
                             SPN_SPACE_EXPR - 1);
    size_t n = spn_space_names(space, n_derived, &values, names);
    if (spn_expr_create(&expr, text, names, n, &why))
        return spn_json_fail(at, err, "%s", why.msg);
    *simulated = false;
    for (int i = 0; spn_columns[i].name; i++)
        if (spn_expr_uses(expr, spn_columns[i].name)) {
            use(space, i);
            *simulated = *simulated || spn_columns[i].source == SPN_COLUMN_SIMULATED;
        }
    for (int i = 0; i < n_derived; i++)
        *simulated = *simulated ||
                     (space->derived_simulated[i] && spn_expr_uses(expr, space->derived_name[i]));
    spn_expr_destroy(expr);
    return SPN_OK;
}

static bool is_identifier(const char *text)
{
    return *text && !(*text >= '0' && *text <= '9') &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
               strlen(text);
}

static enum spn_status read_derived(struct spn_space *space, const struct spn_json_at *at,
                                    struct spn_err *err)
{
    if (!at->item)
        return SPN_OK;
    if (!spn_json_is_object(at) || spn_json_size(at) > SPN_SPACE_MAX_COLUMNS / 2)
        return spn_json_fail(at, err, "must be an object of at most %d expressions",
                             SPN_SPACE_MAX_COLUMNS / 2);
    for (size_t i = 0; i < spn_json_size(at); i++) {
        struct spn_json_at item = spn_json_item(at, i);
        const char *name = spn_json_key(&item);
        int d = space->n_derived;
        if (!is_identifier(name) || !spn_text_copy(space->derived_name[d], SPN_SPACE_NAME, name))
            return spn_json_fail(&item, err,
                                 "the name of a result is made of letters, digits and '_'");
        bool taken = spn_column_find(name) >= 0;
        for (int a = 0; a < space->n_axes; a++)
            taken = taken || strcmp(space->axis[a].name, name) == 0;
        if (taken)
            return spn_json_fail(&item, err, "the name is taken");
        enum spn_status status = check_expression(space, &item, d, space->derived_text[d],
                                                  &space->derived_simulated[d], err);
        if (status)
            return status;
        space->n_derived++;
    }
    return SPN_OK;
}

static enum spn_status read_constraints(struct spn_space *space, const struct spn_json_at *at,
                                        struct spn_err *err)
{
    if (!at->item)
        return SPN_OK;
    if (!spn_json_is_list(at) || spn_json_size(at) > SPN_SPACE_MAX_CONSTRAINTS)
        return spn_json_fail(at, err, "must be a list of at most %d expressions",
                             SPN_SPACE_MAX_CONSTRAINTS);
    for (size_t i = 0; i < spn_json_size(at); i++) {
        struct spn_json_at item = spn_json_item(at, i);
        enum spn_status status =
            check_expression(space, &item, space->n_derived, space->constraint[i],
                             &space->constraint_simulated[i], err);
        if (status)
            return status;
        space->n_constraints++;
    }
    return SPN_OK;
}

/* ---- columns and objectives ---- */

static const char *next_column(const void *ctx, size_t i)
{
    const struct spn_space *space = ctx;
    size_t n = 0;
    while (spn_columns[n].name)
        n++;
    return i < n                              ? spn_columns[i].name
           : i - n < (size_t)space->n_derived ? space->derived_name[i - n]
                                              : NULL;
}

static enum spn_status unknown_column(const struct spn_space *space, const struct spn_json_at *at,
                                      const char *name, struct spn_err *err)
{
    const char *near = spn_text_nearest(name, next_column, space);
    return spn_json_fail(at, err, "no result is called \"%.60s\"%s%s%s", name,
                         near ? ": did you mean \"" : "", near ? near : "",
                         near ? "\"?" : " (see spindle list results)");
}

/* Keep result `column` (once); false when there is no room. */
static bool keep(struct spn_space *space, int column)
{
    for (int i = 0; i < space->n_results; i++)
        if (space->result[i] == column)
            return true;
    if (space->n_results + space->n_derived >= SPN_SPACE_MAX_COLUMNS)
        return false;
    space->result[space->n_results++] = column;
    use(space, column);
    return true;
}

static enum spn_status read_columns(struct spn_space *space, const struct spn_json_at *at,
                                    struct spn_err *err)
{
    int asked[128], n_asked = space->n_used; /* by expressions */
    memcpy(asked, space->used, sizeof asked);
    for (int i = 0; i < n_asked; i++)
        if (!keep(space, asked[i]))
            return spn_json_fail(at, err, "more than %d columns", SPN_SPACE_MAX_COLUMNS);
    if (!at->item) {
        for (int i = 0; spn_columns[i].name; i++)
            if (spn_columns[i].usual && !keep(space, i))
                return spn_json_fail(at, err, "more than %d columns", SPN_SPACE_MAX_COLUMNS);
        return SPN_OK;
    }
    if (!spn_json_is_list(at))
        return spn_json_fail(at, err, "must be a list of results");
    for (size_t i = 0; i < spn_json_size(at); i++) {
        struct spn_json_at item = spn_json_item(at, i);
        const char *name = spn_json_string(&item);
        int column = name ? spn_column_find(name) : -1;
        if (column < 0)
            return unknown_column(space, &item, name ? name : "", err);
        if (!keep(space, column))
            return spn_json_fail(&item, err, "more than %d columns", SPN_SPACE_MAX_COLUMNS);
    }
    return SPN_OK;
}

static enum spn_status read_objectives(struct spn_space *space, const struct spn_json_at *at,
                                       struct spn_err *err)
{
    if (!at->item)
        return SPN_OK;
    if (!spn_json_is_list(at) || spn_json_size(at) > SPN_SPACE_MAX_OBJECTIVES)
        return spn_json_fail(at, err, "must be a list of at most %d objectives",
                             SPN_SPACE_MAX_OBJECTIVES);
    for (size_t i = 0; i < 2 * spn_json_size(at);
         i++) { /* first see that all are kept: derived ones come after */
        struct spn_json_at item = spn_json_item(at, i % spn_json_size(at));
        const char *text = spn_json_string(&item);
        if (!text || (strncmp(text, "min ", 4) != 0 && strncmp(text, "max ", 4) != 0))
            return spn_json_fail(&item, err, "must be \"min RESULT\" or \"max RESULT\"");
        const char *name = text + 4;
        int known = spn_column_find(name);
        if (known >= 0 && !keep(space, known))
            return spn_json_fail(&item, err, "more than %d columns", SPN_SPACE_MAX_COLUMNS);
        int column = spn_space_find_column(space, name);
        if (column < 0)
            return unknown_column(space, &item, name, err);
        if (i < spn_json_size(at))
            continue;
        for (int k = 0; k < space->n_objectives; k++)
            if (space->objective[k].column == column)
                return spn_json_fail(&item, err, "%s is an objective already", name);
        space->objective[space->n_objectives++] = (struct spn_objective){column, text[1] == 'a'};
    }
    return SPN_OK;
}

/* ---- uncertain inputs ---- */

struct scatter {
    int distribution;
    double mean, sd, relative_sd, factor, from, to, relative_from, relative_to;
};

static const char *const distribution_names[] = {"normal", "lognormal", "uniform", NULL};
#define LEAST (-1e300)
#define MOST 1e300
const struct spn_field spn_scatter_fields[] = {
    {.key = "distribution",
     .type = SPN_FIELD_ENUM,
     .required = true,
     .offset = offsetof(struct scatter, distribution),
     .unit = "",
     .names = distribution_names,
     .doc = "shape"},
    SPN_F_DOUBLE(struct scatter, mean, "", LEAST, MOST,
                 "normal; lognormal: the median; else the field's value"),
    SPN_F_DOUBLE(struct scatter, sd, "", 0, 1e300, "normal"),
    SPN_F_DOUBLE(struct scatter, relative_sd, "", 0, 10, "normal: of the mean"),
    SPN_F_DOUBLE(struct scatter, factor, "", 1, 1e6,
                 "lognormal: one standard deviation is this factor"),
    SPN_F_DOUBLE(struct scatter, from, "", LEAST, MOST, "uniform"),
    SPN_F_DOUBLE(struct scatter, to, "", LEAST, MOST, "uniform"),
    SPN_F_DOUBLE(struct scatter, relative_from, "", LEAST, MOST, "uniform: of the field's value"),
    SPN_F_DOUBLE(struct scatter, relative_to, "", LEAST, MOST, "uniform: of the field's value"),
    SPN_F_ANY("source", "where the numbers are from"),
    SPN_F_END};

static enum spn_status shape(struct spn_uncertain *input, const struct scatter *s,
                             const struct spn_json_at *at, struct spn_err *err)
{
    input->distribution = s->distribution;
    input->absolute = !isnan(s->mean);
    input->mean = s->mean;
    switch (s->distribution) {
    case SPN_DISTRIBUTION_NORMAL:
        if (isnan(s->sd) == isnan(s->relative_sd))
            return spn_json_fail(at, err,
                                 "a normal distribution has either \"sd\" or \"relative_sd\"");
        input->relative = isnan(s->sd);
        input->sd = input->relative ? s->relative_sd : s->sd;
        return SPN_OK;
    case SPN_DISTRIBUTION_LOGNORMAL:
        if (isnan(s->factor))
            return spn_json_fail(at, err, "a lognormal distribution needs \"factor\"");
        input->sd = log(s->factor);
        return SPN_OK;
    default:
        input->relative = isnan(s->from) && isnan(s->to);
        input->from = input->relative ? s->relative_from : s->from;
        input->to = input->relative ? s->relative_to : s->to;
        if (!(input->from <= input->to))
            return spn_json_fail(at, err,
                                 "a uniform distribution has \"from\" <= \"to\" or both relative");
        return SPN_OK;
    }
}

static enum spn_status read_uncertain(struct spn_space *space, const struct spn_json_at *at,
                                      struct spn_err *err)
{
    if (!at->item)
        return SPN_OK;
    if (!spn_json_is_object(at) || spn_json_size(at) > SPN_SPACE_MAX_INPUTS)
        return spn_json_fail(at, err, "must be an object of at most %d fields",
                             SPN_SPACE_MAX_INPUTS);
    for (size_t i = 0; i < spn_json_size(at); i++) {
        struct spn_json_at item = spn_json_item(at, i);
        struct scatter s = {0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
        struct spn_uncertain *input = &space->input[i];
        struct spn_err why;
        if (spn_place_find(&input->place, spn_json_key(&item), &why))
            return spn_json_fail(&item, err, "%s", why.msg);
        if (input->place.kind != SPN_PLACE_FIELD ||
            input->place.ref.field->type != SPN_FIELD_DOUBLE)
            return spn_json_fail(&item, err, "only a field with a real number can be uncertain");
        spn_text_copy(input->path, sizeof input->path, input->place.path);
        enum spn_status status = spn_json_read(item, spn_scatter_fields, &s, err);
        if (!status)
            status = shape(input, &s, &item, err);
        if (status)
            return status;
        space->n_inputs++;
    }
    return SPN_OK;
}

/* A store has one column per name, and SQL takes upper and lower case for the same. */
static enum spn_status check_names(const struct spn_space *space, const struct spn_json_at *root,
                                   struct spn_err *err)
{
    static const char *const reserved[] = {"point", "reason", "rowid", "oid", "_rowid_"};
    enum { N_RESERVED = sizeof reserved / sizeof *reserved };
    const char *name[SPN_SPACE_MAX_AXES + SPN_SPACE_MAX_COLUMNS + N_RESERVED];
    int n = 0;
    for (int i = 0; i < N_RESERVED; i++)
        name[n++] = reserved[i];
    for (int i = 0; i < spn_space_n_columns(space); i++)
        name[n++] = spn_space_column(space, i);
    for (int i = 0; i < space->n_axes; i++)
        name[n++] = space->axis[i].name;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            if (strcasecmp(name[i], name[j]) == 0)
                return spn_json_fail(root, err, "the name \"%s\" is taken", name[i]);
    return SPN_OK;
}

/* Accuracy comes with the weights: what would change those cannot vary. */
static enum spn_status read_accuracy(struct spn_space *space, const struct spn_json_at *root,
                                     struct spn_err *err)
{
    struct spn_json_at at = spn_json_get(root, "accuracy");
    space->accuracy = spn_accuracy_options_default();
    enum spn_status status =
        at.item ? spn_json_read(at, spn_accuracy_fields, &space->accuracy, err) : SPN_OK;
    if (status || !space->simulated)
        return status;
    if (space->accuracy.seed != floor(space->accuracy.seed))
        return spn_json_fail(&at, err, "seed = %g must be a whole number", space->accuracy.seed);
    for (int a = 0; a < space->n_axes; a++)
        for (int p = 0; p < space->axis[a].n_places; p++)
            if (space->axis[a].place[p].kind == SPN_PLACE_SETTING)
                return spn_json_fail(root, err,
                                     "accuracy is that of the network's weight file, which axis "
                                     "%s cannot change: leave out one of them",
                                     space->axis[a].name);
    for (int i = 0; i < space->n_settings; i++)
        if (strncmp(space->setting_path[i], "network.", 8) == 0)
            return spn_json_fail(root, err,
                                 "accuracy is that of the network's weight file, which \"%s\" "
                                 "cannot change: leave out one of them",
                                 space->setting_path[i]);
    return SPN_OK;
}

enum spn_status spn_space_read_asked(struct spn_space *space, const struct spn_json_at *root,
                                     struct spn_err *err)
{
    struct spn_json_at derived = spn_json_get(root, "derived"),
                       constraints = spn_json_get(root, "constraints"),
                       columns = spn_json_get(root, "columns"),
                       objectives = spn_json_get(root, "objectives"),
                       uncertain = spn_json_get(root, "uncertain");
    enum spn_status status = read_derived(space, &derived, err);
    if (!status)
        status = read_constraints(space, &constraints, err);
    if (!status)
        status = read_columns(space, &columns, err);
    if (!status)
        status = read_objectives(space, &objectives, err);
    if (!status)
        status = check_names(space, root, err);
    if (!status)
        status = read_accuracy(space, root, err);
    return status ? status : read_uncertain(space, &uncertain, err);
}
