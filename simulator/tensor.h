/* tensor.h -- one block of memory for all activations of a network: who lies where, and when it is
 * free again.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_SIMULATOR_TENSOR_H
#define SPN_SIMULATOR_TENSOR_H

#include <stddef.h>

#include "base/err.h"

/* A buffer that is written at step `first` and last read at step `last`. */
struct spn_span {
    int first, last;
    size_t size; /* elements */
    size_t at;   /* where it was put, a multiple of SPN_TENSOR_ALIGN */
};

#define SPN_TENSOR_ALIGN 16 /* elements: 64 bytes of float, a cache line */

/* Place spans, sorted by `first`, so that spans alive at the same step do not overlap (first fit).
 * *total gets the elements needed. Only failure: out of memory. */
enum spn_status spn_tensor_plan(struct spn_span *spans, int n, size_t *total, struct spn_err *err);

/* Floats on a cache-line boundary; NULL if out of memory. Free with free(). */
float *spn_tensor_floats(size_t n);

#endif
