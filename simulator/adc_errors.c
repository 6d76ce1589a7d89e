/* adc_errors.c -- converters that differ from each other and from a straight line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * [M:S5b] t = (1 + gain) s + offset + inl 4 u (1 - u), s the sum in steps and u its place in the
 * range; then successive approximation: bits from the top, a bit stays if what the kept ones weigh
 * is at most t + 1/2 above the lowest code. A bit of 2^k unit capacitors weighs 2^k (1 + e),
 * sd(e) = unit / sqrt(2^k), all scaled so that the full code weighs what it should. Without errors
 * that is the nearest code, ties upwards.
 */
#include "simulator/adc_errors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { MAX_BITS = 16 };

struct range {
    float low_code, span; /* codes */
    float lsb, bow;       /* codes of one of the chip's own steps; and of the bow's height */
    int bits;
};

struct spn_adc_errors {
    const struct spn_core_config *config;
    int n_blocks, per_array, n_converters; /* arrays side by side; converters of each, of all */
    int array_rows, columns_per_adc, weights_per_array, cells_per_weight, cells_per_digit;
    int n_columns, nominal_bits;
    struct range range[SPN_MAX_DIGITS];
    struct spn_adc_error *converter;
};

bool spn_adc_errors_act(const struct spn_core_config *config)
{
    const struct spn_chip_adc *adc = &config->chip->adc;
    return (config->errors & SPN_ERROR_NONLINEARITY) != 0 &&
           (adc->offset_sd_lsb > 0 || adc->gain_sd_frac > 0 || adc->inl_lsb != 0 ||
            adc->unit_sd_frac > 0);
}

static void draw_converter(const struct spn_adc_errors *e, int i, struct spn_adc_error *out)
{
    const struct spn_chip_adc *adc = &e->config->chip->adc;
    struct spn_rng rng = spn_rng_init(
        e->config->seed, (uint32_t)SPN_CORE_STREAM_ADC << 24 | e->config->layer, (uint32_t)i);
    out->offset_lsb = (float)(adc->offset_sd_lsb * spn_rng_normal(&rng));
    out->gain_frac = (float)(adc->gain_sd_frac * spn_rng_normal(&rng));
    for (int bit = 0; bit < MAX_BITS; bit++)
        out->bit_frac[bit] =
            bit < e->nominal_bits
                ? (float)(adc->unit_sd_frac / sqrt(ldexp(1, bit)) * spn_rng_normal(&rng))
                : 0.0f;
}

enum spn_status spn_adc_errors_create(struct spn_adc_errors **errors,
                                      const struct spn_core_config *config,
                                      const struct spn_program *program, struct spn_err *err)
{
    const struct spn_chip *chip = config->chip;
    struct spn_adc_errors *e = calloc(1, sizeof *e);
    if (e == NULL)
        return spn_err_memory(err, "converters of a core");
    e->config = config;
    e->n_columns = program->n_columns;
    e->array_rows = chip->array.rows;
    e->nominal_bits = chip->adc.bits;
    e->columns_per_adc = chip->adc.columns_per_adc < 1 ? 1 : chip->adc.columns_per_adc;
    e->cells_per_weight = program->cells_per_weight;
    e->cells_per_digit = program->noisy_cells;
    e->weights_per_array = chip->array.columns / e->cells_per_weight;
    if (e->weights_per_array < 1)
        e->weights_per_array = 1;
    int width = e->weights_per_array * e->cells_per_weight;
    e->per_array = (width - 1) / e->columns_per_adc + 1;
    e->n_blocks = (program->n_columns - 1) / e->weights_per_array + 1;
    int down = (program->n_rows - 1) / e->array_rows + 1;
    e->n_converters = down * e->n_blocks * e->per_array;
    e->converter = calloc((size_t)e->n_converters, sizeof *e->converter);
    if (e->converter == NULL) {
        free(e);
        return spn_err_memory(err, "converters of a core");
    }
    for (int i = 0; i < e->n_converters; i++)
        draw_converter(e, i, &e->converter[i]);
    *errors = e;
    return SPN_OK;
}

void spn_adc_errors_destroy(struct spn_adc_errors *errors)
{
    if (errors == NULL)
        return;
    free(errors->converter);
    free(errors);
}

void spn_adc_errors_set(struct spn_adc_errors *errors, int digit, const struct spn_adc *adc,
                        double lsb)
{
    double span = adc->high_code - adc->low_code;
    errors->range[digit] = (struct range){.low_code = (float)adc->low_code,
                                          .span = (float)span,
                                          .lsb = (float)lsb,
                                          .bow = (float)(errors->config->chip->adc.inl_lsb * lsb),
                                          .bits = (int)lrint(log2(span + 1))};
}

int spn_adc_errors_converter(const struct spn_adc_errors *e, int digit, int column, int row)
{
    int block = column / e->weights_per_array, weight = column % e->weights_per_array;
    int cell = weight * e->cells_per_weight + digit * e->cells_per_digit;
    return (row / e->array_rows * e->n_blocks + block) * e->per_array + cell / e->columns_per_adc;
}

struct spn_adc_error spn_adc_errors_at(const struct spn_adc_errors *errors, int converter)
{
    return errors->converter[converter];
}

