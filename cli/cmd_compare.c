/* cmd_compare.c -- dense, external-index and index-free side by side.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/files.h"
#include "estimator/estimate.h"
#include "reports/compare.h"
#include "reports/explain.h"
#include "simulator/simulator.h"

enum { DEFAULT_IMAGES = 200, CALIBRATION_IMAGES = 20 };

struct args {
    struct spn_common common;
    bool accuracy;
    int64_t recalibrate;
};

static const struct spn_opt options[] = {
    SPN_OPT_CHIP(struct args, common),
    SPN_OPT_DEVICE(struct args, common),
    SPN_OPT_SET(struct args, common),
    SPN_OPT_PROFILE(struct args, common),
    {"no-accuracy", SPN_OPT_NO, offsetof(struct args, accuracy), "",
     "cost only: milliseconds instead of seconds", 0, 0, NULL},
    {"recalibrate", SPN_OPT_INT, offsetof(struct args, recalibrate), "N",
     "estimate batch normalisation anew through the chip from N training images (default 0)", 0,
     SPN_SIMULATOR_MAX_RECALIBRATION, NULL},
    SPN_OPT_IMAGES(struct args, common, "300"),
    SPN_OPT_DATA(struct args, common),
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_OUT(struct args, common),
    SPN_OPT_SEED(struct args, common),
    SPN_OPT_THREADS(struct args, common),
    SPN_OPT_EXPLAIN(struct args, common),
    SPN_OPT_END,
};

/* Everything one comparison owns. */
struct job {
    struct args args;
    const char *path;
    struct spn_chip chip, pairs; /* and the same with differential pairs, if that is told apart */
    struct spn_network *net;
    struct spn_profile profile;
    struct spn_plan *plan;
    struct spn_workspace *work[SPN_N_SCHEMES][2], /* without and with training */
        *pairs_work[SPN_N_SCHEMES][2];
    struct spn_result result[SPN_N_SCHEMES][2], pairs_result[SPN_N_SCHEMES][2];
    struct spn_weights *sparse, *dense;
    struct spn_dataset test, calibration, normal;
    int n_norms;
    uint8_t
        *right[SPN_N_SCHEMES][2]; /* answers to the test images: in floating point, on the chip */
    struct spn_comparison comparison;
    struct spn_report report;
    struct spn_figure figure[SPN_COMPARISON_N_FIGURES];
    struct spn_plotter plotter;
};

static void job_clear(struct job *job)
{
    spn_plotter_stop(&job->plotter);
    for (int i = 0; i < SPN_COMPARISON_N_FIGURES; i++)
        spn_text_clear(&job->figure[i].dat);
    spn_report_clear(&job->report);
    spn_dataset_clear(&job->test);
    spn_dataset_clear(&job->calibration);
    spn_dataset_clear(&job->normal);
    spn_weights_destroy(job->sparse);
    spn_weights_destroy(job->dense);
    for (int s = 0; s < SPN_N_SCHEMES; s++)
        for (int t = 0; t < 2; t++) {
            spn_workspace_destroy(job->work[s][t]);
            spn_workspace_destroy(job->pairs_work[s][t]);
            free(job->right[s][t]);
        }
    spn_plan_destroy(job->plan);
    spn_profile_clear(&job->profile);
    spn_network_destroy(job->net);
}

/* One scheme, without or with training. What the chip cannot hold or do is left out, with a note;
 * dense inference it must. */
static enum spn_status estimate_one(struct job *job, int scheme, int training, struct spn_err *err)
{
    struct spn_comparison *c = &job->comparison;
    const struct spn_estimate_options how = {.scheme = scheme, .training = training};
    enum spn_status status = spn_workspace_create(&job->work[scheme][training], job->plan, err);
    if (!status)
        status = spn_estimate(job->plan, &job->chip, &how, job->work[scheme][training],
                              &job->result[scheme][training], err);
    if (status != SPN_EINFEASIBLE || (scheme == SPN_SCHEME_DENSE && !training))
        return status;
    if (training) {
        c->has_training = false;
        spn_report_note(&job->report, "Training is left out: %s.", err->msg);
    } else {
        c->n_schemes = scheme;
        spn_report_note(&job->report, "%s is left out: %s.", spn_scheme_names[scheme], err->msg);
    }
    return SPN_OK;
}

/* Index-free cells are simulated as pairs where the chip's are offset cells [M:S24]: what those
 * cost. Where pairs cannot be built or trained, that part is left out. */
