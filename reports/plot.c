/* plot.c -- figures through gnuplot.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "reports/plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tech/data.h"

enum { MAX_FIGURES = 16 };

const struct spn_figure_type spn_figure_types[] = {
    {"ablation", "accuracy with each class of errors alone and with all but it"},
    {"accuracy", "accuracy along axes"},
    {"breakdown", "energy and latency by category, the three schemes side by side"},
    {"layers", "latency and energy of each layer"},
    {"ratios", "how many times better than the external index and than dense"},
    {"validation", "ours over the reference, every reference case"},
    {"pareto", "all designs of a sweep and the front that none of them beats"},
    {"heatmap", "the best value of a result over two axes of a sweep"},
    {"tornado", "how far each input moves a result"},
    {"parallel", "designs as lines over their inputs and results"},
    {"irdrop", "share of each cell's conductance that is seen through an array's wires"},
    {"msnet_epochs", "accuracy and sparsity of training on cells, by epoch"},
    {"msnet_maps", "weights of six phases of training on cells"},
    {"msnet_confusion", "letters found for letters shown"},
    {"msnet_weights", "weights before and after training on cells"},
    {"msnet_landscape", "loss around the final weights"},
    {"vau_error", "what vector updates miss, by sparsity"},
    {"update_tornado", "ratios of weight updates at plausible ends of each input"},
    {"accuracy_cost", "accuracy against cost at rising sparsity, the three schemes"},
    {NULL, NULL},
};

/* Copy shipped reports/<from> to <dir>/<to>. */
static enum spn_status copy_script(const char *from, const char *dir, const char *to,
                                   struct spn_err *err)
{
    char relative[96], path[SPN_MAX_PATH];
    struct spn_text text = {0};
    snprintf(relative, sizeof relative, "reports/%s", from);
    enum spn_status status = spn_data_file(path, sizeof path, relative, err);
    if (!status)
        status = spn_file_read(path, SPN_FILE_ANY, &text, err);
    if (!status)
        status = spn_file_write(dir, to, text.data ? text.data : "", text.length, err);
    spn_text_clear(&text);
    return status;
}

/* Start `gnuplot script` in dir; the child's exit status is 127 if there is no gnuplot. */
static pid_t start_gnuplot(const char *dir, char *script)
{
    char program[] = "gnuplot", own_settings[] = "-d",
         *argv[] = {program, own_settings, script, NULL};
    pid_t child = fork();
    if (child == 0) { /* the same picture in every locale and with any ~/.gnuplot */
        if (setenv("LC_ALL", "C.UTF-8", 1) == 0 && chdir(dir) == 0)
            execvp(argv[0], argv);
        _exit(127);
    }
    return child;
}

/* Draw all scripts side by side; the worst exit status, -1 if one could not be run. */
static int run_gnuplot(const char *dir, char script[][64], size_t n)
{
    pid_t child[MAX_FIGURES];
    int worst = 0;
    for (size_t i = 0; i < n; i++)
        child[i] = start_gnuplot(dir, script[i]);
    for (size_t i = 0; i < n; i++) {
        int status = 0;
        bool ran = child[i] > 0 && waitpid(child[i], &status, 0) == child[i] && WIFEXITED(status);
        int code = ran ? WEXITSTATUS(status) : -1;
        if (code != 0)
            worst = code;
    }
    return worst;
}

enum spn_status spn_plot_write(const char *dir, const struct spn_figure *figures, size_t n,
                               bool *drawn, struct spn_err *err)
{
    char name[MAX_FIGURES][64];
    if (n > MAX_FIGURES)
        return spn_err_set(err, SPN_EINTERNAL, "%zu figures at once, at most %d", n, MAX_FIGURES);
    enum spn_status status = copy_script("style.gp", dir, "style.gp", err);
    for (size_t i = 0; i < n && !status; i++) {
        char from[80];
        if (figures[i].dat.failed)
            return spn_err_memory(err, "figure data");
        snprintf(name[i], sizeof name[i], "%s.dat", figures[i].name);
        status = spn_file_write(dir, name[i], figures[i].dat.data ? figures[i].dat.data : "",
                                figures[i].dat.length, err);
        snprintf(name[i], sizeof name[i], "%s.gp", figures[i].name);
        snprintf(from, sizeof from, "fig_%s.gp", figures[i].name);
        if (!status)
            status = copy_script(from, dir, name[i], err);
    }
    if (status)
        return status;
    int code = run_gnuplot(dir, name, n);
    if (code != 0 && code != 127)
        return spn_err_set(err, SPN_EINTERNAL, "gnuplot failed (exit %d) on the figures in %s",
                           code, dir);
    *drawn = code == 0;
    return SPN_OK;
}
