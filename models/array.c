/* array.c -- the cell array: reads, settling, writes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inputs are voltages on the rows' data lines, results are currents on the columns; an access or
 * ferroelectric gate line runs along each row. Energies are sums over cells of E[V^2] E[G] t,
 * inputs and conductances taken as independent, and C V^2 of the lines. Equations A1-A9 of
 * docs/MODELS.md.
 */
#include "models/array.h"

#include <math.h>

#include "models/gate.h"
#include "models/pulse.h"

#define LN2 0.69314718055994530942
#define CLAMP_OVERDRIVE_V 0.2 /* of the transistor that holds a column; usual choice */
/* 10 to 90 % rise of a distributed line driven at one end: 0.9 R C [bakoglu1990]. */
#define DISTRIBUTED_RISE 0.9
/* Unselected columns are held at this share of the write voltage [chen2018neurosim]. */
#define INHIBIT 0.5

/* Which lines a cell's access transistor loads. */
static const struct cell_lines {
    bool data_drain, column_drain, gate, inhibited;
    bool half_selected; /* no selector: cells on the selected row or column conduct at INHIBIT V */
} cell_lines[] = {
    [SPN_CELL_1T1R] = {.column_drain = true, .gate = true},
    [SPN_CELL_FEFET] = {.data_drain = true, .column_drain = true, .gate = true, .inhibited = true},
    [SPN_CELL_SRAM] = {.column_drain = true, .gate = true},
    [SPN_CELL_CROSSBAR] = {.inhibited = true, .half_selected = true},
    [SPN_CELL_PCM] = {.column_drain = true, .gate = true},
    [SPN_CELL_FLASH] = {.data_drain = true, .column_drain = true, .gate = true, .inhibited = true},
    [SPN_CELL_MRAM] = {.column_drain = true, .gate = true},
    [SPN_CELL_ECRAM] = {.column_drain = true, .gate = true},
};

static double cell_height_m(const struct spn_array *a, const struct spn_env *env)
{
    const double f = env->node->feature_size_m;
    return f * (a->masked ? a->device.mask.cell_height_F : a->device.cell_height_F);
}

static double cell_width_m(const struct spn_array *a, const struct spn_env *env)
{
    const double f = env->node->feature_size_m;
    return f * (a->masked ? a->device.mask.cell_width_F : a->device.cell_width_F);
}

double spn_array_bit_cells(const struct spn_array *a)
{
    return a->bit_cells > 1 ? a->bit_cells : 1;
}

/* [M:A1-A3] */
struct spn_array_lines spn_array_lines(const struct spn_array *a, const struct spn_env *env)
{
    const struct cell_lines *cell = &cell_lines[a->device.cell];
    const double access_m = a->device.access_width_F * env->node->feature_size_m;
    const double drain_F = access_m > 0 ? spn_gate_drain_F(env, SPN_CHANNEL_N, access_m) : 0;
    const double across = a->columns * spn_array_bit_cells(a);
    struct spn_array_lines lines = {.data = spn_wire_local(env, across * cell_width_m(a, env)),
                                    .column = spn_wire_local(env, a->rows * cell_height_m(a, env))};
    if (cell->gate && access_m > 0) {
        lines.gate = lines.data;
        lines.gate.F += across * spn_gate_input_F(env, access_m);
    }
    if (cell->data_drain)
        lines.data.F += across * drain_F;
    if (cell->column_drain)
        lines.column.F += a->rows * drain_F;
    lines.data.F += across * a->cell_input_F;
    return lines;
}

double spn_array_read_V(const struct spn_array *a)
{
    return a->read_voltage_V > 0 ? a->read_voltage_V : a->device.read_voltage_V;
}

/* Rows that are switched on and hold weights. */
double spn_array_active_rows(const struct spn_array *a)
{
    return (a->rows_read > 0 ? a->rows_read : a->rows) * a->used_rows_frac;
}

/* Share of driven rows whose input is not 0: exact for 1-bit inputs, else the least that the
 * moments allow (Cauchy-Schwarz). */
