/* blocks_convert.c -- which array a chip has, and what ends its columns.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A current or a shared charge goes to the converter that chip.adc.kind names; the bits of a
 * digital array to adders, one lot per weight that is summed at once, which take the converter's
 * place in counts and schedules [M:E30].
 */
#include "estimator/blocks.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "models/gate.h"

static const struct {
    const struct spn_component_type *type;
    bool at_supply, digital;
} kinds[] = {[SPN_ARRAY_CURRENT] = {&spn_component_array, false, false},
             [SPN_ARRAY_CHARGE] = {&spn_component_array_charge, true, false},
             [SPN_ARRAY_C2C] = {&spn_component_array_c2c, true, false},
             [SPN_ARRAY_DIGITAL] = {&spn_component_array_digital, true, true}};

/* Candidate i for a misspelt ADC: the i-th component of role "adc". */
static const char *next_adc(const void *ctx, size_t i)
{
    (void)ctx;
    for (const struct spn_component_type *const *t = spn_components; *t; t++)
        if (strcmp((*t)->role, "adc") == 0 && i-- == 0)
            return (*t)->name;
    return NULL;
}

static enum spn_status find_adc(struct spn_blocks *b, const struct spn_chip *chip,
                                struct spn_err *err)
{
    const struct spn_component_type *type;
    char names[160] = "";
    const char *near, *name;
    size_t used = 0;

    if (b->adc_type && b->adc_type != &spn_component_cim_adder &&
        strcmp(b->adc_type->name, chip->adc.kind) == 0)
        return SPN_OK;
    type = spn_component_find(chip->adc.kind);
    if (type && strcmp(type->role, "adc") == 0) {
        b->adc_type = type;
        return SPN_OK;
    }
    near = spn_text_nearest(chip->adc.kind, next_adc, NULL);
    if (near)
        return spn_err_set(err, SPN_EINPUT,
                           "chip.adc.kind: \"%s\" is not an ADC (did you mean \"%s\"?)",
                           chip->adc.kind, near);
    for (size_t i = 0; (name = next_adc(NULL, i)) != NULL && used + strlen(name) + 3 < sizeof names;
         i++) {
        if (i > 0) {
            memcpy(names + used, ", ", 3);
            used += 2;
        }
        memcpy(names + used, name, strlen(name) + 1);
        used += strlen(name);
    }
    return spn_err_set(err, SPN_EINPUT, "chip.adc.kind: \"%s\" is not an ADC (%s)", chip->adc.kind,
                       names);
}

enum spn_status spn_blocks_find_types(struct spn_blocks *b, const struct spn_chip *chip,
                                      struct spn_err *err)
{
    b->array_type = kinds[chip->array.kind].type;
    b->at_supply = kinds[chip->array.kind].at_supply;
    b->digital = kinds[chip->array.kind].digital;
    if (!b->digital)
        return find_adc(b, chip, err);
    b->adc_type = &spn_component_cim_adder;
    return SPN_OK;
}

static void fill_adc(struct spn_adc *adc, const struct spn_blocks *b, const struct spn_chip *chip,
                     const struct spn_array *array)
{
    adc->bits = chip->adc.bits;
    if (b->at_supply) { /* [M:A36] */
        adc->voltage = 1;
        adc->mean_frac = spn_array_active_rows(array) / array->rows *
                         spn_array_product(array, array->input_mean, array->input_mean_square).mean;
    } else {
        const double mean_A = spn_array_column_current(array).mean_A;
        adc->column_mean_A = mean_A < b->column_full_A ? mean_A : b->column_full_A;
        adc->mean_frac = adc->column_mean_A / b->column_full_A;
    }
    adc->column_full_A = b->column_full_A;
    adc->pulses_s = spn_blocks_pulses_s(chip);
    adc->read_voltage_V = spn_array_read_V(&b->array);
    adc->column_F = b->column_F;
    adc->cycle_s = chip->adc.cycle_s;
    adc->branch_frac = chip->adc.samples ? 1.0 / (chip->adc.bits + 1) : 1;
    if (chip->input.integrate_s > 0 && chip->adc.cycle_s > 0) /* [M:W9] as long as pulses last */
        adc->branch_frac *= fmin(1, spn_blocks_pulses_s(chip) / chip->adc.cycle_s);
    adc->energy_scale = chip->adc.energy_scale;
    adc->area_scale = chip->adc.area_scale;
    adc->latency_scale = chip->adc.latency_scale;
}

static void fill_adder(struct spn_cim_adder *adder, const struct spn_blocks_input *in,
                       const struct spn_array *array)
{
    const struct spn_chip *chip = in->chip;
    adder->n_inputs = in->rules->rows_read;
    adder->input_bits = chip->input.dac_bits;
    adder->weight_bits = in->rules->cells_per_weight * chip->weight.cell_bits;
    adder->compact = chip->array.adder_cell == SPN_ADDER_COMPACT;
    adder->chain = chip->array.adder == SPN_ARRAY_CHAIN;
    adder->input_one = array->input_mean;
    adder->weight_one = spn_array_cell_value(array).mean;
    adder->swing_loss_V = chip->array.swing_loss_V;
    adder->energy_scale = chip->adc.energy_scale;
    adder->area_scale = chip->adc.area_scale;
    adder->latency_scale = chip->adc.latency_scale;
}

const void *spn_blocks_fill_converter(union spn_blocks_converter *c, const struct spn_blocks *b,
                                      const struct spn_blocks_input *in,
                                      const struct spn_array *array)
{
    memset(c, 0, sizeof *c);
    if (b->digital) {
        fill_adder(&c->adder, in, array);
        return &c->adder;
    }
    fill_adc(&c->adc, b, in->chip, array);
    return &c->adc;
}

double spn_blocks_converter_F(const struct spn_blocks *b, const struct spn_blocks_input *in)
{
    union spn_blocks_converter c;
    const struct spn_env *env = &in->around->env;
    if (b->digital)
        return spn_gate_min_nand2(env).input_F;
    spn_blocks_fill_converter(&c, b, in, &b->array);
    return spn_adc_input_F(&c.adc, env);
}
