/* check_train_cells.c -- training by pulses against gradients, SGD and the law's symmetry point.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "base/rng.h"
#include "check.h"
#include "models/pulse.h"
#include "simulator/train_cells.h"

static const char dense[] =
    "{\"name\": \"dense\", \"input\": {\"shape\": [1, 3, 3]}, \"layers\": ["
    "{\"name\": \"f\", \"op\": \"flatten\"},"
    "{\"name\": \"l\", \"op\": \"linear\", \"features\": 4, \"bias\": false}]}";

static const char convolution[] =
    "{\"name\": \"convolution\", \"input\": {\"shape\": [2, 7, 7]}, \"layers\": ["
    "{\"name\": \"c\", \"op\": \"conv2d\", \"channels\": 5, \"kernel\": 3, \"stride\": 2},"
    "{\"name\": \"f\", \"op\": \"flatten\"},"
    "{\"name\": \"l\", \"op\": \"linear\", \"features\": 3}]}";

static const char tiny[] =
    "{\"name\": \"tiny\", \"dataset\": \"letters\", \"input\": {\"shape\": [1, 20, 20]}, "
    "\"layers\": [{\"name\": \"c1\", \"op\": \"conv2d\", \"channels\": 8, \"kernel\": 5, "
    "\"stride\": 2}, {\"name\": \"r1\", \"op\": \"relu\"},"
    "{\"name\": \"f\", \"op\": \"flatten\"}, {\"name\": \"l\", \"op\": \"linear\", \"features\": "
    "5}]}";

struct setup {
    struct spn_network *net;
    struct spn_train_net *train;
    struct spn_train_options options;
    struct spn_device device;
    struct spn_train_cells *cells;
};

static struct spn_device device_of(double up_label, double down_label, int n_levels)
{
    struct spn_device d = {.name = "test", .on_conductance_S = 1};
    d.pulse = (struct spn_device_pulse){.potentiation_nonlinearity = up_label,
                                        .depression_nonlinearity = down_label,
                                        .n_levels = n_levels};
    return d;
}

/* rule, device and what else is set in s first. */
static void setup_init(struct setup *s, const char *text, int batch)
{
    struct spn_err err;
    ck_assert_ok(spn_network_parse(&s->net, text, strlen(text), "test.json", &err));
    const struct spn_train_net_config config = {
        .net = s->net, .batch = batch, .n_threads = 2, .seed = 5};
    ck_assert_ok(spn_train_net_create(&s->train, &config, &err));
    ck_assert_ok(spn_train_cells_create(&s->cells, s->train, &s->options, &s->device, &err));
}

static void setup_clear(struct setup *s)
{
    spn_train_cells_destroy(s->cells);
    spn_train_net_destroy(s->train);
    spn_network_destroy(s->net);
}

static struct setup setup_of(int rule, struct spn_device device)
{
    struct setup s = {.options = spn_train_options_default(), .device = device};
    s.options.momentum = 0;
    s.options.update.rule = rule;
    return s;
}

/* Random inputs and a random gradient of the last layer, passed back. */
static void pass(struct setup *s, int n, uint32_t stream)
{
    struct spn_train_layer *last = &s->train->layer[s->train->n_layers - 1];
    struct spn_rng rng = spn_rng_init(17, 1, stream);
    spn_rng_normals(&rng, s->train->x, (size_t)n * s->train->n_input);
    spn_train_forward(s->train, n, true);
    spn_rng_normals(&rng, last->dy, (size_t)n * last->n_out);
    spn_train_backward(s->train, n);
}

/* 31 slots of which all meet: 31 steps of scale/1000 each, scale = 2 x 4 sqrt(2/9), are the step
 * of SGD at the rate that asks for them; inputs and gradients of 0 and +-1. Two images, one with
 * the gradient turned. */
