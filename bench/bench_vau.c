/* bench_vau.c -- how long the vector update of a large layer takes on one core.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "simulator/vau.h"

enum { SIDE = 4096, REPEATS = 3 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(void)
{
    static const double sparsity[] = {0, 0.5, 0.885, 0.95, 0.99};
    static double row[SIDE], column[SIDE];
    const size_t n = (size_t)SIDE * SIDE;
    float *delta = malloc(n * sizeof *delta);
    uint8_t *mask = malloc(n);
    struct spn_rng rng = spn_rng_init(1, 77, 0);
    int failed = !delta || !mask;
    for (size_t k = 0; k < sizeof sparsity / sizeof *sparsity && !failed; k++) {
        double best_s = 1e9;
        int steps = 0;
        spn_rng_normals(&rng, delta, n);
        for (size_t i = 0; i < n; i++)
            mask[i] = spn_rng_uniform(&rng) >= sparsity[k];
        for (int repeat = 0; repeat < REPEATS && !failed; repeat++) {
            const struct spn_vau_problem p = {.rows = SIDE,
                                              .columns = SIDE,
                                              .delta = delta,
                                              .mask = mask,
                                              .masked_fit = true,
                                              .lambda = 1e-3};
            const double start_s = now_s();
            failed = spn_vau_fit(&p, row, column, &steps, NULL) != SPN_OK;
            best_s = now_s() - start_s < best_s ? now_s() - start_s : best_s;
        }
        printf("vector update of %d x %d at sparsity %.3f: %.1f ms, %d steps\n", SIDE, SIDE,
               sparsity[k], 1e3 * best_s, steps);
    }
    free(delta);
    free(mask);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
