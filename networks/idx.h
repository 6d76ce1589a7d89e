/* idx.h -- reads IDX files (the format of MNIST): unsigned bytes or 16-bit integers in one to four
 * dimensions, plain or gzip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Format [lecun1998mnist]: two zero bytes, the type (0x08: unsigned byte, 0x0B: 16-bit integer),
 * the number of dimensions, each dimension as a big-endian 32-bit number, then the data, likewise
 * big-endian, last dimension fastest.
 */
#ifndef SPN_NETWORKS_IDX_H
#define SPN_NETWORKS_IDX_H

#include <stdint.h>

#include "base/err.h"

#define SPN_IDX_MAX_DIMS 4
#define SPN_IDX_MAX_BYTES (UINT64_C(1) << 32) /* of data */

struct spn_idx {
    int n_dims;
    int64_t dim[SPN_IDX_MAX_DIMS]; /* as the file says, each at least 1 */
    int64_t n_kept;                /* of dim[0] items, those in data */
    uint8_t *data;                 /* unsigned bytes, or */
    int16_t *word;                 /* 16-bit integers, in the machine's order */
};

/* Load the first max_items items (0 = all). SPN_EINPUT: another type, other numbers of dimensions,
 * a dimension of 0, more than SPN_IDX_MAX_BYTES, a size that is not the file's. A gzip file is not
 * read past the items kept. */
enum spn_status spn_idx_load(struct spn_idx *idx, const char *path, int64_t max_items,
                             struct spn_err *err);
/* The same for 16-bit integers. */
enum spn_status spn_idx_load_int16(struct spn_idx *idx, const char *path, int64_t max_items,
                                   struct spn_err *err);
void spn_idx_clear(struct spn_idx *idx);

#endif
