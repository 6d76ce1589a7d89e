/* fuzz_train.c -- any bytes as a training recipe: accepted or refused, never a crash.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "simulator/train.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spn_err err;
    struct spn_json *doc = NULL;
    struct spn_train_options options = spn_train_options_default();
    if (!spn_json_parse(&doc, (const char *)data, size, "folder/input", &err))
        (void)spn_train_options_read(&options, doc, &err);
    spn_json_destroy(doc);
    return 0;
}
