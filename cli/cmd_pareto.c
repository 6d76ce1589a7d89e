/* cmd_pareto.c -- the front of the designs in a store.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdlib.h>

#include "cli/designs.h"

enum { DEFAULT_COUNT = 40 };

struct args {
    struct spn_common common;
    struct spn_designs_args designs;
};

static const struct spn_opt options[] = {
    SPN_OPT_MIN(struct args, designs),
    SPN_OPT_MAX(struct args, designs),
    SPN_OPT_WHERE(struct args, designs),
    SPN_OPT_COUNT(struct args, designs, "rows at most (default 40; 0: all)"),
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_OUT(struct args, common),
    SPN_OPT_END,
};

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct args args = {.common = spn_common_default(), .designs = {.count = DEFAULT_COUNT}};
    struct spn_operands operands;
    struct spn_store *store = NULL;
    struct spn_goals goals;
    struct spn_front_item *items = NULL;
    struct spn_report report = {.title = "Pareto front"};
    struct spn_figure figure = {.name = NULL};
    size_t n = 0;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    status = spn_store_read(&store, operands.value[0], err);
    if (!status)
        status = spn_cmd_goals(&args.designs, store, &goals, err);
    if (!status)
        status = spn_designs_front(store, &goals, &items, &n, err);
    if (!status) {
        spn_cmd_provenance(&report, argc, argv, NULL, 0);
        status = spn_designs_counts(store, spn_report_table(&report, "counts", "Designs", ""), err);
    }
    if (!status)
        status =
            spn_cmd_report_front(store, &goals, items, n, (size_t)args.designs.count, &report, err);
    if (!status && args.common.out)
        status = spn_designs_plot_pareto(store, &goals, items, n, &figure, err);
    if (!status && args.common.out)
        status = spn_cmd_draw(args.common.out, &figure, 1, err);
    if (!status)
        status = spn_cmd_print(&report, args.common.format, err);
    spn_text_clear(&figure.dat);
    spn_report_clear(&report);
    free(items);
    spn_store_close(store);
    return status;
}

const struct spn_command spn_cmd_pareto = {
    .name = "pareto",
    .operands = "DB",
    .doc = "List the stored designs that no other beats in all objectives.",
    .details = "DB is a file of spindle sweep. With --out the front is also drawn (first two "
               "objectives).\n",
    .examples = "spindle pareto vgg8.sqlite --min energy_J --min area_m2 --out front\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
