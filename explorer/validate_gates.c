/* validate_gates.c -- transistors and gates against 21 corners of DNN+NeuroSim V1.4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "explorer/validate_suites.h"
#include "models/gate.h"

enum kind { INVERTER, NAND, NOR };
static const struct gate_case {
    const char *key;
    enum kind kind;
    int n_inputs;
} gate_cases[] = {
    {"inv_2F", INVERTER, 1},
    {"inv_8F", INVERTER, 1},
    {"inv_100F", INVERTER, 1},
    {"inv_N_only_2F", INVERTER, 1},
    {"inv_P_only_2pF", INVERTER, 1},
    {"nand2_4F", NAND, 2},
    {"nand3_6F", NAND, 3},
    {"nor2_2F", NOR, 2},
    {"nor3_2F", NOR, 3},
};

static const char whole_fins[] = "whole fins: NeuroSim's rounding of odd widths depends on the "
                                 "gate (5 to 1 nm: one fin less or more)";

static void put_gate(struct spn_validate_to *to, const struct gate_case *c,
                     const struct spn_json_at *golden, const struct spn_env *env)
{
    double f = env->node->feature_size_m;
    double wn_m = f * spn_validate_number(golden, "wn_F");
    double wp_m = f * spn_validate_number(golden, "wp_F");
    struct spn_gate g = c->kind == INVERTER ? spn_gate_inverter(env, wn_m, wp_m)
                        : c->kind == NAND   ? spn_gate_nand(env, c->n_inputs, wn_m, wp_m)
                                            : spn_gate_nor(env, c->n_inputs, wn_m, wp_m);
    bool planar = env->node->transistor == SPN_TRANSISTOR_PLANAR;
    const char *drain = planar ? NULL : spn_validate_fin_drain;
    const char *fins = planar ? NULL : whole_fins;

    spn_validate_put_as(to, fins, "area", "m2", spn_validate_number(golden, "area_m2"), g.area_m2);
    spn_validate_put_as(to, fins, "input capacitance", "F", spn_validate_number(golden, "cin_F"),
                        g.input_F);
    spn_validate_put_as(to, drain, "drain capacitance", "F", spn_validate_number(golden, "cout_F"),
                        g.output_F);
    spn_validate_put(to, "leakage", "W", env->node->vdd_V * spn_validate_number(golden, "leak_A"),
                     g.leakage_W);
}

static void put_transistor(struct spn_validate_to *to, const struct spn_json_at *corner,
                           const struct spn_env *env)
{
    struct spn_json_at golden = spn_json_get(corner, "scalars");
    double f = env->node->feature_size_m;
    const double tau_s = 10e-12, ramp_per_s = 1e10;

    snprintf(to->group, sizeof to->group, "transistor");
    spn_validate_put(to, "on-resistance N", "ohm", spn_validate_number(&golden, "Ron_N_2F"),
                     spn_gate_on_ohm(env, SPN_CHANNEL_N, 2 * f));
    spn_validate_put(to, "on-resistance P", "ohm", spn_validate_number(&golden, "Ron_P_1F"),
                     spn_gate_on_ohm(env, SPN_CHANNEL_P, f));
    spn_validate_put(to, "pass resistance N", "ohm",
                     spn_validate_number(&golden, "Ron_normal_N_1F"),
                     spn_gate_pass_ohm(env, SPN_CHANNEL_N, f));
    spn_validate_put(to, "gate capacitance", "F", spn_validate_number(&golden, "Cgate_2F"),
                     spn_gate_input_F(env, 2 * f));
    spn_validate_put_as(
        to, env->node->transistor == SPN_TRANSISTOR_PLANAR ? NULL : spn_validate_fin_drain,
        "drain capacitance", "F", spn_validate_number(&golden, "Cdrain_N_2F"),
        spn_gate_drain_F(env, SPN_CHANNEL_N, 2 * f));
    spn_validate_put(to, "delay", "s", spn_validate_number(&golden, "horowitz_10ps_stepin"),
                     spn_gate_horowitz_s(tau_s, SPN_GATE_STEP, NULL));
    spn_validate_put(to, "delay", "s", spn_validate_number(&golden, "horowitz_10ps_ramp_1e10"),
                     spn_gate_horowitz_s(tau_s, ramp_per_s, NULL));
}

enum spn_status spn_validate_gates(struct spn_validation *v, const char *data, struct spn_err *err)
{
    struct spn_json *doc = NULL;
    struct spn_validate_node at = {0};
    struct spn_validate_to to = {.v = v, .suite = "gates"};
    enum spn_status status = spn_validate_open(&doc, data, "gates.json", err);
    if (status)
        return status;
    struct spn_json_at root = spn_json_root(doc);
    for (size_t i = 0; i < spn_json_size(&root) && !status; i++) {
        struct spn_json_at corner = spn_json_item(&root, i);
        int nm = (int)spn_validate_number(&corner, "technode");
        bool hp = (int)spn_validate_number(&corner, "roadmap") == 1;
        double temperature_K = spn_validate_number(&corner, "temp");
        status = spn_validate_node(&at, nm, hp, err);
        if (status || !at.known ||
            spn_node_check_temperature(&at.node, temperature_K, NULL) != SPN_OK)
            continue;
        struct spn_env env = {&at.node, temperature_K, 1e9};
        snprintf(to.name, sizeof to.name, "%s %g K", at.node.name, temperature_K);
        put_transistor(&to, &corner, &env);
        for (size_t k = 0; k < sizeof gate_cases / sizeof *gate_cases; k++) {
            struct spn_json_at golden = spn_json_get(&corner, gate_cases[k].key);
            snprintf(to.group, sizeof to.group, "%s", gate_cases[k].key);
            put_gate(&to, &gate_cases[k], &golden, &env);
        }
    }
    spn_json_destroy(doc);
    return status;
}
