/* arrays.c -- program matrix layers into cores, calibrate them, multiply through them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * y = s_w s_x (W q+ - W q-) with q the codes of the activations [M:S22]. Batch normalisation is not
 * folded into the weights: a scale per channel would need a scale per column, so it stays a digital
 * scale and offset after the sum.
 */
#include "simulator/arrays.h"

#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "simulator/quantize.h"

/* Bytes of patches handed to a core at a time: a quarter of a 2 MiB second-level cache. */
enum { TILE_BYTES = 1 << 19, TILE_MIN = 16, TILE_MAX = 512 };

/* Reads of x- are numbered from here, so that their noise is not that of x+. */
static const uint64_t NEGATIVE_READS = (uint64_t)1 << 32;

int spn_arrays_tile(const struct spn_matrix *m)
{
    const int n = TILE_BYTES / m->rows;
    return n < TILE_MIN ? TILE_MIN : n > TILE_MAX ? TILE_MAX : n;
}

/* ---- programming ---- */

struct build {
    struct spn_arrays *arrays;
    const struct spn_arrays_config *config;
    enum spn_status *status; /* [n_matrices] */
    struct spn_err *err;
    uint32_t *first_core;
};

/* Layers are made in parallel; of those that take longest, also the arrays of a layer. */
static int share_of_threads(const struct build *b, const struct spn_matrix *m)
{
    double all = 0, own = (double)m->rows * m->columns * m->groups;
    for (int i = 0; i < b->arrays->n_matrices; i++) {
        const struct spn_matrix *other = &b->arrays->matrix[i];
        all += (double)other->rows * other->columns * other->groups;
    }
    return 1 + (int)(spn_parallel_threads(b->config->n_threads) * own / all);
}

/* Arrays of the layers and groups before. */
static int first_array(const struct build *b, const struct spn_matrix *m, int group)
{
    int n = 0;
    for (const struct spn_matrix *k = b->arrays->matrix; k <= m; k++) {
        n += (k < m ? k->groups : group) * spn_core_arrays(&b->arrays->chip, k->rows, k->columns);
    }
    return n;
}

/* Program one group: kernels [columns][rows] become the matrix [rows][columns]. */
static enum spn_status make_group(const struct build *b, struct spn_matrix *m, int group,
                                  const int8_t *codes, struct spn_err *err)
{
    const size_t n = (size_t)m->rows * (size_t)m->columns;
    const float *weight = b->arrays->bound->layer[m->layer].weight + (size_t)group * n;
    const bool masked = b->config->scheme != SPN_SCHEME_DENSE;
    enum spn_status status = SPN_OK;
    int8_t *matrix = malloc(n);
    uint8_t *mask = masked ? malloc(n) : NULL;
    if (!matrix || (masked && !mask)) {
        status = spn_err_memory(err, "weight matrix");
        goto out;
    }
    for (int c = 0; c < m->columns; c++) {
        for (int r = 0; r < m->rows; r++) {
            const size_t from = (size_t)c * (size_t)m->rows + (size_t)r,
                         to = (size_t)r * (size_t)m->columns + (size_t)c;
            matrix[to] = codes[(size_t)group * n + from];
            if (mask) {
                mask[to] = weight[from] != 0.0f;
            }
        }
    }
    const int i = (int)(m - b->arrays->matrix);
    const struct spn_core_config config = {
        .n_rows = m->rows,
        .n_columns = m->columns,
        .chip = &b->arrays->chip,
        .scheme = b->config->scheme,
        .errors = b->config->errors,
        .seed = b->config->seed,
        .layer = b->first_core[i] + (uint32_t)group,
        .write = b->config->write,
        .time_s = b->config->time_s,
        .defects = b->config->defects,
        .first_array = first_array(b, m, group),
        .estimate_ir_drop = b->config->estimate_ir_drop,
        .correction = b->config->correction,
        .programming = b->arrays->closed_loop ? &b->arrays->programming : NULL,
        .n_threads = share_of_threads(b, m)};
    status = spn_core_create(&m->core[group], &config, matrix, mask, err);
out:
    free(matrix);
    free(mask);
    return status;
}

static enum spn_status make_matrix(const struct build *b, struct spn_matrix *m, struct spn_err *err)
{
    const struct spn_bound_layer *bound = &b->arrays->bound->layer[m->layer];
    int8_t *codes = malloc(bound->n_weight > 0 ? bound->n_weight : 1);
    m->core = calloc((size_t)m->groups, sizeof(*m->core));
    if (!codes || !m->core) {
        free(codes);
        return spn_err_memory(err, "weight codes");
    }
    m->weight_scale =
        spn_quantize_weights(bound->weight, bound->n_weight, b->arrays->chip.weight.bits, codes);
    enum spn_status status = SPN_OK;
    for (int g = 0; g < m->groups && !status; g++) {
        status = make_group(b, m, g, codes, err);
    }
    free(codes);
    return status;
}

