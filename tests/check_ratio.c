/* check_ratio.c -- ratios of the schemes, and the inputs that give a wanted one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "explorer/ratio.h"
#include "explorer/study.h"
#include "tech/data.h"

struct setting {
    struct spn_chip chip;
    struct spn_network *net;
    struct spn_ratio_model *model;
};

static struct setting set_up(void)
{
    struct spn_err err;
    struct setting s;
    char path[SPN_MAX_PATH];
    const struct spn_network_override sparsity = {"sparsity", "0.885"};
    ck_assert_ok(spn_chip_load(&s.chip, "ning2025", NULL, 0, &err));
    ck_assert_ok(spn_data_find(path, sizeof path, "networks", "network", "vgg8", &err));
    ck_assert_ok(spn_network_load(&s.net, path, &sparsity, 1, &err));
    ck_assert_ok(spn_ratio_model_create(&s.model, s.net, &err));
    return s;
}

static void clear(struct setting *s)
{
    spn_ratio_model_destroy(s->model);
    spn_network_destroy(s->net);
}

/* The three ratios of two quantities are consistent, and follow from the results. */
START_TEST(ratios_of_results)
{
    struct spn_err err;
    struct setting s = set_up();
    double r[SPN_N_RATIOS];
    ck_assert_ok(spn_ratios(s.model, &s.chip, r, &err));
    ck_assert_rel(r[SPN_RATIO_LATENCY_OVER_EXTERNAL],
                  r[SPN_RATIO_LATENCY_OVER_DENSE] * r[SPN_RATIO_EXTERNAL_LATENCY], 1e-12);
    ck_assert_rel(r[SPN_RATIO_ENERGY_OVER_EXTERNAL],
                  r[SPN_RATIO_ENERGY_OVER_DENSE] * r[SPN_RATIO_EXTERNAL_ENERGY], 1e-12);
    const struct spn_result *x = spn_ratio_result(s.model, SPN_SCHEME_EXTERNAL_INDEX);
    ck_assert_rel(x->training.update_index_s,
                  r[SPN_RATIO_INDEX_LATENCY_SHARE] * x->training.update.latency_s, 1e-12);
    /* one bit a weight [ning2025, Methods] */
    ck_assert_rel(x->index.storage_bit, 12973440, 1e-12);
    clear(&s);
}
END_TEST

/* What sparsity alone gives, when index-free cells are written one by one: 1/(1 - s) = 8.7. */
START_TEST(sparsity_alone)
{
    struct spn_err err;
    struct setting s = set_up();
    double r[SPN_N_RATIOS];
    s.chip.write.index_free_method = s.chip.write.method;
    ck_assert_ok(spn_ratios(s.model, &s.chip, r, &err));
    ck_assert_rel(r[SPN_RATIO_LATENCY_OVER_DENSE], 1 / 0.115, 0.01);
    ck_assert_rel(r[SPN_RATIO_ENERGY_OVER_DENSE], 1 / 0.115, 0.01);
    clear(&s);
}
END_TEST

START_TEST(solutions)
{
    struct spn_err err;
    struct setting s = set_up();
    const struct spn_ratio_input bandwidth = {
        .path = "dram.bandwidth_bit_per_s", .search_low = 1e6, .search_high = 1e15};
    const struct spn_ratio_input voltage = {
        .path = "device.write_voltage_V", .search_low = 1, .search_high = 10};
    const struct spn_ratio_want want = {SPN_RATIO_EXTERNAL_LATENCY, 2.67};
    struct spn_ratio_answer a;
    double r[SPN_N_RATIOS], now;
    ck_assert_ok(spn_ratio_solve(s.model, &s.chip, &bandwidth, &want, &a, &err));
    ck_assert(a.found);
    ck_assert_ok(spn_ratio_input_set(&s.chip, bandwidth.path, a.value, &err));
    ck_assert_ok(spn_ratio_input_get(&s.chip, bandwidth.path, &now, &err));
    ck_assert_double_eq(now, a.value);
    ck_assert_ok(spn_ratios(s.model, &s.chip, r, &err));
    ck_assert_rel(r[SPN_RATIO_EXTERNAL_LATENCY], 2.67, 1e-6);
    ck_assert_rel(a.ratio[SPN_RATIO_EXTERNAL_LATENCY], 2.67, 1e-6);
    /* The index alone makes it: its time is 2.67 - 0.115 of dense, all of it DRAM:
     * 12,973,440 bit/bandwidth. */
    const double dense_s = spn_ratio_result(s.model, SPN_SCHEME_DENSE)->training.update.latency_s;
    ck_assert_rel(12973440 / a.value, (2.67 - 0.115) * dense_s, 0.01);
    /* A voltage moves no latency. */
    ck_assert_ok(spn_chip_load(&s.chip, "ning2025", NULL, 0, &err));
    ck_assert_ok(spn_ratio_solve(s.model, &s.chip, &voltage, &want, &a, &err));
    ck_assert(!a.found);
    ck_assert_rel(a.least, a.most, 1e-9);
    clear(&s);
}
END_TEST

START_TEST(bad_inputs)
{
    struct spn_err err;
    struct setting s = set_up();
    double now;
    ck_assert_fails(spn_ratio_input_get(&s.chip, "adc.bits", &now, &err), SPN_EUSAGE, "chip.");
    ck_assert_fails(spn_ratio_input_get(&s.chip, "chip.adc.bit", &now, &err), SPN_EUSAGE, "bits");
    ck_assert_fails(spn_ratio_input_set(&s.chip, "chip.write.verify", 1, &err), SPN_EUSAGE,
                    "not a number");
    ck_assert_fails(spn_ratio_input_set(&s.chip, "chip.clock_Hz", -1, &err), SPN_EUSAGE, "clock");
    clear(&s);
}
END_TEST

