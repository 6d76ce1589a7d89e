/* check_place.c -- tiles on a mesh: ways, loads of links, and that placing them helps.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "base/rng.h"
#include "estimator/place.h"

/* 7 tiles: 3 columns, rows of 3, 3 and 1; the port beside row 1. Hops row by row: 2 3 4 / 1 2 3
 * / 2. */
START_TEST(hops_from_the_port_by_hand)
{
    struct spn_grid g = spn_place_grid(7);
    ck_assert(g.columns == 3 && g.rows == 3 && g.port_row == 1);
    ck_assert_rel(spn_place_mean_hops(&g), (2 + 3 + 4 + 1 + 2 + 3 + 2) / 7.0, 1e-15);
    struct spn_port_group group[] = {{.n = 2, .bit = 2}, {.n = 3, .bit = 30}, {.n = 2, .bit = 4}};
    int order[3];
    spn_place_port(&g, group, 3, NULL);
    ck_assert_rel(group[0].hops, (2 + 3) / 2.0, 1e-15);
    ck_assert_rel(group[1].hops, (4 + 1 + 2) / 3.0, 1e-15);
    ck_assert_rel(group[2].hops, (3 + 2) / 2.0, 1e-15);
    /* Busiest first: 1 2 2, then 2 3, then 3 4. */
    spn_place_port(&g, group, 3, order);
    ck_assert_rel(group[1].hops, 5 / 3.0, 1e-15);
    ck_assert_rel(group[2].hops, 5 / 2.0, 1e-15);
    ck_assert_rel(group[0].hops, 7 / 2.0, 1e-15);
}
END_TEST

/* Every place has one distance, for all sizes;. */
START_TEST(nearest_places_for_the_busiest)
{
    for (int n = 1; n < 300; n++) {
        struct spn_grid g = spn_place_grid(n);
        struct spn_port_group all = {.n = n, .bit = 1};
        int order[1];
        double sum = 0;
        for (int s = 0; s < n; s++)
            sum += 1 + s % g.columns + abs(s / g.columns - g.port_row);
        ck_assert_rel(spn_place_mean_hops(&g), sum / n, 1e-12);
        spn_place_port(&g, &all, 1, order);
        ck_assert_rel(all.hops, sum / n, 1e-12);
    }
}
END_TEST

static double busiest(struct spn_place *place, const struct spn_place_problem *q, bool optimized)
{
    struct spn_err err;
    ck_assert_ok(spn_place_solve(place, q, optimized, &err));
    return spn_place_get(place).busiest_bit;
}

/* Links by brute force: every pair of tiles, step by step, X first. */
static double walk(const struct spn_place_problem *q, const int *slot, double *bit_hop)
{
    enum { MAX = 64 };
    static double load[MAX][4];
    double most = 0, from_port = 0, to_port = 0;
    int first[MAX] = {0};

    memset(load, 0, sizeof load);
    *bit_hop = 0;
    for (int g = 1; g < q->n_groups; g++)
        first[g] = first[g - 1] + q->size[g - 1];
    for (int k = 0; k < q->n_flows; k++) {
        const struct spn_flow *f = &q->flow[k];
        int na = f->from < 0 ? 1 : q->size[f->from], nb = f->to < 0 ? 1 : q->size[f->to];
        for (int i = 0; i < na * nb; i++) {
            int port = q->grid.port_row * q->grid.columns;
            int a = f->from < 0 ? port : slot[first[f->from] + i / nb];
            int b = f->to < 0 ? port : slot[first[f->to] + i % nb];
            double bit = f->bit / (na * nb);
            *(f->from < 0 ? &from_port : &to_port) += f->from < 0 || f->to < 0 ? bit : 0;
            *bit_hop += f->from < 0 || f->to < 0 ? bit : 0;
            while (a != b) {
                int columns = q->grid.columns, dx = b % columns - a % columns;
                int way = dx > 0 ? 0 : dx < 0 ? 1 : b > a ? 2 : 3;
                load[a][way] += bit;
                *bit_hop += bit;
                a += way == 0 ? 1 : way == 1 ? -1 : way == 2 ? columns : -columns;
            }
        }
    }
    for (int s = 0; s < MAX; s++)
        for (int way = 0; way < 4; way++)
            most = fmax(most, load[s][way]);
    return fmax(most, fmax(from_port, to_port));
}

START_TEST(ways_and_loads_as_walked_step_by_step)
{
    struct spn_place *place;
    struct spn_err err;

    ck_assert_ok(spn_place_create(&place, &err));
    for (uint32_t k = 0; k < 60; k++) {
        struct spn_rng rng = spn_rng_init(3, 1, k);
        int size[6], n = 0;
        struct spn_flow flow[6];
        for (int g = 0; g < 6; g++) {
            size[g] = 1 + (int)spn_rng_below(&rng, 8);
            n += size[g];
            flow[g] = (struct spn_flow){.from = g - 1, .to = g, .bit = 1 + spn_rng_below(&rng, 9)};
        }
        flow[5].to = SPN_PLACE_PORT;
        struct spn_place_problem q = {.grid = spn_place_grid(n + (int)(k % 5)),
                                      .size = size,
                                      .n_groups = 6,
                                      .flow = flow,
                                      .n_flows = 6};
        for (int optimized = 0; optimized < 2; optimized++) {
            double most = busiest(place, &q, optimized), bit_hop;
            struct spn_place_result r = spn_place_get(place);
            ck_assert_rel(most, walk(&q, r.slot, &bit_hop), 1e-12);
            ck_assert_rel(r.bit_hop, bit_hop, 1e-12);
            ck_assert(r.bit_hop <= r.row_major_bit_hop);
        }
    }
    spn_place_destroy(place);
}
END_TEST

