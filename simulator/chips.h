/* chips.h -- a network on several chips of one kind: Monte Carlo over what is frozen in each.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     struct spn_chips_job job = {.net = net, .weights = weights, .chip = &chip, .options = how,
 *                                 .calibration = &some, .images = &test, .n_chips = 20};
 *     spn_chips_run(&job, progress, NULL, &result, err);
 */
#ifndef SPN_SIMULATOR_CHIPS_H
#define SPN_SIMULATOR_CHIPS_H

#include "simulator/simulator.h"

#define SPN_CHIPS_MAX 100000

struct spn_chips_job {
    const struct spn_network *net;
    const struct spn_weights *weights;
    const struct spn_chip *chip;                    /* NULL at SPN_FIDELITY_IDEAL */
    struct spn_simulator_options options;           /* chip k has seed + k */
    const struct spn_dataset *calibration, *images; /* calibration: NULL at SPN_FIDELITY_IDEAL */
    const struct spn_dataset *normal; /* to estimate batch normalisation anew [M:S40]; or NULL */
    int n_chips;
    void (*see)(void *ctx, const struct spn_simulator *sim); /* the first chip, when it has run; or
                                                                NULL */
    void *ctx;
};

/* Of accuracies over chips. */
struct spn_chips_result {
    int n_chips;               /* finished */
    double mean_frac, sd_frac; /* sd over chips; 0 for one */
    /* 95 %: for several chips of the mean over chips like these, on these images [student1908]; for
     * one chip of its accuracy on images like these [wilson1927] [M:S25] */
    double low_frac, high_frac;
    double least_frac, most_frac;
    double loss, perplexity; /* means; perplexity is the exponential of the mean loss */
};

/* Several chips run side by side if there are at least as many as threads, each with a thread of
 * its own; else one by one, each with all threads. Same bytes for any number. chip [n_chips] (or
 * NULL) gets the single results; those of chips that a stopped run did not finish have n_images <
 * the images asked for. SPN_EUSAGE for n_chips outside [1, SPN_CHIPS_MAX]. */
enum spn_status spn_chips_run(const struct spn_chips_job *job, const struct spn_progress *progress,
                              struct spn_accuracy *chip, struct spn_chips_result *result,
                              struct spn_err *err);

/* Sum up n results, those of them that are finished. */
struct spn_chips_result spn_chips_sum_up(const struct spn_accuracy *chip, int n, int n_images);

#endif
