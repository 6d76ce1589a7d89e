/* device.h -- a memory cell: states, geometry, read and write, variation. Data:
 * tech/devices/<name>.json.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TECH_DEVICE_H
#define SPN_TECH_DEVICE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"

#ifdef __cplusplus
extern "C" {
#endif

enum spn_cell { /* what stands at a crossing */
                SPN_CELL_1T1R,
                SPN_CELL_FEFET,    /* FeFET (with selector where width says so) */
                SPN_CELL_SRAM,     /* 6T or 8T: digital, one bit, volatile */
                SPN_CELL_CROSSBAR, /* 1R */
                SPN_CELL_PCM,
                SPN_CELL_FLASH,
                SPN_CELL_MRAM,
                SPN_CELL_ECRAM
};

/* The second, "sparsity" transistor in series with the weight cell that holds the mask bit. */
struct spn_device_mask {
    bool present;
    double cell_height_F, cell_width_F; /* geometry of the cell with it, in F of the chip's node */
    double on_conductance_S;            /* series conductance when the cell takes part */
    double off_conductance_S;           /* and when it does not: what a pruned cell leaks */
    double write_voltage_V, write_pulse_s;
    double gate_F;            /* capacitance charged to write one mask bit, besides the line */
    double conductance_sd_ln; /* spread over cells: sd of ln of both its conductances */
    double failure_frac;      /* mask transistors whose off state fails */
};

/* Response of conductance to n identical pulses: G = B(1 - exp(-n/A)) + Gmin, B = (Gmax - Gmin)/(1
 * - exp(-n_max/A)), potentiation and depression each with its nonlinearity label.
 * [chen2018neurosim, eq. 1-3; MODELS.md] */
enum { SPN_DEVICE_MAX_RESPONSE = 33, SPN_DEVICE_MAX_PULSES = 4095 };
struct spn_device_pulse {
    double potentiation_nonlinearity,
        depression_nonlinearity; /* signed NeuroSim labels, 0 = linear */
    int n_levels;                /* pulses from Gmin to Gmax; a file that says nothing: 1 */
    double device_to_device_sd;  /* sd of the label over devices */
    double cycle_to_cycle_sd;    /* sd of each step, fraction of Gmax - Gmin */
    /* Measured responses, in place of the labels where pulses train [M:U3]: place in the window at
     * even numbers of pulses, from 0 to rise_pulses and fall_pulses; none: 0 points. */
    int n_rise, n_fall, rise_pulses, fall_pulses;
    double rise_frac[SPN_DEVICE_MAX_RESPONSE], fall_frac[SPN_DEVICE_MAX_RESPONSE];
};

/* A measured I-V curve of one state, from the first point above 0 V upwards. Only its shape counts.
 */
enum { SPN_DEVICE_MAX_POINTS = 8 };
struct spn_device_iv {
    int n_voltage, n_current;
    double voltage_V[SPN_DEVICE_MAX_POINTS], current_A[SPN_DEVICE_MAX_POINTS];
};

/* What depends on the state that a cell is written to: lists along level_frac, shares of the
 * window, each as long as that or empty, and then in place of the device's one number. */
struct spn_device_states {
    int n_level, n_programming_sd, n_programming_mean, n_drift_nu, n_drift_nu_sd;
    double level_frac[SPN_DEVICE_MAX_POINTS];
    double programming_sd_frac[SPN_DEVICE_MAX_POINTS], programming_mean_frac[SPN_DEVICE_MAX_POINTS];
    double drift_nu[SPN_DEVICE_MAX_POINTS], drift_nu_sd[SPN_DEVICE_MAX_POINTS];
};

struct spn_device {
    char name[64];
    char description[256];
    int cell;                                   /* enum spn_cell */
    double on_conductance_S, off_conductance_S; /* Gmax, Gmin of the programmed range */
    int n_states;                               /* distinguishable programmed levels, >= 2 */
    double cell_height_F, cell_width_F;         /* plain cell, selector included */
    double access_width_F;        /* width of the access/selector transistor, 0 if none */
    double access_resistance_ohm; /* its series resistance when on */
    double read_voltage_V, read_pulse_s;
    double
        gate_voltage_V; /* word-line voltage in read (access gate or FeFET gate); 0 if not driven */
    double write_voltage_V, write_pulse_s; /* SET; RESET taken the same unless given */
    double reset_voltage_V, reset_pulse_s;
    double write_charge_C_per_m2; /* ferroelectric polarisation switched by a full write, 2Pr; 0:
                                     resistive write */
    double gate_area_F2;          /* ferroelectric area of the weight device */
    double write_current_A;       /* resistive write: mean current in a pulse; 0: from voltage and
                                     conductance */
    double programming_sd_frac;   /* programming error: sd as a fraction of Gmax - Gmin */
    double programming_sd_rel;    /* and in proportion to the conductance */
    double device_to_device_sd_frac; /* of what cells come to hold, the same in every write */
    double read_noise_frac;          /* cycle-to-cycle read noise, fraction of Gmax - Gmin */
    double stuck_on_frac, stuck_off_frac;
    double drift_nu, drift_nu_sd, drift_t0_s;           /* G(t) = G (t/t0)^-nu; 0: none */
    double drift_activation_eV;                         /* of time, above 300 K; 0: none */
    double on_temperature_per_K, off_temperature_per_K; /* relative change of Gmax, Gmin */
    struct spn_device_states states;
    double retention_s, endurance_cycles; /* 0: not stated */
    double nonlinearity_per_V;            /* I = G/k sinh(k V); or */
    double quadratic_per_V, cubic_per_V2; /* I = G (V + a V^2 + b V^3); or */
    struct spn_device_iv iv;              /* as measured; nothing given: linear */
    double standby_leakage_A; /* SRAM: per cell at Vdd and 300 K; 0 for non-volatile cells */
    struct spn_device_pulse pulse;
    struct spn_device_mask mask;
};

extern const struct spn_field spn_device_fields[];
extern const char *const spn_cell_names[]; /* NULL-terminated, as in JSON */

enum spn_status spn_device_load(struct spn_device *device, const char *name_or_path,
                                struct spn_err *err);
enum spn_status spn_device_read(struct spn_device *device, const struct spn_json *doc,
                                struct spn_err *err);
enum spn_status spn_device_check(const struct spn_device *device, struct spn_err *err);

#ifdef __cplusplus
}
#endif

#endif
