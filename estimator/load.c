/* load.c -- a network larger than the chip, loaded part by part.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each load brings the weights of its layers from DRAM over the global bus and writes them; the
 * three run side by side, the longest counts [M:E43]. A load serves a batch of images, so that an
 * image's energy has its share. Activations of a batch that wait for a later load do so in DRAM;
 * those of one image stay in the global buffer. Two halves of a chip may take turns, one loaded
 * while the other computes [M:E73]. In training errors pass the loads the other way, and weights
 * are updated in DRAM [M:E74].
 */
#include <math.h>

#include "estimator/fit.h"
#include "estimator/writing.h"
#include "models/array.h"
#include "models/dram.h"
#include "models/htree.h"
#include "models/sram.h"

enum { DRAM, BUS, WRITE, N_WAYS };

/* A pass of a batch over all loads: which way, and how cells are written. */
struct pass {
    enum spn_phase phase;
    struct spn_writing_request how;
};

/* Mean pulses that bring a cell from one of its L states to another, one per state passed, both
 * random: (L^2 - 1)/(3 L); a binary cell takes one. */
static double pulses_per_program(const struct spn_chip *chip)
{
    double states = fmin(ldexp(1, chip->weight.cell_bits), chip->device.n_states);

    if (chip->system.pulses_per_program > 0)
        return chip->system.pulses_per_program;
    return fmax(1, (states * states - 1) / (3 * states));
}

/* The chip's write, repeated for so many pulses; whole arrays, as nothing is there to update. */
static struct spn_chip_write write_of(const struct spn_chip *chip)
{
    struct spn_chip_write write = chip->write;
    double updates = pulses_per_program(chip) / write.pulses_per_update;

    write.pulses_per_update *= updates;
    write.row_pulses_per_update *= updates;
    if (write.method == SPN_UPDATE_VECTOR)
        write.method = SPN_UPDATE_ROW;
    return write;
}

/* Bits of a layer in DRAM: kept weights, and what says where they are. */
static double stored_bit(const struct spn_frame *f, int matrix)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    double weights = (double)f->plan->net->layer[f->plan->matrix[matrix].layer].n_weights;
    double mask = f->scheme->masked ? weights : w->index_bit;

    return weights * f->scheme->kept(w->sparsity) * f->chip->weight.bits + mask;
}

static double mask_s(const struct spn_frame *f, int matrix, const struct spn_writing *x)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    double bit_s = w->forward_blocks.block[0].cost.action[SPN_ARRAY_WRITE_MASK].latency_s;

    return f->scheme->masked ? x->serial * x->rows * x->columns * bit_s : 0;
}

/* Nothing goes back through layers before which nothing learns. */
static bool is_loaded(const struct spn_frame *f, int matrix, const struct pass *pass)
{
    return pass->phase != SPN_PHASE_ERROR ||
           f->plan->layer[f->plan->matrix[matrix].layer].needs_error;
}

/* Share of a layer that a pass loads: on the way back its part in the last load is still there. */
static double loaded_frac(const struct spn_frame *f, int matrix, const struct pass *pass)
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];

    if (!is_loaded(f, matrix, pass))
        return 0;
    if (pass->phase == SPN_PHASE_FORWARD || w->first + w->parts < f->work->n_loads)
        return 1;
    return (w->parts - 1.0) / w->parts;
}

/* The first layer of a load. */
static int first_of(const struct spn_frame *f, int load, int from)
{
    while (f->work->matrix[from].first + f->work->matrix[from].parts <= load)
        from++;
    return from;
}

static bool is_of(const struct spn_frame *f, int matrix, int load)
{
    return matrix < f->plan->n_matrix && f->work->matrix[matrix].first <= load;
}

/* What one layer adds to a load that it is part of. */
static void ways_of(const struct spn_frame *f, int matrix, const struct pass *pass,
                    double way_s[N_WAYS])
{
    double bits = stored_bit(f, matrix) / f->work->matrix[matrix].parts;
    struct spn_writing x = spn_writing_of(f, matrix, &pass->how);

    way_s[DRAM] = bits * spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_BIT)->latency_s;
    way_s[BUS] = spn_global_bus_s(f, bits);
    way_s[WRITE] = x.tile_s + mask_s(f, matrix, &x);
}

/* One load: sums over its layers of what shares DRAM and bus, the slowest of what writes at once.
 */
