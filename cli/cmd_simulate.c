/* cmd_simulate.c -- how accurately a network runs on a chip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/designs.h"
#include "cli/files.h"
#include "cli/simulate.h"
#include "reports/simulated.h"
#include "spindle.h"

enum { DEFAULT_IMAGES = 1000, CALIBRATION_IMAGES = 32, MAX_WRITES = 1000000 };

#define ARGS struct spn_simulate_args

static const struct spn_opt options[] = {
    {"fidelity", SPN_OPT_ENUM, offsetof(ARGS, fidelity), "LEVEL",
     "ideal (float), quantized, device or circuit (with IR drop; default device)", 0, 0,
     spn_fidelity_names},
    {"errors", SPN_OPT_STRING, offsetof(ARGS, errors), "CLASS,...",
     "only these: quantization, fluctuation, defects, nonlinearity, ir-drop, on-off", 0, 0, NULL},
    {"ablation", SPN_OPT_FLAG, offsetof(ARGS, ablation), "",
     "accuracy with none, each class alone, all, all but each (at circuit fidelity)", 0, 0, NULL},
    {"axis", SPN_OPT_LIST, offsetof(ARGS, axes), "FIELD=VALUES",
     "accuracy along from:to:n[:log] or a,b,c of a field or on-off-ratio, wire-ohm, stuck-frac, "
     "time-s; repeatable",
     0, 0, NULL},
    {"chips", SPN_OPT_INT, offsetof(ARGS, chips), "N",
     "chips of seeds SEED, SEED + 1, ...: mean, spread, interval (default 1)", 1, SPN_CHIPS_MAX,
     NULL},
    {"write", SPN_OPT_INT, offsetof(ARGS, write), "N",
     "the chip as written for the Nth time after the first (default 0)", 0, MAX_WRITES, NULL},
    {"time", SPN_OPT_STRING, offsetof(ARGS, time), "SECONDS",
     "since programming: how far cells have drifted (default 0)", 0, 0, NULL},
    {"defects", SPN_OPT_STRING, offsetof(ARGS, defects), "FILE",
     "IDX map of an array's (or several arrays') cells: 0 good, 1 stuck off, 2 stuck on, 3 open", 0,
     0, NULL},
    {"estimate-ir-drop", SPN_OPT_FLAG, offsetof(ARGS, estimate_ir_drop), "",
     "to first order instead of exactly (a tenth of the time to set up)", 0, 0, NULL},
    {"compensate", SPN_OPT_ENUM, offsetof(ARGS, correction), "METHOD",
     "against IR drop: none, gain (converters alone), closed-form or exact (cells too; default "
     "none)",
     0, 0, spn_correction_names},
    {"recalibrate", SPN_OPT_INT, offsetof(ARGS, recalibrate), "N",
     "estimate batch normalisation anew through the chip from N training images (default 0)", 0,
     SPN_SIMULATOR_MAX_RECALIBRATION, NULL},
    SPN_OPT_SCHEME(ARGS, scheme),
    SPN_OPT_WEIGHTS(ARGS, weights),
    SPN_OPT_DATASET(ARGS, common),
    SPN_OPT_DATA(ARGS, common),
    SPN_OPT_IMAGES(ARGS, common, "1000"),
    SPN_OPT_CHIP(ARGS, common),
    SPN_OPT_DEVICE(ARGS, common),
    SPN_OPT_SET(ARGS, common),
    SPN_OPT_OUT(ARGS, common),
    SPN_OPT_FORMAT(ARGS, common),
    SPN_OPT_SEED(ARGS, common),
    SPN_OPT_THREADS(ARGS, common),
    SPN_OPT_END,
};

static void job_clear(struct spn_simulate_job *job)
{
    spn_report_clear(&job->report);
    spn_text_clear(&job->axis_figure);
    spn_text_clear(&job->ablation_figure);
    spn_defect_map_clear(&job->defects);
    spn_dataset_clear(&job->test);
    spn_dataset_clear(&job->calibration);
    spn_dataset_clear(&job->normal);
    spn_weights_destroy(job->weights);
    spn_network_destroy(job->net);
}

static enum spn_status open_inputs(struct spn_simulate_job *job, struct spn_err *err)
{
    struct spn_simulate_args *args = &job->args;
    int n = args->common.images ? (int)args->common.images : DEFAULT_IMAGES;
    enum spn_status status = spn_cmd_load_chip(&args->common, &job->chip, err);
    if (!status)
        status = spn_cmd_load_network(&args->common, job->path, &job->net, err);
    if (!status)
        status = spn_cmd_load_weights(job->net, args->weights, &job->weights, err);
    if (!status)
        status = spn_cmd_open_data(&args->common, job->net, "test", n, &job->test, err);
    if (!status && args->fidelity != SPN_FIDELITY_IDEAL)
        status = spn_cmd_open_calibration(&args->common, job->net, CALIBRATION_IMAGES,
                                          &job->calibration, &job->from_test, err);
    if (!status && args->recalibrate > 0)
        status = spn_cmd_open_calibration(&args->common, job->net, (int)args->recalibrate,
                                          &job->normal, &job->from_test, err);
    if (!status && args->defects)
        status = spn_defect_map_load(&job->defects, args->defects, err);
    return status;
}

static enum spn_status set_options(struct spn_simulate_job *job, struct spn_err *err)
{
    const struct spn_simulate_args *args = &job->args;
    struct spn_simulator_options how = spn_simulator_options_default();
    if (args->scheme == SPN_N_SCHEMES)
        job->args.scheme = job->chip.sparsity.scheme;
    how.fidelity = args->fidelity;
    how.estimate_ir_drop = args->estimate_ir_drop;
    how.correction = args->correction;
    how.scheme = args->scheme;
    how.seed = (uint64_t)args->common.seed;
    how.n_threads = (int)args->common.threads;
    how.write = (int)args->write;
    how.defects = args->defects ? &job->defects : NULL;
    if (args->time && (!spn_text_to_double(args->time, &how.time_s) || !(how.time_s >= 0) ||
                       !(how.time_s <= SPN_SIMULATOR_MAX_TIME_S)))
        return spn_err_set(err, SPN_EUSAGE,
                           "simulate: --time=%.40s is not a number of seconds in [0, %g]",
                           args->time, SPN_SIMULATOR_MAX_TIME_S);
    job->how = how;
    return args->errors ? spn_simulate_errors(args->errors, &job->how.errors, err) : SPN_OK;
}

/* What was programmed into the first chip, and its caveats. */
static void take_notes(void *ctx, const struct spn_simulator *sim)
{
    struct spn_report *report = ctx;
    spn_simulated_report(sim, report);
    for (int i = 0; spn_simulator_note(sim, i); i++)
        spn_report_note(report, "%s", spn_simulator_note(sim, i));
}

