/* cmd_list.c -- what is shipped: nodes, devices, chips, networks, components, schemes, figures.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "base/json.h"
#include "cli/cmd.h"
#include "estimator/index_format.h"
#include "explorer/columns.h"
#include "models/component.h"
#include "reports/plot.h"
#include "tech/data.h"

static const struct spn_opt options[] = {SPN_OPT_END};

enum { LINE_WIDTH = 110 };

/* One line on a data file: its description, else what tells nodes apart, else its first note. */
static void describe(const struct spn_json *doc, struct spn_text *out)
{
    struct spn_json_at root = spn_json_root(doc), at = spn_json_get(&root, "description");
    struct spn_json_at size = spn_json_get(&root, "feature_size_m"),
                       supply = spn_json_get(&root, "vdd_V"),
                       transistor = spn_json_get(&root, "transistor");
    double size_m, vdd_V;
    if (transistor.item && spn_json_number(&size, &size_m) && spn_json_number(&supply, &vdd_V)) {
        spn_text_add(out, "%s, %g nm, %.3g V", spn_json_string(&transistor), size_m * 1e9, vdd_V);
        return;
    }
    if (!at.item) {
        at = spn_json_get(&root, "notes");
        if (at.item && spn_json_is_list(&at))
            at = spn_json_item(&at, 0);
    }
    const char *text = at.item ? spn_json_string(&at) : NULL;
    if (!text)
        return;
    bool cut = strlen(text) > LINE_WIDTH;
    spn_text_add(out, "%.*s%s", cut ? LINE_WIDTH - 3 : LINE_WIDTH, text, cut ? "..." : "");
}

static void add_name(void *ctx, const char *name, const char *path)
{
    struct spn_text *out = ctx;
    struct spn_json *doc = NULL;
    const char *slash = strrchr(path, '/');
    if (!out->length && slash)
        spn_text_add(out, "# in %.*s\n", (int)(slash - path), path);
    spn_text_add(out, "%-28s ", name);
    if (spn_json_load(&doc, path, NULL) == SPN_OK)
        describe(doc, out);
    spn_json_destroy(doc);
    spn_text_add(out, "\n");
}

static enum spn_status list_folder(const char *dir, struct spn_text *out, struct spn_err *err)
{
    return spn_data_list(dir, add_name, out, err);
}

static enum spn_status list_components(const char *unused, struct spn_text *out,
                                       struct spn_err *err)
{
    (void)unused;
    (void)err;
    for (size_t i = 0; spn_components[i]; i++)
        spn_text_add(out, "%-20s %-14s %s\n", spn_components[i]->name, spn_components[i]->role,
                     spn_components[i]->doc);
    return SPN_OK;
}

static enum spn_status list_figures(const char *unused, struct spn_text *out, struct spn_err *err)
{
    (void)unused;
    (void)err;
    for (const struct spn_figure_type *f = spn_figure_types; f->name; f++)
        spn_text_add(out, "%-20s %s\n", f->name, f->doc);
    return SPN_OK;
}

static enum spn_status list_schemes(const char *unused, struct spn_text *out, struct spn_err *err)
{
    static const char *const doc[SPN_N_SCHEMES] = {
        "every weight in a cell, no mask",
        "pruned weights are zeros in plain cells; an index elsewhere says which are kept",
        "a second transistor in every cell holds the mask bit",
    };
    (void)unused;
    (void)err;
    for (int i = 0; i < SPN_N_SCHEMES; i++)
        spn_text_add(out, "%-20s %s\n", spn_scheme_names[i], doc[i]);
    return SPN_OK;
}

static enum spn_status list_index_formats(const char *unused, struct spn_text *out,
                                          struct spn_err *err)
{
    (void)unused;
    (void)err;
    for (const struct spn_index_format *f = spn_index_formats; f->name; f++)
        spn_text_add(out, "%-20s %s\n", f->name, f->doc);
    return SPN_OK;
}

static enum spn_status list_results(const char *unused, struct spn_text *out, struct spn_err *err)
{
    (void)unused;
    (void)err;
    for (const struct spn_column *c = spn_columns; c->name; c++)
        spn_text_add(out, "%-24s %-10s %s\n", c->name, c->unit, c->doc);
    return SPN_OK;
}

static const struct {
    const char *name, *dir;
    enum spn_status (*list)(const char *dir, struct spn_text *out, struct spn_err *err);
    const char *doc;
} kinds[] = {
    {"nodes", "tech/nodes", list_folder, "CMOS processes"},
    {"devices", "tech/devices", list_folder, "memory cells: --device"},
    {"chips", "tech/chips", list_folder, "organisations of a chip: --chip"},
    {"drams", "tech/drams", list_folder, "memories beside the chip"},
    {"networks", "networks", list_folder, "what is computed"},
    {"experiments", "experiments", list_folder, "design spaces and training recipes"},
    {"components", NULL, list_components, "blocks of a chip, with their roles"},
    {"schemes", NULL, list_schemes, "ways to hold a pruned network: --scheme"},
    {"index-formats", NULL, list_index_formats, "of an external index"},
    {"results", NULL, list_results, "what spaces can ask for, and stores hold"},
    {"figures", NULL, list_figures, "pictures that --out draws"},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static void list_kinds(struct spn_text *out)
{
    for (size_t i = 0; i < N_KINDS; i++)
        spn_text_add(out, "spindle list %-14s %s\n", kinds[i].name, kinds[i].doc);
}

static const char *kind_name(const void *ctx, size_t i)
{
    (void)ctx;
    return i < N_KINDS ? kinds[i].name : NULL;
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct spn_operands operands;
    bool help;
    (void)argc;
    enum spn_status status = spn_opt_parse(self, argv + 2, NULL, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    const char *kind = operands.n ? operands.value[0] : NULL;
    struct spn_text text = {0};
    size_t i = 0;
    while (kind && i < N_KINDS && strcmp(kinds[i].name, kind) != 0)
        i++;
    if (i == N_KINDS) {
        const char *near = spn_text_nearest(kind, kind_name, NULL);
        return spn_err_set(err, SPN_EUSAGE, "list: no kind \"%s\"%s%s%s", kind,
                           near ? ": did you mean \"" : "", near ? near : "",
                           near ? "\"?" : " (see spindle list)");
    }
    if (kind)
        status = kinds[i].list(kinds[i].dir, &text, err);
    else
        list_kinds(&text);
    if (!status)
        status = spn_cmd_write(&text, err);
    spn_text_clear(&text);
    return status;
}

const struct spn_command spn_cmd_list = {
    .name = "list",
    .operands = "[KIND]",
    .doc = "List what is shipped, one a line with its description.",
    .details = "KIND is nodes, devices, chips, drams, networks, experiments, components, schemes, "
               "figures,\nindex-formats or results. Without KIND the kinds are listed.\n",
    .examples = "spindle list chips\n",
    .options = options,
    .max_operands = 1,
    .run = run,
};
