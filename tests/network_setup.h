/* network_setup.h -- networks for tests: shipped ones, and ones made of a few layers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TESTS_NETWORK_SETUP_H
#define SPN_TESTS_NETWORK_SETUP_H

#include <stdio.h>

#include "check.h"
#include "networks/network.h"

static inline void path_of(char *out, size_t size, const char *name)
{
    const char *dir = getenv("SPINDLE_DATA");
    snprintf(out, size, "%s/networks/%s.json", dir && *dir ? dir : ".", name);
}

static inline struct spn_network *load(const char *name)
{
    char path[SPN_MAX_PATH];
    struct spn_err err;
    struct spn_network *net = NULL;
    path_of(path, sizeof path, name);
    ck_assert_ok(spn_network_load(&net, path, NULL, 0, &err));
    return net;
}

static inline enum spn_status parse(struct spn_network **net, const char *text, struct spn_err *err)
{
    return spn_network_parse(net, text, strlen(text), "net.json", err);
}

/* A network with the given input shape and layers. */
static inline enum spn_status parse_layers(struct spn_network **net, const char *shape,
                                           const char *layers, struct spn_err *err)
{
    char text[4096];
    snprintf(text, sizeof text,
             "{\"name\": \"n\", \"sequence\": 6, \"input\": {\"shape\": %s}, \"layers\": [%s]}",
             shape, layers);
    return parse(net, text, err);
}

static inline const struct spn_layer *layer(const struct spn_network *net, const char *name)
{
    int i = spn_network_find(net, name);
    ck_assert_msg(i >= 0, "%s has no layer %s", net->name, name);
    return &net->layer[i];
}

static inline void assert_shape(const struct spn_shape *shape, int n, int a, int b, int c)
{
    const int want[] = {a, b, c};
    ck_assert_int_eq(shape->n, n);
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(shape->dim[i], want[i]);
}

#endif
