/* train.c -- the training loop: batches, learning rate, pruning steps, test accuracy, the weights
 * at the end.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Images are shuffled anew each epoch; image i of epoch e is shifted and mirrored by its own random
 * stream, so that nothing depends on who draws when.
 */
#include "simulator/train.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/parallel.h"
#include "base/rng.h"
#include "simulator/quantize.h"
#include "simulator/train_cells.h"
#include "simulator/train_hardware.h"
#include "simulator/train_layers.h"
#include "simulator/train_net.h"
#include "simulator/train_update.h"

#define PIXEL_MAX 255.0f

struct trainer {
    const struct spn_train_job *job;
    struct spn_train_net *net;
    struct spn_train_cells *cells; /* or NULL: weights are numbers */
    int *order;                    /* of the training images in this epoch */
    long n_updates;
    double prune_share;
    int n_matrices;
    struct spn_train_log *log;
};

/* A batch to be laid out in net->x. */
struct batch {
    const struct trainer *t;
    const struct spn_dataset *images;
    const int *index; /* NULL: images first .. */
    int first;
    int epoch; /* < 0: as they are, without shifts */
};

static int between(int low, int value, int high)
{
    return value < low ? low : value > high ? high : value;
}

static void fill_body(void *ctx, size_t i, int thread)
{
    const struct batch *b = ctx;
    const struct spn_network *net = b->t->job->net;
    const struct spn_train_options *o = &b->t->job->options;
    const int image = b->index ? b->index[b->first + (int)i] : b->first + (int)i;
    const int channels = b->images->channels, height = b->images->height, width = b->images->width;
    const uint8_t *pixel = b->images->image + (size_t)image * b->t->net->n_input;
    float *x = b->t->net->x + i * b->t->net->n_input;
    int down = 0, right = 0;
    bool mirrored = false;
    (void)thread;
    if (b->epoch >= 0) {
        struct spn_rng rng = spn_rng_init(o->seed, SPN_TRAIN_STREAM_AUGMENT, (uint32_t)b->epoch);
        spn_rng_at(&rng, (uint64_t)image);
        down = (int)spn_rng_below(&rng, 2 * (uint32_t)o->shift_px + 1) - o->shift_px;
        right = (int)spn_rng_below(&rng, 2 * (uint32_t)o->shift_px + 1) - o->shift_px;
        mirrored = o->flip && spn_rng_u32(&rng) & 1;
    }
    for (int c = 0; c < channels; c++) {
        const float mean = c < net->n_mean ? (float)net->input_mean[c] : 0.0f;
        const float share = c < net->n_std ? 1.0f / (float)net->input_std[c] : 1.0f;
        for (int e = 0; e < height * width; e++) {
            const int row = between(0, e / width + down, height - 1);
            const int column =
                between(0, (mirrored ? width - 1 - e % width : e % width) + right, width - 1);
            x[(size_t)e * (size_t)channels + (size_t)c] =
                ((float)pixel[((size_t)c * (size_t)height + (size_t)row) * (size_t)width +
                              (size_t)column] /
                     PIXEL_MAX -
                 mean) *
                share;
        }
    }
}

static void shuffle(int *order, int n, uint64_t seed, int epoch)
{
    struct spn_rng rng = spn_rng_init(seed, SPN_TRAIN_STREAM_ORDER, (uint32_t)epoch);
    for (int i = 0; i < n; i++) {
        order[i] = i;
    }
    for (int i = n - 1; i > 0; i--) {
        const int k = (int)spn_rng_below(&rng, (uint32_t)i + 1), held = order[i];
        order[i] = order[k];
        order[k] = held;
    }
}

/* Loss and hits of the n images in hand; fills the last layer's gradient. */
static double judge(const struct trainer *t, const struct batch *b, int n, int *n_right)
{
    const struct spn_train_layer *last = &t->net->layer[t->net->n_layers - 1];
    double loss = 0.0;
    for (int i = 0; i < n; i++) {
        const int image = b->index ? b->index[b->first + i] : b->first + i;
        const struct spn_target target = {.n_classes = (int)last->n_out,
                                          .label = b->images->label[image],
                                          .smoothing = t->job->options.label_smoothing_frac,
                                          .share = 1.0 / n};
        int best;
        loss += spn_train_cross_entropy(&target, last->y + (size_t)i * last->n_out,
                                        last->dy + (size_t)i * last->n_out, &best);
        *n_right += best == target.label;
    }
    return loss;
}

