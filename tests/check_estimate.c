/* check_estimate.c -- action counts of VGG8 by hand, sums, scaling and errors of the whole
 * estimate.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "base/rng.h"
#include "base/text.h"
#include "estimator/frame.h"
#include "estimate_setup.h"

#define ANY (-2), -1, -1

START_TEST(vgg8_on_the_published_chip)
{
    struct setup s;
    const struct spn_result *r;

    setup_open(&s, "vgg8", "ning2025");
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert_int_eq(r->n_tiles, 44); /* [ning2025] */
    /* 9 kernel-position tiles of 9 PEs, 35 of 4; 16 arrays each. */
    ck_assert_int_eq(r->n_arrays, (9 * 9 + 35 * 4) * 16);
    ck_assert_rel(r->n_weights, 12973440.0, 0);
    ck_assert_rel(r->inference.n_ops, 2 * 615917568.0, 0);
    setup_close(&s);
}
END_TEST

/* conv2: 1024 vectors x 8 input bits x 9 positions x 2 row arrays x 128 columns = 18,874,368
 * conversions, from 1024 x 8 x 9 x 2 x 2 = 294,912 array reads; 128 x 1024 sums of 9 x 2 numbers: 9
 * additions in PEs of 4 inputs, 8 in the tile of 9. */
START_TEST(actions_of_conv2)
{
    struct setup s;
    const struct spn_result *r;

    setup_open(&s, "vgg8", "ning2025");
    for (int copies = 0; copies < 2; copies++) {
        s.chip.duplicate = copies;
        r = setup_run(&s, SPN_SCHEME_DENSE, false);
        ck_assert_rel(setup_actions(r, "conv2", "array", SPN_PHASE_FORWARD), 294912.0, 0);
        ck_assert_rel(setup_actions(r, "conv2", s.chip.adc.kind, SPN_PHASE_FORWARD), 18874368.0, 0);
        ck_assert_rel(setup_actions(r, "conv2", "shift-add", SPN_PHASE_FORWARD), 18874368.0, 0);
        ck_assert_rel(setup_actions(r, "conv2", "adder-tree", SPN_PHASE_FORWARD),
                      131072.0 * (9.0 / 3 + 8.0 / 8), 1e-12);
    }
    setup_close(&s);
}
END_TEST

/* conv1 sees pixels of -1 to 1, so both its signs are read: 1024 vectors x 8 bits x 2 x 128 columns
 * = 2,097,152 conversions of 1024 x 8 x 2 x 2 = 32,768 array reads, each with its 27 rows, less
 * those on padding: 3 (3 x 32 - 2)^2 = 26,508 taps of 27,648. conv2 sees what a ReLU lets through.
 */
START_TEST(signed_inputs_are_read_twice)
{
    struct setup s;
    const struct spn_result *r;

    setup_open(&s, "vgg8", "ning2025");
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert_rel(setup_actions(r, "conv1", "array", SPN_PHASE_FORWARD), 32768.0, 0);
    ck_assert_rel(setup_actions(r, "conv1", s.chip.adc.kind, SPN_PHASE_FORWARD), 2097152.0, 0);
    ck_assert_rel(setup_actions(r, "conv1", "shift-add", SPN_PHASE_FORWARD), 2097152.0, 0);
    ck_assert_rel(setup_actions(r, "conv1", "switch-matrix", SPN_PHASE_FORWARD),
                  26508.0 * 8 * 2 * 2, 1e-12);
    ck_assert_rel(setup_actions(r, "conv2", "array", SPN_PHASE_FORWARD), 294912.0, 0);
    setup_close(&s);
}
END_TEST

/* The same layer with and without a sign: reads, conversions and the time at the array double, with
 * a converter behind an integrator too; words and sums do not. */
