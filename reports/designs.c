/* designs.c -- tables of the design points in a store.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "reports/designs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is looked for ---- */

enum spn_status spn_designs_column(const struct spn_store *store, const char *name, int *column,
                                   struct spn_err *err)
{
    int found = spn_store_find_column(store, name);
    if (found < 0) {
        const char *near = spn_store_nearest(store, name);
        return spn_err_set(err, SPN_EUSAGE, "the store has no column \"%.60s\"%s%s%s", name,
                           near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    *column = found;
    return SPN_OK;
}

static enum spn_status add_goal(struct spn_goals *goals, const struct spn_store *store,
                                const char *name, bool maximize, struct spn_err *err)
{
    int column;
    enum spn_status status = spn_designs_column(store, name, &column, err);
    if (status)
        return status;
    if (!spn_store_column(store, column)->numeric)
        return spn_err_set(err, SPN_EUSAGE, "%s is no number: cannot be minimised or maximised",
                           name);
    if (goals->n == SPN_FRONT_MAX_OBJECTIVES)
        return spn_err_set(err, SPN_EUSAGE, "more than %d objectives", SPN_FRONT_MAX_OBJECTIVES);
    for (int i = 0; i < goals->n; i++)
        if (goals->column[i] == column)
            return spn_err_set(err, SPN_EUSAGE, "%s is an objective already", name);
    goals->column[goals->n] = column;
    goals->maximize[goals->n++] = maximize;
    return SPN_OK;
}

enum spn_status spn_goals_set(struct spn_goals *goals, struct spn_store *store,
                              const char *const *minimize, size_t n_minimize,
                              const char *const *maximize, size_t n_maximize, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    for (size_t i = 0; i < n_minimize && !status; i++)
        status = add_goal(goals, store, minimize[i], false, err);
    for (size_t i = 0; i < n_maximize && !status; i++)
        status = add_goal(goals, store, maximize[i], true, err);
    int n_columns = n_minimize + n_maximize == 0 ? spn_store_n_columns(store) : 0;
    for (int i = 0; i < SPN_FRONT_MAX_OBJECTIVES * n_columns && !status;
         i++) { /* in the order of the space file */
        const struct spn_store_column *column = spn_store_column(store, i % n_columns);
        if (column->objective && column->objective_place == i / n_columns)
            status = add_goal(goals, store, column->name, column->objective > 0, err);
    }
    if (!status && goals->n == 0)
        return spn_err_set(err, SPN_EUSAGE, "space %s has no objectives: give --min or --max",
                           spn_store_space_name(store));
    return status;
}

/* ---- searching ---- */

struct search {
    const struct spn_goals *goals;
    struct spn_front *front;
    struct spn_front_item *items;
    size_t n, capacity;
    enum spn_status status;
    struct spn_err err;
};

static bool read_item(const struct search *search, int64_t number,
                      const struct spn_store_cell *cells, struct spn_front_item *item)
{
    *item = (struct spn_front_item){.number = number};
    for (int i = 0; i < search->goals->n; i++) {
        if (!isfinite(cells[i].number)) /* an axis that takes no part */
            return false;
        item->value[i] = search->goals->maximize[i] ? -cells[i].number : cells[i].number;
    }
    return true;
}

static bool visit_front(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    struct search *search = ctx;
    struct spn_front_item item;
    if (read_item(search, number, cells, &item))
        search->status = spn_front_add(search->front, &item, NULL, &search->err);
    return !search->status;
}

static int by_first(const void *a, const void *b)
{
    const struct spn_front_item *x = a, *y = b;
    if (x->value[0] != y->value[0])
        return x->value[0] < y->value[0] ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

enum spn_status spn_designs_front(struct spn_store *store, const struct spn_goals *goals,
                                  struct spn_front_item **items, size_t *n, struct spn_err *err)
{
    struct search search = {.goals = goals};
    struct spn_store_query query = {
        .where = goals->where, .order = -1, .columns = goals->column, .n_columns = goals->n};
    enum spn_status status = spn_front_create(&search.front, goals->n, err);
    if (!status)
        status = spn_store_select(store, &query, visit_front, &search, err);
    if (!status && search.status) {
        status = search.status;
        if (err)
            *err = search.err;
    }
    if (!status) {
        size_t size = spn_front_size(search.front);
        struct spn_front_item *list = malloc((size + 1) * sizeof *list);
        if (list) {
            spn_front_items(search.front, list);
            qsort(list, size, sizeof *list, by_first);
            *items = list;
            *n = size;
        } else {
            status = spn_err_memory(err, "a front");
        }
    }
    spn_front_destroy(search.front);
    return status;
}

static bool visit_best(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    struct search *search = ctx;
    if (search->n == search->capacity) {
        size_t more = search->capacity ? 2 * search->capacity : 64;
        struct spn_front_item *grown = realloc(search->items, more * sizeof *grown);
        if (!grown) {
            search->status = spn_err_memory(&search->err, "designs");
            return false;
        }
        search->items = grown;
        search->capacity = more;
    }
    search->n += read_item(search, number, cells, &search->items[search->n]);
    return true;
}

enum spn_status spn_designs_best(struct spn_store *store, const struct spn_goals *goals,
                                 int64_t limit, struct spn_front_item **items, size_t *n,
                                 struct spn_err *err)
{
    struct search search = {.goals = goals};
    struct spn_store_query query = {.where = goals->where,
                                    .order = goals->column[0],
                                    .falling = goals->maximize[0],
                                    .limit = limit,
                                    .columns = goals->column,
                                    .n_columns = goals->n};
    enum spn_status status = spn_store_select(store, &query, visit_best, &search, err);
    if (!status && search.status) {
        status = search.status;
        if (err)
            *err = search.err;
    }
    if (status) {
        free(search.items);
        return status;
    }
    *items = search.items;
    *n = search.n;
    return SPN_OK;
}

/* ---- tables ---- */

/* Axes, then goals, then other objectives and results: column numbers of what a table shows. */
static int choose(const struct spn_store *store, const struct spn_goals *goals,
                  int out[SPN_TABLE_MAX_COLUMNS])
{
    int n = 0, room = SPN_TABLE_MAX_COLUMNS - goals->n;
    for (int i = 0; i < spn_store_n_columns(store) && n < room; i++) {
        bool goal = false;
        for (int g = 0; g < goals->n; g++)
            goal = goal || goals->column[g] == i;
        if (spn_store_column(store, i)->kind == SPN_STORE_AXIS && !goal)
            out[n++] = i;
    }
    for (int g = 0; g < goals->n; g++)
        out[n++] = goals->column[g];
    for (int objectives = 1; objectives >= 0; objectives--) /* of the space, before the others */
        for (int i = 0; i < spn_store_n_columns(store) && n < SPN_TABLE_MAX_COLUMNS; i++) {
            bool there = objectives && !spn_store_column(store, i)->objective;
            for (int k = 0; k < n; k++)
                there = there || out[k] == i;
            if (!there)
                out[n++] = i;
        }
    return n;
}

struct row {
    const struct spn_store *store;
    struct spn_table *table;
    const int *columns;
    int n;
};

static bool visit_row(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    struct row *row = ctx;
    char name[32];
    snprintf(name, sizeof name, "%lld", (long long)number);
    spn_table_row(row->table, name, "");
    for (int i = 0; i < row->n; i++) {
        if (cells[i].null)
            spn_table_empty(row->table);
        else if (spn_store_column(row->store, row->columns[i])->kind == SPN_STORE_AXIS ||
                 isnan(cells[i].number))
            spn_table_text(row->table, "%.90s", cells[i].text);
        else
            spn_table_number(row->table, cells[i].number);
    }
    return true;
}

enum spn_status spn_designs_table(struct spn_store *store, const struct spn_goals *goals,
                                  const struct spn_front_item *items, size_t n, size_t limit,
                                  struct spn_table *table, struct spn_err *err)
{
    int columns[SPN_TABLE_MAX_COLUMNS];
    struct row row = {store, table, columns, choose(store, goals, columns)};
    enum spn_status status = SPN_OK;
    for (int i = 0; i < row.n; i++) { /* TSV puts the unit back behind the name */
        const struct spn_store_column *column = spn_store_column(store, columns[i]);
        size_t name = strlen(column->name), unit = strlen(column->unit);
        bool suffix =
            unit && name > unit + 1 && strcmp(column->name + name - unit, column->unit) == 0;
        char bare[SPN_SPACE_NAME];
        snprintf(bare, sizeof bare, "%.*s", (int)(suffix ? name - unit - 1 : name), column->name);
        spn_table_column_unit(table, bare, column->unit);
    }
    for (size_t i = 0; i < n && (!limit || i < limit) && !status; i++) {
        char where[64];
        snprintf(where, sizeof where, "point = %lld", (long long)items[i].number);
        struct spn_store_query query = {
            .where = where, .bad_too = true, .order = -1, .columns = columns, .n_columns = row.n};
        status = spn_store_select(store, &query, visit_row, &row, err);
    }
    return status;
}

enum spn_status spn_designs_counts(struct spn_store *store, struct spn_table *table,
                                   struct spn_err *err)
{
    struct spn_store_counts counts;
    enum spn_status status = spn_store_counts(store, &counts, err);
    if (status)
        return status;
    spn_table_column(table, "designs");
    spn_table_row(table, "in the space", "count");
    spn_table_number(table, (double)counts.n_points);
    spn_table_row(table, "stored", "count");
    spn_table_number(table, (double)counts.n_stored);
    spn_table_row(table, "good", "count");
    spn_table_number(table, (double)counts.n_good);
    spn_table_row(table, "excluded or infeasible", "count");
    spn_table_number(table, (double)(counts.n_stored - counts.n_good - counts.n_pending));
    if (counts.n_pending) {
        spn_table_row(table, SPN_POINT_PENDING_REASON, "count");
        spn_table_number(table, (double)counts.n_pending);
    }
    return SPN_OK;
}
