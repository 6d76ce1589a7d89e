/* check_balance.c -- copies of layers within a budget, against all combinations.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "base/rng.h"
#include "estimator/balance.h"

enum { LAYERS = 3, CASES = 300, MOST = 20 };

struct problem {
    int vectors[LAYERS], cost[LAYERS], budget;
    double round_s[LAYERS], floor_s[LAYERS];
};

static double time_s(void *ctx, int layer, int copies)
{
    const struct problem *p = ctx;
    int rounds = (p->vectors[layer] + copies - 1) / copies;
    return fmax(p->floor_s[layer], rounds * p->round_s[layer]);
}

static bool fits(void *ctx, const int *copies)
{
    const struct problem *p = ctx;
    int sum = 0;
    for (int i = 0; i < LAYERS; i++)
        sum += p->cost[i] * copies[i];
    return sum <= p->budget;
}

static double cost(void *ctx, int layer)
{
    return ((const struct problem *)ctx)->cost[layer];
}

static struct problem draw(uint32_t number)
{
    struct spn_rng rng = spn_rng_init(7, 1, number);
    struct problem p = {.budget = 0};
    for (int i = 0; i < LAYERS; i++) {
        p.vectors[i] = 1 + (int)spn_rng_below(&rng, MOST);
        p.cost[i] = 1 + (int)spn_rng_below(&rng, 5);
        p.round_s[i] = 0.25 * (1 + (int)spn_rng_below(&rng, 12));
        p.floor_s[i] = spn_rng_below(&rng, 3) ? 0 : 0.5 * (int)spn_rng_below(&rng, 20);
        p.budget += p.cost[i];
    }
    p.budget += (int)spn_rng_below(&rng, 60);
    return p;
}

static double slowest(struct problem *p, const int *copies)
{
    return fmax(time_s(p, 0, copies[0]), fmax(time_s(p, 1, copies[1]), time_s(p, 2, copies[2])));
}

static double sum(struct problem *p, const int *copies)
{
    return time_s(p, 0, copies[0]) + time_s(p, 1, copies[1]) + time_s(p, 2, copies[2]);
}

/* Least of `value` over all combinations that fit. */
static double best_of_all(struct problem *p, double (*value)(struct problem *, const int *))
{
    double best = INFINITY;
    int c[LAYERS];
    for (c[0] = 1; c[0] <= p->vectors[0]; c[0]++)
        for (c[1] = 1; c[1] <= p->vectors[1]; c[1]++)
            for (c[2] = 1; c[2] <= p->vectors[2]; c[2]++)
                if (fits(p, c))
                    best = fmin(best, value(p, c));
    return best;
}

static struct spn_balance balance_of(struct problem *p)
{
    return (struct spn_balance){
        .n = LAYERS, .time_s = time_s, .fits = fits, .cost = cost, .ctx = p, .most = p->vectors};
}

START_TEST(slowest_layer_is_as_fast_as_any_combination_makes_it)
{
    for (uint32_t k = 0; k < CASES; k++) {
        struct problem p = draw(k);
        struct spn_balance b = balance_of(&p);
        int copies[LAYERS], trial[LAYERS], one[LAYERS] = {1, 1, 1};
        spn_balance_slowest(&b, copies, trial);
        ck_assert(fits(&p, copies));
        ck_assert_rel(slowest(&p, copies), best_of_all(&p, slowest), 0);
        ck_assert(slowest(&p, copies) <= slowest(&p, one));
        /* None more than needed. */
        for (int i = 0; i < LAYERS; i++)
            ck_assert(copies[i] == 1 || time_s(&p, i, copies[i] - 1) > slowest(&p, copies));
    }
}
END_TEST

START_TEST(sum_is_close_to_the_best_combination)
{
    double worst = 1, mean = 0;
    for (uint32_t k = 0; k < CASES; k++) {
        struct problem p = draw(k);
        struct spn_balance b = balance_of(&p);
        int copies[LAYERS], trial[LAYERS], one[LAYERS] = {1, 1, 1};
        spn_balance_sum(&b, copies, trial);
        ck_assert(fits(&p, copies));
        double ratio = sum(&p, copies) / best_of_all(&p, sum);
        worst = fmax(worst, ratio);
        mean += ratio / CASES;
        ck_assert(sum(&p, copies) <= sum(&p, one));
    }
    ck_assert_msg(mean < 1.01 && worst < 1.2, "mean %g, worst %g of the best sum", mean, worst);
}
END_TEST

/* Layers of 16, 8 and 4 rounds of 1 s, equal cost, 7 copies: 4 + 2 + 1 give 4 s each. */
START_TEST(a_case_by_hand)
{
    struct problem p = {.vectors = {16, 8, 4},
                        .cost = {1, 1, 1},
                        .budget = 7,
                        .round_s = {1, 1, 1},
                        .floor_s = {0, 0, 0}};
    struct spn_balance b = balance_of(&p);
    int copies[LAYERS], trial[LAYERS];
    spn_balance_slowest(&b, copies, trial);
    ck_assert(copies[0] == 4 && copies[1] == 2 && copies[2] == 1);
    p.budget = 6; /* one less: 16 / 3 rounds up to 6 s */
    spn_balance_slowest(&b, copies, trial);
    ck_assert(copies[0] == 3 && copies[1] == 2 && copies[2] == 1);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("balance");
    TCase *tc = tcase_create("balance");

    tcase_add_test(tc, slowest_layer_is_as_fast_as_any_combination_makes_it);
    tcase_add_test(tc, sum_is_close_to_the_best_combination);
    tcase_add_test(tc, a_case_by_hand);
    suite_add_tcase(suite, tc);
    return suite;
}
