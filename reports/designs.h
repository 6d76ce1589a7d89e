/* designs.h -- tables and figures of the design points in a store.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_DESIGNS_H
#define SPN_REPORTS_DESIGNS_H

#include "explorer/pareto.h"
#include "explorer/store.h"
#include "reports/plot.h"
#include "reports/report.h"

/* What is looked for among the stored designs. */
struct spn_goals {
    int n, column[SPN_FRONT_MAX_OBJECTIVES]; /* of spn_store_column */
    bool maximize[SPN_FRONT_MAX_OBJECTIVES];
    const char *where; /* SQL, or NULL */
};

/* "min"/"max" names given by a user, or the objectives of the space if there are none. SPN_EUSAGE
 * with the nearest name. */
enum spn_status spn_goals_set(struct spn_goals *goals, struct spn_store *store,
                              const char *const *minimize, size_t n_minimize,
                              const char *const *maximize, size_t n_maximize, struct spn_err *err);
/* Number of a column by name. SPN_EUSAGE with the nearest name. */
enum spn_status spn_designs_column(const struct spn_store *store, const char *name, int *column,
                                   struct spn_err *err);

/* The front among the good designs that `where` lets through, sorted by the first goal. The caller
 * frees *items. */
enum spn_status spn_designs_front(struct spn_store *store, const struct spn_goals *goals,
                                  struct spn_front_item **items, size_t *n, struct spn_err *err);
/* The `limit` best by goal 0. */
enum spn_status spn_designs_best(struct spn_store *store, const struct spn_goals *goals,
                                 int64_t limit, struct spn_front_item **items, size_t *n,
                                 struct spn_err *err);

/* A row per design, at most `limit` (0: all): number, axes, goals, then other results as far as
 * columns go. */
enum spn_status spn_designs_table(struct spn_store *store, const struct spn_goals *goals,
                                  const struct spn_front_item *items, size_t n, size_t limit,
                                  struct spn_table *table, struct spn_err *err);
/* How many points there are, are stored and are good. */
enum spn_status spn_designs_counts(struct spn_store *store, struct spn_table *table,
                                   struct spn_err *err);

/* Figures (dat to be cleared by the caller). Pareto: goals 0 and 1, all designs (thinned out to
 * some thousand) and the front. Heat map: the best value of goal 0 over two axes, all other axes at
 * their best. Parallel coordinates: axes and goals of the items. */
enum spn_status spn_designs_plot_pareto(struct spn_store *store, const struct spn_goals *goals,
                                        const struct spn_front_item *items, size_t n,
                                        struct spn_figure *figure, struct spn_err *err);
enum spn_status spn_designs_plot_heatmap(struct spn_store *store, const struct spn_goals *goals,
                                         int x, int y, struct spn_figure *figure,
                                         struct spn_err *err);
enum spn_status spn_designs_plot_parallel(struct spn_store *store, const struct spn_goals *goals,
                                          const struct spn_front_item *items, size_t n,
                                          struct spn_figure *figure, struct spn_err *err);

#endif
