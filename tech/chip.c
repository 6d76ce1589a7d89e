/* chip.c -- fields and defaults of the organisation of a chip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ranges say what the models can stand, not what is wise. Values come from the data files;
 * spn_chip_default() only fills in what a chip file leaves out.
 */
#include "tech/chip.h"

#include <stddef.h>

#include "base/units.h"

const char *const spn_array_kind_names[] = {"current", "charge", "c2c", "digital", NULL};
const char *const spn_array_adder_names[] = {"tree", "chain", NULL};
const char *const spn_adder_cell_names[] = {"standard", "compact", NULL};
const char *const spn_array_product_names[] = {"and", "xnor", NULL};
const char *const spn_encoding_names[] = {"differential", "offset", "twos-complement", NULL};
const char *const spn_adc_range_names[] = {"full", "calibrated", "fixed", NULL};
const char *const spn_mapping_names[] = {"conventional", "kernel-position", "matrix",
                                         "row",          "shape",           NULL};
const char *const spn_schedule_names[] = {"layer-by-layer", "pipelined", "streamed", NULL};
const char *const spn_scheme_names[] = {"dense", "external-index", "index-free", NULL};
const char *const spn_index_place_names[] = {"dram", "global-buffer", "tile-buffer", NULL};
const char *const spn_polarity_place_names[] = {"none", "dram", "global-buffer", "tile-buffer",
                                                NULL};
const char *const spn_transpose_names[] = {"read", "copy", NULL};
const char *const spn_update_names[] = {"cell", "row", "vector", NULL};
const char *const spn_interconnect_names[] = {"htree", "mesh", "xy-bus", NULL};
const char *const spn_traffic_names[] = {"buffer", "direct", NULL};
const char *const spn_placement_names[] = {"row-major", "optimized", NULL};
const char *const spn_cache_place_names[] = {"global-buffer", "dram", NULL};
const char *const spn_products_names[] = {"mac", "sram", NULL};
const char *const spn_overflow_names[] = {"refuse", "reload", "chips", NULL};

static const struct spn_field array_fields[] = {
    SPN_F_ENUM(struct spn_chip_array, kind, spn_array_kind_names, "how it multiplies and adds"),
    SPN_F_INT(struct spn_chip_array, rows, "", 1, 65536, "rows of an array"),
    SPN_F_INT(struct spn_chip_array, columns, "", 1, 65536, "columns of an array"),
    SPN_F_INT(struct spn_chip_array, rows_read, "", 0, 65536, "rows switched on at once; 0 = all"),
    SPN_F_INT(struct spn_chip_array, spare_columns, "", 0, 1024,
              "beside the columns, to replace those with most defects"),
    SPN_F_DOUBLE(struct spn_chip_array, dead_row_frac, "", 0, 1, "broken row lines"),
    SPN_F_DOUBLE(struct spn_chip_array, dead_column_frac, "", 0, 1, "broken column lines"),
    SPN_F_DOUBLE(struct spn_chip_array, source_ohm, "ohm", 0, 1e9, "resistance of a row's driver"),
    SPN_F_DOUBLE(struct spn_chip_array, sense_ohm, "ohm", 0, 1e9,
                 "input resistance of a column's sense amplifier"),
    SPN_F_DOUBLE(struct spn_chip_array, read_supply_V, "V", 0, 20,
                 "supply that the read voltage is regulated from; 0 = the read voltage itself"),
    SPN_F_DOUBLE(struct spn_chip_array, unit_F, "F", 0, 1e-12,
                 "charge, c2c: capacitor of a cell; 0 = the least that will do"),
    SPN_F_ENUM(struct spn_chip_array, product, spn_array_product_names,
               "charge: of an input and a cell; xnor takes the input and its complement"),
    SPN_F_ENUM(struct spn_chip_array, adder, spn_array_adder_names, "digital: how products add"),
    SPN_F_ENUM(struct spn_chip_array, adder_cell, spn_adder_cell_names,
               "digital: standard cells, or cells of least size drawn for the array"),
    SPN_F_DOUBLE(struct spn_chip_array, swing_loss_V, "V", 0, 5,
                 "digital: what pass transistors take from the swing in the adders"),
    SPN_F_DOUBLE(struct spn_chip_array, energy_scale, "", 1e-3, 1e3, "fit factor of reads"),
    SPN_F_END};
