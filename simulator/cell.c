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

#include "models/variation.h"
#include "simulator/defects.h"

/* Where devices are described; as tech/chip.c. */
#define ROOM_TEMPERATURE_K 300.0
/* Cells that drift up by more are cut off; more of them would cost the others resolution. */
#define DRIFT_BOUND 4

enum { N_CHECKED = 32 };

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

/* Seven standard deviations: |z| of the generator stays below 6.4. */
static const double normal_bound = 7;

/* The largest conductance that is held exactly; drift and temperature may take a cell up, too. */
static double largest(const struct spn_cell_model *m, const struct spn_core_config *config)
{
    double most = 0, grown = 1, warm = 1;
    for (int i = 0; i <= N_CHECKED; i++) {
        double level = (double)i / N_CHECKED;
        struct spn_variation_drift d = spn_variation_drift(m->device, level);
        double sd = m->by_state ? spn_variation_write_sd(m->device, level) : m->sd;
        double mean = m->by_state ? fabs(spn_variation_write_mean(m->device, level)) : 0;
        most = fmax(most, level + mean + normal_bound * hypot(sd, m->device_sd));
        if (m->age > 1)
            grown = fmax(grown, spn_variation_drift_factor(m->age, d.nu - DRIFT_BOUND * d.nu_sd));
        if (m->temperature_K > 0)
            warm = fmax(warm, spn_variation_temperature_factor(m->device, level, m->temperature_K));
    }
    if (m->programming != NULL && config->programming->max_error_frac + 1 > most)
        most = 1 + config->programming->max_error_frac;
    return (m->g0 + most) * grown * warm;
}

/* Class fluctuation: errors of writing, differences between cells, drift, temperature. */
static void set_fluctuation(struct spn_cell_model *m, const struct spn_core_config *config)
{
    const struct spn_device *device = &config->chip->device;
    const double T = config->chip->temperature_K;
    m->sd = device->programming_sd_frac;
    m->device_sd = device->device_to_device_sd_frac;
    if (config->programming != NULL) { /* the closed loop has seen what cells differ by */
        m->sd = spn_programming_rms(config->programming);
        m->programming = m->sd > 0 ? config->programming : NULL;
        m->device_sd = 0;
    } else {
        m->by_state = device->programming_sd_rel > 0 || device->states.n_programming_sd > 0 ||
                      device->states.n_programming_mean > 0;
    }
    if (config->time_s > 0)
        m->age = spn_variation_age(device, config->time_s, T > 0 ? T : ROOM_TEMPERATURE_K);
    if (T > 0 && T != ROOM_TEMPERATURE_K &&
        (device->on_temperature_per_K != 0 || device->off_temperature_per_K != 0))
        m->temperature_K = T;
}

static bool lines_break(const struct spn_core_config *config)
{
    const struct spn_chip_array *array = &config->chip->array;
    return array->dead_row_frac > 0 || array->dead_column_frac > 0 || config->defects != NULL;
}

struct spn_cell_model spn_cell_model(const struct spn_core_config *config, bool index_free)
{
    const struct spn_device *device = &config->chip->device;
    double window = device->on_conductance_S - device->off_conductance_S;
    struct spn_cell_model m = {.gain = 1, .age = 1, .g_max = 1, .device = device};
    if (!(window > 0))
        return m; /* a digital cell: levels without conductances */
    if (has(config, SPN_ERROR_ON_OFF))
        m.g0 = device->off_conductance_S / window;
    if (has(config, SPN_ERROR_FLUCTUATION))
        set_fluctuation(&m, config);
    if (has(config, SPN_ERROR_DEFECTS)) {
        m.stuck_on = threshold(device->stuck_on_frac);
        m.stuck_off = threshold(device->stuck_on_frac + device->stuck_off_frac);
        m.mask_failed = index_free ? threshold(device->mask.failure_frac) : 0;
        m.defects = m.stuck_off > 0 || m.mask_failed > 0 || lines_break(config);
    }
    if (index_free && has(config, SPN_ERROR_ON_OFF)) {
        m.mask_off = device->mask.off_conductance_S / window;
        if (!config->chip->write.verify && device->mask.on_conductance_S > 0) {
            m.mask_on = device->mask.on_conductance_S / window;
            m.gain = series(m.g0 + 1, m.mask_on) - series(m.g0, m.mask_on);
        }
    }
    if (has(config, SPN_ERROR_FLUCTUATION) && m.mask_off + m.mask_on > 0)
        m.mask_sd = device->mask.conductance_sd_ln;
    m.g_max = largest(&m, config);
    return m;
}

struct spn_cell_model spn_cell_ideal(const struct spn_cell_model *m)
{
    struct spn_cell_model ideal = *m;
    ideal.sd = ideal.device_sd = ideal.mask_sd = ideal.temperature_K = 0;
    ideal.by_state = ideal.defects = false;
    ideal.age = 1;
    ideal.programming = NULL;
    return ideal;
}

bool spn_cell_is_exact(const struct spn_cell_model *m)
{
    return !(m->sd > 0) && !(m->device_sd > 0) && !m->by_state && !m->defects && !(m->age > 1) &&
           !(m->temperature_K > 0);
}

/* [M:S3], [M:S3b] */
static double written(const struct spn_cell_model *m, double level_frac,
                      const struct spn_cell_draw *draw)
{
    double error = m->sd * draw->write;
    if (m->programming != NULL)
        error = spn_programming_error(m->programming, level_frac, draw->write);
    else if (m->by_state)
        error = spn_variation_write_mean(m->device, level_frac) +
                spn_variation_write_sd(m->device, level_frac) * draw->write;
    double g = fmax(0, m->g0 + level_frac + error + m->device_sd * draw->device);
    if (m->age > 1) {
        struct spn_variation_drift d = spn_variation_drift(m->device, level_frac);
        g *= spn_variation_drift_factor(m->age, d.nu + d.nu_sd * draw->drift);
    }
    if (m->temperature_K > 0)
        g *= spn_variation_temperature_factor(m->device, level_frac, m->temperature_K);
    return fmin(g, m->g_max);
}

struct spn_cell_state spn_cell_program(const struct spn_cell_model *m, double level_frac, double z,
                                       const uint32_t *words, bool kept)
{
    return spn_cell_draw(m, level_frac, &(struct spn_cell_draw){.write = z}, words, kept);
}

struct spn_cell_state spn_cell_draw(const struct spn_cell_model *m, double level_frac,
                                    const struct spn_cell_draw *draw, const uint32_t *words,
                                    bool kept)
{
    double g = written(m, level_frac, draw);
    if (m->defects) {
        if (words[3] == SPN_DEFECT_OPEN)
            return (struct spn_cell_state){0, 0};
        if (words[0] < m->stuck_on || words[3] == SPN_DEFECT_ON)
            g = m->g0 + 1;
        else if (words[0] < m->stuck_off || words[3] == SPN_DEFECT_OFF)
            g = m->g0;
        kept = kept || words[1] < m->mask_failed;
    }
    double gs = kept ? m->mask_on : m->mask_off;
    if (m->mask_sd > 0)
        gs *= exp(m->mask_sd * draw->mask);
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
