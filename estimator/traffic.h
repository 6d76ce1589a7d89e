/* traffic.h -- what the network moves between tiles and buffer, and how far. Private to the
 * estimator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_TRAFFIC_H
#define SPN_ESTIMATOR_TRAFFIC_H

#include "estimator/frame.h"

/* The hops of each layer's traffic, from its counts; on an H-tree nothing is to be done.
 * SPN_EINFEASIBLE if traffic goes from tile to tile on more tiles than can be placed. [M:E45, E46]
 */
enum spn_status spn_traffic_set(struct spn_frame *f, struct spn_err *err);

/* Bits over the busiest link between tiles, or port of the buffer, for one image and
 * phase; all layers. */
double spn_traffic_busiest_bit(const struct spn_frame *f, enum spn_phase phase);

/* Into the result: traffic x hops, placed and row by row. */
void spn_traffic_report(const struct spn_frame *f, struct spn_system_result *out);

#endif
