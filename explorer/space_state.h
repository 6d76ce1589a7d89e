/* space_state.h -- what a design space holds. Private to the explorer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#ifndef SPN_EXPLORER_SPACE_STATE_H
#define SPN_EXPLORER_SPACE_STATE_H

#include "base/json.h"
#include "estimator/estimate.h"
#include "explorer/accuracy.h"
#include "explorer/columns.h"
#include "explorer/expr.h"
#include "explorer/space.h"
#include "networks/network.h"
#include "networks/profile.h"
#include "tech/chip.h"

enum {
    SPN_AXIS_MAX_PLACES = 8,
    SPN_AXIS_MAX_WHEN = 4,
    SPN_AXIS_LABEL = 64,
    SPN_PART_NAME = sizeof(((struct spn_chip *)0)->node_name), /* also of device and dram */
    SPN_AXIS_MAX_VALUES = 10000,
    SPN_SPACE_MAX_SETTINGS = 64,
    SPN_SPACE_MAX_PLANS = 4096,     /* networks, with what varies in them */
    SPN_SPACE_MAX_SEGMENTS = 65536, /* combinations of the axes that conditions refer to */
    SPN_SPACE_MAX_CONSTRAINTS = 16,
    SPN_SPACE_EXPR = 256
};

enum spn_place_kind {
    SPN_PLACE_FIELD,   /* bytes of one field of struct spn_chip */
    SPN_PLACE_PART,    /* a whole node, device or dram, and its name */
    SPN_PLACE_CHIP,    /* another chip file */
    SPN_PLACE_NETWORK, /* another network file */
    SPN_PLACE_SETTING  /* sparsity or sequence of the network */
};

/* Where the values of an axis go. */
struct spn_place {
    char path[SPN_SPACE_NAME]; /* as written, "scheme" resolved */
    enum spn_place_kind kind;
    const struct spn_field *fields; /* FIELD: table of its root; PART: of the part */
    size_t root;                    /* and where that lies in struct spn_chip */
    const char *rest;               /* FIELD: path below the root; SETTING: below "network." */
    struct spn_field_ref ref;       /* FIELD */
    int part;                       /* PART: row of the table of parts */
    size_t n_bytes;                 /* of one value, in the axis' rows */
};

struct spn_when {
    int axis;
    bool *allowed; /* [that axis' n_values] */
};

struct spn_axis {
    char name[SPN_SPACE_NAME];
    int n_places, n_values, n_when;
    struct spn_place place[SPN_AXIS_MAX_PLACES];
    struct spn_when when[SPN_AXIS_MAX_WHEN];
    bool numeric, controls; /* controls: a condition refers to it */
    char (*label)[SPN_AXIS_LABEL];
    char (*text)[SPN_AXIS_MAX_PLACES][SPN_AXIS_LABEL]; /* [n_values] value of each place, as text */
    double *number;
    unsigned char *bytes; /* [n_values][stride] */
    size_t stride;
    int plan_stride; /* step in the table of plans; 0: does not concern the network */
};

/* Bytes that one axis puts into the chip. */
struct spn_piece {
    int axis;
    size_t from, to, n;
};

struct spn_plan_entry {
    struct spn_network *net;
    struct spn_profile profile;
    struct spn_plan *plan;
};

struct spn_segment {
    int64_t first;
    uint32_t active;               /* bit per axis */
    int digit[SPN_SPACE_MAX_AXES]; /* of the axes that control */
};

enum spn_distribution {
    SPN_DISTRIBUTION_NORMAL,
    SPN_DISTRIBUTION_LOGNORMAL,
    SPN_DISTRIBUTION_UNIFORM
};

/* An uncertain input: a numeric field and how its value scatters. */
struct spn_uncertain {
    char path[SPN_SPACE_NAME];
    struct spn_place place;
    int distribution; /* enum spn_distribution */
    double mean, sd;  /* normal; lognormal: sd of the logarithm */
    double from, to;  /* uniform */
    bool absolute;    /* mean is given; else the value that the field has */
    bool relative;    /* sd, from and to are multiples of the mean */
};

