/* ratio.c -- how the three schemes' ratios of one weight update follow from single inputs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Three estimates a point; solutions by bisection in the logarithm of the input. [M:V14]
 */
#include "explorer/ratio.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "networks/profile.h"

enum { N_STEPS = 48, N_HALVINGS = 40 };
#define CLOSE_WHOLE 0.1 /* how near a whole input must come, as a logarithm */
#define CLOSE 1e-3      /* and any other: a jump across the wanted ratio is no solution */

struct spn_ratio_model {
    const struct spn_network *net;
    struct spn_profile profile;
    struct spn_plan *plan;
    struct spn_workspace *work[SPN_N_SCHEMES];
    struct spn_result result[SPN_N_SCHEMES];
};

enum spn_status spn_ratio_model_create(struct spn_ratio_model **out, const struct spn_network *net,
                                       struct spn_err *err)
{
    struct spn_ratio_model *model = calloc(1, sizeof *model);
    if (!model)
        return spn_err_memory(err, "ratios of schemes");
    model->net = net;
    enum spn_status status = spn_profile_default(&model->profile, net, err);
    if (!status)
        status = spn_plan_create(&model->plan, net, &model->profile, err);
    for (int s = 0; s < SPN_N_SCHEMES && !status; s++)
        status = spn_workspace_create(&model->work[s], model->plan, err);
    if (status) {
        spn_ratio_model_destroy(model);
        return status;
    }
    *out = model;
    return SPN_OK;
}

void spn_ratio_model_destroy(struct spn_ratio_model *model)
{
    if (!model)
        return;
    for (int s = 0; s < SPN_N_SCHEMES; s++)
        spn_workspace_destroy(model->work[s]);
    spn_plan_destroy(model->plan);
    spn_profile_clear(&model->profile);
    free(model);
}

const struct spn_result *spn_ratio_result(const struct spn_ratio_model *model, int scheme)
{
    return &model->result[scheme];
}

enum spn_status spn_ratios(struct spn_ratio_model *model, const struct spn_chip *chip,
                           double ratio[SPN_N_RATIOS], struct spn_err *err)
{
    for (int s = 0; s < SPN_N_SCHEMES; s++) {
        const struct spn_estimate_options how = {.scheme = s, .training = true};
        enum spn_status status =
            spn_estimate(model->plan, chip, &how, model->work[s], &model->result[s], err);
        if (status)
            return status;
    }
    const struct spn_result *dense = &model->result[SPN_SCHEME_DENSE];
    const struct spn_result *external = &model->result[SPN_SCHEME_EXTERNAL_INDEX];
    const struct spn_result *free_ = &model->result[SPN_SCHEME_INDEX_FREE];
    const struct spn_training_result *d = &dense->training, *x = &external->training;
    const struct spn_training_result *f = &free_->training;
    const double out[SPN_N_RATIOS] = {
        [SPN_RATIO_LATENCY_OVER_EXTERNAL] = x->update.latency_s / f->update.latency_s,
        [SPN_RATIO_ENERGY_OVER_EXTERNAL] = x->update.energy_J / f->update.energy_J,
        [SPN_RATIO_LATENCY_OVER_DENSE] = d->update.latency_s / f->update.latency_s,
        [SPN_RATIO_ENERGY_OVER_DENSE] = d->update.energy_J / f->update.energy_J,
        [SPN_RATIO_EXTERNAL_LATENCY] = x->update.latency_s / d->update.latency_s,
        [SPN_RATIO_EXTERNAL_ENERGY] = x->update.energy_J / d->update.energy_J,
        [SPN_RATIO_INDEX_LATENCY_SHARE] = x->update_index_s / x->update.latency_s,
        [SPN_RATIO_INDEX_ENERGY_SHARE] = x->update_index_J / x->update.energy_J,
        [SPN_RATIO_STEP_LATENCY_OVER_EXTERNAL] = x->step.latency_s / f->step.latency_s,
        [SPN_RATIO_STEP_ENERGY_OVER_EXTERNAL] = x->step.energy_J / f->step.energy_J,
        [SPN_RATIO_STEP_LATENCY_OVER_DENSE] = d->step.latency_s / f->step.latency_s,
        [SPN_RATIO_STEP_ENERGY_OVER_DENSE] = d->step.energy_J / f->step.energy_J,
        [SPN_RATIO_INFERENCE_LATENCY_OVER_DENSE] =
            dense->inference.latency_s / free_->inference.latency_s,
        [SPN_RATIO_INFERENCE_ENERGY_OVER_DENSE] =
            dense->inference.energy_J / free_->inference.energy_J,
    };
    memcpy(ratio, out, sizeof out);
    return SPN_OK;
}

/* ---- one input ---- */

struct target {
    const struct spn_field *fields;
    void *object;
    const char *rest; /* of the path */
};

static enum spn_status find_root(struct spn_chip *chip, const char *path, struct target *out,
                                 struct spn_err *err)
{
    const struct {
        const char *root;
        const struct spn_field *fields;
        void *object;
    } roots[] = {{"chip.", spn_chip_fields, chip},
                 {"device.", spn_device_fields, &chip->device},
                 {"dram.", spn_dram_fields, &chip->dram},
                 {"node.", spn_node_fields, &chip->node}};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        const size_t n = strlen(roots[i].root);
        if (strncmp(path, roots[i].root, n) != 0)
            continue;
        *out = (struct target){roots[i].fields, roots[i].object, path + n};
        return SPN_OK;
    }
    return spn_err_set(err, SPN_EUSAGE, "%s: must begin with chip., device., dram. or node.", path);
}

