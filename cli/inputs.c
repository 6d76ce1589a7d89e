/* inputs.c -- what subcommands share: reading inputs, provenance, printing, progress.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/file.h"
#include "cli/cmd.h"
#include "networks/transform.h"
#include "spindle.h"
#include "tech/data.h"

const char *const spn_cmd_scheme_choices[] = {"dense", "external-index", "index-free", "chip",
                                              NULL};

struct spn_common spn_common_default(void)
{
    return (struct spn_common){.chip = "ning2025", .seed = 1, .images = 0};
}

static bool is_network_path(const char *path)
{
    return strncmp(path, "network.", 8) == 0;
}

enum { MAX_FIELD = 256, MAX_SHOWN = 60 }; /* bytes of a field's path in --set, of a file shown */

/* Split "path=value": the path into `text`, *value into what follows it. */
static enum spn_status split_set(const char *set, char text[MAX_FIELD], const char **value,
                                 struct spn_err *err)
{
    const char *equals = strchr(set, '=');
    if (!equals || equals == set || !equals[1])
        return spn_err_set(err, SPN_EUSAGE,
                           "--set %.100s: must be PATH=VALUE, e.g. chip.adc.bits=6", set);
    if (equals - set >= MAX_FIELD)
        return spn_err_set(err, SPN_EUSAGE, "--set %.60s...: no field has so long a path", set);
    snprintf(text, MAX_FIELD, "%.*s", (int)(equals - set), set);
    *value = equals + 1;
    return SPN_OK;
}

/* --device and --set as the chip takes them. */
struct chip_overrides {
    char text[SPN_OPT_MAX_VALUES][MAX_FIELD];
    struct spn_override list[SPN_OPT_MAX_VALUES + 1];
    size_t n;
};

static enum spn_status collect(const struct spn_common *common, struct chip_overrides *to,
                               struct spn_err *err)
{
    to->n = 0;
    if (common->device)
        to->list[to->n++] = (struct spn_override){"chip.device", common->device};
    for (size_t i = 0; i < common->set.n; i++) {
        if (is_network_path(common->set.value[i]))
            continue;
        struct spn_override *override = &to->list[to->n++];
        enum spn_status status =
            split_set(common->set.value[i], to->text[i], &override->value, err);
        if (status)
            return status;
        override->path = to->text[i];
    }
    return SPN_OK;
}

enum spn_status spn_cmd_load_chip(const struct spn_common *common, struct spn_chip *chip,
                                  struct spn_err *err)
{
    struct chip_overrides overrides;
    enum spn_status status = collect(common, &overrides, err);
    return status ? status : spn_chip_load(chip, common->chip, overrides.list, overrides.n, err);
}

enum spn_status spn_cmd_load_network(const struct spn_common *common, const char *path,
                                     struct spn_network **net, struct spn_err *err)
{
    char text[SPN_OPT_MAX_VALUES][MAX_FIELD], found[SPN_MAX_PATH];
    struct spn_network_override override[SPN_OPT_MAX_VALUES];
    size_t n = 0;
    enum spn_status status = spn_data_find(found, sizeof found, "networks", "network", path, err);
    for (size_t i = 0; i < common->set.n && !status; i++) {
        if (!is_network_path(common->set.value[i]))
            continue;
        status = split_set(common->set.value[i], text[i], &override[n].value, err);
        override[n++].path = text[i] + strlen("network.");
    }
    return status ? status : spn_network_load(net, found, override, n, err);
}

enum spn_status spn_cmd_load_profile(const struct spn_common *common, const struct spn_network *net,
                                     struct spn_profile *profile, struct spn_err *err)
{
    return common->profile ? spn_profile_load(profile, net, common->profile, err)
                           : spn_profile_default(profile, net, err);
}

