/* estimate.c -- what a network costs on a chip: the order of the work, and the totals.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Map all layers, size the chip's blocks, count and cost each layer, then sum. The chip is as large
 * as the network needs; with chip.area_budget_m2 it must not be larger than that. Leakage is that
 * of the whole chip over the time that an image (or an update) takes of it [M:E18].
 */
#include "estimator/estimate.h"

#include <math.h>
#include <string.h>

#include "estimator/fit.h"
#include "estimator/path.h"
#include "estimator/products.h"
#include "estimator/programming.h"
#include "estimator/totals.h"
#include "estimator/traffic.h"
#include "estimator/training.h"
#include "estimator/transposed.h"
#include "models/array.h"

bool spn_coding_same(const struct spn_coding_key *a, const struct spn_coding_key *b)
{
    return a->valid && b->valid && a->scheme == b->scheme && a->weight.bits == b->weight.bits &&
           a->weight.cell_bits == b->weight.cell_bits && a->weight.encoding == b->weight.encoding &&
           a->on_S == b->on_S && a->off_S == b->off_S && a->mask_on_S == b->mask_on_S &&
           a->mask_off_S == b->mask_off_S && a->input_bits == b->input_bits &&
           a->dac_bits == b->dac_bits;
}

/* Conductances of kept and pruned cells of every layer; they stay while coding, device and scheme
 * do. [M:D4, D5] */
static void set_conductances(struct spn_frame *f)
{
    const struct spn_device *device = &f->chip->device;
    struct spn_coding_key key = {.weight = f->chip->weight,
                                 .on_S = device->on_conductance_S,
                                 .off_S = device->off_conductance_S,
                                 .mask_on_S = device->mask.on_conductance_S,
                                 .mask_off_S = device->mask.off_conductance_S,
                                 .input_bits = f->chip->input.bits,
                                 .dac_bits = f->chip->input.dac_bits,
                                 .scheme = f->options->scheme,
                                 .valid = 1};

    if (spn_coding_same(&key, &f->work->coding))
        return;
    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct spn_layer_conductance *cell = &f->work->matrix[i].cell;
        const struct spn_layer_profile *profile =
            &f->plan->profile->layer[f->plan->matrix[i].layer];
        *cell = spn_conductance_layer(f->chip, profile, f->options->scheme);
        if (profile->measured_seen && f->options->scheme == SPN_SCHEME_DENSE)
            cell->kept_ratio *= profile->kept_frac; /* its zeros are codes of 0, not pruned */
    }
    f->work->coding = key;
}

/* Tiles of all layers, and with them what the chip must have. */
static enum spn_status map_layers(struct spn_frame *f, struct spn_index_result *index,
                                  struct spn_err *err)
{
    struct spn_workspace *work = f->work;
    struct spn_blocks_need *need = &work->need;
    int64_t conventional = 0, kernel = 0;

