/* insitu_options.c -- what an experiment on simulated cells may say, its defaults, checks and data.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "simulator/insitu.h"

#include <string.h>

#include "networks/transform.h"

static const char *const kind_names[] = {"prune", "regrow", "rewire", NULL};
static const char *const choice_names[] = {"magnitude", "random", "momentum", "gradient", NULL};

#define DEVELOP_SEEDS ((uint64_t)1 << 40) /* added to seeds of drawn sets for choosing settings */

enum { MAX_IMAGES = 1000000, MAX_SIDE = 4096, MAX_TRIES = 1000 };

static const struct spn_field event_fields[] = {
    SPN_F_ENUM(struct spn_insitu_event, kind, kind_names, "what is done to the masks"),
    SPN_F_INT(struct spn_insitu_event, epoch, "", 1, SPN_INSITU_MAX_EPOCHS, "before this epoch"),
    SPN_F_INT(struct spn_insitu_event, every, "", 0, SPN_INSITU_MAX_EPOCHS,
              "and again after so many; 0: once"),
    SPN_F_INT(struct spn_insitu_event, until, "", 0, SPN_INSITU_MAX_EPOCHS, "the last time"),
    SPN_F_DOUBLE(struct spn_insitu_event, sparsity, "", 0, 0.999,
                 "prune: share of zeros that is reached"),
    SPN_F_DOUBLE(struct spn_insitu_event, share, "", 0, 0.999,
                 "regrow: of all weights; rewire: of the kept ones"),
    SPN_F_ENUM(struct spn_insitu_event, choice, choice_names, "which weights"),
    SPN_F_DOUBLE(struct spn_insitu_event, expansion, "", 1, 1000,
                 "candidates per regrown weight, picked from at random"),
    SPN_F_END};

static const struct spn_field write_fields[] = {
    SPN_F_DOUBLE(struct spn_pairs_write, pulses_per_state, "", 0.01, 10000,
                 "identical pulses from one state to the next"),
    SPN_F_DOUBLE(struct spn_pairs_write, tolerance_states, "", 1e-6, 1000,
                 "verified when within so many states"),
    SPN_F_INT(struct spn_pairs_write, max_tries, "", 1, MAX_TRIES, "of one cell"),
    SPN_F_DOUBLE(struct spn_pairs_write, disturb_frac, "", 0, 1,
                 "of a pulse, felt by cells that share a line but are not selected"),
    SPN_F_DOUBLE(struct spn_pairs_write, window_sd_frac, "", 0, 0.3,
                 "sd of the conductance window over cells"),
    SPN_F_DOUBLE(struct spn_pairs_write, leaky_frac, "", 0, 1, "cells of smaller on/off ratio"),
    SPN_F_DOUBLE(struct spn_pairs_write, leaky_on_off, "", 2, 1e12, "and that ratio"),
    SPN_F_END};

static const struct spn_field update_fields[] = {
    SPN_F_BOOL(struct spn_insitu_update, vector, "row and column pulses; false: cell by cell"),
    SPN_F_BOOL(struct spn_insitu_update, masked_fit, "fitted to kept cells alone"),
    SPN_F_DOUBLE(struct spn_insitu_update, lambda, "", 1e-12, 1e6, "of the ridge"),
    SPN_F_DOUBLE(struct spn_insitu_update, threshold_frac, "", 0, 1,
                 "layers less sparse are written cell by cell"),
    SPN_F_BOOL(struct spn_insitu_update, verify, "read and correct every kept cell"),
    SPN_F_BOOL(struct spn_insitu_update, feedback,
               "changes are taken from what cells hold, not from the last target"),
    SPN_F_END};

