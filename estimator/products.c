/* products.c -- products of two activations on SRAM arrays: queries x keys, scores x values.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each product has arrays of its own, in tiles built like the chip's, with the cells, kind and size
 * of chip.products: they are costed as a chip of their own, without buffer and digital units. The
 * second factor is written token by token and stays for later ones; the first is applied as inputs
 * [M:E49].
 */
#include "estimator/products.h"

#include <math.h>

#include "models/array.h"
#include "models/decoder.h"

bool spn_products_wanted(const struct spn_frame *f)
{
    return f->chip->products.unit == SPN_PRODUCTS_SRAM && f->plan->products &&
           f->plan->products->n_matrix > 0;
}

/* The arrays' own frame; leaves go to the same tree and results. */
static struct spn_frame frame_of(struct spn_frame *f)
{
    static const struct spn_estimate_options options = {.scheme = SPN_SCHEME_DENSE};
    struct spn_workspace *work = f->work->products;

    work->result = f->work->result;
    return (struct spn_frame){.plan = f->plan->products,
                              .chip = &work->chip,
                              .options = &options,
                              .work = work,
                              .tree = f->tree};
}

/* Random bits: half of the cells are on. */
static void set_cells(struct spn_matrix_work *w, const struct spn_device *device)
{
    double on = device->on_conductance_S, off = device->off_conductance_S;

    w->cell.kept = w->cell.pruned =
        (struct spn_conductance){(on + off) / 2, (on * on + off * off) / 2};
    w->cell.kept_ratio = 1;
}

static enum spn_status map_all(struct spn_frame *own, struct spn_err *err)
{
    struct spn_workspace *work = own->work;
    struct spn_blocks_need *need = &work->need;

    *need = (struct spn_blocks_need){.max_row_tiles = 1, .n_chips = 1};
    work->n_loads = 1;
    for (int i = 0; i < own->plan->n_matrix; i++) {
        struct spn_matrix_work *w = &work->matrix[i];
        enum spn_status status = spn_map_product(
            &w->map, &own->plan->net->layer[own->plan->matrix[i].layer], &work->rules, err);
        if (status)
            return status;
        w->sparsity = 0;
        w->first = 0;
        w->parts = 1;
        set_cells(w, &work->chip.device);
        if ((double)need->n_conventional_tiles + w->map.n_tiles > SPN_MAP_MAX_ARRAYS)
            return spn_err_set(err, SPN_EINFEASIBLE, "products need more than %.0f tiles",
                               SPN_MAP_MAX_ARRAYS);
        need->n_conventional_tiles += w->map.n_tiles;
        need->max_row_tiles = (int)fmax(need->max_row_tiles, w->map.row_tiles);
    }
    return SPN_OK;
}

enum spn_status spn_products_set(struct spn_frame *f, struct spn_err *err)
{
    struct spn_frame own;
    enum spn_status status;

    if (f->options->training)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "chip.products.unit = sram: errors of products are not modelled (mac)");
    spn_chip_products(&f->work->products->chip, f->chip);
    own = frame_of(f);
    status = spn_frame_init(&own, err);
    own.tree = f->tree;
    if (!status)
        status = map_all(&own, err);
    if (!status)
        status = spn_blocks_set(&own.work->blocks, &own.in, err);
    for (int i = 0; i < own.plan->n_matrix && !status; i++)
        status = spn_layer_set(&own, i, err);
    if (status)
        spn_err_prefix(err, "chip.products: ");
    return status;
}

double spn_products_area_m2(const struct spn_frame *f)
{
    return spn_products_wanted(f) ? spn_blocks_area_m2(&f->work->products->blocks) : 0;
}

void spn_products_add_area(struct spn_frame *f)
{
    if (spn_products_wanted(f))
        spn_blocks_area(&f->work->products->blocks, &f->tree);
}

/* New tokens of the second factor into the cells. Keys are columns: all rows of the arrays that get
 * some are written. Values are rows. Arrays are written at once, the rows of each one after the
 * other. */
static double add_writes(struct spn_frame *own, int product)
{
    const struct spn_matrix_work *w = &own->work->matrix[product];
    const struct spn_layer_map *m = &w->map;
    const struct spn_map_rules *r = &own->work->rules;
    const int index = own->plan->matrix[product].layer;
    const struct spn_layer *layer = &own->plan->net->layer[index];
    const double tokens = layer->in_shape[1].dim[0], features = layer->in_shape[1].dim[1];
    const double cells = tokens * features * r->cells_per_weight;
    const double in_row = fmin(m->columns / m->groups_per_block, r->weights_per_row) *
                          (double)r->cells_per_weight; /* of one group */
    double rows = layer->transpose_b ? m->rows : tokens * m->groups_per_block;
    const struct spn_cost row = w->forward_blocks.block[0].cost.action[SPN_ARRAY_WRITE_ROW];
    struct spn_frame_item item = {.layer = index,
                                  .phase = SPN_PHASE_FORWARD,
                                  .category = SPN_CATEGORY_WRITE,
                                  .inference = true,
                                  .block = &w->forward_blocks.block[0],
                                  .n = cells / in_row,
                                  .unit_J = row.energy_J};

    rows = fmin(rows, fmin(m->rows, r->array_rows));
    item.latency_s = rows * row.latency_s;
    spn_frame_add(own, &item);
    double time_s = item.latency_s;
    item.latency_s = 0;
    spn_frame_add_action(own, &item, SPN_BLOCK_ROW_DECODER, SPN_DECODER_DECODE, item.n);
    return time_s;
}

double spn_products_add(struct spn_frame *f, int layer)
{
    struct spn_frame own = frame_of(f);
    const int product = f->plan->products->layer[layer].matrix;
    const struct spn_matrix_work *w = &own.work->matrix[product];
    const struct spn_pass pass = {.matrix = product,
                                  .phase = SPN_PHASE_FORWARD,
                                  .counts = &w->forward,
                                  .array = &w->forward_blocks.block[0],
                                  .adc = &w->forward_blocks.block[1],
                                  .input = &w->input};
    double time_s = add_writes(&own, product);

    time_s += spn_pass_add(&own, &pass);
    f->tree = own.tree;
    return time_s;
}
