/* kernel_portable.c -- the analog core's inner loops in plain C, and the choice of a kernel.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "simulator/kernel.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

#define LANES 1
#define TARGET
#define VF float
#define VI uint32_t

static inline uint32_t float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float bits_float(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* To nearest, ties to even, for |x| < 2^22: adding 1.5 * 2^23 leaves no fraction bits. */
static inline uint32_t round_small(float x)
{
    float shifted = x + 12582912.0f;
    float back = shifted - 12582912.0f;
    return (uint32_t)(int32_t)back;
}

#define SETF(x) (x)
#define SETI(x) ((uint32_t)(x))
#define LOADF(p) (*(p))
#define LOADI(p) ((uint32_t) * (p))
#define STOREI(p, v) (*(p) = (int32_t)(v))
#define ADDF(a, b) ((a) + (b))
#define SUBF(a, b) ((a) - (b))
#define MULF(a, b) ((a) * (b))
#define FMA(a, b, c) fmaf(a, b, c)
#define MINF(a, b) ((a) < (b) ? (a) : (b))
#define MAXF(a, b) ((a) > (b) ? (a) : (b))
#define SQRTF(a) sqrtf(a)
#define STOREF(p, v) (*(p) = (v))
#define ROTL(a, n) ((a) << (n) | (a) >> (32 - (n)))
#define SRLI(a, n) ((a) >> (n))
#define LOOKUP(table, power, octave) ((table)->row[power][(octave) % SPN_NORMAL_OCTAVES])
#define LOOKUP_NEAR LOOKUP
#define ALL_NEAR(octave) true
#define ADDI(a, b) ((a) + (b))
#define ANDI(a, b) ((a) & (b))
#define XORI(a, b) ((a) ^ (b))
#define XOR3(a, b, c) ((a) ^ (b) ^ (c))
#define XOR_AND(a, b, c) ((a) ^ ((b) & (c)))
#define AND_OR(a, b, c) (((a) & (b)) | (c))
#define SLLI(a, n) ((a) << (n))
#define SHIFT(a, n) ((a) << (n))
#define I2F(a) ((float)(int32_t)(a))
#define F2I(a) round_small(a)
#define F2I_WIDE(a) ((uint32_t)(int32_t)lrintf(a))
#define AS_I(a) float_bits(a)
#define AS_F(a) bits_float(a)

struct normal_table {
    const float (*row)[SPN_NORMAL_OCTAVES];
};

static inline void load_table(struct normal_table *table)
{
    table->row = spn_normal_table;
}

#define BLEND(sign, yes, no) ((sign) >> 31 != 0 ? (yes) : (no))
#define WHERE bool
#define MORE(a, b) ((int32_t)(a) > (int32_t)(b))
#define ANY_MORE MORE
#define MAXI(a, b) (MORE(a, b) ? (a) : (b))
#define ADD_WHERE(where, x, more) ((where) ? (x) + (more) : (x))
#define PICK(table, k, down, i) ((table)[((down) >> 31) * 2 + (k)][i])
#define POPCOUNT(a) ((uint32_t)__builtin_popcount(a))

#include "simulator/kernel_body.h"
#include "simulator/kernel_pulse.h"

static void slice(const struct spn_kernel_slice *s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    int n_bytes =
        (s->n_bytes + SPN_KERNEL_QUAD_BYTES - 1) / SPN_KERNEL_QUAD_BYTES * SPN_KERNEL_QUAD_BYTES;
    for (int i = 0; i < s->n_slices; i++) {
        int shift = i * s->slice_bits;
        uint64_t masks = ones * (uint8_t)(((1 << s->slice_bits) - 1) & UINT8_MAX >> shift);
        uint32_t n_odd = 0;
        for (int k = 0; k < n_bytes; k += 8) {
            uint64_t eight = 0;
            int left = s->n_bytes - k;
            if (left > 0)
                memcpy(&eight, s->x + k, left < 8 ? (size_t)left : sizeof eight);
            eight = eight >> shift & masks; /* no bits of a neighbour */
            memcpy(s->out + (size_t)i * s->out_stride + k, &eight, sizeof eight);
            n_odd += (uint32_t)((eight & ones) * ones >> 56);
        }
        s->n_odd[i] = n_odd;
    }
}

static void dot_limb(const struct spn_kernel_dot *d, const int8_t *cells, int32_t *sums)
{
    for (int r = 0; r < d->n_reads; r++) {
        int32_t total[SPN_KERNEL_COLUMNS] = {0};
        const uint8_t *x = d->x + (size_t)r * d->x_stride;
        const int8_t *cell = cells;
        for (int q = 0; q < d->n_quads; q++, x += 4, cell += SPN_KERNEL_QUAD_BYTES)
            for (int c = 0; c < SPN_KERNEL_COLUMNS; c++)
                total[c] += x[0] * cell[4 * c] + x[1] * cell[4 * c + 1] + x[2] * cell[4 * c + 2] +
                            x[3] * cell[4 * c + 3];
        memcpy(sums + r * SPN_KERNEL_COLUMNS, total, sizeof total);
    }
}

static void dot(const struct spn_kernel_dot *d)
{
    dot_limb(d, d->cells, d->sums);
    if (d->low_cells != NULL)
        dot_limb(d, d->low_cells, d->low);
}

static void convert(const struct spn_kernel_convert *c)
{
    convert_block(c);
}

static void finish(const struct spn_kernel_finish *f)
{
    finish_block(f);
}

static void seed_streams(const struct spn_kernel_seed *seed, struct spn_kernel_stream *streams)
{
    for (int k = 0; k < seed->n_streams; k++)
        for (int c = 0; c < SPN_KERNEL_COLUMNS; c++) {
            uint64_t number = seed->first + (uint64_t)k;
            uint32_t counter[4] = {seed->lane[c], (uint32_t)number, (uint32_t)(number >> 32),
                                   seed->tag},
                     words[4];
            spn_rng_philox(counter, seed->key, words);
            for (int i = 0; i < 4; i++)
                streams[k].state[i][c] = (int32_t)words[i];
        }
}

static void normals(struct spn_kernel_stream *streams, int n, int n_rows, bool add, float *out)
{
    normal_rows(streams, n, n_rows, add, out);
}

static void pulse(const struct spn_kernel_pulse *p)
{
    pulse_row(p);
}

static bool supported(void)
{
    return true;
}

static const struct spn_kernel portable = {.name = "portable",
                                           .supported = supported,
                                           .slice = slice,
                                           .dot = dot,
                                           .convert = convert,
                                           .finish = finish,
                                           .seed = seed_streams,
                                           .normals = normals,
                                           .pulse = pulse};

const struct spn_kernel *const spn_kernels[] = {
#if defined(SPN_KERNEL_X86) && defined(__linux__)
    &spn_kernel_amx,
#endif
#ifdef SPN_KERNEL_X86
    &spn_kernel_avx512, &spn_kernel_avx2,
#endif
    &portable, NULL};

const struct spn_kernel *spn_kernel_find(const char *name)
{
    for (size_t i = 0; spn_kernels[i] != NULL; i++)
        if ((name == NULL || strcmp(spn_kernels[i]->name, name) == 0) &&
            spn_kernels[i]->supported())
            return spn_kernels[i];
    return NULL;
}
