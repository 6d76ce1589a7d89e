/* check_registry.c -- what holds for every kind of component, at every shipped node.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "base/json.h"
#include "models/component.h"
#include "tech/data.h"
#include "tech/node.h"
#include "tests/check.h"

#define MAX_PARAMS 4096

static double params_storage[MAX_PARAMS / sizeof(double)]; /* aligned for any parameter struct */

static int n_actions(const struct spn_component_type *type)
{
    int n = 0;
    while (type->actions[n])
        n++;
    return n;
}

static void evaluate(const struct spn_component_type *type, const struct spn_env *env,
                     struct spn_component_cost *out)
{
    struct spn_err err = {0};
    const enum spn_status status = type->eval(params_storage, env, out, &err);
    ck_assert_msg(status == SPN_OK, "%s at %s: %s", type->name, env->node->name, err.msg);
    const struct spn_cost self = {.area_m2 = out->area_m2, .leakage_W = out->leakage_W};
    ck_assert_ok(spn_cost_check(&self, type->name, &err));
    for (int i = 0; i < n_actions(type); i++) {
        ck_assert_ok(spn_cost_check(&out->action[i], type->name, &err));
        ck_assert_msg(out->action[i].area_m2 == 0 && out->action[i].leakage_W == 0,
                      "%s.%s: an action has no area of its own", type->name, type->actions[i]);
    }
}

static void set_example(const struct spn_component_type *type)
{
    memset(params_storage, 0, sizeof params_storage);
    type->example(params_storage);
}

START_TEST(rows)
{
    for (const struct spn_component_type *const *t = spn_components; *t; t++) {
        const struct spn_component_type *type = *t;
        ck_assert(type->name && type->role && type->doc && type->fields && type->actions);
        ck_assert(type->model && type->example && type->eval);
        ck_assert_msg(type->size > 0 && type->size <= MAX_PARAMS, "%s", type->name);
        ck_assert(n_actions(type) >= 1 && n_actions(type) <= SPN_MAX_ACTIONS);
        ck_assert_msg(spn_component_find(type->name) == type, "%s is listed twice", type->name);
        for (const struct spn_field *f = type->fields; f->key; f++)
            ck_assert_msg(f->doc && f->unit && f->offset < type->size, "%s.%s", type->name, f->key);
    }
    ck_assert(spn_component_find("no-such-kind") == NULL);
    ck_assert(spn_component_find("adc-sar") && spn_component_find("adc-flash"));
}
END_TEST

static void at_node(void *ctx, const char *name, const char *path)
{
    (void)name;
    struct spn_err err = {0};
    struct spn_node node;
    int *n_nodes = ctx;
    ck_assert_ok(spn_node_load(&node, path, &err));
    const struct spn_env env = {&node, 300, 1e9};
    for (const struct spn_component_type *const *t = spn_components; *t; t++) {
        struct spn_component_cost cost, again;
        set_example(*t);
        evaluate(*t, &env, &cost);
        evaluate(*t, &env, &again);
        for (int i = 0; i < n_actions(*t); i++) /* a pure function */
            ck_assert(memcmp(&cost.action[i], &again.action[i], sizeof cost.action[i]) == 0);
    }
    ++*n_nodes;
}

START_TEST(every_kind_at_every_node)
{
    struct spn_err err = {0};
    int n_nodes = 0;
    ck_assert_ok(spn_data_list("tech/nodes", at_node, &n_nodes, &err));
    ck_assert_int_ge(n_nodes, 12);
}
END_TEST

/* Every number out of its range is refused, by name, with the cost untouched. */
START_TEST(ranges_are_enforced)
{
    struct spn_err err = {0};
    struct spn_node node;
    ck_assert_ok(spn_node_load(&node, "32nm-lstp", &err));
    const struct spn_env env = {&node, 300, 1e9};
    for (const struct spn_component_type *const *t = spn_components; *t; t++)
        for (const struct spn_field *f = (*t)->fields; f->key; f++) {
            char *at = (char *)params_storage + f->offset;
            struct spn_component_cost cost, before;
            memset(&cost, 0x5a, sizeof cost);
            before = cost;
            for (int high = 0; high <= 1; high++) {
                set_example(*t);
                if (f->type == SPN_FIELD_DOUBLE) {
                    const double bad = high ? NAN : f->min - fmax(1, fabs(f->min));
                    memcpy(at, &bad, sizeof bad);
                } else if (f->type == SPN_FIELD_INT) {
                    const int bad = high ? (int)f->max + 1 : (int)f->min - 1;
                    memcpy(at, &bad, sizeof bad);
                } else {
                    continue;
                }
                ck_assert_fails((*t)->eval(params_storage, &env, &cost, &err), SPN_EINPUT, f->key);
                ck_assert(memcmp(&cost, &before, sizeof cost) == 0);
            }
        }
}
END_TEST

/* What a component says of its toggling is what falls away when no bit changes, and half of it when
 * half as many do. */
