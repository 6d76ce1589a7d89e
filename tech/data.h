/* data.h -- where the shipped data (tech/, networks/, experiments/) is found.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A name with '/' or ending in ".json" is a path, taken as it is; else it names <dir>/<name>.json
 * under the first of: $SPINDLE_DATA, the executable's folder, the folder above it (a build tree
 * keeps programs one level down), <executable's folder>/../share/spindle, and SPN_DATA_DIR, the
 * installed data folder (-DSPN_DATA_DIR="..." at build time). A plain name is made of a-z, 0-9, '.'
 * and '-'.
 */
#ifndef SPN_TECH_DATA_H
#define SPN_TECH_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Write the path of `name` in data folder `dir` ("tech/nodes") to out. SPN_EINPUT "no node 'x' (did
 * you mean 'y'? ...)" where `what` is the word for one ("node"). */
enum spn_status spn_data_find(char *out, size_t size, const char *dir, const char *what,
                              const char *name, struct spn_err *err);

/* Visit all names in data folder `dir`, sorted (over the first folder that has it). */
enum spn_status spn_data_list(const char *dir,
                              void (*visit)(void *ctx, const char *name, const char *path),
                              void *ctx, struct spn_err *err);

/* A plain name: a-z, 0-9, '.' and '-', not starting with '.'. */
bool spn_data_is_name(const char *name);
bool spn_data_is_word(const char *text); /* the same, but it may begin with '.' */
/* What a file refers to another by: a plain name, or a path (holds '/' or ends in ".json") without
 * control characters. */
bool spn_data_is_name_or_path(const char *name);

/* The path of shipped file `relative` ("reports/style.gp") under the first root that has it;
 * SPN_EINPUT if none has. */
enum spn_status spn_data_file(char *out, size_t size, const char *relative, struct spn_err *err);

#ifdef __cplusplus
}
#endif

#endif
