/* layer_list.h -- the "layers" list of a network file: ordinary layers, repeated blocks, attention.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Internal to networks/. An element is a layer
 *
 *     {"name": "conv1", "op": "conv2d", "in": "input", "channels": 128, "kernel": 3, "padding": 1}
 *
 * or a block of layers that is repeated:
 *
 *     {"repeat": 6, "from": 0, "as": "enc", "layers": [{"name": "norm1", "op": "layernorm"}, ...]}
 *
 * whose layers are named enc.0.norm1 ... enc.5.norm1 (tensors likewise). Inside it, "in" names a
 * layer of the same turn first, then layers outside; "block" is what enters the turn. "in" defaults
 * to the layer before.
 */
#ifndef SPN_NETWORKS_LAYER_LIST_H
#define SPN_NETWORKS_LAYER_LIST_H

#include "base/err.h"
#include "base/json.h"
#include "networks/builder.h"

struct spn_layer_list_context {
    struct spn_builder *builder;
    const char *tensor_prefix; /* before every tensor name */
    int sequence;              /* what "sequence" in a shape stands for; 0 = nothing */
};

extern const struct spn_field spn_layer_fields[]; /* all keys of a layer, for help and schema */

/* Add the layers of list `at` to the builder's network. */
enum spn_status spn_layer_list_read(const struct spn_layer_list_context *context,
                                    const struct spn_json_at *at, struct spn_err *err);

/* A shape: 1 to SPN_MAX_DIMS whole numbers >= `least`, or "sequence". */
enum spn_status spn_shape_read(const struct spn_json_at *at, int least, int sequence,
                               struct spn_shape *shape, struct spn_err *err);

#endif
