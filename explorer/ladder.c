/* ladder.c -- one trained network, sparser from rung to rung: how accurate it is and what it costs
 * under the three schemes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shares of layers: the first layer's is first_share times the network's, all others share the rest
 * evenly, as networks/vgg8.json has it. [M:V15]
 */
#include "explorer/ladder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explorer/ratio.h"
#include "tech/data.h"

enum { CALIBRATION_IMAGES = 32 };
#define SAME 1e-9 /* shares of zeros in a file */

/* ---- the file ---- */

static const struct spn_field experiment_fields[] = {
    SPN_F_STRING(struct spn_ladder_experiment, description, "what is pruned"),
    SPN_F_STRING(struct spn_ladder_experiment, network, "network, by name"),
    SPN_F_STRING(struct spn_ladder_experiment, chip, "chip, by name"),
    SPN_F_STRING(struct spn_ladder_experiment, weights,
                 "below the data folder; empty: the network's dense ones"),
    SPN_F_DOUBLES(struct spn_ladder_experiment, sparsity, n_sparsity, "", 0, 0.999,
                  "shares of zeros, rising"),
    SPN_F_DOUBLE(struct spn_ladder_experiment, pruned_at, "", 0, 0.999,
                 "share at which the network's own pruned weights are run; 0: none"),
    SPN_F_DOUBLE(struct spn_ladder_experiment, first_share, "", 0, 1,
                 "first layer's share of zeros over the network's"),
    SPN_F_INT(struct spn_ladder_experiment, n_test_images, "", 1, 1000000, "test images"),
    SPN_F_INT(struct spn_ladder_experiment, n_pruned_test_images, "", 0, 1000000,
              "test images at the share of pruned_at; 0: as at others"),
    SPN_F_STRING(struct spn_ladder_experiment, tuning, "recipe that tunes what is left, by name"),
    SPN_F_END};

enum spn_status spn_ladder_experiment_read(struct spn_ladder_experiment *experiment,
                                           const struct spn_json *doc, struct spn_err *err)
{
    struct spn_ladder_experiment e = {.first_share = 1, .n_test_images = 500};
    const struct spn_json_at root = spn_json_root(doc);
    enum spn_status status = spn_json_read(root, experiment_fields, &e, err);
    if (!status && (!*e.network || !*e.chip || !*e.tuning))
        status = spn_json_fail(&root, err, "network, chip and tuning must be named");
    for (int i = 1; i < e.n_sparsity && !status; i++)
        if (!(e.sparsity[i] > e.sparsity[i - 1]))
            status = spn_json_fail(&root, err, "sparsity[%d] = %g is not above the %g before it", i,
                                   e.sparsity[i], e.sparsity[i - 1]);
    if (!status)
        *experiment = e;
    return status;
}

enum spn_status spn_ladder_experiment_load(struct spn_ladder_experiment *experiment,
                                           const char *path, struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_load(&doc, path, err);
    if (!status)
        status = spn_ladder_experiment_read(experiment, doc, err);
    spn_json_destroy(doc);
    return status;
}

/* ---- what a climb owns ---- */

struct climb {
    const struct spn_ladder_experiment *experiment;
    const struct spn_ladder_run *run;
    const struct spn_progress *progress;
    struct spn_chip chip;
    struct spn_train_options tuning;
    struct spn_network *net; /* of the rung in hand */
    struct spn_weights *weights;
    struct spn_dataset train, test;
    int done, total; /* for progress */
    bool stop;
};

static void climb_clear(struct climb *c)
{
    spn_network_destroy(c->net);
    spn_weights_destroy(c->weights);
    spn_dataset_clear(&c->train);
    spn_dataset_clear(&c->test);
    free(c);
}

static void step(struct climb *c)
{
    c->done++;
    if (!spn_progress_step(c->progress, "networks run", (size_t)c->done, (size_t)c->total))
        c->stop = true;
}

static int64_t weights_of(const struct spn_layer *layer)
{
    const struct spn_matrix_shape m = spn_layer_matrix(layer);
    return (int64_t)m.rows * m.columns * m.groups;
}

