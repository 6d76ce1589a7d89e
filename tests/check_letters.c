/* check_letters.c -- tests of the drawn data set `letters`.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * No pixel values are committed: they hang on the last bit of the C library's sin and exp.
 */
#include "check.h"

#include <stdint.h>
#include <string.h>

#include "networks/dataset.h"

static struct spn_dataset draw(struct spn_letters what)
{
    struct spn_err err;
    struct spn_dataset d = {0};
    ck_assert_ok(spn_dataset_draw_letters(&d, &what, &err));
    return d;
}

static size_t image_bytes(const struct spn_dataset *d)
{
    return (size_t)d->channels * (size_t)d->height * (size_t)d->width;
}

static const struct spn_letters kinds[] = {
    {.n_images = 60, .n_classes = 5, .size = 20, .channels = 1, .binary = 1, .seed = 3},
    {.n_images = 60, .n_classes = 10, .size = 28, .channels = 1, .seed = 3},
    {.n_images = 60, .n_classes = 10, .size = 32, .channels = 3, .seed = 3},
    {.n_images = 60, .n_classes = 10, .size = 12, .channels = 3, .binary = 1, .seed = 3},
    {.n_images = 60, .n_classes = 10, .size = 64, .channels = 3, .seed = 3},
    {.n_images = 60, .n_classes = 10, .size = 32, .channels = 3, .seed = 3, .clutter = 1},
    {.n_images = 60,
     .n_classes = 10,
     .size = 28,
     .channels = 1,
     .seed = 3,
     .variation = 3,
     .clutter = 3},
};

/* Same bytes on every run; image i does not depend on how many there are; others for another seed
 * or split. */
