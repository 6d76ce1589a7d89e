/* check_simulator.c -- whole networks: every op by hand, exact integers through cores, real weights
 * on real images.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "base/rng.h"
#include "check.h"
#include "simulator/bound.h"
#include "simulator/simulator.h"

static struct spn_network *parse(const char *text)
{
    struct spn_network *net = NULL;
    struct spn_err err;
    ck_assert_ok(spn_network_parse(&net, text, strlen(text), "test.json", &err));
    return net;
}

static void add(struct spn_weights *weights, const char *name, const float *values, int64_t n)
{
    struct spn_err err;
    ck_assert_ok(spn_weights_add(weights, name, SPN_DTYPE_F32, 1, &n, values, &err));
}

static struct spn_weights *no_weights(void)
{
    struct spn_weights *weights = NULL;
    struct spn_err err;
    ck_assert_ok(spn_weights_create(&weights, &err));
    return weights;
}

/* Random tensors for all layers of a network. */
static struct spn_weights *random_weights(const struct spn_network *net, float size)
{
    struct spn_weights *weights = no_weights();
    for (int i = 0; i < net->n_layers; i++) {
        const struct spn_layer *layer = &net->layer[i];
        struct spn_rng rng = spn_rng_init(9, (uint32_t)i, 0);
        char name[128];
        float *values = malloc((size_t)(layer->n_weights + layer->channels + 1) * sizeof *values);
        ck_assert_ptr_nonnull(values);
        if (spn_layer_is_matrix(layer)) {
            spn_rng_normals(&rng, values, (size_t)(layer->n_weights + layer->channels));
            for (int64_t k = 0; k < layer->n_weights; k++) {
                values[k] *= size;
            }
            snprintf(name, sizeof name, "%s.weight", layer->tensor);
            add(weights, name, values, layer->n_weights);
            snprintf(name, sizeof name, "%s.bias", layer->tensor);
            if (layer->bias) {
                add(weights, name, values + layer->n_weights, layer->channels);
            }
        }
        free(values);
    }
    return weights;
}

/* Logits of one input in the network's own order. */
static void run_floats(const struct spn_network *net, const struct spn_weights *weights,
                       const float *x, float *y)
{
    struct spn_bound_network *bound = NULL;
    struct spn_run run;
    struct spn_err err;
    ck_assert_ok(spn_bound_create(&bound, net, weights, &err));
    ck_assert_ok(spn_run_init(&run, bound, 2, &err));
    spn_run_set_floats(&run, x, 1);
    spn_run_forward(&run, 1);
    memcpy(y, spn_run_output(&run), bound->n_output * sizeof *y);
    spn_run_clear(&run);
    spn_bound_destroy(bound);
}

static void assert_all_near(const float *got, const double *want, int n, double tolerance)
{
    for (int i = 0; i < n; i++) {
        ck_assert_msg(fabs((double)got[i] - want[i]) <= tolerance, "[%d] = %.9g, expected %.9g", i,
                      (double)got[i], want[i]);
    }
}

/* ---- ops in networks, by hand ---- */

START_TEST(image_ops_by_hand)
{
    struct spn_network *net = parse(
        "{\"name\": \"n\", \"input\": {\"shape\": [2, 2, 2]}, \"layers\": ["
        "{\"name\": \"c\", \"op\": \"conv2d\", \"channels\": 2, \"kernel\": 2, \"bias\": true},"
        "{\"name\": \"b\", \"op\": \"batchnorm\"}, {\"name\": \"r\", \"op\": \"relu\"},"
        "{\"name\": \"f\", \"op\": \"flatten\"}, {\"name\": \"l\", \"op\": \"linear\", "
        "\"features\": 2, \"bias\": false},"
        "{\"name\": \"s\", \"op\": \"softmax\"}]}");
    struct spn_weights *w = no_weights();
    const float x[] = {1, 2, 3, 4, 5, 6, 7, 8};      /* channel 0: 1 2 / 3 4 */
    const float kernel[] = {1, 0, 0, 1, 0, 1, 0, 0,  /* out 0: x00 + x03 + x11 = 1 + 4 + 6 = 11 */
                            0, 0, 0, 0, 1, 1, 1, 1}; /* out 1: 26 */
    const float bias[] = {1, -2}, gain[] = {2, 1}, offset[] = {0, -30}, mean[] = {10, 0},
                variance[] = {4, 1};
    const float last[] = {1, 1, -1, 2};
    add(w, "c.weight", kernel, 16);
    add(w, "c.bias", bias, 2); /* 12, 24 */
    add(w, "b.weight", gain, 2);
    add(w, "b.bias", offset, 2);
    add(w, "b.running_mean", mean, 2);
    add(w, "b.running_var", variance, 2); /* 2 (12-10)/2 = 2; 24 - 30 = -6 -> 0 */
    add(w, "l.weight", last, 4);
    float y[2];
    run_floats(net, w, x, y);
    const double want[] = {2, -2};     /* the last softmax is left off */
    assert_all_near(y, want, 2, 1e-4); /* the norm's epsilon of 1e-5 */
    spn_weights_destroy(w);
    spn_network_destroy(net);
}
END_TEST

