/* bench_layout.c -- how an estimate's time grows with layers, and what layouts take.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Usage: bench_layout. First chains of 1 to 10,000 equal convolutions (64 to 64 channels, 3 x 3, 8
 * x 8) on chip ning2025; then VGG8 and ResNet-18 laid out in other ways: copies of tiles in a given
 * area, loads, several chips, a mesh. A converter's bits change from point to point. CPU time of
 * one thread. Fails (exit 1) if time per layer grows more than fourfold from 100 to 10,000 layers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "estimator/estimate.h"

#define SECONDS 0.3
#define MOST_LAYERS 10000
#define LAYER_TEXT 128

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds per point, or -1. */
static double measure(const struct spn_network *net, const struct spn_chip *base,
                      struct spn_result *result, struct spn_err *err)
{
    const struct spn_estimate_options options = {.scheme = SPN_SCHEME_DENSE};
    struct spn_profile profile = {0};
    struct spn_plan *plan = NULL;
    struct spn_workspace *work = NULL;
    struct spn_chip chip = *base;
    double point_s = -1;

    if (!spn_profile_default(&profile, net, err) && !spn_plan_create(&plan, net, &profile, err) &&
        !spn_workspace_create(&work, plan, err) &&
        !spn_estimate(plan, &chip, &options, work, result, err)) {
        double start = now_s(), end = start;
        long n = 0;
        enum spn_status status = SPN_OK;
        while (end - start < SECONDS && !status) {
            chip.adc.bits = 4 + (int)(n++ % 3);
            status = spn_estimate(plan, &chip, &options, work, result, err);
            end = now_s();
        }
        point_s = status ? -1 : (end - start) / (double)n;
    }
    spn_workspace_destroy(work);
    spn_plan_destroy(plan);
    spn_profile_clear(&profile);
    return point_s;
}

static double measure_chain(int layers, const struct spn_chip *chip, struct spn_err *err)
{
    static char text[(MOST_LAYERS + 1) * LAYER_TEXT];
    struct spn_network *net = NULL;
    struct spn_result result;
    int n = snprintf(text, sizeof text,
                     "{\"name\": \"chain\", \"input\": {\"shape\": [64, 8, 8]}, \"layers\": [");

    for (int i = 0; i < layers; i++)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "%s{\"name\": \"c%d\", \"op\": \"conv2d\", \"channels\": 64, \"kernel\": 3, "
                      "\"padding\": 1}",
                      i ? ", " : "", i);
    n += snprintf(text + n, sizeof text - (size_t)n, "]}");
    double point_s = spn_network_parse(&net, text, (size_t)n, "chain", err)
                         ? -1
                         : measure(net, chip, &result, err);
    spn_network_destroy(net);
    return point_s;
}

static int bench_layers(const struct spn_chip *chip, struct spn_err *err)
{
    double at_100 = 0;

    printf("%10s %14s %14s\n", "layers", "us/point", "us/layer");
    for (int layers = 1; layers <= MOST_LAYERS; layers *= 10) {
        double point_s = measure_chain(layers, chip, err), layer_s = point_s / layers;
        if (point_s < 0)
            return 1;
        printf("%10d %14.2f %14.3f\n", layers, point_s * 1e6, layer_s * 1e6);
        at_100 = layers == 100 ? layer_s : at_100;
        if (layers == MOST_LAYERS && layer_s > 4 * at_100) {
            snprintf(err->msg, sizeof err->msg, "%g times the time per layer of 100 layers",
                     layer_s / at_100);
            return 1;
        }
    }
    return 0;
}

static const struct {
    const char *name;
    struct spn_override set[3];
    size_t n;
} layouts[] = {
    {"made to measure", {{NULL, NULL}}, 0},
    {"pipelined, copies in 60 mm2",
     {{"chip.schedule", "pipelined"}, {"chip.area_budget_m2", "60e-6"}},
     2},
    {"layer by layer, copies in 60 mm2", {{"chip.area_budget_m2", "60e-6"}}, 1},
    {"16 tiles, loads", {{"chip.system.tiles", "16"}, {"chip.system.overflow", "reload"}}, 2},
    {"16 tiles, several chips",
     {{"chip.system.tiles", "16"}, {"chip.system.overflow", "chips"}},
     2},
    {"mesh, through the buffer", {{"chip.global.interconnect", "mesh"}}, 1},
    {"mesh, from tile to tile",
     {{"chip.global.interconnect", "mesh"}, {"chip.global.traffic", "direct"}},
     2},
};

static int bench_layouts(const char *name, struct spn_err *err)
{
    struct spn_network *net = NULL;
    char path[64];

    snprintf(path, sizeof path, "networks/%s.json", name);
    if (spn_network_load(&net, path, NULL, 0, err))
        return 1;
    printf("\n%-34s %10s %8s %8s %8s\n", name, "us/point", "tiles", "chips", "loads");
    for (size_t k = 0; k < sizeof layouts / sizeof *layouts; k++) {
        struct spn_chip chip;
        struct spn_result r;
        double point_s = spn_chip_load(&chip, "ning2025", layouts[k].set, layouts[k].n, err)
                             ? -1
                             : measure(net, &chip, &r, err);
        if (point_s < 0) {
            spn_network_destroy(net);
            return 1;
        }
        printf("%-34s %10.2f %8d %8.0f %8.0f\n", layouts[k].name, point_s * 1e6, r.n_tiles,
               r.system.n_chips, r.system.n_loads);
    }
    spn_network_destroy(net);
    return 0;
}

int main(void)
{
    struct spn_err err = {0};
    struct spn_chip chip;
    int failed = spn_chip_load(&chip, "ning2025", NULL, 0, &err) || bench_layers(&chip, &err) ||
                 bench_layouts("vgg8", &err) || bench_layouts("resnet18", &err);

    if (failed)
        fprintf(stderr, "bench_layout: %s\n", err.msg);
    return failed;
}
