/* memory.c -- evaluations kept between design points, so that a sweep does each once.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The axes of a sweep come back to the same values again and again, and most blocks depend on few
 * of them: evaluations are kept with what they were made from, byte for byte, and found by a hash
 * of it. That one which is in use is looked at first, as most things stay from point to point.
 */
#include "estimator/blocks.h"

#include <stdlib.h>
#include <string.h>

enum { N_ENTRIES = SPN_MEMORY_SETS * SPN_MEMORY_WAYS, MAX_LAYER_SETS = 1024 };

static uint64_t fold(uint64_t hash, const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return (hash ^ word) * 0x9e3779b97f4a7c15u; /* 2^64 over the golden ratio, odd */
}

/* Two chains side by side; what is behind the last whole word is left to the comparison. */
static uint64_t hash_of(const void *data, size_t size, uint64_t start)
{
    enum { WORD = sizeof(uint64_t) };
    const unsigned char *at = data;
    uint64_t even = start, odd = 1;

    for (; size >= 2 * WORD; size -= 2 * WORD, at += 2 * WORD) {
        even = fold(even, at);
        odd = fold(odd, at + WORD);
    }
    if (size >= WORD)
        even = fold(even, at);
    even ^= odd >> 32 ^ odd << 32;
    even = (even ^ even >> 32) * 0x9e3779b97f4a7c15u; /* high bits down, and up again */
    return even ^ even >> 32;
}

/* The entry of a set that gives way. */
static int next_of(unsigned char *next, int set)
{
    int way = next[set];
    next[set] = (unsigned char)((way + 1) % SPN_MEMORY_WAYS);
    return set * SPN_MEMORY_WAYS + way;
}

enum spn_status spn_blocks_create(struct spn_blocks *b, struct spn_err *err)
{
    size_t array = 0, other = 0; /* the most parameters that arrays have, and other blocks */

    for (const struct spn_component_type *const *t = spn_components; *t; t++) {
        size_t *most = strcmp((*t)->role, spn_component_array.role) == 0 ? &array : &other;
        *most = (*t)->size > *most ? (*t)->size : *most;
    }
    /* In large pieces: what is never used of them is never touched. */
    b->states.entry = calloc(N_ENTRIES, sizeof *b->states.entry);
    b->entry = calloc((size_t)SPN_N_BLOCKS * N_ENTRIES, sizeof *b->entry);
    b->params = calloc(N_ENTRIES, array + (SPN_N_BLOCKS - 1) * other);
    if (!b->states.entry || !b->entry || !b->params)
        return spn_err_memory(err, "evaluations");
    unsigned char *params = b->params;
    for (int id = 0; id < SPN_N_BLOCKS; id++) {
        struct spn_block_memory *m = &b->memory[id];
        m->room = id == SPN_BLOCK_ARRAY ? array : other;
        m->entry = b->entry + (size_t)id * N_ENTRIES;
        m->params = params;
        params += N_ENTRIES * m->room;
    }
    return SPN_OK;
}

void spn_blocks_destroy(struct spn_blocks *b)
{
    free(b->states.entry);
    free(b->entry);
    free(b->params);
}

int spn_layer_blocks_sets(int n_layers)
{
    int n = SPN_MEMORY_SETS;
    while (n > 1 && n > MAX_LAYER_SETS / (n_layers > 0 ? n_layers : 1))
        n /= 2;
    return n;
}

static bool same_node(const struct spn_surroundings_entry *e, const struct spn_chip *chip)
{
    return e->generation && e->temperature_K == chip->temperature_K &&
           memcmp(&e->nominal, &chip->node, sizeof chip->node) == 0;
}

/* The node at the chip's supply; a sweep over supplies does the temperature's part once. */
static void scale_node(const struct spn_surroundings *around, struct spn_surroundings_entry *e,
                       const struct spn_chip *chip)
{
    const double vdd_V = chip->vdd_V > 0 ? chip->vdd_V : chip->node.vdd_V;

    e->scaled = spn_supply_differs(&chip->node, chip->temperature_K, vdd_V);
    if (!e->scaled) {
        memcpy(&e->node, &chip->node, sizeof chip->node);
        return;
    }
    const struct spn_surroundings_entry *like = NULL;
    for (int i = 0; i < SPN_SURROUNDINGS_WAYS && !like; i++)
        if (&around->entry[i] != e && around->entry[i].scaled && same_node(&around->entry[i], chip))
            like = &around->entry[i];
    if (like)
        e->supply = like->supply;
    else
        spn_supply_prepare(&e->supply, &chip->node, chip->temperature_K);
    spn_supply_apply(&e->node, &chip->node, &e->supply, vdd_V);
}

