/* chip.h -- the organisation of a CIM chip. Data: tech/chips/<name>.json; names a node, a device
 * and a DRAM.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TECH_CHIP_H
#define SPN_TECH_CHIP_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "tech/device.h"
#include "tech/node.h"

#ifdef __cplusplus
extern "C" {
#endif

enum spn_encoding {
    SPN_ENCODING_DIFFERENTIAL, /* w = g+ - g-, two cells per digit */
    SPN_ENCODING_OFFSET, /* w + 2^(b-1) in the cells; a reference column is subtracted before the
                            ADC */
    SPN_ENCODING_TWOS_COMPLEMENT /* digits of the two's complement, most significant counts negative
                                  */
};
enum spn_adc_range {
    SPN_RANGE_FULL,       /* every reachable sum fits */
    SPN_RANGE_CALIBRATED, /* percentile of the sums seen in a calibration set */
    SPN_RANGE_FIXED       /* range_frac of full */
};
enum spn_mapping {
    SPN_MAPPING_CONVENTIONAL,    /* rows K K C, columns outputs */
    SPN_MAPPING_KERNEL_POSITION, /* K K matrices of C rows, a PE each */
    SPN_MAPPING_MATRIX,          /* rows K C, columns K outputs */
    SPN_MAPPING_ROW,             /* rows C, columns K K outputs */
    SPN_MAPPING_SHAPE /* of conventional, row and matrix the one that the shape asks for */
};
enum spn_schedule { SPN_SCHEDULE_LAYER_BY_LAYER, SPN_SCHEDULE_PIPELINED, SPN_SCHEDULE_STREAMED };
enum spn_scheme {
    SPN_SCHEME_DENSE,
    SPN_SCHEME_EXTERNAL_INDEX,
    SPN_SCHEME_INDEX_FREE,
    SPN_N_SCHEMES
};
enum spn_index_place { SPN_INDEX_DRAM, SPN_INDEX_GLOBAL_BUFFER, SPN_INDEX_TILE_BUFFER };
enum spn_polarity_place { /* which cell of a pair holds the value, for weight updates */
                          SPN_POLARITY_NONE, /* kept nowhere: both cells are written */
                          SPN_POLARITY_DRAM,
                          SPN_POLARITY_GLOBAL_BUFFER,
                          SPN_POLARITY_TILE_BUFFER
};
enum spn_update { SPN_UPDATE_CELL, SPN_UPDATE_ROW, SPN_UPDATE_VECTOR };
enum spn_traffic { SPN_TRAFFIC_BUFFER, SPN_TRAFFIC_DIRECT };
enum spn_placement { SPN_PLACEMENT_ROW_MAJOR, SPN_PLACEMENT_OPTIMIZED };
enum spn_interconnect { SPN_INTERCONNECT_HTREE, SPN_INTERCONNECT_MESH, SPN_INTERCONNECT_XY_BUS };

enum spn_array_kind {                    /* how an array multiplies and adds */
                      SPN_ARRAY_CURRENT, /* voltages on conductances; currents add */
                      SPN_ARRAY_CHARGE,  /* SRAM bits on capacitors; charges are shared */
                      SPN_ARRAY_C2C,     /* likewise, a C-2C ladder over the bits of a cell */
                      SPN_ARRAY_DIGITAL  /* SRAM bits, multipliers and adders */
};
enum spn_array_adder { SPN_ARRAY_TREE, SPN_ARRAY_CHAIN };
enum spn_adder_cell { SPN_ADDER_STANDARD, SPN_ADDER_COMPACT };
enum spn_array_product { SPN_PRODUCT_AND, SPN_PRODUCT_XNOR };

