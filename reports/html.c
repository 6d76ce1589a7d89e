/* html.c -- one self-contained HTML page: no scripts, no outside files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "reports/html.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>\n"
    "body{font:15px/1.45 Helvetica,Arial,sans-serif;max-width:1200px;margin:2em auto;padding:0 "
    "1em;color:#222}\n"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin:1.6em 0 .4em}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.2em .8em;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}\n"
    "th:first-child,td:first-child{text-align:left;white-space:pre}\nthead th{border-bottom:2px "
    "solid #444}\n"
    "td.words{text-align:left;white-space:normal}\n"
    "tbody tr:hover{background:#f4f7fa}\n.wide{overflow-x:auto}\nli{margin:.4em "
    "0}\nsvg{max-width:100%;height:auto}\n"
    "summary{cursor:pointer;margin:1em "
    "0;font-weight:bold}\n.origin{color:#666;font-size:.85em}\n</style>\n";

static void add_escaped(struct spn_text *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '<')
            spn_text_add(out, "&lt;");
        else if (text[i] == '>')
            spn_text_add(out, "&gt;");
        else if (text[i] == '&')
            spn_text_add(out, "&amp;");
        else
            spn_text_add_n(out, text + i, 1);
    }
}

static void add_word(struct spn_text *out, const char *tag, const char *text)
{
    spn_text_add(out, "<%s>", tag);
    add_escaped(out, text, strlen(text));
    spn_text_add(out, "</%s>", tag);
}

static void add_table(struct spn_text *out, const struct spn_table *table)
{
    char text[SPN_TABLE_MAX_SHOWN];
    if (table->detail) {
        spn_text_add(out, "<details>");
        add_word(out, "summary", table->title);
    } else {
        add_word(out, "h2", table->title);
    }
    spn_text_add(out, "<div class=\"wide\"><table><thead><tr>");
    add_word(out, "th", table->row_name);
    for (int c = 0; c < table->n_columns; c++)
        add_word(out, "th", table->column[c]);
    spn_text_add(out, "</tr></thead><tbody>\n");
    for (int i = 0; i < table->n_lines; i++) {
        spn_text_add(out, "<tr>");
        add_word(out, "td", table->line[i].name);
        for (int c = 0; c < table->n_columns; c++) {
            bool words = table->line[i].cell[c].kind == SPN_TABLE_TEXT &&
                         strcmp(table->column[c], "source") == 0;
            spn_table_show(table, &table->line[i], c, text, sizeof text);
            spn_text_add(out, words ? "<td class=\"words\">" : "<td>");
            add_escaped(out, text, strlen(text));
            spn_text_add(out, "</td>");
        }
        spn_text_add(out, "</tr>\n");
    }
    spn_text_add(out, "</tbody></table></div>%s\n", table->detail ? "</details>" : "");
}

static void add_lines(struct spn_text *out, const struct spn_text *lines, const char *tag)
{
    for (const char *at = lines->data; at && *at; at = strchr(at, '\n') + 1) {
        spn_text_add(out, "<%s>", tag);
        add_escaped(out, at, strcspn(at, "\n"));
        spn_text_add(out, "</%s>\n", tag);
    }
}

/* What a figure shows, as a heading. */
static void add_heading(struct spn_text *out, const char *figure)
{
    const struct spn_figure_type *type = spn_figure_types;
    while (type->name && strcmp(type->name, figure) != 0)
        type++;
    if (!type->name)
        return;
    char first[2] = {(char)toupper((unsigned char)*type->doc), '\0'};
    spn_text_add(out, "<h2>%s", first);
    add_escaped(out, type->doc + 1, strlen(type->doc + 1));
    spn_text_add(out, "</h2>\n");
}

/* The <svg> element of a file that gnuplot wrote. */
static enum spn_status add_figure(struct spn_text *out, const char *dir, const char *name,
                                  struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    struct spn_text svg = {0};
    int n = snprintf(path, sizeof path, "%s/%s.svg", dir, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return spn_err_set(err, SPN_EUSAGE, "%s.svg: path too long", name);
    enum spn_status status = spn_file_read(path, SPN_FILE_ANY, &svg, err);
    const char *start = svg.data ? strstr(svg.data, "<svg") : NULL;
    if (!status && start) {
        add_heading(out, name);
        spn_text_add(out, "<figure>%s</figure>\n", start);
    }
    spn_text_clear(&svg);
    return status;
}

enum spn_status spn_html_write(const char *dir, const char *name, const struct spn_report *report,
                               const struct spn_figure *figures, size_t n_figures,
                               struct spn_err *err)
{
    struct spn_text out = {0};
    enum spn_status status = SPN_OK;
    spn_text_add(&out, "%s<title>", page_head);
    add_escaped(&out, report->title, strlen(report->title));
    spn_text_add(&out, "</title></head><body>\n");
    add_word(&out, "h1", report->title);
    spn_text_add(&out, "<ul>\n");
    add_lines(&out, &report->notes, "li");
    spn_text_add(&out, "</ul>\n");
    for (int i = 0; i < report->n_tables && i < 3; i++)
        add_table(&out, &report->table[i]);
    for (size_t i = 0; i < n_figures && !status; i++)
        status = add_figure(&out, dir, figures[i].name, err);
    for (int i = 3; i < report->n_tables; i++)
        add_table(&out, &report->table[i]);
    spn_text_add(&out, "<div class=\"origin\">\n");
    add_lines(&out, &report->provenance, "div");
    spn_text_add(&out, "</div></body></html>\n");
    if (!status && out.failed)
        status = spn_err_memory(err, "the HTML page");
    if (!status)
        status = spn_file_write(dir, name, out.data, out.length, err);
    spn_text_clear(&out);
    return status;
}
