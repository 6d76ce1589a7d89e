/* cmd_optimize.c -- search a space for its front.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/designs.h"
#include "explorer/optimize.h"
#include "reports/designs.h"

enum { DEFAULT_COUNT = 20 };

struct args {
    struct spn_common common;
    struct spn_designs_args designs; /* count only */
    int64_t evaluations, population;
};

static const struct spn_opt options[] = {
    {"evaluations", SPN_OPT_INT, offsetof(struct args, evaluations), "N", "at most (default 10000)",
     1, INT64_MAX, NULL},
    {"population", SPN_OPT_INT, offsetof(struct args, population), "N",
     "designs in a generation, even (default 100)", 4, 2000, NULL},
    SPN_OPT_COUNT(struct args, designs, "rows of the front at most (default 20; 0: all)"),
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_OUT(struct args, common),
    SPN_OPT_SEED(struct args, common),
    SPN_OPT_THREADS(struct args, common),
    SPN_OPT_END,
};

static void add_counts(const struct spn_space *space, const struct spn_optimize_counts *counts,
                       struct spn_report *report)
{
    struct spn_table *table = spn_report_table(report, "counts", "Designs", "");
    spn_table_column(table, "designs");
    spn_table_row(table, "in the space", "count");
    spn_table_number(table, (double)spn_space_size(space));
    spn_table_row(table, "evaluated", "count");
    spn_table_number(table, (double)counts->n_evaluated);
    spn_table_row(table, "  good", "count");
    spn_table_number(table, (double)counts->n_good);
    spn_table_row(table, "generations", "count");
    spn_table_number(table, counts->n_rounds);
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct spn_optimize_options how = spn_optimize_options_default();
    struct args args = {.common = spn_common_default(),
                        .designs = {.count = DEFAULT_COUNT},
                        .evaluations = how.n_evaluations,
                        .population = how.population};
    struct spn_operands operands;
    struct spn_progress progress = spn_cmd_progress();
    struct spn_space *space = NULL;
    struct spn_front *front = NULL;
    struct spn_optimize_counts counts;
    struct spn_report report = {.title = ""};
    struct spn_figure figure = {.name = NULL};
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    how.n_evaluations = args.evaluations;
    how.population = (int)args.population;
    how.seed = (uint64_t)args.common.seed;
    how.n_threads = (int)args.common.threads;
    how.progress = &progress;
    status = spn_space_load(&space, operands.value[0], err);
    if (!status && !spn_space_n_objectives(space))
        status = spn_err_set(err, SPN_EUSAGE, "%s has no objectives: nothing to optimise",
                             spn_space_name(space));
    if (!status)
        status = spn_front_create(&front, spn_space_n_objectives(space), err);
    if (!status)
        status = spn_optimize_nsga2(space, &how, front, &counts, err);
    if (!status) {
        snprintf(report.title, sizeof report.title, "NSGA-II on design space %s",
                 spn_space_name(space));
        spn_cmd_provenance(&report, argc, argv, NULL, 0);
        add_counts(space, &counts, &report);
        status = spn_cmd_show_front(space, front, (size_t)args.designs.count, &report,
                                    args.common.out ? &figure : NULL, err);
    }
    if (!status && args.common.out)
        status = spn_cmd_draw(args.common.out, &figure, 1, err);
    if (!status)
        status = spn_cmd_print(&report, args.common.format, err);
    spn_text_clear(&figure.dat);
    spn_report_clear(&report);
    spn_front_destroy(front);
    spn_space_destroy(space);
    return status;
}

const struct spn_command spn_cmd_optimize = {
    .name = "optimize",
    .operands = "SPACE",
    .doc = "Search a space for the designs that no other beats, without evaluating all of it "
           "(NSGA-II).",
    .details = "SPACE is a file or a shipped name. Small spaces are better swept: spindle sweep is "
               "exhaustive and fast.\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
