/* program_maker.h -- what programming a matrix needs besides its result; shared by program.c (how a
 * matrix is cut) and program_cells.c (what its cells hold).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_SIMULATOR_PROGRAM_MAKER_H
#define SPN_SIMULATOR_PROGRAM_MAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "simulator/cell.h"
#include "simulator/program.h"
#include "simulator/program_wires.h"

enum { SPN_PROGRAM_CODE_MAX = 127 * 256 + 127 };

struct spn_program_maker {
    const struct spn_program_request *request;
    const struct spn_chip *chip;
    struct spn_cell_model cell;
    bool wired; /* wires have resistance */
    struct spn_program_wires wires;
    int weights_per_array;
    bool index_free;
    uint32_t key[2], layer;
    int n_lanes;      /* columns rounded up to groups */
    float *normal[2]; /* of one row's cells: positive, and negative or reference */
    double *g[2];     /* of one row's cells, as each column sees them */
};

/* All cells of a matrix, to p->cells and p->variance; through their wires where those resist. */
enum spn_status spn_program_fill(struct spn_program *p, const struct spn_program_maker *m,
                                 struct spn_err *err);

#endif
