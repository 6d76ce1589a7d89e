/* check_cim.c -- charge-domain and digital arrays.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>

#include "models/array.h"
#include "models/capacitor.h"
#include "models/cim_adder.h"
#include "models/gate.h"
#include "models/logic.h"
#include "tests/core_problem.h"
#include "tests/estimate_setup.h"
#include "tests/model_setup.h"

static struct spn_node node;
static struct spn_env env;
static struct spn_err err;

static void setup(void)
{
    const char *srcdir = getenv("srcdir");
    setenv("SPINDLE_DATA", srcdir ? srcdir : ".", 0);
    ck_assert_ok(spn_node_load(&node, "65nm-lstp", &err));
    env = (struct spn_env){&node, 300, 1e9};
}

/* ---- charge ---- */

static struct spn_array sram(int bit_cells)
{
    struct spn_array a;
    memset(&a, 0, sizeof a);
    spn_array_example_sram(&a);
    a.read_voltage_V = 0.9;
    a.unit_F = 2e-15;
    a.bit_cells = bit_cells;
    a.input_mean = a.input_mean_square = 0.5;
    a.device.off_conductance_S = 0;
    a.cell_mean_S = 3e-6; /* of 6 uS: half of the cells hold a 1 */
    a.cell_mean_square_S2 = 18e-12;
    return a;
}

/* Energy of one column of a read: what half of the columns are cheaper than all. */
static double column_J(const struct spn_component_type *type, struct spn_array a)
{
    const double all_J = cost_of(type, &a).action[SPN_ARRAY_READ].energy_J;
    a.used_columns_frac = 0.5;
    return (all_J - cost_of(type, &a).action[SPN_ARRAY_READ].energy_J) / (a.columns / 2.0);
}

/* Product gates of 64 cells of which a share holds and sees a 1, and the reset switch, at 0.9 V. */
static double gates_J(double ones)
{
    const double w = spn_gate_min_width_m(&env32), wp = spn_gate_min_pmos_m(&env32);
    const struct spn_gate nand = spn_gate_min_nand2(&env32),
                          inverter = spn_gate_min_inverter(&env32);
    return 0.81 * (64 * ones * (nand.output_F + inverter.input_F + inverter.output_F) +
                   spn_gate_transmission(&env32, w, wp).input_F);
}

START_TEST(shared_charge)
{
    struct spn_array a = sram(0);
    ck_assert_int_eq(a.rows, 64);
    /* 64 cells of 4 F of 32 nm: 10 F each, 20.48 um of wire at 0.2 fF/um */
    const double wire_F = 64 * 10 * 32e-9 * 2e-10;
    /* p = 1/4, N = 64: C V^2 (N p - (N p (1 - p) + N^2 p^2) C/(N C + Cp)) */
    const double shared = 16 - (12 + 256) * 2e-15 / (64 * 2e-15 + wire_F);
    ck_assert_rel(column_J(&spn_component_array_charge, a), 2e-15 * 0.81 * shared + gates_J(0.25),
                  1e-9);
    /* without the wire (N - 1) p (1 - p), the variance of the number of ones: 11.8125; the wire
     * takes what is left of the mean, so that the sum grows */
    ck_assert(shared > 63 * 0.1875 && shared < 16);
    /* all products 1: only the wire is charged, in series with the capacitors */
    a.input_mean = a.input_mean_square = 1;
    a.cell_mean_S = 6e-6;
    a.cell_mean_square_S2 = 36e-12;
    const double series_F = 64 * 2e-15 * wire_F / (64 * 2e-15 + wire_F);
    ck_assert_rel(column_J(&spn_component_array_charge, a), series_F * 0.81 + gates_J(1), 1e-9);
}
END_TEST

START_TEST(ladder)
{
    /* Bits independent, half of them 1, E[x^2] = 1/2. One bit: C in series with C. Two: nodes of 4C
     * and 3C with 2C between, u = (3/8, 1/4) and (1/4, 1/2): q (5/8 + 1/2) - q^2 (1/4 + 1/4). Four:
     * the mean over all 16 patterns, each solved on its own by another program. */
    static const double frac[] = {0, 0.25, 0.4375, 0, 0.77734375};
    for (int b = 1; b <= 4; b *= 2) {
        const struct spn_array a = sram(b);
        const double wire_F = 64 * 10 * 32e-9 * 2e-10;
        ck_assert_rel(column_J(&spn_component_array_c2c, a),
                      0.81 * (64 * 0.5 * 2e-15 * frac[b] + wire_F * 0.25) + gates_J(b * 0.25),
                      1e-9);
    }
}
END_TEST

