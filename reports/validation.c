/* validation.c -- the report of reference cases.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows whose reference means the same as our model are summarized together; the others are listed
 * by the difference, each with its size, and count in no mean.
 */
#include "reports/validation.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_REASONS = 64 };

/* Why rows differ, numbered in the order in which they are met. */
struct reasons {
    const char *text[MAX_REASONS];
    int n;
};

static bool is_bridge(const char *suite)
{
    return strcmp(suite, SPN_VALIDATION_BRIDGE) == 0;
}

/* Rows that have a table of their own and count in no summary. */
static bool is_aside(const char *suite)
{
    return is_bridge(suite) || strcmp(suite, SPN_VALIDATION_FACTORS) == 0;
}

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
        if (s.difference || is_aside(s.suite) || (strcmp(s.suite, "silicon") == 0) != silicon)
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

/* What calibrated runs multiply, or what volts they take. */
static void add_factors(const struct spn_validation *v, struct spn_report *report)
{
    struct spn_table *t = spn_report_table(report, "factors", "Fitted factors", "macro");
    spn_table_column(t, "value");
    for (size_t i = 0; i < v->n_rows; i++) {
        const struct spn_validation_row *r = &v->row[i];
        char name[160];
        if (strcmp(r->suite, SPN_VALIDATION_FACTORS) != 0)
            continue;
        snprintf(name, sizeof name, "%s, %s", r->group, r->name);
        spn_table_row(t, name, "");
        spn_table_number(t, r->ours);
    }
}

/* The number of a reason, noted the first time it is met. */
static int reason_number(struct reasons *r, const char *reason)
{
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->text[i], reason) == 0)
            return i + 1;
    if (r->n < MAX_REASONS)
        r->text[r->n++] = reason;
    return r->n;
}

static void add_differences(const struct spn_validation *v, struct reasons *reasons,
                            struct spn_report *report)
{
    struct spn_validation_summary s;
    struct spn_table *t = spn_report_table(
        report, "differences", "Where reference and model do not mean the same", "quantity");
    add_statistic_columns(t);
    spn_table_column(t, "reason");
    for (size_t i = 0; spn_validation_summarize(v, true, i, &s); i++) {
        char name[128];
        if (!s.difference || is_aside(s.suite))
            continue;
        snprintf(name, sizeof name, "%s: %s, %s", s.suite, s.group, s.quantity);
        spn_table_row(t, name, "");
        add_statistics(t, &s);
        spn_table_text(t, "D%d", reason_number(reasons, s.difference));
    }
}

/* The step from one row of the bridge to the next. */
static void add_step(struct spn_table *t, const struct spn_validation_row *r, double before,
                     struct reasons *reasons)
{
    char name[192];
    snprintf(name, sizeof name, "%s, %s: %s", r->group, r->quantity, r->name);
    spn_table_row(t, name, r->unit);
    spn_table_number(t, r->ours - before);
    spn_table_number(t, r->ours);
    spn_table_number(t, r->reference);
    spn_table_text(t, "%+.1f %%", 100 * spn_validation_error(r));
    spn_table_text(t, "D%d", reason_number(reasons, r->difference));
}

/* All steps of the first chip, and with details of every chip. */
static void add_bridge(const struct spn_validation *v, bool details, struct reasons *reasons,
                       struct spn_report *report)
{
    const struct spn_validation_row *first = NULL, *last = NULL;
    struct spn_table *t = spn_report_table(
        report, "bridge", "From our chip to the other model's, one difference at a time", "step");
    spn_table_column(t, "change");
    spn_table_column(t, "ours then");
    spn_table_column(t, "reference");
    spn_table_column_unit(t, "error then", "%");
    spn_table_column(t, "reason");
    for (size_t i = 0; i < v->n_rows; i++) {
        const struct spn_validation_row *r = &v->row[i];
        if (!is_bridge(r->suite))
            continue;
        if (!first)
            first = r;
        bool goes_on =
            last && strcmp(last->group, r->group) == 0 && strcmp(last->quantity, r->quantity) == 0;
        if (details || strcmp(r->group, first->group) == 0)
            add_step(t, r, goes_on ? last->ours : 0, reasons);
        last = r;
    }
}

/* What is left of whole chips, one by one. */
static void add_left(const struct spn_validation *v, struct spn_report *report)
{
    struct spn_table *t = spn_report_table(report, "chips_left",
                                           "Whole chips, the listed differences taken out", "chip");
    spn_table_column(t, "reference");
    spn_table_column(t, "ours");
    spn_table_column_unit(t, "error", "%");
    for (size_t i = 0; i < v->n_rows; i++) {
        const struct spn_validation_row *r = &v->row[i];
        char name[160];
        if (strcmp(r->suite, "chips") != 0 || r->difference)
            continue;
        snprintf(name, sizeof name, "%s: %s", r->name, r->quantity);
        spn_table_row(t, name, r->unit);
        spn_table_number(t, r->reference);
        spn_table_number(t, r->ours);
        spn_table_text(t, "%+.1f %%", 100 * spn_validation_error(r));
    }
}

static bool has(const struct spn_validation *v, const char *suite)
{
    for (size_t i = 0; i < v->n_rows; i++)
        if (strcmp(v->row[i].suite, suite) == 0)
            return true;
    return false;
}

static void add_models(const struct spn_validation *v, bool details, struct spn_report *report)
{
    struct reasons reasons = {.n = 0};
    add_summary(v, false, report);
    add_differences(v, &reasons, report);
    if (has(v, SPN_VALIDATION_BRIDGE)) {
        add_bridge(v, details, &reasons, report);
        add_left(v, report);
    }
    for (int i = 0; i < reasons.n; i++)
        spn_report_note(report, "D%d: %s.", i + 1, reasons.text[i]);
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
        if ((strcmp(r->suite, "silicon") == 0) != silicon || is_aside(r->suite))
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
    add_factors(v, report);
    for (size_t i = 0; i < v->n_rows; i++)
        if (strcmp(v->row[i].suite, "silicon") != 0 && !is_aside(v->row[i].suite)) {
            add_models(v, details, report);
            break;
        }
    if (details)
        add_rows(v, false, report);
    spn_report_note(report,
                    "blind: from published inputs alone. informed: likewise, but what the source "
                    "leaves open was chosen after a first comparison (experiments/silicon names "
                    "it). fitted: the number chose one of at most three named factors of its "
                    "macro. calibrated: tested with factors fitted on other numbers. \"time "
                    "given\": the time of a read is published, and throughput tests the counting.");
    spn_report_note(report,
                    "Errors are ours/reference - 1; summaries are over their absolute values.");
    if (v->failed)
        report->failed = true;
}

static bool in_block(const struct spn_validation_row *r, const char *quantity, bool blind)
{
    return strcmp(r->suite, "silicon") == 0 && strcmp(r->quantity, quantity) == 0 &&
           (r->validity < SPN_VALIDITY_FITTED) == blind;
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
            begin_block(dat, blind ? "blind or informed" : "fitted or calibrated");
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