enum spn_status spn_cmd_load_weights(const struct spn_network *net, const char *path,
                                     struct spn_weights **weights, struct spn_err *err)
{
    path = path ? path : net->weights;
    if (!*path)
        return spn_err_set(
            err, SPN_EUSAGE,
            "network %s names no weight file: give one with --weights (vgg8 and msnet "
            "come with theirs; spindle train makes some)",
            net->name);
    return spn_weights_load(weights, path, err);
}

enum spn_status spn_cmd_open_data(const struct spn_common *common, const struct spn_network *net,
                                  const char *split, int n, struct spn_dataset *data,
                                  struct spn_err *err)
{
    const char *name = common->dataset ? common->dataset : net->dataset;
    if (!*name)
        return spn_err_set(err, SPN_EUSAGE, "network %s names no data set: give one with --dataset",
                           net->name);
    if (net->input.n != 3 && net->layer[0].op != SPN_OP_EMBEDDING)
        return spn_err_set(err, SPN_EUSAGE,
                           "network %s takes neither images nor text: no accuracy from a data set",
                           net->name);
    struct spn_dataset_request request = {.name = name,
                                          .split = split,
                                          .dir = common->data,
                                          .channels = net->input.dim[0],
                                          .size = net->input.dim[1],
                                          .n_classes = net->n_classes,
                                          .max_images = n,
                                          .seed = (uint64_t)common->seed};
    return spn_dataset_open(data, &request, err);
}

enum spn_status spn_cmd_open_calibration(const struct spn_common *common,
                                         const struct spn_network *net, int n,
                                         struct spn_dataset *data, bool *from_test,
                                         struct spn_err *err)
{
    const struct spn_dataset_request train = {.name =
                                                  common->dataset ? common->dataset : net->dataset,
                                              .split = "train",
                                              .dir = common->data};
    *from_test = !spn_dataset_is_there(&train);
    if (!*from_test)
        return spn_cmd_open_data(common, net, "train", n, data, err);
    enum spn_status status = spn_cmd_open_data(common, net, "test", 0, data, err);
    if (!status)
        spn_dataset_keep_last(data, n);
    return status;
}

/* ---- provenance and sources ---- */

static void add_digest(struct spn_report *report, const char *path)
{
    struct spn_text text = {0};
    char line[SPN_MAX_PATH + 32];
    if (spn_file_read(path, SPN_FILE_ANY, &text, NULL) == SPN_OK) {
        unsigned long crc = crc32_z(0, (const unsigned char *)text.data, text.length);
        snprintf(line, sizeof line, "%s (crc32 %08lx)", path, crc);
        spn_report_provenance(report, "input", line);
    }
    spn_text_clear(&text);
}

void spn_cmd_provenance(struct spn_report *report, int argc, char **argv, const char *const *files,
                        size_t n_files)
{
    struct spn_text command = {0};
    for (int i = 1; i < argc; i++)
        spn_text_add(&command, "%s%s", i > 1 ? " " : "", argv[i]);
    spn_report_provenance(report, "version", "spindle " SPN_VERSION);
    spn_report_provenance(report, "command", command.data ? command.data : "");
    for (size_t i = 0; i < n_files; i++) {
        char found[SPN_MAX_PATH]; /* of a shipped network's name */
        bool name = spn_data_find(found, sizeof found, "networks", "network", files[i], NULL) == 0;
        add_digest(report, name ? found : files[i]);
    }
    spn_text_clear(&command);
}

/* Numbers with one source: one, or the items of a list, which take one row together. */
struct source_row {
    char name[160], source[SPN_TABLE_MAX_SHOWN];
    bool assumed;
    double first, last;
    int n; /* 0: none */
};

struct source_table {
    struct spn_report *report;
    struct spn_table *table;
    const struct chip_overrides *overrides;
    bool all;
    int n_files;
    char file[SPN_MAX_PATH]; /* seen last */
    struct source_row row;   /* not in the table yet */
};

