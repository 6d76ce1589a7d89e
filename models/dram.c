/* dram.c -- off-chip DRAM as the chip sees it: energy per bit, bandwidth, latency of an access.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The three numbers come from tech/drams with their sources; energy includes the interface's both
 * ends. Refresh and standby power are not counted. [M:B18]
 */
#include "models/dram.h"

#include "models/logic.h"

static const char *const actions[] = {"bit", "access", NULL};

static void example(void *params)
{
    /* HBM2: 3.9 pJ/bit, 256 GB/s per stack [oconnor2017, table 1]; 100 ns loaded access, assumed.
     */
    *(struct spn_dram *)params = (struct spn_dram){.name = "example",
                                                   .energy_J_per_bit = 3.9e-12,
                                                   .bandwidth_bit_per_s = 2.048e12,
                                                   .latency_s = 42e-9};
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_dram *p = params;
    enum spn_status status = spn_logic_check(&spn_component_dram, params, env, err);
    if (status)
        return status;
    if (!(p->bandwidth_bit_per_s > 0))
        return spn_err_set(err, SPN_EINPUT, "dram.bandwidth_bit_per_s = %g is not above 0",
                           p->bandwidth_bit_per_s);
    *out = (struct spn_component_cost){0};
    out->action[SPN_DRAM_BIT] =
        (struct spn_cost){.energy_J = p->energy_J_per_bit, .latency_s = 1 / p->bandwidth_bit_per_s};
    out->action[SPN_DRAM_ACCESS] = (struct spn_cost){.latency_s = p->latency_s};
    return SPN_OK;
}

const struct spn_component_type spn_component_dram = {
    .name = "dram",
    .role = "dram",
    .doc = "off-chip DRAM",
    .size = sizeof(struct spn_dram),
    .fields = spn_dram_fields,
    .actions = actions,
    .model = "B18",
    .example = example,
    .eval = eval,
};
