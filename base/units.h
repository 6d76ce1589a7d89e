/* units.h -- SI numbers for people: "3.21 uJ", and unit factors at the report edge.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_BASE_UNITS_H
#define SPN_BASE_UNITS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SPN_M2_PER_UM2 1e-12
#define SPN_M2_PER_MM2 1e-6
#define SPN_K_AT_0_CELSIUS 273.15
#define SPN_ROOM_K 300.0                      /* where models and device data are stated */
#define SPN_BOLTZMANN_J_PER_K 1.380649e-23    /* exact, SI 2019 */
#define SPN_ELECTRON_CHARGE_C 1.602176634e-19 /* exact, SI 2019 */

/* Write `value` of SI unit `unit` with a metric prefix and `digits` significant digits into out,
 * e.g. (3.21e-6, "J", 3) -> "3.21 uJ". "m2" is scaled by squared prefixes (mm2 from 0.01 on,
 * um2). "" gives a plain number. */
void spn_units_format(char *out, size_t size, double value, const char *unit, int digits);

#ifdef __cplusplus
}
#endif

#endif
