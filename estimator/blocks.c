/* blocks.c -- the array and its periphery, sized for one chip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Periphery of an array [M:E12]: input drivers (a switch matrix for one-bit inputs, a DAC per row
 * otherwise), gate drivers and a row decoder, level shifters where the write voltage is above the
 * supply, a column mux in front of ceil(columns / columns_per_adc) ADCs, each with a shift-add,
 * and, if the chip says so, a sample-and-hold per column. Training adds drivers on the columns and
 * a mux on the rows, so that the same ADCs convert a transposed read.
 */
#include "estimator/blocks.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "models/adc.h"
#include "models/dac.h"
#include "models/dac_pwm.h"
#include "models/decoder.h"
#include "models/driver.h"
#include "models/gate.h"
#include "models/level_shifter.h"
#include "models/mux.h"
#include "models/sample_hold.h"
#include "models/shift_add.h"

/* The line of a pulse follows in a tenth of it; one part in ten of its charge is then late.
 * Assumption. */
#define RISE_FRAC 0.1

/* A block of the chip; without instances it is not evaluated and costs nothing. */
static enum spn_status set(struct spn_blocks *b, const struct spn_blocks_input *in,
                           enum spn_block_id id, const struct spn_block_request *request,
                           struct spn_err *err)
{
    if (request->n > 0)
        return spn_block_set(&b->block[id], &b->memory[id], request, in->around, err);
    spn_block_none(&b->block[id]);
    return SPN_OK;
}

/* The array with nominal statistics: fully used, random inputs, cells half-way. With offset
 * encoding it has one column more, the reference, whose cells hold the code of zero. */
static void set_array(struct spn_blocks *b, const struct spn_blocks_input *in)
{
    const struct spn_chip *chip = in->chip;
    const struct spn_device *device = &chip->device;
    double mid_S = (device->on_conductance_S + device->off_conductance_S) / 2;

    memset(&b->array, 0, sizeof b->array);
    memcpy(&b->array.device, device, sizeof *device);
    b->array.rows = chip->array.rows;
    b->array.columns = chip->array.columns + (chip->weight.encoding == SPN_ENCODING_OFFSET) +
                       chip->array.spare_columns;
    b->array.rows_read = in->rules->rows_read;
    b->array.read_supply_V = chip->array.read_supply_V;
    b->array.settle_bits = chip->adc.bits;
    b->array.used_rows_frac = b->array.used_columns_frac = 1;
    b->array.input_mean = b->array.input_mean_square = SPN_BLOCKS_RANDOM_FRAC;
    b->array.cell_mean_S = mid_S;
    b->array.cell_mean_square_S2 = mid_S * mid_S;
    b->array.row_pulse_frac = b->array.vector_pulse_frac = 1;
    b->array.masked = in->masked;
    if (!b->at_supply)
        return;
    b->array.read_voltage_V = in->around->node->vdd_V;
    b->array.cell_input_F = spn_gate_min_nand2(&in->around->env).input_F;
    b->array.unit_F = chip->array.unit_F;
    b->array.xnor = chip->array.kind == SPN_ARRAY_CHARGE && chip->array.product == SPN_PRODUCT_XNOR;
    b->array.bit_cells = chip->array.kind == SPN_ARRAY_C2C ? chip->weight.cell_bits : 1;
    b->array.input_lines = b->digital ? chip->input.dac_bits : 1;
}

struct setting {
    enum spn_block_id id;
    struct spn_block_request request;
};

static enum spn_status set_all(struct spn_blocks *b, const struct spn_blocks_input *in,
                               const struct setting *list, size_t n, struct spn_err *err)
{
    enum spn_status status = SPN_OK;

    for (size_t i = 0; i < n && !status; i++)
        status = set(b, in, list[i].id, &list[i].request, err);
    return status;
}

double spn_blocks_pulses_s(const struct spn_chip *chip)
{
    return chip->input.pulse_s > 0 ? (ldexp(1, chip->input.dac_bits) - 1) * chip->input.pulse_s : 0;
}

