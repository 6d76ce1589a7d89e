/* bench_simulator.c -- images per second of whole networks at each fidelity, and of training.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     bench_simulator [THREADS]     VGG8 and MSNet on letters; with SPINDLE_TEST_DATA set,
 * ResNet-20 on CIFAR-10 too
 *
 * Per CPU-second: over the processor time of all threads, which a busy machine changes less than
 * the wall time. CrossSim 3.2 on this kind of machine, ResNet-20, images per CPU-second: float 392,
 * bit-serial with an ADC per bit 7.5, with read noise 0.66 [crosssim].
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "simulator/simulator.h"
#include "simulator/train.h"
#include "tech/data.h"

struct work {
    const char *network, *dataset, *weights; /* weights: NULL: the network's own */
    int n_images;
};

static const struct work works[] = {
    {"vgg8", "letters-rough", NULL, 100},
    {"msnet", "letters", NULL, 2000},
    {"resnet20", "cifar10", "resnet20_cifar10_akamaster", 500},
};

struct loaded {
    struct spn_network *net;
    struct spn_weights *weights;
    struct spn_dataset test, calibration;
};

static double clock_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum spn_status load(struct loaded *l, const struct work *w, const char *data,
                            struct spn_err *err)
{
    char path[1200], folder[1024];
    snprintf(folder, sizeof folder, "%s/data", data ? data : ".");
    enum spn_status status =
        spn_data_find(path, sizeof path, "networks", "network", w->network, err);
    if (!status)
        status = spn_network_load(&l->net, path, NULL, 0, err);
    if (status)
        return status;
    if (w->weights)
        snprintf(path, sizeof path, "%s/weights/%s.safetensors", folder, w->weights);
    else
        snprintf(path, sizeof path, "%s", l->net->weights);
    status = spn_weights_load(&l->weights, path, err);
    struct spn_dataset_request r = {.name = w->dataset,
                                    .split = "test",
                                    .dir = folder,
                                    .channels = l->net->input.dim[0],
                                    .size = l->net->input.dim[1],
                                    .n_classes = l->net->n_classes,
                                    .max_images = w->n_images};
    if (!status)
        status = spn_dataset_open(&l->test, &r, err);
    r.split = "train";
    r.max_images = 64;
    return status ? status : spn_dataset_open(&l->calibration, &r, err);
}

static void clear(struct loaded *l)
{
    spn_network_destroy(l->net);
    spn_weights_destroy(l->weights);
    spn_dataset_clear(&l->test);
    spn_dataset_clear(&l->calibration);
}

static enum spn_status run(const struct loaded *l, const struct spn_chip *chip, int fidelity,
                           int n_threads, struct spn_err *err)
{
    struct spn_simulator_options options = spn_simulator_options_default();
    struct spn_simulator *sim = NULL;
    struct spn_accuracy a = {0};
    double start_s = clock_s(CLOCK_MONOTONIC);
    options.fidelity = fidelity;
    options.n_threads = n_threads;
    enum spn_status status = spn_simulator_create(&sim, l->net, l->weights, chip, &options, err);
    if (!status)
        status = spn_simulator_calibrate(sim, &l->calibration, err);
    double ready_s = clock_s(CLOCK_MONOTONIC) - start_s, cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    if (!status)
        status = spn_simulator_evaluate(sim, &l->test, NULL, &a, err);
    cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
    if (!status)
        printf("%-10s %-10s %8d %9.4f %10.2f %10.1f %14.1f\n", l->net->name,
               spn_fidelity_names[fidelity], a.n_images, a.top1_frac, ready_s, a.images_per_s,
               a.n_images / cpu_s);
    spn_simulator_destroy(sim);
    return status;
}

static bool stop_at(void *ctx, const char *what, size_t done, size_t total)
{
    (void)what;
    (void)total;
    return done < *(const size_t *)ctx;
}

/* A few updates of the network's first epoch. */
static enum spn_status train(const struct loaded *l, int n_threads, struct spn_err *err)
{
    enum { BATCH = 32, UPDATES = 3 };
    static struct spn_train_log log;
    size_t updates = UPDATES;
    struct spn_train_job job = {
        .net = l->net, .train = &l->test, .options = spn_train_options_default()};
    struct spn_progress progress = {stop_at, &updates};
    struct spn_weights *weights = NULL;
    job.options.batch = BATCH;
    job.options.learning_rate = 0.001;
    job.options.n_threads = n_threads;
    double start_s = clock_s(CLOCK_MONOTONIC), cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    enum spn_status status = spn_train_run(&job, &progress, &weights, &log, err);
    start_s = clock_s(CLOCK_MONOTONIC) - start_s;
    cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
    spn_weights_destroy(weights);
    if (!status)
        printf("%-10s %-10s %8d %9s %10s %10.1f %14.1f\n", l->net->name, "training",
               BATCH * UPDATES, "-", "-", BATCH * UPDATES / start_s, BATCH * UPDATES / cpu_s);
    return status;
}

int main(int argc, char **argv)
{
    const char *data = getenv("SPINDLE_TEST_DATA");
    int n_threads = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    struct spn_chip chip;
    struct spn_err err;
    enum spn_status status = spn_chip_load(&chip, "ning2025", NULL, 0, &err);
    printf("# chip ning2025 (64 x 64 arrays, 5-bit ADC, bit-serial 8-bit inputs), dense\n");
    printf("%-10s %-10s %8s %9s %10s %10s %14s\n", "network", "fidelity", "images", "accuracy",
           "ready in s", "images/s", "per CPU-second");
    for (size_t i = 0; i < sizeof works / sizeof *works && !status; i++) {
        struct loaded l = {0};
        if (works[i].weights && !data)
            continue;
        status = load(&l, &works[i], data, &err);
        for (int f = SPN_FIDELITY_IDEAL; f <= SPN_FIDELITY_DEVICE && !status; f++)
            status = run(&l, &chip, f, n_threads, &err);
        if (!status)
            status = train(&l, n_threads, &err);
        clear(&l);
    }
    if (status)
        fprintf(stderr, "%s\n", err.msg);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
