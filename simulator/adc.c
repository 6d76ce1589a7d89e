/* adc.c -- the quantiser at the foot of a column, and the range it is set to.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * step = max(1, negative / -low_code, positive / high_code), low_code = -2^(b-1), high_code =
 * 2^(b-1) - 1 signed, or 0 and 2^b - 1 [M:S5]. A step of at least one unit makes a covered range
 * exact and is what a designer would set: one code per cell level.
 */
#include "simulator/adc.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_BINS = 8192 };
static const double overshoot =
    1.5; /* bins reach beyond the nominal range: cells with errors exceed it */

struct spn_adc spn_adc_for_range(int bits, int is_signed, double negative, double positive)
{
    struct spn_adc adc = {.step = 1, .low_code = 0, .high_code = ldexp(1, bits) - 1};
    if (is_signed) {
        adc.low_code = -ldexp(1, bits - 1);
        adc.high_code = ldexp(1, bits - 1) - 1;
        adc.step = fmax(adc.step, negative / -adc.low_code);
    }
    adc.step = fmax(adc.step, positive / fmax(adc.high_code, 1));
    return adc;
}

enum spn_status spn_adc_histogram_init(struct spn_adc_histogram *h, double full_range,
                                       struct spn_err *err)
{
    struct spn_adc_histogram made = {.width = fmax(1, full_range * overshoot / MAX_BINS)};
    made.n_bins = (int)ceil(full_range * overshoot / made.width) + 2;
    made.count = calloc((size_t)made.n_bins, sizeof *made.count);
    if (made.count == NULL)
        return spn_err_memory(err, "histogram of column sums");
    *h = made;
    return SPN_OK;
}

void spn_adc_histogram_clear(struct spn_adc_histogram *h)
{
    free(h->count);
    *h = (struct spn_adc_histogram){0};
}

void spn_adc_histogram_add(struct spn_adc_histogram *h, double sum)
{
    static const double slack = 1e-6; /* of a bin: rounding must not lift a sum to the next */
    double bin = ceil(fabs(sum) / h->width - slack);
    h->count[bin < h->n_bins - 1 ? (int)fmax(bin, 0) : h->n_bins - 1]++;
    h->total++;
}

double spn_adc_histogram_percentile(const struct spn_adc_histogram *h, double percentile)
{
    double wanted = percentile / 100 * (double)h->total, seen = 0;
    for (int i = 0; i < h->n_bins; i++) {
        seen += (double)h->count[i];
        if (seen > 0 && seen >= wanted)
            return i * h->width;
    }
    return 0;
}
