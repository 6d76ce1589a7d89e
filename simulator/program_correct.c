/* program_correct.c -- cells programmed against the drop on their wires.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Twice over all arrays of a matrix: first the gain that every one of them can reach, then targets
 * for that gain [M:R7, M:R8, M:R10]. One gain for all is one reference for all converters, and the
 * sums of arrays can be added as they come. Targets are then programmed like any others, with their
 * errors and defects, and the wires solved. Cells whose mask is off, and cells that are to conduct
 * nothing, are left alone.
 */
#include <math.h>

#include "simulator/program_maker.h"

/* What targets without errors show: to the stripe. */
static void put_targets(struct spn_program *p, const struct spn_program_maker *ideal, int first,
                        int n)
{
    for (int r = 0; r < n; r++)
        for (int d = 0; d < p->n_digits; d++) {
            const int group = spn_program_group(p, first + r);
            const struct spn_program_place at = {d, group, first + r - p->groups[group].first, 0};
            spn_program_aim_row(p, ideal, &at);
            spn_program_make_row(p, ideal, &at);
            for (int c = 0; c < p->n_columns; c++) {
                ideal->g[0][c] = ideal->kept[c] ? ideal->g[0][c] : 0;
                ideal->g[1][c] = ideal->kept[c] || p->reference != NULL ? ideal->g[1][c] : 0;
            }
            spn_program_move_row(p, ideal, &at, r, true);
        }
}

/* From targets in the stripe to the cells that are programmed to them. */
static void program_targets(struct spn_program *p, const struct spn_program_maker *m, int first,
                            int n)
{
    for (int r = 0; r < n; r++)
        for (int d = 0; d < p->n_digits; d++) {
            const int group = spn_program_group(p, first + r);
            const struct spn_program_place at = {d, group, first + r - p->groups[group].first, 0};
            spn_program_aim_row(p, m, &at); /* masks, and cells that stay as they are */
            spn_program_move_row(p, m, &at, r, false);
            for (int side = 0; side < spn_program_sides(p); side++)
                for (int c = 0; c < p->n_columns; c++)
                    if (m->g[side][c] > 0)
                        m->aim[side][c] = spn_cell_aim(&m->cell, m->g[side][c]);
            spn_program_make_row(p, m, &at);
            spn_program_move_row(p, m, &at, r, true);
        }
}

static void put_levels(struct spn_program *p, const struct spn_program_maker *m, int first, int n)
{
    for (int r = 0; r < n; r++)
        for (int d = 0; d < p->n_digits; d++) {
            const int group = spn_program_group(p, first + r);
            const struct spn_program_place at = {d, group, first + r - p->groups[group].first, 0};
            spn_program_move_row(p, m, &at, r, false);
            for (int c = 0; c < p->n_columns; c++) {
                m->g[0][c] /= p->level_gain;
                m->g[1][c] /= p->level_gain;
            }
            spn_program_put_row(p, m, &at);
        }
}

/* Relative to the best common gain: |T - gain W|^2 = T^2 - (T W)^2 / W^2. */
static double residual(double wanted_square, double cross, double square)
{
    if (!(cross > 0))
        return 0;
    const double gain = cross / wanted_square;
    return sqrt(fmax(square - gain * cross, 0) / wanted_square) / gain;
}

static struct spn_core_correction sum_up(const struct spn_program *p,
                                         const struct spn_program_correction *c)
{
    const double W2 = c->wanted_square;
    return (struct spn_core_correction){
        .gain = W2 > 0 ? c->cross / W2 : 1,
        .rms_frac = residual(W2, c->cross, c->square),
        .plain_rms_frac = residual(W2, c->plain_cross, c->plain_square),
        .n_cells = (double)p->n_rows * p->n_columns * p->cells_per_weight,
        .n_clipped = c->n_clipped};
}

static bool writes_targets(const struct spn_program_maker *m)
{
    return m->request->config->correction != SPN_CORRECTION_GAIN;
}

/* All arrays once: targets, and what can become of them. */
static enum spn_status find_gain(struct spn_program *p, const struct spn_program_maker *m,
                                 const struct spn_program_maker *ideal,
                                 struct spn_program_correction *find, struct spn_err *err)
{
    const uint32_t no_words[4] = {0};
    enum spn_status status = SPN_OK;
    *find = (struct spn_program_correction){
        .kind = m->request->config->correction,
        .subtracted = spn_program_sides(p) == 2,
        .low = spn_cell_program(&ideal->cell, 0, 0, no_words, true).g,
        .high = spn_cell_program(&ideal->cell, 1, 0, no_words, true).g,
        .largest_gain = 1};
    for (int first = 0, n; first < p->n_rows && status == SPN_OK; first += n) {
        n = spn_program_wires_stripe(&m->wires, first, p->n_rows);
        put_targets(p, ideal, first, n);
        status = spn_program_wires_correct(&m->wires, first, n, find, err);
    }
    if (!writes_targets(m) && find->plain_cross > 0)
        find->largest_gain = find->plain_cross / find->wanted_square;
    return status;
}

enum spn_status spn_program_correct(struct spn_program *p, struct spn_program_maker *m,
                                    struct spn_err *err)
{
    struct spn_program_maker ideal = *m;
    struct spn_program_correction find;
    ideal.cell = spn_cell_ideal(&m->cell);
    enum spn_status status = find_gain(p, m, &ideal, &find, err);
    if (status != SPN_OK)
        return status;
    struct spn_program_correction apply = {.kind = find.kind,
                                           .subtracted = find.subtracted,
                                           .low = find.low,
                                           .high = find.high,
                                           .gain = find.largest_gain,
                                           .largest_gain = 1};
    p->level_gain = apply.gain;
    spn_program_choose_codes(p, m, p->level_gain);
    for (int first = 0, n; first < p->n_rows && status == SPN_OK; first += n) {
        n = spn_program_wires_stripe(&m->wires, first, p->n_rows);
        put_targets(p, &ideal, first, n);
        if (writes_targets(m))
            status = spn_program_wires_correct(&m->wires, first, n, &apply, err);
        if (status == SPN_OK) {
            program_targets(p, m, first, n);
            status = spn_program_wires_solve(&m->wires, first, n, err);
            put_levels(p, m, first, n);
        }
    }
    if (status != SPN_OK)
        return status;
    p->correction = sum_up(p, writes_targets(m) ? &apply : &find);
    for (int d = 0; d < p->n_digits; d++) /* what is left to the gain that was aimed at */
        p->digit[d].weight *= p->level_gain / p->correction.gain;
    return SPN_OK;
}
