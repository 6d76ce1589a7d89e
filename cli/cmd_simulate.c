/* cmd_simulate.c -- how accurately a network runs on a chip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "reports/simulated.h"
#include "simulator/simulator.h"
#include "spindle.h"

enum { DEFAULT_IMAGES = 1000, CALIBRATION_IMAGES = 32 };

struct args {
    struct spn_common common;
    const char *weights;
    int fidelity, scheme;
    bool estimate_ir_drop;
    int correction;
    int64_t recalibrate;
};

static const char *const scheme_choices[] = {"dense", "external-index", "index-free", "chip", NULL};

static const struct spn_opt options[] = {
    {"fidelity", SPN_OPT_ENUM, offsetof(struct args, fidelity), "LEVEL",
     "ideal (float), quantized, device or circuit (with IR drop; default device)", 0, 0,
     spn_fidelity_names},
    {"estimate-ir-drop", SPN_OPT_FLAG, offsetof(struct args, estimate_ir_drop), "",
     "to first order instead of exactly (a tenth of the time to set up)", 0, 0, NULL},
    {"compensate", SPN_OPT_ENUM, offsetof(struct args, correction), "METHOD",
     "against IR drop: none, gain (converters alone), closed-form or exact (cells too; default "
     "none)",
     0, 0, spn_correction_names},
    {"recalibrate", SPN_OPT_INT, offsetof(struct args, recalibrate), "N",
     "estimate batch normalisation anew through the chip from N training images (default 0)", 0,
     SPN_SIMULATOR_MAX_RECALIBRATION, NULL},
    {"scheme", SPN_OPT_ENUM, offsetof(struct args, scheme), "SCHEME",
     "dense, external-index, index-free or chip (default: what the chip says)", 0, 0,
     scheme_choices},
    {"weights", SPN_OPT_STRING, offsetof(struct args, weights), "FILE",
     "safetensors, plain or .gz (default: what the network file names)", 0, 0, NULL},
    {"dataset", SPN_OPT_STRING, offsetof(struct args, common.dataset), "NAME",
     "letters, mnist, fashion, emnist-spare or cifar10 (default: the network's)", 0, 0, NULL},
    SPN_OPT_DATA(struct args, common),
    SPN_OPT_IMAGES(struct args, common),
    SPN_OPT_CHIP(struct args, common),
    SPN_OPT_DEVICE(struct args, common),
    SPN_OPT_SET(struct args, common),
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_SEED(struct args, common),
    SPN_OPT_THREADS(struct args, common),
    SPN_OPT_END,
};

struct job {
    struct args args;
    const char *path;
    struct spn_chip chip;
    struct spn_network *net;
    struct spn_weights *weights;
    struct spn_dataset test, calibration, normal;
    bool from_test;
    int n_norms;
    struct spn_simulator *sim;
    struct spn_accuracy accuracy;
    struct spn_report report;
};

static void job_clear(struct job *job)
{
    spn_report_clear(&job->report);
    spn_simulator_destroy(job->sim);
    spn_dataset_clear(&job->test);
    spn_dataset_clear(&job->calibration);
    spn_dataset_clear(&job->normal);
    spn_weights_destroy(job->weights);
    spn_network_destroy(job->net);
}

static enum spn_status open_inputs(struct job *job, struct spn_err *err)
{
    struct args *args = &job->args;
    int n = args->common.images ? (int)args->common.images : DEFAULT_IMAGES;
    enum spn_status status = spn_cmd_load_chip(&args->common, &job->chip, err);
    if (!status)
        status = spn_cmd_load_network(&args->common, job->path, &job->net, err);
    if (status)
        return status;
    const char *weights = args->weights ? args->weights : job->net->weights;
    if (!*weights)
        return spn_err_set(err, SPN_EUSAGE,
                           "simulate: network %s names no weight file: give one with --weights",
                           job->net->name);
    status = spn_weights_load(&job->weights, weights, err);
    if (!status)
        status = spn_cmd_open_data(&args->common, job->net, "test", n, &job->test, err);
    if (!status && args->fidelity != SPN_FIDELITY_IDEAL)
        status = spn_cmd_open_calibration(&args->common, job->net, CALIBRATION_IMAGES,
                                          &job->calibration, &job->from_test, err);
    if (!status && args->recalibrate > 0)
        status = spn_cmd_open_calibration(&args->common, job->net, (int)args->recalibrate,
                                          &job->normal, &job->from_test, err);
    return status;
}

static enum spn_status simulate(struct job *job, struct spn_err *err)
{
    struct args *args = &job->args;
    struct spn_progress progress = spn_cmd_progress();
    struct spn_simulator_options how = spn_simulator_options_default();
    how.fidelity = args->fidelity;
    how.estimate_ir_drop = args->estimate_ir_drop;
    how.correction = args->correction;
    how.scheme = args->scheme == SPN_N_SCHEMES ? job->chip.sparsity.scheme : args->scheme;
    how.seed = (uint64_t)args->common.seed;
    how.n_threads = (int)args->common.threads;
    enum spn_status status =
        spn_simulator_create(&job->sim, job->net, job->weights, &job->chip, &how, err);
    if (!status && how.fidelity != SPN_FIDELITY_IDEAL)
        status = spn_simulator_calibrate(job->sim, &job->calibration, err);
    if (!status && args->recalibrate > 0)
        status = spn_simulator_recalibrate(job->sim, &job->normal, &job->n_norms, err);
    if (!status)
        status = spn_simulator_evaluate(job->sim, &job->test, &progress, &job->accuracy, err);
    return status;
}

static void make_report(struct job *job, int argc, char **argv)
{
    const struct spn_accuracy *a = &job->accuracy;
    const char *files[] = {job->path, spn_weights_path(job->weights)};
    spn_cmd_provenance(&job->report, argc, argv, files, 2);
    snprintf(job->report.title, sizeof job->report.title, "%s on %s at %s fidelity", job->net->name,
             job->chip.name, spn_fidelity_names[job->args.fidelity]);
    struct spn_table *table = spn_report_table(&job->report, "accuracy", "Accuracy", "quantity");
    spn_table_column(table, "value");
    spn_table_row(table, "top-1 accuracy", "%");
    spn_table_number(table, a->top1_frac);
    spn_table_row(table, "95 % interval (Wilson), low", "%");
    spn_table_number(table, a->low_frac);
    spn_table_row(table, "95 % interval (Wilson), high", "%");
    spn_table_number(table, a->high_frac);
    spn_table_row(table, "images", "count");
    spn_table_number(table, a->n_images);
    spn_table_row(table, "mean cross-entropy", "");
    spn_table_number(table, a->loss);
    if (job->test.n_tokens) {
        spn_table_row(table, "perplexity", "");
        spn_table_number(table, a->perplexity);
        spn_table_row(table, "tokens predicted", "count");
        spn_table_number(table, a->n_answers);
    }
    spn_simulated_report(job->sim, &job->report);
    if (job->args.recalibrate > 0)
        spn_report_note(&job->report,
                        "%d batch normalisations estimated anew through the chip from %d images.",
                        job->n_norms, job->normal.n_images);
    for (int i = 0; spn_simulator_note(job->sim, i); i++)
        spn_report_note(&job->report, "%s", spn_simulator_note(job->sim, i));
    if (a->n_images < job->test.n_images)
        spn_report_note(&job->report, "Stopped after %d of %d images.", a->n_images,
                        job->test.n_images);
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct job job = {.args = {.common = spn_common_default(),
                               .fidelity = SPN_FIDELITY_DEVICE,
                               .scheme = SPN_N_SCHEMES}};
    struct spn_operands operands;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &job.args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    job.path = operands.value[0];
    status = open_inputs(&job, err);
    if (!status)
        status = simulate(&job, err);
    if (!status) {
        make_report(&job, argc, argv);
        status = spn_cmd_print(&job.report, job.args.common.format, err);
        fprintf(stderr, "%.3g images/s\n", job.accuracy.images_per_s);
    }
    job_clear(&job);
    return status;
}

const struct spn_command spn_cmd_simulate = {
    .name = "simulate",
    .operands = "NETWORK",
    .doc = "Accuracy of NETWORK on a simulated chip: quantization, device errors, sparsity scheme.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
