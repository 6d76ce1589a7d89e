/* link.c -- a network on several chips in a row: what goes from one to the next.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chips stand in a row, each with links to its neighbours; what chip a sends to chip b passes |a -
 * b| links. A result goes once to each chip that needs it. A layer that spans chips gets its inputs
 * on each of them, and gathers its results on its last [M:E44].
 */
#include <math.h>

#include "estimator/fit.h"
#include "models/chip_link.h"

void spn_fit_places(struct spn_frame *f)
{
    const struct spn_network *net = f->plan->net;
    int *at = f->work->layer_chip;

    for (int i = 0; i < net->n_layers; i++) {
        int matrix = f->plan->layer[i].matrix;
        at[i] = 0;
        if (matrix >= 0)
            at[i] = f->work->matrix[matrix].first + f->work->matrix[matrix].parts - 1;
        else
            for (int k = 0; k < net->layer[i].n_in; k++)
                if (net->layer[i].in[k] >= 0 && at[net->layer[i].in[k]] > at[i])
                    at[i] = at[net->layer[i].in[k]];
        f->work->sent_to[i] = at[i];
    }
    /* How far results must go: the last chip, or load, that reads them. */
    for (int i = 0; i < net->n_layers; i++)
        for (int k = 0; k < net->layer[i].n_in; k++)
            if (net->layer[i].in[k] >= 0 && f->work->sent_to[net->layer[i].in[k]] < at[i])
                f->work->sent_to[net->layer[i].in[k]] = at[i];
}

int spn_fit_later(const struct spn_frame *f, int layer)
{
    return f->work->sent_to[layer] - f->work->layer_chip[layer];
}

/* Bits over the link behind each chip where a layer ends; the most of them. A layer's own results
 * pass it to the extent that they come from chips before. */
static double busiest_bit(const struct spn_frame *f)
{
    const struct spn_network *net = f->plan->net;
    const int *at = f->work->layer_chip, *to = f->work->sent_to;
    double most = 0;

    for (int c = 0, done = -1; c < net->n_layers; c++) {
        double sum = 0;
        if (at[c] == done || to[c] <= at[c])
            continue;
        done = at[c];
        for (int i = 0; i < net->n_layers; i++)
            if (at[i] <= done && to[i] > done)
                sum += (double)net->layer[i].n_out;
        most = fmax(most, sum);
    }
    return most * f->chip->input.bits;
}

double spn_link_add(struct spn_frame *f, enum spn_phase phase, struct spn_system_result *out)
{
    const struct spn_network *net = f->plan->net;
    const int n_chips = f->work->need.n_chips;
    double link_bit = 0;
    struct spn_cost bit = *spn_frame_action(f, SPN_BLOCK_CHIP_LINK, SPN_CHIP_LINK_BIT);
    double hop_s = spn_frame_action(f, SPN_BLOCK_CHIP_LINK, SPN_CHIP_LINK_HOP)->latency_s;

    if (n_chips <= 1)
        return 0;
    spn_fit_places(f);
    for (int i = 0; i < net->n_layers; i++) {
        int matrix = f->plan->layer[i].matrix, hops = spn_fit_later(f, i);
        double spanned = matrix >= 0 ? f->work->matrix[matrix].parts - 1 : 0;
        int width = phase == SPN_PHASE_FORWARD ? f->chip->input.bits : f->chip->training.error_bits;
        double bits = (double)net->layer[i].n_out * width;
        /* To the chips that read it; among the chips of a layer, its results, each part from where
         * it is: half the way on average. */
        double moved = bits * (hops + spanned / 2), way = hops + spanned;
        struct spn_frame_item item = {.layer = i,
                                      .phase = phase,
                                      .category = SPN_CATEGORY_INTERCONNECT,
                                      .inference = phase == SPN_PHASE_FORWARD,
                                      .block = spn_frame_block(f, SPN_BLOCK_CHIP_LINK),
                                      .n = moved,
                                      .unit_J = bit.energy_J};
        if (moved <= 0)
            continue;
        item.latency_s = way * hop_s + bits * bit.latency_s;
        spn_frame_add(f, &item);
        out->link_s += item.latency_s;
        link_bit += moved;
    }
    if (phase == SPN_PHASE_FORWARD) {
        out->link_bit = link_bit;
        out->busiest_chip_link_bit = busiest_bit(f);
    }
    return out->busiest_chip_link_bit * bit.latency_s;
}
