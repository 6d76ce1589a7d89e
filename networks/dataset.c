/* dataset.c -- labelled images and texts by name and split: from a folder of files, or drawn.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each set is a row of `sets`: which files hold a split, and how many classes they have. Files are
 * looked for in <dir>/<sub-folder>/ and then in <dir>/ itself, plain and then with ".gz".
 */
#include "networks/dataset.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "networks/idx.h"

#define MAX_SIDE 4096
#define TEXTS 512  /* of a split of texts, unless fewer are asked for */
#define TOKENS 257 /* of a text: 256 are read */
#define MAX_BATCHES 5
#define LETTERS_DEFAULT_SIDE                                                                       \
    32                         /* from this side on, letters are in colour unless asked otherwise */
#define LETTERS_BINARY_SIDE 20 /* the side of MSNet's binarised input [ning2025] */

struct split_files {
    const char *split;
    int n_batches;    /* > 1: "%d" in the names counts from 1; those that are there are joined */
    const char *stem; /* IDX: <stem>-images-idx{3,4}-ubyte and <stem>-labels-idx1-ubyte; texts:
                         <stem>-idx2-int16 */
    const char *cifar10_file; /* binary records; NULL if the set has none */
    const char *other_stem;   /* a name under which a part of the set goes round; or NULL */
};

struct set_files {
    const char *name, *folders[3]; /* "" is <dir> itself; NULL-terminated unless full */
    int n_classes;                 /* texts: size of the vocabulary */
    struct split_files split[2];
    const char *tokenizer, *opening; /* of texts; NULL: images */
    bool from_one;                   /* labels may count from 1 */
};

#define PLAIN(s, f)                                                                                \
    {                                                                                              \
        .split = s, .n_batches = 1, .stem = f                                                      \
    }
#define RENAMED(s, f, o)                                                                           \
    {                                                                                              \
        .split = s, .n_batches = 1, .stem = f, .other_stem = o                                     \
    }

static const struct set_files sets[] = {
    {.name = "mnist",
     .folders = {"mnist/", ""},
     .n_classes = 10,
     .split = {PLAIN("train", "train"), PLAIN("test", "t10k")}},
    {.name = "fashion",
     .folders = {"fashion/", ""},
     .n_classes = 10,
     .split = {PLAIN("train", "train"), PLAIN("test", "t10k")}},
    {.name = "emnist-letters",
     .folders = {"emnist/", ""},
     .n_classes = 26,
     .split = {RENAMED("train", "emnist-letters-train", "az_handwritten"),
               RENAMED("test", "emnist-letters-test", "letters_test_first10000")},
     .from_one = true},
    {.name = "emnist-balanced",
     .folders = {"emnist/", ""},
     .n_classes = 47,
     .split = {RENAMED("train", "emnist-balanced-train", "balanced_small-train"),
               RENAMED("test", "emnist-balanced-test", "balanced_small-test")}},
    {.name = "emnist-spare",
     .folders = {"emnist/", ""},
     .n_classes = 5,
     .split = {PLAIN("train", "spare_train"), PLAIN("test", "spare_test")}},
    {.name = "tinystories",
     .folders = {"text/", ""},
     .n_classes = 512,
     .split = {RENAMED("train", "tinystories_train_tok512", "tinystories_train"),
               RENAMED("test", "tinystories_val_tok512", "tinystories_val")},
     .tokenizer = "tok512.bin",
     .opening = "Once upon a time"},
    {.name = "cifar10",
     .folders = {"cifar10/", "cifar-10-batches-bin/", ""},
     .n_classes = 10,
     .split = {{"train", MAX_BATCHES, "data_batch_%d", "data_batch_%d.bin", NULL},
               {"test", 1, "test", "test_batch.bin", NULL}}},
};

void spn_dataset_clear(struct spn_dataset *data)
{
    free(data->image);
    free(data->label);
    free(data->token);
    memset(data, 0, sizeof *data);
}