/* The command line gives this number of the n-th file another value. */
static bool is_overridden(const struct chip_overrides *overrides, int n_files, const char *path)
{
    static const char *const roots[] = {"chip", "node", "device", "dram"}; /* as they are visited */
    char full[192];
    if (n_files < 1 || n_files > 4)
        return false;
    snprintf(full, sizeof full, "%s.%.*s", roots[n_files - 1], (int)strcspn(path, "["), path);
    for (size_t i = 0; i < overrides->n; i++)
        if (strcmp(overrides->list[i].path, full) == 0)
            return true;
    return false;
}

static void see_file(void *ctx, const char *file, const struct spn_json_source *s)
{
    struct source_table *to = ctx;
    (void)s;
    if (strcmp(file, to->file) == 0)
        return;
    spn_text_copy(to->file, sizeof to->file, file);
    to->n_files++;
    add_digest(to->report, file);
}

/* A file of tech/ without the folders above; of a long path the last name. */
static const char *shown_name(const char *file)
{
    const char *from = strncmp(file, "tech/", 5) == 0 ? file + 5 : NULL, *slash;
    for (const char *next = file; (next = strstr(next, "/tech/")); next++)
        from = next + strlen("/tech/");
    if (from)
        return from;
    slash = strrchr(file, '/');
    return slash && strlen(file) > MAX_SHOWN ? slash + 1 : file;
}

static void end_row(struct source_table *to)
{
    const struct source_row *row = &to->row;
    if (!row->n)
        return;
    spn_table_row(to->table, row->name, "");
    if (row->n == 1)
        spn_table_text(to->table, "%.6g", row->first);
    else
        spn_table_text(to->table, "%.6g .. %.6g (%d)", row->first, row->last, row->n);
    if (to->all)
        spn_table_text(to->table, "%s", row->assumed ? "assumed" : "");
    spn_table_text(to->table, "%s", row->source);
    to->row.n = 0;
}

static void add_source(void *ctx, const char *file, const struct spn_json_source *s)
{
    struct source_table *to = ctx;
    struct source_row next = {.first = s->value, .last = s->value, .n = 1};
    const char *item = strrchr(s->path, '[');
    size_t length = item && !strchr(item, '.') ? (size_t)(item - s->path) : strlen(s->path);
    see_file(to, file, s);
    next.assumed = s->assumed || !*s->source; /* a number that nobody vouches for is a guess */
    if ((!to->all && !next.assumed) || is_overridden(to->overrides, to->n_files, s->path))
        return;
    snprintf(next.name, sizeof next.name, "%.60s: %.*s", shown_name(file),
             (int)(length < 90 ? length : 90), s->path);
    snprintf(next.source, sizeof next.source, "%s", *s->source ? s->source : "none given");
    if (to->row.n && s->path[length] && next.assumed == to->row.assumed &&
        strcmp(next.name, to->row.name) == 0 && strcmp(next.source, to->row.source) == 0) {
        to->row.last = s->value;
        to->row.n++;
        return;
    }
    end_row(to);
    to->row = next;
}

enum spn_status spn_cmd_chip_digests(const struct spn_common *common, struct spn_report *report,
                                     struct spn_err *err)
{
    struct chip_overrides overrides;
    struct source_table to = {.report = report};
    enum spn_status status = collect(common, &overrides, err);
    return status ? status
                  : spn_chip_sources(common->chip, overrides.list, overrides.n, see_file, &to, err);
}

