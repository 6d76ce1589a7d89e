/* digital_layers.c -- layers that are not on arrays: activations, pools, norms, softmax, sums,
 * products of activations.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A layer that is fused takes its producer's results as they come, beside the producer's own work,
 * and so adds only the delay of one element; any other reads its inputs from the global buffer.
 * What nobody takes directly is written back there. Units have as many lanes as the bus brings
 * activations; products of activations run on the chip's digital MACs. [M:E17]
 */
#include "estimator/frame.h"
#include "estimator/products.h"
#include "models/digital.h"
#include "models/dram.h"
#include "models/sram.h"

enum amount {
    NOTHING,
    PER_OUTPUT,
    PER_INPUT,
    PER_WINDOW,
    PER_ROW,
    PER_EXTRA_INPUT,
    PER_MAC,
    PER_OUTPUT_TWICE
};

/* Up to two actions per op. */
struct op_cost {
    enum spn_block_id block;
    struct {
        int action;
        enum amount amount;
    } part[2];
};

static const struct op_cost op_costs[SPN_N_OPS] = {
    [SPN_OP_RELU] = {SPN_BLOCK_ACTIVATION, {{SPN_ACTIVATION_RELU, PER_OUTPUT}}},
    [SPN_OP_GELU] = {SPN_BLOCK_ACTIVATION, {{SPN_ACTIVATION_LUT, PER_OUTPUT}}},
    [SPN_OP_SIGMOID] = {SPN_BLOCK_ACTIVATION, {{SPN_ACTIVATION_LUT, PER_OUTPUT}}},
    [SPN_OP_TANH] = {SPN_BLOCK_ACTIVATION, {{SPN_ACTIVATION_LUT, PER_OUTPUT}}},
    [SPN_OP_SILU] = {SPN_BLOCK_ACTIVATION, {{SPN_ACTIVATION_GATED, PER_OUTPUT}}},
    [SPN_OP_SOFTMAX] = {SPN_BLOCK_SOFTMAX,
                        {{SPN_SOFTMAX_ELEMENT, PER_OUTPUT}, {SPN_SOFTMAX_ROW, PER_ROW}}},
    [SPN_OP_LAYERNORM] = {SPN_BLOCK_NORM,
                          {{SPN_NORM_LAYERNORM_ELEMENT, PER_OUTPUT}, {SPN_NORM_ROW, PER_ROW}}},
    [SPN_OP_RMSNORM] = {SPN_BLOCK_NORM,
                        {{SPN_NORM_RMSNORM_ELEMENT, PER_OUTPUT}, {SPN_NORM_ROW, PER_ROW}}},
    [SPN_OP_MAXPOOL2D] = {SPN_BLOCK_POOL, {{SPN_POOL_COMPARE, PER_WINDOW}}},
    [SPN_OP_AVGPOOL2D] = {SPN_BLOCK_POOL,
                          {{SPN_POOL_ACCUMULATE, PER_WINDOW}, {SPN_POOL_SCALE, PER_OUTPUT}}},
    [SPN_OP_GLOBAL_AVGPOOL] = {SPN_BLOCK_POOL,
                               {{SPN_POOL_ACCUMULATE, PER_INPUT}, {SPN_POOL_SCALE, PER_OUTPUT}}},
    [SPN_OP_GLOBAL_MAXPOOL] = {SPN_BLOCK_POOL, {{SPN_POOL_COMPARE, PER_INPUT}}},
    [SPN_OP_ADD] = {SPN_BLOCK_ELEMENTWISE, {{SPN_ELEMENTWISE_ADD, PER_EXTRA_INPUT}}},
    [SPN_OP_MUL] = {SPN_BLOCK_ELEMENTWISE, {{SPN_ELEMENTWISE_MULTIPLY, PER_EXTRA_INPUT}}},
    [SPN_OP_POSITION] = {SPN_BLOCK_ELEMENTWISE, {{SPN_ELEMENTWISE_ADD, PER_OUTPUT}}},
    [SPN_OP_ROTARY] = {SPN_BLOCK_ELEMENTWISE,
                       {{SPN_ELEMENTWISE_MULTIPLY, PER_OUTPUT_TWICE},
                        {SPN_ELEMENTWISE_ADD, PER_OUTPUT}}},
    [SPN_OP_MATMUL] = {SPN_BLOCK_MAC, {{SPN_MAC_MAC, PER_MAC}}},
};

