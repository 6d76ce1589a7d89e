/* space.c -- reads a space file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "explorer/space.h"

#include <stdlib.h>
#include <string.h>

#include "explorer/space_state.h"
#include "tech/data.h"

/* Whole inputs that a file may name once, or as a list: an axis then. */
static const char *const inputs[] = {"network", "chip", "node", "device", "dram", "scheme"};
enum { N_INPUTS = sizeof inputs / sizeof *inputs, N_BASE = 5 };

struct head {
    char name[64], description[256];
};

static const struct spn_field space_fields[] = {
    SPN_F_STRING(struct head, name, "name of the space"),
    SPN_F_STRING(struct head, description, "one line"),
    SPN_F_ANY("network", "name, file, or a list of them"),
    SPN_F_ANY("chip", "name, file, or a list of them"),
    SPN_F_ANY("node", "instead of the chip's; or a list"),
    SPN_F_ANY("device", "instead of the chip's; or a list"),
    SPN_F_ANY("dram", "instead of the chip's; or a list"),
    SPN_F_ANY("scheme", "instead of the chip's; or a list"),
    SPN_F_ANY("set", "fields with one value for all designs"),
    SPN_F_ANY("axes", "what varies"),
    SPN_F_ANY("derived", "results computed from results"),
    SPN_F_ANY("constraints", "expressions that must hold"),
    SPN_F_ANY("objectives", "\"min RESULT\", \"max RESULT\""),
    SPN_F_ANY("columns", "results that are kept"),
    SPN_F_ANY("uncertain", "inputs that scatter"),
    SPN_F_ANY("accuracy", "how accuracy is simulated, if it is asked for"),
    SPN_F_END};

static enum spn_status add_setting(struct spn_space *space, const char *path,
                                   const struct spn_json_at *at, struct spn_err *err)
{
    char text[SPN_AXIS_LABEL];
    struct spn_place place;
    struct spn_err why;
    int i = space->n_settings;
    if (i == SPN_SPACE_MAX_SETTINGS)
        return spn_json_fail(at, err, "more than %d settings", SPN_SPACE_MAX_SETTINGS);
    enum spn_status status = spn_axis_value_text(at, text, err);
    if (!status && spn_place_find(&place, path, &why))
        status = spn_json_fail(at, err, "%s", why.msg);
    if (status)
        return status;
    if (place.kind != SPN_PLACE_FIELD && place.kind != SPN_PLACE_SETTING)
        return spn_json_fail(at, err, "name it with \"%s\", not in \"set\"", path);
    memcpy(space->setting_path[i], place.path, sizeof place.path);
    memcpy(space->setting_value[i], text, sizeof text);
    space->setting[i] = (struct spn_override){space->setting_path[i], space->setting_value[i]};
    space->n_settings++;
    return SPN_OK;
}

static enum spn_status read_settings(struct spn_space *space, const struct spn_json_at *at,
                                     struct spn_err *err)
{
    if (!at->item)
        return SPN_OK;
    if (!spn_json_is_object(at))
        return spn_json_fail(at, err, "must be an object of fields and their values");
    for (size_t i = 0; i < spn_json_size(at); i++) {
        struct spn_json_at item = spn_json_item(at, i);
        enum spn_status status = add_setting(space, spn_json_key(&item), &item, err);
        if (status)
            return status;
    }
    return SPN_OK;
}

static enum spn_status add_axis(struct spn_space *space, const char *name,
                                const struct spn_json_at *at, struct spn_err *err)
{
    if (space->n_axes == SPN_SPACE_MAX_AXES)
        return spn_json_fail(at, err, "more than %d axes", SPN_SPACE_MAX_AXES);
    struct spn_axis *axis =
        &space->axis[space->n_axes++]; /* counted at once: what it holds is freed with the space */
    enum spn_status status = spn_axis_read(axis, name, at, err);
    if (status)
        return status;
    for (int a = 0; a < space->n_axes; a++)
        for (int p = 0; p < space->axis[a].n_places; p++)
            for (int q = 0; q < axis->n_places; q++)
                if ((a != space->n_axes - 1 || p < q) &&
                    strcmp(space->axis[a].place[p].path, axis->place[q].path) == 0)
                    return spn_json_fail(at, err, "%s varies in axis %s already",
                                         axis->place[q].path, space->axis[a].name);
    for (int a = 0; a < space->n_axes - 1; a++)
        if (strcmp(space->axis[a].name, axis->name) == 0)
            return spn_json_fail(at, err, "an axis of that name is there already");
    if (spn_column_find(axis->name) >= 0)
        return spn_json_fail(at, err, "is the name of a result");
    struct spn_json_at when = {NULL, NULL, ""};
    if (spn_json_is_object(at))
        when = spn_json_get(at, "when");
    return when.item ? spn_axis_read_when(space, space->n_axes - 1, &when, err) : SPN_OK;
}