struct load {
    double way_s[N_WAYS], longest_s;
    int slowest; /* layer to write; -1: nothing is loaded */
};

static struct load load_of(const struct spn_frame *f, int load, int first, const struct pass *pass)
{
    struct load out = {.slowest = -1};

    if (pass->phase == SPN_PHASE_ERROR && load == f->work->n_loads - 1)
        return out;
    for (int i = first; is_of(f, i, load); i++) {
        double way_s[N_WAYS];
        if (!is_loaded(f, i, pass))
            continue;
        ways_of(f, i, pass, way_s);
        out.way_s[DRAM] += way_s[DRAM];
        out.way_s[BUS] += way_s[BUS];
        out.slowest = out.slowest < 0 || way_s[WRITE] > out.way_s[WRITE] ? i : out.slowest;
        out.way_s[WRITE] = fmax(out.way_s[WRITE], way_s[WRITE]);
    }
    if (out.slowest >= 0)
        out.way_s[DRAM] += spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_ACCESS)->latency_s;
    out.longest_s = fmax(out.way_s[DRAM], fmax(out.way_s[BUS], out.way_s[WRITE]));
    return out;
}

/* Gives a share of the time of a load to the layers that it comes from. */
static void give_time(struct spn_frame *f, int load, int first, const struct load *l,
                      const struct pass *pass, double share)
{
    for (int i = first; l->slowest >= 0 && is_of(f, i, load); i++) {
        double way_s[N_WAYS], *to = f->work->matrix[i].load_s;
        if (!is_loaded(f, i, pass))
            continue;
        ways_of(f, i, pass, way_s);
        if (l->longest_s <= l->way_s[WRITE])
            to[WRITE] += i == l->slowest ? share * way_s[WRITE] : 0;
        else if (l->longest_s <= l->way_s[DRAM])
            to[DRAM] += share * way_s[DRAM];
        else
            to[BUS] += share * way_s[BUS];
    }
    if (l->slowest >= 0 && l->longest_s > l->way_s[WRITE] && l->longest_s <= l->way_s[DRAM])
        f->work->matrix[l->slowest].load_s[DRAM] +=
            share * spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_ACCESS)->latency_s;
}

/* Computing between two loads, of an image by itself and of one in a stream; and of the bus that
 * it shares with a load beside it. */
struct stretch {
    double latency_s, interval_s, bus_s;
};

static struct stretch computing_of(const struct spn_frame *f, int load, int first,
                                   enum spn_phase phase)
{
    const bool pipelined = f->chip->schedule != SPN_SCHEDULE_LAYER_BY_LAYER;
    const bool mesh = f->chip->global.interconnect == SPN_INTERCONNECT_MESH;
    struct stretch out = {0};

    for (int i = first; is_of(f, i, load); i++) {
        const struct spn_matrix_work *w = &f->work->matrix[i];
        const struct spn_layer_counts *c = phase == SPN_PHASE_FORWARD ? &w->forward : &w->error;
        bool last = w->first + w->parts == load + 1, works = w->own_s > 0;
        double own_s = w->own_s / w->parts;
        double bits = c->global_in_bit + (mesh ? 0 : c->global_out_bit);
        double slowest_s = fmax(own_s, last ? w->most_tail_s : 0);
        double sum_s = own_s + (last ? w->sum_tail_s : 0);
        out.latency_s += sum_s;
        out.interval_s = pipelined ? fmax(out.interval_s, slowest_s) : out.interval_s + sum_s;
        out.bus_s += works ? spn_global_bus_s(f, bits) / w->parts : 0;
    }
    return out;
}

/* What of a load is left when so many images' computing beside it is done. [M:E73] */
static double left_s(const struct load *l, const struct stretch *beside, double images)
{
    double computing_s = images > 1 ? images * beside->interval_s : beside->latency_s;
    double both_s = fmax(l->longest_s, l->way_s[BUS] + images * beside->bus_s);

    return fmax(0, fmin(both_s - computing_s, l->longest_s));
}

/* Times of all loads. Forward each is loaded beside the computing of the one before, back beside
 * that of the one behind; the first one forward beside the last of the batch before. */
