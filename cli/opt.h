/* opt.h -- option tables: parsing, --help and the manual come from one row per option.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_CLI_OPT_H
#define SPN_CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum { SPN_OPT_MAX_VALUES = 64, SPN_OPT_MAX_OPERANDS = 16 };

enum spn_opt_type {
    SPN_OPT_FLAG,   /* bool */
    SPN_OPT_NO,     /* bool, set to false: --no-accuracy */
    SPN_OPT_STRING, /* const char * */
    SPN_OPT_INT,    /* int64_t within min, max */
    SPN_OPT_ENUM,   /* int, index into names */
    SPN_OPT_LIST    /* struct spn_opt_list, may be given often */
};

struct spn_opt_list {
    const char *value[SPN_OPT_MAX_VALUES];
    size_t n;
};

struct spn_opt {
    const char *name; /* without "--" */
    enum spn_opt_type type;
    size_t offset; /* in the subcommand's argument struct */
    const char *arg, *doc;
    int64_t min, max;
    const char *const *names;
};

struct spn_operands {
    const char *value[SPN_OPT_MAX_OPERANDS];
    size_t n;
};

struct spn_command {
    const char *name, *operands, *doc;
    const char *details;           /* further text of --help, or NULL */
    const char *examples;          /* command lines that run, each ended by a newline, or NULL */
    const struct spn_opt *options; /* name NULL ends it */
    size_t min_operands, max_operands;
    enum spn_status (*run)(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err);
};

/* Fill *args (defaults there already) and the operands. "--name value" and "--name=value"; "--"
 * ends options. `*help` is set for --help. SPN_EUSAGE names the option, with the nearest known one.
 */
enum spn_status spn_opt_parse(const struct spn_command *command, char **argv, void *args,
                              struct spn_operands *operands, bool *help, struct spn_err *err);
void spn_opt_help(const struct spn_command *command, struct spn_text *out);

#endif
