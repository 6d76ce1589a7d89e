/* program_maker.h -- what programming a matrix needs besides its result; shared by program.c (how a
 * matrix is cut), program_cells.c (what its cells hold), repair.c and program_correct.c.
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
    float *device_normal[2], *drift_normal[2], *mask_normal[2]; /* likewise; NULL: do not matter */
    double *aim[2];            /* where they are to be in the window, 0 .. 1 */
    uint8_t *kept;             /* their mask transistor is on */
    double *g[2];              /* what they conduct, as each column sees them */
    struct spn_repair *repair; /* or NULL */
};

/* A cell: a row of a row group; `column` of the matrix. */
struct spn_program_place {
    int digit, group, row, column;
};
/* Which array across and which of its columns of cells: weights digit by digit, positive before
 * negative; reference columns last. */
struct spn_program_column {
    int block, column;
};
struct spn_program_column spn_program_column(const struct spn_program *p,
                                             const struct spn_program_maker *m,
                                             const struct spn_program_place *at, int side);
int spn_program_sides(const struct spn_program *p); /* 2 with pairs or reference columns */
int spn_program_group(const struct spn_program *p, int row);

/* Targets of one digit of one row of weights, to m->aim and m->kept. */
void spn_program_aim_row(const struct spn_program *p, const struct spn_program_maker *m,
                         const struct spn_program_place *at);
/* The cells that hold them, to m->g (and p->variance). */
void spn_program_make_row(struct spn_program *p, const struct spn_program_maker *m,
                          const struct spn_program_place *at);
/* m->g to levels. */
void spn_program_put_row(struct spn_program *p, const struct spn_program_maker *m,
                         const struct spn_program_place *at);
/* Between m->g and row `row` of a stripe. */
void spn_program_move_row(const struct spn_program *p, const struct spn_program_maker *m,
                          const struct spn_program_place *at, int row, bool put);
/* The enum spn_defect of row `row` in a column of cells. */
uint32_t spn_program_defect(const struct spn_program *p, const struct spn_program_maker *m,
                            struct spn_program_column column, int row, bool is_spare);
/* Random words for the defects of a cell; the last one is spn_program_defect. */
void spn_program_defect_words(const struct spn_program *p, const struct spn_program_maker *m,
                              const struct spn_program_place *at, int side, uint32_t words[4]);

/* Fixed-point codes for levels that are counted in `gain` of a cell's. */
void spn_program_choose_codes(struct spn_program *p, const struct spn_program_maker *m,
                              double gain);

/* program_correct.c: cells programmed against the drop on their wires, levels counted in
 * what the gain has left of them. */
enum spn_status spn_program_correct(struct spn_program *p, struct spn_program_maker *m,
                                    struct spn_err *err);

/* All cells of a matrix, to p->cells and p->variance; through their wires where those resist. */
enum spn_status spn_program_fill(struct spn_program *p, struct spn_program_maker *m,
                                 struct spn_err *err);

#endif
