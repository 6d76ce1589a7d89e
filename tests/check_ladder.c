/* check_ladder.c -- a network pruned in steps, run under the three schemes and costed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "explorer/ladder.h"
#include "tech/data.h"

/* MSNet is small: its shipped weights are pruned and tuned on 96 letters. */
static struct spn_ladder_experiment example(void)
{
    return (struct spn_ladder_experiment){.network = "msnet",
                                          .chip = "ning2025",
                                          .weights = "networks/weights/"
                                                     "msnet-letters.safetensors.gz",
                                          .sparsity = {0.742, 0.8},
                                          .n_sparsity = 2,
                                          .pruned_at = 0.742,
                                          .first_share = 0.7,
                                          .n_test_images = 60,
                                          .n_pruned_test_images = 90,
                                          .tuning = "ning2025-tuning"};
}

static const char *data_dir(void)
{
    const char *dir = getenv("SPINDLE_DATA");
    return dir ? dir : ".";
}

START_TEST(climbs)
{
    struct spn_err err;
    static struct spn_ladder ladder[2];
    const struct spn_ladder_experiment e = example();
    for (int i = 0; i < 2; i++) {
        const struct spn_ladder_run run = {.data_dir = data_dir(), .seed = 3, .n_threads = i + 1};
        ck_assert_ok(spn_ladder_climb(&e, &run, NULL, &ladder[i], &err));
    }
    const struct spn_ladder *l = &ladder[0];
    ck_assert_int_eq(l->n_rungs, 2);
    ck_assert(!l->stopped);
    for (int r = 0; r < 2; r++) {
        const struct spn_ladder_rung *a = &l->rung[r], *b = &ladder[1].rung[r];
        /* the layers' own counts are whole; rounding to codes makes a few more zeros */
        ck_assert_double_ge(a->zeros_frac, e.sparsity[r] - 0.002);
        ck_assert_double_le(a->zeros_frac, e.sparsity[r] + 0.03);
        ck_assert_double_gt(a->ideal.top1_frac, 0.4); /* one in five by chance */
        for (int s = 0; s < SPN_N_SCHEMES; s++) {
            ck_assert_int_eq(a->device[s].n_images, r == 0 ? 90 : 60);
            ck_assert_int_eq(a->device[s].n_correct, b->device[s].n_correct);
        }
    }
    /* dense cells cost the same whatever is zero; index-free ones are updated where kept */
    const struct spn_ladder_cost *sparse = l->rung[1].cost, *fuller = l->rung[0].cost;
    ck_assert_rel(sparse[SPN_SCHEME_DENSE].update_J, fuller[SPN_SCHEME_DENSE].update_J, 1e-12);
    ck_assert_double_lt(sparse[SPN_SCHEME_INDEX_FREE].update_J,
                        fuller[SPN_SCHEME_INDEX_FREE].update_J);
    ck_assert_double_lt(sparse[SPN_SCHEME_INDEX_FREE].update_J, sparse[SPN_SCHEME_DENSE].update_J);
}
END_TEST

static double update_energy(const struct spn_ladder_cost *c)
{
    return c->update_J;
}

/* Three points of one rung: (1 J, 80 %), (2 J, 90 %), (3 J, 85 %): the third is beaten. */
START_TEST(fronts)
{
    static struct spn_ladder l = {.n_rungs = 1};
    const double right[] = {0.8, 0.9, 0.85};
    for (int s = 0; s < SPN_N_SCHEMES; s++) {
        l.rung[0].device[s].top1_frac = right[s];
        l.rung[0].cost[s].update_J = s + 1;
    }
    ck_assert(!spn_ladder_beaten(&l, 0, 0, update_energy));
    ck_assert(!spn_ladder_beaten(&l, 0, 1, update_energy));
    ck_assert(spn_ladder_beaten(&l, 0, 2, update_energy));
    l.rung[0].cost[2].update_J = 0.5; /* now it is the cheapest, and better than the first */
    ck_assert(!spn_ladder_beaten(&l, 0, 2, update_energy));
    ck_assert(spn_ladder_beaten(&l, 0, 0, update_energy));
}
END_TEST

static bool stop(void *ctx, const char *what, size_t done, size_t total)
{
    (void)ctx;
    (void)what;
    (void)total;
    return done < 3;
}

START_TEST(interrupted)
{
    struct spn_err err;
    static struct spn_ladder ladder;
    const struct spn_ladder_experiment e = example();
    const struct spn_ladder_run run = {.data_dir = data_dir(), .seed = 3, .n_threads = 1};
    const struct spn_progress progress = {.report = stop};
    ck_assert_ok(spn_ladder_climb(&e, &run, &progress, &ladder, &err));
    ck_assert(ladder.stopped);
    ck_assert_int_eq(ladder.n_rungs, 0);
}
END_TEST

static enum spn_status read_text(const char *text, struct spn_ladder_experiment *e,
                                 struct spn_err *err)
{
    struct spn_json *doc = NULL;
    enum spn_status status = spn_json_parse(&doc, text, strlen(text), "x.json", err);
    if (!status)
        status = spn_ladder_experiment_read(e, doc, err);
    spn_json_destroy(doc);
    return status;
}

START_TEST(experiment_files)
{
    static const char *const shipped[] = {"ning2025-accuracy", "ning2025-accuracy-cifar10"};
    static const char *const bad[][2] = {
        {"{}", "must be named"},
        {"{\"network\": \"a\", \"chip\": \"b\", \"tuning\": \"c\", \"sparsity\": [0.5, 0.5]}",
         "sparsity[1] = 0.5"},
        {"{\"sparsity\": [1]}", "sparsity[0]"},
        {"{\"first_share\": 2}", "first_share"},
        {"{\"n_test_images\": 0}", "n_test_images"},
    };
    struct spn_err err;
    struct spn_ladder_experiment e;
    char path[SPN_MAX_PATH];
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        ck_assert_ok(
            spn_data_find(path, sizeof path, "experiments", "experiment", shipped[i], &err));
        ck_assert_ok(spn_ladder_experiment_load(&e, path, &err));
        ck_assert_int_eq(e.n_sparsity, 5);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_fails(read_text(bad[i][0], &e, &err), SPN_EINPUT, bad[i][1]);
}
END_TEST

START_TEST(missing_files)
{
    struct spn_err err;
    static struct spn_ladder ladder;
    struct spn_ladder_experiment e = example();
    struct spn_ladder_run run = {.seed = 3, .n_threads = 1};
    ck_assert_fails(spn_ladder_climb(&e, &run, NULL, &ladder, &err), SPN_EINPUT, "data folder");
    run.data_dir = data_dir();
    e.weights[0] = '\0';
    ck_assert_fails(spn_ladder_climb(&e, &run, NULL, &ladder, &err), SPN_EINPUT, "dense weights");
    spn_text_copy(e.weights, sizeof e.weights, "none.safetensors");
    ck_assert_fails(spn_ladder_climb(&e, &run, NULL, &ladder, &err), SPN_EINPUT, "none");
    e = example();
    spn_text_copy(e.tuning, sizeof e.tuning, "ning2025-tuned");
    ck_assert_fails(spn_ladder_climb(&e, &run, NULL, &ladder, &err), SPN_EINPUT, "ning2025-tuned");
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("ladder");
    TCase *tcase = tcase_create("ladder");
    tcase_add_test(tcase, climbs);
    tcase_add_test(tcase, fronts);
    tcase_add_test(tcase, interrupted);
    tcase_add_test(tcase, experiment_files);
    tcase_add_test(tcase, missing_files);
    suite_add_tcase(suite, tcase);
    return suite;
}
