/* mesh.c -- router and link of a two-dimensional mesh.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Input-buffered wormhole router: per input port a FIFO (register file), one matrix crossbar of
 * transmission gates, per output port a round-robin arbiter; energy of a flit = FIFO write + FIFO
 * read + arbitration + crossbar input and output line [wang2002]. Route computation, virtual
 * channels and the clock tree are not counted. [M:B16, B17]
 */
#include "models/mesh.h"

#include <math.h>

#include "models/gate.h"
#include "models/htree.h"
#include "models/logic.h"
#include "models/register.h"
#include "models/wire.h"

static const struct spn_field router_fields[] = {
    SPN_F_INT(struct spn_mesh_router, flit_bit, "bit", 1, 4096, "bits of a flit"),
    SPN_F_INT(struct spn_mesh_router, ports, "", 2, 16, "ports, the tile's among them"),
    SPN_F_INT(struct spn_mesh_router, buffer_flits, "", 1, 1024, "FIFO depth per input"),
    SPN_F_INT(struct spn_mesh_router, pipeline_cycles, "", 1, 16, "clocks through the router"),
    SPN_F_DOUBLE(struct spn_mesh_router, toggle_frac, "", 0, 1, "bits that change per flit"),
    SPN_F_END};
static const char *const flit_actions[] = {"flit", NULL};

static void router_example(void *params)
{
    *(struct spn_mesh_router *)params = (struct spn_mesh_router){
        .flit_bit = 64, .ports = 5, .buffer_flits = 4, .pipeline_cycles = 2, .toggle_frac = 0.5};
}

/* Side of a matrix crossbar: ports x flit wires at twice the wire's width each. [M:B16] */
static struct spn_cost price_crossbar(const struct spn_logic *logic,
                                      const struct spn_mesh_router *p, double *data_J)
{
    const struct spn_logic_cell *pass = &logic->transmission;
    double lines = (double)p->ports * p->flit_bit;
    double side_m = lines * 2 * logic->env->node->wire_width_m;
    struct spn_wire wire = spn_wire_local(logic->env, side_m);
    double passes_F = p->ports * pass->output_F;
    struct spn_chain driver =
        spn_gate_chain(logic->env, spn_gate_min_width_m(logic->env), wire.F + passes_F);
    double path_F = 2 * (wire.F + passes_F) + driver.input_F + driver.internal_F;
    double control_F = p->flit_bit * pass->input_F;
    struct spn_wire out = wire;
    out.F += passes_F;
    *data_J = p->flit_bit * p->toggle_frac / 2 * spn_gate_cycle_J(path_F, logic->vdd_V);
    return (struct spn_cost){
        .energy_J = *data_J + spn_gate_cycle_J(control_F, logic->vdd_V),
        .latency_s = driver.delay_s +
                     spn_wire_delay_s(driver.drive_ohm + wire.ohm + pass->drive_ohm, out, 0),
        .area_m2 = fmax(side_m * side_m, lines * p->ports * pass->area_m2) + lines * driver.area_m2,
        .leakage_W = lines * driver.leakage_W,
    };
}

static enum spn_status router_eval(const void *params, const struct spn_env *env,
                                   struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_mesh_router *p = params;
    enum spn_status status = spn_logic_check(&spn_component_mesh_router, params, env, err);
    if (status)
        return status;
    struct spn_register_file fifo_params = {
        .words = p->buffer_flits, .word_bit = p->flit_bit, .toggle_frac = p->toggle_frac};
    struct spn_component_cost fifo;
    status = spn_component_register_file.eval(&fifo_params, env, &fifo, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    double data_J;
    struct spn_cost crossbar = price_crossbar(&logic, p, &data_J);
    struct spn_cost arbiter =
        spn_cost_serial(spn_logic_priority_encoder(&logic, p->ports, SPN_TOGGLE_RANDOM_FRAC),
                        spn_logic_register(&logic, p->ports, SPN_TOGGLE_RANDOM_FRAC));
    struct spn_cost flit = {.energy_J = fifo.action[SPN_REGISTER_FILE_WRITE].energy_J +
                                        fifo.action[SPN_REGISTER_FILE_READ].energy_J +
                                        arbiter.energy_J + crossbar.energy_J,
                            .latency_s = arbiter.latency_s + crossbar.latency_s};
    *out = (struct spn_component_cost){0};
    out->area_m2 = p->ports * (fifo.area_m2 + arbiter.area_m2) + crossbar.area_m2;
    out->leakage_W = p->ports * (fifo.leakage_W + arbiter.leakage_W) + crossbar.leakage_W;
    out->toggled_J[SPN_MESH_ROUTER_FLIT] =
        data_J + fifo.toggled_J[SPN_REGISTER_FILE_WRITE] + fifo.toggled_J[SPN_REGISTER_FILE_READ];
    out->action[SPN_MESH_ROUTER_FLIT] = spn_logic_action(&logic, flit, p->pipeline_cycles);
    return SPN_OK;
}

const struct spn_component_type spn_component_mesh_router = {
    .name = "mesh-router",
    .role = "interconnect",
    .doc = "input-buffered wormhole router",
    .size = sizeof(struct spn_mesh_router),
    .fields = router_fields,
    .actions = flit_actions,
    .model = "B7, B10, B16",
    .example = router_example,
    .eval = router_eval,
};

static const struct spn_field link_fields[] = {
    SPN_F_INT(struct spn_mesh_link, flit_bit, "bit", 1, 4096, "wires"),
    SPN_F_DOUBLE(struct spn_mesh_link, length_m, "m", 0, 0.1, "length of a hop"),
    SPN_F_DOUBLE(struct spn_mesh_link, toggle_frac, "", 0, 1, "wires that change per flit"),
    SPN_F_END};

static void link_example(void *params)
{
    *(struct spn_mesh_link *)params =
        (struct spn_mesh_link){.flit_bit = 64, .length_m = 1e-3, .toggle_frac = 0.5};
}

static enum spn_status link_eval(const void *params, const struct spn_env *env,
                                 struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_mesh_link *p = params;
    enum spn_status status = spn_logic_check(&spn_component_mesh_link, params, env, err);
    if (status)
        return status;
    struct spn_logic logic = {.env = env};
    struct spn_repeated_wire wire =
        spn_wire_repeated(env, spn_wire_multiple(env, p->length_m), SPN_HTREE_TOLERANCE_FRAC);
    double wires_m = p->flit_bit * p->length_m;
    *out = (struct spn_component_cost){.area_m2 = wires_m * wire.area_m2_per_m,
                                       .leakage_W = wires_m * wire.leakage_W_per_m};
    out->toggled_J[SPN_MESH_LINK_FLIT] = wires_m * p->toggle_frac * wire.energy_J_per_m;
    out->action[SPN_MESH_LINK_FLIT] = (struct spn_cost){
        .energy_J = out->toggled_J[SPN_MESH_LINK_FLIT],
        .latency_s = spn_logic_clocked_s(&logic, p->length_m * wire.delay_s_per_m, 1)};
    return SPN_OK;
}

const struct spn_component_type spn_component_mesh_link = {
    .name = "mesh-link",
    .role = "interconnect",
    .doc = "repeated wires of one hop, one direction",
    .size = sizeof(struct spn_mesh_link),
    .fields = link_fields,
    .actions = flit_actions,
    .model = "B17, G12",
    .example = link_example,
    .eval = link_eval,
};
