/* estimate.h -- what a network costs on a chip: the one call that everything else is built around.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_plan_create(&plan, net, &profile, err);          // once per network
 *     spn_workspace_create(&work, plan, err);               // once per thread
 *     spn_estimate(plan, &chip, &options, work, &result, err);  // per design point, no allocation
 *     result.inference.latency_s ...
 *
 * Every number of the result is a sum over result.leaf[] (spn_result_sum); leaves carry layer,
 * component, phase and category. A leaf's latency is its contribution to the critical path (hidden
 * work has latency 0).
 */
#ifndef SPN_ESTIMATOR_ESTIMATE_H
#define SPN_ESTIMATOR_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "models/component.h"
#include "networks/network.h"
#include "networks/profile.h"
#include "tech/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

enum spn_phase {
    SPN_PHASE_FORWARD,  /* one image */
    SPN_PHASE_ERROR,    /* one image */
    SPN_PHASE_GRADIENT, /* one image */
    SPN_PHASE_UPDATE,   /* one weight update: delta-weight transfer + array writes */
    SPN_PHASE_INDEX, /* index handling; belongs to inference if `inference` is set on the leaf, else
                        to the update */
    SPN_N_PHASES
};
enum spn_category {
    SPN_CATEGORY_ARRAY,
    SPN_CATEGORY_ADC,
    SPN_CATEGORY_ACCUMULATE,
    SPN_CATEGORY_BUFFER,
    SPN_CATEGORY_INTERCONNECT,
    SPN_CATEGORY_DIGITAL,
    SPN_CATEGORY_INDEX,
    SPN_CATEGORY_WRITE,
    SPN_CATEGORY_DRAM,
    SPN_CATEGORY_LEAKAGE,
    SPN_N_CATEGORIES
};
extern const char *const spn_phase_names[], *const spn_category_names[]; /* NULL-terminated */

struct spn_leaf {
    int layer;             /* index in net->layer, or -1 for the whole chip */
    const char *component; /* registry name, static string */
    enum spn_phase phase;
    enum spn_category category;
    bool inference;   /* also part of one inference */
    double n_actions; /* how often, over `instances` */
    double n_instances;
    struct spn_cost
        cost; /* all instances and actions; area and leakage only on FORWARD leaves (once each) */
    const char *model; /* equation numbers */
};

struct spn_layer_result {
    int layer;                    /* index in net->layer */
    bool on_arrays;               /* conv2d / linear */
    int n_tiles, n_pes, n_arrays; /* arrays that hold weights, all copies */
    int copies_in_tile, copies;   /* duplication inside its tiles; and of whole tile groups */
    int mapping;                  /* enum spn_mapping that was taken */
    int matrix_rows, matrix_columns, n_matrices; /* in weights; kernel positions and groups apart */
    int first, parts;        /* load or chip that it begins on, and how many it takes */
    double utilization_frac; /* cells used of cells in its tiles */
    double latency_s;        /* of one image's forward pass */
    double energy_J;         /* dynamic, forward */
    double update_latency_s, update_energy_J;
    double sparsity; /* as costed */
};

struct spn_inference_result {
    double latency_s;        /* one image, first input to last output */
    double interval_s;       /* between images */
    double throughput_per_s; /* 1/interval */
    double dynamic_J, leakage_J, energy_J;
    double n_ops, n_effective_ops;             /* 2 per MAC; effective: non-zero weights only */
    double ops_per_s, ops_per_J, ops_per_s_m2; /* dense-equivalent, at the interval */
    double effective_ops_per_J;
};

struct spn_training_result {
    struct spn_cost update;                                   /* one weight update */
    double update_transfer_s, update_index_s, update_write_s; /* its parts */
    double update_transfer_J, update_index_J, update_write_J; /* the rest of update is leakage */
    struct spn_cost step; /* batch x (forward + error + gradient) + update */
    double step_forward_s, step_error_s, step_gradient_s;
    double step_forward_J, step_error_J, step_gradient_J, step_leakage_J;
    double mask_write_s, mask_write_J; /* once per pruning/regrowth event, not in `update` */
};

