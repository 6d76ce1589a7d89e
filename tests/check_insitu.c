/* check_insitu.c -- pairs of index-free cells, and training on them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <stdio.h>

#include "networks/transform.h"
#include "simulator/insitu.h"
#include "tech/data.h"

enum { N = 45 }; /* weights: two lines of 20 and a quarter */

static struct spn_device device_of(bool ideal)
{
    struct spn_err err;
    struct spn_device device;
    ck_assert_ok(spn_device_load(&device, "mos2-2fefet", &err));
    if (ideal) {
        device.programming_sd_frac = device.read_noise_frac = 0;
        device.pulse = (struct spn_device_pulse){.n_levels = 15};
    }
    return device;
}

static struct spn_pairs *pairs_of(const struct spn_device *device,
                                  const struct spn_pairs_write *write)
{
    struct spn_err err;
    struct spn_pairs *pairs = NULL;
    const struct spn_pairs_config config = {.device = device,
                                            .write = *write,
                                            .n = N,
                                            .rows = 2,
                                            .columns = 20,
                                            .states = 16,
                                            .seed = 7};
    ck_assert_ok(spn_pairs_create(&pairs, &config, &err));
    return pairs;
}

static struct spn_pairs_write write_of(double tolerance)
{
    return (struct spn_pairs_write){.pulses_per_state = 8,
                                    .tolerance_states = tolerance,
                                    .max_tries = 50,
                                    .leaky_on_off = 1000};
}

static void keep_all(struct spn_pairs *pairs)
{
    for (size_t k = 0; k < N; k++)
        spn_pairs_keep(pairs, k, true);
}

/* Linear cells: 8 pulses are a state; masked ones stay; 45 weights on lines of 20 take 2 arrays. */
START_TEST(vector_pulses)
{
    const struct spn_device device = device_of(true);
    const struct spn_pairs_write write = write_of(0.01);
    struct spn_pairs *pairs = pairs_of(&device, &write);
    float code[N];
    int row[2] = {16, 24}, column[20] = {0};
    column[3] = 20;
    ck_assert_int_eq(pairs->n_arrays, 2);
    keep_all(pairs);
    spn_pairs_keep(pairs, 5, false);
    spn_pairs_pulse(pairs, SPN_PLUS, 0, row, column);
    spn_pairs_read(pairs, true, code);
    ck_assert_double_eq_tol((double)code[0], 2, 1e-6);    /* 16/8 */
    ck_assert_double_eq_tol((double)code[3], 4.5, 1e-6);  /* (16 + 20)/8 */
    ck_assert_double_eq_tol((double)code[23], 5.5, 1e-6); /* (24 + 20)/8 */
    ck_assert_double_lt(fabs((double)code[5]), 1e-3);     /* masked off */
    ck_assert_double_eq_tol((double)code[44], 0, 1e-6);   /* in the other array */
    ck_assert_double_eq(pairs->count.vector_cycles, 21);
    row[0] = row[1] = -400; /* down to the lowest state and no further */
    spn_pairs_pulse(pairs, SPN_PLUS, 0, row, column);
    spn_pairs_read(pairs, true, code);
    ck_assert_double_eq_tol((double)code[0], 0, 1e-6);
    spn_pairs_destroy(pairs);
}
END_TEST

/* Verification reaches codes of either sign; a pruned weight is gone, a regrown one starts at 0. */
START_TEST(verified_codes)
{
    const struct spn_device device = device_of(false);
    struct spn_pairs_write write = write_of(0.3);
    write.window_sd_frac = 0;
    struct spn_pairs *pairs = pairs_of(&device, &write);
    float code[N], target[N];
    uint8_t plus[N], minus[N];
    keep_all(pairs);
    for (int k = 0; k < N; k++)
        target[k] = (float)(k % 29 - 14);
    spn_pairs_verify(pairs, target);
    spn_pairs_read(pairs, true, code);
    spn_pairs_mask(pairs, SPN_PLUS, plus);
    spn_pairs_mask(pairs, SPN_MINUS, minus);
    ck_assert_double_eq(pairs->count.n_failed, 0);
    for (int k = 0; k < N; k++) { /* the read that found it good erred by less than 5 sd = 0.21 */
        ck_assert_double_le(fabs((double)(code[k] - target[k])), 0.3 + 0.22);
        ck_assert_int_eq(plus[k] + minus[k], 1);
        if (target[k] < 0)
            ck_assert_int_eq(minus[k], 1);
    }
    spn_pairs_keep(pairs, 3, false);
    spn_pairs_read(pairs, true, code);
    ck_assert(!spn_pairs_kept(pairs, 3));
    ck_assert_double_lt(fabs((double)code[3]), 0.01);
    spn_pairs_keep(pairs, 3, true);
    spn_pairs_read(pairs, true, code);
    ck_assert_double_lt(fabs((double)code[3]), 0.52);
    spn_pairs_destroy(pairs);
}
END_TEST

