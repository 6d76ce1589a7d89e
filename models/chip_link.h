/* chip_link.h -- the link from one chip to the next.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_CHIP_LINK_H
#define SPN_MODELS_CHIP_LINK_H

#include "models/component.h"

enum { SPN_CHIP_LINK_BIT, SPN_CHIP_LINK_HOP };

struct spn_chip_link {
    double energy_J_per_bit; /* both ends */
    double bandwidth_bit_per_s, latency_s;
};

/* "chip-link", role "interconnect". bit: one bit to the neighbouring chip, latency 1/bandwidth, so
 * n bits take HOP.latency + n BIT.latency. hop: latency of the first bit, no energy of its own.
 * Area and standby power of its ports are not counted. */
extern const struct spn_component_type spn_component_chip_link;

#endif
