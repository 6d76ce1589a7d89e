/* compare.c -- the main table: dense, external-index and index-free side by side.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The published ten- to thirtyfold gains of index-free cells are ratios of the weight-update stage
 * [ning2025]; so the report always shows the update beside one inference and a whole training step.
 */
#include "reports/compare.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "reports/estimate.h"

#define AT(member) offsetof(struct spn_result, member)

/* What the ratios are taken of. */
static const struct spn_quantity ratio_rows[] = {
    {"inference latency", "x", AT(inference.latency_s)},
    {"inference energy", "x", AT(inference.energy_J)},
    {"weight update latency", "x", AT(training.update.latency_s)},
    {"weight update energy", "x", AT(training.update.energy_J)},
    {"training step latency", "x", AT(training.step.latency_s)},
    {"training step energy", "x", AT(training.step.energy_J)},
    {"area", "x", AT(area_m2)},
};

enum { N_RATIOS = sizeof ratio_rows / sizeof *ratio_rows };

/* Training and index figures are those of the chip that trains, all others of the one that only
 * infers. */
static double value_of(const struct spn_comparison *c, int scheme, const struct spn_quantity *q)
{
    bool training = q->offset >= AT(training);
    return spn_quantity_value(training ? c->training[scheme] : c->inference[scheme], q);
}

static double ratio_of(const struct spn_comparison *c, const struct spn_quantity *q, int scheme,
                       int to)
{
    double of = value_of(c, scheme, q), base = value_of(c, to, q);
    return of > 0 ? base / of : 0;
}

static void add_scheme_columns(const struct spn_comparison *c, struct spn_table *table)
{
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_column(table, spn_scheme_names[s]);
}

static void add_quantities(const struct spn_comparison *c, struct spn_table *table,
                           const struct spn_quantity *q)
{
    for (; q->name; q++) {
        spn_table_row(table, q->name, q->unit);
        for (int s = 0; s < c->n_schemes; s++)
            spn_table_number(table, value_of(c, s, q));
    }
}

static void add_accuracy(const struct spn_comparison *c, struct spn_table *table)
{
    spn_table_row(table, "accuracy on this chip", "%");
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_number(table, c->accuracy[s].top1_frac);
    spn_table_row(table, "  95 % interval", "");
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_text(table, "%.1f .. %.1f %%", 100 * c->accuracy[s].low_frac,
                       100 * c->accuracy[s].high_frac);
    spn_table_row(table, "  in floating point", "%");
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_number(table, c->ideal[s].top1_frac);
    spn_table_row(table, "  lost to the chip, points", "");
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_text(table, "%.1f", 100 * c->lost[s].difference_frac);
    spn_table_row(table, "    95 % interval", "");
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_text(table, "%.1f .. %.1f", 100 * c->lost[s].low_frac,
                       100 * c->lost[s].high_frac);
}

/* Where cost and accuracy differ in it. */
static void add_cells(const struct spn_comparison *c, struct spn_table *table)
{
    const int n = spn_chip_cells_per_weight(c->chip);
    if (c->has_accuracy) {
        spn_table_row(table, "  cells per weight, in accuracy", "count");
        for (int s = 0; s < c->n_schemes; s++)
            spn_table_number(table, s == SPN_SCHEME_INDEX_FREE ? c->cells_per_pair_weight : n);
    }
    spn_table_row(table, "cells per weight, in cost", "count");
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_number(table, n);
}

static void add_summary(const struct spn_comparison *c, struct spn_report *report)
{
    struct spn_table *table = spn_report_table(report, "inference", "Inference", "quantity");
    add_scheme_columns(c, table);
    if (c->has_accuracy)
        add_accuracy(c, table);
    if (c->inference_pairs[0])
        add_cells(c, table);
    spn_table_row(table, "weights held", "count");
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_number(table, s == SPN_SCHEME_DENSE ? c->inference[s]->n_weights
                                                      : c->inference[s]->n_kept_weights);
    spn_table_row(table, "tiles", "count");
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_number(table, c->inference[s]->n_tiles);
    add_quantities(c, table, spn_inference_quantities);
}

