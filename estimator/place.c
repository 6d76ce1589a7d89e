/* place.c -- tiles on a mesh whose traffic goes from layer to layer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Minimising sum of traffic x distance is a quadratic assignment problem; this is a heuristic.
 * Layers in their order along a Hilbert curve make compact, adjacent regions [hilbert1891]; then
 * each tile looks for a place nearer to the middle of its traffic and changes places with the tile
 * there if that helps. As all tiles of a layer are alike, the change follows from sums of distances
 * to whole layers, S(p) = sum |x_p - x_j| + |y_p - y_j|, which are kept by column and by row.
 * [M:E46]
 */
#include "estimator/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "estimator/place_state.h"

enum {
    ROUNDS = 12,  /* of exchanges */
    REACH = 2,    /* columns and rows */
    SMALL = 144,  /* slots: there each exchanges with each */
    TWICE = 2048, /* tiles: up to there both starts are improved */
};

enum spn_status spn_place_create(struct spn_place **out, struct spn_err *err)
{
    *out = calloc(1, sizeof **out);
    return *out ? SPN_OK : spn_err_memory(err, "placement");
}

void spn_place_destroy(struct spn_place *p)
{
    if (!p)
        return;
    free(p->ints);
    free(p->doubles);
    free(p->flow);
    free(p);
}

/* ---- storage ---- */

static enum spn_status grow(void **data, size_t *have, size_t want, size_t size,
                            struct spn_err *err)
{
    if (want <= *have)
        return SPN_OK;
    void *more = malloc(want * size);
    if (!more)
        return spn_err_memory(err, "placement");
    free(*data);
    *data = more;
    *have = want;
    return SPN_OK;
}

static enum spn_status lay_out(struct spn_place *p, const struct spn_place_problem *q,
                               struct spn_err *err)
{
    const size_t n = (size_t)q->grid.columns * (size_t)q->grid.rows, groups = (size_t)q->n_groups,
                 flows = (size_t)q->n_flows, side = (size_t)q->grid.columns + (size_t)q->grid.rows;
    void *ints = p->ints, *doubles = p->doubles, *flow = p->flow;
    p->solved = false;
    enum spn_status status = grow(
        &ints, &p->n_ints, 3 * n + 2 * groups + 1 + 2 * flows + groups + 1, sizeof *p->ints, err);
    p->ints = ints;
    if (!status)
        status = grow(&doubles, &p->n_doubles, groups * side + 8 * n + 2 * side + 2 * flows,
                      sizeof *p->doubles, err);
    p->doubles = doubles;
    if (!status)
        status = grow(&flow, &p->n_flow, flows + 1, sizeof *p->flow, err);
    p->flow = flow;
    if (status)
        return status;
    p->slot = p->ints;
    p->tile_at = p->slot + n;
    p->group_of = p->tile_at + n;
    p->size = p->group_of + n;
    p->first = p->size + groups;
    p->end = p->first + groups + 1;
    p->touching = p->end + groups;
    p->sum = p->doubles;
    p->load = p->sum + groups * side;
    p->part = p->load + 4 * n;
    p->scratch = p->part + 4 * n;
    p->flow_hops = p->scratch + 2 * side;
    p->flow_busiest = p->flow_hops + flows;
    p->grid = q->grid;
    p->n_slots = n;
    p->n_groups = q->n_groups;
    p->n_flows = q->n_flows;
    memcpy(p->size, q->size, groups * sizeof *p->size);
    memcpy(p->flow, q->flow, flows * sizeof *p->flow);
    return SPN_OK;
}

