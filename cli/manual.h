/* manual.h -- the manual page, from the tables of subcommands and options.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_CLI_MANUAL_H
#define SPN_CLI_MANUAL_H

#include "base/text.h"
#include "cli/opt.h"

/* Add spindle(1) in troff's man macros; commands end with NULL. */
void spn_manual_add(const struct spn_command *const *commands, struct spn_text *out);

#endif
