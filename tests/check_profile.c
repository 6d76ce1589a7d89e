/* check_profile.c -- value distributions against hand-worked values, and shipped networks against
 * real weight files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <stdio.h>

#include "networks/profile.h"
#include "networks/weights.h"

static const char two_layers[] =
    "{\"name\":\"n\",\"input\":{\"shape\":[1,2,2]},\"layers\":["
    "{\"name\":\"f\",\"op\":\"flatten\"},{\"name\":\"fc\",\"op\":\"linear\",\"features\":2},"
    "{\"name\":\"r\",\"op\":\"relu\"},{\"name\":\"out\",\"op\":\"linear\",\"features\":3}]}";

static struct spn_network *network(void)
{
    struct spn_err err;
    struct spn_network *net = NULL;
    ck_assert_ok(spn_network_parse(&net, two_layers, sizeof two_layers - 1, "two", &err));
    return net;
}

static struct spn_layer_profile uniform(void)
{
    struct spn_layer_profile p = {0};
    for (int c = 0; c < SPN_PROFILE_BINS; c++)
        p.input[c] = 1.0 / SPN_PROFILE_BINS;
    return p;
}

static struct spn_layer_profile single(int code)
{
    struct spn_layer_profile p = {0};
    p.input[code] = 1.0;
    return p;
}

/* ---- bits and digits ---- */

/* Codes 0 and 255, one half each: no step within a value, every second one between values: 1/2 in 8
 * steps. 85 = 01010101 changes in each of 7 steps and from its last bit, 0, to the next value's
 * first, 1; in 4 bits it is 5 = 0101, in 2 bits 1 = 01. Even bits that are independent: 1/2. */
START_TEST(lines_that_bring_bit_after_bit)
{
    struct spn_layer_profile p = {0};
    p.input[0] = p.input[255] = 0.5;
    ck_assert_rel(spn_profile_serial_toggle(&p, 8), 0.5 / 8, 1e-12);
    ck_assert_rel(spn_profile_serial_toggle(&p, 1), 0.5, 1e-12);
    p = single(85);
    ck_assert_rel(spn_profile_serial_toggle(&p, 8), 1, 1e-12);
    ck_assert_rel(spn_profile_serial_toggle(&p, 4), 1, 1e-12);
    ck_assert_rel(spn_profile_serial_toggle(&p, 2), 1, 1e-12);
    p = single(0);
    ck_assert(spn_profile_serial_toggle(&p, 8) == 0);
    p = uniform();
    ck_assert_rel(spn_profile_serial_toggle(&p, 8), 0.5, 1e-12);
}
END_TEST

START_TEST(uniform_codes_have_even_bits)
{
    struct spn_layer_profile p = uniform();
    for (int bit = 0; bit < 8; bit++)
        ck_assert_rel(spn_profile_input_bit(&p, 8, bit), 0.5, 1e-14);
    /* 4 bits: codes 0 and 15 stand for 9 8-bit codes each, the others for 17; every bit is
     * symmetric */
    for (int bit = 0; bit < 4; bit++)
        ck_assert_rel(spn_profile_input_bit(&p, 4, bit), 0.5, 1e-14);
}
END_TEST

START_TEST(uniform_digits_have_moments_of_the_sum_formulas)
{
    struct spn_layer_profile p = uniform();
    /* n values 0 .. n-1: mean (n-1)/2, mean square (n-1)(2n-1)/6; over full scale n-1: 1/2 and
     * (2n-1)/(6(n-1)) */
    for (int n_bits = 1; n_bits <= 8; n_bits++) {
        double n = (double)(1 << n_bits);
        for (int first = 0; first + n_bits <= 8; first++) {
            struct spn_moments m = spn_profile_input_digit(&p, 8, first, n_bits);
            ck_assert_rel(m.mean, 0.5, 1e-13);
            ck_assert_rel(m.mean_square, (2 * n - 1) / (6 * (n - 1)), 1e-13);
        }
    }
}
END_TEST

