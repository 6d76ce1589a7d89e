/* check_programming.c -- closed-loop programming: pulses, reads and errors.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models/programming.h"
#include "models/pulse.h"
#include "tests/check.h"

static struct spn_device linear(int n_levels)
{
    return (struct spn_device){.cell = SPN_CELL_1T1R,
                               .on_conductance_S = 1e-5,
                               .off_conductance_S = 1e-6,
                               .pulse = {.n_levels = n_levels}};
}

static struct spn_programming compute(const struct spn_device *device, double tolerance_frac,
                                      int max_tries, int n_levels)
{
    struct spn_programming p;
    const struct spn_programming_config how = {
        .tolerance_frac = tolerance_frac, .max_tries = max_tries, .n_levels = n_levels};
    spn_programming_compute(&p, device, &how);
    return p;
}

/* Ten equal pulses without errors: level k of 10 takes k pulses in one train, read before and
 * after; a neighbour is one pulse away. Read after every pulse, it takes k + 1 reads. */
START_TEST(exact_device_by_hand)
{
    const struct spn_device d = linear(10);
    struct spn_programming p = compute(&d, 0.01, 5, 11);
    ck_assert_int_eq(p.n_points, 11);
    for (int k = 0; k <= 10; k++) {
        ck_assert_rel(p.point[k].count.mean_pulses, k, 1e-12);
        ck_assert_rel(p.point[k].count.mean_reads, k > 0 ? 2 : 1, 1e-12);
        ck_assert_double_eq_tol(p.point[k].error_sd_frac, 0, 1e-12);
        ck_assert(!(p.point[k].count.failed_frac > 0));
    }
    ck_assert_rel(p.step.mean_pulses, 1, 1e-12);
    ck_assert_rel(p.step.mean_reads, 2, 1e-12);
    ck_assert_rel(spn_programming_pulses(&p, 0.35).mean_pulses, 3.5, 1e-12);
    const struct spn_programming_config one = {
        .tolerance_frac = 0.01, .max_tries = 20, .pulses_per_read = 1, .n_levels = 11};
    spn_programming_compute(&p, &d, &one);
    ck_assert_rel(p.point[10].count.mean_pulses, 10, 1e-12);
    ck_assert_rel(p.point[10].count.mean_reads, 11, 1e-12);
}
END_TEST

/* Fine pulses and exact reads: tries are independent normal errors. Within one sd: 1/erf(1/sqrt 2)
 * = 1.4648 tries, and the error left is a normal truncated at one sd, whose sd is sqrt(1 - 2 phi(1)
 * / 0.68269) = 0.53956 of it. 1024 cells: standard errors 0.026 and 0.012. */
START_TEST(tries_follow_the_closed_form)
{
    struct spn_device d = linear(1000000);
    d.programming_sd_frac = 0.05;
    const struct spn_programming p = compute(&d, 0.05, 50, 3);
    const struct spn_programming_point *half = &p.point[1];
    ck_assert_double_eq_tol(half->count.mean_tries, spn_pulse_verify_tries(0.05, 0.05), 0.08);
    ck_assert_double_eq_tol(half->count.mean_reads, half->count.mean_tries + 1, 1e-9);
    ck_assert_double_eq_tol(half->error_sd_frac / 0.05, 0.53956, 0.04);
    ck_assert_double_eq_tol(half->error_mean_frac, 0, 0.004);
    ck_assert_double_eq_tol(p.max_error_frac, 0.05, 0.001);
    /* the quantiles are that distribution's: P(|e| < 0.025) = erf(0.5/sqrt 2)/erf(1/sqrt 2) =
     * 0.5609 */
    int inside = 0, n = 0;
    for (double z = -3; z <= 3; z += 0.001, n++)
        inside += fabs(spn_programming_error(&p, 0.5, z)) < 0.025;
    /* |e| < 0.025 where Phi(|z|) - 1/2 < 0.5609/2, so |z| < 0.774 of the 3 drawn evenly */
    ck_assert_double_eq_tol((double)inside / n, 0.774 / 3, 0.02);
    /* the erased state is level 0: nothing to do */
    ck_assert(!(p.point[0].count.mean_pulses > 0));
}
END_TEST

/* One pulse swings the whole window: half of it is never reached, and after each of the tries the
 * cell is at the other end. */
START_TEST(what_cannot_be_reached_fails)
{
    const struct spn_device d = linear(1);
    const struct spn_programming p = compute(&d, 0.1, 7, 3);
    ck_assert_rel(p.point[1].count.failed_frac, 1, 1e-12);
    ck_assert_rel(p.point[1].count.mean_pulses, 7, 1e-12);
    ck_assert_rel(p.point[1].count.mean_reads, 8, 1e-12);
    ck_assert_rel(fabs(p.point[1].error_mean_frac), 0.5, 1e-12);
    ck_assert(!(p.point[2].count.failed_frac > 0));
}
END_TEST

START_TEST(noise_costs_tries_and_accuracy)
{
    struct spn_device d = linear(1000);
    d.programming_sd_frac = 0.02;
    const struct spn_programming plain = compute(&d, 0.02, 30, 5);
    const struct spn_programming tight = compute(&d, 0.01, 30, 5);
    d.read_noise_frac = 0.02;
    const struct spn_programming noisy = compute(&d, 0.02, 30, 5);
    d.read_noise_frac = 0;
    d.pulse.device_to_device_sd = 2;
    const struct spn_programming spread = compute(&d, 0.02, 30, 5);
    ck_assert(spn_programming_rms(&tight) < spn_programming_rms(&plain));
    ck_assert(tight.point[4].count.mean_reads > plain.point[4].count.mean_reads);
    ck_assert(spn_programming_rms(&noisy) > 1.2 * spn_programming_rms(&plain));
    ck_assert(spread.point[2].count.mean_tries > 1.2 * plain.point[2].count.mean_tries);
    const struct spn_programming again = compute(&d, 0.02, 30, 5);
    ck_assert_mem_eq(&again, &spread, sizeof again);
    d.cell = SPN_CELL_SRAM;
    const struct spn_programming digital = compute(&d, 0.02, 30, 2);
    ck_assert_rel(digital.point[1].count.mean_pulses, 1, 1e-12);
    ck_assert(!(digital.max_error_frac > 0));
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("programming");
    TCase *tcase = tcase_create("programming");
    tcase_add_test(tcase, exact_device_by_hand);
    tcase_add_test(tcase, tries_follow_the_closed_form);
    tcase_add_test(tcase, what_cannot_be_reached_fails);
    tcase_add_test(tcase, noise_costs_tries_and_accuracy);
    suite_add_tcase(suite, tcase);
    return suite;
}
