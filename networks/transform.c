/* transform.c -- images made to fit a network: smaller, black and white, a balanced choice.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shrinking takes area means: pixel i of n covers [i m/n, (i+1) m/n) of m. [M:V13]
 */
#include "networks/transform.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { STREAM_CHOICE = 0x5e1ec7, PIXEL_MAX = 255 };

static size_t pixels_of(const struct spn_dataset *data)
{
    return (size_t)data->channels * (size_t)data->height * (size_t)data->width;
}

/* How much of pixel `from` of m lies under pixel `to` of n, in pixels of m. */
static double overlap(int from, int to, double ratio)
{
    const double low = fmax(from, to * ratio), high = fmin(from + 1, (to + 1) * ratio);
    return fmax(high - low, 0);
}

static double area_mean(const struct spn_dataset *data, const uint8_t *plane, int size, int at)
{
    const double down = (double)data->height / size, right = (double)data->width / size;
    const int row = at / size, column = at % size;
    const int last_row = (int)ceil((row + 1) * down), last_column = (int)ceil((column + 1) * right);
    double sum = 0;
    for (int i = (int)(row * down); i < last_row && i < data->height; i++)
        for (int j = (int)(column * right); j < last_column && j < data->width; j++)
            sum += overlap(i, row, down) * overlap(j, column, right) *
                   plane[(size_t)i * (size_t)data->width + (size_t)j];
    return sum / (down * right);
}

enum spn_status spn_dataset_shrink(struct spn_dataset *data, int size, struct spn_err *err)
{
    if (size < 1 || size > data->height || size > data->width)
        return spn_err_set(err, SPN_EINPUT, "%s: images of %d x %d cannot be shrunk to side %d",
                           data->name, data->height, data->width, size);
    const size_t area = (size_t)size * (size_t)size,
                 plane = pixels_of(data) / (size_t)data->channels;
    const size_t n_planes = (size_t)data->n_images * (size_t)data->channels;
    uint8_t *image = malloc(n_planes * area + 1);
    if (!image)
        return spn_err_memory(err, data->name);
    for (size_t p = 0; p < n_planes; p++)
        for (size_t at = 0; at < area; at++)
            image[p * area + at] =
                (uint8_t)lrint(area_mean(data, data->image + p * plane, size, (int)at));
    free(data->image);
    data->image = image;
    data->height = data->width = size;
    return SPN_OK;
}

void spn_dataset_keep_last(struct spn_dataset *data, int n)
{
    const size_t item = (size_t)data->channels * (size_t)data->height * (size_t)data->width,
                 tokens = (size_t)data->n_tokens, kept = (size_t)n;
    if (n >= data->n_images)
        return;
    const size_t first = (size_t)(data->n_images - n);
    if (data->n_tokens > 0) {
        memmove(data->token, data->token + first * tokens, kept * tokens * sizeof *data->token);
    } else {
        memmove(data->image, data->image + first * item, kept * item);
        memmove(data->label, data->label + first, kept);
    }
    data->n_images = n;
}

void spn_dataset_binarise(struct spn_dataset *data, int threshold)
{
    const size_t n = (size_t)data->n_images * pixels_of(data);
    for (size_t i = 0; i < n; i++)
        data->image[i] = data->image[i] >= threshold ? PIXEL_MAX : 0;
}

static enum spn_status allocate(struct spn_dataset *out, const struct spn_dataset *like, int n,
                                struct spn_err *err)
{
    *out = *like;
    out->n_images = n;
    out->image = malloc((size_t)n * pixels_of(like) + 1);
    out->label = malloc((size_t)n + 1);
    if (out->image && out->label)
        return SPN_OK;
    spn_dataset_clear(out);
    return spn_err_memory(err, like->name);
}

static void copy(struct spn_dataset *to, int at, const struct spn_dataset *from, int image, int n)
{
    const size_t size = pixels_of(from);
    memcpy(to->image + (size_t)at * size, from->image + (size_t)image * size, (size_t)n * size);
    memcpy(to->label + at, from->label + image, (size_t)n);
}

enum spn_status spn_dataset_join(struct spn_dataset *out, const struct spn_dataset *first,
                                 const struct spn_dataset *second, struct spn_err *err)
{
    struct spn_dataset joined;
    if (first->channels != second->channels || first->height != second->height ||
        first->width != second->width || first->n_images > INT_MAX - second->n_images)
        return spn_err_set(err, SPN_EINPUT,
                           "%s and %s cannot be joined: %d and %d images of %d x "
                           "%d and %d x %d pixels",
                           first->name, second->name, first->n_images, second->n_images,
                           first->height, first->width, second->height, second->width);
    enum spn_status status = allocate(&joined, first, first->n_images + second->n_images, err);
    if (status)
        return status;
    if (second->n_classes > joined.n_classes)
        joined.n_classes = second->n_classes;
    copy(&joined, 0, first, 0, first->n_images);
    copy(&joined, first->n_images, second, 0, second->n_images);
    *out = joined;
    return SPN_OK;
}

static void shuffle(int *order, int n, uint64_t seed)
{
    struct spn_rng rng = spn_rng_init(seed, STREAM_CHOICE, 0);
    for (int i = 0; i < n; i++)
        order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        const int k = (int)spn_rng_below(&rng, (uint32_t)i + 1), held = order[i];
        order[i] = order[k];
        order[k] = held;
    }
}

/* The next n/n_classes images of each class in `order` that no one has taken (order < 0). */
static enum spn_status take(const struct spn_dataset *from, int *order, int n,
                            struct spn_dataset *to, struct spn_err *err)
{
    int left[UINT8_MAX + 1], at = 0;
    for (int c = 0; c <= UINT8_MAX; c++)
        left[c] = c < from->n_classes ? n / from->n_classes : 0;
    enum spn_status status = allocate(to, from, n, err);
    for (int i = 0; i < from->n_images && !status && at < n; i++) {
        if (order[i] < 0 || left[from->label[order[i]]] == 0)
            continue;
        left[from->label[order[i]]]--;
        copy(to, at++, from, order[i], 1);
        order[i] = -1;
    }
    if (!status && at < n) {
        status = spn_err_set(err, SPN_EINPUT, "%s: too few images for %d of each of %d classes",
                             from->name, n / from->n_classes, from->n_classes);
        spn_dataset_clear(to);
    }
    return status;
}

enum spn_status spn_dataset_choose(const struct spn_dataset *from,
                                   const struct spn_dataset_split *how, struct spn_dataset *train,
                                   struct spn_dataset *test, struct spn_err *err)
{
    struct spn_dataset first = {0}, second = {0};
    if (from->n_images < 1 || from->n_classes < 1 || how->n_train < 0 || how->n_test < 0 ||
        how->n_train % from->n_classes || how->n_test % from->n_classes)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: %d and %d images are not as many of each of %d classes", from->name,
                           how->n_train, how->n_test, from->n_classes);
    int *order = malloc((size_t)from->n_images * sizeof *order);
    if (!order)
        return spn_err_memory(err, from->name);
    shuffle(order, from->n_images, how->seed);
    enum spn_status status = take(from, order, how->n_train, &first, err);
    if (!status)
        status = take(from, order, how->n_test, &second, err);
    free(order);
    if (status) {
        spn_dataset_clear(&first);
        return status;
    }
    *train = first;
    *test = second;
    return SPN_OK;
}
