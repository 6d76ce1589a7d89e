/* core.c -- the analog core: drive inputs slice by slice, convert column sums, shift and add.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * y = sum over digits d, row groups g, input slices s of weight_d 2^(slice_bits s) step_d code(d,
 * g, s), code = clamp(rne(sum_i x_is level_id / step_d + noise)) [M:S5-S7]. Codes are added as
 * integers; the step is multiplied in once. Read noise is drawn per column sum: a sum of
 * independent normals is normal, sd = sigma sqrt(sum x^2) [M:S8].
 */
#include "simulator/core.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/adc.h"
#include "simulator/kernel.h"
#include "simulator/program.h"

enum {
    MAX_SLICES = 8,
    MAX_INPUT_BITS = 8,
    MAX_ADC_BITS = 16,
    INPUT_BYTE_MAX = 255,
    NOISE_CHUNK = 4, /* row groups that share blocks of random numbers */
    IDEAL_GROUP_ROWS =
        128,               /* without an ADC groups mean nothing: small ones keep sums in 31 bits */
    PLANE_BYTES = 1 << 20, /* of input slices at a time: they stay in the second-level cache */
    ALIGNMENT = 64
};
static const double sum_max = 2147483647.0;

struct spn_core {
    struct spn_core_config config;
    const struct spn_chip *chip;
    const struct spn_kernel *kernel;
    struct spn_program *program;
    bool ideal; /* no ADC */
    bool noisy;
    int n_slices,
        slice_bits; /* as multiplied: one slice of all bits where slicing changes nothing */
    uint8_t level[INPUT_BYTE_MAX + 1]; /* input byte of a slice's value */
    float square[INPUT_BYTE_MAX + 1];  /* its share in the noise variance, (input bytes)^2 */
    int level_max;
    double level_unit; /* input bytes of one input level */
    struct spn_adc adc[SPN_MAX_DIGITS];
    struct spn_adc_histogram histogram[SPN_MAX_DIGITS];
    size_t plane_stride;
    int groups_per_run; /* that fit 31 bits */
};

struct spn_core_scratch {
    int n_vectors;             /* that fit */
    uint8_t *planes, *squares; /* [vector][slice] plane_stride apart; squares only if they are
                                  needed and differ */
    float *deviation;          /* [vector][group][slice], sqrt(sum x^2) */
    float *normals;            /* [vector of a block][read][16] */
    uint8_t *group_input;      /* one group's inputs, padded with zeros */
    int32_t *sums, *low, *variance, *codes; /* [16][16] */
};

struct block { /* vectors first .. first + n - 1 of the tile, one column group */
    const struct spn_core *core;
    struct spn_core_scratch *scratch;
    int first, n, column_group, digit;
    uint64_t first_read;
};

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

static void set_adc(struct spn_core *core)
{
    const struct spn_chip_adc *adc = &core->chip->adc;
    for (int d = 0; d < core->program->n_digits; d++) {
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
        if (core->ideal)
            core->adc[d].step = 1 / (core->program->digit[d].codes_per_level * core->level_unit);
    }
}

/* I = G sinh(k V) / k: a level drives sinh(k V level / top) / sinh(k V) of full scale [M:S4b]; with
 * two levels nothing. */
static void set_levels(struct spn_core *core)
{
    const struct spn_device *device = &core->chip->device;
    int top = (1 << core->slice_bits) - 1;
    double bend = device->nonlinearity_per_V * device->read_voltage_V;
    bool bent = has(core, SPN_ERROR_NONLINEARITY) && bend > 0 && core->slice_bits > 1;
    core->level_max = bent ? INPUT_BYTE_MAX : top;
    core->level_unit = (double)core->level_max / top;
    for (int i = 0; i <= top; i++) {
        double level = bent ? INPUT_BYTE_MAX * sinh(bend * i / top) / sinh(bend) : i;
        core->level[i] = (uint8_t)lrint(level);
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
            sum = fmin(sum, sum_max / NOISE_CHUNK / shifts);
        double code = core->ideal ? sum : fmax(core->adc[d].high_code, -core->adc[d].low_code);
        largest = fmax(largest, code * shifts);
    }
    double draws = (double)p->n_digits * (p->n_groups + NOISE_CHUNK) * core->n_slices *
                   (p->n_column_groups + 1) * 2 * SPN_KERNEL_COLUMNS / NOISE_CHUNK;
    core->groups_per_run = (int)fmin(p->n_groups, sum_max / largest);
    if (core->groups_per_run < 1 || draws > UINT32_MAX)
        return spn_err_set(err, SPN_EINFEASIBLE, "a matrix of %d x %d is too large for one core",
                           p->n_rows, p->n_columns);
    return SPN_OK;
}

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
    c->ideal = !has(c, SPN_ERROR_QUANTIZATION);
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
        .sum_limit = c->ideal ? c->level_max * shifts * NOISE_CHUNK : c->level_max,
        .max_group_rows = c->ideal ? IDEAL_GROUP_ROWS : 0,
        .fixed_point = c->ideal && c->noisy};
    if ((status = spn_program_create(&c->program, &request, err)) != SPN_OK)
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

