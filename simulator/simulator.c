/* simulator.c -- a network on a chip: created, calibrated, run on images.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fidelity chooses which errors the analog cores have; at SPN_FIDELITY_IDEAL there are no cores
 * and the float kernels run alone. Images are cut into batches whose size does not depend on the
 * number of threads, each batch is run by one thread, and sums over batches are taken in order:
 * results are the same bytes for any number of threads.
 */
#include "simulator/simulator.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "simulator/arrays.h"
#include "simulator/bound.h"
#include "simulator/defects.h"
#include "simulator/simulator_run.h"

const char *const spn_fidelity_names[] = {"ideal", "quantized", "device", "circuit", NULL};

enum { MAX_NOTES = 4, BATCH = 8, FINEST_BITS = 8 };

/* The errors that each fidelity has; a caller may ask for fewer. */
static const unsigned fidelity_errors[] = {
    [SPN_FIDELITY_IDEAL] = 0,
    [SPN_FIDELITY_QUANTIZED] = SPN_ERROR_QUANTIZATION,
    [SPN_FIDELITY_DEVICE] = SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION | SPN_ERROR_DEFECTS |
                            SPN_ERROR_NONLINEARITY | SPN_ERROR_ON_OFF,
    [SPN_FIDELITY_CIRCUIT] = SPN_ERROR_QUANTIZATION | SPN_ERROR_FLUCTUATION | SPN_ERROR_DEFECTS |
                             SPN_ERROR_NONLINEARITY | SPN_ERROR_ON_OFF | SPN_ERROR_IR_DROP,
};

unsigned spn_fidelity_errors(int fidelity)
{
    return fidelity_errors[fidelity];
}

struct spn_simulator {
    struct spn_bound_network *bound;
    struct spn_arrays *arrays; /* NULL at SPN_FIDELITY_IDEAL */
    struct spn_simulator_options options;
    bool calibrated;
    const char *note[MAX_NOTES + 1];
};

struct spn_simulator_options spn_simulator_options_default(void)
{
    return (struct spn_simulator_options){
        .fidelity = SPN_FIDELITY_QUANTIZED, .scheme = SPN_SCHEME_DENSE, .seed = 1};
}

static enum spn_status check_options(const struct spn_simulator_options *o,
                                     const struct spn_chip *chip, struct spn_err *err)
{
    if (o->fidelity < SPN_FIDELITY_IDEAL || o->fidelity > SPN_FIDELITY_CIRCUIT) {
        return spn_err_set(err, SPN_EUSAGE, "fidelity = %d outside [0, %d]", o->fidelity,
                           SPN_FIDELITY_CIRCUIT);
    }
    if (o->scheme < 0 || o->scheme >= SPN_N_SCHEMES) {
        return spn_err_set(err, SPN_EUSAGE, "scheme = %d outside [0, %d]", o->scheme,
                           SPN_N_SCHEMES - 1);
    }
    if (o->batch < 0 || o->batch > SPN_SIMULATOR_MAX_BATCH) {
        return spn_err_set(err, SPN_EUSAGE, "batch = %d outside [0, %d]", o->batch,
                           SPN_SIMULATOR_MAX_BATCH);
    }
    if (o->correction != SPN_CORRECTION_NONE && o->fidelity != SPN_FIDELITY_CIRCUIT) {
        return spn_err_set(
            err, SPN_EUSAGE, "correction of the drop on the wires needs fidelity '%s', not '%s'",
            spn_fidelity_names[SPN_FIDELITY_CIRCUIT], spn_fidelity_names[o->fidelity]);
    }
    if (o->write < 0 || !(o->time_s >= 0) || !(o->time_s <= SPN_SIMULATOR_MAX_TIME_S)) {
        return spn_err_set(err, SPN_EUSAGE, "write = %d, time = %g s: not from 0 (to %g s) on",
                           o->write, o->time_s, SPN_SIMULATOR_MAX_TIME_S);
    }
    if (o->defects && chip) {
        enum spn_status status = spn_defect_map_check(o->defects, chip, err);
        if (status) {
            return status;
        }
    }
    if (o->fidelity != SPN_FIDELITY_IDEAL && !chip) {
        return spn_err_set(err, SPN_EUSAGE, "fidelity '%s' needs a chip",
                           spn_fidelity_names[o->fidelity]);
    }
    return SPN_OK;
}

