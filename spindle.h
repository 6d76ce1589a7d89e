/* spindle.h -- version of the library, and an index of its public headers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tech/chip.h            load a chip with its node.h, device.h and DRAM; data.h: find shipped files
 * networks/network.h     load a network; profile.h, weights.h, dataset.h: what goes with it
 * models/component.h     one block: area, leakage, energy and latency per action
 * estimator/estimate.h   cost of a network on a chip
 * simulator/simulator.h  accuracy of a network on a chip; core.h: one product; train.h: training
 * reports/report.h       tables as text, TSV, JSON and Markdown
 * base/err.h             status codes and messages; json.h, parallel.h, progress.h, rng.h, text.h
 *
 * docs/example.c is a whole program. Compile with the flags of `pkg-config --cflags --libs
 * spindle`.
 */
#ifndef SPINDLE_H
#define SPINDLE_H

#define SPN_VERSION "0.1.0"

#endif
