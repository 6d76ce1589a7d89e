/* example.c -- libspindle in a program of your own: what a network costs on a chip, for several
 * resolutions of its ADCs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     cc example.c $(pkg-config --cflags --libs spindle) -o example && ./example vgg8 ning2025
 */
#include <stdio.h>
#include <stdlib.h>

#include "estimator/estimate.h"
#include "networks/network.h"
#include "networks/profile.h"
#include "tech/chip.h"
#include "tech/data.h"

struct job {
    struct spn_chip chip; /* plain data: a variant of it is a copy */
    struct spn_network *net;
    struct spn_profile profile;
    struct spn_plan *plan;
    struct spn_workspace *work;
};

static enum spn_status load(struct job *job, const char *network, const char *chip,
                            struct spn_err *err)
{
    char path[SPN_MAX_PATH]; /* of a file that is shipped, by its name; a path stays as it is */
    enum spn_status status = spn_data_find(path, sizeof path, "networks", "network", network, err);
    if (!status)
        status = spn_network_load(&job->net, path, NULL, 0, err);
    if (!status)
        status = spn_chip_load(&job->chip, chip, NULL, 0, err);
    if (!status) /* values: the stated assumptions; spn_profile_load for measured ones */
        status = spn_profile_default(&job->profile, job->net, err);
    if (!status) /* once per network ... */
        status = spn_plan_create(&job->plan, job->net, &job->profile, err);
    if (!status) /* ... and once per thread */
        status = spn_workspace_create(&job->work, job->plan, err);
    return status;
}

static enum spn_status print_costs(const struct job *job, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    printf("%s on %s\nADC bits  energy (uJ)  of which ADCs (uJ)  latency (us)  area (mm2)\n",
           job->net->name, job->chip.name);
    for (int bits = 4; bits <= 8 && !status; bits++) {
        struct spn_chip chip = job->chip;
        struct spn_estimate_options how = {.scheme = chip.sparsity.scheme};
        struct spn_result r;
        chip.adc.bits = bits;
        status = spn_estimate(job->plan, &chip, &how, job->work, &r, err); /* no allocation */
        if (status)
            break;
        struct spn_cost adcs = spn_result_sum(
            &r, (struct spn_leaf_filter){
                    .layer = -2, .phase = -1, .category = SPN_CATEGORY_ADC, .inference = 1});
        printf("%8d  %11.4g  %18.4g  %12.4g  %10.4g\n", bits, r.inference.energy_J * 1e6,
               adcs.energy_J * 1e6, r.inference.latency_s * 1e6, r.area_m2 * 1e6);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct job job = {.net = NULL};
    struct spn_err err;
    enum spn_status status =
        load(&job, argc > 1 ? argv[1] : "vgg8", argc > 2 ? argv[2] : "ning2025", &err);
    if (!status)
        status = print_costs(&job, &err);
    if (status)
        fprintf(stderr, "example: %s\n", err.msg);
    spn_workspace_destroy(job.work);
    spn_plan_destroy(job.plan);
    spn_profile_clear(&job.profile);
    spn_network_destroy(job.net);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
