/* train_setup.h -- two small networks to be trained.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TESTS_TRAIN_SETUP_H
#define SPN_TESTS_TRAIN_SETUP_H

#include "check.h"
#include "simulator/train_net.h"

static const char pooled[] =
    "{\"name\": \"pooled\", \"input\": {\"shape\": [2, 5, 5]}, \"layers\": ["
    "{\"name\": \"c1\", \"op\": \"conv2d\", \"channels\": 6, \"kernel\": 3},"
    "{\"name\": \"b1\", \"op\": \"batchnorm\"}, {\"name\": \"r1\", \"op\": \"relu\"},"
    "{\"name\": \"g\", \"op\": \"global_avgpool\"}, {\"name\": \"l\", \"op\": \"linear\", "
    "\"features\": 3}]}";

static const char tiny[] =
    "{\"name\": \"tiny\", \"dataset\": \"letters\", \"input\": {\"shape\": [1, 20, 20]}, "
    "\"sparsity\": {\"default\": 0.5},"
    "\"layers\": [{\"name\": \"c1\", \"op\": \"conv2d\", \"channels\": 6, \"kernel\": 5, "
    "\"stride\": 2, \"bias\": false},"
    "{\"name\": \"b1\", \"op\": \"batchnorm\"}, {\"name\": \"r1\", \"op\": \"relu\"},"
    "{\"name\": \"p\", \"op\": \"maxpool2d\", \"kernel\": 2}, {\"name\": \"f\", \"op\": "
    "\"flatten\"},"
    "{\"name\": \"l\", \"op\": \"linear\", \"features\": 5}]}";

static inline struct spn_network *parse(const char *text)
{
    struct spn_network *net = NULL;
    struct spn_err err;
    ck_assert_ok(spn_network_parse(&net, text, strlen(text), "test.json", &err));
    return net;
}

static inline struct spn_train_net *create(const struct spn_network *net, int batch, bool view)
{
    struct spn_train_net *t = NULL;
    struct spn_err err;
    const struct spn_train_net_config config = {
        .net = net, .batch = batch, .n_threads = 2, .adam = true, .seed = 5, .separate_view = view};
    ck_assert_ok(spn_train_net_create(&t, &config, &err));
    return t;
}

#endif