/* Flows of each group: touching[first of group .. end), by counting. */
static void index_flows(struct spn_place *p)
{
    int at = 0;

    memset(p->end, 0, (size_t)p->n_groups * sizeof *p->end);
    for (int k = 0; k < p->n_flows; k++) {
        if (p->flow[k].from >= 0)
            p->end[p->flow[k].from]++;
        if (p->flow[k].to >= 0 && p->flow[k].to != p->flow[k].from)
            p->end[p->flow[k].to]++;
    }
    for (int g = 0; g < p->n_groups; g++) {
        int n = p->end[g];
        p->end[g] = at;
        at += n;
    }
    for (int k = 0; k < p->n_flows; k++) {
        if (p->flow[k].from >= 0)
            p->touching[p->end[p->flow[k].from]++] = k;
        if (p->flow[k].to >= 0 && p->flow[k].to != p->flow[k].from)
            p->touching[p->end[p->flow[k].to]++] = k;
    }
}

/* ---- sums of distances ---- */

/* From the numbers of tiles at each coordinate (in sum) to the sums of distances, in place: S(i +
 * 1) = S(i) + tiles at most i - tiles beyond. */
static void to_distances(double *sum, int n)
{
    double total = 0, value = 0, below = 0;

    for (int i = 0; i < n; i++) {
        total += sum[i];
        value += i * sum[i];
    }
    for (int i = 0; i < n; i++) {
        double here = sum[i];
        sum[i] = value;
        below += here;
        value += 2 * below - total;
    }
}

static void set_sums(struct spn_place *p, int group)
{
    const int columns = p->grid.columns, side = columns + p->grid.rows;
    double *sum = p->sum + (size_t)group * (size_t)side;

    memset(sum, 0, (size_t)side * sizeof *sum);
    for (int t = p->first[group]; t < p->first[group + 1]; t++) {
        sum[p->slot[t] % columns]++;
        sum[columns + p->slot[t] / columns]++;
    }
    to_distances(sum, columns);
    to_distances(sum + columns, p->grid.rows);
}

static double port_hops(const struct spn_place *p, int slot)
{
    return 1.0 + slot % p->grid.columns + abs(slot / p->grid.columns - p->grid.port_row);
}

/* Sum of the hops from a slot to all tiles of a group. */
static double hops_to(const struct spn_place *p, int slot, int group)
{
    const int columns = p->grid.columns;

    if (group == SPN_PLACE_PORT)
        return port_hops(p, slot);
    const double *sum = p->sum + (size_t)group * (size_t)(columns + p->grid.rows);
    return sum[slot % columns] + sum[columns + slot / columns];
}

static double size_of(const struct spn_place *p, int group)
{
    return group == SPN_PLACE_PORT ? 1 : p->size[group];
}

static double total_bit_hop(struct spn_place *p)
{
    double total = 0;

    for (int k = 0; k < p->n_flows; k++) {
        const struct spn_flow *flow = &p->flow[k];
        int many = flow->from >= 0 ? flow->from : flow->to,
            other = many == flow->from ? flow->to : flow->from;
        double sum = 0;
        for (int t = p->first[many]; t < p->first[many + 1]; t++)
            sum += hops_to(p, p->slot[t], other);
        p->flow_hops[k] = sum / (size_of(p, many) * size_of(p, other));
        total += flow->bit * p->flow_hops[k];
    }
    return total;
}

/* ---- start ---- */

static void put_tile(struct spn_place *p, int tile, int slot)
{
    p->slot[tile] = slot;
    p->tile_at[slot] = tile;
}

static void take_places(struct spn_place *p)
{
    int tile = 0;

    for (int g = 0; g < p->n_groups; g++) {
        p->first[g] = tile;
        for (int i = 0; i < p->size[g]; i++)
            p->group_of[tile++] = g;
    }
    p->first[p->n_groups] = tile;
    p->n_tiles = tile;
    for (int s = 0; s < p->grid.columns * p->grid.rows; s++)
        p->tile_at[s] = -1;
}

/* Point `index` of the Hilbert curve over a square of side 2^k [hilbert1891]: two bits of the index
 * at a time choose a quadrant, in which the curve is turned. */
