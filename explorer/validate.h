/* validate.h -- reference cases: published or measured numbers beside ours.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     struct spn_validation v = {0};
 *     for (suite = spn_validation_suites; suite->name; suite++)
 *         if (!suite->needs_data || data) status = suite->run(&v, data, err);
 *     spn_validation_summarize(&v, i, ...);
 *     spn_validation_clear(&v);
 *
 * A row is one quantity of one case. Where the reference means something else than our model, or is
 * wrong, the row names the difference; such rows are counted apart and never averaged with the
 * others.
 */
#ifndef SPN_EXPLORER_VALIDATE_H
#define SPN_EXPLORER_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum spn_validity {
    SPN_VALIDITY_BLIND,    /* models as they are, from published inputs only */
    SPN_VALIDITY_INFORMED, /* likewise, but options that the source leaves open were chosen after a
                              first comparison */
    SPN_VALIDITY_FITTED,   /* this number chose a named factor */
    SPN_VALIDITY_CALIBRATED, /* factors fitted on other numbers of the same source */
    SPN_N_VALIDITIES
};
extern const char *const spn_validity_names[]; /* NULL-terminated */

struct spn_validation_row {
    const char *suite; /* of the table of suites */
    char group[32];    /* block kind or macro */
    char name[96];     /* case */
    char quantity[24], unit[8];
    double reference, ours; /* SI */
    enum spn_validity validity;
    const char *difference; /* why both do not mean the same, static; NULL: they do */
};

/* Suites of rows that no summary counts: steps from our chip to another model's (ours = our total
 * after the step); values of fitted factors (ours, beside 1). */
#define SPN_VALIDATION_BRIDGE "bridge"
#define SPN_VALIDATION_FACTORS "factors"

struct spn_validation {
    struct spn_validation_row *row;
    size_t n_rows, capacity;
    bool failed; /* out of memory */
};
void spn_validation_clear(struct spn_validation *v);
/* A copy of *row, unless its reference is 0 or not finite: then there is nothing to compare. */
void spn_validation_add(struct spn_validation *v, const struct spn_validation_row *row);
double spn_validation_error(const struct spn_validation_row *row); /* ours/reference - 1 */

/* Rows of one suite, group, quantity, validity and difference. */
struct spn_validation_summary {
    const char *suite, *group, *quantity, *difference;
    enum spn_validity validity;
    size_t n;
    double median_ratio;                     /* of ours/reference */
    double median_frac, p95_frac, mean_frac; /* of |error| */
};
/* The i-th summary, in the order of the rows; by_quantity: quantities apart, else together. False
 * after the last. SPN_EINTERNAL cannot occur: 0 rows give no summary. */
bool spn_validation_summarize(const struct spn_validation *v, bool by_quantity, size_t i,
                              struct spn_validation_summary *out);

/* The suites. `data` is a folder with golden/ and facts/; NULL if there is none. */
struct spn_validation_suite {
    const char *name, *doc;
    bool needs_data;
    enum spn_status (*run)(struct spn_validation *v, const char *data, struct spn_err *err);
};
extern const struct spn_validation_suite spn_validation_suites[]; /* name NULL ends it */

#endif
