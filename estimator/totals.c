/* totals.c -- what is reported of one inference and of training: sums over leaves.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "estimator/totals.h"

/* Operations of one inference, 2 per MAC; effective: of weights that are kept. */
static void count_operations(const struct spn_frame *f, struct spn_inference_result *r)
{
    for (int i = 0; i < f->plan->net->n_layers; i++) {
        const struct spn_layer *layer = &f->plan->net->layer[i];
        int matrix = f->plan->layer[i].matrix;
        double ops = 2 * (double)layer->n_macs;
        r->n_ops += ops;
        r->n_effective_ops +=
            matrix >= 0 ? ops * f->scheme->kept(f->work->matrix[matrix].sparsity) : ops;
    }
}

void spn_totals_inference(const struct spn_frame *f, const struct spn_cost_sums *sums,
                          struct spn_result *out, const struct spn_times *times)
{
    struct spn_inference_result *r = &out->inference;
    struct spn_cost all = spn_cost_sums_get(sums, 1, -1, -1);

    r->latency_s = all.latency_s;
    r->interval_s = times->interval_s;
    r->throughput_per_s = r->interval_s > 0 ? 1 / r->interval_s : 0;
    const double batch = f->chip->system.batch;
    out->system.batch_s = r->latency_s + out->system.batch_extra_s +
                          (batch - 1) * (r->interval_s - out->system.load_waited_s / batch);
    r->energy_J = all.energy_J;
    r->leakage_J = spn_cost_sums_get(sums, 1, -1, SPN_CATEGORY_LEAKAGE).energy_J;
    r->dynamic_J = r->energy_J - r->leakage_J;
    count_operations(f, r);
    r->ops_per_s = r->n_ops * r->throughput_per_s;
    r->ops_per_J = r->energy_J > 0 ? r->n_ops / r->energy_J : 0;
    r->effective_ops_per_J = r->energy_J > 0 ? r->n_effective_ops / r->energy_J : 0;
    r->ops_per_s_m2 = out->area_m2 > 0 ? r->ops_per_s / out->area_m2 : 0;
}

static double dynamic_J(const struct spn_cost_sums *sums, enum spn_phase phase)
{
    return spn_cost_sums_get(sums, -1, (int)phase, -1).energy_J -
           spn_cost_sums_get(sums, -1, (int)phase, SPN_CATEGORY_LEAKAGE).energy_J;
}

/* The sums over the training leaves. */
void spn_totals_training(const struct spn_frame *f, const struct spn_cost_sums *sums,
                         struct spn_result *out, const struct spn_times times[SPN_N_PHASES])
{
    struct spn_training_result *r = &out->training;
    double batch = f->chip->training.batch;
    double leak_J = spn_cost_sums_get(sums, -1, -1, SPN_CATEGORY_LEAKAGE).energy_J;
    double update_leak_J =
        spn_cost_sums_get(sums, -1, SPN_PHASE_UPDATE, SPN_CATEGORY_LEAKAGE).energy_J;

    r->update_index_J = dynamic_J(sums, SPN_PHASE_INDEX);
    r->update_transfer_J =
        spn_cost_sums_get(sums, 0, SPN_PHASE_UPDATE, SPN_CATEGORY_INTERCONNECT).energy_J +
        spn_cost_sums_get(sums, 0, SPN_PHASE_UPDATE, SPN_CATEGORY_BUFFER).energy_J +
        spn_cost_sums_get(sums, 0, SPN_PHASE_UPDATE, SPN_CATEGORY_DRAM).energy_J +
        spn_cost_sums_get(sums, 0, SPN_PHASE_UPDATE, SPN_CATEGORY_DIGITAL).energy_J;
    r->update_write_J = dynamic_J(sums, SPN_PHASE_UPDATE) - r->update_transfer_J;
    r->update = spn_cost_serial(spn_cost_sums_get(sums, 0, SPN_PHASE_UPDATE, -1),
                                spn_cost_sums_get(sums, 0, SPN_PHASE_INDEX, -1));
    r->step_forward_s = batch * times[SPN_PHASE_FORWARD].interval_s;
    r->step_error_s = batch * times[SPN_PHASE_ERROR].interval_s;
    r->step_gradient_s = batch * times[SPN_PHASE_GRADIENT].interval_s;
    r->step_forward_J = batch * dynamic_J(sums, SPN_PHASE_FORWARD);
    r->step_error_J = batch * dynamic_J(sums, SPN_PHASE_ERROR);
    r->step_gradient_J = batch * dynamic_J(sums, SPN_PHASE_GRADIENT);
    r->step_leakage_J = batch * (leak_J - update_leak_J) + update_leak_J;
    r->step.latency_s =
        r->step_forward_s + r->step_error_s + r->step_gradient_s + r->update.latency_s;
    r->step.energy_J = r->step_forward_J + r->step_error_J + r->step_gradient_J +
                       batch * (leak_J - update_leak_J) + r->update.energy_J;
}
