/* validate_arrays.c -- arrays and their periphery against 45 sub-arrays of DNN+NeuroSim V1.4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cell size and access width come from the reference's configuration; everything else is worked
 * out. Energies are of one pass: one input bit of all rows, all columns converted.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "explorer/validate_suites.h"
#include "models/adc.h"
#include "models/array.h"
#include "models/decoder.h"
#include "models/driver.h"
#include "models/level_shifter.h"
#include "models/mux.h"
#include "models/shift_add.h"

enum memory { SRAM = 1, RRAM = 2, FEFET = 3 };
enum { SEQUENTIAL = 1, CROSSBAR = 4 };

static const char fit
    [] = "NeuroSim: fit to circuit simulations of an undisclosed sense amplifier; ours: current "
         "mirror and latch "
         "of the node",
 sized[] =
     "how strong the switches are: ours pass the array's largest current at a fifth of the voltage",
 control[] = "NeuroSim scales control energy by 0.05, fitted to one 40 nm macro",
 shifters[] = "NeuroSim: sizes in a table, wiring factor 1.44; ours: scaled to thick oxide, rise "
              "in a tenth of a "
              "write pulse",
 metal[] = "below 22 nm NeuroSim's rows run in a wider second metal, ours in the lowest",
 one_step[] = "NeuroSim adds slices in two steps of different width; ours is one accumulator of "
              "the final width";

struct task {
    struct spn_validate_to *to;
    struct spn_env env;
    struct spn_json_at config, electrical, blocks, totals;
    struct spn_array array;
    struct spn_array_lines lines;
    double rows, columns, per_adc, read_V, on_S, column_S;
    int memory;
    struct spn_err *err;
    enum spn_status status;
};

static double in(const struct task *t, const char *key)
{
    return spn_validate_number(&t->config, key);
}

static double golden(const struct task *t, const char *block, const char *key)
{
    struct spn_json_at at = spn_json_get(&t->blocks, block);
    return at.item ? spn_validate_number(&at, key) : 0;
}

static struct spn_component_cost evaluate(struct task *t, const struct spn_component_type *type,
                                          const void *params)
{
    struct spn_component_cost cost = {0};
    if (!t->status)
        t->status = type->eval(params, &t->env, &cost, t->err);
    return cost;
}

static void group(const struct task *t, const char *name)
{
    snprintf(t->to->group, sizeof t->to->group, "%s", name);
}

static void set_array(struct task *t)
{
    double f = t->env.node->feature_size_m;
    struct spn_device device = {.on_conductance_S = t->on_S,
                                .n_states = 2,
                                .read_voltage_V = t->read_V,
                                .gate_voltage_V = in(t, "accessVoltage"),
                                .access_width_F =
                                    spn_validate_number(&t->electrical, "cell_widthAccessCMOS_F")};
    device.cell = t->memory == SRAM                      ? SPN_CELL_SRAM
                  : (int)in(t, "accesstype") == CROSSBAR ? SPN_CELL_CROSSBAR
                                                         : SPN_CELL_1T1R;
    if (t->memory == SRAM)
        device.access_width_F = 1; /* [neurosim14] */
    if (device.cell == SPN_CELL_CROSSBAR)
        device.access_width_F = 0;
    device.cell_width_F = spn_validate_number(&t->electrical, "lengthRow_m") / t->columns / f;
    device.cell_height_F = spn_validate_number(&t->electrical, "lengthCol_m") / t->rows / f;
    t->array = (struct spn_array){.rows = (int)t->rows,
                                  .columns = (int)t->columns,
                                  .used_rows_frac = 1,
                                  .used_columns_frac = 1,
                                  .read_voltage_V = t->read_V,
                                  .device = device};
    t->lines = spn_array_lines(&t->array, &t->env);
}

static void put_lines(struct task *t)
{
    const struct spn_wire *gate = t->lines.gate.F > 0 ? &t->lines.gate : &t->lines.data;
    const char *key =
        t->memory == SRAM || (int)in(t, "accesstype") == CROSSBAR ? "capRow1_F" : "capRow2_F";
    group(t, "array");
    spn_validate_put(t->to, "area", "m2", spn_validate_number(&t->totals, "areaArray_m2"),
                     evaluate(t, &spn_component_array, &t->array).area_m2);
    spn_validate_put(t->to, "word line", "F", spn_validate_number(&t->electrical, key), gate->F);
    spn_validate_put(t->to, "column", "F", spn_validate_number(&t->electrical, "capCol_F"),
                     t->lines.column.F);
    spn_validate_put_as(t->to, t->env.node->transistor == SPN_TRANSISTOR_PLANAR ? NULL : metal,
                        "row resistance", "ohm", spn_validate_number(&t->electrical, "resRow_ohm"),
                        t->lines.data.ohm);
    spn_validate_put(t->to, "column resistance", "ohm",
                     spn_validate_number(&t->electrical, "resCol_ohm"), t->lines.column.ohm);
}

