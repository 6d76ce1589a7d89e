/* profile.c -- distributions of the values that a network's layers see.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Defaults are closed forms of stated assumptions (docs/MODELS.md, N5-N7): activations are the
 * positive part of a normal variable, kept weights are normal, the first layer sees uniform codes.
 * That energy follows from such distributions, taken as independent, is the approach of
 * [cimloop]. Values measured from a weight file replace them.
 */
#include "networks/profile.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INPUT_MAX = SPN_PROFILE_BINS - 1,
    WEIGHT_ZERO = SPN_PROFILE_BINS / 2,
    WEIGHT_MAX = WEIGHT_ZERO - 1,
    VALUE_BITS = SPN_PROFILE_VIEWS - 1,
    MAX_BITS = 24
};

/* Assumed spread of activations and of kept weights, in fractions of full scale: clipping at four
 * standard deviations, which loses 6e-5 of the values. An assumption; weight files replace it.
 * [M:N5, M:N6] */
static const double default_sd_frac = 0.25;

/* P(x <= value) of a normal variable of mean 0. */
static double normal_cdf(double value, double sd)
{
    return 0.5 * erfc(-value / (sd * sqrt(2.0)));
}

/* P(c) = Phi((c + 1/2)/s) - Phi((c - 1/2)/s) for 0 < c < 255, s = 255 sd; P(0) = Phi(1/2s); the
 * tail is in P(255). [M:N5] */
static void default_input(double *probability)
{
    double sd = default_sd_frac * INPUT_MAX, below = 0.0;
    for (int c = 0; c < INPUT_MAX; c++) {
        double upto = normal_cdf(c + 0.5, sd);
        probability[c] = upto - below;
        below = upto;
    }
    probability[INPUT_MAX] = 1.0 - below;
}

/* Codes -127 .. 127 of a normal variable, s = 127 sd, both tails in the outermost codes. [M:N6] */
static void default_weight(double *probability)
{
    double sd = default_sd_frac * WEIGHT_MAX, below = 0.0;
    probability[0] = 0.0;
    for (int c = -WEIGHT_MAX; c < WEIGHT_MAX; c++) {
        double upto = normal_cdf(c + 0.5, sd);
        probability[c + WEIGHT_ZERO] = upto - below;
        below = upto;
    }
    probability[WEIGHT_MAX + WEIGHT_ZERO] = 1.0 - below;
}

/* Whether a layer's values are the network's input, at most rearranged. */
static bool sees_input(const struct spn_network *net, int layer)
{
    int from = net->layer[layer].in[0];
    while (from != SPN_NETWORK_INPUT) {
        int op = net->layer[from].op;
        if (op != SPN_OP_FLATTEN && op != SPN_OP_RESHAPE && op != SPN_OP_TOKENS &&
            op != SPN_OP_SELECT)
            return false;
        from = net->layer[from].in[0];
    }
    return true;
}

/* Uniform codes, 0 .. 255, or -255 .. 255 of which each read takes one side and sees 0 for the
 * other. [M:N7] */
static void first_input(bool is_signed, double *probability)
{
    const int n_codes = is_signed ? 2 * INPUT_MAX + 1 : INPUT_MAX + 1;
    for (int c = 0; c < SPN_PROFILE_BINS; c++)
        probability[c] = 1.0 / n_codes;
    if (is_signed)
        probability[0] += (double)INPUT_MAX / n_codes;
}

enum spn_status spn_profile_default(struct spn_profile *profile, const struct spn_network *net,
                                    struct spn_err *err)
{
    struct spn_layer_profile usual = {0};
    struct spn_layer_profile *layer = calloc((size_t)net->n_layers, sizeof *layer);
    if (!layer)
        return spn_err_memory(err, "value profile");
    default_input(usual.input);
    default_weight(usual.weight);
    for (int i = 0; i < net->n_layers; i++) {
        layer[i] = usual;
        if (sees_input(net, i))
            first_input(net->layer[i].signed_in, layer[i].input);
    }
    *profile = (struct spn_profile){.n_layers = net->n_layers, .layer = layer};
    snprintf(profile->source, sizeof profile->source,
             "defaults: inputs the positive part of a normal distribution, weights normal (sd %.2g "
             "of full scale)",
             default_sd_frac);
    return SPN_OK;
}

