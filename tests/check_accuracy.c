/* check_accuracy.c -- codes, ranges and intervals by hand; real weights on real images.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "check.h"
#include "simulator/quantize.h"
#include "simulator/simulator.h"

/* ---- codes and ranges ---- */

START_TEST(codes_by_hand)
{
    const float w[] = {-2.0f, 1.0f, 0.5f, 0.0f}, zero[] = {0, 0};
    int8_t codes[4];
    ck_assert_rel(spn_quantize_weights(w, 4, 8, codes), 2.0 / 127.0, 1e-7);
    const int8_t want[] = {-127, 64, 32, 0}; /* 63.5 and 31.75 to the nearest, ties to even */
    ck_assert_mem_eq(codes, want, 4);
    ck_assert_rel(spn_quantize_weights(zero, 2, 8, codes), 1.0, 1e-12);
    const struct spn_input_code plus = {.scale = 0.1f, .sign = 1, .max = 15},
                                minus = {.scale = 0.1f, .sign = -1, .max = 15};
    const float x[] = {0.31f, -0.52f, 9.0f, 0.04f};
    uint8_t up[4], down[4];
    spn_quantize_inputs(&plus, x, 4, up);
    spn_quantize_inputs(&minus, x, 4, down);
    const uint8_t want_up[] = {3, 0, 15, 0}, want_down[] = {0, 5, 0, 0};
    ck_assert_mem_eq(up, want_up, 4);
    ck_assert_mem_eq(down, want_down, 4);
}
END_TEST

START_TEST(ranges_and_percentiles)
{
    static struct spn_range range, other;
    float x[1000];
    for (int i = 0; i < 1000; i++) {
        x[i] = (float)(i + 1);
    }
    spn_range_init(&range);
    spn_range_init(&other);
    ck_assert(spn_range_percentile(&range, 99.0) == 0.0 && !spn_range_is_signed(&range));
    spn_range_add(&range, x, 500);
    spn_range_add(&other, x + 500, 500);
    spn_range_merge(&range, &other);
    ck_assert_rel(spn_range_percentile(&range, 100.0), 1000.0, 1e-12);
    ck_assert_rel(spn_range_percentile(&range, 50.0), 500.0, 0.01);
    ck_assert_rel(spn_range_percentile(&range, 90.0), 900.0, 0.01);
    const float negative[] = {-2000.0f, 0.0f, 0.0f};
    spn_range_add(&range, negative, 3); /* zeros do not count */
    ck_assert(spn_range_is_signed(&range));
    ck_assert_rel(spn_range_percentile(&range, 100.0), 2000.0, 1e-12);
    ck_assert_rel(spn_range_percentile(&range, 50.0), 501.0, 0.01);
}
END_TEST

/* 95 % interval of 81 in 263, [brown2001interval]-style check: the roots of (p - k/n)^2 = z^2 p
 * (1-p)/n. */
START_TEST(wilson_interval)
{
    double low, high;
    const double z = 1.959963984540054;
    spn_wilson(81, 263, &low, &high);
    ck_assert_rel(pow(low - 81.0 / 263, 2), z * z * low * (1 - low) / 263, 1e-9);
    ck_assert_rel(pow(high - 81.0 / 263, 2), z * z * high * (1 - high) / 263, 1e-9);
    spn_wilson(0, 10, &low, &high);
    ck_assert(low == 0.0);
    ck_assert_rel(high, z * z / (10 + z * z), 1e-12);
    spn_wilson(10, 10, &low, &high);
    ck_assert(high == 1.0);
    spn_wilson(0, 0, &low, &high);
    ck_assert(low == 0.0 && high == 1.0);
}
END_TEST

/* 100 images, 5 right only in the first, 1 only in the second: m = 4/102, half width
 * z sqrt(7 - 16/102)/102 = 0.0502661 [agresti2005]. No difference at all still has a width. */
