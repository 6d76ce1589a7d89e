/* explain.h -- where a number comes from: every cost leaf with its equation.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_EXPLAIN_H
#define SPN_REPORTS_EXPLAIN_H

#include "estimator/estimate.h"
#include "reports/report.h"

/* A table "leaves_<name>" with a row per leaf of r: layer, component, phase, category, counts,
 * cost, equations. */
void spn_explain_leaves(struct spn_report *report, const struct spn_result *r, const char *name);

/* Notes on what a reader must know: warnings of the chip, components whose numbers are a bound. */
void spn_explain_caveats(struct spn_report *report, const struct spn_result *r,
                         const struct spn_chip *chip);

#endif
