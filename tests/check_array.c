/* check_array.c -- the cell array and its lines: hand-worked energies, scaling, writes, bad
 * parameters.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/array.h"
#include "models/decoder.h"
#include "models/driver.h"
#include "models/gate.h"
#include "models/level_shifter.h"
#include "models/mux.h"
#include "models/pulse.h"
#include "tech/node.h"
#include "tests/check.h"

static struct spn_node node;
static struct spn_env env;
static struct spn_err err;

static void setup(void)
{
    ck_assert_ok(spn_node_load(&node, "32nm-lstp", &err));
    env = (struct spn_env){&node, 300, 1e9};
}

static struct spn_array example(void)
{
    struct spn_array a;
    spn_component_array.example(&a);
    return a;
}

static struct spn_component_cost eval(const struct spn_array *a)
{
    struct spn_component_cost cost;
    ck_assert_ok(spn_component_array.eval(a, &env, &cost, &err));
    return cost;
}

START_TEST(lines)
{
    const struct spn_array a = example();
    const struct spn_array_lines l = spn_array_lines(&a, &env);
    /* 64 masked cells of 8 F x 4 F */
    ck_assert_rel(l.data.length_m, 64 * 8 * 32e-9, 1e-12);
    ck_assert_rel(l.column.length_m, 64 * 4 * 32e-9, 1e-12);
    ck_assert_rel(l.data.ohm, node.wire_ohm_per_m * l.data.length_m, 1e-12);
    const double drain = spn_gate_drain_F(&env, SPN_CHANNEL_N, 64e-9),
                 gate = spn_gate_input_F(&env, 64e-9);
    ck_assert_rel(l.data.F, 2e-10 * l.data.length_m + 64 * drain, 1e-12);
    ck_assert_rel(l.column.F, 2e-10 * l.column.length_m + 64 * drain, 1e-12);
    ck_assert_rel(l.gate.F, 2e-10 * l.data.length_m + 64 * gate, 1e-12);
    ck_assert_rel(eval(&a).area_m2, 64 * 64 * 32 * 32e-9 * 32e-9, 1e-12);
}
END_TEST

START_TEST(read)
{
    struct spn_array a = example();
    a.read_time_s = 20e-9;
    const struct spn_array_lines l = spn_array_lines(&a, &env);
    const double got = eval(&a).action[SPN_ARRAY_READ].energy_J;
    /* cells 64 * 64 * 0.25 * (0.5 V)^2 * 1 uS * 20 ns = 5.12 pJ, and the lines */
    const double cells = 64 * 64 * 0.25 * 0.25 * 1e-6 * 20e-9;
    const double charge = 16 * l.data.F * 0.25 + 16 * l.gate.F * 1.21 + 64 * l.column.F * 0.25;
    ck_assert_rel(cells, 5.12e-12, 1e-12);
    ck_assert_rel(got, cells + charge, 1e-12);
    /* the cells' part goes with V^2: with lines that follow too, all of it but the gates */
    struct spn_array twice = a;
    twice.read_voltage_V = 1;
    const double gates = 16 * l.gate.F * 1.21;
    ck_assert_rel(eval(&twice).action[SPN_ARRAY_READ].energy_J - gates, 4 * (got - gates), 1e-12);
    /* pruned away: only lines are left */
    struct spn_array empty = a;
    empty.cell_mean_S = empty.cell_mean_square_S2 = 0;
    ck_assert_rel(eval(&empty).action[SPN_ARRAY_READ].energy_J, charge, 1e-12);
    /* nothing driven: only the columns' precharge */
    struct spn_array idle = a;
    idle.input_mean = idle.input_mean_square = 0;
    ck_assert_rel(eval(&idle).action[SPN_ARRAY_READ].energy_J, 64 * l.column.F * 0.25, 1e-12);
    /* half the rows: half of what goes with rows */
    struct spn_array half = a;
    half.rows_read = 32;
    ck_assert_rel(eval(&half).action[SPN_ARRAY_READ].energy_J,
                  (cells + charge - 64 * l.column.F * 0.25) / 2 + 64 * l.column.F * 0.25, 1e-12);
}
END_TEST

