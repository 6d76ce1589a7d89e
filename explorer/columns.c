/* columns.c -- the table of results by name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "explorer/columns.h"

#include <math.h>
#include <string.h>

/* clang-format off */
const struct spn_column spn_columns[] = {
    {"latency_s", "s", "one inference, first input to last output", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, inference.latency_s), 0, false, true},
    {"interval_s", "s", "between two inferences", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, inference.interval_s), 0, false, true},
    {"throughput_per_s", "1/s", "inferences per second", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, inference.throughput_per_s), 0, false, false},
    {"energy_J", "J", "one inference, leakage included", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, inference.energy_J), 0, false, true},
    {"dynamic_J", "J", "one inference, without leakage", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, inference.dynamic_J), 0, false, false},
    {"leakage_J", "J", "leakage during one inference", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, inference.leakage_J), 0, false, false},
    {"area_m2", "m2", "chip", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, area_m2), 0, false, true},
    {"leakage_W", "W", "chip", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, leakage_W), 0, false, true},
    {"ops_per_s", "op/s", "dense-equivalent operations per second (2 per MAC)", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, inference.ops_per_s), 0, false, false},
    {"ops_per_J", "op/J", "dense-equivalent operations per joule", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, inference.ops_per_J), 0, false, true},
    {"effective_ops_per_J", "op/J", "operations of kept weights per joule", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, inference.effective_ops_per_J), 0, false, false},
    {"ops_per_s_m2", "op/s/m2", "dense-equivalent operations per second and area", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, inference.ops_per_s_m2), 0, false, true},
    {"n_tiles", "", "tiles", SPN_COLUMN_INT, offsetof(struct spn_result, n_tiles), 0, false, true},
    {"n_arrays", "", "arrays that hold weights", SPN_COLUMN_INT, offsetof(struct spn_result, n_arrays), 0, false, false},
    {"utilization_frac", "", "cells used of the cells of all tiles", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, utilization_frac), 0, false, true},
    {"n_chips", "", "chips", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, system.n_chips), 0, false, false},
    {"n_loads", "", "loads of weights per batch; 1: they stay", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, system.n_loads), 0, false, false},
    {"load_J", "J", "all loads of a batch", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, system.load_J), 0, false, false},
    {"load_s", "s", "all loads of a batch", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, system.load_s), 0, false, false},
    {"batch_s", "s", "a batch, from its first load to its last result", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, system.batch_s), 0, false, false},
    {"placement_gain", "", "traffic x hops of tiles row by row over that of the placement", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, system.placement_gain), 0, false, false},
    {"busiest_link_s", "s", "the busiest link between tiles, per inference", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, system.busiest_link_s), 0, false, false},
    {"n_weights", "", "weights in arrays", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, n_weights), 0, false, false},
    {"n_kept_weights", "", "weights that are not pruned", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, n_kept_weights), 0, false, false},
    {"index_storage_bit", "bit", "index where it lives", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, index.storage_bit), 0, false, false},
    {"index_buffer_bit", "bit", "on-chip index buffers", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, index.buffer_bit), 0, false, false},
    {"index_traffic_bit", "bit", "index moved per weight update", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, index.update_traffic_bit), 0, false, false},
    {"update_latency_s", "s", "one weight update", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, training.update.latency_s), 0, true, false},
    {"update_energy_J", "J", "one weight update", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, training.update.energy_J), 0, true, false},
    {"update_write_s", "s", "of one weight update: writing arrays", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, training.update_write_s), 0, true, false},
    {"update_write_J", "J", "of one weight update: writing arrays", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, training.update_write_J), 0, true, false},
    {"update_index_s", "s", "of one weight update: index handling", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, training.update_index_s), 0, true, false},
    {"update_index_J", "J", "of one weight update: index handling", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, training.update_index_J), 0, true, false},
    {"step_latency_s", "s", "one training step: a batch forward, back, gradient, and the update", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, training.step.latency_s), 0, true, false},
    {"step_energy_J", "J", "one training step", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, training.step.energy_J), 0, true, false},
    {"programming_s", "s", "writing the network once, cell by cell", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, programming.latency_s), 0, false, false},
    {"programming_J", "J", "writing the network once, cell by cell", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, programming.energy_J), 0, false, false},
    {"programming_pulses", "", "mean pulses of a cell when the network is written once", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, programming.pulses_per_cell), 0, false, false},
    {"programming_error_frac", "", "rms error of written cells, of their window", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, programming.error_frac), 0, false, false},
    {"mask_write_s", "s", "writing all masks once", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, training.mask_write_s), 0, true, false},
    {"mask_write_J", "J", "writing all masks once", SPN_COLUMN_DOUBLE, offsetof(struct spn_result, training.mask_write_J), 0, true, false},
    {"energy_array_J", "J", "of one inference: cell arrays with their drivers", SPN_COLUMN_SUM, SPN_CATEGORY_ARRAY, SPN_QUANTITY_ENERGY, false, false},
    {"energy_adc_J", "J", "of one inference: ADCs", SPN_COLUMN_SUM, SPN_CATEGORY_ADC, SPN_QUANTITY_ENERGY, false, false},
    {"energy_accumulate_J", "J", "of one inference: shift-add and adder trees", SPN_COLUMN_SUM, SPN_CATEGORY_ACCUMULATE, SPN_QUANTITY_ENERGY, false, false},
    {"energy_buffer_J", "J", "of one inference: buffers", SPN_COLUMN_SUM, SPN_CATEGORY_BUFFER, SPN_QUANTITY_ENERGY, false, false},
    {"energy_interconnect_J", "J", "of one inference: interconnect", SPN_COLUMN_SUM, SPN_CATEGORY_INTERCONNECT, SPN_QUANTITY_ENERGY, false, false},
    {"energy_digital_J", "J", "of one inference: digital units", SPN_COLUMN_SUM, SPN_CATEGORY_DIGITAL, SPN_QUANTITY_ENERGY, false, false},
    {"energy_index_J", "J", "of one inference: index handling", SPN_COLUMN_SUM, SPN_CATEGORY_INDEX, SPN_QUANTITY_ENERGY, false, false},
    {"energy_write_J", "J", "of one inference: array writes", SPN_COLUMN_SUM, SPN_CATEGORY_WRITE, SPN_QUANTITY_ENERGY, false, false},
    {"energy_dram_J", "J", "of one inference: DRAM", SPN_COLUMN_SUM, SPN_CATEGORY_DRAM, SPN_QUANTITY_ENERGY, false, false},
    {"energy_leakage_J", "J", "of one inference: leakage", SPN_COLUMN_SUM, SPN_CATEGORY_LEAKAGE, SPN_QUANTITY_ENERGY, false, false},
    {"latency_array_s", "s", "of one inference, critical path: cell arrays with their drivers", SPN_COLUMN_SUM, SPN_CATEGORY_ARRAY, SPN_QUANTITY_LATENCY, false, false},
    {"latency_adc_s", "s", "of one inference, critical path: ADCs", SPN_COLUMN_SUM, SPN_CATEGORY_ADC, SPN_QUANTITY_LATENCY, false, false},
    {"latency_accumulate_s", "s", "of one inference, critical path: shift-add and adder trees", SPN_COLUMN_SUM, SPN_CATEGORY_ACCUMULATE, SPN_QUANTITY_LATENCY, false, false},
    {"latency_buffer_s", "s", "of one inference, critical path: buffers", SPN_COLUMN_SUM, SPN_CATEGORY_BUFFER, SPN_QUANTITY_LATENCY, false, false},
    {"latency_interconnect_s", "s", "of one inference, critical path: interconnect", SPN_COLUMN_SUM, SPN_CATEGORY_INTERCONNECT, SPN_QUANTITY_LATENCY, false, false},
    {"latency_digital_s", "s", "of one inference, critical path: digital units", SPN_COLUMN_SUM, SPN_CATEGORY_DIGITAL, SPN_QUANTITY_LATENCY, false, false},
    {"latency_index_s", "s", "of one inference, critical path: index handling", SPN_COLUMN_SUM, SPN_CATEGORY_INDEX, SPN_QUANTITY_LATENCY, false, false},
    {"latency_write_s", "s", "of one inference, critical path: array writes", SPN_COLUMN_SUM, SPN_CATEGORY_WRITE, SPN_QUANTITY_LATENCY, false, false},
    {"latency_dram_s", "s", "of one inference, critical path: DRAM", SPN_COLUMN_SUM, SPN_CATEGORY_DRAM, SPN_QUANTITY_LATENCY, false, false},
    {"latency_leakage_s", "s", "of one inference, critical path: leakage", SPN_COLUMN_SUM, SPN_CATEGORY_LEAKAGE, SPN_QUANTITY_LATENCY, false, false},
    {"area_array_m2", "m2", "of the chip: cell arrays with their drivers", SPN_COLUMN_SUM, SPN_CATEGORY_ARRAY, SPN_QUANTITY_AREA, false, false},
    {"area_adc_m2", "m2", "of the chip: ADCs", SPN_COLUMN_SUM, SPN_CATEGORY_ADC, SPN_QUANTITY_AREA, false, false},
    {"area_accumulate_m2", "m2", "of the chip: shift-add and adder trees", SPN_COLUMN_SUM, SPN_CATEGORY_ACCUMULATE, SPN_QUANTITY_AREA, false, false},
    {"area_buffer_m2", "m2", "of the chip: buffers", SPN_COLUMN_SUM, SPN_CATEGORY_BUFFER, SPN_QUANTITY_AREA, false, false},
    {"area_interconnect_m2", "m2", "of the chip: interconnect", SPN_COLUMN_SUM, SPN_CATEGORY_INTERCONNECT, SPN_QUANTITY_AREA, false, false},
    {"area_digital_m2", "m2", "of the chip: digital units", SPN_COLUMN_SUM, SPN_CATEGORY_DIGITAL, SPN_QUANTITY_AREA, false, false},
    {"area_index_m2", "m2", "of the chip: index handling", SPN_COLUMN_SUM, SPN_CATEGORY_INDEX, SPN_QUANTITY_AREA, false, false},
    {"accuracy", "", "share of test images classified right on the simulated chip (slow: simulated where it may matter)", SPN_COLUMN_SIMULATED, 0, 0, false, false},
    {NULL, NULL, NULL, SPN_COLUMN_DOUBLE, 0, 0, false, false},
};
/* clang-format on */

