/* adc.h -- the quantiser at the foot of a column, and the range it is set to.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sums are counted in units of one cell level times one input level. Codes are two's complement
 * (signed columns) or unsigned; code = clamp(round half even(sum / step)). The step is never finer
 * than one unit, so an ADC that covers all sums is exact.
 */
#ifndef SPN_SIMULATOR_ADC_H
#define SPN_SIMULATOR_ADC_H

#include <stdint.h>

#include "base/err.h"

struct spn_adc {
    double step; /* units */
    double low_code, high_code;
};

/* The finest step with which -negative .. positive stays inside the codes; both >= 0. */
struct spn_adc spn_adc_for_range(int bits, int is_signed, double negative, double positive);

/* |sum| over a calibration set. */
struct spn_adc_histogram {
    int64_t *count; /* [n_bins]; bin i counts sums in ((i - 1) width, i width] */
    int64_t total;
    int n_bins;
    double width;
};
enum spn_status spn_adc_histogram_init(struct spn_adc_histogram *h, double full_range,
                                       struct spn_err *err);
void spn_adc_histogram_clear(struct spn_adc_histogram *h); /* fine on a zeroed one */
void spn_adc_histogram_add(struct spn_adc_histogram *h, double sum);
/* Upper edge of the bin that holds the percentile (0 .. 100) of |sum|; 0 if empty. */
double spn_adc_histogram_percentile(const struct spn_adc_histogram *h, double percentile);

#endif