START_TEST(settling)
{
    struct spn_array a = example();
    const struct spn_array_lines l = spn_array_lines(&a, &env);
    /* 64 rows * 0.25 * 1 uS = 16 uS drive the column; 6 ln 2 time constants for 5 bits */
    const double tau =
        l.data.ohm * l.data.F / 2 + l.column.F / 16e-6 + l.column.ohm * l.column.F / 2;
    ck_assert_rel(spn_array_settle_s(&a, &env), 6 * log(2) * tau, 1e-12);
    a.settle_bits = 11;
    ck_assert_rel(spn_array_settle_s(&a, &env), 12 * log(2) * tau, 1e-12);
    /* an empty column still has one cell that may be on */
    a.cell_mean_S = 0;
    const double slow =
        l.data.ohm * l.data.F / 2 + l.column.F / 6e-6 + l.column.ohm * l.column.F / 2;
    ck_assert_rel(spn_array_settle_s(&a, &env), 12 * log(2) * slow, 1e-12);
    a.column_load_F = 5e-15;
    ck_assert_rel(spn_array_settle_s(&a, &env),
                  12 * log(2) * (slow + 5e-15 / 6e-6 + l.column.ohm * 5e-15), 1e-12);
    /* a clamp at 0.5 V below 1 V: 2 x 0.5 V/0.2 V = 5 times the cells' conductance beside them */
    a.read_supply_V = 1;
    const double wires_s = l.data.ohm * l.data.F / 2 + l.column.ohm * (l.column.F / 2 + 5e-15);
    ck_assert_rel(spn_array_settle_s(&a, &env),
                  12 * log(2) * (wires_s + (l.column.F + 5e-15) / 36e-6), 1e-12);
}
END_TEST

START_TEST(column_current)
{
    const struct spn_array a = example();
    const struct spn_array_current i = spn_array_column_current(&a);
    ck_assert_rel(i.mean_A, 64 * 0.5 * 0.25 * 1e-6, 1e-12);
    /* variance of one row: 0.25 (0.25 * 3e-12 - (0.25e-6)^2) V^2 */
    ck_assert_rel(i.sd_A, 0.5 * sqrt(64 * (0.25 * 3e-12 - 0.0625e-12)), 1e-12);
    ck_assert_rel(i.full_A, 64 * 0.5 * 6e-6, 1e-12);
}
END_TEST

START_TEST(writes)
{
    struct spn_array a = example();
    const struct spn_array_lines l = spn_array_lines(&a, &env);
    const struct spn_component_cost c = eval(&a);
    /* 2Pr A V/16: 0.34 C/m2 * 2 (32 nm)^2 * 4 V / 16 levels */
    const double cell = 0.34 * 2 * 32e-9 * 32e-9 * 4 / 16;
    const double inhibit = l.column.F * 2 * 2;
    ck_assert_rel(c.action[SPN_ARRAY_WRITE_CELL].energy_J, l.gate.F * 16 + 63 * inhibit + cell,
                  1e-12);
    ck_assert_rel(c.action[SPN_ARRAY_WRITE_ROW].energy_J, l.gate.F * 16 + 32 * inhibit + 32 * cell,
                  1e-12);
    ck_assert_rel(c.action[SPN_ARRAY_WRITE_VECTOR].energy_J,
                  64 * l.gate.F * 16 + 63 * inhibit + 6.4 * cell, 1e-12);
    /* a row at a time is cheaper than its cells one by one, a column at a time likewise */
    ck_assert(c.action[SPN_ARRAY_WRITE_ROW].energy_J <
              32 * c.action[SPN_ARRAY_WRITE_CELL].energy_J);
    ck_assert(c.action[SPN_ARRAY_WRITE_VECTOR].energy_J <
              64 * c.action[SPN_ARRAY_WRITE_CELL].energy_J);
    for (int i = SPN_ARRAY_WRITE_CELL; i <= SPN_ARRAY_WRITE_MASK; i++)
        ck_assert(c.action[i].latency_s > 50e-9 && c.action[i].latency_s < 51e-9);
    /* fewer kept cells, less energy, the same time */
    a.vector_pulse_frac = 0;
    ck_assert_rel(eval(&a).action[SPN_ARRAY_WRITE_VECTOR].energy_J,
                  c.action[SPN_ARRAY_WRITE_VECTOR].energy_J - 6.4 * cell, 1e-12);
    a.masked = false;
    ck_assert(eval(&a).action[SPN_ARRAY_WRITE_MASK].energy_J == 0);
    ck_assert(eval(&a).area_m2 < c.area_m2);
}
END_TEST

START_TEST(resistive_and_sram)
{
    struct spn_array a = example();
    a.masked = false;
    a.device.cell = SPN_CELL_1T1R;
    a.device.write_charge_C_per_m2 = 0;
    a.device.write_current_A = 100e-6;
    const struct spn_array_lines l = spn_array_lines(&a, &env);
    /* selector gates of the row, V^2 on one column, 4 V * 100 uA * 50 ns in the cell */
    ck_assert_rel(eval(&a).action[SPN_ARRAY_WRITE_CELL].energy_J,
                  l.gate.F * 1.21 + l.column.F * 16 + 4 * 100e-6 * 50e-9, 1e-12);
    ck_assert(eval(&a).leakage_W == 0);
    a.device.cell = SPN_CELL_CROSSBAR; /* half-selected cells conduct (V/2)^2 G t */
    ck_assert(eval(&a).action[SPN_ARRAY_WRITE_CELL].energy_J > 126 * 4 * 1e-6 * 50e-9);
    a.device.cell = SPN_CELL_SRAM;
    a.device.standby_leakage_A = 1e-11;
    ck_assert_rel(eval(&a).leakage_W, 64 * 64 * 1e-11 * node.vdd_V, 1e-12);
    env.temperature_K = 350;
    ck_assert(eval(&a).leakage_W > 64 * 64 * 1e-11 * node.vdd_V * 2);
}
END_TEST

