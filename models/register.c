/* register.c -- flip-flop banks and register files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A bank is bits times the flip-flop of models/logic.c. A register file is words of it, each with
 * its own gated clock: a write decodes the address, drives the data lines past all words and clocks
 * one word; a read decodes the address and opens one word's transmission gates onto the read lines
 * [weste2011, ch. 12]. The clock tree up to the words' gates is not counted. [M:B3, B10]
 */
#include "models/register.h"

#include <math.h>

#include "models/decoder.h"
#include "models/gate.h"
#include "models/logic.h"
#include "models/wire.h"

static const struct spn_field register_fields[] = {
    SPN_F_INT(struct spn_register, bits, "bit", 1, 1 << 24, "flip-flops"),
    SPN_F_DOUBLE(struct spn_register, toggle_frac, "", 0, 1, "bits that change per write"),
    SPN_F_END};
static const char *const register_actions[] = {"write", "read", "clock", NULL};

static void register_example(void *params)
{
    *(struct spn_register *)params = (struct spn_register){.bits = 64, .toggle_frac = 0.5};
}

static enum spn_status register_eval(const void *params, const struct spn_env *env,
                                     struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_register *p = params;
    enum spn_status status = spn_logic_check(&spn_component_register, params, env, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    struct spn_cost write = spn_logic_register(&logic, p->bits, p->toggle_frac);
    struct spn_cost read = spn_logic_cells(&logic.inverter, p->bits, 1, p->toggle_frac);
    struct spn_cost clock = {.energy_J = p->bits * logic.flip_flop_clock_J};
    *out = spn_logic_component(write);
    out->action[SPN_REGISTER_WRITE] = spn_logic_action(&logic, write, 1);
    out->action[SPN_REGISTER_READ] = (struct spn_cost){.energy_J = read.energy_J};
    out->toggled_J[SPN_REGISTER_WRITE] = write.energy_J - clock.energy_J;
    out->toggled_J[SPN_REGISTER_READ] = read.energy_J;
    out->action[SPN_REGISTER_CLOCK] = spn_logic_action(&logic, clock, 1);
    return SPN_OK;
}

const struct spn_component_type spn_component_register = {
    .name = "register",
    .role = "buffer",
    .doc = "a bank of flip-flops",
    .size = sizeof(struct spn_register),
    .fields = register_fields,
    .actions = register_actions,
    .model = "B3",
    .example = register_example,
    .eval = register_eval,
};

static const struct spn_field file_fields[] = {
    SPN_F_INT(struct spn_register_file, words, "", 1, 65536, "words"),
    SPN_F_INT(struct spn_register_file, word_bit, "bit", 1, 65536, "bits per word and access"),
    SPN_F_DOUBLE(struct spn_register_file, toggle_frac, "", 0, 1, "lines that change per access"),
    SPN_F_END};
static const char *const file_actions[] = {"write", "read", NULL};

static void file_example(void *params)
{
    *(struct spn_register_file *)params =
        (struct spn_register_file){.words = 32, .word_bit = 32, .toggle_frac = 0.5};
}

static enum spn_status file_eval(const void *params, const struct spn_env *env,
                                 struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_register_file *p = params;
    enum spn_status status = spn_logic_check(&spn_component_register_file, params, env, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    double words = p->words, bits = p->word_bit;
    const struct spn_logic_cell *pass = &logic.transmission;

    /* A word is one standard-cell row high and its flip-flops wide. */
    double cell_width_m = (logic.flip_flop.area_m2 + pass->area_m2) / logic.row_height_m;
    struct spn_wire select = spn_wire_local(env, bits * cell_width_m);
    struct spn_wire column = spn_wire_local(env, words * logic.row_height_m);
    select.F += bits * pass->input_F;
    column.F += words * pass->output_F; /* read line */

    struct spn_decoder lines = {.n_lines = p->words > 1 ? p->words : 2,
                                .line_F = select.F,
                                .line_ohm = select.ohm,
                                .pitch_m = logic.row_height_m};
    struct spn_component_cost decoder = {0};
    if (p->words > 1)
        status = spn_component_decoder.eval(&lines, env, &decoder, err);
    if (status)
        return status;
    struct spn_cost decode = decoder.action[SPN_DECODER_DECODE];
    decode.energy_J += spn_gate_cycle_J(select.F, logic.vdd_V);

    double write_line_F = column.F - words * pass->output_F + words * logic.flip_flop.input_F;
    double data_J = p->toggle_frac * bits / 2;
    struct spn_cost write = spn_logic_register(&logic, bits, p->toggle_frac);
    double read_J = data_J * spn_gate_cycle_J(column.F, logic.vdd_V),
           write_J = data_J * spn_gate_cycle_J(write_line_F, logic.vdd_V),
           hold_J = write.energy_J - bits * logic.flip_flop_clock_J;
    write.energy_J += decode.energy_J + write_J;
    write.latency_s += decode.latency_s;
    struct spn_cost read = {.energy_J = decode.energy_J + read_J};
    read.latency_s =
        decode.latency_s + spn_wire_delay_s(logic.flip_flop.drive_ohm + pass->drive_ohm, column, 0);

    *out = (struct spn_component_cost){0};
    out->area_m2 = words * bits * (logic.flip_flop.area_m2 + pass->area_m2) + 2 * decoder.area_m2;
    out->leakage_W = words * bits * logic.flip_flop.leakage_W + 2 * decoder.leakage_W;
    out->action[SPN_REGISTER_FILE_WRITE] = spn_logic_action(&logic, write, 1);
    out->action[SPN_REGISTER_FILE_READ] = spn_logic_action(&logic, read, 1);
    out->toggled_J[SPN_REGISTER_FILE_WRITE] = hold_J + write_J;
    out->toggled_J[SPN_REGISTER_FILE_READ] = read_J;
    return SPN_OK;
}

const struct spn_component_type spn_component_register_file = {
    .name = "register-file",
    .role = "buffer",
    .doc = "words of flip-flops, one read and one write port",
    .size = sizeof(struct spn_register_file),
    .fields = file_fields,
    .actions = file_actions,
    .model = "B3, B10",
    .example = file_example,
    .eval = file_eval,
};
