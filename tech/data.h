/* data.h -- where the shipped data (tech/, networks/, experiments/) is found.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A name with '/' or ending in ".json" is a path, taken as it is; else it names <dir>/<name>.json under the first of:
 * $SPINDLE_DATA, the executable's folder, <executable's folder>/../share/spindle, the installed data folder.
 */
#ifndef SPN_TECH_DATA_H
#define SPN_TECH_DATA_H

#include <stddef.h>

#include "base/err.h"

/* Write the path of `name` in data folder `dir` ("tech/nodes") to out. SPN_EINPUT "no node 'x' (did you mean 'y'? ...)"
 * where `what` is the word for one ("node"). */
enum spn_status spn_data_find(char *out, size_t size, const char *dir, const char *what, const char *name,
                              struct spn_err *err);

/* Visit all names in data folder `dir`, sorted (over the first folder that has it). */
enum spn_status spn_data_list(const char *dir, void (*visit)(void *ctx, const char *name, const char *path), void *ctx,
                              struct spn_err *err);

#endif
