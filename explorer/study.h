/* study.h -- several experiments on simulated cells, each with many seeds.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     struct spn_study study = {.n_seeds = 20, .first_seed = 1};
 *     spn_study_add(&study, "ning2025-msnet", "as published", NULL, err);
 *     spn_study_run(&study, &progress, err);
 *     spn_study_accuracy(&study.run[0], 57) ...
 *     spn_study_clear(&study);
 */
#ifndef SPN_EXPLORER_STUDY_H
#define SPN_EXPLORER_STUDY_H

#include "base/err.h"
#include "base/progress.h"
#include "simulator/insitu.h"

#define SPN_STUDY_MAX_RUNS 24
#define SPN_STUDY_MAX_SEEDS 1000

struct spn_study_run {
    char experiment[128], label[96];
    struct spn_insitu_options options;
    struct spn_network *net;
    struct spn_device device;
    struct spn_insitu_log *log; /* [n_seeds] */
    int max_seeds;              /* fewer than the study's, or 0 */
    int n_seeds;                /* set by spn_study_run() */
};

struct spn_study {
    int n_runs, n_seeds, n_threads;
    uint64_t first_seed;  /* seed i of a run is first_seed + i: of images, start and cells */
    const char *data_dir; /* or NULL */
    bool develop;         /* images for choosing settings by, of all runs */
    struct spn_study_run run[SPN_STUDY_MAX_RUNS];
    bool stopped; /* by progress: nothing can be said */
};

/* A shipped experiment or a file; dataset other than the file's, or NULL. */
enum spn_status spn_study_add(struct spn_study *study, const char *experiment, const char *label,
                              const char *dataset, struct spn_err *err);
/* All runs' seeds in parallel, each on one thread; results do not depend on how many. */
enum spn_status spn_study_run(struct spn_study *study, const struct spn_progress *progress,
                              struct spn_err *err);
void spn_study_clear(struct spn_study *study);

struct spn_spread {
    double mean, sd; /* sd over seeds, 0 for one */
    int n;
};
struct spn_spread spn_study_spread(const double *value, int n);
/* Test accuracy after an epoch (from 1); the last one if there are fewer. */
struct spn_spread spn_study_accuracy(const struct spn_study_run *run, int epoch);
/* The same of one run less that of another, seed by seed, of the seeds that both have. */
struct spn_spread spn_study_difference(const struct spn_study_run *a, const struct spn_study_run *b,
                                       int epoch);
/* Half of the 95 % confidence interval of a mean, from Student's t; 0 for less than two values. */
double spn_study_interval(struct spn_spread spread);
/* Mean over seeds of a double of struct spn_insitu_epoch, by its offset. */
double spn_study_mean(const struct spn_study_run *run, int epoch, size_t offset);

#endif
