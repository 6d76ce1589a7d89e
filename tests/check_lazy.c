/* check_lazy.c -- simulated accuracy of a space: the lazy front is the exhaustive one; stopped and
 * resumed; bad input.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "explorer/optimize.h"
#include "explorer/sweep.h"
#include "lazy_setup.h"

static struct spn_err err;

/* ---- lazily ---- */

struct run {
    struct spn_store *store;
    struct spn_lab *lab;
    struct spn_lazy_counts counts;
};

static bool stop_at_second(void *ctx, const char *what, size_t done, size_t total)
{
    (void)what;
    (void)total;
    return !*(bool *)ctx || done == 0;
}

static struct run run_lazily(const struct spn_space *space, struct spn_store *store, int n_threads,
                             bool stop)
{
    struct run run = {.store = store};
    struct spn_progress progress = {stop_at_second, &stop};
    struct spn_lab_options how = {1, spn_lazy_save, store};
    struct spn_sweep_options sweep = {.n_threads = n_threads, .shard = {0, 1}};
    struct spn_sweep_counts swept;
    ck_assert_ok(spn_sweep_run(space, store, &sweep, NULL, &swept, &err));
    ck_assert_int_eq(swept.n_good, 0);
    ck_assert_ok(spn_lab_create(&run.lab, space, &how, &err));
    ck_assert_ok(spn_lazy_run(space, store, run.lab, n_threads, &progress, &run.counts, &err));
    return run;
}

static struct spn_store *open_memory(const struct spn_space *space)
{
    struct spn_store *store = NULL;
    ck_assert_ok(spn_store_open(&store, ":memory:", space, (struct spn_shard){0, 1}, &err));
    return store;
}

struct visit {
    struct spn_front *front;
    const struct spn_space *space;
    int n;
};

static bool add_row(void *ctx, int64_t number, const struct spn_store_cell *cells)
{
    struct visit *v = ctx;
    struct spn_front_item item = {.number = number};
    for (int k = 0; k < spn_space_n_objectives(v->space); k++)
        item.value[k] =
            spn_space_objective(v->space, k)->maximize ? -cells[k].number : cells[k].number;
    ck_assert_ok(spn_front_add(v->front, &item, NULL, &err));
    v->n++;
    return true;
}

static struct spn_front *front_of(const struct spn_space *space, struct spn_store *store, int *n)
{
    struct visit v = {.space = space};
    int columns[SPN_SPACE_MAX_OBJECTIVES];
    for (int k = 0; k < spn_space_n_objectives(space); k++)
        columns[k] = spn_store_find_column(
            store, spn_space_column(space, spn_space_objective(space, k)->column));
    struct spn_store_query query = {
        .order = -1, .columns = columns, .n_columns = spn_space_n_objectives(space)};
    ck_assert_ok(spn_front_create(&v.front, spn_space_n_objectives(space), &err));
    ck_assert_ok(spn_store_select(store, &query, add_row, &v, &err));
    *n = v.n;
    return v.front;
}

/* Every design simulated. */
static struct spn_front *exhaustive(const struct spn_space *space)
{
    struct spn_front *front = NULL;
    struct spn_evaluator *evaluator = NULL;
    struct spn_lab *lab = NULL;
    struct spn_point point;
    struct spn_lab_options how = {.n_threads = 1};
    ck_assert_ok(spn_lab_create(&lab, space, &how, &err));
    ck_assert_ok(spn_evaluator_create(&evaluator, space, &err));
    ck_assert_ok(spn_front_create(&front, spn_space_n_objectives(space), &err));
    spn_evaluator_use(evaluator, lab, true);
    for (int64_t i = 0; i < spn_space_size(space); i++) {
        ck_assert_ok(spn_evaluate(evaluator, i, &point, &err));
        if (point.state == SPN_POINT_GOOD) {
            struct spn_front_item item = spn_sweep_item(space, &point);
            ck_assert_ok(spn_front_add(front, &item, NULL, &err));
        }
    }
    ck_assert_int_eq(spn_lab_n_simulated(lab), N_CLASSES);
    spn_evaluator_destroy(evaluator);
    spn_lab_destroy(lab);
    return front;
}

