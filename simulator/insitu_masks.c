/* insitu_masks.c -- which weights are pruned and which grow again.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pruning goes layer by layer, smallest magnitude first. Regrowth goes by the running mean of the
 * gradient, the largest first; from a list of candidates longer than needed a random choice is made
 * [ning2025, Methods; M:V10, M:V11]. Rewiring prunes the smallest and regrows by the present
 * gradient, fewer and fewer as half a cosine falls [evci2020rigl, sec. 3].
 */
#include <math.h>

#include "simulator/insitu_state.h"

enum { LEAVING = 2 }; /* a mask that counts as kept until the rewiring is done */

double spn_insitu_layer_share(double layer_final, double overall_final, double overall)
{
    if (!(overall_final > 0) || overall_final >= 1)
        return overall;
    if (overall <= overall_final)
        return layer_final * overall / overall_final;
    return 1 - (1 - layer_final) * (1 - overall) / (1 - overall_final);
}

static size_t count_pruned(const struct spn_param *p)
{
    size_t n = 0;
    for (size_t k = 0; k < p->n; k++)
        n += !p->mask[k];
    return n;
}

double spn_insitu_sparsity(const struct spn_insitu_state *s)
{
    double pruned = 0;
    for (int m = 0; m < s->n_matrices; m++)
        pruned += (double)count_pruned(spn_insitu_param(s, m));
    return pruned / (double)s->n_weights;
}

/* Places of a layer's kept (or pruned) weights, largest |score| first (sign = 1) or last (-1),
 * equal ones by place; returns how many. */
static size_t rank(const struct spn_param *p, bool kept, const float *score, double sign,
                   size_t *order)
{
    size_t n = 0;
    for (size_t k = 0; k < p->n; k++)
        if ((p->mask[k] != 0) == kept)
            order[n++] = k;
    for (size_t gap = n / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < n; i++) {
            const size_t held = order[i];
            const double mine = sign * fabs((double)score[held]);
            size_t j = i;
            for (; j >= gap; j -= gap) {
                const size_t other = order[j - gap];
                const double theirs = sign * fabs((double)score[other]);
                if (theirs > mine || (theirs >= mine && other < held))
                    break;
                order[j] = other;
            }
            order[j] = held;
        }
    return n;
}

/* The first n of order[0 .. n_all) become a random choice of them all. */
static void pick(struct spn_rng *rng, size_t *order, size_t n, size_t n_all)
{
    for (size_t i = 0; i < n && i + 1 < n_all; i++) {
        const size_t k = i + spn_rng_below(rng, (uint32_t)(n_all - i)), held = order[i];
        order[i] = order[k];
        order[k] = held;
    }
}

static void prune(struct spn_insitu_state *s, int m, size_t n, int choice)
{
    struct spn_param *p = spn_insitu_param(s, m);
    const size_t n_kept = rank(p, true, p->value, -1, s->order);
    n = n < n_kept ? n : n_kept;
    if (choice == SPN_INSITU_RANDOM)
        pick(&s->choice_rng, s->order, n, n_kept);
    for (size_t i = 0; i < n; i++) {
        const size_t k = s->order[i];
        p->mask[k] = 0;
        p->value[k] = p->first[k] = 0;
    }
}

/* Regrown weights start from zero; Adam's mean square of their gradients, which goes on while they
 * are out, stays: from zero it would make their first steps several times too long. */
static void regrow(struct spn_insitu_state *s, int m, size_t n, const struct spn_insitu_event *e)
{
    struct spn_param *p = spn_insitu_param(s, m);
    const float *score = e->choice == SPN_INSITU_GRADIENT ? p->grad : s->matrix[m].running;
    const size_t n_pruned = rank(p, false, score, 1, s->order);
    n = n < n_pruned ? n : n_pruned;
    const double wanted = floor((double)n * e->expansion);
    const size_t candidates =
        e->choice == SPN_INSITU_RANDOM || wanted >= (double)n_pruned ? n_pruned : (size_t)wanted;
    if (candidates > n)
        pick(&s->choice_rng, s->order, n, candidates);
    for (size_t i = 0; i < n; i++) {
        const size_t k = s->order[i];
        p->mask[k] = 1;
        p->value[k] = p->first[k] = 0;
    }
}

static size_t pruned_at(const struct spn_insitu_state *s, int m, double overall)
{
    const double share = spn_insitu_layer_share(s->matrix[m].final_share, s->final_share, overall);
    return (size_t)lrint(share * (double)s->matrix[m].n);
}

/* The smallest weights go and as many grow, of those that were out before: RigL's drop and grow. */
static void rewire(struct spn_insitu_state *s, const struct spn_insitu_event *e, int epoch)
{
    const double pi = acos(-1.0);
    const double along = e->every > 0 ? (double)(epoch - e->epoch) / (e->until - e->epoch + 1) : 0;
    const double share = e->share * 0.5 * (1 + cos(pi * along));
    for (int m = 0; m < s->n_matrices; m++) {
        struct spn_param *p = spn_insitu_param(s, m);
        const size_t n_pruned = count_pruned(p);
        size_t n = (size_t)lrint(share * (double)(p->n - n_pruned));
        n = n < n_pruned ? n : n_pruned;
        const size_t n_kept = rank(p, true, p->value, -1, s->order);
        n = n < n_kept ? n : n_kept;
        for (size_t i = 0; i < n; i++)
            p->mask[s->order[i]] = LEAVING;
        regrow(s, m, n, e);
        for (size_t k = 0; k < p->n; k++)
            if (p->mask[k] == LEAVING) {
                p->mask[k] = 0;
                p->value[k] = p->first[k] = 0;
            }
    }
}

static bool is_due(const struct spn_insitu_event *e, int epoch)
{
    if (epoch == e->epoch)
        return true;
    return e->every > 0 && epoch > e->epoch && epoch <= e->until &&
           (epoch - e->epoch) % e->every == 0;
}

void spn_insitu_masks(struct spn_insitu_state *s, int epoch)
{
    const struct spn_insitu_options *o = &s->job->options;
    for (int i = 0; i < o->n_events; i++) {
        const struct spn_insitu_event *e = &o->event[i];
        if (!is_due(e, epoch))
            continue;
        if (e->kind == SPN_INSITU_REWIRE) {
            rewire(s, e, epoch);
            continue;
        }
        const double now = spn_insitu_sparsity(s);
        const double wanted = e->kind == SPN_INSITU_PRUNE ? e->sparsity : now - e->share;
        for (int m = 0; m < s->n_matrices; m++) {
            const size_t have = count_pruned(spn_insitu_param(s, m));
            const size_t want = pruned_at(s, m, fmax(wanted, 0));
            if (e->kind == SPN_INSITU_PRUNE && want > have)
                prune(s, m, want - have, e->choice);
            else if (e->kind == SPN_INSITU_REGROW && want < have)
                regrow(s, m, have - want, e);
        }
    }
}
