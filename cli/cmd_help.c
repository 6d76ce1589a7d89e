/* cmd_help.c -- the list of subcommands, and the fields behind a key.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/equations.h"
#include "cli/manual.h"
#include "explorer/columns.h"
#include "explorer/space.h"
#include "models/component.h"
#include "simulator/insitu.h"
#include "simulator/train.h"
#include "tech/device.h"
#include "tech/node.h"

struct args {
    bool schema, manual;
};

static const struct spn_opt options[] = {
    {"schema", SPN_OPT_FLAG, offsetof(struct args, schema), "",
     "print the JSON Schema of chip, device, node, dram, train or insitu instead", 0, 0, NULL},
    {"man", SPN_OPT_FLAG, offsetof(struct args, manual), "", "print the manual page for man(1)", 0,
     0, NULL},
    SPN_OPT_END,
};

/* Whose fields `spindle help KEY` prints, and --set can change. */
static const struct {
    const char *name, *doc;
    const struct spn_field *fields;
} topics[] = {
    {"chip", "organisation of a chip (tech/chips/*.json)", spn_chip_fields},
    {"device", "a memory cell (tech/devices/*.json)", spn_device_fields},
    {"node", "a CMOS process (tech/nodes/*.json)", spn_node_fields},
    {"dram", "a DRAM (tech/drams/*.json)", spn_dram_fields},
    {"train", "a training recipe (experiments/*.json)", spn_train_fields},
    {"insitu", "training on simulated cells (experiments/ning2025-*.json)", spn_insitu_fields},
};
enum {
    N_TOPICS = sizeof topics / sizeof *topics,
    N_AXIS_TOPICS = 4 /* the first are fields of a design */
};

static void list_commands(struct spn_text *out)
{
    spn_text_add(out, "Spindle: latency, energy, area and accuracy of neural networks on "
                      "compute-in-memory chips.\n\n"
                      "usage: spindle SUBCOMMAND [OPTION ...] [OPERAND ...]\n\n");
    for (const struct spn_command *const *c = spn_commands; *c; c++)
        spn_text_add(out, "  %-11s %s\n", (*c)->name, (*c)->doc);
    spn_text_add(out, "\nspindle SUBCOMMAND --help lists options. spindle help KEY prints fields, "
                      "ranges and meanings:\n");
    for (int i = 0; i < N_TOPICS; i++)
        spn_text_add(out, "  %-11s %s\n", topics[i].name, topics[i].doc);
    spn_text_add(out, "  %-11s %s\n", "space",
                 "a design space (experiments/*.json), and what can be an axis of it");
    spn_text_add(out, "  %-11s %s\n", "adc-sar", "any component of spindle list components");
    spn_text_add(out, "  %-11s %s\n", "A20-A22",
                 "equations that --explain names, with their sources");
    spn_text_add(out, "  %-11s %s\n", "neurosim14",
                 "a source that equations and inputs name in []");
    spn_text_add(out, "  %-11s %s\n", "adc.bits", "or any word: every field whose path holds it");
}

/* Tab-separated help lines, aligned; only those whose path holds `word`, if given. */
static size_t add_lines(const struct spn_text *lines, const char *word, struct spn_text *out)
{
    size_t n = 0;
    for (const char *at = lines->data; at && *at; at = strchr(at, '\n') + 1) {
        char line[512], *cell[4] = {line, NULL, NULL, NULL};
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        for (int i = 1; i < 4; i++)
            if ((cell[i] = strchr(cell[i - 1], '\t')))
                *cell[i]++ = '\0';
            else
                cell[i] = cell[i - 1] + strlen(cell[i - 1]);
        if (word && !strstr(cell[0], word))
            continue;
        spn_text_add(out, "%-38s %-26s %-8s %s\n", cell[0], cell[2], cell[1], cell[3]);
        n++;
    }
    return n;
}

static size_t help_fields(const struct spn_field *fields, const char *prefix, const char *word,
                          struct spn_text *out)
{
    struct spn_text lines = {0};
    spn_field_help(fields, prefix, &lines);
    size_t n = add_lines(&lines, word, out);
    spn_text_clear(&lines);
    return n;
}

static size_t help_lines(void (*write)(struct spn_text *out), const char *word,
                         struct spn_text *out)
{
    struct spn_text lines = {0};
    write(&lines);
    size_t n = add_lines(&lines, word, out);
    spn_text_clear(&lines);
    return n;
}

static void help_results(struct spn_text *out)
{
    for (const struct spn_column *c = spn_columns; c->name; c++)
        spn_text_add(out, "%s\t%s\tresult\t%s\n", c->name, c->unit, c->doc);
}

