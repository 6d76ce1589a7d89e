/* cmd_sensitivity.c -- which input of a design matters, and what uncertain inputs leave open.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/designs.h"
#include "explorer/accuracy.h"
#include "explorer/sensitivity.h"
#include "reports/sensitivity.h"

enum { METHOD_TORNADO, METHOD_SOBOL, METHOD_UNCERTAINTY };
static const char *const method_names[] = {"tornado", "sobol", "uncertainty", NULL};
enum { DEFAULT_SAMPLES = 2048, MAX_RESULTS = 8 };

struct args {
    struct spn_common common;
    struct spn_opt_list of;
    int method;
    int64_t point, samples;
};

static const struct spn_opt options[] = {
    {"method", SPN_OPT_ENUM, offsetof(struct args, method), "METHOD",
     "tornado: one input at a time (default); sobol: shares of the variance; uncertainty: "
     "intervals",
     0, 0, method_names},
    {"of", SPN_OPT_LIST, offsetof(struct args, of), "RESULT",
     "result to look at; repeatable (default: the objectives)", 0, 0, NULL},
    {"point", SPN_OPT_INT, offsetof(struct args, point), "N",
     "base design (default: the middle of every axis)", 0, SPN_SPACE_MAX_POINTS, NULL},
    {"samples", SPN_OPT_INT, offsetof(struct args, samples), "N",
     "of sobol and uncertainty (default 2048)", 16, 1 << 24, NULL},
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_OUT(struct args, common),
    SPN_OPT_SEED(struct args, common),
    SPN_OPT_THREADS(struct args, common),
    SPN_OPT_END,
};

struct job {
    struct args args;
    struct spn_space *space;
    struct spn_sensitivity_inputs inputs;
    int results[MAX_RESULTS], n_results;
    int64_t point;
    struct spn_report report;
    struct spn_figure figure;
};

static const char *next_column(const void *ctx, size_t i)
{
    const struct spn_space *space = ctx;
    return i < (size_t)spn_space_n_columns(space) ? spn_space_column(space, (int)i) : NULL;
}

static enum spn_status choose_results(struct job *job, struct spn_err *err)
{
    const struct spn_opt_list *of = &job->args.of;
    if (of->n > MAX_RESULTS)
        return spn_err_set(err, SPN_EUSAGE, "sensitivity: more than %d results", MAX_RESULTS);
    for (size_t i = 0; i < of->n; i++) {
        int column = spn_space_find_column(job->space, of->value[i]);
        const char *near = spn_text_nearest(of->value[i], next_column, job->space);
        if (column < 0)
            return spn_err_set(err, SPN_EUSAGE, "--of=%.60s: %s keeps no such result%s%s%s",
                               of->value[i], spn_space_name(job->space),
                               near ? ": did you mean \"" : " (\"columns\")", near ? near : "",
                               near ? "\"?" : "");
        if (spn_space_column_simulated(job->space, column))
            return spn_err_set(err, SPN_EUSAGE,
                               "--of=%.60s: needs the simulated accuracy, which is too slow to be "
                               "sampled; spindle sweep tells it",
                               of->value[i]);
        job->results[job->n_results++] = column;
    }
    for (int i = 0; of->n == 0 && i < spn_space_n_objectives(job->space); i++) {
        int column = spn_space_objective(job->space, i)->column;
        if (!spn_space_column_simulated(job->space, column))
            job->results[job->n_results++] = column;
    }
    return job->n_results
               ? SPN_OK
               : spn_err_set(err, SPN_EUSAGE, "%s has no objectives of cost: give --of RESULT",
                             spn_space_name(job->space));
}

static enum spn_status tornado(struct job *job, struct spn_err *err)
{
    double base[MAX_RESULTS];
    struct spn_swing *swing = calloc((size_t)(job->n_results * job->inputs.n), sizeof *swing);
    enum spn_status status = swing ? SPN_OK : spn_err_memory(err, "a sensitivity analysis");
    if (!status)
        status = spn_sensitivity_swings(job->space, job->point, &job->inputs, job->results,
                                        job->n_results, base, swing, err);
    for (int r = 0; r < job->n_results && !status; r++)
        spn_swing_table(job->space, &job->inputs, job->results[r], base[r],
                        swing + r * job->inputs.n, &job->report);
    if (!status && job->args.common.out) {
        spn_swing_figure(job->space, &job->inputs, job->results[0], base[0], swing, &job->figure);
        status = spn_cmd_draw(job->args.common.out, &job->figure, 1, err);
    }
    free(swing);
    return status;
}

static enum spn_status sample(struct job *job, struct spn_err *err)
{
    struct spn_progress progress = spn_cmd_progress();
    struct spn_sampling sampling = {(int)job->args.samples, (int)job->args.common.threads,
                                    (uint64_t)job->args.common.seed, &progress};
    struct spn_sensitivity_model model = {.evaluator = NULL};
    struct spn_sobol_summary summary = {0, 0};
    struct spn_spread spread[MAX_RESULTS];
    struct spn_sobol_index *index = calloc((size_t)(job->n_results * job->inputs.n), sizeof *index);
    enum spn_status status = index ? SPN_OK : spn_err_memory(err, "a sensitivity analysis");
    if (!status)
        status =
            spn_sensitivity_model_init(&model, job->space, job->point, &job->inputs, job->results,
                                       job->n_results, (int)job->args.common.threads, err);
    if (!status && job->args.method == METHOD_SOBOL)
        status = spn_sobol_indices(&model.model, &sampling, index, &summary, err);
    else if (!status)
        status = spn_spread(&model.model, &sampling, spread, &summary, err);
    if (!status && job->args.method == METHOD_SOBOL)
        for (int r = 0; r < job->n_results; r++)
            spn_sobol_table(job->space, &job->inputs, job->results[r], index + r * job->inputs.n,
                            &job->report);
    else if (!status)
        spn_spread_table(job->space, job->results, job->n_results, spread,
                         spn_report_table(&job->report, "uncertainty",
                                          "Results with uncertain inputs", "result"));
    if (!status)
        spn_report_note(
            &job->report,
            "%lld evaluations; %.1f %% of the samples can be built, the others are left out.",
            (long long)summary.n_evaluated, 100 * summary.good_frac);
    spn_sensitivity_model_clear(&model);
    free(index);
    return status;
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct job job = {
        .args = {.common = spn_common_default(), .point = -1, .samples = DEFAULT_SAMPLES}};
    struct spn_operands operands;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &job.args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    status = spn_space_load(&job.space, operands.value[0], err);
    if (!status && job.args.common.out) /* before the long work, as it may fail */
        status = spn_cmd_make_dir(job.args.common.out, err);
    if (!status)
        status = choose_results(&job, err);
    if (!status)
        status = spn_sensitivity_inputs(job.space, job.args.method != METHOD_UNCERTAINTY, true,
                                        &job.inputs, err);
    if (!status) {
        job.point = job.args.point >= 0 ? job.args.point : spn_sensitivity_middle(job.space);
        snprintf(job.report.title, sizeof job.report.title, "Sensitivity of %s about point %lld",
                 spn_space_name(job.space), (long long)job.point);
        spn_cmd_provenance(&job.report, argc, argv, NULL, 0);
        status = job.args.method == METHOD_TORNADO ? tornado(&job, err) : sample(&job, err);
    }
    if (!status)
        status = spn_cmd_print(&job.report, job.args.common.format, err);
    spn_text_clear(&job.figure.dat);
    spn_report_clear(&job.report);
    spn_space_destroy(job.space);
    return status;
}

const struct spn_command spn_cmd_sensitivity = {
    .name = "sensitivity",
    .operands = "SPACE",
    .doc = "Show which inputs of a space matter, and how uncertain inputs make results scatter.",
    .details = "SPACE is a file or a shipped name. Inputs are its axes and its \"uncertain\" "
               "inputs; uncertainty takes the\n"
               "latter alone. With --out the tornado of the first result is also drawn.\n",
    .examples = "spindle sensitivity vgg8-uncertain --of energy_J --out sensitivity\n"
                "spindle sensitivity vgg8-uncertain --method uncertainty --samples 256\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
