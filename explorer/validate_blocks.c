/* validate_blocks.c -- digital blocks, buffers and wires against DNN+NeuroSim V1.4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "explorer/validate_suites.h"
#include "models/adder_tree.h"
#include "models/digital.h"
#include "models/htree.h"
#include "models/logic.h"
#include "models/register.h"
#include "models/sram.h"
#include "models/wire.h"

static const char
    activity[] = "NeuroSim scales a fixed switching pattern by 0.15 (adders) and 0.5 (flip-flops), "
                 "fitted to one "
                 "40 nm macro; ours are random operands",
    adder_path[] = "ours is the longest path of the nine-gate adder, 20 gates for 8 bits",
    whole_rows[] = "NeuroSim fills whole rows of a given width",
    one_port[] = "NeuroSim's register file has one port, and no lines or multiplexer to read it by",
    no_cells[] = "NeuroSim leaves out the leakage of the SRAM cells",
    operand_lost[] = "NeuroSim rounds odd operand counts down and so loses one of nine",
    clocks[] = "whole numbers of clocks",
    one_path[] = "NeuroSim counts the repeaters of one path, ours those of the whole tree",
    swing[] = "bit lines: ours swing by a tenth of the supply in a read, and both of a pair are "
              "driven in a write",
    tree_area[] =
        "NeuroSim counts the wires' area over a folding factor of 4; ours run above other blocks",
    thinning[] = "repeaters: ours are thinned and spread together until the wire is 10 % slower",
    one_unit[] = "NeuroSim counts the area of 64 pooling units, but leakage and energy of one",
    shifter[] = "NeuroSim's ReLU is a shift register, ours a register behind gates";

struct task {
    struct spn_validate_to *to;
    const struct spn_env *env;
    struct spn_json_at blocks;
    struct spn_err *err;
    enum spn_status status;
};

/* The golden block of that key; what follows goes to `group`. */
static struct spn_json_at begin(const struct task *t, const char *key, const char *group)
{
    snprintf(t->to->group, sizeof t->to->group, "%s", group);
    return spn_json_get(&t->blocks, key);
}

static struct spn_component_cost evaluate(struct task *t, const struct spn_component_type *type,
                                          const void *params)
{
    struct spn_component_cost cost = {0};
    if (!t->status)
        t->status = type->eval(params, t->env, &cost, t->err);
    return cost;
}

static void put_size(const struct task *t, const struct spn_json_at *golden, double area_m2,
                     double leakage_W)
{
    spn_validate_put(t->to, "area", "m2", spn_validate_number(golden, "area_m2"), area_m2);
    spn_validate_put(t->to, "leakage", "W", spn_validate_number(golden, "leakage_W"), leakage_W);
}

static void put_energy(const struct task *t, const char *difference, const char *quantity,
                       const struct spn_json_at *golden, double energy_J)
{
    if (!difference && t->env->node->transistor != SPN_TRANSISTOR_PLANAR)
        difference = spn_validate_fin_drain;
    spn_validate_put_as(
        t->to, difference, quantity, "J",
        spn_validate_number(golden, quantity[0] == 'w' ? "write_energy_J" : "read_energy_J"),
        energy_J);
}

static void put_arithmetic(struct task *t)
{
    const double n_adders = 16, bits = 8;
    struct spn_logic logic;
    spn_logic_init(&logic, t->env);
    struct spn_cost adder = spn_logic_adder(&logic, bits, SPN_TOGGLE_RANDOM_FRAC);
    struct spn_json_at golden = begin(t, "adder_8b_x16", "adder");
    put_size(t, &golden, n_adders * adder.area_m2, n_adders * adder.leakage_W);
    put_energy(t, activity, "energy", &golden, n_adders * adder.energy_J);
    spn_validate_put_as(t->to, adder_path, "latency", "s",
                        spn_validate_number(&golden, "read_latency_s"), adder.latency_s);

    static const struct {
        const char *key;
        struct spn_adder_tree tree;
        const char *difference;
    } trees[] = {
        {"adderTree_sub4_bit20_trees64_add4", {4, 20, SPN_TOGGLE_RANDOM_FRAC}, NULL},
        {"adderTree_sub9_bit22_trees64_add9", {9, 22, SPN_TOGGLE_RANDOM_FRAC}, operand_lost}};
    const double n_trees = 64;
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        struct spn_component_cost tree = evaluate(t, &spn_component_adder_tree, &trees[i].tree);
        golden = begin(t, trees[i].key, "adder tree");
        t->to->difference = trees[i].difference;
        put_size(t, &golden, n_trees * tree.area_m2, n_trees * tree.leakage_W);
        t->to->difference = NULL;
        put_energy(t, activity, "energy", &golden,
                   n_trees * tree.action[SPN_ADDER_TREE_SUM].energy_J);
        spn_validate_put_as(t->to, clocks, "latency", "s",
                            spn_validate_number(&golden, "read_latency_s") / t->env->clock_Hz,
                            tree.action[SPN_ADDER_TREE_SUM].latency_s);
    }
}