/* What the accuracy of index-free stands for: the same chip with pairs of cells. [M:S24] */
static const struct spn_quantity pair_rows[] = {
    {"area", "m2", AT(area_m2)},
    {"inference latency", "s", AT(inference.latency_s)},
    {"energy per inference", "J", AT(inference.energy_J)},
    {"one weight update: latency", "s", AT(training.update.latency_s)},
    {"one weight update: energy", "J", AT(training.update.energy_J)},
    {"one training step: latency", "s", AT(training.step.latency_s)},
    {"one training step: energy", "J", AT(training.step.energy_J)},
};

static void add_pairs(const struct spn_comparison *c, struct spn_report *report)
{
    const struct spn_result *const *inference = c->inference_pairs, *const *training =
                                                                        c->training_pairs;
    struct spn_table *table = spn_report_table(
        report, "pairs",
        "The same in differential pairs of cells, with which index-free accuracy is simulated",
        "quantity");
    add_scheme_columns(c, table);
    spn_table_row(table, "cells per weight", "count");
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_number(table, c->cells_per_pair_weight);
    spn_table_row(table, "tiles", "count");
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_number(table, inference[s]->n_tiles);
    for (size_t i = 0; i < sizeof pair_rows / sizeof *pair_rows; i++) {
        const struct spn_quantity *q = &pair_rows[i];
        const bool of_training = q->offset >= AT(training);
        if (of_training && !training[0])
            continue;
        spn_table_row(table, q->name, q->unit);
        for (int s = 0; s < c->n_schemes; s++)
            spn_table_number(table,
                             spn_quantity_value(of_training ? training[s] : inference[s], q));
    }
}

static void add_pairs_note(const struct spn_comparison *c, struct spn_report *report)
{
    spn_report_note(
        report,
        "COST AND ACCURACY OF INDEX-FREE ARE NOT OF THE SAME CELLS: its cost above counts %d "
        "cell%s "
        "a weight, as the published %s does; its accuracy is simulated with %d, a differential "
        "pair, since signed weights with a mask need one: a pruned cell drops the offset that its "
        "array's shared reference column goes on subtracting. What the pairs cost, for all three "
        "schemes, is in the table of pairs (--set chip.weight.encoding=differential has all of "
        "it). dense and external-index are simulated as they are counted.",
        spn_chip_cells_per_weight(c->chip), spn_chip_cells_per_weight(c->chip) == 1 ? "" : "s",
        strcmp(c->chip->name, "ning2025") == 0 ? "mapping of 44 tiles [ning2025]"
                                               : "benchmark [ning2025]",
        c->cells_per_pair_weight);
}

/* Layers whose inputs are read twice. [M:E80] */
static void add_signs_note(const struct spn_comparison *c, struct spn_report *report)
{
    int n = 0, n_signed = 0;
    for (int i = 0; i < c->net->n_layers; i++) {
        if (!spn_layer_is_matrix(&c->net->layer[i]))
            continue;
        n++;
        n_signed += c->net->layer[i].signed_in;
    }
    spn_report_note(report,
                    "Inputs that can be below zero are read twice, for their positive and their "
                    "negative part, in cost as in accuracy: %d of %d layers here.",
                    n_signed, n);
}

static bool has_ratio(const struct spn_comparison *c, const struct spn_quantity *q)
{
    return c->has_training || q->offset < AT(training);
}

