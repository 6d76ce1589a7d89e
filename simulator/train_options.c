/* train_options.c -- what a training recipe may say, its defaults and checks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "simulator/train.h"

#include <stdio.h>
#include <string.h>

#include "simulator/pulsed.h"
#include "simulator/train_hardware.h"

const char *const spn_optimiser_names[] = {"sgd", "adam", NULL};
const char *const spn_train_rule_names[] = {"ideal", "pulsed", "mixed-precision", NULL};
const char *const spn_rate_schedule_names[] = {"constant", "cosine", "steps", NULL};

#define MAX_IMAGES 10000000

static const struct spn_field schedule_fields[] = {
    SPN_F_ENUM(struct spn_train_schedule, kind, spn_rate_schedule_names,
               "how the learning rate changes"),
    SPN_F_DOUBLE(struct spn_train_schedule, warmup_frac, "", 0, 0.9,
                 "share of all updates in which the rate rises from 0"),
    SPN_F_DOUBLE(struct spn_train_schedule, final_frac, "", 0, 1,
                 "cosine: the last rate over the largest"),
    SPN_F_DOUBLES(struct spn_train_schedule, step_epochs, n_step_epochs, "", 0,
                  SPN_TRAIN_MAX_EPOCHS, "steps: when"),
    SPN_F_DOUBLE(struct spn_train_schedule, step_factor, "", 0, 1, "steps: times this each"),
    SPN_F_END};

static const struct spn_field prune_fields[] = {
    SPN_F_DOUBLE(struct spn_train_prune, start_epoch, "", 0, SPN_TRAIN_MAX_EPOCHS,
                 "pruning begins"),
    SPN_F_DOUBLE(struct spn_train_prune, end_epoch, "", 0, SPN_TRAIN_MAX_EPOCHS,
                 "pruning is complete; 0: no pruning"),
    SPN_F_DOUBLE(struct spn_train_prune, exponent, "", 0.1, 10, "3: most weights go early"),
    SPN_F_INT(struct spn_train_prune, steps, "", 1, 1000, "pruning steps between start and end"),
    SPN_F_END};

static const struct spn_field hardware_fields[] = {
    SPN_F_INT(struct spn_train_hardware, cell_bits, "bit", 1, 8, "of one cell of a pair"),
    SPN_F_DOUBLE(struct spn_train_hardware, cell_sd_frac, "", 0, 1,
                 "sd of every cell by itself, of its window"),
    SPN_F_DOUBLE(struct spn_train_hardware, stuck_on_frac, "", 0, 0.5, "cells stuck at the top"),
    SPN_F_DOUBLE(struct spn_train_hardware, stuck_off_frac, "", 0, 0.5,
                 "cells stuck at the bottom"),
    SPN_F_INT(struct spn_train_hardware, chip_updates, "", 1, 1000000000,
              "updates that one drawn chip lasts"),
    SPN_F_INT(struct spn_train_hardware, adc_bits, "bit", 0, 16,
              "sums over adc_rows rows rounded to this; 0: none"),
    SPN_F_INT(struct spn_train_hardware, adc_rows, "", 0, 65536,
              "rows that one conversion adds up; 0: all"),
    SPN_F_DOUBLE(struct spn_train_hardware, adc_range_frac, "", 1e-3, 1,
                 "largest code, of the largest sums seen"),
    SPN_F_DOUBLE(struct spn_train_hardware, start_epoch, "", 0, SPN_TRAIN_MAX_EPOCHS,
                 "errors begin, in the first layer"),
    SPN_F_DOUBLE(struct spn_train_hardware, full_epoch, "", 0, SPN_TRAIN_MAX_EPOCHS,
                 "and have come to the last"),
    SPN_F_INT(struct spn_train_hardware, tuned_layers, "", 0, 1000,
              "hybrid: last layers trained in one chip's cells, the others as transferred; 0: all"),
    SPN_F_DOUBLE(struct spn_train_hardware, write_threshold_frac, "", 0, 1,
                 "hybrid: smaller changes, of the largest weight, are not written"),
    SPN_F_END};

static const struct spn_field update_fields[] = {
    SPN_F_ENUM(
        struct spn_train_update, rule, spn_train_rule_names,
        "weights change as numbers, by pulse trains or by pulses from a digital accumulator"),
    SPN_F_STRING(struct spn_train_update, device, "whose pulses: by name or path"),
    SPN_F_INT(struct spn_train_update, slots, "", 1, SPN_PULSED_MAX_LENGTH,
              "pulsed: of a train, for one vector"),
    SPN_F_BOOL(struct spn_train_update, deterministic, "pulsed: pulses evenly spread, not drawn"),
    SPN_F_DOUBLE(struct spn_train_update, threshold_pulses, "", 1, SPN_PULSED_MAX_LENGTH,
                 "mixed-precision: fewer pulses are not written"),
    SPN_F_INT(struct spn_train_update, zero_shift_pairs, "", 0, 1000000,
              "pulses up and down that bring references to symmetry points; 0: mid-window"),
    SPN_F_DOUBLE(struct spn_train_update, range_sd, "", 0.1, 1000,
                 "largest weight, of the deviation of the first ones"),
    SPN_F_DOUBLE(struct spn_train_update, step_noise_frac, "", 0, 10,
                 "sd of each pulse's step, of the step, beside the device's cycle_to_cycle_sd"),
    SPN_F_DOUBLE(struct spn_train_update, step_sd_frac, "", 0, 10, "sd of steps between cells"),
    SPN_F_DOUBLE(struct spn_train_update, window_sd_frac, "", 0, 1, "sd of windows between cells"),
    SPN_F_END};

const struct spn_field spn_train_fields[] = {
    SPN_F_STRING(struct spn_train_options, description, "what the recipe is for"),
    SPN_F_STRING(struct spn_train_options, network, "network, by name or path"),
    SPN_F_STRING(struct spn_train_options, dataset, "data set, by name; empty: the network's"),
    SPN_F_STRING(struct spn_train_options, start, "weight file to start from; empty: random"),
    SPN_F_INT(struct spn_train_options, n_images, "", 1, MAX_IMAGES, "training images"),
    SPN_F_INT(struct spn_train_options, n_test_images, "", 0, MAX_IMAGES,
              "test images after each epoch"),
    SPN_F_DOUBLE(struct spn_train_options, epochs, "", 0, SPN_TRAIN_MAX_EPOCHS,
                 "passes over the training images"),
    SPN_F_INT(struct spn_train_options, batch, "", 1, 65536, "images per update; at most all"),
    SPN_F_ENUM(struct spn_train_options, optimiser, spn_optimiser_names, "update rule"),
    SPN_F_DOUBLE(struct spn_train_options, learning_rate, "", 0, 100, "largest learning rate"),
    SPN_F_DOUBLE(struct spn_train_options, momentum, "", 0, 0.9999, "of SGD; Adam's beta1"),
    SPN_F_DOUBLE(struct spn_train_options, beta2, "", 0, 0.999999, "Adam's beta2"),
    SPN_F_DOUBLE(struct spn_train_options, adam_epsilon, "", 1e-12, 1, "Adam's epsilon"),
    SPN_F_DOUBLE(struct spn_train_options, weight_decay, "", 0, 10,
                 "pull of matrix weights to zero, in proportion to them"),
    SPN_F_DOUBLE(struct spn_train_options, l1, "", 0, 10,
                 "pull of matrix weights to zero, the same for all"),
    SPN_F_DOUBLE(struct spn_train_options, label_smoothing_frac, "", 0, 0.9,
                 "share of the target spread over all classes"),
    SPN_F_INT(struct spn_train_options, weight_bits, "bit", 0, 8,
              "weights rounded to this, sign included; 0: float"),
    SPN_F_INT(struct spn_train_options, activation_bits, "bit", 0, 8,
              "inputs of matrix layers rounded to this; 0: float"),
    SPN_F_DOUBLE(struct spn_train_options, weight_noise_frac, "", 0, 1,
                 "sd of noise on weights, of the layer's largest"),
    SPN_F_OBJECT(struct spn_train_options, hardware, hardware_fields, "a chip in the loop"),
    SPN_F_OBJECT(struct spn_train_options, update, update_fields,
                 "weights in cells that pulses move"),
    SPN_F_INT(struct spn_train_options, shift_px, "px", 0, 16,
              "images shifted at random by up to this"),
    SPN_F_BOOL(struct spn_train_options, flip, "images mirrored at random"),
    SPN_F_OBJECT(struct spn_train_options, rate, schedule_fields, "learning-rate schedule"),
    SPN_F_OBJECT(struct spn_train_options, prune, prune_fields,
                 "magnitude pruning to the network's sparsity"),
    SPN_F_INT64(struct spn_train_options, seed, "", 0, 9007199254740992.0, "of everything random"),
    SPN_F_END};

struct spn_train_options spn_train_options_default(void)
{
    return (struct spn_train_options){
        .n_images = 1000,
        .n_test_images = 500,
        .epochs = 10,
        .batch = 50,
        .optimiser = SPN_OPTIMISER_SGD,
        .learning_rate = 0.05,
        .momentum = 0.9,
        .beta2 = 0.999,
        .adam_epsilon = 1e-8,
        .rate = {.kind = SPN_RATE_COSINE, .step_factor = 0.1},
        .prune = {.exponent = 3, .steps = 10},
        .hardware = {.cell_bits = 1, .chip_updates = 1, .adc_range_frac = 1},
        .update = {.slots = SPN_PULSED_MAX_LENGTH, .threshold_pulses = 1, .range_sd = 4},
        .seed = 1};
}

/* What pulses can do. */
static enum spn_status check_update(const struct spn_train_options *o, struct spn_err *err)
{
    const char *rule = spn_train_rule_names[o->update.rule];
    const bool pulsed = o->update.rule == SPN_TRAIN_PULSED;
    const struct refused {
        const char *name;
        bool given;
    } refused[] = {
        {"optimiser = adam", o->optimiser != SPN_OPTIMISER_SGD},
        {"momentum (needs the sum of changes, which is not there)", pulsed && o->momentum > 0},
        {"weight_decay", o->weight_decay > 0},
        {"l1", o->l1 > 0},
        {"weight_bits", o->weight_bits > 0},
        {"prune", o->prune.end_epoch > 0},
        {"hardware.tuned_layers", o->hardware.tuned_layers > 0},
        {"hardware: errors of cells", spn_train_hardware_cells(&o->hardware)},
    };
    if (o->update.rule == SPN_TRAIN_IDEAL)
        return SPN_OK;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (refused[i].given)
            return spn_err_set(err, SPN_EINPUT, "update.rule = %s does not go with %s", rule,
                               refused[i].name);
    return *o->update.device ? SPN_OK
                             : spn_err_set(err, SPN_EINPUT,
                                           "update.rule = %s needs a device (update.device)", rule);
}

