/* wire.c -- wires of a node: resistance, capacitance, Elmore delay, repeaters.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Equations G9-G12 of docs/MODELS.md.
 */
#include "models/wire.h"

#include <math.h>

#include "models/gate.h"

#define LN2 0.69314718055994530942
/* Half-swing delay of a distributed RC line driven by a step: 0.377 R C [bakoglu1990]. */
#define DISTRIBUTED_HALF_SWING 0.377

/* [M:G9] R = r l / m^2, C = c l. */
struct spn_wire spn_wire_wide(const struct spn_env *env, double length_m, double multiple)
{
    return (struct spn_wire){.length_m = length_m,
                             .ohm = env->node->wire_ohm_per_m * length_m / (multiple * multiple),
                             .F = env->node->wire_F_per_m * length_m};
}

struct spn_wire spn_wire_local(const struct spn_env *env, double length_m)
{
    return spn_wire_wide(env, length_m, 1);
}

double spn_wire_multiple(const struct spn_env *env, double length_m)
{
    const double intermediate_F = 1e4, global_F = 1e5; /* in feature sizes [neurosim14] */
    const double length_F = length_m / env->node->feature_size_m;
    return length_F < intermediate_F ? 1 : length_F < global_F ? 2 : 4;
}

/* [M:G10] */
double spn_wire_elmore_s(double driver_ohm, struct spn_wire wire, double load_F)
{
    return driver_ohm * (wire.F + load_F) + wire.ohm * (wire.F / 2 + load_F);
}

/* [M:G11] */
double spn_wire_delay_s(double driver_ohm, struct spn_wire wire, double load_F)
{
    return LN2 * driver_ohm * (wire.F + load_F) +
           wire.ohm * (DISTRIBUTED_HALF_SWING * wire.F + LN2 * load_F);
}

struct repeater { /* of the smallest inverter */
    double ohm, input_F, output_F;
    double wire_ohm_per_m, wire_F_per_m;
};

/* One segment of length l with a repeater `size` times the smallest; [M:G11] per metre. */
static double delay_s_per_m(const struct repeater *r, double size, double l)
{
    const double drive = LN2 * r->ohm * (r->input_F + r->output_F + r->wire_F_per_m * l / size);
    const double wire = r->wire_ohm_per_m * l *
                        (DISTRIBUTED_HALF_SWING * r->wire_F_per_m * l + LN2 * size * r->input_F);
    return (drive + wire) / l;
}

/* [M:G12] Fastest: size = sqrt(R Cw/(Cin Rw)), spacing = sqrt(2 R (Cin + Cout)/(Rw Cw)), the
 * derivatives of the segment's delay set to 0 (Elmore form). Then smaller and farther apart until
 * the tolerated delay is used up. */
struct spn_repeated_wire spn_wire_repeated(const struct spn_env *env, double multiple,
                                           double tolerance_frac)
{
    const struct spn_gate inv = spn_gate_min_inverter(env);
    const struct repeater r = {.ohm = (inv.pull_down_ohm + inv.pull_up_ohm) / 2,
                               .input_F = inv.input_F,
                               .output_F = inv.output_F,
                               .wire_ohm_per_m = env->node->wire_ohm_per_m / (multiple * multiple),
                               .wire_F_per_m = env->node->wire_F_per_m};
    double size = sqrt(r.ohm * r.wire_F_per_m / (r.input_F * r.wire_ohm_per_m));
    double spacing =
        sqrt(2 * r.ohm * (r.input_F + r.output_F) / (r.wire_ohm_per_m * r.wire_F_per_m));
    if (size < 1)
        size = 1;
    double delay = delay_s_per_m(&r, size, spacing);
    const double limit = delay * (1 + tolerance_frac);
    const double step = 0.95; /* of size, and 1/step of spacing: the search's resolution */
    for (;;) {
        const double smaller = size * step > 1 ? size * step : 1;
        const double d = delay_s_per_m(&r, smaller, spacing / step);
        if (!(d <= limit) || !(tolerance_frac > 0))
            break;
        size = smaller;
        spacing /= step;
        delay = d;
    }
    const double width_m = size * spn_gate_min_width_m(env);
    const struct spn_gate g = spn_gate_inverter(env, width_m, width_m * env->node->pn_ratio);
    const double vdd_V = env->node->vdd_V;
    return (struct spn_repeated_wire){
        .delay_s_per_m = delay,
        .energy_J_per_m =
            spn_gate_cycle_J(r.wire_F_per_m + size * (r.input_F + r.output_F) / spacing, vdd_V) / 2,
        .area_m2_per_m = g.area_m2 / spacing,
        .leakage_W_per_m = g.leakage_W / spacing,
        .spacing_m = spacing,
        .repeater_width_m = width_m};
}
