/* report_text.h -- tables and notes for people: on a terminal, and as Markdown.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_REPORT_TEXT_H
#define SPN_REPORTS_REPORT_TEXT_H

#include "reports/report.h"

/* A table with columns as wide as their widest cell. On a terminal, headings of a table over 100
 * letters wide are broken into lines, and long words at the end of a row that stand in the row
 * before, too, are not repeated. */
void spn_table_render(const struct spn_table *table, bool markdown, struct spn_text *out);
/* Notes as a bulleted list, wrapped into lines of `width`. */
void spn_notes_render(const struct spn_text *notes, size_t width, struct spn_text *out);

/* The words of a cell; "" if it holds a number or nothing. */
const char *spn_table_words(const struct spn_table *table, const struct spn_table_cell *cell);

#endif
