/* check_hand.c -- whole networks on shipped chips: times, places and traffic as worked by hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "estimate_setup.h"
#include "estimator/frame.h"

static const struct spn_layer_result *layer_of(const struct setup *s, const char *name)
{
    int i = spn_network_find(s->net, name);
    ck_assert_msg(i >= 0, "no layer %s", name);
    return &s->result.layer[i];
}

/* ResNet-18 on rram-22nm, 1 GHz: SAR converters of 7 bits take 8 clocks; a row holds 9 weights of
 * 14 cells, 63 digits for 8 converters: 8 turns. An input of 8 bits takes 8 reads, twice if more
 * than 64 rows are in an array. Copies fit where arrays are left: conv1's 2 x 8 arrays twice in a
 * PE along its rows, twice in a tile; layer1's 1 x 8 four times along a PE's rows; layer2's 1 x 15
 * likewise. conv1          12544 vectors of both signs, 4 copies: 3136 x 8 x 2 x 2 reads of 64 ns
 * layer1.0.conv1 3136 vectors, 4 copies:  784 x 8 reads layer2.0.conv2   784 vectors, 4 copies: 196
 * x 8 x 2 reads (128 rows) Within 2 %: muxes and settling are not in it. */
START_TEST(resnet18_on_rram)
{
    struct setup s;
    const double read_s = 8 * 8e-9;

    setup_open(&s, "resnet18", "rram-22nm");
    (void)setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert_rel(s.chip.clock_Hz, 1e9, 0);
    ck_assert_rel(layer_of(&s, "conv1")->latency_s, 2 * 3136 * 16 * read_s, 0.02);
    ck_assert_rel(layer_of(&s, "layer1.0.conv1")->latency_s, 784 * 8 * read_s, 0.02);
    ck_assert_rel(layer_of(&s, "layer2.0.conv2")->latency_s, 196 * 16 * read_s, 0.02);
    ck_assert_int_eq(layer_of(&s, "conv1")->copies_in_tile, 4);
    /* 147 x 64 weights of 14 cells in one tile of 64 arrays of 128 x 128 */
    ck_assert_rel(layer_of(&s, "conv1")->utilization_frac, 147 * 64 * 14.0 / (64 * 128 * 128),
                  1e-12);
    /* 512 x 512 at 9 positions: 4 x 57 arrays, a PE of 4 x 4 for each 4 columns of arrays */
    ck_assert_int_eq(layer_of(&s, "layer4.0.conv2")->n_tiles, 15);
    ck_assert_int_eq(layer_of(&s, "layer4.0.conv2")->n_arrays, 9 * 4 * 57);
    /* A shortcut: 64 x 56 x 56 words of 8 bits, of both summands, at 64 bits a clock. */
    ck_assert_rel(layer_of(&s, "layer1.0.add")->latency_s, 2 * 64 * 56 * 56 * 8 / 64 * 1e-9, 1e-12);
    /* Results of conv1, and its windows' words but for those on padding. */
    const struct spn_layer_counts *c = &s.work->matrix[0].forward;
    ck_assert_rel(c->n_out, 64 * 112 * 112.0, 0);
    ck_assert_rel(c->global_in_bit, 8.0 * 12544 * 147 * s.work->matrix[0].map.inside_frac, 1e-12);
    setup_close(&s);
}
END_TEST

/* transformer-base, 128 tokens, on sram-22nm-charge, 1 GHz: 8-bit SAR converters (9 clocks), 32 for
 * 256 columns; fc1 has 4 copies, 32 rounds of 8 one-bit reads, twice as a norm's results are
 * signed. Scores: 8 heads x 128 x 128 x 64 products on 16384 MACs, and 2 x 128 x 512 words of 8
 * bits through 2048 a clock: both 512 ns; their context takes 8 x 128 x 128 + 128 x 512 words: 768
 * ns. A sum of two reads as much as scores do. */
START_TEST(transformer_on_sram)
{
    struct setup s;
    double convert_s = 0;

    setup_open(&s, "transformer-base", "sram-22nm-charge");
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert_int_eq(s.chip.global.bus_bit, 2048);
    ck_assert_rel(layer_of(&s, "encoder.0.self.scores")->latency_s, 512e-9, 1e-9);
    ck_assert_rel(layer_of(&s, "encoder.0.self.context")->latency_s, 768e-9, 1e-9);
    ck_assert_rel(layer_of(&s, "encoder.0.add1")->latency_s, 512e-9, 1e-9);
    for (int i = 0; i < r->n_leaves; i++)
        if (r->leaf[i].layer == spn_network_find(s.net, "encoder.0.fc1") &&
            strcmp(r->leaf[i].component, "adc-sar") == 0)
            convert_s += r->leaf[i].cost.latency_s;
    ck_assert_rel(convert_s, 2 * 32 * 8 * 8 * 9e-9, 0.01);
    /* 512 x 2048 weights: 2 x 64 arrays a copy */
    ck_assert_int_eq(layer_of(&s, "encoder.0.fc1")->n_arrays, 4 * 2 * 64);
    /* As many words arrive at the six layers of an encoder as inputs: 128 x 512 each, 2048 of fc2.
     */
    for (int i = 0; i < s.plan->n_matrix; i++) {
        const struct spn_layer *layer = &s.net->layer[s.plan->matrix[i].layer];
        ck_assert_rel(s.work->matrix[i].forward.global_in_bit,
                      8.0 * 128 * layer->in_shape[0].dim[1], 1e-12);
    }
    setup_close(&s);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("hand");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, resnet18_on_rram);
    tcase_add_test(tc, transformer_on_sram);
    suite_add_tcase(suite, tc);
    return suite;
}
