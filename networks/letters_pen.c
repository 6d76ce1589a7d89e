/* letters_pen.c -- traces letter skeletons as smooth curves and inks them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Model: uniform Catmull-Rom splines [catmull1974] through the skeleton's points [M:L1], inked with
 * a round pen whose radius changes along the line [M:L3].
 */
#include "networks/letters.h"

#include <math.h>
#include <stddef.h>

/* Coordinate of the spline between b and c, u in [0, 1], with neighbours a and d:
 * 2 p(u) = 2 b + (c - a) u + (2a - 5b + 4c - d) u^2 + (3b - a - 3c + d) u^3  [M:L1]. */
static double spline(const double p[4], double u)
{
    double a = p[0], b = p[1], c = p[2], d = p[3];
    return ((((3 * b - a - 3 * c + d) * u + (2 * a - 5 * b + 4 * c - d)) * u + (c - a)) * u +
            2 * b) /
           2;
}

/* Points i and i + 1 joined; the spline's neighbours mirror where it begins, ends or bends sharply.
 */
static int trace_span(const struct spn_letter_shape *shape, double (*at)[2], int i,
                      struct spn_letter_vertex *vertex)
{
    double p[2][4];
    bool first = shape->point[i].join != SPN_LETTER_SMOOTH;
    bool last = i + 2 >= shape->n_points || shape->point[i + 1].join == SPN_LETTER_CORNER ||
                shape->point[i + 2].join == SPN_LETTER_START;
    for (int k = 0; k < 2; k++) {
        p[k][1] = at[i][k];
        p[k][2] = at[i + 1][k];
        p[k][0] = first ? 2 * p[k][1] - p[k][2] : at[i - 1][k];
        p[k][3] = last ? 2 * p[k][2] - p[k][1] : at[i + 2][k];
    }
    for (int j = 1; j <= SPN_LETTER_STEPS; j++) {
        double u = (double)j / SPN_LETTER_STEPS;
        vertex[j - 1] = (struct spn_letter_vertex){.x = spline(p[0], u), .y = spline(p[1], u)};
    }
    return SPN_LETTER_STEPS;
}

int spn_letter_trace(const struct spn_letter_shape *shape, double (*at)[2],
                     struct spn_letter_vertex *vertex)
{
    int n = 0;
    for (int i = 0; i < shape->n_points; i++) {
        if (shape->point[i].join == SPN_LETTER_START)
            vertex[n++] = (struct spn_letter_vertex){.x = at[i][0], .y = at[i][1], .start = true};
        if (i + 1 < shape->n_points && shape->point[i + 1].join != SPN_LETTER_START)
            n += trace_span(shape, at, i, vertex + n);
    }
    return n;
}

void spn_letter_box(const struct spn_letter_vertex *vertex, int n, double low[2], double high[2])
{
    low[0] = high[0] = vertex[0].x;
    low[1] = high[1] = vertex[0].y;
    for (int i = 1; i < n; i++) {
        low[0] = fmin(low[0], vertex[i].x);
        low[1] = fmin(low[1], vertex[i].y);
        high[0] = fmax(high[0], vertex[i].x);
        high[1] = fmax(high[1], vertex[i].y);
    }
}

static int clamp_pixel(double x, int size)
{
    return x < 0 ? 0 : x > size - 1 ? size - 1 : (int)x;
}

/* A pixel is covered by clamp(r - d + 1/2, 0, 1), d from its centre to the line, r the radius there
 * [M:L3]. */
static void ink_piece(const struct spn_letter_vertex *a, const struct spn_letter_vertex *b,
                      int size, float *cover)
{
    double reach = fmax(a->radius, b->radius) + 1, dx = b->x - a->x, dy = b->y - a->y;
    double length2 = dx * dx + dy * dy;
    int x0 = clamp_pixel(fmin(a->x, b->x) - reach, size),
        x1 = clamp_pixel(fmax(a->x, b->x) + reach, size);
    int y0 = clamp_pixel(fmin(a->y, b->y) - reach, size),
        y1 = clamp_pixel(fmax(a->y, b->y) + reach, size);
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            double px = x + 0.5 - a->x, py = y + 0.5 - a->y;
            double along = length2 > 0 ? (px * dx + py * dy) / length2 : 0;
            along = along < 0 ? 0 : along > 1 ? 1 : along;
            double ex = px - along * dx, ey = py - along * dy;
            double radius = a->radius + along * (b->radius - a->radius);
            float ink = (float)(radius - sqrt(ex * ex + ey * ey) + 0.5);
            float *pixel = &cover[(size_t)y * (size_t)size + (size_t)x];
            ink = ink > 1 ? 1 : ink;
            *pixel = ink > *pixel ? ink : *pixel;
        }
}

void spn_letter_ink(const struct spn_letter_vertex *vertex, int n, int size, float *cover)
{
    for (int i = 1; i < n; i++)
        if (!vertex[i].start)
            ink_piece(&vertex[i - 1], &vertex[i], size, cover);
}
