/* dac_pwm.c -- multi-bit inputs as pulses of constant voltage, as long as their code says.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Per line the switches of a switch matrix, and a ripple counter that is loaded with the code and
 * counts down to the end of the pulse. Equation A50 of docs/MODELS.md. Deviation: published
 * modulators share one counter among many lines and compare; loading the line's bits is counted
 * here, bringing them is not.
 */
#include "models/dac_pwm.h"

#include <math.h>
#include <string.h>

#include "models/adc.h"
#include "models/logic.h"

static enum spn_status eval(const void *params, const struct spn_env *env,
                            struct spn_component_cost *out, struct spn_err *err)
{
    const struct spn_dac_pwm *p = params;
    struct spn_component_cost lines;
    enum spn_status status = spn_logic_check(&spn_component_dac_pwm, params, env, err);
    if (!status)
        status = spn_component_switch_matrix.eval(&p->switches, env, &lines, err);
    if (status)
        return status;
    struct spn_logic logic;
    spn_logic_init(&logic, env);
    const struct spn_cost counter = spn_logic_register(&logic, p->bits, SPN_TOGGLE_RANDOM_FRAC);
    const double counts = p->mean_frac * (ldexp(1, p->bits) - 1); /* [M:A50] */
    const double n = p->switches.n_lines;
    *out = lines;
    out->toggled_J[SPN_DAC_PWM_PULSE] = 0; /* a pulse begins and ends, whatever came before */
    out->area_m2 += n * counter.area_m2;
    out->leakage_W += n * counter.leakage_W;
    out->action[SPN_DAC_PWM_PULSE].energy_J += counter.energy_J + counts * spn_adc_count_J(&logic);
    return SPN_OK;
}

#define D struct spn_dac_pwm
static const struct spn_field fields[] = {
    SPN_F_INT(D, bits, "bit", 1, 16, "of a code"),
    SPN_F_DOUBLE(D, mean_frac, "", 0, 1, "mean code, share of the largest"), SPN_F_END};
#undef D

static const char *const actions[] = {"pulse", NULL};

static void example(void *params)
{
    struct spn_dac_pwm *p = params;
    memset(p, 0, sizeof *p);
    p->bits = 8;
    p->mean_frac = 0.5;
    spn_component_switch_matrix.example(&p->switches);
}

const struct spn_component_type spn_component_dac_pwm = {
    .name = "dac-pwm",
    .role = "dac",
    .doc = "pulses as long as their codes: a counter and switches per line",
    .size = sizeof(struct spn_dac_pwm),
    .fields = fields,
    .actions = actions,
    .model = "A11-A12, A50",
    .example = example,
    .eval = eval};
