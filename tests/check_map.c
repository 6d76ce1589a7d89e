/* check_map.c -- tile counts, copies and packing against counts made by hand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "base/text.h"

#include "estimator/map.h"

/* 64 x 64 arrays, 16 to a PE, 4 PEs to a tile, one cell per weight: the chip of [ning2025]. */
static struct spn_chip ning_chip(void)
{
    struct spn_chip chip;

    memset(&chip, 0, sizeof chip);
    chip.array.rows = chip.array.columns = 64;
    chip.weight.bits = chip.weight.cell_bits = 8;
    chip.weight.encoding = SPN_ENCODING_OFFSET;
    chip.pe.arrays = 16;
    chip.tile.pes = 4;
    chip.mapping = SPN_MAPPING_KERNEL_POSITION;
    return chip;
}

static struct spn_layer conv(int in, int out, int kernel, int size, int groups)
{
    struct spn_layer layer;

    memset(&layer, 0, sizeof layer);
    (void)spn_text_copy(layer.name, sizeof layer.name, "conv");
    layer.op = SPN_OP_CONV2D;
    layer.n_in = 1;
    layer.in_shape[0] = (struct spn_shape){3, {in, size, size}};
    layer.out_shape = (struct spn_shape){3, {out, size, size}};
    layer.channels = out;
    layer.groups = groups;
    for (int i = 0; i < 2; i++) {
        layer.kernel[i] = kernel;
        layer.stride[i] = layer.dilation[i] = 1;
        layer.padding[i] = kernel / 2;
    }
    layer.n_out = (int64_t)out * size * size;
    return layer;
}

static struct spn_layer linear(int in, int out)
{
    struct spn_layer layer;

    memset(&layer, 0, sizeof layer);
    (void)spn_text_copy(layer.name, sizeof layer.name, "linear");
    layer.op = SPN_OP_LINEAR;
    layer.n_in = 1;
    layer.in_shape[0] = (struct spn_shape){1, {in}};
    layer.out_shape = (struct spn_shape){1, {out}};
    layer.channels = out;
    layer.groups = 1;
    layer.kernel[0] = layer.kernel[1] = 1;
    layer.n_out = out;
    return layer;
}

static struct spn_layer_map map_of(const struct spn_chip *chip, struct spn_layer layer,
                                   int kernel_area)
{
    struct spn_err err;
    struct spn_map_rules rules;
    struct spn_layer_map map;

    ck_assert_ok(spn_map_rules(&rules, chip, kernel_area, &err));
    ck_assert_ok(spn_map_layer(&map, &layer, &rules, &err));
    return map;
}

static void vgg8(struct spn_layer layer[8])
{
    layer[0] = conv(3, 128, 3, 32, 1);
    layer[1] = conv(128, 128, 3, 32, 1);
    layer[2] = conv(128, 256, 3, 16, 1);
    layer[3] = conv(256, 256, 3, 16, 1);
    layer[4] = conv(256, 512, 3, 8, 1);
    layer[5] = conv(512, 512, 3, 8, 1);
    layer[6] = linear(8192, 1024);
    layer[7] = linear(1024, 10);
}

/* [ning2025] by way of NeuroSim 2.1: 1+1+1+1+2+4+32+2 tiles. */
START_TEST(vgg8_takes_the_published_44_tiles)
{
    static const int want[8] = {1, 1, 1, 1, 2, 4, 32, 2};
    struct spn_layer layer[8];
    struct spn_network net = {.n_layers = 8, .layer = layer};
    struct spn_chip chip = ning_chip();
    int sum = 0;

    vgg8(layer);
    ck_assert_int_eq(spn_map_kernel_area(&net), 9);
    for (int i = 0; i < 8; i++) {
        struct spn_layer_map map = map_of(&chip, layer[i], 9);
        ck_assert_msg(map.n_tiles == want[i], "layer %d: %d tiles", i, map.n_tiles);
        ck_assert_int_eq(map.kernel_position, i >= 1 && i <= 5);
        ck_assert_int_eq(map.copies, 1);
        sum += map.n_tiles;
    }
    ck_assert_int_eq(sum, 44);
}
END_TEST

