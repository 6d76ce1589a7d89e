/* memory.c -- evaluations kept between design points, so that a sweep does each once.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The axes of a sweep come back to the same few values again and again, and most blocks depend on
 * few of them: the last SPN_MEMORY_WAYS evaluations of each are kept, with what they were made
 * from, byte for byte. The oldest gives way.
 */
#include "estimator/blocks.h"

#include <string.h>

#include "models/supply.h"

_Static_assert(sizeof(struct spn_array) <= SPN_BLOCK_MAX_PARAMS, "a block keeps its parameters");

static bool same_surroundings(const struct spn_surroundings_entry *e, const struct spn_chip *chip)
{
    return e->generation && e->temperature_K == chip->temperature_K &&
           e->clock_Hz == chip->clock_Hz && e->vdd_V == chip->vdd_V &&
           memcmp(&e->nominal, &chip->node, sizeof chip->node) == 0;
}

void spn_surroundings_set(struct spn_surroundings *around, const struct spn_chip *chip)
{
    struct spn_surroundings_entry *e = NULL;

    for (int k = 0; k < SPN_MEMORY_WAYS && !e; k++) {
        int i = (around->now + k) % SPN_MEMORY_WAYS;
        if (same_surroundings(&around->entry[i], chip)) {
            around->now = i;
            e = &around->entry[i];
        }
    }
    if (!e) {
        around->now = around->next;
        around->next = (around->next + 1) % SPN_MEMORY_WAYS;
        e = &around->entry[around->now];
        memcpy(&e->nominal, &chip->node, sizeof chip->node);
        memcpy(&e->node, &chip->node, sizeof chip->node);
        double vdd_V = chip->vdd_V > 0 ? chip->vdd_V : chip->node.vdd_V;
        if (spn_supply_differs(&chip->node, chip->temperature_K, vdd_V))
            spn_supply_scale(&e->node, &chip->node, chip->temperature_K, vdd_V);
        e->vdd_V = chip->vdd_V;
        e->temperature_K = chip->temperature_K;
        e->clock_Hz = chip->clock_Hz;
        e->generation = ++around->n_generations;
    }
    around->generation = e->generation;
    around->node = &e->node;
    around->env = (struct spn_env){
        .node = &e->node, .temperature_K = chip->temperature_K, .clock_Hz = chip->clock_Hz};
}

enum spn_status spn_block_evaluate(struct spn_block *block, const struct spn_block_request *request,
                                   const struct spn_surroundings *around, struct spn_err *err)
{
    struct spn_component_cost cost;
    enum spn_status status = request->type->eval(request->params, &around->env, &cost, err);

    if (status) {
        spn_err_prefix(err, "%s: ", request->field);
        return status;
    }
    block->type = request->type;
    block->n = request->n;
    block->cost = cost;
    return SPN_OK;
}

enum spn_status spn_block_set(struct spn_block *block, struct spn_block_memory *memory,
                              const struct spn_block_request *request,
                              const struct spn_surroundings *around, struct spn_err *err)
{
    const size_t size = request->type->size;

    for (int k = 0; k < SPN_MEMORY_WAYS; k++) {
        int i = (memory->now + k) % SPN_MEMORY_WAYS;
        const struct spn_block_entry *e = &memory->entry[i];
        if (e->generation != around->generation || e->type != request->type ||
            memcmp(e->params, request->params, size) != 0)
            continue;
        if (k > 0 || block->type != e->type)
            block->cost = e->cost;
        block->type = e->type;
        block->n = request->n;
        block->serial = e->serial;
        memory->now = i;
        return SPN_OK;
    }
    enum spn_status status = spn_block_evaluate(block, request, around, err);
    if (status) {
        block->type = NULL;
        return status;
    }
    struct spn_block_entry *e = &memory->entry[memory->next];
    memory->now = memory->next;
    memory->next = (memory->next + 1) % SPN_MEMORY_WAYS;
    e->type = request->type;
    e->generation = around->generation;
    e->cost = block->cost;
    e->serial = block->serial = ++memory->evaluations;
    memcpy(e->params, request->params, size);
    return SPN_OK;
}

void spn_block_none(struct spn_block *block)
{
    memset(block, 0, sizeof *block);
}

const void *spn_block_params(const struct spn_block_memory *memory)
{
    return memory->entry[memory->now].params;
}

unsigned long spn_blocks_state(struct spn_blocks_states *states, const struct spn_blocks *blocks,
                               const struct spn_chip *chip)
{
    struct spn_blocks_state now;

    memset(&now, 0, sizeof now);
    for (int i = 0; i < SPN_BLOCK_N_OF_ARRAY; i++)
        now.serial[i] = blocks->block[i].serial;
    memcpy(&now.array, &chip->array, sizeof now.array);
    memcpy(&now.input, &chip->input, sizeof now.input);
    memcpy(&now.weight, &chip->weight, sizeof now.weight);
    memcpy(&now.adc, &chip->adc, sizeof now.adc);
    for (int k = 0; k < SPN_MEMORY_WAYS; k++) {
        int i = (states->now + k) % SPN_MEMORY_WAYS;
        if (states->version[i] && memcmp(&states->state[i], &now, sizeof now) == 0) {
            states->now = i;
            return states->version[i];
        }
    }
    states->now = states->next;
    states->next = (states->next + 1) % SPN_MEMORY_WAYS;
    memcpy(&states->state[states->now], &now, sizeof now);
    return states->version[states->now] = ++states->n_versions;
}

enum spn_status spn_layer_blocks_set(struct spn_layer_blocks *layer,
                                     const struct spn_blocks *blocks,
                                     const struct spn_blocks_input *in,
                                     const struct spn_array_values *values, struct spn_err *err)
{
    enum spn_status status;

    for (int k = 0; k < SPN_MEMORY_WAYS; k++) {
        int i = (layer->now + k) % SPN_MEMORY_WAYS;
        if (layer->entry[i].version == blocks->version &&
            memcmp(&layer->entry[i].values, values, sizeof *values) == 0) {
            layer->now = i;
            layer->block = layer->entry[i].block;
            return SPN_OK;
        }
    }
    struct spn_layer_blocks_entry *e = &layer->entry[layer->next];
    e->version = 0;
    status = spn_blocks_layer(blocks, in, values, layer->transposed, e->block, err);
    if (status)
        return status;
    e->version = blocks->version;
    e->values = *values;
    layer->now = layer->next;
    layer->next = (layer->next + 1) % SPN_MEMORY_WAYS;
    layer->block = e->block;
    return SPN_OK;
}
