/* chip_link.c -- the link from one chip to the next: energy per bit, bandwidth, latency of a hop.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The three numbers are the chip's; what a port takes on the chip is not published apart and not
 * counted. [M:B18]
 */
#include "models/chip_link.h"

#include "models/logic.h"

static const struct spn_field fields[] = {
    SPN_F_DOUBLE(struct spn_chip_link, energy_J_per_bit, "J/bit", 0, 1e-9, "both ends, per bit"),
    SPN_F_DOUBLE(struct spn_chip_link, bandwidth_bit_per_s, "bit/s", 1e6, 1e15, "one direction"),
    SPN_F_DOUBLE(struct spn_chip_link, latency_s, "s", 0, 1e-3, "first bit, one hop"), SPN_F_END};
static const char *const actions[] = {"bit", "hop", NULL};

static void example(void *params)
{
    /* In a package: 1.17 pJ/bit [poulton2019], 100 GB/s and 20 ns a hop [shao2019]. */
    *(struct spn_chip_link *)params = (struct spn_chip_link){
        .energy_J_per_bit = 1.17e-12, .bandwidth_bit_per_s = 800e9, .latency_s = 20e-9};
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_chip_link *p = params;
    enum spn_status status = spn_logic_check(&spn_component_chip_link, params, env, err);
    if (status)
        return status;
    *out = (struct spn_component_cost){0};
    out->action[SPN_CHIP_LINK_BIT] =
        (struct spn_cost){.energy_J = p->energy_J_per_bit, .latency_s = 1 / p->bandwidth_bit_per_s};
    out->action[SPN_CHIP_LINK_HOP] = (struct spn_cost){.latency_s = p->latency_s};
    return SPN_OK;
}

const struct spn_component_type spn_component_chip_link = {
    .name = "chip-link",
    .role = "interconnect",
    .doc = "link from one chip to the next",
    .size = sizeof(struct spn_chip_link),
    .fields = fields,
    .actions = actions,
    .model = "B18",
    .example = example,
    .eval = eval,
};