struct spn_chip_array {
    int kind; /* enum spn_array_kind */
    int rows, columns;
    int rows_read;     /* rows switched on at once; 0 = all */
    int spare_columns; /* of every array beside its columns, to replace those with most defects */
    double dead_row_frac, dead_column_frac; /* lines that are broken: no cell on them conducts */
    double source_ohm,
        sense_ohm; /* behind every row, of its driver; and every column, of its sense amplifier */
    double read_supply_V; /* what cells' read current is drawn from when the read voltage is
                             regulated down linearly; 0 = a source of the read voltage itself */
    double unit_F;        /* charge, c2c: a cell's capacitor; 0 = the least that will do */
    int product;          /* charge: enum spn_array_product of an input and a cell */
    int adder;            /* digital: enum spn_array_adder */
    int adder_cell;       /* digital: enum spn_adder_cell */
    double swing_loss_V;  /* digital: nodes of adders of pass transistors rise to the supply less
                             this; 0 = all the way */
    double energy_scale;  /* fit factor of a read's energy, default 1 */
};
struct spn_chip_weight {
    int bits;      /* signed weight, sign included */
    int cell_bits; /* bits in one cell; bits for one analogue cell per weight */
    int encoding;  /* enum spn_encoding */
};
struct spn_chip_input {
    int bits;       /* unsigned activation */
    int dac_bits;   /* bits per read: 1 = bit-serial */
    double pulse_s; /* > 0: inputs are pulses of constant voltage, so many seconds per level; 0:
                       amplitudes */
    double inl_lsb; /* of amplitudes: bow of the DAC's curve in its middle, in its steps */
    double saturation_frac; /* of the read voltage: what a driver reaches at most; 0: all of it */
    double gain_sd_frac;    /* spread of the rows' drivers, frozen */
    double integrate_s;     /* > 0: slices are weighted before the converter, which works once per
                               vector: an integrator takes the sample of slice k 2^(k dac_bits) times,
                               each in so many seconds; 0: each slice is converted */
};
struct spn_chip_adc {
    char kind[32]; /* a component of role "adc" in models/registry.c */
    int bits;
    int columns_per_adc;
    int range;              /* enum spn_adc_range */
    double range_frac;      /* of full, for FIXED */
    double clip_percentile; /* for CALIBRATED, e.g. 99.9 */
    bool sample_hold;   /* all columns are sampled at once, then converted; else the array is read
                           until the last one is */
    bool selected_only; /* without sample-and-holds: only the column that the mux connects conducts,
                           so that each settles in its turn; else all conduct until the last is
                           converted */
    double offset_sd_lsb, gain_sd_frac; /* spread over converters, frozen */
    double inl_lsb;      /* bow of all converters' curves in their middle, in steps */
    double unit_sd_frac; /* mismatch of one unit capacitor of a binary-weighted converter */
    bool samples;   /* the converter samples its column in its first cycle, as a capacitor DAC does;
                       else the column conducts until it is converted */
    double cycle_s; /* of one decision or counted code, where the converter's clock is known; 0 =
                       its model's */
    double energy_scale, area_scale,
        latency_scale; /* fit factors, default 1, listed in the report */
};
struct spn_chip_pe {
    int arrays; /* a square number */
};
struct spn_chip_tile {
    int pes;                                 /* a square number */
    int input_buffer_bit, output_buffer_bit; /* 0 = sized by the mapper */
    int bus_bit;                             /* width of the H-tree inside tile and PE */
    bool line_buffer; /* inputs come once and wait in the input buffer for all windows that take
                         them; else as often as windows do */
};
struct spn_chip_global {
    int interconnect; /* enum spn_interconnect between tiles */
    int bus_bit;      /* H-tree width, or mesh flit */
    int buffer_bit;   /* 0 = sized by the mapper */
    int traffic;      /* enum spn_traffic: of a mesh, through the buffer or from tile to tile */
    int placement;    /* enum spn_placement of tiles on a mesh */
};
struct spn_dram { /* tech/drams/<name>.json */
    char name[64];
    double energy_J_per_bit, bandwidth_bit_per_s, latency_s;
};
struct spn_chip_sparsity {
    int scheme;                   /* enum spn_scheme */
    char index_format[32];        /* a row of the index table: bitmap, csr, rle, ... */
    int index_place;              /* enum spn_index_place */
    int polarity_place;           /* enum spn_polarity_place */
    int index_bus_bit;            /* bits of index a tile's decoder takes per clock */
    double decode_bit_per_cycle;  /* index bits a tile's decoder examines per clock */
    double vector_threshold_frac; /* a layer at least this sparse is updated vector-wise, if the
                                     scheme can */
};
struct spn_chip_write {
    int method;            /* enum spn_update for whole-array writes */
    int index_free_method; /* and what the index-free scheme uses */
    bool verify;           /* read after each pulse */
    double tolerance_frac; /* closed loop: pulses and reads until a read lies within this share of
                              the window; 0 = pulses as below, error as the device says */
    int max_tries;         /* of the closed loop: trains of pulses on one cell */
    int pulses_per_read;   /* of the closed loop: longest train; 0 = what the mean device needs */
    double pulses_per_update;     /* mean pulses of an updated cell per weight update */
    double row_pulses_per_update; /* pulse times that a row takes when written at once: SET phase +
                                     RESET phase, each the largest count in the row */
    int arrays_per_tile_parallel; /* arrays of one tile written at once; 0 = all */
};
struct spn_chip_training {
    int batch; /* images per weight update */
    int gradient_bits, error_bits;
    int mac_units;            /* digital MACs of the weight-gradient unit */
    int transpose;            /* enum spn_transpose: errors read the arrays from the other side, or
                                 further arrays that hold the weights transposed */
    bool activations_in_dram; /* stored activations go to DRAM between forward and gradient */
};
enum spn_transpose { SPN_TRANSPOSE_READ, SPN_TRANSPOSE_COPY };
enum spn_cache_place { SPN_CACHE_GLOBAL_BUFFER, SPN_CACHE_DRAM };
enum spn_products { SPN_PRODUCTS_MAC, SPN_PRODUCTS_SRAM };
struct spn_chip_products { /* of two activations: queries x keys, scores x values */
    int unit;              /* enum spn_products: digital MACs, or SRAM arrays */
    char device_name[256]; /* JSON: "device": name or path of an SRAM cell */
    int kind;              /* enum spn_array_kind */
    int rows, columns;
};
enum spn_overflow { SPN_OVERFLOW_REFUSE, SPN_OVERFLOW_RELOAD, SPN_OVERFLOW_CHIPS };
struct spn_chip_system {
    int tiles;       /* on a chip; 0 = as many as the network needs */
    int overflow;    /* enum spn_overflow: what happens to a network that needs more */
    int batch;       /* images that one load of the weights serves, when reloading */
    bool prefetch;   /* reloading: half of the tiles are loaded while the others compute */
    int cache_place; /* enum spn_cache_place: of keys and values of earlier tokens */
    double pulses_per_program; /* mean pulses that bring a cell to a new state; 0 = one per state in
                                  between, from a random state to a random one */
    double link_energy_J_per_bit, link_bandwidth_bit_per_s, link_latency_s; /* to the next chip */
};
struct spn_chip {
    char name[64];
    char description[256];
    char node_name[256], device_name[256],
        dram_name[256]; /* JSON: "node", "device", "dram": name or path; of an override's longer
                           path the end */
    double temperature_K, clock_Hz;
    double vdd_V;          /* supply of all transistors; 0 = the node's own */
    int mapping, schedule; /* enums */
    bool duplicate;        /* copy small layers inside their tile/PE to use idle arrays */
    double area_budget_m2; /* of a chip; where `duplicate` is set, copies of whole tiles fill it; 0
                              = none */
    struct spn_chip_array array;
    struct spn_chip_weight weight;
    struct spn_chip_input input;
    struct spn_chip_adc adc;
    struct spn_chip_pe pe;
    struct spn_chip_tile tile;
    struct spn_chip_global global;
    struct spn_chip_sparsity sparsity;
    struct spn_chip_write write;
    struct spn_chip_training training;
    struct spn_chip_system system;
    struct spn_chip_products products;
    /* loaded by name */
    struct spn_node node;
    struct spn_device device;
    struct spn_dram dram;
    struct spn_device products_device; /* only where products.unit needs it */
};

