/* report.c -- tables of numbers with units, and their renderings.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "reports/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/units.h"
#include "reports/report_text.h"

enum { DIGITS = 3 };

const char *const spn_format_names[] = {"text", "tsv", "json", "markdown", NULL};

void spn_report_clear(struct spn_report *report)
{
    for (int i = 0; i < report->n_tables; i++) {
        free(report->table[i].line);
        spn_text_clear(&report->table[i].words);
    }
    spn_text_clear(&report->notes);
    spn_text_clear(&report->provenance);
    *report = (struct spn_report){0};
}

struct spn_table *spn_report_table(struct spn_report *report, const char *id, const char *title,
                                   const char *row_name)
{
    if (report->n_tables == SPN_REPORT_MAX_TABLES) {
        report->failed = true;
        return &report->table[SPN_REPORT_MAX_TABLES - 1];
    }
    struct spn_table *table = &report->table[report->n_tables++];
    *table = (struct spn_table){0};
    spn_text_copy(table->id, sizeof table->id, id);
    spn_text_copy(table->title, sizeof table->title, title);
    spn_text_copy(table->row_name, sizeof table->row_name, row_name);
    return table;
}

void spn_report_note(struct spn_report *report, const char *format, ...)
{
    char line[SPN_TEXT_LINE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    spn_text_add(&report->notes, "%s\n", line);
}

void spn_report_provenance(struct spn_report *report, const char *key, const char *value)
{
    spn_text_add(&report->provenance, "%s\t%s\n", key, value);
}

void spn_table_column_unit(struct spn_table *table, const char *name, const char *unit)
{
    if (table->n_columns == SPN_TABLE_MAX_COLUMNS) {
        table->failed = true;
        return;
    }
    spn_text_copy(table->column[table->n_columns], sizeof table->column[0], name);
    spn_text_copy(table->column_unit[table->n_columns++], sizeof table->column_unit[0], unit);
}

void spn_table_column(struct spn_table *table, const char *name)
{
    spn_table_column_unit(table, name, "");
}

void spn_table_row(struct spn_table *table, const char *name, const char *unit)
{
    if (table->n_lines == table->capacity) {
        int capacity = 2 * table->capacity + 16;
        struct spn_table_line *line = realloc(table->line, (size_t)capacity * sizeof *line);
        if (!line) {
            table->failed = true;
            return;
        }
        table->line = line;
        table->capacity = capacity;
    }
    struct spn_table_line *line = &table->line[table->n_lines++];
    *line = (struct spn_table_line){0};
    spn_text_copy(line->name, sizeof line->name, name);
    spn_text_copy(line->unit, sizeof line->unit, unit);
}

static struct spn_table_cell *next_cell(struct spn_table *table)
{
    struct spn_table_line *line = table->n_lines ? &table->line[table->n_lines - 1] : NULL;
    if (table->failed || !line || line->n_cells == table->n_columns) {
        table->failed = true;
        return NULL;
    }
    return &line->cell[line->n_cells++];
}

void spn_table_number(struct spn_table *table, double value)
{
    struct spn_table_cell *cell = next_cell(table);
    if (cell)
        *cell = (struct spn_table_cell){.kind = SPN_TABLE_NUMBER, .value = value};
}

void spn_table_text(struct spn_table *table, const char *format, ...)
{
    struct spn_table_cell *cell = next_cell(table);
    if (!cell)
        return;
    char text[SPN_TABLE_MAX_SHOWN];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *cell = (struct spn_table_cell){.kind = SPN_TABLE_TEXT, .offset = table->words.length};
    spn_text_add_n(&table->words, text, strlen(text) + 1);
    table->failed = table->failed || table->words.failed;
}

void spn_table_empty(struct spn_table *table)
{
    next_cell(table);
}

static const char *unit_of(const struct spn_table *table, const struct spn_table_line *line,
                           int column)
{
    return *line->unit ? line->unit : table->column_unit[column];
}

const char *spn_table_words(const struct spn_table *table, const struct spn_table_cell *cell)
{
    return cell->kind == SPN_TABLE_TEXT ? table->words.data + cell->offset : "";
}

void spn_table_show(const struct spn_table *table, const struct spn_table_line *line, int column,
                    char *out, size_t size)
{
    const struct spn_table_cell *cell = &line->cell[column];
    const char *unit = unit_of(table, line, column);
    if (column >= line->n_cells || cell->kind == SPN_TABLE_EMPTY)
        snprintf(out, size, "-");
    else if (cell->kind == SPN_TABLE_TEXT)
        snprintf(out, size, "%s", spn_table_words(table, cell));
    else if (strcmp(unit, "%") == 0)
        snprintf(out, size, "%.2f %%", 100 * cell->value);
    else if (strcmp(unit, "x") == 0)
        snprintf(out, size,
                 cell->value < 9.995   ? "%.2fx"
                 : cell->value < 99.95 ? "%.1fx"
                                       : "%.0fx",
                 cell->value);
    else if (strcmp(unit, "op/J") == 0)
        spn_units_format(out, size, cell->value, "OPS/W", DIGITS);
    else if (strcmp(unit, "op/s/m2") == 0)
        spn_units_format(out, size, cell->value * SPN_M2_PER_MM2, "OPS/mm2", DIGITS);
    else if (strcmp(unit, "1/s") == 0 && cell->value >= 1e6)
        spn_units_format(out, size, cell->value, "/s", DIGITS);
    else if (strcmp(unit, "1/s") == 0)
        snprintf(out, size, cell->value < 100 ? "%.*g /s" : "%.*f /s",
                 cell->value < 100 ? DIGITS : 0, cell->value);
    else if (strcmp(unit, "count") == 0)
        snprintf(out, size, "%.0f", cell->value);
    else
        spn_units_format(out, size, cell->value, unit, DIGITS);
}

/* ---- TSV: section id first, SI numbers, a header per section ---- */

