/* simulated.h -- what was done to the arrays of a simulated chip: writing, repair, correction.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_SIMULATED_H
#define SPN_REPORTS_SIMULATED_H

#include "reports/report.h"
#include "simulator/simulator.h"

/* Tables "programming" (closed loop), "repair" (spare columns) and "correction" (IR drop), each
 * only if the chip has it. */
void spn_simulated_report(const struct spn_simulator *sim, struct spn_report *report);

#endif