static void make_body(void *ctx, size_t i, int thread)
{
    const struct build *b = ctx;
    (void)thread;
    b->status[i] = make_matrix(b, &b->arrays->matrix[i], &b->err[i]);
}

/* The first failure in layer order, so that messages do not depend on threads. */
static enum spn_status first_failure(const struct spn_arrays *a, const enum spn_status *status,
                                     const struct spn_err *errs, struct spn_err *err)
{
    for (int i = 0; i < a->n_matrices; i++) {
        if (status[i]) {
            return spn_err_set(err, status[i], "layer '%s': %s",
                               a->bound->net->layer[a->matrix[i].layer].name, errs[i].msg);
        }
    }
    return SPN_OK;
}

static void list_matrices(struct spn_arrays *a, uint32_t *first_core)
{
    int i = 0;
    uint32_t n_cores = 0;
    for (int l = 0; l < a->bound->n_layers; l++) {
        if (a->bound->layer[l].matrix < 0) {
            continue;
        }
        const struct spn_matrix_shape shape = spn_layer_matrix(&a->bound->net->layer[l]);
        a->matrix[i] = (struct spn_matrix){.layer = l,
                                           .rows = shape.rows,
                                           .columns = shape.columns,
                                           .groups = shape.groups,
                                           .positions = (int)shape.vectors,
                                           .weight_scale = 1.0,
                                           .input_scale = 1.0};
        first_core[i++] = n_cores;
        n_cores += (uint32_t)shape.groups;
    }
}

enum spn_status spn_arrays_create(struct spn_arrays **arrays, const struct spn_bound_network *bound,
                                  const struct spn_arrays_config *config, struct spn_err *err)
{
    const size_t n = (size_t)(bound->n_matrices > 0 ? bound->n_matrices : 1);
    enum spn_status status = SPN_OK;
    struct spn_arrays *a = calloc(1, sizeof *a);
    struct build b = {.arrays = a,
                      .config = config,
                      .status = calloc(n, sizeof(*b.status)),
                      .err = calloc(n, sizeof(*b.err)),
                      .first_core = calloc(n, sizeof(*b.first_core))};
    if (a) {
        a->matrix = calloc(n, sizeof(*a->matrix));
    }
    if (!a || !a->matrix || !b.status || !b.err || !b.first_core) {
        status = spn_err_memory(err, "arrays");
        goto out;
    }
    a->bound = bound;
    a->chip = *config->chip;
    a->n_matrices = bound->n_matrices;
    list_matrices(a, b.first_core);
    a->closed_loop = spn_programming_closed_loop(&a->programming, &a->chip);
    spn_parallel_for(config->n_threads, (size_t)a->n_matrices, make_body, &b);
    status = first_failure(a, b.status, b.err, err);
out:
    free(b.status);
    free(b.err);
    free(b.first_core);
    if (status) {
        spn_arrays_destroy(a);
        return status;
    }
    *arrays = a;
    return SPN_OK;
}

void spn_arrays_destroy(struct spn_arrays *arrays)
{
    if (!arrays) {
        return;
    }
    for (int i = 0; arrays->matrix && i < arrays->n_matrices; i++) {
        struct spn_matrix *m = &arrays->matrix[i];
        for (int g = 0; m->core && g < m->groups; g++) {
            spn_core_destroy(m->core[g]);
        }
        free(m->core);
    }
    free(arrays->matrix);
    free(arrays);
}

/* ---- multiplying ---- */

enum spn_status spn_arrays_work_init(struct spn_arrays_work *work, const struct spn_arrays *arrays,
                                     int batch, struct spn_err *err)
{
    size_t n_cores = 0, n_codes = 1, n_patches = 1, n_sums = 1, at = 0;
    for (int i = 0; i < arrays->n_matrices; i++) {
        const struct spn_matrix *m = &arrays->matrix[i];
        const size_t tile = (size_t)spn_arrays_tile(m), n_in = arrays->bound->layer[m->layer].n_in;
        n_cores += (size_t)m->groups;
        n_codes = n_in > n_codes ? n_in : n_codes;
        n_patches = tile * (size_t)m->rows > n_patches ? tile * (size_t)m->rows : n_patches;
        n_sums = tile * (size_t)m->columns > n_sums ? tile * (size_t)m->columns : n_sums;
    }
    *work = (struct spn_arrays_work){.arrays = arrays};
    work->scratch = calloc(n_cores + 1, sizeof(*work->scratch));
    work->codes = malloc(n_codes * (size_t)batch);
    work->patches = malloc(n_patches);
    work->sums = malloc(n_sums * sizeof(*work->sums));
    enum spn_status status = SPN_OK;
    if (!work->scratch || !work->codes || !work->patches || !work->sums) {
        status = spn_err_memory(err, "matrix products");
    }
    for (int i = 0; i < arrays->n_matrices && !status; i++) {
        const struct spn_matrix *m = &arrays->matrix[i];
        for (int g = 0; g < m->groups && !status; g++) {
            status =
                spn_core_scratch_create(&work->scratch[at++], m->core[g], spn_arrays_tile(m), err);
        }
    }
    if (status) {
        spn_arrays_work_clear(work);
    }
    return status;
}