START_TEST(capacitors_take_room)
{
    struct spn_array a = sram(0);
    const double f2 = 32e-9 * 32e-9;
    a.unit_F = 0.5e-15;
    ck_assert_rel(cost_of(&spn_component_array_charge, &a).area_m2, 64 * 64 * 400 * f2, 1e-12);
    a.unit_F = 20e-15; /* 2.3 fF/um2 x 22/32: 12.65 um2 over a cell of 0.41 um2 */
    ck_assert_rel(cost_of(&spn_component_array_charge, &a).area_m2,
                  64 * 64 * 20e-15 / (2.3e-3 * 22 / 32), 1e-12);
    /* the least that will do at 14 bits: 48 kT/(0.9 V/2^14)^2 over 64 rows, 1.03 fF */
    a.unit_F = 0;
    a.settle_bits = 14;
    const double noise_F = 48 * 1.380649e-23 * 300 / pow(0.9 / 16384, 2) / 64;
    a.device.cell_height_F = 1;
    a.device.cell_width_F = 1;
    ck_assert_rel(cost_of(&spn_component_array_charge, &a).area_m2,
                  64 * 64 * noise_F / (2.3e-3 * 22 / 32), 1e-9);
}
END_TEST

/* ---- digital ---- */

static struct spn_cim_adder four(int chain)
{
    return (struct spn_cim_adder){.n_inputs = 4,
                                  .input_bits = 1,
                                  .weight_bits = 1,
                                  .chain = chain,
                                  .input_one = 0.5,
                                  .weight_one = 0.5,
                                  .energy_scale = 1,
                                  .area_scale = 1,
                                  .latency_scale = 1};
}

START_TEST(sum_of_four_products)
{
    struct spn_logic l;
    spn_logic_init(&l, &env32);
    /* Products are 1 with p = 1/4 and toggle with 3/8. Sums of 1, 2, 3 products: 1 - 1/4^k of
     * random data. Tree: 2 one-bit adders and 1 of two bits; chain: 2, 3 and 3 bits. */
    static const double active[] = {2 * 0.75 + 2 * 0.9375, 2 * 0.75 + 3 * 0.9375 + 3 * 0.984375},
                        adders[] = {4, 8};
    for (int chain = 0; chain <= 1; chain++) {
        const struct spn_cim_adder p = four(chain);
        const struct spn_component_cost cost = cost_of(&spn_component_cim_adder, &p);
        const double and_m2 = l.nand2.area_m2 + l.inverter.area_m2;
        ck_assert_rel(cost.area_m2, adders[chain] * l.full_adder.area_m2 + 4 * and_m2, 1e-12);
        ck_assert_rel(cost.action[0].energy_J,
                      active[chain] * l.full_adder.toggle_J +
                          4 * 0.375 * (l.nand2.toggle_J + l.inverter.toggle_J),
                      1e-12);
    }
}
END_TEST

START_TEST(cells_of_least_size)
{
    struct spn_logic l;
    spn_logic_init_compact(&l, &env32);
    const struct spn_gate inverter = spn_gate_min_inverter(&env32);
    /* 14 pairs of gates and 6 of drains, every second time, at 0.9 V */
    ck_assert_rel(l.full_adder.toggle_J, 0.81 / 4 * (14 * inverter.input_F + 6 * inverter.output_F),
                  1e-12);
    /* 15 pitches of 3.8 F, 3.5 + 3.6 + 2 x 2.5005 F high */
    ck_assert_rel(l.full_adder.area_m2, 15 * 3.8 * 12.101 * 32e-9 * 32e-9, 1e-9);
    struct spn_cim_adder p = four(0);
    const struct spn_component_cost standard = cost_of(&spn_component_cim_adder, &p);
    p.compact = 1;
    const struct spn_component_cost compact = cost_of(&spn_component_cim_adder, &p);
    ck_assert(compact.area_m2 < 0.5 * standard.area_m2 && compact.leakage_W < standard.leakage_W);
    ck_assert(compact.action[0].energy_J < 0.4 * standard.action[0].energy_J);
    /* fins come whole: rows keep their height */
    ck_assert_ok(spn_node_load(&node, "14nm-lstp", &err));
    ck_assert(spn_gate_least_row_frac(&env) == 1);
}
END_TEST

