/* newfile.h -- files that appear whole or not at all.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     struct spn_newfile new;
 *     enum spn_status s = spn_newfile_open(&new, path, err);
 *     if (!s) {
 *         ... fwrite(..., new.file) ...
 *         s = spn_newfile_close(&new, all_is_well, err);
 *     }
 *
 * Bytes go to a file of another name beside it, which takes its place at the end. A link stays, and
 * the file that it leads to is replaced. What is no file (a device, a pipe) is written to as it is.
 */
#ifndef SPN_BASE_NEWFILE_H
#define SPN_BASE_NEWFILE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

struct spn_newfile {
    FILE *file;
    char *path, *temporary; /* temporary NULL: no file */
};

/* SPN_EINTERNAL if it cannot be written. */
enum spn_status spn_newfile_open(struct spn_newfile *f, const char *path, struct spn_err *err);
/* Ends what a successful open began. Unless `good`, and if that last write fails, nothing is left.
 * SPN_EINTERNAL where a write has failed, with errno's reason. */
enum spn_status spn_newfile_close(struct spn_newfile *f, bool good, struct spn_err *err);
/* Whether `path` could be written; for before a long computation. */
enum spn_status spn_newfile_check(const char *path, struct spn_err *err);

#endif
