/* check_training.c -- update cycles, transfers, index traffic and the training step, against
 * numbers worked by hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "estimate_setup.h"
#include "estimator/training.h"
#include "models/programming.h"

/* 64 x 64 cells: 4096 cells one by one, 64 rows, or 64 columns and one cycle for all rows
 * [ning2025, Methods: N + 1]. */
START_TEST(cycles_of_an_array)
{
    const struct spn_chip_write write = {.pulses_per_update = 3, .row_pulses_per_update = 7};
    struct spn_update_counts c = spn_update_count(SPN_UPDATE_CELL, 64, 64, 64, 1, &write);

    ck_assert_rel(c.cycles, 4096.0, 0);
    ck_assert_rel(c.pulse_times, 12288.0, 0);
    c = spn_update_count(SPN_UPDATE_CELL, 64, 64, 64, 0.25, &write);
    ck_assert_rel(c.cycles, 1024.0, 0);
    c = spn_update_count(SPN_UPDATE_ROW, 64, 64, 64, 1, &write);
    ck_assert_rel(c.cycles, 64.0, 0);
    ck_assert_rel(c.pulse_times, 448.0, 0);
    /* Rows of 2 cells with a quarter kept are written with probability 1 - 0.75^2 = 0.4375. */
    c = spn_update_count(SPN_UPDATE_ROW, 64, 2, 2, 0.25, &write);
    ck_assert_rel(c.cycles, 28.0, 1e-15);
    /* Of one weight in two cells: a quarter. */
    c = spn_update_count(SPN_UPDATE_ROW, 64, 2, 1, 0.25, &write);
    ck_assert_rel(c.cycles, 16.0, 1e-15);
    c = spn_update_count(SPN_UPDATE_VECTOR, 64, 64, 64, 0.1, &write);
    ck_assert_rel(c.cycles, 65.0, 0);
    ck_assert_rel(c.pulse_times, 64.0 * 3 + 7, 0);
}
END_TEST

static void uniform_sparsity(struct setup *s, double sparsity)
{
    for (int i = 0; i < s->net->n_layers; i++)
        s->net->layer[i].sparsity = sparsity;
}

/* 12,973,440 weights of 8-bit deltas over a 1024-bit bus at 1 GHz: 101.355 us. Without copies, 9
 * PEs of 16 arrays and 16 arrays written at once: 9 x 4096 pulses. */
START_TEST(dense_update_of_vgg8)
{
    struct setup s;

    setup_open(&s, "vgg8", "ning2025");
    s.chip.duplicate = false;
    const struct spn_training_result *t = &setup_run(&s, SPN_SCHEME_DENSE, true)->training;
    ck_assert_rel(t->update_transfer_s, 12973440.0 * 8 / 1024 * 1e-9, 1e-12);
    ck_assert_rel(t->update_index_s + 1, 1.0, 0);
    double pulses = 9 * 4096 * s.chip.write.pulses_per_update;
    ck_assert(t->update_write_s >= pulses * s.chip.device.write_pulse_s);
    ck_assert_rel(t->update_write_s, pulses * s.chip.device.write_pulse_s,
                  0.02); /* and the line's rise */
    ck_assert_rel(t->update.latency_s, t->update_transfer_s + t->update_index_s + t->update_write_s,
                  1e-12);
    setup_close(&s);
}
END_TEST

/* At 90 % everywhere: a tenth of the transfer; a bit per weight; kept cells only; and N + 1 = 65
 * against 4096 cycles. */
