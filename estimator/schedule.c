/* schedule.c -- when things happen: the time of one layer, of one image, and between images.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layer-by-layer: latencies add, the next image starts when the last layer is done. Pipelined: each
 * layer works on an image of its own, a layer's outputs being complete before the next starts on
 * them; the slowest layer sets the interval [M:E16].
 */
#include "estimator/schedule.h"

#include <math.h>

#include "models/adc.h"
#include "models/adder_tree.h"
#include "models/array.h"
#include "models/driver.h"
#include "models/logic.h"
#include "models/mux.h"
#include "models/sample_hold.h"
#include "models/shift_add.h"
#include "models/sram.h"

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double latency_s(const struct spn_frame *f, enum spn_block_id id, int action)
{
    return spn_frame_action(f, id, action)->latency_s;
}

/* One read: drive, settle, sample; and its conversions one after the other. Timing is fixed when
 * the chip is made: settling is that of a fully used array of half-way cells with random inputs,
 * whatever the layer holds. [M:E11, E15] */
static void set_reads(struct spn_stage *stage, const struct spn_frame *f,
                      const struct spn_pass *pass)
{
    const struct spn_layer_counts *c = pass->counts;
    bool forward = !pass->transposed;
    double drive_s = latency_s(f, forward ? SPN_BLOCK_INPUT_DRIVER : SPN_BLOCK_COLUMN_DRIVER,
                               SPN_SWITCH_MATRIX_SWITCH);
    bool held = f->work->blocks.at_supply; /* no gates to open, and charge stays [M:E30] */
    double gate_s = forward && !held ? latency_s(f, SPN_BLOCK_GATE_DRIVER, SPN_DRIVER_DRIVE) : 0;
    bool in_turn = f->chip->adc.selected_only && !f->chip->adc.sample_hold && !held;
    double settle_s = latency_s(f, SPN_BLOCK_ARRAY, SPN_ARRAY_READ) + spn_blocks_pulses_s(f->chip);
    double read_s = larger(drive_s, gate_s) + (in_turn ? 0 : settle_s) +
                    latency_s(f, SPN_BLOCK_SAMPLE_HOLD, SPN_SAMPLE_HOLD_SAMPLE);
    double step_s = latency_s(f, forward ? SPN_BLOCK_MUX : SPN_BLOCK_ROW_MUX, SPN_MUX_SELECT) +
                    pass->adc->cost.action[SPN_ADC_CONVERT].latency_s + (in_turn ? settle_s : 0);
    if (f->work->blocks.digital) { /* cells, lines and adders share whole clocks [M:E30] */
        const struct spn_logic clock = {.env = &f->work->around.env};
        step_s = spn_logic_clocked_s(&clock, read_s + step_s, 1);
        read_s = 0;
    } else if (in_turn && f->chip->adc.samples) { /* [M:W7] it settles within the first cycle */
        double cycle_s =
            pass->adc->cost.action[SPN_ADC_CONVERT].latency_s / (f->chip->adc.bits + 1);
        step_s += spn_blocks_sampling_s(&f->work->blocks, f->chip) - cycle_s;
    }
    double convert_s =
        c->columns_per_pass * larger(step_s, latency_s(f, SPN_BLOCK_SHIFT_ADD, SPN_SHIFT_ADD_ADD));
    double n = c->rounds * c->passes;

    if (forward && f->chip->input.integrate_s > 0) { /* [M:W9] */
        double vectors = n / c->slices;
        double weights = (exp2(f->chip->input.bits) - 1) / (exp2(f->chip->input.dac_bits) - 1);
        stage->read_s = n * read_s + vectors * weights * f->chip->input.integrate_s;
        stage->convert_s = vectors * convert_s;
        return;
    }
    if (spn_frame_block(f, SPN_BLOCK_SAMPLE_HOLD)->n <= 0) {
        stage->read_s = n * read_s;
        stage->convert_s = n * convert_s;
    } else if (read_s > convert_s) {
        stage->read_s = n * read_s;
        stage->convert_s = convert_s;
    } else {
        stage->read_s = read_s;
        stage->convert_s = n * convert_s;
    }
}

