/* programming.c -- writing a whole network once: pulses and reads of its cells, time and energy.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pulses and reads of a cell follow from the level that it is to hold [M:D20]; their means over the
 * distribution of a layer's cells [M:D4] times the array's actions are the cost [M:E70]. The same
 * table gives the simulator its errors.
 */
#include "estimator/programming.h"

#include <math.h>

#include "models/array.h"
#include "models/adc.h"
#include "models/decoder.h"
#include "models/level_shifter.h"

static bool same_pulse(const struct spn_device_pulse *a, const struct spn_device_pulse *b)
{
    return a->potentiation_nonlinearity == b->potentiation_nonlinearity &&
           a->depression_nonlinearity == b->depression_nonlinearity && a->n_levels == b->n_levels &&
           a->device_to_device_sd == b->device_to_device_sd &&
           a->cycle_to_cycle_sd == b->cycle_to_cycle_sd;
}

/* What the table of a cell depends on. */
static bool same_loop(const struct spn_programming_key *a, const struct spn_programming_key *b)
{
    return a->coding.valid && b->coding.valid &&
           a->coding.weight.cell_bits == b->coding.weight.cell_bits &&
           a->coding.on_S == b->coding.on_S && a->coding.off_S == b->coding.off_S &&
           same_pulse(&a->pulse, &b->pulse) && a->write.verify == b->write.verify &&
           a->write.tolerance_frac == b->write.tolerance_frac &&
           a->write.max_tries == b->write.max_tries &&
           a->write.pulses_per_read == b->write.pulses_per_read &&
           a->write.pulses_per_update == b->write.pulses_per_update &&
           a->programming_sd_frac == b->programming_sd_frac &&
           a->read_noise_frac == b->read_noise_frac && a->cell == b->cell;
}

/* Means over a distribution of values. */
static struct spn_programming_count mean_of(const struct spn_programming *p, const double *share,
                                            int n_values)
{
    struct spn_programming_count sum = {0};
    for (int v = 0; v < n_values; v++) {
        if (!(share[v] > 0))
            continue;
        const struct spn_programming_count one =
            spn_programming_pulses(p, n_values > 1 ? (double)v / (n_values - 1) : 0);
        sum.mean_pulses += share[v] * one.mean_pulses;
        sum.mean_reads += share[v] * one.mean_reads;
        sum.mean_tries += share[v] * one.mean_tries;
        sum.failed_frac += share[v] * one.failed_frac;
    }
    return sum;
}

void spn_programming_set(struct spn_frame *f)
{
    struct spn_workspace *work = f->work;
    const struct spn_device *d = &f->chip->device;
    const struct spn_programming_key key = {.coding = work->coding,
                                            .write = f->chip->write,
                                            .pulse = d->pulse,
                                            .programming_sd_frac = d->programming_sd_frac,
                                            .read_noise_frac = d->read_noise_frac,
                                            .cell = d->cell};
    const bool same = same_loop(&key, &work->programming_key);
    if (same && spn_coding_same(&key.coding, &work->programming_key.coding))
        return;
    if (!same)
        spn_programming_chip(&work->programming, f->chip);
    for (int i = 0; i < f->plan->n_matrix; i++) {
        struct spn_matrix_work *w = &work->matrix[i];
        struct spn_digit_pmf pmf;
        spn_conductance_pmf(&f->chip->weight,
                            f->plan->profile->layer[f->plan->matrix[i].layer].weight, -1, &pmf);
        w->load = mean_of(&work->programming, pmf.p, pmf.n_values);
        w->load_pruned = f->scheme->masked ? (struct spn_programming_count){0}
                                           : mean_of(&work->programming, pmf.zero, pmf.n_values);
    }
    work->programming_key = key;
}

struct spn_cell_writes spn_programming_writes(const struct spn_frame *f, int matrix,
                                              enum spn_phase phase,
                                              const struct spn_chip_write *write)
{
    const struct spn_programming_count *step = &f->work->programming.step;
    const struct spn_programming_count *load = &f->work->matrix[matrix].load;
    if (!(write->verify && write->tolerance_frac > 0))
        return (struct spn_cell_writes){write->pulses_per_update, write->pulses_per_update};
    return phase == SPN_PHASE_UPDATE
               ? (struct spn_cell_writes){step->mean_pulses, step->mean_reads}
               : (struct spn_cell_writes){load->mean_pulses, load->mean_reads};
}

/* Energy of one pulse on one cell, and of reading one back. */
static double pulse_J(const struct spn_frame *f, const struct spn_matrix_work *w)
{
    return w->forward_blocks.block[0].cost.action[SPN_ARRAY_WRITE_CELL].energy_J +
           spn_frame_action(f, SPN_BLOCK_ROW_SHIFTER, SPN_LEVEL_SHIFTER_SHIFT)->energy_J +
           spn_frame_action(f, SPN_BLOCK_COLUMN_SHIFTER, SPN_LEVEL_SHIFTER_SHIFT)->energy_J +
           spn_frame_action(f, SPN_BLOCK_ROW_DECODER, SPN_DECODER_DECODE)->energy_J;
}

static double read_J(const struct spn_matrix_work *w)
{
    return w->forward_blocks.block[0].cost.action[SPN_ARRAY_READ_ROW].energy_J +
           w->forward_blocks.block[1].cost.action[SPN_ADC_CONVERT].energy_J;
}

void spn_programming_report(const struct spn_frame *f, struct spn_programming_result *out)
{
    const struct spn_writing_request how = {
        .write = &f->chip->write, .phase = SPN_PHASE_FORWARD, .share = 1};
    const struct spn_programming *p = &f->work->programming;
    double cells = 0;
    for (int i = 0; i < f->plan->n_matrix; i++) {
        const struct spn_matrix_work *w = &f->work->matrix[i];
        const struct spn_writing x = spn_writing_of(f, i, &how);
        const struct spn_programming_count *a = &w->load, *b = &w->load_pruned;
        const double kept = x.kept;
        const double pulses = kept * a->mean_pulses + (1 - kept) * b->mean_pulses;
        const double reads = kept * a->mean_reads + (1 - kept) * b->mean_reads;
        const double pulse_s =
            w->forward_blocks.block[0].cost.action[SPN_ARRAY_WRITE_CELL].latency_s;
        const double tile_s = x.serial * x.rows * x.columns / w->map.groups_per_block *
                              (pulses * pulse_s + reads * spn_writing_verify_s(f, w, 1));
        out->latency_s = fmax(out->latency_s, tile_s);
        out->energy_J += x.all_cells * (pulses * pulse_J(f, w) + reads * read_J(w));
        out->pulses_per_cell += x.all_cells * pulses;
        out->reads_per_cell += x.all_cells * reads;
        out->failed_frac += x.all_cells * (kept * a->failed_frac + (1 - kept) * b->failed_frac);
        cells += x.all_cells;
    }
    if (cells > 0) {
        out->pulses_per_cell /= cells;
        out->reads_per_cell /= cells;
        out->failed_frac /= cells;
    }
    out->error_frac = spn_programming_rms(p);
    out->update_pulses = p->step.mean_pulses;
    out->update_reads = p->step.mean_reads;
}
