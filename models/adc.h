/* adc.h -- column converters. All kinds of role "adc" share these parameters and actions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * "adc-sar": successive approximation, power from published per-node coefficients [neurosim14].
 * "adc-flash": 2^bits - 1 latched comparators on copies of the column current.
 */
#ifndef SPN_MODELS_ADC_H
#define SPN_MODELS_ADC_H

#include "models/component.h"

struct spn_adc {
    int bits;
    double column_mean_A; /* mean column current while converting, see spn_array_column_current */
    double column_full_A; /* largest */
    double read_voltage_V;
    double column_F; /* capacitance of the column and mux behind it */
    double cycle_s;  /* of one decision; 0 = the kind's own */
    double branch_frac; /* share of the conversion during which the column current flows in it; 0 =
                           all of it */
    double energy_scale, area_scale, latency_scale; /* fit factors; 1 */
};
enum spn_adc_action { SPN_ADC_CONVERT };
extern const struct spn_component_type spn_component_adc_sar, spn_component_adc_flash;

extern const struct spn_field spn_adc_fields[];
extern const char *const spn_adc_actions[];
struct spn_adc spn_adc_default(void); /* scales 1 */
void spn_adc_example(void *params);
/* [M:A19] The input transistor is diode-connected. At column_full_A it runs at this share of the
 * saturation current at full gate drive, which keeps its gate voltage well below the supply. */
#define SPN_ADC_INPUT_DRIVE_FRAC 0.25
double spn_adc_input_width_m(const struct spn_adc *adc, const struct spn_env *env);
double spn_adc_input_F(const struct spn_adc *adc,
                       const struct spn_env *env); /* what the mux drives */

#endif