/* Inputs stay until the last column that shares a converter is done with them; what is sampled is
 * converted without them. [M:A31] */
static double inputs_hold_s(const struct spn_blocks *b, const struct spn_chip *chip)
{
    const struct spn_block *hold = &b->block[SPN_BLOCK_SAMPLE_HOLD],
                           *mux = &b->block[SPN_BLOCK_MUX];
    double mux_s = mux->n > 0 ? mux->cost.action[SPN_MUX_SELECT].latency_s : 0,
           convert_s = b->block[SPN_BLOCK_ADC].cost.action[SPN_ADC_CONVERT].latency_s,
           settle_s = b->block[SPN_BLOCK_ARRAY].cost.action[SPN_ARRAY_READ].latency_s,
           cycle_s = convert_s / (chip->adc.bits + 1);
    bool in_turn = chip->adc.selected_only && !b->at_supply;

    if (hold->n > 0)
        return hold->cost.action[SPN_SAMPLE_HOLD_SAMPLE].latency_s;
    if (chip->adc.samples)
        return chip->adc.columns_per_adc * (mux_s + (in_turn ? fmax(settle_s, cycle_s) : cycle_s));
    return chip->adc.columns_per_adc * (mux_s + convert_s + (in_turn ? settle_s : 0));
}

/* The switches of the rows, or of the columns for errors. */
static void fill_switches(struct spn_switch_matrix *m, int n_lines, const struct spn_wire *line,
                          double current_A, double volt)
{
    memset(m, 0, sizeof *m);
    m->n_lines = n_lines;
    m->line_F = line->F;
    m->line_ohm = line->ohm;
    m->current_A = current_A;
    m->voltage_V = volt;
    m->drop_frac = SPN_BLOCKS_DROP_FRAC;
    m->toggle_frac = SPN_BLOCKS_RANDOM_FRAC;
}

static void fill_driver(struct spn_driver *d, int n_lines, const struct spn_wire *line)
{
    memset(d, 0, sizeof *d);
    d->n_lines = n_lines;
    d->line_F = line->F;
    d->line_ohm = line->ohm;
    d->drop_frac = SPN_BLOCKS_DROP_FRAC;
}

static void fill_dac(struct spn_dac *dac, const struct spn_blocks *b, const struct spn_chip *chip,
                     double current_A)
{
    /* Mean square of uniform codes, (2 L + 1)/(6 L) with L = 2^bits - 1 steps. */
    double steps = ldexp(1, chip->input.dac_bits) - 1, volt = spn_array_read_V(&b->array);

    memset(dac, 0, sizeof *dac);
    dac->bits = chip->input.dac_bits;
    dac->full_scale_V = volt;
    dac->line_F = b->lines.data.F;
    dac->load_A = chip->array.read_supply_V > volt || b->at_supply ? 0 : current_A;
    dac->settle_s = b->block[SPN_BLOCK_ARRAY].cost.action[SPN_ARRAY_READ].latency_s;
    dac->hold_s = inputs_hold_s(b, chip);
    dac->mean_square = (2 * steps + 1) / (6 * steps);
}

/* Drivers of inputs on the rows: inverters for bits at the supply, switches for bits at the read
 * voltage, counters and switches for pulses of several bits, ladders for amplitudes. */
