/* check_adc_kinds.c -- converters that count, converters of voltages, the survey's bound.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>

#include "models/adc.h"
#include "base/json.h"
#include "models/capacitor.h"
#include "models/dac_pwm.h"
#include "tests/estimate_setup.h"

static struct spn_node node;
static struct spn_env env;
static struct spn_err err;
static struct spn_logic logic;

static void setup(void)
{
    const char *srcdir = getenv("srcdir");
    setenv("SPINDLE_DATA", srcdir ? srcdir : ".", 0);
    ck_assert_ok(spn_node_load(&node, "32nm-lstp", &err));
    env = (struct spn_env){&node, 300, 1e9};
    spn_logic_init(&logic, &env);
}

/* 4 bits, a voltage of up to the supply, half of it on average. */
static struct spn_adc voltage(void)
{
    struct spn_adc adc = spn_adc_default();
    adc.bits = 4;
    adc.voltage = 1;
    adc.mean_frac = 0.5;
    adc.read_voltage_V = 0.9;
    return adc;
}

static struct spn_cost convert(const struct spn_component_type *type, const struct spn_adc *adc)
{
    struct spn_component_cost cost;
    ck_assert_ok(type->eval(adc, &env, &cost, &err));
    return cost.action[SPN_ADC_CONVERT];
}

static double latch_s(double steps)
{
    const struct spn_gate inverter = spn_gate_min_inverter(&env);
    const double drain_F = spn_gate_inverter(&env, 64e-9, 0).output_F;
    const double node_F = 2 * inverter.input_F + inverter.output_F + drain_F;
    /* both transistors, 64 nm and 1.5005 times that, over Vdd - Vth */
    const double gm_S = (600.2 * 64e-9 + 400 * 64e-9 * node.pn_ratio) / (0.9 - 0.442034);
    return node_F / gm_S * log(2 * steps);
}

START_TEST(flash_on_voltages)
{
    struct spn_adc adc = voltage();
    const struct spn_adc_latch k = spn_adc_latch(&adc, &env);
    /* half a step is a 32nd of the supply */
    ck_assert_rel(spn_adc_latch_s(&k, &adc, &env), latch_s(16), 1e-9);
    const double fast_s = convert(&spn_component_adc_flash_voltage, &adc).latency_s;
    const double fast_J = convert(&spn_component_adc_flash_voltage, &adc).energy_J;
    ck_assert(fast_J > 15 * 4 * k.node_F * 0.81);
    /* a current of 10 uA at full scale first discharges 20 fF by half of 0.9 V: ln 2 x 1.8 ns; the
     * latch then starts from half as much, ln 2 time constants longer, as does its reset */
    adc.voltage = 0;
    adc.column_full_A = 10e-6;
    adc.column_mean_A = 5e-6;
    adc.column_F = 20e-15;
    const struct spn_cost slow = convert(&spn_component_adc_flash_voltage, &adc);
    ck_assert_rel(slow.latency_s - fast_s, log(2) * 1.8e-9 + 2 * (latch_s(32) - latch_s(16)), 1e-6);
}
END_TEST

/* Energy from the reference, in units of C V^2, that a converter of b bits takes for the input u
 * (of full scale), capacitor by capacitor: bottom plates at the reference give what their charge
 * grows by; the top plate floats. */
static double switching_of(int bits, double u)
{
    const int n = 1 << bits;
    double on = 0, top = -u, sum = 0; /* capacitance at the reference, voltage of the top plate */
    for (int i = bits - 1; i >= 0; i--) {
        const double c = 1 << i, back = i + 1 < bits && top > 0 ? 2 * c : 0;
        const double kept = on - back, next = top + (c - back) / n;
        sum += kept * (top - next) + c * (1 - next + top);
        on = kept + c;
        top = next;
    }
    return sum;
}

/* A51-A54 at 32 nm, 6 bits, 0.9 V, half of full scale: 64 units of 1 fF (noise asks for 64 x 1.6
 * aF, matching for 0.23 fF each). */