static void set_times(struct spn_frame *f, const struct pass *pass, struct spn_loads *out)
{
    const int n = f->work->n_loads;
    const bool forward = pass->phase == SPN_PHASE_FORWARD, beside = f->chip->system.prefetch;
    const double images = f->chip->system.batch;
    struct stretch before = computing_of(f, n - 1, first_of(f, n - 1, 0), pass->phase);

    for (int load = 0, first = 0; load < n; load++) {
        first = first_of(f, load, first);
        const struct load l = load_of(f, load, first, pass);
        if (!forward && load + 1 < n)
            before = computing_of(f, load + 1, first_of(f, load + 1, first), pass->phase);
        double steady_s = beside ? left_s(&l, &before, images) : l.longest_s;
        double image_s = beside ? left_s(&l, &before, 1) : l.longest_s;
        bool exposed = forward && load == 0;
        image_s = exposed ? l.longest_s : image_s; /* nothing runs before it */
        give_time(f, load, first, &l, pass, l.longest_s > 0 ? image_s / l.longest_s : 0);
        out->all_s += l.longest_s;
        out->waited_s += steady_s;
        out->image_s += image_s;
        out->batch_s += exposed ? l.longest_s : steady_s;
        if (forward)
            before = computing_of(f, load, first, pass->phase);
    }
}

/* Leaves of one layer's way from DRAM into the cells. */
static void add_leaves(struct spn_frame *f, int matrix, const struct pass *pass)
{
    struct spn_writing_request how = pass->how;
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    how.share *= loaded_frac(f, matrix, pass);
    double bits = stored_bit(f, matrix) * how.share, tile_word = f->chip->tile.bus_bit;
    bool mesh = f->chip->global.interconnect == SPN_INTERCONNECT_MESH;
    struct spn_writing x = spn_writing_of(f, matrix, &how);
    struct spn_frame_item item = {.layer = f->plan->matrix[matrix].layer,
                                  .phase = pass->phase,
                                  .category = SPN_CATEGORY_DRAM,
                                  .inference = pass->phase == SPN_PHASE_FORWARD,
                                  .latency_s = w->load_s[DRAM]};

    spn_frame_add_action(f, &item, SPN_BLOCK_DRAM, SPN_DRAM_BIT, bits);
    item.category = SPN_CATEGORY_INTERCONNECT;
    item.block = spn_frame_block(f, mesh ? SPN_BLOCK_ROUTER : SPN_BLOCK_GLOBAL_HTREE);
    item.n = bits;
    item.unit_J = spn_global_bit(f, w->hops_port, 1).energy_J;
    item.latency_s = w->load_s[BUS];
    spn_frame_add(f, &item);
    item.latency_s = 0;
    spn_frame_add_action(f, &item,
                         w->map.kernel_position ? SPN_BLOCK_KERNEL_HTREE : SPN_BLOCK_TILE_HTREE,
                         SPN_HTREE_UNICAST, bits);
    spn_frame_add_action(f, &item, SPN_BLOCK_PE_HTREE, SPN_HTREE_UNICAST, bits * w->map.copies);
    item.category = SPN_CATEGORY_BUFFER;
    spn_frame_add_action(f, &item, SPN_BLOCK_TILE_INPUT, SPN_SRAM_WRITE, bits / tile_word);
    spn_frame_add_action(f, &item, SPN_BLOCK_TILE_INPUT, SPN_SRAM_READ, bits / tile_word);
    spn_writing_add(f, matrix, &x, &how, w->load_s[WRITE]);
    if (!f->scheme->masked)
        return;
    item.category = SPN_CATEGORY_WRITE;
    item.block = &w->forward_blocks.block[0];
    item.n = x.all_cells * how.share;
    item.unit_J = w->forward_blocks.block[0].cost.action[SPN_ARRAY_WRITE_MASK].energy_J;
    spn_frame_add(f, &item);
}

/* Results (or errors on their way back) that wait for another load, of more than one image: to DRAM
 * and back. */
static void add_waiting(struct spn_frame *f, enum spn_phase phase, struct spn_loads *out)
{
    const struct spn_network *net = f->plan->net;
    const bool forward = phase == SPN_PHASE_FORWARD;
    double word = forward ? f->chip->input.bits : f->chip->training.error_bits;
    struct spn_cost bit = *spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_BIT);

    spn_fit_places(f);
    for (int i = 0; i < net->n_layers; i++) {
        double bits = spn_fit_later(f, i) > 0 ? (double)net->layer[i].n_out * word : 0;
        struct spn_frame_item item = {.layer = i,
                                      .phase = phase,
                                      .category = SPN_CATEGORY_DRAM,
                                      .inference = forward,
                                      .block = spn_frame_block(f, SPN_BLOCK_DRAM),
                                      .n = 2 * bits,
                                      .unit_J = bit.energy_J,
                                      .latency_s = 2 * bits * bit.latency_s};
        spn_frame_add(f, &item);
        out->waiting_bit += item.n;
        out->waiting_s += item.latency_s;
    }
}

