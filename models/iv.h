/* iv.h -- current of a memory cell against its voltage.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_MODELS_IV_H
#define SPN_MODELS_IV_H

#include <stdbool.h>

#include "tech/device.h"

/* Current of a cell of 1 S at v >= 0 volt; any scale for a measured table, which is interpolated
 * between its points and from the origin, and goes on straight beyond its end. [M:D13] */
double spn_iv_current(const struct spn_device *device, double voltage_V);

/* Whether it is anything but a straight line. */
bool spn_iv_is_bent(const struct spn_device *device);

#endif
