/* conductance.c -- digits of a weight code, conductance of a digit, moments over a distribution.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Equations D1-D5 of docs/MODELS.md. Levels are equidistant in conductance; a two-transistor cell
 * is two conductances in series [ning2025].
 */
#include "models/conductance.h"

#include <math.h>
#include <stdlib.h>

#define PROFILE_MAX_CODE 127 /* weight codes of a profile are 8-bit, -128..127 */
#define PROFILE_ZERO 128
#define MAX_VALUE_BITS 8 /* of struct spn_digit_pmf */

static int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

/* [M:D1] */
int spn_weight_n_digits(const struct spn_chip_weight *weight)
{
    int n;
    switch (weight->encoding) {
    case SPN_ENCODING_DIFFERENTIAL:
        n = ceil_div(weight->bits - 1, weight->cell_bits);
        break;
    case SPN_ENCODING_TWOS_COMPLEMENT:
        n = 1 + ceil_div(weight->bits - 1, weight->cell_bits);
        break;
    default:
        n = ceil_div(weight->bits, weight->cell_bits);
        break;
    }
    return n < 1 ? 1 : n;
}

int spn_weight_n_cells(const struct spn_chip_weight *weight)
{
    const int per_digit = weight->encoding == SPN_ENCODING_DIFFERENTIAL ? 2 : 1;
    return spn_weight_n_digits(weight) * per_digit;
}

static bool is_sign_digit(const struct spn_chip_weight *weight, int digit)
{
    return weight->encoding == SPN_ENCODING_TWOS_COMPLEMENT &&
           digit == spn_weight_n_digits(weight) - 1;
}

int spn_weight_offset(const struct spn_chip_weight *weight)
{
    return weight->encoding == SPN_ENCODING_OFFSET ? 1 << (weight->bits - 1) : 0;
}

static int digit_of(unsigned value, int cell_bits, int digit)
{
    return (int)(value >> (digit * cell_bits) & ((1u << cell_bits) - 1));
}

int spn_weight_digit(const struct spn_chip_weight *weight, int code, int digit, int polarity)
{
    switch (weight->encoding) {
    case SPN_ENCODING_DIFFERENTIAL:
        if ((code < 0) != (polarity == 1))
            return 0;
        return digit_of((unsigned)abs(code), weight->cell_bits, digit);
    case SPN_ENCODING_TWOS_COMPLEMENT:
        if (is_sign_digit(weight, digit))
            return code < 0;
        return digit_of((unsigned)code & ((1u << (weight->bits - 1)) - 1), weight->cell_bits,
                        digit);
    default:
        return digit_of((unsigned)(code + spn_weight_offset(weight)), weight->cell_bits, digit);
    }
}

double spn_weight_digit_scale(const struct spn_chip_weight *weight, int digit)
{
    if (is_sign_digit(weight, digit))
        return -ldexp(1, weight->bits - 1);
    return ldexp(1, weight->cell_bits * digit);
}

/* Bits that the encoding spreads over the plain digits. */
static int plain_bits(const struct spn_chip_weight *weight)
{
    return weight->encoding == SPN_ENCODING_OFFSET ? weight->bits : weight->bits - 1;
}

int spn_weight_max_digit(const struct spn_chip_weight *weight, int digit)
{
    if (is_sign_digit(weight, digit))
        return 1;
    int bits = plain_bits(weight) - digit * weight->cell_bits;
    if (bits > weight->cell_bits)
        bits = weight->cell_bits;
    return bits < 1 ? 1 : (1 << bits) - 1;
}

/* [M:D2] */
double spn_conductance_digit(const struct spn_device *device, int cell_bits, int value)
{
    const double full = (double)((1u << cell_bits) - 1);
    return device->off_conductance_S +
           value / full * (device->on_conductance_S - device->off_conductance_S);
}

/* [M:D3] */
double spn_conductance_series(double weight_S, double mask_S)
{
    const double sum_S = weight_S + mask_S;
    return sum_S > 0 ? weight_S * mask_S / sum_S : 0;
}

double spn_conductance_masked(const struct spn_device *device, double weight_S, bool kept)
{
    return spn_conductance_series(weight_S, kept ? device->mask.on_conductance_S
                                                 : device->mask.off_conductance_S);
}

static int scaled_code(const struct spn_chip_weight *weight, int profile_code)
{
    const int max_code = (1 << (weight->bits - 1)) - 1;
    if (max_code == PROFILE_MAX_CODE)
        return profile_code < -PROFILE_MAX_CODE ? -PROFILE_MAX_CODE : profile_code;
    const double scaled = profile_code * ((double)max_code / PROFILE_MAX_CODE);
    const long code = lround(scaled);
    return (int)(code > max_code ? max_code : code < -max_code ? -max_code : code);
}

