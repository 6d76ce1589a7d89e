/* check_adc.c -- converters: published coefficients and curves, scaling, hand-worked parts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "base/json.h"
#include "models/adc.h"
#include "models/dac.h"
#include "models/gate.h"
#include "models/sample_hold.h"
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

static struct spn_adc example(void)
{
    struct spn_adc adc;
    spn_adc_example(&adc);
    return adc;
}

static struct spn_cost convert(const struct spn_component_type *type, const struct spn_adc *adc)
{
    struct spn_component_cost cost;
    ck_assert_ok(type->eval(adc, &env, &cost, &err));
    return cost.action[SPN_ADC_CONVERT];
}

/* [M:W7-W8] 5 bits, 6 cycles. At 3 ns a cycle the switching charge stays, the column current flows
 * three times as long, or for one cycle in six. */
START_TEST(a_converters_own_clock)
{
    struct spn_adc adc = example();
    const double fast_J = convert(&spn_component_adc_sar, &adc).energy_J;
    adc.column_mean_A = 0;
    const double switching_J = convert(&spn_component_adc_sar, &adc).energy_J;
    adc = example();
    adc.cycle_s = 3e-9;
    ck_assert_rel(convert(&spn_component_adc_sar, &adc).latency_s, 18e-9, 1e-12);
    ck_assert_rel(convert(&spn_component_adc_sar, &adc).energy_J,
                  switching_J + 3 * (fast_J - switching_J), 1e-12);
    adc.branch_frac = 1.0 / 6;
    ck_assert_rel(convert(&spn_component_adc_sar, &adc).energy_J,
                  switching_J + 0.5 * (fast_J - switching_J), 1e-12);
    const double flash_s = convert(&spn_component_adc_flash, &adc).latency_s;
    ck_assert_rel(flash_s, 3e-9, 1e-12); /* it would do in less */
}
END_TEST

/* [M:A29] A follower of 100 uA: from 0.9 V for settling and holding, 12 ns: 1.08 pJ, and more than
 * settling alone asks for. */
START_TEST(a_follower_carries_its_load)
{
    struct spn_dac d;
    struct spn_component_cost free, loaded;
    spn_component_dac.example(&d);
    ck_assert_ok(spn_component_dac.eval(&d, &env, &free, &err));
    d.load_A = 1e-3;
    ck_assert_ok(spn_component_dac.eval(&d, &env, &loaded, &err));
    d.load_A = 1.1e-3;
    const double before_J = loaded.action[SPN_DAC_CONVERT].energy_J;
    ck_assert_ok(spn_component_dac.eval(&d, &env, &loaded, &err));
    ck_assert(before_J > free.action[SPN_DAC_CONVERT].energy_J);
    ck_assert(fabs(loaded.action[SPN_DAC_CONVERT].energy_J - before_J - 1e-4 * 0.9 * 12e-9) <
              0.02 * 1e-4 * 0.9 * 12e-9);
}
END_TEST

START_TEST(sar)
{
    struct spn_adc adc = example();
    adc.column_mean_A = 0;
    /* (1.1294 * 5 + 8.8998) uW * 6 ns */
    ck_assert_rel(convert(&spn_component_adc_sar, &adc).energy_J, 14.5468e-6 * 6e-9, 1e-12);
    ck_assert_rel(convert(&spn_component_adc_sar, &adc).latency_s, 6e-9, 1e-12);
    adc.bits = 8;
    ck_assert_rel(convert(&spn_component_adc_sar, &adc).energy_J, 17.935e-6 * 9e-9, 1e-12);
    adc.energy_scale = 0.5;
    adc.latency_scale = 3;
    ck_assert_rel(convert(&spn_component_adc_sar, &adc).energy_J, 17.935e-6 * 4.5e-9, 1e-12);
    ck_assert_rel(convert(&spn_component_adc_sar, &adc).latency_s, 27e-9, 1e-12);
    /* 350 K: + 6.5 % */
    env.temperature_K = 350;
    ck_assert_rel(convert(&spn_component_adc_sar, &adc).energy_J, 17.935e-6 * 4.5e-9 * 1.065,
                  1e-12);
    /* 478 + 182 * 7 cells of 28 F x 7.6 F */
    struct spn_component_cost cost;
    ck_assert_ok(spn_component_adc_sar.eval(&adc, &env, &cost, &err));
    ck_assert_rel(cost.area_m2, 1752 * 28 * 7.6 * 32e-9 * 32e-9, 1e-12);
}
END_TEST