enum spn_status spn_simulate_chips(struct spn_simulate_job *job, const struct spn_chip *chip,
                                   const struct spn_simulator_options *how,
                                   struct spn_accuracy *each, struct spn_chips_result *result,
                                   struct spn_err *err)
{
    const struct spn_chips_job chips = {.net = job->net,
                                        .weights = job->weights,
                                        .chip = chip,
                                        .options = *how,
                                        .calibration = &job->calibration,
                                        .images = &job->test,
                                        .normal = job->args.recalibrate > 0 ? &job->normal : NULL,
                                        .n_chips = (int)job->args.chips,
                                        .see = each ? take_notes : NULL,
                                        .ctx = &job->report};
    return spn_chips_run(&chips, &job->progress, each, result, err);
}

/* One setting: its accuracy. */
static enum spn_status simulate(struct spn_simulate_job *job, struct spn_err *err)
{
    struct spn_chips_result result;
    const int n = (int)job->args.chips;
    const bool text = job->test.n_tokens > 0;
    struct spn_accuracy *each = calloc((size_t)n, sizeof *each);
    if (!each)
        return spn_err_memory(err, "results of chips");
    struct spn_table *table = spn_report_table(&job->report, "accuracy", "Accuracy", "quantity");
    enum spn_status status = spn_simulate_chips(job, &job->chip, &job->how, each, &result, err);
    if (!status && each[0].n_images < job->test.n_images) {
        result = spn_chips_sum_up(each, 1, each[0].n_images);
        spn_report_note(&job->report, "Stopped after %d of %d images.", each[0].n_images,
                        job->test.n_images);
    }
    if (!status) {
        spn_accuracy_summary(&each[0], &result, text, table);
        if (n > 1)
            spn_accuracy_chips(each, n, job->how.seed, text, &job->report);
        if (n > 1 && result.n_chips < n)
            spn_report_note(&job->report, "Stopped after %d of %d chips.", result.n_chips, n);
        if (n == 1)
            fprintf(stderr, each[0].images_per_s < 1000 ? "%.3g images/s\n" : "%.0f images/s\n",
                    each[0].images_per_s);
    }
    free(each);
    return status;
}

