/* check_measure.c -- measured value distributions against counts by hand; files; the error of a
 * layer's read energy.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "check.h"
#include "estimate_setup.h"
#include "simulator/measure.h"

enum { CODE_0 = 128 };

static const char pair_net[] =
    "{\"name\": \"pair\", \"input\": {\"shape\": [1, 1, 2]}, \"layers\": [{\"name\": \"f\", "
    "\"op\": \"flatten\"}, {\"name\": \"fc\", \"op\": \"linear\", \"features\": 1}]}";

struct pair { /* two inputs, one output, two images: (255, 0) and (255, 255) */
    struct spn_network *net;
    struct spn_weights *weights;
    uint8_t pixels[4], labels[2];
    struct spn_dataset images;
    struct spn_measure *measure;
    struct spn_profile profile;
};

static void pair_open(struct pair *p, float first, float second)
{
    struct spn_err err;
    const float w[2] = {first, second}, b = 0;
    const int64_t dim[2] = {1, 2};
    memset(p, 0, sizeof *p);
    memcpy(p->pixels, (uint8_t[]){255, 0, 255, 255}, 4);
    p->images = (struct spn_dataset){.name = "two",
                                     .n_images = 2,
                                     .channels = 1,
                                     .height = 1,
                                     .width = 2,
                                     .n_classes = 1,
                                     .image = p->pixels,
                                     .label = p->labels};
    ck_assert_ok(spn_network_parse(&p->net, pair_net, sizeof pair_net - 1, "pair", &err));
    ck_assert_ok(spn_weights_create(&p->weights, &err));
    ck_assert_ok(spn_weights_add(p->weights, "fc.weight", SPN_DTYPE_F32, 2, dim, w, &err));
    ck_assert_ok(spn_weights_add(p->weights, "fc.bias", SPN_DTYPE_F32, 1, dim, &b, &err));
    ck_assert_ok(spn_measure_create(&p->measure, p->net, p->weights, &p->images, 2, &err));
    ck_assert_ok(spn_profile_default(&p->profile, p->net, &err));
    ck_assert_ok(spn_measure_profile(p->measure, &p->images, NULL, &p->profile, &err));
}

static void pair_close(struct pair *p)
{
    spn_profile_clear(&p->profile);
    spn_measure_destroy(p->measure);
    spn_weights_destroy(p->weights);
    spn_network_destroy(p->net);
}

static struct spn_chip pair_chip(void)
{
    struct spn_chip chip = {
        .weight = {.bits = 8, .cell_bits = 7, .encoding = SPN_ENCODING_DIFFERENTIAL},
        .input = {.bits = 8, .dac_bits = 1}};
    chip.device.on_conductance_S = 10e-6;
    chip.device.off_conductance_S = 1e-6;
    return chip;
}

/* Row 0 is on in both images, row 1 in one of two: its weight is met half as often. */
START_TEST(active_inputs_meet_weights)
{
    struct pair p;
    pair_open(&p, 1.0f, 0.25f); /* codes 127 and round(31.75) = 32 */
    const struct spn_layer_profile *fc = &p.profile.layer[1];
    ck_assert_rel(fc->input[255], 0.75, 1e-12);
    ck_assert_rel(fc->input[0], 0.25, 1e-12);
    ck_assert_rel(fc->weight[CODE_0 + 127], 0.5, 1e-12);
    for (int v = 0; v < SPN_PROFILE_VIEWS; v++) {
        ck_assert_rel(fc->seen[v][CODE_0 + 127], 2.0 / 3, 1e-12);
        ck_assert_rel(fc->seen[v][CODE_0 + 32], 1.0 / 3, 1e-12);
        ck_assert_rel(fc->seen_kept[v], 1, 1e-12);
    }
    pair_close(&p);
    pair_open(&p, 1.0f, 0.0f); /* the half that is kept is met 2 of 3 times: 4/3 of its share */
    fc = &p.profile.layer[1];
    ck_assert_rel(fc->kept_frac, 0.5, 1e-12);
    double weight[SPN_PROFILE_BINS];
    ck_assert_rel(spn_profile_seen(fc, 8, 3, 1, weight), 4.0 / 3, 1e-12);
    ck_assert_rel(weight[CODE_0 + 127], 1, 1e-12);
    ck_assert_rel(spn_profile_seen(fc, 8, 0, 8, weight), 4.0 / 3, 1e-12);
    ck_assert_rel(spn_profile_seen(fc, 4, 2, 2, weight), 4.0 / 3, 1e-12);
    pair_close(&p);
}
END_TEST