struct spn_core_info spn_core_info(const struct spn_core *core)
{
    const struct spn_program *p = core->program;
    const struct spn_chip_array *array = &core->chip->array;
    int down = (p->n_rows - 1) / array->rows + 1, weights = array->columns / p->cells_per_weight;
    int across = weights < 1 ? (p->n_columns * p->cells_per_weight - 1) / array->columns + 1
                             : (p->n_columns - 1) / weights + 1;
    int at_once =
        array->rows_read > 0 && array->rows_read < array->rows ? array->rows_read : array->rows;
    return (struct spn_core_info){.n_arrays = down * across,
                                  .n_digits = p->n_digits,
                                  .rows_per_read = at_once,
                                  .adc_step = core->ideal ? 0 : core->adc[0].step};
}

static void *aligned(size_t bytes)
{
    return aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

enum spn_status spn_core_scratch_create(struct spn_core_scratch **scratch,
                                        const struct spn_core *core, int batch, struct spn_err *err)
{
    struct spn_core_scratch *s = calloc(1, sizeof *s);
    if (s == NULL)
        return spn_err_memory(err, "scratch of a core");
    int per_block = SPN_KERNEL_READS / core->n_slices;
    size_t vector = core->plane_stride * (size_t)core->n_slices, n = PLANE_BYTES / vector;
    size_t wanted = batch < 1 ? 1 : (size_t)batch;
    n = n < (size_t)per_block ? (size_t)per_block : n - n % (size_t)per_block;
    s->n_vectors = (int)(n < wanted ? n : wanted);
    size_t planes = vector * (size_t)s->n_vectors + SPN_KERNEL_READS * core->plane_stride;
    size_t tile = SPN_KERNEL_READS * SPN_KERNEL_COLUMNS * sizeof(int32_t);
    bool squares = core->program->variance != NULL && core->level_max > 1;
    s->planes = aligned(planes);
    s->squares = squares ? aligned(planes) : NULL;
    s->deviation = aligned((size_t)s->n_vectors *
                           (size_t)(core->program->n_groups * core->n_slices) * sizeof(float));
    s->normals = aligned(NOISE_CHUNK * tile);
    s->group_input = aligned((size_t)core->program->group_quads * 4 + ALIGNMENT);
    s->sums = aligned(tile);
    s->low = aligned(tile);
    s->variance = aligned(tile);
    s->codes = aligned(tile);
    if (!s->planes || (squares && !s->squares) || !s->deviation || !s->normals || !s->group_input ||
        !s->sums || !s->low || !s->variance || !s->codes) {
        spn_core_scratch_destroy(s);
        return spn_err_memory(err, "scratch of a core");
    }
    memset(s->planes, 0, planes);
    if (squares)
        memset(s->squares, 0, planes);
    *scratch = s;
    return SPN_OK;
}

void spn_core_scratch_destroy(struct spn_core_scratch *s)
{
    if (s == NULL)
        return;
    free(s->planes);
    free(s->squares);
    free(s->deviation);
    free(s->normals);
    free(s->group_input);
    free(s->sums);
    free(s->low);
    free(s->variance);
    free(s->codes);
    free(s);
}

/* ---- inputs to slices ---- */

/* Sum of eight bytes. */
static uint32_t sum_bytes(uint64_t bytes)
{
    uint64_t pairs =
        (bytes & UINT64_C(0x00ff00ff00ff00ff)) + (bytes >> 8 & UINT64_C(0x00ff00ff00ff00ff));
    return (uint32_t)(pairs * UINT64_C(0x0001000100010001) >> 48);
}

/* One slice of eight inputs at a time, and how many are odd. Bytes beyond the group hold zeros, and
 * are rewritten by the next group. */
static uint32_t slice_inputs(const uint8_t *x, int n_bytes, int shift, uint8_t mask, uint8_t *out)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), masks = ones * mask;
    uint32_t total = 0;
    for (int i = 0; i < n_bytes;) {
        int end = i + 8 * UINT8_MAX < n_bytes ? i + 8 * UINT8_MAX
                                              : n_bytes; /* before a byte of the count overflows */
        uint64_t count = 0;
        for (; i < end; i += 8) {
            uint64_t eight;
            memcpy(&eight, x + i, sizeof eight);
            eight = (eight >> shift) & masks;
            memcpy(out + i, &eight, sizeof eight);
            count += eight & ones;
        }
        total += sum_bytes(count);
    }
    return total;
}

