/* accuracy.c -- simulated accuracy of design points, by classes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The seed of the space names the simulated chip, so that the accuracy of a class is one number,
 * whoever simulates it and when [M:X8].
 */
#include "explorer/accuracy.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "explorer/space_state.h"
#include "networks/dataset.h"
#include "networks/weights.h"
#include "simulator/simulator.h"

enum { MAX_CLASSES = 1 << 22, N_WEIGHTS = 2 /* pruned, dense */ };

static const char *const bound_names[] = {"float", "one", NULL};
const struct spn_field spn_accuracy_fields[] = {
    SPN_F_ENUM(struct spn_accuracy_options, fidelity, spn_fidelity_names, "of the simulation"),
    SPN_F_INT(struct spn_accuracy_options, images, "", 1, 1000000, "test images"),
    SPN_F_INT(struct spn_accuracy_options, calibration, "", 1, 100000, "images to set ranges"),
    SPN_F_DOUBLE(struct spn_accuracy_options, seed, "", 0, 9007199254740992.0, "of the chip"),
    SPN_F_DOUBLE(struct spn_accuracy_options, resolution, "", 0, 1,
                 "a design that cannot be more accurate by more than this is not simulated"),
    SPN_F_ENUM(struct spn_accuracy_options, bound, bound_names,
               "what no design is believed to exceed: float, its accuracy in floating point; one"),
    SPN_F_BOOL(struct spn_accuracy_options, estimate_ir_drop, "circuit: to first order"),
    SPN_F_STRING(struct spn_accuracy_options, dataset, "instead of the network's"),
    SPN_F_STRING(struct spn_accuracy_options, data, "folder of data files"),
    SPN_F_END};

struct spn_accuracy_options spn_accuracy_options_default(void)
{
    return (struct spn_accuracy_options){
        .fidelity = SPN_FIDELITY_DEVICE, .images = 500, .calibration = 32, .seed = 1};
}

/* What the simulator never reads; tests/check_classes.c holds it to that. */
bool spn_accuracy_blind(const char *path)
{
    static const char *const blind[] = {
        "chip.clock_Hz",
        "chip.vdd_V",
        "chip.schedule",
        "chip.duplicate",
        "chip.area_budget_m2",
        "chip.array.swing_loss_V",
        "chip.array.energy_scale",
        "chip.adc.kind",
        "chip.adc.sample_hold",
        "chip.adc.samples",
        "chip.adc.cycle_s",
        "chip.adc.energy_scale",
        "chip.adc.area_scale",
        "chip.adc.latency_scale",
        "chip.pe.*",
        "chip.tile.*",
        "chip.global.*",
        "chip.sparsity.index_format",
        "chip.sparsity.index_place",
        "chip.sparsity.polarity_place",
        "chip.sparsity.index_bus_bit",
        "chip.sparsity.decode_bit_per_cycle",
        "chip.training.*",
        "chip.system.*",
        "chip.dram",
        "dram",
        "dram.*",
        NULL,
    };
    for (int i = 0; blind[i]; i++) {
        size_t n = strlen(blind[i]) - 1;
        if (blind[i][n] == '*' ? strncmp(blind[i], path, n) == 0 : strcmp(blind[i], path) == 0)
            return true;
    }
    return false;
}

/* ---- classes ---- */

bool spn_space_simulated(const struct spn_space *space)
{
    return space->simulated;
}

const struct spn_accuracy_options *spn_space_accuracy(const struct spn_space *space)
{
    return &space->accuracy;
}

static bool matters(const struct spn_axis *axis)
{
    for (int p = 0; p < axis->n_places; p++)
        if (!spn_accuracy_blind(axis->place[p].path))
            return true;
    return false;
}

int64_t spn_space_n_classes(const struct spn_space *space)
{
    int64_t n = 1;
    for (int a = 0; a < space->n_axes; a++)
        if (matters(&space->axis[a]) && n <= SPN_SPACE_MAX_POINTS)
            n *= space->axis[a].n_values + (space->axis[a].n_when > 0);
    return n;
}

int64_t spn_space_class(const struct spn_space *space, const int digit[SPN_SPACE_MAX_AXES])
{
    int64_t number = 0;
    for (int a = 0; a < space->n_axes; a++) {
        const struct spn_axis *axis = &space->axis[a];
        if (matters(axis))
            number = number * (axis->n_values + (axis->n_when > 0)) +
                     (digit[a] < 0 ? axis->n_values : digit[a]);
    }
    return number;
}

bool spn_space_axis_matters(const struct spn_space *space, int axis)
{
    return matters(&space->axis[axis]);
}

bool spn_space_column_simulated(const struct spn_space *space, int column)
{
    return column < space->n_results
               ? spn_columns[space->result[column]].source == SPN_COLUMN_SIMULATED
               : space->derived_simulated[column - space->n_results];
}

