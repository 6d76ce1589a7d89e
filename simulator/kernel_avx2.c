/* kernel_avx2.c -- the analog core's inner loops with AVX2: byte products summed in 16 bits while
 * they cannot overflow.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * maddubs adds two products with saturation at 16 bits, so inputs are held to 7 bits (the eighth
 * bit is a second pass) and 16-bit sums are widened before they could pass 32767.
 */
#include "simulator/kernel.h"

#ifdef SPN_KERNEL_X86
#include <immintrin.h>
#include <string.h>

#define LANES 8
#define TARGET __attribute__((target("avx2,fma"), always_inline))
#define TARGET_ENTRY __attribute__((target("avx2,fma")))
#define VF __m256
#define VI __m256i
#define SETF(x) _mm256_set1_ps(x)
#define SETI(x) _mm256_set1_epi32((int)(x))
#define LOADF(p) _mm256_load_ps(p)
#define LOADI(p) _mm256_load_si256((const __m256i *)(const void *)(p))
#define STOREI(p, v) _mm256_store_si256((__m256i *)(void *)(p), v)
#define ADDF(a, b) _mm256_add_ps(a, b)
#define SUBF(a, b) _mm256_sub_ps(a, b)
#define MULF(a, b) _mm256_mul_ps(a, b)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define MINF(a, b) _mm256_min_ps(a, b)
#define MAXF(a, b) _mm256_max_ps(a, b)
#define SQRTF(a) _mm256_sqrt_ps(a)
#define STOREF(p, v) _mm256_store_ps(p, v)
#define ROTL(a, n) _mm256_or_si256(_mm256_slli_epi32(a, n), _mm256_srli_epi32(a, 32 - (n)))
#define SRLI(a, n) _mm256_srli_epi32(a, n)
#define LOOKUP(table, power, octave)                                                               \
    _mm256_i32gather_ps((table)->row[power], ANDI(octave, SETI(31)), sizeof(float))
/* The top eight octaves hold all but 2^-8 of all numbers; one register of each power does. */
#define LOOKUP_NEAR(table, power, octave) _mm256_permutevar8x32_ps((table)->near[power], octave)
#define ALL_NEAR(octave)                                                                           \
    (_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(SETI(NEAR_OCTAVE), octave))) == 0)
#define ADDI(a, b) _mm256_add_epi32(a, b)
#define ANDI(a, b) _mm256_and_si256(a, b)
#define XORI(a, b) _mm256_xor_si256(a, b)
#define XOR3(a, b, c) XORI(XORI(a, b), c)
#define XOR_AND(a, b, c) XORI(a, ANDI(b, c))
#define AND_OR(a, b, c) _mm256_or_si256(ANDI(a, b), c)
#define SLLI(a, n) _mm256_slli_epi32(a, n)
#define SHIFT(a, n) _mm256_sll_epi32(a, _mm_cvtsi32_si128(n))
#define I2F(a) _mm256_cvtepi32_ps(a)
#define F2I(a) _mm256_cvtps_epi32(a)
#define F2I_WIDE(a) _mm256_cvtps_epi32(a)
#define AS_I(a) _mm256_castps_si256(a)
#define AS_F(a) _mm256_castsi256_ps(a)

enum { NEAR_OCTAVE = 150 }; /* a float's exponent of 2^23; 150 .. 157 modulo 32 are 22 .. 29 */
struct normal_table {
    const float (*row)[SPN_NORMAL_OCTAVES];
    __m256 near[SPN_NORMAL_DEGREE + 1]; /* by the octave's low three bits */
};

static inline TARGET void load_table(struct normal_table *table)
{
    table->row = spn_normal_table;
    for (int i = 0; i <= SPN_NORMAL_DEGREE; i++) {
        const float *row = spn_normal_table[i];
        table->near[i] =
            _mm256_blend_ps(_mm256_loadu_ps(row + 24), _mm256_loadu_ps(row + 16), 0xc0);
    }
}

#define BLEND(sign, yes, no) _mm256_blendv_ps(no, yes, _mm256_castsi256_ps(sign))
#define WHERE __m256
#define MORE(a, b) _mm256_castsi256_ps(_mm256_cmpgt_epi32(a, b))
#define ANY_MORE(a, b) (_mm256_movemask_ps(MORE(a, b)) != 0)
#define MAXI(a, b) _mm256_max_epi32(a, b)
#define ADD_WHERE(where, x, more) ADDF(x, _mm256_and_ps(where, more))
/* The table of falling steps lies two rows behind that of rising ones. */
#define PICK(table, k, down, i)                                                                    \
    _mm256_i32gather_ps(table[k], ADDI(i, SLLI(SRLI(down, 31), PICK_SHIFT)), sizeof(float))
