/* validate.c -- the table of suites, and statistics over their rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "explorer/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explorer/validate_suites.h"

const char *const spn_validity_names[] = {"blind", "informed", "fitted", "calibrated", NULL};

const struct spn_validation_suite spn_validation_suites[] = {
    {"silicon", "published macros", false, spn_validate_silicon},
    {"gates", "transistors and gates against DNN+NeuroSim V1.4", true, spn_validate_gates},
    {"blocks", "digital blocks, buffers and wires against DNN+NeuroSim V1.4", true,
     spn_validate_blocks},
    {"converters", "column converters against DNN+NeuroSim V1.4", true, spn_validate_converters},
    {"arrays", "arrays and their periphery against DNN+NeuroSim V1.4", true, spn_validate_arrays},
    {"chips", "VGG8 on whole chips against DNN+NeuroSim V1.4", true, spn_validate_chips},
    {NULL, NULL, false, NULL}};

void spn_validation_clear(struct spn_validation *v)
{
    free(v->row);
    *v = (struct spn_validation){0};
}

void spn_validation_add(struct spn_validation *v, const struct spn_validation_row *row)
{
    if (v->failed || !isfinite(row->reference) || row->reference == 0 || !isfinite(row->ours))
        return;
    if (v->n_rows == v->capacity) {
        size_t capacity = v->capacity ? 2 * v->capacity : 256;
        struct spn_validation_row *grown = realloc(v->row, capacity * sizeof *grown);
        if (!grown) {
            v->failed = true;
            return;
        }
        v->row = grown;
        v->capacity = capacity;
    }
    v->row[v->n_rows++] = *row;
}

double spn_validation_error(const struct spn_validation_row *row)
{
    return row->ours / row->reference - 1;
}

static bool same(const struct spn_validation_row *a, const struct spn_validation_row *b,
                 bool by_quantity)
{
    if (strcmp(a->suite, b->suite) != 0 || strcmp(a->group, b->group) != 0 ||
        a->validity != b->validity)
        return false;
    if (by_quantity && strcmp(a->quantity, b->quantity) != 0)
        return false;
    return a->difference == b->difference ||
           (a->difference && b->difference && strcmp(a->difference, b->difference) == 0);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorted list, linear between ranks. */
static double quantile(const double *sorted, size_t n, double q)
{
    double rank = q * (double)(n - 1);
    size_t i = (size_t)rank;
    return i + 1 < n ? sorted[i] + (rank - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

static bool is_first(const struct spn_validation *v, size_t k, bool by_quantity)
{
    for (size_t j = 0; j < k; j++)
        if (same(&v->row[j], &v->row[k], by_quantity))
            return false;
    return true;
}

bool spn_validation_summarize(const struct spn_validation *v, bool by_quantity, size_t i,
                              struct spn_validation_summary *out)
{
    size_t first = 0, n = 0;
    for (;; first++) {
        if (first == v->n_rows)
            return false;
        if (is_first(v, first, by_quantity) && i-- == 0)
            break;
    }
    double *error = malloc(2 * (v->n_rows - first) * sizeof *error), sum = 0;
    if (!error)
        return false;
    double *ratio = error + (v->n_rows - first);
    for (size_t k = first; k < v->n_rows; k++) {
        if (!same(&v->row[first], &v->row[k], by_quantity))
            continue;
        double e = spn_validation_error(&v->row[k]);
        error[n] = fabs(e);
        ratio[n++] = e + 1;
        sum += fabs(e);
    }
    qsort(error, n, sizeof *error, compare);
    qsort(ratio, n, sizeof *ratio, compare);
    const struct spn_validation_row *row = &v->row[first];
    *out = (struct spn_validation_summary){.suite = row->suite,
                                           .group = row->group,
                                           .quantity = by_quantity ? row->quantity : "",
                                           .difference = row->difference,
                                           .validity = row->validity,
                                           .n = n,
                                           .median_ratio = quantile(ratio, n, 0.5),
                                           .median_frac = quantile(error, n, 0.5),
                                           .p95_frac = quantile(error, n, 0.95),
                                           .mean_frac = sum / (double)n};
    free(error);
    return true;
}
