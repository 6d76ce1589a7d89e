/* insitu.c -- a network trained on simulated index-free cells, from random weights to the figures.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An epoch: masks change if an event is due; then, updates_per_epoch times, a forward pass over all
 * training images with what the cells hold, the gradient, a step of Adam on the weights that are
 * kept off the chip, and a write of the cells; then the test images. [ning2025, Methods; M:V9]
 */
#include "simulator/insitu.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/insitu_state.h"
#include "simulator/train_layers.h"
#include "simulator/train_update.h"

#define PIXEL_MAX 255.0f
enum { STREAM_CHOICE = 0xD4, STREAM_DIRECTION = 0xD5 };

/* ---- passes ---- */

static void fill(struct spn_insitu_state *s, const struct spn_dataset *images, int first, int n)
{
    const struct spn_network *net = s->job->net;
    const size_t area = (size_t)images->height * (size_t)images->width;
    if (s->held == images && s->held_first == first)
        return;
    s->held = images;
    s->held_first = first;
    for (int i = 0; i < n; i++) {
        const uint8_t *pixel = images->image + (size_t)(first + i) * s->net->n_input;
        float *x = s->net->x + (size_t)i * s->net->n_input;
        for (int c = 0; c < images->channels; c++) {
            const float mean = c < net->n_mean ? (float)net->input_mean[c] : 0.0f;
            const float share = c < net->n_std ? 1.0f / (float)net->input_std[c] : 1.0f;
            for (size_t e = 0; e < area; e++)
                x[e * (size_t)images->channels + (size_t)c] =
                    ((float)pixel[(size_t)c * area + e] / PIXEL_MAX - mean) * share;
        }
    }
}

/* Mean loss over all images; hits; confusions if asked. Leaves the last batch's output gradient. */
static double pass(struct spn_insitu_state *s, const struct spn_dataset *images, bool training,
                   int *n_right, int (*confusion)[SPN_INSITU_MAX_CLASSES])
{
    const struct spn_train_layer *last = &s->net->layer[s->net->n_layers - 1];
    double loss = 0;
    *n_right = 0;
    for (int first = 0; first < images->n_images; first += s->net->batch) {
        const int left = images->n_images - first, n = left < s->net->batch ? left : s->net->batch;
        fill(s, images, first, n);
        spn_train_forward(s->net, n, training);
        for (int i = 0; i < n; i++) {
            const struct spn_target target = {
                .n_classes = (int)last->n_out, .label = images->label[first + i], .share = 1.0 / n};
            int best;
            loss += spn_train_cross_entropy(&target, last->y + (size_t)i * last->n_out,
                                            last->dy + (size_t)i * last->n_out, &best);
            *n_right += best == target.label;
            if (confusion)
                confusion[target.label][best]++;
        }
    }
    return loss / images->n_images;
}

static void gather_gradients(struct spn_insitu_state *s)
{
    const float keep = (float)s->job->options.regrow_momentum;
    for (int m = 0; m < s->n_matrices; m++) {
        const struct spn_param *p = spn_insitu_param(s, m);
        float *running = s->matrix[m].running;
        for (size_t k = 0; k < p->n; k++)
            running[k] = keep * running[k] + (1 - keep) * p->grad[k];
    }
}

static int updates_of(const struct spn_insitu_options *o, int epoch)
{
    return epoch <= o->pretrain_epochs && o->pretrain_updates > 0 ? o->pretrain_updates
                                                                  : o->updates_per_epoch;
}

static double all_updates(const struct spn_insitu_options *o)
{
    double n = 0;
    for (int epoch = 1; epoch <= o->epochs; epoch++)
        n += updates_of(o, epoch);
    return n;
}

static int view_bits(const struct spn_insitu_state *s)
{
    return s->job->options.hardware ? s->job->options.pretrain_bits : 0;
}

