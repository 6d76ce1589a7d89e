/* check_pulsed.c -- pulsed updates against pulse by pulse, closed forms and the device's law.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * "Pulse by pulse" is written out here: one step and one normal number a pulse, clipped each time.
 */
#include "check.h"

#include "base/rng.h"
#include "models/pulse.h"
#include "simulator/kernel.h"
#include "simulator/pulsed.h"

enum { N_CELLS = 16384 };

static struct spn_device device_of(double up_label, double down_label, int n_levels)
{
    struct spn_device d = {.on_conductance_S = 1, .off_conductance_S = 0};
    d.pulse = (struct spn_device_pulse){.potentiation_nonlinearity = up_label,
                                        .depression_nonlinearity = down_label,
                                        .n_levels = n_levels};
    return d;
}

static struct spn_pulsed *create(const struct spn_pulsed_config *config)
{
    struct spn_err err;
    struct spn_pulsed *p = NULL;
    ck_assert_ok(spn_pulsed_create(&p, config, &err));
    return p;
}

/* n pulses (signed) on every column of a single row, exactly: all slots are coincidences. */
static void pulse_all(struct spn_pulsed *p, int n)
{
    static float v[N_CELLS];
    struct spn_err err;
    const struct spn_pulsed_trains trains = {abs(n), true, abs(n)};
    const float u = n < 0 ? -1 : 1;
    for (int i = 0; i < N_CELLS; i++)
        v[i] = 1;
    ck_assert_ok(spn_pulsed_update(p, &trains, &u, v, 1, &err));
}

/* By hand: 10 slots at rate 10 and equal largest values: probabilities are the values. Rows pulse
 * in 5 and 2 slots, columns in 5 and 4 (3.75 rounded, downwards): floor(25/10) = 2, floor(20/10) =
 * 2, floor(10/10) = 1, floor(8/10) = 0 coincidences, each 1 of 100 levels. */
START_TEST(deterministic_trains_meet_as_counted)
{
    const struct spn_device device = device_of(0, 0, 100);
    const struct spn_pulsed_config config = {
        .device = &device, .rows = 2, .columns = 2, .max_vectors = 1};
    const struct spn_pulsed_trains trains = {10, true, 10};
    const float u[] = {0.5f, 0.2f}, v[] = {0.5f, -0.375f};
    const float half[] = {0.5f, 0.5f, 0.5f, 0.5f};
    float state[4];
    struct spn_err err;
    struct spn_pulsed *p = create(&config);
    spn_pulsed_set(p, half);
    ck_assert_ok(spn_pulsed_update(p, &trains, u, v, 1, &err));
    spn_pulsed_get(p, state);
    ck_assert_rel((double)state[0], 0.52, 1e-6);
    ck_assert_rel((double)state[1], 0.48, 1e-6);
    ck_assert_rel((double)state[2], 0.51, 1e-6);
    ck_assert_rel((double)state[3], 0.50, 1e-6);
    ck_assert_double_eq(spn_pulsed_coincidences(p), 5);
    spn_pulsed_destroy(p);
}
END_TEST

/* Without noise, n pulses are spn_pulse_apply of n pulses, for curved laws of either sign, up and
 * down, bounds included. Steps that grow with the distance (negative labels) magnify a float's
 * rounding tenfold in 31 pulses. */
START_TEST(noise_free_jumps_follow_the_law)
{
    static const double labels[][2] = {{0, 0}, {0.523, -0.145}, {2.4, -4.88}, {-1.5, 3}};
    static const int counts[] = {1, 5, 31, -1, -8, -31};
    static float state[N_CELLS];
    for (size_t k = 0; k < sizeof labels / sizeof *labels; k++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            const struct spn_device device = device_of(labels[k][0], labels[k][1], 64);
            const struct spn_pulse_law law = spn_pulse_law(&device);
            const struct spn_pulsed_config config = {
                .device = &device, .rows = 1, .columns = N_CELLS, .max_vectors = 1};
            struct spn_pulsed *p = create(&config);
            for (int i = 0; i < N_CELLS; i++)
                state[i] = (float)i / (N_CELLS - 1);
            spn_pulsed_set(p, state);
            pulse_all(p, counts[c]);
            spn_pulsed_get(p, state);
            for (int i = 0; i < N_CELLS; i += 127) {
                double want = spn_pulse_apply(&law, (double)((float)i / (N_CELLS - 1)), counts[c]);
                ck_assert_double_eq_tol((double)state[i], want, 1e-5);
            }
            spn_pulsed_destroy(p);
        }
}
END_TEST

