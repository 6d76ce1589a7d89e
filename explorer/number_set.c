/* number_set.c -- which points were evaluated: a hash table with open addressing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdlib.h>

#include "explorer/optimize.h"

static size_t place(const struct spn_number_set *set, int64_t number)
{
    uint64_t h = (uint64_t)number *
                 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio spreads consecutive numbers */
    size_t at = (size_t)(h >> 20) & (set->capacity - 1);
    while (set->slot[at] >= 0 && set->slot[at] != number)
        at = (at + 1) & (set->capacity - 1);
    return at;
}

enum spn_status spn_number_set_add(struct spn_number_set *set, int64_t number, bool *added,
                                   struct spn_err *err)
{
    if (2 * (set->n + 1) > set->capacity) {
        struct spn_number_set grown = {.capacity = set->capacity ? 2 * set->capacity : 1024};
        grown.slot = malloc(grown.capacity * sizeof *grown.slot);
        if (!grown.slot)
            return spn_err_memory(err, "a set of points");
        for (size_t i = 0; i < grown.capacity; i++)
            grown.slot[i] = -1;
        for (size_t i = 0; i < set->capacity; i++)
            if (set->slot[i] >= 0)
                grown.slot[place(&grown, set->slot[i])] = set->slot[i];
        grown.n = set->n;
        free(set->slot);
        *set = grown;
    }
    size_t at = place(set, number);
    *added = set->slot[at] < 0;
    if (*added) {
        set->slot[at] = number;
        set->n++;
    }
    return SPN_OK;
}

bool spn_number_set_has(const struct spn_number_set *set, int64_t number)
{
    return set->capacity && set->slot[place(set, number)] >= 0;
}

void spn_number_set_clear(struct spn_number_set *set)
{
    free(set->slot);
    *set = (struct spn_number_set){NULL, 0, 0};
}