/* [M:D4] */
void spn_conductance_pmf(const struct spn_chip_weight *weight,
                         const double weights[SPN_PROFILE_BINS], int digit,
                         struct spn_digit_pmf *out)
{
    const int n_polarities = weight->encoding == SPN_ENCODING_DIFFERENTIAL ? 2 : 1;
    const int first = digit < 0 ? 0 : digit;
    const int last = digit < 0 ? spn_weight_n_digits(weight) - 1 : digit;
    const double share = 1.0 / ((last - first + 1) * n_polarities);
    /* finer cells than the profile resolves are counted in its steps */
    const int shift = weight->cell_bits > MAX_VALUE_BITS ? weight->cell_bits - MAX_VALUE_BITS : 0;
    *out = (struct spn_digit_pmf){.n_values = 1 << (weight->cell_bits - shift),
                                  .cell_bits = weight->cell_bits};
    for (int d = first; d <= last; d++)
        for (int polarity = 0; polarity < n_polarities; polarity++) {
            out->zero[spn_weight_digit(weight, 0, d, polarity) >> shift] += share;
            for (int i = 0; i < SPN_PROFILE_BINS; i++)
                if (weights[i] > 0) {
                    const int code = scaled_code(weight, i - PROFILE_ZERO);
                    const int value = spn_weight_digit(weight, code, d, polarity) >> shift;
                    out->p[value] += share * weights[i];
                }
        }
}

/* [M:D5] */
struct spn_conductance spn_conductance_moments(const struct spn_device *device,
                                               const struct spn_digit_pmf *pmf, double kept_frac,
                                               int scheme)
{
    const bool masked = scheme == SPN_SCHEME_INDEX_FREE && device->mask.present;
    const double step_S =
        (device->on_conductance_S - device->off_conductance_S) / (pmf->n_values - 1);
    struct spn_conductance kept = {0, 0}, pruned = {0, 0};
    for (int v = 0; v < pmf->n_values; v++) {
        const double plain_S = device->off_conductance_S + v * step_S;
        const double kept_S = masked ? spn_conductance_masked(device, plain_S, true) : plain_S;
        const double pruned_S = masked ? spn_conductance_masked(device, plain_S, false) : plain_S;
        kept.mean_S += pmf->p[v] * kept_S;
        kept.mean_square_S2 += pmf->p[v] * kept_S * kept_S;
        pruned.mean_S += pmf->zero[v] * pruned_S;
        pruned.mean_square_S2 += pmf->zero[v] * pruned_S * pruned_S;
    }
    return (struct spn_conductance){.mean_S =
                                        kept_frac * kept.mean_S + (1 - kept_frac) * pruned.mean_S,
                                    .mean_square_S2 = kept_frac * kept.mean_square_S2 +
                                                      (1 - kept_frac) * pruned.mean_square_S2};
}

struct spn_layer_conductance spn_conductance_layer(const struct spn_chip *chip,
                                                   const struct spn_layer_profile *profile,
                                                   int scheme)
{
    const int bits = chip->input.bits;
    const int dac = chip->input.dac_bits < bits ? chip->input.dac_bits : bits;
    struct spn_layer_conductance out = {.kept_ratio = 1};
    struct spn_digit_pmf pmf;
    double weight[SPN_PROFILE_BINS], squares = 0, met = 0;

    spn_conductance_pmf(&chip->weight, profile->weight, -1, &pmf);
    out.kept = spn_conductance_moments(&chip->device, &pmf, 1, scheme);
    out.pruned = spn_conductance_moments(&chip->device, &pmf, 0, scheme);
    if (!profile->measured_seen)
        return out;
    struct spn_conductance sum = {0, 0};
    for (int first = 0; first < bits; first += dac) {
        const int n_bits = first + dac > bits ? bits - first : dac;
        const double square = spn_profile_input_digit(profile, bits, first, n_bits).mean_square;
        const double share = square * spn_profile_seen(profile, bits, first, n_bits, weight);
        spn_conductance_pmf(&chip->weight, weight, -1, &pmf);
        const struct spn_conductance m = spn_conductance_moments(&chip->device, &pmf, 1, scheme);
        sum.mean_S += share * m.mean_S;
        sum.mean_square_S2 += share * m.mean_square_S2;
        squares += square;
        met += share;
    }
    if (!(met > 0))
        return out;
    out.kept = (struct spn_conductance){sum.mean_S / met, sum.mean_square_S2 / met};
    out.kept_ratio = met / squares;
    return out;
}