static enum spn_status update(struct spn_insitu_state *s, int epoch, bool last,
                              struct spn_insitu_epoch *log, struct spn_err *err)
{
    const struct spn_insitu_options *o = &s->job->options;
    const double total = all_updates(o);
    const struct spn_train_options adam = {
        .optimiser = SPN_OPTIMISER_ADAM,
        .momentum = o->momentum,
        .beta2 = o->beta2,
        .adam_epsilon = o->adam_epsilon,
        .l1 = epoch <= o->pretrain_epochs ? o->pretrain_l1 : 0,
        .learning_rate = o->learning_rate,
        .rate = {.kind = SPN_RATE_COSINE, .final_frac = o->final_rate_frac}};
    int n_right;
    spn_insitu_view(s, view_bits(s));
    log->loss = pass(s, s->job->train, true, &n_right, NULL);
    log->train_frac = (double)n_right / s->job->train->n_images;
    if (!isfinite(log->loss))
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "training diverged in epoch %d (learning_rate = %g is too large)", epoch,
                           o->learning_rate);
    spn_train_backward(s->net, s->job->train->n_images);
    gather_gradients(s);
    s->n_updates++;
    spn_train_update(s->net, &adam, spn_train_rate(&adam, (double)s->n_updates / total, epoch),
                     s->n_updates);
    return s->on_chip ? spn_insitu_write(s, last, log, err) : SPN_OK;
}

/* ---- the log ---- */

static enum spn_status take_snapshot(struct spn_insitu_state *s, int epoch,
                                     struct spn_insitu_log *log, struct spn_err *err)
{
    struct spn_insitu_snapshot *shot = &log->snapshot[log->n_snapshots];
    shot->weight = calloc(s->n_weights, sizeof *shot->weight);
    shot->mask = calloc(s->n_weights, 1);
    shot->epoch = epoch;
    shot->on_chip = s->on_chip;
    log->n_snapshots++;
    if (!shot->weight || !shot->mask)
        return spn_err_memory(err, "a snapshot of the weights");
    for (int m = 0; m < s->n_matrices; m++) {
        const struct spn_insitu_matrix *x = &s->matrix[m];
        const struct spn_param *p = spn_insitu_param(s, m);
        log->layer[m].scale = s->on_chip ? x->scale : 1;
        for (size_t k = 0; k < x->n; k++) {
            const size_t at = (size_t)log->layer[m].first + k;
            shot->weight[at] = p->seen[x->place[k]] / (float)log->layer[m].scale;
            shot->mask[at] = p->mask[x->place[k]];
        }
    }
    return SPN_OK;
}

static void add_counts(const struct spn_insitu_state *s, struct spn_pairs_count *sum)
{
    for (int m = 0; m < s->n_matrices && s->on_chip; m++) {
        const struct spn_pairs_count *c = &s->matrix[m].pairs->count;
        sum->vector_cycles += c->vector_cycles;
        sum->vector_pulses += c->vector_pulses;
        sum->verify_pulses += c->verify_pulses;
        sum->verify_reads += c->verify_reads;
        sum->verify_tries += c->verify_tries;
        sum->n_corrected += c->n_corrected;
        sum->n_failed += c->n_failed;
        sum->mask_writes += c->mask_writes;
        sum->residual_square += c->residual_square;
        sum->n_residual += c->n_residual;
        spn_pairs_count_reset(s->matrix[m].pairs);
    }
}

static enum spn_status run_epoch(struct spn_insitu_state *s, int epoch, struct spn_insitu_log *log,
                                 struct spn_err *err)
{
    const struct spn_insitu_options *o = &s->job->options;
    struct spn_insitu_epoch *e = &log->epoch[epoch - 1];
    enum spn_status status = SPN_OK;
    int n_right;
    if (o->hardware && !s->on_chip && epoch > o->pretrain_epochs)
        status = spn_insitu_transfer(s, err);
    spn_insitu_masks(s, epoch);
    spn_insitu_apply_masks(s);
    for (int u = 1; u <= updates_of(o, epoch) && !status; u++)
        status = update(s, epoch, u == updates_of(o, epoch), e, err);
    if (status)
        return status;
    e->on_chip = s->on_chip;
    e->sparsity_frac = spn_insitu_sparsity(s);
    add_counts(s, &e->count);
    spn_insitu_view(s, view_bits(s));
    const bool last = epoch == o->epochs;
    pass(s, s->job->test, false, &n_right, last ? log->confusion : NULL);
    e->test_frac = (double)n_right / s->job->test->n_images;
    log->n_epochs = epoch;
    for (int i = 0; i < o->n_snapshots && !status; i++)
        if ((int)o->snapshot_epochs[i] == epoch)
            status = take_snapshot(s, epoch, log, err);
    return status;
}