/* ---- the lab ---- */

enum state { UNKNOWN, RUNNING, KNOWN };

/* What the simulations of one network need. */
struct bench {
    bool ready;
    struct spn_weights *weights[N_WEIGHTS];
    struct spn_dataset test, calibration;
    double bound[N_WEIGHTS]; /* NaN: not yet known */
};

struct spn_lab {
    const struct spn_space *space;
    struct spn_lab_options options;
    struct bench *bench; /* [n_plans] */
    int64_t n_classes, n_simulated;
    double *accuracy;     /* [n_classes], NaN where it cannot be simulated */
    unsigned char *state; /* [n_classes] */
    pthread_mutex_t lock; /* of all above */
    pthread_cond_t done;
};

enum spn_status spn_lab_create(struct spn_lab **out, const struct spn_space *space,
                               const struct spn_lab_options *options, struct spn_err *err)
{
    int64_t n = spn_space_n_classes(space);
    if (n > MAX_CLASSES)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: axes that accuracy depends on have more than %d combinations",
                           space->file, MAX_CLASSES);
    struct spn_lab *lab = calloc(1, sizeof *lab);
    if (!lab)
        return spn_err_memory(err, "simulated accuracies");
    lab->space = space;
    lab->options = *options;
    lab->n_classes = n;
    pthread_mutex_init(&lab->lock, NULL);
    pthread_cond_init(&lab->done, NULL);
    lab->bench = calloc((size_t)space->n_plans, sizeof *lab->bench);
    lab->accuracy = calloc((size_t)n, sizeof *lab->accuracy);
    lab->state = calloc((size_t)n, sizeof *lab->state);
    if (!lab->bench || !lab->accuracy || !lab->state) {
        spn_lab_destroy(lab);
        return spn_err_memory(err, "simulated accuracies");
    }
    *out = lab;
    return SPN_OK;
}

void spn_lab_destroy(struct spn_lab *lab)
{
    if (!lab)
        return;
    for (int i = 0; lab->bench && i < lab->space->n_plans; i++) {
        for (int w = 0; w < N_WEIGHTS; w++)
            spn_weights_destroy(lab->bench[i].weights[w]);
        spn_dataset_clear(&lab->bench[i].test);
        spn_dataset_clear(&lab->bench[i].calibration);
    }
    free(lab->bench);
    free(lab->accuracy);
    free(lab->state);
    pthread_cond_destroy(&lab->done);
    pthread_mutex_destroy(&lab->lock);
    free(lab);
}

static enum spn_status open_images(const struct spn_lab *lab, const struct spn_network *net,
                                   const char *split, int n, struct spn_dataset *data,
                                   struct spn_err *err)
{
    const struct spn_accuracy_options *how = &lab->space->accuracy;
    struct spn_dataset_request request = {.name = *how->dataset ? how->dataset : net->dataset,
                                          .split = split,
                                          .dir = *how->data ? how->data : NULL,
                                          .channels = net->input.dim[0],
                                          .size = net->input.dim[1],
                                          .n_classes = net->n_classes,
                                          .max_images = n,
                                          .seed = (uint64_t)how->seed};
    return spn_dataset_open(data, &request, err);
}

/* Weights and images of a network, once. The lock is held. */
static enum spn_status prepare(struct spn_lab *lab, int plan, struct spn_err *err)
{
    struct bench *bench = &lab->bench[plan];
    const struct spn_network *net = lab->space->plan[plan].net;
    const struct spn_accuracy_options *how = &lab->space->accuracy;
    if (bench->ready)
        return SPN_OK;
    enum spn_status status = spn_weights_load(&bench->weights[0], net->weights, err);
    if (!status && *net->dense_weights)
        status = spn_weights_load(&bench->weights[1], net->dense_weights, err);
    if (!status)
        status = open_images(lab, net, "test", how->images, &bench->test, err);
    if (!status)
        status = open_images(lab, net, "train", how->calibration, &bench->calibration, err);
    if (status) { /* a second try starts afresh */
        for (int w = 0; w < N_WEIGHTS; w++) {
            spn_weights_destroy(bench->weights[w]);
            bench->weights[w] = NULL;
        }
        spn_dataset_clear(&bench->test);
        spn_dataset_clear(&bench->calibration);
        return status;
    }
    bench->bound[0] = bench->bound[1] = NAN;
    bench->ready = true;
    return SPN_OK;
}

/* The unpruned weights where the scheme keeps all and they are there. */
static int weights_of(const struct bench *bench, int scheme)
{
    return scheme == SPN_SCHEME_DENSE && bench->weights[1] != NULL;
}