/* From anywhere but where it is, a cell is as near after each try as a normal error with sd s
 * leaves it: 1/erf(t/(s sqrt2)) tries on average, plus the reads' own noise. [M:D11] */
START_TEST(number_of_tries)
{
    struct spn_device device = device_of(true);
    device.programming_sd_frac = 0.1 / 15; /* 0.1 state */
    const struct spn_pairs_write write = write_of(0.1);
    struct spn_pairs *pairs = pairs_of(&device, &write);
    float target[N];
    keep_all(pairs);
    double tries = 0, n = 0;
    for (int repeat = 0; repeat < 60; repeat++) {
        for (int k = 0; k < N; k++)
            target[k] = repeat % 2 ? 4 : 10;
        spn_pairs_count_reset(pairs);
        spn_pairs_verify(pairs, target);
        tries += pairs->count.verify_tries;
        n += N;
        ck_assert_double_eq(pairs->count.n_corrected, N);
    }
    /* the grid of whole pulses, 1/8 state, adds an error of +-1/16 to the later tries: a few % */
    ck_assert_rel(tries / n, spn_pulse_verify_tries(0.1, 0.1), 0.12);
    spn_pairs_destroy(pairs);
}
END_TEST

START_TEST(disturb)
{
    const struct spn_device device = device_of(true);
    struct spn_pairs_write write = write_of(0.01);
    float code[N];
    const int row[2] = {0};
    int column[20] = {0};
    column[1] =
        80; /* pulses of column 1 that the others feel by a hundredth: 0.8 pulses, 0.1 state */
    for (int k = 0; k < 2; k++) {
        write.disturb_frac = k * 0.01;
        struct spn_pairs *pairs = pairs_of(&device, &write);
        keep_all(pairs);
        spn_pairs_keep(pairs, 2, false);
        spn_pairs_pulse(pairs, SPN_PLUS, 0, row, column);
        spn_pairs_read(pairs, true, code);
        ck_assert_double_eq_tol((double)code[1], 10, 1e-6);
        ck_assert_double_eq_tol((double)code[0], k * 0.1, 1e-6);
        ck_assert_double_lt(fabs((double)code[2]), 1e-3);
        spn_pairs_destroy(pairs);
    }
}
END_TEST

/* 0.05 uS of 3 uS lost in 100 s [ning2025]: 1.7 % of every state. */
START_TEST(rest)
{
    struct spn_device device = device_of(true);
    const struct spn_pairs_write write = write_of(0.01);
    struct spn_pairs *pairs = pairs_of(&device, &write);
    float target[N], code[N];
    keep_all(pairs);
    for (int k = 0; k < N; k++)
        target[k] = 12;
    spn_pairs_verify(pairs, target);
    spn_pairs_rest(pairs, 0.5); /* before the first reading: nothing */
    spn_pairs_read(pairs, true, code);
    ck_assert_double_eq_tol((double)code[0], 12, 0.011);
    spn_pairs_rest(pairs, 100);
    spn_pairs_read(pairs, true, code);
    ck_assert_double_eq_tol((double)code[0], 12 * 2.95 / 3, 0.015);
    spn_pairs_destroy(pairs);
}
END_TEST

START_TEST(leaky_cells)
{
    const struct spn_device device = device_of(true);
    struct spn_pairs_write write = write_of(0.3);
    write.leaky_frac = 1;
    struct spn_pairs *pairs = pairs_of(&device, &write);
    ck_assert_rel((double)pairs->cell[SPN_PLUS][0].floor, 0.015, 1e-6); /* 15 states/1000 */
    spn_pairs_destroy(pairs);
}
END_TEST

