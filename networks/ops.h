/* ops.h -- what each op takes and what it makes of its inputs: shapes, weights and
 * multiply-accumulates.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One `struct spn_op_rules` per row of SPN_OPS; a row without rules does not compile ("spn_op_X
 * undeclared").
 */
#ifndef SPN_NETWORKS_OPS_H
#define SPN_NETWORKS_OPS_H

#include <stdbool.h>

#include "base/err.h"
#include "networks/network.h"

/* Largest sizes of one layer: sums over SPN_MAX_LAYERS of them stay within int64_t. */
#define SPN_MAX_DIM (1 << 30)
#define SPN_MAX_ELEMENTS ((int64_t)1 << 40)
#define SPN_MAX_MACS ((int64_t)1 << 48)

/* Whether results can be below zero. [M:N12] */
enum spn_op_sign {
    SPN_SIGN_NEVER,  /* whatever comes in */
    SPN_SIGN_PASSED, /* if one of the inputs can */
    SPN_SIGN_ALWAYS
};

struct spn_op_rules {
    int min_in, max_in, sign; /* enum spn_op_sign */
    const char *keys; /* keys of a layer in JSON that the op uses beside name, op and in; separated
                         by spaces */
    const char *required; /* of those, the ones without a default */
    /* Fill out_shape, n_weights, n_other, n_macs and n_dynamic_macs from the layer's options and
     * its inputs' shapes. A wanted shape (reshape) stands in out_shape. Messages leave file and
     * layer to the caller. */
    enum spn_status (*infer)(struct spn_layer *layer, const struct spn_shape *in,
                             struct spn_err *err);
};

/* NULL for a number that is no op. The rules of SPN_OP_ATTENTION, which is no layer, have no
 * infer(). */
const struct spn_op_rules *spn_op_rules(int op);

/* Whether `word` is one of the words in `list`, which spaces separate. */
bool spn_op_takes(const char *list, const char *word);

#endif
