/* blocks.h -- the registry's components sized for one chip, each evaluated once per design point.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A block is a component kind with the parameters it has on this chip and the number of its
 * instances. Evaluations are kept between design points: a block whose parameters and surroundings
 * are those of one of its last evaluations, byte for byte, is not evaluated again (eval() is a pure
 * function, so the result cannot differ).
 */
#ifndef SPN_ESTIMATOR_BLOCKS_H
#define SPN_ESTIMATOR_BLOCKS_H

#include "base/err.h"
#include "estimator/count.h"
#include "estimator/estimate.h"
#include "estimator/index_format.h"
#include "estimator/map.h"
#include "models/adc.h"
#include "models/array.h"
#include "models/cim_adder.h"
#include "models/component.h"
#include "models/supply.h"

/* Ports of the chip's parts, [M:E12]: how much of the voltage its switches may drop. NeuroSim gives
 * transmission gates a quarter of the resistance of what they pass, which is a fifth of the sum
 * [neurosim14]. */
#define SPN_BLOCKS_DROP_FRAC 0.2
#define SPN_BLOCKS_RANDOM_FRAC 0.5 /* toggling and ones of random data */
#define SPN_BLOCKS_GLOBAL_BANKS 8  /* of the global buffer, taken in turn; assumption */

#define SPN_BLOCKS_ACCUMULATOR_MARGIN_BITS                                                         \
    16 /* of a digital MAC: sums of up to 65,536 products; assumption */

enum spn_block_id {
    /* of each array */
    SPN_BLOCK_ARRAY,
    SPN_BLOCK_INPUT_DRIVER,
    SPN_BLOCK_GATE_DRIVER,
    SPN_BLOCK_ROW_DECODER,
    SPN_BLOCK_ROW_SHIFTER,
    SPN_BLOCK_COLUMN_SHIFTER,
    SPN_BLOCK_MUX,
    SPN_BLOCK_MUX_DECODER,
    SPN_BLOCK_SAMPLE_HOLD,
    SPN_BLOCK_ADC,
    SPN_BLOCK_SHIFT_ADD,
    SPN_BLOCK_COLUMN_DRIVER,
    SPN_BLOCK_ROW_MUX,
    SPN_BLOCK_N_OF_ARRAY,
    /* of each PE and tile */
    SPN_BLOCK_INPUT_REGISTER = SPN_BLOCK_N_OF_ARRAY,
    SPN_BLOCK_PE_TREE,
    SPN_BLOCK_PE_HTREE,
    SPN_BLOCK_TILE_TREE,
    SPN_BLOCK_KERNEL_TREE,
    SPN_BLOCK_TILE_HTREE,
    SPN_BLOCK_KERNEL_HTREE,
    SPN_BLOCK_TILE_INPUT,
    SPN_BLOCK_TILE_OUTPUT,
    SPN_BLOCK_POLARITY_MEMORY,
    SPN_BLOCK_INDEX_MEMORY,
    SPN_BLOCK_INDEX_DECODER,
    /* of the chip */
    SPN_BLOCK_GLOBAL_BUFFER,
    SPN_BLOCK_GLOBAL_HTREE,
    SPN_BLOCK_ROUTER,
    SPN_BLOCK_LINK,
    SPN_BLOCK_CHIP_TREE,
    SPN_BLOCK_ACTIVATION,
    SPN_BLOCK_POOL,
    SPN_BLOCK_ELEMENTWISE,
    SPN_BLOCK_SOFTMAX,
    SPN_BLOCK_NORM,
    SPN_BLOCK_MAC,
    SPN_BLOCK_GRADIENT_BUFFER,
    /* outside */
    SPN_BLOCK_CHIP_LINK,
    SPN_BLOCK_DRAM,
    SPN_N_BLOCKS
};

struct spn_block {
    const struct spn_component_type *type; /* NULL: the chip has none */
    double n;                              /* instances on the chip */
    struct spn_component_cost cost;
    unsigned long serial; /* of the evaluation, among those of this block */
};

/* ---- memory.c: evaluations kept between design points ---- */

/* Sets are found by a hash of what an evaluation is made from; in each, the oldest gives way. */
#define SPN_MEMORY_WAYS 4
#define SPN_MEMORY_SETS 32
#define SPN_SURROUNDINGS_WAYS 16

struct spn_block_entry {
    const struct spn_component_type *type;
    unsigned long generation, serial; /* surroundings it was evaluated in, 0 = never */
    uint64_t hash;                    /* of its parameters */
    struct spn_component_cost cost;
};
struct spn_block_memory {
    struct spn_block_entry *entry; /* [SPN_MEMORY_SETS * SPN_MEMORY_WAYS] */
    unsigned char *params;         /* of each, `room` bytes */
    size_t room;
    int now; /* the block's present entry */
    unsigned char next[SPN_MEMORY_SETS];
    unsigned long evaluations;
};