START_TEST(sparse_updates_of_vgg8)
{
    struct setup s;
    struct spn_training_result dense, outside, inside;

    setup_open(&s, "vgg8", "ning2025");
    s.chip.duplicate = false;
    uniform_sparsity(&s, 0.9);
    dense = setup_run(&s, SPN_SCHEME_DENSE, true)->training;
    outside = setup_run(&s, SPN_SCHEME_EXTERNAL_INDEX, true)->training;
    ck_assert_rel(s.result.index.storage_bit, 12973440.0, 1e-12);
    ck_assert_rel(s.result.index.update_traffic_bit, 12973440.0, 1e-12);
    ck_assert_rel(s.result.index.rewrite_traffic_bit, 12973440.0, 1e-12);
    ck_assert(s.result.index.inference_traffic_bit == 0);
    ck_assert(s.result.index.buffer_bit > 0);
    double dram_J = spn_result_sum(&s.result, (struct spn_leaf_filter){-2, SPN_PHASE_INDEX,
                                                                       SPN_CATEGORY_DRAM, 0})
                        .energy_J;
    ck_assert_rel(dram_J, 12973440.0 * s.chip.dram.energy_J_per_bit, 1e-12);
    inside = setup_run(&s, SPN_SCHEME_INDEX_FREE, true)->training;
    ck_assert(s.result.index.storage_bit == 0);
    ck_assert_rel(outside.update_transfer_s, dense.update_transfer_s / 10, 1e-12);
    ck_assert_rel(inside.update_transfer_s, dense.update_transfer_s / 10, 1e-12);
    ck_assert(inside.update_index_s == 0 && inside.update_index_J == 0 &&
              outside.update_index_s > 0);
    ck_assert_rel(outside.update_write_s, dense.update_write_s / 10, 1e-12);
    /* Columns with 1 pulse, rows with row_pulses_per_update = 2 pulse times: 66 against 4096. */
    ck_assert_rel(inside.update_write_s, dense.update_write_s * 66 / 4096, 0.01);
    ck_assert(inside.mask_write_s > 0 && inside.mask_write_J > 0 && dense.mask_write_s == 0);
    /* The energy parts are all of it but leakage. */
    double parts_J = outside.update_transfer_J + outside.update_index_J + outside.update_write_J;
    double leak_J = s.result.leakage_W > 0 ? outside.update.energy_J - parts_J : 0;
    ck_assert(leak_J >= 0 && leak_J < outside.update.energy_J);
    setup_close(&s);
}
END_TEST

/* An index in the tiles is neither fetched nor carried; one in the global buffer not fetched from
 * DRAM. */
START_TEST(index_places)
{
    struct setup s;
    double time_s[3], energy_J[3], area_m2[3];
    static const int place[3] = {SPN_INDEX_DRAM, SPN_INDEX_GLOBAL_BUFFER, SPN_INDEX_TILE_BUFFER};

    setup_open(&s, "vgg8", "ning2025");
    for (int i = 0; i < 3; i++) {
        s.chip.sparsity.index_place = place[i];
        const struct spn_result *r = setup_run(&s, SPN_SCHEME_EXTERNAL_INDEX, true);
        time_s[i] = r->training.update_index_s;
        area_m2[i] = r->area_m2;
        energy_J[i] = r->training.update_index_J;
        double dram_J =
            spn_result_sum(r, (struct spn_leaf_filter){-2, SPN_PHASE_INDEX, SPN_CATEGORY_DRAM, -1})
                .energy_J;
        ck_assert(i == 0 ? dram_J > 0 : dram_J == 0);
    }
    ck_assert(energy_J[0] > energy_J[1] && energy_J[1] > energy_J[2]);
    ck_assert(area_m2[1] > area_m2[0]); /* the global buffer holds it, too */
    ck_assert(time_s[0] >= time_s[1] && time_s[1] >= time_s[2]);
    ck_assert(s.result.index.update_traffic_bit == 0);
    setup_close(&s);
}
END_TEST

/* Of all layers. */
static double all_actions(const struct spn_result *r, const char *component, int phase)
{
    double n = 0;

    for (int i = 0; i < r->n_leaves; i++)
        if (r->leaf[i].layer >= 0 && strcmp(r->leaf[i].component, component) == 0 &&
            (int)r->leaf[i].phase == phase)
            n += r->leaf[i].n_actions;
    return n;
}

/* Pairs of one digit: of the two cells of a kept weight one is written, so that a weight takes as
 * many pulses as one in a single cell. Dense: 12,973,440 bits of polarity in words of 64; a tenth
 * if a tenth is kept; none with masks, and none if both cells are written. [M:E72] */
