/* evaluate.c -- accuracy with its confidence interval.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Wilson score interval [wilson1927] [M:S25]: centre (k + z^2/2)/(n + z^2), half width
 * z/(n + z^2) sqrt(k (n - k)/n + z^2/4), z = 1.96. Right for small n and for shares near 0 and 1,
 * unlike p +- z s. Two networks on the same images: adjusted Wald interval of matched shares
 * [agresti2005] [M:S45].
 */
#include "simulator/simulator.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "simulator/simulator_run.h"

/* 97.5 % quantile of the normal distribution. */
#define NORMAL_QUANTILE 1.959963984540054

void spn_wilson(int k, int n, double *low, double *high)
{
    if (n < 1) {
        *low = 0.0;
        *high = 1.0;
        return;
    }
    const double z2 = NORMAL_QUANTILE * NORMAL_QUANTILE, total = n + z2;
    const double centre = (k + z2 / 2.0) / total;
    const double half = NORMAL_QUANTILE / total * sqrt((double)k * (n - k) / n + z2 / 4.0);
    *low = k == 0 ? 0.0 : fmax(centre - half, 0.0);
    *high = k == n ? 1.0 : fmin(centre + half, 1.0);
}

struct spn_paired spn_pair_answers(const uint8_t *first, const uint8_t *second, int n)
{
    struct spn_paired p = {.n = n};
    for (int i = 0; i < n; i++) {
        p.n_only_first += first[i] && !second[i];
        p.n_only_second += second[i] && !first[i];
    }
    /* half an image more in each of the four cells: both, neither, only one, only the other */
    const double total = n + 2.0, apart = p.n_only_first + p.n_only_second + 1.0,
                 more = p.n_only_first - p.n_only_second;
    const double half = NORMAL_QUANTILE * sqrt(apart - more * more / total) / total;
    p.difference_frac = n > 0 ? more / n : 0.0;
    p.low_frac = fmax(more / total - half, -1.0);
    p.high_frac = fmin(more / total + half, 1.0);
    return p;
}

struct result {     /* of one image or text */
    double loss;    /* summed over its answers */
    int n, n_right; /* n < 0: not run */
};

struct tally {
    const struct spn_dataset *images;
    const struct spn_progress *progress;
    int n_outputs, n_done;
    int n_classes; /* of an answer */
    bool stopped;
    pthread_mutex_t lock;
    struct result *result; /* [n_images] */
};

static void judge(struct result *result, const float *logits, int n, int label)
{
    int best = 0;
    for (int c = 1; c < n; c++) {
        best = logits[c] > logits[best] ? c : best;
    }
    double sum = 0.0;
    for (int c = 0; c < n; c++) {
        sum += exp((double)logits[c] - (double)logits[best]);
    }
    result->loss += log(sum) + (double)logits[best] - (double)logits[label];
    result->n++;
    result->n_right += best == label;
}

/* The outputs after token t say what token t + 1 is. [M:S30] */
static void judge_text(struct result *result, const float *outputs, const struct tally *t, int text)
{
    const int16_t *token = t->images->token + (size_t)text * (size_t)t->images->n_tokens;
    for (int i = 0; i < t->n_outputs / t->n_classes; i++) {
        if (token[i + 1] != SPN_TOKEN_NONE) {
            judge(result, outputs + (size_t)i * (size_t)t->n_classes, t->n_classes, token[i + 1]);
        }
    }
}

static void count_batch(void *ctx, int start, int n, const float *outputs)
{
    struct tally *t = ctx;
    for (int i = 0; i < n; i++) {
        const float *own = outputs + (size_t)i * (size_t)t->n_outputs;
        struct result result = {0};
        if (t->images->n_tokens > 0) {
            judge_text(&result, own, t, start + i);
        } else {
            judge(&result, own, t->n_outputs, t->images->label[start + i]);
        }
        t->result[start + i] = result;
    }
    pthread_mutex_lock(&t->lock);
    t->n_done += n;
    if (!spn_progress_step(t->progress, "images", (size_t)t->n_done, (size_t)t->images->n_images)) {
        t->stopped = true;
    }
    pthread_mutex_unlock(&t->lock);
}

static bool is_stopped(void *ctx)
{
    struct tally *t = ctx;
    pthread_mutex_lock(&t->lock);
    const bool stopped = t->stopped;
    pthread_mutex_unlock(&t->lock);
    return stopped;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static struct spn_accuracy sum_up(const struct tally *t, double time_s)
{
    struct spn_accuracy a = {0};
    for (int i = 0; i < t->images->n_images; i++) {
        if (t->result[i].n >= 0) {
            a.n_images++;
            a.n_answers += t->result[i].n;
            a.n_correct += t->result[i].n_right;
            a.loss += t->result[i].loss;
        }
    }
    if (a.n_answers > 0) {
        a.top1_frac = (double)a.n_correct / a.n_answers;
        a.loss /= a.n_answers;
    }
    a.perplexity = exp(a.loss);
    spn_wilson(a.n_correct, a.n_answers, &a.low_frac, &a.high_frac);
    a.images_per_s = time_s > 0.0 ? a.n_images / time_s : 0.0;
    return a;
}

enum spn_status spn_simulator_evaluate(struct spn_simulator *sim, const struct spn_dataset *images,
                                       const struct spn_progress *progress,
                                       struct spn_accuracy *accuracy, struct spn_err *err)
{
    return spn_simulator_evaluate_each(sim, images, progress, NULL, accuracy, err);
}

enum spn_status spn_simulator_evaluate_each(struct spn_simulator *sim,
                                            const struct spn_dataset *images,
                                            const struct spn_progress *progress, uint8_t *right,
                                            struct spn_accuracy *accuracy, struct spn_err *err)
{
    struct tally t = {
        .images = images, .progress = progress, .n_outputs = spn_simulator_outputs(sim)};
    enum spn_status status = spn_simulator_check_images(sim, images, err);
    if (status) {
        return status;
    }
    for (int i = 0; images->label && i < images->n_images; i++) {
        if (images->label[i] >= t.n_outputs) {
            return spn_err_set(err, SPN_EINPUT, "label %d of image %d in '%s' outside [0, %d]",
                               images->label[i], i, images->name, t.n_outputs - 1);
        }
    }
    t.n_classes = spn_simulator_classes(sim);
    t.result = malloc((size_t)images->n_images * sizeof(*t.result));
    if (!t.result) {
        return spn_err_memory(err, "results");
    }
    for (int i = 0; i < images->n_images; i++) {
        t.result[i] = (struct result){.n = -1};
    }
    pthread_mutex_init(&t.lock, NULL);
    const struct spn_batches batches = {.images = images,
                                        .n = images->n_images,
                                        .ctx = &t,
                                        .done = count_batch,
                                        .skip = is_stopped};
    const double start_s = now_s();
    status = spn_simulator_run_batches(sim, &batches, err);
    if (!status) {
        *accuracy = sum_up(&t, now_s() - start_s);
        for (int i = 0; right && i < images->n_images; i++)
            right[i] = t.result[i].n > 0 && t.result[i].n_right == t.result[i].n;
    }
    pthread_mutex_destroy(&t.lock);
    free(t.result);
    return status;
}
