/* bench_irdrop.c -- time and error of arrays with resistive wires, on one core.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * With SPINDLE_TEST_DATA set also ResNet-20 on CIFAR-10 with exact IR drop. CrossSim 3.2 on this
 * kind of machine: 6 images at 1 ohm were not done in 15 CPU minutes; one 256 x 256 product takes
 * 29 to 39 ms at 1 ohm [crosssim].
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cblas.h>

#include "base/rng.h"
#include "simulator/compensate.h"
#include "simulator/effective.h"
#include "simulator/irdrop.h"
#include "simulator/simulator.h"

static const double least_s = 0.2; /* of one measurement */

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct bench {
    struct spn_irdrop_array array;
    int n;
    double *cells_S, *T_S, *other_S, *volts, *amperes;
};

static struct bench bench_init(int side, double segment_ohm, double high_S)
{
    size_t n = (size_t)side * (size_t)side;
    struct bench b = {
        .array = {.rows = side, .columns = side, .wires = spn_irdrop_wires_uniform(segment_ohm)},
        .n = (int)n,
        .cells_S = malloc(n * sizeof(double)),
        .T_S = malloc(n * sizeof(double)),
        .other_S = malloc(n * sizeof(double)),
        .volts = malloc((size_t)side * sizeof(double)),
        .amperes = malloc((size_t)side * sizeof(double))};
    if (!b.cells_S || !b.T_S || !b.other_S || !b.volts || !b.amperes)
        exit(EXIT_FAILURE);
    struct spn_rng rng = spn_rng_init(1, 2, 3);
    for (int i = 0; i < b.n; i++)
        b.cells_S[i] = high_S * (0.01 + 0.99 * spn_rng_uniform(&rng));
    for (int i = 0; i < side; i++)
        b.volts[i] = 0.2 * spn_rng_uniform(&rng);
    return b;
}

static void bench_clear(struct bench *b)
{
    free(b->cells_S);
    free(b->T_S);
    free(b->other_S);
    free(b->volts);
    free(b->amperes);
}

static void check(enum spn_status status, const struct spn_err *err)
{
    if (status == SPN_OK)
        return;
    fprintf(stderr, "bench_irdrop: %s\n", err->msg);
    exit(EXIT_FAILURE);
}

/* The shortest of several runs, until least_s have passed. */
static double time_effective(struct bench *b)
{
    struct spn_err err;
    struct spn_effective *work;
    double best = INFINITY, begin = cpu_s();
    check(spn_effective_create(&work, &b->array, &err), &err);
    do {
        double start = cpu_s();
        spn_effective_compute(work, b->cells_S, b->T_S);
        best = fmin(best, cpu_s() - start);
    } while (cpu_s() - begin < least_s);
    spn_effective_destroy(work);
    return best;
}

/* Nodal solution: first with analysis, then with the factor kept; and how far T is from it. */
static void time_nodal(struct bench *b, double *first_s, double *again_s, double *difference)
{
    struct spn_err err;
    struct spn_irdrop *solver;
    double start = cpu_s(), most = 0;
    check(spn_irdrop_create(&solver, &b->array, &err), &err);
    check(spn_irdrop_set_cells(solver, b->cells_S, NULL, &err), &err);
    check(spn_irdrop_solve(solver, b->volts, NULL, &err), &err);
    *first_s = cpu_s() - start;
    start = cpu_s();
    check(spn_irdrop_solve(solver, b->volts, NULL, &err), &err);
    *again_s = cpu_s() - start;
    spn_irdrop_currents(solver, NULL, b->amperes);
    *difference = 0;
    for (int j = 0; j < b->array.columns; j++) {
        double sum = 0;
        for (int i = 0; i < b->array.rows; i++)
            sum += b->volts[i] * b->T_S[i * b->array.columns + j];
        *difference = fmax(*difference, fabs(sum - b->amperes[j]));
        most = fmax(most, b->amperes[j]);
    }
    *difference /= most;
    spn_irdrop_destroy(solver);
}