START_TEST(polarity_of_pairs)
{
    struct setup s;
    const double weights = 12973440;
    double single_s, single_pulses, both_s;

    setup_open(&s, "vgg8", "ning2025");
    s.chip.duplicate = false;
    uniform_sparsity(&s, 0.9);
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, true);
    ck_assert(r->index.polarity_bit == 0 && r->training.update_index_s == 0);
    single_s = r->training.update_write_s;
    single_pulses = all_actions(r, "array", SPN_PHASE_UPDATE);
    s.chip.weight.encoding = SPN_ENCODING_DIFFERENTIAL;
    s.chip.sparsity.polarity_place = SPN_POLARITY_NONE;
    r = setup_run(&s, SPN_SCHEME_DENSE, true);
    ck_assert(r->index.polarity_bit == 0 && r->training.update_index_s == 0);
    ck_assert_rel(all_actions(r, "array", SPN_PHASE_UPDATE), 2 * single_pulses, 1e-12);
    both_s = r->training.update_write_s;
    ck_assert_rel(both_s, single_s, 0.01); /* twice the arrays and tiles, each as full */
    s.chip.sparsity.polarity_place = SPN_POLARITY_TILE_BUFFER;
    r = setup_run(&s, SPN_SCHEME_DENSE, true);
    ck_assert_rel(r->index.polarity_bit, weights, 1e-12);
    ck_assert(r->index.update_traffic_bit == 0 && r->index.buffer_bit >= weights);
    ck_assert_rel(r->training.update_write_s, both_s / 2, 1e-12);
    ck_assert_rel(all_actions(r, "array", SPN_PHASE_UPDATE), single_pulses, 1e-12);
    /* Each word is read and written. */
    ck_assert_rel(all_actions(r, "index-memory", SPN_PHASE_INDEX), 2 * weights / 64, 1e-12);
    /* The largest tile: 9 PEs of 16 arrays of 64 x 32 weights. At most two clocks a word. */
    ck_assert_rel(r->training.update_index_s * s.chip.clock_Hz, 9 * 16 * 64 * 32 / 64 * 2, 1e-12);
    r = setup_run(&s, SPN_SCHEME_EXTERNAL_INDEX, true);
    ck_assert_rel(r->index.polarity_bit, weights / 10, 1e-12);
    ck_assert_rel(r->index.storage_bit, weights, 1e-12);
    r = setup_run(&s, SPN_SCHEME_INDEX_FREE, true);
    ck_assert(r->index.polarity_bit == 0 && r->training.update_index_s == 0);
    setup_close(&s);
}
END_TEST

/* Rows written together: of their cells those that hold the values take pulses, half of them; the
 * other columns are inhibited, which takes more than a pulse here. Cells take two pulses of a row's
 * two, one, or one in half the cells: what a row takes is linear in the share, 1, 1/2, 1/4.
 * [M:A8, E72] */
START_TEST(polarity_of_rows)
{
    struct setup s;
    static const int place[] = {SPN_POLARITY_NONE, SPN_POLARITY_NONE, SPN_POLARITY_TILE_BUFFER};
    static const double pulses[] = {2, 1, 1};
    double energy_J[3] = {0}, rows[3];

    setup_open(&s, "vgg8", "ning2025-pairs");
    s.chip.write.method = SPN_UPDATE_ROW;
    s.chip.write.row_pulses_per_update = 2;
    for (int i = 0; i < 3; i++) {
        s.chip.sparsity.polarity_place = place[i];
        s.chip.write.pulses_per_update = pulses[i];
        const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, true);
        rows[i] = all_actions(r, "array", SPN_PHASE_UPDATE);
        for (int k = 0; k < r->n_leaves; k++)
            if (r->leaf[k].phase == SPN_PHASE_UPDATE && strcmp(r->leaf[k].component, "array") == 0)
                energy_J[i] += r->leaf[k].cost.energy_J;
    }
    ck_assert(rows[0] > 0 && rows[1] == rows[0] && rows[2] == rows[0]);
    ck_assert(energy_J[2] > energy_J[1]);
    ck_assert_rel(energy_J[0] - energy_J[1], 2 * (energy_J[1] - energy_J[2]), 1e-9);
    setup_close(&s);
}
END_TEST

/* Polarities in DRAM travel both ways; in the global buffer they enlarge it. */
START_TEST(places_of_polarities)
{
    struct setup s;
    const double weights = 12973440;
    double area_m2;

    setup_open(&s, "vgg8", "ning2025-pairs");
    s.chip.sparsity.polarity_place = SPN_POLARITY_DRAM;
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, true);
    const struct spn_leaf_filter dram = {-2, SPN_PHASE_INDEX, SPN_CATEGORY_DRAM, -1};
    ck_assert_rel(spn_result_sum(r, dram).energy_J, 2 * weights * s.chip.dram.energy_J_per_bit,
                  1e-12);
    ck_assert_rel(r->index.update_traffic_bit, 2 * weights, 1e-12);
    /* 2 x 12,973,440 bit over the bus of 1024 bit at 1 GHz take 25.3 us, over HBM2 12.7 us + 7
     * accesses. */
    ck_assert_rel(r->training.update_index_s, 2 * weights / 1024 * 1e-9, 1e-3);
    area_m2 = r->area_m2;
    s.chip.sparsity.polarity_place = SPN_POLARITY_GLOBAL_BUFFER;
    r = setup_run(&s, SPN_SCHEME_DENSE, true);
    ck_assert(spn_result_sum(r, dram).energy_J == 0);
    ck_assert(r->area_m2 > area_m2);
    setup_close(&s);
}
END_TEST

