/* check_pareto.c -- fronts against brute force, hypervolumes against boxes and inclusion-exclusion.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "base/rng.h"
#include "explorer/pareto.h"

static struct spn_err err;

static bool dominates(const double *a, const double *b, int n)
{
    bool better = false;
    for (int i = 0; i < n; i++) {
        if (a[i] > b[i])
            return false;
        better = better || a[i] < b[i];
    }
    return better;
}

/* The definition: nothing dominates it, and no equal has a lower number. */
static bool belongs(const struct spn_front_item *all, size_t n, size_t i, int n_objectives)
{
    for (size_t j = 0; j < n; j++) {
        if (dominates(all[j].value, all[i].value, n_objectives))
            return false;
        if (j < i && memcmp(all[j].value, all[i].value, (size_t)n_objectives * sizeof(double)) == 0)
            return false;
    }
    return true;
}

static void compare(int n_objectives, size_t n, uint32_t n_levels)
{
    struct spn_front_item *all = calloc(n, sizeof *all), *got = calloc(n, sizeof *got);
    struct spn_rng rng = spn_rng_init(7, (uint32_t)n_objectives, n_levels);
    struct spn_front *front = NULL;
    ck_assert_ok(spn_front_create(&front, n_objectives, &err));
    for (size_t i = 0; i < n;
         i++) { /* near a surface, so that fronts are large; coarse, so that there are equals */
        double sum = 0;
        all[i].number = (int64_t)i;
        for (int k = 0; k < n_objectives; k++)
            sum += all[i].value[k] =
                n_levels ? spn_rng_below(&rng, n_levels) : spn_rng_uniform(&rng);
        for (int k = 0; k < n_objectives && !n_levels; k++)
            all[i].value[k] /= sum * (1 + 0.01 * (double)(i % 7));
    }
    for (size_t i = 0; i < n; i++) /* from the last: equals arrive in the wrong order */
        ck_assert_ok(spn_front_add(front, &all[n - 1 - i], NULL, &err));
    size_t expected = 0, size = spn_front_size(front);
    spn_front_items(front, got);
    for (size_t i = 0; i < n; i++)
        if (belongs(all, n, i, n_objectives)) {
            ck_assert_uint_lt(expected, size);
            ck_assert_int_eq(got[expected].number, (int64_t)i);
            expected++;
        }
    ck_assert_uint_eq(expected, size);
    spn_front_destroy(front);
    free(all);
    free(got);
}

START_TEST(front_is_exact)
{
    for (int n_objectives = 1; n_objectives <= 6; n_objectives++) {
        compare(n_objectives, 1500, 0);
        compare(n_objectives, 1500, 8);
        compare(n_objectives, 300, 3);
    }
}
END_TEST

START_TEST(front_of_a_merge_is_the_front_of_all)
{
    struct spn_front *part[2] = {NULL, NULL}, *all = NULL;
    struct spn_rng rng = spn_rng_init(3, 1, 2);
    struct spn_front_item a[1000], b[1000];
    ck_assert_ok(spn_front_create(&part[0], 3, &err));
    ck_assert_ok(spn_front_create(&part[1], 3, &err));
    ck_assert_ok(spn_front_create(&all, 3, &err));
    for (int i = 0; i < 1000; i++) {
        struct spn_front_item item = {.number = i};
        for (int k = 0; k < 3; k++)
            item.value[k] = spn_rng_below(&rng, 20);
        ck_assert_ok(spn_front_add(part[i % 2], &item, NULL, &err));
        ck_assert_ok(spn_front_add(all, &item, NULL, &err));
    }
    ck_assert_ok(spn_front_merge(part[0], part[1], &err));
    size_t n = spn_front_size(all);
    ck_assert_uint_eq(spn_front_size(part[0]), n);
    spn_front_items(part[0], a);
    spn_front_items(all, b);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(a[i].number, b[i].number);
    for (int i = 0; i < 2; i++)
        spn_front_destroy(part[i]);
    spn_front_destroy(all);
}
END_TEST

