/* check_memory.c -- SRAM buffers, DRAM, index memory and index decoders.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "base/json.h"
#include "models/decoder.h"
#include "models/dram.h"
#include "models/gate.h"
#include "models/index.h"
#include "models/logic.h"
#include "models/sram.h"
#include "models/wire.h"
#include "tests/check.h"
#include "tests/model_setup.h"
#include "tests/neurosim_blocks.h"

/* One mat of 128 x 32 cells, 32 bits a word: every term by hand. Access width 1.31 F; bit line 128
 * x 10 F long; word line 32 x 28 F with two access gates per cell. */
START_TEST(one_mat_by_hand)
{
    struct spn_sram p = spn_sram_default(128 * 32, 32);
    p.rows = 128;
    struct spn_component_cost c = cost_of(&spn_component_sram, &p);
    const double f_m = 32e-9, cv2 = 0.9 * 0.9, access_m = 1.31 * f_m;
    double word_F = 32 * 28 * f_m * 2e-10 + 32 * 2 * 16.9070118e-10 * access_m;
    double line_F =
        128 * 10 * f_m * 2e-10 + 128 * 0.5 * spn_gate_drain_F(&env32, SPN_CHANNEL_N, access_m);
    struct spn_decoder lines = {128, word_F, 32 * 28 * f_m * 4.65915533e6, 10 * f_m};
    struct spn_component_cost decoder = cost_of(&spn_component_decoder, &lines);
    /* 128/64 = 2 least PMOS widths for each of three precharge transistors */
    double precharge_F = 32 * 3 * 16.9070118e-10 * 2 * 2 * 1.5005 * f_m;
    struct spn_gate latch = spn_gate_inverter(&env32, 8 * f_m, 8 * 1.5005 * f_m);
    double latch_F = 3 * latch.input_F + latch.output_F;
    double open_J = decoder.action[0].energy_J + cv2 * (word_F + precharge_F + 32 * 0.1 * line_F);
    ck_assert_rel(c.action[SPN_SRAM_READ].energy_J, open_J + 32 * cv2 * latch_F, 1e-6);
    struct spn_chain driver = spn_gate_chain(&env32, 2 * f_m, line_F);
    ck_assert_rel(c.action[SPN_SRAM_WRITE].energy_J,
                  open_J + 32 * cv2 * (0.9 * line_F + driver.internal_F), 1e-6);
    double cells_m2 = 128 * 32 * 280 * f_m * f_m;
    ck_assert(c.area_m2 > cells_m2 && c.area_m2 < 2 * cells_m2);
    /* off: pull-down, access (2.08 + 1.31 F) and pull-up (1.23 F) */
    double cells_W = 128 * 32 * 0.9 * 1.001e-4 * (2.08 + 1.31 + 1.23) * f_m;
    ck_assert(c.leakage_W > cells_W && c.leakage_W < 2 * cells_W);
}
END_TEST

START_TEST(swing_and_supply)
{
    struct spn_sram p = spn_sram_default(1 << 14, 64);
    double low_J = cost_of(&spn_component_sram, &p).action[SPN_SRAM_READ].energy_J;
    p.read_swing_frac = 0.3;
    double mid_J = cost_of(&spn_component_sram, &p).action[SPN_SRAM_READ].energy_J;
    p.read_swing_frac = 0.5;
    double high_J = cost_of(&spn_component_sram, &p).action[SPN_SRAM_READ].energy_J;
    ck_assert_rel(high_J - mid_J, mid_J - low_J, 1e-9); /* linear in the swing */

    struct spn_node node = node32;
    node.vdd_V *= 1.1;
    struct spn_env env = {&node, 300, 1e9};
    struct spn_err err;
    struct spn_component_cost c;
    ck_assert_ok(spn_component_sram.eval(&p, &env, &c, &err));
    ck_assert_rel(c.action[SPN_SRAM_READ].energy_J, 1.21 * high_J, 1e-9);
}
END_TEST