static double measure(struct trainer *t)
{
    const struct spn_dataset *test = t->job->test;
    int n_right = 0;
    if (!test || test->n_images < 1) {
        return -1.0;
    }
    spn_train_view(t->net, &t->job->options, false, t->n_updates);
    if (t->job->options.hardware.tuned_layers > 0) /* as it is on this chip */
        spn_train_hardware_errors(t->net, &t->job->options, t->n_updates);
    for (int first = 0; first < test->n_images; first += t->net->batch) {
        struct batch b = {.t = t, .images = test, .first = first, .epoch = -1};
        const int n =
            test->n_images - first < t->net->batch ? test->n_images - first : t->net->batch;
        spn_parallel_for(t->net->n_threads, (size_t)n, fill_body, &b);
        spn_train_forward(t->net, n, false);
        judge(t, &b, n, &n_right);
    }
    return (double)n_right / test->n_images;
}

static enum spn_status prune_if_due(struct trainer *t, double epoch, struct spn_err *err)
{
    const double share = spn_train_prune_share(&t->job->options.prune, epoch);
    if (share <= t->prune_share) {
        return SPN_OK;
    }
    t->prune_share = share;
    return spn_train_prune(t->net, share, err);
}

/* One update; `step` counts all updates from 0. */
static enum spn_status train_batch(struct trainer *t, const struct batch *b, int n, double done,
                                   struct spn_err *err)
{
    const struct spn_train_options *o = &t->job->options;
    const int per_epoch = (t->job->train->n_images + t->net->batch - 1) / t->net->batch;
    const double epoch = (double)t->n_updates / per_epoch;
    struct spn_train_epoch *e = &t->log->epoch[t->log->n_epochs];
    int n_right = 0;
    enum spn_status status = prune_if_due(t, epoch, err);
    if (status) {
        return status;
    }
    spn_train_view(t->net, o, true, t->n_updates);
    t->net->n_active = spn_train_hardware_active(&o->hardware, t->n_matrices, epoch);
    spn_train_hardware_errors(t->net, o, t->n_updates);
    spn_parallel_for(t->net->n_threads, (size_t)n, fill_body, (void *)b);
    spn_train_forward(t->net, n, true);
    const double loss = judge(t, b, n, &n_right);
    if (!isfinite(loss)) {
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "training diverged at update %ld (learning_rate = %g is too large)",
                           t->n_updates, o->learning_rate);
    }
    spn_train_backward(t->net, n);
    e->learning_rate = spn_train_rate(o, done, epoch);
    spn_train_update(t->net, o, e->learning_rate, ++t->n_updates);
    e->loss += loss;
    e->train_frac += n_right;
    return t->cells ? spn_train_cells_update(t->cells, n, e->learning_rate, err) : SPN_OK;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum spn_status train_epoch(struct trainer *t, long n_total,
                                   const struct spn_progress *progress, struct spn_err *err)
{
    const int n_images = t->job->train->n_images, epoch = t->log->n_epochs;
    const double start_s = now_s();
    struct spn_train_epoch *e = &t->log->epoch[epoch];
    int n_seen = 0;
    enum spn_status status = SPN_OK;
    *e = (struct spn_train_epoch){0};
    const double pulses = t->cells ? spn_train_cells_pulses(t->cells) : 0;
    shuffle(t->order, n_images, t->job->options.seed, epoch);
    for (int first = 0; first < n_images && t->n_updates < n_total && !t->log->stopped && !status;
         first += t->net->batch) {
        const struct batch b = {
            .t = t, .images = t->job->train, .index = t->order, .first = first, .epoch = epoch};
        const int n = n_images - first < t->net->batch ? n_images - first : t->net->batch;
        status = train_batch(t, &b, n, (double)(t->n_updates + 1) / (double)n_total, err);
        n_seen += n;
        t->log->stopped =
            !spn_progress_step(progress, "updates", (size_t)t->n_updates, (size_t)n_total);
    }
    if (!status) {
        status = prune_if_due(
            t, t->n_updates >= n_total && !t->log->stopped ? t->job->options.epochs : 0.0, err);
        e->loss /= n_seen;
        e->train_frac /= n_seen;
        e->test_frac = measure(t);
        spn_train_view(t->net, &t->job->options, false, t->n_updates);
        e->sparsity_frac = spn_train_sparsity(t->net);
        e->writes = spn_train_hardware_writes(t->net);
        e->pulses = t->cells ? spn_train_cells_pulses(t->cells) - pulses : 0;
        e->time_s = now_s() - start_s;
        t->log->n_epochs++;
    }
    return status;
}

