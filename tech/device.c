/* device.c -- reads and checks memory cells.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A device file states what was measured; what a field means for cost and accuracy is said in
 * models/. Sources are in the data files.
 */
#include "tech/device.h"

#include <stdio.h>

#include "tech/data.h"

#define DEVICE_NEEDS(m, u, lo, hi, d)                                                              \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_DOUBLE, .required = true,                                     \
        .offset = offsetof(struct spn_device, m), .unit = u, .min = lo, .max = hi, .doc = d        \
    }

const char *const spn_cell_names[] = {"1t1r",  "fefet", "sram",  "crossbar", "pcm",
                                      "flash", "mram",  "ecram", NULL};

static const struct spn_field mask_fields[] = {
    SPN_F_BOOL(struct spn_device_mask, present,
               "the cell has a second transistor that holds the mask bit"),
    SPN_F_DOUBLE(struct spn_device_mask, cell_height_F, "F", 0, 1000, "height of the cell with it"),
    SPN_F_DOUBLE(struct spn_device_mask, cell_width_F, "F", 0, 1000, "width of the cell with it"),
    SPN_F_DOUBLE(struct spn_device_mask, on_conductance_S, "S", 0, 1,
                 "in series when the cell takes part"),
    SPN_F_DOUBLE(struct spn_device_mask, off_conductance_S, "S", 0, 1,
                 "in series when it does not"),
    SPN_F_DOUBLE(struct spn_device_mask, write_voltage_V, "V", 0, 20, "to write one mask bit"),
    SPN_F_DOUBLE(struct spn_device_mask, write_pulse_s, "s", 0, 1, "to write one mask bit"),
    SPN_F_DOUBLE(struct spn_device_mask, gate_F, "F", 0, 1e-12,
                 "charged per mask bit besides the line"),
    SPN_F_DOUBLE(struct spn_device_mask, conductance_sd_ln, "", 0, 5,
                 "spread over cells: sd of ln of both its conductances"),
    SPN_F_DOUBLE(struct spn_device_mask, failure_frac, "", 0, 1,
                 "mask transistors whose off state fails"),
    SPN_F_END};

static const struct spn_field pulse_fields[] = {
    SPN_F_DOUBLE(struct spn_device_pulse, potentiation_nonlinearity, "", -9, 9,
                 "label of potentiation, 0 = linear"),
    SPN_F_DOUBLE(struct spn_device_pulse, depression_nonlinearity, "", -9, 9,
                 "label of depression, 0 = linear; negative: steep first"),
    SPN_F_INT(struct spn_device_pulse, n_levels, "", 1, 1000000, "pulses from Gmin to Gmax"),
    SPN_F_DOUBLE(struct spn_device_pulse, device_to_device_sd, "", 0, 9,
                 "sd of the label over devices"),
    SPN_F_DOUBLE(struct spn_device_pulse, cycle_to_cycle_sd, "", 0, 1,
                 "sd of a step, fraction of Gmax - Gmin"),
    SPN_F_DOUBLES(struct spn_device_pulse, rise_frac, n_rise, "", 0, 1,
                  "measured rise at even numbers of pulses, of the window, from 0 to 1"),
    SPN_F_DOUBLES(struct spn_device_pulse, fall_frac, n_fall, "", 0, 1,
                  "measured fall likewise, from 1 to 0"),
    SPN_F_INT(struct spn_device_pulse, rise_pulses, "", 0, SPN_DEVICE_MAX_PULSES,
              "pulses of the whole measured rise"),
    SPN_F_INT(struct spn_device_pulse, fall_pulses, "", 0, SPN_DEVICE_MAX_PULSES,
              "and of the fall"),
    SPN_F_END};

