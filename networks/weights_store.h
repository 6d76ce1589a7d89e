/* weights_store.h -- how weights.c, safetensors.c and safetensors_write.c hold tensors; private to
 * them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_NETWORKS_WEIGHTS_STORE_H
#define SPN_NETWORKS_WEIGHTS_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "networks/weights.h"

struct spn_weights_meta {
    char *key, *value;
};

struct spn_weights {
    char *path;
    int n_tensors, n_meta;
    size_t room_tensors, room_meta;
    struct spn_tensor_info *tensor; /* sorted by name; name and data owned here */
    struct spn_weights_meta *meta;  /* sorted by key */
};

/* Size and name ("F32") of a type; 0 and NULL for unknown ones. */
size_t spn_dtype_bytes(int dtype);
const char *spn_dtype_name(int dtype);
int spn_dtype_find(const char *name); /* -1 if unknown */

/* n_dims, dim[] -> n and bytes; SPN_EINPUT on negative sizes or overflow past
 * SPN_WEIGHTS_MAX_BYTES. */
enum spn_status spn_tensor_size(struct spn_tensor_info *tensor, uint64_t *n_bytes,
                                struct spn_err *err);

/* Put a tensor in its place; takes ownership of name and data when it succeeds. */
enum spn_status spn_weights_insert(struct spn_weights *weights,
                                   const struct spn_tensor_info *tensor, struct spn_err *err);

#endif