START_TEST(a_sign_doubles_reads_alone)
{
    struct setup s;
    struct spn_layer *layer;

    setup_open(&s, "vgg8", "ning2025");
    layer = &s.net->layer[spn_network_find(s.net, "fc1")];
    for (int integrate = 0; integrate < 2; integrate++) {
        static const char *const doubled[] = {"array", "shift-add"}, *const same[] = {"adder-tree",
                                                                                      "htree"};
        double before[4], read_s[2];
        s.chip.input.integrate_s = integrate ? 1e-9 : 0;
        for (int k = 0; k < 2; k++) {
            layer->signed_in = k;
            const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
            for (int i = 0; i < 2; i++) {
                double n = setup_actions(r, "fc1", doubled[i], SPN_PHASE_FORWARD);
                if (k)
                    ck_assert_rel(n, 2 * before[i], 1e-12);
                before[i] = n;
                n = setup_actions(r, "fc1", same[i], SPN_PHASE_FORWARD);
                if (k)
                    ck_assert_rel(n, before[2 + i], 1e-12);
                before[2 + i] = n;
            }
            read_s[k] =
                spn_result_sum(r, (struct spn_leaf_filter){spn_network_find(s.net, "fc1"),
                                                           SPN_PHASE_FORWARD, SPN_CATEGORY_ADC, 1})
                    .latency_s +
                spn_result_sum(r,
                               (struct spn_leaf_filter){spn_network_find(s.net, "fc1"),
                                                        SPN_PHASE_FORWARD, SPN_CATEGORY_ARRAY, 1})
                    .latency_s;
        }
        ck_assert_rel(read_s[1], 2 * read_s[0], 1e-12);
    }
    setup_close(&s);
}
END_TEST

/* Everything reported is a sum over leaves. */
START_TEST(leaves_sum_to_the_totals)
{
    struct setup s;
    static const char *const network[] = {"vgg8", "resnet20", "transformer-base"};

    setup_open(&s, network[_i], "ning2025");
    for (int scheme = 0; scheme < SPN_N_SCHEMES; scheme++) {
        const struct spn_result *r = setup_run(&s, scheme, true);
        struct spn_cost all = spn_result_sum(r, (struct spn_leaf_filter){ANY, -1}),
                        by_category = {0}, by_layer = {0};
        struct spn_cost inference = spn_result_sum(r, (struct spn_leaf_filter){ANY, 1});
        double layers_J = 0;
        for (int c = 0; c < SPN_N_CATEGORIES; c++)
            by_category = spn_cost_serial(
                by_category, spn_result_sum(r, (struct spn_leaf_filter){-2, -1, c, -1}));
        for (int i = -1; i < r->n_layers; i++)
            by_layer = spn_cost_serial(by_layer,
                                       spn_result_sum(r, (struct spn_leaf_filter){i, -1, -1, -1}));
        for (int i = 0; i < r->n_layers; i++)
            layers_J += r->layer[i].energy_J;
        ck_assert_rel(by_category.energy_J, all.energy_J, 1e-12);
        ck_assert_rel(by_layer.energy_J, all.energy_J, 1e-12);
        ck_assert_rel(by_category.latency_s, all.latency_s, 1e-12);
        ck_assert_rel(r->area_m2, all.area_m2, 1e-12);
        ck_assert_rel(r->leakage_W, all.leakage_W, 1e-12);
        ck_assert_rel(r->inference.energy_J, inference.energy_J, 1e-12);
        ck_assert_rel(r->inference.latency_s, inference.latency_s, 1e-12);
        ck_assert_rel(r->inference.dynamic_J, layers_J, 1e-12);
        ck_assert_rel(r->inference.leakage_J, r->leakage_W * r->inference.interval_s, 1e-12);
    }
    setup_close(&s);
}
END_TEST

static double category_J(const struct spn_result *r, int category)
{
    return spn_result_sum(r, (struct spn_leaf_filter){-2, SPN_PHASE_FORWARD, category, 1}).energy_J;
}

static double leaf_J(const struct spn_result *r, const char *component)
{
    double sum = 0;

    for (int i = 0; i < r->n_leaves; i++)
        if (strcmp(r->leaf[i].component, component) == 0 && r->leaf[i].phase == SPN_PHASE_FORWARD)
            sum += r->leaf[i].cost.energy_J;
    return sum;
}

