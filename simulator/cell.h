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
    double gain;              /* window as seen through mask_on */
    uint32_t stuck_on, stuck_off,
        mask_failed; /* below these a random word means a defect; off includes on */
    bool defects;
    const struct spn_programming *programming; /* errors of a closed loop; NULL: normal with sd */
};

struct spn_cell_state {
    double g;        /* as seen from outside */
    double variance; /* of its read noise, in that of a plain cell */
};

/* What acts is chosen by config->errors. index_free: the cells have mask transistors in use. */
struct spn_cell_model spn_cell_model(const struct spn_core_config *config, bool index_free);
/* One cell aimed at level_frac of the window. z is standard normal; the two words are random and
 * read only if the model has defects. */
struct spn_cell_state spn_cell_program(const struct spn_cell_model *m, double level_frac, double z,
                                       const uint32_t *words, bool kept);
/* The level_frac that a kept cell without errors shows g at. */
double spn_cell_aim(const struct spn_cell_model *m, double g);

#endif
