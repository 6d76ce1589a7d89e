/* kernel_amx.c -- the analog core's inner loops with AMX tiles: 16 reads x 64 rows x 16 columns an instruction.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The packed cells are what a tile product wants as they are. Rows that fill no tile, conversion and normal numbers are
 * the AVX-512 kernel's. Linux lends tiles to a process that asks (arch_prctl); without them this kernel is not chosen.
 */
#include "simulator/kernel.h"

#if defined(SPN_KERNEL_X86) && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TARGET_ENTRY __attribute__((target("amx-tile,amx-int8,avx512f")))

enum {
    TILE_ROWS = 16,
    TILE_ROW_BYTES = 64,
    TILE_QUADS = 16,
    CPUID_AMX_TILE = 1 << 24, /* leaf 7, EDX [intel2024sdm, vol. 2A, CPUID] */
    CPUID_AMX_INT8 = 1 << 25,
    REQUEST_PERMISSION = 0x1023, /* ARCH_REQ_XCOMP_PERM of <asm/prctl.h> */
    TILE_DATA = 18               /* XFEATURE_XTILE_DATA */
};

struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

/* All eight tiles at full size. Constant: gcc's _tile_loadconfig does not say that it reads all 64 bytes. */
static const struct tile_config full_tiles = {.palette = 1,
                                              .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                                              .rows = {16, 16, 16, 16, 16, 16, 16, 16}};

static TARGET_ENTRY void begin(void)
{
    _tile_loadconfig(&full_tiles);
}

static TARGET_ENTRY void end(void)
{
    _tile_release();
}

static TARGET_ENTRY void dot(const struct spn_kernel_dot *d, int32_t *sums)
{
    const uint8_t *x = d->x;
    const int8_t *cells = d->cells;
    int n_tiles = d->n_quads / TILE_QUADS, rest = d->n_quads % TILE_QUADS;
    if (n_tiles == 0) {
        spn_kernel_avx512_dot(d, sums);
        return;
    }
    _tile_zero(0);
    for (int t = 0; t < n_tiles; t++, x += TILE_ROW_BYTES, cells += TILE_ROWS * TILE_ROW_BYTES) {
        _tile_loadd(1, x, d->x_stride);
        _tile_loadd(2, cells, TILE_ROW_BYTES);
        _tile_dpbusd(0, 1, 2);
    }
    _tile_stored(0, sums, TILE_ROW_BYTES);
    if (rest == 0)
        return;
    struct spn_kernel_dot tail = *d;
    int32_t more[SPN_KERNEL_READS * SPN_KERNEL_COLUMNS] __attribute__((aligned(TILE_ROW_BYTES)));
    tail.x = x;
    tail.cells = cells;
    tail.n_quads = rest;
    spn_kernel_avx512_dot(&tail, more);
    for (int r = 0; r < d->n_reads; r++)
        for (int c = 0; c < SPN_KERNEL_COLUMNS; c++)
            sums[r * SPN_KERNEL_COLUMNS + c] += more[r * SPN_KERNEL_COLUMNS + c];
}

static bool supported(void)
{
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    const unsigned wanted = CPUID_AMX_TILE | CPUID_AMX_INT8;
    return spn_kernel_avx512.supported() && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
           (edx & wanted) == wanted && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

const struct spn_kernel spn_kernel_amx = {.name = "amx",
                                          .supported = supported,
                                          .begin = begin,
                                          .end = end,
                                          .dot = dot,
                                          .convert = spn_kernel_avx512_convert,
                                          .normals = spn_kernel_avx512_normals};
#else
extern const int spn_kernel_amx_absent; /* ISO C wants something here */
#endif
