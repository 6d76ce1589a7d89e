/* check_system.c -- chips of a given size: copies of whole tiles, loads, several chips.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "estimate_setup.h"
#include "estimator/frame.h"

static enum spn_status attempt(struct setup *s, bool training, struct spn_err *err)
{
    const struct spn_estimate_options options = {.scheme = SPN_SCHEME_DENSE, .training = training};
    return spn_estimate(s->plan, &s->chip, &options, s->work, &s->result, err);
}

static double slowest_s(const struct spn_result *r)
{
    double slowest = 0;
    for (int i = 0; i < r->n_layers; i++)
        slowest = fmax(slowest, r->layer[i].latency_s);
    return slowest;
}

static void check_sums(const struct spn_result *r)
{
    struct spn_cost all = spn_result_sum(r, (struct spn_leaf_filter){-2, -1, -1, 1});
    double layers_J = 0;
    for (int i = 0; i < r->n_layers; i++)
        layers_J += r->layer[i].energy_J;
    ck_assert_rel(r->inference.energy_J, all.energy_J, 1e-12);
    ck_assert_rel(r->inference.dynamic_J, layers_J, 1e-12);
    ck_assert_rel(r->inference.latency_s, all.latency_s, 1e-12);
    ck_assert_rel(r->inference.leakage_J, r->leakage_W * r->inference.interval_s, 1e-12);
}

/* More area never makes the slowest stage (pipelined) or the image (layer by layer) slower, is
 * never exceeded, and one copy of everything is what a chip made to measure has. */
START_TEST(area_buys_speed)
{
    static const char *const network[] = {"vgg8", "resnet20"};
    struct setup s;

    setup_open(&s, network[_i / 2], "ning2025");
    s.chip.schedule = _i % 2 ? SPN_SCHEDULE_PIPELINED : SPN_SCHEDULE_LAYER_BY_LAYER;
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    const double area = r->area_m2, once_s = r->inference.interval_s;
    const int tiles = r->n_tiles;
    double last_s = once_s;
    for (double more = 1.0001; more < 4; more *= 1.3) {
        s.chip.area_budget_m2 = area * more;
        r = setup_run(&s, SPN_SCHEME_DENSE, false);
        check_sums(r);
        ck_assert(r->area_m2 <= s.chip.area_budget_m2);
        ck_assert_msg(r->inference.interval_s <= last_s * 1.001, "%g s after %g s at %g times",
                      r->inference.interval_s, last_s, more);
        ck_assert_rel(r->system.load_J, 0.0, 0);
        last_s = r->inference.interval_s;
    }
    ck_assert(r->n_tiles > tiles || r->system.shared_s >= once_s); /* the buffer's port bounds it */
    ck_assert(last_s < 0.7 * once_s || r->system.shared_s >= once_s);
    if (_i % 2)
        ck_assert_rel(r->inference.interval_s, fmax(slowest_s(r), r->system.shared_s), 1e-12);
    s.chip.duplicate = false;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    for (int i = 0; i < r->n_layers; i++)
        ck_assert(!r->layer[i].on_arrays || r->layer[i].copies * r->layer[i].copies_in_tile == 1);
    setup_close(&s);
}
END_TEST

/* conv1 of VGG8 has 1024 vectors and 32 copies in its tile; 3 tiles make 96 copies, 11 rounds. */
START_TEST(copies_share_the_vectors)
{
    struct setup s;

    setup_open(&s, "vgg8", "ning2025");
    s.chip.schedule = SPN_SCHEDULE_PIPELINED;
    double once = setup_run(&s, SPN_SCHEME_DENSE, false)->inference.dynamic_J;
    s.chip.system.tiles = 60;
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    int used = 0;
    for (int i = 0; i < r->n_layers; i++) {
        const struct spn_layer_result *l = &r->layer[i];
        used += l->on_arrays ? l->n_tiles : 0;
        if (l->on_arrays)
            ck_assert(l->copies >= 1 && l->copies_in_tile >= 1);
    }
    ck_assert(used > 44 && used <= 60);
    ck_assert_int_eq(r->n_tiles, 60);
    /* 60 general tiles of max(4, 9) PEs of 16 arrays. */
    ck_assert_int_eq(r->n_arrays, 60 * 9 * 16);
    /* The same reads and conversions; wires are longer. */
    ck_assert(r->inference.dynamic_J > once && r->inference.dynamic_J < 1.2 * once);
    ck_assert_rel(setup_actions(r, "conv2", "array", SPN_PHASE_FORWARD), 294912.0, 0);
    setup_close(&s);
}
END_TEST

