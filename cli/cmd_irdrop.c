/* cmd_irdrop.c -- what the wires of a chip's array take from its cells, and what mapping gives
 * back.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cells are drawn uniformly from the device's window. Every number is of effective conductances
 * [M:R3], so it holds for all inputs.
 */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "cli/cmd.h"
#include "cli/files.h"
#include "simulator/compensate.h"
#include "simulator/effective.h"
#include "simulator/program_wires.h"

enum { CELL_STREAM = 0xD0, MAX_STEPS = 20 };
static const double tolerance_frac = 1e-6;

struct args {
    struct spn_common common;
};

static const struct spn_opt options[] = {
    SPN_OPT_CHIP(struct args, common),
    SPN_OPT_DEVICE(struct args, common),
    SPN_OPT_SET(struct args, common),
    SPN_OPT_SEED(struct args, common),
    SPN_OPT_OUT(struct args, common),
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_END,
};

struct job {
    struct args args;
    struct spn_chip chip;
    struct spn_irdrop_array array;
    size_t n;
    double *cells_S, *T_S, *other_S;
    struct spn_report report;
};

/* The rows of one read, those farthest from the sense amplifiers, and the columns that conduct
 * together. */
static enum spn_status make_array(struct job *job, struct spn_err *err)
{
    const struct spn_device *device = &job->chip.device;
    const struct spn_core_config config = {.chip = &job->chip};
    const struct spn_program_wires w = spn_program_wires(&config, false);
    double window_S = device->on_conductance_S - device->off_conductance_S;
    if (!(window_S > 0))
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "device '%s' has no conductance window: its cells are digital",
                           device->name);
    job->array = (struct spn_irdrop_array){
        .rows = w.rows_at_once, .columns = job->chip.array.columns / w.n_phases, .wires = w.wires};
    job->array.wires.row_ohm *= w.n_phases;
    job->array.wires.sense_ohm[SPN_IRDROP_NEAR] +=
        (w.array_rows - w.rows_at_once) * w.wires.column_ohm;
    job->n = (size_t)job->array.rows * (size_t)job->array.columns;
    job->cells_S = malloc(job->n * sizeof(double));
    job->T_S = malloc(job->n * sizeof(double));
    job->other_S = malloc(job->n * sizeof(double));
    if (!job->cells_S || !job->T_S || !job->other_S)
        return spn_err_memory(err, "cells of an array");
    struct spn_rng rng = spn_rng_init((uint64_t)job->args.common.seed, CELL_STREAM, 0);
    for (size_t i = 0; i < job->n; i++)
        job->cells_S[i] = device->off_conductance_S + window_S * spn_rng_uniform(&rng);
    return SPN_OK;
}

static void number(struct spn_table *t, const char *name, const char *unit, double value)
{
    spn_table_row(t, name, unit);
    spn_table_number(t, value);
}

static void tabulate_array(struct job *job)
{
    struct spn_table *t = spn_report_table(&job->report, "array", "Array", "quantity");
    const struct spn_irdrop_wires *w = &job->array.wires;
    spn_table_column(t, "value");
    number(t, "rows that conduct together", "count", job->array.rows);
    number(t, "columns that conduct together", "count", job->array.columns);
    number(t, "row wire, from cell to cell", "ohm", w->row_ohm);
    number(t, "column wire, from cell to cell", "ohm", w->column_ohm);
    number(t, "driver to first cell", "ohm", w->source_ohm[SPN_IRDROP_NEAR]);
    number(t, "last cell to sense amplifier", "ohm", w->sense_ohm[SPN_IRDROP_NEAR]);
    number(t, "conductance of cells, from", "S", job->chip.device.off_conductance_S);
    number(t, "conductance of cells, to", "S", job->chip.device.on_conductance_S);
}

static void tabulate_losses(struct job *job)
{
    struct spn_table *t =
        spn_report_table(&job->report, "losses", "What the wires take", "quantity");
    size_t columns = (size_t)job->array.columns;
    double seen = 0, all = 0, worst_cell = 0, worst_column = 0, error = 0, square = 0;
    spn_effective_estimate(&job->array, job->cells_S, job->other_S);
    for (size_t c = 0; c < columns; c++) {
        double column_seen = 0, column_all = 0;
        for (size_t i = c; i < job->n; i += columns) {
            column_seen += job->T_S[i];
            column_all += job->cells_S[i];
            worst_cell = fmax(worst_cell, 1 - job->T_S[i] / job->cells_S[i]);
            error += pow(job->other_S[i] - job->T_S[i], 2);
            square += pow(job->T_S[i], 2);
        }
        worst_column = fmax(worst_column, 1 - column_seen / column_all);
        seen += column_seen;
        all += column_all;
    }
    spn_table_column(t, "value");
    number(t, "current lost, all rows on, mean", "%", 1 - seen / all);
    number(t, "current lost, all rows on, worst column", "%", worst_column);
    number(t, "conductance lost, worst cell", "%", worst_cell);
    number(t, "error of the first-order estimate, rms", "%", sqrt(error / square));
}

