/* cmd_sweep.c -- evaluate all designs of a space.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/designs.h"
#include "cli/ranks.h"
#include "explorer/lazy.h"
#include "explorer/sweep.h"

enum { DEFAULT_COUNT = 20 };

struct args {
    struct spn_common common;
    struct spn_designs_args designs; /* count only */
    const char *db, *shard;
};

static const struct spn_opt options[] = {
    {"db", SPN_OPT_STRING, offsetof(struct args, db), "FILE",
     "store every design in this SQLite file; run again to continue", 0, 0, NULL},
    {"shard", SPN_OPT_STRING, offsetof(struct args, shard), "I/N",
     "only part I (0 to N-1) of N, each with a file of its own: see spindle merge", 0, 0, NULL},
    SPN_OPT_COUNT(struct args, designs, "rows of the front at most (default 20; 0: all)"),
    SPN_OPT_FORMAT(struct args, common),
    SPN_OPT_OUT(struct args, common),
    SPN_OPT_THREADS(struct args, common),
    SPN_OPT_END,
};

/* "2/8" */
static enum spn_status read_shard(const char *text, struct spn_shard *shard, struct spn_err *err)
{
    char word[32];
    int64_t index, n;
    *shard = (struct spn_shard){0, 1};
    if (!text)
        return SPN_OK;
    char *slash = spn_text_copy(word, sizeof word, text) ? strchr(word, '/') : NULL;
    if (slash)
        *slash = '\0';
    if (!slash || !spn_text_to_int64(word, &index) || !spn_text_to_int64(slash + 1, &n) || n < 1 ||
        n > 1000000 || index < 0 || index >= n)
        return spn_err_set(err, SPN_EUSAGE, "sweep: --shard=%.40s is not I/N with I from 0 to N-1",
                           text);
    *shard = (struct spn_shard){(int)index, (int)n};
    return SPN_OK;
}

/* ---- progress: with rate and time left ---- */

