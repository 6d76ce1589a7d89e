/* ranks.c -- the processes of an MPI job. All use of MPI is here.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli/ranks.h"

#include <stdlib.h>

#ifdef SPN_HAVE_MPI
#include <mpi.h>
#endif

/* Set by the starters of Open MPI and of MPICH. */
static bool started_by_mpirun(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_SIZE");
}

#ifdef SPN_HAVE_MPI

const char *spn_ranks_library(void)
{
    static char name[MPI_MAX_LIBRARY_VERSION_STRING]; /* constant once asked */
    int n = 0;
    if (!*name)
        MPI_Get_library_version(name, &n);
    for (char *at = name; *at; at++)
        if (*at == ',' || *at == '\n')
            *at = '\0';
    return name;
}

enum spn_status spn_ranks_begin(struct spn_ranks *ranks, struct spn_err *err)
{
    *ranks = (struct spn_ranks){0, 1};
    if (!started_by_mpirun())
        return SPN_OK;
    if (MPI_Init(NULL, NULL) != MPI_SUCCESS ||
        MPI_Comm_rank(MPI_COMM_WORLD, &ranks->rank) != MPI_SUCCESS ||
        MPI_Comm_size(MPI_COMM_WORLD, &ranks->n) != MPI_SUCCESS)
        return spn_err_set(err, SPN_EINTERNAL, "MPI does not start");
    return SPN_OK;
}

void spn_ranks_end(const struct spn_ranks *ranks)
{
    (void)ranks;
    int initialized = 0;
    if (MPI_Initialized(&initialized) == MPI_SUCCESS && initialized)
        MPI_Finalize();
}

enum spn_status spn_ranks_agree(const struct spn_ranks *ranks, enum spn_status status,
                                struct spn_err *err)
{
    int mine = (int)status, worst = mine;
    if (ranks->n > 1)
        MPI_Allreduce(&mine, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return status || !worst ? status
                            : spn_err_set(err, (enum spn_status)worst, "another rank failed");
}

int64_t spn_ranks_sum(const struct spn_ranks *ranks, int64_t value)
{
    int64_t sum = value;
    if (ranks->n > 1)
        MPI_Allreduce(&value, &sum, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    return sum;
}

int64_t spn_ranks_tell(const struct spn_ranks *ranks, int64_t value)
{
    if (ranks->n > 1)
        MPI_Bcast(&value, 1, MPI_INT64_T, 0, MPI_COMM_WORLD);
    return value;
}

#else

const char *spn_ranks_library(void)
{
    return NULL;
}

enum spn_status spn_ranks_begin(struct spn_ranks *ranks, struct spn_err *err)
{
    *ranks = (struct spn_ranks){0, 1};
    return started_by_mpirun()
               ? spn_err_set(err, SPN_EUSAGE,
                             "started by mpirun, but built without MPI (configure --with-mpi)")
               : SPN_OK;
}

void spn_ranks_end(const struct spn_ranks *ranks)
{
    (void)ranks;
}

enum spn_status spn_ranks_agree(const struct spn_ranks *ranks, enum spn_status status,
                                struct spn_err *err)
{
    (void)ranks;
    (void)err;
    return status;
}

int64_t spn_ranks_sum(const struct spn_ranks *ranks, int64_t value)
{
    (void)ranks;
    return value;
}

int64_t spn_ranks_tell(const struct spn_ranks *ranks, int64_t value)
{
    (void)ranks;
    return value;
}

#endif
