/* check_tech.c -- nodes, devices, DRAMs and where data is found: shipped files and errors.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "tech/chip.h"
#include "models/supply.h"
#include "tech/data.h"
#include "tests/tech_setup.h"

/* ---- shipped files ---- */

static void load_node(void *ctx, const char *name, const char *path)
{
    struct spn_err err = {0};
    struct spn_node node;
    ck_assert_ok(spn_node_load(&node, name, &err));
    ck_assert_str_eq(node.name, name);
    check_sources(ctx, path);
}

static void load_device(void *ctx, const char *name, const char *path)
{
    struct spn_err err = {0};
    struct spn_device device;
    ck_assert_ok(spn_device_load(&device, name, &err));
    ck_assert_str_eq(device.name, name);
    check_sources(ctx, path);
}

static void load_dram(void *ctx, const char *name, const char *path)
{
    struct spn_err err = {0};
    struct spn_dram dram;
    ck_assert_ok(spn_dram_load(&dram, name, &err));
    ck_assert_str_eq(dram.name, name);
    check_sources(ctx, path);
}

static void load_chip(void *ctx, const char *name, const char *path)
{
    struct spn_err err = {0};
    struct spn_chip chip;
    ck_assert_ok(spn_chip_load(&chip, name, NULL, 0, &err));
    ck_assert_str_eq(chip.name, name);
    check_sources(ctx, path);
}

START_TEST(every_shipped_file_loads_and_has_sources)
{
    struct spn_err err = {0};
    struct count nodes = {0}, devices = {0}, drams = {0}, chips = {0};
    ck_assert_ok(spn_data_list("tech/nodes", load_node, &nodes, &err));
    ck_assert_ok(spn_data_list("tech/devices", load_device, &devices, &err));
    ck_assert_ok(spn_data_list("tech/drams", load_dram, &drams, &err));
    ck_assert_ok(spn_data_list("tech/chips", load_chip, &chips, &err));
    ck_assert_int_eq(nodes.files, 25); /* 6 nodes x HP, LSTP, 7 of LSTP alone, 3 interpolated */
    ck_assert_int_ge(devices.files, 12);
    ck_assert_int_ge(drams.files, 4);
    ck_assert_int_ge(chips.files, 5);
    ck_assert_int_ge(nodes.numbers, 19 * 24);
    ck_assert_int_ge(nodes.assumed, 3 * 24); /* the interpolated ones, all of them */
    ck_assert_int_lt(nodes.assumed, 4 * 100);
    ck_assert_int_gt(devices.assumed, 0);
}
END_TEST

/* Against the published tables, by hand. */
START_TEST(nodes_hold_the_published_values)
{
    struct spn_err err = {0};
    struct spn_node n;
    ck_assert_ok(spn_node_load(&n, "32nm-lstp", &err)); /* [neurosim14] */
    ck_assert_rel(n.feature_size_m, 32e-9, 1e-12);
    ck_assert_rel(n.vdd_V, 0.9, 1e-12);
    ck_assert_rel(n.nmos_on_A_per_m[0], 600.2, 1e-12);
    ck_assert_rel(n.nmos_on_A_per_m[10], 333.3, 1e-12);
    ck_assert_rel(n.pmos_off_A_per_m[10], 0.001457, 1e-12);
    ck_assert_rel(n.temperature_K[10], 400, 1e-12);
    ck_assert_int_eq(n.n_temperatures, 11);
    ck_assert_rel(n.wire_ohm_per_m, 2.63e-8 / (56e-9 * 56e-9 * 1.8), 1e-8);
    ck_assert_rel(n.wire_F_per_m, 0.2e-15 / 1e-6, 1e-12); /* 0.2 fF/um */
    ck_assert_ok(spn_node_load(&n, "130nm-hp", &err));
    ck_assert_rel(n.nmos_on_A_per_m[0], 930, 1e-12);
    ck_assert_rel(n.pn_ratio, 930.0 / 430.0, 1e-9); /* ratio of the on-currents */
    ck_assert_rel(n.wire_width_m, 175e-9, 1e-12);
    ck_assert_ok(spn_node_load(&n, "7nm-lstp", &err));
    ck_assert_int_eq(n.n_temperatures, 1);
    ck_assert_int_eq(n.transistor, SPN_TRANSISTOR_FINFET);
    ck_assert_rel(n.fin_channel_m, 2 * n.fin_height_m + n.fin_width_m, 1e-12);
    ck_assert_rel(n.sram_cell_width_F, 34.43, 1e-12);
}
END_TEST

