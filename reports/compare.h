/* compare.h -- the main table: dense, external-index and index-free side by side.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_COMPARE_H
#define SPN_REPORTS_COMPARE_H

#include <stdbool.h>

#include "estimator/estimate.h"
#include "reports/plot.h"
#include "reports/report.h"
#include "simulator/simulator.h"

struct spn_comparison {
    const struct spn_network *net;
    const struct spn_chip *chip;
    const struct spn_profile *profile;
    int n_schemes;     /* the first ones; 2 where the cells cannot hold a mask */
    bool has_training; /* false where the chip cannot train */
    const struct spn_result *inference[SPN_N_SCHEMES]; /* a chip that only infers */
    const struct spn_result *training[SPN_N_SCHEMES];  /* the same with what training adds */
    /* The same with differential pairs, where `chip` has offset cells, a mask and no pairs: what
     * index-free accuracy is simulated with; or NULL. */
    const struct spn_result *inference_pairs[SPN_N_SCHEMES], *training_pairs[SPN_N_SCHEMES];
    int cells_per_pair_weight; /* of those */
    bool has_accuracy;
    struct spn_accuracy accuracy[SPN_N_SCHEMES]; /* on the chip */
    struct spn_accuracy ideal[SPN_N_SCHEMES];    /* the same weights in floating point */
    struct spn_paired lost[SPN_N_SCHEMES];       /* ideal less chip, on the same images */
};

enum { SPN_COMPARISON_N_FIGURES = 3 };

/* Tables summary, training, gains, pairs (if they are there), inference_breakdown,
 * update_breakdown, layers (detail), and the notes on what gains; of what the chip can hold and do.
 */
void spn_comparison_report(const struct spn_comparison *c, struct spn_report *report);
/* Data of the figures breakdown, layers and (of three schemes) ratios, how many is returned;
 * spn_text_clear each dat. */
size_t spn_comparison_figures(const struct spn_comparison *c,
                              struct spn_figure figures[SPN_COMPARISON_N_FIGURES]);

#endif
