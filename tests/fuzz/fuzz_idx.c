/* fuzz_idx.c -- any bytes as an IDX file, plain or gzip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "networks/dataset.h"
#include "networks/idx.h"
#include "simulator/defects.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct spn_err err;
    int fd = memfd_create("fuzz", 0); /* a file in memory, opened by name */
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        __builtin_trap();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct spn_dataset data_set = {0};
    if (spn_dataset_load_idx(&data_set, path, path, 0, &err) == SPN_OK)
        __builtin_trap(); /* images cannot be their own labels */
    struct spn_idx idx = {0};
    if (spn_idx_load(&idx, path, 0, &err) == SPN_OK) {
        if (idx.n_kept < 1 || idx.n_kept != idx.dim[0])
            __builtin_trap();
        spn_idx_clear(&idx);
    }
    if (spn_idx_load(&idx, path, 3, &err) == SPN_OK)
        spn_idx_clear(&idx);
    if (spn_dataset_load_tokens(&data_set, path, 0, &err) == SPN_OK) {
        if (data_set.n_tokens < 2 || data_set.n_images < 1)
            __builtin_trap();
        spn_dataset_clear(&data_set);
    }
    struct spn_defect_map map = {0};
    if (spn_defect_map_load(&map, path, &err) == SPN_OK) {
        if (map.n < 1 || map.state[0] >= SPN_N_DEFECTS)
            __builtin_trap();
        spn_defect_map_clear(&map);
    }
    close(fd);
    return 0;
}
