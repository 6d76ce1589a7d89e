/* cmd_optimize.c -- search a space for its front.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/designs.h"
#include "explorer/lazy.h"
#include "explorer/optimize.h"
#include "reports/designs.h"

enum { DEFAULT_COUNT = 20, DEFAULT_BAYES = 100 };
enum { METHOD_NSGA2, METHOD_BAYES };
static const char *const method_names[] = {"nsga2", "bayes", NULL};

struct args {
    struct spn_common common;
    struct spn_designs_args designs; /* count only */
    int method;
    int64_t evaluations, population;
    const char *db, *against;
};

static const struct spn_opt options[] = {
    {"method", SPN_OPT_ENUM, offsetof(struct args, method), "METHOD",
     "nsga2: genetic, for cheap objectives (default); bayes: Gaussian processes, for expensive "
     "ones",
     0, 0, method_names},
    {"evaluations", SPN_OPT_INT, offsetof(struct args, evaluations), "N",
     "at most (default: nsga2 10000, bayes 100; bayes at most 2000)", 1, INT64_MAX, NULL},
    {"population", SPN_OPT_INT, offsetof(struct args, population), "N",
     "nsga2: designs in a generation, even (default 100)", 4, 2000, NULL},
    {"db", SPN_OPT_STRING, offsetof(struct args, db), "FILE",
     "store evaluated designs in this SQLite file; accuracies in it are not simulated again", 0, 0,
     NULL},
    {"against", SPN_OPT_STRING, offsetof(struct args, against), "FILE",
     "compare with the front of this swept file by hypervolume", 0, 0, NULL},
    SPN_OPT_COUNT(struct args, designs, "rows of the front at most (default 20; 0: all)"),
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_OUT(struct args, common),
    SPN_OPT_SEED(struct args, common),
    SPN_OPT_THREADS(struct args, common),
    SPN_OPT_END,
};

struct job {
    struct args args;
    struct spn_space *space;
    struct spn_front *front;
    struct spn_store *store; /* of --db */
    struct spn_point *kept;  /* [SPN_STORE_BATCH], not stored yet */
    int n_kept;
    struct spn_lab *lab;
    struct spn_optimize_counts counts;
    struct spn_report report;
    struct spn_figure figure;
};

static void job_clear(struct job *job)
{
    spn_text_clear(&job->figure.dat);
    spn_report_clear(&job->report);
    spn_lab_destroy(job->lab);
    spn_store_close(job->store);
    spn_front_destroy(job->front);
    spn_space_destroy(job->space);
    free(job->kept);
}

static enum spn_status flush(struct job *job, struct spn_err *err)
{
    int n = job->n_kept;
    job->n_kept = 0;
    return n ? spn_store_replace(job->store, job->kept, n, err) : SPN_OK;
}

static enum spn_status keep(void *ctx, const struct spn_point *point, struct spn_err *err)
{
    struct job *job = ctx;
    job->kept[job->n_kept++] = *point;
    return job->n_kept == SPN_STORE_BATCH ? flush(job, err) : SPN_OK;
}

static enum spn_status open_all(struct job *job, const char *path, struct spn_err *err)
{
    bool one_by_one = job->args.method == METHOD_BAYES; /* then a simulation has all threads */
    enum spn_status status = spn_space_load(&job->space, path, err);
    if (!status && !spn_space_n_objectives(job->space))
        status = spn_err_set(err, SPN_EUSAGE, "%s has no objectives: nothing to optimise",
                             spn_space_name(job->space));
    if (!status)
        status = spn_front_create(&job->front, spn_space_n_objectives(job->space), err);
    if (!status && job->args.db) {
        job->kept = calloc(SPN_STORE_BATCH, sizeof *job->kept);
        status = job->kept ? spn_store_open(&job->store, job->args.db, job->space,
                                            (struct spn_shard){0, 1}, err)
                           : spn_err_memory(err, "designs");
    }
    if (!status && spn_space_simulated(job->space)) {
        struct spn_lab_options how = {one_by_one ? (int)job->args.common.threads : 1,
                                      job->store ? spn_lazy_save : NULL, job->store};
        status = spn_lab_create(&job->lab, job->space, &how, err);
        if (!status && job->store)
            status = spn_store_tell_lab(job->store, job->lab, err);
    }
    return status;
}

static enum spn_status optimize(struct job *job, struct spn_err *err)
{
    struct spn_progress progress = spn_cmd_progress();
    struct spn_optimize_options how = spn_optimize_options_default();
    bool bayes = job->args.method == METHOD_BAYES;
    how.n_evaluations = job->args.evaluations ? job->args.evaluations
                        : bayes               ? DEFAULT_BAYES
                                              : how.n_evaluations;
    how.population = (int)job->args.population;
    how.seed = (uint64_t)job->args.common.seed;
    how.n_threads = (int)job->args.common.threads;
    how.progress = &progress;
    how.lab = job->lab;
    how.done = job->store ? keep : NULL;
    how.ctx = job;
    enum spn_status status =
        bayes ? spn_optimize_bayes(job->space, &how, job->front, &job->counts, err)
              : spn_optimize_nsga2(job->space, &how, job->front, &job->counts, err);
    return status || !job->store ? status : flush(job, err);
}

