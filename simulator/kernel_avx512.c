/* kernel_avx512.c -- the analog core's inner loops with AVX-512 VNNI: 64 byte products an
 * instruction.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Built for these instructions by function attributes alone; used where the CPU has them.
 */
#include "simulator/kernel.h"

#ifdef SPN_KERNEL_X86
#include <immintrin.h>
#include <string.h>

#define LANES 16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,popcnt"), always_inline))
#define TARGET_ENTRY __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,popcnt")))
#define VF __m512
#define VI __m512i
#define SETF(x) _mm512_set1_ps(x)
#define SETI(x) _mm512_set1_epi32((int)(x))
#define LOADF(p) _mm512_load_ps(p)
#define LOADI(p) _mm512_load_si512((const void *)(p))
#define STOREI(p, v) _mm512_store_si512((void *)(p), v)
#define ADDF(a, b) _mm512_add_ps(a, b)
#define SUBF(a, b) _mm512_sub_ps(a, b)
#define MULF(a, b) _mm512_mul_ps(a, b)
#define MINF(a, b) _mm512_min_ps(a, b)
#define MAXF(a, b) _mm512_max_ps(a, b)
#define SQRTF(a) _mm512_sqrt_ps(a)
#define ADDI(a, b) _mm512_add_epi32(a, b)
#define SUBI(a, b) _mm512_sub_epi32(a, b)
#define ANDI(a, b) _mm512_and_si512(a, b)
#define XORI(a, b) _mm512_xor_si512(a, b)
#define SLLI(a, n) _mm512_slli_epi32(a, n)
#define SRAI(a, n) _mm512_srai_epi32(a, n)
#define SHIFT(a, n) _mm512_sll_epi32(a, _mm_cvtsi32_si128(n))
#define I2F(a) _mm512_cvtepi32_ps(a)
#define U2F(a) _mm512_cvtepu32_ps(a)
#define F2I(a) _mm512_cvtps_epi32(a)
#define F2I_WIDE(a) _mm512_cvtps_epi32(a)
#define AS_I(a) _mm512_castps_si512(a)
#define AS_F(a) _mm512_castsi512_ps(a)
#define SIGN_BIT(a) _mm512_and_si512(a, _mm512_set1_epi32((int)0x80000000u))
#define SELECT_BIT30(v, set, clear)                                                                \
    _mm512_mask_blend_ps(_mm512_test_epi32_mask(v, _mm512_set1_epi32(0x40000000)), clear, set)
#include "simulator/kernel_body.h"

static inline TARGET __m512i broadcast_quad(const uint8_t *x)
{
    int32_t quad;
    memcpy(&quad, x, sizeof quad);
    return _mm512_set1_epi32(quad);
}

/* Eight reads, even and odd quads in separate sums: 16 independent chains hide the latency. */
static TARGET_ENTRY void dot_8(const struct spn_kernel_dot *d, const uint8_t *x, const int8_t *cell,
                               int32_t *sums)
{
    size_t stride = d->x_stride;
    __m512i e0 = SETI(0), e1 = e0, e2 = e0, e3 = e0, e4 = e0, e5 = e0, e6 = e0, e7 = e0;
    __m512i o0 = e0, o1 = e0, o2 = e0, o3 = e0, o4 = e0, o5 = e0, o6 = e0, o7 = e0;
    int q = 0;
#define EVEN(i) e##i = _mm512_dpbusd_epi32(e##i, broadcast_quad(x + (i)*stride), w0)
#define ODD(i) o##i = _mm512_dpbusd_epi32(o##i, broadcast_quad(x + (i)*stride + 4), w1)
    for (; q + 1 < d->n_quads; q += 2, x += 8, cell += 2 * SPN_KERNEL_QUAD_BYTES) {
        __m512i w0 = LOADI(cell), w1 = LOADI(cell + SPN_KERNEL_QUAD_BYTES);
        EVEN(0), EVEN(1), EVEN(2), EVEN(3), EVEN(4), EVEN(5), EVEN(6), EVEN(7);
        ODD(0), ODD(1), ODD(2), ODD(3), ODD(4), ODD(5), ODD(6), ODD(7);
    }
    if (q < d->n_quads) {
        __m512i w0 = LOADI(cell);
        EVEN(0), EVEN(1), EVEN(2), EVEN(3), EVEN(4), EVEN(5), EVEN(6), EVEN(7);
    }
#undef EVEN
#undef ODD
#define PUT(i) STOREI(sums + (i)*SPN_KERNEL_COLUMNS, ADDI(e##i, o##i))
    PUT(0), PUT(1), PUT(2), PUT(3), PUT(4), PUT(5), PUT(6), PUT(7);
#undef PUT
}

