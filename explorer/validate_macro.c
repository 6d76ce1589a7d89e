/* validate_macro.c -- reads a published macro and estimates it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The estimate is that of one linear layer on the macro's chip file; what counts are the leaves of
 * the arrays, their converters and sums, since published macros hold neither the system's buffers
 * nor its interconnect.
 */
#include "explorer/validate_macro.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "estimator/estimate.h"
#include "models/cim_adder.h"
#include "tech/data.h"

const char *const spn_macro_quantity_names[] = {"energy per op", "throughput", "area"};
const char *const spn_macro_quantity_units[] = {"J", "op/s", "m2"};

#define P struct spn_macro_point
static const struct spn_field point_fields[] = {
    SPN_F_STRING(P, name, "of the point"),
    SPN_F_INT(P, rows, "", 0, 65536, "that are driven; 0 = all"),
    SPN_F_INT(P, columns, "", 0, 65536, "of cells that compute; 0 = the macro's"),
    SPN_F_BOOL(P, timed, "with the published timing"),
    SPN_F_BOOL(P, blind, "not in the calibrated run"),
    SPN_F_BOOL(P, fit, "chooses the factors of the calibrated run"),
    SPN_F_DOUBLE(P, energy_J_per_op, "J", 0, 1, "measured; 2 operations per multiply-accumulate"),
    SPN_F_DOUBLE(P, ops_per_s, "1/s", 0, 1e18, "measured"),
    SPN_F_DOUBLE(P, area_m2, "m2", 0, 1, "measured"),
    SPN_F_ANY("set", "overrides of the chip at this point"),
    SPN_F_END};
#undef P
#define M struct spn_macro
static const struct spn_field macro_fields[] = {
    SPN_F_STRING(M, name, "of the macro"),
    SPN_F_STRING(M, title, "of the publication"),
    SPN_F_STRING(M, chip, "file below tech/chips/silicon"),
    SPN_F_STRING(M, boundary, "what the published numbers include and leave out"),
    SPN_F_STRING(M, chosen, "what was chosen after a first comparison with the numbers below"),
    SPN_F_BOOL(M, one_bit_ops, "operations are counted input bits x cell bits times"),
    SPN_F_BOOL(M, leakage, "the measured power holds leakage"),
    SPN_F_BOOL(M, code_out, "converters' codes leave it, sums over reads are taken elsewhere"),
    SPN_F_INT(M, banks, "", 1, 65536, "in the measured area, of which one computes at a time"),
    SPN_F_INT(M, rows, "", 1, 65536, "rows of cells"),
    SPN_F_INT(M, columns, "", 1, 65536, "columns of cells"),
    SPN_F_INT(M, copies, "", 1, 65536, "macros side by side in throughput and area"),
    SPN_F_DOUBLE(M, extra_area_m2, "m2", 0, 1, "published area of what the models leave out"),
    SPN_F_ANY("points", "measurements"),
    SPN_F_ANY("factors", "chip.* fit factors of the calibrated run, three at most"),
    SPN_F_END};
#undef M

static enum spn_status read_set(struct spn_macro_point *point, const struct spn_json_at *set,
                                struct spn_err *err)
{
    size_t n = spn_json_size(set);
    if (n > SPN_MACRO_MAX_SET)
        return spn_json_fail(set, err, "%zu overrides, at most %d", n, SPN_MACRO_MAX_SET);
    for (size_t i = 0; i < n; i++) {
        struct spn_json_at item = spn_json_item(set, i);
        const char *text = spn_json_string(&item);
        if (!text)
            return spn_json_fail(&item, err, "must be a string, as after --set");
        if (!spn_text_copy(point->set_path[i], sizeof point->set_path[i], spn_json_key(&item)) ||
            !spn_text_copy(point->set_value[i], sizeof point->set_value[i], text))
            return spn_json_fail(&item, err, "too long");
    }
    point->n_set = (int)n;
    return SPN_OK;
}

static enum spn_status read_lists(struct spn_macro *macro, const struct spn_json_at *root,
                                  struct spn_err *err)
{
    struct spn_json_at points = spn_json_get(root, "points");
    struct spn_json_at factors = spn_json_get(root, "factors");
    size_t n = spn_json_size(&points), n_factors = spn_json_size(&factors);
    if (n < 1 || n > SPN_MACRO_MAX_POINTS)
        return spn_json_fail(root, err, "%zu points, must be 1 to %d", n, SPN_MACRO_MAX_POINTS);
    if (n_factors > SPN_MACRO_MAX_FACTORS)
        return spn_json_fail(&factors, err, "%zu factors, at most %d", n_factors,
                             SPN_MACRO_MAX_FACTORS);
    for (size_t i = 0; i < n; i++) {
        struct spn_json_at item = spn_json_item(&points, i), set = spn_json_get(&item, "set");
        enum spn_status status = spn_json_read(item, point_fields, &macro->point[i], err);
        if (!status)
            status = read_set(&macro->point[i], &set, err);
        if (status)
            return status;
    }
    for (size_t i = 0; i < n_factors; i++) {
        struct spn_json_at item = spn_json_item(&factors, i);
        const char *path = spn_json_string(&item);
        if (!path || !spn_text_copy(macro->factor[i], sizeof macro->factor[i], path))
            return spn_json_fail(&item, err, "must be the path of a fit factor");
    }
    macro->n_points = (int)n;
    macro->n_factors = (int)n_factors;
    return SPN_OK;
}

enum spn_status spn_macro_read(struct spn_macro *macro, const struct spn_json *doc,
                               struct spn_err *err)
{
    struct spn_macro read = {.copies = 1, .banks = 1, .rows = 1, .columns = 1};
    struct spn_json_at root = spn_json_root(doc);
    enum spn_status status = spn_json_read(root, macro_fields, &read, err);
    if (!status)
        status = read_lists(&read, &root, err);
    if (!status)
        *macro = read;
    return status;
}

