/* gate.h -- transistors and static CMOS gates of a node: resistance, capacitance, area, leakage,
 * delay.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything follows from struct spn_node and a channel width in metres; nothing fails for a
 * checked node. Energies are left to the caller, who knows the activity: charging C to V and
 * emptying it again takes C V^2 from the supply (spn_gate_cycle_J), half of it per edge.
 *
 *     double w = spn_gate_min_width_m(env);
 *     struct spn_gate inv = spn_gate_inverter(env, w, w * env->node->pn_ratio);
 *     double tau = inv.pull_down_ohm * (inv.output_F + load_F), ramp;
 *     double delay_s = spn_gate_horowitz_s(tau, SPN_GATE_STEP, &ramp);
 */
#ifndef SPN_MODELS_GATE_H
#define SPN_MODELS_GATE_H

#include "models/component.h"

enum spn_channel { SPN_CHANNEL_N, SPN_CHANNEL_P };

/* Currents at env->temperature_K, by linear interpolation between the node's points, the ends held.
 * [M:G1] */
double spn_gate_on_A_per_m(const struct spn_env *env, enum spn_channel channel);
double spn_gate_off_A_per_m(const struct spn_env *env, enum spn_channel channel);

double spn_gate_min_width_m(const struct spn_env *env); /* narrowest NMOS, 2 F; FinFET: one fin */
double spn_gate_min_pmos_m(const struct spn_env *env);  /* the PMOS that balances it */
/* Channel width, to which currents belong, of a transistor drawn so wide: the same; FinFET: that of
 * its whole fins. And the least drawn width with such a channel. [M:G2] */
double spn_gate_channel_m(const struct spn_env *env, double width_m);
double spn_gate_drawn_m(const struct spn_env *env, double channel_m);
/* How many times wider both transistors can be made within the area of an unfolded gate, as
 * standard cells do: the diffusion strip over their width, in whole fins for FinFETs; at least 1.
 * [M:B2] */
double spn_gate_fill(const struct spn_env *env, double wn_m, double wp_m);
/* Height of a row that just holds the smallest inverter, over that of a standard cell; 1 for fins,
 * whose rows come whole. [M:B30] */
double spn_gate_least_row_frac(const struct spn_env *env);
double spn_gate_on_ohm(const struct spn_env *env, enum spn_channel channel,
                       double width_m); /* switching [M:G2] */
double spn_gate_pass_ohm(const struct spn_env *env, enum spn_channel channel,
                         double width_m); /* pass gate, held on [M:G2] */
double spn_gate_input_F(const struct spn_env *env,
                        double width_m); /* gate capacitance of one transistor [M:G3] */
/* Drain capacitance of one transistor in a standard cell of its own [M:G4]. */
double spn_gate_drain_F(const struct spn_env *env, enum spn_channel channel, double width_m);

struct spn_gate {
    double width_m, height_m, area_m2;
    double input_F;  /* of one input */
    double output_F; /* drains on the output */
    double leakage_W;
    double pull_down_ohm,
        pull_up_ohm; /* worst case: the series stack, one of the parallel transistors */
};

/* wn_m or wp_m may be 0 (a gate of one polarity). n_inputs 2..3 for nand and nor. [M:G4-G6] */
struct spn_gate spn_gate_inverter(const struct spn_env *env, double wn_m, double wp_m);
struct spn_gate spn_gate_nand(const struct spn_env *env, int n_inputs, double wn_m, double wp_m);
struct spn_gate spn_gate_nor(const struct spn_env *env, int n_inputs, double wn_m, double wp_m);
/* Transmission gate; input_F is the gate capacitance of both transistors, output_F one side's
 * drains, pull_down_ohm = pull_up_ohm = both channels in parallel. */
struct spn_gate spn_gate_transmission(const struct spn_env *env, double wn_m, double wp_m);
/* Smallest inverter, 2-input NAND and NOR of equal drive both ways. */
struct spn_gate spn_gate_min_inverter(const struct spn_env *env);
struct spn_gate spn_gate_min_nand2(const struct spn_env *env);
struct spn_gate spn_gate_min_nor2(const struct spn_env *env);

/* Delay to half swing of a stage with time constant tau_s whose input rises by ramp_in (fraction of
 * swing per second); *ramp_out (may be NULL) gets the output's ramp. SPN_GATE_STEP: a step input.
 * [horowitz1983; M:G7] */
#define SPN_GATE_STEP 1e20
double spn_gate_horowitz_s(double tau_s, double ramp_in_per_s, double *ramp_out_per_s);

static inline double spn_gate_cycle_J(double capacitance_F, double voltage_V)
{
    return capacitance_F * voltage_V * voltage_V;
}

/* Inverters of growing width from first_width_m (NMOS) to a load, as many as make the delay least
 * [M:G8]. */
struct spn_chain {
    int n_stages;
    double input_F;
    double internal_F; /* all capacitance inside: inputs (but the first) and drains, without the
                          load */
    double drive_ohm;  /* of the last stage */
    double delay_s;    /* step at the input to half swing at the load */
    double area_m2, leakage_W;
};
struct spn_chain spn_gate_chain(const struct spn_env *env, double first_width_m, double load_F);
/* Likewise with the last stage at most max_ohm, however small the load. */
struct spn_chain spn_gate_chain_strong(const struct spn_env *env, double first_width_m,
                                       double load_F, double max_ohm);

#endif
