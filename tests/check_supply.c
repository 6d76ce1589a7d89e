/* check_supply.c -- nodes at supplies and temperatures other than those they are tabulated for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>

#include "models/gate.h"
#include "models/supply.h"
#include "tests/check.h"

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

START_TEST(the_law_meets_the_table)
{
    const struct spn_supply_fit f =
        spn_supply_fit(&node, 300, node.nmos_on_A_per_m[0], node.nmos_off_A_per_m[0]);
    /* n that meets 400 and 1.002e-4 A/m at 1.1 V with a threshold of 0.5017 V, by a root finder of
     * another program: 97 mV per decade */
    ck_assert_rel(f.slope, 1.607267, 1e-5);
    ck_assert_rel(f.threshold_V, 0.5016636, 1e-9);
    ck_assert_rel(spn_supply_on_frac(&f, 1.1, 1.1), 1, 1e-12);
    ck_assert_rel(spn_supply_off_frac(&f, 1.1, 1.1), 1, 1e-12);
    ck_assert_rel(spn_supply_on_frac(&f, 1.1, 0.6), 0.057884, 1e-5);
    ck_assert_rel(spn_supply_off_frac(&f, 1.1, 0.6), 0.300201, 1e-5);
    /* far below the threshold the current is exponential, e^(V (1 + dibl)/(n kT/q)) */
    const double decade = spn_supply_on_frac(&f, 1.1, 0.1) / spn_supply_on_frac(&f, 1.1, 0.05);
    ck_assert_rel(decade, exp(0.05 * 1.1 / (f.slope * f.thermal_V)), 0.01);
    /* far above it (1e4 V) a power of 1.3 of the overdrive */
    const double above = spn_supply_on_frac(&f, 1.1, 2e4) / spn_supply_on_frac(&f, 1.1, 1e4);
    ck_assert_rel(above, pow(2, 1.3), 1e-3);
}
END_TEST

START_TEST(a_fin_has_a_slope_of_its_own)
{
    ck_assert_ok(spn_node_load(&node, "14nm-lstp", &err));
    const struct spn_supply_fit f =
        spn_supply_fit(&node, 300, node.nmos_on_A_per_m[0], node.nmos_off_A_per_m[0]);
    /* the tabulated 0.1 V cannot be the threshold: it would need 22 mV per decade */
    ck_assert_rel(f.slope, 1.15, 1e-12);
    ck_assert_rel(f.threshold_V, 0.370701, 1e-5);
    ck_assert_rel(spn_supply_on_frac(&f, 0.8, 0.6), 0.417927, 1e-5);
}
END_TEST

START_TEST(a_scaled_node)
{
    struct spn_node low, warm;
    spn_supply_scale(&low, &node, 300, 0.6);
    ck_assert_ok(spn_node_check(&low, &err));
    ck_assert(low.vdd_V == 0.6 && low.n_temperatures == 1);
    ck_assert_rel(low.nmos_on_A_per_m[0], 400 * 0.057884, 1e-5);
    ck_assert_rel(low.supply_slowdown, 9.423225, 1e-5);
    /* a gate's delay, R C with R = k V/(Ion W), slows down as much */
    const struct spn_env at_low = {&low, 300, 1e9};
    const double w = spn_gate_min_width_m(&env);
    ck_assert_rel(spn_gate_on_ohm(&at_low, SPN_CHANNEL_N, w) /
                      spn_gate_on_ohm(&env, SPN_CHANNEL_N, w),
                  low.supply_slowdown, 1e-12);
    /* near the threshold heat costs less than at 1.1 V */
    spn_supply_scale(&warm, &node, 400, 0.6);
    ck_assert_rel(warm.nmos_on_A_per_m[0], 182.1 * 0.068365, 1e-5);
    ck_assert(warm.nmos_on_A_per_m[0] / low.nmos_on_A_per_m[0] > 182.1 / 400);
}
END_TEST

/* A table of one point, followed upwards: T^-3/2, and a threshold of 0.3707 V that falls by 70 mV
 * to 400 K, e^(0.3707/(1.15 x 25.85 mV) - 0.3007/(1.15 x 34.47 mV)) = 132. */
START_TEST(beyond_the_table)
{
    struct spn_node hot, cool;
    ck_assert_ok(spn_node_load(&node, "14nm-lstp", &err));
    ck_assert(spn_supply_differs(&node, 400, 0.8) && !spn_supply_differs(&node, 300, 0.8));
    spn_supply_scale(&hot, &node, 400, 0.8);
    ck_assert_rel(hot.nmos_on_A_per_m[0], 595.045 * pow(0.75, 1.5), 1e-12);
    ck_assert_rel(hot.nmos_off_A_per_m[0], 1e-4 * 131.802, 1e-4);
    ck_assert_rel(hot.supply_slowdown, 1, 1e-12); /* of the supply, not of the heat */
    ck_assert_rel(hot.supply_off_frac, 131.802, 1e-4);
    spn_supply_scale(&cool, &node, 310, 0.8); /* the published 1.84 of the first 10 K */
    ck_assert_rel(cool.nmos_off_A_per_m[0], 1.84e-4, 0.03);
    ck_assert_ok(spn_node_check_temperature(&node, 400, &err));
    ck_assert_fails(spn_node_check_temperature(&node, 299, &err), SPN_EINPUT, "outside [300, 400]");
    ck_assert_ok(
        spn_node_load(&node, "65nm-lstp", &err)); /* eleven points: the table, nothing else */
    ck_assert(!spn_supply_differs(&node, 400, 1.1) && spn_supply_differs(&node, 400, 1.0));
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("supply");
    TCase *tcase = tcase_create("supply");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, the_law_meets_the_table);
    tcase_add_test(tcase, a_fin_has_a_slope_of_its_own);
    tcase_add_test(tcase, a_scaled_node);
    tcase_add_test(tcase, beyond_the_table);
    suite_add_tcase(suite, tcase);
    return suite;
}