struct spn_stage spn_schedule_stage(const struct spn_frame *f, const struct spn_pass *pass)
{
    const struct spn_layer_counts *c = pass->counts;
    const struct spn_matrix_work *w = &f->work->matrix[pass->matrix];
    const struct spn_layer_map *map = &w->map;
    const bool mesh = f->chip->global.interconnect == SPN_INTERCONNECT_MESH;
    const bool direct = f->direct && f->plan->matrix[pass->matrix].from >= 0;
    struct spn_stage s = {0};
    double word = f->chip->tile.bus_bit;
    /* An H-tree carries one thing at a time; a mesh has a link in and one out. */
    double bits = f->direct ? w->link_bit
                  : mesh    ? larger(c->global_in_bit, c->global_out_bit)
                            : c->global_in_bit + c->global_out_bit;
    double way_s =
        spn_global_bit(f, w->hops_in, 1).latency_s + spn_global_bit(f, w->hops_out, 1).latency_s;
    double word_s = larger(spn_buffer_word_s(f, SPN_BLOCK_TILE_INPUT, SPN_SRAM_READ),
                           spn_buffer_word_s(f, SPN_BLOCK_TILE_OUTPUT, SPN_SRAM_WRITE));
    double tile_s = c->busiest_tile_bit / word * word_s;
    double bus_s = spn_global_bus_s(f, bits);
    double buffer_s = (direct ? 0 : c->global_in_bit) / f->chip->global.bus_bit *
                      spn_buffer_word_s(f, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ);

    s.buffer_busy_s = buffer_s + 2 * c->spill_bit / f->chip->global.bus_bit *
                                     spn_buffer_word_s(f, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ);
    set_reads(&s, f, pass);
    s.accumulate_s =
        latency_s(f, SPN_BLOCK_SHIFT_ADD, SPN_SHIFT_ADD_ADD) +
        latency_s(f, SPN_BLOCK_PE_TREE, SPN_ADDER_TREE_SUM) +
        latency_s(f, map->kernel_position ? SPN_BLOCK_KERNEL_TREE : SPN_BLOCK_TILE_TREE,
                  SPN_ADDER_TREE_SUM) +
        (c->chip_adds > 0 ? latency_s(f, SPN_BLOCK_CHIP_TREE, SPN_ADDER_TREE_SUM) : 0);
    /* The way of one vector in and out. */
    s.global_s = bus_s / c->vectors + way_s;
    s.tile_s = tile_s / c->vectors;
    s.buffer_s = direct ? 0 : latency_s(f, SPN_BLOCK_GLOBAL_BUFFER, SPN_SRAM_READ);
    /* Of what runs side by side the one that takes longest is on the critical path, of the others
     * one vector's (round's) worth: the longest is the one with most left after that. */
    double compute_s = (s.read_s + s.convert_s) * (1 - 1 / c->rounds);
    double tile_rest_s = tile_s - s.tile_s, bus_rest_s = bus_s * (1 - 1 / c->vectors),
           buffer_rest_s = buffer_s * (1 - 1 / c->vectors);
    double longest = larger(compute_s, larger(tile_rest_s, larger(bus_rest_s, buffer_rest_s)));
    if (longest > compute_s) {
        s.read_s /= c->rounds;
        s.convert_s /= c->rounds;
        if (longest <= tile_rest_s)
            s.tile_s = tile_s;
        else if (longest <= bus_rest_s)
            s.global_s = bus_s + way_s;
        else
            s.buffer_s +=
                buffer_rest_s; /* the first vector's words pass the bus as they are read */
    }
    s.total_s = s.read_s + s.convert_s + s.accumulate_s + s.tile_s + s.global_s + s.buffer_s;
    return s;
}

void spn_schedule_join(struct spn_times *times, int schedule, double stage_s)
{
    times->latency_s += stage_s;
    if (schedule == SPN_SCHEDULE_LAYER_BY_LAYER)
        times->interval_s += stage_s;
    else
        times->interval_s = larger(times->interval_s, stage_s);
}