START_TEST(the_step_is_its_parts)
{
    struct setup s;

    setup_open(&s, "vgg8", "ning2025");
    for (int scheme = 0; scheme < SPN_N_SCHEMES; scheme++) {
        const struct spn_result *r = setup_run(&s, scheme, true);
        const struct spn_training_result *t = &r->training;
        double batch = s.chip.training.batch, sum_J = 0;
        for (int i = 0; i < r->n_leaves; i++)
            sum_J +=
                r->leaf[i].cost.energy_J * (r->leaf[i].phase <= SPN_PHASE_GRADIENT ? batch : 1);
        ck_assert_rel(t->step.energy_J, sum_J, 1e-12);
        ck_assert_rel(t->step_forward_s, batch * r->inference.latency_s, 1e-12);
        ck_assert_rel(
            t->step.latency_s,
            t->step_forward_s + t->step_error_s + t->step_gradient_s + t->update.latency_s, 1e-12);
        double parts_J = t->update_transfer_J + t->update_index_J + t->update_write_J;
        struct spn_leaf_filter leakage = {-2, SPN_PHASE_UPDATE, SPN_CATEGORY_LEAKAGE, -1};
        ck_assert_rel(t->update.energy_J, parts_J + spn_result_sum(r, leakage).energy_J, 1e-12);
        /* No error goes back through the first layer; all others have one. */
        ck_assert(setup_actions(r, "conv1", "array", SPN_PHASE_ERROR) == 0);
        ck_assert(setup_actions(r, "fc2", "array", SPN_PHASE_ERROR) > 0);
        /* As many MACs as the forward pass. */
        ck_assert_rel(setup_actions(r, "conv2", "mac", SPN_PHASE_GRADIENT), 150994944.0, 0);
    }
    setup_close(&s);
}
END_TEST

START_TEST(training_takes_room_and_verify_takes_time)
{
    struct setup s;

    setup_open(&s, "vgg8", "ning2025");
    double inference_m2 = setup_run(&s, SPN_SCHEME_DENSE, false)->area_m2;
    ck_assert(s.result.training.update.latency_s == 0);
    struct spn_result open = *setup_run(&s, SPN_SCHEME_DENSE, true);
    ck_assert(open.area_m2 > inference_m2);
    s.chip.write.verify = true;
    for (int method = SPN_UPDATE_CELL; method <= SPN_UPDATE_VECTOR; method++) {
        s.chip.write.method = method;
        s.chip.write.verify = false;
        struct spn_training_result blind = setup_run(&s, SPN_SCHEME_DENSE, true)->training;
        s.chip.write.verify = true;
        struct spn_training_result verified = setup_run(&s, SPN_SCHEME_DENSE, true)->training;
        ck_assert(verified.update_write_s > blind.update_write_s);
        ck_assert(verified.update_write_J > blind.update_write_J);
    }
    setup_close(&s);
}
END_TEST

/* Cells of one bit in pairs, exact devices of one pulse: a cell that is to be on takes one pulse
 * and, in a closed loop, a read before and after; one that is to be off a read alone. A change by
 * one level is one pulse and two reads. */
START_TEST(cells_are_written_once)
{
    struct setup s;
    struct spn_digit_pmf pmf;
    double on = 0, n = 0;
    setup_open(&s, "vgg8", "rram-22nm");
    s.chip.device.programming_sd_frac = s.chip.device.read_noise_frac = 0;
    s.chip.write.arrays_per_tile_parallel = 0;
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    for (int i = 0; i < s.net->n_layers; i++) {
        if (!spn_layer_is_matrix(&s.net->layer[i]))
            continue;
        const double cells = (double)s.net->layer[i].n_weights * 14 * r->layer[i].copies_in_tile;
        spn_conductance_pmf(&s.chip.weight, s.profile.layer[i].weight, -1, &pmf);
        on += cells * pmf.p[1];
        n += cells;
    }
    ck_assert_rel(r->programming.pulses_per_cell, on / n, 1e-12);
    ck_assert(!(r->programming.reads_per_cell > 0));
    s.chip.write.verify = true;
    s.chip.write.tolerance_frac = 0.01;
    const struct spn_programming_result open = r->programming;
    r = setup_run(&s, SPN_SCHEME_DENSE, true);
    const struct spn_programming_result *closed = &r->programming;
    ck_assert_rel(closed->pulses_per_cell, on / n, 1e-12);
    ck_assert_rel(closed->reads_per_cell, 1 + on / n, 1e-12);
    ck_assert(closed->latency_s > open.latency_s && closed->energy_J > open.energy_J);
    ck_assert_rel(closed->update_pulses, 1, 1e-12);
    ck_assert_rel(closed->update_reads, 2, 1e-12);
    setup_close(&s);
}
END_TEST

