/* lazy.c -- accuracies of swept designs, simulated only where they can matter.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Classes go in the order of their cheapest design (sum of costs, each from 0 for the least to 1
 * for the most): whatever could spare a class comes before it. A round takes several classes, so
 * that threads have work, but none that another of the same round may yet spare [M:X9].
 */
#include "explorer/lazy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "explorer/sweep.h"

enum { ROUND = 8, CHUNK = 1024 };

enum kind { COST, ACCURACY, OTHER }; /* OTHER: no bound without a simulation */

struct group {
    int64_t class_number;
    struct spn_front *front; /* of the costs of its designs */
    struct spn_front_item *item;
    size_t n;
    double bound, score;
    bool known, chosen;
};

struct lazy {
    const struct spn_space *space;
    struct spn_store *store;
    struct spn_lab *lab;
    int n_threads;
    struct spn_evaluator **evaluator;                          /* [n_threads], which simulate */
    struct spn_evaluator *reader;                              /* does not */
    int n_objectives, n_costs, cost[SPN_FRONT_MAX_OBJECTIVES]; /* objectives that are costs */
    int accuracy;                                              /* objective, or -1 */
    bool bounded;
    int32_t *group_of; /* [n_classes], -1: none yet */
    struct group *group;
    int n_groups, capacity;
    struct spn_front *known; /* of all objectives */
    int round[ROUND];
    enum spn_status status[ROUND], visit_status;
    struct spn_err err[ROUND], *visit_err;
    struct spn_point point[CHUNK];
    int64_t number[CHUNK];
    int n_numbers;
};

enum spn_status spn_lazy_save(void *store, int64_t class_number, double accuracy,
                              struct spn_err *err)
{
    return spn_store_put_accuracy(store, class_number, accuracy, err);
}

/* ---- groups ---- */

static struct spn_front_item costs_of(const struct lazy *z, const struct spn_front_item *item)
{
    struct spn_front_item costs = {.number = item->number};
    for (int i = 0; i < z->n_costs; i++)
        costs.value[i] = item->value[z->cost[i]];
    return costs;
}

static enum spn_status add_to_group(struct lazy *z, int64_t class_number,
                                    const struct spn_front_item *costs, struct spn_err *err)
{
    if (z->group_of[class_number] < 0) {
        if (z->n_groups == z->capacity) {
            int more = z->capacity ? 2 * z->capacity : 64;
            struct group *grown = realloc(z->group, (size_t)more * sizeof *grown);
            if (!grown)
                return spn_err_memory(err, "classes of designs");
            z->group = grown;
            z->capacity = more;
        }
        struct group *group = &z->group[z->n_groups];
        memset(group, 0, sizeof *group);
        group->class_number = class_number;
        enum spn_status status = spn_front_create(&group->front, z->n_costs ? z->n_costs : 1, err);
        if (status)
            return status;
        z->group_of[class_number] = z->n_groups++;
    }
    return spn_front_add(z->group[z->group_of[class_number]].front, costs, NULL, err);
}

static bool visit_row(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    struct lazy *z = ctx;
    int digit[SPN_SPACE_MAX_AXES];
    struct spn_front_item costs = {.number = number};
    for (int i = 0; i < z->n_costs; i++)
        costs.value[i] = spn_space_objective(z->space, z->cost[i])->maximize ? -cells[i].number
                                                                             : cells[i].number;
    spn_space_digits(z->space, number, digit);
    z->visit_status = add_to_group(z, spn_space_class(z->space, digit), &costs, z->visit_err);
    return !z->visit_status;
}

#define NOT_BAD "reason IS NULL OR reason = '" SPN_POINT_PENDING_REASON "'"

