/* fuzz_weights.c -- any bytes as a weight file, plain or gzip.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "networks/weights.h"

#define MAX_ELEMENTS (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct spn_err err;
    int fd = memfd_create("fuzz", 0); /* a file in memory, opened by name */
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        __builtin_trap();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct spn_weights *weights = NULL;
    if (spn_weights_load(&weights, path, &err) == SPN_OK) {
        for (int i = 0; i < spn_weights_count(weights); i++) {
            struct spn_tensor_info t = spn_weights_at(weights, i);
            float *out = t.n <= MAX_ELEMENTS ? calloc((size_t)t.n + 1, sizeof *out) : NULL;
            if (out)
                (void)spn_weights_floats(weights, t.name, t.n, out, &err);
            free(out);
        }
        spn_weights_destroy(weights);
    }
    close(fd);
    return 0;
}