/* ---- the loss around the final weights ---- */

/* Two random directions at right angles, each as long as the weights. [ning2025, Methods; M:V12] */
static void draw_directions(const struct spn_insitu_state *s, float *a, float *b, const float *at)
{
    const size_t n = s->n_weights;
    struct spn_rng rng = spn_rng_init(s->job->options.seed, STREAM_DIRECTION, 0);
    double aa = 0, ab = 0, bb = 0, norm = 0;
    spn_rng_normals(&rng, a, n);
    spn_rng_normals(&rng, b, n);
    for (size_t k = 0; k < n; k++) {
        aa += (double)a[k] * (double)a[k];
        ab += (double)a[k] * (double)b[k];
        norm += (double)at[k] * (double)at[k];
    }
    for (size_t k = 0; k < n; k++) {
        b[k] -= (float)(ab / aa) * a[k];
        bb += (double)b[k] * (double)b[k];
    }
    for (size_t k = 0; k < n; k++) {
        a[k] *= (float)sqrt(norm / aa);
        b[k] *= (float)sqrt(norm / bb);
    }
}

static enum spn_status map_loss(struct spn_insitu_state *s, struct spn_insitu_log *log,
                                struct spn_err *err)
{
    const int points = s->job->options.landscape_points;
    const double radius = s->job->options.landscape_radius;
    float *at = malloc(3 * s->n_weights * sizeof *at), *a = at + s->n_weights;
    log->landscape = calloc((size_t)points * (size_t)points, sizeof *log->landscape);
    if (!at || !log->landscape) {
        free(at);
        return spn_err_memory(err, "the loss around the weights");
    }
    log->landscape_points = points;
    log->landscape_radius = radius;
    size_t first = 0;
    for (int m = 0; m < s->n_matrices; m++) {
        memcpy(at + first, spn_insitu_param(s, m)->seen, s->matrix[m].n * sizeof *at);
        first += s->matrix[m].n;
    }
    float *b = a + s->n_weights;
    draw_directions(s, a, b, at);
    for (int i = 0; i < points * points; i++) {
        const float middle = (float)(points - 1) / 2, edge = fmaxf(middle, 1);
        const float along = (float)radius * ((float)(i / points) - middle) / edge;
        const float across = (float)radius * ((float)(i % points) - middle) / edge;
        int n_right;
        first = 0;
        for (int m = 0; m < s->n_matrices; m++) {
            float *seen = spn_insitu_param(s, m)->seen;
            for (size_t k = 0; k < s->matrix[m].n; k++, first++)
                seen[k] = at[first] + along * a[first] + across * b[first];
        }
        log->landscape[i] = (float)pass(s, s->job->train, false, &n_right, NULL);
    }
    free(at);
    return SPN_OK;
}

/* Accuracy after times at rest: states drift from what they were at the end. */
static void rest(struct spn_insitu_state *s, struct spn_insitu_log *log)
{
    const struct spn_insitu_options *o = &s->job->options;
    for (int i = 0; i < o->n_rests && s->on_chip; i++) {
        int n_right;
        for (int m = 0; m < s->n_matrices; m++) {
            struct spn_pairs *pairs = s->matrix[m].pairs;
            const double t0_s = pairs->drift_t0_s;
            /* (t2/t0)^-nu is (t2/t1)^-nu more than (t1/t0)^-nu */
            const double past_s = i > 0 ? fmax(o->rest_s[i - 1], t0_s) : t0_s;
            spn_pairs_rest(pairs, past_s > 0 ? o->rest_s[i] / past_s * t0_s : 0);
        }
        spn_insitu_view(s, 0);
        pass(s, s->job->test, false, &n_right, NULL);
        log->rest_frac[i] = (double)n_right / s->job->test->n_images;
    }
}

