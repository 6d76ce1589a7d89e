/* index_format.c -- how many bits say where the kept weights of an array are.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bitmap: one bit per position, padded to whole bytes [M:E20]. csr: a column number per kept weight
 * and a pointer per row [M:E21]. rle: per kept weight the number of zeros before it, in a field of
 * fixed width whose largest value means "that many zeros and no weight" [M:E22].
 */
#include "estimator/index_format.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "models/index.h"

#define BYTE_BITS 8

/* Bits that tell n things apart. */
static int bits_for(int64_t n)
{
    int bits = 0;
    while (bits < 62 && ((int64_t)1 << bits) < n)
        bits++;
    return bits;
}

static double size_of(const struct spn_index_block *block)
{
    return (double)block->rows * block->columns;
}

static int64_t kept_in(const struct spn_index_block *block, const uint8_t *mask)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < (int64_t)block->rows * block->columns; i++)
        kept += mask[i] != 0;
    return kept;
}

static double kept_expected(const struct spn_index_block *block)
{
    return (1.0 - block->sparsity) * size_of(block);
}

/* Bits = 8 ceil(rows columns / 8)  [M:E20] */
static double bitmap_expected(const struct spn_index_block *block)
{
    return BYTE_BITS * ceil(size_of(block) / BYTE_BITS);
}

static int64_t bitmap_count(const struct spn_index_block *block, const uint8_t *mask)
{
    (void)mask;
    return (int64_t)bitmap_expected(block);
}

static int bitmap_entry(const struct spn_index_block *block)
{
    (void)block;
    return 0;
}

static int csr_entry(const struct spn_index_block *block)
{
    return bits_for(block->columns);
}

/* (rows + 1) pointers, each wide enough for 0 .. rows columns */
static double csr_pointers(const struct spn_index_block *block)
{
    return (block->rows + 1.0) * bits_for((int64_t)block->rows * block->columns + 1);
}

/* Bits = kept ceil(log2 columns) + (rows + 1) ceil(log2(rows columns + 1))  [M:E21] */
static double csr_expected(const struct spn_index_block *block)
{
    return kept_expected(block) * csr_entry(block) + csr_pointers(block);
}

static int64_t csr_count(const struct spn_index_block *block, const uint8_t *mask)
{
    return kept_in(block, mask) * csr_entry(block) + (int64_t)csr_pointers(block);
}

static int rle_entry(const struct spn_index_block *block)
{
    (void)block;
    return SPN_INDEX_RUN_BITS;
}

/* Expected overflow entries among n positions, zeros independent with probability s, L = 2^w - 1:
 * an overflow ends at position t iff the zeros since the last kept weight (or the start) number k
 * L, so O = sum_{k=1}^{K} q^k (1 + p (n - k L)),  q = s^L, p = 1 - s, K = floor(n / L).  [M:E22]
 * Exact; the sum stops when q^k no longer counts. */
static double rle_overflows(double n, double s)
{
    double limit = (1 << SPN_INDEX_RUN_BITS) - 1, last = floor(n / limit);
    double q = pow(s, limit), power = 1.0, sum = 0.0;

    if (s >= 1.0)
        return last;
    for (double k = 1.0; k <= last; k += 1.0) {
        power *= q;
        if (power * n < 1e-15 * sum)
            break;
        sum += power * (1.0 + (1.0 - s) * (n - k * limit));
    }
    return sum;
}

static double rle_entries(const struct spn_index_block *block)
{
    return kept_expected(block) + rle_overflows(size_of(block), block->sparsity);
}

static double rle_expected(const struct spn_index_block *block)
{
    return rle_entries(block) * SPN_INDEX_RUN_BITS;
}

static int64_t rle_count(const struct spn_index_block *block, const uint8_t *mask)
{
    int64_t entries = 0, run = 0;

    for (int64_t i = 0; i < (int64_t)block->rows * block->columns; i++) {
        run = mask[i] ? 0 : run + 1;
        if (mask[i]) {
            entries++;
        } else if (run == (1 << SPN_INDEX_RUN_BITS) - 1) {
            entries++;
            run = 0;
        }
    }
    return entries * SPN_INDEX_RUN_BITS;
}

const struct spn_index_format spn_index_formats[] = {
    {"bitmap", "one bit per weight position", "E20", SPN_INDEX_WALK_BITMAP, bitmap_entry,
     bitmap_expected, kept_expected, bitmap_count},
    {"csr", "column number per kept weight, pointer per row of an array", "E21", SPN_INDEX_WALK_CSR,
     csr_entry, csr_expected, kept_expected, csr_count},
    {"rle", "4-bit run of zeros before each kept weight", "E22", SPN_INDEX_WALK_RLE, rle_entry,
     rle_expected, rle_entries, rle_count},
    {.name = NULL},
};

static const char *next_name(const void *ctx, size_t i)
{
    (void)ctx;
    return spn_index_formats[i].name;
}

enum spn_status spn_index_format_find(const struct spn_index_format **format, const char *name,
                                      struct spn_err *err)
{
    const char *near;

    for (const struct spn_index_format *f = spn_index_formats; f->name; f++) {
        if (strcmp(f->name, name) == 0) {
            *format = f;
            return SPN_OK;
        }
    }
    near = spn_text_nearest(name, next_name, NULL);
    if (near)
        return spn_err_set(err, SPN_EINPUT,
                           "chip.sparsity.index_format: no format \"%.40s\" (did you mean \"%s\"?)",
                           name, near);
    return spn_err_set(err, SPN_EINPUT,
                       "chip.sparsity.index_format: no format \"%.40s\" (bitmap, csr, rle)", name);
}