static void put_buffers(struct task *t)
{
    const double half = 0.5; /* 64 of 128 bits active */
    struct spn_register bank = {.bits = 128, .toggle_frac = half};
    struct spn_component_cost cost = evaluate(t, &spn_component_register, &bank);
    struct spn_json_at golden = begin(t, "dff_128_active64", "register");
    spn_validate_put_as(t->to, whole_rows, "area", "m2", spn_validate_number(&golden, "area_m2"),
                        cost.area_m2);
    spn_validate_put(t->to, "leakage", "W", spn_validate_number(&golden, "leakage_W"),
                     cost.leakage_W);
    put_energy(t, NULL, "energy", &golden, cost.action[SPN_REGISTER_WRITE].energy_J);
    golden = begin(t, "dff_128_active64_validated", "register");
    put_energy(t, activity, "energy", &golden, cost.action[SPN_REGISTER_WRITE].energy_J);

    static const struct {
        const char *key, *write;
        int words, bits;
    } files[] = {{"buffer_rf_128x128_1line", "buffer_rf_128x128_1line_write", 128, 128},
                 {"buffer_rf_32x32_1line", NULL, 32, 32}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct spn_register_file file = {files[i].words, files[i].bits, half};
        cost = evaluate(t, &spn_component_register_file, &file);
        golden = begin(t, files[i].key, "register file");
        t->to->difference = one_port;
        put_size(t, &golden, cost.area_m2, cost.leakage_W);
        put_energy(t, one_port, "read energy", &golden,
                   cost.action[SPN_REGISTER_FILE_READ].energy_J);
        if (!files[i].write)
            continue;
        golden = spn_json_get(&t->blocks, files[i].write);
        put_energy(t, one_port, "write energy", &golden,
                   cost.action[SPN_REGISTER_FILE_WRITE].energy_J);
    }

    t->to->difference = NULL;

    struct spn_sram sram = spn_sram_default(128 * 128, 128);
    sram.rows = 128;
    struct spn_env unclocked = *t->env; /* latencies in steps of 1 fs */
    unclocked.clock_Hz = 1e15;
    const struct spn_env *clocked = t->env;
    t->env = &unclocked;
    cost = evaluate(t, &spn_component_sram, &sram);
    t->env = clocked;
    golden = begin(t, "buffer_sram_128x128_1line_async", "SRAM buffer");
    spn_validate_put(t->to, "area", "m2", spn_validate_number(&golden, "area_m2"), cost.area_m2);
    spn_validate_put_as(t->to, no_cells, "leakage", "W", spn_validate_number(&golden, "leakage_W"),
                        cost.leakage_W);
    put_energy(t, swing, "read energy", &golden, cost.action[SPN_SRAM_READ].energy_J);
    spn_validate_put_as(t->to, swing, "latency", "s",
                        spn_validate_number(&golden, "read_latency_s"),
                        cost.action[SPN_SRAM_READ].latency_s);
    golden = spn_json_get(&t->blocks, "buffer_sram_128x128_1line_async_write");
    put_energy(t, swing, "write energy", &golden, cost.action[SPN_SRAM_WRITE].energy_J);
}

