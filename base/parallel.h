/* parallel.h -- run a loop body on several threads.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Iterations are handed out one by one in order; a body must depend on its index alone, never on
 * its thread, so that results do not change with the number of threads. `thread` (0 .. n_threads-1)
 * is for picking scratch memory.
 */
#ifndef SPN_BASE_PARALLEL_H
#define SPN_BASE_PARALLEL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void spn_parallel_body(void *ctx, size_t index, int thread);

/* Runs body(ctx, 0 .. n-1, t) on up to n_threads threads, the caller's among them, and waits.
 * n_threads < 1 means one per online CPU. Falls back to fewer threads if they cannot be created. */
void spn_parallel_for(int n_threads, size_t n, spn_parallel_body *body, void *ctx);

/* n_threads itself if >= 1, else the number of online CPUs. */
int spn_parallel_threads(int n_threads);

#ifdef __cplusplus
}
#endif

#endif
