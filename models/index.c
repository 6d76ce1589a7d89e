/* index.c -- memory and decoder of an external sparsity index.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All walkers load index bits into an input register and give a position register per kept weight.
 * bitmap: the priority encoder finds the next 1 of the window, an adder puts the window's base
 * before it. csr: an adder joins row base and column number. rle: an adder advances the last
 * position by the run. [M:B19] The formats are those of [han2016eie] (run length), compressed rows,
 * and one mask bit per weight.
 */
#include "models/index.h"

#include <math.h>

#include "models/logic.h"

const char *const spn_index_walk_names[] = {"bitmap", "csr", "rle", NULL};

static const struct spn_field fields[] = {
    SPN_F_ENUM(struct spn_index_decoder, walk, spn_index_walk_names, "how the index is read"),
    SPN_F_DOUBLE(struct spn_index_decoder, bits_per_cycle, "bit", 1e-3, 4096,
                 "index bits per clock"),
    SPN_F_DOUBLE(struct spn_index_decoder, emits_per_cycle, "", 1e-3, 1024, "positions per clock"),
    SPN_F_INT(struct spn_index_decoder, entry_bits, "bit", 0, 64, "column number or run length"),
    SPN_F_INT(struct spn_index_decoder, position_bits, "bit", 1, 64, "address that comes out"),
    SPN_F_DOUBLE(struct spn_index_decoder, toggle_frac, "", 0, 1, "lines that change per action"),
    SPN_F_END};
static const char *const actions[] = {"bit", "emit", NULL};

static void example(void *params)
{
    *(struct spn_index_decoder *)params = (struct spn_index_decoder){.walk = SPN_INDEX_WALK_BITMAP,
                                                                     .bits_per_cycle = 64,
                                                                     .emits_per_cycle = 1,
                                                                     .entry_bits = 8,
                                                                     .position_bits = 16,
                                                                     .toggle_frac = 0.5};
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_index_decoder *p = params;
    enum spn_status status = spn_logic_check(&spn_component_index_decoder, params, env, err);
    if (status)
        return status;
    if (p->walk < SPN_INDEX_WALK_BITMAP || p->walk > SPN_INDEX_WALK_RLE)
        return spn_err_set(err, SPN_EINPUT, "index-decoder.walk = %d outside [0, 2]", p->walk);
    bool entries = p->walk != SPN_INDEX_WALK_BITMAP;
    if (entries && p->entry_bits < 1)
        return spn_err_set(err, SPN_EINPUT, "index-decoder.entry_bits = %d below 1 for %s",
                           p->entry_bits, spn_index_walk_names[p->walk]);
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    double window_bit = ceil(fmax(p->bits_per_cycle, entries ? p->entry_bits : 1));
    double walkers = ceil(p->emits_per_cycle);
    struct spn_cost window = spn_logic_register(&logic, window_bit, p->toggle_frac);
    struct spn_cost emit =
        spn_cost_serial(spn_logic_adder(&logic, p->position_bits, p->toggle_frac),
                        spn_logic_register(&logic, p->position_bits, p->toggle_frac));
    if (!entries)
        emit =
            spn_cost_serial(emit, spn_logic_priority_encoder(&logic, window_bit, p->toggle_frac));
    struct spn_cost whole = spn_cost_serial(window, spn_cost_scale(emit, walkers));
    *out = spn_logic_component(whole);
    double clocks = spn_logic_clocked_s(&logic, emit.latency_s, 1);
    out->action[SPN_INDEX_DECODER_BIT] =
        (struct spn_cost){.energy_J = window.energy_J / window_bit,
                          .latency_s = 1 / (p->bits_per_cycle * env->clock_Hz)};
    out->action[SPN_INDEX_DECODER_EMIT] =
        (struct spn_cost){.energy_J = emit.energy_J, .latency_s = clocks / p->emits_per_cycle};
    return SPN_OK;
}

const struct spn_component_type spn_component_index_decoder = {
    .name = "index-decoder",
    .role = "index",
    .doc = "finds the kept weights in an external index",
    .size = sizeof(struct spn_index_decoder),
    .fields = fields,
    .actions = actions,
    .model = "B3, B4, B7, B19",
    .example = example,
    .eval = eval,
};

static void memory_example(void *params)
{
    *(struct spn_sram *)params = spn_sram_default(1 << 16, 64);
}

static enum spn_status memory_eval(const void *params, const struct spn_env *env,
                                   struct spn_component_cost *out, struct spn_err *err)
{
    return spn_component_sram.eval(params, env, out, err);
}

static const char *const memory_actions[] = {"read", "write", NULL};

const struct spn_component_type spn_component_index_memory = {
    .name = "index-memory",
    .role = "index",
    .doc = "6T SRAM that holds an external sparsity index",
    .size = sizeof(struct spn_sram),
    .fields = spn_sram_fields,
    .actions = memory_actions,
    .model = "B11-B14",
    .example = memory_example,
    .eval = memory_eval,
};
