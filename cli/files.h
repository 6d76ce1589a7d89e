/* files.h -- a report and its figures in a folder.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_CLI_FILES_H
#define SPN_CLI_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/plot.h"
#include "reports/report.h"

struct spn_cmd_files {
    const char *dir, *name; /* <dir>/<name>.tsv, .json */
    const struct spn_report *report;
    bool html;                   /* <name>.html too, with the figures inside */
    struct spn_plotter *plotter; /* that was started before, or NULL */
    const struct spn_figure *figures;
    size_t n_figures;
};
/* Make the folder, write all of it, and say so on standard error. Without gnuplot figures are left
 * as data and scripts. */
enum spn_status spn_cmd_write_files(const struct spn_cmd_files *files, struct spn_err *err);

#endif
