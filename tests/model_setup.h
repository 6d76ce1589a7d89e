/* model_setup.h -- a node by hand and a short way to a component's cost, for the tests of models/.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TESTS_MODEL_SETUP_H
#define SPN_TESTS_MODEL_SETUP_H

#include "models/component.h"
#include "tests/check.h"

/* 32 nm LSTP at 300 K [neurosim14]. */
static const struct spn_node node32 = {.name = "32nm-lstp",
                                       .feature_size_m = 32e-9,
                                       .transistor = SPN_TRANSISTOR_PLANAR,
                                       .vdd_V = 0.9,
                                       .gate_ideal_F_per_m = 8.375279e-10,
                                       .gate_fringe_F_per_m = 6.856677e-10,
                                       .gate_overlap_F_per_m = 1.6750558e-10,
                                       .junction_F_per_m2 = 7.07106781187e-4,
                                       .sidewall_F_per_m = 1.98884120939e-10,
                                       .drain_channel_F_per_m = 3.97768241877e-11,
                                       .pn_ratio = 1.5005,
                                       .resistance_multiplier = 1.77,
                                       .temperature_K = {300, 310},
                                       .nmos_on_A_per_m = {600.2, 562.8},
                                       .pmos_on_A_per_m = {400, 368.4},
                                       .nmos_off_A_per_m = {1.001e-4, 1.436e-4},
                                       .pmos_off_A_per_m = {1.001e-4, 1.407e-4},
                                       .n_temperatures = 2,
                                       .wire_width_m = 56e-9,
                                       .wire_ohm_per_m = 4.65915533e6,
                                       .wire_F_per_m = 2e-10,
                                       .sram_cell_height_F = 10,
                                       .sram_cell_width_F = 28};
static const struct spn_env env32 = {&node32, 300, 1e9};

static inline struct spn_component_cost cost_of(const struct spn_component_type *type,
                                                const void *params)
{
    struct spn_err err;
    struct spn_component_cost cost = {0};
    ck_assert_ok(type->eval(params, &env32, &cost, &err));
    return cost;
}

#endif