/* A malloc'ed array of `n` labels of n_all; sets *n_classes to the largest of all labels + 1. */
static enum spn_status load_labels(const char *path, int64_t n_images, int64_t n_kept,
                                   struct spn_dataset *data, struct spn_err *err)
{
    struct spn_idx labels = {0};
    enum spn_status status = spn_idx_load(&labels, path, 0, err);
    if (status)
        return status;
    if (labels.n_dims != 1 || labels.dim[0] != n_images) {
        status = spn_err_set(
            err, SPN_EINPUT, "%s: %" PRId64 " labels in %d dimension%s for %" PRId64 " images",
            path, labels.dim[0], labels.n_dims, labels.n_dims == 1 ? "" : "s", n_images);
        goto out;
    }
    for (int64_t i = 0; i < n_images; i++)
        data->n_classes = labels.data[i] >= data->n_classes ? labels.data[i] + 1 : data->n_classes;
    data->label = malloc((size_t)n_kept);
    if (!data->label) {
        status = spn_err_memory(err, path);
        goto out;
    }
    memcpy(data->label, labels.data, (size_t)n_kept);
out:
    spn_idx_clear(&labels);
    return status;
}

static void base_name(char *out, size_t size, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!spn_text_copy(out, size, slash ? slash + 1 : path))
        out[size - 1] = '\0';
}

static enum spn_status check_images(const struct spn_idx *images, const char *path,
                                    struct spn_err *err)
{
    if (images->n_dims != 3 && images->n_dims != 4)
        return spn_err_set(err, SPN_EINPUT,
                           "%s: %d dimensions, images have 3 ([n, h, w]) or 4 ([n, c, h, w])", path,
                           images->n_dims);
    if (images->n_kept > INT_MAX)
        return spn_err_set(err, SPN_EINPUT, "%s: %" PRId64 " images are more than %d", path,
                           images->n_kept, INT_MAX);
    for (int i = 1; i < images->n_dims; i++)
        if (images->dim[i] > MAX_SIDE)
            return spn_err_set(err, SPN_EINPUT, "%s: dimension %d is %" PRId64 ", outside [1, %d]",
                               path, i + 1, images->dim[i], MAX_SIDE);
    return SPN_OK;
}

enum spn_status spn_dataset_load_idx(struct spn_dataset *out, const char *images_path,
                                     const char *labels_path, int max_images, struct spn_err *err)
{
    struct spn_idx images = {0};
    struct spn_dataset data = {0};
    enum spn_status status = spn_idx_load(&images, images_path, max_images, err);
    if (!status)
        status = check_images(&images, images_path, err);
    if (!status)
        status = load_labels(labels_path, images.dim[0], images.n_kept, &data, err);
    if (status)
        goto out;
    base_name(data.name, sizeof data.name, images_path);
    data.n_images = (int)images.n_kept;
    data.channels = images.n_dims == 4 ? (int)images.dim[1] : 1;
    data.height = (int)images.dim[images.n_dims - 2];
    data.width = (int)images.dim[images.n_dims - 1];
    data.image = images.data;
    images.data = NULL;
out:
    spn_idx_clear(&images);
    if (status)
        spn_dataset_clear(&data);
    else
        *out = data;
    return status;
}

