/* check_gate.c -- gates and wires: hand-worked values, limits, and the published gate tables.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "base/json.h"
#include "models/gate.h"
#include "models/wire.h"
#include "tests/check.h"

/* 32 nm LSTP at 300 K, as published [neurosim14]. */
static struct spn_node node32(void)
{
    return (struct spn_node){.name = "32nm-lstp",
                             .feature_size_m = 32e-9,
                             .transistor = SPN_TRANSISTOR_PLANAR,
                             .vdd_V = 0.9,
                             .vth_V = 0.442034,
                             .gate_length_m = 20e-9,
                             .gate_ideal_F_per_m = 8.375279e-10,
                             .gate_fringe_F_per_m = 6.856677e-10,
                             .gate_overlap_F_per_m = 1.6750558e-10,
                             .junction_F_per_m2 = 1e-3 / 1.4142135623730951,
                             .sidewall_F_per_m = 1.9888e-10,
                             .drain_channel_F_per_m = 3.9776e-11,
                             .pn_ratio = 1.5005,
                             .resistance_multiplier = 1.77,
                             .temperature_K = {300, 310},
                             .nmos_on_A_per_m = {600.2, 580},
                             .pmos_on_A_per_m = {400, 390},
                             .nmos_off_A_per_m = {1.001e-4, 1.5e-4},
                             .pmos_off_A_per_m = {1.0e-4, 1.4e-4},
                             .n_temperatures = 2,
                             .n_nmos_on = 2,
                             .n_pmos_on = 2,
                             .n_nmos_off = 2,
                             .n_pmos_off = 2,
                             .wire_width_m = 56e-9,
                             .wire_aspect = 1.8,
                             .wire_resistivity_ohm_m = 2.63e-8,
                             .wire_ohm_per_m = 4.659155e6,
                             .wire_F_per_m = 2e-10,
                             .sram_cell_height_F = 10,
                             .sram_cell_width_F = 28};
}

START_TEST(transistor)
{
    struct spn_node node = node32();
    struct spn_env env = {&node, 300, 1e9};
    const double w = spn_gate_min_width_m(&env);
    ck_assert_rel(w, 64e-9, 1e-12);
    /* 1.77 * 0.9 V / (600.2 A/m * 64 nm) */
    ck_assert_rel(spn_gate_on_ohm(&env, SPN_CHANNEL_N, w), 1.593 / (600.2 * 64e-9), 1e-12);
    ck_assert_rel(spn_gate_pass_ohm(&env, SPN_CHANNEL_N, w), 0.9 / (600.2 * 64e-9), 1e-12);
    /* (8.375279 + 6.856677 + 1.6750558) 1e-10 F/m * 64 nm */
    ck_assert_rel(spn_gate_input_F(&env, w), 16.9070118e-10 * 64e-9, 1e-12);
    /* half way between 300 and 310 K, and the ends held */
    env.temperature_K = 305;
    ck_assert_rel(spn_gate_on_A_per_m(&env, SPN_CHANNEL_N), 590.1, 1e-12);
    env.temperature_K = 500;
    ck_assert_rel(spn_gate_off_A_per_m(&env, SPN_CHANNEL_P), 1.4e-4, 1e-12);
    env.temperature_K = 250;
    ck_assert_rel(spn_gate_off_A_per_m(&env, SPN_CHANNEL_P), 1.0e-4, 1e-12);
}
END_TEST

