/* tensor.c -- first-fit placement of activations by their lifetimes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The live buffers are kept in a list sorted by place; a new one takes the first gap that holds it.
 * Not optimal, but within a few percent of the largest step for chains with shortcuts, which is all
 * that networks here are.
 */
#include "simulator/tensor.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t align_up(size_t n)
{
    return (n + SPN_TENSOR_ALIGN - 1) / SPN_TENSOR_ALIGN * SPN_TENSOR_ALIGN;
}

/* Drop the buffers that nobody reads at `step` any more. */
static int retire(const struct spn_span *spans, int *live, int n_live, int step)
{
    int kept = 0;
    for (int i = 0; i < n_live; i++) {
        if (spans[live[i]].last >= step) {
            live[kept++] = live[i];
        }
    }
    return kept;
}

enum spn_status spn_tensor_plan(struct spn_span *spans, int n, size_t *total, struct spn_err *err)
{
    int *live = malloc((size_t)(n > 0 ? n : 1) * sizeof *live), n_live = 0;
    if (!live) {
        return spn_err_memory(err, "activation plan");
    }
    size_t end = 0;
    for (int i = 0; i < n; i++) {
        n_live = retire(spans, live, n_live, spans[i].first);
        const size_t size = align_up(spans[i].size);
        size_t at = 0;
        int place = 0;
        while (place < n_live && spans[live[place]].at < at + size) {
            at = spans[live[place]].at + align_up(spans[live[place]].size);
            place++;
        }
        memmove(live + place + 1, live + place, (size_t)(n_live - place) * sizeof *live);
        live[place] = i;
        n_live++;
        spans[i].at = at;
        end = at + size > end ? at + size : end;
    }
    free(live);
    *total = end;
    return SPN_OK;
}

float *spn_tensor_floats(size_t n)
{
    const size_t line = SPN_TENSOR_ALIGN * sizeof(float);
    if (n > (SIZE_MAX - line) / sizeof(float)) {
        return NULL;
    }
    return aligned_alloc(line, (n * sizeof(float) / line + 1) * line);
}
