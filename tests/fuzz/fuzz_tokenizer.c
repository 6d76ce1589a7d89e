/* fuzz_tokenizer.c -- any bytes as a vocabulary, and what follows a valid one as text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "networks/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct spn_err err;
    struct spn_tokenizer *t = NULL;
    int16_t token[64];
    struct spn_tokens tokens = {.token = token, .max_tokens = 64};
    int fd = memfd_create("fuzz", 0); /* a file in memory, opened by name */
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        __builtin_trap();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (spn_tokenizer_load(&t, path, &err) == SPN_OK) {
        size_t n = size < 256 ? size : 256;
        if (spn_tokenizer_encode(t, (const char *)data, n, &tokens, &err) == SPN_OK)
            for (int i = 0; i < tokens.n_tokens; i++)
                if (token[i] < 0 || token[i] >= spn_tokenizer_size(t))
                    __builtin_trap();
        spn_tokenizer_destroy(t);
    }
    close(fd);
    return 0;
}
