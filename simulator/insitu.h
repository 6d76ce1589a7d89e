/* insitu.h -- training on simulated index-free cells: pruning, regrowth, vector updates. Runs are
 * files of experiments/.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     struct spn_insitu_options options = spn_insitu_options_default();
 *     spn_insitu_options_load(&options, "experiments/ning2025-msnet.json", err);
 *     spn_insitu_open_data(&options, net, data_dir, &train, &test, err);
 *     struct spn_insitu_job job = {.net = net, .device = &device, .train = &train, .test = &test,
 *                                  .options = options};
 *     spn_insitu_run(&job, &progress, &log, err);
 *     spn_insitu_log_clear(&log);
 *
 * The network is first trained off the chip; then its weights are written to pairs of cells
 * (pairs.h), and from there on every product is computed from what the cells hold, gradients and
 * the optimiser stay off the chip, and every update goes to the cells: as a vector update and a
 * verification, layer by layer. [ning2025, Methods; M:V9-M:V12]
 */
#ifndef SPN_SIMULATOR_INSITU_H
#define SPN_SIMULATOR_INSITU_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/progress.h"
#include "networks/dataset.h"
#include "networks/network.h"
#include "simulator/pairs.h"

#define SPN_INSITU_MAX_EPOCHS 1000
#define SPN_INSITU_MAX_EVENTS 64
#define SPN_INSITU_MAX_SNAPSHOTS 16
#define SPN_INSITU_MAX_LAYERS 32 /* with weights in arrays */
#define SPN_INSITU_MAX_CLASSES 32
#define SPN_INSITU_MAX_RESTS 8

enum spn_insitu_kind { SPN_INSITU_PRUNE, SPN_INSITU_REGROW, SPN_INSITU_REWIRE };
enum spn_insitu_choice {
    SPN_INSITU_MAGNITUDE, /* prune: the smallest weights */
    SPN_INSITU_RANDOM,
    SPN_INSITU_MOMENTUM, /* regrow: the largest running means of the gradient */
    SPN_INSITU_GRADIENT  /* regrow: the largest gradients */
};

/* What happens at the beginning of an epoch (counted from 1). */
struct spn_insitu_event {
    int kind;                /* enum spn_insitu_kind */
    int epoch, every, until; /* every > 0: again each `every` epochs up to `until` */
    double sparsity;         /* prune: until this share of all weights is zero */
    double share; /* regrow: of all weights; rewire: of the kept ones, falling as half a cosine */
    int choice;   /* enum spn_insitu_choice; rewire prunes by magnitude and regrows by choice */
    double expansion; /* candidates per weight that is regrown; picked from at random */
};

struct spn_insitu_update {
    bool vector;     /* false: cell by cell */
    bool masked_fit; /* of the vector update, see vau.h */
    double lambda;
    double threshold_frac; /* layers less sparse than this are written cell by cell */
    bool verify;
    bool feedback; /* changes are taken from what the cells hold, not from the last target */
};

struct spn_insitu_options {
    char description[256], network[256], dataset[64], device[256];
    int n_images, n_test_images;
    bool develop; /* images for choosing settings by, none of those that results are measured on */
    int binarise; /* data sets of larger images are shrunk and black from this brightness on; 0:
                     grey */
    int epochs, updates_per_epoch;
    double learning_rate, final_rate_frac, momentum, beta2, adam_epsilon;
    int pretrain_epochs, pretrain_bits; /* off the chip; 0 bits: float */
    int pretrain_updates;               /* of an epoch until then; 0: as later */
    double pretrain_l1;
    bool hardware; /* false: float weights throughout */
    int weight_bits;
    double scale_headroom; /* largest code over largest weight at the transfer to the chip */
    bool round_targets;    /* targets are whole codes */
    int array_rows, array_columns;
    struct spn_pairs_write write;
    struct spn_insitu_update update;
    double regrow_momentum;
    struct spn_insitu_event event[SPN_INSITU_MAX_EVENTS];
    int n_events;
    double snapshot_epochs[SPN_INSITU_MAX_SNAPSHOTS];
    int n_snapshots;
    double rest_s[SPN_INSITU_MAX_RESTS]; /* tested again after such times at rest, rising */
    int n_rests;
    int landscape_points;    /* per side; 0: none */
    double landscape_radius; /* of its corners' middle, over the weights' norm */
    uint64_t seed;
};