struct moments {
    double mean, variance;
};

static struct moments moments_of(const float *x, int n)
{
    struct moments m = {0, 0};
    for (int i = 0; i < n; i++)
        m.mean += (double)x[i] / n;
    for (int i = 0; i < n; i++)
        m.variance += ((double)x[i] - m.mean) * ((double)x[i] - m.mean) / (n - 1);
    return m;
}

/* Two samples of n: means and variances within 5 standard errors of their difference (of a
 * variance: sqrt(2/n) of it). */
static void assert_alike(struct moments got, struct moments want, int n)
{
    double error = sqrt((got.variance + want.variance) / n);
    ck_assert_msg(fabs(got.mean - want.mean) <= 5 * error, "mean %.9g, pulse by pulse %.9g +- %.3g",
                  got.mean, want.mean, error);
    error = want.variance * sqrt(4.0 / n);
    ck_assert_msg(fabs(got.variance - want.variance) <= 5 * error,
                  "variance %.9g, pulse by pulse %.9g +- %.3g", got.variance, want.variance, error);
}

struct noise {
    double step, window;
};

/* One pulse of D7: up, (1 - e^(-1/A)) (B - x) from 0; down, the same from 1; not yet clipped. */
static double step_of(const struct spn_pulse_law *law, double x, bool down)
{
    double A = down ? law->down_A : law->up_A, B = down ? law->down_B : law->up_B;
    double from = down ? 1 - x : x,
           step = isinf(A) ? 1 / law->n_levels : -expm1(-1 / A) * (B - from);
    return down ? -step : step;
}

/* One cell's n pulses, one after the other. */
static double pulse_by_pulse(const struct spn_pulse_law *law, double x, int n, struct noise noise,
                             struct spn_rng *rng)
{
    for (int k = 0; k < abs(n); k++) {
        double step = step_of(law, x, n < 0);
        x += step * (1 + noise.step * spn_rng_normal(rng)) + noise.window * spn_rng_normal(rng);
        x = fmin(fmax(x, 0), 1);
    }
    return x;
}

/* Mean and variance of jumps against pulse by pulse: laws, states, counts and kinds of noise; away
 * from the bounds, and running into them. */
START_TEST(jumps_have_the_moments_of_pulses)
{
    static const double labels[][2] = {{0, 0}, {2.4, -4.88}};
    static const double states[] = {0.02, 0.3, 0.5, 0.9, 0.99};
    static const int counts[] = {1, 6, 31, -6, -31};
    static const struct noise noises[] = {{0.3, 0}, {0, 0.004}, {0.3, 0.002}};
    static float got[N_CELLS], want[N_CELLS];
    const struct noise noise = noises[_i];
    struct spn_rng rng = spn_rng_init(20250811, 5, (uint32_t)_i);
    for (size_t l = 0; l < sizeof labels / sizeof *labels; l++)
        for (size_t k = 0; k < sizeof states / sizeof *states; k++)
            for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
                struct spn_device device = device_of(labels[l][0], labels[l][1], 128);
                device.pulse.cycle_to_cycle_sd = noise.window;
                const struct spn_pulse_law law = spn_pulse_law(&device);
                const struct spn_pulsed_config config = {.device = &device,
                                                         .rows = 1,
                                                         .columns = N_CELLS,
                                                         .step_noise_frac = noise.step,
                                                         .max_vectors = 1,
                                                         .seed = 7 + c};
                /* additive noise near a bound steps back: what U5 leaves out */
                bool near = states[k] < 0.1 || states[k] > 0.8;
                if (noise.window > 0 && near)
                    continue;
                struct spn_pulsed *p = create(&config);
                for (int i = 0; i < N_CELLS; i++)
                    got[i] = (float)states[k];
                spn_pulsed_set(p, got);
                pulse_all(p, counts[c]);
                spn_pulsed_get(p, got);
                for (int i = 0; i < N_CELLS; i++)
                    want[i] = (float)pulse_by_pulse(&law, states[k], counts[c], noise, &rng);
                struct moments m = moments_of(got, N_CELLS), w = moments_of(want, N_CELLS);
                /* all at the bound, but for the rare pulse that steps back: within 2 % of a step */
                double end = counts[c] < 0 ? 0 : 1,
                       little = 0.02 * fabs(step_of(&law, end, counts[c] < 0));
                if (sqrt(w.variance) > little)
                    assert_alike(m, w, N_CELLS);
                else
                    ck_assert(fabs(m.mean - w.mean) < little && sqrt(m.variance) < little);
                spn_pulsed_destroy(p);
            }
}
END_TEST