static void begin_report(struct spn_simulate_job *job, int argc, char **argv)
{
    const char *files[] = {job->path, spn_weights_path(job->weights), job->args.defects};
    spn_cmd_provenance(&job->report, argc, argv, files, job->args.defects ? 3 : 2);
    snprintf(job->report.title, sizeof job->report.title, "%s, %s, on %s (%s) at %s fidelity",
             job->net->name, spn_scheme_names[job->args.scheme], job->chip.name,
             job->chip.device.name, spn_fidelity_names[job->args.fidelity]);
    if (job->test.n_tokens)
        spn_report_note(&job->report, "Neighbouring tokens depend on each other: an interval over "
                                      "tokens is narrower than what other texts would give.");
    if (job->from_test)
        spn_report_note(&job->report,
                        "No training images found: ranges are set from the last %d test images.",
                        job->calibration.n_images);
    if (job->args.recalibrate > 0)
        spn_report_note(&job->report,
                        "Batch normalisation is estimated anew through the chip from %d images.",
                        job->normal.n_images);
    if (job->args.chips > 1)
        spn_report_note(&job->report,
                        "Intervals are of the mean over chips on the same %d images; "
                        "what other images would change is not in them.",
                        job->test.n_images);
    if (job->how.errors)
        spn_report_note(&job->report, "Only some errors act: %s.", job->args.errors);
}

/* <out>/simulate.tsv and .json, and the figures. */
static enum spn_status write_files(struct spn_simulate_job *job, struct spn_err *err)
{
    struct spn_figure figure[2];
    size_t n = 0;
    if (job->axis_figure.length)
        figure[n++] = (struct spn_figure){"accuracy", job->axis_figure};
    if (job->ablation_figure.length)
        figure[n++] = (struct spn_figure){"ablation", job->ablation_figure};
    return spn_cmd_write_files(&(struct spn_cmd_files){.dir = job->args.common.out,
                                                       .name = "simulate",
                                                       .report = &job->report,
                                                       .figures = figure,
                                                       .n_figures = n},
                               err);
}

static void choose_fidelity(struct spn_simulate_args *args)
{
    const bool wires = args->ablation || spn_simulate_needs_wires(args);
    if (args->fidelity < 0)
        args->fidelity = wires ? SPN_FIDELITY_CIRCUIT : SPN_FIDELITY_DEVICE;
}

static enum spn_status study(struct spn_simulate_job *job, struct spn_err *err)
{
    const struct spn_simulate_args *args = &job->args;
    enum spn_status status = SPN_OK;
    if ((args->ablation || args->axes.n) && args->fidelity == SPN_FIDELITY_IDEAL)
        return spn_err_set(err, SPN_EUSAGE,
                           "simulate: at ideal fidelity there are no errors to study");
    if (!args->ablation && !args->axes.n)
        return simulate(job, err);
    if (args->axes.n)
        status = spn_simulate_axes(job, err);
    if (!status && args->ablation)
        status = spn_simulate_ablation(job, err);
    return status;
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct spn_simulate_job job = {.args = {.common = spn_common_default(),
                                            .fidelity = -1,
                                            .chips = 1,
                                            .scheme = SPN_N_SCHEMES},
                                   .progress = spn_cmd_progress()};
    struct spn_operands operands;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &job.args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    job.path = operands.value[0];
    choose_fidelity(&job.args);
    status = open_inputs(&job, err);
    if (!status)
        status = set_options(&job, err);
    if (!status && job.args.common.out) /* before the long work, as it may fail */
        status = spn_cmd_make_dir(job.args.common.out, err);
    if (!status) {
        begin_report(&job, argc, argv);
        status = spn_cmd_chip_digests(&job.args.common, &job.report, err);
    }
    if (!status)
        status = study(&job, err);
    if (!status && job.args.common.out)
        status = write_files(&job, err);
    if (!status)
        status = spn_cmd_print(&job.report, job.args.common.format, err);
    job_clear(&job);
    return status;
}

const struct spn_command spn_cmd_simulate = {
    .name = "simulate",
    .operands = "NETWORK",
    .doc = "Accuracy of NETWORK on a simulated chip: quantization, device errors, sparsity scheme.",
    .details =
        "With --ablation or --axis the answer is a table of settings, each with its interval; with "
        "--out DIR also\nsimulate.tsv, simulate.json and figures (accuracy, ablation).\n",
    .examples = "spindle simulate msnet --images 50\n"
                "spindle simulate msnet --images 20 --axis chip.adc.bits=4,6,8 --out accuracy\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