/* conv2: 9 matrices of 128 x 128 = 2 x 2 arrays each, in 9 PEs of 4 x 4 arrays: a quarter of the
 * cells. */
START_TEST(kernel_positions_have_a_pe_each)
{
    struct spn_chip chip = ning_chip();
    struct spn_layer_map map = map_of(&chip, conv(128, 128, 3, 32, 1), 9);

    ck_assert_int_eq(map.positions, 9);
    ck_assert_int_eq(map.rows, 128);
    ck_assert_int_eq(map.row_arrays, 2);
    ck_assert_int_eq(map.column_arrays, 2);
    ck_assert_int_eq(map.n_arrays, 36);
    ck_assert_int_eq(map.n_pes, 9);
    ck_assert_int_eq(map.pes_per_tile, 9);
    ck_assert_int_eq((int)map.vectors, 1024);
    ck_assert_int_eq((int)map.row_groups_sum, 2);
    ck_assert_rel(map.cells, 147456.0, 0);
    ck_assert_rel(map.utilization_frac, 0.25, 1e-15);
}
END_TEST

/* conv1, 27 x 128 = 1 x 2 arrays in an 8 x 8 tile: 4 PEs x (4 x 2) = 32 copies, as NeuroSim's two
 * steps of duplication give. A fully connected layer has one vector, so copies would never be read.
 */
START_TEST(idle_arrays_take_copies)
{
    struct spn_chip chip = ning_chip();
    struct spn_layer_map map;

    chip.duplicate = true;
    map = map_of(&chip, conv(3, 128, 3, 32, 1), 9);
    ck_assert(!map.kernel_position);
    ck_assert_int_eq(map.copies, 32);
    ck_assert_int_eq(map.n_arrays, 64);
    ck_assert_int_eq(map.n_pes, 4);
    map = map_of(&chip, conv(128, 128, 3, 32, 1), 9);
    ck_assert_int_eq(map.copies, 4);
    ck_assert_int_eq(map.n_arrays, 144);
    map = map_of(&chip, linear(1024, 10), 9);
    ck_assert_int_eq(map.copies, 1);
    /* 5 row arrays do not share a PE: 1 copy along the rows, 8 along the columns. */
    map = map_of(&chip, conv(320, 64, 1, 4, 1), 9);
    ck_assert_int_eq(map.row_pes, 2);
    ck_assert_int_eq(map.copies, 8);
}
END_TEST

/* Depthwise 3 x 3 on 64 channels: 9 x 1 blocks, 7 to an array (63 rows): 10 arrays. */
START_TEST(groups_are_packed_on_the_diagonal)
{
    struct spn_chip chip = ning_chip();
    struct spn_layer_map map = map_of(&chip, conv(64, 64, 3, 8, 64), 9);

    ck_assert(!map.kernel_position);
    ck_assert_int_eq(map.groups_per_block, 7);
    ck_assert_int_eq(map.blocks, 10);
    ck_assert_int_eq(map.rows, 63);
    ck_assert_int_eq(map.columns, 7);
    ck_assert_int_eq(map.n_arrays, 10);
    ck_assert_int_eq(map.n_tiles, 1);
    ck_assert_rel(map.cells, 576.0, 0);
    /* Two groups of 288 x 64: blocks of 5 x 1 arrays; 2 row PEs, so 1 x 8 blocks to a tile. */
    map = map_of(&chip, conv(64, 128, 3, 8, 2), 9);
    ck_assert_int_eq(map.blocks, 2);
    ck_assert_int_eq(map.groups_per_block, 1);
    ck_assert_int_eq(map.row_arrays, 5);
    ck_assert_int_eq(map.n_tiles, 1);
    ck_assert_int_eq(map.n_arrays, 10);
}
END_TEST

/* 150 rows read 24 at a time: 64 + 64 + 22 rows take 3 + 3 + 1 reads. */
START_TEST(row_groups_are_counted_per_array)
{
    struct spn_chip chip = ning_chip();
    struct spn_layer_map map;

    chip.array.rows_read = 24;
    map = map_of(&chip, linear(150, 100), 0);
    ck_assert_int_eq(map.row_arrays, 3);
    ck_assert_int_eq((int)map.row_groups_sum, 7);
    ck_assert_int_eq(map.row_groups_max, 3);
    ck_assert_int_eq(map.column_groups_max, 3);
}
END_TEST

