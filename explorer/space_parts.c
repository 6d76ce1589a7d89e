/* space_parts.c -- loads every network, chip, node, device and DRAM that a space names, so that
 * nothing is read later.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explorer/space_state.h"
#include "networks/bytes.h"
#include "tech/data.h"

#define DEFAULT_CHIP "ning2025"

enum { BASE_NETWORK, BASE_CHIP, BASE_NODE, BASE_DEVICE, BASE_DRAM };

static enum spn_status load_node(void *out, const char *name, struct spn_err *err)
{
    return spn_node_load(out, name, err);
}

static enum spn_status load_device(void *out, const char *name, struct spn_err *err)
{
    return spn_device_load(out, name, err);
}

static enum spn_status load_dram(void *out, const char *name, struct spn_err *err)
{
    return spn_dram_load(out, name, err);
}

static const struct part {
    const char *name; /* and the root of its settings */
    size_t size, offset, name_offset;
    const struct spn_field *fields;
    enum spn_status (*load)(void *out, const char *name, struct spn_err *err);
} parts[] = {
    {"node", sizeof(struct spn_node), offsetof(struct spn_chip, node),
     offsetof(struct spn_chip, node_name), spn_node_fields, load_node},
    {"device", sizeof(struct spn_device), offsetof(struct spn_chip, device),
     offsetof(struct spn_chip, device_name), spn_device_fields, load_device},
    {"dram", sizeof(struct spn_dram), offsetof(struct spn_chip, dram),
     offsetof(struct spn_chip, dram_name), spn_dram_fields, load_dram},
};
union any_part {
    struct spn_node node;
    struct spn_device device;
    struct spn_dram dram;
};
enum { N_PARTS = sizeof parts / sizeof *parts };

static enum spn_status prefix(const struct spn_space *space, enum spn_status status,
                              struct spn_err *err)
{
    if (!status)
        return SPN_OK;
    spn_err_prefix(err, "%s: ", space->file);
    if (err && err->status == SPN_EUSAGE)
        err->status = SPN_EINPUT;
    return status == SPN_EUSAGE ? SPN_EINPUT : status;
}

/* ---- chips ---- */

static enum spn_status load_chips(struct spn_space *space, struct spn_err *err)
{
    const char *base = *space->base_name[BASE_CHIP] ? space->base_name[BASE_CHIP] : DEFAULT_CHIP;
    struct spn_override override[SPN_SPACE_MAX_SETTINGS + N_PARTS];
    static const char *const path[N_PARTS] = {"chip.node", "chip.device", "chip.dram"};
    size_t n = 0;
    int place = 0;
    space->chip_axis = -1;
    for (int a = 0; a < space->n_axes; a++)
        for (int p = 0; p < space->axis[a].n_places; p++)
            if (space->axis[a].place[p].kind == SPN_PLACE_CHIP) {
                space->chip_axis = a;
                place = p;
            }
    for (int i = 0; i < N_PARTS; i++)
        if (*space->base_name[BASE_NODE + i])
            override[n++] = (struct spn_override){path[i], space->base_name[BASE_NODE + i]};
    for (int i = 0; i < space->n_settings; i++)
        if (strncmp(space->setting_path[i], "network.", 8) != 0)
            override[n++] = space->setting[i];
    int n_values = space->chip_axis < 0 ? 0 : space->axis[space->chip_axis].n_values;
    bool needs_base = !n_values || space->axis[space->chip_axis].n_when;
    space->n_chips = n_values + needs_base; /* the base comes last */
    space->chip = calloc((size_t)space->n_chips, sizeof *space->chip);
    if (!space->chip)
        return spn_err_memory(err, "a design space");
    for (int i = 0; i < space->n_chips; i++) {
        const char *name = i < n_values ? space->axis[space->chip_axis].text[i][place] : base;
        enum spn_status status = spn_chip_load(&space->chip[i], name, override, n, err);
        if (status)
            return prefix(space, status, err);
    }
    return SPN_OK;
}

