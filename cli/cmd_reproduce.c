/* cmd_reproduce.c -- a published article's numbers beside ours.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/files.h"
#include "explorer/ladder.h"
#include "explorer/study.h"
#include "reports/ning2025.h"
#include "tech/data.h"

enum { DEFAULT_SEEDS = 20, N_SPARSITIES = 50 };

struct args {
    struct spn_common common;
    int64_t seeds;
    bool develop;
};

static const struct spn_opt options[] = {
    {"seeds", SPN_OPT_INT, offsetof(struct args, seeds), "N",
     "training runs of what is compared with the article, for mean and spread (default 20); of "
     "variants at most 10",
     1, SPN_STUDY_MAX_SEEDS, NULL},
    {"develop", SPN_OPT_FLAG, offsetof(struct args, develop), NULL,
     "train and test on images for choosing settings by, none of those that results are measured "
     "on",
     0, 0, NULL},
    SPN_OPT_DATA(struct args, common),
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_OUT(struct args, common),
    SPN_OPT_SEED(struct args, common),
    SPN_OPT_THREADS(struct args, common),
    SPN_OPT_END,
};

/* Everything one reproduction owns. */
struct job {
    struct args args;
    struct spn_study *study;
    struct spn_ning2025_runs runs;
    struct spn_ratio_experiment experiment;
    struct spn_chip chip, pairs;
    struct spn_network *layers, *uniform;
    struct spn_ratio_model *layers_model, *uniform_model;
    struct spn_report report;
    struct spn_figure figure[SPN_NING2025_N_FIGURES];
};

static void job_clear(struct job *job)
{
    for (int i = 0; i < SPN_NING2025_N_FIGURES; i++)
        spn_text_clear(&job->figure[i].dat);
    spn_report_clear(&job->report);
    if (job->study)
        spn_study_clear(job->study);
    free(job->study);
    spn_ratio_model_destroy(job->layers_model);
    spn_ratio_model_destroy(job->uniform_model);
    spn_network_destroy(job->layers);
    spn_network_destroy(job->uniform);
}

/* ---- training on cells ---- */

/* Runs on the experiment's own images; the first COMPARED of them on others too. */
static const struct {
    const char *experiment, *label;
    int max_seeds; /* 0: all */
} runs[] = {
    {"ning2025-msnet", "as published: vectors and verification", 0},
    {"ning2025-msnet-dense-float", "dense, floating point", 0},
    {"ning2025-msnet-sparse-float", "same pruning and regrowth, floating point", 0},
    {"ning2025-msnet-one-update", "one update per epoch", 10},
    {"ning2025-msnet-two-updates", "two updates per epoch", 10},
    {"ning2025-msnet-four-updates", "four updates per epoch", 10},
    {"ning2025-msnet-pretrained", "two updates per epoch, 25 off the chip", 10},
    {"ning2025-msnet-cells", "verified cell by cell, no vectors", 5},
    {"ning2025-msnet-masked-fit", "vectors fitted to kept cells, verified", 5},
    {"ning2025-msnet-open", "vectors alone, errors lost", 5},
    {"ning2025-msnet-feedback", "vectors alone, errors carried on", 5},
    {"ning2025-msnet-disturb", "unselected cells feel a hundredth of a pulse", 5},
    {"ning2025-msnet-one-shot", "pruned once by magnitude", 5},
    {"ning2025-msnet-rigl", "sparse from the start, rewired by gradient", 5},
};

enum { COMPARED = 3, FEW_UPDATES = 3, CELLS = 7 }; /* of runs[] */

/* The article's images are not at hand: letters drawn neatly (NULL: the experiment's own), in a
 * wilder hand, and handwriting. */
static const struct {
    const char *name;
    bool needs_files;
} sets[SPN_NING2025_MAX_SETS] = {{NULL, false}, {"letters", false}, {"emnist-spare", true}};