/* Those beside the published ones, by the rule [M:T9]. */
START_TEST(nodes_between_follow_the_rule)
{
    struct spn_err err = {0};
    struct spn_node n, low;
    ck_assert_ok(spn_node_load(&n, "12nm-lstp", &err)); /* of 0.8 V at 14 nm and 0.75 V at 10 nm */
    ck_assert_rel(n.vdd_V, 0.75 * pow(0.8 / 0.75, log(1.2) / log(1.4)), 1e-5);
    ck_assert_int_eq(n.n_fins, 4);
    ck_assert_ok(spn_node_load(&n, "16nm-lstp", &err));
    ck_assert_rel(n.wire_width_m, 22e-9 * pow(32.0 / 22, log(1.6) / log(1.4)), 1e-5);
    ck_assert_rel(n.fin_channel_m, 2 * n.fin_height_m + n.fin_width_m, 1e-6);
    /* 300.7 and 346.3 A/m at 130 and 90 nm make 265.4 A/m at 180 nm and 1.395 V; the file has them
     * at 1.8 V by a law that leads back there */
    ck_assert_ok(spn_node_load(&n, "180nm-lstp", &err));
    ck_assert_rel(n.vdd_V, 1.8, 1e-12);
    spn_supply_scale(&low, &n, 300, 1.395);
    ck_assert_rel(low.nmos_on_A_per_m[0],
                  300.7 * pow(300.7 / 346.3, log(1.8 / 1.3) / log(1.3 / 0.9)), 0.03);
}
END_TEST

/* Capacitances of planar nodes follow from the supply: Cj = 1e-3 / (1 + Vdd/0.9)^0.5, and so on
 * [neurosim14]; a misread digit would show. pn_ratio is the ratio of the 300 K currents. */
static void check_node_law(void *ctx, const char *name, const char *path)
{
    struct spn_err err = {0};
    struct spn_node n;
    (void)path;
    ck_assert_ok(spn_node_load(&n, name, &err));
    double bias = 1 + n.vdd_V / 0.9;
    ck_assert_rel(n.sidewall_F_per_m, 2.5e-10 / pow(bias, 0.33), 1e-9);
    ck_assert_rel(n.drain_channel_F_per_m, 0.5e-10 / pow(bias, 0.33), 1e-9);
    ck_assert_rel(n.pn_ratio, n.nmos_on_A_per_m[0] / n.pmos_on_A_per_m[0], 1e-3);
    for (int i = 1; i < n.n_temperatures; i++) { /* hotter: less drive, more leakage */
        ck_assert(n.nmos_on_A_per_m[i] < n.nmos_on_A_per_m[i - 1]);
        ck_assert(n.pmos_on_A_per_m[i] < n.pmos_on_A_per_m[i - 1]);
        ck_assert(n.nmos_off_A_per_m[i] > n.nmos_off_A_per_m[i - 1]);
        ck_assert(n.pmos_off_A_per_m[i] > n.pmos_off_A_per_m[i - 1]);
    }
    if (n.transistor == SPN_TRANSISTOR_PLANAR) {
        ck_assert_rel(n.junction_F_per_m2, 1e-3 / sqrt(bias), 1e-9);
        ck_assert_rel(n.gate_overlap_F_per_m, 0.2 * n.gate_ideal_F_per_m, 1e-3);
    }
    if (n.transistor == SPN_TRANSISTOR_GAA) /* around one sheet */
        ck_assert_rel(n.fin_channel_m, 2 * (n.fin_width_m + n.sheet_thickness_m), 1e-12);
    ++*(int *)ctx;
}

START_TEST(nodes_obey_their_laws)
{
    struct spn_err err = {0};
    int n = 0;
    ck_assert_ok(spn_data_list("tech/nodes", check_node_law, &n, &err));
    ck_assert_int_eq(n, 25);
}
END_TEST

