/* sweep.c -- evaluate all points of a space on all cores.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each thread takes a batch, evaluates it into its own memory, and writes it in one transaction;
 * taking and writing are serial.
 */
#include "explorer/sweep.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"

struct thread {
    struct spn_evaluator *evaluator;
    struct spn_front *front;
    struct spn_work work;
    struct spn_point *points; /* [SPN_STORE_BATCH] */
};

struct sweep {
    const struct spn_space *space;
    struct spn_store *store;
    const struct spn_sweep_options *options;
    struct thread *thread;
    int64_t next, n_batches, to_do; /* batches without a store; points for the progress */
    int batch_size;
    pthread_mutex_t lock; /* of everything below, next and the store */
    struct spn_sweep_counts counts;
    enum spn_status status;
    struct spn_err err;
    atomic_bool stop;
};

struct spn_front_item spn_sweep_item(const struct spn_space *space, const struct spn_point *point)
{
    struct spn_front_item item = {.number = point->number};
    for (int i = 0; i < spn_space_n_objectives(space); i++) {
        const struct spn_objective *objective = spn_space_objective(space, i);
        double value = point->value[objective->column];
        item.value[i] = objective->maximize ? -value : value;
    }
    return item;
}

/* Next batch without a store. */
static void take(struct sweep *sweep, struct spn_work *work)
{
    work->n = 0;
    if (sweep->next >= sweep->n_batches)
        return;
    int64_t first = sweep->next * sweep->batch_size, size = spn_space_size(sweep->space);
    work->batch = sweep->next;
    while (work->n < sweep->batch_size && first + work->n < size) {
        work->number[work->n] = first + work->n;
        work->n++;
    }
    sweep->next += sweep->options->shard.n;
}

static void fail(struct sweep *sweep, enum spn_status status, const struct spn_err *why)
{
    pthread_mutex_lock(&sweep->lock);
    if (!sweep->status) {
        sweep->status = status;
        sweep->err = *why;
    }
    pthread_mutex_unlock(&sweep->lock);
    atomic_store(&sweep->stop, true);
}

/* Keep the lower one, whatever thread meets it first. */
static void keep_reason(struct spn_infeasible *kept, int64_t number, const char *reason)
{
    if (*kept->reason && kept->number <= number)
        return;
    kept->number = number;
    spn_text_copy(kept->reason, sizeof kept->reason, reason);
}

static enum spn_status evaluate(struct sweep *sweep, struct thread *thread,
                                struct spn_sweep_counts *counts, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    for (int i = 0; i < thread->work.n && !status; i++) {
        struct spn_point *point = &thread->points[i];
        status = spn_evaluate(thread->evaluator, thread->work.number[i], point, err);
        if (status)
            break;
        counts->n_evaluated++;
        counts->n_good += point->state == SPN_POINT_GOOD;
        counts->n_excluded += point->state == SPN_POINT_EXCLUDED;
        counts->n_infeasible += point->state == SPN_POINT_INFEASIBLE;
        counts->n_pending += point->state == SPN_POINT_PENDING;
        if (point->state == SPN_POINT_INFEASIBLE)
            keep_reason(&counts->infeasible, thread->work.number[i], point->reason);
        if (thread->front && point->state == SPN_POINT_GOOD) {
            struct spn_front_item item = spn_sweep_item(sweep->space, point);
            status = spn_front_add(thread->front, &item, NULL, err);
        }
    }
    return status;
}

/* Store what is done, count it, take the next batch. */
static enum spn_status turn(struct sweep *sweep, struct thread *thread,
                            const struct spn_sweep_counts *done, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    pthread_mutex_lock(&sweep->lock);
    if (thread->work.n && sweep->store)
        status = spn_store_put(sweep->store, &thread->work, thread->points, err);
    if (!status && thread->work.n) {
        sweep->counts.n_evaluated += done->n_evaluated;
        sweep->counts.n_good += done->n_good;
        sweep->counts.n_excluded += done->n_excluded;
        sweep->counts.n_infeasible += done->n_infeasible;
        sweep->counts.n_pending += done->n_pending;
        if (done->n_infeasible)
            keep_reason(&sweep->counts.infeasible, done->infeasible.number,
                        done->infeasible.reason);
        if (!spn_progress_step(sweep->options->progress, "design points",
                               (size_t)(sweep->counts.n_before + sweep->counts.n_evaluated),
                               (size_t)sweep->to_do))
            atomic_store(&sweep->stop, true);
    }
    thread->work.n = 0;
    if (!status && !atomic_load(&sweep->stop)) {
        if (sweep->store)
            status = spn_store_next(sweep->store, &thread->work, err);
        else
            take(sweep, &thread->work);
    }
    pthread_mutex_unlock(&sweep->lock);
    return status;
}

