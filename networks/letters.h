/* letters.h -- stroke skeletons of handwritten letters and the pen that draws them; private to
 * letters*.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Coordinates are in hundredths of the x-height: x to the right from the left edge of the letter's
 * body, y up from the base line; ascenders reach about 185, descenders about -85.
 */
#ifndef SPN_NETWORKS_LETTERS_H
#define SPN_NETWORKS_LETTERS_H

#include <stdbool.h>

#include "base/rng.h"
#include "networks/dataset.h"

enum spn_letter_join {
    SPN_LETTER_SMOOTH, /* the curve runs through */
    SPN_LETTER_CORNER, /* the curve bends sharply here */
    SPN_LETTER_START   /* the pen comes down here: a new stroke */
};

struct spn_letter_point {
    short x, y;
    int join;
};

#define SPN_LETTER_MAX_POINTS 24
#define SPN_LETTER_N_SHAPES 3 /* ways to write each letter */

struct spn_letter_shape {
    int n_points;
    const struct spn_letter_point *point;
};

/* shape = 0 .. SPN_LETTER_N_SHAPES-1, label = 0 .. SPN_LETTERS_MAX_CLASSES-1. */
struct spn_letter_shape spn_letter_shape(int label, int shape);

/* A point of the traced line. The pen draws from the vertex before unless `start`. */
struct spn_letter_vertex {
    double x, y, radius; /* in pixels when inked */
    bool start;
};

#define SPN_LETTER_STEPS 5 /* straight pieces per curve between two points */
#define SPN_LETTER_MAX_VERTICES (SPN_LETTER_MAX_POINTS * SPN_LETTER_STEPS)

/* The curve through the points `at` (those of `shape`, moved) as at most SPN_LETTER_MAX_VERTICES
 * vertices; their number. */
int spn_letter_trace(const struct spn_letter_shape *shape, double (*at)[2],
                     struct spn_letter_vertex *vertex);

/* One writer's letter, in x-heights, y down: skeleton shaken, traced, slanted, turned, stretched
 * [M:L1, L2]; the number of vertices. variation: times the sds. */
int spn_letter_write(struct spn_rng *rng, int label, double variation,
                     struct spn_letter_vertex *vertex);

/* Pen radii along the line [M:L3]; vertices are in pixels of an image of that side. */
void spn_letter_press(struct spn_rng *rng, struct spn_letter_vertex *vertex, int n, int size);

/* What lies about the letter of `vertex` on the same paper: neighbours, ruled lines, a rubbed-out
 * spot; onto cover  [M:L6]. */
void spn_letter_clutter(struct spn_rng *rng, const struct spn_letters *what,
                        const struct spn_letter_vertex *vertex, int n, float *cover);

/* Smallest and largest x and y of the vertices. */
void spn_letter_box(const struct spn_letter_vertex *vertex, int n, double low[2], double high[2]);

/* Ink onto size x size pixels, 0..1, anti-aliased; a pixel keeps the darker of what it had and what
 * comes. Row 0 is at the top, y points down. */
void spn_letter_ink(const struct spn_letter_vertex *vertex, int n, int size, float *cover);

#endif
