/* program.h -- from weight codes to the cells of arrays, with what goes wrong in programming them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A weight is cut into digits; each digit has one effective level per weight, what its column (or
 * the difference to the pair or reference column) answers to one input level. Levels are kept as
 * signed bytes when they are exact integers, else as 16-bit fixed-point codes in two bytes, packed
 * for the kernels.
 */
#ifndef SPN_SIMULATOR_PROGRAM_H
#define SPN_SIMULATOR_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "simulator/core.h"
#include "simulator/kernel.h"

enum { SPN_MAX_DIGITS = 8 };

struct spn_program_digit {
    int shift, bits,
        levels;    /* of the weight's magnitude, offset or two's complement; levels = 2^bits - 1 */
    double weight; /* of one level in the product, with sign */
    int low_level, high_level; /* effective levels without errors */
    double codes_per_level;    /* fixed point; 1 for exact levels */
};
struct spn_row_group { /* rows read at once */
    int first, n_rows;
    int array_first; /* position of its first row in its array */
};
struct spn_program {
    int n_rows, n_columns, n_column_groups; /* groups of 16, the last filled with zeros */
    int n_digits, cells_per_weight;
    struct spn_program_digit digit[SPN_MAX_DIGITS];
    int n_groups, group_quads; /* every group is padded to group_quads x 4 rows of zeros */
    struct spn_row_group *groups;
    int max_group_rows;
    int n_limbs;      /* bytes of a level */
    int8_t *cells;    /* [digit][column group][limb: high first][group][quad][16][4] */
    int8_t *variance; /* the same, one byte: read-noise variance in variance_unit of a plain cell's;
                         NULL: all 1 */
    double variance_unit;
    int noisy_cells;     /* that add read noise of their own to one level: 2 for a pair, else 1 */
    uint32_t *reference; /* [column]: number of its reference column; NULL without */
    int n_references;
    int n_columns_repaired;
    struct spn_core_correction correction; /* gain 0: none */
    double level_gain;                     /* of one level as counted here to one of a cell; 0: 1 */
};

struct spn_program_request {
    const struct spn_core_config *config;
    const int8_t *weights;
    const uint8_t *mask;
    const struct spn_kernel *kernel; /* for normal numbers */
    double sum_limit; /* fixed-point codes are chosen so that levels x this many input units stay in
                         31 bits ... */
    int max_group_rows; /* ... per row of a group; 0 = as the chip reads */
    bool fixed_point;   /* even if levels are exact */
};

enum { SPN_VARIANCE_MAX = 127 };

enum spn_status spn_program_create(struct spn_program **program,
                                   const struct spn_program_request *request, struct spn_err *err);
void spn_program_destroy(struct spn_program *program);

/* Cells of one column group; `limb` 0 is the high byte. */
const int8_t *spn_program_cells(const struct spn_program *p, int digit, int column_group, int limb);
const int8_t *spn_program_variance(const struct spn_program *p, int digit, int column_group);

/* The effective level of a weight's digit as the cells hold it (for tests and reports). */
double spn_program_level(const struct spn_program *p, int digit, int row, int column);

/* Streams of the frozen errors and of the read noise: the top byte of the last Philox counter word,
 * layer below. */
enum {
    SPN_CORE_STREAM_PROGRAM = 0xC1,
    SPN_CORE_STREAM_DEFECT,
    SPN_CORE_STREAM_READ,
    SPN_CORE_STREAM_SPARE,  /* defects of spare columns */
    SPN_CORE_STREAM_LINES,  /* broken ones */
    SPN_CORE_STREAM_DEVICE, /* what cells differ by in every write */
    SPN_CORE_STREAM_DRIFT,  /* exponents */
    SPN_CORE_STREAM_GAIN,   /* of rows' drivers */
    SPN_CORE_STREAM_ADC,
    SPN_CORE_STREAM_MASK /* transistors */
};
enum { SPN_CORE_MAX_LAYERS = 1 << 24 };

#endif