void spn_profile_clear(struct spn_profile *profile)
{
    if (!profile)
        return;
    free(profile->layer);
    *profile = (struct spn_profile){0};
}

/* ---- bits and digits of inputs ---- */

/* Code of `bits` bits for 8-bit code c: round(c (2^bits - 1)/255); never a tie, as 255 is odd.
 * [M:N8] */
static uint32_t recode(uint32_t c, int bits)
{
    uint64_t top = ((uint64_t)1 << bits) - 1;
    return (uint32_t)((2 * c * top + INPUT_MAX) / (2 * INPUT_MAX));
}

double spn_profile_input_bit(const struct spn_layer_profile *p, int bits, int bit)
{
    return spn_profile_input_digit(p, bits, bit, 1).mean;
}

struct spn_moments spn_profile_input_digit(const struct spn_layer_profile *p, int bits, int first,
                                           int n_bits)
{
    struct spn_moments m = {0.0, 0.0};
    if (bits < 1 || bits > MAX_BITS || first < 0 || n_bits < 1 || first >= bits ||
        n_bits > bits - first)
        return m;
    uint32_t mask = ((uint32_t)1 << n_bits) - 1;
    for (uint32_t c = 0; c < SPN_PROFILE_BINS; c++) {
        double digit = (double)(recode(c, bits) >> first & mask) / mask;
        m.mean += p->input[c] * digit;
        m.mean_square += p->input[c] * digit * digit;
    }
    return m;
}

double spn_profile_serial_toggle(const struct spn_layer_profile *p, int bits)
{
    double first = spn_profile_input_bit(p, bits, 0),
           last = spn_profile_input_bit(p, bits, bits - 1),
           steps = first * (1 - last) + last * (1 - first);
    for (uint32_t c = 0; c < SPN_PROFILE_BINS; c++) {
        uint32_t code = recode(c, bits), differ = code ^ code >> 1;
        for (int k = 0; k + 1 < bits; k++)
            steps += p->input[c] * (differ >> k & 1);
    }
    return steps / bits;
}

/* The view of bit `bit` of a `bits`-bit code: codes are aligned at their most significant bit. */
static int view_of(int bits, int bit)
{
    int view = bit + VALUE_BITS - bits;
    return view < 0 ? 0 : view;
}

double spn_profile_seen(const struct spn_layer_profile *p, int bits, int first, int n_bits,
                        double *weight)
{
    double share[SPN_PROFILE_VIEWS] = {0}, sum = 0.0, kept = 0.0;
    if (p->measured_seen && n_bits > 1 && n_bits >= bits) {
        share[VALUE_BITS] = sum = 1.0;
    } else if (p->measured_seen) {
        for (int b = 0; b < n_bits; b++) {
            double of_bit = ldexp(spn_profile_input_bit(p, bits, first + b), 2 * b);
            share[view_of(bits, first + b)] += of_bit;
            sum += of_bit;
        }
    }
    if (!(sum > 0.0)) {
        memcpy(weight, p->weight, sizeof p->weight);
        return 1.0;
    }
    for (int v = 0; v < SPN_PROFILE_VIEWS; v++)
        kept += share[v] / sum * p->seen_kept[v];
    for (int c = 0; c < SPN_PROFILE_BINS; c++) {
        weight[c] = 0.0;
        for (int v = 0; v < SPN_PROFILE_VIEWS; v++)
            weight[c] += share[v] / sum * p->seen_kept[v] * p->seen[v][c];
        weight[c] = kept > 0.0 ? weight[c] / kept : p->weight[c];
    }
    return kept;
}
