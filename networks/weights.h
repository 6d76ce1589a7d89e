/* weights.h -- tensors of a trained network in a safetensors file, plain or gzip-compressed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_NETWORKS_WEIGHTS_H
#define SPN_NETWORKS_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif

enum spn_dtype {
    SPN_DTYPE_F32,
    SPN_DTYPE_F64,
    SPN_DTYPE_F16,
    SPN_DTYPE_BF16,
    SPN_DTYPE_I8,
    SPN_DTYPE_U8,
    SPN_DTYPE_I16,
    SPN_DTYPE_I32,
    SPN_DTYPE_I64,
    SPN_DTYPE_BOOL,
    SPN_N_DTYPES
};

struct spn_tensor_info {
    const char *name;
    int dtype, n_dims;
    int64_t dim[6];
    int64_t n;        /* elements */
    const void *data; /* as in the file, little-endian; borrowed */
};

#define SPN_WEIGHTS_MAX_BYTES (INT64_C(1) << 32) /* of all tensors of a file */
#define SPN_WEIGHTS_MAX_TENSORS 65536
#define SPN_WEIGHTS_MAX_NAME 255 /* bytes */

struct spn_weights; /* owned by the caller */

/* Load and check a whole file (.safetensors or .safetensors.gz). SPN_EINPUT for anything malformed:
 * truncated, offsets that overlap, leave holes or run over, sizes that overflow, duplicate names,
 * unknown types or keys, trailing bytes, a header over SPN_JSON_MAX_BYTES, more than the limits
 * above. Tensors are kept sorted by name. */
enum spn_status spn_weights_load(struct spn_weights **weights, const char *path,
                                 struct spn_err *err);
void spn_weights_destroy(struct spn_weights *weights);
int spn_weights_count(const struct spn_weights *weights);
struct spn_tensor_info spn_weights_at(const struct spn_weights *weights, int i);
/* NULL if absent. */
const struct spn_tensor_info *spn_weights_find(const struct spn_weights *weights, const char *name);
const char *spn_weights_metadata(const struct spn_weights *weights, const char *key); /* or NULL */
const char *spn_weights_path(const struct spn_weights *weights);

/* Elements as float, converted from any dtype; n must match. An integer tensor T (I8 to I32, U8)
 * may have "T_scale" (floating point; one number or one per first dimension), which is applied.
 * SPN_EINPUT if absent, of another size, or not finite. */
enum spn_status spn_weights_floats(const struct spn_weights *weights, const char *name, int64_t n,
                                   float *out, struct spn_err *err);

/* Build and save. Values (little-endian) are copied; SPN_EINPUT for a name that is taken, empty,
 * too long or has control characters, and for sizes beyond the limits. Metadata of the same key is
 * replaced. Saved to a temporary file beside `path` that is synced and renamed; gzip (level 9, no
 * time, no name) if the path ends in
 * ".gz". Header keys are sorted, larger elements come first so that all are aligned: equal content
 * gives equal bytes. */
enum spn_status spn_weights_create(struct spn_weights **weights, struct spn_err *err);
enum spn_status spn_weights_add(struct spn_weights *weights, const char *name, int dtype,
                                int n_dims, const int64_t *dim, const void *data,
                                struct spn_err *err);
enum spn_status spn_weights_set_metadata(struct spn_weights *weights, const char *key,
                                         const char *value, struct spn_err *err);
enum spn_status spn_weights_save(const struct spn_weights *weights, const char *path,
                                 struct spn_err *err);

#ifdef __cplusplus
}
#endif

#endif
