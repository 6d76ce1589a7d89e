/* simulator.h -- run a network on images at a chosen fidelity and count what it gets right.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_simulator_create(&sim, net, weights, &chip, &options, err);
 *     spn_simulator_calibrate(sim, &calibration_images, err);       // ranges of activations and
 * ADCs spn_simulator_evaluate(sim, &test_images, progress, &accuracy, err);
 */
#ifndef SPN_SIMULATOR_SIMULATOR_H
#define SPN_SIMULATOR_SIMULATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/progress.h"
#include "networks/dataset.h"
#include "networks/network.h"
#include "networks/weights.h"
#include "simulator/core.h"
#include "tech/chip.h"

#ifdef __cplusplus
extern "C" {
#endif

enum spn_fidelity {
    SPN_FIDELITY_IDEAL,     /* float */
    SPN_FIDELITY_QUANTIZED, /* exact integers through bit slices and ADCs */
    SPN_FIDELITY_DEVICE,    /* and the device's errors */
    SPN_FIDELITY_CIRCUIT    /* and IR drop */
};
extern const char *const spn_fidelity_names[]; /* NULL-terminated */
unsigned spn_fidelity_errors(int fidelity);    /* enum spn_error_class bits that it has */

enum { SPN_SIMULATOR_MAX_RECALIBRATION = 1024 }; /* images at once */
#define SPN_SIMULATOR_MAX_TIME_S 1e10            /* 317 years */

struct spn_simulator_options {
    int fidelity;    /* enum spn_fidelity */
    unsigned errors; /* enum spn_error_class; 0 = all that the fidelity has */
    int scheme;      /* enum spn_scheme */
    uint64_t seed;   /* of the chip */
    int write;       /* 0: as first written; 1, 2, ...: written again, with errors anew */
    double time_s;   /* since it was written; 0: no drift. At most SPN_SIMULATOR_MAX_TIME_S */
    const struct spn_defect_map *defects; /* of its arrays, or NULL; must outlive the simulator */
    int n_threads;                        /* < 1: all CPUs */
    int batch;                            /* images at a time; 0 = chosen */
    bool estimate_ir_drop; /* at SPN_FIDELITY_CIRCUIT: to first order in closed form instead of
                              exactly */
    int correction;        /* enum spn_correction; needs SPN_FIDELITY_CIRCUIT */
};
struct spn_simulator_options spn_simulator_options_default(void);

struct spn_accuracy {
    int n_images;  /* or texts */
    int n_answers; /* one of each image; of a text one for each token that has a next one */
    int n_correct; /* answers */
    double top1_frac, low_frac, high_frac; /* with its 95 % Wilson interval [wilson1927] */
    double loss;                           /* mean cross-entropy of an answer */
    double perplexity;                     /* its exponential */
    double images_per_s;
};

struct spn_simulator;

/* weights may be NULL only if the network has no tensors. chip may be NULL at SPN_FIDELITY_IDEAL.
 * net, weights and chip must outlive the simulator. */
enum spn_status spn_simulator_create(struct spn_simulator **sim, const struct spn_network *net,
                                     const struct spn_weights *weights, const struct spn_chip *chip,
                                     const struct spn_simulator_options *options,
                                     struct spn_err *err);
void spn_simulator_destroy(struct spn_simulator *sim);
/* Needed once before evaluate at all fidelities but ideal. */
enum spn_status spn_simulator_calibrate(struct spn_simulator *sim, const struct spn_dataset *images,
                                        struct spn_err *err);
enum spn_status spn_simulator_evaluate(struct spn_simulator *sim, const struct spn_dataset *images,
                                       const struct spn_progress *progress,
                                       struct spn_accuracy *accuracy, struct spn_err *err);
/* Likewise; and right[i] = 1 if all answers of image (text) i are right, else 0. right may be NULL.
 */
enum spn_status spn_simulator_evaluate_each(struct spn_simulator *sim,
                                            const struct spn_dataset *images,
                                            const struct spn_progress *progress, uint8_t *right,
                                            struct spn_accuracy *accuracy, struct spn_err *err);
/* After calibrate: estimate the statistics of every batch normalisation anew through the chip, from
 * all the images at once [M:S40]; *n_layers: how many there are. SPN_EUSAGE at SPN_FIDELITY_IDEAL,
 * and for more than SPN_SIMULATOR_MAX_RECALIBRATION images. */
enum spn_status spn_simulator_recalibrate(struct spn_simulator *sim,
                                          const struct spn_dataset *images, int *n_layers,
                                          struct spn_err *err);

/* What was programmed for the i-th layer on arrays, all its groups together; false after the last.
 */
struct spn_simulator_layer {
    const char *name;
    int n_arrays, n_columns_repaired;
    struct spn_core_correction correction; /* the worst group's gain and residual */
};
bool spn_simulator_layer(const struct spn_simulator *sim, int i, struct spn_simulator_layer *layer);
/* The closed loop that wrote the cells, or NULL. */
const struct spn_programming *spn_simulator_programming(const struct spn_simulator *sim);

/* logits [n][n_classes] of images first .. first+n-1. */
enum spn_status spn_simulator_logits(struct spn_simulator *sim, const struct spn_dataset *images,
                                     int first, int n, float *logits, struct spn_err *err);
/* One line per caveat that a reader must know (e.g. index-free cells simulated as pairs); i from 0;
 * NULL after the last. */
const char *spn_simulator_note(const struct spn_simulator *sim, int i);

/* 95 % Wilson score interval of k successes in n trials. */
void spn_wilson(int k, int n, double *low, double *high);
/* What two networks' answers to the same n images differ by: the share that only the first has
 * right less the share that only the second has, with its 95 % interval [M:S45]. */
struct spn_paired {
    int n, n_only_first, n_only_second;
    double difference_frac, low_frac, high_frac;
};
struct spn_paired spn_pair_answers(const uint8_t *first, const uint8_t *second, int n);

#ifdef __cplusplus
}
#endif

#endif
