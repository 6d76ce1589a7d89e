/* component.h -- the interface of every block: parameters in, area, leakage and per-action latency
 * and energy out.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A kind is one `static const struct spn_component_type` in its own file, listed in registry.c.
 * eval() is a pure function: no state, no allocation, no file. Energies count one action of one
 * instance.
 */
#ifndef SPN_MODELS_COMPONENT_H
#define SPN_MODELS_COMPONENT_H

#include <stddef.h>

#include "base/err.h"
#include "base/json.h"
#include "tech/node.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SPN_MAX_ACTIONS 8

struct spn_cost {
    double energy_J, latency_s, area_m2, leakage_W;
};
/* One after the other: energies, latencies, areas and leakages add. */
struct spn_cost spn_cost_serial(struct spn_cost a, struct spn_cost b);
/* At the same time: the longer latency, the rest adds. */
struct spn_cost spn_cost_parallel(struct spn_cost a, struct spn_cost b);
/* n times one after the other by the same hardware: energy and latency scale. */
struct spn_cost spn_cost_repeat(struct spn_cost a, double n);
/* n instances at the same time: energy, area and leakage scale. */
struct spn_cost spn_cost_scale(struct spn_cost a, double n);
/* SPN_EINTERNAL naming the component if a field is negative or not finite. */
enum spn_status spn_cost_check(const struct spn_cost *cost, const char *component,
                               struct spn_err *err);

struct spn_env { /* what every block knows of its surroundings */
    const struct spn_node *node;
    double temperature_K, clock_Hz;
};

struct spn_component_cost {
    double area_m2, leakage_W; /* of one instance */
    struct spn_cost
        action[SPN_MAX_ACTIONS]; /* energy and latency of one action; area and leakage 0 */
    double toggled_J[2]; /* what of the first actions' energies is in proportion to the share of
                            data bits that change, at the parameters' share; 0 where it is not told
                            apart [M:N11] */
};

struct spn_component_type {
    const char *name, *role, *doc;  /* "adc-sar", "adc", what `spindle help` prints */
    const char *bound;              /* NULL: an estimate; else what its numbers are a bound of */
    size_t size;                    /* of the parameter struct */
    const struct spn_field *fields; /* with ranges; SPN_F_END-terminated */
    const char *const *actions;     /* NULL-terminated, <= SPN_MAX_ACTIONS */
    const char *model;              /* equation numbers in docs/MODELS.md, e.g. "M12-M14" */
    void (*example)(void *params);  /* typical parameters, for loop tests and bench */
    enum spn_status (*eval)(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err);
};

/* SPN_EINPUT "<component>.<field> = <value> outside [<min>, <max>]" for the first number of *params
 * that its field table does not allow; nested objects (a device) are checked where they are loaded.
 * What every eval() begins with. */
enum spn_status spn_component_check(const struct spn_component_type *type, const void *params,
                                    struct spn_err *err);

/* registry.c */
extern const struct spn_component_type *const spn_components[];        /* NULL-terminated */
const struct spn_component_type *spn_component_find(const char *name); /* or NULL */

#ifdef __cplusplus
}
#endif

#endif