static enum spn_status read_text(const char *text, struct spn_ratio_experiment *e,
                                 struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_parse(&doc, text, strlen(text), "x.json", err);
    if (!status)
        status = spn_ratio_experiment_read(e, doc, err);
    spn_json_destroy(doc);
    return status;
}

START_TEST(experiment_files)
{
    struct spn_err err;
    struct setting s = set_up();
    static struct spn_ratio_experiment e;
    char path[SPN_MAX_PATH];
    double now;
    ck_assert_ok(
        spn_data_find(path, sizeof path, "experiments", "experiment", "ning2025-vgg8", &err));
    ck_assert_ok(spn_ratio_experiment_load(&e, path, &err));
    ck_assert_int_gt(e.n_inputs, 10);
    for (int i = 0; i < e.n_inputs; i++) { /* what is assumed is plausible, and can be found */
        ck_assert_ok(spn_ratio_input_get(&s.chip, e.input[i].path, &now, &err));
        ck_assert_double_ge(now, e.input[i].low);
        ck_assert_double_le(now, e.input[i].high);
        ck_assert_double_ge(now, e.input[i].search_low);
        ck_assert_double_le(now, e.input[i].search_high);
    }
    static const char *const bad[][2] = {
        {"{\"inputs\": 1}", "list"},
        {"{\"inputs\": [1]}", "object"},
        {"{\"inputs\": [{\"low\": 1, \"high\": 2}]}", "path"},
        {"{\"inputs\": [{\"path\": \"a\", \"low\": 3, \"high\": 2}]}", "low = 3"},
        {"{\"inputs\": [{\"path\": \"a\", \"search_low\": 3, \"search_high\": 2}]}", "search_low"},
        {"{\"other_networks\": \"x\"}", "list"},
        {"{\"other_networks\": [1]}", "name"},
        {"{\"sparsity\": 2}", "sparsity"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_fails(read_text(bad[i][0], &e, &err), SPN_EINPUT, bad[i][1]);
    clear(&s);
}
END_TEST

/* Values 1, 2, 6: mean 3, sd sqrt((4 + 1 + 9)/2); Student's t of 95 % and two degrees of freedom is
 * 4.30265 (tables). */
START_TEST(spreads)
{
    const double value[] = {1, 2, 6};
    const struct spn_spread s = spn_study_spread(value, 3);
    ck_assert_rel(s.mean, 3, 1e-14);
    ck_assert_rel(s.sd, sqrt(7), 1e-14);
    ck_assert_double_eq(spn_study_spread(value, 1).sd, 0);
    ck_assert_rel(spn_study_interval(s), 4.30265 * sqrt(7) / sqrt(3), 1e-5);
    ck_assert_double_eq(spn_study_interval(spn_study_spread(value, 1)), 0);
}
END_TEST

/* Two seeds of a run are the same on one and on two threads; each seed has its own images. */
START_TEST(studies)
{
    struct spn_err err;
    static struct spn_study study[2];
    for (int i = 0; i < 2; i++) {
        study[i].n_seeds = 2;
        study[i].first_seed = 5;
        study[i].n_threads = i + 1;
        ck_assert_ok(spn_study_add(&study[i], "ning2025-msnet", "x", NULL, &err));
        study[i].run[0].options.epochs = 12;
        study[i].run[0].options.n_events = 1;
        study[i].run[0].options.n_snapshots = study[i].run[0].options.landscape_points = 0;
        ck_assert_ok(spn_study_run(&study[i], NULL, &err));
        ck_assert(!study[i].stopped);
    }
    const struct spn_study_run *a = &study[0].run[0], *b = &study[1].run[0];
    for (int s = 0; s < 2; s++)
        ck_assert(memcmp(a->log[s].epoch, b->log[s].epoch, 12 * sizeof *a->log[s].epoch) == 0);
    ck_assert(memcmp(a->log[0].epoch, a->log[1].epoch, sizeof *a->log[0].epoch) != 0);
    ck_assert_rel(spn_study_accuracy(a, 12).mean,
                  (a->log[0].epoch[11].test_frac + a->log[1].epoch[11].test_frac) / 2, 1e-12);
    ck_assert_rel(spn_study_difference(a, b, 12).n, 2, 1e-12);
    ck_assert_double_eq(spn_study_difference(a, b, 12).mean, 0);
    ck_assert_double_eq(spn_study_accuracy(a, 99).mean, spn_study_accuracy(a, 12).mean);
    ck_assert_rel(spn_study_mean(a, 12, offsetof(struct spn_insitu_epoch, sparsity_frac)), 0.523,
                  0.002);
    ck_assert_fails(spn_study_add(&study[0], "ning2024-msnet", "x", NULL, &err), SPN_EINPUT,
                    "ning2024-msnet");
    study[0].n_seeds = 0;
    ck_assert_fails(spn_study_run(&study[0], NULL, &err), SPN_EUSAGE, "0 seeds");
    study[0].n_seeds = 2;
    for (int i = 0; i < 2; i++)
        spn_study_clear(&study[i]);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("ratio");
    TCase *tcase = tcase_create("ratio");
    tcase_add_test(tcase, ratios_of_results);
    tcase_add_test(tcase, sparsity_alone);
    tcase_add_test(tcase, solutions);
    tcase_add_test(tcase, bad_inputs);
    tcase_add_test(tcase, experiment_files);
    tcase_add_test(tcase, spreads);
    tcase_add_test(tcase, studies);
    suite_add_tcase(suite, tcase);
    return suite;
}
