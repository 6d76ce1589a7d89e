/* cifar10.c -- reads CIFAR-10 batches in their binary form, plain or gzip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A record is one label byte (0..9) and 3072 pixel bytes: the red, green and blue plane of 32 x 32
 * pixels, row by row [krizhevsky2009, "Binary version"].
 */
#include "networks/dataset.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "networks/bytes.h"

#define N_CLASSES 10
#define N_CHANNELS 3
#define SIDE 32
#define PIXEL_BYTES ((size_t)N_CHANNELS * SIDE * SIDE)
#define RECORD_BYTES (PIXEL_BYTES + 1)
#define MAX_RECORDS 1000000 /* twenty times the whole training set */
#define FIRST_RECORDS 1024

/* Room for `wanted` records; doubles, so that a gzip file is never believed further than it has
 * inflated. */
static enum spn_status grow(struct spn_dataset *data, size_t *room, size_t wanted, const char *path,
                            struct spn_err *err)
{
    if (wanted <= *room)
        return SPN_OK;
    size_t n = *room ? 2 * *room : FIRST_RECORDS;
    n = n < wanted ? wanted : n;
    uint8_t *image = realloc(data->image, n * PIXEL_BYTES);
    if (!image)
        return spn_err_memory(err, path);
    data->image = image;
    uint8_t *label = realloc(data->label, n);
    if (!label)
        return spn_err_memory(err, path);
    data->label = label;
    *room = n;
    return SPN_OK;
}

/* One record; *at_end if the file ended before it. */
static enum spn_status read_record(struct spn_bytes *in, struct spn_dataset *data, const char *path,
                                   int *at_end, struct spn_err *err)
{
    size_t i = (size_t)data->n_images, got = 0;
    enum spn_status status = spn_bytes_read_some(in, data->label + i, 1, &got, err);
    if (status)
        return status;
    *at_end = got == 0;
    if (*at_end)
        return SPN_OK;
    if (data->label[i] >= N_CLASSES)
        return spn_err_set(err, SPN_EINPUT, "%s: record %zu: label %d outside [0, %d]", path, i,
                           data->label[i], N_CLASSES - 1);
    return spn_bytes_read(in, data->image + i * PIXEL_BYTES, PIXEL_BYTES, "a record's pixels", err);
}

static enum spn_status read_records(struct spn_bytes *in, struct spn_dataset *data,
                                    const char *path, int max_images, struct spn_err *err)
{
    size_t room = 0;
    int at_end = 0;
    while (!at_end && (max_images <= 0 || data->n_images < max_images)) {
        if (data->n_images == MAX_RECORDS)
            return spn_err_set(err, SPN_EINPUT, "%s: more than %d records", path, MAX_RECORDS);
        enum spn_status status = grow(data, &room, (size_t)data->n_images + 1, path, err);
        if (!status)
            status = read_record(in, data, path, &at_end, err);
        if (status)
            return status;
        data->n_images += !at_end;
    }
    if (data->n_images == 0)
        return spn_err_set(err, SPN_EINPUT, "%s: holds no record of %zu bytes", path, RECORD_BYTES);
    return SPN_OK;
}

enum spn_status spn_dataset_load_cifar10(struct spn_dataset *out, const char *path, int max_images,
                                         struct spn_err *err)
{
    struct spn_bytes *in = NULL;
    struct spn_dataset data = {.channels = N_CHANNELS,
                               .height = SIDE,
                               .width = SIDE,
                               .n_classes = N_CLASSES,
                               .name = "cifar10"};
    enum spn_status status = spn_bytes_open(&in, path, err);
    if (status)
        goto out;
    if (!spn_bytes_is_gzip(in) && spn_bytes_file_size(in) % RECORD_BYTES != 0) {
        status = spn_err_set(err, SPN_EINPUT,
                             "%s: %" PRIu64 " bytes are not a whole number of %zu-byte records",
                             path, spn_bytes_file_size(in), RECORD_BYTES);
        goto out;
    }
    status = read_records(in, &data, path, max_images, err);
out:
    spn_bytes_close(in);
    if (status)
        spn_dataset_clear(&data);
    else
        *out = data;
    return status;
}
