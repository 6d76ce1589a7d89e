/* core.c -- the analog core: drive inputs slice by slice, convert column sums, shift and add.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * y = sum over digits d, row groups g, input slices s of weight_d 2^(slice_bits s) step_d code(d,
 * g, s), code = clamp(rne(sum_i x_is level_id / step_d + noise)) [M:S5], [M:S6], [M:S7]. Codes are
 * added as integers; the step is multiplied in once. Read noise is drawn per column sum: a sum of
 * independent normals is normal, sd = sigma sqrt(sum x^2) [M:S8].
 */
#include "simulator/core_state.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "models/iv.h"

enum {
    MAX_INPUT_BITS = 8,
    MAX_ADC_BITS = 16,
    IDEAL_GROUP_ROWS =
        128, /* without an ADC groups mean nothing: small ones keep sums in 31 bits */
    ALIGNMENT = 64
};
static const double sum_max = 2147483647.0;

const char *const spn_correction_names[] = {"none", "gain", "closed-form", "exact", NULL};

static bool has(const struct spn_core *core, unsigned error)
{
    return (core->config.errors & error) != 0;
}

static bool sign_codes(const struct spn_core *core)
{
    return core->chip->weight.encoding != SPN_ENCODING_TWOS_COMPLEMENT;
}

/* The largest sums of a digit: every row at full input, levels as designed and the off-current of
 * cells that have it. */
static void full_range(const struct spn_core *core, int digit, double *negative, double *positive)
{
    const struct spn_program_digit *d = &core->program->digit[digit];
    const struct spn_device *device = &core->chip->device;
    double rows = core->program->max_group_rows, inputs = (1 << core->chip->input.dac_bits) - 1,
           leak = 0;
    double window = device->on_conductance_S - device->off_conductance_S;
    if (!sign_codes(core) && has(core, SPN_ERROR_ON_OFF) && window > 0)
        leak = d->levels * device->off_conductance_S / window;
    *negative = -d->low_level * rows * inputs;
    *positive = (d->high_level + leak) * rows * inputs;
}

/* Noise of one unit of deviation, in codes (with an ADC) or fixed-point sums (without) [M:S8]. */
static double noise_scale(const struct spn_core *core, int digit)
{
    const struct spn_program *p = core->program;
    const struct spn_program_digit *d = &p->digit[digit];
    double sigma = core->chip->device.read_noise_frac * d->levels *
                   sqrt(p->noisy_cells); /* levels, per input byte */
    if (p->level_gain > 0)
        sigma /= p->level_gain;
    if (p->variance != NULL) {
        sigma *= sqrt(p->variance_unit);
        if (core->level_max > 1)
            sigma *= core->level_max / sqrt(SPN_INPUT_BYTE_MAX);
    }
    return core->ideal ? sigma * d->codes_per_level
                       : sigma / (core->adc[digit].step * core->level_unit);
}

/* Converters with errors. Where quantization is not to be seen they have the most bits there are,
 * on all sums, and the errors of the chip's own. */
static void set_adc_errors(struct spn_core *core, int digit)
{
    const struct spn_adc own = core->adc[digit];
    double negative, positive;
    if (!has(core, SPN_ERROR_QUANTIZATION)) {
        full_range(core, digit, &negative, &positive);
        core->adc[digit] = spn_adc_for_range(MAX_ADC_BITS, sign_codes(core), negative, positive);
    }
    spn_adc_errors_set(core->adc_errors, digit, &core->adc[digit],
                       own.step / core->adc[digit].step);
}

static void set_adc(struct spn_core *core)
{
    const struct spn_chip_adc *adc = &core->chip->adc;
    for (int d = 0; d < core->program->n_digits; d++) {
        double unit = core->program->digit[d].codes_per_level * core->level_unit;
        double negative, positive;
        full_range(core, d, &negative, &positive);
        if (adc->range == SPN_RANGE_FIXED) {
            negative *= adc->range_frac;
            positive *= adc->range_frac;
        } else if (adc->range == SPN_RANGE_CALIBRATED && core->histogram[d].total > 0) {
            positive = spn_adc_histogram_percentile(&core->histogram[d], adc->clip_percentile);
            negative = positive;
        }
        core->adc[d] = spn_adc_for_range(adc->bits, sign_codes(core), negative, positive);
        if (core->adc_errors != NULL)
            set_adc_errors(core, d);
        if (core->ideal)
            core->adc[d].step = 1 / unit;
        core->inverse_step[d] = (float)(1 / (core->adc[d].step * unit));
        core->noise_scale[d] = core->noisy ? (float)noise_scale(core, d) : 0;
    }
}