static void assert_same(const struct spn_front *a, const struct spn_front *b)
{
    size_t n = spn_front_size(a);
    struct spn_front_item *x = calloc(n + 1, sizeof *x), *y = calloc(n + 1, sizeof *y);
    ck_assert_uint_eq(spn_front_size(b), n);
    spn_front_items(a, x);
    spn_front_items(b, y);
    ck_assert_mem_eq(x, y, n * sizeof *x);
    free(x);
    free(y);
}

static void run_clear(struct run *run)
{
    spn_lab_destroy(run->lab);
    spn_store_close(run->store);
}

static struct spn_front *lazy_front(const struct spn_space *space, int n_threads)
{
    int n = 0;
    struct run run = run_lazily(space, open_memory(space), n_threads, false);
    struct spn_front *front = front_of(space, run.store, &n);
    ck_assert_int_eq(run.counts.n_simulated, spn_lab_n_simulated(run.lab));
    ck_assert_int_eq(run.counts.n_classes, run.counts.n_simulated + run.counts.n_spared);
    ck_assert_int_gt(run.counts.n_spared, 0);
    run_clear(&run);
    return front;
}

/* Where accuracy is only asked to suffice, or with a bound that is certain: the same front. */
START_TEST(lazy_front_is_exhaustive)
{
    static const char *const texts[] = {
        SPACE("\"min energy_J\"", ", \"constraints\": [\"accuracy >= 0.9\"]"),
        SPACE("\"min energy_J\", \"min area_m2\"",
              ", \"derived\": {\"errors\": \"1 - accuracy\"}, \"constraints\": [\"errors < 0.5\", "
              "\"latency_s < 1e-6\"]")};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        struct spn_space *space = load(texts[t]);
        struct spn_front *all = exhaustive(space);
        ck_assert_uint_gt(spn_front_size(all), 0);
        for (int n_threads = 1; n_threads <= 3; n_threads += 2) {
            struct spn_front *front = lazy_front(space, n_threads);
            assert_same(all, front);
            spn_front_destroy(front);
        }
        spn_front_destroy(all);
        spn_space_destroy(space);
    }
}
END_TEST

/* As an objective, with the bound in floating point: for every design of the exhaustive front there
 * is one on the lazy front that costs no more and is as accurate, as far as the bound goes. */
START_TEST(lazy_front_is_as_good_as_its_bound)
{
    struct spn_space *space = load(text);
    struct spn_front *all = exhaustive(space), *one = lazy_front(space, 1),
                     *three = lazy_front(space, 3);
    struct spn_front_item a[N_POINTS], b[N_POINTS];
    struct spn_lab *lab = NULL;
    struct spn_lab_options how = {.n_threads = 1};
    double bound;
    ck_assert_ok(spn_lab_create(&lab, space, &how, &err));
    ck_assert_ok(spn_lab_bound(lab, 0, SPN_SCHEME_INDEX_FREE, &bound, &err));
    ck_assert(bound > 0.9 && bound <= 1);
    assert_same(one, three);
    spn_front_items(all, a);
    spn_front_items(one, b);
    for (size_t i = 0; i < spn_front_size(all); i++) {
        bool found = false;
        for (size_t j = 0; j < spn_front_size(one) && !found; j++)
            found = b[j].value[0] <= a[i].value[0] && b[j].value[1] <= a[i].value[1] &&
                    -b[j].value[2] >= fmin(-a[i].value[2], bound);
        ck_assert_msg(found, "%lld", (long long)a[i].number);
    }
    spn_front_destroy(all);
    spn_front_destroy(one);
    spn_front_destroy(three);
    spn_lab_destroy(lab);
    spn_space_destroy(space);
}
END_TEST

/* What has no bound, or no objective, is simulated throughout. */
START_TEST(without_a_bound_all_are_simulated)
{
    static const char *const texts[] = {
        SPACE("\"min cost\"", ", \"derived\": {\"cost\": \"energy_J / accuracy\"}"),
        SPACE("", ", \"columns\": [\"accuracy\"]")};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        struct spn_space *space = load(texts[t]);
        struct run run = run_lazily(space, open_memory(space), 2, false);
        struct spn_store_counts counts;
        ck_assert_int_eq(run.counts.n_simulated, N_CLASSES);
        ck_assert_ok(spn_store_counts(run.store, &counts, &err));
        ck_assert_int_eq(counts.n_good, N_POINTS);
        run_clear(&run);
        spn_space_destroy(space);
    }
}
END_TEST

