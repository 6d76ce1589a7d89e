/* check_train.c -- gradients against differences, the optimiser by hand, pruning, and whole
 * training runs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "base/rng.h"
#include "simulator/simulator.h"
#include "simulator/train.h"
#include "simulator/train_layers.h"
#include "simulator/train_net.h"
#include "train_setup.h"

/* Every op that can be trained, with a shortcut, groups and overlapping pools. */
static const char all_ops[] =
    "{\"name\": \"all\", \"input\": {\"shape\": [2, 9, 9]}, \"layers\": ["
    "{\"name\": \"c1\", \"op\": \"conv2d\", \"channels\": 4, \"kernel\": 3, \"padding\": 1},"
    "{\"name\": \"b1\", \"op\": \"batchnorm\"}, {\"name\": \"r1\", \"op\": \"relu\"},"
    "{\"name\": \"c2\", \"op\": \"conv2d\", \"channels\": 4, \"kernel\": 3, \"padding\": 1, "
    "\"groups\": 2},"
    "{\"name\": \"s\", \"op\": \"add\", \"in\": [\"c2\", \"r1\"]}, {\"name\": \"r2\", \"op\": "
    "\"relu\"},"
    "{\"name\": \"p1\", \"op\": \"maxpool2d\", \"kernel\": 3, \"stride\": 2},"
    "{\"name\": \"c3\", \"op\": \"conv2d\", \"channels\": 8, \"kernel\": 3, \"stride\": 2, "
    "\"padding\": 1, \"in\": \"p1\"},"
    "{\"name\": \"ps\", \"op\": \"pad_shortcut\", \"channels\": 8, \"stride\": 2, \"in\": \"p1\"},"
    "{\"name\": \"s2\", \"op\": \"add\", \"in\": [\"c3\", \"ps\"]},"
    "{\"name\": \"p2\", \"op\": \"avgpool2d\", \"kernel\": 2, \"stride\": 1, \"padding\": 1},"
    "{\"name\": \"f\", \"op\": \"flatten\"}, {\"name\": \"l1\", \"op\": \"linear\", \"features\": "
    "6},"
    "{\"name\": \"r3\", \"op\": \"relu\"}, {\"name\": \"l2\", \"op\": \"linear\", \"features\": "
    "3}]}";

/* ---- gradients ---- */

static double total_loss(struct spn_train_net *t, int n)
{
    const struct spn_train_layer *last = &t->layer[t->n_layers - 1];
    double loss = 0.0;
    spn_train_forward(t, n, true);
    for (int i = 0; i < n; i++) {
        const struct spn_target target = {
            .n_classes = 3, .label = i % 3, .smoothing = 0.1, .share = 1.0};
        int best;
        loss += spn_train_cross_entropy(&target, last->y + i * 3, last->dy + i * 3, &best);
    }
    return loss;
}

/* Central differences of the loss for some elements of a parameter. In single precision they carry
 * an error of about 1e-6 loss/step, and a kink (ReLU, maximum) may lie inside the step: nearly all
 * must agree. */
static void compare(struct spn_train_net *t, const struct spn_param *p, int n, int *n_tried,
                    int *n_good)
{
    const float step = 2e-3f;
    double size = 0.0;
    float grad[8];
    const size_t stride = p->n / 8 + 1;
    for (size_t k = 0; k < p->n; k++) {
        size = fmax(size, fabs((double)p->grad[k]));
    }
    for (size_t k = 0, e = 0; k < p->n; k += stride, e++) {
        grad[e] = p->grad[k];
    }
    for (size_t k = 0, e = 0; k < p->n; k += stride, e++) {
        const float held = p->value[k];
        p->value[k] = held + step;
        const double up = total_loss(t, n);
        p->value[k] = held - step;
        const double down = total_loss(t, n);
        p->value[k] = held;
        const double slope = (up - down) / (2.0 * (double)step);
        *n_good += fabs(slope - (double)grad[e]) <= 0.02 * fabs(slope) + 0.01 * size + 3e-3;
        (*n_tried)++;
    }
}

static void check_gradients(const char *text)
{
    struct spn_network *net = parse(text);
    struct spn_train_net *t = create(net, 6, false);
    struct spn_rng rng = spn_rng_init(11, 1, 2);
    int n_tried = 0, n_good = 0;
    spn_rng_normals(&rng, t->x, 6 * t->n_input);
    for (int i = 0; i < t->n_layers; i++) { /* gains and offsets away from 1 and 0 */
        struct spn_param *p = &t->layer[i].bias;
        spn_rng_normals(&rng, p->value, p->n);
        for (size_t k = 0; k < p->n; k++) {
            p->value[k] *= 0.3f;
        }
    }
    total_loss(t, 6);
    spn_train_backward(t, 6);
    for (int i = 0; i < t->n_layers; i++) {
        struct spn_param *const params[] = {&t->layer[i].weight, &t->layer[i].bias};
        for (int k = 0; k < 2; k++) {
            compare(t, params[k], 6, &n_tried, &n_good);
            total_loss(t, 6);
            spn_train_backward(t, 6);
        }
    }
    ck_assert_msg(n_good >= n_tried - n_tried / 20, "%d of %d gradients agree", n_good, n_tried);
    spn_train_net_destroy(t);
    spn_network_destroy(net);
}

