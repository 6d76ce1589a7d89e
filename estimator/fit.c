/* fit.c -- a network on a chip of a given size: copies of whole tiles, loads one after the other,
 * several chips.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A chip whose number of tiles is given (or follows from its area, where the network is too large
 * for it) has general tiles, which take any layer [M:E42]. If the network needs no more, copies of
 * whole layers may fill the rest [M:E40, E41]; if it needs more, it is refused, loaded part by part
 * [M:E43], or spread over several such chips [M:E44].
 */
#include "estimator/fit.h"

#include <math.h>

#include "estimator/balance.h"
#include "estimator/products.h"
#include "estimator/schedule.h"
#include "estimator/traffic.h"
#include "estimator/transposed.h"

bool spn_fit_wanted(const struct spn_chip *chip)
{
    return chip->system.tiles > 0 || chip->area_budget_m2 > 0;
}

/* ---- copies of whole tiles ---- */

static double stage_s(void *ctx, int matrix, int copies)
{
    const struct spn_frame *f = ctx;
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    struct spn_layer_counts counts = w->forward;
    const struct spn_pass pass = {.matrix = matrix,
                                  .phase = SPN_PHASE_FORWARD,
                                  .counts = &counts,
                                  .array = &w->forward_blocks.block[0],
                                  .adc = &w->forward_blocks.block[1],
                                  .input = &w->input};

    spn_count_copies(&counts, &w->map, copies);
    return fmax(spn_schedule_stage(f, &pass).total_s, f->floor_s);
}

static double copy_cost(void *ctx, int matrix)
{
    const struct spn_frame *f = ctx;
    const struct spn_layer_map *m = &f->work->matrix[matrix].map;
    return (double)m->n_tiles * m->pes_per_tile;
}

/* Tiles of a chip made to measure, with so many copies; false if they are too many to count. */
static bool set_tiles(struct spn_frame *f, const int *copies)
{
    struct spn_blocks_need *need = &f->work->need;
    double kernel = 0, conventional = 0;

    for (int i = 0; i < f->plan->n_matrix; i++) {
        const struct spn_layer_map *m = &f->work->matrix[i].map;
        *(m->kernel_position ? &kernel : &conventional) += (double)m->n_tiles * copies[i];
    }
    if (kernel + conventional > SPN_MAP_MAX_ARRAYS)
        return false;
    need->n_kernel_tiles = (int)kernel;
    need->n_conventional_tiles = (int)conventional;
    return true;
}

/* The blocks with the tiles in `need` take at most the chip's area. */
static bool area_fits(struct spn_frame *f)
{
    struct spn_err ignored;

    return f->chip->area_budget_m2 <= 0 ||
           (spn_blocks_set(&f->work->blocks, &f->in, &ignored) == SPN_OK &&
            spn_blocks_area_m2(&f->work->blocks) + spn_products_area_m2(f) +
                    spn_transposed_area_m2(f) <=
                f->chip->area_budget_m2);
}

static bool copies_fit(void *ctx, const int *copies)
{
    struct spn_frame *f = ctx;
    const struct spn_blocks_need *need = &f->work->need;
    double used = 0;
    int chip = 0;

    if (need->n_general_tiles == 0)
        return set_tiles(f, copies) && area_fits(f);
    for (int i = 0; i < f->plan->n_matrix; i++) {
        const struct spn_matrix_work *w = &f->work->matrix[i];
        used = w->first == chip ? used : 0;
        chip = w->first + w->parts - 1;
        used += (double)w->map.n_tiles * copies[i] -
                (w->parts - 1.0) * need->n_general_tiles; /* the last chip's share */
        if (used > need->n_general_tiles)
            return false;
    }
    return true;
}

static void multiply(struct spn_layer_map *m, int copies)
{
    m->tile_copies = copies;
    m->copies *= copies;
    m->n_tiles *= copies;
    m->n_pes *= copies;
    m->n_arrays *= copies;
}

static void balance(struct spn_frame *f)
{
    struct spn_workspace *work = f->work;
    const struct spn_balance b = {.n = f->plan->n_matrix,
                                  .time_s = stage_s,
                                  .fits = copies_fit,
                                  .cost = copy_cost,
                                  .ctx = f,
                                  .most = work->most};

    for (int i = 0; i < b.n; i++) {
        const struct spn_layer_map *m = &work->matrix[i].map;
        int64_t most = (m->vectors + m->copies - 1) / m->copies;
        double room = SPN_MAP_MAX_ARRAYS / ((double)m->n_arrays + 1);
        work->most[i] = work->matrix[i].parts > 1 ? 1 : (int)fmax(1, fmin((double)most, room));
    }
    /* Nothing is gained below what the shared links take. */
    f->floor_s = f->chip->schedule != SPN_SCHEDULE_LAYER_BY_LAYER && !f->direct
                     ? spn_global_bus_s(f, spn_traffic_busiest_bit(f, SPN_PHASE_FORWARD))
                     : 0;
    if (f->chip->schedule != SPN_SCHEDULE_LAYER_BY_LAYER)
        spn_balance_slowest(&b, work->copies, work->trial);
    else
        spn_balance_sum(&b, work->copies, work->trial);
    if (work->need.n_general_tiles == 0)
        set_tiles(f, work->copies);
    for (int i = 0; i < b.n; i++)
        multiply(&work->matrix[i].map, work->copies[i]);
}

