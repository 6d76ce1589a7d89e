/* lazy_setup.h -- the small space whose simulated accuracies tests look at.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TESTS_LAZY_SETUP_H
#define SPN_TESTS_LAZY_SETUP_H

#include "check.h"
#include "explorer/lazy.h"

/* 288 designs of MSNet in 24 classes: clock and bus width are nothing to the simulator. */
#define SPACE(objectives, more)                                                                    \
    "{\"name\": \"test\", \"network\": \"msnet\", \"chip\": \"ning2025\", \"scheme\": "            \
    "[\"external-index\", \"index-free\"], \"axes\": {\"array\": {\"set\": [\"chip.array.rows\", " \
    "\"chip.array.columns\"], \"values\": [16, 32, 64]}, \"chip.adc.bits\": [2, 3, 5, 8], "        \
    "\"chip.clock_Hz\": [2.5e8, 5e8, 1e9], \"chip.tile.bus_bit\": [32, 64, 128, 256]}, "           \
    "\"accuracy\": {\"images\": 100}, \"objectives\": [" objectives "]" more "}"
static const char text[] = SPACE("\"min energy_J\", \"min latency_s\", \"max accuracy\"", "");
enum { N_POINTS = 288, N_CLASSES = 24 };

static inline struct spn_space *load(const char *json)
{
    struct spn_err err;
    struct spn_space *space = NULL;
    ck_assert_ok(spn_space_parse(&space, json, strlen(json), "test.json", &err));
    return space;
}

#endif
