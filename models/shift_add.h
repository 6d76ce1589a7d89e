/* shift_add.h -- shift-and-accumulate of bit-serial partial sums.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_SHIFT_ADD_H
#define SPN_MODELS_SHIFT_ADD_H

#include "models/component.h"

enum { SPN_SHIFT_ADD_ADD };

struct spn_shift_add {
    int input_bits;     /* of the number that is added, e.g. the ADC's code */
    int result_bits;    /* accumulator: input_bits + positions shifted over + log2(terms); >=
                           input_bits */
    double toggle_frac; /* of data lines, 0.5 for random data */
};

/* "shift-add", role "accumulate". add: one number added to the shifted accumulator, which is loaded
 * (one clock or more). */
extern const struct spn_component_type spn_component_shift_add;

#endif
