/* check_train_hardware.c -- a chip in the training loop: its errors by their statistics, converters
 * by hand, and what it is good for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/rng.h"
#include "check.h"
#include "simulator/simulator.h"
#include "simulator/train_hardware.h"
#include "simulator/train_update.h"

static const char flat[] =
    "{\"name\": \"flat\", \"input\": {\"shape\": [1, 30, 30]}, \"layers\": ["
    "{\"name\": \"f\", \"op\": \"flatten\"},"
    "{\"name\": \"a\", \"op\": \"linear\", \"features\": 100, \"bias\": false},"
    "{\"name\": \"b\", \"op\": \"linear\", \"features\": 3}]}";

static const char tiny[] =
    "{\"name\": \"tiny\", \"dataset\": \"letters\", \"input\": {\"shape\": [1, 20, 20]}, "
    "\"layers\": [{\"name\": \"c1\", \"op\": \"conv2d\", \"channels\": 16, \"kernel\": 5, "
    "\"stride\": 2}, {\"name\": \"r1\", \"op\": \"relu\"},"
    "{\"name\": \"f\", \"op\": \"flatten\"}, {\"name\": \"l\", \"op\": \"linear\", \"features\": "
    "10}]}";

static struct spn_network *parse(const char *text)
{
    struct spn_network *net = NULL;
    struct spn_err err;
    ck_assert_ok(spn_network_parse(&net, text, strlen(text), "test.json", &err));
    return net;
}

static struct spn_train_net *create(const struct spn_network *net,
                                    const struct spn_train_options *o, int batch)
{
    struct spn_train_net *t = NULL;
    struct spn_err err;
    const struct spn_train_net_config config = {.net = net,
                                                .batch = batch,
                                                .n_threads = 2,
                                                .seed = 5,
                                                .separate_view = true,
                                                .hardware = &o->hardware};
    ck_assert_ok(spn_train_net_create(&t, &config, &err));
    t->n_active = 2;
    return t;
}

/* Codes of errors on weights that are 0 but for one, which sets the scale to 1/7 (4 bits). */
static void draw(struct spn_train_net *t, const struct spn_train_options *o, long count,
                 double *sum, double *square)
{
    struct spn_param *w = &t->layer[1].weight;
    for (size_t k = 0; k < w->n; k++)
        w->value[k] = 0;
    w->value[0] = 1;
    spn_train_view(t, o, true, count);
    spn_train_hardware_errors(t, o, count);
    *sum = *square = 0;
    for (size_t k = 1; k < w->n; k++) {
        const double code = 7 * (double)w->seen[k];
        *sum += code / (double)(w->n - 1);
        *square += code * code / (double)(w->n - 1);
    }
}

/* 3 bits of magnitude in cells of 1 bit: sd 0.1 sqrt(2 (1 + 4 + 16)) = 0.6481 codes, drawn for
 * every weight (90,000 of them: 0.3 % standard error of the sd), and anew for another chip. In
 * cells of 2 bits, digits of 2 and 1 bits: 0.1 sqrt(2 (9 + 16)) = 0.7071. */
START_TEST(every_cell_has_its_own_error)
{
    struct spn_network *net = parse(flat);
    struct spn_train_options o = spn_train_options_default();
    double sum, square, first, again;
    o.weight_bits = 4;
    o.hardware.cell_sd_frac = 0.1;
    o.hardware.chip_updates = 3;
    struct spn_train_net *t = create(net, &o, 2);
    draw(t, &o, 0, &sum, &square);
    ck_assert_rel(sqrt(square), 0.64807, 0.012);
    ck_assert_double_eq_tol(sum, 0, 5 * 0.65 / 300);
    first = (double)t->layer[1].weight.seen[77];
    draw(t, &o, 2, &sum, &square);
    ck_assert_double_eq(first, (double)t->layer[1].weight.seen[77]); /* the same chip */
    draw(t, &o, 3, &again, &square);
    ck_assert_double_ne(first, (double)t->layer[1].weight.seen[77]);
    ck_assert(fabs(again - sum) > 0);
    o.hardware.cell_bits = 2;
    draw(t, &o, 9, &sum, &square);
    ck_assert_rel(sqrt(square), 0.70711, 0.012);
    spn_train_net_destroy(t);
    spn_network_destroy(net);
}
END_TEST

/* A stuck-on cell of a weight of 0 takes it to +-1, 2 or 4: mean square p 2 (1 + 4 + 16) = 42 p.
 * Stuck-off cells change nothing there. */