static double driven_frac(const struct spn_array *a)
{
    if (!(a->input_mean_square > 0))
        return 0;
    return fmin(1, a->input_mean * a->input_mean / a->input_mean_square);
}

/* [M:A4] t = ln(2^(bits+1)) (Rrow Crow/2 + (C + Cload)/G + Rcol (C/2 + Cload)); G: the active cells
 * of the column in parallel, at least one cell that is on. */
static double settle_s(const struct spn_array *a, const struct spn_array_lines *l)
{
    const double v = spn_array_read_V(a),
                 cells_S = fmax(spn_array_active_rows(a) * a->input_mean * a->cell_mean_S,
                                a->device.on_conductance_S);
    /* a clamp's transistor carries the column's current from the supply: gm = 2 I/Vov */
    const double clamp_S = a->read_supply_V > v ? 2 * cells_S * v / CLAMP_OVERDRIVE_V : 0;
    const double column_S = cells_S + clamp_S;
    const double tau_s = spn_wire_elmore_s(0, l->data, 0) +
                         spn_wire_elmore_s(1 / column_S, l->column, a->column_load_F);
    return (a->settle_bits + 1) * LN2 * tau_s;
}

double spn_array_settle_s(const struct spn_array *a, const struct spn_env *env)
{
    const struct spn_array_lines lines = spn_array_lines(a, env);
    return settle_s(a, &lines);
}

/* [M:A5] I = V sum x_i G_i over n rows: mean n V E[x] E[G], variance n V^2 (E[x^2] E[G^2] - E[x]^2
 * E[G]^2). */
struct spn_array_current spn_array_column_current(const struct spn_array *a)
{
    const double n = spn_array_active_rows(a), v = spn_array_read_V(a);
    const double mean = a->input_mean * a->cell_mean_S;
    const double square = a->input_mean_square * a->cell_mean_square_S2;
    const int rows_read = a->rows_read > 0 ? a->rows_read : a->rows;
    return (struct spn_array_current){.mean_A = n * v * mean,
                                      .sd_A = v * sqrt(n * fmax(0, square - mean * mean)),
                                      .full_A = rows_read * v * a->device.on_conductance_S};
}

/* [M:A6] n_rows rows read at mean square input x2 for t: cells, data lines, gate lines, columns. */
static double read_J(const struct spn_array *a, const struct spn_array_lines *l, double n_rows,
                     double x2, double driven, double t_s)
{
    const double v = spn_array_read_V(a), used_columns = a->columns * a->used_columns_frac;
    /* [M:W1] from a supply above: the same current, E[x] = sqrt(E[x^2] driven), at its voltage */
    const double x_v2 =
        a->read_supply_V > v ? sqrt(x2 * driven) * v * a->read_supply_V : x2 * v * v;
    const double cells = n_rows * used_columns * x_v2 * a->cell_mean_S * t_s;
    const double data = n_rows * spn_gate_cycle_J(l->data.F, v) * x2;
    const double gates = n_rows * driven * spn_gate_cycle_J(l->gate.F, a->device.gate_voltage_V);
    const double columns = used_columns * spn_gate_cycle_J(l->column.F + a->column_load_F, v);
    return cells + data + gates + columns;
}

/* One write pulse on `n_rows` rows and `n_columns` columns, of whose cells n_cells are really
 * pulsed. [M:A7-A8] */
