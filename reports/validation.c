/* validation.c -- the report of reference cases.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows whose reference means the same as our model are summarized together; the others are listed
 * by the difference, each with its size, and count in no mean.
 */
#include "reports/validation.h"

#include <stdio.h>
#include <string.h>

enum { MAX_REASONS = 64 };

static void add_statistics(struct spn_table *t, const struct spn_validation_summary *s)
{
    spn_table_number(t, (double)s->n);
    spn_table_number(t, s->median_ratio);
    spn_table_number(t, s->median_frac);
    spn_table_number(t, s->p95_frac);
    spn_table_number(t, s->mean_frac);
}

static void add_statistic_columns(struct spn_table *t)
{
    spn_table_column(t, "rows");
    spn_table_column_unit(t, "median ours/reference", "");
    spn_table_column_unit(t, "median |error|", "%");
    spn_table_column_unit(t, "95th percentile", "%");
    spn_table_column_unit(t, "mean", "%");
}

/* Silicon rows, or all others. */
static void add_summary(const struct spn_validation *v, bool silicon, struct spn_report *report)
{
    struct spn_validation_summary s;
    struct spn_table *t =
        silicon
            ? spn_report_table(report, "silicon_summary", "Published macros, by quantity", "macro")
            : spn_report_table(report, "summary", "Against other models, where both mean the same",
                               "block");
    add_statistic_columns(t);
    spn_table_column(t, "kind");
    for (size_t i = 0; spn_validation_summarize(v, silicon, i, &s); i++) {
        char name[96];
        if (s.difference || (strcmp(s.suite, "silicon") == 0) != silicon)
            continue;
        snprintf(name, sizeof name, silicon ? "%s%s%s" : "%s: %s%s", silicon ? "" : s.suite,
                 s.group, "");
        if (silicon)
            snprintf(name, sizeof name, "%s, %s", s.group, s.quantity);
        spn_table_row(t, name, "");
        add_statistics(t, &s);
        spn_table_text(t, "%s", spn_validity_names[s.validity]);
    }
}

/* The number of a reason, noted the first time it is met. */
static int reason_number(const char *reasons[], int *n, const char *reason)
{
    for (int i = 0; i < *n; i++)
        if (strcmp(reasons[i], reason) == 0)
            return i + 1;
    if (*n < MAX_REASONS)
        reasons[(*n)++] = reason;
    return *n;
}

static void add_differences(const struct spn_validation *v, struct spn_report *report)
{
    struct spn_validation_summary s;
    const char *reasons[MAX_REASONS];
    int n_reasons = 0;
    struct spn_table *t = spn_report_table(
        report, "differences", "Where reference and model do not mean the same", "quantity");
    add_statistic_columns(t);
    spn_table_column(t, "reason");
    for (size_t i = 0; spn_validation_summarize(v, true, i, &s); i++) {
        char name[128];
        if (!s.difference)
            continue;
        snprintf(name, sizeof name, "%s: %s, %s", s.suite, s.group, s.quantity);
        spn_table_row(t, name, "");
        add_statistics(t, &s);
        spn_table_text(t, "D%d", reason_number(reasons, &n_reasons, s.difference));
    }
    for (int i = 0; i < n_reasons; i++)
        spn_report_note(report, "D%d: %s.", i + 1, reasons[i]);
}

static void add_rows(const struct spn_validation *v, bool silicon, struct spn_report *report)
{
    struct spn_table *t =
        silicon ? spn_report_table(report, "silicon", "Published macros, every number", "macro")
                : spn_report_table(report, "details", "Every number", "case");
    spn_table_column(t, "reference");
    spn_table_column(t, "ours");
    spn_table_column_unit(t, "error", "%");
    spn_table_column(t, "kind");
    for (size_t i = 0; i < v->n_rows; i++) {
        const struct spn_validation_row *r = &v->row[i];
        char name[160];
        if ((strcmp(r->suite, "silicon") == 0) != silicon)
            continue;
        snprintf(name, sizeof name, "%s, %s: %s", r->group, r->name, r->quantity);
        spn_table_row(t, name, r->unit);
        spn_table_number(t, r->reference);
        spn_table_number(t, r->ours);
        spn_table_text(t, "%+.1f %%", 100 * spn_validation_error(r));
        spn_table_text(t, "%s", r->difference ? "other meaning" : spn_validity_names[r->validity]);
    }
}

void spn_validation_report(const struct spn_validation *v, bool details, struct spn_report *report)
{
    snprintf(report->title, sizeof report->title,
             "Reference cases: what others measured or computed, and what the models here say");
    add_summary(v, true, report);
    add_rows(v, true, report);
    for (size_t i = 0; i < v->n_rows; i++)
        if (strcmp(v->row[i].suite, "silicon") != 0) {
            add_summary(v, false, report);
            add_differences(v, report);
            break;
        }
    if (details)
        add_rows(v, false, report);
    spn_report_note(report, "blind: from published inputs alone. fitted: the number chose one of "
                            "at most three named factors of "
                            "its macro. calibrated: tested with factors fitted on other numbers.");
    spn_report_note(report,
                    "Errors are ours/reference - 1; summaries are over their absolute values.");
    if (v->failed)
        report->failed = true;
}

static bool in_block(const struct spn_validation_row *r, const char *quantity, bool blind)
{
    return strcmp(r->suite, "silicon") == 0 && strcmp(r->quantity, quantity) == 0 &&
           (r->validity == SPN_VALIDITY_BLIND) == blind;
}

/* gnuplot numbers blocks by the empty lines between them: an empty block would shift the others. */
static void begin_block(struct spn_text *dat, const char *name)
{
    spn_text_add(dat, "\"%s\"\nnan\tnan\tnone\n", name);
}

void spn_validation_figure(const struct spn_validation *v, struct spn_figure *figure)
{
    static const char *const quantities[] = {"energy per op", "throughput", "area"};
    struct spn_text *dat = &figure->dat;
    figure->name = "validation";
    spn_text_add(dat, "# macros: measured\tours\tcase; other models: case\tours/reference\n");
    for (size_t q = 0; q < sizeof quantities / sizeof *quantities; q++)
        for (int blind = 1; blind >= 0; blind--) {
            begin_block(dat, blind ? "blind" : "fitted or calibrated");
            for (size_t i = 0; i < v->n_rows; i++)
                if (in_block(&v->row[i], quantities[q], blind))
                    spn_text_add(dat, "%.6g\t%.6g\t%s %s\n", v->row[i].reference, v->row[i].ours,
                                 v->row[i].group, v->row[i].name);
            spn_text_add(dat, "\n\n");
        }
    for (const struct spn_validation_suite *suite = spn_validation_suites; suite->name; suite++) {
        size_t n = 0;
        if (strcmp(suite->name, "silicon") == 0)
            continue;
        begin_block(dat, suite->name);
        for (size_t i = 0; i < v->n_rows; i++)
            if (strcmp(v->row[i].suite, suite->name) == 0 && !v->row[i].difference)
                spn_text_add(dat, "%zu\t%.6g\t%s %s\n", n++, spn_validation_error(&v->row[i]) + 1,
                             v->row[i].group, v->row[i].name);
        spn_text_add(dat, "\n\n");
    }
}
