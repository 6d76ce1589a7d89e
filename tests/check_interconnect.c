/* check_interconnect.c -- H-trees, mesh routers and links.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "base/json.h"
#include "models/gate.h"
#include "models/htree.h"
#include "models/mesh.h"
#include "models/register.h"
#include "models/wire.h"
#include "tests/check.h"
#include "tests/model_setup.h"
#include "tests/neurosim_blocks.h"

/* 4 x 4 leaves of 100 um: trunk 200; bars 200, 2 x 200, 4 x 100, 8 x 100 = 1800 um in all with the
 * trunk's 200. Path: 200 + (100 + 50) across + (100 + 50) along. */
START_TEST(lengths_by_hand)
{
    struct spn_htree t = {.rows = 4, .columns = 4, .leaf_height_m = 1e-4, .leaf_width_m = 1e-4};
    ck_assert_rel(spn_htree_path_m(&t), 500e-6, 1e-12);
    ck_assert_rel(spn_htree_total_m(&t), (200 + 200 + 400 + 400 + 800) * 1e-6, 1e-12);
    t.rows = t.columns = 1; /* only the trunk, to the middle of the leaf */
    ck_assert_rel(spn_htree_path_m(&t), 50e-6, 1e-12);
    ck_assert_rel(spn_htree_total_m(&t), 50e-6, 1e-12);
    t.columns = 2;
    t.leaf_width_m = 3e-4; /* centre to the middle of a leaf: 150 um */
    ck_assert_rel(spn_htree_path_m(&t), 200e-6, 1e-12);
    ck_assert_rel(spn_htree_total_m(&t), 350e-6, 1e-12);
}
END_TEST

START_TEST(tree_costs)
{
    struct spn_htree t = {.rows = 4,
                          .columns = 4,
                          .leaf_height_m = 1e-4,
                          .leaf_width_m = 1e-4,
                          .bus_bit = 96,
                          .toggle_frac = 0.31};
    struct spn_component_cost c = cost_of(&spn_component_htree, &t);
    struct spn_repeated_wire wire = spn_wire_repeated(&env32, 1, SPN_HTREE_TOLERANCE_FRAC);
    ck_assert_rel(c.action[SPN_HTREE_UNICAST].energy_J, 0.31 * 500e-6 * wire.energy_J_per_m, 1e-9);
    ck_assert_rel(c.action[SPN_HTREE_BROADCAST].energy_J, 0.31 * 2e-3 * wire.energy_J_per_m, 1e-9);
    ck_assert_rel(c.leakage_W, 96 * 2e-3 * wire.leakage_W_per_m, 1e-9);
    ck_assert_rel(c.action[SPN_HTREE_UNICAST].latency_s, 1e-9, 1e-12);
    /* Never below the wire alone: C V^2 / 2. */
    ck_assert(wire.energy_J_per_m > 2e-10 * 0.9 * 0.9 / 2);
    /* A broadcast reaches every leaf, so it costs no more than a unicast to each. */
    ck_assert(c.action[SPN_HTREE_BROADCAST].energy_J < 16 * c.action[SPN_HTREE_UNICAST].energy_J);
    t.leaf_height_m = t.leaf_width_m = 2e-2; /* 4 cm chip: many clocks */
    c = cost_of(&spn_component_htree, &t);
    ck_assert(c.action[SPN_HTREE_UNICAST].latency_s > 1.5e-9);
    double clocks = c.action[SPN_HTREE_UNICAST].latency_s * 1e9;
    ck_assert_rel(clocks, round(clocks), 1e-9);
}
END_TEST

START_TEST(straight_bus)
{
    /* 3 x 5 leaves of 2 mm x 1 mm: H = 6 mm, W = 5 mm; to the middle 5.5 mm; all 6 + 3 x 5 mm */
    struct spn_htree t = {3, 5, 2e-3, 1e-3, 64, 0.5, 1};
    ck_assert_rel(spn_htree_path_m(&t), 5.5e-3, 1e-12);
    ck_assert_rel(spn_htree_total_m(&t), 21e-3, 1e-12);
    struct spn_component_cost c = cost_of(&spn_component_xy_bus, &t);
    struct spn_repeated_wire wire =
        spn_wire_repeated(&env32, spn_wire_multiple(&env32, 6e-3), SPN_HTREE_TOLERANCE_FRAC);
    ck_assert_rel(c.action[SPN_HTREE_UNICAST].energy_J, 0.5 * 5.5e-3 * wire.energy_J_per_m, 1e-12);
    ck_assert_rel(c.action[SPN_HTREE_BROADCAST].energy_J, 0.5 * 21e-3 * wire.energy_J_per_m, 1e-12);
    ck_assert_rel(c.leakage_W, 64 * 21e-3 * wire.leakage_W_per_m, 1e-12);
}
END_TEST