static void print_times(void)
{
    struct row {
        int side;
        double limit_ms, scipy_ms;
    } rows[] = {{64, 20, 20}, {128, 200, 290}, {256, 1500, 2800}, {512, 0, 0}};
    printf("Effective conductances of a whole array, and nodal solutions; CPU ms, 1 ohm a segment, "
           "cells up to 100 uS\n");
    printf("%6s %10s %8s %22s %12s %10s %18s\n", "side", "T ms", "limit", "scipy adjoint solves",
           "nodal ms", "again ms", "T against nodal");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b = bench_init(rows[i].side, 1, 1e-4);
        double first_s, again_s, difference, effective_s = time_effective(&b);
        time_nodal(&b, &first_s, &again_s, &difference);
        printf("%6d %10.2f %8g %22g %12.1f %10.1f %18.1e\n", rows[i].side, 1e3 * effective_s,
               rows[i].limit_ms, rows[i].scipy_ms, 1e3 * first_s, 1e3 * again_s, difference);
        bench_clear(&b);
    }
}

/* rms and largest error of `got` beside the rms of T; and the loss of current that wires cause, all
 * rows on. */
static void print_errors(void)
{
    static const double highs_S[] = {1e-5, 1e-4}, ohms[] = {0.1, 1, 5};
    printf("\nEstimate and compensation against the exact conductances\n");
    printf("%6s %9s %6s %8s %14s %14s %12s %14s %14s %6s\n", "side", "cells uS", "ohm", "loss",
           "estimate rms", "estimate max", "plain rms", "closed rms", "iterated rms", "steps");
    for (int side = 64; side <= 256; side *= 2)
        for (size_t g = 0; g < 2; g++)
            for (size_t r = 0; r < 3; r++) {
                struct spn_err err;
                struct bench b = bench_init(side, ohms[r], highs_S[g]);
                struct spn_compensate_window window = {.low_S = highs_S[g] * 0.001,
                                                       .high_S = highs_S[g]};
                struct spn_compensation closed, exact;
                double square = 0, error = 0, worst = 0, sum = 0, plain = 0;
                time_effective(&b);
                spn_effective_estimate(&b.array, b.cells_S, b.other_S);
                for (int i = 0; i < b.n; i++) {
                    double e = b.other_S[i] - b.T_S[i];
                    square += b.T_S[i] * b.T_S[i];
                    error += e * e;
                    worst = fmax(worst, fabs(e));
                    sum += b.T_S[i];
                    plain += b.cells_S[i];
                }
                check(spn_compensate(&b.array, window, b.cells_S, b.other_S, &closed, &err), &err);
                check(spn_compensate_exact(&b.array, window, b.cells_S, 20, 1e-6, b.other_S, &exact,
                                           &err),
                      &err);
                printf("%6d %9g %6g %7.2f%% %13.4f%% %13.4f%% %11.3f%% %13.4f%% %13.5f%% %6d\n",
                       side, 1e6 * highs_S[g], ohms[r], 100 * (1 - sum / plain),
                       100 * sqrt(error / square), 100 * worst / sqrt(square / b.n),
                       100 * closed.plain_rms_frac, 100 * closed.rms_frac, 100 * exact.rms_frac,
                       exact.n_steps);
                bench_clear(&b);
            }
}

/* ---- a network ---- */

enum { N_IMAGES = 1000, N_CALIBRATION = 64 };

struct images {
    struct spn_network *net;
    struct spn_weights *weights;
    struct spn_dataset test, calibration;
};

static void load(struct images *l, const char *data)
{
    struct spn_err err;
    char path[1200], folder[1024];
    snprintf(folder, sizeof folder, "%s/data", data);
    snprintf(path, sizeof path, "%s/weights/resnet20_cifar10_akamaster.safetensors", folder);
    check(spn_network_load(&l->net, "networks/resnet20.json", NULL, 0, &err), &err);
    check(spn_weights_load(&l->weights, path, &err), &err);
    struct spn_dataset_request r = {.name = "cifar10",
                                    .split = "test",
                                    .dir = folder,
                                    .channels = 3,
                                    .size = 32,
                                    .n_classes = 10,
                                    .max_images = N_IMAGES};
    check(spn_dataset_open(&l->test, &r, &err), &err);
    r.split = "train";
    r.max_images = N_CALIBRATION;
    check(spn_dataset_open(&l->calibration, &r, &err), &err);
}