/* Cells of a pair: plus and minus. Weight 1: 10 and 1 uS; weight 0: 1 and 1 uS. Mean over rows and
 * both cells of x^2 G: (1 x 11 + 1/2 x 2)/4 = 3 uS; independent: 3/4 x (11 + 2)/4 = 2.4375 uS. */
START_TEST(exact_and_modelled_energy_by_hand)
{
    struct pair p;
    struct spn_err err;
    struct spn_measure_check check;
    pair_open(&p, 1.0f, 0.0f);
    for (int dac = 1; dac <= 8; dac += 7) {
        struct spn_chip chip = pair_chip();
        chip.input.dac_bits = dac;
        const struct spn_measure_question question = {&chip, SPN_SCHEME_EXTERNAL_INDEX};
        ck_assert_ok(spn_measure_check(p.measure, &p.images, &p.profile, &question, &check, &err));
        ck_assert_int_eq(check.layer, 1);
        ck_assert_rel(check.exact_S, 3e-6, 1e-12);
        ck_assert_rel(check.seen_S, 3e-6, 1e-12);
        ck_assert_rel(check.independent_S, 2.4375e-6, 1e-12);
    }
    /* Masked: the pruned weight's cells are behind 1 nS: 2 x 1e-6 1e-9/(1e-6 + 1e-9) = 1.998 nS;
     * the kept one's behind a short. */
    struct spn_chip chip = pair_chip();
    chip.device.mask.present = true;
    chip.device.mask.on_conductance_S = 1e6;
    chip.device.mask.off_conductance_S = 1e-9;
    const struct spn_measure_question masked = {&chip, SPN_SCHEME_INDEX_FREE};
    ck_assert_ok(spn_measure_check(p.measure, &p.images, &p.profile, &masked, &check, &err));
    ck_assert_rel(check.exact_S, (11e-6 + 0.5 * 2e-9 / 1.001) / 4, 1e-9);
    ck_assert_rel(check.seen_S, check.exact_S, 1e-12);
    chip.input.bits = 9;
    ck_assert_fails(spn_measure_check(p.measure, &p.images, &p.profile, &masked, &check, &err),
                    SPN_EUSAGE, "chip.input.bits = 9");
    pair_close(&p);
}
END_TEST

START_TEST(files_come_back)
{
    struct pair p;
    struct spn_err err;
    struct spn_text text = {0};
    struct spn_profile read;
    double want[SPN_PROFILE_BINS], got[SPN_PROFILE_BINS];
    pair_open(&p, 1.0f, -0.25f);
    spn_profile_write(&p.profile, p.net, &text);
    ck_assert(!text.failed);
    ck_assert_ok(spn_profile_parse(&read, p.net, text.data, text.length, "p.json", &err));
    ck_assert(read.layer[1].measured_seen && !read.layer[0].measured_seen);
    for (int first = 0; first < 8; first++) {
        ck_assert_rel(spn_profile_seen(&read.layer[1], 8, first, 1, got),
                      spn_profile_seen(&p.profile.layer[1], 8, first, 1, want), 1e-5);
        for (int c = 0; c < SPN_PROFILE_BINS; c++)
            ck_assert_double_eq_tol(got[c], want[c], 1e-5);
    }
    spn_profile_clear(&read);
    spn_text_clear(&text);
    pair_close(&p);
}
END_TEST

static void refuse(const struct pair *p, const char *text, const char *words)
{
    struct spn_err err;
    struct spn_profile untouched = {.n_layers = 77};
    ck_assert_fails(spn_profile_parse(&untouched, p->net, text, strlen(text), "p.json", &err),
                    SPN_EINPUT, words);
    ck_assert_int_eq(untouched.n_layers, 77);
}

START_TEST(bad_files_are_refused)
{
    struct pair p;
    struct spn_text text = {0};
    pair_open(&p, 1.0f, 0.5f);
    refuse(&p, "{\"network\": \"other\", \"layers\": []}", "the network is \"pair\"");
    refuse(&p, "{\"network\": \"pair\"}", "layers: a list");
    refuse(&p, "{\"network\": \"pair\", \"layers\": [{\"layer\": \"fc\", \"input\": [1]}]}",
           "input: 1 numbers, not 256");
    refuse(&p, "{\"network\": \"pair\", \"layers\": [{\"layer\": \"fc\", \"input\": [2]}]}",
           "outside");
    spn_profile_write(&p.profile, p.net, &text);
    char *input = strstr(text.data, "\"input\": [0.25");
    ck_assert_ptr_nonnull(input);
    input[strlen("\"input\": [0.")] = '9'; /* 0.95 */
    refuse(&p, text.data, "probabilities sum to 1.7");
    input[strlen("\"input\": [0.")] = '2';
    char *layer = strstr(text.data, "\"layer\": \"fc\"");
    layer[strlen("\"layer\": \"f")] = 'd';
    refuse(&p, text.data, "no conv2d or linear layer \"fd\"");
    spn_text_clear(&text);
    pair_close(&p);
}
END_TEST

