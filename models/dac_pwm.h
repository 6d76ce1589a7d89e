/* dac_pwm.h -- multi-bit inputs as pulses of constant voltage, as long as their code says.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_DAC_PWM_H
#define SPN_MODELS_DAC_PWM_H

#include "models/component.h"
#include "models/driver.h"

struct spn_dac_pwm {
    int bits;
    double mean_frac;                  /* mean code, share of the largest */
    struct spn_switch_matrix switches; /* that pass the pulses on, see models/driver.h */
};
enum spn_dac_pwm_action { SPN_DAC_PWM_PULSE }; /* one line, one code; latency: of its first edge */
extern const struct spn_component_type spn_component_dac_pwm; /* "dac-pwm" */

#endif
