/* estimate.c -- the report of one network on one chip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "reports/estimate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SHORT_LIFE_S 3.2e8 /* ten years: a usual lifetime of electronics */
#define AT(member) offsetof(struct spn_result, member)

const struct spn_quantity spn_inference_quantities[] = {
    {"area", "m2", AT(area_m2)},
    {"inference latency", "s", AT(inference.latency_s)},
    {"interval between images", "s", AT(inference.interval_s)},
    {"throughput", "1/s", AT(inference.throughput_per_s)},
    {"energy per inference", "J", AT(inference.energy_J)},
    {"  dynamic", "J", AT(inference.dynamic_J)},
    {"  leakage", "J", AT(inference.leakage_J)},
    {"efficiency, dense-equivalent", "op/J", AT(inference.ops_per_J)},
    {"efficiency, non-zero only", "op/J", AT(inference.effective_ops_per_J)},
    {"density, dense-equivalent", "op/s/m2", AT(inference.ops_per_s_m2)},
    {NULL, NULL, 0},
};

const struct spn_quantity spn_training_quantities[] = {
    {"one weight update: latency", "s", AT(training.update.latency_s)},
    {"  delta-weight transfer", "s", AT(training.update_transfer_s)},
    {"  index", "s", AT(training.update_index_s)},
    {"  array writes", "s", AT(training.update_write_s)},
    {"one weight update: energy", "J", AT(training.update.energy_J)},
    {"  delta-weight transfer", "J", AT(training.update_transfer_J)},
    {"  index", "J", AT(training.update_index_J)},
    {"  array writes", "J", AT(training.update_write_J)},
    {"one training step: latency", "s", AT(training.step.latency_s)},
    {"  forward", "s", AT(training.step_forward_s)},
    {"  error", "s", AT(training.step_error_s)},
    {"  gradient", "s", AT(training.step_gradient_s)},
    {"one training step: energy", "J", AT(training.step.energy_J)},
    {"  forward", "J", AT(training.step_forward_J)},
    {"  error", "J", AT(training.step_error_J)},
    {"  gradient", "J", AT(training.step_gradient_J)},
    {"  leakage", "J", AT(training.step_leakage_J)},
    {"rewriting all masks: latency", "s", AT(training.mask_write_s)},
    {"rewriting all masks: energy", "J", AT(training.mask_write_J)},
    {"index storage", "bit", AT(index.storage_bit)},
    {"index buffers on chip", "bit", AT(index.buffer_bit)},
    {"index traffic per update", "bit", AT(index.update_traffic_bit)},
    {"index traffic per inference", "bit", AT(index.inference_traffic_bit)},
    {NULL, NULL, 0},
};

/* Of chips with differential pairs that say which cell of a pair is written. */
const struct spn_quantity spn_pair_quantities[] = {
    {"polarity of differential pairs", "bit", AT(index.polarity_bit)},
    {NULL, NULL, 0},
};

const struct spn_quantity spn_programming_quantities[] = {
    {"writing the network once: latency", "s", AT(programming.latency_s)},
    {"writing the network once: energy", "J", AT(programming.energy_J)},
    {"  pulses of a cell", "", AT(programming.pulses_per_cell)},
    {"  reads of a cell", "", AT(programming.reads_per_cell)},
    {"  cells outside the tolerance", "%", AT(programming.failed_frac)},
    {"  error left, rms of the window", "%", AT(programming.error_frac)},
    {"changing a cell by one level: pulses", "", AT(programming.update_pulses)},
    {"  reads", "", AT(programming.update_reads)},
    {NULL, NULL, 0},
};

