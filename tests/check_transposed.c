/* check_transposed.c -- training on arrays that hold the weights a second time, transposed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "estimate_setup.h"
#include "estimator/frame.h"
#include "estimator/map.h"

/* Products of an image: words that meet weights, padding left out. */
static double products_of(const struct spn_layer_map *m)
{
    return (double)m->vectors * m->rows * m->inside_frac * m->columns * m->positions * m->blocks;
}

/* As many products on the way back as forward, whatever stride, padding and kernel. conv2 of VGG8:
 * 9 x 128 rows, 128 columns, 32 x 32 vectors, of whose taps (94/96)^2 are inside; fc1: 1024 rows,
 * 8192 columns. */
START_TEST(errors_meet_each_weight_as_often)
{
    static const char *const network[] = {"vgg8", "resnet18", "vit-tiny", "transformer-base"};
    struct setup s;
    struct spn_map_rules rules;
    struct spn_err err;

    setup_open(&s, network[_i], "sram-22nm-digital");
    s.chip.mapping = SPN_MAPPING_CONVENTIONAL;
    ck_assert_ok(spn_map_rules(&rules, &s.chip, 0, &err));
    for (int i = 0; i < s.plan->n_matrix; i++) {
        const struct spn_layer *layer = &s.net->layer[s.plan->matrix[i].layer];
        struct spn_layer_map forward, back;
        if (layer->op == SPN_OP_CONV2D && layer->groups > 1)
            continue;
        ck_assert_ok(spn_map_layer(&forward, layer, &rules, &err));
        ck_assert_ok(spn_map_transposed(&back, layer, &rules, &err));
        ck_assert_rel(products_of(&back), products_of(&forward), 1e-12);
        ck_assert_rel(back.cells, forward.cells, 0);
        if (strcmp(layer->name, "conv2") == 0 && _i == 0) {
            ck_assert_int_eq(back.rows, 1152);
            ck_assert_int_eq(back.columns, 128);
            ck_assert_int_eq((int)back.vectors, 1024);
            ck_assert_rel(back.inside_frac, 94.0 * 94 / (96.0 * 96), 1e-12);
        }
        if (strcmp(layer->name, "fc1") == 0 && _i == 0) {
            ck_assert_int_eq(back.rows, 1024);
            ck_assert_int_eq(back.columns, 8192);
        }
    }
    setup_close(&s);
}
END_TEST

/* An update of SRAM cells: 2 x 8 bits of each of VGG8's weights to the adders and back, and 8 to
 * the copy, which conv1 (3456 weights) has none of; rows are read once and written one after the
 * other. */
START_TEST(sram_rows_are_read_and_written)
{
    struct setup s;
    const double weights = 12973440, conv1 = 3456;

    setup_open(&s, "vgg8", "sram-22nm-digital");
    const double small_m2 = setup_run(&s, SPN_SCHEME_DENSE, false)->area_m2;
    ck_assert(s.result.system.transposed_arrays == 0);
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, true);
    const struct spn_training_result *t = &r->training;
    ck_assert(r->area_m2 > 1.5 * small_m2);
    double moved = 24 * weights - 8 * conv1;
    ck_assert_rel(t->update_transfer_s, moved / s.chip.global.bus_bit / s.chip.clock_Hz, 1e-12);
    ck_assert_rel(setup_actions(r, "fc2", "elementwise", SPN_PHASE_UPDATE), 10240, 0);
    /* fc2: 1024 x 10 weights in 8 arrays of 128 rows: 1024 rows are read and written; its copy is
     * 10 x 1024 in 64 arrays of 16 weights a row: 640 rows are written. */
    ck_assert_rel(setup_actions(r, "fc2", "array-digital", SPN_PHASE_UPDATE), 1024 + 1024 + 640.0,
                  1e-12);
    /* All arrays of a tile that are written at once: 128 rows, each read, then written. */
    const struct spn_cost *action = s.work->matrix[1].forward_blocks.block[0].cost.action;
    double rows_s =
        128 * (action[SPN_ARRAY_WRITE_ROW].latency_s + action[SPN_ARRAY_READ_ROW].latency_s);
    double turns = t->update_write_s / rows_s;
    ck_assert_rel(turns, floor(turns + 0.5), 1e-9);
    /* Errors: no array is read from the other side, and the first layer has none. */
    ck_assert(s.work->blocks.block[SPN_BLOCK_ROW_MUX].n == 0);
    ck_assert(setup_actions(r, "conv1", "array-digital", SPN_PHASE_ERROR) == 0);
    ck_assert(setup_actions(r, "fc2", "array-digital", SPN_PHASE_ERROR) > 0);
    setup_close(&s);
}
END_TEST

