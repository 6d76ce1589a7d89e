/* report.h -- tables of numbers with units, and their renderings: text, TSV, JSON, Markdown.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     struct spn_report report = {0};
 *     struct spn_table *t = spn_report_table(&report, "summary", "What it costs", "quantity");
 *     spn_table_column(t, "dense");
 *     spn_table_row(t, "area", "m2");
 *     spn_table_number(t, 2.5e-6);
 *     spn_report_render(&report, SPN_FORMAT_TEXT, &text, err);
 *     spn_report_clear(&report);
 *
 * Building never fails visibly: a failed allocation marks the report, and rendering says so.
 */
#ifndef SPN_REPORTS_REPORT_H
#define SPN_REPORTS_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

#ifdef __cplusplus
extern "C" {
#endif

enum spn_format { SPN_FORMAT_TEXT, SPN_FORMAT_TSV, SPN_FORMAT_JSON, SPN_FORMAT_MARKDOWN };
extern const char *const spn_format_names[]; /* NULL-terminated */

/* The last: bytes that hold any cell as shown. */
enum { SPN_TABLE_MAX_COLUMNS = 16, SPN_REPORT_MAX_TABLES = 24, SPN_TABLE_MAX_SHOWN = 1024 };

enum spn_table_kind { SPN_TABLE_EMPTY, SPN_TABLE_NUMBER, SPN_TABLE_TEXT };

struct spn_table_cell {
    enum spn_table_kind kind;
    double value;  /* SI */
    size_t offset; /* of the text in the table's words */
};

struct spn_table_line {
    char name[160], unit[16];
    int n_cells;
    struct spn_table_cell cell[SPN_TABLE_MAX_COLUMNS];
};

struct spn_table {
    char id[32], title[160], row_name[32]; /* row_name heads the first column */
    int n_columns;
    char column[SPN_TABLE_MAX_COLUMNS][48];
    char column_unit[SPN_TABLE_MAX_COLUMNS][16]; /* used where a row has no unit */
    int n_lines, capacity;
    struct spn_table_line *line;
    struct spn_text words; /* texts of cells, each ended by a zero */
    bool detail;           /* left out of the terminal text; in TSV, JSON and HTML all the same */
    bool failed;
};

struct spn_report {
    char title[480];
    int n_tables;
    struct spn_table table[SPN_REPORT_MAX_TABLES];
    struct spn_text notes;      /* one a line, after the tables: what a reader must know */
    struct spn_text provenance; /* "key\tvalue" lines: version, command line, inputs with digests */
    bool failed;
};

void spn_report_clear(struct spn_report *report);
struct spn_table *spn_report_table(struct spn_report *report, const char *id, const char *title,
                                   const char *row_name);
void spn_report_note(struct spn_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void spn_report_provenance(struct spn_report *report, const char *key, const char *value);

void spn_table_column(struct spn_table *table, const char *name);
void spn_table_column_unit(struct spn_table *table, const char *name, const char *unit);
void spn_table_row(struct spn_table *table, const char *name, const char *unit);
/* The next cell of the last row. A unit of "%" shows the fraction in percent, "x" as a ratio. */
void spn_table_number(struct spn_table *table, double value);
void spn_table_text(struct spn_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void spn_table_empty(struct spn_table *table);

/* The cell as a person reads it: prefix and three digits. */
void spn_table_show(const struct spn_table *table, const struct spn_table_line *line, int column,
                    char *out, size_t size);

/* Append to out. SPN_EINTERNAL if memory ran out or a number is not finite. */
enum spn_status spn_report_render(const struct spn_report *report, enum spn_format format,
                                  struct spn_text *out, struct spn_err *err);

#ifdef __cplusplus
}
#endif

#endif
