/* check_scheme.c -- what the three schemes keep, skip and refuse.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include "base/text.h"

#include "estimator/scheme.h"

static struct spn_chip masked_chip(void)
{
    struct spn_chip chip;

    memset(&chip, 0, sizeof chip);
    chip.device.mask.present = true;
    chip.write.method = SPN_UPDATE_CELL;
    chip.write.index_free_method = SPN_UPDATE_VECTOR;
    chip.sparsity.vector_threshold_frac = 0.5;
    return chip;
}

START_TEST(names_are_those_of_the_chip_file)
{
    for (int i = 0; i < SPN_N_SCHEMES; i++)
        ck_assert_str_eq(spn_schemes[i].name, spn_scheme_names[i]);
    ck_assert_ptr_null(spn_scheme_names[SPN_N_SCHEMES]);
}
END_TEST

START_TEST(dense_keeps_all_others_what_is_left)
{
    ck_assert_rel(spn_schemes[SPN_SCHEME_DENSE].kept(0.885), 1.0, 0);
    ck_assert_rel(spn_schemes[SPN_SCHEME_EXTERNAL_INDEX].kept(0.885), 0.115, 1e-12);
    ck_assert_rel(spn_schemes[SPN_SCHEME_INDEX_FREE].kept(0.885), 0.115, 1e-12);
}
END_TEST

/* A row of 10 cells at 90 % is empty with probability 0.9^10 = 0.3486784401; of 64, 0.00118. */
START_TEST(only_empty_lines_are_skipped)
{
    ck_assert_rel(spn_schemes[SPN_SCHEME_EXTERNAL_INDEX].skipped_rows(0.9, 10), 0.3486784401,
                  1e-12);
    ck_assert_rel(spn_schemes[SPN_SCHEME_EXTERNAL_INDEX].skipped_columns(0.9, 64),
                  0.0011790184577738583, 1e-10);
    ck_assert_rel(spn_schemes[SPN_SCHEME_INDEX_FREE].skipped_rows(0.9, 10), 0.3486784401, 1e-12);
    for (int i = 0; i < SPN_N_SCHEMES; i++) {
        ck_assert(spn_schemes[i].skipped_rows(0, 3) == 0);
        ck_assert(spn_schemes[i].skipped_columns(0, 3) == 0);
    }
    ck_assert(spn_schemes[SPN_SCHEME_DENSE].skipped_rows(0.9, 1) == 0);
}
END_TEST

START_TEST(vector_update_from_a_threshold_on)
{
    struct spn_chip chip = masked_chip();
    const struct spn_scheme_type *free = &spn_schemes[SPN_SCHEME_INDEX_FREE];

    ck_assert_int_eq(free->update_method(&chip, 0.499), SPN_UPDATE_CELL);
    ck_assert_int_eq(free->update_method(&chip, 0.5), SPN_UPDATE_VECTOR);
    chip.write.index_free_method = SPN_UPDATE_ROW;
    ck_assert_int_eq(free->update_method(&chip, 0.9), SPN_UPDATE_ROW);
    ck_assert_int_eq(spn_schemes[SPN_SCHEME_DENSE].update_method(&chip, 0.9), SPN_UPDATE_CELL);
}
END_TEST

START_TEST(what_a_device_cannot_do_is_refused)
{
    struct spn_chip chip = masked_chip();
    struct spn_err err;
    const struct spn_scheme_type *type = NULL;

    ck_assert_ok(spn_scheme_get(&type, SPN_SCHEME_INDEX_FREE, &chip, &err));
    ck_assert(type->masked && !type->indexed);
    type = NULL;
    chip.device.mask.present = false;
    (void)spn_text_copy(chip.device.name, sizeof chip.device.name, "plain");
    ck_assert_fails(spn_scheme_get(&type, SPN_SCHEME_INDEX_FREE, &chip, &err), SPN_EINFEASIBLE,
                    "device plain");
    ck_assert_fails(spn_scheme_get(&type, 3, &chip, &err), SPN_EINPUT, "scheme = 3");
    ck_assert_fails(spn_scheme_get(&type, -1, &chip, &err), SPN_EINPUT, "scheme = -1");
    chip.write.method = SPN_UPDATE_VECTOR;
    ck_assert_fails(spn_scheme_get(&type, SPN_SCHEME_EXTERNAL_INDEX, &chip, &err), SPN_EINFEASIBLE,
                    "chip.write.method");
    ck_assert_ptr_null(type);
    ck_assert_ok(spn_scheme_get(&type, SPN_SCHEME_DENSE, &chip, &err));
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("scheme");
    TCase *tc = tcase_create("scheme");

    tcase_add_test(tc, names_are_those_of_the_chip_file);
    tcase_add_test(tc, dense_keeps_all_others_what_is_left);
    tcase_add_test(tc, only_empty_lines_are_skipped);
    tcase_add_test(tc, vector_update_from_a_threshold_on);
    tcase_add_test(tc, what_a_device_cannot_do_is_refused);
    suite_add_tcase(suite, tc);
    return suite;
}
