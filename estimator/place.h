/* place.h -- tiles on a mesh, so that traffic has short ways.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tiles stand in `columns` columns, rows filled one after the other. The buffer's port is left of
 * column 0, beside row `port_row`; it is one hop from the tile there. Groups are layers: their
 * tiles share the layer's traffic evenly, and so have one number. Ways are Manhattan distances, X
 * first.
 */
#ifndef SPN_ESTIMATOR_PLACE_H
#define SPN_ESTIMATOR_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SPN_PLACE_PORT (-1)

struct spn_grid {
    int n, columns, rows, port_row;
};
/* About square. */
struct spn_grid spn_place_grid(int n_tiles);
/* Mean hops from the port to a tile. */
double spn_place_mean_hops(const struct spn_grid *grid);

/* Traffic with the port alone. Mean hops of each group, whose tiles stand row by row in the order
 * of the groups; or, with an `order` ([n_groups], scratch), nearest to the port the busier a tile
 * is: no placement has less traffic x hops. Needs no memory per tile. [M:E45] */
struct spn_port_group {
    int n;       /* tiles */
    double bit;  /* of all of them */
    double hops; /* result */
};
void spn_place_port(const struct spn_grid *grid, struct spn_port_group *group, int n_groups,
                    int *order);

/* Traffic between groups, too. */
struct spn_flow {
    int from, to; /* groups, or SPN_PLACE_PORT; spread evenly over the tiles of both */
    double bit;
};
struct spn_place_problem {
    struct spn_grid grid;
    const int *size; /* [n_groups]: tiles, together at most grid.n */
    int n_groups;
    const struct spn_flow *flow; /* by `to` */
    int n_flows;
};

/* Storage that grows with the largest problem seen. */
struct spn_place;
enum spn_status spn_place_create(struct spn_place **place, struct spn_err *err);
void spn_place_destroy(struct spn_place *place);

/* Place the tiles: row by row in the order of the groups; or along a Hilbert curve, then improved
 * by exchanging tiles while that helps, for a fixed number of rounds: deterministic. Both costs are
 * kept. A problem equal to the last one is not solved again. [M:E46] */
enum spn_status spn_place_solve(struct spn_place *place, const struct spn_place_problem *problem,
                                bool optimized, struct spn_err *err);

struct spn_place_result {
    double row_major_bit_hop, bit_hop; /* sum of traffic x hops, row by row and as placed */
    double busiest_bit;                /* over the most loaded link, one direction [M:E46] */
    const double *flow_hops;           /* [n_flows]: mean */
    const double *flow_busiest_bit;    /* [n_flows]: of the flows to the same group together */
    const int *slot;                   /* [tiles]: row x columns + column, group by group */
};
struct spn_place_result spn_place_get(const struct spn_place *place);

#endif
