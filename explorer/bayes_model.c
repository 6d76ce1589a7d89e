/* bayes_model.c -- what a Bayesian search believes of designs that it has not tried.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/parallel.h"
#include "explorer/bayes_state.h"

enum {
    N_FINALISTS = 64, /* candidates whose expectation is taken; the others only optimistically */
    FIRST_STEPS = 60, /* uphill in the parameters of a process */
    LATER_STEPS = 12,
    REFIT = 4 /* evaluations between climbs */
};
#define MARGIN 0.1         /* of the reference point beyond the worst trial */
#define OPTIMISM 1.0       /* standard deviations, in choosing finalists */
#define GOOD_THRESHOLD 0.5 /* of the process of 0 (no good) and 1 (good) */
#define LEAST_GOOD 0.05    /* probability: a regression is too sure of 0 and 1 */

/* ---- processes ---- */

double spn_bayes_transform(const struct spn_bayes *b, int k, double value)
{
    return !b->logged[k] ? value : value > 0 ? log(value) : -log(-value);
}

/* Costs of one sign are modelled by their logarithm; accuracies as they are. */
static void choose_scales(struct spn_bayes *b)
{
    for (int k = 0; k < b->n_objectives; k++) {
        bool above = true, below = true;
        for (int i = 0; i < b->n_trials; i++) {
            above = above && (!b->trial[i].good || b->trial[i].value[k] > 0);
            below = below && (!b->trial[i].good || b->trial[i].value[k] < 0);
        }
        b->logged[k] = (above || below) && !spn_space_column_simulated(
                                               b->space, spn_space_objective(b->space, k)->column);
    }
}

enum spn_status spn_bayes_fit(struct spn_bayes *b, struct spn_err *err)
{
    int n_steps = b->counts.n_rounds == 0           ? FIRST_STEPS
                  : b->counts.n_rounds % REFIT == 0 ? LATER_STEPS
                                                    : 0;
    enum spn_status status = SPN_OK;
    size_t row = (size_t)b->n_inputs;
    choose_scales(b);
    for (int k = 0; k < b->n_objectives && !status; k++) {
        int n = 0;
        for (int i = 0; b->gp[k] && i < b->n_trials; i++)
            if (b->trial[i].good) {
                memcpy(b->x + (size_t)n * row, b->trial[i].x, row * sizeof *b->x);
                b->y[n++] = spn_bayes_transform(b, k, b->trial[i].value[k]);
            }
        if (n)
            status = spn_gp_fit(b->gp[k], b->x, b->y, n, n_steps, err);
    }
    for (int i = 0; i < b->n_trials; i++) {
        memcpy(b->x + (size_t)i * row, b->trial[i].x, row * sizeof *b->x);
        b->y[i] = b->trial[i].good;
    }
    if (!status && b->n_good < b->n_trials) /* few bad ones say nothing about lengths */
        status = spn_gp_fit(b->goodness, b->x, b->y, b->n_trials, 0, err);
    return status;
}

static void predict(void *ctx, size_t index, int thread)
{
    struct spn_bayes *b = ctx;
    struct spn_candidate *c = &b->candidate[index];
    struct spn_bayes_scratch *s = &b->scratch[thread];
    double optimist[SPN_FRONT_MAX_OBJECTIVES], mean, sd;
    c->p_good = 1;
    if (b->n_good < b->n_trials) {
        spn_gp_predict(b->goodness, c->x, s->row, &mean, &sd);
        sd = hypot(sd, spn_gp_noise(b->goodness));
        c->p_good =
            sd > 0 ? gsl_cdf_ugaussian_P((mean - GOOD_THRESHOLD) / sd) : mean > GOOD_THRESHOLD;
    }
    for (int k = 0; k < b->n_objectives; k++) {
        if (b->modelled[k])
            spn_gp_predict(b->gp[k], c->x, s->row, &c->mean[k], &c->sd[k]);
        optimist[k] = c->mean[k] - OPTIMISM * c->sd[k];
        c->doubt += c->sd[k];
    }
    c->score = c->p_good * spn_gain_of(s->gain, optimist);
}

static void expect(void *ctx, size_t index, int thread)
{
    struct spn_bayes *b = ctx;
    struct spn_candidate *c = &b->candidate[index];
    double sum = 0, value[SPN_FRONT_MAX_OBJECTIVES];
    for (int j = 0; j < SPN_BAYES_NODES; j++) {
        for (int k = 0; k < b->n_objectives; k++)
            value[k] = c->mean[k] + c->sd[k] * b->node[j * b->n_objectives + k];
        sum += spn_gain_of(b->scratch[thread].gain, value);
    }
    c->score = c->p_good * sum / SPN_BAYES_NODES;
}

static int by_score(const void *x, const void *y)
{
    const struct spn_candidate *a = x, *b = y;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (a->p_good * a->doubt != b->p_good * b->doubt)
        return a->p_good * a->doubt > b->p_good * b->doubt ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* The front in the space of the processes, and a reference point beyond the worst trial: the front
 * may yet grow beyond its own ends. */
static enum spn_status place_front(struct spn_bayes *b, struct spn_err *err)
{
    size_t n = spn_front_size(b->front);
    free(b->item);
    b->item = calloc(n + 1, sizeof *b->item);
    if (!b->item)
        return spn_err_memory(err, "a search");
    spn_front_items(b->front, b->item);
    for (int k = 0; k < b->n_objectives; k++) {
        double best = INFINITY, worst = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            b->item[i].value[k] = spn_bayes_transform(b, k, b->item[i].value[k]);
            best = fmin(best, b->item[i].value[k]);
            worst = fmax(worst, b->item[i].value[k]);
        }
        for (int i = 0; i < b->n_trials; i++)
            if (b->trial[i].good)
                worst = fmax(worst, spn_bayes_transform(b, k, b->trial[i].value[k]));
        b->reference[k] = worst + MARGIN * (worst > best ? worst - best : 1);
    }
    enum spn_status status = SPN_OK;
    for (int t = 0; t < b->n_threads && !status; t++) {
        spn_gain_destroy(b->scratch[t].gain);
        b->scratch[t].gain = NULL;
        status =
            spn_gain_create(&b->scratch[t].gain, b->item, n, b->n_objectives, b->reference, err);
    }
    return status;
}

enum spn_status spn_bayes_rank(struct spn_bayes *b, struct spn_err *err)
{
    size_t n = (size_t)b->n_candidates, n_finalists = n < N_FINALISTS ? n : N_FINALISTS;
    enum spn_status status = place_front(b, err);
    if (status)
        return status;
    spn_parallel_for(b->n_threads, n, predict, b);
    qsort(b->candidate, n, sizeof *b->candidate, by_score);
    spn_parallel_for(b->n_threads, n_finalists, expect, b);
    qsort(b->candidate, n_finalists, sizeof *b->candidate, by_score);
    return SPN_OK;
}
