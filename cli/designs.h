/* designs.h -- options that the subcommands on stored designs share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_CLI_DESIGNS_H
#define SPN_CLI_DESIGNS_H

#include "cli/cmd.h"
#include "reports/designs.h"

struct spn_designs_args {
    struct spn_opt_list minimize, maximize;
    const char *where;
    int64_t count;
};

#define SPN_OPT_MIN(s, m)                                                                          \
    {                                                                                              \
        "min", SPN_OPT_LIST, offsetof(s, m.minimize), "COLUMN",                                    \
            "to be minimised; repeatable (default: the objectives of the space)", 0, 0, NULL       \
    }
#define SPN_OPT_MAX(s, m)                                                                          \
    {                                                                                              \
        "max", SPN_OPT_LIST, offsetof(s, m.maximize), "COLUMN", "to be maximised; repeatable", 0,  \
            0, NULL                                                                                \
    }
#define SPN_OPT_WHERE(s, m)                                                                        \
    {                                                                                              \
        "where", SPN_OPT_STRING, offsetof(s, m.where), "SQL",                                      \
            "only these designs, e.g. 'area_m2 < 1e-4 AND scheme = \"dense\"'", 0, 0, NULL         \
    }
#define SPN_OPT_COUNT(s, m, d)                                                                     \
    {                                                                                              \
        "count", SPN_OPT_INT, offsetof(s, m.count), "N", d, 0, 1000000, NULL                       \
    }

/* The goals of the arguments, for an open store. */
enum spn_status spn_cmd_goals(const struct spn_designs_args *args, struct spn_store *store,
                              struct spn_goals *goals, struct spn_err *err);

/* Report of the front: table "front" and a note on what is left out. */
enum spn_status spn_cmd_report_front(struct spn_store *store, const struct spn_goals *goals,
                                     const struct spn_front_item *items, size_t n, size_t limit,
                                     struct spn_report *report, struct spn_err *err);

/* Add the front of an open store, or one that was found without a store, to the report; figure (may
 * be NULL) gets the Pareto plot of the store, or parallel coordinates of the front. */
enum spn_status spn_cmd_show_store(struct spn_store *store, size_t limit, struct spn_report *report,
                                   struct spn_figure *figure, struct spn_err *err);
struct spn_found {
    const struct spn_space *space;
    const struct spn_front *front;
    struct spn_lab *lab; /* knows the accuracies, if the space asks for them; else NULL */
};
enum spn_status spn_cmd_show_front(const struct spn_found *found, size_t limit,
                                   struct spn_report *report, struct spn_figure *figure,
                                   struct spn_err *err);

/* Draw figures into dir and say on standard error what was written. */
enum spn_status spn_cmd_draw(const char *dir, const struct spn_figure *figures, size_t n,
                             struct spn_err *err);

#endif
