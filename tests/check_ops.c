/* check_ops.c -- operations of networks: shapes and counts worked out by hand, attention and
 * blocks.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "network_setup.h"
#include "networks/ops.h"

/* layers on an input; shape and counts of the last one */
static const struct {
    const char *input, *layers;
    int n, dim[3];
    int64_t n_weights, n_other, n_macs;
} op_cases[] = {
    /* [M:N1]: floor((7 + 2 - 2 (3 - 1) - 1)/2) + 1 = 3; floor((9 + 2 - 2 x 4 - 1)/2) + 1 = 2 */
    {"[4, 7, 9]",
     "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":6,\"kernel\":[3,5],\"stride\":2,\"padding\":1,"
     "\"dilation\":2,\"groups\":2}",
     3,
     {6, 3, 2},
     6 * 2 * 15,
     6,
     6 * 2 * 15 * 6},
    {"[4, 7, 9]",
     "{\"name\":\"c\",\"op\":\"conv2d\",\"depthwise\":true,\"kernel\":3,\"bias\":false}",
     3,
     {4, 5, 7},
     36,
     0,
     36 * 35},
    /* only bottom and right are padded: floor((8 + 1 - 3)/2) + 1 */
    {"[1, 8, 8]",
     "{\"name\":\"c\",\"op\":\"conv2d\",\"channels\":1,\"kernel\":3,\"stride\":2,\"padding\":[0,0,"
     "1,1]}",
     3,
     {1, 4, 4},
     9,
     1,
     9 * 16},
    {"[5]", "{\"name\":\"l\",\"op\":\"linear\",\"features\":3}", 1, {3}, 15, 3, 15},
    {"[7, 5]",
     "{\"name\":\"l\",\"op\":\"linear\",\"features\":3,\"bias\":false}",
     2,
     {7, 3},
     15,
     0,
     105},
    {"[7, 12]",
     "{\"name\":\"m\",\"op\":\"matmul\",\"in\":[\"input\",\"input\"],\"transpose_b\":true,"
     "\"heads\":3}",
     3,
     {3, 7, 7},
     0,
     0,
     7 * 7 * 12},
    {"[6, 6]",
     "{\"name\":\"m\",\"op\":\"matmul\",\"in\":[\"input\",\"input\"]}",
     2,
     {6, 6},
     0,
     0,
     216},
    {"[6, 8]",
     "{\"name\":\"s\",\"op\":\"matmul\",\"in\":[\"input\",\"input\"],\"transpose_b\":true,"
     "\"heads\":2},"
     "{\"name\":\"m\",\"op\":\"matmul\",\"in\":[\"s\",\"input\"],\"heads\":2}",
     2,
     {6, 8},
     0,
     0,
     6 * 6 * 8},
    {"[3, 4]", "{\"name\":\"a\",\"op\":\"relu\"}", 2, {3, 4}, 0, 0, 0},
    {"[3, 4]", "{\"name\":\"a\",\"op\":\"gelu\"}", 2, {3, 4}, 0, 0, 0},
    {"[3, 4]", "{\"name\":\"a\",\"op\":\"silu\"}", 2, {3, 4}, 0, 0, 0},
    {"[3, 4]", "{\"name\":\"a\",\"op\":\"sigmoid\"}", 2, {3, 4}, 0, 0, 0},
    {"[3, 4]", "{\"name\":\"a\",\"op\":\"tanh\"}", 2, {3, 4}, 0, 0, 0},
    {"[4, 4]", "{\"name\":\"a\",\"op\":\"softmax\",\"causal\":true}", 2, {4, 4}, 0, 0, 0},
    {"[3, 4]", "{\"name\":\"a\",\"op\":\"layernorm\"}", 2, {3, 4}, 0, 8, 0},
    {"[3, 4]", "{\"name\":\"a\",\"op\":\"rmsnorm\",\"epsilon\":1e-6}", 2, {3, 4}, 0, 4, 0},
    {"[3, 4, 5]", "{\"name\":\"a\",\"op\":\"batchnorm\"}", 3, {3, 4, 5}, 0, 6, 0},
    {"[2, 7, 7]", "{\"name\":\"p\",\"op\":\"maxpool2d\",\"kernel\":2}", 3, {2, 3, 3}, 0, 0, 0},
    {"[2, 11, 11]",
     "{\"name\":\"p\",\"op\":\"avgpool2d\",\"kernel\":3,\"stride\":2,\"padding\":1}",
     3,
     {2, 6, 6},
     0,
     0,
     0},
    {"[2, 7, 5]", "{\"name\":\"p\",\"op\":\"global_avgpool\"}", 1, {2}, 0, 0, 0},
    {"[2, 7, 5]", "{\"name\":\"p\",\"op\":\"global_maxpool\"}", 1, {2}, 0, 0, 0},
    {"[2, 7, 5]",
     "{\"name\":\"p\",\"op\":\"add\",\"in\":[\"input\",\"input\",\"input\"]}",
     3,
     {2, 7, 5},
     0,
     0,
     0},
    {"[2, 7]", "{\"name\":\"p\",\"op\":\"mul\",\"in\":[\"input\",\"input\"]}", 2, {2, 7}, 0, 0, 0},
    {"[2, 7, 5]",
     "{\"name\":\"p\",\"op\":\"concat\",\"in\":[\"input\",\"input\"]}",
     3,
     {4, 7, 5},
     0,
     0,
     0},
    {"[2, 7, 5]", "{\"name\":\"p\",\"op\":\"reshape\",\"shape\":[5,-1]}", 2, {5, 14}, 0, 0, 0},
    {"[6, 5]",
     "{\"name\":\"p\",\"op\":\"reshape\",\"shape\":[5,\"sequence\"]}",
     2,
     {5, 6},
     0,
     0,
     0},
    {"[2, 7, 5]", "{\"name\":\"p\",\"op\":\"flatten\"}", 1, {70}, 0, 0, 0},
    {"[2, 7, 5]", "{\"name\":\"p\",\"op\":\"tokens\"}", 2, {35, 2}, 0, 0, 0},
    {"[7, 5]", "{\"name\":\"p\",\"op\":\"prepend\"}", 2, {8, 5}, 0, 5, 0},
    {"[7, 5]", "{\"name\":\"p\",\"op\":\"position\"}", 2, {7, 5}, 35, 0, 0},
    {"[7, 5]", "{\"name\":\"p\",\"op\":\"position\",\"fixed\":true}", 2, {7, 5}, 0, 0, 0},
    {"[7, 12]", "{\"name\":\"p\",\"op\":\"rotary\",\"heads\":3}", 2, {7, 12}, 0, 0, 0},
    {"[7, 12]", "{\"name\":\"p\",\"op\":\"select\",\"index\":-1}", 1, {12}, 0, 0, 0},
    {"[\"sequence\"]",
     "{\"name\":\"p\",\"op\":\"embedding\",\"vocabulary\":11,\"features\":4}",
     2,
     {6, 4},
     44,
     0,
     0},
    {"[16, 5, 6]",
     "{\"name\":\"p\",\"op\":\"pad_shortcut\",\"channels\":32,\"stride\":2}",
     3,
     {32, 3, 3},
     0,
     0,
     0},
    /* q, k, v, out and scores, context: 4 x 8 x 12 x 12 + 2 x 8 x 8 x 12 in all; the last is out */
    {"[8, 12]", "{\"name\":\"p\",\"op\":\"attention\",\"heads\":3}", 2, {8, 12}, 144, 12, 8 * 144},
};