START_TEST(full_trains_are_sgd)
{
    struct setup s = setup_of(SPN_TRAIN_PULSED, device_of(0, 0, 1000));
    struct spn_err err;
    float before[36];
    s.options.update.deterministic = true;
    setup_init(&s, dense, 2);
    struct spn_train_layer *l = &s.train->layer[1];
    memcpy(before, l->weight.value, sizeof before);
    const double scale = 8 * sqrt(2.0 / 9), rate = 31 * scale / 1000;
    for (int k = 0; k < 18; k++)
        s.train->x[k] = (float)(k % 3 - 1);
    spn_train_forward(s.train, 2, true);
    for (int k = 0; k < 8; k++)
        l->dy[k] = k == 1 || k == 6 ? 1 : k == 3 ? -1 : 0;
    spn_train_backward(s.train, 2);
    ck_assert_ok(spn_train_cells_update(s.cells, 2, rate, &err));
    for (int k = 0; k < 36; k++)
        ck_assert_double_eq_tol((double)l->weight.value[k],
                                (double)before[k] - rate * (double)l->weight.grad[k], 2e-6);
    /* 18 of the 36 + 36 meetings of a row and a column have both: 6 inputs of 9, 2 + 1 outputs */
    ck_assert_rel(spn_train_cells_pulses(s.cells), 31 * 18 / 36.0, 1e-12);
    setup_clear(&s);
}
END_TEST

/* Drawn trains of a convolution's patches, many updates along one gradient: their sum is SGD's,
 * within 5 deviations; a cell's variance is at most a step for each pulse that is expected, as
 * counts of a vector are binomial. */
START_TEST(drawn_trains_follow_the_gradient)
{
    enum { N = 3, N_UPDATES = 400 };
    struct setup s = setup_of(SPN_TRAIN_PULSED, device_of(0, 0, 200000));
    struct spn_err err;
    setup_init(&s, convolution, N);
    pass(&s, N, 2);
    struct spn_param *p = &s.train->layer[0].weight;
    const double step = 8 * sqrt(2.0 / 18) / 200000, rate = 0.5 * step;
    float *before = malloc(p->n * sizeof *before);
    double mean_size = 0;
    memcpy(before, p->value, p->n * sizeof *before);
    for (int k = 0; k < N_UPDATES; k++)
        ck_assert_ok(spn_train_cells_update(s.cells, N, rate, &err));
    /* sum |u v| of a weight, from all positions: 27 x (2/pi) E|dy||x| is at most this */
    for (int k = 0; k < 27 * 5; k++)
        mean_size += fabs((double)s.train->layer[0].dy[k]) / (27 * 5);
    const double expected = N_UPDATES * rate * 27 * mean_size / step; /* pulses; mean |x| < 1 */
    for (size_t k = 0; k < p->n; k++) {
        const double want = -N_UPDATES * rate * (double)p->grad[k];
        ck_assert_msg(
            fabs((double)p->value[k] - (double)before[k] - want) < 5 * step * sqrt(expected) + 1e-6,
            "%zu: moved %g, gradient %g", k, (double)p->value[k] - (double)before[k], want);
    }
    free(before);
    setup_clear(&s);
}
END_TEST

/* A digital accumulator and an ideal device: at any time within a step of SGD with momentum. */
START_TEST(accumulated_pulses_follow_sgd)
{
    enum { N = 3, N_UPDATES = 50 };
    struct setup s = setup_of(SPN_TRAIN_MIXED_PRECISION, device_of(0, 0, 20000));
    struct spn_err err;
    s.options.momentum = 0.5;
    setup_init(&s, convolution, N);
    pass(&s, N, 2);
    struct spn_param *p = &s.train->layer[0].weight;
    const double step = 8 * sqrt(2.0 / 18) / 20000, rate = 0.3 * step;
    double *want = malloc(p->n * sizeof *want), *v = calloc(p->n, sizeof *v);
    for (size_t k = 0; k < p->n; k++)
        want[k] = (double)p->value[k];
    for (int i = 0; i < N_UPDATES; i++) {
        ck_assert_ok(spn_train_cells_update(s.cells, N, rate, &err));
        for (size_t k = 0; k < p->n; k++) {
            v[k] = 0.5 * v[k] + (double)p->grad[k];
            want[k] -= rate * v[k];
            ck_assert_double_eq_tol((double)p->value[k], want[k], 1.01 * step);
        }
    }
    free(want);
    free(v);
    setup_clear(&s);
}
END_TEST

/* Fewer pulses than the threshold wait: of a gradient of 1 at a rate of 2.4 steps and a threshold
 * of 5, none at first and second (2.4, 4.8), 7 at the third (7.2), then again at the fifth (0.2 +
 * 4.8 = 5.0 is rounded either way: not looked at). */