START_TEST(link_is_linear)
{
    struct spn_mesh_link a = {.flit_bit = 32, .length_m = 2.385e-4, .toggle_frac = 0.2};
    struct spn_mesh_link b = {.flit_bit = 64, .length_m = 2.385e-4, .toggle_frac = 0.4};
    double a_J = cost_of(&spn_component_mesh_link, &a).action[SPN_MESH_LINK_FLIT].energy_J;
    double b_J = cost_of(&spn_component_mesh_link, &b).action[SPN_MESH_LINK_FLIT].energy_J;
    ck_assert_rel(b_J, 4 * a_J, 1e-12);
    b.length_m = 0;
    struct spn_component_cost none = cost_of(&spn_component_mesh_link, &b);
    ck_assert(none.action[SPN_MESH_LINK_FLIT].energy_J == 0 && none.area_m2 == 0);
}
END_TEST

START_TEST(router_parts)
{
    struct spn_mesh_router p = {
        .flit_bit = 64, .ports = 5, .buffer_flits = 4, .pipeline_cycles = 3, .toggle_frac = 0.5};
    struct spn_component_cost c = cost_of(&spn_component_mesh_router, &p);
    struct spn_register_file f = {.words = 4, .word_bit = 64, .toggle_frac = 0.5};
    struct spn_component_cost fifo = cost_of(&spn_component_register_file, &f);
    double fifo_J = fifo.action[SPN_REGISTER_FILE_WRITE].energy_J +
                    fifo.action[SPN_REGISTER_FILE_READ].energy_J;
    ck_assert(c.action[SPN_MESH_ROUTER_FLIT].energy_J > fifo_J);
    ck_assert(c.action[SPN_MESH_ROUTER_FLIT].energy_J < 4 * fifo_J);
    ck_assert(c.area_m2 > 5 * fifo.area_m2);
    ck_assert_rel(c.action[SPN_MESH_ROUTER_FLIT].latency_s, 3e-9, 1e-12);
    p.flit_bit = 128; /* FIFOs double, the crossbar's side too */
    struct spn_component_cost d = cost_of(&spn_component_mesh_router, &p);
    ck_assert(d.action[SPN_MESH_ROUTER_FLIT].energy_J >
              2 * c.action[SPN_MESH_ROUTER_FLIT].energy_J);
    p.ports = 1;
    struct spn_err err;
    ck_assert_fails(spn_component_mesh_router.eval(&p, &env32, &d, &err), SPN_EINPUT,
                    "mesh-router.ports = 1 outside [2, 16]");
}
END_TEST

START_TEST(bad_tree)
{
    struct spn_err err;
    struct spn_component_cost c = {.area_m2 = 2.385};
    struct spn_htree t = {.rows = 4,
                          .columns = 4,
                          .leaf_height_m = INFINITY,
                          .leaf_width_m = 1e-4,
                          .bus_bit = 96,
                          .toggle_frac = 0.5};
    ck_assert_fails(spn_component_htree.eval(&t, &env32, &c, &err), SPN_EINPUT,
                    "htree.leaf_height_m = inf outside");
    ck_assert(c.area_m2 == 2.385);
}
END_TEST

/* Energy of one word over the tree, all wires toggling. NeuroSim's leakage counts one path's
 * repeaters, its area the wires' channels; delays are added up stage by stage there. */
START_TEST(tree_beside_neurosim)
{
    struct spn_err err;
    struct spn_json *doc = NULL;
    const size_t n = golden_load(&doc);
    for (size_t i = 0; i < n; i++) {
        struct spn_node node;
        struct spn_json_at blocks = golden_blocks(doc, i, &node);
        struct spn_env env = {&node, 300, 5e8};
        struct spn_htree small = {4, 4, 500e-6, 500e-6, 1024, 1, 0};
        struct spn_htree large = {8, 8, 1e-3, 1e-3, 2048, 1, 0};
        struct spn_component_cost c;
        ck_assert_ok(spn_component_htree.eval(&small, &env, &c, &err));
        ck_assert_rel(1024 * c.action[SPN_HTREE_UNICAST].energy_J,
                      golden(blocks, "htree_4x4_500um_1024b", "read_energy_J"), 0.06);
        ck_assert_ok(spn_component_htree.eval(&large, &env, &c, &err));
        ck_assert_rel(2048 * c.action[SPN_HTREE_UNICAST].energy_J,
                      golden(blocks, "htree_8x8_1000um_2048b", "read_energy_J"), 0.06);
        large.straight = 1; /* repeaters are thinned less than there */
        ck_assert_ok(spn_component_xy_bus.eval(&large, &env, &c, &err));
        double ratio = 2048 * c.action[SPN_HTREE_UNICAST].energy_J /
                       golden(blocks, "xybus_8x8_1000um_2048b", "read_energy_J");
        ck_assert_msg(ratio > 1.1 && ratio < 1.2, "%s: %g", node.name, ratio);
    }
    spn_json_destroy(doc);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("interconnect");
    TCase *tc = tcase_create("interconnect");
    tcase_add_test(tc, lengths_by_hand);
    tcase_add_test(tc, tree_costs);
    tcase_add_test(tc, straight_bus);
    tcase_add_test(tc, link_is_linear);
    tcase_add_test(tc, router_parts);
    tcase_add_test(tc, bad_tree);
    tcase_add_test(tc, tree_beside_neurosim);
    suite_add_tcase(suite, tc);
    return suite;
}
