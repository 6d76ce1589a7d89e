/* fuzz_json.c -- any bytes as a JSON document: parse, walk and destroy without a crash.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdint.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *ctx, const struct spn_json_source *s)
{
    *(double *)ctx += s->value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spn_json *doc = NULL;
    struct spn_err err;
    double sum = 0;
    if (spn_json_parse(&doc, (const char *)data, size, "fuzz", &err) == SPN_OK)
        spn_json_sources(doc, ignore, &sum);
    spn_json_destroy(doc);
    return 0;
}