static const struct spn_field weight_fields[] = {
    SPN_F_INT(struct spn_chip_weight, bits, "bit", 2, 16, "signed weight, sign included"),
    SPN_F_INT(struct spn_chip_weight, cell_bits, "bit", 1, 16, "bits in one cell"),
    SPN_F_ENUM(struct spn_chip_weight, encoding, spn_encoding_names, "how a sign is held"),
    SPN_F_END};
static const struct spn_field input_fields[] = {
    SPN_F_INT(struct spn_chip_input, bits, "bit", 1, 16, "unsigned activation"),
    SPN_F_INT(struct spn_chip_input, dac_bits, "bit", 1, 16,
              "bits driven per read; 1 = bit-serial"),
    SPN_F_DOUBLE(struct spn_chip_input, pulse_s, "s", 0, 1e-3,
                 "inputs as pulses of so many seconds per level; 0 = as amplitudes"),
    SPN_F_DOUBLE(struct spn_chip_input, inl_lsb, "LSB", -64, 64,
                 "amplitudes: bow of the DAC's curve in its middle"),
    SPN_F_DOUBLE(struct spn_chip_input, saturation_frac, "", 0, 1,
                 "a driver reaches this share of the read voltage at most; 0: all"),
    SPN_F_DOUBLE(struct spn_chip_input, gain_sd_frac, "", 0, 1, "spread of the rows' drivers"),
    SPN_F_DOUBLE(struct spn_chip_input, integrate_s, "s", 0, 1e-3,
                 "of one integration, if slices are weighted before one conversion; 0 = they are "
                 "not"),
    SPN_F_END};
static const struct spn_field adc_fields[] = {
    SPN_F_STRING(struct spn_chip_adc, kind, "a component of role adc: see list components"),
    SPN_F_INT(struct spn_chip_adc, bits, "bit", 1, 16, "resolution"),
    SPN_F_INT(struct spn_chip_adc, columns_per_adc, "", 1, 65536,
              "columns that take turns on one ADC"),
    SPN_F_ENUM(struct spn_chip_adc, range, spn_adc_range_names, "which sums fit"),
    SPN_F_DOUBLE(struct spn_chip_adc, range_frac, "", 1e-6, 1, "fixed: fraction of the full range"),
    SPN_F_DOUBLE(struct spn_chip_adc, clip_percentile, "", 50, 100,
                 "calibrated: percentile of the sums that fits"),
    SPN_F_BOOL(struct spn_chip_adc, sample_hold, "a sample-and-hold per column, before the mux"),
    SPN_F_BOOL(struct spn_chip_adc, selected_only,
               "without sample-and-holds: a column conducts and settles only in its turn"),
    SPN_F_DOUBLE(struct spn_chip_adc, offset_sd_lsb, "LSB", 0, 1e4, "spread of the offsets"),
    SPN_F_DOUBLE(struct spn_chip_adc, gain_sd_frac, "", 0, 1, "spread of the gains"),
    SPN_F_DOUBLE(struct spn_chip_adc, inl_lsb, "LSB", -1e4, 1e4,
                 "bow of the curves in their middle"),
    SPN_F_DOUBLE(struct spn_chip_adc, unit_sd_frac, "", 0, 0.5,
                 "mismatch of one unit capacitor, binary-weighted"),
    SPN_F_BOOL(struct spn_chip_adc, samples,
               "the converter samples its column in its first cycle, which then need not conduct"),
    SPN_F_DOUBLE(
        struct spn_chip_adc, cycle_s, "s", 0, 1e-3,
        "of one decision of the converter, or of one code that it counts; 0 = its model's"),
    SPN_F_DOUBLE(struct spn_chip_adc, energy_scale, "", 1e-3, 1e3, "fit factor"),
    SPN_F_DOUBLE(struct spn_chip_adc, area_scale, "", 1e-3, 1e3, "fit factor"),
    SPN_F_DOUBLE(struct spn_chip_adc, latency_scale, "", 1e-3, 1e3, "fit factor"),
    SPN_F_END};