/* ---- nodes, devices, DRAMs on axes ---- */

static enum spn_status load_part(const struct spn_space *space, const struct part *part,
                                 const char *name, void *object, struct spn_err *err)
{
    size_t n = strlen(part->name);
    enum spn_status status = part->load(object, name, err);
    for (int i = 0; i < space->n_settings && !status; i++)
        if (strncmp(space->setting_path[i], part->name, n) == 0 && space->setting_path[i][n] == '.')
            status = spn_field_set(part->fields, object, space->setting_path[i] + n + 1,
                                   space->setting_value[i], err);
    return prefix(space, status, err);
}

static enum spn_status add_piece(struct spn_space *space, struct spn_piece piece,
                                 struct spn_err *err)
{
    if (space->n_pieces == space->piece_capacity) {
        int more = space->piece_capacity ? 2 * space->piece_capacity : 32;
        struct spn_piece *grown = realloc(space->piece, (size_t)more * sizeof *grown);
        if (!grown)
            return spn_err_memory(err, "a design space");
        space->piece = grown;
        space->piece_capacity = more;
    }
    space->piece[space->n_pieces++] = piece;
    return SPN_OK;
}

/* Fill the rows of axis `a` with place `p`'s parts, which begin at byte `from`. */
static enum spn_status fill_parts(struct spn_space *space, int a, int p, size_t from,
                                  struct spn_err *err)
{
    struct spn_axis *axis = &space->axis[a];
    const struct part *part = &parts[axis->place[p].part];
    enum spn_status status = SPN_OK;
    for (int i = 0; i < axis->n_values && !status; i++) {
        unsigned char *row = axis->bytes + (size_t)i * axis->stride + from;
        union any_part object;
        memset(&object, 0, sizeof object);
        status = load_part(space, part, axis->text[i][p], &object, err);
        memcpy(row, axis->text[i][p], SPN_AXIS_LABEL);
        memcpy(row + SPN_PART_NAME, &object, part->size);
    }
    if (!status)
        status =
            add_piece(space, (struct spn_piece){a, from, part->name_offset, SPN_PART_NAME}, err);
    if (!status)
        status = add_piece(
            space, (struct spn_piece){a, from + SPN_PART_NAME, part->offset, part->size}, err);
    return status;
}

static enum spn_status set_pieces(struct spn_space *space, enum spn_place_kind kind,
                                  struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    for (int a = 0; a < space->n_axes; a++) {
        size_t from = 0;
        for (int p = 0; p < space->axis[a].n_places && !status; p++) {
            const struct spn_place *place = &space->axis[a].place[p];
            if (place->kind == kind && kind == SPN_PLACE_PART)
                status = fill_parts(space, a, p, from, err);
            else if (place->kind == kind)
                status = add_piece(
                    space,
                    (struct spn_piece){a, from, place->root + place->ref.offset, place->n_bytes},
                    err);
            from += place->n_bytes;
        }
    }
    return status;
}

/* ---- networks ---- */

static bool is_network(const struct spn_place *place)
{
    return place->kind == SPN_PLACE_NETWORK || place->kind == SPN_PLACE_SETTING;
}

/* Table of plans: mixed radix over the axes that concern the network; one more digit where an axis
 * may take no part. */
static enum spn_status size_plans(struct spn_space *space, struct spn_err *err)
{
    int64_t n = 1;
    for (int a = space->n_axes - 1; a >= 0; a--) {
        bool concerned = false;
        for (int p = 0; p < space->axis[a].n_places; p++)
            concerned = concerned || is_network(&space->axis[a].place[p]);
        if (!concerned)
            continue;
        space->axis[a].plan_stride = (int)n;
        n *= space->axis[a].n_values + (space->axis[a].n_when > 0);
        if (n > SPN_SPACE_MAX_PLANS)
            return spn_err_set(err, SPN_EINPUT, "%s: more than %d different networks", space->file,
                               SPN_SPACE_MAX_PLANS);
    }
    space->n_plans = (int)n;
    space->plan = calloc((size_t)n, sizeof *space->plan);
    return space->plan ? SPN_OK : spn_err_memory(err, "a design space");
}