/* ---- the weights at the end ---- */

static enum spn_status add_matrix(struct spn_weights *out, const struct spn_layer *layer,
                                  const struct spn_train_layer *l, int bits, struct spn_err *err)
{
    const int64_t conv[] = {layer->channels, l->window.channels / l->window.groups,
                            layer->kernel[0], layer->kernel[1]};
    const int64_t linear[] = {layer->channels, l->window.channels}, one = 1;
    const bool is_conv = layer->op == SPN_OP_CONV2D;
    const int positions = l->window.kernel[0] * l->window.kernel[1],
              depth = l->window.channels / l->window.groups;
    const size_t row = (size_t)positions * (size_t)depth;
    char name[128], scale_name[136];
    enum spn_status status = SPN_OK;
    float *values = malloc(l->weight.n * sizeof *values);
    int8_t *codes = malloc(l->weight.n);
    snprintf(name, sizeof name, "%s.weight", layer->tensor);
    snprintf(scale_name, sizeof scale_name, "%s_scale", name);
    if (!values || !codes) {
        status = spn_err_memory(err, name);
        goto out;
    }
    for (size_t k = 0; k < l->weight.n / row; k++) {
        spn_layers_to_planes(l->weight.value + k * row, depth, positions, values + k * row);
    }
    const float scale =
        bits > 0 ? (float)spn_quantize_weights(values, l->weight.n, bits, codes) : 0.0f;
    status = spn_weights_add(out, name, bits > 0 ? SPN_DTYPE_I8 : SPN_DTYPE_F32, is_conv ? 4 : 2,
                             is_conv ? conv : linear, bits > 0 ? (const void *)codes : values, err);
    if (!status && bits > 0) {
        status = spn_weights_add(out, scale_name, SPN_DTYPE_F32, 1, &one, &scale, err);
    }
out:
    free(values);
    free(codes);
    return status;
}

static enum spn_status add_vector(struct spn_weights *out, const struct spn_layer *layer,
                                  const char *part, const float *values, size_t n,
                                  struct spn_err *err)
{
    const int64_t dim = (int64_t)n;
    char name[128];
    snprintf(name, sizeof name, "%s%s", layer->tensor, part);
    return spn_weights_add(out, name, SPN_DTYPE_F32, 1, &dim, values, err);
}

static enum spn_status add_layer(struct spn_weights *out, const struct spn_layer *layer,
                                 const struct spn_train_layer *l, int bits, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    if (spn_layer_is_matrix(layer)) {
        status = add_matrix(out, layer, l, bits, err);
        if (!status && l->bias.n > 0) {
            status = add_vector(out, layer, ".bias", l->bias.value, l->bias.n, err);
        }
    } else if (layer->op == SPN_OP_BATCHNORM) {
        const char *const parts[] = {".weight", ".bias", ".running_mean", ".running_var"};
        const float *const from[] = {l->weight.value, l->bias.value, l->running_mean,
                                     l->running_var};
        for (int k = 0; k < 4 && !status; k++) {
            status = add_vector(out, layer, parts[k], from[k], l->weight.n, err);
        }
    }
    return status;
}

static enum spn_status make_weights(struct spn_weights **out, const struct trainer *t,
                                    struct spn_err *err)
{
    struct spn_weights *weights = NULL;
    enum spn_status status = spn_weights_create(&weights, err);
    for (int i = 0; i < t->net->n_layers && !status; i++) {
        status = add_layer(weights, &t->net->net->layer[i], &t->net->layer[i],
                           t->job->options.weight_bits, err);
    }
    if (!status) {
        status = spn_weights_set_metadata(weights, "network", t->net->net->name, err);
    }
    if (status) {
        spn_weights_destroy(weights);
        return status;
    }
    *out = weights;
    return SPN_OK;
}

/* ---- the whole run ---- */