static const struct spn_field pe_fields[] = {
    SPN_F_INT(struct spn_chip_pe, arrays, "", 1, 65536, "arrays of a PE, a square number"),
    SPN_F_END};
static const struct spn_field tile_fields[] = {
    SPN_F_INT(struct spn_chip_tile, pes, "", 1, 65536, "PEs of a tile, a square number"),
    SPN_F_INT(struct spn_chip_tile, input_buffer_bit, "bit", 0, 1 << 30, "0 = sized by the mapper"),
    SPN_F_INT(struct spn_chip_tile, output_buffer_bit, "bit", 0, 1 << 30,
              "0 = sized by the mapper"),
    SPN_F_INT(struct spn_chip_tile, bus_bit, "bit", 1, 65536,
              "width of the H-tree inside tile and PE"),
    SPN_F_BOOL(struct spn_chip_tile, line_buffer,
               "inputs come to a tile once and wait there for all windows that take them; else as "
               "often as windows take them"),
    SPN_F_END};
static const struct spn_field global_fields[] = {
    SPN_F_ENUM(struct spn_chip_global, interconnect, spn_interconnect_names, "between tiles"),
    SPN_F_INT(struct spn_chip_global, bus_bit, "bit", 1, 65536,
              "width of the H-tree, or a mesh flit"),
    SPN_F_INT(struct spn_chip_global, buffer_bit, "bit", 0, 1 << 30, "0 = sized by the mapper"),
    SPN_F_ENUM(struct spn_chip_global, traffic, spn_traffic_names,
               "on a mesh: all through the buffer, or results straight to the next layer's tiles"),
    SPN_F_ENUM(struct spn_chip_global, placement, spn_placement_names,
               "of tiles on a mesh: in the order of layers, or for short ways"),
    SPN_F_END};
static const struct spn_field sparsity_fields[] = {
    SPN_F_ENUM(struct spn_chip_sparsity, scheme, spn_scheme_names, "how pruned weights are held"),
    SPN_F_STRING(struct spn_chip_sparsity, index_format, "bitmap, csr, rle, ..."),
    SPN_F_ENUM(struct spn_chip_sparsity, index_place, spn_index_place_names,
               "where an external index lives"),
    SPN_F_ENUM(struct spn_chip_sparsity, polarity_place, spn_polarity_place_names,
               "where it is kept which cell of a differential pair a weight update writes; none: "
               "it writes both"),
    SPN_F_INT(struct spn_chip_sparsity, index_bus_bit, "bit", 1, 65536,
              "index bits a tile's decoder takes per clock"),
    SPN_F_DOUBLE(struct spn_chip_sparsity, decode_bit_per_cycle, "bit", 1e-3, 65536,
                 "index bits a tile's decoder examines per clock"),
    SPN_F_DOUBLE(struct spn_chip_sparsity, vector_threshold_frac, "", 0, 1,
                 "sparsity from which a layer is updated vector-wise"),
    SPN_F_END};
static const struct spn_field write_fields[] = {
    SPN_F_ENUM(struct spn_chip_write, method, spn_update_names,
               "weight update of dense and external-index"),
    SPN_F_ENUM(struct spn_chip_write, index_free_method, spn_update_names,
               "weight update of index-free"),
    SPN_F_BOOL(struct spn_chip_write, verify, "read after each pulse"),
    SPN_F_DOUBLE(struct spn_chip_write, tolerance_frac, "", 0, 1,
                 "closed loop: until a read is within this share of the window; 0: open loop"),
    SPN_F_INT(struct spn_chip_write, max_tries, "", 1, 10000,
              "closed loop: trains of pulses on one cell at most"),
    SPN_F_INT(struct spn_chip_write, pulses_per_read, "", 0, 1000000,
              "closed loop: longest train; 0: what the mean device needs"),
    SPN_F_DOUBLE(struct spn_chip_write, pulses_per_update, "", 1e-3, 1e6,
                 "mean pulses of an updated cell"),
    SPN_F_DOUBLE(struct spn_chip_write, row_pulses_per_update, "", 1e-3, 1e6,
                 "pulse times of a row written at once"),
    SPN_F_INT(struct spn_chip_write, arrays_per_tile_parallel, "", 0, 1 << 30,
              "arrays of a tile written at once; 0 = all"),
    SPN_F_END};
