/* plot.c -- figures through gnuplot.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One gnuplot draws all figures of a command: most of its time is its own start, as it links some
 * eighty libraries.
 */
#include "reports/plot.h"

#include <ctype.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tech/data.h"

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

/* A string as gnuplot reads it: everything but plain characters as octal. */
static void add_quoted(struct spn_text *out, const char *text)
{
    spn_text_add(out, "\"");
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        spn_text_add(out, isalnum(*c) || strchr("./_-", *c) ? "%c" : "\\%03o", *c);
    spn_text_add(out, "\"");
}

/* Run `gnuplot -d` on what can be read from `in`: the same picture in every locale and with any
 * ~/.gnuplot. Its process, or 0. */
static pid_t spawn_gnuplot(int in)
{
    static const char locale[] = "LC_ALL=";
    char program[] = "gnuplot", own_settings[] = "-d", c_utf8[] = "LC_ALL=C.UTF-8",
         *argv[] = {program, own_settings, NULL};
    posix_spawn_file_actions_t actions;
    size_t n = 0, kept = 0;
    pid_t child = 0;

    while (environ[n])
        n++;
    char **env = calloc(n + 2, sizeof *env);
    if (!env)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], locale, sizeof locale - 1) != 0)
            env[kept++] = environ[i];
    env[kept] = c_utf8;
    if (posix_spawn_file_actions_init(&actions) == 0) {
        if (posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO) != 0 ||
            posix_spawnp(&child, program, &actions, NULL, argv, env) != 0)
            child = 0;
        posix_spawn_file_actions_destroy(&actions);
    }
    free(env);
    return child;
}

void spn_plotter_start(struct spn_plotter *plotter)
{
    int end[2];

    /* A socket, as it can be written to without a signal when gnuplot has gone. */
    if (plotter->child > 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) != 0)
        return;
    pid_t child = spawn_gnuplot(end[1]);
    close(end[1]);
    if (child > 0)
        *plotter = (struct spn_plotter){.child = child, .in = end[0]};
    else
        close(end[0]);
}

/* What gnuplot has not done yet it does first. Its exit status, -1 if it has none. */
static int stop(struct spn_plotter *plotter)
{
    int status = 0;

    close(plotter->in);
    bool ended = waitpid(plotter->child, &status, 0) == plotter->child && WIFEXITED(status);
    *plotter = (struct spn_plotter){0};
    return ended ? WEXITSTATUS(status) : -1;
}

void spn_plotter_stop(struct spn_plotter *plotter)
{
    if (plotter->child > 0)
        stop(plotter);
}

/* Each script as if it were run alone, in dir. */
static enum spn_status send_scripts(const struct spn_plotter *plotter, const char *dir,
                                    const struct spn_figure *figures, size_t n, struct spn_err *err)
{
    struct spn_text text = {0};
    enum spn_status status = SPN_OK;

    spn_text_add(&text, "cd ");
    char *there = realpath(dir, NULL); /* no "~" in front */
    add_quoted(&text, there ? there : dir);
    free(there);
    for (size_t i = 0; i < n; i++)
        spn_text_add(&text, "\nload \"%s.gp\"", figures[i].name);
    spn_text_add(&text, "\n");
    if (text.failed)
        status = spn_err_memory(err, "figures");
    for (size_t done = 0; !status && done < text.length;) {
        ssize_t sent = send(plotter->in, text.data + done, text.length - done, MSG_NOSIGNAL);
        if (sent > 0)
            done += (size_t)sent;
        else if (errno != EINTR)
            break; /* gnuplot has gone; its exit status tells */
    }
    shutdown(plotter->in, SHUT_WR);
    spn_text_clear(&text);
    return status;
}

enum spn_status spn_plot_begin(struct spn_plotter *plotter, const char *dir,
                               const struct spn_figure *figures, size_t n, struct spn_err *err)
{
    char to[80], from[80];
    enum spn_status status = copy_script("style.gp", dir, "style.gp", err);

    for (size_t i = 0; i < n && !status; i++) {
        if (figures[i].dat.failed)
            return spn_err_memory(err, "figure data");
        snprintf(to, sizeof to, "%s.dat", figures[i].name);
        status = spn_file_write(dir, to, figures[i].dat.data ? figures[i].dat.data : "",
                                figures[i].dat.length, err);
        snprintf(to, sizeof to, "%s.gp", figures[i].name);
        snprintf(from, sizeof from, "fig_%s.gp", figures[i].name);
        if (!status)
            status = copy_script(from, dir, to, err);
    }
    if (status)
        return status;
    spn_plotter_start(plotter);
    return plotter->child > 0 ? send_scripts(plotter, dir, figures, n, err) : SPN_OK;
}

enum spn_status spn_plot_end(struct spn_plotter *plotter, const char *dir, bool *drawn,
                             struct spn_err *err)
{
    *drawn = plotter->child > 0;
    int code = *drawn ? stop(plotter) : 0;
    return code == 0 ? SPN_OK
                     : spn_err_set(err, SPN_EINTERNAL,
                                   "gnuplot failed (exit %d) on the figures in %s", code, dir);
}

enum spn_status spn_plot_write(const char *dir, const struct spn_figure *figures, size_t n,
                               bool *drawn, struct spn_err *err)
{
    struct spn_plotter plotter = {0};
    enum spn_status status = spn_plot_begin(&plotter, dir, figures, n, err);

    if (!status)
        status = spn_plot_end(&plotter, dir, drawn, err);
    spn_plotter_stop(&plotter);
    return status;
}
