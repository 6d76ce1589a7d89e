/* ning2025_accuracy.c -- accuracy beside cost: a network at rising sparsity under the three
 * schemes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Published: about 0.7 points less accurate with the device's errors [ning2025, Methods].
 */
#include <math.h>
#include <stdio.h>

#include "reports/ning2025.h"

#define PUBLISHED_LOSS 0.007
#define PUBLISHED_SPARSITY 0.885

static double update_latency(const struct spn_ladder_cost *c)
{
    return c->update_s;
}

static double update_energy(const struct spn_ladder_cost *c)
{
    return c->update_J;
}

static double inference_energy(const struct spn_ladder_cost *c)
{
    return c->inference_J;
}

static const struct {
    double (*of)(const struct spn_ladder_cost *);
    const char *name, *unit;
} costs[] = {{update_latency, "update latency", "s"},
             {update_energy, "update energy", "J"},
             {inference_energy, "inference energy", "J"}};
enum { N_COSTS = sizeof costs / sizeof *costs };

static void add_accuracies(const struct spn_ladder *l, const char *id, struct spn_report *report)
{
    char title[256];
    snprintf(title, sizeof title,
             "%s on %s, pruned: test accuracy, floating point, without and with device errors",
             l->network, l->dataset);
    struct spn_table *t = spn_report_table(report, id, title, "zeros");
    spn_table_column_unit(t, "measured zeros", "%");
    spn_table_column_unit(t, "float", "%");
    spn_table_column_unit(t, "no errors", "%");
    for (int s = 0; s < SPN_N_SCHEMES; s++)
        spn_table_column_unit(t, spn_scheme_names[s], "%");
    spn_table_column_unit(t, "index-free: 95 % low", "%");
    spn_table_column_unit(t, "95 % high", "%");
    spn_table_column_unit(t, "images", "count");
    for (int r = 0; r < l->n_rungs; r++) {
        const struct spn_ladder_rung *rung = &l->rung[r];
        char name[32];
        snprintf(name, sizeof name, "%.1f %%", 100 * rung->sparsity_frac);
        spn_table_row(t, name, "");
        spn_table_number(t, rung->zeros_frac);
        spn_table_number(t, rung->ideal.top1_frac);
        spn_table_number(t, rung->codes.top1_frac);
        for (int s = 0; s < SPN_N_SCHEMES; s++)
            spn_table_number(t, rung->device[s].top1_frac);
        spn_table_number(t, rung->device[SPN_SCHEME_INDEX_FREE].low_frac);
        spn_table_number(t, rung->device[SPN_SCHEME_INDEX_FREE].high_frac);
        spn_table_number(t, rung->ideal.n_images);
    }
}

static void add_costs(const struct spn_ladder *l, const char *id, struct spn_report *report)
{
    char title[256];
    snprintf(title, sizeof title, "What %s costs then, and whether no other point beats it (front)",
             l->network);
    struct spn_table *t = spn_report_table(report, id, title, "scheme and zeros");
    spn_table_column_unit(t, "accuracy", "%");
    for (int k = 0; k < N_COSTS; k++) {
        spn_table_column_unit(t, costs[k].name, costs[k].unit);
        spn_table_column(t, "front");
    }
    for (int s = 0; s < SPN_N_SCHEMES; s++)
        for (int r = 0; r < l->n_rungs; r++) {
            char name[64];
            snprintf(name, sizeof name, "%s, %.1f %%", spn_scheme_names[s],
                     100 * l->rung[r].sparsity_frac);
            spn_table_row(t, name, "");
            spn_table_number(t, l->rung[r].device[s].top1_frac);
            for (int k = 0; k < N_COSTS; k++) {
                spn_table_number(t, costs[k].of(&l->rung[r].cost[s]));
                spn_table_text(t, "%s", spn_ladder_beaten(l, r, s, costs[k].of) ? "" : "*");
            }
        }
}

/* The difference between two shares of the same n images is uncertain by about this (one sd),
 * taken as if they were drawn apart: they are not, so it is at most that. */
static double uncertainty(const struct spn_accuracy *a, const struct spn_accuracy *b)
{
    const double va = a->top1_frac * (1 - a->top1_frac), vb = b->top1_frac * (1 - b->top1_frac);
    return sqrt((va + vb) / a->n_images);
}

static void add_notes(const struct spn_ladder *l, struct spn_report *report)
{
    for (int r = 0; r < l->n_rungs; r++) {
        const struct spn_ladder_rung *rung = &l->rung[r];
        if (fabs(rung->sparsity_frac - PUBLISHED_SPARSITY) > 1e-3)
            continue;
        const struct spn_accuracy *device = &rung->device[SPN_SCHEME_INDEX_FREE];
        spn_report_note(
            report,
            "Device errors on %s, %s, %.1f %% zeros: published about -%.1f points, ours %+.1f "
            "points (against %.1f %% without them; one sd of that difference is at most %.1f).",
            l->network, l->dataset, 100 * rung->sparsity_frac, 100 * PUBLISHED_LOSS,
            100 * (device->top1_frac - rung->codes.top1_frac), 100 * rung->codes.top1_frac,
            100 * uncertainty(device, &rung->codes));
    }
    if (l->tuning_epochs > 0)
        spn_report_note(report,
                        "%s on %s: each sparsity%s continues from the one before, pruned by "
                        "magnitude and tuned in %g pass(es) over %d training images; the article "
                        "trains all along. Longer training would recover more at high sparsity.",
                        l->network, l->dataset,
                        l->pruned_at > 0 ? " but the one of the shipped pruned weights" : "",
                        l->tuning_epochs, l->n_tuning_images);
}

void spn_ning2025_accuracy(const struct spn_ladder *l, const char *id, struct spn_report *report)
{
    char costs_id[48];
    snprintf(costs_id, sizeof costs_id, "%.32s_cost", id);
    add_accuracies(l, id, report);
    add_costs(l, costs_id, report);
    add_notes(l, report);
}

void spn_ning2025_front(const struct spn_ladder *l, struct spn_text *dat)
{
    spn_text_add(dat, "# an index each scheme: zeros (%%)\taccuracy (%%)\t95 %% low\thigh\tupdate "
                      "latency (s)\tenergy (J)\tinference energy (J)\n");
    for (int s = 0; s < SPN_N_SCHEMES; s++) {
        for (int r = 0; r < l->n_rungs; r++) {
            const struct spn_accuracy *a = &l->rung[r].device[s];
            spn_text_add(dat, "%.4g\t%.6g\t%.6g\t%.6g", 100 * l->rung[r].sparsity_frac,
                         100 * a->top1_frac, 100 * a->low_frac, 100 * a->high_frac);
            for (int k = 0; k < N_COSTS; k++)
                spn_text_add(dat, "\t%.6g", costs[k].of(&l->rung[r].cost[s]));
            spn_text_add(dat, "\t%s on %s\n", l->network, l->dataset);
        }
        spn_text_add(dat, "\n\n");
    }
}