/* VGG8 on chips of 16 tiles: conv1 to conv6 take 1 + 1 + 1 + 1 + 2 + 4 = 10; fc1 (32) does not fit
 * behind them and takes two loads; these are full, so fc2 is a fourth. All 12,973,440 weights of 8
 * bits come from DRAM once per batch. */
START_TEST(a_small_chip_is_loaded_again_and_again)
{
    struct setup s;

    setup_open(&s, "vgg8", "ning2025");
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    const double stays_s = r->inference.latency_s;
    s.chip.system.tiles = 16;
    s.chip.system.overflow = SPN_OVERFLOW_RELOAD;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    check_sums(r);
    ck_assert_rel(r->system.n_loads, 4.0, 0);
    ck_assert_int_eq(r->layer[spn_network_find(s.net, "conv6")].first, 0);
    ck_assert_int_eq(r->layer[spn_network_find(s.net, "fc1")].first, 1);
    ck_assert_int_eq(r->layer[spn_network_find(s.net, "fc1")].parts, 2);
    ck_assert_int_eq(r->layer[spn_network_find(s.net, "fc2")].first, 3);
    ck_assert_rel(r->system.load_bit, 12973440.0 * 8, 0);
    double dram_J = 0;
    for (int i = 0; i < r->n_leaves; i++)
        if (r->leaf[i].category == SPN_CATEGORY_DRAM)
            dram_J += r->leaf[i].cost.energy_J;
    ck_assert_rel(dram_J, 12973440.0 * 8 * s.chip.dram.energy_J_per_bit, 1e-12);
    ck_assert(r->inference.latency_s > stays_s + r->system.load_s);
    ck_assert_rel(r->inference.interval_s, r->inference.latency_s, 1e-12);
    ck_assert_rel(r->system.batch_s, r->inference.latency_s, 1e-12);

    /* A batch shares the loads: an image has a tenth of them. Between loads the results of the
     * batch are in DRAM: pool3's 512 x 4 x 4 behind conv6 and fc1's 1024, written and read. */
    const double load_J = r->system.load_J, load_s = r->system.load_s,
                 compute_s = r->inference.interval_s - load_s, one_J = r->inference.dynamic_J;
    s.chip.system.batch = 10;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    check_sums(r);
    ck_assert_rel(r->system.waiting_bit, 2 * 8 * (512 * 16 + 1024.0), 0);
    double wait_J = r->system.waiting_bit * s.chip.dram.energy_J_per_bit;
    ck_assert_rel(r->inference.dynamic_J, one_J - 0.9 * load_J + wait_J, 1e-9);
    ck_assert_rel(r->inference.interval_s, compute_s + load_s / 10 + r->system.waiting_s, 1e-9);
    ck_assert_rel(r->system.batch_s, 10 * r->inference.interval_s, 1e-9);

    /* Enough tiles: nothing is loaded. */
    s.chip.system.tiles = 44;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert_rel(r->system.n_loads, 1.0, 0);
    ck_assert(r->system.load_J == 0 && r->system.load_s == 0 && r->system.load_bit == 0);
    setup_close(&s);
}
END_TEST

/* Time of a load that writing bounds: the kernel-position tiles have 9 x 16 arrays, written 16 at a
 * time, 4096 cells one by one, (L^2 - 1)/(3 L) pulses each, L the device's states. */
START_TEST(writing_bounds_a_load)
{
    struct setup s;

    setup_open(&s, "vgg8", "ning2025");
    s.chip.system.tiles = 16;
    s.chip.system.overflow = SPN_OVERFLOW_RELOAD;
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    double states = s.chip.device.n_states, pulses = (states * states - 1) / (3 * states);
    /* conv tiles 9 batches of arrays; fc1 4 in each of its two loads; fc2's two tiles hold 8
     * arrays. */
    double cycles = (9 + 2 * 4 + 1) * 4096.0 * pulses;
    ck_assert_rel(r->system.load_s, cycles * s.chip.device.write_pulse_s, 0.05);
    setup_close(&s);
}
END_TEST

