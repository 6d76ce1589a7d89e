/* designs.c -- what the subcommands on stored designs share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli/designs.h"

#include <stdio.h>
#include <stdlib.h>

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
    struct spn_table *table =
        spn_report_table(report, "front", title.data ? title.data : "", "point");
    spn_text_clear(&title);
    if (limit && n > limit)
        spn_report_note(report, "%zu of the %zu designs on the front (--count 0 for all).", limit,
                        n);
    return spn_designs_table(store, goals, items, n, limit, table, err);
}

static enum spn_status show(struct spn_store *store, bool whole, size_t limit,
                            struct spn_report *report, struct spn_figure *figure,
                            struct spn_err *err)
{
    struct spn_goals goals = {.n = 0};
    struct spn_front_item *items = NULL;
    size_t n = 0;
    enum spn_status status = spn_goals_set(&goals, store, NULL, 0, NULL, 0, err);
    if (!status)
        status = spn_designs_front(store, &goals, &items, &n, err);
    if (!status)
        status = spn_cmd_report_front(store, &goals, items, n, limit, report, err);
    if (!status && figure && whole && goals.n > 1)
        status = spn_designs_plot_pareto(store, &goals, items, n, figure, err);
    else if (!status && figure)
        status = spn_designs_plot_parallel(store, &goals, items, n, figure, err);
    free(items);
    return status;
}

enum spn_status spn_cmd_show_store(struct spn_store *store, size_t limit, struct spn_report *report,
                                   struct spn_figure *figure, struct spn_err *err)
{
    return show(store, true, limit, report, figure, err);
}

/* Put the designs of the front into a store. */
static enum spn_status put_front(struct spn_store *store, const struct spn_found *found,
                                 struct spn_err *err)
{
    size_t n = spn_front_size(found->front);
    struct spn_work *work = calloc(1, sizeof *work);
    struct spn_point *points = calloc(SPN_STORE_BATCH, sizeof *points);
    struct spn_front_item *items = malloc((n + 1) * sizeof *items);
    struct spn_evaluator *evaluator = NULL;
    enum spn_status status = work && points && items ? SPN_OK : spn_err_memory(err, "designs");
    if (!status)
        status = spn_evaluator_create(&evaluator, found->space, err);
    if (!status) {
        spn_evaluator_use(evaluator, found->lab, false);
        spn_front_items(found->front, items);
    }
    for (size_t i = 0; i < n && !status; i++) {
        work->number[work->n] = items[i].number;
        status = spn_evaluate(evaluator, items[i].number, &points[work->n++], err);
        if (!status && (work->n == SPN_STORE_BATCH || i + 1 == n)) {
            status = spn_store_put(store, work, points, err);
            work->n = 0;
        }
    }
    spn_evaluator_destroy(evaluator);
    free(items);
    free(points);
    free(work);
    return status;
}

enum spn_status spn_cmd_show_front(const struct spn_found *found, size_t limit,
                                   struct spn_report *report, struct spn_figure *figure,
                                   struct spn_err *err)
{
    struct spn_store *store = NULL; /* in memory: so that both are shown alike */
    enum spn_status status =
        spn_store_open(&store, ":memory:", found->space, (struct spn_shard){0, 1}, err);
    if (!status)
        status = put_front(store, found, err);
    if (!status)
        status = show(store, false, limit, report, figure, err);
    spn_store_close(store);
    return status;
}

enum spn_status spn_cmd_draw(const char *dir, const struct spn_figure *figures, size_t n,
                             struct spn_err *err)
{
    bool drawn = false;
    enum spn_status status = spn_cmd_make_dir(dir, err);
    if (!status)
        status = spn_plot_write(dir, figures, n, &drawn, err);
    for (size_t i = 0; i < n && !status; i++)
        fprintf(stderr,
                drawn ? "Wrote %s/%s.svg, .gp, .dat\n"
                      : "Wrote %s/%s.dat, .gp; no gnuplot in PATH: no picture\n",
                dir, figures[i].name);
    return status;
}