START_TEST(stopped_and_resumed)
{
    struct spn_space *space = load(text);
    struct run first = run_lazily(space, open_memory(space), 2, true);
    int n_first = 0, n_second = 0;
    ck_assert(first.counts.stopped);
    ck_assert_int_gt(first.counts.n_simulated, 0);
    spn_front_destroy(front_of(space, first.store, &n_first));
    ck_assert_int_eq(n_first, first.counts.n_simulated * N_POINTS / N_CLASSES);
    spn_lab_destroy(first.lab); /* a new process */
    struct spn_lab_options how = {1, spn_lazy_save, first.store};
    struct spn_lazy_counts counts;
    ck_assert_ok(spn_lab_create(&first.lab, space, &how, &err));
    ck_assert_ok(spn_lazy_run(space, first.store, first.lab, 1, NULL, &counts, &err));
    ck_assert_int_eq(counts.n_before, first.counts.n_simulated);
    ck_assert_int_eq(counts.n_simulated, spn_lab_n_simulated(first.lab));
    struct run whole = run_lazily(space, open_memory(space), 1, false);
    ck_assert_int_eq(whole.counts.n_simulated, counts.n_before + counts.n_simulated);
    struct spn_front *a = front_of(space, first.store, &n_first),
                     *b = front_of(space, whole.store, &n_second);
    ck_assert_int_eq(n_first, n_second);
    assert_same(a, b);
    spn_front_destroy(a);
    spn_front_destroy(b);
    run_clear(&first);
    run_clear(&whole);
    spn_space_destroy(space);
}
END_TEST

/* A coarse resolution spares more, and loses no more than it says. */
START_TEST(resolution)
{
    static const char coarse[] =
        SPACE("\"min energy_J\", \"max accuracy\"", ", \"description\": \"coarse\"");
    char changed[sizeof coarse + 32];
    const char *at = strstr(coarse, "\"images\"");
    snprintf(changed, sizeof changed, "%.*s\"resolution\": 0.1, %s", (int)(at - coarse), coarse,
             at);
    struct spn_space *fine = load(coarse), *space = load(changed);
    ck_assert(spn_space_digest(fine) != spn_space_digest(space));
    struct run a = run_lazily(fine, open_memory(fine), 2, false),
               b = run_lazily(space, open_memory(space), 2, false);
    ck_assert_int_lt(b.counts.n_simulated, a.counts.n_simulated);
    run_clear(&a);
    run_clear(&b);
    spn_space_destroy(fine);
    spn_space_destroy(space);
}
END_TEST

/* ---- searches ---- */

struct log {
    int n;
    int64_t number[400];
};

static enum spn_status note(void *ctx, const struct spn_point *point, struct spn_err *e)
{
    struct log *log = ctx;
    (void)e;
    ck_assert_int_lt(log->n, 400);
    log->number[log->n++] = point->number;
    return SPN_OK;
}

/* 12 of 24 simulations; the same designs in the same order when what is known is told. */
START_TEST(bayes_counts_simulations)
{
    struct spn_space *space = load(text);
    struct spn_front *all = exhaustive(space);
    struct spn_lab *lab = NULL;
    struct spn_lab_options simulate = {.n_threads = 2};
    struct log first = {0}, second = {0};
    struct spn_optimize_options how = spn_optimize_options_default();
    struct spn_optimize_counts counts;
    double share;
    how.n_evaluations = 12;
    ck_assert_fails(spn_optimize_bayes(space, &how, all, &counts, &err), SPN_EUSAGE,
                    "nothing simulates it");
    ck_assert_ok(spn_lab_create(&lab, space, &simulate, &err));
    how.lab = lab;
    how.done = note;
    for (int i = 0; i < 2; i++) {
        struct spn_front *front = NULL;
        how.ctx = i ? &second : &first;
        how.n_threads = 1 + i;
        ck_assert_ok(spn_front_create(&front, 3, &err));
        ck_assert_ok(spn_optimize_bayes(space, &how, front, &counts, &err));
        ck_assert_int_eq(counts.n_evaluated, 12);
        ck_assert_int_eq(counts.n_simulated, (i ? 0 : 12));
        ck_assert_ok(spn_hypervolume_share(&share, all, front, &err));
        ck_assert_msg(share > 0.97, "%.4f", share);
        spn_front_destroy(front);
    }
    ck_assert_int_ge(first.n, 12);
    ck_assert_int_eq(first.n, second.n);
    ck_assert_mem_eq(first.number, second.number, (size_t)first.n * sizeof *first.number);
    spn_lab_destroy(lab);
    spn_front_destroy(all);
    spn_space_destroy(space);
}
END_TEST

