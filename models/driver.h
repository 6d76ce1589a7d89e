/* driver.h -- what drives the array's lines: word-line and bit-line drivers, and the switch matrix.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Energies are of the drivers' own capacitance; charging the line itself is counted by the array.
 */
#ifndef SPN_MODELS_DRIVER_H
#define SPN_MODELS_DRIVER_H

#include "models/component.h"

/* "driver-wordline", "driver-bitline": a chain of inverters per line, at the supply. */
struct spn_driver {
    int n_lines;
    double line_F, line_ohm; /* see spn_array_lines */
    double current_A; /* the line's largest direct current; the driver drops at most drop_frac of
                         the supply */
    double drop_frac;
};
enum spn_driver_action {
    SPN_DRIVER_DRIVE
}; /* one line up and down again; latency to half swing at the far end */
extern const struct spn_component_type spn_component_driver_wordline, spn_component_driver_bitline;

/* "switch-matrix": per line a flip-flop that holds the input bit and two transmission gates that
 * pass the read voltage or ground on (no regeneration, so any voltage up to the supply). */
struct spn_switch_matrix {
    int n_lines;
    double line_F, line_ohm;
    double current_A;   /* largest direct current of a line */
    double voltage_V;   /* that is passed on */
    double drop_frac;   /* of it that the switch may drop at current_A */
    double toggle_frac; /* how often the input bit differs from the one before */
};
enum spn_switch_matrix_action { SPN_SWITCH_MATRIX_SWITCH }; /* one line, one input bit */
extern const struct spn_component_type spn_component_switch_matrix;

#endif
