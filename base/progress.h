/* progress.h -- how far a long computation is, and whether it should stop; drawn by the caller's
 * callback.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_BASE_PROGRESS_H
#define SPN_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Library code calls spn_progress_step after each finished unit of work; a false answer means "stop
 * soon, keep what is done". `report` draws (or is NULL) and returns false to stop; it is called
 * from one thread at a time. */
struct spn_progress {
    bool (*report)(void *ctx, const char *what, size_t done, size_t total);
    void *ctx;
};

/* progress may be NULL: then nothing is drawn and true is returned. */
bool spn_progress_step(const struct spn_progress *progress, const char *what, size_t done,
                       size_t total);

#ifdef __cplusplus
}
#endif

#endif