static double write_J(const struct spn_array *a, const struct spn_env *env,
                      const struct spn_array_lines *l, double n_rows, double n_columns,
                      double n_cells)
{
    const struct cell_lines *cell = &cell_lines[a->device.cell];
    const double v2 = spn_pulse_write_V2(&a->device);
    const double inhibit_v2 = INHIBIT * INHIBIT * v2;
    const double t_s = spn_pulse_write_s(&a->device);
    double energy_J;
    if (cell->inhibited) { /* the pulse is on the rows, unselected columns are inhibited */
        const double pulse_F = l->gate.F > 0 ? l->gate.F : l->data.F;
        energy_J = n_rows * pulse_F * v2 + (a->columns - n_columns) * l->column.F * inhibit_v2;
    } else { /* the pulse is on the columns, the rows' selectors are opened */
        energy_J = n_rows * spn_gate_cycle_J(l->gate.F, a->device.gate_voltage_V) +
                   n_columns * l->column.F * v2;
    }
    if (cell->half_selected) {
        const double n_half = n_rows * (a->columns - n_columns) + n_columns * (a->rows - n_rows);
        energy_J += n_half * inhibit_v2 * a->cell_mean_S * t_s +
                    (a->rows - n_rows) * l->data.F * inhibit_v2;
    }
    const double cell_J = spn_pulse_cell_J(&a->device, env->node->feature_size_m, a->cell_mean_S,
                                           spn_pulse_switched_frac(&a->device));
    return energy_J + n_cells * cell_J;
}

static double write_s(const struct spn_array *a, const struct spn_array_lines *l)
{
    const struct spn_wire *line = l->gate.F > 0 ? &l->gate : &l->data;
    return spn_pulse_write_s(&a->device) + DISTRIBUTED_RISE * line->ohm * line->F;
}

/* [M:A9] One mask gate and the sparsity line along its row, with the gates of the row's other mask
 * transistors. */
static struct spn_cost write_mask(const struct spn_array *a, const struct spn_array_lines *l)
{
    if (!a->masked)
        return (struct spn_cost){0};
    const struct spn_device_mask *mask = &a->device.mask;
    const double line_F = l->data.F + a->columns * mask->gate_F;
    return (struct spn_cost){.energy_J = spn_gate_cycle_J(line_F, mask->write_voltage_V),
                             .latency_s =
                                 mask->write_pulse_s + DISTRIBUTED_RISE * l->data.ohm * line_F};
}

/* SRAM cells leak between reads; the others keep their state without bias. */
static double leakage_W(const struct spn_array *a, const struct spn_env *env)
{
    if (!(a->device.standby_leakage_A > 0))
        return 0;
    const double tabulated_K = 300; /* temperature of standby_leakage_A, see struct spn_device */
    const struct spn_env at_300 = {env->node, tabulated_K, env->clock_Hz};
    const double hotter = env->node->supply_slowdown > 0
                              ? env->node->supply_off_frac
                              : spn_gate_off_A_per_m(env, SPN_CHANNEL_N) /
                                    spn_gate_off_A_per_m(&at_300, SPN_CHANNEL_N);
    return a->rows * a->columns * spn_array_bit_cells(a) * a->device.standby_leakage_A * hotter *
           env->node->vdd_V;
}

enum spn_status spn_array_check(const struct spn_component_type *type, const struct spn_array *a,
                                struct spn_err *err)
{
    const enum spn_status status = spn_component_check(type, a, err);
    if (status)
        return status;
    if (a->rows_read > a->rows)
        return spn_err_set(err, SPN_EINPUT, "array.rows_read = %d is above array.rows = %d",
                           a->rows_read, a->rows);
    if (a->masked && !a->device.mask.present)
        return spn_err_set(err, SPN_EINPUT, "array.masked: device '%s' has no mask transistor",
                           a->device.name);
    if (!(a->device.on_conductance_S > 0) || !(spn_array_read_V(a) > 0))
        return spn_err_set(err, SPN_EINPUT,
                           "array: device '%s': on-conductance %g S, read voltage %g V; both must "
                           "be above 0",
                           a->device.name, a->device.on_conductance_S, spn_array_read_V(a));
    return SPN_OK;
}

