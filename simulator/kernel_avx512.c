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
#define TARGET                                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,fma,popcnt"), always_inline))
#define TARGET_ENTRY __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,fma,popcnt")))
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
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define MINF(a, b) _mm512_min_ps(a, b)
#define MAXF(a, b) _mm512_max_ps(a, b)
#define SQRTF(a) _mm512_sqrt_ps(a)
#define STOREF(p, v) _mm512_store_ps(p, v)
#define ROTL(a, n) _mm512_rol_epi32(a, n)
#define SRLI(a, n) _mm512_srli_epi32(a, n)
#define LOOKUP(table, power, octave)                                                               \
    _mm512_permutex2var_ps((table)->low[power], octave, (table)->high[power])
#define LOOKUP_NEAR LOOKUP
#define ALL_NEAR(octave) true
#define ADDI(a, b) _mm512_add_epi32(a, b)
#define ANDI(a, b) _mm512_and_si512(a, b)
#define XORI(a, b) _mm512_xor_si512(a, b)
#define XOR3(a, b, c) _mm512_ternarylogic_epi32(a, b, c, 0x96)
#define XOR_AND(a, b, c) _mm512_ternarylogic_epi32(a, b, c, 0x78) /* a ^ (b & c) */
#define AND_OR(a, b, c) _mm512_ternarylogic_epi32(a, b, c, 0xea)  /* a & b | c */
#define SLLI(a, n) _mm512_slli_epi32(a, n)
#define SHIFT(a, n) _mm512_sll_epi32(a, _mm_cvtsi32_si128(n))
#define I2F(a) _mm512_cvtepi32_ps(a)
#define F2I(a) _mm512_cvtps_epi32(a)
#define F2I_WIDE(a) _mm512_cvtps_epi32(a)
#define AS_I(a) _mm512_castps_si512(a)
#define AS_F(a) _mm512_castsi512_ps(a)

struct normal_table { /* octaves 0-15 and 16-31: a permutation of two registers looks one up */
    __m512 low[SPN_NORMAL_DEGREE + 1], high[SPN_NORMAL_DEGREE + 1];
};

static inline TARGET void load_table(struct normal_table *table)
{
    for (int i = 0; i <= SPN_NORMAL_DEGREE; i++) {
        table->low[i] = _mm512_loadu_ps(spn_normal_table[i]);
        table->high[i] = _mm512_loadu_ps(spn_normal_table[i] + 16);
    }
}

#define BLEND(sign, yes, no)                                                                       \
    _mm512_mask_blend_ps(_mm512_cmplt_epi32_mask(sign, _mm512_setzero_si512()), no, yes)
#define WHERE __mmask16
#define MORE(a, b) _mm512_cmpgt_epi32_mask(a, b)
#define ANY_MORE(a, b) (MORE(a, b) != 0)
#define MAXI(a, b) _mm512_max_epi32(a, b)
#define ADD_WHERE(where, x, more) _mm512_mask_add_ps(x, where, x, more)
#define PICK_ROW(row, i)                                                                           \
    _mm512_permutex2var_ps(_mm512_loadu_ps(row), i, _mm512_loadu_ps((row) + 16))
#define PICK(table, k, down, i) BLEND(down, PICK_ROW(table[2 + (k)], i), PICK_ROW(table[k], i))
#define POPCOUNT(a) count_bits(a)

/* Nibbles by a shuffle, then sums of bytes and of pairs of bytes. */
static inline TARGET __m512i count_bits(__m512i x)
{
    const __m512i nibble = _mm512_set1_epi8(15);
    const __m512i table =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    __m512i low = _mm512_shuffle_epi8(table, ANDI(x, nibble));
    __m512i high = _mm512_shuffle_epi8(table, ANDI(SRLI(x, 4), nibble));
    __m512i pairs = _mm512_maddubs_epi16(_mm512_add_epi8(low, high), _mm512_set1_epi8(1));
    return _mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
}

#include "simulator/kernel_body.h"
#include "simulator/kernel_pulse.h"

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

static inline TARGET __mmask64 first_bytes(int n)
{
    return n < 64 ? ((__mmask64)1 << n) - 1 : ~(__mmask64)0;
}

/* Single bits: one comparison a slice gives the bytes and their number. n_slices is a constant. */
static inline TARGET void slice_bits(const struct spn_kernel_slice *s, int n_slices)
{
    __m512i one = _mm512_set1_epi8(1);
    uint32_t n_odd[8] = {0};
    for (int k = 0; k < s->n_bytes; k += (int)sizeof one) {
        __m512i x = _mm512_maskz_loadu_epi8(first_bytes(s->n_bytes - k), (const void *)(s->x + k));
#pragma GCC unroll 8
        for (int i = 0; i < n_slices; i++) {
            __mmask64 bits = _mm512_test_epi8_mask(x, _mm512_set1_epi8((char)(1 << i)));
            _mm512_storeu_si512((void *)(s->out + (size_t)i * s->out_stride + k),
                                _mm512_maskz_mov_epi8(bits, one));
            n_odd[i] += (uint32_t)__builtin_popcountll(bits);
        }
    }
    memcpy(s->n_odd, n_odd, (size_t)n_slices * sizeof *n_odd);
}

