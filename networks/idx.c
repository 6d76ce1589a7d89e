/* idx.c -- reads IDX files (the format of MNIST): unsigned bytes or 16-bit integers in one to four
 * dimensions, plain or gzip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "networks/idx.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "networks/bytes.h"

#define BITS_PER_BYTE 8
#define PREFIX_BYTES 4u
#define DIM_BYTES 4u

struct type {
    unsigned char code;
    size_t n_bytes;
    const char *name;
};
static const struct type unsigned_byte = {0x08, 1, "unsigned byte"},
                         int16 = {0x0B, 2, "16-bit integer"};

static enum spn_status read_header(struct spn_bytes *in, const char *path, const struct type *type,
                                   struct spn_idx *idx, struct spn_err *err)
{
    unsigned char prefix[PREFIX_BYTES], dims[SPN_IDX_MAX_DIMS * DIM_BYTES];
    enum spn_status status = spn_bytes_read(in, prefix, sizeof prefix, "the IDX header", err);
    if (status)
        return status;
    if (prefix[0] != 0 || prefix[1] != 0)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: not an IDX file: starts with 0x%02x%02x, not with 0x0000", path,
                           prefix[0], prefix[1]);
    if (prefix[2] != type->code)
        return spn_err_set(err, SPN_EINPUT, "%s: IDX type 0x%02x, only 0x%02x (%s) is read here",
                           path, prefix[2], type->code, type->name);
    if (prefix[3] < 1 || prefix[3] > SPN_IDX_MAX_DIMS)
        return spn_err_set(err, SPN_EINPUT, "%s: %d dimensions outside [1, %d]", path, prefix[3],
                           SPN_IDX_MAX_DIMS);
    idx->n_dims = prefix[3];
    status = spn_bytes_read(in, dims, (size_t)idx->n_dims * DIM_BYTES, "the IDX dimensions", err);
    if (status)
        return status;
    for (int i = 0; i < idx->n_dims; i++) {
        const unsigned char *d = dims + (size_t)i * DIM_BYTES;
        idx->dim[i] =
            (int64_t)d[0] << 24 | (int64_t)d[1] << 16 | (int64_t)d[2] << 8 | (int64_t)d[3];
        if (idx->dim[i] == 0)
            return spn_err_set(err, SPN_EINPUT, "%s: dimension %d is 0", path, i + 1);
    }
    return SPN_OK;
}

/* Bytes of one item (*n_item holds those of a number before) and of all, checked against the limit
 * and the file before anything is allocated. */
static enum spn_status check_size(const struct spn_bytes *in, const char *path,
                                  const struct spn_idx *idx, uint64_t *n_item, struct spn_err *err)
{
    uint64_t header = PREFIX_BYTES + DIM_BYTES * (uint64_t)idx->n_dims, total = *n_item,
             item = *n_item;
    for (int i = 0; i < idx->n_dims; i++) {
        total *= (uint64_t)idx->dim[i]; /* at most 2^32 each: no overflow below the limit */
        item *= i ? (uint64_t)idx->dim[i] : 1;
        if (total > SPN_IDX_MAX_BYTES)
            return spn_err_set(err, SPN_EINPUT,
                               "%s: its dimensions give more than %" PRIu64 " bytes", path,
                               SPN_IDX_MAX_BYTES);
    }
    if (spn_bytes_is_gzip(in) ? header + total > spn_bytes_limit(in)
                              : header + total != spn_bytes_limit(in))
        return spn_err_set(
            err, SPN_EINPUT, "%s: its dimensions ask for %" PRIu64 " bytes, %s file has %" PRIu64,
            path, header + total, spn_bytes_is_gzip(in) ? "too many for gzip; the" : "the",
            spn_bytes_file_size(in));
    *n_item = item;
    return SPN_OK;
}

/* Bytes as read, n numbers of two, to numbers of this machine in the same place. */
static int16_t *to_words(uint8_t *bytes, size_t n)
{
    int16_t *word = (int16_t *)(void *)bytes; /* from malloc: aligned */
    for (size_t i = 0; i < n; i++) {
        unsigned value = (unsigned)bytes[2 * i] << BITS_PER_BYTE | bytes[2 * i + 1];
        word[i] = (int16_t)(value > INT16_MAX ? (int)value - (UINT16_MAX + 1) : (int)value);
    }
    return word;
}

static enum spn_status load(struct spn_idx *out, const char *path, const struct type *type,
                            int64_t max_items, struct spn_err *err)
{
    struct spn_bytes *in = NULL;
    struct spn_idx idx = {0};
    uint64_t n_item = type->n_bytes;
    enum spn_status status = spn_bytes_open(&in, path, err);
    if (status)
        goto out;
    status = read_header(in, path, type, &idx, err);
    if (status)
        goto out;
    status = check_size(in, path, &idx, &n_item, err);
    if (status)
        goto out;
    idx.n_kept = max_items > 0 && max_items < idx.dim[0] ? max_items : idx.dim[0];
    size_t n_bytes = (size_t)((uint64_t)idx.n_kept * n_item);
    idx.data = malloc(n_bytes);
    if (!idx.data) {
        status = spn_err_memory(err, path);
        goto out;
    }
    status = spn_bytes_read(in, idx.data, n_bytes, "the IDX data", err);
    if (!status && idx.n_kept == idx.dim[0])
        status = spn_bytes_end(in, err);
    if (!status && type == &int16) {
        idx.word = to_words(idx.data, n_bytes / int16.n_bytes);
        idx.data = NULL;
    }
out:
    spn_bytes_close(in);
    if (status)
        spn_idx_clear(&idx);
    else
        *out = idx;
    return status;
}

enum spn_status spn_idx_load(struct spn_idx *idx, const char *path, int64_t max_items,
                             struct spn_err *err)
{
    return load(idx, path, &unsigned_byte, max_items, err);
}

enum spn_status spn_idx_load_int16(struct spn_idx *idx, const char *path, int64_t max_items,
                                   struct spn_err *err)
{
    return load(idx, path, &int16, max_items, err);
}

void spn_idx_clear(struct spn_idx *idx)
{
    free(idx->data);
    free(idx->word);
    memset(idx, 0, sizeof *idx);
}