/* Surroundings of all blocks; the generation tells them apart. */
struct spn_surroundings_entry {
    struct spn_node nominal; /* copy of the chip's, to notice a change */
    double vdd_V, temperature_K, clock_Hz;
    struct spn_supply supply; /* of the node at that temperature, if it is scaled */
    bool scaled;
    struct spn_node node; /* at that supply */
    unsigned long generation;
};
struct spn_surroundings {
    struct spn_env env;
    const struct spn_node *node;
    unsigned long generation;
    struct spn_surroundings_entry entry[SPN_SURROUNDINGS_WAYS];
    int now, next;
    unsigned long n_generations;
};
void spn_surroundings_set(struct spn_surroundings *around, const struct spn_chip *chip);

struct spn_block_request {
    const struct spn_component_type *type;
    const void *params; /* type->size bytes, padding zeroed for the memory to work */
    const char *field;  /* "chip.adc" */
    double n;
};
/* Evaluate `block` as `type` with `params`, unless the memory has it. On failure the message starts
 * with `field`. */
enum spn_status spn_block_set(struct spn_block *block, struct spn_block_memory *memory,
                              const struct spn_block_request *request,
                              const struct spn_surroundings *around, struct spn_err *err);
/* The same without a memory. */
enum spn_status spn_block_evaluate(struct spn_block *block, const struct spn_block_request *request,
                                   const struct spn_surroundings *around, struct spn_err *err);
void spn_block_none(struct spn_block *block); /* the chip has none */

/* What of the network decides the chip's sizes. */
struct spn_blocks_need {
    int n_conventional_tiles, n_kernel_tiles, kernel_area; /* tiles made for one kind of layer */
    int n_general_tiles; /* of a chip of a given size: they take either kind */
    int n_chips;         /* alike */
    int max_row_tiles;
    double line_bit;                       /* lines of inputs that a tile holds */
    double pending;                        /* partial results that a tile's output buffer holds */
    double activation_bit;                 /* that the global buffer holds */
    int max_window, max_softmax, max_norm; /* 0: no such layers */
    bool relu, table;                      /* activations: signs only; by table */
    bool elementwise, dynamic_mac, dram;
    bool training, reads_back;                /* the second: arrays are read from the other side */
    double gradient_bit;                      /* accumulators of the gradient unit */
    double index_tile_bit, polarity_tile_bit; /* buffers of one tile; 0: none */
    const struct spn_index_format *format;
};

/* What the blocks of a layer depend on beside its values: evaluations of the array's blocks, and
 * the chip's own words on array and converter. */
struct spn_blocks_state {
    unsigned long serial[SPN_BLOCK_N_OF_ARRAY];
    struct spn_chip_array array;
    struct spn_chip_input input;
    struct spn_chip_weight weight;
    struct spn_chip_adc adc;
};
struct spn_blocks_states_entry {
    struct spn_blocks_state state;
    unsigned long version; /* 0 = none */
};
struct spn_blocks_states {
    struct spn_blocks_states_entry *entry; /* [SPN_MEMORY_SETS * SPN_MEMORY_WAYS] */
    int now;
    unsigned char next[SPN_MEMORY_SETS];
    unsigned long n_versions;
};

/* Of an H-tree or bus: pitch of its leaves, and the way to one. */
struct spn_tree_shape {
    double leaf_width_m, path_m;
};

struct spn_blocks {
    struct spn_block block[SPN_N_BLOCKS];
    struct spn_tree_shape tree[SPN_N_BLOCKS];
    struct spn_block_memory memory[SPN_N_BLOCKS];
    struct spn_block_entry *entry; /* of all of them */
    unsigned char *params;
    struct spn_blocks_states states;
    const struct spn_component_type *array_type;
    const struct spn_component_type *adc_type; /* or the adders of a digital array */
    bool digital;                              /* no converters: adders */
    bool at_supply;         /* cells work at the supply, without a read current */
    struct spn_array array; /* with nominal statistics; a layer's own are filled in per layer */
    struct spn_array_lines lines;
    double column_F; /* line and mux */
    double column_full_A;
    int n_adc;                       /* of one array */
    struct spn_sum_bits bits;        /* the widest */
    int lanes;                       /* of each digital unit */
    double n_tiles, n_pes, n_arrays; /* of all chips */
    unsigned long version;           /* of what a layer's blocks depend on */
};