static void add_counts(struct job *job)
{
    const struct spn_optimize_counts *c = &job->counts;
    struct spn_table *table = spn_report_table(&job->report, "counts", "Designs", "");
    spn_table_column(table, "designs");
    spn_table_row(table, "in the space", "count");
    spn_table_number(table, (double)spn_space_size(job->space));
    spn_table_row(table, "evaluated", "count");
    spn_table_number(table, (double)c->n_evaluated);
    spn_table_row(table, "  good", "count");
    spn_table_number(table, (double)c->n_good);
    if (spn_space_simulated(job->space)) {
        spn_table_row(table, "accuracies simulated", "count");
        spn_table_number(table, (double)c->n_simulated);
    }
    spn_table_row(table, job->args.method == METHOD_BAYES ? "steps" : "generations", "count");
    spn_table_number(table, c->n_rounds);
    if (c->stopped)
        spn_report_note(&job->report, "Stopped early: the front is of what was evaluated.%s",
                        job->args.db ? " The file keeps it." : "");
}

/* ---- against an exhaustive sweep ---- */

static enum spn_status load_front(struct job *job, struct spn_front *all,
                                  struct spn_store_counts *counts, struct spn_err *err)
{
    struct spn_store *store = NULL;
    struct spn_goals goals = {.n = 0};
    struct spn_front_item *items = NULL;
    size_t n = 0;
    enum spn_status status = spn_store_read(&store, job->args.against, err);
    if (!status)
        status = spn_store_holds(store, job->space, err);
    if (!status)
        status = spn_store_counts(store, counts, err);
    if (!status)
        status = spn_goals_set(&goals, store, NULL, 0, NULL, 0, err);
    if (!status)
        status = spn_designs_front(store, &goals, &items, &n, err);
    for (size_t i = 0; i < n && !status; i++)
        status = spn_front_add(all, &items[i], NULL, err);
    free(items);
    spn_store_close(store);
    return status;
}

static enum spn_status compare(struct job *job, struct spn_err *err)
{
    struct spn_front *all = NULL;
    struct spn_store_counts counts = {0};
    double share = 0;
    if (!job->args.against)
        return SPN_OK;
    enum spn_status status = spn_front_create(&all, spn_space_n_objectives(job->space), err);
    if (!status)
        status = load_front(job, all, &counts, err);
    if (!status)
        status = spn_hypervolume_share(&share, all, job->front, err);
    if (!status) {
        struct spn_table *table =
            spn_report_table(&job->report, "against", "Against the stored designs", "");
        spn_table_column(table, "value");
        spn_table_row(table, "hypervolume, of the stored front's", "%");
        spn_table_number(table, share);
        spn_table_row(table, "evaluated, of the space", "%");
        spn_table_number(table,
                         (double)job->counts.n_evaluated / (double)spn_space_size(job->space));
        spn_table_row(table, "designs on the stored front", "count");
        spn_table_number(table, (double)spn_front_size(all));
        spn_table_row(table, "designs on the front found", "count");
        spn_table_number(table, (double)spn_front_size(job->front));
        if (counts.n_stored < counts.n_points)
            spn_report_note(
                &job->report, "%s holds %lld of %lld designs: its front is not the exhaustive one.",
                job->args.against, (long long)counts.n_stored, (long long)counts.n_points);
    }
    spn_front_destroy(all);
    return status;
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct job job = {.args = {.common = spn_common_default(),
                               .designs = {.count = DEFAULT_COUNT},
                               .population = spn_optimize_options_default().population}};
    struct spn_operands operands;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &job.args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    status = open_all(&job, operands.value[0], err);
    if (!status && job.args.common.out) /* before the long work, as it may fail */
        status = spn_cmd_make_dir(job.args.common.out, err);
    if (!status)
        status = optimize(&job, err);
    if (!status) {
        struct spn_found found = {job.space, job.front, job.lab};
        snprintf(job.report.title, sizeof job.report.title, "%s on design space %s",
                 job.args.method == METHOD_BAYES ? "Bayesian optimisation" : "NSGA-II",
                 spn_space_name(job.space));
        spn_cmd_provenance(&job.report, argc, argv, NULL, 0);
        add_counts(&job);
        status = compare(&job, err);
        if (!status)
            status = spn_cmd_show_front(&found, (size_t)job.args.designs.count, &job.report,
                                        job.args.common.out ? &job.figure : NULL, err);
    }
    if (!status && job.args.common.out)
        status = spn_cmd_draw(job.args.common.out, &job.figure, 1, err);
    if (!status)
        status = spn_cmd_print(&job.report, job.args.common.format, err);
    job_clear(&job);
    return status;
}

const struct spn_command spn_cmd_optimize = {
    .name = "optimize",
    .operands = "SPACE",
    .doc = "Search a space for the designs that no other beats, without evaluating all of it.",
    .details = "SPACE is a file or a shipped name. Small spaces are better swept: spindle sweep is "
               "exhaustive and fast.\n"
               "Where a space asks for accuracy, bayes counts simulations and computes costs for "
               "nothing.\n",
    .examples = "spindle optimize vgg8-space --evaluations 200\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
