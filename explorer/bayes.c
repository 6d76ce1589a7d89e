/* bayes.c -- Bayesian optimisation: expected hypervolume improvement under Gaussian processes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Expensive objectives get a Gaussian process each, of the digits of the axes that they depend on;
 * cheap ones are computed. The next design is the candidate with the largest expected gain in
 * hypervolume, by samples of the processes, times its probability to be good [M:X10].
 */
#include "explorer/optimize.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_qrng.h>

#include "base/parallel.h"
#include "explorer/bayes_state.h"
#include "explorer/sweep.h"

enum { MAX_TRIES = 100, STREAM = 0xba7e };
#define FRONT_SHARE 0.5 /* of the candidates: neighbours of the front */

/* ---- inputs ---- */

static void encode(const struct spn_bayes *b, const int digit[], double *x)
{
    for (int i = 0; i < b->n_inputs; i++) {
        int a = b->input[i], n = spn_space_axis_size(b->space, a);
        if (!spn_space_axis_numeric(b->space, a))
            x[i] = digit[a]; /* an axis that takes no part is a value of its own */
        else
            x[i] = digit[a] < 0 || n < 2 ? 0.5 : (double)digit[a] / (n - 1);
    }
}

static enum spn_status choose_inputs(struct spn_bayes *b, struct spn_err *err)
{
    bool discrete[SPN_GP_MAX_INPUTS];
    b->n_axes = spn_space_n_axes(b->space);
    for (int a = 0; a < b->n_axes; a++) {
        if (spn_space_axis_size(b->space, a) < 2 ||
            (b->priced && !spn_space_axis_matters(b->space, a)))
            continue;
        discrete[b->n_inputs] = !spn_space_axis_numeric(b->space, a);
        b->input[b->n_inputs++] = a;
    }
    if (!b->n_inputs) { /* nothing varies: any axis will do */
        discrete[0] = true;
        b->n_inputs = b->n_axes > 0;
    }
    enum spn_status status = SPN_OK;
    for (int k = 0; k < b->n_objectives && !status; k++)
        if (b->modelled[k])
            status = spn_gp_create(&b->gp[k], b->n_inputs, discrete, err);
    return status ? status : spn_gp_create(&b->goodness, b->n_inputs, discrete, err);
}

/* ---- evaluation ---- */

static enum spn_status add_point(struct spn_bayes *b, const struct spn_point *point,
                                 struct spn_err *err)
{
    if (point->state != SPN_POINT_GOOD)
        return SPN_OK;
    struct spn_front_item item = spn_sweep_item(b->space, point);
    return spn_front_add(b->front, &item, NULL, err);
}

static enum spn_status try(struct spn_bayes *b, int64_t number, struct spn_err *err)
{
    struct spn_point point;
    struct spn_trial *trial = &b->trial[b->n_trials];
    int digit[SPN_SPACE_MAX_AXES];
    bool added;
    spn_space_digits(b->space, number, digit);
    encode(b, digit, trial->x);
    enum spn_status status = spn_evaluate(b->evaluator, number, &point, err);
    if (status)
        return status;
    struct spn_front_item item = spn_sweep_item(b->space, &point);
    trial->good = point.state == SPN_POINT_GOOD;
    memcpy(trial->value, item.value, sizeof trial->value);
    b->n_trials++;
    b->n_good += trial->good;
    b->counts.n_evaluated++;
    b->counts.n_good += trial->good;
    status = add_point(b, &point, err);
    if (!status)
        status = spn_number_set_add(&b->seen, number, &added, err);
    if (!status && b->priced)
        status = spn_number_set_add(&b->tried, spn_space_class(b->space, digit), &added, err);
    if (!status && b->options->done)
        status = b->options->done(b->options->ctx, &point, err);
    return status;
}

/* May a trial of this design tell something? Not if it was tried or is a candidate already; nor, if
 * costs are cheap, if they rule it out or if its class was tried: then it goes to the front for
 * nothing. */
static enum spn_status look(struct spn_bayes *b, int64_t number, bool *worth,
                            struct spn_point *point, struct spn_err *err)
{
    int digit[SPN_SPACE_MAX_AXES];
    bool added;
    *worth = false;
    if (spn_number_set_has(&b->seen, number))
        return SPN_OK;
    enum spn_status status = spn_number_set_add(&b->pool, number, worth, err);
    if (status || !*worth || !b->priced)
        return status;
    spn_space_digits(b->space, number, digit);
    status = spn_evaluate(b->pricer, number, point, err);
    if (status || (point->state == SPN_POINT_PENDING &&
                   !spn_number_set_has(&b->tried, spn_space_class(b->space, digit))))
        return status;
    *worth = false;
    if (point->state == SPN_POINT_PENDING)
        status = spn_evaluate(b->evaluator, number, point, err);
    if (!status)
        status = add_point(b, point, err);
    if (!status && point->state == SPN_POINT_GOOD && b->options->done)
        status = b->options->done(b->options->ctx, point, err);
    return status ? status : spn_number_set_add(&b->seen, number, &added, err);
}

