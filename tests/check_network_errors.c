/* check_network_errors.c -- network files that must be rejected, each with a message that helps.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "network_setup.h"

/* ---- one layer, or a few, after an input ---- */

static const struct {
    const char *input, *layers, *words;
} layer_cases[] = {
    /* keys and names */
    {"[3,8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":4,\"kernal\":3}",
     "did you mean \"kernel\""},
    {"[3,8,8]", "{\"name\":\"c\",\"op\":\"conv2\",\"channels\":4,\"kernel\":3}",
     "did you mean \"conv2d\""},
    {"[3,8,8]", "{\"name\":\"r\",\"op\":\"relu\",\"kernel\":3}", "relu does not use \"kernel\""},
    {"[3,8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":4}", "conv2d needs \"kernel\""},
    {"[3,8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"kernel\":3}", "conv2d needs \"channels\""},
    {"[3,8,8]", "{\"op\":\"relu\"}", "\"name\" is missing"},
    {"[3,8,8]", "{\"name\":\"r\"}", "\"op\" is missing"},
    {"[3,8,8]", "{\"name\":\"a b\",\"op\":\"relu\"}", "letters, digits"},
    {"[3,8,8]", "{\"name\":\"input\",\"op\":\"relu\"}", "reserved"},
    {"[3,8,8]", "{\"name\":\"a\",\"op\":\"relu\"},{\"name\":\"a\",\"op\":\"relu\"}",
     "layers[1]: name \"a\" is taken"},
    {"[3,8,8]", "7", "layers[0]"},
    /* inputs */
    {"[3,8,8]",
     "{\"name\":\"conv\",\"op\":\"relu\"},{\"name\":\"b\",\"op\":\"relu\",\"in\":\"comv\"}",
     "did you mean \"conv\""},
    {"[3,8,8]", "{\"name\":\"a\",\"op\":\"relu\",\"in\":\"b\"},{\"name\":\"b\",\"op\":\"relu\"}",
     "no earlier layer \"b\""},
    {"[3,8,8]", "{\"name\":\"a\",\"op\":\"relu\",\"in\":\"a\"}", "no earlier layer \"a\""},
    {"[3,8,8]", "{\"name\":\"a\",\"op\":\"relu\",\"in\":3}", "must be a layer's name"},
    {"[3,8,8]", "{\"name\":\"a\",\"op\":\"relu\",\"in\":[]}", "1 to 8 are allowed"},
    {"[3,8,8]", "{\"name\":\"a\",\"op\":\"relu\",\"in\":\"block\"}",
     "inside a repeated block only"},
    {"[3,8,8]", "{\"name\":\"a\",\"op\":\"relu\",\"in\":[\"input\",\"input\"]}",
     "relu 'a': has 2 inputs, needs 1"},
    {"[3,8,8]", "{\"name\":\"a\",\"op\":\"add\"}", "has 1 input, needs 2 or more"},
    /* windows */
    {"[3,8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":4,\"kernel\":11,\"padding\":1}",
     "kernel spans 11 of a padded input of 10"},
    {"[3,8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":4,\"kernel\":3,\"dilation\":4}",
     "kernel spans 9"},
    {"[3,8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":4,\"kernel\":3,\"groups\":2}",
     "do not divide into 2"},
    {"[4,8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":3,\"kernel\":3,\"groups\":2}",
     "do not divide into 2"},
    {"[4,8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"kernel\":3,\"groups\":2,\"depthwise\":true}",
     "\"groups\" cannot"},
    {"[4,8,8]",
     "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":4,\"kernel\":3,\"padding\":[1,1,1]}",
     "padding has 3"},
    {"[4,8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":4,\"kernel\":0}",
     "outside [1, 65536]"},
    {"[4,8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":4,\"kernel\":3,\"stride\":0}",
     "outside [1, 65536]"},
    {"[4,8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":2.5,\"kernel\":3}", "whole number"},
    {"[8,8]", "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":4,\"kernel\":3}",
     "[channels, height, width]"},
    {"[4,8,8]", "{\"name\":\"p\",\"op\":\"maxpool2d\",\"kernel\":2,\"padding\":2}",
     "not below the kernel's size"},
    {"[4,8,8]", "{\"name\":\"p\",\"op\":\"maxpool2d\",\"kernel\":9}",
     "kernel spans 9 of a padded input of 8"},
    {"[4]", "{\"name\":\"p\",\"op\":\"maxpool2d\",\"kernel\":1}", "not one of 1 dimension"},
    {"[4]", "{\"name\":\"p\",\"op\":\"global_avgpool\"}", "[channels, height, width]"},
    {"[4,8,8]", "{\"name\":\"p\",\"op\":\"pad_shortcut\",\"channels\":7}", "same number of zeros"},
    {"[4,8,8]", "{\"name\":\"p\",\"op\":\"pad_shortcut\",\"channels\":2}", "same number of zeros"},
    {"[4]", "{\"name\":\"p\",\"op\":\"pad_shortcut\",\"channels\":8}", "[channels, height, width]"},
    /* products */
    {"[4,8,8]", "{\"name\":\"l\",\"op\":\"linear\",\"features\":4}", "flatten it before"},
    {"[6]", "{\"name\":\"m\",\"op\":\"matmul\",\"in\":[\"input\",\"input\"]}",
     "[tokens, features]"},
    {"[6,4]", "{\"name\":\"m\",\"op\":\"matmul\",\"in\":[\"input\",\"input\"]}",
     "inner sizes 4 and 6"},
    {"[6,4]", "{\"name\":\"m\",\"op\":\"matmul\",\"in\":[\"input\",\"input\"],\"heads\":2}",
     "first input [2 heads"},
    {"[4,4]", "{\"name\":\"m\",\"op\":\"matmul\",\"in\":[\"input\",\"input\"],\"kv_heads\":2}",
     "kv_heads"},
    {"[6,4]",
     "{\"name\":\"m\",\"op\":\"matmul\",\"in\":[\"input\",\"input\"],\"transpose_b\":true,"
     "\"heads\":3}",
     "do not divide into 3 and 3 heads"},
    {"[6,4]",
     "{\"name\":\"m\",\"op\":\"matmul\",\"in\":[\"input\",\"input\"],\"transpose_b\":true,"
     "\"heads\":2,\"kv_heads\":1}",
     "2 features a head times 4"},
    {"[6,4]",
     "{\"name\":\"m\",\"op\":\"matmul\",\"in\":[\"input\",\"input\"],\"transpose_b\":true,"
     "\"heads\":2,\"kv_heads\":4}",
     "do not share 4 kv_heads"},
    {"[6,4]", "{\"name\":\"a\",\"op\":\"attention\",\"heads\":3}",
     "4 features do not divide into 3 heads"},
    {"[6,4]", "{\"name\":\"a\",\"op\":\"attention\",\"heads\":2,\"kv_heads\":4}",
     "do not share 4 kv_heads"},
    {"[6]", "{\"name\":\"a\",\"op\":\"attention\",\"heads\":2}",
     "attention 'a': needs an input [tokens, features]"},
    {"[6,4]", "{\"name\":\"a\",\"op\":\"attention\",\"heads\":2,\"tensors\":{\"w\":\"x\"}}",
     "tensors"},
    {"[6,4]",
     "{\"name\":\"a\",\"op\":\"attention\",\"heads\":2,\"in\":[\"input\",\"input\",\"input\"]}",
     "one input, or"},
    /* arrangement */
    {"[6,4]", "{\"name\":\"s\",\"op\":\"softmax\",\"causal\":true}", "as many keys as queries"},
    {"[6,4]", "{\"name\":\"b\",\"op\":\"batchnorm\"}", "[channels, height, width] or [features]"},
    {"[6,4]", "{\"name\":\"r\",\"op\":\"rotary\",\"heads\":4}", "even size"},
    {"[6]", "{\"name\":\"r\",\"op\":\"rotary\",\"heads\":2}", "[tokens, features]"},
    {"[6,4]",
     "{\"name\":\"f\",\"op\":\"flatten\"},{\"name\":\"a\",\"op\":\"add\",\"in\":[\"f\",\"input\"]}",
     "another shape"},
    {"[6,4]",
     "{\"name\":\"f\",\"op\":\"flatten\"},{\"name\":\"a\",\"op\":\"concat\",\"in\":[\"f\","
     "\"input\"]}",
     "beyond the first dimension"},
    {"[6,4]", "{\"name\":\"r\",\"op\":\"reshape\",\"shape\":[5,-1]}", "do not fill the shape"},
    {"[6,4]", "{\"name\":\"r\",\"op\":\"reshape\",\"shape\":[-1,-1]}", "more than one -1"},
    {"[6,4]", "{\"name\":\"r\",\"op\":\"reshape\",\"shape\":[24,\"length\"]}", "must be a number"},
    {"[6,4]", "{\"name\":\"r\",\"op\":\"reshape\",\"shape\":[0,4]}", "0 is not a size"},
    {"[6,4]", "{\"name\":\"r\",\"op\":\"reshape\",\"shape\":[1,1,1,1,24]}", "list of 1 to 4 sizes"},
    {"[6,4]", "{\"name\":\"t\",\"op\":\"tokens\"}", "[channels, height, width]"},
    {"[6]", "{\"name\":\"t\",\"op\":\"prepend\"}", "[tokens, features]"},
    {"[6]", "{\"name\":\"t\",\"op\":\"position\"}", "[tokens, features]"},
    {"[6]", "{\"name\":\"t\",\"op\":\"select\",\"index\":0}", "at least 2 dimensions"},
    {"[6,4]", "{\"name\":\"t\",\"op\":\"select\",\"index\":6}", "index outside [-6, 5]"},
    {"[6,4]", "{\"name\":\"t\",\"op\":\"embedding\",\"features\":3,\"vocabulary\":5}", "[tokens]"},
    {"[6]", "{\"name\":\"t\",\"op\":\"embedding\",\"features\":3}", "needs \"vocabulary\""},
    /* blocks */
    {"[6]", "{\"repeat\":2,\"as\":\"a\"}", "\"layers\" is missing"},
    {"[6]", "{\"repeat\":2,\"layers\":[]}", "\"as\" is missing"},
    {"[6]", "{\"repeat\":2,\"as\":\"a\",\"layers\":[]}", "must be a list of layers"},
    {"[6]", "{\"repeat\":0,\"as\":\"a\",\"layers\":[]}", "outside [1,"},
    {"[6]",
     "{\"repeat\":20000,\"as\":\"a\",\"layers\":[{\"name\":\"x\",\"op\":\"relu\"},{\"name\":\"y\","
     "\"op\":\"relu\"}]}",
     "more than 20000 layers"},
    {"[6]",
     "{\"repeat\":2,\"as\":\"a\",\"layers\":[{\"name\":\"relu\",\"op\":\"relu\"},{\"name\":\"y\","
     "\"op\":\"relu\","
     "\"in\":\"rely\"}]}",
     "did you mean \"relu\""},
    {"[6]",
     "{\"repeat\":1,\"as\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
     "\"layers\":["
     "{\"name\":\"bbbb\",\"op\":\"relu\"}]}",
     "is longer than 63 characters"},
    /* shared tensors, sizes */
    {"[6]",
     "{\"name\":\"a\",\"op\":\"linear\",\"features\":3},{\"name\":\"b\",\"op\":\"linear\","
     "\"tensor\":\"a\","
     "\"features\":3}",
     "that of layer 'a' but has another size"},
    {"[1073741824,1073741824]", "{\"name\":\"a\",\"op\":\"relu\"}",
     "more than 1099511627776 elements"},
    {"[16777216]", "{\"name\":\"a\",\"op\":\"linear\",\"features\":16777216}", "weights above"},
    {"[1000000]",
     "{\"name\":\"a\",\"op\":\"embedding\",\"features\":16777216,\"vocabulary\":16777216}",
     "weights above"},
    {"[1000000000,16]", "{\"name\":\"a\",\"op\":\"linear\",\"features\":1048576}",
     "multiply-accumulates above"},
    {"[1000000000,16]", "{\"name\":\"a\",\"op\":\"linear\",\"bias\":false,\"features\":2000}",
     "output elements"},
    {"[1,60000,60000]", "{\"name\":\"a\",\"op\":\"flatten\"}", "output size above"},
    {"[1,60000,60000]", "{\"name\":\"a\",\"op\":\"tokens\"}", "tokens above"},
    {"[1,65536,65536]", "{\"name\":\"a\",\"op\":\"conv2d\",\"channels\":1,\"kernel\":65536}",
     "kernel elements above"},
    {"[1000000000]", "{\"name\":\"a\",\"op\":\"concat\",\"in\":[\"input\",\"input\"]}",
     "output size above"},
};

