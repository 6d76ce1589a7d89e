/* progress.c -- reporting how far a long computation is.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "base/progress.h"

bool spn_progress_step(const struct spn_progress *progress, const char *what, size_t done,
                       size_t total)
{
    return !progress || !progress->report || progress->report(progress->ctx, what, done, total);
}