/* 8-bit weights in differential pairs of 1-bit cells: 14 cells, 4 weights to a row of 64. */
START_TEST(pairs_take_two_cells_and_one_conversion)
{
    struct spn_chip chip = ning_chip();
    struct spn_err err;
    struct spn_map_rules rules;

    chip.weight.encoding = SPN_ENCODING_DIFFERENTIAL;
    chip.weight.cell_bits = 1;
    ck_assert_ok(spn_map_rules(&rules, &chip, 0, &err));
    ck_assert_int_eq(rules.cells_per_weight, 14);
    ck_assert_int_eq(rules.conversions_per_weight, 7);
    ck_assert_int_eq(rules.weights_per_row, 4);
}
END_TEST

static struct spn_layer convolution(int in, int out, int kernel, int stride, int padding)
{
    struct spn_layer l = {.name = "conv",
                          .op = SPN_OP_CONV2D,
                          .channels = out,
                          .kernel = {kernel, kernel},
                          .stride = {stride, stride},
                          .dilation = {1, 1},
                          .padding = {padding, padding},
                          .padding_end = {padding, padding},
                          .groups = 1,
                          .in_shape = {{3, {in, 8, 8}}}};
    int side = (8 + 2 * padding - kernel) / stride + 1;
    l.out_shape = (struct spn_shape){3, {out, side, side}};
    return l;
}

/* 3 x 3 on 8 x 8 with padding 1: a row of windows has 3 x 8 taps, of which the first and last
 * window each have one on padding: 22; so 22^2 / 24^2 of the words are inputs. Stride 2: windows at
 * -1, 1, 3, 5: 2 + 3 + 3 + 3 = 11 taps, inputs 0 to 7. 2 x 2 without padding and stride 4: windows
 * at 0 and 4 take 4 of 8. Dilation 2, 3 x 3, no padding: 4 windows of 3 taps. */
START_TEST(padding_and_stride_are_counted)
{
    struct spn_layer l = convolution(4, 4, 3, 1, 1);
    struct spn_window_count c = spn_layer_windows(&l, 0);
    ck_assert(c.taps == 22 && c.used == 8);
    l = convolution(4, 4, 3, 2, 1);
    c = spn_layer_windows(&l, 1);
    ck_assert_int_eq(l.out_shape.dim[2], 4);
    ck_assert(c.taps == 11 && c.used == 8);
    l = convolution(4, 4, 2, 4, 0);
    c = spn_layer_windows(&l, 0);
    ck_assert(c.taps == 4 && c.used == 4);
    l = convolution(4, 4, 3, 1, 0);
    l.dilation[0] = 2;
    l.out_shape.dim[1] = 4;
    c = spn_layer_windows(&l, 0);
    ck_assert(c.taps == 12 && c.used == 8);
}
END_TEST

/* 16 inputs, 32 outputs, 3 x 3 on 8 x 8, padding 1. Conventional 144 x 32, 64 vectors. Matrix: rows
 * 3 x 16, columns 3 x 32; each of 8 output rows sees 8 input columns: 64 vectors; 8 x 22 sums of 64
 * results. Row: 16 x 288, one vector per input: 64; 22 x 22 products of 64 results a channel. */