enum spn_status spn_train_options_check(const struct spn_train_options *o, struct spn_err *err)
{
    if (o->prune.end_epoch > 0 && o->prune.end_epoch < o->prune.start_epoch) {
        return spn_err_set(err, SPN_EINPUT, "prune.end_epoch = %g is before prune.start_epoch = %g",
                           o->prune.end_epoch, o->prune.start_epoch);
    }
    if (o->prune.end_epoch > o->epochs) {
        return spn_err_set(err, SPN_EINPUT, "prune.end_epoch = %g is after the last of %g epochs",
                           o->prune.end_epoch, o->epochs);
    }
    const struct spn_train_hardware *h = &o->hardware;
    if (h->full_epoch > 0 && h->full_epoch < h->start_epoch) {
        return spn_err_set(err, SPN_EINPUT,
                           "hardware.full_epoch = %g is before hardware.start_epoch = %g",
                           h->full_epoch, h->start_epoch);
    }
    if (h->tuned_layers > 0 && h->start_epoch > 0) {
        return spn_err_set(
            err, SPN_EINPUT,
            "hardware.start_epoch = %g: with tuned_layers the chip is there from the "
            "start",
            h->start_epoch);
    }
    if (h->tuned_layers > 0 && o->weight_bits == 0) {
        return spn_err_set(err, SPN_EINPUT,
                           "hardware.tuned_layers needs weights in codes (weight_bits = 2 .. 8)");
    }
    if (spn_train_hardware_cells(h) && o->weight_bits == 0) {
        return spn_err_set(
            err, SPN_EINPUT,
            "hardware: errors of cells need weights in codes (weight_bits = 2 .. 8)");
    }
    if (o->weight_bits == 1 || o->activation_bits < 0) {
        return spn_err_set(err, SPN_EINPUT, "weight_bits = 1 leaves no magnitude: 0 or 2 .. 8");
    }
    return check_update(o, err);
}