    *need = f->plan->need;
    need->kernel_area = work->rules.kernel_area;
    need->max_row_tiles = 1;
    need->n_chips = work->n_loads = 1;
    need->training = f->options->training;
    need->reads_back = need->training && !spn_transposed_wanted(f);
    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct spn_matrix_work *w = &work->matrix[i];
        int number = f->plan->matrix[i].layer;
        const struct spn_layer *layer = &f->plan->net->layer[number];
        bool by_weight;
        enum spn_status status =
            spn_map_layer_again(&w->map, &w->map_memory, layer, &work->rules, err);
        if (status)
            return status;
        w->first = 0;
        w->parts = 1;
        w->sparsity = f->options->scheme == SPN_SCHEME_DENSE ? 0 : layer->sparsity;
        *(w->map.kernel_position ? &kernel : &conventional) += w->map.n_tiles;
        need->max_row_tiles =
            w->map.row_tiles > need->max_row_tiles ? w->map.row_tiles : need->max_row_tiles;
        need->pending = fmax(need->pending, w->map.pending);
        need->line_bit = fmax(need->line_bit, spn_frame_line_bit(f, i));
        need->elementwise = need->elementwise || w->map.scatter_adds > 0;
        if (need->training)
            need->gradient_bit = fmax(
                need->gradient_bit,
                spn_training_gradient_bit(layer, f->plan->layer[number].n_in, f->chip, &by_weight));
    }
    if ((double)(conventional + kernel) > SPN_MAP_MAX_ARRAYS)
        return spn_err_set(err, SPN_EINFEASIBLE, "network %s needs %.0f tiles: more than %.0f",
                           f->plan->net->name, (double)(conventional + kernel), SPN_MAP_MAX_ARRAYS);
    need->n_conventional_tiles = (int)conventional;
    need->n_kernel_tiles = (int)kernel;
    need->kernel_area = kernel > 0 ? need->kernel_area : 0;
    bool all = f->chip->schedule != SPN_SCHEDULE_LAYER_BY_LAYER;
    double elements = all ? f->plan->pipelined_elements : f->plan->peak_elements;
    if (need->training && !f->chip->training.activations_in_dram)
        elements = fmax(elements, f->plan->sum_elements);
    bool in_arrays = spn_products_wanted(f);
    bool in_dram = f->chip->system.cache_place == SPN_CACHE_DRAM && !in_arrays;
    elements += in_dram || in_arrays ? 0 : f->plan->cache_elements;
    need->dram = need->dram || (in_dram && f->plan->cache_elements > 0);
    need->dynamic_mac = need->dynamic_mac && !in_arrays;
    need->activation_bit = elements * f->chip->input.bits;
    need->format = f->format;
    spn_index_sizes(f, index, &need->index_tile_bit);
    spn_index_need(f, index);
    return SPN_OK;
}

/* Mean over the cells of which a share holds a value, the rest being pruned, or beside packed
 * groups. [M:E19] */
static struct spn_conductance mix(const struct spn_matrix_work *w, double kept)
{
    const struct spn_layer_conductance *c = &w->cell;
    kept = fmin(1, kept * c->kept_ratio);
    return (struct spn_conductance){kept * c->kept.mean_S + (1 - kept) * c->pruned.mean_S,
                                    kept * c->kept.mean_square_S2 +
                                        (1 - kept) * c->pruned.mean_square_S2};
}

/* Statistics of a read, forward and transposed. */
static void set_values(const struct spn_frame *f, int matrix, const struct spn_count_input *in,
                       struct spn_array_values out[2])
{
    const struct spn_matrix_work *w = &f->work->matrix[matrix];
    const struct spn_layer_map *m = &w->map;
    const struct spn_map_rules *r = &f->work->rules;
    const struct spn_chip_write *write = &f->chip->write;
    bool pairs = f->chip->weight.encoding == SPN_ENCODING_DIFFERENTIAL && f->scheme->masked;
    double kept = f->scheme->kept(w->sparsity) / m->groups_per_block,
           columns = f->work->blocks.array.columns;
    struct spn_conductance cell = mix(w, kept);
    double used = (double)m->columns * r->cells_per_weight,
           reference = columns - r->array_columns - f->chip->array.spare_columns;
    double driven =
        (1 - in->skipped_columns_frac) * used / r->conversions_per_weight; /* digits one by one */
    double at_once = r->rows_read == r->array_rows ? columns : r->rows_read;
    struct spn_array_values v = {.input_mean = w->input.mean,
                                 .input_mean_square = w->input.mean_square,
                                 .cell_mean_S = cell.mean_S,
                                 .cell_mean_square_S2 = cell.mean_square_S2,
                                 .vector_pulse_frac = kept * (pairs ? 0.5 : 1), /* [M:E72] */
                                 .columns_per_pass = w->forward.columns_per_pass};

    v.used_rows_frac = m->rows * m->inside_frac * (1 - in->skipped_rows_frac) /
                       ((double)m->row_groups_sum * r->rows_read);
    v.used_columns_frac = (used + reference * m->column_arrays) / (m->column_arrays * columns);
    /* Of the rows that are written at all, E25's share. */
    double weights = fmin(m->columns, r->weights_per_row), rows = 1 - pow(1 - kept, weights);
    v.row_pulse_frac = (kept > 0 ? kept / rows : 0) * spn_index_written_frac(f, matrix) *
                       fmin(1, write->pulses_per_update / write->row_pulses_per_update);
    out[0] = v;
    v.columns_per_pass = w->error.columns_per_pass;
    v.used_rows_frac =
        fmin(1, driven / ((double)m->column_arrays * m->column_groups_max * at_once));
    v.used_columns_frac = m->rows / ((double)m->row_arrays * r->array_rows);
    v.input_mean = w->error_input.mean;
    v.input_mean_square = w->error_input.mean_square;
    out[1] = v;
}

