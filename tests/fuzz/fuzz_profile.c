/* fuzz_profile.c -- any bytes as a file of value distributions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <stdint.h>
#include <string.h>

#include "networks/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char text[] =
        "{\"name\": \"n\", \"input\": {\"shape\": [4]}, \"layers\": [{\"name\": \"fc\", \"op\": "
        "\"linear\", \"features\": 2}]}";
    struct spn_network *net = NULL;
    struct spn_profile profile;
    struct spn_err err;
    if (spn_network_parse(&net, text, sizeof text - 1, "n", &err) != SPN_OK)
        __builtin_trap();
    if (spn_profile_parse(&profile, net, (const char *)data, size, "fuzz.json", &err) == SPN_OK) {
        double weight[SPN_PROFILE_BINS];
        if (!(spn_profile_seen(&profile.layer[0], 8, 0, 1, weight) >= 0))
            __builtin_trap();
        spn_profile_clear(&profile);
    }
    spn_network_destroy(net);
    return 0;
}