static void hilbert(int side, long index, int *x, int *y)
{
    *x = *y = 0;
    for (int s = 1; s < side; s *= 2) {
        int right = (int)(index / 2 & 1), up = (int)((index ^ right) & 1);
        if (!up) {
            if (right) {
                *x = s - 1 - *x;
                *y = s - 1 - *y;
            }
            int held = *x;
            *x = *y;
            *y = held;
        }
        *x += s * right;
        *y += s * up;
        index /= 4;
    }
}

/* Places along the curve, those outside the grid left out. */
static void start_on_curve(struct spn_place *p)
{
    int side = 1, tile = 0;

    while (side < p->grid.columns || side < p->grid.rows)
        side *= 2;
    for (long i = 0; tile < p->n_tiles; i++) {
        int x, y;
        hilbert(side, i, &x, &y);
        if (x < p->grid.columns && y * p->grid.columns + x < p->grid.n)
            put_tile(p, tile++, y * p->grid.columns + x);
    }
}

static void set_all_sums(struct spn_place *p)
{
    for (int g = 0; g < p->n_groups; g++)
        set_sums(p, g);
}

/* ---- exchanges ---- */

/* What a tile of the group costs in a slot; a flow counts with its share of one tile. */
static double cost_in(const struct spn_place *p, int group, int slot)
{
    double cost = 0;

    for (int i = group > 0 ? p->end[group - 1] : 0; i < p->end[group]; i++) {
        const struct spn_flow *flow = &p->flow[p->touching[i]];
        int other = flow->from == group ? flow->to : flow->from;
        cost += flow->bit / (size_of(p, group) * size_of(p, other)) * hops_to(p, slot, other);
    }
    return cost;
}

/* Traffic between one tile of each. */
static double between(const struct spn_place *p, int a, int b)
{
    double bit = 0;

    for (int i = a > 0 ? p->end[a - 1] : 0; i < p->end[a]; i++) {
        const struct spn_flow *flow = &p->flow[p->touching[i]];
        if ((flow->from == a && flow->to == b) || (flow->from == b && flow->to == a))
            bit += flow->bit / (size_of(p, a) * size_of(p, b));
    }
    return bit;
}

static int distance(const struct spn_place *p, int a, int b)
{
    const int columns = p->grid.columns;
    return abs(a % columns - b % columns) + abs(a / columns - b / columns);
}

/* Put a tile into another slot, and what is there into its own, if that saves anything. */
static bool exchange(struct spn_place *p, int tile, int to)
{
    const int from = p->slot[tile], g = p->group_of[tile], there = p->tile_at[to];
    const int h = there >= 0 ? p->group_of[there] : -1;
    double change;

    if (to == from || h == g)
        return false;
    change = cost_in(p, g, to) - cost_in(p, g, from);
    if (h >= 0) /* the two stay as far apart as they were, which the sums do not know */
        change +=
            cost_in(p, h, from) - cost_in(p, h, to) + 2 * between(p, g, h) * distance(p, from, to);
    if (!(change < -1e-9 * cost_in(p, g, from)))
        return false;
    put_tile(p, tile, to);
    set_sums(p, g);
    if (h >= 0) {
        put_tile(p, there, from);
        set_sums(p, h);
    } else {
        p->tile_at[from] = -1;
    }
    return true;
}

/* Where a tile of the group would cost least, if all were free: columns and rows by themselves. */
static int middle_of(const struct spn_place *p, int group)
{
    const int columns = p->grid.columns, rows = p->grid.rows;
    int best_x = 0, best_y = 0;
    double least_x = INFINITY, least_y = INFINITY;

    for (int x = 0; x < columns; x++) {
        double cost = cost_in(p, group, x);
        if (cost < least_x) {
            least_x = cost;
            best_x = x;
        }
    }
    for (int y = 0; y < rows; y++) {
        double cost = cost_in(p, group, y * columns);
        if (cost < least_y) {
            least_y = cost;
            best_y = y;
        }
    }
    return best_y * columns + best_x;
}