START_TEST(devices_hold_the_published_values)
{
    struct spn_err err = {0};
    struct spn_device d;
    ck_assert_ok(spn_device_load(&d, "mos2-2fefet", &err)); /* [ning2025] */
    ck_assert_rel(d.on_conductance_S, 15 * 0.4e-6, 1e-12);
    ck_assert_rel(d.on_conductance_S / d.off_conductance_S, 1e6, 1e-12);
    ck_assert_int_eq(d.n_states, 16);
    ck_assert_rel(d.programming_sd_frac, 0.04 / 6.0, 1e-6);
    ck_assert_rel(d.read_noise_frac, 0.017 / 6.0, 1e-6);
    ck_assert_rel(d.pulse.potentiation_nonlinearity, 0.523, 1e-12);
    ck_assert_rel(d.pulse.depression_nonlinearity, -0.145, 1e-12);
    ck_assert_rel(d.pulse.device_to_device_sd, 0.24, 1e-12);
    ck_assert(d.mask.present);
    /* 3 uS lose 0.05 uS in 100 s */
    ck_assert_rel(3 * pow(100 / d.drift_t0_s, -d.drift_nu), 2.95, 1e-5);
    ck_assert_ok(spn_device_load(&d, "rram-22nm", &err)); /* 6 kohm, on/off 17 */
    ck_assert_rel(1 / d.on_conductance_S, 6e3, 1e-6);
    ck_assert_rel(d.on_conductance_S / d.off_conductance_S, 17, 1e-6);
    ck_assert_rel(d.cell_height_F * d.cell_width_F, 60, 1e-12);
    ck_assert_ok(spn_device_load(&d, "mram-22nm", &err)); /* 1.4 kohm, 180 % magnetoresistance */
    ck_assert_rel(1 / d.on_conductance_S, 1.4e3, 1e-6);
    ck_assert_rel(d.on_conductance_S / d.off_conductance_S - 1, 1.8, 1e-6);
    ck_assert_ok(spn_device_load(&d, "pcm-90nm", &err)); /* 40 kohm, 12.5 */
    ck_assert_rel(d.on_conductance_S / d.off_conductance_S, 12.5, 1e-9);
    ck_assert_ok(spn_device_load(&d, "hzo-fefet-22nm", &err)); /* 240 kohm, 100 */
    ck_assert_rel(1 / d.on_conductance_S, 240e3, 1e-6);
    ck_assert_rel(d.on_conductance_S / d.off_conductance_S, 100, 1e-9);
}
END_TEST

START_TEST(base_chains_keep_what_they_do_not_say)
{
    struct spn_err err = {0};
    struct spn_device mine, base;
    struct spn_chip pairs, one;
    ck_assert_ok(spn_device_load(&base, "mos2-2fefet", &err));
    ck_assert_ok(spn_device_load(&mine, "my-fefet", &err));
    ck_assert_rel(mine.on_conductance_S, 1e-5, 1e-12);
    ck_assert_int_eq(mine.n_states, 16);
    ck_assert_rel(mine.write_voltage_V, 3.5, 1e-12);
    ck_assert_rel(mine.off_conductance_S, base.off_conductance_S, 0);
    ck_assert_rel(mine.pulse.potentiation_nonlinearity, 0.523, 1e-12); /* [ning2025] */
    ck_assert(mine.mask.present); /* so that all three schemes can be compared on it */
    ck_assert_ok(spn_chip_load(&one, "ning2025", NULL, 0, &err));
    ck_assert_ok(spn_chip_load(&pairs, "ning2025-pairs", NULL, 0, &err));
    ck_assert_int_eq(pairs.weight.encoding, SPN_ENCODING_DIFFERENTIAL);
    ck_assert_int_eq(pairs.weight.cell_bits, 8);
    ck_assert_int_eq(spn_chip_cells_per_weight(&one), 1);
    ck_assert_int_eq(spn_chip_cells_per_weight(&pairs), 2);
}
END_TEST

/* ---- files of one's own ---- */

#define PARTS                                                                                      \
    "{\"name\": \"c\", \"node\": \"45nm-hp\", \"device\": \"rram-22nm\", \"dram\": \"hbm2\", "