static enum spn_status set_inputs(struct spn_blocks *b, const struct spn_blocks_input *in,
                                  double current_A, struct spn_err *err)
{
    const struct spn_chip *chip = in->chip;
    const struct spn_wire *line = &b->lines.data;
    int bits = chip->input.dac_bits, rows = b->array.rows * (b->array.xnor ? 2 : 1);
    double n = b->n_arrays;
    struct spn_dac_pwm pwm;
    struct spn_driver driver;
    struct spn_dac dac;

    memset(&pwm, 0, sizeof pwm);
    pwm.bits = bits;
    pwm.mean_frac = SPN_BLOCKS_RANDOM_FRAC;
    fill_switches(&pwm.switches, rows, line, current_A, spn_array_read_V(&b->array));
    fill_driver(&driver, rows * (b->digital ? bits : 1), line);
    fill_dac(&dac, b, chip, current_A);
    struct setting input = {SPN_BLOCK_INPUT_DRIVER,
                            {&spn_component_dac, &dac, "chip.input.dac_bits", n * rows}};
    if (b->digital || (b->at_supply && bits == 1))
        input.request =
            (struct spn_block_request){&spn_component_driver_wordline, &driver, "chip.input", n};
    else if (bits == 1)
        input.request = (struct spn_block_request){&spn_component_switch_matrix, &pwm.switches,
                                                   "chip.input", n};
    else if (chip->input.pulse_s > 0)
        input.request =
            (struct spn_block_request){&spn_component_dac_pwm, &pwm, "chip.input.pulse_s", n};
    return set_all(b, in, &input, 1, err);
}

/* Drivers of inputs on the rows, of errors on the columns, and of gates. */
static enum spn_status set_drivers(struct spn_blocks *b, const struct spn_blocks_input *in,
                                   struct spn_err *err)
{
    const struct spn_chip *chip = in->chip;
    bool in_turn = chip->adc.selected_only && !chip->adc.sample_hold;
    double n = b->n_arrays, volt = spn_array_read_V(&b->array),
           pair = chip->weight.encoding == SPN_ENCODING_DIFFERENTIAL ? 2 : 1,
           line_S = (in_turn ? pair * b->n_adc : b->array.columns) * chip->device.on_conductance_S;
    struct spn_switch_matrix output;
    struct spn_driver gate;
    enum spn_status status = set_inputs(b, in, line_S * volt, err);

    if (status)
        return status;
    fill_switches(&output, b->array.columns, &b->lines.column, b->column_full_A, volt);
    fill_driver(&gate, b->array.rows, &b->lines.gate);
    const struct setting list[] = {
        {SPN_BLOCK_GATE_DRIVER,
         {&spn_component_driver_wordline, &gate, "chip.array", b->lines.gate.F > 0 ? n : 0}},
        {SPN_BLOCK_COLUMN_DRIVER,
         {&spn_component_switch_matrix, &output, "chip.training", in->need->reads_back ? n : 0}},
    };
    return set_all(b, in, list, sizeof list / sizeof list[0], err);
}

/* What writing takes besides: row decoder, level shifters. */
static enum spn_status set_writers(struct spn_blocks *b, const struct spn_blocks_input *in,
                                   struct spn_err *err)
{
    const struct spn_device *device = &in->chip->device;
    double n = b->n_arrays, n_pumped = device->write_voltage_V > in->around->node->vdd_V ? n : 0;
    struct spn_decoder decoder;
    struct spn_level_shifter row, column;

    memset(&decoder, 0, sizeof decoder);
    memset(&row, 0, sizeof row);
    decoder.n_lines = b->array.rows;
    decoder.line_F = spn_gate_min_nand2(&in->around->env).input_F;
    decoder.pitch_m = device->cell_height_F * in->chip->node.feature_size_m;
    row.n_lines = b->array.rows;
    row.high_V = device->write_voltage_V;
    row.line_F = b->lines.data.F;
    row.rise_s = device->write_pulse_s * RISE_FRAC;
    memcpy(&column, &row, sizeof column);
    column.n_lines = b->array.columns;
    column.line_F = b->lines.column.F;
    const struct setting list[] = {
        {SPN_BLOCK_ROW_DECODER,
         {&spn_component_decoder, &decoder, "chip.array.rows", b->array.rows > 1 ? n : 0}},
        {SPN_BLOCK_ROW_SHIFTER,
         {&spn_component_level_shifter, &row, "device.write_voltage_V", n_pumped}},
        {SPN_BLOCK_COLUMN_SHIFTER,
         {&spn_component_level_shifter, &column, "device.write_voltage_V", n_pumped}},
    };
    return set_all(b, in, list, sizeof list / sizeof list[0], err);
}