static enum spn_status load_network(struct spn_space *space, int number, struct spn_err *err)
{
    struct spn_plan_entry *entry = &space->plan[number];
    const char *name = space->base_name[BASE_NETWORK];
    struct spn_network_override
        override[SPN_SPACE_MAX_SETTINGS + SPN_SPACE_MAX_AXES * SPN_AXIS_MAX_PLACES];
    char path[SPN_MAX_PATH];
    size_t n = 0;
    for (int i = 0; i < space->n_settings; i++)
        if (strncmp(space->setting_path[i], "network.", 8) == 0)
            override[n++] =
                (struct spn_network_override){space->setting_path[i] + 8, space->setting_value[i]};
    for (int a = 0; a < space->n_axes; a++) {
        const struct spn_axis *axis = &space->axis[a];
        if (!axis->plan_stride)
            continue;
        int digit = number / axis->plan_stride % (axis->n_values + (axis->n_when > 0));
        for (int p = 0; digit < axis->n_values && p < axis->n_places; p++) {
            if (axis->place[p].kind == SPN_PLACE_NETWORK)
                name = axis->text[digit][p];
            else if (axis->place[p].kind == SPN_PLACE_SETTING)
                override[n++] =
                    (struct spn_network_override){axis->place[p].rest, axis->text[digit][p]};
        }
    }
    if (!*name)
        return spn_err_set(err, SPN_EINPUT, "%s: \"network\" is missing", space->file);
    enum spn_status status = spn_data_find(path, sizeof path, "networks", "network", name, err);
    if (!status)
        status = spn_network_load(&entry->net, path, override, n, err);
    if (!status && space->simulated && (!*entry->net->weights || entry->net->input.n != 3))
        status =
            spn_err_set(err, SPN_EINPUT, "network %s has no %s: its accuracy is not known",
                        entry->net->name, *entry->net->weights ? "images as input" : "weights");
    if (!status)
        status = spn_profile_default(&entry->profile, entry->net, err);
    if (!status)
        status = spn_plan_create(&entry->plan, entry->net, &entry->profile, err);
    return prefix(space, status, err);
}

/* ---- digest ---- */

#define FNV_START 14695981039346656037u

static uint64_t fnv1a(uint64_t hash, const char *data, size_t n) /* FNV-1a, 64 bit [fnv2019] */
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)data[i]) * 1099511628211u;
    return hash;
}

static void dump(struct spn_text *text, const struct spn_field *fields, const void *object)
{
    struct spn_json_writer w = {.out = text, .first = true};
    spn_json_open(&w, NULL, '{');
    spn_json_put_fields(&w, fields, object);
    spn_json_close(&w, '}');
}

static void dump_networks(const struct spn_space *space, struct spn_text *text)
{
    for (int i = 0; i < space->n_plans; i++) {
        const struct spn_network *net = space->plan[i].net;
        for (int l = 0; l < net->n_layers; l++) {
            const struct spn_layer *layer = &net->layer[l];
            spn_text_add(text, "%s %d %lld %lld %lld %.17g;", layer->name, layer->op,
                         (long long)layer->n_weights, (long long)layer->n_macs,
                         (long long)layer->n_out, layer->sparsity);
            for (int k = 0; k < layer->n_in; k++)
                spn_text_add(text, "%d ", layer->in[k]);
        }
    }
}

/* Nodes, devices and DRAMs on an axis, with their numbers. */
static void dump_parts(const struct spn_axis *axis, const struct spn_piece *piece,
                       const struct part *part, struct spn_text *text)
{
    union any_part object;
    for (int i = 0; i < axis->n_values; i++) {
        memcpy(&object, axis->bytes + (size_t)i * axis->stride + piece->from, part->size);
        dump(text, part->fields, &object);
    }
}

