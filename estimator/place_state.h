/* place_state.h -- what place.c and place_loads.c share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_PLACE_STATE_H
#define SPN_ESTIMATOR_PLACE_STATE_H

#include "estimator/place.h"

struct spn_place {
    struct spn_grid grid;
    int n_groups, n_flows, n_tiles;
    int *ints;
    double *doubles;
    struct spn_flow *flow;
    size_t n_ints, n_doubles, n_flow; /* allocated */
    int *slot, *tile_at, *group_of;   /* [tile], [slot]: tile or -1, [tile] */
    int *size, *first;                /* [group], [group + 1]: tiles of a group follow each other */
    int *end, *touching;              /* flows of group g: touching[end[g - 1] .. end[g]) */
    double *sum;                      /* [group][columns + rows]: of distances to its tiles */
    size_t n_slots;
    double *load, *part; /* [4][n_slots]: bits over the link right, left, down, up of a slot; of all
                            flows, and of those to one group */
    double *scratch;     /* [2 (columns + rows)] */
    double *flow_hops, *flow_busiest; /* [flow] */
    struct spn_place_result result;
    bool solved, optimized;
};

/* Bits over each link, ways going along the row first; the most loaded of all and of each group's
 * inputs. */
void spn_place_loads(struct spn_place *place);

#endif
