/* place_loads.c -- traffic over each link of a mesh.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dimension-ordered routing [dally1987]: a message goes along its row to the receiver's column,
 * then along the column. With a flow spread evenly, the share of a link is the product of how many
 * senders are on its one side and how many receivers on its other, counted along rows and columns.
 * [M:E46]
 */
#include <math.h>
#include <string.h>

#include "estimator/place_state.h"

enum { RIGHT, LEFT, DOWN, UP };

struct box {
    int left, right, top, bottom;
};

static void include(struct box *box, int x, int y)
{
    box->left = x < box->left ? x : box->left;
    box->right = x > box->right ? x : box->right;
    box->top = y < box->top ? y : box->top;
    box->bottom = y > box->bottom ? y : box->bottom;
}

static struct box box_of(const struct spn_place *p, int group)
{
    const int columns = p->grid.columns;
    struct box box = {columns, 0, p->grid.rows, 0};

    if (group == SPN_PLACE_PORT)
        include(&box, 0, p->grid.port_row);
    else
        for (int t = p->first[group]; t < p->first[group + 1]; t++)
            include(&box, p->slot[t] % columns, p->slot[t] / columns);
    return box;
}

/* Tiles of a group one after the other; the port is one at its row, column 0. */
static int tiles_of(const struct spn_place *p, int group)
{
    return group == SPN_PLACE_PORT ? 1 : p->size[group];
}

static int slot_of(const struct spn_place *p, int group, int i)
{
    return group == SPN_PLACE_PORT ? p->grid.port_row * p->grid.columns
                                   : p->slot[p->first[group] + i];
}

/* Receivers beyond each column, senders up to each row. */
struct counts {
    double *right, *left, *up, *down; /* right[k]: receivers in columns > k; left[k]: < k;
                                         down[k]: senders in rows <= k; up[k]: >= k */
};

static struct counts count(struct spn_place *p, const struct spn_flow *flow)
{
    const int columns = p->grid.columns, rows = p->grid.rows;
    struct counts c = {.right = p->scratch, .left = p->scratch + columns};

    c.down = c.left + columns;
    c.up = c.down + rows;
    memset(p->scratch, 0, 2 * ((size_t)columns + (size_t)rows) * sizeof *p->scratch);
    for (int i = 0; i < tiles_of(p, flow->to); i++)
        c.left[slot_of(p, flow->to, i) % columns]++;
    for (int i = 0; i < tiles_of(p, flow->from); i++)
        c.up[slot_of(p, flow->from, i) / columns]++;
    double before = 0;
    for (int k = 0; k < columns; k++) {
        double here = c.left[k];
        c.left[k] = before;
        before += here;
        c.right[k] = tiles_of(p, flow->to) - before;
    }
    before = 0;
    for (int k = 0; k < rows; k++) {
        double here = c.up[k];
        c.up[k] = tiles_of(p, flow->from) - before;
        before += here;
        c.down[k] = before;
    }
    return c;
}

static void add(struct spn_place *p, int way, int slot, double bit)
{
    p->load[(size_t)way * p->n_slots + (size_t)slot] += bit;
    p->part[(size_t)way * p->n_slots + (size_t)slot] += bit;
}

static void send(struct spn_place *p, const struct spn_flow *flow, const struct box *from,
                 const struct box *to)
{
    const int columns = p->grid.columns;
    const double share = flow->bit / ((double)tiles_of(p, flow->from) * tiles_of(p, flow->to));
    const struct counts c = count(p, flow);

    for (int i = 0; i < tiles_of(p, flow->from); i++) {
        int slot = slot_of(p, flow->from, i), x = slot % columns, row = slot - x;
        for (int k = x; k < to->right; k++)
            add(p, RIGHT, row + k, share * c.right[k]);
        for (int k = x; k > to->left; k--)
            add(p, LEFT, row + k, share * c.left[k]);
    }
    for (int i = 0; i < tiles_of(p, flow->to); i++) {
        int slot = slot_of(p, flow->to, i), x = slot % columns, y = slot / columns;
        for (int k = from->top; k < y; k++)
            add(p, DOWN, k * columns + x, share * c.down[k]);
        for (int k = from->bottom; k > y; k--)
            add(p, UP, k * columns + x, share * c.up[k]);
    }
}

/* Most loaded link of a part in a box; the part is 0 afterwards. */
static double most_of_part(struct spn_place *p, const struct box *box)
{
    double most = 0;

    for (int way = RIGHT; way <= UP; way++)
        for (int y = box->top; y <= box->bottom; y++)
            for (int x = box->left; x <= box->right; x++) {
                double *bit = &p->part[(size_t)way * p->n_slots +
                                       (size_t)y * (size_t)p->grid.columns + (size_t)x];
                most = fmax(most, *bit);
                *bit = 0;
            }
    return most;
}

void spn_place_loads(struct spn_place *p)
{
    double from_port = 0, to_port = 0;

    memset(p->load, 0, 4 * p->n_slots * sizeof *p->load);
    memset(p->part, 0, 4 * p->n_slots * sizeof *p->part);
    for (int k = 0; k < p->n_flows;) {
        const int to = p->flow[k].to, first = k;
        const struct box receivers = box_of(p, to);
        struct box all = receivers;
        double port_bit = 0;
        for (; k < p->n_flows && p->flow[k].to == to; k++) {
            const struct box senders = box_of(p, p->flow[k].from);
            send(p, &p->flow[k], &senders, &receivers);
            include(&all, senders.left, senders.top);
            include(&all, senders.right, senders.bottom);
            if (p->flow[k].from == SPN_PLACE_PORT || to == SPN_PLACE_PORT)
                port_bit += p->flow[k].bit;
        }
        *(to == SPN_PLACE_PORT ? &to_port : &from_port) += port_bit;
        double most = fmax(most_of_part(p, &all), port_bit);
        for (int i = first; i < k; i++)
            p->flow_busiest[i] = most;
    }
    p->result.busiest_bit = fmax(from_port, to_port);
    for (size_t i = 0; i < 4 * p->n_slots; i++)
        p->result.busiest_bit = fmax(p->result.busiest_bit, p->load[i]);
}
