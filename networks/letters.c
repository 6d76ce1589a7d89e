/* letters.c -- `letters`: a labelled set of handwriting-like letters, drawn from stroke skeletons.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Model: each image is one writer's letter. The skeleton's points shake and warp, the whole is
 * slanted, turned and stretched [M:L2], inked with a pen of changing pressure [M:L3] and put on
 * paper [M:L4]. The constants below are choices of this program that set how hard the set is; they
 * describe no measured population of writers.
 *
 * Image i of (seed, split) has a random stream of its own: what is drawn does not depend on how
 * many are drawn, nor the letter's shape on the size of the image.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/text.h"
#include "networks/dataset.h"
#include "networks/letters.h"

#define STREAM_LETTERS 0x4c455400u /* plus the split; "LET" */
#define N_SPLITS 3u
#define PAPER_BLOCK                                                                                \
    65536u /* of the stream, where the paper's draws begin: far behind those of the shape */
#define CLUTTER_BLOCK 131072u /* and those of what lies about the letter */
#define MIN_SIDE 12
#define MAX_SIDE 64
#define MAX_VARIATION 3
#define MAX_CLUTTER 3
#define MAX_IMAGES 10000000

/* The hand; lengths in x-heights (skeleton units / 100). */
#define POINT_SHAKE_SD 0.03 /* each point, each coordinate */
#define WARP_SD 0.045       /* amplitude of a slow wave across the letter */
#define WARP_MAX_WAVES 0.6  /* per x-height */
#define SLANT_MEAN 0.12     /* tangent; people lean to the right */
#define SLANT_SD 0.16
#define TURN_SD_rad 0.09
#define STRETCH_SD 0.12 /* of log(width / height) */

/* On the image; as fractions of its side. */
#define EXTENT_MIN 0.64
#define EXTENT_MAX 0.82
#define SHIFT_MAX 0.05
#define PEN_RADIUS_MIN 0.028
#define PEN_RADIUS_MAX 0.058
#define PEN_RADIUS_FLOOR_px 0.6 /* a thinner line would break up into dots */
#define PRESSURE_SWING_MAX 0.28 /* of the radius */
#define PRESSURE_MAX_WAVES 2.0  /* along the whole letter */
#define PEN_LIFT_FRAC 0.75      /* radius where the pen comes down or lifts, of that within */

/* The paper; brightness out of 255. */
#define PAPER_MIN 135.0
#define PAPER_MAX 240.0
#define INK_MIN 10.0
#define CONTRAST_MIN 65.0
#define PAPER_TINT 28.0 /* largest difference of a channel from the brightness */
#define INK_TINT 45.0
#define SHADE_MAX 22.0   /* across the paper */
#define BLOTCH_MAX 10.0  /* soft stains */
#define N_BLOTCHES 5     /* cells of stains each way, less one */
#define GRAIN_SD_MIN 2.0 /* of single pixels */
#define GRAIN_SD_MAX 9.0
#define GREY_INK_MIN 170.0 /* single-channel images are light ink on black */
#define GREY_GRAIN_SD 6.0
#define LUMA_R 0.299 /* [itu-bt601, 2.5.1] */
#define LUMA_G 0.587
#define LUMA_B 0.114

static const double pi = 3.14159265358979323846;

static double between(struct spn_rng *rng, double low, double high)
{
    return low + (high - low) * spn_rng_uniform(rng);
}

/* The skeleton in x-heights, shaken and warped; y up. */
static void shake(struct spn_rng *rng, const struct spn_letter_shape *shape, double variation,
                  double (*at)[2])
{
    double swing[2], waves[2], phase[2];
    for (int k = 0; k < 2; k++) {
        swing[k] = variation * WARP_SD * spn_rng_normal(rng);
        waves[k] = between(rng, 0, WARP_MAX_WAVES);
        phase[k] = between(rng, 0, 2 * pi);
    }
    for (int i = 0; i < shape->n_points; i++) {
        const double place[2] = {shape->point[i].x / 100.0, shape->point[i].y / 100.0};
        for (int k = 0; k < 2; k++)
            at[i][k] = place[k] + variation * POINT_SHAKE_SD * spn_rng_normal(rng) +
                       swing[k] * sin(2 * pi * waves[k] * place[1 - k] + phase[k]);
    }
}

