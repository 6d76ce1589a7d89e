/* safetensors_write.c -- writes weight files in the safetensors format, plain or gzip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Equal content gives equal bytes [safetensors]: header keys sorted, header padded with spaces to 8
 * bytes, tensors by falling element size and then name (so that each is aligned to its elements),
 * gzip without time and name.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/newfile.h"
#include "base/text.h"
#include "networks/weights.h"
#include "networks/weights_store.h"

#define ALIGN_BYTES 8u
#define BUFFER_BYTES 65536u
#define GZIP_LEVEL 9
#define GZIP_MEMORY_LEVEL 9
#define GZIP_WINDOW (16 + MAX_WBITS)

/* Where bytes go. `stream` is in use for gzip. */
struct sink {
    FILE *file;
    bool gzip;
    z_stream stream;
    unsigned char buffer[BUFFER_BYTES];
};

/* Deflate all of stream.next_in; false on a failed write. */
static bool deflate_out(struct sink *sink, int flush)
{
    int code;
    do {
        sink->stream.next_out = sink->buffer;
        sink->stream.avail_out = BUFFER_BYTES;
        code = deflate(&sink->stream, flush);
        size_t n = BUFFER_BYTES - sink->stream.avail_out;
        if (code == Z_STREAM_ERROR || fwrite(sink->buffer, 1, n, sink->file) != n)
            return false;
    } while (flush == Z_FINISH ? code != Z_STREAM_END : sink->stream.avail_out == 0);
    return true;
}

static bool sink_write(struct sink *sink, const void *bytes, uint64_t n)
{
    if (!sink->gzip)
        return fwrite(bytes, 1, (size_t)n, sink->file) == (size_t)n;
    const unsigned char *p = bytes;
    const uint64_t most = UINT64_C(1) << 30; /* avail_in is 32 bits wide */
    for (uint64_t done = 0; done < n;) {
        uint64_t part = n - done < most ? n - done : most;
        sink->stream.next_in = (unsigned char *)(uintptr_t)(p + done);
        sink->stream.avail_in = (uInt)part;
        if (!deflate_out(sink, Z_NO_FLUSH))
            return false;
        done += part;
    }
    return true;
}

static uint64_t tensor_bytes(const struct spn_tensor_info *t)
{
    return (uint64_t)t->n * spn_dtype_bytes(t->dtype);
}