static enum spn_status find(struct spn_chip *chip, const char *path, struct spn_field_ref *ref,
                            void **object, struct spn_err *err)
{
    struct target t = {0};
    enum spn_status status = find_root(chip, path, &t, err);
    if (!status)
        status = spn_field_find(t.fields, t.rest, ref, err);
    if (!status && ref->field->type != SPN_FIELD_INT && ref->field->type != SPN_FIELD_DOUBLE)
        status = spn_err_set(err, SPN_EUSAGE, "%s is not a number", path);
    if (!status)
        *object = t.object;
    return status;
}

enum spn_status spn_ratio_input_set(struct spn_chip *chip, const char *path, double value,
                                    struct spn_err *err)
{
    struct spn_field_ref ref;
    void *object;
    enum spn_status status = find(chip, path, &ref, &object, err);
    return status ? status : spn_field_set_number(&ref, object, value, err);
}

enum spn_status spn_ratio_input_get(const struct spn_chip *chip, const char *path, double *value,
                                    struct spn_err *err)
{
    struct spn_chip copy = *chip;
    struct spn_field_ref ref;
    void *object;
    enum spn_status status = find(&copy, path, &ref, &object, err);
    if (status)
        return status;
    const char *at = (const char *)object + ref.offset;
    if (ref.field->type == SPN_FIELD_INT) {
        int whole;
        memcpy(&whole, at, sizeof whole);
        *value = whole;
    } else {
        memcpy(value, at, sizeof *value);
    }
    return SPN_OK;
}

static bool is_whole(const struct spn_chip *chip, const char *path)
{
    struct spn_chip copy = *chip;
    struct spn_field_ref ref;
    void *object;
    return find(&copy, path, &ref, &object, NULL) == SPN_OK && ref.field->type == SPN_FIELD_INT;
}

static enum spn_status ratios_with(struct spn_ratio_model *model, const struct spn_chip *chip,
                                   const char *path, double value, double ratio[SPN_N_RATIOS],
                                   struct spn_err *err)
{
    struct spn_chip changed = *chip;
    enum spn_status status = spn_ratio_input_set(&changed, path, value, err);
    if (!status)
        status = spn_chip_check(&changed, err);
    return status ? status : spn_ratios(model, &changed, ratio, err);
}

enum spn_status spn_ratio_ends(struct spn_ratio_model *model, const struct spn_chip *chip,
                               const struct spn_ratio_input *input, double low[SPN_N_RATIOS],
                               double high[SPN_N_RATIOS], struct spn_err *err)
{
    enum spn_status status = ratios_with(model, chip, input->path, input->low, low, err);
    return status ? status : ratios_with(model, chip, input->path, input->high, high, err);
}

/* ---- solving ---- */

struct search {
    struct spn_ratio_model *model;
    const struct spn_chip *chip;
    const struct spn_ratio_input *input;
    const struct spn_ratio_want *want;
    bool whole;
};

/* log(ratio/wanted); NAN where the chip cannot be built. */
static double miss(const struct search *s, double value)
{
    double ratio[SPN_N_RATIOS];
    if (ratios_with(s->model, s->chip, s->input->path, s->whole ? nearbyint(value) : value, ratio,
                    NULL))
        return NAN;
    return log(ratio[s->want->ratio] / s->want->value);
}

static double at_step(const struct search *s, int i)
{
    return s->input->search_low *
           pow(s->input->search_high / s->input->search_low, (double)i / N_STEPS);
}

static double bisect(const struct search *s, double low, double high)
{
    const bool rising = miss(s, high) > miss(s, low);
    for (int i = 0; i < N_HALVINGS; i++) {
        const double middle = sqrt(low * high);
        if ((miss(s, middle) > 0) == rising)
            high = middle;
        else
            low = middle;
    }
    if (!s->whole)
        return sqrt(low * high);
    const double below = floor(sqrt(low * high)), above = below + 1;
    return fabs(miss(s, below)) <= fabs(miss(s, above)) ? below : above;
}

enum spn_status spn_ratio_solve(struct spn_ratio_model *model, const struct spn_chip *chip,
                                const struct spn_ratio_input *input,
                                const struct spn_ratio_want *want, struct spn_ratio_answer *out,
                                struct spn_err *err)
{
    const struct search s = {model, chip, input, want, is_whole(chip, input->path)};
    struct spn_ratio_answer answer = {.least = INFINITY, .most = -INFINITY};
    double now, before = NAN;
    enum spn_status status = spn_ratio_input_get(chip, input->path, &now, err);
    if (status)
        return status;
    for (int i = 0; i <= N_STEPS; i++) {
        const double m = miss(&s, at_step(&s, i));
        if (isfinite(m)) {
            answer.least = fmin(answer.least, want->value * exp(m));
            answer.most = fmax(answer.most, want->value * exp(m));
        }
        if (i > 0 && isfinite(m) && isfinite(before) && (m > 0) != (before > 0)) {
            const double value = bisect(&s, at_step(&s, i - 1), at_step(&s, i));
            const bool close = fabs(miss(&s, value)) < (s.whole ? CLOSE_WHOLE : CLOSE);
            if (close &&
                (!answer.found || fabs(log(value / now)) < fabs(log(answer.value / now)))) {
                answer.found = true;
                answer.value = value;
            }
        }
        before = m;
    }
    if (answer.found)
        status = ratios_with(model, chip, input->path, answer.value, answer.ratio, err);
    if (!status)
        *out = answer;
    return status;
}
