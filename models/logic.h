/* logic.h -- the standard cells that digital blocks are composed of, priced once per surroundings.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Digital blocks are synchronous: an action's latency is its combinational delay rounded up to
 * whole clocks (spn_logic_clocked_s, the only place where clocks become seconds). Energies follow
 * 1/2 C V^2 per toggle, where toggle_frac is the probability that a line changes between two
 * successive actions: 2p(1-p) for independent bits that are 1 with probability p, so 0.5 for random
 * data. A block pays for its own inputs and everything inside; what it drives pays for itself.
 */
#ifndef SPN_MODELS_LOGIC_H
#define SPN_MODELS_LOGIC_H

#include "models/component.h"

#define SPN_TOGGLE_RANDOM_FRAC 0.5 /* 2p(1-p) at p = 1/2 */

struct spn_logic_cell { /* one standard cell, or a group of them */
    double toggle_J;    /* of one toggle of inputs and output, times toggle_frac */
    double delay_s;     /* input to output, driving one like cell, input ramp of a chain of these */
    double area_m2, leakage_W;
    double input_F, output_F, drive_ohm;
};

struct spn_logic { /* all cells for one node and temperature */
    const struct spn_env *env;
    double vdd_V;
    double row_height_m;                   /* of a standard-cell row */
    struct spn_logic_cell inverter, nand2; /* filling their row */
    struct spn_logic_cell transmission;    /* least size */
    struct spn_logic_cell
        full_adder; /* 9 NAND2; delay_s: carry in to carry out; toggle_J for random data */
    double full_adder_first_s;       /* operand to carry out */
    double full_adder_sum_s;         /* carry in to sum */
    struct spn_logic_cell flip_flop; /* toggle_J: data path only; delay_s: clock to output */
    double flip_flop_clock_J; /* clock pins and local clock inverters, each clock not gated */
};

void spn_logic_init(struct spn_logic *logic, const struct spn_env *env);
/* Likewise with inverter, NAND2 and full adder of least size in low rows, as drawn beside memory
 * cells. [M:B30] */
void spn_logic_init_compact(struct spn_logic *logic, const struct spn_env *env);

/* Delay in seconds rounded up to whole clocks, at least `least` of them. */
double spn_logic_clocked_s(const struct spn_logic *logic, double delay_s, double least);
double spn_logic_log2_ceil(double n); /* ceil(log2 n), 0 for n <= 1 */

/* Energy and combinational delay of one operation, area and leakage of one instance. */
struct spn_cost spn_logic_adder(const struct spn_logic *logic, double bits, double toggle_frac);
struct spn_cost spn_logic_comparator(const struct spn_logic *logic, double bits,
                                     double toggle_frac); /* subtract, then choose one */
struct spn_cost spn_logic_multiplier(const struct spn_logic *logic, double a_bits, double b_bits,
                                     double toggle_frac);
/* One clocked load of all bits. */
struct spn_cost spn_logic_register(const struct spn_logic *logic, double bits, double toggle_frac);
/* Position of the first 1 among n bits; one action clears it and finds the next. */
struct spn_cost spn_logic_priority_encoder(const struct spn_logic *logic, double n,
                                           double toggle_frac);
/* `stages` cells like `cell` one after the other, `count` of them in all, each toggling. */
struct spn_cost spn_logic_cells(const struct spn_logic_cell *cell, double count, double stages,
                                double toggle_frac);

/* Area and leakage of `whole` as a component without actions yet, and `work` as an action: energy,
 * and latency in whole clocks, at least `least`. */
struct spn_component_cost spn_logic_component(struct spn_cost whole);
struct spn_cost spn_logic_action(const struct spn_logic *logic, struct spn_cost work, double least);

/* SPN_EINPUT "adder-tree.n_inputs = 0 outside [1, 65536]" if a number is outside its field's range,
 * or "... clock_Hz = 0 ..." if the surroundings make no sense. Every eval() starts with it. */
enum spn_status spn_logic_check(const struct spn_component_type *type, const void *params,
                                const struct spn_env *env, struct spn_err *err);

#endif
