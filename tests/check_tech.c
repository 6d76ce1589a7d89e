/* check_tech.c -- nodes, devices, DRAMs and chips: shipped files, errors, overrides.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "tech/chip.h"
#include "tech/data.h"
#include "tests/check.h"

/* The repository's data, whatever folder the test runs in. */
static void use_repository(void)
{
    const char *srcdir = getenv("srcdir");
    setenv("SPINDLE_DATA", srcdir ? srcdir : ".", 0);
}

static char scratch[64];

static void make_scratch(void)
{
    use_repository();
    snprintf(scratch, sizeof scratch, "/tmp/spindle-tech-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static void remove_scratch(void)
{
    const char *files[] = {"a.json", "b.json", "c.json", "d.json"};
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", scratch, files[i]);
        unlink(path);
    }
    rmdir(scratch);
}

static const char *write_file(char path[128], const char *name, const char *text)
{
    snprintf(path, 128, "%s/%s", scratch, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
    return path;
}

/* ---- shipped files ---- */

struct count {
    int files, numbers, assumed;
};

static void count_source(void *ctx, const struct spn_json_source *s)
{
    struct count *n = ctx;
    n->numbers++;
    n->assumed += s->assumed;
    ck_assert_msg(s->source[0] != '\0', "%s = %g has no source", s->path, s->value);
}

static void check_sources(struct count *n, const char *path)
{
    struct spn_err err = {0};
    struct spn_json *doc = NULL;
    ck_assert_ok(spn_json_load(&doc, path, &err));
    spn_json_sources(doc, count_source, n);
    spn_json_destroy(doc);
    n->files++;
}

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
    ck_assert_int_eq(nodes.files, 19); /* 6 nodes x HP, LSTP and 7 of LSTP alone */
    ck_assert_int_ge(devices.files, 12);
    ck_assert_int_ge(drams.files, 4);
    ck_assert_int_ge(chips.files, 5);
    ck_assert_int_ge(nodes.numbers, 19 * 24);
    ck_assert_int_eq(nodes.assumed, 0);
    ck_assert_int_gt(devices.assumed, 0);
}
END_TEST

static void count_chip_source(void *ctx, const char *file, const struct spn_json_source *s)
{
    ck_assert_ptr_nonnull(strstr(file, ".json"));
    count_source(ctx, s);
}

START_TEST(sources_of_a_chip_cover_its_parts)
{
    struct spn_err err = {0};
    struct count all = {0}, parts = {0};
    ck_assert_ok(spn_chip_sources("ning2025", count_chip_source, &all, &err));
    char path[SPN_DATA_PATH];
    const char *dirs[] = {"tech/chips", "tech/nodes", "tech/devices", "tech/drams"};
    const char *names[] = {"ning2025", "32nm-lstp", "mos2-2fefet", "hbm2"};
    for (int i = 0; i < 4; i++) {
        ck_assert_ok(spn_data_find(path, sizeof path, dirs[i], "file", names[i], &err));
        check_sources(&parts, path);
    }
    ck_assert_int_eq(all.numbers, parts.numbers);
    ck_assert_int_eq(all.assumed, parts.assumed);
    ck_assert_fails(spn_chip_sources("ning2026", count_chip_source, &all, &err), SPN_EINPUT,
                    "did you mean 'ning2025'");
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
    ck_assert_int_eq(n, 19);
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
    ck_assert_ok(spn_device_load(&base, "hzo-fefet-22nm", &err));
    ck_assert_ok(spn_device_load(&mine, "my-fefet", &err));
    ck_assert_rel(mine.on_conductance_S, 1e-5, 1e-12);
    ck_assert_int_eq(mine.n_states, 16);
    ck_assert_rel(mine.write_voltage_V, 3.5, 1e-12);
    ck_assert_rel(mine.off_conductance_S, base.off_conductance_S, 0);
    ck_assert_rel(mine.pulse.potentiation_nonlinearity, 1.75, 1e-12);
    ck_assert_ok(spn_chip_load(&one, "ning2025", NULL, 0, &err));
    ck_assert_ok(spn_chip_load(&pairs, "ning2025-pairs", NULL, 0, &err));
    ck_assert_int_eq(pairs.weight.encoding, SPN_ENCODING_DIFFERENTIAL);
    ck_assert_int_eq(pairs.weight.cell_bits, 8);
    ck_assert_int_eq(spn_chip_cells_per_weight(&one), 1);
    ck_assert_int_eq(spn_chip_cells_per_weight(&pairs), 2);
}
END_TEST

START_TEST(chips_hold_the_published_values)
{
    struct spn_err err = {0};
    struct spn_chip c;
    ck_assert_ok(spn_chip_load(&c, "ning2025", NULL, 0, &err));
    ck_assert_int_eq(c.array.rows, 64);
    ck_assert_int_eq(c.array.columns, 64);
    ck_assert_int_eq(c.pe.arrays * c.tile.pes, 64);
    ck_assert_int_eq(c.adc.bits, 5);
    ck_assert_int_eq(c.mapping, SPN_MAPPING_KERNEL_POSITION);
    ck_assert_int_eq(c.sparsity.scheme, SPN_SCHEME_INDEX_FREE);
    ck_assert_int_eq(c.write.index_free_method, SPN_UPDATE_VECTOR);
    ck_assert_str_eq(c.node.name, "32nm-lstp");
    ck_assert_str_eq(c.device.name, "mos2-2fefet");
    ck_assert_rel(c.dram.bandwidth_bit_per_s, 256e9 * 8, 1e-12); /* 256 GB/s */
    ck_assert_ok(spn_chip_load(&c, "yao2020-macro", NULL, 0, &err));
    ck_assert_int_eq(c.array.columns / c.adc.columns_per_adc, 32); /* ADCs */
    ck_assert_int_eq(spn_chip_cells_per_weight(&c), 2);            /* 15 levels from 2 x 8 */
    /* 4 F of 130 nm in F of 65 nm */
    ck_assert_rel(c.device.cell_width_F * c.node.feature_size_m, 4 * 130e-9, 1e-9);
    ck_assert_ok(spn_chip_load(&c, "neurosim-22nm", NULL, 0, &err));
    ck_assert_int_eq(spn_chip_cells_per_weight(&c), 8);
    ck_assert_ok(spn_chip_load(&c, "rram-22nm", NULL, 0, &err));
    ck_assert_int_eq(spn_chip_cells_per_weight(&c), 14); /* 7 bits of magnitude, twice */
}
END_TEST

/* ---- overrides ---- */

static enum spn_status set(struct spn_chip *chip, const char *path, const char *value,
                           struct spn_err *err)
{
    const struct spn_override o = {path, value};
    return spn_chip_load(chip, "ning2025", &o, 1, err);
}

START_TEST(overrides_reach_all_four_files)
{
    struct spn_err err = {0};
    struct spn_chip c;
    const struct spn_override all[] = {
        {"chip.adc.bits", "6"},        {"node.vdd_V", "0.8"},
        {"device.n_states", "32"},     {"device.pulse.n_levels", "31"},
        {"dram.latency_s", "5e-8"},    {"chip.weight.encoding", "differential"},
        {"chip.node", "22nm-lstp"},    {"chip.temperature_K", "355"},
        {"chip.write.verify", "true"}, {"device.mask.cell_width_F", "7.5"},
        {"chip.adc.kind", "adc-sar"},  {"chip.adc.bits", "7"},
    };
    ck_assert_ok(spn_chip_load(&c, "ning2025", all, sizeof all / sizeof *all, &err));
    ck_assert_int_eq(c.adc.bits, 7); /* the later one wins */
    ck_assert_rel(c.node.vdd_V, 0.8, 1e-12);
    ck_assert_str_eq(c.node.name, "22nm-lstp");
    ck_assert_int_eq(c.device.n_states, 32);
    ck_assert_int_eq(c.device.pulse.n_levels, 31);
    ck_assert_rel(c.device.mask.cell_width_F, 7.5, 1e-12);
    ck_assert_rel(c.dram.latency_s, 5e-8, 1e-12);
    ck_assert_int_eq(c.weight.encoding, SPN_ENCODING_DIFFERENTIAL);
    ck_assert(c.write.verify);
    ck_assert_str_eq(c.adc.kind, "adc-sar");
}
END_TEST

START_TEST(wrong_overrides_are_usage_errors)
{
    struct spn_err err = {0};
    struct spn_chip c, before;
    memset(&c, 0x5a, sizeof c);
    before = c;
    ck_assert_fails(set(&c, "chips.adc.bits", "6", &err), SPN_EUSAGE, "did you mean 'chip'");
    ck_assert_fails(set(&c, "xyzzy.bits", "6", &err), SPN_EUSAGE, "chip, node, device or dram");
    ck_assert_fails(set(&c, "chip", "6", &err), SPN_EUSAGE, "chip.NAME");
    ck_assert_fails(set(&c, "", "6", &err), SPN_EUSAGE, "no root");
    ck_assert_fails(set(&c, "chip.adc.bit", "6", &err), SPN_EUSAGE, "did you mean \"bits\"");
    ck_assert_fails(set(&c, "chip.adc", "6", &err), SPN_EUSAGE, "chip.adc");
    ck_assert_fails(set(&c, "chip.adc.bits", "99", &err), SPN_EUSAGE, "outside [1, 16]");
    ck_assert_fails(set(&c, "chip.adc.bits", "6.5", &err), SPN_EUSAGE, "whole number");
    ck_assert_fails(set(&c, "chip.adc.bits", "six", &err), SPN_EUSAGE, "six");
    ck_assert_fails(set(&c, "chip.clock_Hz", "nan", &err), SPN_EUSAGE, "chip.clock_Hz");
    ck_assert_fails(set(&c, "chip.weight.encoding", "offse", &err), SPN_EUSAGE, "\"offset\"");
    ck_assert_fails(set(&c, "device.write_voltage_V", "-1", &err), SPN_EUSAGE, "outside");
    ck_assert_fails(set(&c, "node.vddd_V", "1", &err), SPN_EUSAGE, "vdd_V");
    ck_assert_int_eq(err.status, SPN_EUSAGE);
    ck_assert_fails(set(&c, "dram.latency_s", "1 ns", &err), SPN_EUSAGE, "dram.latency_s");
    ck_assert_fails(set(&c, "chip.node", "33nm-lstp", &err), SPN_EINPUT, "no node '33nm-lstp'");
    ck_assert_fails(set(&c, "chip.node", "../x", &err), SPN_EINPUT, "../x");
    ck_assert_fails(set(&c, "chip.device", "UPPER", &err), SPN_EINPUT, "UPPER");
    ck_assert_int_eq(memcmp(&c, &before, sizeof c), 0);
}
END_TEST

START_TEST(combinations_are_checked)
{
    static const struct {
        const char *path, *value, *words;
    } bad[] = {
        {"chip.weight.cell_bits", "9", "chip.weight.cell_bits = 9 is above chip.weight.bits = 8"},
        {"chip.input.dac_bits", "9", "chip.input.dac_bits = 9 is above chip.input.bits = 8"},
        {"chip.array.rows_read", "65", "chip.array.rows_read = 65 is above chip.array.rows = 64"},
        {"chip.adc.columns_per_adc", "7", "7 does not divide chip.array.columns = 64"},
        {"chip.pe.arrays", "15", "chip.pe.arrays = 15 is not a square"},
        {"chip.tile.pes", "8", "chip.tile.pes = 8 is not a square"},
        {"chip.temperature_K", "290", "outside [300, 400]"},
        {"chip.temperature_K", "401", "outside [300, 400]"},
        {"chip.adc.kind", "ADC", "chip.adc.kind"},
        {"chip.name", "a b", "chip.name"},
        {"chip.sparsity.index_format", "a/b", "chip.sparsity.index_format"},
        {"chip.device", "sram-6t", "an SRAM cell ('sram-6t') holds 1 bit"},
        {"device.off_conductance_S", "1e-5", "is not below on_conductance_S"},
        {"device.name", "a_b", "device name"},
        {"device.mask.on_conductance_S", "1e-10", "mask.off_conductance_S"},
        {"device.mask.cell_width_F", "5", "smaller than without"},
        {"device.mask.write_pulse_s", "0", "mask.write_pulse_s"},
        {"device.drift_t0_s", "0", "drift_t0_s"},
        {"device.gate_area_F2", "0", "gate_area_F2"},
        {"node.vth_V", "0.95", "vth_V = 0.95 V is not below vdd_V"},
        {"node.temperature_K", "300", "nmos_on_A_per_m has 11 entries, temperature_K has 1"},
        {"node.wire_width_m", "1e-7", "wire_ohm_per_m"},
        {"node.name", "X", "node name"},
    };
    struct spn_err err = {0};
    struct spn_chip c;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_fails(set(&c, bad[i].path, bad[i].value, &err), SPN_EINPUT, bad[i].words);
    const struct spn_override seven[] = {{"chip.node", "7nm-lstp"}, {"chip.temperature_K", "310"}};
    ck_assert_fails(spn_chip_load(&c, "ning2025", seven, 2, &err), SPN_EINPUT,
                    "tabulated at 300 K only");
    ck_assert_ok(spn_chip_load(&c, "ning2025", seven, 1, &err));
    const struct spn_override stuck[] = {{"device.stuck_on_frac", "0.6"},
                                         {"device.stuck_off_frac", "0.6"}};
    ck_assert_fails(spn_chip_load(&c, "ning2025", stuck, 2, &err), SPN_EINPUT, "above 1");
    const struct spn_override wide[] = {{"chip.array.columns", "8"},
                                        {"chip.weight.cell_bits", "1"},
                                        {"chip.weight.encoding", "differential"}};
    ck_assert_fails(spn_chip_load(&c, "ning2025", wide, 3, &err), SPN_EINPUT,
                    "a weight takes 14 columns");
}
END_TEST

START_TEST(warnings_say_what_is_stretched)
{
    struct spn_err err = {0};
    struct spn_chip c;
    char text[400];
    ck_assert_ok(spn_chip_load(&c, "ning2025", NULL, 0, &err)); /* 8 bit in 16 states */
    ck_assert_ptr_nonnull(spn_chip_warning(&c, 0, text, sizeof text));
    ck_assert_ptr_nonnull(strstr(text, "256 levels"));
    ck_assert_ptr_nonnull(strstr(text, "16 distinguishable"));
    ck_assert_ptr_null(spn_chip_warning(&c, 1, text, sizeof text));
    ck_assert_ok(set(&c, "chip.temperature_K", "350", &err));
    ck_assert_ptr_nonnull(spn_chip_warning(&c, 1, text, sizeof text));
    ck_assert_ptr_nonnull(strstr(text, "350"));
    ck_assert_ok(set(&c, "chip.weight.cell_bits", "4", &err));
    ck_assert_ptr_null(spn_chip_warning(&c, 0, text, sizeof text));
    ck_assert_ok(spn_chip_load(&c, "yao2020-macro", NULL, 0, &err));
    ck_assert_ptr_null(spn_chip_warning(&c, 0, text, sizeof text));
}
END_TEST

/* digits: ceil(bits / cell_bits), of the magnitude for pairs [M:T4] */
START_TEST(cells_per_weight_by_hand)
{
    static const struct {
        int bits, cell_bits, encoding, digits, cells;
    } want[] = {{8, 1, SPN_ENCODING_OFFSET, 8, 8},          {8, 3, SPN_ENCODING_OFFSET, 3, 3},
                {8, 2, SPN_ENCODING_TWOS_COMPLEMENT, 4, 4}, {5, 4, SPN_ENCODING_DIFFERENTIAL, 1, 2},
                {4, 3, SPN_ENCODING_DIFFERENTIAL, 1, 2},    {8, 2, SPN_ENCODING_DIFFERENTIAL, 4, 8},
                {2, 2, SPN_ENCODING_DIFFERENTIAL, 1, 2},    {8, 8, SPN_ENCODING_OFFSET, 1, 1}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct spn_chip c = spn_chip_default();
        c.weight.bits = want[i].bits;
        c.weight.cell_bits = want[i].cell_bits;
        c.weight.encoding = want[i].encoding;
        ck_assert_int_eq(spn_chip_digits_per_weight(&c), want[i].digits);
        ck_assert_int_eq(spn_chip_cells_per_weight(&c), want[i].cells);
    }
}
END_TEST

/* ---- files of one's own ---- */

START_TEST(own_files_stand_beside_the_chip)
{
    struct spn_err err = {0};
    struct spn_chip c;
    char chip[128], device[128], far[128];
    write_file(device, "a.json",
               "{\"name\": \"mine\", \"cell\": \"1t1r\", \"on_conductance_S\": 2.385e-5, "
               "\"off_conductance_S\": 1e-7,"
               " \"cell_height_F\": 4, \"cell_width_F\": 4, \"read_voltage_V\": 0.2, "
               "\"read_pulse_s\": 1e-8,"
               " \"write_voltage_V\": 2, \"write_pulse_s\": 5e-8}");
    write_file(
        chip, "b.json",
        "{\"name\": \"b\", \"node\": \"45nm-hp\", \"device\": \"a.json\", \"dram\": \"ddr4\"}");
    ck_assert_ok(spn_chip_load(&c, chip, NULL, 0, &err));
    ck_assert_rel(c.device.on_conductance_S, 2.385e-5, 1e-12);
    ck_assert_int_eq(c.device.n_states, 2); /* binary unless told */
    ck_assert_int_eq(c.device.pulse.n_levels, 1);
    ck_assert_str_eq(c.node.name, "45nm-hp");
    ck_assert_int_eq(c.array.rows, spn_chip_default().array.rows);
    write_file(
        far, "c.json",
        "{\"name\": \"c\", \"node\": \"45nm-hp\", \"device\": \"gone.json\", \"dram\": \"ddr4\"}");
    ck_assert_fails(spn_chip_load(&c, far, NULL, 0, &err), SPN_EINPUT, "gone.json");
    write_file(far, "c.json",
               "{\"name\": \"c\", \"node\": \"45nm-hp\", \"device\": \"\", \"dram\": \"ddr4\"}");
    ck_assert_fails(spn_chip_load(&c, far, NULL, 0, &err), SPN_EINPUT, "chip.device");
}
END_TEST

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
    char path[SPN_DATA_PATH], tiny[8];
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
    tcase_add_test(data, sources_of_a_chip_cover_its_parts);
    tcase_add_test(data, nodes_hold_the_published_values);
    tcase_add_test(data, nodes_obey_their_laws);
    tcase_add_test(data, devices_hold_the_published_values);
    tcase_add_test(data, chips_hold_the_published_values);
    tcase_add_test(data, base_chains_keep_what_they_do_not_say);
    tcase_add_test(data, data_is_found_by_name_and_path);
    suite_add_tcase(suite, data);
    tcase_add_unchecked_fixture(rules, use_repository, NULL);
    tcase_add_test(rules, overrides_reach_all_four_files);
    tcase_add_test(rules, wrong_overrides_are_usage_errors);
    tcase_add_test(rules, combinations_are_checked);
    tcase_add_test(rules, warnings_say_what_is_stretched);
    tcase_add_test(rules, cells_per_weight_by_hand);
    tcase_add_test(rules, nodes_are_checked);
    tcase_add_test(rules, field_tables_describe_themselves);
    suite_add_tcase(suite, rules);
    tcase_add_checked_fixture(files, make_scratch, remove_scratch);
    tcase_add_test(files, own_files_stand_beside_the_chip);
    tcase_add_test(files, bad_files_name_file_and_place);
    suite_add_tcase(suite, files);
    return suite;
}