START_TEST(gradients_match_differences)
{
    check_gradients(all_ops);
}
END_TEST

START_TEST(gradients_through_global_pool)
{
    check_gradients(pooled);
}
END_TEST

/* Uniform logits: loss log n; gradient (1/n - target). */
START_TEST(cross_entropy_by_hand)
{
    const float logits[] = {2, 2, 2, 2};
    float d[4];
    int best;
    struct spn_target target = {.n_classes = 4, .label = 1, .share = 0.5};
    ck_assert_rel(spn_train_cross_entropy(&target, logits, d, &best), log(4.0), 1e-12);
    ck_assert_float_eq(d[0], 0.125f);
    ck_assert_float_eq(d[1], -0.375f);
    target.smoothing = 0.4; /* 0.1 everywhere and 0.6 at the label */
    spn_train_cross_entropy(&target, logits, d, &best);
    ck_assert_float_eq_tol(d[1], 0.5f * (0.25f - 0.7f), 1e-6f);
}
END_TEST

/* ---- whole runs ---- */

struct run {
    struct spn_network *net;
    struct spn_dataset train, test;
    struct spn_train_options options;
};

static struct run setup(void)
{
    struct run r = {.net = parse(tiny), .options = spn_train_options_default()};
    struct spn_err err;
    r.options.n_images = 150;
    r.options.n_test_images = 100;
    r.options.epochs = 12;
    r.options.batch = 30;
    r.options.weight_bits = 8;
    r.options.prune =
        (struct spn_train_prune){.start_epoch = 4, .end_epoch = 8, .exponent = 3, .steps = 4};
    ck_assert_ok(spn_train_open_data(&r.options, r.net, NULL, &r.train, &r.test, &err));
    return r;
}

static void teardown(struct run *r)
{
    spn_dataset_clear(&r->train);
    spn_dataset_clear(&r->test);
    spn_network_destroy(r->net);
}

static struct spn_weights *train(const struct run *r, const struct spn_progress *progress,
                                 struct spn_train_log *log)
{
    const struct spn_train_job job = {
        .net = r->net, .train = &r->train, .test = &r->test, .options = r->options};
    struct spn_weights *weights = NULL;
    struct spn_err err;
    ck_assert_ok(spn_train_run(&job, progress, &weights, log, &err));
    return weights;
}

static void assert_same(const struct spn_weights *a, const struct spn_weights *b)
{
    ck_assert_int_eq(spn_weights_count(a), spn_weights_count(b));
    for (int i = 0; i < spn_weights_count(a); i++) {
        const struct spn_tensor_info x = spn_weights_at(a, i), y = spn_weights_at(b, i);
        ck_assert_str_eq(x.name, y.name);
        ck_assert_int_eq(x.n, y.n);
        ck_assert_mem_eq(x.data, y.data,
                         (size_t)x.n * (x.dtype == SPN_DTYPE_I8 ? 1 : sizeof(float)));
    }
}

START_TEST(training_learns_and_prunes)
{
    static struct spn_train_log log, log2;
    struct run r = setup();
    r.options.n_threads = 1;
    struct spn_weights *one = train(&r, NULL, &log);
    r.options.n_threads = 3;
    struct spn_weights *three = train(&r, NULL, &log2);
    assert_same(one, three); /* the same bytes for any number of threads */
    ck_assert_int_eq(log.n_epochs, 12);
    ck_assert(log.epoch[0].loss == log2.epoch[0].loss &&
              log.epoch[11].test_frac == log2.epoch[11].test_frac);
    ck_assert(log.epoch[11].loss < 0.3 * log.epoch[0].loss);
    ck_assert(log.epoch[11].test_frac > 0.6); /* 0.2 by chance */
    ck_assert(log.epoch[0].sparsity_frac < 0.1 && log.epoch[11].sparsity_frac >= 0.5 &&
              log.epoch[11].sparsity_frac < 0.6);
    ck_assert_int_eq(spn_weights_find(one, "c1.weight")->dtype, SPN_DTYPE_I8);
    struct spn_simulator *sim = NULL; /* the simulator reads the same accuracy off the weights */
    struct spn_simulator_options options = spn_simulator_options_default();
    struct spn_accuracy accuracy;
    struct spn_err err;
    options.fidelity = SPN_FIDELITY_IDEAL;
    ck_assert_ok(spn_simulator_create(&sim, r.net, one, NULL, &options, &err));
    ck_assert_ok(spn_simulator_evaluate(sim, &r.test, NULL, &accuracy, &err));
    ck_assert(fabs(accuracy.top1_frac - log.epoch[11].test_frac) < 0.0101);
    spn_simulator_destroy(sim);
    spn_weights_destroy(one);
    spn_weights_destroy(three);
    teardown(&r);
}
END_TEST

