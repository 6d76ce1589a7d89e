/* bench_sweep.c -- design points per second: evaluated, swept, swept into a store, on one and on
 * all threads.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Beside the time that passes, the processor time of all threads: what others on the machine take
 * does not count in that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <gsl/gsl_errno.h>

#include "base/parallel.h"
#include "explorer/sweep.h"

/* What is asked of a core: points per second in memory and stored. */
#define GOAL_MEMORY_PER_S 50000.0
#define GOAL_STORED_PER_S 25000.0

static double now_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int die(const struct spn_err *err)
{
    fprintf(stderr, "bench_sweep: %s\n", err->msg);
    return 1;
}

static void show(const char *what, double n, double seconds, double cpu_s, double goal)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%-44s %9.0f points  %9.0f points/s  %7.2f us  (asked for: %.0f)  %9.0f per CPU second  "
           "peak %ld MB\n",
           what, n, n / seconds, 1e6 * seconds / n, goal, n / cpu_s, usage.ru_maxrss / 1024);
}

static enum spn_status sweep(const struct spn_space *space, int n_threads, const char *db,
                             bool with_front, const char *what, struct spn_err *err)
{
    struct spn_store *store = NULL;
    struct spn_front *front = NULL;
    struct spn_sweep_options how = {.n_threads = n_threads, .shard = {0, 1}};
    struct spn_sweep_counts counts;
    enum spn_status status = SPN_OK;
    double start = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
    if (db)
        status = spn_store_open(&store, db, space, how.shard, err);
    if (!status && with_front)
        status = spn_front_create(&front, spn_space_n_objectives(space), err);
    if (!status)
        status = spn_sweep_run(space, store, &how, front, &counts, err);
    spn_store_close(store);
    spn_front_destroy(front);
    if (!status)
        show(what, (double)counts.n_evaluated, now_s(CLOCK_MONOTONIC) - start,
             now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu,
             (db ? GOAL_STORED_PER_S : GOAL_MEMORY_PER_S) * n_threads);
    return status;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "bench-space";
    int n_threads = spn_parallel_threads(0);
    char db[2][64] = {"", ""}, what[64];
    struct spn_space *space = NULL;
    struct spn_err err;
    gsl_set_error_handler_off();
    enum spn_status status = spn_space_load(&space, name, &err);
    if (status)
        return die(&err);
    for (int i = 0; i < 2; i++)
        snprintf(db[i], sizeof db[i], "bench-sweep-%ld-%d.sqlite", (long)getpid(), i);
    status = sweep(space, 1, NULL, false, "in memory, 1 thread", &err);
    if (!status)
        status = sweep(space, 1, NULL, true, "in memory with front, 1 thread", &err);
    if (!status)
        status = sweep(space, 1, db[0], true, "stored, 1 thread", &err);
    snprintf(what, sizeof what, "in memory with front, %d threads", n_threads);
    if (!status && n_threads > 1)
        status = sweep(space, n_threads, NULL, true, what, &err);
    snprintf(what, sizeof what, "stored, %d threads", n_threads);
    if (!status && n_threads > 1)
        status = sweep(space, n_threads, db[1], true, what, &err);
    for (int i = 0; i < 2; i++)
        unlink(db[i]);
    spn_space_destroy(space);
    return status ? die(&err) : 0;
}