static const struct spn_field training_fields[] = {
    SPN_F_INT(struct spn_chip_training, batch, "", 1, 1 << 24, "images per weight update"),
    SPN_F_INT(struct spn_chip_training, gradient_bits, "bit", 1, 32, "weight gradient"),
    SPN_F_INT(struct spn_chip_training, error_bits, "bit", 1, 32, "back-propagated error"),
    SPN_F_INT(struct spn_chip_training, mac_units, "", 1, 1 << 24,
              "digital MACs of the weight-gradient unit"),
    SPN_F_ENUM(struct spn_chip_training, transpose, spn_transpose_names,
               "errors read the arrays from the other side, or further arrays with the weights "
               "transposed"),
    SPN_F_BOOL(struct spn_chip_training, activations_in_dram,
               "activations go to DRAM until the gradient needs them"),
    SPN_F_END};

static const struct spn_field system_fields[] = {
    SPN_F_INT(struct spn_chip_system, tiles, "", 0, 1 << 20,
              "tiles of a chip; 0 = as many as the network needs"),
    SPN_F_ENUM(struct spn_chip_system, overflow, spn_overflow_names,
               "a network larger than the chip: refuse it, reload weights, or use several chips"),
    SPN_F_INT(struct spn_chip_system, batch, "", 1, 1 << 24,
              "images that one load of the weights serves"),
    SPN_F_BOOL(struct spn_chip_system, prefetch,
               "reload: half of the tiles are loaded while the others compute"),
    SPN_F_ENUM(struct spn_chip_system, cache_place, spn_cache_place_names,
               "where keys and values of earlier tokens are kept"),
    SPN_F_DOUBLE(struct spn_chip_system, pulses_per_program, "", 0, 1e6,
                 "mean pulses that load a cell; 0 = one per state passed"),
    SPN_F_DOUBLE(struct spn_chip_system, link_energy_J_per_bit, "J/bit", 0, 1e-9,
                 "link to the next chip, both ends"),
    SPN_F_DOUBLE(struct spn_chip_system, link_bandwidth_bit_per_s, "bit/s", 1e6, 1e15,
                 "of that link, one direction"),
    SPN_F_DOUBLE(struct spn_chip_system, link_latency_s, "s", 0, 1e-3, "of that link, one hop"),
    SPN_F_END};

static const struct spn_field products_fields[] = {
    SPN_F_ENUM(struct spn_chip_products, unit, spn_products_names,
               "products of two activations: on digital MACs, or on SRAM arrays"),
    {.key = "device",
     .type = SPN_FIELD_STRING,
     .offset = offsetof(struct spn_chip_products, device_name),
     .capacity = sizeof(((struct spn_chip_products *)0)->device_name),
     .unit = "",
     .doc = "sram: their cell, a file of tech/devices, or a path"},
    SPN_F_ENUM(struct spn_chip_products, kind, spn_array_kind_names,
               "sram: how they multiply and add"),
    SPN_F_INT(struct spn_chip_products, rows, "", 1, 65536, "sram: rows of an array"),
    SPN_F_INT(struct spn_chip_products, columns, "", 1, 65536, "sram: columns of an array"),
    SPN_F_END};

#define CHIP_FILE(k, m, d)                                                                         \
    {                                                                                              \
        .key = k, .type = SPN_FIELD_STRING, .required = true,                                      \
        .offset = offsetof(struct spn_chip, m), .capacity = sizeof(((struct spn_chip *)0)->m),     \
        .unit = "", .doc = d                                                                       \
    }