START_TEST(sar_between_nodes)
{
    struct spn_adc adc = example();
    const double at_32 = convert(&spn_component_adc_sar, &adc).energy_J;
    node.feature_size_m = 28e-9;
    const double at_28 = convert(&spn_component_adc_sar, &adc).energy_J;
    node.feature_size_m = 22e-9;
    const double at_22 = convert(&spn_component_adc_sar, &adc).energy_J;
    ck_assert(at_22 < at_28 && at_28 < at_32);
    struct spn_component_cost cost;
    /* beyond 130 nm as from 90 to 130 nm: at 180 nm 0.885 times as far again */
    const double further = log(180.0 / 130) / log(130.0 / 90);
    adc.column_mean_A = 0;
    node.feature_size_m = 180e-9;
    node.vdd_V = 1.3 * pow(1.3 / 1.2, further);
    const double control_W =
        5 * 8.4483e-6 * pow(8.4483 / 5.9869, further) + 65.243e-6 * pow(65.243 / 37.462, further);
    ck_assert_rel(convert(&spn_component_adc_sar, &adc).energy_J, control_W * 6e-9, 1e-9);
    node.feature_size_m = 250e-9;
    ck_assert_fails(spn_component_adc_sar.eval(&adc, &env, &cost, &err), SPN_EINPUT,
                    "no coefficients for node 32nm-lstp");
    node.feature_size_m = 5e-9;
    ck_assert_ok(spn_component_adc_sar.eval(&adc, &env, &cost, &err));
    node.nmos_off_A_per_m[0] = 0.1; /* high-performance rows end at 7 nm */
    ck_assert_fails(spn_component_adc_sar.eval(&adc, &env, &cost, &err), SPN_EINPUT, "[7e-09");
}
END_TEST

START_TEST(flash)
{
    struct spn_adc adc = example();
    struct spn_component_cost small, large;
    ck_assert_ok(spn_component_adc_flash.eval(&adc, &env, &small, &err));
    /* another bit doubles the comparators: about twice the area and energy, or a little more */
    adc.bits++;
    ck_assert_ok(spn_component_adc_flash.eval(&adc, &env, &large, &err));
    const double ratio = large.action[0].energy_J / small.action[0].energy_J;
    ck_assert_msg(ratio > 1.9 && ratio < 2.7, "%g", ratio);
    ck_assert(large.area_m2 / small.area_m2 > 1.9 && large.area_m2 / small.area_m2 < 2.4);
    /* more current, more static power */
    adc = example();
    const double e = convert(&spn_component_adc_flash, &adc).energy_J;
    adc.column_mean_A *= 2;
    ck_assert(convert(&spn_component_adc_flash, &adc).energy_J > e);
    /* a heavier column is slower */
    const double t = convert(&spn_component_adc_flash, &adc).latency_s;
    adc.column_F *= 10;
    ck_assert(convert(&spn_component_adc_flash, &adc).latency_s > t);
    /* 190 uA at a quarter of 600.2 A/m */
    ck_assert_rel(spn_adc_input_width_m(&adc, &env), 190e-6 / (0.25 * 600.2), 1e-9);
    adc.column_full_A = 1e-9;
    ck_assert_rel(spn_adc_input_width_m(&adc, &env), 64e-9, 1e-12);
    ck_assert(spn_adc_input_F(&adc, &env) > 0);
}
END_TEST

