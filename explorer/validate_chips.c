/* validate_chips.c -- VGG8 on whole chips against DNN+NeuroSim V1.4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Totals and categories beside each other. Every total holds parts that do not mean the same
 * (listed with their reason), so that totals count as such too; what remains of them after the
 * listed parts are taken out is compared on its own: the area of cells and converters, and the
 * converters' energy.
 */
#include <stdio.h>
#include <string.h>

#include "estimator/estimate.h"
#include "explorer/validate_suites.h"
#include "tech/data.h"

enum { MAX_SET = 12, N_COMMON = 9 };

/* NeuroSim's defaults for its RRAM cell, as options of the shipped chip. */
static const struct spn_override common[N_COMMON] = {
    {"device.on_conductance_S", "1e-5"}, {"device.off_conductance_S", "5.8823529e-7"},
    {"device.cell_height_F", "4"},       {"device.cell_width_F", "12"},
    {"device.access_width_F", "0.69"},   {"device.access_resistance_ohm", "25e3"},
    {"device.read_voltage_V", "0.55"},   {"chip.adc.selected_only", "true"},
    {"chip.weight.encoding", "offset"},
};

static const struct chip_case {
    const char *file;
    struct spn_override set[2];
} chip_cases[] = {
    {"chip-v14_p01_rram22_cb1.json", {{NULL, NULL}}},
    {"chip-v14_p02_rram22_cb2.json", {{"chip.weight.cell_bits", "2"}}},
    {"chip-v14_p15_rram22_sub64.json", {{"chip.array.rows", "64"}, {"chip.array.columns", "64"}}},
    {"chip-v14_p17_rram22_adc8.json", {{"chip.adc.bits", "3"}}},
    {"chip-v14_p20_rram22_mux4.json", {{"chip.adc.columns_per_adc", "4"}}},
    {"chip-v14_p24_rram22_layerbylayer.json", {{"chip.schedule", "layer-by-layer"}}},
    {"chip-v14_p25_rram22_convmap.json", {{"chip.mapping", "conventional"}}},
    {"chip-v14_p28_rram22_saradc.json", {{"chip.adc.kind", "adc-sar"}}},
};

static const char
    whole
        [] = "a sum of parts that do not mean the same: see the categories",
   cells[] = "NeuroSim counts word lines under the converters, no read energy of cells, and leaves "
             "out padded positions "
             "(900 of 1024 vectors, 196 of 256, 36 of 64)",
   wires[] = "NeuroSim counts wire area over a folding factor of 4, and toggles inputs in 18 % of "
             "the cycles",
   adders[] = "NeuroSim scales adders' energy by 0.15; ours sum every slice in one accumulator of "
              "full width",
   rest[] = "drivers, decoders, level shifters (NeuroSim's take half of the chip), buffers "
            "(register files there, SRAM here)",
   buffers[] =
       "NeuroSim's pace is set by its global buffer, one line a clock; ours is SRAM of eight banks",
   copies[] = "other PE and tile sizes, and so other copies of layers";

struct ours {
    struct spn_result result;
    struct spn_network *net;
    struct spn_profile profile;
    struct spn_plan *plan;
    struct spn_workspace *work;
};

static void ours_clear(struct ours *o)
{
    spn_workspace_destroy(o->work);
    spn_plan_destroy(o->plan);
    spn_profile_clear(&o->profile);
    spn_network_destroy(o->net);
}

static enum spn_status estimate(struct ours *o, const struct chip_case *c, struct spn_err *err)
{
    char path[SPN_DATA_PATH];
    struct spn_chip chip;
    struct spn_override set[MAX_SET];
    size_t n = N_COMMON;
    memcpy(set, common, sizeof common);
    for (int i = 0; i < 2 && c->set[i].path; i++)
        set[n++] = c->set[i];
    const struct spn_estimate_options dense = {.scheme = SPN_SCHEME_DENSE};
    enum spn_status status = spn_chip_load(&chip, "neurosim-22nm", set, n, err);
    if (!status)
        status = spn_data_find(path, sizeof path, "networks", "network", "vgg8", err);
    if (!status)
        status = spn_network_load(&o->net, path, NULL, 0, err);
    if (!status)
        status = spn_profile_default(&o->profile, o->net, err);
    if (!status)
        status = spn_plan_create(&o->plan, o->net, &o->profile, err);
    if (!status)
        status = spn_workspace_create(&o->work, o->plan, err);
    return status ? status : spn_estimate(o->plan, &chip, &dense, o->work, &o->result, err);
}