START_TEST(capacitor_dac)
{
    struct spn_adc adc = voltage();
    adc.bits = 6;
    double mean = 0;
    for (int code = 0; code < 64; code++)
        mean += switching_of(6, (code + 0.5) / 64) / 64;
    struct spn_logic cells;
    spn_logic_init(&cells, &env);
    const struct spn_adc_latch k = spn_adc_latch(&adc, &env);
    /* 48 kT/(V/2^b)^2 is 1.005 fF, above the 0.77 fF of the least latch */
    const double node_F = 48 * 1.380649e-23 * 300 / (0.9 / 64 * 0.9 / 64);
    ck_assert(k.node_F < node_F);
    const double want_J = 1e-15 * 0.81 * (mean + 0.5 * 64) + 6 * 4 * node_F * 0.81 +
                          7 * (14 * cells.flip_flop_clock_J + 3.5 * cells.flip_flop.toggle_J);
    const struct spn_cost c = convert(&spn_component_adc_sar_cdac, &adc);
    ck_assert_rel(mean, 41.671875, 1e-9); /* 2^6 (1 - 2^-6 - (1 - 4^-6)/3) */
    ck_assert_rel(c.energy_J, want_J, 1e-9);
    ck_assert_rel(c.latency_s, 7 * (cells.flip_flop.delay_s + 4 * latch_s(64)), 1e-9);
    adc.cycle_s = 1e-9;
    ck_assert_rel(convert(&spn_component_adc_sar_cdac, &adc).latency_s, 7e-9, 1e-12);
    /* 10 bits: matching asks for 3.69 fF, 1024 of which take most of the energy */
    adc.bits = 10;
    ck_assert(convert(&spn_component_adc_sar_cdac, &adc).energy_J > 3.69e-15 * 0.81 * 681.7);
}
END_TEST

static double number(const struct spn_json_at *at, const char *key)
{
    const struct spn_json_at item = spn_json_get(at, key);
    double x = NAN;
    ck_assert_msg(spn_json_number(&item, &x), "no number '%s'", key);
    return x;
}

/* Time per column capacitance of a column of high resistance: we take ln 2 RC, the published fits
 * of voltage-mode sense amplifiers 0.81 to 1.36 RC. */
START_TEST(develops_as_published)
{
    if (!spn_test_data())
        return;
    struct spn_json *doc;
    char path[SPN_MAX_PATH];
    int n = 0;
    snprintf(path, sizeof path, "%s/golden/neurosim/adc-curves.json", spn_test_data());
    ck_assert_ok(spn_json_load(&doc, path, &err));
    const struct spn_json_at root = spn_json_root(doc), curves = spn_json_get(&root, "curves");
    for (size_t i = 0; i < spn_json_size(&curves); i++) {
        const struct spn_json_at curve = spn_json_item(&curves, i);
        if (number(&curve, "currentMode") > 0)
            continue;
        const struct spn_json_at points = spn_json_get(&curve, "points");
        const struct spn_json_at last = spn_json_item(&points, spn_json_size(&points) - 1);
        const double theirs_ohm =
            (number(&last, "mlsa_latency_s_ccol20fF") - number(&last, "mlsa_latency_s_ccol5fF")) /
            15e-15;
        struct spn_adc adc = voltage();
        adc.voltage = 0;
        adc.read_voltage_V = number(&curve, "readVoltage");
        adc.column_full_A = adc.read_voltage_V / number(&last, "R_ohm");
        adc.column_F = 5e-15;
        double ours_s = convert(&spn_component_adc_flash_voltage, &adc).latency_s;
        adc.column_F = 20e-15;
        ours_s = convert(&spn_component_adc_flash_voltage, &adc).latency_s - ours_s;
        const double ratio = ours_s / 15e-15 / theirs_ohm;
        ck_assert_msg(ratio > 0.5 && ratio < 0.9, "%g nm: %g", number(&curve, "technode"), ratio);
        n++;
    }
    ck_assert_int_gt(n, 10);
    spn_json_destroy(doc);
}
END_TEST

START_TEST(ramp)
{
    struct spn_adc adc = voltage();
    const struct spn_adc_latch k = spn_adc_latch(&adc, &env);
    /* 16 clocks of 1 ns; on average 0.5 x 15 + 1 = 8.5 comparisons and counts */
    const double step_J =
        4 * k.node_F * 0.81 + 2 * (logic.flip_flop_clock_J + logic.flip_flop.toggle_J);
    const double hold_J = 4 * (logic.flip_flop_clock_J + logic.flip_flop.toggle_J / 2);
    struct spn_cost c = convert(&spn_component_adc_ramp, &adc);
    ck_assert_rel(c.latency_s, 16e-9, 1e-12);
    ck_assert_rel(c.energy_J, 8.5 * step_J + hold_J, 1e-9);
    adc.cycle_s = 300e-12;
    ck_assert_rel(convert(&spn_component_adc_ramp, &adc).latency_s, 4.8e-9, 1e-12);
    adc.cycle_s = 1e-15; /* as fast as the latch decides and is reset */
    ck_assert_rel(convert(&spn_component_adc_ramp, &adc).latency_s, 16 * 2 * latch_s(16), 1e-9);
    /* a current settles in a mirror first, whose copies conduct */
    adc = voltage();
    adc.voltage = 0;
    adc.column_full_A = 10e-6;
    adc.column_mean_A = 5e-6;
    c = convert(&spn_component_adc_ramp, &adc);
    ck_assert(c.latency_s > 16e-9 && c.energy_J > 8.5 * step_J + hold_J);
}
END_TEST