struct spn_index_result {
    double storage_bit;           /* where the index lives */
    double polarity_bit;          /* beside it: which cell of each differential pair is written */
    double buffer_bit;            /* on-chip buffers of both */
    double update_traffic_bit;    /* moved per weight update */
    double inference_traffic_bit; /* 0: pruned weights are zeros in the arrays, no index is read */
    double rewrite_traffic_bit;   /* written back once per pruning or regrowth event, not in
                                     update_traffic */
};

/* Writing the whole network once into erased arrays, and one cell by one level; the counts are
 * those that the simulator's errors come from where the loop is closed. [M:E70] */
struct spn_programming_result {
    double latency_s, energy_J;
    double pulses_per_cell, reads_per_cell; /* means over all cells that hold weights */
    double failed_frac;                     /* of them, still outside the tolerance */
    double error_frac;                      /* rms over levels, of the window */
    double update_pulses, update_reads;     /* of a cell by one level */
};

/* How the network is laid over time and chips. */
struct spn_system_result {
    double n_chips, n_loads;         /* one load: the weights stay */
    double chip_tiles;               /* of one chip */
    double transposed_arrays;        /* that hold the weights a second time, for errors */
    double product_arrays;           /* SRAM arrays for products of activations, beside these */
    bool direct;                     /* results go from tile to tile */
    double load_s, load_J, load_bit; /* of all loads, once per batch; 0 if the weights stay */
    double load_waited_s; /* of load_s: not beside computing, batch after batch; all of it without
                             chip.system.prefetch */
    double load_writes;   /* of a cell per batch, at most */
    double lifetime_s; /* until that uses up the device's endurance, at full pace; 0: not stated */
    double waiting_bit, waiting_s; /* of an image's activations to DRAM and back between loads */
    double batch_s;                /* from the first load to the last image of a batch */
    double batch_extra_s;    /* that a batch waits for loads longer than an image by itself does */
    double link_s, link_bit; /* of an image from chip to chip */
    double busiest_chip_link_bit;
    /* Between tiles and buffer, one image; hops on a mesh only. */
    double bit_hop, row_major_bit_hop; /* traffic x hops as placed, and row by row */
    double placement_gain;             /* the second over the first */
    double busiest_link_bit, busiest_link_s;
    double shared_s; /* what layers share, and so bounds a pipeline: that link, the buffer, units */
};

struct spn_result {
    const struct spn_network *net;
    int n_layers;
    struct spn_layer_result *layer; /* [n_layers], all layers; in the workspace */
    int n_leaves;
    struct spn_leaf *leaf; /* in the workspace */
    int n_tiles, n_arrays; /* on all chips, idle ones too */
    double n_weights, n_kept_weights;
    double utilization_frac;
    double area_m2, leakage_W;
    struct spn_inference_result inference;
    struct spn_programming_result programming;
    struct spn_training_result training;
    struct spn_index_result index;
    struct spn_system_result system;
};

struct spn_estimate_options {
    int scheme;    /* enum spn_scheme; overrides chip->sparsity.scheme */
    bool training; /* also the training phases */
};

struct spn_plan;
struct spn_workspace;

/* net and profile must outlive the plan. */
enum spn_status spn_plan_create(struct spn_plan **plan, const struct spn_network *net,
                                const struct spn_profile *profile, struct spn_err *err);
void spn_plan_destroy(struct spn_plan *plan);
enum spn_status spn_workspace_create(struct spn_workspace **work, const struct spn_plan *plan,
                                     struct spn_err *err);
void spn_workspace_destroy(struct spn_workspace *work);

/* SPN_EINFEASIBLE if the network cannot be mapped, SPN_EINPUT for a chip value that no component
 * accepts (the message names the chip's field). The result points into the workspace and holds
 * until its next use. No allocation. */
enum spn_status spn_estimate(const struct spn_plan *plan, const struct spn_chip *chip,
                             const struct spn_estimate_options *options, struct spn_workspace *work,
                             struct spn_result *result, struct spn_err *err);

/* Sum of the leaves that match; -1 matches any. */
struct spn_leaf_filter {
    int layer, phase, category; /* -1: any (layer: -2 any, -1 the chip itself) */
    int inference;              /* -1 any, 0 or 1 */
};
struct spn_cost spn_result_sum(const struct spn_result *result, struct spn_leaf_filter filter);

#ifdef __cplusplus
}
#endif

#endif
