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

/* A gnuplot that waits for figures; all zero: none. */
struct spn_plotter {
    int child, in; /* process, and what it reads commands from */
};
/* Start one before it is needed, beside other work; without gnuplot in PATH there is none. */
void spn_plotter_start(struct spn_plotter *plotter);
/* End it, whatever it does. */
void spn_plotter_stop(struct spn_plotter *plotter);

/* Write <dir>/<name>.dat, <name>.gp and style.gp, then let gnuplot (started if there is none yet)
 * draw <name>.svg of all n figures; it does so beside what follows until spn_plot_end.
 * SPN_EINTERNAL if a file cannot be written. */
enum spn_status spn_plot_begin(struct spn_plotter *plotter, const char *dir,
                               const struct spn_figure *figures, size_t n, struct spn_err *err);
/* Wait for the figures. `*drawn` tells whether pictures were made: false without gnuplot in PATH
 * (data and scripts are there all the same, and that is SPN_OK). SPN_EINTERNAL if gnuplot fails. */
enum spn_status spn_plot_end(struct spn_plotter *plotter, const char *dir, bool *drawn,
                             struct spn_err *err);
/* All of that at once. */
enum spn_status spn_plot_write(const char *dir, const struct spn_figure *figures, size_t n,
                               bool *drawn, struct spn_err *err);

#endif
