/* check_reload.c -- networks larger than the chip: loads beside computing, and training.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "estimate_setup.h"
#include "estimator/count.h"

static void open_small(struct setup *s, int tiles)
{
    setup_open(s, "vgg8", "ning2025");
    s->chip.system.tiles = tiles;
    s->chip.system.overflow = SPN_OVERFLOW_RELOAD;
}

/* Energy of DRAM in a phase. */
static double dram_J(const struct spn_result *r, int phase)
{
    return spn_result_sum(r, (struct spn_leaf_filter){-2, phase, SPN_CATEGORY_DRAM, -1}).energy_J;
}

/* Image's time between a load's first layer and the next load's, layer by layer. */
static double computing_s(const struct setup *s, const char *first, const char *end)
{
    int from = spn_network_find(s->net, first),
        to = end ? spn_network_find(s->net, end) : s->net->n_layers;
    double sum_s = 0;

    for (int i = from; i < to; i++)
        sum_s += s->result.layer[i].latency_s;
    return sum_s;
}

/* VGG8 on halves of 8 tiles: conv1 to conv5 take 6, conv6 4, fc1 4 x 8, fc2 2: seven loads. Writing
 * bounds them, in units of 4096 cells: 9 for convolutions (144 arrays, 16 at once), 4 for a part of
 * fc1, 640 cells for fc2's 64 x 10; without halves 9, 4, 4 and those. Each is hidden behind the
 * computing of the one before, the first behind that of the last. */
START_TEST(halves_take_turns)
{
    struct setup s;

    open_small(&s, 16);
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    const double u_s = r->system.load_s / (17 + 640.0 / 4096);
    ck_assert_rel(r->system.load_waited_s, r->system.load_s, 0);
    ck_assert_rel(r->system.load_writes, 4.0, 0);
    s.chip.system.prefetch = true;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert_rel(r->system.n_loads, 7.0, 0);
    ck_assert_int_eq(r->layer[spn_network_find(s.net, "conv6")].first, 1);
    ck_assert_int_eq(r->layer[spn_network_find(s.net, "fc1")].parts, 4);
    ck_assert_rel(r->system.load_s, (34 + 640.0 / 4096) * u_s, 1e-12);
    ck_assert_rel(r->system.load_writes, 4.0, 0); /* of seven in two halves */
    const double batches[] = {1, 40, 150, 1000000};
    for (int b = 0; b < 4; b++) {
        const double n = s.chip.system.batch = (int)batches[b];
        r = setup_run(&s, SPN_SCHEME_DENSE, false);
        const double fc1_s =
            computing_s(&s, "fc1", "fc2") - r->layer[spn_network_find(s.net, "fc1")].latency_s;
        const double part_s = r->layer[spn_network_find(s.net, "fc1")].latency_s / 4;
        const double c[] = {computing_s(&s, "conv1", "conv6"),
                            computing_s(&s, "conv6", "fc1"),
                            part_s,
                            part_s,
                            part_s,
                            part_s + fc1_s,
                            computing_s(&s, "fc2", NULL)};
        const double l[] = {9 * u_s, 9 * u_s, 4 * u_s,           4 * u_s,
                            4 * u_s, 4 * u_s, 640.0 / 4096 * u_s};
        double waited_s = 0, all_s = 0, alone_s = l[0];
        for (int k = 0; k < 7; k++) {
            waited_s += fmax(0, l[k] - n * c[(k + 6) % 7]);
            alone_s += k ? fmax(0, l[k] - c[k - 1]) : 0;
            all_s += c[k];
        }
        ck_assert_rel(r->system.load_waited_s + 1, waited_s + 1, 1e-12);
        ck_assert_rel(r->inference.interval_s, all_s + waited_s / n + r->system.waiting_s, 1e-9);
        ck_assert_rel(r->inference.latency_s, all_s + alone_s + r->system.waiting_s, 1e-9);
        const double hidden_s = fmin(l[0], n * c[6]); /* not of a first batch */
        ck_assert_rel(r->system.batch_s, n * r->inference.interval_s + hidden_s, 1e-9);
    }
    ck_assert(r->system.load_waited_s == 0);
    s.chip.system.tiles = 1;
    struct spn_err err;
    const struct spn_estimate_options options = {.scheme = SPN_SCHEME_DENSE};
    ck_assert_fails(spn_estimate(s.plan, &s.chip, &options, s.work, &s.result, &err),
                    SPN_EINFEASIBLE, "chip.system.prefetch");
    setup_close(&s);
}
END_TEST

/* 1e4 cycles, 4 writes a batch of 20 images: 2500 batches. */
START_TEST(loads_wear_cells_out)
{
    struct setup s;

    open_small(&s, 16);
    s.chip.device.endurance_cycles = 1e4;
    s.chip.system.batch = 20;
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert_rel(r->system.lifetime_s, 2500 * 20 * r->inference.interval_s, 1e-12);
    s.chip.system.tiles = 44;
    ck_assert(setup_run(&s, SPN_SCHEME_DENSE, false)->system.lifetime_s == 0);
    setup_close(&s);
}
END_TEST

/* Forward all 12,973,440 weights; back all but fc2's 10,240, which are still there, and conv1's
 * 3456, which no error passes. The update reads and writes all of them in DRAM, at 2.048 Tbit/s:
 * 101 us; cells get them with the next loads. */
