/* node.c -- reads and checks CMOS processes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Currents are tables over temperature, linear between their points [M:T1]; a table of one point
 * is followed upwards by a rule [M:T8]. "F", the unit of layout, is feature_size_m [M:T2]. Sources
 * are in the data files.
 */
#include "tech/node.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tech/data.h"

#define NODE_NEEDS(m, u, lo, hi, d)                                                                \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_DOUBLE, .required = true,                                     \
        .offset = offsetof(struct spn_node, m), .unit = u, .min = lo, .max = hi, .doc = d          \
    }
#define NODE_NEEDS_LIST(m, n, u, lo, hi, d)                                                        \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_DOUBLES, .required = true,                                    \
        .offset = offsetof(struct spn_node, m), .capacity = SPN_NODE_N_TEMPERATURES,               \
        .count_offset = offsetof(struct spn_node, n), .unit = u, .min = lo, .max = hi, .doc = d    \
    }

/* Range of the wire's own resistance against rho / (width^2 aspect): tabulated to about nine
 * digits. */
#define WIRE_TOLERANCE 1e-6

static const char *const transistor_names[] = {"planar", "finfet", "gaa", NULL};

const struct spn_field spn_node_fields[] = {
    SPN_F_STRING(struct spn_node, name, "name, as in the file name"),
    NODE_NEEDS(feature_size_m, "m", 1e-10, 1e-6, "the F of layout"),
    SPN_F_ENUM(struct spn_node, transistor, transistor_names, "kind of transistor"),
    NODE_NEEDS(vdd_V, "V", 0.1, 5, "supply"),
    NODE_NEEDS(vth_V, "V", 0.01, 2, "threshold of both polarities"),
    NODE_NEEDS(gate_length_m, "m", 1e-10, 1e-6, "physical gate length"),
    NODE_NEEDS(gate_ideal_F_per_m, "F/m", 0, 1e-7, "ideal gate capacitance per gate width"),
    NODE_NEEDS(gate_fringe_F_per_m, "F/m", 0, 1e-7, "fringe capacitance per gate width"),
    NODE_NEEDS(gate_overlap_F_per_m, "F/m", 0, 1e-7, "overlap capacitance per gate width"),
    NODE_NEEDS(junction_F_per_m2, "F/m2", 0, 1, "drain bottom capacitance"),
    NODE_NEEDS(sidewall_F_per_m, "F/m", 0, 1e-7, "drain sidewall capacitance per perimeter"),
    NODE_NEEDS(drain_channel_F_per_m, "F/m", 0, 1e-7,
               "drain to channel capacitance per gate width"),
    NODE_NEEDS(pn_ratio, "", 0.1, 10, "PMOS to NMOS width for equal drive"),
    NODE_NEEDS(resistance_multiplier, "", 0.1, 10,
               "R_on = multiplier Vdd / (Ion W) of a switching transistor"),
    NODE_NEEDS_LIST(temperature_K, n_temperatures, "K", 200, 500,
                    "temperatures of the currents, rising"),
    NODE_NEEDS_LIST(nmos_on_A_per_m, n_nmos_on, "A/m", 1, 1e5, "NMOS on-current per gate width"),
    NODE_NEEDS_LIST(pmos_on_A_per_m, n_pmos_on, "A/m", 1, 1e5, "PMOS on-current per gate width"),
    NODE_NEEDS_LIST(nmos_off_A_per_m, n_nmos_off, "A/m", 1e-12, 1e3,
                    "NMOS off-current per gate width"),
    NODE_NEEDS_LIST(pmos_off_A_per_m, n_pmos_off, "A/m", 1e-12, 1e3,
                    "PMOS off-current per gate width"),
    SPN_F_DOUBLE(struct spn_node, fin_height_m, "m", 0, 1e-6,
                 "fin height; 0 if planar or not tabulated"),
    SPN_F_DOUBLE(struct spn_node, fin_width_m, "m", 0, 1e-6, "fin or sheet width; 0 if planar"),
    SPN_F_DOUBLE(struct spn_node, fin_pitch_m, "m", 0, 1e-6, "fin or sheet pitch; 0 if planar"),
    SPN_F_DOUBLE(struct spn_node, fin_channel_m, "m", 0, 1e-6,
                 "channel width of one fin, or around one sheet"),
    SPN_F_INT(struct spn_node, n_fins, "", 0, 64,
              "fins of a standard-cell transistor; 0 if planar"),
    SPN_F_INT(struct spn_node, n_sheets, "", 0, 64,
              "stacked sheets of a gate-all-around transistor"),
    SPN_F_DOUBLE(struct spn_node, sheet_thickness_m, "m", 0, 1e-6, "thickness of a sheet"),
    SPN_F_DOUBLE(struct spn_node, drain_total_F_per_m, "F/m", 0, 1e-7,
                 "all drain capacitance; 0: from its parts"),
    NODE_NEEDS(wire_width_m, "m", 1e-9, 1e-5, "width of local wires"),
    NODE_NEEDS(wire_aspect, "", 0.1, 10, "thickness over width of local wires"),
    NODE_NEEDS(wire_resistivity_ohm_m, "ohm m", 1e-9, 1e-5, "resistivity at that width"),
    NODE_NEEDS(wire_ohm_per_m, "ohm/m", 1, 1e12, "resistance of local wires"),
    NODE_NEEDS(wire_F_per_m, "F/m", 1e-12, 1e-8, "capacitance of wires"),
    NODE_NEEDS(sram_cell_height_F, "F", 1, 1000, "height of a 6T SRAM cell"),
    NODE_NEEDS(sram_cell_width_F, "F", 1, 1000, "width of a 6T SRAM cell"),
    SPN_F_END};