/* memory.c: room for what is remembered of blocks, and of one layer's. destroy takes what create
 * left, even after a failure, or zeros. */
enum spn_status spn_blocks_create(struct spn_blocks *blocks, struct spn_err *err);
void spn_blocks_destroy(struct spn_blocks *blocks);

struct spn_blocks_input {
    const struct spn_chip *chip;
    const struct spn_map_rules *rules;
    const struct spn_blocks_need *need;
    bool masked;
    const struct spn_surroundings *around;
};

/* Tiles and PEs of all chips; a general tile has what both kinds have, and so counts as both.
 * [M:E42] */
struct spn_blocks_tiles {
    double n, conventional, kernel, pes;
};
struct spn_blocks_tiles spn_blocks_tiles(const struct spn_blocks_need *need,
                                         const struct spn_map_rules *rules);

/* What ends a column: a converter, or adders. Zeroed before it is filled, see spn_block_request. */
union spn_blocks_converter {
    struct spn_adc adc;
    struct spn_cim_adder adder;
};
/* blocks_convert.c: types of array and converter. SPN_EINPUT "chip.adc.kind: ..." if it is not a
 * component of role "adc". */
enum spn_status spn_blocks_find_types(struct spn_blocks *blocks, const struct spn_chip *chip,
                                      struct spn_err *err);
/* Its parameters for an array with these statistics; returns those of blocks->adc_type. */
const void *spn_blocks_fill_converter(union spn_blocks_converter *converter,
                                      const struct spn_blocks *blocks,
                                      const struct spn_blocks_input *in,
                                      const struct spn_array *array);
/* What the mux drives. */
double spn_blocks_converter_F(const struct spn_blocks *blocks, const struct spn_blocks_input *in);

/* blocks.c: array and periphery; calls spn_blocks_set_chip of blocks_chip.c for the rest. */
enum spn_status spn_blocks_set(struct spn_blocks *blocks, const struct spn_blocks_input *in,
                               struct spn_err *err);
enum spn_status spn_blocks_set_chip(struct spn_blocks *blocks, const struct spn_blocks_input *in,
                                    struct spn_err *err);

/* The array with a layer's statistics, and the ADC behind it. Doubles only: no padding, so that two
 * of them can be compared byte by byte. */
struct spn_array_values {
    double used_rows_frac, used_columns_frac; /* of the rows read at once, and of the columns */
    double input_mean, input_mean_square, cell_mean_S, cell_mean_square_S2;
    double row_pulse_frac, vector_pulse_frac; /* see struct spn_array */
    double columns_per_pass;                  /* conversions one after the other per read */
};
enum spn_status spn_blocks_layer(const struct spn_blocks *blocks, const struct spn_blocks_input *in,
                                 const struct spn_array_values *values, bool transposed,
                                 struct spn_block layer[2], struct spn_err *err);

/* Number of the present state, the same when it comes back while it is remembered. */
unsigned long spn_blocks_state(struct spn_blocks_states *states, const struct spn_blocks *blocks,
                               const struct spn_chip *chip);

/* Array and ADC of one layer, read forward or transposed. */
struct spn_layer_blocks_entry {
    unsigned long version; /* of the chip's blocks then; 0 = never */
    struct spn_array_values values;
    struct spn_block block[2];
};
struct spn_layer_blocks {
    bool transposed;
    const struct spn_block *block;        /* [2]: array, ADC */
    struct spn_layer_blocks_entry *entry; /* [n_sets * SPN_MEMORY_WAYS] */
    int n_sets, now;
    unsigned char next[SPN_MEMORY_SETS];
};
/* Power of two of sets that layers have when there are so many of them: 1 to SPN_MEMORY_SETS. */
int spn_layer_blocks_sets(int n_layers);
enum spn_status spn_layer_blocks_set(struct spn_layer_blocks *layer,
                                     const struct spn_blocks *blocks,
                                     const struct spn_blocks_input *in,
                                     const struct spn_array_values *values, struct spn_err *err);

/* Time that inputs as pulses take at full scale, in one read; 0 for inputs as amplitudes. */
double spn_blocks_pulses_s(const struct spn_chip *chip);

/* Area of everything. */
double spn_blocks_area_m2(const struct spn_blocks *blocks);

/* [M:W7] What the first of a sampling converter's bits + 1 cycles takes beyond settling, which it
 * holds: the column conducts for no longer. */
double spn_blocks_sampling_s(const struct spn_blocks *blocks, const struct spn_chip *chip);

/* Area leaves of all blocks. */
struct spn_cost_tree;
void spn_blocks_area(const struct spn_blocks *blocks, struct spn_cost_tree *tree);

#endif
