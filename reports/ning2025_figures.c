/* ning2025_figures.c -- data of the figures on training with index-free cells.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Published points: [ning2025, figure 4a and extended data figure 5b].
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "networks/dataset.h"
#include "reports/ning2025.h"

#define AT(member) offsetof(struct spn_insitu_epoch, member)

enum { LINE_CELLS = 25 }; /* of a map: one 5 x 5 kernel [ning2025, Methods] */

/* few: with one update an epoch, or NULL. */
static void add_curve(const struct spn_study_run *run, const struct spn_study_run *dense,
                      const struct spn_study_run *few, struct spn_text *dat)
{
    const char *set = *run->options.dataset ? run->options.dataset : run->net->dataset;
    for (int e = 1; e <= run->options.epochs; e++) {
        const struct spn_spread a = spn_study_accuracy(run, e), d = spn_study_accuracy(dense, e);
        spn_text_add(dat, "%d\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%s", e, 100 * a.mean, 100 * a.sd,
                     100 * spn_study_mean(run, e, AT(sparsity_frac)), 100 * d.mean, 100 * d.sd,
                     set);
        if (few)
            spn_text_add(dat, "\t%.6g\n", 100 * spn_study_accuracy(few, e).mean);
        else
            spn_text_add(dat, "\tNaN\n");
    }
}

static void add_epochs(const struct spn_study *study, const struct spn_ning2025_runs *runs,
                       struct spn_text *dat)
{
    spn_text_add(dat, "# epoch\taccuracy\tsd\tsparsity\tdense float\tsd\tdata set\tone update "
                      "an epoch; then published points; then other data sets\n");
    add_curve(&study->run[runs->paper[0]], &study->run[runs->dense[0]],
              &study->run[runs->few_updates], dat);
    spn_text_add(dat, "\n\n28\t93.2\n57\t98.4\n");
    spn_text_add(dat, "\n\n11\t52.3\n17\t63.7\n23\t66.8\n26\t74.2\n29\t86.9\n38\t75\n");
    for (int k = 1; k < runs->n_sets; k++) {
        spn_text_add(dat, "\n\n");
        add_curve(&study->run[runs->paper[k]], &study->run[runs->dense[k]], NULL, dat);
    }
}

static void add_maps(const struct spn_insitu_log *log, struct spn_text *dat)
{
    spn_text_add(dat, "# an index each phase: cell\tline\tcode (NaN: pruned)\tphase\n");
    for (int i = 0; i < log->n_snapshots; i++) {
        const struct spn_insitu_snapshot *shot = &log->snapshot[i];
        double kept = 0;
        for (int k = 0; k < log->n_weights; k++)
            kept += shot->mask[k];
        for (int m = 0; m < log->n_layers; m++)
            for (int k = 0; k < log->layer[m].n; k++) {
                const int at = log->layer[m].first + k;
                const double code =
                    (double)shot->weight[at] * (shot->on_chip ? 1 : 1 / log->layer[m].scale);
                spn_text_add(dat, "%d\t%d\t", at % LINE_CELLS, at / LINE_CELLS);
                if (shot->mask[at])
                    spn_text_add(dat, "%.4g", code);
                else
                    spn_text_add(dat, "NaN");
                spn_text_add(dat, "\tepoch %d: %.1f %% pruned\n", shot->epoch,
                             100 * (1 - kept / log->n_weights));
            }
        for (int at = log->n_weights; at % LINE_CELLS; at++) /* images are whole */
            spn_text_add(dat, "%d\t%d\tNaN\t\n", at % LINE_CELLS, at / LINE_CELLS);
        spn_text_add(dat, "\n\n");
    }
}

