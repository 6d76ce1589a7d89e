/* array_charge.c -- SRAM cells that drive capacitors, whose charge a column shares.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * "array-charge": a cell drives the lower plate of its capacitor to input times bit; the upper
 * plates of a column are one node, whose voltage is the mean of the products [valavi2019; jia2020].
 * "array-c2c": a cell is a C-2C ladder over the bits of a weight, the outputs of a column share
 * their charge [wang2023]. Both plates are returned to ground before the next read. No current
 * flows after the charge has moved: a read costs the same however long it is held. Equations
 * A32-A36 of docs/MODELS.md. Deviation: mismatch, charge injection and the ladder's parasitic
 * capacitance, which cost accuracy, ask for nothing here.
 */
#include <math.h>

#include "models/array.h"
#include "models/capacitor.h"
#include "models/gate.h"

#define LN2 0.69314718055994530942
#define MAX_LADDER 16 /* bits; as the field bit_cells allows */

struct column {
    double unit_F, n_units; /* of one cell */
    double node_F;          /* wire of the shared node and what loads it */
    struct spn_wire wire;
    struct spn_gate driver, gate; /* of a cell: product gate and what drives the plate */
};

/* [M:A33] */
static double unit_F(const struct spn_array *a, const struct spn_env *env)
{
    if (a->unit_F > 0)
        return a->unit_F;
    const double noise_F = spn_capacitor_noise_F(env, spn_array_read_V(a), a->settle_bits);
    return fmax(noise_F / a->rows, SPN_CAPACITOR_LEAST_F);
}

static struct column column_of(const struct spn_array *a, const struct spn_env *env, double n_units)
{
    const double height_m = a->device.cell_height_F * env->node->feature_size_m;
    struct column c = {.unit_F = unit_F(a, env),
                       .n_units = n_units,
                       .wire = spn_wire_local(env, a->rows * height_m),
                       .driver = spn_gate_min_inverter(env),
                       .gate = spn_gate_min_nand2(env)};
    c.node_F = c.wire.F + a->column_load_F;
    return c;
}

struct spn_array_value spn_array_product(const struct spn_array *a, double x, double x2)
{
    const struct spn_array_value w = spn_array_cell_value(a);
    struct spn_array_value v = {x * w.mean, x2 * w.mean_square};
    if (a->xnor) { /* v = x w + (1 - x)(1 - w) */
        v.mean += (1 - x) * (1 - w.mean);
        v.mean_square += (1 - 2 * x + x2) * (1 - 2 * w.mean + w.mean_square) +
                         2 * (x - x2) * (w.mean - w.mean_square);
    }
    return v;
}

/* [M:A34] n of N cells of a column driven: charge that the supply gives, E[C V^2 (sum v_i^2 - (sum
 * v_i)^2 C/(N C + Cp))]. */
static double shared_J(const struct spn_array *a, const struct column *c, double n, double x2,
                       double x)
{
    const struct spn_array_value product = spn_array_product(a, x, x2);
    const double v = spn_array_read_V(a), square = product.mean_square, mean = product.mean;
    const double sum_square = n * (square - mean * mean) + n * n * mean * mean;
    const double divider = c->unit_F / (a->rows * c->unit_F + c->node_F);
    return c->unit_F * v * v * (n * square - sum_square * divider);
}

/* [M:A35] Energy of one ladder of b bits that are 1 with probability q, over C V^2: q sum_j (1 -
 * u_jj) - q^2 sum_(i != j) u_ij, u_ij the voltage of node i when plate j is at 1. The nodes have
 * C to their plate, 2C to each neighbour, the last one C to ground: a tridiagonal system. */
static double ladder_frac(int b, double q)
{
    double diagonal[MAX_LADDER], energy = 0;
    for (int i = 0; i < b; i++)
        diagonal[i] = (i > 0 ? 2 : 1) + 1 + (i + 1 < b ? 2 : 0);
    for (int i = 1; i < b; i++)
        diagonal[i] -= 4 / diagonal[i - 1];
    for (int j = 0; j < b; j++) {
        double u[MAX_LADDER] = {0}, sum = 0;
        u[j] = 1;
        for (int i = j + 1; i < b; i++)
            u[i] = 2 * u[i - 1] / diagonal[i - 1];
        for (int i = b - 1; i >= 0; i--) {
            u[i] = (u[i] + (i + 1 < b ? 2 * u[i + 1] : 0)) / diagonal[i];
            sum += u[i];
        }
        energy += q * (1 - u[j]) - q * q * (sum - u[j]);
    }
    return energy;
}

/* n ladders, and the column's own capacitance brought to the mean of their outputs. */
static double ladders_J(const struct spn_array *a, const struct column *c, double n, double x2,
                        double x)
{
    const double v = spn_array_read_V(a), q = spn_array_cell_value(a).mean;
    const double share = n / a->rows * x * q;
    return n * x2 * c->unit_F * v * v * ladder_frac((int)spn_array_bit_cells(a), q) +
           c->node_F * v * v * share;
}

