/* ratio_load.c -- reads an experiment on the schemes' ratios.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <string.h>

#include "explorer/ratio.h"

static const struct spn_field input_fields[] = {
    SPN_F_STRING(struct spn_ratio_input, path,
                 "a number of the chip: chip., device., dram., node."),
    SPN_F_STRING(struct spn_ratio_input, unit, "of it"),
    SPN_F_DOUBLE(struct spn_ratio_input, low, "", -1e30, 1e30, "smallest plausible value"),
    SPN_F_DOUBLE(struct spn_ratio_input, high, "", -1e30, 1e30, "largest plausible value"),
    SPN_F_DOUBLE(struct spn_ratio_input, search_low, "", 1e-30, 1e30,
                 "solutions are looked for from here"),
    SPN_F_DOUBLE(struct spn_ratio_input, search_high, "", 1e-30, 1e30, "to here"),
    SPN_F_STRING(struct spn_ratio_input, why, "where the plausible range comes from"),
    SPN_F_END};

static const struct spn_field experiment_fields[] = {
    SPN_F_STRING(struct spn_ratio_experiment, description, "what is compared"),
    SPN_F_STRING(struct spn_ratio_experiment, network, "network, by name"),
    SPN_F_STRING(struct spn_ratio_experiment, chip, "chip, by name"),
    SPN_F_STRING(struct spn_ratio_experiment, pairs_chip, "the same with differential pairs"),
    SPN_F_DOUBLE(struct spn_ratio_experiment, sparsity, "", 0.01, 0.999, "of every layer"),
    SPN_F_ANY("other_networks", "list of names"),
    SPN_F_ANY("inputs", "list: what is uncertain, and how much"),
    SPN_F_END};

static enum spn_status read_networks(struct spn_ratio_experiment *e, const struct spn_json *doc,
                                     struct spn_err *err)
{
    const struct spn_json_at root = spn_json_root(doc);
    const struct spn_json_at list = spn_json_get(&root, "other_networks");
    if (!list.item)
        return SPN_OK;
    if (!spn_json_is_list(&list) || spn_json_size(&list) > SPN_RATIO_MAX_NETWORKS)
        return spn_json_fail(&list, err, "must be a list of at most %d names",
                             SPN_RATIO_MAX_NETWORKS);
    e->n_other_networks = (int)spn_json_size(&list);
    for (int i = 0; i < e->n_other_networks; i++) {
        const struct spn_json_at item = spn_json_item(&list, (size_t)i);
        const char *name = spn_json_string(&item);
        if (!name || !spn_text_copy(e->other_network[i], sizeof e->other_network[i], name))
            return spn_json_fail(&item, err, "must be a name of at most %zu bytes",
                                 sizeof e->other_network[i] - 1);
    }
    return SPN_OK;
}

static enum spn_status read_input(struct spn_ratio_input *input, const struct spn_json_at *item,
                                  struct spn_err *err)
{
    if (!spn_json_is_object(item))
        return spn_json_fail(item, err, "must be an object");
    enum spn_status status = spn_json_read(*item, input_fields, input, err);
    if (!status && !*input->path)
        status = spn_json_fail(item, err, "path is missing");
    if (!status && !(input->low <= input->high))
        status = spn_json_fail(item, err, "low = %g is above high = %g", input->low, input->high);
    if (!status && !(input->search_low > 0 && input->search_low < input->search_high))
        status = spn_json_fail(item, err, "search_low = %g must be below search_high = %g",
                               input->search_low, input->search_high);
    return status;
}

enum spn_status spn_ratio_experiment_read(struct spn_ratio_experiment *experiment,
                                          const struct spn_json *doc, struct spn_err *err)
{
    struct spn_ratio_experiment e = {.sparsity = 0.885};
    const struct spn_json_at root = spn_json_root(doc), list = spn_json_get(&root, "inputs");
    enum spn_status status = spn_json_read(root, experiment_fields, &e, err);
    if (!status)
        status = read_networks(&e, doc, err);
    if (!status && list.item &&
        (!spn_json_is_list(&list) || spn_json_size(&list) > SPN_RATIO_MAX_INPUTS))
        status =
            spn_json_fail(&list, err, "must be a list of at most %d inputs", SPN_RATIO_MAX_INPUTS);
    e.n_inputs = list.item ? (int)spn_json_size(&list) : 0;
    for (int i = 0; i < e.n_inputs && !status; i++) {
        const struct spn_json_at item = spn_json_item(&list, (size_t)i);
        status = read_input(&e.input[i], &item, err);
    }
    if (!status)
        *experiment = e;
    return status;
}

enum spn_status spn_ratio_experiment_load(struct spn_ratio_experiment *experiment, const char *path,
                                          struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_load(&doc, path, err);
    if (!status)
        status = spn_ratio_experiment_read(experiment, doc, err);
    spn_json_destroy(doc);
    return status;
}
