/* bench_core.c -- time of one matrix-vector product on the analog core, beside other simulators and
 * the CPU's limit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     bench_core [CORE_GHZ]     prints a table; CORE_GHZ (default: measured) sets the integer peak
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "bench/bench.h"
#include "simulator/core.h"
#include "simulator/kernel.h"

enum { N_REPEATS = 7, INPUT_BITS = 8 };
static const double least_s = 0.02; /* of one measurement */

struct work {
    const char *name;
    int size, batch;
    unsigned errors;
    int programmed;  /* programming error and fixed-point cells */
    double cross_ms; /* CrossSim 3.2 on this kind of machine, CPU-ms per product; 0: none */
};

/* CrossSim 3.2 [crosssim], one thread, minimum of at least 5 runs, float32, batch 1 and 64. */
static const struct work works[] = {
    {"bit-serial, ADC per bit", 64, 1, SPN_ERROR_QUANTIZATION, 0, 0},
    {"bit-serial, ADC per bit", 64, 64, SPN_ERROR_QUANTIZATION, 0, 0},
    {"bit-serial, ADC per bit", 256, 1, SPN_ERROR_QUANTIZATION, 0, .126},
    {"bit-serial, ADC per bit", 256, 64, SPN_ERROR_QUANTIZATION, 0, .074},
    {"bit-serial, ADC per bit", 1024, 1, SPN_ERROR_QUANTIZATION, 0, .967},
    {"bit-serial, ADC per bit", 1024, 64, SPN_ERROR_QUANTIZATION, 0, .51},
    {"+ read noise", 64, 64, SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION, 0, 0},
    {"+ read noise", 256, 1, SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION, 0, 0},
    {"+ read noise", 256, 64, SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION, 0, 0},
    {"+ read noise", 1024, 64, SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION, 0, 0},
    {"+ programming error", 256, 64, SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION, 1, 0},
    {"+ both", 64, 64, SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION, 2, 0},
    {"+ both", 256, 64, SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION, 2, 0},
    {"+ both", 1024, 64, SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION, 2, 0},
    {"ideal ADC, exact cells", 256, 64, 0, 0, .0013},
    {"ideal ADC, exact cells", 1024, 64, 0, 0, .0192},
    {"ideal ADC, programming error", 256, 64, SPN_ERROR_FLUCTUATION, 1, .0034},
    {"ideal ADC, programming error", 1024, 64, SPN_ERROR_FLUCTUATION, 1, .0436},
    {"ideal ADC, both", 256, 64, SPN_ERROR_FLUCTUATION, 2, 2.69},
    {"ideal ADC, both", 1024, 64, SPN_ERROR_FLUCTUATION, 2, 78.9},
};

static struct spn_chip make_chip(const struct work *w)
{
    struct spn_chip chip = {
        .array = {.rows = w->size, .columns = w->size},
        .weight = {.bits = 8, .cell_bits = 8, .encoding = SPN_ENCODING_DIFFERENTIAL},
        .input = {.bits = INPUT_BITS, .dac_bits = 1},
        .adc = {.bits = 8, .range = SPN_RANGE_FULL}};
    chip.device.on_conductance_S = 1e-4;
    chip.device.off_conductance_S = 1e-6;
    chip.device.programming_sd_frac = w->programmed != 0 ? 0.05 : 0;
    chip.device.read_noise_frac = w->programmed != 1 ? 0.02 : 0;
    return chip;
}

/* What one work needs. */
struct setup {
    struct spn_chip chip;
    int8_t *weights;
    uint8_t *x;
    float *y;
    struct spn_core *core;
    struct spn_core_scratch *scratch;
};

static void setup_clear(struct setup *s)
{
    spn_core_scratch_destroy(s->scratch);
    spn_core_destroy(s->core);
    free(s->weights);
    free(s->x);
    free(s->y);
}

static bool setup_init(struct setup *s, const struct work *w, const char *kernel)
{
    *s = (struct setup){.chip = make_chip(w)};
    struct spn_core_config config = {
        .n_rows = w->size, .n_columns = w->size, .chip = &s->chip, .errors = w->errors, .seed = 1};
    size_t n = (size_t)w->size * (size_t)w->size, n_x = (size_t)w->size * (size_t)w->batch;
    s->weights = malloc(n);
    s->x = malloc(n_x);
    s->y = malloc(n_x * sizeof *s->y);
    struct spn_rng rng = spn_rng_init(1, 2, 3);
    for (size_t i = 0; s->weights != NULL && i < n; i++)
        s->weights[i] = (int8_t)((int)spn_rng_below(&rng, 255) - 127);
    for (size_t i = 0; s->x != NULL && i < n_x; i++)
        s->x[i] = (uint8_t)spn_rng_below(&rng, 256);
    return s->weights && s->x && s->y &&
           !spn_core_create(&s->core, &config, s->weights, NULL, NULL) &&
           !spn_core_select_kernel(s->core, kernel, NULL) &&
           !spn_core_scratch_create(&s->scratch, s->core, w->batch, NULL);
}

