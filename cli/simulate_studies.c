/* simulate_studies.c -- accuracy by class of errors and along axes, for spindle simulate.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/simulate.h"

/* ---- classes of errors ---- */

/* In the order of the bits of enum spn_error_class. */
static const char *const classes[] = {"quantization", "fluctuation", "defects",
                                      "nonlinearity", "ir-drop",     "on-off"};
enum { N_CLASSES = sizeof classes / sizeof classes[0] };

static const char *class_name(const void *ctx, size_t i)
{
    (void)ctx;
    return i < N_CLASSES ? classes[i] : NULL;
}

enum spn_status spn_simulate_errors(const char *words, unsigned *errors, struct spn_err *err)
{
    unsigned found = 0;
    for (const char *at = words; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
        char word[32];
        int n = (int)strcspn(at, ","), k = 0;
        snprintf(word, sizeof word, "%.*s", n < 31 ? n : 31, at);
        while (k < N_CLASSES && strcmp(word, classes[k]) != 0)
            k++;
        if (k == N_CLASSES) {
            const char *near = spn_text_nearest(word, class_name, NULL);
            return spn_err_set(err, SPN_EUSAGE,
                               "simulate: --errors=%s is none of quantization, fluctuation, "
                               "defects, nonlinearity, ir-drop, on-off%s%s%s",
                               word, near ? ": did you mean " : "", near ? near : "",
                               near ? "?" : "");
        }
        found |= 1u << k;
    }
    if (found == 0)
        return spn_err_set(err, SPN_EUSAGE, "simulate: --errors needs at least one class");
    *errors = found;
    return SPN_OK;
}

/* The network in floating point, the first point of every study. */
static enum spn_status add_baseline(struct spn_simulate_job *job, struct spn_accuracy_point *point,
                                    struct spn_err *err)
{
    struct spn_simulator_options how = job->how;
    const int64_t chips = job->args.chips;
    how.fidelity = SPN_FIDELITY_IDEAL;
    how.correction = SPN_CORRECTION_NONE;
    job->args.chips = 1; /* all are the same */
    enum spn_status status = spn_simulate_chips(job, NULL, &how, NULL, &point->result, err);
    job->args.chips = chips;
    snprintf(point->name, sizeof point->name, "none (floating point)");
    return status;
}

static struct spn_accuracy_study study_of(const struct spn_simulate_job *job,
                                          const struct spn_accuracy_point *points, int n)
{
    return (struct spn_accuracy_study){.text = job->test.n_tokens > 0,
                                       .several = job->args.chips > 1,
                                       .baseline = true,
                                       .n_points = n,
                                       .point = points};
}

static bool is_stopped(const struct spn_simulate_job *job, const struct spn_chips_result *result)
{
    return result->n_chips < job->args.chips;
}

enum spn_status spn_simulate_ablation(struct spn_simulate_job *job, struct spn_err *err)
{
    static const struct spn_accuracy_point none;
    struct spn_accuracy_point point[2 * N_CLASSES + 2] = {none};
    unsigned all = job->how.errors ? job->how.errors & spn_fidelity_errors(job->how.fidelity)
                                   : spn_fidelity_errors(job->how.fidelity);
    int n = 1;
    enum spn_status status = add_baseline(job, &point[0], err);
    for (int turn = 0; turn < 2 * N_CLASSES + 1 && !status; turn++) {
        const int k = turn < N_CLASSES ? turn : turn - N_CLASSES - 1;
        struct spn_simulator_options how = job->how;
        how.errors = turn < N_CLASSES ? 1u << k : turn == N_CLASSES ? all : all & ~(1u << k);
        if (how.errors == 0 || (turn != N_CLASSES && !(all & 1u << k)))
            continue;
        if (turn == N_CLASSES)
            snprintf(point[n].name, sizeof point[n].name, "all");
        else
            snprintf(point[n].name, sizeof point[n].name, "%s%s",
                     turn < N_CLASSES ? "" : "all but ", classes[k]);
        status = spn_simulate_chips(job, &job->chip, &how, NULL, &point[n].result, err);
        if (!status && is_stopped(job, &point[n].result)) {
            spn_report_note(&job->report, "Stopped at \"%s\".", point[n].name);
            break;
        }
        n++;
    }
    if (status)
        return status;
    struct spn_accuracy_study study = study_of(job, point, n);
    snprintf(study.name, sizeof study.name, "errors");
    spn_accuracy_table(&study, "ablation", "Accuracy by class of errors", &job->report);
    struct spn_figure figure = {.name = NULL};
    spn_ablation_figure(&study, &figure);
    job->ablation_figure = figure.dat;
    return SPN_OK;
}

/* ---- axes ---- */

