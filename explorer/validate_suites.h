/* validate_suites.h -- what the suites of reference cases share; internal to explorer/validate*.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_EXPLORER_VALIDATE_SUITES_H
#define SPN_EXPLORER_VALIDATE_SUITES_H

#include "base/json.h"
#include "explorer/validate.h"
#include "models/component.h"
#include "tech/node.h"

enum spn_status spn_validate_gates(struct spn_validation *v, const char *data, struct spn_err *err);
enum spn_status spn_validate_blocks(struct spn_validation *v, const char *data,
                                    struct spn_err *err);
enum spn_status spn_validate_converters(struct spn_validation *v, const char *data,
                                        struct spn_err *err);
enum spn_status spn_validate_arrays(struct spn_validation *v, const char *data,
                                    struct spn_err *err);
enum spn_status spn_validate_chips(struct spn_validation *v, const char *data, struct spn_err *err);
enum spn_status spn_validate_silicon(struct spn_validation *v, const char *data,
                                     struct spn_err *err);

/* Blocks of published chips, part of the silicon suite. */
enum spn_status spn_validate_parts(struct spn_validation *v, struct spn_err *err);

/* <data>/golden/neurosim/<file>, parsed. */
enum spn_status spn_validate_open(struct spn_json **doc, const char *data, const char *file,
                                  struct spn_err *err);
/* The number at `key`, 0 if there is none; the object there. */
double spn_validate_number(const struct spn_json_at *at, const char *key);
/* Node of `nm` nanometres, high-performance or low-power, loaded once per change. */
struct spn_validate_node {
    struct spn_node node;
    int nm, high_performance;
    bool known; /* the shipped data has it */
};
enum spn_status spn_validate_node(struct spn_validate_node *n, int nm, bool high_performance,
                                  struct spn_err *err);

/* A difference that several suites meet. */
extern const char spn_validate_fin_drain[];

/* Where rows go and what they have in common. */
struct spn_validate_to {
    struct spn_validation *v;
    const char *suite, *difference;
    char group[32], name[96];
    enum spn_validity validity;
};
void spn_validate_put(const struct spn_validate_to *to, const char *quantity, const char *unit,
                      double reference, double ours);
/* The same, but for a difference that concerns this quantity alone. */
void spn_validate_put_as(const struct spn_validate_to *to, const char *difference,
                         const char *quantity, const char *unit, double reference, double ours);

#endif