/* ---- more than one load or chip ---- */

/* Layers in order, each to the present load (chip) if it still fits there; one that is larger than
 * a whole chip starts a new one and takes several. Returns their number. */
static int pack(struct spn_frame *f, int chip_tiles)
{
    int at = 0, left = chip_tiles;

    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct spn_matrix_work *w = &f->work->matrix[i];
        int tiles = w->map.n_tiles;
        if (tiles > left && left < chip_tiles) {
            at++;
            left = chip_tiles;
        }
        w->parts = (tiles + chip_tiles - 1) / chip_tiles;
        w->first = at;
        at += w->parts - 1;
        left -= tiles - (w->parts - 1) * chip_tiles;
    }
    return at + 1;
}

/* Largest number of general tiles whose chip keeps to the area. */
static int tiles_in_area(struct spn_frame *f, int most)
{
    struct spn_blocks_need *need = &f->work->need;
    int low = 0, high = most + 1;

    while (high - low > 1) {
        need->n_general_tiles = low + (high - low) / 2;
        if (area_fits(f))
            low = need->n_general_tiles;
        else
            high = need->n_general_tiles;
    }
    return low;
}

static enum spn_status refuse(const struct spn_frame *f, double tiles, int limit,
                              struct spn_err *err)
{
    const struct spn_chip *chip = f->chip;

    if (chip->system.tiles > 0 && limit == chip->system.tiles)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "chip.system.tiles = %d: network %s needs %.0f tiles on chip %s "
                           "(chip.system.overflow = reload or chips takes larger ones)",
                           limit, f->plan->net->name, tiles, chip->name);
    return spn_err_set(err, SPN_EINFEASIBLE,
                       "chip.area_budget_m2 = %g: network %s takes %g m2 on chip %s "
                       "(chip.system.overflow = reload or chips takes larger ones)",
                       chip->area_budget_m2, f->plan->net->name,
                       spn_blocks_area_m2(&f->work->blocks) + spn_products_area_m2(f) +
                           spn_transposed_area_m2(f),
                       chip->name);
}

/* The chip has `tiles` general tiles, fewer than the network needs. */
static enum spn_status overflow(struct spn_frame *f, int tiles, struct spn_err *err)
{
    struct spn_blocks_need *need = &f->work->need;

    const bool chips = f->chip->system.overflow == SPN_OVERFLOW_CHIPS;
    const int load_tiles = !chips && f->chip->system.prefetch ? tiles / 2 : tiles;

    if (spn_transposed_wanted(f))
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "chip.training.transpose = copy: a second copy of a network that is "
                           "larger than the chip is not modelled");
    need->n_general_tiles = tiles;
    need->n_kernel_tiles = need->n_conventional_tiles = 0;
    if (load_tiles < 1)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "chip.system.prefetch: chip %s has one tile, of which no half can be "
                           "loaded while the other computes",
                           f->chip->name);
    int number = pack(f, load_tiles);
    if (chips) {
        if ((double)number * tiles > SPN_MAP_MAX_ARRAYS)
            return spn_err_set(err, SPN_EINFEASIBLE, "network %s needs %d chips of %d tiles",
                               f->plan->net->name, number, tiles);
        need->n_chips = number;
        if (f->chip->duplicate)
            balance(f);
        return SPN_OK;
    }
    if (f->options->training && f->chip->system.batch > f->chip->training.batch)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "chip.system.batch = %d: images of more than one weight update "
                           "(chip.training.batch = %d) cannot share loads",
                           f->chip->system.batch, f->chip->training.batch);
    f->work->n_loads = number;
    f->work->load_tiles = load_tiles;
    need->index_tile_bit = need->polarity_tile_bit = 0; /* both are needed in DRAM alone */
    need->dram = true;
    return SPN_OK;
}

enum spn_status spn_fit(struct spn_frame *f, struct spn_err *err)
{
    const struct spn_chip *chip = f->chip;
    struct spn_blocks_need *need = &f->work->need;
    const double total = (double)need->n_conventional_tiles + need->n_kernel_tiles;
    const int kernel = need->n_kernel_tiles, conventional = need->n_conventional_tiles;
    int tiles = chip->system.tiles;

    if (tiles > 0) {
        need->n_general_tiles = tiles;
        need->n_kernel_tiles = need->n_conventional_tiles = 0;
    }
    bool enough = tiles == 0 || total <= tiles;
    if (enough && area_fits(f)) {
        if (chip->duplicate)
            balance(f);
        return SPN_OK;
    }
    if (chip->system.overflow == SPN_OVERFLOW_REFUSE) {
        need->n_general_tiles = 0;
        need->n_kernel_tiles = kernel;
        need->n_conventional_tiles = conventional;
        return refuse(f, total, enough ? 0 : tiles, err);
    }
    need->n_kernel_tiles = need->n_conventional_tiles = 0;
    int limit = tiles > 0 ? tiles : (int)total, fit = tiles_in_area(f, limit);
    if (fit < 1) {
        need->n_general_tiles = 1;
        return refuse(f, 1, 0, err);
    }
    if (total <= fit) { /* fits as made to measure did not: one kind of tile may be smaller */
        need->n_general_tiles = fit;
        return SPN_OK;
    }
    return overflow(f, fit, err);
}
