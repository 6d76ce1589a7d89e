/* plot.h -- figures: a data file and a gnuplot script each, kept beside the picture.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_REPORTS_PLOT_H
#define SPN_REPORTS_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/file.h"
#include "base/text.h"

/* A kind of figure: script reports/fig_<name>.gp, which loads style.gp and reads <name>.dat. One
 * row in plot.c each. */
struct spn_figure_type {
    const char *name, *doc;
};
extern const struct spn_figure_type spn_figure_types[]; /* name NULL ends it */

struct spn_figure {
    const char *name;    /* of a figure type */
    struct spn_text dat; /* tab-separated, '#' header */
};

/* Write <dir>/<name>.dat, <name>.gp and style.gp, then run gnuplot on each for <name>.svg: all n
 * figures. `*drawn` tells whether pictures were made: false without gnuplot in PATH (data and
 * scripts are there all the same, and that is SPN_OK). SPN_EINTERNAL if a file cannot be written or
 * gnuplot fails. */
enum spn_status spn_plot_write(const char *dir, const struct spn_figure *figures, size_t n,
                               bool *drawn, struct spn_err *err);

#endif
