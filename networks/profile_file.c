/* profile_file.c -- measured value distributions as JSON.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "networks/profile.h"

/* Sums of probabilities as a file holds them, in six digits. */
#define SUM_TOLERANCE 1e-3
#define MAX_SEEN_KEPT 1e6

struct file_layer {
    char layer[64];
    double kept_frac;
    double input[SPN_PROFILE_BINS], weight[SPN_PROFILE_BINS];
    double seen[SPN_PROFILE_VIEWS * SPN_PROFILE_BINS], seen_kept[SPN_PROFILE_VIEWS];
    int n_input, n_weight, n_seen, n_seen_kept;
};

#define L struct file_layer
static const struct spn_field layer_fields[] = {
    SPN_F_STRING(L, layer, "name of the layer"),
    SPN_F_DOUBLE(L, kept_frac, "", 0, 1, "share of the weights that are not 0"),
    SPN_F_DOUBLES(L, input, n_input, "", 0, 1, "probability of input codes 0 .. 255"),
    SPN_F_DOUBLES(L, weight, n_weight, "", 0, 1, "probability of kept weight codes -128 .. 127"),
    SPN_F_DOUBLES(L, seen, n_seen, "", 0, 1, "weight codes that input bits 0 .. 7 and squares see"),
    SPN_F_DOUBLES(L, seen_kept, n_seen_kept, "", 0, MAX_SEEN_KEPT, "kept share so seen, relative"),
    SPN_F_END};
#undef L

struct file {
    char network[64], source[160];
};
static const struct spn_field file_fields[] = {
    SPN_F_STRING(struct file, network, "name of the network"),
    SPN_F_STRING(struct file, source, "weights, data set, number of images"),
    SPN_F_ANY("layers", "one object a layer"), SPN_F_END};

/* Scale to a sum of 1. */
static enum spn_status take(const struct spn_json_at *at, const char *key, const double *from,
                            double *to, struct spn_err *err)
{
    double sum = 0.0;
    for (int i = 0; i < SPN_PROFILE_BINS; i++)
        sum += from[i];
    if (!(fabs(sum - 1.0) <= SUM_TOLERANCE))
        return spn_json_fail(at, err, "%s: probabilities sum to %g, not 1", key, sum);
    for (int i = 0; i < SPN_PROFILE_BINS; i++)
        to[i] = from[i] / sum;
    return SPN_OK;
}

static int find_layer(const struct spn_network *net, const char *name)
{
    for (int i = 0; i < net->n_layers; i++)
        if (strcmp(net->layer[i].name, name) == 0)
            return i;
    return -1;
}

static enum spn_status check_counts(const struct spn_json_at *at, const struct file_layer *f,
                                    struct spn_err *err)
{
    const struct {
        const char *key;
        int n, want;
    } list[] = {{"input", f->n_input, SPN_PROFILE_BINS},
                {"weight", f->n_weight, SPN_PROFILE_BINS},
                {"seen", f->n_seen, SPN_PROFILE_VIEWS * SPN_PROFILE_BINS},
                {"seen_kept", f->n_seen_kept, SPN_PROFILE_VIEWS}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i].n != list[i].want)
            return spn_json_fail(at, err, "%s: %d numbers, not %d", list[i].key, list[i].n,
                                 list[i].want);
    return SPN_OK;
}

static enum spn_status read_layer(struct spn_json_at at, const struct spn_network *net,
                                  struct spn_layer_profile *layers, struct file_layer *f,
                                  struct spn_err *err)
{
    memset(f, 0, sizeof *f);
    enum spn_status status = spn_json_read(at, layer_fields, f, err);
    if (!status)
        status = check_counts(&at, f, err);
    if (status)
        return status;
    int number = find_layer(net, f->layer);
    if (number < 0 || !spn_layer_is_matrix(&net->layer[number]))
        return spn_json_fail(&at, err, "layer: network %s has no conv2d or linear layer \"%s\"",
                             net->name, f->layer);
    struct spn_layer_profile *to = &layers[number];
    if (to->measured_seen)
        return spn_json_fail(&at, err, "layer: \"%s\" comes twice", f->layer);
    status = take(&at, "input", f->input, to->input, err);
    if (!status)
        status = take(&at, "weight", f->weight, to->weight, err);
    for (int v = 0; v < SPN_PROFILE_VIEWS && !status; v++)
        status = take(&at, "seen", f->seen + v * SPN_PROFILE_BINS, to->seen[v], err);
    memcpy(to->seen_kept, f->seen_kept, sizeof to->seen_kept);
    to->kept_frac = f->kept_frac;
    to->measured_input = to->measured_weight = to->measured_seen = true;
    return status;
}

