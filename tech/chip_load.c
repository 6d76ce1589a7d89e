/* chip_load.c -- loads a chip with the node, device and DRAM that it names, and applies overrides.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Order: defaults, chip file, overrides of the chip, then node, device and DRAM with theirs, then
 * one check of everything.
 */
#include "tech/chip.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "tech/data.h"

enum spn_status spn_dram_load(struct spn_dram *dram, const char *name_or_path, struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    struct spn_json *doc = NULL;
    struct spn_dram work = {0};
    enum spn_status s = spn_data_find(path, sizeof path, "tech/drams", "dram", name_or_path, err);
    if (!s)
        s = spn_json_load(&doc, path, err);
    if (!s)
        s = spn_json_read(spn_json_root(doc), spn_dram_fields, &work, err);
    if (!s && !spn_data_is_name(work.name))
        s = spn_err_set(err, SPN_EINPUT,
                        "%s: dram name '%.64s' is not made of a-z, 0-9, '.' and '-'", path,
                        work.name);
    if (!s)
        *dram = work;
    spn_json_destroy(doc);
    return s;
}

enum root { ROOT_CHIP, ROOT_NODE, ROOT_DEVICE, ROOT_DRAM, N_ROOTS };
static const char *const root_names[] = {"chip", "node", "device", "dram", NULL};

static const char *next_root(const void *ctx, size_t i)
{
    return ((const char *const *)ctx)[i];
}

static enum spn_status find_root(const struct spn_override *override, enum root *root,
                                 const char **rest, struct spn_err *err)
{
    char word[64];
    size_t n = strcspn(override->path, ".");
    snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1),
             override->path);
    for (int i = 0; i < N_ROOTS; i++) {
        if (strcmp(word, root_names[i]) != 0)
            continue;
        if (override->path[n] != '.')
            return spn_err_set(err, SPN_EUSAGE, "%s: name a field of it, as in %s.NAME", word,
                               word);
        *root = (enum root)i;
        *rest = override->path + n + 1;
        return SPN_OK;
    }
    const char *near = spn_text_nearest(word, next_root, root_names);
    return spn_err_set(err, SPN_EUSAGE, "%.160s: no root '%s'%s%s%s (chip, node, device or dram)",
                       override->path, word, near ? ": did you mean '" : "", near ? near : "",
                       near ? "'?" : "");
}

struct overrides {
    const struct spn_override *list;
    size_t n;
};

static const char *const part_fields[] = {"node", "device", "dram", "products.device"};
enum { N_PART_FIELDS = sizeof part_fields / sizeof *part_fields, KEPT = 200 };

/* What names a part: the last override that does, or what the chip says. The chip keeps only the
 * end of a long path, so that a copy of it stays small. */
static const char *part_name(const struct overrides *overrides, const char *field, const char *name)
{
    for (size_t i = 0; i < overrides->n; i++)
        if (strncmp(overrides->list[i].path, "chip.", 5) == 0 &&
            strcmp(overrides->list[i].path + 5, field) == 0)
            name = overrides->list[i].value;
    return name;
}

/* Set a field of any root; a path of a part that is too long for it loses its beginning. */
static enum spn_status set_field(const struct spn_field *fields, void *object, const char *path,
                                 const char *value, struct spn_err *err)
{
    char end[KEPT + 8];
    const size_t n = strlen(value);
    for (int i = 0; i < N_PART_FIELDS; i++) {
        if (fields != spn_chip_fields || n <= KEPT || !strchr(value, '/') ||
            strcmp(path, part_fields[i]) != 0)
            continue;
        const char *from = value + n - KEPT, *slash = strchr(from, '/');
        snprintf(end, sizeof end, ".../%s", slash ? slash + 1 : from);
        value = end;
        break;
    }
    return spn_field_set(fields, object, path, value, err);
}

/* Apply those of one root. Without a table: only see that all roots are known. */
static enum spn_status apply(const struct overrides *overrides, enum root which,
                             const struct spn_field *fields, void *object, struct spn_err *err)
{
    for (size_t i = 0; i < overrides->n; i++) {
        enum root root = ROOT_CHIP;
        const char *rest = "";
        enum spn_status s = find_root(&overrides->list[i], &root, &rest, err);
        if (!s && fields && root == which) {
            s = set_field(fields, object, rest, overrides->list[i].value, err);
            if (s) {
                spn_err_prefix(err, "%s.", root_names[root]);
                if (err && s != SPN_EINTERNAL)
                    err->status = SPN_EUSAGE;
                return s == SPN_EINTERNAL ? s : SPN_EUSAGE;
            }
        }
        if (s)
            return s;
    }
    return SPN_OK;
}

