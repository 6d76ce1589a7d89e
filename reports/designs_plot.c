/* designs_plot.c -- figures of the design points in a store.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each data file begins with a block of labels that the script reads, so that one script serves all
 * quantities.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "reports/designs.h"

#define LOG_FROM 8.0     /* largest over smallest from which an axis is logarithmic */
#define BRIGHT_FROM 0.55 /* share of the colour scale from which text is black */
enum { MAX_DOTS = 6000, MAX_CELLS = 4096, MAX_LINES = 400, MAX_SHOWN = 150 };

struct range {
    double low, high;
};

static void grow(struct range *range, double value)
{
    range->low = fmin(range->low, value);
    range->high = fmax(range->high, value);
}

static int is_log(const struct range *range)
{
    return range->low > 0 && range->high / range->low >= LOG_FROM;
}

static double normalised(double value, const struct range *range)
{
    if (!(range->high > range->low))
        return 0.5;
    return is_log(range) ? log(value / range->low) / log(range->high / range->low)
                         : (value - range->low) / (range->high - range->low);
}

/* Areas are drawn in mm2: "10 u" of m2 would read as square micrometres. */
static double axis_scale(const struct spn_store *store, int column)
{
    return strcmp(spn_store_column(store, column)->unit, "m2") == 0 ? 1 / SPN_M2_PER_MM2 : 1;
}

/* "energy_J" reads "energy (J)". */
static void axis_title(const struct spn_store *store, int column, char *out, size_t size)
{
    const struct spn_store_column *c = spn_store_column(store, column);
    size_t name = strlen(c->name), unit = strlen(c->unit);
    if (unit && name > unit + 1 && c->name[name - unit - 1] == '_' &&
        strcmp(c->name + name - unit, c->unit) == 0)
        name -= unit + 1;
    const char *shown = axis_scale(store, column) != 1 ? "mm2" : c->unit;
    snprintf(out, size, "%.*s%s%s%s", (int)name, c->name, unit ? " (" : "", shown, unit ? ")" : "");
    for (char *at = out; *at && c->kind == SPN_STORE_RESULT; at++)
        *at = *at == '_' ? ' ' : *at;
}

/* ---- Pareto ---- */

struct dots {
    struct spn_text *out;
    int64_t step, i;
    double scale[2];
    struct range x, y;
};

static void add_dot(struct dots *dots, double x, double y)
{
    x *= dots->scale[0];
    y *= dots->scale[1];
    spn_text_add(dots->out, "%.9g\t%.9g", x, y);
    grow(&dots->x, x);
    grow(&dots->y, y);
}

static bool visit_dot(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    struct dots *dots = ctx;
    (void)number;
    if (dots->i++ % dots->step || !isfinite(cells[0].number) || !isfinite(cells[1].number))
        return true;
    add_dot(dots, cells[0].number, cells[1].number);
    spn_text_add(dots->out, "\n");
    return true;
}

