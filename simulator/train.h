/* train.h -- train a network: SGD or Adam, cross-entropy, quantised and gradually pruned weights.
 * Recipes are files of experiments/.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     struct spn_train_options options = spn_train_options_default();
 *     spn_train_options_load(&options, "experiments/msnet-letters.json", err);   // names the
 * network and the data set spn_network_load(&net, options.network, ...); // after spn_data_find, as
 * the caller likes spn_train_open_data(&options, net, data_dir, &train, &test, err); struct
 * spn_train_job job = {.net = net, .train = &train, .test = &test, .options = options};
 *     spn_train_run(&job, &progress, &weights, &log, err);
 *     spn_weights_save(weights, "msnet.safetensors.gz", err);
 *
 * The same seed gives the same weights whatever the number of threads: work is cut into a fixed
 * number of parts, and their sums are added in a fixed order. (Across CPU types OpenBLAS may pick
 * kernels that round differently.)
 */
#ifndef SPN_SIMULATOR_TRAIN_H
#define SPN_SIMULATOR_TRAIN_H

#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/progress.h"
#include "networks/dataset.h"
#include "networks/network.h"
#include "networks/weights.h"
#include "tech/device.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SPN_TRAIN_MAX_EPOCHS 1000
#define SPN_TRAIN_MAX_STEPS 16

enum spn_optimiser { SPN_OPTIMISER_SGD, SPN_OPTIMISER_ADAM };
enum spn_rate_schedule {
    SPN_RATE_CONSTANT,
    SPN_RATE_COSINE, /* after a linear warm-up, half a cosine down to final_frac */
    SPN_RATE_STEPS   /* after a linear warm-up, times step_factor at each of step_epochs */
};

struct spn_train_schedule {
    int kind;                       /* enum spn_rate_schedule */
    double warmup_frac, final_frac; /* of all batches; of the learning rate */
    double step_epochs[SPN_TRAIN_MAX_STEPS];
    int n_step_epochs;
    double step_factor;
};

/* Share of zeros of layer l at epoch t: s_l (1 - (1 - (t - start)/(end - start))^exponent), in
 * `steps` steps, smallest |w| first; s_l from the network's "sparsity". [zhu2017prune, eq. 1] No
 * pruning if end_epoch <= 0. */
struct spn_train_prune {
    double start_epoch, end_epoch, exponent;
    int steps;
};

/* A chip in the loop: weights sit in pairs of cells with errors, sums go through converters; both
 * in the forward pass alone, gradients pass straight through. [M:S43] */
struct spn_train_hardware {
    int cell_bits; /* of one cell; weight_bits - 1 bits of magnitude are cut into them */
    double
        cell_sd_frac; /* programming error or fluctuation of every cell by itself, of its window */
    double stuck_on_frac, stuck_off_frac; /* cells */
    int chip_updates;                     /* that one drawn chip lasts */
    int adc_bits;                         /* of each sum over adc_rows rows; 0 = no converter */
    int adc_rows;                         /* 0 = all rows of the matrix */
    double adc_range_frac;                /* largest code, of the running largest sum */
    double start_epoch, full_epoch;       /* layers one after the other, from the first on */
    int tuned_layers; /* hybrid training: the last matrix layers alone are trained, in the cells of
                         one chip, which the others stay on as transferred; 0: all, off the chip */
    double write_threshold_frac; /* of the largest weight: a smaller change is not written */
};

/* How weights change: by numbers, or in cells of a device by pulses. [M:U6-M:U8] */
enum spn_train_rule {
    SPN_TRAIN_IDEAL,          /* the optimiser, on numbers */
    SPN_TRAIN_PULSED,         /* plain SGD by coincident pulse trains on rows and columns */
    SPN_TRAIN_MIXED_PRECISION /* SGD added up digitally, whole pulses written */
};
struct spn_train_update {
    int rule;         /* enum spn_train_rule */
    char device[256]; /* by name or path; the caller loads it */
    int slots;        /* pulsed: of a train */
    bool deterministic;
    double threshold_pulses; /* mixed precision: fewer are not written */
    int zero_shift_pairs;    /* pulses up and down that find symmetry points; 0: references in the
                                middle of the window */
    double range_sd;         /* largest weight, of the first ones' deviation */
    double step_noise_frac;  /* sd of a pulse's step over the step */
    double step_sd_frac, window_sd_frac; /* between cells, beside the device's own spread */
};

