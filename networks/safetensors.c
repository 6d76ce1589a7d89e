/* safetensors.c -- reads weight files in the safetensors format, plain or gzip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Format [safetensors]: an 8-byte little-endian number N, N bytes of JSON header (starts with '{',
 * may end in spaces), then the tensors' bytes. The header maps each name to {"dtype", "shape",
 * "data_offsets": [begin, end)}, offsets counted from the end of the header; "__metadata__" maps
 * strings to strings. Tensors neither overlap nor leave holes.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "networks/bytes.h"
#include "networks/weights.h"
#include "networks/weights_store.h"

#define PREFIX_BYTES 8u
#define MAX_EXACT_INTEGER 9007199254740992.0 /* 2^53: JSON numbers are doubles */
#define MAX_TENSOR_DIMS (sizeof(((struct spn_tensor_info *)0)->dim) / sizeof(int64_t))

/* A tensor as the header describes it. `info.name` is the document's. */
struct entry {
    struct spn_tensor_info info;
    uint64_t begin, end;
};

struct header {
    char *text;
    uint64_t n_text;
    struct spn_json *doc;
    struct entry *entry;
    size_t n_entries;
};

static enum spn_status read_text(struct spn_bytes *in, const char *path, struct header *header,
                                 struct spn_err *err)
{
    unsigned char prefix[PREFIX_BYTES];
    uint64_t n = 0;
    enum spn_status status = spn_bytes_read(in, prefix, sizeof prefix, "the header's length", err);
    if (status)
        return status;
    for (size_t i = PREFIX_BYTES; i-- > 0;)
        n = n << 8 | prefix[i];
    uint64_t limit = spn_bytes_limit(in);
    if (n < 2 || n > SPN_JSON_MAX_BYTES)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: header length %" PRIu64 " outside [2, %u]: not a safetensors file?",
                           path, n, SPN_JSON_MAX_BYTES);
    if (n > limit || PREFIX_BYTES > limit - n)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: truncated: a header of %" PRIu64 " bytes in a file of %" PRIu64,
                           path, n, spn_bytes_file_size(in));
    header->text = malloc((size_t)n + 1);
    if (!header->text)
        return spn_err_memory(err, path);
    status = spn_bytes_read(in, header->text, (size_t)n, "the header", err);
    if (status)
        return status;
    header->n_text = n;
    header->text[n] = '\0';
    if (header->text[0] != '{')
        return spn_err_set(err, SPN_EINPUT, "%s: the header starts with byte 0x%02x, not with '{'",
                           path, (unsigned char)header->text[0]);
    if (memchr(header->text, '\0', (size_t)n))
        return spn_err_set(err, SPN_EINPUT, "%s: the header has a zero byte", path);
    return SPN_OK;
}

static bool whole_number(const struct spn_json_at *at, uint64_t *out)
{
    double value;
    if (spn_json_is_object(at) || !spn_json_number(at, &value))
        return false;
    if (!(value >= 0 && value <= MAX_EXACT_INTEGER) || value != (double)(uint64_t)value)
        return false;
    *out = (uint64_t)value;
    return true;
}

static enum spn_status read_shape(const struct spn_json_at *shape, struct spn_tensor_info *info,
                                  struct spn_err *err)
{
    size_t n = spn_json_size(shape);
    if (!spn_json_is_list(shape))
        return spn_json_fail(shape, err, "tensor %s: shape is not a list", info->name);
    if (n > MAX_TENSOR_DIMS)
        return spn_json_fail(shape, err, "tensor %s: %zu dimensions outside [0, %zu]", info->name,
                             n, MAX_TENSOR_DIMS);
    for (size_t i = 0; i < n; i++) {
        uint64_t dim;
        struct spn_json_at at = spn_json_item(shape, i);
        if (!whole_number(&at, &dim))
            return spn_json_fail(&at, err,
                                 "tensor %s: dimension %zu is no whole number in [0, 2^53]",
                                 info->name, i + 1);
        info->dim[i] = (int64_t)dim;
    }
    info->n_dims = (int)n;
    return SPN_OK;
}

