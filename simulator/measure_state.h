/* measure_state.h -- what measure.c and measure_check.c share: sums of input codes, row by row.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_SIMULATOR_MEASURE_STATE_H
#define SPN_SIMULATOR_MEASURE_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "simulator/bound.h"
#include "simulator/measure.h"
#include "simulator/quantize.h"

enum {
    SPN_MEASURE_MAX_VIEWS = 9,
    SPN_MEASURE_CODES = SPN_PROFILE_BINS,
    SPN_MEASURE_ZERO = 128 /* index of weight code 0 */
};

/* What is known of one matrix layer from the start. */
struct spn_measure_matrix {
    int layer, groups, rows, columns; /* rows and columns of one group */
    bool image, is_signed;
    float top; /* magnitude of full scale */
};

struct spn_measure {
    struct spn_bound_network *bound;
    int n_threads;
    struct spn_measure_matrix *matrix; /* [bound->n_matrices] */
};

/* What of each code is summed, and the sums of one layer. */
struct spn_measure_views {
    int n, max_code;
    uint32_t value[SPN_MEASURE_CODES][SPN_MEASURE_MAX_VIEWS];
};
struct spn_measure_sums {
    uint64_t n_vectors; /* reads of all rows of a group; a signed input is read twice */
    uint64_t code[SPN_MEASURE_CODES];
    uint64_t *row; /* [groups * rows][views->n] */
};

struct spn_measure_worker {
    struct spn_run run;
    struct spn_measure_sums *sums; /* [n_matrices] */
    uint8_t *codes;                /* of the largest input of a batch */
    uint8_t *patches;              /* CHUNK_CODES, or one patch */
};

struct spn_measure_job {
    struct spn_measure *m;
    const struct spn_dataset *images;
    const struct spn_measure_views *views; /* NULL: ranges only */
    const struct spn_progress *progress;
    struct spn_range *range; /* [n_matrices] */
    struct spn_measure_worker *worker;
    pthread_mutex_t lock;
    int n_done;
    bool stopped;
};

/* Run all images; the sums end in worker[0]. spn_measure_job_clear also after a failure. */
enum spn_status spn_measure_run_images(struct spn_measure_job *job, int *n_workers,
                                       struct spn_err *err);
void spn_measure_job_clear(struct spn_measure_job *job, int n_workers);
enum spn_status spn_measure_check_images(const struct spn_measure *m,
                                         const struct spn_dataset *images, struct spn_err *err);
/* Codes of a layer's weights [out][rows] at that many bits; free() them. NULL without memory. */
int8_t *spn_measure_weight_codes(const struct spn_bound_layer *b, int bits);

#endif
