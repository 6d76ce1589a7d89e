/* cmd.h -- the subcommands, and what they share: inputs, output, progress.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_CLI_CMD_H
#define SPN_CLI_CMD_H

#include "base/progress.h"
#include "cli/opt.h"
#include "networks/dataset.h"
#include "networks/network.h"
#include "networks/profile.h"
#include "networks/weights.h"
#include "reports/report.h"
#include "tech/chip.h"

extern const struct spn_command spn_cmd_compare, spn_cmd_estimate, spn_cmd_simulate, spn_cmd_train,
    spn_cmd_sweep, spn_cmd_pareto, spn_cmd_best, spn_cmd_plot, spn_cmd_merge, spn_cmd_optimize,
    spn_cmd_sensitivity, spn_cmd_list, spn_cmd_help, spn_cmd_irdrop, spn_cmd_validate,
    spn_cmd_profile, spn_cmd_reproduce, spn_cmd_version;
extern const struct spn_command *const spn_commands[]; /* main.c; NULL-terminated */

/* Options that most subcommands take; put SPN_COMMON_OPTIONS(struct args, common) into the option
 * table. */
struct spn_common {
    const char *chip, *device, *out, *data, *dataset, *profile;
    struct spn_opt_list set;
    int format;
    int64_t seed, threads, images;
    bool explain;
};
struct spn_common spn_common_default(void);

#define SPN_OPT_CHIP(s, m)                                                                         \
    {                                                                                              \
        "chip", SPN_OPT_STRING, offsetof(s, m.chip), "NAME|FILE",                                  \
            "chip (default ning2025; see spindle list chips)", 0, 0, NULL                          \
    }
#define SPN_OPT_DEVICE(s, m)                                                                       \
    {                                                                                              \
        "device", SPN_OPT_STRING, offsetof(s, m.device), "NAME|FILE",                              \
            "memory cell instead of the chip's", 0, 0, NULL                                        \
    }
#define SPN_OPT_SET(s, m)                                                                          \
    {                                                                                              \
        "set", SPN_OPT_LIST, offsetof(s, m.set), "PATH=VALUE",                                     \
            "override a field, e.g. chip.adc.bits=6 (see spindle help chip); repeatable", 0, 0,    \
            NULL                                                                                   \
    }
#define SPN_OPT_SCHEME(s, m)                                                                       \
    {                                                                                              \
        "scheme", SPN_OPT_ENUM, offsetof(s, m), "SCHEME",                                          \
            "dense, external-index, index-free or chip (default: what the chip says)", 0, 0,       \
            spn_cmd_scheme_choices                                                                 \
    }
#define SPN_OPT_FORMAT(s, m)                                                                       \
    {                                                                                              \
        "format", SPN_OPT_ENUM, offsetof(s, m.format), "FORMAT",                                   \
            "of standard output: text, tsv, json or markdown", 0, 0, spn_format_names              \
    }
#define SPN_OPT_OUT(s, m)                                                                          \
    {                                                                                              \
        "out", SPN_OPT_STRING, offsetof(s, m.out), "DIR", "folder for files and figures", 0, 0,    \
            NULL                                                                                   \
    }
#define SPN_OPT_SEED(s, m)                                                                         \
    {                                                                                              \
        "seed", SPN_OPT_INT, offsetof(s, m.seed), "N",                                             \
            "of the simulated chip and of drawn data (default 1)", 0, INT64_MAX, NULL              \
    }
#define SPN_OPT_THREADS(s, m)                                                                      \
    {                                                                                              \
        "threads", SPN_OPT_INT, offsetof(s, m.threads), "N",                                       \
            "default: all CPUs; results do not depend on it", 1, 256, NULL                         \
    }
#define SPN_OPT_IMAGES(s, m, otherwise)                                                            \
    {                                                                                              \
        "images", SPN_OPT_INT, offsetof(s, m.images), "N",                                         \
            "test images for accuracy (default " otherwise ")", 1, 1000000, NULL                   \
    }
#define SPN_OPT_WEIGHTS(s, m)                                                                      \
    {                                                                                              \
        "weights", SPN_OPT_STRING, offsetof(s, m), "FILE",                                         \
            "safetensors, plain or .gz (default: what the network file names)", 0, 0, NULL         \
    }