/* Silicon of 28 nm at 0.9 V, 8 x 8 bit in four cycles of two bits: 128 inputs (ISSCC
 * 2023, 7.2; 19.5 TOPS/W, cycles of 5.5 ns) and 32 inputs (ISSCC 2022, 15.5; 36.6 TOPS/W, 5.1 ns).
 * Multipliers and adders alone, random operands: within a factor of 2. */
/* Bits 0.3 and 0.8: equal with 0.24 + 0.14 = 0.38, which is its square's mean, too. Inputs of many
 * levels (mean 1/2, mean square 1/3): 0.8 x 1/2 + 0.2 x 1/2, square 0.8/3 + 0.2/3. Random bits: a
 * quarter of C V^2 each, whatever the cells hold, less what a column of N shares. */
START_TEST(xnor_products)
{
    struct spn_array a;
    spn_array_example_sram(&a);
    const double low = a.device.off_conductance_S, span = a.device.on_conductance_S - low;
    a.xnor = true;
    a.cell_mean_S = low + 0.8 * span;
    a.cell_mean_square_S2 = 0.2 * low * low + 0.8 * (low + span) * (low + span);
    struct spn_array_value v = spn_array_product(&a, 0.3, 0.3);
    ck_assert_rel(v.mean, 0.38, 1e-9);
    ck_assert_rel(v.mean_square, 0.38, 1e-9);
    v = spn_array_product(&a, 0.5, 1.0 / 3);
    ck_assert_rel(v.mean, 0.5, 1e-9);
    ck_assert_rel(v.mean_square, 1.0 / 3, 1e-9);
    a.input_mean = a.input_mean_square = 0.5;
    a.unit_F = 1e-12; /* beside which gates and lines are nothing */
    const double v_V = spn_array_read_V(&a),
                 read_J = cost_of(&spn_component_array_charge, &a).action[SPN_ARRAY_READ].energy_J;
    ck_assert_rel(read_J,
                  a.columns * a.used_columns_frac * (spn_array_active_rows(&a) - 1) * 0.25 * 1e-12 *
                      v_V * v_V,
                  0.02);
}
END_TEST

START_TEST(beside_digital_silicon)
{
    static const struct {
        int n_inputs;
        double ops_per_J, cycle_s;
    } chips[] = {{128, 19.5e12, 5.4945e-9}, {32, 36.63e12, 5.1282e-9}};
    const int cycles = 4;
    ck_assert_ok(spn_node_load(&node, "28nm-lstp", &err));
    node.vdd_V = 0.9;
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        struct spn_cim_adder p = four(0);
        struct spn_component_cost cost;
        p.n_inputs = chips[i].n_inputs;
        p.input_bits = 2;
        p.weight_bits = 8;
        p.compact = 1;
        ck_assert_ok(spn_component_cim_adder.eval(&p, &env, &cost, &err));
        const double op_J = cycles * cost.action[0].energy_J / (2.0 * p.n_inputs);
        const double ratio = op_J * chips[i].ops_per_J;
        ck_assert_msg(ratio > 0.5 && ratio < 2, "%d inputs: %g", p.n_inputs, ratio);
        ck_assert(cost.action[0].latency_s < chips[i].cycle_s);
    }
}
END_TEST

/* The share of pairs of independent sums of k bits, each 1 with p = 1/4, whose lowest bits differ,
 * counted over all 4^k and 4^k outcomes (a bit is 1 in one of four). */
START_TEST(sums_toggle_as_counted)
{
    for (int k = 1; k <= 4; k++) {
        double odd = 0, all = pow(4, k);
        for (int code = 0; code < (int)all; code++) {
            int sum = 0;
            for (int i = 0, c = code; i < k; i++, c /= 4)
                sum += c % 4 == 0;
            odd += sum % 2;
        }
        ck_assert_rel(2 * odd / all * (1 - odd / all), (1 - pow(0.25, k)) / 2, 1e-12);
    }
}
END_TEST

START_TEST(wide_operands)
{
    struct spn_cim_adder p = four(0);
    const double one_J = cost_of(&spn_component_cim_adder, &p).action[0].energy_J;
    p.input_one = 0; /* nothing moves */
    ck_assert(cost_of(&spn_component_cim_adder, &p).action[0].energy_J == 0);
    p = four(0);
    p.input_bits = 2;
    p.weight_bits = 8;
    const struct spn_component_cost wide = cost_of(&spn_component_cim_adder, &p);
    ck_assert(wide.action[0].energy_J > 8 * one_J);
    p.input_bits = 1;
    ck_assert(cost_of(&spn_component_cim_adder, &p).action[0].latency_s < wide.action[0].latency_s);
    p.energy_scale = 2;
    p.input_bits = 2;
    ck_assert_rel(cost_of(&spn_component_cim_adder, &p).action[0].energy_J,
                  2 * wide.action[0].energy_J, 1e-12);
}
END_TEST

