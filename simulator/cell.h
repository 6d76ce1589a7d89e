/* cell.h -- what one memory cell conducts after programming.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Conductances are normalised by the window Gon - Goff of the device.
 */
#ifndef SPN_SIMULATOR_CELL_H
#define SPN_SIMULATOR_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "models/programming.h"
#include "simulator/core.h"

struct spn_cell_model {
    double g0, sd;            /* conductance of level 0; programming error */
    double mask_on, mask_off; /* series conductance of a kept and of a pruned cell; 0 = none */
    double mask_sd;           /* of their logarithm */
    double gain;              /* window as seen through mask_on */
    uint32_t stuck_on, stuck_off,
        mask_failed; /* below these a random word means a defect; off includes on */
    bool defects;
    const struct spn_device *device;
    bool by_state;                             /* the error of a write depends on the level */
    double device_sd;                          /* what cells differ by in every write */
    double age;                                /* spn_variation_age; 1 = no drift */
    double temperature_K;                      /* 0: does not matter */
    double g_max;                              /* that a cell can come to; beyond it is cut off */
    const struct spn_programming *programming; /* errors of a closed loop; NULL: normal with sd */
};

struct spn_cell_state {
    double g;        /* as seen from outside */
    double variance; /* of its read noise, in that of a plain cell */
};

struct spn_cell_draw { /* standard normal numbers of one cell */
    double write, device, drift, mask;
};

/* What acts is chosen by config->errors. index_free: the cells have mask transistors in use. */
struct spn_cell_model spn_cell_model(const struct spn_core_config *config, bool index_free);
/* One cell aimed at level_frac of the window. z is standard normal; the two words are random and
 * read only if the model has defects. */
struct spn_cell_state spn_cell_program(const struct spn_cell_model *m, double level_frac, double z,
                                       const uint32_t *words, bool kept);
/* The same with all its draws. words[3] is an enum spn_defect of the cell. */
struct spn_cell_state spn_cell_draw(const struct spn_cell_model *m, double level_frac,
                                    const struct spn_cell_draw *draw, const uint32_t *words,
                                    bool kept);
/* The model without anything that is drawn, nor age. */
struct spn_cell_model spn_cell_ideal(const struct spn_cell_model *m);
/* Whether levels are exactly what they are aimed at, but for g0 and the mask. */
bool spn_cell_is_exact(const struct spn_cell_model *m);
/* The level_frac that a kept cell without errors shows g at. */
double spn_cell_aim(const struct spn_cell_model *m, double g);

#endif
