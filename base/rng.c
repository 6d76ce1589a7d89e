/* rng.c -- Philox4x32-10 counter-based random numbers [salmon2011].
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { N_ROUNDS = 10 };
static const uint32_t multiplier_0 = 0xD2511F53u,
                      multiplier_1 = 0xCD9E8D57u;                 /* [salmon2011, table 2] */
static const uint32_t weyl_0 = 0x9E3779B9u, weyl_1 = 0xBB67AE85u; /* golden ratio, sqrt(3) - 1 */
static const double pi = 3.14159265358979323846;

void spn_rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < N_ROUNDS; round++) {
        uint64_t p0 = (uint64_t)multiplier_0 * c0, p1 = (uint64_t)multiplier_1 * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += weyl_0;
        k1 += weyl_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

struct spn_rng spn_rng_init(uint64_t seed, uint32_t stream, uint32_t substream)
{
    return (struct spn_rng){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                            .counter = {0, 0, substream, stream}};
}

void spn_rng_at(struct spn_rng *rng, uint64_t block)
{
    rng->counter[0] = (uint32_t)block;
    rng->counter[1] = (uint32_t)(block >> 32);
    rng->n_left = 0;
}

static void next_block(struct spn_rng *rng, uint32_t out[4])
{
    spn_rng_philox(rng->counter, rng->key, out);
    if (++rng->counter[0] == 0)
        rng->counter[1]++;
}

uint32_t spn_rng_u32(struct spn_rng *rng)
{
    if (rng->n_left == 0) {
        next_block(rng, rng->block);
        rng->n_left = 4;
    }
    return rng->block[4 - rng->n_left--];
}

double spn_rng_uniform(struct spn_rng *rng)
{
    uint64_t high = spn_rng_u32(rng), low = spn_rng_u32(rng);
    uint64_t bits = (high << 21) ^ (low >> 11);
    return ((double)(bits & ((UINT64_C(1) << 53) - 1)) + 0.5) * 0x1p-53;
}

double spn_rng_normal(struct spn_rng *rng)
{
    double u = spn_rng_uniform(rng), v = spn_rng_uniform(rng);
    return sqrt(-2 * log(u)) * cos(2 * pi * v);
}

uint32_t spn_rng_below(struct spn_rng *rng, uint32_t n)
{
    uint32_t threshold = (uint32_t)(-n) % n, word; /* reject the uneven part */
    do
        word = spn_rng_u32(rng);
    while (word < threshold);
    return word % n;
}

/* Box-Muller on pairs of words, 24-bit mantissas would lose the tail: u has 32 bits, so |z|
 * reaches 6.66. */
static void two_normals(uint32_t a, uint32_t b, float out[2])
{
    double u = ((double)a + 0.5) * 0x1p-32, v = (double)b * 0x1p-32;
    double radius = sqrt(-2 * log(u)), angle = 2 * pi * v;
    out[0] = (float)(radius * cos(angle));
    out[1] = (float)(radius * sin(angle));
}

void spn_rng_normals(struct spn_rng *rng, float *out, size_t n)
{
    uint32_t words[4];
    float four[4];
    rng->n_left = 0;
    for (size_t i = 0; i < n; i += 4) {
        next_block(rng, words);
        two_normals(words[0], words[1], four);
        two_normals(words[2], words[3], four + 2);
        memcpy(out + i, four, (n - i < 4 ? n - i : 4) * sizeof *out);
    }
}