enum spn_status spn_cmd_sources(const struct spn_common *common, bool all,
                                struct spn_report *report, struct spn_err *err)
{
    struct spn_table *table =
        all ? spn_report_table(report, "inputs", "Input numbers and their sources", "file: field")
            : spn_report_table(report, "assumptions", "Assumed inputs (no published value)",
                               "file: field");
    spn_table_column(table, "value");
    if (all)
        spn_table_column(table, "status");
    spn_table_column(table, "source");
    struct chip_overrides overrides;
    struct source_table to = {
        .report = report, .table = table, .overrides = &overrides, .all = all};
    enum spn_status status = collect(common, &overrides, err);
    if (!status)
        status = spn_chip_sources(common->chip, overrides.list, overrides.n, add_source, &to, err);
    end_row(&to);
    for (size_t i = 0; i < common->set.n && !status; i++) {
        const char *value;
        char path[MAX_FIELD];
        status = split_set(common->set.value[i], path, &value, err);
        if (status)
            break;
        spn_table_row(table, path, "");
        spn_table_text(table, "%s", value);
        if (all)
            spn_table_text(table, "set");
        spn_table_text(table, "command line");
    }
    return status;
}

/* ---- output ---- */

enum spn_status spn_cmd_write(const struct spn_text *text, struct spn_err *err)
{
    if (text->failed)
        return spn_err_memory(err, "the output");
    if (text->length &&
        (fwrite(text->data, 1, text->length, stdout) != text->length || fflush(stdout) != 0))
        return spn_err_set(err, SPN_EINTERNAL, "cannot write standard output: %s", strerror(errno));
    return SPN_OK;
}

enum spn_status spn_cmd_show_help(const struct spn_command *command, struct spn_err *err)
{
    struct spn_text text = {0};
    spn_opt_help(command, &text);
    enum spn_status status = spn_cmd_write(&text, err);
    spn_text_clear(&text);
    return status;
}

enum spn_status spn_cmd_print(const struct spn_report *report, int format, struct spn_err *err)
{
    struct spn_text text = {0};
    enum spn_status status = spn_report_render(report, (enum spn_format)format, &text, err);
    if (!status)
        status = spn_cmd_write(&text, err);
    spn_text_clear(&text);
    return status;
}

enum spn_status spn_cmd_make_dir(const char *dir, struct spn_err *err)
{
    char path[SPN_MAX_PATH];
    if (!*dir || !spn_text_copy(path, sizeof path, dir))
        return spn_err_set(err, SPN_EUSAGE, "--out=%s: not a usable folder name", dir);
    for (char *at = path + 1;; at++) {
        if (*at && *at != '/')
            continue;
        char was = *at;
        *at = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return spn_err_set(err, SPN_EUSAGE, "--out=%s: cannot make folder: %s", dir,
                               strerror(errno));
        *at = was;
        if (!was)
            break;
    }
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return spn_err_set(err, SPN_EUSAGE, "--out=%s: is not a folder", dir);
    if (access(path, W_OK | X_OK) != 0)
        return spn_err_set(err, SPN_EUSAGE, "--out=%s: cannot write there: %s", dir,
                           strerror(errno));
    return SPN_OK;
}

/* ---- progress: the one piece of global state, as a signal handler can reach nothing else ---- */

static volatile sig_atomic_t interrupted; /* the signal's number */
static volatile sig_atomic_t on_terminal;

static void on_interrupt(int signal_number)
{
    static const char words[] =
        "\nspindle: stopping after what is in work; a second time: at once\n";
    const int why = errno;
    interrupted = signal_number;
    const char *from = on_terminal ? words : words + 1;
    ssize_t n = write(STDERR_FILENO, from, strlen(from));
    (void)n;
    errno = why;
}

static bool draw(void *ctx, const char *what, size_t done, size_t total)
{
    (void)ctx;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%s: %zu of %zu (%.0f %%)%s", what, done, total,
                total ? 100.0 * (double)done / (double)total : 100.0,
                done >= total ? "\r\x1b[K" : "\x1b[K");
    return !interrupted;
}

int spn_cmd_interrupted(void)
{
    return interrupted;
}

struct spn_progress spn_cmd_progress(void)
{
    struct sigaction action = {.sa_handler = on_interrupt,
                               .sa_flags =
                                   (int)(SA_RESETHAND | SA_RESTART)}; /* a second one kills */
    on_terminal = isatty(STDERR_FILENO);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return (struct spn_progress){.report = draw};
}