/* The mux of the columns, and of the rows for transposed reads; and what the first adds to a column
 * (known before the array itself is evaluated, which has to charge it). */
static void fill_muxes(struct spn_blocks *b, const struct spn_blocks_input *in, struct spn_mux *mux,
                       struct spn_mux *row_mux)
{
    const struct spn_env *env = &in->around->env;

    memset(mux, 0, sizeof *mux);
    mux->columns_per_output = in->chip->adc.columns_per_adc;
    mux->columns = b->n_adc * mux->columns_per_output;
    /* Behind a sample-and-hold, or on shared charge, no column current passes: the smallest switch
     * will do. */
    mux->column_S = in->chip->adc.sample_hold || b->at_supply
                        ? 0
                        : b->column_full_A / spn_array_read_V(&b->array);
    mux->drop_frac = SPN_BLOCKS_DROP_FRAC;
    mux->output_F = spn_blocks_converter_F(b, in);
    memcpy(row_mux, mux, sizeof *mux);
    row_mux->columns_per_output = (b->array.rows + b->n_adc - 1) / b->n_adc;
    row_mux->columns = b->n_adc * row_mux->columns_per_output;
    b->array.column_load_F =
        mux->columns_per_output > 1 ? spn_mux_column_F(mux, env) : mux->output_F;
    b->column_F = b->lines.column.F + b->array.column_load_F;
}

/* The array and its columns: mux, sample-and-hold, ADC, shift-add. */
static enum spn_status set_columns(struct spn_blocks *b, const struct spn_blocks_input *in,
                                   struct spn_err *err)
{
    const struct spn_chip *chip = in->chip;
    int per = chip->adc.columns_per_adc;
    /* Adders that take turns on weights have a mux in every row. */
    double n = b->n_arrays, n_muxed = per > 1 ? n * (b->digital ? in->rules->rows_read : 1) : 0,
           n_held = chip->adc.sample_hold && !b->digital ? n : 0;
    union spn_blocks_converter converter;
    struct spn_mux mux, row_mux;
    struct spn_decoder decoder;
    struct spn_sample_hold hold;
    struct spn_shift_add add;
    enum spn_status status;

    fill_muxes(b, in, &mux, &row_mux);
    const struct setting array = {SPN_BLOCK_ARRAY, {b->array_type, &b->array, "chip.array", n}};
    status = set_all(b, in, &array, 1, err);
    if (status)
        return status;
    const void *params = spn_blocks_fill_converter(&converter, b, in, &b->array);
    const struct setting first = {SPN_BLOCK_ADC, {b->adc_type, params, "chip.adc", n * b->n_adc}};
    status = set_all(b, in, &first, 1, err);
    if (status)
        return status;
    memset(&decoder, 0, sizeof decoder);
    memset(&hold, 0, sizeof hold);
    memset(&add, 0, sizeof add);
    decoder.n_lines = per;
    decoder.line_F = per > 1 ? spn_mux_select_F(&mux, &in->around->env) : 0;
    hold.bits = chip->adc.bits;
    hold.full_scale_V = spn_array_read_V(&b->array);
    hold.hold_s = per * b->block[SPN_BLOCK_ADC].cost.action[SPN_ADC_CONVERT].latency_s;
    hold.energy_scale = hold.area_scale = 1;
    add.input_bits = spn_count_result_bits(in->rules, chip);
    add.result_bits = b->bits.shift_add;
    add.toggle_frac = SPN_BLOCKS_RANDOM_FRAC;
    bool transposed = in->need->reads_back && row_mux.columns_per_output > 1;
    const struct setting list[] = {
        {SPN_BLOCK_MUX, {&spn_component_mux, &mux, "chip.adc.columns_per_adc", n_muxed}},
        {SPN_BLOCK_MUX_DECODER,
         {&spn_component_decoder, &decoder, "chip.adc.columns_per_adc", n_muxed}},
        {SPN_BLOCK_SAMPLE_HOLD,
         {&spn_component_sample_hold, &hold, "chip.adc.sample_hold", n_held * mux.columns}},
        {SPN_BLOCK_SHIFT_ADD, {&spn_component_shift_add, &add, "chip.adc", n * b->n_adc}},
        {SPN_BLOCK_ROW_MUX, {&spn_component_mux, &row_mux, "chip.training", transposed ? n : 0}},
    };
    return set_all(b, in, list, sizeof list / sizeof list[0], err);
}

