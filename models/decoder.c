/* decoder.c -- a row decoder: predecoders of NAND2, gates per line, a driver chain per line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Address bits are decoded in pairs to one of four; each line joins one wire of every pair and
 * drives its load. Charging the line itself is counted by what the line belongs to. Equations
 * A13-A14 of docs/MODELS.md.
 */
#include "models/decoder.h"

#include <math.h>

#include "models/gate.h"
#include "models/wire.h"

#define LINES_PER_PAIR 4 /* two address bits */
/* A random new address changes a pair of bits in 3 of 4 cases, each bit in 1 of 2. */
#define PAIR_CHANGES 0.75
#define BIT_CHANGES 0.5

struct stages {
    int n_bits, n_pairs, n_joins; /* two-input gates per line that join the pairs */
    int join_depth;
};

static struct stages stages_of(int n_lines)
{
    struct stages s = {0};
    while ((1 << s.n_bits) < n_lines)
        s.n_bits++;
    s.n_pairs = (s.n_bits + 1) / 2;
    s.n_joins = s.n_pairs > 1 ? s.n_pairs - 1 : 0;
    while ((1 << s.join_depth) < s.n_pairs)
        s.join_depth++;
    return s;
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_decoder *d = params;
    const enum spn_status status = spn_component_check(&spn_component_decoder, params, err);
    if (status)
        return status;
    const struct stages s = stages_of(d->n_lines);
    const double vdd_V = env->node->vdd_V, w = spn_gate_min_width_m(env);
    const struct spn_gate nand = spn_gate_min_nand2(env), nor = spn_gate_min_nor2(env);
    const struct spn_chain line = spn_gate_chain(env, w, d->line_F);
    const struct spn_wire line_wire = {0, d->line_ohm, d->line_F};
    const double pitch_m = d->pitch_m > 0 ? d->pitch_m : nand.height_m;
    const struct spn_wire along = spn_wire_local(env, d->n_lines * pitch_m);
    /* each predecoded wire runs along all lines and is joined by a quarter of them */
    const double tap_F = s.n_joins > 0 ? nor.input_F : line.input_F;
    const double pre_F = along.F + ceil((double)d->n_lines / LINES_PER_PAIR) * tap_F;
    const struct spn_chain pre = spn_gate_chain(env, w, pre_F);
    const double n_pre = (double)s.n_pairs * LINES_PER_PAIR;
    *out = (struct spn_component_cost){
        .area_m2 = n_pre * (nand.area_m2 + pre.area_m2) +
                   d->n_lines * (s.n_joins * nor.area_m2 + line.area_m2),
        .leakage_W = n_pre * (nand.leakage_W + pre.leakage_W) +
                     d->n_lines * (s.n_joins * nor.leakage_W + line.leakage_W)};
    /* one predecoded wire of a changed pair falls, one rises; so do two lines [M:A13] */
    const double address_F = LINES_PER_PAIR / 2 * nand.input_F;
    const double changed_F =
        PAIR_CHANGES * s.n_pairs * (nand.output_F + pre.input_F + pre.internal_F + pre_F) +
        BIT_CHANGES / 2 * s.n_bits * address_F + s.n_joins * (nor.output_F + nor.input_F) +
        line.input_F + line.internal_F;
    /* [M:A14] */
    const double gate_s = spn_gate_horowitz_s(nand.pull_down_ohm * (nand.output_F + pre.input_F),
                                              SPN_GATE_STEP, NULL);
    const double join_s = spn_gate_horowitz_s(
        nor.pull_up_ohm * (nor.output_F + fmax(line.input_F, nor.input_F)), SPN_GATE_STEP, NULL);
    out->action[SPN_DECODER_DECODE] = (struct spn_cost){
        .energy_J = spn_gate_cycle_J(changed_F, vdd_V),
        .latency_s = gate_s + pre.delay_s + spn_wire_delay_s(0, along, tap_F) +
                     s.join_depth * join_s + line.delay_s + spn_wire_delay_s(0, line_wire, 0)};
    return SPN_OK;
}

#define D struct spn_decoder
static const struct spn_field fields[] = {
    SPN_F_INT(D, n_lines, "", 1, 1 << 20, "outputs"),
    SPN_F_DOUBLE(D, line_F, "F", 0, 1e-9, "what an output drives"),
    SPN_F_DOUBLE(D, line_ohm, "ohm", 0, 1e9, "resistance of that line"),
    SPN_F_DOUBLE(D, pitch_m, "m", 0, 1e-3, "distance of two lines; 0 = the height of a gate"),
    SPN_F_END};
#undef D

static const char *const actions[] = {"decode", NULL};

static void example(void *params)
{
    *(struct spn_decoder *)params =
        (struct spn_decoder){.n_lines = 64, .line_F = 10e-15, .line_ohm = 100};
}

const struct spn_component_type spn_component_decoder = {
    .name = "decoder",
    .role = "decoder",
    .doc = "selects one of n lines: predecoder, joining gates and a driver per line",
    .size = sizeof(struct spn_decoder),
    .fields = fields,
    .actions = actions,
    .model = "A13-A14",
    .example = example,
    .eval = eval};
