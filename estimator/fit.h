/* fit.h -- a network on a chip of a given size: copies of whole tiles, loads one after the other,
 * several chips. Private to the estimator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_FIT_H
#define SPN_ESTIMATOR_FIT_H

#include "estimator/frame.h"

/* Whether the chip's size is given, in tiles or in area. */
bool spn_fit_wanted(const struct spn_chip *chip);

/* Share out the tiles of all layers, which are mapped and counted with one copy each, the blocks
 * being those of a chip made to measure: sets the loads, chips and copies of each layer, and in
 * `need` the tiles and chips. SPN_EINFEASIBLE if the network needs more than the chip has and
 * chip.system.overflow says to refuse it, or if not even one tile fits the area. [M:E40-E44] */
enum spn_status spn_fit(struct spn_frame *f, struct spn_err *err);

/* link.c: where each layer's result is made and how far it must go, into the work; and how many
 * loads or chips later it is last read. */
void spn_fit_places(struct spn_frame *f);
int spn_fit_later(const struct spn_frame *f, int layer);

/* load.c: leaves of loading the weights for all images of a batch to pass them forward, or back;
 * all 0 if the weights stay. [M:E43, E73, E74] */
struct spn_loads {
    double all_s, energy_J, bit;   /* of all loads of a batch */
    double waited_s;               /* of all_s, batch after batch: not beside computing */
    double image_s, batch_s;       /* likewise, of an image by itself, and of a first batch */
    double waiting_bit, waiting_s; /* of an image's results to DRAM and back between loads */
};
struct spn_loads spn_load_add(struct spn_frame *f, enum spn_phase phase);
void spn_load_report(const struct spn_frame *f, const struct spn_loads *loads,
                     struct spn_system_result *out);
/* Leaves of an update of weights that live in DRAM; returns its time. [M:E74] */
double spn_load_update(struct spn_frame *f);

/* link.c: leaves of what goes from chip to chip for one image; returns the time of the busiest
 * link. [M:E44] */
double spn_link_add(struct spn_frame *f, enum spn_phase phase, struct spn_system_result *out);

#endif
