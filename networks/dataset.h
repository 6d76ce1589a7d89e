/* dataset.h -- labelled images: IDX and CIFAR-10 files, and `letters`, which is drawn; text as
 * tokens.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_NETWORKS_DATASET_H
#define SPN_NETWORKS_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif

struct spn_dataset {
    char name[64];
    int n_images, channels, height, width, n_classes;
    uint8_t *image; /* [n][channels][height][width], 0..255 */
    uint8_t *label; /* [n] */
    /* Text instead (channels, height and width are 0): token t of a text predicts token t + 1. */
    int n_tokens;   /* of a text; 0: images */
    int16_t *token; /* [n][n_tokens]; SPN_TOKEN_NONE after the end of a short text */
};

#define SPN_TOKEN_NONE (-1)

void spn_dataset_clear(struct spn_dataset *data);

/* IDX images [n,h,w] or [n,c,h,w] with labels [n]; both plain or .gz. At most max_images are kept
 * (0 = all). */
enum spn_status spn_dataset_load_idx(struct spn_dataset *data, const char *images_path,
                                     const char *labels_path, int max_images, struct spn_err *err);
/* Texts [n, tokens] of 16-bit numbers, at least 2 tokens each, from -1 (none) up. */
enum spn_status spn_dataset_load_tokens(struct spn_dataset *data, const char *path, int max_texts,
                                        struct spn_err *err);
/* Texts that begin with a paragraph's `opening` and last to the next such one, the first max_texts
 * of a file (0 = all), each as n_tokens tokens of a vocabulary, beginning with SPN_TOKEN_BEGIN
 * [M:L5]. */
struct spn_dataset_text {
    const char *text_path, *tokenizer_path, *opening;
    int n_tokens, max_texts;
};
enum spn_status spn_dataset_load_text(struct spn_dataset *data, const struct spn_dataset_text *how,
                                      struct spn_err *err);
/* CIFAR-10 binary batch (3073-byte records), plain or .gz. */
enum spn_status spn_dataset_load_cifar10(struct spn_dataset *data, const char *path, int max_images,
                                         struct spn_err *err);

#define SPN_LETTERS_MAX_CLASSES 10
#define SPN_LETTERS_N_TRAIN 5000 /* images that spn_dataset_open draws when max_images is 0 */
#define SPN_LETTERS_N_TEST 1000

/* What `letters` draws: the letters of spn_letters_name(0 ..), see docs/MODELS.md [M:L1] to [M:L7].
 */
struct spn_letters {
    int n_images;     /* classes come round-robin */
    int n_classes;    /* 5: a e p r s; up to 10: and b d g n o */
    int size;         /* 20 (binary), 28 (grey) or 32 (colour); any 12..64 */
    int channels;     /* 1 or 3 (ink and paper colours drawn at random) */
    int binary;       /* 1: 0 or 255 only */
    uint64_t seed;    /* image i of seed s is the same whatever n_images is */
    uint32_t split;   /* 0 training, 1 test, 2 calibration: disjoint random streams */
    double variation; /* of the hand, over the usual (sds of [M:L1] and [M:L2]); 0: the usual, 1 */
    double clutter; /* neighbours, lines, rubbed spots, weak contrast, grain [M:L6, L7]; 0: none */
};
#define SPN_LETTERS_NEAT_VARIATION 0.7  /* of the set "letters-neat" */
#define SPN_LETTERS_ROUGH_VARIATION 1.4 /* of the set "letters-rough" */
#define SPN_LETTERS_ROUGH_CLUTTER 1
/* The letter of a class, "aeprsbdgno"[label]; '?' outside. */
char spn_letters_name(int label);
enum spn_status spn_dataset_draw_letters(struct spn_dataset *data, const struct spn_letters *what,
                                         struct spn_err *err);

/* By name and split ("train" or "test"): "letters", "letters-neat" and "letters-rough" (also
 * split "calibration") are drawn to fit `channels` x `size`, binary at 1 x 20 x 20; 0 takes 10
 * classes, side 32, 3 channels from side 32 on, SPN_LETTERS_N_* images. "mnist", "fashion",
 * "emnist-letters", "emnist-balanced", "emnist-spare" (classes s p a r e, 0..4), "cifar10" and
 * "tinystories" (tokens of a vocabulary of 512) are read from <dir>/mnist/, <dir>/fashion/,
 * <dir>/emnist/, <dir>/cifar10/, <dir>/text/ or <dir>/ itself: t10k-images-idx3-ubyte[.gz],
 * emnist-letters-test-... or letters_test_first10000-..., spare_test-...,
 * test-images-idx4-ubyte[.gz] and data_batch_1-... (2 to 5 too where they are there), or
 * test_batch.bin and data_batch_1.bin ... of the original, tinystories_val_tok512-idx2-int16 or,
 * beside tok512.bin, tinystories_val.txt. Their images are as in the files (EMNIST's own lie on
 * their side), labels count from 0: `channels`, `size`, `n_classes` and `seed` are for letters
 * alone. SPN_EINPUT if dir is NULL for those. max_images keeps the first ones; 0 = all. */
struct spn_dataset_request {
    const char *name, *split, *dir;
    int channels, size, n_classes, max_images;
    uint64_t seed;
};
bool spn_dataset_is_drawn(const char *name); /* one of the letters sets */
enum spn_status spn_dataset_open(struct spn_dataset *data,
                                 const struct spn_dataset_request *request, struct spn_err *err);
/* Whether the set has that split, here; false for an unknown set too. */
bool spn_dataset_is_there(const struct spn_dataset_request *request);

#ifdef __cplusplus
}
#endif

#endif