static const char *topic_name(const void *ctx, size_t i)
{
    (void)ctx;
    size_t n = 0;
    while (spn_components[n])
        n++;
    return i < N_TOPICS       ? topics[i].name
           : i < N_TOPICS + n ? spn_components[i - N_TOPICS]->name
                              : NULL;
}

static enum spn_status help_key(const char *key, struct spn_text *out, struct spn_err *err)
{
    for (const struct spn_command *const *c = spn_commands; *c; c++)
        if (strcmp((*c)->name, key) == 0) {
            spn_opt_help(*c, out);
            for (int i = 0; i < N_TOPICS; i++) /* of the file that it takes, if called the same */
                if (strcmp(topics[i].name, key) == 0) {
                    spn_text_add(out, "\nfields:\n");
                    help_fields(topics[i].fields, key, NULL, out);
                }
            return SPN_OK;
        }
    for (int i = 0; i < N_TOPICS; i++)
        if (strcmp(topics[i].name, key) == 0) {
            help_fields(topics[i].fields, key, NULL, out);
            return SPN_OK;
        }
    if (strcmp(key, "space") == 0) {
        spn_text_add(out, "A space file:\n");
        help_lines(spn_space_help_file, NULL, out);
        spn_text_add(out, "\nWhat can be an axis:\n");
        help_lines(spn_space_help, NULL, out);
        for (int i = 0; i < N_AXIS_TOPICS; i++)
            help_fields(topics[i].fields, topics[i].name, NULL, out);
        return SPN_OK;
    }
    const struct spn_component_type *type = spn_component_find(key);
    if (type) {
        spn_text_add(out, "%s: %s\nequations: %s (spindle help %.*s)\n", type->name, type->doc,
                     type->model, (int)strcspn(type->model, ","), type->model);
        if (type->bound)
            spn_text_add(out, "a bound, not an estimate: %s\n", type->bound);
        spn_text_add(out, "actions:");
        for (const char *const *action = type->actions; *action; action++)
            spn_text_add(out, " %s", *action);
        spn_text_add(out, "\nparameters:\n");
        help_fields(type->fields, "", NULL, out);
        return SPN_OK;
    }
    if (spn_equation_add(key, out) || spn_reference_add(key, out))
        return SPN_OK;
    size_t n = help_lines(spn_space_help, key, out);
    for (int i = 0; i < N_TOPICS; i++)
        n += help_fields(topics[i].fields, topics[i].name, key, out);
    n += help_lines(spn_space_help_file, key, out);
    n += help_lines(help_results, key, out);
    if (n)
        return SPN_OK;
    const char *near = spn_text_nearest(key, topic_name, NULL);
    return near ? spn_err_set(err, SPN_EUSAGE,
                              "help: nothing is called \"%s\": did you mean \"%s\"?", key, near)
                : spn_err_set(err, SPN_EUSAGE, "help: nothing is called \"%s\" (see spindle help)",
                              key);
}

static enum spn_status schema(const char *key, struct spn_text *out, struct spn_err *err)
{
    for (int i = 0; i < N_TOPICS; i++)
        if (strcmp(topics[i].name, key) == 0) {
            spn_field_schema(topics[i].fields, key, out);
            return SPN_OK;
        }
    return spn_err_set(err, SPN_EUSAGE, "help: no schema of \"%s\"", key);
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct args args = {.schema = false, .manual = false};
    struct spn_operands operands = {.n = 0};
    bool help = false;
    enum spn_status status = SPN_OK;
    if (argc > 2 && strcmp(argv[1], self->name) == 0)
        status = spn_opt_parse(self, argv + 2, &args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    struct spn_text text = {0};
    if (args.manual)
        spn_manual_add(spn_commands, &text);
    else if (operands.n == 0)
        list_commands(&text);
    else if (args.schema)
        status = schema(operands.value[0], &text, err);
    else
        status = help_key(operands.value[0], &text, err);
    if (!status)
        status = spn_cmd_write(&text, err);
    spn_text_clear(&text);
    return status;
}

const struct spn_command spn_cmd_help = {
    .name = "help",
    .operands = "[KEY]",
    .doc =
        "Print help on a subcommand, component, field, equation or source: units, ranges, meaning.",
    .examples = "spindle help device\n"
                "spindle help adc.bits\n"
                "spindle help A20-A22\n"
                "spindle help --schema chip\n",
    .options = options,
    .max_operands = 1,
    .run = run,
};