START_TEST(bad_pairs)
{
    struct spn_err err;
    struct spn_device device = device_of(true);
    struct spn_pairs *pairs = NULL;
    struct spn_pairs_config config = {
        .device = &device, .write = write_of(0.3), .n = 4, .rows = 2, .columns = 2, .states = 1};
    ck_assert_fails(spn_pairs_create(&pairs, &config, &err), SPN_EINPUT, "states");
    config.states = 16;
    config.rows = 0;
    ck_assert_fails(spn_pairs_create(&pairs, &config, &err), SPN_EINPUT, "0 x 2");
    config.rows = 2;
    config.write.max_tries = 0;
    ck_assert_fails(spn_pairs_create(&pairs, &config, &err), SPN_EINPUT, "max_tries = 0");
    config.write.max_tries = 1;
    device.mask.present = false;
    ck_assert_fails(spn_pairs_create(&pairs, &config, &err), SPN_EINPUT, "mask");
    device.mask.present = true;
    device.on_conductance_S = device.off_conductance_S;
    ck_assert_fails(spn_pairs_create(&pairs, &config, &err), SPN_EINPUT, "on_conductance_S");
    ck_assert_ptr_null(pairs);
}
END_TEST

/* ---- images ---- */

START_TEST(transforms)
{
    struct spn_err err;
    uint8_t image[2 * 9] = {0,   30,  60,  90, 120, 150, 180, 210, 240,
                            255, 255, 255, 0,  0,   0,   0,   0,   0};
    uint8_t label[2] = {0, 1};
    struct spn_dataset data = {.name = "d",
                               .n_images = 2,
                               .channels = 1,
                               .height = 3,
                               .width = 3,
                               .n_classes = 2,
                               .image = malloc(18),
                               .label = malloc(2)};
    struct spn_dataset both, train, test;
    memcpy(data.image, image, 18);
    memcpy(data.label, label, 2);
    ck_assert_fails(spn_dataset_shrink(&data, 4, &err), SPN_EINPUT, "side 4");
    ck_assert_ok(spn_dataset_shrink(&data, 2, &err));
    /* each is (1 a + 1/2 b + 1/2 c + 1/4 d)/(9/4): (0 + 15 + 45 + 30)/2.25 = 40 */
    ck_assert_int_eq(data.image[0], 40);
    ck_assert_int_eq(data.image[3], 200); /* (240 + 210/2 + 150/2 + 120/4)/2.25 */
    ck_assert_int_eq(data.image[4], 170); /* 255 1.5/2.25 */
    spn_dataset_binarise(&data, 170);
    ck_assert_int_eq(data.image[0], 0);
    ck_assert_int_eq(data.image[4], 255);
    ck_assert_ok(spn_dataset_join(&both, &data, &data, &err));
    ck_assert_int_eq(both.n_images, 4);
    const struct spn_dataset_split half = {2, 2, 3}, odd = {3, 1, 3}, many = {4, 2, 3};
    ck_assert_ok(spn_dataset_choose(&both, &half, &train, &test, &err));
    ck_assert_int_eq(train.label[0] + train.label[1], 1); /* one of each */
    ck_assert_int_eq(test.label[0] + test.label[1], 1);
    ck_assert_fails(spn_dataset_choose(&both, &odd, &data, &data, &err), SPN_EINPUT, "as many");
    ck_assert_fails(spn_dataset_choose(&both, &many, &data, &data, &err), SPN_EINPUT, "too few");
    both.width = 1;
    ck_assert_fails(spn_dataset_join(&train, &data, &both, &err), SPN_EINPUT, "joined");
    both.width = 2;
    spn_dataset_clear(&data);
    spn_dataset_clear(&both);
    spn_dataset_clear(&train);
    spn_dataset_clear(&test);
}
END_TEST

/* ---- experiments ---- */

static enum spn_status read_text(const char *text, struct spn_insitu_options *o,
                                 struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_parse(&doc, text, strlen(text), "x.json", err);
    *o = spn_insitu_options_default();
    if (!status)
        status = spn_insitu_options_read(o, doc, err);
    spn_json_destroy(doc);
    return status;
}

