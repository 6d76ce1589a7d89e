/* optimize.c -- NSGA-II over the digits of a space.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Non-dominated sorting, crowding distance, binary tournaments and survival of the best of parents
 * and children as in [deb2002nsga2, sec. III], constraints as in its sec. VI. Genes are the digits
 * of the axes: uniform crossover; a mutated digit goes to a neighbour or anywhere. Children that
 * were evaluated before are mutated until they are new.
 */
#include "explorer/optimize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "base/rng.h"
#include "explorer/sweep.h"

#define CROSSOVER_RATE 0.9 /* [deb2002nsga2, sec. V] */
#define NEIGHBOUR_RATE 0.5 /* of mutations: one step instead of anywhere */
enum { MAX_TRIES = 50, STREAM = 0x05a2 };

struct member {
    int digit[SPN_SPACE_MAX_AXES];
    struct spn_front_item item;
    struct spn_point point;
    int violation; /* 0 good, 1 excluded, 2 cannot be built */
    int rank;
    double crowding;
};

struct search {
    const struct spn_space *space;
    const struct spn_optimize_options *options;
    struct spn_evaluator **evaluator; /* [n_threads] */
    int n_threads, n_objectives;
    struct member *member; /* [2 population]: parents, then children */
    struct spn_number_set seen;
    struct spn_rng rng;
    enum spn_status *status; /* [population], of evaluations */
    struct spn_err *err;
    int first; /* of those in evaluation */
};

struct spn_optimize_options spn_optimize_options_default(void)
{
    return (struct spn_optimize_options){
        .n_evaluations = 10000, .population = 100, .n_candidates = 2000, .seed = 1};
}

/* ---- evaluation ---- */

static void evaluate_one(void *ctx, size_t index, int thread)
{
    struct search *s = ctx;
    struct member *m = &s->member[s->first + (int)index];
    s->status[index] =
        spn_evaluate(s->evaluator[thread], m->item.number, &m->point, &s->err[index]);
    if (s->status[index])
        return;
    m->violation = m->point.state == SPN_POINT_GOOD       ? 0
                   : m->point.state == SPN_POINT_EXCLUDED ? 1
                                                          : 2;
    m->item = spn_sweep_item(s->space, &m->point);
    for (int i = 0; i < s->n_objectives; i++) /* excluded before its accuracy was known */
        if (isnan(m->item.value[i]))
            m->violation = 2;
}

static enum spn_status evaluate(struct search *s, int first, int n, struct spn_front *front,
                                struct spn_optimize_counts *counts, struct spn_err *err)
{
    s->first = first;
    spn_parallel_for(s->n_threads, (size_t)n, evaluate_one, s);
    for (int i = 0; i < n; i++) {
        const struct member *m = &s->member[first + i];
        if (s->status[i]) {
            if (err)
                *err = s->err[i];
            return s->status[i];
        }
        counts->n_evaluated++;
        counts->n_good += m->violation == 0;
        enum spn_status status = m->violation ? SPN_OK : spn_front_add(front, &m->item, NULL, err);
        if (!status && s->options->done)
            status = s->options->done(s->options->ctx, &m->point, err);
        if (status)
            return status;
    }
    return SPN_OK;
}

/* ---- genes ---- */

static void randomise(struct search *s, struct member *m)
{
    for (int a = 0; a < spn_space_n_axes(s->space); a++)
        m->digit[a] = (int)spn_rng_below(&s->rng, (uint32_t)spn_space_axis_size(s->space, a));
}

static void mutate(struct search *s, struct member *m)
{
    int n_axes = spn_space_n_axes(s->space);
    for (int a = 0; a < n_axes; a++) {
        int n = spn_space_axis_size(s->space, a);
        if (n < 2 || spn_rng_uniform(&s->rng) * n_axes >= 1)
            continue;
        if (spn_space_axis_numeric(s->space, a) && spn_rng_uniform(&s->rng) < NEIGHBOUR_RATE) {
            int step = m->digit[a] + (spn_rng_uniform(&s->rng) < 0.5 ? -1 : 1);
            m->digit[a] = step < 0 ? 1 : step >= n ? n - 2 : step;
        } else {
            m->digit[a] = (int)spn_rng_below(&s->rng, (uint32_t)n);
        }
    }
}

