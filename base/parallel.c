/* parallel.c -- run a loop body on several threads.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MAX_THREADS = 256 };

struct job {
    spn_parallel_body *body;
    void *ctx;
    size_t n;
    atomic_size_t next;
};

struct worker {
    struct job *job;
    int thread;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct job *job = worker->job;
    for (size_t i; (i = atomic_fetch_add(&job->next, 1)) < job->n;)
        job->body(job->ctx, i, worker->thread);
    return NULL;
}

int spn_parallel_threads(int n_threads)
{
    if (n_threads < 1) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        n_threads = online < 1 ? 1 : online > MAX_THREADS ? MAX_THREADS : (int)online;
    }
    return n_threads < MAX_THREADS ? n_threads : MAX_THREADS;
}

void spn_parallel_for(int n_threads, size_t n, spn_parallel_body *body, void *ctx)
{
    struct job job = {.body = body, .ctx = ctx, .n = n};
    struct worker worker[MAX_THREADS];
    pthread_t handle[MAX_THREADS];
    n_threads = spn_parallel_threads(n_threads);
    if ((size_t)n_threads > n)
        n_threads = n ? (int)n : 1;
    int n_started = 1;
    for (int t = 0; t < n_threads; t++)
        worker[t] = (struct worker){&job, t};
    for (; n_started < n_threads; n_started++)
        if (pthread_create(&handle[n_started], NULL, work, &worker[n_started]))
            break;
    work(&worker[0]);
    for (int t = 1; t < n_started; t++)
        pthread_join(handle[t], NULL);
}