START_TEST(array_errors)
{
    struct spn_component_cost cost;
    struct spn_array a = example();
    a.rows_read = 65;
    ck_assert_fails(spn_component_array.eval(&a, &env, &cost, &err), SPN_EINPUT,
                    "rows_read = 65 is above array.rows = 64");
    a = example();
    a.device.mask.present = false;
    ck_assert_fails(spn_component_array.eval(&a, &env, &cost, &err), SPN_EINPUT, "no mask");
    a = example();
    a.device.on_conductance_S = 0;
    ck_assert_fails(spn_component_array.eval(&a, &env, &cost, &err), SPN_EINPUT, "on-conductance");
    a = example();
    a.rows = 0;
    ck_assert_fails(spn_component_array.eval(&a, &env, &cost, &err), SPN_EINPUT,
                    "array.rows = 0 outside [1, 65536]");
}
END_TEST

START_TEST(drivers)
{
    struct spn_driver d;
    struct spn_component_cost weak, strong;
    spn_component_driver_wordline.example(&d);
    d.current_A = 0;
    ck_assert_ok(spn_component_driver_wordline.eval(&d, &env, &weak, &err));
    d.current_A = 200e-6; /* 5 % of 0.9 V at 200 uA: 225 ohm */
    ck_assert_ok(spn_component_driver_wordline.eval(&d, &env, &strong, &err));
    ck_assert(strong.area_m2 > 2 * weak.area_m2);
    ck_assert(strong.action[0].energy_J > 2 * weak.action[0].energy_J);

    struct spn_switch_matrix m;
    struct spn_component_cost still, busy;
    spn_component_switch_matrix.example(&m);
    m.toggle_frac = 0;
    ck_assert_ok(spn_component_switch_matrix.eval(&m, &env, &still, &err));
    m.toggle_frac = 1;
    ck_assert_ok(spn_component_switch_matrix.eval(&m, &env, &busy, &err));
    ck_assert(busy.action[0].energy_J > still.action[0].energy_J && still.action[0].energy_J > 0);
    m.voltage_V = 2;
    ck_assert_fails(spn_component_switch_matrix.eval(&m, &env, &still, &err), SPN_EINFEASIBLE,
                    "voltage_V = 2 V is above the supply");

    struct spn_level_shifter s;
    struct spn_component_cost shift;
    spn_component_level_shifter.example(&s);
    ck_assert_ok(spn_component_level_shifter.eval(&s, &env, &shift, &err));
    ck_assert(shift.area_m2 > 0 && shift.action[0].latency_s <= 1.1 * s.rise_s);
    s.high_V = 0.9;
    ck_assert_ok(spn_component_level_shifter.eval(&s, &env, &shift, &err));
    ck_assert(shift.area_m2 == 0 && shift.action[0].energy_J == 0);
}
END_TEST

START_TEST(mux_and_decoder)
{
    struct spn_mux m;
    struct spn_component_cost c;
    spn_component_mux.example(&m);
    const double one = spn_mux_column_F(&m, &env);
    m.columns_per_output = 1;
    ck_assert_ok(spn_component_mux.eval(&m, &env, &c, &err));
    ck_assert(c.area_m2 == 0 && c.action[0].energy_J == 0); /* a wire */
    ck_assert(spn_mux_column_F(&m, &env) < one);
    m.columns_per_output = 65;
    ck_assert_fails(spn_component_mux.eval(&m, &env, &c, &err), SPN_EINPUT,
                    "columns_per_output = 65");
    /* 64 columns by 8: 8 outputs */
    m.columns_per_output = 8;
    const double eight = spn_mux_select_F(&m, &env);
    m.columns = 128;
    ck_assert_rel(spn_mux_select_F(&m, &env), 2 * eight, 1e-12);

    struct spn_decoder d;
    spn_component_decoder.example(&d);
    double last_J = 0, last_s = 0;
    for (d.n_lines = 1; d.n_lines <= 4096; d.n_lines *= 4) {
        ck_assert_ok(spn_component_decoder.eval(&d, &env, &c, &err));
        ck_assert(c.action[0].energy_J > last_J && c.action[0].latency_s > last_s);
        last_J = c.action[0].energy_J;
        last_s = c.action[0].latency_s;
    }
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("array");
    TCase *tcase = tcase_create("array");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, lines);
    tcase_add_test(tcase, read);
    tcase_add_test(tcase, settling);
    tcase_add_test(tcase, column_current);
    tcase_add_test(tcase, writes);
    tcase_add_test(tcase, resistive_and_sram);
    tcase_add_test(tcase, array_errors);
    tcase_add_test(tcase, drivers);
    tcase_add_test(tcase, mux_and_decoder);
    suite_add_tcase(suite, tcase);
    return suite;
}
