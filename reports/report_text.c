/* report_text.c -- tables and notes for people: on a terminal, and as Markdown.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "reports/report_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t column_width(const struct spn_table *table, int column, bool heading)
{
    char text[SPN_TABLE_MAX_SHOWN];
    size_t width = heading ? strlen(column < 0 ? table->row_name : table->column[column]) : 0;
    for (int i = 0; i < table->n_lines; i++) {
        if (column < 0)
            snprintf(text, sizeof text, "%s", table->line[i].name);
        else
            spn_table_show(table, &table->line[i], column, text, sizeof text);
        if (strlen(text) > width)
            width = strlen(text);
    }
    return width;
}

/* Words read from the left, numbers line up on the right. */
static bool is_words(const struct spn_table *table, int column)
{
    for (int i = 0; i < table->n_lines; i++)
        if (column < table->line[i].n_cells && table->line[i].cell[column].kind == SPN_TABLE_NUMBER)
            return false;
    return strcmp(table->column[column], "source") == 0;
}

/* Padded to |width|, to the left if below 0; Markdown takes a bare bar for the end of a cell. */
static void add_cell(int width, const char *cell, bool markdown, struct spn_text *out)
{
    int pad = abs(width) - (int)strlen(cell);
    spn_text_add(out, "%*s", width > 0 && pad > 0 ? pad : 0, "");
    while (*cell) {
        size_t n = markdown ? strcspn(cell, "|") : strlen(cell);
        spn_text_add_n(out, cell, n);
        cell += n;
        if (*cell) {
            spn_text_add_n(out, "\\|", 2);
            cell++;
        }
    }
    spn_text_add(out, "%*s", width < 0 && pad > 0 ? pad : 0, "");
}

/* Many words that stand in the row before, too. */
static bool is_repeated(const struct spn_table *table, int i, int column)
{
    enum { MANY = 24 };
    if (i < 1 || column >= table->line[i].n_cells || column >= table->line[i - 1].n_cells)
        return false;
    const char *text = spn_table_words(table, &table->line[i].cell[column]);
    return strlen(text) >= MANY &&
           strcmp(text, spn_table_words(table, &table->line[i - 1].cell[column])) == 0;
}

static void add_words(const char *text, size_t indent, struct spn_text *out)
{
    enum { WORDS_WIDTH = 72 };
    spn_text_wrap(out, text, strlen(text), indent, WORDS_WIDTH);
}

/* Line i or, below 0, the header. Words at the end of a row of a
 * terminal are broken into lines. */
static void add_row(const struct spn_table *table, int i, const int *width, bool markdown,
                    struct spn_text *out)
{
    char text[SPN_TABLE_MAX_SHOWN];
    size_t column = (size_t)width[0];
    spn_text_add(out, "%s", markdown ? "| " : "");
    add_cell(-width[0], i < 0 ? table->row_name : table->line[i].name, markdown, out);
    for (int c = 0; c < table->n_columns; c++) {
        if (i < 0)
            spn_text_copy(text, sizeof text, table->column[c]);
        else
            spn_table_show(table, &table->line[i], c, text, sizeof text);
        spn_text_add(out, "%s", markdown ? " | " : "  ");
        column += 2;
        if (!markdown && c == table->n_columns - 1 && is_words(table, c))
            add_words(is_repeated(table, i, c) ? "as above" : text, column, out);
        else
            add_cell(is_words(table, c) ? -width[c + 1] : width[c + 1], text, markdown, out);
        column += (size_t)width[c + 1];
    }
    spn_text_add(out, "%s\n", markdown ? " |" : "");
}

/* ---- headings in several lines, where a table would be too wide for a terminal ---- */

enum { MAX_HEADING_LINES = 8 };
struct heading {
    char line[MAX_HEADING_LINES][sizeof((struct spn_table *)0)->column[0]];
    int n;
};

/* Length of the piece that `text` begins with: up to a space, or with the point, comma or
 * underscore that ends it. */
static size_t piece(const char *text, bool *space)
{
    size_t n = strcspn(text, " ._");
    *space = text[n] == ' ';
    return n + (text[n] && !*space);
}

