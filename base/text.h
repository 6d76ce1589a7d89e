/* text.h -- growing strings, near-miss spelling and number parsing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_BASE_TEXT_H
#define SPN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPN_MAX_PATH 4096 /* bytes of a file's path, with its end */

#ifdef __cplusplus
extern "C" {
#endif

/* A growing string; {0} is empty. A failed allocation sets `failed` and later appends do nothing,
 * so that a writer checks once, at the end. */
struct spn_text {
    char *data;
    size_t length, capacity;
    bool failed;
};

void spn_text_clear(struct spn_text *text);
void spn_text_add(struct spn_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void spn_text_add_n(struct spn_text *text, const char *bytes, size_t n);
/* Add n bytes of text, broken between words into lines of at most `width` behind `indent` spaces;
 * the first stands where the text ends now. */
void spn_text_wrap(struct spn_text *out, const char *text, size_t n, size_t indent, size_t width);

/* The candidate nearest to `word` by edit distance, or NULL when none is near (distance > 1 +
 * length/4). `next(ctx, i)` returns candidate i, or NULL after the last. */
const char *spn_text_nearest(const char *word, const char *(*next)(const void *ctx, size_t i),
                             const void *ctx);

/* Whole-string numbers; false on anything else (trailing text, empty, NaN, infinity, overflow). */
bool spn_text_to_double(const char *text, double *out);
bool spn_text_to_int64(const char *text, int64_t *out);

/* Copy at most size-1 bytes and terminate; false if it did not fit. */
bool spn_text_copy(char *out, size_t size, const char *text);

/* Bytes of a line before spn_text_shorten: two paths and words around them. */
#define SPN_TEXT_LINE (2 * SPN_MAX_PATH + 512)
/* Make a line for people fit into `size` >= 128 bytes. Where it does not, long paths in it lose
 * their middle ("folder/.../x.json"), as a file's name tells more than the folders above it;
 * then the line loses its end. */
void spn_text_shorten(char *line, size_t size);

#ifdef __cplusplus
}
#endif

#endif
