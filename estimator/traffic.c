/* traffic.c -- what the network moves between tiles and buffer, and how far.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * On a mesh, either all inputs come from the global buffer and all results go there [M:E45]; or,
 * where chip.global.traffic says "direct", results that only other layers on arrays take go
 * straight to their tiles [M:E46]. Placement is done for what stays on one chip; on several, or
 * with loads, mean ways count. On an H-tree ways do not depend on the place, as leaves are equally
 * far from the root.
 */
#include "estimator/traffic.h"

#include <math.h>

#include "estimator/place.h"

/* Tiles that are placed one by one. */
#define MAX_PLACED 131072

static bool on_mesh(const struct spn_frame *f)
{
    return f->chip->global.interconnect == SPN_INTERCONNECT_MESH;
}

bool spn_frame_direct(const struct spn_frame *f)
{
    return on_mesh(f) && f->chip->global.traffic == SPN_TRAFFIC_DIRECT && !f->options->training &&
           f->work->need.n_chips == 1 && f->work->n_loads == 1;
}

bool spn_frame_once(const struct spn_frame *f, int matrix)
{
    return f->chip->tile.line_buffer || (f->plan->matrix[matrix].from >= 0 && spn_frame_direct(f));
}

double spn_frame_line_bit(const struct spn_frame *f, int matrix)
{
    const struct spn_layer *layer = &f->plan->net->layer[f->plan->matrix[matrix].layer];
    const struct spn_layer_map *m = &f->work->matrix[matrix].map;

    if (!spn_frame_once(f, matrix) || layer->op != SPN_OP_CONV2D || layer->in_shape[0].n != 3)
        return 0;
    double width = layer->in_shape[0].dim[2];
    double span = (layer->kernel[0] - 1.0) * layer->dilation[0] * width +
                  (layer->kernel[1] - 1.0) * layer->dilation[1] + 1;
    double ports = (double)m->n_tiles / m->column_tiles;
    return span * ceil(layer->in_shape[0].dim[0] / ports) * f->chip->input.bits;
}

static void set_hops(struct spn_matrix_work *w, double hops)
{
    w->hops_in = w->hops_out = w->hops_port = hops;
    w->link_bit = 0;
}

static struct spn_grid grid_of(const struct spn_frame *f)
{
    return spn_place_grid((int)(f->work->blocks.n_tiles / f->work->need.n_chips));
}

/* All traffic is with the buffer. */
static void to_buffer(struct spn_frame *f)
{
    struct spn_workspace *work = f->work;
    const int n = f->plan->n_matrix;
    const struct spn_grid grid = grid_of(f);
    bool sorted = f->chip->global.placement == SPN_PLACEMENT_OPTIMIZED;

    work->bit_hop = work->row_major_bit_hop = 0;
    for (int i = 0; i < n; i++) {
        const struct spn_layer_counts *c = &work->matrix[i].forward;
        work->port[i] = (struct spn_port_group){.n = work->matrix[i].map.n_tiles,
                                                .bit = c->global_in_bit + c->global_out_bit};
    }
    spn_place_port(&grid, work->port, n, NULL);
    for (int i = 0; i < n; i++)
        work->row_major_bit_hop += work->port[i].bit * work->port[i].hops;
    if (sorted)
        spn_place_port(&grid, work->port, n, work->trial);
    for (int i = 0; i < n; i++) {
        set_hops(&work->matrix[i], work->port[i].hops);
        work->bit_hop += work->port[i].bit * work->port[i].hops;
    }
}

/* Results that leave for the buffer, in words of activations. */
static double result_bit(const struct spn_frame *f, int matrix)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    return f->plan->matrix[matrix].direct_only ? 0 : w->forward.n_out * f->chip->input.bits;
}

/* Inputs from the layers that make them, results that others need to the buffer. */
static enum spn_status tile_to_tile(struct spn_frame *f, struct spn_err *err)
{
    struct spn_workspace *work = f->work;
    const int n = f->plan->n_matrix;
    struct spn_place_problem q = {
        .grid = grid_of(f), .size = work->most, .n_groups = n, .flow = work->flow};