START_TEST(bad_layers_are_rejected)
{
    char text[1024];
    struct spn_err err;
    struct spn_network *net = NULL;
    snprintf(text, sizeof text, "{\"name\":\"n\",\"input\":{\"shape\":%s},\"layers\":[%s]}",
             layer_cases[_i].input, layer_cases[_i].layers);
    ck_assert_fails(parse(&net, text, &err), SPN_EINPUT, layer_cases[_i].words);
    ck_assert_msg(strncmp(err.msg, "net.json: ", 10) == 0, "%s", err.msg);
    ck_assert_ptr_null(net);
    ck_assert_int_eq(parse(&net, text, NULL), SPN_EINPUT); /* err may be NULL */
}
END_TEST

/* ---- the rest of the file ---- */

#define RELU "\"layers\":[{\"name\":\"r\",\"op\":\"relu\"}]"
#define LINEAR "\"layers\":[{\"name\":\"fc\",\"op\":\"linear\",\"features\":2}]"
#define IMAGE "\"input\":{\"shape\":[3,4,4]}"
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

static const struct {
    const char *text, *words;
} file_cases[] = {
    {"", "empty file"},
    {"[]", "must be an object"},
    {"{" IMAGE "," RELU "}", "\"name\" is missing"},
    {"{\"name\":\"n\"," RELU "}", "\"input\" is missing"},
    {"{\"name\":\"n\"," IMAGE "}", "\"layers\" is missing"},
    {"{\"name\":\"n\"," IMAGE ",\"layers\":[]}", "must be a list of layers"},
    {"{\"name\":\"n\"," IMAGE ",\"layers\":{}}", "must be a list of layers"},
    {"{\"name\":\"n\"," IMAGE "," RELU ",\"layres\":1}", "did you mean \"layers\""},
    {"{\"name\":\"n\",\"name\":\"m\"," IMAGE "," RELU "}", "given twice"},
    {"{\"name\":\"n\",\"input\":[3,4,4]," RELU "}", "must be an object"},
    {"{\"name\":\"n\",\"input\":{}," RELU "}", "\"shape\" is missing"},
    {"{\"name\":\"n\",\"input\":{\"shape\":[3,4,4],\"size\":1}," RELU "}", "unknown key"},
    {"{\"name\":\"n\",\"input\":{\"shape\":3}," RELU "}", "must be a list of 1 to 4 sizes"},
    {"{\"name\":\"n\",\"input\":{\"shape\":[-1]}," RELU "}", "-1 is not a size"},
    {"{\"name\":\"n\",\"input\":{\"shape\":[1e300]}," RELU "}", "is not a size"},
    {"{\"name\":\"n\",\"input\":{\"shape\":[1.5]}," RELU "}", "1.5 is not a size"},
    {"{\"name\":\"n\",\"input\":{\"shape\":[null]}," RELU "}", "must be a number"},
    {"{\"name\":\"n\",\"input\":{\"shape\":[\"sequence\"]}," RELU "}",
     "states no \"sequence\" length"},
    {"{\"name\":\"n\",\"sequence\":0," IMAGE "," RELU "}", "outside [1, 1048576]"},
    {"{\"name\":\"n\"," IMAGE ",\"preprocess\":{\"mean\":[1,2]}," RELU "}",
     "mean has 2 values for an input of 3"},
    {"{\"name\":\"n\"," IMAGE ",\"preprocess\":{\"std\":[1,0,1]}," RELU "}", "outside [1e-06"},
    {"{\"name\":\"n\"," IMAGE ",\"preprocess\":{\"sd\":[1]}," RELU "}", "did you mean \"std\""},
    {"{\"name\":\"n\",\"input\":{\"shape\":[4]},\"preprocess\":{\"mean\":0}," RELU "}",
     "is for an input [channels"},
    {"{\"name\":\"n\",\"input\":{\"shape\":[4]},\"sparsity\":1," LINEAR "}", "1 is outside [0, 1)"},
    {"{\"name\":\"n\",\"input\":{\"shape\":[4]},\"sparsity\":\"0.5\"," LINEAR "}",
     "must be a number"},
    {"{\"name\":\"n\",\"input\":{\"shape\":[4]},\"sparsity\":{\"default\":-0.5}," LINEAR "}",
     "-0.5 is outside [0, 1)"},
    {"{\"name\":\"n\",\"input\":{\"shape\":[4]},\"sparsity\":{\"fd\":0.5}," LINEAR "}",
     "did you mean \"fc\""},
    {"{\"name\":\"n\",\"input\":{\"shape\":[4]},\"sparsity\":{\"r\":0.5}," RELU "}",
     "a relu has no weights"},
    {"{\"name\":\"" LONG "\"," IMAGE "," RELU "}", "longer than 63"},
};

