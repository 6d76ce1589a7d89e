/* explain.c -- where a number comes from: every cost leaf with its equation.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "reports/explain.h"

#include <stdio.h>
#include <string.h>

#include "models/component.h"

void spn_explain_leaves(struct spn_report *report, const struct spn_result *r, const char *name)
{
    char id[32], title[160];
    snprintf(id, sizeof id, "leaves_%s", name);
    snprintf(title, sizeof title, "Cost leaves, %s (an equation and its source: spindle help A20)",
             name);
    struct spn_table *table = spn_report_table(report, id, title, "layer");
    static const char *const text_columns[] = {"component", "phase", "category", "equations"};
    for (size_t i = 0; i < sizeof text_columns / sizeof *text_columns; i++)
        spn_table_column(table, text_columns[i]);
    spn_table_column_unit(table, "instances", "");
    spn_table_column_unit(table, "actions", "");
    spn_table_column_unit(table, "energy", "J");
    spn_table_column_unit(table, "latency", "s");
    spn_table_column_unit(table, "area", "m2");
    spn_table_column_unit(table, "leakage", "W");
    for (int i = 0; i < r->n_leaves; i++) {
        const struct spn_leaf *leaf = &r->leaf[i];
        spn_table_row(table, leaf->layer >= 0 ? r->net->layer[leaf->layer].name : "(chip)", "");
        spn_table_text(table, "%s", leaf->component);
        spn_table_text(table, "%s", spn_phase_names[leaf->phase]);
        spn_table_text(table, "%s", spn_category_names[leaf->category]);
        spn_table_text(table, "%s", leaf->model ? leaf->model : "");
        spn_table_number(table, leaf->n_instances);
        spn_table_number(table, leaf->n_actions);
        spn_table_number(table, leaf->cost.energy_J);
        spn_table_number(table, leaf->cost.latency_s);
        spn_table_number(table, leaf->cost.area_m2);
        spn_table_number(table, leaf->cost.leakage_W);
    }
}

void spn_explain_caveats(struct spn_report *report, const struct spn_result *r,
                         const struct spn_chip *chip)
{
    char text[512];
    for (int i = 0; spn_chip_warning(chip, i, text, sizeof text); i++)
        spn_report_note(report, "Note: %s.", text);
    for (const struct spn_component_type *const *t = spn_components; *t; t++) {
        bool used = false;
        for (int i = 0; i < r->n_leaves && !used; i++)
            used = strcmp(r->leaf[i].component, (*t)->name) == 0;
        if (used && (*t)->bound)
            spn_report_note(report, "Note: %s is a bound, not an estimate: %s.", (*t)->name,
                            (*t)->bound);
    }
}