static const struct spn_field states_fields[] = {
    SPN_F_DOUBLES(struct spn_device_states, level_frac, n_level, "", 0, 1,
                  "shares of the window, ascending"),
    SPN_F_DOUBLES(struct spn_device_states, programming_sd_frac, n_programming_sd, "", 0, 1,
                  "sd of programming at each, instead of the device's"),
    SPN_F_DOUBLES(struct spn_device_states, programming_mean_frac, n_programming_mean, "", -1, 1,
                  "mean error of programming at each"),
    SPN_F_DOUBLES(struct spn_device_states, drift_nu, n_drift_nu, "", -1, 1,
                  "drift exponent at each, instead of the device's"),
    SPN_F_DOUBLES(struct spn_device_states, drift_nu_sd, n_drift_nu_sd, "", 0, 1,
                  "its sd over cells at each"),
    SPN_F_END};

static const struct spn_field iv_fields[] = {
    SPN_F_DOUBLES(struct spn_device_iv, voltage_V, n_voltage, "V", 1e-6, 20,
                  "points of the curve, ascending from above 0"),
    SPN_F_DOUBLES(struct spn_device_iv, current_A, n_current, "A", 1e-18, 1, "current at each"),
    SPN_F_END};

const struct spn_field spn_device_fields[] = {
    SPN_F_STRING(struct spn_device, name, "name, as in the file name"),
    SPN_F_STRING(struct spn_device, description, "one line"),
    {.key = "cell",
     .type = SPN_FIELD_ENUM,
     .required = true,
     .offset = offsetof(struct spn_device, cell),
     .unit = "",
     .names = spn_cell_names,
     .doc = "what stands at a crossing"},
    DEVICE_NEEDS(on_conductance_S, "S", 1e-12, 1, "Gmax of the programmed range"),
    DEVICE_NEEDS(off_conductance_S, "S", 0, 1, "Gmin of the programmed range"),
    SPN_F_INT(struct spn_device, n_states, "", 2, 65536, "distinguishable programmed levels"),
    DEVICE_NEEDS(cell_height_F, "F", 0.1, 1000, "height of the plain cell, selector included"),
    DEVICE_NEEDS(cell_width_F, "F", 0.1, 1000, "width of the plain cell, selector included"),
    SPN_F_DOUBLE(struct spn_device, access_width_F, "F", 0, 1000,
                 "width of the access transistor, 0 if none"),
    SPN_F_DOUBLE(struct spn_device, access_resistance_ohm, "ohm", 0, 1e9,
                 "of the access transistor when on"),
    DEVICE_NEEDS(read_voltage_V, "V", 1e-3, 5, "across the cell in a read"),
    DEVICE_NEEDS(read_pulse_s, "s", 1e-12, 1, "how long a read drives the cell"),
    SPN_F_DOUBLE(struct spn_device, gate_voltage_V, "V", 0, 20,
                 "word line in a read; 0 if not driven"),
    DEVICE_NEEDS(write_voltage_V, "V", 1e-3, 20, "SET pulse"),
    DEVICE_NEEDS(write_pulse_s, "s", 1e-12, 1, "SET pulse"),
    SPN_F_DOUBLE(struct spn_device, reset_voltage_V, "V", 0, 20, "RESET pulse; 0 = as SET"),
    SPN_F_DOUBLE(struct spn_device, reset_pulse_s, "s", 0, 1, "RESET pulse; 0 = as SET"),
    SPN_F_DOUBLE(struct spn_device, write_charge_C_per_m2, "C/m2", 0, 10,
                 "polarisation switched by a full write, 2Pr"),
    SPN_F_DOUBLE(struct spn_device, gate_area_F2, "F2", 0, 1e4,
                 "ferroelectric area of the weight device"),
    SPN_F_DOUBLE(struct spn_device, write_current_A, "A", 0, 0.1,
                 "mean in a pulse; 0: from voltage and conductance"),
    SPN_F_DOUBLE(struct spn_device, programming_sd_frac, "", 0, 1,
                 "sd of programming, fraction of Gmax - Gmin"),
    SPN_F_DOUBLE(struct spn_device, programming_sd_rel, "", 0, 10,
                 "sd of programming besides, in proportion to the conductance"),
    SPN_F_DOUBLE(struct spn_device, device_to_device_sd_frac, "", 0, 1,
                 "sd of what cells come to hold, the same in every write"),
    SPN_F_DOUBLE(struct spn_device, read_noise_frac, "", 0, 1,
                 "sd of one read, fraction of Gmax - Gmin"),
    SPN_F_DOUBLE(struct spn_device, stuck_on_frac, "", 0, 1, "cells stuck at Gmax"),
    SPN_F_DOUBLE(struct spn_device, stuck_off_frac, "", 0, 1, "cells stuck at Gmin"),
    SPN_F_DOUBLE(struct spn_device, drift_nu, "", -1, 1, "G(t) = G (t/t0)^-nu"),
    SPN_F_DOUBLE(struct spn_device, drift_nu_sd, "", 0, 1, "its sd over cells"),
    SPN_F_DOUBLE(struct spn_device, drift_t0_s, "s", 0, 1e9, "t0 of drift"),
    SPN_F_DOUBLE(struct spn_device, drift_activation_eV, "eV", 0, 5,
                 "time runs faster above 300 K by this activation energy"),
    SPN_F_DOUBLE(struct spn_device, on_temperature_per_K, "1/K", -0.1, 0.1,
                 "relative change of Gmax from 300 K"),
    SPN_F_DOUBLE(struct spn_device, off_temperature_per_K, "1/K", -0.1, 0.1,
                 "relative change of Gmin from 300 K"),
    SPN_F_OBJECT(struct spn_device, states, states_fields, "what depends on the state written"),
    SPN_F_DOUBLE(struct spn_device, retention_s, "s", 0, 1e12, "0: not stated"),
    SPN_F_DOUBLE(struct spn_device, endurance_cycles, "", 0, 1e20, "0: not stated"),
    SPN_F_DOUBLE(struct spn_device, nonlinearity_per_V, "1/V", 0, 1000,
                 "k of I = G/k sinh(k V); 0: linear"),
    SPN_F_DOUBLE(struct spn_device, quadratic_per_V, "1/V", -1000, 1000,
                 "a of I = G (V + a V^2 + b V^3)"),
    SPN_F_DOUBLE(struct spn_device, cubic_per_V2, "1/V2", -1e6, 1e6, "b of it"),
    SPN_F_OBJECT(struct spn_device, iv, iv_fields, "a measured curve instead"),
    SPN_F_DOUBLE(struct spn_device, standby_leakage_A, "A", 0, 1e-3,
                 "per cell at Vdd, 300 K; 0: non-volatile"),
    SPN_F_OBJECT(struct spn_device, pulse, pulse_fields, "response to identical pulses"),
    SPN_F_OBJECT(struct spn_device, mask, mask_fields,
                 "the second transistor of an index-free cell"),
    SPN_F_END};

