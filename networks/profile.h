/* profile.h -- distributions of the values that a network's layers see; what data-dependent energy
 * is computed from.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_NETWORKS_PROFILE_H
#define SPN_NETWORKS_PROFILE_H

#include <stdbool.h>

#include "base/err.h"
#include "networks/network.h"
#include "networks/weights.h"

#define SPN_PROFILE_BINS 256

/* Of one layer; 8-bit resolution whatever the chip's bits: code c of b bits stands for c/(2^b - 1)
 * of full scale. */
struct spn_layer_profile {
    double input[SPN_PROFILE_BINS];  /* probability of unsigned input code 0..255 */
    double weight[SPN_PROFILE_BINS]; /* probability of weight code -128..127 of KEPT weights, at
                                        index code + 128 */
    bool measured_input, measured_weight; /* false: the stated default distribution */
};

struct spn_profile {
    int n_layers; /* as the network's */
    struct spn_layer_profile *layer;
    char source[160]; /* for the report: "defaults: ..." or the files */
};

/* Defaults [M:N5-N7]: inputs are the positive part of a normal variable (half of them zero), kept
 * weights are normal, both with sd 1/4 of full scale and clipped there; layers that see the
 * network's input have uniform codes. */
enum spn_status spn_profile_default(struct spn_profile *profile, const struct spn_network *net,
                                    struct spn_err *err);
/* Weight distributions of conv2d and linear layers from a weight file, where it has
 * "<tensor>.weight" (full scale = max |w| of the layer, zeros left out). SPN_EINPUT if a tensor has
 * another size or a value is not finite; SPN_EUSAGE if the profile is another network's. */
enum spn_status spn_profile_set_weights(struct spn_profile *profile, const struct spn_network *net,
                                        const struct spn_weights *weights, struct spn_err *err);
void spn_profile_clear(struct spn_profile *profile);

/* Probability that bit `bit` (0 = least) of a `bits`-bit unsigned input is 1, bits <= 24; 0 for a
 * bit that is not there. */
double spn_profile_input_bit(const struct spn_layer_profile *p, int bits, int bit);

struct spn_moments {
    double mean, mean_square;
};
/* Of the `n_bits`-bit digit of a `bits`-bit input that starts at bit `first`, as fractions of the
 * digit's largest value: first and second moment; 0 for a digit that is not there. [M:N8] */
struct spn_moments spn_profile_input_digit(const struct spn_layer_profile *p, int bits, int first,
                                           int n_bits);

#endif
