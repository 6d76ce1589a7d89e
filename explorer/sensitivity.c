/* sensitivity.c -- sensitivity of the designs of a space.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "explorer/sensitivity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"

#define LOW_QUANTILE 0.025
#define MEDIAN 0.5

enum spn_status spn_sensitivity_inputs(const struct spn_space *space, bool axes, bool uncertain,
                                       struct spn_sensitivity_inputs *inputs, struct spn_err *err)
{
    struct spn_sensitivity_inputs found = {0};
    int n = 0;
    for (int a = 0; axes && a < spn_space_n_axes(space); a++)
        n += spn_space_axis_size(space, a) > 1;
    n += uncertain ? spn_space_n_inputs(space) : 0;
    if (n < 1 || n > SPN_SOBOL_MAX_INPUTS)
        return spn_err_set(err, SPN_EUSAGE, "%s: %d inputs vary%s, must be 1 to %d",
                           spn_space_name(space), n, axes ? "" : " (\"uncertain\")",
                           SPN_SOBOL_MAX_INPUTS);
    for (int a = 0; axes && a < spn_space_n_axes(space); a++)
        if (spn_space_axis_size(space, a) > 1)
            found.axis[found.n_axes++] = a;
    found.n = found.n_axes;
    for (int i = 0; uncertain && i < spn_space_n_inputs(space); i++)
        found.uncertain[found.n++] = i;
    *inputs = found;
    return SPN_OK;
}

const char *spn_sensitivity_name(const struct spn_space *space,
                                 const struct spn_sensitivity_inputs *inputs, int i)
{
    return i < inputs->n_axes ? spn_space_axis_name(space, inputs->axis[i])
                              : spn_space_input_name(space, inputs->uncertain[i]);
}

int64_t spn_sensitivity_middle(const struct spn_space *space)
{
    int digit[SPN_SPACE_MAX_AXES] = {0};
    for (int a = 0; a < spn_space_n_axes(space); a++)
        digit[a] = (spn_space_axis_size(space, a) - 1) / 2;
    return spn_space_point(space, digit);
}

/* ---- one at a time ---- */

struct swings {
    const struct spn_space *space;
    struct spn_evaluator *evaluator;
    const struct spn_sensitivity_inputs *inputs;
    const int *results;
    int n_results, base[SPN_SPACE_MAX_AXES];
    double u[SPN_SPACE_MAX_INPUTS];
};

/* An axis that the base leaves out, because its condition does not hold, takes no part. */
static enum spn_status swing_axis(struct swings *s, int input, double *const y[2],
                                  double (*range)[2], struct spn_err *err)
{
    int axis = s->inputs->axis[input], n = spn_space_axis_size(s->space, axis);
    int digit[SPN_SPACE_MAX_AXES];
    memcpy(digit, s->base, sizeof digit);
    for (int value = 0; value < n; value++) {
        struct spn_point point = {.number = 0};
        digit[axis] = s->base[axis] < 0 ? -1 : value;
        point.number = spn_space_point(s->space, digit);
        int canonical[SPN_SPACE_MAX_AXES]; /* axes that this value switches on or off */
        spn_space_digits(s->space, point.number, canonical);
        enum spn_status status = spn_evaluate_at(s->evaluator, canonical, s->u, &point, err);
        if (status)
            return status;
        for (int r = 0; r < s->n_results; r++) {
            double result = point.value[s->results[r]];
            if (value == 0)
                y[0][r] = result;
            if (value == n - 1)
                y[1][r] = result;
            range[r][0] = fmin(range[r][0], result);
            range[r][1] = fmax(range[r][1], result);
        }
    }
    return SPN_OK;
}

static enum spn_status swing_uncertain(struct swings *s, int input, double *const y[2],
                                       double (*range)[2], struct spn_err *err)
{
    static const double end[2] = {LOW_QUANTILE, 1 - LOW_QUANTILE};
    int which = s->inputs->uncertain[input];
    enum spn_status status = SPN_OK;
    for (int k = 0; k < 2 && !status; k++) {
        struct spn_point point = {.number = 0};
        s->u[which] = end[k];
        status = spn_evaluate_at(s->evaluator, s->base, s->u, &point, err);
        for (int r = 0; r < s->n_results && !status; r++) {
            y[k][r] = point.value[s->results[r]];
            range[r][0] = fmin(range[r][0], y[k][r]);
            range[r][1] = fmax(range[r][1], y[k][r]);
        }
    }
    s->u[which] = MEDIAN;
    return status;
}

static void label(const struct swings *s, int input, struct spn_swing *swing)
{
    if (input < s->inputs->n_axes) {
        int axis = s->inputs->axis[input];
        snprintf(swing->first_label, sizeof swing->first_label, "%s",
                 spn_space_axis_label(s->space, axis, 0));
        snprintf(swing->last_label, sizeof swing->last_label, "%s",
                 spn_space_axis_label(s->space, axis, spn_space_axis_size(s->space, axis) - 1));
    } else {
        snprintf(swing->first_label, sizeof swing->first_label, "%g %%", 100 * LOW_QUANTILE);
        snprintf(swing->last_label, sizeof swing->last_label, "%g %%", 100 * (1 - LOW_QUANTILE));
    }
}