/* A relative start file lies beside the recipe, as other files that JSON names do. */
static enum spn_status resolve_start(struct spn_train_options *o, const char *path,
                                     struct spn_err *err)
{
    const char *slash = strrchr(path, '/');
    char name[sizeof o->start];
    if (!*o->start || *o->start == '/' || !slash) {
        return SPN_OK;
    }
    const int n = snprintf(name, sizeof name, "%.*s/%s", (int)(slash - path), path, o->start);
    if (n < 0 || (size_t)n >= sizeof name) {
        return spn_err_set(err, SPN_EINPUT, "%s: start: path longer than %zu", path,
                           sizeof name - 1);
    }
    memcpy(o->start, name, sizeof name);
    return SPN_OK;
}

enum spn_status spn_train_options_read(struct spn_train_options *options,
                                       const struct spn_json *doc, struct spn_err *err)
{
    struct spn_train_options read = *options;
    struct spn_json_at root = spn_json_root(doc), axes = spn_json_get(&root, "axes");
    if (axes.item)
        return spn_json_fail(&root, err,
                             "a design space, no training recipe (\"axes\"): sweep takes it");
    enum spn_status status = spn_json_read(root, spn_train_fields, &read, err);
    if (status) {
        return status;
    }
    status = spn_train_options_check(&read, err);
    if (status) {
        spn_err_prefix(err, "%s: ", spn_json_name(doc));
        return status;
    }
    status = resolve_start(&read, spn_json_name(doc), err);
    if (!status) {
        *options = read;
    }
    return status;
}