/* Order of elements: reshape and flatten count [C][H][W], whatever the memory does; concat joins
 * channels. */
START_TEST(arrangement_by_hand)
{
    struct spn_network *net =
        parse("{\"name\": \"n\", \"input\": {\"shape\": [2, 2, 1]}, \"layers\": ["
              "{\"name\": \"r\", \"op\": \"relu\"},"
              "{\"name\": \"c\", \"op\": \"concat\", \"in\": [\"input\", \"r\"]}," /* [4, 2, 1] */
              "{\"name\": \"a\", \"op\": \"reshape\", \"shape\": [2, 2, 2]},"
              "{\"name\": \"p\", \"op\": \"maxpool2d\", \"kernel\": [2, 1]}," /* over rows */
              "{\"name\": \"f\", \"op\": \"flatten\"}]}");
    const float x[] = {1, -2, -3, 4};
    float y[4]; /* 1 -2 -3 4 1 0 0 4 -> [[1 -2] [-3 4]], [[1 0] [0 4]] -> 1 4, 1 4 */
    run_floats(net, NULL, x, y);
    const double want[] = {1, 4, 1, 4};
    assert_all_near(y, want, 4, 0.0);
    spn_network_destroy(net);
}
END_TEST

START_TEST(token_ops_by_hand)
{
    struct spn_network *net =
        parse("{\"name\": \"n\", \"input\": {\"shape\": [3]}, \"layers\": ["
              "{\"name\": \"e\", \"op\": \"embedding\", \"vocabulary\": 3, \"features\": 2, "
              "\"scale\": 2},"
              "{\"name\": \"cls\", \"op\": \"prepend\"}, {\"name\": \"pos\", \"op\": \"position\"},"
              "{\"name\": \"g\", \"op\": \"sigmoid\"}, {\"name\": \"m\", \"op\": \"mul\", \"in\": "
              "[\"g\", \"pos\"]},"
              "{\"name\": \"t\", \"op\": \"select\", \"index\": -1}]}");
    struct spn_weights *w = no_weights();
    const float table[] = {1, 2, 3, 4, 5, 6}, token[] = {7, 8},
                position[] = {0, 0, 0, 0, 0, 0, -9, 1};
    add(w, "e.weight", table, 6);
    add(w, "cls", token, 2);
    add(w, "pos", position, 8);
    const float x[] = {2, 0, 1}; /* the last: 2 (3, 4) + (-9, 1) = (-3, 9), times its logistic */
    float y[2];
    run_floats(net, w, x, y);
    const double want[] = {-3.0 / (1.0 + exp(3.0)), 9.0 / (1.0 + exp(-9.0))};
    assert_all_near(y, want, 2, 1e-6);
    spn_weights_destroy(w);
    spn_network_destroy(net);
}
END_TEST

START_TEST(attention_by_hand)
{
    struct spn_network *net =
        parse("{\"name\": \"n\", \"input\": {\"shape\": [2, 2]}, \"layers\": ["
              "{\"name\": \"qk\", \"op\": \"matmul\", \"in\": [\"input\", \"input\"], "
              "\"transpose_b\": true, \"scale\": 0.5},"
              "{\"name\": \"s\", \"op\": \"softmax\", \"causal\": true},"
              "{\"name\": \"v\", \"op\": \"matmul\", \"in\": [\"s\", \"input\"]}, {\"name\": "
              "\"t\", \"op\": \"tanh\"},"
              "{\"name\": \"ln\", \"op\": \"add\", \"in\": [\"t\", \"t\"]}]}");
    const float x[] = {1, 0, 0, 2}; /* scores: .5 0 / 0 2; row 0 sees itself; row 1: e^0 : e^2 */
    float y[4];
    run_floats(net, NULL, x, y);
    const double a = 1.0 / (1.0 + exp(2.0));
    const double want[] = {2 * tanh(1.0), 0, 2 * tanh(a), 2 * tanh(2 * (1 - a))};
    assert_all_near(y, want, 4, 1e-6);
    spn_network_destroy(net);
}
END_TEST

