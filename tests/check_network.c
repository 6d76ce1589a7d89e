/* check_network.c -- network files: shapes and counts against hand counts, and every error.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "network_setup.h"

/* ---- counts of the shipped networks ---- */

/* Multiply-accumulates by hand: outputs x kernel, summed over layers. */
static const struct {
    const char *name;
    int64_t n_weights, n_parameters, n_macs, n_dynamic_macs;
    int n_classes;
} published[] = {
    /* weights [ning2025; peng2021neurosim]; gains and offsets of 1,792 channels, 1,034 biases; MACs
     * 3,538,944 + 3 x 150,994,944 + 2 x 75,497,472 + 8,388,608 + 10,240 */
    {"vgg8", 12973440, 12973440 + 2 * 1792 + 1034, 615917568, 0, 10},
    /* 814,570 parameters: sidecar of its weights */
    {"vgg8-quarter", 813408, 814570, 39160320, 0, 10},
    /* 64 x 100 + 16 x 800 + 160 [ning2025, Methods] */
    {"msnet", 1060, 1060, 19360, 0, 5},
    /* 676 x 72 + 121 x 864 + 1920; weights [yao2020] */
    {"mcnn", 2856, 2856, 155136, 0, 10},
    /* 0.27 M [he2016, Table 6]; 1024 x 432 + 6 x 1024 x 2304 + 2 x (1,179,648 + 5 x 2,359,296) +
       640 */
    {"resnet20", 268336, 269722, 40551040, 0, 10},
    /* 0.85 M [he2016, Table 6]; 1024 x 432 + 18 x 2,359,296 + 2 x (1,179,648 + 17 x 2,359,296) +
       640 */
    {"resnet56", 848944, 853018, 125485696, 0, 10},
    /* 11,689,512 parameters and 1.8 GMAC [he2016, Table 1] */
    {"resnet18", 11678912, 11689512, 1814073344, 0, 1000},
    {"resnet8", 77360, 77706, 12501632, 0, 10},
    /* 784 x 150 + 100 x 2400 + 48,000 + 10,080 + 840 */
    {"lenet5", 61470, 61706, 416520, 0, 10},
    {"mnist-mlp", 109184, 109386, 109184, 0, 10},
    /* patches 16 x 49 x 48, 2 x (17 x 18,432 + 2 x 17 x 17 x 48), head 480 */
    {"vit-tiny", 40512, 41770, 720288, 55488, 10},
    /* 256 x (5 x (64 x (64 + 32 + 32 + 64) + 3 x 64 x 172) + 64 x 512) and 5 x 2 x 256 x 256 x 64
     */
    {"stories260k", 259328, 260032, 108331008, 41943040, 512},
    /* 6 x (402,653,184 + 16,777,216 + 536,870,912 + 33,554,432) + 128 x 512 x 37,000 */
    {"transformer-base", 62984192, 63045632, 8363966464, 301989888, 37000},
};

START_TEST(shipped_networks_have_published_counts)
{
    struct spn_network *net = load(published[_i].name);
    struct spn_network_totals sum = spn_network_totals(net);
    ck_assert_int_eq(sum.n_weights, published[_i].n_weights);
    ck_assert_int_eq(sum.n_weights + sum.n_other, published[_i].n_parameters);
    ck_assert_int_eq(sum.n_macs, published[_i].n_macs);
    ck_assert_int_eq(sum.n_dynamic_macs, published[_i].n_dynamic_macs);
    ck_assert_int_eq(net->n_classes, published[_i].n_classes);
    spn_network_destroy(net);
}
END_TEST

