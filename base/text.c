/* text.c -- growing strings, near-miss spelling and number parsing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORD = 64 };

void spn_text_clear(struct spn_text *text)
{
    if (!text)
        return;
    free(text->data);
    *text = (struct spn_text){0};
}

static bool reserve(struct spn_text *text, size_t n)
{
    if (text->failed)
        return false;
    if (n < text->capacity - text->length && text->data)
        return true;
    size_t capacity = 2 * (text->length + n) + 64;
    char *data = realloc(text->data, capacity);
    if (!data) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void spn_text_add_n(struct spn_text *text, const char *bytes, size_t n)
{
    if (!reserve(text, n))
        return;
    memcpy(text->data + text->length, bytes, n);
    text->length += n;
    text->data[text->length] = '\0';
}

void spn_text_wrap(struct spn_text *out, const char *text, size_t n, size_t indent, size_t width)
{
    for (size_t at = 0, column = 0; at < n;) {
        size_t word = strcspn(text + at, " \n");
        word = word < n - at ? word : n - at;
        if (column && column + 1 + word > width) {
            spn_text_add(out, "\n%*s", (int)indent, "");
            column = 0;
        }
        spn_text_add(out, "%s%.*s", column ? " " : "", (int)word, text + at);
        column += word + (column > 0);
        at += word + 1;
    }
}

void spn_text_add(struct spn_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        text->failed = true;
    else if (reserve(text, (size_t)n)) {
        vsnprintf(text->data + text->length, (size_t)n + 1, format, again);
        text->length += (size_t)n;
    }
    va_end(again);
}

/* Levenshtein distance of words shorter than MAX_WORD, case-insensitive in ASCII. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[MAX_WORD + 1], n = strlen(b);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t substitute = diagonal + ((a[i] | 32) != (b[j] | 32));
            diagonal = row[j + 1];
            size_t best = row[j] < row[j + 1] ? row[j] + 1 : row[j + 1] + 1;
            row[j + 1] = substitute < best ? substitute : best;
        }
    }
    return row[n];
}

const char *spn_text_nearest(const char *word, const char *(*next)(const void *ctx, size_t i),
                             const void *ctx)
{
    const char *best = NULL, *candidate;
    size_t length = strlen(word);
    if (length >= MAX_WORD)
        return NULL;
    size_t limit = 1 + length / 4, best_distance = limit + 1;
    for (size_t i = 0; (candidate = next(ctx, i)); i++) {
        if (strlen(candidate) >= MAX_WORD)
            continue;
        size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

bool spn_text_to_double(const char *text, double *out)
{
    if (!*text || *text == ' ' || strpbrk(text, "xXnN\t\n"))
        return false; /* no hexadecimal, no nan, no inf */
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (*end || !isfinite(value) || (errno == ERANGE && fabs(value) > 1))
        return false;
    *out = value;
    return true;
}

bool spn_text_to_int64(const char *text, int64_t *out)
{
    if (!*text || *text == ' ')
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*end || errno)
        return false;
    *out = value;
    return true;
}

bool spn_text_copy(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);
    bool fits = n < size;
    if (!fits)
        n = size - 1;
    memcpy(out, text, n);
    out[n] = '\0';
    return fits;
}

/* The longest run without spaces that holds a '/', of [*from, *to); false if there is none. */
static bool longest_path(const char *text, size_t *from, size_t *to)
{
    size_t best = 0;
    for (size_t i = 0; text[i];) {
        size_t n = strcspn(text + i, " ");
        if (n > best && memchr(text + i, '/', n)) {
            best = n;
            *from = i;
            *to = i + n;
        }
        i += n + (text[i + n] == ' ');
    }
    return best > 0;
}

/* Whether a character starts here, in UTF-8 as in ASCII. */
static bool starts(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

void spn_text_shorten(char *line, size_t size)
{
    enum { HEAD = 16, DOTS = 3, TAIL = 80 }; /* bytes of a path that stay in any case */
    size_t n = strlen(line), from, to;
    while (n >= size && longest_path(line, &from, &to) && to - from > HEAD + DOTS + TAIL) {
        size_t cut = from + HEAD, next = cut + DOTS + n - size + 1;
        if (next > to - TAIL)
            next = to - TAIL;
        const char *slash = memchr(line + next, '/', to - TAIL / 2 - next);
        if (slash)
            next = (size_t)(slash - line);
        while (!starts(line[cut]) && cut > from)
            cut--;
        while (!starts(line[next]))
            next++;
        memmove(line + cut, "...", DOTS);
        memmove(line + cut + DOTS, line + next, n - next + 1);
        n -= next - cut - DOTS;
    }
    if (n < size)
        return;
    n = size - 1;
    while (n > 0 && !starts(line[n]))
        n--;
    line[n] = '\0';
}