static enum spn_status estimate_pairs(struct job *job, struct spn_err *err)
{
    struct spn_comparison *c = &job->comparison;
    enum spn_status status = SPN_OK;
    if (c->n_schemes < SPN_N_SCHEMES || job->chip.weight.encoding != SPN_ENCODING_OFFSET)
        return SPN_OK;
    job->pairs = job->chip;
    job->pairs.weight.encoding = SPN_ENCODING_DIFFERENTIAL;
    if (spn_chip_check(&job->pairs, err) != SPN_OK) {
        spn_report_note(&job->report, "Differential pairs are left out: %s.", err->msg);
        return SPN_OK;
    }
    c->cells_per_pair_weight = spn_chip_cells_per_weight(&job->pairs);
    for (int t = 0; t < 1 + c->has_training && !status; t++) {
        for (int s = 0; s < SPN_N_SCHEMES && !status; s++) {
            const struct spn_estimate_options how = {.scheme = s, .training = t};
            status = spn_workspace_create(&job->pairs_work[s][t], job->plan, err);
            if (!status)
                status = spn_estimate(job->plan, &job->pairs, &how, job->pairs_work[s][t],
                                      &job->pairs_result[s][t], err);
        }
        for (int s = 0; s < SPN_N_SCHEMES && !status; s++)
            *(t ? &c->training_pairs[s] : &c->inference_pairs[s]) = &job->pairs_result[s][t];
    }
    if (status == SPN_EINFEASIBLE) {
        spn_report_note(&job->report, "Differential pairs are left out: %s.", err->msg);
        return SPN_OK;
    }
    return status;
}

static enum spn_status check_layers(const struct spn_network *net, struct spn_err *err)
{
    for (int i = 0; i < net->n_layers; i++)
        if (spn_layer_is_matrix(&net->layer[i]))
            return SPN_OK;
    return spn_err_set(err, SPN_EINPUT, "network %s has no weights in arrays: nothing to compare",
                       net->name);
}

static enum spn_status estimate(struct job *job, struct spn_err *err)
{
    struct spn_comparison *c = &job->comparison;
    enum spn_status status = spn_cmd_load_chip(&job->args.common, &job->chip, err);
    if (!status)
        status = spn_cmd_load_network(&job->args.common, job->path, &job->net, err);
    if (!status)
        status = check_layers(job->net, err);
    if (!status)
        status = spn_cmd_load_profile(&job->args.common, job->net, &job->profile, err);
    if (!status)
        status = spn_plan_create(&job->plan, job->net, &job->profile, err);
    *c = (struct spn_comparison){.net = job->net,
                                 .chip = &job->chip,
                                 .profile = &job->profile,
                                 .n_schemes = SPN_N_SCHEMES,
                                 .has_training = true};
    for (int t = 0; t < 2; t++)
        for (int s = 0; s < c->n_schemes && c->has_training && !status; s++)
            status = estimate_one(job, s, t, err);
    for (int s = 0; s < c->n_schemes; s++) {
        c->inference[s] = &job->result[s][0];
        c->training[s] = &job->result[s][1];
    }
    if (!status)
        status = estimate_pairs(job, err);
    return status;
}

/* Accuracy of one scheme at device fidelity and in floating point. */
static enum spn_status simulate(struct job *job, int scheme, struct spn_err *err)
{
    const struct spn_weights *weights =
        scheme == SPN_SCHEME_DENSE && job->dense ? job->dense : job->sparse;
    struct spn_progress progress = spn_cmd_progress();
    struct spn_accuracy *accuracy[] = {&job->comparison.ideal[scheme],
                                       &job->comparison.accuracy[scheme]};
    static const int fidelity[] = {SPN_FIDELITY_IDEAL, SPN_FIDELITY_DEVICE};
    uint8_t **right = job->right[scheme];
    enum spn_status status = SPN_OK;
    for (int f = 0; f < 2 && !status; f++) {
        right[f] = calloc((size_t)job->test.n_images, 1);
        if (!right[f])
            return spn_err_memory(err, "answers");
        if (f == 0 && scheme == SPN_SCHEME_INDEX_FREE) { /* the same weights as external-index */
            *accuracy[0] = job->comparison.ideal[SPN_SCHEME_EXTERNAL_INDEX];
            memcpy(right[0], job->right[SPN_SCHEME_EXTERNAL_INDEX][0], (size_t)job->test.n_images);
            continue;
        }
        struct spn_simulator *sim = NULL;
        struct spn_simulator_options how = spn_simulator_options_default();
        how.fidelity = fidelity[f];
        how.scheme = scheme;
        how.seed = (uint64_t)job->args.common.seed;
        how.n_threads = (int)job->args.common.threads;
        status = spn_simulator_create(&sim, job->net, weights, &job->chip, &how, err);
        if (!status && f == 1)
            status = spn_simulator_calibrate(sim, &job->calibration, err);
        if (!status && f == 1 && job->args.recalibrate > 0)
            status = spn_simulator_recalibrate(sim, &job->normal, &job->n_norms, err);
        if (!status)
            status =
                spn_simulator_evaluate_each(sim, &job->test, &progress, right[f], accuracy[f], err);
        for (int i = 0; !status && f == 1 && spn_simulator_note(sim, i); i++)
            spn_report_note(&job->report, "Accuracy, %s: %s", spn_scheme_names[scheme],
                            spn_simulator_note(sim, i));
        spn_simulator_destroy(sim);
        if (!status && spn_cmd_interrupted()) /* accuracies on fewer images would not compare */
            status = spn_err_set(err, SPN_EUSAGE,
                                 "interrupted: nothing is reported (costs alone: --no-accuracy)");
    }
    if (!status)
        job->comparison.lost[scheme] = spn_pair_answers(right[0], right[1], job->test.n_images);
    return status;
}