extern const struct spn_field spn_chip_fields[]; /* without node, device, dram structs */
extern const struct spn_field spn_dram_fields[];

struct spn_chip spn_chip_default(void); /* the only home of defaults */

/* One command-line override: "chip.adc.bits" = "6"; roots chip, node, device, dram. */
struct spn_override {
    const char *path, *value;
};

/* Load chip `name_or_path`, apply overrides (chip.* before its node, device and dram are loaded,
 * the others after), then check. A node, device or dram of the chip file is looked up by
 * spn_data_find; a relative path that is not there is tried beside the chip file. SPN_EUSAGE for an
 * override with an unknown root or field or a value out of range; SPN_EINPUT for files and for
 * combinations. *chip is untouched on failure. */
enum spn_status spn_chip_load(struct spn_chip *chip, const char *name_or_path,
                              const struct spn_override *overrides, size_t n_overrides,
                              struct spn_err *err);
enum spn_status spn_chip_check(const struct spn_chip *chip, struct spn_err *err);

/* What is allowed but a reader must know: the i-th caveat, written to buf, or NULL after the last.
 */
const char *spn_chip_warning(const struct spn_chip *chip, int i, char *buf, size_t size);

/* Single files, already parsed: without looking up what they refer to (chip.node, .device, .dram
 * structs stay empty). */