static enum spn_status swing_all(struct swings *s, struct spn_swing *swing, struct spn_err *err)
{
    double first[SPN_SPACE_MAX_COLUMNS], last[SPN_SPACE_MAX_COLUMNS],
        range[SPN_SPACE_MAX_COLUMNS][2];
    double *const y[2] = {first, last};
    enum spn_status status = SPN_OK;
    for (int i = 0; i < s->inputs->n && !status; i++) {
        for (int r = 0; r < s->n_results; r++)
            range[r][0] = range[r][1] = NAN; /* fmin and fmax pass over NaN */
        status = i < s->inputs->n_axes ? swing_axis(s, i, y, range, err)
                                       : swing_uncertain(s, i, y, range, err);
        for (int r = 0; r < s->n_results && !status; r++) {
            struct spn_swing *to = &swing[r * s->inputs->n + i];
            *to = (struct spn_swing){
                .first = first[r], .last = last[r], .low = range[r][0], .high = range[r][1]};
            label(s, i, to);
        }
    }
    return status;
}

enum spn_status spn_sensitivity_swings(const struct spn_space *space, int64_t base_point,
                                       const struct spn_sensitivity_inputs *inputs,
                                       const int *results, int n_results, double *base,
                                       struct spn_swing *swing, struct spn_err *err)
{
    struct swings s = {
        .space = space, .inputs = inputs, .results = results, .n_results = n_results};
    struct spn_point point;
    for (int i = 0; i < SPN_SPACE_MAX_INPUTS; i++)
        s.u[i] = MEDIAN;
    enum spn_status status = spn_evaluator_create(&s.evaluator, space, err);
    if (!status)
        status = spn_evaluate(s.evaluator, base_point, &point, err);
    if (!status) {
        spn_space_digits(space, base_point, s.base);
        status = spn_evaluate_at(s.evaluator, s.base, s.u, &point, err);
    }
    if (!status && point.state == SPN_POINT_INFEASIBLE)
        status = spn_err_set(err, SPN_EINFEASIBLE, "%s: base point %lld cannot be built: %.160s",
                             spn_space_name(space), (long long)base_point, point.reason);
    for (int r = 0; r < n_results && !status; r++)
        base[r] = point.value[results[r]];
    if (!status)
        status = swing_all(&s, swing, err);
    spn_evaluator_destroy(s.evaluator);
    return status;
}

/* ---- for sampling ---- */

static enum spn_status eval(void *ctx, int thread, const double *u, double *y, bool *good,
                            struct spn_err *err)
{
    struct spn_sensitivity_model *m = ctx;
    struct spn_point point = {.number = 0};
    int digit[SPN_SPACE_MAX_AXES], canonical[SPN_SPACE_MAX_AXES];
    double quantile[SPN_SPACE_MAX_INPUTS];
    memcpy(digit, m->base, sizeof digit);
    for (int i = 0; i < SPN_SPACE_MAX_INPUTS; i++)
        quantile[i] = MEDIAN;
    for (int i = 0; i < m->inputs.n; i++) {
        if (i < m->inputs.n_axes)
            digit[m->inputs.axis[i]] =
                (int)(u[i] * spn_space_axis_size(m->space, m->inputs.axis[i]));
        else
            quantile[m->inputs.uncertain[i]] = u[i];
    }
    point.number = spn_space_point(m->space, digit);
    spn_space_digits(m->space, point.number, canonical);
    enum spn_status status =
        spn_evaluate_at(m->evaluator[thread], canonical, quantile, &point, err);
    *good = point.state != SPN_POINT_INFEASIBLE;
    for (int r = 0; r < m->model.n_results && !status; r++)
        y[r] = point.value[m->results[r]];
    return status;
}

enum spn_status spn_sensitivity_model_init(struct spn_sensitivity_model *model,
                                           const struct spn_space *space, int64_t base_point,
                                           const struct spn_sensitivity_inputs *inputs,
                                           const int *results, int n_results, int n_threads,
                                           struct spn_err *err)
{
    struct spn_sensitivity_model m = {.model = {inputs->n, n_results, eval, NULL},
                                      .space = space,
                                      .inputs = *inputs,
                                      .results = results,
                                      .n_threads = spn_parallel_threads(n_threads)};
    if (base_point < 0 || base_point >= spn_space_size(space))
        return spn_err_set(err, SPN_EUSAGE, "%s: point %lld outside [0, %lld]",
                           spn_space_name(space), (long long)base_point,
                           (long long)spn_space_size(space) - 1);
    spn_space_digits(space, base_point, m.base);
    m.evaluator = calloc((size_t)m.n_threads, sizeof *m.evaluator);
    enum spn_status status = m.evaluator ? SPN_OK : spn_err_memory(err, "a sensitivity analysis");
    for (int t = 0; t < m.n_threads && !status; t++)
        status = spn_evaluator_create(&m.evaluator[t], space, err);
    if (status) {
        spn_sensitivity_model_clear(&m);
        return status;
    }
    *model = m;
    model->model.ctx = model;
    return SPN_OK;
}

void spn_sensitivity_model_clear(struct spn_sensitivity_model *model)
{
    for (int t = 0; model->evaluator && t < model->n_threads; t++)
        spn_evaluator_destroy(model->evaluator[t]);
    free(model->evaluator);
    model->evaluator = NULL;
}
