/* profile.h -- distributions of the values that a network's layers see; what data-dependent energy is computed from.
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

/* Of one layer; 8-bit resolution whatever the chip's bits: code c of b bits stands for c/(2^b - 1) of full scale. */
struct spn_layer_profile {
    double input[SPN_PROFILE_BINS];  /* probability of unsigned input code 0..255 */
    double weight[SPN_PROFILE_BINS]; /* probability of weight code -128..127 of KEPT weights, at index code + 128 */
    bool measured_input, measured_weight; /* false: the stated default distribution */
};

struct spn_profile {
    int n_layers; /* as the network's */
    struct spn_layer_profile *layer;
    char source[160]; /* for the report: "defaults: ..." or the files */
};

/* Defaults [MODELS.md]: inputs half zero, the rest the positive half of a normal distribution; kept weights normal with
 * sd 1/4 of full scale, clipped. The first layer: uniform codes. */
enum spn_status spn_profile_default(struct spn_profile *profile, const struct spn_network *net, struct spn_err *err);
/* Weight distributions from a weight file where it has the layer's tensor (scale = max |w| of the layer, zeros left out). */
enum spn_status spn_profile_set_weights(struct spn_profile *profile, const struct spn_network *net,
                                        const struct spn_weights *weights, struct spn_err *err);
void spn_profile_clear(struct spn_profile *profile);

/* Probability that bit `bit` (0 = least) of a `bits`-bit unsigned input is 1; and mean and mean square of a `bits`-bit
 * digit group starting at bit `first`, as fractions of the group's full scale. */
double spn_profile_input_bit(const struct spn_layer_profile *p, int bits, int bit);
struct spn_moments {
    double mean, mean_square;
};
struct spn_moments spn_profile_input_digit(const struct spn_layer_profile *p, int bits, int first, int n_bits);

#endif