START_TEST(bad_files_name_file_and_place)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"{\"name\": \"c\", \"node\": \"45nm-hp\", \"device\": \"rram-22nm\"}",
         "\"dram\" is missing"},
        {"{\"name\": \"c\", \"node\": \"45nm-hp\", \"device\": \"rram-22nm\", \"dram\": \"hbm3\"}",
         "did you mean 'hbm2'"},
        {"{\"name\": \"c\", \"node\": \"45nm\", \"device\": \"rram-22nm\", \"dram\": \"hbm2\"}",
         "no node '45nm'"},
        {"{\"name\": \"c\", \"adcs\": {}}", "adcs"},
        {PARTS "\"adc\": {\"bits\": \"5\"}}", "adc.bits"},
        {PARTS "\"adc\": {\"bits\": 50}}", "outside [1, 16]"},
        {PARTS "\"clock_Hz\": 1e999}", "c.json"},
        {PARTS "\"mapping\": \"kernel-positions\"}", "did you mean \"kernel-position\""},
        {"[1]", "object"},
        {"{", "c.json"},
    };
    struct spn_err err = {0};
    struct spn_chip c;
    char path[128];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(path, "c.json", bad[i].text);
        ck_assert_fails(spn_chip_load(&c, path, NULL, 0, &err), SPN_EINPUT, bad[i].words);
    }
    struct spn_node node;
    struct spn_device device;
    struct spn_dram dram;
    write_file(path, "d.json", "{\"name\": \"x\", \"energy_J_per_bit\": 1}");
    ck_assert_fails(spn_dram_load(&dram, path, &err), SPN_EINPUT, "energy_J_per_bit");
    write_file(path, "d.json", "{\"base\": \"d.json\"}");
    ck_assert_fails(spn_dram_load(&dram, path, &err), SPN_EINPUT, "base");
    ck_assert_fails(spn_node_load(&node, path, &err), SPN_EINPUT, "d.json");
    write_file(path, "d.json", "{\"name\": \"x\", \"cell\": \"2t\"}");
    ck_assert_fails(spn_device_load(&device, path, &err), SPN_EINPUT, "cell");
    ck_assert_ok(spn_device_load(&device, "rram-gong", &err));
    device.pulse.fall_frac[5] = device.pulse.fall_frac[4];
    ck_assert_fails(spn_device_check(&device, &err), SPN_EINPUT, "pulse.fall_frac[5] = ");
    device.pulse.n_fall = 5;
    ck_assert_fails(spn_device_check(&device, &err), SPN_EINPUT, "pulse.fall_frac runs from 1 to ");
    device.pulse.n_fall = 0;
    ck_assert_fails(spn_device_check(&device, &err), SPN_EINPUT, "has 0 points");
    ck_assert_fails(spn_device_load(&device, "mos2-2fefe", &err), SPN_EINPUT,
                    "did you mean 'mos2-2fefet'");
    ck_assert_fails(spn_chip_load(&c, "/nonexistent/chip.json", NULL, 0, &err), SPN_EINPUT,
                    "/nonexistent/chip.json");
}
END_TEST

static struct spn_node small_node(void)
{
    struct spn_err err = {0};
    struct spn_node n;
    ck_assert_ok(spn_node_load(&n, "22nm-hp", &err));
    return n;
}

START_TEST(nodes_are_checked)
{
    struct spn_err err = {0};
    struct spn_node n = small_node();
    n.temperature_K[3] = n.temperature_K[2];
    ck_assert_fails(spn_node_check(&n, &err), SPN_EINPUT,
                    "temperature_K[3] = 320 K is not above 320 K");
    n = small_node();
    n.pmos_off_A_per_m[1] = 2000;
    ck_assert_fails(spn_node_check(&n, &err), SPN_EINPUT, "at 310 K");
    n = small_node();
    n.n_temperatures = 0;
    ck_assert_fails(spn_node_check(&n, &err), SPN_EINPUT, "outside [1, 11]");
    n = small_node();
    n.gate_ideal_F_per_m = n.gate_fringe_F_per_m = n.gate_overlap_F_per_m = 0;
    ck_assert_fails(spn_node_check(&n, &err), SPN_EINPUT, "sum to 0");
    n = small_node();
    n.transistor = SPN_TRANSISTOR_FINFET;
    ck_assert_fails(spn_node_check(&n, &err), SPN_EINPUT, "finfet transistor needs fin_channel_m");
    n = small_node();
    n.wire_width_m = NAN;
    ck_assert_fails(spn_node_check(&n, &err), SPN_EINPUT, "wire_ohm_per_m");
    n = small_node();
    ck_assert_ok(spn_node_check_temperature(&n, 355, &err));
    ck_assert_fails(spn_node_check_temperature(&n, NAN, &err), SPN_EINPUT, "outside [300, 400]");
}
END_TEST

