/* letters_clutter.c -- what lies about a letter on rough paper.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Model: letters to its left and right that come close or touch, ruled lines, and a spot where the
 * ink is rubbed out [M:L6]. The constants are choices of this program that set how hard the set is.
 */
#include <math.h>

#include "networks/letters.h"

/* Lengths as fractions of the image's side, at clutter = 1. */
#define NEIGHBOUR_FRAC 0.5     /* probability of one, on each side */
#define NEIGHBOUR_GAP_MAX 0.14 /* from the letter's box */
#define NEIGHBOUR_OVERLAP 0.10 /* or as far into it */
#define LINE_FRAC 0.5          /* probability of ruled lines */
#define LINE_STEP_MIN 0.22     /* between them */
#define LINE_STEP_MAX 0.40
#define LINE_HALF_WIDTH 0.016
#define LINE_INK_MIN 0.25 /* coverage of a line, of the letter's */
#define LINE_INK_MAX 0.75
#define RUB_FRAC 0.5 /* probability of a rubbed-out spot */
#define RUB_RADIUS_MIN 0.07
#define RUB_RADIUS_MAX 0.16
#define RUB_LEFT_MAX 0.3 /* of the ink there */

static double between(struct spn_rng *rng, double low, double high)
{
    return low + (high - low) * spn_rng_uniform(rng);
}

/* A letter beside the box [low, high], as tall as it, side = -1 left, 1 right. */
static void add_neighbour(struct spn_rng *rng, const struct spn_letters *what, const double low[2],
                          const double high[2], int side, float *cover)
{
    struct spn_letter_vertex vertex[SPN_LETTER_MAX_VERTICES];
    double own_low[2], own_high[2];
    const double size = what->size, variation = what->variation > 0 ? what->variation : 1;
    const int label = (int)spn_rng_below(rng, SPN_LETTERS_MAX_CLASSES);
    int n = spn_letter_write(rng, label, variation, vertex);
    spn_letter_box(vertex, n, own_low, own_high);
    const double extent = fmax(high[0] - low[0], high[1] - low[1]);
    const double scale = extent / fmax(own_high[0] - own_low[0], own_high[1] - own_low[1]);
    const double gap = size * between(rng, -NEIGHBOUR_OVERLAP * what->clutter, NEIGHBOUR_GAP_MAX);
    const double middle = (low[1] + high[1]) / 2;
    for (int i = 0; i < n; i++) {
        vertex[i].x = side > 0 ? high[0] + gap + scale * (vertex[i].x - own_low[0])
                               : low[0] - gap - scale * (own_high[0] - vertex[i].x);
        vertex[i].y = middle + scale * (vertex[i].y - (own_low[1] + own_high[1]) / 2);
    }
    spn_letter_press(rng, vertex, n, what->size);
    spn_letter_ink(vertex, n, what->size, cover);
}

/* Parallel lines, level to the letter's turn at most. */
static void add_lines(struct spn_rng *rng, const struct spn_letters *what, float *cover)
{
    const double size = what->size, step = size * between(rng, LINE_STEP_MIN, LINE_STEP_MAX);
    const double start = between(rng, 0, step), tilt = between(rng, -0.1, 0.1) * what->clutter;
    const double ink = fmin(1, what->clutter * between(rng, LINE_INK_MIN, LINE_INK_MAX));
    for (int y = 0; y < what->size; y++)
        for (int x = 0; x < what->size; x++) {
            const double at = (y + 0.5 - start + tilt * (x + 0.5 - size / 2)) / step;
            const double away = fabs(at - round(at)) * step;
            const double line = ink * fmin(1, fmax(0, LINE_HALF_WIDTH * size - away + 0.5));
            float *pixel = &cover[(size_t)y * (size_t)what->size + (size_t)x];
            *pixel = fmaxf(*pixel, (float)line);
        }
}

/* A disc about a point of the letter where little ink is left. */
static void rub(struct spn_rng *rng, const struct spn_letters *what, const double centre[2],
                float *cover)
{
    const double radius = what->size * what->clutter * between(rng, RUB_RADIUS_MIN, RUB_RADIUS_MAX);
    const double left = between(rng, 0, RUB_LEFT_MAX);
    for (int y = 0; y < what->size; y++)
        for (int x = 0; x < what->size; x++) {
            const double away = hypot(x + 0.5 - centre[0], y + 0.5 - centre[1]);
            const double gone = fmin(1, fmax(0, radius - away + 0.5));
            cover[(size_t)y * (size_t)what->size + (size_t)x] *= (float)(1 - gone * (1 - left));
        }
}

void spn_letter_clutter(struct spn_rng *rng, const struct spn_letters *what,
                        const struct spn_letter_vertex *vertex, int n, float *cover)
{
    double low[2], high[2];
    spn_letter_box(vertex, n, low, high);
    for (int side = -1; side <= 1; side += 2)
        if (spn_rng_uniform(rng) < NEIGHBOUR_FRAC * what->clutter)
            add_neighbour(rng, what, low, high, side, cover);
    if (spn_rng_uniform(rng) < RUB_FRAC * what->clutter) {
        const struct spn_letter_vertex *at = &vertex[spn_rng_below(rng, (uint32_t)n)];
        rub(rng, what, (const double[2]){at->x, at->y}, cover);
    }
    if (spn_rng_uniform(rng) < LINE_FRAC * what->clutter)
        add_lines(rng, what, cover);
}
