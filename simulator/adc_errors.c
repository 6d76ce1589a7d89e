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

enum { MAX_BITS = 16, ALIGNMENT = 64 };

/* Four columns at once, in the vectors of GCC and Clang, which every CPU of ours has. Every
 * operation is rounded alone, so that the bits are the same everywhere. */
enum { LANES = 4 };
typedef float floats __attribute__((vector_size(LANES * sizeof(float)), may_alias));
typedef int32_t ints __attribute__((vector_size(LANES * sizeof(int32_t)), may_alias));

struct range {
    float low_code, span, inverse_span; /* codes */
    float lsb, bow; /* codes of one of the chip's own steps; and of the bow's height */
    int bits;
    bool weighted; /* bits weigh other than they should */
};

/* Sixteen converters side by side. */
struct bank {
    float gain[SPN_KERNEL_COLUMNS], offset[SPN_KERNEL_COLUMNS];
    float weight[MAX_BITS][SPN_KERNEL_COLUMNS]; /* of a bit; lowest first */
};

struct spn_adc_errors {
    const struct spn_core_config *config;
    int n_digits, n_down, n_column_groups;
    struct bank *bank;                     /* [digit][array from the top][column group] */
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
    e->n_digits = program->n_digits;
    e->n_down = (program->n_rows - 1) / e->array_rows + 1;
    e->n_column_groups = program->n_column_groups;
    e->n_converters = e->n_down * e->n_blocks * e->per_array;
    e->converter = calloc((size_t)e->n_converters, sizeof *e->converter);
    e->bank = aligned_alloc(ALIGNMENT, (size_t)(e->n_digits * e->n_down) *
                                           (size_t)e->n_column_groups * sizeof *e->bank);
    if (e->converter == NULL || e->bank == NULL) {
        spn_adc_errors_destroy(e);
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
    free(errors->bank);
    free(errors);
}

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

/* The converters that sixteen columns of a digit lead to, in the arrays `down` from the top. */
static void fill_bank(const struct spn_adc_errors *e, int digit, int down, int column_group,
                      struct bank *bank)
{
    memset(bank, 0, sizeof *bank);
    for (int lane = 0; lane < SPN_KERNEL_COLUMNS; lane++) {
        int column = column_group * SPN_KERNEL_COLUMNS + lane;
        if (column < e->n_columns)
            fill_lane(e, &e->range[digit],
                      spn_adc_errors_converter(e, digit, column, down * e->array_rows), bank, lane);
    }
}

static struct bank *bank_of(const struct spn_adc_errors *e, int digit, int down, int column_group)
{
    size_t at = (size_t)(digit * e->n_down + down) * (size_t)e->n_column_groups;
    return &e->bank[at + (size_t)column_group];
}

void spn_adc_errors_set(struct spn_adc_errors *errors, int digit, const struct spn_adc *adc,
                        double lsb)
{
    double span = adc->high_code - adc->low_code;
    errors->range[digit] = (struct range){.low_code = (float)adc->low_code,
                                          .span = (float)span,
                                          .inverse_span = (float)(1 / span),
                                          .lsb = (float)lsb,
                                          .bow = (float)(errors->config->chip->adc.inl_lsb * lsb),
                                          .weighted = errors->config->chip->adc.unit_sd_frac > 0,
                                          .bits = (int)lrint(log2(span + 1))};
    for (int down = 0; down < errors->n_down; down++)
        for (int group = 0; group < errors->n_column_groups; group++)
            fill_bank(errors, digit, down, group, bank_of(errors, digit, down, group));
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

#define CHOOSE(mask, yes, no) ((floats)(((ints)(yes) & (mask)) | ((ints)(no) & ~(mask))))
#define FLOATS(p) (*(const floats *)(const void *)(p))
#define INTS(p) (*(const ints *)(const void *)(p))

/* Sums in steps to codes, of the columns from `lane` on. */
static inline ints convert(const struct range *r, const struct bank *bank, int lane, floats steps)
{
    const floats zero = {0}, one = zero + 1.0f;
    floats t = steps * FLOATS(bank->gain + lane) + FLOATS(bank->offset + lane) - r->low_code;
    floats u = t * r->inverse_span, kept = zero;
    u = CHOOSE(u > zero, u, zero);
    u = CHOOSE(u < one, u, one);
    floats target = t + r->bow * 4.0f * u * (1.0f - u) + 0.5f;
    const ints low_code = __builtin_convertvector(zero + r->low_code, ints);
    if (!r->weighted) { /* what the search would find: the whole part */
        target = CHOOSE(target > zero, target, zero);
        target = CHOOSE(target < r->span, target, zero + r->span);
        return __builtin_convertvector(target, ints) + low_code;
    }
    ints found = {0};
    for (int bit = r->bits - 1; bit >= 0; bit--) {
        floats trial = kept + FLOATS(bank->weight[bit] + lane);
        ints keep = trial <= target; /* -1 or 0 */
        kept = CHOOSE(keep, trial, kept);
        found = found + found - keep;
    }
    return found + low_code;
}

int spn_adc_errors_code(const struct spn_adc_errors *errors, int digit, int converter, float steps)
{
    floats all = {steps};
    _Alignas(ALIGNMENT) struct bank bank;
    memset(&bank, 0, sizeof bank);
    fill_lane(errors, &errors->range[digit], converter, &bank, 0);
    return convert(&errors->range[digit], &bank, 0, all)[0];
}

/* One read's sums in steps, with its noise: the operations of the kernels, in their order. */
static inline floats read_steps(const struct spn_kernel_convert *c, size_t row, int lane,
                                const float *normals, float deviation)
{
    const size_t at = row * SPN_KERNEL_COLUMNS + (size_t)lane;
    ints sum = INTS(c->sums + at); /* aligned, as kernel.h says */
    if (c->low != NULL)
        sum = sum * 256 + INTS(c->low + at);
    floats steps = __builtin_convertvector(sum, floats) * c->inverse_step;
    if (normals == NULL)
        return steps;
    floats z = FLOATS(normals + lane), scale = {deviation, deviation, deviation, deviation};
    if (c->shared != NULL)
        z += c->shared[row];
    for (int k = 0; k < LANES && c->variance != NULL; k++)
        scale[k] = sqrtf((float)c->variance[at + (size_t)k]);
    return steps + z * (scale * c->noise_scale);
}

/* One read, added to the codes so far, which move up by its bits. */
static void convert_read(const struct range *r, const struct bank *bank,
                         const struct spn_kernel_convert *c, int vector, int slice, int32_t *total)
{
    const size_t row = (size_t)vector * (size_t)c->n_slices + (size_t)slice;
    const float *normals = c->normals == NULL ? NULL
                                              : c->normals + (size_t)vector * c->normal_stride +
                                                    (size_t)slice * SPN_KERNEL_COLUMNS;
    const float deviation =
        normals == NULL || c->variance != NULL
            ? 0.0f
            : c->deviation[(size_t)vector * c->deviation_stride + (size_t)slice];
    for (int lane = 0; lane < SPN_KERNEL_COLUMNS; lane += LANES) {
        ints sum = INTS(total + lane);
        for (int bit = 0; bit < c->slice_bits; bit++)
            sum += sum;
        *(ints *)(void *)(total + lane) =
            sum + convert(r, bank, lane, read_steps(c, row, lane, normals, deviation));
    }
}

void spn_adc_errors_convert(const struct spn_adc_errors *errors, const struct spn_kernel_convert *c,
                            const struct spn_adc_place *place)
{
    const struct range *r = &errors->range[place->digit];
    const struct bank *bank =
        bank_of(errors, place->digit, place->row / errors->array_rows, place->column_group);
    for (int v = 0; v < c->n_vectors; v++) {
        _Alignas(ALIGNMENT) int32_t total[SPN_KERNEL_COLUMNS] = {0};
        int32_t *codes = c->codes + v * SPN_KERNEL_COLUMNS;
        for (int s = c->n_slices - 1; s >= 0; s--)
            convert_read(r, bank, c, v, s, total);
        for (int k = 0; k < SPN_KERNEL_COLUMNS; k++)
            codes[k] += total[k];
    }
}
