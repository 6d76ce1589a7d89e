/* ning2025_update.c -- the weight update of VGG8: published ratios beside ours, and what it takes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Published: [ning2025, figures 1f and 5c, extended data figure 10h]. Ratios are those of component
 * models; the solutions change one input at a time and show how far from plausible it would be.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "estimator/index_format.h"
#include "reports/ning2025.h"

static const struct {
    const char *name, *unit;
    enum spn_ratio ratio;
    double published, pairs; /* 0: not published */
    bool solved;
} rows[] = {
    {"index-free over external-index: latency", "x", SPN_RATIO_LATENCY_OVER_EXTERNAL, 27.5, 31.4,
     true},
    {"index-free over external-index: energy", "x", SPN_RATIO_ENERGY_OVER_EXTERNAL, 13.6, 13.8,
     true},
    {"index-free over dense: latency", "x", SPN_RATIO_LATENCY_OVER_DENSE, 10.3, 0, true},
    {"index-free over dense: energy", "x", SPN_RATIO_ENERGY_OVER_DENSE, 9.2, 0, true},
    {"external-index to dense: latency", "x", SPN_RATIO_EXTERNAL_LATENCY, 2.67, 0, true},
    {"external-index to dense: energy", "x", SPN_RATIO_EXTERNAL_ENERGY, 1.48, 0, true},
    {"index share of external-index latency", "%", SPN_RATIO_INDEX_LATENCY_SHARE, 0.96, 0, false},
    {"index share of external-index energy", "%", SPN_RATIO_INDEX_ENERGY_SHARE, 0.92, 0, false},
    {"whole training step, over external-index: latency", "x", SPN_RATIO_STEP_LATENCY_OVER_EXTERNAL,
     0, 0, false},
    {"whole training step, over external-index: energy", "x", SPN_RATIO_STEP_ENERGY_OVER_EXTERNAL,
     0, 0, false},
    {"whole training step, over dense: latency", "x", SPN_RATIO_STEP_LATENCY_OVER_DENSE, 0, 0,
     false},
    {"whole training step, over dense: energy", "x", SPN_RATIO_STEP_ENERGY_OVER_DENSE, 0, 0, false},
    {"inference, over dense: latency", "x", SPN_RATIO_INFERENCE_LATENCY_OVER_DENSE, 0, 0, false},
    {"inference, over dense: energy", "x", SPN_RATIO_INFERENCE_ENERGY_OVER_DENSE, 0, 0, false},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

/* Heads of columns, for the rows that are solved. */
static const char *const short_names[] = {"over ext. s",  "over ext. J",  "over dense s",
                                          "over dense J", "ext./dense s", "ext./dense J"};
#define CLOSE 0.1 /* logarithm: as near as published numbers are rounded and plans differ */

static void number_or_empty(struct spn_table *table, double value)
{
    if (value > 0)
        spn_table_number(table, value);
    else
        spn_table_empty(table);
}

static enum spn_status add_ratios(const struct spn_ning2025_benchmark *b, struct spn_report *report,
                                  double uniform[SPN_N_RATIOS], double pairs[SPN_N_RATIOS],
                                  struct spn_err *err)
{
    double layers[SPN_N_RATIOS];
    enum spn_status status = spn_ratios(b->layers, b->chip, layers, err);
    if (!status)
        status = spn_ratios(b->uniform, b->pairs, pairs, err);
    if (!status)
        status = spn_ratios(b->uniform, b->chip, uniform, err);
    if (status)
        return status;
    struct spn_table *t = spn_report_table(
        report, "ratios", "One weight update of VGG8, plain constants, nothing fitted", "ratio");
    spn_table_column(t, "published");
    spn_table_column(t, "ours");
    spn_table_column(t, "its own layers");
    spn_table_column(t, "pairs: published");
    spn_table_column(t, "pairs: ours");
    for (int i = 0; i < N_ROWS; i++) {
        spn_table_row(t, rows[i].name, rows[i].unit);
        number_or_empty(t, rows[i].published);
        spn_table_number(t, uniform[rows[i].ratio]);
        spn_table_number(t, layers[rows[i].ratio]);
        number_or_empty(t, rows[i].pairs);
        spn_table_number(t, pairs[rows[i].ratio]);
    }
    return SPN_OK;
}

/* ---- which input would give it ---- */

static void show_answer(struct spn_table *t, const struct spn_ratio_answer *a,
                        const struct spn_ratio_input *input)
{
    if (!a->found)
        spn_table_text(t, "none (%.2g .. %.2g)", a->least, a->most);
    else
        spn_table_text(t, "%.3g%s", a->value,
                       a->value >= input->low && a->value <= input->high ? " *" : "");
}

static enum spn_status add_solutions(const struct spn_ning2025_benchmark *b,
                                     struct spn_report *report, struct spn_err *err)
{
    struct spn_table *t = spn_report_table(
        report, "solutions",
        "The value that one input alone needs for each published ratio (* = plausible; none: the "
        "range that it can reach)",
        "input");
    enum spn_status status = SPN_OK;
    spn_table_column(t, "ours");
    for (int i = 0; i < N_ROWS; i++)
        if (rows[i].solved) {
            char name[48];
            snprintf(name, sizeof name, "%s %.3g", short_names[i], rows[i].published);
            spn_table_column(t, name);
        }
    spn_table_column(t, "plausible");
    spn_table_column(t, "source");
    for (int k = 0; k < b->experiment->n_inputs && !status; k++) {
        const struct spn_ratio_input *input = &b->experiment->input[k];
        double now = 0;
        status = spn_ratio_input_get(b->chip, input->path, &now, err);
        spn_table_row(t, input->path, "");
        spn_table_text(t, "%.3g %s", now, input->unit);
        for (int i = 0; i < N_ROWS && !status; i++) {
            struct spn_ratio_answer answer;
            const struct spn_ratio_want want = {rows[i].ratio, rows[i].published};
            if (!rows[i].solved)
                continue;
            status = spn_ratio_solve(b->uniform, b->chip, input, &want, &answer, err);
            if (!status)
                show_answer(t, &answer, input);
        }
        spn_table_text(t, "%.3g .. %.3g", input->low, input->high);
        spn_table_text(t, "%.95s", input->why);
    }
    return status;
}

static enum spn_status add_tornado(const struct spn_ning2025_benchmark *b,
                                   const double now[SPN_N_RATIOS], struct spn_report *report,
                                   struct spn_text *dat, struct spn_err *err)
{
    static const enum spn_ratio shown[] = {
        SPN_RATIO_LATENCY_OVER_EXTERNAL, SPN_RATIO_ENERGY_OVER_EXTERNAL,
        SPN_RATIO_LATENCY_OVER_DENSE, SPN_RATIO_ENERGY_OVER_DENSE};
    struct spn_table *t = spn_report_table(
        report, "sensitivity", "The ratios with each input at its plausible low and high", "input");
    enum spn_status status = SPN_OK;
    t->detail = true;
    for (int i = 0; i < 4; i++) {
        char name[48];
        snprintf(name, sizeof name, "%.28s: low", rows[i].name + strlen("index-free "));
        spn_table_column_unit(t, name, "x");
        snprintf(name, sizeof name, "%.28s: high", rows[i].name + strlen("index-free "));
        spn_table_column_unit(t, name, "x");
    }
    spn_text_add(dat, "# input\tthen low and high of: over external latency, energy, over dense "
                      "latency, energy; then the four with all inputs as assumed\n");
    for (int k = 0; k < b->experiment->n_inputs && !status; k++) {
        const struct spn_ratio_input *input = &b->experiment->input[k];
        double low[SPN_N_RATIOS], high[SPN_N_RATIOS];
        status = spn_ratio_ends(b->uniform, b->chip, input, low, high, err);
        if (status)
            break;
        const char *name = strrchr(input->path, '.') + 1;
        spn_table_row(t, input->path, "");
        spn_text_add(dat, "%s %.4g..%.4g", name, input->low, input->high);
        for (int i = 0; i < 4; i++) {
            spn_table_number(t, low[shown[i]]);
            spn_table_number(t, high[shown[i]]);
            spn_text_add(dat, "\t%.6g\t%.6g", low[shown[i]], high[shown[i]]);
        }
        for (int i = 0; i < 4; i++)
            spn_text_add(dat, "\t%.6g", now[shown[i]]);
        spn_text_add(dat, "\n");
    }
    return status;
}

/* ---- where an index could live, and how it could be written ---- */

static enum spn_status add_indices(const struct spn_ning2025_benchmark *b,
                                   struct spn_report *report, struct spn_err *err)
{
    static const struct {
        int place; /* enum spn_index_place */
        const char *name;
    } places[] = {{SPN_INDEX_DRAM, "DRAM"},
                  {SPN_INDEX_GLOBAL_BUFFER, "SRAM on chip"},
                  {SPN_INDEX_TILE_BUFFER, "SRAM in the tiles"}};
    struct spn_table *t =
        spn_report_table(report, "indices", "Other external indices of VGG8's update", "index");
    enum spn_status status = SPN_OK;
    spn_table_column_unit(t, "bits", "bit");
    spn_table_column_unit(t, "latency to dense", "x");
    spn_table_column_unit(t, "energy to dense", "x");
    spn_table_column_unit(t, "index-free faster", "x");
    spn_table_column_unit(t, "index-free leaner", "x");
    for (const struct spn_index_format *f = spn_index_formats; f->name && !status; f++)
        for (size_t p = 0; p < sizeof places / sizeof *places && !status; p++) {
            struct spn_chip chip = *b->chip;
            double ratio[SPN_N_RATIOS];
            char name[96];
            chip.sparsity.index_place = (int)places[p].place;
            spn_text_copy(chip.sparsity.index_format, sizeof chip.sparsity.index_format, f->name);
            status = spn_ratios(b->uniform, &chip, ratio, err);
            if (status)
                break;
            snprintf(name, sizeof name, "%s in %s", f->name, places[p].name);
            spn_table_row(t, name, "");
            spn_table_number(
                t, spn_ratio_result(b->uniform, SPN_SCHEME_EXTERNAL_INDEX)->index.storage_bit);
            spn_table_number(t, ratio[SPN_RATIO_EXTERNAL_LATENCY]);
            spn_table_number(t, ratio[SPN_RATIO_EXTERNAL_ENERGY]);
            spn_table_number(t, ratio[SPN_RATIO_LATENCY_OVER_EXTERNAL]);
            spn_table_number(t, ratio[SPN_RATIO_ENERGY_OVER_EXTERNAL]);
        }
    return status;
}

/* ---- the inputs together ---- */

static const struct spn_ratio_input *find_input(const struct spn_ning2025_benchmark *b,
                                                const char *path)
{
    for (int k = 0; k < b->experiment->n_inputs; k++)
        if (strcmp(b->experiment->input[k].path, path) == 0)
            return &b->experiment->input[k];
    return NULL;
}

static void add_step(struct spn_table *t, const char *name, const double *ratio)
{
    spn_table_row(t, name, "");
    for (int i = 0; i < N_ROWS; i++)
        if (rows[i].solved)
            spn_table_number(t, ratio ? ratio[rows[i].ratio] : rows[i].published);
}

/* One more input set so that `row` comes out as published, in *chip; a line says to what. */
static enum spn_status add_solved_step(const struct spn_ning2025_benchmark *b, const char *path,
                                       int row, struct spn_chip *chip, struct spn_table *t,
                                       struct spn_err *err)
{
    const struct spn_ratio_input *input = find_input(b, path);
    const struct spn_ratio_want want = {rows[row].ratio, rows[row].published};
    struct spn_ratio_answer answer;
    char name[96];
    if (!input)
        return SPN_OK;
    enum spn_status status = spn_ratio_solve(b->uniform, chip, input, &want, &answer, err);
    if (status || !answer.found)
        return status;
    status = spn_ratio_input_set(chip, path, answer.value, err);
    snprintf(name, sizeof name, "+ %s = %.3g %s", path, answer.value, input->unit);
    if (!status)
        add_step(t, name, answer.ratio);
    return status;
}

/* Cumulative: what gives the external index's two ratios, then no vectors. */
static enum spn_status add_together(const struct spn_ning2025_benchmark *b,
                                    const double now[SPN_N_RATIOS], struct spn_report *report,
                                    struct spn_err *err)
{
    enum { LATENCY = 4, ENERGY = 5 }; /* rows of external-index to dense */
    struct spn_chip chip = *b->chip;
    double ratio[SPN_N_RATIOS];
    struct spn_table *t = spn_report_table(report, "together",
                                           "Inputs set one after the other, each to what one "
                                           "published ratio needs",
                                           "chip");
    for (int i = 0; i < N_ROWS; i++)
        if (rows[i].solved)
            spn_table_column_unit(t, short_names[i], "x");
    add_step(t, "published", NULL);
    add_step(t, "as assumed", now);
    enum spn_status status = add_solved_step(b, "dram.bandwidth_bit_per_s", LATENCY, &chip, t, err);
    if (!status)
        status = add_solved_step(b, "dram.energy_J_per_bit", ENERGY, &chip, t, err);
    chip.write.index_free_method = chip.write.method;
    if (!status)
        status = spn_ratios(b->uniform, &chip, ratio, err);
    if (!status)
        add_step(t, "+ index-free cells written one by one", ratio);
    struct spn_chip pairs = *b->pairs;
    pairs.dram = chip.dram;
    pairs.write.index_free_method = chip.write.index_free_method;
    if (!status)
        status = spn_ratios(b->uniform, &pairs, ratio, err);
    if (!status)
        add_step(t, "that DRAM and cells, in differential pairs", ratio);
    pairs.sparsity.polarity_place = SPN_POLARITY_DRAM;
    if (!status)
        status = spn_ratios(b->uniform, &pairs, ratio, err);
    if (!status)
        add_step(t, "and their polarities in that DRAM", ratio);
    return status;
}

/* Differential pairs: where it is kept which of two cells is written. */
static enum spn_status add_pairs(const struct spn_ning2025_benchmark *b, struct spn_report *report,
                                 struct spn_err *err)
{
    static const struct {
        int place; /* enum spn_polarity_place */
        const char *name;
    } places[] = {{SPN_POLARITY_NONE, "nowhere: both cells of a pair are written"},
                  {SPN_POLARITY_TILE_BUFFER, "SRAM in the tiles"},
                  {SPN_POLARITY_GLOBAL_BUFFER, "SRAM on chip"},
                  {SPN_POLARITY_DRAM, "DRAM"}};
    struct spn_table *t = spn_report_table(
        report, "pairs", "Differential pairs: where the polarity of each weight is kept", "place");
    enum spn_status status = SPN_OK;
    spn_table_column_unit(t, "dense", "bit");
    spn_table_column_unit(t, "external-index", "bit");
    spn_table_column_unit(t, "index-free over external s", "x");
    spn_table_column_unit(t, "over external J", "x");
    spn_table_column_unit(t, "over dense s", "x");
    spn_table_column_unit(t, "over dense J", "x");
    for (size_t i = 0; i < sizeof places / sizeof *places && !status; i++) {
        struct spn_chip chip = *b->pairs;
        double ratio[SPN_N_RATIOS];
        chip.sparsity.polarity_place = places[i].place;
        status = spn_ratios(b->uniform, &chip, ratio, err);
        if (status)
            break;
        spn_table_row(t, places[i].name, "");
        for (int s = SPN_SCHEME_DENSE; s <= SPN_SCHEME_EXTERNAL_INDEX; s++)
            spn_table_number(t, spn_ratio_result(b->uniform, s)->index.polarity_bit);
        spn_table_number(t, ratio[SPN_RATIO_LATENCY_OVER_EXTERNAL]);
        spn_table_number(t, ratio[SPN_RATIO_ENERGY_OVER_EXTERNAL]);
        spn_table_number(t, ratio[SPN_RATIO_LATENCY_OVER_DENSE]);
        spn_table_number(t, ratio[SPN_RATIO_ENERGY_OVER_DENSE]);
    }
    return status;
}

static void note_gap(const char *name, const char *unit, double published, double ours,
                     struct spn_report *report)
{
    if (!(published > 0) || fabs(log(ours / published)) < CLOSE)
        return;
    if (strcmp(unit, "%") == 0)
        spn_report_note(report, "GAP: %s: published %.0f %%, ours %.0f %%.", name, 100 * published,
                        100 * ours);
    else
        spn_report_note(report, "GAP: %s: published %.3gx, ours %.3gx.", name, published, ours);
}

static void add_notes(const double r[SPN_N_RATIOS], const double pairs[SPN_N_RATIOS],
                      double sparsity, struct spn_report *report)
{
    for (int i = 0; i < N_ROWS; i++)
        note_gap(rows[i].name, rows[i].unit, rows[i].published, r[rows[i].ratio], report);
    for (int i = 0; i < N_ROWS; i++) {
        char name[96];
        snprintf(name, sizeof name, "%s, in differential pairs", rows[i].name);
        note_gap(name, rows[i].unit, rows[i].pairs, pairs[rows[i].ratio], report);
    }
    spn_report_note(
        report,
        "In pairs dense and external-index updates look up which cell of a pair holds the "
        "value (one bit per kept weight, read and written back) and write that one; masks "
        "need no such bit. The bits are few and the look-up short, while it halves the "
        "cells that are written one by one; the index-free update has twice the arrays, "
        "each with its vectors. So pairs narrow the gap here. The article's widen it by "
        "15 %% of its index' time; the kept weights' bits, read once on a path as slow as "
        "that index', would take %.3g %% (the last line of `together` reads them there "
        "and writes them back).",
        100 * (1 - sparsity));
    spn_report_note(report,
                    "Ratios are for every layer at the same sparsity, as the article's own numbers "
                    "add up; in the column \"its own layers\" a less sparse first layer, written "
                    "cell by cell, holds the whole update up.");
    spn_report_note(report,
                    "The line \"index-free cells written one by one\" is sparsity and a slow index "
                    "alone, without vector updates. What the published ratios have beyond it "
                    "is all that vector updates can have given there: a fifth of the latency, a "
                    "twentieth of the energy. Here they give several times the latency, as they "
                    "take N + 1 cycles where %.3g %% of an array's cells are kept.",
                    100 * (1 - sparsity));
}

enum spn_status spn_ning2025_update(const struct spn_ning2025_benchmark *b,
                                    struct spn_report *report, struct spn_text *tornado,
                                    struct spn_err *err)
{
    double ratio[SPN_N_RATIOS], pairs[SPN_N_RATIOS];
    enum spn_status status = add_ratios(b, report, ratio, pairs, err);
    if (!status)
        status = add_solutions(b, report, err);
    if (!status)
        status = add_tornado(b, ratio, report, tornado, err);
    if (!status)
        status = add_together(b, ratio, report, err);
    if (!status)
        status = add_pairs(b, report, err);
    if (!status)
        status = add_indices(b, report, err);
    if (!status)
        add_notes(ratio, pairs, b->experiment->sparsity, report);
    return status;
}

/* ---- other networks, other sparsities ---- */

enum spn_status spn_ning2025_network(struct spn_report *report, struct spn_table **table,
                                     const struct spn_network *net, const struct spn_chip *chip,
                                     struct spn_err *err)
{
    struct spn_ratio_model *model = NULL;
    double ratio[SPN_N_RATIOS];
    enum spn_status status = spn_ratio_model_create(&model, net, err);
    if (!status)
        status = spn_ratios(model, chip, ratio, err);
    spn_ratio_model_destroy(model);
    if (status)
        return status;
    if (!*table) {
        *table = spn_report_table(report, "networks",
                                  "One weight update of other networks, index-free against ...",
                                  "network");
        spn_table_column_unit(*table, "external: latency", "x");
        spn_table_column_unit(*table, "energy", "x");
        spn_table_column_unit(*table, "dense: latency", "x");
        spn_table_column_unit(*table, "energy", "x");
        spn_table_column_unit(*table, "step, dense: latency", "x");
        spn_table_column_unit(*table, "energy", "x");
    }
    spn_table_row(*table, net->name, "");
    spn_table_number(*table, ratio[SPN_RATIO_LATENCY_OVER_EXTERNAL]);
    spn_table_number(*table, ratio[SPN_RATIO_ENERGY_OVER_EXTERNAL]);
    spn_table_number(*table, ratio[SPN_RATIO_LATENCY_OVER_DENSE]);
    spn_table_number(*table, ratio[SPN_RATIO_ENERGY_OVER_DENSE]);
    spn_table_number(*table, ratio[SPN_RATIO_STEP_LATENCY_OVER_DENSE]);
    spn_table_number(*table, ratio[SPN_RATIO_STEP_ENERGY_OVER_DENSE]);
    return SPN_OK;
}

/* The last crossing of 1 from above, between two sparsities; 0: dense never wins, 1: always. */
static double crossing(const struct spn_ning2025_crossing *c, const double *ratio)
{
    for (int i = c->n - 1; i >= 0; i--) {
        if (!(ratio[i] > 1))
            continue;
        if (i == c->n - 1)
            return 1;
        return c->sparsity[i] +
               (c->sparsity[i + 1] - c->sparsity[i]) * (ratio[i] - 1) / (ratio[i] - ratio[i + 1]);
    }
    return 0;
}

void spn_ning2025_crossover(const struct spn_ning2025_crossing *c, struct spn_report *report)
{
    struct spn_table *t = spn_report_table(
        report, "crossover", "Sparsity below which the dense network's update is better", "scheme");
    spn_table_column_unit(t, "in latency", "%");
    spn_table_column_unit(t, "in energy", "%");
    spn_table_row(t, "external-index", "");
    spn_table_number(t, crossing(c, c->latency));
    spn_table_number(t, crossing(c, c->energy));
    spn_table_row(t, "index-free", "");
    spn_table_number(t, crossing(c, c->free_latency));
    spn_table_number(t, crossing(c, c->free_energy));
}
