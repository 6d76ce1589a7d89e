/* htree.h -- repeated wires from one root to a grid of leaves: an H-tree, or an X-Y bus.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_HTREE_H
#define SPN_MODELS_HTREE_H

#include "models/component.h"

/* Repeaters are thinned until they are this much slower than the fastest, to save energy. */
#define SPN_HTREE_TOLERANCE_FRAC 0.1

enum { SPN_HTREE_UNICAST, SPN_HTREE_BROADCAST };

struct spn_htree {
    int rows, columns;                  /* grid of leaves */
    double leaf_height_m, leaf_width_m; /* pitch of the grid */
    int bus_bit;                        /* wires; bits that travel side by side */
    double toggle_frac;                 /* of a wire from one bit to the next */
    int straight;                       /* 0: an H-tree; 1: an X-Y bus */
};

/* "htree", role "interconnect". unicast: ONE bit between the root and one leaf (either direction);
 * broadcast: one bit to all leaves. Latency: one traversal in whole clocks; n bits take latency +
 * (ceil(n / bus_bit) - 1) / clock. */
extern const struct spn_component_type spn_component_htree;

/* "xy-bus", role "interconnect": a spine along one edge and a bus across each row, segments beyond
 * the leaf being gated. Same parameters (straight = 1) and actions; unicast is to a mean leaf. */
extern const struct spn_component_type spn_component_xy_bus;

/* Wire between root and one leaf, and of the whole tree (of one bit). */
double spn_htree_path_m(const struct spn_htree *tree);
double spn_htree_total_m(const struct spn_htree *tree);

#endif
