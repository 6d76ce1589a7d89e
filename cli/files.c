/* files.c -- a report and its figures in a folder.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cli/files.h"

#include <stdio.h>

#include "base/file.h"
#include "cli/cmd.h"
#include "reports/html.h"

static void say(const struct spn_cmd_files *files, bool drawn)
{
    struct spn_text line = {0};
    spn_text_add(&line, "Wrote %s/%s%s.tsv, .json", files->dir, files->name,
                 files->html ? ".html, " : "");
    for (size_t i = 0; i < files->n_figures; i++)
        spn_text_add(&line, "%s%s",
                     i                      ? ", "
                     : files->n_figures > 1 ? " and figures "
                                            : " and figure ",
                     files->figures[i].name);
    if (files->n_figures)
        spn_text_add(&line, drawn ? " (.svg, .gp, .dat)"
                                  : " as data and scripts (.dat, .gp): no gnuplot in PATH");
    fprintf(stderr, "%s\n", line.data ? line.data : "");
    spn_text_clear(&line);
}

enum spn_status spn_cmd_write_files(const struct spn_cmd_files *files, struct spn_err *err)
{
    static const struct {
        const char *ending;
        enum spn_format format;
    } table[] = {{".tsv", SPN_FORMAT_TSV}, {".json", SPN_FORMAT_JSON}};
    char name[96];
    bool drawn = false;
    struct spn_plotter own = {0}, *plotter = files->plotter ? files->plotter : &own;
    enum spn_status status = spn_cmd_make_dir(files->dir, err);
    if (!status && files->n_figures) /* drawn beside the other files */
        status = spn_plot_begin(plotter, files->dir, files->figures, files->n_figures, err);
    for (size_t i = 0; i < sizeof table / sizeof *table && !status; i++) {
        struct spn_text text = {0};
        snprintf(name, sizeof name, "%s%s", files->name, table[i].ending);
        status = spn_report_render(files->report, table[i].format, &text, err);
        if (!status)
            status = spn_file_write(files->dir, name, text.data, text.length, err);
        spn_text_clear(&text);
    }
    if (!status && files->n_figures)
        status = spn_plot_end(plotter, files->dir, &drawn, err);
    spn_plotter_stop(&own);
    if (!status && files->html) {
        snprintf(name, sizeof name, "%s.html", files->name);
        status = spn_html_write(files->dir, name, files->report, files->figures,
                                drawn ? files->n_figures : 0, err);
    }
    if (!status)
        say(files, drawn);
    return status;
}