enum spn_status spn_designs_plot_pareto(struct spn_store *store, const struct spn_goals *goals,
                                        const struct spn_front_item *items, size_t n,
                                        struct spn_figure *figure, struct spn_err *err)
{
    char x[128], y[128], z[128] = "-";
    struct spn_store_counts counts;
    struct spn_text body = {0};
    struct spn_store_query query = {
        .where = goals->where, .order = -1, .columns = goals->column, .n_columns = 2};
    if (goals->n < 2)
        return spn_err_set(err, SPN_EUSAGE, "a Pareto figure needs two objectives");
    enum spn_status status = spn_store_counts(store, &counts, err);
    struct dots dots = {&body,
                        status ? 1 : counts.n_good / MAX_DOTS + 1,
                        0,
                        {axis_scale(store, goals->column[0]), axis_scale(store, goals->column[1])},
                        {INFINITY, -INFINITY},
                        {INFINITY, -INFINITY}};
    if (!status)
        status = spn_store_select(store, &query, visit_dot, &dots, err);
    spn_text_add(&body, "\n\n");
    struct range colour = {INFINITY, -INFINITY};
    for (size_t i = 0; i < n; i++) {
        double v[3] = {0};
        for (int k = 0; k < 3 && k < goals->n; k++)
            v[k] = goals->maximize[k] ? -items[i].value[k] : items[i].value[k];
        if (goals->n > 2)
            v[2] *= axis_scale(store, goals->column[2]);
        add_dot(&dots, v[0], v[1]);
        spn_text_add(&body, "\t%.9g\n", v[2]);
        grow(&colour, v[2]);
    }
    axis_title(store, goals->column[0], x, sizeof x);
    axis_title(store, goals->column[1], y, sizeof y);
    if (goals->n > 2)
        axis_title(store, goals->column[2], z, sizeof z);
    figure->name = "pareto";
    spn_text_add(&figure->dat, "# labels: x, y, title, log x, log y, objectives, colour, log "
                               "colour; then all designs; then the front with its colour\n");
    spn_text_add(&figure->dat,
                 "%s\t%s\t%s: %zu of %lld designs are on the front of %d "
                 "objectives\t%d\t%d\t%d\t%s\t%d\n\n\n",
                 x, y, spn_store_space_name(store), n, (long long)counts.n_good, goals->n,
                 is_log(&dots.x), is_log(&dots.y), goals->n, z, is_log(&colour));
    if (body.data)
        spn_text_add_n(&figure->dat, body.data, body.length);
    if (!status && (body.failed || figure->dat.failed))
        status = spn_err_memory(err, "a figure");
    if (!status && n == 0)
        status = spn_err_set(err, SPN_EUSAGE, "no design is good: nothing to draw");
    spn_text_clear(&body);
    return status;
}

/* ---- heat map ---- */

struct cell {
    char x[64], y[64];
    double x_number, y_number, value;
};

struct cells {
    struct cell *cell;
    int n;
    bool maximize, full;
};

static bool visit_cell(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    struct cells *all = ctx;
    (void)number;
    if (cells[0].null || cells[1].null || !isfinite(cells[2].number))
        return true;
    double value = cells[2].number;
    for (int i = all->n - 1; i >= 0; i--) {
        struct cell *cell = &all->cell[i];
        if (strcmp(cell->x, cells[0].text) != 0 || strcmp(cell->y, cells[1].text) != 0)
            continue;
        if (all->maximize ? value > cell->value : value < cell->value)
            cell->value = value;
        return true;
    }
    if (all->n == MAX_CELLS) {
        all->full = true;
        return false;
    }
    struct cell *cell = &all->cell[all->n++];
    snprintf(cell->x, sizeof cell->x, "%s", cells[0].text);
    snprintf(cell->y, sizeof cell->y, "%s", cells[1].text);
    cell->x_number = cells[0].number;
    cell->y_number = cells[1].number;
    cell->value = value;
    return true;
}

/* Position of each cell's label among the distinct ones: by number, or by first appearance. */
static int place(const struct cells *all, int i, bool y)
{
    int before = 0;
    const struct cell *me = &all->cell[i];
    for (int j = 0; j < all->n; j++) {
        const struct cell *other = &all->cell[j];
        const char *label = y ? other->y : other->x;
        double mine = y ? me->y_number : me->x_number, its = y ? other->y_number : other->x_number;
        bool first = true, earlier = false;
        for (int k = 0; k < j && first; k++)
            first = strcmp(y ? all->cell[k].y : all->cell[k].x, label) != 0;
        if (!first || strcmp(label, y ? me->y : me->x) == 0)
            continue;
        if (isnan(mine) || isnan(its)) {
            bool met = false;
            for (int k = 0; k < j && !met; k++)
                met = strcmp(y ? all->cell[k].y : all->cell[k].x, y ? me->y : me->x) == 0;
            earlier = !met;
        } else {
            earlier = its < mine;
        }
        before += earlier;
    }
    return before;
}