/* Four chips of 16 tiles for the same layers. Flatten's 8192 words of 8 bits pass two links (fc1 is
 * on chips 1 and 2), the half of fc1's 1024 that is made on chip 1 one, relu_fc1's 1024 one. */
START_TEST(several_chips_in_a_row)
{
    struct setup s;

    setup_open(&s, "vgg8", "ning2025");
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    s.chip.system.tiles = 16;
    s.chip.system.overflow = SPN_OVERFLOW_CHIPS;
    r = setup_run(&s, SPN_SCHEME_DENSE, true);
    check_sums(r);
    ck_assert_rel(r->system.n_chips, 4.0, 0);
    ck_assert_int_eq(r->n_tiles, 64);
    ck_assert_rel(r->system.link_bit, 8 * (2 * 8192.0 + 512 + 1024), 0);
    double link_J = 0;
    for (int i = 0; i < r->n_leaves; i++)
        if (strcmp(r->leaf[i].component, "chip-link") == 0 && r->leaf[i].phase == SPN_PHASE_FORWARD)
            link_J += r->leaf[i].cost.energy_J;
    ck_assert_rel(link_J, r->system.link_bit * s.chip.system.link_energy_J_per_bit, 1e-12);
    ck_assert(r->system.load_J == 0);
    /* The six tiles that conv1 to conv6 leave on the first chip hold copies of what is slowest. */
    int first_chip = 0;
    for (int i = 0; i < r->n_layers; i++)
        first_chip += r->layer[i].on_arrays && r->layer[i].first == 0 ? r->layer[i].n_tiles : 0;
    ck_assert(first_chip > 10 && first_chip <= 16);
    ck_assert(r->layer[spn_network_find(s.net, "conv2")].copies > 1);
    const double with_copies_s = r->inference.interval_s;
    s.chip.duplicate = false;
    ck_assert(setup_run(&s, SPN_SCHEME_DENSE, false)->inference.interval_s > with_copies_s);
    s.chip.duplicate = true;
    /* A link that slow bounds the pipeline: its busiest part carries 65,536 bits an image. */
    s.chip.schedule = SPN_SCHEDULE_PIPELINED;
    s.chip.system.link_bandwidth_bit_per_s = 1e8;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    ck_assert_rel(r->inference.interval_s, 65536 / 1e8, 1e-12);
    setup_close(&s);
}
END_TEST

static const char shortcut[] =
    "{\"name\": \"shortcut\", \"input\": {\"shape\": [1, 4, 4]}, \"layers\": ["
    "{\"name\": \"c1\", \"op\": \"conv2d\", \"channels\": 2, \"kernel\": 3, \"padding\": 1},"
    "{\"name\": \"c2\", \"op\": \"conv2d\", \"channels\": 2, \"kernel\": 3, \"padding\": 1},"
    "{\"name\": \"c3\", \"op\": \"conv2d\", \"channels\": 2, \"kernel\": 3, \"padding\": 1},"
    "{\"name\": \"sum\", \"op\": \"add\", \"in\": [\"c3\", \"c1\"]}]}";

/* The input's 16 elements and the 32 of c2, c3 and sum are doubled; those of c1 are read three
 * stages later: 4 images of them. c2 takes c1's results as they come, c3 c2's; c2 alone has no
 * other reader. */
START_TEST(shortcuts_wait_in_the_buffer)
{
    struct spn_network *net;
    struct spn_profile profile;
    struct spn_plan *plan;
    struct spn_err err;

    ck_assert_ok(spn_network_parse(&net, shortcut, sizeof shortcut - 1, "shortcut", &err));
    ck_assert_ok(spn_profile_default(&profile, net, &err));
    ck_assert_ok(spn_plan_create(&plan, net, &profile, &err));
    ck_assert_rel(plan->pipelined_elements, 2 * 16 + 4 * 32 + 3 * 2 * 32.0, 0);
    ck_assert(plan->matrix[0].from == -1 && !plan->matrix[0].direct_only);
    ck_assert(plan->matrix[1].from == 0 && plan->matrix[1].direct_only);
    ck_assert(plan->matrix[2].from == 1 && !plan->matrix[2].direct_only);
    spn_plan_destroy(plan);
    spn_profile_clear(&profile);
    spn_network_destroy(net);
}
END_TEST

