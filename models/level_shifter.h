/* level_shifter.h -- from logic levels to write voltages: cross-coupled pairs of thick-oxide
 * transistors per line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_LEVEL_SHIFTER_H
#define SPN_MODELS_LEVEL_SHIFTER_H

#include "models/component.h"

struct spn_level_shifter {
    int n_lines;
    double high_V; /* of the output; at or below the supply nothing is needed and everything is 0 */
    double line_F;
    double rise_s; /* time in which the line must follow, e.g. a tenth of the write pulse */
};
enum spn_level_shifter_action {
    SPN_LEVEL_SHIFTER_SHIFT
}; /* one line up and down again, without the line's own C V^2 */
extern const struct spn_component_type spn_component_level_shifter;

#endif