/* Cells: V^2 G t; data lines and columns: C V^2. (Gate lines are driven to their own voltage, here
 * 0.) */
START_TEST(array_energy_goes_with_the_square_of_the_read_voltage)
{
    struct setup s;

    setup_open(&s, "vgg8", "ning2025");
    s.chip.device.gate_voltage_V = 0;
    s.chip.adc.sample_hold =
        true; /* conversion depends on the voltage, and so does sampling of many bits */
    s.chip.adc.bits = 2;
    double once = leaf_J(setup_run(&s, SPN_SCHEME_DENSE, false), "array");
    s.chip.device.read_voltage_V /= 2;
    double half = leaf_J(setup_run(&s, SPN_SCHEME_DENSE, false), "array");
    ck_assert_rel(half, once / 4, 0.02); /* the sampling time changes a little */
    setup_close(&s);
}
END_TEST

/* Twice the vectors (an image twice as wide) is twice the work of each conv layer. */
START_TEST(work_goes_with_the_number_of_vectors)
{
    struct setup s;
    double once[4];

    setup_open(&s, "vgg8", "ning2025");
    int conv2 = spn_network_find(s.net, "conv2");
    s.chip.duplicate = false;
    s.net->layer[conv2].padding[1] = 0; /* of which a wider image has a smaller share */
    s.net->layer[conv2].in_shape[0].dim[2] += 2;
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    for (int c = 0; c < 4; c++)
        once[c] =
            spn_result_sum(r, (struct spn_leaf_filter){conv2, SPN_PHASE_FORWARD, c, 1}).energy_J;
    s.net->layer[conv2].in_shape[0].dim[2] += s.net->layer[conv2].out_shape.dim[2];
    s.net->layer[conv2].out_shape.dim[2] *= 2;
    s.net->layer[conv2].n_out *= 2;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    for (int c = 0; c < 4; c++) {
        double twice =
            spn_result_sum(r, (struct spn_leaf_filter){conv2, SPN_PHASE_FORWARD, c, 1}).energy_J;
        ck_assert_rel(twice, 2 * once[c], 1e-12);
    }
    setup_close(&s);
}
END_TEST

START_TEST(converters_cost_more_with_bits)
{
    struct setup s;
    double energy = 0, area = 0;

    setup_open(&s, "vgg8", "ning2025");
    for (int bits = 3; bits <= 8; bits++) {
        s.chip.adc.bits = bits;
        const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
        ck_assert(category_J(r, SPN_CATEGORY_ADC) > energy);
        ck_assert(r->area_m2 > area);
        energy = category_J(r, SPN_CATEGORY_ADC);
        area = r->area_m2;
    }
    setup_close(&s);
}
END_TEST

/* Masks take cells out; plain zeros of an offset code do not. Neither makes inference faster
 * [ning2025]. */
START_TEST(what_sparsity_saves_in_inference)
{
    struct setup s;
    double array[3], latency[3];

    setup_open(&s, "vgg8", "ning2025");
    for (int scheme = 0; scheme < 3; scheme++) {
        const struct spn_result *r = setup_run(&s, scheme, false);
        array[scheme] = leaf_J(r, "array");
        latency[scheme] = r->inference.latency_s;
        ck_assert(
            spn_result_sum(r, (struct spn_leaf_filter){-2, SPN_PHASE_INDEX, -1, -1}).energy_J == 0);
    }
    ck_assert(array[SPN_SCHEME_INDEX_FREE] < array[SPN_SCHEME_EXTERNAL_INDEX]);
    ck_assert(array[SPN_SCHEME_EXTERNAL_INDEX] <= array[SPN_SCHEME_DENSE] * 1.001);
    ck_assert_rel(latency[1], latency[0], 0.01);
    ck_assert_rel(latency[2], latency[0], 0.01);
    setup_close(&s);
}
END_TEST

