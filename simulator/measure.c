/* measure.c -- the values that a network's layers really see.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The network runs in floating point; of every matrix layer the input codes are counted row by row,
 * in a few "views" of a code (its bits, its square). From the sums over vectors of each row follow
 * the distribution of inputs, and of the weights that active inputs meet [M:N9]; and, with the
 * digits of a chip as views, the exact energy of all reads [M:N10]. Counts are whole numbers, so
 * the result is the same for any number of threads.
 */
#include "simulator/measure.h"

#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "simulator/measure_state.h"

/* As the simulator's calibration: one outlier must not set the step of all. [M:S23] */
#define INPUT_PERCENTILE 99.99

enum { BATCH = 4, CHUNK_CODES = 1 << 16 };

struct hook {
    struct spn_measure_job *job;
    struct spn_measure_worker *worker;
};

static void count_codes(const struct spn_measure_views *views, const struct spn_measure_matrix *m,
                        const uint8_t *code, size_t n_vectors, uint64_t *row, uint64_t *histogram)
{
    const int n_views = views->n;
    for (size_t i = 0; i < n_vectors; i++, code += m->rows)
        for (int r = 0; r < m->rows; r++) {
            const uint32_t *value = views->value[code[r]];
            uint64_t *sum = row + (size_t)r * (size_t)n_views;
            histogram[code[r]]++;
            for (int v = 0; v < n_views; v++)
                sum[v] += value[v];
        }
}

static void count_group(struct hook *h, const struct spn_measure_matrix *m, int group, int n_images)
{
    struct spn_measure_worker *w = h->worker;
    const struct spn_measure_views *views = h->job->views;
    const struct spn_bound_layer *b = &h->job->m->bound->layer[m->layer];
    struct spn_measure_sums *sums = &w->sums[b->matrix];
    uint64_t *row = sums->row + (size_t)group * (size_t)m->rows * (size_t)views->n;
    const int64_t positions =
        m->image ? (int64_t)b->window.out_height * b->window.out_width : (int64_t)b->n_in / m->rows;
    const int64_t total = positions * n_images, most = CHUNK_CODES / m->rows;
    const int64_t step = most > 1 ? most : 1;
    if (!m->image) {
        count_codes(views, m, w->codes, (size_t)total, row, sums->code);
    }
    for (int64_t first = 0; m->image && first < total; first += step) {
        const int64_t left = total - first;
        const struct spn_patches which = {
            .first = first, .n = (int)(left < step ? left : step), .group = group, .size = 1};
        spn_layers_patches(&b->window, w->codes, &which, w->patches);
        count_codes(views, m, w->patches, (size_t)which.n, row, sums->code);
    }
    sums->n_vectors += group == 0 ? (uint64_t)total : 0;
}

/* A spn_matrix_body that watches the inputs and leaves the product to the float kernels. */
static bool watch(void *ctx, int layer, const float *x, int n, float *y)
{
    struct hook *h = ctx;
    struct spn_measure_job *job = h->job;
    const struct spn_bound_layer *b = &job->m->bound->layer[layer];
    const struct spn_measure_matrix *m = &job->m->matrix[b->matrix];
    const size_t n_codes = (size_t)n * b->n_in;
    (void)y;
    if (!job->views) {
        pthread_mutex_lock(&job->lock);
        spn_range_add(&job->range[b->matrix], x, n_codes);
        pthread_mutex_unlock(&job->lock);
        return false;
    }
    for (int sign = 1; sign >= (m->is_signed ? -1 : 1); sign -= 2) {
        const struct spn_input_code code = {.scale = m->top / (float)job->views->max_code,
                                            .sign = sign,
                                            .max = job->views->max_code};
        spn_quantize_inputs(&code, x, n_codes, h->worker->codes);
        for (int g = 0; g < m->groups; g++)
            count_group(h, m, g, n);
    }
    return false;
}