START_TEST(inverter)
{
    struct spn_node node = node32();
    const struct spn_env env = {&node, 300, 1e9};
    const double f = 32e-9;
    const struct spn_gate g = spn_gate_inverter(&env, 2 * f, 3.001 * f);
    ck_assert_rel(g.height_m, 28 * f, 1e-12);
    ck_assert_rel(g.width_m, 7.6 * f, 1e-12); /* one finger: two pitches of 3.8 F */
    ck_assert_rel(g.area_m2, 28 * 7.6 * f * f, 1e-12);
    ck_assert_rel(g.leakage_W, (1.001e-4 * 2 + 1e-4 * 3.001) * f / 2 * 0.9, 1e-12);
    /* N: junction 2.8 F x 2 F, sidewall 2 * 2.8 F + 2 F, gate side 2 F; P likewise with 3.001 F */
    const double n = 1e-3 / sqrt(2) * 5.6 * f * f + 1.9888e-10 * 7.6 * f + 3.9776e-11 * 2 * f;
    const double p =
        1e-3 / sqrt(2) * 2.8 * 3.001 * f * f + 1.9888e-10 * 8.601 * f + 3.9776e-11 * 3.001 * f;
    ck_assert_rel(g.output_F, n + p, 1e-9);
    /* 8 F + 12.004 F fit in 20.9 F; 9 F + 13.5 F do not and take two fingers */
    ck_assert_rel(spn_gate_inverter(&env, 8 * f, 12.004 * f).width_m, 7.6 * f, 1e-12);
    ck_assert_rel(spn_gate_inverter(&env, 9 * f, 13.5 * f).width_m, 11.4 * f, 1e-12);
    /* leakage doubles with the width */
    ck_assert_rel(spn_gate_inverter(&env, 4 * f, 6.002 * f).leakage_W, 2 * g.leakage_W, 1e-12);
}
END_TEST

START_TEST(stacks)
{
    struct spn_node node = node32();
    const struct spn_env env = {&node, 300, 1e9};
    const struct spn_gate inv = spn_gate_min_inverter(&env), nand = spn_gate_min_nand2(&env),
                          nor = spn_gate_min_nor2(&env);
    /* stacks of double width drive like one transistor */
    ck_assert_rel(nand.pull_down_ohm, inv.pull_down_ohm, 1e-12);
    ck_assert_rel(nor.pull_up_ohm, inv.pull_up_ohm, 1e-12);
    ck_assert(nand.area_m2 > inv.area_m2 && nor.area_m2 > inv.area_m2);
    ck_assert_rel(nand.leakage_W, 0.48 * 2 * 1e-4 * 3.001 * 32e-9 * 0.9, 1e-12);
    ck_assert_rel(nor.leakage_W, 0.95 * 2 * 1.001e-4 * 2 * 32e-9 * 0.9, 1e-12);
    const struct spn_gate t = spn_gate_transmission(&env, 64e-9, 96e-9);
    const double n = spn_gate_pass_ohm(&env, SPN_CHANNEL_N, 64e-9),
                 p = spn_gate_pass_ohm(&env, SPN_CHANNEL_P, 96e-9);
    ck_assert_rel(t.pull_up_ohm, n * p / (n + p), 1e-12);
}
END_TEST

START_TEST(horowitz)
{
    double ramp;
    /* step input: ln 2 tau, and the ramp (1/2)/t */
    ck_assert_rel(spn_gate_horowitz_s(1e-11, SPN_GATE_STEP, &ramp), 6.931471805599e-12, 1e-9);
    ck_assert_rel(ramp, 0.5 / 6.931471805599e-12, 1e-9);
    /* alpha = 10: tau sqrt(0.480453 + 5) */
    ck_assert_rel(spn_gate_horowitz_s(1e-11, 1e10, NULL), 2.3410367e-11, 1e-7);
    ck_assert(spn_gate_horowitz_s(0, 1e10, &ramp) == 0.0);
}
END_TEST

START_TEST(chain)
{
    struct spn_node node = node32();
    const struct spn_env env = {&node, 300, 1e9};
    const double w = spn_gate_min_width_m(&env);
    const double in_F = spn_gate_min_inverter(&env).input_F;
    double last = 0;
    for (double load = in_F / 2; load < 1e5 * in_F; load *= 3) {
        const struct spn_chain c = spn_gate_chain(&env, w, load);
        ck_assert(c.delay_s > last && c.n_stages >= 1 && c.internal_F > 0);
        last = c.delay_s;
    }
    ck_assert_int_eq(spn_gate_chain(&env, w, 4 * in_F).n_stages, 1);
    ck_assert_int_eq(spn_gate_chain(&env, w, 256 * in_F).n_stages, 4);
    /* a weak load but a strong driver */
    for (double ohm = 1e5; ohm > 10; ohm /= 3)
        ck_assert(spn_gate_chain_strong(&env, w, in_F, ohm).drive_ohm <= ohm * (1 + 1e-9));
    /* fastest near the chosen number of stages: a single inverter is slower for a large load */
    const struct spn_gate inv = spn_gate_min_inverter(&env);
    ck_assert(spn_gate_chain(&env, w, 256 * in_F).delay_s < 0.69 * inv.pull_up_ohm * 256 * in_F);
}
END_TEST

