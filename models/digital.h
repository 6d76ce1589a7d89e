/* digital.h -- digital arithmetic: MAC, elementwise, pooling, activation, softmax, normalisation.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One instance is one lane: a pipelined datapath that takes one element per clock and pass.
 * Latencies are the lane's issue interval (clocks that one action occupies it), so n elements on L
 * lanes take n/L times the latency.
 */
#ifndef SPN_MODELS_DIGITAL_H
#define SPN_MODELS_DIGITAL_H

#include "models/component.h"

enum { SPN_MAC_MAC };

struct spn_mac {
    int a_bits, b_bits; /* operands */
    int sum_bits;       /* accumulator, >= a_bits + b_bits */
    double toggle_frac;
};

/* "mac", role "digital": array multiplier, accumulator and its register. mac: sum += a b. For
 * dynamic matrix products and weight gradients; operand fetch is the caller's. */
extern const struct spn_component_type spn_component_mac;

enum { SPN_ELEMENTWISE_ADD, SPN_ELEMENTWISE_MULTIPLY };

struct spn_elementwise {
    int bits; /* of both operands */
    double toggle_frac;
};

/* "elementwise", role "digital": residual additions, biases, gates. add; multiply (result 2 bits
 * wide, rounded to bits). */
extern const struct spn_component_type spn_component_elementwise;

enum { SPN_POOL_COMPARE, SPN_POOL_ACCUMULATE, SPN_POOL_SCALE };

struct spn_pool {
    int bits;
    int window; /* elements of one pooling window; sets the accumulator's width */
    double toggle_frac;
};

/* "pool", role "digital". compare: one element against the running maximum. accumulate: one element
 * added to the running sum. scale: one sum times 1/window (average pooling, once per output). */
extern const struct spn_component_type spn_component_pool;

enum { SPN_RELU_ELEMENT };

struct spn_relu {
    int bits;
    double toggle_frac;
};

/* "relu", role "digital". element: the sign gates the bits. For networks that need no table. */
extern const struct spn_component_type spn_component_relu;

enum { SPN_ACTIVATION_RELU, SPN_ACTIVATION_LUT, SPN_ACTIVATION_GATED };

struct spn_activation {
    int bits;
    int table_bits; /* address bits of the table: 2^table_bits segments with linear interpolation */
    double toggle_frac;
};

/* "activation", role "digital". relu: as "relu". lut: sigmoid, tanh, GELU by table and
 * linear interpolation. gated: SiLU = x sigmoid(x), a lut and one product. */
extern const struct spn_component_type spn_component_activation;

enum { SPN_SOFTMAX_ELEMENT, SPN_SOFTMAX_ROW };

struct spn_softmax {
    int bits;
    int table_bits;
    int row_elements; /* longest row; sets the accumulator's width */
    double toggle_frac;
};

/* "softmax", role "digital". element: compare (maximum), subtract, exponential by table, add (sum),
 * multiply by 1/sum; three passes. row: one reciprocal by table, once per row. */
extern const struct spn_component_type spn_component_softmax;

enum { SPN_NORM_LAYERNORM_ELEMENT, SPN_NORM_RMSNORM_ELEMENT, SPN_NORM_ROW };

struct spn_norm {
    int bits;
    int table_bits;
    int row_elements;
    double toggle_frac;
};

/* "norm", role "digital". layernorm element: two adds (mean, centre), a square-accumulate, two
 * products (1/sd, gain) and an add (bias); three passes. rmsnorm element: a square-accumulate and
 * two products; two passes. row: 1/sqrt by table and two products, once per row. */
extern const struct spn_component_type spn_component_norm;

#endif