enum spn_status spn_designs_plot_heatmap(struct spn_store *store, const struct spn_goals *goals,
                                         int x, int y, struct spn_figure *figure,
                                         struct spn_err *err)
{
    const int columns[] = {x, y, goals->column[0]};
    struct spn_store_query query = {
        .where = goals->where, .order = -1, .columns = columns, .n_columns = 3};
    struct cells all = {calloc(MAX_CELLS, sizeof *all.cell), 0, goals->maximize[0], false};
    struct range range = {INFINITY, -INFINITY};
    char title[3][128], shown[32];
    if (!all.cell)
        return spn_err_memory(err, "a figure");
    enum spn_status status = spn_store_select(store, &query, visit_cell, &all, err);
    if (!status && all.full)
        status = spn_err_set(err, SPN_EUSAGE, "%s x %s has more than %d cells",
                             spn_store_column(store, x)->name, spn_store_column(store, y)->name,
                             MAX_CELLS);
    if (!status && all.n == 0)
        status = spn_err_set(err, SPN_EUSAGE, "no design is good: nothing to draw");
    for (int i = 0; i < all.n; i++)
        grow(&range, all.cell[i].value);
    for (int k = 0; k < 3; k++)
        axis_title(store, columns[k], title[k], sizeof title[k]);
    figure->name = "heatmap";
    spn_text_add(&figure->dat,
                 "# labels: x, y, quantity, title, log; then x, y, value, x label, y label, value "
                 "on dark, on bright\n"
                 "%s\t%s\t%s\t%s: %s, %s of all other axes\t%d\n\n\n",
                 title[0], title[1], title[2], spn_store_space_name(store),
                 spn_store_column(store, columns[2])->name,
                 goals->maximize[0] ? "highest" : "lowest", is_log(&range));
    for (int i = 0; i < all.n && !status; i++) {
        const struct cell *cell = &all.cell[i];
        bool bright = normalised(cell->value, &range) > BRIGHT_FROM;
        spn_units_format(shown, sizeof shown, cell->value,
                         spn_store_column(store, columns[2])->unit, 3);
        if (all.n > MAX_SHOWN)
            *shown = '\0';
        spn_text_add(&figure->dat, "%d\t%d\t%.9g\t%s\t%s\t%s\t%s\n", place(&all, i, false),
                     place(&all, i, true), cell->value * axis_scale(store, columns[2]), cell->x,
                     cell->y, bright ? "" : shown, bright ? shown : "");
    }
    if (!status && figure->dat.failed)
        status = spn_err_memory(err, "a figure");
    free(all.cell);
    return status;
}

/* ---- parallel coordinates ---- */

struct line {
    double value[SPN_TABLE_MAX_COLUMNS];
    char text[SPN_TABLE_MAX_COLUMNS][32];
};

struct lines {
    struct line *line;
    size_t n;
    int n_columns;
};

static bool visit_line(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    struct lines *lines = ctx;
    struct line *line = &lines->line[lines->n++];
    (void)number;
    for (int i = 0; i < lines->n_columns; i++) {
        line->value[i] = cells[i].number;
        snprintf(line->text[i], sizeof line->text[i], "%s", cells[i].null ? "none" : cells[i].text);
    }
    return true;
}

/* Words, and what takes no part, get the place of their first appearance. */
static void number_words(struct lines *lines, int column)
{
    bool words = false;
    for (size_t i = 0; i < lines->n; i++)
        words = words || isnan(lines->line[i].value[column]);
    for (size_t i = 0; words && i < lines->n; i++) {
        double place = 0;
        size_t same = i;
        for (size_t j = 0; j < i; j++) {
            if (same == i && strcmp(lines->line[j].text[column], lines->line[i].text[column]) == 0)
                same = j;
            place = fmax(place, lines->line[j].value[column] + 1);
        }
        lines->line[i].value[column] = same < i ? lines->line[same].value[column] : place;
    }
}

/* Axes, each with the labels of its ends (or of all its words), then one line per design, coloured
 * by the last column. */
