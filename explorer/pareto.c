/* pareto.c -- an online Pareto front in blocks with bounds.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Members lie in blocks of neighbours, each with the best and the worst value of every objective:
 * one level of the tree of [jaszkiewicz2018ndtree]. A point that a block's worst corner dominates
 * is refused after one comparison, a block whose best corner the point dominates goes as a whole,
 * and blocks that it can have nothing to do with are passed over. Bounds may be wider than the
 * members after a removal: both tests stay right.
 */
#include "explorer/pareto.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32 };

struct block {
    int n;
    double best[SPN_FRONT_MAX_OBJECTIVES], worst[SPN_FRONT_MAX_OBJECTIVES];
    struct spn_front_item item[BLOCK];
};

struct spn_front {
    int n_objectives;
    size_t n_blocks, capacity, n_items;
    struct block **block;
    struct block *spare; /* one, kept when a block empties */
};

enum spn_status spn_front_create(struct spn_front **out, int n_objectives, struct spn_err *err)
{
    if (n_objectives < 1 || n_objectives > SPN_FRONT_MAX_OBJECTIVES)
        return spn_err_set(err, SPN_EUSAGE, "%d objectives, must be 1 to %d", n_objectives,
                           SPN_FRONT_MAX_OBJECTIVES);
    struct spn_front *front = calloc(1, sizeof *front);
    if (!front)
        return spn_err_memory(err, "a front");
    front->n_objectives = n_objectives;
    *out = front;
    return SPN_OK;
}

void spn_front_destroy(struct spn_front *front)
{
    if (!front)
        return;
    for (size_t b = 0; b < front->n_blocks; b++)
        free(front->block[b]);
    free(front->spare);
    free(front->block);
    free(front);
}

/* Nowhere larger. */
static bool no_worse(const double *a, const double *b, int n)
{
    for (int i = 0; i < n; i++)
        if (a[i] > b[i])
            return false;
    return true;
}

