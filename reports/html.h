/* html.h -- one self-contained HTML page: tables, notes, figures inside.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_HTML_H
#define SPN_REPORTS_HTML_H

#include "reports/plot.h"
#include "reports/report.h"

/* Write <dir>/<name>; figures are read back from <dir>/<figure>.svg (n_figures = 0: none were
 * drawn). */
enum spn_status spn_html_write(const char *dir, const char *name, const struct spn_report *report,
                               const struct spn_figure *figures, size_t n_figures,
                               struct spn_err *err);

#endif