static void expand_slice(const struct spn_core *core, struct spn_core_scratch *s, int n_bytes,
                         size_t at, int slice, float *deviation)
{
    int shift = slice * core->slice_bits;
    uint8_t *out = s->planes + at, mask = (uint8_t)((1 << core->slice_bits) - 1);
    uint32_t ones = slice_inputs(s->group_input, n_bytes, shift, mask, out);
    if (core->level_max <= 1) {
        *deviation = sqrtf((float)ones);
        return;
    }
    if (core->level_unit > 1)
        for (int i = 0; i < n_bytes; i++)
            out[i] = core->level[out[i]];
    if (core->noisy) {
        double sum = 0;
        for (int i = 0; i < n_bytes; i++)
            sum += (double)core->square[s->group_input[i] >> shift & mask];
        *deviation = (float)sqrt(sum);
    }
    if (s->squares != NULL) { /* in 1/255 of the largest square */
        double scale = INPUT_BYTE_MAX / ((double)core->level_max * core->level_max);
        for (int i = 0; i < n_bytes; i++)
            s->squares[at + (size_t)i] = (uint8_t)lrint(out[i] * out[i] * scale);
    }
}

/* Vectors of a tile to slices, every row group padded with zeros. */
static void expand(const struct spn_core *core, struct spn_core_scratch *s, const uint8_t *x, int n)
{
    const struct spn_program *p = core->program;
    int n_bytes = p->group_quads * 4;
    for (int v = 0; v < n; v++)
        for (int g = 0; g < p->n_groups; g++) {
            const struct spn_row_group *group = &p->groups[g];
            memcpy(s->group_input, x + (size_t)v * (size_t)p->n_rows + (size_t)group->first,
                   (size_t)group->n_rows);
            memset(s->group_input + group->n_rows, 0, (size_t)(n_bytes - group->n_rows) + 8);
            for (int slice = 0; slice < core->n_slices; slice++) {
                size_t at =
                    ((size_t)v * (size_t)core->n_slices + (size_t)slice) * core->plane_stride +
                    (size_t)g * (size_t)n_bytes;
                expand_slice(core, s, n_bytes, at, slice,
                             &s->deviation[(v * p->n_groups + g) * core->n_slices + slice]);
            }
        }
}

/* ---- reads ---- */

static void dot_group(const struct block *b, int group, const uint8_t *planes, const int8_t *cells,
                      int x_max, int32_t *sums)
{
    const struct spn_program *p = b->core->program;
    size_t row = (size_t)(b->first * b->core->n_slices);
    struct spn_kernel_dot d = {
        .x = planes + row * b->core->plane_stride + (size_t)group * (size_t)p->group_quads * 4,
        .x_stride = b->core->plane_stride,
        .cells = cells + (size_t)group * (size_t)p->group_quads * SPN_KERNEL_QUAD_BYTES,
        .n_reads = b->n * b->core->n_slices,
        .n_quads = (p->groups[group].n_rows + 3) / 4,
        .x_max = x_max};
    b->core->kernel->dot(&d, sums);
}

static void sum_group(const struct block *b, int group)
{
    const struct spn_program *p = b->core->program;
    const int8_t *high = spn_program_cells(p, b->digit, b->column_group, 0);
    dot_group(b, group, b->scratch->planes, high, b->core->level_max, b->scratch->sums);
    if (p->n_limbs == 2)
        dot_group(b, group, b->scratch->planes, spn_program_cells(p, b->digit, b->column_group, 1),
                  b->core->level_max, b->scratch->low);
}