const struct spn_field spn_chip_fields[] = {
    SPN_F_STRING(struct spn_chip, name, "name, as in the file name"),
    SPN_F_STRING(struct spn_chip, description, "one line"),
    CHIP_FILE("node", node_name, "a file of tech/nodes, or a path"),
    CHIP_FILE("device", device_name, "a file of tech/devices, or a path"),
    CHIP_FILE("dram", dram_name, "a file of tech/drams, or a path"),
    SPN_F_DOUBLE(struct spn_chip, temperature_K, "K", 200, 500,
                 "of the chip; within the node's table"),
    SPN_F_DOUBLE(struct spn_chip, clock_Hz, "Hz", 1e5, 1e11, "digital clock"),
    SPN_F_DOUBLE(struct spn_chip, vdd_V, "V", 0, 5, "supply; 0 = the node's own"),
    SPN_F_ENUM(struct spn_chip, mapping, spn_mapping_names, "how kernels unroll onto arrays"),
    SPN_F_ENUM(struct spn_chip, schedule, spn_schedule_names,
               "layers one by one; each on an image of its own; or on lines as they come"),
    SPN_F_BOOL(struct spn_chip, duplicate,
               "copy small layers inside their tile to use idle arrays"),
    SPN_F_DOUBLE(struct spn_chip, area_budget_m2, "m2", 0, 1,
                 "of a chip; duplicate fills it with copies of whole tiles; 0 = none"),
    SPN_F_OBJECT(struct spn_chip, array, array_fields, "array of cells"),
    SPN_F_OBJECT(struct spn_chip, weight, weight_fields, "weights in cells"),
    SPN_F_OBJECT(struct spn_chip, input, input_fields, "activations on rows"),
    SPN_F_OBJECT(struct spn_chip, adc, adc_fields, "column converters"),
    SPN_F_OBJECT(struct spn_chip, pe, pe_fields,
                 "processing element: arrays that share an adder tree"),
    SPN_F_OBJECT(struct spn_chip, tile, tile_fields,
                 "PEs that share buffers; belongs to one layer"),
    SPN_F_OBJECT(struct spn_chip, global, global_fields, "between tiles"),
    SPN_F_OBJECT(struct spn_chip, sparsity, sparsity_fields, "pruned weights"),
    SPN_F_OBJECT(struct spn_chip, write, write_fields, "programming of cells"),
    SPN_F_OBJECT(struct spn_chip, training, training_fields, "training on the chip"),
    SPN_F_OBJECT(struct spn_chip, products, products_fields, "products of two activations"),
    SPN_F_OBJECT(struct spn_chip, system, system_fields, "networks larger than the chip"),
    SPN_F_END};

#define DRAM_NEEDS(m, u, lo, hi, d)                                                                \
    {                                                                                              \
        .key = #m, .type = SPN_FIELD_DOUBLE, .required = true,                                     \
        .offset = offsetof(struct spn_dram, m), .unit = u, .min = lo, .max = hi, .doc = d          \
    }

const struct spn_field spn_dram_fields[] = {
    SPN_F_STRING(struct spn_dram, name, "name, as in the file name"),
    DRAM_NEEDS(energy_J_per_bit, "J/bit", 1e-14, 1e-9, "access and interface, per bit moved"),
    DRAM_NEEDS(bandwidth_bit_per_s, "bit/s", 1e6, 1e15, "peak of the device"),
    DRAM_NEEDS(latency_s, "s", 1e-10, 1e-3, "first bit of a closed row: precharge, activate, read"),
    SPN_F_END};