static enum spn_status tabulate_mappings(struct job *job, struct spn_err *err)
{
    const struct spn_device *device = &job->chip.device;
    struct spn_compensate_window window = {.low_S = device->off_conductance_S,
                                           .high_S = device->on_conductance_S};
    struct spn_compensation closed, exact;
    enum spn_status status =
        spn_compensate(&job->array, window, job->cells_S, job->other_S, &closed, err);
    if (!status)
        status = spn_compensate_exact(&job->array, window, job->cells_S, MAX_STEPS, tolerance_frac,
                                      job->other_S, &exact, err);
    if (status)
        return status;
    struct spn_table *t = spn_report_table(
        &job->report, "mappings", "Error that is left after one gain for all columns", "quantity");
    spn_table_column(t, "as wanted");
    spn_table_column(t, "closed form");
    spn_table_column(t, "iterated");
    number(t, "error of conductances, rms", "%", closed.plain_rms_frac);
    spn_table_number(t, closed.rms_frac);
    spn_table_number(t, exact.rms_frac);
    spn_table_row(t, "gain", "x");
    spn_table_empty(t);
    spn_table_number(t, closed.gain);
    spn_table_number(t, exact.gain);
    spn_table_row(t, "cells at the window's edge", "count");
    spn_table_empty(t);
    spn_table_number(t, closed.n_clipped);
    spn_table_number(t, exact.n_clipped);
    return SPN_OK;
}

static enum spn_status write_files(struct job *job, struct spn_err *err)
{
    struct spn_figure figure = {.name = "irdrop"};
    spn_text_add(&figure.dat, "# column\trow\tshare of the cell's conductance that is seen\n");
    for (size_t i = 0; i < job->n; i++)
        spn_text_add(&figure.dat, "%zu\t%zu\t%.6g\n", i % (size_t)job->array.columns,
                     i / (size_t)job->array.columns, job->T_S[i] / job->cells_S[i]);
    enum spn_status status =
        spn_cmd_write_files(&(struct spn_cmd_files){.dir = job->args.common.out,
                                                    .name = "irdrop",
                                                    .report = &job->report,
                                                    .figures = &figure,
                                                    .n_figures = 1},
                            err);
    spn_text_clear(&figure.dat);
    return status;
}

static enum spn_status solve(struct job *job, int argc, char **argv, struct spn_err *err)
{
    struct spn_effective *work = NULL;
    enum spn_status status = spn_cmd_load_chip(&job->args.common, &job->chip, err);
    if (!status)
        status = make_array(job, err);
    if (!status)
        status = spn_effective_create(&work, &job->array, err);
    if (status)
        return status;
    spn_effective_compute(work, job->cells_S, job->T_S);
    spn_effective_destroy(work);
    spn_cmd_provenance(&job->report, argc, argv, NULL, 0);
    snprintf(job->report.title, sizeof job->report.title, "IR drop in an array of %s",
             job->chip.name);
    tabulate_array(job);
    tabulate_losses(job);
    spn_report_note(&job->report,
                    "Cells drawn uniformly from the window of %s; linear; all inputs driven.",
                    job->chip.device.name);
    status = spn_cmd_chip_digests(&job->args.common, &job->report, err);
    return status ? status : tabulate_mappings(job, err);
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct job job = {.args = {.common = spn_common_default()}};
    struct spn_operands operands;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &job.args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    openblas_set_num_threads(1); /* the same bytes on any machine */
    status = solve(&job, argc, argv, err);
    if (!status && job.args.common.out)
        status = write_files(&job, err);
    if (!status)
        status = spn_cmd_print(&job.report, job.args.common.format, err);
    spn_report_clear(&job.report);
    free(job.cells_S);
    free(job.T_S);
    free(job.other_S);
    return status;
}

const struct spn_command spn_cmd_irdrop = {
    .name = "irdrop",
    .operands = "",
    .doc = "What the wires of a chip's array take from its cells, solved exactly.",
    .examples = "spindle irdrop --set chip.array.rows=128 --set chip.array.columns=128\n",
    .options = options,
    .min_operands = 0,
    .max_operands = 0,
    .run = run,
};