/* Break a heading into lines of `width`, or of its longest piece. */
static void break_heading(const char *text, size_t width, struct heading *to)
{
    bool space = false, joined = false;
    *to = (struct heading){.n = 1};
    while (*text) {
        char *line = to->line[to->n - 1];
        size_t n = piece(text, &space), used = strlen(line);
        if (used && used + joined + n > width && to->n < MAX_HEADING_LINES) {
            line = to->line[to->n++];
            used = 0;
        }
        snprintf(line + used, sizeof to->line[0] - used, "%s%.*s", used && joined ? " " : "",
                 (int)n, text);
        text += n + space;
        joined = space;
    }
}

static size_t longest_piece(const char *text)
{
    size_t longest = 0;
    for (bool space; *text;) {
        size_t n = piece(text, &space);
        longest = n > longest ? n : longest;
        text += n + space;
    }
    return longest;
}

/* The header of a table whose columns are narrower than their headings. */
static void add_broken_header(const struct spn_table *table, const int *width, struct spn_text *out)
{
    struct heading heading[SPN_TABLE_MAX_COLUMNS];
    int lines = 1;
    for (int c = 0; c < table->n_columns; c++) {
        break_heading(table->column[c], (size_t)width[c + 1], &heading[c]);
        lines = heading[c].n > lines ? heading[c].n : lines;
    }
    for (int l = 0; l < lines; l++) { /* the last lines stand on the first row */
        size_t start = out->length, end;
        add_cell(-width[0], l == lines - 1 ? table->row_name : "", false, out);
        for (int c = 0; c < table->n_columns; c++) {
            int from = l - (lines - heading[c].n);
            spn_text_add(out, "  ");
            add_cell(is_words(table, c) ? -width[c + 1] : width[c + 1],
                     from >= 0 ? heading[c].line[from] : "", false, out);
        }
        for (end = out->length; !out->failed && end > start && out->data[end - 1] == ' ';)
            end--;
        out->length = out->failed ? out->length : end;
        spn_text_add(out, "\n");
    }
}

/* Widths of columns as they stand, or, where that is too wide for a terminal, with their headings
 * broken; whether they are. */
static bool set_widths(const struct spn_table *table, bool may_break, int *width)
{
    enum { TERMINAL = 100 };
    int sum = -2;
    for (int c = -1; c < table->n_columns; c++) {
        width[c + 1] = (int)column_width(table, c, true);
        sum += 2 + (c >= 0 && is_words(table, c) ? 0 : width[c + 1]);
    }
    if (!may_break || sum <= TERMINAL)
        return false;
    for (int c = 0; c < table->n_columns; c++) {
        int data = (int)column_width(table, c, false), least = (int)longest_piece(table->column[c]);
        width[c + 1] = data > least ? data : least;
    }
    return true;
}

void spn_table_render(const struct spn_table *table, bool markdown, struct spn_text *out)
{
    int width[SPN_TABLE_MAX_COLUMNS + 1];
    bool broken = set_widths(table, !markdown, width);
    spn_text_add(out, "%s%s\n%s", markdown ? "### " : "", table->title, markdown ? "\n" : "");
    if (broken)
        add_broken_header(table, width, out);
    else
        add_row(table, -1, width, markdown, out);
    if (markdown) {
        spn_text_add(out, "| ---");
        for (int c = 0; c < table->n_columns; c++)
            spn_text_add(out, is_words(table, c) ? " | ---" : " | ---:");
        spn_text_add(out, " |\n");
    }
    for (int i = 0; i < table->n_lines; i++)
        add_row(table, i, width, markdown, out);
    spn_text_add(out, "\n");
}

void spn_notes_render(const struct spn_text *notes, size_t width, struct spn_text *out)
{
    for (const char *at = notes->data; at && *at;) {
        size_t n = strcspn(at, "\n");
        spn_text_add(out, "- ");
        spn_text_wrap(out, at, n, 2, width - 2);
        spn_text_add(out, "\n");
        at += n + 1;
    }
}