static enum spn_status read_offsets(const struct spn_json_at *offsets, struct entry *entry,
                                    uint64_t n_bytes, struct spn_err *err)
{
    uint64_t offset[2];
    if (!spn_json_is_list(offsets) || spn_json_size(offsets) != 2)
        return spn_json_fail(offsets, err, "tensor %s: data_offsets is not a list of two numbers",
                             entry->info.name);
    for (size_t i = 0; i < 2; i++) {
        struct spn_json_at at = spn_json_item(offsets, i);
        if (!whole_number(&at, &offset[i]))
            return spn_json_fail(&at, err, "tensor %s: data offset is no whole number in [0, 2^53]",
                                 entry->info.name);
    }
    if (offset[1] < offset[0] || offset[1] - offset[0] != n_bytes)
        return spn_json_fail(offsets, err,
                             "tensor %s: data_offsets [%" PRIu64 ", %" PRIu64
                             "] for a shape and type of %" PRIu64 " bytes",
                             entry->info.name, offset[0], offset[1], n_bytes);
    entry->begin = offset[0];
    entry->end = offset[1];
    return SPN_OK;
}

static enum spn_status read_entry(const struct spn_json_at *at, struct entry *entry,
                                  struct spn_err *err)
{
    uint64_t n_bytes;
    const char *name = spn_json_key(at);
    struct spn_json_at dtype = spn_json_get(at, "dtype"), shape = spn_json_get(at, "shape"),
                       offsets = spn_json_get(at, "data_offsets");
    entry->info.name = name;
    if (!spn_json_is_object(at) || !dtype.item || !shape.item || !offsets.item ||
        spn_json_size(at) != 3)
        return spn_json_fail(
            at, err, "tensor %s: needs dtype, shape and data_offsets, and nothing else", name);
    const char *type = spn_json_string(&dtype);
    entry->info.dtype = type ? spn_dtype_find(type) : -1;
    if (entry->info.dtype < 0)
        return spn_json_fail(
            &dtype, err,
            "tensor %s: type \"%.16s\" is none of F32 F64 F16 BF16 I8 U8 I16 I32 I64 BOOL", name,
            type ? type : "(no string)");
    enum spn_status status = read_shape(&shape, &entry->info, err);
    if (!status) {
        status = spn_tensor_size(&entry->info, &n_bytes, err);
        if (status)
            spn_err_prefix(err, "%s: ", spn_json_name(at->doc));
    }
    return status ? status : read_offsets(&offsets, entry, n_bytes, err);
}

static enum spn_status read_metadata(const struct spn_json_at *at, struct spn_weights *weights,
                                     struct spn_err *err)
{
    if (!spn_json_is_object(at))
        return spn_json_fail(at, err, "__metadata__ is not an object");
    size_t n = spn_json_size(at);
    if (n > SPN_WEIGHTS_MAX_TENSORS)
        return spn_json_fail(at, err, "%zu members outside [0, %d]", n, SPN_WEIGHTS_MAX_TENSORS);
    for (size_t i = 0; i < n; i++) {
        struct spn_json_at item = spn_json_item(at, i);
        const char *value = spn_json_string(&item);
        if (!value)
            return spn_json_fail(&item, err, "metadata is not a string");
        enum spn_status status = spn_weights_set_metadata(weights, spn_json_key(&item), value, err);
        if (status)
            return status;
    }
    return SPN_OK;
}

static int by_offset(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->info.name, y->info.name);
}

/* Sorted by offset, each tensor begins where the one before ended, and the file ends with the last.
 */