enum spn_status spn_chip_read(struct spn_chip *chip, const struct spn_json *doc,
                              struct spn_err *err);
enum spn_status spn_dram_load(struct spn_dram *dram, const char *name_or_path, struct spn_err *err);

/* Words for enums, NULL-terminated, as in JSON. */
extern const char *const spn_array_kind_names[],
    *const spn_array_adder_names[], *const spn_adder_cell_names[], *const spn_array_product_names[];
extern const char *const spn_encoding_names[],
    *const spn_adc_range_names[],
        *const spn_mapping_names[],
            *const spn_schedule_names[],
                *const spn_scheme_names[],
                    *const spn_index_place_names[],
                        *const spn_polarity_place_names[],
                            *const spn_transpose_names[],
                                *const spn_update_names[],
                                    *const spn_interconnect_names[],
                                        *const spn_overflow_names[],
                                            *const spn_traffic_names[],
                                                *const spn_products_names[],
                                                    *const spn_cache_place_names[],
                                                        *const spn_placement_names[];

/* Digits of cell_bits that a weight is cut into: all bits for offset, the magnitude (bits - 1) for
 * differential pairs, the magnitude and a cell for the sign bit for two's complement. [M:T5] */
int spn_chip_digits_per_weight(const struct spn_chip *chip);
/* The chip that products.unit = sram adds: its arrays, one bit to a cell, everything else as
 * `chip`. [M:E49] */
void spn_chip_products(struct spn_chip *out, const struct spn_chip *chip);
/* Cells (columns) that one weight takes: digits, x 2 for differential pairs. */
int spn_chip_cells_per_weight(const struct spn_chip *chip);

/* All numbers of the files that spn_chip_load reads for these overrides (chip.device, ...): chip,
 * node, device and dram, in this order, with their sources as the files state them: see
 * spn_json_sources. */
enum spn_status
spn_chip_sources(const char *name_or_path, const struct spn_override *overrides, size_t n_overrides,
                 void (*visit)(void *ctx, const char *file, const struct spn_json_source *s),
                 void *ctx, struct spn_err *err);

#ifdef __cplusplus
}
#endif

#endif
