/* conductance.h -- what cells conduct: digits of a weight code, conductance of a digit, moments
 * over a distribution.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by cost and accuracy. A signed weight code is held in spn_weight_n_digits() digits of
 * cell_bits each, in one cell per digit, or two (polarity 0 = plus, 1 = minus) for differential
 * pairs; its value is the sum over digits of scale * (plus - minus) (- spn_weight_offset() for
 * offset encoding).
 *
 *     spn_conductance_pmf(&chip->weight, profile->weight, -1, &pmf);      // depends on bits and
 * encoding only: keep it m = spn_conductance_moments(&chip->device, &pmf, kept_frac, scheme);
 */
#ifndef SPN_MODELS_CONDUCTANCE_H
#define SPN_MODELS_CONDUCTANCE_H

#include "networks/profile.h"
#include "tech/chip.h"
#include "tech/device.h"

/* Digits per weight: differential ceil((bits - 1)/cell_bits), offset ceil(bits/cell_bits), two's
 * complement 1 + ceil((bits - 1)/cell_bits), the sign bit having a cell of its own. At least 1.
 * [M:D1] */
int spn_weight_n_digits(const struct spn_chip_weight *weight);
int spn_weight_n_cells(
    const struct spn_chip_weight *weight); /* digits, times 2 for differential pairs */
/* The digit (0 = least significant) of a signed code, as held by the cell of that polarity. */
int spn_weight_digit(const struct spn_chip_weight *weight, int code, int digit, int polarity);
/* What one unit of that digit counts: 2^(cell_bits digit); negative for the sign digit of two's
 * complement. */
double spn_weight_digit_scale(const struct spn_chip_weight *weight, int digit);
int spn_weight_offset(
    const struct spn_chip_weight *weight); /* 2^(bits - 1) for offset encoding, else 0 */
int spn_weight_max_digit(const struct spn_chip_weight *weight,
                         int digit); /* largest value that digit takes */

/* Gmin + value/(2^cell_bits - 1) (Gmax - Gmin). [M:D2] */
double spn_conductance_digit(const struct spn_device *device, int cell_bits, int value);
/* Two transistors in series: Gw Gs/(Gw + Gs). [M:D3] */
double spn_conductance_series(double weight_S, double mask_S);
/* A cell whose mask transistor is on or off; device->mask must be present. */
double spn_conductance_masked(const struct spn_device *device, double weight_S, bool kept);

/* Distribution of the value of a cell, over the weights of a profile: of digit `digit`, or (-1)
 * over all the cells of a weight alike. 8-bit codes are scaled to the chip's bits. [M:D4] */
#define SPN_CONDUCTANCE_MAX_VALUES 256
struct spn_digit_pmf {
    int n_values, cell_bits;
    double p[SPN_CONDUCTANCE_MAX_VALUES];
    double zero[SPN_CONDUCTANCE_MAX_VALUES]; /* the same for a weight of 0: what pruning leaves in
                                                plain cells */
};
void spn_conductance_pmf(const struct spn_chip_weight *weight,
                         const double weights[SPN_PROFILE_BINS], int digit,
                         struct spn_digit_pmf *out);

/* Mean and mean square of a cell's conductance when kept_frac of the weights follow the pmf and the
 * rest are pruned: to cells that hold 0 (dense, external index), or to cells whose mask transistor
 * is off (index-free). [M:D5] */
struct spn_conductance {
    double mean_S, mean_square_S2;
};
struct spn_conductance spn_conductance_moments(const struct spn_device *device,
                                               const struct spn_digit_pmf *pmf, double kept_frac,
                                               int scheme);

/* The cells of one layer as its reads meet them: moments of cells that hold a kept weight and of
 * pruned ones, averaged over the input's slices by their mean square, and the kept share so counted
 * over the plain one. With default profiles: moments of D5, ratio 1. [M:D5, N9] */
struct spn_layer_conductance {
    struct spn_conductance kept, pruned;
    double kept_ratio;
};
struct spn_layer_conductance spn_conductance_layer(const struct spn_chip *chip,
                                                   const struct spn_layer_profile *profile,
                                                   int scheme);

#endif
