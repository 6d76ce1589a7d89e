/* place_port.c -- tiles on a mesh whose traffic goes to and from the buffer's port.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sum of traffic x hops with one port is a sum over tiles, so that sorting both tiles (by traffic)
 * and places (by distance) is optimal (rearrangement inequality). Places at one distance are
 * counted in closed form, so that no memory or time per tile is needed. [M:E45]
 */
#include <math.h>
#include <stdlib.h>

#include "estimator/place.h"

struct spn_grid spn_place_grid(int n_tiles)
{
    struct spn_grid g = {.n = n_tiles};

    g.columns = n_tiles > 0 ? (int)ceil(sqrt((double)n_tiles)) : 0;
    g.rows = g.columns > 0 ? (n_tiles - 1) / g.columns + 1 : 0;
    g.port_row = g.rows / 2;
    return g;
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

/* Whole rows at most k from the port's. */
static int rows_within(const struct spn_grid *g, int k)
{
    int whole = g->n / g->columns;
    int low = clamp(g->port_row - k, 0, whole), high = clamp(g->port_row + k + 1, 0, whole);

    return k < 0 || high < low ? 0 : high - low;
}

/* Tiles d hops from the port: d - 1 = column + distance of the row. */
static int at_distance(const struct spn_grid *g, int d)
{
    int whole = g->n / g->columns, rest = g->n % g->columns;
    int column = d - 1 - abs(whole - g->port_row);

    return rows_within(g, d - 1) - rows_within(g, d - 1 - g->columns) +
           (column >= 0 && column < rest);
}

double spn_place_mean_hops(const struct spn_grid *g)
{
    double sum = 0;

    for (int d = 1; d <= g->columns + g->rows; d++)
        sum += (double)d * at_distance(g, d);
    return g->n > 0 ? sum / g->n : 0;
}

/* Sum of hops of `n` columns of a row from `column` on. */
static double row_hops(const struct spn_grid *g, int row, int column, int n)
{
    return n * (1.0 + abs(row - g->port_row) + column + (n - 1) / 2.0);
}

static void row_by_row(const struct spn_grid *g, struct spn_port_group *group, int n_groups)
{
    int at = 0;

    for (int i = 0; i < n_groups; i++) {
        double sum = 0;
        for (int left = group[i].n; left > 0;) {
            int column = at % g->columns, room = g->columns - column;
            int n = left < room ? left : room;
            sum += row_hops(g, at / g->columns, column, n);
            at += n;
            left -= n;
        }
        group[i].hops = group[i].n > 0 ? sum / group[i].n : 0;
    }
}

/* Busier tiles first; equal ones in the order of the groups. */
static bool before(const struct spn_port_group *group, int a, int b)
{
    double left = group[a].bit * group[b].n, right = group[b].bit * group[a].n;
    return left > right || (left >= right && a < b);
}

static void sift(const struct spn_port_group *group, int *order, int from, int n)
{
    for (int child; (child = 2 * from + 1) < n; from = child) {
        if (child + 1 < n && before(group, order[child], order[child + 1]))
            child++;
        if (!before(group, order[from], order[child]))
            return;
        int held = order[from];
        order[from] = order[child];
        order[child] = held;
    }
}

/* Heap sort: no memory, and the same result everywhere. */
static void sort(const struct spn_port_group *group, int *order, int n)
{
    for (int i = 0; i < n; i++)
        order[i] = i;
    for (int i = n / 2 - 1; i >= 0; i--)
        sift(group, order, i, n);
    for (int end = n - 1; end > 0; end--) {
        int held = order[0];
        order[0] = order[end];
        order[end] = held;
        sift(group, order, 0, end);
    }
}

void spn_place_port(const struct spn_grid *g, struct spn_port_group *group, int n_groups,
                    int *order)
{
    int d = 0, left = 0; /* free places at distance d */

    if (!order) {
        row_by_row(g, group, n_groups);
        return;
    }
    sort(group, order, n_groups);
    for (int k = 0; k < n_groups; k++) {
        struct spn_port_group *to = &group[order[k]];
        double sum = 0;
        for (int need = to->n; need > 0;) {
            while (left == 0)
                left = at_distance(g, ++d);
            int n = need < left ? need : left;
            sum += (double)d * n;
            need -= n;
            left -= n;
        }
        to->hops = to->n > 0 ? sum / to->n : 0;
    }
}