/* Counts and array of one layer, forward and (training) backward. */
enum spn_status spn_layer_set(struct spn_frame *f, int matrix, struct spn_err *err)
{
    struct spn_matrix_work *w = &f->work->matrix[matrix];
    struct spn_blocks *blocks = &f->work->blocks;
    const int layer = f->plan->matrix[matrix].layer;
    double columns = fmin(w->map.columns, f->work->rules.weights_per_row),
           rows = fmin(w->map.rows, f->work->rules.array_rows);
    struct spn_count_input in = {
        .map = &w->map,
        .rules = &f->work->rules,
        .chip = f->chip,
        .n_adc = blocks->n_adc,
        .is_signed = !f->plan->uniform && f->plan->net->layer[layer].signed_in,
        .skipped_rows_frac = f->scheme->skipped_rows(w->sparsity, columns),
        .skipped_columns_frac = f->scheme->skipped_columns(w->sparsity, rows)};
    double steps = ldexp(1, f->chip->input.dac_bits) - 1;
    struct spn_array_values values[2];
    enum spn_status status;

    w->input = spn_plan_input(f->plan, matrix, &f->chip->input);
    w->error_input = (struct spn_input_moments){0.5, (2 * steps + 1) / (6 * steps), 0.5,
                                                0.5}; /* uniform codes [M:E9] */
    spn_count_forward(&w->forward, &in);
    if (spn_frame_once(f, matrix))
        spn_count_once(&w->forward,
                       f->plan->layer[f->plan->matrix[matrix].layer].n_in * f->chip->input.bits);
    if (f->work->need.reads_back)
        spn_count_error(&w->error, &in);
    if (f->work->n_loads > 1) {
        spn_count_parts(&w->forward, &w->map, f->work->load_tiles);
        spn_count_error_parts(&w->error, &w->map, f->work->load_tiles);
    }
    set_values(f, matrix, &in, values);
    status = spn_layer_blocks_set(&w->forward_blocks, blocks, &f->in, &values[0], err);
    if (status || !f->work->need.reads_back)
        return status;
    w->error_blocks.transposed = true;
    return spn_layer_blocks_set(&w->error_blocks, blocks, &f->in, &values[1], err);
}

/* What all layers share is busy for all of them in each image: links between tiles, the buffer's
 * port, digital units. [M:E16] */
static double shared_s(const struct spn_frame *f, enum spn_phase phase)
{
    bool copies = phase == SPN_PHASE_ERROR && spn_transposed_wanted(f);
    double most = phase == SPN_PHASE_GRADIENT
                      ? 0
                      : spn_global_bus_s(f, copies ? spn_transposed_bit(f)
                                                   : spn_traffic_busiest_bit(f, phase));

    for (int id = 0; id < SPN_N_BLOCKS; id++)
        most = fmax(most, f->busy_s[id] / f->work->need.n_chips);
    return most;
}

/* What a layer on arrays, and those behind it until the next, take: for the loads that they belong
 * to. Returns the matrix. */
static int note_time(struct spn_frame *f, int matrix, bool own, double time_s)
{
    struct spn_matrix_work *w = matrix >= 0 ? &f->work->matrix[matrix] : NULL;

    if (own)
        w->own_s = time_s;
    if (w && !own) {
        w->sum_tail_s += time_s;
        w->most_tail_s = fmax(w->most_tail_s, time_s);
    }
    return matrix;
}

/* All layers in order, one phase; returns their times. */
static struct spn_times add_layers(struct spn_frame *f, enum spn_phase phase)
{
    struct spn_times times = {0};
    bool forward = phase == SPN_PHASE_FORWARD;
    double done_s = 0; /* intervals of the loads before this one */
    int load = 0, last = -1;