/* A device's own responses: places by hand, straight between the points of its file. Up, 4 points
 * over 30 pulses: 0, 0.5, 0.8, 1, so 10 pulses take a step of 0.05, then 0.03, then 0.02. */
START_TEST(devices_bring_their_curves)
{
    static float state[N_CELLS];
    struct spn_device device = device_of(0, 0, 30);
    const struct spn_pulsed_config config = {
        .device = &device, .rows = 1, .columns = N_CELLS, .max_vectors = 1};
    device.pulse.n_rise = device.pulse.n_fall = 4;
    device.pulse.rise_pulses = device.pulse.fall_pulses = 30;
    memcpy(device.pulse.rise_frac, (double[]){0, 0.5, 0.8, 1}, 4 * sizeof(double));
    memcpy(device.pulse.fall_frac, (double[]){1, 0.4, 0.1, 0}, 4 * sizeof(double));
    struct spn_pulsed *p = create(&config);
    for (int i = 0; i < N_CELLS; i++)
        state[i] = 0.1f;
    spn_pulsed_set(p, state);
    pulse_all(p, 4);
    spn_pulsed_get(p, state);
    ck_assert_double_eq_tol((double)state[0], 0.3, 1e-3);
    for (int i = 0; i < N_CELLS; i++)
        state[i] = 0.9f;
    spn_pulsed_set(p, state);
    pulse_all(p, -5); /* 0.06 each */
    spn_pulsed_get(p, state);
    ck_assert_double_eq_tol((double)state[0], 0.6, 1e-3);
    spn_pulsed_destroy(p);
}
END_TEST

/* Arrays of any width, on all kernels: every cell moves by its pulses, 3 of 100 levels. */
START_TEST(no_column_is_left_out)
{
    static float state[2 * 200];
    static int8_t n_pulses[2 * 200];
    struct spn_err err;
    const struct spn_device device = device_of(0, 0, 100);
    for (int columns = 1; columns <= 200; columns += columns < 4 ? 1 : 7)
        for (size_t k = 0; spn_kernels[k] != NULL; k++) {
            if (!spn_kernels[k]->supported())
                continue;
            const struct spn_pulsed_config config = {
                .device = &device, .rows = 2, .columns = columns, .max_vectors = 1};
            struct spn_pulsed *p = create(&config);
            ck_assert_ok(spn_pulsed_select_kernel(p, spn_kernels[k]->name, &err));
            for (int i = 0; i < 2 * columns; i++) {
                state[i] = 0.5f;
                n_pulses[i] = i % 2 == 0 ? 3 : -3;
            }
            spn_pulsed_set(p, state);
            spn_pulsed_write(p, n_pulses);
            spn_pulsed_get(p, state);
            for (int i = 0; i < 2 * columns; i++)
                ck_assert_double_eq_tol((double)state[i], i % 2 == 0 ? 0.53 : 0.47, 1e-6);
            spn_pulsed_destroy(p);
        }
}
END_TEST

/* Counted pulses, cell by cell: without noise the law's n pulses; with it their moments; counted.
 */
