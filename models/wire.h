/* wire.h -- wires of a node: resistance, capacitance, Elmore delay, repeaters.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_WIRE_H
#define SPN_MODELS_WIRE_H

#include "models/component.h"

struct spn_wire {
    double length_m, ohm, F;
};

/* A local wire of minimum width; wide: `multiple` times as wide and as thick, so 1/multiple^2 the
 * resistance, and the same capacitance, as all its dimensions scale alike. [M:G9] */
struct spn_wire spn_wire_local(const struct spn_env *env, double length_m);
struct spn_wire spn_wire_wide(const struct spn_env *env, double length_m, double multiple);
/* The multiple a wire of this length is given: 1, 2 from 1e4 F on, 4 from 1e5 F on. [neurosim14] */
double spn_wire_multiple(const struct spn_env *env, double length_m);

/* Elmore time constant at the far end of a distributed wire: Rd (Cw + Cl) + Rw (Cw/2 + Cl).
 * [elmore1948; M:G10] */
double spn_wire_elmore_s(double driver_ohm, struct spn_wire wire, double load_F);
/* Delay to half swing: 0.69 Rd (Cw + Cl) + Rw (0.38 Cw + 0.69 Cl). [bakoglu1990; M:G11] */
double spn_wire_delay_s(double driver_ohm, struct spn_wire wire, double load_F);

/* A long wire with repeaters, per metre and bit; one toggle costs energy_J_per_m. [bakoglu1990;
 * M:G12] */
struct spn_repeated_wire {
    double delay_s_per_m;
    double energy_J_per_m; /* per toggle (one edge) of one bit */
    double area_m2_per_m;  /* of the repeaters */
    double leakage_W_per_m;
    double spacing_m, repeater_width_m; /* NMOS width */
};
/* tolerance_frac: how much slower than the fastest it may be to save energy (0.1 as in NeuroSim; 0
 * = fastest). */
struct spn_repeated_wire spn_wire_repeated(const struct spn_env *env, double multiple,
                                           double tolerance_frac);

#endif