START_TEST(pipelined_interval_is_the_slowest_layer)
{
    struct setup s;
    double slowest = 0;

    setup_open(&s, "resnet20", "ning2025");
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert_rel(r->inference.interval_s, r->inference.latency_s, 1e-12);
    s.chip.schedule = SPN_SCHEDULE_PIPELINED;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    for (int i = 0; i < r->n_layers; i++)
        slowest = fmax(slowest, r->layer[i].latency_s);
    ck_assert_rel(r->inference.interval_s, fmax(slowest, r->system.shared_s), 1e-12);
    ck_assert(r->inference.interval_s < r->inference.latency_s);
    setup_close(&s);
}
END_TEST

/* A point costs the same whatever was estimated before it: what is remembered may not show. */
START_TEST(results_do_not_depend_on_history)
{
    struct setup s;
    double first[3][4];

    setup_open(&s, "vgg8", "ning2025");
    struct spn_chip chip = s.chip;
    for (int round = 0; round < 2; round++) {
        for (int scheme = 0; scheme < 3; scheme++) {
            s.chip = chip;
            const struct spn_result *r = setup_run(&s, scheme, true);
            const double now[4] = {r->inference.energy_J, r->inference.latency_s, r->area_m2,
                                   r->training.step.energy_J};
            for (int i = 0; i < 4; i++) {
                ck_assert(round == 0 || now[i] == first[scheme][i]);
                first[scheme][i] = now[i];
            }
            s.chip.array.rows = 128;
            s.chip.adc.bits = 7;
            s.chip.temperature_K = 350;
            s.chip.weight.cell_bits = 2;
            s.chip.device.on_conductance_S *= 3;
            (void)setup_run(&s, scheme, scheme == 1);
        }
    }
    setup_close(&s);
}
END_TEST

/* One image, of which every input is full scale with probability p, else 0. */
static void run_bits(struct setup *s, double p, const char *chip)
{
    setup_open(s, "lenet5", chip);
    for (int i = 0; i < s->net->n_layers; i++) {
        memset(s->profile.layer[i].input, 0, sizeof s->profile.layer[i].input);
        s->profile.layer[i].input[0] = 1 - p;
        s->profile.layer[i].input[255] = p;
    }
    spn_plan_destroy(s->plan);
    struct spn_err err;
    ck_assert_ok(spn_plan_create(&s->plan, s->net, &s->profile, &err));
    setup_run(s, SPN_SCHEME_DENSE, false);
}

/* Energy of a category of it. */
static double energy_J(double p, const char *chip, int category)
{
    struct setup s;

    run_bits(&s, p, chip);
    const double sum_J =
        spn_result_sum(&s.result, (struct spn_leaf_filter){-2, SPN_PHASE_FORWARD, category, 1})
            .energy_J;
    setup_close(&s);
    return sum_J;
}

/* Every bit is 1 with p: lines toggle with 2 p (1 - p) = 1/2, 3/8 and 0. What is left at 0 are the
 * sums that come back. */
START_TEST(input_wires_toggle_with_their_bits)
{
    const int wires = SPN_CATEGORY_INTERCONNECT;
    const double half_J = energy_J(0.5, "ning2025", wires),
                 quarter_J = energy_J(0.75, "ning2025", wires),
                 still_J = energy_J(1, "ning2025", wires);
    const struct spn_chip_input bits = {.bits = 8, .dac_bits = 1};
    struct setup s;

    ck_assert(still_J > 0 && still_J < half_J);
    ck_assert_rel((quarter_J - still_J) / (half_J - still_J), 0.375 / 0.5, 1e-9);
    /* The rate itself: uniform codes of the image, -255 to 255, of whose magnitudes every bit is 1
     * in 256 of 511; half of a normal variable behind (0.3045, computed apart from the closed form
     * of N5). A line that is read
     * for x+ or x- has a code of 128 of 511 in each place where bits differ. */
    setup_open(&s, "lenet5", "ning2025");
    ck_assert_rel(spn_plan_input(s.plan, 0, &bits).toggle, 2 * 256.0 * 255 / (511.0 * 511), 1e-12);
    ck_assert_rel(spn_plan_input(s.plan, 1, &bits).toggle, 0.3044972658820604, 1e-9);
    ck_assert_rel(spn_plan_input(s.plan, 0, &bits).serial,
                  (7 * 128.0 / 511 + 2 * 128.0 * 383 / (511.0 * 511)) / 8, 1e-12);
    ck_assert_rel(spn_plan_input(s.plan, 1, &bits).serial, 0.24087325233395435, 1e-9);
    setup_close(&s);
}
END_TEST