/* [M:B31] C V (V - Vl): a quarter of the swing lost is a quarter of the energy. */
START_TEST(pass_transistors_swing_less)
{
    struct spn_cim_adder p = four(0);
    struct spn_component_cost cost;
    const double full_J = cost_of(&spn_component_cim_adder, &p).action[0].energy_J;
    p.swing_loss_V = env32.node->vdd_V / 4;
    ck_assert_rel(cost_of(&spn_component_cim_adder, &p).action[0].energy_J, 0.75 * full_J, 1e-12);
    p.swing_loss_V = env32.node->vdd_V;
    ck_assert_fails(spn_component_cim_adder.eval(&p, &env32, &cost, &err), SPN_EINPUT,
                    "swing_loss_V");
}
END_TEST

START_TEST(digital_lines)
{
    struct spn_array a = sram(0);
    const double v2 = 0.81, line_F = spn_array_lines(&a, &env32).data.F;
    /* 64 static lines, bits of 1/2: toggled every second time, half a cycle each */
    ck_assert_rel(cost_of(&spn_component_array_digital, &a).action[SPN_ARRAY_READ].energy_J,
                  64 * 0.25 * line_F * v2, 1e-12);
    a.rows_read = 16; /* 4 cells take turns on a multiplier */
    a.input_lines = 2;
    const double local_F = 4 * 10 * 32e-9 * 2e-10 +
                           4 * spn_gate_drain_F(&env32, SPN_CHANNEL_N, 64e-9) +
                           spn_gate_min_inverter(&env32).input_F;
    ck_assert_rel(cost_of(&spn_component_array_digital, &a).action[SPN_ARRAY_READ].energy_J,
                  16 * 2 * 0.25 * line_F * v2 + 16 * 64 * 0.5 * local_F * v2, 1e-12);
}
END_TEST

/* ---- on a chip ---- */

static const char chip_text[] = "neurosim-22nm";

static void sram_chip(struct setup *s, int kind)
{
    setup_open(s, "vgg8", chip_text);
    ck_assert_ok(spn_device_load(&s->chip.device, "sram-8t", &err));
    s->chip.array.kind = kind;
    s->chip.array.unit_F = 2e-15;
    s->chip.weight.encoding = SPN_ENCODING_TWOS_COMPLEMENT;
    snprintf(s->chip.adc.kind, sizeof s->chip.adc.kind, "adc-sar");
    ck_assert_ok(spn_chip_check(&s->chip, &err));
}

static double component_J(const struct spn_result *r, const char *component)
{
    double energy_J = 0;
    for (int i = 0; i < r->n_leaves; i++)
        if (strcmp(r->leaf[i].component, component) == 0)
            energy_J += r->leaf[i].cost.energy_J;
    ck_assert_msg(energy_J > 0, "%s", component);
    return energy_J;
}

START_TEST(energy_goes_with_the_square_of_the_supply)
{
    static const char *const parts[][3] = {
        [SPN_ARRAY_CHARGE] = {"array-charge", "shift-add", "mux"},
        [SPN_ARRAY_DIGITAL] = {"array-digital", "cim-adder", "shift-add"}};
    for (int kind = SPN_ARRAY_CHARGE; kind <= SPN_ARRAY_DIGITAL; kind += 2) {
        struct setup s;
        double energy_J[3], latency_s, leakage_W;
        sram_chip(&s, kind);
        const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
        for (int i = 0; i < 3; i++)
            energy_J[i] = component_J(r, parts[kind][i]);
        latency_s = r->inference.latency_s;
        leakage_W = r->leakage_W;
        s.chip.vdd_V = 0.6; /* 0.85 V before */
        r = setup_run(&s, SPN_SCHEME_DENSE, false);
        for (int i = 0; i < 3; i++)
            ck_assert_rel(component_J(r, parts[kind][i]), energy_J[i] * pow(0.6 / 0.85, 2), 1e-9);
        ck_assert(r->inference.latency_s > latency_s && r->leakage_W < leakage_W);
        s.chip.vdd_V = 0.85; /* the node's own: nothing is scaled */
        r = setup_run(&s, SPN_SCHEME_DENSE, false);
        ck_assert(r->inference.latency_s == latency_s && r->leakage_W == leakage_W);
        setup_close(&s);
    }
}
END_TEST

