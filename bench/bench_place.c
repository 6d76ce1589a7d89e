/* bench_place.c -- how long placing tiles on a mesh takes, and what it saves.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Usage: bench_place. Chains of layers with every third result also going two layers further (as
 * residual networks do), layers of random sizes, each sending ten times a random number of bits;
 * the first and last layer with the buffer's port. CPU time, least of three. Yardstick: CoMN's
 * placement takes 120 s for 400 tiles [comn]. Limit: 1 s for 10,000 tiles. Fails (exit 1) above it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/rng.h"
#include "estimator/place.h"

#define LIMIT_S 1.0
#define LIMIT_TILES 10000

static double cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec;
}

static int draw(struct spn_place_problem *q, int *size, struct spn_flow *flow, int tiles,
                int layers)
{
    struct spn_rng rng = spn_rng_init(1, 1, (uint32_t)(tiles + layers));
    int n = 0, left = tiles;

    for (int g = 0; g < layers; g++) {
        int rest = layers - g, most = 2 * left / rest - 1;
        size[g] =
            g == layers - 1 ? left : 1 + (int)spn_rng_below(&rng, (uint32_t)(most > 1 ? most : 1));
        size[g] = size[g] > left - rest + 1 ? left - rest + 1 : size[g];
        left -= size[g];
        double bit = 10.0 * (1 + spn_rng_below(&rng, 1000));
        flow[n++] = (struct spn_flow){g > 0 ? g - 1 : SPN_PLACE_PORT, g, bit};
        if (g > 2 && g % 3 == 0)
            flow[n++] = (struct spn_flow){g - 3, g, bit};
    }
    flow[n++] = (struct spn_flow){layers - 1, SPN_PLACE_PORT, 100};
    *q = (struct spn_place_problem){.grid = spn_place_grid(tiles),
                                    .size = size,
                                    .n_groups = layers,
                                    .flow = flow,
                                    .n_flows = n};
    return n;
}

int main(void)
{
    static const struct {
        int tiles, layers;
    } cases[] = {{100, 10},   {400, 20},    {400, 100},    {1000, 50},
                 {10000, 20}, {10000, 100}, {10000, 1000}, {10000, 10000}};
    struct spn_err err = {0};
    int failed = 0;
    int *size = malloc(LIMIT_TILES * sizeof *size);
    struct spn_flow *flow = malloc(2 * LIMIT_TILES * sizeof *flow);

    if (!size || !flow)
        return 1;
    printf("%8s %8s %10s %22s %18s\n", "tiles", "layers", "CPU s", "traffic x hops",
           "busiest link");
    printf("%8s %8s %10s %22s %18s\n", "", "", "", "of row by row", "share of traffic");
    for (size_t k = 0; k < sizeof cases / sizeof *cases && !failed; k++) {
        struct spn_place_problem q;
        struct spn_place_result r = {0};
        double least = 1e9, total = 0;
        int n = draw(&q, size, flow, cases[k].tiles, cases[k].layers);
        for (int i = 0; i < n; i++)
            total += flow[i].bit;
        for (int again = 0; again < 3 && !failed; again++) {
            struct spn_place *place = NULL;
            double start = cpu_s();
            failed = spn_place_create(&place, &err) || spn_place_solve(place, &q, true, &err);
            double time_s = cpu_s() - start;
            least = time_s < least ? time_s : least;
            if (!failed)
                r = spn_place_get(place);
            spn_place_destroy(place);
        }
        if (failed) {
            fprintf(stderr, "bench_place: %s\n", err.msg);
            break;
        }
        failed = cases[k].tiles <= LIMIT_TILES && least > LIMIT_S;
        printf("%8d %8d %10.4f %22.3f %18.3f%s\n", cases[k].tiles, cases[k].layers, least,
               r.bit_hop / r.row_major_bit_hop, r.busiest_bit / total,
               failed                  ? "  above 1 s"
               : cases[k].tiles == 400 ? "  (CoMN: 120 s)"
                                       : "");
    }
    free(size);
    free(flow);
    return failed;
}
