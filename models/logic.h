/* logic.h -- the standard cells that digital blocks are composed of, priced once per surroundings.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Digital blocks are synchronous: an action's latency is its combinational delay rounded up to whole clocks
 * (spn_logic_clocked_s; the only place where clocks become seconds). Energies follow 1/2 C V^2 per toggle, where
 * toggle_frac is the probability that a line changes between two successive actions: 2p(1-p) for independent bits that
 * are 1 with probability p, so 0.5 for random data.
 */
#ifndef SPN_MODELS_LOGIC_H
#define SPN_MODELS_LOGIC_H

#include "models/component.h"

#define SPN_TOGGLE_RANDOM_FRAC 0.5 /* 2p(1-p) at p = 1/2 */

struct spn_cell { /* one standard cell, or a group of them */
    double toggle_J;  /* energy of one toggle of its output and what follows inside, at toggle_frac = 1 */
    double delay_s;   /* input to output, driving one like cell */
    double area_m2, leakage_W;
    double input_F;
};

struct spn_logic { /* all cells for one node and temperature */
    double vdd_V, clock_Hz;
    struct spn_cell inverter, nand2, nor2, xor2, mux2; /* minimum-size cells */
    struct spn_cell full_adder; /* 9 NAND2; delay_s is carry in to carry out */
    double full_adder_sum_s;    /* operand to sum or carry, the first stage's delay */
    struct spn_cell flip_flop;  /* toggle_J: data path only; delay_s: clock to output */
    double flip_flop_clock_J;   /* clock pins, every clock that is not gated */
};

enum spn_status spn_logic_init(struct spn_logic *logic, const struct spn_env *env, struct spn_err *err);

/* Delay in seconds rounded up to whole clocks, at least `least` of them. */
double spn_logic_clocked_s(const struct spn_logic *logic, double delay_s, double least);

/* Energy and combinational delay of one operation, area and leakage of one instance. */
struct spn_cost spn_logic_adder(const struct spn_logic *logic, double bits, double toggle_frac);      /* ripple carry */
struct spn_cost spn_logic_comparator(const struct spn_logic *logic, double bits, double toggle_frac); /* subtract, keep carry */
struct spn_cost spn_logic_multiplier(const struct spn_logic *logic, double a_bits, double b_bits, double toggle_frac);
struct spn_cost spn_logic_mux(const struct spn_logic *logic, double bits, double ways, double toggle_frac);
struct spn_cost spn_logic_register(const struct spn_logic *logic, double bits, double toggle_frac); /* one clocked load */
/* Find the first 1 among n bits: prefix OR, and encode its position. */
struct spn_cost spn_logic_priority_encoder(const struct spn_logic *logic, double n, double toggle_frac);
/* Count the ones among n bits. */
struct spn_cost spn_logic_popcount(const struct spn_logic *logic, double n, double toggle_frac);

#endif
