/* ning2025.h -- the page of a reproduction: an article's numbers beside ours.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_NING2025_H
#define SPN_REPORTS_NING2025_H

#include "explorer/ladder.h"
#include "explorer/ratio.h"
#include "explorer/study.h"
#include "reports/plot.h"
#include "reports/report.h"

enum { SPN_NING2025_MAX_SETS = 3, SPN_NING2025_FEW_UPDATES = 4 };

/* Which run of the study is what. */
struct spn_ning2025_runs {
    int n_sets, paper[SPN_NING2025_MAX_SETS], dense[SPN_NING2025_MAX_SETS];
    int sparse[SPN_NING2025_MAX_SETS]; /* as the article's, in floating point */
    int cells, few_updates; /* the first of SPN_NING2025_FEW_UPDATES; it has one an epoch */
};

/* Training on cells: tables accuracy, losses, curve, variants, updates; notes on the gaps. */
void spn_ning2025_training(const struct spn_study *study, const struct spn_ning2025_runs *runs,
                           struct spn_report *report);

/* The benchmark. Every chip of it is loaded by the caller. */
struct spn_ning2025_benchmark {
    const struct spn_ratio_experiment *experiment;
    const struct spn_chip *chip, *pairs;
    struct spn_ratio_model *layers;  /* the network with its own layers' sparsity */
    struct spn_ratio_model *uniform; /* every layer at the experiment's */
};
enum spn_status spn_ning2025_update(const struct spn_ning2025_benchmark *b,
                                    struct spn_report *report, struct spn_text *tornado,
                                    struct spn_err *err);

/* Other networks at the experiment's sparsity; call once per network. */
enum spn_status spn_ning2025_network(struct spn_report *report, struct spn_table **table,
                                     const struct spn_network *net, const struct spn_chip *chip,
                                     struct spn_err *err);
/* Sparsity below which dense wins, from `ratio` of `external` over dense at [n] sparsities. */
struct spn_ning2025_crossing {
    int n;
    double sparsity[64], latency[64], energy[64]; /* external-index update over dense */
    double free_latency[64], free_energy[64];     /* index-free over dense */
};
void spn_ning2025_crossover(const struct spn_ning2025_crossing *c, struct spn_report *report);

/* A network's accuracy at rising sparsity beside its costs: tables `id` and `id`_cost, notes. */
void spn_ning2025_accuracy(const struct spn_ladder *ladder, const char *id,
                           struct spn_report *report);
/* Its rows of the figure accuracy_cost, added to *dat. */
void spn_ning2025_front(const struct spn_ladder *ladder, struct spn_text *dat);

/* Figures by name in this order; those from SPN_NING2025_TORNADO on are others' than
 * spn_ning2025_figures(). */
enum {
    SPN_NING2025_TORNADO = 6, /* data by spn_ning2025_update() */
    SPN_NING2025_FRONT,       /* by spn_ning2025_front() */
    SPN_NING2025_N_FIGURES
};
/* Names of all figures, and data of msnet_epochs, msnet_maps, msnet_confusion, msnet_weights,
 * msnet_landscape and vau_error. spn_text_clear each dat. */
void spn_ning2025_figures(const struct spn_study *study, const struct spn_ning2025_runs *runs,
                          struct spn_figure figures[SPN_NING2025_N_FIGURES]);

#endif