static void cross(struct search *s, const struct member *a, const struct member *b,
                  struct member *child)
{
    bool mix = spn_rng_uniform(&s->rng) < CROSSOVER_RATE;
    for (int k = 0; k < spn_space_n_axes(s->space); k++)
        child->digit[k] = mix && spn_rng_uniform(&s->rng) < 0.5 ? b->digit[k] : a->digit[k];
}

/* Change the member until nobody has evaluated it; false if that fails (a space nearly exhausted).
 */
static enum spn_status make_new(struct search *s, struct member *m, bool *found,
                                struct spn_err *err)
{
    *found = false;
    for (int t = 0; t < MAX_TRIES && !*found; t++) {
        m->item.number = spn_space_point(s->space, m->digit);
        enum spn_status status = spn_number_set_add(&s->seen, m->item.number, found, err);
        if (status)
            return status;
        if (!*found && t < MAX_TRIES / 2)
            mutate(s, m);
        else if (!*found)
            randomise(s, m);
    }
    return SPN_OK;
}

/* ---- selection ---- */

static bool beats(const struct search *s, const struct member *a, const struct member *b)
{
    bool better = false;
    if (a->violation != b->violation)
        return a->violation < b->violation;
    for (int i = 0; i < s->n_objectives && a->violation < 2; i++) {
        if (a->item.value[i] > b->item.value[i])
            return false;
        better = better || a->item.value[i] < b->item.value[i];
    }
    return better;
}

/* Ranks by peeling off fronts; O(n^2) per front. */
static void rank_all(const struct search *s, int n)
{
    for (int i = 0; i < n; i++)
        s->member[i].rank = -1;
    for (int rank = 0, left = n; left > 0; rank++) {
        for (int i = 0; i < n; i++) {
            bool beaten = s->member[i].rank >= 0;
            for (int j = 0; j < n && !beaten; j++)
                beaten = (s->member[j].rank < 0 || s->member[j].rank == rank) &&
                         beats(s, &s->member[j], &s->member[i]);
            if (!beaten) {
                s->member[i].rank = rank;
                left--;
            }
        }
    }
}

struct order {
    double value;
    int member;
};

static int by_value(const void *a, const void *b)
{
    const struct order *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->member - y->member;
}

/* Distance to the neighbours of the same rank, summed over objectives. */
static void crowd_all(const struct search *s, int n, struct order *order)
{
    int worst = 0;
    for (int i = 0; i < n; i++) {
        s->member[i].crowding = 0;
        worst = s->member[i].rank > worst ? s->member[i].rank : worst;
    }
    for (int rank = 0; rank <= worst; rank++)
        for (int k = 0; k < s->n_objectives; k++) {
            int size = 0;
            for (int i = 0; i < n; i++)
                if (s->member[i].rank == rank && s->member[i].violation < 2)
                    order[size++] = (struct order){s->member[i].item.value[k], i};
            if (size == 0)
                continue;
            qsort(order, (size_t)size, sizeof *order, by_value);
            double width = order[size - 1].value - order[0].value;
            s->member[order[0].member].crowding = s->member[order[size - 1].member].crowding =
                INFINITY;
            for (int i = 1; i < size - 1 && width > 0; i++)
                s->member[order[i].member].crowding +=
                    (order[i + 1].value - order[i - 1].value) / width;
        }
}

static int by_fitness(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank - y->rank;
    if (x->crowding != y->crowding)
        return x->crowding > y->crowding ? -1 : 1;
    return (x->item.number > y->item.number) - (x->item.number < y->item.number);
}

static const struct member *tournament(struct search *s, int n)
{
    const struct member *a = &s->member[spn_rng_below(&s->rng, (uint32_t)n)],
                        *b = &s->member[spn_rng_below(&s->rng, (uint32_t)n)];
    return by_fitness(a, b) <= 0 ? a : b;
}

/* ---- the search ---- */

