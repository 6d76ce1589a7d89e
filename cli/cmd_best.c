/* cmd_best.c -- the best stored designs by one result.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/designs.h"

enum { DEFAULT_COUNT = 10 };

struct args {
    struct spn_common common;
    struct spn_designs_args designs;
};

static const struct spn_opt options[] = {
    SPN_OPT_MIN(struct args, designs),
    SPN_OPT_MAX(struct args, designs),
    SPN_OPT_WHERE(struct args, designs),
    SPN_OPT_COUNT(struct args, designs, "how many (default 10; 0: all)"),
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_END,
};

static enum spn_status nothing(const char *path, struct spn_store *store,
                               const struct spn_goals *goals, struct spn_err *err)
{
    struct spn_store_counts counts = {0};
    char more[128] = "";
    if (spn_store_counts(store, &counts, NULL) == SPN_OK && counts.n_pending)
        snprintf(more, sizeof more, " (the accuracy of %lld was not simulated)",
                 (long long)counts.n_pending);
    return spn_err_set(err, SPN_EINFEASIBLE, "%s: no stored design is good%s%s", path,
                       goals->where ? " under this condition" : "", more);
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct args args = {.common = spn_common_default(), .designs = {.count = DEFAULT_COUNT}};
    struct spn_operands operands;
    struct spn_store *store = NULL;
    struct spn_goals goals;
    struct spn_front_item *items = NULL;
    struct spn_report report = {.n_tables = 0};
    size_t n = 0;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    status = spn_store_read(&store, operands.value[0], err);
    if (!status)
        status = spn_cmd_goals(&args.designs, store, &goals, err);
    if (!status)
        status = spn_designs_best(store, &goals, args.designs.count, &items, &n, err);
    if (!status && n == 0)
        status = nothing(operands.value[0], store, &goals, err);
    if (!status) {
        char title[160];
        spn_cmd_provenance(&report, argc, argv, NULL, 0);
        snprintf(report.title, sizeof report.title, "Best designs of %s",
                 spn_store_space_name(store));
        snprintf(title, sizeof title, "By %s %s", goals.maximize[0] ? "high" : "low",
                 spn_store_column(store, goals.column[0])->name);
        struct spn_table *table = spn_report_table(&report, "best", title, "point");
        status = spn_designs_table(store, &goals, items, n, 0, table, err);
    }
    if (!status)
        status = spn_cmd_print(&report, args.common.format, err);
    spn_report_clear(&report);
    free(items);
    spn_store_close(store);
    return status;
}

const struct spn_command spn_cmd_best = {
    .name = "best",
    .operands = "DB",
    .doc = "List the best stored designs by one result: --min energy_J, --where SQL.",
    .details = "DB is a file of spindle sweep. The first --min (else --max, else objective of the "
               "space) gives the order.\n",
    .examples = "spindle best vgg8.sqlite --min energy_J --where 'latency_s < 1e-4'\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
