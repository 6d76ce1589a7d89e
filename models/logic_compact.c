/* logic_compact.c -- cells of least size, drawn for the pitch of a memory array.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Adders beside memory cells drive nothing but the next one, and are drawn by hand: transistors of
 * least size in rows as low as those allow, and the 28-transistor mirror adder [weste2011, ch. 11]
 * in place of nine gates. Equation B30 of docs/MODELS.md.
 */
#include <math.h>

#include "models/gate.h"
#include "models/logic.h"

/* Mirror adder, in pairs of an N and a P transistor: carry stage a 2, b 2, c 1; sum stage a 2, b 2,
 * c 2, carry 1; two inverters. Stacks are 2 and 3 transistors high. */
#define PAIRS 14.0
#define OPERAND_PAIRS 4.0 /* that a, or b, drives */
#define CARRY_PAIRS 3.0
#define INNER_PAIRS 2.0 /* that the carry's complement drives: sum stage, inverter */
#define CARRY_STACK 2.0
#define SUM_STACK 3.0
#define STAGE_DRAINS 2.0 /* pairs of drains on the output of either stage */
#define DRAINS 6.0       /* of both stages and both inverters */

/* [M:B1] */
static const double chain_delay_tau = 1.3547;

static void shrink(struct spn_logic_cell *cell, const struct spn_gate *gate, double low_frac,
                   double vdd_V)
{
    const double drive_ohm = fmax(gate->pull_down_ohm, gate->pull_up_ohm);
    *cell = (struct spn_logic_cell){
        .area_m2 = gate->area_m2 * low_frac,
        .leakage_W = gate->leakage_W,
        .input_F = gate->input_F,
        .output_F = gate->output_F,
        .drive_ohm = drive_ohm,
        .toggle_J = spn_gate_cycle_J(gate->input_F + gate->output_F, vdd_V) / 2,
        .delay_s = chain_delay_tau * drive_ohm * (gate->input_F + gate->output_F)};
}

void spn_logic_init_compact(struct spn_logic *logic, const struct spn_env *env)
{
    spn_logic_init(logic, env);
    const double wn_m = spn_gate_min_width_m(env), wp_m = spn_gate_min_pmos_m(env);
    const struct spn_gate inverter = spn_gate_inverter(env, wn_m, wp_m);
    const struct spn_gate nand = spn_gate_nand(env, 2, wn_m, wp_m);
    const double low_frac = spn_gate_least_row_frac(env);
    shrink(&logic->inverter, &inverter, low_frac, logic->vdd_V);
    shrink(&logic->nand2, &nand, low_frac, logic->vdd_V);
    /* every node of random data changes every second time */
    const double in_F = inverter.input_F, out_F = inverter.output_F;
    const double ohm = logic->inverter.drive_ohm;
    const double pitch_frac = (PAIRS + 1) / 2; /* gates in a row share diffusions; an inverter's
                                                  width is two pitches */
    const double carry_s =
        chain_delay_tau * ohm *
        (CARRY_STACK * (STAGE_DRAINS * out_F + INNER_PAIRS * in_F) + out_F + CARRY_PAIRS * in_F);
    const double sum_s = chain_delay_tau * ohm *
                         (SUM_STACK * (STAGE_DRAINS * out_F + in_F) + out_F + OPERAND_PAIRS * in_F);
    logic->full_adder = (struct spn_logic_cell){
        .toggle_J = SPN_TOGGLE_RANDOM_FRAC *
                    spn_gate_cycle_J(PAIRS * in_F + DRAINS * out_F, logic->vdd_V) / 2,
        .delay_s = carry_s,
        .area_m2 = pitch_frac * inverter.area_m2 * low_frac,
        .leakage_W = PAIRS / CARRY_STACK * inverter.leakage_W,
        .input_F = OPERAND_PAIRS * in_F,
        .output_F = out_F,
        .drive_ohm = ohm};
    logic->full_adder_first_s = carry_s;
    logic->full_adder_sum_s = sum_s;
}
