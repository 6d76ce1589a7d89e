/* cmd_plot.c -- figures of stored designs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdlib.h>
#include <string.h>

#include "cli/designs.h"

enum { FIGURE_PARETO, FIGURE_HEATMAP, FIGURE_PARALLEL };
static const char *const figure_names[] = {"pareto", "heatmap", "parallel", NULL};

struct args {
    struct spn_common common;
    struct spn_designs_args designs;
    const char *x, *y;
    int figure;
};

static const struct spn_opt options[] = {
    {"figure", SPN_OPT_ENUM, offsetof(struct args, figure), "FIGURE",
     "pareto (default), heatmap over two axes, or parallel coordinates", 0, 0, figure_names},
    SPN_OPT_MIN(struct args, designs),
    SPN_OPT_MAX(struct args, designs),
    SPN_OPT_WHERE(struct args, designs),
    {"x", SPN_OPT_STRING, offsetof(struct args, x), "COLUMN",
     "heatmap: across (default: the last axis)", 0, 0, NULL},
    {"y", SPN_OPT_STRING, offsetof(struct args, y), "COLUMN",
     "heatmap: upwards (default: the axis before)", 0, 0, NULL},
    SPN_OPT_COUNT(struct args, designs, "parallel: the best N instead of the front"),
    SPN_OPT_OUT(struct args, common),
    SPN_OPT_END,
};

/* The axes of a heat map: as given, else the last two of the space. */
static enum spn_status heatmap_axes(const struct args *args, const struct spn_store *store, int *x,
                                    int *y, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    int n_axes = 0;
    while (n_axes < spn_store_n_columns(store) &&
           spn_store_column(store, n_axes)->kind == SPN_STORE_AXIS)
        n_axes++;
    *x = n_axes - 1;
    *y = n_axes - 2;
    if (args->x)
        status = spn_designs_column(store, args->x, x, err);
    if (!status && args->y)
        status = spn_designs_column(store, args->y, y, err);
    if (!status && !args->y && *x == *y)
        *y = n_axes - 1;
    if (!status && (*x < 0 || *y < 0 || *x == *y))
        status =
            spn_err_set(err, SPN_EUSAGE, "a heat map needs two different axes: give --x and --y");
    return status;
}

static enum spn_status draw(const struct args *args, struct spn_store *store,
                            struct spn_figure *figure, struct spn_err *err)
{
    struct spn_goals goals;
    struct spn_front_item *items = NULL;
    size_t n = 0;
    int x, y;
    enum spn_status status = spn_cmd_goals(&args->designs, store, &goals, err);
    if (!status && args->figure == FIGURE_HEATMAP) {
        status = heatmap_axes(args, store, &x, &y, err);
        return status ? status : spn_designs_plot_heatmap(store, &goals, x, y, figure, err);
    }
    if (!status && args->figure == FIGURE_PARALLEL && args->designs.count)
        status = spn_designs_best(store, &goals, args->designs.count, &items, &n, err);
    else if (!status)
        status = spn_designs_front(store, &goals, &items, &n, err);
    if (!status && args->figure == FIGURE_PARETO)
        status = spn_designs_plot_pareto(store, &goals, items, n, figure, err);
    else if (!status)
        status = spn_designs_plot_parallel(store, &goals, items, n, figure, err);
    free(items);
    return status;
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct args args = {.common = spn_common_default()};
    struct spn_operands operands;
    struct spn_store *store = NULL;
    struct spn_figure figure = {.name = NULL};
    bool help;
    (void)argc;
    enum spn_status status = spn_opt_parse(self, argv + 2, &args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    status = spn_store_read(&store, operands.value[0], err);
    if (!status)
        status = draw(&args, store, &figure, err);
    if (!status)
        status = spn_cmd_draw(args.common.out ? args.common.out : "spindle-out", &figure, 1, err);
    spn_text_clear(&figure.dat);
    spn_store_close(store);
    return status;
}

const struct spn_command spn_cmd_plot = {
    .name = "plot",
    .operands = "DB",
    .doc = "Draw stored designs: Pareto front, heat map over two axes, parallel coordinates.",
    .details = "DB is a file of spindle sweep. Files go to --out (default spindle-out).\n",
    .examples = "spindle plot vgg8.sqlite --figure heatmap\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
