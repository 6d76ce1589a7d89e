/* arrays_calibrate.c -- activation scales and ADC ranges from a float run of calibration images.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The activation scale of a layer is the INPUT_PERCENTILE of the magnitudes it sees (zeros left
 * out) over the largest code [M:S23]. Then up to SAMPLE_VECTORS of its inputs, spread evenly over
 * images and positions, are coded and handed to each core, which sets its ADC range from its own
 * column sums.
 */
#include "simulator/arrays.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "simulator/quantize.h"

/* A compromise: the largest value alone would let one outlier set the step of all. */
#define INPUT_PERCENTILE 99.99

enum { SAMPLE_VECTORS = 128, CALIBRATION_IMAGES = 64, CALIBRATION_BATCH = 4 };

/* What the float run collects of one matrix layer. */
struct seen {
    struct spn_range range;
    pthread_mutex_t lock;
    float *vectors; /* [n_images][per_image][all input channels' rows], all groups */
};

struct calibration {
    struct spn_arrays *arrays;
    const struct spn_dataset *images;
    int n_images;
    struct seen *seen;
    struct spn_run *run; /* [threads] */
    enum spn_status *status;
    struct spn_err *err;
};

struct collector {
    const struct calibration *c;
    int first_image;
};

static int samples_per_image(const struct calibration *c, const struct spn_matrix *m)
{
    const int wanted = (SAMPLE_VECTORS + c->n_images - 1) / c->n_images;
    return wanted < m->positions ? wanted : m->positions;
}

/* Position of sample s of an image: spread evenly, shifted from image to image so that edges and
 * middles both come. */
static int sample_position(const struct spn_matrix *m, int image, int s, int n)
{
    const int stride = m->positions / n;
    return s * stride + image * 7 % stride;
}

/* A spn_matrix_body that watches the inputs and leaves the product to the float kernels. */
static bool collect(void *ctx, int layer, const float *x, int n, float *y)
{
    const struct collector *collector = ctx;
    const struct calibration *c = collector->c;
    const struct spn_bound_network *bound = c->arrays->bound;
    const int index = bound->layer[layer].matrix;
    const struct spn_matrix *m = &c->arrays->matrix[index];
    struct seen *seen = &c->seen[index];
    const int per_image = samples_per_image(c, m);
    (void)y;
    for (int i = 0; i < n; i++) {
        const int image = collector->first_image + i;
        for (int s = 0; s < per_image; s++) {
            for (int g = 0; g < m->groups; g++) {
                const int position = sample_position(m, image, s, per_image);
                float *to = seen->vectors +
                            (((size_t)image * (size_t)per_image + (size_t)s) * (size_t)m->groups +
                             (size_t)g) *
                                (size_t)m->rows;
                if (bound->net->layer[layer].op == SPN_OP_LINEAR) {
                    memcpy(to,
                           x + ((size_t)i * (size_t)m->positions + (size_t)position) *
                                   (size_t)m->rows,
                           (size_t)m->rows * sizeof *to);
                } else {
                    const struct spn_patches which = {.first = (int64_t)i * m->positions + position,
                                                      .n = 1,
                                                      .group = g,
                                                      .size = sizeof *to};
                    spn_layers_patches(&bound->layer[layer].window, x, &which, to);
                }
            }
        }
    }
    pthread_mutex_lock(&seen->lock);
    spn_range_add(&seen->range, x, (size_t)n * bound->layer[layer].n_in);
    pthread_mutex_unlock(&seen->lock);
    return false;
}

static void float_body(void *ctx, size_t index, int thread)
{
    const struct calibration *c = ctx;
    struct spn_run *run = &c->run[thread];
    struct collector collector = {.c = c, .first_image = (int)index * CALIBRATION_BATCH};
    const int left = c->n_images - collector.first_image,
              n = left < CALIBRATION_BATCH ? left : CALIBRATION_BATCH;
    run->matrix = collect;
    run->ctx = &collector;
    spn_run_set_data(run, c->images, collector.first_image, n);
    spn_run_forward(run, n);
}