static void run_thread(void *ctx, size_t index, int number)
{
    struct sweep *sweep = ctx;
    struct thread *thread = &sweep->thread[index];
    struct spn_err err;
    struct spn_sweep_counts done = {0};
    (void)number;
    enum spn_status status = turn(sweep, thread, &done, &err);
    while (!status && thread->work.n) {
        memset(&done, 0, sizeof done);
        status = evaluate(sweep, thread, &done, &err);
        if (!status)
            status = turn(sweep, thread, &done, &err);
    }
    if (status)
        fail(sweep, status, &err);
}

static enum spn_status start(struct sweep *sweep, int n_threads, bool front, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    sweep->thread = calloc((size_t)n_threads, sizeof *sweep->thread);
    if (!sweep->thread)
        return spn_err_memory(err, "a sweep");
    for (int t = 0; t < n_threads && !status; t++) {
        struct thread *thread = &sweep->thread[t];
        thread->points = calloc((size_t)sweep->batch_size, sizeof *thread->points);
        if (!thread->points)
            return spn_err_memory(err, "a sweep");
        status = spn_evaluator_create(&thread->evaluator, sweep->space, err);
        if (!status && front)
            status = spn_front_create(&thread->front, spn_space_n_objectives(sweep->space), err);
    }
    if (!status && sweep->store)
        status = spn_store_count(sweep->store, &sweep->counts.n_before, err);
    return status;
}

/* Points that the sweep will have done at its end: all, or those of its shard (then what is stored
 * of others counts not). */
static int64_t points_to_do(const struct sweep *sweep)
{
    int64_t size = spn_space_size(sweep->space);
    if (sweep->options->shard.n == 1)
        return size;
    int64_t batches =
        (sweep->n_batches - sweep->options->shard.index + sweep->options->shard.n - 1) /
        sweep->options->shard.n;
    int64_t n = batches * sweep->batch_size;
    return n < size ? n : size;
}

enum spn_status spn_sweep_run(const struct spn_space *space, struct spn_store *store,
                              const struct spn_sweep_options *options, struct spn_front *front,
                              struct spn_sweep_counts *counts, struct spn_err *err)
{
    int n_threads = spn_parallel_threads(options->n_threads);
    struct sweep sweep = {.space = space,
                          .store = store,
                          .options = options,
                          .next = options->shard.index,
                          .batch_size = spn_batch_size(space)};
    if (options->shard.n < 1 || options->shard.index < 0 ||
        options->shard.index >= options->shard.n)
        return spn_err_set(err, SPN_EUSAGE, "shard %d of %d: must be 0 to n - 1",
                           options->shard.index, options->shard.n);
    if (front && !spn_space_n_objectives(space))
        return spn_err_set(err, SPN_EUSAGE, "%s has no objectives: no front",
                           spn_space_name(space));
    sweep.n_batches = (spn_space_size(space) + sweep.batch_size - 1) / sweep.batch_size;
    sweep.counts.n_points = spn_space_size(space);
    sweep.to_do = points_to_do(&sweep);
    pthread_mutex_init(&sweep.lock, NULL);
    enum spn_status status = start(&sweep, n_threads, front != NULL, err);
    if (!status) {
        spn_parallel_for(n_threads, (size_t)n_threads, run_thread, &sweep);
        status = sweep.status;
        if (status && err)
            *err = sweep.err;
        sweep.counts.stopped = !status && atomic_load(&sweep.stop);
    }
    for (int t = 0; sweep.thread && t < n_threads; t++) {
        if (!status && front)
            status = spn_front_merge(front, sweep.thread[t].front, err);
        spn_front_destroy(sweep.thread[t].front);
        spn_evaluator_destroy(sweep.thread[t].evaluator);
        free(sweep.thread[t].points);
    }
    free(sweep.thread);
    pthread_mutex_destroy(&sweep.lock);
    if (!status)
        *counts = sweep.counts;
    return status;
}