START_TEST(training_loads_both_ways)
{
    struct setup s;
    const double weights = 12973440;

    open_small(&s, 16);
    const double stays_J =
        setup_run(&s, SPN_SCHEME_DENSE, false)->inference.dynamic_J - s.result.system.load_J;
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, true);
    const double bit_J = s.chip.dram.energy_J_per_bit;
    ck_assert_rel(dram_J(r, SPN_PHASE_FORWARD), weights * 8 * bit_J, 1e-12);
    ck_assert_rel(dram_J(r, SPN_PHASE_ERROR), (weights - 10240 - 3456) * 8 * bit_J, 1e-12);
    ck_assert_rel(dram_J(r, SPN_PHASE_UPDATE), 2 * weights * 8 * bit_J, 1e-12);
    const struct spn_training_result *t = &r->training;
    ck_assert_rel(t->update.latency_s,
                  2 * weights * 8 / s.chip.dram.bandwidth_bit_per_s + s.chip.dram.latency_s, 1e-12);
    ck_assert(t->update_write_s == 0 && t->update_write_J == 0 && t->update_index_s == 0);
    ck_assert_rel(t->step_forward_s, s.chip.training.batch * r->inference.interval_s, 1e-12);
    ck_assert(t->step_error_s > s.chip.training.batch * 0.9 * r->system.load_s);
    ck_assert(r->inference.dynamic_J - r->system.load_J > 0.9 * stays_J);
    /* A batch shares them; errors that wait are words of error_bits. */
    s.chip.training.error_bits = 16;
    s.chip.system.batch = s.chip.training.batch = 50;
    r = setup_run(&s, SPN_SCHEME_DENSE, true);
    ck_assert_rel(dram_J(r, SPN_PHASE_ERROR),
                  ((weights - 10240 - 3456) * 8 / 50 + 2 * 16 * (512 * 16 + 1024.0)) * bit_J,
                  1e-12);
    const double parts_J = t->update_transfer_J + t->update_index_J + t->update_write_J;
    const struct spn_leaf_filter leakage = {-2, SPN_PHASE_UPDATE, SPN_CATEGORY_LEAKAGE, -1};
    ck_assert_rel(t->update.energy_J, parts_J + spn_result_sum(r, leakage).energy_J, 1e-12);
    s.chip.system.batch = 51;
    struct spn_err err;
    const struct spn_estimate_options options = {.scheme = SPN_SCHEME_DENSE, .training = true};
    ck_assert_fails(spn_estimate(s.plan, &s.chip, &options, s.work, &s.result, &err),
                    SPN_EINFEASIBLE, "chip.system.batch = 51");
    setup_close(&s);
}
END_TEST

/* Sparse weights are loaded with what says where they are, and updated with it: an index of a bit
 * per weight, or a mask. */
START_TEST(sparse_training_in_dram)
{
    struct setup s;
    const double weights = 12973440;

    open_small(&s, 16);
    for (int i = 0; i < s.net->n_layers; i++)
        s.net->layer[i].sparsity = 0.75;
    for (int scheme = SPN_SCHEME_EXTERNAL_INDEX; scheme < SPN_N_SCHEMES; scheme++) {
        const struct spn_result *r = setup_run(&s, scheme, true);
        ck_assert_rel(dram_J(r, SPN_PHASE_UPDATE),
                      (2 * weights / 4 * 8 + weights) * s.chip.dram.energy_J_per_bit, 1e-12);
        ck_assert(r->training.update_index_s == 0);
    }
    setup_close(&s);
}
END_TEST

/* A layer of 6 columns of 4 tiles: in parts of 8 tiles (two columns each) errors come once to each
 * column, and three shares of the results are added; in parts of 2 each column is cut in two, and
 * all six columns' shares are added. */
START_TEST(parts_of_the_error_pass)
{
    const struct spn_layer_map map = {.n_tiles = 24, .row_tiles = 4, .column_tiles = 6};
    struct spn_layer_counts c = {.rounds = 10,
                                 .global_in_bit = 100,
                                 .global_fan = 4,
                                 .global_out_bit = 600,
                                 .busiest_tile_bit = 7};

    spn_count_error_parts(&c, &map, 8);
    ck_assert_rel(c.rounds, 30.0, 0);
    ck_assert_rel(c.global_in_bit, 100.0, 0);
    ck_assert_rel(c.spill_bit, 2 * 100.0, 0);
    c = (struct spn_layer_counts){
        .rounds = 10, .global_in_bit = 100, .global_fan = 4, .global_out_bit = 600};
    spn_count_error_parts(&c, &map, 2);
    ck_assert_rel(c.rounds, 120.0, 0);
    ck_assert_rel(c.global_in_bit, 200.0, 0);
    ck_assert_rel(c.global_fan, 2.0, 0);
    ck_assert_rel(c.spill_bit, 5 * 100.0, 0);
    c = (struct spn_layer_counts){.rounds = 10};
    spn_count_error_parts(&c, &map, 24);
    ck_assert_rel(c.rounds, 10.0, 0);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("reload");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, halves_take_turns);
    tcase_add_test(tc, loads_wear_cells_out);
    tcase_add_test(tc, training_loads_both_ways);
    tcase_add_test(tc, sparse_training_in_dram);
    tcase_add_test(tc, parts_of_the_error_pass);
    suite_add_tcase(suite, tc);
    return suite;
}
