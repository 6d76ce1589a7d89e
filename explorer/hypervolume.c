/* hypervolume.c -- the volume that a front dominates.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hv(p1..pn) = sum of the exclusive volumes of p_i over p_(i+1)..p_n, and the exclusive volume of p
 * over S is its box less the volume of S moved into that box [while2012wfg, sec. III]; in the order
 * of the last objective that takes one dimension less. Two objectives are swept directly.
 * Exponential in the number of objectives in the worst case.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explorer/pareto.h"

struct point {
    double value[SPN_FRONT_MAX_OBJECTIVES];
};

struct frame {
    int n_objectives;
    const double *reference;
    struct point *stack; /* scratch of all depths */
    size_t n_stack, capacity;
};

static int by_first(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    return (x->value[0] > y->value[0]) - (x->value[0] < y->value[0]);
}

static int by_last_falling(const void *a, const void *b, void *ctx)
{
    const struct point *x = a, *y = b;
    int last = *(const int *)ctx - 1;
    return (x->value[last] < y->value[last]) - (x->value[last] > y->value[last]);
}

static double volume_2d(struct point *p, size_t n, const double *reference)
{
    double volume = 0, height = reference[1];
    qsort(p, n, sizeof *p, by_first);
    for (size_t i = 0; i < n; i++)
        if (p[i].value[1] < height) {
            volume += (reference[0] - p[i].value[0]) * (height - p[i].value[1]);
            height = p[i].value[1];
        }
    return volume;
}

static double box(const struct point *p, const struct frame *f)
{
    double volume = 1;
    for (int i = 0; i < f->n_objectives; i++)
        volume *= f->reference[i] - p->value[i];
    return volume;
}

/* Points of q[0..n) moved into the box of p, less the dominated ones, appended to the stack. */
static size_t limit(struct frame *f, const struct point *p, size_t from, size_t n)
{
    size_t start = f->n_stack, kept = 0;
    for (size_t k = 0; k < n; k++) {
        struct point *moved = &f->stack[start + kept];
        bool dominated = false;
        for (int i = 0; i < f->n_objectives; i++) {
            double value = f->stack[from + k].value[i];
            moved->value[i] = value > p->value[i] ? value : p->value[i];
        }
        for (size_t j = 0; j < kept && !dominated;) {
            const struct point *other = &f->stack[start + j];
            bool no_worse = true, no_better = true;
            for (int i = 0; i < f->n_objectives; i++) {
                no_worse = no_worse && other->value[i] <= moved->value[i];
                no_better = no_better && other->value[i] >= moved->value[i];
            }
            dominated = no_worse;
            if (!no_worse && no_better) { /* the new one takes its place */
                f->stack[start + j] = f->stack[start + --kept];
                f->stack[start + kept] = *moved;
                moved = &f->stack[start + kept];
            } else {
                j++;
            }
        }
        kept += !dominated;
    }
    f->n_stack = start + kept;
    return kept;
}

static bool reserve(struct frame *f, size_t more)
{
    if (f->n_stack + more <= f->capacity)
        return true;
    size_t capacity = 2 * (f->n_stack + more);
    struct point *grown = realloc(f->stack, capacity * sizeof *grown);
    if (!grown)
        return false;
    f->stack = grown;
    f->capacity = capacity;
    return true;
}

/* Of the n points from `from` on; -1 without memory. */
static double volume_of(struct frame *f, size_t from, size_t n)
{
    if (f->n_objectives == 2)
        return volume_2d(f->stack + from, n, f->reference);
    double volume = 0;
    qsort_r(f->stack + from, n, sizeof *f->stack, by_last_falling, &f->n_objectives);
    for (size_t k = 0; k < n; k++) {
        if (!reserve(f, n - k + 1))
            return -1;
        struct point p = f->stack[from + k];
        double whole = box(&p, f);
        int last = --f->n_objectives; /* the points after p are better in the last one: their parts
                                         in p's box fill it */
        size_t start = f->n_stack, kept = limit(f, &p, from + k + 1, n - k - 1);
        double inner = kept ? volume_of(f, start, kept) : 0;
        f->n_stack = start;
        f->n_objectives++;
        if (inner < 0)
            return -1;
        volume += whole - inner * (f->reference[last] - p.value[last]);
    }
    return volume;
}

enum spn_status spn_hypervolume(double *volume, const struct spn_front_item *items, size_t n,
                                int n_objectives, const double *reference, struct spn_err *err)
{
    struct frame f = {.n_objectives = n_objectives, .reference = reference};
    if (n_objectives < 1 || n_objectives > SPN_FRONT_MAX_OBJECTIVES)
        return spn_err_set(err, SPN_EUSAGE, "%d objectives, must be 1 to %d", n_objectives,
                           SPN_FRONT_MAX_OBJECTIVES);
    double lowest = reference[0];
    if (!reserve(&f, n + 1))
        return spn_err_memory(err, "a hypervolume");
    for (size_t k = 0; k < n; k++) {
        bool inside = true;
        for (int i = 0; i < n_objectives; i++)
            inside = inside && items[k].value[i] < reference[i];
        if (!inside)
            continue;
        memcpy(f.stack[f.n_stack++].value, items[k].value, sizeof items[k].value);
        lowest = items[k].value[0] < lowest ? items[k].value[0] : lowest;
    }
    double sum = n_objectives == 1 ? reference[0] - lowest : volume_of(&f, 0, f.n_stack);
    free(f.stack);
    if (sum < 0)
        return spn_err_memory(err, "a hypervolume");
    *volume = sum;
    return SPN_OK;
}