/* Slant, stretch, turn; then y points down  [M:L2]. */
static void lean(struct spn_rng *rng, double variation, struct spn_letter_vertex *vertex, int n)
{
    double slant = SLANT_MEAN + variation * SLANT_SD * spn_rng_normal(rng),
           turn = variation * TURN_SD_rad * spn_rng_normal(rng);
    double stretch = exp(variation * STRETCH_SD * spn_rng_normal(rng) / 2), c = cos(turn),
           s = sin(turn);
    for (int i = 0; i < n; i++) {
        double x = (vertex[i].x + slant * vertex[i].y) * stretch, y = vertex[i].y / stretch;
        vertex[i].x = c * x - s * y;
        vertex[i].y = -(s * x + c * y);
    }
}

/* Scale and move the letter into the image. */
static void place(struct spn_rng *rng, struct spn_letter_vertex *vertex, int n, int size)
{
    double low[2], high[2];
    spn_letter_box(vertex, n, low, high);
    double extent = between(rng, EXTENT_MIN, EXTENT_MAX);
    double scale = extent * size / fmax(high[0] - low[0], high[1] - low[1]);
    double centre[2];
    for (int k = 0; k < 2; k++)
        centre[k] = size * (0.5 + between(rng, -SHIFT_MAX, SHIFT_MAX));
    for (int i = 0; i < n; i++) {
        vertex[i].x = centre[0] + scale * (vertex[i].x - (low[0] + high[0]) / 2);
        vertex[i].y = centre[1] + scale * (vertex[i].y - (low[1] + high[1]) / 2);
    }
}

/* Pen radius along the line: r (1 + a sin(2 pi (w t + p))), t from 0 to 1 over the letter  [M:L3].
 */
void spn_letter_press(struct spn_rng *rng, struct spn_letter_vertex *vertex, int n, int size)
{
    double radius = between(rng, PEN_RADIUS_MIN, PEN_RADIUS_MAX) * size,
           swing = between(rng, 0, PRESSURE_SWING_MAX);
    double waves = between(rng, 0, PRESSURE_MAX_WAVES), phase = between(rng, 0, 1);
    for (int i = 0; i < n; i++) {
        double r = radius * (1 + swing * sin(2 * pi * (waves * i / n + phase)));
        if (vertex[i].start || i + 1 == n || vertex[i + 1].start)
            r *= PEN_LIFT_FRAC;
        vertex[i].radius = fmax(r, PEN_RADIUS_FLOOR_px);
    }
}

int spn_letter_write(struct spn_rng *rng, int label, double variation,
                     struct spn_letter_vertex *vertex)
{
    double at[SPN_LETTER_MAX_POINTS][2];
    struct spn_letter_shape shape =
        spn_letter_shape(label, (int)spn_rng_below(rng, SPN_LETTER_N_SHAPES));
    shake(rng, &shape, variation, at);
    int n = spn_letter_trace(&shape, at, vertex);
    lean(rng, variation, vertex, n);
    return n;
}

static void draw_shape(struct spn_rng *rng, const struct spn_letters *what, int label, float *cover)
{
    struct spn_letter_vertex vertex[SPN_LETTER_MAX_VERTICES];
    const double variation = what->variation > 0 ? what->variation : 1;
    const size_t n_pixels = (size_t)what->size * (size_t)what->size;
    int n = spn_letter_write(rng, label, variation, vertex);
    place(rng, vertex, n, what->size);
    spn_letter_press(rng, vertex, n, what->size);
    for (size_t i = 0; i < n_pixels; i++)
        cover[i] = 0;
    spn_letter_ink(vertex, n, what->size, cover);
    if (what->clutter > 0) {
        spn_rng_at(rng, CLUTTER_BLOCK);
        spn_letter_clutter(rng, what, vertex, n, cover);
    }
}

