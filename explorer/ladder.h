/* ladder.h -- one trained network, sparser from rung to rung: how accurate it is and what it costs
 * under the three schemes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_ladder_experiment_load(&experiment, "experiments/ning2025-accuracy.json", err);
 *     const struct spn_ladder_run run = {.data_dir = dir, .seed = 1, .n_threads = 2};
 *     spn_ladder_climb(&experiment, &run, &progress, &ladder, err);
 *
 * Each rung prunes the weights of the one before by magnitude, layer by layer, and tunes what is
 * left on training images, or starts anew from pruned weights that are shipped; then the same
 * weights are run as dense, external-index and index-free cells on the same test images. Costs are
 * those of the same network, zeros and chip. [M:V15]
 */
#ifndef SPN_EXPLORER_LADDER_H
#define SPN_EXPLORER_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/progress.h"
#include "estimator/estimate.h"
#include "simulator/simulator.h"
#include "simulator/train.h"

#define SPN_LADDER_MAX_RUNGS 16

/* A file of experiments/. */
struct spn_ladder_experiment {
    char description[256], network[64], chip[64];
    char weights[256]; /* below the data folder; empty: those that the network names as dense */
    double sparsity[SPN_LADDER_MAX_RUNGS]; /* of all weights, rising; 0: the weights as they are */
    int n_sparsity;
    double pruned_at;   /* one of them, where the network's own pruned weights are run; 0: none */
    double first_share; /* first layer's share of zeros over the network's */
    int n_test_images;
    int n_pruned_test_images; /* where pruned_at is run; 0: as elsewhere */
    char tuning[256];         /* recipe of experiments/; its epochs 0: pruned alone */
};

enum spn_status spn_ladder_experiment_load(struct spn_ladder_experiment *experiment,
                                           const char *path, struct spn_err *err);
enum spn_status spn_ladder_experiment_read(struct spn_ladder_experiment *experiment,
                                           const struct spn_json *doc, struct spn_err *err);

struct spn_ladder_cost {
    double update_s, update_J, inference_s, inference_J;
};

struct spn_ladder_rung {
    double sparsity_frac;      /* of the experiment */
    double zeros_frac;         /* measured on the weights that were run */
    struct spn_accuracy ideal; /* floating point */
    struct spn_accuracy codes; /* bits of weights, inputs and converters, without device errors */
    struct spn_accuracy device[SPN_N_SCHEMES];
    struct spn_ladder_cost cost[SPN_N_SCHEMES];
};

struct spn_ladder {
    char network[64], dataset[64];
    int n_rungs, n_tuning_images;
    double tuning_epochs, pruned_at;
    struct spn_ladder_rung rung[SPN_LADDER_MAX_RUNGS];
    bool stopped; /* by progress: rungs are missing */
};

struct spn_ladder_run {
    const char *data_dir; /* or NULL */
    uint64_t seed;        /* of cells and of tuning */
    int n_threads;
};

/* SPN_EINPUT for files that are missing or do not fit. Results do not depend on n_threads. */
enum spn_status spn_ladder_climb(const struct spn_ladder_experiment *experiment,
                                 const struct spn_ladder_run *run,
                                 const struct spn_progress *progress, struct spn_ladder *ladder,
                                 struct spn_err *err);

/* Whether another point is at least as good in both (accuracy up, cost down) and better in one. */
bool spn_ladder_beaten(const struct spn_ladder *ladder, int rung, int scheme,
                       double (*cost)(const struct spn_ladder_cost *));

#endif
