/* bench_cost.c -- how fast a design point is estimated, and that it takes no memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Usage: bench_cost [NETWORK [CHIP]]. VGG8 on chip ning2025 unless given. Kinds of point: nothing
 * changed since the last one (the floor); one chip parameter changed to one of two or three values
 * (a step of a sweep, whose axes come back to the same values: the last 128 evaluations of each
 * block are remembered); a value never seen before (the blocks that it touches are evaluated anew;
 * all of them for the clock). CPU time of one thread, the best of some runs, as others on the
 * machine only ever slow it down. "As before" is the heap in use, so memory that is taken and given
 * back within a point would not be seen.
 * Asked for: 1,000,000 layer evaluations per second and core of an inference of VGG8 with one
 * parameter changed, and 50 us for any point; rows that miss it say so. Yardsticks: DNN+NeuroSim
 * V1.4 0.07, CiMLoop 83. Fails (exit 1) if a point allocates memory.
 */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "estimator/estimate.h"

#define NEUROSIM_LAYERS_PER_S 0.07 /* [neurosim14] V1.4 on VGG8, one core */
#define CIMLOOP_LAYERS_PER_S 83.0  /* [cimloop], one core */
#define LIMIT_S 50e-6
#define GOAL_LAYERS_PER_S 1e6
#define SECONDS 0.1 /* of each run */
#define RUNS 5
#define POINTS 100 /* between looks at the clock */

struct bench {
    struct spn_network *net;
    struct spn_profile profile;
    struct spn_plan *plan;
    struct spn_workspace *work;
    struct spn_chip chip;
    int n_layers; /* on arrays */
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void same(struct spn_chip *chip, long i)
{
    (void)chip;
    (void)i;
}

static void change_adc_bits(struct spn_chip *chip, long i)
{
    chip->adc.bits = 4 + (int)(i % 3);
}

static void change_columns_per_adc(struct spn_chip *chip, long i)
{
    chip->adc.columns_per_adc = 4 << (i % 2);
}

static void change_rows(struct spn_chip *chip, long i)
{
    chip->array.rows = 64 << (i % 2);
}

static void change_temperature(struct spn_chip *chip, long i)
{
    chip->temperature_K = 300 + 10 * (double)(i % 2);
}

/* Never the same twice: nothing that was remembered helps the blocks that it touches. */
static void change_read_voltage(struct spn_chip *chip, long i)
{
    chip->device.read_voltage_V = 0.3 + 1e-7 * (double)i;
}

static void change_clock(struct spn_chip *chip, long i)
{
    chip->clock_Hz = 1e9 + (double)i;
}

static void change_supply(struct spn_chip *chip, long i)
{
    chip->vdd_V = 0.8 + 1e-9 * (double)i;
}

static const struct {
    const char *name;
    void (*change)(struct spn_chip *chip, long i);
    bool seen; /* values come back */
} kinds[] = {{"nothing changed", same, true},
             {"chip.adc.bits", change_adc_bits, true},
             {"chip.adc.columns_per_adc", change_columns_per_adc, true},
             {"chip.array.rows", change_rows, true},
             {"chip.temperature_K", change_temperature, true},
             {"device.read_voltage_V, new", change_read_voltage, false},
             {"chip.clock_Hz, new", change_clock, false},
             {"chip.vdd_V, new", change_supply, false}};

/* Seconds per point of the best run, or -1 after a failure. */
static double measure(struct bench *b, int kind, bool training, struct spn_err *err)
{
    const struct spn_estimate_options options = {.scheme = SPN_SCHEME_DENSE, .training = training};
    struct spn_chip chip = b->chip;
    struct spn_result result;
    double best_s = -1;
    long n = 0;

    for (int run = 0; run < RUNS; run++) {
        double start = now_s(), end = start;
        long before = n;
        while (end - start < SECONDS) {
            for (int k = 0; k < POINTS; k++, n++) {
                kinds[kind].change(&chip, n);
                if (spn_estimate(b->plan, &chip, &options, b->work, &result, err))
                    return -1;
            }
            end = now_s();
        }
        double point_s = (end - start) / (double)(n - before);
        best_s = best_s < 0 || point_s < best_s ? point_s : best_s;
    }
    return best_s;
}

static int run(struct bench *b, struct spn_err *err)
{
    size_t before = mallinfo2().uordblks;

    printf("%-10s %-26s %10s %12s %14s %12s %12s\n", "what", "changes per point", "us/point",
           "points/s", "layers/s", "x NeuroSim", "x CiMLoop");
    for (int training = 0; training < 2; training++) {
        for (int kind = 0; kind < (int)(sizeof kinds / sizeof kinds[0]); kind++) {
            double point_s = measure(b, kind, training, err);
            if (point_s < 0)
                return 1;
            double layers_per_s = b->n_layers / point_s;
            bool slow = kinds[kind].seen && !training && layers_per_s < GOAL_LAYERS_PER_S;
            printf("%-10s %-26s %10.2f %12.0f %14.0f %12.3g %12.3g%s%s\n",
                   training ? "training" : "inference", kinds[kind].name, point_s * 1e6,
                   1 / point_s, layers_per_s, layers_per_s / NEUROSIM_LAYERS_PER_S,
                   layers_per_s / CIMLOOP_LAYERS_PER_S, point_s > LIMIT_S ? "  above 50 us" : "",
                   slow ? "  below 1,000,000" : "");
        }
    }
    if (mallinfo2().uordblks != before) {
        snprintf(err->msg, sizeof err->msg, "memory in use grew by %zu bytes",
                 mallinfo2().uordblks - before);
        return 1;
    }
    printf("memory in use after all points: as before\n");
    return 0;
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct spn_err err = {0};
    const char *network = argc > 1 ? argv[1] : "networks/vgg8.json",
               *chip = argc > 2 ? argv[2] : "ning2025";
    int failed = 1;

    if (spn_network_load(&b.net, network, NULL, 0, &err) ||
        spn_profile_default(&b.profile, b.net, &err) ||
        spn_plan_create(&b.plan, b.net, &b.profile, &err) ||
        spn_workspace_create(&b.work, b.plan, &err) || spn_chip_load(&b.chip, chip, NULL, 0, &err))
        goto out;
    for (int i = 0; i < b.net->n_layers; i++)
        b.n_layers += spn_layer_is_matrix(&b.net->layer[i]);
    setvbuf(stdout, NULL, _IONBF, 0); /* or the first line would allocate stdout's buffer */
    failed = run(&b, &err);
out:
    if (failed)
        fprintf(stderr, "bench_cost: %s\n", err.msg);
    spn_workspace_destroy(b.work);
    spn_plan_destroy(b.plan);
    spn_profile_clear(&b.profile);
    spn_network_destroy(b.net);
    return failed;
}