/* A chain of 8 layers of 8 tiles: regions of 2 x 4 beside each other instead of rows. Four tiles of
 * one layer each in a ring: the best is a square, 4 hops in all. */
START_TEST(placing_helps)
{
    struct spn_place *place;
    struct spn_err err;
    int size[40], one[4] = {1, 1, 1, 1};
    struct spn_flow chain[39], ring[4] = {{3, 0, 1}, {0, 1, 1}, {1, 2, 1}, {2, 3, 1}};

    ck_assert_ok(spn_place_create(&place, &err));
    struct spn_place_problem q = {
        .grid = spn_place_grid(4), .size = one, .n_groups = 4, .flow = ring, .n_flows = 4};
    ck_assert_ok(spn_place_solve(place, &q, true, &err));
    ck_assert_rel(spn_place_get(place).bit_hop, 4.0, 0);
    for (int g = 0; g < 40; g++)
        size[g] = 10;
    for (int g = 0; g < 39; g++)
        chain[g] = (struct spn_flow){.from = g, .to = g + 1, .bit = 1};
    q = (struct spn_place_problem){
        .grid = spn_place_grid(400), .size = size, .n_groups = 40, .flow = chain, .n_flows = 39};
    ck_assert_ok(spn_place_solve(place, &q, true, &err));
    struct spn_place_result r = spn_place_get(place);
    ck_assert_msg(r.bit_hop < 0.75 * r.row_major_bit_hop, "%g of %g", r.bit_hop,
                  r.row_major_bit_hop);
    /* Each slot has at most one tile. */
    bool taken[400] = {false};
    for (int t = 0; t < 400; t++) {
        ck_assert(r.slot[t] >= 0 && r.slot[t] < 400 && !taken[r.slot[t]]);
        taken[r.slot[t]] = true;
    }
    spn_place_destroy(place);
}
END_TEST

enum { FEW = 7 };

/* Traffic x hops of one-tile groups in given slots. */
static double cost_of(const struct spn_place_problem *q, const int *slot)
{
    double sum = 0;
    for (int k = 0; k < q->n_flows; k++) {
        int a = q->flow[k].from, b = q->flow[k].to, columns = q->grid.columns;
        int hops = a < 0 || b < 0 ? 1 : 0;
        int from = a < 0 ? q->grid.port_row * columns : slot[a],
            to = b < 0 ? q->grid.port_row * columns : slot[b];
        hops += abs(from % columns - to % columns) + abs(from / columns - to / columns);
        sum += q->flow[k].bit * hops;
    }
    return sum;
}

static double best_of_all(const struct spn_place_problem *q, int *slot, int fixed)
{
    double best = INFINITY;
    if (fixed == FEW)
        return cost_of(q, slot);
    for (int i = fixed; i < FEW; i++) {
        int held = slot[fixed];
        slot[fixed] = slot[i];
        slot[i] = held;
        best = fmin(best, best_of_all(q, slot, fixed + 1));
        held = slot[fixed];
        slot[fixed] = slot[i];
        slot[i] = held;
    }
    return best;
}

/* Random traffic among seven tiles, against all 5040 placements: the heuristic is not exact. */
START_TEST(placement_is_near_the_best_of_all)
{
    struct spn_place *place;
    struct spn_err err;
    double mean = 0, worst = 1;
    enum { CASES = 25 };

    ck_assert_ok(spn_place_create(&place, &err));
    for (uint32_t k = 0; k < CASES; k++) {
        struct spn_rng rng = spn_rng_init(11, 1, k);
        int size[FEW], slot[FEW];
        struct spn_flow flow[FEW + 4];
        for (int g = 0; g < FEW + 4; g++) {
            int to = g < FEW ? g : 1 + (int)spn_rng_below(&rng, FEW - 1);
            flow[g] = (struct spn_flow){.from = (int)spn_rng_below(&rng, (uint32_t)to + 1) - 1,
                                        .to = to,
                                        .bit = 1 + spn_rng_below(&rng, 20)};
        }
        for (int g = 0; g < FEW; g++) {
            size[g] = 1;
            slot[g] = g;
        }
        struct spn_place_problem q = {.grid = spn_place_grid(FEW),
                                      .size = size,
                                      .n_groups = FEW,
                                      .flow = flow,
                                      .n_flows = FEW + 4};
        ck_assert_ok(spn_place_solve(place, &q, true, &err));
        double got = spn_place_get(place).bit_hop, best = best_of_all(&q, slot, 0);
        ck_assert_rel(got, cost_of(&q, spn_place_get(place).slot), 1e-12);
        ck_assert(got >= best * (1 - 1e-12));
        mean += got / best / CASES;
        worst = fmax(worst, got / best);
    }
    ck_assert_msg(mean < 1.08 && worst < 1.35, "mean %g, worst %g of the best", mean, worst);
    spn_place_destroy(place);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("place");
    TCase *tc = tcase_create("place");

    tcase_add_test(tc, hops_from_the_port_by_hand);
    tcase_add_test(tc, nearest_places_for_the_busiest);
    tcase_add_test(tc, ways_and_loads_as_walked_step_by_step);
    tcase_add_test(tc, placing_helps);
    tcase_add_test(tc, placement_is_near_the_best_of_all);
    suite_add_tcase(suite, tc);
    return suite;
}
