/* tokenizer.h -- text to tokens by byte-pair merging, with the vocabulary of a small language
 * model.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_tokenizer_load(&t, "tok512.bin", err);
 *     n = spn_tokenizer_encode(t, text, strlen(text), token, 257, err);
 *     spn_tokenizer_destroy(t);
 */
#ifndef SPN_NETWORKS_TOKENIZER_H
#define SPN_NETWORKS_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Token 0 is unknown, 1 begins a text, 2 ends it, 3 .. 258 are the 256 bytes. */
enum { SPN_TOKEN_BEGIN = 1, SPN_TOKEN_BYTES = 3, SPN_TOKENIZER_MAX = 32768 };

struct spn_tokenizer;

/* Little-endian: int32 longest token; for each token float32 score, int32 length, bytes [M:L5].
 * SPN_EINPUT for lengths that do not fit, fewer than 259 tokens or more than SPN_TOKENIZER_MAX. */
enum spn_status spn_tokenizer_load(struct spn_tokenizer **tokenizer, const char *path,
                                   struct spn_err *err);
void spn_tokenizer_destroy(struct spn_tokenizer *tokenizer);
int spn_tokenizer_size(const struct spn_tokenizer *tokenizer);

/* SPN_TOKEN_BEGIN and the first tokens of " " + n bytes of text, at most max_tokens in all;
 * *n_tokens of them. [M:L5] */
struct spn_tokens {
    int16_t *token;
    int max_tokens, n_tokens;
};
enum spn_status spn_tokenizer_encode(const struct spn_tokenizer *tokenizer, const char *text,
                                     size_t n, struct spn_tokens *tokens, struct spn_err *err);

#endif
