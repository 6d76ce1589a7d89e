/* validate_silicon.c -- published macros: first blind, then with at most three factors fitted on
 * part of the data.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "explorer/validate_macro.h"
#include "explorer/validate_suites.h"
#include "tech/data.h"

static const char timed[] = "throughput, time given";

struct walk {
    struct spn_validation *v;
    struct spn_err *err;
    enum spn_status status;
};

static enum spn_status put_points(struct walk *w, const struct spn_macro *macro,
                                  const double factor[], bool calibrated)
{
    struct spn_validate_to to = {.v = w->v, .suite = "silicon"};
    snprintf(to.group, sizeof to.group, "%.31s", macro->name);
    for (int i = 0; i < macro->n_points; i++) {
        const struct spn_macro_point *point = &macro->point[i];
        double ours[SPN_MACRO_N_QUANTITIES];
        if (calibrated && point->blind)
            continue;
        enum spn_status status = spn_macro_estimate(macro, point, factor, ours, w->err);
        if (status)
            return status;
        snprintf(to.name, sizeof to.name, "%s", point->name);
        to.validity = !calibrated  ? (macro->chosen[0] ? SPN_VALIDITY_INFORMED : SPN_VALIDITY_BLIND)
                      : point->fit ? SPN_VALIDITY_FITTED
                                   : SPN_VALIDITY_CALIBRATED;
        for (int q = 0; q < SPN_MACRO_N_QUANTITIES; q++)
            spn_validate_put(
                &to, q == SPN_MACRO_RATE && point->timed ? timed : spn_macro_quantity_names[q],
                spn_macro_quantity_units[q], spn_macro_measured(point, (enum spn_macro_quantity)q),
                ours[q]);
    }
    return SPN_OK;
}

/* Values of the factors, as rows of a suite of their own. */
static void put_factors(struct walk *w, const struct spn_macro *macro, const double factor[])
{
    struct spn_validate_to to = {
        .v = w->v, .suite = SPN_VALIDATION_FACTORS, .validity = SPN_VALIDITY_FITTED};
    snprintf(to.group, sizeof to.group, "%.31s", macro->name);
    for (int k = 0; k < macro->n_factors; k++) {
        snprintf(to.name, sizeof to.name, "%s", macro->factor[k]);
        spn_validate_put(&to, "factor", "", 1, factor[k]);
    }
}

static void one(void *ctx, const char *name, const char *path)
{
    struct walk *w = ctx;
    struct spn_macro macro;
    double factor[SPN_MACRO_MAX_FACTORS];
    (void)name;
    if (w->status)
        return;
    w->status = spn_macro_load(&macro, path, w->err);
    if (!w->status) {
        spn_macro_no_factors(&macro, factor);
        w->status = put_points(w, &macro, factor, false);
    }
    if (w->status || macro.n_factors == 0)
        return;
    w->status = spn_macro_fit(&macro, factor, w->err);
    if (w->status)
        return;
    put_factors(w, &macro, factor);
    w->status = put_points(w, &macro, factor, true);
}

enum spn_status spn_validate_silicon(struct spn_validation *v, const char *data,
                                     struct spn_err *err)
{
    struct walk walk = {v, err, SPN_OK};
    (void)data;
    enum spn_status status = spn_data_list("experiments/silicon", one, &walk, err);
    if (!status)
        status = walk.status;
    return status ? status : spn_validate_parts(v, err);
}
