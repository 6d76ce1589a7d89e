/* bytes.c -- reads files front to back, plain or gzip-compressed, with no byte missing or to spare.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * gzip files are inflated here rather than by gzread, which passes over garbage after the last
 * member in silence.
 */
#include "networks/bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

/* Deflate cannot expand by more: 258 bytes from 2 bits, less block headers [zlib, "Maximum
 * Compression Factor"]. */
#define DEFLATE_MAX_RATIO 1032u
#define BUFFER_BYTES 65536u
#define INFLATE_ANY_GZIP (16 + MAX_WBITS)
#define GZIP_MAGIC_0 0x1f
#define GZIP_MAGIC_1 0x8b

struct spn_bytes {
    FILE *file;
    char *path;
    uint64_t n_file, n_read; /* bytes on disk; bytes given out */
    bool gzip, ended;        /* `ended`: the last gzip member is complete and nothing follows */
    z_stream stream;
    unsigned char buffer[BUFFER_BYTES];
};

static enum spn_status sniff(struct spn_bytes *in, struct spn_err *err)
{
    unsigned char magic[2] = {0, 0};
    size_t n = fread(magic, 1, sizeof magic, in->file);
    if (ferror(in->file) || fseek(in->file, 0, SEEK_SET) != 0)
        return spn_err_set(err, SPN_EINPUT, "%s: cannot be read: %s", in->path, strerror(errno));
    if (n < sizeof magic || magic[0] != GZIP_MAGIC_0 || magic[1] != GZIP_MAGIC_1)
        return SPN_OK;
    if (inflateInit2(&in->stream, INFLATE_ANY_GZIP) != Z_OK)
        return spn_err_memory(err, "the gzip reader");
    in->gzip = true;
    return SPN_OK;
}

enum spn_status spn_bytes_open(struct spn_bytes **out, const char *path, struct spn_err *err)
{
    struct stat info;
    struct spn_bytes *in = calloc(1, sizeof *in);
    enum spn_status status = SPN_OK;
    if (!in || !(in->path = strdup(path))) {
        status = spn_err_memory(err, "an input file's buffer");
        goto out;
    }
    in->file = fopen(path, "rb");
    if (!in->file || fstat(fileno(in->file), &info) != 0) {
        status = spn_err_set(err, SPN_EINPUT, "%s: cannot be opened: %s", path, strerror(errno));
        goto out;
    }
    if (!S_ISREG(info.st_mode)) {
        status = spn_err_set(err, SPN_EINPUT, "%s: is not a regular file", path);
        goto out;
    }
    in->n_file = (uint64_t)info.st_size;
    status = sniff(in, err);
out:
    if (status)
        spn_bytes_close(in);
    else
        *out = in;
    return status;
}

void spn_bytes_close(struct spn_bytes *in)
{
    if (!in)
        return;
    if (in->gzip)
        inflateEnd(&in->stream);
    if (in->file)
        fclose(in->file);
    free(in->path);
    free(in);
}

/* Fill the empty input buffer; leaves it empty at the end of the file. */
static enum spn_status refill(struct spn_bytes *in, struct spn_err *err)
{
    in->stream.next_in = in->buffer;
    in->stream.avail_in = (uInt)fread(in->buffer, 1, BUFFER_BYTES, in->file);
    if (ferror(in->file))
        return spn_err_set(err, SPN_EINPUT, "%s: cannot be read: %s", in->path, strerror(errno));
    return SPN_OK;
}

/* One call of inflate, with what it needs before and after. */
static enum spn_status inflate_step(struct spn_bytes *in, struct spn_err *err)
{
    if (in->stream.avail_in == 0) {
        enum spn_status status = refill(in, err);
        if (status)
            return status;
        if (in->stream.avail_in == 0)
            return spn_err_set(err, SPN_EINPUT,
                               "%s: truncated gzip data: ends after %" PRIu64 " bytes", in->path,
                               in->n_file);
    }
    int code = inflate(&in->stream, Z_NO_FLUSH);
    if (code == Z_OK || code == Z_BUF_ERROR)
        return SPN_OK;
    if (code == Z_MEM_ERROR)
        return spn_err_memory(err, "the gzip reader");
    if (code != Z_STREAM_END)
        return spn_err_set(err, SPN_EINPUT, "%s: damaged gzip data: %s", in->path,
                           in->stream.msg ? in->stream.msg : "unknown format");
    if (in->stream.avail_in == 0) {
        enum spn_status status = refill(in, err);
        if (status)
            return status;
    }
    in->ended = in->stream.avail_in == 0;
    if (!in->ended)
        inflateReset(&in->stream); /* another member, or garbage that its header check refuses */
    return SPN_OK;
}

static enum spn_status read_gzip(struct spn_bytes *in, unsigned char *out, size_t n, size_t *n_got,
                                 struct spn_err *err)
{
    const size_t most = (size_t)1 << 30; /* avail_out is 32 bits wide */
    size_t done = 0;
    while (done < n && !in->ended) {
        size_t part = n - done < most ? n - done : most;
        in->stream.next_out = out + done;
        in->stream.avail_out = (uInt)part;
        enum spn_status status = inflate_step(in, err);
        if (status)
            return status;
        done += part - in->stream.avail_out;
    }
    *n_got = done;
    return SPN_OK;
}

enum spn_status spn_bytes_read_some(struct spn_bytes *in, void *out, size_t n, size_t *n_got,
                                    struct spn_err *err)
{
    size_t got = 0;
    if (in->gzip) {
        enum spn_status status = read_gzip(in, out, n, &got, err);
        if (status)
            return status;
    } else {
        got = fread(out, 1, n, in->file);
        if (got < n && ferror(in->file))
            return spn_err_set(err, SPN_EINPUT, "%s: cannot be read: %s", in->path,
                               strerror(errno));
    }
    in->n_read += got;
    *n_got = got;
    return SPN_OK;
}

enum spn_status spn_bytes_read(struct spn_bytes *in, void *out, size_t n, const char *what,
                               struct spn_err *err)
{
    size_t got = 0;
    uint64_t start = in->n_read;
    enum spn_status status = spn_bytes_read_some(in, out, n, &got, err);
    if (status)
        return status;
    if (got < n)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: truncated: %s needs %zu bytes from byte %" PRIu64
                           ", only %zu are there",
                           in->path, what, n, start, got);
    return SPN_OK;
}

enum spn_status spn_bytes_end(struct spn_bytes *in, struct spn_err *err)
{
    unsigned char extra;
    size_t got = 0;
    uint64_t end = in->n_read;
    enum spn_status status = spn_bytes_read_some(in, &extra, 1, &got, err);
    if (status)
        return status;
    if (got)
        return spn_err_set(err, SPN_EINPUT, "%s: trailing bytes after its end at byte %" PRIu64,
                           in->path, end);
    return SPN_OK;
}

uint64_t spn_bytes_limit(const struct spn_bytes *in)
{
    if (!in->gzip)
        return in->n_file;
    return in->n_file > UINT64_MAX / DEFLATE_MAX_RATIO ? UINT64_MAX
                                                       : in->n_file * DEFLATE_MAX_RATIO;
}

bool spn_bytes_is_gzip(const struct spn_bytes *in)
{
    return in->gzip;
}

uint64_t spn_bytes_file_size(const struct spn_bytes *in)
{
    return in->n_file;
}