struct spn_space {
    char name[64], description[256];
    char file[SPN_MAX_PATH];
    struct spn_override setting[SPN_SPACE_MAX_SETTINGS]; /* "set", in text_of_setting */
    char setting_path[SPN_SPACE_MAX_SETTINGS][SPN_SPACE_NAME],
        setting_value[SPN_SPACE_MAX_SETTINGS][SPN_SPACE_NAME];
    int n_settings;
    char base_name[5][256]; /* network, chip, node, device, dram; "" = the chip's own */

    int n_axes;
    struct spn_axis axis[SPN_SPACE_MAX_AXES];
    int n_chips, chip_axis; /* chip_axis -1: one chip */
    struct spn_chip *chip;
    int n_pieces, piece_capacity;
    struct spn_piece *piece; /* in the order of application: whole parts first */
    int n_plans, base_plan;
    struct spn_plan_entry *plan;

    int n_segments, n_control;
    int control[SPN_SPACE_MAX_AXES];
    struct spn_segment *segment;
    int *segment_of; /* by the controlling digits + 1, mixed radix */
    int64_t size;

    int n_results, result[SPN_SPACE_MAX_COLUMNS]; /* kept columns, numbers in spn_columns */
    int n_derived;
    char derived_name[SPN_SPACE_MAX_COLUMNS][SPN_SPACE_NAME],
        derived_text[SPN_SPACE_MAX_COLUMNS][SPN_SPACE_EXPR];
    int n_constraints;
    char constraint[SPN_SPACE_MAX_CONSTRAINTS][SPN_SPACE_EXPR];
    int n_objectives;
    struct spn_objective objective[SPN_SPACE_MAX_OBJECTIVES];
    int n_used, used[128]; /* numbers in spn_columns of all that is computed */
    bool training, sums;   /* what that needs */
    bool simulated;        /* something needs the accuracy: */
    bool derived_simulated[SPN_SPACE_MAX_COLUMNS], constraint_simulated[SPN_SPACE_MAX_CONSTRAINTS];
    struct spn_accuracy_options accuracy;
    int n_inputs;
    struct spn_uncertain input[SPN_SPACE_MAX_INPUTS];
    uint64_t digest;
};

/* axis.c */
enum spn_status spn_place_find(struct spn_place *place, const char *path, struct spn_err *err);
/* Text of a number, string or truth value, as axes and settings take it. */
enum spn_status spn_axis_value_text(const struct spn_json_at *at, char out[SPN_AXIS_LABEL],
                                    struct spn_err *err);
/* Read the axis `name` with the values or range at `at`. Conditions are read later, by
 * spn_axis_read_when. */
enum spn_status spn_axis_read(struct spn_axis *axis, const char *name, const struct spn_json_at *at,
                              struct spn_err *err);
enum spn_status spn_axis_read_when(struct spn_space *space, int axis, const struct spn_json_at *at,
                                   struct spn_err *err);
void spn_axis_clear(struct spn_axis *axis);

/* space_parts.c: load what the axes name. */
enum spn_status spn_space_load_parts(struct spn_space *space, struct spn_err *err);

/* space_number.c: segments and the count of points. */
enum spn_status spn_space_number(struct spn_space *space, struct spn_err *err);

/* space_ask.c: columns, derived columns, constraints, objectives, uncertain inputs. */
enum spn_status spn_space_read_asked(struct spn_space *space, const struct spn_json_at *root,
                                     struct spn_err *err);

extern const struct spn_field spn_scatter_fields[]; /* of an uncertain input */

/* Names and places of everything an expression may use: results, derived columns, numeric axes.
 * Returns how many. */
enum { SPN_SPACE_MAX_NAMES = 256 };
struct spn_space_values {
    double column[128]; /* by number in spn_columns */
    double derived[SPN_SPACE_MAX_COLUMNS];
    double axis[SPN_SPACE_MAX_AXES];
};
size_t spn_space_names(const struct spn_space *space, int n_derived,
                       struct spn_space_values *values,
                       struct spn_expr_name names[SPN_SPACE_MAX_NAMES]);

#endif