void spn_array_set_cells(const struct spn_array *a, const struct spn_env *env,
                         const struct spn_array_lines *l, struct spn_component_cost *out)
{
    const double writing_s = write_s(a, l);
    const double used_columns = a->columns * a->used_columns_frac;
    const double used_rows = a->rows * a->used_rows_frac;
    const double row_cells = a->row_pulse_frac * used_columns;
    *out = (struct spn_component_cost){.area_m2 = (double)a->rows * a->columns *
                                                  spn_array_bit_cells(a) * cell_height_m(a, env) *
                                                  cell_width_m(a, env),
                                       .leakage_W = leakage_W(a, env)};
    out->action[SPN_ARRAY_WRITE_CELL] =
        (struct spn_cost){.energy_J = write_J(a, env, l, 1, 1, 1), .latency_s = writing_s};
    out->action[SPN_ARRAY_WRITE_ROW] = (struct spn_cost){
        .energy_J = write_J(a, env, l, 1, row_cells, row_cells), .latency_s = writing_s};
    out->action[SPN_ARRAY_WRITE_VECTOR] = (struct spn_cost){
        .energy_J = write_J(a, env, l, used_rows, 1, a->vector_pulse_frac * used_rows),
        .latency_s = writing_s};
    out->action[SPN_ARRAY_WRITE_MASK] = write_mask(a, l);
}

/* [M:A32] v = (G - Gmin)/(Gmax - Gmin), as D2 makes conductances of values. */
struct spn_array_value spn_array_cell_value(const struct spn_array *a)
{
    const double low = a->device.off_conductance_S, span = a->device.on_conductance_S - low;
    const double mean = (a->cell_mean_S - low) / span;
    const double square =
        (a->cell_mean_square_S2 - 2 * low * a->cell_mean_S + low * low) / (span * span);
    return (struct spn_array_value){fmin(fmax(mean, 0), 1), fmin(fmax(square, 0), 1)};
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_array *a = params;
    const enum spn_status status = spn_array_check(&spn_component_array, a, err);
    if (status)
        return status;
    const struct spn_array_lines l = spn_array_lines(a, env);
    const double settled_s = settle_s(a, &l);
    const double on_s = a->read_time_s > settled_s ? a->read_time_s : settled_s;
    spn_array_set_cells(a, env, &l, out);
    out->action[SPN_ARRAY_READ] =
        (struct spn_cost){.energy_J = read_J(a, &l, spn_array_active_rows(a), a->input_mean_square,
                                             driven_frac(a), on_s),
                          .latency_s = settled_s};
    out->action[SPN_ARRAY_READ_ROW] =
        (struct spn_cost){.energy_J = read_J(a, &l, 1, 1, 1, on_s), .latency_s = settled_s};
    return SPN_OK;
}

#define A struct spn_array
const struct spn_field spn_array_fields[] = {
    SPN_F_INT(A, rows, "", 1, 65536, "word lines"),
    SPN_F_INT(A, columns, "", 1, 65536, "bit lines"),
    SPN_F_INT(A, rows_read, "", 0, 65536, "rows switched on at once; 0 = all"),
    SPN_F_INT(A, settle_bits, "bit", 0, 24, "the column settles to half a step of so many bits"),
    SPN_F_DOUBLE(A, used_rows_frac, "", 0, 1, "share of the rows that holds weights"),
    SPN_F_DOUBLE(A, used_columns_frac, "", 0, 1, "share of the columns that holds weights"),
    SPN_F_DOUBLE(A, input_mean, "", 0, 1, "mean input, fraction of full scale"),
    SPN_F_DOUBLE(A, input_mean_square, "", 0, 1, "mean square of the input, likewise"),
    SPN_F_DOUBLE(A, cell_mean_S, "S", 0, 1, "mean conductance of a used cell"),
    SPN_F_DOUBLE(A, cell_mean_square_S2, "S2", 0, 1, "mean square of it"),
    SPN_F_DOUBLE(A, read_voltage_V, "V", 0, 20, "full scale of the input; 0 = the device's"),
    SPN_F_DOUBLE(A, read_supply_V, "V", 0, 20,
                 "supply that the read voltage is regulated from; 0 = itself"),
    SPN_F_DOUBLE(A, read_time_s, "s", 0, 1, "how long a column conducts; 0 = until settled"),
    SPN_F_INT(A, bit_cells, "", 0, 16, "memory cells of one C-2C cell, one a bit; 0 = 1"),
    SPN_F_INT(A, input_lines, "", 0, 16, "lines along a row, one a bit of the input; 0 = 1"),
    SPN_F_BOOL(A, xnor, "cells take the input and its complement, on two lines a row"),
    SPN_F_DOUBLE(A, cell_input_F, "F", 0, 1e-12, "gates that a data line drives in each cell"),
    SPN_F_DOUBLE(A, unit_F, "F", 0, 1e-12, "capacitor of a cell; 0 = the least that will do"),
    SPN_F_DOUBLE(A, column_load_F, "F", 0, 1e-9, "mux and converter input behind a column"),
    SPN_F_DOUBLE(A, row_pulse_frac, "", 0, 1, "share of a row's cells pulsed by write_row"),
    SPN_F_DOUBLE(A, vector_pulse_frac, "", 0, 1,
                 "share of a column's cells pulsed by write_vector"),
    SPN_F_BOOL(A, masked, "cells with the mask transistor"),
    SPN_F_OBJECT(A, device, spn_device_fields, "the cell"),
    SPN_F_END};
