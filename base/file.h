/* file.h -- whole files: read at once, written so that no half is ever seen.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_BASE_FILE_H
#define SPN_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

#define SPN_FILE_ANY (SIZE_MAX / 2) /* bytes: no limit */

/* Write `length` bytes to <dir>/<name> through a temporary file, so that no half-written file is
 * ever seen; dir NULL: name is the path. */
enum spn_status spn_file_write(const char *dir, const char *name, const char *data, size_t length,
                               struct spn_err *err);
/* Append a whole file to a text; data stays NULL if both are empty. SPN_EINPUT if it cannot be read
 * or has more than `most` bytes; the caller clears the text then, too. */
enum spn_status spn_file_read(const char *path, size_t most, struct spn_text *out,
                              struct spn_err *err);

#endif