static enum spn_status read_input(struct spn_space *space, int i, const struct spn_json_at *root,
                                  struct spn_err *err)
{
    struct spn_json_at at = spn_json_get(root, inputs[i]);
    if (!at.item)
        return SPN_OK;
    if (spn_json_is_list(&at) || spn_json_is_object(&at))
        return add_axis(space, inputs[i], &at, err);
    const char *text = spn_json_string(&at);
    if (!text || !*text)
        return spn_json_fail(&at, err, "must be a name or a list of names");
    if (i >= N_BASE)
        return add_setting(space, inputs[i], &at, err);
    if (!spn_text_copy(space->base_name[i], sizeof space->base_name[i], text))
        return spn_json_fail(&at, err, "longer than %zu characters",
                             sizeof space->base_name[i] - 1);
    return SPN_OK;
}

static enum spn_status read_all(struct spn_space *space, const struct spn_json *doc,
                                struct spn_err *err)
{
    struct spn_json_at root = spn_json_root(doc);
    struct head head = {"", ""};
    struct spn_json_at varies = spn_json_get(&root, "axes"), asks = spn_json_get(&root, "dataset");
    if (!varies.item && asks.item)
        return spn_json_fail(&root, err,
                             "a training recipe, no design space: nothing varies (\"axes\")");
    enum spn_status status = spn_json_read(root, space_fields, &head, err);
    if (status)
        return status;
    memcpy(space->name, head.name, sizeof space->name);
    memcpy(space->description, head.description, sizeof space->description);
    struct spn_json_at set = spn_json_get(&root, "set"), axes = spn_json_get(&root, "axes");
    status = read_settings(space, &set, err);
    for (int i = 0; i < N_INPUTS && !status; i++)
        status = read_input(space, i, &root, err);
    if (!status && axes.item && !spn_json_is_object(&axes))
        status = spn_json_fail(&axes, err, "must be an object of axes");
    for (size_t i = 0; axes.item && i < spn_json_size(&axes) && !status; i++) {
        struct spn_json_at item = spn_json_item(&axes, i);
        status = add_axis(space, spn_json_key(&item), &item, err);
    }
    if (!status)
        status = spn_space_read_asked(space, &root, err);
    if (!status)
        status = spn_space_load_parts(space, err);
    return status ? status : spn_space_number(space, err);
}

static enum spn_status create(struct spn_space **out, struct spn_json *doc, struct spn_err *err)
{
    struct spn_space *space = calloc(1, sizeof *space);
    if (!space)
        return spn_err_memory(err, "a design space");
    const char *slash = strrchr(spn_json_name(doc), '/');
    const char *base = slash ? slash + 1 : spn_json_name(doc);
    if (!spn_text_copy(space->file, sizeof space->file, spn_json_name(doc)))
        spn_text_copy(space->file, sizeof space->file, "space");
    enum spn_status status = read_all(space, doc, err);
    if (!status && !*space->name) {
        size_t n = strcspn(base, ".");
        memcpy(space->name, base, n < sizeof space->name ? n : sizeof space->name - 1);
    }
    if (status)
        spn_space_destroy(space);
    else
        *out = space;
    return status;
}

enum spn_status spn_space_load(struct spn_space **space, const char *name_or_path,
                               struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    struct spn_json *doc = NULL;
    enum spn_status status =
        spn_data_find(path, sizeof path, "experiments", "experiment", name_or_path, err);
    if (!status)
        status = spn_json_load(&doc, path, err);
    if (!status)
        status = create(space, doc, err);
    spn_json_destroy(doc);
    return status;
}

enum spn_status spn_space_parse(struct spn_space **space, const char *text, size_t n,
                                const char *name, struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_parse(&doc, text, n, name, err);
    if (!status)
        status = create(space, doc, err);
    spn_json_destroy(doc);
    return status;
}

void spn_space_destroy(struct spn_space *space)
{
    if (!space)
        return;
    for (int a = 0; a < space->n_axes; a++)
        spn_axis_clear(&space->axis[a]);
    for (int i = 0; space->plan && i < space->n_plans; i++) {
        spn_plan_destroy(space->plan[i].plan);
        spn_profile_clear(&space->plan[i].profile);
        spn_network_destroy(space->plan[i].net);
    }
    free(space->plan);
    free(space->chip);
    free(space->piece);
    free(space->segment);
    free(space->segment_of);
    free(space);
}