    for (int i = 0; i < f->plan->n_matrix; i++)
        f->work->matrix[i].own_s = f->work->matrix[i].sum_tail_s = f->work->matrix[i].most_tail_s =
            0;
    memset(f->busy_s, 0, sizeof f->busy_s);
    for (int i = 0; i < f->plan->net->n_layers; i++) {
        const struct spn_plan_layer *p = &f->plan->layer[i];
        double time_s = 0;
        if (phase == SPN_PHASE_ERROR && !p->needs_error)
            continue;
        if (p->matrix >= 0 && phase == SPN_PHASE_GRADIENT) {
            time_s = spn_training_gradient(f, p->matrix);
        } else if (p->matrix >= 0 && phase == SPN_PHASE_ERROR && spn_transposed_wanted(f)) {
            time_s = spn_transposed_pass(f, p->matrix);
        } else if (p->matrix >= 0) {
            const struct spn_matrix_work *w = &f->work->matrix[p->matrix];
            if (f->work->n_loads > 1 && w->first != load &&
                f->chip->schedule != SPN_SCHEDULE_LAYER_BY_LAYER) {
                done_s += times.interval_s;
                times.interval_s = 0;
                load = w->first;
            }
            const struct spn_pass pass = {
                .matrix = p->matrix,
                .phase = phase,
                .transposed = !forward,
                .counts = forward ? &w->forward : &w->error,
                .array = forward ? &w->forward_blocks.block[0] : &w->error_blocks.block[0],
                .adc = forward ? &w->forward_blocks.block[1] : &w->error_blocks.block[1],
                .input = forward ? &w->input : &w->error_input};
            time_s = spn_pass_add(f, &pass);
        }
        if (phase != SPN_PHASE_GRADIENT)
            time_s += spn_digital_add(f, i, phase);
        last = note_time(f, p->matrix >= 0 ? p->matrix : last, p->matrix >= 0, time_s);
        if (forward)
            f->work->result[i].latency_s = time_s;
        spn_schedule_join(&times, f->chip->schedule, time_s);
    }
    times.interval_s += done_s;
    if (f->chip->schedule != SPN_SCHEDULE_LAYER_BY_LAYER)
        times.interval_s = fmax(times.interval_s, shared_s(f, phase));
    return times;
}

static void set_layer_results(struct spn_frame *f, struct spn_result *out)
{
    double cells = 0;

    for (int i = 0; i < f->plan->net->n_layers; i++) {
        struct spn_layer_result *r = &f->work->result[i];
        memset(r, 0, sizeof *r);
        r->layer = i;
        r->copies = r->parts = 1;
        if (f->plan->layer[i].matrix < 0)
            continue;
        const struct spn_matrix_work *w = &f->work->matrix[f->plan->layer[i].matrix];
        r->on_arrays = true;
        r->n_tiles = w->map.n_tiles;
        r->n_pes = w->map.n_pes;
        r->n_arrays = w->map.n_arrays;
        r->copies = w->map.tile_copies;
        r->copies_in_tile = w->map.copies / w->map.tile_copies;
        r->mapping = w->map.mapping;
        r->matrix_rows = w->map.rows;
        r->matrix_columns = w->map.columns;
        r->n_matrices = w->map.positions * w->map.blocks;
        r->first = w->first;
        r->parts = w->parts;
        r->utilization_frac = w->map.utilization_frac;
        r->sparsity = w->sparsity;
        cells += w->map.cells * w->map.tile_copies;
        out->n_weights += (double)f->plan->net->layer[i].n_weights;
        out->n_kept_weights +=
            (double)f->plan->net->layer[i].n_weights * f->scheme->kept(w->sparsity);
    }
    const struct spn_blocks *blocks = &f->work->blocks;
    double room = blocks->n_arrays * f->work->rules.array_rows * f->work->rules.array_columns;
    out->n_tiles = (int)blocks->n_tiles;
    out->n_arrays = (int)blocks->n_arrays;
    if (f->work->n_loads > 1) /* of the tiles that a load has */
        room *= f->work->n_loads * (double)f->work->load_tiles / f->work->need.n_general_tiles;
    out->utilization_frac = room > 0 ? cells / room : 0;
}