static enum spn_status check_images(const struct spn_network *net, const struct spn_dataset *images,
                                    struct spn_err *err)
{
    const int64_t size = (int64_t)images->channels * images->height * images->width;
    if (images->n_images < 1 || size != spn_shape_size(&net->input) ||
        (net->input.n == 3 && net->input.dim[0] != images->channels)) {
        return spn_err_set(
            err, SPN_EINPUT,
            "%d images of '%s' with %d x %d x %d pixels do not fit network '%s' (%lld inputs)",
            images->n_images, images->name, images->channels, images->height, images->width,
            net->name, (long long)spn_shape_size(&net->input));
    }
    for (int i = 0; i < images->n_images; i++) {
        if (images->label[i] >= net->n_classes) {
            return spn_err_set(err, SPN_EINPUT, "label %d of image %d in '%s' outside [0, %d]",
                               images->label[i], i, images->name, net->n_classes - 1);
        }
    }
    return SPN_OK;
}

static enum spn_status check_job(const struct spn_train_job *job, struct spn_err *err)
{
    enum spn_status status = spn_train_options_check(&job->options, err);
    if (!status && job->options.hardware.tuned_layers > 0 && !job->start) {
        return spn_err_set(
            err, SPN_EINPUT,
            "hardware.tuned_layers = %d: layers that stay as transferred need weights "
            "to start from (start)",
            job->options.hardware.tuned_layers);
    }
    if (!status && job->options.update.rule != SPN_TRAIN_IDEAL && !job->device) {
        return spn_err_set(err, SPN_EUSAGE, "update.rule = %s without a device",
                           spn_train_rule_names[job->options.update.rule]);
    }
    if (!status) {
        status = check_images(job->net, job->train, err);
    }
    if (!status && job->test && job->test->n_images > 0) {
        status = check_images(job->net, job->test, err);
    }
    return status;
}

enum spn_status spn_train_run(const struct spn_train_job *job, const struct spn_progress *progress,
                              struct spn_weights **out, struct spn_train_log *log,
                              struct spn_err *err)
{
    const struct spn_train_options *o = &job->options;
    enum spn_status status = check_job(job, err);
    if (status) {
        return status;
    }
    openblas_set_num_threads(1); /* parts of a batch are what is parallel here */
    const int n_images = job->train->n_images, batch = o->batch < n_images ? o->batch : n_images;
    const long n_total = (long)ceil(o->epochs * ((n_images + batch - 1) / batch) - 1e-9);
    struct trainer t = {.job = job,
                        .order = malloc((size_t)n_images * sizeof(int)),
                        .log = calloc(1, sizeof(*t.log))};
    const struct spn_train_net_config config = {.net = job->net,
                                                .start = job->start,
                                                .batch = batch,
                                                .n_threads = o->n_threads,
                                                .activation_bits = o->activation_bits,
                                                .adam = o->optimiser == SPN_OPTIMISER_ADAM,
                                                .seed = o->seed,
                                                .hardware = &o->hardware,
                                                .separate_view =
                                                    o->weight_bits > 0 || o->weight_noise_frac > 0};
    if (!t.order || !t.log) {
        status = spn_err_memory(err, "training");
        goto out;
    }
    status = spn_train_net_create(&t.net, &config, err);
    if (!status && o->update.rule != SPN_TRAIN_IDEAL) {
        status = spn_train_cells_create(&t.cells, t.net, o, job->device, err);
    }
    for (int i = 0; i < job->net->n_layers; i++) {
        t.n_matrices += spn_layer_is_matrix(&job->net->layer[i]);
    }
    if (!status) {
        t.net->n_active = spn_train_hardware_active(&o->hardware, t.n_matrices, 0.0);
        t.log->transfer_frac = o->hardware.tuned_layers > 0 ? measure(&t) : -1.0;
    }
    while (!status && t.n_updates < n_total && !t.log->stopped &&
           t.log->n_epochs < SPN_TRAIN_MAX_EPOCHS) {
        status = train_epoch(&t, n_total, progress, err);
    }
    if (!status && t.cells && t.n_updates > 0) {
        t.log->update_pulses = spn_train_cells_pulses(t.cells) / (double)t.n_updates;
    }
    if (!status) {
        status = make_weights(out, &t, err);
    }
    if (!status && log) {
        *log = *t.log;
    }
out:
    spn_train_cells_destroy(t.cells);
    spn_train_net_destroy(t.net);
    free(t.order);
    free(t.log);
    return status;
}
