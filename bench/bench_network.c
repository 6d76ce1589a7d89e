/* bench_network.c -- ResNet-20 on CIFAR-10 bit by bit through the analog core, beside CrossSim and
 * the CPU's limit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     SPINDLE_TEST_DATA=DIR bench_network [CORE_GHZ]     CORE_GHZ (default: measured) sets the peak
 *
 * 8-bit inputs bit by bit, an 8-bit ADC for every bit, 8-bit weights in pairs of cells.
 * CrossSim 3.2 on this kind of machine, images per CPU-second [crosssim]: 7.5; with read noise
 * 0.66; with wires of 1 ohm a segment 6 images were not done in 15 CPU minutes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <cblas.h>

#include "bench/bench.h"
#include "simulator/kernel.h"
#include "simulator/simulator.h"

enum { N_IMAGES = 100, N_CALIBRATION = 64, N_REPEATS = 5, INPUT_BITS = 8 };

struct work {
    const char *name;
    int side; /* of the arrays */
    double read_noise_frac, programming_sd_frac, segment_ohm;
    double cross_per_s; /* 0: none */
};
static const struct work works[] = {
    {"ADC per bit", 256, 0, 0, 0, 7.5},
    {"+ read noise 2 %", 256, 0.02, 0, 0, 0.66},
    {"+ programming error 5 % too", 256, 0.02, 0.05, 0, 0},
    {"+ wires of 1 ohm, exact", 256, 0, 0, 1, 0},
    {"ADC per bit", 64, 0, 0, 0, 0},
    {"+ read noise 2 %", 64, 0.02, 0, 0, 0},
};

struct images {
    struct spn_network *net;
    struct spn_weights *weights;
    struct spn_dataset test, calibration;
};

static void check(enum spn_status status, const struct spn_err *err)
{
    if (status == SPN_OK)
        return;
    fprintf(stderr, "bench_network: %s\n", err->msg);
    exit(EXIT_FAILURE);
}

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

static struct spn_chip make_chip(const struct work *w)
{
    struct spn_err err;
    struct spn_chip chip;
    check(spn_chip_load(&chip, "neurosim-22nm", NULL, 0, &err), &err);
    chip.array.rows = chip.array.columns = w->side;
    chip.array.rows_read = 0;
    chip.weight = (struct spn_chip_weight){8, 8, SPN_ENCODING_DIFFERENTIAL};
    chip.input.bits = INPUT_BITS;
    chip.input.dac_bits = 1;
    chip.adc.bits = 8;
    chip.adc.range = SPN_RANGE_CALIBRATED;
    chip.adc.clip_percentile = 99.99;
    chip.adc.selected_only = false;
    chip.device.cell = SPN_CELL_1T1R;
    chip.device.on_conductance_S = 1e-5;
    chip.device.off_conductance_S = 1e-7;
    chip.device.cell_width_F = chip.device.cell_height_F = 10;
    chip.device.read_noise_frac = w->read_noise_frac;
    chip.device.programming_sd_frac = w->programming_sd_frac;
    chip.node.wire_ohm_per_m = w->segment_ohm / (10 * chip.node.feature_size_m);
    return chip;
}

/* Byte products of an image: levels with errors are two bytes. */
static double products(const struct work *w, const struct spn_network *net)
{
    double n = 0;
    for (int i = 0; i < net->n_layers; i++)
        if (net->layer[i].op == SPN_OP_CONV2D || net->layer[i].op == SPN_OP_LINEAR) {
            const struct spn_matrix_shape m = spn_layer_matrix(&net->layer[i]);
            n += (double)m.rows * m.columns * m.groups * (double)m.vectors;
        }
    return n * INPUT_BITS * (w->programming_sd_frac > 0 || w->segment_ohm > 0 ? 2 : 1);
}

/* Images per CPU-second, once the arrays are made and calibrated. */
static double measure(const struct work *w, const struct images *l, double *top1)
{
    struct spn_err err;
    struct spn_simulator *sim;
    struct spn_accuracy a = {0};
    struct spn_simulator_options how = spn_simulator_options_default();
    const struct spn_chip chip = make_chip(w);
    double best_s = INFINITY;
    how.fidelity = SPN_FIDELITY_CIRCUIT;
    how.errors = SPN_ERROR_QUANTIZATION;
    if (w->read_noise_frac > 0 || w->programming_sd_frac > 0)
        how.errors |= SPN_ERROR_FLUCTUATION;
    if (w->segment_ohm > 0)
        how.errors |= SPN_ERROR_IR_DROP;
    how.n_threads = 1;
    check(spn_simulator_create(&sim, l->net, l->weights, &chip, &how, &err), &err);
    check(spn_simulator_calibrate(sim, &l->calibration, &err), &err);
    for (int r = 0; r < N_REPEATS; r++) {
        double start = bench_cpu_s();
        check(spn_simulator_evaluate(sim, &l->test, NULL, &a, &err), &err);
        best_s = fmin(best_s, bench_cpu_s() - start);
    }
    spn_simulator_destroy(sim);
    *top1 = a.top1_frac;
    return a.n_images / best_s;
}

int main(int argc, char **argv)
{
    const char *data = getenv("SPINDLE_TEST_DATA"), *kernel = spn_kernel_find(NULL)->name;
    struct images l = {.net = NULL};
    if (data == NULL) {
        printf("# bench_network: needs SPINDLE_TEST_DATA\n");
        return EXIT_SUCCESS;
    }
    double GHz = argc > 1 ? strtod(argv[1], NULL) : bench_clock_GHz();
    double peak = bench_products_per_cycle(kernel) * GHz * 1e9;
    openblas_set_num_threads(1);
    load(&l, data);
    printf("# ResNet-20, %d images, one thread, minimum of %d; kernel %s, core clock %.2f GHz\n",
           N_IMAGES, N_REPEATS, kernel, GHz);
    printf("# peak: byte products of all matrices over what the kernel's instructions can do\n");
    printf("%-28s %7s %8s %14s %8s %9s %7s\n", "work", "arrays", "top-1 %", "images/CPU-s",
           "of peak", "CrossSim", "ratio");
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        double top1, per_s = measure(&works[i], &l, &top1);
        double share = peak > 0 ? per_s * products(&works[i], l.net) / peak : 0;
        printf("%-28s %7d %8.1f %14.1f", works[i].name, works[i].side, 100 * top1, per_s);
        share > 0 ? printf(" %7.0f%%", 100 * share) : printf(" %8s", "-");
        works[i].cross_per_s > 0
            ? printf(" %9.2f %6.0fx\n", works[i].cross_per_s, per_s / works[i].cross_per_s)
            : printf(" %9s %7s\n", "-", "-");
    }
    spn_network_destroy(l.net);
    spn_weights_destroy(l.weights);
    spn_dataset_clear(&l.test);
    spn_dataset_clear(&l.calibration);
    return EXIT_SUCCESS;
}