TARGET_ENTRY void spn_kernel_avx512_slice(const struct spn_kernel_slice *s)
{
    if (s->slice_bits == 1 && s->n_slices == 8) {
        slice_bits(s, 8);
        return;
    }
    for (int i = 0; i < s->n_slices; i++) {
        int shift = i * s->slice_bits;
        __m128i count = _mm_cvtsi32_si128(shift);
        __m512i mask = _mm512_set1_epi8((char)(((1 << s->slice_bits) - 1) & UINT8_MAX >> shift));
        __m512i one = _mm512_set1_epi8(1);
        uint8_t *out = s->out + (size_t)i * s->out_stride;
        int n_odd = 0;
        for (int k = 0; k < s->n_bytes; k += (int)sizeof mask) {
            __m512i x =
                _mm512_maskz_loadu_epi8(first_bytes(s->n_bytes - k), (const void *)(s->x + k));
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

enum { KEYS = 2 * SPN_PHILOX_ROUNDS };

/* Philox on 32-bit words held in 64-bit lanes, whose upper halves may hold anything: the multiply
 * ignores them. Two sets of lanes at a time hide the multiply's latency. */
struct philox {
    __m512i a[4], b[4];
};

/* Upper halves to lower ones by a shuffle: shifts and multiplies would share one port. */
static inline TARGET __m512i high_words(__m512i products)
{
    return _mm512_shuffle_epi32(products, _MM_PERM_DDBB);
}

static inline TARGET void philox_rounds(struct philox *p, const uint32_t *keys)
{
    __m512i m0 = _mm512_set1_epi64((long long)SPN_PHILOX_M0);
    __m512i m1 = _mm512_set1_epi64((long long)SPN_PHILOX_M1);
    __m512i a0 = p->a[0], a1 = p->a[1], a2 = p->a[2], a3 = p->a[3];
    __m512i b0 = p->b[0], b1 = p->b[1], b2 = p->b[2], b3 = p->b[3];
    for (int k = 0; k < KEYS; k += 2) {
        __m512i pa = _mm512_mul_epu32(a0, m0), qa = _mm512_mul_epu32(a2, m1);
        __m512i pb = _mm512_mul_epu32(b0, m0), qb = _mm512_mul_epu32(b2, m1);
        a0 = XOR3(high_words(qa), a1, SETI(keys[k]));
        a2 = XOR3(high_words(pa), a3, SETI(keys[k + 1]));
        b0 = XOR3(high_words(qb), b1, SETI(keys[k]));
        b2 = XOR3(high_words(pb), b3, SETI(keys[k + 1]));
        a1 = qa;
        a3 = pa;
        b1 = qb;
        b3 = pb;
    }
    *p = (struct philox){{a0, a1, a2, a3}, {b0, b1, b2, b3}};
}

/* Even columns' words in the lower, odd columns' in the upper halves. */
static inline TARGET __m512i interleave(__m512i even, __m512i odd)
{
    return _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
}

TARGET_ENTRY void spn_kernel_avx512_seed(const struct spn_kernel_seed *seed,
                                         struct spn_kernel_stream *streams)
{
    uint32_t keys[KEYS];
    for (int k = 0; k < KEYS; k += 2) {
        keys[k] = seed->key[0] + (uint32_t)(k / 2) * SPN_PHILOX_W0;
        keys[k + 1] = seed->key[1] + (uint32_t)(k / 2) * SPN_PHILOX_W1;
    }
    __m512i lane = _mm512_loadu_si512((const void *)seed->lane), tag = SETI(seed->tag);
    for (int k = 0; k < seed->n_streams; k++) {
        uint64_t number = seed->first + (uint64_t)k;
        __m512i low = SETI((uint32_t)number), high = SETI((uint32_t)(number >> 32));
        struct philox p = {{lane, low, high, tag}, {_mm512_srli_epi64(lane, 32), low, high, tag}};
        philox_rounds(&p, keys);
        for (int i = 0; i < 4; i++)
            STOREI(streams[k].state[i], interleave(p.a[i], p.b[i]));
    }
}

TARGET_ENTRY void spn_kernel_avx512_normals(struct spn_kernel_stream *streams, int n, int n_rows,
                                            bool add, float *out)
{
    normal_rows(streams, n, n_rows, add, out);
}

TARGET_ENTRY void spn_kernel_avx512_pulse(const struct spn_kernel_pulse *p)
{
    pulse_row(p);
}

static bool supported(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni") &&
           __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt");
}

const struct spn_kernel spn_kernel_avx512 = {.name = "avx512",
                                             .supported = supported,
                                             .slice = spn_kernel_avx512_slice,
                                             .dot = spn_kernel_avx512_dot,
                                             .convert = spn_kernel_avx512_convert,
                                             .finish = spn_kernel_avx512_finish,
                                             .seed = spn_kernel_avx512_seed,
                                             .normals = spn_kernel_avx512_normals,
                                             .pulse = spn_kernel_avx512_pulse};
#else
extern const int spn_kernel_avx512_absent; /* ISO C wants something here */
#endif