enum spn_status spn_optimize_check(const struct spn_space *space,
                                   const struct spn_optimize_options *o, struct spn_err *err)
{
    if (!spn_space_n_objectives(space))
        return spn_err_set(err, SPN_EUSAGE, "%s has no objectives: nothing to optimise",
                           spn_space_name(space));
    if (spn_space_simulated(space) && !o->lab)
        return spn_err_set(err, SPN_EUSAGE, "%s asks for accuracy, and nothing simulates it",
                           spn_space_name(space));
    if (o->population < 4 || o->population > 2000 || o->population % 2)
        return spn_err_set(err, SPN_EUSAGE, "population of %d, must be even and 4 to 2000",
                           o->population);
    if (o->n_evaluations < 1)
        return spn_err_set(err, SPN_EUSAGE, "%lld evaluations, must be at least 1",
                           (long long)o->n_evaluations);
    return SPN_OK;
}

static enum spn_status start(struct search *s, struct spn_err *err)
{
    size_t n = (size_t)s->options->population;
    s->member = calloc(2 * n, sizeof *s->member);
    s->status = calloc(n, sizeof *s->status);
    s->err = calloc(n, sizeof *s->err);
    s->evaluator = calloc((size_t)s->n_threads, sizeof *s->evaluator);
    enum spn_status status =
        s->member && s->status && s->err && s->evaluator ? SPN_OK : spn_err_memory(err, "a search");
    for (int t = 0; t < s->n_threads && !status; t++)
        status = spn_evaluator_create(&s->evaluator[t], s->space, err);
    for (int t = 0; t < s->n_threads && !status; t++)
        spn_evaluator_use(s->evaluator[t], s->options->lab, true);
    return status;
}

static void finish(struct search *s)
{
    for (int t = 0; s->evaluator && t < s->n_threads; t++)
        spn_evaluator_destroy(s->evaluator[t]);
    free(s->evaluator);
    free(s->member);
    free(s->status);
    free(s->err);
    spn_number_set_clear(&s->seen);
}

/* Children behind the n parents; *n_new of them. n = 0: random ones. */
static enum spn_status breed(struct search *s, int n, int want, int *n_new, struct spn_err *err)
{
    *n_new = 0;
    for (int i = 0; i < want; i++) {
        struct member *child = &s->member[n + *n_new];
        bool found = false;
        if (n > 0) {
            const struct member *a = tournament(s, n), *b = tournament(s, n);
            cross(s, a, b, child);
            mutate(s, child);
        } else {
            randomise(s, child);
        }
        enum spn_status status = make_new(s, child, &found, err);
        if (status)
            return status;
        *n_new += found;
    }
    return SPN_OK;
}

enum spn_status spn_optimize_nsga2(const struct spn_space *space,
                                   const struct spn_optimize_options *options,
                                   struct spn_front *front, struct spn_optimize_counts *counts,
                                   struct spn_err *err)
{
    struct search s = {.space = space,
                       .options = options,
                       .n_threads = spn_parallel_threads(options->n_threads),
                       .n_objectives = spn_space_n_objectives(space),
                       .rng = spn_rng_init(options->seed, STREAM, 0)};
    struct spn_optimize_counts done = {0};
    int n = 0, n_new = 0;
    enum spn_status status = spn_optimize_check(space, options, err);
    int64_t before = options->lab ? spn_lab_n_simulated(options->lab) : 0;
    if (status)
        return status;
    struct order *order = calloc(2 * (size_t)options->population, sizeof *order);
    status = order ? start(&s, err) : spn_err_memory(err, "a search");
    while (!status && done.n_evaluated < options->n_evaluations && !done.stopped) {
        int64_t left = options->n_evaluations - done.n_evaluated;
        status =
            breed(&s, n, left < options->population ? (int)left : options->population, &n_new, err);
        if (!status)
            status = evaluate(&s, n, n_new, front, &done, err);
        if (status || n_new == 0) /* the space is exhausted */
            break;
        n += n_new;
        rank_all(&s, n);
        crowd_all(&s, n, order);
        qsort(s.member, (size_t)n, sizeof *s.member, by_fitness);
        n = n < options->population ? n : options->population;
        done.n_rounds++;
        done.stopped = !spn_progress_step(options->progress, "evaluations",
                                          (size_t)done.n_evaluated, (size_t)options->n_evaluations);
    }
    finish(&s);
    free(order);
    done.n_simulated = options->lab ? spn_lab_n_simulated(options->lab) - before : 0;
    if (!status)
        *counts = done;
    return status;
}