static void render_tsv(const struct spn_report *report, struct spn_text *out)
{
    for (const char *at = report->provenance.data; at && *at; at = strchr(at, '\n') + 1)
        spn_text_add(out, "# %.*s\n", (int)strcspn(at, "\n"), at);
    for (int t = 0; t < report->n_tables; t++) {
        const struct spn_table *table = &report->table[t];
        spn_text_add(out, "# [1]section\t[2]%s\t[3]unit", table->row_name);
        for (int c = 0; c < table->n_columns; c++)
            spn_text_add(out, "\t[%d]%s%s%s", c + 4, table->column[c],
                         *table->column_unit[c] ? "_" : "", table->column_unit[c]);
        spn_text_add(out, "\n");
        for (int i = 0; i < table->n_lines; i++) {
            const struct spn_table_line *line = &table->line[i];
            spn_text_add(out, "%s\t%s\t%s", table->id, line->name, line->unit);
            for (int c = 0; c < table->n_columns; c++) {
                const struct spn_table_cell *cell = &line->cell[c];
                if (c < line->n_cells && cell->kind == SPN_TABLE_NUMBER)
                    spn_text_add(out, "\t%.6g", cell->value);
                else
                    spn_text_add(out, "\t%s",
                                 c < line->n_cells ? spn_table_words(table, cell) : "");
            }
            spn_text_add(out, "\n");
        }
    }
}

/* ---- JSON ---- */

static void json_table(struct spn_json_writer *w, const struct spn_table *table)
{
    spn_json_open(w, table->id, '[');
    for (int i = 0; i < table->n_lines; i++) {
        const struct spn_table_line *line = &table->line[i];
        spn_json_open(w, NULL, '{');
        spn_json_put_string(w, table->row_name, line->name);
        if (*line->unit)
            spn_json_put_string(w, "unit", line->unit);
        for (int c = 0; c < table->n_columns; c++) {
            char key[72];
            snprintf(key, sizeof key, "%s%s%s", table->column[c], *table->column_unit[c] ? "_" : "",
                     table->column_unit[c]);
            if (c >= line->n_cells || line->cell[c].kind == SPN_TABLE_EMPTY)
                spn_json_put_null(w, key);
            else if (line->cell[c].kind == SPN_TABLE_NUMBER)
                spn_json_put_number(w, key, line->cell[c].value);
            else
                spn_json_put_string(w, key, spn_table_words(table, &line->cell[c]));
        }
        spn_json_close(w, '}');
    }
    spn_json_close(w, ']');
}

static void json_lines(struct spn_json_writer *w, const struct spn_text *lines)
{
    char text[SPN_TEXT_LINE];
    for (const char *at = lines->data; at && *at; at = strchr(at, '\n') + 1) {
        snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "\n"), at);
        spn_json_put_string(w, NULL, text);
    }
}

/* Key and value a line; there are several inputs, which take a list. */
static void json_provenance(struct spn_json_writer *w, const struct spn_text *lines)
{
    char text[SPN_TEXT_LINE];
    for (int inputs = 0; inputs <= 1; inputs++) {
        if (inputs)
            spn_json_open(w, "inputs", '[');
        for (const char *at = lines->data; at && *at; at = strchr(at, '\n') + 1) {
            snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "\n"), at);
            size_t key = strcspn(text, "\t");
            const char *value = text + key + (text[key] == '\t');
            text[key] = '\0';
            if ((strcmp(text, "input") == 0) == inputs)
                spn_json_put_string(w, inputs ? NULL : text, value);
        }
    }
    spn_json_close(w, ']');
}

static void render_json(const struct spn_report *report, struct spn_text *out)
{
    struct spn_json_writer w = {.out = out, .first = true};
    spn_json_open(&w, NULL, '{');
    spn_json_put_string(&w, "title", report->title);
    spn_json_open(&w, "provenance", '{');
    json_provenance(&w, &report->provenance);
    spn_json_close(&w, '}');
    for (int t = 0; t < report->n_tables; t++)
        json_table(&w, &report->table[t]);
    spn_json_open(&w, "notes", '[');
    json_lines(&w, &report->notes);
    spn_json_close(&w, ']');
    spn_json_close(&w, '}');
    spn_text_add(out, "\n");
}

enum spn_status spn_report_render(const struct spn_report *report, enum spn_format format,
                                  struct spn_text *out, struct spn_err *err)
{
    enum { NOTE_WIDTH = 100 };
    bool failed = report->failed || report->notes.failed || report->provenance.failed;
    for (int t = 0; t < report->n_tables; t++)
        failed = failed || report->table[t].failed;
    if (failed)
        return spn_err_set(err, SPN_EINTERNAL, "report \"%s\": out of memory or a row too long",
                           report->title);
    switch (format) {
    case SPN_FORMAT_TSV:
        render_tsv(report, out);
        break;
    case SPN_FORMAT_JSON:
        render_json(report, out);
        break;
    default:
        spn_text_add(out, "%s%s\n\n", format == SPN_FORMAT_MARKDOWN ? "## " : "", report->title);
        for (int t = 0; t < report->n_tables; t++)
            if (!report->table[t].detail)
                spn_table_render(&report->table[t], format == SPN_FORMAT_MARKDOWN, out);
        spn_notes_render(&report->notes, NOTE_WIDTH, out);
    }
    return out->failed ? spn_err_set(err, SPN_EINTERNAL,
                                     "report \"%s\": out of memory or a number that is not finite",
                                     report->title)
                       : SPN_OK;
}