START_TEST(sample_and_hold)
{
    struct spn_sample_hold s;
    struct spn_component_cost cost;
    spn_component_sample_hold.example(&s);
    ck_assert_ok(spn_component_sample_hold.eval(&s, &env, &cost, &err));
    /* 48 kT/(0.5 V/256)^2 = 52.1 fF; its charge alone is 13 fJ */
    ck_assert(cost.action[0].energy_J > 52.1e-15 * 0.25);
    s.energy_scale = 10;
    struct spn_component_cost scaled;
    ck_assert_ok(spn_component_sample_hold.eval(&s, &env, &scaled, &err));
    ck_assert_rel(scaled.action[0].energy_J, 10 * cost.action[0].energy_J, 1e-12);
}
END_TEST

START_TEST(r2r)
{
    struct spn_dac d;
    struct spn_component_cost quick, slow;
    spn_component_dac.example(&d);
    ck_assert_ok(spn_component_dac.eval(&d, &env, &quick, &err));
    ck_assert_rel(quick.action[0].latency_s, d.settle_s, 1e-12);
    d.settle_s *= 4; /* a larger ladder, less current */
    d.hold_s = 0;
    ck_assert_ok(spn_component_dac.eval(&d, &env, &slow, &err));
    ck_assert(slow.action[0].energy_J < quick.action[0].energy_J);
}
END_TEST

/* ---- the published curves: golden/neurosim/adc-curves.json ---- */

static double number(const struct spn_json_at *at, const char *key)
{
    const struct spn_json_at item = spn_json_get(at, key);
    double x = NAN;
    ck_assert_msg(spn_json_number(&item, &x), "no number '%s'", key);
    return x;
}

/* SAR energy of a column of R ohm at the curve's read voltage. Above some megaohms the published
 * curve is clamped. */
static int compare_sar(const struct spn_json_at *curve)
{
    const double volt = number(curve, "readVoltage");
    const struct spn_json_at points = spn_json_get(curve, "points");
    int n = 0;
    for (size_t i = 0; i < spn_json_size(&points); i++) {
        const struct spn_json_at p = spn_json_item(&points, i);
        struct spn_adc adc = example();
        adc.column_mean_A = volt / number(&p, "R_ohm");
        ck_assert_rel(convert(&spn_component_adc_sar, &adc).energy_J, number(&p, "sar_energy_J"),
                      2e-11);
        n++;
    }
    return n;
}

START_TEST(published_sar_curves)
{
    if (!spn_test_data())
        return;
    struct spn_json *doc;
    char path[SPN_MAX_PATH];
    snprintf(path, sizeof path, "%s/golden/neurosim/adc-curves.json", spn_test_data());
    ck_assert_ok(spn_json_load(&doc, path, &err));
    const struct spn_json_at root = spn_json_root(doc), curves = spn_json_get(&root, "curves");
    int n = 0;
    for (size_t i = 0; i < spn_json_size(&curves); i++) {
        const struct spn_json_at curve = spn_json_item(&curves, i);
        char name[32];
        snprintf(name, sizeof name, "%dnm-%s", (int)number(&curve, "technode"),
                 number(&curve, "deviceroadmap") < 2 ? "hp" : "lstp");
        ck_assert_ok(spn_node_load(&node, name, &err));
        n += compare_sar(&curve);
    }
    ck_assert_int_gt(n, 500);
    spn_json_destroy(doc);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("adc");
    TCase *tcase = tcase_create("adc");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_converters_own_clock);
    tcase_add_test(tcase, a_follower_carries_its_load);
    tcase_add_test(tcase, sar);
    tcase_add_test(tcase, sar_between_nodes);
    tcase_add_test(tcase, flash);
    tcase_add_test(tcase, sample_and_hold);
    tcase_add_test(tcase, r2r);
    tcase_add_test(tcase, published_sar_curves);
    suite_add_tcase(suite, tcase);
    return suite;
}