static uint8_t to_byte(double value)
{
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5);
}

/* A colour of brightness `luma` whose channels differ from it by up to `tint`. */
static void mix_colour(struct spn_rng *rng, double luma, double tint, double colour[3])
{
    double r = between(rng, -tint, tint), g = between(rng, -tint, tint),
           b = between(rng, -tint, tint);
    double shift = LUMA_R * r + LUMA_G * g + LUMA_B * b;
    colour[0] = luma + r - shift;
    colour[1] = luma + g - shift;
    colour[2] = luma + b - shift;
}

struct paper {
    double shade[2]; /* change of brightness across the image, right and down */
    double blotch[N_BLOTCHES][N_BLOTCHES];
    double grain_sd;
};

/* clutter makes the grain coarser  [M:L7] */
static struct paper make_paper(struct spn_rng *rng, double clutter)
{
    struct paper paper;
    double height = between(rng, 0, BLOTCH_MAX);
    for (int k = 0; k < 2; k++)
        paper.shade[k] = between(rng, -SHADE_MAX, SHADE_MAX);
    for (int i = 0; i < N_BLOTCHES; i++)
        for (int j = 0; j < N_BLOTCHES; j++)
            paper.blotch[i][j] = between(rng, -height, height);
    paper.grain_sd = (1 + clutter) * between(rng, GRAIN_SD_MIN, GRAIN_SD_MAX);
    return paper;
}

/* Brightness above the paper's mean at (x, y) in [0, 1): shade and, between the corners of its
 * cell, stains. */
static double paper_at(const struct paper *paper, double x, double y)
{
    double u = x * (N_BLOTCHES - 1), v = y * (N_BLOTCHES - 1);
    int i = (int)v, j = (int)u;
    u -= j;
    v -= i;
    return paper->shade[0] * (x - 0.5) + paper->shade[1] * (y - 0.5) +
           (1 - v) * ((1 - u) * paper->blotch[i][j] + u * paper->blotch[i][j + 1]) +
           v * ((1 - u) * paper->blotch[i + 1][j] + u * paper->blotch[i + 1][j + 1]);
}

/* Pixel = paper + cover (ink - paper), and grain  [M:L4]; clutter lessens the contrast  [M:L7]. */
static void put_colour(struct spn_rng *rng, const struct spn_letters *what, const float *cover,
                       float *grain, uint8_t *image)
{
    const int size = what->size;
    double paper_colour[3], ink_colour[3], paper_luma = between(rng, PAPER_MIN, PAPER_MAX);
    double ink_luma = between(rng, INK_MIN, paper_luma - CONTRAST_MIN / (1 + what->clutter));
    size_t n = (size_t)size * (size_t)size;
    mix_colour(rng, paper_luma, PAPER_TINT, paper_colour);
    mix_colour(rng, ink_luma, INK_TINT, ink_colour);
    struct paper paper = make_paper(rng, what->clutter);
    spn_rng_normals(rng, grain, n);
    for (size_t i = 0; i < n; i++) {
        double x = ((double)(i % (size_t)size) + 0.5) / size,
               y = ((double)(i / (size_t)size) + 0.5) / size;
        double light = paper_at(&paper, x, y), noise = paper.grain_sd * (double)grain[i],
               ink = (double)cover[i];
        for (size_t k = 0; k < 3; k++) {
            double ground = paper_colour[k] + light;
            image[k * n + i] = to_byte(ground + ink * (ink_colour[k] - ground) + noise);
        }
    }
}

static void put_grey(struct spn_rng *rng, const struct spn_letters *what, const float *cover,
                     float *grain, uint8_t *image)
{
    const int size = what->size;
    const double grain_sd = (1 + what->clutter) * GREY_GRAIN_SD;
    double ink = between(rng, GREY_INK_MIN, 255);
    size_t n = (size_t)size * (size_t)size;
    spn_rng_normals(rng, grain, n);
    for (size_t i = 0; i < n; i++)
        image[i] = to_byte(ink * (double)cover[i] + grain_sd * (double)grain[i]);
}