static void set_widths(struct spn_blocks *b, const struct spn_blocks_input *in)
{
    const struct spn_map_rules *r = in->rules;
    const struct spn_blocks_need *need = in->need;
    /* A layer that uses everything: the widest sums. */
    struct spn_layer_map full = {.row_groups_max =
                                     (r->array_rows + r->rows_read - 1) / r->rows_read,
                                 .row_arrays = r->pe_side,
                                 .row_pes = r->tile_side * need->max_row_tiles,
                                 .row_tiles = need->max_row_tiles};

    b->bits = spn_count_sum_bits(&full, r, in->chip);
    if (spn_blocks_tiles(need, r).kernel > 0) {
        struct spn_sum_bits bits;
        full.kernel_position = true;
        full.positions = need->kernel_area;
        bits = spn_count_sum_bits(&full, r, in->chip);
        if (bits.chip > b->bits.chip)
            b->bits = bits;
    }
}

struct spn_blocks_tiles spn_blocks_tiles(const struct spn_blocks_need *need,
                                         const struct spn_map_rules *r)
{
    const double conventional_pes = (double)r->tile_side * r->tile_side;
    const double kernel_pes = need->kernel_area, general = need->n_general_tiles;
    const bool both = need->kernel_area > 1;
    struct spn_blocks_tiles t = {
        .conventional = need->n_conventional_tiles + general,
        .kernel = need->n_kernel_tiles + (both ? general : 0),
        .n = (double)need->n_conventional_tiles + need->n_kernel_tiles + general,
        .pes = need->n_conventional_tiles * conventional_pes + need->n_kernel_tiles * kernel_pes +
               general * (both ? fmax(conventional_pes, kernel_pes) : conventional_pes)};

    t.conventional *= need->n_chips;
    t.kernel *= need->n_chips;
    t.n *= need->n_chips;
    t.pes *= need->n_chips;
    return t;
}

enum spn_status spn_blocks_set(struct spn_blocks *blocks, const struct spn_blocks_input *in,
                               struct spn_err *err)
{
    const struct spn_blocks_need *need = in->need;
    const struct spn_map_rules *r = in->rules;
    enum spn_status s = spn_blocks_find_types(blocks, in->chip, err);

    if (s)
        return s;
    const struct spn_blocks_tiles tiles = spn_blocks_tiles(need, r);
    blocks->n_tiles = tiles.n;
    blocks->n_pes = tiles.pes;
    blocks->n_arrays = blocks->n_pes * r->pe_side * r->pe_side;
    blocks->n_adc = spn_count_adcs(r, in->chip);
    set_widths(blocks, in);
    set_array(blocks, in);
    blocks->lines = spn_array_lines(&blocks->array, &in->around->env);
    blocks->column_F = blocks->lines.column.F;
    blocks->column_full_A = blocks->at_supply ? 0 : spn_array_column_current(&blocks->array).full_A;
    if ((s = set_columns(blocks, in, err)) != SPN_OK ||
        (s = set_drivers(blocks, in, err)) != SPN_OK ||
        (s = set_writers(blocks, in, err)) != SPN_OK)
        return s;
    blocks->version = spn_blocks_state(&blocks->states, blocks, in->chip);
    return spn_blocks_set_chip(blocks, in, err);
}