START_TEST(wires)
{
    struct spn_node node = node32();
    const struct spn_env env = {&node, 300, 1e9};
    const struct spn_wire w = spn_wire_local(&env, 1e-4);
    ck_assert_rel(w.ohm, 465.9155, 1e-9);
    ck_assert_rel(w.F, 2e-14, 1e-12);
    ck_assert_rel(spn_wire_wide(&env, 1e-4, 2).ohm, w.ohm / 4, 1e-12);
    /* 1 kohm (20 + 5 fF) + 465.9 ohm (10 + 5 fF) */
    ck_assert_rel(spn_wire_elmore_s(1e3, w, 5e-15), 2.5e-11 + 465.9155 * 1.5e-14, 1e-9);
    ck_assert(spn_wire_delay_s(1e3, w, 5e-15) < spn_wire_elmore_s(1e3, w, 5e-15));
    ck_assert_rel(spn_wire_multiple(&env, 1e3 * 32e-9), 1.0, 1e-12);
    ck_assert_rel(spn_wire_multiple(&env, 2e4 * 32e-9), 2.0, 1e-12);
    ck_assert_rel(spn_wire_multiple(&env, 2e5 * 32e-9), 4.0, 1e-12);
}
END_TEST

START_TEST(repeaters)
{
    struct spn_node node = node32();
    const struct spn_env env = {&node, 300, 1e9};
    const struct spn_repeated_wire fast = spn_wire_repeated(&env, 1, 0),
                                   saving = spn_wire_repeated(&env, 1, 0.1);
    ck_assert(saving.energy_J_per_m < fast.energy_J_per_m);
    ck_assert(saving.area_m2_per_m < fast.area_m2_per_m);
    ck_assert(saving.delay_s_per_m <= fast.delay_s_per_m * 1.1 * (1 + 1e-12));
    ck_assert(saving.energy_J_per_m > 0.5 * 2e-10 * 0.81); /* more than the bare wire */
    /* repeated, a long wire's delay grows with its length, not its square: 1 mm is faster so */
    const double bare = spn_wire_delay_s(1e3, spn_wire_local(&env, 1e-3), 0);
    ck_assert(fast.delay_s_per_m * 1e-3 < bare);
    ck_assert(spn_wire_repeated(&env, 4, 0).delay_s_per_m < fast.delay_s_per_m);
}
END_TEST

/* ---- the published tables: facts/technology.json and golden/neurosim/gates.json ---- */

static double number(const struct spn_json_at *at, const char *key)
{
    const struct spn_json_at item = spn_json_get(at, key);
    double x = NAN;
    ck_assert_msg(spn_json_number(&item, &x), "no number '%s'", key);
    return x;
}

static void read_currents(const struct spn_json_at *row, const char *key, double *out, int *n)
{
    const struct spn_json_at list = spn_json_get(row, key);
    for (*n = 0; *n < SPN_NODE_N_TEMPERATURES; ++*n) {
        char temperature[16];
        snprintf(temperature, sizeof temperature, "%d", 300 + 10 * *n);
        out[*n] = number(&list, temperature);
    }
}