    if (q.grid.n > MAX_PLACED)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "chip.global.traffic = direct: %d tiles to be placed, at most %d",
                           q.grid.n, MAX_PLACED);
    for (int i = 0; i < n; i++) {
        work->most[i] = work->matrix[i].map.n_tiles;
        work->flow[q.n_flows++] =
            (struct spn_flow){f->plan->matrix[i].from, i, work->matrix[i].forward.global_in_bit};
    }
    for (int i = 0; i < n; i++)
        if (result_bit(f, i) > 0)
            work->flow[q.n_flows++] = (struct spn_flow){i, SPN_PLACE_PORT, result_bit(f, i)};
    enum spn_status status = work->place ? SPN_OK : spn_place_create(&work->place, err);
    if (!status)
        status = spn_place_solve(work->place, &q,
                                 f->chip->global.placement == SPN_PLACEMENT_OPTIMIZED, err);
    if (status)
        return status;
    const struct spn_place_result r = spn_place_get(work->place);
    for (int i = 0; i < n; i++) {
        struct spn_matrix_work *w = &work->matrix[i];
        set_hops(w, spn_place_mean_hops(&q.grid));
        w->hops_in = r.flow_hops[i];
        w->link_bit = fmax(r.flow_busiest_bit[i], result_bit(f, i));
        /* Partial sums are handed on from tile to tile and added on the way. */
        double handed = w->forward.global_out_bit * (1 - 1.0 / w->map.row_tiles);
        w->hops_out = w->forward.global_out_bit > 0 ? handed / w->forward.global_out_bit : 0;
    }
    for (int k = n; k < q.n_flows; k++) {
        struct spn_matrix_work *w = &work->matrix[work->flow[k].from];
        w->hops_out += work->flow[k].bit * r.flow_hops[k] / w->forward.global_out_bit;
    }
    work->bit_hop = r.bit_hop;
    work->row_major_bit_hop = r.row_major_bit_hop;
    work->busiest_bit = r.busiest_bit;
    return SPN_OK;
}

enum spn_status spn_traffic_set(struct spn_frame *f, struct spn_err *err)
{
    struct spn_workspace *work = f->work;

    work->bit_hop = work->row_major_bit_hop = 0;
    f->direct = spn_frame_direct(f);
    if (!on_mesh(f)) {
        for (int i = 0; i < f->plan->n_matrix; i++)
            set_hops(&work->matrix[i], 0);
        return SPN_OK;
    }
    if (f->direct)
        return tile_to_tile(f, err);
    if (work->need.n_chips == 1 && work->n_loads == 1) {
        to_buffer(f);
        return SPN_OK;
    }
    const struct spn_grid grid = grid_of(f);
    for (int i = 0; i < f->plan->n_matrix; i++)
        set_hops(&work->matrix[i], spn_place_mean_hops(&grid));
    return SPN_OK;
}

double spn_traffic_busiest_bit(const struct spn_frame *f, enum spn_phase phase)
{
    double in = 0, out = 0;

    if (f->direct)
        return f->work->busiest_bit;
    for (int i = 0; i < f->plan->n_matrix; i++) {
        const struct spn_matrix_work *w = &f->work->matrix[i];
        const struct spn_layer_counts *c = phase == SPN_PHASE_FORWARD ? &w->forward : &w->error;
        if (phase != SPN_PHASE_FORWARD && !f->plan->layer[f->plan->matrix[i].layer].needs_error)
            continue;
        in += c->global_in_bit;
        out += c->global_out_bit;
    }
    return (on_mesh(f) ? fmax(in, out) : in + out) / f->work->need.n_chips;
}

void spn_traffic_report(const struct spn_frame *f, struct spn_system_result *out)
{
    out->bit_hop = f->work->bit_hop;
    out->row_major_bit_hop = f->work->row_major_bit_hop;
    out->placement_gain = out->bit_hop > 0 ? out->row_major_bit_hop / out->bit_hop : 1;
    out->busiest_link_bit = spn_traffic_busiest_bit(f, SPN_PHASE_FORWARD);
    out->busiest_link_s = spn_global_bus_s(f, out->busiest_link_bit);
}