static void add_ratios(const struct spn_comparison *c, struct spn_report *report)
{
    static const struct {
        const char *title;
        int of, to;
    } column[] = {
        {"than external-index", SPN_SCHEME_INDEX_FREE, SPN_SCHEME_EXTERNAL_INDEX},
        {"than dense", SPN_SCHEME_INDEX_FREE, SPN_SCHEME_DENSE},
        {"(external-index than dense)", SPN_SCHEME_EXTERNAL_INDEX, SPN_SCHEME_DENSE},
    };
    const bool all = c->n_schemes == SPN_N_SCHEMES;
    const int first = all ? 0 : 2;
    struct spn_table *table = spn_report_table(
        report, "ratios",
        all ? "How many times better is index-free? (above 1: better; below 1: worse)"
            : "How many times better is external-index? (above 1: better; below 1: worse)",
        "quantity");
    for (int k = first; k < 3; k++)
        spn_table_column(table, all ? column[k].title : "than dense");
    for (int i = 0; i < N_RATIOS; i++) {
        if (!has_ratio(c, &ratio_rows[i]))
            continue;
        spn_table_row(table, ratio_rows[i].name, ratio_rows[i].unit);
        for (int k = first; k < 3; k++)
            spn_table_number(table, ratio_of(c, &ratio_rows[i], column[k].of, column[k].to));
    }
}

static void add_breakdown(const struct spn_comparison *c, struct spn_report *report, bool update)
{
    struct spn_table *table = update ? spn_report_table(report, "update_breakdown",
                                                        "Where one weight update goes", "category")
                                     : spn_report_table(report, "inference_breakdown",
                                                        "Where one inference goes", "category");
    char name[48];
    for (int s = 0; s < c->n_schemes; s++) {
        snprintf(name, sizeof name, "%s energy", spn_scheme_names[s]);
        spn_table_column_unit(table, name, "J");
        snprintf(name, sizeof name, "%s latency", spn_scheme_names[s]);
        spn_table_column_unit(table, name, "s");
    }
    for (int k = 0; k < SPN_N_CATEGORIES; k++) {
        double all = 0;
        for (int s = 0; s < c->n_schemes; s++) {
            struct spn_cost cost =
                spn_category_cost(update ? c->training[s] : c->inference[s], k, update);
            all += cost.energy_J + cost.latency_s;
        }
        if (all == 0)
            continue;
        spn_table_row(table, spn_category_names[k], "");
        for (int s = 0; s < c->n_schemes; s++) {
            struct spn_cost cost =
                spn_category_cost(update ? c->training[s] : c->inference[s], k, update);
            spn_table_number(table, cost.energy_J);
            spn_table_number(table, cost.latency_s);
        }
    }
}

static void add_layers(const struct spn_comparison *c, struct spn_report *report)
{
    for (int s = 0; s < c->n_schemes; s++) {
        char id[32], title[96];
        snprintf(id, sizeof id, "layers_%s", spn_scheme_names[s]);
        snprintf(title, sizeof title, "Layers, %s", spn_scheme_names[s]);
        struct spn_table *table = spn_report_table(report, id, title, "layer");
        table->detail = true;
        spn_layers_table(c->has_training ? c->training[s] : c->inference[s], table);
    }
}