void spn_programming_note(const struct spn_chip *chip, struct spn_report *report)
{
    const struct spn_device *d = &chip->device;
    if (!(chip->write.verify && chip->write.tolerance_frac > 0))
        return;
    spn_report_note(report,
                    "Cells are written in a closed loop: until a read lies within %.3g %% of the "
                    "window, at most %d trains of pulses. Pulses, reads and the error that is left "
                    "follow from the device: %d pulses over the window, %.3g %% error of a train, "
                    "%.3g %% read noise; cost and accuracy take them from the same table "
                    "(docs/MODELS.md, D20).",
                    100 * chip->write.tolerance_frac, chip->write.max_tries, d->pulse.n_levels,
                    100 * d->programming_sd_frac, 100 * d->read_noise_frac);
}

double spn_quantity_value(const struct spn_result *r, const struct spn_quantity *q)
{
    return *(const double *)(const void *)((const char *)r + q->offset);
}

struct spn_cost spn_category_cost(const struct spn_result *r, int category, bool update)
{
    struct spn_leaf_filter filter = {
        .layer = -2, .phase = -1, .category = category, .inference = 1};
    struct spn_cost cost = {0};
    if (!update)
        return spn_result_sum(r, filter);
    filter.inference = 0;
    for (int phase = SPN_PHASE_UPDATE; phase <= SPN_PHASE_INDEX; phase++) {
        filter.phase = phase;
        cost = spn_cost_serial(cost, spn_result_sum(r, filter));
    }
    return cost;
}

void spn_layers_table(const struct spn_result *r, struct spn_table *table)
{
    static const char *const columns[][2] = {
        {"tiles", "count"},   {"arrays", "count"},     {"copies", "count"},
        {"utilization", "%"}, {"sparsity", "%"},       {"latency", "s"},
        {"energy", "J"},      {"update latency", "s"}, {"update energy", "J"}};
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        spn_table_column_unit(table, columns[k][0], columns[k][1]);
    for (int i = 0; i < r->n_layers; i++) {
        const struct spn_layer_result *l = &r->layer[i];
        spn_table_row(table, r->net->layer[l->layer].name, "");
        spn_table_number(table, l->n_tiles);
        spn_table_number(table, l->n_arrays);
        spn_table_number(table, (double)l->copies * l->copies_in_tile);
        spn_table_number(table, l->utilization_frac);
        spn_table_number(table, l->sparsity);
        spn_table_number(table, l->latency_s);
        spn_table_number(table, l->energy_J);
        spn_table_number(table, l->update_latency_s);
        spn_table_number(table, l->update_energy_J);
    }
}

static void add_quantities(const struct spn_result *r, struct spn_table *table,
                           const struct spn_quantity *q)
{
    for (; q->name; q++) {
        spn_table_row(table, q->name, q->unit);
        spn_table_number(table, spn_quantity_value(r, q));
    }
}

static void add_categories(const struct spn_result *r, struct spn_report *report)
{
    struct spn_table *table =
        spn_report_table(report, "categories", "Where one inference goes", "category");
    spn_table_column_unit(table, "energy", "J");
    spn_table_column_unit(table, "latency", "s");
    spn_table_column_unit(table, "area", "m2");
    for (int k = 0; k < SPN_N_CATEGORIES; k++) {
        struct spn_cost cost = spn_category_cost(r, k, false);
        if (cost.energy_J == 0 && cost.latency_s == 0 && cost.area_m2 == 0)
            continue;
        spn_table_row(table, spn_category_names[k], "");
        spn_table_number(table, cost.energy_J);
        spn_table_number(table, cost.latency_s);
        spn_table_number(table, cost.area_m2);
    }
}

