/* spindle.h -- version of the library, and an index of its public headers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tech/chip.h       load a chip with its node, device and DRAM
 * networks/network.h, weights.h, dataset.h, profile.h   load a network and what goes with it
 * estimator/estimate.h   cost of a network on a chip
 * simulator/simulator.h  accuracy of a network on a chip
 * reports/report.h       tables
 */
#ifndef SPINDLE_H
#define SPINDLE_H

#define SPN_VERSION "0.1.0"

#endif