START_TEST(written_pulses_are_pulses)
{
    static float state[N_CELLS], want[N_CELLS];
    static int8_t n_pulses[N_CELLS];
    const struct noise noise = {0.3, 0.002};
    struct spn_rng rng = spn_rng_init(20250811, 5, 77);
    struct spn_device device = device_of(2.4, -4.88, 128);
    const struct spn_pulse_law law = spn_pulse_law(&device);
    struct spn_pulsed_config config = {
        .device = &device, .rows = 4, .columns = N_CELLS / 4, .max_vectors = 1, .n_threads = 2};
    struct spn_pulsed *p = create(&config);
    double total = 0;
    for (int i = 0; i < N_CELLS; i++) {
        n_pulses[i] = (int8_t)(i % 71 - 35); /* clipped at 31 */
        state[i] = 0.5f;
        total += fmin(abs(n_pulses[i]), 31);
    }
    spn_pulsed_set(p, state);
    spn_pulsed_write(p, n_pulses);
    spn_pulsed_get(p, state);
    for (int i = 0; i < N_CELLS; i += 13) {
        const double n = fmax(-31, fmin(n_pulses[i], 31));
        ck_assert_double_eq_tol((double)state[i], spn_pulse_apply(&law, 0.5, n), 1e-5);
    }
    ck_assert_double_eq(spn_pulsed_coincidences(p), total);
    spn_pulsed_destroy(p);
    config.step_noise_frac = noise.step;
    device.pulse.cycle_to_cycle_sd = noise.window;
    p = create(&config);
    for (int i = 0; i < N_CELLS; i++) {
        state[i] = 0.5f;
        n_pulses[i] = -9;
        want[i] = (float)pulse_by_pulse(&law, 0.5, -9, noise, &rng);
    }
    spn_pulsed_set(p, state);
    spn_pulsed_write(p, n_pulses);
    spn_pulsed_get(p, state);
    assert_alike(moments_of(state, N_CELLS), moments_of(want, N_CELLS), N_CELLS);
    spn_pulsed_destroy(p);
}
END_TEST

/* Closed form of the affine law, D = a (L - x): E = L + (x - L)(1 - a)^n, Var = (x - L)^2 ({(1 -
 * a)^2
 * + a^2 s^2}^n - (1 - a)^2n). Here a = 1 - e^(-1/A), L = B of D7. */
START_TEST(affine_moments_are_exact)
{
    static float state[N_CELLS];
    const int n = 20, levels = 64;
    const double x = 0.2, s = 0.5;
    const struct spn_device device = device_of(3, -3, levels);
    const struct spn_pulse_law law = spn_pulse_law(&device);
    const struct spn_pulsed_config config = {
        .device = &device, .rows = 1, .columns = N_CELLS, .step_noise_frac = s, .max_vectors = 1};
    struct spn_pulsed *p = create(&config);
    for (int i = 0; i < N_CELLS; i++)
        state[i] = (float)x;
    spn_pulsed_set(p, state);
    pulse_all(p, n);
    spn_pulsed_get(p, state);
    double a = -expm1(-1 / law.up_A), L = law.up_B, keep = 1 - a;
    double mean = L + (x - L) * pow(keep, n);
    double variance =
        (x - L) * (x - L) * (pow(keep * keep + a * a * s * s, n) - pow(keep * keep, n));
    struct moments m = moments_of(state, N_CELLS);
    ck_assert_double_lt(fabs(m.mean - mean), 5 * sqrt(variance / N_CELLS));
    ck_assert_double_lt(fabs(m.variance - variance), 5 * variance * sqrt(2.0 / N_CELLS));
    spn_pulsed_destroy(p);
}
END_TEST

/* Drawn trains, constant steps d with noise s: mean L p q d, variance L d^2 (p q (1 + s^2) - (p
 * q)^2); and cells of one row move together: covariance L d^2 p (1 - p) q^2. The pulses of each
 * slot are independent, so these are exact. */