START_TEST(test_streams)
{
    struct spn_letters what = kinds[_i];
    struct spn_dataset first = draw(what), again = draw(what);
    size_t n = image_bytes(&first);
    ck_assert_mem_eq(first.image, again.image, n * 60);
    spn_dataset_clear(&again);
    what.n_images = 23;
    again = draw(what);
    ck_assert_mem_eq(first.image, again.image, n * 23);
    ck_assert_mem_eq(first.label, again.label, 23);
    spn_dataset_clear(&again);
    what.n_images = 60;
    for (int other = 0; other < 3; other++) {
        what.seed = other == 0 ? 4 : 3;
        what.split = (uint32_t)other;
        again = draw(what);
        for (size_t i = 0; i < 60; i++)
            for (size_t k = 0; k < 60; k++)
                ck_assert(memcmp(first.image + n * i, again.image + n * k, n) != 0);
        spn_dataset_clear(&again);
    }
    for (size_t i = 0; i < 60; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert(memcmp(first.image + n * i, first.image + n * k, n) != 0);
    spn_dataset_clear(&first);
}
END_TEST

START_TEST(test_classes)
{
    struct spn_dataset d =
        draw((struct spn_letters){.n_images = 103, .n_classes = 10, .size = 20, .channels = 1});
    char names[11] = {0};
    for (int i = 0; i < 103; i++)
        ck_assert_int_eq(d.label[i], i % 10);
    for (int i = 0; i < 10; i++)
        names[i] = spn_letters_name(i);
    ck_assert_str_eq(names, "aeprsbdgno");
    ck_assert(spn_letters_name(-1) == '?' && spn_letters_name(10) == '?');
    spn_dataset_clear(&d);
}
END_TEST

/* A binary letter is ink and nothing else, between a hair line and a blot, and stays clear of most
 * of the border. */
START_TEST(test_ink)
{
    struct spn_dataset d = draw((struct spn_letters){
        .n_images = 2000, .n_classes = 10, .size = 20, .channels = 1, .binary = 1});
    double total = 0;
    int n_border = 0;
    for (int i = 0; i < d.n_images; i++) {
        int n_ink = 0;
        for (int p = 0; p < 400; p++) {
            int v = d.image[400 * i + p], x = p % 20, y = p / 20;
            ck_assert(v == 0 || v == 255);
            n_ink += v == 255;
            n_border += v == 255 && (x == 0 || y == 0 || x == 19 || y == 19);
        }
        ck_assert_msg(n_ink >= 16 && n_ink <= 200, "image %d has %d pixels of ink of 400", i,
                      n_ink);
        total += n_ink;
    }
    ck_assert_msg(total > 0.08 * 400 * 2000 && total < 0.25 * 400 * 2000, "mean ink %g",
                  total / 2000 / 400);
    ck_assert_msg(n_border < 2000, "%d border pixels", n_border); /* of 152,000 */
    spn_dataset_clear(&d);
}
END_TEST

/* The nearest of the class means, a linear classifier, is right far more often than chance (1/5)
 * but not always: classes differ, and the set is not trivial. */
START_TEST(test_difficulty)
{
    struct spn_letters what = {
        .n_images = 1000, .n_classes = 5, .size = 20, .channels = 1, .binary = 1};
    struct spn_dataset train = draw(what);
    double mean[5][400] = {{0}};
    int n_right = 0;
    what.split = 1;
    struct spn_dataset test = draw(what);
    for (int i = 0; i < 1000; i++)
        for (int p = 0; p < 400; p++)
            mean[train.label[i]][p] += train.image[400 * i + p] / 200.0;
    for (int i = 0; i < 1000; i++) {
        double best = INFINITY;
        int nearest = 0;
        for (int c = 0; c < 5; c++) {
            double distance = 0;
            for (int p = 0; p < 400; p++)
                distance +=
                    (test.image[400 * i + p] - mean[c][p]) * (test.image[400 * i + p] - mean[c][p]);
            nearest = distance < best ? c : nearest;
            best = distance < best ? distance : best;
        }
        n_right += nearest == test.label[i];
    }
    ck_assert_msg(n_right > 500 && n_right < 930, "%d of 1000 by nearest mean", n_right);
    spn_dataset_clear(&train);
    spn_dataset_clear(&test);
}
END_TEST

START_TEST(test_bad)
{
    static const struct {
        struct spn_letters what;
        const char *words;
    } bad[] = {
        {{.n_images = 0, .n_classes = 5, .size = 20, .channels = 1}, "n_images = 0 outside"},
        {{.n_images = 2000000000, .n_classes = 5, .size = 20, .channels = 1},
         "n_images = 2000000000 outside"},
        {{.n_images = 1, .n_classes = 11, .size = 20, .channels = 1},
         "n_classes = 11 outside [2, 10]"},
        {{.n_images = 1, .n_classes = 1, .size = 20, .channels = 1}, "n_classes = 1 outside"},
        {{.n_images = 1, .n_classes = 5, .size = 11, .channels = 1}, "size = 11 outside [12, 64]"},
        {{.n_images = 1, .n_classes = 5, .size = 65, .channels = 1}, "size = 65 outside"},
        {{.n_images = 1, .n_classes = 5, .size = 20, .channels = 2},
         "channels = 2 is neither 1 nor 3"},
        {{.n_images = 1, .n_classes = 5, .size = 20, .channels = 1, .split = 3},
         "split = 3 outside"},
        {{.n_images = 1, .n_classes = 5, .size = 20, .channels = 1, .clutter = 3.5},
         "clutter = 3.5 outside [0, 3]"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct spn_err err = {0};
        struct spn_dataset d = {.n_images = 77};
        ck_assert_fails(spn_dataset_draw_letters(&d, &bad[i].what, &err), SPN_EINPUT, bad[i].words);
        ck_assert_int_eq(d.n_images, 77);
    }
}
END_TEST

/* Clutter k leaves the letter as it is and adds to it: neighbours with probability k/2 on each
 * side, half of them inked within 0.02 of the side of the border; a disc rubbed out of the letter.
 * [M:L6] */
START_TEST(test_clutter)
{
    enum { N = 400, SIDE = 40, AREA = SIDE * SIDE };
    struct spn_letters what = {
        .n_images = N, .n_classes = 10, .size = SIDE, .channels = 1, .binary = 1, .seed = 5};
    struct spn_dataset plain = draw(what);
    int n_border[4] = {0}, n_rubbed[4] = {0}, n_same[4] = {0};
    for (int k = 1; k <= 3; k++) {
        what.clutter = 0.4 * k;
        struct spn_dataset d = draw(what);
        for (int i = 0; i < N; i++) {
            const uint8_t *a = plain.image + (size_t)i * AREA, *b = d.image + (size_t)i * AREA;
            int border = 0, rubbed = 0;
            for (int p = 0; p < AREA; p++) {
                border += b[p] && (p % SIDE == 0 || p % SIDE == SIDE - 1);
                rubbed += a[p] && !b[p];
            }
            n_border[k] += border > 0;
            n_rubbed[k] += rubbed > 0;
            n_same[k] += memcmp(a, b, AREA) == 0;
        }
        spn_dataset_clear(&d);
        ck_assert_int_gt(n_border[k], n_border[k - 1]);
        ck_assert_int_gt(n_rubbed[k], n_rubbed[k - 1]);
    }
    /* k = 0.4: one of four things, each with probability 0.2: 0.8^4 = 41 % are left alone, and more
     * where a neighbour falls outside or lines are too faint for a binary image. */
    ck_assert_msg(n_same[1] > 0.41 * N - 40 && n_same[1] < 0.75 * N, "%d the same", n_same[1]);
    ck_assert_msg(n_rubbed[1] > 0.1 * N && n_rubbed[1] < 0.2 * N + 25, "%d rubbed", n_rubbed[1]);
    spn_dataset_clear(&plain);
}
END_TEST

/* Clutter k: grain of (1 + k) times the sd on a grey image's empty rows. [M:L7] */
START_TEST(test_grain)
{
    double sd[2];
    for (int k = 0; k < 2; k++) {
        struct spn_dataset d = draw((struct spn_letters){.n_images = 200,
                                                         .n_classes = 10,
                                                         .size = 28,
                                                         .channels = 1,
                                                         .seed = 6,
                                                         .clutter = k ? 1e-9 + 1 : 0});
        double sum2 = 0;
        int n = 0;
        for (int i = 0; i < 200; i++) { /* half of a normal variable is left of ink-free pixels */
            const uint8_t *corner = d.image + (size_t)i * 28 * 28;
            bool bare = true;
            for (int p = 0; p < 5 * 28; p++)
                bare = bare && corner[p] < 70;
            for (int p = 0; bare && p < 3 * 28; p++, n++)
                sum2 += corner[p] * corner[p];
        }
        ck_assert_int_gt(n, 500);
        sd[k] = sqrt(2 * sum2 / n);
        spn_dataset_clear(&d);
    }
    ck_assert_rel(sd[0], 6.0, 0.1);
    ck_assert_rel(sd[1], 12.0, 0.1);
}
END_TEST

/* The set of that name is what its numbers say. */
START_TEST(test_rough)
{
    struct spn_dataset named = {0};
    struct spn_err err;
    ck_assert_ok(
        spn_dataset_open(&named,
                         &(struct spn_dataset_request){
                             .name = "letters-rough", .split = "test", .max_images = 50, .seed = 7},
                         &err));
    struct spn_dataset d = draw((struct spn_letters){.n_images = 50,
                                                     .n_classes = 10,
                                                     .size = 32,
                                                     .channels = 3,
                                                     .seed = 7,
                                                     .split = 1,
                                                     .variation = SPN_LETTERS_ROUGH_VARIATION,
                                                     .clutter = SPN_LETTERS_ROUGH_CLUTTER});
    ck_assert_str_eq(named.name, "letters-rough");
    ck_assert(spn_dataset_is_drawn(named.name));
    ck_assert_mem_eq(named.image, d.image, image_bytes(&d) * 50);
    ck_assert(spn_dataset_is_there(
        &(struct spn_dataset_request){.name = "letters-rough", .split = "train"}));
    spn_dataset_clear(&named);
    spn_dataset_clear(&d);
}
END_TEST

/* By name: the defaults, and binary at 1 x 20 x 20. */
/* Less variation: images of a class lie closer together; and the set of that name has it. */
static double spread(double variation)
{
    enum { N = 200, AREA = 400 };
    struct spn_dataset d = draw((struct spn_letters){.n_images = N,
                                                     .n_classes = 5,
                                                     .size = 20,
                                                     .channels = 1,
                                                     .binary = 1,
                                                     .seed = 4,
                                                     .variation = variation});
    double sum = 0;
    for (int i = 5; i < N; i++)
        for (int p = 0; p < AREA; p++)
            sum += d.image[i * AREA + p] != d.image[(i - 5) * AREA + p];
    spn_dataset_clear(&d);
    return sum;
}

START_TEST(test_variation)
{
    struct spn_err err;
    struct spn_dataset neat = {0};
    ck_assert_double_eq(spread(0), spread(1));
    ck_assert_double_lt(spread(0.3), 0.97 * spread(1));
    ck_assert_double_lt(spread(1), spread(2));
    const struct spn_dataset_request request = {.name = "letters-neat",
                                                .split = "test",
                                                .size = 20,
                                                .n_classes = 5,
                                                .max_images = 50,
                                                .seed = 9};
    ck_assert(spn_dataset_is_drawn("letters-neat") && spn_dataset_is_drawn("letters"));
    ck_assert(!spn_dataset_is_drawn("mnist"));
    ck_assert_ok(spn_dataset_open(&neat, &request, &err));
    ck_assert_str_eq(neat.name, "letters-neat");
    struct spn_dataset same = draw((struct spn_letters){.n_images = 50,
                                                        .n_classes = 5,
                                                        .size = 20,
                                                        .channels = 1,
                                                        .binary = 1,
                                                        .seed = 9,
                                                        .split = 1,
                                                        .variation = SPN_LETTERS_NEAT_VARIATION});
    ck_assert_mem_eq(neat.image, same.image, 50 * 400);
    spn_dataset_clear(&neat);
    spn_dataset_clear(&same);
    struct spn_letters wild = {.n_images = 1, .n_classes = 5, .size = 20, .channels = 1};
    wild.variation = 4;
    ck_assert_fails(spn_dataset_draw_letters(&same, &wild, &err), SPN_EINPUT, "variation = 4");
}
END_TEST

START_TEST(test_open)
{
    struct spn_err err;
    struct spn_dataset d = {0};
    struct spn_dataset_request request = {.name = "letters", .split = "test"};
    ck_assert_ok(spn_dataset_open(&d, &request, &err));
    ck_assert(d.n_images == SPN_LETTERS_N_TEST && d.channels == 3 && d.height == 32 &&
              d.width == 32);
    ck_assert_int_eq(d.n_classes, 10);
    spn_dataset_clear(&d);
    request = (struct spn_dataset_request){.name = "letters",
                                           .split = "calibration",
                                           .size = 20,
                                           .n_classes = 5,
                                           .max_images = 250,
                                           .seed = 9};
    ck_assert_ok(spn_dataset_open(&d, &request, &err));
    ck_assert(d.n_images == 250 && d.channels == 1 && d.n_classes == 5);
    struct spn_dataset same = draw((struct spn_letters){.n_images = 250,
                                                        .n_classes = 5,
                                                        .size = 20,
                                                        .channels = 1,
                                                        .binary = 1,
                                                        .seed = 9,
                                                        .split = 2});
    ck_assert_mem_eq(d.image, same.image, 250 * 400);
    spn_dataset_clear(&same);
    spn_dataset_clear(&d);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("letters");
    TCase *tcase = tcase_create("letters");
    tcase_add_loop_test(tcase, test_streams, 0, sizeof kinds / sizeof kinds[0]);
    tcase_add_test(tcase, test_classes);
    tcase_add_test(tcase, test_ink);
    tcase_add_test(tcase, test_difficulty);
    tcase_add_test(tcase, test_clutter);
    tcase_add_test(tcase, test_grain);
    tcase_add_test(tcase, test_rough);
    tcase_add_test(tcase, test_bad);
    tcase_add_test(tcase, test_variation);
    tcase_add_test(tcase, test_open);
    suite_add_tcase(suite, tcase);
    return suite;
}
