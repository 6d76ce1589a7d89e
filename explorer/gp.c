/* gp.c -- Gaussian process regression.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Predictions and marginal likelihood as in [rasmussen2006, algorithm 2.1, eqs. (2.25), (2.26),
 * (2.30)], its gradient by eq. (5.9), covariance by eq. (4.17) with nu = 5/2 [M:X7].
 */
#include "explorer/gp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multimin.h>

enum { MAX_PARAMETERS = SPN_GP_MAX_INPUTS + 2 };

/* Lognormal priors of the parameters, in standardised units: they only keep few data from drawing
 * the parameters to 0 or infinity. Assumed. */
#define PRIOR_LENGTH 0.5
#define PRIOR_AMPLITUDE 1.0
#define PRIOR_NOISE 0.02
#define PRIOR_LOG_SD 1.5
#define LEAST_VARIANCE 1e-8 /* on the diagonal: keeps equal points from making it singular */
#define FIRST_STEP 0.1      /* of the climb, in logarithms */
#define LINE_TOLERANCE 0.1  /* of its line searches; as GSL's manual advises for bfgs2 */
#define FLAT_GRADIENT 1e-3
#define FAILED 1e30 /* objective where the matrix is not positive definite */

struct spn_gp {
    int n_inputs, n, n_parameters;
    bool discrete[SPN_GP_MAX_INPUTS];
    double parameter[MAX_PARAMETERS]; /* logarithms: lengths, amplitude, noise */
    double *x, *z;                    /* [n][n_inputs]; standardised y */
    double mean, sd;                  /* of y */
    double log_likelihood;
    gsl_matrix *factor, *inverse; /* lower Cholesky factor of K */
    gsl_vector *alpha;            /* K^-1 z */
};

enum spn_status spn_gp_create(struct spn_gp **out, int n_inputs, const bool *discrete,
                              struct spn_err *err)
{
    if (n_inputs < 1 || n_inputs > SPN_GP_MAX_INPUTS)
        return spn_err_set(err, SPN_EUSAGE, "a Gaussian process of %d inputs, must be 1 to %d",
                           n_inputs, SPN_GP_MAX_INPUTS);
    struct spn_gp *gp = calloc(1, sizeof *gp);
    if (!gp)
        return spn_err_memory(err, "a Gaussian process");
    gp->n_inputs = n_inputs;
    gp->n_parameters = n_inputs + 2;
    for (int i = 0; i < n_inputs; i++) {
        gp->discrete[i] = discrete && discrete[i];
        gp->parameter[i] = log(PRIOR_LENGTH);
    }
    gp->parameter[n_inputs] = log(PRIOR_AMPLITUDE);
    gp->parameter[n_inputs + 1] = log(PRIOR_NOISE);
    *out = gp;
    return SPN_OK;
}

static void forget(struct spn_gp *gp)
{
    free(gp->x);
    free(gp->z);
    gsl_matrix_free(gp->factor);
    gsl_matrix_free(gp->inverse);
    gsl_vector_free(gp->alpha);
    gp->x = gp->z = NULL;
    gp->factor = gp->inverse = NULL;
    gp->alpha = NULL;
    gp->n = 0;
}

void spn_gp_destroy(struct spn_gp *gp)
{
    if (!gp)
        return;
    forget(gp);
    free(gp);
}

/* ---- covariance ---- */

/* Squared distances by input, in lengths; returns their sum. */
static double distances(const struct spn_gp *gp, const double *inverse_length, const double *a,
                        const double *b, double *square)
{
    double sum = 0;
    for (int i = 0; i < gp->n_inputs; i++) {
        double d = gp->discrete[i] ? a[i] != b[i] : a[i] - b[i];
        d *= inverse_length[i];
        square[i] = d * d;
        sum += square[i];
    }
    return sum;
}

/* Matern 5/2 at squared distance r2: (1 + s + s^2/3) exp(-s), s = sqrt(5 r2)
 * [rasmussen2006, eq. (4.17)]. *slope: -2 times its derivative by r2 = 5/3 (1 + s) exp(-s). */
static double matern(double r2, double *slope)
{
    double s = sqrt(5 * r2), e = exp(-s);
    *slope = 5.0 / 3 * (1 + s) * e;
    return (1 + s + s * s / 3) * e;
}

static void inverse_lengths(const struct spn_gp *gp, const double *parameter, double *out)
{
    for (int i = 0; i < gp->n_inputs; i++)
        out[i] = exp(-parameter[i]);
}

/* ---- likelihood ---- */

