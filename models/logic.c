/* logic.c -- the standard cells that digital blocks are composed of, priced once per surroundings.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Static CMOS cells from models/gate.h. Gates of arithmetic fill the height of their row, as the
 * smallest cells of standard libraries do [nangate45]; a flip-flop's inside is of least size.
 * Energy of one toggle of a net is C V^2 / 2 [rabaey2003, ch. 5]; how often each net toggles for
 * random operands is worked out by hand for the 9-NAND full adder. Delays chain Horowitz stages
 * [horowitz1983]. Glitches are not counted.
 */
#include "models/logic.h"

#include <math.h>

#include "models/gate.h"

/* Horowitz's delay of a stage in a long chain of like stages, in time constants: the fixed point of
 * x = sqrt(ln(2)^2 + x) when each input ramp is 1/2 over the delay before. [M:B1] */
static const double chain_delay_tau = 1.3547;

/* Full adder of nine NAND2 [weste2011, ch. 11]: n1 = !(ab), n2 = !(a n1), n3 = !(b n1), h = !(n2
 * n3) = a^b, n4 = !(hc), n5 = !(h n4), n6 = !(c n4), s = !(n5 n6), co = !(n1 n4). With a, b, c
 * random the six n are 1 with p = 3/4 (toggle 2p(1-p) = 3/8), h, s and co with 1/2 (toggle 1/2).
 * Fan-outs within the adder and its successor: n1 3, n2 1, n3 1, h 2, n4 3, n5 1, n6 1, s 0, co 2;
 * operands 2 each. */
static const double fa_skewed_toggle = 0.375; /* n1..n6 */
static const double fa_skewed_fanout = 10;    /* inputs that they drive, together */
static const double fa_skewed_gates = 6;
static const double fa_even_fanout = 8; /* driven by h and co, and the operands' own four inputs */
static const double fa_even_gates = 3;
static const double fa_gates = 9;
static const double fa_carry_fanout = 2, fa_kill_fanout = 3; /* of co, and of n1 and n4 */

/* Master-slave flip-flop of four transmission gates and six inverters on the data path, two clock
 * inverters [weste2011, ch. 10]. */
static const double ff_data_inverters = 6, ff_clock_inverters = 2, ff_transmissions = 4;

static struct spn_logic_cell cell_of(const struct spn_gate *gate, double vdd_V)
{
    struct spn_logic_cell cell = {.area_m2 = gate->area_m2,
                                  .leakage_W = gate->leakage_W,
                                  .input_F = gate->input_F,
                                  .output_F = gate->output_F,
                                  .drive_ohm = fmax(gate->pull_down_ohm, gate->pull_up_ohm)};
    cell.toggle_J = spn_gate_cycle_J(gate->input_F + gate->output_F, vdd_V) / 2;
    cell.delay_s = chain_delay_tau * cell.drive_ohm * (gate->input_F + gate->output_F);
    return cell;
}

static double nand_s(const struct spn_logic_cell *nand, double fanout)
{
    return chain_delay_tau * nand->drive_ohm * (nand->output_F + fanout * nand->input_F);
}

/* E = V^2/2 [3/8 (6 Co + 10 Ci) + 1/2 (3 Co + 8 Ci)] for random operands. [M:B2] */
static void price_full_adder(struct spn_logic *logic)
{
    const struct spn_logic_cell *nand = &logic->nand2;
    double skewed_F = fa_skewed_gates * nand->output_F + fa_skewed_fanout * nand->input_F;
    double even_F = fa_even_gates * nand->output_F + fa_even_fanout * nand->input_F;
    double switched_F = fa_skewed_toggle * skewed_F + SPN_TOGGLE_RANDOM_FRAC * even_F;
    logic->full_adder = (struct spn_logic_cell){
        .toggle_J = spn_gate_cycle_J(switched_F, logic->vdd_V) / 2,
        .delay_s = nand_s(nand, fa_kill_fanout) + nand_s(nand, fa_carry_fanout),
        .area_m2 = fa_gates * nand->area_m2,
        .leakage_W = fa_gates * nand->leakage_W,
        .input_F = 2 * nand->input_F,
        .output_F = nand->output_F,
        .drive_ohm = nand->drive_ohm,
    };
    /* n1, n2, h, n4, co; and n4, n5, s. */
    logic->full_adder_first_s = nand_s(nand, fa_kill_fanout) + nand_s(nand, 1) + nand_s(nand, 2) +
                                logic->full_adder.delay_s;
    logic->full_adder_sum_s = nand_s(nand, fa_kill_fanout) + nand_s(nand, 1) + nand_s(nand, 1);
}

