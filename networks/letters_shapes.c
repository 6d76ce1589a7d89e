/* letters_shapes.c -- stroke skeletons of ten handwritten letters, three ways to write each.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Drawn for this program, after how school hands and quick hands form the letters. The order is
 * that of the labels.
 */
#include "networks/letters.h"

#include "networks/dataset.h"

#define M SPN_LETTER_SMOOTH
#define C SPN_LETTER_CORNER
#define S SPN_LETTER_START

static const struct spn_letter_point a0[] = {
    {88, 84, S}, {60, 101, M}, {25, 86, M}, {6, 45, M},  {22, 5, M},  {52, 3, M},  {80, 32, M},
    {92, 72, M}, {93, 98, C},  {91, 55, M}, {92, 18, M}, {102, 2, M}, {118, 12, M}};
static const struct spn_letter_point a1[] = {
    {12, 80, S}, {42, 101, M}, {76, 90, M}, {85, 62, M}, {85, 25, M}, {91, 4, M}, {106, 3, M},
    {83, 57, S}, {50, 57, M},  {15, 43, M}, {10, 14, M}, {34, 0, M},  {64, 9, M}, {83, 32, M}};
static const struct spn_letter_point a2[] = {{86, 60, S}, {74, 92, M}, {45, 100, M}, {12, 75, M},
                                             {7, 30, M},  {33, 0, M},  {68, 12, M},  {86, 52, M},
                                             {89, 93, C}, {89, 40, M}, {96, 4, M},   {112, 6, M}};
static const struct spn_letter_point e0[] = {{10, 50, S},  {50, 53, M}, {90, 57, C}, {86, 84, M},
                                             {54, 101, M}, {18, 83, M}, {5, 44, M},  {22, 6, M},
                                             {56, -1, M},  {93, 22, M}};
static const struct spn_letter_point e1[] = {{-8, 24, S},  {40, 36, M}, {80, 66, M}, {76, 94, M},
                                             {50, 101, M}, {20, 80, M}, {10, 42, M}, {28, 6, M},
                                             {62, 0, M},   {102, 26, M}};
static const struct spn_letter_point e2[] = {{12, 42, S}, {55, 52, M},  {86, 68, M},
                                             {78, 96, M}, {44, 100, M}, {12, 70, M},
                                             {10, 26, M}, {40, -2, M},  {88, 14, M}};
static const struct spn_letter_point p0[] = {{10, 97, S}, {12, 20, M},  {11, -84, M}, {11, 58, S},
                                             {26, 91, M}, {56, 101, M}, {88, 76, M},  {90, 34, M},
                                             {65, 3, M},  {36, 2, M},   {11, 25, M}};
static const struct spn_letter_point p1[] = {{-2, 84, S}, {11, 97, C}, {9, -82, C}, {12, 48, M},
                                             {36, 95, M}, {70, 96, M}, {92, 55, M}, {73, 8, M},
                                             {42, 0, M},  {13, 20, M}};
static const struct spn_letter_point p2[] = {{8, 96, S},  {8, 10, M},   {4, -80, M},
                                             {8, 70, S},  {40, 101, M}, {80, 88, M},
                                             {87, 48, M}, {62, 12, M},  {32, 16, M}};
static const struct spn_letter_point r0[] = {{14, 98, S}, {15, 50, M},  {15, 0, M}, {15, 52, S},
                                             {30, 84, M}, {58, 101, M}, {86, 86, M}};
static const struct spn_letter_point r1[] = {
    {12, 96, S}, {14, 0, C}, {20, 52, M}, {46, 94, M}, {90, 88, M}};
static const struct spn_letter_point r2[] = {{-6, 12, S}, {16, 60, M}, {26, 106, C}, {46, 86, M},
                                             {80, 90, C}, {70, 50, M}, {72, 10, M},  {98, 4, M}};
static const struct spn_letter_point s0[] = {{86, 80, S}, {60, 101, M}, {24, 92, M},
                                             {14, 68, M}, {48, 51, M},  {82, 32, M},
                                             {76, 6, M},  {42, -1, M},  {8, 16, M}};
static const struct spn_letter_point s1[] = {{90, 92, S}, {44, 100, M}, {14, 78, M}, {46, 52, M},
                                             {74, 26, M}, {52, 0, M},   {4, 4, M}};
static const struct spn_letter_point s2[] = {{-4, 4, S},  {36, 62, M}, {56, 104, C}, {66, 60, M},
                                             {78, 26, M}, {52, -2, M}, {14, 12, M}};
static const struct spn_letter_point b0[] = {{10, 186, S}, {11, 90, M}, {10, 0, M},  {11, 60, S},
                                             {35, 99, M},  {80, 92, M}, {93, 48, M}, {72, 5, M},
                                             {38, -1, M},  {11, 24, M}};
static const struct spn_letter_point b1[] = {{12, 184, S}, {9, 100, M}, {8, 3, C},
                                             {12, 50, M},  {40, 98, M}, {82, 84, M},
                                             {90, 36, M},  {62, 0, M},  {9, 6, M}};
