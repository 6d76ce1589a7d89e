/* defects.c -- cells that are stuck and lines that are broken: by a map of arrays, or at random.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "simulator/defects.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "networks/idx.h"
#include "simulator/program.h"

enum spn_status spn_defect_map_load(struct spn_defect_map *out, const char *path,
                                    struct spn_err *err)
{
    struct spn_idx idx = {0};
    enum spn_status status = spn_idx_load(&idx, path, 0, err);
    if (status)
        return status;
    const int64_t n = idx.n_dims == 3 ? idx.dim[0] : 1, *side = idx.dim + (idx.n_dims == 3);
    if (idx.n_dims != 2 && idx.n_dims != 3)
        status = spn_err_set(err, SPN_EINPUT,
                             "%s: %d dimensions, a map of defects has [rows, columns] or [arrays, "
                             "rows, columns]",
                             path, idx.n_dims);
    else if (n > 1 << 24 || side[0] > 1 << 16 || side[1] > 1 << 16)
        status =
            spn_err_set(err, SPN_EINPUT,
                        "%s: %" PRId64 " arrays of %" PRId64 " x %" PRId64 " outside %d of %d x %d",
                        path, n, side[0], side[1], 1 << 24, 1 << 16, 1 << 16);
    for (int64_t i = 0; !status && i < n * side[0] * side[1]; i++)
        if (idx.data[i] >= SPN_N_DEFECTS)
            status = spn_err_set(err, SPN_EINPUT,
                                 "%s: %d at array %" PRId64 ", row %" PRId64 ", column %" PRId64
                                 " outside [0, %d]",
                                 path, idx.data[i], i / (side[0] * side[1]), i / side[1] % side[0],
                                 i % side[1], SPN_N_DEFECTS - 1);
    if (!status) {
        *out = (struct spn_defect_map){
            .n = (int)n, .rows = (int)side[0], .columns = (int)side[1], .state = idx.data};
        idx.data = NULL;
    }
    spn_idx_clear(&idx);
    return status;
}

void spn_defect_map_clear(struct spn_defect_map *map)
{
    free(map->state);
    *map = (struct spn_defect_map){0};
}

enum spn_status spn_defect_map_check(const struct spn_defect_map *map, const struct spn_chip *chip,
                                     struct spn_err *err)
{
    if (map->rows == chip->array.rows && map->columns == chip->array.columns)
        return SPN_OK;
    return spn_err_set(err, SPN_EINPUT,
                       "a map of defects for arrays of %d x %d, chip.array is %d x %d", map->rows,
                       map->columns, chip->array.rows, chip->array.columns);
}

/* Is line `number` of an array broken? Rows count up, columns down. */
static bool is_broken(const struct spn_core_config *config, int array, int number, double frac)
{
    const uint32_t key[2] = {(uint32_t)config->seed, (uint32_t)(config->seed >> 32)};
    const uint32_t counter[4] = {(uint32_t)array, (uint32_t)number, 0,
                                 (uint32_t)SPN_CORE_STREAM_LINES << 24 | config->layer};
    uint32_t words[4];
    if (!(frac > 0))
        return false;
    spn_rng_philox(counter, key, words);
    return words[0] < frac * 4294967296.0;
}

enum spn_defect spn_defect_at(const struct spn_core_config *config,
                              const struct spn_defect_place *place, bool is_spare)
{
    const struct spn_chip_array *array = &config->chip->array;
    const struct spn_defect_map *map = config->defects;
    int number = place->down * place->n_across + place->across;
    if (is_broken(config, number, place->row, array->dead_row_frac) ||
        (!is_spare && is_broken(config, number, -1 - place->column, array->dead_column_frac)))
        return SPN_DEFECT_OPEN;
    if (map == NULL || is_spare || place->row >= map->rows || place->column >= map->columns)
        return SPN_DEFECT_NONE;
    size_t which = (size_t)(config->first_array + number) % (size_t)map->n;
    return map->state[(which * (size_t)map->rows + (size_t)place->row) * (size_t)map->columns +
                      (size_t)place->column];
}