static void body(void *ctx, size_t index, int thread)
{
    struct spn_measure_job *job = ctx;
    struct hook hook = {.job = job, .worker = &job->worker[thread]};
    const int first = (int)index * BATCH, left = job->images->n_images - first;
    const int n = left < BATCH ? left : BATCH;
    pthread_mutex_lock(&job->lock);
    const bool stopped = job->stopped;
    pthread_mutex_unlock(&job->lock);
    if (stopped)
        return;
    hook.worker->run.matrix = watch;
    hook.worker->run.ctx = &hook;
    spn_run_set_data(&hook.worker->run, job->images, first, n);
    spn_run_forward(&hook.worker->run, n);
    pthread_mutex_lock(&job->lock);
    job->n_done += n;
    if (!spn_progress_step(job->progress, "images", (size_t)job->n_done,
                           (size_t)job->images->n_images))
        job->stopped = true;
    pthread_mutex_unlock(&job->lock);
}

static size_t row_sums(const struct spn_measure_matrix *m, const struct spn_measure_views *views)
{
    return (size_t)m->groups * (size_t)m->rows * (size_t)views->n;
}

static void worker_clear(struct spn_measure_worker *w, const struct spn_measure *m)
{
    for (int i = 0; w->sums && i < m->bound->n_matrices; i++)
        free(w->sums[i].row);
    free(w->sums);
    free(w->codes);
    free(w->patches);
    spn_run_clear(&w->run);
}

static enum spn_status worker_init(struct spn_measure_worker *w, const struct spn_measure_job *job,
                                   struct spn_err *err)
{
    const struct spn_bound_network *bound = job->m->bound;
    enum spn_status status = spn_run_init(&w->run, bound, BATCH, err);
    size_t input = 1, patch = CHUNK_CODES;
    if (status || !job->views)
        return status;
    w->sums = calloc((size_t)bound->n_matrices, sizeof *w->sums);
    for (int i = 0; w->sums && i < bound->n_matrices; i++) {
        const struct spn_measure_matrix *m = &job->m->matrix[i];
        const size_t n_in = bound->layer[m->layer].n_in;
        input = n_in > input ? n_in : input;
        patch = (size_t)m->rows > patch ? (size_t)m->rows : patch;
        w->sums[i].row = calloc(row_sums(m, job->views), sizeof *w->sums[i].row);
        if (!w->sums[i].row)
            return spn_err_memory(err, "value sums");
    }
    w->codes = malloc(BATCH * input);
    w->patches = malloc(patch);
    return w->sums && w->codes && w->patches ? SPN_OK : spn_err_memory(err, "value sums");
}

static void add_sums(struct spn_measure_sums *to, const struct spn_measure_sums *from,
                     size_t n_rows)
{
    to->n_vectors += from->n_vectors;
    for (int c = 0; c < SPN_MEASURE_CODES; c++)
        to->code[c] += from->code[c];
    for (size_t i = 0; i < n_rows; i++)
        to->row[i] += from->row[i];
}

enum spn_status spn_measure_run_images(struct spn_measure_job *job, int *n_workers,
                                       struct spn_err *err)
{
    const int n_images = job->images->n_images;
    const size_t n_batches = ((size_t)n_images + BATCH - 1) / BATCH;
    int n_threads = spn_parallel_threads(job->m->n_threads);
    enum spn_status status = SPN_OK;
    n_threads = (size_t)n_threads > n_batches ? (int)n_batches : n_threads;
    job->worker = calloc((size_t)n_threads, sizeof *job->worker);
    *n_workers = job->worker ? n_threads : 0;
    if (!job->worker)
        return spn_err_memory(err, "threads");
    for (int t = 0; t < n_threads && !status; t++)
        status = worker_init(&job->worker[t], job, err);
    if (status)
        return status;
    pthread_mutex_init(&job->lock, NULL);
    spn_parallel_for(n_threads, n_batches, body, job);
    pthread_mutex_destroy(&job->lock);
    if (job->stopped)
        return spn_err_set(err, SPN_EUSAGE, "stopped after %d of %d images", job->n_done, n_images);
    for (int t = 1; t < n_threads && job->views; t++)
        for (int i = 0; i < job->m->bound->n_matrices; i++)
            add_sums(&job->worker[0].sums[i], &job->worker[t].sums[i],
                     row_sums(&job->m->matrix[i], job->views));
    return SPN_OK;
}