static struct spn_cost category(const struct ours *o, enum spn_category wanted)
{
    struct spn_leaf_filter filter = {-2, SPN_PHASE_FORWARD, (int)wanted, -1};
    return spn_result_sum(&o->result, filter);
}

/* Energy and area of one of NeuroSim's categories; false: it has none of that name. */
static void put_category(const struct spn_validate_to *to, const struct spn_json_at *chip,
                         const char *name, const char *difference, struct spn_cost ours)
{
    char key[48], quantity[24];
    snprintf(key, sizeof key, "%s_energy_pJ", name);
    snprintf(quantity, sizeof quantity, "energy, %s", name);
    spn_validate_put_as(to, difference, quantity, "J", 1e-12 * spn_validate_number(chip, key),
                        ours.energy_J);
    snprintf(key, sizeof key, "area_%s_um2", name);
    snprintf(quantity, sizeof quantity, "area, %s", name);
    spn_validate_put_as(to, difference, quantity, "m2", 1e-12 * spn_validate_number(chip, key),
                        ours.area_m2);
}

static void put_chip(const struct spn_validate_to *to, const struct spn_json_at *chip,
                     const struct ours *o)
{
    const struct spn_inference_result *inference = &o->result.inference;
    struct spn_cost adc = category(o, SPN_CATEGORY_ADC), array = category(o, SPN_CATEGORY_ARRAY);
    struct spn_cost others = spn_cost_serial(
        category(o, SPN_CATEGORY_BUFFER),
        spn_cost_serial(category(o, SPN_CATEGORY_WRITE), category(o, SPN_CATEGORY_DIGITAL)));
    double cells_m2 = 0;
    for (int i = 0; i < o->result.n_leaves; i++)
        if (strcmp(o->result.leaf[i].component, "array") == 0)
            cells_m2 += o->result.leaf[i].cost.area_m2;
    others.area_m2 += array.area_m2 - cells_m2;
    spn_validate_put_as(to, whole, "area", "m2", 1e-12 * spn_validate_number(chip, "area_um2"),
                        o->result.area_m2);
    spn_validate_put_as(to, whole, "dynamic energy", "J",
                        1e-12 * spn_validate_number(chip, "read_dynamic_energy_pJ"),
                        inference->dynamic_J);
    spn_validate_put_as(to, buffers, "interval", "s",
                        1e-9 * spn_validate_number(chip, "latency_ns"), inference->interval_s);
    spn_validate_put_as(to, copies, "area, cells", "m2",
                        1e-12 * spn_validate_number(chip, "area_cim_array_um2"), cells_m2);
    put_category(to, chip, "adc", cells, adc);
    put_category(to, chip, "accum", adders, category(o, SPN_CATEGORY_ACCUMULATE));
    put_category(to, chip, "ic", wires, category(o, SPN_CATEGORY_INTERCONNECT));
    put_category(to, chip, "other", rest, others);
    /* all listed parts taken as ours: what is left of the totals */
    spn_validate_put(to, "area left", "m2",
                     1e-12 * (spn_validate_number(chip, "area_adc_um2") +
                              spn_validate_number(chip, "area_cim_array_um2")),
                     adc.area_m2 + cells_m2);
    spn_validate_put(to, "energy left", "J", 1e-12 * spn_validate_number(chip, "adc_energy_pJ"),
                     adc.energy_J);
}

enum spn_status spn_validate_chips(struct spn_validation *v, const char *data, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    for (size_t i = 0; i < sizeof chip_cases / sizeof *chip_cases && !status; i++) {
        struct spn_json *doc = NULL;
        struct ours o = {.net = NULL};
        struct spn_validate_to to = {.v = v, .suite = "chips", .group = "VGG8"};
        status = spn_validate_open(&doc, data, chip_cases[i].file, err);
        if (!status)
            status = estimate(&o, &chip_cases[i], err);
        if (!status) {
            struct spn_json_at root = spn_json_root(doc), name = spn_json_get(&root, "name");
            struct spn_json_at results = spn_json_get(&root, "results");
            struct spn_json_at chip = spn_json_get(&results, "chip");
            snprintf(to.name, sizeof to.name, "%s", spn_json_string(&name));
            put_chip(&to, &chip, &o);
        }
        ours_clear(&o);
        spn_json_destroy(doc);
    }
    return status;
}
