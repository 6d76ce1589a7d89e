/* path.c -- the time of one image through a pipeline: the longest way through the graph.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pipelined, a layer starts when its inputs are complete, so that branches run side by side.
 * Streamed, it starts when the lines of its first window are there, works at its own pace, and
 * cannot end before its inputs have, and its last lines after them. Starts and ends are linear in
 * the layers' times; walking back from the latest end gives the share of each that counts. [M:E16,
 * E77]
 */
#include "estimator/path.h"

#include <math.h>

/* Lines that a shape comes in: of an image, or tokens. */
static double lines_of(const struct spn_shape *shape)
{
    return shape->n == 3 ? shape->dim[1] : shape->n == 2 ? shape->dim[0] : 1;
}

static struct spn_lines of_windows(const struct spn_layer *layer)
{
    const double span = (layer->kernel[0] - 1.0) * layer->dilation[0], stride = layer->stride[0];
    const double n_in = layer->in_shape[0].dim[1], n_out = layer->out_shape.dim[1];
    /* The first window ends on line span - padding; window o on line o stride + span - padding. */
    double first = fmin(n_in, fmax(1, span - layer->padding[0] + 1));
    double before = ceil((n_in - 1 - span + layer->padding[0]) / stride);

    return (struct spn_lines){first / n_in, fmin(n_out, fmax(1, n_out - before)) / n_out};
}

struct spn_lines spn_path_lines(const struct spn_layer *layer)
{
    const double lines = lines_of(&layer->in_shape[0]);

    switch (layer->op) {
    case SPN_OP_CONV2D:
    case SPN_OP_MAXPOOL2D:
    case SPN_OP_AVGPOOL2D:
        return of_windows(layer);
    case SPN_OP_LINEAR: /* tokens one by one; a single vector is needed whole */
    case SPN_OP_RELU:
    case SPN_OP_GELU:
    case SPN_OP_SILU:
    case SPN_OP_SIGMOID:
    case SPN_OP_TANH:
    case SPN_OP_ADD:
    case SPN_OP_MUL:
    case SPN_OP_BATCHNORM:
        return (struct spn_lines){1 / lines, 1 / lines};
    case SPN_OP_LAYERNORM:
    case SPN_OP_RMSNORM:
        return layer->in_shape[0].n == 2 ? (struct spn_lines){1 / lines, 1 / lines}
                                         : (struct spn_lines){1, 1};
    default: /* products of activations, softmax, global pools, changes of order: all of it */
        return (struct spn_lines){1, 1};
    }
}

static struct spn_lines needs(const struct spn_frame *f, int layer)
{
    return f->chip->schedule == SPN_SCHEDULE_STREAMED ? spn_path_lines(&f->plan->net->layer[layer])
                                                      : (struct spn_lines){1, 1};
}

static void set_way(const struct spn_frame *f, int i)
{
    const struct spn_layer *layer = &f->plan->net->layer[i];
    const struct spn_lines need = needs(f, i);
    const double time_s = f->work->result[i].latency_s;
    struct spn_way *way = f->work->way, *w = &way[i];

    *w = (struct spn_way){.first_from = -1, .end_from = -1};
    for (int k = 0; k < layer->n_in; k++) {
        const struct spn_way *from = layer->in[k] >= 0 ? &way[layer->in[k]] : NULL;
        if (!from)
            continue;
        double ready_s = from->start_s + need.first_frac * (from->end_s - from->start_s);
        if (ready_s > w->start_s) {
            w->start_s = ready_s;
            w->first_from = layer->in[k];
        }
    }
    w->end_s = w->start_s + time_s;
    for (int k = 0; k < layer->n_in; k++) {
        double end_s = layer->in[k] >= 0 ? way[layer->in[k]].end_s + need.last_frac * time_s : 0;
        if (end_s > w->end_s) {
            w->end_s = end_s;
            w->end_from = layer->in[k];
        }
    }
}

/* Share of a layer's time that is on the way; hands the rest of its weights on. */
static double walk_back(const struct spn_frame *f, int i)
{
    const struct spn_lines need = needs(f, i);
    struct spn_way *way = f->work->way, *w = &way[i];
    double share = w->of_end;

    if (w->end_from >= 0) {
        way[w->end_from].of_end += w->of_end;
        share *= need.last_frac;
    } else {
        w->of_start += w->of_end;
    }
    if (w->first_from >= 0) {
        way[w->first_from].of_start += w->of_start * (1 - need.first_frac);
        way[w->first_from].of_end += w->of_start * need.first_frac;
    }
    return share;
}

void spn_path_apply(struct spn_frame *f, int first_leaf, double least_s)
{
    const int n = f->plan->net->n_layers;
    struct spn_way *way = f->work->way;
    int latest = 0;

    if (f->chip->schedule == SPN_SCHEDULE_LAYER_BY_LAYER || f->work->n_loads > 1 || n == 0)
        return;
    for (int i = 0; i < n; i++) {
        set_way(f, i);
        latest = way[i].end_s > way[latest].end_s ? i : latest;
    }
    way[latest].of_end = 1;
    double stretch = way[latest].end_s > 0 ? fmax(1, least_s / way[latest].end_s) : 1;
    for (int i = n - 1; i >= 0; i--)
        way[i].of_end = stretch * walk_back(f, i); /* from here on: the layer's share */
    for (int i = first_leaf; i < f->tree.n; i++) {
        struct spn_leaf *leaf = &f->tree.leaf[i];
        if (leaf->layer >= 0)
            leaf->cost.latency_s *= way[leaf->layer].of_end;
    }
}