/* ---- questions ---- */

const char *spn_space_name(const struct spn_space *space)
{
    return space->name;
}

int64_t spn_space_size(const struct spn_space *space)
{
    return space->size;
}

uint64_t spn_space_digest(const struct spn_space *space)
{
    return space->digest;
}

int spn_space_n_axes(const struct spn_space *space)
{
    return space->n_axes;
}

const char *spn_space_axis_name(const struct spn_space *space, int axis)
{
    return space->axis[axis].name;
}

int spn_space_axis_size(const struct spn_space *space, int axis)
{
    return space->axis[axis].n_values;
}

bool spn_space_axis_numeric(const struct spn_space *space, int axis)
{
    return space->axis[axis].numeric;
}

const char *spn_space_axis_label(const struct spn_space *space, int axis, int value)
{
    return space->axis[axis].label[value];
}

double spn_space_axis_number(const struct spn_space *space, int axis, int value)
{
    return space->axis[axis].number[value];
}

int spn_space_n_columns(const struct spn_space *space)
{
    return space->n_results + space->n_derived;
}

const char *spn_space_column(const struct spn_space *space, int column)
{
    return column < space->n_results ? spn_columns[space->result[column]].name
                                     : space->derived_name[column - space->n_results];
}

/* A derived result says its unit as all names do: by what follows the last '_'. */
static const char *unit_of(const char *name)
{
    static const char *const units[] = {"J", "s", "m2", "W", "bit", "Hz", NULL};
    const char *last = strrchr(name, '_');
    for (int i = 0; last && units[i]; i++)
        if (strcmp(units[i], last + 1) == 0)
            return units[i];
    return "";
}

const char *spn_space_column_unit(const struct spn_space *space, int column)
{
    return column < space->n_results ? spn_columns[space->result[column]].unit
                                     : unit_of(space->derived_name[column - space->n_results]);
}

int spn_space_find_column(const struct spn_space *space, const char *name)
{
    for (int i = 0; i < spn_space_n_columns(space); i++)
        if (strcmp(spn_space_column(space, i), name) == 0)
            return i;
    return -1;
}

int spn_space_n_objectives(const struct spn_space *space)
{
    return space->n_objectives;
}

const struct spn_objective *spn_space_objective(const struct spn_space *space, int i)
{
    return &space->objective[i];
}

int spn_space_n_inputs(const struct spn_space *space)
{
    return space->n_inputs;
}

const char *spn_space_input_name(const struct spn_space *space, int input)
{
    return space->input[input].path;
}

void spn_space_help_file(struct spn_text *out)
{
    spn_field_help(space_fields, "", out);
    spn_text_add(
        out,
        "axes.PATH\t\t[VALUE, ...]\ta field, or network, chip, node, device, dram, scheme\n"
        "axes.PATH\t\t{from, to, step}\ta range; or count instead of step, and log: true\n"
        "axes.NAME\t\t{set: [PATH, ...], values}\tlinked fields: a value for all, or a list of one "
        "each\n"
        "axes.PATH.when\t\t{AXIS: VALUE or [VALUE, ...]}\ttakes part only then; AXIS stands "
        "before\n"
        "derived.NAME\t\texpression\tof results, derived results and axes with numbers\n");
    spn_field_help(spn_scatter_fields, "uncertain.PATH", out);
    spn_field_help(spn_accuracy_fields, "accuracy", out);
}

void spn_space_help(struct spn_text *out)
{
    spn_text_add(out,
                 "network\t\tname or file\twhich network\n"
                 "network.sparsity\t\t0 .. 1\tshare of pruned weights, all layers on arrays\n"
                 "network.sparsity.LAYER\t\t0 .. 1\tshare of pruned weights of one layer\n"
                 "network.sequence\t\t1 .. \ttokens of a sequence\n"
                 "network.cache\t\t0 .. \tearlier tokens kept by causal attention\n"
                 "chip\t\tname or file\twhich chip\n"
                 "node\t\tname or file\tCMOS process instead of the chip's\n"
                 "device\t\tname or file\tmemory cell instead of the chip's\n"
                 "dram\t\tname or file\tDRAM instead of the chip's\n"
                 "scheme\t\tdense, external-index, index-free\tshort for chip.sparsity.scheme\n");
}
