/* validate_parts.c -- parts of published chips: blocks of the registry put together by hand, where
 * no chip file fits.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Data: experiments/silicon-blocks/<name>.json: components with their parameters, how many there
 * are and how often each acts in what was measured. Energy is the sum over parts, latency that of
 * the parts one after the other, area that of all.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "explorer/validate_suites.h"
#include "tech/data.h"

enum { MAX_PARTS = 12, MAX_PARAMS = 2048 };

struct head {
    char name[64], title[256], boundary[256], node[64];
    double temperature_K, clock_Hz;
};
#define H struct head
static const struct spn_field head_fields[] = {
    SPN_F_STRING(H, name, "of the block"),
    SPN_F_STRING(H, title, "of the publication"),
    SPN_F_STRING(H, boundary, "what the published numbers include"),
    SPN_F_STRING(H, node, "of tech/nodes"),
    SPN_F_DOUBLE(H, temperature_K, "K", 200, 500, "of the block"),
    SPN_F_DOUBLE(H, clock_Hz, "Hz", 1e5, 1e11, "of the block"),
    SPN_F_ANY("parts", "components"),
    SPN_F_ANY("points", "measurements"),
    SPN_F_END};
#undef H

struct part {
    char component[32], action[32];
    double n, count; /* instances; actions of each in what was measured */
};
#define P struct part
static const struct spn_field part_fields[] = {
    SPN_F_STRING(P, component, "of the registry"),
    SPN_F_STRING(P, action, "of it"),
    SPN_F_DOUBLE(P, n, "", 0, 1e12, "instances"),
    SPN_F_DOUBLE(P, count, "", 0, 1e12, "actions of each instance"),
    SPN_F_ANY("params", "of the component"),
    SPN_F_END};
#undef P

struct point {
    char name[48];
    double vdd_V, energy_J, latency_s, area_m2;
};
#define Q struct point
static const struct spn_field point_fields[] = {
    SPN_F_STRING(Q, name, "of the point"),
    SPN_F_DOUBLE(Q, vdd_V, "V", 0, 20, "supply; 0 = the node's"),
    SPN_F_DOUBLE(Q, energy_J, "J", 0, 1, "measured"),
    SPN_F_DOUBLE(Q, latency_s, "s", 0, 1, "measured"),
    SPN_F_DOUBLE(Q, area_m2, "m2", 0, 1, "measured"),
    SPN_F_ANY("counts", "instead of the parts' counts, in their order"),
    SPN_F_END};
#undef Q

static int find_action(const struct spn_component_type *type, const char *name)
{
    for (int i = 0; type->actions[i]; i++)
        if (strcmp(type->actions[i], name) == 0)
            return i;
    return -1;
}

/* One part at these surroundings, added to *sum. count < 0: as the file says. */
static enum spn_status add_part(const struct spn_json_at *at, const struct spn_env *env,
                                double count, struct spn_cost *sum, struct spn_err *err)
{
    double params[MAX_PARAMS / sizeof(double)] = {0}; /* aligned for any parameter struct */
    struct part part = {.n = 1, .count = 1};
    struct spn_component_cost cost;
    enum spn_status status = spn_json_read(*at, part_fields, &part, err);
    if (status)
        return status;
    const struct spn_component_type *type = spn_component_find(part.component);
    int action = type ? find_action(type, part.action) : -1;
    if (!type || action < 0 || type->size > sizeof params)
        return spn_json_fail(at, err, "no component \"%s\" with action \"%s\"", part.component,
                             part.action);
    struct spn_json_at given = spn_json_get(at, "params");
    status = spn_json_read(given, type->fields, params, err);
    if (!status)
        status = type->eval(params, env, &cost, err);
    if (status)
        return status;
    double times = count >= 0 ? count : part.count;
    sum->energy_J += part.n * times * cost.action[action].energy_J;
    sum->latency_s += times * cost.action[action].latency_s;
    sum->area_m2 += part.n * cost.area_m2;
    sum->leakage_W += part.n * cost.leakage_W;
    return SPN_OK;
}

static enum spn_status put_point(const struct spn_validate_to *to, const struct spn_json_at *root,
                                 const struct spn_json_at *at, struct spn_env env,
                                 struct spn_err *err)
{
    struct point point = {.vdd_V = 0};
    struct spn_node node = *env.node;
    struct spn_cost sum = {0};
    struct spn_json_at parts = spn_json_get(root, "parts"), counts = spn_json_get(at, "counts");
    struct spn_validate_to here = *to;
    enum spn_status status = spn_json_read(*at, point_fields, &point, err);
    if (status)
        return status;
    if (point.vdd_V > 0) {
        node.tabulated_V = node.vdd_V;
        node.vdd_V = point.vdd_V;
    }
    env.node = &node;
    if (spn_json_size(&parts) > MAX_PARTS || spn_json_size(&counts) > MAX_PARTS)
        return spn_json_fail(root, err, "more than %d parts", MAX_PARTS);
    for (size_t i = 0; i < spn_json_size(&parts) && !status; i++) {
        struct spn_json_at part = spn_json_item(&parts, i), count = spn_json_item(&counts, i);
        double times = -1;
        if (i < spn_json_size(&counts) && !spn_json_number(&count, &times))
            return spn_json_fail(&count, err, "must be a number");
        status = add_part(&part, &env, times, &sum, err);
    }
    if (status)
        return status;
    snprintf(here.name, sizeof here.name, "%s", point.name);
    spn_validate_put(&here, "energy", "J", point.energy_J, sum.energy_J);
    spn_validate_put(&here, "latency", "s", point.latency_s, sum.latency_s);
    spn_validate_put(&here, "area", "m2", point.area_m2, sum.area_m2);
    return SPN_OK;
}

static enum spn_status put_block(struct spn_validation *v, const struct spn_json *doc,
                                 struct spn_err *err)
{
    struct head head = {.temperature_K = 300, .clock_Hz = 1e9};
    struct spn_node node;
    struct spn_validate_to to = {.v = v, .suite = "silicon"};
    struct spn_json_at root = spn_json_root(doc), points = spn_json_get(&root, "points");
    enum spn_status status = spn_json_read(root, head_fields, &head, err);
    if (!status)
        status = spn_node_load(&node, head.node, err);
    if (status)
        return status;
    snprintf(to.group, sizeof to.group, "%.31s", head.name);
    for (size_t i = 0; i < spn_json_size(&points) && !status; i++) {
        struct spn_json_at at = spn_json_item(&points, i);
        struct spn_env env = {&node, head.temperature_K, head.clock_Hz};
        status = put_point(&to, &root, &at, env, err);
    }
    return status;
}

struct walk {
    struct spn_validation *v;
    struct spn_err *err;
    enum spn_status status;
};

static void one(void *ctx, const char *name, const char *path)
{
    struct walk *w = ctx;
    struct spn_json *doc = NULL;
    if (w->status)
        return;
    w->status = spn_json_load(&doc, path, w->err);
    if (!w->status)
        w->status = put_block(w->v, doc, w->err);
    if (w->status)
        spn_err_prefix(w->err, "block %s", name);
    spn_json_destroy(doc);
}

enum spn_status spn_validate_parts(struct spn_validation *v, struct spn_err *err)
{
    struct walk walk = {v, err, SPN_OK};
    enum spn_status status = spn_data_list("experiments/silicon-blocks", one, &walk, err);
    return status ? status : walk.status;
}