/* Factor of K and K^-1 z for these parameters; the log marginal likelihood, or -FAILED. */
static double condition(struct spn_gp *gp, const double *parameter)
{
    double inverse_length[SPN_GP_MAX_INPUTS], square[SPN_GP_MAX_INPUTS], slope;
    double amplitude2 = exp(2 * parameter[gp->n_inputs]),
           noise2 = exp(2 * parameter[gp->n_inputs + 1]);
    int n = gp->n;
    inverse_lengths(gp, parameter, inverse_length);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            double k = amplitude2 * matern(distances(gp, inverse_length, gp->x + i * gp->n_inputs,
                                                     gp->x + j * gp->n_inputs, square),
                                           &slope);
            gsl_matrix_set(gp->factor, (size_t)i, (size_t)j, k);
            gsl_matrix_set(gp->factor, (size_t)j, (size_t)i, k);
        }
        gsl_matrix_set(gp->factor, (size_t)i, (size_t)i, amplitude2 + noise2 + LEAST_VARIANCE);
    }
    if (gsl_linalg_cholesky_decomp1(gp->factor))
        return -FAILED;
    gsl_vector_const_view z = gsl_vector_const_view_array(gp->z, (size_t)n);
    if (gsl_linalg_cholesky_solve(gp->factor, &z.vector, gp->alpha))
        return -FAILED;
    double fit = 0, log_determinant = 0;
    for (int i = 0; i < n; i++) {
        fit += gp->z[i] * gsl_vector_get(gp->alpha, (size_t)i);
        log_determinant += 2 * log(gsl_matrix_get(gp->factor, (size_t)i, (size_t)i));
    }
    double value = -0.5 * (fit + log_determinant + n * log(2 * M_PI));
    return isfinite(value) ? value : -FAILED;
}

static double prior_median(const struct spn_gp *gp, int parameter)
{
    return parameter < gp->n_inputs    ? PRIOR_LENGTH
           : parameter == gp->n_inputs ? PRIOR_AMPLITUDE
                                       : PRIOR_NOISE;
}

/* Gradient of the log likelihood: 1/2 tr((alpha alpha' - K^-1) dK/dp) [rasmussen2006, eq. (5.9)].
 */
static bool slopes(struct spn_gp *gp, const double *parameter, double *gradient)
{
    double inverse_length[SPN_GP_MAX_INPUTS], square[SPN_GP_MAX_INPUTS], slope;
    double amplitude2 = exp(2 * parameter[gp->n_inputs]),
           noise2 = exp(2 * parameter[gp->n_inputs + 1]);
    memset(gradient, 0, (size_t)gp->n_parameters * sizeof *gradient);
    gsl_matrix_memcpy(gp->inverse, gp->factor);
    if (gsl_linalg_cholesky_invert(gp->inverse))
        return false;
    inverse_lengths(gp, parameter, inverse_length);
    for (int i = 0; i < gp->n; i++) {
        double a = gsl_vector_get(gp->alpha, (size_t)i);
        for (int j = 0; j < i; j++) { /* twice, as it is symmetric: no 1/2 */
            double w = a * gsl_vector_get(gp->alpha, (size_t)j) -
                       gsl_matrix_get(gp->inverse, (size_t)i, (size_t)j);
            double k = matern(distances(gp, inverse_length, gp->x + i * gp->n_inputs,
                                        gp->x + j * gp->n_inputs, square),
                              &slope);
            for (int p = 0; p < gp->n_inputs; p++)
                gradient[p] += w * amplitude2 * slope * square[p];
            gradient[gp->n_inputs] += w * 2 * amplitude2 * k;
        }
        double w = a * a - gsl_matrix_get(gp->inverse, (size_t)i, (size_t)i);
        gradient[gp->n_inputs] += w * amplitude2;
        gradient[gp->n_inputs + 1] += w * noise2;
    }
    return true;
}

double spn_gp_objective(struct spn_gp *gp, const double *parameter, double *gradient)
{
    double value = -condition(gp, parameter);
    bool good = value < FAILED && (!gradient || slopes(gp, parameter, gradient));
    if (!good) {
        for (int p = 0; gradient && p < gp->n_parameters; p++)
            gradient[p] = 0;
        return FAILED;
    }
    for (int p = 0; p < gp->n_parameters; p++) {
        double d = (parameter[p] - log(prior_median(gp, p))) / PRIOR_LOG_SD;
        value += 0.5 * d * d;
        if (gradient)
            gradient[p] = -gradient[p] + d / PRIOR_LOG_SD;
    }
    return value;
}

/* ---- the climb ---- */

static double only_value(const gsl_vector *p, void *gp)
{
    return spn_gp_objective(gp, p->data, NULL);
}

static void only_gradient(const gsl_vector *p, void *gp, gsl_vector *gradient)
{
    (void)spn_gp_objective(gp, p->data, gradient->data);
}

static void both(const gsl_vector *p, void *gp, double *value, gsl_vector *gradient)
{
    *value = spn_gp_objective(gp, p->data, gradient->data);
}

