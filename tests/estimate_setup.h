/* estimate_setup.h -- a network on a chip, ready to be estimated; shared by check_estimate.c and
 * check_training.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TESTS_ESTIMATE_SETUP_H
#define SPN_TESTS_ESTIMATE_SETUP_H

#include <stdio.h>

#include "check.h"
#include "estimator/estimate.h"

struct setup {
    struct spn_network *net;
    struct spn_profile profile;
    struct spn_plan *plan;
    struct spn_workspace *work;
    struct spn_chip chip;
    struct spn_result result;
};

static inline void setup_open(struct setup *s, const char *network, const char *chip)
{
    struct spn_err err;
    const char *srcdir = getenv("srcdir");
    char path[SPN_MAX_PATH];

    memset(s, 0, sizeof *s);
    srcdir = srcdir ? srcdir : ".";
    setenv("SPINDLE_DATA", srcdir, 0);
    snprintf(path, sizeof path, "%s/networks/%s.json", srcdir, network);
    ck_assert_ok(spn_network_load(&s->net, path, NULL, 0, &err));
    ck_assert_ok(spn_profile_default(&s->profile, s->net, &err));
    ck_assert_ok(spn_plan_create(&s->plan, s->net, &s->profile, &err));
    ck_assert_ok(spn_workspace_create(&s->work, s->plan, &err));
    ck_assert_ok(spn_chip_load(&s->chip, chip, NULL, 0, &err));
}

static inline const struct spn_result *setup_run(struct setup *s, int scheme, bool training)
{
    struct spn_err err;
    const struct spn_estimate_options options = {.scheme = scheme, .training = training};

    ck_assert_ok(spn_estimate(s->plan, &s->chip, &options, s->work, &s->result, &err));
    return &s->result;
}

static inline void setup_close(struct setup *s)
{
    spn_workspace_destroy(s->work);
    spn_plan_destroy(s->plan);
    spn_profile_clear(&s->profile);
    spn_network_destroy(s->net);
}

/* Number of actions of the leaves of a component, layer and phase. */
static inline double setup_actions(const struct spn_result *r, const char *layer,
                                   const char *component, int phase)
{
    double n = 0;

    for (int i = 0; i < r->n_leaves; i++)
        if (r->leaf[i].layer == spn_network_find(r->net, layer) &&
            strcmp(r->leaf[i].component, component) == 0 && (int)r->leaf[i].phase == phase)
            n += r->leaf[i].n_actions;
    return n;
}

#endif