extern const struct spn_field spn_insitu_fields[];

struct spn_insitu_options spn_insitu_options_default(void);
enum spn_status spn_insitu_options_load(struct spn_insitu_options *options, const char *path,
                                        struct spn_err *err);
/* From a document already read (for tests and fuzzing). */
enum spn_status spn_insitu_options_read(struct spn_insitu_options *options,
                                        const struct spn_json *doc, struct spn_err *err);
enum spn_status spn_insitu_options_check(const struct spn_insitu_options *options,
                                         struct spn_err *err);

/* Images of options->seed: letters are drawn, others chosen at random, as many of each class, from
 * all that the folder has but those for choosing settings by (develop), which are the same for all
 * seeds; shrunk to the network's input and made black and white. [M:V16] */
enum spn_status spn_insitu_open_data(const struct spn_insitu_options *options,
                                     const struct spn_network *net, const char *data_dir,
                                     struct spn_dataset *train, struct spn_dataset *test,
                                     struct spn_err *err);

struct spn_insitu_job {
    const struct spn_network *net;
    const struct spn_device *device;
    const struct spn_dataset *train, *test;
    struct spn_insitu_options options;
};

struct spn_insitu_epoch {
    double loss, train_frac, test_frac, sparsity_frac;
    bool on_chip;
    /* of the epoch's last update, over whole arrays of signed weights, in states */
    double delta_square, mse_masked, mse_all;
    double explained_masked, explained_all;
    struct spn_pairs_count count; /* of all layers and of all the epoch's updates */
    double cell_cycles;           /* that writing every kept cell once would take */
};

/* Weights of an epoch, in codes (on the chip) or as they are, all layers after one another. */
struct spn_insitu_snapshot {
    int epoch;
    bool on_chip;
    float *weight;
    uint8_t *mask;
};

struct spn_insitu_layer {
    char name[64];
    int first, n; /* weights in snapshots, in the order of cells: [out][in][kh][kw] */
    double scale; /* of a code */
};

struct spn_insitu_log {
    int n_epochs, n_layers, n_weights, n_snapshots, n_classes, landscape_points;
    struct spn_insitu_epoch *epoch;
    struct spn_insitu_layer layer[SPN_INSITU_MAX_LAYERS];
    struct spn_insitu_snapshot snapshot[SPN_INSITU_MAX_SNAPSHOTS];
    int confusion[SPN_INSITU_MAX_CLASSES][SPN_INSITU_MAX_CLASSES]; /* [true][found] at the end */
    double rest_frac[SPN_INSITU_MAX_RESTS]; /* test accuracy after the options' times at rest */
    float *landscape; /* training loss [points][points] around the final weights */
    double landscape_radius;
    bool stopped;
};

/* SPN_EINPUT for networks that cannot be trained and images that do not fit; SPN_EINFEASIBLE if
 * training diverges. *log is the caller's to clear. One thread; the same seed gives the same log.
 */
enum spn_status spn_insitu_run(const struct spn_insitu_job *job,
                               const struct spn_progress *progress, struct spn_insitu_log *log,
                               struct spn_err *err);
void spn_insitu_log_clear(struct spn_insitu_log *log);

/* A layer's share of zeros when the whole network's is `overall`: in proportion to the layers'
 * final shares up to their mean, and above it so that kept weights shrink alike. [M:V10] */
double spn_insitu_layer_share(double layer_final, double overall_final, double overall);

#endif