/* The first layer with weights, how many it has, and all of them. */
static void count_weights(const struct spn_network *net, int *first, double *n_first, double *n)
{
    *first = -1;
    *n = *n_first = 0;
    for (int i = 0; i < net->n_layers; i++) {
        if (!spn_layer_is_matrix(&net->layer[i]))
            continue;
        const double mine = (double)weights_of(&net->layer[i]);
        if (*first < 0) {
            *first = i;
            *n_first = mine;
        }
        *n += mine;
    }
}

/* The network with so many zeros; the weights are read from elsewhere. */
static enum spn_status load_network(struct climb *c, double sparsity, struct spn_err *err)
{
    char path[SPN_MAX_PATH], all[32], first_value[32], first_path[96];
    int first;
    double n_first, n;
    struct spn_network *net = NULL;
    enum spn_status status =
        spn_data_find(path, sizeof path, "networks", "network", c->experiment->network, err);
    if (!status)
        status = spn_network_load(&net, path, NULL, 0, err);
    if (status)
        return status;
    count_weights(net, &first, &n_first, &n);
    const double own = c->experiment->first_share * sparsity;
    snprintf(all, sizeof all, "%.9g",
             n > n_first ? (sparsity * n - own * n_first) / (n - n_first) : own);
    snprintf(first_value, sizeof first_value, "%.9g", own);
    snprintf(first_path, sizeof first_path, "sparsity.%s", first < 0 ? "" : net->layer[first].name);
    const struct spn_network_override override[] = {{"sparsity", all}, {first_path, first_value}};
    spn_network_destroy(net);
    spn_network_destroy(c->net);
    c->net = NULL;
    return spn_network_load(&c->net, path, override, first < 0 ? 1 : 2, err);
}

static enum spn_status load_weights(struct climb *c, struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    const char *below = c->experiment->weights;
    if (!*below && !*c->net->dense_weights)
        return spn_err_set(err, SPN_EINPUT, "network %s names no dense weights", c->net->name);
    if (*below && !c->run->data_dir)
        return spn_err_set(err, SPN_EINPUT, "%s lies in a data folder, and none is named", below);
    const int n = *below ? snprintf(path, sizeof path, "%s/%s", c->run->data_dir, below)
                         : snprintf(path, sizeof path, "%s", c->net->dense_weights);
    if (n < 0 || (size_t)n >= sizeof path)
        return spn_err_set(err, SPN_EINPUT, "%s: path too long", below);
    return spn_weights_load(&c->weights, path, err);
}

static enum spn_status open_inputs(struct climb *c, struct spn_err *err)
{
    const struct spn_ladder_experiment *e = c->experiment;
    char path[SPN_MAX_PATH];
    enum spn_status status = spn_chip_load(&c->chip, e->chip, NULL, 0, err);
    if (!status)
        status = spn_data_find(path, sizeof path, "experiments", "experiment", e->tuning, err);
    c->tuning = spn_train_options_default();
    if (!status)
        status = spn_train_options_load(&c->tuning, path, err);
    c->tuning.n_threads = c->run->n_threads;
    c->tuning.n_test_images =
        e->n_pruned_test_images > e->n_test_images ? e->n_pruned_test_images : e->n_test_images;
    if (!status)
        status = load_network(c, 0, err);
    if (!status)
        status = load_weights(c, err);
    if (!status)
        status =
            spn_train_open_data(&c->tuning, c->net, c->run->data_dir, &c->train, &c->test, err);
    return status;
}

/* ---- a rung ---- */

static bool is_shipped(const struct climb *c, double sparsity)
{
    return sparsity > 0 && fabs(sparsity - c->experiment->pruned_at) < SAME;
}

/* The first of the test images; borrowed. */
static struct spn_dataset images_of(const struct climb *c, double sparsity)
{
    const struct spn_ladder_experiment *e = c->experiment;
    struct spn_dataset images = c->test;
    const int n = is_shipped(c, sparsity) && e->n_pruned_test_images > 0 ? e->n_pruned_test_images
                                                                         : e->n_test_images;
    images.n_images = n < images.n_images ? n : images.n_images;
    return images;
}