START_TEST(cells_get_stuck)
{
    struct spn_network *net = parse(flat);
    struct spn_train_options o = spn_train_options_default();
    double sum, square;
    o.weight_bits = 4;
    o.hardware.stuck_off_frac = 0.1;
    struct spn_train_net *t = create(net, &o, 2);
    draw(t, &o, 0, &sum, &square);
    ck_assert(!(square > 0));
    o.hardware.stuck_on_frac = 0.01;
    draw(t, &o, 1, &sum, &square);
    ck_assert_rel(square, 0.42, 0.08); /* 5,400 events of very unequal weight: sd 1.7 % */
    ck_assert_double_eq_tol(sum, 0, 5 * 0.65 / 300);
    for (size_t k = 1; k < t->layer[1].weight.n; k++) {
        const double code = 7 * (double)t->layer[1].weight.seen[k];
        ck_assert(fabs(code - round(code)) < 1e-4 && fabs(code) <= 14.0001);
    }
    t->n_active = 0;
    spn_train_hardware_errors(t, &o, 5);
    spn_train_net_destroy(t);
    spn_network_destroy(net);
}
END_TEST

/* 900 rows in groups of 400, 400 and 100: each sum is rounded for itself. */
START_TEST(sums_are_converted_group_by_group)
{
    enum { N = 3, ROWS = 900, OUT = 100 };
    struct spn_network *net = parse(flat);
    struct spn_train_options o = spn_train_options_default();
    o.hardware.adc_bits = 4; /* codes -7 .. 7 */
    o.hardware.adc_rows = 400;
    o.hardware.adc_range_frac = 0.5;
    struct spn_train_net *t = create(net, &o, N);
    struct spn_rng rng = spn_rng_init(8, 1, 1);
    spn_train_view(t, &o, false, 0);
    spn_rng_normals(&rng, t->x, N * ROWS);
    spn_train_forward(t, N, true); /* no range yet: plain sums */
    double top = 0;
    for (int pass = 0; pass < 2; pass++) {
        const double step = pass == 0 ? 0 : top * 0.5 / 7;
        for (int v = 0; v < N; v++)
            for (int c = 0; c < OUT; c++) {
                double y = 0;
                for (int first = 0; first < ROWS; first += 400) {
                    double s = 0;
                    for (int r = first; r < ROWS && r < first + 400; r++)
                        s += (double)t->layer[0].y[v * ROWS + r] *
                             (double)t->layer[1].weight.seen[c * ROWS + r];
                    top = pass == 0 ? fmax(top, fabs(s)) : top;
                    y += step > 0 ? step * fmin(fmax(rint(s / step), -7), 7) : s;
                }
                /* single-precision sums may round the other way at an edge */
                const double off = fabs((double)t->layer[1].y[v * OUT + c] - y);
                ck_assert(off < 1e-3 || fabs(off - step) < 1e-3);
            }
        spn_train_forward(t, N, false);
        ck_assert_rel((double)t->layer[1].sum_range, top, 1e-4);
    }
    spn_train_net_destroy(t);
    spn_network_destroy(net);
}
END_TEST

START_TEST(layers_come_in_one_by_one)
{
    const struct spn_train_hardware h = {.start_epoch = 2, .full_epoch = 6};
    const double epoch[] = {0, 1.9, 2, 2.9, 3, 5, 6, 50};
    const int active[] = {0, 0, 1, 1, 2, 4, 4, 4};
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(spn_train_hardware_active(&h, 4, epoch[i]), active[i]);
    const struct spn_train_hardware at_once = {0};
    ck_assert_int_eq(spn_train_hardware_active(&at_once, 4, 0), 4);
}
END_TEST

/* ---- what it is good for ---- */

static struct spn_weights *train(const struct spn_network *net, const struct spn_dataset *images,
                                 double cell_sd_frac)
{
    struct spn_weights *weights = NULL;
    struct spn_err err = {0};
    struct spn_train_job job = {
        .net = net, .train = images, .options = spn_train_options_default()};
    job.options.epochs = 30;
    job.options.optimiser = SPN_OPTIMISER_ADAM;
    job.options.learning_rate = 0.003;
    job.options.weight_bits = 6;
    job.options.hardware.cell_sd_frac = cell_sd_frac;
    job.options.hardware.adc_bits = cell_sd_frac > 0 ? 7 : 0;
    job.options.hardware.adc_rows = 64;
    ck_assert_ok(spn_train_run(&job, NULL, &weights, NULL, &err));
    return weights;
}

/* Mean accuracy over chips. */
static double accuracy(const struct spn_network *net, const struct spn_weights *weights,
                       const struct spn_dataset *images, double cell_sd_frac)
{
    double sum = 0;
    struct spn_err err = {0};
    struct spn_chip chip = {
        .array = {.rows = 64, .columns = 64},
        .weight = {.bits = 6, .cell_bits = 1, .encoding = SPN_ENCODING_DIFFERENTIAL},
        .input = {.bits = 8, .dac_bits = 1},
        .adc = {.bits = 7, .range = SPN_RANGE_FULL},
        .device = {.name = "test",
                   .on_conductance_S = 8e-6,
                   .off_conductance_S = 3.2e-6,
                   .programming_sd_frac = cell_sd_frac}};
    struct spn_simulator_options how = spn_simulator_options_default();
    how.fidelity = SPN_FIDELITY_DEVICE;
    for (how.seed = 1; how.seed <= 5; how.seed++) {
        struct spn_simulator *sim = NULL;
        struct spn_accuracy a;
        ck_assert_ok(spn_simulator_create(&sim, net, weights, &chip, &how, &err));
        ck_assert_ok(spn_simulator_calibrate(sim, images, &err));
        ck_assert_ok(spn_simulator_evaluate(sim, images, NULL, &a, &err));
        sum += a.top1_frac / 5;
        spn_simulator_destroy(sim);
    }
    return sum;
}