static enum spn_status climb(struct spn_gp *gp, int n_steps, struct spn_err *err)
{
    size_t n = (size_t)gp->n_parameters;
    gsl_multimin_function_fdf f = {only_value, only_gradient, both, n, gp};
    gsl_multimin_fdfminimizer *search =
        gsl_multimin_fdfminimizer_alloc(gsl_multimin_fdfminimizer_vector_bfgs2, n);
    if (!search)
        return spn_err_memory(err, "a Gaussian process");
    gsl_vector_const_view start = gsl_vector_const_view_array(gp->parameter, n);
    int code = gsl_multimin_fdfminimizer_set(search, &f, &start.vector, FIRST_STEP, LINE_TOLERANCE);
    for (int i = 0; i < n_steps && !code; i++) {
        code = gsl_multimin_fdfminimizer_iterate(search); /* GSL_ENOPROG at the top */
        if (!code && gsl_multimin_test_gradient(search->gradient, FLAT_GRADIENT) == GSL_SUCCESS)
            break;
    }
    const gsl_vector *best = gsl_multimin_fdfminimizer_x(search);
    bool finite = true;
    for (size_t i = 0; i < n; i++)
        finite = finite && isfinite(gsl_vector_get(best, i));
    for (size_t i = 0; finite && i < n; i++)
        gp->parameter[i] = gsl_vector_get(best, i);
    gsl_multimin_fdfminimizer_free(search);
    return SPN_OK;
}

static void standardise(struct spn_gp *gp, const double *y)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < gp->n; i++)
        sum += y[i];
    gp->mean = sum / gp->n;
    for (int i = 0; i < gp->n; i++)
        squares += (y[i] - gp->mean) * (y[i] - gp->mean);
    gp->sd = gp->n > 1 ? sqrt(squares / (gp->n - 1)) : 0;
    if (!(gp->sd > 0))
        gp->sd = 1;
    for (int i = 0; i < gp->n; i++)
        gp->z[i] = (y[i] - gp->mean) / gp->sd;
}

enum spn_status spn_gp_fit(struct spn_gp *gp, const double *x, const double *y, int n, int n_steps,
                           struct spn_err *err)
{
    if (n < 1 || n > SPN_GP_MAX_POINTS)
        return spn_err_set(err, SPN_EUSAGE, "a Gaussian process of %d points, must be 1 to %d", n,
                           SPN_GP_MAX_POINTS);
    size_t size = (size_t)n, n_x = size * (size_t)gp->n_inputs;
    forget(gp);
    gp->n = n;
    gp->x = malloc(n_x * sizeof *gp->x);
    gp->z = malloc(size * sizeof *gp->z);
    gp->factor = gsl_matrix_alloc(size, size);
    gp->inverse = gsl_matrix_alloc(size, size);
    gp->alpha = gsl_vector_alloc(size);
    if (!gp->x || !gp->z || !gp->factor || !gp->inverse || !gp->alpha) {
        forget(gp);
        return spn_err_memory(err, "a Gaussian process");
    }
    memcpy(gp->x, x, n_x * sizeof *x);
    standardise(gp, y);
    enum spn_status status = n_steps > 0 ? climb(gp, n_steps, err) : SPN_OK;
    if (!status)
        gp->log_likelihood = condition(gp, gp->parameter);
    if (!status && gp->log_likelihood <= -FAILED)
        status = spn_err_set(err, SPN_EINTERNAL,
                             "a Gaussian process of %d points has no positive definite matrix", n);
    return status;
}

/* ---- answers ---- */

void spn_gp_predict(const struct spn_gp *gp, const double *x, double *scratch, double *mean,
                    double *sd)
{
    double inverse_length[SPN_GP_MAX_INPUTS], square[SPN_GP_MAX_INPUTS], slope;
    double amplitude2 = exp(2 * gp->parameter[gp->n_inputs]), m = 0, explained = 0;
    inverse_lengths(gp, gp->parameter, inverse_length);
    for (int i = 0; i < gp->n; i++) { /* scratch = L^-1 k, row by row */
        double k =
            amplitude2 *
            matern(distances(gp, inverse_length, gp->x + i * gp->n_inputs, x, square), &slope);
        const double *row = gsl_matrix_const_ptr(gp->factor, (size_t)i, 0);
        m += k * gsl_vector_get(gp->alpha, (size_t)i);
        for (int j = 0; j < i; j++)
            k -= row[j] * scratch[j];
        scratch[i] = k / row[i];
        explained += scratch[i] * scratch[i];
    }
    *mean = gp->mean + gp->sd * m;
    *sd = gp->sd * sqrt(fmax(0, amplitude2 - explained));
}

double spn_gp_length(const struct spn_gp *gp, int input)
{
    return exp(gp->parameter[input]);
}

double spn_gp_noise(const struct spn_gp *gp)
{
    return gp->sd * exp(gp->parameter[gp->n_inputs + 1]);
}

double spn_gp_log_likelihood(const struct spn_gp *gp)
{
    return gp->log_likelihood;
}
