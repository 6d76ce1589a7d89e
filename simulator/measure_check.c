/* measure_check.c -- what reading a layer's arrays costs exactly, beside what the model says.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * With the digits of a chip's inputs as views, the sums of measure.c give the exact energy of all
 * reads, vector by vector and cell by cell [M:N10].
 */
#include <stdlib.h>

#include "models/conductance.h"
#include "simulator/measure_state.h"

/* Squares of the digits that a DAC of dac_bits gives one after the other. */
static void set_digit_views(struct spn_measure_views *views, const struct spn_chip_input *input)
{
    const int dac = input->dac_bits < input->bits ? input->dac_bits : input->bits;
    views->n = 0;
    views->max_code = spn_quantize_input_max(input->bits);
    for (int first = 0; first < input->bits; first += dac, views->n++) {
        const int n_bits = first + dac > input->bits ? input->bits - first : dac;
        for (uint32_t c = 0; c < SPN_MEASURE_CODES; c++) {
            const uint32_t digit = c >> first & ((1u << n_bits) - 1);
            views->value[c][views->n] = digit * digit;
        }
    }
}

/* Sum over a weight's cells of their conductance. */
static double weight_S(const struct spn_chip *chip, int scheme, int code, bool kept)
{
    const bool masked = scheme == SPN_SCHEME_INDEX_FREE && chip->device.mask.present;
    const int n_polarities = chip->weight.encoding == SPN_ENCODING_DIFFERENTIAL ? 2 : 1;
    double sum_S = 0;
    for (int d = 0; d < spn_weight_n_digits(&chip->weight); d++)
        for (int polarity = 0; polarity < n_polarities; polarity++) {
            const int value = spn_weight_digit(&chip->weight, code, d, polarity);
            const double plain_S =
                spn_conductance_digit(&chip->device, chip->weight.cell_bits, value);
            sum_S += masked ? spn_conductance_masked(&chip->device, plain_S, kept) : plain_S;
        }
    return sum_S;
}

/* [M:N10] mean over reads, slices, rows and cells. */
static enum spn_status exact_layer(const struct spn_measure *m, int index,
                                   const struct spn_measure_sums *sums,
                                   const struct spn_measure_question *q,
                                   const struct spn_measure_views *views, double *exact_S,
                                   struct spn_err *err)
{
    const struct spn_measure_matrix *x = &m->matrix[index];
    const struct spn_bound_layer *b = &m->bound->layer[x->layer];
    const struct spn_chip_input *input = &q->chip->input;
    const int dac = input->dac_bits < input->bits ? input->dac_bits : input->bits;
    double kept_S[SPN_MEASURE_CODES], pruned_S = weight_S(q->chip, q->scheme, 0, false), sum = 0;
    int8_t *codes = spn_measure_weight_codes(b, q->chip->weight.bits);
    if (!codes)
        return spn_err_memory(err, "weight codes");
    const int top = spn_quantize_weight_max(q->chip->weight.bits);
    for (int c = -top; c <= top; c++)
        kept_S[c + SPN_MEASURE_ZERO] = weight_S(q->chip, q->scheme, c, true);
    for (size_t i = 0; i < b->n_weight; i++) {
        const size_t row = i % (size_t)x->rows, group = i / ((size_t)x->rows * (size_t)x->columns);
        const uint64_t *square = sums->row + (group * (size_t)x->rows + row) * (size_t)views->n;
        double x2 = 0;
        for (int s = 0; s < views->n; s++) {
            const int left = input->bits - s * dac, n_bits = left < dac ? left : dac;
            const double full = (1 << n_bits) - 1;
            x2 += (double)square[s] / (full * full);
        }
        sum += x2 * (b->weight[i] != 0.0f ? kept_S[codes[i] + SPN_MEASURE_ZERO] : pruned_S);
    }
    free(codes);
    *exact_S = sum / ((double)sums->n_vectors * views->n * (double)b->n_weight *
                      spn_weight_n_cells(&q->chip->weight));
    return SPN_OK;
}

static void model_layer(const struct spn_layer_profile *profile,
                        const struct spn_measure_question *q, struct spn_measure_check *out)
{
    struct spn_layer_profile plain = *profile;
    const struct spn_chip_input *input = &q->chip->input;
    const int dac = input->dac_bits < input->bits ? input->dac_bits : input->bits;
    double x2 = 0;
    int n = 0;
    for (int first = 0; first < input->bits; first += dac, n++)
        x2 += spn_profile_input_digit(profile, input->bits, first,
                                      first + dac > input->bits ? input->bits - first : dac)
                  .mean_square;
    plain.measured_seen = false;
    for (int seen = 0; seen < 2; seen++) {
        const struct spn_layer_conductance g =
            spn_conductance_layer(q->chip, seen ? profile : &plain, q->scheme);
        const double kept = profile->kept_frac * g.kept_ratio;
        *(seen ? &out->seen_S : &out->independent_S) =
            x2 / n * (kept * g.kept.mean_S + (1 - kept) * g.pruned.mean_S);
    }
}

enum spn_status spn_measure_check(struct spn_measure *measure, const struct spn_dataset *images,
                                  const struct spn_profile *profile,
                                  const struct spn_measure_question *question,
                                  struct spn_measure_check *check, struct spn_err *err)
{
    struct spn_measure_views views = {0};
    struct spn_measure_job job = {.m = measure, .images = images, .views = &views};
    const struct spn_chip *chip = question->chip;
    int n_workers = 0;
    if (chip->weight.bits > 8 || chip->input.bits > 8)
        return spn_err_set(err, SPN_EUSAGE,
                           "chip.weight.bits = %d, chip.input.bits = %d: exact sums are of at most "
                           "8 bits",
                           chip->weight.bits, chip->input.bits);
    set_digit_views(&views, &chip->input);
    enum spn_status status = spn_measure_check_images(measure, images, err);
    if (!status)
        status = spn_measure_run_images(&job, &n_workers, err);
    for (int i = 0; i < measure->bound->n_matrices && !status; i++) {
        check[i] = (struct spn_measure_check){.layer = measure->matrix[i].layer};
        model_layer(&profile->layer[check[i].layer], question, &check[i]);
        status = exact_layer(measure, i, &job.worker[0].sums[i], question, &views,
                             &check[i].exact_S, err);
    }
    spn_measure_job_clear(&job, n_workers);
    return status;
}
