/* index.h -- memory and decoder of an external sparsity index.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Three walkers. bitmap: a window of bits_per_cycle mask bits per clock goes through a priority
 * encoder, which gives the next kept position. csr: per kept weight a column number of entry_bits,
 * added to the row's base. rle: per kept weight a run of zeros of entry_bits, added to the last
 * position. The two actions overlap: a walk of b index bits with k kept weights takes max(b
 * BIT.latency, k EMIT.latency).
 */
#ifndef SPN_MODELS_INDEX_H
#define SPN_MODELS_INDEX_H

#include "models/component.h"
#include "models/sram.h"

/* "index-memory", role "index": struct spn_sram with another name, so that its cost is booked as
 * index. Actions SPN_SRAM_*. */
extern const struct spn_component_type spn_component_index_memory;

enum spn_index_walk { SPN_INDEX_WALK_BITMAP, SPN_INDEX_WALK_CSR, SPN_INDEX_WALK_RLE };
extern const char *const spn_index_walk_names[]; /* "bitmap", "csr", "rle", NULL */

enum { SPN_INDEX_DECODER_BIT, SPN_INDEX_DECODER_EMIT };

struct spn_index_decoder {
    int walk;               /* enum spn_index_walk */
    double bits_per_cycle;  /* index bits taken per clock */
    double emits_per_cycle; /* kept positions given per clock, at most: 1 with one encoder */
    int entry_bits;         /* csr: column number, rle: run length; bitmap: unused */
    int position_bits;      /* of the address that comes out */
    double toggle_frac;
};

/* "index-decoder", role "index". bit: one index bit taken in; latency 1/(bits_per_cycle clock).
 * emit: one kept position out; latency 1/(emits_per_cycle clock). */
extern const struct spn_component_type spn_component_index_decoder;

#endif