static bool equal(const double *a, const double *b, int n)
{
    for (int i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static void widen(struct block *block, const double *value, int n)
{
    for (int i = 0; i < n; i++) {
        if (block->n == 0 || value[i] < block->best[i])
            block->best[i] = value[i];
        if (block->n == 0 || value[i] > block->worst[i])
            block->worst[i] = value[i];
    }
}

static void put(struct block *block, const struct spn_front_item *item, int n)
{
    widen(block, item->value, n);
    block->item[block->n++] = *item;
}

static void remove_block(struct spn_front *front, size_t b)
{
    free(front->spare);
    front->spare = front->block[b];
    front->block[b] = front->block[--front->n_blocks];
}

static enum spn_status new_block(struct spn_front *front, struct block **out, struct spn_err *err)
{
    if (front->n_blocks == front->capacity) {
        size_t more = front->capacity ? 2 * front->capacity : 16;
        struct block **grown = realloc(front->block, more * sizeof *grown);
        if (!grown)
            return spn_err_memory(err, "a front");
        front->block = grown;
        front->capacity = more;
    }
    struct block *block = front->spare ? front->spare : malloc(sizeof *block);
    front->spare = NULL;
    if (!block)
        return spn_err_memory(err, "a front");
    block->n = 0;
    front->block[front->n_blocks++] = block;
    *out = block;
    return SPN_OK;
}

enum verdict { REFUSED, EQUAL, NEW };

/* Compare with the members of one block; those that the item dominates go. */
static enum verdict compare_members(struct spn_front *front, struct block *block,
                                    const struct spn_front_item *item)
{
    int n = front->n_objectives;
    for (int i = 0; i < block->n;) {
        struct spn_front_item *member = &block->item[i];
        if (no_worse(member->value, item->value, n)) {
            if (!equal(member->value, item->value, n))
                return REFUSED;
            if (item->number < member->number)
                member->number = item->number;
            return EQUAL;
        }
        if (no_worse(item->value, member->value, n)) {
            *member = block->item[--block->n];
            front->n_items--;
        } else {
            i++;
        }
    }
    return NEW;
}

static enum verdict compare(struct spn_front *front, const struct spn_front_item *item)
{
    int n = front->n_objectives;
    for (size_t b = 0; b < front->n_blocks;) {
        struct block *block = front->block[b];
        enum verdict verdict = NEW;
        if (no_worse(block->worst, item->value, n) && !equal(block->worst, item->value, n)) {
            verdict = REFUSED;
        } else if (no_worse(item->value, block->best, n) && !equal(item->value, block->best, n)) {
            front->n_items -= (size_t)block->n;
            block->n = 0;
        } else if (no_worse(block->best, item->value, n) ||
                   no_worse(item->value, block->worst, n)) {
            verdict = compare_members(front, block, item);
        }
        if (verdict !=
            NEW) { /* what refused one point is likely to refuse the next: ask it first */
            front->block[b] = front->block[0];
            front->block[0] = block;
            return verdict;
        }
        if (block->n == 0)
            remove_block(front, b);
        else
            b++;
    }
    return NEW;
}

/* ---- insertion ---- */

/* Width of all blocks together. */
static void range_of(const struct spn_front *front, double range[])
{
    for (int i = 0; i < front->n_objectives; i++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t b = 0; b < front->n_blocks; b++) {
            low = fmin(low, front->block[b]->best[i]);
            high = fmax(high, front->block[b]->worst[i]);
        }
        range[i] = high > low ? high - low : 1;
    }
}

/* The block that has to grow least. */
static struct block *nearest(const struct spn_front *front, const double *value,
                             const double *range)
{
    struct block *best = NULL;
    double least = INFINITY;
    for (size_t b = 0; b < front->n_blocks; b++) {
        const struct block *block = front->block[b];
        double growth = 0;
        for (int i = 0; i < front->n_objectives; i++) {
            double below = block->best[i] - value[i], above = value[i] - block->worst[i];
            growth += (fmax(below, 0) + fmax(above, 0)) / range[i];
        }
        if (growth < least) {
            least = growth;
            best = front->block[b];
        }
    }
    return best;
}

struct ranked {
    double value;
    struct spn_front_item item;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* Halve a full block along its widest objective. */
static enum spn_status split(struct spn_front *front, struct block *block, const double *range,
                             struct spn_err *err)
{
    struct ranked ranked[BLOCK];
    struct block *other = NULL;
    int widest = 0;
    for (int i = 1; i < front->n_objectives; i++)
        if ((block->worst[i] - block->best[i]) / range[i] >
            (block->worst[widest] - block->best[widest]) / range[widest])
            widest = i;
    enum spn_status status = new_block(front, &other, err);
    if (status)
        return status;
    for (int i = 0; i < BLOCK; i++)
        ranked[i] = (struct ranked){block->item[i].value[widest], block->item[i]};
    qsort(ranked, BLOCK, sizeof *ranked, by_value);
    block->n = 0;
    for (int i = 0; i < BLOCK; i++)
        put(i < BLOCK / 2 ? block : other, &ranked[i].item, front->n_objectives);
    return SPN_OK;
}

enum spn_status spn_front_add(struct spn_front *front, const struct spn_front_item *item,
                              bool *kept, struct spn_err *err)
{
    double range[SPN_FRONT_MAX_OBJECTIVES];
    for (int i = 0; i < front->n_objectives; i++)
        if (!isfinite(item->value[i]))
            return spn_err_set(err, SPN_EUSAGE, "objective %d of point %lld is not finite", i,
                               (long long)item->number);
    enum verdict verdict = compare(front, item);
    if (kept)
        *kept = verdict == NEW;
    if (verdict != NEW)
        return SPN_OK;
    struct block *block = NULL;
    enum spn_status status = SPN_OK;
    if (front->n_blocks == 0) {
        status = new_block(front, &block, err);
    } else {
        range_of(front, range);
        block = nearest(front, item->value, range);
        while (block->n == BLOCK && !status) { /* each split leaves two blocks with room */
            status = split(front, block, range, err);
            block = nearest(front, item->value, range);
        }
    }
    if (status)
        return status;
    put(block, item, front->n_objectives);
    front->n_items++;
    return SPN_OK;
}

enum spn_status spn_front_merge(struct spn_front *front, const struct spn_front *from,
                                struct spn_err *err)
{
    for (size_t b = 0; b < from->n_blocks; b++)
        for (int i = 0; i < from->block[b]->n; i++) {
            enum spn_status status = spn_front_add(front, &from->block[b]->item[i], NULL, err);
            if (status)
                return status;
        }
    return SPN_OK;
}

int spn_front_n_objectives(const struct spn_front *front)
{
    return front->n_objectives;
}

size_t spn_front_size(const struct spn_front *front)
{
    return front->n_items;
}

static int by_number(const void *a, const void *b)
{
    const struct spn_front_item *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

void spn_front_items(const struct spn_front *front, struct spn_front_item *out)
{
    size_t n = 0;
    for (size_t b = 0; b < front->n_blocks; b++)
        for (int i = 0; i < front->block[b]->n; i++)
            out[n++] = front->block[b]->item[i];
    if (n)
        qsort(out, n, sizeof *out, by_number);
}
