/* accuracy.c -- tables and figures of accuracy: of one chip or many, by class of errors, along an
 * axis.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "reports/accuracy.h"

#include <inttypes.h>
#include <stdio.h>

static void put(struct spn_table *table, const char *name, const char *unit, double value)
{
    spn_table_row(table, name, unit);
    spn_table_number(table, value);
}

void spn_accuracy_summary(const struct spn_accuracy *one, const struct spn_chips_result *result,
                          bool text, struct spn_table *table)
{
    const bool several = result->n_chips > 1;
    spn_table_column(table, "value");
    put(table, several ? "top-1 accuracy, mean over chips" : "top-1 accuracy", "%",
        result->mean_frac);
    if (several)
        put(table, "standard deviation over chips", "%", result->sd_frac);
    put(table, several ? "95 % interval of the mean, low" : "95 % interval (Wilson), low", "%",
        result->low_frac);
    put(table, several ? "95 % interval of the mean, high" : "95 % interval (Wilson), high", "%",
        result->high_frac);
    if (several) {
        put(table, "worst chip", "%", result->least_frac);
        put(table, "best chip", "%", result->most_frac);
        put(table, "chips", "count", result->n_chips);
    }
    put(table, text ? "texts" : "images", "count", one->n_images);
    put(table, "mean cross-entropy", "", result->loss);
    if (text) {
        put(table, "perplexity", "", result->perplexity);
        put(table, "tokens predicted", "count", one->n_answers);
    }
}

void spn_accuracy_chips(const struct spn_accuracy *chip, int n, uint64_t first_seed, bool text,
                        struct spn_report *report)
{
    struct spn_table *table = spn_report_table(report, "chips", "Chip by chip", "seed");
    spn_table_column_unit(table, "top-1 accuracy", "%");
    spn_table_column(table, "mean cross-entropy");
    if (text)
        spn_table_column(table, "perplexity");
    table->detail = true;
    for (int k = 0; k < n; k++) {
        char name[32];
        snprintf(name, sizeof name, "%" PRIu64, first_seed + (uint64_t)k);
        spn_table_row(table, name, "");
        spn_table_number(table, chip[k].top1_frac);
        spn_table_number(table, chip[k].loss);
        if (text)
            spn_table_number(table, chip[k].perplexity);
    }
}

void spn_accuracy_table(const struct spn_accuracy_study *study, const char *id, const char *title,
                        struct spn_report *report)
{
    struct spn_table *table = spn_report_table(report, id, title, study->name);
    spn_table_column_unit(table, "top-1 accuracy", "%");
    spn_table_column_unit(table, "95 % low", "%");
    spn_table_column_unit(table, "95 % high", "%");
    if (study->several)
        spn_table_column_unit(table, "sd over chips", "%");
    spn_table_column(table, "mean cross-entropy");
    if (study->text)
        spn_table_column(table, "perplexity");
    for (int i = 0; i < study->n_points; i++) {
        const struct spn_chips_result *r = &study->point[i].result;
        spn_table_row(table, study->point[i].name, "");
        spn_table_number(table, r->mean_frac);
        spn_table_number(table, r->low_frac);
        spn_table_number(table, r->high_frac);
        if (study->several)
            spn_table_number(table, r->sd_frac);
        spn_table_number(table, r->loss);
        if (study->text)
            spn_table_number(table, r->perplexity);
    }
}

static void add_point(struct spn_text *dat, const struct spn_accuracy_point *p)
{
    spn_text_add(dat, "%s\t%.9g\t%.9g\t%.9g\t%.9g\n", p->name, p->x, 100 * p->result.mean_frac,
                 100 * p->result.low_frac, 100 * p->result.high_frac);
}

void spn_accuracy_figure(const struct spn_accuracy_study *studies, int n, struct spn_figure *figure)
{
    struct spn_text *dat = &figure->dat;
    figure->name = "accuracy";
    spn_text_add(dat,
                 "# number of panels; then for each its axis, whether it is logarithmic, the "
                 "accuracy in floating point (or -1);\n# then its points: name, x, accuracy, "
                 "95 %% interval (%%)\n%d\n",
                 n);
    for (int k = 0; k < n; k++) {
        const struct spn_accuracy_study *s = &studies[k];
        const int first = s->baseline ? 1 : 0;
        spn_text_add(dat, "\n\n%s\t%d\t%.9g\n", s->name, s->logarithmic,
                     s->baseline ? 100 * s->point[0].result.mean_frac : -1);
        spn_text_add(dat, "\n\n");
        for (int i = first; i < s->n_points; i++)
            add_point(dat, &s->point[i]);
    }
}

void spn_ablation_figure(const struct spn_accuracy_study *study, struct spn_figure *figure)
{
    figure->name = "ablation";
    spn_text_add(&figure->dat, "# errors, place, accuracy, 95 %% interval (%%)\n");
    for (int i = 0; i < study->n_points; i++) {
        struct spn_accuracy_point p = study->point[i];
        p.x = i;
        add_point(&figure->dat, &p);
    }
}
