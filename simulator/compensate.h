/* compensate.h -- programme cells so that the array shows wanted conductances in spite of its
 * wires.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Wires only take away, so what can be reached is the wanted matrix times a gain below 1, by which
 * results are divided. Absent cells are seen through their neighbours (sneak paths), which no
 * mapping undoes.
 */
#ifndef SPN_SIMULATOR_COMPENSATE_H
#define SPN_SIMULATOR_COMPENSATE_H

#include <stdbool.h>

#include "base/err.h"
#include "simulator/effective.h"

struct spn_compensate_window {
    double low_S, high_S; /* of what a cell can hold; a wanted 0 is an absent cell and stays one */
    double gain;    /* aimed at, and so the largest: for arrays that share one; 0 = none given */
    double base_S;  /* columns are subtracted: gain acts on what lies above this; else 0 */
    bool estimated; /* judge and iterate on the first-order estimate instead of exactly */
};
struct spn_compensation {
    double gain; /* best in the least-squares sense: T = gain wanted */
    double rms_frac,
        worst_frac;        /* |T - gain wanted| beside the rms and the largest of gain wanted */
    double plain_rms_frac; /* the same for cells programmed as wanted */
    int n_clipped, n_steps;
    double mapped_gain; /* c of the closed form */
    /* sums over the array, S^2, for the residual of several arrays that share one gain:
     * of wanted^2, T wanted and T^2, the last two with and without the correction */
    double wanted_square, cross, square, plain_cross, plain_square;
};

/* Closed form: G = c W (1 + mean(G) s), s the first-order drop for cells of 1 S, c the largest <= 1
 * (or window.gain) that keeps the window [M:R7]. cells_S and wanted_S [rows][columns] must differ.
 * SPN_EUSAGE for a window or wanted values outside it. */
enum spn_status spn_compensate(const struct spn_irdrop_array *array,
                               struct spn_compensate_window window, const double *wanted_S,
                               double *cells_S, struct spn_compensation *result,
                               struct spn_err *err);

/* From the closed form on, G <- G gain W / T(G) with exact T, at most max_steps times or until the
 * rms of the residual falls below tolerance_frac or no more [M:R8]. */
enum spn_status spn_compensate_exact(const struct spn_irdrop_array *array,
                                     struct spn_compensate_window window, const double *wanted_S,
                                     int max_steps, double tolerance_frac, double *cells_S,
                                     struct spn_compensation *result, struct spn_err *err);

#endif