int spn_column_find(const char *name)
{
    for (int i = 0; spn_columns[i].name; i++)
        if (strcmp(spn_columns[i].name, name) == 0)
            return i;
    return -1;
}

void spn_column_sum(const struct spn_result *result, struct spn_column_sums *sums)
{
    memset(sums, 0, sizeof *sums);
    for (int i = 0; i < result->n_leaves; i++) {
        const struct spn_leaf *leaf = &result->leaf[i];
        sums->sum[SPN_QUANTITY_AREA][leaf->category] += leaf->cost.area_m2;
        if (!leaf->inference)
            continue;
        sums->sum[SPN_QUANTITY_ENERGY][leaf->category] += leaf->cost.energy_J;
        sums->sum[SPN_QUANTITY_LATENCY][leaf->category] += leaf->cost.latency_s;
    }
}

double spn_column_value(const struct spn_column *column, const struct spn_result *result,
                        const struct spn_column_sums *sums)
{
    const char *at = (const char *)result + column->offset;
    if (column->source == SPN_COLUMN_SIMULATED)
        return NAN;
    if (column->source == SPN_COLUMN_SUM)
        return sums->sum[column->quantity][column->offset];
    if (column->source == SPN_COLUMN_INT) {
        int value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    double value;
    memcpy(&value, at, sizeof value);
    return value;
}
