/* builder.h -- adds checked layers to a network, one by one, in topological order.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Internal to networks/. The builder borrows the network; a layer that fails is not added.
 */
#ifndef SPN_NETWORKS_BUILDER_H
#define SPN_NETWORKS_BUILDER_H

#include <stddef.h>

#include "base/err.h"
#include "networks/network.h"

/* Words that no layer may be called: they mean something in "in" and "sparsity". */
#define SPN_NAME_INPUT "input"
#define SPN_NAME_BLOCK "block"
#define SPN_NAME_DEFAULT "default"

struct spn_name_index { /* hash table of layer numbers by the string at `offset` of struct spn_layer
                         */
    size_t offset, n_slots, n_used;
    int *slot; /* layer number + 1; 0 is free */
};

struct spn_builder {
    struct spn_network *net;
    int capacity;
    struct spn_name_index by_name, by_tensor;
};

struct spn_builder spn_builder_init(struct spn_network *net); /* holds no memory yet */
void spn_builder_clear(struct spn_builder *builder);          /* the network stays */

/* A layer with the options' defaults of network.h; name and tensor empty. */
struct spn_layer spn_layer_default(int op);

/* Add a copy of `layer` (options, in[] and n_in set), with shapes and counts inferred. */
enum spn_status spn_builder_add(struct spn_builder *builder, const struct spn_layer *layer,
                                struct spn_err *err);

/* Number of the layer of that full name, or -2. */
int spn_builder_find(const struct spn_builder *builder, const char *name);

#endif
