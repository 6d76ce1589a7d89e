/* transposed.c -- a second copy of the weights, transposed, for errors on their way back.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Arrays that cannot be read from the other side (adders and shared charge end in the columns) get
 * company: each layer that errors pass has its matrix a second time, its outputs along the rows, in
 * tiles built like the chip's. An error is applied like an input, and every input of the layer is a
 * vector. They are costed as a chip of their own, without buffer and digital units [M:E76].
 */
#include "estimator/transposed.h"

#include <math.h>
#include <stdlib.h>

#include "models/sram.h"

bool spn_transposed_wanted(const struct spn_frame *f)
{
    return f->options->training && f->chip->training.transpose == SPN_TRANSPOSE_COPY &&
           f->plan->transposed && f->plan->transposed->n_matrix > 0;
}

struct spn_frame spn_transposed_begin(struct spn_frame *f)
{
    static const struct spn_estimate_options options[SPN_N_SCHEMES] = {
        {.scheme = SPN_SCHEME_DENSE},
        {.scheme = SPN_SCHEME_EXTERNAL_INDEX},
        {.scheme = SPN_SCHEME_INDEX_FREE}};
    struct spn_workspace *work = f->work->transposed;

    work->result = f->work->result;
    return (struct spn_frame){.plan = f->plan->transposed,
                              .chip = &work->chip,
                              .options = &options[f->options->scheme],
                              .scheme = f->scheme,
                              .work = work,
                              .in = {.chip = &work->chip,
                                     .rules = &work->rules,
                                     .need = &work->need,
                                     .masked = f->scheme->masked,
                                     .around = &work->around},
                              .copies = true,
                              .tree = f->tree};
}

void spn_transposed_end(struct spn_frame *f, const struct spn_frame *own)
{
    f->tree = own->tree;
}

/* The same arrays; inputs are errors. */
static void set_chip(struct spn_chip *own, const struct spn_chip *chip)
{
    *own = *chip;
    own->input.bits = chip->training.error_bits;
    own->input.dac_bits =
        chip->input.dac_bits < own->input.bits ? chip->input.dac_bits : own->input.bits;
    own->mapping = SPN_MAPPING_CONVENTIONAL;
    own->area_budget_m2 = 0;
    own->tile.input_buffer_bit = own->tile.output_buffer_bit = own->global.buffer_bit = 0;
    own->tile.line_buffer = false;
    own->global.interconnect = SPN_INTERCONNECT_HTREE;
    own->products.unit = SPN_PRODUCTS_MAC;
    own->system.tiles = 0;
}

static enum spn_status map_all(struct spn_frame *own, const struct spn_frame *f,
                               struct spn_err *err)
{
    struct spn_workspace *work = own->work;
    struct spn_blocks_need *need = &work->need;

    *need = (struct spn_blocks_need){.max_row_tiles = 1, .n_chips = 1};
    work->n_loads = 1;
    for (int i = 0; i < own->plan->n_matrix; i++) {
        struct spn_matrix_work *w = &work->matrix[i];
        const int layer = own->plan->matrix[i].layer;
        const struct spn_matrix_work *original = &f->work->matrix[f->plan->layer[layer].matrix];
        enum spn_status status =
            spn_map_transposed(&w->map, &own->plan->net->layer[layer], &work->rules, err);
        if (status)
            return status;
        w->sparsity = original->sparsity;
        w->cell = original->cell;
        w->load = original->load;
        w->load_pruned = original->load_pruned;
        w->first = 0;
        w->parts = 1;
        if ((double)need->n_conventional_tiles + w->map.n_tiles > SPN_MAP_MAX_ARRAYS)
            return spn_err_set(err, SPN_EINFEASIBLE, "transposed weights need more than %.0f tiles",
                               SPN_MAP_MAX_ARRAYS);
        need->n_conventional_tiles += w->map.n_tiles;
        need->max_row_tiles = (int)fmax(need->max_row_tiles, w->map.row_tiles);
    }
    return SPN_OK;
}

/* Made once, when the first chip asks for it: few do, and networks may be large. */
static enum spn_status make_room(struct spn_frame *f, struct spn_err *err)
{
    if (f->work->transposed)
        return SPN_OK;
    enum spn_status status = spn_workspace_create(&f->work->transposed, f->plan->transposed, err);
    if (status)
        return status;
    free(f->work->transposed->result); /* its results are ours */
    f->work->transposed->result = NULL;
    return SPN_OK;
}

enum spn_status spn_transposed_set(struct spn_frame *f, struct spn_err *err)
{
    enum spn_status status = make_room(f, err);
    if (status)
        return status;
    struct spn_frame own = spn_transposed_begin(f);

    set_chip(&own.work->chip, f->chip);
    status = spn_frame_init(&own, err);
    if (!status)
        status = map_all(&own, f, err);
    if (f->chip->write.verify)
        own.work->programming = f->work->programming;
    if (!status)
        status = spn_blocks_set(&own.work->blocks, &own.in, err);
    for (int i = 0; i < own.plan->n_matrix && !status; i++)
        status = spn_layer_set(&own, i, err);
    if (status)
        spn_err_prefix(err, "chip.training.transpose: ");
    return status;
}

double spn_transposed_area_m2(const struct spn_frame *f)
{
    return spn_transposed_wanted(f) ? spn_blocks_area_m2(&f->work->transposed->blocks) : 0;
}

void spn_transposed_add_area(struct spn_frame *f)
{
    if (spn_transposed_wanted(f))
        spn_blocks_area(&f->work->transposed->blocks, &f->tree);
}

double spn_transposed_arrays(const struct spn_frame *f)
{
    return spn_transposed_wanted(f) ? f->work->transposed->blocks.n_arrays : 0;
}

double spn_transposed_bit(const struct spn_frame *f)
{
    const struct spn_workspace *work = f->work->transposed;
    double sum = 0;

    for (int i = 0; i < f->plan->transposed->n_matrix; i++)
        sum += work->matrix[i].forward.global_in_bit + work->matrix[i].forward.global_out_bit;
    return sum;
}

double spn_transposed_pass(struct spn_frame *f, int matrix)
{
    const int layer = f->plan->matrix[matrix].layer;
    struct spn_frame own = spn_transposed_begin(f);
    const int copy = own.plan->layer[layer].matrix;
    const struct spn_matrix_work *w = &own.work->matrix[copy];
    const struct spn_pass pass = {.matrix = copy,
                                  .phase = SPN_PHASE_ERROR,
                                  .counts = &w->forward,
                                  .array = &w->forward_blocks.block[0],
                                  .adc = &w->forward_blocks.block[1],
                                  .input = &w->input};
    double time_s = spn_pass_add(&own, &pass);
    double words = w->forward.global_in_bit / f->chip->global.bus_bit;
    double read_s = words * spn_buffer_word_s(f, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ);

    spn_transposed_end(f, &own);
    /* Errors come from the chip's buffer; what of that the arrays do not hide is waited for. */
    const struct spn_frame_item item = {.layer = layer,
                                        .phase = SPN_PHASE_ERROR,
                                        .category = SPN_CATEGORY_BUFFER,
                                        .latency_s = fmax(0, read_s - time_s)};
    spn_frame_add_action(f, &item, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ, words);
    f->busy_s[SPN_BLOCK_GLOBAL_BUFFER] += read_s;
    return fmax(time_s, read_s);
}
