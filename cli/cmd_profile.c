/* cmd_profile.c -- the values that a network's layers see, as a file for estimate and compare.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/newfile.h"
#include "cli/cmd.h"
#include "simulator/measure.h"
#include "spindle.h"

enum { DEFAULT_IMAGES = 100, CALIBRATION_IMAGES = 64, MAX_SHOWN = 80 /* bytes of a path */ };

struct args {
    struct spn_common common;
    const char *weights, *file;
    int scheme;
};

static const struct spn_opt options[] = {
    {"file", SPN_OPT_STRING, offsetof(struct args, file), "FILE",
     "write the distributions here, for estimate and compare --profile FILE", 0, 0, NULL},
    SPN_OPT_WEIGHTS(struct args, weights),
    SPN_OPT_SCHEME(struct args, scheme),
    SPN_OPT_DATASET(struct args, common),
    SPN_OPT_DATA(struct args, common),
    SPN_OPT_IMAGES(struct args, common, "100"),
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
    struct spn_dataset images, others;
    bool from_test;
    struct spn_measure *measure;
    struct spn_profile profile;
    struct spn_measure_check *check; /* [n_checks] */
    int n_checks;
    struct spn_report report;
};

static void job_clear(struct job *job)
{
    spn_report_clear(&job->report);
    free(job->check);
    spn_profile_clear(&job->profile);
    spn_measure_destroy(job->measure);
    spn_dataset_clear(&job->images);
    spn_dataset_clear(&job->others);
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
    if (!status)
        status = spn_cmd_load_weights(job->net, args->weights, &job->weights, err);
    if (!status)
        status = spn_cmd_open_calibration(&args->common, job->net, n, &job->images, &job->from_test,
                                          err);
    if (!status)
        status = spn_cmd_open_data(&args->common, job->net, "test", n, &job->others, err);
    return status;
}

static enum spn_status measure(struct job *job, struct spn_err *err)
{
    struct spn_progress progress = spn_cmd_progress();
    const int scheme =
        job->args.scheme == SPN_N_SCHEMES ? job->chip.sparsity.scheme : job->args.scheme;
    const struct spn_measure_question question = {.chip = &job->chip, .scheme = scheme};
    struct spn_dataset calibration = job->images;
    enum spn_status status = spn_profile_default(&job->profile, job->net, err);
    if (calibration.n_images > CALIBRATION_IMAGES)
        calibration.n_images = CALIBRATION_IMAGES;
    for (int i = 0; i < job->net->n_layers; i++)
        job->n_checks += spn_layer_is_matrix(&job->net->layer[i]);
    job->check = calloc((size_t)job->n_checks + 1, sizeof *job->check);
    if (!status && !job->check)
        status = spn_err_memory(err, "checks");
    if (!status)
        status = spn_measure_create(&job->measure, job->net, job->weights, &calibration,
                                    (int)job->args.common.threads, err);
    if (!status)
        status = spn_measure_profile(job->measure, &job->images, &progress, &job->profile, err);
    if (!status)
        status = spn_measure_check(job->measure, &job->others, &job->profile, &question, job->check,
                                   err);
    const char *path = spn_weights_path(job->weights), *slash = strrchr(path, '/');
    if (strlen(path) > MAX_SHOWN && slash) /* the file's name tells more than the folders above */
        path = slash + 1;
    snprintf(job->profile.source, sizeof job->profile.source, "%.*s, %d images of %.40s", MAX_SHOWN,
             path, job->images.n_images, job->images.name);
    return status;
}

static void add_errors(struct job *job)
{
    double mean[2] = {0, 0}, worst[2] = {0, 0};
    struct spn_table *table = spn_report_table(&job->report, "layers", "By layer", "layer");
    spn_table_column_unit(table, "inputs 0", "%");
    spn_table_column_unit(table, "mean input", "%");
    spn_table_column_unit(table, "weights kept", "%");
    spn_table_column_unit(table, "exact E[x2 G]", "S");
    spn_table_column_unit(table, "error, independent", "%");
    spn_table_column_unit(table, "error, as estimated", "%");
    for (int i = 0; i < job->n_checks; i++) {
        const struct spn_measure_check *c = &job->check[i];
        const struct spn_layer_profile *p = &job->profile.layer[c->layer];
        const double error[2] = {c->independent_S / c->exact_S - 1, c->seen_S / c->exact_S - 1};
        spn_table_row(table, job->net->layer[c->layer].name, "");
        spn_table_number(table, p->input[0]);
        spn_table_number(table, spn_profile_input_digit(p, 8, 0, 8).mean);
        spn_table_number(table, p->kept_frac);
        spn_table_number(table, c->exact_S);
        for (int k = 0; k < 2; k++) {
            spn_table_number(table, error[k]);
            mean[k] += fabs(error[k]) / job->n_checks;
            worst[k] = fmax(worst[k], fabs(error[k]));
        }
    }
    table = spn_report_table(&job->report, "errors", "Error of a layer's read energy", "error");
    spn_table_column(table, "independent");
    spn_table_column(table, "as estimated");
    spn_table_row(table, "mean of all layers", "%");
    spn_table_number(table, mean[0]);
    spn_table_number(table, mean[1]);
    spn_table_row(table, "worst layer", "%");
    spn_table_number(table, worst[0]);
    spn_table_number(table, worst[1]);
}

static void make_report(struct job *job, int argc, char **argv)
{
    const char *files[] = {job->path, spn_weights_path(job->weights)};
    spn_cmd_provenance(&job->report, argc, argv, files, 2);
    snprintf(job->report.title, sizeof job->report.title,
             "Values of %s: %d images; checked on chip %s with %d others", job->net->name,
             job->images.n_images, job->chip.name, job->others.n_images);
    add_errors(job);
    spn_report_note(&job->report, "Exact: every vector, slice and cell of the other images. "
                                  "Independent: mean square input times mean conductance. As "
                                  "estimated: with the weights that active inputs meet (N9, N10).");
    if (job->from_test)
        spn_report_note(&job->report, "No training images were found: the last test images are "
                                      "measured, the first are the others.");
}

static enum spn_status write_profile(struct job *job, struct spn_err *err)
{
    struct spn_text text = {0};
    spn_profile_write(&job->profile, job->net, &text);
    enum spn_status status =
        text.failed ? spn_err_memory(err, "profile")
                    : spn_file_write(NULL, job->args.file, text.data, text.length, err);
    spn_text_clear(&text);
    return status;
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct job job = {.args = {.common = spn_common_default(), .scheme = SPN_N_SCHEMES}};
    struct spn_operands operands;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &job.args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    job.path = operands.value[0];
    status = open_inputs(&job, err);
    if (!status && job.args.file) /* before the long work, as it may fail */
        status = spn_newfile_check(job.args.file, err);
    if (!status)
        status = measure(&job, err);
    if (!status && job.args.file)
        status = write_profile(&job, err);
    if (!status) {
        make_report(&job, argc, argv);
        status = spn_cmd_chip_digests(&job.args.common, &job.report, err);
    }
    if (!status)
        status = spn_cmd_print(&job.report, job.args.common.format, err);
    job_clear(&job);
    return status;
}

const struct spn_command spn_cmd_profile = {
    .name = "profile",
    .operands = "NETWORK",
    .doc = "Distributions of inputs and weights of NETWORK's layers, from weights and images.",
    .examples = "spindle profile msnet --images 20 --file msnet-values.json\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