START_TEST(drawn_trains_have_the_moments)
{
    enum { SIDE = 16, N_UPDATES = 3000, SLOTS = 31, LEVELS = 1000 };
    static float state[SIDE * SIDE];
    static float diagonal[N_UPDATES * SIDE];
    const struct spn_device device = device_of(0, 0, LEVELS);
    const double s = 0.3, d = 1.0 / LEVELS, p = 0.4, rate = SLOTS * p * p, n = SLOTS;
    const struct spn_pulsed_config config = {.device = &device,
                                             .rows = SIDE,
                                             .columns = SIDE,
                                             .step_noise_frac = s,
                                             .max_vectors = 1,
                                             .seed = 3};
    const struct spn_pulsed_trains trains = {SLOTS, false, rate};
    struct spn_pulsed *pulsed = create(&config);
    struct spn_err err;
    float u[SIDE], half[SIDE * SIDE];
    double together = 0;
    for (int i = 0; i < SIDE; i++)
        u[i] = i % 2 ? -1 : 1;
    for (int i = 0; i < SIDE * SIDE; i++)
        half[i] = 0.5f;
    const double move = n * p * p * d;
    for (int k = 0; k < N_UPDATES; k++) {
        spn_pulsed_set(pulsed, half);
        ck_assert_ok(spn_pulsed_update(pulsed, &trains, u, u, 1, &err));
        spn_pulsed_get(pulsed, state);
        for (int i = 0; i < SIDE; i++)
            diagonal[k * SIDE + i] = state[i * SIDE + i] - 0.5f;
        for (int i = 0; i < SIDE; i += 2) /* columns i and i + 2, of which both go up */
            together += ((double)state[i * SIDE + i] - 0.5 - move) *
                        ((double)state[i * SIDE + (i + 2) % SIDE] - 0.5 - move) /
                        (N_UPDATES * SIDE / 2.0);
    }
    struct moments m = moments_of(diagonal, N_UPDATES * SIDE);
    double variance = n * d * d * (p * p * (1 + s * s) - p * p * p * p);
    double covariance = n * d * d * p * (1 - p) * p * p, samples = N_UPDATES * SIDE;
    ck_assert_double_lt(fabs(m.mean - move), 5 * sqrt(variance / samples));
    ck_assert_double_lt(fabs(m.variance - variance), 5 * variance * sqrt(2 / samples));
    ck_assert_double_lt(fabs(together - covariance), 5 * variance * sqrt(2 / samples));
    ck_assert_rel(spn_pulsed_coincidences(pulsed) / N_UPDATES / SIDE / SIDE, n * p * p, 0.01);
    spn_pulsed_destroy(pulsed);
}
END_TEST

/* An S-shaped measured curve: G rises as (1 - cos pi p)/2 over 40 pulses, falls as an exponential.
 */
enum { N_CURVE = 41 };
static void fill_curve(double up[N_CURVE], double down[N_CURVE])
{
    for (int i = 0; i < N_CURVE; i++) {
        double p = (double)i / (N_CURVE - 1);
        up[i] = 2e-6 + 8e-6 * (0.3 * p + 0.35 * (1 - cos(3.14159265358979323846 * p)));
        down[i] = 2e-6 + 8e-6 * (exp(-3 * p) - exp(-3)) / (1 - exp(-3));
    }
}

/* n pulses from a measured point lead to the n-th next one, up to what 32 places resolve; and the
 * noise's variance is that of pulse by pulse along the measured points. */
START_TEST(measured_curves_are_followed)
{
    static float state[N_CELLS], want[N_CELLS];
    double up[N_CURVE], down[N_CURVE];
    const double s = 0.2;
    const struct spn_device device = device_of(0, 0, N_CURVE);
    fill_curve(up, down);
    const struct spn_pulsed_curve curve = {up, down, N_CURVE, N_CURVE};
    struct spn_pulsed_config config = {
        .device = &device, .curve = &curve, .rows = 1, .columns = N_CELLS, .max_vectors = 1};
    for (int direction = 1; direction >= -1; direction -= 2) {
        const double *at = direction > 0 ? up : down;
        for (int n = 1; n <= 16; n += 5) {
            struct spn_pulsed *p = create(&config);
            for (int i = 0; i < N_CELLS; i++)
                state[i] = (float)((at[i % (N_CURVE - 17)] - 2e-6) / 8e-6);
            spn_pulsed_set(p, state);
            pulse_all(p, direction * n);
            spn_pulsed_get(p, state);
            for (int i = 0; i < N_CURVE - 17; i++)
                ck_assert_double_eq_tol((double)state[i], (at[i + n] - 2e-6) / 8e-6, 0.004);
            spn_pulsed_destroy(p);
        }
    }
    config.step_noise_frac = s;
    struct spn_pulsed *p = create(&config);
    struct spn_rng rng = spn_rng_init(3, 5, 9);
    for (int i = 0; i < N_CELLS; i++)
        state[i] = (float)((up[10] - 2e-6) / 8e-6);
    spn_pulsed_set(p, state);
    pulse_all(p, 10);
    spn_pulsed_get(p, state);
    for (int i = 0; i < N_CELLS; i++) {
        double G = up[10];
        for (int k = 0; k < 10; k++) {
            int j = 0;
            while (j < N_CURVE - 2 && up[j + 1] <= G)
                j++;
            double t = (G - up[j]) / (up[j + 1] - up[j]);
            double next = j + 2 < N_CURVE ? up[j + 2] : 2 * up[j + 1] - up[j];
            double step = (1 - t) * (up[j + 1] - up[j]) + t * (next - up[j + 1]);
            G += step * (1 + s * spn_rng_normal(&rng));
        }
        want[i] = (float)((G - 2e-6) / 8e-6);
    }
    struct moments m = moments_of(state, N_CELLS), w = moments_of(want, N_CELLS);
    ck_assert_double_eq_tol(m.mean, w.mean, 0.004);
    ck_assert_rel(m.variance, w.variance, 0.05 + 5 * sqrt(4.0 / N_CELLS));
    spn_pulsed_destroy(p);
}
END_TEST