/* Random designs, one from each of n layers of every axis (a Latin hypercube). */
static enum spn_status start_out(struct spn_bayes *b, int n, struct spn_err *err)
{
    int(*layer)[SPN_SPACE_MAX_AXES] = calloc((size_t)n, sizeof *layer);
    enum spn_status status = layer ? SPN_OK : spn_err_memory(err, "a search");
    for (int a = 0; a < b->n_axes && !status; a++)
        for (int i = 0; i < n; i++) { /* shuffled as it is filled */
            int j = (int)spn_rng_below(&b->rng, (uint32_t)i + 1);
            layer[i][a] = layer[j][a];
            layer[j][a] = i;
        }
    for (int i = 0; i < n && !status && b->n_trials < b->options->n_evaluations; i++) {
        int digit[SPN_SPACE_MAX_AXES];
        struct spn_point point;
        bool worth = false;
        int64_t number = 0;
        for (int t = 0; t < MAX_TRIES && !worth && !status; t++) {
            for (int a = 0; a < b->n_axes; a++) {
                int size = spn_space_axis_size(b->space, a);
                double u = (layer[i][a] + spn_rng_uniform(&b->rng)) / n;
                digit[a] = t < MAX_TRIES / 2 ? (int)(u * size)
                                             : (int)spn_rng_below(&b->rng, (uint32_t)size);
            }
            number = spn_space_point(b->space, digit);
            status = look(b, number, &worth, &point, err);
        }
        if (!status && worth)
            status = try(b, number, err);
    }
    free(layer);
    return status;
}

/* ---- candidates ---- */

static enum spn_status add_candidate(struct spn_bayes *b, const int digit[], struct spn_err *err)
{
    struct spn_candidate *c = &b->candidate[b->n_candidates];
    struct spn_point point;
    bool worth = false;
    memset(c, 0, sizeof *c);
    c->number = spn_space_point(b->space, digit);
    enum spn_status status = look(b, c->number, &worth, &point, err);
    if (status || !worth)
        return status;
    int own[SPN_SPACE_MAX_AXES];
    spn_space_digits(b->space, c->number, own);
    encode(b, own, c->x);
    if (b->priced) {
        struct spn_front_item item = spn_sweep_item(b->space, &point);
        for (int k = 0; k < b->n_objectives; k++)
            if (!b->modelled[k])
                c->mean[k] = spn_bayes_transform(b, k, item.value[k]);
    }
    b->n_candidates++;
    return SPN_OK;
}

/* All designs of a small space; else neighbours of the front and random ones. */
static enum spn_status gather(struct spn_bayes *b, struct spn_err *err)
{
    int64_t size = spn_space_size(b->space);
    int want = b->options->n_candidates, digit[SPN_SPACE_MAX_AXES];
    size_t n_front = spn_front_size(b->front);
    enum spn_status status = SPN_OK;
    b->n_candidates = 0;
    spn_number_set_clear(&b->pool);
    struct spn_front_item *front = calloc(n_front + 1, sizeof *front);
    if (!front)
        return spn_err_memory(err, "a search");
    spn_front_items(b->front, front);
    for (int64_t i = 0; size <= want && i < size && !status; i++) {
        spn_space_digits(b->space, i, digit);
        status = add_candidate(b, digit, err);
    }
    for (int i = 0; size > want && i < want && !status; i++) {
        bool near = n_front && spn_rng_uniform(&b->rng) < FRONT_SHARE;
        if (near)
            spn_space_digits(b->space, front[spn_rng_below(&b->rng, (uint32_t)n_front)].number,
                             digit);
        int n_changes = 1 + (int)spn_rng_below(&b->rng, 2);
        for (int a = 0; a < b->n_axes && !near; a++)
            digit[a] = (int)spn_rng_below(&b->rng, (uint32_t)spn_space_axis_size(b->space, a));
        for (int m = 0; near && m < n_changes; m++) {
            int a = (int)spn_rng_below(&b->rng, (uint32_t)b->n_axes);
            digit[a] = (int)spn_rng_below(&b->rng, (uint32_t)spn_space_axis_size(b->space, a));
        }
        status = add_candidate(b, digit, err);
    }
    free(front);
    return status;
}

/* One design more; *more is false when none is left. */
static enum spn_status step(struct spn_bayes *b, bool *more, struct spn_err *err)
{
    enum spn_status status = spn_bayes_fit(b, err);
    if (!status)
        status = gather(b, err);
    if (!status && b->n_candidates && b->n_good) /* without a good one: any */
        status = spn_bayes_rank(b, err);
    *more = !status && b->n_candidates > 0;
    if (!*more)
        return status;
    b->counts.n_rounds++;
    return try(b, b->candidate[0].number, err);
}

/* ---- the search ---- */

static enum spn_status draw_nodes(struct spn_bayes *b, struct spn_err *err)
{
    unsigned n = (unsigned)b->n_objectives;
    gsl_qrng *sequence = gsl_qrng_alloc(gsl_qrng_sobol, n);
    b->node = calloc((size_t)SPN_BAYES_NODES * n, sizeof *b->node);
    if (sequence && b->node)
        for (int j = 0; j < SPN_BAYES_NODES; j++) {
            gsl_qrng_get(sequence, b->node + (size_t)j * n);
            for (unsigned k = 0; k < n; k++)
                b->node[(unsigned)j * n + k] = gsl_cdf_ugaussian_Pinv(b->node[(unsigned)j * n + k]);
        }
    enum spn_status status = sequence && b->node ? SPN_OK : spn_err_memory(err, "a search");
    if (sequence)
        gsl_qrng_free(sequence);
    return status;
}