static enum spn_status check_mask(const struct spn_device *device, struct spn_err *err)
{
    const struct spn_device_mask *mask = &device->mask;
    if (!mask->present)
        return SPN_OK;
    const struct {
        const char *key;
        double value;
    } needed[] = {{"cell_height_F", mask->cell_height_F},
                  {"cell_width_F", mask->cell_width_F},
                  {"on_conductance_S", mask->on_conductance_S},
                  {"write_voltage_V", mask->write_voltage_V},
                  {"write_pulse_s", mask->write_pulse_s}};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!(needed[i].value > 0)) {
            return spn_err_set(err, SPN_EINPUT,
                               "device '%s': mask.present needs mask.%s above 0, is %g",
                               device->name, needed[i].key, needed[i].value);
        }
    }
    if (!(mask->off_conductance_S < mask->on_conductance_S)) {
        return spn_err_set(
            err, SPN_EINPUT,
            "device '%s': mask.off_conductance_S = %g S is not below mask.on_conductance_S = %g S",
            device->name, mask->off_conductance_S, mask->on_conductance_S);
    }
    if (!(mask->cell_height_F * mask->cell_width_F >=
          device->cell_height_F * device->cell_width_F)) {
        return spn_err_set(
            err, SPN_EINPUT,
            "device '%s': the cell with a mask, %g x %g F, is smaller than without, %g x %g F",
            device->name, mask->cell_height_F, mask->cell_width_F, device->cell_height_F,
            device->cell_width_F);
    }
    return SPN_OK;
}

