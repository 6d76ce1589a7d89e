/* check_ranges.c -- invariants over whole ranges: every node, supplies of 0.5 to 1.2 times its own,
 * converters of 1 to 10 bits, arrays of 32 to 1024 rows. Nothing is negative or infinite, what must
 * grow grows, and no step is a cliff.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "models/adc.h"
#include "models/array.h"
#include "models/gate.h"
#include "models/supply.h"
#include "tech/data.h"
#include "tests/estimate_setup.h"

#define MAX_PARAMS 4096
static double params[MAX_PARAMS / sizeof(double)]; /* aligned for any parameter struct */

/* From the finest on. Planar transistors begin at 22 nm: widths there are what is asked for, below
 * that fins come whole, so that a smallest gate at 16 nm is larger than one at 22 nm. */
static const char *const nodes[] = {"1nm-lstp",  "2nm-lstp",  "3nm-lstp",  "5nm-lstp",  "7nm-lstp",
                                    "10nm-lstp", "14nm-lstp", "16nm-lstp", "22nm-lstp", "28nm-lstp",
                                    "32nm-lstp", "40nm-lstp", "45nm-lstp", "55nm-lstp", "65nm-lstp",
                                    "90nm-lstp", "130nm-lstp"};
enum { N_NODES = sizeof nodes / sizeof *nodes };
static const double planar_step = 1.4; /* largest growth from 22 to 16 nm */

static void load_node(struct spn_node *node, const char *name)
{
    struct spn_err err = {0};
    const char *srcdir = getenv("srcdir");
    setenv("SPINDLE_DATA", srcdir ? srcdir : ".", 0);
    ck_assert_ok(spn_node_load(node, name, &err));
}

/* A network on a chip, node by node: no energy grows with a finer node. */
static void over_nodes(const char *chip)
{
    struct setup s;
    struct spn_err err = {0};
    double last[SPN_N_CATEGORIES] = {0}, last_nm = 0;
    setup_open(&s, "lenet5", chip);
    for (int i = 0; i < N_NODES; i++) {
        const struct spn_override set[] = {{"chip.node", nodes[i]}};
        double sum[SPN_N_CATEGORIES] = {0};
        ck_assert_ok(spn_chip_load(&s.chip, chip, set, 1, &err));
        const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
        for (int k = 0; k < r->n_leaves; k++)
            sum[r->leaf[k].category] += r->leaf[k].cost.energy_J;
        const double nm = s.chip.node.feature_size_m * 1e9;
        const double most = last_nm < 20 && nm > 20 ? planar_step : 1;
        for (int k = 0; k < SPN_N_CATEGORIES; k++) {
            if (k != SPN_CATEGORY_LEAKAGE && k != SPN_CATEGORY_WRITE && k != SPN_CATEGORY_DRAM)
                ck_assert_msg(last[k] <= most * sum[k] * (1 + 1e-9),
                              "%s, category %d: %g J at %g nm, %g J at %g nm", chip, k, last[k],
                              last_nm, sum[k], nm);
            last[k] = sum[k];
        }
        last_nm = nm;
    }
    setup_close(&s);
}

START_TEST(finer_nodes_take_less_energy)
{
    static const char *const chips[] = {"ning2025", "rram-22nm", "sram-22nm-charge",
                                        "sram-22nm-digital"};
    for (size_t i = 0; i < sizeof chips / sizeof *chips; i++)
        over_nodes(chips[i]);
}
END_TEST

/* Drains and gates of the smallest transistor shrink with fins and sheets alike: 24.99 aF at 14 nm,
 * 17.91 at 3 nm, 15.43 and 14.09 aF at 2 and 1 nm are what [neurosim14] divides by channel widths;
 * a width that carries a current has as many fins as its channel asks for. */
