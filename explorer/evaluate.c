/* evaluate.c -- one design point.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Setting a point copies bytes: the base chip, then whole nodes, devices and DRAMs, then single
 * fields, each prepared and range-checked when the space was loaded. What is left to check is how
 * values go together.
 */
#include "explorer/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "explorer/space_state.h"

struct spn_evaluator {
    const struct spn_space *space;
    struct spn_chip chip;
    int plan;
    struct spn_lab *lab;
    bool simulate;
    struct spn_workspace **work; /* [n_plans], made when first needed */
    struct spn_space_values values;
    bool column_simulated[SPN_SPACE_MAX_COLUMNS];
    struct spn_expr *derived[SPN_SPACE_MAX_COLUMNS], *constraint[SPN_SPACE_MAX_CONSTRAINTS];
};

enum spn_status spn_evaluator_create(struct spn_evaluator **out, const struct spn_space *space,
                                     struct spn_err *err)
{
    struct spn_expr_name names[SPN_SPACE_MAX_NAMES];
    struct spn_evaluator *ev = calloc(1, sizeof *ev);
    if (!ev)
        return spn_err_memory(err, "an evaluator");
    ev->space = space;
    for (int i = 0; i < spn_space_n_columns(space); i++)
        ev->column_simulated[i] = spn_space_column_simulated(space, i);
    ev->work = calloc((size_t)space->n_plans, sizeof *ev->work);
    enum spn_status status = ev->work ? SPN_OK : spn_err_memory(err, "an evaluator");
    for (int i = 0; i < space->n_derived && !status; i++) {
        size_t n = spn_space_names(space, i, &ev->values, names);
        status = spn_expr_create(&ev->derived[i], space->derived_text[i], names, n, err);
    }
    size_t n = spn_space_names(space, space->n_derived, &ev->values, names);
    for (int i = 0; i < space->n_constraints && !status; i++)
        status = spn_expr_create(&ev->constraint[i], space->constraint[i], names, n, err);
    if (status)
        spn_evaluator_destroy(ev);
    else
        *out = ev;
    return status;
}

void spn_evaluator_destroy(struct spn_evaluator *ev)
{
    if (!ev)
        return;
    for (int i = 0; ev->work && i < ev->space->n_plans; i++)
        spn_workspace_destroy(ev->work[i]);
    for (int i = 0; i < SPN_SPACE_MAX_COLUMNS; i++)
        spn_expr_destroy(ev->derived[i]);
    for (int i = 0; i < SPN_SPACE_MAX_CONSTRAINTS; i++)
        spn_expr_destroy(ev->constraint[i]);
    free(ev->work);
    free(ev);
}

void spn_evaluator_use(struct spn_evaluator *ev, struct spn_lab *lab, bool simulate)
{
    ev->lab = lab;
    ev->simulate = simulate;
}

/* ---- inputs ---- */

static void set_inputs(struct spn_evaluator *ev, const int digit[])
{
    const struct spn_space *space = ev->space;
    int chip = space->chip_axis < 0 || digit[space->chip_axis] < 0 ? space->n_chips - 1
                                                                   : digit[space->chip_axis];
    ev->chip = space->chip[chip];
    ev->plan = 0;
    for (int i = 0; i < space->n_pieces; i++) {
        const struct spn_piece *piece = &space->piece[i];
        const struct spn_axis *axis = &space->axis[piece->axis];
        int value = digit[piece->axis];
        if (value >= 0)
            memcpy((char *)&ev->chip + piece->to,
                   axis->bytes + (size_t)value * axis->stride + piece->from, piece->n);
    }
    for (int a = 0; a < space->n_axes; a++) {
        const struct spn_axis *axis = &space->axis[a];
        if (axis->plan_stride)
            ev->plan += axis->plan_stride * (digit[a] < 0 ? axis->n_values : digit[a]);
        ev->values.axis[a] = digit[a] < 0 ? NAN : axis->number[digit[a]];
    }
}

/* Value at quantile u of a distribution about `present`. */
static double scatter(const struct spn_uncertain *input, double present, double u)
{
    double mean = input->absolute ? input->mean : present;
    switch (input->distribution) {
    case SPN_DISTRIBUTION_NORMAL:
        return mean + gsl_cdf_ugaussian_Pinv(u) * input->sd * (input->relative ? fabs(mean) : 1);
    case SPN_DISTRIBUTION_LOGNORMAL:
        return mean * exp(gsl_cdf_ugaussian_Pinv(u) * input->sd);
    default:
        return (input->from + u * (input->to - input->from)) * (input->relative ? present : 1);
    }
}

static enum spn_status set_uncertain(struct spn_evaluator *ev, const double *u, struct spn_err *err)
{
    for (int i = 0; i < ev->space->n_inputs; i++) {
        const struct spn_uncertain *input = &ev->space->input[i];
        char *object = (char *)&ev->chip + input->place.root;
        double present;
        memcpy(&present, object + input->place.ref.offset, sizeof present);
        enum spn_status status =
            spn_field_set_number(&input->place.ref, object, scatter(input, present, u[i]), err);
        if (status)
            return status;
    }
    return SPN_OK;
}

/* ---- results ---- */

static void refuse(struct spn_point *point, enum spn_point_state state, const char *reason)
{
    point->state = state;
    snprintf(point->reason, sizeof point->reason, "%.159s", reason);
}

