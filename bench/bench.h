/* bench.h -- what the benchmarks share: processor time, and what this core could do at best.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_BENCH_BENCH_H
#define SPN_BENCH_BENCH_H

#include <stdint.h>
#include <string.h>
#include <time.h>

/* Of this thread: what else runs on the machine counts little. */
static inline double bench_cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Clock of this core from a chain of dependent additions, two a turn and one a cycle. */
static inline double bench_clock_GHz(void)
{
    enum { N_REPEATS = 7 };
    double best = 0;
    for (int i = 0; i < N_REPEATS; i++) {
        uint64_t x = 1, n = 20000000;
        double start = bench_cpu_s();
        for (uint64_t k = 0; k < n; k++) {
            x += k;
            __asm__ volatile("" : "+r"(x)); /* keep both */
            x ^= 1;
            __asm__ volatile("" : "+r"(x));
        }
        double GHz = 2e-9 * (double)n / (bench_cpu_s() - start);
        best = GHz > best ? GHz : best;
    }
    return best;
}

/* Byte products a cycle at the best of the kernel's instructions: two 512-bit (or 256-bit)
 * multiply-adds a cycle, or a tile product of 16 x 16 x 64 in 16 cycles [intel2024optimization]; 0:
 * not known. */
static inline double bench_products_per_cycle(const char *kernel)
{
    return strcmp(kernel, "amx") == 0      ? 1024
           : strcmp(kernel, "avx512") == 0 ? 128
           : strcmp(kernel, "avx2") == 0   ? 64
                                           : 0;
}

/* 32-bit operations a cycle: two vectors of 16 (or 8); 0: not known. */
static inline double bench_operations_per_cycle(const char *kernel)
{
    return strcmp(kernel, "amx") == 0 || strcmp(kernel, "avx512") == 0 ? 32
           : strcmp(kernel, "avx2") == 0                               ? 16
                                                                       : 0;
}

#endif
