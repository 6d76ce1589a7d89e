/* cmd_train.c -- train a network by a recipe and save its weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "base/newfile.h"
#include "cli/cmd.h"
#include "simulator/train.h"
#include "tech/data.h"

struct args {
    struct spn_common common;
    const char *weights;
};

static const struct spn_opt options[] = {
    {"weights", SPN_OPT_STRING, offsetof(struct args, weights), "FILE",
     "where to save: .safetensors or .safetensors.gz (default <network>.safetensors.gz)", 0, 0,
     NULL},
    SPN_OPT_DATA(struct args, common),
    {"set", SPN_OPT_LIST, offsetof(struct args, common.set), "PATH=VALUE",
     "override a field of the recipe, e.g. train.epochs=5 (see spindle help train); repeatable", 0,
     0, NULL},
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_THREADS(struct args, common),
    SPN_OPT_END,
};

struct job {
    struct args args;
    struct spn_network *net;
    struct spn_weights *start, *weights;
    struct spn_dataset train, test;
    struct spn_train_options options;
    struct spn_device device;
    struct spn_train_log log;
    struct spn_report report;
};

static void job_clear(struct job *job)
{
    spn_report_clear(&job->report);
    spn_dataset_clear(&job->train);
    spn_dataset_clear(&job->test);
    spn_weights_destroy(job->start);
    spn_weights_destroy(job->weights);
    spn_network_destroy(job->net);
}

static enum spn_status open_inputs(struct job *job, const char *recipe, struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    job->options = spn_train_options_default();
    enum spn_status status =
        spn_data_find(path, sizeof path, "experiments", "experiment", recipe, err);
    if (!status)
        status = spn_train_options_load(&job->options, path, err);
    for (size_t i = 0; i < job->args.common.set.n && !status; i++) {
        char text[sizeof job->options.start + 64], *equals;
        if (!spn_text_copy(text, sizeof text, job->args.common.set.value[i]) ||
            !(equals = strchr(text, '=')) || strncmp(text, "train.", 6) != 0)
            return spn_err_set(err, SPN_EUSAGE, "--set %.80s: must be train.FIELD=VALUE",
                               job->args.common.set.value[i]);
        *equals = '\0';
        status = spn_field_set(spn_train_fields, &job->options, text + 6, equals + 1, err);
    }
    if (!status)
        status = spn_train_options_check(&job->options, err);
    job->options.n_threads = (int)job->args.common.threads;
    if (!status)
        status = spn_data_find(path, sizeof path, "networks", "network", job->options.network, err);
    if (!status)
        status = spn_network_load(&job->net, path, NULL, 0, err);
    if (!status && job->options.update.rule != SPN_TRAIN_IDEAL)
        status = spn_device_load(&job->device, job->options.update.device, err);
    if (!status && *job->options.start)
        status = spn_weights_load(&job->start, job->options.start, err);
    return status ? status
                  : spn_train_open_data(&job->options, job->net, job->args.common.data, &job->train,
                                        &job->test, err);
}

static void make_report(struct job *job, const char *path)
{
    char title[SPN_TEXT_LINE];
    snprintf(title, sizeof title, "%s trained on %s: %s", job->net->name, job->options.dataset,
             path);
    spn_text_shorten(title, sizeof job->report.title);
    spn_text_copy(job->report.title, sizeof job->report.title, title);
    struct spn_table *table = spn_report_table(&job->report, "epochs", "Training", "epoch");
    spn_table_column(table, "loss");
    spn_table_column_unit(table, "train accuracy", "%");
    spn_table_column_unit(table, "test accuracy", "%");
    spn_table_column_unit(table, "zeros", "%");
    const bool hybrid = job->options.hardware.tuned_layers > 0;
    if (hybrid) {
        spn_table_column(table, "writes of a tuned weight");
        spn_table_row(table, "as transferred", "");
        spn_table_empty(table);
        spn_table_empty(table);
        spn_table_number(table, job->log.transfer_frac);
        spn_table_empty(table);
        spn_table_number(table, 1);
    }
    const bool pulsed = job->options.update.rule != SPN_TRAIN_IDEAL;
    if (pulsed)
        spn_table_column(table, "pulses of a weight");
    for (int i = 0; i < job->log.n_epochs; i++) {
        const struct spn_train_epoch *e = &job->log.epoch[i];
        char name[16];
        snprintf(name, sizeof name, "%d", i + 1);
        spn_table_row(table, name, "");
        spn_table_number(table, e->loss);
        spn_table_number(table, e->train_frac);
        if (e->test_frac >= 0)
            spn_table_number(table, e->test_frac);
        else
            spn_table_empty(table);
        spn_table_number(table, e->sparsity_frac);
        if (hybrid)
            spn_table_number(table, e->writes);
        if (pulsed)
            spn_table_number(table, e->pulses);
    }
    const double least = 1e-3; /* that chip.write takes */
    if (pulsed && job->log.update_pulses >= least)
        spn_report_note(&job->report,
                        "%.3g pulses of a weight in an update, mean: what estimate's weight update "
                        "counts as chip.write.pulses_per_update (--device %s).",
                        job->log.update_pulses, job->options.update.device);
    else if (pulsed)
        spn_report_note(&job->report, "%.3g pulses of a weight in an update, mean.",
                        job->log.update_pulses);
    if (job->log.stopped)
        spn_report_note(
            &job->report,
            "Stopped early; %s holds what was reached. Go on with --set train.start=%s.", path,
            path);
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct job job = {.args = {.common = spn_common_default()}};
    struct spn_operands operands;
    bool help;
    char path[96];
    const char *to = path;
    (void)argc;
    enum spn_status status = spn_opt_parse(self, argv + 2, &job.args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    status = open_inputs(&job, operands.value[0], err);
    if (!status) { /* before the long work, as it may fail */
        snprintf(path, sizeof path, "%s.safetensors.gz", job.net->name);
        to = job.args.weights ? job.args.weights : path;
        status = spn_newfile_check(to, err);
    }
    if (!status) {
        struct spn_progress progress = spn_cmd_progress();
        struct spn_train_job what = {
            .net = job.net,
            .start = job.start,
            .device = job.options.update.rule != SPN_TRAIN_IDEAL ? &job.device : NULL,
            .train = &job.train,
            .test = &job.test,
            .options = job.options};
        status = spn_train_run(&what, &progress, &job.weights, &job.log, err);
    }
    if (!status) {
        status = spn_weights_save(job.weights, to, err);
        if (!status) {
            make_report(&job, to);
            status = spn_cmd_print(&job.report, job.args.common.format, err);
        }
    }
    job_clear(&job);
    return status;
}

const struct spn_command spn_cmd_train = {
    .name = "train",
    .operands = "EXPERIMENT",
    .doc =
        "Train a network by a recipe (experiments/*.json), as numbers or in the cells of a device, "
        "prune it, and save its weights.",
    .examples = "spindle train msnet-letters --weights mine.safetensors\n"
                "spindle train msnet-letters-pulsed --set train.update.device=rram-gong "
                "--set train.epochs=1\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