/* Where each layer's weights are. */
static void add_mapping(const struct spn_result *r, struct spn_report *report)
{
    static const char *const columns[] = {"mapping", "matrix",         "matrices",       "arrays",
                                          "tiles",   "copies in tile", "copies of tiles"};
    const bool parts = r->system.n_loads > 1 || r->system.n_chips > 1;
    struct spn_table *table =
        spn_report_table(report, "mapping", "Weights on tiles, all copies", "layer");

    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        spn_table_column(table, columns[k]);
    if (parts)
        spn_table_column(table, r->system.n_loads > 1 ? "loads" : "chips");
    spn_table_column_unit(table, "utilization", "%");
    for (int i = 0; i < r->n_layers; i++) {
        const struct spn_layer_result *l = &r->layer[i];
        if (!l->on_arrays)
            continue;
        spn_table_row(table, r->net->layer[l->layer].name, "");
        spn_table_text(table, "%s", spn_mapping_names[l->mapping]);
        spn_table_text(table, "%d x %d", l->matrix_rows, l->matrix_columns);
        spn_table_text(table, "%d", l->n_matrices);
        spn_table_text(table, "%d", l->n_arrays);
        spn_table_text(table, "%d", l->n_tiles);
        spn_table_text(table, "%d", l->copies_in_tile);
        spn_table_text(table, "%d", l->copies);
        if (parts && l->parts > 1)
            spn_table_text(table, "%d-%d", l->first + 1, l->first + l->parts);
        else if (parts)
            spn_table_text(table, "%d", l->first + 1);
        spn_table_number(table, l->utilization_frac);
    }
}

struct fact {
    const char *name, *unit;
    double value;
    bool shown;
};

/* Time, chips, and ways. */
static void add_system(const struct spn_result *r, const struct spn_chip *chip,
                       struct spn_report *report)
{
    const struct spn_system_result *s = &r->system;
    const bool loads = s->n_loads > 1, chips = s->n_chips > 1, mesh = s->bit_hop > 0;
    const bool pipelined = chip->schedule != SPN_SCHEDULE_LAYER_BY_LAYER;
    const struct fact facts[] = {
        {"chips", "count", s->n_chips, true},
        {"arrays that hold the weights transposed", "count", s->transposed_arrays,
         s->transposed_arrays > 0},
        {"tiles of a chip", "count", s->chip_tiles, true},
        {"loads of weights per batch", "count", loads ? s->n_loads : 0, true},
        {"  images of a batch", "count", chip->system.batch, loads},
        {"  bits loaded", "bit", s->load_bit, loads},
        {"  time of all loads", "s", s->load_s, loads},
        {"    not beside computing", "s", s->load_waited_s, loads && chip->system.prefetch},
        {"  energy of all loads", "J", s->load_J, loads},
        {"  writes of a cell per batch", "", s->load_writes, loads},
        {"  until cells are worn out, at full pace", "s", s->lifetime_s, s->lifetime_s > 0},
        {"  waiting results of an image, in DRAM", "bit", s->waiting_bit, loads},
        {"time of a batch", "s", s->batch_s, chip->system.batch > 1},
        {"bits between chips, one image", "bit", s->link_bit, chips},
        {"  busiest link between chips", "bit", s->busiest_chip_link_bit, chips},
        {"traffic x hops, one image", "bit", s->bit_hop, mesh},
        {"  with tiles row by row", "bit", s->row_major_bit_hop, mesh},
        {"  gain of placement", "x", s->placement_gain, mesh},
        {"busiest link between tiles, one image", "bit", s->busiest_link_bit, true},
        {"  time", "s", s->busiest_link_s, true},
        {"busiest shared part, one image", "s", s->shared_s, pipelined},
    };
    struct spn_table *table = spn_report_table(report, "system", "System", "quantity");

    spn_table_column(table, "value");
    for (size_t k = 0; k < sizeof facts / sizeof *facts; k++) {
        if (!facts[k].shown)
            continue;
        spn_table_row(table, facts[k].name, facts[k].unit);
        spn_table_number(table, facts[k].value);
    }
}

/* What the layout assumes. */
static void add_notes(const struct spn_result *r, const struct spn_chip *chip,
                      struct spn_report *report)
{
    const struct spn_system_result *s = &r->system;
    const bool mesh = chip->global.interconnect == SPN_INTERCONNECT_MESH;