static bool stop_at_seven(void *ctx, const char *what, size_t done, size_t total)
{
    (void)ctx;
    ck_assert_str_eq(what, "updates");
    ck_assert_uint_eq(total, 60);
    return done < 7;
}

START_TEST(training_stops_and_goes_on)
{
    static struct spn_train_log log;
    struct run r = setup();
    const struct spn_progress progress = {.report = stop_at_seven};
    struct spn_weights *weights = train(&r, &progress, &log), *more = NULL;
    struct spn_err err;
    ck_assert(log.stopped);
    ck_assert_int_eq(log.n_epochs, 2); /* five updates an epoch; the second is cut */
    const double before = log.epoch[1].test_frac;
    r.options.activation_bits = 8;
    r.options.weight_noise_frac = 0.01;
    r.options.shift_px = 1;
    r.options.flip = true;
    const struct spn_train_job job = {
        .net = r.net, .start = weights, .train = &r.train, .test = &r.test, .options = r.options};
    ck_assert_ok(spn_train_run(&job, NULL, &more, &log, &err));
    ck_assert(log.epoch[log.n_epochs - 1].test_frac > before);
    spn_weights_destroy(weights);
    spn_weights_destroy(more);
    teardown(&r);
}
END_TEST

START_TEST(training_refuses)
{
    struct run r = setup();
    struct spn_weights *weights = NULL;
    struct spn_err err;
    struct spn_train_job job = {.net = r.net, .train = &r.train, .options = r.options};
    job.options.prune.end_epoch = 40;
    ck_assert_fails(spn_train_run(&job, NULL, &weights, NULL, &err), SPN_EINPUT,
                    "prune.end_epoch = 40");
    job.options.prune = (struct spn_train_prune){.start_epoch = 3, .end_epoch = 2, .steps = 1};
    ck_assert_fails(spn_train_run(&job, NULL, &weights, NULL, &err), SPN_EINPUT,
                    "before prune.start_epoch = 3");
    job.options = r.options;
    job.options.weight_bits = 1;
    ck_assert_fails(spn_train_run(&job, NULL, &weights, NULL, &err), SPN_EINPUT, "weight_bits = 1");
    job.options = r.options;
    job.options.learning_rate = 1e30;
    ck_assert_fails(spn_train_run(&job, NULL, &weights, NULL, &err), SPN_EINFEASIBLE, "diverged");
    job.options = r.options;
    r.train.label[3] = 9;
    ck_assert_fails(spn_train_run(&job, NULL, &weights, NULL, &err), SPN_EINPUT,
                    "label 9 of image 3");
    struct spn_network *other = parse(pooled);
    job.net = other;
    ck_assert_fails(spn_train_run(&job, NULL, &weights, NULL, &err), SPN_EINPUT,
                    "do not fit network 'pooled'");
    struct spn_network *gelu = parse(
        "{\"name\": \"g\", \"input\": {\"shape\": [1, 20, 20]}, \"layers\": [{\"name\": \"f\", "
        "\"op\": \"flatten\"}, {\"name\": \"g\", \"op\": \"gelu\"}]}");
    r.train.label[3] = 0;
    job.net = gelu;
    ck_assert_fails(spn_train_run(&job, NULL, &weights, NULL, &err), SPN_EINPUT,
                    "layer 'g': gelu cannot be trained");
    ck_assert_ptr_null(weights);
    spn_network_destroy(other);
    spn_network_destroy(gelu);
    teardown(&r);
}
END_TEST

/* The shipped recipes are read, with what they take over from each other. */
START_TEST(recipes_are_read)
{
    const char *const names[] = {"msnet-letters", "vgg8-letters", "vgg8-rough", "vgg8-rough-dense",
                                 "vgg8-rough-sparse"};
    const char *source = getenv("srcdir");
    struct spn_err err;
    for (int i = 0; i < 5; i++) {
        char path[SPN_MAX_PATH];
        struct spn_train_options o = spn_train_options_default();
        snprintf(path, sizeof path, "%s/experiments/%s.json", source ? source : ".", names[i]);
        ck_assert_ok(spn_train_options_load(&o, path, &err));
        ck_assert_str_eq(o.dataset, i < 2 ? "letters" : "letters-rough");
        ck_assert((o.l1 > 0) == (i == 1 || i == 2));
        ck_assert((o.prune.end_epoch > 0) == (i == 0 || i == 4));
    }
    struct spn_train_options o = spn_train_options_default();
    ck_assert_fails(spn_train_options_load(&o, "no-such.json", &err), SPN_EINPUT, "no-such.json");
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("train");
    TCase *tests = tcase_create("train");
    tcase_add_test(tests, gradients_match_differences);
    tcase_add_test(tests, gradients_through_global_pool);
    tcase_add_test(tests, cross_entropy_by_hand);
    tcase_add_test(tests, training_learns_and_prunes);
    tcase_add_test(tests, training_stops_and_goes_on);
    tcase_add_test(tests, training_refuses);
    tcase_add_test(tests, recipes_are_read);
    suite_add_tcase(suite, tests);
    return suite;
}