void spn_surroundings_set(struct spn_surroundings *around, const struct spn_chip *chip)
{
    struct spn_surroundings_entry *e = NULL;

    for (int k = 0; k < SPN_SURROUNDINGS_WAYS && !e; k++) {
        int i = (around->now + k) % SPN_SURROUNDINGS_WAYS;
        struct spn_surroundings_entry *one = &around->entry[i];
        if (one->clock_Hz == chip->clock_Hz && one->vdd_V == chip->vdd_V && same_node(one, chip)) {
            around->now = i;
            e = one;
        }
    }
    if (!e) {
        around->now = around->next;
        around->next = (around->next + 1) % SPN_SURROUNDINGS_WAYS;
        e = &around->entry[around->now];
        scale_node(around, e, chip);
        memcpy(&e->nominal, &chip->node, sizeof chip->node);
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

static unsigned char *params_of(const struct spn_block_memory *memory, int entry)
{
    return memory->params + (size_t)entry * memory->room;
}

static bool is_entry(const struct spn_block_memory *memory, int entry,
                     const struct spn_block_request *request, unsigned long generation)
{
    const struct spn_block_entry *e = &memory->entry[entry];
    return e->generation == generation && e->type == request->type &&
           memcmp(params_of(memory, entry), request->params, request->type->size) == 0;
}

static void use(struct spn_block *block, struct spn_block_memory *memory, int entry, double n)
{
    const struct spn_block_entry *e = &memory->entry[entry];

    if (entry != memory->now || block->type != e->type)
        block->cost = e->cost;
    block->type = e->type;
    block->n = n;
    block->serial = e->serial;
    memory->now = entry;
}

enum spn_status spn_block_set(struct spn_block *block, struct spn_block_memory *memory,
                              const struct spn_block_request *request,
                              const struct spn_surroundings *around, struct spn_err *err)
{
    if (is_entry(memory, memory->now, request, around->generation)) {
        use(block, memory, memory->now, request->n);
        return SPN_OK;
    }
    const uint64_t hash = hash_of(request->params, request->type->size, around->generation);
    const int set = (int)(hash % SPN_MEMORY_SETS);
    for (int i = set * SPN_MEMORY_WAYS; i < (set + 1) * SPN_MEMORY_WAYS; i++)
        if (memory->entry[i].hash == hash && is_entry(memory, i, request, around->generation)) {
            use(block, memory, i, request->n);
            return SPN_OK;
        }
    enum spn_status status = spn_block_evaluate(block, request, around, err);
    if (status) {
        block->type = NULL;
        return status;
    }
    memory->now = next_of(memory->next, set);
    struct spn_block_entry *e = &memory->entry[memory->now];
    e->type = request->type;
    e->generation = around->generation;
    e->hash = hash;
    e->cost = block->cost;
    e->serial = block->serial = ++memory->evaluations;
    memcpy(params_of(memory, memory->now), request->params, request->type->size);
    return SPN_OK;
}

void spn_block_none(struct spn_block *block)
{
    if (block->type || block->n != 0)
        memset(block, 0, sizeof *block);
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
    struct spn_blocks_states_entry *e = &states->entry[states->now];
    if (e->version && memcmp(&e->state, &now, sizeof now) == 0)
        return e->version;
    const int set = (int)(hash_of(&now, sizeof now, 0) % SPN_MEMORY_SETS);
    for (int i = set * SPN_MEMORY_WAYS; i < (set + 1) * SPN_MEMORY_WAYS; i++)
        if (states->entry[i].version && memcmp(&states->entry[i].state, &now, sizeof now) == 0) {
            states->now = i;
            return states->entry[i].version;
        }
    states->now = next_of(states->next, set);
    e = &states->entry[states->now];
    memcpy(&e->state, &now, sizeof now);
    return e->version = ++states->n_versions;
}

static bool is_layer_entry(const struct spn_layer_blocks_entry *e, unsigned long version,
                           const struct spn_array_values *values)
{
    return e->version == version && memcmp(&e->values, values, sizeof *values) == 0;
}

enum spn_status spn_layer_blocks_set(struct spn_layer_blocks *layer,
                                     const struct spn_blocks *blocks,
                                     const struct spn_blocks_input *in,
                                     const struct spn_array_values *values, struct spn_err *err)
{
    if (is_layer_entry(&layer->entry[layer->now], blocks->version, values))
        return SPN_OK;
    const int set =
        (int)(hash_of(values, sizeof *values, blocks->version) % (unsigned)layer->n_sets);
    for (int i = set * SPN_MEMORY_WAYS; i < (set + 1) * SPN_MEMORY_WAYS; i++)
        if (is_layer_entry(&layer->entry[i], blocks->version, values)) {
            layer->now = i;
            layer->block = layer->entry[i].block;
            return SPN_OK;
        }
    const int way = next_of(layer->next, set);
    struct spn_layer_blocks_entry *e = &layer->entry[way];
    e->version = 0;
    enum spn_status status = spn_blocks_layer(blocks, in, values, layer->transposed, e->block, err);
    if (status)
        return status;
    e->version = blocks->version;
    e->values = *values;
    layer->now = way;
    layer->block = e->block;
    return SPN_OK;
}
