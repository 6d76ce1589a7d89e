/* designs.c -- what the subcommands on stored designs share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli/designs.h"

#include <stdio.h>

enum spn_status spn_cmd_goals(const struct spn_designs_args *args, struct spn_store *store,
                              struct spn_goals *goals, struct spn_err *err)
{
    *goals = (struct spn_goals){.where = args->where};
    return spn_goals_set(goals, store, args->minimize.value, args->minimize.n, args->maximize.value,
                         args->maximize.n, err);
}

enum spn_status spn_cmd_report_front(struct spn_store *store, const struct spn_goals *goals,
                                     const struct spn_front_item *items, size_t n, size_t limit,
                                     struct spn_report *report, struct spn_err *err)
{
    struct spn_text title = {0};
    spn_text_add(&title, "Designs that no other beats in");
    for (int i = 0; i < goals->n; i++)
        spn_text_add(&title, "%s %s %s", i ? "," : "", goals->maximize[i] ? "high" : "low",
                     spn_store_column(store, goals->column[i])->name);
    struct spn_table *table = spn_report_table(report, "front", title.data ? title.data : "", "point");
    spn_text_clear(&title);
    if (limit && n > limit)
        spn_report_note(report, "%zu of the %zu designs on the front (--count 0 for all).", limit, n);
    return spn_designs_table(store, goals, items, n, limit, table, err);
}

enum spn_status spn_cmd_draw(const char *dir, const struct spn_figure *figures, size_t n,
                             struct spn_err *err)
{
    bool drawn = false;
    enum spn_status status = spn_cmd_make_dir(dir, err);
    if (!status)
        status = spn_plot_write(dir, figures, n, &drawn, err);
    for (size_t i = 0; i < n && !status; i++)
        fprintf(stderr, drawn ? "Wrote %s/%s.svg, .gp, .dat\n"
                              : "Wrote %s/%s.dat, .gp; no gnuplot in PATH: no picture\n",
                dir, figures[i].name);
    return status;
}