static void collect(void *ctx, const char *name, const char *path)
{
    struct spn_text *text = ctx;
    (void)path;
    spn_text_add(text, "%s ", name);
}

START_TEST(data_is_found_by_name_and_path)
{
    struct spn_err err = {0};
    char path[SPN_MAX_PATH], tiny[8];
    ck_assert_ok(spn_data_find(path, sizeof path, "tech/drams", "dram", "./any/thing.json", &err));
    ck_assert_str_eq(path, "./any/thing.json");
    ck_assert_ok(spn_data_find(path, sizeof path, "tech/drams", "dram", "hbm2", &err));
    ck_assert_ptr_nonnull(strstr(path, "/tech/drams/hbm2.json"));
    ck_assert_fails(spn_data_find(path, sizeof path, "tech/drams", "dram", "ddr", &err), SPN_EINPUT,
                    "no dram 'ddr' (did you mean 'ddr4'? known: ddr4, gddr5, hbm2, lpddr4)");
    ck_assert_fails(spn_data_find(path, sizeof path, "tech/drams", "dram", "..", &err), SPN_EINPUT,
                    "no dram '..'");
    ck_assert_fails(spn_data_find(path, sizeof path, "tech/drams", "dram", "a\nb", &err),
                    SPN_EINPUT, "a?b");
    ck_assert_fails(spn_data_find(path, sizeof path, "tech/none", "thing", "x", &err), SPN_EINPUT,
                    "no data folder 'tech/none'");
    ck_assert_fails(spn_data_find(tiny, sizeof tiny, "tech/drams", "dram", "hbm2", &err),
                    SPN_EINPUT, "longer than 7");
    ck_assert_fails(spn_data_find(tiny, sizeof tiny, "tech/drams", "dram", "./hbm2.json", &err),
                    SPN_EINPUT, "longer than 7");
    struct spn_text names = {0};
    ck_assert_ok(spn_data_list("tech/drams", collect, &names, &err));
    ck_assert_str_eq(names.data, "ddr4 gddr5 hbm2 lpddr4 "); /* sorted */
    spn_text_clear(&names);
    ck_assert_fails(spn_data_list("tech/none", collect, &names, &err), SPN_EINPUT, "tech/none");
}
END_TEST

START_TEST(field_tables_describe_themselves)
{
    struct spn_text help = {0};
    spn_field_help(spn_chip_fields, "chip", &help);
    spn_field_help(spn_node_fields, "node", &help);
    spn_field_help(spn_device_fields, "device", &help);
    spn_field_help(spn_dram_fields, "dram", &help);
    ck_assert(!help.failed);
    ck_assert_ptr_nonnull(strstr(help.data, "chip.adc.bits"));
    ck_assert_ptr_nonnull(strstr(help.data, "device.mask.cell_width_F"));
    spn_text_clear(&help);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("tech");
    TCase *data = tcase_create("data"), *rules = tcase_create("rules"),
          *files = tcase_create("files");
    tcase_add_unchecked_fixture(data, use_repository, NULL);
    tcase_add_test(data, every_shipped_file_loads_and_has_sources);
    tcase_add_test(data, nodes_hold_the_published_values);
    tcase_add_test(data, nodes_between_follow_the_rule);
    tcase_add_test(data, nodes_obey_their_laws);
    tcase_add_test(data, devices_hold_the_published_values);
    tcase_add_test(data, base_chains_keep_what_they_do_not_say);
    tcase_add_test(data, data_is_found_by_name_and_path);
    suite_add_tcase(suite, data);
    tcase_add_unchecked_fixture(rules, use_repository, NULL);
    tcase_add_test(rules, nodes_are_checked);
    tcase_add_test(rules, field_tables_describe_themselves);
    suite_add_tcase(suite, rules);
    tcase_add_checked_fixture(files, make_scratch, remove_scratch);
    tcase_add_test(files, bad_files_name_file_and_place);
    suite_add_tcase(suite, files);
    return suite;
}