/* Share of the full current that input level `u` of 1 draws: the DAC's curve, the driver's limit,
 * the cell's curve; pulses have one height. [M:S4b] */
static double drive(const struct spn_chip *chip, double u)
{
    const struct spn_device *device = &chip->device;
    const struct spn_chip_input *input = &chip->input;
    double limit = input->saturation_frac > 0 ? input->saturation_frac : 1;
    double full = spn_iv_current(device, device->read_voltage_V);
    if (input->pulse_s > 0)
        return u * spn_iv_current(device, limit * device->read_voltage_V) / full;
    double bow = input->inl_lsb / ((1 << input->dac_bits) - 1) * 4 * u * (1 - u);
    double v = fmax(0, fmin(u + bow, limit));
    return spn_iv_current(device, v * device->read_voltage_V) / full;
}

static bool is_bent(const struct spn_core *core)
{
    const struct spn_chip_input *input = &core->chip->input;
    bool levels = core->slice_bits > 1 && input->pulse_s <= 0;
    bool limited = input->saturation_frac > 0 && input->saturation_frac < 1;
    return has(core, SPN_ERROR_NONLINEARITY) && core->chip->device.read_voltage_V > 0 &&
           (limited || (levels && (spn_iv_is_bent(&core->chip->device) || input->inl_lsb != 0)));
}

static void set_levels(struct spn_core *core)
{
    int top = (1 << core->slice_bits) - 1;
    bool bent = is_bent(core);
    core->level_max = bent ? SPN_INPUT_BYTE_MAX : top;
    core->level_unit = (double)core->level_max / top;
    for (int i = 0; i <= top; i++) {
        double level = bent ? SPN_INPUT_BYTE_MAX * drive(core->chip, (double)i / top) : i;
        core->level[i] = (uint8_t)lrint(fmin(level, SPN_INPUT_BYTE_MAX));
        core->square[i] = (float)(core->level[i] * core->level[i]);
    }
}

/* Without an ADC and with linear cells the slices add up to the whole input; so do the variances of
 * their noise. */
static void merge_slices(struct spn_core *core)
{
    const struct spn_chip_input *input = &core->chip->input;
    int top = (1 << input->bits) - 1, mask = (1 << input->dac_bits) - 1;
    core->n_slices = 1;
    core->slice_bits = input->bits;
    core->level_max = top;
    for (int x = 0; x <= top; x++) {
        double variance = 0;
        for (int shift = 0; shift < input->bits; shift += input->dac_bits)
            variance += pow(((x >> shift) & mask) << shift, 2);
        core->level[x] = (uint8_t)x;
        core->square[x] = (float)variance;
    }
}

static enum spn_status check_config(const struct spn_core_config *config, struct spn_err *err)
{
    const struct spn_chip *chip = config->chip;
    struct limit {
        const char *name;
        int value, low, high;
    } limits[] = {
        {"rows of a core", config->n_rows, 1, 1 << 24},
        {"columns of a core", config->n_columns, 1, 1 << 24},
        {"layer of a core", (int)(config->layer & INT32_MAX), 0, SPN_CORE_MAX_LAYERS - 1},
        {"chip.weight.bits", chip->weight.bits, 2, 8},
        {"chip.weight.cell_bits", chip->weight.cell_bits, 1, 8},
        {"chip.input.bits", chip->input.bits, 1, MAX_INPUT_BITS},
        {"chip.input.dac_bits", chip->input.dac_bits, 1, MAX_INPUT_BITS},
        {"chip.adc.bits", chip->adc.bits, 1, MAX_ADC_BITS},
        {"chip.array.rows", chip->array.rows, 1, 1 << 16},
        {"chip.array.columns", chip->array.columns, 1, 1 << 16},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i].value < limits[i].low || limits[i].value > limits[i].high)
            return spn_err_set(err, SPN_EUSAGE, "%s = %d outside [%d, %d]", limits[i].name,
                               limits[i].value, limits[i].low, limits[i].high);
    if (chip->input.dac_bits > chip->input.bits)
        return spn_err_set(err, SPN_EUSAGE, "chip.input.dac_bits = %d above chip.input.bits = %d",
                           chip->input.dac_bits, chip->input.bits);
    return SPN_OK;
}