START_TEST(paired_interval)
{
    uint8_t first[100] = {0}, second[100] = {0};
    for (int i = 0; i < 95; i++)
        first[i] = second[i] = 1;
    for (int i = 0; i < 5; i++)
        second[i] = 0;
    second[99] = 1;
    struct spn_paired p = spn_pair_answers(first, second, 100);
    ck_assert_int_eq(p.n_only_first, 5);
    ck_assert_int_eq(p.n_only_second, 1);
    ck_assert_rel(p.difference_frac, 0.04, 1e-14);
    ck_assert_rel(p.low_frac, 4.0 / 102 - 0.05026614, 1e-5);
    ck_assert_rel(p.high_frac, 4.0 / 102 + 0.05026614, 1e-5);
    p = spn_pair_answers(first, first, 100);
    ck_assert(p.difference_frac == 0);
    ck_assert_rel(p.high_frac, 1.959963984540054 / 102, 1e-12);
    ck_assert_rel(p.low_frac, -p.high_frac, 1e-12);
}
END_TEST

/* ---- real weights on real images; skipped without them ---- */

static const struct {
    const char *network, *weights, *dataset;
    int n_images;
    double low, high; /* of the accuracy: the weight file's own figure +- 0.1 point on all 10,000
                         images; on the first 1,000 the measured count +- 2 (on all 10,000 these
                         three give 91.73, 93.39 and 88.29 %, the figures of their files) */
} known[] = {
    {"mnist-mlp", "mnist_fc_3layer", "mnist", 0, 0.9742, 0.9762},
    {"lenet5", "lenet5_mnist", "mnist", 0, 0.9900, 0.9920},
    {"vit-tiny", "tinyvit_fashion", "fashion", 0, 0.8812, 0.8832},
    {"resnet20", "resnet20_cifar10_akamaster", "cifar10", 1000, 0.9130, 0.9170},
    {"resnet56", "resnet56_cifar10_akamaster", "cifar10", 1000, 0.9240, 0.9280},
    {"vgg8-quarter", "vgg8quarter_cifar10", "cifar10", 1000, 0.8900, 0.8940},
    {"resnet8", "resnet8_cifar10_mlperftiny", "cifar10", 0, 0.8709, 0.8729},
    {"resnet8", "resnet8_cifar10_mlperftiny_int8", "cifar10", 0, 0.8692, 0.8712},
};

static struct spn_chip make_chip(void)
{
    struct spn_chip chip = spn_chip_default();
    chip.array.rows = chip.array.columns = 64;
    chip.array.rows_read = 0;
    chip.weight.bits = chip.weight.cell_bits = 8;
    chip.weight.encoding = SPN_ENCODING_DIFFERENTIAL;
    chip.input.bits = 8;
    chip.input.dac_bits = 1;
    chip.adc.bits = 16;
    chip.adc.range = SPN_RANGE_FULL;
    chip.device.on_conductance_S = 6e-6;
    chip.device.off_conductance_S = 6e-12;
    chip.device.n_states = 256;
    chip.device.read_voltage_V = 0.1;
    chip.device.mask.present = true;
    chip.device.mask.on_conductance_S = 6e-3;
    chip.device.mask.off_conductance_S = 6e-12;
    return chip;
}

static struct spn_dataset open_images(const char *dir, const char *name,
                                      const struct spn_network *net, int n)
{
    struct spn_dataset images = {0};
    struct spn_err err;
    char folder[SPN_MAX_PATH];
    snprintf(folder, sizeof folder, "%s/data", dir);
    const struct spn_dataset_request request = {.name = name,
                                                .split = "test",
                                                .dir = folder,
                                                .channels = net->input.dim[0],
                                                .size = net->input.dim[1],
                                                .n_classes = net->n_classes,
                                                .max_images = n};
    ck_assert_ok(spn_dataset_open(&images, &request, &err));
    return images;
}

static void load(const char *dir, int i, struct spn_network **net, struct spn_weights **w)
{
    char path[SPN_MAX_PATH];
    struct spn_err err;
    const char *source = getenv("srcdir");
    snprintf(path, sizeof path, "%s/networks/%s.json", source ? source : ".", known[i].network);
    ck_assert_ok(spn_network_load(net, path, NULL, 0, &err));
    snprintf(path, sizeof path, "%s/data/weights/%s.safetensors", dir, known[i].weights);
    ck_assert_ok(spn_weights_load(w, path, &err));
}