static TARGET_ENTRY void dot_16(const struct spn_kernel_dot *d, const uint8_t *x,
                                const int8_t *cell, int32_t *sums)
{
    const uint8_t *y = x + 8 * d->x_stride;
    size_t stride = d->x_stride;
    __m512i e0 = SETI(0), e1 = e0, e2 = e0, e3 = e0, e4 = e0, e5 = e0, e6 = e0, e7 = e0;
    __m512i o0 = e0, o1 = e0, o2 = e0, o3 = e0, o4 = e0, o5 = e0, o6 = e0, o7 = e0;
#define LOWER(i) e##i = _mm512_dpbusd_epi32(e##i, broadcast_quad(x + (i)*stride), w)
#define UPPER(i) o##i = _mm512_dpbusd_epi32(o##i, broadcast_quad(y + (i)*stride), w)
    for (int q = 0; q < d->n_quads; q++, x += 4, y += 4, cell += SPN_KERNEL_QUAD_BYTES) {
        __m512i w = LOADI(cell);
        LOWER(0), LOWER(1), LOWER(2), LOWER(3), LOWER(4), LOWER(5), LOWER(6), LOWER(7);
        UPPER(0), UPPER(1), UPPER(2), UPPER(3), UPPER(4), UPPER(5), UPPER(6), UPPER(7);
    }
#undef LOWER
#undef UPPER
#define PUT(i)                                                                                     \
    STOREI(sums + (i)*SPN_KERNEL_COLUMNS, e##i), STOREI(sums + ((i) + 8) * SPN_KERNEL_COLUMNS, o##i)
    PUT(0), PUT(1), PUT(2), PUT(3), PUT(4), PUT(5), PUT(6), PUT(7);
#undef PUT
}

void spn_kernel_avx512_dot(const struct spn_kernel_dot *d)
{
    for (int limb = 0; limb < (d->low_cells != NULL ? 2 : 1); limb++)
        for (int r = 0; r < d->n_reads; r += 16) {
            const uint8_t *x = d->x + (size_t)r * d->x_stride;
            const int8_t *cells = limb == 0 ? d->cells : d->low_cells;
            int32_t *sums = (limb == 0 ? d->sums : d->low) + r * SPN_KERNEL_COLUMNS;
            if (d->n_reads - r <= 8)
                dot_8(d, x, cells, sums);
            else
                dot_16(d, x, cells, sums);
        }
}

TARGET_ENTRY void spn_kernel_avx512_slice(const struct spn_kernel_slice *s)
{
    for (int i = 0; i < s->n_slices; i++) {
        int shift = i * s->slice_bits;
        __m128i count = _mm_cvtsi32_si128(shift);
        __m512i mask = _mm512_set1_epi8((char)(((1 << s->slice_bits) - 1) & UINT8_MAX >> shift));
        __m512i one = _mm512_set1_epi8(1);
        uint8_t *out = s->out + (size_t)i * s->out_stride;
        int n_odd = 0;
        for (int k = 0; k < s->n_bytes; k += (int)sizeof mask) {
            __m512i x = _mm512_loadu_si512((const void *)(s->x + k));
            __m512i bits = _mm512_and_si512(_mm512_srl_epi16(x, count), mask);
            _mm512_storeu_si512((void *)(out + k), bits);
            n_odd += __builtin_popcountll(_mm512_test_epi8_mask(bits, one));
        }
        s->n_odd[i] = (uint32_t)n_odd;
    }
}

TARGET_ENTRY void spn_kernel_avx512_convert(const struct spn_kernel_convert *c)
{
    convert_block(c);
}

TARGET_ENTRY void spn_kernel_avx512_finish(const struct spn_kernel_finish *f)
{
    finish_block(f);
}

/* Philox on 32-bit words held in 64-bit lanes, whose upper halves may hold anything: the multiply
 * ignores them. */
static inline TARGET void philox_lanes(const struct spn_kernel_normals *n, __m512i counter,
                                       __m512i w[4])
{
    __m512i m0 = _mm512_set1_epi64((long long)SPN_PHILOX_M0),
            m1 = _mm512_set1_epi64((long long)SPN_PHILOX_M1);
    uint32_t k0 = n->key[0], k1 = n->key[1];
    __m512i c0 = counter, c1 = SETI(n->counter[1]), c2 = SETI(n->counter[2]),
            c3 = SETI(n->counter[3]);
    for (int round = 0; round < SPN_PHILOX_ROUNDS; round++) {
        __m512i p0 = _mm512_mul_epu32(c0, m0), p1 = _mm512_mul_epu32(c2, m1);
        c0 = _mm512_ternarylogic_epi32(_mm512_srli_epi64(p1, 32), c1, SETI(k0),
                                       0x96); /* three-way xor */
        c2 = _mm512_ternarylogic_epi32(_mm512_srli_epi64(p0, 32), c3, SETI(k1), 0x96);
        c1 = p1;
        c3 = p0;
        k0 += SPN_PHILOX_W0;
        k1 += SPN_PHILOX_W1;
    }
    w[0] = c0;
    w[1] = c1;
    w[2] = c2;
    w[3] = c3;
}

TARGET_ENTRY void spn_kernel_avx512_normals(const struct spn_kernel_normals *n)
{
    __m512i lane = _mm512_loadu_si512((const void *)n->lane);
    for (int b = 0; b < n->n_blocks; b++) {
        __m512i counter = ADDI(lane, SETI(n->counter[0] + (uint32_t)b * n->block_stride));
        __m512i even[4], odd[4], w[4];
        philox_lanes(n, counter, even);
        philox_lanes(n, _mm512_srli_epi64(counter, 32), odd);
        for (int i = 0; i < 4; i++)
            w[i] = _mm512_mask_blend_epi32(0xAAAA, even[i], _mm512_slli_epi64(odd[i], 32));
        __m512 z[4];
        normal_pair(w[0], w[1], &z[0], &z[1]);
        normal_pair(w[2], w[3], &z[2], &z[3]);
        float *out = n->out + (size_t)b * 4 * SPN_KERNEL_COLUMNS;
        for (int i = 0; i < 4; i++, out += SPN_KERNEL_COLUMNS)
            _mm512_store_ps(out, n->add ? ADDF(LOADF(out), z[i]) : z[i]);
    }
}

static bool supported(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni") &&
           __builtin_cpu_supports("popcnt");
}

const struct spn_kernel spn_kernel_avx512 = {.name = "avx512",
                                             .supported = supported,
                                             .slice = spn_kernel_avx512_slice,
                                             .dot = spn_kernel_avx512_dot,
                                             .convert = spn_kernel_avx512_convert,
                                             .finish = spn_kernel_avx512_finish,
                                             .normals = spn_kernel_avx512_normals};
#else
extern const int spn_kernel_avx512_absent; /* ISO C wants something here */
#endif
