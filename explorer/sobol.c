/* sobol.c -- variance-based sensitivity from quasi-random samples.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two independent sample matrices A and B, and for each input i the matrix A_i: A with column i
 * from B. S_i = mean(f(B) (f(A_i) - f(A))) / V       [saltelli2010, table 2 (b)]  [M:X3] T_i =
 * mean((f(A) - f(A_i))^2) / (2 V)      [jansen1999]                 [M:X4] V is the variance over A
 * and B together; f is taken about its mean, which changes nothing in expectation and lowers the
 * error.
 */
#include "explorer/sobol.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_qrng.h>

#include "base/parallel.h"
#include "base/rng.h"

enum {
    MIN_GOOD = 16,
    N_BOOTSTRAP = 200,
    BOOTSTRAP_STREAM = 0x50b01,
    SKIP = 64 /* first points of the sequence */
};
#define TAIL 0.025 /* on each side of a 95 % interval */

struct run {
    const struct spn_model *model;
    const struct spn_sampling *sampling;
    int n_matrices;  /* 1, or inputs + 2 */
    const double *u; /* [n_samples][dimensions] */
    int dimensions;
    double *y;  /* [n_samples][n_matrices][n_results] */
    bool *good; /* [n_samples] */
    pthread_mutex_t lock;
    size_t done;
    bool stop;
    enum spn_status status;
    struct spn_err err;
};

/* Matrix 0 is A, 1 is B, 2 + i is A with column i from B. */
static void inputs_of(const struct run *run, size_t sample, int matrix, double *u)
{
    const double *row = run->u + sample * (size_t)run->dimensions;
    int n = run->model->n_inputs;
    memcpy(u, matrix == 1 ? row + n : row, (size_t)n * sizeof *u);
    if (matrix >= 2)
        u[matrix - 2] = row[n + matrix - 2];
}

static void eval_sample(void *ctx, size_t sample, int thread)
{
    struct run *run = ctx;
    double u[SPN_SOBOL_MAX_INPUTS];
    struct spn_err err;
    enum spn_status status = SPN_OK;
    bool good = true;
    pthread_mutex_lock(&run->lock);
    bool stop = run->stop;
    pthread_mutex_unlock(&run->lock);
    if (stop)
        return;
    for (int m = 0; m < run->n_matrices && !status && good; m++) {
        double *y =
            run->y + (sample * (size_t)run->n_matrices + (size_t)m) * (size_t)run->model->n_results;
        inputs_of(run, sample, m, u);
        status = run->model->eval(run->model->ctx, thread, u, y, &good, &err);
    }
    run->good[sample] = good && !status;
    pthread_mutex_lock(&run->lock);
    if (status && !run->status) {
        run->status = status;
        run->err = err;
    }
    run->done++;
    if (status || !spn_progress_step(run->sampling->progress, "samples", run->done,
                                     (size_t)run->sampling->n_samples))
        run->stop = true;
    pthread_mutex_unlock(&run->lock);
}

/* Points of the sequence; quantiles are kept off 0 and 1. */
static enum spn_status draw(double *u, int dimensions, int n, struct spn_err *err)
{
    gsl_qrng *sequence = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)dimensions);
    if (!sequence)
        return spn_err_memory(err, "a Sobol sequence");
    for (int i = -SKIP; i < n; i++) {
        double point[2 * SPN_SOBOL_MAX_INPUTS];
        gsl_qrng_get(sequence, point);
        for (int k = 0; k < dimensions && i >= 0; k++)
            u[(size_t)i * (size_t)dimensions + (size_t)k] = fmin(fmax(point[k], 1e-9), 1 - 1e-9);
    }
    gsl_qrng_free(sequence);
    return SPN_OK;
}

