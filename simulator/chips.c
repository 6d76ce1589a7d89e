/* chips.c -- a network on several chips of one kind: Monte Carlo over what is frozen in each.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Interval of the mean of n chips [M:S32]: m +- t s / sqrt(n), t the 97.5 % quantile of Student's
 * distribution with n - 1 degrees of freedom [student1908], held to 0 .. 1.
 */
#include "simulator/chips.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/parallel.h"

/* Upper end of a two-sided interval of 95 %. */
#define QUANTILE 0.975

struct spn_chips_result spn_chips_sum_up(const struct spn_accuracy *chip, int n, int n_images)
{
    struct spn_chips_result r = {.least_frac = 1};
    double square = 0;
    const struct spn_accuracy *last = NULL;
    for (int i = 0; i < n; i++)
        if (chip[i].n_images == n_images) {
            last = &chip[i];
            r.n_chips++;
            r.mean_frac += chip[i].top1_frac;
            r.loss += chip[i].loss;
            r.least_frac = fmin(r.least_frac, chip[i].top1_frac);
            r.most_frac = fmax(r.most_frac, chip[i].top1_frac);
        }
    if (r.n_chips == 0)
        return (struct spn_chips_result){.high_frac = 1};
    r.mean_frac /= r.n_chips;
    r.loss /= r.n_chips;
    r.perplexity = exp(r.loss);
    if (r.n_chips == 1) {
        r.low_frac = last->low_frac;
        r.high_frac = last->high_frac;
        return r;
    }
    for (int i = 0; i < n; i++)
        if (chip[i].n_images == n_images)
            square += pow(chip[i].top1_frac - r.mean_frac, 2);
    r.sd_frac = sqrt(square / (r.n_chips - 1));
    double half = gsl_cdf_tdist_Pinv(QUANTILE, r.n_chips - 1) * r.sd_frac / sqrt(r.n_chips);
    r.low_frac = fmax(0, r.mean_frac - half);
    r.high_frac = fmin(1, r.mean_frac + half);
    return r;
}

struct pass {
    const struct spn_chips_job *job;
    const struct spn_progress *progress; /* of chips; or, one by one, of images */
    bool side_by_side;
    struct spn_accuracy *chip;
    enum spn_status *status;
    struct spn_err *err;
    pthread_mutex_t lock;
    int n_done;
    bool stopped;
};

static bool is_stopped(struct pass *pass)
{
    pthread_mutex_lock(&pass->lock);
    const bool stopped = pass->stopped;
    pthread_mutex_unlock(&pass->lock);
    return stopped;
}

static enum spn_status run_chip(struct pass *pass, int k, struct spn_err *err)
{
    const struct spn_chips_job *job = pass->job;
    struct spn_simulator_options how = job->options;
    struct spn_simulator *sim = NULL;
    how.seed += (uint64_t)k;
    if (pass->side_by_side)
        how.n_threads = 1;
    enum spn_status status =
        spn_simulator_create(&sim, job->net, job->weights, job->chip, &how, err);
    if (!status && how.fidelity != SPN_FIDELITY_IDEAL)
        status = spn_simulator_calibrate(sim, job->calibration, err);
    int n_norms = 0;
    if (!status && job->normal && how.fidelity != SPN_FIDELITY_IDEAL)
        status = spn_simulator_recalibrate(sim, job->normal, &n_norms, err);
    if (!status)
        status = spn_simulator_evaluate(
            sim, job->images, pass->side_by_side ? NULL : pass->progress, &pass->chip[k], err);
    if (!status && k == 0 && job->see)
        job->see(job->ctx, sim);
    spn_simulator_destroy(sim);
    return status;
}

static void chip_body(void *ctx, size_t k, int thread)
{
    struct pass *pass = ctx;
    (void)thread;
    if (is_stopped(pass))
        return;
    pass->status[k] = run_chip(pass, (int)k, &pass->err[k]);
    pthread_mutex_lock(&pass->lock);
    pass->n_done++;
    if (pass->status[k] || pass->chip[k].n_images < pass->job->images->n_images)
        pass->stopped = true;
    else if (pass->side_by_side && !spn_progress_step(pass->progress, "chips", (size_t)pass->n_done,
                                                      (size_t)pass->job->n_chips))
        pass->stopped = true;
    pthread_mutex_unlock(&pass->lock);
}

enum spn_status spn_chips_run(const struct spn_chips_job *job, const struct spn_progress *progress,
                              struct spn_accuracy *chip, struct spn_chips_result *result,
                              struct spn_err *err)
{
    const int n = job->n_chips, n_threads = spn_parallel_threads(job->options.n_threads);
    if (n < 1 || n > SPN_CHIPS_MAX)
        return spn_err_set(err, SPN_EUSAGE, "%d chips outside [1, %d]", n, SPN_CHIPS_MAX);
    struct pass pass = {.job = job,
                        .progress = progress,
                        .side_by_side = n > 1 && n >= n_threads,
                        .chip = calloc((size_t)n, sizeof *pass.chip),
                        .status = calloc((size_t)n, sizeof *pass.status),
                        .err = calloc((size_t)n, sizeof *pass.err)};
    enum spn_status status = SPN_OK;
    pthread_mutex_init(&pass.lock, NULL);
    if (!pass.chip || !pass.status || !pass.err)
        status = spn_err_memory(err, "results of chips");
    else
        spn_parallel_for(pass.side_by_side ? n_threads : 1, (size_t)n, chip_body, &pass);
    for (int k = 0; k < n && !status; k++)
        if (pass.status[k]) {
            status = pass.status[k];
            *err = pass.err[k];
        }
    if (!status) {
        *result = spn_chips_sum_up(pass.chip, n, job->images->n_images);
        if (chip)
            memcpy(chip, pass.chip, (size_t)n * sizeof *chip);
    }
    pthread_mutex_destroy(&pass.lock);
    free(pass.chip);
    free(pass.status);
    free(pass.err);
    return status;
}