void spn_measure_job_clear(struct spn_measure_job *job, int n_workers)
{
    for (int t = 0; t < n_workers; t++)
        worker_clear(&job->worker[t], job->m);
    free(job->worker);
}

/* ---- create ---- */

enum spn_status spn_measure_check_images(const struct spn_measure *m,
                                         const struct spn_dataset *images, struct spn_err *err)
{
    const int64_t size = (int64_t)images->channels * images->height * images->width;
    const struct spn_network *net = m->bound->net;
    if (images->n_images < 1)
        return spn_err_set(err, SPN_EINPUT, "data set '%s' has no images", images->name);
    if (images->n_tokens > 0 ? images->n_tokens < spn_shape_size(&net->input)
                             : size != spn_shape_size(&net->input))
        return spn_err_set(err, SPN_EINPUT, "data of '%s' do not fit network '%s' (%lld inputs)",
                           images->name, net->name, (long long)spn_shape_size(&net->input));
    return SPN_OK;
}

static enum spn_status set_scales(struct spn_measure *m, const struct spn_dataset *calibration,
                                  struct spn_err *err)
{
    const int n = m->bound->n_matrices;
    struct spn_measure_job job = {.m = m, .images = calibration};
    int n_workers = 0;
    enum spn_status status = SPN_OK;
    job.range = malloc((size_t)n * sizeof *job.range);
    if (!job.range)
        return spn_err_memory(err, "ranges");
    for (int i = 0; i < n; i++)
        spn_range_init(&job.range[i]);
    status = spn_measure_run_images(&job, &n_workers, err);
    for (int i = 0; i < n && !status; i++) {
        const double top = spn_range_percentile(&job.range[i], INPUT_PERCENTILE);
        m->matrix[i].top = top > 0 ? (float)top : 1.0f;
        m->matrix[i].is_signed = spn_range_is_signed(&job.range[i]);
    }
    spn_measure_job_clear(&job, n_workers);
    free(job.range);
    return status;
}

enum spn_status spn_measure_create(struct spn_measure **measure, const struct spn_network *net,
                                   const struct spn_weights *weights,
                                   const struct spn_dataset *calibration, int n_threads,
                                   struct spn_err *err)
{
    struct spn_measure *m = calloc(1, sizeof *m);
    if (!m)
        return spn_err_memory(err, "measure");
    m->n_threads = n_threads;
    enum spn_status status = spn_bound_create(&m->bound, net, weights, err);
    if (!status)
        status = spn_measure_check_images(m, calibration, err);
    if (!status && !(m->matrix = calloc((size_t)m->bound->n_matrices + 1, sizeof *m->matrix)))
        status = spn_err_memory(err, "measure");
    for (int i = 0; !status && i < m->bound->n_layers; i++) {
        const struct spn_layer *layer = &net->layer[i];
        if (!spn_layer_is_matrix(layer))
            continue;
        const struct spn_window w = spn_bound_window(layer);
        m->matrix[m->bound->layer[i].matrix] =
            (struct spn_measure_matrix){.layer = i,
                                        .groups = w.groups,
                                        .rows = spn_window_rows(&w),
                                        .columns = layer->channels / w.groups,
                                        .image = layer->op == SPN_OP_CONV2D};
    }
    if (!status)
        status = set_scales(m, calibration, err);
    if (status)
        spn_measure_destroy(m);
    else
        *measure = m;
    return status;
}

void spn_measure_destroy(struct spn_measure *measure)
{
    if (!measure)
        return;
    spn_bound_destroy(measure->bound);
    free(measure->matrix);
    free(measure);
}

/* ---- distributions ---- */

/* Bits of the code, then its square. */
static void set_profile_views(struct spn_measure_views *views)
{
    views->n = SPN_PROFILE_VIEWS;
    views->max_code = SPN_MEASURE_CODES - 1;
    for (uint32_t c = 0; c < SPN_MEASURE_CODES; c++) {
        for (int bit = 0; bit < SPN_PROFILE_VIEWS - 1; bit++)
            views->value[c][bit] = c >> bit & 1;
        views->value[c][SPN_PROFILE_VIEWS - 1] = c * c;
    }
}

