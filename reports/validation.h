/* validation.h -- the report of reference cases: summaries, differences, macros, and every number.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_VALIDATION_H
#define SPN_REPORTS_VALIDATION_H

#include "explorer/validate.h"
#include "reports/plot.h"
#include "reports/report.h"

/* details: also a table of every row of the suites that need reference files. */
void spn_validation_report(const struct spn_validation *v, bool details, struct spn_report *report);
/* Ours over the reference, one block of data per suite. */
void spn_validation_figure(const struct spn_validation *v, struct spn_figure *figure);

#endif