const struct spn_field spn_insitu_fields[] = {
    SPN_F_STRING(struct spn_insitu_options, description, "what the experiment is"),
    SPN_F_STRING(struct spn_insitu_options, network, "network, by name or path"),
    SPN_F_STRING(struct spn_insitu_options, dataset, "data set; empty: the network's"),
    SPN_F_STRING(struct spn_insitu_options, device, "memory cell, by name or path"),
    SPN_F_INT(struct spn_insitu_options, n_images, "", 1, MAX_IMAGES, "training images"),
    SPN_F_INT(struct spn_insitu_options, n_test_images, "", 1, MAX_IMAGES, "test images"),
    SPN_F_BOOL(struct spn_insitu_options, develop,
               "images for choosing settings by, none of those that results are measured on"),
    SPN_F_INT(struct spn_insitu_options, binarise, "", 0, 255,
              "images become black and white at this brightness; 0: grey"),
    SPN_F_INT(struct spn_insitu_options, epochs, "", 1, SPN_INSITU_MAX_EPOCHS, "in all"),
    SPN_F_INT(struct spn_insitu_options, updates_per_epoch, "", 1, 1000,
              "weight updates, each from all images"),
    SPN_F_DOUBLE(struct spn_insitu_options, learning_rate, "", 0, 10, "of Adam"),
    SPN_F_DOUBLE(struct spn_insitu_options, final_rate_frac, "", 0, 1,
                 "learning rate at the end, reached on half a cosine"),
    SPN_F_DOUBLE(struct spn_insitu_options, momentum, "", 0, 0.9999, "Adam's beta1"),
    SPN_F_DOUBLE(struct spn_insitu_options, beta2, "", 0, 0.999999, "Adam's beta2"),
    SPN_F_DOUBLE(struct spn_insitu_options, adam_epsilon, "", 1e-12, 1, "Adam's epsilon"),
    SPN_F_INT(struct spn_insitu_options, pretrain_epochs, "", 0, SPN_INSITU_MAX_EPOCHS,
              "before weights go to the chip"),
    SPN_F_INT(struct spn_insitu_options, pretrain_bits, "bit", 0, 8,
              "of weights until then; 0: float"),
    SPN_F_INT(struct spn_insitu_options, pretrain_updates, "", 0, 1000,
              "weight updates of an epoch until then; 0: as many as later"),
    SPN_F_DOUBLE(struct spn_insitu_options, pretrain_l1, "", 0, 10,
                 "pull of weights to zero until then"),
    SPN_F_BOOL(struct spn_insitu_options, hardware, "false: float weights throughout"),
    SPN_F_INT(struct spn_insitu_options, weight_bits, "bit", 2, 8, "on the chip, sign included"),
    SPN_F_DOUBLE(struct spn_insitu_options, scale_headroom, "", 0.1, 10,
                 "room for weights to grow: largest code over the largest weight at the transfer"),
    SPN_F_BOOL(struct spn_insitu_options, round_targets, "cells are written to whole codes"),
    SPN_F_INT(struct spn_insitu_options, array_rows, "", 1, MAX_SIDE, "lines of an array"),
    SPN_F_INT(struct spn_insitu_options, array_columns, "", 1, MAX_SIDE, "cells of a line"),
    SPN_F_OBJECT(struct spn_insitu_options, write, write_fields, "how cells are written"),
    SPN_F_OBJECT(struct spn_insitu_options, update, update_fields, "how changes reach the cells"),
    SPN_F_DOUBLE(struct spn_insitu_options, regrow_momentum, "", 0, 0.9999,
                 "share of the old running mean of gradients"),
    SPN_F_ANY("events", "list: when masks change, and how"),
    SPN_F_DOUBLES(struct spn_insitu_options, snapshot_epochs, n_snapshots, "", 1,
                  SPN_INSITU_MAX_EPOCHS, "after which weights are kept for figures"),
    SPN_F_DOUBLES(struct spn_insitu_options, rest_s, n_rests, "s", 0, 1e12,
                  "tested again after so long at rest, rising"),
    SPN_F_INT(struct spn_insitu_options, landscape_points, "", 0, 101,
              "side of the map of the loss around the final weights; 0: none"),
    SPN_F_DOUBLE(struct spn_insitu_options, landscape_radius, "", 0, 100,
                 "of the map, over the norm of the weights"),
    SPN_F_INT64(struct spn_insitu_options, seed, "", 0, 9007199254740992.0, "of everything random"),
    SPN_F_END};

struct spn_insitu_options spn_insitu_options_default(void)
{
    return (struct spn_insitu_options){
        .network = "msnet",
        .device = "mos2-2fefet",
        .n_images = 250,
        .n_test_images = 500,
        .binarise = 128,
        .epochs = 57,
        .updates_per_epoch = 1,
        .learning_rate = 0.02,
        .final_rate_frac = 1,
        .momentum = 0.9,
        .beta2 = 0.999,
        .adam_epsilon = 1e-8,
        .pretrain_epochs = 10,
        .pretrain_bits = 8,
        .hardware = true,
        .weight_bits = 5,
        .scale_headroom = 1,
        .round_targets = true,
        .array_rows = 18,
        .array_columns = 25,
        .write = {.pulses_per_state = 8,
                  .tolerance_states = 0.3,
                  .max_tries = 20,
                  .leaky_on_off = 1e3},
        .update = {.vector = true, .masked_fit = true, .lambda = 1e-3, .verify = true},
        .regrow_momentum = 0.9,
        .landscape_radius = 0.5,
        .seed = 1};
}

static bool is_regrow_choice(int choice)
{
    return choice != SPN_INSITU_MAGNITUDE;
}