START_TEST(ops_have_shapes_and_counts)
{
    struct spn_err err;
    struct spn_network *net = NULL;
    ck_assert_ok(parse_layers(&net, op_cases[_i].input, op_cases[_i].layers, &err));
    const struct spn_layer *last = &net->layer[net->n_layers - 1];
    assert_shape(&last->out_shape, op_cases[_i].n, op_cases[_i].dim[0], op_cases[_i].dim[1],
                 op_cases[_i].dim[2]);
    ck_assert_int_eq(last->n_weights, op_cases[_i].n_weights);
    ck_assert_int_eq(last->n_other, op_cases[_i].n_other);
    ck_assert_int_eq(last->n_macs, op_cases[_i].n_macs);
    ck_assert_int_eq(last->n_out, spn_shape_size(&last->out_shape));
    spn_network_destroy(net);
}
END_TEST

START_TEST(every_op_has_name_rules_and_a_case)
{
    for (int op = 0; op < SPN_N_OPS; op++) {
        char quoted[64];
        bool found = false;
        snprintf(quoted, sizeof quoted, "\"%s\"", spn_op_name(op));
        for (size_t i = 0; i < sizeof op_cases / sizeof *op_cases; i++)
            found = found || strstr(op_cases[i].layers, quoted);
        ck_assert_msg(found, "no test of %s", quoted);
        ck_assert(*spn_op_doc(op) && spn_op_rules(op));
    }
    ck_assert_str_eq(spn_op_name(SPN_N_OPS), "");
    ck_assert_str_eq(spn_op_doc(-1), "");
    ck_assert_ptr_null(spn_op_rules(SPN_N_OPS));
}
END_TEST