START_TEST(vgg8_by_hand)
{
    static const struct {
        const char *name;
        int64_t n_weights, vectors;
        int rows, columns;
    } want[] = {{"conv1", 3456, 1024, 27, 128},    {"conv2", 147456, 1024, 1152, 128},
                {"conv3", 294912, 256, 1152, 256}, {"conv4", 589824, 256, 2304, 256},
                {"conv5", 1179648, 64, 2304, 512}, {"conv6", 2359296, 64, 4608, 512},
                {"fc1", 8388608, 1, 8192, 1024},   {"fc2", 10240, 1, 1024, 10}};
    struct spn_network *net = load("vgg8");
    double zeros = 0, weights = 0;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const struct spn_layer *l = layer(net, want[i].name);
        struct spn_matrix_shape m = spn_layer_matrix(l);
        ck_assert_int_eq(l->n_weights, want[i].n_weights);
        ck_assert_int_eq(l->n_macs, want[i].n_weights * want[i].vectors);
        ck_assert_int_eq(m.rows, want[i].rows);
        ck_assert_int_eq(m.columns, want[i].columns);
        ck_assert_int_eq(m.groups, 1);
        ck_assert_int_eq(m.kernel_positions, i < 6 ? 9 : 1);
        ck_assert_int_eq(m.vectors, want[i].vectors);
        zeros += l->sparsity * (double)l->n_weights;
        weights += (double)l->n_weights;
    }
    ck_assert_rel(zeros / weights, 0.885, 1e-3);
    ck_assert_str_eq(strrchr(net->weights, '/'), "/vgg8-rough-sparse.safetensors.gz");
    ck_assert_ptr_nonnull(strstr(net->weights, "networks/weights/"));
    ck_assert_ptr_nonnull(strstr(net->dense_weights, "networks/weights/"));
    ck_assert_str_eq(net->dataset, "letters-rough");
    spn_network_destroy(net);
}
END_TEST

START_TEST(msnet_is_pruned_as_published)
{
    struct spn_network *net = load("msnet");
    /* (52 + 640 + 94.4)/1060 [ning2025]: 74.2 % */
    ck_assert_rel(layer(net, "conv1")->sparsity * 100 + layer(net, "conv2")->sparsity * 800 +
                      layer(net, "fc")->sparsity * 160,
                  52 + 640 + 94.4, 1e-12);
    assert_shape(&layer(net, "conv1")->out_shape, 3, 4, 8, 8);
    assert_shape(&layer(net, "pool")->out_shape, 3, 8, 2, 2);
    spn_network_destroy(net);
}
END_TEST

/* Signs by hand: after ReLU, pools of it, sums of it and softmax nothing is below zero; pixels less
 * a mean, GELU, norms and embeddings are. [M:N12] */
START_TEST(signs_follow_from_the_graph)
{
    static const struct {
        const char *network, *layer;
        bool is_signed;
    } want[] = {{"vgg8", "conv1", true},
                {"vgg8", "conv2", false},
                {"vgg8", "conv3", false},
                {"vgg8", "fc1", false},
                {"msnet", "conv1", false},
                {"lenet5", "conv1", true},
                {"resnet8", "conv1", false},
                {"resnet20", "layer1.0.conv1", false},
                {"resnet20", "layer2.0.conv1", false},
                {"resnet20", "linear", false}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct spn_network *net = load(want[i].network);
        ck_assert_msg(layer(net, want[i].layer)->signed_in == want[i].is_signed, "%s: %s",
                      want[i].network, want[i].layer);
        spn_network_destroy(net);
    }
    static const char *const transformers[] = {"transformer-base", "vit-tiny", "stories260k"};
    for (int t = 0; t < 3; t++) {
        struct spn_network *net = load(transformers[t]);
        int n_after_relu = 0;
        for (int i = 0; i < net->n_layers; i++) {
            const struct spn_layer *l = &net->layer[i];
            const int from = l->in[0], op = from < 0 ? -1 : net->layer[from].op;
            const bool positive = op == SPN_OP_RELU || op == SPN_OP_SOFTMAX;
            if ((spn_layer_is_matrix(l) || l->op == SPN_OP_MATMUL) && from >= 0)
                ck_assert_msg(l->signed_in == !positive, "%s: %s", net->name, l->name);
            n_after_relu += positive;
        }
        ck_assert_int_gt(n_after_relu, 0);
        spn_network_destroy(net);
    }
}
END_TEST