/* Normals of a chunk of row groups for the block's vectors: [vector][group of the
 * chunk][slice][16]. */
static void draw_noise(const struct block *b, int chunk)
{
    const struct spn_core *core = b->core;
    const struct spn_program *p = core->program;
    uint32_t n_columns = (uint32_t)(p->n_column_groups * SPN_KERNEL_COLUMNS),
             lane[SPN_KERNEL_COLUMNS];
    uint32_t stride = p->reference == NULL ? n_columns : 2 * n_columns;
    uint32_t n_chunks = (uint32_t)((p->n_groups + NOISE_CHUNK - 1) / NOISE_CHUNK);
    uint32_t first = ((uint32_t)b->digit * n_chunks + (uint32_t)chunk) * (uint32_t)core->n_slices;
    int left = p->n_groups - chunk * NOISE_CHUNK,
        n_groups = left < NOISE_CHUNK ? left : NOISE_CHUNK;
    size_t vector = (size_t)(NOISE_CHUNK * core->n_slices * SPN_KERNEL_COLUMNS);
    for (int v = 0; v < b->n; v++) {
        uint64_t read = b->first_read + (uint64_t)v;
        struct spn_kernel_normals n = {
            .key = {(uint32_t)core->config.seed, (uint32_t)(core->config.seed >> 32)},
            .counter = {first * stride, (uint32_t)read, (uint32_t)(read >> 32),
                        (uint32_t)SPN_CORE_STREAM_READ << 24 | core->config.layer},
            .block_stride = stride,
            .lane = lane,
            .n_blocks = (n_groups * core->n_slices + 3) / 4,
            .out = b->scratch->normals + (size_t)v * vector};
        for (uint32_t c = 0; c < SPN_KERNEL_COLUMNS; c++)
            lane[c] = (uint32_t)(b->column_group * SPN_KERNEL_COLUMNS) + c;
        core->kernel->normals(&n);
        if (p->reference == NULL)
            continue;
        for (uint32_t c = 0; c < SPN_KERNEL_COLUMNS;
             c++) /* columns of one array share their reference's noise */
            lane[c] = n_columns + p->reference[lane[c]];
        n.add = true;
        core->kernel->normals(&n);
    }
}

/* Noise of one unit of deviation, in codes (with an ADC) or fixed-point sums (without) [M:S8]. */
static double noise_scale(const struct spn_core *core, int digit)
{
    const struct spn_program *p = core->program;
    const struct spn_program_digit *d = &p->digit[digit];
    double sigma = core->chip->device.read_noise_frac * d->levels *
                   sqrt(p->noisy_cells); /* levels, per input byte */
    if (p->variance != NULL) {
        sigma /= sqrt(SPN_VARIANCE_ONE);
        if (core->level_max > 1)
            sigma *= core->level_max / sqrt(INPUT_BYTE_MAX);
    }
    return core->ideal ? sigma * d->codes_per_level
                       : sigma / (core->adc[digit].step * core->level_unit);
}

/* Row groups first .. last - 1 of a block's digit, added to its codes. */
static void read_groups(const struct block *b, int first, int last)
{
    const struct spn_core *core = b->core;
    const struct spn_program *p = core->program;
    struct spn_core_scratch *s = b->scratch;
    const struct spn_adc *adc = &core->adc[b->digit];
    const uint8_t *squares = s->squares != NULL ? s->squares : s->planes;
    int square_max = s->squares != NULL ? INPUT_BYTE_MAX : core->level_max;
    size_t reads = (size_t)(NOISE_CHUNK * core->n_slices * SPN_KERNEL_COLUMNS);
    struct spn_kernel_convert c = {
        .sums = s->sums,
        .low = p->n_limbs == 2 ? s->low : NULL,
        .normal_stride = reads,
        .deviation_stride = (size_t)(p->n_groups * core->n_slices),
        .variance = core->noisy && p->variance != NULL ? s->variance : NULL,
        .noise_scale = core->noisy ? (float)noise_scale(core, b->digit) : 0,
        .n_vectors = b->n,
        .n_slices = core->n_slices,
        .slice_bits = core->slice_bits,
        .ideal = core->ideal,
        .inverse_step =
            (float)(1 / (adc->step * p->digit[b->digit].codes_per_level * core->level_unit)),
        .low_code = (float)adc->low_code,
        .high_code = (float)adc->high_code,
        .codes = s->codes};
    for (int g = first; g < last; g++) {
        sum_group(b, g);
        if (core->noisy) {
            if (g == first || g % NOISE_CHUNK == 0)
                draw_noise(b, g / NOISE_CHUNK);
            c.normals =
                s->normals + (size_t)(g % NOISE_CHUNK * core->n_slices * SPN_KERNEL_COLUMNS);
            c.deviation = s->deviation + (b->first * p->n_groups + g) * core->n_slices;
            if (c.variance != NULL)
                dot_group(b, g, squares, spn_program_variance(p, b->digit, b->column_group),
                          square_max, s->variance);
        }
        core->kernel->convert(&c);
    }
}