struct meter {
    struct spn_progress inner; /* knows of Ctrl-C */
    double start_s, drawn_s;
    size_t first;
    bool started;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool draw(void *ctx, const char *what, size_t done, size_t total)
{
    static const double interval_s = 0.2;
    struct meter *meter = ctx;
    double now = now_s();
    if (!meter->started) { /* the first batch is done: count from here */
        meter->started = true;
        meter->first = done;
    }
    if (isatty(STDERR_FILENO) && now - meter->drawn_s > interval_s) {
        double rate = (double)(done - meter->first) / (now - meter->start_s);
        meter->drawn_s = now;
        fprintf(stderr, "\r%s: %zu of %zu (%.1f %%), %.0f/s, %.0f s left\x1b[K", what, done, total,
                total ? 100.0 * (double)done / (double)total : 100.0, rate,
                rate > 0 ? (double)(total - done) / rate : 0);
    }
    return !spn_cmd_interrupted();
}

/* ---- the job ---- */

struct job {
    struct args args;
    struct spn_ranks ranks;
    char file[SPN_MAX_PATH]; /* what this rank stores in: --db, or with ranks <db>.rank<i> */
    struct spn_shard shard;
    struct spn_space *space;
    struct spn_store *store;
    struct spn_front *front;
    struct spn_sweep_counts counts;
    struct spn_lazy_counts lazy;
    struct spn_report report;
    struct spn_figure figure;
    bool whole; /* the store of a job with ranks is complete already */
};

static void job_clear(struct job *job)
{
    spn_text_clear(&job->figure.dat);
    spn_report_clear(&job->report);
    spn_front_destroy(job->front);
    spn_store_close(job->store);
    spn_space_destroy(job->space);
}

/* With several ranks each takes a shard (of the shard asked for) and stores it in a file of its
 * own, as only processes of one machine can share a file. A store that is complete already needs
 * none of that. */
static enum spn_status divide(struct job *job, struct spn_err *err)
{
    struct spn_ranks *ranks = &job->ranks;
    int64_t complete = 0;
    enum spn_status status = read_shard(job->args.shard, &job->shard, err);
    if (status || ranks->n == 1) {
        const char *none = spn_space_simulated(job->space) ? ":memory:" : "";
        const char *file = job->args.db ? job->args.db : none;
        if (!status && !spn_text_copy(job->file, sizeof job->file, file))
            status = spn_err_set(err, SPN_EUSAGE, "--db=%s: file name too long", file);
        return status;
    }
    if (!job->args.db || job->shard.n > 1)
        return spn_err_set(
            err, SPN_EUSAGE,
            "sweep: several ranks need --db, and share the work themselves (no --shard)");
    if (ranks->rank == 0 && access(job->args.db, F_OK) == 0) {
        struct spn_store *store = NULL;
        status = spn_store_open(&store, job->args.db, job->space, job->shard, err);
        if (!status)
            status = spn_store_count(store, &complete, err);
        spn_store_close(store);
        complete = complete == spn_space_size(job->space);
    }
    status = spn_ranks_agree(ranks, status, err);
    if (status)
        return status;
    job->whole = spn_ranks_tell(ranks, complete) != 0;
    job->shard = (struct spn_shard){ranks->rank, ranks->n};
    int n = snprintf(job->file, sizeof job->file, "%s.rank%d", job->args.db, ranks->rank);
    return n < (int)sizeof job->file ? SPN_OK
                                     : spn_err_set(err, SPN_EUSAGE, "--db: file name too long");
}

/* Whether the first file could be made the whole, which is not there yet: its points need no copy.
 * It is closed, so that all of it is in one file unless a log was left behind. */
static bool becomes(const char *first, const char *whole)
{
    char log[SPN_MAX_PATH + 64];
    snprintf(log, sizeof log, "%s-wal", first);
    return access(log, F_OK) != 0 && access(whole, F_OK) != 0 && rename(first, whole) == 0;
}

/* Rank 0 puts the files of all ranks together; they go once everything is in one. */
static enum spn_status gather(struct job *job, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    if (job->ranks.n == 1)
        return SPN_OK;
    spn_store_close(job->store);
    job->store = NULL;
    status = spn_ranks_agree(&job->ranks, status, err);
    int64_t *sum[] = {&job->counts.n_before,   &job->counts.n_evaluated,  &job->counts.n_good,
                      &job->counts.n_excluded, &job->counts.n_infeasible, &job->counts.n_pending};
    for (size_t i = 0; i < sizeof sum / sizeof *sum; i++)
        *sum[i] = spn_ranks_sum(&job->ranks, *sum[i]);
    job->counts.stopped = spn_ranks_sum(&job->ranks, job->counts.stopped) > 0;
    for (int r = 0; r < job->ranks.n && !status && job->ranks.rank == 0 && !job->whole; r++) {
        char from[sizeof job->file + 32];
        snprintf(from, sizeof from, "%s.rank%d", job->args.db, r);
        if (r == 0 && !job->counts.stopped && becomes(from, job->args.db))
            continue;
        status = spn_store_merge(job->args.db, from, err);
        if (!status && !job->counts.stopped)
            unlink(from);
    }
    if (!status && job->ranks.rank == 0)
        status =
            spn_store_open(&job->store, job->args.db, job->space, (struct spn_shard){0, 1}, err);
    return status;
}

static enum spn_status sweep_all(struct job *job, struct meter *meter, struct spn_err *err)
{
    struct spn_progress progress = {draw, meter};
    int n_threads =
        job->ranks.n > 1 && !job->args.common.threads ? 1 : (int)job->args.common.threads;
    struct spn_sweep_options how = {n_threads, job->shard,
                                    job->ranks.rank == 0 ? &progress : &meter->inner};
    enum spn_status status = SPN_OK;
    if (job->whole) {
        job->counts.n_points = spn_space_size(job->space);
        job->counts.n_before = job->ranks.rank == 0 ? job->counts.n_points : 0;
        return SPN_OK;
    }
    if (*job->file)
        status = spn_store_open(&job->store, job->file, job->space, job->shard, err);
    if (!status && !job->store && spn_space_n_objectives(job->space))
        status = spn_front_create(&job->front, spn_space_n_objectives(job->space), err);
    if (!status)
        status = spn_sweep_run(job->space, job->store, &how, job->front, &job->counts, err);
    return status;
}

static bool is_shard(const struct job *job)
{
    return job->shard.n > job->ranks.n;
}

/* Accuracies where they may matter. Shards leave that to the sweep of what they are merged to. */
static enum spn_status add_accuracies(struct job *job, struct spn_err *err)
{
    struct spn_progress progress = spn_cmd_progress();
    struct spn_lab_options how = {1, spn_lazy_save, job->store};
    struct spn_lab *lab = NULL;
    if (!spn_space_simulated(job->space) || is_shard(job) || job->ranks.rank != 0 ||
        job->counts.stopped)
        return SPN_OK;
    enum spn_status status = spn_lab_create(&lab, job->space, &how, err);
    if (!status)
        status = spn_lazy_run(job->space, job->store, lab, (int)job->args.common.threads, &progress,
                              &job->lazy, err);
    job->counts.stopped = job->lazy.stopped;
    spn_lab_destroy(lab);
    return status;
}

static enum spn_status sweep(struct job *job, const char *path, struct spn_err *err)
{
    struct meter meter = {.inner = spn_cmd_progress(), .start_s = now_s()};
    enum spn_status status = spn_space_load(&job->space, path, err);
    if (!status && job->args.common.out) /* before the long work, as it may fail */
        status = spn_cmd_make_dir(job->args.common.out, err);
    if (!status)
        status = divide(job, err);
    status = spn_ranks_agree(&job->ranks, status, err);
    if (!status)
        status = spn_ranks_agree(&job->ranks, sweep_all(job, &meter, err), err);
    if (!status)
        status = gather(job, err);
    if (!status)
        status = spn_ranks_agree(&job->ranks, add_accuracies(job, err), err);
    if (job->ranks.rank == 0 && isatty(STDERR_FILENO))
        fprintf(stderr, "\r\x1b[K");
    double seconds = now_s() - meter.start_s;
    if (!status && job->ranks.rank == 0)
        fprintf(stderr, "%lld designs in %.1f s, %.0f/s%s\n", (long long)job->counts.n_evaluated,
                seconds, (double)job->counts.n_evaluated / seconds,
                !job->counts.stopped ? ""
                : job->args.db       ? "; stopped: run again to continue"
                                     : "; stopped");
    return status;
}

static void add_counts(struct job *job)
{
    const struct spn_sweep_counts *c = &job->counts;
    const struct {
        const char *name;
        int64_t n;
    } row[] = {{"in the space", c->n_points},
               {"stored before", c->n_before},
               {"evaluated now", c->n_evaluated},
               {"  good", c->n_good},
               {"  excluded by a constraint", c->n_excluded},
               {"  infeasible", c->n_infeasible},
               {"  good as far as cost goes", c->n_pending}};
    const struct {
        const char *name;
        int64_t n;
    } lazy[] = {{"of different accuracy", job->lazy.n_classes},
                {"  simulated before", job->lazy.n_before},
                {"  simulated now", job->lazy.n_simulated},
                {"  need not be simulated", job->lazy.n_spared}};
    bool simulated = spn_space_simulated(job->space);
    struct spn_table *table = spn_report_table(&job->report, "counts", "Designs", "");
    spn_table_column(table, "designs");
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        if ((i == 1 && !job->args.db) || (i == 6 && !simulated))
            continue;
        spn_table_row(table, row[i].name, "count");
        spn_table_number(table, (double)row[i].n);
    }
    if (*c->infeasible.reason)
        spn_report_note(&job->report, "Infeasible is, for one, design %lld: %s.",
                        (long long)c->infeasible.number, c->infeasible.reason);
    if (c->stopped)
        spn_report_note(&job->report, "Stopped early: the front is of what was evaluated.%s",
                        job->args.db ? " The same command goes on." : "");
    if (simulated && is_shard(job))
        spn_report_note(&job->report,
                        "No accuracy is simulated for a part: merge the parts, then sweep %s into "
                        "the merged file.",
                        spn_space_name(job->space));
    for (size_t i = 0; simulated && !is_shard(job) && i < sizeof lazy / sizeof *lazy; i++) {
        spn_table_row(table, lazy[i].name, "count");
        spn_table_number(table, (double)lazy[i].n);
    }
}