START_TEST(kernels_may_be_shared_by_rows_and_columns)
{
    struct spn_chip chip = ning_chip();
    struct spn_map_rules rules;
    struct spn_layer_map m;
    struct spn_layer l = convolution(16, 32, 3, 1, 1);
    struct spn_err err;
    static const struct {
        int mapping, rows, columns;
        double adds, inside, results;
    } want[] = {{SPN_MAPPING_CONVENTIONAL, 144, 32, 0, 484 / 576.0, 1},
                {SPN_MAPPING_MATRIX, 48, 96, 32 * (8 * 22 - 64.0), 22 / 24.0, 1 / 3.0},
                {SPN_MAPPING_ROW, 16, 288, 32 * (484 - 64.0), 1, 1 / 9.0}};
    for (int i = 0; i < 3; i++) {
        chip.mapping = want[i].mapping;
        ck_assert_ok(spn_map_rules(&rules, &chip, 9, &err));
        ck_assert_ok(spn_map_layer(&m, &l, &rules, &err));
        ck_assert(m.rows == want[i].rows && m.columns == want[i].columns && m.vectors == 64);
        ck_assert_rel(m.scatter_adds, want[i].adds, 1e-12);
        ck_assert_rel(m.inside_frac, want[i].inside, 1e-12);
        ck_assert_rel(m.results_frac, want[i].results, 1e-12);
        ck_assert_rel(m.cells, 144.0 * 32 * rules.cells_per_weight, 0);
    }
    /* By shape: 144 rows do not fit 64, 16 <= 2 x 32: matrix; 80 inputs: row; 4 inputs:
     * conventional. */
    static const int in[] = {16, 80, 4},
                     mapping[] = {SPN_MAPPING_MATRIX, SPN_MAPPING_ROW, SPN_MAPPING_CONVENTIONAL};
    chip.mapping = SPN_MAPPING_SHAPE;
    ck_assert_ok(spn_map_rules(&rules, &chip, 9, &err));
    for (int i = 0; i < 3; i++) {
        l = convolution(in[i], 32, 3, 1, 1);
        ck_assert_ok(spn_map_layer(&m, &l, &rules, &err));
        ck_assert_int_eq(m.mapping, mapping[i]);
    }
    /* Stride 2 skips no input here, but halves the results: 8 x 8 vectors of row, 4 x 4 results. */
    chip.mapping = SPN_MAPPING_ROW;
    ck_assert_ok(spn_map_rules(&rules, &chip, 9, &err));
    l = convolution(16, 32, 3, 2, 1);
    ck_assert_ok(spn_map_layer(&m, &l, &rules, &err));
    ck_assert(m.vectors == 64);
    ck_assert_rel(m.scatter_adds, 32 * (11 * 11 - 16.0), 1e-12);
    ck_assert_rel(m.results_frac, 32 * 16 / (64 * 288.0), 1e-12);
}
END_TEST

START_TEST(what_cannot_be_mapped_is_refused)
{
    struct spn_chip chip = ning_chip();
    struct spn_err err;
    struct spn_map_rules rules;
    struct spn_layer_map map;
    struct spn_layer huge = linear(2000000000, 2000000000);

    chip.pe.arrays = 10;
    ck_assert_fails(spn_map_rules(&rules, &chip, 0, &err), SPN_EINPUT, "chip.pe.arrays = 10");
    chip = ning_chip();
    chip.tile.pes = 5;
    ck_assert_fails(spn_map_rules(&rules, &chip, 0, &err), SPN_EINPUT, "chip.tile.pes = 5");
    chip = ning_chip();
    chip.array.columns = 4;
    chip.weight.cell_bits = 1;
    ck_assert_fails(spn_map_rules(&rules, &chip, 0, &err), SPN_EINFEASIBLE,
                    "chip.array.columns = 4");
    chip = ning_chip();
    ck_assert_ok(spn_map_rules(&rules, &chip, 0, &err));
    ck_assert_fails(spn_map_layer(&map, &huge, &rules, &err), SPN_EINFEASIBLE, "linear needs");
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("map");
    TCase *tc = tcase_create("map");

    tcase_add_test(tc, vgg8_takes_the_published_44_tiles);
    tcase_add_test(tc, kernel_positions_have_a_pe_each);
    tcase_add_test(tc, idle_arrays_take_copies);
    tcase_add_test(tc, groups_are_packed_on_the_diagonal);
    tcase_add_test(tc, row_groups_are_counted_per_array);
    tcase_add_test(tc, pairs_take_two_cells_and_one_conversion);
    tcase_add_test(tc, padding_and_stride_are_counted);
    tcase_add_test(tc, kernels_may_be_shared_by_rows_and_columns);
    tcase_add_test(tc, what_cannot_be_mapped_is_refused);
    suite_add_tcase(suite, tc);
    return suite;
}