struct spn_loads spn_load_add(struct spn_frame *f, enum spn_phase phase)
{
    const struct spn_chip_write write = write_of(f->chip);
    const struct pass pass = {
        phase, {.write = &write, .phase = phase, .share = 1.0 / f->chip->system.batch}};
    const int before = f->tree.n;
    struct spn_loads out = {0};

    if (f->work->n_loads <= 1)
        return out;
    for (int i = 0; i < f->plan->n_matrix; i++)
        for (int k = 0; k < N_WAYS; k++)
            f->work->matrix[i].load_s[k] = 0;
    set_times(f, &pass, &out);
    for (int i = 0; i < f->plan->n_matrix; i++) {
        double share = loaded_frac(f, i, &pass);
        out.bit += share * stored_bit(f, i);
        if (share > 0)
            add_leaves(f, i, &pass);
    }
    for (int i = before; i < f->tree.n; i++)
        out.energy_J += f->tree.leaf[i].cost.energy_J / pass.how.share;
    if (f->chip->system.batch > 1)
        add_waiting(f, phase, &out);
    return out;
}

void spn_load_report(const struct spn_frame *f, const struct spn_loads *loads,
                     struct spn_system_result *out)
{
    out->load_s = loads->all_s;
    out->load_J = loads->energy_J;
    out->load_bit = loads->bit;
    out->load_waited_s = loads->waited_s;
    out->waiting_bit = loads->waiting_bit;
    out->waiting_s = loads->waiting_s;
    if (f->work->n_loads > 1) /* two halves of the chip take turns */
        out->load_writes = ceil(f->work->n_loads / (f->chip->system.prefetch ? 2.0 : 1.0));
}

double spn_load_update(struct spn_frame *f)
{
    const struct spn_cost bit = *spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_BIT);
    const struct spn_cost add = *spn_frame_action(f, SPN_BLOCK_ELEMENTWISE, 0);
    const double lanes = f->work->blocks.lanes;
    double dram_s = spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_ACCESS)->latency_s, work_s = 0;

    for (int i = 0; i < f->plan->n_matrix; i++) {
        const struct spn_layer *layer = &f->plan->net->layer[f->plan->matrix[i].layer];
        double kept = (double)layer->n_weights * f->scheme->kept(f->work->matrix[i].sparsity);
        dram_s += (stored_bit(f, i) + kept * f->chip->weight.bits) * bit.latency_s;
        work_s += kept / lanes * add.latency_s;
    }
    for (int i = 0; i < f->plan->n_matrix; i++) {
        const int index = f->plan->matrix[i].layer;
        double kept = (double)f->plan->net->layer[index].n_weights *
                      f->scheme->kept(f->work->matrix[i].sparsity);
        double bits = stored_bit(f, i) + kept * f->chip->weight.bits;
        struct spn_frame_item item = {
            .layer = index, .phase = SPN_PHASE_UPDATE, .category = SPN_CATEGORY_DRAM};
        double share =
            bits * bit.latency_s +
            (i == 0 ? spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_ACCESS)->latency_s : 0);
        item.latency_s = dram_s >= work_s ? share : 0;
        spn_frame_add_action(f, &item, SPN_BLOCK_DRAM, SPN_DRAM_BIT, bits);
        item.category = SPN_CATEGORY_DIGITAL;
        item.latency_s = dram_s >= work_s ? 0 : kept / lanes * add.latency_s;
        spn_frame_add_action(f, &item, SPN_BLOCK_ELEMENTWISE, 0, kept);
        f->work->result[index].update_latency_s += fmax(share, kept / lanes * add.latency_s);
        item.category = SPN_CATEGORY_BUFFER;
        item.latency_s = 0;
        spn_frame_add_action(f, &item, SPN_BLOCK_GRADIENT_BUFFER, SPN_SRAM_READ,
                             kept * f->chip->training.gradient_bits / f->chip->global.bus_bit);
    }
    return fmax(dram_s, work_s);
}
