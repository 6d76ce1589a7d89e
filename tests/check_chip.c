/* check_chip.c -- chips: published values, overrides, combinations, files of one's own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "tech/chip.h"
#include "tech/data.h"
#include "tests/tech_setup.h"

static void count_chip_source(void *ctx, const char *file, const struct spn_json_source *s)
{
    ck_assert_ptr_nonnull(strstr(file, ".json"));
    count_source(ctx, s);
}

static void note_device(void *ctx, const char *file, const struct spn_json_source *s)
{
    (void)s;
    if (strstr(file, "rram-22nm.json"))
        *(const char **)ctx = "rram-22nm.json";
    ck_assert_ptr_null(strstr(file, "mos2-2fefet.json"));
}

START_TEST(sources_of_a_chip_cover_its_parts)
{
    struct spn_err err = {0};
    struct count all = {0}, parts = {0};
    ck_assert_ok(spn_chip_sources("ning2025", NULL, 0, count_chip_source, &all, &err));
    char path[SPN_MAX_PATH];
    const char *dirs[] = {"tech/chips", "tech/nodes", "tech/devices", "tech/drams"};
    const char *names[] = {"ning2025", "32nm-lstp", "mos2-2fefet", "hbm2"};
    for (int i = 0; i < 4; i++) {
        ck_assert_ok(spn_data_find(path, sizeof path, dirs[i], "file", names[i], &err));
        check_sources(&parts, path);
    }
    ck_assert_int_eq(all.numbers, parts.numbers);
    ck_assert_int_eq(all.assumed, parts.assumed);
    const struct spn_override device = {"chip.device", "rram-22nm"};
    const char *used = NULL; /* the device that an override names, not the chip's own */
    ck_assert_ok(spn_chip_sources("ning2025", &device, 1, note_device, &used, &err));
    ck_assert_ptr_nonnull(used);
    ck_assert_fails(spn_chip_sources("ning2026", NULL, 0, count_chip_source, &all, &err),
                    SPN_EINPUT, "did you mean 'ning2025'");
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

/* ---- overrides and checks ---- */

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
    const struct spn_override seven[] = {{"chip.node", "7nm-lstp"}, {"chip.temperature_K", "410"}};
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
    c.device.n_states = c.device.pulse.n_levels + 2; /* a pulse passes more than one */
    ck_assert_ptr_nonnull(spn_chip_warning(&c, 0, text, sizeof text));
    ck_assert_ptr_nonnull(strstr(text, "device.pulse.n_levels"));
}
END_TEST

/* [M:T5]: all bits, the magnitude, or the magnitude and a sign cell, cut into cells */
START_TEST(cells_per_weight_by_hand)
{
    static const struct {
        int bits, cell_bits, encoding, digits, cells;
    } want[] = {{8, 1, SPN_ENCODING_OFFSET, 8, 8},          {8, 3, SPN_ENCODING_OFFSET, 3, 3},
                {8, 2, SPN_ENCODING_TWOS_COMPLEMENT, 5, 5}, {5, 4, SPN_ENCODING_DIFFERENTIAL, 1, 2},
                {4, 3, SPN_ENCODING_DIFFERENTIAL, 1, 2},    {8, 2, SPN_ENCODING_DIFFERENTIAL, 4, 8},
                {2, 2, SPN_ENCODING_DIFFERENTIAL, 1, 2},    {8, 8, SPN_ENCODING_OFFSET, 1, 1},
                {8, 1, SPN_ENCODING_TWOS_COMPLEMENT, 8, 8}};
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

Suite *spn_suite(void)
{
    Suite *suite = suite_create("chip");
    TCase *rules = tcase_create("rules"), *files = tcase_create("files");
    tcase_add_unchecked_fixture(rules, use_repository, NULL);
    tcase_add_test(rules, sources_of_a_chip_cover_its_parts);
    tcase_add_test(rules, chips_hold_the_published_values);
    tcase_add_test(rules, overrides_reach_all_four_files);
    tcase_add_test(rules, wrong_overrides_are_usage_errors);
    tcase_add_test(rules, combinations_are_checked);
    tcase_add_test(rules, warnings_say_what_is_stretched);
    tcase_add_test(rules, cells_per_weight_by_hand);
    suite_add_tcase(suite, rules);
    tcase_add_checked_fixture(files, make_scratch, remove_scratch);
    tcase_add_test(files, own_files_stand_beside_the_chip);
    suite_add_tcase(suite, files);
    return suite;
}