/* Through the buffer, the port carries everything; from tile to tile, less goes less far, and the
 * buffer is read less. Placing never makes traffic x hops more. */
START_TEST(traffic_on_a_mesh)
{
    static const char *const network[] = {"vgg8", "resnet20", "vit-tiny", "transformer-base"};
    struct setup s;

    setup_open(&s, network[_i], "ning2025");
    s.chip.global.interconnect = SPN_INTERCONNECT_MESH;
    s.chip.schedule = SPN_SCHEDULE_PIPELINED;
    double interconnect_J[2][2], busiest_bit[2][2];
    for (int traffic = 0; traffic < 2; traffic++)
        for (int placement = 0; placement < 2; placement++) {
            s.chip.global.traffic = traffic;
            s.chip.global.placement = placement;
            const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
            struct spn_leaf_filter wires = {-2, -1, SPN_CATEGORY_INTERCONNECT, 1};
            check_sums(r);
            ck_assert(r->system.placement_gain >= (placement ? 1 : 1 - 1e-12));
            ck_assert(r->inference.interval_s >= r->system.busiest_link_s);
            interconnect_J[traffic][placement] = spn_result_sum(r, wires).energy_J;
            busiest_bit[traffic][placement] = r->system.busiest_link_bit;
            if (!placement)
                ck_assert_rel(r->system.placement_gain, 1.0, 1e-12);
            /* A second time: the placement is not sought again, and the result is the same. */
            ck_assert_rel(spn_result_sum(setup_run(&s, SPN_SCHEME_DENSE, false), wires).energy_J,
                          interconnect_J[traffic][placement], 0);
        }
    ck_assert(interconnect_J[0][1] <= interconnect_J[0][0]);
    ck_assert(interconnect_J[1][1] <= interconnect_J[1][0]);
    ck_assert(interconnect_J[1][1] <= interconnect_J[0][1]);
    ck_assert(busiest_bit[1][1] <= busiest_bit[0][1]);
    setup_close(&s);
}
END_TEST

/* Through the buffer conv2 of VGG8 takes, of each of its 128 channels, (3 x 32 - 2)^2 pixels, as
 * often as windows do; with lines in the tiles 32 x 32. What leaves the tiles' buffers stays. A
 * line buffer holds 2 lines of 32 and 3 pixels. */
START_TEST(inputs_come_once_where_lines_are_kept)
{
    struct setup s;
    const double bits = 8;

    setup_open(&s, "vgg8", "rram-22nm");
    s.chip.mapping = SPN_MAPPING_CONVENTIONAL;
    const struct spn_matrix_work *w = &s.work->matrix[1];
    double often_J = setup_run(&s, SPN_SCHEME_DENSE, false)->inference.dynamic_J;
    const double read_bit = w->forward.tile_in_bit;
    ck_assert_rel(w->forward.global_in_bit, 94.0 * 94 * 128 * bits, 1e-12);
    ck_assert_rel(w->forward.tile_store_bit, read_bit, 0);
    s.chip.tile.line_buffer = true;
    ck_assert(setup_run(&s, SPN_SCHEME_DENSE, false)->inference.dynamic_J < often_J);
    ck_assert_rel(w->forward.global_in_bit, 32.0 * 32 * 128 * bits, 1e-12);
    ck_assert_rel(w->forward.tile_in_bit, read_bit, 0);
    ck_assert_rel(w->forward.tile_store_bit, read_bit * 1024 / (94 * 94), 1e-12);
    ck_assert(s.work->need.line_bit >= (2 * 32 + 3) * 128 * bits / w->map.row_tiles);
    s.chip.tile.input_buffer_bit = 100;
    struct spn_err err;
    ck_assert_fails(attempt(&s, false, &err), SPN_EINFEASIBLE, "chip.tile.input_buffer_bit = 100");
    setup_close(&s);
}
END_TEST