static int by_element_size(const void *a, const void *b)
{
    const struct spn_tensor_info *x = *(const struct spn_tensor_info *const *)a;
    const struct spn_tensor_info *y = *(const struct spn_tensor_info *const *)b;
    size_t nx = spn_dtype_bytes(x->dtype), ny = spn_dtype_bytes(y->dtype);
    if (nx != ny)
        return nx > ny ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void put_string(struct spn_text *text, const char *s)
{
    spn_text_add(text, "\"");
    for (; *s; s++) {
        if ((unsigned char)*s < ' ')
            spn_text_add(text, "\\u%04x", (unsigned)*s);
        else if (*s == '"' || *s == '\\')
            spn_text_add(text, "\\%c", *s);
        else
            spn_text_add_n(text, s, 1);
    }
    spn_text_add(text, "\"");
}

static void put_tensor(struct spn_text *text, const struct spn_tensor_info *t, uint64_t begin)
{
    put_string(text, t->name);
    spn_text_add(text, ":{\"dtype\":\"%s\",\"shape\":[", spn_dtype_name(t->dtype));
    for (int i = 0; i < t->n_dims; i++)
        spn_text_add(text, "%s%" PRId64, i ? "," : "", t->dim[i]);
    spn_text_add(text, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", begin,
                 begin + tensor_bytes(t));
}

/* order[k] is the k-th tensor in the file. */
static enum spn_status build_header(const struct spn_weights *w,
                                    const struct spn_tensor_info **order, struct spn_text *text,
                                    struct spn_err *err)
{
    uint64_t *begin = calloc((size_t)w->n_tensors + 1, sizeof *begin), end = 0;
    if (!begin)
        return spn_err_memory(err, "a safetensors header");
    for (int k = 0; k < w->n_tensors; k++) {
        begin[order[k] - w->tensor] = end;
        end += tensor_bytes(order[k]);
    }
    spn_text_add(text, "{");
    if (w->n_meta) {
        spn_text_add(text, "\"__metadata__\":{");
        for (int i = 0; i < w->n_meta; i++) {
            spn_text_add(text, "%s", i ? "," : "");
            put_string(text, w->meta[i].key);
            spn_text_add(text, ":");
            put_string(text, w->meta[i].value);
        }
        spn_text_add(text, "}");
    }
    for (int i = 0; i < w->n_tensors; i++) {
        spn_text_add(text, "%s", i || w->n_meta ? "," : "");
        put_tensor(text, &w->tensor[i], begin[i]);
    }
    spn_text_add(text, "}");
    while (!text->failed && text->length % ALIGN_BYTES)
        spn_text_add(text, " ");
    free(begin);
    return text->failed ? spn_err_memory(err, "a safetensors header") : SPN_OK;
}

static enum spn_status fail(const char *path, struct spn_err *err)
{
    return spn_err_set(err, SPN_EINTERNAL, "%s: cannot write: %s", path, strerror(errno));
}

static enum spn_status write_all(const struct spn_weights *w, struct sink *sink, const char *path,
                                 struct spn_err *err)
{
    struct spn_text text = {0};
    unsigned char prefix[ALIGN_BYTES];
    const struct spn_tensor_info **order = calloc((size_t)w->n_tensors + 1, sizeof *order);
    enum spn_status status = order ? SPN_OK : spn_err_memory(err, "a safetensors header");
    if (status)
        goto out;
    for (int i = 0; i < w->n_tensors; i++)
        order[i] = &w->tensor[i];
    qsort(order, (size_t)w->n_tensors, sizeof *order, by_element_size);
    status = build_header(w, order, &text, err);
    if (status)
        goto out;
    for (size_t i = 0; i < ALIGN_BYTES; i++)
        prefix[i] = (unsigned char)((uint64_t)text.length >> (8 * i) & 0xff);
    bool ok = sink_write(sink, prefix, sizeof prefix) && sink_write(sink, text.data, text.length);
    for (int i = 0; i < w->n_tensors && ok; i++)
        ok = sink_write(sink, order[i]->data, tensor_bytes(order[i]));
    if (ok && sink->gzip) {
        sink->stream.avail_in = 0;
        ok = deflate_out(sink, Z_FINISH);
    }
    if (!ok || fflush(sink->file) != 0)
        status = fail(path, err);
out:
    spn_text_clear(&text);
    free(order);
    return status;
}

enum spn_status spn_weights_save(const struct spn_weights *weights, const char *path,
                                 struct spn_err *err)
{
    struct spn_newfile file;
    size_t n = strlen(path);
    struct sink *sink = calloc(1, sizeof *sink);
    enum spn_status status = sink ? spn_newfile_open(&file, path, err) : spn_err_memory(err, path);
    if (status)
        goto out;
    sink->file = file.file;
    sink->gzip = n > 3 && strcmp(path + n - 3, ".gz") == 0;
    if (sink->gzip && deflateInit2(&sink->stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW,
                                   GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        sink->gzip = false; /* nothing to end */
        status = spn_err_memory(err, "the gzip writer");
    }
    if (!status)
        status = write_all(weights, sink, path, err);
    if (!status && file.temporary && fsync(fileno(file.file)) != 0)
        status = fail(path, err);
    enum spn_status closed = spn_newfile_close(&file, !status, status ? NULL : err);
    status = status ? status : closed;
    if (sink->gzip)
        deflateEnd(&sink->stream);
out:
    free(sink);
    return status;
}
