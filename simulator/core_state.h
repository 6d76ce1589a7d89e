/* core_state.h -- what a core holds; shared by core.c (set up, calibrate) and reads.c (multiply).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_SIMULATOR_CORE_STATE_H
#define SPN_SIMULATOR_CORE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simulator/adc.h"
#include "simulator/adc_errors.h"
#include "simulator/core.h"
#include "simulator/kernel.h"
#include "simulator/program.h"

enum {
    SPN_INPUT_BYTE_MAX = 255,
    SPN_MAX_SLICES = 8,
    SPN_IDEAL_RUN = 4 /* row groups whose sums stay in 31 bits without an ADC */
};

struct spn_core {
    struct spn_core_config config;
    const struct spn_chip *chip;
    const struct spn_kernel *kernel;
    struct spn_program *program;
    bool ideal; /* no ADC */
    bool noisy;
    int n_slices,
        slice_bits; /* as multiplied: one slice of all bits where slicing changes nothing */
    uint8_t level[SPN_INPUT_BYTE_MAX + 1]; /* input byte of a slice's value */
    float square[SPN_INPUT_BYTE_MAX + 1];  /* its share in the noise variance, (input bytes)^2 */
    int level_max;
    double level_unit; /* input bytes of one input level */
    struct spn_adc adc[SPN_MAX_DIGITS];
    struct spn_adc_errors *adc_errors;  /* NULL: converters are what they should be */
    float inverse_step[SPN_MAX_DIGITS]; /* of the sums as the kernels see them */
    float noise_scale[SPN_MAX_DIGITS];  /* of one unit of deviation */
    struct spn_adc_histogram histogram[SPN_MAX_DIGITS];
    size_t plane_stride;
    int groups_per_run; /* that fit 31 bits */
};

struct spn_core_scratch {
    int n_vectors;             /* that fit */
    uint8_t *planes, *squares; /* [vector][slice] plane_stride apart; squares only if they are
                                  needed and differ */
    float *deviation;          /* [vector][group][slice], sqrt(sum x^2) */
    float *normals;            /* [vector of a block][slice][16] */
    struct spn_kernel_stream *stream;           /* [n_vectors] */
    struct spn_kernel_stream *reference_stream; /* [reference of a column group][32] */
    float *reference_normals;                   /* [reference][vector][read] */
    float *shared;                              /* [vector][slice] */
    int n_reference_reads;                      /* of this block and digit so far */
    int32_t *sums, *low, *variance, *codes;     /* [32][16] */
    double *total;                              /* likewise */
};

struct spn_read_block { /* vectors first .. first + n - 1 of the tile, one column group */
    const struct spn_core *core;
    struct spn_core_scratch *scratch;
    int first, n, column_group, digit;
    uint64_t first_read;
};

/* reads.c, for calibration: slice vectors 0 .. n - 1, and the raw sums of one row group of a block.
 */
void spn_reads_expand(const struct spn_core *core, struct spn_core_scratch *scratch,
                      const uint8_t *x, int n);
void spn_reads_sum(const struct spn_read_block *b, int group);

#endif
