/* schedule.h -- when things happen: the time of one layer, of one image, and between images.
 * Private to the estimator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_ESTIMATOR_SCHEDULE_H
#define SPN_ESTIMATOR_SCHEDULE_H

#include "estimator/frame.h"

/* Parts of the critical path of one pass; what is hidden is 0. */
struct spn_stage {
    double read_s;                     /* driving and settling */
    double convert_s;                  /* ADCs */
    double accumulate_s;               /* delay of shift-add and trees, once */
    double tile_s, global_s, buffer_s; /* transfers */
    double total_s;
    double buffer_busy_s; /* the global buffer's port, hidden or not */
};
struct spn_stage spn_schedule_stage(const struct spn_frame *f, const struct spn_pass *pass);

/* Layers one after the other, or all at once with different images: the slowest sets the pace.
 * [M:E16] */
struct spn_times {
    double latency_s, interval_s;
};
void spn_schedule_join(struct spn_times *times, int schedule, double stage_s);

#endif