static enum spn_status add_run(struct job *job, int i, const char *dataset, struct spn_err *err)
{
    char label[96];
    struct spn_study *study = job->study;
    snprintf(label, sizeof label, "%s%s%s", runs[i].label, dataset ? ", on " : "",
             dataset ? dataset : "");
    const enum spn_status status = spn_study_add(study, runs[i].experiment, label, dataset, err);
    if (!status)
        study->run[study->n_runs - 1].max_seeds = runs[i].max_seeds;
    return status;
}

static enum spn_status add_runs(struct job *job, struct spn_err *err)
{
    enum { N_RUNS = sizeof runs / sizeof *runs };
    struct spn_ning2025_runs *r = &job->runs;
    enum spn_status status = SPN_OK;
    for (int i = 0; i < N_RUNS && !status; i++)
        status = add_run(job, i, NULL, err);
    *r = (struct spn_ning2025_runs){.cells = CELLS, .few_updates = FEW_UPDATES};
    for (int k = 0; k < SPN_NING2025_MAX_SETS && !status; k++) {
        if (sets[k].needs_files && !job->args.common.data)
            continue;
        const int first = k == 0 ? 0 : job->study->n_runs;
        for (int i = 0; i < COMPARED && k > 0 && !status; i++)
            status = add_run(job, i, sets[k].name, err);
        r->paper[r->n_sets] = first;
        r->dense[r->n_sets] = first + 1;
        r->sparse[r->n_sets++] = first + 2;
    }
    return status;
}

static enum spn_status train(struct job *job, struct spn_err *err)
{
    const struct spn_common *common = &job->args.common;
    job->study = calloc(1, sizeof *job->study);
    if (!job->study)
        return spn_err_memory(err, "a study");
    job->study->develop = job->args.develop;
    job->study->n_seeds = (int)job->args.seeds;
    job->study->first_seed = (uint64_t)common->seed;
    job->study->n_threads = (int)common->threads;
    job->study->data_dir = common->data;
    enum spn_status status = add_runs(job, err);
    if (!status) {
        struct spn_progress progress = spn_cmd_progress();
        status = spn_study_run(job->study, &progress, err);
    }
    if (!status && job->study->stopped)
        status = spn_err_set(err, SPN_EUSAGE, "interrupted: nothing is reported");
    if (!status)
        spn_ning2025_training(job->study, &job->runs, &job->report);
    return status;
}

/* ---- the benchmark ---- */

static enum spn_status load_network(const char *name, double sparsity, struct spn_network **net,
                                    struct spn_err *err)
{
    char path[SPN_MAX_PATH], value[32];
    const struct spn_network_override override = {"sparsity", value};
    snprintf(value, sizeof value, "%.6g", sparsity);
    enum spn_status status = spn_data_find(path, sizeof path, "networks", "network", name, err);
    return status ? status : spn_network_load(net, path, &override, sparsity >= 0 ? 1 : 0, err);
}

static enum spn_status load_benchmark(struct job *job, struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    struct spn_ratio_experiment *e = &job->experiment;
    enum spn_status status =
        spn_data_find(path, sizeof path, "experiments", "experiment", "ning2025-vgg8", err);
    if (!status)
        status = spn_ratio_experiment_load(e, path, err);
    if (!status)
        status = spn_chip_load(&job->chip, e->chip, NULL, 0, err);
    if (!status)
        status = spn_chip_load(&job->pairs, e->pairs_chip, NULL, 0, err);
    if (!status)
        status = load_network(e->network, -1, &job->layers, err);
    if (!status)
        status = load_network(e->network, e->sparsity, &job->uniform, err);
    if (!status)
        status = spn_ratio_model_create(&job->layers_model, job->layers, err);
    if (!status)
        status = spn_ratio_model_create(&job->uniform_model, job->uniform, err);
    return status;
}

