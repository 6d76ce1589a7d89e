/* pareto.h -- the exact set of designs that no other design beats, kept up to date point by point;
 * and its hypervolume.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All values are minimised (negate what is to be maximised). a dominates b if it is nowhere larger
 * and somewhere smaller [deb2002nsga2]. Of designs with equal values the one with the lowest number
 * is kept, so that the front does not depend on the order of insertion.
 */
#ifndef SPN_EXPLORER_PARETO_H
#define SPN_EXPLORER_PARETO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { SPN_FRONT_MAX_OBJECTIVES = 8 };

struct spn_front_item {
    int64_t number;
    double value[SPN_FRONT_MAX_OBJECTIVES];
};

struct spn_front;

enum spn_status spn_front_create(struct spn_front **front, int n_objectives, struct spn_err *err);
void spn_front_destroy(struct spn_front *front);
/* *kept (may be NULL): the point belongs to the front as of now. SPN_EUSAGE if a value is not
 * finite. */
enum spn_status spn_front_add(struct spn_front *front, const struct spn_front_item *item,
                              bool *kept, struct spn_err *err);
/* Add all of `from`. */
enum spn_status spn_front_merge(struct spn_front *front, const struct spn_front *from,
                                struct spn_err *err);
size_t spn_front_size(const struct spn_front *front);
/* Copy to out[spn_front_size()], sorted by number. */
int spn_front_n_objectives(const struct spn_front *front);
void spn_front_items(const struct spn_front *front, struct spn_front_item *out);

/* The volume between the items and the reference point that they dominate [while2012wfg]; items
 * that do not dominate the reference add nothing. SPN_EINTERNAL if memory runs out. */
enum spn_status spn_hypervolume(double *volume, const struct spn_front_item *items, size_t n,
                                int n_objectives, const double *reference, struct spn_err *err);

/* How much one more point would add, for many points and one front; one scratch per thread. */
struct spn_gain;
enum spn_status spn_gain_create(struct spn_gain **gain, const struct spn_front_item *items,
                                size_t n, int n_objectives, const double *reference,
                                struct spn_err *err);
void spn_gain_destroy(struct spn_gain *gain);
/* 0 for a point that is dominated or does not dominate the reference; -1 if memory runs out. */
double spn_gain_of(struct spn_gain *gain, const double *value);

/* What share of `all`'s hypervolume `some` has [M:X11], over the box from the best to the worst
 * corner of `all`, widened at the worst by a tenth (of its side; of the value itself where that is
 * 0): 1 if `some` holds all of `all`. */
enum spn_status spn_hypervolume_share(double *share, const struct spn_front *all,
                                      const struct spn_front *some, struct spn_err *err);

#endif
