/* cmd_validate.c -- reference cases: what others measured or computed beside our numbers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/files.h"
#include "explorer/validate.h"
#include "reports/validation.h"

struct args {
    struct spn_common common;
    const char *suite;
    bool details;
};

static const struct spn_opt options[] = {
    {"data", SPN_OPT_STRING, offsetof(struct args, common.data), "DIR",
     "folder with golden/neurosim/ (default $SPINDLE_TEST_DATA; without it, published macros only)",
     0, 0, NULL},
    {"suite", SPN_OPT_STRING, offsetof(struct args, suite), "NAME",
     "only this one: silicon, gates, blocks, converters, arrays or chips", 0, 0, NULL},
    {"details", SPN_OPT_FLAG, offsetof(struct args, details), "",
     "every number (in TSV and JSON always)", 0, 0, NULL},
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_OUT(struct args, common),
    SPN_OPT_END,
};

static const char *suite_name(const void *ctx, size_t i)
{
    return ((const struct spn_validation_suite *)ctx)[i].name;
}

static enum spn_status check_suite(const char *wanted, struct spn_err *err)
{
    for (const struct spn_validation_suite *s = spn_validation_suites; s->name; s++)
        if (!wanted || strcmp(wanted, s->name) == 0)
            return SPN_OK;
    const char *near = spn_text_nearest(wanted, suite_name, spn_validation_suites);
    return near
               ? spn_err_set(err, SPN_EUSAGE, "no suite \"%s\": did you mean \"%s\"?", wanted, near)
               : spn_err_set(err, SPN_EUSAGE, "no suite \"%s\" (see spindle validate --help)",
                             wanted);
}

static enum spn_status collect(const struct args *args, struct spn_validation *v,
                               struct spn_report *report, struct spn_err *err)
{
    const char *data = args->common.data ? args->common.data : getenv("SPINDLE_TEST_DATA");
    enum spn_status status = check_suite(args->suite, err);
    if (data && !*data)
        data = NULL;
    for (const struct spn_validation_suite *s = spn_validation_suites; s->name && !status; s++) {
        if (args->suite && strcmp(args->suite, s->name) != 0)
            continue;
        if (s->needs_data && !data) {
            spn_report_note(report, "Left out, for want of reference files (--data): %s, %s.",
                            s->name, s->doc);
            continue;
        }
        status = s->run(v, data, err);
    }
    return status ? status : v->failed ? spn_err_memory(err, "reference cases") : SPN_OK;
}

static enum spn_status write_files(const struct args *args, const struct spn_validation *v,
                                   const struct spn_report *report, struct spn_err *err)
{
    struct spn_figure figure = {0};
    spn_validation_figure(v, &figure);
    enum spn_status status = spn_cmd_write_files(&(struct spn_cmd_files){.dir = args->common.out,
                                                                         .name = "validate",
                                                                         .report = report,
                                                                         .figures = &figure,
                                                                         .n_figures = 1},
                                                 err);
    spn_text_clear(&figure.dat);
    return status;
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct args args = {.common = spn_common_default()};
    struct spn_validation v = {0};
    struct spn_report report = {0};
    struct spn_operands operands;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    status = collect(&args, &v, &report, err);
    if (!status) {
        bool machine = args.common.format == SPN_FORMAT_TSV ||
                       args.common.format == SPN_FORMAT_JSON || args.common.out;
        spn_cmd_provenance(&report, argc, argv, NULL, 0);
        spn_validation_report(&v, args.details || machine, &report);
        if (!args.details) /* in files, but not on a terminal */
            for (int i = 0; i < report.n_tables; i++)
                if (strcmp(report.table[i].id, "details") == 0)
                    report.table[i].detail = true;
    }
    if (!status && args.common.out)
        status = write_files(&args, &v, &report, err);
    if (!status)
        status = spn_cmd_print(&report, args.common.format, err);
    spn_report_clear(&report);
    spn_validation_clear(&v);
    return status;
}

const struct spn_command spn_cmd_validate = {
    .name = "validate",
    .operands = "",
    .doc = "Compare the models with published macros and with other simulators' numbers.",
    .details = "Published macros are in experiments/silicon/, their chips in tech/chips/silicon/. "
               "The other suites read reference files that are not shipped.\n",
    .examples = "spindle validate --suite silicon --out validation\n",
    .options = options,
    .min_operands = 0,
    .max_operands = 0,
    .run = run,
};