/* ---- setting up ---- */

/* Cells hold [out][in][kh][kw], kernels [out][kh][kw][in]. */
static void lay_out(struct spn_insitu_matrix *x, const struct spn_window *w)
{
    const int depth = w->channels / w->groups, positions = w->kernel[0] * w->kernel[1];
    const int one = depth * positions;
    for (size_t k = 0; k < x->n; k++) {
        const int out = (int)k / one, in = (int)k % one / positions, at = (int)k % positions;
        x->place[k] = out * one + at * depth + in;
    }
}

static enum spn_status add_matrix(struct spn_insitu_state *s, int layer, struct spn_insitu_log *log,
                                  struct spn_err *err)
{
    const struct spn_layer *source = &s->job->net->layer[layer];
    if (s->n_matrices == SPN_INSITU_MAX_LAYERS)
        return spn_err_set(err, SPN_EINPUT, "network %s has more than %d layers with weights",
                           s->job->net->name, SPN_INSITU_MAX_LAYERS);
    struct spn_insitu_matrix *x = &s->matrix[s->n_matrices];
    x->layer = layer;
    x->n = s->net->layer[layer].weight.n;
    x->final_share = source->sparsity;
    x->place = malloc(x->n * sizeof *x->place);
    x->running = calloc(x->n, sizeof *x->running);
    x->target = calloc(x->n, sizeof *x->target);
    x->code = calloc(x->n, sizeof *x->code);
    x->delta = calloc(x->n, sizeof *x->delta);
    x->mask = calloc(x->n, 1);
    struct spn_insitu_layer *l = &log->layer[s->n_matrices++];
    if (!x->place || !x->running || !x->target || !x->code || !x->delta || !x->mask)
        return spn_err_memory(err, "the weights' codes");
    lay_out(x, &s->net->layer[layer].window);
    *l = (struct spn_insitu_layer){.first = (int)s->n_weights, .n = (int)x->n, .scale = 1};
    memcpy(l->name, source->name, sizeof l->name);
    s->n_weights += x->n;
    s->final_share += x->final_share * (double)x->n;
    return SPN_OK;
}

static enum spn_status check_images(const struct spn_network *net, const struct spn_dataset *images,
                                    struct spn_err *err)
{
    const int64_t size = (int64_t)images->channels * images->height * images->width;
    if (images->n_images < 1 || size != spn_shape_size(&net->input))
        return spn_err_set(err, SPN_EINPUT,
                           "%d images of %s with %d x %d x %d pixels do not fit network %s",
                           images->n_images, images->name, images->channels, images->height,
                           images->width, net->name);
    for (int i = 0; i < images->n_images; i++)
        if (images->label[i] >= net->n_classes)
            return spn_err_set(err, SPN_EINPUT, "label %d of image %d in %s outside [0, %d]",
                               images->label[i], i, images->name, net->n_classes - 1);
    if (net->n_classes > SPN_INSITU_MAX_CLASSES)
        return spn_err_set(err, SPN_EINPUT, "network %s has %d classes, at most %d", net->name,
                           net->n_classes, SPN_INSITU_MAX_CLASSES);
    return SPN_OK;
}