/* What gains and what does not, in words, with this run's numbers. */
static void add_gains(const struct spn_comparison *c, struct spn_report *report)
{
    enum { INFERENCE_S, INFERENCE_J, UPDATE_S, UPDATE_J, STEP_S, STEP_J };
    double dense[N_RATIOS], external[N_RATIOS];
    for (int i = 0; i < N_RATIOS; i++) {
        dense[i] = ratio_of(c, &ratio_rows[i], SPN_SCHEME_INDEX_FREE, SPN_SCHEME_DENSE);
        external[i] = ratio_of(c, &ratio_rows[i], SPN_SCHEME_INDEX_FREE, SPN_SCHEME_EXTERNAL_INDEX);
    }
    const struct spn_training_result *t = &c->training[SPN_SCHEME_DENSE]->training;
    double share = t->step.latency_s > 0 ? t->update.latency_s / t->step.latency_s : 0;
    spn_report_note(report,
                    "INFERENCE gains little: zeros scattered over an array still share its rows, "
                    "columns and ADC conversions. "
                    "Index-free against dense: %.2fx in latency, %.2fx in energy.",
                    dense[INFERENCE_S], dense[INFERENCE_J]);
    spn_report_note(report,
                    "The WEIGHT UPDATE gains most: index-free against external-index %.2fx in "
                    "latency and %.2fx in energy, "
                    "against dense %.2fx and %.2fx. The published 27.5x/13.6x and 10.3x/9.2x "
                    "[ning2025] are ratios of this stage "
                    "alone; the article states neither node, nor DRAM path, nor pulses, so they "
                    "are not a target here.",
                    external[UPDATE_S], external[UPDATE_J], dense[UPDATE_S], dense[UPDATE_J]);
    double external_dense =
        ratio_of(c, &ratio_rows[UPDATE_S], SPN_SCHEME_EXTERNAL_INDEX, SPN_SCHEME_DENSE);
    spn_report_note(
        report,
        "The article's external-index update is 2.7x slower than the dense one; here its latency "
        "is %.2fx that of "
        "dense. To be slower, the index would have to come far more slowly than its DRAM and a "
        "decoder per tile "
        "deliver it (--set chip.sparsity.decode_bit_per_cycle, dram.bandwidth_bit_per_s).",
        1 / external_dense);
    spn_report_note(report,
                    "A whole TRAINING STEP (batch of %d: forward, error, gradient, one update) "
                    "gains %.3fx in latency and %.3fx "
                    "in energy against dense, since the update is %.3g %% of its latency.",
                    c->chip->training.batch, dense[STEP_S], dense[STEP_J], 100 * share);
}

static void add_notes(const struct spn_comparison *c, struct spn_report *report)
{
    if (c->n_schemes == SPN_N_SCHEMES && c->has_training)
        add_gains(c, report);
    if (c->has_accuracy)
        spn_report_note(
            report,
            "Accuracy: %d test images of `%s`, device fidelity (quantization, "
            "programming error, read noise, "
            "on/off ratio, stuck cells), with wires that drop no voltage: spindle simulate "
            "--fidelity circuit has those. Offset cells can lose far more there, most of which "
            "--compensate closed-form brings back. Intervals: 95 %%, Wilson, and of the loss by "
            "pairs of answers to the same image.",
            c->accuracy[0].n_images, c->net->dataset);
    if (c->inference[SPN_SCHEME_EXTERNAL_INDEX]->n_kept_weights == c->inference[0]->n_weights)
        spn_report_note(report,
                        "No weight of %s is pruned: schemes differ by what they carry for pruning, "
                        "not by what it saves (--set network.sparsity=0.9).",
                        c->net->name);
    if (c->inference_pairs[0])
        add_pairs_note(c, report);
    add_signs_note(c, report);
    spn_report_note(report, "Value statistics: %s.", c->profile->source);
}

static void add_training(const struct spn_comparison *c, struct spn_report *report)
{
    struct spn_table *table = spn_report_table(report, "training", "Training", "quantity");
    bool pairs = false;
    add_scheme_columns(c, table);
    spn_table_row(table, "area, with what training adds", "m2");
    for (int s = 0; s < c->n_schemes; s++)
        spn_table_number(table, c->training[s]->area_m2);
    add_quantities(c, table, spn_training_quantities);
    for (int s = 0; s < c->n_schemes; s++)
        pairs = pairs || c->training[s]->index.polarity_bit > 0;
    if (pairs)
        add_quantities(c, table, spn_pair_quantities);
}

void spn_comparison_report(const struct spn_comparison *c, struct spn_report *report)
{
    snprintf(report->title, sizeof report->title, "%s on %s (%s, %s, %s)", c->net->name,
             c->chip->name, c->chip->node.name, c->chip->device.name, c->chip->dram.name);
    add_summary(c, report);
    if (c->has_training)
        add_training(c, report);
    struct spn_table *table = spn_report_table(report, "programming", "Writing cells", "quantity");
    add_scheme_columns(c, table);
    add_quantities(c, table, spn_programming_quantities);
    spn_programming_note(c->chip, report);
    add_ratios(c, report);
    if (c->inference_pairs[0])
        add_pairs(c, report);
    add_breakdown(c, report, false);
    if (c->has_training)
        add_breakdown(c, report, true);
    add_layers(c, report);
    add_notes(c, report);
}

