/* neurosim_blocks.h -- NeuroSim's blocks, node by node, from the reference data.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_TESTS_NEUROSIM_BLOCKS_H
#define SPN_TESTS_NEUROSIM_BLOCKS_H

#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "tech/node.h"
#include "tests/check.h"

static inline double golden(struct spn_json_at blocks, const char *block, const char *key)
{
    double value = NAN;
    struct spn_json_at at = spn_json_get(&blocks, block);
    at = spn_json_get(&at, key);
    ck_assert_msg(spn_json_number(&at, &value), "%s.%s", block, key);
    return value;
}

/* How many nodes there are; *doc stays NULL and there are none without reference data. */
static inline size_t golden_load(struct spn_json **doc)
{
    char path[SPN_MAX_PATH];
    struct spn_err err;
    if (!spn_test_data())
        return 0;
    snprintf(path, sizeof path, "%s/golden/neurosim/blocks.json", spn_test_data());
    ck_assert_ok(spn_json_load(doc, path, &err));
    struct spn_json_at root = spn_json_root(*doc);
    ck_assert_uint_eq(spn_json_size(&root), 6);
    return spn_json_size(&root);
}

/* The blocks of the i-th, and the node that they are of. */
static inline struct spn_json_at golden_blocks(const struct spn_json *doc, size_t i,
                                               struct spn_node *node)
{
    struct spn_err err;
    struct spn_json_at root = spn_json_root(doc), point = spn_json_item(&root, i);
    struct spn_json_at at = spn_json_get(&point, "technode");
    double nm = 0;
    char name[32];
    ck_assert(spn_json_number(&at, &nm));
    snprintf(name, sizeof name, "%dnm-lstp", (int)nm);
    ck_assert_ok(spn_node_load(node, name, &err));
    return spn_json_get(&point, "blocks");
}

#endif
