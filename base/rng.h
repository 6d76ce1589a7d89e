/* rng.h -- counter-based random numbers: the same (seed, stream, index) gives the same value on any
 * thread.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Philox4x32-10 of Random123 [salmon2011]. A stream is named by (seed, stream, substream); draws
 * are numbered from 0, and `spn_rng_at` jumps anywhere. Copy a struct spn_rng to fork it; it is 48
 * bytes and has no heap.
 *
 *     struct spn_rng rng = spn_rng_init(seed, SPN_STREAM_PROGRAM, layer);
 *     double g = spn_rng_normal(&rng);
 */
#ifndef SPN_BASE_RNG_H
#define SPN_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct spn_rng {
    uint32_t key[2];     /* seed */
    uint32_t counter[4]; /* block number (64 bit), substream, stream */
    uint32_t block[4];   /* the last block drawn */
    int n_left;          /* words of it not yet used */
};

struct spn_rng spn_rng_init(uint64_t seed, uint32_t stream, uint32_t substream);
void spn_rng_at(struct spn_rng *rng,
                uint64_t block); /* continue at block number `block` (4 words each) */
uint32_t spn_rng_u32(struct spn_rng *rng);
double spn_rng_uniform(struct spn_rng *rng); /* in (0, 1), 53 bits */
double spn_rng_normal(
    struct spn_rng *rng); /* mean 0, variance 1 (Box-Muller, one value per two words pairs) */
uint32_t spn_rng_below(struct spn_rng *rng, uint32_t n); /* 0 .. n-1, unbiased; n >= 1 */

/* n standard normals into out, single precision, the same values whatever the CPU; uses block
 * numbers from the stream's present position on, 4 normals a block. The fast path for noise. */
void spn_rng_normals(struct spn_rng *rng, float *out, size_t n);

/* The raw bijection: counter and key to four words (for tests against the published vectors). */
void spn_rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#ifdef __cplusplus
}
#endif

#endif
