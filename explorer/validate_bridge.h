/* validate_bridge.h -- from our chip to another model's, one difference at a time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_EXPLORER_VALIDATE_BRIDGE_H
#define SPN_EXPLORER_VALIDATE_BRIDGE_H

#include "estimator/estimate.h"
#include "explorer/validate_suites.h"

/* Puts rows of suite SPN_VALIDATION_BRIDGE (group = case, name = step, difference = why both
 * differ), and what is left as rows that count. */
struct spn_bridge {
    const struct spn_validate_to *to; /* suite "chips" */
    struct spn_json_at results;       /* of DNN+NeuroSim: floorplan, layers, chip */
    struct spn_json_at array;         /* its sub-array */
    struct spn_json_at fitted, plain; /* one sub-array with and without factors fitted to a macro */
    int array_side;
    bool pipelined;
    const struct spn_result *ours;
    const struct spn_result *dark; /* the same with cells that hardly conduct: lines alone */
};
void spn_bridge_put(const struct spn_bridge *bridge);

#endif
