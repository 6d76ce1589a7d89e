/* study.c -- several experiments on simulated cells, each with many seeds.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One work item is one seed of one run; items share nothing but what they read.
 */
#include "explorer/study.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/parallel.h"
#include "tech/data.h"

enum spn_status spn_study_add(struct spn_study *study, const char *experiment, const char *label,
                              const char *dataset, struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    if (study->n_runs == SPN_STUDY_MAX_RUNS)
        return spn_err_set(err, SPN_EUSAGE, "%s: more than %d experiments at once", experiment,
                           SPN_STUDY_MAX_RUNS);
    struct spn_study_run *run = &study->run[study->n_runs];
    *run = (struct spn_study_run){.options = spn_insitu_options_default()};
    enum spn_status status =
        spn_data_find(path, sizeof path, "experiments", "experiment", experiment, err);
    if (!status)
        status = spn_insitu_options_load(&run->options, path, err);
    if (!status &&
        !(spn_text_copy(run->experiment, sizeof run->experiment, experiment) &&
          spn_text_copy(run->label, sizeof run->label, label) &&
          (!dataset || spn_text_copy(run->options.dataset, sizeof run->options.dataset, dataset))))
        status = spn_err_set(err, SPN_EUSAGE, "%s: name too long", experiment);
    if (!status)
        status = spn_data_find(path, sizeof path, "networks", "network", run->options.network, err);
    if (!status)
        status = spn_network_load(&run->net, path, NULL, 0, err);
    if (!status)
        status = spn_device_load(&run->device, run->options.device, err);
    if (status) {
        spn_network_destroy(run->net);
        *run = (struct spn_study_run){.n_seeds = 0};
        return status;
    }
    study->n_runs++;
    return SPN_OK;
}

struct items {
    struct spn_study *study;
    const struct spn_progress *progress;
    size_t total;
    atomic_size_t done;
    atomic_bool stop;
    enum spn_status *status; /* [item] */
    struct spn_err *err;
};

struct seed_run {
    struct items *items;
    int thread;
};

/* After each epoch of a seed; one thread asks whether to go on, all obey. */
static bool go_on(void *ctx, const char *what, size_t done, size_t total)
{
    const struct seed_run *seed = ctx;
    struct items *items = seed->items;
    (void)what;
    (void)done;
    (void)total;
    if (seed->thread == 0 && !spn_progress_step(items->progress, "training runs",
                                                atomic_load(&items->done), items->total))
        atomic_store(&items->stop, true);
    return !atomic_load(&items->stop);
}

static enum spn_status run_seed(struct spn_study *study, struct spn_study_run *run, int seed,
                                const struct spn_progress *progress, struct spn_err *err)
{
    struct spn_dataset train = {.n_images = 0}, test = {.n_images = 0};
    struct spn_insitu_job job = {.net = run->net,
                                 .device = &run->device,
                                 .train = &train,
                                 .test = &test,
                                 .options = run->options};
    job.options.develop = job.options.develop || study->develop;
    job.options.seed = study->first_seed + (uint64_t)seed;
    if (seed > 0)
        job.options.landscape_points = 0; /* one map is enough */
    enum spn_status status =
        spn_insitu_open_data(&job.options, run->net, study->data_dir, &train, &test, err);
    if (!status)
        status = spn_insitu_run(&job, progress, &run->log[seed], err);
    spn_dataset_clear(&train);
    spn_dataset_clear(&test);
    return status;
}

static void body(void *ctx, size_t item, int thread)
{
    struct items *items = ctx;
    struct spn_study *study = items->study;
    if (atomic_load(&items->stop))
        return;
    int r = 0;
    size_t seed = item;
    for (; seed >= (size_t)study->run[r].n_seeds; r++)
        seed -= (size_t)study->run[r].n_seeds;
    struct seed_run of = {items, thread};
    const struct spn_progress progress = {go_on, &of};
    items->status[item] = run_seed(study, &study->run[r], (int)seed, &progress, &items->err[item]);
    const size_t done = atomic_fetch_add(&items->done, 1) + 1;
    if (thread == 0 && !spn_progress_step(items->progress, "training runs", done, items->total))
        atomic_store(&items->stop, true);
    if (items->status[item])
        atomic_store(&items->stop, true);
}

