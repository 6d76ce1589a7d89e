/* simulator_run.h -- run batches of images through a simulator; shared by simulator.c and
 * evaluate.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_SIMULATOR_SIMULATOR_RUN_H
#define SPN_SIMULATOR_SIMULATOR_RUN_H

#include <stdbool.h>

#include "simulator/simulator.h"

#define SPN_SIMULATOR_MAX_BATCH 1024

/* Images first .. first+n-1, batch by batch; done() and skip() are called from several threads at
 * once. */
struct spn_batches {
    const struct spn_dataset *images;
    int first, n;
    void *ctx;
    void (*done)(void *ctx, int start, int n,
                 const float *outputs); /* [n][outputs]; start counts from `first` */
    bool (*skip)(void *ctx);            /* or NULL; true: leave out the rest */
};

enum spn_status spn_simulator_run_batches(struct spn_simulator *sim,
                                          const struct spn_batches *batches, struct spn_err *err);
enum spn_status spn_simulator_check_images(const struct spn_simulator *sim,
                                           const struct spn_dataset *images, struct spn_err *err);
int spn_simulator_outputs(const struct spn_simulator *sim); /* elements per image or text */
int spn_simulator_classes(const struct spn_simulator *sim); /* of an answer */

#endif