static enum spn_status allocate(struct spn_insitu_state *s, struct spn_insitu_log *log,
                                struct spn_err *err)
{
    const struct spn_insitu_options *o = &s->job->options;
    const size_t rows = (size_t)o->array_rows, columns = (size_t)o->array_columns;
    size_t largest = 1;
    for (int m = 0; m < s->n_matrices; m++)
        largest = s->matrix[m].n > largest ? s->matrix[m].n : largest;
    s->array_delta = calloc(rows * columns, sizeof *s->array_delta);
    s->array_mask = calloc(rows, columns);
    s->row = calloc(rows + columns, sizeof *s->row);
    s->row_pulses = calloc(rows + columns, sizeof *s->row_pulses);
    s->order = calloc(largest, sizeof *s->order);
    log->epoch = calloc((size_t)o->epochs, sizeof *log->epoch);
    if (!s->array_delta || !s->array_mask || !s->row || !s->row_pulses || !s->order || !log->epoch)
        return spn_err_memory(err, "training on cells");
    s->column = s->row + rows;
    s->column_pulses = s->row_pulses + rows;
    return SPN_OK;
}

static enum spn_status start(struct spn_insitu_state *s, struct spn_insitu_log *log,
                             struct spn_err *err)
{
    const struct spn_insitu_job *job = s->job;
    const int n = job->train->n_images;
    const struct spn_train_net_config config = {.net = job->net,
                                                .batch = n,
                                                .n_threads = 1,
                                                .adam = true,
                                                .separate_view = true,
                                                .seed = job->options.seed};
    enum spn_status status = spn_insitu_options_check(&job->options, err);
    if (!status)
        status = check_images(job->net, job->train, err);
    if (!status)
        status = check_images(job->net, job->test, err);
    if (!status)
        status = spn_train_net_create(&s->net, &config, err);
    for (int i = 0; !status && i < s->net->n_layers; i++)
        if (spn_layer_is_matrix(&job->net->layer[i]))
            status = add_matrix(s, i, log, err);
    if (!status && s->n_matrices == 0)
        status = spn_err_set(err, SPN_EINPUT, "network %s has no weights", job->net->name);
    if (!status)
        status = allocate(s, log, err);
    if (!status)
        s->final_share /= (double)s->n_weights;
    s->choice_rng = spn_rng_init(job->options.seed, STREAM_CHOICE, 0);
    return status;
}

static void state_clear(struct spn_insitu_state *s)
{
    for (int m = 0; m < s->n_matrices; m++) {
        struct spn_insitu_matrix *x = &s->matrix[m];
        spn_pairs_destroy(x->pairs);
        free(x->place);
        free(x->running);
        free(x->target);
        free(x->code);
        free(x->delta);
        free(x->mask);
    }
    spn_train_net_destroy(s->net);
    free(s->array_delta);
    free(s->array_mask);
    free(s->row);
    free(s->row_pulses);
    free(s->order);
}

enum spn_status spn_insitu_run(const struct spn_insitu_job *job,
                               const struct spn_progress *progress, struct spn_insitu_log *out,
                               struct spn_err *err)
{
    struct spn_insitu_state s = {.job = job};
    struct spn_insitu_log log = {.n_classes = job->net->n_classes};
    openblas_set_num_threads(1);
    enum spn_status status = start(&s, &log, err);
    for (int epoch = 1; epoch <= job->options.epochs && !status && !log.stopped; epoch++) {
        status = run_epoch(&s, epoch, &log, err);
        log.stopped =
            !spn_progress_step(progress, "epochs", (size_t)epoch, (size_t)job->options.epochs);
    }
    log.n_layers = s.n_matrices;
    log.n_weights = (int)s.n_weights;
    if (!status && !log.stopped && job->options.landscape_points > 0)
        status = map_loss(&s, &log, err);
    if (!status && !log.stopped)
        rest(&s, &log);
    state_clear(&s);
    if (status)
        spn_insitu_log_clear(&log);
    else
        *out = log;
    return status;
}

void spn_insitu_log_clear(struct spn_insitu_log *log)
{
    free(log->epoch);
    free(log->landscape);
    for (int i = 0; i < log->n_snapshots; i++) {
        free(log->snapshot[i].weight);
        free(log->snapshot[i].mask);
    }
    *log = (struct spn_insitu_log){0};
}
