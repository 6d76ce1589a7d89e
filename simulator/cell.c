/* cell.c -- what one memory cell conducts after programming.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A cell of level d of L aims at g = g0 + d / L, g0 = Goff / (Gon - Goff) with finite on/off ratio
 * and 0 without [M:S2]. Programming error: g + sd N(0,1), not below 0 [M:S3], or what a closed loop
 * leaves, at the same quantile [M:D20]. Stuck cells hold g0
 * or g0 + 1. An index-free cell stands in series with its mask transistor: g gs / (g + gs) [M:S4],
 * gs its on or its off conductance; cells that are programmed with verify are programmed through
 * the transistor, so that a kept cell shows what it aims at.
 */
#include "simulator/cell.h"

#include <math.h>

static bool has(const struct spn_core_config *config, unsigned error)
{
    return (config->errors & error) != 0;
}

static uint32_t threshold(double fraction)
{
    return fraction >= 1 ? UINT32_MAX : (uint32_t)(fraction * 4294967296.0);
}

static double series(double g, double gs)
{
    return g + gs > 0 ? g * gs / (g + gs) : 0;
}

static void set_programming(struct spn_cell_model *m, const struct spn_core_config *config)
{
    m->sd = config->chip->device.programming_sd_frac;
    if (config->programming == NULL)
        return;
    m->sd = spn_programming_rms(config->programming);
    m->programming = m->sd > 0 ? config->programming : NULL;
}

struct spn_cell_model spn_cell_model(const struct spn_core_config *config, bool index_free)
{
    const struct spn_device *device = &config->chip->device;
    double window = device->on_conductance_S - device->off_conductance_S;
    struct spn_cell_model m = {.gain = 1};
    if (!(window > 0))
        return m; /* a digital cell: levels without conductances */
    if (has(config, SPN_ERROR_ON_OFF))
        m.g0 = device->off_conductance_S / window;
    if (has(config, SPN_ERROR_FLUCTUATION))
        set_programming(&m, config);
    if (has(config, SPN_ERROR_DEFECTS)) {
        m.stuck_on = threshold(device->stuck_on_frac);
        m.stuck_off = threshold(device->stuck_on_frac + device->stuck_off_frac);
        m.mask_failed = index_free ? threshold(device->mask.failure_frac) : 0;
        m.defects = m.stuck_off > 0 || m.mask_failed > 0;
    }
    if (index_free && has(config, SPN_ERROR_ON_OFF)) {
        m.mask_off = device->mask.off_conductance_S / window;
        if (!config->chip->write.verify && device->mask.on_conductance_S > 0) {
            m.mask_on = device->mask.on_conductance_S / window;
            m.gain = series(m.g0 + 1, m.mask_on) - series(m.g0, m.mask_on);
        }
    }
    return m;
}

struct spn_cell_state spn_cell_program(const struct spn_cell_model *m, double level_frac, double z,
                                       const uint32_t *words, bool kept)
{
    double error =
        m->programming != NULL ? spn_programming_error(m->programming, level_frac, z) : m->sd * z;
    double g = fmax(0, m->g0 + level_frac + error);
    if (m->defects) {
        if (words[0] < m->stuck_on)
            g = m->g0 + 1;
        else if (words[0] < m->stuck_off)
            g = m->g0;
        kept = kept || words[1] < m->mask_failed;
    }
    double gs = kept ? m->mask_on : m->mask_off;
    if (gs > 0) {
        double slope = gs / (g + gs) * (gs / (g + gs));
        return (struct spn_cell_state){series(g, gs) / m->gain,
                                       slope * slope / (m->gain * m->gain)};
    }
    return kept ? (struct spn_cell_state){g / m->gain, 1} : (struct spn_cell_state){0, 0};
}

double spn_cell_aim(const struct spn_cell_model *m, double g)
{
    double seen = g * m->gain, gs = m->mask_on;
    return (gs > 0 ? seen * gs / (gs - seen) : seen) - m->g0;
}