START_TEST(attention_expands_to_its_parts)
{
    struct spn_err err;
    struct spn_network *net = NULL;
    ck_assert_ok(parse_layers(
        &net, "[10, 24]",
        "{\"name\":\"a\",\"op\":\"attention\",\"heads\":6,\"kv_heads\":2,\"causal\":true,"
        "\"rotary\":true,\"theta\":500,\"bias\":false,\"tensors\":{\"q\":\"wq\"}}",
        &err));
    static const char *const names[] = {"a.q",        "a.k",        "a.v",
                                        "a.rotary_q", "a.rotary_k", "a.scores",
                                        "a.softmax",  "a.context",  "a.out"};
    ck_assert_int_eq(net->n_layers, 9);
    for (int i = 0; i < 9; i++)
        ck_assert_str_eq(net->layer[i].name, names[i]);
    ck_assert_str_eq(layer(net, "a.q")->tensor, "wq");
    ck_assert_str_eq(layer(net, "a.k")->tensor, "a.k");
    assert_shape(&layer(net, "a.k")->out_shape, 2, 10, 8, 0); /* 2 heads of 24/6 */
    ck_assert_int_eq(layer(net, "a.rotary_k")->heads, 2);
    ck_assert_rel(layer(net, "a.rotary_q")->theta, 500, 0);
    ck_assert_rel(layer(net, "a.scores")->scale, 0.5, 1e-15);
    assert_shape(&layer(net, "a.scores")->out_shape, 3, 6, 10, 10);
    ck_assert_int_eq(layer(net, "a.scores")->n_dynamic_macs, 6 * 100 * 4);
    ck_assert(layer(net, "a.softmax")->causal && !layer(net, "a.out")->bias);
    assert_shape(&layer(net, "a.context")->out_shape, 2, 10, 24, 0);
    ck_assert_int_eq(layer(net, "a.scores")->in[1], spn_network_find(net, "a.rotary_k"));
    ck_assert_int_eq(layer(net, "a.context")->in[1], spn_network_find(net, "a.v"));
    spn_network_destroy(net);
}
END_TEST

START_TEST(blocks_nest)
{
    struct spn_err err;
    struct spn_network *net = NULL;
    ck_assert_ok(parse_layers(
        &net, "[4]",
        "{\"repeat\":2,\"as\":\"a\",\"layers\":[{\"name\":\"x\",\"op\":\"relu\"},"
        "{\"repeat\":2,\"from\":5,\"as\":\"b\",\"layers\":[{\"name\":\"y\",\"op\":\"add\","
        "\"in\":[\"x\",\"block\"]}]}]}",
        &err));
    ck_assert_int_eq(net->n_layers, 6);
    ck_assert_str_eq(net->layer[5].name, "a.1.b.6.y");
    ck_assert_int_eq(net->layer[0].in[0], SPN_NETWORK_INPUT);
    ck_assert_int_eq(net->layer[5].in[0], 3); /* a.1.x */
    ck_assert_int_eq(net->layer[5].in[1], 4); /* a.1.b.5.y entered the turn */
    spn_network_destroy(net);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("ops");
    TCase *graph = tcase_create("graph");
    tcase_add_loop_test(graph, ops_have_shapes_and_counts, 0, sizeof op_cases / sizeof *op_cases);
    tcase_add_test(graph, every_op_has_name_rules_and_a_case);
    tcase_add_test(graph, attention_expands_to_its_parts);
    tcase_add_test(graph, blocks_nest);
    suite_add_tcase(suite, graph);
    return suite;
}