/* Clock: two inverters and the gates of four transmission gates, a full cycle per clock. Data: six
 * inverters and the drains of four transmission gates, both sides, one toggle. [M:B3] */
static void price_flip_flop(struct spn_logic *logic, const struct spn_logic_cell *inv)
{
    const struct spn_logic_cell *pass = &logic->transmission;
    double clock_F =
        ff_clock_inverters * (inv->input_F + inv->output_F) + ff_transmissions * pass->input_F;
    double data_F =
        ff_data_inverters * (inv->input_F + inv->output_F) + 2 * ff_transmissions * pass->output_F;
    double inverters = ff_data_inverters + ff_clock_inverters;
    /* Slave stage: clock inverter, transmission gate into an inverter, output inverter. */
    double pass_s = chain_delay_tau * (inv->drive_ohm + pass->drive_ohm) *
                    (2 * pass->output_F + inv->input_F + inv->output_F);
    logic->flip_flop = (struct spn_logic_cell){
        .toggle_J = spn_gate_cycle_J(data_F, logic->vdd_V) / 2,
        .delay_s = 2 * inv->delay_s + pass_s,
        .area_m2 = (inverters + ff_transmissions) * inv->area_m2,
        .leakage_W = inverters * inv->leakage_W,
        .input_F = inv->input_F,
        .output_F = inv->output_F,
        .drive_ohm = inv->drive_ohm,
    };
    logic->flip_flop_clock_J = spn_gate_cycle_J(clock_F, logic->vdd_V);
}

void spn_logic_init(struct spn_logic *logic, const struct spn_env *env)
{
    double wn_m = spn_gate_min_width_m(env), wp_m = spn_gate_min_pmos_m(env);
    double vdd_V = env->node->vdd_V;
    double nand_fill = spn_gate_fill(env, 2 * wn_m, wp_m),
           inverter_fill = spn_gate_fill(env, wn_m, wp_m);
    struct spn_gate nand2 = spn_gate_nand(env, 2, 2 * nand_fill * wn_m, nand_fill * wp_m);
    struct spn_gate inverter = spn_gate_inverter(env, inverter_fill * wn_m, inverter_fill * wp_m);
    struct spn_gate least = spn_gate_inverter(env, wn_m, wp_m);
    struct spn_gate transmission = spn_gate_transmission(env, wn_m, wp_m);
    *logic = (struct spn_logic){.env = env, .vdd_V = vdd_V, .row_height_m = least.height_m};
    logic->nand2 = cell_of(&nand2, vdd_V);
    logic->inverter = cell_of(&inverter, vdd_V);
    logic->transmission = cell_of(&transmission, vdd_V);
    struct spn_logic_cell least_inverter = cell_of(&least, vdd_V);
    price_full_adder(logic);
    price_flip_flop(logic, &least_inverter);
}

double spn_logic_clocked_s(const struct spn_logic *logic, double delay_s, double least)
{
    /* A delay that is a whole number of clocks must not cost one more for rounding. */
    const double slack = 1e-9;
    double clocks = ceil(delay_s * logic->env->clock_Hz - slack);
    return fmax(clocks, least) / logic->env->clock_Hz;
}

double spn_logic_log2_ceil(double n)
{
    int exponent;
    if (n <= 1)
        return 0;
    double mantissa = frexp(n, &exponent); /* in [1/2, 1) */
    return mantissa == 1.0 / 2 ? exponent - 1 : exponent;
}

struct spn_cost spn_logic_cells(const struct spn_logic_cell *cell, double count, double stages,
                                double toggle_frac)
{
    return (struct spn_cost){.energy_J = count * toggle_frac * cell->toggle_J,
                             .latency_s = stages * cell->delay_s,
                             .area_m2 = count * cell->area_m2,
                             .leakage_W = count * cell->leakage_W};
}

/* Ripple carry: operand to carry, then one carry per bit, then carry to sum. [M:B4] */
struct spn_cost spn_logic_adder(const struct spn_logic *logic, double bits, double toggle_frac)
{
    double activity = toggle_frac / SPN_TOGGLE_RANDOM_FRAC;
    struct spn_cost cost = spn_logic_cells(&logic->full_adder, bits, fmax(bits - 2, 0), activity);
    cost.latency_s += logic->full_adder_first_s + (bits > 1 ? logic->full_adder_sum_s : 0);
    return cost;
}

