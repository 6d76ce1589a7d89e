/* check_train_update.c -- the optimiser by hand, schedules, pruning and rounding.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "simulator/train_update.h"
#include "train_setup.h"

/* ---- updates ---- */

START_TEST(sgd_by_hand)
{
    struct spn_network *net = parse(pooled);
    struct spn_train_net *t = create(net, 2, false);
    struct spn_param *w = &t->layer[0].weight, *gain = &t->layer[1].weight;
    struct spn_train_options o = spn_train_options_default();
    o.momentum = 0.9;
    o.weight_decay = 0.1;
    o.l1 = 0.01;
    w->value[0] = 2.0f;
    w->grad[0] = gain->grad[0] = 1.0f;
    spn_train_update(t, &o, 0.5, 1); /* v = 1 + 0.2 + 0.01; w = 2 - 0.605 */
    ck_assert_float_eq_tol(w->value[0], 1.395f, 1e-6f);
    ck_assert_float_eq_tol(gain->value[0], 0.5f, 1e-6f); /* no decay on gains */
    spn_train_update(t, &o, 0.5, 2); /* v = 1.089 + 1 + 0.1395 + 0.01 = 2.2385 */
    ck_assert_float_eq_tol(w->value[0], 1.395f - 1.11925f, 1e-6f);
    spn_train_net_destroy(t);
    spn_network_destroy(net);
}
END_TEST

/* Adam's first step is the learning rate against the gradient's sign, whatever its size. */
START_TEST(adam_by_hand)
{
    struct spn_network *net = parse(pooled);
    struct spn_train_net *t = create(net, 2, false);
    struct spn_param *w = &t->layer[0].weight;
    struct spn_train_options o = spn_train_options_default();
    o.optimiser = SPN_OPTIMISER_ADAM;
    w->value[0] = w->value[1] = 1.0f;
    w->grad[0] = 1e-3f;
    w->grad[1] = -50.0f;
    spn_train_update(t, &o, 0.01, 1);
    ck_assert_float_eq_tol(w->value[0], 0.99f, 1e-5f);
    ck_assert_float_eq_tol(w->value[1], 1.01f, 1e-5f);
    spn_train_net_destroy(t);
    spn_network_destroy(net);
}
END_TEST

START_TEST(rates_of_schedules)
{
    struct spn_train_options o = spn_train_options_default();
    o.learning_rate = 0.2;
    o.rate =
        (struct spn_train_schedule){.kind = SPN_RATE_COSINE, .warmup_frac = 0.1, .final_frac = 0.1};
    ck_assert_rel(spn_train_rate(&o, 0.05, 1), 0.1, 1e-12);
    ck_assert_rel(spn_train_rate(&o, 0.1, 1), 0.2, 1e-12);
    ck_assert_rel(spn_train_rate(&o, 0.55, 1), 0.2 * 0.55, 1e-12);
    ck_assert_rel(spn_train_rate(&o, 1.0, 1), 0.02, 1e-12);
    o.rate = (struct spn_train_schedule){
        .kind = SPN_RATE_STEPS, .step_epochs = {35, 40}, .n_step_epochs = 2, .step_factor = 0.1};
    ck_assert_rel(spn_train_rate(&o, 0.5, 34.9), 0.2, 1e-12);
    ck_assert_rel(spn_train_rate(&o, 0.8, 37), 0.02, 1e-12);
    ck_assert_rel(spn_train_rate(&o, 0.9, 40), 0.002, 1e-12);
}
END_TEST

/* ---- pruning and rounding ---- */

