/* fuzz_network.c -- any bytes as a network file: read it, sum it, unroll its layers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdint.h>

#include "networks/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spn_network *net = NULL;
    struct spn_err err;
    if (spn_network_parse(&net, (const char *)data, size, "dir/fuzz.json", &err) != SPN_OK)
        return 0;
    struct spn_network_totals sum = spn_network_totals(net);
    for (int i = 0; i < net->n_layers; i++) {
        struct spn_matrix_shape m = spn_layer_matrix(&net->layer[i]);
        if (m.rows < 0 || m.columns < 0 || m.vectors < 0 || net->layer[i].n_out < 1)
            __builtin_trap();
    }
    if (sum.n_weights < 0 || sum.n_other < 0 || sum.n_macs < sum.n_dynamic_macs ||
        net->n_classes < 1)
        __builtin_trap();
    spn_network_destroy(net);
    return 0;
}