enum spn_status spn_macro_load(struct spn_macro *macro, const char *path, struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_load(&doc, path, err);
    if (!status)
        status = spn_macro_read(macro, doc, err);
    spn_json_destroy(doc);
    return status;
}

double spn_macro_measured(const struct spn_macro_point *point, enum spn_macro_quantity q)
{
    return q == SPN_MACRO_ENERGY ? point->energy_J_per_op
           : q == SPN_MACRO_RATE ? point->ops_per_s
                                 : point->area_m2;
}

/* The chip file with the point's overrides and the factors. */
static enum spn_status load_chip(const struct spn_macro *macro, const struct spn_macro_point *point,
                                 const double factor[], struct spn_chip *chip, struct spn_err *err)
{
    char relative[320], path[SPN_MAX_PATH], value[SPN_MACRO_MAX_FACTORS][32];
    struct spn_override set[SPN_MACRO_MAX_SET + SPN_MACRO_MAX_FACTORS];
    size_t n = 0;
    for (; n < (size_t)point->n_set; n++)
        set[n] = (struct spn_override){point->set_path[n], point->set_value[n]};
    for (int i = 0; i < macro->n_factors; i++) {
        snprintf(value[i], sizeof value[i], "%.17g", factor[i]);
        set[n++] = (struct spn_override){macro->factor[i], value[i]};
    }
    snprintf(relative, sizeof relative, "tech/chips/silicon/%s", macro->chip);
    enum spn_status status = spn_data_file(path, sizeof path, relative, err);
    return status ? status : spn_chip_load(chip, path, set, n, err);
}

/* Arrays, converters and sums; and the area of the write path, which no macro is without. The
 * adders of a digital array are its converters. */
static bool counts(const struct spn_macro *macro, const struct spn_leaf *leaf)
{
    return leaf->category == SPN_CATEGORY_ARRAY || leaf->category == SPN_CATEGORY_ADC ||
           leaf->category == SPN_CATEGORY_WRITE ||
           (leaf->category == SPN_CATEGORY_ACCUMULATE &&
            (!macro->code_out || strcmp(leaf->component, spn_component_cim_adder.name) == 0));
}

static void sum_up(const struct spn_macro *macro, const struct spn_chip *chip,
                   const struct spn_result *result, double n_weights,
                   double out[SPN_MACRO_N_QUANTITIES])
{
    struct spn_cost sum = {0};
    for (int i = 0; i < result->n_leaves; i++) {
        const struct spn_leaf *leaf = &result->leaf[i];
        if (leaf->phase != SPN_PHASE_FORWARD || !counts(macro, leaf))
            continue;
        sum = spn_cost_serial(sum, leaf->cost);
    }
    double ops = 2 * n_weights;
    if (macro->one_bit_ops)
        ops *= (double)chip->input.bits * spn_chip_cells_per_weight(chip) * chip->weight.cell_bits;
    double leakage_J = macro->leakage ? sum.leakage_W * sum.latency_s : 0;
    out[SPN_MACRO_ENERGY] = (sum.energy_J + leakage_J) / ops;
    out[SPN_MACRO_RATE] = macro->copies * ops / sum.latency_s;
    out[SPN_MACRO_AREA] = macro->banks * macro->copies * sum.area_m2 + macro->extra_area_m2;
}

/* A network of one linear layer as large as the macro. */
static enum spn_status make_network(const struct spn_macro *macro,
                                    const struct spn_macro_point *point,
                                    const struct spn_chip *chip, struct spn_network **net,
                                    struct spn_err *err)
{
    char text[256];
    int rows = point->rows > 0 ? point->rows : macro->rows;
    int columns = point->columns > 0 ? point->columns : macro->columns;
    int weights = columns / spn_chip_cells_per_weight(chip);
    int n = snprintf(text, sizeof text,
                     "{\"name\":\"macro\",\"input\":{\"shape\":[%d]},\"layers\":[{\"name\":"
                     "\"product\",\"op\":\"linear\",\"features\":%d,\"bias\":false}]}",
                     rows, weights > 0 ? weights : 1);
    return spn_network_parse(net, text, (size_t)n, macro->name, err);
}

enum spn_status spn_macro_estimate(const struct spn_macro *macro,
                                   const struct spn_macro_point *point,
                                   const double factor[SPN_MACRO_MAX_FACTORS],
                                   double out[SPN_MACRO_N_QUANTITIES], struct spn_err *err)
{
    struct spn_chip chip;
    struct spn_network *net = NULL;
    struct spn_profile profile = {0};
    struct spn_plan *plan = NULL;
    struct spn_workspace *work = NULL;
    struct spn_result result;
    const struct spn_estimate_options dense = {.scheme = SPN_SCHEME_DENSE};
    enum spn_status status = load_chip(macro, point, factor, &chip, err);
    if (!status)
        status = make_network(macro, point, &chip, &net, err);
    if (!status)
        status = spn_profile_default(&profile, net, err);
    if (!status)
        status = spn_plan_create(&plan, net, &profile, err);
    if (!status)
        status = spn_workspace_create(&work, plan, err);
    if (!status)
        status = spn_estimate(plan, &chip, &dense, work, &result, err);
    if (!status)
        sum_up(macro, &chip, &result, (double)spn_network_totals(net).n_weights, out);
    spn_workspace_destroy(work);
    spn_plan_destroy(plan);
    spn_profile_clear(&profile);
    spn_network_destroy(net);
    if (status)
        spn_err_prefix(err, "macro %s: ", macro->name);
    return status;
}