/* scratch: two images of one channel. */
static void draw_image(const struct spn_letters *what, int i, float *scratch, uint8_t *image)
{
    struct spn_rng rng = spn_rng_init(what->seed, STREAM_LETTERS + what->split, (uint32_t)i);
    size_t n = (size_t)what->size * (size_t)what->size;
    float *cover = scratch, *grain = scratch + n;
    draw_shape(&rng, what, i % what->n_classes, cover);
    spn_rng_at(&rng, PAPER_BLOCK);
    if (what->binary) {
        for (size_t p = 0; p < n; p++)
            image[p] = cover[p] >= 0.5f ? 255 : 0;
    } else if (what->channels == 3) {
        put_colour(&rng, what, cover, grain, image);
    } else {
        put_grey(&rng, what, cover, grain, image);
    }
    for (int k = 1; k < what->channels && what->binary; k++)
        memcpy(image + (size_t)k * n, image, n);
}

static enum spn_status check_what(const struct spn_letters *what, struct spn_err *err)
{
    if (what->n_images < 1 || what->n_images > MAX_IMAGES)
        return spn_err_set(err, SPN_EINPUT, "letters: n_images = %d outside [1, %d]",
                           what->n_images, MAX_IMAGES);
    if (what->n_classes < 2 || what->n_classes > SPN_LETTERS_MAX_CLASSES)
        return spn_err_set(err, SPN_EINPUT, "letters: n_classes = %d outside [2, %d]",
                           what->n_classes, SPN_LETTERS_MAX_CLASSES);
    if (what->size < MIN_SIDE || what->size > MAX_SIDE)
        return spn_err_set(err, SPN_EINPUT, "letters: size = %d outside [%d, %d]", what->size,
                           MIN_SIDE, MAX_SIDE);
    if (what->channels != 1 && what->channels != 3)
        return spn_err_set(err, SPN_EINPUT, "letters: channels = %d is neither 1 nor 3",
                           what->channels);
    if (!(what->variation >= 0 && what->variation <= MAX_VARIATION))
        return spn_err_set(err, SPN_EINPUT, "letters: variation = %g outside [0, %d]",
                           what->variation, MAX_VARIATION);
    if (!(what->clutter >= 0 && what->clutter <= MAX_CLUTTER))
        return spn_err_set(err, SPN_EINPUT, "letters: clutter = %g outside [0, %d]", what->clutter,
                           MAX_CLUTTER);
    if (what->split >= N_SPLITS)
        return spn_err_set(err, SPN_EINPUT, "letters: split = %u outside [0, %u]", what->split,
                           N_SPLITS - 1);
    return SPN_OK;
}

enum spn_status spn_dataset_draw_letters(struct spn_dataset *out, const struct spn_letters *what,
                                         struct spn_err *err)
{
    struct spn_dataset data = {.name = "letters",
                               .n_images = what->n_images,
                               .channels = what->channels,
                               .height = what->size,
                               .width = what->size,
                               .n_classes = what->n_classes};
    enum spn_status status = check_what(what, err);
    if (status)
        return status;
    size_t n_pixels = (size_t)what->size * (size_t)what->size,
           n_image = n_pixels * (size_t)what->channels;
    float *scratch = malloc(2 * n_pixels * sizeof *scratch);
    data.image = malloc((size_t)what->n_images * n_image);
    data.label = malloc((size_t)what->n_images);
    if (!scratch || !data.image || !data.label) {
        status = spn_err_memory(err, "the letters' images");
        goto out;
    }
    for (int i = 0; i < what->n_images; i++) {
        data.label[i] = (uint8_t)(i % what->n_classes);
        draw_image(what, i, scratch, data.image + (size_t)i * n_image);
    }
out:
    free(scratch);
    if (status)
        spn_dataset_clear(&data);
    else
        *out = data;
    return status;
}

char spn_letters_name(int label)
{
    return label >= 0 && label < SPN_LETTERS_MAX_CLASSES ? "aeprsbdgno"[label] : '?';
}