START_TEST(one_code_has_its_own_bits)
{
    struct spn_layer_profile p = single(0xB4); /* 1011 0100 */
    static const double bits[] = {0, 0, 1, 0, 1, 1, 0, 1};
    for (int bit = 0; bit < 8; bit++)
        ck_assert_double_eq(spn_profile_input_bit(&p, 8, bit), bits[bit]);
    struct spn_moments m = spn_profile_input_digit(&p, 8, 2, 3); /* 101 = 5 of 7 */
    ck_assert_rel(m.mean, 5.0 / 7, 1e-15);
    ck_assert_rel(m.mean_square, 25.0 / 49, 1e-15);
    /* fewer bits: round(180 x 15/255) = round(10.59) = 11 = 1011; more: 180 x 65535/255 = 46260 =
     * 0xB4B4 */
    ck_assert_rel(spn_profile_input_digit(&p, 4, 0, 4).mean, 11.0 / 15, 1e-15);
    ck_assert_rel(spn_profile_input_digit(&p, 16, 0, 16).mean, 46260.0 / 65535, 1e-15);
    ck_assert_rel(spn_profile_input_digit(&p, 16, 8, 8).mean, 180.0 / 255, 1e-15);
    /* one bit: 180/255 rounds to 1, 127/255 to 0, 128/255 to 1 */
    ck_assert_double_eq(spn_profile_input_bit(&p, 1, 0), 1);
    p = single(127);
    ck_assert_double_eq(spn_profile_input_bit(&p, 1, 0), 0);
    p = single(128);
    ck_assert_double_eq(spn_profile_input_bit(&p, 1, 0), 1);
}
END_TEST

START_TEST(digits_that_are_not_there_are_zero)
{
    struct spn_layer_profile p = single(255);
    ck_assert_double_eq(spn_profile_input_bit(&p, 8, 8), 0);
    ck_assert_double_eq(spn_profile_input_bit(&p, 8, -1), 0);
    ck_assert_double_eq(spn_profile_input_bit(&p, 0, 0), 0);
    ck_assert_double_eq(spn_profile_input_bit(&p, 25, 0), 0);
    ck_assert_double_eq(spn_profile_input_bit(&p, 24, 23), 1);
    ck_assert_double_eq(spn_profile_input_digit(&p, 8, 6, 3).mean, 0);
    ck_assert_double_eq(spn_profile_input_digit(&p, 8, 0, 0).mean, 0);
    ck_assert_double_eq(spn_profile_input_digit(&p, 8, 2147483647, 2147483647).mean_square, 0);
}
END_TEST

/* ---- defaults ---- */

START_TEST(defaults_are_the_closed_forms)
{
    struct spn_err err;
    struct spn_profile profile = {0};
    struct spn_network *net = network();
    ck_assert_ok(spn_profile_default(&profile, net, &err));
    ck_assert_int_eq(profile.n_layers, 4);
    const struct spn_layer_profile *first = &profile.layer[1], *later = &profile.layer[3];
    double sum = 0, weights = 0, mean = 0, mean_square = 0, weight_square = 0;
    for (int c = 0; c < SPN_PROFILE_BINS; c++) {
        ck_assert_double_eq(first->input[c], 1.0 / 256); /* sees the input through flatten */
        sum += later->input[c];
        weights += later->weight[c];
        mean += later->input[c] * c / 255;
        mean_square += later->input[c] * c * c / 65025;
        weight_square += later->weight[c] * (c - 128) * (c - 128) / 16129;
        if (c > 0) /* symmetric about code 0 */
            ck_assert_rel(later->weight[c], later->weight[256 - c], 1e-9);
    }
    ck_assert_rel(sum, 1, 1e-14);
    ck_assert_rel(weights, 1, 1e-14);
    /* P(0) = Phi(0.5/63.75) = Phi(0.0078431) = 1/2 + 0.0078431 x 0.3989382 */
    ck_assert_rel(later->input[0], 0.503128927, 1e-8);
    ck_assert_double_eq(later->weight[0], 0);
    /* positive part of a normal variable: mean sd/sqrt(2 pi) = 0.0997356, mean square sd^2/2 =
     * 0.03125 */
    ck_assert_rel(mean, 0.0997355701, 1e-3);
    ck_assert_rel(mean_square, 0.03125, 2e-3);
    ck_assert_rel(weight_square, 0.0625, 2e-3);
    ck_assert(!first->measured_input && !first->measured_weight);
    ck_assert_ptr_nonnull(strstr(profile.source, "defaults"));
    spn_profile_clear(&profile);
    spn_profile_clear(&profile);
    spn_profile_clear(NULL);
    spn_network_destroy(net);
}
END_TEST

/* Pixels of 0 .. 1 less 0.5 are uniform over -255 .. 255: one of the two reads sees 0 for 256 of
 * 511 codes, mean (1 + ... + 255)/255/511 = 128/511. Without a mean all is as it was. */
