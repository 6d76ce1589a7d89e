/* store_claim.c -- who works on which batch, and whether they are still alive.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * WAL needs shared memory, so that all users of a file are on one machine: a claim names a process
 * by its id and start time, and holds as long as that process runs. Where /proc does not tell the
 * start time, the id alone counts.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explorer/store_state.h"

/* Field 22 of /proc/PID/stat, in clock ticks since boot; 0 if unknown. proc(5) */
static unsigned long long start_time(long pid)
{
    char path[64], line[1024];
    unsigned long long start = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    size_t n = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[n] = '\0';
    const char *at = strrchr(line, ')'); /* the name before it may hold anything */
    for (int field = 2; at && field < 22; field++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    if (at)
        start = strtoull(at, NULL, 10);
    return start;
}

void spn_store_name_owner(struct spn_store *store)
{
    long pid = (long)getpid();
    snprintf(store->owner, sizeof store->owner, "%ld %llu", pid, start_time(pid));
}

bool spn_store_owner_lives(const char *owner)
{
    char *end;
    long pid = strtol(owner, &end, 10);
    unsigned long long start = strtoull(end, &end, 10);
    if (pid <= 0 || (kill((pid_t)pid, 0) != 0 && errno == ESRCH))
        return false;
    unsigned long long now = start_time(pid);
    return !start || !now || start == now;
}
