/* defects.h -- cells that are stuck and lines that are broken: by a map of arrays, or at random.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_defect_map_load(&map, "stuck.idx.gz", err);
 *     config.defects = &map;                             // and errors with SPN_ERROR_DEFECTS
 */
#ifndef SPN_SIMULATOR_DEFECTS_H
#define SPN_SIMULATOR_DEFECTS_H

#include <stdint.h>

#include "base/err.h"
#include "simulator/core.h"

enum spn_defect {
    SPN_DEFECT_NONE,
    SPN_DEFECT_OFF,  /* stuck at Gmin */
    SPN_DEFECT_ON,   /* stuck at Gmax */
    SPN_DEFECT_OPEN, /* no current at all */
    SPN_N_DEFECTS
};

/* Of arrays as they are built: cells of a row side by side, [n][rows][columns]. The arrays of a
 * network, in the order of its layers, top to bottom and in that left to right, take the maps in
 * turn. */
struct spn_defect_map {
    int n, rows, columns;
    uint8_t *state; /* enum spn_defect */
};

/* IDX of bytes 0 .. 3, [rows][columns] or [n][rows][columns], plain or .gz. SPN_EINPUT says where a
 * byte is none of those. */
enum spn_status spn_defect_map_load(struct spn_defect_map *map, const char *path,
                                    struct spn_err *err);
void spn_defect_map_clear(struct spn_defect_map *map);

/* Whether the map is of the chip's arrays. */
enum spn_status spn_defect_map_check(const struct spn_defect_map *map, const struct spn_chip *chip,
                                     struct spn_err *err);

/* A cell: array from the top and from the left of its core's matrix, row and column in it. */
struct spn_defect_place {
    int down, across, n_across, row, column;
};
/* What a broken line or the map makes of it; `is_spare`: a column beside those of the map, so that
 * only a broken row counts. [M:S3c] */
enum spn_defect spn_defect_at(const struct spn_core_config *config,
                              const struct spn_defect_place *place, bool is_spare);

#endif