#define SPN_OPT_DATASET(s, m)                                                                      \
    {                                                                                              \
        "dataset", SPN_OPT_STRING, offsetof(s, m.dataset), "NAME",                                 \
            "letters, letters-neat, letters-rough, mnist, fashion, emnist-letters, "               \
            "emnist-balanced, emnist-spare, cifar10 or tinystories (default: the network's)",      \
            0, 0, NULL                                                                             \
    }
#define SPN_OPT_DATA(s, m)                                                                         \
    {                                                                                              \
        "data", SPN_OPT_STRING, offsetof(s, m.data), "DIR",                                        \
            "folder with mnist/, fashion/, emnist/, cifar10/, text/", 0, 0, NULL                   \
    }
#define SPN_OPT_PROFILE(s, m)                                                                      \
    {                                                                                              \
        "profile", SPN_OPT_STRING, offsetof(s, m.profile), "FILE",                                 \
            "value distributions from spindle profile (default: stated assumptions)", 0, 0, NULL   \
    }
#define SPN_OPT_EXPLAIN(s, m)                                                                      \
    {                                                                                              \
        "explain", SPN_OPT_FLAG, offsetof(s, m.explain), "",                                       \
            "also print every cost leaf with its equation, and every input number with its "       \
            "source",                                                                              \
            0, 0, NULL                                                                             \
    }
#define SPN_OPT_END                                                                                \
    {                                                                                              \
        NULL, SPN_OPT_FLAG, 0, NULL, NULL, 0, 0, NULL                                              \
    }

/* Names of schemes, then "chip" (SPN_N_SCHEMES): the chip's own. */
extern const char *const spn_cmd_scheme_choices[];

/* The chip of the common options with all --set chip.*, node.*, device.*, dram.* applied. */
enum spn_status spn_cmd_load_chip(const struct spn_common *common, struct spn_chip *chip,
                                  struct spn_err *err);
/* The network with all --set network.* applied. */
enum spn_status spn_cmd_load_network(const struct spn_common *common, const char *path,
                                     struct spn_network **net, struct spn_err *err);
/* The value distributions that the common options ask for. */
enum spn_status spn_cmd_load_profile(const struct spn_common *common, const struct spn_network *net,
                                     struct spn_profile *profile, struct spn_err *err);
/* The weights of the file that --weights gives (`path`, may be NULL) or that the network names. */
enum spn_status spn_cmd_load_weights(const struct spn_network *net, const char *path,
                                     struct spn_weights **weights, struct spn_err *err);
/* Up to n images of the network's data set. */
enum spn_status spn_cmd_open_data(const struct spn_common *common, const struct spn_network *net,
                                  const char *split, int n, struct spn_dataset *data,
                                  struct spn_err *err);
/* n images of its training part or, where that is not there (`*from_test`), the last n of its test
 * part. */
enum spn_status spn_cmd_open_calibration(const struct spn_common *common,
                                         const struct spn_network *net, int n,
                                         struct spn_dataset *data, bool *from_test,
                                         struct spn_err *err);
/* Version, command line and digests of the inputs. */
void spn_cmd_provenance(struct spn_report *report, int argc, char **argv, const char *const *files,
                        size_t n_files);
/* To the provenance: digests of the files of chip, node, device and DRAM. */
enum spn_status spn_cmd_chip_digests(const struct spn_common *common, struct spn_report *report,
                                     struct spn_err *err);
/* The same, and a table of the inputs that are assumed (all = false) or of all input numbers with
 * their sources.
 */
enum spn_status spn_cmd_sources(const struct spn_common *common, bool all,
                                struct spn_report *report, struct spn_err *err);

/* --help of one subcommand. */
enum spn_status spn_cmd_show_help(const struct spn_command *command, struct spn_err *err);
/* Write a whole text to standard output. */
enum spn_status spn_cmd_write(const struct spn_text *text, struct spn_err *err);
/* Print to standard output in the chosen format. */
enum spn_status spn_cmd_print(const struct spn_report *report, int format, struct spn_err *err);
/* Make the folder (and parents); SPN_EUSAGE if that fails. */
enum spn_status spn_cmd_make_dir(const char *dir, struct spn_err *err);

/* Draws on a terminal, stops on Ctrl-C or SIGTERM; a second one kills. */
struct spn_progress spn_cmd_progress(void);
/* The number of the signal that came since spn_cmd_progress(), or 0. */
int spn_cmd_interrupted(void);

#endif
