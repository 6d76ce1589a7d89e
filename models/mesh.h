/* mesh.h -- router and link of a two-dimensional mesh.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_MESH_H
#define SPN_MODELS_MESH_H

#include "models/component.h"

enum { SPN_MESH_ROUTER_FLIT };

struct spn_mesh_router {
    int flit_bit;
    int ports;           /* 5: four neighbours and the tile */
    int buffer_flits;    /* FIFO depth of each input port */
    int pipeline_cycles; /* clocks from input to output without contention */
    double toggle_frac;
};

/* "mesh-router", role "interconnect". flit: one flit through input FIFO, arbiter and crossbar;
 * latency pipeline_cycles. A message of n flits over h hops takes h (router + link) + (n - 1) /
 * clock. */
extern const struct spn_component_type spn_component_mesh_router;

enum { SPN_MESH_LINK_FLIT };

struct spn_mesh_link {
    int flit_bit;
    double length_m; /* one hop: pitch of the tiles */
    double toggle_frac;
};

/* "mesh-link", role "interconnect": repeated wires, one direction. flit: one flit over it, in whole
 * clocks. */
extern const struct spn_component_type spn_component_mesh_link;

#endif