/* A step toward the middle of the group's traffic, or to one side of it. */
static bool improve(struct spn_place *p, int tile, int middle)
{
    const int columns = p->grid.columns, at = p->slot[tile];
    const int x = at % columns, y = at / columns, to_x = middle % columns, to_y = middle / columns;

    const int reach = p->n_slots <= SMALL ? columns : REACH;

    for (int dy = -reach; dy <= reach; dy++)
        for (int dx = -reach; dx <= reach; dx++) {
            int new_x = x + dx, new_y = y + dy;
            /* Not away from it in both, unless there are few. */
            if (reach == REACH && abs(new_x - to_x) > abs(x - to_x) &&
                abs(new_y - to_y) > abs(y - to_y))
                continue;
            if (new_x < 0 || new_x >= columns || new_y < 0 || new_y * columns + new_x >= p->grid.n)
                continue;
            if (exchange(p, tile, new_y * columns + new_x))
                return true;
        }
    return exchange(p, tile, middle < p->grid.n ? middle : at);
}

static void refine(struct spn_place *p)
{
    for (int round = 0, changed = 1; round < ROUNDS && changed; round++) {
        changed = 0;
        for (int g = 0; g < p->n_groups; g++) {
            int middle = p->first[g] < p->first[g + 1] ? middle_of(p, g) : 0;
            for (int t = p->first[g]; t < p->first[g + 1]; t++)
                changed += improve(p, t, middle);
        }
    }
}

/* ---- all ---- */

static bool same(const struct spn_place *p, const struct spn_place_problem *q, bool optimized)
{
    return p->solved && p->optimized == optimized && p->n_groups == q->n_groups &&
           p->n_flows == q->n_flows && memcmp(&p->grid, &q->grid, sizeof p->grid) == 0 &&
           memcmp(p->size, q->size, (size_t)q->n_groups * sizeof *p->size) == 0 &&
           memcmp(p->flow, q->flow, (size_t)q->n_flows * sizeof *p->flow) == 0;
}

static void start_row_by_row(struct spn_place *p)
{
    take_places(p);
    for (int t = 0; t < p->n_tiles; t++)
        put_tile(p, t, t);
    set_all_sums(p);
}

/* From the better start; or, where time allows, from both. The last one tried is kept if it is not
 * worse: else the other is made again, which gives the same. */
static void optimize(struct spn_place *p)
{
    const double row_by_row = p->result.row_major_bit_hop;
    double other = INFINITY;

    if (p->n_tiles <= TWICE) {
        refine(p);
        other = total_bit_hop(p);
    }
    take_places(p);
    start_on_curve(p);
    set_all_sums(p);
    bool curve = p->n_tiles <= TWICE || total_bit_hop(p) <= row_by_row;
    if (curve) {
        refine(p);
        p->result.bit_hop = total_bit_hop(p);
    }
    if (curve && p->result.bit_hop <= other)
        return;
    start_row_by_row(p);
    refine(p);
    p->result.bit_hop = total_bit_hop(p);
}

enum spn_status spn_place_solve(struct spn_place *p, const struct spn_place_problem *q,
                                bool optimized, struct spn_err *err)
{
    enum spn_status status;

    if (same(p, q, optimized))
        return SPN_OK;
    status = lay_out(p, q, err);
    if (status)
        return status;
    index_flows(p);
    start_row_by_row(p);
    p->result.row_major_bit_hop = p->result.bit_hop = total_bit_hop(p);
    if (optimized)
        optimize(p);
    spn_place_loads(p);
    p->result.flow_hops = p->flow_hops;
    p->result.flow_busiest_bit = p->flow_busiest;
    p->result.slot = p->slot;
    p->optimized = optimized;
    p->solved = true;
    return SPN_OK;
}

struct spn_place_result spn_place_get(const struct spn_place *p)
{
    return p->result;
}