static enum spn_status show(struct job *job, struct spn_err *err)
{
    size_t limit = (size_t)job->args.designs.count;
    bool draw_it = job->args.common.out != NULL;
    if (!spn_space_n_objectives(job->space)) {
        spn_report_note(&job->report, "The space has no objectives: no front.");
        return SPN_OK;
    }
    enum spn_status status =
        job->store ? spn_cmd_show_store(job->store, limit, &job->report,
                                        draw_it ? &job->figure : NULL, err)
                   : spn_cmd_show_front(&(struct spn_found){job->space, job->front, NULL}, limit,
                                        &job->report, draw_it ? &job->figure : NULL, err);
    return status || !draw_it ? status : spn_cmd_draw(job->args.common.out, &job->figure, 1, err);
}

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct job job = {
        .args = {.common = spn_common_default(), .designs = {.count = DEFAULT_COUNT}}};
    struct spn_operands operands;
    bool help;
    enum spn_status status = spn_opt_parse(self, argv + 2, &job.args, &operands, &help, err);
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    status = spn_ranks_begin(&job.ranks, err);
    if (!status)
        status = sweep(&job, operands.value[0], err);
    if (!status && job.ranks.rank == 0) {
        snprintf(job.report.title, sizeof job.report.title, "Design space %s",
                 spn_space_name(job.space));
        spn_cmd_provenance(&job.report, argc, argv, NULL, 0);
        add_counts(&job);
        status = show(&job, err);
    }
    if (!status && job.ranks.rank == 0)
        status = spn_cmd_print(&job.report, job.args.common.format, err);
    spn_ranks_end(&job.ranks);
    job_clear(&job);
    return status;
}

const struct spn_command spn_cmd_sweep = {
    .name = "sweep",
    .operands = "SPACE",
    .doc = "Evaluate all designs of a space, store them, list those that no other beats.",
    .details = "SPACE is a file or a shipped name (spindle list experiments). Without --db nothing "
               "is stored.\n"
               "Ctrl-C finishes the designs in work and stops; the same command continues.\n"
               "Under mpirun (if built --with-mpi) ranks share the work, each with --threads "
               "threads (default 1).\n",
    .examples = "spindle sweep vgg8-space --db vgg8.sqlite\n"
                "spindle sweep vgg8-space --db part0.sqlite --shard 0/2\n"
                "spindle sweep vgg8-space --db part1.sqlite --shard 1/2\n",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
