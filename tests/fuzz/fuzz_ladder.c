/* fuzz_ladder.c -- any bytes as a file of pruning steps: accepted or refused, never a crash.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "explorer/ladder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spn_err err;
    struct spn_json *doc = NULL;
    struct spn_ladder_experiment read;
    if (!spn_json_parse(&doc, (const char *)data, size, "input", &err))
        (void)spn_ladder_experiment_read(&read, doc, &err);
    spn_json_destroy(doc);
    return 0;
}