/* Ten letters, cells that err by 35 % of their window. */
START_TEST(aware_training_helps_on_bad_chips)
{
    struct spn_network *net = parse(tiny);
    struct spn_train_options o = spn_train_options_default();
    struct spn_dataset images, test;
    struct spn_err err = {0};
    o.n_images = 1000;
    o.n_test_images = 200;
    ck_assert_ok(spn_train_open_data(&o, net, NULL, &images, &test, &err));
    struct spn_weights *plain = train(net, &images, 0), *aware = train(net, &images, 0.35);
    const double good = accuracy(net, plain, &test, 0), bad = accuracy(net, plain, &test, 0.35),
                 better = accuracy(net, aware, &test, 0.35);
    ck_assert_msg(good > 0.9 && better > bad + 0.03,
                  "%g without errors; with errors %g, trained for them %g", good, bad, better);
    spn_weights_destroy(plain);
    spn_weights_destroy(aware);
    spn_dataset_clear(&images);
    spn_dataset_clear(&test);
    spn_network_destroy(net);
}
END_TEST

/* Hybrid training: the convolution stays as transferred, bit for bit; the last layer learns what
 * its chip does, in more than one write of a weight and far less than one per update. */
START_TEST(a_tuned_layer_makes_up_for_its_chip)
{
    static struct spn_train_log log;
    struct spn_network *net = parse(tiny);
    struct spn_train_options o = spn_train_options_default();
    struct spn_dataset images, test;
    struct spn_err err = {0};
    struct spn_weights *tuned = NULL;
    o.n_images = 1000;
    o.n_test_images = 200;
    ck_assert_ok(spn_train_open_data(&o, net, NULL, &images, &test, &err));
    struct spn_weights *plain = train(net, &images, 0);
    struct spn_train_job job = {
        .net = net, .start = plain, .train = &images, .test = &test, .options = o};
    job.options.epochs = 3;
    job.options.momentum = 0;
    job.options.learning_rate = 0.02;
    job.options.weight_bits = 6;
    job.options.hardware.cell_sd_frac = 0.35;
    job.options.hardware.tuned_layers = 1;
    job.options.hardware.write_threshold_frac = 0.08;
    ck_assert_ok(spn_train_run(&job, NULL, &tuned, &log, &err));
    ck_assert_msg(log.epoch[2].test_frac > log.transfer_frac + 0.03, "%g transferred, %g tuned",
                  log.transfer_frac, log.epoch[2].test_frac);
    ck_assert(log.epoch[2].writes > 1.001 && log.epoch[2].writes < 6); /* of 61 */
    float before[400], after[400];
    ck_assert_ok(spn_weights_floats(plain, "c1.weight", 400, before, &err));
    ck_assert_ok(spn_weights_floats(tuned, "c1.weight", 400, after, &err));
    ck_assert_mem_eq(before, after, sizeof before);
    struct spn_weights *none = NULL;
    job.start = NULL;
    ck_assert_fails(spn_train_run(&job, NULL, &none, NULL, &err), SPN_EINPUT,
                    "need weights to start from");
    spn_weights_destroy(plain);
    spn_weights_destroy(tuned);
    spn_dataset_clear(&images);
    spn_dataset_clear(&test);
    spn_network_destroy(net);
}
END_TEST

START_TEST(recipes_are_checked)
{
    struct spn_train_options o = spn_train_options_default();
    struct spn_err err;
    o.hardware.cell_sd_frac = 0.1;
    ck_assert_fails(spn_train_options_check(&o, &err), SPN_EINPUT, "weight_bits = 2 .. 8");
    o.weight_bits = 4;
    ck_assert_ok(spn_train_options_check(&o, &err));
    o.hardware.start_epoch = 3;
    o.hardware.full_epoch = 2;
    ck_assert_fails(spn_train_options_check(&o, &err), SPN_EINPUT, "before hardware.start_epoch");
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("train_hardware");
    TCase *tests = tcase_create("train_hardware");
    tcase_add_test(tests, every_cell_has_its_own_error);
    tcase_add_test(tests, cells_get_stuck);
    tcase_add_test(tests, sums_are_converted_group_by_group);
    tcase_add_test(tests, layers_come_in_one_by_one);
    tcase_add_test(tests, aware_training_helps_on_bad_chips);
    tcase_add_test(tests, a_tuned_layer_makes_up_for_its_chip);
    tcase_add_test(tests, recipes_are_checked);
    suite_add_tcase(suite, tests);
    return suite;
}