static enum spn_status load_groups(struct lazy *z, struct spn_err *err)
{
    int columns[SPN_FRONT_MAX_OBJECTIVES] = {0};
    for (int i = 0; i < z->n_costs; i++)
        columns[i] = spn_store_find_column(
            z->store,
            spn_space_column(z->space, spn_space_objective(z->space, z->cost[i])->column));
    struct spn_store_query query = {.where = NOT_BAD,
                                    .bad_too = true,
                                    .order = -1,
                                    .columns = columns,
                                    .n_columns = z->n_costs};
    z->visit_err = err;
    enum spn_status status = spn_store_select(z->store, &query, visit_row, z, err);
    if (!status)
        status = z->visit_status;
    for (int g = 0; g < z->n_groups && !status; g++) {
        struct group *group = &z->group[g];
        group->n = spn_front_size(group->front);
        group->item = calloc(group->n, sizeof *group->item);
        if (!group->item)
            return spn_err_memory(err, "classes of designs");
        spn_front_items(group->front, group->item);
        spn_front_destroy(group->front);
        group->front = NULL;
    }
    return status;
}

/* Least and most of every cost over all groups; each group's score by them. */
static void score_groups(struct lazy *z)
{
    double least[SPN_FRONT_MAX_OBJECTIVES], most[SPN_FRONT_MAX_OBJECTIVES];
    for (int k = 0; k < z->n_costs; k++) {
        least[k] = INFINITY;
        most[k] = -INFINITY;
        for (int g = 0; g < z->n_groups; g++)
            for (size_t i = 0; i < z->group[g].n; i++) {
                least[k] = fmin(least[k], z->group[g].item[i].value[k]);
                most[k] = fmax(most[k], z->group[g].item[i].value[k]);
            }
    }
    for (int g = 0; g < z->n_groups; g++) {
        struct group *group = &z->group[g];
        group->score = INFINITY;
        for (size_t i = 0; i < group->n; i++) {
            double sum = 0;
            for (int k = 0; k < z->n_costs; k++)
                if (most[k] > least[k])
                    sum += (group->item[i].value[k] - least[k]) / (most[k] - least[k]);
            group->score = fmin(group->score, sum);
        }
    }
}

static int by_score(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return (x->class_number > y->class_number) - (x->class_number < y->class_number);
}

/* ---- what is known ---- */

static enum spn_status learn(struct lazy *z, struct group *group, struct spn_err *err)
{
    double accuracy;
    struct spn_point point;
    enum spn_status status = SPN_OK;
    group->known = spn_lab_known(z->lab, group->class_number, &accuracy);
    for (size_t i = 0; group->known && i < group->n && !status; i++) {
        status = spn_evaluate(z->reader, group->item[i].number, &point, err);
        if (!status && point.state == SPN_POINT_GOOD) {
            struct spn_front_item item = spn_sweep_item(z->space, &point);
            status = spn_front_add(z->known, &item, NULL, err);
        }
    }
    return status;
}

static enum spn_status find_bound(struct lazy *z, struct group *group, struct spn_err *err)
{
    struct spn_point point;
    group->bound = 1;
    if (group->known || z->accuracy < 0)
        return SPN_OK;
    enum spn_status status = spn_evaluate(z->reader, group->item[0].number, &point, err);
    return status
               ? status
               : spn_lab_bound(z->lab, spn_evaluator_plan(z->reader),
                               spn_evaluator_chip(z->reader)->sparsity.scheme, &group->bound, err);
}

/* a costs no more than b; where all is equal the lower number stands. */
static bool no_dearer(const struct spn_front_item *a, const struct spn_front_item *b, int n)
{
    bool less = a->number <= b->number;
    for (int k = 0; k < n; k++) {
        if (a->value[k] > b->value[k])
            return false;
        less = less || a->value[k] < b->value[k];
    }
    return less;
}