static void put_periphery(struct task *t)
{
    const double drop = 0.2, random = 0.5;
    struct spn_switch_matrix rows = {.n_lines = (int)t->rows,
                                     .line_F = t->lines.data.F,
                                     .line_ohm = t->lines.data.ohm,
                                     .current_A = t->columns * t->on_S * t->read_V,
                                     .voltage_V = fmin(t->read_V, t->env.node->vdd_V),
                                     .drop_frac = drop,
                                     .toggle_frac = random};
    struct spn_component_cost cost = evaluate(t, &spn_component_switch_matrix, &rows);
    const char *key = t->memory == SRAM ? "wlSwitchMatrix" : "wlNewSwitchMatrix";
    group(t, "switch matrix");
    spn_validate_put_as(t->to, sized, "area", "m2", golden(t, key, "area_m2"), cost.area_m2);
    spn_validate_put_as(t->to, sized, "leakage", "W", golden(t, key, "leakage_W"), cost.leakage_W);

    struct spn_mux mux = {.columns = (int)t->columns,
                          .columns_per_output = (int)t->per_adc,
                          .column_S = t->rows * t->on_S,
                          .drop_frac = drop};
    cost = evaluate(t, &spn_component_mux, &mux);
    group(t, "column mux");
    spn_validate_put_as(t->to, sized, "area", "m2", golden(t, "mux", "area_m2"), cost.area_m2);
    spn_validate_put_as(t->to, sized, "energy", "J", golden(t, "mux", "read_energy_J"),
                        t->per_adc * cost.action[SPN_MUX_SELECT].energy_J);
    struct spn_decoder decoder = {.n_lines = (int)t->per_adc,
                                  .line_F = spn_mux_select_F(&mux, &t->env)};
    cost = evaluate(t, &spn_component_decoder, &decoder);
    group(t, "mux decoder");
    spn_validate_put_as(t->to, sized, "area", "m2", golden(t, "muxDecoder", "area_m2"),
                        cost.area_m2);
    spn_validate_put_as(t->to, sized, "leakage", "W", golden(t, "muxDecoder", "leakage_W"),
                        cost.leakage_W);
    spn_validate_put_as(t->to, sized, "latency", "s", golden(t, "muxDecoder", "read_latency_s"),
                        cost.action[SPN_DECODER_DECODE].latency_s);
    spn_validate_put_as(t->to, control, "energy", "J", golden(t, "muxDecoder", "read_energy_J"),
                        t->per_adc * cost.action[SPN_DECODER_DECODE].energy_J);

    const double write_pulse_s = 50e-9, rise_frac = 0.1;
    struct spn_level_shifter shifter = {.n_lines = (int)t->rows,
                                        .high_V = in(t, "writeVoltage"),
                                        .line_F = t->lines.data.F,
                                        .rise_s = rise_frac * write_pulse_s};
    cost = evaluate(t, &spn_component_level_shifter, &shifter);
    group(t, "level shifters");
    spn_validate_put_as(t->to, shifters, "area", "m2", golden(t, "wllevelshifter", "area_m2"),
                        cost.area_m2);
}

static void put_converter(struct task *t)
{
    bool sar = (int)in(t, "SARADC") == 1;
    const struct spn_component_type *type = sar ? &spn_component_adc_sar : &spn_component_adc_flash;
    double n = t->columns / t->per_adc, parallel = in(t, "numRowParallel");
    double reads = t->rows / parallel;
    struct spn_adc adc = spn_adc_default();
    if ((int)in(t, "currentMode") != 1 && !sar)
        return;
    adc.bits = (int)lround(log2(in(t, "levelOutput")));
    adc.read_voltage_V = t->read_V;
    adc.column_full_A = t->read_V * parallel * t->on_S;
    adc.column_mean_A = fmin(t->read_V * t->column_S / t->columns, adc.column_full_A);
    adc.column_F = t->lines.column.F;
    struct spn_component_cost cost = evaluate(t, type, &adc);
    const struct spn_cost *convert = &cost.action[SPN_ADC_CONVERT];
    group(t, sar ? "SAR" : "flash");
    if (sar) {
        spn_validate_put(t->to, "area", "m2", golden(t, "sarADC", "area_m2"), n * cost.area_m2);
        spn_validate_put(t->to, "energy", "J", golden(t, "sarADC", "read_energy_J"),
                         t->columns * reads * convert->energy_J);
        spn_validate_put(t->to, "latency", "s", golden(t, "sarADC", "read_latency_s"),
                         convert->latency_s);
        return;
    }
    spn_validate_put_as(t->to, fit, "area", "m2",
                        golden(t, "multilevelSenseAmp", "area_m2") +
                            golden(t, "multilevelSAEncoder", "area_m2"),
                        n * cost.area_m2);
    spn_validate_put_as(t->to, fit, "energy", "J", golden(t, "multilevelSenseAmp", "read_energy_J"),
                        t->columns * reads * convert->energy_J);
    spn_validate_put_as(t->to, fit, "latency", "s",
                        golden(t, "multilevelSenseAmp", "read_latency_s") +
                            golden(t, "multilevelSAEncoder", "read_latency_s"),
                        convert->latency_s);
}