struct axis {
    char field[128]; /* a path of --set, or an alias below */
    int n;
    double value[SPN_SIMULATE_MAX_POINTS];
    bool logarithmic;
};

/* Quantities that a reader thinks in and that are no single field: what they change. */
static void set_on_off(struct spn_chip *chip, double value)
{
    chip->device.off_conductance_S = chip->device.on_conductance_S / value;
}

/* Of arrays' wires alone: the node's own, which costs are made of, would have another resistivity.
 */
static void set_wire(struct spn_chip *chip, double value)
{
    const struct spn_device *d = &chip->device;
    const bool masked = chip->sparsity.scheme == SPN_SCHEME_INDEX_FREE && d->mask.present;
    const double pitch_F = masked ? d->mask.cell_width_F : d->cell_width_F;
    chip->node.wire_ohm_per_m = value / (pitch_F * chip->node.feature_size_m);
}

static void set_stuck(struct spn_chip *chip, double value)
{
    chip->device.stuck_on_frac = chip->device.stuck_off_frac = value / 2;
}

static const struct alias {
    const char *name, *title;
    void (*set)(struct spn_chip *chip, double value);
    double low, high;
} aliases[] = {{"on-off-ratio", "on/off ratio", set_on_off, 1.001, 1e12},
               {"wire-ohm", "ohm from cell to cell of a row", set_wire, 0, 1e9},
               {"stuck-frac", "stuck cells (half of them on)", set_stuck, 0, 1},
               {"time-s", "seconds since programming", NULL, 0, SPN_SIMULATOR_MAX_TIME_S},
               {NULL, NULL, NULL, 0, 0}};

static const struct alias *find_alias(const char *name)
{
    const struct alias *a = aliases;
    while (a->name && strcmp(a->name, name) != 0)
        a++;
    return a->name ? a : NULL;
}

bool spn_simulate_needs_wires(const struct spn_simulate_args *args)
{
    for (size_t i = 0; i < args->axes.n; i++)
        if (strncmp(args->axes.value[i], "wire-ohm=", strlen("wire-ohm=")) == 0)
            return true;
    return false;
}

/* "from:to:n" or "from:to:n:log". */
static bool parse_range(char *text, struct axis *axis)
{
    char *part[4] = {text, NULL, NULL, NULL};
    double from, to;
    int64_t n;
    int n_parts = 1;
    for (char *at = text; (at = strchr(at, ':')) != NULL && n_parts < 4; n_parts++) {
        *at++ = '\0';
        part[n_parts] = at;
    }
    axis->logarithmic = n_parts == 4 && strcmp(part[3], "log") == 0;
    if (n_parts < 3 || (n_parts == 4 && !axis->logarithmic) ||
        !spn_text_to_double(part[0], &from) || !spn_text_to_double(part[1], &to) ||
        !spn_text_to_int64(part[2], &n) || n < 2 || n > SPN_SIMULATE_MAX_POINTS ||
        (axis->logarithmic && !(from > 0 && to > 0)))
        return false;
    axis->n = (int)n;
    for (int i = 0; i < axis->n; i++) {
        double share = (double)i / (axis->n - 1);
        axis->value[i] = i == axis->n - 1    ? to
                         : axis->logarithmic ? from * pow(to / from, share)
                                             : from + share * (to - from);
    }
    return true;
}

static bool parse_list(char *text, struct axis *axis)
{
    for (char *at = text, *next; at; at = next) {
        next = strchr(at, ',');
        if (next)
            *next++ = '\0';
        if (axis->n == SPN_SIMULATE_MAX_POINTS || !spn_text_to_double(at, &axis->value[axis->n]))
            return false;
        axis->n++;
    }
    double low = axis->value[0], high = axis->value[0];
    for (int i = 0; i < axis->n; i++) {
        low = fmin(low, axis->value[i]);
        high = fmax(high, axis->value[i]);
    }
    static const double wide = 30; /* from here on an axis reads better logarithmically */
    axis->logarithmic = low > 0 && high / low >= wide;
    return true;
}

static enum spn_status parse_axis(const char *text, struct axis *axis, struct spn_err *err)
{
    char copy[512];
    const char *equals = strchr(text, '=');
    *axis = (struct axis){.n = 0};
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof axis->field ||
        !spn_text_copy(copy, sizeof copy, equals + 1))
        return spn_err_set(err, SPN_EUSAGE,
                           "simulate: --axis %.60s: must be FIELD=from:to:n[:log] or FIELD=a,b,c",
                           text);
    snprintf(axis->field, sizeof axis->field, "%.*s", (int)(equals - text), text);
    if (!(strchr(copy, ':') ? parse_range(copy, axis) : parse_list(copy, axis)))
        return spn_err_set(err, SPN_EUSAGE,
                           "simulate: --axis %.80s: values are from:to:n (n from 2 to %d), "
                           "from:to:n:log above 0, or at most %d numbers a,b,c",
                           text, SPN_SIMULATE_MAX_POINTS, SPN_SIMULATE_MAX_POINTS);
    const struct alias *alias = find_alias(axis->field);
    for (int i = 0; i < axis->n && alias; i++)
        if (!(axis->value[i] >= alias->low && axis->value[i] <= alias->high))
            return spn_err_set(err, SPN_EUSAGE, "simulate: --axis %s: %g is outside [%g, %g]",
                               axis->field, axis->value[i], alias->low, alias->high);
    return SPN_OK;
}