/* Reads whose active inputs meet weights of code 0 alone cost what a layer of such weights costs.
 */
START_TEST(estimates_use_what_is_met)
{
    double energy_J[3];
    for (int kind = 0; kind < 3; kind++) { /* plain; met zeros; all zeros */
        struct setup s;
        setup_open(&s, "lenet5", "rram-22nm");
        for (int i = 0; i < s.net->n_layers; i++) {
            struct spn_layer_profile *p = &s.profile.layer[i];
            p->measured_seen = kind == 1;
            p->kept_frac = 1;
            for (int v = 0; v < SPN_PROFILE_VIEWS; v++) {
                p->seen_kept[v] = 1;
                p->seen[v][CODE_0] = 1;
            }
            if (kind == 2)
                memset(p->weight, 0, sizeof p->weight);
            if (kind == 2)
                p->weight[CODE_0] = 1;
        }
        setup_run(&s, SPN_SCHEME_DENSE, false);
        energy_J[kind] = spn_result_sum(&s.result, (struct spn_leaf_filter){-2, SPN_PHASE_FORWARD,
                                                                            SPN_CATEGORY_ARRAY, 1})
                             .energy_J;
        setup_close(&s);
    }
    ck_assert_rel(energy_J[1], energy_J[2], 1e-12);
    ck_assert(energy_J[1] < 0.95 * energy_J[0]);
}
END_TEST

/* ResNet-20 measured on training images, checked on test images: 1.5 % on average and 4 % at most;
 * independent values would be farther off. */
START_TEST(resnet20_is_within_its_limits)
{
    const char *data = spn_test_data();
    struct spn_err err;
    char dir[SPN_MAX_PATH], path[SPN_MAX_PATH + 64];
    if (!data)
        return;
    struct setup s;
    struct spn_weights *weights = NULL;
    struct spn_dataset train, test;
    struct spn_measure *measure = NULL;
    struct spn_measure_check check[32];
    snprintf(dir, sizeof dir, "%s/data", data);
    snprintf(path, sizeof path, "%s/weights/resnet20_cifar10_akamaster.safetensors", dir);
    setup_open(&s, "resnet20", "rram-22nm");
    ck_assert_ok(spn_weights_load(&weights, path, &err));
    struct spn_dataset_request request = {
        .name = "cifar10", .split = "train", .dir = dir, .max_images = 60};
    ck_assert_ok(spn_dataset_open(&train, &request, &err));
    request.split = "test";
    ck_assert_ok(spn_dataset_open(&test, &request, &err));
    ck_assert_ok(spn_measure_create(&measure, s.net, weights, &train, 0, &err));
    ck_assert_ok(spn_measure_profile(measure, &train, NULL, &s.profile, &err));
    const struct spn_measure_question question = {&s.chip, SPN_SCHEME_DENSE};
    ck_assert_ok(spn_measure_check(measure, &test, &s.profile, &question, check, &err));
    double mean = 0, worst = 0, independent = 0;
    const int n = 20;
    for (int i = 0; i < n; i++) {
        const double error = fabs(check[i].seen_S / check[i].exact_S - 1);
        mean += error / n;
        worst = fmax(worst, error);
        independent += fabs(check[i].independent_S / check[i].exact_S - 1) / n;
    }
    ck_assert_msg(mean < 0.015 && worst < 0.04, "mean %g, worst %g", mean, worst);
    ck_assert_msg(independent > 1.5 * mean, "independent %g, mean %g", independent, mean);
    spn_measure_destroy(measure);
    spn_dataset_clear(&train);
    spn_dataset_clear(&test);
    spn_weights_destroy(weights);
    setup_close(&s);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("measure");
    TCase *tests = tcase_create("measure");
    tcase_add_test(tests, active_inputs_meet_weights);
    tcase_add_test(tests, exact_and_modelled_energy_by_hand);
    tcase_add_test(tests, files_come_back);
    tcase_add_test(tests, bad_files_are_refused);
    tcase_add_test(tests, estimates_use_what_is_met);
    tcase_add_test(tests, resnet20_is_within_its_limits);
    suite_add_tcase(suite, tests);
    return suite;
}