static void add_leakage(struct spn_frame *f, enum spn_phase phase, double leakage_W, double time_s)
{
    struct spn_leaf leaf = {.layer = -1,
                            .component = "leakage",
                            .phase = phase,
                            .category = SPN_CATEGORY_LEAKAGE,
                            .inference = phase == SPN_PHASE_FORWARD,
                            .n_actions = 1,
                            .n_instances = 1,
                            .cost = {.energy_J = leakage_W * time_s},
                            .model = "E18"};
    spn_cost_tree_add(&f->tree, &leaf);
}

enum spn_status spn_frame_init(struct spn_frame *f, struct spn_err *err)
{
    struct spn_workspace *work = f->work;
    enum spn_status status = spn_scheme_get(&f->scheme, f->options->scheme, f->chip, err);

    if (status)
        return status;
    if (f->options->training && f->chip->array.kind != SPN_ARRAY_CURRENT &&
        f->chip->training.transpose == SPN_TRANSPOSE_READ)
        return spn_err_set(err, SPN_EINFEASIBLE,
                           "training reads arrays transposed, which one of chip.array.kind = %s "
                           "cannot (chip.training.transpose = copy takes further ones)",
                           spn_array_kind_names[f->chip->array.kind]);
    if (f->scheme->indexed) {
        status = spn_index_format_find(&f->format, f->chip->sparsity.index_format, err);
        if (status)
            return status;
    }
    status = spn_map_rules(&work->rules, f->chip, f->plan->kernel_area, err);
    if (status)
        return status;
    spn_surroundings_set(&work->around, f->chip);
    f->tree = (struct spn_cost_tree){.leaf = work->leaf, .capacity = work->leaf_capacity};
    f->in = (struct spn_blocks_input){.chip = f->chip,
                                      .rules = &work->rules,
                                      .need = &work->need,
                                      .masked = f->scheme->masked,
                                      .around = &work->around};
    return SPN_OK;
}

/* Loads and links; into the time between images and the result. [M:E43, E44] */
static void add_system(struct spn_frame *f, struct spn_result *out, struct spn_times *times)
{
    struct spn_system_result *s = &out->system;
    const double batch = f->chip->system.batch;
    s->n_chips = f->work->need.n_chips;
    s->n_loads = f->work->n_loads;
    s->chip_tiles = f->work->blocks.n_tiles / s->n_chips;
    s->transposed_arrays = spn_transposed_arrays(f);
    s->product_arrays = spn_products_wanted(f) ? f->work->products->blocks.n_arrays : 0;
    s->direct = f->direct;
    spn_traffic_report(f, s);
    s->shared_s = shared_s(f, SPN_PHASE_FORWARD);
    const struct spn_loads loads = spn_load_add(f, SPN_PHASE_FORWARD);
    spn_load_report(f, &loads, s);
    double link_s = spn_link_add(f, SPN_PHASE_FORWARD, s);
    if (f->chip->schedule != SPN_SCHEDULE_LAYER_BY_LAYER)
        times->interval_s = fmax(times->interval_s, link_s);
    else
        times->interval_s += s->link_s;
    times->interval_s += s->load_waited_s / batch + s->waiting_s;
    s->batch_extra_s = loads.batch_s - loads.image_s;
    if (s->load_writes > 0)
        s->lifetime_s =
            f->chip->device.endurance_cycles / s->load_writes * batch * times->interval_s;
}