START_TEST(prune_shares)
{
    struct spn_train_prune p = {.start_epoch = 2, .end_epoch = 6, .exponent = 3, .steps = 4};
    ck_assert(spn_train_prune_share(&p, 1.9) == 0.0);
    ck_assert(spn_train_prune_share(&p, 2.5) == 0.0); /* the first of four steps is at epoch 3 */
    ck_assert_rel(spn_train_prune_share(&p, 3.0), 1.0 - 0.75 * 0.75 * 0.75, 1e-12);
    ck_assert_rel(spn_train_prune_share(&p, 4.7), 0.875, 1e-12);
    ck_assert_rel(spn_train_prune_share(&p, 6.0), 1.0, 1e-12);
    ck_assert_rel(spn_train_prune_share(&p, 60.0), 1.0, 1e-12);
    p.end_epoch = 0;
    ck_assert(spn_train_prune_share(&p, 5.0) == 0.0);
}
END_TEST

START_TEST(pruning_takes_the_smallest)
{
    struct spn_network *net = parse(tiny); /* 150 and 480 weights, half of them to go */
    struct spn_train_net *t = create(net, 2, false);
    struct spn_param *w = &t->layer[0].weight;
    struct spn_train_options o = spn_train_options_default();
    struct spn_err err;
    for (size_t k = 0; k < w->n; k++) {
        w->value[k] = (k % 2 ? -1.0f : 1.0f) * (float)(k < 70 ? k + 1 : 100); /* 80 equal ones */
    }
    ck_assert_ok(spn_train_prune(t, 1.0, &err));
    int n_left = 0;
    for (size_t k = 0; k < w->n; k++) {
        n_left += w->mask[k];
        ck_assert((w->value[k] != 0.0f) == (w->mask[k] == 1));
    }
    ck_assert_int_eq(n_left, 75); /* 70 small ones and the first five of the equal ones went */
    ck_assert(!w->mask[74] && w->mask[75]);
    ck_assert_rel(spn_train_sparsity(t), 0.5, 0.01);
    for (size_t k = 0; k < w->n; k++) {
        w->grad[k] = 1.0f;
    }
    spn_train_update(t, &o, 0.1, 1);
    ck_assert_float_eq(w->value[10], 0.0f); /* the mask holds */
    spn_train_net_destroy(t);
    spn_network_destroy(net);
}
END_TEST

START_TEST(view_is_rounded_and_noisy)
{
    struct spn_network *net = parse(tiny);
    struct spn_train_net *t = create(net, 2, true);
    struct spn_param *w = &t->layer[0].weight;
    struct spn_train_options o = spn_train_options_default();
    float top = 0.0f;
    o.weight_bits = 5; /* codes -15 .. 15 */
    for (size_t k = 0; k < w->n; k++) {
        top = fmaxf(top, fabsf(w->value[k]));
    }
    spn_train_view(t, &o, true, 0);
    for (size_t k = 0; k < w->n; k++) {
        const double code = (double)w->seen[k] / ((double)top / 15.0);
        ck_assert(fabs(code - round(code)) < 1e-4);
        ck_assert(fabs((double)w->seen[k] - (double)w->value[k]) <= (double)top / 30.0 * 1.0001);
    }
    o.weight_bits = 0;
    o.weight_noise_frac = 0.1;
    spn_train_view(t, &o, true, 3);
    double square = 0.0;
    for (size_t k = 0; k < w->n; k++) {
        square += pow((double)(w->seen[k] - w->value[k]) / (0.1 * (double)top), 2.0);
    }
    ck_assert(fabs(square / (double)w->n - 1.0) < 0.5); /* chi-square of 150: sd 0.115 */
    spn_train_view(t, &o, false, 3);
    ck_assert_mem_eq(w->seen, w->value, w->n * sizeof(float));
    spn_train_net_destroy(t);
    spn_network_destroy(net);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("train_update");
    TCase *tests = tcase_create("train_update");
    tcase_add_test(tests, sgd_by_hand);
    tcase_add_test(tests, adam_by_hand);
    tcase_add_test(tests, rates_of_schedules);
    tcase_add_test(tests, prune_shares);
    tcase_add_test(tests, pruning_takes_the_smallest);
    tcase_add_test(tests, view_is_rounded_and_noisy);
    suite_add_tcase(suite, tests);
    return suite;
}