/* What a layer takes from other tiles is what these make: each result once (of a stride larger than
 * the kernel, less). */
START_TEST(tiles_receive_what_tiles_send)
{
    static const char *const network[] = {"vgg8", "resnet20", "resnet18", "transformer-base"};
    struct setup s;
    int n = 0;

    setup_open(&s, network[_i], "rram-22nm");
    s.chip.global.traffic = SPN_TRAFFIC_DIRECT;
    ck_assert(setup_run(&s, SPN_SCHEME_DENSE, false)->system.direct);
    for (int i = 0; i < s.plan->n_matrix; i++) {
        const struct spn_plan_matrix *m = &s.plan->matrix[i];
        const struct spn_layer *layer = &s.net->layer[m->layer];
        if (m->from < 0)
            continue;
        double sent_bit = (double)s.net->layer[layer->in[0]].n_out * s.chip.input.bits;
        bool skips = layer->op == SPN_OP_CONV2D && layer->stride[0] > layer->kernel[0];
        double got_bit = s.work->matrix[i].forward.global_in_bit;
        ck_assert(skips ? got_bit < sent_bit : fabs(got_bit / sent_bit - 1) < 1e-12);
        n++;
    }
    ck_assert(n > 2);
    setup_close(&s);
}
END_TEST

/* The layer whose results are taken, behind what only changes their order. */
static int maker_of(const struct spn_network *net, int layer)
{
    while (layer >= 0 && net->layer[layer].n_in == 1 &&
           (net->layer[layer].op == SPN_OP_RESHAPE || net->layer[layer].op == SPN_OP_FLATTEN ||
            net->layer[layer].op == SPN_OP_TOKENS || net->layer[layer].op == SPN_OP_SELECT ||
            net->layer[layer].op == SPN_OP_CONCAT))
        layer = net->layer[layer].in[0];
    return layer;
}

/* Whatever a layer reads from the buffer, shortcuts too, was written there, by its maker or by what
 * is fused behind it. */
START_TEST(what_is_read_was_written)
{
    static const char *const network[] = {"vgg8",     "resnet20", "resnet18",   "transformer-base",
                                          "vit-tiny", "mcnn",     "stories260k"};
    struct setup s;

    setup_open(&s, network[_i], "ning2025");
    for (int i = 0; i < s.net->n_layers; i++) {
        const struct spn_plan_layer *p = &s.plan->layer[i];
        for (int k = 0; k < s.net->layer[i].n_in; k++) {
            int from = s.net->layer[i].in[k];
            if (p->fused || from < 0)
                continue;
            int maker = maker_of(s.net, from);
            ck_assert_msg(
                maker < 0 || s.plan->layer[from].writes_back || s.plan->layer[maker].writes_back,
                "%s reads %s, which nobody wrote", s.net->layer[i].name, s.net->layer[from].name);
        }
    }
    setup_close(&s);
}
END_TEST

/* Decoding one token of stories260k after L: 5 layers keep keys and values of 4 x 8 features, 8
 * bits each; from DRAM 2 x 5 x 32 x 8 x (L + 1) bits, the new token's written among them. In the
 * buffer they take that room, and are read at its word's energy. */