static double amount_of(const struct spn_frame *f, int index, enum amount amount)
{
    const struct spn_layer *layer = &f->plan->net->layer[index];
    double n_out = (double)layer->n_out,
           last = layer->out_shape.n > 0 ? layer->out_shape.dim[layer->out_shape.n - 1] : 1;

    switch (amount) {
    case PER_OUTPUT:
        return n_out;
    case PER_OUTPUT_TWICE:
        return 2 * n_out;
    case PER_INPUT:
        return f->plan->layer[index].n_in;
    case PER_WINDOW:
        return n_out * layer->kernel[0] * layer->kernel[1];
    case PER_ROW:
        return last > 0 ? n_out / last : 0;
    case PER_EXTRA_INPUT:
        return n_out * (layer->n_in > 1 ? layer->n_in - 1 : 1);
    case PER_MAC:
        return (double)layer->n_dynamic_macs;
    case NOTHING:
        break;
    }
    return 0;
}

/* Only its order changes, or it was folded into the layer before: no unit works. */
static bool is_free(const struct spn_layer *layer)
{
    return layer->op != SPN_OP_EMBEDDING && op_costs[layer->op].part[0].amount == NOTHING;
}

/* Reads of inputs and writes of outputs that go through the global buffer; returns the time of the
 * longer. */
static double add_buffer(struct spn_frame *f, int index, enum spn_phase phase, double hidden_s)
{
    const struct spn_plan_layer *p = &f->plan->layer[index];
    const struct spn_layer *layer = &f->plan->net->layer[index];
    double bits = f->chip->input.bits, word = f->chip->global.bus_bit;
    bool reads = p->matrix < 0 && !p->fused && !is_free(layer) && layer->op != SPN_OP_EMBEDDING;
    bool passed = f->direct && p->root >= 0 && f->plan->matrix[p->root].direct_only;
    bool writes = p->writes_back && !passed && !(p->matrix < 0 && !p->fused && is_free(layer));
    bool cached = f->chip->system.cache_place == SPN_CACHE_GLOBAL_BUFFER && !spn_products_wanted(f);
    double n_read = reads ? (p->n_in + (cached ? p->n_cached : 0)) * bits / word : 0,
           n_write = writes ? (double)layer->n_out * bits / word : 0;

    if (n_read <= 0 && n_write <= 0)
        return 0;
    double read_s = n_read * spn_buffer_word_s(f, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ);
    double write_s = n_write * spn_buffer_word_s(f, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_WRITE);
    double time_s = read_s > write_s ? read_s : write_s;

    /* Results change as often as inputs of the layer that takes them; else they count as random. */
    double more = phase == SPN_PHASE_FORWARD && p->reader > 0
                      ? f->work->matrix[p->reader - 1].input.toggle / SPN_BLOCKS_RANDOM_FRAC - 1
                      : 0;

    f->busy_s[SPN_BLOCK_GLOBAL_BUFFER] += read_s + write_s;
    struct spn_frame_item item = {.layer = index,
                                  .phase = phase,
                                  .category = SPN_CATEGORY_BUFFER,
                                  .inference = phase == SPN_PHASE_FORWARD,
                                  .block = spn_frame_block(f, SPN_BLOCK_GLOBAL_BUFFER)};

    /* Written while the producer works: one word after its last result. */
    if (p->matrix >= 0 || p->fused)
        time_s = n_write > 0
                     ? spn_frame_action(f, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_WRITE)->latency_s
                     : 0;
    time_s = time_s > hidden_s ? time_s : 0;
    item.n = n_write;
    item.unit_J = spn_frame_data_J(f, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_WRITE, more);
    item.latency_s = time_s;
    spn_frame_add(f, &item);
    item.n = n_read;
    item.unit_J = spn_frame_action(f, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ)->energy_J;
    item.latency_s = 0;
    spn_frame_add(f, &item);
    return time_s;
}