static enum spn_status check_states(const struct spn_device *device, struct spn_err *err)
{
    const struct spn_device_states *s = &device->states;
    const struct {
        const char *key;
        int n;
    } list[] = {{"programming_sd_frac", s->n_programming_sd},
                {"programming_mean_frac", s->n_programming_mean},
                {"drift_nu", s->n_drift_nu},
                {"drift_nu_sd", s->n_drift_nu_sd}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i].n != 0 && list[i].n != s->n_level)
            return spn_err_set(err, SPN_EINPUT,
                               "device '%s': states.%s has %d values for %d of states.level_frac",
                               device->name, list[i].key, list[i].n, s->n_level);
    for (int i = 1; i < s->n_level; i++)
        if (!(s->level_frac[i] > s->level_frac[i - 1]))
            return spn_err_set(
                err, SPN_EINPUT,
                "device '%s': states.level_frac[%d] = %g is not above the one before", device->name,
                i, s->level_frac[i]);
    if ((s->n_drift_nu > 0 || s->n_drift_nu_sd > 0) && !(device->drift_t0_s > 0))
        return spn_err_set(err, SPN_EINPUT, "device '%s': states.drift_nu needs drift_t0_s above 0",
                           device->name);
    return SPN_OK;
}

/* One law for the current, and one that rises up to the read voltage. */
static enum spn_status check_iv(const struct spn_device *device, struct spn_err *err)
{
    const struct spn_device_iv *iv = &device->iv;
    const double a = device->quadratic_per_V, b = device->cubic_per_V2, v = device->read_voltage_V;
    const int n_laws = (device->nonlinearity_per_V > 0) + (a != 0 || b != 0) + (iv->n_current > 0);
    if (n_laws > 1)
        return spn_err_set(
            err, SPN_EINPUT,
            "device '%s': nonlinearity_per_V, quadratic_per_V with cubic_per_V2, and "
            "iv are three laws for one current: give one",
            device->name);
    if (iv->n_voltage != iv->n_current)
        return spn_err_set(err, SPN_EINPUT, "device '%s': iv has %d voltages and %d currents",
                           device->name, iv->n_voltage, iv->n_current);
    for (int i = 1; i < iv->n_current; i++)
        if (!(iv->voltage_V[i] > iv->voltage_V[i - 1]) ||
            !(iv->current_A[i] > iv->current_A[i - 1]))
            return spn_err_set(err, SPN_EINPUT,
                               "device '%s': iv point %d (%g V, %g A) is not above the one before",
                               device->name, i + 1, iv->voltage_V[i], iv->current_A[i]);
    /* 1 + 2 a V + 3 b V^2 > 0 on [0, v]: at its end, and where it is least in between */
    const double least_V = b != 0 ? -a / (3 * b) : 0,
                 at_V = least_V > 0 && least_V < v ? least_V : v;
    if (!(1 + 2 * a * v + 3 * b * v * v > 0) || !(1 + 2 * a * at_V + 3 * b * at_V * at_V > 0))
        return spn_err_set(
            err, SPN_EINPUT,
            "device '%s': with quadratic_per_V = %g and cubic_per_V2 = %g the current "
            "falls below the read voltage of %g V",
            device->name, a, b, v);
    return SPN_OK;
}