/* The step is its parts on every kind of array; a copy of resistive cells makes errors faster, as a
 * read from the other side takes digits one by one, and its writes as many again. */
START_TEST(copies_of_any_kind)
{
    static const char *const chip[] = {"sram-22nm-digital", "sram-22nm-charge", "rram-22nm"};
    struct setup s;

    setup_open(&s, "resnet20", chip[_i]);
    struct spn_training_result other = {0};
    if (_i == 2)
        other = setup_run(&s, SPN_SCHEME_DENSE, true)->training;
    s.chip.training.transpose = SPN_TRANSPOSE_COPY;
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, true);
    const struct spn_training_result *t = &r->training;
    double batch = s.chip.training.batch, sum_J = 0, error_s = 0;
    for (int i = 0; i < r->n_leaves; i++) {
        sum_J += r->leaf[i].cost.energy_J * (r->leaf[i].phase <= SPN_PHASE_GRADIENT ? batch : 1);
        error_s += r->leaf[i].phase == SPN_PHASE_ERROR ? r->leaf[i].cost.latency_s : 0;
    }
    ck_assert_rel(t->step.energy_J, sum_J, 1e-12);
    if (s.chip.schedule == SPN_SCHEDULE_LAYER_BY_LAYER)
        ck_assert_rel(t->step_error_s, batch * error_s, 1e-12);
    ck_assert_rel(t->update.latency_s, t->update_transfer_s + t->update_index_s + t->update_write_s,
                  1e-12);
    if (_i == 2) {
        ck_assert(t->step_error_s < other.step_error_s);
        ck_assert(t->update_write_J > 1.5 * other.update_write_J);
        ck_assert(t->update_write_J < 2.5 * other.update_write_J);
    }
    setup_close(&s);
}
END_TEST

START_TEST(what_no_copy_can_do)
{
    struct setup s;
    struct spn_err err;
    const struct spn_estimate_options options = {.scheme = SPN_SCHEME_DENSE, .training = true};

    setup_open(&s, "vgg8", "sram-22nm-digital");
    s.chip.training.transpose = SPN_TRANSPOSE_READ;
    ck_assert_fails(spn_estimate(s.plan, &s.chip, &options, s.work, &s.result, &err),
                    SPN_EINFEASIBLE, "chip.training.transpose = copy");
    s.chip.training.transpose = SPN_TRANSPOSE_COPY;
    s.chip.system.tiles = 20;
    s.chip.system.overflow = SPN_OVERFLOW_RELOAD;
    ck_assert_fails(spn_estimate(s.plan, &s.chip, &options, s.work, &s.result, &err),
                    SPN_EINFEASIBLE, "larger than the chip");
    setup_close(&s);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("transposed");
    TCase *tc = tcase_create("all");

    tcase_add_loop_test(tc, errors_meet_each_weight_as_often, 0, 4);
    tcase_add_test(tc, sram_rows_are_read_and_written);
    tcase_add_loop_test(tc, copies_of_any_kind, 0, 3);
    tcase_add_test(tc, what_no_copy_can_do);
    suite_add_tcase(suite, tc);
    return suite;
}
