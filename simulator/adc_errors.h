/* adc_errors.h -- converters that differ from each other and from a straight line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every converter of a core's arrays has an offset, a gain and, if it is binary weighted, weights
 * of its bits that are its own; all have the bow of their design. Frozen by the chip's seed.
 */
#ifndef SPN_SIMULATOR_ADC_ERRORS_H
#define SPN_SIMULATOR_ADC_ERRORS_H

#include "base/err.h"
#include "simulator/adc.h"
#include "simulator/core.h"
#include "simulator/kernel.h"
#include "simulator/program.h"

struct spn_adc_errors;

/* Whether the chip's converters have any. */
bool spn_adc_errors_act(const struct spn_core_config *config);

enum spn_status spn_adc_errors_create(struct spn_adc_errors **errors,
                                      const struct spn_core_config *config,
                                      const struct spn_program *program, struct spn_err *err);
void spn_adc_errors_destroy(struct spn_adc_errors *errors);

/* A digit's range: what its converters have as codes, and one step of the chip's own resolution in
 * those codes (above 1 where the core converts finer than the chip does). */
void spn_adc_errors_set(struct spn_adc_errors *errors, int digit, const struct spn_adc *adc,
                        double lsb);

/* In place of a kernel's convert: the same sums, and noise. [M:S5b] */
struct spn_adc_place {
    int digit, column_group, row; /* row: the first one of the row group */
};
void spn_adc_errors_convert(const struct spn_adc_errors *errors, const struct spn_kernel_convert *c,
                            const struct spn_adc_place *place);

/* One conversion of a sum in steps, by the number of the converter (for tests). */
int spn_adc_errors_code(const struct spn_adc_errors *errors, int digit, int converter, float steps);
/* Number of the converter at a place. */
int spn_adc_errors_converter(const struct spn_adc_errors *errors, int digit, int column, int row);
/* What a converter was made with: offset in steps, relative gain, relative errors of its bits. */
struct spn_adc_error {
    float offset_lsb, gain_frac, bit_frac[16];
};
struct spn_adc_error spn_adc_errors_at(const struct spn_adc_errors *errors, int converter);

#endif