/* A relative path that does not exist as it is may stand beside the chip file. */
static enum spn_status resolve_beside(char *out, size_t size, const char *chip_path,
                                      const char *name, struct spn_err *err)
{
    const char *slash = strrchr(chip_path, '/');
    bool is_path = strchr(name, '/') || !spn_data_is_name(name) || strstr(name, ".json");
    if (slash && is_path && name[0] != '/' && access(name, F_OK) != 0) {
        int n = snprintf(out, size, "%.*s/%s", (int)(slash - chip_path), chip_path, name);
        if (n > 0 && (size_t)n < size && access(out, F_OK) == 0)
            return SPN_OK;
    }
    return spn_text_copy(out, size, name)
               ? SPN_OK
               : spn_err_set(err, SPN_EINPUT, "%s: path longer than %zu bytes", name, size - 1);
}

static enum spn_status load_parts(struct spn_chip *chip, const char *chip_path,
                                  const struct overrides *overrides, struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    const char *name = part_name(overrides, "node", chip->node_name);
    enum spn_status s = resolve_beside(path, sizeof path, chip_path, name, err);
    if (!s)
        s = spn_node_load(&chip->node, path, err);
    if (!s)
        s = apply(overrides, ROOT_NODE, spn_node_fields, &chip->node, err);
    name = part_name(overrides, "device", chip->device_name);
    if (!s)
        s = resolve_beside(path, sizeof path, chip_path, name, err);
    if (!s)
        s = spn_device_load(&chip->device, path, err);
    if (!s)
        s = apply(overrides, ROOT_DEVICE, spn_device_fields, &chip->device, err);
    name = part_name(overrides, "dram", chip->dram_name);
    if (!s)
        s = resolve_beside(path, sizeof path, chip_path, name, err);
    if (!s)
        s = spn_dram_load(&chip->dram, path, err);
    name = part_name(overrides, "products.device", chip->products.device_name);
    if (!s && chip->products.unit == SPN_PRODUCTS_SRAM) {
        s = resolve_beside(path, sizeof path, chip_path, name, err);
        if (!s)
            s = spn_device_load(&chip->products_device, path, err);
    }
    return s ? s : apply(overrides, ROOT_DRAM, spn_dram_fields, &chip->dram, err);
}

enum spn_status spn_chip_load(struct spn_chip *chip, const char *name_or_path,
                              const struct spn_override *overrides, size_t n_overrides,
                              struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    struct spn_chip work;
    struct spn_json *doc = NULL;
    const struct overrides all = {overrides, n_overrides};
    enum spn_status s = apply(&all, ROOT_CHIP, NULL, NULL, err);
    if (!s)
        s = spn_data_find(path, sizeof path, "tech/chips", "chip", name_or_path, err);
    if (!s)
        s = spn_json_load(&doc, path, err);
    if (!s)
        s = spn_chip_read(&work, doc, err);
    if (!s)
        s = apply(&all, ROOT_CHIP, spn_chip_fields, &work, err);
    if (!s)
        s = load_parts(&work, path, &all, err);
    if (!s)
        s = spn_chip_check(&work, err);
    if (!s)
        *chip = work;
    spn_json_destroy(doc);
    return s;
}

/* ---- sources ---- */

struct source_visit {
    void (*visit)(void *ctx, const char *file, const struct spn_json_source *s);
    void *ctx;
    const char *file;
};

static void visit_one(void *ctx, const struct spn_json_source *source)
{
    struct source_visit *v = ctx;
    v->visit(v->ctx, v->file, source);
}

enum spn_status
spn_chip_sources(const char *name_or_path, const struct spn_override *overrides, size_t n_overrides,
                 void (*visit)(void *ctx, const char *file, const struct spn_json_source *s),
                 void *ctx, struct spn_err *err)
{
    static const char *const dirs[N_ROOTS] = {"tech/chips", "tech/nodes", "tech/devices",
                                              "tech/drams"};
    char path[N_ROOTS][SPN_MAX_PATH], name[SPN_MAX_PATH];
    struct spn_json *doc[N_ROOTS] = {NULL};
    struct spn_chip chip;
    enum spn_status s = spn_chip_load(&chip, name_or_path, overrides, n_overrides, err);
    if (s)
        return s;
    const struct overrides all = {overrides, n_overrides};
    const char *const names[N_ROOTS] = {name_or_path, part_name(&all, "node", chip.node_name),
                                        part_name(&all, "device", chip.device_name),
                                        part_name(&all, "dram", chip.dram_name)};
    for (int i = 0; !s && i < N_ROOTS; i++) {
        const char *beside = i == ROOT_CHIP ? "" : path[ROOT_CHIP];
        s = resolve_beside(name, sizeof name, beside, names[i], err);
        if (!s)
            s = spn_data_find(path[i], sizeof path[i], dirs[i], root_names[i], name, err);
        if (!s)
            s = spn_json_load(&doc[i], path[i], err);
    }
    for (int i = 0; i < N_ROOTS; i++) {
        struct source_visit v = {visit, ctx, path[i]};
        if (!s)
            spn_json_sources(doc[i], visit_one, &v);
        spn_json_destroy(doc[i]);
    }
    return s;
}
