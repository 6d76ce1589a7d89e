/* attention.h -- the attention macro: which ordinary layers it expands to.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Internal to networks/. `x` of one input, or a query source and a key/value source, becomes
 *
 *     x.q, x.k, x.v (linear) ; x.rotary_q, x.rotary_k (if rotary) ; x.scores (matmul, 1/sqrt(head
 * size)) ; x.softmax (causal or not) ; x.context (matmul) ; x.out (linear)
 */
#ifndef SPN_NETWORKS_ATTENTION_H
#define SPN_NETWORKS_ATTENTION_H

#include <stdbool.h>

#include "base/err.h"
#include "networks/builder.h"

struct spn_attention {
    char name[64];
    char q_tensor[96], k_tensor[96], v_tensor[96],
        out_tensor[96];   /* full names in the weight file */
    int query_in, key_in; /* layers, or SPN_NETWORK_INPUT */
    int features;         /* of q and out; 0 = the query source's */
    int heads, kv_heads;  /* kv_heads 0 = heads */
    bool causal, rotary, bias;
    double theta;
};

enum spn_status spn_attention_add(struct spn_builder *builder,
                                  const struct spn_attention *attention, struct spn_err *err);

#endif