/* ---- cores ---- */

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

static struct spn_dataset make_images(int n, int channels, int size)
{
    struct spn_dataset d = {.name = "noise",
                            .n_images = n,
                            .channels = channels,
                            .height = size,
                            .width = size,
                            .n_classes = 4};
    const size_t total = (size_t)(n * channels * size * size);
    struct spn_rng rng = spn_rng_init(4, 4, 4);
    d.image = malloc(total);
    d.label = malloc((size_t)n);
    ck_assert(d.image && d.label);
    for (size_t i = 0; i < total; i++) {
        d.image[i] = (uint8_t)spn_rng_below(&rng, 256);
    }
    for (int i = 0; i < n; i++) {
        d.label[i] = (uint8_t)spn_rng_below(&rng, 4);
    }
    return d;
}

static const char small_net[] = "{\"name\": \"small\", \"input\": {\"shape\": [3, 8, 8]}, "
                                "\"preprocess\": {\"mean\": [0.5, 0.5, 0.5], \"std\": [0.5, 0.5, "
                                "0.5]}, \"layers\": [{\"name\": \"c1\", \"op\": \"conv2d\", "
                                "\"channels\": 8, \"kernel\": 3, \"padding\": 1},"
                                "{\"name\": \"r1\", \"op\": \"relu\"},"
                                "{\"name\": \"c2\", \"op\": \"conv2d\", \"channels\": 8, "
                                "\"kernel\": 3, \"stride\": 2, \"groups\": 2},"
                                "{\"name\": \"a\", \"op\": \"add\", \"in\": [\"c2\", \"c2\"]},"
                                "{\"name\": \"f\", \"op\": \"flatten\"}, {\"name\": \"l\", \"op\": "
                                "\"linear\", \"features\": 4}]}";

static void logits(const struct spn_network *net, const struct spn_weights *w,
                   const struct spn_chip *chip, const struct spn_simulator_options *options,
                   const struct spn_dataset *images, float *out)
{
    struct spn_simulator *sim = NULL;
    struct spn_err err;
    ck_assert_ok(spn_simulator_create(&sim, net, w, chip, options, &err));
    ck_assert_ok(spn_simulator_calibrate(sim, images, &err));
    ck_assert_ok(spn_simulator_logits(sim, images, 0, images->n_images, out, &err));
    spn_simulator_destroy(sim);
}

/* With converters that resolve every sum, the quantised network differs from the float one by
 * rounding of weights and inputs alone, which 8 bits make small; signed inputs of the first layer
 * and groups included. */
START_TEST(quantized_follows_float)
{
    struct spn_network *net = parse(small_net);
    struct spn_weights *w = random_weights(net, 0.1f);
    struct spn_chip chip = make_chip();
    struct spn_dataset images = make_images(12, 3, 8);
    struct spn_simulator_options options = spn_simulator_options_default();
    float exact[48], codes[48];
    options.fidelity = SPN_FIDELITY_IDEAL;
    logits(net, w, NULL, &options, &images, exact);
    options.fidelity = SPN_FIDELITY_QUANTIZED;
    logits(net, w, &chip, &options, &images, codes);
    double off = 0.0, size = 0.0;
    for (int i = 0; i < 48; i++) {
        off += pow((double)codes[i] - (double)exact[i], 2.0);
        size += pow((double)exact[i], 2.0);
    }
    ck_assert_msg(sqrt(off / size) < 0.02, "relative difference %g", sqrt(off / size));
    ck_assert(off > 0.0);
    spn_weights_destroy(w);
    spn_network_destroy(net);
    spn_dataset_clear(&images);
}
END_TEST

