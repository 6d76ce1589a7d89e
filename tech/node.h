/* node.h -- a CMOS process: supply, currents, capacitances, wires. Data:
 * tech/nodes/<node>nm-<roadmap>.json.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TECH_NODE_H
#define SPN_TECH_NODE_H

#include "base/err.h"
#include "base/json.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SPN_NODE_RULE_MAX_K                                                                        \
    400.0 /* up to which currents tabulated at one temperature follow a rule */
#define SPN_NODE_N_TEMPERATURES 11 /* 300 K to 400 K in steps of 10 K */

enum spn_transistor { SPN_TRANSISTOR_PLANAR, SPN_TRANSISTOR_FINFET, SPN_TRANSISTOR_GAA };

struct spn_node {
    char name[64];
    double feature_size_m; /* the "F" of F2 */
    int transistor;        /* enum spn_transistor */
    double vdd_V, vth_V;
    double gate_length_m;
    double gate_ideal_F_per_m, gate_fringe_F_per_m,
        gate_overlap_F_per_m; /* per metre of gate width */
    double junction_F_per_m2, sidewall_F_per_m, drain_channel_F_per_m;
    double pn_ratio;              /* PMOS to NMOS width for equal drive */
    double resistance_multiplier; /* R_on = multiplier * Vdd / (Ion W) */
    double temperature_K[SPN_NODE_N_TEMPERATURES];
    double nmos_on_A_per_m[SPN_NODE_N_TEMPERATURES], pmos_on_A_per_m[SPN_NODE_N_TEMPERATURES];
    double nmos_off_A_per_m[SPN_NODE_N_TEMPERATURES], pmos_off_A_per_m[SPN_NODE_N_TEMPERATURES];
    int n_temperatures, n_nmos_on, n_pmos_on, n_nmos_off,
        n_pmos_off; /* list lengths as read; checked equal */
    double fin_height_m, fin_width_m,
        fin_pitch_m;      /* 0 for planar; height 0 also where not tabulated */
    double fin_channel_m; /* channel width of one fin (2 height + width) or around one sheet */
    int n_fins, n_sheets; /* fins of a standard-cell transistor, sheets of a stack; 0 for planar */
    double sheet_thickness_m;
    double drain_total_F_per_m; /* gate-all-around and FinFET: total drain capacitance as tabulated;
                                   0: from its parts */
    double wire_width_m, wire_aspect, wire_resistivity_ohm_m, wire_ohm_per_m,
        wire_F_per_m; /* local wires */
    double sram_cell_height_F, sram_cell_width_F;
    /* Not in the file: how much slower gates are than at the tabulated supply, see models/supply.h;
     * 0: the tabulated supply itself. With it, the NMOS off-current over that at 300 K and that
     * supply. */
    double supply_slowdown, supply_off_frac;
    double tabulated_V; /* likewise that supply, which circuits are sized for; 0 = vdd_V */
};

extern const struct spn_field spn_node_fields[];

/* Load and check a node by name ("32nm-lstp") or path. SPN_EINPUT with file and place. */
enum spn_status spn_node_load(struct spn_node *node, const char *name_or_path, struct spn_err *err);
enum spn_status spn_node_read(struct spn_node *node, const struct spn_json *doc,
                              struct spn_err *err);
enum spn_status spn_node_check(const struct spn_node *node, struct spn_err *err);
/* SPN_EINPUT unless the currents are known at that temperature, from the table or, where it has one
 * point only, by the rule of models/supply.h (300 to 400 K). */
enum spn_status spn_node_check_temperature(const struct spn_node *node, double temperature_K,
                                           struct spn_err *err);

#ifdef __cplusplus
}
#endif

#endif