/* A noisy array with spread cells after some drawn updates. */
static void run(float *state, const char *kernel, int n_threads, bool curved)
{
    enum { ROWS = 37, COLUMNS = 50, VECTORS = 5 };
    struct spn_device device = device_of(1.5, -2, 50);
    double up[N_CURVE], down[N_CURVE];
    struct spn_rng rng = spn_rng_init(11, 5, 0);
    float u[VECTORS * ROWS], v[VECTORS * COLUMNS];
    struct spn_err err;
    fill_curve(up, down);
    const struct spn_pulsed_curve curve = {up, down, N_CURVE, N_CURVE};
    device.pulse.device_to_device_sd = 0.3;
    device.pulse.cycle_to_cycle_sd = 0.002;
    const struct spn_pulsed_config config = {.device = &device,
                                             .curve = curved ? &curve : NULL,
                                             .rows = ROWS,
                                             .columns = COLUMNS,
                                             .step_noise_frac = 0.2,
                                             .step_sd_frac = 0.1,
                                             .window_sd_frac = 0.05,
                                             .max_vectors = VECTORS,
                                             .n_threads = n_threads,
                                             .seed = 5,
                                             .layer = 2};
    const struct spn_pulsed_trains trains = {31, false, 4};
    struct spn_pulsed *p = create(&config);
    ck_assert_ok(spn_pulsed_select_kernel(p, kernel, &err));
    for (int k = 0; k < 4; k++) {
        spn_rng_normals(&rng, u, VECTORS * ROWS);
        spn_rng_normals(&rng, v, VECTORS * COLUMNS);
        u[3] = 0; /* a row without a pulse */
        ck_assert_ok(spn_pulsed_update(p, &trains, u, v, VECTORS, &err));
    }
    spn_pulsed_read(p, state);
    spn_pulsed_destroy(p);
}

START_TEST(kernels_and_threads_give_the_same_bits)
{
    static float want[37 * 50], got[37 * 50];
    for (int curved = 0; curved < 2; curved++) {
        run(want, "portable", 1, curved);
        double sum = 0;
        for (int i = 0; i < 37 * 50; i++)
            sum += (double)want[i];
        ck_assert_double_gt(sum, 100); /* cells have moved */
        for (size_t k = 0; spn_kernels[k] != NULL; k++) {
            if (!spn_kernels[k]->supported())
                continue;
            run(got, spn_kernels[k]->name, 1, curved);
            ck_assert_mem_eq(got, want, sizeof want);
        }
        run(got, NULL, 2, curved);
        ck_assert_mem_eq(got, want, sizeof want);
    }
}
END_TEST

/* Cells differ as told: windows by 5 % (top states read 1 +- 0.05), and curvature interpolated over
 * labels follows the law of the label drawn: with a mean label of 1 and no spread, exactly. */
