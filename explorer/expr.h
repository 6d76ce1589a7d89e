/* expr.h -- arithmetic over named numbers: "energy_J * latency_s", "area_m2 < 1e-4 && n_tiles <=
 * 64".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Parsed once, evaluated as often as wished. The language is that of the muParser library: + - * /
 * ^, comparisons, && ||, a ? b : c, sqrt exp ln log10 abs min max and so on. Not shared between
 * threads.
 */
#ifndef SPN_EXPLORER_EXPR_H
#define SPN_EXPLORER_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct spn_expr_name {
    const char *name; /* letters, digits, '_', '.' */
    double *value;    /* read at each evaluation */
};

struct spn_expr;

/* SPN_EINPUT with the text, the place and the nearest name. */
enum spn_status spn_expr_create(struct spn_expr **expr, const char *text,
                                const struct spn_expr_name *names, size_t n_names,
                                struct spn_err *err);
void spn_expr_destroy(struct spn_expr *expr);
double spn_expr_value(struct spn_expr *expr); /* may be infinite or NaN */
bool spn_expr_uses(struct spn_expr *expr, const char *name);

#endif