/* a - b by an adder whose carry chooses one of both, three NAND2 per bit. [M:B5] */
struct spn_cost spn_logic_comparator(const struct spn_logic *logic, double bits, double toggle_frac)
{
    const double choose_gates = 3;
    struct spn_cost choose = spn_logic_cells(&logic->nand2, choose_gates * bits, 2, toggle_frac);
    return spn_cost_serial(spn_logic_adder(logic, bits, toggle_frac), choose);
}

/* a x b: ab AND gates, a carry-save tree and a final ripple adder. Every full adder takes one bit
 * away, so the whole takes b(a - 1) with half adders counted as full ones, b the shorter
 * [weste2011, ch. 11]. The tree's depth is log(b/2)/log(3/2). [M:B6] */
struct spn_cost spn_logic_multiplier(const struct spn_logic *logic, double a_bits, double b_bits,
                                     double toggle_frac)
{
    const double log2_of_3_2 = 0.5849625007211562;
    double shorter = fmin(a_bits, b_bits), longer = fmax(a_bits, b_bits);
    struct spn_cost product = spn_logic_cells(&logic->nand2, shorter * longer, 1, toggle_frac);
    product = spn_cost_serial(product,
                              spn_logic_cells(&logic->inverter, shorter * longer, 1, toggle_frac));
    if (shorter < 2)
        return product;
    double depth = ceil((log2(shorter) - 1) / log2_of_3_2);
    double last_bits = longer; /* the tree leaves two rows from column b on */
    double tree_adders = fmax(shorter * (longer - 1) - last_bits, 0);
    struct spn_cost tree =
        spn_logic_cells(&logic->full_adder, tree_adders, 0, toggle_frac / SPN_TOGGLE_RANDOM_FRAC);
    tree.latency_s = depth * (logic->full_adder_first_s + logic->full_adder_sum_s) / 2;
    product = spn_cost_serial(product, tree);
    return spn_cost_serial(product, spn_logic_adder(logic, last_bits, toggle_frac));
}

struct spn_cost spn_logic_register(const struct spn_logic *logic, double bits, double toggle_frac)
{
    struct spn_cost cost = spn_logic_cells(&logic->flip_flop, bits, 1, toggle_frac);
    cost.energy_J += bits * logic->flip_flop_clock_J;
    return cost;
}

/* Parallel-prefix OR (n/2 log2 n nodes of NOR and inverter, taken as NAND2 and inverter), a NAND2
 * per bit that isolates the first 1, and log2 n OR trees of n/2 inputs that encode it. Clearing the
 * found bit changes at most the found bit's and the next one's paths: 2 log2 n nodes in each of
 * both. [M:B7] */
struct spn_cost spn_logic_priority_encoder(const struct spn_logic *logic, double n,
                                           double toggle_frac)
{
    double levels = spn_logic_log2_ceil(n);
    double gates = n * levels / 2 + n + levels * n / 2;
    double stages = 2 * levels + 1;
    struct spn_cost nand = spn_logic_cells(&logic->nand2, gates, stages, 0);
    struct spn_cost inverter = spn_logic_cells(&logic->inverter, gates, stages, 0);
    struct spn_cost cost = spn_cost_serial(nand, inverter);
    double switching = (4 * levels + 2) * (toggle_frac / SPN_TOGGLE_RANDOM_FRAC);
    cost.energy_J = switching * (logic->nand2.toggle_J + logic->inverter.toggle_J);
    return cost;
}

struct spn_component_cost spn_logic_component(struct spn_cost whole)
{
    return (struct spn_component_cost){.area_m2 = whole.area_m2, .leakage_W = whole.leakage_W};
}

struct spn_cost spn_logic_action(const struct spn_logic *logic, struct spn_cost work, double least)
{
    return (struct spn_cost){.energy_J = work.energy_J,
                             .latency_s = spn_logic_clocked_s(logic, work.latency_s, least)};
}

enum spn_status spn_logic_check(const struct spn_component_type *type, const void *params,
                                const struct spn_env *env, struct spn_err *err)
{
    enum spn_status status = spn_component_check(type, params, err);
    if (status)
        return status;
    if (!env || !env->node)
        return spn_err_set(err, SPN_EINTERNAL, "%s: no node given", type->name);
    if (!(env->clock_Hz > 0) || !isfinite(env->clock_Hz))
        return spn_err_set(err, SPN_EINPUT, "%s: clock_Hz = %g is not above 0", type->name,
                           env->clock_Hz);
    return SPN_OK;
}
