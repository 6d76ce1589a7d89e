/* component.c -- how costs of parts combine, and the check that every cost passes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/component.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

struct spn_cost spn_cost_serial(struct spn_cost a, struct spn_cost b)
{
    return (struct spn_cost){.energy_J = a.energy_J + b.energy_J,
                             .latency_s = a.latency_s + b.latency_s,
                             .area_m2 = a.area_m2 + b.area_m2,
                             .leakage_W = a.leakage_W + b.leakage_W};
}

struct spn_cost spn_cost_parallel(struct spn_cost a, struct spn_cost b)
{
    return (struct spn_cost){.energy_J = a.energy_J + b.energy_J,
                             .latency_s = a.latency_s > b.latency_s ? a.latency_s : b.latency_s,
                             .area_m2 = a.area_m2 + b.area_m2,
                             .leakage_W = a.leakage_W + b.leakage_W};
}

struct spn_cost spn_cost_repeat(struct spn_cost a, double n)
{
    a.energy_J *= n;
    a.latency_s *= n;
    return a;
}

struct spn_cost spn_cost_scale(struct spn_cost a, double n)
{
    a.energy_J *= n;
    a.area_m2 *= n;
    a.leakage_W *= n;
    return a;
}

/* Written so that a NaN fails too. */
static bool is_cost(double x)
{
    return x >= 0 && isfinite(x);
}

enum spn_status spn_cost_check(const struct spn_cost *cost, const char *component,
                               struct spn_err *err)
{
    const struct {
        const char *name;
        double value;
    } part[] = {{"energy_J", cost->energy_J},
                {"latency_s", cost->latency_s},
                {"area_m2", cost->area_m2},
                {"leakage_W", cost->leakage_W}};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        if (!is_cost(part[i].value))
            return spn_err_set(err, SPN_EINTERNAL,
                               "component %s: %s = %g, a finite number >= 0 is needed", component,
                               part[i].name, part[i].value);
    return SPN_OK;
}

static enum spn_status check_number(const struct spn_component_type *type,
                                    const struct spn_field *field, double value,
                                    struct spn_err *err)
{
    if (value >= field->min && value <= field->max)
        return SPN_OK;
    return spn_err_set(err, SPN_EINPUT, "%s.%s = %g outside [%g, %g]%s%s", type->name, field->key,
                       value, field->min, field->max, field->unit[0] ? " " : "", field->unit);
}

enum spn_status spn_component_check(const struct spn_component_type *type, const void *params,
                                    struct spn_err *err)
{
    for (const struct spn_field *field = type->fields; field->key; field++) {
        const char *at = (const char *)params + field->offset;
        double value;
        if (field->type == SPN_FIELD_DOUBLE) {
            memcpy(&value, at, sizeof value);
        } else if (field->type == SPN_FIELD_INT) {
            int n;
            memcpy(&n, at, sizeof n);
            value = n;
        } else if (field->type == SPN_FIELD_INT64) {
            int64_t n;
            memcpy(&n, at, sizeof n);
            value = (double)n;
        } else {
            continue;
        }
        const enum spn_status status = check_number(type, field, value, err);
        if (status)
            return status;
    }
    return SPN_OK;
}
