/* profile.h -- distributions of the values that a network's layers see; what data-dependent energy
 * is computed from.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_NETWORKS_PROFILE_H
#define SPN_NETWORKS_PROFILE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"
#include "networks/network.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SPN_PROFILE_BINS 256
#define SPN_PROFILE_VIEWS 9 /* input bits 0 (least) .. 7, and the square of the whole code */

/* Of one layer; 8-bit resolution whatever the chip's bits: code c of b bits stands for c/(2^b - 1)
 * of full scale. */
struct spn_layer_profile {
    double input[SPN_PROFILE_BINS];  /* probability of unsigned input code 0..255 */
    double weight[SPN_PROFILE_BINS]; /* probability of weight code -128..127 of KEPT weights, at
                                        index code + 128 */
    bool measured_input, measured_weight; /* false: the stated default distribution */
    /* What active inputs meet, if measured_seen: inputs and weights of a row are not independent.
     * View v of the weights counts each kept weight as often as input bit v of its row is 1 (v = 8:
     * by the row's mean square code). [M:N9] */
    bool measured_seen;
    double kept_frac;                                 /* of the weights that are not 0 */
    double seen[SPN_PROFILE_VIEWS][SPN_PROFILE_BINS]; /* as `weight`, as view v counts */
    double seen_kept[SPN_PROFILE_VIEWS]; /* kept share as view v counts, over kept_frac */
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
void spn_profile_clear(struct spn_profile *profile);

/* Distributions measured by spindle profile, as JSON; layers are found by name. SPN_EINPUT with
 * file, place, value and range; *profile is untouched then. */
enum spn_status spn_profile_load(struct spn_profile *profile, const struct spn_network *net,
                                 const char *path, struct spn_err *err);
enum spn_status spn_profile_parse(struct spn_profile *profile, const struct spn_network *net,
                                  const char *text, size_t n, const char *name,
                                  struct spn_err *err);
/* The measured layers as JSON that spn_profile_load reads. */
void spn_profile_write(const struct spn_profile *profile, const struct spn_network *net,
                       struct spn_text *out);

/* Probability that bit `bit` (0 = least) of a `bits`-bit unsigned input is 1, bits <= 24; 0 for a
 * bit that is not there. */
double spn_profile_input_bit(const struct spn_layer_profile *p, int bits, int bit);

/* How often successive bits of a line differ that brings values bit by bit, one value after the
 * other: the b - 1 steps within a value, and the one from its last bit to the next value's first,
 * which is independent. [M:N11] */
double spn_profile_serial_toggle(const struct spn_layer_profile *p, int bits);

struct spn_moments {
    double mean, mean_square;
};
/* Of the `n_bits`-bit digit of a `bits`-bit input that starts at bit `first`, as fractions of the
 * digit's largest value: first and second moment; 0 for a digit that is not there. [M:N8] */
struct spn_moments spn_profile_input_digit(const struct spn_layer_profile *p, int bits, int first,
                                           int n_bits);

/* The weights that this digit of the input meets, counted by the digit's mean square: distribution
 * of kept weights into weight[SPN_PROFILE_BINS], and the kept share over the plain one (returned).
 * Exact for one bit and for a digit that is the whole code; between them a mixture of the digit's
 * bits. Without measured_seen the plain distribution and 1. [M:N9] */
double spn_profile_seen(const struct spn_layer_profile *p, int bits, int first, int n_bits,
                        double *weight);

#ifdef __cplusplus
}
#endif

#endif