/* ---- figures ---- */

static void breakdown_dat(const struct spn_comparison *c, struct spn_text *out)
{
    spn_text_add(out, "# scheme");
    for (int k = 0; k < SPN_N_CATEGORIES; k++)
        spn_text_add(out, "\t%s", spn_category_names[k]);
    spn_text_add(out, "\n");
    const int n_blocks = c->has_training ? 4 : 2;
    for (int block = 0; block < n_blocks; block++) { /* inference J, s; update J, s */
        for (int s = 0; s < c->n_schemes; s++) {
            spn_text_add(out, "\"%s\"", spn_scheme_names[s]);
            for (int k = 0; k < SPN_N_CATEGORIES; k++) {
                struct spn_cost cost =
                    spn_category_cost(block >= 2 ? c->training[s] : c->inference[s], k, block >= 2);
                spn_text_add(out, "\t%.9g", block % 2 == 0 ? cost.energy_J : cost.latency_s);
            }
            spn_text_add(out, "\n");
        }
        spn_text_add(out, "\n\n");
    }
}

static void layers_dat(const struct spn_comparison *c, struct spn_text *out)
{
    spn_text_add(out, "# layer");
    for (int s = 0; s < c->n_schemes; s++)
        spn_text_add(out, "\t%s latency_s\tenergy_J\tupdate_latency_s\tupdate_energy_J",
                     spn_scheme_names[s]);
    spn_text_add(out, "\n");
    const struct spn_result *const *result = c->has_training ? c->training : c->inference;
    for (int i = 0; i < result[0]->n_layers; i++) {
        if (!result[0]->layer[i].on_arrays)
            continue;
        spn_text_add(out, "\"%s\"", c->net->layer[result[0]->layer[i].layer].name);
        for (int s = 0; s < c->n_schemes; s++) {
            const struct spn_layer_result *l = &result[s]->layer[i];
            spn_text_add(out, "\t%.9g\t%.9g\t%.9g\t%.9g", l->latency_s, l->energy_J,
                         l->update_latency_s, l->update_energy_J);
        }
        spn_text_add(out, "\n");
    }
}

static void ratios_dat(const struct spn_comparison *c, struct spn_text *out)
{
    spn_text_add(out, "# quantity\tthan external-index\tthan dense\n");
    for (int i = 0; i < N_RATIOS - 1; i++) { /* all but area */
        if (!has_ratio(c, &ratio_rows[i]))
            continue;
        spn_text_add(out, "\"%s\"\t%.9g\t%.9g\n", ratio_rows[i].name,
                     ratio_of(c, &ratio_rows[i], SPN_SCHEME_INDEX_FREE, SPN_SCHEME_EXTERNAL_INDEX),
                     ratio_of(c, &ratio_rows[i], SPN_SCHEME_INDEX_FREE, SPN_SCHEME_DENSE));
    }
}

size_t spn_comparison_figures(const struct spn_comparison *c,
                              struct spn_figure figures[SPN_COMPARISON_N_FIGURES])
{
    figures[0] = (struct spn_figure){.name = "breakdown"};
    breakdown_dat(c, &figures[0].dat);
    figures[1] = (struct spn_figure){.name = "layers"};
    layers_dat(c, &figures[1].dat);
    if (c->n_schemes < SPN_N_SCHEMES)
        return 2;
    figures[2] = (struct spn_figure){.name = "ratios"};
    ratios_dat(c, &figures[2].dat);
    return SPN_COMPARISON_N_FIGURES;
}