/* Evaluate all samples; good ones are moved to the front, *n_good of them. */
static enum spn_status evaluate(struct run *run, double *u, size_t *n_good, struct spn_err *err)
{
    size_t n = (size_t)run->sampling->n_samples,
           width = (size_t)run->n_matrices * (size_t)run->model->n_results;
    enum spn_status status = draw(u, run->dimensions, (int)n, err);
    if (status)
        return status;
    run->u = u;
    pthread_mutex_init(&run->lock, NULL);
    spn_parallel_for(run->sampling->n_threads, n, eval_sample, run);
    pthread_mutex_destroy(&run->lock);
    if (run->status) {
        if (err)
            *err = run->err;
        return run->status;
    }
    if (run->stop && run->done < n)
        return spn_err_set(err, SPN_EUSAGE, "stopped after %zu of %zu samples", run->done, n);
    *n_good = 0;
    for (size_t i = 0; i < n; i++)
        if (run->good[i])
            memmove(run->y + width * (*n_good)++, run->y + width * i, width * sizeof *run->y);
    return *n_good >= MIN_GOOD ? SPN_OK
                               : spn_err_set(err, SPN_EINFEASIBLE,
                                             "only %zu of %zu samples can be built", *n_good, n);
}

static enum spn_status check(const struct spn_model *model, const struct spn_sampling *sampling,
                             struct spn_err *err)
{
    if (model->n_inputs < 1 || model->n_inputs > SPN_SOBOL_MAX_INPUTS)
        return spn_err_set(err, SPN_EUSAGE, "%d inputs vary, must be 1 to %d", model->n_inputs,
                           SPN_SOBOL_MAX_INPUTS);
    if (sampling->n_samples < MIN_GOOD || sampling->n_samples > 1 << 24)
        return spn_err_set(err, SPN_EUSAGE, "%d samples, must be %d to 2^24", sampling->n_samples,
                           MIN_GOOD);
    return SPN_OK;
}

/* ---- indices ---- */

struct sums {
    const struct run *run;
    const size_t *pick; /* [n] rows; NULL: each once */
    size_t n;
    int result;
};

static double at(const struct sums *s, size_t row, int matrix)
{
    size_t sample = s->pick ? s->pick[row] : row;
    return s->run->y[(sample * (size_t)s->run->n_matrices + (size_t)matrix) *
                         (size_t)s->run->model->n_results +
                     (size_t)s->result];
}