static enum spn_status add_accuracy(struct job *job, struct spn_err *err)
{
    const struct spn_common *common = &job->args.common;
    int n = common->images ? (int)common->images : DEFAULT_IMAGES;
    if (!*job->net->weights) {
        spn_report_note(
            &job->report,
            "No accuracy: network %s names no weights (spindle simulate takes --weights).",
            job->net->name);
        return SPN_OK;
    }
    enum spn_status status = spn_weights_load(&job->sparse, job->net->weights, err);
    if (!status && *job->net->dense_weights)
        status = spn_weights_load(&job->dense, job->net->dense_weights, err);
    if (!status)
        status = spn_cmd_open_data(common, job->net, "test", n, &job->test, err);
    if (!status)
        status = spn_cmd_open_data(common, job->net, "train", CALIBRATION_IMAGES, &job->calibration,
                                   err);
    if (!status && job->args.recalibrate > 0)
        status = spn_cmd_open_data(common, job->net, "train", (int)job->args.recalibrate,
                                   &job->normal, err);
    for (int s = 0; s < job->comparison.n_schemes && !status; s++)
        status = simulate(job, s, err);
    if (!status && job->args.recalibrate > 0)
        spn_report_note(&job->report,
                        "Accuracy: %d batch normalisations estimated anew through each chip from "
                        "%d images.",
                        job->n_norms, job->normal.n_images);
    job->comparison.has_accuracy = true;
    return status;
}

static enum spn_status write_files(struct job *job, struct spn_err *err)
{
    const size_t n = spn_comparison_figures(&job->comparison, job->figure);
    return spn_cmd_write_files(&(struct spn_cmd_files){.dir = job->args.common.out,
                                                       .name = "compare",
                                                       .report = &job->report,
                                                       .html = true,
                                                       .plotter = &job->plotter,
                                                       .figures = job->figure,
                                                       .n_figures = n},
                               err);
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct job job = {.args = {.common = spn_common_default(), .accuracy = true}};
    job.args.common.out = "spindle-out";
    struct spn_operands operands;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &job.args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    job.path = operands.value[0];
    if (!job.args.accuracy)
        spn_plotter_start(&job.plotter); /* which takes as long as all that comes before figures */
    status = estimate(&job, err);
    if (!status) /* before the long work, as it may fail */
        status = spn_cmd_make_dir(job.args.common.out, err);
    if (!status && job.args.accuracy)
        status = add_accuracy(&job, err);
    if (!status) {
        const char *files[] = {job.path};
        spn_cmd_provenance(&job.report, argc, argv, files, 1);
        spn_comparison_report(&job.comparison, &job.report);
        spn_explain_caveats(&job.report, &job.result[SPN_SCHEME_DENSE][0], &job.chip);
        status = spn_cmd_sources(&job.args.common, job.args.common.explain, &job.report, err);
    }
    for (int s = 0; s < job.comparison.n_schemes && !status && job.args.common.explain; s++)
        spn_explain_leaves(&job.report, &job.result[s][job.comparison.has_training],
                           spn_scheme_names[s]);
    if (!status)
        status = write_files(&job, err);
    if (!status)
        status = spn_cmd_print(&job.report, job.args.common.format, err);
    job_clear(&job);
    return status;
}

const struct spn_command spn_cmd_compare = {
    .name = "compare",
    .operands = "NETWORK",
    .doc =
        "Compare dense, external-index and index-free storage of NETWORK: cost, accuracy, figures.",
    .details = "NETWORK is a file (networks/vgg8.json) or a shipped name (vgg8). Files go to --out "
               "(default spindle-out).\n",
    .examples = "spindle compare vgg8 --no-accuracy\n"
                "spindle compare vgg8 --device my-fefet --set chip.adc.bits=6 --no-accuracy\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