/* Likewise routers and links of a mesh, registers and buffers, whose clocks and lines are left. */
START_TEST(buffers_and_routers_toggle_with_their_bits)
{
    static const int categories[] = {SPN_CATEGORY_INTERCONNECT, SPN_CATEGORY_BUFFER};
    for (int i = 0; i < 2; i++) {
        const double half_J = energy_J(0.5, "rram-22nm", categories[i]),
                     quarter_J = energy_J(0.75, "rram-22nm", categories[i]),
                     still_J = energy_J(1, "rram-22nm", categories[i]);
        ck_assert(still_J > 0 && still_J < half_J);
        ck_assert_rel((quarter_J - still_J) / (half_J - still_J), 0.375 / 0.5, 1e-9);
    }
}
END_TEST

/* Whether a leaf is what some memory's action costs, times its number. */
static bool costs_as_a_memory(const struct spn_frame *f, const struct spn_leaf *leaf)
{
    static const enum spn_block_id memory[] = {SPN_BLOCK_INPUT_REGISTER, SPN_BLOCK_TILE_INPUT,
                                               SPN_BLOCK_TILE_OUTPUT, SPN_BLOCK_GLOBAL_BUFFER};
    const double J = leaf->cost.energy_J;
    for (int m = 0; m < 4; m++)
        for (int a = 0; a < 2; a++)
            if (fabs(J - leaf->n_actions * spn_frame_action(f, memory[m], a)->energy_J) < 1e-9 * J)
                return true;
    return false;
}

/* The rate: wires and memories are costed at lines that toggle with 1/2, so bits of 1/2 cost what
 * the blocks say, and the wires of bits of 3/4 three quarters of that on the way in. (The first
 * layer's inputs have signs.) */
START_TEST(random_bits_cost_what_blocks_say)
{
    for (int k = 0; k < 2; k++) {
        struct setup s;
        int n_memory = 0, n_wires = 0;
        run_bits(&s, k ? 0.75 : 0.5, "ning2025");
        const struct spn_frame f = {.plan = s.plan, .chip = &s.chip, .work = s.work};
        for (int i = 0; i < s.result.n_leaves; i++) {
            const struct spn_leaf *leaf = &s.result.leaf[i];
            if (leaf->layer < 1 || leaf->phase != SPN_PHASE_FORWARD || !(leaf->n_actions > 0))
                continue;
            if (!k && leaf->category == SPN_CATEGORY_BUFFER) {
                ck_assert_msg(costs_as_a_memory(&f, leaf), "%s of layer %d", leaf->component,
                              leaf->layer);
                n_memory++;
            }
            const int matrix = s.plan->layer[leaf->layer].matrix;
            if (leaf->category != SPN_CATEGORY_INTERCONNECT || matrix < 0)
                continue;
            const struct spn_layer_counts *c = &s.work->matrix[matrix].forward;
            const double in_J = spn_tree_bit_J(&f, SPN_BLOCK_GLOBAL_HTREE, c->global_fan),
                         out_J = spn_tree_bit_J(&f, SPN_BLOCK_GLOBAL_HTREE, 1),
                         J = (k ? 0.75 : 1) * c->global_in_bit * in_J + c->global_out_bit * out_J;
            n_wires += fabs(leaf->cost.energy_J - J) < 1e-9 * J;
        }
        ck_assert(k || n_memory >= 10);
        ck_assert_int_eq(n_wires, s.plan->n_matrix - 1);
        setup_close(&s);
    }
}
END_TEST