START_TEST(small_changes_wait)
{
    struct setup s = setup_of(SPN_TRAIN_MIXED_PRECISION, device_of(0, 0, 1000));
    struct spn_err err;
    s.options.update.threshold_pulses = 5;
    setup_init(&s, dense, 1);
    struct spn_param *p = &s.train->layer[1].weight;
    const double step = 8 * sqrt(2.0 / 9) / 1000;
    p->grad[7] = 1;
    const float before = p->value[7];
    static const int pulses[] = {0, 0, 7, 7};
    for (int i = 0; i < 4; i++) {
        ck_assert_ok(spn_train_cells_update(s.cells, 1, 2.4 * step, &err));
        ck_assert_double_eq_tol((double)(before - p->value[7]), pulses[i] * step, 1e-6);
    }
    ck_assert_rel(spn_train_cells_pulses(s.cells), 7 / 36.0, 1e-12);
    setup_clear(&s);
}
END_TEST

static double mean_weight(const struct spn_param *p)
{
    double sum = 0;
    for (size_t k = 0; k < p->n; k++)
        sum += (double)p->value[k];
    return sum / (double)p->n;
}

/* Gradients without direction drive an asymmetric cell to where a pulse up is as large as one down
 * (of the law's lines a + b x): seen as a weight against references in the middle, as none against
 * shifted ones. */
START_TEST(zero_shift_removes_drift)
{
    static const double labels[][2] = {{4, -1}, {1, -5}};
    struct spn_err err;
    for (size_t k = 0; k < sizeof labels / sizeof *labels; k++) {
        const struct spn_pulse_law law =
            spn_pulse_law_labels(0, 1, 100, labels[k][0], labels[k][1]);
        const double up = -expm1(-1 / law.up_A), down = -expm1(-1 / law.down_A);
        /* up (B - x) = down (B' - (1 - x)) */
        const double symmetric = (up * law.up_B - down * (law.down_B - 1)) / (up + down);
        ck_assert_double_gt(fabs(symmetric - 0.5), 0.15);
        double drift[2];
        for (int shifted = 0; shifted < 2; shifted++) {
            struct setup s = setup_of(SPN_TRAIN_PULSED, device_of(labels[k][0], labels[k][1], 100));
            s.options.update.zero_shift_pairs = shifted ? 400 : 0;
            setup_init(&s, dense, 20);
            struct spn_param *p = &s.train->layer[1].weight;
            ck_assert_double_eq(spn_train_cells_pulses(s.cells), 0);
            for (uint32_t i = 0; i < 100; i++) {
                pass(&s, 20, i);
                ck_assert_ok(spn_train_cells_update(s.cells, 20, 0.02, &err));
            }
            drift[shifted] = mean_weight(p) / (8 * sqrt(2.0 / 9)); /* windows */
            setup_clear(&s);
        }
        /* a walk of about 100 steps back and forth: sd of the mean of 36 cells under 0.03 */
        ck_assert_double_eq_tol(drift[0], symmetric - 0.5, 0.06);
        ck_assert_double_eq_tol(drift[1], 0, 0.06);
    }
}
END_TEST

/* ---- whole runs ---- */

static void open_letters(struct spn_dataset *images, const char *split, int n)
{
    const struct spn_dataset_request request = {.name = "letters",
                                                .split = split,
                                                .channels = 1,
                                                .size = 20,
                                                .n_classes = 5,
                                                .max_images = n,
                                                .seed = 1};
    struct spn_err err;
    ck_assert_ok(spn_dataset_open(images, &request, &err));
}

/* Weights and log of a run. */
static struct spn_train_log run(struct spn_train_job *job, float weight[200])
{
    struct spn_err err;
    struct spn_weights *weights = NULL;
    struct spn_train_log log;
    ck_assert_ok(spn_train_run(job, NULL, &weights, &log, &err));
    ck_assert_ok(spn_weights_floats(weights, "c1.weight", 200, weight, &err));
    spn_weights_destroy(weights);
    return log;
}

/* The same seed is the same chip: weights of a file go back into its cells as they were. */
static void assert_goes_on(struct spn_train_job job)
{
    struct spn_err err;
    struct spn_weights *first = NULL;
    float before[200], after[200];
    ck_assert_ok(spn_train_run(&job, NULL, &first, NULL, &err));
    ck_assert_ok(spn_weights_floats(first, "c1.weight", 200, before, &err));
    job.start = first;
    job.options.epochs = 0;
    run(&job, after);
    for (int k = 0; k < 200; k++)
        ck_assert_double_eq_tol((double)after[k], (double)before[k], 1e-5);
    spn_weights_destroy(first);
}