START_TEST(float_accuracy_is_the_published_one)
{
    const char *dir = spn_test_data();
    struct spn_network *net = NULL;
    struct spn_weights *w = NULL;
    struct spn_simulator *sim = NULL;
    struct spn_accuracy accuracy;
    struct spn_err err;
    if (!dir) {
        return;
    }
    load(dir, _i, &net, &w);
    struct spn_dataset images = open_images(dir, known[_i].dataset, net, known[_i].n_images);
    const struct spn_simulator_options options = {.fidelity = SPN_FIDELITY_IDEAL};
    ck_assert_ok(spn_simulator_create(&sim, net, w, NULL, &options, &err));
    ck_assert_ok(spn_simulator_evaluate(sim, &images, NULL, &accuracy, &err));
    ck_assert_msg(accuracy.top1_frac >= known[_i].low && accuracy.top1_frac <= known[_i].high,
                  "%s: %g", known[_i].network, accuracy.top1_frac);
    spn_simulator_destroy(sim);
    spn_weights_destroy(w);
    spn_network_destroy(net);
    spn_dataset_clear(&images);
}
END_TEST

/* The decoder on its text: 0.6457 of 129,145 next tokens, perplexity 3.98678 in the weight file's
 * description. Then through cores with 8-bit weights, inputs and wide converters, on 16 texts. */
START_TEST(text_is_predicted_as_published)
{
    const char *dir = spn_test_data();
    struct spn_network *net = NULL;
    struct spn_weights *w = NULL;
    struct spn_simulator *sim = NULL;
    struct spn_accuracy accuracy, coded;
    struct spn_err err;
    char path[SPN_MAX_PATH];
    if (!dir) {
        return;
    }
    const char *source = getenv("srcdir");
    snprintf(path, sizeof path, "%s/networks/stories260k.json", source ? source : ".");
    ck_assert_ok(spn_network_load(&net, path, NULL, 0, &err));
    snprintf(path, sizeof path, "%s/data/weights/stories260K.safetensors", dir);
    ck_assert_ok(spn_weights_load(&w, path, &err));
    struct spn_dataset texts = open_images(dir, "tinystories", net, 0);
    struct spn_simulator_options options = {.fidelity = SPN_FIDELITY_IDEAL};
    ck_assert_ok(spn_simulator_create(&sim, net, w, NULL, &options, &err));
    ck_assert_ok(spn_simulator_evaluate(sim, &texts, NULL, &accuracy, &err));
    ck_assert_int_eq(accuracy.n_answers, 129145);
    ck_assert_rel(accuracy.perplexity, 3.9867812441907233, 1e-4);
    ck_assert_double_le(fabs(accuracy.top1_frac - 0.6457083123620736), 0.001);
    texts.n_images = 16;
    ck_assert_ok(spn_simulator_evaluate(sim, &texts, NULL, &accuracy, &err));
    spn_simulator_destroy(sim);
    const struct spn_chip chip = make_chip();
    options = (struct spn_simulator_options){.fidelity = SPN_FIDELITY_QUANTIZED};
    ck_assert_ok(spn_simulator_create(&sim, net, w, &chip, &options, &err));
    ck_assert_ok(spn_simulator_calibrate(sim, &texts, &err));
    ck_assert_ok(spn_simulator_evaluate(sim, &texts, NULL, &coded, &err));
    ck_assert_msg(fabs(coded.loss - accuracy.loss) < 0.05, "%g, in float %g", coded.loss,
                  accuracy.loss);
    spn_simulator_destroy(sim);
    spn_weights_destroy(w);
    spn_network_destroy(net);
    spn_dataset_clear(&texts);
}
END_TEST

/* Five-bit converters on 64 rows cost little accuracy. */
START_TEST(quantized_accuracy_stays_near)
{
    const char *dir = spn_test_data();
    struct spn_network *net = NULL;
    struct spn_weights *w = NULL;
    struct spn_simulator *sim = NULL;
    struct spn_accuracy accuracy;
    struct spn_err err;
    if (!dir) {
        return;
    }
    load(dir, 3, &net, &w);
    struct spn_dataset images = open_images(dir, "cifar10", net, 200);
    struct spn_chip chip = make_chip();
    chip.weight.encoding = SPN_ENCODING_OFFSET;
    chip.adc.bits = 5;
    chip.adc.range = SPN_RANGE_CALIBRATED;
    chip.adc.clip_percentile = 99.9;
    const struct spn_simulator_options options = {.fidelity = SPN_FIDELITY_QUANTIZED, .seed = 1};
    ck_assert_ok(spn_simulator_create(&sim, net, w, &chip, &options, &err));
    ck_assert_ok(spn_simulator_calibrate(sim, &images, &err));
    ck_assert_ok(spn_simulator_evaluate(sim, &images, NULL, &accuracy, &err));
    ck_assert_msg(accuracy.top1_frac > 0.87, "%g", accuracy.top1_frac);
    spn_simulator_destroy(sim);
    spn_weights_destroy(w);
    spn_network_destroy(net);
    spn_dataset_clear(&images);
}
END_TEST