    if (s->n_loads > 1)
        spn_report_note(
            report,
            "The network is larger than the chip: its weights are loaded in %.0f parts, "
            "once per batch of %d, %s computing; latency is that of one image "
            "with all loads.%s",
            s->n_loads, chip->system.batch, chip->system.prefetch ? "beside" : "not beside",
            r->training.step.latency_s > 0 ? " Training loads them again for the errors on their "
                                             "way back, and updates weights in DRAM."
                                           : "");
    if (s->lifetime_s > 0 && s->lifetime_s < SHORT_LIFE_S)
        spn_report_note(report,
                        "WORN OUT: loads write each cell %.0f times per batch; at this pace the "
                        "endurance of %s (%.3g cycles) lasts %.3g hours.",
                        s->load_writes, chip->device.name, chip->device.endurance_cycles,
                        s->lifetime_s / 3600);
    else if (s->n_loads > 1 && !(chip->device.endurance_cycles > 0))
        spn_report_note(report,
                        "Loads write each cell %.0f times per batch; the endurance of %s is not "
                        "stated.",
                        s->load_writes, chip->device.name);
    if (r->training.step.latency_s > 0 && s->n_loads <= 1 && chip->device.endurance_cycles > 0 &&
        chip->device.cell != SPN_CELL_SRAM)
        spn_report_note(report,
                        "A weight update writes each kept cell about once: the endurance of %s, "
                        "%.3g cycles, is that of so many updates (of single steps, of more).",
                        chip->device.name, chip->device.endurance_cycles);
    if (s->n_chips > 1)
        spn_report_note(report,
                        "The network is larger than the chip: %.0f chips in a row, with links of "
                        "%.3g pJ/bit, %.4g Gbit/s and %.3g ns a hop.",
                        s->n_chips, chip->system.link_energy_J_per_bit * 1e12,
                        chip->system.link_bandwidth_bit_per_s * 1e-9,
                        chip->system.link_latency_s * 1e9);
    if (mesh && chip->global.traffic == SPN_TRAFFIC_DIRECT && !s->direct)
        spn_report_note(report,
                        "Results pass the buffer, as for training, with loads or on several "
                        "chips chip.global.traffic = direct is not modelled.");
    if (r->net->cache > 0)
        spn_report_note(report, "%d new tokens after %d whose keys and values are kept.",
                        r->net->sequence, r->net->cache);
    if (s->product_arrays > 0)
        spn_report_note(report,
                        "Products of activations are computed on %.0f more arrays of %d x %d cells "
                        "(%s, %s).",
                        s->product_arrays, chip->products.rows, chip->products.columns,
                        chip->products_device.name, spn_array_kind_names[chip->products.kind]);
}

void spn_estimate_report(const struct spn_result *r, const struct spn_chip *chip, int scheme,
                         struct spn_report *report)
{
    snprintf(report->title, sizeof report->title, "%s, %s, on %s (%s, %s, %s)", r->net->name,
             spn_scheme_names[scheme], chip->name, chip->node.name, chip->device.name,
             chip->dram.name);
    struct spn_table *table = spn_report_table(report, "inference", "Inference", "quantity");
    spn_table_column(table, "value");
    add_quantities(r, table, spn_inference_quantities);
    spn_table_row(table, "tiles", "count");
    spn_table_number(table, r->n_tiles);
    spn_table_row(table, "arrays", "count");
    spn_table_number(table, r->n_arrays);
    spn_table_row(table, "utilization", "%");
    spn_table_number(table, r->utilization_frac);
    if (r->training.step.latency_s > 0) {
        table = spn_report_table(report, "training", "Training", "quantity");
        spn_table_column(table, "value");
        add_quantities(r, table, spn_training_quantities);
        if (r->index.polarity_bit > 0)
            add_quantities(r, table, spn_pair_quantities);
    }
    table = spn_report_table(report, "programming", "Writing cells", "quantity");
    spn_table_column(table, "value");
    add_quantities(r, table, spn_programming_quantities);
    spn_programming_note(chip, report);
    add_categories(r, report);
    add_system(r, chip, report);
    add_mapping(r, report);
    add_notes(r, chip, report);
    table = spn_report_table(report, "layers", "Layers", "layer");
    spn_layers_table(r, table);
}
