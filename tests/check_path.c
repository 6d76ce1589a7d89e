/* check_path.c -- an image's way through a pipeline, by hand and against sums.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "estimate_setup.h"
#include "estimator/path.h"

static const char graph[] =
    "{\"name\": \"graph\", \"input\": {\"shape\": [4, 8, 8]}, \"layers\": ["
    "{\"name\": \"c1\", \"op\": \"conv2d\", \"channels\": 4, \"kernel\": 3, \"padding\": 1},"
    "{\"name\": \"c2\", \"op\": \"conv2d\", \"channels\": 8, \"kernel\": 3, \"padding\": 1},"
    "{\"name\": \"short\", \"op\": \"conv2d\", \"channels\": 8, \"kernel\": 1, \"in\": \"c1\"},"
    "{\"name\": \"sum\", \"op\": \"add\", \"in\": [\"c2\", \"short\"]},"
    "{\"name\": \"flat\", \"op\": \"flatten\"},"
    "{\"name\": \"fc\", \"op\": \"linear\", \"features\": 10}]}";

static void open_graph(struct setup *s, const char *chip)
{
    struct spn_err err;

    setup_open(s, "lenet5", chip);
    setup_close(s);
    ck_assert_ok(spn_network_parse(&s->net, graph, sizeof graph - 1, "graph", &err));
    ck_assert_ok(spn_profile_default(&s->profile, s->net, &err));
    ck_assert_ok(spn_plan_create(&s->plan, s->net, &s->profile, &err));
    ck_assert_ok(spn_workspace_create(&s->work, s->plan, &err));
}

/* Of lines 0 to 7: a window of 3 with padding 1 needs 2 first, and 2 results wait for the last
 * line; of 1 1 and 1. A window of 5, stride 2, padding 2 needs 3; results end on lines 2, 4, 6 and
 * 8: one waits for the last. A pool of 2 needs 2 and one waits. */
START_TEST(lines_of_windows)
{
    struct spn_layer l = {.op = SPN_OP_CONV2D,
                          .kernel = {3, 3},
                          .stride = {1, 1},
                          .dilation = {1, 1},
                          .padding = {1, 1},
                          .in_shape = {{3, {4, 8, 8}}},
                          .out_shape = {3, {4, 8, 8}}};
    struct spn_lines x = spn_path_lines(&l);

    ck_assert_rel(x.first_frac, 2.0 / 8, 0);
    ck_assert_rel(x.last_frac, 2.0 / 8, 0);
    l.kernel[0] = 1;
    l.padding[0] = 0;
    x = spn_path_lines(&l);
    ck_assert_rel(x.first_frac, 1.0 / 8, 0);
    ck_assert_rel(x.last_frac, 1.0 / 8, 0);
    l.kernel[0] = 5;
    l.stride[0] = l.padding[0] = 2;
    l.out_shape.dim[1] = 4;
    x = spn_path_lines(&l);
    ck_assert_rel(x.first_frac, 3.0 / 8, 0);
    ck_assert_rel(x.last_frac, 1.0 / 4, 0);
    l.op = SPN_OP_MAXPOOL2D;
    l.kernel[0] = 2;
    l.padding[0] = 0;
    x = spn_path_lines(&l);
    ck_assert_rel(x.first_frac, 2.0 / 8, 0);
    ck_assert_rel(x.last_frac, 1.0 / 4, 0);
    l.op = SPN_OP_SOFTMAX;
    x = spn_path_lines(&l);
    ck_assert(x.first_frac == 1 && x.last_frac == 1);
}
END_TEST

/* c1, then c2 beside the shortcut, the sum, the linear layer. Pipelined: the longer branch.
 * Streamed, by the rules: c2 starts a quarter into c1, the shortcut an eighth, and so on. */
START_TEST(branches_run_side_by_side)
{
    struct setup s;

    open_graph(&s, "ning2025");
    double sum_s = setup_run(&s, SPN_SCHEME_DENSE, false)->inference.latency_s;
    s.chip.schedule = SPN_SCHEDULE_PIPELINED;
    const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
    double t[6];
    for (int i = 0; i < 6; i++)
        t[i] = r->layer[i].latency_s;
    ck_assert_rel(r->inference.latency_s, t[0] + fmax(t[1], t[2]) + t[3] + t[4] + t[5], 1e-12);
    ck_assert_rel(r->inference.latency_s, sum_s - fmin(t[1], t[2]), 1e-9);
    s.chip.schedule = SPN_SCHEDULE_STREAMED;
    r = setup_run(&s, SPN_SCHEME_DENSE, false);
    double c1 = t[0];
    double c2_start = c1 / 4, c2 = fmax(c2_start + t[1], c1 + t[1] / 4);
    double short_start = c1 / 8, shortcut = fmax(short_start + t[2], c1 + t[2] / 8);
    double start = fmax(c2_start + (c2 - c2_start) / 8, short_start + (shortcut - short_start) / 8);
    double end = fmax(start + t[3], fmax(c2, shortcut) + t[3] / 8);
    ck_assert_rel(r->inference.latency_s, end + t[4] + t[5], 1e-9);
    ck_assert(r->inference.latency_s < sum_s);
    setup_close(&s);
}
END_TEST

/* Leaves add up to the latency; neither it nor the interval grows from one schedule to the next. */
START_TEST(schedules_in_order)
{
    static const char *const network[] = {"vgg8",     "resnet20",         "resnet18",
                                          "vit-tiny", "transformer-base", "stories260k"};
    struct setup s;
    double last_s = HUGE_VAL, interval_s = HUGE_VAL;

    setup_open(&s, network[_i], "sram-22nm-charge");
    for (int schedule = SPN_SCHEDULE_LAYER_BY_LAYER; schedule <= SPN_SCHEDULE_STREAMED;
         schedule++) {
        s.chip.schedule = schedule;
        const struct spn_result *r = setup_run(&s, SPN_SCHEME_DENSE, false);
        double leaves_s = 0, longest_s = 0;
        for (int i = 0; i < r->n_leaves; i++)
            leaves_s += r->leaf[i].inference ? r->leaf[i].cost.latency_s : 0;
        for (int i = 0; i < r->n_layers; i++)
            longest_s = fmax(longest_s, r->layer[i].latency_s);
        ck_assert_rel(r->inference.latency_s, leaves_s, 1e-12);
        ck_assert(r->inference.latency_s <= last_s * (1 + 1e-12));
        ck_assert(r->inference.latency_s >= longest_s * (1 - 1e-12));
        ck_assert(r->inference.latency_s >= r->system.shared_s * (1 - 1e-12) || schedule == 0);
        ck_assert(r->inference.interval_s <= interval_s * (1 + 1e-12));
        if (schedule == SPN_SCHEDULE_STREAMED)
            ck_assert_rel(r->inference.interval_s, interval_s, 1e-12);
        last_s = r->inference.latency_s;
        interval_s = r->inference.interval_s;
    }
    setup_close(&s);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("path");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, lines_of_windows);
    tcase_add_test(tc, branches_run_side_by_side);
    tcase_add_loop_test(tc, schedules_in_order, 0, 6);
    suite_add_tcase(suite, tc);
    return suite;
}