/* Weights and inputs in 8 bits, the finest there are; cells that hold a whole weight still do. */
static void unquantize(struct spn_chip *chip)
{
    if (chip->weight.bits < FINEST_BITS) {
        if (chip->weight.cell_bits == chip->weight.bits) {
            chip->weight.cell_bits = FINEST_BITS;
        }
        chip->weight.bits = FINEST_BITS;
    }
    if (chip->input.bits < FINEST_BITS) {
        chip->input.bits = FINEST_BITS;
    }
}

/* Make the arrays; a shared reference column subtracts the same for all cells of a row, so it
 * cannot follow a mask that takes single cells out: index-free cells of an offset encoding are
 * simulated as differential pairs, and that is noted. */
static enum spn_status make_arrays(struct spn_simulator *sim, const struct spn_chip *chip,
                                   struct spn_err *err)
{
    const struct spn_simulator_options *o = &sim->options;
    struct spn_chip own = *chip;
    int n_notes = 0;
    if (o->scheme == SPN_SCHEME_INDEX_FREE && own.weight.encoding == SPN_ENCODING_OFFSET) {
        own.weight.encoding = SPN_ENCODING_DIFFERENTIAL;
        sim->note[n_notes++] = "index-free cells are simulated as differential pairs: a shared "
                               "reference column cannot "
                               "follow a mask that takes single cells out of a column's sum";
    }
    const unsigned has = fidelity_errors[o->fidelity], errors = o->errors ? o->errors & has : has;
    if (!(errors & SPN_ERROR_QUANTIZATION)) {
        unquantize(&own);
    }
    const struct spn_arrays_config config = {.chip = &own,
                                             .scheme = o->scheme,
                                             .errors = errors,
                                             .seed = o->seed,
                                             .n_threads = o->n_threads,
                                             .write = o->write,
                                             .time_s = o->time_s,
                                             .defects = o->defects,
                                             .estimate_ir_drop = o->estimate_ir_drop,
                                             .correction = o->correction};
    return spn_arrays_create(&sim->arrays, sim->bound, &config, err);
}

enum spn_status spn_simulator_create(struct spn_simulator **sim, const struct spn_network *net,
                                     const struct spn_weights *weights, const struct spn_chip *chip,
                                     const struct spn_simulator_options *options,
                                     struct spn_err *err)
{
    enum spn_status status = check_options(options, chip, err);
    if (status) {
        return status;
    }
    struct spn_simulator *s = calloc(1, sizeof *s);
    if (!s) {
        return spn_err_memory(err, "simulator");
    }
    openblas_set_num_threads(1); /* batches are what is parallel here */
    s->options = *options;
    if (s->options.batch == 0) {
        s->options.batch = BATCH;
    }
    status = spn_bound_create(&s->bound, net, weights, err);
    if (!status && options->fidelity != SPN_FIDELITY_IDEAL) {
        status = make_arrays(s, chip, err);
    }
    if (status) {
        spn_simulator_destroy(s);
        return status;
    }
    *sim = s;
    return SPN_OK;
}

void spn_simulator_destroy(struct spn_simulator *sim)
{
    if (!sim) {
        return;
    }
    spn_arrays_destroy(sim->arrays);
    spn_bound_destroy(sim->bound);
    free(sim);
}

const char *spn_simulator_note(const struct spn_simulator *sim, int i)
{
    return i >= 0 && i < MAX_NOTES ? sim->note[i] : NULL;
}

/* Every token but the last is read, and predicts the next: [sequence] to [sequence, vocabulary]. */
static enum spn_status check_texts(const struct spn_network *net, const struct spn_dataset *texts,
                                   struct spn_err *err)
{
    const struct spn_layer *first = &net->layer[0], *last = &net->layer[net->n_layers - 1];
    if (net->input.n != 1 || first->op != SPN_OP_EMBEDDING || last->out_shape.n != 2 ||
        last->out_shape.dim[0] != net->input.dim[0]) {
        return spn_err_set(err, SPN_EINPUT,
                           "network '%s' does not predict the next token of a text as '%s' asks",
                           net->name, texts->name);
    }
    if (texts->n_tokens <= net->input.dim[0]) {
        return spn_err_set(err, SPN_EINPUT,
                           "texts of '%s' have %d tokens, network '%s' needs %d and the next",
                           texts->name, texts->n_tokens, net->name, net->input.dim[0]);
    }
    if (texts->n_classes > first->vocabulary) {
        return spn_err_set(err, SPN_EINPUT, "token %d of '%s' outside [0, %d] of network '%s'",
                           texts->n_classes - 1, texts->name, first->vocabulary - 1, net->name);
    }
    return SPN_OK;
}