static bool go_on(void *ctx, const char *what, size_t done, size_t total)
{
    const struct climb *c = ctx;
    (void)what;
    (void)done;
    (void)total;
    return spn_progress_step(c->progress, "networks run", (size_t)c->done, (size_t)c->total);
}

/* Prune what the network file of this rung says, and train what is left. */
static enum spn_status tune(struct climb *c, struct spn_err *err)
{
    const struct spn_train_job job = {
        .net = c->net, .start = c->weights, .train = &c->train, .options = c->tuning};
    const struct spn_progress progress = {.report = go_on, .ctx = c};
    struct spn_train_log *log = calloc(1, sizeof *log);
    struct spn_weights *tuned = NULL;
    if (!log)
        return spn_err_memory(err, "tuning");
    enum spn_status status = spn_train_run(&job, &progress, &tuned, log, err);
    if (!status) {
        spn_weights_destroy(c->weights);
        c->weights = tuned;
        c->stop = c->stop || log->stopped;
    }
    free(log);
    return status;
}

static enum spn_status run_images(struct climb *c, const struct spn_dataset *images, int fidelity,
                                  int scheme, struct spn_accuracy *out, struct spn_err *err)
{
    struct spn_simulator *sim = NULL;
    struct spn_dataset calibration = c->train; /* its first images; borrowed */
    struct spn_simulator_options how = spn_simulator_options_default();
    const struct spn_progress progress = {.report = go_on, .ctx = c};
    if (c->stop)
        return SPN_OK;
    calibration.n_images =
        calibration.n_images < CALIBRATION_IMAGES ? calibration.n_images : CALIBRATION_IMAGES;
    how.fidelity = fidelity;
    how.scheme = scheme;
    how.seed = c->run->seed;
    how.n_threads = c->run->n_threads;
    enum spn_status status = spn_simulator_create(&sim, c->net, c->weights, &c->chip, &how, err);
    if (!status && fidelity != SPN_FIDELITY_IDEAL)
        status = spn_simulator_calibrate(sim, &calibration, err);
    if (!status)
        status = spn_simulator_evaluate(sim, images, &progress, out, err);
    if (!status && out->n_images < images->n_images)
        c->stop = true;
    spn_simulator_destroy(sim);
    step(c);
    return status;
}

static enum spn_status cost(struct climb *c, struct spn_ladder_rung *rung, struct spn_err *err)
{
    struct spn_ratio_model *model = NULL;
    double ratio[SPN_N_RATIOS];
    enum spn_status status = spn_ratio_model_create(&model, c->net, err);
    if (!status)
        status = spn_ratios(model, &c->chip, ratio, err);
    for (int s = 0; s < SPN_N_SCHEMES && !status; s++) {
        const struct spn_result *r = spn_ratio_result(model, s);
        rung->cost[s] = (struct spn_ladder_cost){.update_s = r->training.update.latency_s,
                                                 .update_J = r->training.update.energy_J,
                                                 .inference_s = r->inference.latency_s,
                                                 .inference_J = r->inference.energy_J};
    }
    spn_ratio_model_destroy(model);
    return status;
}

/* Zeros among the weights of matrix layers. */
static enum spn_status count_zeros(const struct climb *c, double *zeros_frac, struct spn_err *err)
{
    double zeros = 0, total = 0;
    for (int i = 0; i < c->net->n_layers; i++) {
        const struct spn_layer *layer = &c->net->layer[i];
        char name[96];
        if (!spn_layer_is_matrix(layer))
            continue;
        const int64_t n = weights_of(layer);
        float *value = malloc((size_t)n * sizeof *value);
        if (!value)
            return spn_err_memory(err, "a layer's weights");
        snprintf(name, sizeof name, "%s.weight", layer->name);
        const enum spn_status status = spn_weights_floats(c->weights, name, n, value, err);
        for (int64_t k = 0; k < n && !status; k++)
            zeros += !(value[k] < 0 || value[k] > 0);
        free(value);
        if (status)
            return status;
        total += (double)n;
    }
    *zeros_frac = total > 0 ? zeros / total : 0;
    return SPN_OK;
}

