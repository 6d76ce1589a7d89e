/* shift_add.c -- shift-and-accumulate of bit-serial partial sums.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * result <- (result << k) + input: the shift is wiring, the addition a ripple adder over the
 * result's width, the result a bank of flip-flops [shafiee2016, sec. 4; weste2011, ch. 11]. [M:B8]
 */
#include "models/shift_add.h"

#include "models/logic.h"

static const struct spn_field fields[] = {
    SPN_F_INT(struct spn_shift_add, input_bits, "bit", 1, 64, "number added"),
    SPN_F_INT(struct spn_shift_add, result_bits, "bit", 1, 128, "accumulator"),
    SPN_F_DOUBLE(struct spn_shift_add, toggle_frac, "", 0, 1,
                 "data lines that change per addition"),
    SPN_F_END};
static const char *const actions[] = {"add", NULL};

static void example(void *params)
{
    *(struct spn_shift_add *)params =
        (struct spn_shift_add){.input_bits = 5, .result_bits = 20, .toggle_frac = 0.5};
}

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_shift_add *p = params;
    enum spn_status status = spn_logic_check(&spn_component_shift_add, params, env, err);
    if (status)
        return status;
    if (p->result_bits < p->input_bits)
        return spn_err_set(err, SPN_EINPUT, "shift-add.result_bits = %d below input_bits = %d",
                           p->result_bits, p->input_bits);
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    struct spn_cost add =
        spn_cost_serial(spn_logic_adder(&logic, p->result_bits, p->toggle_frac),
                        spn_logic_register(&logic, p->result_bits, p->toggle_frac));
    *out = spn_logic_component(add);
    out->action[SPN_SHIFT_ADD_ADD] = spn_logic_action(&logic, add, 1);
    return SPN_OK;
}

const struct spn_component_type spn_component_shift_add = {
    .name = "shift-add",
    .role = "accumulate",
    .doc = "adds a number to a shifted accumulator",
    .size = sizeof(struct spn_shift_add),
    .fields = fields,
    .actions = actions,
    .model = "B1-B4, B8",
    .example = example,
    .eval = eval,
};