START_TEST(residual_blocks_are_wired)
{
    struct spn_network *net = load("resnet20");
    const struct spn_layer *add = layer(net, "layer2.0.add"),
                           *cut = layer(net, "layer2.0.shortcut");
    ck_assert_int_eq(add->in[0], spn_network_find(net, "layer2.0.bn2"));
    ck_assert_int_eq(add->in[1], spn_network_find(net, "layer2.0.shortcut"));
    ck_assert_int_eq(cut->in[0], spn_network_find(net, "layer1.2.relu2"));
    ck_assert_int_eq(layer(net, "layer2.0.conv1")->in[0], spn_network_find(net, "layer1.2.relu2"));
    ck_assert_int_eq(layer(net, "layer3.2.add")->in[1], spn_network_find(net, "layer3.1.relu2"));
    assert_shape(&cut->out_shape, 3, 32, 16, 16);
    ck_assert_str_eq(layer(net, "layer2.0.conv1")->tensor, "module.layer2.0.conv1");
    ck_assert_int_eq(net->n_mean, 3);
    ck_assert_rel(net->input_std[2], 0.225, 0);
    spn_network_destroy(net);
}
END_TEST

START_TEST(tied_tensors_count_once)
{
    struct spn_network *net = load("transformer-base");
    int owner = spn_network_find(net, "source_embedding");
    ck_assert_int_eq(layer(net, "source_embedding")->shares, -1);
    ck_assert_int_eq(layer(net, "target_embedding")->shares, owner);
    ck_assert_int_eq(layer(net, "output")->shares, owner);
    ck_assert_int_eq(layer(net, "output")->n_weights, 37000 * 512);
    ck_assert_int_eq(layer(net, "decoder.3.cross.k")->in[0],
                     spn_network_find(net, "encoder.5.norm2"));
    ck_assert_int_eq(layer(net, "decoder.3.cross.q")->in[0],
                     spn_network_find(net, "decoder.3.norm1"));
    spn_network_destroy(net);
}
END_TEST

/* ---- overrides ---- */

static enum spn_status load_with(const char *name, const char *path, const char *value,
                                 struct spn_network **net, struct spn_err *err)
{
    char file[SPN_MAX_PATH];
    struct spn_network_override o = {path, value};
    path_of(file, sizeof file, name);
    return spn_network_load(net, file, &o, 1, err);
}

START_TEST(overrides_apply)
{
    struct spn_err err;
    struct spn_network *net = NULL;
    ck_assert_ok(load_with("vgg8", "sparsity", "0.5", &net, &err));
    ck_assert_rel(layer(net, "conv1")->sparsity, 0.5, 0);
    ck_assert_rel(layer(net, "fc1")->sparsity, 0.5, 0);
    ck_assert_rel(layer(net, "relu1")->sparsity, 0, 0);
    spn_network_destroy(net);
    ck_assert_ok(load_with("vgg8", "sparsity.conv2", "0.25", &net, &err));
    ck_assert_rel(layer(net, "conv1")->sparsity, 0.30, 0);
    ck_assert_rel(layer(net, "conv2")->sparsity, 0.25, 0);
    spn_network_destroy(net);
    ck_assert_ok(load_with("transformer-base", "sequence", "256", &net, &err));
    ck_assert_int_eq(net->sequence, 256);
    assert_shape(&layer(net, "encoder.0.self.scores")->out_shape, 3, 8, 256, 256);
    /* scores and context grow fourfold with twice the length */
    ck_assert_int_eq(spn_network_totals(net).n_dynamic_macs, 4 * INT64_C(301989888));
    spn_network_destroy(net);
}
END_TEST

/* One new token after 99: 100 keys for 8 heads of 8; scores and context take 100 x 64 products
 * each. */