#undef A

const char *const spn_array_actions[] = {"read",         "read_row",   "write_cell", "write_row",
                                         "write_vector", "write_mask", NULL};

void spn_array_example(void *params)
{
    *(struct spn_array *)params = (struct spn_array){.rows = 64,
                                                     .columns = 64,
                                                     .settle_bits = 5,
                                                     .used_rows_frac = 1,
                                                     .used_columns_frac = 1,
                                                     .input_mean = 0.25,
                                                     .input_mean_square = 0.25,
                                                     .cell_mean_S = 1e-6,
                                                     .cell_mean_square_S2 = 3e-12,
                                                     .row_pulse_frac = 0.5,
                                                     .vector_pulse_frac = 0.1,
                                                     .masked = true,
                                                     .device = {.name = "example",
                                                                .cell = SPN_CELL_FEFET,
                                                                .on_conductance_S = 6e-6,
                                                                .off_conductance_S = 6e-9,
                                                                .n_states = 16,
                                                                .cell_height_F = 4,
                                                                .cell_width_F = 6,
                                                                .access_width_F = 2,
                                                                .read_voltage_V = 0.5,
                                                                .read_pulse_s = 10e-9,
                                                                .gate_voltage_V = 1.1,
                                                                .write_voltage_V = 4,
                                                                .write_pulse_s = 50e-9,
                                                                .write_charge_C_per_m2 = 0.34,
                                                                .gate_area_F2 = 2,
                                                                .pulse = {.n_levels = 16},
                                                                .mask = {.present = true,
                                                                         .cell_height_F = 4,
                                                                         .cell_width_F = 8,
                                                                         .on_conductance_S = 6e-5,
                                                                         .off_conductance_S = 6e-10,
                                                                         .write_voltage_V = 4,
                                                                         .write_pulse_s = 50e-9,
                                                                         .gate_F = 2.2e-18}}};
}

void spn_array_example_sram(void *params)
{
    struct spn_array *a = params;
    spn_array_example(params);
    a->masked = false;
    a->cell_input_F = 0.2e-15;
    a->cell_mean_S = 3e-6;
    a->cell_mean_square_S2 = 18e-12;
    a->device.cell = SPN_CELL_SRAM;
    a->device.cell_height_F = 10;
    a->device.cell_width_F = 40;
    a->device.write_voltage_V = 0.85;
    a->device.write_pulse_s = 1e-9;
    a->device.write_charge_C_per_m2 = 0;
    a->device.standby_leakage_A = 6.6e-12;
}

const struct spn_component_type spn_component_array = {
    .name = "array",
    .role = "array",
    .doc = "cells at the crossings of rows and columns: reads, writes, the lines' charge",
    .size = sizeof(struct spn_array),
    .fields = spn_array_fields,
    .actions = spn_array_actions,
    .model = "A1-A9",
    .example = spn_array_example,
    .eval = eval};