START_TEST(oscillator)
{
    struct spn_adc adc = voltage();
    adc.bits = 8;
    adc.voltage = 0;
    adc.column_full_A = 10e-6;
    adc.column_mean_A = 5e-6;
    const double full_s = 256 * 6 * logic.inverter.delay_s;
    const double ready_s =
        convert(&spn_component_adc_cco, &adc).latency_s - full_s; /* mirror, counter */
    ck_assert(ready_s > 0 && ready_s < 1e-9);
    /* 128 periods of 6 toggles, and what they count */
    const double hold_J = 8 * (logic.flip_flop_clock_J + logic.flip_flop.toggle_J / 2);
    ck_assert_rel(convert(&spn_component_adc_cco, &adc).energy_J,
                  128 * (6 * logic.inverter.toggle_J +
                         2 * (logic.flip_flop_clock_J + logic.flip_flop.toggle_J)) +
                      hold_J,
                  1e-9);
    adc.cycle_s = 300e-12; /* 76.8 ns, of which pulses of 50 ns are part; or all of it */
    adc.pulses_s = 50e-9;
    ck_assert_rel(convert(&spn_component_adc_cco, &adc).latency_s, 26.8e-9 + ready_s, 1e-9);
    adc.pulses_s = 127.5e-9;
    ck_assert_rel(convert(&spn_component_adc_cco, &adc).latency_s, ready_s, 1e-6);
    adc.mean_frac = 0; /* no current: nothing turns */
    ck_assert_rel(convert(&spn_component_adc_cco, &adc).energy_J, hold_J, 1e-12);
}
END_TEST

START_TEST(time_domain)
{
    struct spn_adc adc = voltage();
    adc.bits = 8;
    adc.cycle_s = 100e-12;
    const struct spn_cost encoder = spn_logic_priority_encoder(&logic, 16, 0.5);
    ck_assert_rel(convert(&spn_component_adc_tdc, &adc).latency_s,
                  25.6e-9 + logic.flip_flop.delay_s + encoder.latency_s, 1e-9);
    /* 128 codes: gates with a flip-flop's input, an eighth of a count; 16 + 2 x 4 flip-flops
     * sampled; 48 kT/(0.9 V/256)^2 = 16.1 fF to half of 0.9 V; a comparator of C/100 ps x 0.1 V */
    const struct spn_gate least = spn_gate_min_inverter(&env);
    const double load =
        1 + logic.flip_flop.input_F / (logic.inverter.input_F + logic.inverter.output_F);
    const double count_J = 2 * (logic.flip_flop_clock_J + logic.flip_flop.toggle_J);
    const double hold_F = 48 * 1.380649e-23 * 300 / pow(0.9 / 256, 2);
    const double amplifier_A = (least.input_F + least.output_F) / 100e-12 * 0.1;
    ck_assert_rel(convert(&spn_component_adc_tdc, &adc).energy_J,
                  128 * (logic.inverter.toggle_J * load + count_J / 16) +
                      24 * (logic.flip_flop_clock_J + logic.flip_flop.toggle_J / 2) +
                      encoder.energy_J + hold_F * 0.81 / 2 + amplifier_A * 0.9 * 12.8e-9,
                  1e-6);
    /* a current is integrated for as long before, or while the inputs are pulses */
    adc.voltage = 0;
    adc.column_full_A = 10e-6;
    const double long_s = convert(&spn_component_adc_tdc, &adc).latency_s;
    adc.pulses_s = 25.6e-9;
    ck_assert_rel(long_s - convert(&spn_component_adc_tdc, &adc).latency_s, 25.6e-9, 1e-9);
}
END_TEST

START_TEST(bound)
{
    struct spn_adc adc = voltage();
    struct spn_component_cost cost;
    ck_assert_ok(spn_node_load(&node, "65nm-lstp", &err));
    env.clock_Hz = 9e6; /* 8 bits at 1 MS/s: 10^(-7.013 + 2.392 + 3.564188 + 1.902 - 0.68) pJ */
    adc.bits = 8;
    ck_assert_ok(spn_component_adc_bound.eval(&adc, &env, &cost, &err));
    ck_assert_rel(cost.action[0].energy_J, 1.46281e-12, 1e-5);
    ck_assert_rel(cost.action[0].latency_s, 1e-6, 1e-12);
    /* 10^(2.473 + 1.256 + 1.307111 - 0.51 - 0.39) um2 */
    ck_assert_rel(cost.area_m2, 13680.7e-12, 1e-4);
    ck_assert_ptr_nonnull(spn_component_adc_bound.bound);
    ck_assert(spn_component_adc_sar.bound == NULL);
    adc.bits = 11;
    ck_assert_fails(spn_component_adc_bound.eval(&adc, &env, &cost, &err), SPN_EINPUT,
                    "adc-bound.bits = 11");
}
END_TEST