START_TEST(experiments)
{
    struct spn_err err;
    struct spn_insitu_options o;
    static const char *const bad[][2] = {
        {"{\"epoch\": 3}", "epoch"},
        {"{\"epochs\": 5, \"pretrain_epochs\": 6}", "pretrain_epochs = 6"},
        {"{\"pretrain_bits\": 1}", "pretrain_bits = 1"},
        {"{\"epochs\": 20, \"snapshot_epochs\": [3, 21]}", "snapshot_epochs[1]"},
        {"{\"rest_s\": [3, 2]}", "rest_s[1]"},
        {"{\"events\": 3}", "list"},
        {"{\"events\": [3]}", "object"},
        {"{\"events\": [{\"epoch\": 58, \"kind\": \"prune\"}]}", "events[0].epoch = 58"},
        {"{\"events\": [{\"epoch\": 5, \"kind\": \"grow\"}]}", "kind"},
        {"{\"events\": [{\"epoch\": 5, \"kind\": \"prune\", \"choice\": \"momentum\"}]}", "prune"},
        {"{\"events\": [{\"epoch\": 5, \"kind\": \"regrow\", \"choice\": \"magnitude\"}]}", "grow"},
        {"{\"events\": [{\"epoch\": 5, \"every\": 2, \"until\": 4}]}", "until"},
        {"{\"events\": [{\"epoch\": 5, \"sparsity\": 1}]}", "sparsity"},
        {"{\"write\": {\"max_tries\": 0}}", "max_tries"},
        {"{\"update\": {\"lambda\": 0}}", "lambda"},
    };
    static const char *const shipped[] = {
        "",          "-dense-float", "-sparse-float", "-cells",        "-masked-fit", "-open",
        "-feedback", "-one-update",  "-two-updates",  "-four-updates", "-pretrained", "-one-shot",
        "-rigl"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_fails(read_text(bad[i][0], &o, &err), SPN_EINPUT, bad[i][1]);
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        char name[64], path[SPN_MAX_PATH];
        snprintf(name, sizeof name, "ning2025-msnet%s", shipped[i]);
        o = spn_insitu_options_default();
        ck_assert_ok(spn_data_find(path, sizeof path, "experiments", "experiment", name, &err));
        ck_assert_ok(spn_insitu_options_load(&o, path, &err));
        ck_assert_int_eq(o.epochs, 57);
    }
    ck_assert_int_eq(o.event[1].kind, SPN_INSITU_REWIRE);
    ck_assert_int_eq(o.event[1].choice, SPN_INSITU_GRADIENT);
}
END_TEST

/* Shares of MSNet's layers: final ones at 74.2 %, in proportion below, kept shares alike above. */
START_TEST(layer_shares)
{
    ck_assert_rel(spn_insitu_layer_share(0.52, 0.742, 0.742), 0.52, 1e-12);
    ck_assert_rel(spn_insitu_layer_share(0.8, 0.742, 0.371), 0.4, 1e-12);
    ck_assert_rel(spn_insitu_layer_share(0.59, 0.742, 0.871), 1 - 0.41 / 2, 1e-12);
    ck_assert_rel(spn_insitu_layer_share(0, 0, 0.5), 0.5, 1e-12);
}
END_TEST

static struct spn_network *msnet(void)
{
    struct spn_err err;
    struct spn_network *net = NULL;
    char path[SPN_MAX_PATH];
    ck_assert_ok(spn_data_find(path, sizeof path, "networks", "network", "msnet", &err));
    ck_assert_ok(spn_network_load(&net, path, NULL, 0, &err));
    return net;
}

static const char small[] =
    "{\"n_images\": 50, \"n_test_images\": 50, \"epochs\": 9, \"pretrain_epochs\": 3,"
    " \"events\": [{\"epoch\": 4, \"kind\": \"prune\", \"sparsity\": 0.742},"
    " {\"epoch\": 6, \"kind\": \"prune\", \"sparsity\": 0.869},"
    " {\"epoch\": 7, \"kind\": \"regrow\", \"share\": 0.125, \"expansion\": 2},"
    " {\"epoch\": 8, \"kind\": \"rewire\", \"share\": 0.2, \"choice\": \"gradient\"}],"
    " \"snapshot_epochs\": [3, 6, 9], \"landscape_points\": 3, \"learning_rate\": 0.02}";

static bool stop_at_once(void *ctx, const char *what, size_t done, size_t total)
{
    (void)ctx;
    (void)what;
    return done >= total;
}