/* The chip (and how it is run) with one value of the axis. */
static enum spn_status at_value(const struct spn_simulate_job *job, const struct axis *axis,
                                double value, struct spn_chip *chip,
                                struct spn_simulator_options *how, struct spn_err *err)
{
    struct spn_common common = job->args.common;
    const struct alias *alias = find_alias(axis->field);
    char set[256];
    *chip = job->chip;
    *how = job->how;
    if (alias && !alias->set)
        how->time_s = value;
    else if (alias)
        alias->set(chip, value);
    if (alias)
        return SPN_OK;
    if (common.set.n == SPN_OPT_MAX_VALUES)
        return spn_err_set(err, SPN_EUSAGE, "simulate: --axis on top of %d times --set",
                           SPN_OPT_MAX_VALUES);
    snprintf(set, sizeof set, "%s=%.17g", axis->field, value);
    common.set.value[common.set.n++] = set;
    enum spn_status status = spn_cmd_load_chip(&common, chip, err);
    if (status)
        spn_err_prefix(err, "--axis %s: ", axis->field);
    return status;
}

static enum spn_status run_axis(struct spn_simulate_job *job, const struct axis *axis,
                                struct spn_accuracy_point *point, int *n, struct spn_err *err)
{
    enum spn_status status = SPN_OK;
    for (int i = 0; i < axis->n && !status; i++) {
        struct spn_chip chip;
        struct spn_simulator_options how;
        struct spn_accuracy_point *p = &point[*n];
        p->x = axis->value[i];
        snprintf(p->name, sizeof p->name, "%.6g", p->x);
        status = at_value(job, axis, p->x, &chip, &how, err);
        if (!status)
            status = spn_simulate_chips(job, &chip, &how, NULL, &p->result, err);
        if (!status && is_stopped(job, &p->result)) {
            spn_report_note(&job->report, "Stopped at %s = %s.", axis->field, p->name);
            break;
        }
        *n += !status;
    }
    return status;
}

enum spn_status spn_simulate_axes(struct spn_simulate_job *job, struct spn_err *err)
{
    static const struct spn_accuracy_point none;
    struct axis axis[SPN_SIMULATE_MAX_AXES];
    struct spn_accuracy_point point[SPN_SIMULATE_MAX_AXES][SPN_SIMULATE_MAX_POINTS + 1] = {{none}};
    struct spn_accuracy_study study[SPN_SIMULATE_MAX_AXES];
    const int n_axes = (int)job->args.axes.n;
    enum spn_status status = SPN_OK;
    if (n_axes > SPN_SIMULATE_MAX_AXES)
        return spn_err_set(err, SPN_EUSAGE, "simulate: --axis is given more than %d times",
                           SPN_SIMULATE_MAX_AXES);
    for (int k = 0; k < n_axes && !status; k++)
        status = parse_axis(job->args.axes.value[k], &axis[k], err);
    for (int k = 0; k < n_axes && !status; k++) { /* before the long work */
        struct spn_chip chip;
        struct spn_simulator_options how;
        for (int i = 0; i < axis[k].n && !status; i++)
            status = at_value(job, &axis[k], axis[k].value[i], &chip, &how, err);
    }
    for (int k = 0; k < n_axes && !status; k++) {
        const struct alias *alias = find_alias(axis[k].field);
        char id[16], title[200];
        int n = 1;
        if (k == 0)
            status = add_baseline(job, &point[0][0], err);
        point[k][0] = point[0][0];
        if (!status)
            status = run_axis(job, &axis[k], point[k], &n, err);
        study[k] = study_of(job, point[k], n);
        study[k].logarithmic = axis[k].logarithmic;
        snprintf(study[k].name, sizeof study[k].name, "%.63s",
                 alias ? alias->title : axis[k].field);
        snprintf(id, sizeof id, "axis%d", k + 1);
        snprintf(title, sizeof title, "Accuracy against %.63s", study[k].name);
        spn_accuracy_table(&study[k], id, title, &job->report);
    }
    if (status)
        return status;
    struct spn_figure figure = {.name = NULL};
    spn_accuracy_figure(study, n_axes, &figure);
    job->axis_figure = figure.dat;
    return SPN_OK;
}
