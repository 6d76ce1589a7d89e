/* sample_hold.h -- holds a column's result while the ADC serves others: a switch, a capacitor and a
 * follower.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_SAMPLE_HOLD_H
#define SPN_MODELS_SAMPLE_HOLD_H

#include "models/component.h"

struct spn_sample_hold {
    int bits; /* thermal noise stays below half the quantisation noise of so many */
    double full_scale_V;
    double hold_s;                   /* from sampling to the last conversion */
    double energy_scale, area_scale; /* fit factors; 1 */
};
enum spn_sample_hold_action { SPN_SAMPLE_HOLD_SAMPLE };
extern const struct spn_component_type spn_component_sample_hold;

#endif