static void read_results(struct spn_evaluator *ev, const struct spn_result *result)
{
    const struct spn_space *space = ev->space;
    struct spn_column_sums sums;
    if (space->sums)
        spn_column_sum(result, &sums);
    for (int i = 0; i < space->n_used; i++)
        ev->values.column[space->used[i]] =
            spn_column_value(&spn_columns[space->used[i]], result, space->sums ? &sums : NULL);
}

/* Columns, derived results and constraints that need the accuracy, or those that do not. */
static void derive(struct spn_evaluator *ev, bool simulated, struct spn_point *point)
{
    const struct spn_space *space = ev->space;
    int n = space->n_results + space->n_derived;
    for (int i = 0; i < n; i++) {
        int d = i - space->n_results;
        if (ev->column_simulated[i] != simulated)
            continue;
        if (d >= 0)
            ev->values.derived[d] = spn_expr_value(ev->derived[d]);
        point->value[i] = d >= 0 ? ev->values.derived[d] : ev->values.column[space->result[i]];
    }
    for (int i = 0; i < n; i++)
        if (ev->column_simulated[i] == simulated && !isfinite(point->value[i])) {
            refuse(point, SPN_POINT_INFEASIBLE, "not a finite number: ");
            size_t at = strlen(point->reason);
            snprintf(point->reason + at, sizeof point->reason - at, "%s",
                     spn_space_column(space, i));
            return;
        }
    for (int i = 0; i < space->n_constraints; i++)
        if (space->constraint_simulated[i] == simulated &&
            !(spn_expr_value(ev->constraint[i]) != 0)) {
            refuse(point, SPN_POINT_EXCLUDED, "does not hold: ");
            size_t at = strlen(point->reason);
            snprintf(point->reason + at, sizeof point->reason - at, "%.140s", space->constraint[i]);
            return;
        }
}

/* Of a point that is good as far as its cost goes. Scattered devices are no class. */
static enum spn_status add_accuracy(struct spn_evaluator *ev, const int digit[], bool scattered,
                                    struct spn_point *point, struct spn_err *err)
{
    const struct spn_space *space = ev->space;
    int64_t class_number = spn_space_class(space, digit);
    double accuracy = NAN;
    bool known = ev->lab && !scattered && spn_lab_known(ev->lab, class_number, &accuracy);
    if (point->state == SPN_POINT_GOOD && !known && !scattered && ev->lab && ev->simulate) {
        enum spn_status status =
            spn_lab_accuracy(ev->lab, class_number, ev->plan, &ev->chip, &accuracy, err);
        if (status)
            return status;
        known = true;
    }
    for (int i = 0; i < space->n_results + space->n_derived; i++)
        if (ev->column_simulated[i])
            point->value[i] = NAN;
    if (point->state != SPN_POINT_GOOD)
        return SPN_OK;
    if (!known) {
        refuse(point, SPN_POINT_PENDING, SPN_POINT_PENDING_REASON);
        return SPN_OK;
    }
    ev->values.column[spn_column_find("accuracy")] = accuracy;
    derive(ev, true, point);
    return SPN_OK;
}

enum spn_status spn_evaluate_at(struct spn_evaluator *ev, const int digit[SPN_SPACE_MAX_AXES],
                                const double *u, struct spn_point *point, struct spn_err *err)
{
    const struct spn_space *space = ev->space;
    struct spn_err why;
    struct spn_result result;
    set_inputs(ev, digit);
    point->state = SPN_POINT_GOOD;
    point->reason[0] = '\0';
    enum spn_status status = u ? set_uncertain(ev, u, &why) : SPN_OK;
    if (!status)
        status = spn_chip_check(&ev->chip, &why);
    if (!status && !ev->work[ev->plan])
        status = spn_workspace_create(&ev->work[ev->plan], space->plan[ev->plan].plan, &why);
    if (!status) {
        struct spn_estimate_options how = {.scheme = ev->chip.sparsity.scheme,
                                           .training = space->training};
        status = spn_estimate(space->plan[ev->plan].plan, &ev->chip, &how, ev->work[ev->plan],
                              &result, &why);
    }
    if (status == SPN_EINTERNAL)
        return spn_err_set(err, status, "%s, point %lld: %s", space->file, (long long)point->number,
                           why.msg);
    if (status) {
        refuse(point, SPN_POINT_INFEASIBLE, why.msg);
        for (int i = 0; i < space->n_results + space->n_derived; i++)
            point->value[i] = NAN;
        return SPN_OK;
    }
    read_results(ev, &result);
    derive(ev, false, point);
    return space->simulated ? add_accuracy(ev, digit, u && space->n_inputs, point, err) : SPN_OK;
}

enum spn_status spn_evaluate(struct spn_evaluator *ev, int64_t number, struct spn_point *point,
                             struct spn_err *err)
{
    int digit[SPN_SPACE_MAX_AXES];
    if (number < 0 || number >= ev->space->size)
        return spn_err_set(err, SPN_EUSAGE, "%s: point %lld outside [0, %lld]", ev->space->file,
                           (long long)number, (long long)ev->space->size - 1);
    spn_space_digits(ev->space, number, digit);
    point->number = number;
    return spn_evaluate_at(ev, digit, NULL, point, err);
}

const struct spn_chip *spn_evaluator_chip(const struct spn_evaluator *ev)
{
    return &ev->chip;
}

int spn_evaluator_plan(const struct spn_evaluator *ev)
{
    return ev->plan;
}

const struct spn_network *spn_evaluator_network(const struct spn_evaluator *ev)
{
    return ev->space->plan[ev->plan].net;
}
