/* bench_pulsed.c -- time of a pulsed update on one core, beside AIHWKit and the CPU's limit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     bench_pulsed [CORE_GHZ]     prints a table; CORE_GHZ (default: measured) sets the peak;
 *                                 SPINDLE_DATA names the folder of tech/
 *
 * AIHWKit 1.1 on this kind of machine [aihwkit], 1024 x 1024, batch 64, one thread, CPU-ms per
 * vector: constant steps 27.5, soft bounds 30.7, exponential steps 38.8; about two coincidences a
 * cell.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "bench/bench.h"
#include "simulator/kernel.h"
#include "simulator/pulsed.h"

enum { SIDE = 1024, BATCH = 64, LENGTH = 31, N_REPEATS = 7 };

struct work {
    const char *name;
    double up_label, down_label; /* [ning2025]'s, measured on 29 devices, where not 0 */
    int curved, noisy;
    double aihwkit_ms; /* 0: none */
};
static const struct work works[] = {
    {"constant steps", 0, 0, 0, 1, 27.5},
    {"exponential response (D7)", 0.523, -0.145, 0, 1, 30.7},
    {"measured curve (rram-gong)", 0, 0, 1, 1, 38.8},
    {"constant steps, no noise", 0, 0, 0, 0, 0},
};

/* 32-bit operations that a cell takes at least: bits counted and the law chosen (18), a normal
 * number (30) and the jump's end (4); of every pulse (7); of a look-up in the table, one at least
 * (17). */
static double operations(const struct work *w, double pulses)
{
    return 18 + (w->noisy ? 30 : 0) + 4 + 7 * pulses + (w->curved ? 17 : 0);
}

/* Normal vectors; as many pulses as bring two coincidences to the mean cell. */
static void draw(float *x, int n, uint32_t stream)
{
    struct spn_rng rng = spn_rng_init(1, stream, 0);
    spn_rng_normals(&rng, x, (size_t)n);
}

static int measure(const struct work *w, const char *kernel, double GHz)
{
    static float u[BATCH * SIDE], v[BATCH * SIDE];
    const int n_repeats = strcmp(kernel, "portable") == 0 ? 1 : N_REPEATS; /* it takes long */
    double best = INFINITY;
    struct spn_device device = {.on_conductance_S = 1};
    struct spn_err err;
    struct spn_pulsed *p = NULL;
    device.pulse = (struct spn_device_pulse){.potentiation_nonlinearity = w->up_label,
                                             .depression_nonlinearity = w->down_label,
                                             .n_levels = 1000,
                                             .device_to_device_sd = w->up_label > 0 ? 0.24 : 0};
    if (w->curved && spn_device_load(&device, "rram-gong", &err)) {
        fprintf(stderr, "bench_pulsed: %s\n", err.msg);
        return 1;
    }
    device.pulse.cycle_to_cycle_sd = 0; /* of the step, as the others */
    const struct spn_pulsed_config config = {.device = &device,
                                             .rows = SIDE,
                                             .columns = SIDE,
                                             .step_noise_frac = w->noisy ? 0.3 : 0,
                                             .step_sd_frac = 0.3,
                                             .max_vectors = BATCH};
    /* E|z|^2 = 2/pi of the product's size at a pulse rate of pi, below clipping */
    const struct spn_pulsed_trains trains = {LENGTH, false, 3.14159265358979};
    draw(u, BATCH * SIDE, 3);
    draw(v, BATCH * SIDE, 4);
    enum spn_status status = spn_pulsed_create(&p, &config, &err);
    if (!status)
        status = spn_pulsed_select_kernel(p, kernel, &err);
    for (int r = 0; r < n_repeats && !status; r++) {
        double start = bench_cpu_s();
        status = spn_pulsed_update(p, &trains, u, v, BATCH, &err);
        best = fmin(best, bench_cpu_s() - start);
    }
    if (status)
        fprintf(stderr, "bench_pulsed: %s\n", err.msg);
    else {
        double ms = 1e3 * best / BATCH, cells = (double)SIDE * SIDE;
        double pulses = spn_pulsed_coincidences(p) / n_repeats / BATCH / cells;
        double peak = bench_operations_per_cycle(kernel) * GHz * 1e6;
        double share = peak > 0 ? operations(w, pulses) * cells / peak / ms : 0;
        printf("%-28s %-9s %9.3f %9.2f", w->name, kernel, ms, pulses);
        share > 0 ? printf(" %8.0f%%", 100 * share) : printf(" %9s", "-");
        w->aihwkit_ms > 0 ? printf(" %9.1f %6.1fx\n", w->aihwkit_ms, w->aihwkit_ms / ms)
                          : printf(" %9s %7s\n", "-", "-");
    }
    spn_pulsed_destroy(p);
    return status != SPN_OK;
}

int main(int argc, char **argv)
{
    double GHz = argc > 1 ? strtod(argv[1], NULL) : bench_clock_GHz();
    int failed = 0;
    printf("# pulsed update of %d x %d cells, batch %d, trains of %d slots, one thread, minimum of "
           "%d; "
           "core clock %.2f GHz\n",
           SIDE, SIDE, BATCH, LENGTH, N_REPEATS, GHz);
    printf("%-28s %-9s %9s %9s %10s %9s %7s\n", "law", "kernel", "ms", "pulses", "of peak",
           "AIHWKit", "ratio");
    printf("%-28s %-9s %9s %9s %9s %9s\n", "", "", "a vector", "a cell", "", "ms");
    for (size_t i = 0; i < sizeof works / sizeof *works && !failed; i++)
        for (size_t k = 0; spn_kernels[k] != NULL && !failed; k++)
            if (spn_kernels[k]->supported())
                failed = measure(&works[i], spn_kernels[k]->name, GHz);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