/* Good cells learn as numbers do; the same bytes on one thread and two. */
START_TEST(networks_are_trained_in_cells)
{
    struct spn_err err;
    struct spn_network *net = NULL;
    struct spn_dataset train, test;
    struct spn_device device = device_of(0.5, -0.5, 2000);
    device.pulse.device_to_device_sd = 0.1;
    device.pulse.cycle_to_cycle_sd = 1e-4;
    float weight[2][200];
    ck_assert_ok(spn_network_parse(&net, tiny, strlen(tiny), "test.json", &err));
    open_letters(&train, "train", 300);
    open_letters(&test, "test", 200);
    struct spn_train_job job = {.net = net,
                                .train = &train,
                                .test = &test,
                                .device = &device,
                                .options = spn_train_options_default()};
    job.options.epochs = 3;
    job.options.batch = 5;
    job.options.momentum = 0;
    job.options.update.zero_shift_pairs = 200;
    snprintf(job.options.update.device, sizeof job.options.update.device, "test");
    const double ideal = run(&job, weight[0]).epoch[2].test_frac;
    ck_assert_double_gt(ideal, 0.9);
    static const int rules[] = {SPN_TRAIN_PULSED, SPN_TRAIN_MIXED_PRECISION};
    for (int k = 0; k < 2; k++) {
        struct spn_train_log log[2];
        job.options.update.rule = rules[k];
        for (int threads = 1; threads <= 2; threads++) {
            job.options.n_threads = threads;
            log[threads - 1] = run(&job, weight[threads - 1]);
        }
        ck_assert_mem_eq(weight[0], weight[1], sizeof weight[0]);
        ck_assert_double_eq(log[0].epoch[2].pulses, log[1].epoch[2].pulses);
        ck_assert_double_gt(log[0].epoch[2].test_frac, ideal - 0.05);
        ck_assert_double_gt(log[0].epoch[2].pulses, 0);
        assert_goes_on(job);
    }
    job.device = NULL;
    struct spn_weights *none = NULL;
    ck_assert_fails(spn_train_run(&job, NULL, &none, NULL, &err), SPN_EUSAGE, "without a device");
    device.pulse.n_levels = 1;
    job.device = &device;
    ck_assert_fails(spn_train_run(&job, NULL, &none, NULL, &err), SPN_EINPUT, "needs at least 2");
    spn_dataset_clear(&train);
    spn_dataset_clear(&test);
    spn_network_destroy(net);
}
END_TEST

START_TEST(recipes_are_checked)
{
    struct spn_train_options o = spn_train_options_default();
    struct spn_err err;
    o.update.rule = SPN_TRAIN_PULSED;
    ck_assert_fails(spn_train_options_check(&o, &err), SPN_EINPUT, "does not go with momentum");
    o.update.rule = SPN_TRAIN_MIXED_PRECISION;
    ck_assert_fails(spn_train_options_check(&o, &err), SPN_EINPUT, "needs a device");
    snprintf(o.update.device, sizeof o.update.device, "fefet-32nm");
    ck_assert_ok(spn_train_options_check(&o, &err));
    o.weight_bits = 4;
    ck_assert_fails(spn_train_options_check(&o, &err), SPN_EINPUT, "does not go with weight_bits");
    o.weight_bits = 0;
    o.optimiser = SPN_OPTIMISER_ADAM;
    ck_assert_fails(spn_train_options_check(&o, &err), SPN_EINPUT, "optimiser = adam");
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("train_cells");
    TCase *tests = tcase_create("train_cells");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, full_trains_are_sgd);
    tcase_add_test(tests, drawn_trains_follow_the_gradient);
    tcase_add_test(tests, accumulated_pulses_follow_sgd);
    tcase_add_test(tests, small_changes_wait);
    tcase_add_test(tests, zero_shift_removes_drift);
    tcase_add_test(tests, networks_are_trained_in_cells);
    tcase_add_test(tests, recipes_are_checked);
    suite_add_tcase(suite, tests);
    return suite;
}
