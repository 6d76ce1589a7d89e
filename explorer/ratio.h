/* ratio.h -- how the three schemes' ratios of one weight update follow from single inputs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_ratio_model_create(&model, net, err);
 *     spn_ratios(model, &chip, ratio, err);                       // as the chip is
 *     spn_ratio_solve(model, &chip, &input, &want, &answer, err);  // the value that one input
 * needs spn_ratio_model_destroy(model);
 *
 * One input changes at a time; all others stay the chip's. Nothing here is a factor on a result.
 */
#ifndef SPN_EXPLORER_RATIO_H
#define SPN_EXPLORER_RATIO_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "estimator/estimate.h"

enum spn_ratio {
    SPN_RATIO_LATENCY_OVER_EXTERNAL, /* external-index over index-free */
    SPN_RATIO_ENERGY_OVER_EXTERNAL,
    SPN_RATIO_LATENCY_OVER_DENSE, /* dense over index-free */
    SPN_RATIO_ENERGY_OVER_DENSE,
    SPN_RATIO_EXTERNAL_LATENCY, /* external-index over dense */
    SPN_RATIO_EXTERNAL_ENERGY,
    SPN_RATIO_INDEX_LATENCY_SHARE, /* of the external-index update */
    SPN_RATIO_INDEX_ENERGY_SHARE,
    SPN_RATIO_STEP_LATENCY_OVER_EXTERNAL, /* whole training steps, then inference */
    SPN_RATIO_STEP_ENERGY_OVER_EXTERNAL,
    SPN_RATIO_STEP_LATENCY_OVER_DENSE,
    SPN_RATIO_STEP_ENERGY_OVER_DENSE,
    SPN_RATIO_INFERENCE_LATENCY_OVER_DENSE,
    SPN_RATIO_INFERENCE_ENERGY_OVER_DENSE,
    SPN_N_RATIOS
};

struct spn_ratio_model; /* a network, planned; net must outlive it */
enum spn_status spn_ratio_model_create(struct spn_ratio_model **model,
                                       const struct spn_network *net, struct spn_err *err);
void spn_ratio_model_destroy(struct spn_ratio_model *model);

enum spn_status spn_ratios(struct spn_ratio_model *model, const struct spn_chip *chip,
                           double ratio[SPN_N_RATIOS], struct spn_err *err);
/* Of the last call. */
const struct spn_result *spn_ratio_result(const struct spn_ratio_model *model, int scheme);

/* A number of the chip: "chip.", "device.", "dram." or "node." and the field's path. */
struct spn_ratio_input {
    char path[96], unit[16];
    double low, high;               /* plausible: for sensitivities */
    double search_low, search_high; /* of solutions; above 0 */
    char why[200];                  /* why low and high */
};

#define SPN_RATIO_MAX_INPUTS 32
#define SPN_RATIO_MAX_NETWORKS 8

/* An experiment: whose updates are compared, and what is uncertain about them. */
struct spn_ratio_experiment {
    char description[256], network[64], chip[64], pairs_chip[64];
    double sparsity;                                /* of every layer */
    char other_network[SPN_RATIO_MAX_NETWORKS][64]; /* for the same ratios */
    int n_other_networks;
    struct spn_ratio_input input[SPN_RATIO_MAX_INPUTS];
    int n_inputs;
};
enum spn_status spn_ratio_experiment_load(struct spn_ratio_experiment *experiment, const char *path,
                                          struct spn_err *err);
enum spn_status spn_ratio_experiment_read(struct spn_ratio_experiment *experiment,
                                          const struct spn_json *doc, struct spn_err *err);

enum spn_status spn_ratio_input_get(const struct spn_chip *chip, const char *path, double *value,
                                    struct spn_err *err);
enum spn_status spn_ratio_input_set(struct spn_chip *chip, const char *path, double value,
                                    struct spn_err *err);

/* Ratios with the input at its plausible low and high. */
enum spn_status spn_ratio_ends(struct spn_ratio_model *model, const struct spn_chip *chip,
                               const struct spn_ratio_input *input, double low[SPN_N_RATIOS],
                               double high[SPN_N_RATIOS], struct spn_err *err);

struct spn_ratio_answer {
    bool found;
    double value;               /* nearest to the chip's own; whole for whole inputs */
    double ratio[SPN_N_RATIOS]; /* there */
    double least, most;         /* of the wanted ratio over the search range */
};
/* The value of one input with which a ratio is `wanted`: the range is searched in logarithmic
 * steps, then halved. A whole input answers with the neighbour that comes closer, and only if that
 * is within a tenth. */
struct spn_ratio_want {
    enum spn_ratio ratio;
    double value;
};
enum spn_status spn_ratio_solve(struct spn_ratio_model *model, const struct spn_chip *chip,
                                const struct spn_ratio_input *input,
                                const struct spn_ratio_want *want, struct spn_ratio_answer *answer,
                                struct spn_err *err);

#endif
