/* quantize.h -- codes of weights and activations, and the ranges that set their scales.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_SIMULATOR_QUANTIZE_H
#define SPN_SIMULATOR_QUANTIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest code of a signed weight (sign and magnitude, -max .. max) and of an unsigned input. */
int spn_quantize_weight_max(int bits);
int spn_quantize_input_max(int bits);

/* Codes round(w/scale) with scale = max |w| / max code [MODELS.md S22]; returns the scale, 1 if all
 * weights are zero. */
double spn_quantize_weights(const float *w, size_t n, int bits, int8_t *codes);

/* codes = round(sign x / scale), clipped to 0 .. max; sign is +1 or -1: the two reads of a signed
 * activation. */
struct spn_input_code {
    float scale;
    int sign, max;
};
void spn_quantize_inputs(const struct spn_input_code *code, const float *x, size_t n,
                         uint8_t *codes);

/* What values an activation takes: extremes, and how often each magnitude is seen (bins 2^(1/128)
 * wide or finer). */
#define SPN_RANGE_BINS 32768
struct spn_range {
    float least, greatest;
    uint64_t n;
    uint32_t bin[SPN_RANGE_BINS];
};
void spn_range_init(struct spn_range *range);
void spn_range_add(struct spn_range *range, const float *x, size_t n);
void spn_range_merge(struct spn_range *range, const struct spn_range *other);
bool spn_range_is_signed(const struct spn_range *range);
/* Smallest magnitude that at least `percentile` % of the values that are not zero do not exceed. 0
 * if all are zero. */
double spn_range_percentile(const struct spn_range *range, double percentile);

#endif