START_TEST(capacity)
{
    double last_J = 0, last_m2 = 0;
    for (int64_t bits = 1 << 10; bits <= 1 << 28; bits *= 4) {
        struct spn_sram p = spn_sram_default(bits, 128);
        struct spn_component_cost c = cost_of(&spn_component_sram, &p);
        ck_assert(c.action[SPN_SRAM_READ].energy_J > last_J);
        ck_assert(c.area_m2 > last_m2);
        /* Cells of 280 F2 take at least 55 % of a macro, and more of a larger one. */
        ck_assert((double)bits * 280 * 1.024e-15 / c.area_m2 > 0.55);
        last_J = c.action[SPN_SRAM_READ].energy_J;
        last_m2 = c.area_m2;
    }
    /* Odd sizes hold at least what is asked. */
    struct spn_sram odd = spn_sram_default(100003, 24);
    ck_assert(cost_of(&spn_component_sram, &odd).area_m2 > 100003 * 280 * 1.024e-15);
    struct spn_sram one = spn_sram_default(1, 1);
    ck_assert(cost_of(&spn_component_sram, &one).action[SPN_SRAM_READ].energy_J > 0);
    struct spn_sram wide = spn_sram_default(1 << 16, 1024), narrow = spn_sram_default(1 << 16, 128);
    ck_assert(cost_of(&spn_component_sram, &wide).action[SPN_SRAM_READ].energy_J >
              4 * cost_of(&spn_component_sram, &narrow).action[SPN_SRAM_READ].energy_J);
}
END_TEST

/* Words of ones never change on the way between port and mats; cells and bit lines cost the same.
 */
START_TEST(data_on_the_way)
{
    struct spn_sram p = spn_sram_default(1 << 20, 64);
    struct spn_component_cost random = cost_of(&spn_component_sram, &p);
    p.one_frac = 1;
    struct spn_component_cost ones = cost_of(&spn_component_sram, &p);
    for (int i = 0; i < 2; i++) {
        ck_assert(random.toggled_J[i] > 0 && ones.toggled_J[i] == 0);
        ck_assert_rel(random.action[i].energy_J - ones.action[i].energy_J, random.toggled_J[i],
                      1e-9);
    }
}
END_TEST

START_TEST(bad_sram)
{
    struct spn_err err;
    struct spn_component_cost c = {.area_m2 = 2.385};
    struct spn_sram p = spn_sram_default(0, 1);
    ck_assert_fails(spn_component_sram.eval(&p, &env32, &c, &err), SPN_EINPUT,
                    "sram.capacity_bit = 0 outside");
    p = spn_sram_default(64, 65);
    ck_assert_fails(spn_component_sram.eval(&p, &env32, &c, &err), SPN_EINPUT,
                    "word_bit = 65 above capacity_bit = 64");
    p = spn_sram_default(64, 8);
    p.read_swing_frac = 0;
    ck_assert_fails(spn_component_sram.eval(&p, &env32, &c, &err), SPN_EINPUT,
                    "read_swing_frac = 0");
    ck_assert(c.area_m2 == 2.385);
}
END_TEST

START_TEST(dram)
{
    struct spn_dram p = {
        .energy_J_per_bit = 3.9e-12, .bandwidth_bit_per_s = 2.048e12, .latency_s = 42e-9};
    struct spn_component_cost c = cost_of(&spn_component_dram, &p);
    ck_assert_rel(c.action[SPN_DRAM_BIT].energy_J, 3.9e-12, 0);
    ck_assert_rel(c.action[SPN_DRAM_BIT].latency_s, 1 / 2.048e12, 1e-15);
    ck_assert_rel(c.action[SPN_DRAM_ACCESS].latency_s, 42e-9, 0);
    ck_assert(c.area_m2 == 0 && c.leakage_W == 0);
    struct spn_err err;
    p.bandwidth_bit_per_s = 0;
    ck_assert_fails(spn_component_dram.eval(&p, &env32, &c, &err), SPN_EINPUT,
                    "dram.bandwidth_bit_per_s");
}
END_TEST

START_TEST(index_memory_is_sram)
{
    struct spn_sram p = spn_sram_default(1 << 15, 64);
    struct spn_component_cost a = cost_of(&spn_component_sram, &p);
    struct spn_component_cost b = cost_of(&spn_component_index_memory, &p);
    ck_assert_int_eq(memcmp(&a, &b, sizeof a), 0);
}
END_TEST