/* All digits and row groups of a block, to its part of y. Sums of codes are exact; doubles hold
 * them. */
static void multiply_block(struct block *b, float *y)
{
    const struct spn_core *core = b->core;
    const struct spn_program *p = core->program;
    double total[SPN_KERNEL_READS * SPN_KERNEL_COLUMNS] = {0};
    int n_codes = b->n * SPN_KERNEL_COLUMNS, first_column = b->column_group * SPN_KERNEL_COLUMNS;
    int n_columns = p->n_columns - first_column < SPN_KERNEL_COLUMNS ? p->n_columns - first_column
                                                                     : SPN_KERNEL_COLUMNS;
    for (b->digit = 0; b->digit < p->n_digits; b->digit++) {
        double scale = p->digit[b->digit].weight * core->adc[b->digit].step;
        for (int g = 0; g < p->n_groups; g += core->groups_per_run) {
            int last =
                g + core->groups_per_run < p->n_groups ? g + core->groups_per_run : p->n_groups;
            memset(b->scratch->codes, 0, (size_t)n_codes * sizeof *b->scratch->codes);
            read_groups(b, g, last);
            for (int i = 0; i < n_codes; i++)
                total[i] += scale * b->scratch->codes[i];
        }
    }
    for (int v = 0; v < b->n; v++)
        for (int c = 0; c < n_columns; c++)
            y[(size_t)v * (size_t)p->n_columns + (size_t)(first_column + c)] =
                (float)total[v * SPN_KERNEL_COLUMNS + c];
}

void spn_core_multiply(const struct spn_core *core, const uint8_t *x, int n, float *y,
                       struct spn_core_scratch *scratch, uint64_t first_read)
{
    const struct spn_program *p = core->program;
    int per_block = SPN_KERNEL_READS / core->n_slices;
    if (core->kernel->begin != NULL)
        core->kernel->begin();
    for (int tile = 0; tile < n; tile += scratch->n_vectors) {
        int n_tile = n - tile < scratch->n_vectors ? n - tile : scratch->n_vectors;
        expand(core, scratch, x + (size_t)tile * (size_t)p->n_rows, n_tile);
        for (int group = 0; group < p->n_column_groups; group++)
            for (int v = 0; v < n_tile; v += per_block) {
                struct block b = {.core = core,
                                  .scratch = scratch,
                                  .first = v,
                                  .n = n_tile - v < per_block ? n_tile - v : per_block,
                                  .column_group = group,
                                  .first_read = first_read + (uint64_t)(tile + v)};
                multiply_block(&b, y + (size_t)(tile + v) * (size_t)p->n_columns);
            }
    }
    if (core->kernel->end != NULL)
        core->kernel->end();
}

/* ---- calibration ---- */

static void count_block(struct spn_core *core, struct block *b)
{
    const struct spn_program *p = core->program;
    int left = p->n_columns - b->column_group * SPN_KERNEL_COLUMNS;
    int n_columns = left < SPN_KERNEL_COLUMNS ? left : SPN_KERNEL_COLUMNS,
        n_reads = b->n * core->n_slices;
    for (b->digit = 0; b->digit < p->n_digits; b->digit++) {
        double unit = 1 / (p->digit[b->digit].codes_per_level * core->level_unit);
        for (int g = 0; g < p->n_groups; g++) {
            sum_group(b, g);
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
        expand(core, scratch, x + (size_t)v * (size_t)p->n_rows, n_block);
        for (int group = 0; group < p->n_column_groups; group++)
            count_block(core,
                        &(struct block){
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
