/* insitu_state.h -- one run on simulated cells while it lasts; private to insitu*.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_SIMULATOR_INSITU_STATE_H
#define SPN_SIMULATOR_INSITU_STATE_H

#include "base/rng.h"
#include "simulator/insitu.h"
#include "simulator/train_net.h"

/* A layer whose weights sit in arrays. Arrays of n are in the order of cells unless said. */
struct spn_insitu_matrix {
    int layer; /* in the trained network */
    size_t n;
    int *place;                   /* cell k holds weight place[k] of the kernel order */
    double final_share;           /* of zeros, from the network's file */
    float *running;               /* mean of the gradient, kernel order */
    struct spn_pairs *pairs;      /* once on the chip */
    double scale;                 /* weight of one code */
    float *target, *code, *delta; /* codes: wanted, held, change */
    uint8_t *mask;
};

struct spn_insitu_state {
    const struct spn_insitu_job *job;
    struct spn_train_net *net;
    const struct spn_dataset *held; /* whose images the net's input holds, */
    int held_first;                 /* from this one on */
    int n_matrices;
    struct spn_insitu_matrix matrix[SPN_INSITU_MAX_LAYERS];
    size_t n_weights;
    double final_share; /* of all weights */
    bool on_chip;
    long n_updates;
    struct spn_rng choice_rng;
    /* one array */
    float *array_delta;
    uint8_t *array_mask;
    double *row, *column;
    int *row_pulses, *column_pulses;
    size_t *order; /* of the largest layer's weights */
};

static inline struct spn_param *spn_insitu_param(const struct spn_insitu_state *s, int m)
{
    return &s->net->layer[s->matrix[m].layer].weight;
}

/* insitu_masks.c: all that is due at the beginning of `epoch` (from 1). Masks of the net; cells
 * follow. */
void spn_insitu_masks(struct spn_insitu_state *s, int epoch);
double spn_insitu_sparsity(const struct spn_insitu_state *s);

/* insitu_write.c: from weights to cells; what vector updates miss is fitted only if measured. */
enum spn_status spn_insitu_transfer(struct spn_insitu_state *s, struct spn_err *err);
enum spn_status spn_insitu_write(struct spn_insitu_state *s, bool measured,
                                 struct spn_insitu_epoch *log, struct spn_err *err);
/* Weights that the forward pass sees: read from cells, or rounded to `bits` (0: as they are). */
void spn_insitu_view(struct spn_insitu_state *s, int bits);
/* Masks of the net to the cells: pruned ones are emptied and taken out, regrown ones let in. */
void spn_insitu_apply_masks(struct spn_insitu_state *s);

#endif
