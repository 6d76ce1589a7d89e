/* tokenizer.c -- text to tokens by byte-pair merging, with the vocabulary of a small language
 * model.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * [M:L5] Byte-pair encoding [sennrich2016]: characters first (bytes where a character is no token),
 * then, again and again, the neighbours whose joint token has the highest score become one, the
 * first pair of equals. A pair's joint token is looked up once, when the pair comes to be.
 */
#include "networks/tokenizer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "networks/bytes.h"

enum { MAX_TOKEN_BYTES = 1024, LEAST_TOKENS = SPN_TOKEN_BYTES + 256 };

struct entry {
    char *bytes;
    int n;
    float score;
};

struct spn_tokenizer {
    int n, longest;
    struct entry *entry;         /* [n] */
    const struct entry **sorted; /* by bytes, equal ones by number */
};

static int compare_bytes(const char *a, size_t n_a, const char *b, size_t n_b)
{
    int order = memcmp(a, b, n_a < n_b ? n_a : n_b);
    return order != 0 ? order : (n_a > n_b) - (n_a < n_b);
}

/* The first token of these bytes, or -1. */
static int find(const struct spn_tokenizer *t, const char *bytes, size_t n)
{
    int low = 0, high = t->n;
    while (low < high) {
        int middle = (low + high) / 2;
        const struct entry *e = t->sorted[middle];
        if (compare_bytes(e->bytes, (size_t)e->n, bytes, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == t->n)
        return -1;
    const struct entry *e = t->sorted[low];
    return compare_bytes(e->bytes, (size_t)e->n, bytes, n) == 0 ? (int)(e - t->entry) : -1;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    int order = compare_bytes(x->bytes, (size_t)x->n, y->bytes, (size_t)y->n);
    return order != 0 ? order : (x > y) - (x < y); /* of one array: by number */
}

static void sort(struct spn_tokenizer *t)
{
    for (int i = 0; i < t->n; i++)
        t->sorted[i] = &t->entry[i];
    qsort(t->sorted, (size_t)t->n, sizeof *t->sorted, compare_entries);
}

static int32_t read_int(const unsigned char b[4])
{
    uint32_t word =
        (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    int32_t value;
    memcpy(&value, &word, sizeof value);
    return value;
}

/* The next token, or *end. */
static enum spn_status read_token(struct spn_bytes *in, const char *path, struct spn_tokenizer *t,
                                  bool *end, struct spn_err *err)
{
    unsigned char head[8];
    size_t n_got;
    enum spn_status status = spn_bytes_read_some(in, head, sizeof head, &n_got, err);
    *end = n_got == 0;
    if (status || *end)
        return status;
    int32_t n = n_got == sizeof head ? read_int(head + 4) : -1, bits = read_int(head);
    struct entry e = {.n = (int)n};
    memcpy(&e.score, &bits, sizeof e.score);
    if (n_got < sizeof head || n < 0 || n > t->longest || !(e.score >= -1e9f && e.score <= 1e9f))
        return spn_err_set(err, SPN_EINPUT, "%s: token %d: length %d outside [0, %d], or its score",
                           path, t->n, (int)n, t->longest);
    if (t->n == SPN_TOKENIZER_MAX)
        return spn_err_set(err, SPN_EINPUT, "%s: more than %d tokens", path, SPN_TOKENIZER_MAX);
    e.bytes = malloc((size_t)n + 1);
    if (!e.bytes)
        return spn_err_memory(err, path);
    t->entry[t->n++] = e;
    return spn_bytes_read(in, e.bytes, (size_t)n, "a token", err);
}

enum spn_status spn_tokenizer_load(struct spn_tokenizer **tokenizer, const char *path,
                                   struct spn_err *err)
{
    struct spn_bytes *in = NULL;
    unsigned char head[4];
    bool end = false;
    struct spn_tokenizer *t = calloc(1, sizeof *t);
    if (!t || !(t->entry = calloc(SPN_TOKENIZER_MAX, sizeof *t->entry)) ||
        !(t->sorted = calloc(SPN_TOKENIZER_MAX, sizeof *t->sorted))) {
        spn_tokenizer_destroy(t);
        return spn_err_memory(err, path);
    }
    enum spn_status status = spn_bytes_open(&in, path, err);
    if (!status)
        status = spn_bytes_read(in, head, sizeof head, "the longest token's length", err);
    if (!status) {
        t->longest = (int)read_int(head);
        if (t->longest < 1 || t->longest > MAX_TOKEN_BYTES)
            status = spn_err_set(err, SPN_EINPUT, "%s: longest token %d outside [1, %d]", path,
                                 t->longest, MAX_TOKEN_BYTES);
        /* the names of the first ones, such as "<0x00>", may be longer than any real token */
        t->longest = t->longest > 16 ? t->longest : 16;
    }
    while (!status && !end)
        status = read_token(in, path, t, &end, err);
    if (!status && t->n < LEAST_TOKENS)
        status = spn_err_set(err, SPN_EINPUT, "%s: %d tokens, at least %d are needed", path, t->n,
                             LEAST_TOKENS);
    spn_bytes_close(in);
    if (status) {
        spn_tokenizer_destroy(t);
        return status;
    }
    sort(t);
    *tokenizer = t;
    return SPN_OK;
}

void spn_tokenizer_destroy(struct spn_tokenizer *t)
{
    if (!t)
        return;
    for (int i = 0; t->entry && i < t->n; i++)
        free(t->entry[i].bytes);
    free(t->entry);
    free(t->sorted);
    free(t);
}

int spn_tokenizer_size(const struct spn_tokenizer *tokenizer)
{
    return tokenizer->n;
}

/* ---- encoding ---- */

/* Bytes of the character that begins here: UTF-8, or one byte of anything else. */
static size_t character(const char *text, size_t n)
{
    size_t length = 1;
    while (length < n && length < 4 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length++;
    return length;
}

struct chain {
    int *token, *joint; /* joint[i]: the token of i and i + 1 together, or -1 */
    int n;
};

static int join(const struct spn_tokenizer *t, int a, int b)
{
    char bytes[2 * MAX_TOKEN_BYTES];
    const struct entry *x = &t->entry[a], *y = &t->entry[b];
    memcpy(bytes, x->bytes, (size_t)x->n);
    memcpy(bytes + x->n, y->bytes, (size_t)y->n);
    return find(t, bytes, (size_t)(x->n + y->n));
}

static void add_character(const struct spn_tokenizer *t, struct chain *c, const char *bytes,
                          size_t n)
{
    int token = find(t, bytes, n);
    if (token >= 0)
        c->token[c->n++] = token;
    for (size_t i = 0; token < 0 && i < n; i++)
        c->token[c->n++] = SPN_TOKEN_BYTES + (unsigned char)bytes[i];
}

static void merge(const struct spn_tokenizer *t, struct chain *c)
{
    for (int i = 0; i + 1 < c->n; i++)
        c->joint[i] = join(t, c->token[i], c->token[i + 1]);
    for (;;) {
        int best = -1;
        for (int i = 0; i + 1 < c->n; i++)
            if (c->joint[i] >= 0 &&
                (best < 0 || t->entry[c->joint[i]].score > t->entry[c->joint[best]].score))
                best = i;
        if (best < 0)
            return;
        const size_t behind = (size_t)(c->n - best - 2);
        c->token[best] = c->joint[best];
        memmove(c->token + best + 1, c->token + best + 2, behind * sizeof *c->token);
        memmove(c->joint + best, c->joint + best + 1, (behind + 1) * sizeof *c->joint);
        c->n--;
        if (best + 1 < c->n)
            c->joint[best] = join(t, c->token[best], c->token[best + 1]);
        if (best > 0)
            c->joint[best - 1] = join(t, c->token[best - 1], c->token[best]);
    }
}

enum spn_status spn_tokenizer_encode(const struct spn_tokenizer *t, const char *text, size_t n,
                                     struct spn_tokens *tokens, struct spn_err *err)
{
    struct chain c = {.token = malloc((n + 2) * sizeof *c.token),
                      .joint = malloc((n + 2) * sizeof *c.joint)};
    enum spn_status status = SPN_OK;
    if (!c.token || !c.joint) {
        status = spn_err_memory(err, "tokens");
        goto out;
    }
    add_character(t, &c, " ", 1);
    for (size_t i = 0, length; i < n; i += length) {
        length = character(text + i, n - i);
        add_character(t, &c, text + i, length);
    }
    merge(t, &c);
    tokens->n_tokens = 0;
    if (tokens->max_tokens > 0)
        tokens->token[tokens->n_tokens++] = SPN_TOKEN_BEGIN;
    for (int i = 0; i < c.n && tokens->n_tokens < tokens->max_tokens; i++)
        tokens->token[tokens->n_tokens++] = (int16_t)c.token[i];
out:
    free(c.token);
    free(c.joint);
    return status;
}