static bool is_spared(const struct lazy *z, const struct group *group,
                      const struct spn_front_item *known, size_t n_known)
{
    double enough = group->bound - spn_space_accuracy(z->space)->resolution;
    for (size_t i = 0; i < group->n; i++) {
        bool beaten = false;
        for (size_t q = 0; q < n_known && !beaten && z->bounded; q++) {
            struct spn_front_item costs = costs_of(z, &known[q]);
            beaten = (z->accuracy < 0 || -known[q].value[z->accuracy] >= enough) &&
                     no_dearer(&costs, &group->item[i], z->n_costs);
        }
        if (!beaten)
            return false;
    }
    return true;
}

/* Another group of this round may spare this one. */
static bool may_be_spared(const struct lazy *z, const struct group *group, int n_chosen)
{
    for (size_t i = 0; i < group->n; i++) {
        bool beaten = false;
        for (int c = 0; c < n_chosen && !beaten && z->bounded; c++) {
            const struct group *other = &z->group[z->round[c]];
            for (size_t q = 0; q < other->n && !beaten; q++)
                beaten = no_dearer(&other->item[q], &group->item[i], z->n_costs);
        }
        if (!beaten)
            return false;
    }
    return true;
}

/* ---- rounds ---- */

static void simulate(void *ctx, size_t index, int thread)
{
    struct lazy *z = ctx;
    struct spn_point point;
    const struct group *group = &z->group[z->round[index]];
    z->status[index] =
        spn_evaluate(z->evaluator[thread], group->item[0].number, &point, &z->err[index]);
}

static enum spn_status choose(struct lazy *z, int *n_chosen, int64_t *n_open, struct spn_err *err)
{
    size_t n_known = spn_front_size(z->known);
    struct spn_front_item *known = calloc(n_known + 1, sizeof *known);
    if (!known)
        return spn_err_memory(err, "classes of designs");
    spn_front_items(z->known, known);
    *n_chosen = 0;
    *n_open = 0;
    for (int g = 0; g < z->n_groups; g++) {
        const struct group *group = &z->group[g];
        if (group->known || is_spared(z, group, known, n_known))
            continue;
        ++*n_open;
        if (*n_chosen < ROUND && !may_be_spared(z, group, *n_chosen))
            z->round[(*n_chosen)++] = g;
    }
    free(known);
    return SPN_OK;
}

static enum spn_status run_rounds(struct lazy *z, const struct spn_progress *progress,
                                  struct spn_lazy_counts *counts, struct spn_err *err)
{
    int n = 0;
    int64_t n_open = 0;
    for (;;) {
        enum spn_status status = choose(z, &n, &n_open, err);
        if (status || !n)
            return status;
        if (!spn_progress_step(progress, "simulations", (size_t)counts->n_simulated,
                               (size_t)(counts->n_simulated + n_open))) {
            counts->stopped = true;
            return SPN_OK;
        }
        spn_parallel_for(z->n_threads, (size_t)n, simulate, z);
        for (int i = 0; i < n; i++) {
            status = z->status[i];
            if (status && err)
                *err = z->err[i];
            if (!status)
                status = learn(z, &z->group[z->round[i]], err);
            if (status)
                return status;
            counts->n_simulated++;
        }
    }
}

/* ---- rows of what is known by now ---- */

static bool visit_number(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    struct lazy *z = ctx;
    (void)cells;
    z->number[z->n_numbers++] = number;
    return true;
}

static enum spn_status refresh(struct lazy *z, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    int64_t last = -1;
    do {
        char where[128];
        int n = 0, column = 0;
        snprintf(where, sizeof where, "point > %lld AND reason = '" SPN_POINT_PENDING_REASON "'",
                 (long long)last);
        struct spn_store_query query = {.where = where,
                                        .bad_too = true,
                                        .order = -1,
                                        .limit = CHUNK,
                                        .columns = &column,
                                        .n_columns = 0};
        z->n_numbers = 0;
        status = spn_store_select(z->store, &query, visit_number, z, err);
        for (int i = 0; i < z->n_numbers && !status; i++) {
            last = z->number[i];
            status = spn_evaluate(z->reader, last, &z->point[n], err);
            n += !status && z->point[n].state != SPN_POINT_PENDING;
        }
        if (!status && n)
            status = spn_store_replace(z->store, z->point, n, err);
    } while (!status && z->n_numbers == CHUNK);
    return status;
}

