/* cmd_merge.c -- put the points of several stores into one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli/designs.h"

struct args {
    struct spn_common common;
};

static const struct spn_opt options[] = {SPN_OPT_FORMAT(struct args, common), SPN_OPT_END};

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct args args = {.common = spn_common_default()};
    struct spn_operands operands;
    struct spn_store *store = NULL;
    struct spn_report report = {.title = "Merged designs"};
    bool help;
    (void)argc;
    enum spn_status status = spn_opt_parse(self, argv + 2, &args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    for (size_t i = 1; i < operands.n && !status; i++)
        status = spn_store_merge(operands.value[0], operands.value[i], err);
    if (!status)
        status = spn_store_read(&store, operands.value[0], err);
    if (!status)
        status = spn_designs_counts(
            store, spn_report_table(&report, "counts", operands.value[0], ""), err);
    if (!status)
        status = spn_cmd_print(&report, args.common.format, err);
    spn_report_clear(&report);
    spn_store_close(store);
    return status;
}

const struct spn_command spn_cmd_merge = {
    .name = "merge",
    .operands = "DB FROM ...",
    .doc = "Add the designs stored in the files FROM to the store DB (made if it is not there).",
    .details = "All must hold the same space. Points that are there already stay as they are.\n",
    .examples = "spindle merge all.sqlite part0.sqlite part1.sqlite\n",
    .options = options,
    .min_operands = 2,
    .max_operands = SPN_OPT_MAX_OPERANDS,
    .run = run,
};
