/* simulate.h -- what spindle simulate is asked for, and its studies over errors and axes.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_CLI_SIMULATE_H
#define SPN_CLI_SIMULATE_H

#include "cli/cmd.h"
#include "networks/weights.h"
#include "reports/accuracy.h"
#include "simulator/chips.h"
#include "simulator/defects.h"

enum { SPN_SIMULATE_MAX_POINTS = 64, SPN_SIMULATE_MAX_AXES = 8 };

struct spn_simulate_args {
    struct spn_common common;
    const char *weights, *errors, *time, *defects;
    int fidelity, scheme, correction; /* fidelity < 0: not given */
    int64_t chips, write, recalibrate;
    struct spn_opt_list axes;
    bool estimate_ir_drop, ablation;
};

struct spn_simulate_job {
    struct spn_simulate_args args;
    const char *path;
    struct spn_chip chip;
    struct spn_network *net;
    struct spn_weights *weights;
    struct spn_dataset test, calibration, normal; /* normal: to estimate normalisation anew */
    bool from_test;                               /* calibrated on what is tested */
    struct spn_defect_map defects;
    struct spn_simulator_options how;
    struct spn_progress progress;
    struct spn_report report;
    struct spn_text axis_figure, ablation_figure;
};

/* Accuracy on job->args.chips chips like `chip`, as `how` says; each [chips] may be NULL. */
enum spn_status spn_simulate_chips(struct spn_simulate_job *job, const struct spn_chip *chip,
                                   const struct spn_simulator_options *how,
                                   struct spn_accuracy *each, struct spn_chips_result *result,
                                   struct spn_err *err);

/* Words of --errors to enum spn_error_class bits. */
enum spn_status spn_simulate_errors(const char *words, unsigned *errors, struct spn_err *err);
/* A table, and data for a figure: in floating point, each class alone, all, all but each. */
enum spn_status spn_simulate_ablation(struct spn_simulate_job *job, struct spn_err *err);
/* A table for each --axis, and data for a figure of all. */
enum spn_status spn_simulate_axes(struct spn_simulate_job *job, struct spn_err *err);
/* Whether an --axis is of wires, which only circuit fidelity sees. */
bool spn_simulate_needs_wires(const struct spn_simulate_args *args);

#endif
