/* dram.h -- off-chip DRAM as the chip sees it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_DRAM_H
#define SPN_MODELS_DRAM_H

#include "models/component.h"
#include "tech/chip.h"

enum { SPN_DRAM_BIT, SPN_DRAM_ACCESS };

/* "dram", role "dram"; parameters: struct spn_dram of tech/chip.h (no other). bit: one bit read or
 * written, latency 1/bandwidth, so n bits take ACCESS.latency + n BIT.latency. access: latency of
 * the first bit, no energy of its own. Off the chip: no area, and standby power is not part of the
 * chip's leakage. */
extern const struct spn_component_type spn_component_dram;

#endif
