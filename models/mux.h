/* mux.h -- the column multiplexer between the array and its ADCs: one transmission gate per column.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Its decoder is a component of its own ("decoder" with columns_per_output lines; the load is
 * spn_mux_select_F).
 */
#ifndef SPN_MODELS_MUX_H
#define SPN_MODELS_MUX_H

#include "models/component.h"

struct spn_mux {
    int columns, columns_per_output;
    double column_S;  /* largest conductance of a column */
    double drop_frac; /* of the read voltage that the switch may drop at that conductance */
    double output_F;  /* input capacitance of the ADC */
};
enum spn_mux_action {
    SPN_MUX_SELECT
}; /* the next column at every output; latency for the output to settle to 1 % */
extern const struct spn_component_type spn_component_mux;

double spn_mux_select_F(const struct spn_mux *mux,
                        const struct spn_env *env); /* gates on one select line */
double spn_mux_column_F(const struct spn_mux *mux,
                        const struct spn_env *env); /* what it adds to a column */

#endif