enum { PICK_SHIFT = 6 }; /* 2 SPN_PULSE_NODES = 2^6 */
#define POPCOUNT(a) count_bits(a)

/* Nibbles by a shuffle, then sums of bytes and of pairs of bytes. */
static inline TARGET __m256i count_bits(__m256i x)
{
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i table =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    __m256i low = _mm256_shuffle_epi8(table, ANDI(x, nibble));
    __m256i high = _mm256_shuffle_epi8(table, ANDI(SRLI(x, 4), nibble));
    __m256i pairs = _mm256_maddubs_epi16(_mm256_add_epi8(low, high), _mm256_set1_epi8(1));
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

#include "simulator/kernel_body.h"
#include "simulator/kernel_pulse.h"

enum { CELL_MAX = 128, SEVEN_BITS = 127, N_AT_ONCE = 2 };

struct pass { /* which bits of the input, and their weight */
    int shift, mask, quads_per_sum;
};

static inline TARGET __m256i broadcast_quad(const uint8_t *x, struct pass p)
{
    int32_t quad;
    memcpy(&quad, x, sizeof quad);
    __m256i v = _mm256_srl_epi32(_mm256_set1_epi32(quad), _mm_cvtsi32_si128(p.shift));
    return _mm256_and_si256(v, _mm256_set1_epi8((char)p.mask));
}

/* Two reads by 16 columns, added to sums << shift. */
static inline TARGET void dot_2(const struct spn_kernel_dot *d, int read, struct pass p,
                                bool low_limb)
{
    const uint8_t *x = d->x + (size_t)read * d->x_stride;
    const int8_t *cell = low_limb ? d->low_cells : d->cells;
    __m256i ones = _mm256_set1_epi16(1), zero = _mm256_setzero_si256();
    __m256i wide[4] = {zero, zero, zero, zero};
    for (int q = 0; q < d->n_quads;) {
        int end = q + p.quads_per_sum < d->n_quads ? q + p.quads_per_sum : d->n_quads;
        __m256i s0 = zero, s1 = zero, s2 = zero, s3 = zero;
        for (; q < end; q++, x += 4, cell += SPN_KERNEL_QUAD_BYTES) {
            __m256i w0 = LOADI(cell), w1 = LOADI(cell + SPN_KERNEL_QUAD_BYTES / 2);
            __m256i a = broadcast_quad(x, p), b = broadcast_quad(x + d->x_stride, p);
            s0 = _mm256_add_epi16(s0, _mm256_maddubs_epi16(a, w0));
            s1 = _mm256_add_epi16(s1, _mm256_maddubs_epi16(a, w1));
            s2 = _mm256_add_epi16(s2, _mm256_maddubs_epi16(b, w0));
            s3 = _mm256_add_epi16(s3, _mm256_maddubs_epi16(b, w1));
        }
        wide[0] = ADDI(wide[0], _mm256_madd_epi16(s0, ones));
        wide[1] = ADDI(wide[1], _mm256_madd_epi16(s1, ones));
        wide[2] = ADDI(wide[2], _mm256_madd_epi16(s2, ones));
        wide[3] = ADDI(wide[3], _mm256_madd_epi16(s3, ones));
    }
    int32_t *out = (low_limb ? d->low : d->sums) + read * SPN_KERNEL_COLUMNS;
    for (int i = 0; i < 4; i++, out += LANES)
        STOREI(out, p.shift == 0 ? wide[i] : ADDI(LOADI(out), SHIFT(wide[i], p.shift)));
}

static TARGET_ENTRY void dot(const struct spn_kernel_dot *d)
{
    int low_max = d->x_max < SEVEN_BITS ? d->x_max : SEVEN_BITS;
    struct pass low = {0, SEVEN_BITS, INT16_MAX / (2 * CELL_MAX * (low_max < 1 ? 1 : low_max))};
    struct pass high = {7, 1, INT16_MAX / (2 * CELL_MAX)};
    for (int limb = 0; limb < (d->low_cells != NULL ? 2 : 1); limb++)
        for (int r = 0; r < d->n_reads; r += N_AT_ONCE) {
            dot_2(d, r, low, limb == 1);
            if (d->x_max > SEVEN_BITS)
                dot_2(d, r, high, limb == 1);
        }
}

/* The next 32 bytes of the input, zeros behind its end. */
static inline TARGET __m256i next_bytes(const struct spn_kernel_slice *s, int k)
{
    uint8_t last[sizeof(__m256i)] = {0};
    int left = s->n_bytes - k;
    if (left >= (int)sizeof last)
        return _mm256_loadu_si256((const __m256i *)(const void *)(s->x + k));
    if (left > 0)
        memcpy(last, s->x + k, (size_t)left);
    return _mm256_loadu_si256((const __m256i *)(const void *)last);
}

static TARGET_ENTRY void slice(const struct spn_kernel_slice *s)
{
    __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi8(1), n_odd[8];
    for (int i = 0; i < s->n_slices; i++)
        n_odd[i] = zero;
    int n_bytes =
        (s->n_bytes + SPN_KERNEL_QUAD_BYTES - 1) / SPN_KERNEL_QUAD_BYTES * SPN_KERNEL_QUAD_BYTES;
    for (int k = 0; k < n_bytes; k += (int)sizeof one) {
        __m256i x = next_bytes(s, k);
        for (int i = 0; i < s->n_slices; i++) {
            int shift = i * s->slice_bits, mask = ((1 << s->slice_bits) - 1) & UINT8_MAX >> shift;
            __m256i bits = _mm256_and_si256(_mm256_srl_epi16(x, _mm_cvtsi32_si128(shift)),
                                            _mm256_set1_epi8((char)mask));
            uint8_t *out = s->out + (size_t)i * s->out_stride + k;
            _mm256_storeu_si256((__m256i *)(void *)out, bits);
            n_odd[i] =
                _mm256_add_epi64(n_odd[i], _mm256_sad_epu8(_mm256_and_si256(bits, one), zero));
        }
    }
    for (int i = 0; i < s->n_slices; i++) {
        __m128i half =
            _mm_add_epi64(_mm256_castsi256_si128(n_odd[i]), _mm256_extracti128_si256(n_odd[i], 1));
        s->n_odd[i] = (uint32_t)(_mm_cvtsi128_si32(half) + _mm_extract_epi32(half, 2));
    }
}

static TARGET_ENTRY void convert(const struct spn_kernel_convert *c)
{
    convert_block(c);
}

static TARGET_ENTRY void finish(const struct spn_kernel_finish *f)
{
    finish_block(f);
}

/* Philox on 32-bit words held in 64-bit lanes, whose upper halves may hold anything: the multiply
 * ignores them. */
static inline TARGET void philox_lanes(const struct spn_kernel_seed *seed, uint64_t number,
                                       __m256i w[4])
{
    __m256i m0 = _mm256_set1_epi64x((long long)SPN_PHILOX_M0);
    __m256i m1 = _mm256_set1_epi64x((long long)SPN_PHILOX_M1);
    uint32_t k0 = seed->key[0], k1 = seed->key[1];
    w[1] = SETI((uint32_t)number);
    w[2] = SETI((uint32_t)(number >> 32));
    w[3] = SETI(seed->tag);
    for (int round = 0; round < SPN_PHILOX_ROUNDS; round++) {
        __m256i p0 = _mm256_mul_epu32(w[0], m0), p1 = _mm256_mul_epu32(w[2], m1);
        w[0] = XORI(XORI(_mm256_srli_epi64(p1, 32), w[1]), SETI(k0));
        w[2] = XORI(XORI(_mm256_srli_epi64(p0, 32), w[3]), SETI(k1));
        w[1] = p1;
        w[3] = p0;
        k0 += SPN_PHILOX_W0;
        k1 += SPN_PHILOX_W1;
    }
}

static TARGET_ENTRY void seed_streams(const struct spn_kernel_seed *seed,
                                      struct spn_kernel_stream *streams)
{
    for (int k = 0; k < seed->n_streams; k++)
        for (int half = 0; half < SPN_KERNEL_COLUMNS; half += LANES) {
            __m256i even[4], odd[4];
            even[0] = _mm256_loadu_si256((const __m256i *)(const void *)(seed->lane + half));
            odd[0] = _mm256_srli_epi64(even[0], 32);
            philox_lanes(seed, seed->first + (uint64_t)k, even);
            philox_lanes(seed, seed->first + (uint64_t)k, odd);
            for (int i = 0; i < 4; i++)
                STOREI(streams[k].state[i] + half,
                       _mm256_blend_epi32(even[i], _mm256_slli_epi64(odd[i], 32), 0xAA));
        }
}

static TARGET_ENTRY void normals(struct spn_kernel_stream *streams, int n, int n_rows, bool add,
                                 float *out)
{
    normal_rows(streams, n, n_rows, add, out);
}

static TARGET_ENTRY void pulse(const struct spn_kernel_pulse *p)
{
    pulse_row(p);
}

static bool supported(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const struct spn_kernel spn_kernel_avx2 = {.name = "avx2",
                                           .supported = supported,
                                           .slice = slice,
                                           .dot = dot,
                                           .convert = convert,
                                           .finish = finish,
                                           .seed = seed_streams,
                                           .normals = normals,
                                           .pulse = pulse};
#else
extern const int spn_kernel_avx2_absent; /* ISO C wants something here */
#endif