enum spn_status spn_simulator_check_images(const struct spn_simulator *sim,
                                           const struct spn_dataset *images, struct spn_err *err)
{
    const struct spn_network *net = sim->bound->net;
    const struct spn_shape *in = &net->input;
    const int64_t size = (int64_t)images->channels * images->height * images->width;
    if (images->n_tokens > 0) {
        return check_texts(net, images, err);
    }
    const bool same = in->n == 3 ? in->dim[0] == images->channels && in->dim[1] == images->height &&
                                       in->dim[2] == images->width
                                 : size == spn_shape_size(in);
    if (images->n_images < 1) {
        return spn_err_set(err, SPN_EINPUT, "data set '%s' has no images", images->name);
    }
    if (!same) {
        return spn_err_set(
            err, SPN_EINPUT,
            "images of '%s' are %d x %d x %d, which does not fit network '%s' (%lld inputs)",
            images->name, images->channels, images->height, images->width, net->name,
            (long long)spn_shape_size(in));
    }
    return SPN_OK;
}

enum spn_status spn_simulator_calibrate(struct spn_simulator *sim, const struct spn_dataset *images,
                                        struct spn_err *err)
{
    enum spn_status status = spn_simulator_check_images(sim, images, err);
    if (!status && sim->arrays) {
        if (sim->calibrated) {
            return spn_err_set(err, SPN_EUSAGE, "the simulator is calibrated already");
        }
        status = spn_arrays_calibrate(sim->arrays, images, sim->options.n_threads, err);
    }
    sim->calibrated = sim->calibrated || !status;
    return status;
}

enum spn_status spn_simulator_recalibrate(struct spn_simulator *sim,
                                          const struct spn_dataset *images, int *n_layers,
                                          struct spn_err *err)
{
    const enum spn_status status = spn_simulator_check_images(sim, images, err);
    if (status) {
        return status;
    }
    if (!sim->arrays || !sim->calibrated) {
        return spn_err_set(err, SPN_EUSAGE,
                           "batch normalisation is re-estimated on calibrated arrays only");
    }
    if (images->n_images > SPN_SIMULATOR_MAX_RECALIBRATION) {
        return spn_err_set(err, SPN_EUSAGE, "%d images for recalibration, at most %d",
                           images->n_images, SPN_SIMULATOR_MAX_RECALIBRATION);
    }
    return spn_arrays_recalibrate(sim->arrays, sim->bound, images, n_layers, err);
}

bool spn_simulator_layer(const struct spn_simulator *sim, int i, struct spn_simulator_layer *layer)
{
    if (!sim->arrays || i < 0 || i >= sim->arrays->n_matrices) {
        return false;
    }
    const struct spn_matrix *m = &sim->arrays->matrix[i];
    struct spn_simulator_layer out = {.name = sim->bound->net->layer[m->layer].name};
    for (int g = 0; g < m->groups; g++) {
        const struct spn_core_info info = spn_core_info(m->core[g]);
        struct spn_core_correction *c = &out.correction;
        out.n_arrays += info.n_arrays;
        out.n_columns_repaired += info.n_columns_repaired;
        c->gain = g == 0 ? info.correction.gain : fmin(c->gain, info.correction.gain);
        c->rms_frac = fmax(c->rms_frac, info.correction.rms_frac);
        c->plain_rms_frac = fmax(c->plain_rms_frac, info.correction.plain_rms_frac);
        c->n_cells += info.correction.n_cells;
        c->n_clipped += info.correction.n_clipped;
    }
    *layer = out;
    return true;
}