/* Sixteen converters side by side. */
struct bank {
    float gain[SPN_KERNEL_COLUMNS], offset[SPN_KERNEL_COLUMNS];
    float weight[MAX_BITS][SPN_KERNEL_COLUMNS]; /* of a bit; lowest first */
};

static void fill_lane(const struct spn_adc_errors *e, const struct range *r, int converter,
                      struct bank *bank, int lane)
{
    const struct spn_adc_error *own = &e->converter[converter];
    int shift = r->bits - e->nominal_bits; /* the chip's bits are the upper ones */
    double sum = 0;
    for (int bit = 0; bit < r->bits; bit++) {
        double error = bit >= shift ? (double)own->bit_frac[bit - shift] : 0;
        bank->weight[bit][lane] = (float)(ldexp(1, bit) * (1 + error));
        sum += (double)bank->weight[bit][lane];
    }
    for (int bit = 0; bit < r->bits; bit++)
        bank->weight[bit][lane] *= (float)((double)r->span / sum);
    bank->gain[lane] = 1.0f + own->gain_frac;
    bank->offset[lane] = own->offset_lsb * r->lsb;
}

/* Sums in steps to codes. */
static void convert_lanes(const struct range *r, const struct bank *bank, const float *steps,
                          float *code)
{
    float target[SPN_KERNEL_COLUMNS], kept[SPN_KERNEL_COLUMNS];
    for (int c = 0; c < SPN_KERNEL_COLUMNS; c++) {
        float t = steps[c] * bank->gain[c] + bank->offset[c] - r->low_code;
        float u = t / r->span;
        u = u < 0.0f ? 0.0f : u > 1.0f ? 1.0f : u;
        target[c] = t + r->bow * 4.0f * u * (1.0f - u) + 0.5f;
        kept[c] = 0.0f;
        code[c] = r->low_code;
    }
    for (int bit = r->bits - 1; bit >= 0; bit--) {
        float value = (float)(1 << bit);
        for (int c = 0; c < SPN_KERNEL_COLUMNS; c++) {
            float trial = kept[c] + bank->weight[bit][c];
            bool keep = trial <= target[c];
            kept[c] = keep ? trial : kept[c];
            code[c] += keep ? value : 0.0f;
        }
    }
}

int spn_adc_errors_code(const struct spn_adc_errors *errors, int digit, int converter, float steps)
{
    float all[SPN_KERNEL_COLUMNS] = {steps}, code[SPN_KERNEL_COLUMNS];
    struct bank bank;
    memset(&bank, 0, sizeof bank);
    fill_lane(errors, &errors->range[digit], converter, &bank, 0);
    convert_lanes(&errors->range[digit], &bank, all, code);
    return (int)code[0];
}

/* One read's sums in steps, with its noise: the operations of the kernels, in their order. */
static void read_steps(const struct spn_kernel_convert *c, int vector, int slice, float *steps)
{
    size_t row = (size_t)vector * (size_t)c->n_slices + (size_t)slice;
    const int32_t *sum = c->sums + row * SPN_KERNEL_COLUMNS;
    for (int k = 0; k < SPN_KERNEL_COLUMNS; k++) {
        int32_t whole =
            c->low != NULL ? sum[k] * 256 + c->low[row * SPN_KERNEL_COLUMNS + (size_t)k] : sum[k];
        steps[k] = (float)whole * c->inverse_step;
    }
    if (c->normals == NULL)
        return;
    const float *z =
        c->normals + (size_t)vector * c->normal_stride + (size_t)slice * SPN_KERNEL_COLUMNS;
    float shared = c->shared != NULL ? c->shared[row] : 0.0f;
    for (int k = 0; k < SPN_KERNEL_COLUMNS; k++) {
        float deviation = c->variance != NULL
                              ? sqrtf((float)c->variance[row * SPN_KERNEL_COLUMNS + (size_t)k])
                              : c->deviation[(size_t)vector * c->deviation_stride + (size_t)slice];
        steps[k] += (z[k] + shared) * (deviation * c->noise_scale);
    }
}

void spn_adc_errors_convert(const struct spn_adc_errors *errors, const struct spn_kernel_convert *c,
                            const struct spn_adc_place *place)
{
    const struct range *r = &errors->range[place->digit];
    struct bank bank;
    memset(&bank, 0, sizeof bank);
    for (int lane = 0; lane < SPN_KERNEL_COLUMNS; lane++) {
        int column = place->column_group * SPN_KERNEL_COLUMNS + lane;
        if (column < errors->n_columns)
            fill_lane(errors, r, spn_adc_errors_converter(errors, place->digit, column, place->row),
                      &bank, lane);
    }
    for (int v = 0; v < c->n_vectors; v++) {
        int32_t total[SPN_KERNEL_COLUMNS] = {0}, *codes = c->codes + v * SPN_KERNEL_COLUMNS;
        for (int s = c->n_slices - 1; s >= 0; s--) {
            float steps[SPN_KERNEL_COLUMNS], code[SPN_KERNEL_COLUMNS];
            read_steps(c, v, s, steps);
            convert_lanes(r, &bank, steps, code);
            for (int k = 0; k < SPN_KERNEL_COLUMNS; k++)
                total[k] = total[k] * (1 << c->slice_bits) + (int32_t)code[k];
        }
        for (int k = 0; k < SPN_KERNEL_COLUMNS; k++)
            codes[k] += total[k];
    }
}
