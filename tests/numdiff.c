/* numdiff.c -- compare two texts word by word: numbers within a relative tolerance, everything else
 * exactly.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * usage: numdiff EXPECTED GOT. Tolerance 1e-9, or one unit in the last printed digit where fewer
 * are printed, so that rounding differences between machines pass. Lines that start with '#' are
 * provenance and are skipped.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LINE = 1 << 16 };
static const double tolerance = 1e-9, printed = 1.01e-5; /* of %.6g: one unit in the sixth digit */

static bool next_line(FILE *file, char *line, long *number)
{
    do {
        if (!fgets(line, MAX_LINE, file))
            return false;
        ++*number;
    } while (line[0] == '#');
    return true;
}

static bool same_word(const char *a, const char *b)
{
    char *end_a, *end_b;
    double x = strtod(a, &end_a), y = strtod(b, &end_b);
    if (strcmp(a, b) == 0)
        return true;
    if (end_a == a || *end_a || end_b == b || *end_b)
        return false;
    double scale = fmax(fabs(x), fabs(y));
    bool short_print = strlen(a) < 14 && strlen(b) < 14;
    return fabs(x - y) <= (short_print ? printed : tolerance) * scale;
}

static bool same_line(char *a, char *b)
{
    char *save_a, *save_b;
    char *x = strtok_r(a, "\t\n ", &save_a), *y = strtok_r(b, "\t\n ", &save_b);
    for (; x && y; x = strtok_r(NULL, "\t\n ", &save_a), y = strtok_r(NULL, "\t\n ", &save_b))
        if (!same_word(x, y)) {
            printf("expected %s, got %s\n", x, y);
            return false;
        }
    return !x && !y;
}

int main(int argc, char **argv)
{
    static char a[MAX_LINE], b[MAX_LINE];
    FILE *expected = argc == 3 ? fopen(argv[1], "r") : NULL,
         *got = argc == 3 ? fopen(argv[2], "r") : NULL;
    long line_a = 0, line_b = 0;
    if (!expected || !got) {
        fprintf(stderr, "usage: numdiff EXPECTED GOT\n");
        return 2;
    }
    for (;;) {
        bool more_a = next_line(expected, a, &line_a), more_b = next_line(got, b, &line_b);
        if (!more_a && !more_b)
            return 0;
        if (more_a != more_b || !same_line(a, b)) {
            printf("%s:%ld and %s:%ld differ\n", argv[1], line_a, argv[2], line_b);
            return 1;
        }
    }
}
