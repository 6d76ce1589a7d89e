/* writing.h -- what writing a layer's arrays takes. Private to the estimator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_WRITING_H
#define SPN_ESTIMATOR_WRITING_H

#include "estimator/training.h"

/* Pulses and reads of one cell. */
struct spn_cell_writes {
    double pulses, reads;
};

/* One layer's writing: what all its arrays take, and how long its busiest tile. */
struct spn_writing {
    int method;
    double rows, columns; /* cells of the fullest array in use */
    double all_rows, all_columns,
        all_cells; /* over all arrays and copies; cells: that hold weights, pruned ones too */
    double kept;
    double cells_frac;               /* of a kept weight's cells that are written */
    struct spn_update_counts counts; /* of the fullest array */
    struct spn_cell_writes writes;   /* of a cell written by itself */
    double serial;                   /* arrays of a tile one after the other */
    double tile_s;
};

struct spn_writing_request {
    const struct spn_chip_write *write;
    enum spn_phase phase; /* UPDATE, by the scheme's method; or FORWARD: a load, by write->method */
    double share;         /* of it in the leaves' energies */
    bool read_first;      /* each row before it is written: cells that cannot be moved by steps */
};
struct spn_writing spn_writing_of(const struct spn_frame *f, int matrix,
                                  const struct spn_writing_request *how);
/* Reading back one row, and so many conversions one after the other. */
double spn_writing_verify_s(const struct spn_frame *f, const struct spn_matrix_work *w,
                            double conversions);
/* Pulses of each action over all arrays, and what verifying reads. */
void spn_writing_add(struct spn_frame *f, int matrix, const struct spn_writing *x,
                     const struct spn_writing_request *how, double latency_s);

#endif