const struct spn_programming *spn_simulator_programming(const struct spn_simulator *sim)
{
    return sim->arrays && sim->arrays->closed_loop ? &sim->arrays->programming : NULL;
}

/* ---- batches on threads ---- */

struct worker {
    struct spn_run run;
    struct spn_arrays_work work;
};

struct pass {
    struct spn_simulator *sim;
    const struct spn_batches *batches;
    struct worker *worker;
};

static void batch_body(void *ctx, size_t index, int thread)
{
    const struct pass *pass = ctx;
    const struct spn_batches *b = pass->batches;
    struct worker *w = &pass->worker[thread];
    const int step = pass->sim->options.batch, start = (int)index * step;
    const int n = b->n - start < step ? b->n - start : step;
    if (b->skip && b->skip(b->ctx)) {
        return;
    }
    w->work.first_image = b->first + start;
    spn_run_set_data(&w->run, b->images, b->first + start, n);
    spn_run_forward(&w->run, n);
    b->done(b->ctx, start, n, spn_run_output(&w->run));
}

static enum spn_status worker_init(struct worker *w, const struct spn_simulator *sim,
                                   struct spn_err *err)
{
    enum spn_status status = spn_run_init(&w->run, sim->bound, sim->options.batch, err);
    if (!status && sim->arrays) {
        status = spn_arrays_work_init(&w->work, sim->arrays, sim->options.batch, err);
        w->run.matrix = spn_arrays_multiply;
        w->run.ctx = &w->work;
    }
    return status;
}

enum spn_status spn_simulator_run_batches(struct spn_simulator *sim,
                                          const struct spn_batches *batches, struct spn_err *err)
{
    enum spn_status status = spn_simulator_check_images(sim, batches->images, err);
    if (status) {
        return status;
    }
    if (batches->first < 0 || batches->n < 1 ||
        batches->n > batches->images->n_images - batches->first) {
        return spn_err_set(err, SPN_EUSAGE, "images %d .. %d outside the %d of '%s'",
                           batches->first, batches->first + batches->n - 1,
                           batches->images->n_images, batches->images->name);
    }
    if (sim->arrays && !sim->calibrated) {
        return spn_err_set(err, SPN_EUSAGE, "fidelity '%s' needs spn_simulator_calibrate first",
                           spn_fidelity_names[sim->options.fidelity]);
    }
    const size_t n_batches =
        ((size_t)batches->n + (size_t)sim->options.batch - 1) / (size_t)sim->options.batch;
    int n_threads = spn_parallel_threads(sim->options.n_threads);
    n_threads = (size_t)n_threads > n_batches ? (int)n_batches : n_threads;
    struct pass pass = {
        .sim = sim, .batches = batches, .worker = calloc((size_t)n_threads, sizeof(*pass.worker))};
    if (!pass.worker) {
        return spn_err_memory(err, "threads");
    }
    for (int t = 0; t < n_threads && !status; t++) {
        status = worker_init(&pass.worker[t], sim, err);
    }
    if (!status) {
        spn_parallel_for(n_threads, n_batches, batch_body, &pass);
    }
    for (int t = 0; t < n_threads; t++) {
        spn_run_clear(&pass.worker[t].run);
        spn_arrays_work_clear(&pass.worker[t].work);
    }
    free(pass.worker);
    return status;
}

int spn_simulator_outputs(const struct spn_simulator *sim)
{
    return (int)sim->bound->n_output;
}

int spn_simulator_classes(const struct spn_simulator *sim)
{
    return sim->bound->net->n_classes;
}

struct copy {
    float *logits;
    size_t n_output;
};

static void copy_logits(void *ctx, int start, int n, const float *logits)
{
    const struct copy *copy = ctx;
    memcpy(copy->logits + (size_t)start * copy->n_output, logits,
           (size_t)n * copy->n_output * sizeof *logits);
}

enum spn_status spn_simulator_logits(struct spn_simulator *sim, const struct spn_dataset *images,
                                     int first, int n, float *logits, struct spn_err *err)
{
    struct copy copy = {.logits = logits, .n_output = sim->bound->n_output};
    const struct spn_batches batches = {
        .images = images, .first = first, .n = n, .ctx = &copy, .done = copy_logits};
    return spn_simulator_run_batches(sim, &batches, err);
}
