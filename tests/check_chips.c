/* check_chips.c -- Monte Carlo over chips.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/rng.h"
#include "check.h"
#include "simulator/chips.h"

/* 0.8, 0.85, 0.9, 0.95: mean 0.875, sd 0.0645497, t(3 degrees, 97.5 %) = 3.182446 (tables of
 * Student's distribution), half width 3.182446 x 0.0645497 / 2 = 0.102713. */
START_TEST(sums_by_hand)
{
    struct spn_accuracy chip[5] = {{.n_images = 100, .top1_frac = 0.9, .loss = 0.2},
                                   {.n_images = 100, .top1_frac = 0.8, .loss = 0.4},
                                   {.n_images = 40, .top1_frac = 0.1, .loss = 9}, /* stopped */
                                   {.n_images = 100, .top1_frac = 0.95, .loss = 0.1},
                                   {.n_images = 100, .top1_frac = 0.85, .loss = 0.3}};
    struct spn_chips_result r = spn_chips_sum_up(chip, 5, 100);
    ck_assert_int_eq(r.n_chips, 4);
    ck_assert_rel(r.mean_frac, 0.875, 1e-12);
    ck_assert_rel(r.sd_frac, 0.0645497224, 1e-8);
    ck_assert_rel(r.low_frac, 0.875 - 0.102713, 1e-5);
    ck_assert_rel(r.high_frac, 0.875 + 0.102713, 1e-5);
    ck_assert(r.least_frac == 0.8 && r.most_frac == 0.95);
    ck_assert_rel(r.perplexity, exp(0.25), 1e-12);
    chip[0].low_frac = 0.83;
    chip[0].high_frac = 0.94;
    r = spn_chips_sum_up(chip, 1, 100); /* one chip: its own interval */
    ck_assert(r.low_frac == 0.83 && r.high_frac == 0.94 && r.sd_frac == 0);
    r = spn_chips_sum_up(chip, 5, 7);
    ck_assert(r.n_chips == 0 && r.low_frac == 0 && r.high_frac == 1);
}
END_TEST

enum { N_IMAGES = 12, SIDE = 6, CLASSES = 4, N_CHIPS = 5 };

struct setting {
    struct spn_network *net;
    struct spn_weights *weights;
    struct spn_chip chip;
    struct spn_dataset images;
    struct spn_chips_job job;
};

static void begin(struct setting *s)
{
    static const char text[] =
        "{\"name\": \"n\", \"input\": {\"shape\": [1, 6, 6]}, \"layers\": [{\"name\": \"c\", "
        "\"op\": \"conv2d\", \"channels\": 3, \"kernel\": 3, \"bias\": false}, {\"name\": \"r\", "
        "\"op\": \"relu\"}, {\"name\": \"f\", \"op\": \"flatten\"}, {\"name\": \"l\", \"op\": "
        "\"linear\", \"features\": 4, \"bias\": false}]}";
    const int64_t n_conv = 27, n_linear = 48 * CLASSES;
    float values[27 + 48 * CLASSES];
    struct spn_err err;
    struct spn_rng rng = spn_rng_init(3, 2, 1);
    *s = (struct setting){.chip = spn_chip_default()};
    spn_rng_normals(&rng, values, sizeof values / sizeof *values);
    ck_assert_ok(spn_network_parse(&s->net, text, strlen(text), "n.json", &err));
    ck_assert_ok(spn_weights_create(&s->weights, &err));
    ck_assert_ok(spn_weights_add(s->weights, "c.weight", SPN_DTYPE_F32, 1, &n_conv, values, &err));
    ck_assert_ok(
        spn_weights_add(s->weights, "l.weight", SPN_DTYPE_F32, 1, &n_linear, values + 27, &err));
    s->chip.device.on_conductance_S = 1e-5;
    s->chip.device.off_conductance_S = 1e-6;
    s->chip.device.programming_sd_frac = 0.3;
    s->chip.device.read_noise_frac = 0.1;
    s->images = (struct spn_dataset){.name = "noise",
                                     .n_images = N_IMAGES,
                                     .channels = 1,
                                     .height = SIDE,
                                     .width = SIDE,
                                     .n_classes = CLASSES,
                                     .image = malloc(N_IMAGES * SIDE * SIDE),
                                     .label = malloc(N_IMAGES)};
    ck_assert(s->images.image && s->images.label);
    for (int i = 0; i < N_IMAGES * SIDE * SIDE; i++)
        s->images.image[i] = (uint8_t)spn_rng_below(&rng, 256);
    for (int i = 0; i < N_IMAGES; i++)
        s->images.label[i] = (uint8_t)(i % CLASSES);
    s->job = (struct spn_chips_job){.net = s->net,
                                    .weights = s->weights,
                                    .chip = &s->chip,
                                    .options = {.fidelity = SPN_FIDELITY_DEVICE, .seed = 7},
                                    .calibration = &s->images,
                                    .images = &s->images,
                                    .n_chips = N_CHIPS};
}

static void end(struct setting *s)
{
    spn_weights_destroy(s->weights);
    spn_network_destroy(s->net);
    spn_dataset_clear(&s->images);
}

static bool stop_after_two(void *ctx, const char *what, size_t done, size_t total)
{
    (void)ctx;
    ck_assert_str_eq(what, "chips");
    ck_assert_uint_eq(total, N_CHIPS);
    return done < 2;
}