/* n_rows rows read. [M:A34-A36] */
static double read_J(const struct spn_array *a, const struct spn_env *env, const struct column *c,
                     double n_rows, double x2, double x)
{
    const struct spn_array_lines lines = spn_array_lines(a, env);
    const struct spn_gate reset =
        spn_gate_transmission(env, spn_gate_min_width_m(env), spn_gate_min_pmos_m(env));
    const double v = spn_array_read_V(a), columns = a->columns * a->used_columns_frac;
    const double product_F = c->gate.output_F + c->driver.input_F + c->driver.output_F;
    const double ones = spn_array_product(a, x, x2).mean;
    const double lines_x2 = a->xnor ? x2 + 1 - 2 * x + x2 : x2; /* and of the complement */
    const double cells = n_rows * columns * spn_array_bit_cells(a) * ones;
    const double column_J =
        c->n_units > 1 ? ladders_J(a, c, n_rows, x2, x) : shared_J(a, c, n_rows, x2, x);
    return columns * (column_J + spn_gate_cycle_J(reset.input_F, v)) +
           cells * spn_gate_cycle_J(product_F, v) +
           n_rows * lines_x2 * spn_gate_cycle_J(lines.data.F, v);
}

/* [M:A36] Drive and reset, to half a step each: the row, then the plates, then the shared node. */
static double read_s(const struct spn_array *a, const struct spn_env *env, const struct column *c)
{
    const struct spn_array_lines lines = spn_array_lines(a, env);
    const double drive_ohm = fmax(c->driver.pull_up_ohm, c->driver.pull_down_ohm);
    const double plates_F = a->rows * c->unit_F;
    const double tau_s = spn_wire_elmore_s(0, lines.data, 0) +
                         drive_ohm * (c->driver.output_F + 2 * c->unit_F) +
                         c->wire.ohm * (plates_F / 2 + c->wire.F / 2 + a->column_load_F);
    return 2 * (a->settle_bits + 1) * LN2 * tau_s;
}

static enum spn_status eval(const struct spn_component_type *type, const struct spn_array *a,
                            const struct spn_env *env, double n_units,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const enum spn_status status = spn_array_check(type, a, err);
    if (status)
        return status;
    const struct spn_array_lines lines = spn_array_lines(a, env);
    const struct column c = column_of(a, env, n_units);
    const double time_s = read_s(a, env, &c), cells = (double)a->rows * a->columns;
    const double x = a->input_mean, x2 = a->input_mean_square;
    spn_array_set_cells(a, env, &lines, out);
    /* capacitors stand above the cells, and beyond them where they are larger */
    out->area_m2 = fmax(out->area_m2, cells * spn_capacitor_area_m2(env, c.unit_F * n_units));
    out->action[SPN_ARRAY_READ] = (struct spn_cost){
        .energy_J = read_J(a, env, &c, spn_array_active_rows(a), x2, x), .latency_s = time_s};
    out->action[SPN_ARRAY_READ_ROW] =
        (struct spn_cost){.energy_J = read_J(a, env, &c, 1, 1, 1), .latency_s = time_s};
    return SPN_OK;
}

static enum spn_status eval_charge(const void *params, const struct spn_env *env,
                                   struct spn_component_cost *out, struct spn_err *err)
{
    return eval(&spn_component_array_charge, params, env, 1, out, err);
}

static enum spn_status eval_c2c(const void *params, const struct spn_env *env,
                                struct spn_component_cost *out, struct spn_err *err)
{
    /* b unit capacitors to the plates, one to ground, b - 1 of two units between */
    return eval(&spn_component_array_c2c, params, env, 3 * spn_array_bit_cells(params) - 1, out,
                err);
}

static void example_c2c(void *params)
{
    struct spn_array *a = params;
    spn_array_example_sram(params);
    a->bit_cells = 4;
}

const struct spn_component_type spn_component_array_charge = {
    .name = "array-charge",
    .role = "array",
    .doc = "SRAM cells with a capacitor each; a column shares their charge",
    .size = sizeof(struct spn_array),
    .fields = spn_array_fields,
    .actions = spn_array_actions,
    .model = "A1-A3, A8, A32-A34, A36",
    .example = spn_array_example_sram,
    .eval = eval_charge};

const struct spn_component_type spn_component_array_c2c = {
    .name = "array-c2c",
    .role = "array",
    .doc = "cells of several SRAM bits on a C-2C ladder; a column shares their charge",
    .size = sizeof(struct spn_array),
    .fields = spn_array_fields,
    .actions = spn_array_actions,
    .model = "A1-A3, A8, A32-A36",
    .example = example_c2c,
    .eval = eval_c2c};