static void put_digital(struct task *t)
{
    double slices = ceil(in(t, "synapseBit") / in(t, "cellBit"));
    double bits = log2(in(t, "levelOutput"));
    int result = (int)(bits + (slices - 1) * in(t, "cellBit") + in(t, "numBitInput"));
    struct spn_shift_add add = {(int)bits, result, 0.5};
    struct spn_component_cost cost = evaluate(t, &spn_component_shift_add, &add);
    double n = t->columns / t->per_adc;
    group(t, "shift-add");
    spn_validate_put_as(t->to, one_step, "area", "m2",
                        golden(t, "shiftAddInput", "area_m2") +
                            golden(t, "shiftAddWeight", "area_m2"),
                        n * cost.area_m2);
    spn_validate_put_as(t->to, one_step, "leakage", "W",
                        golden(t, "shiftAddInput", "leakage_W") +
                            golden(t, "shiftAddWeight", "leakage_W"),
                        n * cost.leakage_W);
    spn_validate_put_as(t->to, one_step, "energy", "J",
                        golden(t, "shiftAddInput", "read_energy_J") +
                            golden(t, "shiftAddWeight", "read_energy_J"),
                        t->columns * cost.action[SPN_SHIFT_ADD_ADD].energy_J);
}

static void put_all(struct task *t)
{
    t->rows = in(t, "numRow");
    t->columns = in(t, "numCol");
    t->per_adc = in(t, "numColMuxed");
    t->read_V = in(t, "readVoltage");
    t->memory = (int)in(t, "memcelltype");
    t->column_S = spn_validate_number(&t->electrical, "colG_sum");
    /* SRAM cells conduct through their access transistor, RRAM cells through theirs in series */
    t->on_S = 1 / (t->memory == SRAM ? spn_validate_number(&t->electrical, "resCellAccess_ohm")
                                     : in(t, "resistanceOn"));
    set_array(t);
    put_lines(t);
    if ((int)in(t, "operationmode") == SEQUENTIAL)
        return;
    put_periphery(t);
    put_converter(t);
    put_digital(t);
}

enum spn_status spn_validate_arrays(struct spn_validation *v, const char *data, struct spn_err *err)
{
    struct spn_json *doc = NULL;
    struct spn_validate_node at = {0};
    struct spn_validate_to to = {.v = v, .suite = "arrays"};
    enum spn_status status = spn_validate_open(&doc, data, "subarray.json", err);
    if (status)
        return status;
    struct spn_json_at root = spn_json_root(doc), configs = spn_json_get(&root, "configs");
    for (size_t i = 0; i < spn_json_size(&configs) && !status; i++) {
        struct spn_json_at item = spn_json_item(&configs, i);
        struct spn_json_at name = spn_json_get(&item, "name");
        struct task t = {.to = &to,
                         .config = spn_json_get(&item, "config"),
                         .electrical = spn_json_get(&item, "electrical"),
                         .blocks = spn_json_get(&item, "blocks"),
                         .totals = spn_json_get(&item, "totals"),
                         .err = err};
        status =
            spn_validate_node(&at, (int)in(&t, "technode"), (int)in(&t, "deviceroadmap") == 1, err);
        t.env = (struct spn_env){&at.node, in(&t, "temp"), 1e9};
        if (status || !at.known ||
            spn_node_check_temperature(&at.node, t.env.temperature_K, NULL) != SPN_OK)
            continue;
        snprintf(to.name, sizeof to.name, "%s", spn_json_string(&name));
        put_all(&t);
        status = t.status;
    }
    spn_json_destroy(doc);
    return status;
}
