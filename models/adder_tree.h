/* adder_tree.h -- sum of several numbers by a binary tree of ripple adders.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_ADDER_TREE_H
#define SPN_MODELS_ADDER_TREE_H

#include "models/component.h"

enum { SPN_ADDER_TREE_SUM };

struct spn_adder_tree {
    int n_inputs;       /* numbers added in one action, >= 1 (1: a wire, cost 0) */
    int input_bits;     /* of each; level k has adders of input_bits + k bits */
    double toggle_frac; /* of data lines, 0.5 for random data */
};

/* "adder-tree", role "accumulate". sum: n_inputs numbers to one of spn_adder_tree_result_bits. */
extern const struct spn_component_type spn_component_adder_tree;

/* input_bits + ceil(log2(n_inputs)) */
int spn_adder_tree_result_bits(const struct spn_adder_tree *tree);

#endif