/* One measured response: from one end of the window to the other, one way. */
static enum spn_status check_response(const struct spn_device *device, bool rise,
                                      struct spn_err *err)
{
    const struct spn_device_pulse *p = &device->pulse;
    const char *name = rise ? "rise" : "fall";
    const double *at = rise ? p->rise_frac : p->fall_frac, sign = rise ? 1 : -1;
    const int n = rise ? p->n_rise : p->n_fall, pulses = rise ? p->rise_pulses : p->fall_pulses;
    if (n < 2 || pulses < 2)
        return spn_err_set(err, SPN_EINPUT,
                           "device '%s': pulse.%s_frac has %d points over %d pulses: a measured "
                           "response needs two of each, rising and falling",
                           device->name, name, n, pulses);
    for (int i = 1; i < n; i++)
        if (!(sign * (at[i] - at[i - 1]) > 0))
            return spn_err_set(err, SPN_EINPUT, "device '%s': pulse.%s_frac[%d] = %g does not %s",
                               device->name, name, i, at[i], name);
    if (at[0] != (rise ? 0 : 1) || at[n - 1] != (rise ? 1 : 0))
        return spn_err_set(err, SPN_EINPUT, "device '%s': pulse.%s_frac runs from %g to %g",
                           device->name, name, at[0], at[n - 1]);
    return SPN_OK;
}

enum spn_status spn_device_check(const struct spn_device *device, struct spn_err *err)
{
    if (!spn_data_is_name(device->name))
        return spn_err_set(err, SPN_EINPUT,
                           "device name '%.64s' is not made of a-z, 0-9, '.' and '-'",
                           device->name);
    if (!(device->off_conductance_S < device->on_conductance_S)) {
        return spn_err_set(
            err, SPN_EINPUT,
            "device '%s': off_conductance_S = %g S is not below on_conductance_S = %g S",
            device->name, device->off_conductance_S, device->on_conductance_S);
    }
    if (device->cell == SPN_CELL_SRAM && device->n_states != 2) {
        return spn_err_set(err, SPN_EINPUT, "device '%s': n_states = %d, an SRAM cell has 2",
                           device->name, device->n_states);
    }
    if (!(device->stuck_on_frac + device->stuck_off_frac <= 1)) {
        return spn_err_set(err, SPN_EINPUT,
                           "device '%s': stuck_on_frac + stuck_off_frac = %g is above 1",
                           device->name, device->stuck_on_frac + device->stuck_off_frac);
    }
    if ((device->drift_nu != 0 || device->drift_nu_sd > 0) && !(device->drift_t0_s > 0)) {
        return spn_err_set(err, SPN_EINPUT, "device '%s': drift_nu = %g needs drift_t0_s above 0",
                           device->name, device->drift_nu);
    }
    if (device->write_charge_C_per_m2 > 0 && !(device->gate_area_F2 > 0)) {
        return spn_err_set(err, SPN_EINPUT,
                           "device '%s': write_charge_C_per_m2 needs gate_area_F2 above 0",
                           device->name);
    }
    enum spn_status status = check_states(device, err);
    if (!status)
        status = check_iv(device, err);
    for (int side = 0; side < 2 && !status && device->pulse.n_rise + device->pulse.n_fall > 0;
         side++)
        status = check_response(device, side == 0, err);
    return status ? status : check_mask(device, err);
}

enum spn_status spn_device_read(struct spn_device *device, const struct spn_json *doc,
                                struct spn_err *err)
{
    struct spn_device work = {.n_states = 2, .pulse = {.n_levels = 1}}; /* binary unless told */
    enum spn_status s = spn_json_read(spn_json_root(doc), spn_device_fields, &work, err);
    if (s)
        return s;
    s = spn_device_check(&work, err);
    if (s)
        spn_err_prefix(err, "%s: ", spn_json_name(doc));
    else
        *device = work;
    return s;
}

enum spn_status spn_device_load(struct spn_device *device, const char *name_or_path,
                                struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    struct spn_json *doc = NULL;
    enum spn_status s =
        spn_data_find(path, sizeof path, "tech/devices", "device", name_or_path, err);
    if (!s)
        s = spn_json_load(&doc, path, err);
    if (!s)
        s = spn_device_read(device, doc, err);
    spn_json_destroy(doc);
    return s;
}