/* ---- all of it ---- */

static void sort_objectives(struct lazy *z)
{
    z->accuracy = -1;
    z->bounded = z->n_objectives > 0;
    for (int i = 0; i < z->n_objectives; i++) {
        const struct spn_objective *objective = spn_space_objective(z->space, i);
        enum kind kind =
            !spn_space_column_simulated(z->space, objective->column) ? COST
            : objective->maximize &&
                    strcmp(spn_space_column(z->space, objective->column), "accuracy") == 0
                ? ACCURACY
                : OTHER;
        if (kind == COST)
            z->cost[z->n_costs++] = i;
        else if (kind == ACCURACY)
            z->accuracy = i;
        else
            z->bounded = false;
    }
}

static enum spn_status start(struct lazy *z, struct spn_err *err)
{
    int64_t n_classes = spn_space_n_classes(z->space);
    sort_objectives(z);
    z->group_of = malloc((size_t)n_classes * sizeof *z->group_of);
    z->evaluator = calloc((size_t)z->n_threads, sizeof *z->evaluator);
    if (!z->group_of || !z->evaluator)
        return spn_err_memory(err, "classes of designs");
    for (int64_t c = 0; c < n_classes; c++)
        z->group_of[c] = -1;
    enum spn_status status = spn_evaluator_create(&z->reader, z->space, err);
    for (int t = 0; t < z->n_threads && !status; t++) {
        status = spn_evaluator_create(&z->evaluator[t], z->space, err);
        if (!status)
            spn_evaluator_use(z->evaluator[t], z->lab, true);
    }
    if (!status)
        spn_evaluator_use(z->reader, z->lab, false);
    return status ? status
                  : spn_front_create(&z->known, z->n_objectives ? z->n_objectives : 1, err);
}

static void finish(struct lazy *z)
{
    for (int t = 0; z->evaluator && t < z->n_threads; t++)
        spn_evaluator_destroy(z->evaluator[t]);
    spn_evaluator_destroy(z->reader);
    for (int g = 0; g < z->n_groups; g++) {
        spn_front_destroy(z->group[g].front);
        free(z->group[g].item);
    }
    spn_front_destroy(z->known);
    free(z->evaluator);
    free(z->group);
    free(z->group_of);
    free(z);
}

enum spn_status spn_lazy_run(const struct spn_space *space, struct spn_store *store,
                             struct spn_lab *lab, int n_threads,
                             const struct spn_progress *progress, struct spn_lazy_counts *counts,
                             struct spn_err *err)
{
    struct spn_lazy_counts done = {0};
    struct lazy *z = calloc(1, sizeof *z);
    if (!z)
        return spn_err_memory(err, "classes of designs");
    z->space = space;
    z->store = store;
    z->lab = lab;
    z->n_threads = spn_parallel_threads(n_threads);
    z->n_objectives = spn_space_n_objectives(space);
    enum spn_status status = start(z, err);
    if (!status)
        status = spn_store_tell_lab(store, lab, err);
    if (!status)
        status = load_groups(z, err);
    if (!status) {
        score_groups(z);
        qsort(z->group, (size_t)z->n_groups, sizeof *z->group, by_score);
    }
    for (int g = 0; g < z->n_groups && !status; g++) {
        status = learn(z, &z->group[g], err);
        done.n_before += z->group[g].known;
        if (!status)
            status = find_bound(z, &z->group[g], err);
    }
    if (!status)
        status = run_rounds(z, progress, &done, err);
    done.n_classes = z->n_groups;
    done.n_spared = done.n_classes - done.n_before - done.n_simulated;
    if (!status)
        status = refresh(z, err);
    finish(z);
    if (!status)
        *counts = done;
    return status;
}