/* Step `k` of a walk through a few values of many fields, each coming back now and then. */
static void walk(struct spn_chip *chip, uint32_t k)
{
    static const double pulses_s[] = {0, 1e-9, 2e-9};
    struct spn_rng rng = spn_rng_init(3, k, 0);

    switch (spn_rng_below(&rng, 7)) {
    case 0:
        chip->adc.bits = 4 + (int)spn_rng_below(&rng, 4);
        break;
    case 1:
        chip->array.rows = chip->array.columns = 32 << spn_rng_below(&rng, 3);
        break;
    case 2:
        chip->temperature_K = 300 + 20 * (double)spn_rng_below(&rng, 6);
        break;
    case 3:
        chip->input.pulse_s = pulses_s[spn_rng_below(&rng, 3)];
        break;
    case 4:
        chip->adc.columns_per_adc = 4 << spn_rng_below(&rng, 2);
        break;
    case 5:
        chip->adc.sample_hold = spn_rng_below(&rng, 2) == 1;
        break;
    default:
        chip->weight.cell_bits = 1 << spn_rng_below(&rng, 3);
        break;
    }
}

START_TEST(a_long_walk_meets_what_a_fresh_start_finds)
{
    struct setup s, fresh;

    setup_open(&s, "lenet5", "ning2025");
    for (uint32_t k = 0; k < 200; k++) {
        walk(&s.chip, k);
        const struct spn_result *r = setup_run(&s, SPN_SCHEME_INDEX_FREE, k % 2 == 0);
        setup_open(&fresh, "lenet5", "ning2025");
        fresh.chip = s.chip;
        const struct spn_result *f = setup_run(&fresh, SPN_SCHEME_INDEX_FREE, k % 2 == 0);
        ck_assert_msg(
            r->inference.energy_J == f->inference.energy_J &&
                r->inference.latency_s == f->inference.latency_s && r->area_m2 == f->area_m2 &&
                r->training.step.energy_J == f->training.step.energy_J,
            "step %u: %.17g J, fresh %.17g J", k, r->inference.energy_J, f->inference.energy_J);
        setup_close(&fresh);
    }
    setup_close(&s);
}
END_TEST

/* More values than are remembered, and back to the first. */
START_TEST(what_is_forgotten_is_found_anew)
{
    struct setup s;
    double first[2] = {0, 0};

    setup_open(&s, "lenet5", "ning2025");
    for (int k = 0; k <= 1000; k++) {
        s.chip.device.read_voltage_V = 0.3 + 1e-4 * (k % 1000);
        const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
        if (k == 0) {
            first[0] = r->inference.energy_J;
            first[1] = r->area_m2;
        } else if (k < 1000) {
            ck_assert(r->inference.energy_J != first[0]);
        } else {
            ck_assert(r->inference.energy_J == first[0] && r->area_m2 == first[1]);
        }
    }
    setup_close(&s);
}
END_TEST

START_TEST(every_network_runs_on_every_interconnect_and_encoding)
{
    static const char *const network[] = {"lenet5",  "mcnn",        "msnet",   "resnet20",
                                          "resnet8", "stories260k", "vit-tiny"};
    struct setup s;

    setup_open(&s, network[_i], "ning2025");
    for (int i = 0; i < 12; i++) {
        s.chip.global.interconnect = i % 2 ? SPN_INTERCONNECT_MESH : SPN_INTERCONNECT_HTREE;
        s.chip.weight.encoding = i % 3;
        s.chip.weight.cell_bits = i < 6 ? 2 : 4;
        s.chip.input.dac_bits = i % 4 == 3 ? 2 : 1;
        s.chip.array.rows_read = i % 4 == 2 ? 16 : 0;
        const struct spn_result *r = setup_run(&s, SPN_SCHEME_INDEX_FREE, true);
        ck_assert(r->inference.energy_J > 0 && isfinite(r->inference.energy_J) &&
                  r->inference.latency_s > 0);
        ck_assert(r->utilization_frac > 0 && r->utilization_frac <= 1);
    }
    setup_close(&s);
}
END_TEST

static enum spn_status attempt(struct setup *s, int scheme, struct spn_err *err)
{
    const struct spn_estimate_options options = {.scheme = scheme};
    struct spn_result untouched = s->result;
    enum spn_status status = spn_estimate(s->plan, &s->chip, &options, s->work, &s->result, err);

