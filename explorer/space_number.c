/* space_number.c -- points of a space are numbered without holes, conditions or not.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The axes that conditions refer to are the controlling ones. Each combination of their values is a
 * segment of consecutive numbers; inside it the set of axes that take part is fixed, so that the
 * rest is a mixed-radix number.
 */
#include <stdlib.h>
#include <string.h>

#include "explorer/space_state.h"

static bool takes_part(const struct spn_space *space, int axis, const int digit[])
{
    const struct spn_axis *a = &space->axis[axis];
    for (int i = 0; i < a->n_when; i++) {
        int other = digit[a->when[i].axis];
        if (other < 0 || !a->when[i].allowed[other])
            return false;
    }
    return true;
}

static int key_of(const struct spn_space *space, const int digit[])
{
    int key = 0;
    for (int c = 0; c < space->n_control; c++)
        key = key * (space->axis[space->control[c]].n_values + 1) + digit[space->control[c]] + 1;
    return key;
}

static enum spn_status add_segment(struct spn_space *space, const int digit[], struct spn_err *err)
{
    struct spn_segment *segment = &space->segment[space->n_segments];
    int64_t n = 1;
    segment->first = space->size;
    memcpy(segment->digit, digit, sizeof segment->digit);
    for (int a = 0; a < space->n_axes; a++) {
        if (!takes_part(space, a, digit))
            continue;
        segment->active |= (uint32_t)1 << a;
        if (space->axis[a].controls)
            continue;
        if (n > SPN_SPACE_MAX_POINTS / space->axis[a].n_values)
            return spn_err_set(err, SPN_EINPUT, "%s: more than 2^53 points", space->file);
        n *= space->axis[a].n_values;
    }
    if (space->size > SPN_SPACE_MAX_POINTS - n)
        return spn_err_set(err, SPN_EINPUT, "%s: more than 2^53 points", space->file);
    space->size += n;
    space->segment_of[key_of(space, digit)] = space->n_segments++;
    return SPN_OK;
}

/* All combinations of the controlling axes from number `c` on. */
static enum spn_status enumerate(struct spn_space *space, int c, int digit[], struct spn_err *err)
{
    if (c == space->n_control)
        return add_segment(space, digit, err);
    int a = space->control[c];
    if (!takes_part(space, a, digit)) {
        digit[a] = -1;
        return enumerate(space, c + 1, digit, err);
    }
    enum spn_status status = SPN_OK;
    for (int i = 0; i < space->axis[a].n_values && !status; i++) {
        digit[a] = i;
        status = enumerate(space, c + 1, digit, err);
    }
    return status;
}

enum spn_status spn_space_number(struct spn_space *space, struct spn_err *err)
{
    size_t n = 1;
    int digit[SPN_SPACE_MAX_AXES] = {0};
    for (int a = 0; a < space->n_axes; a++) {
        if (!space->axis[a].controls)
            continue;
        space->control[space->n_control++] = a;
        n *= (size_t)space->axis[a].n_values + 1;
        if (n > SPN_SPACE_MAX_SEGMENTS)
            return spn_err_set(err, SPN_EINPUT,
                               "%s: conditions refer to axes with more than %d combinations",
                               space->file, SPN_SPACE_MAX_SEGMENTS);
    }
    space->segment = calloc(n, sizeof *space->segment);
    space->segment_of = calloc(n, sizeof *space->segment_of);
    if (!space->segment || !space->segment_of)
        return spn_err_memory(err, "a design space");
    return enumerate(space, 0, digit, err);
}

void spn_space_digits(const struct spn_space *space, int64_t point, int digit[SPN_SPACE_MAX_AXES])
{
    int low = 0, high = space->n_segments - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (space->segment[middle].first <= point)
            low = middle;
        else
            high = middle - 1;
    }
    const struct spn_segment *segment = &space->segment[low];
    int64_t rest = point - segment->first;
    for (int a = space->n_axes - 1; a >= 0; a--) {
        if (space->axis[a].controls) {
            digit[a] = segment->digit[a];
        } else if (!(segment->active >> a & 1)) {
            digit[a] = -1;
        } else {
            digit[a] = (int)(rest % space->axis[a].n_values);
            rest /= space->axis[a].n_values;
        }
    }
}

int64_t spn_space_point(const struct spn_space *space, const int digit[SPN_SPACE_MAX_AXES])
{
    int control[SPN_SPACE_MAX_AXES] = {0};
    for (int c = 0; c < space->n_control; c++) {
        int a = space->control[c];
        control[a] = takes_part(space, a, control) ? (digit[a] < 0 ? 0 : digit[a]) : -1;
    }
    const struct spn_segment *segment = &space->segment[space->segment_of[key_of(space, control)]];
    int64_t rest = 0;
    for (int a = 0; a < space->n_axes; a++)
        if (!space->axis[a].controls && (segment->active >> a & 1))
            rest = rest * space->axis[a].n_values + (digit[a] < 0 ? 0 : digit[a]);
    return segment->first + rest;
}
