/* bytes.h -- reads files front to back, plain or gzip-compressed, with no byte missing or to spare.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     struct spn_bytes *in = NULL;
 *     enum spn_status s = spn_bytes_open(&in, "x.gz", err);
 *     if (!s)
 *         s = spn_bytes_read(in, header, sizeof header, "header", err);
 *     if (!s)
 *         s = spn_bytes_end(in, err);
 *     spn_bytes_close(in);
 *
 * Sizes that a file claims are compared with spn_bytes_limit before memory is asked for, so that a
 * short file cannot claim gigabytes; nothing is inflated beyond what the caller reads.
 */
#ifndef SPN_NETWORKS_BYTES_H
#define SPN_NETWORKS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct spn_bytes; /* an open file; owned by the caller */

/* Open a regular file; gzip is told by its first two bytes, not by the name. SPN_EINPUT if it
 * cannot be read. */
enum spn_status spn_bytes_open(struct spn_bytes **in, const char *path, struct spn_err *err);
void spn_bytes_close(struct spn_bytes *in);

/* Exactly n bytes, or SPN_EINPUT naming `what`, the bytes wanted and where the file ended. */
enum spn_status spn_bytes_read(struct spn_bytes *in, void *out, size_t n, const char *what,
                               struct spn_err *err);
/* Up to n bytes; *n_got < n only at the end of the file. */
enum spn_status spn_bytes_read_some(struct spn_bytes *in, void *out, size_t n, size_t *n_got,
                                    struct spn_err *err);
/* SPN_EINPUT unless everything has been read and, for gzip, the check sum holds. */
enum spn_status spn_bytes_end(struct spn_bytes *in, struct spn_err *err);

/* The most bytes that the file can hold: its size, or what its size could inflate to. */
uint64_t spn_bytes_limit(const struct spn_bytes *in);
bool spn_bytes_is_gzip(const struct spn_bytes *in);
uint64_t spn_bytes_file_size(const struct spn_bytes *in); /* on disk */

#endif