/* Leakage of cells and gates grows with heat, and falls with the supply, at a node with one point.
 */
START_TEST(leakage_by_temperature)
{
    struct setup s;
    char text[256];
    sram_chip(&s, SPN_ARRAY_CHARGE);
    ck_assert_ok(spn_node_load(&s.chip.node, "14nm-lstp", &err));
    const double cold_W = setup_run(&s, SPN_SCHEME_DENSE, false)->leakage_W;
    s.chip.temperature_K = 350;
    ck_assert_ok(spn_chip_check(&s.chip, &err));
    const double warm_W = setup_run(&s, SPN_SCHEME_DENSE, false)->leakage_W;
    /* 16 of the transistors themselves; larger drivers for weaker transistors leak too */
    ck_assert(warm_W > 15 * cold_W && warm_W < 30 * cold_W);
    s.chip.vdd_V = 0.6;
    ck_assert(setup_run(&s, SPN_SCHEME_DENSE, false)->leakage_W < warm_W * 0.6 / 0.8);
    int flags = 0;
    for (int i = 0; spn_chip_warning(&s.chip, i, text, sizeof text); i++)
        flags += strstr(text, "(T8)") || strstr(text, "chip.vdd_V");
    ck_assert_int_eq(flags, 2);
    setup_close(&s);
}
END_TEST

START_TEST(a_digital_array_sums_whole_weights)
{
    struct setup s;
    sram_chip(&s, SPN_ARRAY_DIGITAL);
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    /* conv2: 1024 vectors, 8 input bits, 9 positions, 1 row array of 128, 128 outputs */
    ck_assert_rel(setup_actions(r, "conv2", "cim-adder", SPN_PHASE_FORWARD), 1024.0 * 8 * 9 * 128,
                  1e-12);
    ck_assert_rel(setup_actions(r, "conv2", "shift-add", SPN_PHASE_FORWARD), 1024.0 * 8 * 9 * 128,
                  1e-12);
    for (int i = 0; i < r->n_leaves; i++)
        ck_assert(strncmp(r->leaf[i].component, "adc-", 4) != 0);
    /* 8 bits per cycle: one read instead of eight */
    s.chip.input.dac_bits = 8;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert_rel(setup_actions(r, "conv2", "cim-adder", SPN_PHASE_FORWARD), 1024.0 * 9 * 128,
                  1e-12);
    setup_close(&s);
}
END_TEST

/* Charge waits for its converter: a read is driven once for all of its columns. */
START_TEST(charge_is_held)
{
    struct setup s;
    sram_chip(&s, SPN_ARRAY_CHARGE);
    const double together_s = setup_run(&s, SPN_SCHEME_DENSE, false)->inference.latency_s;
    s.chip.adc.selected_only = true;
    ck_assert(setup_run(&s, SPN_SCHEME_DENSE, false)->inference.latency_s == together_s);
    s.chip.array.kind = SPN_ARRAY_CURRENT; /* a current does not */
    const double in_turn_s = setup_run(&s, SPN_SCHEME_DENSE, false)->inference.latency_s;
    s.chip.adc.selected_only = false;
    ck_assert(setup_run(&s, SPN_SCHEME_DENSE, false)->inference.latency_s < in_turn_s);
    setup_close(&s);
}
END_TEST

START_TEST(a_ladder_holds_a_weight)
{
    struct setup s;
    sram_chip(&s, SPN_ARRAY_CHARGE);
    const double tiles = setup_run(&s, SPN_SCHEME_DENSE, false)->n_tiles;
    s.chip.array.kind = SPN_ARRAY_C2C;
    s.chip.weight.encoding = SPN_ENCODING_OFFSET;
    s.chip.weight.cell_bits = 8;
    ck_assert_ok(spn_chip_check(&s.chip, &err));
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert(r->n_tiles < tiles / 4);
    ck_assert_rel(setup_actions(r, "conv2", "adc-sar", SPN_PHASE_FORWARD), 1024.0 * 8 * 9 * 128,
                  1e-12);
    setup_close(&s);
}
END_TEST

/* ---- accuracy ---- */