static enum spn_status check_event(const struct spn_insitu_options *o, int i, struct spn_err *err)
{
    const struct spn_insitu_event *e = &o->event[i];
    if (e->epoch < 1 || e->epoch > o->epochs)
        return spn_err_set(err, SPN_EINPUT, "events[%d].epoch = %d outside [1, %d] (epochs)", i,
                           e->epoch, o->epochs);
    if (e->every > 0 && e->until < e->epoch)
        return spn_err_set(err, SPN_EINPUT, "events[%d].until = %d is before its epoch = %d", i,
                           e->until, e->epoch);
    if (e->kind == SPN_INSITU_PRUNE && e->choice != SPN_INSITU_MAGNITUDE &&
        e->choice != SPN_INSITU_RANDOM)
        return spn_err_set(err, SPN_EINPUT,
                           "events[%d].choice = %s: prune goes by magnitude or random", i,
                           choice_names[e->choice]);
    if (e->kind != SPN_INSITU_PRUNE && !is_regrow_choice(e->choice))
        return spn_err_set(err, SPN_EINPUT,
                           "events[%d].choice = magnitude: weights grow again by momentum, "
                           "gradient or random",
                           i);
    return SPN_OK;
}

enum spn_status spn_insitu_options_check(const struct spn_insitu_options *o, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    if (o->pretrain_epochs > o->epochs)
        status = spn_err_set(err, SPN_EINPUT, "pretrain_epochs = %d of %d epochs",
                             o->pretrain_epochs, o->epochs);
    if (!status && o->pretrain_bits == 1)
        status = spn_err_set(err, SPN_EINPUT, "pretrain_bits = 1 leaves no magnitude: 0 or 2 .. 8");
    for (int i = 0; i < o->n_snapshots && !status; i++)
        if (o->snapshot_epochs[i] > o->epochs)
            status = spn_err_set(err, SPN_EINPUT,
                                 "snapshot_epochs[%d] = %g after the last of %d "
                                 "epochs",
                                 i, o->snapshot_epochs[i], o->epochs);
    for (int i = 1; i < o->n_rests && !status; i++)
        if (!(o->rest_s[i] > o->rest_s[i - 1]))
            status = spn_err_set(err, SPN_EINPUT, "rest_s[%d] = %g is not after the %g before it",
                                 i, o->rest_s[i], o->rest_s[i - 1]);
    for (int i = 0; i < o->n_events && !status; i++)
        status = check_event(o, i, err);
    return status;
}

static enum spn_status read_events(struct spn_insitu_options *o, const struct spn_json *doc,
                                   struct spn_err *err)
{
    const struct spn_json_at root = spn_json_root(doc), list = spn_json_get(&root, "events");
    enum spn_status status = SPN_OK;
    if (!list.item)
        return SPN_OK;
    if (!spn_json_is_list(&list) || spn_json_size(&list) > SPN_INSITU_MAX_EVENTS)
        return spn_json_fail(&list, err, "must be a list of at most %d events",
                             SPN_INSITU_MAX_EVENTS);
    o->n_events = (int)spn_json_size(&list);
    for (int i = 0; i < o->n_events && !status; i++) {
        const struct spn_json_at item = spn_json_item(&list, (size_t)i);
        o->event[i] = (struct spn_insitu_event){.expansion = 1};
        if (!spn_json_is_object(&item))
            return spn_json_fail(&item, err, "must be an object");
        status = spn_json_read(item, event_fields, &o->event[i], err);
        if (!status && !spn_json_get(&item, "choice").item)
            o->event[i].choice =
                o->event[i].kind == SPN_INSITU_PRUNE ? SPN_INSITU_MAGNITUDE : SPN_INSITU_MOMENTUM;
    }
    return status;
}

enum spn_status spn_insitu_options_read(struct spn_insitu_options *options,
                                        const struct spn_json *doc, struct spn_err *err)
{
    struct spn_insitu_options read = *options;
    enum spn_status status = spn_json_read(spn_json_root(doc), spn_insitu_fields, &read, err);
    if (!status)
        status = read_events(&read, doc, err);
    if (!status) {
        status = spn_insitu_options_check(&read, err);
        if (status)
            spn_err_prefix(err, "%s: ", spn_json_name(doc));
    }
    if (!status)
        *options = read;
    return status;
}

enum spn_status spn_insitu_options_load(struct spn_insitu_options *options, const char *path,
                                        struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_load(&doc, path, err);
    if (!status)
        status = spn_insitu_options_read(options, doc, err);
    spn_json_destroy(doc);
    return status;
}

/* ---- images ---- */