START_TEST(keys_and_values_are_kept)
{
    struct spn_err err;
    double area[2], dram_J[2], energy[2];

    for (int place = 0; place < 2; place++)
        for (int k = 0; k < 2; k++) {
            struct setup s;
            setup_open(&s, "stories260k", "ning2025");
            const struct spn_network_override set[] = {{"sequence", "1"},
                                                       {"cache", k ? "1999" : "999"}};
            char path[SPN_MAX_PATH];
            snprintf(path, sizeof path, "%s/networks/stories260k.json",
                     getenv("srcdir") ? getenv("srcdir") : ".");
            setup_close(&s);
            ck_assert_ok(spn_network_load(&s.net, path, set, 2, &err));
            ck_assert_ok(spn_profile_default(&s.profile, s.net, &err));
            ck_assert_ok(spn_plan_create(&s.plan, s.net, &s.profile, &err));
            ck_assert_ok(spn_workspace_create(&s.work, s.plan, &err));
            s.chip.system.cache_place = place;
            const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
            check_sums(r);
            area[k] = r->area_m2;
            energy[k] = r->inference.dynamic_J;
            dram_J[k] =
                spn_result_sum(r, (struct spn_leaf_filter){-2, -1, SPN_CATEGORY_DRAM, 1}).energy_J;
            if (k && place == SPN_CACHE_DRAM)
                ck_assert_rel(dram_J[1] - dram_J[0],
                              2 * 5 * 32 * 8 * 1000.0 * s.chip.dram.energy_J_per_bit, 1e-9);
            setup_close(&s);
        }
    ck_assert(energy[1] > energy[0]);
    ck_assert_rel(area[1], area[0], 0.01); /* in DRAM: only the softmax unit's row is longer */
}
END_TEST

static double leaf_actions(const struct spn_result *r, const char *layer, int category,
                           const char *name)
{
    double n = 0;
    for (int i = 0; i < r->n_leaves; i++)
        if (r->leaf[i].layer == spn_network_find(r->net, layer) &&
            (int)r->leaf[i].category == category && strstr(r->leaf[i].component, name))
            n += r->leaf[i].n_actions;
    return n;
}

/* stories260k, 256 tokens, 8 query heads on 4 heads of keys and values of 8 features. Arrays of 64
 * x 64 bits hold 8 words of 8 bits in a row. Keys: per head 8 rows x 256 tokens, 32 arrays; 2 x 256
 * query vectors of 8 slices, of both signs: 512 x 8 x 2 x 4 x 32 reads; 8 rows of each of the 4 x
 * 32 arrays are written. Values: 256 rows, 4 arrays a head; what softmax gives has no sign: 512 x 8
 * x 4 x 4 reads; 4 x 256 rows written. */
START_TEST(products_of_activations_on_sram)
{
    static const char scores[] = "layers.0.attention.scores",
                      context[] = "layers.0.attention.context";
    struct setup s;
    struct spn_err err;

    setup_open(&s, "stories260k", "ning2025");
    const struct spn_override sram = {"chip.products.unit", "sram"};
    ck_assert_ok(spn_chip_load(&s.chip, "ning2025", &sram, 1, &err));
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    check_sums(r);
    ck_assert_rel(leaf_actions(r, scores, SPN_CATEGORY_ARRAY, "array"), 512.0 * 8 * 2 * 4 * 32, 0);
    ck_assert_rel(leaf_actions(r, context, SPN_CATEGORY_ARRAY, "array"), 512.0 * 8 * 4 * 4, 0);
    ck_assert_rel(leaf_actions(r, scores, SPN_CATEGORY_WRITE, "array"), 8 * 4 * 32.0, 1e-12);
    ck_assert_rel(leaf_actions(r, context, SPN_CATEGORY_WRITE, "array"), 4 * 256.0, 1e-12);
    for (int i = 0; i < r->n_leaves; i++)
        ck_assert(strcmp(r->leaf[i].component, "mac") != 0);
    const double area = r->area_m2;
    s.chip.area_budget_m2 = area * 1.5;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    check_sums(r);
    ck_assert(r->area_m2 <= area * 1.5 && r->area_m2 > area);
    ck_assert_fails(attempt(&s, true, &err), SPN_EINFEASIBLE, "chip.products.unit = sram");
    const struct spn_override other[] = {sram, {"chip.products.device", "rram-22nm"}};
    ck_assert_fails(spn_chip_load(&s.chip, "ning2025", other, 2, &err), SPN_EINPUT,
                    "chip.products: device 'rram-22nm' is no SRAM cell");
    setup_close(&s);
}
END_TEST

static const char *const networks[] = {"vgg8",  "resnet20", "resnet18",         "lenet5",
                                       "msnet", "vit-tiny", "transformer-base", "stories260k"};