/* 256 x 256 cells of 8 bits in pairs, up to 10 uS; 8-bit inputs bit by bit, an ADC of 8 bits for
 * every bit. */
static struct spn_chip network_chip(double segment_ohm)
{
    struct spn_err err;
    struct spn_chip chip;
    check(spn_chip_load(&chip, "neurosim-22nm", NULL, 0, &err), &err);
    chip.array.rows = chip.array.columns = 256;
    chip.array.rows_read = 0;
    chip.weight = (struct spn_chip_weight){8, 8, SPN_ENCODING_DIFFERENTIAL};
    chip.input.bits = 8;
    chip.input.dac_bits = 1;
    chip.adc.bits = 8;
    chip.adc.range = SPN_RANGE_CALIBRATED;
    chip.adc.clip_percentile = 99.99;
    chip.adc.selected_only = false;
    chip.device.cell = SPN_CELL_1T1R;
    chip.device.on_conductance_S = 1e-5;
    chip.device.off_conductance_S = 1e-7;
    chip.device.cell_width_F = chip.device.cell_height_F = 10;
    chip.node.wire_ohm_per_m = segment_ohm / (10 * chip.node.feature_size_m);
    return chip;
}

static void print_network(const char *data)
{
    static const double ohms[] = {-1, 0.1, 1, 3, 10};
    struct images l = {.net = NULL};
    load(&l, data);
    printf("\nResNet-20, %d images of CIFAR-10, 256 x 256 cells of up to 10 uS in pairs, 8 bits, "
           "ADC for every input bit\n",
           N_IMAGES);
    printf("%10s %10s %12s %12s %14s\n", "ohm", "method", "matrices s", "top-1 %", "images/CPU-s");
    for (size_t i = 0; i < sizeof ohms / sizeof *ohms; i++)
        for (int estimate = 0; estimate < (ohms[i] > 0 ? 2 : 1); estimate++) {
            struct spn_err err;
            struct spn_accuracy a;
            struct spn_simulator *sim;
            struct spn_chip chip = network_chip(fmax(ohms[i], 0));
            struct spn_simulator_options how = spn_simulator_options_default();
            how.fidelity = SPN_FIDELITY_CIRCUIT;
            how.errors = SPN_ERROR_QUANTIZATION | (ohms[i] > 0 ? SPN_ERROR_IR_DROP : 0);
            how.estimate_ir_drop = estimate;
            how.n_threads = 1;
            double start = cpu_s();
            check(spn_simulator_create(&sim, l.net, l.weights, &chip, &how, &err), &err);
            double made_s = cpu_s() - start;
            check(spn_simulator_calibrate(sim, &l.calibration, &err), &err);
            start = cpu_s();
            check(spn_simulator_evaluate(sim, &l.test, NULL, &a, &err), &err);
            printf("%10g %10s %12.3f %12.2f %14.1f\n", fmax(ohms[i], 0),
                   ohms[i] < 0 ? "no wires"
                   : estimate  ? "estimate"
                               : "exact",
                   made_s, 100 * a.top1_frac, a.n_images / (cpu_s() - start));
            spn_simulator_destroy(sim);
        }
    spn_network_destroy(l.net);
    spn_weights_destroy(l.weights);
    spn_dataset_clear(&l.test);
    spn_dataset_clear(&l.calibration);
}

int main(void)
{
    const char *data = getenv("SPINDLE_TEST_DATA");
    openblas_set_num_threads(1);
    print_times();
    print_errors();
    if (data != NULL)
        print_network(data);
    return 0;
}
