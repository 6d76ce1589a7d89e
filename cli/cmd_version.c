/* cmd_version.c -- version, build flags and library versions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <cblas.h>
#include <gsl/gsl_version.h>
#include <sqlite3.h>
#include <zlib.h>

#include "cli/cmd.h"
#include "cli/ranks.h"
#include "spindle.h"

#ifndef SPN_BUILD_FLAGS
#define SPN_BUILD_FLAGS "unknown"
#endif

static const struct spn_opt options[] = {SPN_OPT_END};

static enum spn_status run(const struct spn_command *self, int argc, char **argv,
                           struct spn_err *err)
{
    struct spn_operands operands;
    bool help = false;
    enum spn_status status =
        argc > 2 ? spn_opt_parse(self, argv + 2, NULL, &operands, &help, err) : SPN_OK;
    if (status || help)
        return status ? status : spn_cmd_show_help(self, err);
    struct spn_text text = {0};
    spn_text_add(&text, "spindle %s\ncompiler: %s\nflags: %s\n", SPN_VERSION, __VERSION__,
                 SPN_BUILD_FLAGS);
    spn_text_add(&text, "GSL %s, zlib %s, %s\n", gsl_version, zlibVersion(), openblas_get_config());
    spn_text_add(&text, "SQLite %s, %s\n", sqlite3_libversion(),
                 spn_ranks_library() ? spn_ranks_library() : "no MPI");
    spn_text_add(&text, "Licence: GPL-3.0-or-later\n");
    status = spn_cmd_write(&text, err);
    spn_text_clear(&text);
    return status;
}

const struct spn_command spn_cmd_version = {
    .name = "version",
    .operands = "",
    .doc = "Print the version, the build flags and the versions of the libraries.",
    .options = options,
    .run = run,
};