START_TEST(currents_belong_to_channels)
{
    static const struct {
        const char *node;
        double drain_F, channel_m;
    } least[] = {{"14nm-lstp", 24.99e-18, 92e-9},
                 {"3nm-lstp", 17.91e-18, 101e-9},
                 {"2nm-lstp", 15.43e-18, 3 * 42e-9},
                 {"1nm-lstp", 14.09e-18, 4 * 32e-9}};
    for (size_t i = 0; i < sizeof least / sizeof *least; i++) {
        struct spn_node node;
        load_node(&node, least[i].node);
        const struct spn_env env = {&node, 300, 1e9};
        const double w = spn_gate_min_width_m(&env);
        ck_assert_rel(spn_gate_drain_F(&env, SPN_CHANNEL_N, w), least[i].drain_F, 1e-9);
        ck_assert_rel(spn_gate_channel_m(&env, w), least[i].channel_m, 1e-9);
        ck_assert_rel(spn_gate_drawn_m(&env, least[i].channel_m), w, 1e-9);
        ck_assert_rel(spn_gate_drawn_m(&env, 2.1 * least[i].channel_m), 3 * w, 1e-9);
        /* 200 uA at a quarter of the current that the channel can carry */
        struct spn_adc adc = spn_adc_default();
        adc.column_full_A = 200e-6;
        const double width_m = spn_adc_input_width_m(&adc, &env),
                     carried_A = spn_gate_on_A_per_m(&env, SPN_CHANNEL_N) *
                                 spn_gate_channel_m(&env, width_m) * SPN_ADC_INPUT_DRIVE_FRAC;
        const double fin_A = carried_A * w / width_m;
        ck_assert(carried_A >= 200e-6 * (1 - 1e-9) && carried_A - fin_A < 200e-6);
    }
    struct spn_node planar;
    load_node(&planar, "22nm-lstp");
    const struct spn_env env = {&planar, 300, 1e9};
    ck_assert(spn_gate_channel_m(&env, 50e-9) == 50e-9 && spn_gate_drawn_m(&env, 50e-9) == 50e-9);
}
END_TEST

static int n_actions(const struct spn_component_type *type)
{
    int n = 0;
    while (type->actions[n])
        n++;
    return n;
}

/* Supplies in steps of a twentieth: energy does not leap, latency does not rise (but for switches,
 * whose fins come whole and whose wide channels are folded: a step of their capacitance). */
static void over_supplies(const struct spn_component_type *type, const struct spn_node *node)
{
    struct spn_component_cost last = {0};
    for (int step = 0; step <= 14; step++) {
        const double v = node->vdd_V * (0.5 + 0.05 * step);
        struct spn_component_cost cost = {0};
        struct spn_node scaled;
        struct spn_err err = {0};
        spn_supply_scale(&scaled, node, 300, v);
        const struct spn_env env = {&scaled, 300, 1e9};
        memset(params, 0, sizeof params);
        type->example(params);
        if (type->eval(params, &env, &cost, &err) !=
            SPN_OK) { /* it drives a line higher than that */
            ck_assert_msg(v < 0.9 * node->vdd_V && strstr(err.msg, "above the supply"), "%s",
                          err.msg);
            continue;
        }
        for (int i = 0; i < n_actions(type); i++) {
            const struct spn_cost *now = &cost.action[i], *before = &last.action[i];
            ck_assert_msg(isfinite(now->energy_J) && now->energy_J >= 0 &&
                              isfinite(now->latency_s) && now->latency_s >= 0,
                          "%s.%s at %s, %g V", type->name, type->actions[i], node->name, v);
            if (!(before->latency_s > 0))
                continue;
            /* (0.55/0.5)^2 = 1.21 is the largest step of C V^2 */
            ck_assert_msg(now->energy_J < 1.3 * before->energy_J + 1e-30,
                          "%s.%s at %s: %g J leaps to %g J at %g V", type->name, type->actions[i],
                          node->name, before->energy_J, now->energy_J, v);
            ck_assert_msg(now->latency_s <= before->latency_s * 1.15,
                          "%s.%s at %s: %g s rises to %g s at %g V", type->name, type->actions[i],
                          node->name, before->latency_s, now->latency_s, v);
        }
        last = cost;
    }
}

START_TEST(every_component_at_every_supply)
{
    for (int i = 0; i < N_NODES; i++) {
        struct spn_node node;
        load_node(&node, nodes[i]);
        for (const struct spn_component_type *const *t = spn_components; *t; t++)
            over_supplies(*t, &node);
    }
}
END_TEST