static enum spn_status load_pruned(struct climb *c, struct spn_err *err)
{
    struct spn_weights *weights = NULL;
    if (!*c->net->weights)
        return spn_err_set(err, SPN_EINPUT, "network %s names no weights", c->net->name);
    const enum spn_status status = spn_weights_load(&weights, c->net->weights, err);
    if (!status) {
        spn_weights_destroy(c->weights);
        c->weights = weights;
    }
    return status;
}

static enum spn_status climb_rung(struct climb *c, double sparsity, struct spn_ladder_rung *rung,
                                  struct spn_err *err)
{
    const struct spn_dataset images = images_of(c, sparsity);
    rung->sparsity_frac = sparsity;
    enum spn_status status = load_network(c, sparsity, err);
    if (!status && sparsity > 0)
        status = is_shipped(c, sparsity) ? load_pruned(c, err) : tune(c, err);
    step(c);
    if (!status)
        status = count_zeros(c, &rung->zeros_frac, err);
    if (!status)
        status = run_images(c, &images, SPN_FIDELITY_IDEAL, SPN_SCHEME_DENSE, &rung->ideal, err);
    if (!status)
        status = run_images(c, &images, SPN_FIDELITY_QUANTIZED, SPN_SCHEME_INDEX_FREE, &rung->codes,
                            err);
    for (int s = 0; s < SPN_N_SCHEMES && !status; s++)
        status = run_images(c, &images, SPN_FIDELITY_DEVICE, s, &rung->device[s], err);
    return status ? status : cost(c, rung, err);
}

enum spn_status spn_ladder_climb(const struct spn_ladder_experiment *experiment,
                                 const struct spn_ladder_run *run,
                                 const struct spn_progress *progress, struct spn_ladder *ladder,
                                 struct spn_err *err)
{
    enum { STEPS = 3 + SPN_N_SCHEMES }; /* of a rung: tuning, two without errors, the schemes */
    struct climb *c = calloc(1, sizeof *c);
    struct spn_ladder out = {.n_rungs = 0};
    if (!c)
        return spn_err_memory(err, "a pruned network");
    c->experiment = experiment;
    c->run = run;
    c->progress = progress;
    c->total = STEPS * experiment->n_sparsity;
    enum spn_status status = open_inputs(c, err);
    if (!status) {
        spn_text_copy(out.network, sizeof out.network, c->net->name);
        spn_text_copy(out.dataset, sizeof out.dataset, c->test.name);
        out.n_tuning_images = c->train.n_images;
        out.tuning_epochs = c->tuning.epochs;
        out.pruned_at = experiment->pruned_at;
    }
    for (int i = 0; i < experiment->n_sparsity && !status && !c->stop; i++) {
        status = climb_rung(c, experiment->sparsity[i], &out.rung[i], err);
        out.n_rungs += !status && !c->stop;
    }
    out.stopped = c->stop && out.n_rungs < experiment->n_sparsity;
    climb_clear(c);
    if (!status)
        *ladder = out;
    return status;
}

bool spn_ladder_beaten(const struct spn_ladder *ladder, int rung, int scheme,
                       double (*cost_of)(const struct spn_ladder_cost *))
{
    const double mine = cost_of(&ladder->rung[rung].cost[scheme]);
    const double right = ladder->rung[rung].device[scheme].top1_frac;
    for (int r = 0; r < ladder->n_rungs; r++)
        for (int s = 0; s < SPN_N_SCHEMES; s++) {
            const double other = cost_of(&ladder->rung[r].cost[s]);
            const double other_right = ladder->rung[r].device[s].top1_frac;
            if (other <= mine && other_right >= right && (other < mine || other_right > right))
                return true;
        }
    return false;
}
