/* arrays.h -- the matrix layers of a network programmed into analog cores.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One core per layer and group; rows are (kernel row, kernel column, channel), columns output
 * channels. Activations become unsigned codes of one scale per layer; a layer that sees negative
 * values is read twice, for x+ and x-, and the results are subtracted. Bias, normalisation and
 * everything else stays digital float.
 */
#ifndef SPN_SIMULATOR_ARRAYS_H
#define SPN_SIMULATOR_ARRAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "models/programming.h"
#include "networks/dataset.h"
#include "simulator/core.h"
#include "simulator/bound.h"
#include "tech/chip.h"

struct spn_matrix {
    int layer, rows, columns, groups; /* of one group's matrix */
    int positions;                    /* vectors per image */
    double weight_scale, input_scale; /* value of one code */
    bool is_signed;
    struct spn_core **core; /* [groups] */
};

struct spn_arrays {
    const struct spn_bound_network *bound;
    struct spn_chip chip;
    struct spn_programming programming; /* of the closed loop that wrote the cells, if any */
    bool closed_loop;
    int n_matrices;
    struct spn_matrix *matrix;
};

/* How the arrays are made; chip is copied. */
struct spn_arrays_config {
    const struct spn_chip *chip;
    int scheme;
    unsigned errors;
    uint64_t seed;
    int n_threads;
    int write;     /* which writing of the chip; see struct spn_core_config */
    double time_s; /* since then */
    const struct spn_defect_map *defects; /* or NULL */
    bool estimate_ir_drop;                /* instead of solving the wires */
    int correction;                       /* enum spn_correction of their drop */
};
enum spn_status spn_arrays_create(struct spn_arrays **arrays, const struct spn_bound_network *bound,
                                  const struct spn_arrays_config *config, struct spn_err *err);
void spn_arrays_destroy(struct spn_arrays *arrays);

/* Set activation scales from a float run of the images, then every ADC's range from samples of the
 * same run. */
enum spn_status spn_arrays_calibrate(struct spn_arrays *arrays, const struct spn_dataset *images,
                                     int n_threads, struct spn_err *err);

/* Estimate the statistics of every batch normalisation anew, from what these arrays make of all the
 * images at once [M:S40]. bound: that of the arrays; its scales and offsets change. *n_layers: how
 * many it has. */
enum spn_status spn_arrays_recalibrate(const struct spn_arrays *arrays,
                                       struct spn_bound_network *bound,
                                       const struct spn_dataset *images, int *n_layers,
                                       struct spn_err *err);

/* Vectors handed to a core at a time. */
int spn_arrays_tile(const struct spn_matrix *matrix);

/* One thread's scratch for all cores. */
struct spn_arrays_work {
    const struct spn_arrays *arrays;
    struct spn_core_scratch **scratch; /* [all cores in order] */
    uint8_t *codes, *patches;
    float *sums;
    int64_t first_image; /* of the batch in hand: numbers the reads for noise */
};
enum spn_status spn_arrays_work_init(struct spn_arrays_work *work, const struct spn_arrays *arrays,
                                     int batch, struct spn_err *err);
void spn_arrays_work_clear(struct spn_arrays_work *work);

/* A spn_matrix_body with struct spn_arrays_work as context. */
bool spn_arrays_multiply(void *work, int layer, const float *x, int n, float *y);

#endif