/* One more bit: more energy, area and time; at most five times (2^b comparators, each of which
 * decides on half the step; or four times the capacitance against noise, and one more decision).
 * Ladders of 1 and 2 bits have few comparators to drive and so a large resistance, which takes
 * area. */
START_TEST(converters_grow_with_their_bits)
{
    for (int i = 0; i < N_NODES; i++) {
        struct spn_node node;
        load_node(&node, nodes[i]);
        const struct spn_env env = {&node, 300, 1e9};
        for (const struct spn_component_type *const *t = spn_components; *t; t++) {
            struct spn_component_cost last = {0};
            if (strcmp((*t)->role, "adc") != 0)
                continue;
            for (int bits = (*t)->bound ? 2 : 1; bits <= 10; bits++) {
                struct spn_component_cost cost = {0};
                struct spn_err err = {0};
                struct spn_adc adc;
                spn_adc_example(&adc);
                adc.bits = bits;
                ck_assert_msg((*t)->eval(&adc, &env, &cost, &err) == SPN_OK, "%s", err.msg);
                const struct spn_cost *now = cost.action, *before = last.action;
                ck_assert_msg(now->energy_J > before->energy_J &&
                                  (bits < 4 || cost.area_m2 >= last.area_m2) &&
                                  now->latency_s >= before->latency_s,
                              "%s, %d bits at %s: %g J, %g s, %g m2 after %g J, %g s, %g m2",
                              (*t)->name, bits, node.name, now->energy_J, now->latency_s,
                              cost.area_m2, before->energy_J, before->latency_s, last.area_m2);
                if (before->energy_J > 0)
                    ck_assert_msg(now->energy_J < 5 * before->energy_J &&
                                      now->latency_s < 4 * before->latency_s &&
                                      cost.area_m2 < 5 * last.area_m2,
                                  "%s leaps at %d bits, %s", (*t)->name, bits, node.name);
                last = cost;
            }
        }
    }
}
END_TEST

/* Twice the rows: more area and energy of a read, at most twice (a row's lines do not change), and
 * no faster; a column settles at most four times slower (its own RC). */
START_TEST(arrays_grow_with_their_rows)
{
    for (int i = 0; i < N_NODES; i++) {
        struct spn_node node;
        load_node(&node, nodes[i]);
        const struct spn_env env = {&node, 300, 1e9};
        for (const struct spn_component_type *const *t = spn_components; *t; t++) {
            struct spn_component_cost last = {0};
            if (strcmp((*t)->role, "array") != 0)
                continue;
            for (int rows = 32; rows <= 1024; rows *= 2) {
                struct spn_component_cost cost = {0};
                struct spn_err err = {0};
                memset(params, 0, sizeof params);
                (*t)->example(params);
                struct spn_array *array = (struct spn_array *)params;
                array->rows = rows;
                array->rows_read = 0;
                array->read_time_s = 1e-8;
                ck_assert_msg((*t)->eval(array, &env, &cost, &err) == SPN_OK, "%s", err.msg);
                const struct spn_cost *now = &cost.action[SPN_ARRAY_READ],
                                      *before = &last.action[SPN_ARRAY_READ];
                ck_assert(cost.area_m2 > last.area_m2 && now->energy_J > before->energy_J);
                if (before->energy_J > 0)
                    ck_assert_msg(now->energy_J < 2.1 * before->energy_J &&
                                      cost.area_m2 < 2.1 * last.area_m2 &&
                                      now->latency_s < 4.1 * before->latency_s,
                                  "%s of %d rows at %s", (*t)->name, rows, node.name);
                last = cost;
            }
        }
    }
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("ranges");
    TCase *tcase = tcase_create("ranges");
    tcase_add_test(tcase, finer_nodes_take_less_energy);
    tcase_add_test(tcase, currents_belong_to_channels);
    tcase_add_test(tcase, every_component_at_every_supply);
    tcase_add_test(tcase, converters_grow_with_their_bits);
    tcase_add_test(tcase, arrays_grow_with_their_rows);
    suite_add_tcase(suite, tcase);
    return suite;
}