/* Largest difference between a core's results and the products. */
static double worst_error(const struct problem *p, float *y)
{
    double worst = 0;
    multiply(p, NULL, y);
    for (int v = 0; v < p->n; v++)
        for (int c = 0; c < p->config.n_columns; c++)
            worst = fmax(worst, fabs((double)y[v * p->config.n_columns + c] - plain_sum(p, v, c)));
    return worst;
}

START_TEST(what_can_go_wrong_in_a_kind)
{
    static struct problem p;
    const unsigned all = SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION | SPN_ERROR_DEFECTS |
                         SPN_ERROR_NONLINEARITY | SPN_ERROR_ON_OFF;
    p.chip = base_chip(SPN_ENCODING_TWOS_COMPLEMENT, 8, 1);
    p.chip.device.programming_sd_frac = 0.1;
    p.chip.device.read_noise_frac = 0.05;
    p.chip.device.stuck_on_frac = 0.05;
    fill(&p, 100, 20, 10, 7);
    /* adders are exact, whatever cells do and however few bits a converter would have */
    p.config.errors = all;
    p.chip.adc.bits = 3;
    ck_assert(worst_error(&p, p.y) > 1000);
    p.chip.array.kind = SPN_ARRAY_DIGITAL;
    ck_assert(worst_error(&p, p.y) == 0);
    /* cells that are off leak into a current, but hold no charge */
    p.chip.adc.bits = 14;
    p.config.errors = SPN_ERROR_QUANTIZATION | SPN_ERROR_ON_OFF;
    p.chip.array.kind = SPN_ARRAY_CURRENT;
    ck_assert(worst_error(&p, p.y) > 100);
    p.chip.array.kind = SPN_ARRAY_CHARGE;
    ck_assert(worst_error(&p, p.y) == 0);
    /* a coarse converter shows in both */
    p.chip.adc.bits = 3;
    ck_assert(worst_error(&p, p.y) > 1000);
}
END_TEST

START_TEST(what_a_kind_asks_for)
{
    struct setup s;
    const struct spn_estimate_options training = {.scheme = SPN_SCHEME_DENSE, .training = true};
    sram_chip(&s, SPN_ARRAY_DIGITAL);
    ck_assert_fails(spn_estimate(s.plan, &s.chip, &training, s.work, &s.result, &err),
                    SPN_EINFEASIBLE, "transposed");
    struct spn_chip chip = s.chip;
    chip.weight.encoding = SPN_ENCODING_DIFFERENTIAL;
    ck_assert_fails(spn_chip_check(&chip, &err), SPN_EINPUT, "chip.weight.encoding");
    chip = s.chip;
    chip.input.pulse_s = 1e-9;
    ck_assert_fails(spn_chip_check(&chip, &err), SPN_EINPUT, "chip.input.pulse_s");
    chip = s.chip;
    chip.weight.cell_bits = 2;
    ck_assert_fails(spn_chip_check(&chip, &err), SPN_EINPUT, "chip.weight.cell_bits");
    chip = s.chip;
    chip.vdd_V = 2;
    ck_assert_fails(spn_chip_check(&chip, &err), SPN_EINPUT, "chip.vdd_V = 2");
    chip = s.chip;
    ck_assert_ok(spn_device_load(&chip.device, "rram-22nm", &err));
    ck_assert_fails(spn_chip_check(&chip, &err), SPN_EINPUT, "works with an SRAM cell");
    setup_close(&s);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("cim");
    TCase *tcase = tcase_create("cim");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, shared_charge);
    tcase_add_test(tcase, ladder);
    tcase_add_test(tcase, capacitors_take_room);
    tcase_add_test(tcase, sum_of_four_products);
    tcase_add_test(tcase, cells_of_least_size);
    tcase_add_test(tcase, xnor_products);
    tcase_add_test(tcase, beside_digital_silicon);
    tcase_add_test(tcase, sums_toggle_as_counted);
    tcase_add_test(tcase, wide_operands);
    tcase_add_test(tcase, pass_transistors_swing_less);
    tcase_add_test(tcase, digital_lines);
    tcase_add_test(tcase, energy_goes_with_the_square_of_the_supply);
    tcase_add_test(tcase, leakage_by_temperature);
    tcase_add_test(tcase, a_digital_array_sums_whole_weights);
    tcase_add_test(tcase, charge_is_held);
    tcase_add_test(tcase, a_ladder_holds_a_weight);
    tcase_add_test(tcase, what_can_go_wrong_in_a_kind);
    tcase_add_test(tcase, what_a_kind_asks_for);
    suite_add_tcase(suite, tcase);
    return suite;
}