/* Rows of the table, one per token, from DRAM [M:E17]. */
static double add_embedding(struct spn_frame *f, int index, enum spn_phase phase)
{
    double bits = (double)f->plan->net->layer[index].n_out * f->chip->weight.bits;
    struct spn_cost bit = *spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_BIT);
    struct spn_frame_item item = {.layer = index,
                                  .phase = phase,
                                  .category = SPN_CATEGORY_DRAM,
                                  .inference = phase == SPN_PHASE_FORWARD,
                                  .block = spn_frame_block(f, SPN_BLOCK_DRAM),
                                  .n = bits,
                                  .unit_J = bit.energy_J};

    item.latency_s =
        spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_ACCESS)->latency_s + bits * bit.latency_s;
    spn_frame_add(f, &item);
    return item.latency_s;
}

/* Bits of keys or values of earlier tokens from DRAM, and of the new ones there. [M:E48] */
static double cache_bit(const struct spn_frame *f, int index)
{
    const struct spn_plan_layer *p = &f->plan->layer[index];
    bool in_dram = p->n_cached > 0 && f->chip->system.cache_place == SPN_CACHE_DRAM;

    return in_dram ? (p->n_cached + p->n_kept) * f->chip->input.bits : 0;
}

static double cache_s(const struct spn_frame *f, int index)
{
    double bits = cache_bit(f, index);

    return bits > 0 ? spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_ACCESS)->latency_s +
                          bits * spn_frame_action(f, SPN_BLOCK_DRAM, SPN_DRAM_BIT)->latency_s
                    : 0;
}

double spn_digital_add(struct spn_frame *f, int index, enum spn_phase phase)
{
    const struct spn_layer *layer = &f->plan->net->layer[index];
    const struct spn_plan_layer *p = &f->plan->layer[index];
    const struct op_cost *op = &op_costs[layer->op];
    double work_s = 0, buffer_s;
    double units = op->block == SPN_BLOCK_MAC ? f->chip->training.mac_units : f->work->blocks.lanes;

    if (p->matrix >= 0)
        return add_buffer(f, index, phase, 0);
    if (layer->op == SPN_OP_EMBEDDING)
        return add_embedding(f, index, phase) + add_buffer(f, index, phase, 0);
    if (layer->op == SPN_OP_MATMUL && spn_products_wanted(f)) {
        work_s = spn_products_add(f, index);
        return work_s + add_buffer(f, index, phase, 0);
    }
    /* Errors of both factors of a product of activations: twice the work. */
    double times = phase == SPN_PHASE_ERROR && layer->op == SPN_OP_MATMUL ? 2 : 1;
    double n[2] = {0, 0}, part_s[2] = {0, 0};
    for (int i = 0; i < 2 && op->part[i].amount != NOTHING; i++) {
        n[i] = times * amount_of(f, index, op->part[i].amount);
        double action_s = spn_frame_action(f, op->block, op->part[i].action)->latency_s;
        part_s[i] = p->fused ? action_s : n[i] / units * action_s;
        work_s += part_s[i];
        f->busy_s[op->block] += n[i] / units * action_s;
    }
    /* Buffer, DRAM and units work side by side; the longest counts. */
    double dram_s = cache_s(f, index);
    buffer_s = add_buffer(f, index, phase, dram_s > work_s ? dram_s : work_s);
    dram_s = buffer_s > 0 || dram_s <= work_s ? 0 : dram_s;
    const double cached_bit = cache_bit(f, index);
    struct spn_frame_item cache = {.layer = index,
                                   .phase = phase,
                                   .category = SPN_CATEGORY_DRAM,
                                   .inference = phase == SPN_PHASE_FORWARD,
                                   .latency_s = dram_s};
    if (cached_bit > 0) {
        spn_frame_add_action(f, &cache, SPN_BLOCK_DRAM, SPN_DRAM_BIT, cached_bit);
        f->busy_s[SPN_BLOCK_DRAM] += cache_s(f, index);
    }
    for (int i = 0; i < 2 && op->part[i].amount != NOTHING; i++) {
        struct spn_frame_item item = {
            .layer = index,
            .phase = phase,
            .category = SPN_CATEGORY_DIGITAL,
            .inference = phase == SPN_PHASE_FORWARD,
            .block = spn_frame_block(f, op->block),
            .n = n[i],
            .unit_J = spn_frame_action(f, op->block, op->part[i].action)->energy_J,
            .latency_s = buffer_s > 0 || dram_s > 0 ? 0 : part_s[i]};
        spn_frame_add(f, &item);
    }
    return buffer_s > 0 ? buffer_s : dram_s > 0 ? dram_s : work_s;
}