static void read_node(const struct spn_json_at *row, struct spn_node *n)
{
    n->feature_size_m = number(row, "node_nm") * 1e-9;
    n->vdd_V = number(row, "vdd_V");
    n->gate_ideal_F_per_m = number(row, "capIdealGate_F_per_m");
    n->gate_fringe_F_per_m = number(row, "capFringe_F_per_m");
    n->gate_overlap_F_per_m = number(row, "capOverlap_F_per_m");
    n->junction_F_per_m2 = number(row, "capJunction_F_per_m2");
    n->sidewall_F_per_m = number(row, "capSidewall_F_per_m");
    n->drain_channel_F_per_m = number(row, "capDrainToChannel_F_per_m");
    n->pn_ratio = number(row, "pnSizeRatio");
    n->resistance_multiplier = number(row, "effectiveResistanceMultiplier");
    read_currents(row, "currentOnNmos_A_per_m", n->nmos_on_A_per_m, &n->n_nmos_on);
    read_currents(row, "currentOnPmos_A_per_m", n->pmos_on_A_per_m, &n->n_pmos_on);
    read_currents(row, "currentOffNmos_A_per_m", n->nmos_off_A_per_m, &n->n_nmos_off);
    read_currents(row, "currentOffPmos_A_per_m", n->pmos_off_A_per_m, &n->n_pmos_off);
    n->n_temperatures = SPN_NODE_N_TEMPERATURES;
    for (int i = 0; i < n->n_temperatures; i++)
        n->temperature_K[i] = 300 + 10 * i;
    if (n->feature_size_m < 20e-9) {
        n->transistor = SPN_TRANSISTOR_FINFET;
        n->fin_width_m = number(row, "widthFin_m");
        n->gate_length_m = number(row, "phyGateLength_m");
        n->fin_channel_m = number(row, "effective_width_m");
        n->n_fins = (int)number(row, "max_fin_num");
        n->n_sheets = (int)number(row, "max_sheet_num");
    }
}

/* Gates of one corner against ours; rtol for what the published description determines. */
static void compare_gate(const struct spn_json_at *corner, const char *key,
                         const struct spn_gate *g, double vdd_V, double rtol)
{
    const struct spn_json_at want = spn_json_get(corner, key);
    ck_assert_rel(g->area_m2, number(&want, "area_m2"), rtol);
    ck_assert_rel(g->width_m, number(&want, "width_m"), rtol);
    ck_assert_rel(g->input_F, number(&want, "cin_F"), rtol);
    ck_assert_rel(g->leakage_W, number(&want, "leak_A") * vdd_V, rtol);
    ck_assert_rel(g->output_F, number(&want, "cout_F"), rtol);
}

static void compare_corner(const struct spn_json_at *corner, const struct spn_env *env)
{
    static const struct {
        const char *key;
        struct spn_gate (*stack)(const struct spn_env *, int, double, double);
        int n_inputs;
    } gates[] = {{"inv_2F", NULL, 1},
                 {"inv_8F", NULL, 1},
                 {"inv_100F", NULL, 1},
                 {"inv_N_only_2F", NULL, 1},
                 {"inv_P_only_2pF", NULL, 1},
                 {"nand2_4F", spn_gate_nand, 2},
                 {"nand3_6F", spn_gate_nand, 3},
                 {"nor2_2F", spn_gate_nor, 2},
                 {"nor3_2F", spn_gate_nor, 3}};
    const double f = env->node->feature_size_m;
    const double rtol = 2e-11; /* the tables have 12 digits, widths in them included */
    for (size_t i = 0; i < sizeof gates / sizeof gates[0]; i++) {
        const struct spn_json_at at = spn_json_get(corner, gates[i].key);
        const double wn = number(&at, "wn_F") * f, wp = number(&at, "wp_F") * f;
        const struct spn_gate g = gates[i].stack ? gates[i].stack(env, gates[i].n_inputs, wn, wp)
                                                 : spn_gate_inverter(env, wn, wp);
        compare_gate(corner, gates[i].key, &g, env->node->vdd_V, rtol);
    }
    const struct spn_json_at s = spn_json_get(corner, "scalars");
    ck_assert_rel(spn_gate_on_ohm(env, SPN_CHANNEL_N, f), number(&s, "Ron_N_1F"), rtol);
    ck_assert_rel(spn_gate_on_ohm(env, SPN_CHANNEL_P, f), number(&s, "Ron_P_1F"), rtol);
    ck_assert_rel(spn_gate_pass_ohm(env, SPN_CHANNEL_N, f), number(&s, "Ron_normal_N_1F"), rtol);
    ck_assert_rel(spn_gate_input_F(env, 2 * f), number(&s, "Cgate_2F"), rtol);
    ck_assert_rel(spn_gate_drain_F(env, SPN_CHANNEL_N, 2 * f), number(&s, "Cdrain_N_2F"), rtol);
}

