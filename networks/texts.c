/* texts.c -- texts as tokens: from a file of numbers, or from the text itself.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * [M:L5] A text runs from a paragraph that begins with `opening` to the next that does, white space
 * at its ends left out.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "networks/bytes.h"
#include "networks/dataset.h"
#include "networks/idx.h"
#include "networks/tokenizer.h"

#define MAX_TOKENS 65536
#define MAX_TEXT_BYTES (64u << 20)
#define MAX_TEXTS 1000000
/* Bytes that can matter for one token: no vocabulary here has longer ones on average. */
#define BYTES_PER_TOKEN 16

enum spn_status spn_dataset_load_tokens(struct spn_dataset *out, const char *path, int max_texts,
                                        struct spn_err *err)
{
    struct spn_idx texts = {0};
    struct spn_dataset data = {0};
    enum spn_status status = spn_idx_load_int16(&texts, path, max_texts, err);
    if (!status && (texts.n_dims != 2 || texts.dim[1] < 2 || texts.dim[1] > MAX_TOKENS ||
                    texts.n_kept > INT_MAX))
        status = spn_err_set(err, SPN_EINPUT,
                             "%s: %d dimensions, the last of %" PRId64
                             "; texts have [n, tokens], tokens in [2, %d]",
                             path, texts.n_dims, texts.dim[texts.n_dims - 1], MAX_TOKENS);
    if (status)
        goto out;
    const char *slash = strrchr(path, '/');
    if (!spn_text_copy(data.name, sizeof data.name, slash ? slash + 1 : path))
        data.name[sizeof data.name - 1] = '\0';
    data.n_images = (int)texts.n_kept;
    data.n_tokens = (int)texts.dim[1];
    for (int64_t i = 0; i < texts.n_kept * texts.dim[1] && !status; i++) {
        if (texts.word[i] < SPN_TOKEN_NONE)
            status = spn_err_set(
                err, SPN_EINPUT, "%s: token %d at %" PRId64 " of text %" PRId64 " is below %d",
                path, texts.word[i], i % texts.dim[1], i / texts.dim[1], SPN_TOKEN_NONE);
        else if (texts.word[i] >= data.n_classes)
            data.n_classes = texts.word[i] + 1;
    }
    data.token = texts.word;
    texts.word = NULL;
out:
    spn_idx_clear(&texts);
    if (status)
        spn_dataset_clear(&data);
    else
        *out = data;
    return status;
}

/* ---- from the text itself ---- */

/* The whole file, terminated. */
static enum spn_status read_all(const char *path, char **text, size_t *n, struct spn_err *err)
{
    struct spn_bytes *in = NULL;
    size_t room = 1 << 16, got = 0, n_got = 1;
    char *all = malloc(room + 1);
    enum spn_status status = all ? spn_bytes_open(&in, path, err) : spn_err_memory(err, path);
    while (!status && n_got > 0) {
        if (got == room) {
            char *grown = room < MAX_TEXT_BYTES ? realloc(all, 2 * room + 1) : NULL;
            if (!grown) {
                status = spn_err_set(err, SPN_EINPUT, "%s: more than %u bytes of text", path,
                                     MAX_TEXT_BYTES);
                break;
            }
            all = grown;
            room *= 2;
        }
        status = spn_bytes_read_some(in, all + got, room - got, &n_got, err);
        got += n_got;
    }
    if (!status)
        status = spn_bytes_end(in, err);
    spn_bytes_close(in);
    if (status) {
        free(all);
        return status;
    }
    all[got] = '\0';
    *text = all;
    *n = got;
    return SPN_OK;
}

/* The next paragraph from `at` on that begins with `opening`, or NULL. */
static const char *next_opening(const char *start, const char *at, const char *opening)
{
    for (const char *found; (found = strstr(at, opening)) != NULL; at = found + 1)
        if (found == start || (found >= start + 2 && found[-1] == '\n' && found[-2] == '\n'))
            return found;
    return NULL;
}

static size_t trimmed(const char *text, size_t n)
{
    while (n > 0 && strchr(" \n\r\t", text[n - 1]))
        n--;
    return n;
}

static enum spn_status encode(struct spn_dataset *data, const struct spn_tokenizer *t,
                              const char *from, size_t n, struct spn_err *err)
{
    const size_t most = (size_t)data->n_tokens * BYTES_PER_TOKEN;
    int16_t *row = data->token + (size_t)data->n_images * (size_t)data->n_tokens;
    struct spn_tokens tokens = {.token = row, .max_tokens = data->n_tokens};
    enum spn_status status = spn_tokenizer_encode(t, from, n < most ? n : most, &tokens, err);
    for (int i = tokens.n_tokens; i < data->n_tokens; i++)
        row[i] = SPN_TOKEN_NONE;
    data->n_images += !status;
    return status;
}

enum spn_status spn_dataset_load_text(struct spn_dataset *out, const struct spn_dataset_text *how,
                                      struct spn_err *err)
{
    struct spn_tokenizer *t = NULL;
    char *text = NULL;
    size_t length = 0;
    struct spn_dataset data = {.n_tokens = how->n_tokens};
    enum spn_status status = spn_tokenizer_load(&t, how->tokenizer_path, err);
    if (!status)
        status = read_all(how->text_path, &text, &length, err);
    if (status)
        goto out;
    const int max_texts = how->max_texts > 0 ? how->max_texts : MAX_TEXTS;
    const char *at = next_opening(text, text, how->opening), *next;
    int room = 0;
    for (; at && data.n_images < max_texts && !status; at = next) {
        if (data.n_images == room) {
            room = room ? 2 * room : 64;
            int16_t *grown =
                realloc(data.token, (size_t)room * (size_t)data.n_tokens * sizeof *grown);
            if (!grown) {
                status = spn_err_memory(err, how->text_path);
                break;
            }
            data.token = grown;
        }
        next = next_opening(text, at + 1, how->opening);
        const char *end = next ? next : text + length;
        status = encode(&data, t, at, trimmed(at, (size_t)(end - at)), err);
    }
    data.n_classes = spn_tokenizer_size(t);
    if (!status && data.n_images == 0)
        status = spn_err_set(err, SPN_EINPUT, "%s: no paragraph begins with \"%s\"", how->text_path,
                             how->opening);
out:
    spn_tokenizer_destroy(t);
    free(text);
    if (status)
        spn_dataset_clear(&data);
    else
        *out = data;
    return status;
}
