/* recalibrate.c -- batch normalisation re-estimated through the chip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One pass of all calibration images, layer after layer: mean and variance of every channel as the
 * arrays give it replace those of the training, so that scale and offset become gain / sqrt(var +
 * eps) and shift - scale mean [M:S40]. What comes after sees the corrected output already.
 */
#include <math.h>

#include "simulator/arrays.h"

struct recalibration {
    struct spn_bound_network *bound;
    int n_layers;
};

static void re_estimate(void *ctx, int layer, const float *x, size_t rows)
{
    struct recalibration *r = ctx;
    const struct spn_bound_layer *b = &r->bound->layer[layer];
    const struct spn_layer *net = &r->bound->net->layer[layer];
    const size_t channels = (size_t)net->in_shape[0].dim[0];
    for (size_t c = 0; c < channels; c++) {
        double sum = 0, square = 0;
        for (size_t i = 0; i < rows; i++)
            sum += (double)x[i * channels + c];
        const double mean = sum / (double)rows;
        for (size_t i = 0; i < rows; i++) {
            const double e = (double)x[i * channels + c] - mean;
            square += e * e;
        }
        const double variance = rows > 1 ? square / (double)(rows - 1) : 0;
        const double scale = (double)b->gain[c] / sqrt(variance + net->epsilon);
        b->scale[c] = (float)scale;
        b->offset[c] = (float)((double)b->shift[c] - scale * mean);
    }
    r->n_layers++;
}

enum spn_status spn_arrays_recalibrate(const struct spn_arrays *arrays,
                                       struct spn_bound_network *bound,
                                       const struct spn_dataset *images, int *n_layers,
                                       struct spn_err *err)
{
    struct recalibration r = {.bound = bound};
    struct spn_run run = {0};
    struct spn_arrays_work work = {0};
    enum spn_status status = spn_run_init(&run, bound, images->n_images, err);
    if (!status)
        status = spn_arrays_work_init(&work, arrays, images->n_images, err);
    if (!status) {
        run.matrix = spn_arrays_multiply;
        run.ctx = &work;
        run.norm = re_estimate;
        run.norm_ctx = &r;
        spn_run_set_data(&run, images, 0, images->n_images);
        spn_run_forward(&run, images->n_images);
        spn_arrays_work_clear(&work);
    }
    spn_run_clear(&run);
    *n_layers = r.n_layers;
    return status;
}