START_TEST(nsga2_simulates_too)
{
    struct spn_space *space = load(text);
    struct spn_front *front = NULL, *all = exhaustive(space);
    struct spn_lab *lab = NULL;
    struct spn_lab_options simulate = {.n_threads = 1};
    struct spn_optimize_options how = spn_optimize_options_default();
    struct spn_optimize_counts counts;
    ck_assert_ok(spn_lab_create(&lab, space, &simulate, &err));
    ck_assert_ok(spn_front_create(&front, 3, &err));
    how.lab = lab;
    how.population = 20;
    how.n_threads = 2;
    ck_assert_ok(spn_optimize_nsga2(space, &how, front, &counts, &err)); /* to the end */
    ck_assert_int_eq(counts.n_evaluated, N_POINTS);
    ck_assert_int_eq(counts.n_simulated, N_CLASSES);
    assert_same(all, front);
    spn_front_destroy(all);
    spn_front_destroy(front);
    spn_lab_destroy(lab);
    spn_space_destroy(space);
}
END_TEST

/* ---- bad input ---- */

START_TEST(bad_spaces)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"{\"network\": \"msnet\", \"axes\": {\"network.sparsity\": [0.1, 0.5]}, \"objectives\": "
         "[\"max accuracy\"]}",
         "axis network.sparsity cannot change"},
        {"{\"network\": \"msnet\", \"set\": {\"network.sparsity\": 0.5}, \"constraints\": "
         "[\"accuracy > 0.5\"]}",
         "\"network.sparsity\" cannot change"},
        {"{\"network\": \"lenet5\", \"objectives\": [\"max accuracy\"]}", "lenet5 has no weights"},
        {"{\"network\": \"msnet\", \"accuracy\": {\"image\": 5}, \"objectives\": [\"max "
         "accuracy\"]}",
         "did you mean \"images\""},
        {"{\"network\": \"msnet\", \"accuracy\": {\"images\": 0}, \"objectives\": [\"max "
         "accuracy\"]}",
         "accuracy.images"},
        {"{\"network\": \"msnet\", \"accuracy\": {\"seed\": 1.5}, \"objectives\": [\"max "
         "accuracy\"]}",
         "must be a whole number"},
        {"{\"network\": \"msnet\", \"accuracy\": 1, \"objectives\": [\"max accuracy\"]}",
         "accuracy"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct spn_space *space = NULL;
        ck_assert_fails(spn_space_parse(&space, bad[i].text, strlen(bad[i].text), "bad.json", &err),
                        SPN_EINPUT, bad[i].words);
    }
    struct spn_space *space =
        load("{\"network\": \"msnet\", \"accuracy\": {\"dataset\": \"mnist\"}, "
             "\"objectives\": [\"max accuracy\"]}");
    struct spn_lab *lab = NULL;
    struct spn_lab_options how = {.n_threads = 1};
    double bound;
    ck_assert_ok(spn_lab_create(&lab, space, &how, &err));
    ck_assert_fails(spn_lab_bound(lab, 0, 0, &bound, &err), SPN_EINPUT, "mnist");
    ck_assert_fails(spn_lab_tell(lab, 7, 0.5, &err), SPN_EINPUT, "class 7");
    spn_lab_destroy(lab);
    spn_space_destroy(space);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("lazy");
    TCase *tests = tcase_create("lazy");
    tcase_add_test(tests, lazy_front_is_exhaustive);
    tcase_add_test(tests, lazy_front_is_as_good_as_its_bound);
    tcase_add_test(tests, without_a_bound_all_are_simulated);
    tcase_add_test(tests, stopped_and_resumed);
    tcase_add_test(tests, resolution);
    tcase_add_test(tests, bayes_counts_simulations);
    tcase_add_test(tests, nsga2_simulates_too);
    tcase_add_test(tests, bad_spaces);
    suite_add_tcase(suite, tests);
    return suite;
}
