/* cmd_estimate.c -- what a network costs on a chip with one scheme.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "cli/cmd.h"
#include "cli/files.h"
#include "estimator/estimate.h"
#include "reports/estimate.h"
#include "reports/explain.h"

struct args {
    struct spn_common common;
    int scheme; /* one past the last: the chip's own */
    bool training;
};

static const struct spn_opt options[] = {
    SPN_OPT_CHIP(struct args, common),
    SPN_OPT_DEVICE(struct args, common),
    SPN_OPT_SET(struct args, common),
    SPN_OPT_PROFILE(struct args, common),
    SPN_OPT_SCHEME(struct args, scheme),
    {"training", SPN_OPT_FLAG, offsetof(struct args, training), "", "also the phases of training",
     0, 0, NULL},
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_OUT(struct args, common),
    SPN_OPT_EXPLAIN(struct args, common),
    SPN_OPT_END,
};

struct job {
    struct args args;
    const char *path;
    struct spn_chip chip;
    struct spn_network *net;
    struct spn_profile profile;
    struct spn_plan *plan;
    struct spn_workspace *work;
    struct spn_result result;
    struct spn_report report;
};

static void job_clear(struct job *job)
{
    spn_report_clear(&job->report);
    spn_workspace_destroy(job->work);
    spn_plan_destroy(job->plan);
    spn_profile_clear(&job->profile);
    spn_network_destroy(job->net);
}

static enum spn_status estimate(struct job *job, struct spn_err *err)
{
    enum spn_status status = spn_cmd_load_chip(&job->args.common, &job->chip, err);
    if (!status)
        status = spn_cmd_load_network(&job->args.common, job->path, &job->net, err);
    if (!status)
        status = spn_cmd_load_profile(&job->args.common, job->net, &job->profile, err);
    if (!status)
        status = spn_plan_create(&job->plan, job->net, &job->profile, err);
    if (!status)
        status = spn_workspace_create(&job->work, job->plan, err);
    if (status)
        return status;
    if (job->args.scheme == SPN_N_SCHEMES)
        job->args.scheme = job->chip.sparsity.scheme;
    struct spn_estimate_options how = {.scheme = job->args.scheme, .training = job->args.training};
    return spn_estimate(job->plan, &job->chip, &how, job->work, &job->result, err);
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
    status = estimate(&job, err);
    if (!status) {
        const char *files[] = {job.path};
        spn_cmd_provenance(&job.report, argc, argv, files, 1);
        spn_estimate_report(&job.result, &job.chip, job.args.scheme, &job.report);
        spn_report_note(&job.report, "Value statistics: %s.", job.profile.source);
        spn_explain_caveats(&job.report, &job.result, &job.chip);
        status = spn_cmd_sources(&job.args.common, job.args.common.explain, &job.report, err);
    }
    if (!status && job.args.common.explain)
        spn_explain_leaves(&job.report, &job.result, "estimate");
    if (!status && job.args.common.out)
        status = spn_cmd_write_files(&(struct spn_cmd_files){.dir = job.args.common.out,
                                                             .name = "estimate",
                                                             .report = &job.report},
                                     err);
    if (!status)
        status = spn_cmd_print(&job.report, job.args.common.format, err);
    job_clear(&job);
    return status;
}

const struct spn_command spn_cmd_estimate = {
    .name = "estimate",
    .operands = "NETWORK",
    .doc = "Latency, energy and area of NETWORK on one chip, by layer and category.",
    .examples =
        "spindle estimate resnet18 --chip rram-22nm --scheme dense\n"
        "spindle estimate vgg8 --set chip.array.rows=128 --set chip.array.columns=128 --explain\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