START_TEST(a_cache_adds_keys_but_no_tokens)
{
    struct spn_err err;
    struct spn_network *net = NULL;
    const struct spn_network_override both[] = {{"sequence", "1"}, {"cache", "99"}};
    const char *srcdir = getenv("srcdir");
    char path[SPN_MAX_PATH];
    snprintf(path, sizeof path, "%s/networks/stories260k.json", srcdir ? srcdir : ".");
    ck_assert_ok(spn_network_load(&net, path, both, 2, &err));
    ck_assert(net->cache == 99 && net->sequence == 1);
    assert_shape(&layer(net, "layers.0.attention.scores")->out_shape, 3, 8, 1, 100);
    assert_shape(&layer(net, "layers.0.attention.softmax")->out_shape, 3, 8, 1, 100);
    ck_assert_int_eq(layer(net, "layers.0.attention.q")->out_shape.dim[0], 1);
    ck_assert_int_eq(layer(net, "layers.0.attention.k")->n_macs, 64 * 32);
    ck_assert_int_eq(spn_network_totals(net).n_dynamic_macs, 5 * 2 * 100 * 64);
    spn_network_destroy(net);
    net = NULL;
    ck_assert_fails(load_with("transformer-base", "cache", "5", &net, &err), SPN_EINPUT,
                    "not causal");
    ck_assert_fails(load_with("vgg8", "cache", "5", &net, &err), SPN_EUSAGE, "no sequence");
    ck_assert_fails(load_with("stories260k", "cache", "-1", &net, &err), SPN_EUSAGE,
                    "[0, 1048576]");
    ck_assert_ptr_null(net);
}
END_TEST

START_TEST(bad_overrides_are_usage_errors)
{
    struct spn_err err;
    struct spn_network *net = NULL;
    ck_assert_fails(load_with("vgg8", "sparsty", "0.5", &net, &err), SPN_EUSAGE,
                    "did you mean \"sparsity\"");
    ck_assert_fails(load_with("vgg8", "sparsity", "1", &net, &err), SPN_EUSAGE, "[0, 1)");
    ck_assert_fails(load_with("vgg8", "sparsity", "nan", &net, &err), SPN_EUSAGE, "[0, 1)");
    ck_assert_fails(load_with("vgg8", "sparsity.conv9", "0.5", &net, &err), SPN_EUSAGE,
                    "did you mean \"conv");
    ck_assert_fails(load_with("vgg8", "sparsity.relu1", "0.5", &net, &err), SPN_EUSAGE,
                    "relu has no weights");
    ck_assert_fails(load_with("vgg8", "sequence", "12", &net, &err), SPN_EUSAGE,
                    "no sequence length");
    ck_assert_fails(load_with("vit-tiny", "sequence", "12", &net, &err), SPN_EUSAGE,
                    "no sequence length");
    ck_assert_fails(load_with("stories260k", "sequence", "0", &net, &err), SPN_EUSAGE,
                    "[1, 1048576]");
    ck_assert_fails(load_with("stories260k", "sequence", "1.5", &net, &err), SPN_EUSAGE,
                    "[1, 1048576]");
    ck_assert_fails(load_with("nothing-here", "sequence", "2", &net, &err), SPN_EINPUT,
                    "nothing-here.json");
    ck_assert_ptr_null(net);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("network");
    TCase *files = tcase_create("files");
    tcase_add_loop_test(files, shipped_networks_have_published_counts, 0,
                        sizeof published / sizeof *published);
    tcase_add_test(files, vgg8_by_hand);
    tcase_add_test(files, msnet_is_pruned_as_published);
    tcase_add_test(files, residual_blocks_are_wired);
    tcase_add_test(files, signs_follow_from_the_graph);
    tcase_add_test(files, tied_tensors_count_once);
    tcase_add_test(files, overrides_apply);
    tcase_add_test(files, a_cache_adds_keys_but_no_tokens);
    tcase_add_test(files, bad_overrides_are_usage_errors);
    suite_add_tcase(suite, files);
    return suite;
}