void spn_arrays_work_clear(struct spn_arrays_work *work)
{
    size_t at = 0;
    for (int i = 0; work->scratch && i < work->arrays->n_matrices; i++) {
        for (int g = 0; g < work->arrays->matrix[i].groups; g++) {
            spn_core_scratch_destroy(work->scratch[at++]);
        }
    }
    free(work->scratch);
    free(work->codes);
    free(work->patches);
    free(work->sums);
    *work = (struct spn_arrays_work){0};
}

/* The codes of vectors first .. first + n - 1 of one group: patches of an image, or rows of tokens
 * as they lie. */
static const uint8_t *vectors(const struct spn_arrays_work *work, const struct spn_matrix *m,
                              const struct spn_patches *which)
{
    const struct spn_bound_layer *bound = &work->arrays->bound->layer[m->layer];
    if (work->arrays->bound->net->layer[m->layer].op == SPN_OP_LINEAR) {
        return work->codes + (size_t)which->first * (size_t)m->rows;
    }
    spn_layers_patches(&bound->window, work->codes, which, work->patches);
    return work->patches;
}

/* y = scale (core of codes), or += for the negative inputs, tile by tile, for one group. */
SPN_VECTORIZE static void multiply_group(struct spn_arrays_work *work, const struct spn_matrix *m,
                                         struct spn_core_scratch *scratch,
                                         const struct spn_patches *all,
                                         const struct spn_input_code *code, float *y)
{
    const int tile = spn_arrays_tile(m), stride = m->columns * m->groups;
    const float scale = (float)(code->sign * m->weight_scale * m->input_scale);
    const uint64_t base = (code->sign < 0 ? NEGATIVE_READS : 0) +
                          (uint64_t)work->first_image * (uint64_t)m->positions;
    for (int64_t first = 0; first < all->n; first += tile) {
        const struct spn_patches which = {.first = first,
                                          .n = all->n - first < tile ? (int)(all->n - first) : tile,
                                          .group = all->group,
                                          .size = 1};
        spn_core_multiply(m->core[all->group], vectors(work, m, &which), which.n, work->sums,
                          scratch, base + (uint64_t)first);
        for (int v = 0; v < which.n; v++) {
            float *out =
                y + (size_t)(first + v) * (size_t)stride + (size_t)all->group * (size_t)m->columns;
            const float *sum = work->sums + (size_t)v * (size_t)m->columns;
            if (code->sign > 0) {
                for (int c = 0; c < m->columns; c++) {
                    out[c] = scale * sum[c];
                }
            } else {
                for (int c = 0; c < m->columns; c++) {
                    out[c] += scale * sum[c];
                }
            }
        }
    }
}

bool spn_arrays_multiply(void *ctx, int layer, const float *x, int n, float *y)
{
    struct spn_arrays_work *work = ctx;
    const struct spn_arrays *a = work->arrays;
    const struct spn_matrix *m = &a->matrix[a->bound->layer[layer].matrix];
    size_t scratch = 0;
    for (const struct spn_matrix *before = a->matrix; before < m; before++) {
        scratch += (size_t)before->groups;
    }
    for (int sign = 1; sign >= (m->is_signed ? -1 : 1); sign -= 2) {
        const struct spn_input_code code = {.scale = (float)m->input_scale,
                                            .sign = sign,
                                            .max = spn_quantize_input_max(a->chip.input.bits)};
        spn_quantize_inputs(&code, x, (size_t)n * a->bound->layer[layer].n_in, work->codes);
        for (int g = 0; g < m->groups; g++) {
            const struct spn_patches all = {.n = n * m->positions, .group = g, .size = 1};
            multiply_group(work, m, work->scratch[scratch + (size_t)g], &all, &code, y);
        }
    }
    return true;
}