/* ---- the weights that are shipped ---- */

static double zeros_frac(const struct spn_weights *w, const struct spn_layer *layer)
{
    char name[128];
    int64_t n_zeros = 0;
    snprintf(name, sizeof name, "%s.weight", layer->tensor);
    const struct spn_tensor_info *info = spn_weights_find(w, name);
    ck_assert_ptr_nonnull(info);
    ck_assert_int_eq(info->dtype, SPN_DTYPE_I8);
    for (int64_t i = 0; i < info->n; i++) {
        n_zeros += ((const int8_t *)info->data)[i] == 0;
    }
    return (double)n_zeros / (double)info->n;
}

static double drawn_accuracy(const struct spn_network *net, const struct spn_weights *w, int n)
{
    struct spn_dataset images = {0};
    struct spn_simulator *sim = NULL;
    struct spn_accuracy accuracy;
    struct spn_err err;
    const struct spn_dataset_request request = {.name = net->dataset,
                                                .split = "test",
                                                .channels = net->input.dim[0],
                                                .size = net->input.dim[1],
                                                .n_classes = net->n_classes,
                                                .max_images = n,
                                                .seed = 1};
    const struct spn_simulator_options options = {.fidelity = SPN_FIDELITY_IDEAL};
    ck_assert_ok(spn_dataset_open(&images, &request, &err));
    ck_assert_ok(spn_simulator_create(&sim, net, w, NULL, &options, &err));
    ck_assert_ok(spn_simulator_evaluate(sim, &images, NULL, &accuracy, &err));
    spn_simulator_destroy(sim);
    spn_dataset_clear(&images);
    return accuracy.top1_frac;
}

/* Pruned as the network file says (kept weights may round to zero besides), and right on the
 * letters that they were trained on.
 */
START_TEST(shipped_weights_are_as_described)
{
    const char *const names[] = {"vgg8", "msnet"}, *source = getenv("srcdir");
    const double least[] = {0.8, 0.93}; /* 0.920 and 0.972 on 500 images */
    const int n_images[] = {40, 300};
    for (int k = 0; k < 2; k++) {
        struct spn_network *net = NULL;
        struct spn_weights *w = NULL;
        struct spn_err err;
        char path[SPN_MAX_PATH];
        snprintf(path, sizeof path, "%s/networks/%s.json", source ? source : ".", names[k]);
        ck_assert_ok(spn_network_load(&net, path, NULL, 0, &err));
        ck_assert_ok(spn_weights_load(&w, net->weights, &err));
        for (int i = 0; i < net->n_layers; i++) {
            const struct spn_layer *layer = &net->layer[i];
            if (spn_layer_is_matrix(layer)) {
                const double zeros = zeros_frac(w, layer);
                ck_assert_msg(zeros >= layer->sparsity - 0.51 / (double)layer->n_weights &&
                                  zeros < layer->sparsity + 0.02,
                              "%s %s: %g zeros for %g", names[k], layer->name, zeros,
                              layer->sparsity);
            }
        }
        ck_assert(drawn_accuracy(net, w, n_images[k]) >= least[k]);
        spn_weights_destroy(w);
        spn_network_destroy(net);
    }
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("accuracy");
    TCase *tests = tcase_create("accuracy");
    tcase_add_test(tests, codes_by_hand);
    tcase_add_test(tests, ranges_and_percentiles);
    tcase_add_test(tests, wilson_interval);
    tcase_add_test(tests, paired_interval);
    tcase_add_test(tests, shipped_weights_are_as_described);
    tcase_add_loop_test(tests, float_accuracy_is_the_published_one, 0,
                        (int)(sizeof known / sizeof known[0]));
    tcase_add_test(tests, text_is_predicted_as_published);
    tcase_add_test(tests, quantized_accuracy_stays_near);
    suite_add_tcase(suite, tests);
    return suite;
}