static void put_wires(struct task *t)
{
    static const struct {
        const char *key;
        int side;
        double leaf_m, bits;
    } trees[] = {{"htree_4x4_500um_1024b", 4, 500e-6, 1024},
                 {"htree_8x8_1000um_2048b", 8, 1000e-6, 2048}};
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        struct spn_htree tree = {.rows = trees[i].side,
                                 .columns = trees[i].side,
                                 .leaf_height_m = trees[i].leaf_m,
                                 .leaf_width_m = trees[i].leaf_m,
                                 .bus_bit = (int)trees[i].bits,
                                 .toggle_frac = 1};
        struct spn_component_cost cost = evaluate(t, &spn_component_htree, &tree);
        struct spn_json_at golden = begin(t, trees[i].key, "H-tree");
        put_energy(t, NULL, "energy", &golden,
                   trees[i].bits * cost.action[SPN_HTREE_UNICAST].energy_J);
        spn_validate_put_as(t->to, tree_area, "area", "m2", spn_validate_number(&golden, "area_m2"),
                            cost.area_m2);
        spn_validate_put_as(t->to, one_path, "leakage", "W",
                            spn_validate_number(&golden, "leakage_W"), cost.leakage_W);
        spn_validate_put_as(t->to, clocks, "latency", "s",
                            spn_validate_number(&golden, "read_latency_s") / t->env->clock_Hz,
                            cost.action[SPN_HTREE_UNICAST].latency_s);
    }
    const double bus_bits = 128, input_toggle = 0.18; /* of NeuroSim's bus */
    struct spn_json_at golden = begin(t, "bus_h_4x4_100um_128b_input", "bus");
    struct spn_json_at inside = spn_json_get(&t->blocks, "bus_internals");
    struct spn_repeated_wire wire = spn_wire_repeated(t->env, 1, SPN_HTREE_TOLERANCE_FRAC);
    double length_m = spn_validate_number(&inside, "wireLength_m");
    put_energy(t, thinning, "energy", &golden,
               input_toggle * bus_bits * length_m * wire.energy_J_per_m);
    t->to->difference = thinning;
    spn_validate_put(t->to, "repeater spacing", "m", spn_validate_number(&inside, "minDist_m"),
                     wire.spacing_m);
    spn_validate_put(t->to, "repeater width", "m",
                     spn_validate_number(&inside, "widthInvN_F") * t->env->node->feature_size_m,
                     wire.repeater_width_m);
    t->to->difference = NULL;
}

static void put_digital(struct task *t)
{
    const double lanes = 64, window = 4;
    struct spn_pool pool = {
        .bits = 8, .window = (int)window, .toggle_frac = SPN_TOGGLE_RANDOM_FRAC};
    struct spn_env slow = *t->env; /* no pipeline registers, as the reference has none */
    slow.clock_Hz = 1e6;
    const struct spn_env *clocked = t->env;
    t->env = &slow;
    struct spn_component_cost cost = evaluate(t, &spn_component_pool, &pool);
    t->env = clocked;
    struct spn_json_at golden = begin(t, "maxpool_8b_win4_x64", "max pooling");
    spn_validate_put(t->to, "area", "m2", spn_validate_number(&golden, "area_m2"),
                     lanes * cost.area_m2);
    spn_validate_put_as(t->to, one_unit, "leakage", "W", spn_validate_number(&golden, "leakage_W"),
                        lanes * cost.leakage_W);
    put_energy(t, one_unit, "energy", &golden,
               lanes * (window - 1) * cost.action[SPN_POOL_COMPARE].energy_J);
    struct spn_relu relu = {.bits = 8, .toggle_frac = SPN_TOGGLE_RANDOM_FRAC};
    cost = evaluate(t, &spn_component_relu, &relu);
    golden = begin(t, "relu_bitshifter_64x8b", "ReLU");
    t->to->difference = shifter;
    put_size(t, &golden, lanes * cost.area_m2, lanes * cost.leakage_W);
    put_energy(t, shifter, "energy", &golden, lanes * cost.action[SPN_RELU_ELEMENT].energy_J);
    t->to->difference = NULL;
}

enum spn_status spn_validate_blocks(struct spn_validation *v, const char *data, struct spn_err *err)
{
    struct spn_json *doc = NULL;
    struct spn_validate_node at = {0};
    struct spn_validate_to to = {.v = v, .suite = "blocks"};
    enum spn_status status = spn_validate_open(&doc, data, "blocks.json", err);
    if (status)
        return status;
    struct spn_json_at root = spn_json_root(doc);
    for (size_t i = 0; i < spn_json_size(&root) && !status; i++) {
        struct spn_json_at item = spn_json_item(&root, i);
        status = spn_validate_node(&at, (int)spn_validate_number(&item, "technode"), false, err);
        if (status || !at.known)
            continue;
        const double room_K = 300;
        struct spn_env env = {&at.node, room_K, spn_validate_number(&item, "clk_Hz")};
        struct task t = {&to, &env, spn_json_get(&item, "blocks"), err, SPN_OK};
        snprintf(to.name, sizeof to.name, "%s", at.node.name);
        put_arithmetic(&t);
        put_buffers(&t);
        put_wires(&t);
        put_digital(&t);
        status = t.status;
    }
    spn_json_destroy(doc);
    return status;
}