/* Scale of the layer, then the ADC range of its cores. */
static enum spn_status set_ranges(const struct calibration *c, int index, struct spn_err *err)
{
    struct spn_matrix *m = &c->arrays->matrix[index];
    struct seen *seen = &c->seen[index];
    const int n = c->n_images * samples_per_image(c, m),
              max = spn_quantize_input_max(c->arrays->chip.input.bits);
    const double top = spn_range_percentile(&seen->range, INPUT_PERCENTILE);
    m->input_scale = top > 0.0 ? top / max : 1.0;
    m->is_signed = spn_range_is_signed(&seen->range);
    uint8_t *codes = malloc((size_t)n * 2 * (size_t)m->rows);
    float *vector = malloc((size_t)n * (size_t)m->rows * sizeof *vector);
    enum spn_status status = codes && vector ? SPN_OK : spn_err_memory(err, "calibration");
    for (int g = 0; g < m->groups && !status; g++) {
        for (int v = 0; v < n; v++) {
            memcpy(vector + (size_t)v * (size_t)m->rows,
                   seen->vectors + ((size_t)v * (size_t)m->groups + (size_t)g) * (size_t)m->rows,
                   (size_t)m->rows * sizeof *vector);
        }
        for (int sign = 1; sign >= (m->is_signed ? -1 : 1); sign -= 2) {
            const struct spn_input_code code = {
                .scale = (float)m->input_scale, .sign = sign, .max = max};
            spn_quantize_inputs(&code, vector, (size_t)n * (size_t)m->rows,
                                codes + (sign < 0 ? (size_t)n * (size_t)m->rows : 0));
        }
        status = spn_core_calibrate(m->core[g], codes, m->is_signed ? 2 * n : n, err);
    }
    free(codes);
    free(vector);
    return status;
}

static void range_body(void *ctx, size_t index, int thread)
{
    const struct calibration *c = ctx;
    (void)thread;
    c->status[index] = set_ranges(c, (int)index, &c->err[index]);
}

static enum spn_status allocate(struct calibration *c, int n_threads, struct spn_err *err)
{
    const size_t n = (size_t)c->arrays->n_matrices + 1;
    c->seen = calloc(n, sizeof(*c->seen));
    c->run = calloc((size_t)n_threads, sizeof(*c->run));
    c->status = calloc(n, sizeof(*c->status));
    c->err = calloc(n, sizeof(*c->err));
    if (!c->seen || !c->run || !c->status || !c->err) {
        return spn_err_memory(err, "calibration");
    }
    for (int i = 0; i < c->arrays->n_matrices; i++) {
        const struct spn_matrix *m = &c->arrays->matrix[i];
        const size_t n_vectors =
            (size_t)c->n_images * (size_t)samples_per_image(c, m) * (size_t)m->groups;
        spn_range_init(&c->seen[i].range);
        pthread_mutex_init(&c->seen[i].lock, NULL);
        c->seen[i].vectors = malloc(n_vectors * (size_t)m->rows * sizeof(float));
        if (!c->seen[i].vectors) {
            return spn_err_memory(err, "calibration samples");
        }
    }
    enum spn_status status = SPN_OK;
    for (int t = 0; t < n_threads && !status; t++) {
        status = spn_run_init(&c->run[t], c->arrays->bound, CALIBRATION_BATCH, err);
    }
    return status;
}

enum spn_status spn_arrays_calibrate(struct spn_arrays *arrays, const struct spn_dataset *images,
                                     int n_threads, struct spn_err *err)
{
    struct calibration c = {.arrays = arrays,
                            .images = images,
                            .n_images = images->n_images < CALIBRATION_IMAGES ? images->n_images
                                                                              : CALIBRATION_IMAGES};
    n_threads = spn_parallel_threads(n_threads);
    enum spn_status status = allocate(&c, n_threads, err);
    if (!status) {
        spn_parallel_for(n_threads,
                         (size_t)((c.n_images + CALIBRATION_BATCH - 1) / CALIBRATION_BATCH),
                         float_body, &c);
        spn_parallel_for(n_threads, (size_t)arrays->n_matrices, range_body, &c);
        for (int i = 0; i < arrays->n_matrices && !status; i++) {
            if (c.status[i]) {
                status = spn_err_set(err, c.status[i], "layer '%s': %s",
                                     arrays->bound->net->layer[arrays->matrix[i].layer].name,
                                     c.err[i].msg);
            }
        }
    }
    for (int i = 0; c.seen && i < arrays->n_matrices; i++) {
        free(c.seen[i].vectors);
    }
    for (int t = 0; c.run && t < n_threads; t++) {
        spn_run_clear(&c.run[t]);
    }
    free(c.seen);
    free(c.run);
    free(c.status);
    free(c.err);
    return status;
}
