/* sram.h -- SRAM buffer: banks of 6T cells with decoder, precharge, sense amplifiers and write
 * drivers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_SRAM_H
#define SPN_MODELS_SRAM_H

#include <stdint.h>

#include "models/component.h"

enum { SPN_SRAM_READ, SPN_SRAM_WRITE };

struct spn_sram {
    int64_t capacity_bit; /* rounded up to whole rows of a bank */
    int word_bit;         /* bits per access */
    int banks;            /* independent; one of them is accessed per action; >= 1 */
    int rows; /* word lines of a bank's subarray; 0: as near square as powers of two allow, <= 256
               */
    double one_frac; /* probability of a stored 1 (bit lines are differential: matters for data
                        lines only) */
    double read_swing_frac; /* bit-line swing at which the sense amplifier fires, fraction of Vdd */
};

/* "sram", role "buffer". read, write: one word of one bank; latency = access time in whole clocks,
 * also its cycle time. */
extern const struct spn_component_type spn_component_sram;

extern const struct spn_field spn_sram_fields[];

/* word_bit as given, one bank, rows chosen, random data, swing 0.1 Vdd. */
struct spn_sram spn_sram_default(int64_t capacity_bit, int word_bit);

#endif
