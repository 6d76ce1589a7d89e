/* validate_suites.c -- what the suites of reference cases share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "explorer/validate_suites.h"

#include <stdio.h>

#include "tech/data.h"

enum { LSTP_ONLY_BELOW_NM = 20 }; /* FinFET nodes have one roadmap */

const char spn_validate_fin_drain[] = "drains of FinFETs and sheets: NeuroSim keeps only the "
                                      "junction under the fin; ours have the tabulated total "
                                      "with overlap and contact";

enum spn_status spn_validate_open(struct spn_json **doc, const char *data, const char *file,
                                  struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    int n = snprintf(path, sizeof path, "%s/golden/neurosim/%s", data, file);
    if (n < 0 || (size_t)n >= sizeof path)
        return spn_err_set(err, SPN_EUSAGE, "%s: path too long", data);
    return spn_json_load(doc, path, err);
}

double spn_validate_number(const struct spn_json_at *at, const char *key)
{
    double value = 0;
    struct spn_json_at there = spn_json_get(at, key);
    if (there.item && !spn_json_number(&there, &value))
        return 0;
    return value;
}

enum spn_status spn_validate_node(struct spn_validate_node *n, int nm, bool high_performance,
                                  struct spn_err *err)
{
    char name[32], path[SPN_MAX_PATH];
    int hp = high_performance && nm > LSTP_ONLY_BELOW_NM;
    if (n->nm == nm && n->high_performance == hp)
        return SPN_OK;
    snprintf(name, sizeof name, "%dnm-%s", nm, hp ? "hp" : "lstp");
    n->nm = nm;
    n->high_performance = hp;
    n->known = spn_data_find(path, sizeof path, "tech/nodes", "node", name, NULL) == SPN_OK;
    return n->known ? spn_node_load(&n->node, path, err) : SPN_OK;
}

void spn_validate_put_as(const struct spn_validate_to *to, const char *difference,
                         const char *quantity, const char *unit, double reference, double ours)
{
    struct spn_validation_row row = {.suite = to->suite,
                                     .reference = reference,
                                     .ours = ours,
                                     .validity = to->validity,
                                     .difference = difference};
    snprintf(row.group, sizeof row.group, "%s", to->group);
    snprintf(row.name, sizeof row.name, "%s", to->name);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    snprintf(row.unit, sizeof row.unit, "%s", unit);
    spn_validation_add(to->v, &row);
}

void spn_validate_put(const struct spn_validate_to *to, const char *quantity, const char *unit,
                      double reference, double ours)
{
    spn_validate_put_as(to, to->difference, quantity, unit, reference, ours);
}
