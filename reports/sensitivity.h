/* sensitivity.h -- tables and the figure of what matters in a design.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_SENSITIVITY_H
#define SPN_REPORTS_SENSITIVITY_H

#include "explorer/sensitivity.h"
#include "reports/plot.h"
#include "reports/report.h"

/* One result: inputs in the order of their swing, widest first. */
void spn_swing_table(const struct spn_space *space, const struct spn_sensitivity_inputs *inputs,
                     int result, double base, const struct spn_swing *swing,
                     struct spn_report *report);
void spn_swing_figure(const struct spn_space *space, const struct spn_sensitivity_inputs *inputs,
                      int result, double base, const struct spn_swing *swing,
                      struct spn_figure *figure);
/* One result: inputs in the order of their total index. */
void spn_sobol_table(const struct spn_space *space, const struct spn_sensitivity_inputs *inputs,
                     int result, const struct spn_sobol_index *index, struct spn_report *report);
/* A row per result: mean, standard deviation, median, 95 % interval. */
void spn_spread_table(const struct spn_space *space, const int *results, int n_results,
                      const struct spn_spread *spread, struct spn_table *table);

#endif