static void count(void *ctx, const struct spn_simulator *sim)
{
    ck_assert_ptr_nonnull(sim);
    ++*(int *)ctx;
}

/* Chip k is the simulator with seed + k; side by side (1 and 2 threads) or one by one (8). */
START_TEST(chips_are_their_seeds)
{
    struct setting s;
    struct spn_accuracy chip[N_CHIPS], other[N_CHIPS];
    struct spn_chips_result result;
    struct spn_err err;
    int seen = 0;
    begin(&s);
    s.job.options.n_threads = 1;
    s.job.see = count;
    s.job.ctx = &seen;
    ck_assert_ok(spn_chips_run(&s.job, NULL, chip, &result, &err));
    ck_assert_int_eq(seen, 1);
    ck_assert_int_eq(result.n_chips, N_CHIPS);
    ck_assert(result.sd_frac > 0);
    for (int n_threads = 2; n_threads <= 8; n_threads += 6) {
        s.job.options.n_threads = n_threads;
        ck_assert_ok(spn_chips_run(&s.job, NULL, other, &result, &err));
        for (int k = 0; k < N_CHIPS; k++)
            ck_assert(chip[k].n_correct == other[k].n_correct && chip[k].loss == other[k].loss);
    }
    s.job.options.seed = 9;
    s.job.n_chips = 1;
    ck_assert_ok(spn_chips_run(&s.job, NULL, other, &result, &err));
    ck_assert(other[0].loss == chip[2].loss && other[0].loss != chip[0].loss);
    end(&s);
}
END_TEST

START_TEST(runs_stop_and_fail)
{
    struct setting s;
    struct spn_accuracy chip[N_CHIPS];
    struct spn_chips_result result;
    struct spn_err err;
    const struct spn_progress progress = {.report = stop_after_two};
    begin(&s);
    s.job.options.n_threads = 1;
    ck_assert_ok(spn_chips_run(&s.job, &progress, chip, &result, &err));
    ck_assert_int_eq(result.n_chips, 2);
    ck_assert(chip[1].n_images == N_IMAGES && chip[2].n_images == 0);
    s.chip.weight.bits = 12;
    ck_assert_int_eq(spn_chips_run(&s.job, NULL, chip, &result, &err), SPN_EUSAGE);
    ck_assert_ptr_nonnull(strstr(err.msg, "layer 'c': chip.weight.bits = 12 outside [2, 8]"));
    s.job.n_chips = 0;
    ck_assert_int_eq(spn_chips_run(&s.job, NULL, chip, &result, &err), SPN_EUSAGE);
    end(&s);
}
END_TEST

/* Each class alone acts, and off it does not; without quantization codes have 8 bits whatever the
 * chip has. */
START_TEST(classes_act_alone)
{
    struct setting s;
    struct spn_chips_result floats, coded, rough, result;
    struct spn_err err;
    begin(&s);
    s.job.n_chips = 1;
    s.chip.weight.bits = s.chip.weight.cell_bits = 2;
    s.chip.input.bits = 2;
    s.chip.device.programming_sd_frac = 0.1;
    s.chip.device.read_noise_frac = 0;
    s.job.options.errors = SPN_ERROR_DEFECTS; /* there are none */
    ck_assert_ok(spn_chips_run(&s.job, NULL, NULL, &coded, &err));
    s.job.options.errors = SPN_ERROR_QUANTIZATION;
    ck_assert_ok(spn_chips_run(&s.job, NULL, NULL, &rough, &err));
    s.job.options.errors = 0;
    s.job.options.fidelity = SPN_FIDELITY_IDEAL;
    ck_assert_ok(spn_chips_run(&s.job, NULL, NULL, &floats, &err));
    ck_assert_double_le(fabs(coded.loss - floats.loss), 0.02 * floats.loss);
    ck_assert_double_ge(fabs(rough.loss - floats.loss), 0.05 * floats.loss);
    s.job.options.fidelity = SPN_FIDELITY_DEVICE;
    s.job.options.errors = SPN_ERROR_FLUCTUATION;
    ck_assert_ok(spn_chips_run(&s.job, NULL, NULL, &result, &err));
    ck_assert(result.loss != coded.loss);
    s.chip.device.stuck_on_frac = 0.2;
    s.job.options.errors = SPN_ERROR_DEFECTS;
    ck_assert_ok(spn_chips_run(&s.job, NULL, NULL, &result, &err));
    ck_assert(result.loss != coded.loss);
    s.chip.adc.offset_sd_lsb = 1;
    s.job.options.errors = SPN_ERROR_NONLINEARITY;
    ck_assert_ok(spn_chips_run(&s.job, NULL, NULL, &result, &err));
    ck_assert(result.loss != coded.loss);
    s.chip.adc.offset_sd_lsb = 0;
    ck_assert_ok(spn_chips_run(&s.job, NULL, NULL, &result, &err));
    ck_assert(result.loss == coded.loss);
    end(&s);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("chips");
    TCase *tests = tcase_create("chips");
    tcase_add_test(tests, sums_by_hand);
    tcase_add_test(tests, chips_are_their_seeds);
    tcase_add_test(tests, runs_stop_and_fail);
    tcase_add_test(tests, classes_act_alone);
    suite_add_tcase(suite, tests);
    return suite;
}