static enum spn_status simulate(const struct spn_lab *lab, int plan, const struct spn_chip *chip,
                                int scheme, int fidelity, double *accuracy, struct spn_err *err)
{
    const struct bench *bench = &lab->bench[plan];
    const struct spn_accuracy_options *options = &lab->space->accuracy;
    struct spn_simulator *sim = NULL;
    struct spn_simulator_options how = spn_simulator_options_default();
    struct spn_accuracy result;
    how.fidelity = fidelity;
    how.scheme = scheme;
    how.seed = (uint64_t)options->seed;
    how.n_threads = lab->options.n_threads;
    how.estimate_ir_drop = options->estimate_ir_drop;
    enum spn_status status =
        spn_simulator_create(&sim, lab->space->plan[plan].net,
                             bench->weights[weights_of(bench, scheme)], chip, &how, err);
    if (!status && fidelity != SPN_FIDELITY_IDEAL)
        status = spn_simulator_calibrate(sim, &bench->calibration, err);
    if (!status)
        status = spn_simulator_evaluate(sim, &bench->test, NULL, &result, err);
    spn_simulator_destroy(sim);
    if (!status)
        *accuracy = result.top1_frac;
    return status;
}

bool spn_lab_known(struct spn_lab *lab, int64_t class_number, double *accuracy)
{
    pthread_mutex_lock(&lab->lock);
    bool known = lab->state[class_number] == KNOWN;
    if (known)
        *accuracy = lab->accuracy[class_number];
    pthread_mutex_unlock(&lab->lock);
    return known;
}

enum spn_status spn_lab_tell(struct spn_lab *lab, int64_t class_number, double accuracy,
                             struct spn_err *err)
{
    if (class_number < 0 || class_number >= lab->n_classes)
        return spn_err_set(err, SPN_EINPUT, "%s: class %lld of accuracies outside [0, %lld]",
                           lab->space->file, (long long)class_number,
                           (long long)lab->n_classes - 1);
    pthread_mutex_lock(&lab->lock);
    lab->accuracy[class_number] = accuracy;
    lab->state[class_number] = KNOWN;
    pthread_mutex_unlock(&lab->lock);
    return SPN_OK;
}

/* True if it is this thread's to simulate; else it is known by now. The lock is held. */
static bool claim(struct spn_lab *lab, int64_t class_number)
{
    while (lab->state[class_number] == RUNNING)
        pthread_cond_wait(&lab->done, &lab->lock);
    if (lab->state[class_number] == KNOWN)
        return false;
    lab->state[class_number] = RUNNING;
    return true;
}

enum spn_status spn_lab_accuracy(struct spn_lab *lab, int64_t class_number, int plan,
                                 const struct spn_chip *chip, double *accuracy, struct spn_err *err)
{
    double value = NAN;
    enum spn_status status = SPN_OK;
    pthread_mutex_lock(&lab->lock);
    if (claim(lab, class_number)) {
        status = prepare(lab, plan, err);
        if (!status) {
            pthread_mutex_unlock(&lab->lock);
            status = simulate(lab, plan, chip, chip->sparsity.scheme, lab->space->accuracy.fidelity,
                              &value, err);
            pthread_mutex_lock(&lab->lock);
            if (status && status != SPN_EINTERNAL) { /* this chip cannot be simulated: an answer */
                status = SPN_OK;
                value = NAN;
            }
            lab->n_simulated += !status;
            lab->accuracy[class_number] = value;
            if (!status && lab->options.save)
                status = lab->options.save(lab->options.ctx, class_number, value, err);
        }
        lab->state[class_number] = status ? UNKNOWN : KNOWN;
        pthread_cond_broadcast(&lab->done);
    }
    *accuracy = lab->accuracy[class_number];
    pthread_mutex_unlock(&lab->lock);
    return status;
}

enum spn_status spn_lab_bound(struct spn_lab *lab, int plan, int scheme, double *bound,
                              struct spn_err *err)
{
    *bound = 1;
    if (lab->space->accuracy.bound == SPN_BOUND_ONE)
        return SPN_OK;
    pthread_mutex_lock(&lab->lock);
    enum spn_status status = prepare(lab, plan, err);
    if (!status) {
        struct bench *bench = &lab->bench[plan];
        int w = weights_of(bench, scheme);
        if (isnan(bench->bound[w]))
            status = simulate(lab, plan, NULL, scheme, SPN_FIDELITY_IDEAL, &bench->bound[w], err);
        *bound = bench->bound[w];
    }
    pthread_mutex_unlock(&lab->lock);
    return status;
}

int64_t spn_lab_n_simulated(struct spn_lab *lab)
{
    pthread_mutex_lock(&lab->lock);
    int64_t n = lab->n_simulated;
    pthread_mutex_unlock(&lab->lock);
    return n;
}