START_TEST(small_run)
{
    struct spn_err err;
    struct spn_network *net = msnet();
    const struct spn_device device = device_of(false);
    struct spn_dataset train, test;
    struct spn_insitu_log log[2];
    struct spn_insitu_job job = {.net = net, .device = &device, .train = &train, .test = &test};
    ck_assert_ok(read_text(small, &job.options, &err));
    ck_assert_ok(spn_insitu_open_data(&job.options, net, NULL, &train, &test, &err));
    for (int i = 0; i < 2; i++)
        ck_assert_ok(spn_insitu_run(&job, NULL, &log[i], &err));
    const struct spn_insitu_log *l = &log[0];
    ck_assert_int_eq(l->n_epochs, 9);
    ck_assert_int_eq(l->n_weights, 1060);
    ck_assert_int_eq(l->n_snapshots, 3);
    /* 52 + 640 + 94 = 786; 76 + 719 + 127 = 922: (1 - 0.48 0.131/0.258) 100 = 75.6, ... */
    ck_assert_double_eq_tol(l->epoch[4].sparsity_frac, 786.0 / 1060, 1e-9);
    ck_assert_double_eq_tol(l->epoch[5].sparsity_frac, 0.869, 0.002);
    ck_assert_double_eq_tol(l->epoch[6].sparsity_frac, 0.744, 0.002);
    ck_assert_double_eq(l->epoch[7].sparsity_frac, l->epoch[6].sparsity_frac);
    ck_assert(!l->epoch[2].on_chip && l->epoch[3].on_chip);
    ck_assert_double_lt(l->epoch[8].loss, l->epoch[0].loss);
    ck_assert(memcmp(log[0].epoch, log[1].epoch, 9 * sizeof *l->epoch) == 0);
    int n = 0, moved = 0;
    for (int i = 0; i < l->n_classes; i++)
        for (int j = 0; j < l->n_classes; j++)
            n += l->confusion[i][j];
    ck_assert_int_eq(n, 50);
    for (int k = 0; k < 1060; k++) { /* what is pruned reads as nothing, what is kept as a code */
        if (!l->snapshot[1].mask[k])
            ck_assert_double_lt(fabs((double)l->snapshot[1].weight[k]), 0.01);
        ck_assert_double_lt(fabs((double)l->snapshot[1].weight[k]), 17);
        moved += l->snapshot[1].mask[k] != l->snapshot[2].mask[k];
    }
    ck_assert_int_gt(moved, 100);
    ck_assert_double_le((double)l->landscape[4], (double)l->landscape[0]);
    for (int i = 0; i < 2; i++)
        spn_insitu_log_clear(&log[i]);
    const struct spn_progress stop = {.report = stop_at_once};
    ck_assert_ok(spn_insitu_run(&job, &stop, &log[0], &err));
    ck_assert(log[0].stopped && log[0].n_epochs == 1);
    spn_insitu_log_clear(&log[0]);
    train.label[0] = 9;
    ck_assert_fails(spn_insitu_run(&job, NULL, &log[0], &err), SPN_EINPUT, "label 9");
    train.label[0] = 0;
    train.n_images = 0;
    ck_assert_fails(spn_insitu_run(&job, NULL, &log[0], &err), SPN_EINPUT, "0 images");
    spn_dataset_clear(&train);
    spn_dataset_clear(&test);
    spn_network_destroy(net);
}
END_TEST

/* With perfect cells and verification, the chip computes with its targets: whole codes. */
START_TEST(ideal_cells)
{
    struct spn_err err;
    struct spn_network *net = msnet();
    const struct spn_device device = device_of(true);
    struct spn_dataset train, test;
    struct spn_insitu_log log;
    struct spn_insitu_job job = {.net = net, .device = &device, .train = &train, .test = &test};
    ck_assert_ok(read_text(small, &job.options, &err));
    job.options.write.tolerance_states = 0.01;
    job.options.landscape_points = 0;
    ck_assert_ok(spn_insitu_open_data(&job.options, net, NULL, &train, &test, &err));
    ck_assert_ok(spn_insitu_run(&job, NULL, &log, &err));
    for (int k = 0; k < 1060; k++)
        if (log.snapshot[2].mask[k])
            ck_assert_double_le(fabs((double)log.snapshot[2].weight[k] -
                                     nearbyint((double)log.snapshot[2].weight[k])),
                                0.011);
    spn_insitu_log_clear(&log);
    spn_dataset_clear(&train);
    spn_dataset_clear(&test);
    spn_network_destroy(net);
}
END_TEST

