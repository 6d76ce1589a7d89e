/* measure.h -- the values that a network's layers really see, and what reading them costs exactly.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_measure_create(&m, net, weights, &calibration_images, n_threads, err);
 *     spn_measure_profile(m, &images, &progress, &profile, err);
 *     spn_measure_check(m, &other_images, &profile, &question, check, err);
 */
#ifndef SPN_SIMULATOR_MEASURE_H
#define SPN_SIMULATOR_MEASURE_H

#include "base/err.h"
#include "base/progress.h"
#include "networks/dataset.h"
#include "networks/network.h"
#include "networks/profile.h"
#include "networks/weights.h"
#include "tech/chip.h"

struct spn_measure;

/* Scales of the activations from a float run of the calibration images, as the simulator sets them
 * [M:S23]. net and weights must outlive the measure. */
enum spn_status spn_measure_create(struct spn_measure **measure, const struct spn_network *net,
                                   const struct spn_weights *weights,
                                   const struct spn_dataset *calibration, int n_threads,
                                   struct spn_err *err);
void spn_measure_destroy(struct spn_measure *measure);

/* Fill the distributions of all conv2d and linear layers [M:N5, N6, N9] from all the images. A
 * layer whose inputs are signed counts both of its reads. profile: spn_profile_default's of the
 * same network. SPN_EUSAGE if progress asks to stop; profile is untouched then. */
enum spn_status spn_measure_profile(struct spn_measure *measure, const struct spn_dataset *images,
                                    const struct spn_progress *progress,
                                    struct spn_profile *profile, struct spn_err *err);

/* E[x^2 G] of one layer on a chip: over its cells, input slices and the vectors of some images, x
 * as a share of full scale; what the energy of its array reads is proportional to. [M:N10] */
struct spn_measure_check {
    int layer;
    double exact_S;       /* vector by vector, cell by cell */
    double independent_S; /* E[x^2] E[G] of the profile */
    double seen_S;        /* with what active inputs meet: as the estimator computes it */
};
struct spn_measure_question {
    const struct spn_chip *chip; /* at most 8 bits for weights and inputs, else SPN_EUSAGE */
    int scheme;                  /* enum spn_scheme */
};
/* check: one for each conv2d and linear layer, in their order. */
enum spn_status spn_measure_check(struct spn_measure *measure, const struct spn_dataset *images,
                                  const struct spn_profile *profile,
                                  const struct spn_measure_question *question,
                                  struct spn_measure_check *check, struct spn_err *err);

#endif