struct spn_train_options {
    char network[256], dataset[64], description[256];
    char start[SPN_MAX_PATH]; /* weight file to start from, relative to the recipe; "" = random. The
                        caller loads it. */
    int n_images, n_test_images;
    double epochs; /* may be fractional: pruning and data order go on, the last epoch is cut */
    int batch;     /* images per update; n_images or more: full batch */
    int optimiser; /* enum spn_optimiser */
    double learning_rate, momentum; /* momentum is Adam's beta1 too */
    double beta2, adam_epsilon;
    double weight_decay, l1; /* of matrix weights; decoupled from Adam's second moment; added to the
                                gradient in SGD */
    double label_smoothing_frac;
    int weight_bits; /* forward pass sees weights rounded to this many bits, gradients pass straight
                        through; 0 = float */
    int activation_bits; /* likewise the inputs of matrix layers, to a running maximum; 0 = float */
    double weight_noise_frac; /* sd of independent Gaussian noise on every weight of a forward pass,
                                 of max |w| */
    struct spn_train_hardware hardware;
    struct spn_train_update update;
    int shift_px; /* images shifted at random by up to this many pixels */
    bool flip;    /* and mirrored left to right */
    struct spn_train_schedule rate;
    struct spn_train_prune prune;
    uint64_t seed;
    int n_threads; /* not part of the file; < 1: all CPUs */
};

extern const struct spn_field spn_train_fields[];
extern const char *const spn_optimiser_names[], *const spn_rate_schedule_names[],
                                                    *const spn_train_rule_names[];

struct spn_train_options spn_train_options_default(void);
/* Read a recipe over what *options holds, then check it; from a file, or from a document whose name
 * is its path. */
enum spn_status spn_train_options_read(struct spn_train_options *options,
                                       const struct spn_json *doc, struct spn_err *err);
enum spn_status spn_train_options_load(struct spn_train_options *options, const char *path,
                                       struct spn_err *err);
enum spn_status spn_train_options_check(const struct spn_train_options *options,
                                        struct spn_err *err);

/* Training and test images of options->dataset in the network's input size. data_dir as in
 * spn_dataset_open. */
enum spn_status spn_train_open_data(const struct spn_train_options *options,
                                    const struct spn_network *net, const char *data_dir,
                                    struct spn_dataset *train, struct spn_dataset *test,
                                    struct spn_err *err);

struct spn_train_job {
    const struct spn_network *net;
    const struct spn_weights *start; /* or NULL: random weights */
    const struct spn_device *device; /* of options.update; NULL with its rule "ideal" */
    const struct spn_dataset *train;
    const struct spn_dataset *test; /* or NULL: no test accuracy in the log */
    struct spn_train_options options;
};

struct spn_train_epoch {
    double loss, train_frac,
        test_frac;        /* mean cross-entropy and share right; test_frac is -1 if not measured */
    double sparsity_frac; /* share of zeros among all matrix weights */
    double writes;        /* so far, of a weight that is tuned on the chip, mean */
    double pulses;        /* in it, of a weight in cells (update.rule), mean */
    double learning_rate; /* at its end */
    double time_s;
};
struct spn_train_log {
    struct spn_train_epoch epoch[SPN_TRAIN_MAX_EPOCHS];
    int n_epochs;
    double update_pulses; /* of a weight in cells (update.rule) in one update, mean over all */
    double transfer_frac; /* hybrid training: test accuracy before the first update; else -1 */
    bool stopped;         /* the progress callback said so */
};

/* Train and hand back weights (of cells: as they read), owned by the caller: matrices as I8 codes
 * with "<name>_scale" if weight_bits is 1..8, else F32; everything else F32. A false answer of the
 * progress callback stops after the batch; *out is then what there is. SPN_EINPUT for ops without a
 * backward pass and for images that do not fit the network. *log may be NULL. */
enum spn_status spn_train_run(const struct spn_train_job *job, const struct spn_progress *progress,
                              struct spn_weights **out, struct spn_train_log *log,
                              struct spn_err *err);

#ifdef __cplusplus
}
#endif

#endif
