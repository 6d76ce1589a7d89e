/* check_classes.c -- designs of one simulated accuracy: only what the simulator does not read is
 * left out of classes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdio.h>

#include "lazy_setup.h"
#include "networks/dataset.h"
#include "networks/weights.h"
#include "simulator/simulator.h"
#include "tech/data.h"

static struct spn_err err;

struct bench {
    struct spn_network *net;
    struct spn_weights *weights;
    struct spn_dataset test, calibration;
};

static void logits(const struct bench *b, const struct spn_chip *chip, float *out)
{
    struct spn_simulator *sim = NULL;
    struct spn_simulator_options how = spn_simulator_options_default();
    how.fidelity = SPN_FIDELITY_CIRCUIT;
    how.estimate_ir_drop = true;
    how.scheme = SPN_SCHEME_INDEX_FREE;
    ck_assert_ok(spn_simulator_create(&sim, b->net, b->weights, chip, &how, &err));
    ck_assert_ok(spn_simulator_calibrate(sim, &b->calibration, &err));
    ck_assert_ok(spn_simulator_logits(sim, &b->test, 0, 10, out, &err));
    spn_simulator_destroy(sim);
}

/* Set the field to something else than it has: one of the words of its range, or of these. */
static bool change(struct spn_chip *chip, const char *path, const char *range)
{
    bool dram = strncmp(path, "dram.", 5) == 0;
    char words[512], *rest = NULL;
    snprintf(words, sizeof words, "%s 4 64 0.5 1e-9 2e9 true false csr", range);
    for (char *word = strtok_r(words, " ,|", &rest); word; word = strtok_r(NULL, " ,|", &rest)) {
        struct spn_chip changed = *chip;
        if (spn_field_set(dram ? spn_dram_fields : spn_chip_fields,
                          dram ? (void *)&changed.dram : &changed, strchr(path, '.') + 1, word,
                          &err) ||
            memcmp(&changed, chip, sizeof changed) == 0 || spn_chip_check(&changed, &err))
            continue;
        *chip = changed;
        return true;
    }
    return false;
}

START_TEST(the_simulator_is_blind_to_what_we_say)
{
    struct bench b = {.net = NULL};
    char path[SPN_MAX_PATH];
    struct spn_chip chip;
    struct spn_dataset_request ask = {.name = "letters",
                                      .split = "test",
                                      .channels = 1,
                                      .size = 20,
                                      .n_classes = 5,
                                      .max_images = 10,
                                      .seed = 1};
    struct spn_text help = {0};
    float before[10 * 5], after[10 * 5];
    int n_blind = 0;
    ck_assert_ok(spn_data_find(path, sizeof path, "networks", "network", "msnet", &err));
    ck_assert_ok(spn_network_load(&b.net, path, NULL, 0, &err));
    ck_assert_ok(spn_weights_load(&b.weights, b.net->weights, &err));
    ck_assert_ok(spn_dataset_open(&b.test, &ask, &err));
    ask.split = "train";
    ck_assert_ok(spn_dataset_open(&b.calibration, &ask, &err));
    ck_assert_ok(spn_chip_load(&chip, "ning2025", NULL, 0, &err));
    logits(&b, &chip, before);
    spn_field_help(spn_chip_fields, "chip", &help);
    spn_field_help(spn_dram_fields, "dram", &help);
    for (char *line = strtok(help.data, "\n"); line; line = strtok(NULL, "\n")) {
        struct spn_chip other = chip;
        char *unit = strchr(line, '\t'), *range = strchr(unit + 1, '\t');
        *unit = '\0';
        *strchr(++range, '\t') = '\0';
        if (!spn_accuracy_blind(line) || strcmp(line, "chip.dram") == 0)
            continue;
        ck_assert_msg(change(&other, line, range), "%s cannot be changed", line);
        logits(&b, &other, after);
        ck_assert_msg(memcmp(before, after, sizeof before) == 0, "%s matters", line);
        n_blind++;
    }
    ck_assert_int_ge(n_blind, 20);
    ck_assert_ok(spn_field_set(spn_chip_fields, &chip, "adc.bits", "4", &err));
    logits(&b, &chip, after);
    ck_assert(memcmp(before, after, sizeof before) != 0); /* and this one does matter */
    ck_assert(!spn_accuracy_blind("chip.adc.bits") && !spn_accuracy_blind("device") &&
              !spn_accuracy_blind("chip.sparsity.scheme"));
    spn_text_clear(&help);
    spn_dataset_clear(&b.test);
    spn_dataset_clear(&b.calibration);
    spn_weights_destroy(b.weights);
    spn_network_destroy(b.net);
}
END_TEST

START_TEST(classes)
{
    struct spn_space *space = load(text);
    int digit[SPN_SPACE_MAX_AXES], seen[N_CLASSES] = {0};
    ck_assert(spn_space_simulated(space));
    ck_assert_int_eq(spn_space_size(space), N_POINTS);
    ck_assert_int_eq(spn_space_n_classes(space), N_CLASSES);
    for (int64_t i = 0; i < N_POINTS; i++) {
        spn_space_digits(space, i, digit);
        seen[spn_space_class(space, digit)]++;
    }
    for (int c = 0; c < N_CLASSES; c++)
        ck_assert_int_eq(seen[c], N_POINTS / N_CLASSES);
    spn_space_destroy(space);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("classes");
    TCase *tests = tcase_create("classes");
    tcase_add_test(tests, the_simulator_is_blind_to_what_we_say);
    tcase_add_test(tests, classes);
    suite_add_tcase(suite, tests);
    return suite;
}
