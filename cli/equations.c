/* equations.c -- from the number of an equation to its text, and from a reference's key to its
 * title.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli/equations.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "tech/data.h"

enum { WIDTH = 100, MAX_KEY = 64 };

static bool read_page(const char *page, struct spn_text *out)
{
    char path[SPN_MAX_PATH];
    return spn_data_file(path, sizeof path, page, NULL) == SPN_OK &&
           spn_file_read(path, SPN_FILE_ANY, out, NULL) == SPN_OK && out->length > 0;
}

/* ---- references ---- */

/* The value of `name = {value}` in a BibTeX entry of n bytes, without braces; "" if it has none. */
static void field(const char *entry, size_t n, const char *name, char *out, size_t size)
{
    size_t length = strlen(name), used = 0;
    *out = '\0';
    for (size_t i = 1; i + length < n; i++) {
        const char *at = entry + i;
        if (memcmp(at, name, length) != 0 || isalnum((unsigned char)at[-1]))
            continue;
        at += length + strspn(at + length, " ");
        if (*at != '=')
            continue;
        at += 1 + strspn(at + 1, " \n");
        int depth = 0;
        for (; at < entry + n && used + 1 < size; at++) {
            depth += (*at == '{') - (*at == '}');
            if (depth == 0)
                break;
            if (*at != '{' && *at != '}')
                out[used++] = *at == '\n' ? ' ' : *at;
        }
        out[used] = '\0';
        return;
    }
}

static bool add_reference(const struct spn_text *page, const char *key, struct spn_text *out)
{
    static const char *const names[] = {"author",      "title", "journal", "booktitle", "publisher",
                                        "institution", "note",  "year",    "doi",       "url"};
    char opening[MAX_KEY + 4], value[1024];
    snprintf(opening, sizeof opening, "{%s,", key);
    const char *entry = strstr(page->data, opening);
    if (!entry)
        return false;
    const char *end = strstr(entry, "\n@");
    size_t n = end ? (size_t)(end - entry) : strlen(entry), shown = 0;
    struct spn_text line = {0};
    spn_text_add(&line, "[%s] ", key);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        field(entry, n, names[i], value, sizeof value);
        if (*value)
            spn_text_add(&line, "%s%s%s", shown++ ? ", " : "", i == 8 ? "doi:" : "", value);
    }
    spn_text_wrap(out, line.data ? line.data : "", line.length, 2, WIDTH);
    spn_text_add(out, "\n");
    spn_text_clear(&line);
    return true;
}

bool spn_reference_add(const char *key, struct spn_text *out)
{
    struct spn_text page = {0};
    bool found = strlen(key) < MAX_KEY && read_page("docs/REFERENCES.bib", &page) &&
                 add_reference(&page, key, out);
    spn_text_clear(&page);
    return found;
}

/* ---- equations ---- */

/* Where "**A20**" or "**(A20) Title.**" stands. */
static const char *find_equation(const char *page, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = page; (at = strstr(at, "**")); at += 2) {
        const char *from = at + 2 + (at[2] == '(');
        if (strncmp(from, name, n) == 0 && !isalnum((unsigned char)from[n]))
            return at;
    }
    return NULL;
}

/* The paragraph around `at`; one that ends with a colon or comma goes on in the next. */
static const char *paragraph(const char *page, const char *at, size_t *n)
{
    const char *from = at, *to;
    while (from > page + 1 && !(from[-1] == '\n' && from[-2] == '\n'))
        from--;
    for (to = strstr(at, "\n\n"); to && strchr(":,", to[-1]);)
        to = strstr(to + 2, "\n\n");
    *n = to ? (size_t)(to - from) : strlen(from);
    return from;
}

static bool is_laid_out(const char *text, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (text[i] == '\n' && strchr("| -\n", text[i + 1]))
            return true;
    return false;
}

/* The keys that a paragraph cites, [neurosim14] or [li2020, table 1], each once. */
static void add_cited(const char *text, size_t n, struct spn_text *out)
{
    struct spn_text page = {0}, seen = {0};
    if (!read_page("docs/REFERENCES.bib", &page))
        return;
    for (const char *at = text; at < text + n; at++) {
        char key[MAX_KEY], word[MAX_KEY + 2];
        size_t length = *at == '[' ? strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789") : 0;
        if (!length || length >= MAX_KEY || !strchr("],;", at[1 + length]))
            continue;
        snprintf(key, sizeof key, "%.*s", (int)length, at + 1);
        snprintf(word, sizeof word, " %s ", key);
        if (seen.data && strstr(seen.data, word))
            continue;
        spn_text_add(&seen, "%s", word);
        add_reference(&page, key, out);
    }
    spn_text_clear(&seen);
    spn_text_clear(&page);
}

/* The heading above `at`. */
static void add_section(const char *page, const char *at, struct spn_text *out)
{
    while (at > page && !(at[-1] == '\n' && at[0] == '#'))
        at--;
    at += strspn(at, "# ");
    spn_text_add(out, "docs/MODELS.md, %.*s\n\n", (int)strcspn(at, "\n"), at);
}

static void add_paragraph(const char *page, const char *at, const char *text, size_t n,
                          struct spn_text *out)
{
    add_section(page, at, out);
    if (is_laid_out(text, n))
        spn_text_add_n(out, text, n);
    else
        spn_text_wrap(out, text, n, 0, WIDTH);
    spn_text_add(out, "\n\n");
    add_cited(text, n, out);
}

bool spn_equation_add(const char *name, struct spn_text *out)
{
    struct spn_text page = {0};
    char letters[8] = "", more[8] = "";
    unsigned first, last;
    int end = 0, n_read = sscanf(name, "%4[A-Z]%3u%n", letters, &first, &end);
    last = first;
    if (n_read == 2 && name[end] == '-' &&
        sscanf(name + end, "-%4[A-Z]%3u%n", more, &last, &n_read) == 2)
        end = strcmp(letters, more) == 0 ? end + n_read : 0;
    if (!*letters || !end || name[end] || !read_page("docs/MODELS.md", &page))
        return false;
    const char *before = NULL; /* equations of one paragraph show it once */
    for (unsigned i = first; i <= last; i++) {
        char each[16];
        size_t n = 0;
        snprintf(each, sizeof each, "%s%u", letters, i);
        const char *at = find_equation(page.data, each);
        const char *text = at ? paragraph(page.data, at, &n) : before;
        if (text != before && before)
            spn_text_add(out, "\n");
        if (text != before)
            add_paragraph(page.data, at, text, n, out);
        before = text;
    }
    spn_text_clear(&page);
    return before != NULL;
}