/* A transposed read has rows and columns exchanged, the cell with them. */
static void transpose(struct spn_array *a)
{
    int rows = a->rows;
    double height = a->device.cell_height_F, mask_height = a->device.mask.cell_height_F;

    a->rows = a->columns;
    a->columns = rows;
    a->device.cell_height_F = a->device.cell_width_F;
    a->device.cell_width_F = height;
    a->device.mask.cell_height_F = a->device.mask.cell_width_F;
    a->device.mask.cell_width_F = mask_height;
}

double spn_blocks_sampling_s(const struct spn_blocks *b, const struct spn_chip *chip)
{
    double cycle_s =
        b->block[SPN_BLOCK_ADC].cost.action[SPN_ADC_CONVERT].latency_s / (chip->adc.bits + 1);
    double settle_s = b->block[SPN_BLOCK_ARRAY].cost.action[SPN_ARRAY_READ].latency_s;
    return cycle_s > settle_s ? cycle_s - settle_s : 0;
}

/* What follows settling while the columns still conduct: sampling; converting them all; or, if only
 * the column in its turn conducts, converting that one. [M:E11, M:W3] */
static double hold_s(const struct spn_blocks *b, const struct spn_chip *chip,
                     const struct spn_array_values *values, bool transposed)
{
    const struct spn_block *hold = &b->block[SPN_BLOCK_SAMPLE_HOLD];
    const struct spn_block *mux = &b->block[transposed ? SPN_BLOCK_ROW_MUX : SPN_BLOCK_MUX];
    double mux_s = mux->n > 0 ? mux->cost.action[SPN_MUX_SELECT].latency_s : 0,
           convert_s = b->block[SPN_BLOCK_ADC].cost.action[SPN_ADC_CONVERT].latency_s,
           last_s = chip->adc.samples ? spn_blocks_sampling_s(b, chip) : convert_s;

    if (hold->n > 0)
        return hold->cost.action[SPN_SAMPLE_HOLD_SAMPLE].latency_s;
    if (chip->input.integrate_s > 0) /* [M:W9] sampled within the pulse */
        return 0;
    double before = chip->adc.selected_only ? 0 : values->columns_per_pass - 1;
    return before * (mux_s + convert_s) + mux_s + last_s;
}

enum spn_status spn_blocks_layer(const struct spn_blocks *blocks, const struct spn_blocks_input *in,
                                 const struct spn_array_values *values, bool transposed,
                                 struct spn_block layer[2], struct spn_err *err)
{
    struct spn_array a;
    union spn_blocks_converter converter;
    const struct spn_block_request array_request = {blocks->array_type, &a, "chip.array", 1};
    enum spn_status s;

    memcpy(&a, &blocks->array, sizeof a);
    if (transposed) {
        transpose(&a);
        if (a.rows_read == in->rules->array_rows || a.rows_read > a.rows)
            a.rows_read = 0;
    }
    a.used_rows_frac = values->used_rows_frac;
    a.used_columns_frac = values->used_columns_frac;
    a.input_mean = values->input_mean;
    a.input_mean_square = values->input_mean_square;
    a.cell_mean_S = values->cell_mean_S;
    a.cell_mean_square_S2 = values->cell_mean_square_S2;
    a.row_pulse_frac = values->row_pulse_frac;
    a.vector_pulse_frac = values->vector_pulse_frac;
    /* The time is the chip's, not the layer's own settling. */
    a.settle_bits = 0;
    a.read_time_s = blocks->block[SPN_BLOCK_ARRAY].cost.action[SPN_ARRAY_READ].latency_s +
                    hold_s(blocks, in->chip, values, transposed);
    if (in->chip->input.pulse_s > 0) { /* [M:W2] full voltage for a share of the time */
        a.read_time_s += spn_blocks_pulses_s(in->chip);
        a.input_mean_square = a.input_mean;
    }
    if ((s = spn_block_evaluate(&layer[0], &array_request, in->around, err)) != SPN_OK)
        return s;
    const struct spn_block_request request = {
        blocks->adc_type, spn_blocks_fill_converter(&converter, blocks, in, &a), "chip.adc", 1};
    return spn_block_evaluate(&layer[1], &request, in->around, err);
}
