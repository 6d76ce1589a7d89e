/* main.c -- the table of subcommands; the only place that exits.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cblas.h>
#include <gsl/gsl_errno.h>

#include "cli/cmd.h"

const struct spn_command *const spn_commands[] = {
    &spn_cmd_compare,
    &spn_cmd_estimate,
    &spn_cmd_simulate,
    &spn_cmd_train,
    &spn_cmd_sweep,
    &spn_cmd_pareto,
    &spn_cmd_best,
    &spn_cmd_plot,
    &spn_cmd_merge,
    &spn_cmd_optimize,
    &spn_cmd_sensitivity,
    &spn_cmd_irdrop,
    &spn_cmd_validate,
    &spn_cmd_profile,
    &spn_cmd_reproduce,
    &spn_cmd_list,
    &spn_cmd_help,
    &spn_cmd_version,
    NULL,
};

static const int exit_code[] = {
    [SPN_OK] = 0, [SPN_EINFEASIBLE] = 1, [SPN_EUSAGE] = 2, [SPN_EINPUT] = 3, [SPN_EINTERNAL] = 4,
};

static const char *command_name(const void *ctx, size_t i)
{
    const struct spn_command *const *commands = ctx;
    return commands[i] ? commands[i]->name : NULL;
}

static enum spn_status run(int argc, char **argv, struct spn_err *err)
{
    const char *name = argc < 2 ? "help" : argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    else if (strcmp(name, "--version") == 0)
        name = "version";
    for (const struct spn_command *const *c = spn_commands; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return (*c)->run(*c, argc, argv, err);
    const char *near = spn_text_nearest(name, command_name, spn_commands);
    return near ? spn_err_set(err, SPN_EUSAGE, "no subcommand \"%s\": did you mean \"%s\"?", name,
                              near)
                : spn_err_set(err, SPN_EUSAGE,
                              "no subcommand \"%s\" (see spindle help, or spindle help %s)", name,
                              name);
}

/* An OpenBLAS older than the CPU takes its oldest kernels (SSE3), which cost four times the time.
 * AVX2 ones run on all later CPUs; OpenBLAS looks only once, when it is loaded, so start anew. */
static void choose_blas(char **argv)
{
#if defined(__x86_64__)
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n > 0 && !getenv("OPENBLAS_CORETYPE") && strcmp(openblas_get_corename(), "Prescott") == 0 &&
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        setenv("OPENBLAS_CORETYPE", "Haswell", 1) == 0) {
        path[n] = '\0';
        execv(path, argv);
    }
#endif
    (void)argv;
}

int main(int argc, char **argv)
{
    struct spn_err err = {.msg = ""};
    choose_blas(argv);
    gsl_set_error_handler_off();
    enum spn_status status = run(argc, argv, &err);
    if (fclose(stdout) != 0 && !status)
        status =
            spn_err_set(&err, SPN_EINTERNAL, "cannot write standard output: %s", strerror(errno));
    if (status)
        fprintf(stderr, "spindle: %s\n", err.msg);
    return spn_cmd_interrupted() ? 128 + spn_cmd_interrupted() : exit_code[status];
}