static enum spn_status check_lists(const struct spn_node *node, struct spn_err *err)
{
    int n = node->n_temperatures;
    const struct {
        const char *key;
        int n;
    } lists[] = {{"nmos_on_A_per_m", node->n_nmos_on},
                 {"pmos_on_A_per_m", node->n_pmos_on},
                 {"nmos_off_A_per_m", node->n_nmos_off},
                 {"pmos_off_A_per_m", node->n_pmos_off}};
    if (n < 1 || n > SPN_NODE_N_TEMPERATURES) {
        return spn_err_set(err, SPN_EINPUT,
                           "node '%s': temperature_K has %d entries, outside [1, %d]", node->name,
                           n, SPN_NODE_N_TEMPERATURES);
    }
    for (int i = 1; i < n; i++) {
        if (!(node->temperature_K[i] > node->temperature_K[i - 1])) {
            return spn_err_set(err, SPN_EINPUT,
                               "node '%s': temperature_K[%d] = %g K is not above %g K before it",
                               node->name, i, node->temperature_K[i], node->temperature_K[i - 1]);
        }
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (lists[i].n != n) {
            return spn_err_set(err, SPN_EINPUT,
                               "node '%s': %s has %d entries, temperature_K has %d", node->name,
                               lists[i].key, lists[i].n, n);
        }
    }
    return SPN_OK;
}

enum spn_status spn_node_check(const struct spn_node *node, struct spn_err *err)
{
    if (!spn_data_is_name(node->name))
        return spn_err_set(err, SPN_EINPUT,
                           "node name '%.64s' is not made of a-z, 0-9, '.' and '-'", node->name);
    enum spn_status s = check_lists(node, err);
    if (s)
        return s;
    if (!(node->vth_V < node->vdd_V)) {
        return spn_err_set(err, SPN_EINPUT, "node '%s': vth_V = %g V is not below vdd_V = %g V",
                           node->name, node->vth_V, node->vdd_V);
    }
    for (int i = 0; i < node->n_temperatures; i++) {
        if (!(node->nmos_off_A_per_m[i] < node->nmos_on_A_per_m[i]) ||
            !(node->pmos_off_A_per_m[i] < node->pmos_on_A_per_m[i])) {
            return spn_err_set(err, SPN_EINPUT,
                               "node '%s': off-current is not below on-current at %g K", node->name,
                               node->temperature_K[i]);
        }
    }
    if (!(node->gate_ideal_F_per_m + node->gate_fringe_F_per_m + node->gate_overlap_F_per_m > 0))
        return spn_err_set(err, SPN_EINPUT, "node '%s': gate capacitances sum to 0", node->name);
    /* [M:T3] */
    double ohm_per_m = node->wire_resistivity_ohm_m /
                       (node->wire_width_m * node->wire_width_m * node->wire_aspect);
    if (!(fabs(node->wire_ohm_per_m / ohm_per_m - 1) < WIRE_TOLERANCE)) {
        return spn_err_set(
            err, SPN_EINPUT,
            "node '%s': wire_ohm_per_m = %g, but resistivity / (width^2 aspect) = %g", node->name,
            node->wire_ohm_per_m, ohm_per_m);
    }
    if (node->transistor != SPN_TRANSISTOR_PLANAR &&
        !(node->fin_channel_m > 0 && node->fin_pitch_m > 0)) {
        return spn_err_set(err, SPN_EINPUT,
                           "node '%s': a %s transistor needs fin_channel_m and fin_pitch_m",
                           node->name, transistor_names[node->transistor]);
    }
    return SPN_OK;
}

enum spn_status spn_node_check_temperature(const struct spn_node *node, double temperature_K,
                                           struct spn_err *err)
{
    double low = node->temperature_K[0], high = node->temperature_K[node->n_temperatures - 1];
    if (temperature_K >= low && temperature_K <= high)
        return SPN_OK;
    if (node->n_temperatures == 1) {
        if (temperature_K >= low && temperature_K <= SPN_NODE_RULE_MAX_K)
            return SPN_OK;
        return spn_err_set(err, SPN_EINPUT,
                           "temperature_K = %g outside [%g, %g]: node '%s' is tabulated at %g K "
                           "only, and followed up to there",
                           temperature_K, low, SPN_NODE_RULE_MAX_K, node->name, low);
    }
    return spn_err_set(err, SPN_EINPUT,
                       "temperature_K = %g outside [%g, %g], the table of node '%s'", temperature_K,
                       low, high, node->name);
}

enum spn_status spn_node_read(struct spn_node *node, const struct spn_json *doc,
                              struct spn_err *err)
{
    struct spn_node work = {0};
    enum spn_status s = spn_json_read(spn_json_root(doc), spn_node_fields, &work, err);
    if (s)
        return s;
    s = spn_node_check(&work, err);
    if (s)
        spn_err_prefix(err, "%s: ", spn_json_name(doc));
    else
        *node = work;
    return s;
}

enum spn_status spn_node_load(struct spn_node *node, const char *name_or_path, struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    struct spn_json *doc = NULL;
    enum spn_status s = spn_data_find(path, sizeof path, "tech/nodes", "node", name_or_path, err);
    if (!s)
        s = spn_json_load(&doc, path, err);
    if (!s)
        s = spn_node_read(node, doc, err);
    spn_json_destroy(doc);
    return s;
}
