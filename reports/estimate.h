/* estimate.h -- the report of one network on one chip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_ESTIMATE_H
#define SPN_REPORTS_ESTIMATE_H

#include "estimator/estimate.h"
#include "reports/report.h"

/* Tables inference, training (if estimated), categories and layers of an estimate with `scheme`. */
void spn_estimate_report(const struct spn_result *r, const struct spn_chip *chip, int scheme,
                         struct spn_report *report);

/* Rows shared with the comparison: a name, a unit and the place of a double in struct spn_result.
 */
struct spn_quantity {
    const char *name, *unit;
    size_t offset;
};
extern const struct spn_quantity spn_inference_quantities[], spn_training_quantities[],
    spn_programming_quantities[], spn_pair_quantities[]; /* name NULL ends them */
/* How cells are written, if in a closed loop. */
void spn_programming_note(const struct spn_chip *chip, struct spn_report *report);
double spn_quantity_value(const struct spn_result *r, const struct spn_quantity *q);

/* Cost by category of one inference, or of one weight update (`update`): energy and latency. */
struct spn_cost spn_category_cost(const struct spn_result *r, int category, bool update);
/* The table of layers of r. */
void spn_layers_table(const struct spn_result *r, struct spn_table *table);

#endif