START_TEST(front_says_what_it_kept)
{
    struct spn_front *front = NULL;
    bool kept = false;
    ck_assert_ok(spn_front_create(&front, 2, &err));
    ck_assert_ok(spn_front_add(front, &(struct spn_front_item){4, {1, 2}}, &kept, &err));
    ck_assert(kept);
    ck_assert_ok(spn_front_add(front, &(struct spn_front_item){5, {1, 3}}, &kept, &err));
    ck_assert(!kept);
    ck_assert_ok(spn_front_add(front, &(struct spn_front_item){6, {1, 2}}, &kept, &err));
    ck_assert(!kept);
    ck_assert_ok(spn_front_add(front, &(struct spn_front_item){7, {0.5, 2}}, &kept, &err));
    ck_assert(kept);
    ck_assert_uint_eq(spn_front_size(front), 1);
    ck_assert_fails(spn_front_add(front, &(struct spn_front_item){8, {NAN, 1}}, &kept, &err),
                    SPN_EUSAGE, "point 8");
    ck_assert_fails(spn_front_add(front, &(struct spn_front_item){8, {1, INFINITY}}, &kept, &err),
                    SPN_EUSAGE, "finite");
    spn_front_destroy(front);
    ck_assert_fails(spn_front_create(&front, 0, &err), SPN_EUSAGE, "1 to 8");
    ck_assert_fails(spn_front_create(&front, 9, &err), SPN_EUSAGE, "9 objectives");
}
END_TEST

START_TEST(hypervolume_by_hand)
{
    /* Boxes from the reference (4, 4): (1,3) covers 3x1, (2,2) 2x2, (3,1) 1x3; the union, by steps:
     * 3 + 2 + 1. */
    const struct spn_front_item stairs[] = {
        {0, {1, 3}}, {1, {2, 2}}, {2, {3, 1}}, {3, {5, 0}}, {4, {2, 3}}};
    double volume = 0;
    ck_assert_ok(spn_hypervolume(&volume, stairs, 5, 2, (const double[]){4, 4}, &err));
    ck_assert_rel(volume, 6.0, 1e-15);
    /* Three cubes with one edge shorter: 2*2*1 each, any two share 1*2*1... by inclusion-exclusion
     * 3*4 - 3*2 + 1 = 7. */
    const struct spn_front_item cubes[] = {{0, {0, 0, 1}}, {1, {0, 1, 0}}, {2, {1, 0, 0}}};
    ck_assert_ok(spn_hypervolume(&volume, cubes, 3, 3, (const double[]){2, 2, 2}, &err));
    ck_assert_rel(volume, 7.0, 1e-15);
    ck_assert_ok(spn_hypervolume(&volume, cubes, 0, 3, (const double[]){2, 2, 2}, &err));
    ck_assert(volume == 0);
    ck_assert_ok(spn_hypervolume(&volume, stairs, 5, 1, (const double[]){4}, &err));
    ck_assert_rel(volume, 3.0, 1e-15);
}
END_TEST

/* Points with whole coordinates fill whole cells of a grid: count them. */
START_TEST(hypervolume_counts_cells)
{
    enum { N = 12, SIDE = 6, D = 4 };
    const double reference[D] = {SIDE, SIDE, SIDE, SIDE};
    struct spn_rng rng = spn_rng_init(11, 0, 0);
    for (int trial = 0; trial < 20; trial++) {
        struct spn_front_item item[N];
        int cells = 0;
        double volume = 0;
        for (int i = 0; i < N; i++)
            for (int k = 0; k < D; k++)
                item[i].value[k] = spn_rng_below(&rng, SIDE);
        for (int c = 0; c < SIDE * SIDE * SIDE * SIDE; c++) {
            const int at[D] = {c % SIDE, c / SIDE % SIDE, c / (SIDE * SIDE) % SIDE,
                               c / (SIDE * SIDE * SIDE)};
            bool covered = false;
            for (int i = 0; i < N && !covered; i++) {
                covered = true;
                for (int k = 0; k < D; k++)
                    covered = covered && item[i].value[k] <= at[k];
            }
            cells += covered;
        }
        ck_assert_ok(spn_hypervolume(&volume, item, N, D, reference, &err));
        ck_assert_rel(volume, cells, 1e-13);
    }
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("pareto");
    TCase *tests = tcase_create("pareto");
    tcase_add_test(tests, front_is_exact);
    tcase_add_test(tests, front_of_a_merge_is_the_front_of_all);
    tcase_add_test(tests, front_says_what_it_kept);
    tcase_add_test(tests, hypervolume_by_hand);
    tcase_add_test(tests, hypervolume_counts_cells);
    suite_add_tcase(suite, tests);
    return suite;
}
