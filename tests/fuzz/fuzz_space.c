/* fuzz_space.c -- any bytes as a space file: accepted or refused, its points evaluated, never a
 * crash.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stddef.h>
#include <stdint.h>

#include "explorer/evaluate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spn_err err;
    struct spn_space *space = NULL;
    struct spn_evaluator *evaluator = NULL;
    struct spn_point point;
    if (spn_space_parse(&space, (const char *)data, size, "input", &err))
        return 0;
    if (!spn_evaluator_create(&evaluator, space, &err))
        for (int64_t i = 0; i < 4; i++)
            (void)spn_evaluate(evaluator, i * spn_space_size(space) / 4, &point, &err);
    spn_evaluator_destroy(evaluator);
    spn_space_destroy(space);
    return 0;
}
