/* count.h -- how often each part of the chip acts for one image through one weight layer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure counting: no energies, no times. The same struct serves the forward pass (rows driven,
 * columns converted) and the error pass (columns driven, rows converted, on the same arrays).
 */
#ifndef SPN_ESTIMATOR_COUNT_H
#define SPN_ESTIMATOR_COUNT_H

#include "estimator/map.h"
#include "tech/chip.h"

/* Bits of a partial sum after each level. [M:E6] */
struct spn_sum_bits {
    int shift_add; /* all input slices, row groups and digits of one array */
    int pe;        /* over the row arrays of a PE */
    int tile;      /* over the PEs of a tile */
    int chip;      /* over tiles */
};

struct spn_layer_counts {
    double vectors;                       /* of one image */
    double rounds;                        /* that the busiest copy takes */
    double slices;                        /* of an input */
    double passes;                        /* reads one after the other per vector */
    double columns_per_pass;              /* conversions one after the other per read */
    double array_reads;                   /* over all arrays */
    double driven_lines;                  /* lines switched, over all reads */
    double line_loads;                    /* input words latched at the PEs */
    double samples, conversions;          /* = shift-adds */
    double selects;                       /* mux steps, over all arrays */
    double pe_adds, tile_adds, chip_adds; /* of two words */
    double scatter_bit;                   /* partial results added into a tile's output buffer */
    double scatter_adds;                  /* error pass: overlapping kernel positions added up */
    /* Bits over each level of the interconnect; "in" from global buffer to arrays, "out" back. */
    double global_in_bit, global_fan; /* once each; tiles that take each */
    double tile_in_bit, tile_fan;     /* into all tiles; PEs of a tile that take each */
    double tile_store_bit;            /* written into their input buffers for that */
    double neighbour_bit;             /* handed on from PE to PE */
    double pe_in_bit, pe_fan;         /* into all PEs; arrays of a PE that take each */
    double pe_out_bit, tile_out_bit, global_out_bit;
    double busiest_tile_bit; /* in and out of the tile that moves most */
    double n_out;            /* results, before pooling */
    double spill_bit;        /* partial sums that wait in the global buffer for the next load */
};

struct spn_count_input {
    const struct spn_layer_map *map;
    const struct spn_map_rules *rules;
    const struct spn_chip *chip;
    int n_adc;      /* of one array */
    bool is_signed; /* inputs can be below zero: each vector is read twice [M:E80] */
    double skipped_rows_frac, skipped_columns_frac;
};

/* ADCs of one array: ceil(columns to convert / columns_per_adc). */
int spn_count_adcs(const struct spn_map_rules *rules, const struct spn_chip *chip);
/* Bits of what ends a column: of the ADC, or of a digital array's exact sum. [M:E30] */
int spn_count_result_bits(const struct spn_map_rules *rules, const struct spn_chip *chip);
struct spn_sum_bits spn_count_sum_bits(const struct spn_layer_map *map,
                                       const struct spn_map_rules *rules,
                                       const struct spn_chip *chip);
/* Inputs of so many bits come to the tiles once, and wait there for all windows that take them;
 * they leave the buffers as often as before. [M:E75] */
void spn_count_once(struct spn_layer_counts *counts, double input_bit);
/* The same layer with `copies` of all its tiles, counts being those of one. [M:E40] */
void spn_count_copies(struct spn_layer_counts *counts, const struct spn_layer_map *map, int copies);
/* The same layer when only `tiles` of its tiles are there at a time. [M:E43] */
void spn_count_parts(struct spn_layer_counts *counts, const struct spn_layer_map *map, int tiles);
/* And its error pass, likewise. [M:E74] */
void spn_count_error_parts(struct spn_layer_counts *counts, const struct spn_layer_map *map,
                           int tiles);
void spn_count_forward(struct spn_layer_counts *counts, const struct spn_count_input *in);
void spn_count_error(struct spn_layer_counts *counts, const struct spn_count_input *in);

#endif