    ck_assert(memcmp(&untouched, &s->result, sizeof untouched) == 0);
    return status;
}

START_TEST(bad_chips_are_refused)
{
    struct setup s;
    struct spn_err err;

    setup_open(&s, "vgg8", "ning2025");
    struct spn_chip good = s.chip;
    (void)spn_text_copy(s.chip.adc.kind, sizeof s.chip.adc.kind, "adc-sat");
    ck_assert_fails(attempt(&s, 0, &err), SPN_EINPUT,
                    "chip.adc.kind: \"adc-sat\" is not an ADC (did you mean \"adc-sar\"?)");
    (void)spn_text_copy(s.chip.adc.kind, sizeof s.chip.adc.kind, "adder-tree");
    ck_assert_fails(attempt(&s, 0, &err), SPN_EINPUT,
                    "chip.adc.kind: \"adder-tree\" is not an ADC");
    s.chip = good;
    s.chip.pe.arrays = 15;
    ck_assert_fails(attempt(&s, 0, &err), SPN_EINPUT, "chip.pe.arrays = 15");
    s.chip = good;
    s.chip.device.mask.present = false;
    ck_assert_fails(attempt(&s, SPN_SCHEME_INDEX_FREE, &err), SPN_EINFEASIBLE,
                    "no mask transistor");
    s.chip = good;
    (void)spn_text_copy(s.chip.sparsity.index_format, sizeof s.chip.sparsity.index_format, "zip");
    ck_assert_fails(attempt(&s, SPN_SCHEME_EXTERNAL_INDEX, &err), SPN_EINPUT, "no format \"zip\"");
    s.chip = good;
    s.chip.area_budget_m2 = 1e-6;
    ck_assert_fails(attempt(&s, 0, &err), SPN_EINFEASIBLE, "chip.area_budget_m2");
    s.chip = good;
    s.chip.global.buffer_bit = 1000;
    ck_assert_fails(attempt(&s, 0, &err), SPN_EINFEASIBLE, "chip.global.buffer_bit = 1000");
    s.chip = good;
    s.chip.adc.bits = 20;
    ck_assert_fails(attempt(&s, 0, &err), SPN_EINPUT, "chip.adc");
    s.chip = good;
    s.chip.device.on_conductance_S = NAN;
    ck_assert(attempt(&s, 0, &err) != SPN_OK);
    s.chip = good;
    ck_assert_ok(
        spn_estimate(s.plan, &s.chip, &(struct spn_estimate_options){0}, s.work, &s.result, &err));
    setup_close(&s);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("estimate");
    TCase *tc = tcase_create("estimate");

    tcase_add_test(tc, vgg8_on_the_published_chip);
    tcase_add_test(tc, actions_of_conv2);
    tcase_add_test(tc, signed_inputs_are_read_twice);
    tcase_add_test(tc, a_sign_doubles_reads_alone);
    tcase_add_loop_test(tc, leaves_sum_to_the_totals, 0, 3);
    tcase_add_test(tc, array_energy_goes_with_the_square_of_the_read_voltage);
    tcase_add_test(tc, work_goes_with_the_number_of_vectors);
    tcase_add_test(tc, converters_cost_more_with_bits);
    tcase_add_test(tc, what_sparsity_saves_in_inference);
    tcase_add_test(tc, pipelined_interval_is_the_slowest_layer);
    tcase_add_test(tc, results_do_not_depend_on_history);
    tcase_add_test(tc, input_wires_toggle_with_their_bits);
    tcase_add_test(tc, buffers_and_routers_toggle_with_their_bits);
    tcase_add_test(tc, random_bits_cost_what_blocks_say);
    tcase_add_test(tc, a_long_walk_meets_what_a_fresh_start_finds);
    tcase_add_test(tc, what_is_forgotten_is_found_anew);
    tcase_add_loop_test(tc, every_network_runs_on_every_interconnect_and_encoding, 0, 7);
    tcase_add_test(tc, bad_chips_are_refused);
    suite_add_tcase(suite, tc);
    return suite;
}