/* One linear layer of integer weights and inputs comes out exactly. */
START_TEST(integers_come_out_exactly)
{
    struct spn_network *net = parse(
        "{\"name\": \"n\", \"input\": {\"shape\": [1, 8, 8]}, \"layers\": [{\"name\": \"f\", "
        "\"op\": "
        "\"flatten\"}, {\"name\": \"l\", \"op\": \"linear\", \"features\": 4, \"bias\": false}]}");
    struct spn_dataset images = make_images(6, 1, 8);
    struct spn_weights *w = no_weights();
    struct spn_chip chip = make_chip();
    struct spn_simulator_options options = spn_simulator_options_default();
    float weight[256], got[24];
    struct spn_rng rng = spn_rng_init(1, 2, 3);
    for (int i = 0; i < 256; i++) {
        weight[i] = (float)spn_rng_below(&rng, 255) - 127.0f;
    }
    weight[0] = 127.0f;    /* scale 1 */
    images.image[5] = 255; /* input scale 1/255 */
    add(w, "l.weight", weight, 256);
    for (int range = 0; range < 2; range++) {
        logits(net, w, &chip, &options, &images, got);
        for (int i = 0; i < 6; i++) {
            for (int c = 0; c < 4; c++) {
                double want = 0.0;
                for (int k = 0; k < 64; k++) {
                    want += (double)images.image[i * 64 + k] * (double)weight[c * 64 + k];
                }
                ck_assert_float_eq_tol(got[i * 4 + c], (float)(want / 255.0),
                                       2e-3f); /* 24 bits of a float */
            }
        }
        chip.weight.encoding = SPN_ENCODING_TWOS_COMPLEMENT;
        chip.weight.cell_bits = 2;
    }
    spn_weights_destroy(w);
    spn_network_destroy(net);
    spn_dataset_clear(&images);
}
END_TEST

/* The same bytes for any number of threads and any batch, with every error that is drawn at random.
 */
START_TEST(bytes_do_not_depend_on_threads)
{
    struct spn_network *net = parse(small_net);
    struct spn_weights *w = random_weights(net, 0.1f);
    struct spn_chip chip = make_chip();
    struct spn_dataset images = make_images(21, 3, 8);
    struct spn_simulator_options options = spn_simulator_options_default();
    float one[84], other[84];
    chip.adc.bits = 5;
    chip.adc.range = SPN_RANGE_CALIBRATED;
    chip.device.programming_sd_frac = 0.02;
    chip.device.read_noise_frac = 0.02;
    chip.device.stuck_off_frac = 0.01;
    for (int fidelity = 0; fidelity <= SPN_FIDELITY_DEVICE; fidelity++) {
        options = (struct spn_simulator_options){.fidelity = fidelity, .seed = 3, .n_threads = 1};
        logits(net, w, &chip, &options, &images, one);
        options.n_threads = 3;
        logits(net, w, &chip, &options, &images, other);
        ck_assert_mem_eq(one, other, sizeof one);
        options.batch = 5;
        logits(net, w, &chip, &options, &images, other);
        for (int i = 0; i < 84; i++) { /* products of another shape may round otherwise in float */
            ck_assert_float_eq_tol(one[i], other[i], 1e-4f * (1.0f + fabsf(one[i])));
        }
    }
    options.seed = 4; /* another chip */
    logits(net, w, &chip, &options, &images, other);
    ck_assert_mem_ne(one, other, sizeof one);
    spn_weights_destroy(w);
    spn_network_destroy(net);
    spn_dataset_clear(&images);
}
END_TEST

START_TEST(every_scheme_runs)
{
    struct spn_network *net = parse(small_net);
    struct spn_weights *w = random_weights(net, 0.1f);
    struct spn_chip chip = make_chip();
    struct spn_dataset images = make_images(8, 3, 8);
    struct spn_err err;
    chip.weight.encoding = SPN_ENCODING_OFFSET;
    for (int scheme = 0; scheme < SPN_N_SCHEMES; scheme++) {
        struct spn_simulator *sim = NULL;
        struct spn_accuracy accuracy;
        const struct spn_simulator_options options = {
            .fidelity = SPN_FIDELITY_QUANTIZED, .scheme = scheme, .seed = 1};
        ck_assert_ok(spn_simulator_create(&sim, net, w, &chip, &options, &err));
        ck_assert_ok(spn_simulator_calibrate(sim, &images, &err));
        ck_assert_ok(spn_simulator_evaluate(sim, &images, NULL, &accuracy, &err));
        ck_assert_int_eq(accuracy.n_images, 8);
        ck_assert(accuracy.low_frac <= accuracy.top1_frac &&
                  accuracy.top1_frac <= accuracy.high_frac);
        ck_assert((spn_simulator_note(sim, 0) != NULL) == (scheme == SPN_SCHEME_INDEX_FREE));
        ck_assert_ptr_null(spn_simulator_note(sim, 1));
        spn_simulator_destroy(sim);
    }
    spn_weights_destroy(w);
    spn_network_destroy(net);
    spn_dataset_clear(&images);
}
END_TEST

/* ---- refusals ---- */

static bool stop_at_once(void *ctx, const char *what, size_t done, size_t total)
{
    (void)ctx;
    (void)what;
    (void)done;
    (void)total;
    return false;
}