static void free_core(struct spn_core *core)
{
    if (core == NULL)
        return;
    spn_program_destroy(core->program);
    spn_adc_errors_destroy(core->adc_errors);
    for (int d = 0; d < SPN_MAX_DIGITS; d++)
        spn_adc_histogram_clear(&core->histogram[d]);
    free(core);
}

/* Groups whose codes, all at their largest, add up inside 31 bits. */
static enum spn_status set_run(struct spn_core *core, struct spn_err *err)
{
    const struct spn_program *p = core->program;
    double shifts = 0, largest = 0;
    for (int s = 0; s < core->n_slices; s++)
        shifts += ldexp(1, s * core->slice_bits);
    for (int d = 0; d < p->n_digits; d++) {
        double level =
            p->n_limbs == 2 ? INT16_MAX : fmax(p->digit[d].high_level, -p->digit[d].low_level);
        double sum = level * p->max_group_rows * core->level_max;
        if (p->n_limbs == 2)
            sum = fmin(sum, sum_max / SPN_IDEAL_RUN / shifts);
        double code = core->ideal ? sum : fmax(core->adc[d].high_code, -core->adc[d].low_code);
        largest = fmax(largest, code * shifts);
    }
    core->groups_per_run = (int)fmin(p->n_groups, sum_max / largest);
    if (core->groups_per_run < 1)
        return spn_err_set(err, SPN_EINFEASIBLE, "a matrix of %d x %d is too large for one core",
                           p->n_rows, p->n_columns);
    return SPN_OK;
}

/* [M:S5k] Where no current flows no wire drops a voltage and no cell leaks; adders are exact. */
#define CHARGE_ERRORS ~(unsigned)(SPN_ERROR_IR_DROP | SPN_ERROR_ON_OFF)
static const unsigned possible_errors[] = {[SPN_ARRAY_CURRENT] = ~0u,
                                           [SPN_ARRAY_CHARGE] = CHARGE_ERRORS,
                                           [SPN_ARRAY_C2C] = CHARGE_ERRORS,
                                           [SPN_ARRAY_DIGITAL] = 0};

enum spn_status spn_core_create(struct spn_core **core, const struct spn_core_config *config,
                                const int8_t *weights, const uint8_t *mask, struct spn_err *err)
{
    enum spn_status status = check_config(config, err);
    if (status != SPN_OK)
        return status;
    struct spn_core *c = calloc(1, sizeof *c);
    if (c == NULL)
        return spn_err_memory(err, "core");
    const struct spn_device *device = &config->chip->device;
    c->config = *config;
    c->chip = config->chip;
    c->kernel = spn_kernel_find(NULL);
    c->config.errors &= possible_errors[c->chip->array.kind];
    c->ideal = !has(c, SPN_ERROR_QUANTIZATION) && !spn_adc_errors_act(&c->config);
    c->noisy = has(c, SPN_ERROR_FLUCTUATION) && device->read_noise_frac > 0;
    c->slice_bits = c->chip->input.dac_bits;
    c->n_slices = (c->chip->input.bits + c->slice_bits - 1) / c->slice_bits;
    c->level_unit = 1;
    set_levels(c);
    bool masked_noise = c->noisy && mask != NULL && config->scheme == SPN_SCHEME_INDEX_FREE;
    if (c->ideal && !masked_noise && c->level_unit <= 1)
        merge_slices(c);
    double shifts = 0;
    for (int s = 0; s < c->n_slices; s++)
        shifts += ldexp(1, s * c->slice_bits);
    struct spn_program_request request = {
        .config = &c->config,
        .weights = weights,
        .mask = mask,
        .kernel = c->kernel,
        .sum_limit = c->ideal ? c->level_max * shifts * SPN_IDEAL_RUN : c->level_max,
        .max_group_rows = c->ideal ? IDEAL_GROUP_ROWS : 0,
        .fixed_point = c->ideal && c->noisy};
    if ((status = spn_program_create(&c->program, &request, err)) != SPN_OK)
        goto out;
    if (spn_adc_errors_act(config) &&
        (status = spn_adc_errors_create(&c->adc_errors, &c->config, c->program, err)) != SPN_OK)
        goto out;
    size_t bytes = (size_t)c->program->n_groups * (size_t)c->program->group_quads * 4;
    c->plane_stride = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT;
    set_adc(c);
    status = set_run(c, err);
out:
    if (status != SPN_OK)
        free_core(c);
    else
        *core = c;
    return status;
}