static const struct spn_letter_point b2[] = {{-6, 18, S},  {36, 104, M}, {48, 172, M}, {28, 182, M},
                                             {14, 120, M}, {14, 34, M},  {40, 0, M},   {80, 16, M},
                                             {86, 62, M},  {60, 86, M},  {98, 84, M}};
static const struct spn_letter_point d0[] = {{88, 82, S}, {60, 101, M}, {25, 86, M}, {6, 45, M},
                                             {22, 5, M},  {52, 3, M},   {86, 34, M}, {91, 186, S},
                                             {90, 90, M}, {91, 16, M},  {106, 2, M}};
static const struct spn_letter_point d1[] = {{84, 78, S}, {50, 100, M}, {12, 72, M},  {8, 26, M},
                                             {40, 0, M},  {78, 30, M},  {91, 100, M}, {94, 184, C},
                                             {91, 70, M}, {93, 8, M},   {112, 8, M}};
static const struct spn_letter_point d2[] = {{72, 92, S},  {38, 96, M},  {8, 60, M},
                                             {14, 12, M},  {50, 0, M},   {84, 36, M},
                                             {84, 100, M}, {58, 150, M}, {14, 178, M}};
static const struct spn_letter_point g0[] = {{88, 84, S}, {60, 101, M}, {25, 90, M},  {8, 52, M},
                                             {24, 14, M}, {54, 10, M},  {82, 42, M},  {91, 95, C},
                                             {90, 20, M}, {84, -52, M}, {54, -84, M}, {10, -68, M}};
static const struct spn_letter_point g1[] = {
    {86, 66, S}, {56, 100, M}, {16, 84, M},  {8, 36, M},   {40, 4, M},   {76, 28, M}, {91, 96, C},
    {90, 0, M},  {76, -74, M}, {44, -84, M}, {32, -54, M}, {70, -14, M}, {116, 16, M}};
static const struct spn_letter_point g2[] = {{86, 80, S}, {50, 101, M}, {12, 78, M},
                                             {14, 34, M}, {46, 18, M},  {80, 44, M},
                                             {90, 97, C}, {89, 10, M},  {86, -84, M}};
static const struct spn_letter_point n0[] = {{12, 98, S}, {13, 50, M},  {13, 0, M},  {13, 54, S},
                                             {34, 90, M}, {64, 101, M}, {86, 78, M}, {88, 0, M}};
static const struct spn_letter_point n1[] = {{10, 97, S}, {12, 0, C},  {18, 54, M}, {46, 98, M},
                                             {78, 88, M}, {86, 44, M}, {88, 6, M},  {106, 4, M}};
static const struct spn_letter_point n2[] = {{-10, 76, S}, {12, 98, M}, {22, 64, M}, {20, 0, C},
                                             {30, 60, M},  {60, 99, M}, {84, 72, M}, {82, 18, M},
                                             {98, 0, M},   {114, 14, M}};
static const struct spn_letter_point o0[] = {{54, 100, S}, {16, 82, M}, {5, 42, M},  {28, 2, M},
                                             {66, 2, M},   {95, 42, M}, {86, 86, M}, {50, 101, M}};
static const struct spn_letter_point o1[] = {{70, 95, S}, {30, 99, M},  {5, 62, M},
                                             {14, 12, M}, {55, -1, M},  {93, 34, M},
                                             {88, 80, M}, {54, 103, M}, {34, 88, M}};
static const struct spn_letter_point o2[] = {{62, 99, S}, {16, 86, M}, {5, 42, M},
                                             {34, 0, M},  {80, 14, M}, {93, 60, M},
                                             {66, 98, M}, {52, 82, M}, {108, 90, M}};

#define SHAPE(points)                                                                              \
    {                                                                                              \
        (int)(sizeof(points) / sizeof((points)[0])), points                                        \
    }

static const struct spn_letter_shape shapes[SPN_LETTERS_MAX_CLASSES][SPN_LETTER_N_SHAPES] = {
    {SHAPE(a0), SHAPE(a1), SHAPE(a2)}, {SHAPE(e0), SHAPE(e1), SHAPE(e2)},
    {SHAPE(p0), SHAPE(p1), SHAPE(p2)}, {SHAPE(r0), SHAPE(r1), SHAPE(r2)},
    {SHAPE(s0), SHAPE(s1), SHAPE(s2)}, {SHAPE(b0), SHAPE(b1), SHAPE(b2)},
    {SHAPE(d0), SHAPE(d1), SHAPE(d2)}, {SHAPE(g0), SHAPE(g1), SHAPE(g2)},
    {SHAPE(n0), SHAPE(n1), SHAPE(n2)}, {SHAPE(o0), SHAPE(o1), SHAPE(o2)},
};

struct spn_letter_shape spn_letter_shape(int label, int shape)
{
    return shapes[label][shape];
}