START_TEST(simulator_refuses)
{
    struct spn_network *net = parse(small_net);
    struct spn_weights *w = random_weights(net, 0.1f), *none = no_weights();
    struct spn_chip chip = make_chip();
    struct spn_dataset images = make_images(20, 3, 8), wrong = make_images(2, 1, 8),
                       empty = {.name = "empty"};
    struct spn_simulator_options options = spn_simulator_options_default();
    struct spn_simulator *sim = NULL;
    struct spn_accuracy accuracy;
    struct spn_err err;
    ck_assert_fails(spn_simulator_create(&sim, net, NULL, &chip, &options, &err), SPN_EINPUT,
                    "no weights were given");
    ck_assert_fails(spn_simulator_create(&sim, net, none, &chip, &options, &err), SPN_EINPUT,
                    "c1.weight");
    ck_assert_fails(spn_simulator_create(&sim, net, w, NULL, &options, &err), SPN_EUSAGE,
                    "needs a chip");
    options.fidelity = 9;
    ck_assert_fails(spn_simulator_create(&sim, net, w, &chip, &options, &err), SPN_EUSAGE,
                    "fidelity = 9");
    options = spn_simulator_options_default();
    options.scheme = -1;
    ck_assert_fails(spn_simulator_create(&sim, net, w, &chip, &options, &err), SPN_EUSAGE,
                    "scheme = -1");
    options.scheme = 0;
    options.batch = -4;
    ck_assert_fails(spn_simulator_create(&sim, net, w, &chip, &options, &err), SPN_EUSAGE,
                    "batch = -4");
    ck_assert_ptr_null(sim);
    options.batch = 4;
    ck_assert_ok(spn_simulator_create(&sim, net, w, &chip, &options, &err));
    ck_assert_fails(spn_simulator_evaluate(sim, &images, NULL, &accuracy, &err), SPN_EUSAGE,
                    "calibrate first");
    ck_assert_fails(spn_simulator_calibrate(sim, &wrong, &err), SPN_EINPUT,
                    "does not fit network 'small'");
    ck_assert_fails(spn_simulator_calibrate(sim, &empty, &err), SPN_EINPUT, "no images");
    ck_assert_ok(spn_simulator_calibrate(sim, &images, &err));
    ck_assert_fails(spn_simulator_calibrate(sim, &images, &err), SPN_EUSAGE, "calibrated already");
    ck_assert_fails(spn_simulator_logits(sim, &images, 15, 6, NULL, &err), SPN_EUSAGE,
                    "outside the 20");
    images.label[7] = 4;
    ck_assert_fails(spn_simulator_evaluate(sim, &images, NULL, &accuracy, &err), SPN_EINPUT,
                    "label 4 of image 7");
    images.label[7] = 0;
    const struct spn_progress stop = {.report = stop_at_once};
    ck_assert_ok(spn_simulator_evaluate(sim, &images, &stop, &accuracy, &err));
    ck_assert(accuracy.n_images >= 4 && accuracy.n_images < 20); /* what was done is kept */
    spn_simulator_destroy(sim);
    spn_simulator_destroy(NULL);
    spn_weights_destroy(w);
    spn_weights_destroy(none);
    spn_network_destroy(net);
    spn_dataset_clear(&images);
    spn_dataset_clear(&wrong);
}
END_TEST

START_TEST(layouts_that_cannot_be)
{
    struct spn_network *net = parse("{\"name\": \"n\", \"input\": {\"shape\": [3, 8, 8]}, "
                                    "\"layers\": [{\"name\": \"s\", \"op\": "
                                    "\"softmax\"}, {\"name\": \"r\", \"op\": \"relu\"}]}");
    struct spn_bound_network *bound = NULL;
    struct spn_err err;
    ck_assert_fails(spn_bound_create(&bound, net, NULL, &err), SPN_EINPUT,
                    "layer 's': softmax over an image");
    spn_network_destroy(net);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("simulator");
    TCase *tests = tcase_create("simulator");
    tcase_add_test(tests, image_ops_by_hand);
    tcase_add_test(tests, arrangement_by_hand);
    tcase_add_test(tests, token_ops_by_hand);
    tcase_add_test(tests, attention_by_hand);
    tcase_add_test(tests, quantized_follows_float);
    tcase_add_test(tests, integers_come_out_exactly);
    tcase_add_test(tests, bytes_do_not_depend_on_threads);
    tcase_add_test(tests, every_scheme_runs);
    tcase_add_test(tests, simulator_refuses);
    tcase_add_test(tests, layouts_that_cannot_be);
    suite_add_tcase(suite, tests);
    return suite;
}
