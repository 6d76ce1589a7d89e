/* ranks.h -- the processes of an MPI job; one process without MPI.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_CLI_RANKS_H
#define SPN_CLI_RANKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct spn_ranks {
    int rank, n; /* 0 of 1 unless started by mpirun */
};

/* "Open MPI ..." or NULL if built without. */
const char *spn_ranks_library(void);
/* SPN_EUSAGE if started by mpirun and built without MPI. */
enum spn_status spn_ranks_begin(struct spn_ranks *ranks, struct spn_err *err);
void spn_ranks_end(const struct spn_ranks *ranks);

/* Every rank waits for all others; the worst status of all. A rank that is well gets a message on
 * that. */
enum spn_status spn_ranks_agree(const struct spn_ranks *ranks, enum spn_status status,
                                struct spn_err *err);
/* Sum over ranks, on all of them. */
int64_t spn_ranks_sum(const struct spn_ranks *ranks, int64_t value);
/* Rank 0's value, on all of them. */
int64_t spn_ranks_tell(const struct spn_ranks *ranks, int64_t value);

#endif
