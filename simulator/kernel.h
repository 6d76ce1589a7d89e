/* kernel.h -- the inner loops of the analog core, one set per instruction set, all giving the same
 * bits.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A block is at most 32 reads (vector x input slice) of one group of rows by 16 columns. Cells are
 * packed four rows deep, [row / 4][column][row % 4] signed bytes, so that one instruction
 * multiplies four input bytes into 16 columns. Sums are integers; every float operation (ADC
 * scaling, noise) is a single IEEE operation in one fixed order, so the results of all kernels are
 * equal to the bit.
 */
#ifndef SPN_SIMULATOR_KERNEL_H
#define SPN_SIMULATOR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SPN_KERNEL_COLUMNS = 16, /* of a block */
    SPN_KERNEL_READS = 32,
    SPN_KERNEL_QUAD_BYTES = 64 /* 4 rows x 16 columns */
};

/* Input bytes to slices: out[s] (out_stride apart) holds x >> (s slice_bits) & (2^slice_bits - 1).
 */
struct spn_kernel_slice {
    const uint8_t *x;
    int n_bytes, n_slices, slice_bits;
    uint8_t *out; /* written with zeros up to the next multiple of 64 bytes */
    size_t out_stride;
    uint32_t *n_odd; /* [n_slices]: odd bytes of each slice */
};

struct spn_kernel_dot {
    const uint8_t
        *x; /* reads x_stride bytes apart, 4 n_quads bytes each; 32 of them are readable */
    size_t x_stride;
    const int8_t *cells, *low_cells; /* n_quads x 64 bytes, aligned to 64; low_cells may be NULL */
    int n_reads, n_quads;
    int x_max;           /* largest input byte */
    int32_t *sums, *low; /* [n_reads][16], aligned to 64, 32 reads writable */
};

struct spn_kernel_convert {
    const int32_t
        *sums;          /* [vector][slice][16]: x * cells, or their high bytes where low is given */
    const int32_t *low; /* low bytes: the sum is 256 sums + low; or NULL */
    const float *normals; /* [vector] normal_stride apart, [slice][16]; NULL: no read noise */
    const float *shared;  /* [vector][slice]: added to the normals of all 16 columns; or NULL */
    size_t normal_stride;
    const float *deviation; /* of the noise per vector (deviation_stride apart) and slice, times
                               noise_scale; or */
    size_t deviation_stride;
    const int32_t *variance; /* like sums: deviation is its square root for each column; NULL: the
                                same for all */
    float noise_scale;
    int n_vectors, n_slices, slice_bits;
    bool ideal; /* no conversion: the sum itself, noise rounded to its unit */
    float inverse_step, low_code, high_code;
    int32_t *codes; /* [vector][16], added to: sum over slices of code << (slice_bits * slice) */
};

/* Codes to results: total += scale codes (from 0 if first); if last, y = total. */
struct spn_kernel_finish {
    const int32_t *codes; /* [vector][16] */
    double *total;        /* likewise; untouched if first and last */
    double scale;
    bool first, last;
    int n_vectors, n_columns; /* of y, at most 16 */
    float *y;
    size_t y_stride;
};

/* Sixteen streams of random words, xoshiro128++ [blackman2021], one a column. Column c of stream i
 * starts from the Philox4x32-10 block of counter {lane[c], low and high word of first + i, tag}:
 * any stream is reached at once, and its words cost little. */
struct spn_kernel_seed {
    uint32_t key[2], tag;
    uint64_t first;
    const uint32_t *lane; /* [16] */
    int n_streams;
};
struct spn_kernel_stream {
    int32_t state[4][SPN_KERNEL_COLUMNS]; /* as unsigned words */
} __attribute__((aligned(64)));

/* Pulse trains on a row of cells and all its columns, vector after vector. A line's word has its
 * sign in the top bit and one bit for each of 31 slots. All arrays are padded to 16 columns and
 * aligned to 64. */
#define SPN_PULSE_SLOTS 0x7fffffffu
enum { SPN_PULSE_NODES = 32 };
struct spn_kernel_pulse {
    float *state;        /* [n_columns], 0 .. 1; moved */
    const float *law[4]; /* step up = law[0] + law[1] state, down = law[2] + law[3] state; with a
                            table law[0] and law[2] are factors on its steps */
    const float (*table)[SPN_PULSE_NODES]; /* [4]: the same of the pieces between even places of
                                              the window, the last unused; NULL: affine */
    int pulses_at_once;     /* before the table is looked up again and the counts are */
    const uint32_t *row;    /* [n_vectors] */
    const uint32_t *column; /* [n_vectors] column_stride apart, [n_columns] */
    size_t column_stride;
    int n_columns, n_vectors;
    float step_variance, pulse_variance; /* of a pulse: relative to its step squared; absolute */
    struct spn_kernel_stream *stream;
};

struct spn_kernel {
    const char *name;
    bool (*supported)(void);
    void (*begin)(void), (*end)(void); /* around a run of dots on one thread; NULL: nothing to do */
    void (*slice)(const struct spn_kernel_slice *s);
    void (*dot)(const struct spn_kernel_dot *d);
    void (*convert)(const struct spn_kernel_convert *c);
    void (*finish)(const struct spn_kernel_finish *f);
    void (*seed)(const struct spn_kernel_seed *seed, struct spn_kernel_stream *streams);
    /* The next n_rows standard normals of each of n streams, to (or, if add, added to) out
     * [n][n_rows][16], aligned to 64: by inversion of one word each. */
    void (*normals)(struct spn_kernel_stream *streams, int n, int n_rows, bool add, float *out);
    void (*pulse)(const struct spn_kernel_pulse *p);
};

/* By name, or for NULL the fastest that this CPU has. NULL if unknown or the CPU lacks it. */
const struct spn_kernel *spn_kernel_find(const char *name);
/* All that were built, fastest first, NULL-terminated; the last is "portable". */
extern const struct spn_kernel *const spn_kernels[];

#if defined(__x86_64__) && defined(__GNUC__)
#define SPN_KERNEL_X86 1
extern const struct spn_kernel spn_kernel_amx, spn_kernel_avx512, spn_kernel_avx2;
/* Used by the AMX kernel for what tiles do not cover. */
void spn_kernel_avx512_slice(const struct spn_kernel_slice *s);
void spn_kernel_avx512_dot(const struct spn_kernel_dot *d);
void spn_kernel_avx512_convert(const struct spn_kernel_convert *c);
void spn_kernel_avx512_finish(const struct spn_kernel_finish *f);
void spn_kernel_avx512_seed(const struct spn_kernel_seed *seed, struct spn_kernel_stream *streams);
void spn_kernel_avx512_normals(struct spn_kernel_stream *streams, int n, int n_rows, bool add,
                               float *out);
void spn_kernel_avx512_pulse(const struct spn_kernel_pulse *p);
#endif

/* Coefficients of the inverse normal distribution on octaves of its argument; normal_table.c. */
enum { SPN_NORMAL_DEGREE = 6, SPN_NORMAL_OCTAVES = 32 };
extern const float spn_normal_table[SPN_NORMAL_DEGREE + 1][SPN_NORMAL_OCTAVES];

/* Philox4x32-10 [salmon2011, table 2]. */
#define SPN_PHILOX_ROUNDS 10
#define SPN_PHILOX_M0 0xD2511F53u
#define SPN_PHILOX_M1 0xCD9E8D57u
#define SPN_PHILOX_W0 0x9E3779B9u
#define SPN_PHILOX_W1 0xBB67AE85u

#endif