/* The simulator's table and the estimator's are one: 50 pulses a window, 2 % error, kept within 1
 * %. An update's pulses are counted in its leaves. */
START_TEST(cost_and_accuracy_share_a_loop)
{
    struct setup s;
    static struct spn_programming loop;
    setup_open(&s, "vgg8", "rram-22nm");
    s.chip.device.pulse.n_levels = 50;
    s.chip.write.method = SPN_UPDATE_CELL;
    s.chip.write.verify = true;
    s.chip.write.tolerance_frac = 0.02;
    ck_assert(spn_programming_closed_loop(&loop, &s.chip));
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, true);
    ck_assert_rel(r->programming.error_frac, spn_programming_rms(&loop), 1e-12);
    ck_assert_rel(r->programming.update_pulses, loop.step.mean_pulses, 1e-12);
    const int conv2 = spn_network_find(s.net, "conv2");
    /* of each of 7 pairs the cell that holds the value */
    const double cells = (double)s.net->layer[conv2].n_weights * 7 * r->layer[conv2].copies_in_tile;
    double pulses = 0, reads = 0;
    for (int i = 0; i < r->n_leaves; i++)
        if (r->leaf[i].layer == conv2 && r->leaf[i].phase == SPN_PHASE_UPDATE) {
            if (r->leaf[i].category == SPN_CATEGORY_WRITE &&
                strcmp(r->leaf[i].component, "array") == 0)
                pulses += r->leaf[i].n_actions;
            if (r->leaf[i].category == SPN_CATEGORY_ADC)
                reads += r->leaf[i].n_actions;
        }
    ck_assert_rel(pulses, cells * loop.step.mean_pulses, 1e-12);
    ck_assert_rel(reads, cells * loop.step.mean_reads, 1e-12);
    const double first = r->programming.reads_per_cell;
    s.chip.write.tolerance_frac = 0.005; /* tighter: more reads, less error; nothing stale */
    ck_assert(setup_run(&s, SPN_SCHEME_DENSE, false)->programming.reads_per_cell > first);
    ck_assert(r->programming.error_frac < spn_programming_rms(&loop));
    setup_close(&s);
}
END_TEST

/* Eight more columns to 64 and the reference: lines, area and converters grow, counts do not. */
START_TEST(spare_columns_take_room)
{
    struct setup s;
    setup_open(&s, "vgg8", "ning2025");
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    const double area = r->area_m2, n = setup_actions(r, "conv2", "adc-flash", SPN_PHASE_FORWARD);
    const double latency_s = r->inference.latency_s;
    s.chip.array.spare_columns = 8;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert(r->area_m2 > area * 1.02 && r->area_m2 < area * 73 / 65 * 1.001);
    ck_assert_rel(setup_actions(r, "conv2", "adc-flash", SPN_PHASE_FORWARD), n, 1e-12);
    ck_assert(r->inference.latency_s > 0.8 * latency_s);
    setup_close(&s);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("training");
    TCase *tc = tcase_create("training");

    tcase_add_test(tc, cycles_of_an_array);
    tcase_add_test(tc, dense_update_of_vgg8);
    tcase_add_test(tc, sparse_updates_of_vgg8);
    tcase_add_test(tc, index_places);
    tcase_add_test(tc, polarity_of_pairs);
    tcase_add_test(tc, polarity_of_rows);
    tcase_add_test(tc, places_of_polarities);
    tcase_add_test(tc, the_step_is_its_parts);
    tcase_add_test(tc, training_takes_room_and_verify_takes_time);
    tcase_add_test(tc, cells_are_written_once);
    tcase_add_test(tc, cost_and_accuracy_share_a_loop);
    tcase_add_test(tc, spare_columns_take_room);
    suite_add_tcase(suite, tc);
    return suite;
}
