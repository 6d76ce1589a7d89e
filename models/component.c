/* component.c -- how costs of parts combine, and the check that every cost passes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/component.h"

#include <math.h>
#include <stdbool.h>

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
