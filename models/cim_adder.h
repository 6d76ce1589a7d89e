/* cim_adder.h -- multipliers and adders of a digital compute-in-memory array: one weight's column.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_CIM_ADDER_H
#define SPN_MODELS_CIM_ADDER_H

#include "models/component.h"

enum spn_cim_adder_action { SPN_CIM_ADDER_SUM };

struct spn_cim_adder {
    int n_inputs;                 /* products added in one action */
    int input_bits, weight_bits;  /* operands of a product; input_bits arrive together */
    int compact;                  /* 0: standard cells; 1: cells of least size, drawn by hand */
    int chain;                    /* 0: a tree; 1: each cell adds to the sum of the one before */
    double input_one, weight_one; /* probability of a 1 among their bits */
    double swing_loss_V;          /* of pass transistors: nodes rise to the supply less this */
    double energy_scale, area_scale, latency_scale; /* fit factors; 1 */
};

/* "cim-adder", role "cim-adder". sum: all products and their sum; latency is that of the gates, not
 * rounded to clocks, as the array in front of it works in the same clock. */
extern const struct spn_component_type spn_component_cim_adder;

#endif