static void add_confusion(const struct spn_study_run *run, struct spn_text *dat)
{
    const int n = run->log[0].n_classes;
    const char *set = *run->options.dataset ? run->options.dataset : run->net->dataset;
    const bool letters = spn_dataset_is_drawn(set);
    spn_text_add(dat, "# found\ttrue\tshare of the true class (%%)\tname\n");
    for (int i = 0; i < n; i++) {
        double total = 0;
        for (int s = 0; s < run->n_seeds; s++)
            for (int j = 0; j < n; j++)
                total += run->log[s].confusion[i][j];
        for (int j = 0; j < n; j++) {
            double hits = 0;
            for (int s = 0; s < run->n_seeds; s++)
                hits += run->log[s].confusion[i][j];
            spn_text_add(dat, "%d\t%d\t%.4g\t%c\n", j, i, total > 0 ? 100 * hits / total : 0,
                         letters ? spn_letters_name(i) : (char)('0' + i % 10));
        }
    }
}

/* Codes of kept weights, before (first snapshot, off the chip) and after. */
static void add_weights(const struct spn_insitu_log *log, int max_code, struct spn_text *dat)
{
    spn_text_add(dat, "# code\tweights before\tkept weights at the end\n");
    if (log->n_snapshots < 2)
        return;
    const struct spn_insitu_snapshot *before = &log->snapshot[0];
    const struct spn_insitu_snapshot *after = &log->snapshot[log->n_snapshots - 1];
    for (int code = -max_code; code <= max_code; code++) {
        int n[2] = {0};
        for (int m = 0; m < log->n_layers; m++)
            for (int k = 0; k < log->layer[m].n; k++) {
                const int at = log->layer[m].first + k;
                n[0] += lrint((double)before->weight[at] *
                              (before->on_chip ? 1 : 1 / log->layer[m].scale)) == code;
                n[1] += after->mask[at] && lrintf(after->weight[at]) == code;
            }
        spn_text_add(dat, "%d\t%d\t%d\n", code, n[0], n[1]);
    }
}

static void add_landscape(const struct spn_insitu_log *log, struct spn_text *dat)
{
    const int n = log->landscape_points;
    spn_text_add(dat, "# along a\talong b (of the weights' norm)\ttraining loss\n");
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            spn_text_add(dat, "%.4g\t%.4g\t%.6g\n",
                         log->landscape_radius * (2.0 * i / fmax(n - 1, 1) - 1),
                         log->landscape_radius * (2.0 * j / fmax(n - 1, 1) - 1),
                         (double)log->landscape[i * n + j]);
        spn_text_add(dat, "\n");
    }
}

static void add_errors(const struct spn_study_run *run, struct spn_text *dat)
{
    spn_text_add(dat, "# sparsity\tmse whole fit\tmse masked fit\tmean square change\tmade, whole "
                      "fit\tmade, masked fit; then published\n");
    for (int e = run->options.pretrain_epochs + 1; e <= run->options.epochs; e++)
        spn_text_add(dat, "%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\n",
                     100 * spn_study_mean(run, e, AT(sparsity_frac)),
                     spn_study_mean(run, e, AT(mse_all)), spn_study_mean(run, e, AT(mse_masked)),
                     spn_study_mean(run, e, AT(delta_square)),
                     100 * spn_study_mean(run, e, AT(explained_all)),
                     100 * spn_study_mean(run, e, AT(explained_masked)));
    spn_text_add(dat, "\n\n52.3\t0.24\n74.2\t0.06\n");
}

void spn_ning2025_figures(const struct spn_study *study, const struct spn_ning2025_runs *runs,
                          struct spn_figure figures[SPN_NING2025_N_FIGURES])
{
    static const char *const names[SPN_NING2025_N_FIGURES] = {
        "msnet_epochs",    "msnet_maps", "msnet_confusion", "msnet_weights",
        "msnet_landscape", "vau_error",  "update_tornado",  "accuracy_cost"};
    const struct spn_study_run *run = &study->run[runs->paper[0]];
    for (int i = 0; i < SPN_NING2025_N_FIGURES; i++)
        figures[i].name = names[i];
    add_epochs(study, runs, &figures[0].dat);
    add_maps(&run->log[0], &figures[1].dat);
    add_confusion(run, &figures[2].dat);
    add_weights(&run->log[0], (1 << (run->options.weight_bits - 1)) - 1, &figures[3].dat);
    add_landscape(&run->log[0], &figures[4].dat);
    add_errors(run, &figures[5].dat);
}