/* ---- one more point ---- */

struct spn_gain {
    struct frame frame; /* the front lies at the bottom of its stack */
    size_t n;
    double lowest; /* of one objective */
    double reference[SPN_FRONT_MAX_OBJECTIVES];
};

enum spn_status spn_gain_create(struct spn_gain **out, const struct spn_front_item *items, size_t n,
                                int n_objectives, const double *reference, struct spn_err *err)
{
    if (n_objectives < 1 || n_objectives > SPN_FRONT_MAX_OBJECTIVES)
        return spn_err_set(err, SPN_EUSAGE, "%d objectives, must be 1 to %d", n_objectives,
                           SPN_FRONT_MAX_OBJECTIVES);
    struct spn_gain *gain = calloc(1, sizeof *gain);
    if (!gain || !reserve(&gain->frame, 2 * n + 2)) {
        free(gain);
        return spn_err_memory(err, "a hypervolume");
    }
    memcpy(gain->reference, reference, (size_t)n_objectives * sizeof *reference);
    gain->frame.n_objectives = n_objectives;
    gain->frame.reference = gain->reference;
    gain->lowest = reference[0];
    for (size_t i = 0; i < n; i++) {
        bool inside = true; /* others add nothing, and would have boxes of negative volume */
        for (int k = 0; k < n_objectives; k++)
            inside = inside && items[i].value[k] < reference[k];
        if (!inside)
            continue;
        memcpy(gain->frame.stack[gain->n++].value, items[i].value, sizeof items[i].value);
        gain->lowest = fmin(gain->lowest, items[i].value[0]);
    }
    *out = gain;
    return SPN_OK;
}

void spn_gain_destroy(struct spn_gain *gain)
{
    if (!gain)
        return;
    free(gain->frame.stack);
    free(gain);
}

double spn_gain_of(struct spn_gain *gain, const double *value)
{
    struct frame *f = &gain->frame;
    struct point p;
    for (int i = 0; i < f->n_objectives; i++) {
        if (!(value[i] < gain->reference[i]))
            return 0;
        p.value[i] = value[i];
    }
    if (f->n_objectives == 1)
        return fmax(0, gain->lowest - value[0]);
    f->n_stack = gain->n;
    if (!reserve(f, gain->n + 1))
        return -1;
    size_t kept = limit(f, &p, 0, gain->n);
    double whole = box(&p, f), inner = kept ? volume_of(f, gain->n, kept) : 0;
    return inner < 0 ? -1 : fmax(0, whole - inner);
}

/* ---- two fronts ---- */

#define MARGIN 0.1 /* beyond the worst corner, so that points at the edge count */

enum spn_status spn_hypervolume_share(double *share, const struct spn_front *all,
                                      const struct spn_front *some, struct spn_err *err)
{
    int m = spn_front_n_objectives(all);
    size_t n_all = spn_front_size(all), n_some = spn_front_size(some);
    double reference[SPN_FRONT_MAX_OBJECTIVES], whole = 0, part = 0;
    if (spn_front_n_objectives(some) != m || !n_all)
        return spn_err_set(err, SPN_EUSAGE, "fronts of %d and %d objectives, %zu and %zu designs",
                           m, spn_front_n_objectives(some), n_all, n_some);
    struct spn_front_item *a = calloc(n_all, sizeof *a), *b = calloc(n_some + 1, sizeof *b);
    enum spn_status status = a && b ? SPN_OK : spn_err_memory(err, "a hypervolume");
    if (!status) {
        spn_front_items(all, a);
        spn_front_items(some, b);
    }
    for (int k = 0; k < m && !status; k++) {
        double best = INFINITY, worst = -INFINITY;
        for (size_t i = 0; i < n_all; i++) {
            best = fmin(best, a[i].value[k]);
            worst = fmax(worst, a[i].value[k]);
        }
        double side = worst > best ? worst - best : best != 0 ? fabs(best) : 1;
        reference[k] =
            (worst > best) + MARGIN; /* from 0 at the best: volumes of any unit fit a double */
        for (size_t i = 0; i < n_all; i++)
            a[i].value[k] = (a[i].value[k] - best) / side;
        for (size_t i = 0; i < n_some; i++)
            b[i].value[k] = (b[i].value[k] - best) / side;
    }
    if (!status)
        status = spn_hypervolume(&whole, a, n_all, m, reference, err);
    if (!status)
        status = spn_hypervolume(&part, b, n_some, m, reference, err);
    free(a);
    free(b);
    if (!status)
        *share = part / whole;
    return status;
}
