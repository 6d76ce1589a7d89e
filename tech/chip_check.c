/* chip_check.c -- what a chip can be: which values go together, and what a reader must know.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tech/chip.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "tech/data.h"

static bool is_square(int n)
{
    int root = (int)lround(sqrt(n));
    return root * root == n;
}

static enum spn_status check_words(const struct spn_chip *chip, struct spn_err *err)
{
    const struct {
        const char *key, *text;
        bool path;
    } words[] = {{"name", chip->name, false},
                 {"adc.kind", chip->adc.kind, false},
                 {"sparsity.index_format", chip->sparsity.index_format, false},
                 {"node", chip->node_name, true},
                 {"device", chip->device_name, true},
                 {"dram", chip->dram_name, true}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].path ? !spn_data_is_name_or_path(words[i].text)
                          : !spn_data_is_word(words[i].text)) {
            return spn_err_set(err, SPN_EINPUT,
                               "chip.%s = '%.64s' is not made of a-z, 0-9, '.' and '-'%s",
                               words[i].key, words[i].text, words[i].path ? " (nor a path)" : "");
        }
    }
    return SPN_OK;
}

static enum spn_status fail_above(struct spn_err *err, const char *key, int value,
                                  const char *limit_key, int limit)
{
    return spn_err_set(err, SPN_EINPUT, "chip.%s = %d is above chip.%s = %d", key, value, limit_key,
                       limit);
}

static enum spn_status check_sizes(const struct spn_chip *chip, struct spn_err *err)
{
    const struct spn_chip_array *array = &chip->array;
    if (array->rows_read > array->rows)
        return fail_above(err, "array.rows_read", array->rows_read, "array.rows", array->rows);
    if (chip->weight.cell_bits > chip->weight.bits)
        return fail_above(err, "weight.cell_bits", chip->weight.cell_bits, "weight.bits",
                          chip->weight.bits);
    if (chip->input.dac_bits > chip->input.bits)
        return fail_above(err, "input.dac_bits", chip->input.dac_bits, "input.bits",
                          chip->input.bits);
    if (array->columns % chip->adc.columns_per_adc != 0) {
        return spn_err_set(err, SPN_EINPUT,
                           "chip.adc.columns_per_adc = %d does not divide chip.array.columns = %d",
                           chip->adc.columns_per_adc, array->columns);
    }
    int cells = spn_chip_cells_per_weight(chip);
    if (cells > array->columns) {
        return spn_err_set(err, SPN_EINPUT, "a weight takes %d columns, chip.array.columns = %d",
                           cells, array->columns);
    }
    if (chip->write.tolerance_frac > 0 && !chip->write.verify)
        return spn_err_set(err, SPN_EINPUT,
                           "chip.write.tolerance_frac = %g needs chip.write.verify = true",
                           chip->write.tolerance_frac);
    if (!is_square(chip->pe.arrays))
        return spn_err_set(err, SPN_EINPUT, "chip.pe.arrays = %d is not a square number",
                           chip->pe.arrays);
    if (!is_square(chip->tile.pes))
        return spn_err_set(err, SPN_EINPUT, "chip.tile.pes = %d is not a square number",
                           chip->tile.pes);
    return SPN_OK;
}

/* What concerns the chip file alone. */
static enum spn_status check_file(const struct spn_chip *chip, struct spn_err *err)
{
    enum spn_status s = check_words(chip, err);
    return s ? s : check_sizes(chip, err);
}

/* What the kind of array asks of cells, weights and inputs. */
static enum spn_status check_kind(const struct spn_chip *chip, struct spn_err *err)
{
    const int kind = chip->array.kind;
    const char *const name = spn_array_kind_names[kind];
    const bool sram = chip->device.cell == SPN_CELL_SRAM;
    if (kind != SPN_ARRAY_CURRENT && !sram)
        return spn_err_set(
            err, SPN_EINPUT,
            "chip.array.kind = %s: works with an SRAM cell (sram-6t, sram-8t), which "
            "device '%s' is not",
            name, chip->device.name);
    if (kind != SPN_ARRAY_CURRENT && chip->input.pulse_s > 0)
        return spn_err_set(err, SPN_EINPUT,
                           "chip.input.pulse_s = %g: an array of kind %s takes no pulses (0)",
                           chip->input.pulse_s, name);
    if (kind == SPN_ARRAY_DIGITAL && chip->weight.encoding == SPN_ENCODING_DIFFERENTIAL)
        return spn_err_set(err, SPN_EINPUT,
                           "chip.weight.encoding = differential: an array of kind digital adds "
                           "offset or twos-complement weights");
    if (sram && kind != SPN_ARRAY_C2C && chip->weight.cell_bits != 1)
        return spn_err_set(err, SPN_EINPUT,
                           "chip.weight.cell_bits = %d: an SRAM cell ('%s') holds 1 bit (more on "
                           "the ladders of chip.array.kind = c2c)",
                           chip->weight.cell_bits, chip->device.name);
    return SPN_OK;
}