static enum spn_status add_networks(struct job *job, struct spn_err *err)
{
    struct spn_table *table = NULL;
    enum spn_status status = SPN_OK;
    for (int i = 0; i < job->experiment.n_other_networks && !status; i++) {
        struct spn_network *net = NULL;
        status =
            load_network(job->experiment.other_network[i], job->experiment.sparsity, &net, err);
        if (!status)
            status = spn_ning2025_network(&job->report, &table, net, &job->chip, err);
        spn_network_destroy(net);
    }
    return status;
}

static enum spn_status add_crossover(struct job *job, struct spn_err *err)
{
    struct spn_ning2025_crossing c = {.n = N_SPARSITIES};
    enum spn_status status = SPN_OK;
    for (int i = 0; i < c.n && !status; i++) {
        struct spn_network *net = NULL;
        struct spn_ratio_model *model = NULL;
        double ratio[SPN_N_RATIOS];
        c.sparsity[i] = (double)i / N_SPARSITIES;
        status = load_network(job->experiment.network, c.sparsity[i], &net, err);
        if (!status)
            status = spn_ratio_model_create(&model, net, err);
        if (!status)
            status = spn_ratios(model, &job->chip, ratio, err);
        if (!status) {
            c.latency[i] = ratio[SPN_RATIO_EXTERNAL_LATENCY];
            c.energy[i] = ratio[SPN_RATIO_EXTERNAL_ENERGY];
            c.free_latency[i] = 1 / ratio[SPN_RATIO_LATENCY_OVER_DENSE];
            c.free_energy[i] = 1 / ratio[SPN_RATIO_ENERGY_OVER_DENSE];
        }
        spn_ratio_model_destroy(model);
        spn_network_destroy(net);
    }
    if (!status)
        spn_ning2025_crossover(&c, &job->report);
    return status;
}

static enum spn_status benchmark(struct job *job, struct spn_err *err)
{
    enum spn_status status = load_benchmark(job, err);
    if (status)
        return status;
    const struct spn_ning2025_benchmark b = {.experiment = &job->experiment,
                                             .chip = &job->chip,
                                             .pairs = &job->pairs,
                                             .layers = job->layers_model,
                                             .uniform = job->uniform_model};
    status = spn_ning2025_update(&b, &job->report, &job->figure[SPN_NING2025_TORNADO].dat, err);
    if (!status)
        status = add_networks(job, err);
    return status ? status : add_crossover(job, err);
}

/* ---- accuracy beside cost ---- */

/* A folder of data sets that lacks the trained weights is no error: then there is no such rung. */
static bool has_weights(const struct job *job, const char *below)
{
    char path[SPN_MAX_PATH];
    const int n = snprintf(path, sizeof path, "%s/%s", job->args.common.data, below);
    return n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0;
}

static enum spn_status climb(struct job *job, const char *experiment, const char *id,
                             struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    struct spn_ladder_experiment e;
    struct spn_ladder ladder;
    const struct spn_common *common = &job->args.common;
    const struct spn_ladder_run how = {.data_dir = common->data,
                                       .seed = (uint64_t)common->seed,
                                       .n_threads = (int)common->threads};
    const struct spn_progress progress = spn_cmd_progress();
    enum spn_status status =
        spn_data_find(path, sizeof path, "experiments", "experiment", experiment, err);
    if (!status)
        status = spn_ladder_experiment_load(&e, path, err);
    if (!status && *e.weights && !(common->data && has_weights(job, e.weights))) {
        spn_report_note(&job->report,
                        "Accuracy of %s against sparsity is left out: it needs "
                        "--data DIR with cifar10/ and %s.",
                        e.network, e.weights);
        return SPN_OK;
    }
    if (!status)
        status = spn_ladder_climb(&e, &how, &progress, &ladder, err);
    if (!status && ladder.stopped)
        status = spn_err_set(err, SPN_EUSAGE, "interrupted: nothing is reported");
    if (!status) {
        spn_ning2025_accuracy(&ladder, id, &job->report);
        spn_ning2025_front(&ladder, &job->figure[SPN_NING2025_FRONT].dat);
    }
    return status;
}