static enum spn_status read_file(struct spn_profile *out, const struct spn_network *net,
                                 const struct spn_json *doc, struct spn_err *err)
{
    struct file file = {{0}, {0}};
    struct spn_json_at root = spn_json_root(doc), list = spn_json_get(&root, "layers");
    enum spn_status status = spn_json_read(root, file_fields, &file, err);
    if (!status && !spn_json_is_list(&list))
        status = spn_json_fail(&root, err, "layers: a list is needed");
    if (!status && strcmp(file.network, net->name) != 0)
        status = spn_json_fail(&root, err, "network: \"%s\", but the network is \"%s\"",
                               file.network, net->name);
    struct file_layer *layer = malloc(sizeof *layer);
    if (!status && !layer)
        status = spn_err_memory(err, "value profile");
    for (size_t i = 0; i < spn_json_size(&list) && !status; i++)
        status = read_layer(spn_json_item(&list, i), net, out->layer, layer, err);
    free(layer);
    if (!status)
        snprintf(out->source, sizeof out->source, "measured: %.140s", file.source);
    return status;
}

static enum spn_status finish(struct spn_profile *profile, const struct spn_network *net,
                              struct spn_json *doc, struct spn_err *err)
{
    struct spn_profile fresh;
    enum spn_status status = spn_profile_default(&fresh, net, err);
    if (!status) {
        status = read_file(&fresh, net, doc, err);
        if (status)
            spn_profile_clear(&fresh);
        else
            *profile = fresh;
    }
    spn_json_destroy(doc);
    return status;
}

enum spn_status spn_profile_load(struct spn_profile *profile, const struct spn_network *net,
                                 const char *path, struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_load(&doc, path, err);
    return status ? status : finish(profile, net, doc, err);
}

enum spn_status spn_profile_parse(struct spn_profile *profile, const struct spn_network *net,
                                  const char *text, size_t n, const char *name, struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_parse(&doc, text, n, name, err);
    return status ? status : finish(profile, net, doc, err);
}

/* Six digits are more than the images support. */
static void put_numbers(struct spn_text *out, const char *key, const double *value, int n)
{
    spn_text_add(out, ",\n      \"%s\": [", key);
    for (int i = 0; i < n; i++)
        spn_text_add(out, "%s%.6g", i ? "," : "", value[i]);
    spn_text_add(out, "]");
}

void spn_profile_write(const struct spn_profile *profile, const struct spn_network *net,
                       struct spn_text *out)
{
    struct spn_json_writer w = {.out = out, .first = true};
    spn_json_open(&w, NULL, '{');
    spn_json_put_string(&w, "network", net->name);
    spn_json_put_string(&w, "source", profile->source);
    spn_json_open(&w, "layers", '[');
    for (int i = 0; i < profile->n_layers; i++) {
        const struct spn_layer_profile *p = &profile->layer[i];
        if (!p->measured_seen)
            continue;
        spn_json_open(&w, NULL, '{');
        spn_json_put_string(&w, "layer", net->layer[i].name);
        spn_json_put_number(&w, "kept_frac", p->kept_frac);
        put_numbers(out, "input", p->input, SPN_PROFILE_BINS);
        put_numbers(out, "weight", p->weight, SPN_PROFILE_BINS);
        put_numbers(out, "seen", p->seen[0], SPN_PROFILE_VIEWS * SPN_PROFILE_BINS);
        put_numbers(out, "seen_kept", p->seen_kept, SPN_PROFILE_VIEWS);
        spn_json_close(&w, '}');
    }
    spn_json_close(&w, ']');
    spn_json_close(&w, '}');
    spn_text_add(out, "\n");
}
