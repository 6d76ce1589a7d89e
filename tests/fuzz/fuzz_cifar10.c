/* fuzz_cifar10.c -- any bytes as a CIFAR-10 batch, plain or gzip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "networks/dataset.h"

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
    if (spn_dataset_load_cifar10(&data_set, path, 0, &err) == SPN_OK) {
        for (int i = 0; i < data_set.n_images; i++)
            if (data_set.label[i] >= data_set.n_classes)
                __builtin_trap();
        spn_dataset_clear(&data_set);
    }
    close(fd);
    return 0;
}