/* Sums, and times that follow from each other, for every network and every way to lay it out. */
START_TEST(every_layout_adds_up)
{
    struct setup s;
    struct spn_err err;
    int done = 0;

    setup_open(&s, networks[_i], "ning2025");
    const struct spn_override sram = {"chip.products.unit", "sram"};
    for (int k = 0; k < 2 * 2 * 3 * 3; k++) {
        ck_assert_ok(spn_chip_load(&s.chip, "ning2025", &sram, 1, &err));
        s.chip.products.unit = k / 2 % 2 ? SPN_PRODUCTS_SRAM : SPN_PRODUCTS_MAC;
        s.chip.schedule = k % 2;
        s.chip.mapping = k / 4 % 3 + SPN_MAPPING_KERNEL_POSITION;
        s.chip.global.interconnect = k / 3 % 2;
        s.chip.global.traffic = k / 6 % 2;
        s.chip.system.overflow = k / 12;
        s.chip.system.tiles = k / 12 ? 3 : 0;
        s.chip.system.batch = 1 + k % 3;
        enum spn_status status = attempt(&s, false, &err);
        ck_assert_msg(status == SPN_OK, "%d: %s", k, err.msg);
        const struct spn_result *r = &s.result;
        check_sums(r);
        ck_assert(r->inference.interval_s <=
                  r->inference.latency_s * (1 + 1e-12) + r->system.waiting_s);
        ck_assert(r->system.n_loads == 1 || s.chip.system.overflow == SPN_OVERFLOW_RELOAD);
        ck_assert(r->system.n_chips == 1 || s.chip.system.overflow == SPN_OVERFLOW_CHIPS);
        ck_assert((r->system.load_J > 0) == (r->system.n_loads > 1));
        ck_assert((r->system.link_bit > 0) == (r->system.n_chips > 1));
        ck_assert(r->utilization_frac > 0 && r->utilization_frac <= 1);
        done++;
    }
    ck_assert_int_eq(done, 36);
    setup_close(&s);
}
END_TEST

START_TEST(what_does_not_fit_is_refused_unless_told_otherwise)
{
    struct setup s;
    struct spn_err err;

    setup_open(&s, "vgg8", "ning2025");
    s.chip.system.tiles = 43;
    ck_assert_fails(attempt(&s, false, &err), SPN_EINFEASIBLE, "chip.system.tiles = 43");
    s.chip.system.overflow = SPN_OVERFLOW_RELOAD;
    ck_assert_ok(attempt(&s, false, &err));
    ck_assert_ok(attempt(&s, true, &err));
    s.chip.system.tiles = 0;
    s.chip.area_budget_m2 = 1e-6; /* not even the activations' buffer */
    ck_assert_fails(attempt(&s, false, &err), SPN_EINFEASIBLE, "chip.area_budget_m2");
    s.chip.area_budget_m2 = 8e-6;
    ck_assert_ok(attempt(&s, false, &err));
    ck_assert(s.result.area_m2 <= 8e-6 && s.result.system.n_loads > 1);
    setup_close(&s);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("system");
    TCase *tc = tcase_create("system");

    tcase_add_loop_test(tc, area_buys_speed, 0, 4);
    tcase_add_test(tc, copies_share_the_vectors);
    tcase_add_test(tc, a_small_chip_is_loaded_again_and_again);
    tcase_add_test(tc, writing_bounds_a_load);
    tcase_add_test(tc, several_chips_in_a_row);
    tcase_add_test(tc, shortcuts_wait_in_the_buffer);
    tcase_add_test(tc, keys_and_values_are_kept);
    tcase_add_test(tc, products_of_activations_on_sram);
    tcase_add_loop_test(tc, traffic_on_a_mesh, 0, 4);
    tcase_add_test(tc, inputs_come_once_where_lines_are_kept);
    tcase_add_loop_test(tc, tiles_receive_what_tiles_send, 0, 4);
    tcase_add_loop_test(tc, what_is_read_was_written, 0, 7);
    tcase_add_loop_test(tc, every_layout_adds_up, 0, (int)(sizeof networks / sizeof *networks));
    tcase_add_test(tc, what_does_not_fit_is_refused_unless_told_otherwise);
    suite_add_tcase(suite, tc);
    return suite;
}
