/* quantize.c -- uniform quantisation of weights and activations.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Symmetric and uniform, one scale per layer [M:S22]. Magnitudes are counted by the upper half of
 * their IEEE single pattern, which orders positive numbers: 128 bins an octave at no cost, and
 * counts that merge in any order.
 */
#include "simulator/quantize.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "simulator/layers.h"

enum { BIN_SHIFT = 16 };

int spn_quantize_weight_max(int bits)
{
    return (1 << (bits - 1)) - 1;
}

int spn_quantize_input_max(int bits)
{
    return (1 << bits) - 1;
}

double spn_quantize_weights(const float *w, size_t n, int bits, int8_t *codes)
{
    float top = 0.0f;
    for (size_t i = 0; i < n; i++) {
        top = fabsf(w[i]) > top ? fabsf(w[i]) : top;
    }
    const double scale = top > 0.0f ? (double)top / spn_quantize_weight_max(bits) : 1.0;
    for (size_t i = 0; i < n; i++) {
        codes[i] = (int8_t)lrint((double)w[i] / scale);
    }
    return scale;
}

SPN_VECTORIZE void spn_quantize_inputs(const struct spn_input_code *code, const float *x, size_t n,
                                       uint8_t *codes)
{
    const float share = (float)code->sign / code->scale, max = (float)code->max;
    for (size_t i = 0; i < n; i++) {
        float v = x[i] * share + 0.5f;
        v = v > 0.0f ? v : 0.0f;
        v = v < max ? v : max;
        codes[i] = (uint8_t)(int)v;
    }
}

void spn_range_init(struct spn_range *range)
{
    memset(range, 0, sizeof *range);
    range->least = FLT_MAX;
    range->greatest = -FLT_MAX;
}

void spn_range_add(struct spn_range *range, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float magnitude = fabsf(x[i]);
        uint32_t pattern;
        memcpy(&pattern, &magnitude, sizeof pattern);
        range->bin[pattern >> BIN_SHIFT]++;
        range->least = x[i] < range->least ? x[i] : range->least;
        range->greatest = x[i] > range->greatest ? x[i] : range->greatest;
    }
    range->n += n;
}

void spn_range_merge(struct spn_range *range, const struct spn_range *other)
{
    for (int i = 0; i < SPN_RANGE_BINS; i++) {
        range->bin[i] += other->bin[i];
    }
    range->least = other->least < range->least ? other->least : range->least;
    range->greatest = other->greatest > range->greatest ? other->greatest : range->greatest;
    range->n += other->n;
}

bool spn_range_is_signed(const struct spn_range *range)
{
    return range->n > 0 && range->least < 0.0f;
}

double spn_range_percentile(const struct spn_range *range, double percentile)
{
    if (range->n == 0) {
        return 0.0;
    }
    const double top = fmax(fabs((double)range->least), fabs((double)range->greatest));
    const double wanted = (double)(range->n - range->bin[0]) * percentile / 100.0;
    double seen = 0.0;
    for (int i = 1; i < SPN_RANGE_BINS && top > 0.0; i++) {
        seen += (double)range->bin[i];
        if (seen >= wanted) {
            const uint32_t pattern = ((uint32_t)i + 1) << BIN_SHIFT;
            float edge;
            memcpy(&edge, &pattern, sizeof edge);
            return (double)edge < top ? (double)edge : top;
        }
    }
    return top;
}
