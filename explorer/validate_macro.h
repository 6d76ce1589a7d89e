/* validate_macro.h -- one published macro: its chip file, what was measured, and our estimate of
 * the same.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Data: experiments/silicon/<name>.json. The macro computes one matrix-vector product of a linear
 * layer that fills it.
 */
#ifndef SPN_EXPLORER_VALIDATE_MACRO_H
#define SPN_EXPLORER_VALIDATE_MACRO_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "tech/chip.h"

enum { SPN_MACRO_MAX_POINTS = 24, SPN_MACRO_MAX_FACTORS = 3, SPN_MACRO_MAX_SET = 8 };

enum spn_macro_quantity {
    SPN_MACRO_ENERGY, /* J per operation; 2 operations per multiply-accumulate */
    SPN_MACRO_RATE,   /* operations per second */
    SPN_MACRO_AREA,   /* m2 */
    SPN_MACRO_N_QUANTITIES
};
extern const char *const spn_macro_quantity_names[], *const spn_macro_quantity_units[];

struct spn_macro_point { /* one measurement; 0 = not published */
    char name[48];
    int columns; /* of cells that compute; 0 = the macro's */
    int rows;    /* driven; 0 = the macro's */
    bool timed;  /* the chip's timing is the published one, so that ops_per_s tests the counting */
    bool blind;  /* only in the blind run */
    bool fit;    /* chooses the factors, in the calibrated run */
    double energy_J_per_op, ops_per_s, area_m2;
    int n_set;
    char set_path[SPN_MACRO_MAX_SET][64], set_value[SPN_MACRO_MAX_SET][32];
};
struct spn_macro {
    char name[64], title[256], chip[256], boundary[256];
    char chosen[384];     /* options of the chip chosen after a first comparison; "" = none but the
                             rules that hold for all */
    bool one_bit_ops;     /* operations count input bits x cell bits times */
    bool leakage;         /* the measured power holds it */
    bool code_out;        /* what leaves the macro is its converters' codes: sums over reads are
                             taken elsewhere */
    int banks;            /* that the measured area holds; one computes at a time */
    int rows, columns;    /* of cells that compute */
    int copies;           /* macros that work side by side in ops_per_s and area_m2 */
    double extra_area_m2; /* published area of what the models leave out, named in `boundary` */
    int n_points, n_factors;
    struct spn_macro_point point[SPN_MACRO_MAX_POINTS];
    char factor[SPN_MACRO_MAX_FACTORS][64]; /* chip.adc.energy_scale and so on */
};

/* Already parsed. *macro is untouched on failure. */
enum spn_status spn_macro_read(struct spn_macro *macro, const struct spn_json *doc,
                               struct spn_err *err);
enum spn_status spn_macro_load(struct spn_macro *macro, const char *path, struct spn_err *err);

/* What factors are before they are fitted: 1, and 0 for voltages ("..._V"). */
void spn_macro_no_factors(const struct spn_macro *macro, double factor[SPN_MACRO_MAX_FACTORS]);
/* Our numbers at a point, by quantity; factor[k] is the value of macro->factor[k]. */
enum spn_status spn_macro_estimate(const struct spn_macro *macro,
                                   const struct spn_macro_point *point,
                                   const double factor[SPN_MACRO_MAX_FACTORS],
                                   double out[SPN_MACRO_N_QUANTITIES], struct spn_err *err);
/* The measured number, 0 if there is none. */
double spn_macro_measured(const struct spn_macro_point *point, enum spn_macro_quantity q);
/* Factors of the least squares of ln(ours/measured) over the fit points' numbers. [M:W6] */
enum spn_status spn_macro_fit(const struct spn_macro *macro, double factor[SPN_MACRO_MAX_FACTORS],
                              struct spn_err *err);

#endif