START_TEST(signed_pixels_are_half_zeros)
{
    static const char text[] = "{\"name\":\"n\",\"input\":{\"shape\":[1,2,2]},"
                               "\"preprocess\":{\"mean\":0.5,\"std\":0.5},\"layers\":["
                               "{\"name\":\"f\",\"op\":\"flatten\"},"
                               "{\"name\":\"fc\",\"op\":\"linear\",\"features\":2}]}";
    struct spn_network *net = NULL;
    struct spn_profile p;
    struct spn_err err;
    ck_assert_ok(spn_network_parse(&net, text, sizeof text - 1, "n", &err));
    ck_assert_ok(spn_profile_default(&p, net, &err));
    ck_assert_rel(p.layer[1].input[0], 256.0 / 511, 1e-14);
    ck_assert_rel(p.layer[1].input[1], 1.0 / 511, 1e-14);
    ck_assert_rel(p.layer[1].input[255], 1.0 / 511, 1e-14);
    ck_assert_rel(spn_profile_input_digit(&p.layer[1], 8, 0, 8).mean, 128.0 / 511, 1e-13);
    spn_profile_clear(&p);
    spn_network_destroy(net);
}
END_TEST

/* ---- the shipped networks name the tensors of real weight files ---- */

static const struct {
    const char *network, *file;
    int n_parameters; /* as the file's sidecar states */
} files[] = {
    {"resnet20", "resnet20_cifar10_akamaster", 269722},
    {"resnet56", "resnet56_cifar10_akamaster", 853018},
    {"resnet8", "resnet8_cifar10_mlperftiny", 77706},
    {"vgg8-quarter", "vgg8quarter_cifar10", 814570},
    {"lenet5", "lenet5_mnist", 61706},
    {"mnist-mlp", "mnist_fc_3layer", 109386},
    {"vit-tiny", "tinyvit_fashion", 41770},
    {"stories260k", "stories260K", 260032},
};

static int64_t elements(const struct spn_weights *weights, const char *tensor, const char *suffix)
{
    char name[160];
    snprintf(name, sizeof name, "%s%s", tensor, suffix);
    const struct spn_tensor_info *info = spn_weights_find(weights, name);
    return info ? info->n : 0;
}

START_TEST(networks_match_weight_files)
{
    char path[SPN_MAX_PATH];
    struct spn_err err;
    struct spn_network *net = NULL;
    struct spn_weights *weights = NULL;
    const char *data = spn_test_data(), *root = getenv("SPINDLE_DATA");
    if (!data)
        return;
    snprintf(path, sizeof path, "%s/networks/%s.json", root && *root ? root : ".",
             files[_i].network);
    ck_assert_ok(spn_network_load(&net, path, NULL, 0, &err));
    snprintf(path, sizeof path, "%s/data/weights/%s.safetensors", data, files[_i].file);
    ck_assert_ok(spn_weights_load(&weights, path, &err));
    int64_t n = 0;
    for (int i = 0; i < net->n_layers; i++) {
        const struct spn_layer *l = &net->layer[i];
        int64_t found = elements(weights, l->tensor, "") + elements(weights, l->tensor, ".weight") +
                        elements(weights, l->tensor, ".bias");
        if (l->n_weights + l->n_other == 0 || l->shares >= 0)
            continue;
        ck_assert_msg(found == l->n_weights + l->n_other, "%s: %s has %lld elements", l->name,
                      l->tensor, (long long)found);
        n += found;
    }
    ck_assert_int_eq(n, files[_i].n_parameters);
    spn_weights_destroy(weights);
    spn_network_destroy(net);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("profile");
    TCase *digits = tcase_create("digits"), *layers = tcase_create("layers");
    tcase_add_test(digits, lines_that_bring_bit_after_bit);
    tcase_add_test(digits, uniform_codes_have_even_bits);
    tcase_add_test(digits, uniform_digits_have_moments_of_the_sum_formulas);
    tcase_add_test(digits, one_code_has_its_own_bits);
    tcase_add_test(digits, digits_that_are_not_there_are_zero);
    tcase_add_test(layers, defaults_are_the_closed_forms);
    tcase_add_test(layers, signed_pixels_are_half_zeros);
    tcase_add_loop_test(layers, networks_match_weight_files, 0, sizeof files / sizeof *files);
    suite_add_tcase(suite, digits);
    suite_add_tcase(suite, layers);
    return suite;
}