static double test_frac(const struct spn_insitu_job *job, int epoch)
{
    struct spn_err err;
    struct spn_insitu_log log;
    ck_assert_ok(spn_insitu_run(job, NULL, &log, &err));
    const double frac = log.epoch[epoch - 1].test_frac + log.epoch[epoch - 1].loss;
    spn_insitu_log_clear(&log);
    return frac;
}

/* Off the chip an epoch of three updates is one of three updates, whatever comes after it. */
START_TEST(pretrain_updates)
{
    struct spn_err err;
    struct spn_network *net = msnet();
    const struct spn_device device = device_of(false);
    struct spn_dataset train, test;
    struct spn_insitu_job job = {.net = net, .device = &device, .train = &train, .test = &test};
    ck_assert_ok(read_text("{\"n_images\": 20, \"n_test_images\": 20, \"epochs\": 2,"
                           " \"pretrain_epochs\": 1, \"updates_per_epoch\": 3}",
                           &job.options, &err));
    ck_assert_ok(spn_insitu_open_data(&job.options, net, NULL, &train, &test, &err));
    const double three = test_frac(&job, 1);
    job.options.updates_per_epoch = 1;
    ck_assert_double_ne(test_frac(&job, 1), three);
    job.options.pretrain_updates = 3;
    ck_assert_double_eq(test_frac(&job, 1), three);
    spn_dataset_clear(&train);
    spn_dataset_clear(&test);
    spn_network_destroy(net);
}
END_TEST

static int count_shared(const struct spn_dataset *a, const struct spn_dataset *b)
{
    const size_t size = (size_t)a->height * (size_t)a->width;
    int n = 0;
    for (int i = 0; i < a->n_images; i++)
        for (int j = 0; j < b->n_images; j++)
            n += memcmp(a->image + (size_t)i * size, b->image + (size_t)j * size, size) == 0;
    return n;
}

/* Settings are chosen on images that no seed's results are measured on. The folder has 230 of each
 * of five letters: results take 150 of each, 80 are left: 50 to train, 30 to test. */
START_TEST(images_apart)
{
    struct spn_err err;
    const char *data = spn_test_data();
    char dir[SPN_MAX_PATH];
    struct spn_network *net = msnet();
    struct spn_insitu_options o = spn_insitu_options_default();
    struct spn_dataset set[2][2];
    const int seed[2] = {3, 8};
    snprintf(dir, sizeof dir, "%s/data", data ? data : "");
    o.binarise = 0;
    for (int emnist = 0; emnist < (data ? 2 : 1); emnist++) {
        snprintf(o.dataset, sizeof o.dataset, "%s", emnist ? "emnist-spare" : "letters");
        for (int i = 0; i < 2; i++) {
            o.develop = i == 0;
            o.seed = (uint64_t)seed[i];
            ck_assert_ok(spn_insitu_open_data(&o, net, dir, &set[i][0], &set[i][1], &err));
            ck_assert_int_eq(set[i][0].n_images, 250);
            ck_assert_int_eq(set[i][1].n_images, emnist && i == 0 ? 150 : 500);
            ck_assert_int_eq(count_shared(&set[i][0], &set[i][1]), 0);
        }
        for (int i = 0; i < 4; i++)
            ck_assert_int_eq(count_shared(&set[0][i / 2], &set[1][i % 2]), 0);
        for (int i = 0; i < 4; i++)
            spn_dataset_clear(&set[i / 2][i % 2]);
    }
    o.n_images = 450;
    o.develop = true;
    if (data) {
        ck_assert_fails(spn_insitu_open_data(&o, net, dir, &set[0][0], &set[0][1], &err),
                        SPN_EINPUT, "develop");
    }
    spn_network_destroy(net);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("insitu");
    TCase *tcase = tcase_create("insitu");
    tcase_add_test(tcase, vector_pulses);
    tcase_add_test(tcase, verified_codes);
    tcase_add_test(tcase, number_of_tries);
    tcase_add_test(tcase, disturb);
    tcase_add_test(tcase, rest);
    tcase_add_test(tcase, leaky_cells);
    tcase_add_test(tcase, bad_pairs);
    tcase_add_test(tcase, transforms);
    tcase_add_test(tcase, experiments);
    tcase_add_test(tcase, layer_shares);
    tcase_add_test(tcase, small_run);
    tcase_add_test(tcase, ideal_cells);
    tcase_add_test(tcase, pretrain_updates);
    tcase_add_test(tcase, images_apart);
    suite_add_tcase(suite, tcase);
    return suite;
}