static double time_s(const struct setup *s, const struct work *w, int loops)
{
    double start = bench_cpu_s();
    for (int i = 0; i < loops; i++)
        spn_core_multiply(s->core, s->x, w->batch, s->y, s->scratch, 0);
    return bench_cpu_s() - start;
}

/* CPU-ms per product of n works, in turn, so that all meet the same neighbours; negative on
 * failure. */
static void measure(const struct work *w, int n, const char *kernel, double ms[])
{
    struct setup s[2] = {0};
    int loops[2] = {1, 1};
    bool whole = true;
    for (int k = 0; k < n; k++) {
        ms[k] = -1;
        whole = whole && setup_init(&s[k], &w[k], kernel);
    }
    for (int k = 0; k < n && whole; k++)
        while (time_s(&s[k], &w[k], loops[k]) < least_s)
            loops[k] *= 2;
    for (int r = 0; r < N_REPEATS && whole; r++)
        for (int k = 0; k < n; k++) {
            double took = 1e3 * time_s(&s[k], &w[k], loops[k]) / loops[k] / w[k].batch;
            ms[k] = ms[k] < 0 || took < ms[k] ? took : ms[k];
        }
    for (int k = 0; k < n; k++)
        setup_clear(&s[k]);
}

/* Read noise over none, each pair measured in turn. */
static void print_ratios(void)
{
    static const int sizes[] = {64, 256, 1024};
    printf("\n%-30s %5s %5s %-9s %10s %10s %8s\n", "read noise", "size", "batch", "kernel",
           "none ms", "noise ms", "ratio");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; spn_kernels[k] != NULL; k++) {
            const struct work pair[] = {
                {"", sizes[i], 64, SPN_ERROR_QUANTIZATION, 0, 0},
                {"", sizes[i], 64, SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION, 0, 0}};
            double ms[2] = {-1, -1};
            if (spn_kernels[k]->supported())
                measure(pair, 2, spn_kernels[k]->name, ms);
            if (ms[0] > 0 && ms[1] > 0)
                printf("%-30s %5d %5d %-9s %10.5f %10.5f %7.2fx\n", "bit-serial, ADC per bit",
                       sizes[i], 64, spn_kernels[k]->name, ms[0], ms[1], ms[1] / ms[0]);
        }
}

int main(int argc, char **argv)
{
    double GHz = argc > 1 ? strtod(argv[1], NULL) : bench_clock_GHz();
    printf("# CPU-ms per product, one thread, minimum of %d; core clock %.2f GHz\n", N_REPEATS,
           GHz);
    printf("# peak: byte products needed over what the kernel's instructions can do; CrossSim 3.2 "
           "as published here\n");
    printf("%-30s %5s %5s %-9s %10s %8s %10s %8s\n", "work", "size", "batch", "kernel", "ms",
           "of peak", "CrossSim", "ratio");
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        for (size_t k = 0; spn_kernels[k] != NULL; k++) {
            const struct work *w = &works[i];
            const char *name = spn_kernels[k]->name;
            double ms = -1;
            if (spn_kernels[k]->supported())
                measure(w, 1, name, &ms);
            if (ms < 0)
                continue;
            int limbs = w->programmed != 0 || (w->errors & SPN_ERROR_QUANTIZATION) == 0 ? 2 : 1;
            int slices = (w->errors & SPN_ERROR_QUANTIZATION) != 0 ? INPUT_BITS : 1;
            limbs = w->errors == 0 ? 1 : limbs;
            double peak = bench_products_per_cycle(name) * GHz * 1e6;
            double share = peak > 0 ? (double)w->size * w->size * slices * limbs / peak / ms : 0;
            printf("%-30s %5d %5d %-9s %10.5f", w->name, w->size, w->batch, name, ms);
            share > 0 ? printf(" %7.0f%%", 100 * share) : printf(" %8s", "-");
            w->cross_ms > 0 ? printf(" %10.4f %7.0fx\n", w->cross_ms, w->cross_ms / ms)
                            : printf(" %10s %8s\n", "-", "-");
        }
    print_ratios();
    return 0;
}
