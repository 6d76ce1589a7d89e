/* index_format.h -- how many bits say where the kept weights of an array are.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A format is one row of spn_index_formats. Index data is kept array by array, so that a tile's
 * decoder works on its own part. Expected sizes are closed forms for independent zeros of share
 * `sparsity`; `count` gives the exact size of one mask (what the closed forms are tested against).
 */
#ifndef SPN_ESTIMATOR_INDEX_FORMAT_H
#define SPN_ESTIMATOR_INDEX_FORMAT_H

#include <stdint.h>

#include "base/err.h"

#define SPN_INDEX_RUN_BITS                                                                         \
    4 /* width of a run length [han2016eie, sec. III: 4-bit relative index] */

/* The part of a weight matrix that one array holds, in weights. */
struct spn_index_block {
    int rows, columns;
    double sparsity;
};

struct spn_index_format {
    const char *name, *doc, *model;
    int walk; /* the decoder's enum spn_index_walk */
    int (*entry_bits)(
        const struct spn_index_block *block); /* what names one kept weight; 0: none */
    double (*expected_bits)(const struct spn_index_block *block);
    double (*expected_entries)(
        const struct spn_index_block *block); /* positions that the decoder gives out */
    int64_t (*count)(const struct spn_index_block *block,
                     const uint8_t *mask); /* mask [rows][columns], 1 = kept */
};

extern const struct spn_index_format spn_index_formats[]; /* name NULL after the last */

/* SPN_EINPUT "chip.sparsity.index_format: ..." with the nearest name. */
enum spn_status spn_index_format_find(const struct spn_index_format **format, const char *name,
                                      struct spn_err *err);

#endif