static enum spn_status hash_file(const char *path, uint64_t *hash, struct spn_err *err)
{
    struct spn_bytes *in = NULL;
    char block[8192];
    size_t n = sizeof block;
    enum spn_status status = spn_bytes_open(&in, path, err);
    while (!status && n == sizeof block) {
        status = spn_bytes_read_some(in, block, sizeof block, &n, err);
        if (!status)
            *hash = fnv1a(*hash, block, n);
    }
    spn_bytes_close(in);
    return status;
}

/* How it is simulated, and the bytes of the weight files. */
static enum spn_status dump_accuracy(const struct spn_space *space, struct spn_text *text,
                                     struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    dump(text, spn_accuracy_fields, &space->accuracy);
    for (int i = 0; i < space->n_plans && !status; i++) {
        const struct spn_network *net = space->plan[i].net;
        const char *const file[] = {net->weights, net->dense_weights};
        spn_text_add(text, "\n%s", net->dataset);
        for (int f = 0; f < 2 && !status; f++) {
            uint64_t hash = FNV_START;
            if (*file[f])
                status = hash_file(file[f], &hash, err);
            spn_text_add(text, " %016llx", (unsigned long long)hash);
        }
    }
    return status;
}

static enum spn_status set_digest(struct spn_space *space, struct spn_err *err)
{
    struct spn_text text = {0};
    for (int i = 0; i < space->n_chips; i++) {
        dump(&text, spn_chip_fields, &space->chip[i]);
        for (int p = 0; p < N_PARTS; p++)
            dump(&text, parts[p].fields, (const char *)&space->chip[i] + parts[p].offset);
    }
    dump_networks(space, &text);
    for (int a = 0; a < space->n_axes; a++) {
        const struct spn_axis *axis = &space->axis[a];
        spn_text_add(&text, "\n%s:", axis->name);
        for (int p = 0; p < axis->n_places; p++)
            spn_text_add(&text, " %s", axis->place[p].path);
        for (int i = 0; i < axis->n_values; i++)
            spn_text_add(&text, ",%s", axis->label[i]);
        for (int w = 0; w < axis->n_when; w++)
            for (int i = 0; i < space->axis[axis->when[w].axis].n_values; i++)
                spn_text_add(&text, " %d %d", axis->when[w].axis, axis->when[w].allowed[i]);
    }
    for (int i = 0; i < space->n_pieces; i++)
        for (int p = 0; p < N_PARTS; p++)
            if (space->piece[i].to == parts[p].offset && space->piece[i].n == parts[p].size)
                dump_parts(&space->axis[space->piece[i].axis], &space->piece[i], &parts[p], &text);
    for (int i = 0; i < spn_space_n_columns(space); i++)
        spn_text_add(&text, "\n%s", spn_space_column(space, i));
    for (int i = 0; i < space->n_derived; i++)
        spn_text_add(&text, "=%s", space->derived_text[i]);
    for (int i = 0; i < space->n_constraints; i++)
        spn_text_add(&text, "&%s", space->constraint[i]);
    enum spn_status status = space->simulated ? dump_accuracy(space, &text, err) : SPN_OK;
    space->digest = fnv1a(FNV_START, text.data ? text.data : "", text.length);
    if (!status && text.failed)
        status = spn_err_memory(err, "a design space");
    spn_text_clear(&text);
    return status;
}

enum spn_status spn_space_load_parts(struct spn_space *space, struct spn_err *err)
{
    enum spn_status status = load_chips(space, err);
    if (!status)
        status = set_pieces(space, SPN_PLACE_PART, err);
    if (!status)
        status = set_pieces(space, SPN_PLACE_FIELD, err);
    if (!status)
        status = size_plans(space, err);
    for (int i = 0; i < space->n_plans && !status; i++)
        status = load_network(space, i, err);
    return status ? status : set_digest(space, err);
}
