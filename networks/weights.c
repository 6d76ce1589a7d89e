/* weights.c -- a sorted set of named tensors, and their elements as floats.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Formats: binary16 and binary32 [ieee754, 3.6]; bfloat16 is the upper half of a binary32. Elements
 * are little-endian in memory as in the file, and read byte by byte, so that any host will do.
 */
#include "networks/weights.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "networks/weights_store.h"

#define MAX_TENSOR_DIMS ((int)(sizeof(((struct spn_tensor_info *)0)->dim) / sizeof(int64_t)))
#define FIRST_ROOM 64u

static uint64_t little(const unsigned char *p, size_t n)
{
    uint64_t value = 0;
    for (size_t i = n; i-- > 0;)
        value = value << 8 | p[i];
    return value;
}

static double get_f32(const unsigned char *p)
{
    uint32_t bits = (uint32_t)little(p, 4);
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static double get_f64(const unsigned char *p)
{
    uint64_t bits = little(p, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits [ieee754, table 3.5]. */
static double get_f16(const unsigned char *p)
{
    uint32_t bits = (uint32_t)little(p, 2);
    int exponent = (int)(bits >> 10 & 0x1f), fraction = (int)(bits & 0x3ff);
    double value = exponent == 0x1f ? (fraction ? (double)NAN : (double)INFINITY)
                   : exponent       ? ldexp(1024 + fraction, exponent - 25)
                                    : ldexp(fraction, -24);
    return bits >> 15 ? -value : value;
}

static double get_bf16(const unsigned char *p)
{
    const unsigned char wide[4] = {0, 0, p[0], p[1]};
    return get_f32(wide);
}

static double get_i8(const unsigned char *p)
{
    return p[0] < 128 ? p[0] : p[0] - 256;
}

static double get_u8(const unsigned char *p)
{
    return p[0];
}

static double get_i16(const unsigned char *p)
{
    return (double)(int16_t)little(p, 2);
}

static double get_i32(const unsigned char *p)
{
    return (double)(int32_t)little(p, 4);
}

static double get_i64(const unsigned char *p)
{
    return (double)(int64_t)little(p, 8);
}

static double get_bool(const unsigned char *p)
{
    return p[0] != 0;
}

static const struct dtype {
    const char *name;
    size_t n_bytes;
    bool scaled; /* integers that "<name>_scale" makes real */
    double (*get)(const unsigned char *p);
} dtypes[SPN_N_DTYPES] = {
    [SPN_DTYPE_F32] = {"F32", 4, false, get_f32}, [SPN_DTYPE_F64] = {"F64", 8, false, get_f64},
    [SPN_DTYPE_F16] = {"F16", 2, false, get_f16}, [SPN_DTYPE_BF16] = {"BF16", 2, false, get_bf16},
    [SPN_DTYPE_I8] = {"I8", 1, true, get_i8},     [SPN_DTYPE_U8] = {"U8", 1, true, get_u8},
    [SPN_DTYPE_I16] = {"I16", 2, true, get_i16},  [SPN_DTYPE_I32] = {"I32", 4, true, get_i32},
    [SPN_DTYPE_I64] = {"I64", 8, false, get_i64}, [SPN_DTYPE_BOOL] = {"BOOL", 1, false, get_bool},
};

size_t spn_dtype_bytes(int dtype)
{
    return dtype >= 0 && dtype < SPN_N_DTYPES ? dtypes[dtype].n_bytes : 0;
}

const char *spn_dtype_name(int dtype)
{
    return dtype >= 0 && dtype < SPN_N_DTYPES ? dtypes[dtype].name : NULL;
}

int spn_dtype_find(const char *name)
{
    for (int i = 0; i < SPN_N_DTYPES; i++)
        if (strcmp(name, dtypes[i].name) == 0)
            return i;
    return -1;
}

enum spn_status spn_tensor_size(struct spn_tensor_info *tensor, uint64_t *n_bytes,
                                struct spn_err *err)
{
    int64_t n = 1, most = SPN_WEIGHTS_MAX_BYTES / (int64_t)spn_dtype_bytes(tensor->dtype);
    bool empty = false;
    for (int i = 0; i < tensor->n_dims; i++)
        empty = empty || tensor->dim[i] == 0;
    for (int i = 0; i < tensor->n_dims; i++) {
        if (tensor->dim[i] < 0)
            return spn_err_set(err, SPN_EINPUT, "tensor %s: dimension %d is %" PRId64, tensor->name,
                               i + 1, tensor->dim[i]);
        if (!empty && tensor->dim[i] > most / n)
            return spn_err_set(err, SPN_EINPUT,
                               "tensor %s: its shape gives more than %" PRId64 " bytes",
                               tensor->name, SPN_WEIGHTS_MAX_BYTES);
        n *= empty ? 1 : tensor->dim[i];
    }
    tensor->n = empty ? 0 : n;
    *n_bytes = (uint64_t)tensor->n * spn_dtype_bytes(tensor->dtype);
    return SPN_OK;
}

enum spn_status spn_weights_create(struct spn_weights **weights, struct spn_err *err)
{
    struct spn_weights *w = calloc(1, sizeof *w);
    if (!w || !(w->path = strdup(""))) {
        free(w);
        return spn_err_memory(err, "a set of weights");
    }
    *weights = w;
    return SPN_OK;
}

void spn_weights_destroy(struct spn_weights *weights)
{
    if (!weights)
        return;
    for (int i = 0; i < weights->n_tensors; i++) {
        free((void *)(uintptr_t)weights->tensor[i].name);
        free((void *)(uintptr_t)weights->tensor[i].data);
    }
    for (int i = 0; i < weights->n_meta; i++) {
        free(weights->meta[i].key);
        free(weights->meta[i].value);
    }
    free(weights->tensor);
    free(weights->meta);
    free(weights->path);
    free(weights);
}

int spn_weights_count(const struct spn_weights *weights)
{
    return weights->n_tensors;
}

struct spn_tensor_info spn_weights_at(const struct spn_weights *weights, int i)
{
    const struct spn_tensor_info none = {.name = ""};
    return i >= 0 && i < weights->n_tensors ? weights->tensor[i] : none;
}

const char *spn_weights_path(const struct spn_weights *weights)
{
    return weights->path;
}

/* The first tensor whose name is not below `name`. */
static int lower_bound(const struct spn_weights *weights, const char *name)
{
    int low = 0, high = weights->n_tensors;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strcmp(weights->tensor[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct spn_tensor_info *spn_weights_find(const struct spn_weights *weights, const char *name)
{
    int i = lower_bound(weights, name);
    return i < weights->n_tensors && strcmp(weights->tensor[i].name, name) == 0
               ? &weights->tensor[i]
               : NULL;
}

/* Index of a metadata key, or where it would stand. */
static int meta_place(const struct spn_weights *weights, const char *key, bool *found)
{
    int i = 0;
    while (i < weights->n_meta && strcmp(weights->meta[i].key, key) < 0)
        i++;
    *found = i < weights->n_meta && strcmp(weights->meta[i].key, key) == 0;
    return i;
}

const char *spn_weights_metadata(const struct spn_weights *weights, const char *key)
{
    bool found;
    int i = meta_place(weights, key, &found);
    return found ? weights->meta[i].value : NULL;
}

static enum spn_status check_name(const struct spn_weights *weights, const char *what,
                                  const char *name, struct spn_err *err)
{
    size_t n = strlen(name);
    const char *file = weights->path[0] ? weights->path : "weights";
    if (n == 0 || n > SPN_WEIGHTS_MAX_NAME)
        return spn_err_set(err, SPN_EINPUT, "%s: %s name \"%.40s\" has %zu bytes, outside [1, %d]",
                           file, what, name, n, SPN_WEIGHTS_MAX_NAME);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
            return spn_err_set(err, SPN_EINPUT, "%s: %s name %s has a control character", file,
                               what, name);
    return SPN_OK;
}

enum spn_status spn_weights_insert(struct spn_weights *weights,
                                   const struct spn_tensor_info *tensor, struct spn_err *err)
{
    enum spn_status status = check_name(weights, "tensor", tensor->name, err);
    if (status)
        return status;
    const char *file = weights->path[0] ? weights->path : "weights";
    if (spn_weights_find(weights, tensor->name) || strcmp(tensor->name, "__metadata__") == 0)
        return spn_err_set(err, SPN_EINPUT, "%s: tensor name %s is taken", file, tensor->name);
    if (weights->n_tensors >= SPN_WEIGHTS_MAX_TENSORS)
        return spn_err_set(err, SPN_EINPUT, "%s: more than %d tensors", file,
                           SPN_WEIGHTS_MAX_TENSORS);
    if ((size_t)weights->n_tensors == weights->room_tensors) {
        size_t room = weights->room_tensors ? 2 * weights->room_tensors : FIRST_ROOM;
        struct spn_tensor_info *grown = realloc(weights->tensor, room * sizeof *grown);
        if (!grown)
            return spn_err_memory(err, "a list of tensors");
        weights->tensor = grown;
        weights->room_tensors = room;
    }
    int place = lower_bound(weights, tensor->name);
    memmove(weights->tensor + place + 1, weights->tensor + place,
            (size_t)(weights->n_tensors - place) * sizeof *weights->tensor);
    weights->tensor[place] = *tensor;
    weights->n_tensors++;
    return SPN_OK;
}

enum spn_status spn_weights_add(struct spn_weights *weights, const char *name, int dtype,
                                int n_dims, const int64_t *dim, const void *data,
                                struct spn_err *err)
{
    struct spn_tensor_info tensor = {.name = name, .dtype = dtype, .n_dims = n_dims};
    uint64_t n_bytes = 0;
    if (!spn_dtype_name(dtype))
        return spn_err_set(err, SPN_EINPUT, "tensor %s: type %d outside [0, %d]", name, dtype,
                           SPN_N_DTYPES - 1);
    if (n_dims < 0 || n_dims > MAX_TENSOR_DIMS)
        return spn_err_set(err, SPN_EINPUT, "tensor %s: %d dimensions outside [0, %d]", name,
                           n_dims, MAX_TENSOR_DIMS);
    for (int i = 0; i < n_dims; i++)
        tensor.dim[i] = dim[i];
    enum spn_status status = spn_tensor_size(&tensor, &n_bytes, err);
    if (status)
        return status;
    char *own_name = strdup(name);
    void *own_data = malloc(n_bytes ? (size_t)n_bytes : 1);
    if (!own_name || !own_data) {
        status = spn_err_memory(err, name);
        goto out;
    }
    if (n_bytes)
        memcpy(own_data, data, (size_t)n_bytes);
    tensor.name = own_name;
    tensor.data = own_data;
    status = spn_weights_insert(weights, &tensor, err);
out:
    if (status) {
        free(own_name);
        free(own_data);
    }
    return status;
}

enum spn_status spn_weights_set_metadata(struct spn_weights *weights, const char *key,
                                         const char *value, struct spn_err *err)
{
    bool found;
    enum spn_status status = check_name(weights, "metadata", key, err);
    if (status)
        return status;
    int place = meta_place(weights, key, &found);
    char *own_key = found ? NULL : strdup(key), *own_value = strdup(value);
    if (!own_value || (!found && !own_key))
        goto memory;
    if (found) {
        free(weights->meta[place].value);
        weights->meta[place].value = own_value;
        return SPN_OK;
    }
    if ((size_t)weights->n_meta == weights->room_meta) {
        size_t room = weights->room_meta ? 2 * weights->room_meta : FIRST_ROOM;
        struct spn_weights_meta *grown = realloc(weights->meta, room * sizeof *grown);
        if (!grown)
            goto memory;
        weights->meta = grown;
        weights->room_meta = room;
    }
    memmove(weights->meta + place + 1, weights->meta + place,
            (size_t)(weights->n_meta - place) * sizeof *weights->meta);
    weights->meta[place] = (struct spn_weights_meta){own_key, own_value};
    weights->n_meta++;
    return SPN_OK;
memory:
    free(own_key);
    free(own_value);
    return spn_err_memory(err, "weight metadata");
}

/* The scale tensor of an integer tensor: NULL if there is none; checked. */
static enum spn_status find_scale(const struct spn_weights *weights,
                                  const struct spn_tensor_info *tensor,
                                  const struct spn_tensor_info **scale, struct spn_err *err)
{
    static const char ending[] = "_scale";
    char name[SPN_WEIGHTS_MAX_NAME + sizeof ending];
    size_t n = strlen(tensor->name);
    *scale = NULL;
    if (!dtypes[tensor->dtype].scaled)
        return SPN_OK;
    memcpy(name, tensor->name, n);
    memcpy(name + n, ending, sizeof ending);
    const struct spn_tensor_info *s = spn_weights_find(weights, name);
    if (!s)
        return SPN_OK;
    int64_t rows = tensor->n_dims ? tensor->dim[0] : 1;
    if (s->dtype != SPN_DTYPE_F32 && s->dtype != SPN_DTYPE_F64 && s->dtype != SPN_DTYPE_F16 &&
        s->dtype != SPN_DTYPE_BF16)
        return spn_err_set(err, SPN_EINPUT, "%s: tensor %s: type %s is not floating point",
                           weights->path, name, spn_dtype_name(s->dtype));
    if (s->n != 1 && s->n != rows)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: tensor %s: %" PRId64 " scales for a first dimension of %" PRId64
                           " (or 1 for all)",
                           weights->path, name, s->n, rows);
    *scale = s;
    return SPN_OK;
}

/* Elements of one row times its factor; with out = NULL only checks that they are finite floats. */
static enum spn_status convert_row(const struct spn_weights *weights,
                                   const struct spn_tensor_info *tensor, const int64_t range[2],
                                   double factor, float *out, struct spn_err *err)
{
    const struct dtype *type = &dtypes[tensor->dtype];
    const unsigned char *p = (const unsigned char *)tensor->data + (size_t)range[0] * type->n_bytes;
    for (int64_t i = range[0]; i < range[1]; i++, p += type->n_bytes) {
        double value = type->get(p) * factor;
        if (out)
            out[i] = (float)value;
        else if (!(fabs(value) <= (double)FLT_MAX))
            return spn_err_set(err, SPN_EINPUT,
                               "%s: tensor %s: element %" PRId64 " = %g is no finite float",
                               weights->path, tensor->name, i, value);
    }
    return SPN_OK;
}

enum spn_status spn_weights_floats(const struct spn_weights *weights, const char *name, int64_t n,
                                   float *out, struct spn_err *err)
{
    const struct spn_tensor_info *scale, *tensor = spn_weights_find(weights, name);
    if (!tensor)
        return spn_err_set(err, SPN_EINPUT, "%s: has no tensor %s", weights->path, name);
    if (tensor->n != n)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: tensor %s: %" PRId64 " elements, %" PRId64 " wanted", weights->path,
                           name, tensor->n, n);
    enum spn_status status = find_scale(weights, tensor, &scale, err);
    int64_t n_rows = scale && !status ? scale->n : 1;
    for (int pass = 0; pass < 2; pass++) /* check all first: outputs stay untouched on failure */
        for (int64_t row = 0; row < n_rows && !status; row++) {
            const int64_t range[2] = {n / n_rows * row, n / n_rows * (row + 1)};
            double factor = 1;
            if (scale) {
                const struct dtype *type = &dtypes[scale->dtype];
                factor =
                    type->get((const unsigned char *)scale->data + (size_t)row * type->n_bytes);
            }
            status = convert_row(weights, tensor, range, factor, pass ? out : NULL, err);
        }
    return status;
}