static enum spn_status accuracy(struct job *job, struct spn_err *err)
{
    const enum spn_status status = climb(job, "ning2025-accuracy", "accuracy_vgg8", err);
    return status ? status : climb(job, "ning2025-accuracy-cifar10", "accuracy_cifar10", err);
}

/* ---- output ---- */

static const char *folder(const struct job *job)
{
    return job->args.common.out ? job->args.common.out : "spindle-out";
}

static enum spn_status write_files(struct job *job, struct spn_err *err)
{
    spn_ning2025_figures(job->study, &job->runs, job->figure);
    return spn_cmd_write_files(&(struct spn_cmd_files){.dir = folder(job),
                                                       .name = "ning2025",
                                                       .report = &job->report,
                                                       .html = true,
                                                       .figures = job->figure,
                                                       .n_figures = SPN_NING2025_N_FIGURES},
                               err);
}

static void add_source(void *ctx, const struct spn_json_source *s)
{
    struct spn_table *table = ctx;
    if (!s->assumed)
        return;
    spn_table_row(table, s->path, "");
    spn_table_text(table, "%.6g", s->value);
    spn_table_text(table, "%.95s", s->source);
}

/* What the article does not say about its training. */
static enum spn_status add_assumptions(struct job *job, struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    struct spn_json *doc = NULL;
    enum spn_status status =
        spn_data_find(path, sizeof path, "experiments", "experiment", runs[0].experiment, err);
    if (!status)
        status = spn_json_load(&doc, path, err);
    if (status)
        return status;
    struct spn_table *table = spn_report_table(&job->report, "training_assumptions",
                                               "Assumed in training (no published value)", "field");
    spn_table_column(table, "value");
    spn_table_column(table, "source");
    spn_json_sources(doc, add_source, table);
    spn_json_destroy(doc);
    return SPN_OK;
}

static enum spn_status ning2025(struct job *job, int argc, char **argv, struct spn_err *err)
{
    snprintf(job->report.title, sizeof job->report.title,
             "Ning et al. 2025, an index-free sparse neural network: published beside ours");
    spn_cmd_provenance(&job->report, argc, argv, NULL, 0);
    enum spn_status status =
        spn_cmd_make_dir(folder(job), err); /* before the long work, as it may fail */
    if (!status)
        status = train(job, err);
    if (!status)
        status = benchmark(job, err);
    if (!status)
        status = accuracy(job, err);
    if (!status)
        status = add_assumptions(job, err);
    job->args.common.chip = job->experiment.chip;
    if (!status)
        status = spn_cmd_sources(&job->args.common, false, &job->report, err);
    if (!status)
        status = write_files(job, err);
    return status ? status : spn_cmd_print(&job->report, job->args.common.format, err);
}

static const struct {
    const char *name;
    enum spn_status (*run)(struct job *job, int argc, char **argv, struct spn_err *err);
} articles[] = {{"ning2025", ning2025}};

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct job job = {.args = {.common = spn_common_default(), .seeds = DEFAULT_SEEDS}};
    struct spn_operands operands;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &job.args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    status =
        spn_err_set(err, SPN_EUSAGE, "no article \"%s\" to reproduce: ning2025", operands.value[0]);
    for (size_t i = 0; i < sizeof articles / sizeof *articles; i++)
        if (strcmp(operands.value[0], articles[i].name) == 0)
            status = articles[i].run(&job, argc, argv, err);
    job_clear(&job);
    return status;
}

const struct spn_command spn_cmd_reproduce = {
    .name = "reproduce",
    .operands = "ARTICLE",
    .doc = "Repeat a published study from its experiment files: its numbers beside ours.",
    .details =
        "ARTICLE: ning2025 (index-free sparse network: training on simulated cells, the cost of "
        "its\nweight update, and accuracy beside cost at rising sparsity). Files go to --out "
        "(default\nspindle-out). With --data, EMNIST letters and CIFAR-10 too. Takes minutes.\n",
    .examples = "spindle reproduce ning2025 --seeds 3\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