START_TEST(cells_differ_as_told)
{
    static float state[N_CELLS];
    struct spn_device device = device_of(1, -1, 50);
    struct spn_pulsed_config config = {
        .device = &device, .rows = 1, .columns = N_CELLS, .window_sd_frac = 0.05, .max_vectors = 1};
    struct spn_pulsed *p = create(&config);
    for (int i = 0; i < N_CELLS; i++)
        state[i] = 1;
    spn_pulsed_set(p, state);
    spn_pulsed_read(p, state);
    struct moments m = moments_of(state, N_CELLS);
    ck_assert_double_lt(fabs(m.mean - 1), 5 * 0.05 / sqrt(N_CELLS));
    ck_assert_rel(sqrt(m.variance), 0.05, 5 * sqrt(0.5 / N_CELLS));
    spn_pulsed_destroy(p);

    /* First step from 0 is (1 - e^(-i/n))/(1 - e^-i), i = 1/a of the label; over labels 1 +- 0.2
     * its mean and spread against a direct solution for each of 20000 labels. */
    device.pulse.device_to_device_sd = 0.2;
    config.window_sd_frac = 0;
    p = create(&config);
    pulse_all(p, 1);
    spn_pulsed_get(p, state);
    struct spn_rng rng = spn_rng_init(8, 5, 1);
    static float direct[N_CELLS];
    for (int i = 0; i < N_CELLS; i++) {
        double inverse = 1 / spn_pulse_curvature(1 + 0.2 * spn_rng_normal(&rng));
        direct[i] = (float)(expm1(-inverse / 50) / expm1(-inverse));
    }
    assert_alike(moments_of(state, N_CELLS), moments_of(direct, N_CELLS), N_CELLS);
    spn_pulsed_destroy(p);
}
END_TEST

START_TEST(bad_input_is_named)
{
    struct spn_err err;
    struct spn_pulsed *p = NULL;
    const struct spn_device device = device_of(0, 0, 50);
    double up[] = {1, 2, 2}, down[] = {3, 2, 1};
    const struct spn_pulsed_curve curve = {up, down, 3, 3};
    struct spn_pulsed_config config = {
        .device = &device, .rows = 4, .columns = 4, .max_vectors = 2};
    const struct spn_pulsed_config good = config;
    config.rows = 0;
    ck_assert_fails(spn_pulsed_create(&p, &config, &err), SPN_EINPUT, "rows of a pulsed array = 0");
    config = good;
    config.step_noise_frac = NAN;
    ck_assert_fails(spn_pulsed_create(&p, &config, &err), SPN_EINPUT, "step_noise_frac = nan");
    config = good;
    config.curve = &curve;
    ck_assert_fails(spn_pulsed_create(&p, &config, &err), SPN_EINPUT,
                    "potentiation curve: point 2, 2, does not rise");
    p = create(&good);
    const float x[8] = {0};
    struct spn_pulsed_trains trains = {32, false, 1};
    ck_assert_fails(spn_pulsed_update(p, &trains, x, x, 1, &err), SPN_EUSAGE, "trains of 32 slots");
    trains.length = 31;
    ck_assert_fails(spn_pulsed_update(p, &trains, x, x, 3, &err), SPN_EUSAGE, "3 vectors");
    trains.rate = INFINITY;
    ck_assert_fails(spn_pulsed_update(p, &trains, x, x, 1, &err), SPN_EUSAGE, "rate = inf");
    ck_assert_fails(spn_pulsed_select_kernel(p, "abacus", &err), SPN_EUSAGE, "abacus");
    trains.rate = 1;
    ck_assert_ok(spn_pulsed_update(p, &trains, x, x, 2, &err)); /* all zero: nothing moves */
    ck_assert_double_eq(spn_pulsed_coincidences(p), 0);
    spn_pulsed_destroy(p);
    spn_pulsed_destroy(NULL);
}
END_TEST

Suite *spn_suite(void)
{
    Suite *suite = suite_create("pulsed");
    TCase *tests = tcase_create("pulsed");
    tcase_add_test(tests, deterministic_trains_meet_as_counted);
    tcase_add_test(tests, noise_free_jumps_follow_the_law);
    tcase_add_loop_test(tests, jumps_have_the_moments_of_pulses, 0, 3);
    tcase_add_test(tests, devices_bring_their_curves);
    tcase_add_test(tests, no_column_is_left_out);
    tcase_add_test(tests, written_pulses_are_pulses);
    tcase_add_test(tests, affine_moments_are_exact);
    tcase_add_test(tests, drawn_trains_have_the_moments);
    tcase_add_test(tests, measured_curves_are_followed);
    tcase_add_test(tests, kernels_and_threads_give_the_same_bits);
    tcase_add_test(tests, cells_differ_as_told);
    tcase_add_test(tests, bad_input_is_named);
    suite_add_tcase(suite, tests);
    return suite;
}
