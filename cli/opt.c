/* opt.c -- option tables.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli/opt.h"

#include <stdio.h>
#include <string.h>

static const char *option_name(const void *ctx, size_t i)
{
    return ((const struct spn_opt *)ctx)[i].name;
}

static enum spn_status unknown(const struct spn_command *command, const char *word,
                               struct spn_err *err)
{
    const char *near = spn_text_nearest(word, option_name, command->options);
    return near ? spn_err_set(err, SPN_EUSAGE, "%s: unknown option --%s: did you mean --%s?",
                              command->name, word, near)
                : spn_err_set(err, SPN_EUSAGE, "%s: unknown option --%s (see spindle %s --help)",
                              command->name, word, command->name);
}

static enum spn_status store_enum(const struct spn_command *command, const struct spn_opt *opt,
                                  const char *value, int *out, struct spn_err *err)
{
    struct spn_text all = {0};
    for (int i = 0; opt->names[i]; i++) {
        if (strcmp(opt->names[i], value) == 0) {
            *out = i;
            spn_text_clear(&all);
            return SPN_OK;
        }
        spn_text_add(&all, "%s%s", i ? ", " : "", opt->names[i]);
    }
    enum spn_status status = spn_err_set(err, SPN_EUSAGE, "%s: --%s=%.60s is not one of %s",
                                         command->name, opt->name, value, all.data ? all.data : "");
    spn_text_clear(&all);
    return status;
}

static enum spn_status store(const struct spn_command *command, const struct spn_opt *opt,
                             const char *value, char *args, struct spn_err *err)
{
    void *place = args + opt->offset;
    int64_t number;
    struct spn_opt_list *list = place;
    switch (opt->type) {
    case SPN_OPT_FLAG:
    case SPN_OPT_NO:
        *(bool *)place = opt->type == SPN_OPT_FLAG;
        return SPN_OK;
    case SPN_OPT_STRING:
        memcpy(place, &value, sizeof value);
        return SPN_OK;
    case SPN_OPT_INT:
        if (!spn_text_to_int64(value, &number) || number < opt->min || number > opt->max)
            return spn_err_set(
                err, SPN_EUSAGE, "%s: --%s=%.60s is not a whole number in [%lld, %lld]",
                command->name, opt->name, value, (long long)opt->min, (long long)opt->max);
        *(int64_t *)place = number;
        return SPN_OK;
    case SPN_OPT_ENUM:
        return store_enum(command, opt, value, place, err);
    case SPN_OPT_LIST:
        if (list->n == SPN_OPT_MAX_VALUES)
            return spn_err_set(err, SPN_EUSAGE, "%s: --%s is given more than %d times",
                               command->name, opt->name, SPN_OPT_MAX_VALUES);
        list->value[list->n++] = value;
        return SPN_OK;
    }
    return SPN_OK;
}

/* argv[*i] is "--name" or "--name=value". */
static enum spn_status parse_option(const struct spn_command *command, char **argv, int *i,
                                    char *args, struct spn_err *err)
{
    const char *word = argv[*i] + 2;
    size_t n = strcspn(word, "=");
    const struct spn_opt *opt = command->options;
    char name[64];
    while (opt->name && (strlen(opt->name) != n || memcmp(opt->name, word, n) != 0))
        opt++;
    snprintf(name, sizeof name, "%.*s", (int)(n < 60 ? n : 60), word);
    if (!opt->name)
        return unknown(command, name, err);
    bool flag = opt->type == SPN_OPT_FLAG || opt->type == SPN_OPT_NO;
    const char *value = word[n] ? word + n + 1 : NULL;
    if (flag && value)
        return spn_err_set(err, SPN_EUSAGE, "%s: --%s takes no value", command->name, name);
    if (!flag && !value)
        value = argv[++*i];
    if (!flag && (!value || !*value))
        return spn_err_set(err, SPN_EUSAGE, "%s: --%s needs a value: %s", command->name, name,
                           opt->arg);
    return store(command, opt, value, args, err);
}

enum spn_status spn_opt_parse(const struct spn_command *command, char **argv, void *args,
                              struct spn_operands *operands, bool *help, struct spn_err *err)
{
    bool options = true;
    operands->n = 0;
    *help = false;
    for (int i = 0; argv[i]; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            *help = true;
            return SPN_OK;
        } else if (options && strncmp(argv[i], "--", 2) == 0) {
            enum spn_status status = parse_option(command, argv, &i, args, err);
            if (status)
                return status;
            if (!argv[i])
                break;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            return spn_err_set(err, SPN_EUSAGE, "%s: unknown option %.60s (see spindle %s --help)",
                               command->name, argv[i], command->name);
        } else if (operands->n == command->max_operands) {
            return spn_err_set(err, SPN_EUSAGE, "%s: unexpected operand \"%.60s\"", command->name,
                               argv[i]);
        } else {
            operands->value[operands->n++] = argv[i];
        }
    }
    return operands->n < command->min_operands
               ? spn_err_set(err, SPN_EUSAGE,
                             "%s: too few operands (usage: spindle %s %s; see spindle %s --help)",
                             command->name, command->name, command->operands, command->name)
               : SPN_OK;
}

void spn_opt_help(const struct spn_command *command, struct spn_text *out)
{
    enum { DOC_FROM = 29, DOC_WIDTH = 71 };
    spn_text_add(out, "usage: spindle %s%s%s%s\n%s\n", command->name,
                 command->options->name ? " [OPTION ...]" : "", *command->operands ? " " : "",
                 command->operands, command->doc);
    if (command->details)
        spn_text_add(out, "\n%s", command->details);
    if (command->options->name)
        spn_text_add(out, "\noptions:\n");
    for (const struct spn_opt *opt = command->options; opt->name; opt++) {
        char left[64];
        bool flag = opt->type == SPN_OPT_FLAG || opt->type == SPN_OPT_NO;
        snprintf(left, sizeof left, "--%s%s%s", opt->name, flag ? "" : "=", flag ? "" : opt->arg);
        spn_text_add(out, "  %-26s ", left);
        spn_text_wrap(out, opt->doc, strlen(opt->doc), DOC_FROM, DOC_WIDTH);
        spn_text_add(out, "\n");
    }
    if (command->examples)
        spn_text_add(out, "\n%s:\n", strchr(command->examples, '\n')[1] ? "examples" : "example");
    for (const char *at = command->examples; at && *at; at = strchr(at, '\n') + 1)
        spn_text_add(out, "  %.*s\n", (int)strcspn(at, "\n"), at);
}