struct spn_chip spn_chip_default(void)
{
    struct spn_chip chip = {
        .temperature_K = SPN_ROOM_K, /* [neurosim14] default */
        .clock_Hz = 1e9,             /* [neurosim14] default */
        .mapping = SPN_MAPPING_KERNEL_POSITION,
        .schedule = SPN_SCHEDULE_LAYER_BY_LAYER,
        .duplicate = true,
        .array = {.rows = 128, .columns = 128, .energy_scale = 1},              /* [neurosim14] */
        .weight = {.bits = 8, .cell_bits = 1, .encoding = SPN_ENCODING_OFFSET}, /* [neurosim14] */
        .input = {.bits = 8, .dac_bits = 1},                                    /* [neurosim14] */
        .adc = {.kind = "adc-flash",
                .bits = 5,
                .columns_per_adc = 8, /* [neurosim14] */
                .range = SPN_RANGE_CALIBRATED,
                .range_frac = 1,
                .clip_percentile = 99.9, /* assumed */
                .energy_scale = 1,
                .area_scale = 1,
                .latency_scale = 1},        /* no fit */
        .pe = {.arrays = 16},               /* [ning2025] */
        .tile = {.pes = 4, .bus_bit = 128}, /* [ning2025]; [comn] */
        .global = {.interconnect = SPN_INTERCONNECT_HTREE,
                   .bus_bit = 1024, /* [jesd235] interface */
                   .placement = SPN_PLACEMENT_OPTIMIZED},
        .sparsity = {.scheme = SPN_SCHEME_DENSE,
                     .index_format = "bitmap",
                     .index_place = SPN_INDEX_DRAM,
                     .polarity_place = SPN_POLARITY_TILE_BUFFER, /* [ning2025] on the chip */
                     .index_bus_bit = 1,
                     .decode_bit_per_cycle = 1,
                     .vector_threshold_frac = 0.5}, /* [ning2025] */
        .write = {.method = SPN_UPDATE_CELL,
                  .index_free_method = SPN_UPDATE_VECTOR,
                  .max_tries = 20, /* assumed */
                  .pulses_per_update = 1,
                  .row_pulses_per_update = 2,
                  .arrays_per_tile_parallel = 1}, /* assumed */
        .training = {.batch = 200,
                     .gradient_bits = 8,
                     .error_bits = 8,
                     .mac_units = 16384, /* [neurosim21] */
                     .activations_in_dram = true},
        .products = {.unit = SPN_PRODUCTS_MAC,
                     .device_name = "sram-8t",
                     .kind = SPN_ARRAY_DIGITAL,
                     .rows = 64,
                     .columns = 64}, /* assumed */
        .system = {.overflow = SPN_OVERFLOW_REFUSE,
                   .batch = 1,
                   .link_energy_J_per_bit = 1.17e-12, /* [poulton2019] */
                   .link_bandwidth_bit_per_s = 800e9, /* [shao2019]: 100 GB/s a chip */
                   .link_latency_s = 20e-9},          /* [shao2019]: a hop */
    };
    return chip;
}

/* [M:T5] */
int spn_chip_digits_per_weight(const struct spn_chip *chip)
{
    const struct spn_chip_weight *w = &chip->weight;
    int magnitude = (w->bits - 1 + w->cell_bits - 1) / w->cell_bits;
    switch (w->encoding) {
    case SPN_ENCODING_DIFFERENTIAL:
        return magnitude;
    case SPN_ENCODING_TWOS_COMPLEMENT:
        return magnitude + 1; /* the sign bit counts negative: a cell of its own */
    default:
        return (w->bits + w->cell_bits - 1) / w->cell_bits;
    }
}

int spn_chip_cells_per_weight(const struct spn_chip *chip)
{
    int digits = spn_chip_digits_per_weight(chip);
    return chip->weight.encoding == SPN_ENCODING_DIFFERENTIAL ? 2 * digits : digits;
}

void spn_chip_products(struct spn_chip *out, const struct spn_chip *chip)
{
    const struct spn_chip_products *p = &chip->products;

    *out = *chip;
    out->device = chip->products_device;
    out->array = (struct spn_chip_array){.kind = p->kind,
                                         .rows = p->rows,
                                         .columns = p->columns,
                                         .adder = chip->array.adder,
                                         .unit_F = chip->array.unit_F,
                                         .swing_loss_V = chip->array.swing_loss_V,
                                         .energy_scale = chip->array.energy_scale};
    out->weight = (struct spn_chip_weight){.bits = chip->input.bits > 1 ? chip->input.bits : 2,
                                           .cell_bits = 1,
                                           .encoding = SPN_ENCODING_OFFSET};
    out->mapping = SPN_MAPPING_CONVENTIONAL;
    out->duplicate = false;
    out->area_budget_m2 = 0;
    out->input.pulse_s = p->kind == SPN_ARRAY_CURRENT ? chip->input.pulse_s : 0;
    out->tile.input_buffer_bit = out->tile.output_buffer_bit = out->global.buffer_bit = 0;
    out->global.interconnect = SPN_INTERCONNECT_HTREE;
    out->write.pulses_per_update = out->write.row_pulses_per_update = 1;
    out->write.verify = false;
    out->sparsity.scheme = SPN_SCHEME_DENSE;
    while (p->columns % out->adc.columns_per_adc != 0)
        out->adc.columns_per_adc--;
}
