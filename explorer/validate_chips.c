/* validate_chips.c -- VGG8 on whole chips against DNN+NeuroSim V1.4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Totals hold parts that do not mean the same; validate_bridge.c takes them apart, where the
 * reference has the chip's sub-array.
 */
#include <stdio.h>
#include <string.h>

#include "estimator/estimate.h"
#include "explorer/validate_bridge.h"
#include "explorer/validate_suites.h"
#include "tech/data.h"

enum { MAX_SET = 16, N_COMMON = 2, N_RRAM = 7, N_OWN = 3, N_DARK = 2 };

/* NeuroSim's defaults, as options of the shipped chip; and its RRAM cell. */
static const struct spn_override common[N_COMMON] = {{"chip.adc.selected_only", "true"},
                                                     {"chip.weight.encoding", "offset"}},
                                 rram[N_RRAM] = {{"device.on_conductance_S", "1e-5"},
                                                 {"device.off_conductance_S", "5.8823529e-7"},
                                                 {"device.cell_height_F", "4"},
                                                 {"device.cell_width_F", "12"},
                                                 {"device.access_width_F", "0.69"},
                                                 {"device.access_resistance_ohm", "25e3"},
                                                 {"device.read_voltage_V", "0.55"}};

/* Cells that hardly conduct: what is left of an array's energy is that of its lines. */
static const struct spn_override no_current[N_DARK] = {{"device.off_conductance_S", "1e-12"},
                                                       {"device.on_conductance_S", "1e-9"}};

static const struct chip_case {
    const char *file, *array; /* its sub-array; NULL: the reference has none of that kind */
    int side;
    struct spn_override set[N_OWN];
    int n_cell; /* of the options of NeuroSim's RRAM cell: all, or none for SRAM */
} chip_cases[] = {
    {"chip-v14_p01_rram22_cb1.json", "rram_22", 128, {{NULL, NULL}}, N_RRAM},
    {"chip-v14_p02_rram22_cb2.json", "rram_22_cb2", 128, {{"chip.weight.cell_bits", "2"}}, N_RRAM},
    {"chip-v14_p04_fefet22_cb1.json",
     "fefet_22",
     128,
     {{"device.access_resistance_ohm", "0"}},
     N_RRAM},
    {"chip-v14_p06_sram32.json",
     "sram_32",
     128,
     {{"chip.node", "32nm-lstp"}, {"chip.device", "sram-6t"}},
     0},
    {"chip-v14_p15_rram22_sub64.json",
     "rram_22_sub64",
     64,
     {{"chip.array.rows", "64"}, {"chip.array.columns", "64"}},
     N_RRAM},
    {"chip-v14_p17_rram22_adc8.json", "rram_22_lev8", 128, {{"chip.adc.bits", "3"}}, N_RRAM},
    {"chip-v14_p24_rram22_layerbylayer.json",
     "rram_22",
     128,
     {{"chip.schedule", "layer-by-layer"}},
     N_RRAM},
    {"chip-v14_p25_rram22_convmap.json",
     "rram_22",
     128,
     {{"chip.mapping", "conventional"}},
     N_RRAM},
    {"chip-v14_p20_rram22_mux4.json", NULL, 128, {{"chip.adc.columns_per_adc", "4"}}, N_RRAM},
    {"chip-v14_p28_rram22_saradc.json", NULL, 128, {{"chip.adc.kind", "adc-sar"}}, N_RRAM},
};

static const char whole[] = "a sum of parts that do not mean the same: see the steps from our chip "
                            "to NeuroSim's";