/* <dir>/<folder><name>, or with ".gz"; false if neither is there. */
static bool find_file(char *path, const char *dir, const char *folder, const char *name)
{
    for (int gz = 0; gz < 2; gz++) {
        int n = snprintf(path, SPN_MAX_PATH, "%s/%s%s%s", dir, folder, name, gz ? ".gz" : "");
        if (n > 0 && n < SPN_MAX_PATH && access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* Replace "%d" in `pattern` by the batch number. */
static void batch_name(char *out, size_t size, const char *pattern, int batch, const char *ending)
{
    const char *mark = strstr(pattern, "%d");
    if (mark)
        snprintf(out, size, "%.*s%d%s%s", (int)(mark - pattern), pattern, batch, mark + 2, ending);
    else
        snprintf(out, size, "%s%s", pattern, ending);
}

/* Where one batch lies in one folder. */
struct batch_paths {
    char images[SPN_MAX_PATH],
        labels[SPN_MAX_PATH]; /* labels[0] = 0: `images` holds CIFAR-10 records, or tokens; for a
                                   text its vocabulary */
    const char *opening;      /* of texts; NULL: images */
};

/* <stem>-idx2-int16, or <other stem>.txt with the set's vocabulary beside it. */
static bool find_text(struct batch_paths *paths, const char *dir, const char *folder,
                      const struct set_files *set, const struct split_files *files)
{
    char name[64];
    batch_name(name, sizeof name, files->stem, 1, "-idx2-int16");
    paths->labels[0] = '\0';
    paths->opening = set->opening;
    if (find_file(paths->images, dir, folder, name))
        return true;
    batch_name(name, sizeof name, files->other_stem, 1, ".txt");
    return find_file(paths->images, dir, folder, name) &&
           find_file(paths->labels, dir, folder, set->tokenizer);
}

static bool find_batch(struct batch_paths *paths, const char *dir, const char *folder,
                       const struct set_files *set, const struct split_files *files, int batch)
{
    static const char *const endings[] = {"-images-idx3-ubyte", "-images-idx4-ubyte"};
    enum { N_ENDINGS = sizeof endings / sizeof endings[0] };
    char name[64];
    paths->opening = NULL;
    if (set->tokenizer)
        return find_text(paths, dir, folder, set, files);
    for (int i = 0; i < 2 * N_ENDINGS; i++) {
        const char *stem = i < N_ENDINGS ? files->stem : files->other_stem;
        if (!stem)
            break;
        batch_name(name, sizeof name, stem, batch, endings[i % N_ENDINGS]);
        if (!find_file(paths->images, dir, folder, name))
            continue;
        batch_name(name, sizeof name, stem, batch, "-labels-idx1-ubyte");
        if (!find_file(paths->labels, dir, folder, name)) /* let the reader say what is missing */
            snprintf(paths->labels, sizeof paths->labels, "%s/%s%s", dir, folder, name);
        return true;
    }
    paths->labels[0] = '\0';
    if (!files->cifar10_file)
        return false;
    batch_name(name, sizeof name, files->cifar10_file, batch, "");
    return find_file(paths->images, dir, folder, name);
}

/* Move the images of `more` to the end of `data`. */
static enum spn_status append(struct spn_dataset *data, struct spn_dataset *more, const char *path,
                              struct spn_err *err)
{
    if (data->n_images == 0) {
        spn_dataset_clear(data);
        *data = *more;
        memset(more, 0, sizeof *more);
        return SPN_OK;
    }
    if (more->channels != data->channels || more->height != data->height ||
        more->width != data->width)
        return spn_err_set(
            err, SPN_EINPUT, "%s: images are %dx%dx%d, those of the batch before %dx%dx%d", path,
            more->channels, more->height, more->width, data->channels, data->height, data->width);
    size_t n_pixels = (size_t)data->channels * (size_t)data->height * (size_t)data->width;
    size_t old = (size_t)data->n_images, extra = (size_t)more->n_images; /* both below 2^31 */
    uint8_t *image = realloc(data->image, (old + extra) * n_pixels);
    if (!image)
        return spn_err_memory(err, path);
    data->image = image;
    uint8_t *label = realloc(data->label, old + extra);
    if (!label)
        return spn_err_memory(err, path);
    data->label = label;
    memcpy(data->image + old * n_pixels, more->image, extra * n_pixels);
    memcpy(data->label + old, more->label, extra);
    data->n_images += more->n_images;
    data->n_classes = more->n_classes > data->n_classes ? more->n_classes : data->n_classes;
    return SPN_OK;
}

static enum spn_status load_batch(struct spn_dataset *data, const struct batch_paths *paths,
                                  int max_images, struct spn_err *err)
{
    struct spn_dataset more = {0};
    int left = max_images > 0 ? max_images - data->n_images : 0;
    const struct spn_dataset_text text = {.text_path = paths->images,
                                          .tokenizer_path = paths->labels,
                                          .opening = paths->opening,
                                          .n_tokens = TOKENS,
                                          .max_texts = left ? left : TEXTS};
    if (paths->opening)
        return paths->labels[0] ? spn_dataset_load_text(data, &text, err)
                                : spn_dataset_load_tokens(data, paths->images, left, err);
    enum spn_status status =
        paths->labels[0] ? spn_dataset_load_idx(&more, paths->images, paths->labels, left, err)
                         : spn_dataset_load_cifar10(&more, paths->images, left, err);
    if (!status && data->n_images > INT_MAX - more.n_images)
        status = spn_err_set(err, SPN_EINPUT, "%s: together more than %d images", paths->images,
                             INT_MAX);
    if (!status)
        status = append(data, &more, paths->images, err);
    spn_dataset_clear(&more);
    return status;
}

/* Every batch of a split that lies in the first folder with batch 1. */
static enum spn_status load_split(struct spn_dataset *data, const struct set_files *set,
                                  const struct split_files *files,
                                  const struct spn_dataset_request *request, struct spn_err *err)
{
    struct batch_paths paths;
    char name[64];
    const size_t n_folders = sizeof set->folders / sizeof set->folders[0];
    for (size_t f = 0; f < n_folders && set->folders[f]; f++) {
        for (int b = 1; b <= files->n_batches &&
                        find_batch(&paths, request->dir, set->folders[f], set, files, b);
             b++) {
            if (request->max_images > 0 && data->n_images >= request->max_images)
                break;
            enum spn_status status = load_batch(data, &paths, request->max_images, err);
            if (status)
                return status;
        }
        if (data->n_images)
            return SPN_OK;
    }
    batch_name(name, sizeof name, files->stem, 1,
               set->tokenizer ? "-idx2-int16[.gz]" : "-images-idx*-ubyte[.gz]");
    return spn_err_set(err, SPN_EINPUT, "data set %s, split %s: %s is neither in %s/%s nor in %s",
                       set->name, files->split, name, request->dir, set->folders[0], request->dir);
}

static const struct split_files *find_split(const struct set_files *set, const char *split)
{
    for (size_t i = 0; i < sizeof set->split / sizeof set->split[0]; i++)
        if (strcmp(set->split[i].split, split) == 0)
            return &set->split[i];
    return NULL;
}

static const struct set_files *find_set(const char *name)
{
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (strcmp(name, sets[i].name) == 0)
            return &sets[i];
    return NULL;
}

/* The drawn sets. */
static const struct {
    const char *name;
    double variation, clutter;
} drawn[] = {{"letters", 1, 0},
             {"letters-neat", SPN_LETTERS_NEAT_VARIATION, 0},
             {"letters-rough", SPN_LETTERS_ROUGH_VARIATION, SPN_LETTERS_ROUGH_CLUTTER}};
enum { N_DRAWN = sizeof drawn / sizeof *drawn };

static int find_drawn(const char *name)
{
    int i = 0;
    while (i < N_DRAWN && strcmp(drawn[i].name, name) != 0)
        i++;
    return i;
}

bool spn_dataset_is_there(const struct spn_dataset_request *request)
{
    const struct set_files *set = find_set(request->name);
    const struct split_files *files = set ? find_split(set, request->split) : NULL;
    struct batch_paths paths;
    if (!files || !request->dir)
        return spn_dataset_is_drawn(request->name);
    for (size_t f = 0; f < sizeof set->folders / sizeof set->folders[0] && set->folders[f]; f++)
        if (find_batch(&paths, request->dir, set->folders[f], set, files, 1))
            return true;
    return false;
}

/* Labels 1 .. n_classes to 0 .. n_classes - 1. */
static enum spn_status count_from_zero(struct spn_dataset *data, const struct set_files *set,
                                       struct spn_err *err)
{
    if (!set->from_one || data->n_classes != set->n_classes + 1)
        return SPN_OK;
    for (int i = 0; i < data->n_images; i++) {
        if (data->label[i] == 0)
            return spn_err_set(err, SPN_EINPUT, "data set %s: label 0 of image %d outside [1, %d]",
                               set->name, i, set->n_classes);
        data->label[i]--;
    }
    data->n_classes--;
    return SPN_OK;
}

static enum spn_status open_files(struct spn_dataset *out, const struct set_files *set,
                                  const struct spn_dataset_request *request, struct spn_err *err)
{
    struct spn_dataset data = {0};
    const struct split_files *files = find_split(set, request->split);
    if (!files)
        return spn_err_set(err, SPN_EINPUT, "data set %s: split \"%s\" is none of train, test",
                           set->name, request->split);
    if (!request->dir || !request->dir[0])
        return spn_err_set(
            err, SPN_EINPUT,
            "data set %s: needs the folder that holds it, --data (or use letters, which is drawn)",
            set->name);
    enum spn_status status = load_split(&data, set, files, request, err);
    if (!status)
        status = count_from_zero(&data, set, err);
    if (!status && data.n_classes > set->n_classes)
        status = spn_err_set(err, SPN_EINPUT, "data set %s in %s: %s %d outside [0, %d]", set->name,
                             request->dir, set->tokenizer ? "token" : "label", data.n_classes - 1,
                             set->n_classes - 1);
    if (status) {
        spn_dataset_clear(&data);
        return status;
    }
    data.n_classes = set->n_classes;
    if (!spn_text_copy(data.name, sizeof data.name, set->name))
        data.name[0] = '\0';
    *out = data;
    return SPN_OK;
}

static enum spn_status open_letters(struct spn_dataset *out,
                                    const struct spn_dataset_request *request, struct spn_err *err)
{
    static const char *const splits[] = {"train", "test", "calibration"};
    struct spn_letters what = {.n_images = request->max_images,
                               .n_classes = request->n_classes,
                               .size = request->size,
                               .channels = request->channels,
                               .seed = request->seed};
    const int kind = find_drawn(request->name);
    uint32_t n_splits = sizeof splits / sizeof splits[0];
    while (what.split < n_splits && strcmp(splits[what.split], request->split) != 0)
        what.split++;
    if (what.split == n_splits)
        return spn_err_set(err, SPN_EINPUT,
                           "data set letters: split \"%s\" is none of train, test, calibration",
                           request->split);
    if (what.n_images == 0)
        what.n_images = what.split == 0 ? SPN_LETTERS_N_TRAIN : SPN_LETTERS_N_TEST;
    if (what.n_classes == 0)
        what.n_classes = SPN_LETTERS_MAX_CLASSES;
    if (what.size == 0)
        what.size = LETTERS_DEFAULT_SIDE;
    if (what.channels == 0)
        what.channels = what.size >= LETTERS_DEFAULT_SIDE ? 3 : 1;
    what.binary = what.size == LETTERS_BINARY_SIDE && what.channels == 1;
    what.variation = drawn[kind].variation;
    what.clutter = drawn[kind].clutter;
    const enum spn_status status = spn_dataset_draw_letters(out, &what, err);
    if (!status)
        spn_text_copy(out->name, sizeof out->name, request->name);
    return status;
}

bool spn_dataset_is_drawn(const char *name)
{
    return find_drawn(name) < N_DRAWN;
}

/* Candidate names for "did you mean". */
static const char *set_name(const void *ctx, size_t i)
{
    (void)ctx;
    const size_t n = sizeof sets / sizeof sets[0];
    return i < n ? sets[i].name : i < n + N_DRAWN ? drawn[i - n].name : NULL;
}

enum spn_status spn_dataset_open(struct spn_dataset *data,
                                 const struct spn_dataset_request *request, struct spn_err *err)
{
    if (!request->name || !request->split)
        return spn_err_set(err, SPN_EUSAGE, "a data set needs a name and a split");
    if (request->max_images < 0)
        return spn_err_set(err, SPN_EINPUT, "data set %s: max_images = %d is negative",
                           request->name, request->max_images);
    if (spn_dataset_is_drawn(request->name))
        return open_letters(data, request, err);
    const struct set_files *set = find_set(request->name);
    if (set)
        return open_files(data, set, request, err);
    const char *near = spn_text_nearest(request->name, set_name, NULL);
    return spn_err_set(
        err, SPN_EINPUT,
        "data set \"%s\" is none of letters, letters-neat, letters-rough, mnist, fashion, "
        "emnist-letters, emnist-balanced, emnist-spare, cifar10, tinystories%s%s%s",
        request->name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}