static enum spn_status fit_images(struct spn_dataset *data, const struct spn_network *net,
                                  int binarise, struct spn_err *err)
{
    const int size = net->input.dim[1];
    enum spn_status status = SPN_OK;
    if (data->height > size || data->width > size)
        status = spn_dataset_shrink(data, size, err);
    if (!status && binarise > 0)
        spn_dataset_binarise(data, binarise);
    return status;
}

/* Images that every class has, and how many of each are for choosing settings by: what is not
 * needed, at most as many as results need. [M:V16] */
static int count_each(const struct spn_insitu_options *o, const struct spn_dataset *all,
                      int *n_apart)
{
    int count[UINT8_MAX + 1] = {0}, each = all->n_images;
    for (int i = 0; i < all->n_images; i++)
        count[all->label[i]]++;
    for (int c = 0; c < all->n_classes; c++)
        each = count[c] < each ? count[c] : each;
    const int need = (o->n_images + o->n_test_images) / all->n_classes, spare = each - need;
    *n_apart = spare < 0 ? 0 : spare < need ? spare : need;
    return each;
}

/* One cut for all seeds, then a choice of the seed's own from its part. */
static enum spn_status cut(const struct spn_insitu_options *o, const struct spn_dataset *all,
                           struct spn_dataset *train, struct spn_dataset *test, struct spn_err *err)
{
    struct spn_dataset apart = {0}, rest = {0};
    int n_apart;
    const int each = count_each(o, all, &n_apart), n_classes = all->n_classes;
    const struct spn_dataset_split first = {(each - n_apart) * n_classes, n_apart * n_classes, 0};
    const int left = n_apart * n_classes - o->n_images;
    const int n_test = o->develop && left < o->n_test_images ? left : o->n_test_images;
    if (n_test < 1)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: %d images of each class are set apart (develop), too few for %d "
                           "training images",
                           all->name, n_apart, o->n_images);
    const struct spn_dataset_split second = {o->n_images, n_test, o->seed};
    enum spn_status status = spn_dataset_choose(all, &first, &rest, &apart, err);
    if (!status)
        status = spn_dataset_choose(o->develop ? &apart : &rest, &second, train, test, err);
    spn_dataset_clear(&apart);
    spn_dataset_clear(&rest);
    return status;
}

/* Files: everything that is there. */
static enum spn_status choose_images(const struct spn_insitu_options *o,
                                     struct spn_dataset_request *request, struct spn_dataset *train,
                                     struct spn_dataset *test, struct spn_err *err)
{
    struct spn_dataset first = {0}, second = {0}, all = {0};
    request->max_images = 0;
    request->split = "train";
    enum spn_status status = spn_dataset_open(&first, request, err);
    request->split = "test";
    if (!status)
        status = spn_dataset_open(&second, request, err);
    if (!status)
        status = spn_dataset_join(&all, &first, &second, err);
    if (!status)
        status = cut(o, &all, train, test, err);
    spn_dataset_clear(&first);
    spn_dataset_clear(&second);
    spn_dataset_clear(&all);
    return status;
}

static enum spn_status draw_images(const struct spn_insitu_options *o,
                                   struct spn_dataset_request *request, struct spn_dataset *train,
                                   struct spn_dataset *test, struct spn_err *err)
{
    request->max_images = o->n_images;
    request->split = "train";
    enum spn_status status = spn_dataset_open(train, request, err);
    request->max_images = o->n_test_images;
    request->split = "test";
    return status ? status : spn_dataset_open(test, request, err);
}

enum spn_status spn_insitu_open_data(const struct spn_insitu_options *o,
                                     const struct spn_network *net, const char *data_dir,
                                     struct spn_dataset *train, struct spn_dataset *test,
                                     struct spn_err *err)
{
    if (net->input.n != 3 || net->input.dim[1] != net->input.dim[2])
        return spn_err_set(err, SPN_EINPUT, "network %s does not take square images", net->name);
    struct spn_dataset_request request = {.name = *o->dataset ? o->dataset : net->dataset,
                                          .dir = data_dir,
                                          .channels = net->input.dim[0],
                                          .size = net->input.dim[1],
                                          .n_classes = net->n_classes,
                                          .seed = o->seed};
    if (o->develop) /* of drawn sets; files are cut */
        request.seed += DEVELOP_SEEDS;
    struct spn_dataset first = {0}, second = {0};
    enum spn_status status = spn_dataset_is_drawn(request.name)
                                 ? draw_images(o, &request, &first, &second, err)
                                 : choose_images(o, &request, &first, &second, err);
    if (!status)
        status = fit_images(&first, net, o->binarise, err);
    if (!status)
        status = fit_images(&second, net, o->binarise, err);
    if (status) {
        spn_dataset_clear(&first);
        spn_dataset_clear(&second);
        return status;
    }
    *train = first;
    *test = second;
    return SPN_OK;
}
