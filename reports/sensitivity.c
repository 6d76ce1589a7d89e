/* sensitivity.c -- tables and the figure of what matters in a design.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "reports/sensitivity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

struct ranked {
    double size;
    int input;
};

static int by_size(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->input - y->input;
}

static void rank_swings(const struct spn_sensitivity_inputs *inputs, const struct spn_swing *swing,
                        struct ranked *out)
{
    for (int i = 0; i < inputs->n; i++) {
        double size = swing[i].high - swing[i].low;
        out[i] = (struct ranked){isfinite(size) ? size : -1, i};
    }
    qsort(out, (size_t)inputs->n, sizeof *out, by_size);
}

static void number_or_none(struct spn_table *table, double value)
{
    if (isfinite(value))
        spn_table_number(table, value);
    else
        spn_table_text(table, "none");
}

static struct spn_table *start(const struct spn_space *space, int result, const char *id,
                               const char *what, struct spn_report *report)
{
    char name[32], title[160];
    snprintf(name, sizeof name, "%s.%.20s", id, spn_space_column(space, result));
    snprintf(title, sizeof title, "%s: %.90s", what, spn_space_column(space, result));
    return spn_report_table(report, name, title, "input");
}

void spn_swing_table(const struct spn_space *space, const struct spn_sensitivity_inputs *inputs,
                     int result, double base, const struct spn_swing *swing,
                     struct spn_report *report)
{
    struct ranked order[SPN_SOBOL_MAX_INPUTS];
    char base_text[48];
    const char *unit = spn_space_column_unit(space, result);
    struct spn_table *table = start(space, result, "tornado", "One input at a time", report);
    for (const char *const *c = (const char *const[]){"first value", "last value", "at first",
                                                      "at last", "lowest", "highest", NULL};
         *c; c++)
        spn_table_column(table, *c);
    rank_swings(inputs, swing, order);
    for (int k = 0; k < inputs->n; k++) {
        const struct spn_swing *s = &swing[order[k].input];
        spn_table_row(table, spn_sensitivity_name(space, inputs, order[k].input), unit);
        spn_table_text(table, "%s", s->first_label);
        spn_table_text(table, "%s", s->last_label);
        number_or_none(table, s->first);
        number_or_none(table, s->last);
        number_or_none(table, s->low);
        number_or_none(table, s->high);
    }
    spn_units_format(base_text, sizeof base_text, base, unit, 3);
    spn_report_note(report, "%s is %s in the base design.", spn_space_column(space, result),
                    base_text);
}

void spn_swing_figure(const struct spn_space *space, const struct spn_sensitivity_inputs *inputs,
                      int result, double base, const struct spn_swing *swing,
                      struct spn_figure *figure)
{
    struct ranked order[SPN_SOBOL_MAX_INPUTS];
    char base_text[48];
    spn_units_format(base_text, sizeof base_text, base, spn_space_column_unit(space, result), 3);
    rank_swings(inputs, swing, order);
    figure->name = "tornado";
    spn_text_add(&figure->dat,
                 "# labels: x, title, number of inputs; then input, change at first value, at last "
                 "value, their labels\n"
                 "change of %s (%%)\t%s: %s of the base design is %s\t%d\n\n\n",
                 spn_space_column(space, result), spn_space_name(space),
                 spn_space_column(space, result), base_text, inputs->n);
    for (int k = 0; k < inputs->n; k++) {
        const struct spn_swing *s = &swing[order[k].input];
        double first = 100 * (s->first - base) / fabs(base),
               last = 100 * (s->last - base) / fabs(base);
        spn_text_add(&figure->dat, "%s\t%.6g\t%.6g\t%s\t%s\n",
                     spn_sensitivity_name(space, inputs, order[k].input),
                     isfinite(first) ? first : 0, isfinite(last) ? last : 0,
                     isfinite(first) ? s->first_label : "none",
                     isfinite(last) ? s->last_label : "none");
    }
}

static void put_share(struct spn_table *table, const struct spn_share *share)
{
    spn_table_number(table, share->value);
    spn_table_number(table, share->low);
    spn_table_number(table, share->high);
}

void spn_sobol_table(const struct spn_space *space, const struct spn_sensitivity_inputs *inputs,
                     int result, const struct spn_sobol_index *index, struct spn_report *report)
{
    struct ranked order[SPN_SOBOL_MAX_INPUTS];
    struct spn_table *table =
        start(space, result, "sobol", "Share of the variance that each input explains", report);
    for (const char *const *c =
             (const char *const[]){"alone", "alone, low", "alone, high", "in total", "total, low",
                                   "total, high", NULL};
         *c; c++)
        spn_table_column(table, *c);
    for (int i = 0; i < inputs->n; i++)
        order[i] = (struct ranked){index[i].total.value, i};
    qsort(order, (size_t)inputs->n, sizeof *order, by_size);
    for (int k = 0; k < inputs->n; k++) {
        spn_table_row(table, spn_sensitivity_name(space, inputs, order[k].input), "%");
        put_share(table, &index[order[k].input].first);
        put_share(table, &index[order[k].input].total);
    }
}

void spn_spread_table(const struct spn_space *space, const int *results, int n_results,
                      const struct spn_spread *spread, struct spn_table *table)
{
    for (const char *const *c =
             (const char *const[]){"mean", "standard deviation", "median", "2.5 %", "97.5 %", NULL};
         *c; c++)
        spn_table_column(table, *c);
    for (int r = 0; r < n_results; r++) {
        const struct spn_spread *s = &spread[r];
        spn_table_row(table, spn_space_column(space, results[r]),
                      spn_space_column_unit(space, results[r]));
        spn_table_number(table, s->mean);
        spn_table_number(table, s->sd);
        spn_table_number(table, s->median);
        spn_table_number(table, s->low);
        spn_table_number(table, s->high);
    }
}