/* All leaves but leakage, which needs the times. */
static void add_leaves(struct spn_frame *f, struct spn_result *out,
                       struct spn_times times[SPN_N_PHASES])
{
    spn_blocks_area(&f->work->blocks, &f->tree);
    spn_products_add_area(f);
    spn_transposed_add_area(f);
    for (int i = 0; i < f->tree.n; i++) {
        out->area_m2 += f->tree.leaf[i].cost.area_m2;
        out->leakage_W += f->tree.leaf[i].cost.leakage_W;
    }
    const int first = f->tree.n;
    times[SPN_PHASE_FORWARD] = add_layers(f, SPN_PHASE_FORWARD);
    spn_path_apply(f, first, shared_s(f, SPN_PHASE_FORWARD));
    add_system(f, out, &times[SPN_PHASE_FORWARD]);
    add_leakage(f, SPN_PHASE_FORWARD, out->leakage_W, times[SPN_PHASE_FORWARD].interval_s);
    if (!f->options->training)
        return;
    times[SPN_PHASE_ERROR] = add_layers(f, SPN_PHASE_ERROR);
    const struct spn_loads loads = spn_load_add(f, SPN_PHASE_ERROR);
    times[SPN_PHASE_ERROR].interval_s += loads.waited_s / f->chip->system.batch + loads.waiting_s;
    times[SPN_PHASE_GRADIENT] = add_layers(f, SPN_PHASE_GRADIENT);
    spn_training_update(f, &out->training);
    times[SPN_PHASE_UPDATE].interval_s = out->training.update_transfer_s +
                                         out->training.update_index_s +
                                         out->training.update_write_s;
    for (int phase = SPN_PHASE_ERROR; phase <= SPN_PHASE_UPDATE; phase++)
        add_leakage(f, (enum spn_phase)phase, out->leakage_W, times[phase].interval_s);
    const struct spn_chip_sparsity *s = &f->chip->sparsity;
    if (f->work->n_loads > 1)
        out->index.polarity_bit = 0; /* cells get their new values with the next loads */
    out->index.update_traffic_bit =
        (s->index_place == SPN_INDEX_TILE_BUFFER ? 0 : out->index.storage_bit) +
        (s->polarity_place == SPN_POLARITY_TILE_BUFFER ? 0 : 2 * out->index.polarity_bit);
    out->index.rewrite_traffic_bit = out->index.storage_bit;
    out->index.buffer_bit =
        (f->work->need.index_tile_bit + f->work->need.polarity_tile_bit) * f->work->blocks.n_tiles;
}

/* Blocks, and what each layer makes of them. */
static enum spn_status set_chip(struct spn_frame *f, struct spn_err *err)
{
    enum spn_status status = spn_blocks_set(&f->work->blocks, &f->in, err);

    for (int i = 0; i < f->plan->n_matrix && !status; i++) {
        status = spn_layer_set(f, i, err);
        if (status)
            spn_err_prefix(err, "layer %s: ", f->plan->net->layer[f->plan->matrix[i].layer].name);
    }
    return status ? status : spn_traffic_set(f, err);
}

enum spn_status spn_estimate(const struct spn_plan *plan, const struct spn_chip *chip,
                             const struct spn_estimate_options *options, struct spn_workspace *work,
                             struct spn_result *result, struct spn_err *err)
{
    struct spn_frame f = {.plan = plan, .chip = chip, .options = options, .work = work};
    struct spn_times times[SPN_N_PHASES] = {{0}};
    struct spn_cost_sums sums;
    struct spn_result out = {.net = plan->net,
                             .n_layers = plan->net->n_layers,
                             .layer = work->result,
                             .leaf = work->leaf};
    enum spn_status status = spn_frame_init(&f, err);

    if (!status)
        status = map_layers(&f, &out.index, err);
    if (status)
        return status;
    set_conductances(&f);
    spn_programming_set(&f);
    if (spn_products_wanted(&f))
        status = spn_products_set(&f, err);
    if (!status && spn_transposed_wanted(&f))
        status = spn_transposed_set(&f, err);
    if (!status)
        status = set_chip(&f, err);
    if (!status && spn_fit_wanted(chip)) {
        status = spn_fit(&f, err);
        if (!status)
            status = set_chip(&f, err);
    }
    if (status)
        return status;
    set_layer_results(&f, &out);
    spn_programming_report(&f, &out.programming);
    add_leaves(&f, &out, times);
    status = spn_cost_tree_sum(&f.tree, &sums, err);
    if (status)
        return status;
    out.n_leaves = f.tree.n;
    spn_totals_inference(&f, &sums, &out, &times[SPN_PHASE_FORWARD]);
    if (options->training)
        spn_totals_training(&f, &sums, &out, times);
    *result = out;
    return SPN_OK;
}
