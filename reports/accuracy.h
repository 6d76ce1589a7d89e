/* accuracy.h -- tables and figures of accuracy: of one chip or many, by class of errors, along an
 * axis.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_ACCURACY_H
#define SPN_REPORTS_ACCURACY_H

#include "reports/plot.h"
#include "reports/report.h"
#include "simulator/chips.h"

/* One setting and what came of it. */
struct spn_accuracy_point {
    char name[64];
    double x; /* on an axis */
    struct spn_chips_result result;
};

/* What all points share. */
struct spn_accuracy_study {
    char name[64];    /* of the axis; of the figure's label */
    bool logarithmic; /* the axis */
    bool text;        /* perplexity is shown, too */
    bool several;     /* chips */
    bool baseline;    /* points[0] is the network in floating point */
    int n_points;
    const struct spn_accuracy_point *point;
};

/* A row per quantity of one result. */
void spn_accuracy_summary(const struct spn_accuracy *one, const struct spn_chips_result *result,
                          bool text, struct spn_table *table);
/* A row per chip, left out of the terminal's text. */
void spn_accuracy_chips(const struct spn_accuracy *chip, int n, uint64_t first_seed, bool text,
                        struct spn_report *report);
/* A row per point. */
void spn_accuracy_table(const struct spn_accuracy_study *study, const char *id, const char *title,
                        struct spn_report *report);

/* "accuracy": a panel per study; "ablation": bars of one. */
void spn_accuracy_figure(const struct spn_accuracy_study *studies, int n,
                         struct spn_figure *figure);
void spn_ablation_figure(const struct spn_accuracy_study *study, struct spn_figure *figure);

#endif
