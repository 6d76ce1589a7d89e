/* adc.h -- column converters. All kinds of role "adc" share these parameters and actions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * "adc-sar": successive approximation, power from published per-node coefficients [neurosim14].
 * "adc-sar-cdac": likewise, from capacitors, latch and logic of the node.
 * "adc-flash": 2^bits - 1 latched comparators on copies of the column current.
 * "adc-flash-voltage": likewise on the column's voltage, against a resistor ladder.
 * "adc-ramp": one comparator against a ramp, and a counter (single slope).
 * "adc-cco": the column current sets the frequency of a ring whose periods are counted.
 * "adc-tdc": the column is turned into a time, which a ring of gates measures.
 * "adc-bound": what the survey of published converters says few do better than; a bound.
 * Those that cannot take a current, or a voltage, say so.
 */
#ifndef SPN_MODELS_ADC_H
#define SPN_MODELS_ADC_H

#include <stdbool.h>

#include "models/component.h"
#include "models/gate.h"
#include "models/logic.h"

struct spn_adc {
    int bits;
    int voltage;           /* 0: the column gives a current; 1: a voltage, and no current */
    double mean_frac;      /* mean of the column while converting, share of full scale */
    double column_mean_A;  /* mean column current while converting, see spn_array_column_current */
    double column_full_A;  /* largest */
    double read_voltage_V; /* that drives the column; of a voltage: full scale */
    double column_F;       /* capacitance of the column and mux behind it */
    double
        cycle_s; /* of one decision, or of one code where codes are counted; 0 = the kind's own */
    double branch_frac; /* share of the conversion during which the column current flows in it; 0 =
                           all of it */
    double pulses_s;    /* that the column carries its signal anyway, as inputs are pulses: what
                           integrates does so meanwhile */
    double energy_scale, area_scale, latency_scale; /* fit factors; 1 */
};
enum spn_adc_action { SPN_ADC_CONVERT };
extern const struct spn_component_type spn_component_adc_sar, spn_component_adc_sar_cdac,
    spn_component_adc_flash, spn_component_adc_flash_voltage, spn_component_adc_ramp,
    spn_component_adc_cco, spn_component_adc_tdc, spn_component_adc_bound;

extern const struct spn_field spn_adc_fields[];
extern const char *const spn_adc_actions[];
struct spn_adc spn_adc_default(void); /* scales 1 */
void spn_adc_example(void *params);
/* [M:A19] The input transistor is diode-connected. At column_full_A it runs at this share of the
 * saturation current at full gate drive, which keeps its gate voltage well below the supply. */
#define SPN_ADC_INPUT_DRIVE_FRAC 0.25
double spn_adc_input_width_m(const struct spn_adc *adc, const struct spn_env *env);
double spn_adc_input_F(const struct spn_adc *adc,
                       const struct spn_env *env); /* what the mux drives */

/* ---- what the kinds share ---- */

/* Two cross-coupled inverters of least size, started by a difference of currents. [M:A24] */
struct spn_adc_latch {
    double node_F, gm_S;
    double copy_frac; /* current of a copy of least width, relative to the column's */
    struct spn_gate inverter, input, copy;
};
struct spn_adc_latch spn_adc_latch(const struct spn_adc *adc, const struct spn_env *env);
/* Time from a difference of half a step to the supply. */
double spn_adc_latch_s(const struct spn_adc_latch *latch, const struct spn_adc *adc,
                       const struct spn_env *env);
/* Settling of the mirror with so many copies on it; 0 for a voltage. [M:A23] */
double spn_adc_mirror_s(const struct spn_adc_latch *latch, const struct spn_adc *adc,
                        const struct spn_env *env, double n_copies);
/* SPN_EINPUT "adc-cco: takes a current, the array gives a voltage (...)" and the reverse. */
enum spn_status spn_adc_check(const struct spn_component_type *type, const struct spn_adc *adc,
                              bool takes_current, bool takes_voltage, struct spn_err *err);
/* Per code counted: a ripple counter's flip-flops change twice on average. [M:A41] */
double spn_adc_count_J(const struct spn_logic *logic);
/* adc_flash.c: thermometer to binary; adds area and leakage, returns delay, *switched_F grows. */
double spn_adc_encoder(const struct spn_adc *adc, const struct spn_env *env,
                       struct spn_component_cost *out, double *switched_F);

#endif