START_TEST(toggling_is_told_apart)
{
    struct spn_err err = {0};
    struct spn_node node;
    int n = 0;
    ck_assert_ok(spn_node_load(&node, "14nm-lstp", &err));
    const struct spn_env env = {&node, 300, 1e9};
    for (const struct spn_component_type *const *t = spn_components; *t; t++)
        for (const struct spn_field *f = (*t)->fields; f->key; f++) {
            bool toggle = strcmp(f->key, "toggle_frac") == 0, one = strcmp(f->key, "one_frac") == 0;
            char *at = (char *)params_storage + f->offset;
            struct spn_component_cost all, half, none;
            const double half_frac = one ? (1 + sqrt(0.5)) / 2 : 0.25, no_frac = one ? 1 : 0;
            set_example(*t);
            evaluate(*t, &env, &all);
            if ((!toggle && !one) || (all.toggled_J[0] == 0 && all.toggled_J[1] == 0))
                continue;
            memcpy(at, &half_frac, sizeof half_frac); /* 2 p (1 - p) = 1/4 */
            evaluate(*t, &env, &half);
            memcpy(at, &no_frac, sizeof no_frac);
            evaluate(*t, &env, &none);
            for (int i = 0; i < 2 && (*t)->actions[i]; i++) {
                const double full_J = all.action[i].energy_J;
                ck_assert_rel(full_J - none.action[i].energy_J, all.toggled_J[i], 1e-9);
                ck_assert_rel(full_J - half.action[i].energy_J, all.toggled_J[i] / 2, 1e-9);
            }
            n++;
        }
    ck_assert_int_ge(n, 5); /* switches, registers, register files, routers, links */
}
END_TEST

/* Doubling these never makes anything cheaper. */
START_TEST(more_costs_more)
{
    static const struct {
        const char *kind, *field;
    } cases[] = {{"array", "rows"},
                 {"array", "columns"},
                 {"driver-wordline", "n_lines"},
                 {"switch-matrix", "n_lines"},
                 {"level-shifter", "n_lines"},
                 {"decoder", "n_lines"},
                 {"mux", "columns"},
                 {"adc-sar", "bits"},
                 {"adc-sar-cdac", "bits"},
                 {"adc-flash", "bits"},
                 {"adc-flash-voltage", "bits"},
                 {"adc-ramp", "bits"},
                 {"adc-cco", "bits"},
                 {"adc-tdc", "bits"},
                 {"adc-bound", "bits"},
                 {"array-charge", "rows"},
                 {"array-charge", "columns"},
                 {"array-c2c", "bit_cells"},
                 {"array-digital", "columns"},
                 {"cim-adder", "n_inputs"},
                 {"cim-adder", "weight_bits"},
                 {"sample-hold", "bits"},
                 {"dac-r2r", "bits"}};
    struct spn_err err = {0};
    struct spn_node node;
    ck_assert_ok(spn_node_load(&node, "32nm-lstp", &err));
    const struct spn_env env = {&node, 300, 1e9};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct spn_component_type *type = spn_component_find(cases[i].kind);
        ck_assert_msg(type != NULL, "%s", cases[i].kind);
        struct spn_field_ref ref;
        ck_assert_ok(spn_field_find(type->fields, cases[i].field, &ref, &err));
        struct spn_component_cost less, more;
        set_example(type);
        evaluate(type, &env, &less);
        int n;
        memcpy(&n, (char *)params_storage + ref.offset, sizeof n);
        n = strcmp(cases[i].field, "bits") == 0 ? n + 1 : 2 * n;
        memcpy((char *)params_storage + ref.offset, &n, sizeof n);
        evaluate(type, &env, &more);
        ck_assert_msg(more.area_m2 > less.area_m2, "%s: area", type->name);
        ck_assert(more.leakage_W >= less.leakage_W);
        for (int a = 0; a < n_actions(type); a++) {
            ck_assert_msg(more.action[a].energy_J >= less.action[a].energy_J, "%s.%s: energy",
                          type->name, type->actions[a]);
            ck_assert_msg(more.action[a].latency_s >= less.action[a].latency_s, "%s.%s: latency",
                          type->name, type->actions[a]);
        }
    }
}
END_TEST

START_TEST(costs_combine)
{
    const struct spn_cost a = {1, 2, 3, 4}, b = {10, 1, 30, 40};
    struct spn_err err = {0};
    struct spn_cost c = spn_cost_serial(a, b);
    ck_assert(c.energy_J == 11 && c.latency_s == 3 && c.area_m2 == 33 && c.leakage_W == 44);
    c = spn_cost_parallel(a, b);
    ck_assert(c.energy_J == 11 && c.latency_s == 2 && c.area_m2 == 33 && c.leakage_W == 44);
    c = spn_cost_repeat(a, 2.5);
    ck_assert(c.energy_J == 2.5 && c.latency_s == 5 && c.area_m2 == 3 && c.leakage_W == 4);
    c = spn_cost_scale(a, 2.5);
    ck_assert(c.energy_J == 2.5 && c.latency_s == 2 && c.area_m2 == 7.5 && c.leakage_W == 10);
    ck_assert_ok(spn_cost_check(&c, "x", &err));
    c.leakage_W = -1;
    ck_assert_fails(spn_cost_check(&c, "htree", &err), SPN_EINTERNAL, "htree: leakage_W = -1");
    c.leakage_W = NAN;
    ck_assert_fails(spn_cost_check(&c, "htree", &err), SPN_EINTERNAL, "leakage_W");
    c.leakage_W = 0;
    c.latency_s = INFINITY;
    ck_assert_fails(spn_cost_check(&c, "htree", &err), SPN_EINTERNAL, "latency_s = inf");
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("registry");
    TCase *tcase = tcase_create("registry");
    tcase_add_test(tcase, rows);
    tcase_add_test(tcase, every_kind_at_every_node);
    tcase_add_test(tcase, ranges_are_enforced);
    tcase_add_test(tcase, toggling_is_told_apart);
    tcase_add_test(tcase, more_costs_more);
    tcase_add_test(tcase, costs_combine);
    suite_add_tcase(suite, tcase);
    return suite;
}