/* FinFET and gate-all-around: the smallest inverter and the scalars. Wider gates are folded into
 * one more finger here, as the published ones put more fins in a finger than fit; drains count all
 * their capacitance here, not the bottom junction only. */
static void compare_fin_corner(const struct spn_json_at *corner, const struct spn_env *env)
{
    const double f = env->node->feature_size_m, rtol = 2e-11;
    const struct spn_json_at want = spn_json_get(corner, "inv_2F");
    const struct spn_gate g = spn_gate_inverter(env, 2 * f, 2 * f);
    ck_assert_rel(g.area_m2, number(&want, "area_m2"), rtol);
    ck_assert_rel(g.input_F, number(&want, "cin_F"), rtol);
    ck_assert_rel(g.leakage_W, number(&want, "leak_A") * env->node->vdd_V, rtol);
    const struct spn_json_at s = spn_json_get(corner, "scalars");
    ck_assert_rel(spn_gate_on_ohm(env, SPN_CHANNEL_N, f), number(&s, "Ron_N_1F"), rtol);
    ck_assert_rel(spn_gate_on_ohm(env, SPN_CHANNEL_N, 2 * f), number(&s, "Ron_N_2F"), rtol);
    ck_assert_rel(spn_gate_input_F(env, 2 * f), number(&s, "Cgate_2F"), rtol);
}

START_TEST(published_gates)
{
    if (!spn_test_data())
        return;
    struct spn_err err;
    struct spn_json *technology, *golden;
    char path[SPN_MAX_PATH];
    snprintf(path, sizeof path, "%s/facts/technology.json", spn_test_data());
    ck_assert_ok(spn_json_load(&technology, path, &err));
    snprintf(path, sizeof path, "%s/golden/neurosim/gates.json", spn_test_data());
    ck_assert_ok(spn_json_load(&golden, path, &err));
    const struct spn_json_at root = spn_json_root(technology), corners = spn_json_root(golden);
    const struct spn_json_at rows = spn_json_get(&root, "rows");
    int n_planar = 0, n_fin = 0;
    for (size_t i = 0; i < spn_json_size(&corners); i++) {
        const struct spn_json_at corner = spn_json_item(&corners, i);
        const double nm = number(&corner, "technode");
        const char *roadmap = number(&corner, "roadmap") < 2 ? "HP" : "LSTP";
        for (size_t j = 0; j < spn_json_size(&rows); j++) {
            const struct spn_json_at row = spn_json_item(&rows, j);
            const struct spn_json_at name = spn_json_get(&row, "roadmap");
            if (fabs(number(&row, "node_nm") - nm) > 0.1 ||
                strcmp(spn_json_string(&name), roadmap) != 0)
                continue;
            struct spn_node node = {.transistor = SPN_TRANSISTOR_PLANAR};
            read_node(&row, &node);
            const struct spn_env env = {&node, number(&corner, "temp"), 1e9};
            if (node.transistor == SPN_TRANSISTOR_PLANAR) {
                compare_corner(&corner, &env);
                n_planar++;
            } else {
                compare_fin_corner(&corner, &env);
                n_fin++;
            }
        }
    }
    ck_assert_int_eq(n_planar, 14);
    ck_assert_int_eq(n_fin, 7);
    spn_json_destroy(technology);
    spn_json_destroy(golden);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("gate");
    TCase *tcase = tcase_create("gate");
    tcase_add_test(tcase, transistor);
    tcase_add_test(tcase, inverter);
    tcase_add_test(tcase, stacks);
    tcase_add_test(tcase, horowitz);
    tcase_add_test(tcase, chain);
    tcase_add_test(tcase, wires);
    tcase_add_test(tcase, repeaters);
    tcase_add_test(tcase, published_gates);
    suite_add_tcase(suite, tcase);
    return suite;
}