int8_t *spn_measure_weight_codes(const struct spn_bound_layer *b, int bits)
{
    int8_t *codes = malloc(b->n_weight);
    if (codes)
        spn_quantize_weights(b->weight, b->n_weight, bits, codes);
    return codes;
}

/* [M:N9] weight codes of column j, row r counted with the row's sum in each view. */
static enum spn_status profile_layer(const struct spn_measure *m, int index,
                                     const struct spn_measure_sums *sums,
                                     struct spn_layer_profile *out, struct spn_err *err)
{
    const struct spn_measure_matrix *x = &m->matrix[index];
    const struct spn_bound_layer *b = &m->bound->layer[x->layer];
    int8_t *codes = spn_measure_weight_codes(b, 8);
    double total[SPN_PROFILE_VIEWS] = {0}, kept[SPN_PROFILE_VIEWS] = {0}, n_kept = 0, n_codes = 0;
    if (!codes)
        return spn_err_memory(err, "weight codes");
    memset(out->weight, 0, sizeof out->weight);
    memset(out->seen, 0, sizeof out->seen);
    for (size_t i = 0; i < b->n_weight; i++) { /* weight [out][rows] */
        const size_t row = i % (size_t)x->rows, group = i / ((size_t)x->rows * (size_t)x->columns);
        const uint64_t *sum = sums->row + (group * (size_t)x->rows + row) * SPN_PROFILE_VIEWS;
        const bool is_kept = b->weight[i] != 0.0f;
        for (int v = 0; v < SPN_PROFILE_VIEWS; v++) {
            total[v] += (double)sum[v];
            kept[v] += is_kept ? (double)sum[v] : 0;
            out->seen[v][codes[i] + SPN_MEASURE_ZERO] += is_kept ? (double)sum[v] : 0;
        }
        out->weight[codes[i] + SPN_MEASURE_ZERO] += is_kept;
        n_kept += is_kept;
    }
    free(codes);
    out->kept_frac = n_kept / (double)b->n_weight;
    for (int c = 0; c < SPN_MEASURE_CODES; c++)
        n_codes += (double)sums->code[c];
    for (int c = 0; c < SPN_MEASURE_CODES; c++) {
        out->input[c] = (double)sums->code[c] / n_codes;
        out->weight[c] = n_kept > 0 ? out->weight[c] / n_kept : c == SPN_MEASURE_ZERO;
    }
    for (int v = 0; v < SPN_PROFILE_VIEWS; v++) { /* a view that saw nothing: the plain weights */
        const bool any = kept[v] > 0;
        out->seen_kept[v] = any ? kept[v] / total[v] / out->kept_frac : 1;
        for (int c = 0; c < SPN_MEASURE_CODES; c++)
            out->seen[v][c] = any ? out->seen[v][c] / kept[v] : out->weight[c];
    }
    out->measured_input = out->measured_weight = out->measured_seen = true;
    return SPN_OK;
}

enum spn_status spn_measure_profile(struct spn_measure *measure, const struct spn_dataset *images,
                                    const struct spn_progress *progress,
                                    struct spn_profile *profile, struct spn_err *err)
{
    struct spn_measure_views views;
    struct spn_measure_job job = {
        .m = measure, .images = images, .views = &views, .progress = progress};
    int n_workers = 0;
    set_profile_views(&views);
    enum spn_status status = spn_measure_check_images(measure, images, err);
    if (status)
        return status;
    struct spn_layer_profile *layer = malloc((size_t)profile->n_layers * sizeof *layer);
    if (!layer)
        return spn_err_memory(err, "value profile");
    memcpy(layer, profile->layer, (size_t)profile->n_layers * sizeof *layer);
    status = spn_measure_run_images(&job, &n_workers, err);
    for (int i = 0; i < measure->bound->n_matrices && !status; i++)
        status = profile_layer(measure, i, &job.worker[0].sums[i], &layer[measure->matrix[i].layer],
                               err);
    if (!status)
        memcpy(profile->layer, layer, (size_t)profile->n_layers * sizeof *layer);
    spn_measure_job_clear(&job, n_workers);
    free(layer);
    return status;
}