/* A window of 2.385 bits a clock at 1 GHz; csr of 6-bit columns into 12-bit positions. */
START_TEST(decoders)
{
    struct spn_logic logic;
    spn_logic_init(&logic, &env32);
    struct spn_index_decoder p = {.walk = SPN_INDEX_WALK_CSR,
                                  .bits_per_cycle = 2.385,
                                  .emits_per_cycle = 1,
                                  .entry_bits = 6,
                                  .position_bits = 12,
                                  .toggle_frac = 0.5};
    struct spn_component_cost csr = cost_of(&spn_component_index_decoder, &p);
    struct spn_cost bit = spn_logic_register(&logic, 1, 0.5);
    ck_assert_rel(csr.action[SPN_INDEX_DECODER_BIT].energy_J, bit.energy_J, 1e-12);
    ck_assert_rel(csr.action[SPN_INDEX_DECODER_BIT].latency_s, 1e-9 / 2.385, 1e-12);
    struct spn_cost add = spn_logic_adder(&logic, 12, 0.5);
    ck_assert_rel(csr.action[SPN_INDEX_DECODER_EMIT].energy_J, add.energy_J + 12 * bit.energy_J,
                  1e-12);
    ck_assert_rel(csr.area_m2, add.area_m2 + 18 * bit.area_m2, 1e-12);

    p.walk = SPN_INDEX_WALK_BITMAP; /* has a priority encoder, so more per kept weight */
    p.bits_per_cycle = 64;
    struct spn_component_cost bitmap = cost_of(&spn_component_index_decoder, &p);
    ck_assert(bitmap.action[SPN_INDEX_DECODER_EMIT].energy_J >
              csr.action[SPN_INDEX_DECODER_EMIT].energy_J);
    ck_assert_rel(bitmap.action[SPN_INDEX_DECODER_BIT].latency_s, 1e-9 / 64, 1e-12);
    p.emits_per_cycle = 2;
    ck_assert(cost_of(&spn_component_index_decoder, &p).area_m2 > bitmap.area_m2);

    struct spn_err err;
    p.walk = SPN_INDEX_WALK_RLE;
    p.entry_bits = 0;
    ck_assert_fails(spn_component_index_decoder.eval(&p, &env32, &csr, &err), SPN_EINPUT,
                    "entry_bits = 0 below 1 for rle");
    p.walk = 3;
    ck_assert_fails(spn_component_index_decoder.eval(&p, &env32, &csr, &err), SPN_EINPUT,
                    "index-decoder.walk = 3");
}
END_TEST

/* 128 x 128 SRAM beside NeuroSim's: area agrees; its leakage leaves out the cells, its read senses
 * no stated swing and its write leaves out the half-selected columns, so energies and delays agree
 * in size only. */
START_TEST(sram_beside_neurosim)
{
    struct spn_err err;
    struct spn_json *doc = NULL;
    const size_t n = golden_load(&doc);
    for (size_t i = 0; i < n; i++) {
        struct spn_node node;
        struct spn_json_at blocks = golden_blocks(doc, i, &node);
        struct spn_env env = {&node, 300, 1e15}; /* so fast a clock leaves the bare delays */
        struct spn_sram p = spn_sram_default(128 * 128, 128);
        p.rows = 128;
        struct spn_component_cost c;
        ck_assert_ok(spn_component_sram.eval(&p, &env, &c, &err));
        const char *read = "buffer_sram_128x128_1line_async";
        const char *write = "buffer_sram_128x128_1line_async_write";
        ck_assert_rel(c.area_m2, golden(blocks, read, "area_m2"), 0.15);
        const double ratio[] = {
            c.action[SPN_SRAM_READ].energy_J / golden(blocks, read, "read_energy_J"),
            c.action[SPN_SRAM_WRITE].energy_J / golden(blocks, write, "write_energy_J"),
            c.action[SPN_SRAM_READ].latency_s / golden(blocks, read, "read_latency_s"),
            c.action[SPN_SRAM_WRITE].latency_s / golden(blocks, write, "write_latency")};
        for (size_t k = 0; k < 4; k++)
            ck_assert_msg(ratio[k] > 0.5 && ratio[k] < 2, "%s: ratio %zu is %g", node.name, k,
                          ratio[k]);
    }
    spn_json_destroy(doc);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("memory");
    TCase *tc = tcase_create("memory");
    tcase_add_test(tc, one_mat_by_hand);
    tcase_add_test(tc, swing_and_supply);
    tcase_add_test(tc, capacity);
    tcase_add_test(tc, data_on_the_way);
    tcase_add_test(tc, bad_sram);
    tcase_add_test(tc, dram);
    tcase_add_test(tc, index_memory_is_sram);
    tcase_add_test(tc, decoders);
    tcase_add_test(tc, sram_beside_neurosim);
    suite_add_tcase(suite, tc);
    return suite;
}
