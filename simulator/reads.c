/* reads.c -- products through a core: inputs to slices, column sums to codes, codes to results.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Column groups outermost, so that their cells stay in the cache while all vectors of a tile pass;
 * a block of up to 16 reads (vectors x slices) then goes through all row groups and digits.
 * Equations [M:S5] to [M:S9] as in core.c.
 */
#include "simulator/core_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLANE_BYTES = 1 << 14, /* input slices at a time: they stay in the first-level cache; cells,
                              used by every read of a block once loaded, need not */
    ALIGNMENT = 64
};

/* Reference columns that a column group leans on. */
static int reference_count(const struct spn_program *p, int column_group)
{
    int first = column_group * SPN_KERNEL_COLUMNS, last = first + SPN_KERNEL_COLUMNS - 1;
    last = last < p->n_columns ? last : p->n_columns - 1;
    return p->reference == NULL ? 0 : (int)(p->reference[last] - p->reference[first]) + 1;
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
    size_t n_references = 1; /* of one column group */
    for (int g = 0; g < core->program->n_column_groups; g++)
        if (reference_count(core->program, g) > (int)n_references)
            n_references = (size_t)reference_count(core->program, g);
    bool squares = core->program->variance != NULL && core->level_max > 1;
    s->planes = aligned(planes);
    s->squares = squares ? aligned(planes) : NULL;
    s->deviation = aligned((size_t)s->n_vectors *
                           (size_t)(core->program->n_groups * core->n_slices) * sizeof(float));
    s->normals = aligned(tile);
    s->stream = aligned((size_t)s->n_vectors * sizeof *s->stream);
    s->reference_stream = aligned(n_references * SPN_KERNEL_READS * sizeof *s->reference_stream);
    s->reference_normals = aligned(n_references * tile);
    s->shared = aligned(SPN_KERNEL_READS * sizeof *s->shared);
    s->sums = aligned(tile);
    s->low = aligned(tile);
    s->variance = aligned(tile);
    s->codes = aligned(tile);
    s->total = aligned(tile * 2);
    if (!s->planes || (squares && !s->squares) || !s->deviation || !s->normals || !s->stream ||
        !s->reference_stream || !s->reference_normals || !s->shared || !s->sums || !s->low ||
        !s->variance || !s->codes || !s->total) {
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
    free(s->stream);
    free(s->reference_stream);
    free(s->reference_normals);
    free(s->shared);
    free(s->sums);
    free(s->low);
    free(s->variance);
    free(s->codes);
    free(s->total);
    free(s);
}

/* ---- inputs to slices ---- */

/* Inputs of more than one level: their place on a bent curve, their share in the noise. */
static void bend_slice(const struct spn_core *core, struct spn_core_scratch *s,
                       const struct spn_kernel_slice *slices, int slice, float *deviation)
{
    int n_bytes = slices->n_bytes, shift = slice * core->slice_bits;
    size_t at = (size_t)(slices->out - s->planes) + (size_t)slice * core->plane_stride;
    uint8_t *out = s->planes + at, mask = (uint8_t)((1 << core->slice_bits) - 1);
    if (core->level_unit > 1)
        for (int i = 0; i < n_bytes; i++)
            out[i] = core->level[out[i]];
    if (core->noisy) {
        double sum = 0;
        for (int i = 0; i < n_bytes; i++)
            sum += (double)core->square[slices->x[i] >> shift & mask];
        *deviation = (float)sqrt(sum);
    }
    if (s->squares != NULL) { /* in 1/255 of the largest square */
        double scale = SPN_INPUT_BYTE_MAX / ((double)core->level_max * core->level_max);
        for (int i = 0; i < n_bytes; i++)
            s->squares[at + (size_t)i] = (uint8_t)lrint(out[i] * out[i] * scale);
    }
}

static void expand_group(const struct spn_core *core, struct spn_core_scratch *s,
                         struct spn_kernel_slice *slices, float *deviation)
{
    core->kernel->slice(slices);
    for (int i = 0; i < core->n_slices; i++)
        if (core->level_max > 1)
            bend_slice(core, s, slices, i, &deviation[i]);
        else if (core->noisy)
            deviation[i] = sqrtf((float)slices->n_odd[i]);
}

/* Vectors of a tile to slices, every row group padded with zeros. */
void spn_reads_expand(const struct spn_core *core, struct spn_core_scratch *s, const uint8_t *x,
                      int n)
{
    const struct spn_program *p = core->program;
    uint32_t n_odd[SPN_MAX_SLICES];
    struct spn_kernel_slice slices = {.n_slices = core->n_slices,
                                      .slice_bits = core->slice_bits,
                                      .out_stride = core->plane_stride,
                                      .n_odd = n_odd};
    for (int v = 0; v < n; v++)
        for (int g = 0; g < p->n_groups; g++) {
            const struct spn_row_group *group = &p->groups[g];
            slices.x = x + (size_t)v * (size_t)p->n_rows + (size_t)group->first;
            slices.n_bytes = group->n_rows;
            slices.out = s->planes + (size_t)v * (size_t)core->n_slices * core->plane_stride +
                         (size_t)g * (size_t)p->group_quads * 4;
            expand_group(core, s, &slices, &s->deviation[(v * p->n_groups + g) * core->n_slices]);
        }
}

/* ---- reads ---- */

static struct spn_kernel_dot group_dot(const struct spn_read_block *b, int group,
                                       const uint8_t *planes)
{
    const struct spn_program *p = b->core->program;
    size_t row = (size_t)(b->first * b->core->n_slices);
    return (struct spn_kernel_dot){.x = planes + row * b->core->plane_stride +
                                        (size_t)group * (size_t)p->group_quads * 4,
                                   .x_stride = b->core->plane_stride,
                                   .n_reads = b->n * b->core->n_slices,
                                   .n_quads = (p->groups[group].n_rows + 3) / 4};
}

void spn_reads_sum(const struct spn_read_block *b, int group)
{
    const struct spn_program *p = b->core->program;
    size_t at = (size_t)group * (size_t)p->group_quads * SPN_KERNEL_QUAD_BYTES;
    struct spn_kernel_dot d = group_dot(b, group, b->scratch->planes);
    d.cells = spn_program_cells(p, b->digit, b->column_group, 0) + at;
    if (p->n_limbs == 2)
        d.low_cells = spn_program_cells(p, b->digit, b->column_group, 1) + at;
    d.x_max = b->core->level_max;
    d.sums = b->scratch->sums;
    d.low = b->scratch->low;
    b->core->kernel->dot(&d);
}

/* Variance of the read noise of each sum, where cells differ in theirs. */
static void sum_variance(const struct spn_read_block *b, int group)
{
    const struct spn_program *p = b->core->program;
    const struct spn_core_scratch *s = b->scratch;
    struct spn_kernel_dot d = group_dot(b, group, s->squares != NULL ? s->squares : s->planes);
    d.cells = spn_program_variance(p, b->digit, b->column_group) +
              (size_t)group * (size_t)p->group_quads * SPN_KERNEL_QUAD_BYTES;
    d.x_max = s->squares != NULL ? SPN_INPUT_BYTE_MAX : b->core->level_max;
    d.sums = s->variance;
    b->core->kernel->dot(&d);
}

static struct spn_kernel_seed noise_seed(const struct spn_core *core, uint64_t first_read, int n)
{
    return (struct spn_kernel_seed){
        .key = {(uint32_t)core->config.seed, (uint32_t)(core->config.seed >> 32)},
        .tag = (uint32_t)SPN_CORE_STREAM_READ << 24 | core->config.layer,
        .first = first_read,
        .n_streams = n};
}

/* Each vector has sixteen streams of noise; they serve its column groups, digits, row groups and
 * slices in that order. */
static void seed_noise(const struct spn_core *core, struct spn_core_scratch *s, uint64_t first_read,
                       int n)
{
    uint32_t lane[SPN_KERNEL_COLUMNS];
    struct spn_kernel_seed seed = noise_seed(core, first_read, n);
    for (uint32_t c = 0; c < SPN_KERNEL_COLUMNS; c++)
        lane[c] = c;
    seed.lane = lane;
    if (core->noisy)
        core->kernel->seed(&seed, s->stream);
}

/* The noise of a reference column is shared by the columns of its array. Each reference and digit
 * has sixteen streams for each vector, which serve its reads in turn. */
static void seed_references(const struct spn_read_block *b)
{
    const struct spn_program *p = b->core->program;
    struct spn_core_scratch *s = b->scratch;
    struct spn_kernel_seed seed = noise_seed(b->core, b->first_read, b->n);
    uint32_t lane[SPN_KERNEL_COLUMNS];
    int n = b->core->noisy ? reference_count(p, b->column_group) : 0;
    seed.lane = lane;
    s->n_reference_reads = 0;
    for (int r = 0; r < n; r++) {
        uint32_t reference = p->reference[b->column_group * SPN_KERNEL_COLUMNS] + (uint32_t)r;
        uint32_t stream = 1 + (uint32_t)b->digit * (uint32_t)p->n_references + reference;
        for (uint32_t c = 0; c < SPN_KERNEL_COLUMNS; c++)
            lane[c] = stream * SPN_KERNEL_COLUMNS + c;
        b->core->kernel->seed(&seed, &s->reference_stream[r * SPN_KERNEL_READS]);
    }
}

/* The references' part of the next row group's noise: shared by all columns of the block, or added
 * to its normals where the columns lean on several references. */
static void draw_references(const struct spn_read_block *b, int n_references)
{
    const struct spn_core *core = b->core;
    struct spn_core_scratch *s = b->scratch;
    const uint32_t *reference = &core->program->reference[b->column_group * SPN_KERNEL_COLUMNS];
    int n_columns = core->program->n_columns - b->column_group * SPN_KERNEL_COLUMNS;
    for (int slice = 0; slice < core->n_slices; slice++) {
        int turn = s->n_reference_reads++ % SPN_KERNEL_COLUMNS;
        for (int r = 0; turn == 0 && r < n_references; r++)
            core->kernel->normals(&s->reference_stream[r * SPN_KERNEL_READS], b->n, 1, false,
                                  s->reference_normals + r * SPN_KERNEL_READS * SPN_KERNEL_COLUMNS);
        for (int v = 0; v < b->n; v++) {
            const float *z = s->reference_normals + v * SPN_KERNEL_COLUMNS + turn;
            float *own = s->normals + (v * core->n_slices + slice) * SPN_KERNEL_COLUMNS;
            s->shared[v * core->n_slices + slice] = *z;
            for (int c = 0; n_references > 1 && c < SPN_KERNEL_COLUMNS && c < n_columns; c++)
                own[c] += z[(size_t)(reference[c] - reference[0]) * SPN_KERNEL_READS *
                            SPN_KERNEL_COLUMNS];
        }
    }
}

/* The next row group's normals: [vector][slice][16]. Returns those that all columns share, or NULL.
 */
static const float *draw_noise(const struct spn_read_block *b)
{
    const struct spn_core *core = b->core;
    struct spn_core_scratch *s = b->scratch;
    int n_references = reference_count(core->program, b->column_group);
    core->kernel->normals(&s->stream[b->first], b->n, core->n_slices, false, s->normals);
    if (n_references > 0)
        draw_references(b, n_references);
    return n_references == 1 ? s->shared : NULL;
}

/* Row groups first .. last - 1 of a block's digit, added to its codes. */
static void read_groups(const struct spn_read_block *b, int first, int last)
{
    const struct spn_core *core = b->core;
    const struct spn_program *p = core->program;
    struct spn_core_scratch *s = b->scratch;
    const struct spn_adc *adc = &core->adc[b->digit];
    struct spn_kernel_convert c = {.sums = s->sums,
                                   .low = p->n_limbs == 2 ? s->low : NULL,
                                   .normal_stride = (size_t)(core->n_slices * SPN_KERNEL_COLUMNS),
                                   .deviation_stride = (size_t)(p->n_groups * core->n_slices),
                                   .variance = core->noisy && p->variance ? s->variance : NULL,
                                   .noise_scale = core->noise_scale[b->digit],
                                   .n_vectors = b->n,
                                   .n_slices = core->n_slices,
                                   .slice_bits = core->slice_bits,
                                   .ideal = core->ideal,
                                   .inverse_step = core->inverse_step[b->digit],
                                   .low_code = (float)adc->low_code,
                                   .high_code = (float)adc->high_code,
                                   .codes = s->codes};
    for (int g = first; g < last; g++) {
        spn_reads_sum(b, g);
        if (core->noisy) {
            c.shared = draw_noise(b);
            c.normals = s->normals;
            c.deviation = s->deviation + (b->first * p->n_groups + g) * core->n_slices;
            if (c.variance != NULL)
                sum_variance(b, g);
        }
        if (core->adc_errors != NULL)
            spn_adc_errors_convert(
                core->adc_errors, &c,
                &(struct spn_adc_place){b->digit, b->column_group, p->groups[g].first});
        else
            core->kernel->convert(&c);
    }
}

/* All digits and row groups of a block, to its part of y. Sums of codes are exact; doubles hold
 * them. */
static void multiply_block(struct spn_read_block *b, float *y)
{
    const struct spn_core *core = b->core;
    const struct spn_program *p = core->program;
    int first_column = b->column_group * SPN_KERNEL_COLUMNS, left = p->n_columns - first_column;
    struct spn_kernel_finish f = {.codes = b->scratch->codes,
                                  .total = b->scratch->total,
                                  .n_vectors = b->n,
                                  .n_columns =
                                      left < SPN_KERNEL_COLUMNS ? left : SPN_KERNEL_COLUMNS,
                                  .y = y + first_column,
                                  .y_stride = (size_t)p->n_columns};
    for (b->digit = 0; b->digit < p->n_digits; b->digit++) {
        f.scale = p->digit[b->digit].weight * core->adc[b->digit].step;
        seed_references(b);
        for (int g = 0; g < p->n_groups; g += core->groups_per_run) {
            int end = g + core->groups_per_run, last = end < p->n_groups ? end : p->n_groups;
            memset(b->scratch->codes, 0,
                   (size_t)(b->n * SPN_KERNEL_COLUMNS) * sizeof *b->scratch->codes);
            read_groups(b, g, last);
            f.first = b->digit == 0 && g == 0;
            f.last = b->digit == p->n_digits - 1 && last == p->n_groups;
            core->kernel->finish(&f);
        }
    }
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
        spn_reads_expand(core, scratch, x + (size_t)tile * (size_t)p->n_rows, n_tile);
        seed_noise(core, scratch, first_read + (uint64_t)tile, n_tile);
        for (int group = 0; group < p->n_column_groups; group++)
            for (int v = 0; v < n_tile; v += per_block) {
                struct spn_read_block b = {.core = core,
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