/* Weak inversion down to 0.2 V, where gates still regenerate; above the nominal supply as far as
 * oxides are usually stressed. */
#define LEAST_SUPPLY_V 0.2
#define MOST_SUPPLY_FRAC 1.5

static enum spn_status check_supply(const struct spn_chip *chip, struct spn_err *err)
{
    double most_V = MOST_SUPPLY_FRAC * chip->node.vdd_V;
    if (chip->vdd_V == 0 || (chip->vdd_V >= LEAST_SUPPLY_V && chip->vdd_V <= most_V))
        return SPN_OK;
    return spn_err_set(err, SPN_EINPUT,
                       "chip.vdd_V = %g outside [%g, %g], what node '%s' of %g V can be scaled to "
                       "(0 = its own)",
                       chip->vdd_V, LEAST_SUPPLY_V, most_V, chip->node.name, chip->node.vdd_V);
}

enum spn_status spn_chip_check(const struct spn_chip *chip, struct spn_err *err)
{
    enum spn_status s = check_file(chip, err);
    if (!s)
        s = spn_node_check(&chip->node, err);
    if (!s)
        s = spn_device_check(&chip->device, err);
    if (!s)
        s = spn_node_check_temperature(&chip->node, chip->temperature_K, err);
    if (!s)
        s = check_supply(chip, err);
    if (!s)
        s = check_kind(chip, err);
    if (s || chip->products.unit != SPN_PRODUCTS_SRAM)
        return s;
    struct spn_chip products;
    spn_chip_products(&products, chip);
    s = check_sizes(&products, err);
    if (!s && products.device.cell != SPN_CELL_SRAM)
        s = spn_err_set(err, SPN_EINPUT, "device '%s' is no SRAM cell", products.device.name);
    if (!s)
        s = check_kind(&products, err);
    if (s)
        spn_err_prefix(err, "chip.products: ");
    return s;
}

static bool feels_temperature(const struct spn_device *device)
{
    return device->on_temperature_per_K != 0 || device->off_temperature_per_K != 0 ||
           device->drift_activation_eV > 0;
}

const char *spn_chip_warning(const struct spn_chip *chip, int i, char *buf, size_t size)
{
    int found = 0;
    long n_levels = 1L << chip->weight.cell_bits;
    if (chip->array.kind != SPN_ARRAY_C2C && n_levels > chip->device.n_states && found++ == i) {
        snprintf(buf, size,
                 "a cell is to hold %d bit (%ld levels), device '%s' has %d distinguishable "
                 "states: taken as an "
                 "analogue cell, whose resolution is set by its programming error",
                 chip->weight.cell_bits, n_levels, chip->device.name, chip->device.n_states);
        return buf;
    }
    if (chip->device.n_states > chip->device.pulse.n_levels + 1 && found++ == i) {
        snprintf(buf, size,
                 "device '%s' has %d states, but device.pulse.n_levels = %d takes it through its "
                 "window: a pulse passes several states, and writing counts so few pulses",
                 chip->device.name, chip->device.n_states, chip->device.pulse.n_levels);
        return buf;
    }
    if (chip->temperature_K != SPN_ROOM_K && !feels_temperature(&chip->device) && found++ == i) {
        snprintf(
            buf, size,
            "chip.temperature_K = %g acts on transistors only; device '%s' is described at %g K",
            chip->temperature_K, chip->device.name, SPN_ROOM_K);
        return buf;
    }
    if (chip->node.n_temperatures == 1 && chip->temperature_K != chip->node.temperature_K[0] &&
        found++ == i) {
        snprintf(buf, size,
                 "node '%s' is tabulated at %g K only: its currents at %g K follow a rule (T8)",
                 chip->node.name, chip->node.temperature_K[0], chip->temperature_K);
        return buf;
    }
    if (chip->vdd_V != 0 && chip->vdd_V != chip->node.vdd_V && found++ == i) {
        snprintf(
            buf, size,
            "chip.vdd_V = %g: currents of node '%s' (%g V) are scaled; voltages of device '%s' "
            "stay",
            chip->vdd_V, chip->node.name, chip->node.vdd_V, chip->device.name);
        return buf;
    }
    return NULL;
}

enum spn_status spn_chip_read(struct spn_chip *chip, const struct spn_json *doc,
                              struct spn_err *err)
{
    struct spn_chip work = spn_chip_default();
    enum spn_status s = spn_json_read(spn_json_root(doc), spn_chip_fields, &work, err);
    if (s)
        return s;
    s = check_words(&work, err);
    if (s)
        spn_err_prefix(err, "%s: ", spn_json_name(doc));
    else
        *chip = work;
    return s;
}