void spn_core_destroy(struct spn_core *core)
{
    free_core(core);
}

enum spn_status spn_core_select_kernel(struct spn_core *core, const char *name, struct spn_err *err)
{
    const struct spn_kernel *kernel = spn_kernel_find(name);
    if (kernel == NULL)
        return spn_err_set(err, SPN_EUSAGE,
                           "no kernel '%s' on this CPU (portable, avx2, avx512, amx)", name);
    core->kernel = kernel;
    return SPN_OK;
}

const char *spn_core_kernel(const struct spn_core *core)
{
    return core->kernel->name;
}

int spn_core_arrays(const struct spn_chip *chip, int n_rows, int n_columns)
{
    const int cells = spn_chip_cells_per_weight(chip), weights = chip->array.columns / cells;
    const int down = (n_rows - 1) / chip->array.rows + 1;
    const int across = weights < 1 ? (n_columns * cells - 1) / chip->array.columns + 1
                                   : (n_columns - 1) / weights + 1;
    return down * across;
}

struct spn_core_info spn_core_info(const struct spn_core *core)
{
    const struct spn_program *p = core->program;
    const struct spn_chip_array *array = &core->chip->array;
    int at_once =
        array->rows_read > 0 && array->rows_read < array->rows ? array->rows_read : array->rows;
    return (struct spn_core_info){.n_arrays = spn_core_arrays(core->chip, p->n_rows, p->n_columns),
                                  .n_digits = p->n_digits,
                                  .rows_per_read = at_once,
                                  .adc_step = core->ideal ? 0 : core->adc[0].step,
                                  .n_columns_repaired = p->n_columns_repaired,
                                  .correction = p->correction};
}

static void count_block(struct spn_core *core, struct spn_read_block *b)
{
    const struct spn_program *p = core->program;
    int left = p->n_columns - b->column_group * SPN_KERNEL_COLUMNS;
    int n_columns = left < SPN_KERNEL_COLUMNS ? left : SPN_KERNEL_COLUMNS,
        n_reads = b->n * core->n_slices;
    for (b->digit = 0; b->digit < p->n_digits; b->digit++) {
        double unit = 1 / (p->digit[b->digit].codes_per_level * core->level_unit);
        for (int g = 0; g < p->n_groups; g++) {
            spn_reads_sum(b, g);
            for (int r = 0; r < n_reads; r++)
                for (int c = 0; c < n_columns; c++) {
                    int at = r * SPN_KERNEL_COLUMNS + c;
                    double sum = b->scratch->sums[at];
                    if (p->n_limbs == 2)
                        sum = sum * 256 + b->scratch->low[at];
                    spn_adc_histogram_add(&core->histogram[b->digit], sum * unit);
                }
        }
    }
}

enum spn_status spn_core_calibrate(struct spn_core *core, const uint8_t *x, int n,
                                   struct spn_err *err)
{
    if (core->chip->adc.range != SPN_RANGE_CALIBRATED || core->ideal)
        return SPN_OK;
    const struct spn_program *p = core->program;
    struct spn_core_scratch *scratch = NULL;
    int per_block = SPN_KERNEL_READS / core->n_slices;
    enum spn_status status = spn_core_scratch_create(&scratch, core, per_block, err);
    for (int d = 0; d < p->n_digits && status == SPN_OK; d++) {
        double negative, positive;
        full_range(core, d, &negative, &positive);
        if (core->histogram[d].count == NULL)
            status = spn_adc_histogram_init(&core->histogram[d], fmax(negative, positive), err);
    }
    if (status != SPN_OK)
        goto out;
    if (core->kernel->begin != NULL)
        core->kernel->begin();
    for (int v = 0; v < n; v += per_block) {
        int n_block = n - v < per_block ? n - v : per_block;
        spn_reads_expand(core, scratch, x + (size_t)v * (size_t)p->n_rows, n_block);
        for (int group = 0; group < p->n_column_groups; group++)
            count_block(core,
                        &(struct spn_read_block){
                            .core = core, .scratch = scratch, .n = n_block, .column_group = group});
    }
    if (core->kernel->end != NULL)
        core->kernel->end();
    set_adc(core);
    status = set_run(core, err);
out:
    spn_core_scratch_destroy(scratch);
    return status;
}
