/* totals.h -- what is reported of one inference and of training. Private to the estimator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_TOTALS_H
#define SPN_ESTIMATOR_TOTALS_H

#include "estimator/cost.h"
#include "estimator/schedule.h"

void spn_totals_inference(const struct spn_frame *f, const struct spn_cost_sums *sums,
                          struct spn_result *out, const struct spn_times *times);
void spn_totals_training(const struct spn_frame *f, const struct spn_cost_sums *sums,
                         struct spn_result *out, const struct spn_times times[SPN_N_PHASES]);

#endif