static void index_of(const struct sums *s, double *first, double *total)
{
    double mean = 0, variance = 0;
    for (size_t r = 0; r < s->n; r++)
        mean += at(s, r, 0) + at(s, r, 1);
    mean /= 2 * (double)s->n;
    for (size_t r = 0; r < s->n; r++) {
        double a = at(s, r, 0) - mean, b = at(s, r, 1) - mean;
        variance += a * a + b * b;
    }
    variance /= 2 * (double)s->n;
    bool constant = !(variance > 1e-24 * mean * mean);
    for (int i = 0; i < s->run->model->n_inputs; i++) {
        double one = 0, all = 0;
        for (size_t r = 0; r < s->n; r++) {
            double a = at(s, r, 0), b = at(s, r, 1), ai = at(s, r, 2 + i);
            one += (b - mean) * (ai - a);
            all += (a - ai) * (a - ai);
        }
        first[i] = constant ? 0 : one / (double)s->n / variance;
        total[i] = constant ? 0 : all / (double)s->n / 2 / variance;
    }
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static struct spn_share share_of(double value, double *draws)
{
    qsort(draws, N_BOOTSTRAP, sizeof *draws, by_size);
    return (struct spn_share){value, draws[(int)(TAIL * N_BOOTSTRAP)],
                              draws[N_BOOTSTRAP - 1 - (int)(TAIL * N_BOOTSTRAP)]};
}

/* Bootstrap: rows drawn with replacement. */
static enum spn_status intervals(const struct run *run, size_t n, struct spn_sobol_index *index,
                                 struct spn_err *err)
{
    int n_inputs = run->model->n_inputs;
    size_t *pick = malloc(n * sizeof *pick);
    double(*draws)[2][N_BOOTSTRAP] = malloc((size_t)n_inputs * sizeof *draws);
    double first[SPN_SOBOL_MAX_INPUTS], total[SPN_SOBOL_MAX_INPUTS];
    for (int result = 0; pick && draws && result < run->model->n_results; result++) {
        struct spn_rng rng = spn_rng_init(run->sampling->seed, BOOTSTRAP_STREAM, (uint32_t)result);
        for (int b = 0; b < N_BOOTSTRAP; b++) {
            for (size_t r = 0; r < n; r++)
                pick[r] = spn_rng_below(&rng, (uint32_t)n);
            index_of(&(struct sums){run, pick, n, result}, first, total);
            for (int i = 0; i < n_inputs; i++) {
                draws[i][0][b] = first[i];
                draws[i][1][b] = total[i];
            }
        }
        index_of(&(struct sums){run, NULL, n, result}, first, total);
        for (int i = 0; i < n_inputs; i++)
            index[result * n_inputs + i] = (struct spn_sobol_index){
                share_of(first[i], draws[i][0]), share_of(total[i], draws[i][1])};
    }
    bool failed = !pick || !draws;
    free(pick);
    free(draws);
    return failed ? spn_err_memory(err, "a sensitivity analysis") : SPN_OK;
}

enum spn_status spn_sobol_indices(const struct spn_model *model,
                                  const struct spn_sampling *sampling,
                                  struct spn_sobol_index *index, struct spn_sobol_summary *summary,
                                  struct spn_err *err)
{
    enum spn_status status = check(model, sampling, err);
    if (status)
        return status;
    struct run run = {.model = model,
                      .sampling = sampling,
                      .n_matrices = model->n_inputs + 2,
                      .dimensions = 2 * model->n_inputs};
    size_t n = (size_t)sampling->n_samples, n_good = 0;
    double *u = malloc(n * (size_t)run.dimensions * sizeof *u);
    run.y = calloc(n, (size_t)run.n_matrices * (size_t)model->n_results * sizeof *run.y);
    run.good = calloc(n, sizeof *run.good);
    status = u && run.y && run.good ? evaluate(&run, u, &n_good, err)
                                    : spn_err_memory(err, "a sensitivity analysis");
    if (!status)
        status = intervals(&run, n_good, index, err);
    if (!status)
        *summary =
            (struct spn_sobol_summary){(int64_t)n * run.n_matrices, (double)n_good / (double)n};
    free(u);
    free(run.y);
    free(run.good);
    return status;
}

/* ---- spread ---- */

/* Linear between order statistics. */
static double quantile(const double *sorted, size_t n, double q)
{
    double place = q * (double)(n - 1);
    size_t below = (size_t)place;
    return below + 1 < n
               ? sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below])
               : sorted[n - 1];
}

enum spn_status spn_spread(const struct spn_model *model, const struct spn_sampling *sampling,
                           struct spn_spread *spread, struct spn_sobol_summary *summary,
                           struct spn_err *err)
{
    enum spn_status status = check(model, sampling, err);
    if (status)
        return status;
    struct run run = {
        .model = model, .sampling = sampling, .n_matrices = 1, .dimensions = model->n_inputs};
    size_t n = (size_t)sampling->n_samples, n_good = 0;
    double *u = malloc(n * (size_t)run.dimensions * sizeof *u),
           *column = malloc(n * sizeof *column);
    run.y = calloc(n, (size_t)model->n_results * sizeof *run.y);
    run.good = calloc(n, sizeof *run.good);
    status = u && column && run.y && run.good ? evaluate(&run, u, &n_good, err)
                                              : spn_err_memory(err, "a sensitivity analysis");
    for (int result = 0; result < model->n_results && !status; result++) {
        double mean = 0, square = 0;
        for (size_t i = 0; i < n_good; i++)
            mean += column[i] = run.y[i * (size_t)model->n_results + (size_t)result];
        mean /= (double)n_good;
        for (size_t i = 0; i < n_good; i++)
            square += (column[i] - mean) * (column[i] - mean);
        qsort(column, n_good, sizeof *column, by_size);
        spread[result] = (struct spn_spread){
            mean, sqrt(square / (double)(n_good - 1)), quantile(column, n_good, TAIL),
            quantile(column, n_good, 0.5), quantile(column, n_good, 1 - TAIL)};
    }
    if (!status)
        *summary = (struct spn_sobol_summary){(int64_t)n, (double)n_good / (double)n};
    free(u);
    free(column);
    free(run.y);
    free(run.good);
    return status;
}