static void write_parallel(const struct spn_store *store, struct lines *lines, const int *columns,
                           struct spn_text *out)
{
    struct range range[SPN_TABLE_MAX_COLUMNS];
    char title[128];
    for (int c = 0; c < lines->n_columns; c++) {
        range[c] = (struct range){INFINITY, -INFINITY};
        bool words = lines->n && isnan(lines->line[0].value[c]), titled = false;
        number_words(lines, c);
        for (size_t i = 0; i < lines->n; i++)
            grow(&range[c], lines->line[i].value[c]);
        axis_title(store, columns[c], title, sizeof title);
        if (*spn_store_column(store, columns[c])->unit) /* stands in the labels */
            title[strcspn(title, "(")] = '\0';
        for (size_t i = 0; i < lines->n; i++) {
            const struct line *line = &lines->line[i];
            bool new = words || line->value[c] == range[c].low || line->value[c] == range[c].high;
            for (size_t j = 0; j < i && new; j++)
                new = lines->line[j].value[c] != line->value[c];
            char shown[32];
            if (new && !words)
                spn_units_format(shown, sizeof shown, line->value[c],
                                 spn_store_column(store, columns[c])->unit, 3);
            if (new)
                spn_text_add(out, "%d\t%.6g\t%s\t%s\n", c, normalised(line->value[c], &range[c]),
                             words ? line->text[c] : shown, titled ? "" : title);
            titled = titled || new;
        }
    }
    spn_text_add(out, "\n\n");
    int last = lines->n_columns - 1;
    for (size_t i = 0; i < lines->n; i++) {
        for (int c = 0; c < lines->n_columns; c++)
            spn_text_add(out, "%d\t%.6g\t%.6g\n", c, normalised(lines->line[i].value[c], &range[c]),
                         normalised(lines->line[i].value[last], &range[last]));
        spn_text_add(out, "\n");
    }
}

enum spn_status spn_designs_plot_parallel(struct spn_store *store, const struct spn_goals *goals,
                                          const struct spn_front_item *items, size_t n,
                                          struct spn_figure *figure, struct spn_err *err)
{
    int columns[SPN_TABLE_MAX_COLUMNS], n_columns = 0;
    size_t step = n / MAX_LINES + 1;
    struct lines lines = {calloc(n / step + 2, sizeof *lines.line), 0, 0};
    enum spn_status status = lines.line ? SPN_OK : spn_err_memory(err, "a figure");
    for (int i = 0; i < spn_store_n_columns(store) && n_columns < SPN_TABLE_MAX_COLUMNS - goals->n;
         i++)
        if (spn_store_column(store, i)->kind == SPN_STORE_AXIS)
            columns[n_columns++] = i;
    for (int g = goals->n - 1; g >= 0; g--) /* the first goal last: it gives the colour */
        columns[n_columns++] = goals->column[g];
    lines.n_columns = n_columns;
    if (!status && n == 0)
        status = spn_err_set(err, SPN_EUSAGE, "no design is good: nothing to draw");
    for (size_t i = 0; i < n && !status; i += step) {
        char where[64];
        snprintf(where, sizeof where, "point = %lld", (long long)items[i].number);
        struct spn_store_query query = {
            .where = where, .order = -1, .columns = columns, .n_columns = n_columns};
        status = spn_store_select(store, &query, visit_line, &lines, err);
    }
    if (!status) {
        figure->name = "parallel";
        spn_text_add(&figure->dat,
                     "# title, number of axes; then axis, place, label, title; then lines: axis, "
                     "place, colour\n"
                     "%s: %zu designs (colour: %s)\t%d\n\n\n",
                     spn_store_space_name(store), lines.n,
                     spn_store_column(store, columns[n_columns - 1])->name, n_columns);
        write_parallel(store, &lines, columns, &figure->dat);
        if (figure->dat.failed)
            status = spn_err_memory(err, "a figure");
    }
    free(lines.line);
    return status;
}
