/* gp.h -- a Gaussian process: predicts a function from a few of its values, and says how surely.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *     spn_gp_create(&gp, 3, discrete, err);
 *     spn_gp_fit(gp, x, y, 20, 40, err);                 // length scales by marginal likelihood
 *     spn_gp_predict(gp, at, scratch, &mean, &sd);       // from any thread
 *     spn_gp_destroy(gp);
 *
 * Matern 5/2 covariance with a length scale per input and noise [M:X7]. Linear algebra is GSL's.
 */
#ifndef SPN_EXPLORER_GP_H
#define SPN_EXPLORER_GP_H

#include <stdbool.h>

#include "base/err.h"

enum { SPN_GP_MAX_INPUTS = 24, SPN_GP_MAX_POINTS = 2000 };

struct spn_gp;

/* discrete[n_inputs]: values of that input are equal or not, without order; NULL: none is. */
enum spn_status spn_gp_create(struct spn_gp **gp, int n_inputs, const bool *discrete,
                              struct spn_err *err);
void spn_gp_destroy(struct spn_gp *gp);

/* Condition on y[n] at x[n][n_inputs], both finite and copied. The length scales, amplitude and
 * noise go n_steps steps (0: none) uphill in posterior density from where they stand. SPN_EUSAGE
 * for n outside [1, SPN_GP_MAX_POINTS]; SPN_EINTERNAL if memory runs out. */
enum spn_status spn_gp_fit(struct spn_gp *gp, const double *x, const double *y, int n, int n_steps,
                           struct spn_err *err);

/* Mean and standard deviation of the function (without noise) at x[n_inputs]; scratch[n] doubles
 * of the caller. */
void spn_gp_predict(const struct spn_gp *gp, const double *x, double *scratch, double *mean,
                    double *sd);

double spn_gp_length(const struct spn_gp *gp, int input); /* in units of the input */
double spn_gp_noise(const struct spn_gp *gp);             /* standard deviation, in units of y */
/* Natural logarithm of the marginal likelihood of the standardised y, without the prior on the
 * parameters. */
double spn_gp_log_likelihood(const struct spn_gp *gp);

/* For tests: the negative log posterior of the parameters (n_inputs logarithms of lengths, of the
 * amplitude and of the noise) given the data of the last fit, and its gradient. */
double spn_gp_objective(struct spn_gp *gp, const double *parameters, double *gradient);

#endif