struct ours {
    struct spn_chip chip;
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

static enum spn_status estimate(struct ours *o, const struct chip_case *c, bool dark,
                                struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    struct spn_override set[MAX_SET];
    size_t n = N_COMMON;
    memcpy(set, common, sizeof common);
    memcpy(set + n, rram, (size_t)c->n_cell * sizeof *rram);
    n += (size_t)c->n_cell;
    for (int i = 0; i < N_OWN && c->set[i].path; i++)
        set[n++] = c->set[i];
    memcpy(set + n, no_current, sizeof no_current);
    n += dark ? N_DARK : 0;
    const struct spn_estimate_options dense = {.scheme = SPN_SCHEME_DENSE};
    enum spn_status status = spn_chip_load(&o->chip, "neurosim-22nm", set, n, err);
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
    return status ? status : spn_estimate(o->plan, &o->chip, &dense, o->work, &o->result, err);
}

static void put_totals(const struct spn_validate_to *to, const struct spn_json_at *chip,
                       const struct ours *o)
{
    const struct spn_inference_result *inference = &o->result.inference;
    spn_validate_put_as(to, whole, "area", "m2", 1e-12 * spn_validate_number(chip, "area_um2"),
                        o->result.area_m2);
    spn_validate_put_as(to, whole, "dynamic energy", "J",
                        1e-12 * spn_validate_number(chip, "read_dynamic_energy_pJ"),
                        inference->dynamic_J);
    spn_validate_put_as(to, whole, "interval", "s", 1e-9 * spn_validate_number(chip, "latency_ns"),
                        inference->interval_s);
}

static struct spn_json_at find_array(const struct spn_json *arrays, const char *name)
{
    struct spn_json_at root = spn_json_root(arrays), list = spn_json_get(&root, "configs");
    for (size_t i = 0; i < spn_json_size(&list); i++) {
        struct spn_json_at at = spn_json_item(&list, i), named = spn_json_get(&at, "name");
        const char *text = spn_json_string(&named);
        if (text && strcmp(text, name) == 0)
            return at;
    }
    return (struct spn_json_at){0};
}

static enum spn_status put_case(struct spn_validate_to *to, const struct spn_json *doc,
                                const struct spn_json *arrays, const struct chip_case *c,
                                struct spn_err *err)
{
    struct ours o = {.net = NULL}, dark = {.net = NULL};
    struct spn_json_at root = spn_json_root(doc), name = spn_json_get(&root, "name");
    struct spn_bridge bridge = {.to = to,
                                .results = spn_json_get(&root, "results"),
                                .fitted = find_array(arrays, "rram_22"),
                                .plain = find_array(arrays, "rram_22_notvalidated"),
                                .array_side = c->side,
                                .ours = &o.result,
                                .dark = &dark.result};
    struct spn_json_at chip = spn_json_get(&bridge.results, "chip");
    enum spn_status status = estimate(&o, c, false, err);
    if (!status)
        status = estimate(&dark, c, true, err);
    if (!status) {
        snprintf(to->name, sizeof to->name, "%s", spn_json_string(&name));
        snprintf(to->group, sizeof to->group, "VGG8");
        put_totals(to, &chip, &o);
    }
    if (!status && c->array) {
        bridge.array = find_array(arrays, c->array);
        bridge.pipelined = o.chip.schedule != SPN_SCHEDULE_LAYER_BY_LAYER;
        snprintf(to->group, sizeof to->group, "VGG8, differences out");
        spn_bridge_put(&bridge);
    }
    ours_clear(&o);
    ours_clear(&dark);
    return status;
}

enum spn_status spn_validate_chips(struct spn_validation *v, const char *data, struct spn_err *err)
{
    struct spn_json *arrays = NULL;
    enum spn_status status = spn_validate_open(&arrays, data, "subarray.json", err);
    for (size_t i = 0; i < sizeof chip_cases / sizeof *chip_cases && !status; i++) {
        struct spn_json *doc = NULL;
        struct spn_validate_to to = {.v = v, .suite = "chips"};
        status = spn_validate_open(&doc, data, chip_cases[i].file, err);
        if (!status)
            status = put_case(&to, doc, arrays, &chip_cases[i], err);
        spn_json_destroy(doc);
    }
    spn_json_destroy(arrays);
    return status;
}