enum spn_status spn_train_options_load(struct spn_train_options *options, const char *path,
                                       struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_load(&doc, path, err);
    if (!status) {
        status = spn_train_options_read(options, doc, err);
    }
    spn_json_destroy(doc);
    return status;
}

enum spn_status spn_train_open_data(const struct spn_train_options *options,
                                    const struct spn_network *net, const char *data_dir,
                                    struct spn_dataset *train, struct spn_dataset *test,
                                    struct spn_err *err)
{
    const bool image = net->input.n == 3;
    struct spn_dataset_request request = {.name =
                                              *options->dataset ? options->dataset : net->dataset,
                                          .split = "train",
                                          .dir = data_dir,
                                          .channels = image ? net->input.dim[0] : 1,
                                          .size = image ? net->input.dim[1] : 0,
                                          .n_classes = net->n_classes,
                                          .max_images = options->n_images,
                                          .seed = options->seed};
    struct spn_dataset first = {0}, second = {0};
    enum spn_status status = spn_dataset_open(&first, &request, err);
    if (!status && options->n_test_images > 0) {
        request.split = "test";
        request.max_images = options->n_test_images;
        status = spn_dataset_open(&second, &request, err);
    }
    if (status) {
        spn_dataset_clear(&first);
        return status;
    }
    *train = first;
    *test = second;
    return SPN_OK;
}
