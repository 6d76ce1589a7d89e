/* simulated.c -- what was done to the arrays of a simulated chip: writing, repair, correction.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "reports/simulated.h"

#include <stdio.h>

#include "models/programming.h"

static void add_programming(const struct spn_programming *p, struct spn_report *report)
{
    struct spn_table *table = spn_report_table(
        report, "programming", "Writing cells in a closed loop, from the erased state", "level");
    spn_table_column(table, "pulses");
    spn_table_column(table, "reads");
    spn_table_column_unit(table, "error, sd of the window", "%");
    spn_table_column_unit(table, "outside the tolerance", "%");
    for (int k = 0; k < p->n_points; k++) {
        const struct spn_programming_point *point = &p->point[k];
        char name[32];
        snprintf(name, sizeof name, "%.4g of the window", point->level_frac);
        spn_table_row(table, name, "");
        spn_table_number(table, point->count.mean_pulses);
        spn_table_number(table, point->count.mean_reads);
        spn_table_number(table, point->error_sd_frac);
        spn_table_number(table, point->count.failed_frac);
    }
}

static void add_repairs(const struct spn_simulator *sim, struct spn_report *report)
{
    struct spn_simulator_layer layer;
    int n = 0;
    for (int i = 0; spn_simulator_layer(sim, i, &layer); i++)
        n += layer.n_columns_repaired;
    if (n == 0)
        return;
    struct spn_table *table = spn_report_table(
        report, "repair", "Columns of cells that spare ones stand in for", "layer");
    spn_table_column(table, "arrays");
    spn_table_column(table, "columns replaced");
    for (int i = 0; spn_simulator_layer(sim, i, &layer); i++) {
        spn_table_row(table, layer.name, "");
        spn_table_number(table, layer.n_arrays);
        spn_table_number(table, layer.n_columns_repaired);
    }
}

static void add_corrections(const struct spn_simulator *sim, struct spn_report *report)
{
    struct spn_simulator_layer layer;
    if (!spn_simulator_layer(sim, 0, &layer) || !(layer.correction.gain > 0))
        return;
    struct spn_table *table =
        spn_report_table(report, "correction",
                         "Cells programmed against IR drop: residual of what they show", "layer");
    spn_table_column(table, "gain");
    spn_table_column_unit(table, "rms residual, uncorrected", "%");
    spn_table_column_unit(table, "rms residual", "%");
    spn_table_column_unit(table, "cells at an end of the window", "%");
    for (int i = 0; spn_simulator_layer(sim, i, &layer); i++) {
        const struct spn_core_correction *c = &layer.correction;
        spn_table_row(table, layer.name, "");
        spn_table_number(table, c->gain);
        spn_table_number(table, c->plain_rms_frac);
        spn_table_number(table, c->rms_frac);
        spn_table_number(table, c->n_clipped / c->n_cells);
    }
}

void spn_simulated_report(const struct spn_simulator *sim, struct spn_report *report)
{
    if (spn_simulator_programming(sim))
        add_programming(spn_simulator_programming(sim), report);
    add_repairs(sim, report);
    add_corrections(sim, report);
}
