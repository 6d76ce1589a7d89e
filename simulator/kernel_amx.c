/* kernel_amx.c -- the analog core's inner loops with AMX tiles: 16 reads x 64 rows x 16 columns an
 * instruction.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The packed cells are what a tile product wants as they are. Rows that fill no tile, conversion
 * and normal numbers are the AVX-512 kernel's. Linux lends tiles to a process that asks
 * (arch_prctl); without them this kernel is not chosen.
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

/* All eight tiles at full size. Constant: gcc's _tile_loadconfig does not say that it reads all 64
 * bytes. */
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

/* Tiles 0-3 hold sums: reads 0-15 and 16-31 by high and low bytes; 4, 5 inputs; 6, 7 cells. */
static TARGET_ENTRY void dot_tiles(const struct spn_kernel_dot *d, int n_tiles)
{
    const uint8_t *x = d->x, *x2 = d->x + TILE_ROWS * d->x_stride;
    const int8_t *cells = d->cells, *low = d->low_cells;
    bool two = d->n_reads > TILE_ROWS;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int t = 0; t < n_tiles; t++) {
        size_t at = (size_t)t * TILE_ROW_BYTES, cell_at = at * TILE_ROWS;
        _tile_loadd(6, cells + cell_at, TILE_ROW_BYTES);
        _tile_loadd(4, x + at, d->x_stride);
        _tile_dpbusd(0, 4, 6);
        if (two) {
            _tile_loadd(5, x2 + at, d->x_stride);
            _tile_dpbusd(1, 5, 6);
        }
        if (low == NULL)
            continue;
        _tile_loadd(7, low + cell_at, TILE_ROW_BYTES);
        _tile_dpbusd(2, 4, 7);
        if (two)
            _tile_dpbusd(3, 5, 7);
    }
    _tile_stored(0, d->sums, TILE_ROW_BYTES);
    if (two)
        _tile_stored(1, d->sums + TILE_ROWS * SPN_KERNEL_COLUMNS, TILE_ROW_BYTES);
    if (low != NULL)
        _tile_stored(2, d->low, TILE_ROW_BYTES);
    if (two && low != NULL)
        _tile_stored(3, d->low + TILE_ROWS * SPN_KERNEL_COLUMNS, TILE_ROW_BYTES);
}

static TARGET_ENTRY void add(int32_t *sums, const int32_t *more, int n)
{
    for (int i = 0; i < n; i += SPN_KERNEL_COLUMNS)
        _mm512_store_si512((void *)(sums + i),
                           _mm512_add_epi32(_mm512_load_si512((const void *)(sums + i)),
                                            _mm512_load_si512((const void *)(more + i))));
}

static void dot(const struct spn_kernel_dot *d)
{
    int n_tiles = d->n_quads / TILE_QUADS, rest = d->n_quads % TILE_QUADS;
    int32_t sums[SPN_KERNEL_READS * SPN_KERNEL_COLUMNS] __attribute__((aligned(TILE_ROW_BYTES)));
    int32_t low[SPN_KERNEL_READS * SPN_KERNEL_COLUMNS] __attribute__((aligned(TILE_ROW_BYTES)));
    if (n_tiles == 0) {
        spn_kernel_avx512_dot(d);
        return;
    }
    dot_tiles(d, n_tiles);
    if (rest == 0)
        return;
    size_t cells_done = (size_t)(n_tiles * TILE_QUADS) * SPN_KERNEL_QUAD_BYTES;
    struct spn_kernel_dot tail = *d;
    tail.x += (size_t)n_tiles * TILE_ROW_BYTES;
    tail.cells += cells_done;
    tail.low_cells = d->low_cells != NULL ? d->low_cells + cells_done : NULL;
    tail.n_quads = rest;
    tail.sums = sums;
    tail.low = low;
    spn_kernel_avx512_dot(&tail);
    add(d->sums, sums, d->n_reads * SPN_KERNEL_COLUMNS);
    if (d->low_cells != NULL)
        add(d->low, low, d->n_reads * SPN_KERNEL_COLUMNS);
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
                                          .slice = spn_kernel_avx512_slice,
                                          .dot = dot,
                                          .convert = spn_kernel_avx512_convert,
                                          .finish = spn_kernel_avx512_finish,
                                          .seed = spn_kernel_avx512_seed,
                                          .normals = spn_kernel_avx512_normals,
                                          .pulse = spn_kernel_avx512_pulse};
#else
extern const int spn_kernel_amx_absent; /* ISO C wants something here */
#endif
