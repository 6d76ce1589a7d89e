/* array.h -- the cell array: reads, settling, writes; and what its lines and column currents are to
 * its neighbours.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * "array": inputs are voltages, results currents. "array-charge", "array-c2c": inputs and weights
 * drive capacitors, whose charge a column shares. "array-digital": cells whose bits are multiplied
 * and added beside them by models/cim_adder.h. Line drivers, decoders, muxes and ADCs are
 * components of their own. The energy of charging the array's lines is here, that of the drivers'
 * own capacitance there.
 */
#ifndef SPN_MODELS_ARRAY_H
#define SPN_MODELS_ARRAY_H

#include <stdbool.h>

#include "models/component.h"
#include "models/wire.h"
#include "tech/device.h"

struct spn_array {
    int rows, columns;
    int rows_read;   /* rows switched on at once; 0 = all */
    int settle_bits; /* the column settles to 2^-(settle_bits + 1) */
    double used_rows_frac,
        used_columns_frac; /* of rows_read and of columns: what is mapped, and so carries current */
    double input_mean, input_mean_square;    /* of the read voltage, as fraction of full scale; both
                                                the share of ones if 1-bit */
    double cell_mean_S, cell_mean_square_S2; /* see models/conductance.h */
    double read_voltage_V;                   /* 0 = the device's */
    double read_supply_V; /* what the cells' current is drawn from, if the read voltage is
                             regulated down linearly; 0 = the read voltage itself */
    double read_time_s;   /* how long a column conducts in one read; 0 = until it has settled */
    int bit_cells;        /* array-c2c: memory cells side by side in one cell, one a bit; 0 = 1 */
    int input_lines;      /* array-digital: lines along a row, one a bit of the input; 0 = 1 */
    bool xnor; /* array-charge: cells take the input and its complement, on two lines a row */
    double cell_input_F; /* that the data line drives in each memory cell, beside the cell itself */
    double unit_F; /* array-charge, array-c2c: a cell's capacitor; 0 = the least that will do */
    double column_load_F;     /* behind the column: mux and converter input */
    double row_pulse_frac;    /* share of a row's used cells that write_row pulses */
    double vector_pulse_frac; /* share of a column's used cells that write_vector pulses */
    bool masked;              /* cells with the mask transistor */
    struct spn_device device;
};
enum spn_array_action {
    SPN_ARRAY_READ,         /* rows_read rows, all used columns, one input slice; latency: a column
                               settles. That all columns behind one converter together take at least
                               device.read_pulse_s is for the caller to see to */
    SPN_ARRAY_READ_ROW,     /* one row, all used columns: what verifying a row takes */
    SPN_ARRAY_WRITE_CELL,   /* one pulse on one cell */
    SPN_ARRAY_WRITE_ROW,    /* one pulse on row_pulse_frac of a row, together */
    SPN_ARRAY_WRITE_VECTOR, /* one pulse on vector_pulse_frac of a column, together, the other
                               columns inhibited */
    SPN_ARRAY_WRITE_MASK    /* one mask bit; 0 if not masked */
};
extern const struct spn_component_type spn_component_array, spn_component_array_charge,
    spn_component_array_c2c, spn_component_array_digital;

/* Lines of one row and column with the cells on them: wire resistance, wire + device capacitance.
 * [M:A1-A3] */
struct spn_array_lines {
    struct spn_wire data; /* along a row: carries the input voltage or the write pulse */
    struct spn_wire gate; /* along a row: access or ferroelectric gates; F 0 if the cell has none */
    struct spn_wire column;
};
struct spn_array_lines spn_array_lines(const struct spn_array *array, const struct spn_env *env);
double spn_array_settle_s(const struct spn_array *array, const struct spn_env *env); /* [M:A4] */

/* Current of one used column in one read. full_A: all rows_read rows driven fully into cells of
 * Gmax. [M:A5] */
struct spn_array_current {
    double mean_A, sd_A, full_A;
};
struct spn_array_current spn_array_column_current(const struct spn_array *array);

/* ---- what the kinds share ---- */

extern const struct spn_field spn_array_fields[];
extern const char *const spn_array_actions[];
void spn_array_example(void *params); /* FeFET cells for "array" */
void spn_array_example_sram(void *params);
enum spn_status spn_array_check(const struct spn_component_type *type,
                                const struct spn_array *array, struct spn_err *err);
double spn_array_read_V(const struct spn_array *array);
double spn_array_active_rows(const struct spn_array *array); /* switched on and with weights */
double spn_array_bit_cells(const struct spn_array *array);   /* of one cell, >= 1 */
/* Area and leakage of the cells, cost of the write actions. */
void spn_array_set_cells(const struct spn_array *array, const struct spn_env *env,
                         const struct spn_array_lines *lines, struct spn_component_cost *out);
/* Mean and mean square of a cell's value, 0 to 1, from its conductance. */
struct spn_array_value {
    double mean, mean_square;
};
struct spn_array_value spn_array_cell_value(const struct spn_array *array);
/* Likewise of the product of an input of these moments and a cell. [M:A34] */
struct spn_array_value spn_array_product(const struct spn_array *array, double mean,
                                         double mean_square);

#endif
