/* space.h -- a design space: which inputs vary over which values, and what is asked of each design.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_space_load(&space, "experiments/vgg8-space.json", err);
 *     spn_evaluator_create(&ev, space, err);                    // explorer/evaluate.h, one per
 * thread for (int64_t i = 0; i < spn_space_size(space); i++) spn_evaluate(ev, i, &point, err);
 *
 * A space file:
 *
 *     { "network": "vgg8", "chip": "ning2025",
 *       "set": {"chip.weight.bits": 8},                          // holds for every design
 *       "axes": {
 *         "scheme": ["dense", "external-index", "index-free"],   // also network, chip, node,
 * device, dram "chip.adc.bits": {"from": 4, "to": 9, "step": 1}, "device.on_conductance_S":
 * {"from": 1e-6, "to": 1e-4, "count": 9, "log": true}, "array": {"set": ["chip.array.rows",
 * "chip.array.columns"], "values": [64, 128, 256]}, "process": {"set": ["node", "device"],
 * "values": [["22nm-lstp", "rram-22nm"], ["32nm-lstp", "fefet-32nm"]]},
 *         "chip.sparsity.index_format": {"values": ["bitmap", "csr"], "when": {"scheme":
 * "external-index"}} }, "derived": {"edp_Js": "energy_J * latency_s"}, "constraints": ["area_m2 <
 * 1e-4"], "objectives": ["min energy_J", "min latency_s"], "columns": ["energy_J", "latency_s"], //
 * what a store keeps; has a default "uncertain": {"device.on_conductance_S": {"distribution":
 * "normal", "relative_sd": 0.1}} }
 *
 * Points are numbered from 0 without holes: an axis whose "when" does not hold has no digit there.
 * The last axis runs fastest, but those that a "when" refers to run slowest.
 */
#ifndef SPN_EXPLORER_SPACE_H
#define SPN_EXPLORER_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum {
    SPN_SPACE_MAX_AXES = 24,
    SPN_SPACE_MAX_COLUMNS = 48, /* kept of one point: results and derived ones */
    SPN_SPACE_MAX_OBJECTIVES = 8,
    SPN_SPACE_MAX_INPUTS = 16, /* uncertain inputs */
    SPN_SPACE_NAME = 96        /* bytes of a name, with its end */
};
#define SPN_SPACE_MAX_POINTS ((int64_t)1 << 53)

struct spn_space; /* does not change after loading; shared by threads */

struct spn_objective {
    int column; /* of spn_space_column */
    bool maximize;
};

/* File name or shipped name. SPN_EINPUT with file, place, value and range; all networks, chips,
 * nodes and devices that the axes name are loaded here. */
enum spn_status spn_space_load(struct spn_space **space, const char *name_or_path,
                               struct spn_err *err);
enum spn_status spn_space_parse(struct spn_space **space, const char *text, size_t n,
                                const char *name, struct spn_err *err);
void spn_space_destroy(struct spn_space *space);

const char *spn_space_name(const struct spn_space *space);
int64_t spn_space_size(const struct spn_space *space);
uint64_t spn_space_digest(const struct spn_space *space); /* of everything that results depend on */

int spn_space_n_axes(const struct spn_space *space);
const char *spn_space_axis_name(const struct spn_space *space, int axis);
int spn_space_axis_size(const struct spn_space *space, int axis);
bool spn_space_axis_numeric(const struct spn_space *space, int axis);
const char *spn_space_axis_label(const struct spn_space *space, int axis, int value);
double spn_space_axis_number(const struct spn_space *space, int axis,
                             int value); /* NaN unless numeric */

/* Point number to one digit per axis, -1 where the axis takes no part; and back (digits of such
 * axes are ignored). */
void spn_space_digits(const struct spn_space *space, int64_t point, int digit[SPN_SPACE_MAX_AXES]);
int64_t spn_space_point(const struct spn_space *space, const int digit[SPN_SPACE_MAX_AXES]);

int spn_space_n_columns(const struct spn_space *space);
const char *spn_space_column(const struct spn_space *space, int column);
/* Of a derived one by the end of its name: "energy_per_token_J" is in J; "" if that says nothing.
 */
const char *spn_space_column_unit(const struct spn_space *space, int column);
int spn_space_find_column(const struct spn_space *space, const char *name); /* or -1 */

int spn_space_n_objectives(const struct spn_space *space);
const struct spn_objective *spn_space_objective(const struct spn_space *space, int i);

/* Uncertain inputs. */
int spn_space_n_inputs(const struct spn_space *space);
const char *spn_space_input_name(const struct spn_space *space, int input);

/* Tab-separated lines "path, unit, range, meaning" of what can be an axis besides fields: network,
 * sparsity, chip, ... */
void spn_space_help(struct spn_text *out);
/* Likewise: what a space file holds. */
void spn_space_help_file(struct spn_text *out);

#endif