static enum spn_status start(struct spn_bayes *b, struct spn_err *err)
{
    size_t n = (size_t)b->options->n_evaluations, n_c = (size_t)b->options->n_candidates;
    for (int k = 0; k < b->n_objectives; k++) {
        b->modelled[k] =
            spn_space_column_simulated(b->space, spn_space_objective(b->space, k)->column);
        b->priced = b->priced || b->modelled[k];
    }
    for (int k = 0; k < b->n_objectives; k++)
        b->modelled[k] = b->modelled[k] || !b->priced;
    enum spn_status status = choose_inputs(b, err);
    if (status)
        return status;
    b->trial = calloc(n, sizeof *b->trial);
    b->x = calloc(n * SPN_GP_MAX_INPUTS, sizeof *b->x);
    b->y = calloc(n, sizeof *b->y);
    b->candidate = calloc(n_c, sizeof *b->candidate);
    b->scratch = calloc((size_t)b->n_threads, sizeof *b->scratch);
    if (!b->trial || !b->x || !b->y || !b->candidate || !b->scratch)
        return spn_err_memory(err, "a search");
    for (int t = 0; t < b->n_threads; t++) {
        b->scratch[t].row = calloc(n, sizeof *b->scratch[t].row);
        if (!b->scratch[t].row)
            return spn_err_memory(err, "a search");
    }
    status = draw_nodes(b, err);
    if (!status)
        status = spn_evaluator_create(&b->pricer, b->space, err);
    if (!status)
        status = spn_evaluator_create(&b->evaluator, b->space, err);
    if (!status)
        spn_evaluator_use(b->evaluator, b->options->lab, true);
    return status;
}

static void finish(struct spn_bayes *b)
{
    for (int t = 0; b->scratch && t < b->n_threads; t++) {
        free(b->scratch[t].row);
        spn_gain_destroy(b->scratch[t].gain);
    }
    for (int k = 0; k < b->n_objectives; k++)
        spn_gp_destroy(b->gp[k]);
    spn_gp_destroy(b->goodness);
    spn_evaluator_destroy(b->pricer);
    spn_evaluator_destroy(b->evaluator);
    spn_number_set_clear(&b->seen);
    spn_number_set_clear(&b->tried);
    spn_number_set_clear(&b->pool);
    free(b->scratch);
    free(b->candidate);
    free(b->trial);
    free(b->node);
    free(b->item);
    free(b->x);
    free(b->y);
}

static enum spn_status search(struct spn_bayes *b, struct spn_err *err)
{
    int64_t n = b->options->n_evaluations;
    int n_initial = b->options->n_initial > 0 ? b->options->n_initial : 2 * b->n_inputs + 2;
    bool more = true;
    enum spn_status status = start_out(b, n_initial, err);
    while (!status && more && b->n_trials < n && !b->counts.stopped) {
        status = step(b, &more, err);
        b->counts.stopped =
            !spn_progress_step(b->options->progress, b->priced ? "simulations" : "evaluations",
                               (size_t)b->n_trials, (size_t)n);
    }
    return status;
}

enum spn_status spn_optimize_bayes(const struct spn_space *space,
                                   const struct spn_optimize_options *options,
                                   struct spn_front *front, struct spn_optimize_counts *counts,
                                   struct spn_err *err)
{
    enum spn_status status = spn_optimize_check(space, options, err);
    if (!status && options->n_evaluations > SPN_GP_MAX_POINTS)
        status =
            spn_err_set(err, SPN_EUSAGE, "%lld evaluations, Bayesian optimisation takes 1 to %d",
                        (long long)options->n_evaluations, SPN_GP_MAX_POINTS);
    if (!status && (options->n_candidates < 1 || options->n_initial < 0))
        status = spn_err_set(err, SPN_EUSAGE,
                             "%d candidates, must be at least 1; %d initial designs, at least 0",
                             options->n_candidates, options->n_initial);
    struct spn_bayes *b = status ? NULL : calloc(1, sizeof *b);
    if (!b)
        return status ? status : spn_err_memory(err, "a search");
    openblas_set_num_threads(1); /* the same bytes on any machine */
    b->space = space;
    b->options = options;
    b->front = front;
    b->n_threads = spn_parallel_threads(options->n_threads);
    b->n_objectives = spn_space_n_objectives(space);
    b->rng = spn_rng_init(options->seed, STREAM, 0);
    int64_t before = options->lab ? spn_lab_n_simulated(options->lab) : 0;
    status = start(b, err);
    if (!status)
        status = search(b, err);
    b->counts.n_simulated = options->lab ? spn_lab_n_simulated(options->lab) - before : 0;
    if (!status)
        *counts = b->counts;
    finish(b);
    free(b);
    return status;
}