enum spn_status spn_study_run(struct spn_study *study, const struct spn_progress *progress,
                              struct spn_err *err)
{
    if (study->n_seeds < 1 || study->n_seeds > SPN_STUDY_MAX_SEEDS)
        return spn_err_set(err, SPN_EUSAGE, "%d seeds: outside [1, %d]", study->n_seeds,
                           SPN_STUDY_MAX_SEEDS);
    struct items items = {.study = study, .progress = progress};
    enum spn_status status = SPN_OK;
    for (int r = 0; r < study->n_runs; r++) {
        struct spn_study_run *run = &study->run[r];
        run->n_seeds =
            run->max_seeds > 0 && run->max_seeds < study->n_seeds ? run->max_seeds : study->n_seeds;
        items.total += (size_t)run->n_seeds;
    }
    const size_t total = items.total;
    items.status = calloc(total + 1, sizeof *items.status);
    items.err = calloc(total + 1, sizeof *items.err);
    if (!items.status || !items.err)
        status = spn_err_memory(err, "a study");
    for (int r = 0; r < study->n_runs && !status; r++) {
        study->run[r].log = calloc((size_t)study->run[r].n_seeds, sizeof *study->run[r].log);
        if (!study->run[r].log)
            status = spn_err_memory(err, "a study");
    }
    if (!status)
        spn_parallel_for(study->n_threads, total, body, &items);
    for (size_t i = 0; i < total && !status; i++)
        if (items.status[i])
            status = spn_err_set(err, items.status[i], "%s", items.err[i].msg);
    study->stopped = !status && atomic_load(&items.stop);
    free(items.status);
    free(items.err);
    return status;
}

void spn_study_clear(struct spn_study *study)
{
    for (int r = 0; r < study->n_runs; r++) {
        struct spn_study_run *run = &study->run[r];
        for (int i = 0; run->log && i < run->n_seeds; i++)
            spn_insitu_log_clear(&run->log[i]);
        free(run->log);
        spn_network_destroy(run->net);
    }
    study->n_runs = 0;
}

struct spn_spread spn_study_spread(const double *value, int n)
{
    double mean = 0, square = 0;
    for (int i = 0; i < n; i++)
        mean += value[i] / n;
    for (int i = 0; i < n; i++)
        square += (value[i] - mean) * (value[i] - mean);
    return (struct spn_spread){.mean = mean, .sd = n > 1 ? sqrt(square / (n - 1)) : 0, .n = n};
}

static const struct spn_insitu_epoch *epoch_of(const struct spn_insitu_log *log, int epoch)
{
    return &log->epoch[(epoch < log->n_epochs ? epoch : log->n_epochs) - 1];
}

struct spn_spread spn_study_accuracy(const struct spn_study_run *run, int epoch)
{
    double value[SPN_STUDY_MAX_SEEDS];
    for (int i = 0; i < run->n_seeds; i++)
        value[i] = epoch_of(&run->log[i], epoch)->test_frac;
    return spn_study_spread(value, run->n_seeds);
}

struct spn_spread spn_study_difference(const struct spn_study_run *a, const struct spn_study_run *b,
                                       int epoch)
{
    const int n = a->n_seeds < b->n_seeds ? a->n_seeds : b->n_seeds;
    double value[SPN_STUDY_MAX_SEEDS];
    for (int i = 0; i < n; i++)
        value[i] = epoch_of(&a->log[i], epoch)->test_frac - epoch_of(&b->log[i], epoch)->test_frac;
    return spn_study_spread(value, n);
}

double spn_study_interval(struct spn_spread spread)
{
    return spread.n > 1 ? gsl_cdf_tdist_Pinv(0.975, spread.n - 1) * spread.sd / sqrt(spread.n) : 0;
}

double spn_study_mean(const struct spn_study_run *run, int epoch, size_t offset)
{
    double mean = 0;
    for (int i = 0; i < run->n_seeds; i++) {
        double value;
        memcpy(&value, (const char *)epoch_of(&run->log[i], epoch) + offset, sizeof value);
        mean += value / run->n_seeds;
    }
    return mean;
}