START_TEST(what_a_converter_takes)
{
    struct spn_adc adc = voltage();
    struct spn_component_cost cost;
    ck_assert_fails(spn_component_adc_flash.eval(&adc, &env, &cost, &err), SPN_EINPUT,
                    "adc-flash takes a current, the array gives a voltage");
    ck_assert_fails(spn_component_adc_cco.eval(&adc, &env, &cost, &err), SPN_EINPUT, "adc-cco");
    adc.voltage = 0;
    ck_assert_fails(spn_component_adc_ramp.eval(&adc, &env, &cost, &err), SPN_EINPUT,
                    "adc-ramp.column_full_A = 0");
}
END_TEST

/* 4 bits: half of 15 counts, and the load of 4 flip-flops, over what the switches take. */
START_TEST(pulses)
{
    struct spn_dac_pwm p;
    struct spn_component_cost cost, lines;
    spn_component_dac_pwm.example(&p);
    p.bits = 4;
    ck_assert_ok(spn_component_dac_pwm.eval(&p, &env, &cost, &err));
    ck_assert_ok(spn_component_switch_matrix.eval(&p.switches, &env, &lines, &err));
    const double count_J = 2 * (logic.flip_flop_clock_J + logic.flip_flop.toggle_J);
    ck_assert_rel(cost.action[0].energy_J - lines.action[0].energy_J,
                  7.5 * count_J + 4 * (logic.flip_flop_clock_J + logic.flip_flop.toggle_J / 2),
                  1e-9);
    ck_assert_rel(cost.area_m2 - lines.area_m2, p.switches.n_lines * 4 * logic.flip_flop.area_m2,
                  1e-9);
    ck_assert(cost.action[0].latency_s == lines.action[0].latency_s);
    p.switches.voltage_V = 0;
    ck_assert_fails(spn_component_dac_pwm.eval(&p, &env, &cost, &err), SPN_EINPUT, "voltage_V");
}
END_TEST

/* What drives the rows follows from how inputs come. */
START_TEST(inputs_on_a_chip)
{
    static const struct {
        int bits;
        double pulse_s;
        const char *driver;
    } cases[] = {{1, 0, "switch-matrix"},
                 {1, 1e-9, "switch-matrix"},
                 {4, 0, "dac-r2r"},
                 {4, 1e-9, "dac-pwm"}};
    struct setup s;
    setup_open(&s, "vgg8", "neurosim-22nm");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        s.chip.input.dac_bits = cases[i].bits;
        s.chip.input.pulse_s = cases[i].pulse_s;
        const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
        /* 1024 vectors, 8 bits, 9 positions of 128 rows, 8 arrays across; less the padding, which
         * 2 of 96 kernel rows and columns see: only ladders hold their lines at 0 too */
        const bool ladder = strcmp(cases[i].driver, "dac-r2r") == 0;
        ck_assert_rel(setup_actions(r, "conv2", cases[i].driver, SPN_PHASE_FORWARD),
                      1024.0 * 8 / cases[i].bits * 9 * 128 * 8 * (ladder ? 1 : 94 * 94 / 9216.0),
                      1e-12);
    }
    setup_close(&s);
}
END_TEST

/* Every kind of role "adc" on a chip: conversions counted, more codes never cheaper. */
START_TEST(all_kinds_on_a_chip)
{
    struct setup s;
    int n = 0;
    setup_open(&s, "vgg8", "neurosim-22nm");
    for (const struct spn_component_type *const *t = spn_components; *t; t++) {
        if (strcmp((*t)->role, "adc") != 0)
            continue;
        snprintf(s.chip.adc.kind, sizeof s.chip.adc.kind, "%s", (*t)->name);
        const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
        /* as in E5: 1024 vectors, 8 bits, 9 positions, 128 outputs of 8 digits */
        ck_assert_rel(setup_actions(r, "conv2", (*t)->name, SPN_PHASE_FORWARD),
                      1024.0 * 8 * 9 * 128 * 8, 1e-12);
        n++;
    }
    ck_assert_int_ge(n, 7);
    setup_close(&s);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("adc kinds");
    TCase *tcase = tcase_create("adc kinds");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, flash_on_voltages);
    tcase_add_test(tcase, develops_as_published);
    tcase_add_test(tcase, capacitor_dac);
    tcase_add_test(tcase, ramp);
    tcase_add_test(tcase, oscillator);
    tcase_add_test(tcase, time_domain);
    tcase_add_test(tcase, bound);
    tcase_add_test(tcase, what_a_converter_takes);
    tcase_add_test(tcase, pulses);
    tcase_add_test(tcase, inputs_on_a_chip);
    tcase_add_test(tcase, all_kinds_on_a_chip);
    suite_add_tcase(suite, tcase);
    return suite;
}