static enum spn_status check_layout(const struct spn_bytes *in, const char *path,
                                    struct header *header, struct spn_err *err)
{
    uint64_t end = 0;
    if (header->n_entries)
        qsort(header->entry, header->n_entries, sizeof *header->entry, by_offset);
    for (size_t i = 0; i < header->n_entries; i++) {
        const struct entry *e = &header->entry[i];
        if (e->begin != end)
            return spn_err_set(
                err, SPN_EINPUT,
                "%s: tensor %s: data begins at %" PRIu64 ", %s what ends at %" PRIu64, path,
                e->info.name, e->begin, e->begin < end ? "inside of" : "leaving a hole after", end);
        end = e->end;
    }
    if (end > (uint64_t)SPN_WEIGHTS_MAX_BYTES)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: tensors of %" PRIu64 " bytes, at most %" PRId64 " are read", path,
                           end, SPN_WEIGHTS_MAX_BYTES);
    uint64_t wanted = PREFIX_BYTES + header->n_text + end, limit = spn_bytes_limit(in);
    bool gzip = spn_bytes_is_gzip(in);
    if (wanted > limit || (!gzip && wanted < limit))
        return spn_err_set(err, SPN_EINPUT,
                           "%s: %s: the header asks for %" PRIu64 " bytes, the file has %" PRIu64
                           "%s",
                           path, wanted > limit ? "truncated" : "trailing bytes", wanted,
                           spn_bytes_file_size(in), gzip ? " (gzip)" : "");
    return SPN_OK;
}

static enum spn_status read_header(struct spn_bytes *in, struct spn_weights *weights,
                                   struct header *header, struct spn_err *err)
{
    enum spn_status status = read_text(in, weights->path, header, err);
    if (!status)
        status =
            spn_json_parse(&header->doc, header->text, (size_t)header->n_text, weights->path, err);
    if (status)
        return status;
    struct spn_json_at root = spn_json_root(header->doc);
    size_t n = spn_json_size(&root);
    if (n > SPN_WEIGHTS_MAX_TENSORS)
        return spn_json_fail(&root, err, "%zu tensors outside [0, %d]", n, SPN_WEIGHTS_MAX_TENSORS);
    header->entry = calloc(n ? n : 1, sizeof *header->entry);
    if (!header->entry)
        return spn_err_memory(err, weights->path);
    for (size_t i = 0; i < n && !status; i++) {
        struct spn_json_at at = spn_json_item(&root, i);
        if (strcmp(spn_json_key(&at), "__metadata__") == 0)
            status = read_metadata(&at, weights, err);
        else
            status = read_entry(&at, &header->entry[header->n_entries++], err);
    }
    return status ? status : check_layout(in, weights->path, header, err);
}

/* Tensors lie in the order of their offsets, so each is read into memory of its own. */
static enum spn_status read_tensors(struct spn_bytes *in, struct spn_weights *weights,
                                    const struct header *header, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    for (size_t i = 0; i < header->n_entries && !status; i++) {
        const struct entry *e = &header->entry[i];
        struct spn_tensor_info tensor = e->info;
        size_t n = (size_t)(e->end - e->begin);
        char *name = strdup(tensor.name);
        void *data = malloc(n ? n : 1);
        tensor.name = name;
        tensor.data = data;
        if (!name || !data)
            status = spn_err_memory(err, weights->path);
        if (!status)
            status = spn_bytes_read(in, data, n, name, err);
        if (!status)
            status = spn_weights_insert(weights, &tensor, err);
        if (status) {
            free(name);
            free(data);
        }
    }
    return status ? status : spn_bytes_end(in, err);
}

enum spn_status spn_weights_load(struct spn_weights **out, const char *path, struct spn_err *err)
{
    struct spn_bytes *in = NULL;
    struct spn_weights *weights = NULL;
    struct header header = {0};
    enum spn_status status = spn_weights_create(&weights, err);
    if (status)
        return status;
    free(weights->path);
    weights->path = strdup(path);
    status = weights->path ? spn_bytes_open(&in, path, err) : spn_err_memory(err, path);
    if (!status)
        status = read_header(in, weights, &header, err);
    if (!status)
        status = read_tensors(in, weights, &header, err);
    spn_bytes_close(in);
    spn_json_destroy(header.doc);
    free(header.text);
    free(header.entry);
    if (status)
        spn_weights_destroy(weights);
    else
        *out = weights;
    return status;
}