START_TEST(bad_files_are_rejected)
{
    struct spn_err err;
    struct spn_network *net = NULL;
    ck_assert_fails(parse(&net, file_cases[_i].text, &err), SPN_EINPUT, file_cases[_i].words);
    ck_assert_ptr_null(net);
}
END_TEST

START_TEST(a_path_too_long_for_its_folder_is_rejected)
{
    struct spn_err err;
    struct spn_network *net = NULL;
    char path[SPN_MAX_PATH + 1] = "", text[2 * SPN_MAX_PATH];
    memset(path, 'w', SPN_MAX_PATH);
    snprintf(text, sizeof text, "{\"name\":\"n\",\"weights\":\"%s\"," IMAGE "," RELU "}", path);
    ck_assert_fails(parse(&net, text, &err), SPN_EINPUT, "longer than 4095");
    path[SPN_MAX_PATH - 100] = '\0';
    snprintf(text, sizeof text, "{\"name\":\"n\",\"weights\":\"%s\"," IMAGE "," RELU "}", path);
    ck_assert_fails(spn_network_parse(&net, text, strlen(text), LONG LONG "/net.json", &err),
                    SPN_EINPUT, "/net.json: path of weight file");
    ck_assert_ok(parse(&net, text, &err));
    ck_assert_str_eq(net->weights, path);
    spn_network_destroy(net);
}
END_TEST

START_TEST(destroy_accepts_null)
{
    spn_network_destroy(NULL);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("network errors");
    TCase *cases = tcase_create("rejected");
    tcase_add_loop_test(cases, bad_layers_are_rejected, 0,
                        sizeof layer_cases / sizeof *layer_cases);
    tcase_add_loop_test(cases, bad_files_are_rejected, 0, sizeof file_cases / sizeof *file_cases);
    tcase_add_test(cases, a_path_too_long_for_its_folder_is_rejected);
    tcase_add_test(cases, destroy_accepts_null);
    suite_add_tcase(suite, cases);
    return suite;
}
