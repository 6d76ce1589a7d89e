/* map.h -- weight matrices cut into arrays, arrays grouped into PEs and tiles.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A layer's matrix (rows = K K C / groups, columns = output channels / groups) goes to tiles of its
 * own, either conventionally: the whole matrix over tiles of sqrt(tile.pes) x sqrt(tile.pes) PEs;
 * or by kernel position: K K matrices of C rows, one PE each, K K PEs to a tile. [M:E1, M:E2] Rows
 * and columns may also share the kernel otherwise: K C rows and K columns per output, or C rows and
 * K K columns per output. [M:E47] A grouped convolution is block-diagonal: as many whole groups
 * share an array as fit on its diagonal; groups larger than an array become blocks of their own.
 * The chip has as many tiles as the network needs.
 *
 *     struct spn_map_rules rules;
 *     s = spn_map_rules(&rules, &chip, spn_map_kernel_area(net), err);
 *     if (!s) s = spn_map_layer(&map, &net->layer[i], &rules, err);
 */
#ifndef SPN_ESTIMATOR_MAP_H
#define SPN_ESTIMATOR_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "networks/network.h"
#include "tech/chip.h"

#define SPN_MAP_MAX_ARRAYS 1e9 /* of one layer; counts stay in an int */

/* What of the chip decides the mapping. */
struct spn_map_rules {
    int array_rows, array_columns; /* cells */
    int weights_per_row;           /* whole weights in a row of an array */
    int cells_per_weight;
    int conversions_per_weight; /* digits: a differential pair is subtracted before its ADC */
    int rows_read;              /* rows switched on at once */
    int pe_side, tile_side;     /* arrays along a PE, PEs along a conventional tile */
    int mapping;                /* enum spn_mapping */
    int kernel_area;            /* kernel-position layers have this K K; 0 = none */
    bool duplicate;
};

struct spn_layer_map {
    bool kernel_position;
    int mapping;                   /* enum spn_mapping that was taken */
    int64_t vectors;               /* of one inference */
    double inside_frac;            /* share of input words that are no padding */
    double results_frac;           /* results over columns x vectors: less than 1 where those of
                                      several vectors are added up */
    double scatter_adds;           /* which takes so many additions */
    double pending;                /* results of a tile that wait for more, at once */
    int positions;                 /* matrices that the kernel was split in; 1 if conventional */
    int blocks;                    /* independent blocks on the diagonal; 1 without groups */
    int groups_per_block;          /* groups that share the arrays of a block */
    int rows, columns;             /* of a block at one position, in weights */
    int row_arrays, column_arrays; /* arrays that it spans */
    int row_pes, column_pes;       /* PEs that it spans, >= 1 */
    int row_tiles, column_tiles;   /* tiles that it spans, >= 1 */
    int64_t row_groups_sum; /* reads of a block's row arrays one after the other: sum of ceil(rows
                               in array / rows_read) */
    int row_groups_max;     /* of the fullest array, what a vector waits for */
    int column_groups_max;  /* likewise for a transposed read, columns of cells switched on at once
                             */
    int n_tiles;            /* all copies */
    int n_pes, n_arrays;    /* that hold weights, all copies */
    int arrays_one_copy;
    int pes_per_tile;        /* in this kind of tile */
    int copies;              /* of the layer, all of them */
    int tile_copies;         /* of its tiles; each holds copies / tile_copies */
    double cells;            /* that hold weights, one copy */
    double utilization_frac; /* of one copy: cells over all cells of its tiles */
};

/* The kernel area other than 1 that most conv2d layers have (of equals the first); 0 if there is
 * none. */
int spn_map_kernel_area(const struct spn_network *net);

/* SPN_EINPUT for PE and tile sizes that are no squares, SPN_EINFEASIBLE if one weight does not fit
 * in a row of an array. */
enum spn_status spn_map_rules(struct spn_map_rules *rules, const struct spn_chip *chip,
                              int kernel_area, struct spn_err *err);

/* `layer` must be a conv2d or linear. SPN_EINFEASIBLE naming the layer if it needs more than
 * SPN_MAP_MAX_ARRAYS. */
enum spn_status spn_map_layer(struct spn_layer_map *map, const struct spn_layer *layer,
                              const struct spn_map_rules *rules, struct spn_err *err);

/* The same, done again only where rules or layer are not those of the last time. */
#define SPN_MAP_LAYER_BYTES                                                                        \
    (offsetof(struct spn_layer, groups) + sizeof(int) - offsetof(struct spn_layer, op))
struct spn_map_memory {
    bool known;
    struct spn_map_rules rules;
    unsigned char layer[SPN_MAP_LAYER_BYTES]; /* operation, shapes, window, groups */
    struct spn_layer_map map;
};
enum spn_status spn_map_layer_again(struct spn_layer_map *map, struct spn_map_memory *memory,
                                    const struct spn_layer *layer,
                                    const struct spn_map_rules *rules, struct spn_err *err);

/* A product of two activations whose second factor is in arrays: scores (rows: features of a head,
 * columns: keys) or context (rows: keys, columns: features), a group per key/value head. [M:E49] */
enum spn_status spn_map_product(struct spn_layer_map *map, const struct spn_layer *layer,
                                const struct spn_map_rules *rules, struct spn_err *err);

/* The transpose of a conv2d or linear layer: a row per output and kernel position, a column per
 * input channel, and a vector per input, whose words are errors of the outputs that it goes into.
 * [M:E76] */
enum spn_status spn_map_transposed(struct spn_layer_map *map, const struct spn_layer *layer,
                                   const struct spn_map_rules *rules, struct spn_err *err);

/* The parts that a length falls into when cut every `step`: n_full pieces of `step`, and one of
 * `last` (0 = none). */
struct spn_cut {
    int n_full, step, last;
};
struct spn_cut spn_map_cut(int length, int step);

#endif
